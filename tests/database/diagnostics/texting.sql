-- The figures of texting in an organisation's diagnostics: its own alone, over a day and a week, without a phone number.
begin;
\ir ../support/calls.psql
select no_plan();

delete from rolecall.request_metrics;
insert into rolecall.organizations (id, name) values (pg_temp.demo(70), 'Paws'), (pg_temp.demo(71), 'Claws');
insert into rolecall.profiles (id, organization_id, organization_role)
values
  (pg_temp.demo(72), pg_temp.demo(70), 'owner'),
  (pg_temp.demo(73), pg_temp.demo(70), 'sitter'),
  (pg_temp.demo(74), pg_temp.demo(71), 'admin');

-- What both organisations have alike: a thread at the front desk and two at one number of the pool, of which one is closed.
create function pg_temp.fill(p_org int, p_area text)
returns void
language plpgsql
as $$
declare
  v_org uuid := pg_temp.demo(p_org);
  v_thread uuid;
begin
  insert into rolecall.message_numbers (organization_id, e164, class)
  values
    (v_org, '+1' || p_area || '5550101', 'front_desk'),
    (v_org, '+1' || p_area || '5550102', 'pool'),
    (v_org, '+1' || p_area || '5550103', 'pool');
  insert into rolecall.clients (organization_id, display_name, phone)
  select v_org, 'Client ' || n, '+1' || p_area || '555012' || n
  from generate_series(1, 3) as n;
  insert into rolecall.message_threads (organization_id, client_id, number_id, number_class, status)
  select v_org, client.id, number.id, number.class, case when client.display_name = 'Client 3' then 'closed' else 'open' end
  from rolecall.clients as client
  join rolecall.message_numbers as number
    on number.organization_id = v_org
    and number.e164 = '+1' || p_area || case client.display_name when 'Client 1' then '5550101' else '5550102' end
  where client.organization_id = v_org;
  insert into rolecall.message_threads (organization_id, scope, number_id, number_class)
  select v_org, 'owner_inbox', id, class
  from rolecall.message_numbers
  where organization_id = v_org
    and class = 'front_desk';

  -- Texts of two days ago and of now, with a decision each.
  select thread.id
  into v_thread
  from rolecall.message_threads as thread
  join rolecall.clients as client
    on client.id = thread.client_id
  where client.organization_id = v_org
    and client.display_name = 'Client 1';
  insert into rolecall.thread_messages (organization_id, thread_id, seq, direction, content, delivery)
  select v_org, v_thread, n, 'inbound', 'Hello', 'received'
  from generate_series(1, 60) as n;
  insert into rolecall.routing_decisions (organization_id, thread_id, seq, at, target, reason, number_class, sender, recipient)
  select
    v_org,
    v_thread,
    n,
    case when n <= 10 then now() - interval '2 days' else now() - make_interval(secs => 61 - n) end,
    case when n % 3 = 0 then 'sitter' else 'owner_inbox' end,
    (array['one_sitter', 'no_window', 'several_sitters'])[n % 3 + 1],
    'front_desk',
    rolecall_internal.redact('+1' || p_area || '5550121'),
    rolecall_internal.redact('+1' || p_area || '5550101')
  from generate_series(1, 60) as n;
  insert into rolecall.anti_poaching_attempts (
    organization_id, thread_id, message_id, at, direction, violations, forced_at, forced_by, forced_reason
  )
  select
    v_org, v_thread, id, now() - make_interval(days => seq::int - 1), 'inbound', '{phone}',
    case when seq = 1 then now() end, case when seq = 1 then pg_temp.demo(72) end, case when seq = 1 then 'A vet' end
  from rolecall.thread_messages
  where thread_id = v_thread
    and seq <= 9;
  insert into rolecall.sms_outbox (organization_id, thread_id, seq, status, error_code, created_at, updated_at)
  select
    v_org, v_thread, n, status, error_code, now() - interval '90 seconds', now() - make_interval(days => n)
  from unnest(
    array['queued', 'queued', 'dead', 'uncertain', 'sent'],
    array[null, 30001, 21610, null, null]
  ) with ordinality as row_of (status, error_code, number)
  cross join lateral (select number::int - 1 as n) as placed
  where n > 0;
