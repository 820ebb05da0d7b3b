-- Which number a thread gets, when it is decided anew, and what happens when there is none.
begin;
\ir ../support/calls.psql
select no_plan();

truncate rolecall.message_threads, rolecall.bookings cascade;
insert into rolecall.profiles (id, organization_id, organization_role)
values (pg_temp.demo(91), pg_temp.agency(0), 'sitter');
insert into rolecall.clients (id, organization_id, phone)
select pg_temp.demo(60 + number), pg_temp.agency(0), '+120255501' || 60 + number
from generate_series(1, 6) as number;
insert into rolecall.message_numbers (id, organization_id, e164, class, last_assigned_at)
values (pg_temp.demo(52), pg_temp.agency(0), '+12025550152', 'pool', now() - interval '1 day');
update rolecall.message_numbers set last_assigned_at = now() - interval '1 hour' where id = pg_temp.agency(6);

-- A booking of a client, from so many hours from now on for an hour.
create function pg_temp.book(
  p_number int, p_client int, p_hours int, p_recurring boolean, p_sitter uuid, p_status text default 'confirmed'
)
returns void
language sql
begin atomic
  insert into rolecall.bookings (
    organization_id, id, client_id, service, starts_at, ends_at, recurring, sitter_id, status
  )
  values (
    pg_temp.agency(0),
    pg_temp.demo(p_number),
    pg_temp.demo(p_client),
    'walk',
    now() + make_interval(hours => p_hours),
    now() + make_interval(hours => p_hours + 1),
    p_recurring,
    p_sitter,
    p_status
  )
  on conflict (organization_id, id) do update
  set
    starts_at = excluded.starts_at,
    ends_at = excluded.ends_at,
    recurring = excluded.recurring,
    sitter_id = excluded.sitter_id,
    status = excluded.status;
end;
-- The number of a client's thread, by the last digits of its id: "pool 52".
create function pg_temp.thread_of(p_client int)
returns text
language plpgsql
as $$
declare
  v_thread rolecall.message_threads := rolecall_internal.ensure_thread(pg_temp.agency(0), pg_temp.demo(p_client));
begin
  return concat_ws(' ', v_thread.number_class, right(v_thread.number_id::text, 2), right(v_thread.sitter_id::text, 2));
end
$$;
create function pg_temp.settled(p_client int)
returns text
language plpgsql
as $$
declare
  v_thread rolecall.message_threads;
begin
  select * into v_thread from rolecall.message_threads where client_id = pg_temp.demo(p_client) and status = 'open';
  v_thread := rolecall_internal.settle_number(v_thread);
  return concat_ws(' ', v_thread.number_class, right(v_thread.number_id::text, 2), right(v_thread.sitter_id::text, 2));
end
$$;

-- The pool: who was given longest ago comes first.
select pg_temp.book(1, 61, 1, false, pg_temp.agency(2));
select pg_temp.book(2, 62, 1, false, null);
select pg_temp.book(3, 63, 1, false, pg_temp.agency(2));
select is(pg_temp.thread_of(61), 'pool 52', 'a client who books once gets the number of the pool that rested longest');
select is(pg_temp.thread_of(61), 'pool 52', 'and keeps it');
select is(pg_temp.settled(61), 'pool 52', 'also when it is decided anew');
select is(pg_temp.thread_of(62), 'pool a6', 'the next client gets the next one');
select is(pg_temp.thread_of(63), 'front_desk a4', 'an exhausted pool falls back to the front desk');
select results_eq(
  $$ select organization_id, hour, times from rolecall.pool_exhaustions $$,
  $$ values (pg_temp.agency(0), date_trunc('hour', now(), 'UTC'), 1::bigint) $$,
  'which is counted'
);
select is(pg_temp.settled(63), 'front_desk a4', 'while there is none the thread stays');
select is((select times from rolecall.pool_exhaustions), 2::bigint, 'and that is counted, too');
select pg_temp.book(1, 61, -26, false, pg_temp.agency(2));
select is(pg_temp.settled(63), 'pool 52', 'a number whose client has no booking before them is free again');
select pg_temp.book(1, 61, -2, false, pg_temp.agency(2));
select pg_temp.book(2, 62, 1, false, null, 'completed');
insert into rolecall.pool_exhaustions (organization_id, hour, times)
values (pg_temp.agency(0), now() - interval '9 days', 7);
select pg_temp.book(4, 64, 1, false, null);
select is(pg_temp.thread_of(64), 'pool a6', 'also one whose client''s booking is completed');
select pg_temp.book(5, 65, 1, false, null);
select is(pg_temp.thread_of(65), 'front_desk a4', 'one is taken while a window of its client lasts');
select is((select count(*) from rolecall.pool_exhaustions), 1::bigint, 'counts of long ago are gone');

