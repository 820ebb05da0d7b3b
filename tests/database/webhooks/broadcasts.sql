-- Broadcasts, of which a webhook hears for the whole audience, online or not, a page at a time.
begin;
\ir ../support/calls.psql
\ir ../support/relay.psql
\ir ../support/webhooks.psql
select no_plan();
update rolecall.rate_limits set capacity = 100000;
update rolecall.broadcast_limits set per_quota_day = 1000;
create temporary table hook as
select pg_temp.webhook() as id;
select pg_temp.relay('lead', '{"relay": "00000000-0000-4000-8000-0000000000f1", "pushes": false}');
delete from rolecall.show_participants;
delete from rolecall.past_participations;
insert into rolecall.show_participants (show_id, user_id, role, joined_at)
values
  (pg_temp.demo(11), pg_temp.demo(1), 'attendee', now() - interval '1 hour'),
  (pg_temp.demo(11), pg_temp.demo(2), 'attendee', now() - interval '1 hour'),
  (pg_temp.demo(11), pg_temp.demo(3), 'dealer', now() - interval '1 hour');
create function pg_temp.broadcast(p_content text, p_roles jsonb default '["attendee"]')
returns void
language plpgsql
as $$
declare
  v_answer jsonb := pg_temp.ask(
    'send_broadcast',
    pg_temp.demo(5),
    jsonb_build_object('show_id', pg_temp.demo(11), 'recipient_roles', p_roles, 'message', p_content)
  );
begin
  if v_answer -> 'ok' <> 'true' then
    raise exception '%', v_answer;
  end if;
end
$$;

select pg_temp.broadcast('Welcome');
select is(pg_temp.delivered(), 'message.created: 01 02 05', 'nobody is online, and the whole audience is named, and who sent it');
select pg_temp.broadcast('Dealers only', '["dealer"]');
select is(pg_temp.delivered(), 'message.created: 03 05', 'of one for dealers these');
delete from rolecall.show_participants where user_id = pg_temp.demo(2);
update rolecall.past_participations set left_at = now() - interval '1 minute';
select pg_temp.broadcast('Who stays?');
select is(pg_temp.delivered(), 'message.created: 01 05', 'who has left is not named');
update rolecall.profiles set suspended_until = 'infinity' where id = pg_temp.demo(1);
select pg_temp.broadcast('And who may hear?');
select is(pg_temp.delivered(), 'message.created: 05', 'nor who is suspended');
update rolecall.profiles set suspended_until = null where id = pg_temp.demo(1);
select pg_temp.delivered();

-- Who left since still reads what was sent before
insert into rolecall.show_participants (show_id, user_id, role, joined_at)
values (pg_temp.demo(11), pg_temp.demo(2), 'attendee', now() - interval '1 second');
select pg_temp.broadcast('Last one');
select pg_temp.fork();
delete from rolecall.show_participants where user_id = pg_temp.demo(2);
select is(pg_temp.delivered(), 'message.created: 01 02 05', 'who left since it was sent is named');

-- Pages
insert into rolecall.profiles (id)
select ('00000000-0000-4000-9000-' || lpad(number::text, 12, '0'))::uuid
from generate_series(1, 2500) as number;
insert into rolecall.show_participants (show_id, user_id, role, joined_at)
select pg_temp.demo(11), id, 'attendee', now() - interval '1 minute'
from rolecall.profiles
where id::text like '00000000-0000-4000-9000-%';
select pg_temp.broadcast('To many');
select pg_temp.fork();
create temporary table page (number int, delivery jsonb);
create function pg_temp.take_page(p_number int)
returns text
language plpgsql
as $$
begin
  insert into page
  select p_number, pg_temp.taken(1);
  return (
    select format('attempt %s to %s', delivery ->> 'attempt', jsonb_array_length(delivery #> '{payload,data,events,0,to}'))
    from page
    where number = p_number
  );
end
$$;
-- 1, 2 and 3 take part or took part as well; a dealer hears nothing of it.
select is(pg_temp.take_page(1), 'attempt 1 to 1000', 'a page has as many as are asked about, and who sent it');
select is(pg_temp.settle((select delivery from page where number = 1), 'failed', 500), 1::bigint, 'it fails');
select pg_temp.pass(10);
select is(pg_temp.take_page(2), 'attempt 2 to 1000', 'and comes again');
select is((select count(distinct delivery -> 'message_id') from page), 1::bigint, 'as the same message');
select is(pg_temp.settle((select delivery from page where number = 2), 'delivered', 200), 1::bigint, 'then it is delivered');
select is(pg_temp.take_page(3), 'attempt 3 to 1000', 'the next page follows');
select is(pg_temp.settle((select delivery from page where number = 1), 'delivered', 200), 0::bigint, 'an answer to an earlier page settles none');
select is(pg_temp.settle((select delivery from page where number = 3), 'delivered', 200), 1::bigint, 'its own does');
select is(pg_temp.take_page(4), 'attempt 4 to 503', 'the last page is shorter');
select is(pg_temp.settle((select delivery from page where number = 4), 'delivered', 200), 1::bigint, 'and ends it');
select is((select count(*) from rolecall.webhook_deliveries), 0::bigint, 'nothing is left');
select is((select count(distinct delivery -> 'message_id') from page), 3::bigint, 'each page is a message of its own');
select is(
  (
    select format('%s %s', count(*), count(distinct who))
    from page
    cross join lateral jsonb_array_elements_text(delivery #> '{payload,data,events,0,to}') as who
    where number > 1
  ),
  '2503 2503',
  'everybody is named once'
);
select is(
  (select count(distinct delivery #> '{payload,data,events,0,event}') from page),
  1::bigint,
  'of the same event'
);

-- A page of whom nobody may hear is skipped
select pg_temp.broadcast('To the last few');
select pg_temp.fork();
update rolecall.profiles
set suspended_until = 'infinity'
where id::text like '00000000-0000-4000-9000-%'
  and id < '00000000-0000-4000-9000-000000002499';
delete from page;
select is(pg_temp.take_page(1), 'attempt 1 to 3', 'of the first page those who may hear');
select pg_temp.settle((select delivery from page where number = 1), 'delivered', 200);
select is(pg_temp.take() ->> 'next_due_ms', '0', 'of the second nobody may');
select is(pg_temp.take_page(3), 'attempt 3 to 2', 'and the third follows at once');
select pg_temp.settle((select delivery from page where number = 3), 'delivered', 200);
select is((select count(*) from rolecall.webhook_deliveries), 0::bigint, 'to the end');

-- As many broadcasts at a time as a take bears
select pg_temp.broadcast('Number ' || number) from generate_series(1, 6) as number;
select pg_temp.fork();
select is(jsonb_array_length(pg_temp.take() -> 'deliveries'), 4, 'a take has four broadcasts at most');
select is(jsonb_array_length(pg_temp.take() -> 'deliveries'), 2, 'the next one the others');
select * from finish();
rollback;
