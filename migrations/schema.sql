-- The schema as the migrations leave it, to read and to compare; written by `make schema`, never applied.
CREATE SCHEMA auth;
COMMENT ON SCHEMA auth IS 'made by Rolecall';
CREATE SCHEMA edge;
COMMENT ON SCHEMA edge IS 'Rolecall: the entry points of the functions, for rolecall_edge alone.';
CREATE SCHEMA rolecall;
COMMENT ON SCHEMA rolecall IS 'Rolecall: internal tables and functions; nobody but the entry points uses it.';
CREATE TYPE public.app_role AS ENUM (
    'attendee',
    'dealer',
    'mvp_dealer',
    'show_organizer',
    'moderator',
    'admin'
);
COMMENT ON TYPE public.app_role IS 'The application role of a profile; the permission matrix speaks of it.';
CREATE TYPE rolecall.decision AS (
	allowed boolean,
	code text,
	rule text,
	message text,
	allowed_if text
);
CREATE TYPE rolecall.judgement AS (
	allowed boolean,
	refusal jsonb,
	org_id uuid
);
CREATE FUNCTION auth.jwt() RETURNS jsonb
    LANGUAGE sql STABLE
    RETURN (NULLIF(current_setting('request.jwt.claims'::text, true), ''::text))::jsonb;
COMMENT ON FUNCTION auth.jwt() IS 'made by Rolecall';
CREATE FUNCTION auth.role() RETURNS text
    LANGUAGE sql STABLE
    RETURN ((NULLIF(current_setting('request.jwt.claims'::text, true), ''::text))::jsonb ->> 'role'::text);
COMMENT ON FUNCTION auth.role() IS 'made by Rolecall';
CREATE FUNCTION auth.uid() RETURNS uuid
    LANGUAGE sql STABLE
    RETURN CASE WHEN (((NULLIF(current_setting('request.jwt.claims'::text, true), ''::text))::jsonb ->> 'sub'::text) ~* '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$'::text) THEN (((NULLIF(current_setting('request.jwt.claims'::text, true), ''::text))::jsonb ->> 'sub'::text))::uuid ELSE NULL::uuid END;
COMMENT ON FUNCTION auth.uid() IS 'made by Rolecall';
CREATE FUNCTION edge.diagnostics(p_request jsonb) RETURNS jsonb
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
declare
  v_caller uuid := rolecall.assume_claims(p_request -> 'claims');
  v_profile public.profiles;
  v_answer jsonb;
begin
  if v_caller is null or p_request #>> '{claims,role}' is distinct from 'authenticated' then
    v_answer := rolecall.refuse_non_user(p_request);
  else
    select *
    into v_profile
    from public.profiles
    where id = v_caller;
    if not rolecall.feature_enabled('diagnostics', p_request ->> 'rollout', v_caller, v_profile.is_internal) then
      v_answer := rolecall.refuse_disabled();
    elsif v_profile.id is null then
      v_answer := rolecall.refuse_without_profile();
    elsif v_profile.organization_id is null
      or v_profile.organization_role is null
      or v_profile.organization_role not in ('owner', 'admin')
    then
      v_answer := rolecall.refusal(
        'permission_denied',
        'Diagnostics are for the owners and admins of an organisation alone.',
        'organization_owners_and_admins_only',
        'You are an owner or admin of your organisation.'
      );
    else
      v_answer := rolecall.success(rolecall.diagnose(v_profile.organization_id));
    end if;
  end if;
  return rolecall.finish('diagnostics', p_request, v_caller, v_answer);
end
$$;
CREATE FUNCTION edge.health(p_request jsonb) RETURNS jsonb
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO ''
    AS $$
begin
  return rolecall.success(
    jsonb_build_object(
      'database', 'ok',
      'migration', (select max(version) from rolecall.schema_migrations)
    )
  );
end
$$;
CREATE FUNCTION edge.record_refusal(p_request jsonb) RETURNS jsonb
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
declare
  v_caller uuid := rolecall.assume_claims(p_request -> 'claims');
  v_input jsonb := p_request -> 'input';
begin
  perform rolecall.finish(
    coalesce(v_input ->> 'function', 'unknown'),
    p_request,
    v_caller,
    jsonb_build_object(
      'code', coalesce(v_input ->> 'code', 'internal'),
      'detail', v_input -> 'detail',
      'field', v_input -> 'field'
    ),
    'function',
    coalesce(v_input ->> 'event', 'refused')
  );
  return rolecall.success('{}');
end
$$;
CREATE FUNCTION edge.reset_broadcast_quotas(p_request jsonb) RETURNS jsonb
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
declare
  v_caller uuid := rolecall.assume_claims(p_request -> 'claims');
  -- A token of the operator need not name a user.
  v_key_owner uuid := coalesce(v_caller, '00000000-0000-0000-0000-000000000000');
  v_key text := p_request ->> 'idempotency_key';
  v_answer jsonb;
