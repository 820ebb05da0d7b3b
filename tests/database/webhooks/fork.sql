-- How the outbox forks into deliveries: each row once, whoever deletes or marks it, and only for whom it is.
begin;
\ir ../support/calls.psql
\ir ../support/relay.psql
\ir ../support/webhooks.psql
select no_plan();
update rolecall.rate_limits set capacity = 100000;
create function pg_temp.kept()
returns text
language sql
as $$
  select coalesce(string_agg(format('%s %s.%s', type, outbox_id - (select min(outbox_id) from rolecall.webhook_deliveries), place), ', ' order by id), 'none')
  from rolecall.webhook_deliveries
$$;
create function pg_temp.age(p_seconds int)
returns void
language sql
as $$
  update rolecall.outbox
  set made_at = made_at - p_seconds * interval '1 second';
  update rolecall.webhooks
  set enabled_at = enabled_at - p_seconds * interval '1 second';
$$;

-- Whether the outbox is written
select is((select is_wanted from rolecall.relay), false, 'without a relay nothing is written');
create temporary table hook as
select pg_temp.webhook() as id;
select is((select is_wanted from rolecall.relay), false, 'nor for a webhook that no relay carries');
select is(
  pg_temp.relay('lead', '{"relay": "00000000-0000-4000-8000-0000000000f1", "pushes": false}'),
  '{"ok": true, "data": {"leads": true}}',
  'a relay that publishes nothing leads those of its kind'
);
select is(
  (select format('%s %s %s', is_wanted, is_pushed, resync_due) from rolecall.relay),
  't f f',
  'with it and a webhook the outbox is written'
);
select is((select format('%s %s', leads, pushes) from rolecall.relays), 'f f', 'but nobody publishes');
select is(pg_temp.relay('take', '{}') #>> '{data,leads}', 'false', 'and it gets nothing to publish');
select pg_temp.ask_as_operator('update_webhook', p_input => jsonb_build_object('webhook_id', id, 'is_enabled', false))
from hook;
select is((select is_wanted from rolecall.relay), false, 'while no webhook is enabled nothing is written');
select pg_temp.ask_as_operator('update_webhook', p_input => jsonb_build_object('webhook_id', id, 'is_enabled', true))
from hook;
select is((select is_wanted from rolecall.relay), true, 'and again when one is');
update rolecall.relays set seen_at = now() - interval '61 minutes';
select rolecall_internal.tidy_outbox();
select is((select is_wanted from rolecall.relay), false, 'not when no relay was there for an hour');
select pg_temp.lead();
select is(
  (select format('%s %s %s', is_wanted, is_pushed, resync_due) from rolecall.relay),
  't t t',
  'for a relay that publishes it is written, and whoever is online syncs'
);

-- By settle
select pg_temp.say(1, 4, 'Hello');
select is(pg_temp.kept(), 'none', 'the sender''s statement writes no delivery');
select pg_temp.publish();
select is(pg_temp.kept(), 'message.created 0.1', 'settle forks what it deletes');
select is((select format('%s %s %s', state, attempts, is_taken) from rolecall.webhook_deliveries), 'pending 0 f', 'as one that waits');
select pg_temp.publish();
select is(pg_temp.kept(), 'message.created 0.1', 'once');
delete from rolecall.webhook_deliveries;

-- By fork, while the broker is away
select pg_temp.say(1, 4, 'Hello?');
select is(pg_temp.fork(false), 0::bigint, 'what is young is left to settle');
select pg_temp.age(2);
select is(pg_temp.fork(false), 1::bigint, 'what has waited for a second is forked');
select is(pg_temp.fork(false), 0::bigint, 'once');
select is((select format('%s %s', count(*), bool_and(is_forked)) from rolecall.outbox), '1 t', 'and goes on waiting for the broker');
select is(pg_temp.fork(true), 0::bigint, 'also where a relay without a broker asks');
select is((select count(*) from rolecall.outbox), 1::bigint, 'as long as one with a broker was there within the hour');
select pg_temp.publish();
select is(
  (select format('%s %s', (select count(*) from rolecall.outbox), (select count(*) from rolecall.webhook_deliveries))),
  '0 1',
  'settle deletes it and forks it no more'
);
delete from rolecall.webhook_deliveries;

-- By fork, without a broker
update rolecall.relays set seen_at = now() - interval '61 minutes';
select pg_temp.relay('lead', '{"relay": "00000000-0000-4000-8000-0000000000f2", "pushes": false}');
select is((select format('%s %s', is_wanted, is_pushed) from rolecall.relay), 't f', 'after an hour it is waited for no longer');
select pg_temp.say(1, 4, 'Anybody?');
select is(
  pg_temp.relay('fork', '{"limit": 10, "settle": true}'),
  '{"ok": true, "data": {"forked": 1, "settled": 1, "deliveries": 1, "more": false}}',
  'and what waits is forked at once'
);
select is((select count(*) from rolecall.outbox), 0::bigint, 'and gone');
select is(
  pg_temp.relay('fork', '{"limit": 10, "settle": true}'),
  '{"ok": true, "data": {"forked": 0, "settled": 0, "deliveries": 0, "more": false}}',
  'nothing is left'
);
select pg_temp.say(1, 4, 'One'), pg_temp.say(1, 4, 'Two'), pg_temp.say(1, 4, 'Three');
select is(pg_temp.relay('fork', '{"limit": 2, "settle": true}') #>> '{data,more}', 'true', 'in steps');
select is(pg_temp.relay('fork', '{"limit": 2, "settle": true}') #>> '{data,settled}', '1', 'to the end');
delete from rolecall.webhook_deliveries;

-- An array is one row and several events
select pg_temp.ask('mark_read', pg_temp.demo(4), jsonb_build_object('conversation_id', conversation_id, 'up_to_seq', seq))
from rolecall.messages
order by seq desc
limit 1;
insert into rolecall.outbox (type, domain, conversations, seqs)
select 'message.created', 'conversations', array_agg(conversation_id), array_agg(seq)
from (
  select conversation_id, seq
  from rolecall.messages
  where not legacy
  limit 3
) as message;
insert into rolecall.outbox (type, domain, conversations, users)
select 'typing', 'conversations', array[id], array[participant_low]
from rolecall.conversations
where kind = 'direct'
limit 1;
insert into rolecall.outbox (type, is_wide)
values ('resync', true);
insert into rolecall.outbox (type, users, state)
values
  ('resync', array[pg_temp.demo(1)], null),
  ('presence', array[pg_temp.demo(1), pg_temp.demo(2)], 'online');
create temporary table picky as
select pg_temp.webhook('{"types": ["typing", "presence"], "url": "https://picky.example"}') as id;
update rolecall.webhooks set enabled_at = enabled_at - interval '1 minute';
select pg_temp.fork();
select is(
  (select string_agg(type, ' ' order by id) from rolecall.webhook_deliveries where webhook_id = (select id from hook)),
  'read message.created message.created message.created',
  'an event a delivery; of typing, presence and resync a webhook hears not'
);
select is(
  (select string_agg(type || place, ' ' order by id) from rolecall.webhook_deliveries where webhook_id = (select id from picky)),
  'typing1 presence1 presence2',
  'unless it asks, and then of nothing else; resync none hears of'
);
delete from rolecall.webhook_deliveries;

-- Since when
select pg_temp.say(1, 4, 'Before');
create temporary table late as
select pg_temp.webhook('{"url": "https://late.example"}') as id;
select pg_temp.say(1, 4, 'After');
select pg_temp.fork();
select is(
  (
    select string_agg(format('%s %s', host, pending), ', ' order by host)
    from rolecall_monitoring.webhooks
  ),
  'late.example 1, picky.example 0, push.example 2',
  'a webhook hears of nothing that happened before it was'
);
update rolecall.webhooks set is_enabled = false where id = (select id from late);
select pg_temp.say(1, 4, 'Without');
select pg_temp.fork();
select is((select pending from rolecall_monitoring.webhooks where host = 'late.example'), 1::bigint, 'nor while it is disabled');
delete from rolecall.webhooks where id in ((select id from late), (select id from picky));
delete from rolecall.webhook_deliveries;

-- Room
create or replace function rolecall_internal.limit_webhook_pending()
returns int
language sql
immutable
return 5;
update rolecall.webhook_queues set room = 0, counted_at = '-infinity';
create function pg_temp.say_often(p_times int)
returns void
language sql
as $$
  select count(pg_temp.say(1, 4, 'Number ' || number))
  from generate_series(1, p_times) as number
$$;
select pg_temp.say_often(3);
select is(pg_temp.fork(), 3::bigint, 'there is room for three');
select pg_temp.say_often(3);
select is(pg_temp.fork(), 2::bigint, 'and for two');
select is((select format('%s %s', pending, dropped) from rolecall_monitoring.webhooks), '5 1', 'one found none, and is counted');
select pg_temp.say_often(1);
select is(pg_temp.fork(), 0::bigint, 'nor does the next');
delete from rolecall.webhook_deliveries where id in (select id from rolecall.webhook_deliveries order by id limit 2);
update rolecall.webhook_queues set counted_at = counted_at - interval '2 seconds';
select pg_temp.say_often(3);
select is(pg_temp.fork(), 2::bigint, 'what was delivered makes room');
select is((select format('%s %s', pending, dropped) from rolecall_monitoring.webhooks), '5 3', 'and never are there more');
delete from rolecall.webhook_deliveries;
update rolecall.webhook_queues set room = 5;

-- Forking does not walk over what is forked
update rolecall.relays set seen_at = now(), pushes = true;
select rolecall_internal.want_events();
select pg_temp.say_often(4);
select pg_temp.age(2);
select is(pg_temp.fork(false), 4::bigint, 'four wait for the broker and are forked');
select is((select next_floor_xid is not null from rolecall.outbox_fork), true, 'the floor waits for the transactions that may still write below it');
update rolecall.outbox_fork set next_floor = (select max(id) + 1 from rolecall.outbox), next_floor_xid = '3';
select rolecall_internal.move_fork_floor(next_floor + 1, pg_current_xact_id(), '-infinity') from rolecall.outbox_fork;
select is((select floor > (select max(id) from rolecall.outbox) from rolecall.outbox_fork), true, 'then it is above them');
insert into rolecall.outbox (id, type, domain, conversations, seqs)
overriding system value
select floor + 10, 'message.created', 'conversations', array[gen_random_uuid()], array[1]
from rolecall.outbox_fork;
update rolecall.outbox_fork set next_floor = floor + 20, next_floor_xid = '3';
select rolecall_internal.move_fork_floor(next_floor + 1, pg_current_xact_id(), '-infinity') from rolecall.outbox_fork;
select is((select floor = (select max(id) from rolecall.outbox) from rolecall.outbox_fork), true, 'but never above one that is not forked');

update rolecall.outbox_fork set next_floor_xid = '99999999999', next_floor = floor;
select rolecall_internal.move_fork_floor(floor + 5, pg_current_xact_id(), '-infinity') from rolecall.outbox_fork;
select is(
  (select next_floor_xid = pg_current_xact_id() from rolecall.outbox_fork),
  true,
  'a transaction that is yet to come, as after a restore, is not waited for'
);

-- Given up
update rolecall.outbox set made_at = made_at - interval '2 hours';
update rolecall.webhook_queues set dropped = 0;
select is(rolecall_internal.tidy_outbox(), 5::bigint, 'what the broker did not take for an hour goes');
select is((select dropped from rolecall.webhook_queues), 1::bigint, 'and of webhooks what was not forked by then');

-- What happened before any webhook was enabled is passed over
delete from rolecall.outbox;
update rolecall.webhooks set enabled_at = clock_timestamp();
insert into rolecall.outbox (made_at, type, domain, conversations, seqs)
select now() - interval '10 minutes', 'message.created', 'conversations', array[gen_random_uuid()], array[1]
from generate_series(1, 3);
select is(pg_temp.fork(false), 0::bigint, 'of old rows no webhook is to hear');
select is((select count(*) from rolecall.outbox where is_forked), 0::bigint, 'and they are not even marked');
update rolecall.outbox_fork set next_floor = (select max(id) + 1 from rolecall.outbox), next_floor_xid = '3';
select rolecall_internal.move_fork_floor(next_floor + 1, pg_current_xact_id(), (select min(enabled_at) from rolecall.webhooks))
from rolecall.outbox_fork;
select is((select floor > (select max(id) from rolecall.outbox) from rolecall.outbox_fork), true, 'the floor passes them');
delete from rolecall.outbox;

-- Nothing without a webhook
delete from rolecall.webhooks;
select pg_temp.say_often(1);
select is(pg_temp.fork(false), 0::bigint, 'without a webhook nothing is forked');
select pg_temp.publish();
select is((select count(*) from rolecall.webhook_deliveries), 4::bigint, 'nor by settle; what a removed webhook leaves behind');
select is(rolecall_internal.tidy_webhooks(3), 3::bigint, 'goes in steps');
select is(rolecall_internal.tidy_webhooks(3), 1::bigint, 'to the end');

select is(
  pg_temp.relay('fork', request) ->> 'ok', 'true', format('%s is no reason to fail', request)
)
from unnest(array['{}', '{"limit": "x"}', '{"limit": -1}', '{"settle": "yes"}']::jsonb[]) as request;
select * from finish();
rollback;
