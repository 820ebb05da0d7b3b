-- An organizer and the reports of their show: whose messages they get to judge, what they see, and what they settle.
begin;
\ir ../support/calls.psql
select no_plan();

-- 50 organizes a show (60) in which nobody takes part; 51 is a second moderator.
insert into rolecall.profiles (id, role, display_name)
values (pg_temp.demo(50), 'show_organizer', 'Otto'), (pg_temp.demo(51), 'moderator', 'Mona'), (pg_temp.demo(52), 'attendee', 'Nina');
insert into rolecall.shows (id, organizer_id, title, starts_at, ends_at)
values (pg_temp.demo(60), pg_temp.demo(50), 'A show of Otto''s', now() + interval '1 day', now() + interval '2 days');

create function pg_temp.send(p_from int, p_to int, p_show int default null)
returns jsonb
language sql
return pg_temp.ask(
  'send_dm',
  pg_temp.demo(p_from),
  jsonb_strip_nulls(
    jsonb_build_object('recipient_id', pg_temp.demo(p_to), 'content', 'Words', 'show_id', pg_temp.demo(p_show))
  )
);
-- The same in an array, beside a message that is allowed.
create function pg_temp.send_in_array(p_from int, p_to int, p_show int)
returns jsonb
language plpgsql
as $$
declare
  v_answers jsonb;
begin
  perform set_config('role', 'rolecall_edge', true);
  select rolecall_edge.send_dm(
    jsonb_agg(
      jsonb_build_object(
        'claims', jsonb_build_object('sub', pg_temp.demo(sender), 'role', 'authenticated'),
        'rollouts', '{}'::jsonb,
        'input', jsonb_strip_nulls(
          jsonb_build_object('recipient_id', pg_temp.demo(recipient), 'content', 'Words', 'show_id', pg_temp.demo(show))
        )
      )
      order by number
    )
  )
  into v_answers
  from (values (1, 8, 7, null), (2, p_from, p_to, p_show)) as request (number, sender, recipient, show);
  perform set_config('role', 'none', true);
  return v_answers -> 1;
end
$$;
create function pg_temp.check_dm(p_from int, p_to int, p_show int)
returns jsonb
language sql
return pg_temp.ask(
  'check_permission',
  pg_temp.demo(p_from),
  jsonb_build_object('action', 'start_dm', 'recipient_id', pg_temp.demo(p_to), 'show_id', pg_temp.demo(p_show))
);

-- 1. A direct message is about a show of both
-- In the shows 11 and 12 of 5 take part 1, 2, 3 and 4.
create temporary table about as
select *
from (
  values
    (1, 4, 11, 'ok', 'both take part'),
    (4, 1, 12, 'ok', 'both take part, the other way round'),
    (5, 52, 11, 'ok', 'the sender organizes it'),
    (4, 5, 11, 'ok', 'the recipient organizes it and the sender takes part'),
    (1, 4, 60, 'permission_denied/show_of_both', 'nobody of the two has anything to do with it'),
    (4, 5, 60, 'permission_denied/show_of_both', 'it is somebody else''s'),
    (4, 50, 60, 'permission_denied/show_of_both', 'the recipient organizes it and the sender takes no part'),
    (50, 4, 11, 'permission_denied/show_of_both', 'the recipient alone takes part'),
    (6, 4, 11, 'permission_denied/show_of_both', 'a moderator takes no part'),
    (8, 52, 11, 'permission_denied/show_of_both', 'nor does an admin'),
    (6, 52, 99, 'not_found', 'there is no such show')
) as about (sender, recipient, show, verdict, why);
select is(
  pg_temp.verdict(pg_temp.send(sender, recipient, show)),
  verdict,
  format('function: %s writes to %s about %s: %s', sender, recipient, show, why)
)
from (select * from about) as about;
select is(
  pg_temp.verdict(pg_temp.send_in_array(sender, recipient, show)),
  verdict,
  format('array: %s writes to %s about %s: %s', sender, recipient, show, why)
)
from (select * from about) as about;
select is(
  pg_temp.run_as(
    'authenticated',
    pg_temp.demo(sender),
    format('select public.can_user_send_dm(%L, %L, %L)', pg_temp.demo(sender), pg_temp.demo(recipient), pg_temp.demo(show))
  ),
  (verdict = 'ok')::text,
  format('RPC: %s to %s about %s: %s', sender, recipient, show, why)
)
from about;
select is(
  concat_ws('/', checked #>> '{data,code}', checked #>> '{data,rule}'),
  case when verdict = 'ok' then pg_temp.check_dm(sender, recipient, show) #>> '{data,rule}' else verdict end,
  format('check: %s to %s about %s: %s', sender, recipient, show, why)
)
from about
cross join lateral pg_temp.check_dm(sender, recipient, show) as checked;
select is(
  pg_temp.send(1, 4, 60) #> '{reasons,0}',
  '{
    "code": "show_of_both",
    "message": "A direct message can be about a show only if you both take part in it, or you organize it.",
    "allowed_if": "You both take part in the show, or the message is about no show."
  }',
  'the refusal says why, and what would be allowed'
);
select is(
  (select count(*) from rolecall.messages where show_id = pg_temp.demo(60)),
  0::bigint,
  'no message is about a show that is not of both'
);
-- A conversation that exists allows a reply, not another show.
select is(pg_temp.verdict(pg_temp.send(1, 4)), 'ok', 'without a show the same may be written');
select is(pg_temp.verdict(pg_temp.send(4, 1, 60)), 'permission_denied/show_of_both', 'nor in a conversation that exists');

