-- assign-booking: who may, the upsert, threads before the first message, windows and their buffers, times of people.
begin;
\ir ../support/calls.psql
select no_plan();

truncate rolecall.message_threads, rolecall.bookings cascade;
update rolecall.rate_limits set capacity = null;
insert into rolecall.organizations (id, name) values (pg_temp.demo(39), 'Another');
insert into rolecall.profiles (id, organization_id, organization_role)
values
  (pg_temp.demo(90), pg_temp.agency(0), 'admin'),
  (pg_temp.demo(91), pg_temp.agency(0), 'sitter'),
  (pg_temp.demo(92), pg_temp.agency(0), null),
  (pg_temp.demo(93), pg_temp.demo(39), 'owner'),
  (pg_temp.demo(94), pg_temp.demo(39), 'sitter'),
  (pg_temp.demo(95), null, null);
insert into rolecall.clients (id, organization_id, phone)
values
  (pg_temp.demo(96), pg_temp.demo(39), '+12025550196'),
  (pg_temp.demo(97), pg_temp.agency(0), '+12025550197');
insert into rolecall.feature_flag_overrides (name, organization_id, rollout)
values ('messaging_v1', pg_temp.demo(39), 'enabled');

-- A recurring walk with Sam for Cara, next summer in New York; p_with changes it.
create function pg_temp.walk(p_with jsonb default '{}')
returns jsonb
language sql
return jsonb_build_object(
  'booking_id', pg_temp.demo(70),
  'client', jsonb_build_object('id', pg_temp.agency(7)),
  'service', 'walk',
  'starts_at', '2099-07-01T14:00:00Z',
  'ends_at', '2099-07-01T15:00:00Z',
  'recurring', true,
  'sitter_id', pg_temp.agency(2),
  'status', 'confirmed'
) || p_with;
create function pg_temp.put(p_with jsonb default '{}', p_by uuid default pg_temp.agency(1))
returns jsonb
language plpgsql
as $$
begin
  return pg_temp.ask('assign_booking', p_by, pg_temp.walk(p_with));
end
$$;
-- How many rows there are: clients, bookings, threads, windows.
create function pg_temp.counted()
returns text
language sql
volatile
begin atomic
  select concat_ws(
    ' ',
    (select count(*) from rolecall.clients),
    (select count(*) from rolecall.bookings),
    (select count(*) from rolecall.message_threads),
    (select count(*) from rolecall.assignment_windows)
  );
end;

-- Who may
select is(pg_temp.verdict(pg_temp.put(p_by => p_by)), verdict, name)
from (
  values
    (pg_temp.agency(2), 'permission_denied/only_owner_and_admin_assign', 'not a sitter'),
    (pg_temp.agency(3), 'permission_denied/only_owner_and_admin_assign', 'not a client'),
    (pg_temp.demo(92), 'permission_denied/no_organization_role', 'not somebody without a role'),
    (pg_temp.demo(95), 'feature_disabled/feature_disabled', 'not somebody without an organisation'),
    (pg_temp.demo(7), 'feature_disabled/feature_disabled', 'not an owner for whom it is off'),
    (pg_temp.demo(99), 'feature_disabled/feature_disabled', 'not somebody without a profile'),
    (pg_temp.demo(93), 'not_found', 'not the owner of another organisation, who has no such sitter')
) as refused (p_by, verdict, name);
select is(
  pg_temp.verdict(pg_temp.put(jsonb_build_object('organization_id', pg_temp.agency(0)), pg_temp.demo(93))),
  'not_found',
  'nor when they name this one'
);
update rolecall.profiles set suspended_until = 'infinity' where id = pg_temp.demo(90);
select is(
  pg_temp.verdict(pg_temp.put(p_by => pg_temp.demo(90))), 'permission_denied/suspended', 'not a suspended admin'
);
update rolecall.profiles set suspended_until = null where id = pg_temp.demo(90);
select is(
  pg_temp.verdict(pg_temp.ask_as_operator('assign_booking', p_input => pg_temp.walk())),
  'validation_error/required',
  'the operator names the organisation'
);

