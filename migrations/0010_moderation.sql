-- Moderation: reports, their queue and review, deleted and restored messages, suspensions, and the audit of all of it.
--
-- Locks are taken in one order: the message, then its reports, then how many there are, then the profile of who is
-- suspended. Whoever decides about a message holds its row, so that two who do so at the same time act one after the
-- other.

-- Who has reported which message to the moderators. What was reported stays what it was, whatever happens to the
-- conversation's show; the message goes with its conversation alone.
create table if not exists public.reported_messages (
  id uuid primary key default gen_random_uuid(),
  message_id uuid not null references public.messages (id) on delete cascade,
  conversation_id uuid not null,
  show_id uuid,
  reporter_id uuid not null references public.profiles (id),
  reported_user_id uuid,
  reason text not null,
  status text not null default 'pending',
  decision text,
  note text,
  reviewed_by uuid,
  reviewed_at timestamptz,
  created_at timestamptz not null default now(),
  constraint reported_messages_message_id_reporter_id_key unique (message_id, reporter_id),
  constraint reported_messages_reason_length check (char_length(reason) between 1 and 1000),
  constraint reported_messages_note_length check (char_length(note) between 1 and 1000),
  constraint reported_messages_status_known check (status in ('pending', 'dismissed', 'actioned')),
  constraint reported_messages_decision_known check (decision in ('dismiss', 'delete', 'restore', 'suspend')),
  constraint reported_messages_decided_unless_pending check (
    (status = 'pending') = (decision is null)
    and (status = 'pending') = (reviewed_by is null)
    and (status = 'pending') = (reviewed_at is null)
  )
);
comment on table public.reported_messages is 'Reports of messages, one for each message and reporter.';
comment on column public.reported_messages.reported_user_id is
  'The sender of the message; null where a message of before Rolecall names none.';
comment on column public.reported_messages.show_id is 'The show of the message, whose organizer may decide, too.';
comment on column public.reported_messages.status is
  'pending until the review; dismissed when the message stays as it was, actioned otherwise.';

-- The queue, newest first: of everybody, and of one show.
create index if not exists reported_messages_queue_idx
  on public.reported_messages (status, created_at desc, id desc);
create index if not exists reported_messages_show_queue_idx
  on public.reported_messages (show_id, status, created_at desc, id desc)
  where show_id is not null;
create index if not exists reported_messages_reporter_id_idx
  on public.reported_messages (reporter_id, id);

create table if not exists rolecall.report_counts (
  show_id uuid not null,
  status text not null,
  reports bigint not null,
  primary key (show_id, status)
);
comment on table rolecall.report_counts is
  'How many reports each show has of each status, so that a queue of a million tells its counts without counting.';
comment on column rolecall.report_counts.show_id is 'The nil uuid for reports of messages that are about no show.';

-- One statement for any number of rows, in one order, so that two of them cannot wait for each other.
create or replace function rolecall.count_reports()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  if tg_op = 'INSERT' then
    insert into rolecall.report_counts as counted (show_id, status, reports)
    select coalesce(show_id, '00000000-0000-0000-0000-000000000000'), status, count(*)
    from added
    group by 1, 2
    order by 1, 2
    on conflict (show_id, status) do update
    set reports = counted.reports + excluded.reports;
  elsif tg_op = 'UPDATE' then
    insert into rolecall.report_counts as counted (show_id, status, reports)
    select coalesce(show_id, '00000000-0000-0000-0000-000000000000'), status, sum(reports)
    from (
      select show_id, status, 1 as reports from added
      union all
      select show_id, status, -1 from gone
    ) as change
    group by 1, 2
    having sum(reports) <> 0
    order by 1, 2
    on conflict (show_id, status) do update
    set reports = counted.reports + excluded.reports;
  elsif tg_op = 'DELETE' then
    insert into rolecall.report_counts as counted (show_id, status, reports)
    select coalesce(show_id, '00000000-0000-0000-0000-000000000000'), status, -count(*)
    from gone
    group by 1, 2
    order by 1, 2
    on conflict (show_id, status) do update
    set reports = counted.reports + excluded.reports;
  else
    -- TRUNCATE hands over no rows.
    update rolecall.report_counts
    set reports = 0;
  end if;
  return null;
end
$$;

create or replace trigger reported_messages_count_filed
after insert on public.reported_messages
referencing new table as added
for each statement
execute function rolecall.count_reports();

create or replace trigger reported_messages_count_reviewed
after update on public.reported_messages
referencing old table as gone new table as added
for each statement
execute function rolecall.count_reports();

create or replace trigger reported_messages_count_deleted
after delete on public.reported_messages
referencing old table as gone
for each statement
execute function rolecall.count_reports();

create or replace trigger reported_messages_count_none
after truncate on public.reported_messages
for each statement
execute function rolecall.count_reports();

