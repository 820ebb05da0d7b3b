-- Takes back 0001_identity: profiles, organisations, the caller of a request, and whatever of roles and schema auth
-- Rolecall made itself. What Supabase or another database of the server uses stays.

drop table if exists public.profiles;
drop table if exists public.organizations;
drop type if exists public.app_role;

do $$
declare
  v_function regprocedure;
begin
  foreach v_function in array array[
    to_regprocedure('auth.uid()'),
    to_regprocedure('auth.role()'),
    to_regprocedure('auth.jwt()')
  ] loop
    if obj_description(v_function, 'pg_proc') = 'made by Rolecall' then
      execute format('drop function %s', v_function);
    end if;
  end loop;
  if obj_description(to_regnamespace('auth'), 'pg_namespace') = 'made by Rolecall' then
    drop schema auth;
  end if;
end
$$;

drop schema if exists rolecall cascade;

-- By name: a role that another database's rollback drops meanwhile would turn into its number.
do $$
declare
  v_role text;
begin
  foreach v_role in array array['rolecall_edge', 'service_role', 'authenticated', 'anon'] loop
    if shobj_description(to_regrole(v_role), 'pg_authid') = 'made by Rolecall' then
      begin
        execute format('drop role if exists %I', v_role);
      exception
        -- Rolecall in another database of this server, or a grant that somebody else made.
        when dependent_objects_still_exist then
          raise notice 'the role % stays, because it is still used', v_role;
      end;
    end if;
  end loop;
end
$$;
