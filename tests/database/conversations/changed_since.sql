-- rolecall_edge.messages with changed_since: what has changed in the messages that a client has.
begin;
\ir ../support/calls.psql
select no_plan();
update rolecall.rate_limits set capacity = null;
update rolecall.broadcast_limits set per_quota_day = null;
update rolecall.show_participants set joined_at = now() - interval '1 day';

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

-- A page in short: which messages, "-" of a deleted one, whether there is more, and the revision to go on with.
create function pg_temp.page(p_user int, p_conversation uuid, p_input jsonb)
returns text
language sql
return (
  select case
    when answer -> 'ok' = 'true' then
      format(
        '%s%s%s @%s',
        case when answer #> '{data,has_more_before}' = 'true' then '< ' else '' end,
        (
          select coalesce(
            string_agg(
              concat(case when message -> 'deleted' <> 'null' then '-' end, message ->> 'seq'),
              ' '
              order by number
            ),
            'none'
          )
          from jsonb_array_elements(answer #> '{data,messages}') with ordinality as listed (message, number)
        ),
        case when answer #> '{data,has_more_after}' = 'true' then ' >' else '' end,
        answer #> '{data,revision}'
      )
    else pg_temp.verdict(answer)
  end
  from pg_temp.ask('messages', pg_temp.demo(p_user), p_input || jsonb_build_object('conversation_id', p_conversation)) as answer
);

create function pg_temp.changes(p_user int, p_conversation uuid, p_since bigint, p_limit int default 50)
returns text
language sql
return pg_temp.page(p_user, p_conversation, jsonb_build_object('changed_since', p_since, 'limit', p_limit));

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

-- Olga (5) writes 1 and 3, Anna (1) writes 2 and 4.
create temporary table made as
select pg_temp.send(5, 1) as direct, pg_temp.broadcast(5, 11, '["attendee"]') as show;
select pg_temp.send(1, 5), pg_temp.send(5, 1), pg_temp.send(1, 5);
select pg_temp.broadcast(5, 11, '["attendee"]'), pg_temp.broadcast(5, 11, '["dealer"]'), pg_temp.broadcast(5, 11, '["attendee"]');

select is(pg_temp.page(1, direct, '{}'), '1 2 3 4 @0', 'every page has the revision to begin with') from made;
select is(pg_temp.page(1, direct, '{"since_seq": 2}'), '< 3 4 @0', 'one of those since a number, too') from made;
select is(pg_temp.changes(1, direct, 0), 'none @0', 'nothing has changed') from made;

-- Deleted and restored
select is(pg_temp.moderate('delete_message', 6, direct, 3), 'ok', 'a moderator deletes a message') from made;
select is(pg_temp.changes(1, direct, 0), '-3 @1', 'which is told to who asks') from made;
select is(pg_temp.changes(5, direct, 0), '-3 @1', 'to both of them') from made;
select is(pg_temp.changes(1, direct, 1), 'none @1', 'once') from made;
select is(pg_temp.page(1, direct, '{}'), '1 2 -3 4 @1', 'pages have the revision that they show') from made;
select is(pg_temp.moderate('delete_message', 1, direct, 2), 'ok', 'an author deletes another') from made;
select is(pg_temp.changes(1, direct, 1), '-2 @2', 'which is told, too') from made;
select is(pg_temp.changes(1, direct, 0), '-3 -2 @2', 'changes come in their order') from made;
select is(pg_temp.moderate('restore_message', 6, direct, 3), 'ok', 'the first one is restored') from made;
select is(pg_temp.changes(1, direct, 0), '-2 3 @4', 'each is told once, as it is now') from made;
select is(pg_temp.moderate('restore_message', 6, direct, 3), 'ok', 'what is not deleted') from made;
select is(pg_temp.moderate('delete_message', 1, direct, 2), 'ok', 'and what is deleted') from made;
select is(pg_temp.changes(1, direct, 4), 'none @4', 'do not change') from made;
select pg_temp.send(5, 1);
select is(pg_temp.changes(1, direct, 4), 'none @4', 'a new message is no change') from made;
select is(
  (
    select string_agg(coalesce(revision::text, '-'), ' ' order by seq)
    from rolecall.messages
    where conversation_id = direct
  ),
  '- 2 4 - -',
  'and has no entry in the index'
)
from made;
select is(
  (
    select string_agg(message ->> 'content', ' ')
    from jsonb_array_elements(
      pg_temp.ask('messages', pg_temp.demo(1), jsonb_build_object('conversation_id', direct, 'changed_since', 0))
        #> '{data,messages}'
    ) as message
  ),
  'Hello',
  'what is restored has its content, what is deleted none'
)
from made;

-- What the operator changes by hand
update rolecall.messages set content = 'Another' where conversation_id = (select direct from made) and seq in (1, 4, 5);
select is(pg_temp.changes(1, direct, 4), '1 4 5 @7', 'three of one statement have three revisions') from made;
select is(pg_temp.changes(1, direct, 4, 2), '1 4 > @6', 'so that a page can end between them') from made;
select is(pg_temp.changes(1, direct, 6, 2), '5 @7', 'and the next one goes on') from made;
select is(pg_temp.changes(1, direct, 4, 3), '1 4 5 @7', 'a full page is not always followed by one') from made;
update rolecall.messages set content = content where conversation_id = (select direct from made) and deleted_at is null;
select is(pg_temp.changes(1, direct, 7), 'none @7', 'what stays the same has not changed') from made;

-- Erased
select is(pg_temp.verdict(pg_temp.ask('delete_own_data', pg_temp.demo(5), '{"confirm": true}')), 'ok', 'somebody erases what they wrote');
select is(pg_temp.changes(1, direct, 7), '-1 -3 -5 @10', 'which is told to the other') from made;

-- A message that was deleted is deleted by its author, too, or its content for the moderators goes.
select is(pg_temp.moderate('delete_message', 6, direct, 4), 'ok', 'a moderator deletes the last one') from made;
select is(pg_temp.changes(6, direct, 10), '-4 @11', 'moderators learn of it as well') from made;
delete from rolecall.removed_contents;
select is(pg_temp.changes(6, direct, 11), '-4 @12', 'and that the content that they saw is gone; of what its author took back there was none') from made;
update rolecall.messages set deleted_as = 'author' where conversation_id = (select direct from made) and seq = 4;
select is(pg_temp.changes(1, direct, 12), '-4 @13', 'who deleted a message is part of it') from made;

-- Broadcasts: each reader learns of what is for them.
select is(pg_temp.changes(1, show, 0), '-1 -2 -4 @4', 'the audience learns of what its sender has erased') from made;
select is(pg_temp.changes(3, show, 0), '-3 @4', 'each of what was for them') from made;
select is(pg_temp.changes(5, show, 0), '-1 -2 -3 -4 @4', 'the sender of all') from made;
select is(pg_temp.changes(1, show, 2, 1), '-4 @4', 'a page ends where the reader''s changes do') from made;
select is(pg_temp.changes(1, show, 0, 1), '-1 > @1', 'or before') from made;

-- Cards
select is(
  (
    select string_agg(card ->> 'revision', ' ' order by card ->> 'kind')
    from jsonb_array_elements(pg_temp.ask('inbox', pg_temp.demo(1), '{}') #> '{data,conversations}') as card
  ),
  '13 4',
  'cards have the revision, so that a client sees where something has changed'
);

-- Who may not
select is(pg_temp.changes(3, direct, 0), 'not_found/not_a_participant', 'a stranger learns nothing') from made;
select is(
  pg_temp.page(1, direct, jsonb_build_object('changed_since', value)),
  'invalid_input',
  format('%s is no revision', value)
)
from made
cross join unnest(array['-1', '1.5', '"1"', 'true', '[]']::jsonb[]) as value;
select is(pg_temp.page(1, direct, '{"changed_since": 99}'), 'none @13', 'a revision that does not exist yet begins at this one') from made;

select * from finish();
rollback;
