-- Maintenance: what users write is refused before a key or a token is taken, by every way; reads and the operator go on.
begin;
\ir ../support/calls.psql
select no_plan();

create function pg_temp.ask_reading(p_function text, p_user uuid, p_input jsonb)
returns jsonb
language sql
return (
  select case p_function
    when 'inbox' then rolecall_edge.inbox(request)
    when 'unread' then rolecall_edge.unread(request)
    when 'blocks' then rolecall_edge.blocks(request)
    when 'realtime_token' then rolecall_edge.realtime_token(request)
    when 'flags' then rolecall_edge.flags(request)
    when 'help_conversations' then rolecall_edge.help_conversations(request)
  end
  from (
    values (
      jsonb_build_object(
        'claims', jsonb_build_object('sub', p_user, 'role', 'authenticated'),
        'request_id', 'pgtap',
        'rollouts', '{}'::jsonb,
        'reads', true,
        'input', p_input
      )
    )
  ) as asked (request)
);
create temporary table sent as
select pg_temp.ask('send_dm', pg_temp.demo(1), jsonb_build_object('recipient_id', pg_temp.demo(4), 'content', 'Hi')) -> 'data' as data;
insert into rolecall.user_blocks (blocker_id, blocked_id) values (pg_temp.demo(2), pg_temp.demo(3));
create temporary table writing (function text, input jsonb);
insert into writing
values
  ('send_dm', jsonb_build_object('recipient_id', pg_temp.demo(4), 'content', 'Hi')),
  ('send_broadcast', jsonb_build_object('show_id', pg_temp.demo(11), 'recipient_roles', '["attendee"]'::jsonb, 'message', 'News')),
  ('mark_read', (select jsonb_build_object('conversation_id', data -> 'conversation_id', 'up_to_seq', 1) from sent)),
  ('mark_unread', (select jsonb_build_object('conversation_id', data -> 'conversation_id', 'from_seq', 1) from sent)),
  ('conversation_settings', (select jsonb_build_object('conversation_id', data -> 'conversation_id', 'pinned', true) from sent)),
  ('edit_message', (select jsonb_build_object('message_id', data -> 'message_id', 'content', 'Hello') from sent)),
  ('react', (select jsonb_build_object('message_id', data -> 'message_id', 'emoji', '👍') from sent)),
  ('unreact', (select jsonb_build_object('message_id', data -> 'message_id', 'emoji', '👍') from sent)),
  ('start_conversation', jsonb_build_object('help_request_id', pg_temp.demo(21), 'initial_message', 'I can help with that.')),
  ('report_message', (select jsonb_build_object('message_id', data -> 'message_id', 'reason', 'spam') from sent)),
  ('block_user', jsonb_build_object('target_id', pg_temp.demo(3))),
  ('unblock_user', jsonb_build_object('target_id', pg_temp.demo(3))),
  ('suspend_user', jsonb_build_object('target_id', pg_temp.demo(3), 'until', 'infinity')),
  ('lift_suspension', jsonb_build_object('target_id', pg_temp.demo(3))),
  ('delete_message', (select jsonb_build_object('message_id', data -> 'message_id') from sent)),
  ('restore_message', (select jsonb_build_object('message_id', data -> 'message_id') from sent)),
  ('review_report', jsonb_build_object('report_id', pg_temp.demo(1), 'decision', 'dismiss')),
  ('delete_own_data', '{}'),
  ('send_help_message', jsonb_build_object('id', pg_temp.demo(21), 'content', 'Hi')),
  ('read_help_conversation', jsonb_build_object('id', pg_temp.demo(21))),
  ('complete_help_conversation', jsonb_build_object('id', pg_temp.demo(21))),
  ('cancel_help_conversation', jsonb_build_object('id', pg_temp.demo(21))),
  ('typing', jsonb_build_object('conversation_id', pg_temp.demo(21))),
  ('check_permission', jsonb_build_object('action', 'start_dm', 'recipient_id', pg_temp.demo(4)));
delete from rolecall.rate_buckets;

