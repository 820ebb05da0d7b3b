-- Whether p_user may decide about a report: as about its message, and an organizer about what is theirs alone. Who may not
-- learns nothing of the report.
create or replace function rolecall_internal.judge_review(
  p_user uuid,
  p_report rolecall.reported_messages,
  p_rollouts jsonb
)
returns rolecall.judgement
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_judgement rolecall.judgement := rolecall_internal.judge_moderation(p_user, p_report.message_id, p_rollouts);
begin
  if v_judgement.refusal ->> 'code' = 'not_found'
    or (
      v_judgement.allowed
      and p_report.organizer_status is null
      and rolecall_internal.deletion_capacity(p_user, p_report.reported_user_id) <> 'moderator'
    )
  then
    return rolecall_internal.judgement_of_refusal(
      rolecall_internal.refusal('not_found', 'There is no report with this report_id.'),
      v_judgement.org_id
    );
  end if;
  return v_judgement;
end
$$;

-- The decision of a moderator, which settles every report of the message that no moderator has decided about: how many it
-- settled, and the state of the named one before.
create or replace function rolecall_internal.settle_reports(
  p_user uuid,
  p_report uuid,
  p_message rolecall.messages,
  p_decision text,
  p_note text,
  out settled bigint,
  out before jsonb
)
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_status text := case when p_decision in ('dismiss', 'restore') then 'dismissed' else 'actioned' end;
begin
  with decided as (
    update rolecall.reported_messages as report
    set
      status = v_status,
      decision = p_decision,
      note = p_note,
      reviewed_by = p_user,
      reviewed_at = now(),
      organizer_status = case when report.organizer_status is not null then v_status end
    from rolecall.reported_messages as named
    where named.id = p_report
      and report.conversation_id = named.conversation_id
      and report.message_id = named.message_id
      and (
        (named.status = 'pending' and report.status = 'pending')
        -- What was deleted by review is restored by review, too.
        or (
          p_decision = 'restore'
          and p_message.deleted_at is not null
          and named.status in ('pending', 'actioned')
          and named.decision is not distinct from case named.status when 'actioned' then 'delete' end
          and (report.status = 'pending' or report.decision = 'delete')
        )
      )
    returning jsonb_build_object('status', named.status, 'decision', named.decision) as state
  )
  select count(*), (array_agg(state))[1]
  into settled, before
  from decided;
end
$$;

-- The decision of the show's organizer, which settles every report of the message that neither they nor a moderator have
-- decided about, and none for moderators.
create or replace function rolecall_internal.settle_reports_as_organizer(
  p_user uuid,
  p_report uuid,
  p_message rolecall.messages,
  p_decision text,
  p_note text,
  out settled bigint,
  out before jsonb
)
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  with decided as (
    update rolecall.reported_messages as report
    set
      organizer_status = case when p_decision in ('dismiss', 'restore') then 'dismissed' else 'actioned' end,
      organizer_decision = p_decision,
      organizer_note = p_note,
      organizer_reviewed_by = p_user,
      organizer_reviewed_at = now()
    from rolecall.reported_messages as named
    where named.id = p_report
      and named.status = 'pending'
      and report.conversation_id = named.conversation_id
      and report.message_id = named.message_id
      and report.status = 'pending'
      and (
        (named.organizer_status = 'pending' and report.organizer_status = 'pending')
        or (
          p_decision = 'restore'
          and p_message.deleted_at is not null
          and named.organizer_decision is not distinct from case named.organizer_status when 'actioned' then 'delete' end
          and (report.organizer_status = 'pending' or report.organizer_decision = 'delete')
        )
      )
    returning jsonb_build_object('status', named.organizer_status, 'decision', named.organizer_decision) as state
  )
  select count(*), (array_agg(state))[1]
  into settled, before
  from decided;
end
$$;

-- Decides about a report: {report_id, decision, note?, suspended_until?}. The decision settles every report of the same
-- message that is pending for who decides. Of several moderators at once the first decides, and the others hear how; so of
-- several organizers. An organizer's decision leaves the report pending for moderators.
create or replace function rolecall_internal.review_report(p_user uuid, p_input jsonb, p_rollouts jsonb)
returns jsonb
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_actor rolecall.actor := rolecall_internal.actor(p_user, 'moderation', p_rollouts);
  v_decision text := p_input ->> 'decision';
  v_note text := p_input ->> 'note';
  v_until timestamptz := rolecall_internal.moment_or_null(p_input ->> 'suspended_until');
  v_report rolecall.reported_messages;
  v_message rolecall.messages;
  v_judgement rolecall.judgement;
  v_as text;
  v_before jsonb;
  v_settled bigint;