-- 2. What an organizer sees
-- 1 writes to 4 about the show of 5: 4 reports it.
create temporary table message as
select
  (pg_temp.send(1, 4, 11) #>> '{data,message_id}')::uuid as direct,
  (pg_temp.send(5, 2, 11) #>> '{data,message_id}')::uuid as of_organizer;
create function pg_temp.report(p_user int, p_message uuid, p_reason text)
returns jsonb
language sql
return pg_temp.ask(
  'report_message', pg_temp.demo(p_user), jsonb_build_object('message_id', p_message, 'reason', p_reason)
);
create temporary table report as
select
  (pg_temp.report(4, direct, 'I am Mia, and he threatens me') #>> '{data,report_id}')::uuid as direct,
  (pg_temp.report(2, of_organizer, 'Your organizer threatens me') #>> '{data,report_id}')::uuid as of_organizer
from message;
create function pg_temp.queue(p_user int, p_status text default null)
returns jsonb
language sql
return pg_temp.ask(
  'moderation_queue', pg_temp.demo(p_user), jsonb_strip_nulls(jsonb_build_object('limit', 50, 'status', p_status))
) -> 'data';
create function pg_temp.listed(p_user int, p_report uuid)
returns jsonb
language sql
return (
  select value
  from jsonb_array_elements(pg_temp.queue(p_user) -> 'reports')
  where value ->> 'id' = p_report::text
);
create function pg_temp.review(p_user int, p_report uuid, p_decision text, p_note text default null)
returns jsonb
language sql
return pg_temp.ask(
  'review_report',
  pg_temp.demo(p_user),
  jsonb_strip_nulls(jsonb_build_object('report_id', p_report, 'decision', p_decision, 'note', p_note))
);

select is(pg_temp.listed(6, direct) ->> 'reason', 'I am Mia, and he threatens me', 'a moderator reads why') from report;
select is(pg_temp.listed(6, direct) ->> 'reporter_id', pg_temp.demo(4)::text, 'and who says so') from report;
select is(
  jsonb_build_array(listed -> 'reason', listed -> 'reporter_id', listed -> 'escalated_at', listed #> '{message,content}'),
  '[null, null, null, "Words"]',
  'an organizer reads the message, and neither who reported nor their words'
)
from report
cross join lateral pg_temp.listed(5, direct) as listed;
select ok(strpos(pg_temp.queue(5)::text, pg_temp.demo(4)::text) = 0, 'nor is the reporter named anywhere else in the queue');
select is(pg_temp.listed(5, of_organizer), null, 'nobody hears of a report about themselves') from report;
select is(pg_temp.listed(6, of_organizer) ->> 'status', 'pending', 'which is the moderators'' alone') from report;
select is(pg_temp.queue(5) -> 'counts', '{"pending": 1, "dismissed": 0, "actioned": 0}', 'nor is it counted for them');
select is(pg_temp.queue(6) -> 'counts', '{"pending": 2, "dismissed": 0, "actioned": 0}', 'but for moderators');
select is(
  pg_temp.verdict(pg_temp.review(5, of_organizer, 'dismiss')),
  'permission_denied/self_moderation',
  'nor decided by them'
)
from report;

-- 3. What an organizer settles
select is(
  jsonb_build_array(
    reviewed #> '{data,report,status}', reviewed #> '{data,report,decided_as}', reviewed #> '{data,report,reporter_id}',
    reviewed #> '{data,report,reason}', reviewed #> '{data,report,note}'
  ),
  '["dismissed", "organizer", null, null, "Harmless"]',
  'an organizer dismisses'
)
from report
cross join lateral pg_temp.review(5, direct, 'dismiss', 'Harmless') as reviewed;
select is(
  jsonb_build_array(listed -> 'status', listed -> 'decision', listed -> 'decided_as', listed -> 'reviewed_by', listed -> 'note'),
  jsonb_build_array('pending', 'dismiss', 'organizer', pg_temp.demo(5), 'Harmless'),
  'for moderators the report is pending, with what an organizer decided'
)
from report
cross join lateral pg_temp.listed(6, direct) as listed;
select is(pg_temp.queue(6) -> 'counts', '{"pending": 2, "dismissed": 0, "actioned": 0}', 'and counted as such');
select is(pg_temp.queue(5) -> 'counts', '{"pending": 0, "dismissed": 1, "actioned": 0}', 'for the organizer it is done');
select is(jsonb_array_length(pg_temp.queue(5, 'pending') -> 'reports'), 0, 'and off their list');
select is(jsonb_array_length(pg_temp.queue(6, 'pending') -> 'reports'), 2, 'but not off the moderators''');
select is(
  (select count from rolecall_monitoring.pending_reports),
  2::bigint,
  'an alarm counts what waits for a moderator'
);
select is(
  pg_temp.verdict(pg_temp.review(5, direct, decision)),
  'already_reviewed/one_decision_per_report',
  format('the organizer does not decide twice: %s', decision)
)
from report
cross join unnest(array['dismiss', 'delete', 'restore']) as decision;
select is(
  pg_temp.run_as('authenticated', pg_temp.demo(4), 'select status from rolecall.reported_messages'),
  'pending',
  'the reporter sees that it is open'
);

-- The reporter may say it again, once.
select is(
  pg_temp.ask('check_permission', pg_temp.demo(4), jsonb_build_object('action', 'report', 'message_id', direct))
    #>> '{data,allowed}',
  'true',
  'the check says so'
)
from message;
select is(
  pg_temp.report(4, message.direct, 'He threatens me, and the organizer is his friend') -> 'data' ->> 'report_id',
  report.direct::text,
  'who reported reports again what an organizer has decided'
)
from message, report;
select is(
  jsonb_build_array(listed -> 'reason', listed -> 'escalated_at' = to_jsonb(rolecall_internal.iso(now())), listed -> 'status'),
  '["He threatens me, and the organizer is his friend", true, "pending"]',
  'moderators see the new words, and that it was escalated'
)
from report
cross join lateral pg_temp.listed(6, direct) as listed;
select is(pg_temp.listed(5, direct) -> 'escalated_at', 'null', 'the organizer sees neither') from report;
select is(
  pg_temp.verdict(pg_temp.report(4, direct, 'Again')),
  'already_reported/one_report_per_message',
  'a third time is refused'
)
from message;
select is(
  pg_temp.ask('check_permission', pg_temp.demo(4), jsonb_build_object('action', 'report', 'message_id', direct))
    #>> '{data,rule}',
  'one_report_per_message',
  'as the check says'
)
from message;
select is((select count(*) from rolecall.reported_messages where message_id = direct), 1::bigint, 'it is one report')
from message;

-- A moderator decides for everybody.
select is(
  jsonb_build_array(reviewed #> '{data,report,status}', reviewed #> '{data,report,decided_as}'),
  '["actioned", "moderator"]',
  'a moderator decides otherwise'
)
from report
cross join lateral pg_temp.review(6, direct, 'delete', 'Mia is right') as reviewed;
select is((select deleted_as from rolecall.messages where id = direct), 'moderator', 'and the message is removed')
from message;
select is(pg_temp.verdict(pg_temp.review(51, direct, 'dismiss')), 'already_reviewed/one_decision_per_report', 'once')
from report;
select is(
  pg_temp.verdict(pg_temp.review(5, direct, decision)),
  case decision when 'restore' then 'permission_denied/deleted_by_moderator' else 'already_reviewed/one_decision_per_report' end,
  format('the organizer does not change that: %s', decision)
)
from report
cross join unnest(array['dismiss', 'delete', 'restore']) as decision;
select is(
  jsonb_build_array(listed -> 'status', listed -> 'decision', listed -> 'decided_as', listed -> 'note', listed #> '{message,content}'),
  '["actioned", "delete", "moderator", null, null]',
  'they hear what was decided, not the note, which may name somebody, nor what was removed'
)
from report
cross join lateral pg_temp.listed(5, direct) as listed;
select is(pg_temp.queue(5) -> 'counts', '{"pending": 0, "dismissed": 0, "actioned": 1}', 'and count it so');
select is(pg_temp.queue(6) -> 'counts', '{"pending": 1, "dismissed": 0, "actioned": 1}', 'as moderators do');
select is(
  pg_temp.verdict(pg_temp.report(4, direct, 'Again')),
  'already_reported/one_report_per_message',
  'what a moderator has decided is not reported again'
)
from message;
select is(
  (
    select array_agg(format('%s as %s', after ->> 'decision', after ->> 'decided_as') order by at)
    from rolecall.moderation_audit
    where action = 'report_reviewed'
  ),
  array['dismiss as organizer', 'delete as moderator'],
  'the record tells as what each was decided'
);

-- A moderator who is first settles it for the organizer, too.
create temporary table second as
select (pg_temp.report(2, direct, 'Me, too') #>> '{data,report_id}')::uuid as report
from (select (pg_temp.send(4, 2, 11) #>> '{data,message_id}')::uuid as direct) as sent;
select is(pg_temp.verdict(pg_temp.review(6, report, 'dismiss')), 'ok', 'a moderator decides first') from second;
select is(pg_temp.listed(5, report) ->> 'status', 'dismissed', 'and it is done for the organizer') from second;
select is(
  pg_temp.verdict(pg_temp.review(5, report, 'delete')),
  'already_reviewed/one_decision_per_report',
  'who hears that it is'
)
from second;

-- An organizer restores what they deleted by review, unless a moderator has decided.
create temporary table third as
select direct, (pg_temp.report(1, direct, 'Spam') #>> '{data,report_id}')::uuid as report
from (select (pg_temp.send(4, 1, 11) #>> '{data,message_id}')::uuid as direct) as sent;
select is(pg_temp.verdict(pg_temp.review(5, report, 'delete')), 'ok', 'an organizer deletes') from third;
select is(pg_temp.verdict(pg_temp.review(5, report, 'restore')), 'ok', 'and restores by review') from third;
select is((select content from rolecall.messages where id = direct), 'Words', 'as it was') from third;
select is(pg_temp.listed(6, report) ->> 'status', 'pending', 'for moderators it is still pending') from third;
select is(pg_temp.verdict(pg_temp.review(6, report, 'dismiss')), 'ok', 'until they decide') from third;

-- An organizer of before: who organizes the show now hears of no report about themselves either.
update rolecall.shows set organizer_id = pg_temp.demo(4) where id = pg_temp.demo(11);
update rolecall.profiles set role = 'show_organizer' where id = pg_temp.demo(4);
select is(pg_temp.listed(4, report), null, 'a report about the new organizer is not theirs to see') from third;

select * from finish();
rollback;
