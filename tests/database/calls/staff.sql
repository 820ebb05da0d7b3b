-- Calls of staff: a signed-in user for their own organisation, or the operator for the one that they name.
begin;
\ir ../support/calls.psql
select no_plan();

create function pg_temp.request(p_claims jsonb, p_input jsonb default '{}', p_rollouts jsonb default '{}')
returns jsonb
language sql
return jsonb_build_object(
  'claims', p_claims, 'request_id', 'pgtap', 'rollouts', p_rollouts, 'input', p_input
);
create function pg_temp.begun(p_claims jsonb, p_rate text default null)
returns text
language sql
return coalesce(
  nullif(
    pg_temp.verdict(
      (rolecall_internal.begin_call('a', pg_temp.request(p_claims), p_who => 'staff', p_rate => p_rate)).answer
    ),
    ''
  ),
  'goes on'
);
-- What a call is allowed: "refusal", or the organisation's number with the role in it.
create function pg_temp.acts(p_claims jsonb, p_input jsonb default '{}', p_flag text default null, p_rollouts jsonb default '{}')
returns text
language plpgsql
as $$
declare
  v_staff record;
begin
  select *
  into v_staff
  from rolecall_internal.staff(
    rolecall_internal.begin_call('a', pg_temp.request(p_claims, p_input, p_rollouts), p_who => 'staff'),
    p_flag
  );
  if v_staff.refusal is not null then
    return pg_temp.verdict(v_staff.refusal);
  end if;
  return concat_ws(
    ' ',
    case when v_staff.is_operator then 'operator' else 'user' end,
    right(v_staff.organization_id::text, 2),
    v_staff.organization_role,
    v_staff.suspended
  );
end
$$;
create function pg_temp.claims(p_user int, p_role text default 'authenticated')
returns jsonb
language sql
return jsonb_build_object('sub', pg_temp.demo(p_user), 'role', p_role);
create function pg_temp.named(p_organization int)
returns jsonb
language sql
return jsonb_build_object('organization_id', pg_temp.demo(p_organization));

-- Who is let in
select is(pg_temp.begun(pg_temp.claims(7)), 'goes on', 'a signed-in user');
select is(pg_temp.begun('{"role": "service_role"}'), 'goes on', 'the operator');
select is(pg_temp.begun(pg_temp.claims(7, 'service_role')), 'goes on', 'the operator with a sub');
select is(pg_temp.begun('{"role": "authenticated"}'), 'unauthenticated', 'not a user without a sub');
select is(pg_temp.begun('{}'), 'unauthenticated', 'not a caller without claims');
select is(pg_temp.begun(null), 'unauthenticated', 'not nobody');
select is(pg_temp.begun(pg_temp.claims(7, 'anon')), 'permission_denied/staff_only', 'not anon');
select is(pg_temp.begun(pg_temp.claims(7, 'postgres')), 'permission_denied/staff_only', 'not another role');

-- Limits and maintenance are for users.
insert into rolecall.rate_limits (role, action, capacity, window_seconds)
select role, 'staff_test', 1, 3600
from unnest(enum_range(null::rolecall.app_role)) as role
on conflict do nothing;
select is(pg_temp.begun(pg_temp.claims(7), 'staff_test'), 'goes on', 'a user takes a token');
select is(pg_temp.begun(pg_temp.claims(7), 'staff_test'), 'rate_limited/rate_limit', 'and waits without one');
select is(pg_temp.begun(pg_temp.claims(7, 'service_role'), 'staff_test'), 'goes on', 'the operator takes none');
update rolecall.feature_flags set rollout = 'enabled' where name = 'maintenance';
select is(pg_temp.begun(pg_temp.claims(7)), 'maintenance/maintenance', 'a user waits for the end of maintenance');
select is(pg_temp.begun('{"role": "service_role"}'), 'goes on', 'the operator does not');
update rolecall.feature_flags set rollout = 'disabled' where name = 'maintenance';

-- For which organisation
insert into rolecall.organizations (id, name) values (pg_temp.demo(39), 'Another');
select is(pg_temp.acts(pg_temp.claims(7)), 'user 31 owner', 'a user acts for their own');
select is(pg_temp.acts(pg_temp.claims(1)), 'user 31', 'whatever they are in it');
select is(pg_temp.acts(pg_temp.claims(7), pg_temp.named(31)), 'user 31 owner', 'and may name it');
select is(pg_temp.acts(pg_temp.claims(7), pg_temp.named(39)), 'not_found', 'but no other');
select is(pg_temp.acts(pg_temp.claims(7), pg_temp.named(38)), 'not_found', 'nor an unknown one');
select is(pg_temp.acts(pg_temp.claims(7), '{"organization_id": "mine"}'), 'not_found', 'nor what is no id');
select is(pg_temp.acts('{"role": "service_role"}', pg_temp.named(39)), 'operator 39', 'the operator names it');
select is(pg_temp.acts('{"role": "service_role"}', pg_temp.named(38)), 'not_found', 'an existing one');
select is(pg_temp.acts('{"role": "service_role"}'), 'validation_error/required', 'always');
select is(
  pg_temp.acts(pg_temp.claims(7, 'service_role')), 'validation_error/required', 'the sub of an operator chooses none'
);
update rolecall.profiles set organization_id = null, organization_role = null where id = pg_temp.demo(1);
select is(pg_temp.acts(pg_temp.claims(1)), 'user', 'who is in none acts for none');
select is(pg_temp.acts(pg_temp.claims(1), pg_temp.named(31)), 'not_found', 'and sees none');
select is(pg_temp.acts(pg_temp.claims(99)), 'permission_denied/no_profile', 'a user has a profile');
update rolecall.profiles set suspended_until = 'infinity' where id = pg_temp.demo(7);
select is(pg_temp.acts(pg_temp.claims(7)), 'user 31 owner suspended', 'a suspension is told');

-- The flag
create function pg_temp.flagged(p_claims jsonb, p_rollouts jsonb default '{}')
returns text
language sql
return pg_temp.acts(p_claims, pg_temp.named(39), 'messaging_v1', p_rollouts);
update rolecall.profiles set organization_id = pg_temp.demo(39) where id = pg_temp.demo(2);
select is(pg_temp.flagged(pg_temp.claims(2)), 'feature_disabled/feature_disabled', 'it is off for a user');
select is(pg_temp.flagged('{"role": "service_role"}'), 'feature_disabled/feature_disabled', 'and for the operator');
insert into rolecall.feature_flag_overrides (name, organization_id, rollout)
values ('messaging_v1', pg_temp.demo(39), 'enabled');
select is(pg_temp.flagged(pg_temp.claims(2)), 'user 39', 'on for a user of this organisation');
select is(pg_temp.flagged('{"role": "service_role"}'), 'operator 39', 'and for the operator who acts for it');
select is(
  pg_temp.flagged('{"role": "service_role"}', '{"messaging_v1": "disabled"}'),
  'feature_disabled/feature_disabled',
  'the variable switches it off for both'
);
select is(
  pg_temp.flagged('{"role": "service_role"}', '{"messaging_v1": "percentage:100"}'), 'operator 39', 'or lets in a share'
);
update rolecall.feature_flags set rollout = 'disabled' where name = 'messaging_v2_enabled';
select is(
  pg_temp.flagged('{"role": "service_role"}'), 'feature_disabled/feature_disabled', 'what it requires is asked, too'
);

select * from finish();
rollback;
