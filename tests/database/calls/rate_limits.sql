-- The rate limits: the bucket's arithmetic, who is limited, what a refusal says, and what takes a token.
begin;
\ir ../support/calls.psql
select no_plan();

-- Sets back the clock of a bucket, which is as good as waiting.
create function pg_temp.wait(p_user int, p_action text, p_seconds double precision)
returns void
language sql
begin atomic
  update rolecall.rate_buckets
  set refilled_at = refilled_at - p_seconds * interval '1 second'
  where user_id = pg_temp.demo(p_user)
    and action = p_action;
end;

create function pg_temp.take(p_user int, p_action text)
returns text
language sql
return (
  select format('%s %s of %s', taken -> 'taken', taken -> 'remaining', taken -> 'quota')
  from rolecall_internal.take_token(pg_temp.demo(p_user), p_action) as taken
);

-- The limits there are
select results_eq(
  $$ select action, capacity, window_seconds, count(*) from rolecall.rate_limits group by 1, 2, 3 order by 1 $$,
  $$ values
       ('ask_for_help', 20, 3600, 7::bigint),
       ('assign_booking', 300, 60, 7),
       ('block_user', 60, 60, 7),
       ('change_help', 60, 60, 7),
       ('check_permission', 600, 60, 7),
       ('conversation_settings', 120, 60, 7),
       ('delete_own_data', 60, 60, 7),
       ('diagnostics', 60, 60, 7),
       ('edit_message', 30, 60, 7),
       ('export_own_data', 10, 3600, 7),
       ('export_page', 6000, 60, 7),
       ('force_send', 60, 60, 7),
       ('mark_read', 600, 60, 7),
       ('moderate', 300, 60, 7),
       ('react', 120, 60, 7),
       ('read', 600, 60, 7),
       ('read_help_conversation', 120, 60, 7),
       ('realtime_token', 60, 60, 7),
       ('report_message', 10, 60, 7),
       ('send_broadcast', 10, 60, 7),
       ('send_dm', 60, 60, 7),
       ('send_help_message', 60, 60, 7),
       ('send_thread_message', 60, 60, 7),
       ('start_conversation', 20, 60, 7),
       ('sync', 120, 60, 7),
       ('typing', 60, 60, 7),
       ('unblock_user', 60, 60, 7),
       ('update_profile', 20, 3600, 7) $$,
  'every role has the limits that are promised'
);

-- The bucket
update rolecall.rate_limits set capacity = 3, window_seconds = 60 where action = 'report_message';
select is(pg_temp.take(1, 'report_message'), 'true 2 of 3', 'a full bucket gives a token');
select is(pg_temp.take(1, 'report_message'), 'true 1 of 3', 'and another');
select is(pg_temp.take(1, 'report_message'), 'true 0 of 3', 'down to the last');
select is(pg_temp.take(1, 'report_message'), 'false 0 of 3', 'and then none');
select is(pg_temp.take(2, 'report_message'), 'true 2 of 3', 'somebody else has a bucket of their own');
select is(pg_temp.take(1, 'send_dm'), 'true 59 of 60', 'and so has every action');
select is(
  rolecall_internal.take_token(pg_temp.demo(1), 'report_message') - array['reset_seconds', 'retry_after_seconds'],
  '{"policy": "report_message", "quota": 3, "remaining": 0, "window_seconds": 60, "taken": false}'::jsonb,
  'a limit is told as answers tell it'
);
select ok(
  (rolecall_internal.take_token(pg_temp.demo(1), 'report_message') ->> 'retry_after_seconds')::int in (19, 20),
  'a token comes every 20 seconds'
);
select ok(
  (rolecall_internal.take_token(pg_temp.demo(1), 'report_message') ->> 'reset_seconds')::int in (59, 60),
  'and the bucket is full after 60'
);
select pg_temp.wait(1, 'report_message', 19);
select is(pg_temp.take(1, 'report_message'), 'false 0 of 3', 'before that there is none');
select pg_temp.wait(1, 'report_message', 1);
select is(pg_temp.take(1, 'report_message'), 'true 0 of 3', 'then there is one');
select is(pg_temp.take(1, 'report_message'), 'false 0 of 3', 'and no more');
select pg_temp.wait(1, 'report_message', 30);
select is(pg_temp.take(1, 'report_message'), 'true 0 of 3', 'one and a half give one');
select pg_temp.wait(1, 'report_message', 10);
select is(pg_temp.take(1, 'report_message'), 'true 0 of 3', 'and the half is not lost');
select pg_temp.wait(1, 'report_message', 86400);
select is(pg_temp.take(1, 'report_message'), 'true 2 of 3', 'a day fills the bucket, and no more than that');
select pg_temp.wait(1, 'report_message', -86400);
select is(pg_temp.take(1, 'report_message'), 'true 1 of 3', 'a clock that was set back takes nothing away');
select is(pg_temp.take(1, 'report_message'), 'true 0 of 3', 'and gives nothing');
select is(pg_temp.take(1, 'report_message'), 'false 0 of 3', 'more than there was');

