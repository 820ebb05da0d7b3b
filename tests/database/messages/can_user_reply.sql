-- can_user_reply(user, conversation): what send-dm would say to a reply, for oneself alone.
begin;
\ir ../support/calls.psql
select no_plan();

create temporary table conversation as
select
  (pg_temp.ask(
    'send_dm',
    pg_temp.demo(5),
    jsonb_build_object('recipient_id', pg_temp.demo(1), 'content', 'Welcome')
  ) #>> '{data,conversation_id}')::uuid as direct,
  (pg_temp.ask(
    'send_dm',
    pg_temp.demo(5),
    jsonb_build_object('recipient_id', pg_temp.demo(3), 'content', 'Welcome')
  ) #>> '{data,conversation_id}')::uuid as with_dealer,
  (pg_temp.ask(
    'send_broadcast',
    pg_temp.demo(5),
    jsonb_build_object('show_id', pg_temp.demo(11), 'recipient_roles', '["attendee"]'::jsonb, 'message', 'News')
  ) #>> '{data,conversation_id}')::uuid as broadcast;

create function pg_temp.can(p_caller int, p_user int, p_conversation uuid)
returns text
language sql
return pg_temp.run_as(
  'authenticated',
  pg_temp.demo(p_caller),
  format('select public.can_user_reply(%L, %L)', pg_temp.demo(p_user), p_conversation)
);

create function pg_temp.reply(p_user int, p_conversation uuid)
returns text
language sql
return pg_temp.verdict(
  pg_temp.ask(
    'send_dm',
    pg_temp.demo(p_user),
    jsonb_build_object('conversation_id', p_conversation, 'content', 'An answer')
  )
);

select is(pg_temp.can(1, 1, direct), 'true', 'an attendee may reply to an organizer') from conversation;
select is(pg_temp.reply(1, direct), 'ok', 'and does') from conversation;
select is(pg_temp.can(5, 5, direct), 'true', 'the one who began may go on') from conversation;
select is(pg_temp.can(3, 3, with_dealer), 'false', 'a dealer reads only') from conversation;
select is(pg_temp.reply(3, with_dealer), 'permission_denied/dealer_reads_only', 'and hears why') from conversation;

select is(pg_temp.can(2, 2, direct), 'false', 'who takes no part may not') from conversation;
select is(pg_temp.reply(2, direct), 'not_found/not_a_participant', 'and does not learn that it exists') from conversation;
select is(pg_temp.reply(2, pg_temp.demo(99)), 'not_found/not_a_participant', 'no conversation sounds the same');
select is(pg_temp.can(6, 6, direct), 'false', 'not even a moderator may') from conversation;

select is(pg_temp.can(1, 1, broadcast), 'false', 'the audience of a broadcast may not reply') from conversation;
select is(
  pg_temp.reply(1, broadcast),
  'permission_denied/broadcast_not_answerable',
  'and hears that a broadcast cannot be replied to'
)
from conversation;
select is(
  pg_temp.reply(5, broadcast),
  'permission_denied/broadcast_not_answerable',
  'nor may its sender, past the quota'
)
from conversation;
select is(
  pg_temp.reply(3, broadcast),
  'not_found/not_a_participant',
  'who is not in the audience does not learn of it'
)
from conversation;

select is(pg_temp.can(1, 5, direct), 'false', 'nobody may ask for somebody else') from conversation;
select is(
  pg_temp.run_as('authenticated', null, format('select public.can_user_reply(%L, %L)', pg_temp.demo(1), direct)),
  'false',
  'a null caller is nobody'
)
from conversation;
select is(
  pg_temp.run_as('authenticated', null, format('select public.can_user_reply(null, %L)', direct)),
  'false',
  'a null caller asking for a null user is still nobody'
)
from conversation;
select is(
  pg_temp.run_as('authenticated', pg_temp.demo(1), format('select public.can_user_reply(%L, null)', pg_temp.demo(1))),
  'false',
  'there must be a conversation'
);

update rolecall.conversations set read_only = true where kind = 'direct';
select is(pg_temp.can(1, 1, direct), 'false', 'a closed conversation takes no reply') from conversation;
select is(pg_temp.reply(1, direct), 'conversation_read_only/conversation_read_only', 'and says so') from conversation;
select is(
  pg_temp.verdict(
    pg_temp.ask('send_dm', pg_temp.demo(5), jsonb_build_object('recipient_id', pg_temp.demo(1), 'content', 'More'))
  ),
  'conversation_read_only/conversation_read_only',
  'also to who names the recipient'
);
update rolecall.conversations set read_only = false;

insert into rolecall.user_blocks (blocker_id, blocked_id) values (pg_temp.demo(1), pg_temp.demo(5));
select is(pg_temp.reply(1, direct), 'permission_denied/blocked', 'who blocks cannot reply') from conversation;
select is(pg_temp.reply(5, direct), 'permission_denied/blocked', 'who is blocked cannot reply') from conversation;
delete from rolecall.user_blocks;

update rolecall.profiles set suspended_until = now() + interval '1 second' where id = pg_temp.demo(1);
select is(pg_temp.reply(1, direct), 'permission_denied/suspended', 'a suspended user cannot reply') from conversation;

select is(
  (select array_agg(last_seq order by id) from rolecall.conversations where id = (select direct from conversation)),
  '{2}'::bigint[],
  'no refusal has numbered a message'
);

select * from finish();
rollback;
