-- Tells users what they may do before they try: by the real calls' own judgements, limits and quotas, without taking
-- from these.

-- The answer to one check; null when the check is malformed. Its refusal is the one that the real call would give, in
-- the same order: first the rate limit, then the judgement, then the quota. check_permission_many is its twin for an array.
create or replace function rolecall_internal.check_permission(p_user uuid, p_check jsonb, p_request jsonb)
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_action text := p_check ->> 'action';
  v_actor_role text := p_check ->> 'actor_role';
  v_target_role text := p_check ->> 'target_role';
  v_facts text[] := array['feature_enabled', 'participant'];
  v_decision rolecall.decision;
  v_limit jsonb;
  v_judgement rolecall.judgement;
  v_broadcast record;
  v_roles rolecall.app_role[];
  v_remaining jsonb;
  v_phase_limit int;
  v_quota jsonb;
  v_conversation uuid;
  v_report uuid;
  v_more jsonb := '{}';
begin
  if rolecall_internal.is_organization_action(v_action) then
    return rolecall_internal.check_organization_permission(p_user, p_check, p_request);
  end if;
  if v_actor_role is not null or v_target_role is not null then
    -- The matrix alone: whether somebody of one role could, if nothing but these facts held.
    if not rolecall_internal.is_action(v_action)
      or not (
        rolecall_internal.is_role(v_actor_role)
        and rolecall_internal.is_role(v_target_role)
      )
    then
      return null;
    end if;
    if coalesce(p_check -> 'facts', 'null') <> 'null' then
      if jsonb_typeof(p_check -> 'facts') <> 'array' then
        return null;
      end if;
      v_facts := array(select jsonb_array_elements_text(p_check -> 'facts'));
    end if;
    v_decision := rolecall_internal.decide(
      v_action, v_actor_role::rolecall.app_role, v_target_role::rolecall.app_role, v_facts
    );
    v_judgement.allowed := v_decision.allowed;
    v_judgement.rule := v_decision.rule;
    if not v_decision.allowed then
      v_judgement.refusal := rolecall_internal.refusal_of(v_decision);
    end if;
    return rolecall_internal.permission_result(v_action, v_judgement, null);
  end if;

  case v_action
    when 'start_dm', 'reply' then
      v_limit := rolecall_internal.peek_token(p_user, 'send_dm');
    when 'broadcast' then
      v_limit := rolecall_internal.peek_token(p_user, 'send_broadcast');
    when 'report' then
      v_limit := rolecall_internal.peek_token(p_user, 'report_message');
    when 'edit_message' then
      v_limit := rolecall_internal.peek_token(p_user, 'edit_message');
    when 'react' then
      v_limit := rolecall_internal.peek_token(p_user, 'react');
    else
      null;
  end case;

  case v_action
    when 'start_dm' then
      if p_check ->> 'recipient_id' is null then
        return null;
      end if;
      v_quota := rolecall_internal.quota_of_limit(v_limit);
      v_judgement := rolecall_internal.judge_dm(
        p_user,
        rolecall_internal.uuid_or_null(p_check ->> 'recipient_id'),
        rolecall_internal.uuid_or_null(p_check ->> 'show_id'),
        p_request -> 'rollouts'
      );
      if v_judgement.allowed then
        -- The message would go into the existing conversation, which may be closed.
        select id
        into v_conversation
        from rolecall.conversations
        where kind = 'direct'
          and version = 'v2'
          and participant_low = least(p_user, rolecall_internal.uuid_or_null(p_check ->> 'recipient_id'))
          and participant_high = greatest(p_user, rolecall_internal.uuid_or_null(p_check ->> 'recipient_id'))
          and read_only;
        if found then
          v_judgement := rolecall_internal.judge_reply(p_user, v_conversation, p_request -> 'rollouts');
        end if;
      end if;

    when 'reply' then
      if p_check ->> 'conversation_id' is null then
        return null;
      end if;
      v_quota := rolecall_internal.quota_of_limit(v_limit);
      v_judgement := rolecall_internal.judge_reply(
        p_user,
        rolecall_internal.uuid_or_null(p_check ->> 'conversation_id'),
        p_request -> 'rollouts'
      );

    when 'broadcast' then
      if p_check ->> 'show_id' is null then
        return null;
      end if;
      v_roles := case
        when coalesce(p_check -> 'recipient_roles', 'null') = 'null' then enum_range(null::rolecall.app_role)
        else rolecall_internal.roles_of(p_check -> 'recipient_roles')
      end;
      if v_roles is null then
        return null;
      end if;
      v_broadcast := rolecall_internal.judge_broadcast(
        p_user,
        rolecall_internal.uuid_or_null(p_check ->> 'show_id'),
        v_roles,
        p_request -> 'rollouts'
      );
      if coalesce(p_check -> 'recipient_roles', 'null') = 'null' and v_broadcast.allowed_roles is not null then
        -- A check without roles is about those that are allowed.
        v_broadcast := rolecall_internal.judge_broadcast(
          p_user,
          rolecall_internal.uuid_or_null(p_check ->> 'show_id'),
          v_broadcast.allowed_roles,
          p_request -> 'rollouts'
        );
      end if;
      v_judgement := v_broadcast.judgement;
      v_phase_limit := case v_broadcast.phase
        when 'pre_show' then v_broadcast.pre_show_limit
        when 'post_show' then v_broadcast.post_show_limit
      end;
      if v_phase_limit is not null then
        v_remaining := rolecall_internal.peek_quota(
          p_user,
          rolecall_internal.uuid_or_null(p_check ->> 'show_id'),
          v_broadcast.pre_show_limit,
          v_broadcast.post_show_limit
        );
        v_quota := jsonb_build_object(
          'phase', v_broadcast.phase,
          'limit', v_phase_limit,
          'remaining', v_remaining,
          'reset_at', rolecall_internal.iso(rolecall_internal.quota_day_end(rolecall_internal.quota_day(now())))
        );
        if (v_remaining ->> v_broadcast.phase)::int = 0 then
          v_judgement.allowed := false;
          v_judgement.rule := 'broadcast_quota_spent';
          v_judgement.refusal := rolecall_internal.refuse_quota(v_broadcast.phase, v_phase_limit, v_remaining);
        end if;
      end if;
      v_more := jsonb_build_object('recipient_roles', coalesce(to_jsonb(v_broadcast.allowed_roles), '[]'));

    when 'moderate' then
      if p_check ->> 'message_id' is null then
        return null;
      end if;
      v_judgement := rolecall_internal.judge_moderation(
        p_user,
        rolecall_internal.uuid_or_null(p_check ->> 'message_id'),
        p_request -> 'rollouts'
      );

    when 'report' then
      if p_check ->> 'message_id' is null then
        return null;
      end if;
      v_quota := rolecall_internal.quota_of_limit(v_limit);
      v_judgement := rolecall_internal.judge_report(
        p_user,
        rolecall_internal.uuid_or_null(p_check ->> 'message_id'),
        p_request -> 'rollouts'
      );
      if v_judgement.allowed then
        select report.id
        into v_report
        from rolecall.messages as message
        join rolecall.reported_messages as report
          on report.conversation_id = message.conversation_id
          and report.seq = message.seq
          and report.reporter_id = p_user
        where message.id = rolecall_internal.uuid_or_null(p_check ->> 'message_id')
          and not rolecall_internal.may_escalate(report)
        union all
        select id
        from rolecall.reported_messages
        where message_id = rolecall_internal.uuid_or_null(p_check ->> 'message_id')
          and seq is null
          and reporter_id = p_user;
        if found then
          v_judgement.allowed := false;
          v_judgement.refusal := rolecall_internal.refuse_second_report(v_report);
          v_judgement.rule := v_judgement.refusal #>> '{reasons,0,code}';
        end if;
      end if;

    when 'edit_message' then
      if p_check ->> 'message_id' is null then
        return null;
      end if;
      v_quota := rolecall_internal.quota_of_limit(v_limit);
      v_judgement := rolecall_internal.judge_edit(
        p_user,
        rolecall_internal.uuid_or_null(p_check ->> 'message_id'),
        p_request -> 'rollouts'
      );

    when 'suspend' then
      if p_check ->> 'target_id' is null then
        return null;
      end if;
      v_judgement := rolecall_internal.judge_suspension(
        p_user,
        rolecall_internal.uuid_or_null(p_check ->> 'target_id'),
        p_request -> 'rollouts'
      );

    when 'react' then
      if p_check ->> 'message_id' is null then
        return null;
      end if;
      v_quota := rolecall_internal.quota_of_limit(v_limit);
      v_judgement := rolecall_internal.judge_reaction(
        p_user,
        rolecall_internal.uuid_or_null(p_check ->> 'message_id'),
        p_request -> 'rollouts'
      );

    when 'read_broadcast' then
      if p_check ->> 'conversation_id' is null then
        return null;
      end if;
      v_judgement := rolecall_internal.judge_broadcast_reader(
        p_user,
        rolecall_internal.uuid_or_null(p_check ->> 'conversation_id'),
        p_request -> 'rollouts'
      );

    else
      return null;
  end case;

  if v_limit -> 'taken' = 'false' then
    v_judgement.allowed := false;
    v_judgement.rule := 'rate_limit';
    v_judgement.refusal := rolecall_internal.refuse_rate(v_limit);
  end if;
  return rolecall_internal.permission_result(v_action, v_judgement, v_quota) || v_more;
