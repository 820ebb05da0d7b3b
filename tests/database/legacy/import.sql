-- rolecall.import_legacy_conversations: what is kept, what is derived, what is left out, and that the result is read-only.
begin;
\ir ../support/calls.psql
select no_plan();

create temporary table given as
select jsonb_build_array(
  -- 0: seq with gaps and doubles, ids of every kind, times with and without a zone, odd text.
  jsonb_build_object(
    'id', 'a0000000-0000-4000-8000-000000000001',
    'participants', jsonb_build_array(pg_temp.demo(4), pg_temp.demo(1)),
    'show_id', pg_temp.demo(11),
    'created_at', '2019-12-31T23:00:00+01:00',
    'messages', jsonb_build_array(
      jsonb_build_object('seq', 40, 'sender_id', pg_temp.demo(4), 'content', 'last by number'),
      jsonb_build_object('seq', 7, 'content', 'no sender', 'created_at', '2020-01-01 10:00:00'),
      jsonb_build_object(
        'id', 'b0000000-0000-4000-8000-000000000001',
        'seq', 3,
        'sender_id', pg_temp.demo(1),
        'content', E'\u202Emirrored\u0007 \U0001F468\u200D\U0001F469\u200D\U0001F467 \uFFFD',
        'created_at', '2020-01-01T09:00:00.123456Z'
      ),
      jsonb_build_object('content', 'no number, late', 'created_at', '2021-06-01'),
      jsonb_build_object('content', 'no number, early', 'created_at', '2020-06-01T00:00:00-0800'),
      jsonb_build_object('id', 17, 'content', 'neither number nor time'),
      jsonb_build_object('seq', 'x', 'sender_id', 'x', 'content', null, 'created_at', '2020-02-31')
    )
  ),
  -- 1: somebody of whom nothing is known but the id, and a message that was deleted.
  jsonb_build_object(
    'participants', jsonb_build_array(pg_temp.demo(1), pg_temp.demo(99)),
    'messages', jsonb_build_array(
      jsonb_build_object('sender_id', pg_temp.demo(99), 'content', 'gone', 'deleted_at', '2020-03-01T00:00:00Z'),
      jsonb_build_object('sender_id', pg_temp.demo(99), 'content', repeat('é', 3000)),
      jsonb_build_object('sender_id', pg_temp.demo(6), 'content', 'a third one writes')
    )
  ),
  -- 2: nobody is named, and two have written.
  jsonb_build_object(
    'messages', jsonb_build_array(
      jsonb_build_object('sender_id', pg_temp.demo(2), 'content', 'hello'),
      jsonb_build_object('sender_id', pg_temp.demo(3), 'content', '')
    )
  ),
  -- 3: nothing but a person.
  jsonb_build_object('participants', jsonb_build_array(pg_temp.demo(2), 'x', null)),
  -- 4 to 8: what is left out.
  jsonb_build_object('messages', jsonb_build_array(jsonb_build_object('content', 'to nobody'))),
  to_jsonb(5),
  jsonb_build_object('participants', jsonb_build_array(pg_temp.demo(1), pg_temp.demo(2), pg_temp.demo(3))),
  jsonb_build_object('id', 'a0000000-0000-4000-8000-000000000001', 'participants', jsonb_build_array(pg_temp.demo(2))),
  jsonb_build_object(
    'id', 'number 8',
    'participants', jsonb_build_array(pg_temp.demo(3)),
    'messages', jsonb_build_array(
      jsonb_build_object('id', 'm', 'content', 'once'),
      jsonb_build_object('id', 'm', 'content', 'twice'),
      to_jsonb('no message'::text),
      jsonb_build_object('id', 'b0000000-0000-4000-8000-000000000001', 'content', 'an id of another conversation')
    )
  )
) as conversations;

