-- rolecall_edge.mark_unread: everything from a message on is new again.
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

-- What an entry point says of where somebody stands: "read 1, unread 2".
create function pg_temp.stands(p_function text, p_user int, p_input jsonb)
returns text
language sql
return (
  select case
    when answer -> 'ok' = 'true'
      then format('read %s, unread %s', answer #> '{data,last_read_seq}', answer #> '{data,unread_count}')
    else pg_temp.verdict(answer)
  end
  from pg_temp.ask(p_function, pg_temp.demo(p_user), p_input) as answer
);

create function pg_temp.mark(p_user int, p_conversation uuid, p_up_to bigint)
returns text
language sql
return pg_temp.stands(
  'mark_read', p_user, jsonb_build_object('conversation_id', p_conversation, 'up_to_seq', p_up_to)
);

create function pg_temp.unmark(p_user int, p_conversation uuid, p_from bigint default null)
returns text
language sql
return pg_temp.stands(
  'mark_unread',
  p_user,
  jsonb_strip_nulls(jsonb_build_object('conversation_id', p_conversation, 'from_seq', p_from))
);

-- What the unread counts say: direct and of shows.
create function pg_temp.unread(p_user int)
returns text
language sql
return (
  select format('%s %s', data #> '{by_kind,direct}', data #> '{by_kind,show}')
  from (values (pg_temp.ask('unread', pg_temp.demo(p_user), '{}') -> 'data')) as answer (data)
);

-- Olga (5) writes 1, 2, 4 and 5, Anna (1) writes 3.
create temporary table made as
select pg_temp.send(5, 1) as direct, pg_temp.broadcast(5, 11, '["attendee"]') as show;
select pg_temp.send(5, 1), pg_temp.send(1, 5), pg_temp.send(5, 1), pg_temp.send(5, 1);
select pg_temp.broadcast(5, 11, '["attendee"]'), pg_temp.broadcast(5, 11, '["dealer"]'), pg_temp.broadcast(5, 11, '["attendee"]');

-- Direct conversations
select is(pg_temp.mark(1, direct, 5), 'read 5, unread 0', 'all of it is read') from made;
select is(pg_temp.unmark(1, direct, 4), 'read 3, unread 2', 'from a message on everything is new again') from made;
select is(pg_temp.unread(1), '2 3', 'the counts know') from made;
select is(pg_temp.unmark(1, direct, 5), 'read 3, unread 2', 'what is unread stays unread') from made;
select is(pg_temp.unmark(1, direct, 2), 'read 1, unread 3', 'but for one''s own messages') from made;
select is(pg_temp.unmark(1, direct, 2), 'read 1, unread 3', 'twice is once') from made;
select is(pg_temp.mark(1, direct, 2), 'read 2, unread 2', 'and it is read again') from made;
select is(pg_temp.mark(1, direct, 3), 'read 3, unread 2', 'up to one''s own') from made;
select is(pg_temp.mark(1, direct, 5), 'read 5, unread 0', 'up to the end') from made;
select is(pg_temp.unmark(1, direct, 3), 'read 2, unread 2', 'from one''s own message on those after it are new') from made;
select is(pg_temp.unmark(1, direct, 1), 'read 0, unread 4', 'from the first on all of them') from made;
select is(pg_temp.mark(1, direct, 5), 'read 5, unread 0', 'read') from made;
select is(pg_temp.unmark(1, direct), 'read 4, unread 1', 'without a number it is the newest of somebody else') from made;
select is(pg_temp.unmark(5, direct), 'read 2, unread 1', 'which may stand before one''s own') from made;
select is(pg_temp.unread(5), '1 0', 'and counts for each alone');
select is(pg_temp.mark(1, direct, 5), 'read 5, unread 0', 'read') from made;
select is(pg_temp.unmark(1, direct, 6), 'read 5, unread 0', 'what does not exist yet is no message to begin with') from made;
select is(pg_temp.unmark(1, direct, 999999999999999999), 'read 5, unread 0', 'however far away') from made;
select is(pg_temp.unmark(1, direct, 5), 'read 4, unread 1', 'what comes then is new as well') from made;
select pg_temp.send(5, 1);
select is(pg_temp.unread(1), '2 3', 'both are');

-- Deleted messages are not new, whenever they are deleted.
select pg_temp.mark(1, direct, 6) from made;
update rolecall.messages
set content = null, deleted_at = now(), deleted_as = 'moderator'
where conversation_id = (select direct from made) and seq in (2, 6);
select is(pg_temp.unmark(1, direct), 'read 4, unread 1', 'the newest of somebody else is one that can be read') from made;
select is(pg_temp.unmark(1, direct, 1), 'read 0, unread 3', 'deleted ones are not new') from made;
update rolecall.messages
set content = 'Hello', deleted_at = null, deleted_as = null
where conversation_id = (select direct from made) and seq in (2, 6);
select is(pg_temp.mark(1, direct, 0), 'read 0, unread 5', 'until they are restored') from made;

-- What nobody else has written into cannot be new.
select is(
  pg_temp.unmark(1, pg_temp.send(1, 4)),
  'read 1, unread 0',
  'a conversation of one''s own messages alone has nothing new'
);

-- Broadcasts
select is(pg_temp.unmark(1, show, 1), 'read 0, unread 3', 'what was never read is unread') from made;
select is(pg_temp.mark(1, show, 4), 'read 4, unread 0', 'the audience reads') from made;
select is(pg_temp.unmark(1, show, 4), 'read 3, unread 1', 'and makes it new again') from made;
select is(pg_temp.unmark(1, show, 2), 'read 1, unread 2', 'but for what is not for it') from made;
select is(pg_temp.unmark(1, show, 4), 'read 1, unread 2', 'what is unread stays unread') from made;
select is(pg_temp.mark(1, show, 4), 'read 4, unread 0', 'read again') from made;
select is(pg_temp.unmark(1, show), 'read 3, unread 1', 'without a number it is the newest of them') from made;
select is(pg_temp.unread(1), '5 1', 'the counts know');
select is(pg_temp.mark(1, show, 4), 'read 4, unread 0', 'read') from made;
update rolecall.messages
set content = null, deleted_at = now(), deleted_as = 'moderator'
where conversation_id = (select show from made) and seq = 4;
select is(pg_temp.unmark(1, show), 'read 1, unread 1', 'a deleted one cannot be new') from made;
select is(pg_temp.unmark(5, show, 1), 'read 0, unread 0', 'their sender has nothing to read') from made;
select is(pg_temp.unread(5), '1 0', 'at all');
select pg_temp.broadcast(5, 11, '["attendee"]');
select is(pg_temp.unread(5), '1 0', 'nor with another one');
select is(pg_temp.unread(1), '5 2', 'which is new to the audience');

-- Who may
select is(pg_temp.unmark(3, direct, 1), 'not_found/not_a_participant', 'a stranger may not') from made;
select is(pg_temp.unmark(6, direct, 1), 'not_found/not_a_participant', 'a moderator does not read it as theirs') from made;
select is(pg_temp.unmark(7, show, 1), 'not_found/not_a_participant', 'nor does who is of no audience') from made;
select is(pg_temp.stands('mark_unread', 1, '{"from_seq": 1}'), 'not_found/not_a_participant', 'of nothing');
select is(
  pg_temp.stands('mark_unread', 1, jsonb_build_object('conversation_id', direct, 'from_seq', value)),
  'invalid_input',
  format('%s is no number of a message', value)
)
from made
cross join unnest(array['0', '-1', '1.5', '"1"', 'true', '[]']::jsonb[]) as value;
select is(
  pg_temp.stands('mark_unread', 1, jsonb_build_object('conversation_id', direct, 'from_seq', 1.0)),
  'read 0, unread 5',
  '1.0 is'
)
from made;
select is(pg_temp.stands('mark_unread', 99, '{}'), 'permission_denied/no_profile', 'who has no profile may not');
update rolecall.feature_flags set rollout = 'disabled' where name = 'conversations';
select is(pg_temp.unmark(1, direct, 1), 'feature_disabled/feature_disabled', 'the flag can turn it off') from made;
select is(pg_temp.verdict(rolecall_edge.mark_unread('{}')), 'unauthenticated', 'nobody may');

select * from finish();
rollback;
