-- The way of every request of the moderation function: the caller, the key, the rate limit, the act, the audit row of a
-- refusal.
create or replace function rolecall_internal.answer_moderation(p_act text, p_request jsonb)
returns jsonb
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_caller uuid := rolecall_internal.assume_claims(p_request -> 'claims');
  v_key text := p_request ->> 'idempotency_key';
  v_input jsonb := p_request -> 'input';
  v_rollout text := p_request ->> 'rollout';
  v_limit jsonb;
  v_answer jsonb;
begin
  if v_caller is null or p_request #>> '{claims,role}' is distinct from 'authenticated' then
    v_answer := rolecall_internal.refuse_non_user(p_request);
  elsif v_key is not null then
    -- Deleting and restoring a message have the same input: the act tells them apart.
    v_answer := rolecall_internal.claim_key('moderation/' || p_act, v_caller, v_key, v_input);
  end if;
  if v_answer is null then
    if p_act = 'report_message' then
      v_limit := rolecall_internal.take_token(v_caller, 'report_message');
    end if;
    if v_limit -> 'taken' = 'false' then
      v_answer := rolecall_internal.refuse_rate(v_limit);
    else
      v_answer := rolecall_internal.with_limit(
        case p_act
          when 'report_message' then rolecall_internal.report_message(v_caller, v_input, v_rollout)
          when 'moderation_queue' then rolecall_internal.moderation_queue(v_caller, v_input, v_rollout)
          when 'review_report' then rolecall_internal.review_report(v_caller, v_input, v_rollout)
          when 'delete_message' then rolecall_internal.delete_message(v_caller, v_input, v_rollout)
          when 'restore_message' then rolecall_internal.restore_message(v_caller, v_input, v_rollout)
          when 'suspend_user' then rolecall_internal.suspend_user(v_caller, v_input, v_rollout)
          when 'lift_suspension' then rolecall_internal.lift_suspension(v_caller, v_input, v_rollout)
          when 'moderation_audit' then rolecall_internal.moderation_audit(v_caller, v_input, v_rollout)
        end,
        v_limit
      );
    end if;
    if v_key is not null then
      perform rolecall_internal.settle_key(v_caller, v_key, v_answer);
    end if;
  end if;
  return rolecall_internal.finish('moderation', p_request, v_caller, v_answer);
end
$$;
