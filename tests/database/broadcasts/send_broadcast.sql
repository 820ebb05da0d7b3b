-- rolecall_edge.send_broadcast: audience, quota arithmetic, the quota day, rehearsals, refusals.
begin;
\ir ../support/calls.psql
select no_plan();

-- How often somebody may ask is the matter of rate_limits.sql.
update rolecall.rate_limits set capacity = null;

create function pg_temp.send(p_user int, p_show int, p_roles jsonb, p_dry_run boolean default null)
returns jsonb
language sql
return pg_temp.ask(
  'send_broadcast',
  pg_temp.demo(p_user),
  jsonb_build_object(
    'show_id', pg_temp.demo(p_show),
    'recipient_roles', p_roles,
    'message', 'Doors open at nine.',
    'dry_run', p_dry_run
  )
);

create function pg_temp.left_of(p_answer jsonb)
returns text
language sql
return format(
  '%s %s/%s',
  pg_temp.verdict(p_answer),
  coalesce(p_answer #>> '{data,quota_remaining,pre_show}', 'none'),
  coalesce(p_answer #>> '{data,quota_remaining,post_show}', 'none')
);

-- The quota day
select is(rolecall_internal.quota_day('2026-03-01 01:59:59.999999+00'), '2026-02-28', 'before 02:00 UTC it is still the day before');
select is(rolecall_internal.quota_day('2026-03-01 02:00:00+00'), '2026-03-01', 'at 02:00 UTC a quota day begins');
select is(rolecall_internal.quota_day('2026-03-01 03:30:00+02'), '2026-02-28', 'whatever the time zone');
select is(rolecall_internal.quota_day_end('2026-02-28'), '2026-03-01 02:00:00+00'::timestamptz, 'and ends at the next 02:00 UTC');
select is(rolecall_internal.quota_day_end('2026-12-31'), '2027-01-01 02:00:00+00'::timestamptz, 'over the year''s end, too');

-- Before a show
select is(pg_temp.left_of(pg_temp.send(5, 11, '["attendee"]')), 'ok 1/1', 'the first broadcast before a show leaves one');
select is(pg_temp.left_of(pg_temp.send(5, 11, '["attendee"]')), 'ok 0/1', 'the second leaves none');
create temporary table refused as select pg_temp.send(5, 11, '["attendee"]') as answer;
select is(pg_temp.left_of(answer), 'quota_exceeded/broadcast_quota_spent 0/1', 'the third is refused') from refused;
select is(
  (select array_agg(key order by key) from jsonb_object_keys(answer -> 'data') as key),
  array['phase', 'quota_remaining', 'reset_at', 'retry_after_seconds'],
  'with everything about the quota'
)
from refused;
select is(
  answer #>> '{data,reset_at}',
  rolecall_internal.iso(rolecall_internal.quota_day_end(rolecall_internal.quota_day(now()))),
  'and when it is full again'
)
from refused;
select ok((answer #>> '{data,retry_after_seconds}')::int between 1 and 86400, 'in whole seconds') from refused;
select is(
  answer -> 'limits',
  jsonb_build_array(
    jsonb_build_object(
      'policy', 'pre_show',
      'quota', 2,
      'remaining', 0,
      'window_seconds', 86400,
      'reset_seconds', (answer #> '{data,retry_after_seconds}')
    )
  ),
  'also as a rate limit'
)
from refused;
select is(
  pg_temp.left_of(pg_temp.send(4, 11, '["attendee"]')),
  'ok 1/1',
  'another sender has a quota of their own'
);

-- After its start
select is(pg_temp.left_of(pg_temp.send(5, 12, '["attendee"]')), 'ok 2/0', 'after the start there is one');
select is(
  pg_temp.left_of(pg_temp.send(5, 12, '["attendee"]')),
  'quota_exceeded/broadcast_quota_spent 2/0',
  'and no more'
);
update rolecall.shows set starts_at = now() where id = pg_temp.demo(11);
select is(
  pg_temp.left_of(pg_temp.send(5, 11, '["attendee"]')),
  'ok 0/0',
  'the moment of the start is after it'
);
update rolecall.shows set starts_at = now() + interval '1 microsecond' where id = pg_temp.demo(11);
select is(
  pg_temp.left_of(pg_temp.send(4, 11, '["attendee"]')),
  'ok 0/1',
  'the moment before is not'
);

-- A new quota day fills up by itself.
update rolecall.broadcast_quotas set period = period - 1 where show_id = pg_temp.demo(11);
select is(pg_temp.left_of(pg_temp.send(5, 11, '["attendee"]')), 'ok 1/1', 'yesterday''s row counts as full');
update rolecall.broadcast_quotas set period = period - 400, pre_show_remaining = 0, post_show_remaining = 0;
select is(pg_temp.left_of(pg_temp.send(5, 11, '["attendee"]')), 'ok 1/1', 'and so does last year''s');
update rolecall.broadcast_quotas set period = period + 1, pre_show_remaining = 0 where sender_id = pg_temp.demo(5);
select is(
  pg_temp.verdict(pg_temp.send(5, 11, '["attendee"]')),
  'quota_exceeded/broadcast_quota_spent',
  'a row of a day to come (the clock was set back) does not fill up'
);
delete from rolecall.broadcast_quotas;

-- Limits
select is(pg_temp.left_of(pg_temp.send(8, 11, '["dealer"]')), 'ok none/none', 'an admin has no quota');
select is(pg_temp.send(8, 11, '["dealer"]') -> 'limits', null, 'and no limit to report');
update rolecall.broadcast_limits set per_quota_day = 1 where role = 'admin';
select is(pg_temp.left_of(pg_temp.send(8, 11, '["dealer"]')), 'ok 0/1', 'a limit that is set applies at once');
select is(pg_temp.verdict(pg_temp.send(8, 11, '["dealer"]')), 'quota_exceeded/broadcast_quota_spent', 'and refuses');
update rolecall.broadcast_limits set per_quota_day = null where role = 'admin';
select is(pg_temp.left_of(pg_temp.send(8, 11, '["dealer"]')), 'ok none/none', 'a limit that is lifted is gone at once');
update rolecall.broadcast_limits set per_quota_day = 0 where role = 'mvp_dealer' and phase = 'pre_show';
select is(
  pg_temp.left_of(pg_temp.send(4, 11, '["attendee"]')),
  'quota_exceeded/broadcast_quota_spent 0/1',
  'a limit of none is none'
);
delete from rolecall.broadcast_limits where role = 'mvp_dealer';
select is(
  pg_temp.left_of(pg_temp.send(4, 11, '["attendee"]')),
  'quota_exceeded/broadcast_quota_spent 0/0',
  'a role without a limit has none left'
);
select is((select count(*) from rolecall.broadcast_quotas where sender_id = pg_temp.demo(4)), 0::bigint, 'and no row');

-- Line 18: into a conversation that the operator closed
delete from rolecall.broadcast_quotas;
select is(pg_temp.left_of(pg_temp.send(5, 11, '["attendee"]')), 'ok 1/1', 'a broadcast makes the conversation');
create temporary table closed as
select id, last_seq
from rolecall.conversations
where kind = 'show'
  and show_id = pg_temp.demo(11)
  and created_by = pg_temp.demo(5);
update rolecall.conversations set read_only = true where id = (select id from closed);
select is(
  pg_temp.verdict(pg_temp.send(5, 11, '["attendee"]')),
  'conversation_read_only/conversation_read_only',
  'when the operator has closed it, a broadcast is refused as a direct message is'
);
select is(
  pg_temp.verdict(pg_temp.send(5, 11, '["attendee"]', true)),
  'conversation_read_only/conversation_read_only',
  'and so is its rehearsal'
);
select is(
  pg_temp.ask(
    'check_permission',
    pg_temp.demo(5),
    jsonb_build_object('action', 'broadcast', 'show_id', pg_temp.demo(11), 'recipient_roles', '["attendee"]'::jsonb)
  ) #>> '{data,rule}',
  'conversation_read_only',
  'a check says so'
);
select is(
  (select last_seq from rolecall.conversations where id = (select id from closed)),
  (select last_seq from closed),
  'nothing was written'
);
select is(
  (select pre_show_remaining from rolecall.broadcast_quotas where sender_id = pg_temp.demo(5)),
  1,
  'and nothing taken from the quota'
);
select is(pg_temp.verdict(pg_temp.send(5, 12, '["attendee"]')), 'ok', 'another show is another conversation');
-- As when it is closed between the judgement and the statement that numbers: by a trigger that comes before it.
update rolecall.conversations set read_only = false where id = (select id from closed);
create function pg_temp.close_it()
returns trigger
language plpgsql
as $$
begin
  update rolecall.conversations set read_only = true where id = (select id from closed);
  return new;
end
$$;
grant select on closed to public;
create trigger closes before update on rolecall.broadcast_quotas for each row execute function pg_temp.close_it();
select is(
  pg_temp.verdict(pg_temp.send(5, 11, '["attendee"]')),
  'conversation_read_only/conversation_read_only',
  'closed after the judgement, the statement that numbers it refuses'
);
drop trigger closes on rolecall.broadcast_quotas;
select is(
  (select pre_show_remaining from rolecall.broadcast_quotas where sender_id = pg_temp.demo(5) and show_id = pg_temp.demo(11)),
  1,
  'and what was taken from the quota is given back'
);
select is(pg_temp.left_of(pg_temp.send(5, 11, '["attendee"]')), 'ok 0/1', 'opened again, it goes on');

-- Audience
delete from rolecall.broadcast_quotas;
select is(pg_temp.send(5, 11, '["attendee"]') #>> '{data,audience_count}', '2', 'the audience has the role');
select is(
  pg_temp.send(5, 11, '["mvp_dealer", "attendee", "attendee", "dealer"]') #>> '{data,audience_count}',
  '4',
  'or one of the roles, each once'
);
select is(
  (select recipient_roles from rolecall.broadcasts order by audience_count desc limit 1),
  '{attendee,dealer,mvp_dealer}'::rolecall.app_role[],
  'which are kept in order'
);
insert into rolecall.show_participants (show_id, user_id) values (pg_temp.demo(11), pg_temp.demo(8));
select is(
  pg_temp.send(8, 11, '["admin", "dealer"]') #>> '{data,audience_count}',
  '1',
  'the sender is not their own audience'
);
select is(pg_temp.send(8, 11, '["moderator"]') #>> '{data,audience_count}', '0', 'there may be nobody');
update rolecall.profiles set role = 'dealer' where id = pg_temp.demo(1);
select is(
  pg_temp.send(8, 11, '["attendee"]') #>> '{data,audience_count}',
  '2',
  'the role counts that somebody joined with'
);

-- One conversation for each sender and show, numbered like any other.
select is(
  (select count(*) from rolecall.conversations where kind = 'show' and created_by = pg_temp.demo(8)),
  1::bigint,
  'all broadcasts of a sender for a show are one conversation'
);
select ok(
  (
    select bool_and(conversation.last_seq = (select count(*) from rolecall.messages where conversation_id = conversation.id))
    from rolecall.conversations as conversation
  ),
  'without gaps'
);

-- Rehearsals
delete from rolecall.broadcast_quotas;
delete from rolecall.application_logs;
delete from rolecall.request_metrics;
create temporary table before as
select
  (select count(*) from rolecall.messages) as messages,
  (select count(*) from rolecall.conversations) as conversations,
  (select count(*) from rolecall.broadcasts) as broadcasts;
create temporary table rehearsed as
select
  pg_temp.send(5, 11, '["attendee"]', true) as existing,
  pg_temp.send(5, 11, '["attendee"]', true) as again,
  pg_temp.send(8, 12, '["attendee"]', true) as fresh,
  pg_temp.send(4, 12, '["dealer"]', true) as refused;
select is(
  (existing -> 'data') - 'conversation_id',
  '{"broadcast_id": null, "audience_count": 2, "dry_run": true, "quota_remaining": {"pre_show": 1, "post_show": 1}}',
  'a rehearsal answers as a broadcast would'
)
from rehearsed;
select is(
  existing #>> '{data,conversation_id}',
  (select id::text from rolecall.conversations where created_by = pg_temp.demo(5) and show_id = pg_temp.demo(11)),
  'with the conversation there is'
)
from rehearsed;
select is(again, existing, 'any number of times') from rehearsed;
select is(fresh #> '{data,conversation_id}', 'null', 'or with none') from rehearsed;
select is(
  pg_temp.verdict(refused),
  'permission_denied/mvp_dealer_broadcasts_to_attendees_only',
  'and refuses as one would'
)
from rehearsed;
select results_eq(
  $$ select
       (select count(*) from rolecall.messages),
       (select count(*) from rolecall.conversations),
       (select count(*) from rolecall.broadcasts) $$,
  $$ select * from before $$,
  'a rehearsal sends nothing'
);
select is(
  (select count(*) from rolecall.broadcast_quotas)
    + (select count(*) from rolecall.application_logs)
    + (select count(*) from rolecall.request_metrics)
    + (select count(*) from rolecall.idempotency_records),
  0::bigint,
  'and leaves no trace'
);

-- Refusals
select is(
  pg_temp.verdict(pg_temp.send(4, 11, '["attendee", "dealer"]')),
  'permission_denied/mvp_dealer_broadcasts_to_attendees_only',
  'one role that is refused refuses all'
);
delete from rolecall.show_participants where user_id = pg_temp.demo(4);
select is(
  pg_temp.send(4, 11, '["dealer", "attendee"]') -> 'reasons' ->> 0,
  pg_temp.send(4, 11, '["attendee"]') -> 'reasons' ->> 0,
  'each refused role has its reason, in the order of the roles'
);
select is(
  jsonb_array_length(pg_temp.send(4, 11, '["dealer", "attendee"]') -> 'reasons'),
  2,
  'two refusals, two reasons'
);
select is(
  jsonb_array_length(pg_temp.send(1, 11, '["dealer", "attendee"]') -> 'reasons'),
  1,
  'the same refusal of two roles is one reason'
);
select is(
  pg_temp.verdict(pg_temp.send(3, 11, '["attendee"]')),
  'permission_denied/dealer_reads_only',
  'a dealer cannot broadcast'
);
select is(pg_temp.verdict(pg_temp.send(5, 99, '["attendee"]')), 'not_found', 'there must be a show');
select is(pg_temp.verdict(pg_temp.send(99, 11, '["attendee"]')), 'permission_denied/no_profile', 'and a profile');
select is(pg_temp.verdict(pg_temp.send(5, 11, '[]')), 'invalid_input', 'no role is refused');
select is(pg_temp.verdict(pg_temp.send(5, 11, 'null')), 'invalid_input', 'null is refused');
select is(pg_temp.verdict(pg_temp.send(5, 11, '"attendee"')), 'invalid_input', 'a role without a list is refused');
select is(pg_temp.verdict(pg_temp.send(5, 11, '["king"]')), 'invalid_input', 'what is no role is refused');
select is(
  pg_temp.verdict(pg_temp.send(5, 11, '["attendee", "king"]')),
  'invalid_input',
  'also beside one that is'
);
select is(pg_temp.verdict(pg_temp.send(5, 11, '["attendee", 1]')), 'invalid_input', 'what is no text is refused');
select is(
  pg_temp.verdict(
    pg_temp.ask(
      'send_broadcast',
      pg_temp.demo(5),
      jsonb_build_object(
        'show_id', pg_temp.demo(11),
        'recipient_roles', '["attendee"]'::jsonb,
        'message', repeat('x', 1001)
      )
    )
  ),
  'invalid_input',
  '1001 characters are too many'
);
update rolecall.shows set organizer_id = pg_temp.demo(8) where id = pg_temp.demo(11);
select is(
  pg_temp.send(5, 11, '["attendee"]') ->> 'code',
  'permission_denied',
  'an organizer cannot broadcast in somebody else''s show'
);
update rolecall.profiles set suspended_until = 'infinity' where id = pg_temp.demo(5);
select is(
  pg_temp.verdict(pg_temp.send(5, 12, '["attendee"]')),
  'permission_denied/suspended',
  'a suspended sender cannot broadcast'
);
update rolecall.feature_flags set rollout = 'disabled' where name = 'send-broadcast';
select is(
  pg_temp.verdict(pg_temp.send(5, 12, '["attendee"]')),
  'feature_disabled/feature_disabled',
  'nobody can when the function is off'
);
select is(pg_temp.verdict(rolecall_edge.send_broadcast('{}')), 'unauthenticated', 'no claims are nobody''s');
select is(
  pg_temp.verdict(rolecall_edge.send_broadcast('{"claims": {"role": "service_role"}, "input": {"dry_run": true}}')),
  'permission_denied/users_only',
  'the operator is no user'
);

select * from finish();
rollback;
