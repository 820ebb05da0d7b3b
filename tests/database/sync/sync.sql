-- rolecall_edge.sync: pages, cursors, what a client lacks, and what is gone.
begin;
\ir ../support/calls.psql
select no_plan();
update rolecall.rate_limits set capacity = null;
update rolecall.broadcast_limits set per_quota_day = null;
update rolecall.show_participants set joined_at = now() - interval '1 day';

create function pg_temp.sync(p_user int, p_input jsonb default '{}')
returns jsonb
language sql
return pg_temp.ask('sync', pg_temp.demo(p_user), p_input);

create function pg_temp.ids(p_answer jsonb, p_list text default 'conversations')
returns text[]
language sql
return array(
  select card ->> 'id'
  from jsonb_array_elements(p_answer -> 'data' -> p_list) as card
);

-- A cursor of the user, of this database or of another, with any numbers.
create function pg_temp.cursor(
  p_user int,
  p_horizon bigint,
  p_since bigint default 0,
  p_at bigint default null,
  p_domain int default null,
  p_id uuid default null,
  p_time bigint default 0,
  p_since_time bigint default 0
)
returns text
language sql
return rolecall_internal.sync_cursor(
  rolecall_internal.sync_origin(pg_temp.demo(p_user), '{help}'), p_horizon, p_since, p_at, p_domain, p_id, p_time, p_since_time
);

create function pg_temp.dm(p_from int, p_to int, p_text text)
returns jsonb
language sql
return pg_temp.ask(
  'send_dm', pg_temp.demo(p_from), jsonb_build_object('recipient_id', pg_temp.demo(p_to), 'content', p_text)
);

