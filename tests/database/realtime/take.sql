-- How the outbox is taken and settled, and who leads.
begin;
\ir ../support/calls.psql
\ir ../support/relay.psql
select no_plan();
update rolecall.rate_limits set capacity = 100000;

create function pg_temp.rows(p_request jsonb default '{}')
returns text
language sql
as $$
  select coalesce(string_agg(taken ->> 'id', ' '), 'none')
  from jsonb_array_elements(pg_temp.relay('take', p_request) #> '{data,rows}') as taken
$$;

-- Leading
select is(
  pg_temp.relay('lead', '{"relay": "x"}') ->> 'code',
  'invalid_input',
  'a relay has a uuid'
);
select is((select is_wanted from rolecall.relay), false, 'what is no relay wants nothing');
select pg_temp.lead();
select is(
  (select format('%s %s %s', pg_temp.short(relay), version, leads) from rolecall.relays),
  'f1 pgtap t',
  'who leads is known'
);
select ok((select is_wanted from rolecall.relay), 'and from then on the outbox is written');

-- What health says of it.
create function pg_temp.relayed()
returns jsonb
language sql
return rolecall_edge.health('{}') #> '{data,relayed}';
select is(pg_temp.relayed(), 'true', 'a relay that leads publishes');
update rolecall.relays set seen_at = now() - interval '14 seconds';
select is(pg_temp.relayed(), 'true', 'also when it was seen a moment ago');
update rolecall.relays set seen_at = now() - interval '16 seconds';
select is(pg_temp.relayed(), 'false', 'but not one that was seen long ago');
update rolecall.relays set seen_at = now(), leads = false;
select is(pg_temp.relayed(), 'false', 'nor one that waits');
update rolecall.relays set leads = true;
insert into rolecall.outbox (type, made_at) values ('resync', now() - interval '14 seconds');
select is(pg_temp.relayed(), 'true', 'what waits for a moment is on its way');
update rolecall.outbox set made_at = now() - interval '16 seconds';
insert into rolecall.outbox (type) values ('resync');
select is(pg_temp.relayed(), 'false', 'what waits longer is not published');
delete from rolecall.outbox;
select is(pg_temp.relayed(), 'true', 'until it is');

-- Order, after and limit
select pg_temp.ask('send_dm', pg_temp.demo(1), jsonb_build_object('recipient_id', pg_temp.demo(4), 'content', 'Message ' || number))
from generate_series(1, 5) as number;
create temporary table made as
select id, row_number() over (order by id) as number
from rolecall.outbox;
create function pg_temp.made(p_from int, p_to int)
returns text
language sql
return (select string_agg(id::text, ' ' order by id) from made where number between p_from and p_to);
create function pg_temp.id(p_number int)
returns text
language sql
return (select id::text from made where number = p_number);

select is(pg_temp.rows(), pg_temp.made(1, 5), 'the oldest comes first');
select is(pg_temp.rows('{"limit": 2}'), pg_temp.made(1, 2), 'as many as are asked for');
select is(pg_temp.rows('{"limit": 0}'), pg_temp.made(1, 1), 'but one at least');
select is(pg_temp.rows('{"limit": 100000}'), pg_temp.made(1, 5), 'and 500 at most');
select is(pg_temp.rows(jsonb_build_object('after', pg_temp.id(3))), pg_temp.made(4, 5), 'what comes after one');
select is(pg_temp.rows('{"after": null}'), pg_temp.made(1, 5), 'or after none');
select is(pg_temp.rows('{"after": "x; drop table"}'), pg_temp.made(1, 5), 'or after what is no id');
select is(pg_temp.rows(), pg_temp.made(1, 5), 'what is not settled comes again');
select ok(
  (pg_temp.relay('take', '{}') #>> '{data,lag_ms}')::numeric between 0 and 60000,
  'how old the oldest is'
);

-- Settling
select is(
  pg_temp.relay('settle', jsonb_build_object('ids', jsonb_build_array(pg_temp.id(1), pg_temp.id(3)))),
  '{"ok": true, "data": {"settled": 2}}',
  'what is settled'
);
select is(
  pg_temp.rows(),
  format('%s %s %s', pg_temp.id(2), pg_temp.id(4), pg_temp.id(5)),
  'is gone, and nothing else'
);
select is(
  pg_temp.relay('settle', jsonb_build_object('ids', jsonb_build_array(pg_temp.id(1), pg_temp.id(3), '999999999999'))),
  '{"ok": true, "data": {"settled": 0}}',
  'settled once more it changes nothing'
);
select is(pg_temp.relay('settle', '{"ids": []}'), '{"ok": true, "data": {"settled": 0}}', 'nor does nothing');
select is(pg_temp.relay('settle', ids) ->> 'code', 'invalid_input', format('%s is no list of ids', ids))
from unnest(array['{}', '{"ids": "1"}', '{"ids": ["x"]}', '{"ids": [null]}', '{"ids": ["-1"]}']::jsonb[]) as ids;

-- A take stays short
select pg_temp.forget();
insert into rolecall.outbox (type, domain, conversations, seqs)
select 'message.created', 'conversations', array_fill((select id from rolecall.conversations limit 1), array[400]), array_fill(1::bigint, array[400])
from generate_series(1, 4);
select is(jsonb_array_length(pg_temp.relay('take', '{}') #> '{data,rows}'), 2, 'about a thousand events');
delete from rolecall.outbox;
insert into rolecall.outbox (type, domain, conversations, seqs)
select 'message.created', 'conversations', array_fill((select id from rolecall.conversations limit 1), array[1500]), array_fill(1::bigint, array[1500])
from generate_series(1, 2);
select is(jsonb_array_length(pg_temp.relay('take', '{}') #> '{data,rows}'), 1, 'or one row that has more');

-- Rows of which nobody is to hear
select pg_temp.forget();
insert into rolecall.outbox (type, domain, conversations, seqs, users, messages)
values
  ('message.created', 'conversations', array[gen_random_uuid()], array[1], null, null),
  ('message.changed', 'help', array[gen_random_uuid()], null, null, array[gen_random_uuid()]),
  ('message.created', 'threads', array[gen_random_uuid()], array[1], null, null),
  ('read', 'threads', array[null::uuid], array[null::bigint], array[null::uuid], null),
  ('typing', 'conversations', array[gen_random_uuid()], null, array[gen_random_uuid()], null),
  ('presence', null, null, null, array[gen_random_uuid()], null),
  ('conversation.changed', 'help', array[gen_random_uuid()], null, null, null),
  ('message.created', null, null, null, null, null),
  ('notification', null, null, null, array[pg_temp.demo(1)], null);
insert into rolecall.outbox (type, domain, conversations, seqs, is_wide)
values ('message.created', 'conversations', array[gen_random_uuid()], array[1], true), ('resync', null, null, null, true);
select is(pg_temp.publish(), 11::bigint, 'what is about nothing that exists is settled all the same');
select is(pg_temp.heard(), 'nothing', 'and nobody hears of it');

-- A broadcast to many who are online: a page at a time
insert into rolecall.profiles (id, role)
select ('00000000-0000-4000-9000-' || lpad(number::text, 12, '0'))::uuid, 'attendee'
from generate_series(1, 2500) as number;
insert into rolecall.show_participants (show_id, user_id, role)
select pg_temp.demo(11), ('00000000-0000-4000-9000-' || lpad(number::text, 12, '0'))::uuid, 'attendee'
from generate_series(1, 2500) as number
-- One in a hundred only looks.
where number % 100 <> 0;
insert into rolecall.presence (user_id)
select ('00000000-0000-4000-9000-' || lpad(number::text, 12, '0'))::uuid
from generate_series(1, 2500) as number;
select pg_temp.forget();
select is(
  pg_temp.verdict(
    pg_temp.ask(
      'send_broadcast',
      pg_temp.demo(5),
      jsonb_build_object('show_id', pg_temp.demo(11), 'recipient_roles', '["attendee"]'::jsonb, 'message', message)
    )
  ),
  'ok',
  message
)
from unnest('{Doors open at nine.,And close at ten.}'::text[]) as message;
select pg_temp.ask('send_dm', pg_temp.demo(1), jsonb_build_object('recipient_id', pg_temp.demo(4), 'content', 'Behind it'));
create temporary table page (number int, rows jsonb);
create function pg_temp.next_page(p_number int, p_after text default null)
returns void
language sql
as $$
  insert into page
  select p_number, pg_temp.relay('take', jsonb_build_object('after', p_after)) #> '{data,rows}'
$$;
create function pg_temp.settle_page(p_number int)
returns jsonb
language sql
as $$
  select pg_temp.relay('settle', jsonb_build_object('ids', (select jsonb_agg(r -> 'id') from jsonb_array_elements(rows) as r))) -> 'data'
  from page
  where number = p_number
$$;
select pg_temp.next_page(1);
select is(
  (select format('%s %s', jsonb_array_length(rows), jsonb_array_length(rows #> '{0,events,0,to}')) from page where number = 1),
  '2 991',
  'a take has a page of its audience, and who sent it'
);
select is(
  (select rows #>> '{1,events,0,event,message,content}' from page where number = 1),
  'Behind it',
  'and what is behind it, but no second broadcast'
);
select pg_temp.next_page(2);
select is(
  (select rows from page where number = 2),
  (select rows from page where number = 1),
  'the same page comes until it is settled'
);
select is(pg_temp.settle_page(1), '{"settled": 2}', 'it is');
select pg_temp.next_page(3, (select rows #>> '{0,id}' from page where number = 1));
select is(
  (
    select format(
      '%s %s %s',
      jsonb_array_length(rows),
      rows #>> '{0,id}' = (select rows #>> '{0,id}' from page where number = 1),
      jsonb_array_length(rows #> '{0,events,0,to}')
    )
    from page
    where number = 3
  ),
  '1 t 990',
  'then comes the next page of it, before the second one, whatever after says'
);
select pg_temp.settle_page(3);
select pg_temp.next_page(4);
select is(
  (select format('%s %s', jsonb_array_length(rows), jsonb_array_length(rows #> '{0,events,0,to}')) from page where number = 4),
  '1 495',
  'and the last one'
);
select pg_temp.settle_page(4);
select pg_temp.next_page(5);
select is(
  (select rows #>> '{0,events,0,event,message,content}' from page where number = 5),
  'And close at ten.',
  'and then the next broadcast'
);
select is(
  (
    select format('%s %s', count(*), count(distinct who))
    from page
    cross join jsonb_array_elements_text(rows #> '{0,events,0,to}') as who
    where number in (1, 3, 4)
  ),
  '2476 2476',
  'everybody in the audience who is online hears it once, and the sender; who only looks does not'
);
select is(
  (select count(distinct rows #> '{0,events,0,event}') from page where number in (1, 3, 4)),
  1::bigint,
  'the same event'
);

-- Rows that no relay publishes
select pg_temp.forget();
select pg_temp.ask('send_dm', pg_temp.demo(1), jsonb_build_object('recipient_id', pg_temp.demo(4), 'content', 'Kept'));
select is(rolecall_internal.tidy_outbox(), 0::bigint, 'what is young is kept');
update rolecall.relay set resync_due = false;
update rolecall.outbox set made_at = now() - interval '61 minutes';
select pg_temp.ask('send_dm', pg_temp.demo(1), jsonb_build_object('recipient_id', pg_temp.demo(4), 'content', 'Kept'));
select is(rolecall_internal.tidy_outbox(), 1::bigint, 'what has waited for an hour is given up');
select is((select count(*) from rolecall.outbox), 1::bigint, 'and nothing else');
select ok((select is_wanted and resync_due from rolecall.relay), 'for which everybody is to sync');
select pg_temp.lead();
select is((select count(*) from rolecall.outbox where type = 'resync'), 0::bigint, 'not at once');
update rolecall.relay set wanted_since = now() - interval '11 seconds';
select pg_temp.lead();
select pg_temp.lead();
select is((select count(*) from rolecall.outbox where type = 'resync'), 1::bigint, 'but once');
delete from rolecall.presence where user_id > '00000000-0000-4000-9000-000000000003';
select is(pg_temp.heard(), 'message.created: 01 04, resync: 01 02 03', 'everybody who is online hears it');
select ok(not (select resync_due from rolecall.relay), 'and that is that');

-- Without a relay
insert into rolecall.outbox (type, domain, conversations, seqs)
select 'message.created', 'conversations', array[id], array[1]
from rolecall.conversations
cross join generate_series(1, 10)
limit 10;
insert into rolecall.typing values (gen_random_uuid(), gen_random_uuid(), now() - interval '2 minutes'), (gen_random_uuid(), gen_random_uuid(), now());
update rolecall.relays set seen_at = now() - interval '59 minutes';
select is(rolecall_internal.tidy_outbox(4), 0::bigint, 'a relay that was there within the hour is waited for');
select is((select count(*) from rolecall.typing), 1::bigint, 'who typed a minute ago is forgotten');
update rolecall.relays set seen_at = now() - interval '61 minutes';
select is(rolecall_internal.tidy_outbox(4), 4::bigint, 'then what waits goes, in steps');
select ok(not (select is_wanted from rolecall.relay), 'and nothing is wanted any more');
select pg_temp.ask('send_dm', pg_temp.demo(1), jsonb_build_object('recipient_id', pg_temp.demo(4), 'content', 'Unheard'));
select is((select count(*) from rolecall.outbox), 6::bigint, 'nothing is written then');
select is((select count(*) from rolecall.presence), 0::bigint, 'and nobody is known to be online');
select rolecall_internal.tidy_outbox(4), rolecall_internal.tidy_outbox(4);
select is((select count(*) from rolecall.outbox), 0::bigint, 'until all is gone');
select is(
  (pg_temp.ask_as_operator('alerts', p_input => '{"receiver": false}') ->> 'ok')::boolean,
  true,
  'the job of every minute does it'
);
select pg_temp.lead(2);
select ok((select is_wanted and resync_due from rolecall.relay), 'a relay that comes then has everybody sync');

-- The operator's view
select is(
  (select format('%s %s %s %s', is_wanted, waiting, pg_temp.short(leading_relay), relays) from rolecall_monitoring.outbox),
  't 0 f2 1',
  'the operator sees who leads'
);
select is_empty($$ select from rolecall_monitoring.alerts where name = 'realtime_lag' $$, 'nothing waits');
insert into rolecall.outbox (type, made_at)
values ('resync', clock_timestamp() - interval '4 seconds');
select is_empty($$ select from rolecall_monitoring.alerts where name = 'realtime_lag' $$, 'four seconds are no alert');
update rolecall.outbox set made_at = clock_timestamp() - interval '6 seconds';
select isnt_empty($$ select from rolecall_monitoring.alerts where name = 'realtime_lag' $$, 'six are');
update rolecall.relay set is_wanted = false;
select is_empty($$ select from rolecall_monitoring.alerts where name = 'realtime_lag' $$, 'unless there is no relay at all');
select * from finish();
rollback;