begin
  select *
  into v_report
  from rolecall.reported_messages
  where id = rolecall_internal.uuid_or_null(p_input ->> 'report_id');
  v_judgement := rolecall_internal.judge_review(p_user, v_report, p_rollouts);
  if v_judgement.allowed is distinct from true then
    return v_judgement.refusal;
  end if;
  if v_decision is null or v_decision not in ('dismiss', 'delete', 'restore', 'suspend') then
    return rolecall_internal.refusal('invalid_input', 'The decision is dismiss, delete, restore or suspend.');
  end if;
  if rolecall_internal.refuse_note(p_input) is not null then
    return rolecall_internal.refuse_note(p_input);
  end if;
  if v_decision = 'suspend' then
    v_judgement := rolecall_internal.judge_suspension(p_user, v_report.reported_user_id, p_rollouts);
    if v_judgement.allowed is distinct from true then
      if v_judgement.refusal ->> 'code' = 'not_found' then
        return rolecall_internal.refusal('not_found', 'The sender of this message has no account that could be suspended.');
      end if;
      return v_judgement.refusal;
    end if;
    if v_until is null or v_until <= now() then
      return rolecall_internal.refusal('invalid_input', 'To suspend, suspended_until must be a moment in the future.');
    end if;
  elsif p_input ->> 'suspended_until' is not null then
    return rolecall_internal.refusal('invalid_input', 'Only the decision suspend takes a suspended_until.');
  end if;

  -- Locked, so that nobody else decides about this message.
  perform rolecall_internal.hold_conversations(array[v_report.conversation_id]);
  select *
  into v_message
  from rolecall.messages
  where conversation_id = v_report.conversation_id
    and seq = v_report.seq
  for no key update;
  if v_report.seq is null then
    v_message := rolecall_internal.lock_help_message(v_report.message_id);
  end if;
  if v_decision = 'restore' and rolecall_internal.refuse_restoration(p_user, v_message) is not null then
    return rolecall_internal.refuse_restoration(p_user, v_message);
  end if;

  v_as := rolecall_internal.deletion_capacity(p_user, v_report.reported_user_id);
  if v_as = 'moderator' then
    select *
    into v_settled, v_before
    from rolecall_internal.settle_reports(p_user, v_report.id, v_message, v_decision, v_note);
  else
    select *
    into v_settled, v_before
    from rolecall_internal.settle_reports_as_organizer(p_user, v_report.id, v_message, v_decision, v_note);
  end if;
  select *
  into v_report
  from rolecall.reported_messages
  where id = v_report.id;
  if v_settled = 0 then
    if v_report.id is null then
      -- Deleted with its conversation since it was judged.
      return rolecall_internal.refusal('not_found', 'There is no report with this report_id.');
    end if;
    return rolecall_internal.refusal(
      'already_reviewed',
      format('This report has already been decided: %s.', coalesce(v_report.decision, v_report.organizer_decision)),
      'one_decision_per_report',
      'The report is pending, or you restore a message that was deleted by review.',
      jsonb_build_object(
        'report_id', v_report.id,
        'decision', coalesce(v_report.decision, v_report.organizer_decision)
      )
    );
  end if;

  perform rolecall_internal.audit_moderation(
    p_user,
    'report_reviewed',
    v_report.id,
    v_report.message_id,
    v_report.reported_user_id,
    v_note,
    v_before,
    jsonb_build_object(
      'status', case when v_as = 'moderator' then v_report.status else v_report.organizer_status end,
      'decision', v_decision,
      'decided_as', v_as,
      'reports_settled', v_settled
    )
  );
  if v_decision = 'delete' then
    perform rolecall_internal.apply_deletion(p_user, v_report.message_id, v_report.id, v_note);
  elsif v_decision = 'restore' then
    perform rolecall_internal.apply_restoration(p_user, v_report.message_id, v_report.id, v_note);
  elsif v_decision = 'suspend' then
    perform rolecall_internal.apply_suspension(
      p_user, v_report.reported_user_id, v_until, v_report.id, v_report.message_id, v_note
    );
  end if;
  return rolecall_internal.success(jsonb_build_object('report', rolecall_internal.report_json(v_report, v_actor)));
end
$$;

-- The kept answer of a review, which identifies the report: whoever asks again is judged again, and reads it as it is now.
create or replace function rolecall_internal.replay_review(p_user uuid, p_answer jsonb, p_rollouts jsonb)
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_report rolecall.reported_messages;
  v_judgement rolecall.judgement;
begin
  select *
  into v_report
  from rolecall.reported_messages
  where id = (p_answer #>> '{data,report_id}')::uuid;
  v_judgement := rolecall_internal.judge_review(p_user, v_report, p_rollouts);
  if v_judgement.allowed is distinct from true then
    return v_judgement.refusal;
  end if;
  return p_answer
    || jsonb_build_object(
      'data',
      jsonb_build_object(
        'report', rolecall_internal.report_json(v_report, rolecall_internal.actor(p_user, 'moderation', p_rollouts))
      )
    );
end
$$;

create or replace function rolecall_edge.review_report(p_request jsonb)
returns jsonb
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_call rolecall.call := rolecall_internal.begin_call('moderation.review', p_request, p_rate => 'moderate');
begin
  if v_call.answer is null then
    v_call.answer := rolecall_internal.review_report(v_call.caller, v_call.input, v_call.rollouts);
    v_call.kept := jsonb_build_object('report_id', v_call.answer #> '{data,report,id}');
  elsif v_call.answer -> 'replayed' = 'true' then
    v_call.answer := rolecall_internal.replay_review(v_call.caller, v_call.answer, v_call.rollouts);
  end if;
  return rolecall_internal.end_call(v_call);
end
$$;
