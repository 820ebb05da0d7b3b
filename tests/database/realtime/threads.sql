-- Who hears of what happens in the threads of organisations, and what: as the functions that answer GET decide.
begin;
\ir ../support/calls.psql
\ir ../support/paws.psql
\ir ../support/relay.psql
select no_plan();
update rolecall.rate_limits set capacity = 100000;
select pg_temp.lead();

create function pg_temp.page(p_user int, p_thread int)
returns jsonb
language sql
return pg_temp.ask('thread_messages', pg_temp.demo(p_user), jsonb_build_object('thread_id', pg_temp.demo(p_thread))) -> 'data';

-- Created
select is(pg_temp.verdict(pg_temp.send(73, 61)), 'ok', 'the sitter on duty writes');
select pg_temp.publish();
select is(
  pg_temp.event_to(pg_temp.demo(71), 'message.created') - array['id', 'at'],
  jsonb_build_object(
    'v', 1, 'type', 'message.created', 'domain', 'threads', 'conversation_id', pg_temp.demo(61), 'seq', 1, 'revision', null,
    'message', pg_temp.page(71, 61) #> '{messages,0}'
  ),
  'the owner hears what GET shows them'
);
select is(
  pg_temp.event_to(pg_temp.demo(75), 'message.created') -> 'message',
  pg_temp.page(75, 61) #> '{messages,0}',
  'the client what it shows the client'
);
select isnt(
  pg_temp.event_to(pg_temp.demo(75), 'message.created') -> 'message',
  pg_temp.event_to(pg_temp.demo(71), 'message.created') -> 'message',
  'which is less'
);
select is(
  pg_temp.heard(),
  'message.created: 71 72 73 75',
  'the office, the sitter and the client hear; no other sitter, nobody without a role, no other organisation'
);
select is(pg_temp.verdict(pg_temp.send(71, 61)), 'ok', 'the owner writes');
select is(pg_temp.heard(), 'message.created: 71 72 73 75', 'and all who read the thread hear');
select is(pg_temp.verdict(pg_temp.send(71, 62)), 'ok', 'into a thread of a client without an account and without a window');
select is(pg_temp.heard(), 'message.created: 71 72', 'the office hears');

-- What a sitter does not see of a thread that they read
select is(pg_temp.verdict(pg_temp.send(75, 61)), 'ok', 'the client writes');
select is(pg_temp.heard(), 'message.created: 71 72 73 75', 'with one sitter on duty it is routed to them');
update rolecall.assignment_windows set starts_at = now() + interval '10 minutes' where booking_id = pg_temp.demo(51);
select pg_temp.forget();
select is(pg_temp.verdict(pg_temp.send(75, 61)), 'ok', 'the client writes before the window');
select is(
  pg_temp.heard(),
  'message.created: 71 72 75, message.created: 71 72',
  'it waits in the owner inbox: there the office hears of it, too, and the sitter of neither'
);
select is(pg_temp.verdict(pg_temp.send(75, 61)), 'ok', 'once more');
select pg_temp.publish();
select is(
  (
    select event - array['id', 'at']
    from published
    where who = pg_temp.demo(71)
      and (event ->> 'conversation_id')::uuid <> pg_temp.demo(61)
  ),
  (
    select jsonb_build_object(
      'v', 1, 'type', 'message.created', 'domain', 'threads', 'conversation_id', inbox.id, 'seq', 2, 'revision', null,
      'message', pg_temp.ask('thread_messages', pg_temp.demo(71), jsonb_build_object('thread_id', inbox.id)) #> '{data,messages,1}'
    )
    from rolecall.message_threads as inbox
    where inbox.scope = 'owner_inbox'
      and inbox.organization_id = pg_temp.demo(90)
  ),
  'by its number there'
);
select pg_temp.forget();

-- A window that is over
update rolecall.assignment_windows
set starts_at = now() - interval '2 hours', ends_at = now()
where booking_id = pg_temp.demo(51);
select is(pg_temp.verdict(pg_temp.send(71, 61)), 'ok', 'the owner writes when the window is over');
select is(pg_temp.heard('message%'), 'message.created: 71 72 75', 'the sitter hears nothing more');
update rolecall.assignment_windows
set ends_at = now() + interval '1 hour'
where booking_id = pg_temp.demo(51);
select pg_temp.forget();
select is(pg_temp.verdict(pg_temp.send(73, 61)), 'ok', 'the sitter writes');
update rolecall.assignment_windows set closed_at = now() where booking_id = pg_temp.demo(51);
select is(
  pg_temp.heard(),
  'message.created: 71 72 75, member.changed: 71 72',
  'whose assignment ends before it is taken hears nothing more, not even that'
);
update rolecall.assignment_windows set closed_at = null where booking_id = pg_temp.demo(51);
select pg_temp.publish();
select is(
  pg_temp.event_to(pg_temp.demo(73), 'member.changed') - array['id', 'at'],
  jsonb_build_object(
    'v', 1, 'type', 'member.changed', 'domain', 'threads', 'conversation_id', pg_temp.demo(61), 'user_id', pg_temp.demo(73),
    'state', 'assigned'
  ),
  'who is assigned is told'
);
select is(pg_temp.heard(), 'member.changed: 71 72 73', 'and the office; the client does not learn who sits');

