-- rolecall_edge.check_permission: that it answers as the real call does, whoever asks for what, and leaves nothing behind.
begin;
\ir ../support/calls.psql
select no_plan();

-- What a check answers: "ok", or code and rule of the refusal.
create function pg_temp.result(p_result jsonb)
returns text
language sql
return case
  when p_result -> 'allowed' = 'true' then 'ok'
  else concat_ws('/', p_result ->> 'code', p_result ->> 'rule')
end;

create function pg_temp.check(p_user uuid, p_check jsonb)
returns jsonb
language sql
return pg_temp.ask('check_permission', p_user, p_check) -> 'data';

-- What the real call answers; it is taken back.
create function pg_temp.real(p_user uuid, p_check jsonb)
returns text
language plpgsql
as $$
declare
  v_answer jsonb;
begin
  begin
    v_answer := case p_check ->> 'action'
      when 'start_dm' then
        pg_temp.ask('send_dm', p_user, (p_check - 'action') || '{"content": "Hi"}')
      when 'reply' then
        pg_temp.ask('send_dm', p_user, (p_check - 'action') || '{"content": "Hi"}')
      when 'broadcast' then
        pg_temp.ask('send_broadcast', p_user, (p_check - 'action') || '{"message": "Hi"}')
      when 'moderate' then
        pg_temp.ask('delete_message', p_user, p_check - 'action')
      when 'report' then
        pg_temp.ask('report_message', p_user, (p_check - 'action') || '{"reason": "Rude"}')
      when 'edit_message' then
        pg_temp.ask('edit_message', p_user, (p_check - 'action') || '{"content": "Hi"}')
      when 'react' then
        pg_temp.ask('react', p_user, (p_check - 'action') || '{"emoji": "👍"}')
      when 'suspend' then
        pg_temp.ask('suspend_user', p_user, (p_check - 'action') || '{"until": "2999-01-01T00:00:00Z"}')
      when 'read_broadcast' then
        pg_temp.ask('mark_read', p_user, (p_check - 'action') || '{"up_to_seq": 1}')
    end;
    raise exception using errcode = 'RC001';
  exception
    when sqlstate 'RC001' then
      null;
  end;
  perform set_config('role', 'none', true);
  return pg_temp.verdict(v_answer);
end
$$;

-- A world with something in it: conversations, a closed one, an imported one, broadcasts, a report, a block, somebody
-- suspended, a spent quota, an empty bucket.
select pg_temp.ask(
  'send_dm',
  pg_temp.demo(one),
  jsonb_build_object('recipient_id', pg_temp.demo(other), 'content', 'Hi')
)
from (values (1, 4), (5, 1), (5, 2), (8, 3), (5, 4)) as pair (one, other);
update rolecall.conversations
set read_only = true
where pg_temp.demo(2) in (participant_low, participant_high);
select pg_temp.ask(
  'send_broadcast',
  pg_temp.demo(5),
  jsonb_build_object('show_id', pg_temp.demo(show), 'recipient_roles', '["attendee"]'::jsonb, 'message', 'News')
)
from (values (11), (12)) as broadcast (show);
select rolecall.import_legacy_conversations(
  jsonb_build_array(
    jsonb_build_object(
      'participants', jsonb_build_array(pg_temp.demo(1), pg_temp.demo(2)),
      'messages', jsonb_build_array(jsonb_build_object('content', 'of long ago'))
    )
  )
);
select pg_temp.ask(
  'report_message',
  pg_temp.demo(1),
  jsonb_build_object('message_id', message.id, 'reason', 'Rude')
)
from rolecall.messages as message
where sender_id = pg_temp.demo(5)
limit 1;
insert into rolecall.user_blocks (blocker_id, blocked_id) values (pg_temp.demo(4), pg_temp.demo(5));
insert into rolecall.profiles (id, role, suspended_until)
values
  (pg_temp.demo(50), 'mvp_dealer', 'infinity'),
  (pg_temp.demo(51), 'mvp_dealer', null),
  (pg_temp.demo(52), 'show_organizer', null);
insert into rolecall.rate_buckets (user_id, action, tokens, refilled_at, capacity, window_seconds)
select pg_temp.demo(51), action, 0, now() + interval '1 hour', 60, 60
from unnest(array['send_dm', 'send_broadcast', 'report_message', 'edit_message', 'react']) as action;

