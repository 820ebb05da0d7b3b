-- rolecall_internal.rollout_includes and the flags: deny by default, and a growing percentage only adds.
begin;
\ir ../support/calls.psql
select no_plan();

select is(rolecall_internal.rollout_includes('enabled', 'f', pg_temp.demo(1), false), true, 'enabled includes everybody');
select is(rolecall_internal.rollout_includes('disabled', 'f', pg_temp.demo(1), true), false, 'disabled includes nobody');
select is(rolecall_internal.rollout_includes('internal', 'f', pg_temp.demo(1), true), true, 'internal includes internal users');
select is(rolecall_internal.rollout_includes('internal', 'f', pg_temp.demo(1), false), false, 'and no others');
select is(rolecall_internal.rollout_includes('internal', 'f', pg_temp.demo(1), null), false, 'and nobody unknown');
select is(rolecall_internal.rollout_includes('percentage:0', 'f', pg_temp.demo(1), true), true, 'a percentage includes internal users');
select is(rolecall_internal.rollout_includes('percentage:0', 'f', pg_temp.demo(1), false), false, '0 percent is nobody else');
select is(rolecall_internal.rollout_includes('percentage:100', 'f', pg_temp.demo(1), false), true, '100 percent is everybody');
select is(rolecall_internal.rollout_includes('percentage:100', 'f', null, false), false, 'but not nobody');
select is(rolecall_internal.rollout_includes('percentage:100', null, pg_temp.demo(1), false), false, 'and not of no flag');
select is(rolecall_internal.rollout_includes(value, 'f', pg_temp.demo(1), true), false, format('%L is no rollout', value))
from unnest(
  array['', 'Enabled', ' enabled', 'on', 'percentage', 'percentage:', 'percentage:101', 'percentage:-1',
    'percentage:007', 'percentage:1.5', 'percentage:1 ', null]
) as value;

select is(
  (
    select array_agg(
      (select count(*) from generate_series(1, 10000) as n
        where rolecall_internal.rollout_includes('percentage:' || percent, 'f', md5(n::text)::uuid, false)) / 100.0
      order by percent
    )::text
    from unnest(array[1, 25, 50, 99]) as percent
  ) ~ '^\{(0\.[5-9]|1\.[0-5]).*,2[45]\..*,(49|50)\..*,9[89]\.', true,
  'a percentage is that share of users'
);
select ok(
  not exists (
    select
    from generate_series(1, 500) as n
    cross join generate_series(0, 99) as percent
    where rolecall_internal.rollout_includes('percentage:' || percent, 'f', md5(n::text)::uuid, false)
      and not rolecall_internal.rollout_includes('percentage:' || percent + 1, 'f', md5(n::text)::uuid, false)
  ),
  'one percent more takes nobody away'
);

select throws_ok(
  format($$ update rolecall.feature_flags set rollout = %L where name = 'send-dm' $$, value),
  '23514',
  null,
  format('%L cannot be written into a flag', value)
)
from unnest(array['', 'on', 'percentage:101', 'percentage:007', 'percentage:1.5']) as value;

create function pg_temp.send(p_rollout text default null)
returns text
language sql
return pg_temp.verdict(
  pg_temp.ask(
    'send_dm',
    pg_temp.demo(1),
    jsonb_build_object('recipient_id', pg_temp.demo(4), 'content', 'Hi'),
    null,
    case when p_rollout is null then '{}' else jsonb_build_object('send-dm', p_rollout) end
  )
);
select is(pg_temp.send(), 'ok', 'on and not named by the operator''s variable is on');
select is(pg_temp.send('enabled'), 'ok', 'on and on is on');
select is(pg_temp.send('disabled'), 'feature_disabled/feature_disabled', 'the operator''s variable can force it off');
select is(pg_temp.send('nonsense'), 'feature_disabled/feature_disabled', 'nonsense is off');
select is(
  pg_temp.verdict(
    rolecall_edge.send_dm(
      jsonb_build_object(
        'claims', jsonb_build_object('sub', pg_temp.demo(1), 'role', 'authenticated'),
        'input', jsonb_build_object('recipient_id', pg_temp.demo(4), 'content', 'Hi')
      )
    )
  ),
  'feature_disabled/feature_disabled',
  'no word of the operator is off'
);
select is(pg_temp.send('internal'), 'feature_disabled/feature_disabled', 'internal is off for others');
update rolecall.profiles set is_internal = true where id = pg_temp.demo(1);
select is(pg_temp.send('internal'), 'ok', 'and on for internal users');
update rolecall.feature_flags set rollout = 'disabled' where name = 'send-dm';
select is(pg_temp.send('enabled'), 'feature_disabled/feature_disabled', 'the flag turns it off for them, too');
delete from rolecall.feature_flags where name = 'send-dm';
select is(pg_temp.send('enabled'), 'feature_disabled/feature_disabled', 'a function without a flag is off');
select is(pg_temp.send(), 'feature_disabled/feature_disabled', 'also where the variable names none');

select * from finish();
rollback;
