-- Claim and settlement of the texts on their way to the carrier. Time passes by moving the rows back.
begin;
\ir ../support/calls.psql
\ir ../support/outbox.psql
select no_plan();

create temp table sent (name text primary key, id uuid, claim jsonb);
grant all on sent to public;
create function pg_temp.id(p_name text)
returns uuid
language sql
return (select id from sent where name = p_name);
create function pg_temp.of(p_name text)
returns jsonb
language sql
return (select claim from sent where name = p_name);
create function pg_temp.hours_pass(p_interval interval)
returns void
language sql
as $$
  update rolecall.sms_outbox
  set
    next_attempt_at = next_attempt_at - p_interval,
    first_attempt_at = first_attempt_at - p_interval,
    leased_until = leased_until - p_interval,
    updated_at = updated_at - p_interval
$$;

-- A row comes with its message, once.
insert into sent (name, id) values ('a1', pg_temp.text_to(1, 'a1')), ('a2', pg_temp.text_to(1, 'a2')), ('b1', pg_temp.text_to(2, 'b1'));
select is(pg_temp.standing(pg_temp.id('a1')), 'queued 0', 'a text waits with its message');
select throws_ok(
  $$ select rolecall_internal.enqueue_sms(message) from rolecall.thread_messages as message where content = 'a1' $$,
  '23505', null, 'a message is on its way once'
);

-- Who may claim.
select is(
  pg_temp.verdict(pg_temp.ask('claim_sms', pg_temp.demo(1), '{"lease": true}')), 'permission_denied/operator_only',
  'a user cannot claim'
);
select is(
  pg_temp.verdict(pg_temp.ask('settle_sms', pg_temp.demo(1), '{}')), 'permission_denied/operator_only',
  'nor settle'
);

-- Without a carrier everything waits.
select is(
  pg_temp.deliver('claim_sms', '{"lease": false}') - 'lease', '{"messages": [], "expired": 0, "waiting": 3}'::jsonb,
  'without a carrier nothing is claimed, and the answer says how many wait'
);

-- Order in a thread.
insert into sent (name, claim) values ('first', pg_temp.claim());
select is(pg_temp.contents(pg_temp.of('first')), 'a1, b1', 'of each thread the oldest text is claimed alone');
select is(
  (
    select message - 'id'
    from jsonb_array_elements(pg_temp.of('first') -> 'messages') as message
    where message ->> 'body' = 'a1'
  ),
  '{"to": "+12025550111", "from": "+12025550100", "body": "a1", "media_urls": []}'::jsonb,
  'the claim joins what the carrier has to know'
);
select is(pg_temp.standing(pg_temp.id('a1')), 'leased (queued) 1', 'the message still reads queued');
select is(pg_temp.contents(pg_temp.claim()), 'none', 'what is leased is claimed by nobody else, nor what comes after it');
select is(
  pg_temp.settle(pg_temp.of('first'), '{"outcome": "sent", "carrier_sid": "SM1"}'), '{"settled": 2, "given_up": 0}', 'both are settled'
);
select is(pg_temp.standing(pg_temp.id('a1')), 'sent 1 SM1', 'the message follows in the same statement');
select is(
  pg_temp.settle(pg_temp.of('first'), '{"outcome": "uncertain"}'), '{"settled": 0, "given_up": 0}',
  'a settlement that is repeated changes nothing'
);

