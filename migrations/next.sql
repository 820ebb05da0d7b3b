-- 0005: live: what clients keep in step with.

-- messages

alter type rolecall.dm_item
  add attribute message_id uuid;

-- sync: which transaction last changed what somebody sees. What is there already counts as never changed.

alter table rolecall.conversations
  add column changed_xid xid8 not null default '0',
  add column changed_in bigint not null generated always as (changed_xid::text::bigint >> 16) stored;

alter table rolecall.conversations
  alter column changed_xid set default pg_current_xact_id();

comment on column rolecall.conversations.changed_xid is
  'The last transaction that changed what the conversation''s cards or messages show; sync answers what has changed since.';

comment on column rolecall.conversations.changed_in is
  'The 65,536 transactions among which changed_xid is, which the indexes of sync use.';

create index conversations_low_changed_in_idx
  on rolecall.conversations (participant_low, changed_in desc)
  where participant_low is not null;

create index conversations_high_changed_in_idx
  on rolecall.conversations (participant_high, changed_in desc)
  where participant_high is not null;

alter table rolecall.conversation_participants
  add column changed_xid xid8,
  add column changed_in bigint generated always as (changed_xid::text::bigint >> 16) stored;

comment on column rolecall.conversation_participants.changed_xid is
  'The last transaction in which the user moved last_read_seq by itself, not by sending; null if they never have.';

comment on column rolecall.conversation_participants.changed_in is
  'The 65,536 transactions among which changed_xid is, which the index of sync uses.';

create index conversation_participants_changed_in_idx
  on rolecall.conversation_participants (user_id, changed_in desc)
  where changed_in is not null;

alter table rolecall.broadcast_receipts
  add column changed_xid xid8 not null default '0',
  add column changed_in bigint not null generated always as (changed_xid::text::bigint >> 16) stored;

alter table rolecall.broadcast_receipts
  alter column changed_xid set default pg_current_xact_id();

comment on column rolecall.broadcast_receipts.changed_xid is 'The last transaction that moved it.';

comment on column rolecall.broadcast_receipts.changed_in is
  'The 65,536 transactions among which changed_xid is, which the index of sync uses.';

create index broadcast_receipts_changed_in_idx
  on rolecall.broadcast_receipts (user_id, changed_in desc);

alter table rolecall.show_participants
  add column changed_xid xid8 not null default '0';

alter table rolecall.show_participants
  alter column changed_xid set default pg_current_xact_id();

comment on column rolecall.show_participants.changed_xid is
  'The transaction in which they joined: by then they see what was broadcast since joined_at.';

alter table rolecall.help_threads
  add column changed_xid xid8 not null default '0';

alter table rolecall.help_threads
  alter column changed_xid set default pg_current_xact_id();

comment on column rolecall.help_threads.changed_xid is
  'The last transaction that changed what the conversation''s cards or messages show; sync answers what has changed since.';

alter table rolecall.help_requests
  add column changed_xid xid8 not null default '0';

alter table rolecall.help_requests
  alter column changed_xid set default pg_current_xact_id();

comment on column rolecall.help_requests.changed_xid is
  'The last transaction that changed it: the cards of its conversations show its title and its status.';

alter table rolecall.message_threads
  add column changed_xid xid8 not null default '0',
  add column changed_in bigint not null generated always as (changed_xid::text::bigint >> 16) stored;

alter table rolecall.message_threads
  alter column changed_xid set default pg_current_xact_id();

comment on column rolecall.message_threads.changed_xid is
  'The last transaction that changed what the thread''s cards or messages show; sync answers what has changed since.';

comment on column rolecall.message_threads.changed_in is
  'The 65,536 transactions among which changed_xid is, which the index of sync uses.';

create index message_threads_changed_in_idx
  on rolecall.message_threads (organization_id, changed_in desc);

alter table rolecall.thread_reads
  add column changed_xid xid8 not null default '0';

alter table rolecall.thread_reads
  alter column changed_xid set default pg_current_xact_id();

comment on column rolecall.thread_reads.changed_xid is 'The last transaction that moved it.';

-- permissions: the role member has the limits of attendees.

insert into rolecall.rate_limits (role, action, capacity, window_seconds)
select 'member', action, capacity, window_seconds
from rolecall.rate_limits
where role = 'attendee'
on conflict (role, action) do nothing;
