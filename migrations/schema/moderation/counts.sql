-- One statement for any number of rows, in one order, so that two of them cannot wait for each other.
create or replace function rolecall_internal.count_reports()
returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  if tg_op = 'INSERT' then
    insert into rolecall.report_counts as counted (show_id, status, reports)
    select coalesce(show_id, '00000000-0000-0000-0000-000000000000'), status, count(*)
    from added
    group by 1, 2
    order by 1, 2
    on conflict (show_id, status) do update
    set reports = counted.reports + excluded.reports;
  elsif tg_op = 'UPDATE' then
    insert into rolecall.report_counts as counted (show_id, status, reports)
    select coalesce(show_id, '00000000-0000-0000-0000-000000000000'), status, sum(reports)
    from (
      select show_id, status, 1 as reports from added
      union all
      select show_id, status, -1 from gone
    ) as change
    group by 1, 2
    having sum(reports) <> 0
    order by 1, 2
    on conflict (show_id, status) do update
    set reports = counted.reports + excluded.reports;
  elsif tg_op = 'DELETE' then
    insert into rolecall.report_counts as counted (show_id, status, reports)
    select coalesce(show_id, '00000000-0000-0000-0000-000000000000'), status, -count(*)
    from gone
    group by 1, 2
    order by 1, 2
    on conflict (show_id, status) do update
    set reports = counted.reports + excluded.reports;
  else
    -- TRUNCATE hands over no rows.
    update rolecall.report_counts
    set reports = 0;
  end if;
  return null;
end
$$;

-- Grants do not bind the table's owner, whose rights every entry point has; a trigger binds everybody.
create or replace function rolecall_internal.refuse_change()
returns trigger
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  raise exception using
    errcode = 'insufficient_privilege',
    message = format('%s.%s is written once and never changed', tg_table_schema, tg_table_name);
end
$$;
