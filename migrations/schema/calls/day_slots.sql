-- The day slot of a moment in a ring of so many; the default of each column day_slot in tables.sql says the same for now.
create or replace function rolecall_internal.day_slot(p_at timestamptz, p_slots int)
returns smallint
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
begin
  return date_part('day', p_at - timestamptz '2000-01-01 00:00:00+00')::int % p_slots;
end
$$;

-- Truncates the day slots of a table whose day was more than p_days_kept days ago, and returns how many there were, what
-- they held on disk, and how many of them somebody reads at this moment: those are left, since whoever wants to read them
-- next would wait for us. What shares its slot with the days that are kept, because the job has not run for longer than
-- the ring is, goes with those.
create or replace function rolecall_internal.empty_day_slots(
  p_table text,
  p_slots int,
  p_days_kept int,
  out dropped int,
  out bytes bigint,
  out left_over int
)
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
set lock_timeout = '100ms'
as $$
declare
  -- At the end of a day the next one is in use, too: of a claim around midnight, and of a request that begins when this
  -- statement has begun.
  v_newest int := date_part('day', now() + interval '1 hour' - timestamptz '2000-01-01 00:00:00+00')::int;
  v_oldest int := date_part('day', now() - timestamptz '2000-01-01 00:00:00+00')::int - p_days_kept;
  v_partition text;
  v_bytes bigint;
begin
  dropped := 0;
  bytes := 0;
  left_over := 0;
  for v_day in v_newest + 1 .. v_oldest + p_slots - 1 loop
    v_partition := format('rolecall_internal.%I', p_table || '_' || to_char(v_day % p_slots, 'FM00'));
    continue when pg_relation_size(v_partition) = 0;
    v_bytes := pg_total_relation_size(v_partition);
    begin
      execute 'truncate ' || v_partition;
      dropped := dropped + 1;
      bytes := bytes + v_bytes;
    exception
      when lock_not_available then
        left_over := left_over + 1;
    end;
  end loop;
end
$$;

-- Deletes rows of a table that p_condition says are over, page by page from page p_from on, for about a tenth of a second,
-- and returns how many they were and the page to go on from, null at the end. It waits for no row, and what it deletes it
-- holds no longer than that.
create or replace function rolecall_internal.sweep(
  p_table regclass,
  p_condition text,
  p_from bigint,
  out deleted bigint,
  out next_page bigint
)
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_begun timestamptz := clock_timestamp();
  v_pages bigint := pg_relation_size(p_table) / current_setting('block_size')::bigint;
  v_rows bigint;
begin
  deleted := 0;
  next_page := p_from;
  while next_page < v_pages and clock_timestamp() < v_begun + interval '100 milliseconds' loop
    execute format(
      'delete from %1$s
       where ctid = any (
         array(
           select swept.ctid
           from %1$s as swept
           where swept.ctid >= %2$L::tid
             and swept.ctid < %3$L::tid
             and %4$s
           for update of swept skip locked
         )
       )',
      p_table,
      format('(%s,0)', next_page),
      format('(%s,0)', next_page + 20),
      p_condition
    );
    get diagnostics v_rows = row_count;
    deleted := deleted + v_rows;
    next_page := next_page + 20;
  end loop;
  if next_page >= v_pages then
    next_page := null;
  end if;
end
$$;
