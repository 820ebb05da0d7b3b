-- The delivery of texts to the carrier. Between two statements the function posts, so the first takes a lease on the texts
-- and the second says what became of them; nothing is held in between. Whoever dies there leaves a lease that runs out,
-- and then nobody knows whether the carrier has the text: it is `uncertain`, and never sent again by itself.
--
--   queued -> leased -> sent | dead | uncertain | queued again, to be tried later
--
-- The texts of a thread are handed over one at a time, in their order: one that waits to be tried again holds up those
-- after it, a dead or uncertain one does not.

-- Marks the texts whose delivery did not say in time what became of them. How many there were; at most 1000.
create or replace function rolecall_internal.expire_sms_leases()
returns bigint
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_expired bigint;
begin
  update rolecall.sms_outbox as outbox
  set
    status = 'uncertain',
    leased_until = null,
    updated_at = now()
  where outbox.id = any (
    array(
      select stale.id
      from rolecall.sms_outbox as stale
      where stale.status = 'leased'
        and stale.leased_until < now()
      order by stale.leased_until
      limit 1000
      for no key update skip locked
    )
  );
  get diagnostics v_expired = row_count;
  return v_expired;
end
$$;

-- Leases up to 50 texts that are due, the longest due first, and gives what the carrier has to know of each. Those of
-- clients who have opted out or are erased, and those that their author had erased, are dead instead, and nobody hears of
-- them.
create or replace function rolecall_internal.lease_sms(p_lease uuid)
returns jsonb
language sql
volatile
set search_path = pg_catalog, pg_temp
as $$
  with due as (
    select outbox.id
    from rolecall.sms_outbox as outbox
    where outbox.status = 'queued'
      and outbox.next_attempt_at <= now()
      -- The first of its thread. As a value it is looked up for each candidate, whatever the statistics say of a table that
      -- fills and empties.
      and outbox.seq = (
        select first.seq
        from rolecall.sms_outbox as first
        where first.thread_id = outbox.thread_id
          and first.status in ('queued', 'leased')
        order by first.seq
        limit 1
      )
    order by outbox.next_attempt_at, outbox.id
    limit 50
    for no key update of outbox skip locked
  ),
  addressed as (
    select
      outbox.id,
      client.phone,
      number.e164,
      message.content,
      message.media_urls,
      client.phone is null
        or opt_out.client_id is not null
        or (message.content is null and message.media_urls = '{}') as is_stopped,
      case when opt_out.client_id is not null then 21610 end as error_code
    from due
    join rolecall.sms_outbox as outbox
      on outbox.id = due.id
    join rolecall.thread_messages as message
      on message.organization_id = outbox.organization_id
      and message.thread_id = outbox.thread_id
      and message.seq = outbox.seq
    join rolecall.message_threads as thread
      on thread.organization_id = outbox.organization_id
      and thread.id = outbox.thread_id
    join rolecall.clients as client
      on client.organization_id = thread.organization_id
      and client.id = thread.client_id
    join rolecall.message_numbers as number
      on number.organization_id = outbox.organization_id
      and number.id = thread.number_id
    left join rolecall.opt_outs as opt_out
      on opt_out.organization_id = client.organization_id
      and opt_out.client_id = client.id
  ),
  taken as (
    update rolecall.sms_outbox as outbox
    set
      status = case when addressed.is_stopped then 'dead' else 'leased' end,
      error_code = addressed.error_code,
      attempts = case when addressed.is_stopped then outbox.attempts else outbox.attempts + 1 end,
      first_attempt_at = case
        when addressed.is_stopped then outbox.first_attempt_at
        else coalesce(outbox.first_attempt_at, now())
      end,
      lease = p_lease,
      leased_until = case when not addressed.is_stopped then now() + interval '1 minute' end,
      updated_at = now()
    from addressed
    where outbox.id = addressed.id
    returning
      jsonb_build_object(
        'id', outbox.id,
        'to', addressed.phone,
        'from', addressed.e164,
        'body', addressed.content,
        'media_urls', addressed.media_urls
      ) as text,
      addressed.is_stopped
  )
  select coalesce(jsonb_agg(text), '[]')
  from taken
  where not is_stopped
$$;

-- Leases what is due: {lease: boolean} -> {lease, messages, expired, waiting}. Without `lease`, where there is no carrier
-- to post to, nothing is leased and everything waits.
create or replace function rolecall_edge.claim_sms(p_request jsonb)
returns jsonb
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_call rolecall.call := rolecall_internal.begin_call('deliver-sms', p_request, p_who => 'operator', p_keyed => false);
  v_lease uuid := gen_random_uuid();
  v_expired bigint;
  v_messages jsonb := '[]';
begin
  if v_call.answer is null then
    v_expired := rolecall_internal.expire_sms_leases();
    if v_call.input -> 'lease' is not distinct from 'true' then
      v_messages := rolecall_internal.lease_sms(v_lease);
    end if;
    v_call.answer := rolecall_internal.success(
      jsonb_build_object(
        'lease', v_lease,
        'messages', v_messages,
        'expired', v_expired,
        -- Counted no further than that.
        'waiting', (select count(*) from (select from rolecall.sms_outbox where status = 'queued' limit 10000) as waiting)
      )
    );
  end if;
  return rolecall_internal.end_call(v_call);
