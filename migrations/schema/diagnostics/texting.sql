-- The figures of an organisation's texting, for its diagnostics. What names a phone number is redacted already where it
-- stands: no figure reads clients.phone or message_numbers.e164.

-- What is so at the moment: threads, numbers, what waits for the carrier, the newest decisions, flags.
create or replace function rolecall_internal.texting_state(p_organization uuid, p_rollouts jsonb)
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_threads jsonb;
  v_pool jsonb;
  v_outbox jsonb;
  v_decisions jsonb;
  v_flags jsonb;
begin
  select jsonb_build_object(
    'front_desk', count(*) filter (where number_class = 'front_desk'),
    'sitter', count(*) filter (where number_class = 'sitter'),
    'pool', count(*) filter (where number_class = 'pool'),
    -- A constraint keeps this at 0.
    'without_number', count(*) filter (where number_id is null)
  )
  into v_threads
  from rolecall.message_threads
  where organization_id = p_organization
    and scope <> 'owner_inbox'
    and status = 'open';

  select jsonb_build_object(
    'numbers', count(*),
    'in_use', count(*) filter (where loaded.threads > 0),
    'open_threads', coalesce(sum(loaded.threads), 0),
    'most_threads_of_a_number', coalesce(max(loaded.threads), 0)
  )
  into v_pool
  from rolecall.message_numbers as number
  cross join lateral (
    select count(*) as threads
    from rolecall.message_threads as thread
    where thread.organization_id = number.organization_id
      and thread.number_id = number.id
      and thread.number_class = number.class
      and thread.status = 'open'
      and thread.scope <> 'owner_inbox'
  ) as loaded
  where number.organization_id = p_organization
    and number.class = 'pool'
    and number.status = 'active';

  select jsonb_build_object(
    'backlog', count(*),
    'oldest_age_seconds', extract(epoch from now() - min(created_at))::bigint
  )
  into v_outbox
  from rolecall.sms_outbox
  where organization_id = p_organization
    and status in ('queued', 'leased');
  select v_outbox || jsonb_build_object(
    'dead', count(*) filter (where status = 'dead'),
    'uncertain', count(*) filter (where status = 'uncertain')
  )
  into v_outbox
  from rolecall.sms_outbox
  where organization_id = p_organization
    and status in ('dead', 'uncertain');

  select coalesce(
    jsonb_agg(
      jsonb_build_object(
        'at', rolecall_internal.iso(at),
        'thread_id', thread_id,
        'target', target,
        'reason', reason,
        'sitter_id', sitter_id,
        'window_ids', to_jsonb(window_ids),
        'number_class', number_class,
        'sender', sender,
        'recipient', recipient
      )
      order by at desc, id desc
    ),
    '[]'
  )
  into v_decisions
  from (
    select *
    from rolecall.routing_decisions
    where organization_id = p_organization
    order by at desc
    limit 50
  ) as newest;

  -- For somebody of the organisation who has no exception of their own.
  select jsonb_object_agg(
    name,
    (rolecall_internal.flag_decision(name, p_rollouts, null, p_organization, false)).enabled
  )
  into v_flags
  from unnest(array['messaging_v1', 'proactive_thread_creation', 'sitter_messages_v1']) as name;

  return jsonb_build_object(
    'threads', v_threads,
    'pool', v_pool,
    'outbox', v_outbox,
    'decisions', v_decisions,
    'flags', v_flags
  );
end
$$;

-- What happened from p_since on.
create or replace function rolecall_internal.texting_since(p_organization uuid, p_since timestamptz)
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_figures jsonb;
begin
  select jsonb_build_object('blocked', count(*), 'force_sent', count(forced_at))
  into v_figures
  from rolecall.anti_poaching_attempts
  where organization_id = p_organization
    and at > p_since;

  select v_figures || jsonb_build_object(
    'owner_inbox', jsonb_build_object(
      'no_window', count(*) filter (where reason = 'no_window'),
      'several_sitters', count(*) filter (where reason = 'several_sitters'),
      'number_mismatch', count(*) filter (where reason = 'number_mismatch'),
      'blocked', count(*) filter (where reason = 'blocked')
    )
  )
  into v_figures
  from rolecall.routing_decisions
  where organization_id = p_organization
    and at > p_since
    and target = 'owner_inbox';

  -- Requests are counted by the quarter of an hour after two hours: the span begins with the quarter that it begins in.
  select v_figures || jsonb_build_object('sends_outside_window', coalesce(sum(requests), 0))
  into v_figures
  from rolecall.request_metrics
  where org_id = p_organization
    and slot > p_since - interval '15 minutes'
    and function = 'send-thread-message'
    and code = 'outside_assignment_window';

  select v_figures || jsonb_build_object(
    'carrier_errors', coalesce(jsonb_object_agg(error_code, messages), '{}')
  )
  into v_figures
  from (
    select error_code, count(*) as messages
    from rolecall.sms_outbox
    where organization_id = p_organization
      and updated_at > p_since
      and error_code is not null
    group by error_code
  ) as refused;
  return v_figures;
end
$$;

create or replace function rolecall_internal.texting_figures(p_organization uuid, p_rollouts jsonb)
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  return jsonb_build_object(
    'texting',
    rolecall_internal.texting_state(p_organization, p_rollouts) || jsonb_build_object(
      '24h', rolecall_internal.texting_since(p_organization, now() - interval '24 hours'),
      '7d', rolecall_internal.texting_since(p_organization, now() - interval '7 days')
    )
  );
end
$$;

-- The figures of any organisation, for the operator's view, which calls it with the rights of whoever reads it. What the
-- variable `rollouts` bounds is not known here.
create or replace function rolecall_internal.texting_of(p_organization uuid)
returns jsonb
language plpgsql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  return rolecall_internal.texting_figures(p_organization, '{}') -> 'texting';
end
$$;