-- What is refused
select is(pg_temp.verdict(pg_temp.put(input)), verdict, name)
from (
  values
    ('{"ends_at": "2099-07-01T13:59:59.999999Z"}'::jsonb, 'validation_error/end_before_start', 'an end before the start'),
    ('{"ends_at": "2099-07-01T14:00:00Z"}', 'validation_error/end_before_start', 'an end at the start'),
    (jsonb_build_object('sitter_id', pg_temp.demo(94)), 'not_found', 'a sitter of another organisation'),
    (jsonb_build_object('sitter_id', pg_temp.demo(99)), 'not_found', 'a sitter whom nobody knows'),
    (jsonb_build_object('sitter_id', pg_temp.agency(1)), 'not_found', 'an owner as sitter'),
    (jsonb_build_object('sitter_id', pg_temp.agency(3)), 'not_found', 'a client as sitter'),
    (
      jsonb_build_object('client', jsonb_build_object('id', pg_temp.demo(96))),
      'not_found',
      'a client of another organisation'
    ),
    (jsonb_build_object('client', jsonb_build_object('id', pg_temp.demo(99))), 'not_found', 'a client whom nobody knows'),
    (
      '{"client": {"display_name": "Two\nlines", "phone": "+12025550199"}}',
      'validation_error/not_a_name',
      'a name of two lines'
    ),
    (
      '{"client": {"display_name": "Loop", "phone": "+12025550184"}}',
      'validation_error/own_number',
      'a number of the organisation as a client''s'
    )
) as refused (input, verdict, name);
select is(pg_temp.counted(), '3 0 0 0', 'a refusal leaves nothing');
update rolecall.clients set erased_at = now(), phone = null where id = pg_temp.demo(97);
select is(
  pg_temp.verdict(pg_temp.put(jsonb_build_object('client', jsonb_build_object('id', pg_temp.demo(97))))),
  'not_found',
  'an erased client'
);

-- Before the first message
create temporary table answered as select pg_temp.put() as answer;
select is(pg_temp.verdict(answer), 'ok', 'an owner puts a booking') from answered;
select is(pg_temp.counted(), '3 1 1 1', 'a recurring one with a sitter has thread and window');
select is(
  (answer -> 'data') - '{thread_id,window}'::text[],
  jsonb_build_object(
    'booking_id', pg_temp.demo(70),
    'client_id', pg_temp.agency(7),
    'sitter_id', pg_temp.agency(2),
    'status', 'confirmed',
    'recurring', true,
    'starts_at', '2099-07-01T14:00:00.000000Z',
    'ends_at', '2099-07-01T15:00:00.000000Z',
    'time_zone', 'America/New_York',
    'starts_at_local', '2099-07-01T10:00:00.000000-04:00',
    'ends_at_local', '2099-07-01T11:00:00.000000-04:00',
    'number_class', 'sitter'
  ),
  'the answer has the times of both'
)
from answered;
select is(
  (answer #> '{data,window}') - 'window_id',
  '{
    "starts_at": "2099-07-01T13:00:00.000000Z",
    "ends_at": "2099-07-01T16:00:00.000000Z",
    "starts_at_local": "2099-07-01T09:00:00.000000-04:00",
    "ends_at_local": "2099-07-01T12:00:00.000000-04:00"
  }',
  'the window has an hour before and after'
)
from answered;
select results_eq(
  $$ select org_id, user_id, method, details ->> 'status'
     from rolecall.application_logs
     where event = 'booking_assigned' $$,
  $$ values (pg_temp.agency(0), pg_temp.agency(1), 'assign-booking', 'confirmed') $$,
  'it is on the record'
);
select is(
  pg_temp.put(p_by => pg_temp.demo(90)) -> 'data', answer -> 'data', 'an admin who puts it again gets the same answer'
)
from answered;
select is(
  pg_temp.ask_as_operator(
    'assign_booking', p_input => pg_temp.walk(jsonb_build_object('organization_id', pg_temp.agency(0)))
  ) -> 'data',
  answer -> 'data',
  'the operator, too'
)
from answered;
select is(pg_temp.counted(), '3 1 1 1', 'there is one of each');
select is(
  (select org_id from rolecall.application_logs where event = 'booking_assigned' order by id desc limit 1),
  pg_temp.agency(0),
  'the operator''s is on the record of the organisation'
);

