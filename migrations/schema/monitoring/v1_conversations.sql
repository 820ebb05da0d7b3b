-- How many conversations V1 has, the app's own that was adopted; all zero where none was. The views of an adoption lie in a
-- schema that need not be there, so no view can name it; one that is not ours is not read.
create or replace function rolecall_internal.v1_conversation_counts(
  out day bigint,
  out week bigint,
  out ever bigint,
  out active bigint
)
language plpgsql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  if to_regclass('rolecall_adopted.conversations') is not null
    and (
      select adopted.nspowner = ours.nspowner
      from pg_catalog.pg_namespace as adopted
      join pg_catalog.pg_namespace as ours
        on ours.nspname = 'rolecall'
      where adopted.nspname = 'rolecall_adopted'
    )
  then
    execute $count$
      select
        count(*) filter (where created_at > now() - interval '24 hours'),
        count(*) filter (where created_at > now() - interval '7 days'),
        count(*),
        count(*) filter (where status = 'active')
      from rolecall_adopted.conversations
    $count$
    into day, week, ever, active;
  else
    day := 0;
    week := 0;
    ever := 0;
    active := 0;
  end if;
end
$$;
