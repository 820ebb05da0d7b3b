-- Moderation: reports, their queue and review, deleted and restored messages, suspensions, and the audit of all of it.
--
-- Locks are taken in one order: the conversation, the message, then its reports, then how many there are, then the profile
-- of who is suspended. Whoever decides about a message holds its row, so that two who do so at the same time act one after
-- the other.

-- Who has reported which message to the moderators. What was reported stays what it was, whatever happens to the
-- conversation's show; the message goes with its conversation alone.
create table rolecall.reported_messages (
  id uuid primary key default rolecall_internal.uuid_v7(),
  message_id uuid not null,
  conversation_id uuid not null,
  seq bigint,
  help_conversation_id uuid
    generated always as (case when seq is null then conversation_id end) stored
    references public.conversations_v2 (id) on delete cascade,
  show_id uuid,
  -- Like everybody below, an id alone: a report outlives the accounts of those it is by and about.
  reporter_id uuid not null,
  reported_user_id uuid,
  reason text not null,
  erase_reason boolean not null default false,
  status text not null default 'pending',
  decision text,
  note text,
  reviewed_by uuid,
  reviewed_at timestamptz,
  organizer_status text,
  organizer_decision text,
  organizer_note text,
  organizer_reviewed_by uuid,
  organizer_reviewed_at timestamptz,
  escalated_at timestamptz,
  created_at timestamptz not null default now(),
  constraint reported_messages_message_reporter_key unique (conversation_id, seq, reporter_id),
  foreign key (conversation_id, seq) references rolecall.messages (conversation_id, seq) on delete cascade,
  constraint reported_messages_reason_visible check (
    rolecall_internal.is_text(reason, 1, rolecall_internal.limit_report_reason_chars())
  ),
  constraint reported_messages_note_visible check (
    note is null or rolecall_internal.is_text(note, 1, rolecall_internal.limit_note_chars())
  ),
  constraint reported_messages_status_known check (status in ('pending', 'dismissed', 'actioned')),
  constraint reported_messages_decision_known check (decision in ('dismiss', 'delete', 'restore', 'suspend')),
  constraint reported_messages_decided_unless_pending check (
    (status = 'pending') = (decision is null)
    and (status = 'pending') = (reviewed_by is null)
    and (status = 'pending') = (reviewed_at is null)
  ),
  constraint reported_messages_organizer_note_length check (
    char_length(organizer_note) between 1 and rolecall_internal.limit_note_chars()
  ),
  constraint reported_messages_organizer_status_known check (organizer_status in ('pending', 'dismissed', 'actioned')),
  -- Suspending is not an organizer's.
  constraint reported_messages_organizer_decision_known check (organizer_decision in ('dismiss', 'delete', 'restore')),
  constraint reported_messages_organizer_decided_whole check (
    (organizer_decision is null) = (organizer_reviewed_by is null)
    and (organizer_decision is null) = (organizer_reviewed_at is null)
    and (organizer_decision is null or organizer_status is not null)
  ),
  -- Decided by an organizer or, in their stead, by a moderator.
  constraint reported_messages_organizer_decided_unless_pending check (
    organizer_status is null
    or (organizer_status = 'pending') = (status = 'pending' and organizer_decision is null)
  )
);

comment on table rolecall.reported_messages is 'Reports of messages, one for each message and reporter.';

comment on column rolecall.reported_messages.message_id is
  'The id of the message. The key of a message is conversation_id and seq; of a help message, which has no seq, it is this id.';

comment on column rolecall.reported_messages.help_conversation_id is
  'The conversation of a help message; the report is deleted with it.';

create unique index reported_messages_help_message_reporter_key
  on rolecall.reported_messages (message_id, reporter_id)
  where seq is null;

create index reported_messages_help_conversation_id_idx
  on rolecall.reported_messages (help_conversation_id)
  where help_conversation_id is not null;

comment on column rolecall.reported_messages.reported_user_id is
  'The sender of the message; null if the message was imported without one.';

