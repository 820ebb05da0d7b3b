-- Who may read a thread and write into it. The matrix for organisations decides; here are the facts.

-- All facts that decide what p_user may do with p_thread. A thread of another organisation is not found. PostgreSQL
-- writes it into the statements that ask.
create or replace function rolecall_internal.thread_facts(p_user uuid, p_thread uuid)
returns table (
  role rolecall.app_role,
  is_internal boolean,
  org_id uuid,
  organization_role text,
  flag text,
  is_open boolean,
  thread_id uuid,
  client_id uuid,
  number_class text,
  facts text[],
  flags_revision bigint
)
language sql
stable
begin atomic
  select
    profile.role,
    profile.is_internal,
    profile.organization_id,
    profile.organization_role,
    asked_flag.name,
    (
      select is_on
      from rolecall_internal.plainly_on(asked_flag.name, asked.id, profile.organization_id)
    ),
    thread.id,
    thread.client_id,
    thread.number_class,
    array[
      'feature_enabled',
      rolecall_internal.suspended_fact(profile.suspended_until),
      case when thread.id is not null then 'own_organization' end,
      case when thread.scope = 'client' and own.is_assigned then 'assigned' end,
      case
        when thread.scope = 'client'
          and (
            own.is_assigned
            or exists (
              select
              from rolecall.assignment_windows as once
              where once.organization_id = thread.organization_id
                and once.thread_id = thread.id
                and once.sitter_id = p_user
            )
          )
        then 'once_assigned'
      end,
      case when thread.scope = 'client' and own.is_inside then 'inside_window' end,
      case when client.user_id = p_user and thread.scope = 'client' then 'own_thread' end,
      case when thread.scope = 'owner_inbox' then 'owner_inbox' end,
      case when thread.status = 'closed' or client.erased_at is not null then 'read_only' end,
      case
        when exists (
          select
          from rolecall.opt_outs as opt_out
          where opt_out.organization_id = thread.organization_id
            and opt_out.client_id = thread.client_id
        )
        then 'opted_out'
      end
    ],
    (select revision from rolecall.feature_flag_revision)
  from (values (p_user)) as asked (id)
  left join rolecall.profiles as profile
    on profile.id = asked.id
  left join rolecall.message_threads as thread
    on thread.id = p_thread
    and thread.organization_id = profile.organization_id
  cross join lateral (
    select rolecall_internal.organization_flag(profile.organization_role) as name
  ) as asked_flag
  left join rolecall.clients as client
    on client.organization_id = thread.organization_id
    and client.id = thread.client_id
  left join lateral (
    select
      bool_or(true) as is_assigned,
      bool_or(assigned.starts_at <= now()) as is_inside
    from rolecall.assignment_windows as assigned
    where assigned.organization_id = thread.organization_id
      and assigned.thread_id = thread.id
      -- Of the windows of the thread, which are fewer than those of the sitter.
      and coalesce(assigned.sitter_id = p_user, false)
      and assigned.closed_at is null
      and assigned.ends_at > now()
  ) as own
    on true;
end;

-- Somebody before a thread, with these facts.
create or replace function rolecall_internal.thread_actor(p_user uuid, p_thread uuid, p_rollouts jsonb)
returns rolecall.thread_actor
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_actor rolecall.thread_actor;
begin
  -- As one row, which costs less than column by column.
  select
    role,
    is_internal,
    org_id,
    organization_role,
    thread_id,
    client_id,
    number_class,
    facts,
    flags_revision,
    rolecall_internal.refuse_actor(p_user, role, org_id, is_internal, flag, is_open, p_rollouts)
  into v_actor
  from rolecall_internal.thread_facts(p_user, p_thread);
  return v_actor;
end
$$;

-- Whether something has come to stand in the way of who was judged as p_actor and let through: it costs less than judging
-- them once more. Flags change for others, too, and often where many organisations are set up: whether they still let
-- this one through is asked only then.
create or replace function rolecall_internal.thread_actor_changed(
  p_user uuid,
  p_actor rolecall.thread_actor,
  p_rollouts jsonb
)
returns boolean
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_revision bigint;
begin
  select now.flags_revision
  into v_revision
  from rolecall_internal.thread_facts(p_user, p_actor.thread_id) as now
  where now.role is not distinct from p_actor.role
    and now.is_internal is not distinct from p_actor.is_internal
    and now.org_id is not distinct from p_actor.organization_id
    and now.organization_role is not distinct from p_actor.organization_role
    and now.client_id is not distinct from p_actor.client_id
    and now.facts is not distinct from p_actor.facts;
  if not found then
    return true;
  end if;
  return v_revision is distinct from p_actor.flags_revision
    and (rolecall_internal.thread_actor(p_user, p_actor.thread_id, p_rollouts)).refusal is not null;
end
$$;

-- Whether they may do p_action with the thread.
create or replace function rolecall_internal.judge_thread(p_action text, p_actor rolecall.thread_actor)
returns rolecall.judgement
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_decision rolecall.decision;
begin
  if p_actor.refusal is not null then
    return rolecall_internal.judgement_of_refusal(p_actor.refusal, p_actor.organization_id);
  end if;
  v_decision := rolecall_internal.decide_organization(p_action, p_actor.organization_role, p_actor.facts);
  -- Nearly always.
  if v_decision.allowed then
    return row(true, null::jsonb, p_actor.organization_id, v_decision.rule);
  end if;
  return rolecall_internal.judgement_of(v_decision, p_actor.organization_id);
end
$$;

-- The refusal of a message with what its sender needs to know besides: outside their windows, when the next one opens, in
-- words and numbers by the organisation's clocks for people, and in UTC for clients.
create or replace function rolecall_internal.refuse_message(
  p_judgement rolecall.judgement,
  p_user uuid,
  p_actor rolecall.thread_actor
)
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_window rolecall.assignment_windows;
  v_zone text;
begin
  if p_judgement.refusal ->> 'code' is distinct from 'outside_assignment_window' then
    return p_judgement.refusal;
  end if;
  select *
  into v_window
  from rolecall.assignment_windows
  where organization_id = p_actor.organization_id
    and thread_id = p_actor.thread_id
    and sitter_id = p_user
    and closed_at is null
    and starts_at > now()
    and ends_at > now()
  order by starts_at, id
  limit 1;
  select time_zone
  into v_zone
  from rolecall.organizations
  where id = p_actor.organization_id;
  return p_judgement.refusal || jsonb_build_object(
    'detail', concat_ws(
      ' ',
      p_judgement.refusal ->> 'detail',
      case
        when v_window.id is null then 'No such time is planned at the moment; the office can help.'
        else format(
          'The next such time begins on %s.',
          rolecall_internal.local_words(v_window.starts_at, v_zone)
        )
      end
    ),
    'data', jsonb_build_object(
      'next_window',
      case
        when v_window.id is not null then
          rolecall_internal.window_times(v_window.starts_at, v_window.ends_at, v_zone)
      end
    )
  );
end
$$;
