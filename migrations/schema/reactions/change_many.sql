-- change_reactions for an array of requests; messages/send_dm_many.sql says what makes arrays safe. A second request with the
-- same key of the same user is deferred, and with it what the user sent after it.
create or replace function rolecall_internal.change_reactions_many(
  p_operation text,
  p_requests jsonb,
  p_adds boolean
)
returns jsonb
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
set lock_timeout = '500ms'
as $$
declare
  v_nobody uuid;
  v_request record;
  v_callers uuid[];
  v_keys text[];
  v_inputs jsonb[];
  v_deferred boolean[];
  v_answers jsonb[];
  v_limits jsonb[];
  v_made jsonb[];
begin
  if jsonb_array_length(p_requests) = 0 then
    return '[]';
  elsif jsonb_array_length(p_requests) = 1 and jsonb_typeof(p_requests -> 0) <> 'array' then
    return jsonb_build_array(rolecall_internal.serve_reaction(p_operation, p_requests -> 0, p_adds));
  elsif rolecall_internal.maintenance_is_on() then
    -- Nearly all are refused. An array in an array is no request.
    return (
      select jsonb_agg(
        rolecall_internal.serve_reaction(
          p_operation,
          case jsonb_typeof(request) when 'array' then '{}' else request end,
          p_adds
        )
        order by number
      )
      from jsonb_array_elements(p_requests) with ordinality as element (request, number)
    );
  end if;
  v_nobody := rolecall_internal.assume_claims(null);
  with request as (
    select
      number,
      envelope,
      rolecall_internal.uuid_or_null(envelope #>> '{claims,sub}') as caller,
      case when envelope #>> '{claims,role}' = 'authenticated' then envelope ->> 'idempotency_key' end as key
    from jsonb_array_elements(p_requests) with ordinality as element (envelope, number)
  ),
  repeating as (
    select
      request.*,
      caller is not null
        and key is not null
        and row_number() over (partition by caller, key order by number) > 1 as repeats
    from request
  ),
  placed as (
    select
      repeating.*,
      bool_or(repeats) over (partition by caller order by number) as is_deferred
    from repeating
  )
  select
    array_agg(caller order by number),
    array_agg(case when caller is not null and not is_deferred then key end order by number),
    array_agg(envelope -> 'input' order by number),
    array_agg(is_deferred order by number)
  into v_callers, v_keys, v_inputs, v_deferred
  from placed;
  v_answers := rolecall_internal.claim_keys(p_operation, v_callers, v_keys, v_inputs);
  select array_agg(case when answer is null then key end order by number)
  into v_keys
  from unnest(v_keys, v_answers) with ordinality as claimed (key, answer, number);

  v_limits := rolecall_internal.take_tokens(
    (
      select array_agg(
        case
          when answer is null
            and not is_deferred
            and p_requests -> (number::int - 1) #>> '{claims,role}' = 'authenticated'
          then caller
        end
        order by number
      )
      from unnest(v_callers, v_answers, v_deferred) with ordinality as request (caller, answer, is_deferred, number)
    ),
    'react'
  );

  for v_request in
    select number, caller
    from unnest(v_callers, v_answers, v_deferred)
      with ordinality as request (caller, answer, is_deferred, number)
    where answer is null
      and not is_deferred
  loop
    v_answers[v_request.number] := coalesce(
      rolecall_internal.refuse_stranger('user', v_request.caller, p_requests -> (v_request.number::int - 1)),
      case
        when v_limits[v_request.number] -> 'taken' = 'false' then rolecall_internal.refuse_rate(v_limits[v_request.number])
      end
    );
  end loop;
  v_made := rolecall_internal.change_reactions(
    array(
      select case when answer is null and not is_deferred then caller end
      from unnest(v_callers, v_answers, v_deferred)
        with ordinality as request (caller, answer, is_deferred, number)
      order by number
    ),
    v_inputs,
    array(
      select request -> 'rollouts'
      from jsonb_array_elements(p_requests) with ordinality as element (request, number)
      order by number
    ),
    p_adds
  );
  select array_agg(coalesce(answer, rolecall_internal.with_limit(made, taken)) order by number)
  into v_answers
  from unnest(v_answers, v_made, v_limits) with ordinality as request (answer, made, taken, number);

  perform rolecall_internal.settle_keys(v_callers, v_keys, v_answers);
  v_answers := rolecall_internal.finish_many(p_operation, p_requests, v_callers, v_answers);
  return (
    select jsonb_agg(coalesce(answer, '{"deferred": true}') order by number)
    from unnest(v_answers) with ordinality as answered (answer, number)
  );
end
$$;