-- Held back
select is(
  pg_temp.verdict(
    pg_temp.send(
      73, 61, 'Call me at 202 555 0123',
      '{"violations": [{"kind": "phone", "value": "+12025550123"}], "redacted": "Call me at [phone]"}'
    )
  ),
  'anti_poaching_blocked/anti_poaching_blocked',
  'a message is held back'
);
select pg_temp.publish();
select is(
  (
    select string_agg(format('%s %s', pg_temp.short(who), event #>> '{message,content}'), ', ' order by who)
    from published
    where (event ->> 'conversation_id')::uuid = pg_temp.demo(61)
  ),
  '71 Call me at [phone], 72 Call me at [phone], 73 Message blocked',
  'the office reads it redacted, the sitter that it was, the client nothing'
);
select is_empty($$ select from published where pg_temp.words(event::text) like '%555%' $$, 'nobody the number');
select pg_temp.forget();

-- Changed
update rolecall.thread_messages
set delivery = 'delivered'
where thread_id = pg_temp.demo(61)
  and seq = 1;
select pg_temp.publish();
select is(
  pg_temp.event_to(pg_temp.demo(73), 'message.changed') -> 'message',
  pg_temp.page(73, 61) #> '{messages,0}',
  'what was delivered is told as GET shows it'
);
select is(pg_temp.heard(), 'message.changed: 71 72 73 75', 'to all who see the message');
update rolecall.thread_messages set delivery = 'delivered' where thread_id = pg_temp.demo(61) and seq = 1;
select is(pg_temp.heard(), 'nothing', 'what did not change is not told');
update rolecall.thread_messages set content = 'Corrected' where thread_id = pg_temp.demo(61) and inbox_seq is not null;
select is(
  pg_temp.heard(),
  'message.changed: 71 72 75, message.changed: 71 72 75, message.changed: 71 72, message.changed: 71 72',
  'messages that stand in the owner inbox as well change in both'
);

-- Read
select pg_temp.ask('mark_thread_read', pg_temp.demo(72), jsonb_build_object('thread_id', pg_temp.demo(61), 'up_to_seq', 2));
select pg_temp.publish();
select is(
  pg_temp.event_to(pg_temp.demo(72), 'read') - array['id', 'at'],
  jsonb_build_object(
    'v', 1, 'type', 'read', 'domain', 'threads', 'conversation_id', pg_temp.demo(61), 'user_id', pg_temp.demo(72),
    'last_read_seq', 2
  ),
  'who reads is told on their devices'
);
select is(pg_temp.heard(), 'read: 72', 'and nobody else');

-- Closed
update rolecall.message_threads set status = 'closed' where id = pg_temp.demo(61);
select pg_temp.publish();
select is(
  pg_temp.event_to(pg_temp.demo(who), 'conversation.changed') -> 'conversation',
  pg_temp.page(who, 61) -> 'thread',
  format('%s hears of a thread that is closed by their card of it', who)
)
from unnest(array[71, 73, 75]) as who;
select pg_temp.forget();
update rolecall.message_threads set status = 'open' where id = pg_temp.demo(61);
select pg_temp.forget();

-- Suspended, switched off, moved elsewhere
create function pg_temp.heard_of_one()
returns text
language sql
as $$
  select pg_temp.verdict(pg_temp.send(71, 61)) || ', ' || pg_temp.heard()
$$;
update rolecall.profiles set suspended_until = 'infinity' where id = pg_temp.demo(72);
select is(pg_temp.heard_of_one(), 'ok, message.created: 71 73 75', 'who is suspended hears nothing');
update rolecall.profiles set organization_id = pg_temp.demo(91) where id = pg_temp.demo(72);
select is(pg_temp.heard_of_one(), 'ok, message.created: 71 73 75', 'nor who has gone to another organisation');
update rolecall.profiles set organization_role = 'client' where id = pg_temp.demo(73);
select is(
  pg_temp.heard_of_one(),
  'ok, member.changed: 71, message.created: 71 75',
  'nor who is no sitter any more, whose assignment ends with that'
);
update rolecall.profiles set organization_role = 'sitter' where id = pg_temp.demo(73);
delete from rolecall.feature_flag_overrides where name = 'sitter_messages_v1';
select is(pg_temp.heard_of_one(), 'ok, message.created: 71 75', 'nor a sitter for whom it is switched off');
select rolecall.delete_account(pg_temp.demo(75));
select pg_temp.forget();
select is(pg_temp.verdict(pg_temp.send(71, 62)), 'ok', 'the owner writes into another thread');
select is(pg_temp.heard(), 'message.created: 71', 'which the owner alone reads by now');
select * from finish();
rollback;
