-- One's own data: the export of everything one wrote or is addressed by, and the request that turns one's messages into
-- placeholders while the threads of others stay readable.
--
-- Locks are taken in one order: the deletion, then the messages in the order of their conversations and numbers.

create table rolecall.data_deletions (
  id uuid primary key default rolecall_internal.uuid_v7(),
  user_id uuid not null references rolecall.profiles (id) on delete cascade,
  requested_at timestamptz not null default now(),
  completed_at timestamptz,
  messages_deleted bigint not null default 0,
  reached_conversation_id uuid not null default '00000000-0000-0000-0000-000000000000',
  reached_seq bigint not null default 0
);

comment on table rolecall.data_deletions is
  'Requests of users to delete what they wrote. What does not fit into one call is gone on with by the next.';

comment on column rolecall.data_deletions.messages_deleted is 'Messages that became placeholders through this request.';

comment on column rolecall.data_deletions.reached_conversation_id is
  'How far it has come; reached_seq is the number of the message there.';

create index data_deletions_user_id_idx
  on rolecall.data_deletions (user_id);

create unique index data_deletions_unfinished_key
  on rolecall.data_deletions (user_id)
  where completed_at is null;

create table rolecall.erasures_due (
  conversation_id uuid not null,
  seq bigint not null,
  primary key (conversation_id, seq),
  foreign key (conversation_id, seq) references rolecall.messages (conversation_id, seq) on delete cascade
);

comment on table rolecall.erasures_due is
  'Messages whose author had them deleted while a report of them was pending: their content goes with its review.';