create temporary table asked as
select row_number() over () as number, person.id as user_id, question.body
from (
  select id from rolecall.profiles
  union all
  select pg_temp.demo(99)
) as person
cross join (
  select jsonb_build_object('action', 'start_dm', 'recipient_id', id) as body
  from (select id from rolecall.profiles union all select pg_temp.demo(99)) as other
  union all
  select jsonb_build_object('action', 'start_dm', 'recipient_id', id, 'show_id', show)
  from rolecall.profiles
  cross join (values (pg_temp.demo(11)), (pg_temp.demo(99))) as about (show)
  union all
  select jsonb_build_object('action', 'reply', 'conversation_id', id)
  from (select id from rolecall.conversations union all select pg_temp.demo(99)) as conversation
  union all
  select jsonb_build_object('action', 'read_broadcast', 'conversation_id', id)
  from (select id from rolecall.conversations where kind = 'show' union all select pg_temp.demo(99)) as conversation
  union all
  select jsonb_build_object('action', 'broadcast', 'show_id', show, 'recipient_roles', roles)
  from (values (pg_temp.demo(11)), (pg_temp.demo(12)), (pg_temp.demo(99))) as about (show)
  cross join (values ('["attendee"]'::jsonb), ('["dealer", "attendee"]'), ('["admin"]')) as wanted (roles)
  union all
  select jsonb_build_object('action', action, 'message_id', id)
  from (select id from rolecall.messages union all select pg_temp.demo(99)) as message
  cross join unnest(array['moderate', 'report', 'edit_message', 'react']) as action
  union all
  select jsonb_build_object('action', 'suspend', 'target_id', id)
  from (select id from rolecall.profiles union all select pg_temp.demo(99)) as other
) as question
-- An author takes their own message back without being a moderator: that is no moderating.
where not (
  question.body ->> 'action' = 'moderate'
  and exists (
    select
    from rolecall.messages as own
    where own.id = (question.body ->> 'message_id')::uuid
      and own.sender_id = person.id
  )
);

create temporary table before as
select
  (select count(*) from rolecall.application_logs) as logs,
  (select sum(requests) from rolecall.request_metrics) as requests,
  (select md5(string_agg(t::text, ' ' order by t::text)) from rolecall.rate_buckets as t where action <> 'check_permission') as buckets,
  (select md5(string_agg(t::text, ' ' order by t::text)) from rolecall.broadcast_quotas as t) as quotas,
  (select count(*) from rolecall.messages) as messages;
create temporary table answered as
select *, pg_temp.check(user_id, body) as result
from asked;
select results_eq(
  $$ select
       (select count(*) from rolecall.application_logs),
       (select sum(requests) from rolecall.request_metrics),
       (select md5(string_agg(t::text, ' ' order by t::text)) from rolecall.rate_buckets as t where action <> 'check_permission'),
       (select md5(string_agg(t::text, ' ' order by t::text)) from rolecall.broadcast_quotas as t),
       (select count(*) from rolecall.messages) $$,
  $$ select * from before $$,
  'checking leaves nothing behind but that it takes a token of its own'
);
create temporary table compared as
select *, pg_temp.real(user_id, body) as really
from answered;
select diag(format('%s checks compared with the real call', count(*))) from compared;
select cmp_ok((select count(*) from compared), '>', 900::bigint, 'many checks');
select is(
  (
    select string_agg(format('%s %s: %s, really %s', user_id, body, pg_temp.result(result), really), E'\n')
    from compared
    where pg_temp.result(result) is distinct from really
  ),
  null,
  'every check answers as the real call does'
);
select is(
  array(
    select distinct pg_temp.result(result)
    from compared
    where result ->> 'code' in ('rate_limited', 'quota_exceeded', 'already_reported', 'conversation_read_only', 'not_found')
    order by 1
  ),
  array[
    'already_reported/one_report_per_message',
    'conversation_read_only/conversation_read_only',
    'not_found',
    'not_found/not_a_participant',
    'quota_exceeded/broadcast_quota_spent',
    'rate_limited/rate_limit'
  ],
  'and all of them occur'
);

