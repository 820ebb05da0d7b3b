-- Flags: what decides, in which order; that GET flags says what the real call does; the history of changes.
begin;
\ir ../support/calls.psql
select no_plan();

create function pg_temp.decided(p_flag text, p_user int, p_rollouts jsonb default '{}')
returns text
language sql
return (
  select concat_ws(' ', case when enabled then 'on' else 'off' end, reason)
  from rolecall_internal.flag_decision(
    p_flag,
    p_rollouts,
    pg_temp.demo(p_user),
    (select organization_id from rolecall.profiles where id = pg_temp.demo(p_user)),
    (select is_internal from rolecall.profiles where id = pg_temp.demo(p_user))
  )
);
create function pg_temp.send(p_user int, p_rollouts jsonb default '{}')
returns text
language sql
return pg_temp.verdict(
  pg_temp.ask(
    'send_dm',
    pg_temp.demo(p_user),
    jsonb_build_object('recipient_id', pg_temp.demo(4), 'content', 'Hi'),
    null,
    p_rollouts
  )
);
update rolecall.profiles set is_internal = true where id = pg_temp.demo(2);

-- The order, from the last word to the first.
select is(pg_temp.decided('send-dm', 1), 'on everybody', 'enabled is for everybody');
update rolecall.feature_flags set rollout = 'disabled' where name = 'send-dm';
select is(pg_temp.decided('send-dm', 1), 'off off', 'disabled is off');
update rolecall.feature_flags set rollout = 'internal' where name = 'send-dm';
select is(pg_temp.decided('send-dm', 1), 'off internal', 'internal is off for others');
select is(pg_temp.decided('send-dm', 2), 'on internal', 'and on for internal users');
update rolecall.feature_flags set rollout = 'percentage:0' where name = 'send-dm';
select is(pg_temp.decided('send-dm', 1), 'off percentage', 'nobody is among 0 percent');
select is(pg_temp.decided('send-dm', 2), 'on internal', 'but internal users');
update rolecall.feature_flags set rollout = 'percentage:100' where name = 'send-dm';
select is(pg_temp.decided('send-dm', 1), 'on percentage', 'everybody is among 100 percent');
insert into rolecall.feature_flag_overrides (name, organization_id, rollout, reason)
values ('send-dm', pg_temp.demo(31), 'disabled', 'They asked for it.');
select is(pg_temp.decided('send-dm', 1), 'off organization', 'the organisation comes before the row');
select is(pg_temp.send(1), 'feature_disabled/feature_disabled', 'and stops a message');
insert into rolecall.feature_flag_overrides (name, user_id, rollout) values ('send-dm', pg_temp.demo(1), 'enabled');
select is(pg_temp.decided('send-dm', 1), 'on user', 'the user comes before the organisation');
select is(pg_temp.send(1), 'ok', 'and sends');
select is(pg_temp.decided('send-dm', 3), 'off organization', 'nobody else');
update rolecall.feature_flags set rollout = 'internal' where name = 'messaging_v2_enabled';
select is(pg_temp.decided('send-dm', 1), 'off prerequisite', 'the required flag comes before the user');
select is(pg_temp.send(1), 'feature_disabled/feature_disabled', 'and stops a message');
select is(pg_temp.decided('send-dm', 2), 'off organization', 'who is in that one is asked the rest');
insert into rolecall.feature_flag_overrides (name, user_id, rollout)
values ('messaging_v2_enabled', pg_temp.demo(1), 'enabled');
select is(pg_temp.decided('send-dm', 1), 'on user', 'an override of the required flag counts');
select is(pg_temp.decided('send-dm', 1, '{"send-dm": "disabled"}'), 'off variable', 'the variable comes before all');
select is(
  pg_temp.decided('send-dm', 1, '{"messaging_v2_enabled": "disabled"}'),
  'off prerequisite',
  'and bounds the required flag'
);
select is(
  pg_temp.send(1, '{"messaging_v2_enabled": "disabled"}'),
  'feature_disabled/feature_disabled',
  'also for a message'
);
select is(pg_temp.decided('send-dm', 1, '{"moderation": "disabled"}'), 'on user', 'another flag''s says nothing');
select is(pg_temp.decided('send-dm', 1, rollouts), 'off variable', format('%s is no variable', rollouts))
from unnest(array[null, 'null', '"enabled"', '[]', 'true', '{"send-dm": null}', '{"send-dm": true}']::jsonb[]) as rollouts;
update rolecall.feature_flag_overrides set until = now() - interval '1 second' where user_id = pg_temp.demo(1) and name = 'send-dm';
select is(pg_temp.decided('send-dm', 1), 'off organization', 'an override that is over does not count');
update rolecall.feature_flag_overrides set until = now() where user_id = pg_temp.demo(1) and name = 'send-dm';
select is(pg_temp.decided('send-dm', 1), 'off organization', 'nor one that ends now');
update rolecall.feature_flag_overrides set until = now() + interval '1 second' where user_id = pg_temp.demo(1) and name = 'send-dm';
select is(pg_temp.decided('send-dm', 1), 'on user', 'one that ends later does');
delete from rolecall.feature_flag_overrides where name = 'send-dm';
delete from rolecall.feature_flags where name = 'send-dm';
select is(pg_temp.decided('send-dm', 1), 'off off', 'a flag without a row is off');
insert into rolecall.feature_flags (name, rollout, requires) values ('send-dm', 'enabled', 'messaging_v2_enabled');