end
$$;

-- A rate limit as a check shows it; null for none.
create or replace function rolecall_internal.quota_of_limit(p_limit jsonb)
returns jsonb
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
begin
  if p_limit is null then
    return null;
  end if;
  return jsonb_build_object(
    'policy', p_limit -> 'policy',
    'limit', p_limit -> 'quota',
    'remaining', p_limit -> 'remaining',
    'window_seconds', p_limit -> 'window_seconds',
    'reset_seconds', p_limit -> 'reset_seconds'
  );
end
$$;

-- A judgement as a check shows it.
create or replace function rolecall_internal.permission_result(
  p_action text,
  p_judgement rolecall.judgement,
  p_quota jsonb
)
returns jsonb
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_reasons jsonb;
  v_allowed_if jsonb;
begin
  if p_judgement.allowed then
    return jsonb_build_object(
      'action', p_action,
      'allowed', true,
      'rule', p_judgement.rule,
      'reasons', '[]'::jsonb,
      'would_be_allowed_if', '[]'::jsonb,
      'quota', p_quota
    );
  end if;
  -- A refusal without a rule, such as of something that does not exist, is its own reason.
  v_reasons := coalesce(
    p_judgement.refusal -> 'reasons',
    jsonb_build_array(
      jsonb_build_object('code', p_judgement.refusal -> 'code', 'message', p_judgement.refusal -> 'detail')
    )
  );
  select coalesce(jsonb_agg(reason -> 'allowed_if' order by number), '[]')
  into v_allowed_if
  from jsonb_array_elements(v_reasons) with ordinality as listed (reason, number)
  where reason ->> 'allowed_if' <> '';
  return jsonb_build_object(
    'action', p_action,
    'allowed', false,
    'code', p_judgement.refusal -> 'code',
    'rule', p_judgement.rule,
    'reasons', v_reasons,
    'would_be_allowed_if', v_allowed_if,
    'quota', p_quota
  );
