
  -- Functions, views and types that are no more, unless somebody took their mark away.
  for v_object in execute
    'select kind, string_agg(substr(identity, length(kind) + 2), '', '' order by identity) as names
     from (' || v_inventory || ') as object
     where identity = any ($1)
       and kind in (''function'', ''view'', ''type'')
       and is_ours
     group by kind
     order by array_position(array[''function'', ''view'', ''type''], kind)'
    using v_gone
  loop
    execute format('drop %s %s', v_object.kind, v_object.names);
  end loop;

  -- The mark. Views in public bear it from the start, since one of that name can be somebody else's.
  for v_object in execute
    'select identity, description from (' || v_inventory || ') as object
     where identity = any ($1)
       and identity not like ''view public.%''
       and not is_ours'
    using v_ours
  loop
    execute format(
      'comment on %s is %L',
      v_object.identity,
      case when v_object.description is null then 'Rolecall' else 'Rolecall: ' || v_object.description end
    );
  end loop;

  -- Everything is closed to everybody, whatever the default privileges of this database grant; what somebody needs is
  -- granted below.
  for v_object in execute
    'select kind, identity from (' || v_inventory || ') as object
     where identity = any ($1)
       and kind in (''schema'', ''table'', ''view'', ''sequence'', ''function'')
       and identity not like ''view public.%''
       and is_ours'
    using v_ours
  loop
    execute format(
      'revoke all on %s from public, anon, authenticated, service_role, rolecall_edge%s',
      case when v_object.kind = 'view' then 'table' || substr(v_object.identity, 5) else v_object.identity end,
      -- A migration before the relay's is taken back without it.
      case when to_regrole('rolecall_relay') is not null then ', rolecall_relay' end
    );
    if v_object.identity like 'function rolecall\_edge.%' then
      execute format('grant execute on %s to rolecall_edge', v_object.identity);
    end if;
  end loop;