-- A sitter's number that has rested
insert into rolecall.message_numbers (id, organization_id, e164, class, status, rests_until)
values
  (pg_temp.demo(53), pg_temp.agency(0), '+12025550153', 'sitter', 'resting', now() + interval '1 microsecond'),
  (pg_temp.demo(54), pg_temp.agency(0), '+12025550154', 'pool', 'released', null);
select is(pg_temp.settled(65), 'front_desk a4', 'a resting number is not of the pool, nor a released one');
update rolecall.message_numbers set rests_until = now() where id = pg_temp.demo(53);
select is(pg_temp.settled(65), 'pool 53', 'one that has rested is');
select is(
  (select (class, status, rests_until)::text from rolecall.message_numbers where id = pg_temp.demo(53)),
  '(pool,active,)',
  'from then on'
);

-- The sitter's number
select pg_temp.book(6, 66, 24, true, pg_temp.agency(2));
select is(pg_temp.thread_of(66), 'sitter a5 a2', 'a client who books with recurrence gets the sitter''s number');
select pg_temp.book(7, 66, 2, false, pg_temp.demo(91));
select is(pg_temp.settled(66), 'front_desk a4', 'of the sitter who comes first; without one that of the front desk');
insert into rolecall.message_numbers (id, organization_id, e164, class, sitter_id)
values (pg_temp.demo(55), pg_temp.agency(0), '+12025550155', 'sitter', pg_temp.demo(91));
select is(pg_temp.settled(66), 'sitter 55 91', 'as soon as they have one it is that');
select pg_temp.book(7, 66, 2, false, pg_temp.demo(91), 'cancelled');
select is(pg_temp.settled(66), 'sitter a5 a2', 'a cancelled booking does not count');
select pg_temp.book(6, 66, -26, true, pg_temp.agency(2));
select is(pg_temp.settled(66), 'sitter a5 a2', 'after the last booking the thread keeps its number');
select pg_temp.book(6, 66, -26, false, pg_temp.agency(2));
select is(pg_temp.settled(66), 'front_desk a4', 'who books once all the same is one for the pool');
select is(
  (select number_class from rolecall.message_threads where client_id = pg_temp.agency(7)), null, 'a client without thread'
);
select is(
  (rolecall_internal.ensure_thread(pg_temp.agency(0), pg_temp.agency(7))).number_class,
  'front_desk',
  'and without a booking gets the front desk'
);

-- A thread's class is its number's.
select throws_ok(
  format(
    $$ update rolecall.message_threads set number_class = 'pool' where client_id = %L $$, pg_temp.agency(7)
  ),
  '23503',
  null,
  'the class of a thread is no other than its number''s'
);
select throws_ok(
  format($$ update rolecall.message_threads set number_id = null where client_id = %L $$, pg_temp.agency(7)),
  '23502',
  null,
  'a thread has a number'
);
select throws_ok(
  format(
    $$ insert into rolecall.message_threads (organization_id, client_id, number_id, number_class)
       values (%L, %L, %L, 'pool') $$,
    pg_temp.agency(0), pg_temp.agency(7), pg_temp.agency(6)
  ),
  '23505',
  null,
  'a client has one open thread'
);

-- The number goes.
update rolecall.message_numbers set status = 'released' where id = pg_temp.demo(53);
select rolecall_internal.leave_number(pg_temp.agency(0), pg_temp.demo(53));
select is(
  (select number_class from rolecall.message_threads where client_id = pg_temp.demo(65)),
  'front_desk',
  'the threads of a released number get another'
);
update rolecall.message_numbers set status = 'released' where class = 'front_desk';
select rolecall_internal.leave_number(pg_temp.agency(0), pg_temp.agency(4));
select is(
  (select number_id from rolecall.message_threads where client_id = pg_temp.agency(7)),
  pg_temp.agency(4),
  'where there is no other they keep it'
);
insert into rolecall.clients (id, organization_id, phone)
values (pg_temp.demo(69), pg_temp.agency(0), '+12025550169');
select is(
  (rolecall_internal.ensure_thread(pg_temp.agency(0), pg_temp.demo(69))).id, null, 'a new thread is not made without one'
);
select is(
  (rolecall_internal.ensure_thread(pg_temp.demo(31), pg_temp.demo(69))).id, null, 'nor for a client of another organisation'
);
select is(
  (select count(*) from rolecall.message_threads where client_id = pg_temp.demo(69)), 0::bigint, 'there is none'
);

select * from finish();
rollback;