end
$$;
select pg_temp.fill(70, '301'), pg_temp.fill(71, '302');
insert into rolecall.feature_flag_overrides (name, organization_id, rollout)
values ('messaging_v1', pg_temp.demo(70), 'enabled'), ('sitter_messages_v1', pg_temp.demo(71), 'enabled');
insert into rolecall.request_metrics (org_id, slot, function, code, bucket, stripe, minutes, day_slot, requests)
select
  pg_temp.demo(70), slot, function, code, 3, 0, 15, rolecall_internal.day_slot(slot, 12), 2
from (
  values
    (date_trunc('hour', now() - interval '3 hours'), 'send-thread-message', 'outside_assignment_window'),
    (date_trunc('hour', now() - interval '3 days'), 'send-thread-message', 'outside_assignment_window'),
    (date_trunc('hour', now() - interval '3 hours'), 'send-thread-message', 'ok')
) as counted (slot, function, code);

create temporary table report as
select pg_temp.ask('diagnostics', pg_temp.demo(72), '{}') #> '{data,texting}' as texting;
select is(
  texting -> 'threads',
  '{"front_desk": 1, "sitter": 0, "pool": 1, "without_number": 0}',
  'open threads by class, without the owner inbox'
)
from report;
select is(
  texting -> 'pool',
  '{"numbers": 2, "in_use": 1, "open_threads": 1, "most_threads_of_a_number": 1}',
  'the load of the pool'
)
from report;
select is(
  (texting -> 'outbox') - 'oldest_age_seconds',
  '{"backlog": 1, "dead": 1, "uncertain": 1}',
  'what waits, and what came to nothing'
)
from report;
select is(texting #> '{outbox,oldest_age_seconds}', '90', 'how long the oldest has waited') from report;
select is(jsonb_array_length(texting -> 'decisions'), 50, 'the newest fifty decisions') from report;
select is(
  texting #> '{decisions,0}' ->> 'reason' || ' ' || (texting #>> '{decisions,0,target}'),
  'one_sitter sitter',
  'the newest first'
)
from report;
select is(texting #>> '{decisions,0,sender}', '+[phone …0121]', 'redacted') from report;
select is(
  texting -> 'flags',
  '{"messaging_v1": true, "proactive_thread_creation": false, "sitter_messages_v1": false}',
  'the organisation''s own flags'
)
from report;
select is(
  texting -> '24h',
  '{"blocked": 1, "force_sent": 1, "owner_inbox": {"no_window": 16, "several_sitters": 17, "number_mismatch": 0, "blocked": 0}, "sends_outside_window": 2, "carrier_errors": {}}',
  'what happened in a day'
)
from report;
select is(
  texting -> '7d',
  '{"blocked": 7, "force_sent": 1, "owner_inbox": {"no_window": 20, "several_sitters": 20, "number_mismatch": 0, "blocked": 0}, "sends_outside_window": 4, "carrier_errors": {"21610": 1, "30001": 1}}',
  'and in a week'
)
from report;
select unalike(pg_temp.words(texting::text), '%5550%', 'no number stands in it whole') from report;
select is(
  pg_temp.run_as(
    'service_role',
    null,
    format('select figures::text from rolecall_monitoring.texting where organization_id = %L', pg_temp.demo(70))
  )::jsonb,
  texting,
  'the operator reads the same in rolecall_monitoring'
)
from report;
select is(
  pg_temp.run_as(
    'service_role',
    null,
    format(
      'select count(*)::text from rolecall_monitoring.texting where organization_id in (%L, %L)',
      pg_temp.demo(70), pg_temp.demo(71)
    )
  ),
  '2',
  'of every organisation'
);
select is(
  pg_temp.run_as('authenticated', pg_temp.demo(72), 'select count(*)::text from rolecall_monitoring.texting'),
  '42501',
  'and nobody else reads it there'
);
select is(
  pg_temp.ask('diagnostics', pg_temp.demo(74), '{}') #> '{data,texting,flags}',
  '{"messaging_v1": false, "proactive_thread_creation": false, "sitter_messages_v1": false}',
  'a flag without the one that it requires is off'
);
select is(
  pg_temp.ask('diagnostics', pg_temp.demo(73), '{}') ->> 'code',
  'permission_denied',
  'a sitter reads none of it'
);
select finish();
rollback;
