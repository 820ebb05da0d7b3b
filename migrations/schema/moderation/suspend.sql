-- Whether p_user may suspend p_target, or lift their suspension.
create or replace function rolecall_internal.judge_suspension(p_user uuid, p_target uuid, p_rollouts jsonb)
returns rolecall.judgement
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_actor rolecall.actor := rolecall_internal.actor(p_user, 'moderation', p_rollouts);
  v_target_role rolecall.app_role;
  v_decision rolecall.decision;
begin
  if v_actor.refusal is not null then
    return rolecall_internal.judgement_of_refusal(v_actor.refusal, v_actor.organization_id);
  end if;
  select role
  into v_target_role
  from rolecall.profiles
  where id = p_target;
  v_decision := rolecall_internal.decide(
    'suspend',
    v_actor.role,
    coalesce(v_target_role, rolecall_internal.role_of_strangers()),
    array['feature_enabled', v_actor.suspended, case when p_user = p_target then 'self' end]
  );
  if v_decision.allowed and v_target_role is null then
    return rolecall_internal.judgement_of_refusal(
      rolecall_internal.refusal('not_found', 'There is no user with this target_id.'),
      v_actor.organization_id
    );
  end if;
  return rolecall_internal.judgement_of(v_decision, v_actor.organization_id);
end
$$;

-- Applies a suspension by p_user, who is allowed to, and audits it. p_until is null to lift it.
create or replace function rolecall_internal.apply_suspension(
  p_user uuid,
  p_target uuid,
  p_until timestamptz,
  p_report uuid,
  p_message uuid,
  p_note text
)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_before timestamptz;
begin
  select suspended_until
  into v_before
  from rolecall.profiles
  where id = p_target
  for no key update;
  if v_before is not distinct from p_until then
    return;
  end if;
  update rolecall.profiles
  set suspended_until = p_until
  where id = p_target;
  perform rolecall_internal.audit_moderation(
    p_user,
    case when p_until is null then 'suspension_lifted' else 'user_suspended' end,
    p_report,
    p_message,
    p_target,
    p_note,
    jsonb_build_object('suspended_until', rolecall_internal.suspension_json(v_before)),
    jsonb_build_object('suspended_until', rolecall_internal.suspension_json(p_until))
  );
end
$$;

-- Suspends a user: {target_id, until, note?}.
create or replace function rolecall_internal.suspend_user(p_user uuid, p_input jsonb, p_rollouts jsonb)
returns jsonb
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_target uuid := rolecall_internal.uuid_or_null(p_input ->> 'target_id');
  v_until timestamptz := rolecall_internal.moment_or_null(p_input ->> 'until');
  v_judgement rolecall.judgement := rolecall_internal.judge_suspension(p_user, v_target, p_rollouts);
begin
  if v_judgement.allowed is distinct from true then
    return v_judgement.refusal;
  end if;
  if v_until is null or v_until <= now() then
    return rolecall_internal.refusal('invalid_input', 'The end of a suspension must be a moment in the future.');
  end if;
  if rolecall_internal.refuse_note(p_input) is not null then
    return rolecall_internal.refuse_note(p_input);
  end if;

  perform rolecall_internal.apply_suspension(p_user, v_target, v_until, null, null, p_input ->> 'note');
  return rolecall_internal.success(
    jsonb_build_object('target_id', v_target, 'suspended_until', rolecall_internal.suspension_json(v_until))
  );
end
$$;

create or replace function rolecall_edge.suspend_user(p_request jsonb)
returns jsonb
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_call rolecall.call := rolecall_internal.begin_call('moderation.suspend', p_request, p_rate => 'moderate');
begin
  if v_call.answer is null then
    v_call.answer := rolecall_internal.suspend_user(v_call.caller, v_call.input, v_call.rollouts);
  end if;
  return rolecall_internal.end_call(v_call);
end
$$;
