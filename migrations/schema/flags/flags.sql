-- The flags as a user sees them: {name: {enabled, reason}}. An enabled flag's functions are never answered
-- feature_disabled to them, a disabled flag's always are. Whose account was deleted sees none: everything answers that.
create or replace function rolecall_internal.flags_of(p_user uuid, p_rollouts jsonb)
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_org_id uuid;
  v_internal boolean;
begin
  -- Who has no profile belongs to no organisation and is not internal.
  select organization_id, is_internal
  into v_org_id, v_internal
  from rolecall.profiles
  where id = p_user;
  return (
    select coalesce(
      jsonb_object_agg(
        flag.name,
        jsonb_build_object('enabled', decision.enabled, 'reason', decision.reason)
      ),
      '{}'
    )
    from rolecall.feature_flags as flag
    cross join lateral rolecall_internal.flag_decision(flag.name, p_rollouts, p_user, v_org_id, v_internal) as decision
  );
end
$$;

create or replace function rolecall_edge.flags(p_request jsonb)
returns jsonb
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_call rolecall.call := rolecall_internal.begin_call('flags', p_request, p_rate => 'read', p_keyed => false);
  v_organization_role text;
begin
  if v_call.answer is null then
    select organization_role
    into v_organization_role
    from rolecall.profiles
    where id = v_call.caller;
    if not found and rolecall_internal.is_account_deleted(v_call.caller) then
      v_call.answer := rolecall_internal.refuse_without_profile(v_call.caller);
    else
      v_call.answer := rolecall_internal.success(
        jsonb_build_object(
          'flags', rolecall_internal.flags_of(v_call.caller, v_call.rollouts),
          'organization_role', v_organization_role
        )
      );
    end if;
  end if;
  return rolecall_internal.end_call(v_call);
end
$$;
