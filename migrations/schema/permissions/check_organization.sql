-- check_permission for what somebody does in their organisation, by the real calls' own judgements: {action: read_thread |
-- send_to_thread, thread_id}, {action: force_send, message_id}, {action: assign_booking}, or {action, organization_role,
-- facts?} for the matrix alone. Null when the check is malformed. Whether the filter would hold a message back depends on
-- what it says, so no check tells.
create or replace function rolecall_internal.check_organization_permission(p_user uuid, p_check jsonb, p_request jsonb)
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_action text := p_check ->> 'action';
  v_facts text[] := array['feature_enabled', 'own_organization'];
  v_object uuid;
  v_actor rolecall.thread_actor;
  v_judgement rolecall.judgement;
  v_limit jsonb;
begin
  if p_check ->> 'organization_role' is not null then
    if not rolecall_internal.is_organization_role(p_check ->> 'organization_role') then
      return null;
    end if;
    if coalesce(p_check -> 'facts', 'null') <> 'null' then
      if jsonb_typeof(p_check -> 'facts') <> 'array' then
        return null;
      end if;
      v_facts := array(select jsonb_array_elements_text(p_check -> 'facts'));
    end if;
    return rolecall_internal.permission_result(
      v_action,
      rolecall_internal.judgement_of(
        rolecall_internal.decide_organization(v_action, p_check ->> 'organization_role', v_facts), null
      ),
      null
    );
  end if;

  if v_action in ('read_thread', 'send_to_thread') then
    if p_check ->> 'thread_id' is null then
      return null;
    end if;
    v_object := rolecall_internal.uuid_or_null(p_check ->> 'thread_id');
    v_actor := rolecall_internal.thread_actor(p_user, v_object, p_request -> 'rollouts');
  elsif v_action = 'force_send' then
    if p_check ->> 'message_id' is null then
      return null;
    end if;
    v_object := rolecall_internal.uuid_or_null(p_check ->> 'message_id');
    v_actor := rolecall_internal.force_actor(p_user, v_object, p_request -> 'rollouts');
  else
    v_actor := rolecall_internal.thread_actor(p_user, null, p_request -> 'rollouts');
    -- Who names no organisation acts for their own.
    v_actor.facts := v_actor.facts || 'own_organization'::text;
  end if;

  v_judgement := rolecall_internal.judge_thread(v_action, v_actor);
  if v_action = 'force_send'
    and v_judgement.allowed
    and not exists (
      select
      from rolecall.thread_messages
      where organization_id = v_actor.organization_id
        and id = v_object
        and delivery = 'blocked'
    )
  then
    v_judgement := rolecall_internal.judgement_of_refusal(rolecall_internal.refuse_sent(), v_actor.organization_id);
  end if;
  v_limit := case v_action
    when 'send_to_thread' then rolecall_internal.peek_token(p_user, 'send_thread_message')
    when 'force_send' then rolecall_internal.peek_token(p_user, 'force_send')
  end;
  if v_limit -> 'taken' = 'false' then
    v_judgement := rolecall_internal.judgement_of_refusal(rolecall_internal.refuse_rate(v_limit), v_actor.organization_id);
  end if;
  return rolecall_internal.permission_result(v_action, v_judgement, rolecall_internal.quota_of_limit(v_limit));
end
$$;
