-- Minutes become quarters of an hour, and counters never fall: through merging, the nightly run, and its truncation.
begin;
\ir ../support/calls.psql
select no_plan();

delete from rolecall.request_metrics;
create function pg_temp.counters()
returns text
language sql
return (
  select string_agg(format('%s %s %s', function, code, requests), ', ' order by function, code)
  from (
    select function, code, sum(requests) as requests
    from rolecall_internal.request_counters()
    where function in ('f', 'g')
    group by function, code
  ) as counter
);
create function pg_temp.minute(p_age interval)
returns timestamptz
language sql
return date_bin('1 minute', now() - p_age, '2000-01-01 00:00:00+00');

insert into rolecall.request_metrics (day_slot, slot, function, code, org_id, bucket, stripe, requests)
select
  rolecall_internal.day_slot(slot, 12), slot, 'f', code, org_id, 3, stripe, 1
from generate_series(pg_temp.minute('9 days'), pg_temp.minute('9 days') + interval '29 minutes', interval '1 minute') as slot
cross join (values ('ok'), ('internal')) as answered (code)
cross join (values (pg_temp.demo(31)), ('00000000-0000-0000-0000-000000000000')) as asked (org_id)
cross join generate_series(0, 3) as stripe;
insert into rolecall.request_metrics (slot, function, code, org_id, bucket, stripe, requests)
values
  (pg_temp.minute('1 hour 59 minutes'), 'g', 'ok', pg_temp.demo(31), 3, 0, 5),
  (now(), 'g', 'ok', pg_temp.demo(31), 3, 0, 7);
select is(pg_temp.counters(), 'f internal 240, f ok 240, g ok 12', 'what was counted');

create function pg_temp.merge_all()
returns int
language plpgsql
as $$
declare
  v_calls int := 1;
begin
  while rolecall_internal.merge_metrics() loop
    v_calls := v_calls + 1;
  end loop;
  return v_calls;
end
$$;
select cmp_ok(pg_temp.merge_all(), '>=', 1, 'it comes to an end');
select is(pg_temp.counters(), 'f internal 240, f ok 240, g ok 12', 'the counters are the same after it');
select is(
  (select jsonb_agg(distinct to_jsonb(array[minutes, stripe]) order by to_jsonb(array[minutes, stripe])) from rolecall.request_metrics where function = 'f'),
  '[[15, 0]]',
  'the old rows count a quarter, in one stripe'
);
select cmp_ok(
  (select count(*) from rolecall.request_metrics where function = 'f'), '<=', 12::bigint, 'and there are few of them'
);
select is(
  (select count(*) from rolecall.request_metrics where function = 'f' and slot <> date_bin('15 minutes', slot, '2000-01-01 00:00:00+00')),
  0::bigint,
  'each from the beginning of its quarter'
);
select is((select sum(requests) from rolecall.request_metrics where function = 'f'), 480::numeric, 'no request is lost');
select is(
  (select count(*) from rolecall.request_metrics where function = 'g' and minutes = 1),
  2::bigint,
  'two hours stay minutes'
);
select is((select sum(requests) from rolecall.request_totals where function in ('f', 'g')), 480::numeric, 'what was merged is in the totals, once');

-- The stripes of a minute become one, as soon as nobody writes to it.
insert into rolecall.request_metrics (slot, function, code, org_id, bucket, stripe, requests)
select pg_temp.minute(age), 's', 'ok', pg_temp.demo(31), 3, stripe, 1
from unnest(array[interval '1 minute', interval '5 minutes']) as age
cross join generate_series(0, 9) as stripe;
select pg_temp.merge_all();
select is(
  (
    select jsonb_object_agg(minute, rows)
    from (
      select case when slot = pg_temp.minute('5 minutes') then 'old' else 'new' end as minute,
        jsonb_build_array(count(*), sum(requests), min(minutes)) as rows
      from rolecall.request_metrics
      where function = 's'
      group by slot
    ) as counted
  ),
  '{"old": [1, 10, 1], "new": [10, 10, 1]}',
  'stripes of a minute that is over are one row'
);

-- A failure that is handed in late is merged later.
insert into rolecall.request_metrics as metric (day_slot, slot, function, code, org_id, bucket, stripe, requests)
values (
  rolecall_internal.day_slot(now() - interval '5 hours', 12), pg_temp.minute('5 hours'), 'f', 'internal',
  '00000000-0000-0000-0000-000000000000', 3, 0, 2
);
select is(pg_temp.counters(), 'f internal 242, f ok 240, g ok 12', 'a late one counts at once');
select pg_temp.merge_all();
select is(pg_temp.counters(), 'f internal 242, f ok 240, g ok 12', 'and once it is merged');

-- The night: what it truncates has been merged before.
insert into rolecall.request_metrics (day_slot, slot, function, code, org_id, bucket, stripe, requests)
values (rolecall_internal.day_slot(now() - interval '9 days', 12), pg_temp.minute('9 days'), 'g', 'timeout', pg_temp.demo(31), 3, 0, 4);
select pg_temp.ask_for_the_night();
select is((select count(*) from rolecall.request_metrics where slot < now() - interval '8 days'), 0::bigint, 'old days are truncated');
select is(pg_temp.counters(), 'f internal 242, f ok 240, g ok 12, g timeout 4', 'and no counter falls');

select * from finish();
rollback;