end
$$;

-- One check, or {"checks": [...]} with up to 200.
create or replace function rolecall_internal.check_permissions(p_user uuid, p_input jsonb, p_request jsonb)
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_actor rolecall.actor := rolecall_internal.actor(p_user, 'check-permission', p_request -> 'rollouts');
  v_results jsonb;
  v_data jsonb;
begin
  -- A user without a profile hears so from each check.
  if v_actor.refusal is not null and v_actor.refusal ->> 'code' = 'feature_disabled' then
    return v_actor.refusal;
  end if;
  if not p_input ? 'checks' then
    v_data := rolecall_internal.check_permission(p_user, p_input, p_request);
  elsif jsonb_typeof(p_input -> 'checks') = 'array' and jsonb_array_length(p_input -> 'checks') between 1 and rolecall_internal.limit_checks() then
    v_results := rolecall_internal.check_permission_many(p_user, p_input -> 'checks', p_request);
    -- A check that asks for nothing leaves a null.
    if not v_results @> '[null]' then
      v_data := jsonb_build_object('results', v_results);
    end if;
  end if;
  if v_data is null then
    return rolecall_internal.refusal(
      'invalid_input',
      format(
        'A check needs an action and its object, or a pair of roles. Send 1 to %s checks at once.',
        rolecall_internal.limit_checks()
      )
    );
  end if;
  return rolecall_internal.success(v_data)
    || case
      when v_actor.organization_id is null then '{}'
      else jsonb_build_object('org_id', v_actor.organization_id)
    end;
end
$$;

-- A check that is answered leaves nothing behind but that it takes a token of its own: no metric, no audit row, no key.
create or replace function rolecall_edge.check_permission(p_request jsonb)
returns jsonb
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_call rolecall.call := rolecall_internal.begin_call(
    'check-permission',
    p_request,
    p_rate => 'check_permission',
    p_keyed => false
  );
begin
  if v_call.answer is null then
    v_call.answer := rolecall_internal.check_permissions(v_call.caller, v_call.input, p_request);
    if (v_call.answer -> 'ok')::boolean then
      return rolecall_internal.with_limit(v_call.answer, v_call.rate);
    end if;
  end if;
  return rolecall_internal.end_call(v_call);
end
$$;