-- The window is changed in place.
create function pg_temp.window_is(p_with jsonb)
returns text
language plpgsql
as $$
begin
  if pg_temp.verdict(pg_temp.put(p_with)) <> 'ok' then
    return 'refused';
  end if;
  return (
    select concat_ws(
      ' ',
      case when id = (select (answer #>> '{data,window,window_id}')::uuid from answered) then 'same' else 'other' end,
      to_char(starts_at at time zone 'utc', 'DD HH24:MI'),
      to_char(ends_at at time zone 'utc', 'DD HH24:MI'),
      right(sitter_id::text, 2),
      case when closed_at is null then 'open' else 'closed' end
    )
    from rolecall.assignment_windows
    where booking_id = pg_temp.demo(70)
  );
end
$$;
select is(pg_temp.window_is(input), wanted, name)
from (
  values
    ('{"starts_at": "2099-07-02T14:00:00Z", "ends_at": "2099-07-03T14:00:00Z"}'::jsonb, 'same 02 13:00 03 15:00 a2 open', 'another time'),
    ('{"service": "house-sitting"}', 'same 01 12:00 01 17:00 a2 open', 'house-sitting has two hours'),
    ('{"service": "24/7 care"}', 'same 01 12:00 01 17:00 a2 open', '24/7 care, too'),
    ('{"service": "24/7 Care"}', 'same 01 12:00 01 17:00 a2 open', 'however it is spelled'),
    ('{"service": "House Sitting"}', 'same 01 12:00 01 17:00 a2 open', 'house-sitting as well'),
    ('{"service": "drop-in"}', 'same 01 13:00 01 16:00 a2 open', 'a drop-in has one'),
    ('{"service": "taxi"}', 'same 01 13:00 01 16:00 a2 open', 'a taxi, too'),
    ('{"service": "gardening"}', 'same 01 13:00 01 16:00 a2 open', 'an unknown service has the default'),
    (jsonb_build_object('sitter_id', pg_temp.demo(91)), 'same 01 13:00 01 16:00 91 open', 'another sitter'),
    ('{"status": "cancelled"}', 'same 01 13:00 01 16:00 91 closed', 'a cancelled booking has none'),
    ('{}', 'same 01 13:00 01 16:00 a2 open', 'a confirmed one has it again'),
    ('{"status": "completed"}', 'same 01 13:00 01 16:00 a2 closed', 'a completed one has none'),
    ('{"status": "confirmed"}', 'same 01 13:00 01 16:00 a2 open', 'and again'),
    ('{"sitter_id": null}', 'same 01 13:00 01 16:00 a2 closed', 'a booking without a sitter has none'),
    ('{}', 'same 01 13:00 01 16:00 a2 open', 'until it has one')
) as change (input, wanted, name);
select is(pg_temp.put('{"status": "cancelled"}') #> '{data,window}', 'null', 'a closed window is none in the answer');
select is(pg_temp.counted(), '3 1 1 1', 'there still is one of each');

-- Buffers are the table's.
insert into rolecall.service_buffers (organization_id, service, minutes)
values
  (pg_temp.agency(0), 'walk', 15),
  (pg_temp.agency(0), null, 30),
  (pg_temp.demo(39), 'walk', 45);
select is(pg_temp.window_is('{}'), 'same 01 13:45 01 15:15 a2 open', 'the organisation''s own buffer');
select is(pg_temp.window_is('{"service": "gardening"}'), 'same 01 13:30 01 15:30 a2 open', 'its own default');
select is(pg_temp.window_is('{"service": "taxi"}'), 'same 01 13:00 01 16:00 a2 open', 'the one of all for a service it has none for');

-- With the first message
delete from rolecall.assignment_windows;
delete from rolecall.message_threads;
delete from rolecall.bookings;
delete from rolecall.service_buffers where organization_id is not null;
create function pg_temp.put_another(p_number int, p_with jsonb)
returns text
language plpgsql
as $$
declare
  v_answer jsonb := pg_temp.put(jsonb_build_object('booking_id', pg_temp.demo(p_number)) || p_with);
begin
  return concat_ws(' ', pg_temp.verdict(v_answer), v_answer #>> '{data,number_class}', pg_temp.counted());
end
$$;
select is(pg_temp.put_another(71, '{"recurring": false}'), 'ok 3 1 0 0', 'a booking of one time waits');
select is(pg_temp.put_another(72, '{"sitter_id": null}'), 'ok 3 2 0 0', 'one without a sitter waits');
select is(pg_temp.put_another(73, '{"status": "cancelled"}'), 'ok 3 3 0 0', 'a cancelled one has nothing to wait for');
update rolecall.feature_flag_overrides set rollout = 'disabled' where name = 'proactive_thread_creation';
select is(pg_temp.put_another(74, '{}'), 'ok 3 4 0 0', 'without the flag all wait');
select isnt(
  (rolecall_internal.ensure_thread(pg_temp.agency(0), pg_temp.agency(7))).id, null, 'the first message makes the thread'
);
select results_eq(
  $$ select booking_id from rolecall.assignment_windows order by booking_id $$,
  $$ values (pg_temp.demo(71)), (pg_temp.demo(74)) $$,
  'and the windows of the bookings that have a sitter and are confirmed'
);
select is(pg_temp.put_another(75, '{}'), 'ok sitter 3 5 1 3', 'the thread gets the window of the next booking at once');
update rolecall.feature_flag_overrides set rollout = 'enabled' where name = 'proactive_thread_creation';

-- Another client
select is(
  pg_temp.put_another(75, '{"client": {"display_name": "Dora", "phone": "+12025550190"}, "recurring": false}'),
  'ok 4 5 1 3',
  'a booking goes to another client, who has no thread'
);
select is(
  (select closed_at is not null from rolecall.assignment_windows where booking_id = pg_temp.demo(75)),
  true,
  'so that its window is closed'
);
select is(
  pg_temp.put_another(75, '{"client": {"display_name": "Dora B.", "phone": "+12025550190"}}'),
  'ok sitter 4 5 2 3',
  'the same phone is the same client'
);
select results_eq(
  $$ select client.display_name, kept.closed_at
     from rolecall.assignment_windows as kept
     join rolecall.message_threads as thread on thread.id = kept.thread_id
     join rolecall.clients as client on client.id = thread.client_id
     where kept.booking_id = pg_temp.demo(75) $$,
  $$ values ('Dora B.', null::timestamptz) $$,
  'who takes the new name, and the window is open in their thread'
);
select is(
  pg_temp.put(
    jsonb_build_object(
      'booking_id', pg_temp.demo(75),
      'client', '{"display_name": "Eve", "phone": "+12025550190"}'::jsonb,
      'sitter_id', pg_temp.demo(94)
    ),
    pg_temp.demo(93)
  ) ->> 'ok',
  'true',
  'another organisation has its own booking and client of this id and phone'
);
select is((select display_name from rolecall.clients where organization_id = pg_temp.agency(0) and phone = '+12025550190'), 'Dora B.', 'this one is untouched');

select is(
  pg_temp.put_another(
    77, '{"client": {"display_name": "Gus +1 202 555 0192", "phone": "+12025550192"}, "service": "walk 202-555-0192"}'
  ),
  'ok sitter 6 7 3 4',
  'a name and a service with a phone number'
);
select is(
  (
    select concat_ws(', ', client.display_name, booking.service)
    from rolecall.bookings as booking
    join rolecall.clients as client on client.id = booking.client_id
    where booking.id = pg_temp.demo(77)
  ),
  'Gus +[phone …0192], walk [phone …0192]',
  'are kept without it'
);

-- No number
delete from rolecall.assignment_windows;
delete from rolecall.message_threads;
delete from rolecall.bookings;
delete from rolecall.message_numbers where class <> 'pool';
select is(
  pg_temp.put_another(76, '{"client": {"display_name": "Fay", "phone": "+12025550191"}}'),
  'no_number_available/no_number_available 6 0 0 0',
  'without a number nothing is written, not even the client'
);
select is(
  pg_temp.put_another(76, '{"client": {"display_name": "Fay", "phone": "+12025550191"}, "recurring": false}'),
  'ok 7 1 0 0',
  'a booking whose thread can wait is written'
);

-- The flags
update rolecall.feature_flag_overrides set rollout = 'disabled' where name = 'messaging_v1' and organization_id = pg_temp.agency(0);
select is(pg_temp.verdict(pg_temp.put()), 'feature_disabled/feature_disabled', 'switched off');
select is(
  pg_temp.verdict(
    pg_temp.ask_as_operator(
      'assign_booking', p_input => pg_temp.walk(jsonb_build_object('organization_id', pg_temp.agency(0)))
    )
  ),
  'feature_disabled/feature_disabled',
  'for the operator, too'
);

-- The table itself
select throws_ok(
  format(
    $$ insert into rolecall.bookings (organization_id, id, client_id, service, starts_at, ends_at, status)
       values (%L, gen_random_uuid(), %L, 'walk', now(), now() + interval '1 hour', 'confirmed') $$,
    pg_temp.demo(39), pg_temp.agency(7)
  ),
  '23503',
  null,
  'a booking names no client of another organisation'
);
select throws_ok(
  format(
    $$ insert into rolecall.bookings (organization_id, id, client_id, service, starts_at, ends_at, sitter_id, status)
       values (%L, gen_random_uuid(), %L, 'walk', now(), now() + interval '1 hour', %L, 'confirmed') $$,
    pg_temp.agency(0), pg_temp.agency(7), pg_temp.demo(94)
  ),
  '23503',
  null,
  'nor a sitter of one'
);

select * from finish();
rollback;
