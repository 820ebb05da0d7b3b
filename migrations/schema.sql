-- The schema as the migrations leave it, to read and to compare; written by `make schema`, never applied.
CREATE SCHEMA auth;
COMMENT ON SCHEMA auth IS 'made by Rolecall';
CREATE SCHEMA edge;
COMMENT ON SCHEMA edge IS 'Rolecall: the entry points of the functions, for rolecall_edge alone.';
CREATE SCHEMA monitoring;
COMMENT ON SCHEMA monitoring IS 'Rolecall: figures for the operator''s monitoring, for service_role alone.';
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
CREATE TYPE rolecall.dm_item AS (
	number integer,
	caller uuid,
	is_user boolean,
	key text,
	rollout text,
	content text,
	is_reply boolean,
	conversation uuid,
	recipient uuid,
	show_id uuid,
	refusal jsonb
);
CREATE TYPE rolecall.judgement AS (
	allowed boolean,
	refusal jsonb,
	org_id uuid,
	rule text
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
CREATE FUNCTION edge.block_user(p_request jsonb) RETURNS jsonb
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
begin
  return rolecall.answer_blocks('block_user', p_request);
end
$$;
CREATE FUNCTION edge.blocks(p_request jsonb) RETURNS jsonb
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
begin
  return rolecall.answer_blocks('blocks', p_request);
end
$$;
CREATE FUNCTION edge.check_permission(p_request jsonb) RETURNS jsonb
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
declare
  v_caller uuid := rolecall.assume_claims(p_request -> 'claims');
  v_input jsonb := p_request -> 'input';
  v_profile public.profiles;
  v_results jsonb;
  v_answer jsonb;
begin
  if v_caller is null or p_request #>> '{claims,role}' is distinct from 'authenticated' then
    v_answer := rolecall.refuse_non_user(p_request);
  else
    select *
    into v_profile
    from public.profiles
    where id = v_caller;
    if not rolecall.feature_enabled('check-permission', p_request ->> 'rollout', v_caller, v_profile.is_internal) then
      v_answer := rolecall.refuse_disabled();
    elsif v_input ? 'checks' then
      if jsonb_typeof(v_input -> 'checks') = 'array' and jsonb_array_length(v_input -> 'checks') between 1 and 200 then
        -- A check that asks for nothing leaves a null.
        select jsonb_agg(rolecall.check_permission(v_caller, asked, p_request) order by number)
        into v_results
        from jsonb_array_elements(v_input -> 'checks') with ordinality as listed (asked, number);
        if not v_results @> '[null]' then
          v_answer := rolecall.success(jsonb_build_object('results', v_results));
        end if;
      end if;
    else
      v_answer := rolecall.success(rolecall.check_permission(v_caller, v_input, p_request));
      if coalesce(v_answer -> 'data', 'null') = 'null' then
        v_answer := null;
      end if;
    end if;
    if v_answer is null then
      v_answer := rolecall.refusal(
        'invalid_input',
        'A check names an action and what it would be done to, or a pair of roles; 1 to 200 of them at once.'
      );
    end if;
  end if;

  if (v_answer -> 'ok')::boolean then
    return v_answer
      || case
        when v_profile.organization_id is null then '{}'
        else jsonb_build_object('org_id', v_profile.organization_id)
      end;
  end if;
  return rolecall.finish('check-permission', p_request, v_caller, v_answer);
end
$$;
CREATE FUNCTION edge.delete_message(p_request jsonb) RETURNS jsonb
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
begin
  return rolecall.answer_moderation('delete_message', p_request);
end
$$;
CREATE FUNCTION edge.delete_own_data(p_request jsonb) RETURNS jsonb
    LANGUAGE plpgsql SECURITY DEFINER
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
    v_answer := rolecall.claim_key('own-data', v_caller, v_key, p_request -> 'input');
  end if;
  if v_answer is null then
    v_answer := rolecall.delete_own_data(v_caller, p_request ->> 'rollout');
    if (v_answer -> 'ok')::boolean then
      perform rolecall.log_own_data(p_request, v_caller, 'own_data_deleted', v_answer -> 'data');
    end if;
    if v_key is not null then
      perform rolecall.settle_key(v_caller, v_key, v_answer);
    end if;
  end if;
  return rolecall.finish('own-data', p_request, v_caller, v_answer);
end
$$;
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
CREATE FUNCTION edge.export_own_data(p_request jsonb) RETURNS jsonb
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
declare
  v_caller uuid := rolecall.assume_claims(p_request -> 'claims');
  v_first boolean := p_request #>> '{input,cursor}' is null;
  v_limit jsonb;
  v_answer jsonb;
begin
  if v_caller is null or p_request #>> '{claims,role}' is distinct from 'authenticated' then
    v_answer := rolecall.refuse_non_user(p_request);
  else
    if v_first then
      v_limit := rolecall.take_token(v_caller, 'export_own_data');
    end if;
    if v_limit -> 'taken' = 'false' then
      v_answer := rolecall.refuse_rate(v_limit);
    else
      v_answer := rolecall.with_limit(
        rolecall.export_page(v_caller, p_request -> 'input', p_request ->> 'rollout'),
        v_limit
      );
    end if;
    if v_first and (v_answer -> 'ok')::boolean then
      perform rolecall.log_own_data(p_request, v_caller, 'own_data_exported', '{}');
    end if;
  end if;
  return rolecall.finish('own-data', p_request, v_caller, v_answer);
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
CREATE FUNCTION edge.inbox(p_request jsonb) RETURNS jsonb
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
declare
  v_caller uuid := rolecall.assume_claims(p_request -> 'claims');
  v_answer jsonb := rolecall.refuse_reader(p_request, v_caller);
begin
  if v_answer is null then
    v_answer := rolecall.inbox(v_caller, p_request -> 'input', rolecall.rollout_of(p_request, 'send-dm'));
  end if;
  return rolecall.finish('conversations', p_request, v_caller, v_answer);
end
$$;
CREATE FUNCTION edge.lift_suspension(p_request jsonb) RETURNS jsonb
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
begin
  return rolecall.answer_moderation('lift_suspension', p_request);
end
$$;
CREATE FUNCTION edge.mark_read(p_request jsonb) RETURNS jsonb
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
declare
  v_caller uuid;
  v_key text := p_request ->> 'idempotency_key';
  v_input jsonb := p_request -> 'input';
  v_answer jsonb;
begin
  if jsonb_typeof(p_request) = 'array' then
    return rolecall.mark_read_many(p_request);
  end if;
  v_caller := rolecall.assume_claims(p_request -> 'claims');
  if v_caller is null or p_request #>> '{claims,role}' is distinct from 'authenticated' then
    v_answer := rolecall.refuse_non_user(p_request);
  elsif v_key is not null then
    v_answer := rolecall.claim_key('mark-read', v_caller, v_key, v_input);
  end if;
  if v_answer is null then
    v_answer := rolecall.refuse_reader(p_request, v_caller);
    if v_answer is null then
      v_answer := rolecall.mark_read(v_caller, v_input);
    end if;
    if v_key is not null then
      perform rolecall.settle_key(v_caller, v_key, v_answer);
    end if;
  end if;
  return rolecall.finish('mark-read', p_request, v_caller, v_answer);
end
$$;
CREATE FUNCTION edge.messages(p_request jsonb) RETURNS jsonb
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
declare
  v_caller uuid := rolecall.assume_claims(p_request -> 'claims');
  v_answer jsonb := rolecall.refuse_reader(p_request, v_caller);
begin
  if v_answer is null then
    v_answer := rolecall.read_messages(v_caller, p_request -> 'input', rolecall.rollout_of(p_request, 'send-dm'));
    if v_answer ->> 'reader' = 'moderator' then
      insert into public.application_logs (
        level, service, method, event, request_id, user_id, conversation_id, org_id, code
      )
      select
        'info',
        'database',
        'conversations',
        'conversation_read_by_moderator',
        p_request ->> 'request_id',
        v_caller,
        rolecall.uuid_or_null(v_answer #>> '{data,conversation,id}'),
        organization_id,
        'ok'
      from public.profiles
      where id = v_caller;
    end if;
  end if;
  return rolecall.finish('conversations', p_request, v_caller, v_answer - 'reader');
end
$$;
CREATE FUNCTION edge.moderation_audit(p_request jsonb) RETURNS jsonb
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
begin
  return rolecall.answer_moderation('moderation_audit', p_request);
end
$$;
CREATE FUNCTION edge.moderation_queue(p_request jsonb) RETURNS jsonb
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
begin
  return rolecall.answer_moderation('moderation_queue', p_request);
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
CREATE FUNCTION edge.report_message(p_request jsonb) RETURNS jsonb
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
begin
  return rolecall.answer_moderation('report_message', p_request);
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
CREATE FUNCTION edge.restore_message(p_request jsonb) RETURNS jsonb
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
begin
  return rolecall.answer_moderation('restore_message', p_request);
end
$$;
CREATE FUNCTION edge.review_report(p_request jsonb) RETURNS jsonb
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
begin
  return rolecall.answer_moderation('review_report', p_request);
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
  v_limit jsonb;
  v_answer jsonb;
begin
  if v_caller is null or p_request #>> '{claims,role}' is distinct from 'authenticated' then
    v_answer := rolecall.refuse_non_user(p_request);
  elsif v_input -> 'dry_run' = 'true' then
    -- Leaves nothing behind: no token, no quota, no message, no key, no audit row.
    return rolecall.rehearse_broadcast(v_caller, v_input, p_request ->> 'rollout');
  elsif v_key is not null then
    v_answer := rolecall.claim_key('send-broadcast', v_caller, v_key, v_input);
  end if;
  if v_answer is null then
    v_limit := rolecall.take_token(v_caller, 'send_broadcast');
    if v_limit -> 'taken' = 'false' then
      v_answer := rolecall.refuse_rate(v_limit);
    else
      v_answer := rolecall.with_limit(
        rolecall.send_broadcast(v_caller, v_input, p_request ->> 'rollout'),
        v_limit
      );
    end if;
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
  if jsonb_typeof(p_request) = 'array' then
    return rolecall.send_dm_many(p_request);
  end if;
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
  v_limit jsonb;
  v_answer jsonb;
begin
  if v_caller is null or p_request #>> '{claims,role}' is distinct from 'authenticated' then
    v_answer := rolecall.refuse_non_user(p_request);
  elsif v_key is not null then
    v_answer := rolecall.claim_key('start-conversation', v_caller, v_key, v_input);
  end if;
  if v_answer is null then
    v_limit := rolecall.take_token(v_caller, 'start_conversation');
    if v_limit -> 'taken' = 'false' then
      v_answer := rolecall.refuse_rate(v_limit);
    else
      v_answer := rolecall.with_limit(
        rolecall.start_help_conversation(
          v_caller,
          rolecall.uuid_or_null(v_input ->> 'help_request_id'),
          v_input ->> 'initial_message',
          p_request ->> 'rollout'
        ),
        v_limit
      );
    end if;
    if v_key is not null then
      perform rolecall.settle_key(v_caller, v_key, v_answer);
    end if;
  end if;
  return rolecall.finish('start-conversation', p_request, v_caller, v_answer);
end
$$;
CREATE FUNCTION edge.suspend_user(p_request jsonb) RETURNS jsonb
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
begin
  return rolecall.answer_moderation('suspend_user', p_request);
end
$$;
CREATE FUNCTION edge.unblock_user(p_request jsonb) RETURNS jsonb
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
begin
  return rolecall.answer_blocks('unblock_user', p_request);
end
$$;
CREATE FUNCTION edge.unread(p_request jsonb) RETURNS jsonb
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
declare
  v_caller uuid := rolecall.assume_claims(p_request -> 'claims');
  v_answer jsonb := rolecall.refuse_reader(p_request, v_caller);
begin
  if v_answer is null then
    v_answer := rolecall.unread(v_caller);
  end if;
  return rolecall.finish('conversations', p_request, v_caller, v_answer);
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
  v_limit jsonb;
begin
  if v_answer is null then
    v_limit := rolecall.take_token(p_helper_id, 'start_conversation');
    if v_limit -> 'taken' = 'false' then
      v_answer := rolecall.refuse_rate(v_limit);
    else
      v_answer := rolecall.with_limit(
        rolecall.start_help_conversation(p_helper_id, p_help_request_id, p_initial_message, 'enabled'),
        v_limit
      );
    end if;
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
CREATE FUNCTION public.import_legacy_conversations(p_conversations jsonb) RETURNS jsonb
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $_$
declare
  v_answer jsonb;
  v_nestloop text := current_setting('enable_nestloop');
begin
  if jsonb_typeof(p_conversations) is distinct from 'array' then
    raise exception using
      errcode = 'invalid_parameter_value',
      message = 'import_legacy_conversations takes a list of conversations';
  end if;
  -- Nothing is known beforehand of how many there are of what is made on the way: taken to be few, each of 10,000
  -- messages would be compared with each conversation.
  perform set_config('enable_nestloop', 'off', true);
  with entry as (
    select
      (number - 1)::int as index,
      body,
      rolecall.legacy_id(coalesce(body ->> 'id', body::text), 'conversation') as id,
      rolecall.uuid_or_null(body ->> 'show_id') as show_id,
      rolecall.legacy_time(body ->> 'created_at') as created_at,
      case when jsonb_typeof(body -> 'messages') = 'array' then body -> 'messages' else '[]' end as messages
    from jsonb_array_elements(p_conversations) with ordinality as given (body, number)
    where jsonb_typeof(body) = 'object'
  ),
  -- The people: those who are listed, and where that is less than two, those who wrote, in the order in which they did.
  person as (
    select index, id, min(number) as number, bool_or(listed) as listed
    from (
      select entry.index, rolecall.uuid_or_null(name) as id, number, true as listed
      from entry
      cross join lateral jsonb_array_elements_text(
        case when jsonb_typeof(body -> 'participants') = 'array' then body -> 'participants' else '[]' end
      ) with ordinality as given (name, number)
      union all
      select entry.index, rolecall.uuid_or_null(body_of ->> 'sender_id'), 1000000 + number, false
      from entry
      cross join lateral jsonb_array_elements(entry.messages) with ordinality as given (body_of, number)
      where jsonb_typeof(body_of) = 'object'
    ) as named
    where id is not null
    group by index, id
  ),
  pair as (
    select
      index,
      min(id::text) filter (where place <= 2)::uuid as low,
      max(id::text) filter (where place <= 2)::uuid as high,
      count(*) filter (where listed) as listed
    from (
      select index, id, listed, row_number() over (partition by index order by number, id) as place
      from person
    ) as placed
    group by index
  ),
  verdict as (
    select
      entry.index,
      entry.id,
      entry.show_id,
      entry.created_at,
      pair.low,
      nullif(pair.high, pair.low) as high,
      case
        when pair.low is null then 'no_participants'
        when pair.listed > 2 then 'too_many_participants'
        when row_number() over (partition by entry.id order by entry.index) > 1 then 'duplicate_id'
        when existing.version = 'v2' then 'id_taken'
        when existing.version = 'v1' then 'already_imported'
      end as reason
    from entry
    left join pair
      on pair.index = entry.index
    left join public.conversations as existing
      on existing.id = entry.id
  ),
  given as (
    select
      verdict.index,
      verdict.id as conversation_id,
      verdict.show_id,
      (number - 1)::int as position,
      body_of as body,
      rolecall.legacy_id(
        coalesce(body_of ->> 'id', number || ' ' || body_of::text),
        -- Ids that are no uuids need not be unique beyond their conversation.
        'message of ' || verdict.id
      ) as id,
      case
        when body_of ->> 'seq' ~ '^-?[0-9]{1,18}([.][0-9]{1,18})?$' then (body_of ->> 'seq')::numeric
      end as seq,
      rolecall.legacy_time(body_of ->> 'created_at') as created_at,
      jsonb_typeof(body_of) is distinct from 'object' as malformed
    from verdict
    join entry
      on entry.index = verdict.index
    cross join lateral jsonb_array_elements(entry.messages) with ordinality as listed (body_of, number)
    where verdict.reason is null
  ),
  once as (
    select
      *,
      row_number() over (partition by conversation_id, id order by position) > 1 as again,
      row_number() over (partition by id order by index, position) > 1
        or exists (
          select
          from public.messages as existing
          where existing.id = given.id
        ) as taken
    from given
    where not malformed
  ),
  message as (
    select
      conversation_id,
      -- Of two conversations with a message of the same id, the second one's gets another.
      case when taken then md5('rolecall legacy ' || conversation_id || ' ' || id)::uuid else id end as id,
      row_number() over (
        partition by conversation_id
        order by seq nulls last, created_at nulls last, position
      ) as seq,
      rolecall.uuid_or_null(body ->> 'sender_id') as sender_id,
      body ->> 'content' as content,
      show_id,
      created_at,
      case
        when coalesce(body -> 'deleted_at', 'null') not in ('null', 'false')
          then coalesce(rolecall.legacy_time(body ->> 'deleted_at'), created_at, now())
      end as deleted_at
    from once
    where not again
  ),
  summary as (
    select
      conversation_id,
      max(seq) as last_seq,
      min(created_at) as first_at,
      max(created_at) as last_at,
      (array_agg(sender_id order by seq) filter (where sender_id is not null))[1] as created_by
    from message
    group by conversation_id
  ),
  conversation as (
    insert into public.conversations (
      id, kind, version, participant_low, participant_high, show_id, created_by, organization_id, read_only, last_seq,
      last_message_at, created_at
    )
    select
      verdict.id,
      'direct',
      'v1',
      verdict.low,
      verdict.high,
      show.id,
      summary.created_by,
      creator.organization_id,
      true,
      coalesce(summary.last_seq, 0),
      coalesce(summary.last_at, verdict.created_at, '-infinity'),
      coalesce(verdict.created_at, summary.first_at, '-infinity')
    from verdict
    left join summary
      on summary.conversation_id = verdict.id
    left join public.shows as show
      on show.id = verdict.show_id
    left join public.profiles as creator
      on creator.id = summary.created_by
    where verdict.reason is null
    -- Somebody imports the same at the same time.
    on conflict (id) do nothing
    returning id, last_seq
  ),
  added as (
    insert into public.messages (
      id, conversation_id, seq, sender_id, content, show_id, created_at, deleted_at, deleted_as, legacy
    )
    select
      message.id,
      message.conversation_id,
      message.seq,
      message.sender_id,
      case when message.deleted_at is null then message.content end,
      message.show_id,
      message.created_at,
      message.deleted_at,
      -- Whoever it was: nobody brings it back.
      case when message.deleted_at is not null then 'author' end,
      true
    from message
    join conversation
      on conversation.id = message.conversation_id
    returning id
  ),
  removed as (
    insert into rolecall.removed_contents (message_id, content, removed_at)
    select message.id, message.content, message.deleted_at
    from message
    join conversation
      on conversation.id = message.conversation_id
    where message.deleted_at is not null
      and message.content is not null
  ),
  participant as (
    -- Who has no profile is known by the id alone.
    insert into public.conversation_participants (conversation_id, user_id, last_read_seq)
    select conversation.id, profile.id, conversation.last_seq
    from conversation
    join verdict
      on verdict.id = conversation.id
      and verdict.reason is null
    join person
      on person.index = verdict.index
    join public.profiles as profile
      on profile.id = person.id
  ),
  skipped (index, message, reason) as (
    select (number - 1)::int, null::int, 'not_an_object'
    from jsonb_array_elements(p_conversations) with ordinality as listed (body, number)
    where jsonb_typeof(body) <> 'object'
    union all
    select index, null, reason
    from verdict
    where reason <> 'already_imported'
    union all
    select index, position, 'not_an_object'
    from given
    where malformed
    union all
    select index, position, 'duplicate_id'
    from once
    where again
  )
  select jsonb_build_object(
    'conversations', (select count(*) from conversation),
    'messages', (select count(*) from added),
    'already_imported', (select count(*) from verdict where reason = 'already_imported'),
    'skipped', (
      select coalesce(
        jsonb_agg(
          jsonb_strip_nulls(jsonb_build_object('index', index, 'message', message, 'reason', reason))
          order by index, message nulls first
        ),
        '[]'
      )
      from skipped
    )
  )
  into v_answer;
  perform set_config('enable_nestloop', v_nestloop, true);
  return v_answer;
end
$_$;
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
CREATE FUNCTION rolecall.answer_blocks(p_act text, p_request jsonb) RETURNS jsonb
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
declare
  v_caller uuid := rolecall.assume_claims(p_request -> 'claims');
  v_key text := p_request ->> 'idempotency_key';
  v_input jsonb := p_request -> 'input';
  v_rollout text := p_request ->> 'rollout';
  v_limit jsonb;
  v_answer jsonb;
begin
  if v_caller is null or p_request #>> '{claims,role}' is distinct from 'authenticated' then
    v_answer := rolecall.refuse_non_user(p_request);
  elsif v_key is not null then
    -- Blocking and unblocking have the same input: the act tells them apart.
    v_answer := rolecall.claim_key('blocks/' || p_act, v_caller, v_key, v_input);
  end if;
  if v_answer is null then
    if p_act = 'block_user' then
      v_limit := rolecall.take_token(v_caller, 'block_user');
    end if;
    if v_limit -> 'taken' = 'false' then
      v_answer := rolecall.refuse_rate(v_limit);
    else
      v_answer := rolecall.with_limit(
        case p_act
          when 'blocks' then rolecall.list_blocks(v_caller, v_input, v_rollout)
          when 'block_user' then rolecall.set_block(v_caller, v_input, v_rollout)
          when 'unblock_user' then rolecall.lift_block(v_caller, v_input, v_rollout)
        end,
        v_limit
      );
    end if;
    if v_key is not null then
      perform rolecall.settle_key(v_caller, v_key, v_answer);
    end if;
  end if;
  return rolecall.finish('blocks', p_request, v_caller, v_answer);
end
$$;
CREATE FUNCTION rolecall.answer_moderation(p_act text, p_request jsonb) RETURNS jsonb
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
declare
  v_caller uuid := rolecall.assume_claims(p_request -> 'claims');
  v_key text := p_request ->> 'idempotency_key';
  v_input jsonb := p_request -> 'input';
  v_rollout text := p_request ->> 'rollout';
  v_limit jsonb;
  v_answer jsonb;
begin
  if v_caller is null or p_request #>> '{claims,role}' is distinct from 'authenticated' then
    v_answer := rolecall.refuse_non_user(p_request);
  elsif v_key is not null then
    -- Deleting and restoring a message have the same input: the act tells them apart.
    v_answer := rolecall.claim_key('moderation/' || p_act, v_caller, v_key, v_input);
  end if;
  if v_answer is null then
    if p_act = 'report_message' then
      v_limit := rolecall.take_token(v_caller, 'report_message');
    end if;
    if v_limit -> 'taken' = 'false' then
      v_answer := rolecall.refuse_rate(v_limit);
    else
      v_answer := rolecall.with_limit(
        case p_act
          when 'report_message' then rolecall.report_message(v_caller, v_input, v_rollout)
          when 'moderation_queue' then rolecall.moderation_queue(v_caller, v_input, v_rollout)
          when 'review_report' then rolecall.review_report(v_caller, v_input, v_rollout)
          when 'delete_message' then rolecall.delete_message(v_caller, v_input, v_rollout)
          when 'restore_message' then rolecall.restore_message(v_caller, v_input, v_rollout)
          when 'suspend_user' then rolecall.suspend_user(v_caller, v_input, v_rollout)
          when 'lift_suspension' then rolecall.lift_suspension(v_caller, v_input, v_rollout)
          when 'moderation_audit' then rolecall.moderation_audit(v_caller, v_input, v_rollout)
        end,
        v_limit
      );
    end if;
    if v_key is not null then
      perform rolecall.settle_key(v_caller, v_key, v_answer);
    end if;
  end if;
  return rolecall.finish('moderation', p_request, v_caller, v_answer);
end
$$;
CREATE FUNCTION rolecall.archive_participations() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
begin
  insert into rolecall.past_participations as past (show_id, user_id, role, joined_at, left_at)
  select gone.show_id, gone.user_id, gone.role, gone.joined_at, clock_timestamp()
  from gone
  join public.shows as show
    on show.id = gone.show_id
  join public.profiles as profile
    on profile.id = gone.user_id
  where not exists (
    select
    from public.show_participants as stays
    where stays.show_id = gone.show_id
      and stays.user_id = gone.user_id
  )
  on conflict (user_id, show_id, joined_at, role) do update
  set left_at = greatest(past.left_at, excluded.left_at);
  return null;
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
CREATE FUNCTION rolecall.audit_moderation(p_actor uuid, p_action text, p_report uuid, p_message uuid, p_target uuid, p_note text, p_before jsonb, p_after jsonb) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
begin
  insert into public.moderation_audit (actor_id, action, report_id, message_id, target_id, note, before, after)
  values (p_actor, p_action, p_report, p_message, p_target, p_note, p_before, p_after);
end
$$;
CREATE FUNCTION rolecall.is_message(p_sender uuid, p_content text, p_created_at timestamp with time zone, p_deleted_at timestamp with time zone, p_deleted_as text, p_legacy boolean) RETURNS boolean
    LANGUAGE plpgsql IMMUTABLE
    SET search_path TO ''
    AS $$
begin
  -- What was imported may lack its sender, its time and its content.
  if p_sender is null or p_created_at is null then
    if not p_legacy then
      return false;
    end if;
  end if;
  if p_deleted_at is not null then
    return coalesce(p_content is null and p_deleted_as in ('author', 'organizer', 'moderator'), false);
  end if;
  return p_deleted_as is null
    and (p_legacy or coalesce(char_length(p_content) between 1 and 2000, false));
end
$$;
CREATE TABLE public.messages (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    conversation_id uuid NOT NULL,
    seq bigint NOT NULL,
    sender_id uuid,
    content text,
    show_id uuid,
    created_at timestamp with time zone DEFAULT now(),
    deleted_at timestamp with time zone,
    deleted_as text,
    legacy boolean DEFAULT false NOT NULL,
    CONSTRAINT messages_form CHECK (rolecall.is_message(sender_id, content, created_at, deleted_at, deleted_as, legacy))
);
COMMENT ON TABLE public.messages IS 'Messages, numbered from 1 without gaps in each conversation.';
COMMENT ON COLUMN public.messages.content IS 'Null of a deleted message, whose content is kept where only moderators look.';
COMMENT ON COLUMN public.messages.show_id IS 'The show that a direct message is about, or a broadcast''s.';
COMMENT ON COLUMN public.messages.deleted_as IS 'As what somebody deleted it: author, organizer or moderator.';
COMMENT ON COLUMN public.messages.legacy IS 'Imported: sender, content and time may be unknown.';
CREATE FUNCTION rolecall.bring_back_message(p_user uuid, p_message uuid, p_report uuid, p_note text) RETURNS public.messages
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
declare
  v_message public.messages;
  v_before jsonb;
  v_content text;
begin
  select *
  into v_message
  from public.messages
  where id = p_message
  for no key update;
  if not found or v_message.deleted_at is null or v_message.deleted_as = 'author' then
    return v_message;
  end if;

  v_before := jsonb_build_object('deleted', rolecall.deletion_of(v_message));
  delete from rolecall.removed_contents
  where message_id = p_message
  returning content
  into v_content;
  update public.messages
  set
    content = v_content,
    deleted_at = null,
    deleted_as = null
  where id = p_message
  returning *
  into v_message;
  perform rolecall.audit_moderation(
    p_user,
    'message_restored',
    p_report,
    p_message,
    v_message.sender_id,
    p_note,
    v_before,
    jsonb_build_object('deleted', null)
  );
  return v_message;
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
CREATE FUNCTION rolecall.check_permission(p_user uuid, p_check jsonb, p_request jsonb) RETURNS jsonb
    LANGUAGE plpgsql STABLE
    SET search_path TO ''
    AS $$
declare
  v_action text := p_check ->> 'action';
  v_actor_role text := p_check ->> 'actor_role';
  v_target_role text := p_check ->> 'target_role';
  v_facts text[] := array['feature_enabled', 'participant'];
  v_decision rolecall.decision;
  v_limit jsonb;
  v_judgement rolecall.judgement;
  v_broadcast record;
  v_roles public.app_role[];
  v_remaining jsonb;
  v_phase_limit int;
  v_quota jsonb;
  v_conversation uuid;
  v_report uuid;
  v_more jsonb := '{}';
begin
  if v_actor_role is not null or v_target_role is not null then
    -- The matrix alone: whether somebody of one role could, if nothing but these facts held.
    if v_action not in ('start_dm', 'reply', 'broadcast', 'moderate', 'report', 'suspend')
      or not (
        rolecall.is_role(v_actor_role)
        and rolecall.is_role(v_target_role)
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
    v_decision := rolecall.decide(
      v_action, v_actor_role::public.app_role, v_target_role::public.app_role, v_facts
    );
    v_judgement.allowed := v_decision.allowed;
    v_judgement.rule := v_decision.rule;
    if not v_decision.allowed then
      v_judgement.refusal := rolecall.refusal_of(v_decision);
    end if;
    return rolecall.permission_result(v_action, v_judgement, null);
  end if;

  case v_action
    when 'start_dm', 'reply' then
      v_limit := rolecall.peek_token(p_user, 'send_dm');
    when 'broadcast' then
      v_limit := rolecall.peek_token(p_user, 'send_broadcast');
    when 'report' then
      v_limit := rolecall.peek_token(p_user, 'report_message');
    else
      null;
  end case;

  case v_action
    when 'start_dm' then
      if p_check ->> 'recipient_id' is null then
        return null;
      end if;
      v_quota := rolecall.quota_of_limit(v_limit);
      v_judgement := rolecall.judge_dm(
        p_user,
        rolecall.uuid_or_null(p_check ->> 'recipient_id'),
        rolecall.uuid_or_null(p_check ->> 'show_id'),
        rolecall.rollout_of(p_request, 'send-dm')
      );
      if v_judgement.allowed then
        -- The message would go into the conversation that there is, which may be closed.
        select id
        into v_conversation
        from public.conversations
        where kind = 'direct'
          and version = 'v2'
          and participant_low = least(p_user, rolecall.uuid_or_null(p_check ->> 'recipient_id'))
          and participant_high = greatest(p_user, rolecall.uuid_or_null(p_check ->> 'recipient_id'))
          and read_only;
        if found then
          v_judgement := rolecall.judge_reply(p_user, v_conversation, rolecall.rollout_of(p_request, 'send-dm'));
        end if;
      end if;

    when 'reply' then
      if p_check ->> 'conversation_id' is null then
        return null;
      end if;
      v_quota := rolecall.quota_of_limit(v_limit);
      v_judgement := rolecall.judge_reply(
        p_user,
        rolecall.uuid_or_null(p_check ->> 'conversation_id'),
        rolecall.rollout_of(p_request, 'send-dm')
      );

    when 'broadcast' then
      if p_check ->> 'show_id' is null then
        return null;
      end if;
      v_roles := case
        when coalesce(p_check -> 'recipient_roles', 'null') = 'null' then enum_range(null::public.app_role)
        else rolecall.roles_of(p_check -> 'recipient_roles')
      end;
      if v_roles is null then
        return null;
      end if;
      v_broadcast := rolecall.judge_broadcast(
        p_user,
        rolecall.uuid_or_null(p_check ->> 'show_id'),
        v_roles,
        rolecall.rollout_of(p_request, 'send-broadcast')
      );
      if coalesce(p_check -> 'recipient_roles', 'null') = 'null' and v_broadcast.allowed_roles is not null then
        -- Asked for no role in particular, those count that are allowed.
        v_broadcast := rolecall.judge_broadcast(
          p_user,
          rolecall.uuid_or_null(p_check ->> 'show_id'),
          v_broadcast.allowed_roles,
          rolecall.rollout_of(p_request, 'send-broadcast')
        );
      end if;
      v_judgement := v_broadcast.judgement;
      v_phase_limit := case v_broadcast.phase
        when 'pre_show' then v_broadcast.pre_show_limit
        when 'post_show' then v_broadcast.post_show_limit
      end;
      if v_phase_limit is not null then
        v_remaining := rolecall.peek_quota(
          p_user,
          rolecall.uuid_or_null(p_check ->> 'show_id'),
          v_broadcast.pre_show_limit,
          v_broadcast.post_show_limit
        );
        v_quota := jsonb_build_object(
          'phase', v_broadcast.phase,
          'limit', v_phase_limit,
          'remaining', v_remaining,
          'reset_at', rolecall.iso(rolecall.quota_day_end(rolecall.quota_day(now())))
        );
        if (v_remaining ->> v_broadcast.phase)::int = 0 then
          v_judgement.allowed := false;
          v_judgement.rule := 'broadcast_quota_spent';
          v_judgement.refusal := rolecall.refuse_quota(v_broadcast.phase, v_phase_limit, v_remaining);
        end if;
      end if;
      v_more := jsonb_build_object('recipient_roles', coalesce(to_jsonb(v_broadcast.allowed_roles), '[]'));

    when 'moderate' then
      if p_check ->> 'message_id' is null then
        return null;
      end if;
      v_judgement := rolecall.judge_moderation(
        p_user,
        rolecall.uuid_or_null(p_check ->> 'message_id'),
        rolecall.rollout_of(p_request, 'moderation')
      );

    when 'report' then
      if p_check ->> 'message_id' is null then
        return null;
      end if;
      v_quota := rolecall.quota_of_limit(v_limit);
      v_judgement := rolecall.judge_report(
        p_user,
        rolecall.uuid_or_null(p_check ->> 'message_id'),
        rolecall.rollout_of(p_request, 'moderation')
      );
      if v_judgement.allowed then
        select id
        into v_report
        from public.reported_messages
        where message_id = rolecall.uuid_or_null(p_check ->> 'message_id')
          and reporter_id = p_user;
        if found then
          v_judgement.allowed := false;
          v_judgement.refusal := rolecall.refuse_second_report(v_report);
          v_judgement.rule := v_judgement.refusal #>> '{reasons,0,code}';
        end if;
      end if;

    when 'suspend' then
      if p_check ->> 'target_id' is null then
        return null;
      end if;
      v_judgement := rolecall.judge_suspension(
        p_user,
        rolecall.uuid_or_null(p_check ->> 'target_id'),
        rolecall.rollout_of(p_request, 'moderation')
      );

    else
      return null;
  end case;

  if v_limit -> 'taken' = 'false' then
    v_judgement.allowed := false;
    v_judgement.rule := 'rate_limit';
    v_judgement.refusal := rolecall.refuse_rate(v_limit);
  end if;
  return rolecall.permission_result(v_action, v_judgement, v_quota) || v_more;
end
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
  return rolecall.refuse_reused_key();
end
$$;
CREATE FUNCTION rolecall.claim_keys(p_function text, p_users uuid[], p_keys text[], p_inputs jsonb[]) RETURNS jsonb[]
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
declare
  v_fingerprints bytea[] := (
    select array_agg(sha256(convert_to(p_function || ' ' || input::text, 'UTF8')) order by number)
    from unnest(p_inputs) with ordinality as claimed (input, number)
  );
begin
  insert into rolecall.idempotency_records as record (user_id, key, fingerprint)
  select claimed.user_id, claimed.key, claimed.fingerprint
  from unnest(p_users, p_keys, v_fingerprints) as claimed (user_id, key, fingerprint)
  where claimed.key is not null
  order by claimed.user_id, claimed.key
  on conflict (user_id, key) do update
  set
    fingerprint = excluded.fingerprint,
    answer = null,
    created_at = excluded.created_at
  where record.created_at <= now() - interval '24 hours';

  -- A statement of its own, which sees what was committed while that one waited. Of the rows that it sees only those of
  -- this transaction have no answer.
  return (
    select array_agg(
      case
        when claimed.key is null then null
        when record.user_id is not null and record.answer is null then null
        when record.fingerprint = claimed.fingerprint then record.answer || '{"replayed": true}'
        else rolecall.refuse_reused_key()
      end
      order by claimed.number
    )
    from unnest(p_users, p_keys, v_fingerprints) with ordinality as claimed (user_id, key, fingerprint, number)
    left join rolecall.idempotency_records as record
      on record.user_id = claimed.user_id
      and record.key = claimed.key
  );
end
$$;
CREATE FUNCTION rolecall.conversation_cards(p_user uuid, p_conversations uuid[], p_readers text[], p_removed boolean, p_send_dm_rollout text) RETURNS jsonb
    LANGUAGE plpgsql STABLE
    SET search_path TO ''
    AS $$
begin
  return (
    with shown as materialized (
      select
        asked.number,
        asked.reader,
        conversation.*,
        fact.sender_role,
        fact.sender_internal,
        fact.org_id as sender_org_id,
        fact.rollout,
        fact.target_role,
        case when asked.reader = 'audience' then fact.facts || 'participant'::text else fact.facts end as facts,
        case
          when asked.reader <> 'audience' then conversation.last_seq
          else (
            select broadcast.seq
            from rolecall.visible_broadcasts(p_user, conversation.id, conversation.show_id) as broadcast
            order by broadcast.seq desc
            limit 1
          )
        end as newest_seq,
        case asked.reader
          when 'people' then (
            select own.last_read_seq
            from public.conversation_participants as own
            where own.conversation_id = conversation.id
              and own.user_id = p_user
          )
          when 'audience' then (
            select receipt.last_read_seq
            from public.broadcast_receipts as receipt
            where receipt.conversation_id = conversation.id
              and receipt.user_id = p_user
          )
        end as read_seq,
        case
          when conversation.kind = 'show' then nullif(conversation.created_by, p_user)
          when conversation.participant_low = p_user then conversation.participant_high
          when conversation.participant_high = p_user then conversation.participant_low
        end as other_id
      from unnest(p_conversations, p_readers) with ordinality as asked (id, reader, number)
      cross join lateral (
        select *
        from public.conversations
        where id = asked.id
        -- Each by its key, whatever PostgreSQL thinks how many there are.
        offset 0
      ) as conversation
      cross join lateral (
        select *
        from rolecall.reply_facts(p_user, asked.id)
        offset 0
      ) as fact
    ),
    judged as materialized (
      select
        alike.target_role,
        alike.facts,
        rolecall.judge_reply_facts(
          p_user,
          alike.sender_role,
          alike.sender_internal,
          alike.sender_org_id,
          alike.rollout,
          p_send_dm_rollout,
          alike.target_role,
          alike.facts
        ) as judgement
      from (
        select distinct sender_role, sender_internal, sender_org_id, rollout, target_role, facts
        from shown
      ) as alike
    )
    select jsonb_agg(
      jsonb_build_object(
        'id', shown.id,
        'kind', shown.kind,
        'version', shown.version,
        'with', case
          when shown.other_id is not null then (
            -- Of an imported conversation with somebody who has no profile, the id is all there is.
            select jsonb_build_object('id', shown.other_id, 'display_name', person.display_name, 'role', person.role)
            from (values (shown.other_id)) as other (id)
            left join public.profiles as person
              on person.id = other.id
          )
        end,
        'show', (
          select jsonb_build_object('id', show.id, 'title', show.title)
          from public.shows as show
          where show.id = shown.show_id
        ),
        'last_message', newest.message,
        'last_seq', coalesce(shown.newest_seq, 0),
        -- Of what was imported before somebody had a profile nothing is new to them; and who looks in to moderate has
        -- nothing to read.
        'last_read_seq', case shown.reader
          when 'people' then coalesce(shown.read_seq, shown.newest_seq)
          else coalesce(shown.read_seq, 0)
        end,
        'unread_count', case
          when shown.reader = 'people' then coalesce(shown.newest_seq - shown.read_seq, 0)
          when shown.reader = 'audience' and shown.newest_seq > coalesce(shown.read_seq, 0) then (
            select count(*)
            from rolecall.visible_broadcasts(p_user, shown.id, shown.show_id) as broadcast
            where broadcast.seq > coalesce(shown.read_seq, 0)
          )
          else 0
        end,
        'can_reply', coalesce((judged.judgement).allowed, false),
        'reply_refusal', case
          when (judged.judgement).allowed then null
          else jsonb_build_object(
            'code', (judged.judgement).refusal -> 'code',
            'rule', (judged.judgement).rule,
            'message', (judged.judgement).refusal -> 'detail',
            'allowed_if', (judged.judgement).refusal #> '{reasons,0,allowed_if}'
          )
        end,
        'created_at', rolecall.iso(shown.created_at),
        'last_message_at', rolecall.iso(coalesce(newest.created_at, shown.last_message_at))
      )
      order by shown.number
    )
    from shown
    join judged
      on judged.target_role is not distinct from shown.target_role
      and judged.facts = shown.facts
    left join lateral (
      select
        rolecall.message_json(message, case when p_removed then removed.content end) as message,
        message.created_at
      from public.messages as message
      left join rolecall.removed_contents as removed
        on removed.message_id = message.id
      where message.conversation_id = shown.id
        and message.seq = shown.newest_seq
      offset 0
    ) as newest
      on true
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
CREATE FUNCTION rolecall.count_reports() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
begin
  if tg_op = 'INSERT' then
    insert into rolecall.report_counts as counted (show_id, status, reports)
    select coalesce(show_id, '00000000-0000-0000-0000-000000000000'), status, count(*)
    from added
    group by 1, 2
    order by 1, 2
    on conflict (show_id, status) do update
    set reports = counted.reports + excluded.reports;
  elsif tg_op = 'UPDATE' then
    insert into rolecall.report_counts as counted (show_id, status, reports)
    select coalesce(show_id, '00000000-0000-0000-0000-000000000000'), status, sum(reports)
    from (
      select show_id, status, 1 as reports from added
      union all
      select show_id, status, -1 from gone
    ) as change
    group by 1, 2
    having sum(reports) <> 0
    order by 1, 2
    on conflict (show_id, status) do update
    set reports = counted.reports + excluded.reports;
  elsif tg_op = 'DELETE' then
    insert into rolecall.report_counts as counted (show_id, status, reports)
    select coalesce(show_id, '00000000-0000-0000-0000-000000000000'), status, -count(*)
    from gone
    group by 1, 2
    order by 1, 2
    on conflict (show_id, status) do update
    set reports = counted.reports + excluded.reports;
  else
    -- TRUNCATE hands over no rows.
    update rolecall.report_counts
    set reports = 0;
  end if;
  return null;
end
$$;
CREATE FUNCTION rolecall.cursor_of(p_at timestamp with time zone, p_id uuid) RETURNS text
    LANGUAGE sql IMMUTABLE
    RETURN ((CASE WHEN (p_at = '-infinity'::timestamp with time zone) THEN '-999999999999999999'::bigint ELSE ((EXTRACT(epoch FROM p_at) * (1000000)::numeric))::bigint END || '.'::text) || p_id);
CREATE FUNCTION rolecall.cursor_parts(p_cursor text, OUT at timestamp with time zone, OUT id uuid) RETURNS record
    LANGUAGE plpgsql STABLE
    SET search_path TO ''
    AS $_$
declare
  v_microseconds bigint;
begin
  if p_cursor ~ '^-?[0-9]{1,18}\.[^.]*$' then
    id := rolecall.uuid_or_null(split_part(p_cursor, '.', 2));
    v_microseconds := split_part(p_cursor, '.', 1)::bigint;
    if id is not null then
      -- From 4000 BC on it is a time; PostgreSQL knows none before 4714 BC.
      at := case
        when v_microseconds < -188000000000000000 then '-infinity'
        else 'epoch'::timestamptz + v_microseconds * interval '1 microsecond'
      end;
    end if;
  end if;
end
$_$;
CREATE FUNCTION rolecall.decide(p_action text, p_actor public.app_role, p_target public.app_role, p_facts text[]) RETURNS rolecall.decision
    LANGUAGE plpgsql STABLE
    SET search_path TO ''
    AS $$
declare
  v_guard text;
  v_rule text;
  v_decision rolecall.decision;
begin
  -- One statement, since every request comes through here.
  select
    guard.rule,
    rule.rule,
    guard.rule is null and rule.allowed and (rule.requires is null or rule.requires = any (p_facts)),
    guard.code,
    coalesce(guard.rule, rule.rule),
    case when guard.rule is null then rule.message else guard.message end,
    case when guard.rule is null then rule.allowed_if else guard.allowed_if end
  into
    v_guard,
    v_rule,
    v_decision.allowed,
    v_decision.code,
    v_decision.rule,
    v_decision.message,
    v_decision.allowed_if
  from (values (p_action)) as asked (action)
  left join lateral (
    select code, guarding.rule, message, allowed_if
    from rolecall.permission_guards as guarding
    where guarding.action = asked.action
      and coalesce(guarding.fact = any (p_facts), false) = guarding.denies_when
    order by guarding.position
    limit 1
  ) as guard
    on true
  left join rolecall.permission_rules as rule
    on rule.action = asked.action
    and rule.actor_role = p_actor
    and rule.target_role = p_target;

  if v_guard is null and v_rule is null then
    v_decision := row(
      false,
      'permission_denied'::text,
      'no_rule'::text,
      'No rule allows this.'::text,
      'A rule is added for these roles.'::text
    );
    return v_decision;
  end if;
  -- A fact that is null is one that is not known to hold.
  v_decision.allowed := coalesce(v_decision.allowed, false);
  if not v_decision.allowed and v_guard is null then
    v_decision.code := 'permission_denied';
  end if;
  return v_decision;
end
$$;
CREATE FUNCTION rolecall.deferred_dms(p_items rolecall.dm_item[]) RETURNS integer[]
    LANGUAGE plpgsql STABLE
    SET search_path TO ''
    AS $$
declare
  v_item record;
  v_kept_keys text[] := '{}';
  v_deferred int[] := '{}';
  v_callers uuid[] := '{}';
  v_pairs text[] := '{}';
begin
  if not exists (
    select
    from unnest(p_items) as item
    where item.key is not null
    group by item.caller, item.key
    having count(*) > 1
  ) and not exists (
    select
    from unnest(p_items) as item
    where item.recipient is not null
    group by least(item.caller, item.recipient), greatest(item.caller, item.recipient)
    having count(*) > 1
      and count(distinct (item.caller, item.show_id)) > 1
  ) then
    return v_deferred;
  end if;

  for v_item in
    with addressed as (
      select
        item.number,
        item.caller,
        item.key,
        item.show_id,
        item.is_reply,
        coalesce(conversation.participant_low, least(item.caller, item.recipient)) as low,
        coalesce(conversation.participant_high, greatest(item.caller, item.recipient)) as high
      from unnest(p_items) as item
      left join public.conversations as conversation
        on item.is_reply
        and conversation.id = item.conversation
      where item.caller is not null
        and item.is_user
    )
    select
      addressed.number,
      addressed.caller,
      addressed.key,
      addressed.low || ' ' || addressed.high as pair,
      not addressed.is_reply
        and not exists (
          select
          from public.conversations as conversation
          where conversation.kind = 'direct'
            and conversation.version = 'v2'
            and conversation.participant_low = addressed.low
            and conversation.participant_high = addressed.high
        )
        and exists (
          select
          from addressed as earlier
          where earlier.number < addressed.number
            and earlier.low = addressed.low
            and earlier.high = addressed.high
            and (earlier.caller, earlier.show_id) is distinct from (addressed.caller, addressed.show_id)
        ) as is_second_contact
    from addressed
    order by addressed.number
  loop
    if v_item.is_second_contact
      or v_item.caller = any (v_callers)
      or v_item.pair = any (v_pairs)
      or v_item.caller || ' ' || v_item.key = any (v_kept_keys)
    then
      v_deferred := v_deferred || v_item.number;
      v_callers := v_callers || v_item.caller;
      if v_item.pair is not null then
        v_pairs := v_pairs || v_item.pair;
      end if;
    elsif v_item.key is not null then
      v_kept_keys := v_kept_keys || (v_item.caller || ' ' || v_item.key);
    end if;
  end loop;
  return v_deferred;
end
$$;
CREATE FUNCTION rolecall.delete_message(p_user uuid, p_input jsonb, p_rollout text) RETURNS jsonb
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
declare
  v_message public.messages;
  v_judgement rolecall.judgement;
begin
  v_judgement := rolecall.judge_moderation(p_user, rolecall.uuid_or_null(p_input ->> 'message_id'), p_rollout);
  select *
  into v_message
  from public.messages
  where id = rolecall.uuid_or_null(p_input ->> 'message_id');
  if v_judgement.allowed is distinct from true
    and (
      v_message.sender_id is distinct from p_user
      -- Neither being suspended nor the matrix stands in the way of taking back one's own words.
      or v_judgement.rule in ('feature_disabled', 'no_profile')
    )
  then
    return v_judgement.refusal;
  end if;
  if rolecall.refuse_note(p_input) is not null then
    return rolecall.refuse_note(p_input);
  end if;

  v_message := rolecall.remove_message(p_user, v_message.id, null, p_input ->> 'note');
  return rolecall.moderated_message(v_message);
end
$$;
CREATE FUNCTION rolecall.delete_own_data(p_user uuid, p_rollout text) RETURNS jsonb
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
declare
  v_batch constant int := 4000;
  v_most constant int := 20000;
  -- Messages of others in between are looked at as well, and conversations where there is nothing left to do: a call may
  -- take five seconds.
  v_most_read constant int := 200000;
  v_visit constant int := 10;
  v_placeholder constant text := '[deleted by its author]';
  v_refusal jsonb := rolecall.refuse_data_subject(p_user, p_rollout);
  v_deletion public.data_deletions;
  v_own uuid[] := '{}';
  v_conversation uuid;
  v_last bigint;
  v_read bigint := 0;
  v_deleted bigint := 0;
  v_all boolean := false;
  v_rows bigint;
begin
  if v_refusal is not null then
    return v_refusal;
  end if;
  insert into public.data_deletions as unfinished (user_id)
  values (p_user)
  on conflict (user_id) where completed_at is null do update
  set user_id = unfinished.user_id
  returning *
  into v_deletion;

  for v_conversation, v_last in
    select conversation.id, conversation.last_seq
    from public.conversation_participants as participant
    join public.conversations as conversation
      on conversation.id = participant.conversation_id
    where participant.user_id = p_user
      and participant.conversation_id >= v_deletion.reached_conversation_id
    order by participant.conversation_id
  loop
    if v_conversation <> v_deletion.reached_conversation_id then
      v_deletion.reached_conversation_id := v_conversation;
      v_deletion.reached_seq := 0;
    end if;
    v_read := v_read + v_visit;
    while v_deletion.reached_seq < v_last and v_read < v_most_read loop
      -- By ranges of numbers, which no plan can make more of than they are.
      select v_own || coalesce(array_agg(id), '{}')
      into v_own
      from public.messages
      where conversation_id = v_deletion.reached_conversation_id
        and seq > v_deletion.reached_seq
        and seq <= v_deletion.reached_seq + v_batch
        and sender_id = p_user;
      v_read := v_read + least(v_batch, v_last - v_deletion.reached_seq);
      v_deletion.reached_seq := least(v_deletion.reached_seq + v_batch, v_last);
      if cardinality(v_own) >= v_batch then
        v_deleted := v_deleted + rolecall.erase_messages(p_user, v_own);
        v_own := '{}';
        -- Another two batches could come together before the next one is erased.
        if v_deleted > v_most - 2 * v_batch then
          v_read := v_most_read;
        end if;
      end if;
    end loop;
    exit when v_read >= v_most_read;
  end loop;
  v_deleted := v_deleted + rolecall.erase_messages(p_user, v_own);
  v_all := v_read < v_most_read;

  -- Help conversations have no place for a placeholder but the text itself.
  if v_all then
    update public.messages_v2
    set content = v_placeholder
    where id in (
      select id
      from public.messages_v2
      where sender_id = p_user
        and content <> v_placeholder
      limit v_most - v_deleted
    );
    get diagnostics v_rows = row_count;
    v_deleted := v_deleted + v_rows;
    v_all := v_deleted < v_most;
  end if;
  if v_all then
    update public.conversations_v2
    set initial_message = v_placeholder
    where id in (
      select id
      from public.conversations_v2
      where helper_id = p_user
        and initial_message <> v_placeholder
      limit v_most
    );
    get diagnostics v_rows = row_count;
    v_all := v_rows < v_most;
  end if;
  if v_all then
    -- The answer that is kept for a repeated request quotes the message, too.
    update rolecall.idempotency_records
    set answer = jsonb_set(answer, '{data,message,content}', to_jsonb(v_placeholder))
    where user_id = p_user
      and answer #> '{data,message,content}' is not null;
  end if;

  update public.data_deletions
  set
    completed_at = case when v_all then now() end,
    messages_deleted = messages_deleted + v_deleted,
    reached_conversation_id = v_deletion.reached_conversation_id,
    reached_seq = v_deletion.reached_seq
  where id = v_deletion.id
  returning *
  into v_deletion;
  return rolecall.success(
    jsonb_build_object(
      'deletion_id', v_deletion.id,
      'status', case when v_all then 'complete' else 'in_progress' end,
      'messages_deleted', v_deletion.messages_deleted,
      'requested_at', rolecall.iso(v_deletion.requested_at)
    )
  );
end
$$;
CREATE FUNCTION rolecall.deletion_class(p_user uuid, p_author uuid) RETURNS text
    LANGUAGE plpgsql STABLE
    SET search_path TO ''
    AS $$
begin
  if p_user = p_author then
    return 'author';
  end if;
  return (
    select case when role in ('moderator', 'admin') then 'moderator' else 'organizer' end
    from public.profiles
    where id = p_user
  );
end
$$;
CREATE FUNCTION rolecall.deletion_of(p_message public.messages) RETURNS jsonb
    LANGUAGE plpgsql STABLE
    SET search_path TO ''
    AS $$
begin
  if p_message.deleted_at is null then
    return null;
  end if;
  return jsonb_build_object('by', p_message.deleted_as, 'at', rolecall.iso(p_message.deleted_at));
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
      'show', count(*) filter (where kind = 'show')
    ),
    jsonb_build_object(
      'direct', coalesce(sum(last_seq) filter (where kind = 'direct'), 0),
      'show', coalesce(sum(last_seq) filter (where kind = 'show'), 0)
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
  ) || rolecall.further_figures(p_organization);
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
CREATE TABLE public.feature_flags (
    name text NOT NULL,
    rollout text NOT NULL,
    description text DEFAULT ''::text NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT feature_flags_rollout_form CHECK ((rollout ~ '^(disabled|internal|enabled|percentage:(0|[1-9][0-9]?|100))$'::text))
);
COMMENT ON TABLE public.feature_flags IS 'How far each function is rolled out. A function without a row is off.';
COMMENT ON COLUMN public.feature_flags.rollout IS 'disabled, internal, percentage:0 to percentage:100, or enabled.';
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
CREATE TABLE public.user_blocks (
    blocker_id uuid NOT NULL,
    blocked_id uuid NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT user_blocks_of_somebody_else CHECK ((blocker_id <> blocked_id))
);
COMMENT ON TABLE public.user_blocks IS 'Who has blocked whom. A block stops direct messages both ways.';
CREATE FUNCTION rolecall.dm_facts(p_sender uuid, p_recipient uuid) RETURNS TABLE(sender_role public.app_role, sender_internal boolean, org_id uuid, rollout text, target_role public.app_role, facts text[])
    LANGUAGE sql STABLE
    BEGIN ATOMIC
 SELECT sender.role,
     sender.is_internal,
     sender.organization_id,
     flag.rollout,
     recipient.role,
     ARRAY['feature_enabled'::text,
         CASE
             WHEN (sender.suspended_until > now()) THEN 'suspended'::text
             ELSE NULL::text
         END,
         CASE
             WHEN (dm_facts.p_sender = dm_facts.p_recipient) THEN 'self'::text
             ELSE NULL::text
         END,
         CASE
             WHEN (EXISTS ( SELECT
                FROM public.user_blocks
               WHERE ((user_blocks.blocker_id = ANY (ARRAY[dm_facts.p_sender, dm_facts.p_recipient])) AND (user_blocks.blocked_id = ANY (ARRAY[dm_facts.p_sender, dm_facts.p_recipient]))))) THEN 'blocked'::text
             ELSE NULL::text
         END] AS "array"
    FROM (((( VALUES (dm_facts.p_sender)) asked(id)
      LEFT JOIN public.profiles sender ON ((sender.id = asked.id)))
      LEFT JOIN public.profiles recipient ON ((recipient.id = dm_facts.p_recipient)))
      LEFT JOIN public.feature_flags flag ON ((flag.name = 'send-dm'::text)));
END;
CREATE FUNCTION rolecall.dm_items(p_requests jsonb) RETURNS rolecall.dm_item[]
    LANGUAGE plpgsql IMMUTABLE
    SET search_path TO ''
    AS $$
begin
  return (
    select array_agg(
      row(
        element.number,
        rolecall.uuid_or_null(element.request #>> '{claims,sub}'),
        coalesce(element.request #>> '{claims,role}' = 'authenticated', false),
        element.request ->> 'idempotency_key',
        element.request ->> 'rollout',
        sent.input ->> 'content',
        sent.input ->> 'conversation_id' is not null,
        rolecall.uuid_or_null(sent.input ->> 'conversation_id'),
        -- Of a reply nothing else counts.
        case
          when sent.input ->> 'conversation_id' is null then rolecall.uuid_or_null(sent.input ->> 'recipient_id')
        end,
        case
          when sent.input ->> 'conversation_id' is null then rolecall.uuid_or_null(sent.input ->> 'show_id')
        end,
        case
          when coalesce(char_length(sent.input ->> 'content') not between 1 and 2000, true) then
            rolecall.refusal('invalid_input', 'The content must have 1 to 2000 characters.')
          when sent.input ->> 'conversation_id' is null
            and sent.input ->> 'show_id' is not null
            and rolecall.uuid_or_null(sent.input ->> 'show_id') is null
          then
            rolecall.refusal('invalid_input', 'The show_id is not a uuid.')
        end
      )::rolecall.dm_item
      order by element.number
    )
    from jsonb_array_elements(p_requests) with ordinality as element (request, number)
    cross join lateral (values (element.request -> 'input')) as sent (input)
  );
end
$$;
CREATE FUNCTION rolecall.erase_messages(p_user uuid, p_messages uuid[]) RETURNS bigint
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
declare
  v_new bigint;
  v_reported uuid[];
begin
  -- From here on nobody else deletes or restores them.
  perform
  from public.messages
  where id = any (p_messages)
    and sender_id = p_user
  order by conversation_id, seq
  for no key update;

  select coalesce(array_agg(distinct message_id), '{}')
  into v_reported
  from public.reported_messages
  where message_id = any (p_messages)
    and status = 'pending';
  insert into rolecall.removed_contents (message_id, content, removed_at)
  select id, content, now()
  from public.messages
  where id = any (v_reported)
    and sender_id = p_user
    and content is not null;
  insert into rolecall.erasures_due (message_id)
  select id
  from public.messages
  where id = any (v_reported)
    and sender_id = p_user
  on conflict (message_id) do nothing;

  select count(*)
  into v_new
  from public.messages
  where id = any (p_messages)
    and sender_id = p_user
    and deleted_at is null;
  update public.messages
  set
    content = null,
    deleted_at = coalesce(deleted_at, now()),
    deleted_as = 'author'
  where id = any (p_messages)
    and sender_id = p_user
    and deleted_as is distinct from 'author';
  delete from rolecall.removed_contents
  where message_id = any (p_messages)
    and message_id <> all (v_reported);
  return v_new;
end
$$;
CREATE FUNCTION rolecall.erase_what_is_due() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
begin
  with due as (
    delete from rolecall.erasures_due
    where message_id in (select message_id from reviewed)
      and not exists (
        select
        from public.reported_messages as report
        where report.message_id = erasures_due.message_id
          and report.status = 'pending'
      )
    returning message_id
  )
  delete from rolecall.removed_contents
  using due
  where removed_contents.message_id = due.message_id;
  return null;
end
$$;
CREATE FUNCTION rolecall.export_page(p_user uuid, p_input jsonb, p_rollout text) RETURNS jsonb
    LANGUAGE plpgsql STABLE
    SET search_path TO ''
    AS $_$
declare
  v_sections constant text[] := array[
    'profile', 'block', 'conversation', 'message', 'broadcast', 'help_request', 'help_conversation', 'help_message',
    'report'
  ];
  v_nil constant uuid := '00000000-0000-0000-0000-000000000000';
  v_refusal jsonb := rolecall.refuse_data_subject(p_user, p_rollout);
  v_parts text[];
  v_section int := 1;
  v_group uuid := v_nil;
  v_position bigint := 0;
  v_id uuid := v_nil;
  v_lines jsonb := '[]';
  v_left int := 500;
  v_found int;
  v_page jsonb;
begin
  if v_refusal is not null then
    return v_refusal;
  end if;
  if p_input ->> 'cursor' is not null then
    v_parts := regexp_match(p_input ->> 'cursor', '^([a-z_]+)/([^/]+)/(-?[0-9]{1,16})/([^/]+)$');
    v_section := array_position(v_sections, v_parts[1]);
    v_group := rolecall.uuid_or_null(v_parts[2]);
    v_position := v_parts[3];
    v_id := rolecall.uuid_or_null(v_parts[4]);
    if v_section is null or v_group is null or v_id is null then
      return rolecall.refuse_cursor();
    end if;
  end if;
  while v_section <= cardinality(v_sections) loop
    select
      count(*),
      coalesce(
        jsonb_agg(
          jsonb_build_object('type', v_sections[v_section]) || line
          order by group_id, "position", id
        ),
        '[]'
      ),
      coalesce((array_agg(group_id order by group_id desc, "position" desc, id desc))[1], v_group),
      coalesce((array_agg("position" order by group_id desc, "position" desc, id desc))[1], v_position),
      coalesce((array_agg(id order by group_id desc, "position" desc, id desc))[1], v_id)
    into v_found, v_page, v_group, v_position, v_id
    from (
      select *
      from rolecall.export_section(p_user, v_sections[v_section], v_group, v_position, v_id)
      order by group_id, "position", id
      limit v_left
    ) as page;
    v_lines := v_lines || v_page;
    v_left := v_left - v_found;
    exit when v_left = 0;
    v_section := v_section + 1;
    v_group := v_nil;
    v_position := 0;
    v_id := v_nil;
  end loop;
  return rolecall.success(
    jsonb_build_object(
      'lines', v_lines,
      'next_cursor', case
        when v_section <= cardinality(v_sections)
          then format('%s/%s/%s/%s', v_sections[v_section], v_group, v_position, v_id)
      end
    )
  );
end
$_$;
CREATE FUNCTION rolecall.export_section(p_user uuid, p_section text, p_group uuid, p_position bigint, p_id uuid) RETURNS TABLE(line jsonb, group_id uuid, "position" bigint, id uuid)
    LANGUAGE plpgsql STABLE
    SET search_path TO ''
    AS $$
declare
  v_nil constant uuid := '00000000-0000-0000-0000-000000000000';
  v_conversation uuid;
  v_last bigint;
  v_reached bigint;
  v_step int;
  v_found int;
  v_lines int := 0;
begin
  case p_section
    when 'profile' then
      return query
      select
        jsonb_build_object(
          'id', profile.id,
          'display_name', profile.display_name,
          'role', profile.role,
          'organization_id', profile.organization_id,
          'organization_role', profile.organization_role,
          'suspended_until', rolecall.suspension_json(profile.suspended_until),
          'created_at', rolecall.iso(profile.created_at),
          'updated_at', rolecall.iso(profile.updated_at)
        ),
        profile.id,
        0::bigint,
        v_nil
      from public.profiles as profile
      where profile.id = p_user
        and profile.id > p_group;

    when 'block' then
      return query
      select
        jsonb_build_object('blocked_id', block.blocked_id, 'created_at', rolecall.iso(block.created_at)),
        block.blocked_id,
        0::bigint,
        v_nil
      from public.user_blocks as block
      where block.blocker_id = p_user
        and block.blocked_id > p_group
      order by block.blocked_id
      limit 500;

    when 'conversation' then
      return query
      select
        jsonb_build_object(
          'id', conversation.id,
          'kind', conversation.kind,
          'version', conversation.version,
          'with', case
            when other.id is not null
              then jsonb_build_object('id', other.id, 'display_name', other.display_name)
          end,
          'show_id', conversation.show_id,
          'read_only', conversation.read_only,
          'last_seq', conversation.last_seq,
          'last_read_seq', participant.last_read_seq,
          'created_at', rolecall.iso(conversation.created_at),
          'last_message_at', case
            when isfinite(conversation.last_message_at) then rolecall.iso(conversation.last_message_at)
          end
        ),
        conversation.id,
        0::bigint,
        v_nil
      from public.conversation_participants as participant
      join public.conversations as conversation
        on conversation.id = participant.conversation_id
      left join public.profiles as other
        on other.id = case p_user
          when conversation.participant_low then conversation.participant_high
          else conversation.participant_low
        end
      where participant.user_id = p_user
        and participant.conversation_id > p_group
      order by participant.conversation_id
      limit 500;

    when 'message' then
      -- Of both sides: what was written to somebody is theirs, too. Conversation by conversation, and in each by ranges of
      -- numbers, which no plan can make more of than they are.
      for v_conversation, v_last in
        select conversation.id, conversation.last_seq
        from public.conversation_participants as participant
        join public.conversations as conversation
          on conversation.id = participant.conversation_id
        where participant.user_id = p_user
          and participant.conversation_id >= p_group
        order by participant.conversation_id
      loop
        v_reached := case when v_conversation = p_group then p_position else 0 end;
        while v_reached < v_last and v_lines < 500 loop
          v_step := 500 - v_lines;
          return query
          select
            rolecall.message_json(message) || jsonb_build_object('conversation_id', message.conversation_id),
            message.conversation_id,
            message.seq,
            v_nil
          from public.messages as message
          where message.conversation_id = v_conversation
            and message.seq > v_reached
            and message.seq <= v_reached + v_step;
          get diagnostics v_found = row_count;
          v_lines := v_lines + v_found;
          v_reached := v_reached + v_step;
        end loop;
        exit when v_lines >= 500;
      end loop;

    when 'broadcast' then
      -- What was broadcast to them: they took part with one of the roles when it was sent.
      return query
      select
        jsonb_build_object(
          'id', broadcast.id,
          'conversation_id', broadcast.conversation_id,
          'message_id', broadcast.message_id,
          'show_id', broadcast.show_id,
          'sender_id', broadcast.sender_id,
          'content', message.content,
          'created_at', rolecall.iso(broadcast.created_at),
          'deleted', rolecall.deletion_of(message)
        ),
        broadcast.id,
        0::bigint,
        v_nil
      from rolecall.participations as own
      join public.broadcasts as broadcast
        on broadcast.show_id = own.show_id
        and broadcast.created_at >= own.joined_at
        and broadcast.created_at < own.left_at
        and own.role = any (broadcast.recipient_roles)
      join public.messages as message
        on message.id = broadcast.message_id
      where own.user_id = p_user
        and broadcast.sender_id <> p_user
        and broadcast.id > p_group
      order by broadcast.id
      limit 500;

    when 'help_request' then
      return query
      select
        jsonb_build_object(
          'id', request.id,
          'title', request.title,
          'description', request.description,
          'status', request.status,
          'created_at', rolecall.iso(request.created_at),
          'updated_at', rolecall.iso(request.updated_at)
        ),
        request.id,
        0::bigint,
        v_nil
      from public.help_requests as request
      where request.requester_id = p_user
        and request.id > p_group
      order by request.id
      limit 500;

    when 'help_conversation' then
      return query
      select
        jsonb_build_object(
          'id', conversation.id,
          'help_request_id', conversation.help_request_id,
          'requester_id', conversation.requester_id,
          'helper_id', conversation.helper_id,
          'initial_message', conversation.initial_message,
          'status', conversation.status,
          'created_at', rolecall.iso(conversation.created_at),
          'updated_at', rolecall.iso(conversation.updated_at)
        ),
        conversation.id,
        0::bigint,
        v_nil
      from public.conversations_v2 as conversation
      where p_user in (conversation.requester_id, conversation.helper_id)
        and conversation.id > p_group
      order by conversation.id
      limit 500;

    when 'help_message' then
      for v_conversation in
        select conversation.id
        from public.conversations_v2 as conversation
        where p_user in (conversation.requester_id, conversation.helper_id)
          and conversation.id >= p_group
        order by conversation.id
      loop
        return query
        select
          rolecall.help_message(message) || jsonb_build_object('conversation_id', message.conversation_id),
          message.conversation_id,
          (extract(epoch from message.created_at) * 1000000)::bigint,
          message.id
        from public.messages_v2 as message
        where message.conversation_id = v_conversation
          and (
            v_conversation <> p_group
            or (message.created_at, message.id) > ('epoch'::timestamptz + p_position * interval '1 microsecond', p_id)
          )
        order by message.created_at, message.id
        limit 500;
        get diagnostics v_found = row_count;
        v_lines := v_lines + v_found;
        exit when v_lines >= 500;
      end loop;

    when 'report' then
      return query
      select
        jsonb_build_object(
          'id', report.id,
          'message_id', report.message_id,
          'conversation_id', report.conversation_id,
          'reason', report.reason,
          'status', report.status,
          'created_at', rolecall.iso(report.created_at)
        ),
        report.id,
        0::bigint,
        v_nil
      from public.reported_messages as report
      where report.reporter_id = p_user
        and report.id > p_group
      order by report.id
      limit 500;
  end case;
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
CREATE FUNCTION rolecall.finish_many(p_function text, p_requests jsonb, p_users uuid[], p_answers jsonb[]) RETURNS jsonb[]
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
declare
  v_ms double precision := 1000 * extract(epoch from clock_timestamp() - statement_timestamp());
  v_answers jsonb[];
begin
  with finished as (
    select
      request.number,
      request.user_id,
      coalesce(request.answer ->> 'code', 'ok') as code,
      case
        when request.answer ? 'org_id' then (request.answer ->> 'org_id')::uuid
        else profile.organization_id
      end as org_id,
      case
        when not request.answer ? 'org_id' and profile.organization_id is not null then
          request.answer || jsonb_build_object('org_id', profile.organization_id)
        else request.answer
      end as answer
    from unnest(p_users, p_answers) with ordinality as request (user_id, answer, number)
    left join public.profiles as profile
      on profile.id = request.user_id
      and not request.answer ? 'org_id'
  ),
  logged as (
    insert into public.application_logs (
      level, service, method, event, request_id, user_id, conversation_id, org_id, duration_ms, code, details
    )
    select
      'warn',
      'database',
      p_function,
      'refused',
      p_requests -> (number::int - 1) ->> 'request_id',
      user_id,
      rolecall.uuid_or_null(answer #>> '{data,conversation_id}'),
      org_id,
      round(v_ms::numeric, 3),
      code,
      jsonb_strip_nulls(
        jsonb_build_object(
          'detail', answer -> 'detail',
          'reasons', answer -> 'reasons',
          'field', answer -> 'field'
        )
      )
    from finished
    where answer is not null
      and code <> 'ok'
    order by number
  ),
  counted as (
    insert into rolecall.request_metrics as metric (slot, function, code, org_id, bucket, stripe, requests)
    select
      date_bin('15 minutes', now(), '2000-01-01 00:00:00+00'),
      p_function,
      code,
      coalesce(org_id, '00000000-0000-0000-0000-000000000000'),
      least(ceil(2 * ln(greatest(v_ms * 10, 1)) / ln(2.0::double precision)), 40),
      pg_backend_pid() % 32,
      count(*)
    from finished
    where answer is not null
    group by code, coalesce(org_id, '00000000-0000-0000-0000-000000000000')
    order by 4, 3
    on conflict (org_id, slot, function, code, bucket, stripe) do update
    set requests = metric.requests + excluded.requests
  )
  select array_agg(answer order by number)
  into v_answers
  from finished;
  return v_answers;
end
$$;
CREATE FUNCTION rolecall.further_figures(p_organization uuid) RETURNS jsonb
    LANGUAGE plpgsql STABLE
    SET search_path TO ''
    AS $$
declare
  v_reports jsonb;
begin
  select jsonb_build_object(
    'pending', count(*),
    'oldest_age_seconds', extract(epoch from now() - min(report.created_at))::bigint
  )
  into v_reports
  from public.reported_messages as report
  join public.conversations as conversation
    on conversation.id = report.conversation_id
  where report.status = 'pending'
    and conversation.organization_id = p_organization;
  return jsonb_build_object('reports', v_reports);
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
CREATE FUNCTION rolecall.in_audience(p_user uuid, p_show uuid, p_roles public.app_role[], p_sent_at timestamp with time zone) RETURNS boolean
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO ''
    AS $$
  select exists (
    select
    from rolecall.participations
    where user_id = p_user
      and show_id = p_show
      and role = any (p_roles)
      and p_sent_at >= joined_at
      and p_sent_at < left_at
  )
$$;
CREATE FUNCTION rolecall.inbox(p_user uuid, p_input jsonb, p_send_dm_rollout text) RETURNS jsonb
    LANGUAGE plpgsql STABLE
    SET search_path TO ''
    AS $$
declare
  v_kind text := p_input ->> 'kind';
  v_limit int := rolecall.page_size(p_input, 100);
  v_removed boolean;
  -- Before everything.
  v_at timestamptz := 'infinity';
  v_id uuid := 'ffffffff-ffff-ffff-ffff-ffffffffffff';
  v_conversations uuid[];
  v_readers text[];
  v_cards jsonb;
  v_next text;
begin
  if v_kind not in ('direct', 'show') then
    return rolecall.refusal('invalid_input', 'The kind must be direct or show.');
  end if;
  if p_input ->> 'cursor' is not null then
    select at, id
    into v_at, v_id
    from rolecall.cursor_parts(p_input ->> 'cursor');
    if v_id is null then
      return rolecall.refuse_cursor();
    end if;
  end if;
  v_removed := exists (
    select
    from public.profiles
    where id = p_user
      and role in ('moderator', 'admin')
  );

  -- One more than the page tells whether there is another.
  select
    array_agg(id order by number) filter (where number <= v_limit),
    array_agg(reader order by number) filter (where number <= v_limit),
    case
      when count(*) > v_limit then max(rolecall.cursor_of(at, id)) filter (where number = v_limit)
    end
  into v_conversations, v_readers, v_next
  from (
    select id, at, reader, row_number() over (order by at desc, id desc) as number
    from rolecall.inbox_page(p_user, v_kind, v_at, v_id, v_limit + 1)
  ) as page;
  v_cards := coalesce(
    rolecall.conversation_cards(p_user, v_conversations, v_readers, v_removed, p_send_dm_rollout),
    '[]'
  );

  return rolecall.success(jsonb_build_object('conversations', v_cards, 'next_cursor', v_next));
end
$$;
CREATE FUNCTION rolecall.inbox_page(p_user uuid, p_kind text, p_at timestamp with time zone, p_id uuid, p_limit integer) RETURNS TABLE(id uuid, at timestamp with time zone, reader text)
    LANGUAGE plpgsql STABLE ROWS 50
    SET search_path TO ''
    AS $$
#variable_conflict use_column
begin
  return query
  select listed.id, listed.at, listed.reader
  from (
    (
      select conversation.id, conversation.last_message_at as at, 'people' as reader
      from public.conversations as conversation
      where conversation.participant_low = p_user
        and p_kind is distinct from 'show'
        and (conversation.last_message_at, conversation.id) < (p_at, p_id)
      order by conversation.last_message_at desc, conversation.id desc
      limit p_limit
    )
    union all
    (
      select conversation.id, conversation.last_message_at, 'people'
      from public.conversations as conversation
      where conversation.participant_high = p_user
        and p_kind is distinct from 'show'
        and (conversation.last_message_at, conversation.id) < (p_at, p_id)
      order by conversation.last_message_at desc, conversation.id desc
      limit p_limit
    )
    union all
    (
      select conversation.id, conversation.last_message_at, 'people'
      from public.conversations as conversation
      where conversation.created_by = p_user
        and conversation.kind = 'show'
        and p_kind is distinct from 'direct'
        and (conversation.last_message_at, conversation.id) < (p_at, p_id)
      order by conversation.last_message_at desc, conversation.id desc
      limit p_limit
    )
    union all
    (
      -- What is broadcast where they take part.
      select thread.conversation_id, thread.last_message_at, 'audience'
      from public.show_participants as own
      cross join lateral (
        select newest.conversation_id, newest.last_message_at
        from rolecall.show_threads as newest
        join public.conversations as conversation
          on conversation.id = newest.conversation_id
          and conversation.created_by <> p_user
        where newest.show_id = own.show_id
          and newest.role = own.role
          and newest.last_message_at >= own.joined_at
          and (newest.last_message_at, newest.conversation_id) < (p_at, p_id)
        order by newest.last_message_at desc, newest.conversation_id desc
        limit p_limit
      ) as thread
      where own.user_id = p_user
        and p_kind is distinct from 'direct'
      order by thread.last_message_at desc, thread.conversation_id desc
      limit p_limit
    )
    union all
    (
      -- What was broadcast where they took part, unless they see later messages of it, too.
      select newest.conversation_id, max(last.created_at), 'audience'
      from rolecall.past_participations as own
      join rolecall.show_threads as newest
        on newest.show_id = own.show_id
        and newest.role = own.role
      cross join lateral (
        select broadcast.created_at
        from public.broadcasts as broadcast
        where broadcast.conversation_id = newest.conversation_id
          and broadcast.sender_id <> p_user
          and broadcast.created_at >= own.joined_at
          and broadcast.created_at < own.left_at
          and own.role = any (broadcast.recipient_roles)
        order by broadcast.seq desc
        limit 1
      ) as last
      where own.user_id = p_user
        and p_kind is distinct from 'direct'
        and not exists (
          select
          from public.show_participants as now_own
          join rolecall.show_threads as later
            on later.conversation_id = newest.conversation_id
            and later.role = now_own.role
            and later.last_message_at >= now_own.joined_at
          where now_own.user_id = p_user
            and now_own.show_id = own.show_id
        )
      group by newest.conversation_id
      having (max(last.created_at), newest.conversation_id) < (p_at, p_id)
      order by 2 desc, 1 desc
      limit p_limit
    )
  ) as listed
  order by listed.at desc, listed.id desc
  limit p_limit;
end
$$;
CREATE FUNCTION rolecall.is_conversation(p_version text, p_kind text, p_low uuid, p_high uuid, p_show uuid, p_created_by uuid, p_read_only boolean) RETURNS boolean
    LANGUAGE plpgsql IMMUTABLE
    SET search_path TO ''
    AS $$
begin
  return coalesce(
    case p_version
      when 'v2' then
        p_created_by is not null
        and case p_kind
          when 'direct' then p_low < p_high and p_show is null
          when 'show' then p_low is null and p_high is null and p_show is not null
        end
      -- What was imported may lack people, and is for reading alone.
      when 'v1' then
        p_kind = 'direct'
        and p_read_only
        and (p_low < p_high or p_high is null)
    end,
    false
  );
end
$$;
CREATE FUNCTION rolecall.is_role(p_name text) RETURNS boolean
    LANGUAGE plpgsql STABLE
    SET search_path TO ''
    AS $$
begin
  return coalesce(p_name = any (enum_range(null::public.app_role)::text[]), false);
end
$$;
CREATE FUNCTION rolecall.iso(p_at timestamp with time zone) RETURNS text
    LANGUAGE sql STABLE
    RETURN to_char((p_at AT TIME ZONE 'utc'::text), 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'::text);
CREATE FUNCTION rolecall.judge_broadcast(p_sender uuid, p_show uuid, p_roles public.app_role[], p_rollout text, OUT judgement rolecall.judgement, OUT allowed_roles public.app_role[], OUT phase text, OUT pre_show_limit integer, OUT post_show_limit integer) RETURNS record
    LANGUAGE plpgsql STABLE
    SET search_path TO ''
    AS $$
declare
  v_sender public.profiles;
  v_show public.shows;
  v_facts text[];
  v_reasons jsonb;
  v_code text;
  v_detail text;
begin
  select *
  into v_sender
  from public.profiles
  where id = p_sender;
  judgement.org_id := v_sender.organization_id;
  judgement.allowed := false;
  if not rolecall.feature_enabled('send-broadcast', p_rollout, p_sender, v_sender.is_internal) then
    judgement.refusal := rolecall.refuse_disabled();
    judgement.rule := 'feature_disabled';
    return;
  end if;
  if v_sender.id is null then
    judgement.refusal := rolecall.refuse_without_profile();
    judgement.rule := 'no_profile';
    return;
  end if;
  select *
  into v_show
  from public.shows
  where id = p_show;
  if not found then
    judgement.refusal := rolecall.refusal('not_found', 'There is no show with this show_id.');
    return;
  end if;

  v_facts := array[
    'feature_enabled',
    case when v_sender.suspended_until > now() then 'suspended' end,
    case when v_show.organizer_id = p_sender then 'own_show' end,
    case
      when exists (
        select
        from public.show_participants
        where show_id = p_show
          and user_id = p_sender
      )
      then 'takes_part'
    end
  ];
  -- Every role that is refused is a reason; what is said of several roles is said once.
  select
    jsonb_agg(reason order by first_role) filter (where not allowed),
    (array_agg(code order by first_role) filter (where not allowed))[1],
    string_agg(reason ->> 'message', ' ' order by first_role) filter (where not allowed),
    (array_agg(rule order by allowed, first_role))[1]
  into v_reasons, v_code, v_detail, judgement.rule
  from (
    select
      min(role) as first_role,
      coalesce(decision.allowed, false) as allowed,
      decision.code,
      decision.rule,
      jsonb_build_object('code', decision.rule, 'message', decision.message, 'allowed_if', decision.allowed_if)
        as reason
    from unnest(p_roles) as role
    cross join lateral rolecall.decide('broadcast', v_sender.role, role, v_facts) as decision
    group by decision.allowed, decision.code, decision.rule, decision.message, decision.allowed_if
  ) as decided;
  if v_reasons is not null then
    -- Which of them would be allowed alone.
    select array_agg(role order by role)
    into allowed_roles
    from unnest(p_roles) as role
    where (rolecall.decide('broadcast', v_sender.role, role, v_facts)).allowed;
    judgement.refusal := jsonb_build_object('ok', false, 'code', v_code, 'detail', v_detail, 'reasons', v_reasons);
    return;
  end if;

  judgement.allowed := true;
  allowed_roles := p_roles;
  phase := case when now() < v_show.starts_at then 'pre_show' else 'post_show' end;
  -- A role that may broadcast but has no limit set has nothing to take from, rather than no limit.
  select
    (
      select case when count(*) = 0 then 0 else max(per_quota_day) end
      from public.broadcast_limits as broadcast_limit
      where broadcast_limit.role = v_sender.role
        and broadcast_limit.phase = 'pre_show'
    ),
    (
      select case when count(*) = 0 then 0 else max(per_quota_day) end
      from public.broadcast_limits as broadcast_limit
      where broadcast_limit.role = v_sender.role
        and broadcast_limit.phase = 'post_show'
    )
  into pre_show_limit, post_show_limit;
end
$$;
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
  select sender_role, target_role, org_id, sender_internal, rollout, facts
  into v_sender_role, v_recipient_role, v_org_id, v_internal, v_rollout, v_facts
  from rolecall.dm_facts(p_sender, p_recipient);

  if not (
    rolecall.rollout_includes(v_rollout, 'send-dm', p_sender, v_internal)
    and rolecall.rollout_includes(p_rollout, 'send-dm', p_sender, v_internal)
  ) then
    return row(false, rolecall.refuse_disabled(), v_org_id, 'feature_disabled'::text);
  end if;
  if v_sender_role is null then
    return row(false, rolecall.refuse_without_profile(), v_org_id, 'no_profile'::text);
  end if;
  if v_recipient_role is null then
    return row(false, rolecall.refusal('not_found', 'There is no user with this recipient_id.'), v_org_id, null::text);
  end if;
  if p_show is not null and not exists (select from public.shows where id = p_show) then
    return row(false, rolecall.refusal('not_found', 'There is no show with this show_id.'), v_org_id, null::text);
  end if;

  v_decision := rolecall.decide('start_dm', v_sender_role, v_recipient_role, v_facts);
  if v_decision.allowed then
    return row(true, null::jsonb, v_org_id, v_decision.rule);
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
      return row(true, null::jsonb, v_org_id, v_decision.rule);
    end if;
  end if;

  select read_only
  into v_read_only
  from public.conversations
  where kind = 'direct'
    and version = 'v2'
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
      return row(true, null::jsonb, v_org_id, v_reply.rule);
    end if;
  end if;
  return row(false, rolecall.refusal_of(v_decision), v_org_id, v_decision.rule);
end
$$;
CREATE FUNCTION rolecall.judge_dms(p_items rolecall.dm_item[]) RETURNS TABLE(number integer, judgement rolecall.judgement, low uuid, high uuid)
    LANGUAGE plpgsql STABLE ROWS 50
    SET search_path TO ''
    AS $$
#variable_conflict use_column
begin
  return query
  with asked as (
    select
      item.number,
      'start_dm' as action,
      fact.sender_role,
      fact.target_role,
      fact.facts,
      fact.org_id,
      rolecall.rollout_includes(fact.rollout, 'send-dm', item.caller, fact.sender_internal)
      and rolecall.rollout_includes(item.rollout, 'send-dm', item.caller, fact.sender_internal)
      and (item.show_id is null or exists (select from public.shows where id = item.show_id)) as is_possible,
      least(item.caller, item.recipient) as low,
      greatest(item.caller, item.recipient) as high
    from unnest(p_items) as item
    cross join lateral rolecall.dm_facts(item.caller, item.recipient) as fact
    where not item.is_reply
    union all
    select
      item.number,
      'reply',
      fact.sender_role,
      fact.target_role,
      fact.facts,
      fact.org_id,
      rolecall.rollout_includes(fact.rollout, 'send-dm', item.caller, fact.sender_internal)
      and rolecall.rollout_includes(item.rollout, 'send-dm', item.caller, fact.sender_internal),
      conversation.participant_low,
      conversation.participant_high
    from unnest(p_items) as item
    cross join lateral rolecall.reply_facts(item.caller, item.conversation) as fact
    left join public.conversations as conversation
      on conversation.id = item.conversation
    where item.is_reply
  ),
  decided as (
    select
      action,
      sender_role,
      target_role,
      facts,
      rolecall.decide(action, sender_role, target_role, facts) as decision
    from asked
    where is_possible
      and sender_role is not null
      and target_role is not null
    group by action, sender_role, target_role, facts
  )
  select
    item.number,
    case
      when asked.is_possible and (decided.decision).allowed then
        row(true, null::jsonb, asked.org_id, (decided.decision).rule)::rolecall.judgement
      when item.is_reply then
        rolecall.judge_reply(item.caller, item.conversation, item.rollout)
      else
        rolecall.judge_dm(item.caller, item.recipient, item.show_id, item.rollout)
    end,
    asked.low,
    asked.high
  from unnest(p_items) as item
  join asked
    on asked.number = item.number
  left join decided
    on decided.action = asked.action
    and decided.sender_role = asked.sender_role
    and decided.target_role = asked.target_role
    and decided.facts = asked.facts;
end
$$;
CREATE FUNCTION rolecall.judge_moderation(p_user uuid, p_message uuid, p_rollout text) RETURNS rolecall.judgement
    LANGUAGE plpgsql STABLE
    SET search_path TO ''
    AS $$
declare
  v_role public.app_role;
  v_internal boolean;
  v_message uuid;
  v_author_role public.app_role;
  v_facts text[];
  v_decision rolecall.decision;
  v_judgement rolecall.judgement;
begin
  select
    actor.role,
    actor.is_internal,
    actor.organization_id,
    message.id,
    coalesce(author.role, 'attendee'),
    array[
      'feature_enabled',
      case when actor.suspended_until > now() then 'suspended' end,
      case when message.sender_id = p_user then 'self' end,
      case when show.organizer_id = p_user then 'own_show' end
    ]
  into v_role, v_internal, v_judgement.org_id, v_message, v_author_role, v_facts
  from (values (p_user)) as asked (id)
  left join public.profiles as actor
    on actor.id = asked.id
  left join public.messages as message
    on message.id = p_message
  left join public.profiles as author
    on author.id = message.sender_id
  left join public.conversations as conversation
    on conversation.id = message.conversation_id
  left join public.shows as show
    on show.id = coalesce(message.show_id, conversation.show_id);

  v_judgement.allowed := false;
  if not rolecall.feature_enabled('moderation', p_rollout, p_user, v_internal) then
    v_judgement.refusal := rolecall.refuse_disabled();
    v_judgement.rule := 'feature_disabled';
    return v_judgement;
  end if;
  if v_role is null then
    v_judgement.refusal := rolecall.refuse_without_profile();
    v_judgement.rule := 'no_profile';
    return v_judgement;
  end if;
  v_decision := rolecall.decide('moderate', v_role, v_author_role, v_facts);
  v_judgement.rule := v_decision.rule;
  if not v_decision.allowed then
    v_judgement.refusal := rolecall.refusal_of(v_decision);
  elsif v_message is null then
    v_judgement.refusal := rolecall.refusal('not_found', 'There is no message with this message_id.');
    v_judgement.rule := null;
  else
    v_judgement.allowed := true;
  end if;
  return v_judgement;
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
  v_flag text;
  v_target_role public.app_role;
  v_show uuid;
  v_facts text[];
begin
  select *
  into v_sender_role, v_internal, v_org_id, v_flag, v_target_role, v_show, v_facts
  from rolecall.reply_facts(p_user, p_conversation);
  if v_show is not null
    and exists (select from rolecall.visible_broadcasts(p_user, p_conversation, v_show))
  then
    v_facts := v_facts || 'participant'::text;
  end if;
  return rolecall.judge_reply_facts(
    p_user, v_sender_role, v_internal, v_org_id, v_flag, p_rollout, v_target_role, v_facts
  );
end
$$;
CREATE FUNCTION rolecall.judge_reply_facts(p_user uuid, p_sender_role public.app_role, p_sender_internal boolean, p_org_id uuid, p_flag text, p_rollout text, p_target_role public.app_role, p_facts text[]) RETURNS rolecall.judgement
    LANGUAGE plpgsql STABLE
    SET search_path TO ''
    AS $$
declare
  v_decision rolecall.decision;
begin
  if not (
    rolecall.rollout_includes(p_flag, 'send-dm', p_user, p_sender_internal)
    and rolecall.rollout_includes(p_rollout, 'send-dm', p_user, p_sender_internal)
  ) then
    return row(false, rolecall.refuse_disabled(), p_org_id, 'feature_disabled'::text);
  end if;
  if p_sender_role is null then
    return row(false, rolecall.refuse_without_profile(), p_org_id, 'no_profile'::text);
  end if;
  v_decision := rolecall.decide('reply', p_sender_role, p_target_role, p_facts);
  if v_decision.allowed then
    return row(true, null::jsonb, p_org_id, v_decision.rule);
  end if;
  return row(false, rolecall.refusal_of(v_decision), p_org_id, v_decision.rule);
end
$$;
CREATE FUNCTION rolecall.judge_report(p_user uuid, p_message uuid, p_rollout text) RETURNS rolecall.judgement
    LANGUAGE plpgsql STABLE
    SET search_path TO ''
    AS $$
declare
  v_role public.app_role;
  v_internal boolean;
  v_author_role public.app_role;
  v_facts text[];
  v_decision rolecall.decision;
  v_judgement rolecall.judgement;
begin
  select
    actor.role,
    actor.is_internal,
    actor.organization_id,
    coalesce(author.role, 'attendee'),
    array[
      'feature_enabled',
      case when message.sender_id = p_user then 'self' end,
      case
        when p_user in (conversation.participant_low, conversation.participant_high)
          or exists (
            select
            from public.conversation_participants as participant
            where participant.conversation_id = message.conversation_id
              and participant.user_id = p_user
          )
          or exists (
            select
            from public.broadcasts as broadcast
            where broadcast.message_id = message.id
              and rolecall.in_audience(
                p_user,
                broadcast.show_id,
                broadcast.recipient_roles,
                broadcast.created_at
              )
          )
        then 'participant'
      end
    ]
  into v_role, v_internal, v_judgement.org_id, v_author_role, v_facts
  from (values (p_user)) as asked (id)
  left join public.profiles as actor
    on actor.id = asked.id
  left join public.messages as message
    on message.id = p_message
  left join public.profiles as author
    on author.id = message.sender_id
  left join public.conversations as conversation
    on conversation.id = message.conversation_id;

  v_judgement.allowed := false;
  if not rolecall.feature_enabled('moderation', p_rollout, p_user, v_internal) then
    v_judgement.refusal := rolecall.refuse_disabled();
    v_judgement.rule := 'feature_disabled';
    return v_judgement;
  end if;
  if v_role is null then
    v_judgement.refusal := rolecall.refuse_without_profile();
    v_judgement.rule := 'no_profile';
    return v_judgement;
  end if;
  -- A message that does not exist has no participants, and is refused in the same words.
  v_decision := rolecall.decide('report', v_role, v_author_role, v_facts);
  v_judgement.rule := v_decision.rule;
  v_judgement.allowed := v_decision.allowed;
  if not v_decision.allowed then
    v_judgement.refusal := rolecall.refusal_of(v_decision);
  end if;
  return v_judgement;
end
$$;
CREATE FUNCTION rolecall.judge_suspension(p_user uuid, p_target uuid, p_rollout text) RETURNS rolecall.judgement
    LANGUAGE plpgsql STABLE
    SET search_path TO ''
    AS $$
declare
  v_role public.app_role;
  v_internal boolean;
  v_target_role public.app_role;
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
  left join public.profiles as actor
    on actor.id = asked.id
  left join public.profiles as target
    on target.id = p_target;

  v_judgement.allowed := false;
  if not rolecall.feature_enabled('moderation', p_rollout, p_user, v_internal) then
    v_judgement.refusal := rolecall.refuse_disabled();
    v_judgement.rule := 'feature_disabled';
    return v_judgement;
  end if;
  if v_role is null then
    v_judgement.refusal := rolecall.refuse_without_profile();
    v_judgement.rule := 'no_profile';
    return v_judgement;
  end if;
  v_decision := rolecall.decide('suspend', v_role, coalesce(v_target_role, 'attendee'), v_facts);
  v_judgement.rule := v_decision.rule;
  if not v_decision.allowed then
    v_judgement.refusal := rolecall.refusal_of(v_decision);
  elsif v_target_role is null then
    v_judgement.refusal := rolecall.refusal('not_found', 'There is no user with this target_id.');
    v_judgement.rule := null;
  else
    v_judgement.allowed := true;
  end if;
  return v_judgement;
end
$$;
CREATE FUNCTION rolecall.legacy_id(p_id text, p_within text) RETURNS uuid
    LANGUAGE plpgsql IMMUTABLE
    SET search_path TO ''
    AS $$
begin
  return coalesce(rolecall.uuid_or_null(p_id), md5('rolecall legacy ' || p_within || ' ' || p_id)::uuid);
end
$$;
CREATE FUNCTION rolecall.legacy_time(p_text text) RETURNS timestamp with time zone
    LANGUAGE plpgsql STABLE
    SET search_path TO ''
    AS $_$
begin
  if p_text ~ '^[0-9]{4}-[0-9]{2}-[0-9]{2}([T ][0-9]{2}:[0-9]{2}(:[0-9]{2}([.][0-9]{1,9})?)?)?$' then
    return (p_text || ' UTC')::timestamptz;
  end if;
  if p_text ~ '^[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(:[0-9]{2}([.][0-9]{1,9})?)? ?(Z|[+-][0-9]{2}(:?[0-9]{2})?)$' then
    return p_text::timestamptz;
  end if;
  return null;
exception
  -- The thirty-first of February.
  when datetime_field_overflow or invalid_datetime_format or invalid_time_zone_displacement_value then
    return null;
end
$_$;
CREATE FUNCTION rolecall.lift_block(p_user uuid, p_input jsonb, p_rollout text) RETURNS jsonb
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
declare
  v_refusal jsonb := rolecall.refuse_blocker(p_user, p_rollout);
  v_blocked uuid := rolecall.uuid_or_null(p_input ->> 'blocked_id');
begin
  if v_refusal is not null then
    return v_refusal;
  end if;
  delete from public.user_blocks
  where blocker_id = p_user
    and blocked_id = v_blocked;
  return rolecall.success(jsonb_build_object('blocked_id', v_blocked, 'was_blocked', found));
end
$$;
CREATE FUNCTION rolecall.lift_suspension(p_user uuid, p_input jsonb, p_rollout text) RETURNS jsonb
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
declare
  v_target uuid := rolecall.uuid_or_null(p_input ->> 'target_id');
  v_judgement rolecall.judgement := rolecall.judge_suspension(p_user, v_target, p_rollout);
begin
  if v_judgement.allowed is distinct from true then
    return v_judgement.refusal;
  end if;
  if rolecall.refuse_note(p_input) is not null then
    return rolecall.refuse_note(p_input);
  end if;

  perform rolecall.set_suspension(p_user, v_target, null, null, null, p_input ->> 'note');
  return rolecall.success(jsonb_build_object('target_id', v_target, 'suspended_until', null));
end
$$;
CREATE FUNCTION rolecall.list_blocks(p_user uuid, p_input jsonb, p_rollout text) RETURNS jsonb
    LANGUAGE plpgsql STABLE
    SET search_path TO ''
    AS $$
declare
  v_refusal jsonb := rolecall.refuse_blocker(p_user, p_rollout);
  v_limit int := rolecall.page_size(p_input, 100);
  v_at timestamptz := 'infinity';
  v_id uuid := 'ffffffff-ffff-ffff-ffff-ffffffffffff';
  v_page public.user_blocks[];
begin
  if v_refusal is not null then
    return v_refusal;
  end if;
  if p_input ->> 'cursor' is not null then
    select parts.at, parts.id
    into v_at, v_id
    from rolecall.cursor_parts(p_input ->> 'cursor') as parts;
    if v_at is null then
      return rolecall.refuse_cursor();
    end if;
  end if;

  select array_agg(newest order by created_at desc, blocked_id desc)
  into v_page
  from (
    select *
    from public.user_blocks
    where blocker_id = p_user
      and (created_at, blocked_id) < (v_at, v_id)
    order by created_at desc, blocked_id desc
    limit v_limit + 1
  ) as newest;

  return rolecall.success(
    jsonb_build_object(
      'blocks', (
        select coalesce(
          jsonb_agg(
            jsonb_build_object(
              'blocked_id', block.blocked_id,
              'display_name', blocked.display_name,
              'created_at', rolecall.iso(block.created_at)
            )
            order by block.created_at desc, block.blocked_id desc
          ),
          '[]'
        )
        from unnest(v_page[1:v_limit]) as block
        join public.profiles as blocked
          on blocked.id = block.blocked_id
      ),
      'next_cursor', case
        when cardinality(v_page) > v_limit
          then rolecall.cursor_of(v_page[v_limit].created_at, v_page[v_limit].blocked_id)
      end
    )
  );
end
$$;
CREATE FUNCTION rolecall.log_own_data(p_request jsonb, p_user uuid, p_event text, p_details jsonb) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
begin
  insert into public.application_logs (level, service, method, event, request_id, user_id, org_id, code, details)
  values (
    'info',
    'database',
    'own-data',
    p_event,
    p_request ->> 'request_id',
    p_user,
    (select organization_id from public.profiles where id = p_user),
    'ok',
    p_details
  );
end
$$;
CREATE FUNCTION rolecall.mark_read(p_user uuid, p_input jsonb) RETURNS jsonb
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
declare
  v_up_to bigint := rolecall.whole_number(p_input -> 'up_to_seq');
  v_conversation public.conversations;
  v_reader text;
  v_last_read_seq bigint;
  v_unread bigint;
begin
  if v_up_to is null then
    return rolecall.refusal('invalid_input', 'The up_to_seq must be a whole number.');
  end if;
  select *
  into v_conversation
  from public.conversations
  where id = rolecall.uuid_or_null(p_input ->> 'conversation_id');
  v_reader := rolecall.reader_of(p_user, v_conversation);

  if v_reader = 'people' then
    -- Whoever got their profile after the import has no row yet.
    insert into public.conversation_participants as own (conversation_id, user_id, last_read_seq)
    values (v_conversation.id, p_user, least(v_up_to, v_conversation.last_seq))
    on conflict (conversation_id, user_id) do update
    set last_read_seq = excluded.last_read_seq
    where own.last_read_seq < excluded.last_read_seq
    returning own.last_read_seq
    into v_last_read_seq;
    if not found then
      select own.last_read_seq
      into v_last_read_seq
      from public.conversation_participants as own
      where own.conversation_id = v_conversation.id
        and own.user_id = p_user;
    end if;
    -- Somebody may have written meanwhile.
    v_unread := greatest(0, v_conversation.last_seq - v_last_read_seq);
  elsif v_reader = 'audience' then
    -- Up to the last that is for them.
    v_up_to := (
      select max(broadcast.seq)
      from rolecall.visible_broadcasts(p_user, v_conversation.id, v_conversation.show_id) as broadcast
      where broadcast.seq <= v_up_to
    );
    insert into public.broadcast_receipts as receipt (conversation_id, user_id, last_read_seq)
    select v_conversation.id, p_user, v_up_to
    where v_up_to is not null
    on conflict (conversation_id, user_id) do update
    set
      last_read_seq = excluded.last_read_seq,
      read_at = excluded.read_at
    where receipt.last_read_seq < excluded.last_read_seq
    returning receipt.last_read_seq
    into v_last_read_seq;
    if not found then
      select receipt.last_read_seq
      into v_last_read_seq
      from public.broadcast_receipts as receipt
      where receipt.conversation_id = v_conversation.id
        and receipt.user_id = p_user;
    end if;
    v_last_read_seq := coalesce(v_last_read_seq, 0);
    v_unread := (
      select count(*)
      from rolecall.visible_broadcasts(p_user, v_conversation.id, v_conversation.show_id) as broadcast
      where broadcast.seq > v_last_read_seq
    );
  else
    -- Who looks in to moderate does not read it as theirs.
    return rolecall.refuse_unknown_conversation();
  end if;

  return rolecall.success(
    jsonb_build_object(
      'conversation_id', v_conversation.id,
      'last_read_seq', v_last_read_seq,
      'unread_count', v_unread
    )
  );
end
$$;
CREATE FUNCTION rolecall.mark_read_many(p_requests jsonb) RETURNS jsonb
    LANGUAGE plpgsql
    SET search_path TO ''
    SET lock_timeout TO '500ms'
    AS $$
declare
  v_nobody uuid;
  v_request record;
  v_callers uuid[];
  v_keys text[];
  v_inputs jsonb[];
  v_deferred boolean[];
  v_answers jsonb[];
begin
  if jsonb_array_length(p_requests) = 0 then
    return '[]';
  elsif jsonb_array_length(p_requests) = 1 then
    return jsonb_build_array(edge.mark_read(p_requests -> 0));
  end if;
  v_nobody := rolecall.assume_claims(null);
  with request as (
    select
      number,
      envelope,
      rolecall.uuid_or_null(envelope #>> '{claims,sub}') as caller,
      case when envelope #>> '{claims,role}' = 'authenticated' then envelope ->> 'idempotency_key' end as key
    from jsonb_array_elements(p_requests) with ordinality as element (envelope, number)
  ),
  repeating as (
    select
      request.*,
      caller is not null
        and key is not null
        and row_number() over (partition by caller, key order by number) > 1 as repeats
    from request
  ),
  placed as (
    select
      repeating.*,
      bool_or(repeats) over (partition by caller order by number) as is_deferred
    from repeating
  )
  select
    array_agg(caller order by number),
    array_agg(case when caller is not null and not is_deferred then key end order by number),
    array_agg(envelope -> 'input' order by number),
    array_agg(is_deferred order by number)
  into v_callers, v_keys, v_inputs, v_deferred
  from placed;
  v_answers := rolecall.claim_keys('mark-read', v_callers, v_keys, v_inputs);
  select array_agg(case when answer is null then key end order by number)
  into v_keys
  from unnest(v_keys, v_answers) with ordinality as claimed (key, answer, number);

  for v_request in
    select number, caller, input
    from unnest(v_callers, v_inputs, v_answers, v_deferred)
      with ordinality as request (caller, input, answer, is_deferred, number)
    where answer is null
      and not is_deferred
    order by rolecall.uuid_or_null(input ->> 'conversation_id'), caller, number
  loop
    v_answers[v_request.number] := coalesce(
      rolecall.refuse_reader(p_requests -> (v_request.number::int - 1), v_request.caller),
      rolecall.mark_read(v_request.caller, v_request.input)
    );
  end loop;

  perform rolecall.settle_keys(v_callers, v_keys, v_answers);
  v_answers := rolecall.finish_many('mark-read', p_requests, v_callers, v_answers);
  return (
    select jsonb_agg(coalesce(answer, '{"deferred": true}') order by number)
    from unnest(v_answers) with ordinality as answered (answer, number)
  );
end
$$;
CREATE FUNCTION rolecall.message_json(p_message public.messages, p_removed text DEFAULT NULL::text) RETURNS jsonb
    LANGUAGE plpgsql STABLE
    SET search_path TO ''
    AS $$
begin
  return jsonb_build_object(
    'id', p_message.id,
    'seq', p_message.seq,
    'sender_id', p_message.sender_id,
    'content', coalesce(p_message.content, p_removed),
    'created_at', rolecall.iso(p_message.created_at),
    'show_id', p_message.show_id,
    'deleted', rolecall.deletion_of(p_message)
  );
end
$$;
CREATE FUNCTION rolecall.moderated_message(p_message public.messages) RETURNS jsonb
    LANGUAGE plpgsql STABLE
    SET search_path TO ''
    AS $$
begin
  if p_message.id is null then
    -- Deleted with its conversation since it was judged.
    return rolecall.refusal('not_found', 'There is no message with this message_id.');
  end if;
  return rolecall.success(
    jsonb_build_object(
      'message', jsonb_build_object(
        'id', p_message.id,
        'conversation_id', p_message.conversation_id,
        'seq', p_message.seq,
        'deleted', rolecall.deletion_of(p_message)
      )
    )
  );
end
$$;
CREATE FUNCTION rolecall.moderation_audit(p_user uuid, p_input jsonb, p_rollout text) RETURNS jsonb
    LANGUAGE plpgsql STABLE
    SET search_path TO ''
    AS $$
declare
  v_refusal jsonb := rolecall.refuse_overseer(p_user, false, p_rollout);
  v_limit int := rolecall.page_size(p_input, 100);
  v_at timestamptz := 'infinity';
  v_id uuid := 'ffffffff-ffff-ffff-ffff-ffffffffffff';
  v_message uuid := rolecall.uuid_or_null(p_input ->> 'message_id');
  v_target uuid := rolecall.uuid_or_null(p_input ->> 'target_id');
  v_page public.moderation_audit[];
begin
  if v_refusal is not null then
    return v_refusal;
  end if;
  if p_input ->> 'cursor' is not null then
    select parts.at, parts.id
    into v_at, v_id
    from rolecall.cursor_parts(p_input ->> 'cursor') as parts;
    if v_at is null then
      return rolecall.refuse_cursor();
    end if;
  end if;
  if (v_message is null and p_input ->> 'message_id' is not null)
    or (v_target is null and p_input ->> 'target_id' is not null)
  then
    return rolecall.refusal('invalid_input', 'The message_id or target_id is not a uuid.');
  end if;

  -- A statement for each filter, so that each is read by its own index.
  if v_message is not null then
    select array_agg(newest order by at desc, id desc)
    into v_page
    from (
      select *
      from public.moderation_audit
      where message_id = v_message
        and (v_target is null or target_id = v_target)
        and (at, id) < (v_at, v_id)
      order by at desc, id desc
      limit v_limit + 1
    ) as newest;
  elsif v_target is not null then
    select array_agg(newest order by at desc, id desc)
    into v_page
    from (
      select *
      from public.moderation_audit
      where target_id = v_target
        and (at, id) < (v_at, v_id)
      order by at desc, id desc
      limit v_limit + 1
    ) as newest;
  else
    select array_agg(newest order by at desc, id desc)
    into v_page
    from (
      select *
      from public.moderation_audit
      where (at, id) < (v_at, v_id)
      order by at desc, id desc
      limit v_limit + 1
    ) as newest;
  end if;

  return rolecall.success(
    jsonb_build_object(
      'entries', (
        select coalesce(
          jsonb_agg(
            jsonb_build_object(
              'id', entry.id,
              'at', rolecall.iso(entry.at),
              'actor_id', entry.actor_id,
              'action', entry.action,
              'report_id', entry.report_id,
              'message_id', entry.message_id,
              'target_id', entry.target_id,
              'note', entry.note,
              'before', entry.before,
              'after', entry.after
            )
            order by entry.at desc, entry.id desc
          ),
          '[]'
        )
        from unnest(v_page[1:v_limit]) as entry
      ),
      'next_cursor', case
        when cardinality(v_page) > v_limit
          then rolecall.cursor_of(v_page[v_limit].at, v_page[v_limit].id)
      end
    )
  );
end
$$;
CREATE FUNCTION rolecall.moderation_queue(p_user uuid, p_input jsonb, p_rollout text) RETURNS jsonb
    LANGUAGE plpgsql STABLE
    SET search_path TO ''
    AS $$
declare
  v_refusal jsonb := rolecall.refuse_overseer(p_user, true, p_rollout);
  v_limit int := rolecall.page_size(p_input, 100);
  v_at timestamptz := 'infinity';
  v_id uuid := 'ffffffff-ffff-ffff-ffff-ffffffffffff';
  v_statuses text[] := array['pending', 'dismissed', 'actioned'];
  v_show uuid;
  v_organizer uuid;
  -- Null for all of them.
  v_shows uuid[];
  v_page public.reported_messages[];
  v_counts jsonb;
begin
  if v_refusal is not null then
    return v_refusal;
  end if;
  if p_input ->> 'cursor' is not null then
    select parts.at, parts.id
    into v_at, v_id
    from rolecall.cursor_parts(p_input ->> 'cursor') as parts;
    if v_at is null then
      return rolecall.refuse_cursor();
    end if;
  end if;
  if p_input ->> 'status' is not null then
    if p_input ->> 'status' <> all (v_statuses) then
      return rolecall.refusal('invalid_input', 'The status is pending, dismissed or actioned.');
    end if;
    v_statuses := array[p_input ->> 'status'];
  end if;
  if exists (select from public.profiles where id = p_user and role = 'show_organizer') then
    select coalesce(array_agg(id), '{}')
    into v_shows
    from public.shows
    where organizer_id = p_user;
  end if;
  if p_input ->> 'show_id' is not null then
    select id
    into v_show
    from public.shows
    where id = rolecall.uuid_or_null(p_input ->> 'show_id');
    if not found then
      return rolecall.refusal('not_found', 'There is no show with this show_id.');
    end if;
    if v_show <> all (v_shows) then
      return rolecall.refusal_of(rolecall.decide('moderate', 'show_organizer', 'attendee', '{feature_enabled}'));
    end if;
    v_shows := array[v_show];
  end if;

  if v_shows is null then
    select array_agg(newest order by created_at desc, id desc)
    into v_page
    from (
      select report.*
      from unnest(v_statuses) as wanted (status)
      cross join lateral (
        select *
        from public.reported_messages as each
        where each.status = wanted.status
          and (each.created_at, each.id) < (v_at, v_id)
        order by each.created_at desc, each.id desc
        limit v_limit + 1
      ) as report
      order by report.created_at desc, report.id desc
      limit v_limit + 1
    ) as newest;
  else
    select array_agg(newest order by created_at desc, id desc)
    into v_page
    from (
      select report.*
      from unnest(v_shows) as own (show_id)
      cross join unnest(v_statuses) as wanted (status)
      cross join lateral (
        select *
        from public.reported_messages as each
        where each.show_id = own.show_id
          and each.status = wanted.status
          and (each.created_at, each.id) < (v_at, v_id)
        order by each.created_at desc, each.id desc
        limit v_limit + 1
      ) as report
      order by report.created_at desc, report.id desc
      limit v_limit + 1
    ) as newest;
  end if;
  select jsonb_object_agg(status, reports)
  into v_counts
  from (
    select status, sum(reports) as reports
    from rolecall.report_counts
    where v_shows is null
      or show_id = any (v_shows)
    group by status
  ) as counted;

  return rolecall.success(
    jsonb_build_object(
      'reports', (
        select coalesce(
          jsonb_agg(rolecall.report_json(report) order by report.created_at desc, report.id desc),
          '[]'
        )
        from unnest(v_page[1:v_limit]) as report
      ),
      'counts', '{"pending": 0, "dismissed": 0, "actioned": 0}'::jsonb || coalesce(v_counts, '{}'),
      'next_cursor', case
        when cardinality(v_page) > v_limit
          then rolecall.cursor_of(v_page[v_limit].created_at, v_page[v_limit].id)
      end
    )
  );
end
$$;
CREATE FUNCTION rolecall.moment_or_null(p_text text) RETURNS timestamp with time zone
    LANGUAGE plpgsql STABLE
    SET search_path TO ''
    AS $_$
begin
  if p_text ~ '^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?Z$' then
    return p_text::timestamptz;
  end if;
  return null;
exception
  -- The thirty-first of February.
  when datetime_field_overflow or invalid_datetime_format then
    return null;
end
$_$;
CREATE FUNCTION rolecall.page_size(p_input jsonb, p_most integer) RETURNS integer
    LANGUAGE plpgsql IMMUTABLE
    SET search_path TO ''
    AS $_$
begin
  if p_input ->> 'limit' ~ '^[0-9]{1,9}$' then
    return least(greatest((p_input ->> 'limit')::int, 1), p_most);
  end if;
  return least(50, p_most);
end
$_$;
CREATE FUNCTION rolecall.peek_quota(p_sender uuid, p_show uuid, p_pre_show_limit integer, p_post_show_limit integer) RETURNS jsonb
    LANGUAGE plpgsql STABLE
    SET search_path TO ''
    AS $$
declare
  v_quota public.broadcast_quotas;
begin
  select *
  into v_quota
  from public.broadcast_quotas
  where sender_id = p_sender
    and show_id = p_show
    and period >= rolecall.quota_day(now());
  return jsonb_build_object(
    'pre_show', case
      when p_pre_show_limit > 0 then coalesce(v_quota.pre_show_remaining, p_pre_show_limit)
      else p_pre_show_limit
    end,
    'post_show', case
      when p_post_show_limit > 0 then coalesce(v_quota.post_show_remaining, p_post_show_limit)
      else p_post_show_limit
    end
  );
end
$$;
CREATE FUNCTION rolecall.peek_token(p_user uuid, p_action text, p_most double precision DEFAULT NULL::double precision) RETURNS jsonb
    LANGUAGE plpgsql STABLE
    SET search_path TO ''
    AS $$
declare
  v_capacity int;
  v_window_seconds int;
  v_tokens double precision;
begin
  select
    rate.capacity,
    rate.window_seconds,
    least(
      coalesce(
        rolecall.refilled(
          bucket.tokens, bucket.refilled_at, clock_timestamp(), rate.capacity, rate.window_seconds
        ),
        rate.capacity
      ),
      p_most
    )
  into v_capacity, v_window_seconds, v_tokens
  from public.profiles as profile
  join public.rate_limits as rate
    on rate.role = profile.role
    and rate.action = p_action
  left join rolecall.rate_buckets as bucket
    on bucket.user_id = profile.id
    and bucket.action = p_action
  where profile.id = p_user;
  if v_capacity is null then
    return null;
  end if;
  return rolecall.rate_limit_entry(p_action, v_capacity, v_window_seconds, v_tokens, v_tokens >= 1);
end
$$;
CREATE FUNCTION rolecall.permission_result(p_action text, p_judgement rolecall.judgement, p_quota jsonb) RETURNS jsonb
    LANGUAGE plpgsql IMMUTABLE
    SET search_path TO ''
    AS $$
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
  -- What no rule refuses, such as what is not there, is its own reason.
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
CREATE FUNCTION rolecall.quota_of_limit(p_limit jsonb) RETURNS jsonb
    LANGUAGE plpgsql IMMUTABLE
    SET search_path TO ''
    AS $$
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
CREATE FUNCTION rolecall.rate_limit_entry(p_action text, p_capacity integer, p_window_seconds integer, p_tokens double precision, p_taken boolean) RETURNS jsonb
    LANGUAGE plpgsql IMMUTABLE
    SET search_path TO ''
    AS $$
declare
  v_entry jsonb := jsonb_build_object(
    'policy', p_action,
    'quota', p_capacity,
    'remaining', floor(p_tokens),
    'window_seconds', p_window_seconds,
    -- Until the bucket is full; one of no capacity never is.
    'reset_seconds', case
      when p_capacity = 0 then p_window_seconds
      else ceil((p_capacity - p_tokens) * p_window_seconds / p_capacity)
    end,
    'taken', p_taken
  );
begin
  if p_taken then
    return v_entry;
  end if;
  return v_entry || jsonb_build_object(
    'retry_after_seconds',
    case
      when p_capacity = 0 then p_window_seconds
      else greatest(1, ceil((1 - p_tokens) * p_window_seconds / p_capacity))
    end
  );
end
$$;
CREATE FUNCTION rolecall.read_messages(p_user uuid, p_input jsonb, p_send_dm_rollout text) RETURNS jsonb
    LANGUAGE plpgsql STABLE
    SET search_path TO ''
    AS $$
declare
  v_limit int := rolecall.page_size(p_input, 200);
  v_before bigint := rolecall.whole_number(p_input -> 'before_seq');
  v_since bigint := rolecall.whole_number(p_input -> 'since_seq');
  v_conversation public.conversations;
  v_reader text;
  v_removed boolean;
  v_audience_of uuid;
  v_messages jsonb;
  v_first bigint;
  v_last bigint;
begin
  if coalesce(p_input -> 'before_seq', 'null') <> 'null' and v_before is null then
    return rolecall.refusal('invalid_input', 'The before_seq must be a whole number.');
  end if;
  if coalesce(p_input -> 'since_seq', 'null') <> 'null' and v_since is null then
    return rolecall.refusal('invalid_input', 'The since_seq must be a whole number.');
  end if;

  select *
  into v_conversation
  from public.conversations
  where id = rolecall.uuid_or_null(p_input ->> 'conversation_id');
  v_reader := rolecall.reader_of(p_user, v_conversation);
  if v_reader is null then
    return rolecall.refuse_unknown_conversation();
  end if;
  v_audience_of := case when v_reader = 'audience' then v_conversation.show_id end;
  v_removed := v_reader = 'moderator'
    or exists (
      select
      from public.profiles
      where id = p_user
        and role in ('moderator', 'admin')
    );
  select
    coalesce(
      jsonb_agg(
        rolecall.message_json(message, case when v_removed then removed.content end)
        order by message.seq
      ),
      '[]'
    ),
    min(message.seq),
    max(message.seq)
  into v_messages, v_first, v_last
  from rolecall.visible_messages(
    p_user, v_conversation.id, v_audience_of, v_since, v_before, v_since is null, v_limit
  ) as message
  left join rolecall.removed_contents as removed
    on removed.message_id = message.id;
  -- Of a page without messages, where it would be.
  v_first := coalesce(v_first, v_since + 1, v_before);
  v_last := coalesce(v_last, v_before - 1, v_since);

  return rolecall.success(
    jsonb_build_object(
      'conversation',
      rolecall.conversation_cards(
        p_user,
        array[v_conversation.id],
        array[v_reader],
        v_removed,
        p_send_dm_rollout
      ) -> 0,
      'messages', v_messages,
      'has_more_before', v_first is not null and exists (
        select
        from rolecall.visible_messages(p_user, v_conversation.id, v_audience_of, null, v_first, true, 1)
      ),
      'has_more_after', v_last is not null and exists (
        select
        from rolecall.visible_messages(p_user, v_conversation.id, v_audience_of, v_last, null, false, 1)
      )
    )
  ) || jsonb_build_object('reader', v_reader);
end
$$;
CREATE TABLE public.conversations (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    kind text NOT NULL,
    version text DEFAULT 'v2'::text NOT NULL,
    participant_low uuid,
    participant_high uuid,
    show_id uuid,
    created_by uuid,
    organization_id uuid,
    read_only boolean DEFAULT false NOT NULL,
    last_seq bigint DEFAULT 0 NOT NULL,
    last_message_at timestamp with time zone DEFAULT now() NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT conversations_form CHECK (rolecall.is_conversation(version, kind, participant_low, participant_high, show_id, created_by, read_only))
)
WITH (fillfactor='80');
COMMENT ON TABLE public.conversations IS 'The one direct conversation of two people, the one conversation of a sender of broadcasts for a show, and what was imported.';
COMMENT ON COLUMN public.conversations.kind IS 'direct: of two people; show: the broadcasts of one sender for a show.';
COMMENT ON COLUMN public.conversations.version IS 'v1: imported from what was there before, to be read alone; v2: begun here.';
COMMENT ON COLUMN public.conversations.participant_low IS 'The smaller id of the two people of a direct conversation; the only one that is known of an imported one.';
COMMENT ON COLUMN public.conversations.organization_id IS 'The creator''s organisation when the conversation began.';
COMMENT ON COLUMN public.conversations.read_only IS 'The operator has closed it for writing.';
COMMENT ON COLUMN public.conversations.last_seq IS 'The number of the newest message, and how many there are.';
COMMENT ON COLUMN public.conversations.last_message_at IS '-infinity if it is not known of an imported one.';
CREATE FUNCTION rolecall.reader_of(p_user uuid, p_conversation public.conversations) RETURNS text
    LANGUAGE plpgsql STABLE
    SET search_path TO ''
    AS $$
declare
  v_role public.app_role;
  v_facts text[];
begin
  if p_user in (p_conversation.participant_low, p_conversation.participant_high)
    or (p_conversation.kind = 'show' and p_conversation.created_by = p_user)
    or exists (
      select
      from public.conversation_participants
      where conversation_id = p_conversation.id
        and user_id = p_user
    )
  then
    return 'people';
  end if;
  if p_conversation.kind = 'show'
    and exists (
      select
      from rolecall.visible_broadcasts(p_user, p_conversation.id, p_conversation.show_id)
    )
  then
    return 'audience';
  end if;

  -- Whoever may moderate what is in it: the matrix decides.
  select
    reader.role,
    array[
      'feature_enabled',
      case when reader.suspended_until > now() then 'suspended' end,
      case when show.organizer_id = p_user then 'own_show' end
    ]
  into v_role, v_facts
  from public.profiles as reader
  left join public.shows as show
    on show.id = p_conversation.show_id
    and p_conversation.kind = 'show'
  where reader.id = p_user;
  if p_conversation.id is not null
    and (rolecall.decide('moderate', v_role, 'attendee', v_facts)).allowed
  then
    return case when v_role in ('moderator', 'admin') then 'moderator' else 'organizer' end;
  end if;
  return null;
end
$$;
CREATE FUNCTION rolecall.refilled(p_tokens double precision, p_refilled_at timestamp with time zone, p_at timestamp with time zone, p_capacity integer, p_window_seconds integer) RETURNS double precision
    LANGUAGE sql IMMUTABLE
    RETURN LEAST((p_capacity)::double precision, (p_tokens + ((GREATEST((0)::double precision, date_part('epoch'::text, (p_at - p_refilled_at))) * (p_capacity)::double precision) / (p_window_seconds)::double precision)));
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
CREATE FUNCTION rolecall.refuse_blocker(p_user uuid, p_rollout text) RETURNS jsonb
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
  if not rolecall.feature_enabled('blocks', p_rollout, p_user, v_user.is_internal) then
    return rolecall.refuse_disabled();
  end if;
  if v_user.id is null then
    return rolecall.refuse_without_profile();
  end if;
  return null;
end
$$;
CREATE FUNCTION rolecall.refuse_change() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
begin
  raise exception using
    errcode = 'insufficient_privilege',
    message = format('%s.%s is written once and never changed', tg_table_schema, tg_table_name);
end
$$;
CREATE FUNCTION rolecall.refuse_cursor() RETURNS jsonb
    LANGUAGE plpgsql IMMUTABLE
    SET search_path TO ''
    AS $$
begin
  return rolecall.refusal('invalid_input', 'The cursor is none that an answer gave.');
end
$$;
CREATE FUNCTION rolecall.refuse_data_subject(p_user uuid, p_rollout text) RETURNS jsonb
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
  if not rolecall.feature_enabled('own-data', p_rollout, p_user, v_user.is_internal) then
    return rolecall.refuse_disabled();
  end if;
  if v_user.id is null then
    return rolecall.refuse_without_profile();
  end if;
  return null;
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
CREATE FUNCTION rolecall.refuse_note(p_input jsonb) RETURNS jsonb
    LANGUAGE plpgsql IMMUTABLE
    SET search_path TO ''
    AS $$
begin
  if p_input ->> 'note' is not null and not rolecall.has_length(p_input ->> 'note', 1, 1000) then
    return rolecall.refusal('invalid_input', 'The note must have 1 to 1000 characters.');
  end if;
  return null;
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
CREATE FUNCTION rolecall.refuse_overseer(p_user uuid, p_own_show boolean, p_rollout text) RETURNS jsonb
    LANGUAGE plpgsql STABLE
    SET search_path TO ''
    AS $$
declare
  v_user public.profiles;
  v_decision rolecall.decision;
begin
  select *
  into v_user
  from public.profiles
  where id = p_user;
  if not rolecall.feature_enabled('moderation', p_rollout, p_user, v_user.is_internal) then
    return rolecall.refuse_disabled();
  end if;
  if v_user.id is null then
    return rolecall.refuse_without_profile();
  end if;
  v_decision := rolecall.decide(
    'moderate',
    v_user.role,
    'attendee',
    array[
      'feature_enabled',
      case when v_user.suspended_until > now() then 'suspended' end,
      case when p_own_show then 'own_show' end
    ]
  );
  if v_decision.allowed then
    return null;
  end if;
  if v_decision.rule = 'suspended' then
    return rolecall.refusal_of(v_decision);
  end if;
  if p_own_show then
    return rolecall.refusal(
      'permission_denied',
      'The reports are for show organizers, moderators and admins alone.',
      'moderators_and_organizers_only',
      'You become a moderator.'
    );
  end if;
  return rolecall.refusal(
    'permission_denied',
    'The audit of the moderation is for moderators and admins alone.',
    'moderators_only',
    'You become a moderator.'
  );
end
$$;
CREATE FUNCTION rolecall.refuse_quota(p_phase text, p_limit integer, p_remaining jsonb) RETURNS jsonb
    LANGUAGE plpgsql STABLE
    SET search_path TO ''
    AS $$
declare
  v_reset_at timestamptz := rolecall.quota_day_end(rolecall.quota_day(now()));
  v_reset_seconds bigint := greatest(1, ceil(extract(epoch from v_reset_at - now())));
begin
  return rolecall.refusal(
    'quota_exceeded',
    format(
      'You have no broadcast left %s this show until %s; the limit is %s per quota day.',
      case p_phase when 'pre_show' then 'before the start of' else 'after the start of' end,
      rolecall.iso(v_reset_at),
      p_limit
    ),
    'broadcast_quota_spent',
    'The quota day has ended.',
    jsonb_build_object(
      'phase', p_phase,
      'reset_at', rolecall.iso(v_reset_at),
      'retry_after_seconds', v_reset_seconds,
      'quota_remaining', p_remaining
    )
  ) || jsonb_build_object(
    'limits', jsonb_build_array(rolecall.broadcast_limit(p_phase, p_limit, 0, v_reset_seconds))
  );
end
$$;
CREATE FUNCTION rolecall.refuse_rate(p_limit jsonb) RETURNS jsonb
    LANGUAGE plpgsql IMMUTABLE
    SET search_path TO ''
    AS $$
begin
  return rolecall.refusal(
    'rate_limited',
    format(
      'You have done this too often; the limit is %s in %s seconds.',
      p_limit ->> 'quota',
      p_limit ->> 'window_seconds'
    ),
    'rate_limit',
    'Some time has passed.',
    jsonb_build_object('retry_after_seconds', p_limit -> 'retry_after_seconds')
  ) || jsonb_build_object('limits', jsonb_build_array(p_limit - array['taken', 'retry_after_seconds']));
end
$$;
CREATE FUNCTION rolecall.refuse_reader(p_request jsonb, p_caller uuid) RETURNS jsonb
    LANGUAGE plpgsql STABLE
    SET search_path TO ''
    AS $$
declare
  v_profile public.profiles;
begin
  if p_caller is null or p_request #>> '{claims,role}' is distinct from 'authenticated' then
    return rolecall.refuse_non_user(p_request);
  end if;
  select *
  into v_profile
  from public.profiles
  where id = p_caller;
  if not rolecall.feature_enabled('conversations', p_request ->> 'rollout', p_caller, v_profile.is_internal) then
    return rolecall.refuse_disabled();
  end if;
  if v_profile.id is null then
    return rolecall.refuse_without_profile();
  end if;
  return null;
end
$$;
CREATE FUNCTION rolecall.refuse_restoring_authors() RETURNS jsonb
    LANGUAGE plpgsql IMMUTABLE
    SET search_path TO ''
    AS $$
begin
  return rolecall.refusal(
    'permission_denied',
    'What its author has deleted stays deleted.',
    'deleted_by_author',
    'Somebody else has deleted the message.'
  );
end
$$;
CREATE FUNCTION rolecall.refuse_reused_key() RETURNS jsonb
    LANGUAGE plpgsql IMMUTABLE
    SET search_path TO ''
    AS $$
begin
  return rolecall.refusal(
    'idempotency_conflict',
    'This Idempotency-Key was used for another request in the last 24 hours.',
    'idempotency_key_reused',
    'The request is sent with a key of its own, or exactly as it was sent the first time.'
  );
end
$$;
CREATE FUNCTION rolecall.refuse_second_report(p_report uuid) RETURNS jsonb
    LANGUAGE plpgsql IMMUTABLE
    SET search_path TO ''
    AS $$
begin
  return rolecall.refusal(
    'already_reported',
    'You have reported this message before.',
    'one_report_per_message',
    'You report another message.',
    jsonb_build_object('report_id', p_report)
  );
end
$$;
CREATE FUNCTION rolecall.refuse_unknown_conversation() RETURNS jsonb
    LANGUAGE plpgsql IMMUTABLE
    SET search_path TO ''
    AS $$
begin
  return rolecall.refusal(
    'not_found',
    'No conversation with this id has you as a participant.',
    'not_a_participant',
    'You take part in the conversation.'
  );
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
    where kind = 'show'
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
CREATE FUNCTION rolecall.remove_message(p_user uuid, p_message uuid, p_report uuid, p_note text) RETURNS public.messages
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
declare
  v_message public.messages;
begin
  select *
  into v_message
  from public.messages
  where id = p_message
  for no key update;
  if not found or v_message.deleted_at is not null then
    return v_message;
  end if;

  -- The content goes where nothing that reads messages can find it.
  if v_message.content is not null then
    insert into rolecall.removed_contents (message_id, content, removed_at)
    values (p_message, v_message.content, now());
  end if;
  update public.messages
  set
    content = null,
    deleted_at = now(),
    deleted_as = rolecall.deletion_class(p_user, v_message.sender_id)
  where id = p_message
  returning *
  into v_message;
  perform rolecall.audit_moderation(
    p_user,
    'message_deleted',
    p_report,
    p_message,
    v_message.sender_id,
    p_note,
    jsonb_build_object('deleted', null),
    jsonb_build_object('deleted', rolecall.deletion_of(v_message))
  );
  return v_message;
end
$$;
CREATE FUNCTION rolecall.reply_facts(p_user uuid, p_conversation uuid) RETURNS TABLE(sender_role public.app_role, sender_internal boolean, org_id uuid, rollout text, target_role public.app_role, show_id uuid, facts text[])
    LANGUAGE sql STABLE
    BEGIN ATOMIC
 SELECT sender.role,
     sender.is_internal,
     sender.organization_id,
     flag.rollout,
     target.role,
         CASE
             WHEN (conversation.kind = 'show'::text) THEN conversation.show_id
             ELSE NULL::uuid
         END AS "case",
     ARRAY['feature_enabled'::text,
         CASE
             WHEN (sender.suspended_until > now()) THEN 'suspended'::text
             ELSE NULL::text
         END,
         CASE
             WHEN conversation.read_only THEN 'read_only'::text
             ELSE NULL::text
         END,
         CASE
             WHEN (conversation.kind = 'show'::text) THEN 'broadcast_recipient'::text
             ELSE NULL::text
         END,
         CASE
             WHEN ((reply_facts.p_user = conversation.participant_low) OR (reply_facts.p_user = conversation.participant_high)) THEN 'participant'::text
             WHEN ((conversation.kind = 'show'::text) AND (conversation.created_by = reply_facts.p_user)) THEN 'participant'::text
             ELSE NULL::text
         END,
         CASE
             WHEN (EXISTS ( SELECT
                FROM public.user_blocks
               WHERE ((user_blocks.blocker_id = ANY (ARRAY[reply_facts.p_user, target.id])) AND (user_blocks.blocked_id = ANY (ARRAY[reply_facts.p_user, target.id]))))) THEN 'blocked'::text
             ELSE NULL::text
         END] AS "array"
    FROM ((((( VALUES (reply_facts.p_user)) asked(id)
      LEFT JOIN public.profiles sender ON ((sender.id = asked.id)))
      LEFT JOIN public.feature_flags flag ON ((flag.name = 'send-dm'::text)))
      LEFT JOIN public.conversations conversation ON ((conversation.id = reply_facts.p_conversation)))
      LEFT JOIN public.profiles target ON ((target.id =
         CASE
             WHEN (conversation.kind = 'show'::text) THEN conversation.created_by
             WHEN (conversation.participant_low = reply_facts.p_user) THEN conversation.participant_high
             WHEN (conversation.participant_high = reply_facts.p_user) THEN conversation.participant_low
             ELSE NULL::uuid
         END)));
END;
CREATE TABLE public.reported_messages (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    message_id uuid NOT NULL,
    conversation_id uuid NOT NULL,
    show_id uuid,
    reporter_id uuid NOT NULL,
    reported_user_id uuid,
    reason text NOT NULL,
    status text DEFAULT 'pending'::text NOT NULL,
    decision text,
    note text,
    reviewed_by uuid,
    reviewed_at timestamp with time zone,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT reported_messages_decided_unless_pending CHECK ((((status = 'pending'::text) = (decision IS NULL)) AND ((status = 'pending'::text) = (reviewed_by IS NULL)) AND ((status = 'pending'::text) = (reviewed_at IS NULL)))),
    CONSTRAINT reported_messages_decision_known CHECK ((decision = ANY (ARRAY['dismiss'::text, 'delete'::text, 'restore'::text, 'suspend'::text]))),
    CONSTRAINT reported_messages_note_length CHECK (((char_length(note) >= 1) AND (char_length(note) <= 1000))),
    CONSTRAINT reported_messages_reason_length CHECK (((char_length(reason) >= 1) AND (char_length(reason) <= 1000))),
    CONSTRAINT reported_messages_status_known CHECK ((status = ANY (ARRAY['pending'::text, 'dismissed'::text, 'actioned'::text])))
);
COMMENT ON TABLE public.reported_messages IS 'Reports of messages, one for each message and reporter.';
COMMENT ON COLUMN public.reported_messages.show_id IS 'The show of the message, whose organizer may decide, too.';
COMMENT ON COLUMN public.reported_messages.reported_user_id IS 'The sender of the message; null where a message of before Rolecall names none.';
COMMENT ON COLUMN public.reported_messages.status IS 'pending until the review; dismissed when the message stays as it was, actioned otherwise.';
CREATE FUNCTION rolecall.report_json(p_report public.reported_messages) RETURNS jsonb
    LANGUAGE plpgsql STABLE
    SET search_path TO ''
    AS $$
declare
  v_message jsonb;
begin
  select rolecall.message_json(message, removed.content)
    || jsonb_build_object('conversation_id', message.conversation_id)
  into v_message
  from public.messages as message
  left join rolecall.removed_contents as removed
    on removed.message_id = message.id
  where message.id = p_report.message_id;
  return jsonb_build_object(
    'id', p_report.id,
    'status', p_report.status,
    'decision', p_report.decision,
    'reason', p_report.reason,
    'created_at', rolecall.iso(p_report.created_at),
    'reporter_id', p_report.reporter_id,
    'reviewed_at', rolecall.iso(p_report.reviewed_at),
    'reviewed_by', p_report.reviewed_by,
    'note', p_report.note,
    'show_id', p_report.show_id,
    'message', v_message
  );
end
$$;
CREATE FUNCTION rolecall.report_message(p_user uuid, p_input jsonb, p_rollout text) RETURNS jsonb
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
declare
  v_message uuid := rolecall.uuid_or_null(p_input ->> 'message_id');
  v_judgement rolecall.judgement := rolecall.judge_report(p_user, v_message, p_rollout);
  v_report public.reported_messages;
begin
  if v_judgement.allowed is distinct from true then
    return v_judgement.refusal;
  end if;
  if not rolecall.has_length(p_input ->> 'reason', 1, 1000) then
    return rolecall.refusal('invalid_input', 'The reason must have 1 to 1000 characters.');
  end if;

  insert into public.reported_messages (
    message_id, conversation_id, show_id, reporter_id, reported_user_id, reason
  )
  select
    message.id,
    message.conversation_id,
    coalesce(message.show_id, conversation.show_id),
    p_user,
    message.sender_id,
    p_input ->> 'reason'
  from public.messages as message
  join public.conversations as conversation
    on conversation.id = message.conversation_id
  where message.id = v_message
  on conflict (message_id, reporter_id) do nothing
  returning *
  into v_report;
  if not found then
    select *
    into v_report
    from public.reported_messages
    where message_id = v_message
      and reporter_id = p_user;
    if not found then
      -- Deleted with its conversation since it was judged.
      return rolecall.refusal('not_found', 'There is no message with this message_id.');
    end if;
    return rolecall.refuse_second_report(v_report.id);
  end if;
  return rolecall.success(
    jsonb_build_object(
      'report_id', v_report.id,
      'message_id', v_report.message_id,
      'status', v_report.status,
      'created_at', rolecall.iso(v_report.created_at)
    )
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
  v_rate_buckets bigint;
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

    -- A window may be long; whoever has not done a thing for a day and for its window has a full bucket.
    delete from rolecall.rate_buckets
    where (user_id, action) in (
      select bucket.user_id, bucket.action
      from rolecall.rate_buckets as bucket
      where bucket.refilled_at <= now() - interval '1 day'
        and bucket.refilled_at <= now() - (
          select coalesce(max(rate.window_seconds), 0) * interval '1 second'
          from public.rate_limits as rate
          where rate.action = bucket.action
        )
      limit v_most
    );
    get diagnostics v_rate_buckets = row_count;

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
        'rate_buckets', v_rate_buckets,
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
CREATE FUNCTION rolecall.restore_message(p_user uuid, p_input jsonb, p_rollout text) RETURNS jsonb
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
declare
  v_id uuid := rolecall.uuid_or_null(p_input ->> 'message_id');
  v_judgement rolecall.judgement := rolecall.judge_moderation(p_user, v_id, p_rollout);
  v_message public.messages;
begin
  if v_judgement.allowed is distinct from true then
    return v_judgement.refusal;
  end if;
  if rolecall.refuse_note(p_input) is not null then
    return rolecall.refuse_note(p_input);
  end if;

  v_message := rolecall.bring_back_message(p_user, v_id, null, p_input ->> 'note');
  if v_message.deleted_as = 'author' then
    return rolecall.refuse_restoring_authors();
  end if;
  return rolecall.moderated_message(v_message);
end
$$;
CREATE FUNCTION rolecall.review_report(p_user uuid, p_input jsonb, p_rollout text) RETURNS jsonb
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
declare
  v_decision text := p_input ->> 'decision';
  v_note text := p_input ->> 'note';
  v_until timestamptz := rolecall.moment_or_null(p_input ->> 'suspended_until');
  v_report public.reported_messages;
  v_message public.messages;
  v_judgement rolecall.judgement;
  v_before jsonb;
  v_settled bigint;
begin
  select *
  into v_report
  from public.reported_messages
  where id = rolecall.uuid_or_null(p_input ->> 'report_id');
  v_judgement := rolecall.judge_moderation(p_user, v_report.message_id, p_rollout);
  if v_judgement.allowed is distinct from true then
    if v_report.id is null and v_judgement.refusal ->> 'code' = 'not_found' then
      return rolecall.refusal('not_found', 'There is no report with this report_id.');
    end if;
    return v_judgement.refusal;
  end if;
  if v_decision is null or v_decision not in ('dismiss', 'delete', 'restore', 'suspend') then
    return rolecall.refusal('invalid_input', 'The decision is dismiss, delete, restore or suspend.');
  end if;
  if rolecall.refuse_note(p_input) is not null then
    return rolecall.refuse_note(p_input);
  end if;
  if v_decision = 'suspend' then
    v_judgement := rolecall.judge_suspension(p_user, v_report.reported_user_id, p_rollout);
    if v_judgement.allowed is distinct from true then
      if v_judgement.refusal ->> 'code' = 'not_found' then
        return rolecall.refusal('not_found', 'The sender of this message is nobody who could be suspended.');
      end if;
      return v_judgement.refusal;
    end if;
    if v_until is null or v_until <= now() then
      return rolecall.refusal('invalid_input', 'To suspend, suspended_until must be a moment in the future.');
    end if;
  elsif p_input ->> 'suspended_until' is not null then
    return rolecall.refusal('invalid_input', 'The suspended_until belongs to the decision suspend alone.');
  end if;

  -- From here on nobody else decides about this message.
  select *
  into v_message
  from public.messages
  where id = v_report.message_id
  for no key update;
  if v_decision = 'restore' and v_message.deleted_as = 'author' then
    return rolecall.refuse_restoring_authors();
  end if;

  with settled as (
    update public.reported_messages as report
    set
      status = case when v_decision in ('dismiss', 'restore') then 'dismissed' else 'actioned' end,
      decision = v_decision,
      note = v_note,
      reviewed_by = p_user,
      reviewed_at = now()
    from public.reported_messages as named
    where named.id = v_report.id
      and report.message_id = named.message_id
      and (
        (named.status = 'pending' and report.status = 'pending')
        -- What was deleted by review is restored by review, too.
        or (
          v_decision = 'restore'
          and v_message.deleted_at is not null
          and named.status in ('pending', 'actioned')
          and named.decision is not distinct from case named.status when 'actioned' then 'delete' end
          and (report.status = 'pending' or report.decision = 'delete')
        )
      )
    returning report.id, jsonb_build_object('status', named.status, 'decision', named.decision) as before
  )
  select count(*), (array_agg(before))[1]
  into v_settled, v_before
  from settled;
  select *
  into v_report
  from public.reported_messages
  where id = v_report.id;
  if v_settled = 0 then
    if v_report.id is null then
      -- Deleted with its conversation since it was judged.
      return rolecall.refusal('not_found', 'There is no report with this report_id.');
    end if;
    return rolecall.refusal(
      'already_reviewed',
      format('This report has been decided: %s.', v_report.decision),
      'one_decision_per_report',
      'The report is pending, or you restore a message that was deleted by review.',
      jsonb_build_object('report_id', v_report.id, 'decision', v_report.decision)
    );
  end if;

  perform rolecall.audit_moderation(
    p_user,
    'report_reviewed',
    v_report.id,
    v_report.message_id,
    v_report.reported_user_id,
    v_note,
    v_before,
    jsonb_build_object('status', v_report.status, 'decision', v_decision, 'reports_settled', v_settled)
  );
  if v_decision = 'delete' then
    perform rolecall.remove_message(p_user, v_report.message_id, v_report.id, v_note);
  elsif v_decision = 'restore' then
    perform rolecall.bring_back_message(p_user, v_report.message_id, v_report.id, v_note);
  elsif v_decision = 'suspend' then
    perform rolecall.set_suspension(
      p_user, v_report.reported_user_id, v_until, v_report.id, v_report.message_id, v_note
    );
  end if;
  return rolecall.success(jsonb_build_object('report', rolecall.report_json(v_report)));
end
$$;
CREATE FUNCTION rolecall.roles_of(p_names jsonb) RETURNS public.app_role[]
    LANGUAGE plpgsql STABLE
    SET search_path TO ''
    AS $$
declare
  v_roles public.app_role[];
begin
  if jsonb_typeof(p_names) is distinct from 'array' then
    return null;
  end if;
  select array_agg(role order by role)
  into v_roles
  from unnest(enum_range(null::public.app_role)) as role
  where p_names ? role::text;
  if exists (
    select
    from jsonb_array_elements(p_names) as given
    where jsonb_typeof(given) <> 'string'
      or given #>> '{}' <> all (v_roles::text[])
  ) then
    return null;
  end if;
  return v_roles;
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
CREATE FUNCTION rolecall.rollout_of(p_request jsonb, p_flag text) RETURNS text
    LANGUAGE plpgsql IMMUTABLE
    SET search_path TO ''
    AS $$
begin
  return coalesce(p_request -> 'rollouts' ->> p_flag, 'enabled');
end
$$;
CREATE FUNCTION rolecall.send_broadcast(p_sender uuid, p_input jsonb, p_rollout text) RETURNS jsonb
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
declare
  v_show_id uuid := rolecall.uuid_or_null(p_input ->> 'show_id');
  v_roles public.app_role[] := rolecall.roles_of(p_input -> 'recipient_roles');
  v_judged record;
  v_reset_seconds bigint;
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
  if not rolecall.has_length(p_input ->> 'message', 1, 1000) then
    return rolecall.refusal('invalid_input', 'The message must have 1 to 1000 characters.');
  end if;
  if v_roles is null then
    return rolecall.refusal('invalid_input', 'The recipient_roles must be a list of at least one role.');
  end if;
  v_judged := rolecall.judge_broadcast(p_sender, v_show_id, v_roles, p_rollout);
  if (v_judged.judgement).allowed is distinct from true then
    return (v_judged.judgement).refusal;
  end if;

  v_limit := case v_judged.phase when 'pre_show' then v_judged.pre_show_limit else v_judged.post_show_limit end;
  select *
  into v_quota
  from rolecall.take_quota(
    p_sender, v_show_id, v_judged.phase, v_judged.pre_show_limit, v_judged.post_show_limit
  );
  if not found then
    return rolecall.refuse_quota(
      v_judged.phase,
      v_limit,
      rolecall.peek_quota(p_sender, v_show_id, v_judged.pre_show_limit, v_judged.post_show_limit)
        || jsonb_build_object(v_judged.phase, 0)
    );
  end if;
  v_remaining := jsonb_build_object(
    'pre_show', v_quota.pre_show_remaining,
    'post_show', v_quota.post_show_remaining
  );
  if v_limit is not null then
    v_reset_seconds := greatest(
      1,
      ceil(extract(epoch from rolecall.quota_day_end(rolecall.quota_day(now())) - now()))
    );
    v_limits := jsonb_build_array(
      rolecall.broadcast_limit(v_judged.phase, v_limit, (v_remaining ->> v_judged.phase)::int, v_reset_seconds)
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
  values ('show', v_show_id, p_sender, (v_judged.judgement).org_id, 1, now())
  on conflict (show_id, created_by) where kind = 'show' do update
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
    conversation_id, message_id, seq, show_id, sender_id, phase, recipient_roles, audience_count
  )
  values (v_conversation, v_message, v_seq, v_show_id, p_sender, v_judged.phase, v_roles, v_audience)
  returning id
  into v_broadcast;

  insert into rolecall.show_threads (conversation_id, show_id, role, last_seq, last_message_at)
  select v_conversation, v_show_id, role, v_seq, now()
  from unnest(v_roles) as role
  on conflict (conversation_id, role) do update
  set
    last_seq = excluded.last_seq,
    last_message_at = excluded.last_message_at;

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
      on conflict (participant_low, participant_high) where kind = 'direct' and version = 'v2' do update
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
        and version = 'v2'
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
CREATE FUNCTION rolecall.send_dm_many(p_requests jsonb) RETURNS jsonb
    LANGUAGE plpgsql
    SET search_path TO ''
    SET lock_timeout TO '500ms'
    AS $$
declare
  v_nobody uuid;
  v_items rolecall.dm_item[];
  v_deferred int[];
  v_kept jsonb;
  v_answers jsonb[];
begin
  if jsonb_array_length(p_requests) = 0 then
    return '[]';
  elsif jsonb_array_length(p_requests) = 1 then
    return jsonb_build_array(rolecall.send_dm_one(p_requests -> 0));
  end if;
  -- Policies and triggers that ask who calls hear of nobody, since each statement below is of many.
  v_nobody := rolecall.assume_claims(null);
  v_items := rolecall.dm_items(p_requests);
  v_deferred := rolecall.deferred_dms(v_items);
  if v_deferred = '{}' then
    return to_jsonb(rolecall.send_independent_dms(p_requests, v_items));
  end if;
  select jsonb_agg(request order by number)
  into v_kept
  from jsonb_array_elements(p_requests) with ordinality as element (request, number)
  where number <> all (v_deferred);
  v_answers := rolecall.send_independent_dms(v_kept, rolecall.dm_items(v_kept));
  return (
    select jsonb_agg(
      case
        when number = any (v_deferred) then '{"deferred": true}'
        else to_jsonb(v_answers[number - (select count(*) from unnest(v_deferred) as before where before < number)])
      end
      order by number
    )
    from generate_series(1, jsonb_array_length(p_requests)) as number
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
  v_limit jsonb;
  v_answer jsonb;
begin
  if v_caller is null or p_request #>> '{claims,role}' is distinct from 'authenticated' then
    v_answer := rolecall.refuse_non_user(p_request);
  elsif v_key is not null then
    v_answer := rolecall.claim_key('send-dm', v_caller, v_key, p_request -> 'input');
  end if;
  if v_answer is null then
    v_limit := rolecall.take_token(v_caller, 'send_dm');
    if v_limit -> 'taken' = 'false' then
      v_answer := rolecall.refuse_rate(v_limit);
    else
      v_answer := rolecall.with_limit(
        rolecall.send_dm(v_caller, p_request -> 'input', p_request ->> 'rollout'),
        v_limit
      );
    end if;
    if v_key is not null then
      perform rolecall.settle_key(v_caller, v_key, v_answer);
    end if;
  end if;
  return rolecall.finish('send-dm', p_request, v_caller, v_answer);
end
$$;
CREATE FUNCTION rolecall.send_independent_dms(p_requests jsonb, p_items rolecall.dm_item[]) RETURNS jsonb[]
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
declare
  v_callers uuid[];
  v_has_keys boolean;
  -- Of the keys that are claimed here.
  v_keys text[];
  v_inputs jsonb[];
  v_claims jsonb[];
  -- Of all requests, in their order; null where there is none yet.
  v_answers jsonb[];
  v_limits jsonb[];
  -- The requests that have got as far as being judged, and what became of them.
  v_sending rolecall.dm_item[];
  v_numbers int[];
  v_outcomes jsonb[];
  v_conversations uuid[];
  v_senders uuid[];
  v_recipients uuid[];
  v_seqs bigint[];
  v_created boolean[];
  v_created_at text := rolecall.iso(now());
begin
  select
    array_agg(item.caller order by item.number),
    array_agg(
      case
        when item.caller is null or not item.is_user then
          rolecall.refuse_non_user(p_requests -> (item.number - 1))
      end
      order by item.number
    ),
    bool_or(item.key is not null)
  into v_callers, v_answers, v_has_keys
  from unnest(p_items) as item;

  if v_has_keys then
    select
      array_agg(case when v_answers[item.number] is null then item.key end order by item.number),
      array_agg(p_requests -> (item.number - 1) -> 'input' order by item.number)
    into v_keys, v_inputs
    from unnest(p_items) as item;
    v_claims := rolecall.claim_keys('send-dm', v_callers, v_keys, v_inputs);
    select
      array_agg(coalesce(answer, claim) order by number),
      array_agg(case when claim is null then key end order by number)
    into v_answers, v_keys
    from unnest(v_answers, v_claims, v_keys) with ordinality as claimed (answer, claim, key, number);
  end if;

  v_limits := rolecall.take_tokens(
    (
      select array_agg(case when answer is null then caller end order by number)
      from unnest(v_callers, v_answers) with ordinality as request (caller, answer, number)
    ),
    'send_dm'
  );

  select array_agg(item)
  into v_sending
  from unnest(p_items) as item
  where item.refusal is null
    and v_answers[item.number] is null
    and v_limits[item.number] -> 'taken' is distinct from 'false';

  if v_sending is not null then
    -- One statement settles who makes a conversation and who continues it, and numbers the messages.
    with judged as materialized (
      select
        item.number,
        item.caller,
        item.content,
        item.show_id,
        item.is_reply,
        item.conversation,
        item.recipient,
        (judged.judgement).allowed is true as is_allowed,
        (judged.judgement).refusal,
        (judged.judgement).org_id,
        judged.low,
        judged.high
      from unnest(v_sending) as item
      join rolecall.judge_dms(v_sending) as judged
        on judged.number = item.number
    ),
    going as materialized (
      select
        judged.*,
        gen_random_uuid() as message_id,
        row_number() over (partition by low, high order by number) as place,
        count(*) over (partition by low, high) as messages
      from judged
      where is_allowed
    ),
    numbered as (
      insert into public.conversations as conversation (
        kind, participant_low, participant_high, created_by, organization_id, last_seq, last_message_at
      )
      select 'direct', low, high, caller, org_id, messages, now()
      from going
      where place = 1
      order by low, high
      on conflict (participant_low, participant_high) where kind = 'direct' and version = 'v2' do update
      set
        last_seq = conversation.last_seq + excluded.last_seq,
        last_message_at = excluded.last_message_at
      where not conversation.read_only
      returning id, participant_low, participant_high, last_seq
    ),
    placed as (
      select
        going.*,
        numbered.id as conversation_id,
        numbered.last_seq - going.messages + going.place as seq,
        numbered.last_seq = going.messages as is_new
      from going
      join numbered
        on numbered.participant_low = going.low
        and numbered.participant_high = going.high
    ),
    sent as (
      insert into public.messages (id, conversation_id, seq, sender_id, content, show_id)
      select message_id, conversation_id, seq, caller, content, show_id
      from placed
      order by conversation_id, seq
    )
    select
      array_agg(judged.number order by judged.number),
      array_agg(
        case
          when not judged.is_allowed then judged.refusal
          when placed.seq is not null then
            jsonb_build_object(
              'ok', true,
              'data', jsonb_build_object(
                'message_id', placed.message_id,
                'conversation_id', placed.conversation_id,
                'seq', placed.seq,
                'created_at', v_created_at
              ),
              'org_id', judged.org_id
            )
        end
        order by judged.number
      ),
      array_agg(placed.conversation_id order by judged.number),
      array_agg(judged.caller order by judged.number),
      array_agg(judged.recipient order by judged.number),
      array_agg(placed.seq order by judged.number),
      array_agg(coalesce(placed.is_new, false) order by judged.number)
    into v_numbers, v_outcomes, v_conversations, v_senders, v_recipients, v_seqs, v_created
    from judged
    left join placed
      on placed.number = judged.number;

    -- A reply has made its conversation anew: somebody deleted it since it was judged. Whoever sent the array sends its
    -- requests one by one.
    if exists (
      select
      from unnest(v_numbers, v_conversations) as outcome (number, conversation)
      join unnest(v_sending) as item
        on item.number = outcome.number
      where item.is_reply
        and item.conversation <> outcome.conversation
    ) then
      raise exception 'A conversation was deleted while it was written to.'
        using errcode = 'serialization_failure';
    end if;

    -- Not part of the statement above, which would not see what was committed while it waited for a conversation.
    if true = any (v_created) then
      insert into public.conversation_participants (conversation_id, user_id, last_read_seq)
      select conversation, sender, max(seq)
      from unnest(v_conversations, v_senders, v_seqs, v_created) as outcome (conversation, sender, seq, is_new)
      where is_new
      group by conversation, sender
      union all
      select distinct conversation, recipient, 0
      from unnest(v_conversations, v_recipients, v_created) as outcome (conversation, recipient, is_new)
      where is_new;
    end if;
    if false = any (v_created) then
      update public.conversation_participants as participant
      set last_read_seq = newest.seq
      from (
        -- Locked in this order, in which mark-read takes them, too.
        select own.conversation_id, own.user_id, outcome.seq
        from (
          select conversation, sender, max(seq) as seq
          from unnest(v_conversations, v_senders, v_seqs, v_created) as outcome (conversation, sender, seq, is_new)
          where not is_new
          group by conversation, sender
        ) as outcome
        join public.conversation_participants as own
          on own.conversation_id = outcome.conversation
          and own.user_id = outcome.sender
        order by own.conversation_id, own.user_id
        for no key update of own
      ) as newest
      where participant.conversation_id = newest.conversation_id
        and participant.user_id = newest.user_id;
    end if;

    -- What was allowed and not sent: the operator has closed the conversation since.
    if array_position(v_outcomes, null) is not null then
      select
        array_agg(
          case
            when outcome.answer is not null then outcome.answer
            when item.is_reply then
              rolecall.refusal('not_found', 'There is no conversation with this conversation_id.')
            else
              (rolecall.judge_reply(item.caller, conversation.id, item.rollout)).refusal
          end
          order by item.number
        )
      into v_outcomes
      from unnest(v_numbers, v_outcomes) as outcome (number, answer)
      join unnest(v_sending) as item
        on item.number = outcome.number
      left join public.conversations as conversation
        on conversation.kind = 'direct'
        and conversation.version = 'v2'
        and conversation.participant_low = least(item.caller, item.recipient)
        and conversation.participant_high = greatest(item.caller, item.recipient);
    end if;
  end if;

  select
    array_agg(
      case
        when v_answers[item.number] is not null then v_answers[item.number]
        when v_limits[item.number] -> 'taken' = 'false' then rolecall.refuse_rate(v_limits[item.number])
        else rolecall.with_limit(coalesce(item.refusal, outcome.answer), v_limits[item.number])
      end
      order by item.number
    )
  into v_answers
  from unnest(p_items) as item
  left join unnest(v_numbers, v_outcomes) as outcome (number, answer)
    on outcome.number = item.number;

  if v_has_keys then
    perform rolecall.settle_keys(v_callers, v_keys, v_answers);
  end if;
  return rolecall.finish_many('send-dm', p_requests, v_callers, v_answers);
end
$$;
CREATE FUNCTION rolecall.set_block(p_user uuid, p_input jsonb, p_rollout text) RETURNS jsonb
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
declare
  v_refusal jsonb := rolecall.refuse_blocker(p_user, p_rollout);
  v_blocked uuid := rolecall.uuid_or_null(p_input ->> 'blocked_id');
  v_since timestamptz;
begin
  if v_refusal is not null then
    return v_refusal;
  end if;
  if v_blocked = p_user then
    return rolecall.refusal(
      'invalid_input',
      'Nobody can block themselves.',
      'self_block',
      'The blocked user is somebody else.'
    );
  end if;

  -- An update that changes nothing, so that the row of an earlier block is returned, too, even when another request
  -- makes it at this moment.
  insert into public.user_blocks as block (blocker_id, blocked_id)
  select p_user, id
  from public.profiles
  where id = v_blocked
  on conflict (blocker_id, blocked_id) do update
  set created_at = block.created_at
  returning created_at
  into v_since;
  if not found then
    return rolecall.refusal('not_found', 'There is no user with this blocked_id.');
  end if;
  return rolecall.success(jsonb_build_object('blocked_id', v_blocked, 'created_at', rolecall.iso(v_since)));
end
$$;
CREATE FUNCTION rolecall.set_participant_role() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
begin
  if tg_op = 'UPDATE' then
    new.role := old.role;
    if new.show_id is distinct from old.show_id or new.user_id is distinct from old.user_id then
      new.joined_at := now();
    end if;
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
CREATE FUNCTION rolecall.set_suspension(p_user uuid, p_target uuid, p_until timestamp with time zone, p_report uuid, p_message uuid, p_note text) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
declare
  v_before timestamptz;
begin
  select suspended_until
  into v_before
  from public.profiles
  where id = p_target
  for no key update;
  if v_before is not distinct from p_until then
    return;
  end if;
  update public.profiles
  set suspended_until = p_until
  where id = p_target;
  perform rolecall.audit_moderation(
    p_user,
    case when p_until is null then 'suspension_lifted' else 'user_suspended' end,
    p_report,
    p_message,
    p_target,
    p_note,
    jsonb_build_object('suspended_until', rolecall.suspension_json(v_before)),
    jsonb_build_object('suspended_until', rolecall.suspension_json(p_until))
  );
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
CREATE FUNCTION rolecall.settle_keys(p_users uuid[], p_keys text[], p_answers jsonb[]) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
begin
  update rolecall.idempotency_records as record
  set answer = settled.answer
  from unnest(p_users, p_keys, p_answers) as settled (user_id, key, answer)
  where record.user_id = settled.user_id
    and record.key = settled.key
    and (settled.answer -> 'ok')::boolean;

  delete from rolecall.idempotency_records as record
  using unnest(p_users, p_keys, p_answers) as settled (user_id, key, answer)
  where record.user_id = settled.user_id
    and record.key = settled.key
    and not (settled.answer -> 'ok')::boolean;
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
CREATE FUNCTION rolecall.suspend_user(p_user uuid, p_input jsonb, p_rollout text) RETURNS jsonb
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
declare
  v_target uuid := rolecall.uuid_or_null(p_input ->> 'target_id');
  v_until timestamptz := rolecall.moment_or_null(p_input ->> 'until');
  v_judgement rolecall.judgement := rolecall.judge_suspension(p_user, v_target, p_rollout);
begin
  if v_judgement.allowed is distinct from true then
    return v_judgement.refusal;
  end if;
  if v_until is null or v_until <= now() then
    return rolecall.refusal('invalid_input', 'The end of a suspension must be a moment in the future.');
  end if;
  if rolecall.refuse_note(p_input) is not null then
    return rolecall.refuse_note(p_input);
  end if;

  perform rolecall.set_suspension(p_user, v_target, v_until, null, null, p_input ->> 'note');
  return rolecall.success(
    jsonb_build_object('target_id', v_target, 'suspended_until', rolecall.suspension_json(v_until))
  );
end
$$;
CREATE FUNCTION rolecall.suspension_json(p_until timestamp with time zone) RETURNS jsonb
    LANGUAGE plpgsql STABLE
    SET search_path TO ''
    AS $$
begin
  if isfinite(p_until) then
    return to_jsonb(rolecall.iso(p_until));
  end if;
  return coalesce(to_jsonb(p_until::text), 'null');
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
CREATE FUNCTION rolecall.take_token(p_user uuid, p_action text) RETURNS jsonb
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
declare
  v_capacity int;
  v_window_seconds int;
  v_tokens double precision;
begin
  insert into rolecall.rate_buckets as bucket (user_id, action, tokens, refilled_at, capacity, window_seconds)
  select p_user, p_action, rate.capacity - 1, clock_timestamp(), rate.capacity, rate.window_seconds
  from public.profiles as profile
  join public.rate_limits as rate
    on rate.role = profile.role
    and rate.action = p_action
    and rate.capacity > 0
  where profile.id = p_user
  on conflict (user_id, action) do update
  set
    tokens = rolecall.refilled(
      bucket.tokens, bucket.refilled_at, excluded.refilled_at, excluded.capacity, excluded.window_seconds
    ) - 1,
    refilled_at = greatest(bucket.refilled_at, excluded.refilled_at),
    capacity = excluded.capacity,
    window_seconds = excluded.window_seconds
  where rolecall.refilled(
    bucket.tokens, bucket.refilled_at, excluded.refilled_at, excluded.capacity, excluded.window_seconds
  ) >= 1
  returning tokens, capacity, window_seconds
  into v_tokens, v_capacity, v_window_seconds;
  if found then
    return rolecall.rate_limit_entry(p_action, v_capacity, v_window_seconds, v_tokens, true);
  end if;
  -- Nothing limits the user, or nothing was left when the statement looked, whatever has come since.
  return rolecall.peek_token(p_user, p_action, 0.999);
end
$$;
CREATE FUNCTION rolecall.take_tokens(p_users uuid[], p_action text) RETURNS jsonb[]
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
declare
  v_limits jsonb[];
begin
  with asked as (
    select
      request.number,
      request.user_id,
      row_number() over (partition by request.user_id order by request.number) as place
    from unnest(p_users) with ordinality as request (user_id, number)
  ),
  taken as (
    insert into rolecall.rate_buckets as bucket (
      user_id, action, tokens, refilled_at, capacity, window_seconds, taken
    )
    select
      wanted.user_id,
      p_action,
      rate.capacity - least(wanted.tokens, rate.capacity),
      clock_timestamp(),
      rate.capacity,
      rate.window_seconds,
      least(wanted.tokens, rate.capacity)
    from (
      select user_id, max(place) as tokens
      from asked
      where user_id is not null
      group by user_id
    ) as wanted
    join public.profiles as profile
      on profile.id = wanted.user_id
    join public.rate_limits as rate
      on rate.role = profile.role
      and rate.action = p_action
      and rate.capacity > 0
    order by wanted.user_id
    on conflict (user_id, action) do update
    set
      tokens = rolecall.refilled(
        bucket.tokens, bucket.refilled_at, excluded.refilled_at, excluded.capacity, excluded.window_seconds
      ) - least(
        excluded.taken,
        floor(
          rolecall.refilled(
            bucket.tokens, bucket.refilled_at, excluded.refilled_at, excluded.capacity, excluded.window_seconds
          )
        )
      ),
      refilled_at = greatest(bucket.refilled_at, excluded.refilled_at),
      capacity = excluded.capacity,
      window_seconds = excluded.window_seconds,
      taken = least(
        excluded.taken,
        floor(
          rolecall.refilled(
            bucket.tokens, bucket.refilled_at, excluded.refilled_at, excluded.capacity, excluded.window_seconds
          )
        )
      )
    where rolecall.refilled(
      bucket.tokens, bucket.refilled_at, excluded.refilled_at, excluded.capacity, excluded.window_seconds
    ) >= 1
    returning user_id, tokens, capacity, window_seconds, taken
  )
  select array_agg(
    case
      when asked.user_id is null then null
      when taken.user_id is null then rolecall.peek_token(asked.user_id, p_action, 0.999)
      when asked.place <= taken.taken then
        rolecall.rate_limit_entry(
          p_action, taken.capacity, taken.window_seconds, taken.tokens + (taken.taken - asked.place), true
        )
      else
        -- The clock has gone on, but to whoever was too late there was no token.
        rolecall.rate_limit_entry(
          p_action, taken.capacity, taken.window_seconds, least(taken.tokens, 0.999), false
        )
    end
    order by asked.number
  )
  into v_limits
  from asked
  left join taken
    on taken.user_id = asked.user_id;
  return v_limits;
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
CREATE FUNCTION rolecall.unread(p_user uuid) RETURNS jsonb
    LANGUAGE plpgsql STABLE
    SET search_path TO ''
    AS $_$
declare
  v_direct bigint;
  v_direct_conversations bigint;
  v_show bigint;
  v_show_conversations bigint;
begin
  -- Their conversations by the two indexes of the inbox, so that it costs the same however many others there are.
  -- Planned anew every time: a plan for just anybody takes it that nobody has more than a few, and would compare each
  -- of 10,000 conversations with each of 10,000 participations.
  execute $query$
    select coalesce(sum(conversation.last_seq - own.last_read_seq), 0), count(*)
    from (
      select id, last_seq
      from public.conversations
      where participant_low = $1
      union all
      select id, last_seq
      from public.conversations
      where participant_high = $1
    ) as conversation
    join public.conversation_participants as own
      on own.conversation_id = conversation.id
      and own.user_id = $1
      and own.last_read_seq < conversation.last_seq
  $query$
  into v_direct, v_direct_conversations
  using p_user;
  select count(distinct message_id), count(distinct conversation_id)
  into v_show, v_show_conversations
  from (
    -- What is newer than what they have read, where they take part and where they took part. "offset 0": by thread, not
    -- by going through everything that was ever broadcast.
    select newest.conversation_id, unread.message_id
    from rolecall.participations as own
    join rolecall.show_threads as newest
      on newest.show_id = own.show_id
      and newest.role = own.role
      and newest.last_message_at >= own.joined_at
    left join public.broadcast_receipts as receipt
      on receipt.conversation_id = newest.conversation_id
      and receipt.user_id = p_user
    cross join lateral (
      select broadcast.message_id
      from public.broadcasts as broadcast
      where broadcast.conversation_id = newest.conversation_id
        and broadcast.seq > coalesce(receipt.last_read_seq, 0)
        and broadcast.sender_id <> p_user
        and broadcast.created_at >= own.joined_at
        and broadcast.created_at < own.left_at
        and own.role = any (broadcast.recipient_roles)
      offset 0
    ) as unread
    where own.user_id = p_user
      and newest.last_seq > coalesce(receipt.last_read_seq, 0)
  ) as counted;
  return rolecall.success(
    jsonb_build_object(
      'unread', v_direct + v_show,
      'conversations', v_direct_conversations + v_show_conversations,
      'by_kind', jsonb_build_object('direct', v_direct, 'show', v_show)
    )
  );
end
$_$;
CREATE FUNCTION rolecall.uuid_or_null(p_text text) RETURNS uuid
    LANGUAGE sql IMMUTABLE
    RETURN CASE WHEN ((p_text ~~ '________-____-____-____-____________'::text) AND (translate(p_text, '0123456789abcdefABCDEF'::text, ''::text) = '----'::text)) THEN (p_text)::uuid ELSE NULL::uuid END;
CREATE TABLE public.broadcasts (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    conversation_id uuid NOT NULL,
    message_id uuid NOT NULL,
    seq bigint NOT NULL,
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
COMMENT ON TABLE public.broadcasts IS 'A message to everybody who takes part in a show with one of the roles at that moment; its audience reads it from here.';
COMMENT ON COLUMN public.broadcasts.seq IS 'The message''s.';
CREATE TABLE public.show_participants (
    show_id uuid NOT NULL,
    user_id uuid NOT NULL,
    role public.app_role NOT NULL,
    joined_at timestamp with time zone DEFAULT now() NOT NULL
);
COMMENT ON TABLE public.show_participants IS 'Who takes part in a show. Taking part gives rights to write, so the backend says who does.';
COMMENT ON COLUMN public.show_participants.role IS 'The role at the moment of joining, which decides for which broadcasts somebody is in the audience.';
CREATE TABLE rolecall.past_participations (
    show_id uuid NOT NULL,
    user_id uuid NOT NULL,
    role public.app_role NOT NULL,
    joined_at timestamp with time zone NOT NULL,
    left_at timestamp with time zone NOT NULL
);
COMMENT ON TABLE rolecall.past_participations IS 'Who took part in a show, from when until when, and left it.';
CREATE VIEW rolecall.participations AS
 SELECT show_participants.show_id,
    show_participants.user_id,
    show_participants.role,
    show_participants.joined_at,
    'infinity'::timestamp with time zone AS left_at
   FROM public.show_participants
UNION ALL
 SELECT past_participations.show_id,
    past_participations.user_id,
    past_participations.role,
    past_participations.joined_at,
    past_participations.left_at
   FROM rolecall.past_participations;
COMMENT ON VIEW rolecall.participations IS 'Who takes or took part in which show, from when until when.';
CREATE FUNCTION rolecall.visible_broadcasts(p_user uuid, p_conversation uuid, p_show uuid) RETURNS SETOF public.broadcasts
    LANGUAGE sql STABLE
    BEGIN ATOMIC
 SELECT broadcast.id,
     broadcast.conversation_id,
     broadcast.message_id,
     broadcast.seq,
     broadcast.show_id,
     broadcast.sender_id,
     broadcast.phase,
     broadcast.recipient_roles,
     broadcast.audience_count,
     broadcast.created_at
    FROM public.broadcasts broadcast
   WHERE ((broadcast.conversation_id = visible_broadcasts.p_conversation) AND (EXISTS ( SELECT
            FROM rolecall.participations own
           WHERE ((own.user_id = visible_broadcasts.p_user) AND (own.show_id = visible_broadcasts.p_show) AND (own.role = ANY (broadcast.recipient_roles)) AND (broadcast.created_at >= own.joined_at) AND (broadcast.created_at < own.left_at)))));
END;
CREATE FUNCTION rolecall.visible_messages(p_user uuid, p_conversation uuid, p_audience_of uuid, p_after bigint, p_before bigint, p_newest boolean, p_limit integer) RETURNS SETOF public.messages
    LANGUAGE plpgsql STABLE ROWS 50
    SET search_path TO ''
    AS $$
declare
  v_after bigint := coalesce(p_after, 0);
  v_before bigint := coalesce(p_before, 9223372036854775807);
begin
  if p_audience_of is null and p_newest then
    return query
    select *
    from public.messages
    where conversation_id = p_conversation
      and seq > v_after
      and seq < v_before
    order by seq desc
    limit p_limit;
  elsif p_audience_of is null then
    return query
    select *
    from public.messages
    where conversation_id = p_conversation
      and seq > v_after
      and seq < v_before
    order by seq
    limit p_limit;
  elsif p_newest then
    return query
    select message.*
    from rolecall.visible_broadcasts(p_user, p_conversation, p_audience_of) as broadcast
    join public.messages as message
      on message.id = broadcast.message_id
    where broadcast.seq > v_after
      and broadcast.seq < v_before
    order by broadcast.seq desc
    limit p_limit;
  else
    return query
    select message.*
    from rolecall.visible_broadcasts(p_user, p_conversation, p_audience_of) as broadcast
    join public.messages as message
      on message.id = broadcast.message_id
    where broadcast.seq > v_after
      and broadcast.seq < v_before
    order by broadcast.seq
    limit p_limit;
  end if;
end
$$;
CREATE FUNCTION rolecall.whole_number(p_value jsonb) RETURNS bigint
    LANGUAGE plpgsql IMMUTABLE
    SET search_path TO ''
    AS $_$
begin
  if jsonb_typeof(p_value) = 'number' and p_value #>> '{}' ~ '^[0-9]{1,18}$' then
    return (p_value #>> '{}')::bigint;
  end if;
  return null;
end
$_$;
CREATE FUNCTION rolecall.with_limit(p_answer jsonb, p_limit jsonb) RETURNS jsonb
    LANGUAGE plpgsql IMMUTABLE
    SET search_path TO ''
    AS $$
begin
  if p_limit is null then
    return p_answer;
  end if;
  return p_answer
    || jsonb_build_object(
      'limits',
      coalesce(p_answer -> 'limits', '[]') || jsonb_build_array(p_limit - array['taken', 'retry_after_seconds'])
    );
end
$$;
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
CREATE TABLE rolecall.schema_migrations (
    version integer NOT NULL,
    name text NOT NULL,
    applied_at timestamp with time zone DEFAULT now() NOT NULL
);
COMMENT ON TABLE rolecall.schema_migrations IS 'Which migrations this database has.';
CREATE VIEW monitoring.migration AS
 SELECT schema_migrations.version,
    schema_migrations.name,
    schema_migrations.applied_at
   FROM rolecall.schema_migrations
  ORDER BY schema_migrations.version DESC
 LIMIT 1;
COMMENT ON VIEW monitoring.migration IS 'The newest migration of this database.';
CREATE VIEW monitoring.pending_reports AS
 SELECT count(*) AS count,
    min(reported_messages.created_at) AS oldest_at,
    (EXTRACT(epoch FROM (now() - min(reported_messages.created_at))))::bigint AS oldest_age_seconds
   FROM public.reported_messages
  WHERE (reported_messages.status = 'pending'::text);
COMMENT ON VIEW monitoring.pending_reports IS 'How many reports wait for a moderator, and since when the oldest does.';
CREATE TABLE public.quota_runs (
    period date NOT NULL,
    reset_pre_show bigint DEFAULT 0 NOT NULL,
    reset_post_show bigint DEFAULT 0 NOT NULL,
    pruned jsonb DEFAULT '{}'::jsonb NOT NULL,
    run_at timestamp with time zone DEFAULT now() NOT NULL
);
COMMENT ON TABLE public.quota_runs IS 'The nightly resets, one for each quota day.';
CREATE VIEW monitoring.quota_reset AS
 SELECT max(quota_runs.period) AS last_period,
    max(quota_runs.run_at) AS run_at,
    (EXTRACT(epoch FROM (now() - max(quota_runs.run_at))))::bigint AS age_seconds,
    (max(quota_runs.period) IS DISTINCT FROM (((now() AT TIME ZONE 'utc'::text) - '02:00:00'::interval))::date) AS due
   FROM public.quota_runs;
COMMENT ON VIEW monitoring.quota_reset IS 'The newest nightly reset, and whether that of today is still to come.';
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
CREATE VIEW monitoring.rate_limited_last_hour AS
 SELECT request_metrics.function,
    (sum(request_metrics.requests))::bigint AS requests
   FROM rolecall.request_metrics
  WHERE ((request_metrics.slot > (now() - '01:15:00'::interval)) AND (request_metrics.code = ANY (ARRAY['rate_limited'::text, 'quota_exceeded'::text])))
  GROUP BY request_metrics.function;
COMMENT ON VIEW monitoring.rate_limited_last_hour IS 'Requests that a rate limit or a quota refused, by function.';
CREATE TABLE rolecall.report_counts (
    show_id uuid NOT NULL,
    status text NOT NULL,
    reports bigint NOT NULL
);
COMMENT ON TABLE rolecall.report_counts IS 'How many reports each show has of each status, so that a queue of a million tells its counts without counting.';
COMMENT ON COLUMN rolecall.report_counts.show_id IS 'The nil uuid for reports of messages that are about no show.';
CREATE VIEW monitoring.reports_by_status AS
 SELECT known.status,
    (COALESCE(sum(counted.reports), (0)::numeric))::bigint AS reports
   FROM (unnest(ARRAY['pending'::text, 'dismissed'::text, 'actioned'::text]) known(status)
     LEFT JOIN rolecall.report_counts counted ON ((counted.status = known.status)))
  GROUP BY known.status;
COMMENT ON VIEW monitoring.reports_by_status IS 'All reports by status; one row for each status.';
CREATE VIEW monitoring.requests_last_hour AS
 SELECT request_metrics.function,
    request_metrics.code,
    (sum(request_metrics.requests))::bigint AS requests
   FROM rolecall.request_metrics
  WHERE (request_metrics.slot > (now() - '01:15:00'::interval))
  GROUP BY request_metrics.function, request_metrics.code;
COMMENT ON VIEW monitoring.requests_last_hour IS 'Requests by function and answer: ok, or the code of the refusal.';
CREATE VIEW monitoring.suspensions AS
 SELECT count(*) AS count,
    count(*) FILTER (WHERE (profiles.suspended_until = 'infinity'::timestamp with time zone)) AS for_good
   FROM public.profiles
  WHERE (profiles.suspended_until > now());
COMMENT ON VIEW monitoring.suspensions IS 'How many users are suspended now.';
CREATE TABLE public.data_deletions (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    user_id uuid NOT NULL,
    requested_at timestamp with time zone DEFAULT now() NOT NULL,
    completed_at timestamp with time zone,
    messages_deleted bigint DEFAULT 0 NOT NULL,
    reached_conversation_id uuid DEFAULT '00000000-0000-0000-0000-000000000000'::uuid NOT NULL,
    reached_seq bigint DEFAULT 0 NOT NULL
);
COMMENT ON TABLE public.data_deletions IS 'Requests of users to delete what they wrote. What does not fit into one call is gone on with by the next.';
COMMENT ON COLUMN public.data_deletions.messages_deleted IS 'Messages that became placeholders through this request.';
COMMENT ON COLUMN public.data_deletions.reached_conversation_id IS 'How far it has come; reached_seq is the number of the message there.';
CREATE VIEW monitoring.unfinished_deletions AS
 SELECT count(*) AS count,
    min(data_deletions.requested_at) AS oldest_at,
    (EXTRACT(epoch FROM (now() - min(data_deletions.requested_at))))::bigint AS oldest_age_seconds
   FROM public.data_deletions
  WHERE (data_deletions.completed_at IS NULL);
COMMENT ON VIEW monitoring.unfinished_deletions IS 'Requests to delete one''s own data that need another call, and since when the oldest does.';
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
CREATE TABLE public.broadcast_receipts (
    conversation_id uuid NOT NULL,
    user_id uuid NOT NULL,
    last_read_seq bigint NOT NULL,
    read_at timestamp with time zone DEFAULT now() NOT NULL
);
COMMENT ON TABLE public.broadcast_receipts IS 'How far somebody of the audience has read in a conversation of a show; written when they do.';
CREATE TABLE public.conversation_participants (
    conversation_id uuid NOT NULL,
    user_id uuid NOT NULL,
    last_read_seq bigint DEFAULT 0 NOT NULL,
    joined_at timestamp with time zone DEFAULT now() NOT NULL
)
WITH (fillfactor='80');
COMMENT ON TABLE public.conversation_participants IS 'Who writes in a conversation and how far they have read; unread is last_seq less last_read_seq.';
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
CREATE TABLE public.moderation_audit (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    actor_id uuid NOT NULL,
    action text NOT NULL,
    report_id uuid,
    message_id uuid,
    target_id uuid,
    note text,
    before jsonb NOT NULL,
    after jsonb NOT NULL,
    CONSTRAINT moderation_audit_action_known CHECK ((action = ANY (ARRAY['report_reviewed'::text, 'message_deleted'::text, 'message_restored'::text, 'user_suspended'::text, 'suspension_lifted'::text])))
);
COMMENT ON TABLE public.moderation_audit IS 'Who moderated what, and why: written with the act itself, and changed by nobody. Never message contents.';
COMMENT ON COLUMN public.moderation_audit.target_id IS 'The sender of the message, or who was suspended.';
COMMENT ON COLUMN public.moderation_audit.before IS 'The state that the act found: status, deleted or suspended_until.';
CREATE TABLE public.organizations (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    name text NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT organizations_name_length CHECK (((char_length(name) >= 1) AND (char_length(name) <= 200)))
);
COMMENT ON TABLE public.organizations IS 'Organisations whose people use Rolecall; a profile belongs to at most one.';
CREATE TABLE public.rate_limits (
    role public.app_role NOT NULL,
    action text NOT NULL,
    capacity integer,
    window_seconds integer NOT NULL,
    CONSTRAINT rate_limits_capacity_positive CHECK ((capacity >= 0)),
    CONSTRAINT rate_limits_window_seconds_positive CHECK ((window_seconds >= 1))
);
COMMENT ON TABLE public.rate_limits IS 'How often a user of this role may do something: so many times at once, and as many again spread over the window. No row is no limit.';
COMMENT ON COLUMN public.rate_limits.capacity IS 'Null for no limit.';
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
CREATE TABLE rolecall.erasures_due (
    message_id uuid NOT NULL
);
COMMENT ON TABLE rolecall.erasures_due IS 'Messages whose author had them deleted while a report of them was pending: their content goes with its review.';
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
CREATE UNLOGGED TABLE rolecall.rate_buckets (
    user_id uuid NOT NULL,
    action text NOT NULL,
    tokens double precision NOT NULL,
    refilled_at timestamp with time zone NOT NULL,
    capacity integer NOT NULL,
    window_seconds integer NOT NULL,
    taken integer DEFAULT 1 NOT NULL
)
WITH (fillfactor='50', autovacuum_vacuum_scale_factor='0.05');
COMMENT ON TABLE rolecall.rate_buckets IS 'How often each user may still do something at once, as of refilled_at. A user without a row has a full bucket.';
COMMENT ON COLUMN rolecall.rate_buckets.capacity IS 'Of the limit when a token was last taken; here so that one statement can read the limit, take and tell.';
COMMENT ON COLUMN rolecall.rate_buckets.taken IS 'How many tokens the last statement took; it reads this back.';
CREATE TABLE rolecall.removed_contents (
    message_id uuid NOT NULL,
    content text NOT NULL,
    removed_at timestamp with time zone DEFAULT now() NOT NULL
);
COMMENT ON TABLE rolecall.removed_contents IS 'The contents of deleted messages, for moderators and for restoring them.';
CREATE TABLE rolecall.show_audience (
    show_id uuid NOT NULL,
    role public.app_role NOT NULL,
    participants bigint NOT NULL
);
COMMENT ON TABLE rolecall.show_audience IS 'How many participants of each role a show has, so that a broadcast to 100,000 counts its audience in one row.';
CREATE TABLE rolecall.show_threads (
    conversation_id uuid NOT NULL,
    show_id uuid NOT NULL,
    role public.app_role NOT NULL,
    last_seq bigint NOT NULL,
    last_message_at timestamp with time zone NOT NULL
);
COMMENT ON TABLE rolecall.show_threads IS 'The newest broadcast to each role in each conversation of a show, so that the audience finds it without a row for each of them.';
ALTER TABLE ONLY public.application_logs
    ADD CONSTRAINT application_logs_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.broadcast_limits
    ADD CONSTRAINT broadcast_limits_pkey PRIMARY KEY (role, phase);
ALTER TABLE ONLY public.broadcast_quotas
    ADD CONSTRAINT broadcast_quotas_pkey PRIMARY KEY (sender_id, show_id);
ALTER TABLE ONLY public.broadcast_receipts
    ADD CONSTRAINT broadcast_receipts_pkey PRIMARY KEY (conversation_id, user_id);
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
ALTER TABLE ONLY public.data_deletions
    ADD CONSTRAINT data_deletions_pkey PRIMARY KEY (id);
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
ALTER TABLE ONLY public.moderation_audit
    ADD CONSTRAINT moderation_audit_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.organizations
    ADD CONSTRAINT organizations_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.profiles
    ADD CONSTRAINT profiles_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.quota_runs
    ADD CONSTRAINT quota_runs_pkey PRIMARY KEY (period);
ALTER TABLE ONLY public.rate_limits
    ADD CONSTRAINT rate_limits_pkey PRIMARY KEY (role, action);
ALTER TABLE ONLY public.reported_messages
    ADD CONSTRAINT reported_messages_message_id_reporter_id_key UNIQUE (message_id, reporter_id);
ALTER TABLE ONLY public.reported_messages
    ADD CONSTRAINT reported_messages_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.show_participants
    ADD CONSTRAINT show_participants_pkey PRIMARY KEY (show_id, user_id);
ALTER TABLE ONLY public.shows
    ADD CONSTRAINT shows_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.user_blocks
    ADD CONSTRAINT user_blocks_pkey PRIMARY KEY (blocker_id, blocked_id);
ALTER TABLE ONLY rolecall.erasures_due
    ADD CONSTRAINT erasures_due_pkey PRIMARY KEY (message_id);
ALTER TABLE ONLY rolecall.help_message_counts
    ADD CONSTRAINT help_message_counts_pkey PRIMARY KEY (conversation_id);
ALTER TABLE ONLY rolecall.idempotency_records
    ADD CONSTRAINT idempotency_records_pkey PRIMARY KEY (user_id, key);
ALTER TABLE ONLY rolecall.past_participations
    ADD CONSTRAINT past_participations_pkey PRIMARY KEY (user_id, show_id, joined_at, role);
ALTER TABLE ONLY rolecall.permission_guards
    ADD CONSTRAINT permission_guards_pkey PRIMARY KEY (action, "position");
ALTER TABLE ONLY rolecall.permission_rules
    ADD CONSTRAINT permission_rules_pkey PRIMARY KEY (action, actor_role, target_role);
ALTER TABLE ONLY rolecall.rate_buckets
    ADD CONSTRAINT rate_buckets_pkey PRIMARY KEY (user_id, action);
ALTER TABLE ONLY rolecall.removed_contents
    ADD CONSTRAINT removed_contents_pkey PRIMARY KEY (message_id);
ALTER TABLE ONLY rolecall.report_counts
    ADD CONSTRAINT report_counts_pkey PRIMARY KEY (show_id, status);
ALTER TABLE ONLY rolecall.request_metrics
    ADD CONSTRAINT request_metrics_pkey PRIMARY KEY (org_id, slot, function, code, bucket, stripe);
ALTER TABLE ONLY rolecall.schema_migrations
    ADD CONSTRAINT schema_migrations_pkey PRIMARY KEY (version);
ALTER TABLE ONLY rolecall.show_audience
    ADD CONSTRAINT show_audience_pkey PRIMARY KEY (show_id, role);
ALTER TABLE ONLY rolecall.show_threads
    ADD CONSTRAINT show_threads_pkey PRIMARY KEY (conversation_id, role);
CREATE INDEX application_logs_timestamp_idx ON public.application_logs USING btree ("timestamp");
CREATE INDEX broadcast_quotas_period_idx ON public.broadcast_quotas USING btree (period);
CREATE INDEX broadcast_quotas_show_id_idx ON public.broadcast_quotas USING btree (show_id);
CREATE INDEX broadcast_receipts_user_id_idx ON public.broadcast_receipts USING btree (user_id, conversation_id);
CREATE INDEX broadcasts_conversation_id_seq_idx ON public.broadcasts USING btree (conversation_id, seq);
CREATE UNIQUE INDEX broadcasts_message_id_key ON public.broadcasts USING btree (message_id);
CREATE INDEX broadcasts_sender_id_idx ON public.broadcasts USING btree (sender_id);
CREATE INDEX broadcasts_show_id_idx ON public.broadcasts USING btree (show_id, created_at);
CREATE INDEX conversation_participants_user_id_idx ON public.conversation_participants USING btree (user_id, conversation_id);
CREATE INDEX conversations_created_by_idx ON public.conversations USING btree (created_by, last_message_at DESC, id DESC) WHERE (kind = 'show'::text);
CREATE UNIQUE INDEX conversations_direct_key ON public.conversations USING btree (participant_low, participant_high) WHERE ((kind = 'direct'::text) AND (version = 'v2'::text));
CREATE INDEX conversations_organization_id_idx ON public.conversations USING btree (organization_id, kind);
CREATE INDEX conversations_participant_high_idx ON public.conversations USING btree (participant_high, last_message_at DESC, id DESC) INCLUDE (last_seq);
CREATE INDEX conversations_participant_low_idx ON public.conversations USING btree (participant_low, last_message_at DESC, id DESC) INCLUDE (last_seq);
CREATE UNIQUE INDEX conversations_show_key ON public.conversations USING btree (show_id, created_by) WHERE (kind = 'show'::text);
CREATE INDEX conversations_v2_helper_id_idx ON public.conversations_v2 USING btree (helper_id);
CREATE INDEX conversations_v2_requester_id_idx ON public.conversations_v2 USING btree (requester_id);
CREATE INDEX conversations_v2_updated_at_idx ON public.conversations_v2 USING btree (updated_at);
CREATE UNIQUE INDEX data_deletions_unfinished_key ON public.data_deletions USING btree (user_id) WHERE (completed_at IS NULL);
CREATE INDEX data_deletions_user_id_idx ON public.data_deletions USING btree (user_id);
CREATE INDEX help_requests_open_idx ON public.help_requests USING btree (created_at) WHERE (status = 'open'::text);
CREATE INDEX help_requests_requester_id_idx ON public.help_requests USING btree (requester_id);
CREATE INDEX messages_v2_conversation_id_created_at_idx ON public.messages_v2 USING btree (conversation_id, created_at);
CREATE INDEX messages_v2_sender_id_idx ON public.messages_v2 USING btree (sender_id);
CREATE INDEX moderation_audit_at_idx ON public.moderation_audit USING btree (at DESC, id DESC);
CREATE INDEX moderation_audit_message_id_idx ON public.moderation_audit USING btree (message_id, at DESC, id DESC) WHERE (message_id IS NOT NULL);
CREATE INDEX moderation_audit_target_id_idx ON public.moderation_audit USING btree (target_id, at DESC, id DESC) WHERE (target_id IS NOT NULL);
CREATE INDEX profiles_organization_id_idx ON public.profiles USING btree (organization_id);
CREATE INDEX reported_messages_queue_idx ON public.reported_messages USING btree (status, created_at DESC, id DESC);
CREATE INDEX reported_messages_reporter_id_idx ON public.reported_messages USING btree (reporter_id, id);
CREATE INDEX reported_messages_show_queue_idx ON public.reported_messages USING btree (show_id, status, created_at DESC, id DESC) WHERE (show_id IS NOT NULL);
CREATE INDEX show_participants_user_id_idx ON public.show_participants USING btree (user_id, show_id);
CREATE INDEX shows_organizer_id_idx ON public.shows USING btree (organizer_id);
CREATE INDEX user_blocks_blocked_id_idx ON public.user_blocks USING btree (blocked_id);
CREATE INDEX user_blocks_blocker_id_created_at_idx ON public.user_blocks USING btree (blocker_id, created_at DESC, blocked_id DESC);
CREATE INDEX idempotency_records_created_at_idx ON rolecall.idempotency_records USING btree (created_at);
CREATE INDEX past_participations_show_id_idx ON rolecall.past_participations USING btree (show_id);
CREATE INDEX show_threads_show_id_idx ON rolecall.show_threads USING btree (show_id, role, last_message_at DESC, conversation_id DESC);
CREATE TRIGGER conversations_v2_touch_updated_at BEFORE UPDATE ON public.conversations_v2 FOR EACH ROW EXECUTE FUNCTION rolecall.touch_updated_at();
CREATE TRIGGER feature_flags_touch_updated_at BEFORE UPDATE ON public.feature_flags FOR EACH ROW EXECUTE FUNCTION rolecall.touch_updated_at();
CREATE TRIGGER help_requests_touch_updated_at BEFORE UPDATE ON public.help_requests FOR EACH ROW EXECUTE FUNCTION rolecall.touch_updated_at();
CREATE TRIGGER messages_v2_count AFTER INSERT ON public.messages_v2 REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION rolecall.count_help_messages();
CREATE TRIGGER messages_v2_discount AFTER DELETE ON public.messages_v2 REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION rolecall.discount_help_messages();
CREATE TRIGGER messages_v2_touch_updated_at BEFORE UPDATE ON public.messages_v2 FOR EACH ROW EXECUTE FUNCTION rolecall.touch_updated_at();
CREATE TRIGGER moderation_audit_never_changes BEFORE DELETE OR UPDATE OR TRUNCATE ON public.moderation_audit FOR EACH STATEMENT EXECUTE FUNCTION rolecall.refuse_change();
ALTER TABLE public.moderation_audit ENABLE ALWAYS TRIGGER moderation_audit_never_changes;
CREATE TRIGGER profiles_touch_updated_at BEFORE UPDATE ON public.profiles FOR EACH ROW EXECUTE FUNCTION rolecall.touch_updated_at();
CREATE TRIGGER reported_messages_count_deleted AFTER DELETE ON public.reported_messages REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION rolecall.count_reports();
CREATE TRIGGER reported_messages_count_filed AFTER INSERT ON public.reported_messages REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION rolecall.count_reports();
CREATE TRIGGER reported_messages_count_none AFTER TRUNCATE ON public.reported_messages FOR EACH STATEMENT EXECUTE FUNCTION rolecall.count_reports();
CREATE TRIGGER reported_messages_count_reviewed AFTER UPDATE ON public.reported_messages REFERENCING OLD TABLE AS gone NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION rolecall.count_reports();
CREATE TRIGGER reported_messages_erase_what_is_due AFTER UPDATE ON public.reported_messages REFERENCING NEW TABLE AS reviewed FOR EACH STATEMENT EXECUTE FUNCTION rolecall.erase_what_is_due();
CREATE TRIGGER show_participants_archive_left AFTER DELETE ON public.show_participants REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION rolecall.archive_participations();
CREATE TRIGGER show_participants_archive_moved AFTER UPDATE ON public.show_participants REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION rolecall.archive_participations();
CREATE TRIGGER show_participants_count_joined AFTER INSERT ON public.show_participants REFERENCING NEW TABLE AS joined FOR EACH STATEMENT EXECUTE FUNCTION rolecall.count_joined();
CREATE TRIGGER show_participants_count_left AFTER DELETE ON public.show_participants REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION rolecall.count_left();
CREATE TRIGGER show_participants_count_moved AFTER UPDATE ON public.show_participants REFERENCING OLD TABLE AS gone NEW TABLE AS joined FOR EACH STATEMENT EXECUTE FUNCTION rolecall.count_moved();
CREATE TRIGGER show_participants_count_none AFTER TRUNCATE ON public.show_participants FOR EACH STATEMENT EXECUTE FUNCTION rolecall.count_none();
CREATE TRIGGER show_participants_set_role BEFORE INSERT OR UPDATE ON public.show_participants FOR EACH ROW EXECUTE FUNCTION rolecall.set_participant_role();
ALTER TABLE ONLY public.broadcast_quotas
    ADD CONSTRAINT broadcast_quotas_sender_id_fkey FOREIGN KEY (sender_id) REFERENCES public.profiles(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.broadcast_quotas
    ADD CONSTRAINT broadcast_quotas_show_id_fkey FOREIGN KEY (show_id) REFERENCES public.shows(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.broadcast_receipts
    ADD CONSTRAINT broadcast_receipts_conversation_id_fkey FOREIGN KEY (conversation_id) REFERENCES public.conversations(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.broadcast_receipts
    ADD CONSTRAINT broadcast_receipts_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.profiles(id) ON DELETE CASCADE;
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
ALTER TABLE ONLY public.data_deletions
    ADD CONSTRAINT data_deletions_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.profiles(id) ON DELETE CASCADE;
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
ALTER TABLE ONLY public.reported_messages
    ADD CONSTRAINT reported_messages_message_id_fkey FOREIGN KEY (message_id) REFERENCES public.messages(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.reported_messages
    ADD CONSTRAINT reported_messages_reporter_id_fkey FOREIGN KEY (reporter_id) REFERENCES public.profiles(id);
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
ALTER TABLE ONLY rolecall.erasures_due
    ADD CONSTRAINT erasures_due_message_id_fkey FOREIGN KEY (message_id) REFERENCES public.messages(id) ON DELETE CASCADE;
ALTER TABLE ONLY rolecall.help_message_counts
    ADD CONSTRAINT help_message_counts_conversation_id_fkey FOREIGN KEY (conversation_id) REFERENCES public.conversations_v2(id) ON DELETE CASCADE;
ALTER TABLE ONLY rolecall.past_participations
    ADD CONSTRAINT past_participations_show_id_fkey FOREIGN KEY (show_id) REFERENCES public.shows(id) ON DELETE CASCADE;
ALTER TABLE ONLY rolecall.past_participations
    ADD CONSTRAINT past_participations_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.profiles(id) ON DELETE CASCADE;
ALTER TABLE ONLY rolecall.removed_contents
    ADD CONSTRAINT removed_contents_message_id_fkey FOREIGN KEY (message_id) REFERENCES public.messages(id) ON DELETE CASCADE;
ALTER TABLE ONLY rolecall.show_audience
    ADD CONSTRAINT show_audience_show_id_fkey FOREIGN KEY (show_id) REFERENCES public.shows(id) ON DELETE CASCADE;
ALTER TABLE ONLY rolecall.show_threads
    ADD CONSTRAINT show_threads_conversation_id_fkey FOREIGN KEY (conversation_id) REFERENCES public.conversations(id) ON DELETE CASCADE;
ALTER TABLE ONLY rolecall.show_threads
    ADD CONSTRAINT show_threads_show_id_fkey FOREIGN KEY (show_id) REFERENCES public.shows(id);
ALTER TABLE public.application_logs ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.broadcast_limits ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.broadcast_quotas ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.broadcast_receipts ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.broadcasts ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.conversation_participants ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.conversations ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.conversations_v2 ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.data_deletions ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.feature_flags ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.help_requests ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.messages ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.messages_v2 ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.moderation_audit ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.organizations ENABLE ROW LEVEL SECURITY;
CREATE POLICY "people ask for help" ON public.help_requests FOR INSERT TO authenticated WITH CHECK (((requester_id = ( SELECT auth.uid() AS uid)) AND ( SELECT rolecall.caller_may_write() AS caller_may_write)));
CREATE POLICY "people block others" ON public.user_blocks FOR INSERT TO authenticated WITH CHECK ((blocker_id = ( SELECT auth.uid() AS uid)));
CREATE POLICY "people change their own profile" ON public.profiles FOR UPDATE TO authenticated USING ((id = ( SELECT auth.uid() AS uid))) WITH CHECK ((id = ( SELECT auth.uid() AS uid)));
CREATE POLICY "people change their own requests" ON public.help_requests FOR UPDATE TO authenticated USING (((requester_id = ( SELECT auth.uid() AS uid)) AND ( SELECT rolecall.caller_may_write() AS caller_may_write))) WITH CHECK ((requester_id = ( SELECT auth.uid() AS uid)));
CREATE POLICY "people close and reopen their help conversations" ON public.conversations_v2 FOR UPDATE TO authenticated USING (((( SELECT auth.uid() AS uid) = requester_id) OR (( SELECT auth.uid() AS uid) = helper_id))) WITH CHECK (((( SELECT auth.uid() AS uid) = requester_id) OR (( SELECT auth.uid() AS uid) = helper_id)));
CREATE POLICY "people correct their own messages" ON public.messages_v2 FOR UPDATE TO authenticated USING (((sender_id = ( SELECT auth.uid() AS uid)) AND ( SELECT rolecall.caller_may_write() AS caller_may_write))) WITH CHECK ((sender_id = ( SELECT auth.uid() AS uid)));
CREATE POLICY "people lift their blocks" ON public.user_blocks FOR DELETE TO authenticated USING ((blocker_id = ( SELECT auth.uid() AS uid)));
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
CREATE POLICY "people see their requests to delete" ON public.data_deletions FOR SELECT TO authenticated USING ((user_id = ( SELECT auth.uid() AS uid)));
CREATE POLICY "people see themselves and those they deal with" ON public.profiles FOR SELECT TO authenticated USING (((id = ( SELECT auth.uid() AS uid)) OR (organization_id = ( SELECT rolecall.caller_organization() AS caller_organization)) OR (EXISTS ( SELECT
   FROM public.conversations conversation
  WHERE ((conversation.kind = 'direct'::text) AND (conversation.participant_low = LEAST(profiles.id, ( SELECT auth.uid() AS uid))) AND (conversation.participant_high = GREATEST(profiles.id, ( SELECT auth.uid() AS uid)))))) OR (EXISTS ( SELECT
   FROM public.conversations_v2 conversation
  WHERE (((conversation.requester_id = profiles.id) AND (conversation.helper_id = ( SELECT auth.uid() AS uid))) OR ((conversation.helper_id = profiles.id) AND (conversation.requester_id = ( SELECT auth.uid() AS uid))))))));
CREATE POLICY "people see what they have read, senders who has read" ON public.broadcast_receipts FOR SELECT TO authenticated USING (((user_id = ( SELECT auth.uid() AS uid)) OR (EXISTS ( SELECT
   FROM public.conversations conversation
  WHERE ((conversation.id = broadcast_receipts.conversation_id) AND (conversation.created_by = ( SELECT auth.uid() AS uid)))))));
CREATE POLICY "people see what they have reported" ON public.reported_messages FOR SELECT TO authenticated USING ((reporter_id = ( SELECT auth.uid() AS uid)));
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
ALTER TABLE public.rate_limits ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.reported_messages ENABLE ROW LEVEL SECURITY;
CREATE POLICY "senders and their audience see a broadcast" ON public.broadcasts FOR SELECT TO authenticated USING (((sender_id = ( SELECT auth.uid() AS uid)) OR rolecall.in_audience(( SELECT auth.uid() AS uid), show_id, recipient_roles, created_at)));
CREATE POLICY "senders see what they have left" ON public.broadcast_quotas FOR SELECT TO authenticated USING ((sender_id = ( SELECT auth.uid() AS uid)));
ALTER TABLE public.show_participants ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.shows ENABLE ROW LEVEL SECURITY;
CREATE POLICY "the operator reads the audit" ON public.moderation_audit FOR SELECT TO service_role USING (true);
CREATE POLICY "the operator reads the log" ON public.application_logs FOR SELECT TO service_role USING (true);
CREATE POLICY "the operator reads the reports" ON public.reported_messages FOR SELECT TO service_role USING (true);
CREATE POLICY "the operator sees the requests to delete" ON public.data_deletions FOR SELECT TO service_role USING (true);
CREATE POLICY "the operator sees the resets" ON public.quota_runs FOR SELECT TO service_role USING (true);
ALTER TABLE public.user_blocks ENABLE ROW LEVEL SECURITY;
CREATE POLICY "users see every show" ON public.shows FOR SELECT TO authenticated USING ((( SELECT auth.uid() AS uid) IS NOT NULL));
CREATE POLICY "users see open requests, their own, and those they help with" ON public.help_requests FOR SELECT TO authenticated USING ((((status = 'open'::text) AND (( SELECT auth.uid() AS uid) IS NOT NULL)) OR (requester_id = ( SELECT auth.uid() AS uid)) OR (EXISTS ( SELECT
   FROM public.conversations_v2 conversation
  WHERE ((conversation.help_request_id = help_requests.id) AND (conversation.helper_id = ( SELECT auth.uid() AS uid)))))));
CREATE POLICY "users see the flags" ON public.feature_flags FOR SELECT TO authenticated USING ((( SELECT auth.uid() AS uid) IS NOT NULL));
CREATE POLICY "users see the limits" ON public.broadcast_limits FOR SELECT TO authenticated USING ((( SELECT auth.uid() AS uid) IS NOT NULL));
CREATE POLICY "users see the rate limits" ON public.rate_limits FOR SELECT TO authenticated USING ((( SELECT auth.uid() AS uid) IS NOT NULL));
GRANT USAGE ON SCHEMA auth TO anon;
GRANT USAGE ON SCHEMA auth TO authenticated;
GRANT USAGE ON SCHEMA auth TO service_role;
GRANT USAGE ON SCHEMA edge TO rolecall_edge;
GRANT USAGE ON SCHEMA monitoring TO service_role;
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
REVOKE ALL ON FUNCTION edge.block_user(p_request jsonb) FROM PUBLIC;
GRANT ALL ON FUNCTION edge.block_user(p_request jsonb) TO rolecall_edge;
REVOKE ALL ON FUNCTION edge.blocks(p_request jsonb) FROM PUBLIC;
GRANT ALL ON FUNCTION edge.blocks(p_request jsonb) TO rolecall_edge;
REVOKE ALL ON FUNCTION edge.check_permission(p_request jsonb) FROM PUBLIC;
GRANT ALL ON FUNCTION edge.check_permission(p_request jsonb) TO rolecall_edge;
REVOKE ALL ON FUNCTION edge.delete_message(p_request jsonb) FROM PUBLIC;
GRANT ALL ON FUNCTION edge.delete_message(p_request jsonb) TO rolecall_edge;
REVOKE ALL ON FUNCTION edge.delete_own_data(p_request jsonb) FROM PUBLIC;
GRANT ALL ON FUNCTION edge.delete_own_data(p_request jsonb) TO rolecall_edge;
REVOKE ALL ON FUNCTION edge.diagnostics(p_request jsonb) FROM PUBLIC;
GRANT ALL ON FUNCTION edge.diagnostics(p_request jsonb) TO rolecall_edge;
REVOKE ALL ON FUNCTION edge.export_own_data(p_request jsonb) FROM PUBLIC;
GRANT ALL ON FUNCTION edge.export_own_data(p_request jsonb) TO rolecall_edge;
REVOKE ALL ON FUNCTION edge.health(p_request jsonb) FROM PUBLIC;
GRANT ALL ON FUNCTION edge.health(p_request jsonb) TO rolecall_edge;
REVOKE ALL ON FUNCTION edge.inbox(p_request jsonb) FROM PUBLIC;
GRANT ALL ON FUNCTION edge.inbox(p_request jsonb) TO rolecall_edge;
REVOKE ALL ON FUNCTION edge.lift_suspension(p_request jsonb) FROM PUBLIC;
GRANT ALL ON FUNCTION edge.lift_suspension(p_request jsonb) TO rolecall_edge;
REVOKE ALL ON FUNCTION edge.mark_read(p_request jsonb) FROM PUBLIC;
GRANT ALL ON FUNCTION edge.mark_read(p_request jsonb) TO rolecall_edge;
REVOKE ALL ON FUNCTION edge.messages(p_request jsonb) FROM PUBLIC;
GRANT ALL ON FUNCTION edge.messages(p_request jsonb) TO rolecall_edge;
REVOKE ALL ON FUNCTION edge.moderation_audit(p_request jsonb) FROM PUBLIC;
GRANT ALL ON FUNCTION edge.moderation_audit(p_request jsonb) TO rolecall_edge;
REVOKE ALL ON FUNCTION edge.moderation_queue(p_request jsonb) FROM PUBLIC;
GRANT ALL ON FUNCTION edge.moderation_queue(p_request jsonb) TO rolecall_edge;
REVOKE ALL ON FUNCTION edge.record_refusal(p_request jsonb) FROM PUBLIC;
GRANT ALL ON FUNCTION edge.record_refusal(p_request jsonb) TO rolecall_edge;
REVOKE ALL ON FUNCTION edge.report_message(p_request jsonb) FROM PUBLIC;
GRANT ALL ON FUNCTION edge.report_message(p_request jsonb) TO rolecall_edge;
REVOKE ALL ON FUNCTION edge.reset_broadcast_quotas(p_request jsonb) FROM PUBLIC;
GRANT ALL ON FUNCTION edge.reset_broadcast_quotas(p_request jsonb) TO rolecall_edge;
REVOKE ALL ON FUNCTION edge.restore_message(p_request jsonb) FROM PUBLIC;
GRANT ALL ON FUNCTION edge.restore_message(p_request jsonb) TO rolecall_edge;
REVOKE ALL ON FUNCTION edge.review_report(p_request jsonb) FROM PUBLIC;
GRANT ALL ON FUNCTION edge.review_report(p_request jsonb) TO rolecall_edge;
REVOKE ALL ON FUNCTION edge.send_broadcast(p_request jsonb) FROM PUBLIC;
GRANT ALL ON FUNCTION edge.send_broadcast(p_request jsonb) TO rolecall_edge;
REVOKE ALL ON FUNCTION edge.send_dm(p_request jsonb) FROM PUBLIC;
GRANT ALL ON FUNCTION edge.send_dm(p_request jsonb) TO rolecall_edge;
REVOKE ALL ON FUNCTION edge.start_conversation(p_request jsonb) FROM PUBLIC;
GRANT ALL ON FUNCTION edge.start_conversation(p_request jsonb) TO rolecall_edge;
REVOKE ALL ON FUNCTION edge.suspend_user(p_request jsonb) FROM PUBLIC;
GRANT ALL ON FUNCTION edge.suspend_user(p_request jsonb) TO rolecall_edge;
REVOKE ALL ON FUNCTION edge.unblock_user(p_request jsonb) FROM PUBLIC;
GRANT ALL ON FUNCTION edge.unblock_user(p_request jsonb) TO rolecall_edge;
REVOKE ALL ON FUNCTION edge.unread(p_request jsonb) FROM PUBLIC;
GRANT ALL ON FUNCTION edge.unread(p_request jsonb) TO rolecall_edge;
REVOKE ALL ON FUNCTION public.can_user_reply(p_user uuid, p_conversation uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION public.can_user_reply(p_user uuid, p_conversation uuid) TO authenticated;
REVOKE ALL ON FUNCTION public.can_user_send_dm(p_sender uuid, p_recipient uuid, p_show uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION public.can_user_send_dm(p_sender uuid, p_recipient uuid, p_show uuid) TO authenticated;
REVOKE ALL ON FUNCTION public.create_conversation_atomic(p_help_request_id uuid, p_helper_id uuid, p_initial_message text) FROM PUBLIC;
GRANT ALL ON FUNCTION public.create_conversation_atomic(p_help_request_id uuid, p_helper_id uuid, p_initial_message text) TO authenticated;
REVOKE ALL ON FUNCTION public.get_conversation_v2(p_conversation_id uuid, p_user_id uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION public.get_conversation_v2(p_conversation_id uuid, p_user_id uuid) TO authenticated;
REVOKE ALL ON FUNCTION public.import_legacy_conversations(p_conversations jsonb) FROM PUBLIC;
GRANT ALL ON FUNCTION public.import_legacy_conversations(p_conversations jsonb) TO service_role;
REVOKE ALL ON FUNCTION public.send_message_v2(p_conversation_id uuid, p_sender_id uuid, p_content text) FROM PUBLIC;
GRANT ALL ON FUNCTION public.send_message_v2(p_conversation_id uuid, p_sender_id uuid, p_content text) TO authenticated;
REVOKE ALL ON FUNCTION rolecall.answer_blocks(p_act text, p_request jsonb) FROM PUBLIC;
REVOKE ALL ON FUNCTION rolecall.answer_moderation(p_act text, p_request jsonb) FROM PUBLIC;
REVOKE ALL ON FUNCTION rolecall.archive_participations() FROM PUBLIC;
REVOKE ALL ON FUNCTION rolecall.assume_claims(p_claims jsonb) FROM PUBLIC;
REVOKE ALL ON FUNCTION rolecall.audit_moderation(p_actor uuid, p_action text, p_report uuid, p_message uuid, p_target uuid, p_note text, p_before jsonb, p_after jsonb) FROM PUBLIC;
REVOKE ALL ON FUNCTION rolecall.is_message(p_sender uuid, p_content text, p_created_at timestamp with time zone, p_deleted_at timestamp with time zone, p_deleted_as text, p_legacy boolean) FROM PUBLIC;
GRANT ALL ON FUNCTION rolecall.is_message(p_sender uuid, p_content text, p_created_at timestamp with time zone, p_deleted_at timestamp with time zone, p_deleted_as text, p_legacy boolean) TO service_role;
GRANT SELECT ON TABLE public.messages TO authenticated;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.messages TO service_role;
REVOKE ALL ON FUNCTION rolecall.bring_back_message(p_user uuid, p_message uuid, p_report uuid, p_note text) FROM PUBLIC;
REVOKE ALL ON FUNCTION rolecall.broadcast_limit(p_phase text, p_quota integer, p_remaining integer, p_reset_seconds bigint) FROM PUBLIC;
REVOKE ALL ON FUNCTION rolecall.bucket_end_ms(p_bucket integer) FROM PUBLIC;
REVOKE ALL ON FUNCTION rolecall.caller_may_write() FROM PUBLIC;
GRANT ALL ON FUNCTION rolecall.caller_may_write() TO authenticated;
REVOKE ALL ON FUNCTION rolecall.caller_organization() FROM PUBLIC;
GRANT ALL ON FUNCTION rolecall.caller_organization() TO authenticated;
REVOKE ALL ON FUNCTION rolecall.check_permission(p_user uuid, p_check jsonb, p_request jsonb) FROM PUBLIC;
REVOKE ALL ON FUNCTION rolecall.claim_key(p_function text, p_user uuid, p_key text, p_input jsonb) FROM PUBLIC;
REVOKE ALL ON FUNCTION rolecall.claim_keys(p_function text, p_users uuid[], p_keys text[], p_inputs jsonb[]) FROM PUBLIC;
REVOKE ALL ON FUNCTION rolecall.conversation_cards(p_user uuid, p_conversations uuid[], p_readers text[], p_removed boolean, p_send_dm_rollout text) FROM PUBLIC;
REVOKE ALL ON FUNCTION rolecall.count_help_messages() FROM PUBLIC;
REVOKE ALL ON FUNCTION rolecall.count_joined() FROM PUBLIC;
REVOKE ALL ON FUNCTION rolecall.count_left() FROM PUBLIC;
REVOKE ALL ON FUNCTION rolecall.count_moved() FROM PUBLIC;
REVOKE ALL ON FUNCTION rolecall.count_none() FROM PUBLIC;
REVOKE ALL ON FUNCTION rolecall.count_reports() FROM PUBLIC;
REVOKE ALL ON FUNCTION rolecall.cursor_of(p_at timestamp with time zone, p_id uuid) FROM PUBLIC;
REVOKE ALL ON FUNCTION rolecall.cursor_parts(p_cursor text, OUT at timestamp with time zone, OUT id uuid) FROM PUBLIC;
REVOKE ALL ON FUNCTION rolecall.decide(p_action text, p_actor public.app_role, p_target public.app_role, p_facts text[]) FROM PUBLIC;
REVOKE ALL ON FUNCTION rolecall.deferred_dms(p_items rolecall.dm_item[]) FROM PUBLIC;
REVOKE ALL ON FUNCTION rolecall.delete_message(p_user uuid, p_input jsonb, p_rollout text) FROM PUBLIC;
REVOKE ALL ON FUNCTION rolecall.delete_own_data(p_user uuid, p_rollout text) FROM PUBLIC;
REVOKE ALL ON FUNCTION rolecall.deletion_class(p_user uuid, p_author uuid) FROM PUBLIC;
REVOKE ALL ON FUNCTION rolecall.deletion_of(p_message public.messages) FROM PUBLIC;
REVOKE ALL ON FUNCTION rolecall.diagnose(p_organization uuid) FROM PUBLIC;
REVOKE ALL ON FUNCTION rolecall.discount_help_messages() FROM PUBLIC;
GRANT SELECT ON TABLE public.feature_flags TO authenticated;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.feature_flags TO service_role;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.profiles TO service_role;
GRANT SELECT(id) ON TABLE public.profiles TO authenticated;
GRANT SELECT(display_name),UPDATE(display_name) ON TABLE public.profiles TO authenticated;
GRANT SELECT(role) ON TABLE public.profiles TO authenticated;
GRANT SELECT(created_at) ON TABLE public.profiles TO authenticated;
GRANT SELECT(updated_at) ON TABLE public.profiles TO authenticated;
GRANT SELECT,INSERT,DELETE ON TABLE public.user_blocks TO authenticated;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.user_blocks TO service_role;
REVOKE ALL ON FUNCTION rolecall.dm_facts(p_sender uuid, p_recipient uuid) FROM PUBLIC;
REVOKE ALL ON FUNCTION rolecall.dm_items(p_requests jsonb) FROM PUBLIC;
REVOKE ALL ON FUNCTION rolecall.erase_messages(p_user uuid, p_messages uuid[]) FROM PUBLIC;
REVOKE ALL ON FUNCTION rolecall.erase_what_is_due() FROM PUBLIC;
REVOKE ALL ON FUNCTION rolecall.export_page(p_user uuid, p_input jsonb, p_rollout text) FROM PUBLIC;
REVOKE ALL ON FUNCTION rolecall.export_section(p_user uuid, p_section text, p_group uuid, p_position bigint, p_id uuid) FROM PUBLIC;
REVOKE ALL ON FUNCTION rolecall.feature_enabled(p_flag text, p_rollout text, p_user uuid, p_internal boolean) FROM PUBLIC;
REVOKE ALL ON FUNCTION rolecall.finish(p_function text, p_request jsonb, p_user uuid, p_answer jsonb, p_service text, p_event text) FROM PUBLIC;
REVOKE ALL ON FUNCTION rolecall.finish_many(p_function text, p_requests jsonb, p_users uuid[], p_answers jsonb[]) FROM PUBLIC;
REVOKE ALL ON FUNCTION rolecall.further_figures(p_organization uuid) FROM PUBLIC;
REVOKE ALL ON FUNCTION rolecall.has_length(p_text text, p_least integer, p_most integer) FROM PUBLIC;
GRANT SELECT,DELETE ON TABLE public.messages_v2 TO authenticated;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.messages_v2 TO service_role;
GRANT UPDATE(content) ON TABLE public.messages_v2 TO authenticated;
REVOKE ALL ON FUNCTION rolecall.help_message(p_message public.messages_v2) FROM PUBLIC;
REVOKE ALL ON FUNCTION rolecall.in_audience(p_user uuid, p_show uuid, p_roles public.app_role[], p_sent_at timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION rolecall.in_audience(p_user uuid, p_show uuid, p_roles public.app_role[], p_sent_at timestamp with time zone) TO authenticated;
REVOKE ALL ON FUNCTION rolecall.inbox(p_user uuid, p_input jsonb, p_send_dm_rollout text) FROM PUBLIC;
REVOKE ALL ON FUNCTION rolecall.inbox_page(p_user uuid, p_kind text, p_at timestamp with time zone, p_id uuid, p_limit integer) FROM PUBLIC;
REVOKE ALL ON FUNCTION rolecall.is_conversation(p_version text, p_kind text, p_low uuid, p_high uuid, p_show uuid, p_created_by uuid, p_read_only boolean) FROM PUBLIC;
GRANT ALL ON FUNCTION rolecall.is_conversation(p_version text, p_kind text, p_low uuid, p_high uuid, p_show uuid, p_created_by uuid, p_read_only boolean) TO service_role;
REVOKE ALL ON FUNCTION rolecall.is_role(p_name text) FROM PUBLIC;
REVOKE ALL ON FUNCTION rolecall.iso(p_at timestamp with time zone) FROM PUBLIC;
REVOKE ALL ON FUNCTION rolecall.judge_broadcast(p_sender uuid, p_show uuid, p_roles public.app_role[], p_rollout text, OUT judgement rolecall.judgement, OUT allowed_roles public.app_role[], OUT phase text, OUT pre_show_limit integer, OUT post_show_limit integer) FROM PUBLIC;
REVOKE ALL ON FUNCTION rolecall.judge_dm(p_sender uuid, p_recipient uuid, p_show uuid, p_rollout text) FROM PUBLIC;
REVOKE ALL ON FUNCTION rolecall.judge_dms(p_items rolecall.dm_item[]) FROM PUBLIC;
REVOKE ALL ON FUNCTION rolecall.judge_moderation(p_user uuid, p_message uuid, p_rollout text) FROM PUBLIC;
REVOKE ALL ON FUNCTION rolecall.judge_reply(p_user uuid, p_conversation uuid, p_rollout text) FROM PUBLIC;
REVOKE ALL ON FUNCTION rolecall.judge_reply_facts(p_user uuid, p_sender_role public.app_role, p_sender_internal boolean, p_org_id uuid, p_flag text, p_rollout text, p_target_role public.app_role, p_facts text[]) FROM PUBLIC;
REVOKE ALL ON FUNCTION rolecall.judge_report(p_user uuid, p_message uuid, p_rollout text) FROM PUBLIC;
REVOKE ALL ON FUNCTION rolecall.judge_suspension(p_user uuid, p_target uuid, p_rollout text) FROM PUBLIC;
REVOKE ALL ON FUNCTION rolecall.legacy_id(p_id text, p_within text) FROM PUBLIC;
REVOKE ALL ON FUNCTION rolecall.legacy_time(p_text text) FROM PUBLIC;
REVOKE ALL ON FUNCTION rolecall.lift_block(p_user uuid, p_input jsonb, p_rollout text) FROM PUBLIC;
REVOKE ALL ON FUNCTION rolecall.lift_suspension(p_user uuid, p_input jsonb, p_rollout text) FROM PUBLIC;
REVOKE ALL ON FUNCTION rolecall.list_blocks(p_user uuid, p_input jsonb, p_rollout text) FROM PUBLIC;
REVOKE ALL ON FUNCTION rolecall.log_own_data(p_request jsonb, p_user uuid, p_event text, p_details jsonb) FROM PUBLIC;
REVOKE ALL ON FUNCTION rolecall.mark_read(p_user uuid, p_input jsonb) FROM PUBLIC;
REVOKE ALL ON FUNCTION rolecall.mark_read_many(p_requests jsonb) FROM PUBLIC;
REVOKE ALL ON FUNCTION rolecall.message_json(p_message public.messages, p_removed text) FROM PUBLIC;
REVOKE ALL ON FUNCTION rolecall.moderated_message(p_message public.messages) FROM PUBLIC;
REVOKE ALL ON FUNCTION rolecall.moderation_audit(p_user uuid, p_input jsonb, p_rollout text) FROM PUBLIC;
REVOKE ALL ON FUNCTION rolecall.moderation_queue(p_user uuid, p_input jsonb, p_rollout text) FROM PUBLIC;
REVOKE ALL ON FUNCTION rolecall.moment_or_null(p_text text) FROM PUBLIC;
REVOKE ALL ON FUNCTION rolecall.page_size(p_input jsonb, p_most integer) FROM PUBLIC;
REVOKE ALL ON FUNCTION rolecall.peek_quota(p_sender uuid, p_show uuid, p_pre_show_limit integer, p_post_show_limit integer) FROM PUBLIC;
REVOKE ALL ON FUNCTION rolecall.peek_token(p_user uuid, p_action text, p_most double precision) FROM PUBLIC;
REVOKE ALL ON FUNCTION rolecall.permission_result(p_action text, p_judgement rolecall.judgement, p_quota jsonb) FROM PUBLIC;
REVOKE ALL ON FUNCTION rolecall.quota_day(p_at timestamp with time zone) FROM PUBLIC;
REVOKE ALL ON FUNCTION rolecall.quota_day_end(p_day date) FROM PUBLIC;
REVOKE ALL ON FUNCTION rolecall.quota_of_limit(p_limit jsonb) FROM PUBLIC;
REVOKE ALL ON FUNCTION rolecall.rate_limit_entry(p_action text, p_capacity integer, p_window_seconds integer, p_tokens double precision, p_taken boolean) FROM PUBLIC;
REVOKE ALL ON FUNCTION rolecall.read_messages(p_user uuid, p_input jsonb, p_send_dm_rollout text) FROM PUBLIC;
GRANT SELECT ON TABLE public.conversations TO authenticated;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.conversations TO service_role;
REVOKE ALL ON FUNCTION rolecall.reader_of(p_user uuid, p_conversation public.conversations) FROM PUBLIC;
REVOKE ALL ON FUNCTION rolecall.refilled(p_tokens double precision, p_refilled_at timestamp with time zone, p_at timestamp with time zone, p_capacity integer, p_window_seconds integer) FROM PUBLIC;
REVOKE ALL ON FUNCTION rolecall.refusal(p_code text, p_detail text, p_rule text, p_allowed_if text, p_data jsonb) FROM PUBLIC;
REVOKE ALL ON FUNCTION rolecall.refusal_of(p_decision rolecall.decision) FROM PUBLIC;
REVOKE ALL ON FUNCTION rolecall.refuse_blocker(p_user uuid, p_rollout text) FROM PUBLIC;
REVOKE ALL ON FUNCTION rolecall.refuse_change() FROM PUBLIC;
REVOKE ALL ON FUNCTION rolecall.refuse_cursor() FROM PUBLIC;
REVOKE ALL ON FUNCTION rolecall.refuse_data_subject(p_user uuid, p_rollout text) FROM PUBLIC;
REVOKE ALL ON FUNCTION rolecall.refuse_disabled() FROM PUBLIC;
REVOKE ALL ON FUNCTION rolecall.refuse_help_writer(p_user uuid, p_other uuid) FROM PUBLIC;
REVOKE ALL ON FUNCTION rolecall.refuse_non_operator(p_request jsonb) FROM PUBLIC;
REVOKE ALL ON FUNCTION rolecall.refuse_non_user(p_request jsonb) FROM PUBLIC;
REVOKE ALL ON FUNCTION rolecall.refuse_note(p_input jsonb) FROM PUBLIC;
REVOKE ALL ON FUNCTION rolecall.refuse_other_than_caller(p_user uuid) FROM PUBLIC;
REVOKE ALL ON FUNCTION rolecall.refuse_overseer(p_user uuid, p_own_show boolean, p_rollout text) FROM PUBLIC;
REVOKE ALL ON FUNCTION rolecall.refuse_quota(p_phase text, p_limit integer, p_remaining jsonb) FROM PUBLIC;
REVOKE ALL ON FUNCTION rolecall.refuse_rate(p_limit jsonb) FROM PUBLIC;
REVOKE ALL ON FUNCTION rolecall.refuse_reader(p_request jsonb, p_caller uuid) FROM PUBLIC;
REVOKE ALL ON FUNCTION rolecall.refuse_restoring_authors() FROM PUBLIC;
REVOKE ALL ON FUNCTION rolecall.refuse_reused_key() FROM PUBLIC;
REVOKE ALL ON FUNCTION rolecall.refuse_second_report(p_report uuid) FROM PUBLIC;
REVOKE ALL ON FUNCTION rolecall.refuse_unknown_conversation() FROM PUBLIC;
REVOKE ALL ON FUNCTION rolecall.refuse_without_profile() FROM PUBLIC;
REVOKE ALL ON FUNCTION rolecall.rehearse_broadcast(p_sender uuid, p_input jsonb, p_rollout text) FROM PUBLIC;
REVOKE ALL ON FUNCTION rolecall.remove_message(p_user uuid, p_message uuid, p_report uuid, p_note text) FROM PUBLIC;
REVOKE ALL ON FUNCTION rolecall.reply_facts(p_user uuid, p_conversation uuid) FROM PUBLIC;
GRANT SELECT ON TABLE public.reported_messages TO service_role;
GRANT SELECT(id) ON TABLE public.reported_messages TO authenticated;
GRANT SELECT(message_id) ON TABLE public.reported_messages TO authenticated;
GRANT SELECT(conversation_id) ON TABLE public.reported_messages TO authenticated;
GRANT SELECT(reporter_id) ON TABLE public.reported_messages TO authenticated;
GRANT SELECT(reason) ON TABLE public.reported_messages TO authenticated;
GRANT SELECT(status) ON TABLE public.reported_messages TO authenticated;
GRANT SELECT(created_at) ON TABLE public.reported_messages TO authenticated;
REVOKE ALL ON FUNCTION rolecall.report_json(p_report public.reported_messages) FROM PUBLIC;
REVOKE ALL ON FUNCTION rolecall.report_message(p_user uuid, p_input jsonb, p_rollout text) FROM PUBLIC;
REVOKE ALL ON FUNCTION rolecall.reset_broadcast_quotas() FROM PUBLIC;
REVOKE ALL ON FUNCTION rolecall.restore_message(p_user uuid, p_input jsonb, p_rollout text) FROM PUBLIC;
REVOKE ALL ON FUNCTION rolecall.review_report(p_user uuid, p_input jsonb, p_rollout text) FROM PUBLIC;
REVOKE ALL ON FUNCTION rolecall.roles_of(p_names jsonb) FROM PUBLIC;
REVOKE ALL ON FUNCTION rolecall.rollout_includes(p_rollout text, p_flag text, p_user uuid, p_internal boolean) FROM PUBLIC;
REVOKE ALL ON FUNCTION rolecall.rollout_of(p_request jsonb, p_flag text) FROM PUBLIC;
REVOKE ALL ON FUNCTION rolecall.send_broadcast(p_sender uuid, p_input jsonb, p_rollout text) FROM PUBLIC;
REVOKE ALL ON FUNCTION rolecall.send_dm(p_sender uuid, p_input jsonb, p_rollout text) FROM PUBLIC;
REVOKE ALL ON FUNCTION rolecall.send_dm_many(p_requests jsonb) FROM PUBLIC;
REVOKE ALL ON FUNCTION rolecall.send_dm_one(p_request jsonb) FROM PUBLIC;
REVOKE ALL ON FUNCTION rolecall.send_independent_dms(p_requests jsonb, p_items rolecall.dm_item[]) FROM PUBLIC;
REVOKE ALL ON FUNCTION rolecall.set_block(p_user uuid, p_input jsonb, p_rollout text) FROM PUBLIC;
REVOKE ALL ON FUNCTION rolecall.set_participant_role() FROM PUBLIC;
REVOKE ALL ON FUNCTION rolecall.set_suspension(p_user uuid, p_target uuid, p_until timestamp with time zone, p_report uuid, p_message uuid, p_note text) FROM PUBLIC;
REVOKE ALL ON FUNCTION rolecall.settle_key(p_user uuid, p_key text, p_answer jsonb) FROM PUBLIC;
REVOKE ALL ON FUNCTION rolecall.settle_keys(p_users uuid[], p_keys text[], p_answers jsonb[]) FROM PUBLIC;
REVOKE ALL ON FUNCTION rolecall.start_help_conversation(p_helper uuid, p_help_request uuid, p_initial_message text, p_rollout text) FROM PUBLIC;
REVOKE ALL ON FUNCTION rolecall.success(p_data jsonb, p_limits jsonb) FROM PUBLIC;
REVOKE ALL ON FUNCTION rolecall.suspend_user(p_user uuid, p_input jsonb, p_rollout text) FROM PUBLIC;
REVOKE ALL ON FUNCTION rolecall.suspension_json(p_until timestamp with time zone) FROM PUBLIC;
GRANT SELECT ON TABLE public.broadcast_quotas TO authenticated;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.broadcast_quotas TO service_role;
REVOKE ALL ON FUNCTION rolecall.take_quota(p_sender uuid, p_show uuid, p_phase text, p_pre_show_limit integer, p_post_show_limit integer) FROM PUBLIC;
REVOKE ALL ON FUNCTION rolecall.take_token(p_user uuid, p_action text) FROM PUBLIC;
REVOKE ALL ON FUNCTION rolecall.take_tokens(p_users uuid[], p_action text) FROM PUBLIC;
REVOKE ALL ON FUNCTION rolecall.touch_updated_at() FROM PUBLIC;
REVOKE ALL ON FUNCTION rolecall.unread(p_user uuid) FROM PUBLIC;
REVOKE ALL ON FUNCTION rolecall.uuid_or_null(p_text text) FROM PUBLIC;
GRANT SELECT ON TABLE public.broadcasts TO authenticated;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.broadcasts TO service_role;
GRANT SELECT ON TABLE public.show_participants TO authenticated;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.show_participants TO service_role;
REVOKE ALL ON FUNCTION rolecall.visible_broadcasts(p_user uuid, p_conversation uuid, p_show uuid) FROM PUBLIC;
REVOKE ALL ON FUNCTION rolecall.visible_messages(p_user uuid, p_conversation uuid, p_audience_of uuid, p_after bigint, p_before bigint, p_newest boolean, p_limit integer) FROM PUBLIC;
REVOKE ALL ON FUNCTION rolecall.whole_number(p_value jsonb) FROM PUBLIC;
REVOKE ALL ON FUNCTION rolecall.with_limit(p_answer jsonb, p_limit jsonb) FROM PUBLIC;
REVOKE ALL ON FUNCTION rolecall.within_bucket(p_bucket integer, p_share numeric) FROM PUBLIC;
GRANT SELECT ON TABLE monitoring.migration TO service_role;
GRANT SELECT ON TABLE monitoring.pending_reports TO service_role;
GRANT SELECT ON TABLE public.quota_runs TO service_role;
GRANT SELECT ON TABLE monitoring.quota_reset TO service_role;
GRANT SELECT ON TABLE monitoring.rate_limited_last_hour TO service_role;
GRANT SELECT ON TABLE monitoring.reports_by_status TO service_role;
GRANT SELECT ON TABLE monitoring.requests_last_hour TO service_role;
GRANT SELECT ON TABLE monitoring.suspensions TO service_role;
GRANT SELECT ON TABLE public.data_deletions TO authenticated;
GRANT SELECT ON TABLE public.data_deletions TO service_role;
GRANT SELECT ON TABLE monitoring.unfinished_deletions TO service_role;
GRANT SELECT ON TABLE public.application_logs TO service_role;
GRANT SELECT ON TABLE public.broadcast_limits TO authenticated;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.broadcast_limits TO service_role;
GRANT SELECT ON TABLE public.broadcast_receipts TO authenticated;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.broadcast_receipts TO service_role;
GRANT SELECT ON TABLE public.conversation_participants TO authenticated;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.conversation_participants TO service_role;
GRANT SELECT ON TABLE public.conversations_v2 TO authenticated;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.conversations_v2 TO service_role;
GRANT UPDATE(status) ON TABLE public.conversations_v2 TO authenticated;
GRANT SELECT ON TABLE public.help_requests TO authenticated;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.help_requests TO service_role;
GRANT INSERT(id) ON TABLE public.help_requests TO authenticated;
GRANT INSERT(requester_id) ON TABLE public.help_requests TO authenticated;
GRANT INSERT(title),UPDATE(title) ON TABLE public.help_requests TO authenticated;
GRANT INSERT(description),UPDATE(description) ON TABLE public.help_requests TO authenticated;
GRANT UPDATE(status) ON TABLE public.help_requests TO authenticated;
GRANT SELECT ON TABLE public.moderation_audit TO service_role;
GRANT SELECT ON TABLE public.organizations TO authenticated;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.organizations TO service_role;
GRANT SELECT ON TABLE public.rate_limits TO authenticated;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.rate_limits TO service_role;
GRANT SELECT ON TABLE public.shows TO authenticated;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.shows TO service_role;