-- What an override may be.
select throws_ok(statement, code, null, name)
from (
  values
    ($$ insert into rolecall.feature_flag_overrides (name, rollout) values ('blocks', 'enabled') $$, '23514', 'of nobody'),
    (
      format(
        $$ insert into rolecall.feature_flag_overrides (name, user_id, organization_id, rollout) values ('blocks', %L, %L, 'enabled') $$,
        pg_temp.demo(1),
        pg_temp.demo(31)
      ),
      '23514',
      'of two'
    ),
    (
      format($$ insert into rolecall.feature_flag_overrides (name, user_id, rollout) values ('blocks', %L, 'on') $$, pg_temp.demo(1)),
      '23514',
      'of no rollout'
    ),
    (
      format($$ insert into rolecall.feature_flag_overrides (name, user_id, rollout) values ('nothing', %L, 'enabled') $$, pg_temp.demo(1)),
      '23503',
      'of no flag'
    ),
    (
      format(
        $$ insert into rolecall.feature_flag_overrides (name, user_id, rollout) values ('blocks', %1$L, 'enabled'), ('blocks', %1$L, 'disabled') $$,
        pg_temp.demo(1)
      ),
      '23505',
      'twice of one'
    ),
    ($$ update rolecall.feature_flags set requires = 'nothing' where name = 'blocks' $$, '23503', 'what is required is there'),
    ($$ update rolecall.feature_flags set requires = 'blocks' where name = 'blocks' $$, '23514', 'no flag requires itself'),
    (
      $$ update rolecall.feature_flags set requires = 'blocks' where name = 'messaging_v2_enabled' $$,
      '23514',
      'nor by way of another'
    ),
    ($$ delete from rolecall.feature_flags where name = 'messaging_v2_enabled' $$, '23503', 'what is required stays')
) as wrong (statement, code, name);
select lives_ok(
  $$ update rolecall.feature_flags set requires = 'moderation' where name = 'blocks' $$,
  'a flag may require one that requires another'
);
update rolecall.feature_flags set rollout = 'disabled' where name = 'moderation';
select is(pg_temp.decided('blocks', 1), 'off prerequisite', 'and is off with it');
update rolecall.feature_flags set rollout = 'enabled' where name in ('moderation', 'messaging_v2_enabled');
update rolecall.feature_flags set requires = 'messaging_v2_enabled' where name = 'blocks';
delete from rolecall.feature_flag_overrides;

