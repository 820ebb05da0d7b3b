-- Makes a row of rolecall.profiles for every row of your own table of users, those that exist and those that will.
--
-- Here the table is public.profiles (id uuid, name text); change the names where yours differ. Copy it into your own
-- migrations behind Rolecall's and apply it as the login that applied those. It can be applied again. To undo it:
-- profiles_from_own_table_undo.sql.
--
-- Only the name is taken. The role stays 'attendee' until your backend sets it, or until you apply
-- roles_from_own_table.sql as well.

-- Rolecall refuses names that show nothing or hide something. A write to your table must not fail because of that: the name
-- is empty then.
create or replace function public.rolecall_name_of_own_row(p_name text)
returns text
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_name constant text := left(btrim(p_name), 200);
begin
  return case when rolecall_internal.is_name(v_name) then v_name else '' end;
end
$$;

create or replace function public.rolecall_profile_of_own_row()
returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  -- Nobody's sign-up fails because Rolecall was taken out.
  if to_regclass('rolecall.profiles') is null then
    return new;
  end if;
  insert into rolecall.profiles (id, display_name)
  values (new.id, public.rolecall_name_of_own_row(new.name))
  on conflict (id) do update
  set display_name = excluded.display_name;
  return new;
end
$$;

-- Supabase grants new functions to everybody by itself.
revoke execute on function
  public.rolecall_name_of_own_row(text),
  public.rolecall_profile_of_own_row()
  from public, anon, authenticated, service_role;

create or replace trigger rolecall_profile_is_made
after insert on public.profiles
for each row
execute function public.rolecall_profile_of_own_row();

create or replace trigger rolecall_profile_follows
after update on public.profiles
for each row
when (old.name is distinct from new.name)
execute function public.rolecall_profile_of_own_row();

-- Whoever is deleted there has the account deleted here, too: the name at once, and the contents of up to 20,000 messages; the
-- nightly job erases what is left over. docs/privacy.md says what is kept.
create or replace function public.rolecall_account_of_own_row_goes()
returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  if to_regprocedure('rolecall.delete_account(uuid)') is not null then
    perform rolecall.delete_account(old.id);
  end if;
  return old;
end
$$;

revoke execute on function public.rolecall_account_of_own_row_goes() from public, anon, authenticated, service_role;

create or replace trigger rolecall_account_goes
after delete on public.profiles
for each row
execute function public.rolecall_account_of_own_row_goes();

-- Those that exist. The triggers come first, so that no row that is written meanwhile is missed.
insert into rolecall.profiles (id, display_name)
select id, public.rolecall_name_of_own_row(name)
from public.profiles
on conflict (id) do nothing;
