-- Erases a client: {organization_id, client_id}. Their number, name and account go, and with them what was written to and
-- by them, also where it is quoted: media, redacted contents, notices. What stays is that there were messages, when and in
-- which order, so that the thread can be read. The thread is closed, its windows with it; a sender with the same number is
-- a new client afterwards.
--
-- A text that waits is not sent. One that a delivery holds at this moment may be: it was on its way. Its row stays until
-- then and knows neither number nor content, and it is not tried again.
create or replace function rolecall_internal.erase_client(p_input jsonb)
returns jsonb
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_org uuid;
  v_client rolecall.clients;
begin
  select id
  into v_org
  from rolecall.organizations
  where id = rolecall_internal.uuid_or_null(p_input ->> 'organization_id');
  if v_org is null then
    return rolecall_internal.refuse_unknown_organization();
  end if;
  select *
  into v_client
  from rolecall.clients
  where organization_id = v_org
    and id = rolecall_internal.uuid_or_null(p_input ->> 'client_id')
  for update;
  if not found then
    return rolecall_internal.refusal('not_found', 'The organisation has no client with this client_id.');
  end if;

  if v_client.erased_at is null then
    -- How far their account had read their own threads.
    delete from rolecall.thread_reads as own
    using rolecall.message_threads as thread
    where own.organization_id = v_org
      and own.user_id = v_client.user_id
      and thread.organization_id = v_org
      and thread.client_id = v_client.id
      and thread.id = own.thread_id;
    update rolecall.clients
    set
      phone = null,
      display_name = null,
      user_id = null,
      erased_at = now()
    where id = v_client.id
    returning *
    into v_client;
  end if;
  perform rolecall_internal.erase_client_messages(v_org, v_client.id);
  return rolecall_internal.success(
    jsonb_build_object('client_id', v_client.id, 'erased_at', rolecall_internal.iso(v_client.erased_at))
  );
end
$$;

-- Erases what was written to and by a client whose row the caller holds.
create or replace function rolecall_internal.erase_client_messages(p_org uuid, p_client uuid)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_threads uuid[];
begin
  -- New messages wait for the thread's row, and see it closed.
  with closed as (
    update rolecall.message_threads
    set
      status = 'closed',
      updated_at = now()
    where id in (
      select id
      from rolecall.message_threads
      where organization_id = p_org
        and client_id = p_client
      order by id
      for update
    )
    returning id
  )
  select coalesce(array_agg(id), '{}')
  into v_threads
  from closed;

  update rolecall.assignment_windows
  set
    closed_at = now(),
    updated_at = now()
  where organization_id = p_org
    and thread_id = any (v_threads)
    and closed_at is null;

  -- A delivery that is at one of them says what became of it.
  with undelivered as (
    delete from rolecall.sms_outbox
    where organization_id = p_org
      and thread_id = any (v_threads)
      and status <> 'leased'
    returning thread_id, seq, status
  )
  update rolecall.thread_messages as message
  set delivery = 'dead'
  from undelivered
  where message.organization_id = p_org
    and message.thread_id = undelivered.thread_id
    and message.seq = undelivered.seq
    and undelivered.status = 'queued';

  update rolecall.thread_messages
  set
    content = null,
    media_urls = '{}'
  where organization_id = p_org
    and thread_id = any (v_threads)
    and (content is not null or media_urls <> '{}');

  -- Notices about them in the owner inbox.
  update rolecall.thread_messages
  set
    content = null,
    media_urls = '{}'
  where organization_id = p_org
    and client_id = p_client
    and (content is not null or media_urls <> '{}');

  update rolecall.anti_poaching_attempts
  set
    redacted_content = null,
    forced_reason = case when forced_reason is not null then 'erased' end
  where organization_id = p_org
    and thread_id = any (v_threads);

  update rolecall.routing_decisions as decision
  set sender = 'erased'
  from rolecall.thread_messages as message
  where message.organization_id = p_org
    and message.client_id = p_client
    and decision.organization_id = p_org
    and decision.thread_id = message.thread_id
    and decision.seq = message.seq
    and decision.sender <> 'erased';
end
$$;

create or replace function rolecall_edge.erase_client(p_request jsonb)
returns jsonb
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_call rolecall.call := rolecall_internal.begin_call('threads.erase-client', p_request, p_who => 'operator');
begin
  if v_call.answer is null then
    v_call.answer := rolecall_internal.erase_client(v_call.input);
    if v_call.answer -> 'ok' = 'true' then
      perform rolecall_internal.log_event(
        v_call,
        'client_erased',
        v_call.answer -> 'data' || jsonb_build_object('organization_id', v_call.input -> 'organization_id')
      );
    end if;
  end if;
  return rolecall_internal.end_call(v_call);
end
$$;
