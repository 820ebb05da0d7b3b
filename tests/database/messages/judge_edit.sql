-- judge_edit decides as the matrix does: for every role and every set of the facts that the action looks at, a case is made of
-- real rows. What the matrix allows is a reply then.
begin;
\ir ../support/calls.psql
select no_plan();
update rolecall.edit_windows set seconds = 900;

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
  where named.action = 'edit_message'
) as held;
select is((select count(*) from scene), 7 * 64::bigint, 'every case is there');
-- What cannot be: the author of a message that they do not read; and who moderates everything reads everything.
delete from scene
where facts @> '{self}' and not facts @> '{participant}'
  or not facts @> '{participant}'
    and not facts @> '{suspended}'
    and rolecall_internal.moderates_everything(role);

insert into rolecall.profiles (id, role, suspended_until)
select pg_temp.id('9000', n), role, case when 'suspended' = any (facts) then 'infinity'::timestamptz end
from scene
union all
select pg_temp.id('9001', n), 'admin', null
from scene
union all
select pg_temp.id('9002', n), 'admin', null
from scene;
insert into rolecall.conversations (id, kind, participant_low, participant_high, created_by, last_seq)
select pg_temp.id('b000', n), 'direct', least(one, other), greatest(one, other), one, 1
from (
  select
    n,
    case when 'participant' = any (facts) then pg_temp.id('9000', n) else pg_temp.id('9002', n) end as one,
    pg_temp.id('9001', n) as other
  from scene
) as talk;
insert into rolecall.messages (id, conversation_id, seq, sender_id, content, created_at, deleted_at, deleted_as)
select
  pg_temp.id('c000', n),
  pg_temp.id('b000', n),
  1,
  case when 'self' = any (facts) then pg_temp.id('9000', n) else pg_temp.id('9001', n) end,
  case when 'deleted' = any (facts) then null else 'Hello' end,
  case when 'edit_window' = any (facts) then now() else now() - interval '15 minutes' end,
  case when 'deleted' = any (facts) then now() end,
  case when 'deleted' = any (facts) then 'moderator' end
from scene;

create temporary table answered as
select
  scene.*,
  expected.rule as expected,
  judged.found,
  asked.result #>> '{rule}' as checked
from scene
cross join lateral (
  select case when 'feature_enabled' = any (facts) then '{}'::jsonb else '{"messages": "disabled"}' end as rollouts
) as switched
cross join lateral (
  select case
    when decision.allowed then (rolecall_internal.judge_reply(pg_temp.id('9000', n), pg_temp.id('b000', n), '{}')).rule
    else decision.rule
  end as rule
  from rolecall_internal.decide('edit_message', role, rolecall_internal.role_of_strangers(), facts) as decision
) as expected
cross join lateral (
  select (rolecall_internal.judge_edit(pg_temp.id('9000', n), pg_temp.id('c000', n), rollouts)).rule as found
) as judged
cross join lateral (
  select rolecall_internal.check_permission(
    pg_temp.id('9000', n),
    jsonb_build_object('action', 'edit_message', 'message_id', pg_temp.id('c000', n)),
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
    'feature_disabled', 'not_a_participant', 'suspended', 'authors_edit_only', 'message_deleted', 'edit_window_closed',
    'dealer_reads_only', 'attendee_replies_to_staff', 'mvp_dealer_replies', 'show_organizer_replies', 'moderator_replies',
    'admin_replies', 'member_replies_to_members_and_staff'
  ],
  'every rule is among them'
);
select is(
  (
    select jsonb_agg(answer -> 'rule' order by number)
    from jsonb_array_elements(
      rolecall_internal.check_permission_many(
        pg_temp.id('9000', (select n from answered where expected = 'admin_replies' limit 1)),
        (
          select jsonb_agg(jsonb_build_object('action', 'edit_message', 'message_id', pg_temp.id('c000', n)) order by n)
          from (select n from answered where expected = 'admin_replies' limit 1) as asked
        ) || jsonb_build_array(jsonb_build_object('action', 'edit_message', 'message_id', pg_temp.id('c000', 0))),
        '{"rollouts": {}}'
      )
    ) with ordinality as listed (answer, number)
  ),
  '["admin_replies", "not_a_participant"]',
  'an array of questions is answered as each alone'
);
select finish();
rollback;
