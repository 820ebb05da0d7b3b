-- rolecall_edge.unread and the cards: unread is what the reader would see as new.
begin;
\ir ../support/calls.psql
select no_plan();
update rolecall.rate_limits set capacity = null;
update rolecall.broadcast_limits set per_quota_day = null;
update rolecall.show_participants set joined_at = now() - interval '1 day';

-- Sends as p_user, one by one, or all in one array.
create function pg_temp.send(p_user int, p_to int)
returns uuid
language sql
return (
  pg_temp.ask(
    'send_dm',
    pg_temp.demo(p_user),
    jsonb_build_object('recipient_id', pg_temp.demo(p_to), 'content', 'Hello')
  ) #>> '{data,conversation_id}'
)::uuid;

create function pg_temp.send_many(p_conversation uuid, p_users int[])
returns text
language sql
return (
  select string_agg(answer #>> '{data,seq}', ' ' order by number)
  from jsonb_array_elements(
    rolecall_edge.send_dm(
      (
        select jsonb_agg(
          jsonb_build_object(
            'claims', jsonb_build_object('sub', pg_temp.demo(number), 'role', 'authenticated'),
            'request_id', 'pgtap',
            'rollouts', '{}'::jsonb,
            'input', jsonb_build_object('conversation_id', p_conversation, 'content', 'Hello')
          )
          order by place
        )
        from unnest(p_users) with ordinality as listed (number, place)
      )
    )
  ) with ordinality as answered (answer, number)
);

create function pg_temp.broadcast(p_user int, p_show int, p_roles jsonb)
returns uuid
language sql
return (
  pg_temp.ask(
    'send_broadcast',
    pg_temp.demo(p_user),
    jsonb_build_object('show_id', pg_temp.demo(p_show), 'recipient_roles', p_roles, 'message', 'News')
  ) #>> '{data,conversation_id}'
)::uuid;

create function pg_temp.mark(p_user int, p_conversation uuid, p_up_to bigint)
returns text
language sql
return (
  select format('read %s, unread %s', data -> 'last_read_seq', data -> 'unread_count')
  from (
    values (
      pg_temp.ask(
        'mark_read',
        pg_temp.demo(p_user),
        jsonb_build_object('conversation_id', p_conversation, 'up_to_seq', p_up_to)
      ) -> 'data'
    )
  ) as answer (data)
);

-- What somebody has unread of a conversation, by its card; the sum of all cards must be what unread says.
create function pg_temp.unread(p_user int, p_conversation uuid)
returns text
language sql
return (
  select case
    when sum((card -> 'unread_count')::bigint) = (pg_temp.ask('unread', pg_temp.demo(p_user), '{}') #> '{data,unread}')::bigint
      then sum((card -> 'unread_count')::bigint) filter (where card ->> 'id' = p_conversation::text)::text
    else format('cards %s, unread %s', sum((card -> 'unread_count')::bigint), pg_temp.ask('unread', pg_temp.demo(p_user), '{}') -> 'data')
  end
  from jsonb_array_elements(pg_temp.ask('inbox', pg_temp.demo(p_user), '{"limit": 100}') #> '{data,conversations}') as card
);

create function pg_temp.moderate(p_function text, p_user int, p_conversation uuid, p_seq bigint)
returns text
language sql
return pg_temp.verdict(
  pg_temp.ask(
    p_function,
    pg_temp.demo(p_user),
    jsonb_build_object(
      'message_id',
      (select id from rolecall.messages where conversation_id = p_conversation and seq = p_seq)
    )
  )
);

-- Olga (5) and Anna (1)
create temporary table made as
select pg_temp.send(5, 1) as direct, pg_temp.broadcast(5, 11, '["attendee"]') as show;

-- Sending reads nothing but one's own message.
select is(pg_temp.unread(1, direct), '1', 'what comes is unread') from made;
select is(pg_temp.unread(5, direct), '0', 'but not to who sent it') from made;
select pg_temp.send(1, 5);
select is(pg_temp.unread(1, direct), '1', 'who writes at the same time has not read it') from made;
select is(pg_temp.unread(5, direct), '1', 'nor has the other') from made;
select pg_temp.send(5, 1), pg_temp.send(5, 1), pg_temp.send(5, 1);
select is(pg_temp.unread(1, direct), '4', 'four unread') from made;
select pg_temp.send(1, 5);
select is(pg_temp.unread(1, direct), '4', 'and one reply: still four') from made;
select is(pg_temp.mark(1, direct, 6), 'read 6, unread 0', 'until they are read') from made;
select is(pg_temp.mark(5, direct, 1), 'read 1, unread 2', 'the other has two') from made;
select is(pg_temp.mark(5, direct, 2), 'read 2, unread 1', 'reads one') from made;
select is(pg_temp.mark(5, direct, 5), 'read 5, unread 1', 'and is told the other beyond their own') from made;
select is(pg_temp.mark(5, direct, 6), 'read 6, unread 0', 'reads it') from made;
select pg_temp.send(5, 1), pg_temp.send(5, 1);
select is(
  (
    select format('%s %s', last_read_seq, skipped)
    from rolecall.conversation_participants
    where conversation_id = direct and user_id = pg_temp.demo(5)
  ),
  '8 0',
  'who has read everything goes on reading by writing'
)
from made;

-- The same in an array.
select is(pg_temp.send_many(direct, '{1,1,5,1,5,5}'), '9 10 11 12 13 14', 'an array numbers them in its order') from made;
select is(pg_temp.unread(1, direct), '5', 'of an array, too, one''s own are not new') from made;
select is(pg_temp.unread(5, direct), '3', 'and the others are') from made;
select pg_temp.mark(1, direct, 14), pg_temp.mark(5, direct, 14) from made;
select is(pg_temp.send_many(direct, '{1,1,5,1,5}'), '15 16 17 18 19', 'after both have read') from made;
select is(
  (
    select string_agg(format('%s %s', last_read_seq, skipped), ', ' order by user_id)
    from rolecall.conversation_participants
    where conversation_id = direct
  ),
  '16 1, 14 2',
  'only what stands at the end of what was read is read on'
)
from made;
select is(pg_temp.unread(1, direct), '2', 'two are new to the one') from made;
select is(pg_temp.unread(5, direct), '3', 'three to the other') from made;

-- What is deleted is not new, whoever deleted it, and when it comes back it is.
select is(pg_temp.moderate('delete_message', 5, direct, 17), 'ok', 'the author takes one back') from made;
select is(pg_temp.unread(1, direct), '1', 'which is not unread any more') from made;
select is(pg_temp.moderate('delete_message', 6, direct, 19), 'ok', 'a moderator deletes the other') from made;
select is(pg_temp.unread(1, direct), '0', 'nothing is') from made;
select is(pg_temp.moderate('delete_message', 6, direct, 19), 'ok', 'twice is once') from made;
select is(pg_temp.unread(1, direct), '0', 'nothing is') from made;
select is(pg_temp.moderate('restore_message', 6, direct, 19), 'ok', 'the moderator restores it') from made;
select is(pg_temp.unread(1, direct), '1', 'and it is new again') from made;
select is(pg_temp.mark(1, direct, 19), 'read 19, unread 0', 'until it is read') from made;
select is(pg_temp.moderate('delete_message', 6, direct, 19), 'ok', 'what was read is deleted') from made;
select is(pg_temp.unread(1, direct), '0', 'which changes nothing') from made;
select is(pg_temp.moderate('restore_message', 6, direct, 19), 'ok', 'and restored') from made;
select is(pg_temp.unread(1, direct), '0', 'nor does that') from made;
select is(pg_temp.moderate('delete_message', 1, direct, 18), 'ok', 'somebody deletes what the other has not read') from made;
select is(pg_temp.unread(5, direct), '2', 'which is not new any more to the other') from made;
select is(pg_temp.unread(1, direct), '0', 'and never was to its author') from made;
select is(pg_temp.mark(5, direct, 15), 'read 15, unread 1', 'reading goes on beside it') from made;
select is(pg_temp.mark(5, direct, 19), 'read 19, unread 0', 'to the end') from made;
select pg_temp.send(5, 1), pg_temp.send(5, 1);
select is(pg_temp.unread(1, direct), '2', 'two more') from made;
update rolecall.messages
set content = null, deleted_at = now(), deleted_as = 'moderator'
where conversation_id = (select direct from made);
select is(pg_temp.unread(1, direct), '0', 'the operator may delete, too') from made;
select is(pg_temp.unread(5, direct), '0', 'all of them') from made;
select is(
  (select count(*) from rolecall.conversation_participants where skipped < 0),
  0::bigint,
  'no counter is below nothing'
);

-- Erasure of one's own data
select pg_temp.send(5, 1), pg_temp.send(5, 1), pg_temp.send(1, 5);
select is(pg_temp.unread(1, direct), '2', 'two are unread') from made;
select is(pg_temp.verdict(pg_temp.ask('delete_own_data', pg_temp.demo(5), '{"confirm": true}')), 'ok', 'their author erases them');
select is(pg_temp.unread(1, direct), '0', 'and nothing is') from made;
select is(pg_temp.unread(5, direct), '1', 'but what the author has not read') from made;

-- Broadcasts
select is(pg_temp.unread(1, show), '0', 'an erased broadcast is not unread, either') from made;
select pg_temp.broadcast(5, 11, '["attendee"]'), pg_temp.broadcast(5, 11, '["attendee"]');
select is(pg_temp.unread(1, show), '2', 'two are') from made;
select is(pg_temp.unread(2, show), '2', 'to everybody of the audience') from made;
select is(pg_temp.unread(5, show), '0', 'but not to who sent them') from made;
select is(pg_temp.moderate('delete_message', 6, show, 3), 'ok', 'a moderator deletes one') from made;
select is(pg_temp.unread(1, show), '1', 'which is not unread any more') from made;
select is(pg_temp.unread(2, show), '1', 'to anybody') from made;
select is(pg_temp.mark(1, show, 2), 'read 2, unread 0', 'who reads the other has read everything') from made;
select is(pg_temp.moderate('restore_message', 6, show, 3), 'ok', 'it is restored') from made;
select is(pg_temp.unread(1, show), '1', 'and is new again') from made;
select is(pg_temp.unread(2, show), '2', 'to everybody') from made;

select * from finish();
rollback;
