-- Edits of messages.

-- Apart from the messages: who reads a message reads its versions by message_history alone.
create table rolecall.message_edits (
  conversation_id uuid not null,
  seq bigint not null,
  version int not null,
  sender_id uuid not null,
  content text not null,
  written_at timestamptz not null,
  primary key (conversation_id, seq, version),
  foreign key (conversation_id, seq) references rolecall.messages (conversation_id, seq) on delete cascade,
  constraint message_edits_version_positive check (version >= 1)
);

comment on table rolecall.message_edits is
  'What messages said before they were edited: every version but the newest, which the message has.';

create index message_edits_sender_id_idx
  on rolecall.message_edits (sender_id, conversation_id, seq, version);

create table rolecall.edit_windows (
  role rolecall.app_role primary key,
  seconds int,
  constraint edit_windows_seconds_positive check (seconds >= 0)
);

comment on table rolecall.edit_windows is
  'For how long after sending it an author with this role may edit a message. A role without a row edits nothing.';

comment on column rolecall.edit_windows.seconds is 'Null for no end.';