-- Changing a limit
delete from rolecall.rate_buckets;
update rolecall.rate_limits set capacity = 2 where role = 'attendee' and action = 'report_message';
select is(pg_temp.take(1, 'report_message'), 'true 1 of 2', 'a limit of one role');
select is(pg_temp.take(3, 'report_message'), 'true 2 of 3', 'is not another''s');
update rolecall.profiles set role = 'dealer' where id = pg_temp.demo(1);
select is(pg_temp.take(1, 'report_message'), 'true 0 of 3', 'another role takes its limit at once');
update rolecall.rate_limits set capacity = 1;
delete from rolecall.rate_buckets where user_id = pg_temp.demo(3);
select pg_temp.wait(1, 'report_message', 86400);
select is(pg_temp.take(1, 'report_message'), 'true 0 of 1', 'a bucket holds no more than it does now');
update rolecall.rate_limits set capacity = 0 where action = 'report_message';
select pg_temp.wait(1, 'report_message', 86400);
select is(pg_temp.take(1, 'report_message'), 'false 0 of 0', 'a limit of nothing gives nothing');
select is(pg_temp.take(2, 'report_message'), 'false 0 of 0', 'not even at first');
select is(
  rolecall_internal.take_token(pg_temp.demo(2), 'report_message') -> 'retry_after_seconds',
  '60',
  'and says to come back after its window'
);
update rolecall.rate_limits set capacity = null where action = 'report_message';
select is(rolecall_internal.take_token(pg_temp.demo(1), 'report_message'), null, 'null is no limit');
select is(rolecall_internal.peek_token(pg_temp.demo(1), 'report_message'), null, 'none to look at');
delete from rolecall.rate_limits where action = 'report_message';
select is(rolecall_internal.take_token(pg_temp.demo(1), 'report_message'), null, 'nor is no row');
select is(rolecall_internal.take_token(pg_temp.demo(99), 'send_dm'), null, 'nobody has a role that would be limited');
select is(rolecall_internal.take_token(null, 'send_dm'), null, 'and null is nobody');
select throws_ok($$ update rolecall.rate_limits set capacity = -1 $$, '23514', null, 'less than nothing is no limit');
select throws_ok($$ update rolecall.rate_limits set window_seconds = 0 $$, '23514', null, 'a window has a length');

-- Looking takes nothing.
delete from rolecall.rate_buckets;
update rolecall.rate_limits set capacity = 2, window_seconds = 60 where action = 'send_dm';
select is(
  rolecall_internal.peek_token(pg_temp.demo(1), 'send_dm'),
  '{"policy": "send_dm", "quota": 2, "remaining": 2, "window_seconds": 60, "reset_seconds": 0, "taken": true}'::jsonb,
  'a bucket that nobody has taken from is full'
);
select is((select count(*) from rolecall.rate_buckets), 0::bigint, 'and looking at it makes none');
select pg_temp.take(1, 'send_dm');
select is(rolecall_internal.peek_token(pg_temp.demo(1), 'send_dm') -> 'remaining', '1', 'looking sees what was taken');
select is(rolecall_internal.peek_token(pg_temp.demo(1), 'send_dm') -> 'remaining', '1', 'and takes nothing');

