-- Keeps rolecall.shows and rolecall.show_participants in step with your own tables: the rows that exist and those that will.
--
-- Here the tables are public.shows (id uuid, organizer_id uuid, title text, starts_at timestamptz, ends_at timestamptz) and
-- public.show_attendees (show_id uuid, user_id uuid); change the names where yours differ. Copy it into your own migrations
-- behind the file that makes the profiles, and apply it as the login that applied Rolecall's migrations. It can be applied
-- again. To undo it: shows_from_own_tables_undo.sql.
--
-- Taking part in a show gives rights: an MVP dealer can write to everybody in it. Whoever can write a row of
-- public.show_attendees can therefore give these rights, and whoever can write organizer_id decides who broadcasts to all
-- participants. Check your policies on both tables.

-- Rolecall refuses titles that show nothing or are too long. A write to your table must not fail because of that.
create or replace function public.rolecall_show_title(p_title text)
returns text
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_title constant text := left(btrim(p_title), 200);
begin
  return case when rolecall_internal.is_text(v_title, 1, 200) then v_title else 'Untitled show' end;
end
$$;

create or replace function public.rolecall_show_of_own_row()
returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  -- Your tables work on when Rolecall was taken out.
  if to_regclass('rolecall.shows') is null then
    return null;
  end if;
  if tg_op = 'DELETE' then
    delete from rolecall.shows
    where id = old.id;
    return null;
  end if;
  insert into rolecall.shows (id, organizer_id, title, starts_at, ends_at)
  values (
    new.id,
    (select id from rolecall.profiles where id = new.organizer_id),
    public.rolecall_show_title(new.title),
    new.starts_at,
    greatest(new.ends_at, new.starts_at)
  )
  on conflict (id) do update
  set
    organizer_id = excluded.organizer_id,
    title = excluded.title,
    starts_at = excluded.starts_at,
    ends_at = excluded.ends_at;
  return null;
end
$$;

create or replace function public.rolecall_participant_of_own_row()
returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  if to_regclass('rolecall.show_participants') is null then
    return null;
  end if;
  if tg_op <> 'INSERT' then
    delete from rolecall.show_participants
    where show_id = old.show_id
      and user_id = old.user_id;
  end if;
  if tg_op <> 'DELETE' then
    -- Rolecall takes the role from the profile.
    insert into rolecall.show_participants (show_id, user_id)
    select show.id, profile.id
    from rolecall.shows as show
    cross join rolecall.profiles as profile
    where show.id = new.show_id
      and profile.id = new.user_id
    on conflict (show_id, user_id) do nothing;
  end if;
  return null;
end
$$;

-- Supabase grants new functions to everybody by itself.
revoke execute on function
  public.rolecall_show_title(text),
  public.rolecall_show_of_own_row(),
  public.rolecall_participant_of_own_row()
  from public, anon, authenticated, service_role;

create or replace trigger rolecall_show_follows
after insert or update or delete on public.shows
for each row
execute function public.rolecall_show_of_own_row();

create or replace trigger rolecall_participant_follows
after insert or delete on public.show_attendees
for each row
execute function public.rolecall_participant_of_own_row();

create or replace trigger rolecall_participant_moves
after update on public.show_attendees
for each row
when (old.show_id is distinct from new.show_id or old.user_id is distinct from new.user_id)
execute function public.rolecall_participant_of_own_row();

-- Those that exist. The triggers come first, so that no row that is written meanwhile is missed.
insert into rolecall.shows (id, organizer_id, title, starts_at, ends_at)
select
  own.id,
  organizer.id,
  public.rolecall_show_title(own.title),
  own.starts_at,
  greatest(own.ends_at, own.starts_at)
from public.shows as own
left join rolecall.profiles as organizer
  on organizer.id = own.organizer_id
on conflict (id) do nothing;

insert into rolecall.show_participants (show_id, user_id)
select own.show_id, own.user_id
from public.show_attendees as own
join rolecall.shows as show
  on show.id = own.show_id
join rolecall.profiles as profile
  on profile.id = own.user_id
on conflict (show_id, user_id) do nothing;