-- is_open, whatever is written.
create function pg_temp.open()
returns text
language sql
return (
  select string_agg(name, ' ' order by name)
  from rolecall.feature_flags
  where is_open and name in ('messaging_v2_enabled', 'send-dm', 'maintenance', 'reset-broadcast-quotas')
);
select is(pg_temp.open(), 'messaging_v2_enabled reset-broadcast-quotas send-dm', 'open is what includes everybody');
update rolecall.feature_flags set rollout = 'percentage:100' where name = 'messaging_v2_enabled';
select is(pg_temp.open(), 'reset-broadcast-quotas', 'and nothing that requires what does not');
update rolecall.feature_flags set rollout = 'enabled' where name = 'messaging_v2_enabled';
insert into rolecall.feature_flag_overrides (name, user_id, rollout) values ('send-dm', pg_temp.demo(1), 'enabled');
select is(pg_temp.open(), 'messaging_v2_enabled reset-broadcast-quotas', 'nor what has an override');
update rolecall.feature_flag_overrides set name = 'maintenance';
select is(pg_temp.open(), 'messaging_v2_enabled reset-broadcast-quotas send-dm', 'which is given to another');
delete from rolecall.feature_flag_overrides;
update rolecall.feature_flags set is_open = not is_open;
select is(pg_temp.open(), 'messaging_v2_enabled reset-broadcast-quotas send-dm', 'nobody writes it by hand');
update rolecall.feature_flags set requires = null where name = 'send-dm';
update rolecall.feature_flags set rollout = 'disabled' where name = 'messaging_v2_enabled';
select is(pg_temp.open(), 'reset-broadcast-quotas send-dm', 'a changed requirement counts');
update rolecall.feature_flags set requires = 'messaging_v2_enabled' where name = 'send-dm';
update rolecall.feature_flags set rollout = 'enabled' where name = 'messaging_v2_enabled';
insert into rolecall.feature_flag_overrides (name, user_id, rollout) values ('send-dm', pg_temp.demo(8), 'enabled');
delete from rolecall.profiles where id = pg_temp.demo(8);
select is(pg_temp.open(), 'messaging_v2_enabled reset-broadcast-quotas send-dm', 'with a profile its overrides go');

-- Every change leaves a row, which nobody changes.
create temporary table seen as select max(id) as id from rolecall.feature_flag_changes;
create temporary view changed as
select
  concat_ws(' ', name, coalesce(old, '-') || '>' || coalesce(new, '-'), reason) as change,
  by,
  organization_id,
  user_id,
  details
from rolecall.feature_flag_changes
where id > (select id from seen)
order by id;
select set_config('request.jwt.claims', '', true);
update rolecall.feature_flags set rollout = 'internal' where name = 'send-dm';
update rolecall.feature_flags set rollout = 'internal' where name = 'send-dm';
update rolecall.feature_flags set is_open = true, updated_at = now() where name = 'send-dm';
select results_eq(
  'select change, by::text from changed',
  $$ values ('send-dm enabled>internal ', session_user::text collate "default") $$,
  'a change by SQL leaves one row, no change none'
);
update seen set id = (select max(id) from rolecall.feature_flag_changes);
select set_config('rolecall.reason', 'Slowly', true), set_config('rolecall.actor', 'operator ann', true);
insert into rolecall.feature_flags (name, rollout) values ('next', 'disabled');
update rolecall.feature_flags set requires = 'send-dm', rollout = 'enabled' where name = 'next';
insert into rolecall.feature_flag_overrides (name, user_id, rollout) values ('next', pg_temp.demo(1), 'disabled');
update rolecall.feature_flag_overrides set user_id = pg_temp.demo(2) where name = 'next';
delete from rolecall.feature_flags where name = 'next';
select results_eq(
  'select change, by, user_id, details from changed',
  $$
    values
      ('next ->disabled Slowly', 'operator ann', null::uuid, '{}'::jsonb),
      ('next disabled>enabled Slowly', 'operator ann', null, '{"requires": {"old": null, "new": "send-dm"}}'),
      ('next ->disabled Slowly', 'operator ann', pg_temp.demo(1), '{}'),
      ('next disabled>- Slowly', 'operator ann', pg_temp.demo(1), '{}'),
      ('next ->disabled Slowly', 'operator ann', pg_temp.demo(2), '{}'),
      ('next enabled>- Slowly', 'operator ann', null, '{}'),
      ('next disabled>- Slowly', 'operator ann', pg_temp.demo(2), '{}')
  $$,
  'with who and why, of overrides, too'
);
select set_config('rolecall.reason', '', true), set_config('rolecall.actor', '', true);
update seen set id = (select max(id) from rolecall.feature_flag_changes);
select set_config('request.jwt.claims', jsonb_build_object('sub', pg_temp.demo(6))::text, true);
insert into rolecall.feature_flag_overrides (name, organization_id, rollout, reason)
values ('send-dm', pg_temp.demo(31), 'enabled', 'A pilot');
select set_config('request.jwt.claims', '', true);
select results_eq(
  'select change, by, organization_id from changed',
  $$ values ('send-dm ->enabled A pilot', pg_temp.demo(6)::text, pg_temp.demo(31)) $$,
  'else by the user of the request, with the override''s own reason'
);
select throws_ok(statement, '42501', null, statement)
from unnest(
  array[
    'update rolecall.feature_flag_changes set reason = ''Another''',
    'delete from rolecall.feature_flag_changes',
    'truncate rolecall.feature_flag_changes'
  ]
) as statement;
set local session_replication_role = 'replica';
select throws_ok('delete from rolecall.feature_flag_changes', '42501', null, 'no replica either');
set local session_replication_role = 'origin';
select is(
  pg_temp.run_as('service_role', null, 'update rolecall.feature_flag_changes set reason = ''Another'''),
  '42501',
  'nor the operator'
);
select is(
  pg_temp.run_as('service_role', null, 'update rolecall.feature_flags set rollout = ''disabled'' where name = ''blocks'''),
  '1',
  'who changes flags'
);
update rolecall.feature_flags set rollout = 'enabled' where name in ('send-dm', 'blocks');
delete from rolecall.feature_flag_overrides;

