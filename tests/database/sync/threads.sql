-- The threads that a sitter or a client gains and loses, by whatever path, and what sync says of each: 'reads' or 'gone'.
begin;
\ir ../support/calls.psql
\ir ../support/paws.psql
select no_plan();
update rolecall.rate_limits set capacity = null;

-- Everything is old: what changes from here on is seen.
create function pg_temp.rest()
returns void
language plpgsql
as $$
begin
  perform set_config('session_replication_role', 'replica', true);
  update rolecall.message_threads set changed_xid = '5';
  update rolecall.thread_reads set changed_xid = '5';
  update rolecall.thread_losses set changed_xid = '5';
  perform set_config('session_replication_role', 'origin', true);
end
$$;

-- What has changed for a user since then, each thread by its number.
create function pg_temp.changed(p_user int, p_from timestamptz default now(), p_until timestamptz default now())
returns text
language sql
return (
  select coalesce(string_agg(right(changed.id::text, 2) || ' ' || changed.reader, ', ' order by changed.id), '')
  from rolecall_internal.changed_threads(
    rolecall_internal.thread_reader(pg_temp.demo(p_user), '{}'),
    pg_temp.demo(p_user),
    '6',
    '9223372036854775807',
    'ffffffff-ffff-ffff-ffff-ffffffffffff',
    100,
    p_from,
    p_until
  ) as changed
);

