-- Takes back profiles_from_own_table.sql. The rows of rolecall.profiles stay.

drop trigger if exists rolecall_profile_is_made on public.profiles;
drop trigger if exists rolecall_profile_follows on public.profiles;
drop function if exists public.rolecall_profile_of_own_row();
drop function if exists public.rolecall_account_of_own_row_goes() cascade;
drop function if exists public.rolecall_name_of_own_row(text);
