-- Answers that the database works, at which migration, and whether a relay publishes what happens. Takes no claims, since a load balancer asks.
create or replace function rolecall_edge.health(p_request jsonb)
returns jsonb
language plpgsql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  perform rolecall_internal.refuse_long_statements();
  return rolecall_internal.success(
    jsonb_build_object(
      'database', 'ok',
      'migration', (select max(version) from rolecall.schema_migrations),
      'relayed', rolecall_internal.is_relayed()
    )
  );
end
$$;
