-- plainly_on, which the message path asks, says yes only where flag_decision does: with every combination of what can
-- stand in the tables for a flag, the one that it requires and the one that this requires.
begin;
\ir ../support/calls.psql
select no_plan();

create temporary table compared (said boolean, decided boolean, reason text, about text);
grant all on compared to public;

do $$
declare
  v_org uuid := pg_temp.demo(31);
  v_user uuid := pg_temp.demo(1);
  v_basic text;
  v_messaging text;
  v_of_messaging text;
  v_of_sitter text;
  v_of_user text;
begin
  foreach v_basic in array array['enabled', 'disabled'] loop
    foreach v_messaging in array array['enabled', 'disabled', 'percentage:50'] loop
      update rolecall.feature_flags
      set rollout = case name
        when 'messaging_v2_enabled' then v_basic
        when 'messaging_v1' then v_messaging
        else 'disabled'
      end
      where name in ('messaging_v2_enabled', 'messaging_v1', 'sitter_messages_v1');
      foreach v_of_messaging in array array['none', 'enabled', 'disabled', 'for an hour', 'until an hour ago'] loop
        foreach v_of_sitter in array array['none', 'enabled', 'disabled', 'for an hour'] loop
          foreach v_of_user in array array['none', 'messaging_v1', 'sitter_messages_v1'] loop
            delete from rolecall.feature_flag_overrides;
            insert into rolecall.feature_flag_overrides (name, organization_id, user_id, rollout, until)
            select
              given.name,
              case when given.for_user then null else v_org end,
              case when given.for_user then v_user end,
              case when given.what = 'disabled' then 'disabled' else 'enabled' end,
              case given.what
                when 'for an hour' then now() + interval '1 hour'
                when 'until an hour ago' then now() - interval '1 hour'
              end
            from (
              values
                ('messaging_v1', false, v_of_messaging),
                ('sitter_messages_v1', false, v_of_sitter),
                (v_of_user, true, case when v_of_user = 'none' then 'none' else 'disabled' end)
            ) as given (name, for_user, what)
            where given.what <> 'none';
            insert into compared
            select
              (select is_on from rolecall_internal.plainly_on(flag, v_user, v_org)),
              decision.enabled,
              decision.reason,
              concat_ws(', ', flag, v_basic, v_messaging, v_of_messaging, v_of_sitter, v_of_user)
            from unnest(array['messaging_v1', 'sitter_messages_v1', 'proactive_thread_creation']) as flag
            cross join lateral rolecall_internal.flag_decision(flag, '{}', v_user, v_org, false) as decision;
          end loop;
        end loop;
      end loop;
    end loop;
  end loop;
end
$$;

select is(
  (select string_agg(about, E'\n') from compared where said and not decided),
  null,
  'it never says yes where the decision is no'
);
select is(
  (select count(*) from compared where said is null),
  0::bigint,
  'it says yes or no of every flag'
);
select cmp_ok((select count(*) from compared where said), '>', 20::bigint, 'it says yes of much');
select is(
  (
    select bool_and(said)
    from compared
    where about in (
      'messaging_v1, enabled, disabled, enabled, none, none',
      'sitter_messages_v1, enabled, disabled, enabled, enabled, none',
      'sitter_messages_v1, enabled, enabled, enabled, enabled, none'
    )
  ),
  true,
  'of an organisation that was switched on as the documentation has it'
);
select is(
  (select is_on from rolecall_internal.plainly_on('unknown', pg_temp.demo(1), pg_temp.demo(31))),
  null,
  'and nothing of a flag that there is not'
);

select * from finish();
rollback;
