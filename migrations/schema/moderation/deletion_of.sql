-- Who deleted a message and when; null for one that is not deleted.
create or replace function rolecall_internal.deletion_of(p_message rolecall.messages)
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  if p_message.deleted_at is null then
    return null;
  end if;
  return jsonb_build_object('by', p_message.deleted_as, 'at', rolecall_internal.iso(p_message.deleted_at));
end
$$;
