-- Where a client stands that has synchronised: the horizon of the snapshot that answered it. Every transaction below the
-- horizon had ended by then, and what it did was seen; what is at the horizon or above comes with the next answer, whether
-- it was seen already or not. Neither ids nor times can tell that: of two transactions the one with the smaller id or the
-- earlier time may commit last.
--
-- What changes with time alone, as a window that ends, changes no row. So a cursor also knows the time of its answer.
--
-- A cursor is base64url of: a byte for its form (1), 16 bytes for its origin, a byte for how many databases it stands for
-- (1) and for each the horizon and the lower bound, 8 bytes each, and so the time and its lower bound, in microseconds; within
-- an answer of several pages also the place where the last page ended: 8 bytes of changed_xid, a byte for the domain, 16 for the
-- id.

-- What a cursor holds, taken apart.
create or replace function rolecall_internal.sync_origin(p_user uuid, p_domains text[])
returns bytea
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  -- Numbers of transactions mean something in one life of one database, and what they stand for is one user's. A cluster
  -- that is restored or takes over has another timeline, a copy another identifier, tables that are restored other oids.
  return substring(
    sha256(
      convert_to(
        concat_ws(
          '/',
          (select system_identifier from pg_control_system()),
          left(pg_walfile_name(pg_current_wal_lsn()), 8),
          (select oid from pg_database where datname = current_database()),
          'rolecall.conversations'::regclass::oid,
          p_user,
          p_domains
        ),
        'utf8'
      )
    )
    for 16
  );
end
$$;

create or replace function rolecall_internal.sync_cursor(
  p_origin bytea,
  p_horizon bigint,
  p_since bigint,
  p_at bigint default null,
  p_domain int default null,
  p_id uuid default null,
  p_time bigint default 0,
  p_since_time bigint default 0
)
returns text
language sql
immutable
return translate(
  encode(
    '\x01'::bytea || p_origin || '\x01'::bytea || int8send(p_horizon) || int8send(p_since)
      || int8send(p_time) || int8send(p_since_time)
      || coalesce(int8send(p_at) || substring(int4send(p_domain) from 4) || uuid_send(p_id), ''),
    'base64'
  ),
  E'+/=\n',
  '-_'
);

-- A number of eight bytes; null if it is not at p_from.
create or replace function rolecall_internal.int8_at(p_bytes bytea, p_from int)
returns bigint
language sql
immutable
return case
  when length(p_bytes) >= p_from + 7 then ('x' || encode(substring(p_bytes from p_from for 8), 'hex'))::bit(64)::bigint
end;

-- The parts of a cursor. All are null when the text is none of any form; of a later form the origin is empty.
create or replace function rolecall_internal.sync_cursor_parts(
  p_cursor text,
  out origin bytea,
  out horizon bigint,
  out since bigint,
  out "time" bigint,
  out since_time bigint,
  out at bigint,
  out domain int,
  out id uuid
)
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_bytes bytea;
begin
  if p_cursor !~ '^[A-Za-z0-9_-]+$' or length(p_cursor) not between 2 and 1000 or length(p_cursor) % 4 = 1 then
    return;
  end if;
  v_bytes := decode(translate(p_cursor, '-_', '+/') || repeat('=', (4 - length(p_cursor) % 4) % 4), 'base64');
  if get_byte(v_bytes, 0) <> 1 then
    origin := '';
    return;
  end if;
  if length(v_bytes) not in (50, 75) or get_byte(v_bytes, 17) <> 1 then
    return;
  end if;
  horizon := rolecall_internal.int8_at(v_bytes, 19);
  since := rolecall_internal.int8_at(v_bytes, 27);
  "time" := rolecall_internal.int8_at(v_bytes, 35);
  since_time := rolecall_internal.int8_at(v_bytes, 43);
  at := rolecall_internal.int8_at(v_bytes, 51);
  -- Up to the year 9999.
  if since < 0 or since > horizon or at < since or since_time < 0 or since_time > "time" or "time" > 253402300800000000 then
    return;
  end if;
  if at is not null then
    domain := get_byte(v_bytes, 58);
    id := encode(substring(v_bytes from 60 for 16), 'hex')::uuid;
  end if;
  origin := substring(v_bytes from 2 for 16);
end
$$;
