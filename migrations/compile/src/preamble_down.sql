  v_inventory constant text := $inventory$
{inventory}
$inventory$;
  v_search_path constant text := current_setting('search_path');
  v_object record;
begin
  perform set_config('search_path', 'pg_catalog, pg_temp', true);
  if to_regclass('rolecall.schema_migrations') is null then
    raise notice 'Rolecall: {version} is not applied.';
    perform set_config('search_path', v_search_path, true);
    return;
  end if;
  if (obj_description(to_regclass('rolecall.schema_migrations'), 'pg_class') ~ '^Rolecall(:|$)') is not true then
    raise exception 'Rolecall is not installed in this database.' using errcode = 'object_not_in_prerequisite_state';
  end if;
  lock table rolecall.schema_migrations in access exclusive mode;
  if not exists (select from rolecall.schema_migrations where version = {version}) then
    raise notice 'Rolecall: {version} is not applied.';
    perform set_config('search_path', v_search_path, true);
    return;
  end if;
  if exists (select from rolecall.schema_migrations where version > {version}) then
    raise exception 'Rolecall: migrations after {version} are applied; take them back first.'
      using errcode = 'object_not_in_prerequisite_state';
  end if;
