-- The role is the profile's unless the insert names one, and stays as it was at the moment of joining. Who is moved to
-- another show joins it at this moment.
create or replace function rolecall_internal.set_participant_role()
returns trigger
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  if tg_op = 'UPDATE' then
    new.role := old.role;
    if new.show_id is distinct from old.show_id or new.user_id is distinct from old.user_id then
      new.joined_at := now();
    end if;
    new.changed_xid := pg_current_xact_id();
    return new;
  end if;
  if new.role is null then
    select role
    into new.role
    from rolecall.profiles
    where id = new.user_id;
  end if;
  return new;
end
$$;

-- Counts who joined and left. A show has several rows of a role: a statement counts in one that no open transaction has
-- changed, or begins one, so that nobody waits for somebody else's commit. There are as many rows as once counted at the
-- same time; the sum of them is the count, and one alone may be negative.
create or replace function rolecall_internal.count_participants(
  p_shows uuid[],
  p_roles rolecall.app_role[],
  p_changes bigint[]
)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  with change as (
    select show_id, role, sum(participants) as participants
    from unnest(p_shows, p_roles, p_changes) as each (show_id, role, participants)
    group by show_id, role
    having sum(participants) <> 0
  ),
  place as (
    select
      show_id,
      role,
      participants,
      (
        select free.id
        from rolecall.show_audience as free
        where free.show_id = change.show_id
          and free.role = change.role
        limit 1
        for update skip locked
      ) as id
    from change
  ),
  counted as (
    update rolecall.show_audience as audience
    set participants = audience.participants + place.participants
    from place
    where audience.id = place.id
  )
  insert into rolecall.show_audience (show_id, role, participants)
  select show_id, role, participants
  from place
  where id is null
    -- A show that is deleted takes its participants along, and needs no count.
    and exists (
      select
      from rolecall.shows as show
      where show.id = place.show_id
    );
end
$$;

create or replace function rolecall_internal.count_joined()
returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  perform rolecall_internal.count_participants(array_agg(show_id), array_agg(role), array_agg(participants))
  from (
    select show_id, role, count(*) as participants
    from joined
    group by show_id, role
  ) as change;
  return null;
end
$$;

create or replace function rolecall_internal.count_left()
returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  perform rolecall_internal.count_participants(array_agg(show_id), array_agg(role), array_agg(participants))
  from (
    select show_id, role, -count(*) as participants
    from gone
    group by show_id, role
  ) as change;
  return null;
end
$$;

-- A participant who moves to another show leaves one audience and joins another.
create or replace function rolecall_internal.count_moved()
returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  perform rolecall_internal.count_participants(array_agg(show_id), array_agg(role), array_agg(participants))
  from (
    select show_id, role, 1::bigint as participants
    from joined
    union all
    select show_id, role, -1
    from gone
  ) as change;
  return null;
end
$$;

-- Keeps who left. Nothing is kept of a show or a profile that is deleted itself: it is gone already when this runs.
create or replace function rolecall_internal.archive_participations()
returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  insert into rolecall.past_participations as past (show_id, user_id, role, joined_at, left_at)
  select gone.show_id, gone.user_id, gone.role, gone.joined_at, clock_timestamp()
  from gone
  join rolecall.shows as show
    on show.id = gone.show_id
  join rolecall.profiles as profile
    on profile.id = gone.user_id
  where not exists (
    select
    from rolecall.show_participants as stays
    where stays.show_id = gone.show_id
      and stays.user_id = gone.user_id
  )
  on conflict (user_id, show_id, joined_at, role) do update
  set left_at = greatest(past.left_at, excluded.left_at);
  return null;
end
$$;

-- TRUNCATE fires no row triggers and hands over no rows; whoever may do it wants all audiences empty.
create or replace function rolecall_internal.count_none()
returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  update rolecall.show_audience
  set participants = 0;
  return null;
end
$$;