update rolecall.feature_flags set rollout = 'enabled' where name = 'maintenance';
select is(
  pg_temp.verdict(pg_temp.ask(function, pg_temp.demo(2), input, 'a key')),
  'maintenance/maintenance',
  format('%s waits', function)
)
from writing;
select is((select count(*) from rolecall.idempotency_records), 0::bigint, 'no key is taken');
select is((select count(*) from rolecall.rate_buckets), 0::bigint, 'nor a token');
select is((select count(*) from rolecall.messages where content = 'Hi'), 1::bigint, 'nothing is written');
select is(
  (select sum(requests) from rolecall.request_metrics where code = 'maintenance')::int,
  (select count(*)::int from writing),
  'each is counted'
);
select is(pg_temp.ask_reading(function, pg_temp.demo(1), input) ->> 'ok', 'true', format('%s goes on', function))
from (values ('inbox', '{"limit": 5}'::jsonb), ('unread', '{}'), ('blocks', '{"limit": 5}'), ('flags', '{}'), ('help_conversations', '{"limit": 5}'), ('realtime_token', '{}')) as reading (function, input);
select is(
  pg_temp.ask_reading('flags', pg_temp.demo(1), '{}') #> '{data,flags,maintenance}',
  '{"enabled": true, "reason": "everybody"}',
  'and the flags say why'
);
select is(
  jsonb_path_query_array(
    rolecall_edge.send_dm(
      (
        select jsonb_agg(
          jsonb_build_object(
            'claims', jsonb_build_object('sub', pg_temp.demo(user_number), 'role', 'authenticated'),
            'rollouts', '{}'::jsonb,
            'idempotency_key', 'one',
            'input', jsonb_build_object('recipient_id', pg_temp.demo(4), 'content', 'Hi')
          )
          order by user_number
        )
        from generate_series(1, 3) as user_number
      )
      || '[[]]'
    ),
    '$[*].code'
  ),
  '["maintenance", "maintenance", "maintenance", "unauthenticated"]',
  'an array waits, too'
);
select is(
  jsonb_path_query_array(
    rolecall_edge.mark_read(
      (
        select jsonb_agg(
          jsonb_build_object(
            'claims', jsonb_build_object('sub', pg_temp.demo(user_number), 'role', 'authenticated'),
            'rollouts', '{}'::jsonb,
            'input', jsonb_build_object('conversation_id', data -> 'conversation_id', 'up_to_seq', 1)
          )
          order by user_number
        )
        from sent
        cross join unnest(array[1, 4]) as user_number
      )
      || '[[]]'
    ),
    '$[*].code'
  ),
  '["maintenance", "maintenance", "unauthenticated"]',
  'and one of marks'
);
select is(pg_temp.ask_for_the_night() ->> 'ok', 'true', 'the operator goes on');
select is(
  pg_temp.verdict(
    rolecall_edge.send_dm('{"claims": {"role": "anon"}, "rollouts": {}, "input": {"content": "Hi"}}')
  ),
  'permission_denied/users_only',
  'who is no user hears that first'
);

-- Who calls past the functions.
create function pg_temp.as_ada(p_statement text)
returns text
language sql
return pg_temp.run_as('authenticated', pg_temp.demo(1), p_statement);
select matches(
  pg_temp.as_ada(statement),
  '"?maintenance"?',
  format('%s waits', left(statement, 60))
)
from (
  values
    (format('select public.create_conversation_atomic(%L, %L, ''I can help with that.'')', pg_temp.demo(22), pg_temp.demo(1))),
    (format('select public.send_message_v2(%L, %L, ''Hi'')', pg_temp.demo(22), pg_temp.demo(1)))
) as rpc (statement);
select doesnt_match(
  pg_temp.as_ada(format('select public.get_conversation_v2(%L, %L)', pg_temp.demo(22), pg_temp.demo(1))),
  'maintenance',
  'get_conversation_v2 goes on'
);
select is(pg_temp.as_ada(statement), 'PT503', format('%s waits', left(statement, 60)))
from (
  values
    (format('insert into rolecall.help_requests (requester_id, title) values (%L, ''Help'')', pg_temp.demo(1))),
    (format('update rolecall.help_requests set title = ''Else'' where id = %L', pg_temp.demo(21))),
    (format('insert into rolecall.user_blocks (blocker_id, blocked_id) values (%L, %L)', pg_temp.demo(1), pg_temp.demo(2))),
    (format('update rolecall.profiles set display_name = ''Else'' where id = %L', pg_temp.demo(1)))
) as write (statement);
select is(pg_temp.run_as('authenticated', pg_temp.demo(2), 'delete from rolecall.user_blocks'), 'PT503', 'deleting, too');
select is(pg_temp.as_ada('select count(*) from rolecall.help_requests'), '2', 'tables are read');
select is((select count(*) from rolecall.rate_buckets where action not in ('read', 'read_help_conversation', 'realtime_token')), 0::bigint, 'still no token is taken');

