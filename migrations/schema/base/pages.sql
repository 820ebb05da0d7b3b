-- Where a page ended of a list that is sorted by time and id: <microseconds since 1970>.<id>, opaque to clients. An
-- entry without a time is sorted as -infinity, which is written as a number that no time has.
create or replace function rolecall_internal.cursor_of(p_at timestamptz, p_id uuid)
returns text
language sql
immutable
return case
  when p_at = '-infinity' then -999999999999999999
  else (extract(epoch from p_at) * 1000000)::bigint
end || '.' || p_id;

-- The two parts of a cursor; both null when the text is no cursor.
create or replace function rolecall_internal.cursor_parts(p_cursor text, out at timestamptz, out id uuid)
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_microseconds bigint;
begin
  if p_cursor ~ '^-?[0-9]{1,18}\.[^.]*$' then
    id := rolecall_internal.uuid_or_null(split_part(p_cursor, '.', 2));
    v_microseconds := split_part(p_cursor, '.', 1)::bigint;
    if id is not null then
      -- From 4000 BC on it is a time; PostgreSQL knows none before 4714 BC.
      at := case
        when v_microseconds < -188000000000000000 then '-infinity'
        else 'epoch'::timestamptz + v_microseconds * interval '1 microsecond'
      end;
    end if;
  end if;
end
$$;

-- Pages

create or replace function rolecall_internal.refuse_cursor()
returns jsonb
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
begin
  return rolecall_internal.refusal('invalid_input', 'The cursor is not one that an earlier answer returned.');
end
$$;

-- How many entries a page has: as many as the request says, from 1 to p_largest, and 50 when it says nothing.
create or replace function rolecall_internal.page_size(p_input jsonb, p_largest int)
returns int
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
begin
  return least(greatest(coalesce(rolecall_internal.whole_number(p_input -> 'limit'), 50), 1), p_largest);
end
$$;