-- Several at once are answered in their order, as one by one; but for the bucket, which fills up meanwhile.
create temporary table several as
select
  jsonb_agg(body order by number) as checks,
  jsonb_agg(result - 'quota' order by number) as one_by_one
from answered
where user_id = pg_temp.demo(1)
  and body ->> 'action' in ('start_dm', 'reply', 'moderate');
select is(
  (
    select jsonb_agg(result - 'quota' order by number)
    from jsonb_array_elements(
      pg_temp.check(pg_temp.demo(1), jsonb_build_object('checks', checks)) -> 'results'
    ) with ordinality as listed (result, number)
  ),
  one_by_one,
  'a list is answered in its order'
)
from several;

-- The form of the answer
select is(
  pg_temp.check(pg_temp.demo(1), jsonb_build_object('action', 'start_dm', 'recipient_id', pg_temp.demo(4))) - 'quota',
  '{
    "action": "start_dm",
    "allowed": true,
    "rule": "attendee_writes_to_mvp_dealer",
    "reasons": [],
    "would_be_allowed_if": []
  }'::jsonb,
  'what is allowed names the rule that allows it'
);
select is(
  pg_temp.check(pg_temp.demo(3), jsonb_build_object('action', 'start_dm', 'recipient_id', pg_temp.demo(4))) - 'quota',
  '{
    "action": "start_dm",
    "allowed": false,
    "code": "permission_denied",
    "rule": "dealer_reads_only",
    "reasons": [
      {
        "code": "dealer_reads_only",
        "message": "A dealer can read messages, but not write them.",
        "allowed_if": "You become an MVP dealer."
      }
    ],
    "would_be_allowed_if": ["You become an MVP dealer."]
  }'::jsonb,
  'what is refused says why, and what would allow it'
);
select is(
  pg_temp.check(pg_temp.demo(2), jsonb_build_object('action', 'start_dm', 'recipient_id', pg_temp.demo(4))) -> 'quota',
  '{"policy": "send_dm", "limit": 60, "remaining": 60, "window_seconds": 60, "reset_seconds": 0}'::jsonb,
  'with what is left of the limit'
);
select is(
  pg_temp.check(pg_temp.demo(5), jsonb_build_object('action', 'broadcast', 'show_id', pg_temp.demo(11))) #> array[key],
  value,
  format('a broadcast to whomever tells %s', key)
)
from (
  values
    ('allowed', 'true'::jsonb),
    ('recipient_roles', '["attendee", "dealer", "mvp_dealer", "show_organizer", "moderator", "admin", "member"]'),
    (
      'quota',
      jsonb_build_object(
        'phase', 'pre_show',
        'limit', 2,
        'remaining', '{"pre_show": 1, "post_show": 1}'::jsonb,
        'reset_at', rolecall_internal.iso(rolecall_internal.quota_day_end(rolecall_internal.quota_day(now())))
      )
    )
) as expected (key, value);
select is(
  pg_temp.check(pg_temp.demo(4), jsonb_build_object('action', 'broadcast', 'show_id', pg_temp.demo(11)))
    -> 'recipient_roles',
  '["attendee"]',
  'of an MVP dealer to attendees'
);
select is(
  pg_temp.check(pg_temp.demo(1), jsonb_build_object('action', 'broadcast', 'show_id', pg_temp.demo(11)))
    -> 'recipient_roles',
  '[]',
  'of an attendee to nobody'
);
select is(
  pg_temp.check(pg_temp.demo(8), jsonb_build_object('action', 'broadcast', 'show_id', pg_temp.demo(11))) -> 'quota',
  'null',
  'an admin has no quota'
);

