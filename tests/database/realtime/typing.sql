-- Who may say that they are typing, and who hears it.
begin;
\ir ../support/calls.psql
\ir ../support/relay.psql
select no_plan();
update rolecall.rate_limits set capacity = 100000;
select pg_temp.lead();
select pg_temp.ask('send_dm', pg_temp.demo(1), jsonb_build_object('recipient_id', pg_temp.demo(4), 'content', 'Hello'));
create temporary table conversation as
select id
from rolecall.conversations
where participant_low = pg_temp.demo(1);
select pg_temp.forget();
create function pg_temp.type(p_user int, p_conversation uuid)
returns text
language sql
return pg_temp.verdict(pg_temp.ask('typing', pg_temp.demo(p_user), jsonb_build_object('conversation_id', p_conversation)));
create function pg_temp.type(p_user int)
returns text
language sql
return pg_temp.type(p_user, (select id from conversation));

select is(
  pg_temp.ask('typing', pg_temp.demo(4), jsonb_build_object('conversation_id', (select id from conversation))) -> 'data',
  jsonb_build_object('conversation_id', (select id from conversation)),
  'somebody types'
);
select pg_temp.publish();
select is(
  pg_temp.event_to(pg_temp.demo(1), 'typing') - array['id', 'at', 'until'],
  jsonb_build_object(
    'v', 1, 'type', 'typing', 'domain', 'conversations', 'conversation_id', (select id from conversation),
    'user_id', pg_temp.demo(4)
  ),
  'it is told'
);
select is(
  (pg_temp.event_to(pg_temp.demo(1), 'typing') ->> 'until')::timestamptz - (pg_temp.event_to(pg_temp.demo(1), 'typing') ->> 'at')::timestamptz,
  interval '6 seconds',
  'for six seconds'
);
select is(pg_temp.heard(), 'typing: 01', 'to the other one alone');
select is(pg_temp.type(4), 'ok', 'at once again it is answered alike');
select is(pg_temp.heard(), 'nothing', 'and told to nobody');
select is(pg_temp.type(1), 'ok', 'the other one types, too');
select is(pg_temp.heard(), 'typing: 04', 'which counts by itself');
update rolecall.typing set at = clock_timestamp() - interval '2 seconds';
select is(pg_temp.type(4), 'ok', 'within three seconds');
select is(pg_temp.heard(), 'nothing', 'nobody hears');
update rolecall.typing set at = clock_timestamp() - interval '3 seconds';
select is(pg_temp.type(4), 'ok', 'after three');
select is(pg_temp.heard(), 'typing: 01', 'they do');
select is((select count(*) from rolecall.typing), 2::bigint, 'one row for each');

-- Late
update rolecall.typing set at = '-infinity';
select is(pg_temp.type(4), 'ok', 'somebody types');
-- The function's now() is the transaction's, before which the test has run for a while.
update rolecall.outbox set made_at = now() - interval '6 seconds';
select is(pg_temp.heard(), 'nothing', 'of which nobody is told any more when they have stopped');

-- Who may not write
update rolecall.typing set at = '-infinity';
select is(pg_temp.type(5), 'not_found/not_a_participant', 'a stranger does not type there');
select is(pg_temp.type(6), 'not_found/not_a_participant', 'nor a moderator');
select is(pg_temp.type(1, gen_random_uuid()), 'not_found/not_a_participant', 'nobody where there is no conversation');
select is(pg_temp.type(1, null), 'not_found/not_a_participant', 'nor nowhere');
insert into rolecall.user_blocks (blocker_id, blocked_id) values (pg_temp.demo(4), pg_temp.demo(1));
select is(pg_temp.type(1), 'permission_denied/blocked', 'nor across a block');
delete from rolecall.user_blocks;
update rolecall.profiles set suspended_until = 'infinity' where id = pg_temp.demo(1);
select is(pg_temp.type(1), 'permission_denied/suspended', 'nor suspended');
update rolecall.profiles set suspended_until = null where id = pg_temp.demo(1);
update rolecall.conversations set read_only = true;
select is(pg_temp.type(1), 'conversation_read_only/conversation_read_only', 'nor where it is closed');
update rolecall.conversations set read_only = false;
insert into rolecall.feature_flag_overrides (name, user_id, rollout) values ('realtime', pg_temp.demo(1), 'disabled');
select is(pg_temp.type(1), 'feature_disabled/feature_disabled', 'nor without realtime');
update rolecall.feature_flag_overrides set name = 'send-dm' where user_id is not null;
select is(pg_temp.type(1), 'feature_disabled/feature_disabled', 'nor without messages');
delete from rolecall.feature_flag_overrides;
select pg_temp.forget();
select is((select count(*) from rolecall.outbox where type = 'typing'), 0::bigint, 'none of which is told');

-- Blocked meanwhile
select is(pg_temp.type(1), 'ok', 'somebody types');
insert into rolecall.user_blocks (blocker_id, blocked_id) values (pg_temp.demo(4), pg_temp.demo(1));
select is(pg_temp.heard('typing'), 'nothing', 'who is blocked before it is taken is not told of');
delete from rolecall.user_blocks;

-- About help
select pg_temp.ask(
  'start_conversation',
  pg_temp.demo(5),
  jsonb_build_object('help_request_id', pg_temp.demo(22), 'initial_message', 'I can drive you there on Monday.')
);
select pg_temp.forget();
select is(pg_temp.type(5, (select id from public.conversations_v2)), 'ok', 'somebody types about help');
select is(
  pg_temp.heard(),
  'typing: ' || (select pg_temp.short(requester_id) from public.conversations_v2),
  'which the other one hears'
);
select is(pg_temp.type(6, (select id from public.conversations_v2)), 'not_found/not_a_participant', 'nobody else types there');
update public.conversations_v2 set status = 'completed';
select is(
  pg_temp.type(5, (select id from public.conversations_v2)),
  'conversation_read_only/conversation_read_only',
  'nor anybody when it has ended'
);

-- What a commit waits for
select is(current_setting('synchronous_commit'), 'off', 'nobody waits for the disk');
select * from finish();
rollback;