create temporary table answer as
select rolecall.import_legacy_conversations(conversations) as first
from given;
select is(
  first,
  jsonb_build_object(
    'conversations', 5,
    'messages', 14,
    'already_imported', 0,
    'skipped', '[
      {"index": 4, "reason": "no_participants"},
      {"index": 5, "reason": "not_an_object"},
      {"index": 6, "reason": "too_many_participants"},
      {"index": 7, "reason": "duplicate_id"},
      {"index": 8, "message": 1, "reason": "duplicate_id"},
      {"index": 8, "message": 2, "reason": "not_an_object"}
    ]'::jsonb
  ),
  'what can be imported is, and what cannot is named'
)
from answer;

create temporary table state as
select
  md5((select string_agg(t::text, ' ' order by id) from rolecall.conversations as t)) as conversations,
  md5((select string_agg(t::text, ' ' order by id) from rolecall.messages as t)) as messages,
  md5((select string_agg(t::text, ' ' order by conversation_id, user_id) from rolecall.conversation_participants as t)) as people;
select is(
  rolecall.import_legacy_conversations(conversations) - 'skipped',
  '{"conversations": 0, "messages": 0, "already_imported": 5}'::jsonb,
  'importing the same again adds nothing'
)
from given;
select results_eq(
  $$ select
       md5((select string_agg(t::text, ' ' order by id) from rolecall.conversations as t)),
       md5((select string_agg(t::text, ' ' order by id) from rolecall.messages as t)),
       md5((select string_agg(t::text, ' ' order by conversation_id, user_id)
            from rolecall.conversation_participants as t)) $$,
  $$ select * from state $$,
  'and changes nothing'
);

-- Numbers, times, ids
select results_eq(
  $$ select seq, coalesce(content, 'null'), coalesce(rolecall_internal.iso(created_at), 'null')
     from rolecall.messages
     where conversation_id = 'a0000000-0000-4000-8000-000000000001'
     order by seq $$,
  $$ values
       (1::bigint, E'\u202Emirrored\u0007 \U0001F468\u200D\U0001F469\u200D\U0001F467 \uFFFD', '2020-01-01T09:00:00.123456Z'),
       (2, 'no sender', '2020-01-01T10:00:00.000000Z'),
       (3, 'last by number', 'null'),
       (4, 'no number, early', '2020-06-01T08:00:00.000000Z'),
       (5, 'no number, late', '2021-06-01T00:00:00.000000Z'),
       (6, 'neither number nor time', 'null'),
       (7, 'null', 'null') $$,
  'messages are numbered without gaps, by number, then time, then as they come'
);
select results_eq(
  $$ select kind, version, participant_low, participant_high, show_id, created_by, read_only, last_seq,
       rolecall_internal.iso(created_at), rolecall_internal.iso(last_message_at)
     from rolecall.conversations
     where id = 'a0000000-0000-4000-8000-000000000001' $$,
  $$ values (
       'direct', 'v1', pg_temp.demo(1), pg_temp.demo(4), pg_temp.demo(11), pg_temp.demo(1), true, 7::bigint,
       '2019-12-31T22:00:00.000000Z', '2021-06-01T00:00:00.000000Z') $$,
  'a conversation is its people''s, and closed'
);
select is(
  (select id from rolecall.messages where conversation_id = 'a0000000-0000-4000-8000-000000000001' and seq = 1),
  'b0000000-0000-4000-8000-000000000001'::uuid,
  'an id stays'
);
select is(
  (select count(*) from rolecall.messages where content = 'an id of another conversation'),
  1::bigint,
  'one that is taken is replaced'
);
select is(
  (select array_agg(seq order by seq) from rolecall.messages as m
   join rolecall.conversation_participants as p using (conversation_id)
   join rolecall.conversations as c on c.id = conversation_id
   where p.user_id = pg_temp.demo(3) and c.participant_high is null),
  '{1,2}'::bigint[],
  'what is left out leaves no gap'
);