-- A pair of roles is a matter of the matrix alone: every rule of it.
select is(
  (
    select string_agg(format('%s %s %s', action, actor, target), E'\n')
    from rolecall.matrix_actions
    join rolecall.matrix_rows using (action)
    cross join lateral (
      select
        pg_temp.check(
          pg_temp.demo(1),
          jsonb_build_object('action', action, 'actor_role', actor, 'target_role', target)
        ) as result,
        rolecall_internal.decide_action(action, actor, target, array['feature_enabled', 'participant']) as decision
    ) as asked
    where domain = 'marketplace'
      and (
        (result ->> 'allowed')::boolean is distinct from (decision).allowed
        or result ->> 'rule' is distinct from (decision).rule
      )
  ),
  null,
  'two roles are decided by the matrix'
);
select is(
  pg_temp.result(
    pg_temp.check(
      pg_temp.demo(1),
      jsonb_build_object('action', 'start_dm', 'actor_role', 'mvp_dealer', 'target_role', 'attendee', 'facts', facts)
    )
  ),
  verdict,
  format('with the facts %s', facts)
)
from (
  values
    ('["feature_enabled", "shares_show"]'::jsonb, 'ok'),
    ('["feature_enabled", "shares_show", "blocked"]', 'permission_denied/blocked'),
    ('[]', 'feature_disabled/feature_disabled')
) as given (facts, verdict);

-- What the operator has switched off is off for a check, too.
select is(
  pg_temp.result(
    rolecall_edge.check_permission(
      jsonb_build_object(
        'claims', jsonb_build_object('sub', pg_temp.demo(5), 'role', 'authenticated'),
        'rollouts', jsonb_build_object(function, 'disabled'),
        'input', body
      )
    ) -> 'data'
  ),
  'feature_disabled/feature_disabled',
  format('%s is off', function)
)
from (
  values
    ('send-dm', jsonb_build_object('action', 'start_dm', 'recipient_id', pg_temp.demo(1))),
    ('send-broadcast', jsonb_build_object('action', 'broadcast', 'show_id', pg_temp.demo(11))),
    ('moderation', jsonb_build_object('action', 'suspend', 'target_id', pg_temp.demo(1)))
) as switched (function, body);

-- What is no check
select is(
  pg_temp.verdict(pg_temp.ask('check_permission', pg_temp.demo(1), body)),
  'invalid_input',
  format('%s asks for nothing', body)
)
from (
  values
    ('{}'::jsonb),
    ('{"action": "fly"}'),
    ('{"action": "start_dm"}'),
    ('{"action": "reply"}'),
    ('{"action": "broadcast"}'),
    ('{"action": "broadcast", "show_id": "00000000-0000-4000-8000-000000000011", "recipient_roles": []}'),
    ('{"action": "broadcast", "show_id": "00000000-0000-4000-8000-000000000011", "recipient_roles": ["king"]}'),
    ('{"action": "moderate"}'),
    ('{"action": "report"}'),
    ('{"action": "suspend"}'),
    ('{"action": "suspend", "actor_role": "king", "target_role": "admin"}'),
    ('{"action": "suspend", "actor_role": "admin"}'),
    ('{"action": "suspend", "actor_role": "admin", "target_role": "admin", "facts": "self"}'),
    ('{"action": "fly", "actor_role": "admin", "target_role": "admin"}'),
    ('{"checks": []}'),
    ('{"checks": {}}'),
    ('{"checks": [{"action": "suspend", "target_id": "x"}, {"action": "fly"}]}'),
    (
      jsonb_build_object(
        'checks',
        (select jsonb_agg('{"action": "suspend", "target_id": "x"}'::jsonb) from generate_series(1, 201))
      )
    )
) as malformed (body);
select is(
  jsonb_array_length(
    pg_temp.check(
      pg_temp.demo(1),
      jsonb_build_object(
        'checks',
        (select jsonb_agg('{"action": "suspend", "target_id": "x"}'::jsonb) from generate_series(1, 200))
      )
    ) -> 'results'
  ),
  200,
  '200 at once are answered'
);
update rolecall.feature_flags set rollout = 'disabled' where name = 'check-permission';
select is(
  pg_temp.verdict(pg_temp.ask('check_permission', pg_temp.demo(1), '{"action": "start_dm"}')),
  'feature_disabled/feature_disabled',
  'the flag can turn it off'
);
select is(pg_temp.verdict(rolecall_edge.check_permission('{}')), 'unauthenticated', 'nobody is told nothing');
select is(pg_temp.verdict(rolecall_edge.check_permission(null)), 'unauthenticated', 'nor for no request');
select is(pg_temp.verdict(pg_temp.ask_as_operator('check_permission')), 'permission_denied/users_only', 'nor the operator');

select * from finish();
rollback;
