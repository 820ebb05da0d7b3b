-- Takes back profiles_from_auth_users.sql. The rows of rolecall.profiles stay.

-- The triggers go with their function: they can be dropped by the owner of auth.users alone, who is Supabase.
drop function if exists public.rolecall_profile_of_auth_user() cascade;
drop function if exists public.rolecall_account_of_auth_user_goes() cascade;
drop function if exists public.rolecall_name_of_auth_user(jsonb);
