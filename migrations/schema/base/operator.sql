-- Lets service_role do its work where it cannot pass row-level security by: on RDS no owner can grant BYPASSRLS. What it
-- may do to a table its grants say; a table that has a policy for it already needs none.
do $$
declare
  v_table record;
begin
  if (select rolbypassrls or rolsuper from pg_catalog.pg_roles where rolname = 'service_role') then
    return;
  end if;
  for v_table in
    select format('%I.%I', namespace.nspname, class.relname) as name
    from pg_catalog.pg_class as class
    join pg_catalog.pg_namespace as namespace
      on namespace.oid = class.relnamespace
    where class.relkind in ('r', 'p')
      and class.relrowsecurity
      and obj_description(class.oid, 'pg_class') ~ '^Rolecall(:|$)'
      and has_any_column_privilege('service_role', class.oid, 'select, insert, update')
      and not exists (
        select
        from pg_catalog.pg_policy as policy
        where policy.polrelid = class.oid
          and to_regrole('service_role') = any (policy.polroles)
      )
    order by 1
  loop
    execute format(
      'create policy "the operator works by its grants" on %s for all to service_role using (true) with check (true)',
      v_table.name
    );
  end loop;
end
$$;
