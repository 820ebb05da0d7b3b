-- rolecall_edge.diagnostics: the figures of one's own organisation, for its owners and admins.
begin;
\ir ../support/calls.psql
select no_plan();

select is(
  pg_temp.ask('diagnostics', pg_temp.demo(7), '{}') #> '{data,success_rate}',
  '{"1h": null, "24h": null}',
  'without a request there is no rate'
);
delete from rolecall.request_metrics;

select pg_temp.ask('send_dm', pg_temp.demo(1), jsonb_build_object('recipient_id', pg_temp.demo(4), 'content', 'Hi'))
from generate_series(1, 3);
select pg_temp.ask('send_dm', pg_temp.demo(1), jsonb_build_object('recipient_id', pg_temp.demo(3), 'content', 'Hi'));
select pg_temp.ask(
  'send_broadcast',
  pg_temp.demo(5),
  jsonb_build_object('show_id', pg_temp.demo(11), 'recipient_roles', '["attendee"]'::jsonb, 'message', 'News')
);
select pg_temp.ask(
  'start_conversation',
  pg_temp.demo(4),
  jsonb_build_object('help_request_id', pg_temp.demo(21), 'initial_message', 'I can help with that.')
);

create temporary table report as
select pg_temp.ask('diagnostics', pg_temp.demo(7), '{}') -> 'data' as data;
select is(
  (select array_agg(key order by key) from jsonb_object_keys(data) as key),
  array['conversations', 'durations_ms', 'flags', 'generated_at', 'messages', 'migration', 'organization_id',
    'quotas', 'refusals', 'reports', 'success_rate', 'texting'],
  'the report has these members and no other'
)
from report;
select is(data -> 'conversations', '{"direct": 1, "show": 1, "help": 1}', 'conversations by kind') from report;
select is(data -> 'messages', '{"direct": 3, "show": 1, "help": 1}', 'messages by kind') from report;
select is(
  data -> 'refusals',
  '{"1h": {"permission_denied": 1}, "24h": {"permission_denied": 1}}',
  'refusals by code'
)
from report;
select is(data -> 'success_rate', '{"1h": 1, "24h": 1}', 'a refusal is neither a success nor a failure') from report;
select is(data #> '{durations_ms,send-dm,requests}', '4', 'requests by function') from report;
select ok(
  (data #> '{durations_ms,send-dm,p50}')::numeric > 0
    and (data #> '{durations_ms,send-dm,p50}')::numeric <= (data #> '{durations_ms,send-dm,p95}')::numeric
    and (data #> '{durations_ms,send-dm,p95}')::numeric <= (data #> '{durations_ms,send-dm,p99}')::numeric,
  'and percentiles in order'
)
from report;
select is(
  data -> 'quotas',
  jsonb_build_array(
    jsonb_build_object(
      'sender_id', pg_temp.demo(5),
      'show_id', pg_temp.demo(11),
      'period', rolecall_internal.quota_day(now()),
      'pre_show_remaining', 1,
      'post_show_remaining', 1
    )
  ),
  'quotas'
)
from report;
select is(data #>> '{flags,send-dm}', 'enabled', 'flags') from report;
select is(
  (data #> '{migration,version}')::int,
  (select max(version) from rolecall.schema_migrations),
  'the newest migration'
)
from report;

-- Percentiles of known durations: a hundred requests, evenly in the buckets up to 0.2 ms and 0.4 ms.
delete from rolecall.request_metrics;
insert into rolecall.request_metrics (slot, function, code, org_id, bucket, stripe, requests)
values
  (now(), 'f', 'ok', pg_temp.demo(31), 2, 0, 25),
  (now(), 'f', 'ok', pg_temp.demo(31), 2, 1, 25),
  (now(), 'f', 'timeout', pg_temp.demo(31), 4, 0, 50),
  (now(), 'h', 'conversation_exists', pg_temp.demo(31), 4, 0, 900),
  (now() - interval '25 hours', 'f', 'ok', pg_temp.demo(31), 9, 0, 1000),
  (now() - interval '3 hours', 'g', 'ok', pg_temp.demo(31), 9, 0, 100),
  (now(), 'f', 'ok', pg_temp.demo(32), 9, 0, 1000);
create temporary table known as
select pg_temp.ask('diagnostics', pg_temp.demo(7), '{}') -> 'data' as data;
select is(
  data #> '{durations_ms,f}',
  '{"p50": 0.200, "p95": 0.388, "p99": 0.398, "requests": 100}',
  'percentiles lie in the right place of the right bucket'
)
from known;
select is(data -> 'success_rate', '{"1h": 0.5, "24h": 0.75}', 'rates are of their hours') from known;

-- Who may see it
select is(
  pg_temp.verdict(pg_temp.ask('diagnostics', pg_temp.demo(1), '{}')),
  'permission_denied/organization_owners_and_admins_only',
  'a member may not'
);
select is(
  pg_temp.verdict(pg_temp.ask('diagnostics', pg_temp.demo(8), '{}')),
  'permission_denied/organization_owners_and_admins_only',
  'an admin of the application may not'
);
update rolecall.profiles set organization_role = 'admin' where id = pg_temp.demo(1);
select is(pg_temp.verdict(pg_temp.ask('diagnostics', pg_temp.demo(1), '{}')), 'ok', 'an admin of the organisation may');
update rolecall.profiles set organization_role = 'sitter' where id = pg_temp.demo(1);
select is(
  pg_temp.verdict(pg_temp.ask('diagnostics', pg_temp.demo(1), '{}')),
  'permission_denied/organization_owners_and_admins_only',
  'a sitter may not'
);
select is(
  pg_temp.verdict(pg_temp.ask('diagnostics', pg_temp.demo(99), '{}')),
  'permission_denied/no_profile',
  'who has no profile may not'
);
select is(pg_temp.verdict(rolecall_edge.diagnostics('{}')), 'unauthenticated', 'nobody may not');

insert into rolecall.organizations (id, name) values (pg_temp.demo(32), 'Others');
update rolecall.profiles set organization_id = pg_temp.demo(32), organization_role = 'owner' where id = pg_temp.demo(2);
create temporary table others as
select pg_temp.ask('diagnostics', pg_temp.demo(2), '{}') -> 'data' as data;
select is(data ->> 'organization_id', pg_temp.demo(32)::text, 'an owner sees their own organisation') from others;
select is(data -> 'conversations', '{"direct": 0, "show": 0, "help": 0}', 'and none of another''s conversations') from others;
select is(data -> 'quotas', '[]', 'nor quotas') from others;
select is(data #> '{durations_ms,f,requests}', '1000', 'nor requests') from others;

select * from finish();
rollback;
