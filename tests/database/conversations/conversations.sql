-- rolecall_edge.inbox, rolecall_edge.messages, rolecall_edge.unread, rolecall_edge.mark_read: what each reader sees, page by page, and who sees nothing.
begin;
\ir ../support/calls.psql
select no_plan();
update rolecall.rate_limits set capacity = null;
update rolecall.broadcast_limits set per_quota_day = null;
update rolecall.show_participants set joined_at = now() - interval '1 day';

create function pg_temp.dm(p_user int, p_to int, p_content text)
returns uuid
language sql
return (
  pg_temp.ask(
    'send_dm',
    pg_temp.demo(p_user),
    jsonb_build_object('recipient_id', pg_temp.demo(p_to), 'content', p_content)
  ) #>> '{data,conversation_id}'
)::uuid;

create function pg_temp.broadcast(p_user int, p_show int, p_roles jsonb, p_message text)
returns uuid
language sql
return (
  pg_temp.ask(
    'send_broadcast',
    pg_temp.demo(p_user),
    jsonb_build_object('show_id', pg_temp.demo(p_show), 'recipient_roles', p_roles, 'message', p_message)
  ) #>> '{data,conversation_id}'
)::uuid;

-- The inbox in short: the newest message of each conversation, and what is unread.
create function pg_temp.inbox(p_user int, p_input jsonb default '{}')
returns text
language sql
return (
  select string_agg(
    format('%s/%s', card #>> '{last_message,content}', card ->> 'unread_count'),
    ' '
    order by number
  )
  from jsonb_array_elements(
    pg_temp.ask('inbox', pg_temp.demo(p_user), p_input) #> '{data,conversations}'
  ) with ordinality as listed (card, number)
);

-- The messages in short: their numbers, and whether there are more.
create function pg_temp.read(p_user int, p_conversation uuid, p_input jsonb default '{}')
returns text
language sql
return (
  select coalesce(
    format(
      '%s %s %s',
      case when answer #> '{data,has_more_before}' = 'true' then '<' else '|' end,
      (
        select string_agg(message ->> 'seq', ' ' order by number)
        from jsonb_array_elements(answer #> '{data,messages}') with ordinality as listed (message, number)
      ),
      case when answer #> '{data,has_more_after}' = 'true' then '>' else '|' end
    ),
    ''
  )
  from pg_temp.ask(
    'messages',
    pg_temp.demo(p_user),
    p_input || jsonb_build_object('conversation_id', p_conversation)
  ) as answer
  where answer -> 'ok' = 'true'
);

create function pg_temp.mark(p_user int, p_conversation uuid, p_up_to bigint)
returns text
language sql
return (
  select case
    when answer -> 'ok' = 'true'
      then format('read %s, unread %s', answer #> '{data,last_read_seq}', answer #> '{data,unread_count}')
    else pg_temp.verdict(answer)
  end
  from pg_temp.ask(
    'mark_read',
    pg_temp.demo(p_user),
    jsonb_build_object('conversation_id', p_conversation, 'up_to_seq', p_up_to)
  ) as answer
);

create function pg_temp.unread(p_user int)
returns jsonb
language sql
return pg_temp.ask('unread', pg_temp.demo(p_user), '{}') -> 'data';

-- Everything in one transaction happens at one moment: conversations are put apart by hand.
create function pg_temp.age(p_conversation uuid, p_minutes int)
returns void
language sql
begin atomic
  update rolecall.conversations
  set last_message_at = now() - p_minutes * interval '1 minute'
  where id = p_conversation;
  update rolecall.show_threads
  set last_message_at = now() - p_minutes * interval '1 minute'
  where conversation_id = p_conversation;
end;

-- Nothing yet
select is(
  pg_temp.ask('inbox', pg_temp.demo(1), '{"limit": 50}') -> 'data',
  '{"conversations": [], "pinned": [], "next_cursor": null}'::jsonb,
  'an empty inbox is empty'
);
select is(
  pg_temp.unread(1),
  '{"unread": 0, "conversations": 0, "by_kind": {"direct": 0, "show": 0}}'::jsonb,
  'and nothing is unread'
);

create temporary table made as
select
  pg_temp.dm(1, 4, 'mia 1') as mia,
  pg_temp.dm(5, 1, 'olga 1') as olga,
  pg_temp.broadcast(5, 11, '["attendee"]', 'news 1') as news;
select pg_temp.dm(4, 1, 'mia 2');
select pg_temp.age(mia, 1), pg_temp.age(olga, 2), pg_temp.age(news, 3) from made;

-- The inbox
select is(pg_temp.inbox(1), 'mia 2/1 olga 1/1 news 1/1', 'direct and show conversations, newest first');
select is(pg_temp.inbox(1, '{"kind": "direct"}'), 'mia 2/1 olga 1/1', 'or the direct ones');
select is(pg_temp.inbox(1, '{"kind": "show"}'), 'news 1/1', 'or those of shows');
select is(
  pg_temp.verdict(pg_temp.ask('inbox', pg_temp.demo(1), '{"kind": "group"}')),
  'invalid_input',
  'there are no others'
);
select is(pg_temp.inbox(4), 'mia 2/1', 'who wrote last has not read what came before');
select is(pg_temp.inbox(5), 'olga 1/0 news 1/0', 'who broadcasts has it in the inbox, and nobody to read it to');
select is(pg_temp.inbox(2), 'news 1/1', 'everybody of the audience has it');
select is(pg_temp.inbox(3), null, 'and nobody else');
select is(pg_temp.inbox(6), null, 'a moderator has what is theirs alone');
select is(
  pg_temp.unread(1),
  '{"unread": 3, "conversations": 3, "by_kind": {"direct": 2, "show": 1}}'::jsonb,
  'all of it is unread'
);
select is(
  (
    select jsonb_object_agg(key, value)
    from jsonb_each(pg_temp.ask('inbox', pg_temp.demo(1), '{}') #> '{data,conversations,0}')
    where key not in ('id', 'created_at', 'last_message_at', 'last_message')
  ),
  jsonb_build_object(
    'kind', 'direct',
    'version', 'v2',
    'with', jsonb_build_object('id', pg_temp.demo(4), 'display_name', 'Mia', 'role', 'mvp_dealer'),
    'show', null,
    'last_seq', 2,
    'last_read_seq', 1,
    'unread_count', 1,
    'muted_until', null,
    'archived', false,
    'pinned_at', null,
    'revision', 0,
    'can_reply', true,
    'reply_refusal', null
  ),
  'a card tells with whom'
);
select is(
  pg_temp.ask('inbox', pg_temp.demo(1), '{}') #> '{data,conversations,2}' #>> array[key],
  value,
  format('the card of a broadcast tells %s', key)
)
from (
  values
    ('kind', 'show'),
    ('with', jsonb_build_object('id', pg_temp.demo(5), 'display_name', 'Olga', 'role', 'show_organizer')::text),
    ('show', jsonb_build_object('id', pg_temp.demo(11), 'title', 'Demo show next week')::text),
    ('can_reply', 'false'),
    (
      'reply_refusal',
      jsonb_build_object(
        'code', 'permission_denied',
        'rule', 'broadcast_not_answerable',
        'message', 'A broadcast cannot be replied to.',
        'allowed_if', 'You write to the sender in a direct message, where your role allows it.'
      )::text
    )
) as expected (key, value);
select is(
  pg_temp.ask('inbox', pg_temp.demo(5), '{"kind": "show"}') #> '{data,conversations,0,with}',
  'null',
  'to its sender it is with nobody in particular'
);
select is(
  (
    select array_agg(key order by key)
    from jsonb_object_keys(pg_temp.ask('inbox', pg_temp.demo(1), '{}') #> '{data,conversations,0,last_message}') as key
  ),
  '{content,created_at,deleted,edited_at,id,reactions,sender_id,seq,show_id,version}',
  'a message has these members and no other'
);

-- What cannot be replied to, and why
create function pg_temp.refusals_of_cards()
returns text
language sql
return (
  select string_agg(coalesce(card #>> '{reply_refusal,rule}', 'may'), ' ' order by number)
  from jsonb_array_elements(
    pg_temp.ask('inbox', pg_temp.demo(1), '{}') #> '{data,conversations}'
  ) with ordinality as listed (card, number)
);
select is(
  pg_temp.refusals_of_cards(),
  'may may broadcast_not_answerable',
  'a card tells why one cannot reply'
);
insert into rolecall.user_blocks (blocker_id, blocked_id) values (pg_temp.demo(5), pg_temp.demo(1));
select is(
  pg_temp.refusals_of_cards(),
  'may blocked',
  'across a block nobody replies, and what is broadcast is not there'
);
delete from rolecall.user_blocks;
update rolecall.feature_flags set rollout = 'disabled' where name = 'send-dm';
select is(
  pg_temp.ask('inbox', pg_temp.demo(1), '{}') #>> '{data,conversations,0,reply_refusal,code}',
  'feature_disabled',
  'also that sending is switched off'
);
update rolecall.feature_flags set rollout = 'enabled' where name = 'send-dm';
select is(
  rolecall_edge.inbox(
    jsonb_build_object(
      'claims', jsonb_build_object('sub', pg_temp.demo(1), 'role', 'authenticated'),
      'rollouts', '{"send-dm": "disabled"}'::jsonb,
      'input', '{}'::jsonb
    )
  ) #>> '{data,conversations,0,reply_refusal,code}',
  'feature_disabled',
  'by the operator''s variable, too'
);
update rolecall.profiles set suspended_until = 'infinity' where id = pg_temp.demo(1);
select is(
  pg_temp.ask('inbox', pg_temp.demo(1), '{}') #>> '{data,conversations,0,reply_refusal,rule}',
  'suspended',
  'a suspended user reads on, and is told'
);
select is(pg_temp.mark(1, mia, 2), 'read 2, unread 0', 'and says what they have read') from made;
update rolecall.profiles set suspended_until = null where id = pg_temp.demo(1);

-- Messages
select pg_temp.dm(4, 1, 'mia ' || number) from generate_series(3, 10) as number;
select is(pg_temp.read(1, mia), '| 1 2 3 4 5 6 7 8 9 10 |', 'all of a conversation, oldest first') from made;
select is(pg_temp.read(1, mia, '{"limit": 3}'), '< 8 9 10 |', 'the newest first of all') from made;
select is(pg_temp.read(1, mia, '{"limit": 3, "before_seq": 8}'), '< 5 6 7 >', 'then those before') from made;
select is(pg_temp.read(1, mia, '{"limit": 3, "before_seq": 3}'), '| 1 2 >', 'down to the first') from made;
select is(pg_temp.read(1, mia, '{"limit": 3, "before_seq": 1}'), '|  >', 'before which there is none') from made;
select is(pg_temp.read(1, mia, '{"limit": 3, "since_seq": 4}'), '< 5 6 7 >', 'those since a number, to catch up') from made;
select is(pg_temp.read(1, mia, '{"limit": 3, "since_seq": 8}'), '< 9 10 |', 'up to the last') from made;
select is(pg_temp.read(1, mia, '{"limit": 3, "since_seq": 10}'), '<  |', 'after which there is none') from made;
select is(pg_temp.read(1, mia, '{"limit": 3, "since_seq": 0}'), '| 1 2 3 >', 'from the beginning') from made;
select is(
  pg_temp.read(1, mia, '{"limit": 2, "since_seq": 4, "before_seq": 8}'),
  '< 5 6 >',
  'between two numbers'
)
from made;
select is(
  pg_temp.verdict(
    pg_temp.ask('messages', pg_temp.demo(1), jsonb_build_object('conversation_id', mia) || input)
  ),
  'invalid_input',
  format('%s is no number', input)
)
from made
cross join (
  values ('{"before_seq": "2"}'::jsonb), ('{"before_seq": -1}'), ('{"since_seq": 1.5}'), ('{"since_seq": 1e30}')
) as wrong (input);
select is(
  pg_temp.ask('messages', pg_temp.demo(1), jsonb_build_object('conversation_id', mia)) #> '{data,conversation,unread_count}',
  '8',
  'with the conversation''s card'
)
from made;

-- Who sees nothing is told the same as of a conversation that there is not.
select is(
  pg_temp.verdict(pg_temp.ask('messages', pg_temp.demo(2), jsonb_build_object('conversation_id', id))),
  'not_found/not_a_participant',
  'not found'
)
from (select mia as id from made union all select pg_temp.demo(77)) as other;
select is(
  pg_temp.verdict(pg_temp.ask('messages', pg_temp.demo(2), '{"conversation_id": "x"}')),
  'not_found/not_a_participant',
  'nor is what is no id'
);
select is(pg_temp.mark(2, mia, 1), 'not_found/not_a_participant', 'and cannot be marked as read') from made;
select is(
  pg_temp.verdict(pg_temp.ask('messages', pg_temp.demo(3), jsonb_build_object('conversation_id', news))),
  'not_found/not_a_participant',
  'nor is a broadcast to others'
)
from made;

-- Marking as read
select is(pg_temp.mark(1, mia, 5), 'read 5, unread 5', 'up to a number') from made;
select is(pg_temp.mark(1, mia, 3), 'read 5, unread 5', 'never backwards') from made;
select is(pg_temp.mark(1, mia, 0), 'read 5, unread 5', 'not even to nothing') from made;
select is(pg_temp.mark(1, mia, 999), 'read 10, unread 0', 'and not beyond the newest') from made;
select is(
  pg_temp.verdict(
    pg_temp.ask('mark_read', pg_temp.demo(1), jsonb_build_object('conversation_id', mia, 'up_to_seq', up_to))
  ),
  'invalid_input',
  'which is a number'
)
from made
cross join (values ('"5"'::jsonb), ('-1'), ('null'), ('1e99')) as wrong (up_to);
select is(
  pg_temp.ask('mark_read', pg_temp.demo(5), jsonb_build_object('conversation_id', olga, 'up_to_seq', 1), 'key') -> 'replayed',
  replayed,
  'a request with a key is done once'
)
from made
cross join (values (1, null::jsonb), (2, 'true')) as time (number, replayed);

-- Broadcasts: to whom and when
select is(
  (select count(*) from rolecall.broadcast_receipts),
  0::bigint,
  'nobody has a row of a broadcast before they read it'
);
select pg_temp.broadcast(5, 11, '["dealer"]', 'news 2');
select pg_temp.broadcast(5, 11, '["attendee", "dealer"]', 'news 3');
select is(pg_temp.read(1, news), '| 1 3 |', 'an attendee sees what is for attendees') from made;
select is(pg_temp.read(3, news), '| 2 3 |', 'a dealer what is for dealers') from made;
select is(pg_temp.read(5, news), '| 1 2 3 |', 'the sender all of it') from made;
select is(pg_temp.read(1, news, '{"limit": 1}'), '< 3 |', 'there is more before') from made;
select is(pg_temp.read(1, news, '{"limit": 1, "before_seq": 3}'), '| 1 >', 'which is not what others see') from made;
select is(pg_temp.read(3, news, '{"since_seq": 2}'), '< 3 |', 'and since') from made;
select is(pg_temp.inbox(3), 'news 3/2', 'and counts that alone');
select is(pg_temp.mark(3, news, 1), 'read 0, unread 2', 'what is not for them cannot be read') from made;
select is((select count(*) from rolecall.broadcast_receipts), 0::bigint, 'and leaves no receipt');
select is(pg_temp.mark(3, news, 2), 'read 2, unread 1', 'what is for them can') from made;
select is(pg_temp.mark(3, news, 1), 'read 2, unread 1', 'never backwards') from made;
select is(pg_temp.mark(3, news, 999), 'read 3, unread 0', 'nor beyond') from made;
select is(pg_temp.mark(1, news, 2), 'read 1, unread 1', 'up to the last that is for them') from made;
select results_eq(
  $$ select user_id, last_read_seq from rolecall.broadcast_receipts order by 1 $$,
  $$ values (pg_temp.demo(1), 1::bigint), (pg_temp.demo(3), 3::bigint) $$,
  'a receipt is written when it is read'
);
select is(
  pg_temp.run_as('authenticated', pg_temp.demo(number), 'select count(*) from rolecall.broadcast_receipts'),
  seen,
  format('%s sees %s receipts', number, seen)
)
from (values (1, '1'), (5, '2'), (2, '0'), (6, '0')) as expected (number, seen);
select is(
  pg_temp.run_as('authenticated', pg_temp.demo(1), 'update rolecall.broadcast_receipts set last_read_seq = 0'),
  '42501',
  'and changes none'
);
select is(
  pg_temp.run_as('authenticated', pg_temp.demo(1), 'update rolecall.conversation_participants set last_read_seq = 0'),
  '42501',
  'nor how far they have read in a direct conversation'
);

-- Who leaves keeps what was sent while they took part; who joins sees what is sent from then on.
delete from rolecall.show_participants where user_id = pg_temp.demo(2) and show_id = pg_temp.demo(11);
insert into rolecall.show_participants (show_id, user_id, joined_at)
values (pg_temp.demo(11), pg_temp.demo(7), now() + interval '1 minute');
select pg_temp.broadcast(5, 11, '["attendee"]', 'news 4');
update rolecall.messages set created_at = now() + interval '2 minutes' where content = 'news 4';
update rolecall.broadcasts set created_at = now() + interval '2 minutes' where seq = 4;
update rolecall.show_threads set last_message_at = now() + interval '2 minutes' where role = 'attendee';
select is(pg_temp.read(2, news), '| 1 3 |', 'who left before it was sent does not see it') from made;
select is(pg_temp.inbox(2), 'news 3/2', 'and has what was sent before') ;
select is(pg_temp.unread(2) -> 'by_kind' -> 'show', '2', 'to read') ;
select is(pg_temp.read(7, news), '| 4 |', 'who joined later does not see what was sent before') from made;
select is(pg_temp.inbox(7), 'news 4/1', 'and has the rest');
select is(pg_temp.read(1, news), '| 1 3 4 |', 'who stayed sees everything') from made;
insert into rolecall.show_participants (show_id, user_id, joined_at)
values (pg_temp.demo(11), pg_temp.demo(2), now() + interval '1 minute');
select is(pg_temp.read(2, news), '| 1 3 4 |', 'who comes back has both') from made;
select is(pg_temp.inbox(2), 'news 4/3', 'once');
select is(
  pg_temp.ask('inbox', pg_temp.demo(2), '{"limit": 1}') #> '{data,next_cursor}',
  'null',
  'and not on a page of its own'
);
update rolecall.profiles set role = 'dealer' where id = pg_temp.demo(1);
select is(pg_temp.read(1, news), '| 1 3 4 |', 'whoever''s role changes keeps what they had') from made;
update rolecall.profiles set role = 'attendee' where id = pg_temp.demo(1);
select is(
  pg_temp.run_as('authenticated', pg_temp.demo(2), 'select count(*) from rolecall.broadcasts'),
  '3',
  'through the API it is the same'
);
delete from rolecall.shows where id = pg_temp.demo(12);
select is(
  (select count(*) from rolecall.past_participations where show_id = pg_temp.demo(12)),
  0::bigint,
  'of a show that is gone nobody is kept'
);

-- Deleted messages
update rolecall.messages
set content = null, deleted_at = now(), deleted_as = 'moderator'
where conversation_id = (select mia from made)
  and seq = 10;
insert into rolecall.removed_contents (conversation_id, seq, content)
select mia, 10, 'mia 10'
from made;
select is(
  pg_temp.ask('messages', pg_temp.demo(1), jsonb_build_object('conversation_id', mia, 'limit', 1))
    #> '{data,messages,0}' -> key,
  value,
  format('a deleted message has %s', key)
)
from made
cross join (
  values
    ('content', 'null'::jsonb),
    ('deleted', jsonb_build_object('by', 'moderator', 'at', rolecall_internal.iso(now()))),
    ('seq', '10'),
    ('sender_id', to_jsonb(pg_temp.demo(4)))
) as expected (key, value);
select is(
  pg_temp.ask('inbox', pg_temp.demo(1), '{"kind": "direct"}') #>> '{data,conversations,0,last_message,content}',
  'mia 9',
  'the card is that of the message before it'
);
select is(
  pg_temp.run_as('authenticated', pg_temp.demo(1), 'select count(*) from rolecall.messages where content = ''mia 10'''),
  '0',
  'and through the API'
);

-- Moderators look in, and leave a trace.
select is(
  pg_temp.ask('messages', pg_temp.demo(6), jsonb_build_object('conversation_id', mia, 'limit', 1))
    #>> '{data,messages,0,content}',
  'mia 10',
  'a moderator sees what was deleted'
)
from made;
select is(
  (
    select format('%s %s %s', level, user_id = pg_temp.demo(6), conversation_id = mia)
    from rolecall.application_logs
    where event = 'conversation_read_by_moderator'
  ),
  'info t t',
  'which is in the audit log'
)
from made;
select is(pg_temp.read(8, mia, '{"limit": 1}'), '< 10 |', 'an admin, too') from made;
select is(pg_temp.mark(6, mia, 1), 'not_found/not_a_participant', 'they have nothing to mark as read') from made;
update rolecall.profiles set suspended_until = 'infinity' where id = pg_temp.demo(6);
select is(pg_temp.read(6, mia), null, 'nor does a suspended moderator look in') from made;
insert into rolecall.profiles (id, role) values (pg_temp.demo(50), 'show_organizer');
update rolecall.shows set organizer_id = pg_temp.demo(50) where id = pg_temp.demo(11);
select is(pg_temp.read(50, news), '| 1 2 3 4 |', 'the organizer of a show reads what is broadcast for it') from made;
select is(pg_temp.read(50, mia), null, 'and no direct conversation') from made;
select is(
  (select count(*) from rolecall.application_logs where user_id = pg_temp.demo(50) and level = 'info'),
  0::bigint,
  'which is theirs to read'
);

-- Pages of the inbox
delete from rolecall.conversations;
insert into rolecall.profiles (id, role)
select pg_temp.demo(number), 'mvp_dealer' from generate_series(60, 90) as number;
insert into rolecall.conversations (kind, participant_low, participant_high, created_by, last_message_at)
select 'direct', pg_temp.demo(1), pg_temp.demo(number), pg_temp.demo(1), now() - (number / 4) * interval '1 hour'
from generate_series(60, 90) as number;
create temporary table paged as
with recursive page (number, answer) as (
  select 1, pg_temp.ask('inbox', pg_temp.demo(1), '{"limit": 7}')
  union all
  select
    number + 1,
    pg_temp.ask(
      'inbox',
      pg_temp.demo(1),
      jsonb_build_object('limit', 7, 'cursor', answer #>> '{data,next_cursor}')
    )
  from page
  where answer #>> '{data,next_cursor}' is not null
)
select number, (card ->> 'id')::uuid as id
from page
cross join lateral jsonb_array_elements(answer #> '{data,conversations}') as card;
select results_eq(
  $$ select number, count(*) from paged group by 1 order by 1 $$,
  $$ values (1, 7::bigint), (2, 7), (3, 7), (4, 7), (5, 3) $$,
  'a page is full unless it is the last'
);
select is((select count(distinct id) from paged), 31::bigint, 'and every conversation is on one of them');
select is(
  pg_temp.verdict(pg_temp.ask('inbox', pg_temp.demo(1), jsonb_build_object('cursor', cursor))),
  'invalid_input',
  format('%s is no cursor', cursor)
)
from unnest(array['', 'x', '1', '1.x', '.' || pg_temp.demo(1), '1.' || pg_temp.demo(1) || 'x']) as cursor;
select is(
  pg_temp.inbox(1, jsonb_build_object('cursor', format('%s.%s', at, pg_temp.demo(1)))),
  null,
  format('before %s there is nothing', at)
)
from unnest(array['-999999999999999999', '-188000000000000001', '0', '-1']) as at;
select is(
  (
    select count(*)
    from jsonb_array_elements(
      pg_temp.ask(
        'inbox',
        pg_temp.demo(1),
        jsonb_build_object('limit', 100, 'cursor', '999999999999999999.' || pg_temp.demo(1))
      ) #> '{data,conversations}'
    )
  ),
  31::bigint,
  'before the end of time there is everything'
);

-- Who may not read at all
select is(
  (
    select string_agg(
      pg_temp.verdict(pg_temp.ask(function, pg_temp.demo(99), '{"up_to_seq": 1}')),
      ' '
    )
    from unnest(array['inbox', 'unread', 'messages', 'mark_read']) as function
  ),
  repeat('permission_denied/no_profile ', 3) || 'permission_denied/no_profile',
  'who has no profile has no inbox'
);
update rolecall.feature_flags set rollout = 'disabled' where name = 'conversations';
select is(
  (
    select string_agg(
      pg_temp.verdict(pg_temp.ask(function, pg_temp.demo(1), '{"up_to_seq": 1}')),
      ' '
    )
    from unnest(array['inbox', 'unread', 'messages', 'mark_read']) as function
  ),
  repeat('feature_disabled/feature_disabled ', 3) || 'feature_disabled/feature_disabled',
  'the flag can turn it off'
);
select is(
  (
    select string_agg(pg_temp.verdict(answer), ' ')
    from unnest(array[rolecall_edge.inbox('{}'), rolecall_edge.unread(null), rolecall_edge.messages('{"input": {}}'), rolecall_edge.mark_read('{}')]) as answer
  ),
  'unauthenticated unauthenticated unauthenticated unauthenticated',
  'nobody has none'
);
select is(
  pg_temp.verdict(pg_temp.ask_as_operator('inbox')),
  'permission_denied/users_only',
  'nor has the operator'
);

select * from finish();
rollback;
