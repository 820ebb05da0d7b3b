-- Refusals: the first ones of a user and minute are in the log, the rest is counted.
begin;
\ir ../support/calls.psql
select no_plan();

-- Of a dealer, who may write to nobody.
create function pg_temp.refused(p_user int, p_times int)
returns void
language plpgsql
as $$
begin
  for number in 1 .. p_times loop
    perform pg_temp.ask('send_dm', pg_temp.demo(p_user), jsonb_build_object('recipient_id', pg_temp.demo(1), 'content', 'Hi'));
  end loop;
end
$$;
create function pg_temp.refused_together(p_times int)
returns void
language plpgsql
as $$
begin
  perform set_config('role', 'rolecall_edge', true);
  perform rolecall_edge.send_dm(
    (
      select jsonb_agg(
        jsonb_build_object(
          'claims', jsonb_build_object('sub', caller, 'role', 'authenticated'),
          'request_id', number || '/' || caller,
          'rollouts', '{}'::jsonb,
          'input', jsonb_build_object('recipient_id', pg_temp.demo(1), 'content', 'Hi')
        )
        order by number
      )
      from generate_series(1, p_times) as number
      cross join unnest(array[pg_temp.demo(3), pg_temp.demo(2), null]) as caller
    )
  );
  perform set_config('role', 'none', true);
end
$$;
create function pg_temp.left_behind(p_user int)
returns text
language sql
begin atomic
  select format(
    '%s logged, %s counted',
    (select count(*) from rolecall.application_logs where user_id is not distinct from pg_temp.demo(p_user)),
    (
      select sum(refusals)
      from rolecall.refusal_counts
      where user_id = coalesce(pg_temp.demo(p_user), '00000000-0000-0000-0000-000000000000')
    )
  );
end;
update rolecall.rate_limits set capacity = null;
update rolecall.profiles set role = 'dealer' where id in (pg_temp.demo(2), pg_temp.demo(3));

select pg_temp.refused(3, 10);
select is(pg_temp.left_behind(3), '10 logged, 10 counted', 'the first ten of a minute are logged');
select pg_temp.refused(3, 5);
select is(pg_temp.left_behind(3), '10 logged, 15 counted', 'the rest is counted');
select pg_temp.refused(2, 4);
select is(pg_temp.left_behind(2), '4 logged, 4 counted', 'of each user');
select pg_temp.refused_together(20);
select is(pg_temp.left_behind(3), '10 logged, 35 counted', 'an array counts its refusals, too');
select is(pg_temp.left_behind(2), '10 logged, 24 counted', 'and logs what the minute has room for');
select is(pg_temp.left_behind(null), '10 logged, 20 counted', 'of nobody, too');
select results_eq(
  $$ select request_id from rolecall.application_logs where user_id = pg_temp.demo(2) and request_id <> 'pgtap' order by id $$,
  $$ select number || '/' || pg_temp.demo(2) from generate_series(1, 6) as number $$,
  'the first ones of it'
);
select is(
  (select sum(requests) from rolecall.request_metrics where code <> 'ok'),
  79::numeric,
  'the metric counts each'
);
select results_eq(
  $$ select user_id, event, refusals, not_logged from rolecall_monitoring.refusals_last_hour order by user_id nulls last $$,
  $$ values
       (pg_temp.demo(2), 'refused', 24::bigint, 14::bigint),
       (pg_temp.demo(3), 'refused', 35, 25),
       (null, 'refused', 20, 10) $$,
  'a view tells how many are not in the log'
);

-- Through the API
create function pg_temp.offer()
returns text
language sql
return pg_temp.run_as(
  'authenticated',
  pg_temp.demo(4),
  format('select public.create_conversation_atomic(%L, %L, %L) ->> %L', pg_temp.demo(99), pg_temp.demo(4), 'I can help.', 'error')
);
select is(pg_temp.offer(), 'help_request_not_found', 'what an RPC refuses') from generate_series(1, 12);
select is(pg_temp.left_behind(4), '10 logged, 12 counted', 'is bounded as well');

-- What the function decides
create function pg_temp.impersonate()
returns void
language plpgsql
as $$
begin
  perform pg_temp.ask(
    'record_refusal',
    pg_temp.demo(3),
    '{"function": "send-dm", "code": "permission_denied", "event": "impersonation_attempt", "detail": "d", "field": "f"}'
  );
end
$$;
select pg_temp.impersonate() from generate_series(1, 12);
select is(
  (select count(*) from rolecall.application_logs where event = 'impersonation_attempt'),
  10::bigint,
  'attempts to act for somebody else are logged, whatever else was refused, and bounded'
);
select is(
  (select refusals from rolecall.refusal_counts where event = 'impersonation_attempt'),
  12::bigint,
  'and counted'
);

-- The next minute
update rolecall.refusal_counts set minute = minute - interval '1 minute';
select pg_temp.refused(3, 12);
select is(pg_temp.left_behind(3), '30 logged, 59 counted', 'has room again');

-- Successes leave no count.
select is(
  pg_temp.verdict(
    pg_temp.ask('send_dm', pg_temp.demo(4), jsonb_build_object('recipient_id', pg_temp.demo(1), 'content', 'Hi'))
  ),
  'ok',
  'a success'
);
select is(pg_temp.left_behind(4), '10 logged, 12 counted', 'counts as no refusal');

select * from finish();
rollback;
