-- What each user has set for a conversation.

-- Apart from conversation_participants, whose rows move with every mark, and of which the audience of broadcasts has none.
create table rolecall.conversation_settings (
  user_id uuid not null references rolecall.profiles (id) on delete cascade,
  conversation_id uuid not null references rolecall.conversations (id) on delete cascade,
  muted_until timestamptz,
  archived_at_seq bigint,
  pinned_at timestamptz,
  changed_xid xid8 not null default pg_current_xact_id(),
  primary key (user_id, conversation_id),
  constraint conversation_settings_pinned_or_archived check (pinned_at is null or archived_at_seq is null)
);

comment on table rolecall.conversation_settings is
  'Who has muted, archived or pinned which conversation, for themselves. A row stays when nothing is set any more, so that sync tells of it.';

comment on column rolecall.conversation_settings.muted_until is
  'Until when it is muted: infinity for ever. Null, or in the past, for a conversation that is not muted.';

comment on column rolecall.conversation_settings.archived_at_seq is
  'The newest message when it was archived. A newer one brings it back, unless it is muted. Null for one that is not archived.';

comment on column rolecall.conversation_settings.changed_xid is 'The transaction that changed it last, for sync.';

create index conversation_settings_conversation_id_idx
  on rolecall.conversation_settings (conversation_id);

create index conversation_settings_changed_idx
  on rolecall.conversation_settings (user_id, changed_xid);
