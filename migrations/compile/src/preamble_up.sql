  v_inventory constant text := $inventory$
{inventory}
$inventory$;
  v_search_path constant text := current_setting('search_path');
  v_messages constant text := current_setting('client_min_messages');
  v_taken text;
  v_object record;
begin
  perform set_config('search_path', 'pg_catalog, pg_temp', true);
  if obj_description(to_regclass('rolecall.schema_migrations'), 'pg_class') like 'Rolecall%' then
    -- One installer at a time; nobody else may lock this table.
    lock table rolecall.schema_migrations in share row exclusive mode;
    if exists (select from rolecall.schema_migrations where version = {version}) then
      raise notice 'Rolecall: {version} {name} is applied already.';
      perform set_config('search_path', v_search_path, true);
      return;
    end if;
    if {previous} > 0 and not exists (select from rolecall.schema_migrations where version = {previous}) then
      raise exception 'Rolecall: {version} {name} follows {previous}, which this database does not have.'
        using errcode = 'object_not_in_prerequisite_state';
    end if;
  elsif {previous} > 0 then
    raise exception 'Rolecall: {version} {name} follows {previous}, which this database does not have.'
      using errcode = 'object_not_in_prerequisite_state';
  end if;

  execute
    'select string_agg(identity, '', '' order by identity) from (' || v_inventory || ') as object
     where name in (
         select regexp_replace(
           made,
           ''^(table|view|sequence|type|materialized view|foreign table) '',
           ''relation ''
         )
         from unnest($1) as made
       )
       and description is distinct from ''Rolecall''
       and coalesce(description, '''') not like ''Rolecall:%'''
    into v_taken
    using v_made;
  if v_taken is not null then
    raise exception 'Rolecall needs names that this database uses for something else; nothing was changed: %', v_taken
      using
        errcode = 'duplicate_object',
        hint = 'Rename them, or install Rolecall into a database of its own. See docs/install.md.';
  end if;
  -- That something to be replaced is not there yet is no news.
  if v_messages in ('debug5', 'debug4', 'debug3', 'debug2', 'debug1', 'log', 'notice') then
    perform set_config('client_min_messages', 'warning', true);
  end if;
