-- What happens, who hears of it, and what they hear: direct messages.
begin;
\ir ../support/calls.psql
\ir ../support/relay.psql
select no_plan();
-- 1 Ada, an attendee, and 4 Mia, an MVP dealer, write with each other; 5 Olga organizes; 6 Max moderates.
update rolecall.rate_limits set capacity = 100000;

-- Without a relay
select pg_temp.ask('send_dm', pg_temp.demo(1), jsonb_build_object('recipient_id', pg_temp.demo(4), 'content', 'Hello'));
select is((select count(*) from rolecall.outbox), 0::bigint, 'while no relay is wanted nothing is written');
select is(
  pg_temp.relay('take', '{}') -> 'data',
  '{"leads": false, "rows": [], "lag_ms": 0}',
  'who does not lead gets nothing'
);
select is(pg_temp.lead(), '{"ok": true, "data": {"leads": true}}', 'a relay comes, and leads');
select is(pg_temp.lead(), '{"ok": true, "data": {"leads": true}}', 'and goes on leading');

-- Created
create temporary table conversation as
select id
from rolecall.conversations
where participant_low = pg_temp.demo(1)
  and participant_high = pg_temp.demo(4);
create function pg_temp.send(p_from int, p_content text)
returns text
language sql
return pg_temp.verdict(
  pg_temp.ask(
    'send_dm', pg_temp.demo(p_from), jsonb_build_object('conversation_id', (select id from conversation), 'content', p_content)
  )
);
create function pg_temp.own_page(p_user int)
returns jsonb
language sql
return pg_temp.ask('messages', pg_temp.demo(p_user), jsonb_build_object('conversation_id', (select id from conversation)))
  -> 'data';

select is(pg_temp.send(1, 'Hello again'), 'ok', 'a reply');
select is(pg_temp.publish(), 1::bigint, 'is one row');
select is(
  pg_temp.event_to(pg_temp.demo(4), 'message.created') - array['id', 'at'],
  jsonb_build_object(
    'v', 1,
    'type', 'message.created',
    'domain', 'conversations',
    'conversation_id', (select id from conversation),
    'seq', 2,
    'revision', null,
    'message', pg_temp.own_page(4) #> '{messages,1}'
  ),
  'that says what GET shows'
);
select matches(pg_temp.event_to(pg_temp.demo(4), 'message.created') ->> 'id', '^\d+\.1$', 'its id is that of the row and the place in it');
select ok((pg_temp.event_to(pg_temp.demo(4), 'message.created') ->> 'at')::timestamptz > now() - interval '1 minute', 'and it has its time');
select is(pg_temp.heard(), 'message.created: 01 04', 'both people hear it');
select is((select count(*) from rolecall.outbox), 0::bigint, 'what is settled is gone');

-- An array
do $$
begin
  perform set_config('role', 'rolecall_edge', true);
  perform rolecall_edge.send_dm(
    (
      select jsonb_agg(
        jsonb_build_object(
          'claims', jsonb_build_object('sub', pg_temp.demo(sender), 'role', 'authenticated'),
          'request_id', 'pgtap', 'rollouts', '{}'::jsonb,
          'input', jsonb_build_object('recipient_id', pg_temp.demo(recipient), 'content', 'Of an array')
        )
      )
      from (values (1, 4), (5, 1), (5, 3), (3, 1)) as message (sender, recipient)
    )
  );
  perform set_config('role', 'none', true);
end
$$;
select is(
  (select format('%s %s', count(*), sum(cardinality(conversations))) from rolecall.outbox),
  '1 3',
  'an array is one row with the messages that were sent'
);
select is(
  pg_temp.heard(),
  'message.created: 01 04, message.created: 01 05, message.created: 03 05',
  'each of which is an event'
);

