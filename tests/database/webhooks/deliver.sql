-- What a webhook gets, when, and how often.
begin;
\ir ../support/calls.psql
\ir ../support/relay.psql
\ir ../support/webhooks.psql
select no_plan();
update rolecall.rate_limits set capacity = 100000;
create temporary table hook as
select pg_temp.webhook() as id;
select pg_temp.relay('lead', '{"relay": "00000000-0000-4000-8000-0000000000f1", "pushes": false}');
create temporary table taken (number bigint generated always as identity, delivery jsonb);
create function pg_temp.last()
returns jsonb
language sql
return (select delivery from taken order by number desc limit 1);
create function pg_temp.take_one()
returns void
language sql
as $$
  insert into taken (delivery)
  select pg_temp.taken(1)
$$;

-- What is posted
select is(pg_temp.take(), '{"deliveries": [], "next_due_ms": null}', 'nothing waits');
select pg_temp.say(1, 4, 'Hello');
select pg_temp.fork();
select pg_temp.take_one();
select is(
  pg_temp.last() - array['secrets', 'message_id', 'id', 'payload'],
  jsonb_build_object('attempt', 1, 'webhook', (select id from hook), 'url', 'https://push.example/hook'),
  'where to, and which attempt it is'
);
select is(pg_temp.last() #>> '{secrets,0}', (select secret from rolecall.webhooks), 'the secret with which it is signed');
select is(jsonb_array_length(pg_temp.last() -> 'secrets'), 1, 'which is one');
select ok(pg_temp.last() ->> 'message_id' ~ '^msg_[0-9a-f]{32}$', 'the message''s id');
select is(
  (pg_temp.last() -> 'payload') - array['timestamp', 'data'],
  '{"type": "message.created"}',
  'what happened'
);
select is(
  pg_temp.last() #>> '{payload,timestamp}',
  pg_temp.last() #>> '{payload,data,events,0,event,at}',
  'when'
);
select is(
  (select jsonb_agg(who order by who) from jsonb_array_elements(pg_temp.last() #> '{payload,data,events,0,to}') as who),
  jsonb_build_array(pg_temp.demo(1), pg_temp.demo(4)),
  'to whom'
);
select is(
  pg_temp.last() #> '{payload,data,events,0,event,message}',
  pg_temp.ask(
    'messages',
    pg_temp.demo(4),
    jsonb_build_object('conversation_id', pg_temp.last() #> '{payload,data,events,0,event,conversation_id}')
  ) #> '{data,messages,0}',
  'and what, as GET shows it'
);
select ok(
  pg_temp.last() #>> '{payload,data,events,0,event,id}' ~ '^[0-9]+\.1$',
  'the event has the id that it has over a socket'
);

-- The lease
select is(jsonb_array_length(pg_temp.take() -> 'deliveries'), 0, 'what is taken is taken by nobody else');
select ok((pg_temp.take() ->> 'next_due_ms')::int between 50000 and 60000, 'for a minute');
select pg_temp.pass(61);
select pg_temp.take_one();
select is(pg_temp.last() ->> 'attempt', '2', 'then it is taken again');
select is((select count(distinct delivery -> 'message_id') from taken), 1::bigint, 'as the same message');
select is(pg_temp.settle((select delivery from taken where number = 1), 'delivered', 200), 0::bigint, 'a late answer to the first attempt changes nothing');
select is(pg_temp.settle((select delivery from taken where number = 1), 'gone', 410), 0::bigint, 'whatever it says');
select is(pg_temp.settle(pg_temp.last(), 'delivered', 200), 1::bigint, 'that to the second counts');
select is(pg_temp.settle(pg_temp.last(), 'delivered', 200), 0::bigint, 'once');
select is((select count(*) from rolecall.webhook_deliveries), 0::bigint, 'and nothing is left');
select ok((select last_delivered_at is not null from rolecall.webhooks), 'but when it was');

-- What is settled by itself
select pg_temp.say(1, 4, 'For nobody');
select pg_temp.fork();
update rolecall.profiles set suspended_until = 'infinity' where id in (pg_temp.demo(1), pg_temp.demo(4));
select is(pg_temp.delivered(), 'nothing', 'of what nobody may hear any more');
select is((select count(*) from rolecall.webhook_deliveries), 0::bigint, 'no webhook hears, and it does not wait');
update rolecall.profiles set suspended_until = null where id in (pg_temp.demo(1), pg_temp.demo(4));
select pg_temp.delivered();

-- As of each attempt
select pg_temp.say(1, 4, 'For both');
select pg_temp.fork();
select pg_temp.take_one();
select is(jsonb_array_length(pg_temp.last() #> '{payload,data,events,0,to}'), 2, 'at first both are told');
select is(pg_temp.settle(pg_temp.last(), 'failed', 500, null), 1::bigint, 'it fails');
select pg_temp.ask('block_user', pg_temp.demo(4), jsonb_build_object('blocked_id', pg_temp.demo(1)));
delete from rolecall.outbox;
select pg_temp.pass(10);
select pg_temp.take_one();
select is(
  pg_temp.last() #> '{payload,data,events,0,to}',
  jsonb_build_array(pg_temp.demo(1)),
  'after a block the one who sent it alone'
);
select pg_temp.settle(pg_temp.last(), 'delivered', 200);
delete from rolecall.user_blocks;
delete from rolecall.outbox;

-- The schedule
select pg_temp.say(1, 4, 'Again and again');
select pg_temp.fork();
create temporary table schedule as
select
  0 as attempt,
  0::double precision as seconds,
  ''::text as state
limit 0;
create function pg_temp.run_schedule()
returns void
language plpgsql
as $$
declare
  v_seconds double precision;
  v_row rolecall.webhook_deliveries;
begin
  for attempt in 1 .. 10 loop
    perform pg_temp.take_one();
    perform pg_temp.settle(pg_temp.last(), 'failed', 503, 'unavailable');
    select * into v_row from rolecall.webhook_deliveries;
    v_seconds := extract(epoch from v_row.due_at - clock_timestamp());
    insert into schedule values (attempt, v_seconds, v_row.state);
    perform pg_temp.pass(v_seconds + 1);
  end loop;
end
$$;
select pg_temp.run_schedule();
select is(
  (
    select string_agg(attempt::text, ' ' order by attempt)
    from schedule
    join unnest(array[5, 300, 1800, 7200, 18000, 36000, 50400, 72000, 86400]) with ordinality as planned (seconds, attempt)
      using (attempt)
    where schedule.state = 'pending'
      and schedule.seconds between planned.seconds - 1 and planned.seconds * 1.1 + 1
  ),
  '1 2 3 4 5 6 7 8 9',
  'each failure is followed by a longer wait'
);
select is((select state from schedule where attempt = 10), 'dead', 'the tenth by none');
select is(
  (select format('%s %s %s', attempts, last_status, last_error) from rolecall.webhook_deliveries),
  '10 503 unavailable',
  'and the operator sees of what it died'
);
select is(pg_temp.take(), '{"deliveries": [], "next_due_ms": null}', 'the dead are not taken');
select is(
  (select string_agg(format('%s %s', name, value > 0), ', ' order by name) from rolecall_monitoring.alerts where name like 'webhook%'),
  'webhook_dead t, webhook_failing t',
  'an alert says so'
);

-- Brought back
select is(
  pg_temp.ask_as_operator('redeliver_webhook', p_input => jsonb_build_object('webhook_id', (select id from hook))) -> 'data',
  '{"redelivered": 1, "more": false}',
  'the operator brings it back'
);
update rolecall.webhooks set paused_until = null;
select pg_temp.take_one();
select is(pg_temp.last() ->> 'attempt', '11', 'its attempts are counted on');
select is(
  (select count(distinct delivery -> 'message_id') from taken where delivery ->> 'id' = pg_temp.last() ->> 'id'),
  1::bigint,
  'as the same message'
);
select pg_temp.settle(pg_temp.last(), 'failed', 503);
select is((select state from rolecall.webhook_deliveries), 'pending', 'and it has all of them again');
delete from rolecall.webhook_deliveries;
update rolecall.webhooks set failing_since = null, failures = 0, paused_until = null;

-- Leases that run out count
select pg_temp.say(1, 4, 'The relay dies of this');
select pg_temp.fork();
create function pg_temp.die(p_times int)
returns void
language plpgsql
as $$
begin
  for time in 1 .. p_times loop
    perform pg_temp.take();
    perform pg_temp.pass(61);
  end loop;
end
$$;
select pg_temp.die(10);
select is((select format('%s %s', state, attempts) from rolecall.webhook_deliveries), 'pending 10', 'ten leases run out');
select is(jsonb_array_length(pg_temp.take() -> 'deliveries'), 0, 'there is no eleventh');
select is(
  (select format('%s %s', state, last_error) from rolecall.webhook_deliveries),
  'dead the relay ended before it had an answer',
  'it is given up'
);
delete from rolecall.webhook_deliveries;

-- Typing and presence are worth nothing later
update rolecall.webhooks set types = '{typing,presence}';
select is(
  pg_temp.verdict(
    pg_temp.ask(
      'typing',
      pg_temp.demo(1),
      jsonb_build_object(
        'conversation_id',
        (select conversation_id from rolecall.messages where content = 'Hello' limit 1)
      )
    )
  ),
  'ok',
  'somebody types'
);
select pg_temp.fork();
select pg_temp.take_one();
select is(
  pg_temp.last() #> '{payload,data,events,0,to}',
  jsonb_build_array(pg_temp.demo(4)),
  'a webhook that asks is told, and to whom'
);
select pg_temp.settle(pg_temp.last(), 'failed', 500);
select is((select count(*) from rolecall.webhook_deliveries), 0::bigint, 'what fails is not tried again');
update rolecall.webhooks set failing_since = null, failures = 0, paused_until = null;
insert into rolecall.presence (user_id) values (pg_temp.demo(4));
create function pg_temp.come()
returns void
language sql
as $$
  insert into rolecall.outbox (type, users, state)
  values ('presence', array[pg_temp.demo(1)], 'online')
$$;
select pg_temp.come();
select is(pg_temp.delivered(), 'presence: 04', 'who comes is told to those who are there');
select pg_temp.come();
select pg_temp.fork();
update rolecall.webhook_deliveries set made_at = made_at - interval '2 minutes';
select is(pg_temp.delivered(), 'nothing', 'a minute later it is not');
select pg_temp.come();
select pg_temp.fork();
select pg_temp.die(1);
select is(pg_temp.delivered(), 'nothing', 'nor after a lease that ran out');
select is((select count(*) from rolecall.webhook_deliveries), 0::bigint, 'nothing of it is left');
update rolecall.webhooks set types = null;

-- The flag
select pg_temp.say(1, 4, 'With the flag');
select is(pg_temp.delivered(), 'message.created: 01 04', 'the flag is open');
select pg_temp.say(1, 4, 'Without it');
update rolecall.feature_flags set rollout = 'disabled' where name = 'webhooks';
select is(pg_temp.delivered(), 'nothing', 'whom it leaves out is named to no webhook');
insert into rolecall.feature_flag_overrides (name, user_id, rollout) values ('webhooks', pg_temp.demo(4), 'enabled');
select pg_temp.say(1, 4, 'For one');
select is(pg_temp.delivered(), 'message.created: 04', 'whom it includes is');
delete from rolecall.feature_flag_overrides where name = 'webhooks';
update rolecall.feature_flags set rollout = 'enabled' where name = 'webhooks';
select pg_temp.say(1, 4, 'By the variable');
select is(pg_temp.delivered('{"webhooks": "disabled"}'), 'nothing', 'the relay''s variable takes out, too');

-- A test
select pg_temp.ask_as_operator('test_webhook', p_input => jsonb_build_object('webhook_id', (select id from hook)));
select pg_temp.take_one();
select is(pg_temp.last() #>> '{payload,type}', 'webhook.test', 'a test is taken');
select is(
  (pg_temp.last() #> '{payload,data,events,0,event}') - array['at', 'id'],
  '{"v": 1, "type": "webhook.test"}',
  'and says nothing'
);
select is(pg_temp.last() #> '{payload,data,events,0,to}', '[]', 'to nobody');
select ok(pg_temp.last() #>> '{payload,data,events,0,event,id}' ~ '^test\.[0-9]+$', 'it has an id, too');
select is(pg_temp.settle(pg_temp.last(), 'delivered', 200), 1::bigint, 'it is delivered as others are');

-- Two secrets
select pg_temp.ask_as_operator('rotate_webhook', p_input => jsonb_build_object('webhook_id', (select id from hook)));
select pg_temp.say(1, 4, 'With two');
select pg_temp.fork();
select pg_temp.take_one();
select is(
  pg_temp.last() -> 'secrets',
  (select jsonb_build_array(secret, former_secret) from rolecall.webhooks),
  'for a day both secrets sign, the newer first'
);
select pg_temp.settle(pg_temp.last(), 'failed', 500);
select pg_temp.pass(24 * 3600);
select pg_temp.take_one();
select is(pg_temp.last() -> 'secrets', (select jsonb_build_array(secret) from rolecall.webhooks), 'then the new one alone');
select rolecall_internal.tidy_webhooks();
select is((select former_secret from rolecall.webhooks), null, 'and the old one is forgotten');
select pg_temp.settle(pg_temp.last(), 'delivered', 200);

-- Answers that are none
select is(pg_temp.relay('webhooks_settle', request) ->> 'code', 'invalid_input', format('%s is no list', request))
from unnest(array['{}', '{"results": "x"}', '{"results": {}}']::jsonb[]) as request;
select is(
  pg_temp.relay('webhooks_settle', jsonb_build_object('results', results)) #>> '{data,settled}',
  '0',
  format('%s settles nothing', results)
)
from unnest(
  array[
    '[]', '[1, null, "x", [], {}]', '[{"id": "x", "attempt": 1, "outcome": "delivered"}]',
    '[{"id": "1", "attempt": "1", "outcome": "delivered"}]', '[{"id": "1", "attempt": 1, "outcome": "lost"}]',
    '[{"id": null, "attempt": null, "outcome": null}]', '[{"id": "99999999999999999999", "attempt": 1, "outcome": "gone"}]'
  ]::jsonb[]
) as results;
select is(
  pg_temp.relay('webhooks_take', request) ->> 'ok', 'true', format('%s takes something', request)
)
from unnest(array['{}', '{"limit": "x"}', '{"limit": -1}', '{"rollouts": "x"}', '{"relay": 1}']::jsonb[]) as request;
select * from finish();
rollback;
