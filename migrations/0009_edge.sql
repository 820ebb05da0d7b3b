-- The entry points: one function for each edge function, called as `select edge.send_dm($1)` with everything about
-- the request in one jsonb, and answering one jsonb. They are all that rolecall_edge, the login of the functions, may
-- call; they take the caller from the verified claims of the request and nothing from the session.
--
-- Request: {"claims": {"sub", "role"}, "request_id", "idempotency_key"?, "rollout", "input"}
-- Answer:  {"ok": true, "data", "limits"?, "replayed"?, "org_id"?}
--       or {"ok": false, "code", "detail", "reasons"?, "data"?, "limits"?, "org_id"?}

create schema if not exists edge;
comment on schema edge is 'Rolecall: the entry points of the functions, for rolecall_edge alone.';

-- The refusal of a request that is not a signed-in user's.
create or replace function rolecall.refuse_non_user(p_request jsonb)
returns jsonb
language plpgsql
immutable
set search_path = ''
as $$
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

-- The refusal of a request that is not the operator's.
create or replace function rolecall.refuse_non_operator(p_request jsonb)
returns jsonb
language plpgsql
immutable
set search_path = ''
as $$
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

-- One request of send-dm. All it depends on is its own envelope, so that a statement can one day answer several.
create or replace function rolecall.send_dm_one(p_request jsonb)
returns jsonb
language plpgsql
volatile
set search_path = ''
as $$
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

create or replace function edge.send_dm(p_request jsonb)
returns jsonb
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
  return rolecall.send_dm_one(p_request);
end
$$;

create or replace function edge.send_broadcast(p_request jsonb)
returns jsonb
language plpgsql
volatile
security definer
set search_path = ''
as $$
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

create or replace function edge.start_conversation(p_request jsonb)
returns jsonb
language plpgsql
volatile
security definer
set search_path = ''
as $$
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

create or replace function edge.reset_broadcast_quotas(p_request jsonb)
returns jsonb
language plpgsql
volatile
security definer
set search_path = ''
as $$
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

-- The figures of one organisation. Counts come from counters (last_seq, help_message_counts, request_metrics), never
-- from counting messages.
create or replace function rolecall.diagnose(p_organization uuid)
returns jsonb
language plpgsql
stable
set search_path = ''
as $$
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

-- What later migrations have to add to the figures of an organisation.
create or replace function rolecall.further_figures(p_organization uuid)
returns jsonb
language plpgsql
stable
set search_path = ''
as $$
begin
  return '{}';
end
$$;

-- A duration in milliseconds: p_share (0 to 1) of the way through a bucket of request_metrics.
create or replace function rolecall.within_bucket(p_bucket int, p_share numeric)
returns numeric
language plpgsql
immutable
set search_path = ''
as $$
declare
  v_begin double precision := case when p_bucket > 0 then rolecall.bucket_end_ms(p_bucket - 1) else 0 end;
begin
  return round(
    (v_begin + p_share::double precision * (rolecall.bucket_end_ms(p_bucket) - v_begin))::numeric,
    3
  );
end
$$;

create or replace function edge.diagnostics(p_request jsonb)
returns jsonb
language plpgsql
volatile
security definer
set search_path = ''
as $$
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

-- Answers that the database does; takes no claims, since a load balancer asks.
create or replace function edge.health(p_request jsonb)
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
  return rolecall.success(
    jsonb_build_object(
      'database', 'ok',
      'migration', (select max(version) from rolecall.schema_migrations)
    )
  );
end
$$;

-- Writes the audit row of a refusal that the function itself decided, such as an attempt to act for somebody else:
-- {function, code, event, detail, field?}.
create or replace function edge.record_refusal(p_request jsonb)
returns jsonb
language plpgsql
volatile
security definer
set search_path = ''
as $$
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

revoke execute on function
  rolecall.refuse_non_user(jsonb),
  rolecall.refuse_non_operator(jsonb),
  rolecall.send_dm_one(jsonb),
  rolecall.diagnose(uuid),
  rolecall.further_figures(uuid),
  rolecall.within_bucket(int, numeric)
  from public, anon, authenticated, service_role;

revoke all on schema edge from public, anon, authenticated, service_role;
grant usage on schema edge to rolecall_edge;
revoke execute on all functions in schema edge from public, anon, authenticated, service_role;
grant execute on function
  edge.send_dm(jsonb),
  edge.send_broadcast(jsonb),
  edge.start_conversation(jsonb),
  edge.reset_broadcast_quotas(jsonb),
  edge.diagnostics(jsonb),
  edge.health(jsonb),
  edge.record_refusal(jsonb)
  to rolecall_edge;

insert into rolecall.schema_migrations (version, name)
values (9, 'edge')
on conflict (version) do nothing;