-- Long contents
select is(pg_temp.send(1, repeat('é', 2000)), 'ok', 'a long message');
select is(pg_temp.publish(), 1::bigint, 'is told');
select is(
  pg_temp.event_to(pg_temp.demo(4), 'message.created') #> '{message,content}' is not null,
  true,
  'with up to 4 KiB of content'
);
select is(pg_temp.send(1, repeat('😀', 1100)), 'ok', 'a longer one');
select is(pg_temp.publish(), 1::bigint, 'is told');
select is(
  (pg_temp.event_to(pg_temp.demo(4), 'message.created') -> 'message') - array['id', 'sender_id', 'created_at'],
  '{"seq": 5, "show_id": null, "version": 1, "edited_at": null, "deleted": null, "reactions": [], "truncated": true}',
  'without its content'
);
select is(pg_temp.send(1, 'A short one'), 'ok', 'and a short one');

-- Changed
select pg_temp.forget();
select pg_temp.ask(
  'delete_message', pg_temp.demo(1), jsonb_build_object('message_id', (select id from rolecall.messages where content = 'Hello again'))
);
select is(pg_temp.publish(), 1::bigint, 'its author deletes a message');
select is(
  pg_temp.event_to(pg_temp.demo(4), 'message.changed') - array['id', 'at'],
  jsonb_build_object(
    'v', 1,
    'type', 'message.changed',
    'domain', 'conversations',
    'conversation_id', (select id from conversation),
    'seq', 2,
    'revision', 1,
    'message', pg_temp.own_page(4) #> '{messages,1}'
  ),
  'which says what GET shows then'
);
select is(pg_temp.heard(), 'message.changed: 01 04', 'to both');

-- A moderator who is one of the two reads what they removed.
select pg_temp.ask('send_dm', pg_temp.demo(6), jsonb_build_object('recipient_id', pg_temp.demo(1), 'content', 'Please be polite.'));
select pg_temp.ask('send_dm', pg_temp.demo(1), jsonb_build_object('recipient_id', pg_temp.demo(6), 'content', 'Rude'));
select pg_temp.ask(
  'delete_message',
  pg_temp.demo(6),
  jsonb_build_object('message_id', (select id from rolecall.messages where content = 'Rude'), 'reason', 'Rude words')
);
select pg_temp.publish();
select is(
  pg_temp.event_to(pg_temp.demo(6), 'message.changed') #>> '{message,content}',
  'Rude',
  'who moderates everything is told the content of a deleted message, as GET shows it to them'
);
select is(
  pg_temp.event_to(pg_temp.demo(1), 'message.changed') #>> '{message,content}',
  null,
  'and the other person is not'
);
select pg_temp.forget();

-- Read
select pg_temp.ask('mark_read', pg_temp.demo(4), jsonb_build_object('conversation_id', (select id from conversation), 'up_to_seq', 3));
select is(pg_temp.publish(), 1::bigint, 'somebody reads');
select is(
  pg_temp.event_to(pg_temp.demo(1), 'read') - array['id', 'at'],
  jsonb_build_object(
    'v', 1, 'type', 'read', 'domain', 'conversations', 'conversation_id', (select id from conversation),
    'user_id', pg_temp.demo(4), 'last_read_seq', 3
  ),
  'up to where is told'
);
select is(pg_temp.heard(), 'read: 01 04', 'on all devices of theirs, and to the other person');
select pg_temp.ask('mark_unread', pg_temp.demo(4), jsonb_build_object('conversation_id', (select id from conversation)));
select is(pg_temp.heard(), 'read: 01 04', 'and so is what they made unread');
select pg_temp.ask('mark_read', pg_temp.demo(3), jsonb_build_object('conversation_id', (select id from conversation), 'up_to_seq', 3));
select is(pg_temp.heard(), 'nothing', 'a stranger marks nothing as read');
do $$
declare
  v_requests jsonb := (
    select jsonb_agg(
      jsonb_build_object(
        'claims', jsonb_build_object('sub', pg_temp.demo(reader), 'role', 'authenticated'),
        'request_id', 'pgtap', 'rollouts', '{}'::jsonb,
        'input', jsonb_build_object('conversation_id', (select id from conversation), 'up_to_seq', 4)
      )
    )
    from unnest(array[1, 3, 4]) as reader
  );
begin
  perform set_config('role', 'rolecall_edge', true);
  perform rolecall_edge.mark_read(v_requests);
  perform set_config('role', 'none', true);
end
$$;
select is((select count(*) from rolecall.outbox), 1::bigint, 'an array of marks is one row');
select is(pg_temp.heard(), 'read: 01 04, read: 01 04', 'of the two who could');

