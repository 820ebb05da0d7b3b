-- rolecall_edge.edit_message and message_history: who gives a message new words, until when, and who reads the old ones.
begin;
\ir ../support/calls.psql
select no_plan();
update rolecall.rate_limits set capacity = null;
update rolecall.broadcast_limits set per_quota_day = null;
update rolecall.show_participants set joined_at = now() - interval '1 day';

create function pg_temp.edit(p_user int, p_message uuid, p_content text, p_base int default null)
returns jsonb
language sql
return pg_temp.ask(
  'edit_message',
  pg_temp.demo(p_user),
  jsonb_build_object('message_id', p_message, 'content', p_content, 'base_version', p_base)
);

-- What somebody reads of a message's versions, or why not.
create function pg_temp.history(p_user int, p_message uuid)
returns text
language sql
return (
  select case
    when answer -> 'ok' = 'true' then (
      select string_agg(
        concat_ws(' ', version -> 'version', coalesce(version ->> 'content', '-')), ', ' order by number
      )
      from jsonb_array_elements(answer #> '{data,versions}') with ordinality as listed (version, number)
    )
    else pg_temp.verdict(answer)
  end
  from pg_temp.ask('message_history', pg_temp.demo(p_user), jsonb_build_object('message_id', p_message)) as answer
);

create function pg_temp.dm(p_from int, p_to int, p_text text, p_id uuid default null)
returns uuid
language sql
return (
  pg_temp.ask(
    'send_dm',
    pg_temp.demo(p_from),
    jsonb_build_object('recipient_id', pg_temp.demo(p_to), 'content', p_text, 'message_id', p_id)
  ) #>> '{data,message_id}'
)::uuid;

create function pg_temp.row_of(p_message uuid)
returns text
language sql
return (
  select concat_ws(' ', seq, coalesce(content, '-'), version, edited_at is not null, revision)
  from rolecall.messages
  where id = p_message
);

create temp table made as
select
  pg_temp.dm(1, 4, 'First') as one,
  pg_temp.dm(4, 1, 'Answer') as two,
  (
    pg_temp.ask(
      'send_broadcast',
      pg_temp.demo(4),
      jsonb_build_object('show_id', pg_temp.demo(11), 'recipient_roles', '["attendee"]'::jsonb, 'message', 'News')
    ) #>> '{data,conversation_id}'
  )::uuid as show;
alter table made add column news uuid;
update made set news = (select id from rolecall.messages where conversation_id = made.show);

-- The author edits.
select is(
  pg_temp.edit(1, (select one from made), 'Second') #- '{data,message,id}' #- '{data,message,created_at}'
    #- '{data,message,edited_at}' #- '{data,conversation_id}' #- '{limits}' #- '{org_id}',
  jsonb_build_object(
    'ok', true,
    'data', jsonb_build_object(
      'revision', 1,
      'message', jsonb_build_object(
        'seq', 1, 'sender_id', pg_temp.demo(1), 'content', 'Second', 'show_id', null, 'version', 2, 'deleted', null,
        'reactions', '[]'::jsonb
      )
    )
  ),
  'the answer is the message as it is now'
);
select is(pg_temp.row_of((select one from made)), '1 Second 2 t 1', 'the message says it');
select is(pg_temp.row_of((select two from made)), '2 Answer f', 'one that nobody edited has nothing of it');
select is(
  (select revision from rolecall.conversations where id = (select conversation_id from rolecall.messages where id = (select one from made))),
  1::bigint,
  'clients learn of it by the revision'
);
select is(pg_temp.history(4, (select one from made)), '1 First, 2 Second', 'the other one reads what it said before');
select is(pg_temp.history(1, (select one from made)), '1 First, 2 Second', 'and so does the author');
select is(pg_temp.history(4, (select two from made)), '1 Answer', 'a message that nobody edited has one version');
select is(pg_temp.verdict(pg_temp.edit(1, (select one from made), 'Second')), 'ok', 'the same words again');
select is(pg_temp.row_of((select one from made)), '1 Second 2 t 1', 'change nothing');
select is(
  (
    select jsonb_agg(message -> 'version' order by message -> 'seq')
    from jsonb_array_elements(
      pg_temp.ask(
        'messages',
        pg_temp.demo(4),
        jsonb_build_object('conversation_id', (select conversation_id from rolecall.messages where id = (select one from made)))
      ) #> '{data,messages}'
    ) as message
  ),
  '[2, 1]',
  'a page says which version each message is'
);

-- Which version the edit is of.
select is(pg_temp.verdict(pg_temp.edit(1, (select one from made), 'Third', 1)), 'edit_conflict/edited_since', 'of an old version');
select is(pg_temp.edit(1, (select one from made), 'Third', 1) #> '{data,version}', '2', 'the refusal names the newest');
select is(pg_temp.verdict(pg_temp.edit(1, (select one from made), 'Third', 3)), 'edit_conflict/edited_since', 'of one to come');
select is(pg_temp.row_of((select one from made)), '1 Second 2 t 1', 'neither changes anything');
select is(pg_temp.verdict(pg_temp.edit(1, (select one from made), 'Third', 2)), 'ok', 'of the newest');
select is(
  pg_temp.verdict(
    pg_temp.ask(
      'edit_message',
      pg_temp.demo(1),
      jsonb_build_object('message_id', (select one from made), 'content', 'Fourth', 'base_version', 'two')
    )
  ),
  'invalid_input',
  'a version is a number'
);
select is(pg_temp.history(4, (select one from made)), '1 First, 2 Second, 3 Third', 'every version stays');
select is(
  (select array_agg(sender_id) from rolecall.message_edits),
  array[pg_temp.demo(1), pg_temp.demo(1)],
  'and is its author''s'
);

-- Who may.
select is(pg_temp.verdict(pg_temp.edit(4, (select one from made), 'Mine')), 'permission_denied/authors_edit_only', 'the recipient');
select is(pg_temp.verdict(pg_temp.edit(2, (select one from made), 'Mine')), 'not_found/not_a_participant', 'a stranger');
select is(pg_temp.verdict(pg_temp.edit(6, (select one from made), 'Mine')), 'permission_denied/authors_edit_only', 'a moderator');
select is(pg_temp.verdict(pg_temp.edit(1, pg_temp.demo(99), 'Mine')), 'not_found/not_a_participant', 'of no message');
select is(pg_temp.verdict(pg_temp.edit(1, null, 'Mine')), 'not_found/not_a_participant', 'without a message');
select is(
  pg_temp.verdict(
    rolecall_edge.edit_message(
      jsonb_build_object(
        'claims', '{"role": "authenticated"}'::jsonb,
        'request_id', 'pgtap',
        'rollouts', '{}'::jsonb,
        'input', jsonb_build_object('message_id', (select one from made), 'content', 'Mine')
      )
    )
  ),
  'unauthenticated',
  'nobody'
);
select is(pg_temp.history(2, (select one from made)), 'not_found/not_a_participant', 'a stranger reads no versions');
select is(pg_temp.history(2, pg_temp.demo(99)), 'not_found/not_a_participant', 'and hears the same of no message');
select is(pg_temp.history(6, (select one from made)), '1 First, 2 Second, 3 Third', 'a moderator reads them');
select is(
  (
    select count(*)
    from rolecall.application_logs
    where event = 'conversation_read_by_moderator'
      and method = 'messages.history'
  ),
  1::bigint,
  'which is logged'
);
select is(
  pg_temp.run_as('authenticated', pg_temp.demo(1), 'select content from rolecall.message_edits limit 1'),
  '42501',
  'the table of versions is closed'
);
select is(
  pg_temp.run_as(
    'authenticated', pg_temp.demo(1), format('update rolecall.messages set content = %L where id = %L', 'Mine', (select one from made))
  ),
  '42501',
  'and that of messages to writing'
);

-- What the words must be.
select is(pg_temp.verdict(pg_temp.edit(1, (select one from made), '')), 'invalid_input', 'no words');
select is(pg_temp.verdict(pg_temp.edit(1, (select one from made), null)), 'invalid_input', 'none at all');
select is(pg_temp.verdict(pg_temp.edit(1, (select one from made), E'\u2003\u200b')), 'invalid_input', 'nothing to see');
select is(pg_temp.verdict(pg_temp.edit(1, (select one from made), repeat('x', 2001))), 'invalid_input', 'too many');
select is(pg_temp.verdict(pg_temp.edit(1, (select one from made), E'a\u0007b')), 'invalid_input', 'a control character');
select is(pg_temp.verdict(pg_temp.edit(1, (select one from made), repeat('x', 2000))), 'ok', 'as many as there may be');
select is(pg_temp.verdict(pg_temp.edit(4, (select news from made), repeat('x', 1001))), 'invalid_input', 'a broadcast is shorter');

-- A repeated message is the one that was sent, whatever became of it.
select pg_temp.dm(1, 4, 'Once', 'aaaaaaaa-0000-4000-8000-000000000001');
select pg_temp.edit(1, 'aaaaaaaa-0000-4000-8000-000000000001', 'Edited');
select is(
  pg_temp.dm(1, 4, 'Once', 'aaaaaaaa-0000-4000-8000-000000000001'),
  'aaaaaaaa-0000-4000-8000-000000000001',
  'a message that was edited is not sent again'
);
select is(
  pg_temp.verdict(
    pg_temp.ask(
      'send_dm',
      pg_temp.demo(1),
      jsonb_build_object(
        'recipient_id', pg_temp.demo(4), 'content', 'Edited', 'message_id', 'aaaaaaaa-0000-4000-8000-000000000001'
      )
    )
  ),
  'idempotency_conflict/message_id_reused',
  'and its newer words were never sent'
);

-- Until when.
update rolecall.messages set created_at = now() - interval '15 minutes' where id = (select one from made);
select is(pg_temp.verdict(pg_temp.edit(1, (select one from made), 'Late')), 'edit_window_closed/edit_window_closed', 'after 15 minutes');
update rolecall.messages set created_at = now() - interval '15 minutes' + interval '1 second' where id = (select one from made);
select is(pg_temp.verdict(pg_temp.edit(1, (select one from made), 'Fourth')), 'ok', 'a second before');
update rolecall.edit_windows set seconds = null where role = 'attendee';
update rolecall.messages set created_at = now() - interval '1 year' where id = (select one from made);
select is(pg_temp.verdict(pg_temp.edit(1, (select one from made), 'Fifth')), 'ok', 'without an end');
update rolecall.edit_windows set seconds = 0 where role = 'attendee';
select is(pg_temp.verdict(pg_temp.edit(1, (select one from made), 'Sixth')), 'edit_window_closed/edit_window_closed', 'never');
delete from rolecall.edit_windows where role = 'attendee';
select is(pg_temp.verdict(pg_temp.edit(1, (select one from made), 'Sixth')), 'edit_window_closed/edit_window_closed', 'nor without a row');
insert into rolecall.edit_windows (role, seconds) values ('attendee', null);
select is(
  (select array_agg(role order by role) from rolecall.edit_windows where seconds > 900),
  array['admin']::rolecall.app_role[],
  'admins have longer'
);
update rolecall.messages set version = rolecall_internal.limit_message_versions() - 1 where id = (select one from made);
select is(pg_temp.verdict(pg_temp.edit(1, (select one from made), 'The last')), 'ok', 'the last version there may be');
select is(pg_temp.verdict(pg_temp.edit(1, (select one from made), 'One more')), 'edit_window_closed/edit_window_closed', 'and one more');

-- New words are judged as if they were sent now.
select pg_temp.ask('block_user', pg_temp.demo(4), jsonb_build_object('blocked_id', pg_temp.demo(1)));
select is(
  pg_temp.verdict(pg_temp.edit(1, 'aaaaaaaa-0000-4000-8000-000000000001', 'Across')), 'permission_denied/blocked', 'across a block'
);
select pg_temp.ask('unblock_user', pg_temp.demo(4), jsonb_build_object('blocked_id', pg_temp.demo(1)));
update rolecall.profiles set suspended_until = 'infinity' where id = pg_temp.demo(1);
select is(
  pg_temp.verdict(pg_temp.edit(1, 'aaaaaaaa-0000-4000-8000-000000000001', 'Suspended')), 'permission_denied/suspended', 'suspended'
);
update rolecall.profiles set suspended_until = null where id = pg_temp.demo(1);
update rolecall.profiles set role = 'dealer' where id = pg_temp.demo(1);
select is(
  pg_temp.verdict(pg_temp.edit(1, 'aaaaaaaa-0000-4000-8000-000000000001', 'As a dealer')),
  'permission_denied/dealer_reads_only',
  'as who reads only'
);
update rolecall.profiles set role = 'attendee' where id = pg_temp.demo(1);
update rolecall.conversations set read_only = true where kind = 'direct';
select is(
  pg_temp.verdict(pg_temp.edit(1, 'aaaaaaaa-0000-4000-8000-000000000001', 'Closed')),
  'conversation_read_only/conversation_read_only',
  'in a closed conversation'
);
update rolecall.conversations set read_only = false where kind = 'direct';
update rolecall.feature_flags set rollout = 'disabled' where name = 'send-dm';
select is(
  pg_temp.verdict(pg_temp.edit(1, 'aaaaaaaa-0000-4000-8000-000000000001', 'Off')),
  'feature_disabled/feature_disabled',
  'while messages are switched off'
);
update rolecall.feature_flags set rollout = 'enabled' where name = 'send-dm';
update rolecall.feature_flags set rollout = 'disabled' where name = 'messages';
select is(
  pg_temp.verdict(pg_temp.edit(1, 'aaaaaaaa-0000-4000-8000-000000000001', 'Off')),
  'feature_disabled/feature_disabled',
  'and while edits are'
);
update rolecall.feature_flags set rollout = 'enabled' where name = 'messages';

-- Broadcasts.
select is(pg_temp.verdict(pg_temp.edit(4, (select news from made), 'Better news')), 'ok', 'the sender of a broadcast edits it');
select is(pg_temp.history(1, (select news from made)), '1 News, 2 Better news', 'its audience reads both');
select is(pg_temp.history(3, (select news from made)), 'not_found/not_a_participant', 'and nobody of another role');
select is(pg_temp.verdict(pg_temp.edit(1, (select news from made), 'Mine')), 'permission_denied/authors_edit_only', 'nor edits it');
select is(
  (select count(*) from rolecall.broadcasts where conversation_id = (select show from made)), 1::bigint, 'it is no further broadcast'
);
update rolecall.profiles set role = 'attendee' where id = pg_temp.demo(4);
select is(
  pg_temp.verdict(pg_temp.edit(4, (select news from made), 'Mine')),
  'permission_denied/attendee_does_not_broadcast',
  'whose sender may broadcast no more'
);
update rolecall.profiles set role = 'mvp_dealer' where id = pg_temp.demo(4);

-- Deleted messages.
select pg_temp.ask('delete_message', pg_temp.demo(6), jsonb_build_object('message_id', (select one from made)));
select is(pg_temp.verdict(pg_temp.edit(1, (select one from made), 'Back')), 'not_found/message_deleted', 'a deleted message');
select is(pg_temp.history(1, (select one from made)), 'permission_denied/message_deleted', 'whose versions its author reads no more');
select is(pg_temp.history(4, (select one from made)), 'permission_denied/message_deleted', 'nor does anybody');
select matches(pg_temp.history(6, (select one from made)), '^1 First, 2 Second, 3 Third, .* The last$', 'but moderators');
select is(
  (
    select count(*)
    from jsonb_array_elements(pg_temp.ask('export_own_data', pg_temp.demo(1), '{}') #> '{data,lines}') as line
    where line ->> 'type' = 'message_edit'
  ),
  1::bigint,
  'the export has those of messages that are there'
);
select pg_temp.ask('restore_message', pg_temp.demo(6), jsonb_build_object('message_id', (select one from made)));
select matches(pg_temp.history(4, (select one from made)), '^1 First, 2 Second, 3 Third, .* The last$', 'they come back with the message');
select is(
  (
    select string_agg(line ->> 'content', ', ' order by number)
    from jsonb_array_elements(pg_temp.ask('export_own_data', pg_temp.demo(1), '{}') #> '{data,lines}')
      with ordinality as listed (line, number)
    where line ->> 'type' = 'message_edit'
      and line -> 'version' <= '3'
      and line ->> 'message_id' = (select one from made)::text
  ),
  'First, Second, Third',
  'and to the export'
);
select pg_temp.ask('delete_message', pg_temp.demo(1), jsonb_build_object('message_id', (select one from made)));
select is(
  (select count(*) from rolecall.message_edits where conversation_id = (select conversation_id from rolecall.messages where id = (select one from made)) and seq = 1),
  0::bigint,
  'what an author deletes is gone with all it ever said'
);
select isnt_empty('select from rolecall.message_edits', 'and nothing else');

-- Reported ones are kept until the review.
select pg_temp.ask(
  'report_message', pg_temp.demo(4),
  jsonb_build_object('message_id', 'aaaaaaaa-0000-4000-8000-000000000001', 'reason', 'Look at what it said.')
);
select pg_temp.ask('delete_own_data', pg_temp.demo(1), '{}');
select is(pg_temp.history(6, 'aaaaaaaa-0000-4000-8000-000000000001'), '1 Once, 2 Edited', 'evidence stays');
select pg_temp.ask(
  'review_report', pg_temp.demo(6),
  jsonb_build_object('report_id', (select id from rolecall.reported_messages), 'decision', 'dismiss')
);
select is(pg_temp.history(6, 'aaaaaaaa-0000-4000-8000-000000000001'), '2 -', 'and goes with the review');
select is_empty(
  format('select from rolecall.message_edits where sender_id = %L', pg_temp.demo(1)), 'of whose data was deleted nothing is left'
);
select finish();
rollback;
