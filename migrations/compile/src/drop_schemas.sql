
  for v_object in
    select format('function auth.%I()', name) as identity
    from unnest(array['uid', 'role', 'jwt']) as name
    where obj_description(to_regprocedure(format('auth.%I()', name)), 'pg_proc') ~ '^Rolecall(:|$)'
  loop
    execute format('drop %s', v_object.identity);
  end loop;

  -- A schema in which somebody else has put something stays, with that and without its mark.
  for v_object in execute
    'select identity, oid from (' || v_inventory || ') as object
     join pg_catalog.pg_namespace on identity = format(''schema %I'', nspname)
     where (identity = any ($1) or identity = ''schema auth'')
       and is_ours'
    using v_made
  loop
    if exists (
      select
      from pg_catalog.pg_depend
      where refclassid = 'pg_namespace'::regclass
        and refobjid = v_object.oid
    ) then
      execute format('comment on %s is null', v_object.identity);
      execute format(
        'revoke all on %s from public, anon, authenticated, service_role, rolecall_edge',
        v_object.identity
      );
    else
      execute format('drop %s', v_object.identity);
    end if;
  end loop;

  -- By name: a role that another database's rollback drops meanwhile would turn into its number.
  for v_object in
    select name
    from unnest(array['rolecall_edge', 'service_role', 'authenticated', 'anon']) as name
    where shobj_description(to_regrole(name), 'pg_authid') ~ '^Rolecall(:|$)'
  loop
    begin
      execute format('drop role if exists %I', v_object.name);
    exception
      -- Rolecall in another database of this server, a grant that somebody else made, or a role that the owner of
      -- another database made.
      when dependent_objects_still_exist or insufficient_privilege then
        raise notice 'The role % stays, because it is still used.', v_object.name;
      -- From PostgreSQL 16 on a role is dropped by who made it: the owner of another database, perhaps.
      when insufficient_privilege then
        raise notice 'The role % stays, because somebody else made it.', v_object.name;
    end;
  end loop;
