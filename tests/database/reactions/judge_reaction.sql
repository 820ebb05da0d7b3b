-- judge_reaction decides as the matrix does: for every role and every set of the facts that the action looks at, a case is made
-- of real rows.
begin;
\ir ../support/calls.psql
select no_plan();

create function pg_temp.id(p_kind text, p_number bigint)
returns uuid
language sql
immutable
return ('00000000-0000-4000-' || p_kind || '-' || lpad(p_number::text, 12, '0'))::uuid;

create temporary table scene as
select row_number() over (order by role, facts) as n, role, facts
from unnest(enum_range(null::rolecall.app_role)) as role
cross join lateral (
  select array(
    select fact
    from unnest(named.facts) with ordinality as listed (fact, place)
    where mask & (1 << (place::int - 1)) <> 0
  ) as facts
  from rolecall.matrix_actions as named
  cross join lateral generate_series(0, (1 << cardinality(named.facts)) - 1) as mask
  where named.action = 'react'
) as held;
select is((select count(*) from scene), 7 * 32::bigint, 'every case is there');

insert into rolecall.profiles (id, role, suspended_until)
select pg_temp.id('9000', n), role, case when 'suspended' = any (facts) then 'infinity'::timestamptz end
from scene
union all
select pg_temp.id(kind, n), 'admin', null
from scene
cross join unnest(array['9001', '9002']) as kind;
insert into rolecall.user_blocks (blocker_id, blocked_id)
select
  case when n % 2 = 0 then pg_temp.id('9000', n) else pg_temp.id('9001', n) end,
  case when n % 2 = 0 then pg_temp.id('9001', n) else pg_temp.id('9000', n) end
from scene
where 'blocked' = any (facts);
insert into rolecall.conversations (id, kind, participant_low, participant_high, created_by, last_seq, read_only)
select pg_temp.id('b000', n), 'direct', least(one, other), greatest(one, other), one, 1, is_closed
from (
  select
    n,
    'read_only' = any (facts) as is_closed,
    case when 'participant' = any (facts) then pg_temp.id('9000', n) else pg_temp.id('9002', n) end as one,
    pg_temp.id('9001', n) as other
  from scene
) as talk;
insert into rolecall.messages (id, conversation_id, seq, sender_id, content)
select pg_temp.id('c000', n), pg_temp.id('b000', n), 1, pg_temp.id('9001', n), 'Hello'
from scene;

create temporary table answered as
select scene.*, expected.rule as expected, judged.found, asked.result ->> 'rule' as checked
from scene
cross join lateral (
  select case when 'feature_enabled' = any (facts) then '{}'::jsonb else '{"reactions": "disabled"}' end as rollouts
) as switched
cross join lateral rolecall_internal.decide('react', role, 'admin', facts) as expected
cross join lateral (
  select (rolecall_internal.judge_reaction(pg_temp.id('9000', n), pg_temp.id('c000', n), rollouts)).rule as found
) as judged
cross join lateral (
  select rolecall_internal.check_permission(
    pg_temp.id('9000', n),
    jsonb_build_object('action', 'react', 'message_id', pg_temp.id('c000', n)),
    jsonb_build_object('rollouts', rollouts)
  ) as result
) as asked;
select is(
  (select jsonb_agg(to_jsonb(wrong)) from (select * from answered where found is distinct from expected order by n limit 3) as wrong),
  null,
  'it is decided as the matrix says'
);
select is(
  (select jsonb_agg(to_jsonb(wrong)) from (select * from answered where checked is distinct from expected order by n limit 3) as wrong),
  null,
  'and foretold so'
);
select set_eq(
  'select distinct expected from answered',
  array[
    'feature_disabled', 'not_a_participant', 'suspended', 'conversation_read_only', 'blocked',
    'anyone_reacts_to_what_was_written_to_them'
  ],
  'every rule is among them'
);
select is(
  (
    select jsonb_agg(answer -> 'rule' order by number)
    from jsonb_array_elements(
      rolecall_internal.check_permission_many(
        pg_temp.id('9000', n),
        jsonb_build_array(
          jsonb_build_object('action', 'react', 'message_id', pg_temp.id('c000', n)),
          jsonb_build_object('action', 'react', 'message_id', pg_temp.id('c000', 0))
        ),
        '{"rollouts": {}}'
      )
    ) with ordinality as listed (answer, number)
  ),
  '["anyone_reacts_to_what_was_written_to_them", "not_a_participant"]',
  'an array of questions is answered as each alone'
)
from (
  select n from answered where expected = 'anyone_reacts_to_what_was_written_to_them' limit 1
) as allowed;
select finish();
rollback;