comment on column rolecall.reported_messages.erase_reason is
  'Whether the reporter had their texts erased while the report was pending; the reason is erased when it is reviewed.';

comment on column rolecall.reported_messages.show_id is 'The show of the message; its organizer may also decide.';

comment on column rolecall.reported_messages.status is
  'pending until a moderator decides; then dismissed if the message stays as it was, and actioned otherwise.';

comment on column rolecall.reported_messages.decision is
  'The decision of a moderator, as are note, reviewed_by and reviewed_at. That of an organizer is organizer_decision.';

comment on column rolecall.reported_messages.organizer_status is
  'pending until the organizer or a moderator decides; null where no organizer has a say: the message is about no show, or is their own.';

comment on column rolecall.reported_messages.organizer_decision is
  'The decision of the show''s organizer, which does not bind moderators.';

comment on column rolecall.reported_messages.escalated_at is
  'When the reporter appealed the organizer''s decision by reporting again.';

-- The queue, newest first: of everybody, of one show, and of one show as its organizer has it.
create index reported_messages_queue_idx
  on rolecall.reported_messages (status, created_at desc, id desc);

create index reported_messages_show_queue_idx
  on rolecall.reported_messages (show_id, status, created_at desc, id desc)
  where show_id is not null;

create index reported_messages_organizer_queue_idx
  on rolecall.reported_messages (show_id, organizer_status, created_at desc, id desc)
  where organizer_status is not null;

create index reported_messages_reporter_id_idx
  on rolecall.reported_messages (reporter_id, id);

-- What somebody decided, for the export of their data.
create index reported_messages_reviewed_by_idx
  on rolecall.reported_messages (reviewed_by, id)
  where reviewed_by is not null;

create index reported_messages_organizer_reviewed_by_idx
  on rolecall.reported_messages (organizer_reviewed_by, id)
  where organizer_reviewed_by is not null;

create table rolecall.report_counts (
  id uuid primary key default gen_random_uuid(),
  queue text not null,
  show_id uuid not null,
  status text not null,
  reports bigint not null,
  constraint report_counts_queue_known check (queue in ('moderators', 'organizers'))
)
-- Room on each page for the next version of a row that is counted up all the time.
with (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.05);

comment on table rolecall.report_counts is
  'How many reports of each status each show has, as the sum of a few rows, so that the counts of a long queue are fast.';

comment on column rolecall.report_counts.queue is
  'A report counts by its status for moderators, and by its organizer_status for organizers.';

create index report_counts_show_id_idx
  on rolecall.report_counts (show_id, queue, status);

comment on column rolecall.report_counts.show_id is 'The nil uuid for reports of messages that are about no show.';

-- Refers to nothing: it outlives what it tells of.
create table rolecall.moderation_audit (
  id uuid primary key default rolecall_internal.uuid_v7(),
  -- On the clock, not of the transaction: what one review does keeps its order.
  at timestamptz not null default clock_timestamp(),
  actor_id uuid not null,
  action text not null,
  report_id uuid,
  message_id uuid,
  target_id uuid,
  note text,
  before jsonb not null,
  after jsonb not null,
  constraint moderation_audit_action_known check (
    action in ('report_reviewed', 'message_deleted', 'message_restored', 'user_suspended', 'suspension_lifted')
  )
);

comment on table rolecall.moderation_audit is
  'Who moderated what and why, written in the same transaction and never changed. No message contents.';

comment on column rolecall.moderation_audit.target_id is 'The sender of the message, or who was suspended.';

comment on column rolecall.moderation_audit.before is 'The state before the action: status, deleted or suspended_until.';

create index moderation_audit_at_idx
  on rolecall.moderation_audit (at desc, id desc);

create index moderation_audit_actor_id_idx
  on rolecall.moderation_audit (actor_id, id);

create index moderation_audit_message_id_idx
  on rolecall.moderation_audit (message_id, at desc, id desc)
  where message_id is not null;

create index moderation_audit_target_id_idx
  on rolecall.moderation_audit (target_id, at desc, id desc)
  where target_id is not null;
