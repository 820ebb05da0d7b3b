-- The way of a request through its entry point, written once. An entry point begins the call, acts if nothing has
-- answered yet, and ends the call:
--
--   claims, who it is for, maintenance, Idempotency-Key, rate limit | the act | key settled, audit row of a refusal, metric
--
-- An array takes the same steps set by set: messages/send_dm_many.sql and conversations/mark_read_many.sql.

-- Begins a call of p_operation for a signed-in user ('user'), the operator ('operator') or either of them ('staff'),
-- taking a token of the rate limit p_rate if there is one; nothing limits the operator. p_keyed is false where a request leaves nothing behind, so that its key does not count.
create or replace function rolecall_internal.begin_call(
  p_operation text,
  p_request jsonb,
  p_who text default 'user',
  p_rate text default null,
  p_keyed boolean default true
)
returns rolecall.call
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_call rolecall.call;
  v_is_user boolean := p_who = 'user' or (p_who = 'staff' and p_request #>> '{claims,role}' = 'authenticated');
begin
  v_call.operation := p_operation;
  v_call.request := p_request;
  v_call.caller := rolecall_internal.assume_claims(p_request -> 'claims');
  v_call.input := p_request -> 'input';
  v_call.rollouts := p_request -> 'rollouts';
  v_call.answer := rolecall_internal.refuse_stranger(p_who, v_call.caller, p_request);
  -- A request that does not say that it reads may write.
  if v_call.answer is null and v_is_user and p_request -> 'reads' is distinct from 'true' then
    v_call.answer := rolecall_internal.refuse_in_maintenance(v_call.caller, v_call.rollouts);
  end if;
  if v_call.answer is not null then
    return v_call;
  end if;

  if p_keyed and p_request ->> 'idempotency_key' is not null then
    -- A token of the operator need not name a user.
    v_call.key_owner := coalesce(v_call.caller, '00000000-0000-0000-0000-000000000000');
    v_call.answer := rolecall_internal.claim_key(
      p_operation, v_call.key_owner, p_request ->> 'idempotency_key', v_call.input
    );
    if v_call.answer is not null then
      return v_call;
    end if;
    v_call.key := p_request ->> 'idempotency_key';
  end if;

  if p_rate is not null and (v_is_user or p_who <> 'staff') then
    v_call.rate := rolecall_internal.take_token(v_call.caller, p_rate);
    if v_call.rate -> 'taken' = 'false' then
      v_call.answer := rolecall_internal.refuse_rate(v_call.rate);
      -- The refusal names the limit already.
      v_call.rate := null;
    end if;
  end if;
  return v_call;
end
$$;

-- Ends a call that is answered, and returns its answer as the function gets it.
create or replace function rolecall_internal.end_call(p_call rolecall.call)
returns jsonb
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_answer jsonb := p_call.answer;
begin
  if p_call.rate is not null then
    v_answer := rolecall_internal.with_limit(v_answer, p_call.rate);
  end if;
  if p_call.key is not null then
    perform rolecall_internal.settle_key(
      p_call.key_owner,
      p_call.key,
      case
        when p_call.kept is null then v_answer
        else v_answer || jsonb_build_object('data', p_call.kept)
      end
    );
  end if;
  return rolecall_internal.finish(p_call.operation, p_call.request, p_call.caller, v_answer);
end
$$;

-- Writes the audit row of a call that succeeded and is worth one. Refusals get theirs from end_call.
create or replace function rolecall_internal.log_event(
  p_call rolecall.call,
  p_event text,
  p_details jsonb default '{}',
  p_conversation uuid default null
)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  insert into rolecall.application_logs (
    level, service, method, event, request_id, user_id, conversation_id, org_id, code, details
  )
  values (
    'info',
    'database',
    p_call.operation,
    p_event,
    p_call.request ->> 'request_id',
    p_call.caller,
    p_conversation,
    -- The operator acts for an organisation that the answer names.
    coalesce(
      (p_call.answer ->> 'org_id')::uuid,
      (select organization_id from rolecall.profiles where id = p_call.caller)
    ),
    'ok',
    p_details
  );
end
$$;
