-- The threads that somebody reads, those with the newest messages first.

-- Somebody of an organisation who reads threads, or their refusal. The flag is the one of their role.
create or replace function rolecall_internal.thread_reader(p_user uuid, p_rollouts jsonb)
returns rolecall.actor
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_role text := (select organization_role from rolecall.profiles where id = p_user);
  v_actor rolecall.actor := rolecall_internal.actor(p_user, rolecall_internal.organization_flag(v_role), p_rollouts);
  v_decision rolecall.decision;
begin
  if v_actor.refusal is null and not rolecall_internal.is_organization_role(v_actor.organization_role) then
    -- The matrix has the words.
    v_decision := rolecall_internal.decide_organization('read_thread', null, '{}');
    v_actor.refusal := rolecall_internal.refusal_of(v_decision);
  end if;
  return v_actor;
end
$$;

-- The threads of somebody who does not read all of their organisation: those in which they have a window that is open or to
-- come, or those whose client they are.
create or replace function rolecall_internal.own_threads(p_reader rolecall.actor, p_user uuid)
returns uuid[]
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  return array(
    select thread.id
    from rolecall.assignment_windows as assigned
    join rolecall.message_threads as thread
      on thread.organization_id = assigned.organization_id
      and thread.id = assigned.thread_id
      and thread.scope = 'client'
    where rolecall_internal.reads_assigned_threads(p_reader.organization_role)
      and assigned.organization_id = p_reader.organization_id
      and assigned.sitter_id = p_user
      and assigned.closed_at is null
      and assigned.ends_at > now()
    union
    select thread.id
    from rolecall.clients as client
    join rolecall.message_threads as thread
      on thread.organization_id = client.organization_id
      and thread.client_id = client.id
      and thread.scope = 'client'
    where rolecall_internal.reads_own_thread(p_reader.organization_role)
      and client.organization_id = p_reader.organization_id
      and client.user_id = p_user
  );
end
$$;

-- A page of the list: {limit, scope?, status?, sitter_id?, client_id?, unread?, cursor?}. sitter_id asks for threads in which
-- this sitter has a window that is open or to come.
create or replace function rolecall_internal.list_threads(p_user uuid, p_input jsonb, p_rollouts jsonb)
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
-- Planning takes as long as answering.
set plan_cache_mode = force_generic_plan
-- A bitmap of the owner inbox would be one of all that waits there.
set enable_bitmapscan = off
as $$
declare
  v_actor rolecall.actor := rolecall_internal.thread_reader(p_user, p_rollouts);
  v_role text := v_actor.organization_role;
  v_org uuid := v_actor.organization_id;
  v_limit int := rolecall_internal.page_size(p_input, rolecall_internal.limit_page());
  v_scope text := p_input ->> 'scope';
  v_status text := p_input ->> 'status';
  v_sitter uuid := rolecall_internal.uuid_or_null(p_input ->> 'sitter_id');
  v_client uuid := rolecall_internal.uuid_or_null(p_input ->> 'client_id');
  v_unread boolean := p_input -> 'unread' is not distinct from 'true';
  v_at timestamptz;
  v_id uuid;
  v_every boolean := rolecall_internal.reads_every_thread(v_role);
  -- Where the page may come from; null for every thread of the organisation.
  v_candidates uuid[];
  v_threads uuid[];
  v_times timestamptz[];
