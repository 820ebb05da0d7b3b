-- rolecall_internal.decide: guards before rules, and refusal of whatever is unknown. The matrix itself is compared with Rust's,
-- case by case, by an end-to-end test.
begin;
\ir ../support/calls.psql
select no_plan();

create function pg_temp.rule(p_action text, p_actor rolecall.app_role, p_target rolecall.app_role, p_facts text[])
returns text
language sql
return (
  select concat_ws('/', case when allowed then 'allowed' when not allowed then 'refused' else 'null' end, code, rule)
  from rolecall_internal.decide(p_action, p_actor, p_target, p_facts)
);

select is(
  pg_temp.rule('start_dm', 'attendee', 'mvp_dealer', '{feature_enabled}'),
  'allowed/attendee_writes_to_mvp_dealer',
  'a rule that needs no fact allows'
);
select is(
  pg_temp.rule('start_dm', 'mvp_dealer', 'attendee', '{feature_enabled,shares_show}'),
  'allowed/mvp_dealer_writes_within_a_shared_show',
  'a rule that needs a fact allows with it'
);
select is(
  pg_temp.rule('start_dm', 'mvp_dealer', 'attendee', '{feature_enabled}'),
  'refused/permission_denied/mvp_dealer_writes_within_a_shared_show',
  'a rule that needs a fact refuses without it'
);
select is(
  pg_temp.rule('start_dm', 'admin', 'attendee', '{feature_enabled,blocked}'),
  'refused/permission_denied/blocked',
  'a guard refuses what the rule would allow'
);
select is(
  pg_temp.rule('start_dm', 'admin', 'attendee', '{feature_enabled,blocked,self,suspended}'),
  'refused/permission_denied/suspended',
  'of several guards the first one is named'
);
select is(
  pg_temp.rule('reply', 'admin', 'attendee', '{feature_enabled}'),
  'refused/not_found/not_a_participant',
  'a guard can refuse for want of a fact'
);
select is(
  pg_temp.rule('start_dm', 'admin', 'attendee', '{}'),
  'refused/feature_disabled/feature_disabled',
  'no facts at all: the feature is off'
);
select is(
  pg_temp.rule('start_dm', 'admin', 'attendee', null),
  'refused/feature_disabled/feature_disabled',
  'null for the facts is none of them'
);
select is(
  pg_temp.rule('start_dm', 'admin', 'attendee', array['feature_enabled', null]),
  'allowed/admin_writes_to_everyone',
  'a null among the facts is no fact'
);
select is(
  pg_temp.rule('start_dm', 'mvp_dealer', 'attendee', array['feature_enabled', null]),
  'refused/permission_denied/mvp_dealer_writes_within_a_shared_show',
  'a null among the facts does not stand for the one that is needed'
);
select is(
  pg_temp.rule('start_dm', null, 'attendee', '{feature_enabled}'),
  'refused/permission_denied/no_rule',
  'an actor without a role is refused'
);
select is(
  pg_temp.rule('start_dm', 'admin', null, '{feature_enabled}'),
  'refused/permission_denied/no_rule',
  'a target without a role is refused'
);
select is(
  pg_temp.rule('fly', 'admin', 'attendee', '{feature_enabled}'),
  'refused/permission_denied/no_rule',
  'an action without rules is refused'
);
select is(
  pg_temp.rule(null, 'admin', 'attendee', '{feature_enabled}'),
  'refused/permission_denied/no_rule',
  'no action is refused'
);

delete from rolecall.matrix_rows where action = 'start_dm' and actor = 'admin';
select is(
  pg_temp.rule('start_dm', 'admin', 'attendee', '{feature_enabled}'),
  'refused/permission_denied/no_rule',
  'a missing rule refuses'
);

select * from finish();
rollback;