-- Nobody has anything yet.
select is(
  (pg_temp.sync(2) -> 'data') - 'cursor'::text,
  '{
    "more": false,
    "conversations": [],
    "help_conversations": [],
    "threads": [],
    "gone": [],
    "catch_up": [],
    "unread": {"unread": 0, "conversations": 0, "by_kind": {"direct": 0, "show": 0}},
    "notifications": {"unread": 0, "newest_id": null}
  }',
  'the answer to somebody without anything'
);
select matches(pg_temp.sync(2) #>> '{data,cursor}', '^[A-Za-z0-9_-]{67}$', 'a cursor is base64url');

-- The moderator writes to everybody: seven conversations, of one transaction.
create temp table made as
select number, (pg_temp.dm(6, number, 'Hello') #>> '{data,conversation_id}')::uuid as id
from unnest(array[1, 2, 3, 4, 5, 7, 8]) as number;
create temp table talk as
select (
  pg_temp.ask(
    'start_conversation',
    pg_temp.demo(6),
    jsonb_build_object('help_request_id', pg_temp.demo(21), 'initial_message', 'I can help with that.')
  ) #>> '{data,conversation_id}'
)::uuid as id;

select is(cardinality(pg_temp.ids(pg_temp.sync(6))), 7, 'without a cursor everything comes');
select is(pg_temp.ids(pg_temp.sync(6), 'help_conversations'), array[(select id::text from talk)], 'help, too');
select is(
  (
    select jsonb_agg(card order by card ->> 'id')
    from jsonb_array_elements(pg_temp.sync(6) #> '{data,conversations}') as card
  ),
  (
    select jsonb_agg(card order by card ->> 'id')
    from jsonb_array_elements(pg_temp.ask('inbox', pg_temp.demo(6), '{"limit": 50}') #> '{data,conversations}') as card
  ),
  'the cards are those of the inbox'
);
select is(
  pg_temp.sync(6) #> '{data,help_conversations}',
  pg_temp.ask('help_conversations', pg_temp.demo(6), '{"limit": 50}') #> '{data,conversations}',
  'and those of the list of help'
);
select is(
  pg_temp.sync(1) #> '{data,unread}',
  pg_temp.ask('unread', pg_temp.demo(1), '{}') -> 'data',
  'unread is what unread answers'
);

-- Pages, of which all entries have the same transaction.
create function pg_temp.pages(p_user int, p_limit int, p_cursor text default null)
returns text[]
language plpgsql
as $$
declare
  v_answer jsonb;
  v_cursor text := p_cursor;
  v_found text[] := '{}';
  v_pages int := 0;
begin
  loop
    v_answer := pg_temp.sync(p_user, jsonb_build_object('limit', p_limit, 'cursor', v_cursor));
    v_found := v_found || pg_temp.ids(v_answer) || pg_temp.ids(v_answer, 'help_conversations');
    v_pages := v_pages + 1;
    exit when (v_answer #> '{data,more}')::boolean is not true or v_pages > 20;
    if cardinality(pg_temp.ids(v_answer)) + cardinality(pg_temp.ids(v_answer, 'help_conversations')) <> p_limit then
      raise exception 'a page is full while there are more';
    end if;
    v_cursor := v_answer #>> '{data,cursor}';
  end loop;
  return v_found;
end
$$;
select is(
  array(select unnest(pg_temp.pages(6, size)) as id order by id),
  array(select id::text from (select id from made union all select id from talk) as every order by id::text),
  format('pages of %s have everything, and each thing once', size)
)
from unnest(array[1, 2, 3, 4, 7, 8, 9, 200]) as size;
select is(
  cardinality(pg_temp.pages(6, 3, pg_temp.cursor(6, 5))),
  8,
  'and so do pages since a cursor'
);
update rolecall.conversations set changed_xid = '5' where id in (select id from made where number < 5);
select is(
  array(select unnest(pg_temp.pages(6, 2, pg_temp.cursor(6, 6))) as id order by id),
  array(select id::text from (select id from made where number >= 5 union all select id from talk) as every order by id::text),
  'but nothing of before'
);
select is(
  (pg_temp.ids(pg_temp.sync(6, '{"limit": 100}')))[4:],
  array(select id::text from made where number < 5 order by id desc),
  'the newest change comes first'
);
select is(pg_temp.pages(6, 50, pg_temp.sync(6) #>> '{data,cursor}') <@ pg_temp.pages(6, 50), true, 'the cursor of the last page leads on');

-- A copy of the database on another cluster: rows name transactions that are yet to come.
update rolecall.conversations set changed_xid = '999999999' where id = (select id from made where number = 3);
select is(cardinality(pg_temp.pages(6, 3)), 8, 'without a cursor they come');
select is(
  (select id::text from made where number = 3) = any (pg_temp.pages(6, 3, pg_temp.cursor(6, 6))),
  false,
  'with one they are old'
);
update rolecall.conversations set changed_xid = '5' where id = (select id from made where number = 3);

-- Cursors.
select is(pg_temp.verdict(pg_temp.sync(6, jsonb_build_object('cursor', text))), 'invalid_input', format('no cursor: %s', left(text, 60)))
from (
  values
    ('x'),
    ('AQ'),
    ('AQAA'),
    ('a.b'),
    ('AQ=='),
    (repeat('A', 1001)),
    (left(pg_temp.cursor(6, 7, 5), 44)),
    (pg_temp.cursor(6, 7, 5) || 'AA'),
    (pg_temp.cursor(6, 7, 5, 5, 0, pg_temp.demo(1)) || 'AAAA'),
    -- Numbers that no answer has.
    (pg_temp.cursor(6, 7, 8)),
    (pg_temp.cursor(6, 7, -1)),
    (pg_temp.cursor(6, -7, -8)),
    (pg_temp.cursor(6, 7, 5, 4, 0, pg_temp.demo(1))),
    (pg_temp.cursor(6, 7, 5, -4, 0, pg_temp.demo(1))),
    -- Nor times.
    (pg_temp.cursor(6, 7, 5, p_time => -1, p_since_time => -1)),
    (pg_temp.cursor(6, 7, 5, p_time => 1, p_since_time => 2)),
    (pg_temp.cursor(6, 7, 5, p_time => 9223372036854775807))
) as given (text);
select is(pg_temp.verdict(pg_temp.sync(6, jsonb_build_object('cursor', text))), 'cursor_expired', label)
from (
  values
    ('that of somebody else', pg_temp.cursor(5, 7, 5)),
    ('of a later form', rpad('Ag', 46, 'A')),
    ('of transactions that are yet to come', pg_temp.cursor(6, 9999999999, 5)),
    ('the largest there is', pg_temp.cursor(6, 9223372036854775807, 5)),
    (
      'of another database',
      rolecall_internal.sync_cursor(decode(repeat('00', 16), 'hex'), 7, 5)
    ),
    (
      'of other features',
      rolecall_internal.sync_cursor(rolecall_internal.sync_origin(pg_temp.demo(6), '{}'), 7, 5)
    )
) as given (label, text);
select isnt(
  rolecall_internal.sync_origin(pg_temp.demo(6), '{}'),
  rolecall_internal.sync_origin(pg_temp.demo(5), '{}'),
  'an origin is one user''s'
);
select is(
  pg_temp.verdict(pg_temp.sync(6, jsonb_build_object('cursor', pg_temp.cursor(6, 7, 5, p_time => 253402300800000000)))),
  'ok',
  'the end of the year 9999 is a time'
);
-- A forged one that names no place of this list leads nowhere else.
select is(
  pg_temp.verdict(pg_temp.sync(6, jsonb_build_object('cursor', pg_temp.cursor(6, 7, 0, 9223372036854775807, 255, pg_temp.demo(1))))),
  'ok',
  'a forged place is one'
);
select is(
  pg_temp.ids(pg_temp.sync(1, jsonb_build_object('cursor', pg_temp.cursor(1, 7, 0, 9223372036854775807, 200, pg_temp.demo(1))))),
  array(select id::text from made where number = 1),
  'and shows what is the caller''s alone'
);

-- What a client lacks.
create function pg_temp.known(p_conversation uuid, p_seq bigint, p_revision bigint)
returns jsonb
language sql
return jsonb_build_object('conversation_id', p_conversation, 'seq', p_seq, 'revision', p_revision);

create function pg_temp.lacks(p_user int, variadic p_known jsonb[])
returns jsonb
language sql
return (
  select coalesce(
    jsonb_agg(
      jsonb_build_object(
        'messages', (select jsonb_agg(message -> 'seq') from jsonb_array_elements(entry -> 'messages') as message),
        'changed', (select jsonb_agg(message -> 'seq') from jsonb_array_elements(entry -> 'changed') as message),
        'seq', entry -> 'seq',
        'revision', entry -> 'revision',
        'limited', entry -> 'limited'
      )
    ),
    '[]'
  )
  from jsonb_array_elements(
    pg_temp.sync(p_user, jsonb_build_object('have', to_jsonb(p_known))) #> '{data,catch_up}'
  ) as entry
);

create temp table direct as select id from made where number = 1;
select pg_temp.dm(6, 1, 'More ' || number) from generate_series(2, 5) as number;
select is(
  pg_temp.lacks(1, pg_temp.known((select id from direct), 2, 0)),
  '[{"messages": [3, 4, 5], "changed": null, "seq": 5, "revision": 0, "limited": false}]',
  'the messages since'
);
select is(pg_temp.lacks(1, pg_temp.known((select id from direct), 5, 0)), '[]', 'who has all lacks nothing');
select is(pg_temp.lacks(1, pg_temp.known((select id from direct), 500, 70)), '[]', 'nor who says to know more');
select pg_temp.ask(
  'delete_message',
  pg_temp.demo(6),
  jsonb_build_object('message_id', (select message.id from rolecall.messages as message join direct on direct.id = conversation_id where seq = 2))
);
select is(
  pg_temp.lacks(1, pg_temp.known((select id from direct), 5, 0)),
  '[{"messages": null, "changed": [2], "seq": 5, "revision": 1, "limited": false}]',
  'the changes since'
);
select is(
  pg_temp.sync(1, jsonb_build_object('have', jsonb_build_array(pg_temp.known((select id from direct), 4, 0)))) #> '{data,catch_up,0,messages}',
  pg_temp.ask('messages', pg_temp.demo(1), jsonb_build_object('conversation_id', (select id from direct), 'since_seq', 4)) #> '{data,messages}',
  'as messages answers them'
);
select is(
  pg_temp.sync(1, jsonb_build_object('have', jsonb_build_array(pg_temp.known((select id from direct), 4, 0)))) #> '{data,catch_up,0,changed}',
  pg_temp.ask('messages', pg_temp.demo(1), jsonb_build_object('conversation_id', (select id from direct), 'changed_since', 0)) #> '{data,messages}',
  'and changes'
);

-- Bounded: 50 of each, and 500 in all.
insert into rolecall.messages (conversation_id, seq, sender_id, content)
select made.id, place, pg_temp.demo(6), 'Long'
from made
cross join generate_series(6, 205) as place;
insert into rolecall.messages (conversation_id, seq, sender_id, content)
select made.id, place, pg_temp.demo(6), 'Long'
from made
cross join generate_series(2, 5) as place
where number <> 1;
update rolecall.conversations set last_seq = 205 where id in (select id from made);
select is(
  pg_temp.lacks(1, pg_temp.known((select id from direct), 150, 1)) #> '{0,seq}' || (pg_temp.lacks(1, pg_temp.known((select id from direct), 150, 1)) #> '{0,limited}'),
  '[200, true]',
  'the oldest fifty, and that there are more'
);
select is(
  pg_temp.lacks(1, pg_temp.known((select id from direct), 155, 1)) #> '{0,seq}' || (pg_temp.lacks(1, pg_temp.known((select id from direct), 155, 1)) #> '{0,limited}'),
  '[205, false]',
  'fifty are not more'
);
update rolecall.messages set content = 'Longer' where conversation_id in (select id from made) and seq > 100;
select is(
  (
    select jsonb_build_array(sum(jsonb_array_length(entry -> 'messages') + jsonb_array_length(entry -> 'changed')), count(*), bool_and((entry -> 'limited')::boolean))
    from jsonb_array_elements(
      pg_temp.sync(
        6,
        jsonb_build_object('have', (select jsonb_agg(pg_temp.known(id, 0, 0)) from made))
      ) #> '{data,catch_up}'
    ) as entry
  ),
  '[500, 7, true]',
  'five hundred in all; the last ones get none, and hear that there are'
);
select is(
  (
    select jsonb_agg(distinct jsonb_build_array(entry -> 'seq', entry -> 'revision'))
    from jsonb_array_elements(
      pg_temp.sync(6, jsonb_build_object('have', (select jsonb_agg(pg_temp.known(id, 0, 0)) from made))) #> '{data,catch_up}'
    ) as entry
    where entry -> 'messages' = '[]' and entry -> 'changed' = '[]'
  ),
  '[[0, 0]]',
  'and stand where they stood'
);

-- Whose conversations they are.
select is(
  (
    select jsonb_build_array(
      answer #> '{data,catch_up}',
      (select jsonb_agg(id order by id) from jsonb_array_elements_text(answer #> '{data,gone}') as id)
    )
    from (
      values (
        pg_temp.sync(
          2,
          jsonb_build_object(
            'have',
            jsonb_build_array(
              pg_temp.known((select id from direct), 0, 0),
              pg_temp.known(pg_temp.demo(99), 0, 0),
              pg_temp.known((select id from talk), 0, 0)
            )
          )
        )
      )
    ) as answered (answer)
  ),
  jsonb_build_array(
    '[]'::jsonb,
    (
      select jsonb_agg(id order by id)
      from unnest(array[(select id::text from direct), pg_temp.demo(99)::text, (select id::text from talk)]) as id
    )
  ),
  'those of others are gone, in the same words as those that do not exist'
);
select is(
  pg_temp.sync(8, jsonb_build_object('have', jsonb_build_array(pg_temp.known((select id from direct), 0, 0)))) #> '{data,catch_up}',
  '[]',
  'nobody keeps up with a conversation that they look into to moderate'
);
select is(
  jsonb_array_length(
    pg_temp.sync(6, jsonb_build_object('have', jsonb_build_array(pg_temp.known((select id from direct), 204, 0), pg_temp.known((select id from direct), 0, 0)))) #> '{data,catch_up}'
  ),
  1,
  'a conversation that is named twice is caught up once'
);
delete from rolecall.conversations where id = (select id from direct);
select is(
  pg_temp.sync(1, jsonb_build_object('have', jsonb_build_array(pg_temp.known((select id from direct), 0, 0)))) #> '{data,gone}',
  (select jsonb_build_array(id) from direct),
  'what was deleted is gone'
);

-- Who may ask.
update rolecall.profiles set suspended_until = now() + interval '1 day' where id = pg_temp.demo(2);
select is(pg_temp.verdict(pg_temp.sync(2)), 'ok', 'who is suspended reads on');
select is(pg_temp.sync(2) #> '{data,conversations,0,can_reply}', 'false', 'and hears that they cannot write');
select is(pg_temp.verdict(pg_temp.sync(99)), 'permission_denied/no_profile', 'a stranger has nothing');
select pg_temp.ask('delete_own_data', pg_temp.demo(2), '{"account": true}');
select is(pg_temp.verdict(pg_temp.sync(2)), 'permission_denied/account_deleted', 'nor has a deleted account');
update rolecall.feature_flags set rollout = 'disabled' where name = 'help-conversations';
select is(pg_temp.sync(6) #> '{data,help_conversations}', '[]', 'help that is switched off is not shown');
select is(
  pg_temp.verdict(pg_temp.sync(6, jsonb_build_object('cursor', pg_temp.cursor(6, 7, 5)))),
  'cursor_expired',
  'and a cursor that stood for it, too, has expired'
);
update rolecall.feature_flags set rollout = 'disabled' where name = 'conversations';
select is(pg_temp.verdict(pg_temp.sync(6)), 'feature_disabled/feature_disabled', 'without conversations there is no sync');
update rolecall.feature_flags set rollout = 'enabled' where name = 'conversations';
update rolecall.feature_flags set rollout = 'disabled' where name = 'sync';
select is(pg_temp.verdict(pg_temp.sync(6)), 'feature_disabled/feature_disabled', 'nor when it is switched off');

select * from finish();
rollback;
