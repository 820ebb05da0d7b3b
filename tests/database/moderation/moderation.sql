-- Reports, their queue and review, deleting and restoring, suspensions, and the audit of all of it.
begin;
\ir ../support/calls.psql
select no_plan();

-- Somebody of no show, a second organizer with a show of their own, and somebody without a profile (99).
insert into rolecall.profiles (id, role, display_name)
values
  (pg_temp.demo(50), 'attendee', 'Nina of no show'),
  (pg_temp.demo(51), 'show_organizer', 'Otto the other organizer'),
  (pg_temp.demo(52), 'moderator', 'Mona the other moderator');

-- A direct message of 1 to 4, one about the show, the answer of 4, and a broadcast of 4 to attendees.
create function pg_temp.sent(p_from int, p_input jsonb)
returns uuid
language sql
return (pg_temp.ask('send_dm', pg_temp.demo(p_from), p_input) #>> '{data,message_id}')::uuid;

create temporary table message as
select
  pg_temp.sent(1, jsonb_build_object('recipient_id', pg_temp.demo(4), 'content', 'Plain')) as plain,
  pg_temp.sent(1, jsonb_build_object('recipient_id', pg_temp.demo(4), 'content', 'About', 'show_id', pg_temp.demo(11)))
    as about_show,
  pg_temp.sent(4, jsonb_build_object('recipient_id', pg_temp.demo(1), 'content', 'Answer')) as answer,
  (
    pg_temp.ask(
      'send_broadcast',
      pg_temp.demo(4),
      jsonb_build_object('show_id', pg_temp.demo(11), 'recipient_roles', '["attendee"]'::jsonb, 'message', 'News')
    ) #>> '{data,broadcast_id}'
  )::uuid as broadcast_id;
alter table message add news uuid;
update message set news = (select message_id from rolecall.broadcasts where id = broadcast_id);
grant select on message to rolecall_edge;

create function pg_temp.report(p_user int, p_message uuid, p_reason text default 'It is rude.')
returns jsonb
language sql
return pg_temp.ask(
  'report_message',
  pg_temp.demo(p_user),
  jsonb_build_object('message_id', p_message, 'reason', p_reason)
);

create function pg_temp.act(p_function text, p_user int, p_input jsonb)
returns text
language sql
return pg_temp.verdict(pg_temp.ask(p_function, pg_temp.demo(p_user), p_input));

create function pg_temp.on_message(p_function text, p_user int, p_message uuid)
returns text
language sql
return pg_temp.act(p_function, p_user, jsonb_build_object('message_id', p_message));

-- Reports

select is(pg_temp.verdict(pg_temp.report(4, plain)), 'ok', 'who was written to may report') from message;
select is(
  (pg_temp.report(4, about_show) -> 'data') - 'report_id' - 'created_at',
  jsonb_build_object('message_id', about_show, 'status', 'pending'),
  'and hears the state of the report'
)
from message;
select is(
  pg_temp.verdict(pg_temp.report(4, plain)),
  'already_reported/one_report_per_message',
  'once for each message'
)
from message;
select is(
  pg_temp.report(4, plain) #>> '{data,report_id}',
  (select id::text from rolecall.reported_messages where message_id = plain),
  'and hears which report that was'
)
from message;
select is(
  pg_temp.verdict(pg_temp.report(1, plain)),
  'permission_denied/self_report',
  'nobody reports their own message'
)
from message;
select is(
  pg_temp.verdict(pg_temp.report(number, plain)),
  'not_found/not_a_participant',
  format('%s takes no part in the conversation', number)
)
from message
cross join unnest(array[2, 5, 6, 8, 50]) as number;
select is(
  pg_temp.verdict(pg_temp.report(4, pg_temp.demo(99))),
  'not_found/not_a_participant',
  'a message that does not exist sounds the same'
);
select is(pg_temp.verdict(pg_temp.report(2, news)), 'ok', 'the audience of a broadcast may report it') from message;
select is(
  pg_temp.verdict(pg_temp.report(3, news)),
  'not_found/not_a_participant',
  'who is not in the audience may not'
)
from message;
select is(
  pg_temp.verdict(pg_temp.report(4, news)),
  'permission_denied/self_report',
  'nor its sender'
)
from message;
select is(pg_temp.verdict(pg_temp.report(99, plain)), 'permission_denied/no_profile', 'nor who has no profile')
from message;
select is(
  pg_temp.verdict(pg_temp.report(1, answer, reason)),
  'invalid_input',
  format('a reason of %s characters is refused', length(reason))
)
from message
cross join unnest(array['', repeat('x', 1001)]) as reason;
select is(pg_temp.verdict(pg_temp.report(1, answer, repeat('ä', 1000))), 'ok', 'one of 1000 characters is not')
from message;
update rolecall.profiles set suspended_until = 'infinity' where id = pg_temp.demo(1);
select is(pg_temp.verdict(pg_temp.report(1, news)), 'ok', 'a suspended user may report') from message;
update rolecall.profiles set suspended_until = null where id = pg_temp.demo(1);
select is(
  (
    select array_agg(
      format(
        '%s by %s of %s, show %s',
        status,
        right(reporter_id::text, 2),
        right(reported_user_id::text, 2),
        coalesce(right(show_id::text, 2), 'none')
      )
      order by created_at, message_id, reporter_id
    )
    from rolecall.reported_messages
    where message_id in (select about_show from message)
  ),
  array['pending by 04 of 01, show 11'],
  'a report knows whom and which show it is about'
);
select is(
  (select array_agg(distinct coalesce(right(show_id::text, 2), 'none')) from rolecall.reported_messages where message_id = news),
  array['11'],
  'a broadcast is of its show'
)
from message;

-- The queue

create function pg_temp.queue(p_user int, p_input jsonb default '{}')
returns jsonb
language sql
return pg_temp.ask('moderation_queue', pg_temp.demo(p_user), '{"limit": 50}' || p_input) -> 'data';

select is(jsonb_array_length(pg_temp.queue(6) -> 'reports'), 5, 'a moderator sees every report');
select is(jsonb_array_length(pg_temp.queue(8) -> 'reports'), 5, 'an admin does');
select is(
  (select array_agg(distinct value ->> 'show_id') from jsonb_array_elements(pg_temp.queue(5) -> 'reports')),
  array[pg_temp.demo(11)::text],
  'an organizer sees those of their own shows'
);
select is(pg_temp.queue(5) -> 'counts', '{"pending": 3, "dismissed": 0, "actioned": 0}', 'and counts those');
select is(pg_temp.queue(6) -> 'counts', '{"pending": 5, "dismissed": 0, "actioned": 0}', 'counts by status');
select is(
  pg_temp.queue(51),
  '{"reports": [], "counts": {"pending": 0, "dismissed": 0, "actioned": 0}, "next_cursor": null}',
  'an organizer without shows sees none'
);
select is(
  pg_temp.act('moderation_queue', number, '{"limit": 50}'),
  'permission_denied/moderators_and_organizers_only',
  format('%s does not see the queue', number)
)
from unnest(array[1, 3, 4]) as number;
select is(pg_temp.act('moderation_queue', 99, '{"limit": 50}'), 'permission_denied/no_profile', 'nor who has no profile');
select is(
  pg_temp.act('moderation_queue', 51, jsonb_build_object('show_id', pg_temp.demo(11))),
  'permission_denied/show_organizer_moderates_own_show',
  'an organizer does not see the queue of another''s show'
);
select is(
  pg_temp.act('moderation_queue', 6, jsonb_build_object('show_id', pg_temp.demo(99))),
  'not_found',
  'there must be a show if one is named'
);
select is(
  jsonb_array_length(pg_temp.queue(6, jsonb_build_object('show_id', pg_temp.demo(11))) -> 'reports'),
  3,
  'a show can be named'
);
select is(jsonb_array_length(pg_temp.queue(6, '{"status": "dismissed"}') -> 'reports'), 0, 'and a status');
select is(pg_temp.act('moderation_queue', 6, '{"status": "new"}'), 'invalid_input', 'that there is');
select is(
  pg_temp.act('moderation_queue', 6, jsonb_build_object('cursor', cursor)),
  'invalid_input',
  format('%L is no cursor', cursor)
)
from unnest(
  array['', 'x', '1', '1.', '1.x', '99999999999999999999.' || pg_temp.demo(1), '1.' || pg_temp.demo(1) || 'x']
) as cursor;
select is(
  (
    select value -> 'message'
    from jsonb_array_elements(pg_temp.queue(6) -> 'reports')
    where value #>> '{message,id}' = about_show::text
  ),
  (
    select jsonb_build_object(
      'id', id,
      'seq', 2,
      'sender_id', pg_temp.demo(1),
      'content', 'About',
      'created_at', rolecall_internal.iso(created_at),
      'show_id', pg_temp.demo(11),
      'version', 1,
      'edited_at', null,
      'deleted', null,
      'conversation_id', conversation_id
    )
    from rolecall.messages
    where id = about_show
  ),
  'a report shows its message'
)
from message;

-- Page by page: every report once, newest first.
create function pg_temp.pages(p_user int, p_limit int, p_input jsonb default '{}')
returns text[]
language plpgsql
as $$
declare
  v_page jsonb;
  v_cursor text;
  v_all text[] := '{}';
begin
  loop
    v_page := pg_temp.queue(
      p_user,
      p_input || jsonb_strip_nulls(jsonb_build_object('limit', p_limit, 'cursor', v_cursor))
    );
    v_all := v_all || array(select value ->> 'id' from jsonb_array_elements(v_page -> 'reports'));
    v_cursor := v_page ->> 'next_cursor';
    exit when v_cursor is null;
  end loop;
  return v_all;
end
$$;
-- Several at the same moment, as they are in one transaction.
update rolecall.reported_messages
set created_at = created_at - interval '1 day'
where message_id in (select plain from message);
select is(
  pg_temp.pages(6, size),
  array(select id::text from rolecall.reported_messages order by created_at desc, id desc),
  format('pages of %s hold every report once, newest first', size)
)
from generate_series(1, 6) as size;
select is(
  pg_temp.pages(5, 1),
  array(select id::text from rolecall.reported_messages where show_id = pg_temp.demo(11) order by created_at desc, id desc),
  'an organizer''s pages do, too'
);

-- Review

create function pg_temp.report_of(p_message uuid, p_reporter int)
returns uuid
language sql
return (select id from rolecall.reported_messages where message_id = p_message and reporter_id = pg_temp.demo(p_reporter));

create function pg_temp.review(p_user int, p_report uuid, p_decision text, p_more jsonb default '{}')
returns jsonb
language sql
return pg_temp.ask(
  'review_report',
  pg_temp.demo(p_user),
  jsonb_build_object('report_id', p_report, 'decision', p_decision) || p_more
);

select is(
  pg_temp.verdict(pg_temp.review(number, pg_temp.report_of(plain, 4), 'dismiss')),
  expected,
  format('%s does not review a direct message', number)
)
from message
cross join (
  values
    (2, 'permission_denied/attendee_does_not_moderate'),
    (3, 'permission_denied/dealer_does_not_moderate'),
    (4, 'permission_denied/mvp_dealer_does_not_moderate'),
    (5, 'permission_denied/show_organizer_moderates_own_show'),
    (1, 'permission_denied/self_moderation'),
    (99, 'permission_denied/no_profile')
) as refused (number, expected);
select is(
  pg_temp.verdict(pg_temp.review(51, pg_temp.report_of(about_show, 4), 'dismiss')),
  'permission_denied/show_organizer_moderates_own_show',
  'an organizer does not review a report of another''s show'
)
from message;
select is(
  pg_temp.verdict(pg_temp.review(6, pg_temp.demo(99), 'dismiss')),
  'not_found',
  'there must be a report'
);
select is(
  pg_temp.verdict(pg_temp.review(1, pg_temp.demo(99), 'dismiss')),
  'permission_denied/attendee_does_not_moderate',
  'and who may not review does not learn whether there is'
);
select is(
  pg_temp.verdict(pg_temp.review(6, pg_temp.report_of(plain, 4), decision, more)),
  'invalid_input',
  format('%s with %s makes no sense', decision, more)
)
from message
cross join (
  values
    ('forget', '{}'::jsonb),
    ('suspend', '{}'),
    ('suspend', '{"suspended_until": "2020-01-01T00:00:00Z"}'),
    ('suspend', '{"suspended_until": "2999-02-31T00:00:00Z"}'),
    ('suspend', '{"suspended_until": "infinity"}'),
    ('suspend', '{"suspended_until": "tomorrow"}'),
    ('dismiss', '{"suspended_until": "2999-01-01T00:00:00Z"}'),
    ('dismiss', '{"note": ""}'),
    ('dismiss', jsonb_build_object('note', repeat('x', 1001)))
) as wrong (decision, more);
select is((select count(*) from rolecall.moderation_audit), 0::bigint, 'no refusal leaves an audit row');
select is(
  (select count(*) from rolecall.reported_messages where status = 'pending'),
  5::bigint,
  'and none has settled a report'
);

-- Two reports of the broadcast, by 1 and 2: one decision for both.
select is(
  (pg_temp.review(5, pg_temp.report_of(news, 1), 'delete', '{"note": "Rude indeed."}') #> '{data,report}')
    - 'id' - 'created_at' - 'reviewed_at' - 'message',
  jsonb_build_object(
    'status', 'actioned',
    'decision', 'delete',
    'decided_as', 'organizer',
    'reason', null,
    'reporter_id', null,
    'escalated_at', null,
    'reviewed_by', pg_temp.demo(5),
    'note', 'Rude indeed.',
    'show_id', pg_temp.demo(11)
  ),
  'an organizer has a broadcast of their show deleted'
)
from message;
select is(
  pg_temp.queue(5) -> 'counts',
  '{"pending": 1, "dismissed": 0, "actioned": 2}',
  'which settles every report of it for the organizer'
);
select is(
  pg_temp.queue(6) -> 'counts',
  '{"pending": 5, "dismissed": 0, "actioned": 0}',
  'and none for moderators'
);
select is(
  (
    select array_agg(
      distinct concat_ws(' ', value ->> 'decision', value ->> 'decided_as', value #>> '{message,content}', value #>> '{message,deleted,by}')
    )
    from jsonb_array_elements(pg_temp.queue(6, '{"status": "pending"}') -> 'reports')
    where value #>> '{message,id}' = news::text
  ),
  array['delete organizer News organizer'],
  'who go on seeing what it said, as what it was deleted, and who decided so'
)
from message;
select is(
  (select concat_ws(' ', coalesce(content, 'nothing'), deleted_as) from rolecall.messages where id = news),
  'nothing organizer',
  'the message itself says nothing any more'
)
from message;
select is(
  pg_temp.verdict(pg_temp.review(5, pg_temp.report_of(news, 2), 'dismiss')),
  'already_reviewed/one_decision_per_report',
  'a second decision of the organizer is refused'
)
from message;
select is(
  pg_temp.review(5, pg_temp.report_of(news, 2), 'dismiss') #> '{data}',
  jsonb_build_object('report_id', pg_temp.report_of(news, 2), 'decision', 'delete'),
  'and says what the first one was'
)
from message;
select is(
  pg_temp.verdict(pg_temp.review(6, pg_temp.report_of(news, 2), 'restore')),
  'ok',
  'a moderator decides otherwise'
)
from message;
select is((select content from rolecall.messages where id = news), 'News', 'with what it said') from message;
select is(
  (
    select array_agg(distinct concat_ws(' ', status, decision, organizer_status, organizer_decision))
    from rolecall.reported_messages
    where message_id = news
  ),
  array['dismissed restore dismissed delete'],
  'and its reports are dismissed by that, for everybody'
)
from message;
select is((select count(*) from rolecall.removed_contents), 0::bigint, 'nothing is kept twice');
select is(
  pg_temp.verdict(pg_temp.review(6, pg_temp.report_of(news, 2), 'restore')),
  'already_reviewed/one_decision_per_report',
  'there is nothing more to restore'
)
from message;

select is(
  pg_temp.verdict(pg_temp.review(6, pg_temp.report_of(answer, 1), 'dismiss')),
  'ok',
  'a moderator dismisses'
)
from message;
select is((select content from rolecall.messages where id = answer), 'Answer', 'which leaves the message') from message;

select is(
  pg_temp.verdict(
    pg_temp.review(5, pg_temp.report_of(about_show, 4), 'suspend', '{"suspended_until": "2999-01-01T00:00:00Z"}')
  ),
  'permission_denied/only_moderators_suspend',
  'an organizer does not suspend'
)
from message;
select is(
  pg_temp.verdict(
    pg_temp.review(6, pg_temp.report_of(about_show, 4), 'suspend', '{"suspended_until": "2999-01-01T00:00:00Z"}')
  ),
  'ok',
  'a moderator does'
)
from message;
select is(
  (select rolecall_internal.iso(suspended_until) from rolecall.profiles where id = pg_temp.demo(1)),
  '2999-01-01T00:00:00.000000Z',
  'until the moment they said'
);
select is(
  pg_temp.act('send_dm', 1, jsonb_build_object('recipient_id', pg_temp.demo(4), 'content', 'More')),
  'permission_denied/suspended',
  'which the next request of the user meets'
);
select is((select content from rolecall.messages where id = about_show), 'About', 'the message stays') from message;
select is(
  pg_temp.verdict(pg_temp.review(6, pg_temp.report_of(about_show, 4), 'restore')),
  'already_reviewed/one_decision_per_report',
  'so there is nothing to restore'
)
from message;

-- Deleting and restoring

select is(pg_temp.on_message('delete_message', 2, plain), 'permission_denied/attendee_does_not_moderate', 'a stranger does not delete')
from message;
select is(
  pg_temp.on_message('delete_message', 5, plain),
  'permission_denied/show_organizer_moderates_own_show',
  'an organizer deletes nothing that is of no show of theirs'
)
from message;
select is(
  pg_temp.on_message('delete_message', 5, pg_temp.demo(99)),
  'permission_denied/show_organizer_moderates_own_show',
  'and does not learn whether there is such a message'
);
select is(pg_temp.on_message('delete_message', 6, pg_temp.demo(99)), 'not_found', 'a moderator learns that');
select is(pg_temp.on_message('delete_message', 5, about_show), 'ok', 'an organizer deletes a message about their show')
from message;
select is(
  pg_temp.ask('delete_message', pg_temp.demo(6), jsonb_build_object('message_id', about_show))
    #>> '{data,message,deleted,by}',
  'moderator',
  'a moderator who deletes it too makes it theirs'
)
from message;
select is(
  pg_temp.ask('restore_message', pg_temp.demo(6), jsonb_build_object('message_id', about_show)) #> '{data,message}',
  (
    select jsonb_build_object('id', id, 'conversation_id', conversation_id, 'seq', 2, 'deleted', null)
    from rolecall.messages
    where id = about_show
  ),
  'a moderator restores it'
)
from message;
select is(pg_temp.on_message('restore_message', 6, about_show), 'ok', 'once or twice') from message;
select is((select content from rolecall.messages where id = about_show), 'About', 'as it was') from message;
select is(
  pg_temp.on_message('restore_message', 1, about_show),
  'permission_denied/suspended',
  'who is suspended does not moderate'
)
from message;

select is(pg_temp.on_message('delete_message', 1, plain), 'ok', 'authors delete their own message, suspended or not') from message;
select is((select deleted_as from rolecall.messages where id = plain), 'author', 'as its author') from message;
select is(pg_temp.on_message('restore_message', 6, plain), 'permission_denied/deleted_by_author', 'for good') from message;
select is(
  pg_temp.verdict(pg_temp.review(6, pg_temp.report_of(plain, 4), 'restore')),
  'permission_denied/deleted_by_author',
  'by review, too'
)
from message;
select is(
  (
    select value #>> '{message,content}'
    from jsonb_array_elements(pg_temp.queue(6, '{"status": "pending"}') -> 'reports')
  ),
  'Plain',
  'but moderators see what was reported'
);
select is(pg_temp.verdict(pg_temp.review(6, pg_temp.report_of(plain, 4), 'delete')), 'ok', 'and decide about it') from message;
select is((select deleted_as from rolecall.messages where id = plain), 'author', 'the first deletion stands') from message;

-- What a moderator deletes, and what was imported without a sender or content.
select is(pg_temp.on_message('delete_message', 8, answer), 'ok', 'an admin deletes') from message;
select is((select deleted_as from rolecall.messages where id = answer), 'moderator', 'as a moderator') from message;
insert into rolecall.conversations (id, kind, version, participant_low, read_only, last_seq)
values (pg_temp.demo(60), 'direct', 'v1', pg_temp.demo(2), true, 1);
insert into rolecall.messages (id, conversation_id, seq, legacy, created_at)
values (pg_temp.demo(61), pg_temp.demo(60), 1, true, null);
select is(pg_temp.verdict(pg_temp.report(2, pg_temp.demo(61))), 'ok', 'what was imported can be reported');
select is(
  pg_temp.verdict(pg_temp.report(3, pg_temp.demo(61))),
  'not_found/not_a_participant',
  'by who takes part'
);
select is(
  pg_temp.verdict(
    pg_temp.review(6, pg_temp.report_of(pg_temp.demo(61), 2), 'suspend', '{"suspended_until": "2999-01-01T00:00:00Z"}')
  ),
  'not_found',
  'nobody is suspended for what nobody sent'
);
select is(
  pg_temp.verdict(pg_temp.review(6, pg_temp.report_of(pg_temp.demo(61), 2), 'delete')),
  'ok',
  'and deleted'
);
select is(pg_temp.on_message('restore_message', 6, pg_temp.demo(61)), 'ok', 'and restored');

-- Suspensions

create function pg_temp.suspend(p_user int, p_target int, p_until text default '2999-01-01T00:00:00Z')
returns text
language sql
return pg_temp.act(
  'suspend_user',
  p_user,
  jsonb_build_object('target_id', pg_temp.demo(p_target), 'until', p_until, 'note', 'Spam')
);

select is(pg_temp.suspend(number, 2), 'permission_denied/only_moderators_suspend', format('%s does not suspend', number))
from unnest(array[2, 3, 4, 5]) as number
where number <> 2;
select is(pg_temp.suspend(2, 2), 'permission_denied/self_suspension', 'nobody suspends themselves');
select is(pg_temp.suspend(6, 6), 'permission_denied/self_suspension', 'no moderator either');
select is(
  pg_temp.suspend(6, number),
  'permission_denied/moderator_does_not_suspend_staff',
  format('a moderator does not suspend %s', number)
)
from unnest(array[52, 8]) as number;
select is(pg_temp.suspend(6, number), 'ok', format('a moderator suspends %s', number))
from unnest(array[2, 3, 4, 5]) as number;
select is(pg_temp.suspend(6, 99), 'not_found', 'there must be such a user');
select is(
  pg_temp.suspend(1, 99),
  'permission_denied/suspended',
  'who is suspended suspends nobody'
);
select is(
  pg_temp.suspend(6, 2, value),
  'invalid_input',
  format('%L is no moment in the future', value)
)
from unnest(array['2020-01-01T00:00:00Z', 'infinity', 'tomorrow', '', '2999-13-01T00:00:00Z', '2999-01-01 00:00']) as value;
select is(pg_temp.suspend(8, 6), 'ok', 'an admin suspends a moderator');
select is(pg_temp.suspend(6, 2), 'permission_denied/suspended', 'who then suspends nobody');
select is(pg_temp.act('moderation_queue', 6, '{}'), 'permission_denied/suspended', 'nor sees the queue');
select is(pg_temp.act('moderation_audit', 6, '{}'), 'permission_denied/suspended', 'nor the audit');
select is(
  pg_temp.act('lift_suspension', 6, jsonb_build_object('target_id', pg_temp.demo(6))),
  'permission_denied/suspended',
  'nor lifts their own suspension'
);
select is(
  pg_temp.ask('lift_suspension', pg_temp.demo(8), jsonb_build_object('target_id', pg_temp.demo(6))) -> 'data',
  jsonb_build_object('target_id', pg_temp.demo(6), 'suspended_until', null),
  'an admin lifts it'
);
select is(pg_temp.act('moderation_queue', 6, '{}'), 'ok', 'which the next request meets');
select is(
  pg_temp.act('lift_suspension', 6, jsonb_build_object('target_id', pg_temp.demo(number))),
  'ok',
  'a moderator lifts the others'
)
from unnest(array[1, 2, 3, 4, 5]) as number;
select is(
  pg_temp.act('lift_suspension', 6, jsonb_build_object('target_id', pg_temp.demo(2))),
  'ok',
  'once or twice'
);

-- Keys: the same body for deleting and restoring is not the same request.
select is(
  pg_temp.verdict(pg_temp.ask('delete_message', pg_temp.demo(6), jsonb_build_object('message_id', news), 'key')),
  'ok',
  'a key is taken by deleting'
)
from message;
select is(
  pg_temp.ask('delete_message', pg_temp.demo(6), jsonb_build_object('message_id', news), 'key') -> 'replayed',
  'true',
  'and answers it again'
)
from message;
select is(
  pg_temp.verdict(pg_temp.ask('restore_message', pg_temp.demo(6), jsonb_build_object('message_id', news), 'key')),
  'idempotency_conflict/idempotency_key_reused',
  'but not restoring'
)
from message;

-- The flag and the operator's word.
select is(
  pg_temp.verdict(pg_temp.ask(function, pg_temp.demo(8), '{}', null, '{"moderation": "disabled"}')),
  'feature_disabled/feature_disabled',
  format('%s can be switched off', function)
)
from unnest(
  array['report_message', 'moderation_queue', 'review_report', 'delete_message', 'restore_message', 'suspend_user',
    'lift_suspension', 'moderation_audit']
) as function;
select is(
  rolecall_edge.moderation_queue('{"claims": {}, "input": {}}') ->> 'code',
  'unauthenticated',
  'nobody is nobody'
);
select is(
  rolecall_edge.review_report(
    jsonb_build_object(
      'claims', jsonb_build_object('sub', pg_temp.demo(8), 'role', 'service_role'),
      'rollouts', '{}'::jsonb,
      'input', '{}'::jsonb
    )
  ) #>> '{reasons,0,code}',
  'users_only',
  'the operator is no user'
);

-- The rate limit
delete from rolecall.rate_buckets;
update rolecall.rate_limits set capacity = 2 where action = 'report_message';
select is(
  array(select pg_temp.verdict(pg_temp.report(2, pg_temp.demo(99))) from generate_series(1, 3)),
  array['not_found/not_a_participant', 'not_found/not_a_participant', 'rate_limited/rate_limit'],
  'reports are limited, refused ones included'
);
select is(
  pg_temp.report(4, news, 'Once more') #>> '{limits,0,policy}',
  'report_message',
  'an answer names the limit'
)
from message;

-- The counts are those of the reports, whatever happens to them.
create function pg_temp.miscounted()
returns bigint
language sql
as $$
  select count(*)
  from (
    select queue, show_id, status, sum(reports) as reports
    from rolecall.report_counts
    group by queue, show_id, status
  ) as counted
  full join (
    select
      queued.queue,
      coalesce(report.show_id, '00000000-0000-0000-0000-000000000000') as show_id,
      queued.status,
      count(*) as reports
    from rolecall.reported_messages as report
    cross join lateral (
      values ('moderators', report.status), ('organizers', report.organizer_status)
    ) as queued (queue, status)
    where queued.status is not null
    group by 1, 2, 3
  ) as real
    using (queue, show_id, status)
  where coalesce(counted.reports, 0) <> coalesce(real.reports, 0)
$$;
select is(pg_temp.miscounted(), 0::bigint, 'every report is counted once');
savepoint counted;
delete from rolecall.reported_messages where status = 'dismissed';
select is(pg_temp.miscounted(), 0::bigint, 'also when some go');
update rolecall.reported_messages set show_id = pg_temp.demo(12) where show_id is null;
select is(pg_temp.miscounted(), 0::bigint, 'or move');
delete from rolecall.conversations;
select is(pg_temp.miscounted(), 0::bigint, 'or go with their conversation');
truncate rolecall.reported_messages;
select is(pg_temp.miscounted(), 0::bigint, 'or all go');
rollback to counted;

-- The audit
select is(
  (select array_agg(action || ' ' || count order by action) from (
    select action, count(*) as count from rolecall.moderation_audit group by action
  ) as counted),
  array['message_deleted 7', 'message_restored 3', 'report_reviewed 6', 'suspension_lifted 6', 'user_suspended 6'],
  'every act left a row, and nothing else did'
);
select is(
  pg_temp.ask('moderation_audit', pg_temp.demo(6), jsonb_build_object('message_id', news, 'limit', 100))
    #> '{data,entries}' -> 3,
  (
    select jsonb_build_object(
      'id', id,
      'at', rolecall_internal.iso(at),
      'actor_id', pg_temp.demo(5),
      'action', 'message_deleted',
      'report_id', pg_temp.report_of(news, 1),
      'message_id', news,
      'target_id', pg_temp.demo(4),
      'note', 'Rude indeed.',
      'before', '{"deleted": null}'::jsonb,
      'after', jsonb_build_object('deleted', jsonb_build_object('by', 'organizer', 'at', rolecall_internal.iso(now())))
    )
    from rolecall.moderation_audit
    where message_id = news
      and action = 'message_deleted'
      and actor_id = pg_temp.demo(5)
  ),
  'it says who did what to what, why, and the state before and after'
)
from message;
select is(
  array(
    select value ->> 'action'
    from jsonb_array_elements(
      pg_temp.ask('moderation_audit', pg_temp.demo(8), jsonb_build_object('target_id', pg_temp.demo(6)))
        #> '{data,entries}'
    )
  ),
  array['suspension_lifted', 'user_suspended'],
  'it can be asked about a user, newest first'
);
select is(
  (
    select format('%s to %s', before, after)
    from rolecall.moderation_audit
    where action = 'report_reviewed'
      and report_id = pg_temp.report_of(news, 1)
  ),
  '{"status": "pending", "decision": null} to {"status": "actioned", "decision": "delete", "decided_as": "organizer", "reports_settled": 2}',
  'a review is told by its states'
)
from message;
select is(
  pg_temp.act('moderation_audit', number, '{}'),
  'permission_denied/moderators_only',
  format('%s does not see the audit', number)
)
from unnest(array[1, 3, 4, 5, 51]) as number;
select is(pg_temp.act('moderation_audit', 6, '{"message_id": "x"}'), 'invalid_input', 'a filter must be an id');
select is(pg_temp.act('moderation_audit', 6, '{"cursor": "x"}'), 'invalid_input', 'a cursor must be one');
create function pg_temp.audit_pages(p_limit int)
returns text[]
language plpgsql
as $$
declare
  v_page jsonb;
  v_cursor text;
  v_all text[] := '{}';
begin
  loop
    v_page := pg_temp.ask(
      'moderation_audit',
      pg_temp.demo(6),
      jsonb_strip_nulls(jsonb_build_object('limit', p_limit, 'cursor', v_cursor))
    ) -> 'data';
    v_all := v_all || array(select value ->> 'id' from jsonb_array_elements(v_page -> 'entries'));
    v_cursor := v_page ->> 'next_cursor';
    exit when v_cursor is null;
  end loop;
  return v_all;
end
$$;
select is(
  pg_temp.audit_pages(4),
  array(select id::text from rolecall.moderation_audit order by at desc, id desc),
  'its pages hold every row once'
);
select ok(
  not exists (
    select
    from rolecall.moderation_audit
    where (before::text || after::text) ~ 'Plain|About|Answer|News'
  ),
  'it holds no content'
);

-- Nobody changes it, the owner and a session that replicates included.
select throws_ok(statement, '42501', null, format('the owner cannot: %s', statement))
from unnest(
  array[
    'update rolecall.moderation_audit set note = null',
    'update rolecall.moderation_audit set note = null where false',
    'delete from rolecall.moderation_audit',
    'truncate rolecall.moderation_audit',
    'insert into rolecall.moderation_audit select * from rolecall.moderation_audit limit 1 on conflict (id) do update set note = null'
  ]
) as statement;
set local session_replication_role = replica;
select throws_ok('delete from rolecall.moderation_audit', '42501', null, 'not even as a replica');
set local session_replication_role = origin;
select is(
  pg_temp.run_as('service_role', null, statement),
  '42501',
  format('nor can the operator: %s', statement)
)
from unnest(
  array[
    'update rolecall.moderation_audit set note = null',
    'delete from rolecall.moderation_audit',
    'truncate rolecall.moderation_audit',
    $$insert into rolecall.moderation_audit (actor_id, action, before, after) values (gen_random_uuid(), 'message_deleted', '{}', '{}')$$,
    'update rolecall.reported_messages set status = $$pending$$',
    'delete from rolecall.reported_messages',
    $$insert into rolecall.reported_messages (message_id, conversation_id, seq, reporter_id, reason) values (gen_random_uuid(), gen_random_uuid(), 1, gen_random_uuid(), 'x')$$
  ]
) as statement;

select * from finish();
rollback;
