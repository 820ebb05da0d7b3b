-- The names in public by which the adopters' playbooks ask, where nobody has taken them. They read with the rights of
-- whoever asks: of the reports a user may read some columns alone, and so not this view of them all. What a table gets
-- later is then a view's last column, as a replaced view must have it.
do $$
declare
  v_view record;
begin
  for v_view in
    select name, definition, about
    from (
      values
        (
          'reported_messages',
          'select report.status as report_status, report.* from rolecall.reported_messages as report',
          'Reports of messages, with the column names of the playbooks.'
        ),
        (
          'broadcast_quotas',
          'select quota.* from rolecall.broadcast_quotas as quota',
          'The broadcasts that senders have left for each show.'
        ),
        (
          'application_logs',
          'select
             entry.level as log_level, entry.code as error_code, entry.id, entry."timestamp", entry.level, entry.service,
             entry.method, entry.event, entry.request_id, entry.user_id, entry.conversation_id, entry.org_id,
             entry.duration_ms, entry.code, entry.details
           from rolecall.application_logs as entry',
          'The audit log, with the column names of the playbooks.'
        )
    ) as wanted (name, definition, about)
    where not exists (
      select
      from pg_catalog.pg_class as class
      where class.relnamespace = 'public'::regnamespace
        and class.relname = wanted.name
        and (obj_description(class.oid, 'pg_class') ~ '^Rolecall(:|$)') is not true
    )
      and not exists (
        select
        from pg_catalog.pg_type as type
        where type.typnamespace = 'public'::regnamespace
          and type.typname = wanted.name
          -- Every view has a type of its name.
          and type.typrelid = 0
      )
  loop
    execute format('create or replace view public.%I with (security_invoker = true) as %s', v_view.name, v_view.definition);
    execute format('comment on view public.%I is %L', v_view.name, 'Rolecall: ' || v_view.about);
    execute format('revoke all on public.%I from public, anon, authenticated, service_role', v_view.name);
    execute format(
      'grant select on public.%I to %s',
      v_view.name,
      case when v_view.name = 'broadcast_quotas' then 'authenticated, service_role' else 'service_role' end
    );
  end loop;
end
$$;
