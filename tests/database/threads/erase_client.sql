-- A client is erased by the operator: number, name and contents go, the thread stays.
begin;
\ir ../support/calls.psql
select no_plan();

create temporary table org (name text primary key, id uuid default gen_random_uuid());
insert into org (name) values ('ours'), ('theirs');
insert into rolecall.organizations (id, name)
select id, name from org;
create function pg_temp.org(p_name text)
returns uuid
language sql
return (select id from org where name = p_name);
insert into rolecall.profiles (id, display_name, organization_id, organization_role)
select pg_temp.demo(number), 'Somebody', pg_temp.org('ours'), role
from (values (81, 'sitter'), (82, 'client'), (83, 'owner')) as person (number, role);
insert into rolecall.message_numbers (id, organization_id, e164, class)
values (pg_temp.demo(70), pg_temp.org('ours'), '+12025550111', 'front_desk');
insert into rolecall.clients (id, organization_id, user_id, display_name, phone)
values
  (pg_temp.demo(90), pg_temp.org('ours'), pg_temp.demo(82), 'Cara', '+12025550190'),
  (pg_temp.demo(91), pg_temp.org('ours'), null, 'Carl', '+12025550191');
insert into rolecall.message_threads (id, organization_id, client_id, number_id, number_class, scope)
values
  (pg_temp.demo(60), pg_temp.org('ours'), pg_temp.demo(90), pg_temp.demo(70), 'front_desk', 'client'),
  (pg_temp.demo(61), pg_temp.org('ours'), pg_temp.demo(91), pg_temp.demo(70), 'front_desk', 'client'),
  (pg_temp.demo(62), pg_temp.org('ours'), null, pg_temp.demo(70), 'front_desk', 'owner_inbox');
insert into rolecall.bookings (organization_id, id, client_id, service, starts_at, ends_at, sitter_id, status)
values (pg_temp.org('ours'), pg_temp.demo(50), pg_temp.demo(90), 'walk', now(), now() + interval '1 hour', pg_temp.demo(81), 'confirmed');
insert into rolecall.assignment_windows (organization_id, thread_id, booking_id, sitter_id, starts_at, ends_at)
values (pg_temp.org('ours'), pg_temp.demo(60), pg_temp.demo(50), pg_temp.demo(81), now(), now() + interval '1 hour');

-- Messages of every kind, in the client's thread and about them in the owner inbox.
insert into rolecall.thread_messages (
  organization_id, thread_id, seq, id, inbox_seq, direction, kind, client_id, content, media_urls, delivery
)
select pg_temp.org('ours'), pg_temp.demo(thread), seq, pg_temp.demo(id), inbox_seq, direction, kind, pg_temp.demo(client),
  'Secret ' || id, array['https://media.example/' || id], delivery
from (
  values
    (60, 1, 10, null::bigint, 'inbound', 'text', 90, 'received'),
    (60, 2, 11, null, 'outbound', 'text', 90, 'queued'),
    (60, 3, 12, null, 'outbound', 'text', 90, 'dead'),
    (60, 4, 13, null, 'outbound', 'text', 90, 'delivered'),
    (60, 5, 14, null, 'inbound', 'text', 90, 'blocked'),
    (60, 6, 15, null, 'outbound', 'automatic_reply', 90, 'sent'),
    (60, 7, 16, null, 'outbound', 'text', 90, 'queued'),
    (62, 1, 17, 1, 'internal', 'notice', 90, 'shown'),
    (62, 2, 18, 2, 'internal', 'notice', 91, 'shown'),
    (61, 1, 19, null, 'inbound', 'text', 91, 'received')
) as message (thread, seq, id, inbox_seq, direction, kind, client, delivery);
insert into rolecall.sms_outbox (organization_id, thread_id, seq, status, lease, leased_until)
select organization_id, thread_id, seq,
  case when id = pg_temp.demo(16) then 'leased' else delivery end,
  case when id = pg_temp.demo(16) then gen_random_uuid() end,
  case when id = pg_temp.demo(16) then now() + interval '1 minute' end
from rolecall.thread_messages
where id in (pg_temp.demo(11), pg_temp.demo(12), pg_temp.demo(13), pg_temp.demo(16));
insert into rolecall.anti_poaching_attempts (
  organization_id, thread_id, message_id, direction, client_id, violations, redacted_content, forced_at, forced_reason
)
values (
  pg_temp.org('ours'), pg_temp.demo(60), pg_temp.demo(14), 'inbound', pg_temp.demo(90), '{phone}', 'Secret', now(), 'Cara is known.'
);
insert into rolecall.routing_decisions (organization_id, thread_id, seq, target, reason, number_class, sender, recipient)
select pg_temp.org('ours'), pg_temp.demo(thread), 1, 'owner_inbox', 'no_window', 'front_desk', sender, '[phone …0111]'
from (values (60, '[phone …0190]'), (61, '[phone …0191]')) as decision (thread, sender);

