-- A number as the operator sees it, by its last four digits. A sitter's number that has rested belongs to the pool. The load
-- is how many open threads of clients have the number.
create or replace function rolecall_internal.number_json(p_number rolecall.message_numbers)
returns jsonb
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
  select jsonb_build_object(
    'number_id', p_number.id,
    'phone', rolecall_internal.masked(p_number.e164),
    'class', case when p_number.rests_until <= now() then 'pool' else p_number.class end,
    'status', case when p_number.rests_until <= now() then 'active' else p_number.status end,
    'sitter_id', p_number.sitter_id,
    'rests_until', case when p_number.rests_until > now() then rolecall_internal.iso(p_number.rests_until) end,
    'open_threads', (
      select count(*)
      from rolecall.message_threads
      where organization_id = p_number.organization_id
        and number_id = p_number.id
        and status = 'open'
        and scope <> 'owner_inbox'
    ),
    'last_assigned_at', case when isfinite(p_number.last_assigned_at) then rolecall_internal.iso(p_number.last_assigned_at) end,
    'created_at', rolecall_internal.iso(p_number.created_at)
  )
$$;