end
$$;

-- How long a text waits after so many attempts, before it is tried again: at most eight attempts within an hour.
create or replace function rolecall_internal.sms_backoff(p_attempts int)
returns interval
language sql
immutable
return (array[5, 15, 45, 120, 300, 600, 900])[least(p_attempts, 7)] * interval '1 second';

-- What a delivery says of its texts, read from its request; what does not parse is null.
create or replace function rolecall_internal.sms_outcomes(p_outcomes jsonb)
returns table (id uuid, outcome text, carrier_sid text, error_code int, retry_after interval)
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
  select
    rolecall_internal.uuid_or_null(outcome ->> 'id'),
    outcome ->> 'outcome',
    outcome ->> 'carrier_sid',
    case when outcome ->> 'error_code' ~ '^[0-9]{1,9}$' then (outcome ->> 'error_code')::int end,
    case
      when outcome ->> 'retry_after_seconds' ~ '^[0-9]{1,9}$'
      then (outcome ->> 'retry_after_seconds')::int * interval '1 second'
    end
  from jsonb_array_elements(case when jsonb_typeof(p_outcomes) = 'array' then p_outcomes else '[]' end) as outcome
$$;

-- Settles what became of the texts of a lease:
-- {lease, outcomes: [{id, outcome, carrier_sid, error_code, retry_after_seconds}]} -> {settled, given_up}: how
-- many texts, and how many of them are dead though they were to be tried again.
-- outcome is sent, dead, uncertain, retry: nothing was accepted, or released: nothing was tried. What the carrier's
-- status callback or an owner said in the meantime stands. A lease that has run out settles all the same, as long as the
-- text is uncertain; a text that somebody has queued again is no longer this lease's.
create or replace function rolecall_edge.settle_sms(p_request jsonb)
returns jsonb
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_caller uuid := rolecall_internal.assume_claims(p_request -> 'claims');
  v_refusal jsonb := rolecall_internal.refuse_stranger('operator', v_caller, p_request);
  v_lease uuid := rolecall_internal.uuid_or_null(p_request #>> '{input,lease}');
  v_outcomes jsonb := p_request #> '{input,outcomes}';
  v_settled bigint;
  v_given_up bigint;
begin
  if v_refusal is not null then
    return v_refusal;
  end if;

  -- 21610: the client has opted out with the carrier.
  insert into rolecall.opt_outs (organization_id, client_id, source)
  select distinct thread.organization_id, thread.client_id, 'carrier'
  from rolecall_internal.sms_outcomes(v_outcomes) as outcome
  join rolecall.sms_outbox as outbox
    on outbox.id = outcome.id
    and outbox.lease = v_lease
  join rolecall.message_threads as thread
    on thread.organization_id = outbox.organization_id
    and thread.id = outbox.thread_id
  where outcome.outcome = 'dead'
    and outcome.error_code = 21610
  order by 1, 2
  on conflict (organization_id, client_id) do nothing;

  with settled as (
    update rolecall.sms_outbox as outbox
    set
      status = case
        when outbox.status not in ('leased', 'uncertain') then outbox.status
        when outcome.outcome in ('sent', 'uncertain', 'dead') then outcome.outcome
        when outcome.outcome = 'released' then 'queued'
        when outbox.attempts < 8 and later.at <= outbox.first_attempt_at + interval '1 hour' then 'queued'
        else 'dead'
      end,
      attempts = outbox.attempts - case when later.is_undone then 1 else 0 end,
      first_attempt_at = case when not later.is_undone or outbox.attempts > 1 then outbox.first_attempt_at end,
      next_attempt_at = case
        when later.is_undone then greatest(outbox.next_attempt_at, later.at)
        when outcome.outcome = 'retry' then later.at
        else outbox.next_attempt_at
      end,
      leased_until = null,
      carrier_sid = coalesce(outbox.carrier_sid, outcome.carrier_sid),
      error_code = case when outbox.status in ('leased', 'uncertain') then outcome.error_code else outbox.error_code end,
      updated_at = now()
    from rolecall_internal.sms_outcomes(v_outcomes) as outcome
    cross join lateral (
      select
        outcome.outcome = 'released' and mine.status in ('leased', 'uncertain') as is_undone,
        now() + greatest(
          case
            -- Spread, so that what failed together is not tried again together.
            when outcome.outcome = 'retry' then rolecall_internal.sms_backoff(mine.attempts) * (1 + 0.2 * random())
            else interval '0'
          end,
          coalesce(outcome.retry_after, interval '0')
        ) as at
      from rolecall.sms_outbox as mine
      where mine.id = outcome.id
    ) as later
    where outbox.id = outcome.id
      and outbox.lease = v_lease
      and (
        outbox.status in ('leased', 'uncertain')
        or (outbox.carrier_sid is null and outcome.carrier_sid is not null)
      )
    returning outcome.outcome = 'retry' and outbox.status = 'dead' as is_given_up
  )
  select count(*), count(*) filter (where is_given_up)
  into v_settled, v_given_up
  from settled;
  return rolecall_internal.success(jsonb_build_object('settled', v_settled, 'given_up', v_given_up));
end
$$;
