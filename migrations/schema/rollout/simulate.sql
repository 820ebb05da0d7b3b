-- Whom a rollout would include. Nothing is written.

-- Users taken as they come, from a random place on; all where there are no more than that.
create or replace function rolecall_internal.sample_of_users(p_users int)
returns uuid[]
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_from uuid := gen_random_uuid();
  v_users uuid[] := array(
    select id
    from rolecall.profiles
    where id >= v_from
    order by id
    limit p_users
  );
begin
  return v_users || array(
    select id
    from rolecall.profiles
    where id < v_from
    order by id
    limit p_users - cardinality(v_users)
  );
end
$$;

-- Of each of these users once: whether the flag includes them now, and whether it would with p_rollout as its row's. Where
-- something else decides before the row (the operator's variable, a required flag, an override), both are the same. A user
-- without a profile is one of no organisation who is not internal.
create or replace function rolecall_internal.simulate_rollout(
  p_flag text,
  p_rollout text,
  p_rollouts jsonb,
  p_users uuid[]
)
returns table (user_id uuid, has_profile boolean, is_in boolean, would_be_in boolean)
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
  select
    named.user_id,
    profile.id is not null,
    decision.enabled,
    case
      when decision.reason in ('internal', 'percentage', 'everybody', 'off') then
        rolecall_internal.rollout_includes(p_rollout, p_flag, named.user_id, coalesce(profile.is_internal, false))
      else decision.enabled
    end
  from (
    select distinct listed.user_id
    from unnest(p_users) as listed (user_id)
  ) as named
  left join rolecall.profiles as profile
    on profile.id = named.user_id
  cross join lateral rolecall_internal.flag_decision(
    p_flag, p_rollouts, named.user_id, profile.organization_id, coalesce(profile.is_internal, false)
  ) as decision
$$;

create or replace function rolecall_edge.simulate_rollout(p_request jsonb)
returns jsonb
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_call rolecall.call := rolecall_internal.begin_call('rollout.simulate', p_request, p_who => 'operator', p_keyed => false);
  v_flag text := coalesce(v_call.input ->> 'flag', 'start-conversation');
  v_rollout text := v_call.input ->> 'rollout';
  v_users uuid[];
begin
  if v_call.answer is null then
    if not exists (select from rolecall.feature_flags where name = v_flag) then
      v_call.answer := rolecall_internal.refuse_unknown_flag();
    else
      -- The reason of a change that is none.
      v_call.answer := rolecall_internal.refuse_change('{"reason": "simulate"}', v_rollout);
    end if;
  end if;
  if v_call.answer is null then
    if jsonb_typeof(v_call.input -> 'user_ids') = 'array' then
      v_users := array(
        select rolecall_internal.uuid_or_null(id)
        from jsonb_array_elements_text(v_call.input -> 'user_ids') as id
        where rolecall_internal.uuid_or_null(id) is not null
        limit rolecall_internal.limit_simulated_users()
      );
    else
      v_users := rolecall_internal.sample_of_users(
        least(
          coalesce(rolecall_internal.whole_number(v_call.input -> 'sample'), 0),
          rolecall_internal.limit_simulated_users()
        )::int
      );
    end if;
    select rolecall_internal.success(
      jsonb_build_object(
        'flag', v_flag,
        'rollout', v_rollout,
        'users', count(*),
        'without_profile', count(*) filter (where not has_profile),
        'in', count(*) filter (where would_be_in),
        'out', count(*) filter (where not would_be_in),
        'would_change', count(*) filter (where is_in <> would_be_in),
        'would_enter', count(*) filter (where would_be_in and not is_in),
        'would_leave', count(*) filter (where is_in and not would_be_in)
      )
    )
    into v_call.answer
    from rolecall_internal.simulate_rollout(v_flag, v_rollout, v_call.rollouts, v_users);
  end if;
  return rolecall_internal.end_call(v_call);
end
$$;
