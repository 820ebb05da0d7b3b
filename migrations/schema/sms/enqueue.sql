-- Puts an outbound message on its way to the carrier, in the transaction that writes the message: both are kept or
-- neither. The message stands with `delivery` queued already. A message is put on its way once; a second time is a
-- unique_violation, and so is a caller's bug.
create or replace function rolecall_internal.enqueue_sms(p_message rolecall.thread_messages)
returns uuid
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_id uuid;
begin
  -- Not in the language SQL, which would plan it for every message.
  insert into rolecall.sms_outbox (organization_id, thread_id, seq)
  values (p_message.organization_id, p_message.thread_id, p_message.seq)
  returning id
  into v_id;
  return v_id;
end
$$;
