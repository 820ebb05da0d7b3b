-- One's own data: the export of everything one wrote or is addressed by, the request that turns one's messages into
-- placeholders while the threads of others stay readable, and the one that deletes one's account as well.
--
-- Locks are taken in one order: the deletion, the conversations before their messages, the profile.

create table rolecall.data_deletions (
  id uuid primary key default rolecall_internal.uuid_v7(),
  -- An id alone: that of an account outlives it.
  user_id uuid not null,
  account boolean not null default false,
  requested_at timestamptz not null default now(),
  completed_at timestamptz,
  messages_deleted bigint not null default 0,
  reached_conversation_id uuid not null default '00000000-0000-0000-0000-000000000000',
  reached_seq bigint not null default 0
);

comment on table rolecall.data_deletions is
  'Requests of users to delete what they wrote, or their account. What one call does not finish, the next one continues.';

comment on column rolecall.data_deletions.account is
  'Whether the whole account was deleted. The row stays, so that nobody acts as this user again and no new profile is made.';

comment on column rolecall.data_deletions.messages_deleted is 'How many messages this request turned into placeholders.';

comment on column rolecall.data_deletions.reached_conversation_id is
  'How far the deletion has come; reached_seq is the message it has reached.';

create index data_deletions_user_id_idx
  on rolecall.data_deletions (user_id);

create unique index data_deletions_unfinished_key
  on rolecall.data_deletions (user_id)
  where completed_at is null and not account;

create unique index data_deletions_account_key
  on rolecall.data_deletions (user_id)
  where account;

create index data_deletions_unfinished_accounts_idx
  on rolecall.data_deletions (requested_at)
  where completed_at is null and account;

create table rolecall.erasures_due (
  conversation_id uuid not null,
  seq bigint not null,
  primary key (conversation_id, seq),
  foreign key (conversation_id, seq) references rolecall.messages (conversation_id, seq) on delete cascade
);

comment on table rolecall.erasures_due is
  'Messages that their author had deleted while a report was pending; their content is erased when it is reviewed.';
