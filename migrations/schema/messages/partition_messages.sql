-- Turns rolecall.messages into hash partitions by conversation, for the operator, once: docs/scale.md. Everything that
-- belongs to the table or is declared by its type is made again as it was: keys, indexes, foreign keys to and from it,
-- policies, triggers, grants, comments, functions. It is one transaction, and nobody reads or writes messages meanwhile.
-- Only the owner of the table may; nobody is granted the execution.
create or replace function rolecall_internal.partition_messages(p_partitions int)
returns bigint
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_table constant regclass := 'rolecall.messages';
  v_functions text[];
  v_function_names text;
  v_foreign_keys text[];
  v_after text[];
  v_statement text;
  v_rows bigint;
begin
  if p_partitions is null or p_partitions not between 2 and 1024 then
    raise exception using
      errcode = 'invalid_parameter_value',
      message = 'partition_messages takes the number of partitions, from 2 to 1024';
  end if;
  lock table rolecall.conversations in share row exclusive mode;
  lock table rolecall.messages in access exclusive mode;
  if (select relkind from pg_class where oid = v_table) <> 'r' then
    raise exception using
      errcode = 'object_not_in_prerequisite_state',
      message = 'The messages are partitioned already.';
  end if;

  -- Functions that take or return a message are declared by the type of the table.
  with declared as (
    select distinct function.oid
    from pg_depend as dependency
    join pg_proc as function
      on dependency.classid = 'pg_proc'::regclass
      and dependency.objid = function.oid
    where (dependency.refclassid, dependency.refobjid) in (
      select 'pg_class'::regclass, v_table::oid
      union all
      select 'pg_type'::regclass, type.oid
      from pg_type as type
      where type.typrelid = v_table
        or type.typelem = (select reltype from pg_class where oid = v_table)
    )
  )
  select
    array_agg(statement order by step, function.oid),
    string_agg(distinct function.oid::regprocedure::text, ', ')
  into v_functions, v_function_names
  from declared
  join pg_proc as function
    on function.oid = declared.oid
  cross join lateral (
    values
      (1, pg_get_functiondef(function.oid)),
      (2, format('revoke all on function %s from public, anon, authenticated, service_role', function.oid::regprocedure)),
      (
        3,
        (
          select string_agg(
            format('grant execute on function %s to %I', function.oid::regprocedure, pg_get_userbyid(grantee)), '; '
          )
          from aclexplode(function.proacl)
          where grantee not in (0, function.proowner)
        )
      ),
      (4, format('comment on function %s is %L', function.oid::regprocedure, obj_description(function.oid, 'pg_proc')))
  ) as made (step, statement)
  where statement is not null;

  -- Foreign keys of others to messages, and what is to be made on the new table once it has its rows.
  select array_agg(
    format('alter table %s add constraint %I %s', conrelid::regclass, conname, pg_get_constraintdef(oid))
    order by oid
  )
  into v_foreign_keys
  from pg_constraint
  where contype = 'f'
    and confrelid = v_table;
  select array_agg(statement order by step, statement)
  into v_after
  from (
    select
      1 as step,
      format('alter table rolecall.messages add constraint %I %s', conname, pg_get_constraintdef(oid)) as statement
    from pg_constraint
    where conrelid = v_table
      and contype in ('p', 'u')
    union all
    select 2, pg_get_indexdef(indexrelid)
    from pg_index
    where indrelid = v_table
      and not exists (select from pg_constraint where conindid = indexrelid and conrelid = v_table)
    union all
    select 3, format('alter table rolecall.messages add constraint %I %s', conname, pg_get_constraintdef(oid))
    from pg_constraint
    where conrelid = v_table
      and contype = 'f'
    union all
    select 4, 'alter table rolecall.messages enable row level security'
    from pg_class
    where oid = v_table
      and relrowsecurity
    union all
    select
      5,
      format('create policy %I on rolecall.messages as %s for %s to %s', policyname, permissive, cmd, (
        select string_agg(quote_ident(role), ', ') from unnest(roles) as role
      ))
        || coalesce(' using (' || qual || ')', '')
        || coalesce(' with check (' || with_check || ')', '')
    from pg_policies
    where schemaname = 'rolecall'
      and tablename = 'messages'
    union all
    select 6, pg_get_triggerdef(oid)
    from pg_trigger
    where tgrelid = v_table
      and not tgisinternal
    union all
    select 7, 'revoke all on rolecall.messages from public, anon, authenticated, service_role'
    union all
    select
      8,
      format('grant %s on rolecall.messages to %I', privilege_type, pg_get_userbyid(grantee))
        || case when is_grantable then ' with grant option' else '' end
    from pg_class
    cross join lateral aclexplode(relacl)
    where oid = v_table
      and grantee not in (0, relowner)
    union all
    select 9, format('comment on table rolecall.messages is %L', obj_description(v_table, 'pg_class'))
  ) as made;

  for v_statement in
    select format('alter table %s drop constraint %I', conrelid::regclass, conname)
    from pg_constraint
    where contype = 'f'
      and confrelid = v_table
  loop
    execute v_statement;
  end loop;
  if v_function_names is not null then
    execute 'drop function ' || v_function_names;
  end if;

  alter table rolecall.messages rename to messages_before;
  for v_statement in
    -- The indexes of the new table have their names.
    select format('alter index rolecall.%I rename to %I', relname, 'before_' || relname)
    from pg_index
    join pg_class
      on pg_class.oid = indexrelid
    where indrelid = v_table
  loop
    execute v_statement;
  end loop;
  create table rolecall.messages (
    like rolecall.messages_before including all excluding indexes
  )
  partition by hash (conversation_id);
  for v_number in 0 .. p_partitions - 1 loop
    execute format(
      'create table rolecall.messages_%s partition of rolecall.messages for values with (modulus %s, remainder %s)',
      v_number, p_partitions, v_number
    );
    -- Nobody goes to a partition but through the table.
    execute format('alter table rolecall.messages_%s enable row level security', v_number);
    execute format('revoke all on rolecall.messages_%s from public, anon, authenticated, service_role', v_number);
    execute format('comment on table rolecall.messages_%s is %L', v_number, 'Rolecall: a partition of the messages.');
  end loop;
  insert into rolecall.messages
  select *
  from rolecall.messages_before
  order by conversation_id, seq;
  get diagnostics v_rows = row_count;
  drop table rolecall.messages_before;

  foreach v_statement in array v_after || v_foreign_keys || v_functions loop
    execute v_statement;
  end loop;
  analyze rolecall.messages;
  return v_rows;
end
$$;
