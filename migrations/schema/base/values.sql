-- The next two are parsed here and now, as their bodies are standard SQL: no search path is consulted when they run, so
-- none is pinned, and without a SET clause the planner writes them into the statements that call them.

-- A timestamp as every answer shows it: ISO 8601 in UTC with microseconds.
create or replace function rolecall_internal.iso(p_at timestamptz)
returns text
language sql
stable
return to_char(p_at at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"');

-- A moment as the clocks of a time zone (IANA) show it, with their offset from UTC, so that it is clear at a change of the
-- clocks, too: RFC 3339.
create or replace function rolecall_internal.local_iso(p_at timestamptz, p_zone text)
returns text
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_local timestamp := p_at at time zone p_zone;
  v_offset interval := v_local - (p_at at time zone 'utc');
begin
  return to_char(v_local, 'YYYY-MM-DD"T"HH24:MI:SS.US')
    || case when v_offset < interval '0' then '-' else '+' end
    || to_char(greatest(v_offset, -v_offset), 'HH24:MI');
end
$$;

-- A moment for people, by the clocks of a time zone: "Sunday 29 March 2026, 03:30 (+02:00)".
create or replace function rolecall_internal.local_words(p_at timestamptz, p_zone text)
returns text
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  return to_char(p_at at time zone p_zone, 'FMDay FMDD FMMonth YYYY, HH24:MI')
    || format(' (%s)', right(rolecall_internal.local_iso(p_at, p_zone), 6));
end
$$;

-- Casts text to uuid; null instead of an error. A uuid is hexadecimal digits with four hyphens in their places; a regular
-- expression would cost ten times as much.
create or replace function rolecall_internal.uuid_or_null(p_text text)
returns uuid
language sql
immutable
return case
  when p_text like '________-____-____-____-____________'
    and translate(p_text, '0123456789abcdefABCDEF', '') = '----'
  then p_text::uuid
end;

-- The roles of a list of names, in the order of the roles, each once; null when it is no list of at least one role. A
-- name that is no role fails to be found, not to be cast.
create or replace function rolecall_internal.roles_of(p_names jsonb)
returns rolecall.app_role[]
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_roles rolecall.app_role[];
begin
  if jsonb_typeof(p_names) is distinct from 'array' then
    return null;
  end if;
  select array_agg(role order by role)
  into v_roles
  from unnest(enum_range(null::rolecall.app_role)) as role
  where p_names ? role::text;
  if exists (
    select
    from jsonb_array_elements(p_names) as given
    where jsonb_typeof(given) <> 'string'
      or given #>> '{}' <> all (v_roles::text[])
  ) then
    return null;
  end if;
  return v_roles;
end
$$;

-- A moment of a request as the functions write it (RFC 3339 in UTC); null for what is none.
create or replace function rolecall_internal.moment_or_null(p_text text)
returns timestamptz
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  if p_text ~ '^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?Z$' then
    return p_text::timestamptz;
  end if;
  return null;
exception
  -- The thirty-first of February.
  when datetime_field_overflow or invalid_datetime_format then
    return null;
end
$$;

-- Reading: the inbox, the messages of a conversation, what is unread, and how far somebody has read.
--
-- Everything is read by an index that has it in the order of the answer, a page at a time, so that it costs the same
-- however many conversations and messages there are.

-- A number of a request; null for whatever is no whole number from 0, or too large to be one of ours. 1.0 is one, as
-- languages write it that know one kind of number.
create or replace function rolecall_internal.whole_number(p_value jsonb)
returns bigint
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_number numeric;
begin
  if jsonb_typeof(p_value) is distinct from 'number' then
    return null;
  end if;
  v_number := p_value;
  if v_number between 0 and 999999999999999999 and v_number = trunc(v_number) then
    return v_number;
  end if;
  return null;
end
$$;

-- Whether a text is the name of a role.
create or replace function rolecall_internal.is_role(p_name text)
returns boolean
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  return coalesce(p_name = any (enum_range(null::rolecall.app_role)::text[]), false);
end
$$;
