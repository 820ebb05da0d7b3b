-- The figures of one organisation. Counts come from counters (last_seq, help_message_counts, request_metrics), never
-- from counting messages.
create or replace function rolecall_internal.diagnose(p_organization uuid)
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
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
  from rolecall.conversations
  where organization_id = p_organization;

  -- A help conversation belongs to the organisation of its requester.
  select count(*), coalesce(sum(counted.messages), 0)
  into v_help_conversations, v_help_messages
  from rolecall.profiles as requester
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
    -- Requests are counted by the minute, and after two hours by the quarter of one: a span begins with the minute or
    -- the quarter that it begins in.
    values
      ('1h', now() - interval '1 hour 1 minute'),
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
      max(rolecall_internal.within_bucket(bucket, (0.50 * total - (up_to - requests)) / requests))
        filter (where up_to - requests < 0.50 * total) as p50,
      max(rolecall_internal.within_bucket(bucket, (0.95 * total - (up_to - requests)) / requests))
        filter (where up_to - requests < 0.95 * total) as p95,
      max(rolecall_internal.within_bucket(bucket, (0.99 * total - (up_to - requests)) / requests))
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
          -- A refusal is neither a success nor a failure.
          select round(coalesce(sum(by_code.requests) filter (where by_code.code = 'ok'), 0) / sum(by_code.requests), 4)
          from by_code
          where by_code.name = span.name
            and (by_code.code = 'ok' or rolecall_internal.is_failure(by_code.code))
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
    from rolecall.profiles as sender
    join rolecall.broadcast_quotas as quota
      on quota.sender_id = sender.id
    where sender.organization_id = p_organization
    order by quota.period desc, quota.updated_at desc
    limit 100
  ) as newest;

  select coalesce(jsonb_object_agg(name, rollout), '{}')
  into v_flags
  from rolecall.feature_flags;

  select jsonb_build_object('version', version, 'name', name)
  into v_migration
  from rolecall.schema_migrations
  order by version desc
  limit 1;

  return jsonb_build_object(
    'organization_id', p_organization,
    'generated_at', rolecall_internal.iso(now()),
    'conversations', v_conversations || jsonb_build_object('help', v_help_conversations),
    'messages', v_messages || jsonb_build_object('help', v_help_messages),
    'refusals', v_refusals,
    'success_rate', v_success_rate,
    'durations_ms', v_durations,
    'quotas', v_quotas,
    'flags', v_flags,
    'migration', v_migration
  ) || rolecall_internal.report_figures(p_organization);
end
$$;

-- The figures of an organisation's diagnostics about pending reports.
create or replace function rolecall_internal.report_figures(p_organization uuid)
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_reports jsonb;
begin
  select jsonb_build_object(
    'pending', count(*),
    'oldest_age_seconds', extract(epoch from now() - min(report.created_at))::bigint
  )
  into v_reports
  from rolecall.reported_messages as report
  join rolecall.conversations as conversation
    on conversation.id = report.conversation_id
  where report.status = 'pending'
    and conversation.organization_id = p_organization;
  return jsonb_build_object('reports', v_reports);
end
$$;

-- A duration in milliseconds: p_share (0 to 1) of the way through a bucket of request_metrics.
create or replace function rolecall_internal.within_bucket(p_bucket int, p_share numeric)
returns numeric
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_begin double precision := case when p_bucket > 0 then rolecall_internal.bucket_end_ms(p_bucket - 1) else 0 end;
begin
  return round(
    (v_begin + p_share::double precision * (rolecall_internal.bucket_end_ms(p_bucket) - v_begin))::numeric,
    3
  );
end
$$;

create or replace function rolecall_edge.diagnostics(p_request jsonb)
returns jsonb
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_call rolecall.call := rolecall_internal.begin_call(
    'diagnostics',
    p_request,
    p_rate => 'diagnostics',
    p_keyed => false
  );
  v_actor rolecall.actor;
begin
  if v_call.answer is null then
    v_actor := rolecall_internal.actor(v_call.caller, 'diagnostics', v_call.rollouts);
    if v_actor.refusal is not null then
      v_call.answer := v_actor.refusal;
    elsif v_actor.organization_role in ('owner', 'admin') then
      -- The check profiles_organization_role_has_organization sees to it that there is one.
      v_call.answer := rolecall_internal.success(
        rolecall_internal.diagnose(v_actor.organization_id)
          || rolecall_internal.texting_figures(v_actor.organization_id, v_call.rollouts)
      );
    else
      v_call.answer := rolecall_internal.refusal(
        'permission_denied',
        'Diagnostics are only available to owners and admins of an organisation.',
        'organization_owners_and_admins_only',
        'You are an owner or admin of your organisation.'
      );
    end if;
  end if;
  return rolecall_internal.end_call(v_call);
end
$$;
