-- Where each help conversation stands in the lists of its two people, and what is new to either. Apart from the
-- conversations, whose columns and indexes the adopter counts.
create table rolecall.help_threads (
  conversation_id uuid primary key references public.conversations_v2 (id) on delete cascade,
  requester_id uuid not null,
  helper_id uuid not null,
  -- In the order of bytes: a page of one status is a range of the indexes.
  status text collate "C" not null,
  last_message_at timestamptz not null,
  active_in timestamptz not null generated always as (rolecall_internal.hour_of(last_message_at)) stored,
  requester_read_at timestamptz not null default '-infinity',
  helper_read_at timestamptz not null default '-infinity',
  requester_unread bigint not null default 0,
  helper_unread bigint not null default 0,
  changed_xid xid8 not null default pg_current_xact_id()
)
with (fillfactor = 80);

comment on table rolecall.help_threads is 'The place of each help conversation in the lists of its people, and what is new to them.';

comment on column rolecall.help_threads.status is 'That of the conversation, which the indexes use.';

comment on column rolecall.help_threads.active_in is 'The hour of last_message_at, which the indexes use.';

comment on column rolecall.help_threads.requester_read_at is 'The created_at of the newest message that the requester has read.';

comment on column rolecall.help_threads.requester_unread is
  'How many messages after requester_read_at are new to the requester: of others, and not erased.';

comment on column rolecall.help_threads.changed_xid is
  'The last transaction that changed what the conversation''s cards or messages show; sync answers what has changed since.';

-- The lists, newest first. By the hour, and the time within it is sorted: a message then changes no index.
create index help_threads_requester_id_idx
  on rolecall.help_threads (requester_id, active_in, status);

create index help_threads_helper_id_idx
  on rolecall.help_threads (helper_id, active_in, status);
