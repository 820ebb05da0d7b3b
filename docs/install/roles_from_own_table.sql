-- Lets the column role of your own table public.profiles decide the role in Rolecall, for the rows that exist and those
-- that will. Apply it behind profiles_from_own_table.sql, as the same login; it may run again. To undo it:
-- roles_from_own_table_undo.sql.
--
-- Change the translation in rolecall_role_of() to the words of your table. Whatever it does not name is an attendee.

do $$
begin
  -- Who may write the column would be an admin at will, however row-level security limits the rows.
  if has_column_privilege('authenticated', 'public.profiles', 'role', 'insert')
    or has_column_privilege('authenticated', 'public.profiles', 'role', 'update')
    or has_column_privilege('anon', 'public.profiles', 'role', 'insert')
    or has_column_privilege('anon', 'public.profiles', 'role', 'update')
  then
    raise exception 'Users may write the column role of public.profiles, so it cannot decide what they may do.'
      using
        errcode = 'insufficient_privilege',
        hint = 'revoke insert, update on public.profiles from anon, authenticated; '
          'then grant them the columns that they are to write, for example: '
          'grant insert (id, name), update (name) on public.profiles to authenticated;';
  end if;
end
$$;

create or replace function public.rolecall_role_of(p_role text)
returns rolecall.app_role
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
begin
  return case p_role
    when 'admin' then 'admin'
    when 'moderator' then 'moderator'
    when 'organizer' then 'show_organizer'
    when 'mvp_dealer' then 'mvp_dealer'
    when 'dealer' then 'dealer'
    when 'member' then 'member'
    else 'attendee'
  end;
end
$$;

create or replace function public.rolecall_role_of_own_row()
returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  if to_regclass('rolecall.profiles') is null then
    return new;
  end if;
  update rolecall.profiles
  set role = public.rolecall_role_of(new.role::text)
  where id = new.id;
  return new;
end
$$;

-- Supabase grants new functions to everybody by itself.
revoke execute on function
  public.rolecall_role_of(text),
  public.rolecall_role_of_own_row()
  from public, anon, authenticated, service_role;

-- Triggers fire in the order of their names: rolecall_profile_is_made has made the row before this one changes it.
create or replace trigger rolecall_role_is_set
after insert on public.profiles
for each row
execute function public.rolecall_role_of_own_row();

create or replace trigger rolecall_role_follows
after update on public.profiles
for each row
when (old.role is distinct from new.role)
execute function public.rolecall_role_of_own_row();

update rolecall.profiles
set role = public.rolecall_role_of(own.role::text)
from public.profiles as own
where own.id = rolecall.profiles.id
  and rolecall.profiles.role <> public.rolecall_role_of(own.role::text);
