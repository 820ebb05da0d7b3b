-- The stages of a rollout, and what the stage that is left has to show.

-- How far a rollout reaches, to put stages in their order.
create or replace function rolecall_internal.rollout_reach(p_rollout text)
returns int
language sql
immutable
return case
  when p_rollout = 'disabled' then -2
  when p_rollout = 'internal' then -1
  when p_rollout = 'enabled' then 101
  else substr(p_rollout, 12)::int
end;

-- The stage that a rollout is in: the furthest that does not reach beyond it. All null where it is before the first one.
create or replace function rolecall_internal.rollout_stage(p_flag text, p_rollout text)
returns rolecall.rollout_stages
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
  select stage
  from rolecall.rollout_stages as stage
  where stage.flag = p_flag
    and rolecall_internal.rollout_reach(stage.rollout) <= rolecall_internal.rollout_reach(p_rollout)
  order by rolecall_internal.rollout_reach(stage.rollout) desc
  limit 1
$$;

-- The rollout of the stage that follows; null behind the last one.
create or replace function rolecall_internal.next_rollout(p_flag text, p_rollout text)
returns text
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
  select stage.rollout
  from rolecall.rollout_stages as stage
  where stage.flag = p_flag
    and rolecall_internal.rollout_reach(stage.rollout) > rolecall_internal.rollout_reach(p_rollout)
  order by rolecall_internal.rollout_reach(stage.rollout)
  limit 1
$$;

-- The criteria of a stage beside its figures, in the order in which they are told. Without an attempt there is no share
-- and no percentile, and what asks for one is not met. Before the first stage there are none.
create or replace function rolecall_internal.rollout_criteria(p_stage rolecall.rollout_stages, p_figures jsonb)
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_figures record;
begin
  if p_stage.flag is null then
    return '[]';
  end if;
  select *
  into v_figures
  from jsonb_to_record(p_figures) as figure (age_seconds bigint, attempts bigint, success numeric, p95_ms numeric, errors numeric);
  return jsonb_build_array(
    jsonb_build_object(
      'code', 'age_seconds',
      'figure', v_figures.age_seconds,
      'bound', extract(epoch from p_stage.min_age)::bigint,
      'met', v_figures.age_seconds >= extract(epoch from p_stage.min_age)
    ),
    jsonb_build_object(
      'code', 'attempts',
      'figure', v_figures.attempts,
      'bound', p_stage.min_attempts,
      'met', v_figures.attempts >= p_stage.min_attempts
    ),
    jsonb_build_object(
      'code', 'success',
      'figure', v_figures.success,
      'bound', p_stage.min_success,
      'met', coalesce(v_figures.success >= p_stage.min_success, false)
    ),
    jsonb_build_object(
      'code', 'p95_ms',
      'figure', v_figures.p95_ms,
      'bound', p_stage.max_p95_ms,
      'met', coalesce(v_figures.p95_ms < p_stage.max_p95_ms, false)
    ),
    jsonb_build_object(
      'code', 'errors',
      'figure', v_figures.errors,
      'bound', p_stage.max_errors,
      'met', coalesce(v_figures.errors < p_stage.max_errors, false)
    )
  );
end
$$;

-- Whether all of these criteria are met.
create or replace function rolecall_internal.are_met(p_criteria jsonb)
returns boolean
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
begin
  return not p_criteria @> '[{"met": false}]';
end
$$;

-- The reasons of a refusal for criteria that are not met, each with its figure and bound.
create or replace function rolecall_internal.unmet_reasons(p_criteria jsonb)
returns jsonb
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
begin
  return (
    select jsonb_agg(
      jsonb_strip_nulls(
        jsonb_build_object(
          'code', criterion ->> 'code',
          'message', case
            when criterion -> 'figure' = 'null' then
              format('There is no figure for %s yet; the stage asks for %s.', named.name, criterion ->> 'bound')
            else format('%s is %s; the stage asks for %s %s.', named.name, criterion ->> 'figure', named.relation, criterion ->> 'bound')
          end,
          'figure', criterion -> 'figure',
          'bound', criterion -> 'bound',
          'allowed_if', format('%s is %s %s.', named.name, named.relation, criterion ->> 'bound')
        )
      )
      order by number
    )
    from jsonb_array_elements(p_criteria) with ordinality as listed (criterion, number)
    join (
      values
        ('age_seconds', 'The age of the stage in seconds', 'at least'),
        ('attempts', 'The number of attempts', 'at least'),
        ('success', 'The share of successes', 'at least'),
        ('p95_ms', 'The 95th percentile in milliseconds', 'less than'),
        ('errors', 'The share of internal errors', 'less than')
    ) as named (code, name, relation)
      on named.code = criterion ->> 'code'
    where criterion -> 'met' = 'false'
  );
end
$$;
