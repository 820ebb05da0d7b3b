-- Shows, who takes part in them, and how many of each role do.

create table if not exists public.shows (
  id uuid primary key default gen_random_uuid(),
  organizer_id uuid not null references public.profiles (id),
  title text not null,
  starts_at timestamptz not null,
  ends_at timestamptz not null,
  created_at timestamptz not null default now(),
  constraint shows_title_length check (char_length(title) between 1 and 200),
  constraint shows_ends_after_start check (ends_at >= starts_at)
);
comment on table public.shows is 'Card shows. Before starts_at a broadcast counts as pre_show, from then on as post_show.';

create index if not exists shows_organizer_id_idx
  on public.shows (organizer_id);

create table if not exists public.show_participants (
  show_id uuid not null references public.shows (id) on delete cascade,
  user_id uuid not null references public.profiles (id) on delete cascade,
  role public.app_role not null,
  joined_at timestamptz not null default now(),
  primary key (show_id, user_id)
);
comment on table public.show_participants is
  'Who takes part in a show. Taking part gives rights to write, so the backend says who does.';
comment on column public.show_participants.role is
  'The role at the moment of joining, which decides for which broadcasts somebody is in the audience.';

-- A broadcast is for who took part at that moment: leaving a show must not take away what was sent before, nor joining
-- it again give what was sent between.
create table if not exists rolecall.past_participations (
  show_id uuid not null references public.shows (id) on delete cascade,
  user_id uuid not null references public.profiles (id) on delete cascade,
  role public.app_role not null,
  joined_at timestamptz not null,
  left_at timestamptz not null,
  primary key (user_id, show_id, joined_at, role)
);
comment on table rolecall.past_participations is 'Who took part in a show, from when until when, and left it.';

create index if not exists past_participations_show_id_idx
  on rolecall.past_participations (show_id);

create or replace view rolecall.participations as
select show_id, user_id, role, joined_at, 'infinity'::timestamptz as left_at
from public.show_participants
union all
select show_id, user_id, role, joined_at, left_at
from rolecall.past_participations;
comment on view rolecall.participations is 'Who takes or took part in which show, from when until when.';

-- Leads from a user to their shows without reading the table.
create index if not exists show_participants_user_id_idx
  on public.show_participants (user_id, show_id);

create table if not exists rolecall.show_audience (
  show_id uuid not null references public.shows (id) on delete cascade,
  role public.app_role not null,
  participants bigint not null,
  primary key (show_id, role)
);
comment on table rolecall.show_audience is
  'How many participants of each role a show has, so that a broadcast to 100,000 counts its audience in one row.';

-- The role is the profile's unless the insert names one, and stays as it was at the moment of joining. Who is moved to
-- another show joins it at this moment.
create or replace function rolecall.set_participant_role()
returns trigger
language plpgsql
set search_path = ''
as $$
begin
  if tg_op = 'UPDATE' then
    new.role := old.role;
    if new.show_id is distinct from old.show_id or new.user_id is distinct from old.user_id then
      new.joined_at := now();
    end if;
    return new;
  end if;
  if new.role is null then
    select role
    into new.role
    from public.profiles
    where id = new.user_id;
  end if;
  return new;
end
$$;

create or replace trigger show_participants_set_role
before insert or update on public.show_participants
for each row
execute function rolecall.set_participant_role();

-- One statement each for any number of rows, in one order, so that two of them cannot wait for each other.
create or replace function rolecall.count_joined()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  insert into rolecall.show_audience as audience (show_id, role, participants)
  select show_id, role, count(*)
  from joined
  group by show_id, role
  order by show_id, role
  on conflict (show_id, role) do update
  set participants = audience.participants + excluded.participants;
  return null;
end
$$;

create or replace function rolecall.count_left()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  perform
  from rolecall.show_audience
  where (show_id, role) in (select show_id, role from gone)
  order by show_id, role
  for update;
  update rolecall.show_audience as audience
  set participants = audience.participants - gone_of.participants
  from (
    select show_id, role, count(*) as participants
    from gone
    group by show_id, role
  ) as gone_of
  where audience.show_id = gone_of.show_id
    and audience.role = gone_of.role;
  return null;
