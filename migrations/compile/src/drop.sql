
  -- Triggers that this migration gave to tables of before it go with their functions.
  for v_object in execute
    'select format(''drop trigger %I on %I.%I'', trigger.tgname, holder.nspname, class.relname) as statement
     from pg_catalog.pg_trigger as trigger
     join pg_catalog.pg_class as class
       on class.oid = trigger.tgrelid
     join pg_catalog.pg_namespace as holder
       on holder.oid = class.relnamespace
     join pg_catalog.pg_proc as proc
       on proc.oid = trigger.tgfoid
     join pg_catalog.pg_namespace as namespace
       on namespace.oid = proc.pronamespace
     where not trigger.tgisinternal
       and trigger.tgparentid = 0
       and format(''function %I.%I()'', namespace.nspname, proname) = any ($1)
       and obj_description(class.oid, ''pg_class'') ~ ''^Rolecall(:|$)''
       and obj_description(proc.oid, ''pg_proc'') ~ ''^Rolecall(:|$)'''
    using v_made
  loop
    execute v_object.statement;
  end loop;
  -- What holds tables and functions together goes first: policies, triggers, checks, defaults, views.
  for v_object in execute
    'select format(''%I.%I'', nspname, relname) as table_name, class.oid as id
     from pg_catalog.pg_class as class
     join pg_catalog.pg_namespace as namespace
       on namespace.oid = class.relnamespace
     where class.relkind in (''r'', ''p'')
       and format(''table %I.%I'', nspname, relname) = any ($1)
       and obj_description(class.oid, ''pg_class'') ~ ''^Rolecall(:|$)'''
    using v_made
  loop
    execute (
      select coalesce(string_agg(statement, '; '), 'select')
      from (
        select format('drop policy %I on %s', polname, v_object.table_name)
        from pg_catalog.pg_policy
        where polrelid = v_object.id
        union all
        select format('drop trigger %I on %s', tgname, v_object.table_name)
        from pg_catalog.pg_trigger
        where tgrelid = v_object.id
          and not tgisinternal
          -- What a partition has from its table goes with the table's.
          and tgparentid = 0
        union all
        select format('alter table %s drop constraint %I', v_object.table_name, conname)
        from pg_catalog.pg_constraint
        where conrelid = v_object.id
          and contype = 'c'
          and coninhcount = 0
        union all
        select format(
          'alter table %s alter column %I drop %s',
          v_object.table_name,
          attname,
          case when attgenerated = '' then 'default' else 'expression' end
        )
        from pg_catalog.pg_attribute
        where attrelid = v_object.id
          and atthasdef
      ) as held (statement)
    );
  end loop;
  for v_object in execute
    'select format(''%I.%I'', nspname, typname) as domain_name, conname
     from pg_catalog.pg_constraint
     join pg_catalog.pg_type as type
       on type.oid = contypid
     join pg_catalog.pg_namespace as namespace
       on namespace.oid = typnamespace
     where format(''type %I.%I'', nspname, typname) = any ($1)
       and obj_description(type.oid, ''pg_type'') ~ ''^Rolecall(:|$)'''
    using v_made
  loop
    execute format('alter domain %s drop constraint %I', v_object.domain_name, v_object.conname);
  end loop;
  -- Triggers of tables that stay hold the functions that they call.
  for v_object in execute
    'select tgname, tgrelid::regclass as table_name
     from pg_catalog.pg_trigger
     join pg_catalog.pg_proc as proc
       on proc.oid = tgfoid
     join pg_catalog.pg_namespace as namespace
       on namespace.oid = proc.pronamespace
     where not tgisinternal
       and tgparentid = 0
       and format(''function %I.%I(%s)'', nspname, proname, oidvectortypes(proargtypes)) = any ($1)
       and obj_description(tgrelid, ''pg_class'') ~ ''^Rolecall(:|$)'''
    using v_made
  loop
    execute format('drop trigger %I on %s', v_object.tgname, v_object.table_name);
  end loop;
  -- So do views, and the views over those.
  for v_object in execute
    'with recursive dropped (id) as (
       select proc.oid
       from pg_catalog.pg_proc as proc
       join pg_catalog.pg_namespace as namespace
         on namespace.oid = proc.pronamespace
       where format(''function %I.%I(%s)'', nspname, proname, oidvectortypes(proargtypes)) = any ($1)
       union
       select ev_class
       from dropped
       join pg_catalog.pg_depend
         on refobjid = dropped.id
         and classid = ''pg_catalog.pg_rewrite''::regclass
       join pg_catalog.pg_rewrite as rule
         on rule.oid = objid
     )
     select string_agg(format(''%I.%I'', nspname, relname), '', '' order by nspname, relname) as names
     from dropped
     join pg_catalog.pg_class as class
       on class.oid = dropped.id
     join pg_catalog.pg_namespace as namespace
       on namespace.oid = class.relnamespace
     where class.relkind = ''v''
       and format(''view %I.%I'', nspname, relname) = any ($1)
       and obj_description(class.oid, ''pg_class'') ~ ''^Rolecall(:|$)'''
    using v_made
  loop
    if v_object.names is not null then
      execute format('drop view %s', v_object.names);
    end if;
  end loop;
  for v_object in execute
    'select kind, string_agg(substr(identity, length(kind) + 2), '', '' order by identity) as names
     from (' || v_inventory || ') as object
     where identity = any ($1)
       and kind in (''view'', ''function'', ''table'', ''type'')
       and is_ours
     group by kind
     order by array_position(array[''function'', ''view'', ''table'', ''type''], kind)'
    using v_made
  loop
    execute format('drop %s %s', v_object.kind, v_object.names);
  end loop;
