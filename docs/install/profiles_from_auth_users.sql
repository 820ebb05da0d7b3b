-- Makes a row of rolecall.profiles for every user of Supabase's auth.users, those who exist and those who will.
--
-- Copy it into your own migrations behind Rolecall's and apply it as the login that applied those (`postgres` on
-- Supabase). It can be applied again. To undo it: profiles_from_auth_users_undo.sql.
--
-- Only the name is taken from raw_user_meta_data, because users write that themselves. The role stays 'attendee' until
-- your backend sets it: update rolecall.profiles set role = 'dealer' where id = ...

-- Rolecall refuses names that show nothing or hide something. Nobody's sign-up fails because of that: their name is empty.
create or replace function public.rolecall_name_of_auth_user(p_meta jsonb)
returns text
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_name constant text := left(coalesce(
    nullif(btrim(p_meta ->> 'name'), ''),
    nullif(btrim(p_meta ->> 'full_name'), ''),
    ''
  ), 200);
begin
  return case when rolecall_internal.is_name(v_name) then v_name else '' end;
end
$$;

create or replace function public.rolecall_profile_of_auth_user()
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
  values (new.id, public.rolecall_name_of_auth_user(new.raw_user_meta_data))
  on conflict (id) do update
  set display_name = excluded.display_name;
  return new;
end
$$;

-- Supabase grants new functions to everybody by itself.
revoke execute on function
  public.rolecall_name_of_auth_user(jsonb),
  public.rolecall_profile_of_auth_user()
  from public, anon, authenticated, service_role;

create or replace trigger rolecall_profile_is_made
after insert on auth.users
for each row
execute function public.rolecall_profile_of_auth_user();

-- A sign-in updates the row too; that alone changes no name.
create or replace trigger rolecall_profile_follows
after update on auth.users
for each row
when (old.raw_user_meta_data is distinct from new.raw_user_meta_data)
execute function public.rolecall_profile_of_auth_user();

-- Whoever is deleted there has the account deleted here, too: the name at once, and the contents of up to 20,000 messages; the
-- nightly job erases what is left over. docs/privacy.md says what is kept.
create or replace function public.rolecall_account_of_auth_user_goes()
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

revoke execute on function public.rolecall_account_of_auth_user_goes() from public, anon, authenticated, service_role;

create or replace trigger rolecall_account_goes
after delete on auth.users
for each row
execute function public.rolecall_account_of_auth_user_goes();

-- Those who exist. The triggers come first, so that nobody who signs up meanwhile is missed.
insert into rolecall.profiles (id, display_name)
select id, public.rolecall_name_of_auth_user(raw_user_meta_data)
from auth.users
on conflict (id) do nothing;
