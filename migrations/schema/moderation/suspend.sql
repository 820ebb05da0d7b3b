-- Whether p_user may suspend p_target, or lift their suspension.
create or replace function rolecall_internal.judge_suspension(p_user uuid, p_target uuid, p_rollout text)
returns rolecall.judgement
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_role rolecall.app_role;
  v_internal boolean;
  v_target_role rolecall.app_role;
  v_facts text[];
  v_decision rolecall.decision;
  v_judgement rolecall.judgement;
begin
  select
    actor.role,
    actor.is_internal,
    actor.organization_id,
    target.role,
    array[
      'feature_enabled',
      case when actor.suspended_until > now() then 'suspended' end,
      case when p_user = p_target then 'self' end
    ]
  into v_role, v_internal, v_judgement.org_id, v_target_role, v_facts
  from (values (p_user)) as asked (id)
  left join rolecall.profiles as actor
    on actor.id = asked.id
  left join rolecall.profiles as target
    on target.id = p_target;

  v_judgement.allowed := false;
  if not rolecall_internal.feature_enabled('moderation', p_rollout, p_user, v_internal) then
    v_judgement.refusal := rolecall_internal.refuse_disabled();
    v_judgement.rule := 'feature_disabled';
    return v_judgement;
  end if;
  if v_role is null then
    v_judgement.refusal := rolecall_internal.refuse_without_profile();
    v_judgement.rule := 'no_profile';
    return v_judgement;
  end if;
  v_decision := rolecall_internal.decide('suspend', v_role, coalesce(v_target_role, 'attendee'), v_facts);
  v_judgement.rule := v_decision.rule;
  if not v_decision.allowed then
    v_judgement.refusal := rolecall_internal.refusal_of(v_decision);
  elsif v_target_role is null then
    v_judgement.refusal := rolecall_internal.refusal('not_found', 'There is no user with this target_id.');
    v_judgement.rule := null;
  else
    v_judgement.allowed := true;
  end if;
  return v_judgement;
end
$$;

-- Sets or lifts a suspension for p_user, who may, and audits it. p_until is null to lift.
create or replace function rolecall_internal.set_suspension(
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
create or replace function rolecall_internal.suspend_user(p_user uuid, p_input jsonb, p_rollout text)
returns jsonb
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_target uuid := rolecall_internal.uuid_or_null(p_input ->> 'target_id');
  v_until timestamptz := rolecall_internal.moment_or_null(p_input ->> 'until');
  v_judgement rolecall.judgement := rolecall_internal.judge_suspension(p_user, v_target, p_rollout);
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

  perform rolecall_internal.set_suspension(p_user, v_target, v_until, null, null, p_input ->> 'note');
  return rolecall_internal.success(
    jsonb_build_object('target_id', v_target, 'suspended_until', rolecall_internal.suspension_json(v_until))
  );
end
$$;

-- Lifts a suspension: {target_id, note?}.
create or replace function rolecall_internal.lift_suspension(p_user uuid, p_input jsonb, p_rollout text)
returns jsonb
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_target uuid := rolecall_internal.uuid_or_null(p_input ->> 'target_id');
  v_judgement rolecall.judgement := rolecall_internal.judge_suspension(p_user, v_target, p_rollout);
begin
  if v_judgement.allowed is distinct from true then
    return v_judgement.refusal;
  end if;
  if rolecall_internal.refuse_note(p_input) is not null then
    return rolecall_internal.refuse_note(p_input);
  end if;

  perform rolecall_internal.set_suspension(p_user, v_target, null, null, null, p_input ->> 'note');
  return rolecall_internal.success(jsonb_build_object('target_id', v_target, 'suspended_until', null));
end
$$;

create or replace function rolecall_edge.suspend_user(p_request jsonb)
returns jsonb
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  return rolecall_internal.answer_moderation('suspend_user', p_request);
end
$$;

create or replace function rolecall_edge.lift_suspension(p_request jsonb)
returns jsonb
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  return rolecall_internal.answer_moderation('lift_suspension', p_request);
end
$$;
