-- Takes back roles_from_own_table.sql. The roles in rolecall.profiles stay as they are.

drop trigger if exists rolecall_role_is_set on public.profiles;
drop trigger if exists rolecall_role_follows on public.profiles;
drop function if exists public.rolecall_role_of_own_row();
drop function if exists public.rolecall_role_of(text);
