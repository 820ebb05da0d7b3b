-- An owner settles a text of which nobody knows whether the carrier has it.
begin;
\ir ../support/calls.psql
\ir ../support/outbox.psql
select no_plan();

create function pg_temp.person(p_number int)
returns uuid
language sql
return ('00000000-0000-4000-9100-0000000000' || lpad(p_number::text, 2, '0'))::uuid;
insert into rolecall.organizations (id, name) values ('00000000-0000-4000-9000-000000000002', 'Claws');
insert into rolecall.profiles (id, display_name, organization_id, organization_role)
select
  pg_temp.person(number),
  'Somebody',
  case when number < 10 then pg_temp.organization() else '00000000-0000-4000-9000-000000000002'::uuid end,
  role
from (values (1, 'owner'), (2, 'admin'), (3, 'sitter'), (4, 'client'), (11, 'owner')) as person (number, role);
insert into rolecall.feature_flag_overrides (name, organization_id, rollout)
select flag, organization_id, 'enabled'
from unnest(array['messaging_v1', 'sitter_messages_v1']) as flag
cross join (select distinct organization_id from rolecall.profiles where id::text like '%-9100-%') as organization;
update rolecall.feature_flags set rollout = 'enabled' where name = 'messaging_v2_enabled';
update rolecall.rate_limits set capacity = null;

create function pg_temp.message_of(p_text uuid)
returns uuid
language sql
return (
  select message.id
  from rolecall.sms_outbox as outbox
  join rolecall.thread_messages as message using (organization_id, thread_id, seq)
  where outbox.id = p_text
);
create function pg_temp.say(p_person int, p_text uuid, p_outcome text)
returns text
language sql
return (
  select concat_ws(' ', pg_temp.verdict(answer), answer #>> '{data,delivery}')
  from pg_temp.ask(
    'settle_text',
    pg_temp.person(p_person),
    jsonb_build_object('message_id', pg_temp.message_of(p_text), 'outcome', p_outcome)
  ) as answer
);
create temporary table text_ (name text primary key, id uuid);
create function pg_temp.id(p_name text)
returns uuid
language sql
return (select id from text_ where name = p_name);
insert into text_ values ('a', pg_temp.text_to(1, 'a')), ('b', pg_temp.text_to(2, 'b')), ('c', pg_temp.text_to(3, 'c'));
create temporary table claim as select pg_temp.claim() as claim;
select pg_temp.settle(claim, '{"outcome": "uncertain"}') from claim;

select is(pg_temp.say(3, pg_temp.id('a'), 'sent') like 'permission_denied%', true, 'a sitter does not say it');
select is(pg_temp.say(4, pg_temp.id('a'), 'sent') like 'permission_denied%', true, 'nor does a client');
select is(pg_temp.say(11, pg_temp.id('a'), 'sent') like 'not_found%', true, 'another organisation finds no such text');
select is(pg_temp.say(1, gen_random_uuid(), 'sent') like 'not_found%', true, 'nor does anybody find one that there is not');
select is(pg_temp.say(1, pg_temp.id('a'), 'perhaps'), 'validation_error/unknown_value', 'an owner says the one or the other');
select is(pg_temp.standing(pg_temp.id('a')), 'uncertain 1', 'and nothing was changed');

select is(pg_temp.say(1, pg_temp.id('a'), 'sent'), 'ok sent', 'the carrier had it');
select is(pg_temp.say(2, pg_temp.id('a'), 'sent'), 'ok sent', 'said twice it is done once');
select is(pg_temp.say(1, pg_temp.id('a'), 'not_sent'), 'already_sent/already_sent', 'and stands');
select is(pg_temp.standing(pg_temp.id('a')), 'sent 1', 'in row and message');

select is(pg_temp.say(2, pg_temp.id('b'), 'not_sent'), 'ok queued', 'the carrier had it not');
select is(pg_temp.standing(pg_temp.id('b')), 'queued 0', 'it is on its way again, with all its attempts');
select is(pg_temp.say(2, pg_temp.id('b'), 'not_sent'), 'ok queued', 'said twice it is sent once');
select is(pg_temp.say(2, pg_temp.id('b'), 'sent'), 'invalid_input', 'what is still to be sent was not sent');
select pg_temp.settle(claim, '{"outcome": "sent", "carrier_sid": "SM0"}') from claim;
select is(pg_temp.standing(pg_temp.id('b')), 'queued 0', 'what the earlier delivery says late is about its own attempt');
update claim set claim = pg_temp.claim();
select is(pg_temp.contents(claim), 'b', 'it is claimed') from claim;
select is(pg_temp.say(2, pg_temp.id('b'), 'not_sent'), 'ok queued', 'while it is on its way nothing changes');
select pg_temp.settle(claim, '{"outcome": "dead", "error_code": 30007}') from claim;
select is(pg_temp.say(1, pg_temp.id('b'), 'sent'), 'invalid_input', 'what the carrier refused it has not');
select is(pg_temp.say(1, pg_temp.id('b'), 'not_sent'), 'ok queued', 'a dead text can be sent again');
select is(pg_temp.standing(pg_temp.id('b')), 'queued 0');

-- A client who wants no more texts.
insert into rolecall.opt_outs (organization_id, client_id, source)
values (pg_temp.organization(), pg_temp.client(3), 'keyword');
select is(pg_temp.say(1, pg_temp.id('c'), 'not_sent') like 'client_opted_out%', true, 'gets none again');
select is(pg_temp.say(1, pg_temp.id('c'), 'sent'), 'ok sent', 'but what was sent was sent');

-- What the carrier has said stands.
update rolecall.sms_outbox set status = 'undelivered', error_code = 30003 where id = pg_temp.id('c');
select is(pg_temp.say(1, pg_temp.id('c'), 'sent'), 'ok undelivered', 'the carrier knows better');
select is(pg_temp.say(1, pg_temp.id('c'), 'not_sent') ~ '^(already_sent|client_opted_out)', true);
select is(
  (select count(*) from rolecall.application_logs where event = 'text_settled' and org_id = pg_temp.organization()) > 0,
  true,
  'who said it is in the log'
);

select * from finish();
rollback;