-- GET flags always says what the real call does: every row, override, variable and requirement together.
create temporary table component (name text primary key, function text, input jsonb);
insert into component
values
  ('blocks', 'blocks', '{"limit": 1}'),
  ('check-permission', 'check_permission', '{"action": "reply", "actor_role": "dealer", "target_role": "dealer"}'),
  ('conversations', 'inbox', '{"limit": 1}'),
  ('diagnostics', 'diagnostics', '{}'),
  ('help-conversations', 'help_conversations', '{"limit": 1}'),
  ('messages', 'message_history', '{}'),
  ('moderation', 'moderation_queue', '{"limit": 1}'),
  ('own-data', 'export_own_data', '{"limit": 1}'),
  ('reactions', 'message_reactions', '{"limit": 1}'),
  ('realtime', 'presence', jsonb_build_object('user_ids', jsonb_build_array(pg_temp.demo(1)))),
  (
    'send-broadcast',
    'send_broadcast',
    jsonb_build_object('show_id', pg_temp.demo(11), 'recipient_roles', '["attendee"]'::jsonb, 'message', 'News')
  ),
  ('send-dm', 'send_dm', '{"content": "Hi"}'),
  ('start-conversation', 'start_conversation', '{}'),
  ('sync', 'sync', '{"limit": 1}');
select set_eq(
  $$ select name from rolecall.feature_flags where requires = 'messaging_v2_enabled' $$,
  $$ select name from component where name not in ('messages', 'reactions', 'sync') union select 'messaging_v1' $$,
  'every function of users requires messaging_v2_enabled'
);
select set_eq(
  $$ select name from rolecall.feature_flags where requires = 'conversations' $$,
  array['messages', 'reactions', 'sync'],
  'sync and what is done with messages by way of conversations, which show them'
);
select results_eq(
  $$ select name, rollout, requires
     from rolecall.feature_flags
     where name = 'messaging_v1' or requires = 'messaging_v1'
     order by name $$,
  $$ values
       ('messaging_v1', 'disabled', 'messaging_v2_enabled'),
       ('proactive_thread_creation', 'disabled', 'messaging_v1'),
       ('sitter_messages_v1', 'disabled', 'messaging_v1') $$,
  'texting is off, and what builds on it requires it'
);
create function pg_temp.one_of(variadic p_values text[])
returns text
language sql
volatile
return p_values[1 + floor(random() * array_length(p_values, 1))];
create temporary table agreed (user_id int, rollouts jsonb, name text, said jsonb, answered text);
select setseed(0.11);
do $$
declare
  v_user int;
  v_rollouts jsonb;
  v_said jsonb;
