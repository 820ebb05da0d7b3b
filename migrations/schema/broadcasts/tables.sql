-- Broadcasts: one row each whatever the audience, the quotas that limit them, and the nightly reset.
--
-- Locks are taken in one order: the quota of sender and show, then the conversation, then its participant.

create table rolecall.broadcast_limits (
  role rolecall.app_role not null,
  phase text not null,
  per_quota_day int,
  primary key (role, phase),
  constraint broadcast_limits_phase_known check (phase in ('pre_show', 'post_show')),
  constraint broadcast_limits_per_quota_day_positive check (per_quota_day >= 0)
);

comment on table rolecall.broadcast_limits is
  'How many broadcasts a sender with this role has for each show and quota day. A role without a row cannot broadcast.';

comment on column rolecall.broadcast_limits.per_quota_day is 'Null for no limit.';

create table rolecall.broadcast_quotas (
  sender_id uuid not null references rolecall.profiles (id) on delete cascade,
  show_id uuid not null references rolecall.shows (id) on delete cascade,
  period date not null,
  pre_show_remaining int,
  post_show_remaining int,
  updated_at timestamptz not null default now(),
  primary key (sender_id, show_id),
  constraint broadcast_quotas_pre_show_positive check (pre_show_remaining >= 0),
  constraint broadcast_quotas_post_show_positive check (post_show_remaining >= 0)
);

comment on table rolecall.broadcast_quotas is
  'What a sender has left for a show on a quota day. A row of an earlier day counts as full; null means no limit.';

create index broadcast_quotas_show_id_idx
  on rolecall.broadcast_quotas (show_id);

create table rolecall.broadcasts (
  id uuid primary key default rolecall_internal.uuid_v7(),
  conversation_id uuid not null references rolecall.conversations (id) on delete cascade,
  message_id uuid not null,
  seq bigint not null,
  show_id uuid not null references rolecall.shows (id),
  -- As that of the message, an id alone: it outlives the sender's account.
  sender_id uuid not null,
  phase text not null,
  recipient_roles rolecall.app_role[] not null,
  audience_count bigint not null,
  created_at timestamptz not null default now(),
  deleted boolean not null default false,
  constraint broadcasts_message_key unique (conversation_id, seq),
  foreign key (conversation_id, seq) references rolecall.messages (conversation_id, seq) on delete cascade,
  constraint broadcasts_phase_known check (phase in ('pre_show', 'post_show')),
  constraint broadcasts_recipient_roles_given check (cardinality(recipient_roles) >= 1),
  constraint broadcasts_audience_count_positive check (audience_count >= 0)
);

comment on table rolecall.broadcasts is
  'Messages to everybody who takes part in a show with one of the roles at that time; the audience reads them from here.';

comment on column rolecall.broadcasts.seq is 'The number of the message in its conversation.';

comment on column rolecall.broadcasts.deleted is 'Whether the message is deleted; maintained by a trigger, so that unread messages can be counted here.';

create index broadcasts_show_id_idx
  on rolecall.broadcasts (show_id, created_at);

create index broadcasts_sender_id_idx
  on rolecall.broadcasts (sender_id, id);

create table rolecall.show_threads (
  conversation_id uuid not null references rolecall.conversations (id) on delete cascade,
  show_id uuid not null references rolecall.shows (id),
  role rolecall.app_role not null,
  last_seq bigint not null,
  last_message_at timestamptz not null,
  active_in timestamptz not null generated always as (rolecall_internal.hour_of(last_message_at)) stored,
  primary key (conversation_id, role)
)
with (fillfactor = 80);

comment on table rolecall.show_threads is
  'The newest broadcast to each role in each conversation of a show, so that the audience finds it without a row per person.';

comment on column rolecall.show_threads.active_in is 'The hour of last_message_at, which the indexes of the inbox use.';

-- The inbox of who takes part in a show with a role, newest first: by the hour, as that of conversations.
create index show_threads_show_id_idx
  on rolecall.show_threads (show_id, role, active_in desc);

create table rolecall.broadcast_receipts (
  conversation_id uuid not null references rolecall.conversations (id) on delete cascade,
  user_id uuid not null references rolecall.profiles (id) on delete cascade,
  last_read_seq bigint not null,
  read_at timestamptz not null default now(),
  changed_xid xid8 not null default pg_current_xact_id(),
  changed_in bigint not null generated always as (changed_xid::text::bigint >> 16) stored,
  primary key (conversation_id, user_id)
);

comment on table rolecall.broadcast_receipts is
  'How far a member of the audience has read in a conversation of a show.';

comment on column rolecall.broadcast_receipts.changed_xid is 'The last transaction that moved it.';

comment on column rolecall.broadcast_receipts.changed_in is
  'The 65,536 transactions among which changed_xid is, which the index of sync uses.';

create index broadcast_receipts_user_id_idx
  on rolecall.broadcast_receipts (user_id, conversation_id);

create index broadcast_receipts_changed_in_idx
  on rolecall.broadcast_receipts (user_id, changed_in desc);

create table rolecall.quota_runs (
  period date primary key,
  run_at timestamptz not null default now(),
  finished_at timestamptz,
  -- What has come to its end: names of tables.
  done text[] not null default '{}',
  dropped jsonb not null default '{}',
  deleted jsonb not null default '{}',
  left_over jsonb not null default '{}',
  -- Where to go on: the page of a table that is swept, how often slots were left of one that is truncated.
  positions jsonb not null default '{}'
);

comment on table rolecall.quota_runs is 'The nightly runs, one for each quota day, each done in many short steps.';

comment on column rolecall.quota_runs.dropped is 'How many day slots of each table were truncated.';

comment on column rolecall.quota_runs.deleted is 'How many rows of each table were deleted.';

comment on column rolecall.quota_runs.left_over is
  'How many day slots of each table could not be truncated because they were being read; the next run truncates them.';
