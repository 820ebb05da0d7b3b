-- Who sees removed content: one definition (moderation/removed.sql), asked on every path, by everybody.
begin;
\ir ../support/calls.psql
select no_plan();

-- A show of 5 with a broadcast of 4, and a conversation of 4 and 1 in which each way to be removed happens once. 50 is a
-- second moderator, 51 one who is suspended.
insert into rolecall.profiles (id, role, display_name)
values (pg_temp.demo(50), 'moderator', 'Mona'), (pg_temp.demo(51), 'moderator', 'Sue');

create function pg_temp.sent(p_from int, p_to int, p_content text)
returns uuid
language sql
return (
  pg_temp.ask(
    'send_dm',
    pg_temp.demo(p_from),
    jsonb_build_object('recipient_id', pg_temp.demo(p_to), 'content', p_content, 'show_id', pg_temp.demo(11))
  ) #>> '{data,message_id}'
)::uuid;
create function pg_temp.on_message(p_function text, p_user int, p_message uuid)
returns jsonb
language sql
return pg_temp.ask(p_function, pg_temp.demo(p_user), jsonb_build_object('message_id', p_message));
create function pg_temp.report(p_user int, p_message uuid)
returns uuid
language sql
return (
  pg_temp.ask('report_message', pg_temp.demo(p_user), jsonb_build_object('message_id', p_message, 'reason', 'Rude'))
    #>> '{data,report_id}'
)::uuid;

create temporary table message (name text primary key, id uuid, kept boolean);
insert into message
values
  ('Taken back', pg_temp.sent(1, 4, 'Taken back'), false),
  ('Reported, then taken back', pg_temp.sent(1, 4, 'Reported, then taken back'), true),
  ('Taken back, then reported', pg_temp.sent(1, 4, 'Taken back, then reported'), false),
  ('Removed by a moderator', pg_temp.sent(1, 4, 'Removed by a moderator'), true),
  ('Removed by an organizer', pg_temp.sent(1, 4, 'Removed by an organizer'), true),
  ('Removed, then taken back', pg_temp.sent(1, 4, 'Removed, then taken back'), true);
grant select on message to rolecall_edge, authenticated, service_role;
select pg_temp.report(4, id) from message where name in ('Reported, then taken back', 'Removed by an organizer');
select pg_temp.on_message('delete_message', 6, id) from message where name in ('Removed by a moderator', 'Removed, then taken back');
select pg_temp.on_message('delete_message', 5, id) from message where name = 'Removed by an organizer';
select pg_temp.on_message('delete_message', 1, id) from message where name ~* 'taken back';
select pg_temp.report(4, id) from message where name = 'Taken back, then reported';
update rolecall.profiles set suspended_until = 'infinity' where id = pg_temp.demo(51);

-- 1. What is kept
select set_eq(
  $$ select content from rolecall.removed_contents $$,
  $$ select name from message where kept $$,
  'what its author takes back of their own will is kept only if it was reported or removed before'
);

-- Every path, and what of all contents it shows to somebody.
create function pg_temp.shown(p_value text)
returns text[]
language sql
return (select coalesce(array_agg(name order by name), '{}') from message where strpos(p_value, to_jsonb(name)::text) > 0);
create temporary table path (name text, statement text);
insert into path
values
  (
    'the messages',
    $$ pg_temp.ask('messages', $1, jsonb_build_object('limit', 100, 'conversation_id', (select min(conversation_id::text) from rolecall.messages))) $$
  ),
  ('the inbox', $$ pg_temp.ask('inbox', $1, '{"limit": 50}') $$),
  ('the queue', $$ pg_temp.ask('moderation_queue', $1, '{"limit": 50}') $$),
  ('the record', $$ pg_temp.ask('moderation_audit', $1, '{"limit": 100}') $$),
  ('the export', $$ pg_temp.ask('export_own_data', $1, '{}') $$);
create function pg_temp.seen(p_statement text, p_user int)
returns text[]
language plpgsql
as $$
declare
  v_answer jsonb;
begin
  execute 'select ' || p_statement into v_answer using pg_temp.demo(p_user);
  return pg_temp.shown(v_answer::text);
end
$$;
select is(
  pg_temp.seen(statement, person),
  case
    when path.name = 'the messages' and person in (6, 8, 50) then array(select name from message where kept order by name)
    when path.name = 'the queue' and person in (6, 8, 50) then
      array['Removed by an organizer', 'Reported, then taken back']
    else '{}'
  end,
  format('%s: what %s sees of what is removed', path.name, person)
)
from path
cross join unnest(array[1, 2, 4, 5, 6, 8, 50, 51]) as person;

-- The same through tables and views.
select is(
  pg_temp.shown(pg_temp.run_as('authenticated', pg_temp.demo(person), 'select jsonb_agg(to_jsonb(m)) from rolecall.messages as m')),
  '{}',
  format('the table shows %s none', person)
)
from unnest(array[1, 4, 5, 6, 8]) as person;
select is(
  pg_temp.run_as(role, pg_temp.demo(6), 'select jsonb_agg(to_jsonb(r)) from rolecall.removed_contents as r'),
  '42501',
  format('and nobody reads what is kept: %s', role)
)
from unnest(array['authenticated', 'service_role', 'anon', 'rolecall_edge']) as role;
select is(
  pg_temp.shown(pg_temp.run_as('service_role', null, 'select jsonb_agg(to_jsonb(r)) from public.reported_messages as r')),
  '{}',
  'the operator''s view of the reports has no contents'
);
select is(
  pg_temp.seen('to_jsonb(array_agg(l)) from rolecall.application_logs as l where $1 is not null', 6),
  '{}',
  'nor has the log'
);

