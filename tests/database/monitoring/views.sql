-- The figures of help conversations, errors and durations.
begin;
\ir ../support/calls.psql
select no_plan();

delete from rolecall.request_metrics;
create function pg_temp.figures(p_view text)
returns jsonb
language plpgsql
as $$
declare
  v_rows jsonb;
begin
  perform set_config('role', 'service_role', true);
  execute format('select coalesce(jsonb_agg(to_jsonb(figure) order by to_jsonb(figure)), $j$[]$j$) from rolecall_monitoring.%I as figure', p_view)
  into v_rows;
  perform set_config('role', 'none', true);
  return v_rows;
end
$$;

insert into rolecall.request_metrics (slot, function, code, org_id, bucket, stripe, requests, minutes)
select slot, function, code, org_id, bucket, stripe, requests, minutes
from (
  values
    (now(), 'start-conversation', 'ok', pg_temp.demo(31), 2, 0, 50, 1),
    (now() - interval '4 minutes', 'create_conversation_atomic', 'ok', pg_temp.demo(32), 4, 1, 40, 1),
    (now() - interval '4 minutes', 'start-conversation', 'timeout', pg_temp.demo(32), 4, 2, 10, 1),
    (now() - interval '30 minutes', 'start-conversation', 'conversation_exists', pg_temp.demo(32), 4, 2, 60, 1),
    (now() - interval '5 hours', 'start-conversation', 'ok', pg_temp.demo(32), 4, 0, 40, 15),
    (now() - interval '25 hours', 'start-conversation', 'ok', pg_temp.demo(32), 4, 0, 1000, 15),
    (now() - interval '2 minutes', 'send-dm', 'ok', pg_temp.demo(32), 9, 0, 40, 1)
) as counted (slot, function, code, org_id, bucket, stripe, requests, minutes);
select is(
  pg_temp.figures('conversation_creation'),
  '[
    {"span": "1 hour", "attempts": 160, "succeeded": 90, "failed": 10, "refused": 60, "duplicates": 60,
      "success_rate": 0.9, "duplicate_share": 0.375},
    {"span": "24 hours", "attempts": 200, "succeeded": 130, "failed": 10, "refused": 60, "duplicates": 60,
      "success_rate": 0.9286, "duplicate_share": 0.3},
    {"span": "5 minutes", "attempts": 100, "succeeded": 90, "failed": 10, "refused": 0, "duplicates": 0,
      "success_rate": 0.9, "duplicate_share": 0}
  ]',
  'attempts to start a conversation, by the function and past it'
);
select is(
  pg_temp.figures('error_rate'),
  '[
    {"code": "conversation_exists", "count": 60, "percentage": 30, "is_failure": false},
    {"code": "timeout", "count": 10, "percentage": 5, "is_failure": true}
  ]',
  'what was not answered with success in the last hour'
);
delete from rolecall.request_metrics;
-- A hundred requests, evenly in the buckets up to 0.2 ms and 0.4 ms, as in the diagnostics.
insert into rolecall.request_metrics (slot, function, code, org_id, bucket, stripe, requests)
values
  (now(), 'f', 'ok', pg_temp.demo(31), 2, 0, 25),
  (now(), 'f', 'ok', pg_temp.demo(32), 2, 1, 25),
  (now(), 'f', 'timeout', pg_temp.demo(31), 4, 0, 50),
  (now() - interval '2 hours', 'f', 'ok', pg_temp.demo(31), 20, 0, 1000);
select is(
  pg_temp.figures('latency'),
  '[{"function": "f", "requests": 100, "p50_ms": 0.2, "p95_ms": 0.388, "p99_ms": 0.398}]',
  'percentiles lie in the right place of the right bucket'
);

-- Conversations are counted by the statement that starts, closes or deletes them.
create function pg_temp.counts(p_version text)
returns jsonb
language sql
return (
  select jsonb_build_object('active', active, 'new', new_this_week)
  from rolecall_monitoring.active_conversations
  where version = p_version
);
select is(pg_temp.counts('v2'), '{"new": 0, "active": 0}', 'none');
insert into rolecall.help_requests (id, requester_id, title)
values (pg_temp.demo(60), pg_temp.demo(1), 'A lift');
insert into public.conversations_v2 (id, help_request_id, requester_id, helper_id, initial_message, created_at)
select pg_temp.demo(60 + number), pg_temp.demo(60), pg_temp.demo(1), pg_temp.demo(number), 'I can drive you.', now() - age
from (
  values (2, interval '0'), (3, '2 hours'), (4, '3 days'), (5, '8 days'), (6, '400 days')
) as started (number, age);
select is(pg_temp.counts('v2'), '{"new": 3, "active": 5}', 'five, three of them of this week');
select is(
  pg_temp.figures('v2_adoption'),
  '[
    {"v1": 0, "v2": 2, "span": "24 hours", "v2_percentage": 100},
    {"v1": 0, "v2": 3, "span": "7 days", "v2_percentage": 100},
    {"v1": 0, "v2": 5, "span": "ever", "v2_percentage": 100}
  ]',
  'adoption without V1'
);
update public.conversations_v2 set status = 'closed' where id in (pg_temp.demo(62), pg_temp.demo(66));
select is(pg_temp.counts('v2'), '{"new": 3, "active": 3}', 'closed ones are not active');
update public.conversations_v2 set status = 'active' where id = pg_temp.demo(66);
select is(pg_temp.counts('v2'), '{"new": 3, "active": 4}', 'reopened ones are');
delete from public.conversations_v2 where id in (pg_temp.demo(62), pg_temp.demo(65));
select is(pg_temp.counts('v2'), '{"new": 2, "active": 3}', 'deleted ones are gone');
update rolecall.help_conversation_counts set hour = hour - interval '30 days' where hour > '2020-01-01' and conversations <> 0;
select rolecall_internal.fold_help_conversation_counts() is null;
select is(
  (select count(*) from rolecall.help_conversation_counts where hour between '2020-01-01' and now() - interval '11 days'),
  0::bigint,
  'hours of long ago become one'
);
select is(pg_temp.counts('v2'), '{"new": 0, "active": 3}', 'and nothing is lost');
select is(
  (select sum(conversations) from rolecall.help_conversation_counts),
  (select count(*)::numeric from public.conversations_v2),
  'the counts are those of the table'
);

-- V1 is read where it lies; a schema of somebody else's is not.
create schema rolecall_adopted;
create view rolecall_adopted.conversations as
select status, created_at
from (
  values
    ('active', now() - interval '1 hour'), ('active', now() - interval '30 days'), ('completed', now() - interval '2 days')
) as conversation (status, created_at);
select is(pg_temp.counts('v1'), '{"new": 2, "active": 2}', 'V1 is counted');
select is(
  pg_temp.figures('v2_adoption') #> '{2}',
  '{"v1": 3, "v2": 3, "span": "ever", "v2_percentage": 50}',
  'beside V2'
);
alter schema rolecall_adopted owner to anon;
select is(pg_temp.counts('v1'), '{"new": 0, "active": 0}', 'not in a schema that somebody else has made');

select * from finish();
rollback;
