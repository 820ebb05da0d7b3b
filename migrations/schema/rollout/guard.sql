-- The guard: takes a feature back that fails, and begins the next stage where that is wanted.
--
-- It judges flags that have stages and are not disabled, so that after its rollback only the operator goes on. Nothing but
-- the flag's row is written before the decision, and no lock is waited for but that of the row.

-- What the guard decides about a rollout at this moment: null in to_rollout where it lets it be.
create or replace function rolecall_internal.judge_rollout(
  p_flag text,
  p_rollout text,
  p_since timestamptz,
  out to_rollout text,
  out action text,
  out reason text,
  out figures jsonb
)
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_stage rolecall.rollout_stages;
  v_criteria jsonb;
begin
  figures := rolecall_internal.guard_figures(p_flag, p_since);
  reason := case
    when figures -> 'timeouts' = '1' then 'A statement of the last five minutes took too long.'
    when (figures ->> 'timeouts')::numeric > 1 then
      format('%s statements of the last five minutes took too long.', figures ->> 'timeouts')
    when (figures ->> 'connection_errors')::numeric > 10 then
      format('%s requests of one minute found no database.', figures ->> 'connection_errors')
    else (
      select format('%s of %s attempts succeeded %s.', round(span.success * 100, 1) || ' %', span.attempts, span.name)
      from (
        values
          ('in this minute', figures -> 'this_minute'),
          ('in the last minute', figures -> 'last_minute'),
          ('in the last five minutes', figures -> 'five_minutes')
      ) as seen (name, figures)
      cross join lateral (
        select
          seen.name,
          (seen.figures ->> 'attempts')::numeric as attempts,
          (seen.figures ->> 'success')::numeric as success
      ) as span
      where span.attempts >= 20
        and span.success < 0.8
      limit 1
    )
  end;
  if reason is not null then
    to_rollout := 'disabled';
    action := 'rollback';
    return;
  end if;

  v_stage := rolecall_internal.rollout_stage(p_flag, p_rollout);
  -- The age costs nothing to ask; the figures of a stage are added up.
  if v_stage.auto_advance and now() - p_since >= v_stage.min_age then
    figures := rolecall_internal.rollout_figures(p_flag, p_since);
    v_criteria := rolecall_internal.rollout_criteria(v_stage, figures);
    if rolecall_internal.are_met(v_criteria) then
      figures := figures || jsonb_build_object('criteria', v_criteria);
      to_rollout := rolecall_internal.next_rollout(p_flag, p_rollout);
      action := 'advance';
      reason := format('The stage %s has shown what it has to.', p_rollout);
    end if;
  end if;
end
$$;

-- Decides about every rollout that is watched, and returns the decisions. Decision and change are one statement: what was
-- judged is what is changed, or nothing is. Of guards at the same moment one decides.
create or replace function rolecall_internal.guard_rollouts()
returns jsonb
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_flag rolecall.feature_flags;
  v_decision rolecall.rollout_decisions;
  v_decisions jsonb := '[]';
begin
  perform set_config('rolecall.actor', 'guard', true);
  for v_flag in
    select flag.*
    from rolecall.feature_flags as flag
    where flag.rollout <> 'disabled'
      and exists (
        select
        from rolecall.rollout_stages as stage
        where stage.flag = flag.name
      )
    order by flag.name
  loop
    with judged as materialized (
      select judgement.*
      from rolecall_internal.judge_rollout(
        v_flag.name, v_flag.rollout, rolecall_internal.rollout_since(v_flag)
      ) as judgement
      where judgement.to_rollout is not null
        -- Read by the trigger that writes feature_flag_changes.
        and set_config('rolecall.reason', judgement.reason, true) is not null
    ),
    changed as (
      update rolecall.feature_flags as flag
      set rollout = judged.to_rollout
      from judged
      where flag.name = v_flag.name
        and flag.rollout = v_flag.rollout
        and flag.updated_at = v_flag.updated_at
      returning judged.action, judged.to_rollout, judged.reason, judged.figures
    )
    insert into rolecall.rollout_decisions (flag, actor, action, from_rollout, to_rollout, reason, figures)
    select v_flag.name, 'guard', action, v_flag.rollout, to_rollout, reason, figures
    from changed
    returning *
    into v_decision;
    if found then
      v_decisions := v_decisions || rolecall_internal.rollout_decision_json(v_decision);
    end if;
  end loop;
  return v_decisions;
end
$$;

create or replace function rolecall_edge.guard_rollouts(p_request jsonb)
returns jsonb
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_call rolecall.call := rolecall_internal.begin_call('rollout.guard', p_request, p_who => 'operator');
  v_decisions jsonb;
begin
  if v_call.answer is null then
    v_decisions := rolecall_internal.guard_rollouts();
    if v_decisions <> '[]' then
      perform rolecall_internal.log_event(v_call, 'rollout_guarded', jsonb_build_object('decisions', v_decisions));
    end if;
    v_call.answer := rolecall_internal.success(jsonb_build_object('decisions', v_decisions));
  end if;
  return rolecall_internal.end_call(v_call);
end
$$;
