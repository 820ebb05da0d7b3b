-- Takes back 0016_monitoring: the views, and the reports among the diagnostics.

create or replace function rolecall.further_figures(p_organization uuid)
returns jsonb
language plpgsql
stable
set search_path = ''
as $$
begin
  return '{}';
end
$$;

drop schema if exists monitoring cascade;

delete from rolecall.schema_migrations
where version = 16;
