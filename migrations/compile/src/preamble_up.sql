  v_inventory constant text := $inventory$
{inventory}
$inventory$;
  -- What shares a space of names is of one class: no table can have the name of a view or type. A function's arguments
  -- are no part of its name here: ours beside a function of the app's would make the app's calls mean something else.
  v_name constant text := $name$
regexp_replace(
  regexp_replace(identity, '^(table|view|sequence|index|type|materialized view|foreign table) ', 'relation '),
  '^(function [^(]*)[(].*$',
  '\1'
)
$name$;
  v_search_path constant text := current_setting('search_path');
  v_messages constant text := current_setting('client_min_messages');
  v_taken text;
  v_object record;
begin
  perform set_config('search_path', 'pg_catalog, pg_temp', true);
  if obj_description(to_regclass('rolecall.schema_migrations'), 'pg_class') ~ '^Rolecall(:|$)' then
    -- One installer at a time; nobody else may lock this table.
    lock table rolecall.schema_migrations in share row exclusive mode;
    if exists (select from rolecall.schema_migrations where version = {version}) then
      -- By way of jsonb: the first states of this table had no digest.
      if (
        select to_jsonb(applied) ->> 'digest'
        from rolecall.schema_migrations as applied
        where version = {version}
      ) is distinct from '{digest}'
      then
        raise exception 'Rolecall: this database has {version} {name} in another state, of before its release.'
          using
            errcode = 'object_not_in_prerequisite_state',
            hint = 'Take it back with the build that applied it and apply it anew. For the embedded database of a checkout, remove .rolecall/pg.';
      end if;
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

  -- Views in public are made where their names are free.
  execute
    'select string_agg(identity, '', '' order by identity)
     from (
       select identity, is_foreign, bool_or(is_needed) over (partition by ' || v_name || ') as is_needed
       from (
         select identity, not is_ours as is_foreign, false as is_needed
         from (' || v_inventory || ') as object
         union all
         select identity, false, true
         from unnest($1) as identity
         where identity not like ''view public.%''
       ) as listed
     ) as named
     where is_foreign
       and is_needed'
    into v_taken
    using v_ours;
  if v_taken is not null then
    raise exception 'Rolecall needs names that this database uses for something else; nothing was changed: %', v_taken
      using
        errcode = 'object_not_in_prerequisite_state',
        hint = 'Rename them, or install Rolecall into a database of its own. See docs/install.md.';
  end if;

  if {previous} = 0 then
    -- Whoever installs at the same time waits here for the end of the other installation.
    begin
      create schema rolecall;
    exception
      when unique_violation or duplicate_schema then
        if not exists (select from rolecall.schema_migrations where version = {version}) then
          raise;
        end if;
        raise notice 'Rolecall: {version} {name} is applied already.';
        perform set_config('search_path', v_search_path, true);
        return;
    end;
  end if;

  -- That something to be replaced is not there yet is no news.
  if v_messages in ('debug5', 'debug4', 'debug3', 'debug2', 'debug1', 'log', 'notice') then
    perform set_config('client_min_messages', 'warning', true);
  end if;
