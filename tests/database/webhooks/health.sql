-- What a webhook's failures do to itself and to the others.
begin;
\ir ../support/calls.psql
\ir ../support/relay.psql
\ir ../support/webhooks.psql
select no_plan();
update rolecall.rate_limits set capacity = 100000;
create temporary table hook as
select pg_temp.webhook() as id;
select pg_temp.relay('lead', '{"relay": "00000000-0000-4000-8000-0000000000f1", "pushes": false}');
create function pg_temp.say_often(p_times int)
returns bigint
language plpgsql
as $$
begin
  for number in 1 .. p_times loop
    perform pg_temp.say(1, 4, 'Number ' || number);
  end loop;
  return pg_temp.fork();
end
$$;
create temporary table taken (number bigint generated always as identity, delivery jsonb);
create function pg_temp.take_all()
returns bigint
language sql
as $$
  delete from taken;
  insert into taken (delivery)
  select pg_temp.taken();
  select count(*) from taken;
$$;
create function pg_temp.settle_all(p_outcome text, p_status int default 200)
returns numeric
language sql
return (select sum(pg_temp.settle(delivery, p_outcome, p_status)) from taken);
create function pg_temp.health()
returns text
language sql
return (
  select format(
    '%s %s %s',
    case when is_enabled then 'enabled' else 'disabled' end,
    failures,
    coalesce(round(extract(epoch from paused_until - clock_timestamp()))::text, '-')
  )
  from rolecall.webhooks
  where id = (select id from hook)
);

-- How many are in flight
select is(pg_temp.say_often(40), 40::bigint, 'forty events');
select is(pg_temp.take_all(), 16::bigint, 'sixteen are in flight at most');
select is(jsonb_array_length(pg_temp.take() -> 'deliveries'), 0, 'no more while they are');
select ok((pg_temp.take() ->> 'next_due_ms')::int > 50000, 'an answer makes room, or the end of a lease');
select pg_temp.settle(delivery, 'delivered', 200) from taken where number <= (select min(number) + 4 from taken);
select is(jsonb_array_length(pg_temp.take() -> 'deliveries'), 5, 'five answers make room for five');
select pg_temp.pass(61);
select is(pg_temp.take_all(), 16::bigint, 'leases that ran out do not count');
select is(pg_temp.settle_all('delivered'), 16::numeric, 'all are delivered');
select is((select count(*) from rolecall.webhook_deliveries), 19::bigint, 'the others wait');

-- A failure
select is(pg_temp.take_all(), 16::bigint, 'sixteen more');
select is(pg_temp.settle_all('failed', 500), 16::numeric, 'all of them fail');
select is(pg_temp.health(), 'enabled 1 1', 'which is one failure, after which the webhook is left alone for a second');
select is(jsonb_array_length(pg_temp.take() -> 'deliveries'), 0, 'until then nothing is taken');
select ok((pg_temp.take() ->> 'next_due_ms')::int between 1 and 1000, 'the take says so');
select pg_temp.pass(1.1);
select is(pg_temp.take_all(), 1::bigint, 'then one probe');
select is(jsonb_array_length(pg_temp.take() -> 'deliveries'), 0, 'at a time');
select pg_temp.settle_all('failed', 500);
select is(pg_temp.health(), 'enabled 2 2', 'it fails, and the wait is longer');
create function pg_temp.fail_often(p_times int)
returns void
language plpgsql
as $$
begin
  for time in 1 .. p_times loop
    perform pg_temp.pass(301);
    perform pg_temp.take_all();
    perform pg_temp.settle_all('failed', 500);
  end loop;
end
$$;
select pg_temp.fail_often(8);
select is(pg_temp.health(), 'enabled 10 300', 'up to five minutes');
select is(
  (select count(*) from rolecall.webhook_deliveries where attempts > 3),
  0::bigint,
  'each wait probes what has waited longest, so that little is worn out'
);

-- The others
create temporary table other as
select pg_temp.webhook('{"url": "https://other.example"}') as id;
select is(pg_temp.say_often(3), 6::bigint, 'three events for both');
select is(pg_temp.take_all(), 3::bigint, 'the other one gets its own');
select is((select count(*) from taken where delivery ->> 'webhook' = (select id::text from other)), 3::bigint, 'at once');
select pg_temp.settle_all('delivered');

-- Well again
select pg_temp.pass(301);
select pg_temp.take_all();
select is(pg_temp.settle_all('delivered'), 1::numeric, 'a probe is delivered');
select is(pg_temp.health(), 'enabled 0 -', 'the webhook is well');
select ok(pg_temp.take_all() > 1, 'and the rest follows');
select pg_temp.settle_all('delivered');
delete from rolecall.webhook_deliveries;

