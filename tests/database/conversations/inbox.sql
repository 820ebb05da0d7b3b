-- The order of the inbox and its cards: they never go back, whatever the clock does and whatever is deleted.
begin;
\ir ../support/calls.psql
select no_plan();

-- Each with the time at which its conversation stands, and how many of its times are out of order.
create function pg_temp.times(p_conversation uuid)
returns text
language sql
return (
  select format(
    '%s, %s backwards, newest %s',
    max(conversation.last_message_at) - now(),
    count(*) filter (where message.created_at < before),
    bool_and(message.created_at = conversation.last_message_at) filter (where message.seq = conversation.last_seq)
  )
  from rolecall.conversations as conversation
  join (
    select *, lag(created_at) over (order by seq) as before
    from rolecall.messages
    where conversation_id = p_conversation
  ) as message
    on message.conversation_id = conversation.id
  where conversation.id = p_conversation
);

create function pg_temp.send(p_from int, p_to int, p_content text)
returns jsonb
language sql
return pg_temp.ask('send_dm', pg_temp.demo(p_from), jsonb_build_object('recipient_id', pg_temp.demo(p_to), 'content', p_content))
  -> 'data';

create temporary table made as
select
  (pg_temp.send(4, 1, 'one') ->> 'conversation_id')::uuid as direct,
  (pg_temp.send(8, 1, 'other') ->> 'conversation_id')::uuid as other,
  (
    pg_temp.ask(
      'send_broadcast',
      pg_temp.demo(5),
      jsonb_build_object('show_id', pg_temp.demo(11), 'recipient_roles', '["attendee"]'::jsonb, 'message', 'news 1')
    ) #>> '{data,conversation_id}'
  )::uuid as news;

-- A transaction that began later has sent before, or the clock was set back: the conversations stand an hour ahead.
update rolecall.conversations set last_message_at = now() + interval '1 hour';
update rolecall.messages set created_at = now() + interval '1 hour';
update rolecall.broadcasts set created_at = now() + interval '1 hour';
update rolecall.show_threads set last_message_at = now() + interval '1 hour';
select is(
  (pg_temp.send(4, 1, 'two') ->> 'created_at'),
  rolecall_internal.iso(now() + interval '1 hour'),
  'a message tells the time that it has'
);
select pg_temp.ask('send_dm', pg_temp.demo(1), jsonb_build_object('conversation_id', direct, 'content', 'three'))
from made;
select is(pg_temp.times(direct), '01:00:00, 0 backwards, newest t', 'a message and a reply are never older than the one before')
from made;
create temporary table answers as
select rolecall_edge.send_dm(
  jsonb_agg(
    jsonb_build_object(
      'claims', jsonb_build_object('sub', pg_temp.demo(person), 'role', 'authenticated'),
      'request_id', 'pgtap',
      'rollouts', '{}'::jsonb,
      'input', jsonb_build_object('recipient_id', pg_temp.demo(5 - person), 'content', 'of an array')
    )
  )
) as answers
from unnest(array[4, 1, 4]) as person;
select is(
  (select array_agg(distinct answer #>> '{data,created_at}') from answers, jsonb_array_elements(answers) as answer),
  array[rolecall_internal.iso(now() + interval '1 hour')],
  'nor are those of an array'
);
select is(pg_temp.times(direct), '01:00:00, 0 backwards, newest t', 'in the table, too') from made;
select pg_temp.ask(
  'send_broadcast',
  pg_temp.demo(5),
  jsonb_build_object('show_id', pg_temp.demo(11), 'recipient_roles', '["attendee"]'::jsonb, 'message', 'news 2')
);
select is(pg_temp.times(news), '01:00:00, 0 backwards, newest t', 'nor is a broadcast') from made;
select is(
  (select array_agg(distinct created_at - now()) from rolecall.broadcasts),
  array[interval '1 hour'],
  'whose row has the time of its message'
);
select is(
  (select array_agg(distinct last_message_at - now()) from rolecall.show_threads),
  array[interval '1 hour'],
  'and whose threads stay where they are'
);
select is(
  (select count(*) from rolecall.conversations where active_in <> date_trunc('hour', last_message_at at time zone 'utc') at time zone 'utc'),
  0::bigint,
  'the inbox is indexed by the hour of the time'
);

-- Deletions: the card is that of the message before, and stays where it is.
update rolecall.conversations
set last_message_at = now() + case id when direct then interval '3 hours' when other then interval '2 hours' else '0' end
from made;
create temporary table before as
select card ->> 'id' as id, number, card ->> 'last_message_at' as at
from jsonb_array_elements(pg_temp.ask('inbox', pg_temp.demo(1), '{}') #> '{data,conversations}')
  with ordinality as listed (card, number);
select pg_temp.ask('delete_message', sender_id, jsonb_build_object('message_id', id))
from rolecall.messages, made
where (conversation_id = direct and seq >= 4)
  or (conversation_id = other and seq = 1)
  or (conversation_id = news and seq = 2);
select results_eq(
  $$ select card ->> 'id', number, card ->> 'last_message_at'
     from jsonb_array_elements(pg_temp.ask('inbox', pg_temp.demo(1), '{}') #> '{data,conversations}')
       with ordinality as listed (card, number) $$,
  'select * from before',
  'a deletion moves no card'
);
select is(
  (
    select jsonb_object_agg(card ->> 'id', card #> '{last_message,content}')
    from jsonb_array_elements(pg_temp.ask('inbox', pg_temp.demo(1), '{}') #> '{data,conversations}') as card
  ),
  (select jsonb_build_object(direct, 'three', other, null, news, 'news 1') from made),
  'the card of a deleted last message is that of the message before it'
);
select is(
  pg_temp.ask('messages', pg_temp.demo(6), jsonb_build_object('conversation_id', direct))
    #>> '{data,conversation,last_message,content}',
  'three',
  'for a moderator, too'
)
from made;
select pg_temp.ask('restore_message', pg_temp.demo(6), jsonb_build_object('message_id', id))
from rolecall.messages, made
where conversation_id = news
  and seq = 2;
select pg_temp.ask('delete_message', pg_temp.demo(6), jsonb_build_object('message_id', id))
from rolecall.messages, made
where conversation_id = direct
  and seq = 2;
select is(
  (
    select jsonb_object_agg(card ->> 'id', card #> '{last_message,content}')
    from jsonb_array_elements(pg_temp.ask('inbox', pg_temp.demo(1), '{}') #> '{data,conversations}') as card
  ),
  (select jsonb_build_object(direct, 'three', other, null, news, 'news 1') from made),
  'what its author deleted stays deleted, and what is deleted further up changes no card'
);

-- Ids
select is(
  (select count(*) from rolecall.messages where substring(id::text from 15 for 1) <> '7' or substring(id::text from 20 for 1) !~ '[89ab]'),
  0::bigint,
  'ids of messages are of version 7'
);
select is(
  (
    select count(*)
    from (
      select id, lag(id) over (order by number) as before
      from (
        select number, rolecall_internal.uuid_v7() as id
        from generate_series(1, 1000) as number
        offset 0
      ) as made
    ) as pair
    where left(id::text, 13) < left(before::text, 13)
  ),
  0::bigint,
  'they grow with the clock'
);
select is(
  (
    select abs(extract(epoch from clock_timestamp()) * 1000 - ('x' || lpad(left(replace(id::text, '-', ''), 12), 16, '0'))::bit(64)::bigint) < 1000
    from (values (rolecall_internal.uuid_v7())) as made (id)
  ),
  true,
  'and begin with its milliseconds'
);

select * from finish();
rollback;