-- For some alone.
insert into rolecall.feature_flag_overrides (name, user_id, rollout) values ('maintenance', pg_temp.demo(1), 'disabled');
select is(
  pg_temp.verdict(pg_temp.ask(function, pg_temp.demo(1), input)),
  'ok',
  'a tester writes'
)
from writing
where function = 'send_dm';
select is(
  jsonb_path_query_array(
    rolecall_edge.send_dm(
      (
        select jsonb_agg(
          jsonb_build_object(
            'claims', jsonb_build_object('sub', pg_temp.demo(user_number), 'role', 'authenticated'),
            'rollouts', '{}'::jsonb,
            'idempotency_key', 'the same',
            'input', jsonb_build_object('recipient_id', pg_temp.demo(4), 'content', 'Hi')
          )
          order by number
        )
        from unnest(array[1, 2, 1]) with ordinality as sender (user_number, number)
      )
    ),
    '$[*] ? (@.ok == true).data.seq'
  ),
  '[3, 3]',
  'in an array, too, and with a key once'
);
update rolecall.feature_flags set rollout = 'disabled' where name = 'maintenance';
update rolecall.feature_flag_overrides set user_id = null, organization_id = pg_temp.demo(31), rollout = 'enabled';
select is(
  pg_temp.verdict(pg_temp.ask(function, pg_temp.demo(1), input)),
  'maintenance/maintenance',
  'one organisation waits'
)
from writing
where function = 'send_dm';
update rolecall.profiles set organization_id = null, organization_role = null where id = pg_temp.demo(1);
select is(pg_temp.verdict(pg_temp.ask(function, pg_temp.demo(1), input)), 'ok', 'and no other')
from writing
where function = 'send_dm';
select is(
  pg_temp.verdict(pg_temp.ask(function, pg_temp.demo(2), input, null, '{"maintenance": "disabled"}')),
  'ok',
  'the variable is an upper bound here, too'
)
from writing
where function = 'send_dm';
delete from rolecall.feature_flag_overrides;
select is(pg_temp.verdict(pg_temp.ask(function, pg_temp.demo(2), input, 'a key')), 'ok', 'afterwards the same request is done')
from writing
where function = 'send_dm';

-- It is switched on by itself: whoever switches everything on does not mean it.
prepare everything_on as update rolecall.feature_flags set rollout = 'enabled';
select throws_ok(
  'everything_on',
  '23514',
  'maintenance is switched on by itself, not beside other flags',
  'switching everything on is refused'
);
select is((select rollout from rolecall.feature_flags where name = 'maintenance'), 'disabled', 'and changes nothing');
select lives_ok(
  $$ update rolecall.feature_flags set rollout = 'enabled' where name <> 'maintenance' $$,
  'everything else is switched on at once'
);
select lives_ok(
  $$ update rolecall.feature_flags set rollout = 'internal' where name = 'maintenance' $$,
  'and maintenance by itself'
);
select lives_ok(
  $$ update rolecall.feature_flags set description = 'As before.' $$,
  'what else is changed of all flags is changed while it is on, too'
);
select lives_ok($$ update rolecall.feature_flags set rollout = 'disabled' $$, 'everything is switched off at once');

select * from finish();
rollback;
