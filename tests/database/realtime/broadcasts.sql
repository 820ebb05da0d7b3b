-- Who hears of broadcasts: the audience that is online, and who sent them.
begin;
\ir ../support/calls.psql
\ir ../support/relay.psql
select no_plan();
update rolecall.rate_limits set capacity = 100000;
update rolecall.broadcast_limits set per_quota_day = 1000;
select pg_temp.lead();
-- Of the show 11, which 5 organizes: 1 and 2 are attendees who take part, 3 a dealer who does; 6 moderates and only looks.
delete from rolecall.show_participants;
delete from rolecall.past_participations;
insert into rolecall.show_participants (show_id, user_id, role)
values
  (pg_temp.demo(11), pg_temp.demo(1), 'attendee'),
  (pg_temp.demo(11), pg_temp.demo(2), 'attendee'),
  (pg_temp.demo(11), pg_temp.demo(3), 'dealer');
insert into rolecall.presence (user_id)
select pg_temp.demo(number)
from unnest(array[1, 2, 3, 4, 5, 6]) as number;
create function pg_temp.broadcast(p_content text, p_roles jsonb default '["attendee"]')
returns text
language sql
return pg_temp.verdict(
  pg_temp.ask(
    'send_broadcast',
    pg_temp.demo(5),
    jsonb_build_object('show_id', pg_temp.demo(11), 'recipient_roles', p_roles, 'message', p_content)
  )
);
create function pg_temp.page(p_user int)
returns jsonb
language sql
return pg_temp.ask(
  'messages',
  pg_temp.demo(p_user),
  jsonb_build_object('conversation_id', (select id from rolecall.conversations where show_id = pg_temp.demo(11)))
) -> 'data';

select is(pg_temp.broadcast('Welcome'), 'ok', 'a broadcast');
select pg_temp.publish();
select is(
  pg_temp.event_to(pg_temp.demo(2), 'message.created') - array['id', 'at'],
  jsonb_build_object(
    'v', 1, 'type', 'message.created', 'domain', 'conversations',
    'conversation_id', pg_temp.page(2) #> '{conversation,id}', 'seq', 1, 'revision', null,
    'message', pg_temp.page(2) #> '{messages,0}'
  ),
  'is told as GET shows it'
);
select is(pg_temp.heard(), 'message.created: 01 02 05', 'to its audience and its sender, not to other roles, strangers and moderators');
select is(pg_temp.broadcast('Dealers only', '["dealer"]'), 'ok', 'one for dealers');
select is(pg_temp.heard(), 'message.created: 03 05', 'is told to these');
delete from rolecall.presence where user_id in (pg_temp.demo(2), pg_temp.demo(5));
select is(pg_temp.broadcast('Who is there?'), 'ok', 'a broadcast');
select is(pg_temp.heard(), 'message.created: 01 05', 'of the audience who is online hears it, and its sender in any case');
insert into rolecall.presence (user_id) values (pg_temp.demo(2)), (pg_temp.demo(5));

select is(
  pg_temp.verdict(
    pg_temp.ask(
      'send_broadcast',
      pg_temp.demo(5),
      jsonb_build_object('show_id', pg_temp.demo(11), 'recipient_roles', '["attendee"]'::jsonb, 'message', 'Only a try', 'dry_run', true)
    )
  ),
  'ok',
  'a rehearsal'
);
select is(pg_temp.heard(), 'nothing', 'is told to nobody');

-- Left, blocked, suspended
select is(pg_temp.broadcast('Before somebody leaves'), 'ok', 'a broadcast');
delete from rolecall.show_participants where user_id = pg_temp.demo(2);
update rolecall.past_participations set left_at = now() - interval '1 second', joined_at = now() - interval '1 hour' where user_id = pg_temp.demo(2);
select is(pg_temp.heard(), 'message.created: 01 05', 'who had left by then does not hear it');
select is(pg_temp.broadcast('Before the block'), 'ok', 'a broadcast');
insert into rolecall.user_blocks (blocker_id, blocked_id) values (pg_temp.demo(1), pg_temp.demo(5));
select is(pg_temp.heard('message%'), 'message.created: 05', 'nor who has blocked its sender');
delete from rolecall.user_blocks;
select is(pg_temp.broadcast('Before the suspension'), 'ok', 'a broadcast');
update rolecall.profiles set suspended_until = 'infinity' where id = pg_temp.demo(1);
select is(pg_temp.heard(), 'message.created: 05', 'nor who is suspended');
update rolecall.profiles set suspended_until = null where id = pg_temp.demo(1);
insert into rolecall.feature_flag_overrides (name, user_id, rollout) values ('realtime', pg_temp.demo(1), 'disabled');
select pg_temp.forget();
select is(pg_temp.broadcast('Switched off'), 'ok', 'a broadcast');
select is(pg_temp.heard(), 'message.created: 05', 'nor who is out of realtime');
delete from rolecall.feature_flag_overrides;

-- Changed
select pg_temp.ask(
  'delete_message',
  pg_temp.demo(5),
  jsonb_build_object('message_id', (select id from rolecall.messages where content = 'Welcome'))
);
select pg_temp.publish();
select is(
  pg_temp.event_to(pg_temp.demo(1), 'message.changed') -> 'message',
  pg_temp.page(1) #> '{messages,0}',
  'one that is deleted is told as GET shows it then'
);
select is(pg_temp.heard(), 'message.changed: 01 05', 'to who still sees its place');

-- Read
select pg_temp.ask(
  'mark_read',
  pg_temp.demo(1),
  jsonb_build_object('conversation_id', pg_temp.page(1) #> '{conversation,id}', 'up_to_seq', 5)
);
select is(pg_temp.heard(), 'read: 01', 'who of the audience reads is told on their own devices alone');

select pg_temp.ask(
  'mark_read',
  pg_temp.demo(1),
  jsonb_build_object('conversation_id', pg_temp.page(1) #> '{conversation,id}', 'up_to_seq', 6)
);
insert into rolecall.user_blocks (blocker_id, blocked_id) values (pg_temp.demo(1), pg_temp.demo(5));
select is(pg_temp.heard(), 'nothing', 'unless they can read it no more');
delete from rolecall.user_blocks;

-- A message about a show is no broadcast.
select is(
  pg_temp.verdict(
    pg_temp.ask(
      'send_dm',
      pg_temp.demo(5),
      jsonb_build_object('recipient_id', pg_temp.demo(1), 'content', 'About the show', 'show_id', pg_temp.demo(11))
    )
  ),
  'ok',
  'a direct message about a show'
);
select ok(not (select is_wide from rolecall.outbox), 'is none for many');
select is(pg_temp.heard(), 'message.created: 01 05', 'and is told to the two');
select * from finish();
rollback;