-- What was refused for now is tried again, and holds up its thread.
insert into sent (name, claim) values ('second', pg_temp.claim());
select is(pg_temp.contents(pg_temp.of('second')), 'a2', 'then the next text of the thread');
insert into sent (name, id) values ('a3', pg_temp.text_to(1, 'a3'));
select lives_ok($$ select pg_temp.settle(pg_temp.of('second'), '{"outcome": "retry", "error_code": 503}') $$);
select is(pg_temp.standing(pg_temp.id('a2')), 'queued 1 503', 'a text that the carrier could not take waits');
select is(pg_temp.contents(pg_temp.claim()), 'none', 'and those of its thread wait with it');
select pg_temp.hours_pass('4.9 seconds');
select is(pg_temp.contents(pg_temp.claim()), 'none', 'for five seconds');
select pg_temp.hours_pass('1.2 seconds');
update sent set claim = pg_temp.claim() where name = 'second';
select is(pg_temp.contents(pg_temp.of('second')), 'a2', 'and then it is the first again');
select lives_ok($$ select pg_temp.settle(pg_temp.of('second'), '{"outcome": "retry", "error_code": 429, "retry_after_seconds": 60}') $$);
select pg_temp.hours_pass('59.9 seconds');
select is(pg_temp.contents(pg_temp.claim()), 'none', 'Retry-After is waited for');
select pg_temp.hours_pass('0.2 seconds');
update sent set claim = pg_temp.claim() where name = 'second';
select is(pg_temp.contents(pg_temp.of('second')), 'a2', 'and not longer');
select pg_temp.settle(pg_temp.of('second'), '{"outcome": "dead", "error_code": 21211}');
select is(pg_temp.standing(pg_temp.id('a2')), 'dead 3 21211', 'a text that the carrier refuses is dead at once');
update sent set claim = pg_temp.claim() where name = 'second';
select is(pg_temp.contents(pg_temp.of('second')), 'a3', 'and holds up nobody');
select pg_temp.settle(pg_temp.of('second'), '{"outcome": "released"}');
select is(pg_temp.standing(pg_temp.id('a3')), 'queued 0', 'what was not tried has no attempt');
select is(
  (select first_attempt_at from rolecall.sms_outbox where id = pg_temp.id('a3')), null, 'and no hour that has begun'
);

-- Eight attempts in an hour.
do $$
declare
  v_claim jsonb;
begin
  for v_attempt in 1..8 loop
    v_claim := pg_temp.claim();
    perform pg_temp.settle(v_claim, '{"outcome": "retry", "error_code": 500}');
    if v_attempt = 7 then
      insert into sent (name, claim) values ('seven', to_jsonb(pg_temp.standing(pg_temp.id('a3'))));
    end if;
    perform pg_temp.hours_pass(greatest(max(next_attempt_at) - now(), '0')) from rolecall.sms_outbox where status = 'queued';
  end loop;