-- The conversation
update rolecall.conversations set read_only = true where id = (select id from conversation);
select pg_temp.publish();
select is(
  pg_temp.event_to(pg_temp.demo(4), 'conversation.changed') -> 'conversation',
  pg_temp.own_page(4) -> 'conversation',
  'a conversation that is closed is told as the card that GET shows'
);
select is(
  pg_temp.event_to(pg_temp.demo(1), 'conversation.changed') -> 'conversation',
  pg_temp.own_page(1) -> 'conversation',
  'to each their own'
);
select is(pg_temp.heard(), 'conversation.changed: 01 04', 'both hear');
update rolecall.conversations set read_only = false where id = (select id from conversation);
select is(pg_temp.heard(), 'conversation.changed: 01 04', 'and hear that it is open again');

-- Blocked
select is(pg_temp.send(1, 'Before the block'), 'ok', 'a message');
select pg_temp.ask('block_user', pg_temp.demo(4), jsonb_build_object('blocked_id', pg_temp.demo(1)));
select is(
  pg_temp.heard(),
  'message.created: 01, conversation.changed: 04',
  'who is blocked by the time of taking hears nothing of the other''s, nor of the block; the author hears of their own'
);
select pg_temp.ask('mark_read', pg_temp.demo(4), jsonb_build_object('conversation_id', (select id from conversation), 'up_to_seq', 6));
select is(pg_temp.heard(), 'read: 04', 'nor how far the other has read');
select pg_temp.ask(
  'delete_message', pg_temp.demo(1), jsonb_build_object('message_id', (select id from rolecall.messages where content = 'Before the block'))
);
select is(pg_temp.heard(), 'message.changed: 01', 'nor what they delete');
select pg_temp.ask('unblock_user', pg_temp.demo(4), jsonb_build_object('blocked_id', pg_temp.demo(1)));
select is(pg_temp.heard(), 'conversation.changed: 01 04', 'a block that is lifted is told to both');

-- Suspended
select is(pg_temp.send(1, 'Before the suspension'), 'ok', 'a message');
update rolecall.profiles set suspended_until = 'infinity' where id = pg_temp.demo(4);
select is(pg_temp.heard(), 'message.created: 01', 'who is suspended hears nothing');
select is(pg_temp.send(1, 'Meanwhile'), 'ok', 'another message');
select is(pg_temp.heard(), 'message.created: 01', 'nor of what comes later');
update rolecall.profiles set suspended_until = null where id = pg_temp.demo(4);
select is(pg_temp.heard(), 'resync: 04', 'and is told to sync when it ends');

-- Flags
insert into rolecall.feature_flag_overrides (name, user_id, rollout)
values ('realtime', pg_temp.demo(4), 'disabled'), ('conversations', pg_temp.demo(1), 'disabled');
select is(pg_temp.send(1, 'Switched off'), 'ok', 'a message');
select is(pg_temp.heard(), 'nothing', 'without realtime, or without the function that would show it, nobody hears');
delete from rolecall.feature_flag_overrides;
select is(pg_temp.send(1, 'Switched on'), 'ok', 'a message');
select is(
  (pg_temp.relay('take', '{"rollouts": {"realtime": "disabled"}}') #>> '{data,rows,0,events}'),
  '[]',
  'the operator''s variable takes users out as well'
);
select is(pg_temp.heard(), 'message.created: 01 04', 'and with both they hear again');

-- Removed
select is(pg_temp.send(1, 'Before the end'), 'ok', 'a message');
select rolecall.delete_account(pg_temp.demo(4));
select is(pg_temp.heard('message.created'), 'message.created: 01', 'whose account is gone hears nothing');

-- Imported
select is(
  (
    select count(*)
    from rolecall.outbox
    where type = 'message.created'
  ),
  0::bigint,
  'nothing waits'
);
insert into rolecall.messages (conversation_id, seq, sender_id, content, legacy)
select id, 1000, pg_temp.demo(1), 'Of long ago', true
from conversation;
select is(pg_temp.heard(), 'nothing', 'of what is imported nobody hears');
select * from finish();
rollback;