end
$$;

create or replace trigger show_participants_count_joined
after insert on public.show_participants
referencing new table as joined
for each statement
execute function rolecall.count_joined();

create or replace trigger show_participants_count_left
after delete on public.show_participants
referencing old table as gone
for each statement
execute function rolecall.count_left();

-- A participant who moves to another show leaves one audience and joins another.
create or replace function rolecall.count_moved()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  insert into rolecall.show_audience as audience (show_id, role, participants)
  select show_id, role, sum(participants)
  from (
    select show_id, role, 1 as participants from joined
    union all
    select show_id, role, -1 from gone
  ) as change
  group by show_id, role
  having sum(participants) <> 0
  order by show_id, role
  on conflict (show_id, role) do update
  set participants = audience.participants + excluded.participants;
  return null;
end
$$;

create or replace trigger show_participants_count_moved
after update on public.show_participants
referencing old table as gone new table as joined
for each statement
execute function rolecall.count_moved();

-- Keeps who left. Nothing is kept of a show or a profile that is deleted itself: it is gone already when this runs.
create or replace function rolecall.archive_participations()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  insert into rolecall.past_participations as past (show_id, user_id, role, joined_at, left_at)
  select gone.show_id, gone.user_id, gone.role, gone.joined_at, clock_timestamp()
  from gone
  join public.shows as show
    on show.id = gone.show_id
  join public.profiles as profile
    on profile.id = gone.user_id
  where not exists (
    select
    from public.show_participants as stays
    where stays.show_id = gone.show_id
      and stays.user_id = gone.user_id
  )
  on conflict (user_id, show_id, joined_at, role) do update
  set left_at = greatest(past.left_at, excluded.left_at);
  return null;
end
$$;

create or replace trigger show_participants_archive_left
after delete on public.show_participants
referencing old table as gone
for each statement
execute function rolecall.archive_participations();

create or replace trigger show_participants_archive_moved
after update on public.show_participants
referencing old table as gone
for each statement
execute function rolecall.archive_participations();

-- TRUNCATE fires no row triggers and hands over no rows; whoever may do it wants all audiences empty.
create or replace function rolecall.count_none()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  update rolecall.show_audience
  set participants = 0;
  return null;
end
$$;

create or replace trigger show_participants_count_none
after truncate on public.show_participants
for each statement
execute function rolecall.count_none();

revoke all on rolecall.past_participations, rolecall.participations, rolecall.show_audience
  from public, anon, authenticated, service_role;
revoke execute on function
  rolecall.set_participant_role(),
  rolecall.count_joined(),
  rolecall.count_left(),
  rolecall.count_moved(),
  rolecall.archive_participations(),
  rolecall.count_none()
  from public, anon, authenticated, service_role;

alter table public.shows enable row level security;
revoke all on public.shows from public, anon, authenticated, service_role;
grant select on public.shows to authenticated;
grant select, insert, update, delete on public.shows to service_role;

drop policy if exists "users see every show" on public.shows;
create policy "users see every show"
on public.shows
for select
to authenticated
using ((select auth.uid()) is not null);

alter table public.show_participants enable row level security;
revoke all on public.show_participants from public, anon, authenticated, service_role;
grant select on public.show_participants to authenticated;
grant select, insert, update, delete on public.show_participants to service_role;

drop policy if exists "people see where they take part, organizers who does" on public.show_participants;
create policy "people see where they take part, organizers who does"
on public.show_participants
for select
to authenticated
using (
  user_id = (select auth.uid())
  or exists (
    select
    from public.shows as show
    where show.id = show_id
      and show.organizer_id = (select auth.uid())
  )
);

insert into rolecall.schema_migrations (version, name)
values (5, 'shows')
on conflict (version) do nothing;
