-- A sitter who leaves, is no longer a sitter or is deleted is unassigned at once; a client whose account is
-- deleted is erased, and one who leaves stays a client.
begin;
\ir ../support/calls.psql
select no_plan();

-- What is still the sitter's: bookings, open windows, numbers, threads; and the class of the thread's number.
create function pg_temp.assigned()
returns text
language sql
volatile
begin atomic
  select concat_ws(
    ' ',
    (select count(*) from rolecall.bookings where sitter_id = pg_temp.agency(2)),
    (select count(*) from rolecall.assignment_windows where sitter_id = pg_temp.agency(2) and closed_at is null),
    (select count(*) from rolecall.message_numbers where sitter_id = pg_temp.agency(2)),
    (select count(*) from rolecall.message_threads where sitter_id = pg_temp.agency(2)),
    (select number_class from rolecall.message_threads where id = pg_temp.agency(8))
  );
end;
insert into rolecall.organizations (id, name) values (pg_temp.demo(39), 'Another');
select is(pg_temp.assigned(), '1 1 1 1 sitter', 'a sitter with a booking');
update rolecall.profiles set display_name = 'Samuel' where id = pg_temp.agency(2);
select is(pg_temp.assigned(), '1 1 1 1 sitter', 'another name changes nothing');

-- Each way to leave, from the same state.
savepoint before;
update rolecall.profiles set organization_id = pg_temp.demo(39) where id = pg_temp.agency(2);
select is(pg_temp.assigned(), '0 0 0 0 front_desk', 'who goes to another organisation is unassigned');
select results_eq(
  $$ select status, rests_until from rolecall.message_numbers where id = pg_temp.agency(5) $$,
  $$ values ('resting', now() + interval '90 days') $$,
  'their number rests for 90 days'
);
select is((select status from rolecall.bookings where id = pg_temp.agency(9)), 'confirmed', 'the booking stays');
rollback to before;
update rolecall.profiles set organization_id = null, organization_role = null where id = pg_temp.agency(2);
select is(pg_temp.assigned(), '0 0 0 0 front_desk', 'who leaves the organisation is unassigned');
rollback to before;
update rolecall.profiles set organization_role = 'admin' where id = pg_temp.agency(2);
select is(pg_temp.assigned(), '0 0 0 0 front_desk', 'who is no sitter any more is unassigned');
rollback to before;
delete from rolecall.profiles where id = pg_temp.agency(2);
select is(pg_temp.assigned(), '0 0 0 0 front_desk', 'who is deleted is unassigned');
rollback to before;
update rolecall.message_numbers set status = 'released' where class = 'front_desk';
delete from rolecall.profiles where id = pg_temp.agency(2);
select is(pg_temp.assigned(), '0 0 0 0 sitter', 'without another number the thread keeps the one that rests');
rollback to before;

-- The account of issue 9
select is(
  pg_temp.verdict(pg_temp.ask('delete_own_data', pg_temp.agency(2), '{"confirm": true, "account": true}')),
  'ok',
  'a sitter has their account deleted'
);
select is(
  (select count(*) from rolecall.profiles where id = pg_temp.agency(2)), 0::bigint, 'it is gone'
);
select is(pg_temp.assigned(), '0 0 0 0 front_desk', 'and unassigned');
select is(
  pg_temp.verdict(pg_temp.ask('delete_own_data', pg_temp.agency(3), '{"confirm": true, "account": true}')),
  'ok',
  'a client has their account deleted'
);
select results_eq(
  $$
    select client.display_name, client.phone, client.user_id, client.erased_at, thread.status::text
    from rolecall.clients as client
    join rolecall.message_threads as thread on thread.client_id = client.id
    where client.id = pg_temp.agency(7)
  $$,
  $$ values (null::text, null::text, null::uuid, now(), 'closed') $$,
  'and is erased: no name, no number, the thread closed'
);
rollback to before;
update rolecall.profiles set organization_id = null, organization_role = null where id = pg_temp.agency(3);
select is(
  (select user_id from rolecall.clients where id = pg_temp.agency(7)), null, 'a client who leaves has no account in it'
);
rollback to before;

-- The application connects an account with a client, as docs/organisations.md says: one of the organisation, with one client.
create function pg_temp.connect(p_client uuid, p_user uuid)
returns text
language sql
return format('update rolecall.clients set user_id = %L where id = %L', p_user, p_client);
create function pg_temp.reads()
returns text
language sql
volatile
return pg_temp.verdict(
  pg_temp.ask('thread_messages', pg_temp.agency(3), jsonb_build_object('thread_id', pg_temp.agency(8), 'limit', 50))
);
insert into rolecall.profiles (id, organization_id, organization_role)
values (pg_temp.demo(92), pg_temp.demo(39), 'client'), (pg_temp.demo(93), pg_temp.agency(0), 'client');
insert into rolecall.clients (id, organization_id, phone) values (pg_temp.demo(94), pg_temp.agency(0), '+12025550194');
select throws_ok(
  pg_temp.connect(pg_temp.demo(94), pg_temp.demo(92)), '23503', null, 'not one of another organisation'
);
select throws_ok(pg_temp.connect(pg_temp.demo(94), pg_temp.demo(99)), '23503', null, 'nor one that nobody has');
select throws_ok(pg_temp.connect(pg_temp.demo(94), pg_temp.agency(3)), '23505', null, 'nor one that another client has');
select is(pg_temp.reads(), 'ok', 'who is connected reads the thread');
select lives_ok(pg_temp.connect(pg_temp.agency(7), pg_temp.demo(93)), 'another account takes its place');
select is(pg_temp.reads(), 'not_found/no_such_thread', 'who is no longer connected has none');

select * from finish();
rollback;
