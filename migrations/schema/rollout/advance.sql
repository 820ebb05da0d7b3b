-- Begins the next stage, if the stage that is left has shown what it has to, or by force.
create or replace function rolecall_internal.advance_rollout(p_call rolecall.call)
returns jsonb
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_refusal jsonb := rolecall_internal.refuse_change(p_call.input, 'enabled');
  v_flag rolecall.feature_flags;
  v_next text;
  v_figures jsonb;
  v_criteria jsonb;
  v_action text := 'advance';
begin
  if v_refusal is not null then
    return v_refusal;
  end if;
  v_flag := rolecall_internal.lock_flag(p_call.input);
  if v_flag.name is null then
    return rolecall_internal.refuse_unknown_flag();
  end if;
  v_next := rolecall_internal.next_rollout(v_flag.name, v_flag.rollout);
  if v_next is null then
    return rolecall_internal.refusal(
      'rollout_criteria_unmet',
      'There is no stage behind this one.',
      'no_further_stage',
      'rollout_stages has a further stage; `set` needs none.'
    );
  end if;

  v_figures := rolecall_internal.rollout_figures(v_flag.name, rolecall_internal.rollout_since(v_flag));
  v_criteria := rolecall_internal.rollout_criteria(
    rolecall_internal.rollout_stage(v_flag.name, v_flag.rollout), v_figures
  );
  if not rolecall_internal.are_met(v_criteria) then
    if p_call.input -> 'force' is distinct from 'true' then
      return rolecall_internal.refusal(
        'rollout_criteria_unmet',
        format('The stage %s has not shown what it has to before %s begins.', v_flag.rollout, v_next),
        p_data => jsonb_build_object('rollout', v_flag.rollout, 'next_rollout', v_next, 'criteria', v_criteria)
      ) || jsonb_build_object('reasons', rolecall_internal.unmet_reasons(v_criteria));
    end if;
    v_action := 'force';
  end if;
  return rolecall_internal.success(
    rolecall_internal.change_rollout(
      p_call, v_flag, v_action, v_next, v_figures || jsonb_build_object('criteria', v_criteria)
    ) || jsonb_build_object('criteria', v_criteria)
  );
end
$$;

create or replace function rolecall_edge.advance_rollout(p_request jsonb)
returns jsonb
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_call rolecall.call := rolecall_internal.begin_call('rollout.advance', p_request, p_who => 'operator');
begin
  if v_call.answer is null then
    v_call.answer := rolecall_internal.advance_rollout(v_call);
  end if;
  return rolecall_internal.end_call(v_call);
end
$$;
