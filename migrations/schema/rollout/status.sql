-- How a rollout stands: its stage, the figures beside the criteria, whom it includes, and the last decisions.

create or replace function rolecall_internal.rollout_decision_json(p_decision rolecall.rollout_decisions)
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  return jsonb_build_object(
    'id', p_decision.id,
    'at', rolecall_internal.iso(p_decision.at),
    'flag', p_decision.flag,
    'actor', p_decision.actor,
    'action', p_decision.action,
    'from_rollout', p_decision.from_rollout,
    'to_rollout', p_decision.to_rollout,
    'reason', p_decision.reason,
    'figures', p_decision.figures
  );
end
$$;

create or replace function rolecall_internal.rollout_status(p_flag rolecall.feature_flags, p_rollouts jsonb)
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_since timestamptz := rolecall_internal.rollout_since(p_flag);
  v_stage rolecall.rollout_stages := rolecall_internal.rollout_stage(p_flag.name, p_flag.rollout);
  v_figures jsonb := rolecall_internal.rollout_figures(p_flag.name, v_since);
  v_criteria jsonb := rolecall_internal.rollout_criteria(v_stage, v_figures);
begin
  return jsonb_build_object(
    'flag', p_flag.name,
    'rollout', p_flag.rollout,
    'since', rolecall_internal.iso(v_since),
    'requires', p_flag.requires,
    'stage', case
      when v_stage.flag is not null then jsonb_build_object(
        'rollout', v_stage.rollout,
        'min_age_seconds', extract(epoch from v_stage.min_age)::bigint,
        'min_attempts', v_stage.min_attempts,
        'min_success', v_stage.min_success,
        'max_p95_ms', v_stage.max_p95_ms,
        'max_errors', v_stage.max_errors,
        'auto_advance', v_stage.auto_advance
      )
    end,
    'next_rollout', rolecall_internal.next_rollout(p_flag.name, p_flag.rollout),
    'watched', p_flag.rollout <> 'disabled' and exists (
      select
      from rolecall.rollout_stages
      where flag = p_flag.name
    ),
    -- The minute in which it was last called, within two hours: a guard that nobody calls guards nothing.
    'guard_seen_at', (
      select rolecall_internal.iso(max(slot))
      from rolecall.request_metrics
      where function = 'rollout.guard'
        and minutes = 1
        and code = 'ok'
    ),
    'users', (
      select jsonb_build_object(
        'examined', count(*),
        'in', count(*) filter (where simulated.is_in),
        'share', round(count(*) filter (where simulated.is_in)::numeric / nullif(count(*), 0), 4)
      )
      from rolecall_internal.simulate_rollout(
        p_flag.name, p_flag.rollout, p_rollouts, rolecall_internal.sample_of_users(1000)
      ) as simulated
    ),
    'figures', v_figures,
    'criteria', v_criteria,
    'met', rolecall_internal.are_met(v_criteria),
    'decisions', (
      select coalesce(jsonb_agg(rolecall_internal.rollout_decision_json(decision) order by decision.id desc), '[]')
      from (
        select *
        from rolecall.rollout_decisions
        where flag = p_flag.name
        order by id desc
        limit 20
      ) as decision
    )
  );
end
$$;

create or replace function rolecall_edge.rollout_status(p_request jsonb)
returns jsonb
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_call rolecall.call := rolecall_internal.begin_call('rollout.status', p_request, p_who => 'operator', p_keyed => false);
  v_flag rolecall.feature_flags;
begin
  if v_call.answer is null then
    select *
    into v_flag
    from rolecall.feature_flags
    where name = coalesce(v_call.input ->> 'flag', 'start-conversation');
    v_call.answer := case
      when v_flag.name is null then rolecall_internal.refuse_unknown_flag()
      else rolecall_internal.success(rolecall_internal.rollout_status(v_flag, v_call.rollouts))
    end;
  end if;
  return rolecall_internal.end_call(v_call);
end
$$;
