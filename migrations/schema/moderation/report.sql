-- Whether p_user may report p_message: somebody else's that they can read as one of its people or of its audience. A
-- suspended user may.
create or replace function rolecall_internal.judge_report(p_user uuid, p_message uuid, p_rollouts jsonb)
returns rolecall.judgement
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_actor rolecall.actor := rolecall_internal.actor(p_user, 'moderation', p_rollouts);
  v_author_role rolecall.app_role;
  v_facts text[];
begin
  if v_actor.refusal is not null then
    return rolecall_internal.judgement_of_refusal(v_actor.refusal, v_actor.organization_id);
  end if;
  select
    author.role,
    array[
      case when message.sender_id = p_user then 'self' end,
      case
        when p_user in (conversation.participant_low, conversation.participant_high)
          or exists (
            select
            from rolecall.conversation_participants as participant
            where participant.conversation_id = message.conversation_id
              and participant.user_id = p_user
          )
          or exists (
            select
            from rolecall.broadcasts as broadcast
            where broadcast.conversation_id = message.conversation_id
              and broadcast.seq = message.seq
              and rolecall_internal.in_audience(
                p_user,
                broadcast.show_id,
                broadcast.recipient_roles,
                broadcast.created_at
              )
          )
        then 'participant'
      end
    ]
  into v_author_role, v_facts
  from rolecall.messages as message
  left join rolecall.profiles as author
    on author.id = message.sender_id
  left join rolecall.conversations as conversation
    on conversation.id = message.conversation_id
  where message.id = p_message;
  if not found then
    select author_role, facts
    into v_author_role, v_facts
    from rolecall_internal.help_message_facts(p_user, p_message);
  end if;
  -- A message that does not exist has no participants, and is refused in the same words.
  return rolecall_internal.judgement_of(
    rolecall_internal.decide(
      'report',
      v_actor.role,
      coalesce(v_author_role, rolecall_internal.role_of_strangers()),
      array['feature_enabled'] || v_facts
    ),
    v_actor.organization_id
  );
end
$$;

-- Whether its reporter may report the same message again: an organizer has decided, and no moderator yet. Once.
create or replace function rolecall_internal.may_escalate(p_report rolecall.reported_messages)
returns boolean
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
begin
  return p_report.status = 'pending'
    and p_report.organizer_decision is not null
    and p_report.escalated_at is null;
end
$$;

-- The refusal of a second report of the same message by the same user; p_report is the first.
create or replace function rolecall_internal.refuse_second_report(p_report uuid)
returns jsonb
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
begin
  return rolecall_internal.refusal(
    'already_reported',
    'You have already reported this message.',
    'one_report_per_message',
    'You report another message.',
    jsonb_build_object('report_id', p_report)
  );
end
$$;

-- Files a report: {message_id, reason}. Who reports again what an organizer has decided escalates it: the report has their
-- new words, and moderators see that it was.
create or replace function rolecall_internal.report_message(p_user uuid, p_input jsonb, p_rollouts jsonb)
returns jsonb
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_message uuid := rolecall_internal.uuid_or_null(p_input ->> 'message_id');
  v_judgement rolecall.judgement := rolecall_internal.judge_report(p_user, v_message, p_rollouts);
  v_report rolecall.reported_messages;
begin
  if v_judgement.allowed is distinct from true then
    return v_judgement.refusal;
  end if;
  if not rolecall_internal.is_text(p_input ->> 'reason', 1, rolecall_internal.limit_report_reason_chars()) then
    return rolecall_internal.refuse_text('reason', p_input ->> 'reason', 1, rolecall_internal.limit_report_reason_chars());
  end if;

  -- Whether its content is kept is decided by who deletes it, so nobody does meanwhile.
  perform
  from rolecall.messages
  where id = v_message
  for share;
  insert into rolecall.reported_messages as report (
    message_id, conversation_id, seq, show_id, reporter_id, reported_user_id, reason, organizer_status
  )
  select
    message.id,
    message.conversation_id,
    message.seq,
    coalesce(message.show_id, conversation.show_id),
    p_user,
    message.sender_id,
    p_input ->> 'reason',
    -- Nobody hears of a report about themselves.
    case when show.id is not null and show.organizer_id is distinct from message.sender_id then 'pending' end
  from rolecall.messages as message
  join rolecall.conversations as conversation
    on conversation.id = message.conversation_id
  left join rolecall.shows as show
    on show.id = coalesce(message.show_id, conversation.show_id)
  where message.id = v_message
  on conflict (conversation_id, seq, reporter_id) do update
  set
    reason = excluded.reason,
    escalated_at = now()
  where rolecall_internal.may_escalate(report)
  returning report.*
  into v_report;
  if not found then
    v_report := rolecall_internal.report_help_message(p_user, v_message, p_input ->> 'reason');
  end if;
  if v_report.id is null then
    select report.*
    into v_report
    from rolecall.messages as message
    join rolecall.reported_messages as report
      on report.conversation_id = message.conversation_id
      and report.seq = message.seq
      and report.reporter_id = p_user
    where message.id = v_message
    union all
    select *
    from rolecall.reported_messages
    where message_id = v_message
      and seq is null
      and reporter_id = p_user;
    if not found then
      -- Deleted with its conversation since it was judged.
      return rolecall_internal.refusal('not_found', 'There is no message with this message_id.');
    end if;
    return rolecall_internal.refuse_second_report(v_report.id);
  end if;
  return rolecall_internal.success(
    jsonb_build_object(
      'report_id', v_report.id,
      'message_id', v_report.message_id,
      'status', v_report.status,
      'created_at', rolecall_internal.iso(v_report.created_at)
    )
  );
end
$$;

create or replace function rolecall_edge.report_message(p_request jsonb)
returns jsonb
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_call rolecall.call := rolecall_internal.begin_call('moderation.report', p_request, p_rate => 'report_message');
begin
  if v_call.answer is null then
    v_call.answer := rolecall_internal.report_message(v_call.caller, v_call.input, v_call.rollouts);
  end if;
  return rolecall_internal.end_call(v_call);
end
$$;
