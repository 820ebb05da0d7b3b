-- Decides about a report: {report_id, decision, note?, suspended_until?}. The decision settles every pending report of
-- the same message. Of several reviewers at once the first decides, and the others hear how.
create or replace function rolecall_internal.review_report(p_user uuid, p_input jsonb, p_rollout text)
returns jsonb
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_decision text := p_input ->> 'decision';
  v_note text := p_input ->> 'note';
  v_until timestamptz := rolecall_internal.moment_or_null(p_input ->> 'suspended_until');
  v_report rolecall.reported_messages;
  v_message rolecall.messages;
  v_judgement rolecall.judgement;
  v_before jsonb;
  v_settled bigint;
begin
  select *
  into v_report
  from rolecall.reported_messages
  where id = rolecall_internal.uuid_or_null(p_input ->> 'report_id');
  v_judgement := rolecall_internal.judge_moderation(p_user, v_report.message_id, p_rollout);
  if v_judgement.allowed is distinct from true then
    if v_report.id is null and v_judgement.refusal ->> 'code' = 'not_found' then
      return rolecall_internal.refusal('not_found', 'There is no report with this report_id.');
    end if;
    return v_judgement.refusal;
  end if;
  if v_decision is null or v_decision not in ('dismiss', 'delete', 'restore', 'suspend') then
    return rolecall_internal.refusal('invalid_input', 'The decision is dismiss, delete, restore or suspend.');
  end if;
  if rolecall_internal.refuse_note(p_input) is not null then
    return rolecall_internal.refuse_note(p_input);
  end if;
  if v_decision = 'suspend' then
    v_judgement := rolecall_internal.judge_suspension(p_user, v_report.reported_user_id, p_rollout);
    if v_judgement.allowed is distinct from true then
      if v_judgement.refusal ->> 'code' = 'not_found' then
        return rolecall_internal.refusal('not_found', 'The sender of this message is nobody who could be suspended.');
      end if;
      return v_judgement.refusal;
    end if;
    if v_until is null or v_until <= now() then
      return rolecall_internal.refusal('invalid_input', 'To suspend, suspended_until must be a moment in the future.');
    end if;
  elsif p_input ->> 'suspended_until' is not null then
    return rolecall_internal.refusal('invalid_input', 'The suspended_until belongs to the decision suspend alone.');
  end if;

  -- Locked, so that nobody else decides about this message.
  perform rolecall_internal.hold_conversations(array[v_report.conversation_id]);
  select *
  into v_message
  from rolecall.messages
  where conversation_id = v_report.conversation_id
    and seq = v_report.seq
  for no key update;
  if v_decision = 'restore' and v_message.deleted_as = 'author' then
    return rolecall_internal.refuse_restoring_authors();
  end if;

  with settled as (
    update rolecall.reported_messages as report
    set
      status = case when v_decision in ('dismiss', 'restore') then 'dismissed' else 'actioned' end,
      decision = v_decision,
      note = v_note,
      reviewed_by = p_user,
      reviewed_at = now()
    from rolecall.reported_messages as named
    where named.id = v_report.id
      and report.conversation_id = named.conversation_id
      and report.seq = named.seq
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
  from rolecall.reported_messages
  where id = v_report.id;
  if v_settled = 0 then
    if v_report.id is null then
      -- Deleted with its conversation since it was judged.
      return rolecall_internal.refusal('not_found', 'There is no report with this report_id.');
    end if;
    return rolecall_internal.refusal(
      'already_reviewed',
      format('This report has been decided: %s.', v_report.decision),
      'one_decision_per_report',
      'The report is pending, or you restore a message that was deleted by review.',
      jsonb_build_object('report_id', v_report.id, 'decision', v_report.decision)
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
    jsonb_build_object('status', v_report.status, 'decision', v_decision, 'reports_settled', v_settled)
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
  return rolecall_internal.success(jsonb_build_object('report', rolecall_internal.report_json(v_report)));
end
$$;

-- The kept answer of a review, which identifies the report: whoever asks again is judged again, and reads it as it is now.
create or replace function rolecall_internal.replay_review(p_user uuid, p_answer jsonb, p_rollout text)
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
  v_judgement := rolecall_internal.judge_moderation(p_user, v_report.message_id, p_rollout);
  if v_judgement.allowed is distinct from true then
    if v_report.id is null and v_judgement.refusal ->> 'code' = 'not_found' then
      return rolecall_internal.refusal('not_found', 'There is no report with this report_id.');
    end if;
    return v_judgement.refusal;
  end if;
  return p_answer
    || jsonb_build_object('data', jsonb_build_object('report', rolecall_internal.report_json(v_report)));
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
    v_call.answer := rolecall_internal.review_report(v_call.caller, v_call.input, v_call.rollout);
    v_call.kept := jsonb_build_object('report_id', v_call.answer #> '{data,report,id}');
  elsif v_call.answer -> 'replayed' = 'true' then
    v_call.answer := rolecall_internal.replay_review(v_call.caller, v_call.answer, v_call.rollout);
  end if;
  return rolecall_internal.end_call(v_call);
end
$$;