begin
  if p_request #>> '{claims,role}' is distinct from 'service_role' then
    v_answer := rolecall.refuse_non_operator(p_request);
  elsif v_key is not null then
    v_answer := rolecall.claim_key('reset-broadcast-quotas', v_key_owner, v_key, p_request -> 'input');
  end if;
  if v_answer is null then
    -- An operator is no user to be in or out of a percentage: only a flag that is off excludes them.
    if rolecall.feature_enabled('reset-broadcast-quotas', p_request ->> 'rollout', v_key_owner, true) then
      v_answer := rolecall.reset_broadcast_quotas();
      if not (v_answer #> '{data,already_done}')::boolean then
        insert into public.application_logs (level, service, method, event, request_id, user_id, code, details)
        values (
          'info',
          'database',
          'reset-broadcast-quotas',
          'quota_reset',
          p_request ->> 'request_id',
          v_caller,
          'ok',
          v_answer -> 'data'
        );
      end if;
    else
      v_answer := rolecall.refuse_disabled();
    end if;
    if v_key is not null then
      perform rolecall.settle_key(v_key_owner, v_key, v_answer);
    end if;
  end if;
  return rolecall.finish('reset-broadcast-quotas', p_request, v_caller, v_answer);
end
$$;
CREATE FUNCTION edge.send_broadcast(p_request jsonb) RETURNS jsonb
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
declare
  v_caller uuid := rolecall.assume_claims(p_request -> 'claims');
  v_key text := p_request ->> 'idempotency_key';
  v_input jsonb := p_request -> 'input';
  v_answer jsonb;
begin
  if v_caller is null or p_request #>> '{claims,role}' is distinct from 'authenticated' then
    v_answer := rolecall.refuse_non_user(p_request);
  elsif v_input -> 'dry_run' = 'true' then
    -- Leaves nothing behind: no quota, no message, no key, no audit row.
    return rolecall.rehearse_broadcast(v_caller, v_input, p_request ->> 'rollout');
  elsif v_key is not null then
    v_answer := rolecall.claim_key('send-broadcast', v_caller, v_key, v_input);
  end if;
  if v_answer is null then
    v_answer := rolecall.send_broadcast(v_caller, v_input, p_request ->> 'rollout');
    if v_key is not null then
      perform rolecall.settle_key(v_caller, v_key, v_answer);
    end if;
  end if;
  return rolecall.finish('send-broadcast', p_request, v_caller, v_answer);
end
$$;
CREATE FUNCTION edge.send_dm(p_request jsonb) RETURNS jsonb
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
begin
  return rolecall.send_dm_one(p_request);
end
$$;
CREATE FUNCTION edge.start_conversation(p_request jsonb) RETURNS jsonb
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
declare
  v_caller uuid := rolecall.assume_claims(p_request -> 'claims');
  v_key text := p_request ->> 'idempotency_key';
  v_input jsonb := p_request -> 'input';
  v_answer jsonb;
begin
  if v_caller is null or p_request #>> '{claims,role}' is distinct from 'authenticated' then
    v_answer := rolecall.refuse_non_user(p_request);
  elsif v_key is not null then
    v_answer := rolecall.claim_key('start-conversation', v_caller, v_key, v_input);
  end if;
  if v_answer is null then
    v_answer := rolecall.start_help_conversation(
      v_caller,
      rolecall.uuid_or_null(v_input ->> 'help_request_id'),
      v_input ->> 'initial_message',
      p_request ->> 'rollout'
    );
    if v_key is not null then
      perform rolecall.settle_key(v_caller, v_key, v_answer);
    end if;
  end if;
  return rolecall.finish('start-conversation', p_request, v_caller, v_answer);
end
$$;
CREATE FUNCTION public.can_user_reply(p_user uuid, p_conversation uuid) RETURNS boolean
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO ''
    AS $$
begin
  if auth.uid() is null or p_user is distinct from auth.uid() then
    return false;
  end if;
  return coalesce((rolecall.judge_reply(p_user, p_conversation, 'enabled')).allowed, false);
end
$$;
CREATE FUNCTION public.can_user_send_dm(p_sender uuid, p_recipient uuid, p_show uuid DEFAULT NULL::uuid) RETURNS boolean
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO ''
    AS $$
begin
  if auth.uid() is null or p_sender is distinct from auth.uid() then
    return false;
  end if;
  return coalesce((rolecall.judge_dm(p_sender, p_recipient, p_show, 'enabled')).allowed, false);
end
$$;
CREATE FUNCTION public.create_conversation_atomic(p_help_request_id uuid, p_helper_id uuid, p_initial_message text) RETURNS jsonb
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
declare
  v_answer jsonb := rolecall.refuse_other_than_caller(p_helper_id);
begin
  if v_answer is null then
    v_answer := rolecall.start_help_conversation(p_helper_id, p_help_request_id, p_initial_message, 'enabled');
  end if;
  return rolecall.finish('create_conversation_atomic', '{}', auth.uid(), v_answer);
end
$$;
CREATE FUNCTION public.get_conversation_v2(p_conversation_id uuid, p_user_id uuid) RETURNS jsonb
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
declare
  v_answer jsonb := rolecall.refuse_other_than_caller(p_user_id);
  v_conversation public.conversations_v2;
  v_messages jsonb;
  v_count bigint;
begin
  if v_answer is null then
    select *
    into v_conversation
    from public.conversations_v2
    where id = p_conversation_id
      and p_user_id in (requester_id, helper_id);
    if not found then
      v_answer := rolecall.refusal('not_found', 'You have no conversation with this id.');
    else
      select coalesce(jsonb_agg(rolecall.help_message(newest) order by newest.created_at, newest.id), '[]')
      into v_messages
      from (
        select *
        from public.messages_v2
        where conversation_id = p_conversation_id
        order by created_at desc, id desc
        limit 200
      ) as newest;
      select messages
      into v_count
      from rolecall.help_message_counts
      where conversation_id = p_conversation_id;
      v_answer := rolecall.success(
        jsonb_build_object(
          'conversation_id', v_conversation.id,
          'version', 'v2',
          'help_request_id', v_conversation.help_request_id,
          'requester_id', v_conversation.requester_id,
          'helper_id', v_conversation.helper_id,
          'status', v_conversation.status,
          'created_at', rolecall.iso(v_conversation.created_at),
          'updated_at', rolecall.iso(v_conversation.updated_at),
          'message_count', coalesce(v_count, 0),
          'messages', v_messages
        )
      );
    end if;
  end if;
  return rolecall.finish('get_conversation_v2', '{}', auth.uid(), v_answer);
end
$$;
CREATE FUNCTION public.send_message_v2(p_conversation_id uuid, p_sender_id uuid, p_content text) RETURNS jsonb
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
declare
  v_answer jsonb := rolecall.refuse_other_than_caller(p_sender_id);
  v_conversation public.conversations_v2;
  v_message public.messages_v2;
begin
  if v_answer is null then
    -- Held until the commit, so that it cannot be closed meanwhile.
    select *
    into v_conversation
    from public.conversations_v2
    where id = p_conversation_id
      and p_sender_id in (requester_id, helper_id)
    for no key update;
    if v_conversation.id is null then
      v_answer := rolecall.refusal('not_found', 'You have no conversation with this id.');
    elsif v_conversation.status <> 'active' then
      v_answer := rolecall.refusal(
        'conversation_read_only',
        'This conversation is closed.',
        'conversation_read_only',
        'The conversation is opened again.'
      );
    elsif not rolecall.has_length(p_content, 1, 2000) then
      v_answer := rolecall.refusal('invalid_input', 'The content must have 1 to 2000 characters.');
    else
      v_answer := rolecall.refuse_help_writer(
        p_sender_id,
        case p_sender_id
          when v_conversation.helper_id then v_conversation.requester_id
          else v_conversation.helper_id
        end
      );
    end if;
  end if;
  if v_answer is null then
    update public.conversations_v2
    set updated_at = now()
    where id = p_conversation_id;
    insert into public.messages_v2 (conversation_id, sender_id, content)
    values (p_conversation_id, p_sender_id, p_content)
    returning *
    into v_message;
    v_answer := rolecall.success(jsonb_build_object('message', rolecall.help_message(v_message)));
  end if;
  return rolecall.finish('send_message_v2', '{}', auth.uid(), v_answer);
end
$$;
CREATE FUNCTION rolecall.assume_claims(p_claims jsonb) RETURNS uuid
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
declare
  v_caller uuid := rolecall.uuid_or_null(p_claims ->> 'sub');
  -- An assignment, not a PERFORM, which would be a statement of its own.
  v_set text := set_config(
    'request.jwt.claims',
    case
      when v_caller is not null then p_claims::text
      when jsonb_typeof(p_claims) = 'object' then (p_claims - 'sub')::text
      else '{}'
    end,
    true
  );
begin
  return v_caller;
end
$$;
CREATE FUNCTION rolecall.broadcast_limit(p_phase text, p_quota integer, p_remaining integer, p_reset_seconds bigint) RETURNS jsonb
    LANGUAGE plpgsql IMMUTABLE
    SET search_path TO ''
    AS $$
begin
  return jsonb_build_object(
    'policy', p_phase,
    'quota', p_quota,
    'remaining', p_remaining,
    'window_seconds', 86400,
    'reset_seconds', p_reset_seconds
  );
end
$$;
CREATE FUNCTION rolecall.bucket_end_ms(p_bucket integer) RETURNS double precision
    LANGUAGE plpgsql IMMUTABLE
    SET search_path TO ''
    AS $$
begin
  return 0.1 * power(2.0::double precision, p_bucket / 2.0);
end
$$;
CREATE FUNCTION rolecall.caller_may_write() RETURNS boolean
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO ''
    AS $$
  select exists (
    select
    from public.profiles
    where id = auth.uid()
      and (suspended_until is null or suspended_until <= now())
  )
$$;
CREATE FUNCTION rolecall.caller_organization() RETURNS uuid
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO ''
    AS $$
  select organization_id
  from public.profiles
  where id = auth.uid()
$$;
CREATE FUNCTION rolecall.claim_key(p_function text, p_user uuid, p_key text, p_input jsonb) RETURNS jsonb
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
declare
  v_fingerprint bytea := sha256(convert_to(p_function || ' ' || p_input::text, 'UTF8'));
  v_answer jsonb;
  v_same boolean;
begin
  insert into rolecall.idempotency_records as record (user_id, key, fingerprint)
  values (p_user, p_key, v_fingerprint)
  on conflict (user_id, key) do update
  set
    fingerprint = excluded.fingerprint,
    answer = null,
    created_at = excluded.created_at
  where record.created_at <= now() - interval '24 hours';
  if found then
    return null;
  end if;

  select record.fingerprint = v_fingerprint, record.answer
  into v_same, v_answer
  from rolecall.idempotency_records as record
  where record.user_id = p_user
    and record.key = p_key;
  if v_same and v_answer is not null then
    return v_answer || '{"replayed": true}';
  end if;
  return rolecall.refusal(
    'idempotency_conflict',
    'This Idempotency-Key was used for another request in the last 24 hours.',
    'idempotency_key_reused',
    'The request is sent with a key of its own, or exactly as it was sent the first time.'
  );
end
$$;
CREATE FUNCTION rolecall.count_help_messages() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
begin
  insert into rolecall.help_message_counts as counted (conversation_id, messages)
  select conversation_id, count(*)
  from added
  group by conversation_id
  order by conversation_id
  on conflict (conversation_id) do update
  set messages = counted.messages + excluded.messages;
  return null;
end
$$;
CREATE FUNCTION rolecall.count_joined() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
begin
  insert into rolecall.show_audience as audience (show_id, role, participants)
  select show_id, role, count(*)
  from joined
  group by show_id, role
  order by show_id, role
  on conflict (show_id, role) do update
  set participants = audience.participants + excluded.participants;
  return null;
end
$$;
CREATE FUNCTION rolecall.count_left() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
begin
  perform
  from rolecall.show_audience
  where (show_id, role) in (select show_id, role from gone)
  order by show_id, role
  for update;
  update rolecall.show_audience as audience
  set participants = audience.participants - gone_of.participants
  from (
    select show_id, role, count(*) as participants
    from gone
    group by show_id, role
  ) as gone_of
  where audience.show_id = gone_of.show_id
    and audience.role = gone_of.role;
  return null;
end
$$;
CREATE FUNCTION rolecall.count_moved() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
begin
  insert into rolecall.show_audience as audience (show_id, role, participants)
  select show_id, role, sum(participants)
  from (
    select show_id, role, 1 as participants from joined
    union all
    select show_id, role, -1 from gone
  ) as change
  group by show_id, role
  having sum(participants) <> 0
  order by show_id, role
  on conflict (show_id, role) do update
  set participants = audience.participants + excluded.participants;
  return null;
end
$$;
CREATE FUNCTION rolecall.count_none() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
begin
  update rolecall.show_audience
  set participants = 0;
  return null;
end
$$;
CREATE FUNCTION rolecall.decide(p_action text, p_actor public.app_role, p_target public.app_role, p_facts text[]) RETURNS rolecall.decision
    LANGUAGE plpgsql STABLE
    SET search_path TO ''
    AS $$
declare
  v_decision rolecall.decision;
begin
  select false, guard.code, guard.rule, guard.message, guard.allowed_if
  into v_decision
  from rolecall.permission_guards as guard
  where guard.action = p_action
    and coalesce(guard.fact = any (p_facts), false) = guard.denies_when
  order by guard.position
  limit 1;
  if found then
    return v_decision;
  end if;

  select
    coalesce(rule.allowed and (rule.requires is null or rule.requires = any (p_facts)), false),
    null,
    rule.rule,
    rule.message,
    rule.allowed_if
  into v_decision
  from rolecall.permission_rules as rule
  where rule.action = p_action
    and rule.actor_role = p_actor
    and rule.target_role = p_target;
  if not found then
    v_decision := row(
      false,
      'permission_denied'::text,
      'no_rule'::text,
      'No rule allows this.'::text,
      'A rule is added for these roles.'::text
    );
    return v_decision;
  end if;
  if not v_decision.allowed then
    v_decision.code := 'permission_denied';
  end if;
  return v_decision;
end
$$;
CREATE FUNCTION rolecall.diagnose(p_organization uuid) RETURNS jsonb
    LANGUAGE plpgsql STABLE
    SET search_path TO ''
    AS $$
declare
  v_conversations jsonb;
  v_messages jsonb;
  v_help_conversations bigint;
  v_help_messages bigint;
  v_refusals jsonb;
  v_success_rate jsonb;
  v_durations jsonb;
  v_quotas jsonb;
  v_flags jsonb;
  v_migration jsonb;
begin
  select
    jsonb_build_object(
      'direct', count(*) filter (where kind = 'direct'),
      'broadcast', count(*) filter (where kind = 'broadcast')
    ),
    jsonb_build_object(
      'direct', coalesce(sum(last_seq) filter (where kind = 'direct'), 0),
      'broadcast', coalesce(sum(last_seq) filter (where kind = 'broadcast'), 0)
    )
  into v_conversations, v_messages
  from public.conversations
  where organization_id = p_organization;

  -- A help conversation belongs where its requester does.
  select count(*), coalesce(sum(counted.messages), 0)
  into v_help_conversations, v_help_messages
  from public.profiles as requester
  join public.conversations_v2 as conversation
    on conversation.requester_id = requester.id
  left join rolecall.help_message_counts as counted
    on counted.conversation_id = conversation.id
  where requester.organization_id = p_organization;

  with recent as (
    select slot, function, code, bucket, sum(requests) as requests
    from rolecall.request_metrics
    where org_id = p_organization
      and slot > now() - interval '24 hours 15 minutes'
    group by slot, function, code, bucket
  ),
  span (name, since) as (
    -- Requests are counted in quarters of an hour: a span begins with the quarter that it begins in.
    values
      ('1h', now() - interval '1 hour 15 minutes'),
      ('24h', now() - interval '24 hours 15 minutes')
  ),
  by_code as (
    select span.name, recent.code, sum(recent.requests) as requests
    from span
    join recent
      on recent.slot > span.since
    group by span.name, recent.code
  ),
  by_bucket as (
    select
      function,
      bucket,
      sum(requests) as requests,
      sum(sum(requests)) over (partition by function order by bucket) as up_to,
      sum(sum(requests)) over (partition by function) as total
    from recent
    group by function, bucket
  ),
  by_function as (
    select
      function,
      max(total) as requests,
      -- Requests are taken to be spread evenly in the bucket where the percentile falls.
      max(rolecall.within_bucket(bucket, (0.50 * total - (up_to - requests)) / requests))
        filter (where up_to - requests < 0.50 * total) as p50,
      max(rolecall.within_bucket(bucket, (0.95 * total - (up_to - requests)) / requests))
        filter (where up_to - requests < 0.95 * total) as p95,
      max(rolecall.within_bucket(bucket, (0.99 * total - (up_to - requests)) / requests))
        filter (where up_to - requests < 0.99 * total) as p99
    from by_bucket
    group by function
  )
  select
    (
      select jsonb_object_agg(
        span.name,
        (
          select coalesce(jsonb_object_agg(by_code.code, by_code.requests), '{}')
          from by_code
          where by_code.name = span.name
            and by_code.code <> 'ok'
        )
      )
      from span
    ),
    (
      select jsonb_object_agg(
        span.name,
        (
          select round(coalesce(sum(by_code.requests) filter (where by_code.code = 'ok'), 0) / sum(by_code.requests), 4)
          from by_code
          where by_code.name = span.name
        )
      )
      from span
    ),
    (
      select coalesce(
        jsonb_object_agg(
          function,
          jsonb_build_object('p50', p50, 'p95', p95, 'p99', p99, 'requests', requests)
        ),
        '{}'
      )
      from by_function
    )
  into v_refusals, v_success_rate, v_durations;

  select coalesce(
    jsonb_agg(
      jsonb_build_object(
        'sender_id', sender_id,
        'show_id', show_id,
        'period', period,
        'pre_show_remaining', pre_show_remaining,
        'post_show_remaining', post_show_remaining
      )
      order by period desc, updated_at desc
    ),
    '[]'
  )
  into v_quotas
  from (
    select quota.*
    from public.profiles as sender
    join public.broadcast_quotas as quota
      on quota.sender_id = sender.id
    where sender.organization_id = p_organization
    order by quota.period desc, quota.updated_at desc
    limit 100
  ) as newest;

  select coalesce(jsonb_object_agg(name, rollout), '{}')
  into v_flags
  from public.feature_flags;

  select jsonb_build_object('version', version, 'name', name)
  into v_migration
  from rolecall.schema_migrations
  order by version desc
  limit 1;

  return jsonb_build_object(
    'organization_id', p_organization,
    'generated_at', rolecall.iso(now()),
    'conversations', v_conversations || jsonb_build_object('help', v_help_conversations),
    'messages', v_messages || jsonb_build_object('help', v_help_messages),
    'refusals', v_refusals,
    'success_rate', v_success_rate,
    'durations_ms', v_durations,
    'quotas', v_quotas,
    'flags', v_flags,
    'migration', v_migration
  );
end
$$;
CREATE FUNCTION rolecall.discount_help_messages() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
begin
  update rolecall.help_message_counts as counted
  set messages = counted.messages - gone_of.messages
  from (
    select conversation_id, count(*) as messages
    from gone
    group by conversation_id
  ) as gone_of
  where counted.conversation_id = gone_of.conversation_id;
  return null;
end
$$;
CREATE FUNCTION rolecall.feature_enabled(p_flag text, p_rollout text, p_user uuid, p_internal boolean) RETURNS boolean
    LANGUAGE plpgsql STABLE
    SET search_path TO ''
    AS $$
declare
  v_flag text;
begin
  select rollout
  into v_flag
  from public.feature_flags
  where name = p_flag;
  return rolecall.rollout_includes(v_flag, p_flag, p_user, p_internal)
    and rolecall.rollout_includes(p_rollout, p_flag, p_user, p_internal);
end
$$;
CREATE FUNCTION rolecall.finish(p_function text, p_request jsonb, p_user uuid, p_answer jsonb, p_service text DEFAULT 'database'::text, p_event text DEFAULT 'refused'::text) RETURNS jsonb
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
declare
  -- From the statement's arrival on, so that waiting for a lock counts; the commit comes after it.
  v_ms double precision := 1000 * extract(epoch from clock_timestamp() - statement_timestamp());
  v_code text := coalesce(p_answer ->> 'code', 'ok');
  v_org_id uuid := p_answer ->> 'org_id';
begin
  if not p_answer ? 'org_id' then
    select organization_id
    into v_org_id
    from public.profiles
    where id = p_user;
    if v_org_id is not null then
      p_answer := p_answer || jsonb_build_object('org_id', v_org_id);
    end if;
  end if;

  if v_code <> 'ok' then
    insert into public.application_logs (
      level, service, method, event, request_id, user_id, conversation_id, org_id, duration_ms, code, details
    )
    values (
      'warn',
      p_service,
      p_function,
      p_event,
      p_request ->> 'request_id',
      p_user,
      rolecall.uuid_or_null(p_answer #>> '{data,conversation_id}'),
      v_org_id,
      round(v_ms::numeric, 3),
      v_code,
      jsonb_strip_nulls(
        jsonb_build_object(
          'detail', p_answer -> 'detail',
          'reasons', p_answer -> 'reasons',
          'field', p_answer -> 'field'
        )
      )
    );
  end if;

  insert into rolecall.request_metrics as metric (slot, function, code, org_id, bucket, stripe, requests)
  values (
    date_bin('15 minutes', now(), '2000-01-01 00:00:00+00'),
    p_function,
    v_code,
    coalesce(v_org_id, '00000000-0000-0000-0000-000000000000'),
    -- Two buckets for each doubling above 0.1 ms; the last one ends at 105 s.
    least(ceil(2 * ln(greatest(v_ms * 10, 1)) / ln(2.0::double precision)), 40),
    pg_backend_pid() % 32,
    1
  )
  on conflict (org_id, slot, function, code, bucket, stripe) do update
  set requests = metric.requests + 1;
  return p_answer;
end
$$;
CREATE FUNCTION rolecall.has_length(p_text text, p_least integer, p_most integer) RETURNS boolean
    LANGUAGE plpgsql IMMUTABLE
    SET search_path TO ''
    AS $$
begin
  return coalesce(char_length(p_text) between p_least and p_most, false);
end
$$;
CREATE TABLE public.messages_v2 (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    conversation_id uuid NOT NULL,
    sender_id uuid NOT NULL,
    content text NOT NULL,
    created_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    updated_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT messages_v2_content_length CHECK (((char_length(content) >= 1) AND (char_length(content) <= 2000)))
);
COMMENT ON TABLE public.messages_v2 IS 'The messages of help conversations.';
COMMENT ON COLUMN public.messages_v2.created_at IS 'On the clock, not of the transaction: two messages of one transaction keep their order.';
CREATE FUNCTION rolecall.help_message(p_message public.messages_v2) RETURNS jsonb
    LANGUAGE plpgsql STABLE
    SET search_path TO ''
    AS $$
begin
  return jsonb_build_object(
    'id', p_message.id,
    'content', p_message.content,
    'sender_id', p_message.sender_id,
    'created_at', rolecall.iso(p_message.created_at)
  );
end
$$;
CREATE FUNCTION rolecall.iso(p_at timestamp with time zone) RETURNS text
    LANGUAGE sql STABLE
    RETURN to_char((p_at AT TIME ZONE 'utc'::text), 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'::text);
CREATE FUNCTION rolecall.judge_dm(p_sender uuid, p_recipient uuid, p_show uuid, p_rollout text) RETURNS rolecall.judgement
    LANGUAGE plpgsql STABLE
    SET search_path TO ''
    AS $$
declare
  v_sender_role public.app_role;
  v_recipient_role public.app_role;
  v_org_id uuid;
  v_internal boolean;
  v_rollout text;
  v_read_only boolean;
  v_facts text[];
  v_decision rolecall.decision;
  v_reply rolecall.decision;
begin
  select
    sender.role,
    sender.organization_id,
    sender.is_internal,
    recipient.role,
    flag.rollout,
    array[
      'feature_enabled',
      case when sender.suspended_until > now() then 'suspended' end,
      case when p_sender = p_recipient then 'self' end,
      case
        when exists (
          -- In either direction; nobody blocks themselves, so each of the two is one of the pair.
          select
          from public.user_blocks
          where blocker_id in (p_sender, p_recipient)
            and blocked_id in (p_sender, p_recipient)
        )
        then 'blocked'
      end
    ]
  into v_sender_role, v_org_id, v_internal, v_recipient_role, v_rollout, v_facts
  from (values (p_sender)) as asked (id)
  left join public.profiles as sender
    on sender.id = asked.id
  left join public.profiles as recipient
    on recipient.id = p_recipient
  left join public.feature_flags as flag
    on flag.name = 'send-dm';

  if not (
    rolecall.rollout_includes(v_rollout, 'send-dm', p_sender, v_internal)
    and rolecall.rollout_includes(p_rollout, 'send-dm', p_sender, v_internal)
  ) then
    return row(false, rolecall.refuse_disabled(), v_org_id);
  end if;
  if v_sender_role is null then
    return row(false, rolecall.refuse_without_profile(), v_org_id);
  end if;
  if v_recipient_role is null then
    return row(false, rolecall.refusal('not_found', 'There is no user with this recipient_id.'), v_org_id);
  end if;
  if p_show is not null and not exists (select from public.shows where id = p_show) then
    return row(false, rolecall.refusal('not_found', 'There is no show with this show_id.'), v_org_id);
  end if;

  v_decision := rolecall.decide('start_dm', v_sender_role, v_recipient_role, v_facts);
  if v_decision.allowed then
    return row(true, null::jsonb, v_org_id);
  end if;

  -- A shared show can allow what was refused; no guard looks at it, so it could not have refused what was allowed.
  if exists (
    select
    from public.show_participants as own
    join public.show_participants as theirs
      on theirs.show_id = own.show_id
      and theirs.user_id = p_recipient
    where own.user_id = p_sender
      and (p_show is null or own.show_id = p_show)
  ) then
    v_facts := v_facts || 'shares_show'::text;
    v_decision := rolecall.decide('start_dm', v_sender_role, v_recipient_role, v_facts);
    if v_decision.allowed then
      return row(true, null::jsonb, v_org_id);
    end if;
  end if;

  select read_only
  into v_read_only
  from public.conversations
  where kind = 'direct'
    and participant_low = least(p_sender, p_recipient)
    and participant_high = greatest(p_sender, p_recipient);
  if found then
    v_reply := rolecall.decide(
      'reply',
      v_sender_role,
      v_recipient_role,
      v_facts || array['participant', case when v_read_only then 'read_only' end]
    );
    if v_reply.allowed then
      return row(true, null::jsonb, v_org_id);
    end if;
  end if;
  return row(false, rolecall.refusal_of(v_decision), v_org_id);
end
$$;
CREATE FUNCTION rolecall.judge_reply(p_user uuid, p_conversation uuid, p_rollout text) RETURNS rolecall.judgement
    LANGUAGE plpgsql STABLE
    SET search_path TO ''
    AS $$
declare
  v_sender_role public.app_role;
  v_internal boolean;
  v_org_id uuid;
  v_target_role public.app_role;
  v_facts text[];
  v_decision rolecall.decision;
begin
  select
    sender.role,
    sender.is_internal,
    sender.organization_id,
    target.role,
    array[
      'feature_enabled',
      case when sender.suspended_until > now() then 'suspended' end,
      case when conversation.read_only then 'read_only' end,
      case when conversation.kind = 'broadcast' then 'broadcast_recipient' end,
      case
        -- Of a broadcast: its sender, and the audience of any message in it.
        when conversation.kind = 'broadcast' then
          case
            when conversation.created_by = p_user
              or exists (
                select
                from public.show_participants as own
                join public.broadcasts as broadcast
                  on broadcast.conversation_id = conversation.id
                  and own.role = any (broadcast.recipient_roles)
                where own.show_id = conversation.show_id
                  and own.user_id = p_user
              )
            then 'participant'
          end
        when p_user in (conversation.participant_low, conversation.participant_high) then 'participant'
      end,
      case
        when exists (
          select
          from public.user_blocks
          where blocker_id = p_user
            and blocked_id = target.id
        )
        or exists (
          select
          from public.user_blocks
          where blocker_id = target.id
            and blocked_id = p_user
        )
        then 'blocked'
      end
    ]
  into v_sender_role, v_internal, v_org_id, v_target_role, v_facts
  from (values (p_user)) as asked (id)
  left join public.profiles as sender
    on sender.id = asked.id
  left join public.conversations as conversation
    on conversation.id = p_conversation
  left join public.profiles as target
    on target.id = case
      when conversation.kind = 'broadcast' then conversation.created_by
      when conversation.participant_low = p_user then conversation.participant_high
      when conversation.participant_high = p_user then conversation.participant_low
    end;

  if not rolecall.feature_enabled('send-dm', p_rollout, p_user, v_internal) then
    return row(false, rolecall.refuse_disabled(), v_org_id);
  end if;
  if v_sender_role is null then
    return row(false, rolecall.refuse_without_profile(), v_org_id);
  end if;

  -- A conversation that does not exist has no participants, and is refused in the same words.
  v_decision := rolecall.decide('reply', v_sender_role, v_target_role, v_facts);
  if v_decision.allowed then
    return row(true, null::jsonb, v_org_id);
  end if;
  return row(false, rolecall.refusal_of(v_decision), v_org_id);
end
$$;
CREATE FUNCTION rolecall.quota_day(p_at timestamp with time zone) RETURNS date
    LANGUAGE plpgsql IMMUTABLE
    SET search_path TO ''
    AS $$
begin
  return ((p_at at time zone 'utc') - interval '2 hours')::date;
end
$$;
CREATE FUNCTION rolecall.quota_day_end(p_day date) RETURNS timestamp with time zone
    LANGUAGE plpgsql IMMUTABLE
    SET search_path TO ''
    AS $$
begin
  return (p_day + 1 + time '02:00') at time zone 'utc';
end
$$;
CREATE FUNCTION rolecall.refusal(p_code text, p_detail text, p_rule text DEFAULT NULL::text, p_allowed_if text DEFAULT NULL::text, p_data jsonb DEFAULT NULL::jsonb) RETURNS jsonb
    LANGUAGE plpgsql IMMUTABLE
    SET search_path TO ''
    AS $$
declare
  v_reasons jsonb;
begin
  if p_rule is not null then
    v_reasons := jsonb_build_array(
      jsonb_build_object('code', p_rule, 'message', p_detail)
      || case
        when p_allowed_if <> '' then jsonb_build_object('allowed_if', p_allowed_if)
        else '{}'
      end
    );
  end if;
  return jsonb_strip_nulls(jsonb_build_object('ok', false, 'code', p_code, 'detail', p_detail, 'reasons', v_reasons))
    || case when p_data is null then '{}' else jsonb_build_object('data', p_data) end;
end
$$;
CREATE FUNCTION rolecall.refusal_of(p_decision rolecall.decision) RETURNS jsonb
    LANGUAGE plpgsql IMMUTABLE
    SET search_path TO ''
    AS $$
begin
  return rolecall.refusal(p_decision.code, p_decision.message, p_decision.rule, p_decision.allowed_if);
end
$$;
CREATE FUNCTION rolecall.refuse_disabled() RETURNS jsonb
    LANGUAGE plpgsql IMMUTABLE
    SET search_path TO ''
    AS $$
begin
  return rolecall.refusal(
    'feature_disabled',
    'This function is switched off, or not rolled out to you yet.',
    'feature_disabled',
    'The function is switched on for you.'
  );
end
$$;
CREATE FUNCTION rolecall.refuse_help_writer(p_user uuid, p_other uuid) RETURNS jsonb
    LANGUAGE plpgsql STABLE
    SET search_path TO ''
    AS $$
declare
  v_user public.profiles;
begin
  select *
  into v_user
  from public.profiles
  where id = p_user;
  if not found then
    return rolecall.refuse_without_profile();
  end if;
  if v_user.suspended_until > now() then
    return rolecall.refusal(
      'permission_denied',
      'Your account is suspended and cannot write.',
      'suspended',
      'The suspension has ended.'
    );
  end if;
  if exists (
    select
    from public.user_blocks
    where (blocker_id = p_user and blocked_id = p_other)
      or (blocker_id = p_other and blocked_id = p_user)
  ) then
    return rolecall.refusal(
      'permission_denied',
      'There is a block between you and this user.',
      'blocked',
      'The block is lifted.'
    );
  end if;
  return null;
end
$$;
CREATE FUNCTION rolecall.refuse_non_operator(p_request jsonb) RETURNS jsonb
    LANGUAGE plpgsql IMMUTABLE
    SET search_path TO ''
    AS $$
begin
  if p_request #>> '{claims,role}' is null then
    return rolecall.refusal('unauthenticated', 'A valid bearer token of the operator is required.');
  end if;
  return rolecall.refusal(
    'permission_denied',
    'This is for the operator alone.',
    'operator_only',
    'The token is the operator''s.'
  );
end
$$;
CREATE FUNCTION rolecall.refuse_non_user(p_request jsonb) RETURNS jsonb
    LANGUAGE plpgsql IMMUTABLE
    SET search_path TO ''
    AS $$
begin
  if coalesce(p_request #>> '{claims,role}', 'authenticated') = 'authenticated' then
    return rolecall.refusal('unauthenticated', 'A valid bearer token of a user is required.');
  end if;
  return rolecall.refusal(
    'permission_denied',
    'This is for signed-in users alone.',
    'users_only',
    'The token is that of a signed-in user.'
  );
end
$$;
CREATE FUNCTION rolecall.refuse_other_than_caller(p_user uuid) RETURNS jsonb
    LANGUAGE plpgsql STABLE
    SET search_path TO ''
    AS $$
begin
  if auth.uid() is null then
    return rolecall.refusal('unauthenticated', 'A valid bearer token of a user is required.');
  end if;
  if p_user is distinct from auth.uid() then
    return rolecall.refusal(
      'permission_denied',
      'You cannot act for somebody else.',
      'impersonation',
      'The user named is yourself.'
    );
  end if;
  return null;
end
$$;
CREATE FUNCTION rolecall.refuse_without_profile() RETURNS jsonb
    LANGUAGE plpgsql IMMUTABLE
    SET search_path TO ''
    AS $$
begin
  return rolecall.refusal(
    'permission_denied',
    'You have no profile, so no role allows you to do this.',
    'no_profile',
    'A profile is made for you.'
  );
end
$$;
CREATE FUNCTION rolecall.rehearse_broadcast(p_sender uuid, p_input jsonb, p_rollout text) RETURNS jsonb
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
declare
  v_answer jsonb;
  v_conversation uuid;
begin
  begin
    v_answer := rolecall.send_broadcast(p_sender, p_input, p_rollout);
    raise exception using
      errcode = 'RC001',
      message = 'the rehearsal of a broadcast is taken back';
  exception
    when sqlstate 'RC001' then
      null;
  end;
  if (v_answer -> 'ok')::boolean then
    select id
    into v_conversation
    from public.conversations
    where kind = 'broadcast'
      and show_id = rolecall.uuid_or_null(p_input ->> 'show_id')
      and created_by = p_sender;
    v_answer := jsonb_set(
      v_answer,
      '{data}',
      v_answer -> 'data'
        || jsonb_build_object('broadcast_id', null, 'conversation_id', v_conversation, 'dry_run', true)
    );
  end if;
  return v_answer || (
    select coalesce(jsonb_object_agg('org_id', organization_id), '{}')
    from public.profiles
    where id = p_sender
  );
end
$$;
CREATE FUNCTION rolecall.reset_broadcast_quotas() RETURNS jsonb
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
declare
  v_period date := rolecall.quota_day(now());
  v_first boolean;
  v_pre_show bigint;
  v_post_show bigint;
  -- A statement of the functions may take five seconds; what is left over goes the next night.
  v_most int := 100000;
  v_idempotency_records bigint;
  v_application_logs bigint;
  v_request_metrics bigint;
  v_run public.quota_runs;
begin
  insert into public.quota_runs (period)
  values (v_period)
  on conflict (period) do nothing;
  v_first := found;

  if v_first then
    with reset as (
      update public.broadcast_quotas as quota
      set
        period = v_period,
        pre_show_remaining = case when pre_limit.role is null then 0 else pre_limit.per_quota_day end,
        post_show_remaining = case when post_limit.role is null then 0 else post_limit.per_quota_day end,
        updated_at = now()
      from public.profiles as sender
      left join public.broadcast_limits as pre_limit
        on pre_limit.role = sender.role
        and pre_limit.phase = 'pre_show'
      left join public.broadcast_limits as post_limit
        on post_limit.role = sender.role
        and post_limit.phase = 'post_show'
      where quota.period < v_period
        and sender.id = quota.sender_id
      returning quota.show_id
    )
    select
      count(*) filter (where now() < show.starts_at),
      count(*) filter (where now() >= show.starts_at)
    into v_pre_show, v_post_show
    from reset
    join public.shows as show
      on show.id = reset.show_id;

    delete from rolecall.idempotency_records
    where (user_id, key) in (
      select user_id, key
      from rolecall.idempotency_records
      where created_at <= now() - interval '24 hours'
      limit v_most
    );
    get diagnostics v_idempotency_records = row_count;

    delete from public.application_logs
    where id in (
      select id
      from public.application_logs
      where "timestamp" <= now() - interval '30 days'
      limit v_most
    );
    get diagnostics v_application_logs = row_count;

    delete from rolecall.request_metrics
    where ctid in (
      select ctid
      from rolecall.request_metrics
      where slot <= now() - interval '7 days'
      limit v_most
    );
    get diagnostics v_request_metrics = row_count;

    update public.quota_runs
    set
      reset_pre_show = v_pre_show,
      reset_post_show = v_post_show,
      pruned = jsonb_build_object(
        'idempotency_records', v_idempotency_records,
        'application_logs', v_application_logs,
        'request_metrics', v_request_metrics
      )
    where period = v_period;
  end if;

  select *
  into v_run
  from public.quota_runs
  where period = v_period;
  return rolecall.success(
    jsonb_build_object(
      'period', v_run.period,
      'reset', jsonb_build_object('pre_show', v_run.reset_pre_show, 'post_show', v_run.reset_post_show),
      'pruned', v_run.pruned,
      'already_done', not v_first
    )
  );
end
$$;
CREATE FUNCTION rolecall.rollout_includes(p_rollout text, p_flag text, p_user uuid, p_internal boolean) RETURNS boolean
    LANGUAGE plpgsql IMMUTABLE
    SET search_path TO ''
    AS $_$
declare
  v_digest bytea;
begin
  if p_rollout = 'enabled' then
    return true;
  end if;
  if p_rollout = 'internal' then
    return coalesce(p_internal, false);
  end if;
  if p_rollout ~ '^percentage:(0|[1-9][0-9]?|100)$' and p_flag is not null and p_user is not null then
    if p_internal then
      return true;
    end if;
    v_digest := sha256(convert_to(p_flag || ':' || p_user::text, 'UTF8'));
    return (
      (get_byte(v_digest, 0)::bigint << 24)
      + (get_byte(v_digest, 1) << 16)
      + (get_byte(v_digest, 2) << 8)
      + get_byte(v_digest, 3)
    ) % 10000 < substr(p_rollout, 12)::int * 100;
  end if;
  return false;
end
$_$;
CREATE FUNCTION rolecall.send_broadcast(p_sender uuid, p_input jsonb, p_rollout text) RETURNS jsonb
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
declare
  v_show_id uuid := rolecall.uuid_or_null(p_input ->> 'show_id');
  v_show public.shows;
  v_sender public.profiles;
  v_roles public.app_role[];
  v_facts text[];
  v_reasons jsonb;
  v_code text;
  v_detail text;
  v_phase text;
  v_reset_at timestamptz := rolecall.quota_day_end(rolecall.quota_day(now()));
  v_reset_seconds bigint;
  v_pre_show_limit int;
  v_post_show_limit int;
  v_limit int;
  v_quota public.broadcast_quotas;
  v_remaining jsonb;
  v_limits jsonb;
  v_audience bigint;
  v_conversation uuid;
  v_seq bigint;
  v_message uuid;
  v_broadcast uuid;
begin
  select *
  into v_sender
  from public.profiles
  where id = p_sender;
  if not rolecall.feature_enabled('send-broadcast', p_rollout, p_sender, v_sender.is_internal) then
    return rolecall.refuse_disabled();
  end if;
  if v_sender.id is null then
    return rolecall.refuse_without_profile();
  end if;

  if not rolecall.has_length(p_input ->> 'message', 1, 1000) then
    return rolecall.refusal('invalid_input', 'The message must have 1 to 1000 characters.');
  end if;
  -- In the order of the roles, each once; a name that is no role fails to be found, not to be cast.
  select array_agg(role order by role)
  into v_roles
  from unnest(enum_range(null::public.app_role)) as role
  where jsonb_typeof(p_input -> 'recipient_roles') = 'array'
    and (p_input -> 'recipient_roles') ? role::text;
  if v_roles is null
    or exists (
      select
      from jsonb_array_elements(
        case when jsonb_typeof(p_input -> 'recipient_roles') = 'array' then p_input -> 'recipient_roles' end
      ) as given
      where jsonb_typeof(given) <> 'string'
        or given #>> '{}' <> all (v_roles::text[])
    )
  then
    return rolecall.refusal('invalid_input', 'The recipient_roles must be a list of at least one role.');
  end if;

  select *
  into v_show
  from public.shows
  where id = v_show_id;
  if not found then
    return rolecall.refusal('not_found', 'There is no show with this show_id.');
  end if;

  v_facts := array[
    'feature_enabled',
    case when v_sender.suspended_until > now() then 'suspended' end,
    case when v_show.organizer_id = p_sender then 'own_show' end,
    case
      when exists (
        select
        from public.show_participants
        where show_id = v_show_id
          and user_id = p_sender
      )
      then 'takes_part'
    end
  ];
  -- Every role that is refused is a reason; what is said of several roles is said once.
  select
    jsonb_agg(reason order by first_role),
    (array_agg(code order by first_role))[1],
    string_agg(reason ->> 'message', ' ' order by first_role)
  into v_reasons, v_code, v_detail
  from (
    select
      min(role) as first_role,
      decision.code,
      jsonb_build_object('code', decision.rule, 'message', decision.message, 'allowed_if', decision.allowed_if)
        as reason
    from unnest(v_roles) as role
    cross join lateral rolecall.decide('broadcast', v_sender.role, role, v_facts) as decision
    where decision.allowed is distinct from true
    group by decision.code, decision.rule, decision.message, decision.allowed_if
  ) as refused;
  if v_reasons is not null then
    return jsonb_build_object('ok', false, 'code', v_code, 'detail', v_detail, 'reasons', v_reasons);
  end if;

  v_phase := case when now() < v_show.starts_at then 'pre_show' else 'post_show' end;
  -- A role that may broadcast but has no limit set has nothing to take from, rather than no limit.
  select
    (
      select case when count(*) = 0 then 0 else max(per_quota_day) end
      from public.broadcast_limits
      where role = v_sender.role
        and phase = 'pre_show'
    ),
    (
      select case when count(*) = 0 then 0 else max(per_quota_day) end
      from public.broadcast_limits
      where role = v_sender.role
        and phase = 'post_show'
    )
  into v_pre_show_limit, v_post_show_limit;
  v_limit := case v_phase when 'pre_show' then v_pre_show_limit else v_post_show_limit end;

  select *
  into v_quota
  from rolecall.take_quota(p_sender, v_show_id, v_phase, v_pre_show_limit, v_post_show_limit);
  v_reset_seconds := greatest(1, ceil(extract(epoch from v_reset_at - now())));
  if not found then
    select *
    into v_quota
    from public.broadcast_quotas
    where sender_id = p_sender
      and show_id = v_show_id
      and period >= rolecall.quota_day(now());
    v_remaining := case v_phase
      when 'pre_show' then jsonb_build_object(
        'pre_show', 0,
        'post_show', case when v_quota.sender_id is null then v_post_show_limit else v_quota.post_show_remaining end
      )
      else jsonb_build_object(
        'pre_show', case when v_quota.sender_id is null then v_pre_show_limit else v_quota.pre_show_remaining end,
        'post_show', 0
      )
    end;
    return rolecall.refusal(
      'quota_exceeded',
      format(
        'You have no broadcast left %s this show until %s; the limit is %s per quota day.',
        case v_phase when 'pre_show' then 'before the start of' else 'after the start of' end,
        rolecall.iso(v_reset_at),
        v_limit
      ),
      'broadcast_quota_spent',
      'The quota day has ended.',
      jsonb_build_object(
        'phase', v_phase,
        'reset_at', rolecall.iso(v_reset_at),
        'retry_after_seconds', v_reset_seconds,
        'quota_remaining', v_remaining
      )
    ) || jsonb_build_object(
      'limits', jsonb_build_array(rolecall.broadcast_limit(v_phase, v_limit, 0, v_reset_seconds))
    );
  end if;
  v_remaining := jsonb_build_object(
    'pre_show', v_quota.pre_show_remaining,
    'post_show', v_quota.post_show_remaining
  );
  if v_limit is not null then
    v_limits := jsonb_build_array(
      rolecall.broadcast_limit(v_phase, v_limit, (v_remaining ->> v_phase)::int, v_reset_seconds)
    );
  end if;

  -- Who sends to a role they have themselves is not their own audience.
  select coalesce(sum(participants), 0)
  into v_audience
  from rolecall.show_audience
  where show_id = v_show_id
    and role = any (v_roles);
  if exists (
    select
    from public.show_participants
    where show_id = v_show_id
      and user_id = p_sender
      and role = any (v_roles)
  ) then
    v_audience := v_audience - 1;
  end if;

  insert into public.conversations as conversation (
    kind, show_id, created_by, organization_id, last_seq, last_message_at
  )
  values ('broadcast', v_show_id, p_sender, v_sender.organization_id, 1, now())
  on conflict (show_id, created_by) where kind = 'broadcast' do update
  set
    last_seq = conversation.last_seq + 1,
    last_message_at = excluded.last_message_at
  returning id, last_seq
  into v_conversation, v_seq;

  insert into public.conversation_participants as participant (conversation_id, user_id, last_read_seq)
  values (v_conversation, p_sender, v_seq)
  on conflict (conversation_id, user_id) do update
  set last_read_seq = excluded.last_read_seq;

  insert into public.messages (conversation_id, seq, sender_id, content, show_id)
  values (v_conversation, v_seq, p_sender, p_input ->> 'message', v_show_id)
  returning id
  into v_message;

  insert into public.broadcasts (
    conversation_id, message_id, show_id, sender_id, phase, recipient_roles, audience_count
  )
  values (v_conversation, v_message, v_show_id, p_sender, v_phase, v_roles, v_audience)
  returning id
  into v_broadcast;

  return rolecall.success(
    jsonb_build_object(
      'broadcast_id', v_broadcast,
      'conversation_id', v_conversation,
      'audience_count', v_audience,
      'quota_remaining', v_remaining
    ),
    v_limits
  );
end
$$;
CREATE FUNCTION rolecall.send_dm(p_sender uuid, p_input jsonb, p_rollout text) RETURNS jsonb
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
declare
  v_content text := p_input ->> 'content';
  v_recipient uuid;
  v_conversation uuid;
  v_show uuid;
  v_judgement rolecall.judgement;
  v_seq bigint;
  v_message uuid;
begin
  if coalesce(char_length(v_content) not between 1 and 2000, true) then
    return rolecall.refusal('invalid_input', 'The content must have 1 to 2000 characters.');
  end if;

  if p_input ->> 'conversation_id' is null then
    v_recipient := rolecall.uuid_or_null(p_input ->> 'recipient_id');
    if p_input ->> 'show_id' is not null then
      v_show := rolecall.uuid_or_null(p_input ->> 'show_id');
      if v_show is null then
        return rolecall.refusal('invalid_input', 'The show_id is not a uuid.');
      end if;
    end if;
    v_judgement := rolecall.judge_dm(p_sender, v_recipient, v_show, p_rollout);
    if v_judgement.allowed is distinct from true then
      return v_judgement.refusal;
    end if;

    -- One statement settles who makes the conversation and who continues it, and numbers the message.
    with numbered as (
      insert into public.conversations as conversation (
        kind, participant_low, participant_high, created_by, organization_id, last_seq, last_message_at
      )
      values (
        'direct',
        least(p_sender, v_recipient),
        greatest(p_sender, v_recipient),
        p_sender,
        v_judgement.org_id,
        1,
        now()
      )
      on conflict (participant_low, participant_high) where kind = 'direct' do update
      set
        last_seq = conversation.last_seq + 1,
        last_message_at = excluded.last_message_at
      where not conversation.read_only
      returning id, last_seq
    )
    insert into public.messages (conversation_id, seq, sender_id, content, show_id)
    select id, last_seq, p_sender, v_content, v_show
    from numbered
    returning conversation_id, seq, id
    into v_conversation, v_seq, v_message;
    if not found then
      -- There is a conversation, and the operator has closed it.
      select id
      into v_conversation
      from public.conversations
      where kind = 'direct'
        and participant_low = least(p_sender, v_recipient)
        and participant_high = greatest(p_sender, v_recipient);
      return (rolecall.judge_reply(p_sender, v_conversation, p_rollout)).refusal;
    end if;
  else
    v_conversation := rolecall.uuid_or_null(p_input ->> 'conversation_id');
    v_judgement := rolecall.judge_reply(p_sender, v_conversation, p_rollout);
    if v_judgement.allowed is distinct from true then
      return v_judgement.refusal;
    end if;

    with numbered as (
      update public.conversations
      set
        last_seq = last_seq + 1,
        last_message_at = now()
      where id = v_conversation
        and not read_only
      returning id, last_seq
    )
    insert into public.messages (conversation_id, seq, sender_id, content)
    select id, last_seq, p_sender, v_content
    from numbered
    returning seq, id
    into v_seq, v_message;
    if not found then
      -- Closed or deleted since it was judged.
      return rolecall.refusal('not_found', 'There is no conversation with this conversation_id.');
    end if;
  end if;

  -- Not part of the statement above, which would not see what was committed while it waited for the conversation.
  if v_seq = 1 then
    insert into public.conversation_participants (conversation_id, user_id, last_read_seq)
    values
      (v_conversation, p_sender, 1),
      (v_conversation, v_recipient, 0);
  else
    update public.conversation_participants
    set last_read_seq = v_seq
    where conversation_id = v_conversation
      and user_id = p_sender;
  end if;

  return jsonb_build_object(
    'ok', true,
    'data', jsonb_build_object(
      'message_id', v_message,
      'conversation_id', v_conversation,
      'seq', v_seq,
      'created_at', rolecall.iso(now())
    ),
    'org_id', v_judgement.org_id
  );
end
$$;
CREATE FUNCTION rolecall.send_dm_one(p_request jsonb) RETURNS jsonb
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
declare
  v_caller uuid := rolecall.assume_claims(p_request -> 'claims');
  v_key text := p_request ->> 'idempotency_key';
  v_answer jsonb;
begin
  if v_caller is null or p_request #>> '{claims,role}' is distinct from 'authenticated' then
    v_answer := rolecall.refuse_non_user(p_request);
  elsif v_key is not null then
    v_answer := rolecall.claim_key('send-dm', v_caller, v_key, p_request -> 'input');
  end if;
  if v_answer is null then
    v_answer := rolecall.send_dm(v_caller, p_request -> 'input', p_request ->> 'rollout');
    if v_key is not null then
      perform rolecall.settle_key(v_caller, v_key, v_answer);
    end if;
  end if;
  return rolecall.finish('send-dm', p_request, v_caller, v_answer);
end
$$;
CREATE FUNCTION rolecall.set_participant_role() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
begin
  if tg_op = 'UPDATE' then
    new.role := old.role;
    return new;
  end if;
  if new.role is null then
    select role
    into new.role
    from public.profiles
    where id = new.user_id;
  end if;
  return new;
end
$$;
CREATE FUNCTION rolecall.settle_key(p_user uuid, p_key text, p_answer jsonb) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
begin
  if (p_answer -> 'ok')::boolean then
    update rolecall.idempotency_records
    set answer = p_answer
    where user_id = p_user
      and key = p_key;
  else
    delete from rolecall.idempotency_records
    where user_id = p_user
      and key = p_key;
  end if;
end
$$;
CREATE FUNCTION rolecall.start_help_conversation(p_helper uuid, p_help_request uuid, p_initial_message text, p_rollout text) RETURNS jsonb
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
declare
  v_request public.help_requests;
  v_refusal jsonb;
  v_conversation uuid;
  v_message public.messages_v2;
begin
  -- Held until the commit, so that the request cannot be closed between being looked at and being answered. Helpers
  -- do not wait for each other.
  select *
  into v_request
  from public.help_requests
  where id = p_help_request
  for share;

  if not rolecall.feature_enabled(
    'start-conversation',
    p_rollout,
    p_helper,
    (select is_internal from public.profiles where id = p_helper)
  ) then
    return rolecall.refuse_disabled();
  end if;
  v_refusal := rolecall.refuse_help_writer(p_helper, v_request.requester_id);
  if v_refusal is not null then
    return v_refusal;
  end if;
  if not rolecall.has_length(p_initial_message, 10, 1000) then
    return rolecall.refusal('invalid_input', 'The initial_message must have 10 to 1000 characters.');
  end if;
  if v_request.id is null then
    return rolecall.refusal('help_request_not_found', 'There is no help request with this id.');
  end if;
  if v_request.requester_id = p_helper then
    return rolecall.refusal(
      'invalid_input',
      'One cannot offer help on one''s own request.',
      'own_help_request',
      'The help request is somebody else''s.'
    );
  end if;
  if v_request.status <> 'open' then
    return rolecall.refusal(
      'help_request_unavailable',
      'This help request is no longer open.',
      'help_request_not_open',
      'The requester opens it again.'
    );
  end if;

  insert into public.conversations_v2 (help_request_id, requester_id, helper_id, initial_message)
  values (p_help_request, v_request.requester_id, p_helper, p_initial_message)
  on conflict (help_request_id, helper_id) do nothing
  returning id
  into v_conversation;
  if v_conversation is null then
    select id
    into v_conversation
    from public.conversations_v2
    where help_request_id = p_help_request
      and helper_id = p_helper;
    return rolecall.refusal(
      'conversation_exists',
      'You already have a conversation about this help request.',
      'one_conversation_per_helper',
      'You write into the conversation that exists.',
      jsonb_build_object('conversation_id', v_conversation)
    );
  end if;

  insert into public.messages_v2 (conversation_id, sender_id, content)
  values (v_conversation, p_helper, p_initial_message)
  returning *
  into v_message;

  return rolecall.success(
    jsonb_build_object(
      'conversation_id', v_conversation,
      'version', 'v2',
      'message', rolecall.help_message(v_message)
    )
  );
end
$$;
CREATE FUNCTION rolecall.success(p_data jsonb, p_limits jsonb DEFAULT NULL::jsonb) RETURNS jsonb
    LANGUAGE plpgsql IMMUTABLE
    SET search_path TO ''
    AS $$
begin
  if p_limits is null then
    return jsonb_build_object('ok', true, 'data', p_data);
  end if;
  return jsonb_build_object('ok', true, 'data', p_data, 'limits', p_limits);
end
$$;
CREATE TABLE public.broadcast_quotas (
    sender_id uuid NOT NULL,
    show_id uuid NOT NULL,
    period date NOT NULL,
    pre_show_remaining integer,
    post_show_remaining integer,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT broadcast_quotas_post_show_positive CHECK ((post_show_remaining >= 0)),
    CONSTRAINT broadcast_quotas_pre_show_positive CHECK ((pre_show_remaining >= 0))
);
COMMENT ON TABLE public.broadcast_quotas IS 'What a sender has left for a show on a quota day. A row of an earlier day counts as full; null is no limit.';
CREATE FUNCTION rolecall.take_quota(p_sender uuid, p_show uuid, p_phase text, p_pre_show_limit integer, p_post_show_limit integer) RETURNS SETOF public.broadcast_quotas
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
declare
  v_pre_show_cost int := (p_phase = 'pre_show')::int;
  v_post_show_cost int := (p_phase = 'post_show')::int;
begin
  return query
  insert into public.broadcast_quotas as quota (
    sender_id, show_id, period, pre_show_remaining, post_show_remaining
  )
  select
    p_sender,
    p_show,
    rolecall.quota_day(now()),
    p_pre_show_limit - v_pre_show_cost,
    p_post_show_limit - v_post_show_cost
  -- A limit of nothing has nothing to take from, not even on a new day.
  where case p_phase when 'pre_show' then p_pre_show_limit else p_post_show_limit end is distinct from 0
  on conflict (sender_id, show_id) do update
  set
    period = greatest(quota.period, excluded.period),
    -- The limit may have been none when the row was written, or be none now.
    pre_show_remaining = case
      when quota.period < excluded.period or quota.pre_show_remaining is null or p_pre_show_limit is null
        then excluded.pre_show_remaining
      else quota.pre_show_remaining - v_pre_show_cost
    end,
    post_show_remaining = case
      when quota.period < excluded.period or quota.post_show_remaining is null or p_post_show_limit is null
        then excluded.post_show_remaining
      else quota.post_show_remaining - v_post_show_cost
    end,
    updated_at = now()
  where quota.period < excluded.period
    or case p_phase
      when 'pre_show' then p_pre_show_limit is null or quota.pre_show_remaining is distinct from 0
      else p_post_show_limit is null or quota.post_show_remaining is distinct from 0
    end
  returning quota.*;
end
$$;
CREATE FUNCTION rolecall.touch_updated_at() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
begin
  new.updated_at := now();
  return new;
end
$$;
CREATE FUNCTION rolecall.uuid_or_null(p_text text) RETURNS uuid
    LANGUAGE sql IMMUTABLE
    RETURN CASE WHEN ((p_text ~~ '________-____-____-____-____________'::text) AND (translate(p_text, '0123456789abcdefABCDEF'::text, ''::text) = '----'::text)) THEN (p_text)::uuid ELSE NULL::uuid END;
CREATE FUNCTION rolecall.within_bucket(p_bucket integer, p_share numeric) RETURNS numeric
    LANGUAGE plpgsql IMMUTABLE
    SET search_path TO ''
    AS $$
declare
  v_begin double precision := case when p_bucket > 0 then rolecall.bucket_end_ms(p_bucket - 1) else 0 end;
begin
  return round(
    (v_begin + p_share::double precision * (rolecall.bucket_end_ms(p_bucket) - v_begin))::numeric,
    3
  );
end
$$;
CREATE TABLE public.application_logs (
    id bigint NOT NULL,
    "timestamp" timestamp with time zone DEFAULT now() NOT NULL,
    level text NOT NULL,
    service text NOT NULL,
    method text,
    event text NOT NULL,
    request_id text,
    user_id uuid,
    conversation_id uuid,
    org_id uuid,
    duration_ms numeric,
    code text,
    details jsonb DEFAULT '{}'::jsonb NOT NULL,
    CONSTRAINT application_logs_level_known CHECK ((level = ANY (ARRAY['info'::text, 'warn'::text, 'error'::text])))
);
COMMENT ON TABLE public.application_logs IS 'Every refusal and every operation worth an audit, written in the transaction it tells of. Never message contents.';
ALTER TABLE public.application_logs ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.application_logs_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.broadcast_limits (
    role public.app_role NOT NULL,
    phase text NOT NULL,
    per_quota_day integer,
    CONSTRAINT broadcast_limits_per_quota_day_positive CHECK ((per_quota_day >= 0)),
    CONSTRAINT broadcast_limits_phase_known CHECK ((phase = ANY (ARRAY['pre_show'::text, 'post_show'::text])))
);
COMMENT ON TABLE public.broadcast_limits IS 'How many broadcasts a sender of this role has for each show and quota day. A role without a row has none.';
COMMENT ON COLUMN public.broadcast_limits.per_quota_day IS 'Null for no limit.';
CREATE TABLE public.broadcasts (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    conversation_id uuid NOT NULL,
    message_id uuid NOT NULL,
    show_id uuid NOT NULL,
    sender_id uuid NOT NULL,
    phase text NOT NULL,
    recipient_roles public.app_role[] NOT NULL,
    audience_count bigint NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT broadcasts_audience_count_positive CHECK ((audience_count >= 0)),
    CONSTRAINT broadcasts_phase_known CHECK ((phase = ANY (ARRAY['pre_show'::text, 'post_show'::text]))),
    CONSTRAINT broadcasts_recipient_roles_given CHECK ((cardinality(recipient_roles) >= 1))
);
COMMENT ON TABLE public.broadcasts IS 'A message to everybody who takes part in a show with one of the roles; its audience reads it from here.';
CREATE TABLE public.conversation_participants (
    conversation_id uuid NOT NULL,
    user_id uuid NOT NULL,
    last_read_seq bigint DEFAULT 0 NOT NULL,
    joined_at timestamp with time zone DEFAULT now() NOT NULL
)
WITH (fillfactor='80');
COMMENT ON TABLE public.conversation_participants IS 'Who writes in a conversation and how far they have read; unread is last_seq less last_read_seq.';
CREATE TABLE public.conversations (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    kind text NOT NULL,
    participant_low uuid,
    participant_high uuid,
    show_id uuid,
    created_by uuid NOT NULL,
    organization_id uuid,
    read_only boolean DEFAULT false NOT NULL,
    last_seq bigint DEFAULT 0 NOT NULL,
    last_message_at timestamp with time zone,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT conversations_form CHECK (((((kind = 'direct'::text) AND (participant_low < participant_high) AND (show_id IS NULL)) OR ((kind = 'broadcast'::text) AND (participant_low IS NULL) AND (participant_high IS NULL) AND (show_id IS NOT NULL))) IS TRUE))
)
WITH (fillfactor='80');
COMMENT ON TABLE public.conversations IS 'The one direct conversation of two people, and the one broadcast conversation of a sender for a show.';
COMMENT ON COLUMN public.conversations.participant_low IS 'The smaller id of the two people of a direct conversation.';
COMMENT ON COLUMN public.conversations.organization_id IS 'The creator''s organisation when the conversation began.';
COMMENT ON COLUMN public.conversations.read_only IS 'The operator has closed it for writing.';
COMMENT ON COLUMN public.conversations.last_seq IS 'The number of the newest message, and how many there are.';
CREATE TABLE public.conversations_v2 (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    help_request_id uuid NOT NULL,
    requester_id uuid NOT NULL,
    helper_id uuid NOT NULL,
    initial_message text NOT NULL,
    status text DEFAULT 'active'::text NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT conversations_v2_initial_message_length CHECK (((char_length(initial_message) >= 10) AND (char_length(initial_message) <= 1000))),
    CONSTRAINT conversations_v2_of_two_people CHECK ((requester_id <> helper_id)),
    CONSTRAINT conversations_v2_status_known CHECK ((status = ANY (ARRAY['active'::text, 'closed'::text])))
);
COMMENT ON TABLE public.conversations_v2 IS 'What a helper and a requester say about a help request; one for each pair.';
CREATE TABLE public.feature_flags (
    name text NOT NULL,
    rollout text NOT NULL,
    description text DEFAULT ''::text NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT feature_flags_rollout_form CHECK ((rollout ~ '^(disabled|internal|enabled|percentage:(0|[1-9][0-9]?|100))$'::text))
);
COMMENT ON TABLE public.feature_flags IS 'How far each function is rolled out. A function without a row is off.';
COMMENT ON COLUMN public.feature_flags.rollout IS 'disabled, internal, percentage:0 to percentage:100, or enabled.';
CREATE TABLE public.help_requests (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    requester_id uuid NOT NULL,
    title text NOT NULL,
    description text DEFAULT ''::text NOT NULL,
    status text DEFAULT 'open'::text NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT help_requests_description_length CHECK ((char_length(description) <= 4000)),
    CONSTRAINT help_requests_status_known CHECK ((status = ANY (ARRAY['open'::text, 'matched'::text, 'closed'::text, 'cancelled'::text]))),
    CONSTRAINT help_requests_title_length CHECK (((char_length(title) >= 1) AND (char_length(title) <= 200)))
);
COMMENT ON TABLE public.help_requests IS 'Who asks for help with what; helpers start conversations about the open ones.';
CREATE TABLE public.messages (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    conversation_id uuid NOT NULL,
    seq bigint NOT NULL,
    sender_id uuid NOT NULL,
    content text NOT NULL,
    show_id uuid,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT messages_content_length CHECK (((char_length(content) >= 1) AND (char_length(content) <= 2000)))
);
COMMENT ON TABLE public.messages IS 'Messages, numbered from 1 without gaps in each conversation.';
COMMENT ON COLUMN public.messages.show_id IS 'The show that a direct message is about, or a broadcast''s.';
CREATE TABLE public.organizations (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    name text NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT organizations_name_length CHECK (((char_length(name) >= 1) AND (char_length(name) <= 200)))
);
COMMENT ON TABLE public.organizations IS 'Organisations whose people use Rolecall; a profile belongs to at most one.';
CREATE TABLE public.profiles (
    id uuid NOT NULL,
    display_name text DEFAULT ''::text NOT NULL,
    role public.app_role DEFAULT 'attendee'::public.app_role NOT NULL,
    organization_id uuid,
    organization_role text,
    is_internal boolean DEFAULT false NOT NULL,
    suspended_until timestamp with time zone,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT profiles_display_name_length CHECK ((char_length(display_name) <= 200)),
    CONSTRAINT profiles_organization_role_has_organization CHECK (((organization_role IS NULL) OR (organization_id IS NOT NULL))),
    CONSTRAINT profiles_organization_role_known CHECK ((organization_role = ANY (ARRAY['owner'::text, 'admin'::text, 'sitter'::text, 'client'::text])))
);
COMMENT ON TABLE public.profiles IS 'The users. Role, organisation and suspension are for the backend to set.';
COMMENT ON COLUMN public.profiles.is_internal IS 'Gets features that are rolled out to internal users.';
COMMENT ON COLUMN public.profiles.suspended_until IS 'Cannot write before this moment; infinity for good.';
CREATE TABLE public.quota_runs (
    period date NOT NULL,
    reset_pre_show bigint DEFAULT 0 NOT NULL,
    reset_post_show bigint DEFAULT 0 NOT NULL,
    pruned jsonb DEFAULT '{}'::jsonb NOT NULL,
    run_at timestamp with time zone DEFAULT now() NOT NULL
);
COMMENT ON TABLE public.quota_runs IS 'The nightly resets, one for each quota day.';
CREATE TABLE public.show_participants (
    show_id uuid NOT NULL,
    user_id uuid NOT NULL,
    role public.app_role NOT NULL,
    joined_at timestamp with time zone DEFAULT now() NOT NULL
);
COMMENT ON TABLE public.show_participants IS 'Who takes part in a show. Taking part gives rights to write, so the backend says who does.';
COMMENT ON COLUMN public.show_participants.role IS 'The role at the moment of joining, which decides for which broadcasts somebody is in the audience.';
CREATE TABLE public.shows (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    organizer_id uuid NOT NULL,
    title text NOT NULL,
    starts_at timestamp with time zone NOT NULL,
    ends_at timestamp with time zone NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT shows_ends_after_start CHECK ((ends_at >= starts_at)),
    CONSTRAINT shows_title_length CHECK (((char_length(title) >= 1) AND (char_length(title) <= 200)))
);
COMMENT ON TABLE public.shows IS 'Card shows. Before starts_at a broadcast counts as pre_show, from then on as post_show.';
CREATE TABLE public.user_blocks (
    blocker_id uuid NOT NULL,
    blocked_id uuid NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT user_blocks_of_somebody_else CHECK ((blocker_id <> blocked_id))
);
COMMENT ON TABLE public.user_blocks IS 'Who has blocked whom. A block stops direct messages both ways.';
CREATE TABLE rolecall.help_message_counts (
    conversation_id uuid NOT NULL,
    messages bigint NOT NULL
);
COMMENT ON TABLE rolecall.help_message_counts IS 'How many messages each help conversation has, so that the diagnostics need not count them.';
CREATE TABLE rolecall.idempotency_records (
    user_id uuid NOT NULL,
    key text NOT NULL,
    fingerprint bytea NOT NULL,
    answer jsonb,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT idempotency_records_key_length CHECK (((char_length(key) >= 1) AND (char_length(key) <= 255)))
);
COMMENT ON TABLE rolecall.idempotency_records IS 'The answers of requests that had an Idempotency-Key, for 24 hours. A row without answer is of a running request.';
CREATE TABLE rolecall.permission_guards (
    action text NOT NULL,
    "position" smallint NOT NULL,
    fact text NOT NULL,
    denies_when boolean NOT NULL,
    code text NOT NULL,
    rule text NOT NULL,
    message text NOT NULL,
    allowed_if text NOT NULL
);
COMMENT ON TABLE rolecall.permission_guards IS 'What refuses an action for everybody, whatever the roles; checked before the rules, in order of position.';
COMMENT ON COLUMN rolecall.permission_guards.denies_when IS 'The guard refuses when the fact holds (true) or when it does not (false).';
CREATE TABLE rolecall.permission_rules (
    action text NOT NULL,
    actor_role public.app_role NOT NULL,
    target_role public.app_role NOT NULL,
    allowed boolean NOT NULL,
    requires text,
    rule text NOT NULL,
    message text NOT NULL,
    allowed_if text NOT NULL
);
COMMENT ON TABLE rolecall.permission_rules IS 'Whether an actor of one role may do something to a target of another; one row for each combination.';
COMMENT ON COLUMN rolecall.permission_rules.requires IS 'A fact without which an allowing rule refuses; null when it needs none.';
CREATE TABLE rolecall.request_metrics (
    slot timestamp with time zone NOT NULL,
    function text NOT NULL,
    code text NOT NULL,
    org_id uuid NOT NULL,
    bucket smallint NOT NULL,
    stripe smallint NOT NULL,
    requests bigint NOT NULL
)
WITH (fillfactor='50', autovacuum_vacuum_scale_factor='0.05');
COMMENT ON TABLE rolecall.request_metrics IS 'How many requests each function answered with which code in 15 minutes, and how long the database took.';
COMMENT ON COLUMN rolecall.request_metrics.code IS 'ok, or the code of the refusal.';
COMMENT ON COLUMN rolecall.request_metrics.org_id IS 'The caller''s organisation; the nil uuid for none.';
COMMENT ON COLUMN rolecall.request_metrics.bucket IS 'Up to 0.1 ms in 0, then each bucket reaches to the square root of two times the one before.';
COMMENT ON COLUMN rolecall.request_metrics.stripe IS 'Spreads the rows over the connections, so that requests do not wait for each other''s commit.';
CREATE TABLE rolecall.schema_migrations (
    version integer NOT NULL,
    name text NOT NULL,
    applied_at timestamp with time zone DEFAULT now() NOT NULL
);
COMMENT ON TABLE rolecall.schema_migrations IS 'Which migrations this database has.';
CREATE TABLE rolecall.show_audience (
    show_id uuid NOT NULL,
    role public.app_role NOT NULL,
    participants bigint NOT NULL
);
COMMENT ON TABLE rolecall.show_audience IS 'How many participants of each role a show has, so that a broadcast to 100,000 counts its audience in one row.';
ALTER TABLE ONLY public.application_logs
    ADD CONSTRAINT application_logs_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.broadcast_limits
    ADD CONSTRAINT broadcast_limits_pkey PRIMARY KEY (role, phase);
ALTER TABLE ONLY public.broadcast_quotas
    ADD CONSTRAINT broadcast_quotas_pkey PRIMARY KEY (sender_id, show_id);
ALTER TABLE ONLY public.broadcasts
    ADD CONSTRAINT broadcasts_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.conversation_participants
    ADD CONSTRAINT conversation_participants_pkey PRIMARY KEY (conversation_id, user_id);
ALTER TABLE ONLY public.conversations
    ADD CONSTRAINT conversations_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.conversations_v2
    ADD CONSTRAINT conversations_v2_help_request_id_helper_id_key UNIQUE (help_request_id, helper_id);
ALTER TABLE ONLY public.conversations_v2
    ADD CONSTRAINT conversations_v2_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.feature_flags
    ADD CONSTRAINT feature_flags_pkey PRIMARY KEY (name);
ALTER TABLE ONLY public.help_requests
    ADD CONSTRAINT help_requests_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.messages
    ADD CONSTRAINT messages_conversation_id_seq_key UNIQUE (conversation_id, seq);
ALTER TABLE ONLY public.messages
    ADD CONSTRAINT messages_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.messages_v2
    ADD CONSTRAINT messages_v2_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.organizations
    ADD CONSTRAINT organizations_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.profiles
    ADD CONSTRAINT profiles_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.quota_runs
    ADD CONSTRAINT quota_runs_pkey PRIMARY KEY (period);
ALTER TABLE ONLY public.show_participants
    ADD CONSTRAINT show_participants_pkey PRIMARY KEY (show_id, user_id);
ALTER TABLE ONLY public.shows
    ADD CONSTRAINT shows_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.user_blocks
    ADD CONSTRAINT user_blocks_pkey PRIMARY KEY (blocker_id, blocked_id);
ALTER TABLE ONLY rolecall.help_message_counts
    ADD CONSTRAINT help_message_counts_pkey PRIMARY KEY (conversation_id);
ALTER TABLE ONLY rolecall.idempotency_records
    ADD CONSTRAINT idempotency_records_pkey PRIMARY KEY (user_id, key);
ALTER TABLE ONLY rolecall.permission_guards
    ADD CONSTRAINT permission_guards_pkey PRIMARY KEY (action, "position");
ALTER TABLE ONLY rolecall.permission_rules
    ADD CONSTRAINT permission_rules_pkey PRIMARY KEY (action, actor_role, target_role);
ALTER TABLE ONLY rolecall.request_metrics
    ADD CONSTRAINT request_metrics_pkey PRIMARY KEY (org_id, slot, function, code, bucket, stripe);
ALTER TABLE ONLY rolecall.schema_migrations
    ADD CONSTRAINT schema_migrations_pkey PRIMARY KEY (version);
ALTER TABLE ONLY rolecall.show_audience
    ADD CONSTRAINT show_audience_pkey PRIMARY KEY (show_id, role);
CREATE INDEX application_logs_timestamp_idx ON public.application_logs USING btree ("timestamp");
CREATE INDEX broadcast_quotas_period_idx ON public.broadcast_quotas USING btree (period);
CREATE INDEX broadcast_quotas_show_id_idx ON public.broadcast_quotas USING btree (show_id);
CREATE INDEX broadcasts_conversation_id_idx ON public.broadcasts USING btree (conversation_id);
CREATE UNIQUE INDEX broadcasts_message_id_key ON public.broadcasts USING btree (message_id);
CREATE INDEX broadcasts_sender_id_idx ON public.broadcasts USING btree (sender_id);
CREATE INDEX broadcasts_show_id_idx ON public.broadcasts USING btree (show_id);
CREATE INDEX conversation_participants_user_id_idx ON public.conversation_participants USING btree (user_id);
CREATE UNIQUE INDEX conversations_broadcast_key ON public.conversations USING btree (show_id, created_by) WHERE (kind = 'broadcast'::text);
CREATE UNIQUE INDEX conversations_direct_key ON public.conversations USING btree (participant_low, participant_high) WHERE (kind = 'direct'::text);
CREATE INDEX conversations_organization_id_idx ON public.conversations USING btree (organization_id, kind);
CREATE INDEX conversations_v2_helper_id_idx ON public.conversations_v2 USING btree (helper_id);
CREATE INDEX conversations_v2_requester_id_idx ON public.conversations_v2 USING btree (requester_id);
CREATE INDEX conversations_v2_updated_at_idx ON public.conversations_v2 USING btree (updated_at);
CREATE INDEX help_requests_open_idx ON public.help_requests USING btree (created_at) WHERE (status = 'open'::text);
CREATE INDEX help_requests_requester_id_idx ON public.help_requests USING btree (requester_id);
CREATE INDEX messages_v2_conversation_id_created_at_idx ON public.messages_v2 USING btree (conversation_id, created_at);
CREATE INDEX messages_v2_sender_id_idx ON public.messages_v2 USING btree (sender_id);
CREATE INDEX profiles_organization_id_idx ON public.profiles USING btree (organization_id);
CREATE INDEX show_participants_user_id_idx ON public.show_participants USING btree (user_id, show_id);
CREATE INDEX shows_organizer_id_idx ON public.shows USING btree (organizer_id);
CREATE INDEX user_blocks_blocked_id_idx ON public.user_blocks USING btree (blocked_id);
CREATE INDEX idempotency_records_created_at_idx ON rolecall.idempotency_records USING btree (created_at);
CREATE TRIGGER conversations_v2_touch_updated_at BEFORE UPDATE ON public.conversations_v2 FOR EACH ROW EXECUTE FUNCTION rolecall.touch_updated_at();
CREATE TRIGGER feature_flags_touch_updated_at BEFORE UPDATE ON public.feature_flags FOR EACH ROW EXECUTE FUNCTION rolecall.touch_updated_at();
CREATE TRIGGER help_requests_touch_updated_at BEFORE UPDATE ON public.help_requests FOR EACH ROW EXECUTE FUNCTION rolecall.touch_updated_at();
CREATE TRIGGER messages_v2_count AFTER INSERT ON public.messages_v2 REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION rolecall.count_help_messages();
CREATE TRIGGER messages_v2_discount AFTER DELETE ON public.messages_v2 REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION rolecall.discount_help_messages();
CREATE TRIGGER messages_v2_touch_updated_at BEFORE UPDATE ON public.messages_v2 FOR EACH ROW EXECUTE FUNCTION rolecall.touch_updated_at();
CREATE TRIGGER profiles_touch_updated_at BEFORE UPDATE ON public.profiles FOR EACH ROW EXECUTE FUNCTION rolecall.touch_updated_at();
CREATE TRIGGER show_participants_count_joined AFTER INSERT ON public.show_participants REFERENCING NEW TABLE AS joined FOR EACH STATEMENT EXECUTE FUNCTION rolecall.count_joined();
CREATE TRIGGER show_participants_count_left AFTER DELETE ON public.show_participants REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION rolecall.count_left();
CREATE TRIGGER show_participants_count_moved AFTER UPDATE ON public.show_participants REFERENCING OLD TABLE AS gone NEW TABLE AS joined FOR EACH STATEMENT EXECUTE FUNCTION rolecall.count_moved();
CREATE TRIGGER show_participants_count_none AFTER TRUNCATE ON public.show_participants FOR EACH STATEMENT EXECUTE FUNCTION rolecall.count_none();
CREATE TRIGGER show_participants_set_role BEFORE INSERT OR UPDATE ON public.show_participants FOR EACH ROW EXECUTE FUNCTION rolecall.set_participant_role();
ALTER TABLE ONLY public.broadcast_quotas
    ADD CONSTRAINT broadcast_quotas_sender_id_fkey FOREIGN KEY (sender_id) REFERENCES public.profiles(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.broadcast_quotas
    ADD CONSTRAINT broadcast_quotas_show_id_fkey FOREIGN KEY (show_id) REFERENCES public.shows(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.broadcasts
    ADD CONSTRAINT broadcasts_conversation_id_fkey FOREIGN KEY (conversation_id) REFERENCES public.conversations(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.broadcasts
    ADD CONSTRAINT broadcasts_message_id_fkey FOREIGN KEY (message_id) REFERENCES public.messages(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.broadcasts
    ADD CONSTRAINT broadcasts_sender_id_fkey FOREIGN KEY (sender_id) REFERENCES public.profiles(id);
ALTER TABLE ONLY public.broadcasts
    ADD CONSTRAINT broadcasts_show_id_fkey FOREIGN KEY (show_id) REFERENCES public.shows(id);
ALTER TABLE ONLY public.conversation_participants
    ADD CONSTRAINT conversation_participants_conversation_id_fkey FOREIGN KEY (conversation_id) REFERENCES public.conversations(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.conversation_participants
    ADD CONSTRAINT conversation_participants_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.profiles(id);
ALTER TABLE ONLY public.conversations
    ADD CONSTRAINT conversations_show_id_fkey FOREIGN KEY (show_id) REFERENCES public.shows(id);
ALTER TABLE ONLY public.conversations_v2
    ADD CONSTRAINT conversations_v2_help_request_id_fkey FOREIGN KEY (help_request_id) REFERENCES public.help_requests(id);
ALTER TABLE ONLY public.conversations_v2
    ADD CONSTRAINT conversations_v2_helper_id_fkey FOREIGN KEY (helper_id) REFERENCES public.profiles(id);
ALTER TABLE ONLY public.conversations_v2
    ADD CONSTRAINT conversations_v2_requester_id_fkey FOREIGN KEY (requester_id) REFERENCES public.profiles(id);
ALTER TABLE ONLY public.help_requests
    ADD CONSTRAINT help_requests_requester_id_fkey FOREIGN KEY (requester_id) REFERENCES public.profiles(id);
ALTER TABLE ONLY public.messages
    ADD CONSTRAINT messages_conversation_id_fkey FOREIGN KEY (conversation_id) REFERENCES public.conversations(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.messages_v2
    ADD CONSTRAINT messages_v2_conversation_id_fkey FOREIGN KEY (conversation_id) REFERENCES public.conversations_v2(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.messages_v2
    ADD CONSTRAINT messages_v2_sender_id_fkey FOREIGN KEY (sender_id) REFERENCES public.profiles(id);
ALTER TABLE ONLY public.profiles
    ADD CONSTRAINT profiles_organization_id_fkey FOREIGN KEY (organization_id) REFERENCES public.organizations(id);
ALTER TABLE ONLY public.show_participants
    ADD CONSTRAINT show_participants_show_id_fkey FOREIGN KEY (show_id) REFERENCES public.shows(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.show_participants
    ADD CONSTRAINT show_participants_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.profiles(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.shows
    ADD CONSTRAINT shows_organizer_id_fkey FOREIGN KEY (organizer_id) REFERENCES public.profiles(id);
ALTER TABLE ONLY public.user_blocks
    ADD CONSTRAINT user_blocks_blocked_id_fkey FOREIGN KEY (blocked_id) REFERENCES public.profiles(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.user_blocks
    ADD CONSTRAINT user_blocks_blocker_id_fkey FOREIGN KEY (blocker_id) REFERENCES public.profiles(id) ON DELETE CASCADE;
ALTER TABLE ONLY rolecall.help_message_counts
    ADD CONSTRAINT help_message_counts_conversation_id_fkey FOREIGN KEY (conversation_id) REFERENCES public.conversations_v2(id) ON DELETE CASCADE;
ALTER TABLE ONLY rolecall.show_audience
    ADD CONSTRAINT show_audience_show_id_fkey FOREIGN KEY (show_id) REFERENCES public.shows(id) ON DELETE CASCADE;
ALTER TABLE public.application_logs ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.broadcast_limits ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.broadcast_quotas ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.broadcasts ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.conversation_participants ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.conversations ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.conversations_v2 ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.feature_flags ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.help_requests ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.messages ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.messages_v2 ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.organizations ENABLE ROW LEVEL SECURITY;
CREATE POLICY "people ask for help" ON public.help_requests FOR INSERT TO authenticated WITH CHECK (((requester_id = ( SELECT auth.uid() AS uid)) AND ( SELECT rolecall.caller_may_write() AS caller_may_write)));
CREATE POLICY "people block others" ON public.user_blocks FOR INSERT TO authenticated WITH CHECK ((blocker_id = ( SELECT auth.uid() AS uid)));
CREATE POLICY "people change their own profile" ON public.profiles FOR UPDATE TO authenticated USING ((id = ( SELECT auth.uid() AS uid))) WITH CHECK ((id = ( SELECT auth.uid() AS uid)));
CREATE POLICY "people change their own requests" ON public.help_requests FOR UPDATE TO authenticated USING (((requester_id = ( SELECT auth.uid() AS uid)) AND ( SELECT rolecall.caller_may_write() AS caller_may_write))) WITH CHECK ((requester_id = ( SELECT auth.uid() AS uid)));
CREATE POLICY "people close and reopen their help conversations" ON public.conversations_v2 FOR UPDATE TO authenticated USING (((( SELECT auth.uid() AS uid) = requester_id) OR (( SELECT auth.uid() AS uid) = helper_id))) WITH CHECK (((( SELECT auth.uid() AS uid) = requester_id) OR (( SELECT auth.uid() AS uid) = helper_id)));
CREATE POLICY "people correct their own messages" ON public.messages_v2 FOR UPDATE TO authenticated USING (((sender_id = ( SELECT auth.uid() AS uid)) AND ( SELECT rolecall.caller_may_write() AS caller_may_write))) WITH CHECK ((sender_id = ( SELECT auth.uid() AS uid)));
CREATE POLICY "people lift their blocks" ON public.user_blocks FOR DELETE TO authenticated USING ((blocker_id = ( SELECT auth.uid() AS uid)));
CREATE POLICY "people say how far they have read" ON public.conversation_participants FOR UPDATE TO authenticated USING ((user_id = ( SELECT auth.uid() AS uid))) WITH CHECK ((user_id = ( SELECT auth.uid() AS uid)));
CREATE POLICY "people see the messages of their conversations" ON public.messages FOR SELECT TO authenticated USING (((EXISTS ( SELECT
   FROM public.conversations conversation
  WHERE ((conversation.id = messages.conversation_id) AND (((( SELECT auth.uid() AS uid) = conversation.participant_low) OR (( SELECT auth.uid() AS uid) = conversation.participant_high)) OR (conversation.created_by = ( SELECT auth.uid() AS uid)))))) OR (EXISTS ( SELECT
   FROM public.broadcasts broadcast
  WHERE (broadcast.message_id = messages.id)))));
CREATE POLICY "people see the messages of their help conversations" ON public.messages_v2 FOR SELECT TO authenticated USING ((EXISTS ( SELECT
   FROM public.conversations_v2 conversation
  WHERE ((conversation.id = messages_v2.conversation_id) AND ((( SELECT auth.uid() AS uid) = conversation.requester_id) OR (( SELECT auth.uid() AS uid) = conversation.helper_id))))));
CREATE POLICY "people see their conversations and what is broadcast to them" ON public.conversations FOR SELECT TO authenticated USING ((((( SELECT auth.uid() AS uid) = participant_low) OR (( SELECT auth.uid() AS uid) = participant_high)) OR (created_by = ( SELECT auth.uid() AS uid)) OR (EXISTS ( SELECT
   FROM public.broadcasts broadcast
  WHERE (broadcast.conversation_id = conversations.id)))));
CREATE POLICY "people see their help conversations" ON public.conversations_v2 FOR SELECT TO authenticated USING (((( SELECT auth.uid() AS uid) = requester_id) OR (( SELECT auth.uid() AS uid) = helper_id)));
CREATE POLICY "people see their own organisation" ON public.organizations FOR SELECT TO authenticated USING ((id = ( SELECT rolecall.caller_organization() AS caller_organization)));
CREATE POLICY "people see themselves and those they deal with" ON public.profiles FOR SELECT TO authenticated USING (((id = ( SELECT auth.uid() AS uid)) OR (organization_id = ( SELECT rolecall.caller_organization() AS caller_organization)) OR (EXISTS ( SELECT
   FROM public.conversations conversation
  WHERE ((conversation.kind = 'direct'::text) AND (conversation.participant_low = LEAST(profiles.id, ( SELECT auth.uid() AS uid))) AND (conversation.participant_high = GREATEST(profiles.id, ( SELECT auth.uid() AS uid)))))) OR (EXISTS ( SELECT
   FROM public.conversations_v2 conversation
  WHERE (((conversation.requester_id = profiles.id) AND (conversation.helper_id = ( SELECT auth.uid() AS uid))) OR ((conversation.helper_id = profiles.id) AND (conversation.requester_id = ( SELECT auth.uid() AS uid))))))));
CREATE POLICY "people see where they take part, organizers who does" ON public.show_participants FOR SELECT TO authenticated USING (((user_id = ( SELECT auth.uid() AS uid)) OR (EXISTS ( SELECT
   FROM public.shows show
  WHERE ((show.id = show_participants.show_id) AND (show.organizer_id = ( SELECT auth.uid() AS uid)))))));
CREATE POLICY "people see who is in their conversations" ON public.conversation_participants FOR SELECT TO authenticated USING (((user_id = ( SELECT auth.uid() AS uid)) OR (EXISTS ( SELECT
   FROM public.conversations conversation
  WHERE ((conversation.id = conversation_participants.conversation_id) AND ((( SELECT auth.uid() AS uid) = conversation.participant_low) OR (( SELECT auth.uid() AS uid) = conversation.participant_high)))))));
CREATE POLICY "people see whom they block" ON public.user_blocks FOR SELECT TO authenticated USING ((blocker_id = ( SELECT auth.uid() AS uid)));
CREATE POLICY "people take back their own messages" ON public.messages_v2 FOR DELETE TO authenticated USING ((sender_id = ( SELECT auth.uid() AS uid)));
ALTER TABLE public.profiles ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.quota_runs ENABLE ROW LEVEL SECURITY;
CREATE POLICY "senders and their audience see a broadcast" ON public.broadcasts FOR SELECT TO authenticated USING (((sender_id = ( SELECT auth.uid() AS uid)) OR (EXISTS ( SELECT
   FROM public.show_participants own
  WHERE ((own.show_id = broadcasts.show_id) AND (own.user_id = ( SELECT auth.uid() AS uid)) AND (own.role = ANY (broadcasts.recipient_roles)))))));
CREATE POLICY "senders see what they have left" ON public.broadcast_quotas FOR SELECT TO authenticated USING ((sender_id = ( SELECT auth.uid() AS uid)));
ALTER TABLE public.show_participants ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.shows ENABLE ROW LEVEL SECURITY;
CREATE POLICY "the operator reads the log" ON public.application_logs FOR SELECT TO service_role USING (true);
CREATE POLICY "the operator sees the resets" ON public.quota_runs FOR SELECT TO service_role USING (true);
ALTER TABLE public.user_blocks ENABLE ROW LEVEL SECURITY;
CREATE POLICY "users see every show" ON public.shows FOR SELECT TO authenticated USING ((( SELECT auth.uid() AS uid) IS NOT NULL));
CREATE POLICY "users see open requests, their own, and those they help with" ON public.help_requests FOR SELECT TO authenticated USING ((((status = 'open'::text) AND (( SELECT auth.uid() AS uid) IS NOT NULL)) OR (requester_id = ( SELECT auth.uid() AS uid)) OR (EXISTS ( SELECT
   FROM public.conversations_v2 conversation
  WHERE ((conversation.help_request_id = help_requests.id) AND (conversation.helper_id = ( SELECT auth.uid() AS uid)))))));
CREATE POLICY "users see the flags" ON public.feature_flags FOR SELECT TO authenticated USING ((( SELECT auth.uid() AS uid) IS NOT NULL));
CREATE POLICY "users see the limits" ON public.broadcast_limits FOR SELECT TO authenticated USING ((( SELECT auth.uid() AS uid) IS NOT NULL));
GRANT USAGE ON SCHEMA auth TO anon;
GRANT USAGE ON SCHEMA auth TO authenticated;
GRANT USAGE ON SCHEMA auth TO service_role;
GRANT USAGE ON SCHEMA edge TO rolecall_edge;
REVOKE ALL ON FUNCTION auth.jwt() FROM PUBLIC;
GRANT ALL ON FUNCTION auth.jwt() TO anon;
GRANT ALL ON FUNCTION auth.jwt() TO authenticated;
GRANT ALL ON FUNCTION auth.jwt() TO service_role;
REVOKE ALL ON FUNCTION auth.role() FROM PUBLIC;
GRANT ALL ON FUNCTION auth.role() TO anon;
GRANT ALL ON FUNCTION auth.role() TO authenticated;
GRANT ALL ON FUNCTION auth.role() TO service_role;
REVOKE ALL ON FUNCTION auth.uid() FROM PUBLIC;
GRANT ALL ON FUNCTION auth.uid() TO anon;
GRANT ALL ON FUNCTION auth.uid() TO authenticated;
GRANT ALL ON FUNCTION auth.uid() TO service_role;
REVOKE ALL ON FUNCTION edge.diagnostics(p_request jsonb) FROM PUBLIC;
GRANT ALL ON FUNCTION edge.diagnostics(p_request jsonb) TO rolecall_edge;
REVOKE ALL ON FUNCTION edge.health(p_request jsonb) FROM PUBLIC;
GRANT ALL ON FUNCTION edge.health(p_request jsonb) TO rolecall_edge;
REVOKE ALL ON FUNCTION edge.record_refusal(p_request jsonb) FROM PUBLIC;
GRANT ALL ON FUNCTION edge.record_refusal(p_request jsonb) TO rolecall_edge;
REVOKE ALL ON FUNCTION edge.reset_broadcast_quotas(p_request jsonb) FROM PUBLIC;
GRANT ALL ON FUNCTION edge.reset_broadcast_quotas(p_request jsonb) TO rolecall_edge;
REVOKE ALL ON FUNCTION edge.send_broadcast(p_request jsonb) FROM PUBLIC;
GRANT ALL ON FUNCTION edge.send_broadcast(p_request jsonb) TO rolecall_edge;
REVOKE ALL ON FUNCTION edge.send_dm(p_request jsonb) FROM PUBLIC;
GRANT ALL ON FUNCTION edge.send_dm(p_request jsonb) TO rolecall_edge;
REVOKE ALL ON FUNCTION edge.start_conversation(p_request jsonb) FROM PUBLIC;
GRANT ALL ON FUNCTION edge.start_conversation(p_request jsonb) TO rolecall_edge;
REVOKE ALL ON FUNCTION public.can_user_reply(p_user uuid, p_conversation uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION public.can_user_reply(p_user uuid, p_conversation uuid) TO authenticated;
REVOKE ALL ON FUNCTION public.can_user_send_dm(p_sender uuid, p_recipient uuid, p_show uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION public.can_user_send_dm(p_sender uuid, p_recipient uuid, p_show uuid) TO authenticated;
REVOKE ALL ON FUNCTION public.create_conversation_atomic(p_help_request_id uuid, p_helper_id uuid, p_initial_message text) FROM PUBLIC;
GRANT ALL ON FUNCTION public.create_conversation_atomic(p_help_request_id uuid, p_helper_id uuid, p_initial_message text) TO authenticated;
REVOKE ALL ON FUNCTION public.get_conversation_v2(p_conversation_id uuid, p_user_id uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION public.get_conversation_v2(p_conversation_id uuid, p_user_id uuid) TO authenticated;
REVOKE ALL ON FUNCTION public.send_message_v2(p_conversation_id uuid, p_sender_id uuid, p_content text) FROM PUBLIC;
GRANT ALL ON FUNCTION public.send_message_v2(p_conversation_id uuid, p_sender_id uuid, p_content text) TO authenticated;
REVOKE ALL ON FUNCTION rolecall.assume_claims(p_claims jsonb) FROM PUBLIC;
REVOKE ALL ON FUNCTION rolecall.broadcast_limit(p_phase text, p_quota integer, p_remaining integer, p_reset_seconds bigint) FROM PUBLIC;
REVOKE ALL ON FUNCTION rolecall.bucket_end_ms(p_bucket integer) FROM PUBLIC;
REVOKE ALL ON FUNCTION rolecall.caller_may_write() FROM PUBLIC;
GRANT ALL ON FUNCTION rolecall.caller_may_write() TO authenticated;
REVOKE ALL ON FUNCTION rolecall.caller_organization() FROM PUBLIC;
GRANT ALL ON FUNCTION rolecall.caller_organization() TO authenticated;
REVOKE ALL ON FUNCTION rolecall.claim_key(p_function text, p_user uuid, p_key text, p_input jsonb) FROM PUBLIC;
REVOKE ALL ON FUNCTION rolecall.count_help_messages() FROM PUBLIC;
REVOKE ALL ON FUNCTION rolecall.count_joined() FROM PUBLIC;
REVOKE ALL ON FUNCTION rolecall.count_left() FROM PUBLIC;
REVOKE ALL ON FUNCTION rolecall.count_moved() FROM PUBLIC;
REVOKE ALL ON FUNCTION rolecall.count_none() FROM PUBLIC;
REVOKE ALL ON FUNCTION rolecall.decide(p_action text, p_actor public.app_role, p_target public.app_role, p_facts text[]) FROM PUBLIC;
REVOKE ALL ON FUNCTION rolecall.diagnose(p_organization uuid) FROM PUBLIC;
REVOKE ALL ON FUNCTION rolecall.discount_help_messages() FROM PUBLIC;
REVOKE ALL ON FUNCTION rolecall.feature_enabled(p_flag text, p_rollout text, p_user uuid, p_internal boolean) FROM PUBLIC;
REVOKE ALL ON FUNCTION rolecall.finish(p_function text, p_request jsonb, p_user uuid, p_answer jsonb, p_service text, p_event text) FROM PUBLIC;
REVOKE ALL ON FUNCTION rolecall.has_length(p_text text, p_least integer, p_most integer) FROM PUBLIC;
GRANT SELECT,DELETE ON TABLE public.messages_v2 TO authenticated;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.messages_v2 TO service_role;
GRANT UPDATE(content) ON TABLE public.messages_v2 TO authenticated;
REVOKE ALL ON FUNCTION rolecall.help_message(p_message public.messages_v2) FROM PUBLIC;
REVOKE ALL ON FUNCTION rolecall.iso(p_at timestamp with time zone) FROM PUBLIC;
REVOKE ALL ON FUNCTION rolecall.judge_dm(p_sender uuid, p_recipient uuid, p_show uuid, p_rollout text) FROM PUBLIC;
REVOKE ALL ON FUNCTION rolecall.judge_reply(p_user uuid, p_conversation uuid, p_rollout text) FROM PUBLIC;
REVOKE ALL ON FUNCTION rolecall.quota_day(p_at timestamp with time zone) FROM PUBLIC;
REVOKE ALL ON FUNCTION rolecall.quota_day_end(p_day date) FROM PUBLIC;
REVOKE ALL ON FUNCTION rolecall.refusal(p_code text, p_detail text, p_rule text, p_allowed_if text, p_data jsonb) FROM PUBLIC;
REVOKE ALL ON FUNCTION rolecall.refusal_of(p_decision rolecall.decision) FROM PUBLIC;
REVOKE ALL ON FUNCTION rolecall.refuse_disabled() FROM PUBLIC;
REVOKE ALL ON FUNCTION rolecall.refuse_help_writer(p_user uuid, p_other uuid) FROM PUBLIC;
REVOKE ALL ON FUNCTION rolecall.refuse_non_operator(p_request jsonb) FROM PUBLIC;
REVOKE ALL ON FUNCTION rolecall.refuse_non_user(p_request jsonb) FROM PUBLIC;
REVOKE ALL ON FUNCTION rolecall.refuse_other_than_caller(p_user uuid) FROM PUBLIC;
REVOKE ALL ON FUNCTION rolecall.refuse_without_profile() FROM PUBLIC;
REVOKE ALL ON FUNCTION rolecall.rehearse_broadcast(p_sender uuid, p_input jsonb, p_rollout text) FROM PUBLIC;
REVOKE ALL ON FUNCTION rolecall.reset_broadcast_quotas() FROM PUBLIC;
REVOKE ALL ON FUNCTION rolecall.rollout_includes(p_rollout text, p_flag text, p_user uuid, p_internal boolean) FROM PUBLIC;
REVOKE ALL ON FUNCTION rolecall.send_broadcast(p_sender uuid, p_input jsonb, p_rollout text) FROM PUBLIC;
REVOKE ALL ON FUNCTION rolecall.send_dm(p_sender uuid, p_input jsonb, p_rollout text) FROM PUBLIC;
REVOKE ALL ON FUNCTION rolecall.send_dm_one(p_request jsonb) FROM PUBLIC;
REVOKE ALL ON FUNCTION rolecall.set_participant_role() FROM PUBLIC;
REVOKE ALL ON FUNCTION rolecall.settle_key(p_user uuid, p_key text, p_answer jsonb) FROM PUBLIC;
REVOKE ALL ON FUNCTION rolecall.start_help_conversation(p_helper uuid, p_help_request uuid, p_initial_message text, p_rollout text) FROM PUBLIC;
REVOKE ALL ON FUNCTION rolecall.success(p_data jsonb, p_limits jsonb) FROM PUBLIC;
GRANT SELECT ON TABLE public.broadcast_quotas TO authenticated;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.broadcast_quotas TO service_role;
REVOKE ALL ON FUNCTION rolecall.take_quota(p_sender uuid, p_show uuid, p_phase text, p_pre_show_limit integer, p_post_show_limit integer) FROM PUBLIC;
REVOKE ALL ON FUNCTION rolecall.touch_updated_at() FROM PUBLIC;
REVOKE ALL ON FUNCTION rolecall.uuid_or_null(p_text text) FROM PUBLIC;
REVOKE ALL ON FUNCTION rolecall.within_bucket(p_bucket integer, p_share numeric) FROM PUBLIC;
GRANT SELECT ON TABLE public.application_logs TO service_role;
GRANT SELECT ON TABLE public.broadcast_limits TO authenticated;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.broadcast_limits TO service_role;
GRANT SELECT ON TABLE public.broadcasts TO authenticated;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.broadcasts TO service_role;
GRANT SELECT ON TABLE public.conversation_participants TO authenticated;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.conversation_participants TO service_role;
GRANT UPDATE(last_read_seq) ON TABLE public.conversation_participants TO authenticated;
GRANT SELECT ON TABLE public.conversations TO authenticated;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.conversations TO service_role;
GRANT SELECT ON TABLE public.conversations_v2 TO authenticated;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.conversations_v2 TO service_role;
GRANT UPDATE(status) ON TABLE public.conversations_v2 TO authenticated;
GRANT SELECT ON TABLE public.feature_flags TO authenticated;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.feature_flags TO service_role;
GRANT SELECT ON TABLE public.help_requests TO authenticated;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.help_requests TO service_role;
GRANT INSERT(id) ON TABLE public.help_requests TO authenticated;
GRANT INSERT(requester_id) ON TABLE public.help_requests TO authenticated;
GRANT INSERT(title),UPDATE(title) ON TABLE public.help_requests TO authenticated;
GRANT INSERT(description),UPDATE(description) ON TABLE public.help_requests TO authenticated;
GRANT UPDATE(status) ON TABLE public.help_requests TO authenticated;
GRANT SELECT ON TABLE public.messages TO authenticated;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.messages TO service_role;
GRANT SELECT ON TABLE public.organizations TO authenticated;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.organizations TO service_role;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.profiles TO service_role;
GRANT SELECT(id) ON TABLE public.profiles TO authenticated;
GRANT SELECT(display_name),UPDATE(display_name) ON TABLE public.profiles TO authenticated;
GRANT SELECT(role) ON TABLE public.profiles TO authenticated;
GRANT SELECT(created_at) ON TABLE public.profiles TO authenticated;
GRANT SELECT(updated_at) ON TABLE public.profiles TO authenticated;
GRANT SELECT ON TABLE public.quota_runs TO service_role;
GRANT SELECT ON TABLE public.show_participants TO authenticated;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.show_participants TO service_role;
GRANT SELECT ON TABLE public.shows TO authenticated;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.shows TO service_role;
GRANT SELECT,INSERT,DELETE ON TABLE public.user_blocks TO authenticated;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.user_blocks TO service_role;