-- Reading
create temporary table inbox as
select number, card
from jsonb_array_elements(
  pg_temp.ask('inbox', pg_temp.demo(1), '{"limit": 50}') #> '{data,conversations}'
) with ordinality as listed (card, number);
select is((select count(*) from inbox), 2::bigint, 'what was imported is in the inbox');
select is(
  (
    select jsonb_object_agg(key, value)
    from inbox
    cross join lateral jsonb_each(card)
    where number = 2
      and key not in ('id', 'last_message', 'reply_refusal')
  ),
  jsonb_build_object(
    'kind', 'direct',
    'version', 'v1',
    'with', jsonb_build_object('id', pg_temp.demo(99), 'display_name', null, 'role', null),
    'show', null,
    'muted_until', null,
    'archived', false,
    'pinned_at', null,
    'last_seq', 3,
    'last_read_seq', 3,
    'unread_count', 0,
    'revision', 0,
    'can_reply', false,
    'created_at', null,
    'last_message_at', null
  ),
  'whatever is not known is null, and what is old is not unread'
);
select is(
  (select card #>> '{reply_refusal,code}' from inbox where number = 2),
  'conversation_read_only',
  'it cannot be written into'
);
select is(
  pg_temp.ask('unread', pg_temp.demo(1), '{}') #> '{data,unread}',
  '0',
  'nothing of it counts as unread'
);
create temporary table messages as
select number, message
from jsonb_array_elements(
  pg_temp.ask(
    'messages',
    pg_temp.demo(1),
    jsonb_build_object('conversation_id', (select card ->> 'id' from inbox where number = 2))
  ) #> '{data,messages}'
) with ordinality as listed (message, number);
select is(
  (select message -> 'deleted' from messages where number = 1),
  '{"by": "author", "at": "2020-03-01T00:00:00.000000Z"}'::jsonb,
  'a message that was deleted is a placeholder'
);
select is((select message -> 'content' from messages where number = 1), 'null', 'without its content');
select is(
  (select char_length(message ->> 'content') from messages where number = 2),
  3000,
  'a message may be longer than one can be now'
);
select is(
  (select message -> 'created_at' from messages where number = 3),
  'null',
  'a time that is not known is null'
);
select is(
  (
    select message -> 'sender_id'
    from jsonb_array_elements(
      pg_temp.ask('messages', pg_temp.demo(1), '{"conversation_id": "a0000000-0000-4000-8000-000000000001"}')
        #> '{data,messages}'
    ) as message
    where message ->> 'content' = 'no sender'
  ),
  'null',
  'as is a sender'
);
select is(
  pg_temp.verdict(
    pg_temp.ask('messages', pg_temp.demo(2), '{"conversation_id": "a0000000-0000-4000-8000-000000000001"}')
  ),
  'not_found/not_a_participant',
  'others do not see it'
);
select is(
  (
    select count(*)
    from jsonb_array_elements(pg_temp.ask('inbox', pg_temp.demo(2), '{}') #> '{data,conversations}')
  ),
  2::bigint,
  'who wrote in a conversation that names nobody has it, and who is named in one of no messages'
);

-- Line 18: somebody who is not one of the two people wrote a message.
select is(
  (select count(*) from rolecall.messages where sender_id = pg_temp.demo(6) and content = 'a third one writes'),
  1::bigint,
  'the message of a third one is kept, and is theirs'
);
select is(
  (select count(*) from rolecall.conversation_participants where user_id = pg_temp.demo(6)),
  0::bigint,
  'which makes nobody a participant'
);
create temporary table written as
select conversation_id
from rolecall.messages
where content = 'a third one writes';
update rolecall.profiles set role = 'attendee' where id = pg_temp.demo(6);
select is(
  pg_temp.verdict(pg_temp.ask('messages', pg_temp.demo(6), jsonb_build_object('conversation_id', conversation_id))),
  'not_found/not_a_participant',
  'nor a reader by the function'
)
from written;
select is(
  pg_temp.verdict(
    pg_temp.ask('mark_read', pg_temp.demo(6), jsonb_build_object('conversation_id', conversation_id, 'up_to_seq', 3))
  ),
  'not_found/not_a_participant',
  'nor does anything count as read'
)
from written;
select is(
  jsonb_array_length(pg_temp.ask('inbox', pg_temp.demo(6), '{}') #> '{data,conversations}'),
  0,
  'nor is it in the inbox'
);
select is(
  pg_temp.run_as(
    'authenticated',
    pg_temp.demo(6),
    'select count(*) || $t$ $t$ || (select count(*) from rolecall.messages) from rolecall.conversations'
  ),
  '0 0',
  'nor by the tables'
);
select is(
  pg_temp.run_as(
    'authenticated',
    pg_temp.demo(6),
    format('select public.can_user_reply(%L, %L)', pg_temp.demo(6), conversation_id)
  ),
  'false',
  'nor a writer by the RPC'
)
from written;
select is(
  (
    select rolecall.import_legacy_conversations(
      jsonb_build_array(
        jsonb_build_object(
          'id', 'a0000000-0000-4000-8000-000000000018',
          'participants', jsonb_build_array(pg_temp.demo(2), pg_temp.demo(3)),
          'messages', jsonb_build_array(
            jsonb_build_object('sender_id', pg_temp.demo(6), 'content', 'a third one begins'),
            jsonb_build_object('sender_id', pg_temp.demo(3), 'content', 'one of the two')
          )
        )
      )
    ) -> 'messages'
  ),
  '2',
  'a third one may have begun'
);
select is(
  (select created_by from rolecall.conversations where id = 'a0000000-0000-4000-8000-000000000018'),
  pg_temp.demo(3),
  'which does not make it theirs: who began is one of the two'
);
select is(
  pg_temp.run_as('authenticated', pg_temp.demo(6), 'select count(*) from rolecall.conversations'),
  '0',
  'and they do not see it'
);
update rolecall.profiles set role = 'moderator' where id = pg_temp.demo(6);

-- Writing
select is(
  pg_temp.verdict(
    pg_temp.ask(
      'send_dm',
      pg_temp.demo(1),
      '{"conversation_id": "a0000000-0000-4000-8000-000000000001", "content": "Hi again"}'
    )
  ),
  'conversation_read_only/conversation_read_only',
  'nobody replies in it'
);
select isnt(
  pg_temp.ask('send_dm', pg_temp.demo(1), jsonb_build_object('recipient_id', pg_temp.demo(4), 'content', 'Hi again'))
    #>> '{data,conversation_id}',
  'a0000000-0000-4000-8000-000000000001',
  'the two begin another'
);
select is(
  pg_temp.verdict(
    pg_temp.ask('send_dm', pg_temp.demo(4), jsonb_build_object('recipient_id', pg_temp.demo(1), 'content', 'Hi'))
  ),
  'ok',
  'in which both write'
);
select throws_ok(
  $$ update rolecall.conversations set read_only = false where version = 'v1' $$,
  '23514',
  null,
  'and nobody opens it'
);
select is(
  rolecall.import_legacy_conversations(
    jsonb_build_array(
      jsonb_build_object(
        'id', (select id from rolecall.conversations where version = 'v2'),
        'participants', jsonb_build_array(pg_temp.demo(1))
      )
    )
  ) -> 'skipped',
  '[{"index": 0, "reason": "id_taken"}]'::jsonb,
  'nor takes the place of another'
);

-- Who imports
select is(
  pg_temp.run_as('authenticated', pg_temp.demo(8), $$ select rolecall.import_legacy_conversations('[]') $$),
  '42501',
  'no user imports'
);
select is(
  pg_temp.run_as('service_role', null, $$ select rolecall.import_legacy_conversations('[]') ->> 'conversations' $$),
  '0',
  'the operator does'
);
select throws_ok(
  $$ select rolecall.import_legacy_conversations('{}') $$,
  '22023',
  null,
  'a list'
);
select throws_ok($$ select rolecall.import_legacy_conversations(null) $$, '22023', null, 'and nothing else');

select * from finish();
rollback;