begin
  update rolecall.rate_limits set capacity = null;
  -- The last has no profile.
  delete from rolecall.profiles where id = pg_temp.demo(3);
  for v_round in 1..150 loop
    delete from rolecall.feature_flag_overrides;
    if not exists (select from rolecall.feature_flags where name = 'own-data') then
      insert into rolecall.feature_flags (name, rollout, requires) values ('own-data', 'enabled', 'messaging_v2_enabled');
    end if;
    update rolecall.feature_flags
    set
      rollout = pg_temp.one_of('enabled', 'enabled', 'disabled', 'internal', 'percentage:50', 'percentage:100'),
      requires = case
        when name in ('messaging_v2_enabled', 'blocks') then null
        else pg_temp.one_of('messaging_v2_enabled', 'messaging_v2_enabled', 'blocks', null)
      end
    where name not in ('maintenance', 'reset-broadcast-quotas');
    if random() < 0.2 then
      delete from rolecall.feature_flags where name = 'own-data';
    end if;
    insert into rolecall.feature_flag_overrides (name, user_id, organization_id, rollout, until)
    select
      name,
      case target when 'user' then pg_temp.demo(1 + (random() * 1)::int) end,
      case target when 'organization' then pg_temp.demo(31) end,
      pg_temp.one_of('enabled', 'disabled', 'internal', 'percentage:50'),
      now() + pg_temp.one_of('1 hour', '1 hour', '-1 hour', null)::interval
    from rolecall.feature_flags
    cross join unnest(array['user', 'organization']) as target
    where random() < 0.25
      and name <> 'maintenance';
    foreach v_user in array array[1, 2, 3] loop
      v_rollouts := case
        when random() < 0.5 then '{}'
        else jsonb_build_object(
          pg_temp.one_of('messaging_v2_enabled', 'send-dm', 'blocks', 'start-conversation'),
          pg_temp.one_of('disabled', 'internal', 'percentage:50', 'enabled')
        )
      end;
      v_said := pg_temp.ask('flags', pg_temp.demo(v_user), '{}', null, v_rollouts);
      if v_said -> 'ok' is distinct from 'true' then
        raise exception 'flags answers %', v_said;
      end if;
      insert into agreed
      select
        v_user,
        v_rollouts,
        name,
        v_said #> array['data', 'flags', name],
        pg_temp.ask(function, pg_temp.demo(v_user), input, null, v_rollouts) ->> 'code'
      from component;
    end loop;
  end loop;
end
$$;
select is(
  (
    select string_agg(format('%s of %s with %s: said %s, answered %s', name, user_id, rollouts, said, answered), E'\n')
    from agreed
    where coalesce((said -> 'enabled')::boolean, false) = (answered is not distinct from 'feature_disabled')
  ),
  null,
  'the flags and the calls agree'
);
select cmp_ok((select count(*) from agreed where said -> 'enabled' = 'true'), '>', 300::bigint, 'on much that is on');
select cmp_ok((select count(*) from agreed where said -> 'enabled' = 'false'), '>', 300::bigint, 'and on much that is off');
select set_eq(
  $$ select distinct said ->> 'reason' from agreed where said is not null $$,
  array['variable', 'prerequisite', 'user', 'organization', 'internal', 'percentage', 'everybody', 'off'],
  'by every reason'
);

-- It answers whatever is off, and nobody but users.
update rolecall.feature_flags set rollout = 'disabled', requires = nullif('messaging_v2_enabled', name);
delete from rolecall.feature_flag_overrides;
select is(
  pg_temp.ask('flags', pg_temp.demo(1), '{}') #> '{data,flags,send-dm}',
  '{"enabled": false, "reason": "prerequisite"}',
  'all is off, and the flags are read'
);
select is(pg_temp.verdict(pg_temp.ask('flags', null, '{}')), 'unauthenticated', 'not by nobody');

select * from finish();
rollback;
