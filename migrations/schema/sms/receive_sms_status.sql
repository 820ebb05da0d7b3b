-- What the carrier says of a message that it was handed. The function has checked who signed it.

-- Where a status of the carrier takes a row of the outbox; null for one that Rolecall does not know. The carrier has a
-- message that it calls queued.
create or replace function rolecall_internal.sms_status_of(p_status text)
returns text
language sql
immutable
return case
  when p_status in ('accepted', 'scheduled', 'queued', 'sending', 'sent') then 'sent'
  when p_status in ('delivered', 'read') then 'delivered'
  when p_status = 'undelivered' then 'undelivered'
  when p_status in ('failed', 'canceled') then 'failed'
end;

-- How far a row of the outbox has come; a status only ever takes it further.
create or replace function rolecall_internal.sms_status_rank(p_status text)
returns int
language sql
immutable
return case
  when p_status in ('delivered', 'undelivered', 'failed') then 2
  when p_status = 'sent' then 1
  else 0
end;

-- Applies a status of the carrier to the row p_id of the outbox. {decision, thread_id, org_id}: decision is settled,
-- unchanged, or unknown for a row or a status that there is not, or a row that is about another message of the carrier.
create or replace function rolecall_internal.settle_sms_status(p_id uuid, p_sid text, p_status text, p_error int)
returns jsonb
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_status text := rolecall_internal.sms_status_of(p_status);
  v_row rolecall.sms_outbox;
  v_decision text := 'settled';
begin
  update rolecall.sms_outbox
  set
    status = v_status,
    -- A text that arrived has no error.
    error_code = case when v_status <> 'delivered' then p_error end,
    carrier_sid = coalesce(carrier_sid, p_sid),
    leased_until = null,
    updated_at = now()
  where id = p_id
    and coalesce(carrier_sid, p_sid) = p_sid
    and rolecall_internal.sms_status_rank(status) < rolecall_internal.sms_status_rank(v_status)
  returning *
  into v_row;
  if not found then
    select *
    into v_row
    from rolecall.sms_outbox
    where id = p_id
      and coalesce(carrier_sid, p_sid) = p_sid;
    v_decision := case when found and v_status is not null then 'unchanged' else 'unknown' end;
  -- 21610: the client has opted out with the carrier.
  elsif p_error = 21610 then
    perform rolecall_internal.opt_out(organization_id, client_id, 'carrier')
    from rolecall.message_threads
    where organization_id = v_row.organization_id
      and id = v_row.thread_id;
  end if;
  return jsonb_strip_nulls(
    jsonb_build_object('decision', v_decision, 'thread_id', v_row.thread_id, 'org_id', v_row.organization_id)
  );
end
$$;

-- {id, message_sid, status, error_code} -> {decision, thread_id}. What is unknown is counted as an operation of its own:
-- the carrier would only repeat what is refused.
create or replace function rolecall_edge.receive_sms_status(p_request jsonb)
returns jsonb
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_call rolecall.call := rolecall_internal.begin_call('receive-sms.status', p_request, 'operator', p_keyed => false);
  v_settled jsonb;
begin
  if v_call.answer is null then
    v_settled := rolecall_internal.settle_sms_status(
      rolecall_internal.uuid_or_null(v_call.input ->> 'id'),
      v_call.input ->> 'message_sid',
      v_call.input ->> 'status',
      substring(v_call.input ->> 'error_code' from '^[0-9]{1,9}$')::int
    );
    if v_settled ->> 'decision' = 'unknown' then
      v_call.operation := 'receive-sms.unknown-status';
    end if;
    v_call.answer := rolecall_internal.success(v_settled - 'org_id') || (v_settled - 'decision' - 'thread_id');
  end if;
  return rolecall_internal.end_call(v_call);
end
$$;