create function pg_temp.reads(p_user int)
returns text
language sql
return (
  select coalesce(string_agg(right(card ->> 'id', 2), ' ' order by card ->> 'id'), '')
  from jsonb_array_elements(pg_temp.ask('list_threads', pg_temp.demo(p_user), '{"limit": 50}') #> '{data,threads}') as card
  where card ->> 'scope' <> 'owner_inbox'
);

create function pg_temp.book(p_booking int, p_client int, p_sitter int, p_more jsonb default '{}')
returns text
language sql
return pg_temp.verdict(
  pg_temp.ask(
    'assign_booking',
    pg_temp.demo(71),
    jsonb_build_object(
      'booking_id', pg_temp.demo(p_booking),
      'client', jsonb_build_object('id', pg_temp.demo(p_client)),
      'service', 'walk',
      'starts_at', now(),
      'ends_at', now() + interval '1 hour',
      'sitter_id', case when p_sitter is not null then pg_temp.demo(p_sitter) end
    ) || p_more
  )
);

select pg_temp.rest();
select is(pg_temp.changed(73) || pg_temp.changed(74) || pg_temp.changed(75) || pg_temp.changed(71), '', 'nothing has changed');
select is(pg_temp.reads(73), '61', 'the sitter reads the thread of their window');

-- Taken: the booking is somebody else's.
select is(pg_temp.book(51, 81, 74), 'ok', 'another sitter is assigned');
select is(pg_temp.changed(73), '61 gone', 'who had it hears that it is gone');
select is(pg_temp.changed(74), '61 reads', 'who has it now gets its card');
select is(pg_temp.changed(71), '61 reads', 'the owner, too, because the card shows the window');
select is(pg_temp.changed(75), '61 reads', 'and the client');
select is(pg_temp.reads(73) || '/' || pg_temp.reads(74), '/61', 'as the list shows it to each');
select pg_temp.rest();
select is(pg_temp.send(74, 61) ->> 'ok', 'true', 'the other one writes');
select is(pg_temp.changed(73), '', 'of which who lost it hears nothing, not even that there is something');
select is(pg_temp.book(51, 81, 74), 'ok', 'the same booking again');
select pg_temp.rest();
select is(pg_temp.book(51, 81, 74), 'ok', 'and again');
select is(pg_temp.changed(74) || pg_temp.changed(71), '', 'changes nothing');

-- Given back
select is(pg_temp.book(51, 81, 73), 'ok', 'the first one again');
select is(pg_temp.changed(73) || ', ' || pg_temp.changed(74), '61 reads, 61 gone', 'has it back, and the other one lost it');
select is(pg_temp.book(53, 81, 73), 'ok', 'a second booking of the same client');
select pg_temp.rest();
select is(pg_temp.book(51, 81, 74), 'ok', 'of two windows one goes');
select is(pg_temp.changed(73), '61 reads', 'with the other they read on');
select is(pg_temp.book(53, 81, 73, '{"status": "cancelled"}'), 'ok', 'the other one is cancelled');
select is(pg_temp.changed(73), '61 gone', 'and it is gone');
select is(pg_temp.book(51, 81, 73), 'ok', 'assigned');

-- Cancelled, completed, without a sitter, of another client, moved into the past
select pg_temp.rest();
select is(pg_temp.book(51, 81, 73, '{"status": "cancelled"}'), 'ok', 'a booking is cancelled');
select is(pg_temp.changed(73), '61 gone', 'gone');
select is(pg_temp.book(51, 81, 73), 'ok', 'confirmed again');
select is(pg_temp.changed(73), '61 reads', 'and back');
select pg_temp.rest();
select is(pg_temp.book(51, 81, 73, '{"status": "completed"}'), 'ok', 'completed');
select is(pg_temp.changed(73), '61 gone', 'gone');
select is(pg_temp.book(51, 81, 73), 'ok', 'confirmed again');
select pg_temp.rest();
select is(pg_temp.book(51, 81, null), 'ok', 'nobody is assigned');
select is(pg_temp.changed(73), '61 gone', 'gone');
select is(pg_temp.book(51, 81, 73), 'ok', 'assigned again');
select pg_temp.rest();
select is(pg_temp.book(51, 82, 73), 'ok', 'the booking is another client''s');
select is(pg_temp.changed(73), '61 gone, 62 reads', 'one thread is gone and another one there');
select is(pg_temp.book(51, 81, 73), 'ok', 'as before');
select pg_temp.rest();
select is(
  pg_temp.book(
    51, 81, 73, jsonb_build_object('starts_at', now() - interval '3 days', 'ends_at', now() - interval '2 days')
  ),
  'ok',
  'the booking was two days ago, as it turns out'
);
select is(pg_temp.changed(73), '61 gone', 'gone');
select is(pg_temp.book(51, 81, 73), 'ok', 'as before');

-- By itself: windows begin and end, and no row changes.
select pg_temp.rest();
update rolecall.assignment_windows
set
  starts_at = now() - interval '2 hours',
  ends_at = now() - interval '5 minutes'
where booking_id = pg_temp.demo(51);
select pg_temp.rest();
select is(pg_temp.changed(73), '', 'for whoever knows that a window has ended nothing has changed');
select is(pg_temp.changed(73, now() - interval '4 minutes'), '', 'nor for whoever asked after its end');
select is(pg_temp.changed(73, now() - interval '5 minutes'), '', 'or at it');
select is(pg_temp.changed(73, now() - interval '6 minutes'), '61 gone', 'who asked before it hears that the thread is gone');
select is(
  pg_temp.changed(73, now() - interval '8 minutes', now() - interval '6 minutes'),
  '',
  'what ends behind the time of the first page is for the next sync'
);
select is(pg_temp.changed(74, now() - interval '6 minutes'), '', 'another sitter hears nothing');
update rolecall.assignment_windows
set
  starts_at = now() - interval '5 minutes',
  ends_at = now() + interval '5 minutes'
where booking_id = pg_temp.demo(51);
select pg_temp.rest();
select is(pg_temp.changed(73, now() - interval '4 minutes'), '', 'a window that is open as before');
select is(pg_temp.changed(73, now() - interval '6 minutes'), '61 reads', 'one that has opened is on the card');
update rolecall.message_threads set scope = 'billing' where id = pg_temp.demo(61);
select is(pg_temp.changed(73), '61 gone', 'a thread of bills is none of a sitter''s');
select is(pg_temp.changed(75), '61 gone', 'nor of the client''s');
select is(pg_temp.changed(71), '61 reads', 'the owner reads it on');
select pg_temp.rest();
update rolecall.assignment_windows set ends_at = now() - interval '1 minute' where booking_id = pg_temp.demo(51);
select is(pg_temp.changed(73, now() - interval '6 minutes'), '', 'of what happens there they hear nothing');
update rolecall.message_threads set scope = 'client' where id = pg_temp.demo(61);
select is(pg_temp.book(51, 81, 73), 'ok', 'as before');

-- The thread is closed: it is read on.
select pg_temp.rest();
update rolecall.message_threads set status = 'closed' where id = pg_temp.demo(61);
select is(pg_temp.changed(73) || ', ' || pg_temp.changed(75), '61 reads, 61 reads', 'a closed thread is read on');
update rolecall.message_threads set status = 'open' where id = pg_temp.demo(61);

-- The account of a client is another.
select pg_temp.rest();
update rolecall.clients set user_id = null where id = pg_temp.demo(81);
select is(pg_temp.changed(75), '61 gone', 'who is no client any more has lost their thread');
update rolecall.clients set user_id = pg_temp.demo(75) where id = pg_temp.demo(81);
select is(pg_temp.changed(75), '61 reads', 'and has it back');

-- Of those who leave, are made something else, or are not let in, the cursor has expired: they begin anew.
create function pg_temp.origin(p_user int)
returns text
language sql
return left(
  pg_temp.ask('sync', pg_temp.demo(p_user), '{}') #>> '{data,cursor}',
  23
);
create temporary table before as
select number, pg_temp.origin(number) as origin
from unnest(array[72, 73, 74, 75]) as number;
update rolecall.profiles set organization_role = 'client' where id = pg_temp.demo(74);
select isnt(pg_temp.origin(74), (select origin from before where number = 74), 'with another role');
update rolecall.profiles set organization_role = 'sitter' where id = pg_temp.demo(72);
select isnt(pg_temp.origin(72), (select origin from before where number = 72), 'who is no admin any more');
update rolecall.profiles set organization_id = null, organization_role = null where id = pg_temp.demo(75);
select isnt(pg_temp.origin(75), (select origin from before where number = 75), 'outside the organisation');
update rolecall.feature_flag_overrides set rollout = 'disabled' where organization_id = pg_temp.demo(90);
select isnt(pg_temp.origin(73), (select origin from before where number = 73), 'where the feature is off');
update rolecall.feature_flag_overrides set rollout = 'enabled' where organization_id = pg_temp.demo(90);
select is(pg_temp.origin(73), (select origin from before where number = 73), 'as before');

-- Who is suspended reads on, so nothing is gone.
select pg_temp.rest();
update rolecall.profiles set suspended_until = 'infinity' where id = pg_temp.demo(73);
select is(pg_temp.origin(73), (select origin from before where number = 73), 'a suspension takes no thread away');
select is(pg_temp.changed(73) || pg_temp.reads(73), '61', 'nor is one gone');
update rolecall.profiles set suspended_until = null where id = pg_temp.demo(73);

-- The client is erased: their windows are closed, and their account is nobody's.
update rolecall.profiles
set
  organization_id = pg_temp.demo(90),
  organization_role = 'client'
where id = pg_temp.demo(75);
update rolecall.clients set user_id = pg_temp.demo(75) where id = pg_temp.demo(81);
select is(pg_temp.book(52, 82, 73), 'ok', 'the sitter has another client');
select pg_temp.rest();
select pg_temp.ask_as_operator(
  'erase_client', p_input => jsonb_build_object('organization_id', pg_temp.demo(90), 'client_id', pg_temp.demo(81))
);
select is(pg_temp.changed(73), '61 gone', 'the thread of a client who is erased is gone for the sitter');
select is(pg_temp.changed(75), '61 gone', 'and for the client''s account');

-- The row is removed by hand, the sitter with their account.
select pg_temp.rest();
delete from rolecall.assignment_windows where booking_id = pg_temp.demo(52);
select is(pg_temp.changed(73), '62 gone', 'a window that the operator removes');
select is(pg_temp.book(52, 82, 73), 'ok', 'assigned again');
delete from rolecall.profiles where id = pg_temp.demo(73);
select is((select count(*) from rolecall.thread_losses where user_id = pg_temp.demo(73)), 0::bigint, 'of who is deleted nothing is kept');

select * from finish();
rollback;
