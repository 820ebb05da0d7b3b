-- What the tables' defaults and columns call. As their bodies are standard SQL, they are parsed here and now: no search path
-- is consulted when they run, so none is pinned, and the planner writes them into the statements that call them.

-- An id of version 7 (RFC 9562): 48 bits of milliseconds, 12 bits of the fraction of the millisecond, 62 random bits. Ids
-- grow with the clock, so that the entries of what grows with traffic are appended to their indexes, instead of touching a
-- random page each. Whoever writes into a table needs the right to call its defaults, so access.sql grants this one.
create or replace function rolecall_internal.uuid_v7()
returns uuid
language sql
volatile
return (
  -- 60 bits of time as 15 digits, the version between the 12th and the 13th, then the variant and what is random.
  overlay(
    lpad(to_hex((date_part('epoch', clock_timestamp()) * 4096000)::bigint), 15, '0')
    placing '7' from 13 for 0
  ) || substring(gen_random_uuid()::text from 20)
)::uuid;

-- The hour of a time.
create or replace function rolecall_internal.hour_of(p_at timestamptz)
returns timestamptz
language sql
immutable
return date_bin('1 hour', p_at, 'epoch');

-- Whether a text is a phone number in international form (ITU-T E.164).
create or replace function rolecall_internal.is_e164(p_text text)
returns boolean
language sql
immutable
return p_text ~ '^[+][1-9][0-9]{6,14}$';
