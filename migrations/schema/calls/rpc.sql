-- What clients reach past the functions, through PostgREST: the RPCs take the way of a request (calls/call.sql), and a
-- write to a table takes its token here. Both meet the flags, suspensions and limits that the functions meet.

-- A header of the request as PostgREST (9 and later) hands it over; null when there is none.
create or replace function rolecall_internal.request_header(p_name text)
returns text
language sql
stable
return nullif(current_setting('request.headers', true), '')::jsonb ->> p_name;

-- Begins the call of an RPC for p_user, who must be the caller. The Idempotency-Key and the request id are the headers
-- of the same names; there is no operator's variable here, so the flag's row alone decides the rollout.
create or replace function rolecall_internal.begin_rpc(
  p_operation text,
  p_user uuid,
  p_input jsonb,
  p_rate text default null,
  p_keyed boolean default true,
  p_reads boolean default false
)
returns rolecall.call
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_refusal jsonb := rolecall_internal.refuse_other_than_caller(p_user);
  v_key text := btrim(rolecall_internal.request_header('idempotency-key'));
  v_request_id text := rolecall_internal.request_header('x-request-id');
  v_call rolecall.call;
begin
  if v_refusal is not null then
    v_call.operation := p_operation;
    v_call.request := '{}';
    v_call.caller := auth.uid();
    v_call.answer := v_refusal;
    return v_call;
  end if;
  -- The draft's quotes around the value may be left out, as for the functions.
  v_key := coalesce(substring(v_key from '^"(.*)"$'), v_key);
  v_call := rolecall_internal.begin_call(
    p_operation,
    jsonb_build_object(
      'claims', coalesce(auth.jwt(), '{}') || jsonb_build_object('sub', auth.uid(), 'role', 'authenticated'),
      'request_id', case when v_request_id ~ '^[A-Za-z0-9_.:-]{1,128}$' then v_request_id end,
      'idempotency_key', case when v_key ~ '^[ -~]{1,255}$' then v_key end,
      'rollouts', '{}'::jsonb,
      'reads', p_reads,
      'input', p_input
    ),
    p_rate => p_rate,
    p_keyed => p_keyed
  );
  if v_call.answer is null and p_keyed and v_key is not null and v_call.key is null then
    v_call.answer := rolecall_internal.refusal(
      'validation_error',
      'The Idempotency-Key header must have 1 to 255 printable ASCII characters.',
      'malformed_header'
    );
  end if;
  return v_call;
end
$$;

-- Whether a client makes the statement that asks: anybody but the operator and who owns Rolecall, with whose rights the
-- entry points run.
create or replace function rolecall_internal.is_client()
returns boolean
language sql
stable
return not pg_has_role(current_user, 'service_role', 'usage')
  and not pg_has_role(current_user, (select nspowner from pg_namespace where nspname = 'rolecall'), 'usage');

-- Whether the caller may use the function of a flag at all, for policies.
create or replace function rolecall_internal.caller_may_use(p_flag text)
returns boolean
language sql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
  select (rolecall_internal.actor(auth.uid(), p_flag, '{}')).refusal is null
$$;

-- Raises a refusal, which a write to a table cannot return. PostgREST answers PT429 with status 429, PT503 with 503 and
-- insufficient_privilege with 403; the details are the refusal as an RPC answers it.
create or replace function rolecall_internal.raise_refusal(p_refusal jsonb)
returns void
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  raise exception using
    errcode = case p_refusal ->> 'code'
      when 'rate_limited' then 'PT429'
      when 'conversation_read_only' then 'PT409'
      when 'invalid_input' then 'PT400'
      when 'maintenance' then 'PT503'
      else 'insufficient_privilege'
    end,
    message = p_refusal ->> 'detail',
    detail = (p_refusal - array['ok', 'detail'])::text,
    hint = coalesce(p_refusal #>> '{reasons,0,allowed_if}', '');
end
$$;

-- Takes a token of the limit that the trigger names from the caller, for each row, outside maintenance: a statement that
-- writes more rows than there are tokens writes none.
create or replace function rolecall_internal.limit_client_write()
returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_refusal jsonb := rolecall_internal.refuse_in_maintenance(auth.uid(), '{}');
  v_limit jsonb;
begin
  if v_refusal is not null then
    perform rolecall_internal.raise_refusal(v_refusal);
  end if;
  v_limit := rolecall_internal.take_token(auth.uid(), tg_argv[0]);
  if v_limit -> 'taken' = 'false' then
    perform rolecall_internal.raise_refusal(rolecall_internal.refuse_rate(v_limit));
  end if;
  if tg_op = 'DELETE' then
    return old;
  end if;
  return new;
end
$$;