end
$$;
select is(pg_temp.of('seven') #>> '{}', 'queued 7 500', 'seven attempts are not enough');
select is(pg_temp.standing(pg_temp.id('a3')), 'dead 8 500', 'after the eighth it is dead');
select cmp_ok(
  (select now() - first_attempt_at from rolecall.sms_outbox where id = pg_temp.id('a3')), '<', interval '1 hour',
  'all within an hour'
);
insert into sent (name, id) values ('a4', pg_temp.text_to(1, 'a4'));
select is(
  pg_temp.settle(pg_temp.claim(), '{"outcome": "retry", "error_code": 429, "retry_after_seconds": 3601}') -> 'given_up', '1',
  'what is not tried again is counted'
);
select is(pg_temp.standing(pg_temp.id('a4')), 'dead 1 429', 'a carrier that asks for more than the hour gets it no more');

-- A lease that runs out.
insert into sent (name, id) values ('a5', pg_temp.text_to(1, 'a5')), ('a6', pg_temp.text_to(1, 'a6'));
insert into sent (name, claim) values ('lost', pg_temp.claim());
select is(pg_temp.contents(pg_temp.of('lost')), 'a5');
select pg_temp.hours_pass('59 seconds');
select is((pg_temp.claim() ->> 'expired')::int, 0, 'a lease is good for a minute');
select pg_temp.hours_pass('1.1 seconds');
insert into sent (name, claim) values ('after', pg_temp.claim());
select is((pg_temp.of('after') ->> 'expired')::int, 1, 'and not longer');
select is(pg_temp.standing(pg_temp.id('a5')), 'uncertain 1', 'then nobody knows whether the text was sent');
select is(pg_temp.contents(pg_temp.of('after')), 'a6', 'and it holds up nobody');
select pg_temp.settle(pg_temp.of('lost'), '{"outcome": "sent", "carrier_sid": "SM5"}');
select is(pg_temp.standing(pg_temp.id('a5')), 'sent 1 SM5', 'what the delivery says late still counts');
select pg_temp.settle(pg_temp.of('after'), '{"outcome": "uncertain"}');
select pg_temp.hours_pass('30 days');
select is(pg_temp.contents(pg_temp.claim()), 'none', 'an uncertain text is never sent again by itself');
select pg_temp.settle(pg_temp.of('lost'), '{"outcome": "retry"}');
select is(pg_temp.standing(pg_temp.id('a6')), 'uncertain 1', 'and another lease does not settle it');

-- A status callback that came first stands.
insert into sent (name, id) values ('b2', pg_temp.text_to(2, 'b2'));
insert into sent (name, claim) values ('early', pg_temp.claim());
update rolecall.sms_outbox set status = 'delivered', leased_until = null where id = pg_temp.id('b2');
select pg_temp.settle(pg_temp.of('early'), '{"outcome": "sent", "carrier_sid": "SM7"}');
select is(pg_temp.standing(pg_temp.id('b2')), 'delivered 1 SM7', 'the settlement adds the carrier''s id alone');

-- Clients who want no texts, or are erased.
insert into sent (name, id)
values ('c1', pg_temp.text_to(3, 'c1')), ('d1', pg_temp.text_to(4, 'd1')), ('d2', pg_temp.text_to(4, 'd2')), ('e1', pg_temp.text_to(5, 'e1'));
insert into rolecall.opt_outs (organization_id, client_id, source)
values (pg_temp.organization(), pg_temp.client(3), 'keyword');
update rolecall.clients set phone = null, erased_at = now() where id = pg_temp.client(5);
insert into sent (name, claim) values ('stopped', pg_temp.claim());
select is(pg_temp.contents(pg_temp.of('stopped')), 'd1', 'nothing of an opted-out or erased client is claimed');
select is(pg_temp.standing(pg_temp.id('c1')), 'dead 0 21610', 'the text of an opted-out client is dead');
select is(pg_temp.standing(pg_temp.id('e1')), 'dead 0', 'and that of an erased one');
select pg_temp.settle(pg_temp.of('stopped'), '{"outcome": "dead", "error_code": 21610}');
select is(
  (select source from rolecall.opt_outs where client_id = pg_temp.client(4)), 'carrier', '21610 of the carrier opts out'
);
select is(pg_temp.contents(pg_temp.claim()), 'none', 'and the client is sent nothing more');
select is(pg_temp.standing(pg_temp.id('d2')), 'dead 0 21610');
select pg_temp.settle(pg_temp.of('stopped'), '{"outcome": "dead", "error_code": 21610}');
select is((select count(*) from rolecall.opt_outs where client_id = pg_temp.client(4)), 1::bigint, 'once');

-- A claim is bounded.
insert into rolecall.clients (organization_id, phone)
select pg_temp.organization(), '+1202555' || lpad(number::text, 4, '0')
from generate_series(1000, 1059) as number;
insert into rolecall.message_threads (organization_id, client_id, number_id, number_class)
select client.organization_id, client.id, number.id, number.class
from rolecall.clients as client
join rolecall.message_numbers as number
  on number.organization_id = client.organization_id
where client.display_name is null
  and client.organization_id = pg_temp.organization();
update rolecall.clients set display_name = 'Client ' || right(phone, 4) where display_name is null and organization_id = pg_temp.organization();
select count(pg_temp.text_to(number, 'many')) from generate_series(1000, 1059) as number;
select is(jsonb_array_length(pg_temp.claim() -> 'messages'), 50, 'a claim takes fifty texts at most');
select is(jsonb_array_length(pg_temp.claim() -> 'messages'), 10, 'and the next the rest');

select * from finish();
rollback;