-- When the receiver asks for time
update rolecall.webhooks set is_enabled = false where id = (select id from other);
select pg_temp.say_often(1);
select pg_temp.take_all();
select is(pg_temp.settle((select delivery from taken), 'failed', 429, null, 120), 1::bigint, 'it asks for two minutes');
select is(pg_temp.health(), 'enabled 1 120', 'and gets them');
select ok(
  (select due_at - clock_timestamp() between interval '115 seconds' and interval '120 seconds' from rolecall.webhook_deliveries),
  'what failed waits as long'
);
select pg_temp.pass(121);
select pg_temp.take_all();
select pg_temp.settle((select delivery from taken), 'failed', 503, null, 999999);
select is(pg_temp.health(), 'enabled 2 3600', 'an hour is the most');
select ok(
  (select due_at - clock_timestamp() between interval '59 minutes' and interval '61 minutes' from rolecall.webhook_deliveries),
  'also for what failed'
);
select pg_temp.pass(3601);
select pg_temp.take_all();
select pg_temp.settle((select delivery from taken), 'failed', 503, null, -5);
select is(pg_temp.health(), 'enabled 3 4', 'what is no number of seconds is none');

-- Five days
select pg_temp.pass(5 * 86400 - 20000);
select pg_temp.take_all();
select pg_temp.settle_all('failed', 500);
select ok((select is_enabled from rolecall.webhooks where id = (select id from hook)), 'for five days it is tried');
select pg_temp.pass(20000);
select pg_temp.take_all();
select pg_temp.settle_all('failed', 500);
select is(
  (select format('%s: %s', is_enabled, disabled_reason) from rolecall.webhooks where id = (select id from hook)),
  'f: Everything failed for five days.',
  'then it is disabled, and says why'
);
select is(jsonb_array_length(pg_temp.take() -> 'deliveries'), 0, 'and is tried no more');
select is(
  (select format('%s %s %s', is_enabled, was_disabled, failing_seconds > 432000) from rolecall_monitoring.webhooks where host = 'push.example'),
  'f t t',
  'the operator sees it'
);
select is((select value > 432000 from rolecall_monitoring.alerts where name = 'webhook_failing'), true, 'an alert goes on');
select is(
  pg_temp.ask_as_operator(
    'update_webhook', p_input => jsonb_build_object('webhook_id', (select id from hook), 'is_enabled', true)
  ) #>> '{data,webhook,disabled_reason}',
  null,
  'the operator enables it'
);
select is(pg_temp.health(), 'enabled 0 -', 'as one that never failed');
select is((select count(*) from rolecall_monitoring.alerts where name = 'webhook_failing'), 0::bigint, 'and the alert ends');
update rolecall.webhook_deliveries set due_at = now() where state = 'pending';
select is(pg_temp.take_all(), 1::bigint, 'what waits is tried');

-- Gone
update rolecall.webhooks set is_enabled = true where id = (select id from other);
select pg_temp.settle_all('gone', 410);
select is(
  (select format('%s: %s', is_enabled, disabled_reason) from rolecall.webhooks where id = (select id from hook)),
  'f: The receiver answered 410: it is gone.',
  'one that is gone is disabled at once'
);
select is(
  (select format('%s %s', state, last_status) from rolecall.webhook_deliveries),
  'dead 410',
  'and what it did not take is given up'
);
select is((select is_enabled from rolecall.webhooks where id = (select id from other)), true, 'the other one is as it was');

-- Disabled while something is in flight
select pg_temp.say_often(2);
select pg_temp.take_all();
select pg_temp.ask_as_operator(
  'update_webhook', p_input => jsonb_build_object('webhook_id', (select id from other), 'is_enabled', false)
);
select is(pg_temp.settle((select delivery from taken order by number limit 1), 'delivered', 200), 1::bigint, 'an answer still counts');
select is(
  (select disabled_reason from rolecall.webhooks where id = (select id from other)),
  null,
  'the operator disabled it, for which there is no reason'
);
select pg_temp.pass(6 * 86400);
select is(rolecall_internal.tidy_webhooks(), 0::bigint, 'what waits is kept');
select pg_temp.pass(86400 + 120);
select is(rolecall_internal.tidy_webhooks(), 2::bigint, 'for a week, and so is what is dead');

-- Of the dead as many as may wait
create or replace function rolecall_internal.limit_webhook_pending()
returns int
language sql
immutable
return 5;
insert into rolecall.webhook_deliveries (webhook_id, made_at, type, state, due_at)
select (select id from hook), now(), 'read', 'dead', now() - number * interval '1 minute'
from generate_series(1, 8) as number;
select is(rolecall_internal.tidy_webhooks(), 3::bigint, 'of the dead those who died first go');
select is((select min(due_at) from rolecall.webhook_deliveries), now() - interval '5 minutes', 'and the others are kept');
select * from finish();
rollback;