create function pg_temp.erase(p_org uuid, p_client uuid)
returns jsonb
language sql
return pg_temp.ask_as_operator(
  'erase_client', p_input => jsonb_build_object('organization_id', p_org, 'client_id', p_client)
);
create function pg_temp.contents(p_client int)
returns text
language sql
return (
  select string_agg(coalesce(content, '-'), ',' order by thread_id, seq)
  from rolecall.thread_messages
  where client_id = pg_temp.demo(p_client)
);

-- Refusals
select is(
  pg_temp.verdict(pg_temp.ask('erase_client', pg_temp.demo(83), jsonb_build_object('organization_id', pg_temp.org('ours'), 'client_id', pg_temp.demo(90)))),
  'permission_denied/operator_only',
  'an owner does not'
);
select is(pg_temp.verdict(pg_temp.erase(pg_temp.org('theirs'), pg_temp.demo(90))), 'not_found', 'not the client of another organisation');
select is(pg_temp.verdict(pg_temp.erase(pg_temp.org('ours'), pg_temp.demo(92))), 'not_found', 'nor an unknown one');
select is(pg_temp.verdict(pg_temp.erase(gen_random_uuid(), pg_temp.demo(90))), 'not_found', 'nor of an unknown organisation');
select is(pg_temp.contents(90), (select string_agg('Secret ' || id, ',') from generate_series(10, 17) as id), 'nothing is erased');

-- The client
select is(pg_temp.verdict(pg_temp.erase(pg_temp.org('ours'), pg_temp.demo(90))), 'ok', 'the client is erased');
select is(
  (select format('%s %s %s %s', phone, display_name, user_id, erased_at is not null) from rolecall.clients where id = pg_temp.demo(90)),
  '   t',
  'number, name and account are gone'
);
select is(pg_temp.contents(90), '-,-,-,-,-,-,-,-', 'and what was written, also in notices');
select is(
  (select count(*) from rolecall.thread_messages where client_id = pg_temp.demo(90) and media_urls <> '{}'),
  0::bigint,
  'and the media'
);
select is(
  (select string_agg(format('%s %s %s', direction, kind, delivery), ', ' order by seq) from rolecall.thread_messages where thread_id = pg_temp.demo(60)),
  'inbound text received, outbound text dead, outbound text dead, outbound text delivered, inbound text blocked, outbound automatic_reply sent, outbound text queued',
  'the thread says that there were messages, and one that waited is dead'
);
select is(
  (select string_agg(status, ',') from rolecall.sms_outbox where organization_id = pg_temp.org('ours')),
  'leased',
  'only what a delivery holds is still in the outbox'
);
select is(
  (select format('%s %s', redacted_content, forced_reason) from rolecall.anti_poaching_attempts where message_id = pg_temp.demo(14)),
  ' erased',
  'the attempt says nothing more of them'
);
select is(
  (select string_agg(sender, ',' order by sender) from rolecall.routing_decisions where organization_id = pg_temp.org('ours')),
  '[phone …0191],erased',
  'nor does a decision'
);
select is((select status from rolecall.message_threads where id = pg_temp.demo(60)), 'closed', 'the thread is closed');
select isnt((select closed_at from rolecall.assignment_windows where thread_id = pg_temp.demo(60)), null, 'with its windows');
select is(
  (select details - 'organization_id' - 'erased_at' from rolecall.application_logs where event = 'client_erased'),
  jsonb_build_object('client_id', pg_temp.demo(90)),
  'the audit knows it'
);

-- Others
select is(pg_temp.contents(91), 'Secret 19,Secret 18', 'another client keeps everything');
select is((select status from rolecall.message_threads where id = pg_temp.demo(61)), 'open', 'and their thread');

-- Again
select is(
  pg_temp.erase(pg_temp.org('ours'), pg_temp.demo(90)) #>> '{data,erased_at}',
  (select rolecall_internal.iso(erased_at) from rolecall.clients where id = pg_temp.demo(90)),
  'a repetition is answered'
);
insert into rolecall.clients (organization_id, phone)
values (pg_temp.org('ours'), '+12025550190');
select is(
  (select count(*) from rolecall.clients where organization_id = pg_temp.org('ours') and phone = '+12025550190'),
  1::bigint,
  'whoever has the number now is a new client'
);

select * from finish();
rollback;