-- Answers that are sent again: a moderator's, and after a demotion.
create temporary table reviewed as
select report.id
from rolecall.reported_messages as report
join message
  on message.id = report.message_id
where message.name = 'Reported, then taken back';
create function pg_temp.review()
returns jsonb
language sql
as $$
  select pg_temp.ask('review_report', pg_temp.demo(50), jsonb_build_object('report_id', id, 'decision', 'dismiss'), 'key')
  from reviewed
$$;
select is(pg_temp.shown(pg_temp.review()::text), array['Reported, then taken back'], 'a review shows what it is about');
select is(pg_temp.shown(pg_temp.review()::text), array['Reported, then taken back'], 'and again');
update rolecall.profiles set role = 'show_organizer' where id = pg_temp.demo(50);
select is(pg_temp.shown(pg_temp.review()::text), '{}', 'but not to who is no moderator any more');
update rolecall.profiles set role = 'moderator' where id = pg_temp.demo(50);

-- 2. The author's wish

select is(
  (
    select format('%s by %s', deleted_as, right(sender_id::text, 2))
    from rolecall.messages
    where id = (select id from message where name = 'Removed, then taken back')
  ),
  'author by 01',
  'what a moderator had removed is its author''s deletion once they want it'
);
select is(
  (
    select array_agg(
      format('%s: %s to %s', right(actor_id::text, 2), before #>> '{deleted,by}', after #>> '{deleted,by}')
      order by at
    )
    from rolecall.moderation_audit
    where message_id = (select id from message where name = 'Removed, then taken back')
  ),
  array['06:  to moderator', '01: moderator to author'],
  'the record says who wanted it, after whom'
);
select is(
  (
    select deleted_at
    from rolecall.messages
    where id = (select id from message where name = 'Removed, then taken back')
  ),
  now(),
  'and when'
);
select is(
  pg_temp.verdict(pg_temp.on_message('restore_message', person, id)),
  'permission_denied/deleted_by_author',
  format('%s does not bring it back', person)
)
from message
cross join unnest(array[6, 8]) as person
where name = 'Removed, then taken back';
select is(
  pg_temp.verdict(pg_temp.on_message('delete_message', 8, id)),
  'ok',
  'who deletes it after them changes nothing'
)
from message
where name = 'Removed, then taken back';
select is(
  (select string_agg(distinct coalesce(m.content, 'nothing') || ' ' || m.deleted_as, ', ') from rolecall.messages as m join message using (id) where message.name = 'Removed, then taken back'),
  'nothing author',
  'and it stays theirs'
);

-- By review, too: the report, the removal, the wish, the restoration.
create temporary table wished as select pg_temp.sent(1, 4, 'Wished away') as id;
create temporary table wished_report as select pg_temp.report(4, id) as id from wished;
grant select on wished, wished_report to rolecall_edge;
create function pg_temp.decide(p_user int, p_decision text)
returns text
language sql
as $$
  select pg_temp.verdict(
    pg_temp.ask('review_report', pg_temp.demo(p_user), jsonb_build_object('report_id', id, 'decision', p_decision))
  )
  from wished_report
$$;
select is(pg_temp.decide(6, 'delete'), 'ok', 'a review deletes');
select is(pg_temp.verdict(pg_temp.on_message('delete_message', 1, id)), 'ok', 'its author wants it deleted, too') from wished;
select is(pg_temp.decide(6, 'restore'), 'permission_denied/deleted_by_author', 'no review restores it');
select is((select content from rolecall.messages join wished using (id)), null, 'it says nothing');

-- 3. An organizer does not restore what a moderator removed; each removes more than the one before.
create temporary table disputed as select pg_temp.sent(1, 4, 'Disputed') as id;
grant select on disputed to rolecall_edge;
create function pg_temp.state()
returns text
language sql
as $$ select coalesce(deleted_as, content) from rolecall.messages join disputed using (id) $$;
select pg_temp.on_message('delete_message', 5, id) from disputed;
select is(pg_temp.state(), 'organizer', 'an organizer removes');
select pg_temp.on_message('restore_message', 5, id) from disputed;
select is(pg_temp.state(), 'Disputed', 'and restores');
select pg_temp.on_message('delete_message', 5, id) from disputed;
select pg_temp.on_message('delete_message', 6, id) from disputed;
select is(pg_temp.state(), 'moderator', 'a moderator removes what an organizer had removed');
select is(
  pg_temp.verdict(pg_temp.on_message('restore_message', 5, id)),
  'permission_denied/deleted_by_moderator',
  'which the organizer does not restore'
)
from disputed;
select is(pg_temp.state(), 'moderator', 'it stays removed');
select pg_temp.on_message('delete_message', 5, id) from disputed;
select is(pg_temp.state(), 'moderator', 'nor takes over');
select pg_temp.on_message('restore_message', 6, id) from disputed;
select is(pg_temp.state(), 'Disputed', 'a moderator restores it, as it was');

select * from finish();
rollback;
