-- A page of the queue, newest first: {status?, show_id?, limit, cursor?}. An actor who moderates their own shows alone
-- sees the reports of those, except about themselves, with the status that it has for organizers: pending until they or a
-- moderator decide. For moderators it is pending until a moderator does. Each status of each show is read by index, no
-- further than the page.
create or replace function rolecall_internal.moderation_queue(p_user uuid, p_input jsonb, p_rollouts jsonb)
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_actor rolecall.actor := rolecall_internal.actor(p_user, 'moderation', p_rollouts);
  v_refusal jsonb := rolecall_internal.refuse_moderation_reader(v_actor, 'queue');
  v_limit int := rolecall_internal.page_size(p_input, rolecall_internal.limit_page());
  v_at timestamptz := 'infinity';
  v_id uuid := 'ffffffff-ffff-ffff-ffff-ffffffffffff';
  v_statuses text[] := array['pending', 'dismissed', 'actioned'];
  v_show uuid;
  v_moderates boolean := rolecall_internal.moderates_everything(v_actor.role);
  -- Null for all shows.
  v_shows uuid[];
  v_page rolecall.reported_messages[];
  v_counts jsonb;
begin
  if v_refusal is not null then
    return v_refusal;
  end if;
  if p_input ->> 'cursor' is not null then
    select parts.at, parts.id
    into v_at, v_id
    from rolecall_internal.cursor_parts(p_input ->> 'cursor') as parts;
    if v_at is null then
      return rolecall_internal.refuse_cursor();
    end if;
  end if;
  if p_input ->> 'status' is not null then
    if p_input ->> 'status' <> all (v_statuses) then
      return rolecall_internal.refusal('invalid_input', 'The status is pending, dismissed or actioned.');
    end if;
    v_statuses := array[p_input ->> 'status'];
  end if;
  if not v_moderates then
    select coalesce(array_agg(id), '{}')
    into v_shows
    from rolecall.shows
    where organizer_id = p_user;
  end if;
  if p_input ->> 'show_id' is not null then
    select id
    into v_show
    from rolecall.shows
    where id = rolecall_internal.uuid_or_null(p_input ->> 'show_id');
    if not found then
      return rolecall_internal.refusal('not_found', 'There is no show with this show_id.');
    end if;
    if v_show <> all (v_shows) then
      return rolecall_internal.refusal_of(
        rolecall_internal.decide('moderate', v_actor.role, rolecall_internal.role_of_strangers(), '{feature_enabled}')
      );
    end if;
    v_shows := array[v_show];
  end if;

  if v_shows is null then
    select array_agg(newest order by created_at desc, id desc)
    into v_page
    from (
      select report.*
      from unnest(v_statuses) as wanted (status)
      cross join lateral (
        select *
        from rolecall.reported_messages as each
        where each.status = wanted.status
          and (each.created_at, each.id) < (v_at, v_id)
        order by each.created_at desc, each.id desc
        limit v_limit + 1
      ) as report
      order by report.created_at desc, report.id desc
      limit v_limit + 1
    ) as newest;
  elsif v_moderates then
    select array_agg(newest order by created_at desc, id desc)
    into v_page
    from (
      select report.*
      from unnest(v_statuses) as wanted (status)
      cross join lateral (
        select *
        from rolecall.reported_messages as each
        where each.show_id = v_show
          and each.status = wanted.status
          and (each.created_at, each.id) < (v_at, v_id)
        order by each.created_at desc, each.id desc
        limit v_limit + 1
      ) as report
      order by report.created_at desc, report.id desc
      limit v_limit + 1
    ) as newest;
  else
    select array_agg(newest order by created_at desc, id desc)
    into v_page
    from (
      select report.*
      from unnest(v_shows) as own (show_id)
      cross join unnest(v_statuses) as wanted (status)
      cross join lateral (
        select *
        from rolecall.reported_messages as each
        where each.show_id = own.show_id
          and each.organizer_status = wanted.status
          and each.reported_user_id is distinct from p_user
          and (each.created_at, each.id) < (v_at, v_id)
        order by each.created_at desc, each.id desc
        limit v_limit + 1
      ) as report
      order by report.created_at desc, report.id desc
      limit v_limit + 1
    ) as newest;
  end if;
  select jsonb_object_agg(status, reports)
  into v_counts
  from (
    select status, sum(reports) as reports
    from rolecall.report_counts
    where queue = case when v_moderates then 'moderators' else 'organizers' end
      and (
        v_shows is null
        or show_id = any (v_shows)
      )
    group by status
  ) as counted;

  return rolecall_internal.success(
    jsonb_build_object(
      'reports', (
        select coalesce(
          jsonb_agg(rolecall_internal.report_json(report, v_actor) order by report.created_at desc, report.id desc),
          '[]'
        )
        from unnest(v_page[1:v_limit]) as report
      ),
      'counts', '{"pending": 0, "dismissed": 0, "actioned": 0}'::jsonb || coalesce(v_counts, '{}'),
      'next_cursor', case
        when cardinality(v_page) > v_limit
          then rolecall_internal.cursor_of(v_page[v_limit].created_at, v_page[v_limit].id)
      end
    )
  );
end
$$;

create or replace function rolecall_edge.moderation_queue(p_request jsonb)
returns jsonb
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_call rolecall.call := rolecall_internal.begin_call('moderation.queue', p_request, p_rate => 'read', p_keyed => false);
begin
  if v_call.answer is null then
    v_call.answer := rolecall_internal.moderation_queue(v_call.caller, v_call.input, v_call.rollouts);
  end if;
  return rolecall_internal.end_call(v_call);
end
$$;
