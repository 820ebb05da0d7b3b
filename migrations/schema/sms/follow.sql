-- A message's `delivery` follows its row of the outbox, in the statement that changes the row: whoever changes it.
create or replace function rolecall_internal.follow_sms_outbox()
returns trigger
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  update rolecall.thread_messages as message
  set
    delivery = case when changed.status = 'leased' then 'queued' else changed.status end,
    error_code = changed.error_code,
    carrier_sid = changed.carrier_sid
  from new_rows as changed
  where message.organization_id = changed.organization_id
    and message.thread_id = changed.thread_id
    and message.seq = changed.seq
    and (
      message.delivery <> case when changed.status = 'leased' then 'queued' else changed.status end
      or message.error_code is distinct from changed.error_code
      or message.carrier_sid is distinct from changed.carrier_sid
    );
  return null;
end
$$;