begin
  if v_actor.refusal is not null then
    return v_actor.refusal;
  end if;
  select at, id
  into v_at, v_id
  from rolecall_internal.cursor_parts(p_input ->> 'cursor');
  if p_input ->> 'cursor' is not null and v_id is null then
    return rolecall_internal.refuse_cursor();
  end if;

  v_at := coalesce(v_at, 'infinity');
  v_id := coalesce(v_id, 'ffffffff-ffff-ffff-ffff-ffffffffffff');
  -- As own_threads has them; the scope is asked below, where the threads are read anyway.
  if rolecall_internal.reads_assigned_threads(v_role) or (v_every and v_sitter is not null) then
    v_candidates := array(
      select distinct thread_id
      from rolecall.assignment_windows
      where organization_id = v_org
        and sitter_id = case when v_every then v_sitter else p_user end
        and closed_at is null
        and ends_at > now()
    );
  elsif not v_every then
    v_candidates := rolecall_internal.own_threads(v_actor, p_user);
  elsif v_client is not null then
    v_candidates := array(
      select id
      from rolecall.message_threads
      where organization_id = v_org
        and client_id = v_client
    );
  end if;

  if v_candidates is null then
    select
      array_agg(page.id order by page.last_message_at desc, page.id desc),
      array_agg(page.last_message_at order by page.last_message_at desc, page.id desc)
    into v_threads, v_times
    from (
      select listed.id, listed.last_message_at
      from (
        -- The index has the hours in their order; within an hour the threads are sorted.
        select thread.id, thread.scope, thread.active_in, thread.last_message_at
        from rolecall.message_threads as thread
        where thread.organization_id = v_org
          and thread.active_in <= rolecall_internal.hour_of(v_at)
          and (thread.last_message_at, thread.id) < (v_at, v_id)
          and (v_scope is null or thread.scope = v_scope)
          and (v_status is null or thread.status = v_status)
        order by thread.active_in desc, thread.last_message_at desc, thread.id desc
        -- Of threads that are looked into, nobody knows how many it takes; they come one by one.
        limit case when not v_unread then v_limit + 1 end
      ) as listed
      left join rolecall.thread_reads as own
        on own.organization_id = v_org
        and own.thread_id = listed.id
        and own.user_id = p_user
      cross join lateral rolecall_internal.thread_news(
        v_org,
        listed.id,
        listed.scope = 'owner_inbox',
        coalesce(own.last_read_seq, 0),
        v_role,
        p_user,
        case when v_unread then 1 else 0 end
      ) as news
      where not v_unread
        or news.messages > 0
      order by listed.active_in desc, listed.last_message_at desc, listed.id desc
      limit v_limit + 1
    ) as page;
  else
    select
      array_agg(page.id order by page.last_message_at desc, page.id desc),
      array_agg(page.last_message_at order by page.last_message_at desc, page.id desc)
    into v_threads, v_times
    from (
      select listed.id, listed.last_message_at
      from (
        select thread.id, thread.scope, thread.last_message_at
        from unnest(v_candidates) as candidate (id)
        join rolecall.message_threads as thread
          on thread.id = candidate.id
          and thread.organization_id = v_org
        where (thread.last_message_at, thread.id) < (v_at, v_id)
          and (v_every or thread.scope = 'client')
          and (v_scope is null or thread.scope = v_scope)
          and (v_status is null or thread.status = v_status)
          and (v_client is null or thread.client_id = v_client)
          and (
            v_sitter is null
            -- The candidates are theirs.
            or v_every
            or exists (
              select
              from rolecall.assignment_windows as assigned
              where assigned.organization_id = v_org
                and assigned.thread_id = thread.id
                and assigned.sitter_id = v_sitter
                and assigned.closed_at is null
                and assigned.ends_at > now()
            )
          )
        order by thread.last_message_at desc, thread.id desc
        limit case when not v_unread then v_limit + 1 end
      ) as listed
      left join rolecall.thread_reads as own
        on own.organization_id = v_org
        and own.thread_id = listed.id
        and own.user_id = p_user
      cross join lateral rolecall_internal.thread_news(
        v_org,
        listed.id,
        listed.scope = 'owner_inbox',
        coalesce(own.last_read_seq, 0),
        v_role,
        p_user,
        case when v_unread then 1 else 0 end
      ) as news
      where not v_unread
        or news.messages > 0
      order by listed.last_message_at desc, listed.id desc
      limit v_limit + 1
    ) as page;
  end if;
  return rolecall_internal.success(
    jsonb_build_object(
      'threads', rolecall_internal.thread_cards(v_org, v_threads[:v_limit], v_role, p_user),
      'next_cursor',
      case
        when cardinality(v_threads) > v_limit then
          rolecall_internal.cursor_of(v_times[v_limit], v_threads[v_limit])
      end
    )
  ) || jsonb_build_object('org_id', v_org);
end
$$;

create or replace function rolecall_edge.list_threads(p_request jsonb)
returns jsonb
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_call rolecall.call := rolecall_internal.begin_call('threads.list', p_request, p_rate => 'read', p_keyed => false);
begin
  if v_call.answer is null then
    v_call.answer := rolecall_internal.list_threads(v_call.caller, v_call.input, v_call.rollouts);
  end if;
  return rolecall_internal.end_call(v_call);
end
$$;
