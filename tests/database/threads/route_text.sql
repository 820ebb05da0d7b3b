-- route_text for a client who writes with an account, and where numbers have run out.
begin;
\ir ../support/calls.psql
select no_plan();

-- Without the texts of the demo data.
delete from rolecall.anti_poaching_attempts;
delete from rolecall.sms_outbox;
delete from rolecall.thread_messages;

insert into rolecall.organizations (id, name) values (pg_temp.demo(90), 'Paws'), (pg_temp.demo(91), 'Claws');
insert into rolecall.profiles (id, organization_id, organization_role)
values (pg_temp.demo(80), pg_temp.demo(90), 'sitter'), (pg_temp.demo(82), pg_temp.demo(90), 'client');
insert into rolecall.message_numbers (id, organization_id, e164, class)
values
  (pg_temp.demo(70), pg_temp.demo(90), '+12025550170', 'front_desk'),
  (pg_temp.demo(71), pg_temp.demo(90), '+12025550171', 'pool');
insert into rolecall.clients (id, organization_id, phone, user_id)
values
  (pg_temp.demo(60), pg_temp.demo(90), '+12025550160', pg_temp.demo(82)),
  (pg_temp.demo(62), pg_temp.demo(90), '+12025550162', null),
  (pg_temp.demo(63), pg_temp.demo(91), '+12025550163', null);
insert into rolecall.message_threads (id, organization_id, client_id, number_id, number_class)
values (pg_temp.demo(61), pg_temp.demo(90), pg_temp.demo(60), pg_temp.demo(71), 'pool');

create function pg_temp.route(
  p_client int,
  p_violations jsonb default '[]',
  p_number uuid default null,
  p_at timestamptz default now()
)
returns jsonb
language sql
return (
  select rolecall_internal.route_text(
    client,
    p_number,
    'Is Rex fine?',
    '{}',
    jsonb_build_object('violations', p_violations, 'redacted', '[phone]'),
    p_author => pg_temp.demo(82),
    p_at => p_at
  ) - 'message_id'
  from rolecall.clients as client
  where client.id = pg_temp.demo(p_client)
);

-- With an account
select is(
  pg_temp.route(60),
  jsonb_build_object(
    'thread_id', pg_temp.demo(61), 'seq', 1, 'number_class', 'pool', 'delivery', 'received', 'decision', 'no_window', 'reply', null
  ),
  'what a client writes with an account is routed like a text'
);
select is(
  (select (direction, author_id, client_id, carrier_sid, inbox_seq)::text from rolecall.thread_messages),
  (select ('inbound', pg_temp.demo(82), pg_temp.demo(60), null::text, 1)::text),
  'the row says who wrote it'
);
select is(
  (select (sender, recipient)::text from rolecall.routing_decisions),
  (select (rolecall_internal.masked('+12025550160'), rolecall_internal.masked('+12025550171'))::text),
  'the decision has both ends, redacted'
);
insert into rolecall.bookings (organization_id, id, client_id, service, starts_at, ends_at, sitter_id, status)
values (pg_temp.demo(90), pg_temp.demo(50), pg_temp.demo(60), 'walk', now(), now() + interval '1 hour', pg_temp.demo(80), 'confirmed');
insert into rolecall.assignment_windows (organization_id, thread_id, booking_id, sitter_id, starts_at, ends_at)
values (pg_temp.demo(90), pg_temp.demo(61), pg_temp.demo(50), pg_temp.demo(80), now(), now() + interval '1 hour');
select is(
  (select array_agg(pg_temp.route(60, p_at => now() + moment) ->> 'decision' order by moment)
   from unnest(array['-1 microsecond', '0', '1 hour -1 microsecond', '1 hour']::interval[]) as moment),
  '{no_window,one_sitter,one_sitter,no_window}',
  'a window is open from its start on and before its end, to the microsecond'
);
select is(
  pg_temp.route(60, '[{"kind": "phone", "value": "2025550123"}]') ->> 'decision',
  'blocked',
  'it is filtered like a text'
);
select is(
  (select (target, reason, window_ids <> '{}')::text from rolecall.routing_decisions order by seq desc limit 1),
  (select ('nobody', 'blocked', true)::text),
  'and goes to nobody'
);
select is(
  (select count(*) from rolecall.thread_messages where kind = 'automatic_reply' and thread_id = pg_temp.demo(61)),
  1::bigint,
  'the client is answered in the thread'
);

-- Without numbers
select is(pg_temp.route(63), null, 'without any number nothing is stored, and the caller is told');
select is(
  (select count(*) from rolecall.thread_messages where organization_id = pg_temp.demo(91)),
  0::bigint,
  'nothing stands there'
);
update rolecall.message_numbers set status = 'released', released_at = now() where id = pg_temp.demo(71);
update rolecall.message_numbers set status = 'resting', rests_until = now() + interval '1 day' where id = pg_temp.demo(70);
select is(
  pg_temp.route(62, p_number => pg_temp.demo(70)) ->> 'decision',
  'no_window',
  'a text that came by a number is stored although there is none for a thread'
);
select is(
  (select (thread.scope, message.seq = message.inbox_seq)::text
   from rolecall.thread_messages as message
   join rolecall.message_threads as thread on thread.id = message.thread_id
   where message.client_id = pg_temp.demo(62)),
  (select ('owner_inbox', true)::text),
  'in the owner inbox'
);

select * from finish();
rollback;
