-- Counts what was filed, reviewed and deleted. A show has several rows of a status: a statement counts in one that no
-- open transaction has changed, or begins one, so that nobody waits for somebody else's commit. There are as many rows as
-- once counted at the same time; the sum of them is the count, and one alone may be negative.
create or replace function rolecall_internal.count_reports_of(
  p_queues text[],
  p_shows uuid[],
  p_statuses text[],
  p_changes bigint[]
)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  with change as (
    select
      queue,
      coalesce(show_id, '00000000-0000-0000-0000-000000000000') as show_id,
      status,
      sum(reports) as reports
    from unnest(p_queues, p_shows, p_statuses, p_changes) as each (queue, show_id, status, reports)
    -- Where no organizer has a say.
    where status is not null
    group by 1, 2, 3
    having sum(reports) <> 0
  ),
  place as (
    select
      queue,
      show_id,
      status,
      reports,
      (
        select free.id
        from rolecall.report_counts as free
        where free.queue = change.queue
          and free.show_id = change.show_id
          and free.status = change.status
        limit 1
        for update skip locked
      ) as id
    from change
  ),
  counted as (
    update rolecall.report_counts as counts
    set reports = counts.reports + place.reports
    from place
    where counts.id = place.id
  )
  insert into rolecall.report_counts (queue, show_id, status, reports)
  select queue, show_id, status, reports
  from place
  where id is null;
end
$$;

create or replace function rolecall_internal.count_reports()
returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  if tg_op = 'INSERT' then
    perform rolecall_internal.count_reports_of(
      array_agg(queue), array_agg(show_id), array_agg(queued.status), array_agg(reports)
    )
    from (
      select show_id, status, organizer_status, count(*) as reports
      from added
      group by show_id, status, organizer_status
    ) as change
    cross join lateral (
      values ('moderators', change.status), ('organizers', change.organizer_status)
    ) as queued (queue, status);
  elsif tg_op = 'UPDATE' then
    perform rolecall_internal.count_reports_of(
      array_agg(queue), array_agg(show_id), array_agg(queued.status), array_agg(reports)
    )
    from (
      select show_id, status, organizer_status, 1::bigint as reports
      from added
      union all
      select show_id, status, organizer_status, -1
      from gone
    ) as change
    cross join lateral (
      values ('moderators', change.status), ('organizers', change.organizer_status)
    ) as queued (queue, status);
  elsif tg_op = 'DELETE' then
    perform rolecall_internal.count_reports_of(
      array_agg(queue), array_agg(show_id), array_agg(queued.status), array_agg(reports)
    )
    from (
      select show_id, status, organizer_status, -count(*) as reports
      from gone
      group by show_id, status, organizer_status
    ) as change
    cross join lateral (
      values ('moderators', change.status), ('organizers', change.organizer_status)
    ) as queued (queue, status);
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