-- send-dm
delete from rolecall.rate_buckets;
create function pg_temp.send(p_user int, p_to int, p_key text default null)
returns jsonb
language sql
return pg_temp.ask(
  'send_dm',
  pg_temp.demo(p_user),
  jsonb_build_object('recipient_id', pg_temp.demo(p_to), 'content', 'Is the card still there?'),
  p_key
);
update rolecall.profiles set role = 'attendee' where id = pg_temp.demo(1);
create temporary table sent as select pg_temp.send(1, 4) as answer;
select is(
  answer -> 'limits',
  '[{"policy": "send_dm", "quota": 2, "remaining": 1, "window_seconds": 60, "reset_seconds": 30}]'::jsonb,
  'a message tells what is left'
)
from sent;
select is(
  pg_temp.send(1, 3) #> '{limits,0,remaining}',
  '0',
  'and so does a refused one, which costs a token, too'
);
create temporary table refused as select pg_temp.send(1, 4) as answer;
select is(pg_temp.verdict(answer), 'rate_limited/rate_limit', 'then the user is told to wait') from refused;
select ok((answer #>> '{data,retry_after_seconds}')::int in (29, 30), 'for so many seconds') from refused;
select is(answer #>> '{limits,0,remaining}', '0', 'as there is nothing left') from refused;
select is(answer -> 'limits' -> 0 ? 'taken', false, 'in the words of every limit') from refused;
select is((select count(*) from rolecall.messages), 1::bigint, 'and nothing is sent');
select is(
  (select count(*) from rolecall.application_logs where code = 'rate_limited' and user_id = pg_temp.demo(1)),
  1::bigint,
  'which is in the audit log'
);
select is(
  pg_temp.verdict(
    pg_temp.ask(
      'send_dm',
      pg_temp.demo(1),
      jsonb_build_object('conversation_id', answer #>> '{data,conversation_id}', 'content', 'And now?')
    )
  ),
  'rate_limited/rate_limit',
  'a reply takes from the same bucket'
)
from sent;
select is(pg_temp.verdict(pg_temp.send(4, 1)), 'ok', 'the other one has their own');

-- Repeating a request
delete from rolecall.rate_buckets;
select is(pg_temp.send(1, 4, 'one') #> '{limits,0,remaining}', '1', 'a request with a key takes a token');
select is(pg_temp.send(1, 4, 'one') -> 'replayed', 'true', 'its repetition is answered');
select is(rolecall_internal.peek_token(pg_temp.demo(1), 'send_dm') -> 'remaining', '1', 'and takes none');
select pg_temp.send(1, 4, 'two');
select is(pg_temp.verdict(pg_temp.send(1, 4, 'three')), 'rate_limited/rate_limit', 'what is refused');
select pg_temp.wait(1, 'send_dm', 60);
select is(pg_temp.verdict(pg_temp.send(1, 4, 'three')), 'ok', 'may be asked again with its key');

-- The others
update rolecall.rate_limits set capacity = 1;
select is(
  (
    select array_agg(entry ->> 'policy')
    from jsonb_array_elements(
      pg_temp.ask(
        'send_broadcast',
        pg_temp.demo(5),
        jsonb_build_object('show_id', pg_temp.demo(11), 'recipient_roles', '["attendee"]'::jsonb, 'message', 'News')
      ) -> 'limits'
    ) as entry
  ),
  '{pre_show,send_broadcast}',
  'a broadcast tells of its quota and of its limit'
);
select is(
  pg_temp.verdict(
    pg_temp.ask(
      'send_broadcast',
      pg_temp.demo(5),
      jsonb_build_object(
        'show_id', pg_temp.demo(11),
        'recipient_roles', '["attendee"]'::jsonb,
        'message', 'News',
        'dry_run', true
      )
    )
  ),
  'ok',
  'a rehearsal takes no token of broadcasts, and needs none'
);
select is(
  pg_temp.verdict(
    pg_temp.ask(
      'send_broadcast',
      pg_temp.demo(5),
      jsonb_build_object(
        'show_id', pg_temp.demo(11),
        'recipient_roles', '["attendee"]'::jsonb,
        'message', 'News',
        'dry_run', true
      )
    )
  ),
  'rate_limited/rate_limit',
  'but one of reads'
);
select is(
  pg_temp.verdict(
    pg_temp.ask(
      'send_broadcast',
      pg_temp.demo(5),
      jsonb_build_object('show_id', pg_temp.demo(11), 'recipient_roles', '["attendee"]'::jsonb, 'message', 'News')
    )
  ),
  'rate_limited/rate_limit',
  'the next broadcast has to wait'
);
select is(
  (select pre_show_remaining from rolecall.broadcast_quotas where sender_id = pg_temp.demo(5)),
  1,
  'and takes nothing from the quota'
);
select is(
  pg_temp.verdict(
    pg_temp.ask(
      'start_conversation',
      pg_temp.demo(4),
      jsonb_build_object('help_request_id', pg_temp.demo(number), 'initial_message', 'I can help with that.')
    )
  ),
  verdict,
  'the offers of help'
)
from (values (21, 'ok'), (22, 'rate_limited/rate_limit')) as asked (number, verdict);
select is(
  pg_temp.run_as(
    'authenticated',
    pg_temp.demo(4),
    format(
      'select public.create_conversation_atomic(%L, %L, %L) ->> %L',
      pg_temp.demo(22),
      pg_temp.demo(4),
      'I can help with that.',
      'error'
    )
  ),
  'rate_limited',
  'have the same limit through the API'
);

select * from finish();
rollback;