-- Refers to nothing: it outlives what it tells of.
create table if not exists public.moderation_audit (
  id uuid primary key default gen_random_uuid(),
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
comment on table public.moderation_audit is
  'Who moderated what, and why: written with the act itself, and changed by nobody. Never message contents.';
comment on column public.moderation_audit.target_id is 'The sender of the message, or who was suspended.';
comment on column public.moderation_audit.before is 'The state that the act found: status, deleted or suspended_until.';

create index if not exists moderation_audit_at_idx
  on public.moderation_audit (at desc, id desc);
create index if not exists moderation_audit_message_id_idx
  on public.moderation_audit (message_id, at desc, id desc)
  where message_id is not null;
create index if not exists moderation_audit_target_id_idx
  on public.moderation_audit (target_id, at desc, id desc)
  where target_id is not null;

-- Grants do not bind the table's owner, whose rights every entry point has; a trigger binds everybody.
create or replace function rolecall.refuse_change()
returns trigger
language plpgsql
set search_path = ''
as $$
begin
  raise exception using
    errcode = 'insufficient_privilege',
    message = format('%s.%s is written once and never changed', tg_table_schema, tg_table_name);
end
$$;

create or replace trigger moderation_audit_never_changes
before update or delete or truncate on public.moderation_audit
for each statement
execute function rolecall.refuse_change();

-- Fires for a session that pretends to be a replica, too.
alter table public.moderation_audit enable always trigger moderation_audit_never_changes;

-- Pages

create or replace function rolecall.refuse_cursor()
returns jsonb
language plpgsql
immutable
set search_path = ''
as $$
begin
  return rolecall.refusal('invalid_input', 'The cursor is none that an answer gave.');
end
$$;

-- How many entries a page has: what the request says, within 1 and p_most.
create or replace function rolecall.page_size(p_input jsonb, p_most int)
returns int
language plpgsql
immutable
set search_path = ''
as $$
begin
  if p_input ->> 'limit' ~ '^[0-9]{1,9}$' then
    return least(greatest((p_input ->> 'limit')::int, 1), p_most);
  end if;
  return least(50, p_most);
end
$$;

-- Messages as answers show them

-- Who deleted a message and when; null for one that is not deleted.
create or replace function rolecall.deletion_of(p_message public.messages)
returns jsonb
language plpgsql
stable
set search_path = ''
as $$
begin
  if p_message.deleted_at is null then
    return null;
  end if;
  return jsonb_build_object('by', p_message.deleted_as, 'at', rolecall.iso(p_message.deleted_at));
end
$$;

-- A message. A deleted one has no content but for whoever may see what was removed, and hands it over.
create or replace function rolecall.message_json(p_message public.messages, p_removed text default null)
returns jsonb
language plpgsql
stable
set search_path = ''
as $$
begin
  return jsonb_build_object(
    'id', p_message.id,
    'seq', p_message.seq,
    'sender_id', p_message.sender_id,
    'content', coalesce(p_message.content, p_removed),
    'created_at', rolecall.iso(p_message.created_at),
    'show_id', p_message.show_id,
    'deleted', rolecall.deletion_of(p_message)
  );
end
$$;

-- A report with its message, whose content moderators see even when it is deleted.
create or replace function rolecall.report_json(p_report public.reported_messages)
returns jsonb
language plpgsql
stable
set search_path = ''
as $$
declare
  v_message jsonb;
begin
  select rolecall.message_json(message, removed.content)
    || jsonb_build_object('conversation_id', message.conversation_id)
  into v_message
  from public.messages as message
  left join rolecall.removed_contents as removed
    on removed.message_id = message.id
  where message.id = p_report.message_id;
  return jsonb_build_object(
    'id', p_report.id,
    'status', p_report.status,
    'decision', p_report.decision,
    'reason', p_report.reason,
    'created_at', rolecall.iso(p_report.created_at),
    'reporter_id', p_report.reporter_id,
    'reviewed_at', rolecall.iso(p_report.reviewed_at),
    'reviewed_by', p_report.reviewed_by,
    'note', p_report.note,
    'show_id', p_report.show_id,
    'message', v_message
  );
end
$$;

-- A moment of a request as the functions write it (RFC 3339 in UTC); null for what is none.
create or replace function rolecall.moment_or_null(p_text text)
returns timestamptz
language plpgsql
stable
set search_path = ''
as $$
begin
  if p_text ~ '^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?Z$' then
    return p_text::timestamptz;
  end if;
  return null;
exception
  -- The thirty-first of February.
  when datetime_field_overflow or invalid_datetime_format then
    return null;
end
$$;

-- The end of a suspension as answers show it: null for none, "infinity" for one for good.
create or replace function rolecall.suspension_json(p_until timestamptz)
returns jsonb
language plpgsql
stable
set search_path = ''
as $$
begin
  if isfinite(p_until) then
    return to_jsonb(rolecall.iso(p_until));
  end if;
  return coalesce(to_jsonb(p_until::text), 'null');
end
$$;

-- Judgements

-- Whether p_user may decide about p_message: delete it, restore it, settle the reports of it. A sender whom nobody
-- knows counts as an attendee. Who may not moderate anyway hears the same of a message that does not exist.
create or replace function rolecall.judge_moderation(p_user uuid, p_message uuid, p_rollout text)
returns rolecall.judgement
language plpgsql
stable
set search_path = ''
as $$
declare
  v_role public.app_role;
  v_internal boolean;
  v_message uuid;
  v_author_role public.app_role;
  v_facts text[];
  v_decision rolecall.decision;
  v_judgement rolecall.judgement;
begin
  select
    actor.role,
    actor.is_internal,
    actor.organization_id,
    message.id,
    coalesce(author.role, 'attendee'),
    array[
      'feature_enabled',
      case when actor.suspended_until > now() then 'suspended' end,
      case when message.sender_id = p_user then 'self' end,
      case when show.organizer_id = p_user then 'own_show' end
    ]
  into v_role, v_internal, v_judgement.org_id, v_message, v_author_role, v_facts
  from (values (p_user)) as asked (id)
  left join public.profiles as actor
    on actor.id = asked.id
  left join public.messages as message
    on message.id = p_message
  left join public.profiles as author
    on author.id = message.sender_id
  left join public.conversations as conversation
    on conversation.id = message.conversation_id
  left join public.shows as show
    on show.id = coalesce(message.show_id, conversation.show_id);

  v_judgement.allowed := false;
  if not rolecall.feature_enabled('moderation', p_rollout, p_user, v_internal) then
    v_judgement.refusal := rolecall.refuse_disabled();
    v_judgement.rule := 'feature_disabled';
    return v_judgement;
  end if;
  if v_role is null then
    v_judgement.refusal := rolecall.refuse_without_profile();
    v_judgement.rule := 'no_profile';
    return v_judgement;
  end if;
  v_decision := rolecall.decide('moderate', v_role, v_author_role, v_facts);
  v_judgement.rule := v_decision.rule;
  if not v_decision.allowed then
    v_judgement.refusal := rolecall.refusal_of(v_decision);
  elsif v_message is null then
    v_judgement.refusal := rolecall.refusal('not_found', 'There is no message with this message_id.');
    v_judgement.rule := null;
  else
    v_judgement.allowed := true;
  end if;
  return v_judgement;
end
$$;

-- Whether p_user may report p_message: somebody else's that they can read as one whom it is for. A suspended user may.
create or replace function rolecall.judge_report(p_user uuid, p_message uuid, p_rollout text)
returns rolecall.judgement
language plpgsql
stable
set search_path = ''
as $$
declare
  v_role public.app_role;
  v_internal boolean;
  v_author_role public.app_role;
  v_facts text[];
  v_decision rolecall.decision;
  v_judgement rolecall.judgement;
begin
  select
    actor.role,
    actor.is_internal,
    actor.organization_id,
    coalesce(author.role, 'attendee'),
    array[
      'feature_enabled',
      case when message.sender_id = p_user then 'self' end,
      case
        when p_user in (conversation.participant_low, conversation.participant_high)
          or exists (
            select
            from public.conversation_participants as participant
            where participant.conversation_id = message.conversation_id
              and participant.user_id = p_user
          )
          or exists (
            select
            from public.broadcasts as broadcast
            where broadcast.message_id = message.id
              and rolecall.in_audience(
                p_user,
                broadcast.show_id,
                broadcast.recipient_roles,
                broadcast.created_at
              )
          )
        then 'participant'
      end
    ]
  into v_role, v_internal, v_judgement.org_id, v_author_role, v_facts
  from (values (p_user)) as asked (id)
  left join public.profiles as actor
    on actor.id = asked.id
  left join public.messages as message
    on message.id = p_message
  left join public.profiles as author
    on author.id = message.sender_id
  left join public.conversations as conversation
    on conversation.id = message.conversation_id;

  v_judgement.allowed := false;
  if not rolecall.feature_enabled('moderation', p_rollout, p_user, v_internal) then
    v_judgement.refusal := rolecall.refuse_disabled();
    v_judgement.rule := 'feature_disabled';
    return v_judgement;
  end if;
  if v_role is null then
    v_judgement.refusal := rolecall.refuse_without_profile();
    v_judgement.rule := 'no_profile';
    return v_judgement;
  end if;
  -- A message that does not exist has no participants, and is refused in the same words.
  v_decision := rolecall.decide('report', v_role, v_author_role, v_facts);
  v_judgement.rule := v_decision.rule;
  v_judgement.allowed := v_decision.allowed;
  if not v_decision.allowed then
    v_judgement.refusal := rolecall.refusal_of(v_decision);
  end if;
  return v_judgement;
end
$$;

-- Whether p_user may suspend p_target, or lift their suspension.
create or replace function rolecall.judge_suspension(p_user uuid, p_target uuid, p_rollout text)
returns rolecall.judgement
language plpgsql
stable
set search_path = ''
as $$
declare
  v_role public.app_role;
  v_internal boolean;
  v_target_role public.app_role;
  v_facts text[];
  v_decision rolecall.decision;
  v_judgement rolecall.judgement;
begin
  select
    actor.role,
    actor.is_internal,
    actor.organization_id,
    target.role,
    array[
      'feature_enabled',
      case when actor.suspended_until > now() then 'suspended' end,
      case when p_user = p_target then 'self' end
    ]
  into v_role, v_internal, v_judgement.org_id, v_target_role, v_facts
  from (values (p_user)) as asked (id)
  left join public.profiles as actor
    on actor.id = asked.id
  left join public.profiles as target
    on target.id = p_target;

  v_judgement.allowed := false;
  if not rolecall.feature_enabled('moderation', p_rollout, p_user, v_internal) then
    v_judgement.refusal := rolecall.refuse_disabled();
    v_judgement.rule := 'feature_disabled';
    return v_judgement;
  end if;
  if v_role is null then
    v_judgement.refusal := rolecall.refuse_without_profile();
    v_judgement.rule := 'no_profile';
    return v_judgement;
  end if;
  v_decision := rolecall.decide('suspend', v_role, coalesce(v_target_role, 'attendee'), v_facts);
  v_judgement.rule := v_decision.rule;
  if not v_decision.allowed then
    v_judgement.refusal := rolecall.refusal_of(v_decision);
  elsif v_target_role is null then
    v_judgement.refusal := rolecall.refusal('not_found', 'There is no user with this target_id.');
    v_judgement.rule := null;
  else
    v_judgement.allowed := true;
  end if;
  return v_judgement;
end
$$;

-- Why p_user may not look at the queue or the audit at all; null when they may. Both name what was removed, so that a
-- suspended moderator does not see them either. Which roles moderate is asked of the matrix, as for a message of a show
-- of one's own where p_own_show says so.
create or replace function rolecall.refuse_overseer(
  p_user uuid,
  p_own_show boolean,
  p_rollout text
)
returns jsonb
language plpgsql
stable
set search_path = ''
as $$
declare
  v_user public.profiles;
  v_decision rolecall.decision;
begin
  select *
  into v_user
  from public.profiles
  where id = p_user;
  if not rolecall.feature_enabled('moderation', p_rollout, p_user, v_user.is_internal) then
    return rolecall.refuse_disabled();
  end if;
  if v_user.id is null then
    return rolecall.refuse_without_profile();
  end if;
  v_decision := rolecall.decide(
    'moderate',
    v_user.role,
    'attendee',
    array[
      'feature_enabled',
      case when v_user.suspended_until > now() then 'suspended' end,
      case when p_own_show then 'own_show' end
    ]
  );
  if v_decision.allowed then
    return null;
  end if;
  if v_decision.rule = 'suspended' then
    return rolecall.refusal_of(v_decision);
  end if;
  if p_own_show then
    return rolecall.refusal(
      'permission_denied',
      'The reports are for show organizers, moderators and admins alone.',
      'moderators_and_organizers_only',
      'You become a moderator.'
    );
  end if;
  return rolecall.refusal(
    'permission_denied',
    'The audit of the moderation is for moderators and admins alone.',
    'moderators_only',
    'You become a moderator.'
  );
end
$$;

-- Acts

create or replace function rolecall.audit_moderation(
  p_actor uuid,
  p_action text,
  p_report uuid,
  p_message uuid,
  p_target uuid,
  p_note text,
  p_before jsonb,
  p_after jsonb
)
returns void
language plpgsql
volatile
set search_path = ''
as $$
begin
  insert into public.moderation_audit (actor_id, action, report_id, message_id, target_id, note, before, after)
  values (p_actor, p_action, p_report, p_message, p_target, p_note, p_before, p_after);
end
$$;

-- Who deletes, as a placeholder names them: the author, an organizer or a moderator. Admins count as moderators.
create or replace function rolecall.deletion_class(p_user uuid, p_author uuid)
returns text
language plpgsql
stable
set search_path = ''
as $$
begin
  if p_user = p_author then
    return 'author';
  end if;
  return (
    select case when role in ('moderator', 'admin') then 'moderator' else 'organizer' end
    from public.profiles
    where id = p_user
  );
end
$$;

-- Deletes a message for p_user, who may, and audits it; returns the message as it is then. The first who deletes
-- stands: for a message that is deleted already nothing happens.
create or replace function rolecall.remove_message(p_user uuid, p_message uuid, p_report uuid, p_note text)
returns public.messages
language plpgsql
volatile
set search_path = ''
as $$
declare
  v_message public.messages;
begin
  select *
  into v_message
  from public.messages
  where id = p_message
  for no key update;
  if not found or v_message.deleted_at is not null then
    return v_message;
  end if;

  -- The content goes where nothing that reads messages can find it.
  if v_message.content is not null then
    insert into rolecall.removed_contents (message_id, content, removed_at)
    values (p_message, v_message.content, now());
  end if;
  update public.messages
  set
    content = null,
    deleted_at = now(),
    deleted_as = rolecall.deletion_class(p_user, v_message.sender_id)
  where id = p_message
  returning *
  into v_message;
  perform rolecall.audit_moderation(
    p_user,
    'message_deleted',
    p_report,
    p_message,
    v_message.sender_id,
    p_note,
    jsonb_build_object('deleted', null),
    jsonb_build_object('deleted', rolecall.deletion_of(v_message))
  );
  return v_message;
end
$$;

-- Restores a message for p_user, who may, and audits it; returns the message as it is then. One that is not deleted, or
-- that its author deleted, stays as it is.
create or replace function rolecall.bring_back_message(p_user uuid, p_message uuid, p_report uuid, p_note text)
returns public.messages
language plpgsql
volatile
set search_path = ''
as $$
declare
  v_message public.messages;
  v_before jsonb;
  v_content text;
begin
  select *
  into v_message
  from public.messages
  where id = p_message
  for no key update;
  if not found or v_message.deleted_at is null or v_message.deleted_as = 'author' then
    return v_message;
  end if;

  v_before := jsonb_build_object('deleted', rolecall.deletion_of(v_message));
  delete from rolecall.removed_contents
  where message_id = p_message
  returning content
  into v_content;
  update public.messages
  set
    content = v_content,
    deleted_at = null,
    deleted_as = null
  where id = p_message
  returning *
  into v_message;
  perform rolecall.audit_moderation(
    p_user,
    'message_restored',
    p_report,
    p_message,
    v_message.sender_id,
    p_note,
    v_before,
    jsonb_build_object('deleted', null)
  );
  return v_message;
end
$$;

create or replace function rolecall.refuse_restoring_authors()
returns jsonb
language plpgsql
immutable
set search_path = ''
as $$
begin
  return rolecall.refusal(
    'permission_denied',
    'What its author has deleted stays deleted.',
    'deleted_by_author',
    'Somebody else has deleted the message.'
  );
end
$$;

-- Sets or lifts a suspension for p_user, who may, and audits it. p_until is null to lift.
create or replace function rolecall.set_suspension(
  p_user uuid,
  p_target uuid,
  p_until timestamptz,
  p_report uuid,
  p_message uuid,
  p_note text
)
returns void
language plpgsql
volatile
set search_path = ''
as $$
declare
  v_before timestamptz;
begin
  select suspended_until
  into v_before
  from public.profiles
  where id = p_target
  for no key update;
  if v_before is not distinct from p_until then
    return;
  end if;
  update public.profiles
  set suspended_until = p_until
  where id = p_target;
  perform rolecall.audit_moderation(
    p_user,
    case when p_until is null then 'suspension_lifted' else 'user_suspended' end,
    p_report,
    p_message,
    p_target,
    p_note,
    jsonb_build_object('suspended_until', rolecall.suspension_json(v_before)),
    jsonb_build_object('suspended_until', rolecall.suspension_json(p_until))
  );
end
$$;

-- What is wrong with the note of a request; null when nothing is.
create or replace function rolecall.refuse_note(p_input jsonb)
returns jsonb
language plpgsql
immutable
set search_path = ''
as $$
begin
  if p_input ->> 'note' is not null and not rolecall.has_length(p_input ->> 'note', 1, 1000) then
    return rolecall.refusal('invalid_input', 'The note must have 1 to 1000 characters.');
  end if;
  return null;
end
$$;

-- The refusal of who has filed p_report about the message before.
create or replace function rolecall.refuse_second_report(p_report uuid)
returns jsonb
language plpgsql
immutable
set search_path = ''
as $$
begin
  return rolecall.refusal(
    'already_reported',
    'You have reported this message before.',
    'one_report_per_message',
    'You report another message.',
    jsonb_build_object('report_id', p_report)
  );
end
$$;

-- What the functions do, each for p_user, who is verified

-- Files a report: {message_id, reason}.
create or replace function rolecall.report_message(p_user uuid, p_input jsonb, p_rollout text)
returns jsonb
language plpgsql
volatile
set search_path = ''
as $$
declare
  v_message uuid := rolecall.uuid_or_null(p_input ->> 'message_id');
  v_judgement rolecall.judgement := rolecall.judge_report(p_user, v_message, p_rollout);
  v_report public.reported_messages;
begin
  if v_judgement.allowed is distinct from true then
    return v_judgement.refusal;
  end if;
  if not rolecall.has_length(p_input ->> 'reason', 1, 1000) then
    return rolecall.refusal('invalid_input', 'The reason must have 1 to 1000 characters.');
  end if;

  insert into public.reported_messages (
    message_id, conversation_id, show_id, reporter_id, reported_user_id, reason
  )
  select
    message.id,
    message.conversation_id,
    coalesce(message.show_id, conversation.show_id),
    p_user,
    message.sender_id,
    p_input ->> 'reason'
  from public.messages as message
  join public.conversations as conversation
    on conversation.id = message.conversation_id
  where message.id = v_message
  on conflict (message_id, reporter_id) do nothing
  returning *
  into v_report;
  if not found then
    select *
    into v_report
    from public.reported_messages
    where message_id = v_message
      and reporter_id = p_user;
    if not found then
      -- Deleted with its conversation since it was judged.
      return rolecall.refusal('not_found', 'There is no message with this message_id.');
    end if;
    return rolecall.refuse_second_report(v_report.id);
  end if;
  return rolecall.success(
    jsonb_build_object(
      'report_id', v_report.id,
      'message_id', v_report.message_id,
      'status', v_report.status,
      'created_at', rolecall.iso(v_report.created_at)
    )
  );
end
$$;

-- A page of the queue, newest first: {status?, show_id?, limit, cursor?}. Organizers see the reports of their own
-- shows. Each status of each show is read by index, no further than the page.
create or replace function rolecall.moderation_queue(p_user uuid, p_input jsonb, p_rollout text)
returns jsonb
language plpgsql
stable
set search_path = ''
as $$
declare
  v_refusal jsonb := rolecall.refuse_overseer(p_user, true, p_rollout);
  v_limit int := rolecall.page_size(p_input, 100);
  v_at timestamptz := 'infinity';
  v_id uuid := 'ffffffff-ffff-ffff-ffff-ffffffffffff';
  v_statuses text[] := array['pending', 'dismissed', 'actioned'];
  v_show uuid;
  v_organizer uuid;
  -- Null for all of them.
  v_shows uuid[];
  v_page public.reported_messages[];
  v_counts jsonb;
begin
  if v_refusal is not null then
    return v_refusal;
  end if;
  if p_input ->> 'cursor' is not null then
    select parts.at, parts.id
    into v_at, v_id
    from rolecall.cursor_parts(p_input ->> 'cursor') as parts;
    if v_at is null then
      return rolecall.refuse_cursor();
    end if;
  end if;
  if p_input ->> 'status' is not null then
    if p_input ->> 'status' <> all (v_statuses) then
      return rolecall.refusal('invalid_input', 'The status is pending, dismissed or actioned.');
    end if;
    v_statuses := array[p_input ->> 'status'];
  end if;
  if exists (select from public.profiles where id = p_user and role = 'show_organizer') then
    select coalesce(array_agg(id), '{}')
    into v_shows
    from public.shows
    where organizer_id = p_user;
  end if;
  if p_input ->> 'show_id' is not null then
    select id
    into v_show
    from public.shows
    where id = rolecall.uuid_or_null(p_input ->> 'show_id');
    if not found then
      return rolecall.refusal('not_found', 'There is no show with this show_id.');
    end if;
    if v_show <> all (v_shows) then
      return rolecall.refusal_of(rolecall.decide('moderate', 'show_organizer', 'attendee', '{feature_enabled}'));
    end if;
    v_shows := array[v_show];
  end if;

  if v_shows is null then
    select array_agg(newest order by created_at desc, id desc)
    into v_page
    from (
      select report.*
      from unnest(v_statuses) as wanted (status)
      cross join lateral (
        select *
        from public.reported_messages as each
        where each.status = wanted.status
          and (each.created_at, each.id) < (v_at, v_id)
        order by each.created_at desc, each.id desc
        limit v_limit + 1
      ) as report
      order by report.created_at desc, report.id desc
      limit v_limit + 1
    ) as newest;
  else
    select array_agg(newest order by created_at desc, id desc)
    into v_page
    from (
      select report.*
      from unnest(v_shows) as own (show_id)
      cross join unnest(v_statuses) as wanted (status)
      cross join lateral (
        select *
        from public.reported_messages as each
        where each.show_id = own.show_id
          and each.status = wanted.status
          and (each.created_at, each.id) < (v_at, v_id)
        order by each.created_at desc, each.id desc
        limit v_limit + 1
      ) as report
      order by report.created_at desc, report.id desc
      limit v_limit + 1
    ) as newest;
  end if;
  select jsonb_object_agg(status, reports)
  into v_counts
  from (
    select status, sum(reports) as reports
    from rolecall.report_counts
    where v_shows is null
      or show_id = any (v_shows)
    group by status
  ) as counted;

  return rolecall.success(
    jsonb_build_object(
      'reports', (
        select coalesce(
          jsonb_agg(rolecall.report_json(report) order by report.created_at desc, report.id desc),
          '[]'
        )
        from unnest(v_page[1:v_limit]) as report
      ),
      'counts', '{"pending": 0, "dismissed": 0, "actioned": 0}'::jsonb || coalesce(v_counts, '{}'),
      'next_cursor', case
        when cardinality(v_page) > v_limit
          then rolecall.cursor_of(v_page[v_limit].created_at, v_page[v_limit].id)
      end
    )
  );
end
$$;

-- Decides about a report: {report_id, decision, note?, suspended_until?}. The decision settles every pending report of
-- the same message. Of several reviewers at once one decides, and the others hear how.
create or replace function rolecall.review_report(p_user uuid, p_input jsonb, p_rollout text)
returns jsonb
language plpgsql
volatile
set search_path = ''
as $$
declare
  v_decision text := p_input ->> 'decision';
  v_note text := p_input ->> 'note';
  v_until timestamptz := rolecall.moment_or_null(p_input ->> 'suspended_until');
  v_report public.reported_messages;
  v_message public.messages;
  v_judgement rolecall.judgement;
  v_before jsonb;
  v_settled bigint;
begin
  select *
  into v_report
  from public.reported_messages
  where id = rolecall.uuid_or_null(p_input ->> 'report_id');
  v_judgement := rolecall.judge_moderation(p_user, v_report.message_id, p_rollout);
  if v_judgement.allowed is distinct from true then
    if v_report.id is null and v_judgement.refusal ->> 'code' = 'not_found' then
      return rolecall.refusal('not_found', 'There is no report with this report_id.');
    end if;
    return v_judgement.refusal;
  end if;
  if v_decision is null or v_decision not in ('dismiss', 'delete', 'restore', 'suspend') then
    return rolecall.refusal('invalid_input', 'The decision is dismiss, delete, restore or suspend.');
  end if;
  if rolecall.refuse_note(p_input) is not null then
    return rolecall.refuse_note(p_input);
  end if;
  if v_decision = 'suspend' then
    v_judgement := rolecall.judge_suspension(p_user, v_report.reported_user_id, p_rollout);
    if v_judgement.allowed is distinct from true then
      if v_judgement.refusal ->> 'code' = 'not_found' then
        return rolecall.refusal('not_found', 'The sender of this message is nobody who could be suspended.');
      end if;
      return v_judgement.refusal;
    end if;
    if v_until is null or v_until <= now() then
      return rolecall.refusal('invalid_input', 'To suspend, suspended_until must be a moment in the future.');
    end if;
  elsif p_input ->> 'suspended_until' is not null then
    return rolecall.refusal('invalid_input', 'The suspended_until belongs to the decision suspend alone.');
  end if;

  -- From here on nobody else decides about this message.
  select *
  into v_message
  from public.messages
  where id = v_report.message_id
  for no key update;
  if v_decision = 'restore' and v_message.deleted_as = 'author' then
    return rolecall.refuse_restoring_authors();
  end if;

  with settled as (
    update public.reported_messages as report
    set
      status = case when v_decision in ('dismiss', 'restore') then 'dismissed' else 'actioned' end,
      decision = v_decision,
      note = v_note,
      reviewed_by = p_user,
      reviewed_at = now()
    from public.reported_messages as named
    where named.id = v_report.id
      and report.message_id = named.message_id
      and (
        (named.status = 'pending' and report.status = 'pending')
        -- What was deleted by review is restored by review, too.
        or (
          v_decision = 'restore'
          and v_message.deleted_at is not null
          and named.status in ('pending', 'actioned')
          and named.decision is not distinct from case named.status when 'actioned' then 'delete' end
          and (report.status = 'pending' or report.decision = 'delete')
        )
      )
    returning report.id, jsonb_build_object('status', named.status, 'decision', named.decision) as before
  )
  select count(*), (array_agg(before))[1]
  into v_settled, v_before
  from settled;
  select *
  into v_report
  from public.reported_messages
  where id = v_report.id;
  if v_settled = 0 then
    if v_report.id is null then
      -- Deleted with its conversation since it was judged.
      return rolecall.refusal('not_found', 'There is no report with this report_id.');
    end if;
    return rolecall.refusal(
      'already_reviewed',
      format('This report has been decided: %s.', v_report.decision),
      'one_decision_per_report',
      'The report is pending, or you restore a message that was deleted by review.',
      jsonb_build_object('report_id', v_report.id, 'decision', v_report.decision)
    );
  end if;

  perform rolecall.audit_moderation(
    p_user,
    'report_reviewed',
    v_report.id,
    v_report.message_id,
    v_report.reported_user_id,
    v_note,
    v_before,
    jsonb_build_object('status', v_report.status, 'decision', v_decision, 'reports_settled', v_settled)
  );
  if v_decision = 'delete' then
    perform rolecall.remove_message(p_user, v_report.message_id, v_report.id, v_note);
  elsif v_decision = 'restore' then
    perform rolecall.bring_back_message(p_user, v_report.message_id, v_report.id, v_note);
  elsif v_decision = 'suspend' then
    perform rolecall.set_suspension(
      p_user, v_report.reported_user_id, v_until, v_report.id, v_report.message_id, v_note
    );
  end if;
  return rolecall.success(jsonb_build_object('report', rolecall.report_json(v_report)));
end
$$;

-- Deletes a message: {message_id, note?}. Authors may delete their own, whatever the matrix says of moderating.
create or replace function rolecall.delete_message(p_user uuid, p_input jsonb, p_rollout text)
returns jsonb
language plpgsql
volatile
set search_path = ''
as $$
declare
  v_message public.messages;
  v_judgement rolecall.judgement;
begin
  v_judgement := rolecall.judge_moderation(p_user, rolecall.uuid_or_null(p_input ->> 'message_id'), p_rollout);
  select *
  into v_message
  from public.messages
  where id = rolecall.uuid_or_null(p_input ->> 'message_id');
  if v_judgement.allowed is distinct from true
    and (
      v_message.sender_id is distinct from p_user
      -- Neither being suspended nor the matrix stands in the way of taking back one's own words.
      or v_judgement.rule in ('feature_disabled', 'no_profile')
    )
  then
    return v_judgement.refusal;
  end if;
  if rolecall.refuse_note(p_input) is not null then
    return rolecall.refuse_note(p_input);
  end if;

  v_message := rolecall.remove_message(p_user, v_message.id, null, p_input ->> 'note');
  return rolecall.moderated_message(v_message);
end
$$;

-- Restores a message: {message_id, note?}.
create or replace function rolecall.restore_message(p_user uuid, p_input jsonb, p_rollout text)
returns jsonb
language plpgsql
volatile
set search_path = ''
as $$
declare
  v_id uuid := rolecall.uuid_or_null(p_input ->> 'message_id');
  v_judgement rolecall.judgement := rolecall.judge_moderation(p_user, v_id, p_rollout);
  v_message public.messages;
begin
  if v_judgement.allowed is distinct from true then
    return v_judgement.refusal;
  end if;
  if rolecall.refuse_note(p_input) is not null then
    return rolecall.refuse_note(p_input);
  end if;

  v_message := rolecall.bring_back_message(p_user, v_id, null, p_input ->> 'note');
  if v_message.deleted_as = 'author' then
    return rolecall.refuse_restoring_authors();
  end if;
  return rolecall.moderated_message(v_message);
end
$$;

-- The answer of having deleted or restored a message.
create or replace function rolecall.moderated_message(p_message public.messages)
returns jsonb
language plpgsql
stable
set search_path = ''
as $$
begin
  if p_message.id is null then
    -- Deleted with its conversation since it was judged.
    return rolecall.refusal('not_found', 'There is no message with this message_id.');
  end if;
  return rolecall.success(
    jsonb_build_object(
      'message', jsonb_build_object(
        'id', p_message.id,
        'conversation_id', p_message.conversation_id,
        'seq', p_message.seq,
        'deleted', rolecall.deletion_of(p_message)
      )
    )
  );
end
$$;

-- Suspends a user: {target_id, until, note?}.
create or replace function rolecall.suspend_user(p_user uuid, p_input jsonb, p_rollout text)
returns jsonb
language plpgsql
volatile
set search_path = ''
as $$
declare
  v_target uuid := rolecall.uuid_or_null(p_input ->> 'target_id');
  v_until timestamptz := rolecall.moment_or_null(p_input ->> 'until');
  v_judgement rolecall.judgement := rolecall.judge_suspension(p_user, v_target, p_rollout);
begin
  if v_judgement.allowed is distinct from true then
    return v_judgement.refusal;
  end if;
  if v_until is null or v_until <= now() then
    return rolecall.refusal('invalid_input', 'The end of a suspension must be a moment in the future.');
  end if;
  if rolecall.refuse_note(p_input) is not null then
    return rolecall.refuse_note(p_input);
  end if;

  perform rolecall.set_suspension(p_user, v_target, v_until, null, null, p_input ->> 'note');
  return rolecall.success(
    jsonb_build_object('target_id', v_target, 'suspended_until', rolecall.suspension_json(v_until))
  );
end
$$;

-- Lifts a suspension: {target_id, note?}.
create or replace function rolecall.lift_suspension(p_user uuid, p_input jsonb, p_rollout text)
returns jsonb
language plpgsql
volatile
set search_path = ''
as $$
declare
  v_target uuid := rolecall.uuid_or_null(p_input ->> 'target_id');
  v_judgement rolecall.judgement := rolecall.judge_suspension(p_user, v_target, p_rollout);
begin
  if v_judgement.allowed is distinct from true then
    return v_judgement.refusal;
  end if;
  if rolecall.refuse_note(p_input) is not null then
    return rolecall.refuse_note(p_input);
  end if;

  perform rolecall.set_suspension(p_user, v_target, null, null, null, p_input ->> 'note');
  return rolecall.success(jsonb_build_object('target_id', v_target, 'suspended_until', null));
end
$$;

-- A page of the audit, newest first: {message_id?, target_id?, limit, cursor?}.
create or replace function rolecall.moderation_audit(p_user uuid, p_input jsonb, p_rollout text)
returns jsonb
language plpgsql
stable
set search_path = ''
as $$
declare
  v_refusal jsonb := rolecall.refuse_overseer(p_user, false, p_rollout);
  v_limit int := rolecall.page_size(p_input, 100);
  v_at timestamptz := 'infinity';
  v_id uuid := 'ffffffff-ffff-ffff-ffff-ffffffffffff';
  v_message uuid := rolecall.uuid_or_null(p_input ->> 'message_id');
  v_target uuid := rolecall.uuid_or_null(p_input ->> 'target_id');
  v_page public.moderation_audit[];
begin
  if v_refusal is not null then
    return v_refusal;
  end if;
  if p_input ->> 'cursor' is not null then
    select parts.at, parts.id
    into v_at, v_id
    from rolecall.cursor_parts(p_input ->> 'cursor') as parts;
    if v_at is null then
      return rolecall.refuse_cursor();
    end if;
  end if;
  if (v_message is null and p_input ->> 'message_id' is not null)
    or (v_target is null and p_input ->> 'target_id' is not null)
  then
    return rolecall.refusal('invalid_input', 'The message_id or target_id is not a uuid.');
  end if;

  -- A statement for each filter, so that each is read by its own index.
  if v_message is not null then
    select array_agg(newest order by at desc, id desc)
    into v_page
    from (
      select *
      from public.moderation_audit
      where message_id = v_message
        and (v_target is null or target_id = v_target)
        and (at, id) < (v_at, v_id)
      order by at desc, id desc
      limit v_limit + 1
    ) as newest;
  elsif v_target is not null then
    select array_agg(newest order by at desc, id desc)
    into v_page
    from (
      select *
      from public.moderation_audit
      where target_id = v_target
        and (at, id) < (v_at, v_id)
      order by at desc, id desc
      limit v_limit + 1
    ) as newest;
  else
    select array_agg(newest order by at desc, id desc)
    into v_page
    from (
      select *
      from public.moderation_audit
      where (at, id) < (v_at, v_id)
      order by at desc, id desc
      limit v_limit + 1
    ) as newest;
  end if;

  return rolecall.success(
    jsonb_build_object(
      'entries', (
        select coalesce(
          jsonb_agg(
            jsonb_build_object(
              'id', entry.id,
              'at', rolecall.iso(entry.at),
              'actor_id', entry.actor_id,
              'action', entry.action,
              'report_id', entry.report_id,
              'message_id', entry.message_id,
              'target_id', entry.target_id,
              'note', entry.note,
              'before', entry.before,
              'after', entry.after
            )
            order by entry.at desc, entry.id desc
          ),
          '[]'
        )
        from unnest(v_page[1:v_limit]) as entry
      ),
      'next_cursor', case
        when cardinality(v_page) > v_limit
          then rolecall.cursor_of(v_page[v_limit].at, v_page[v_limit].id)
      end
    )
  );
end
$$;

-- The way of every request of the moderation function: the caller, the key, the rate limit, the act, the audit row of a
-- refusal.
create or replace function rolecall.answer_moderation(p_act text, p_request jsonb)
returns jsonb
language plpgsql
volatile
set search_path = ''
as $$
declare
  v_caller uuid := rolecall.assume_claims(p_request -> 'claims');
  v_key text := p_request ->> 'idempotency_key';
  v_input jsonb := p_request -> 'input';
  v_rollout text := p_request ->> 'rollout';
  v_limit jsonb;
  v_answer jsonb;
begin
  if v_caller is null or p_request #>> '{claims,role}' is distinct from 'authenticated' then
    v_answer := rolecall.refuse_non_user(p_request);
  elsif v_key is not null then
    -- Deleting and restoring a message have the same input: the act tells them apart.
    v_answer := rolecall.claim_key('moderation/' || p_act, v_caller, v_key, v_input);
  end if;
  if v_answer is null then
    if p_act = 'report_message' then
      v_limit := rolecall.take_token(v_caller, 'report_message');
    end if;
    if v_limit -> 'taken' = 'false' then
      v_answer := rolecall.refuse_rate(v_limit);
    else
      v_answer := rolecall.with_limit(
        case p_act
          when 'report_message' then rolecall.report_message(v_caller, v_input, v_rollout)
          when 'moderation_queue' then rolecall.moderation_queue(v_caller, v_input, v_rollout)
          when 'review_report' then rolecall.review_report(v_caller, v_input, v_rollout)
          when 'delete_message' then rolecall.delete_message(v_caller, v_input, v_rollout)
          when 'restore_message' then rolecall.restore_message(v_caller, v_input, v_rollout)
          when 'suspend_user' then rolecall.suspend_user(v_caller, v_input, v_rollout)
          when 'lift_suspension' then rolecall.lift_suspension(v_caller, v_input, v_rollout)
          when 'moderation_audit' then rolecall.moderation_audit(v_caller, v_input, v_rollout)
        end,
        v_limit
      );
    end if;
    if v_key is not null then
      perform rolecall.settle_key(v_caller, v_key, v_answer);
    end if;
  end if;
  return rolecall.finish('moderation', p_request, v_caller, v_answer);
end
$$;

create or replace function edge.report_message(p_request jsonb)
returns jsonb
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
  return rolecall.answer_moderation('report_message', p_request);
end
$$;

create or replace function edge.moderation_queue(p_request jsonb)
returns jsonb
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
  return rolecall.answer_moderation('moderation_queue', p_request);
end
$$;

create or replace function edge.review_report(p_request jsonb)
returns jsonb
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
  return rolecall.answer_moderation('review_report', p_request);
end
$$;

create or replace function edge.delete_message(p_request jsonb)
returns jsonb
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
  return rolecall.answer_moderation('delete_message', p_request);
end
$$;

create or replace function edge.restore_message(p_request jsonb)
returns jsonb
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
  return rolecall.answer_moderation('restore_message', p_request);
end
$$;

create or replace function edge.suspend_user(p_request jsonb)
returns jsonb
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
  return rolecall.answer_moderation('suspend_user', p_request);
end
$$;

create or replace function edge.lift_suspension(p_request jsonb)
returns jsonb
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
  return rolecall.answer_moderation('lift_suspension', p_request);
end
$$;

create or replace function edge.moderation_audit(p_request jsonb)
returns jsonb
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
  return rolecall.answer_moderation('moderation_audit', p_request);
end
$$;

revoke all on rolecall.report_counts from public, anon, authenticated, service_role;
revoke execute on function
  rolecall.count_reports(),
  rolecall.refuse_change(),
  rolecall.refuse_cursor(),
  rolecall.page_size(jsonb, int),
  rolecall.deletion_of(public.messages),
  rolecall.message_json(public.messages, text),
  rolecall.report_json(public.reported_messages),
  rolecall.moment_or_null(text),
  rolecall.suspension_json(timestamptz),
  rolecall.judge_moderation(uuid, uuid, text),
  rolecall.judge_report(uuid, uuid, text),
  rolecall.judge_suspension(uuid, uuid, text),
  rolecall.refuse_overseer(uuid, boolean, text),
  rolecall.audit_moderation(uuid, text, uuid, uuid, uuid, text, jsonb, jsonb),
  rolecall.deletion_class(uuid, uuid),
  rolecall.remove_message(uuid, uuid, uuid, text),
  rolecall.bring_back_message(uuid, uuid, uuid, text),
  rolecall.refuse_restoring_authors(),
  rolecall.set_suspension(uuid, uuid, timestamptz, uuid, uuid, text),
  rolecall.refuse_note(jsonb),
  rolecall.refuse_second_report(uuid),
  rolecall.report_message(uuid, jsonb, text),
  rolecall.moderation_queue(uuid, jsonb, text),
  rolecall.review_report(uuid, jsonb, text),
  rolecall.delete_message(uuid, jsonb, text),
  rolecall.restore_message(uuid, jsonb, text),
  rolecall.moderated_message(public.messages),
  rolecall.suspend_user(uuid, jsonb, text),
  rolecall.lift_suspension(uuid, jsonb, text),
  rolecall.moderation_audit(uuid, jsonb, text),
  rolecall.answer_moderation(text, jsonb)
  from public, anon, authenticated, service_role;

revoke execute on function
  edge.report_message(jsonb),
  edge.moderation_queue(jsonb),
  edge.review_report(jsonb),
  edge.delete_message(jsonb),
  edge.restore_message(jsonb),
  edge.suspend_user(jsonb),
  edge.lift_suspension(jsonb),
  edge.moderation_audit(jsonb)
  from public, anon, authenticated, service_role;
grant execute on function
  edge.report_message(jsonb),
  edge.moderation_queue(jsonb),
  edge.review_report(jsonb),
  edge.delete_message(jsonb),
  edge.restore_message(jsonb),
  edge.suspend_user(jsonb),
  edge.lift_suspension(jsonb),
  edge.moderation_audit(jsonb)
  to rolecall_edge;

-- Reporters see their own reports, but not who decided and why. Reports and decisions are written by the entry points
-- alone, since each decision leaves an audit row; the operator reads them.
alter table public.reported_messages enable row level security;
revoke all on public.reported_messages from public, anon, authenticated, service_role;
revoke all (
  id, message_id, conversation_id, show_id, reporter_id, reported_user_id, reason, status, decision, note,
  reviewed_by, reviewed_at, created_at
)
  on public.reported_messages from public, anon, authenticated, service_role;
grant select (id, message_id, conversation_id, reporter_id, reason, status, created_at)
  on public.reported_messages to authenticated;
grant select on public.reported_messages to service_role;

drop policy if exists "people see what they have reported" on public.reported_messages;
create policy "people see what they have reported"
on public.reported_messages
for select
to authenticated
using (reporter_id = (select auth.uid()));

drop policy if exists "the operator reads the reports" on public.reported_messages;
create policy "the operator reads the reports"
on public.reported_messages
for select
to service_role
using (true);

alter table public.moderation_audit enable row level security;
revoke all on public.moderation_audit from public, anon, authenticated, service_role;
grant select on public.moderation_audit to service_role;

drop policy if exists "the operator reads the audit" on public.moderation_audit;
create policy "the operator reads the audit"
on public.moderation_audit
for select
to service_role
using (true);

insert into rolecall.schema_migrations (version, name)
values (10, 'moderation')
on conflict (version) do nothing;
