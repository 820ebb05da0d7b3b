-- Claims deliveries that are due: {limit, relay, rollouts?} -> {deliveries, next_due_ms}. A claim is a lease for a minute: who
-- dies with it makes a repeat. Several relays may ask at the same time.
--
-- Of one webhook 16 are in flight at most, and one while it fails: whoever counts holds the webhook's row, and a webhook that
-- is held is left to the next take. A delivery of which nobody is to hear is settled here.

-- How many of a webhook may be in flight.
create or replace function rolecall_internal.webhook_lanes(p_failing_since timestamptz)
returns int
language sql
immutable
return case when p_failing_since is null then 16 else 1 end;

-- The webhooks that have something due and may be tried, held until the commit.
create or replace function rolecall_internal.hold_webhooks(p_now timestamptz)
returns uuid[]
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  return array(
    select id
    from rolecall.webhooks as webhook
    where is_enabled
      and paused_until <= p_now is not false
      and exists (
        select
        from rolecall.webhook_deliveries
        where webhook_id = webhook.id
          and state = 'pending'
          and due_at <= p_now
      )
    order by id
    for no key update skip locked
  );
end
$$;

-- Claims up to p_limit deliveries of the webhooks that are held, of each in turn, the longest due first; of broadcasts, each
-- page of which costs as much as hundreds of others, four.
create or replace function rolecall_internal.claim_deliveries(p_webhooks uuid[], p_limit int, p_now timestamptz)
returns rolecall.webhook_deliveries[]
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_claimed rolecall.webhook_deliveries[];
begin
  with due as (
    select
      found.id,
      found.is_wide,
      found.due_at,
      row_number() over (partition by webhook.id order by found.due_at, found.id) as number
    from rolecall.webhooks as webhook
    cross join lateral (
      select id, is_wide, due_at
      from rolecall.webhook_deliveries
      where webhook_id = webhook.id
        and state = 'pending'
        and due_at <= p_now
      order by due_at, id
      limit greatest(
        0,
        rolecall_internal.webhook_lanes(webhook.failing_since) - (
          select count(*)
          from rolecall.webhook_deliveries
          where webhook_id = webhook.id
            and is_taken
            and due_at > p_now
        )
      )
      for update skip locked
    ) as found
    where webhook.id = any (p_webhooks)
      and webhook.is_enabled
      and webhook.paused_until <= p_now is not false
  ),
  chosen as (
    select counted.id
    from (
      select *, count(*) filter (where is_wide) over (order by number, due_at, id) as wide
      from due
    ) as counted
    where not counted.is_wide
      or counted.wide <= 4
    order by counted.number, counted.due_at, counted.id
    limit p_limit
  ),
  claimed as (
    update rolecall.webhook_deliveries as delivery
    set
      attempts = delivery.attempts + 1,
      is_taken = true,
      taken_to = null,
      due_at = p_now + interval '60 seconds'
    from chosen
    where delivery.id = chosen.id
    returning delivery
  )
  select coalesce(array_agg(claimed.delivery order by (claimed.delivery).id), '{}')
  into v_claimed
  from claimed;
  return v_claimed;
end
$$;

-- In how many milliseconds a take may find something; null when nothing waits.
create or replace function rolecall_internal.next_due_ms(p_now timestamptz)
returns bigint
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  return (
    select ceil(extract(epoch from greatest(min(next.due_at), p_now) - p_now) * 1000)
    from rolecall.webhooks as webhook
    cross join lateral (
      select count(*) as in_flight, min(due_at) as lease_ends_at
      from rolecall.webhook_deliveries
      where webhook_id = webhook.id
        and is_taken
        and due_at > p_now
    ) as taken
    cross join lateral (
      select case
        -- An answer, or the end of a lease, makes room.
        when taken.in_flight >= rolecall_internal.webhook_lanes(webhook.failing_since) then taken.lease_ends_at
        else (
          select greatest(delivery.due_at, webhook.paused_until)
          from rolecall.webhook_deliveries as delivery
          where delivery.webhook_id = webhook.id
            and delivery.state = 'pending'
          order by delivery.due_at
          limit 1
        )
      end as due_at
    ) as next
    where webhook.is_enabled
      and next.due_at is not null
    having count(*) > 0
  );
end
$$;

create or replace function rolecall_internal.take_deliveries(p_limit int, p_rollouts jsonb)
returns jsonb
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_now timestamptz := clock_timestamp();
  v_webhooks uuid[] := rolecall_internal.hold_webhooks(v_now);
  v_claimed rolecall.webhook_deliveries[] := '{}';
  v_delivery rolecall.webhook_deliveries;
  v_taken_to uuid;
  v_events jsonb;
  v_of jsonb := '{}';
  v_shown jsonb;
begin
  if v_webhooks <> '{}' then
    v_claimed := rolecall_internal.claim_deliveries(v_webhooks, p_limit, v_now);
  end if;

  select coalesce(jsonb_object_agg(made.delivery_id, made.events), '{}')
  into v_of
  from rolecall_internal.delivery_events(v_claimed, p_rollouts) as made
  where v_claimed <> '{}';
  foreach v_delivery in array v_claimed loop
    v_taken_to := null;
    if rolecall_internal.is_spent(v_delivery) then
      v_events := '[]';
    elsif v_delivery.type = 'webhook.test' then
      v_events := jsonb_build_array(
        jsonb_build_object(
          'to', '[]'::jsonb,
          'event', rolecall_internal.event_json(v_delivery.type, v_delivery.id, 1, v_delivery.made_at, '{}')
        )
      );
    elsif v_delivery.is_wide then
      select page.taken_to, page.events
      into v_taken_to, v_events
      from rolecall_internal.wide_delivery_events(v_delivery, p_rollouts) as page;
      update rolecall.webhook_deliveries
      set taken_to = v_taken_to
      where id = v_delivery.id
        and v_taken_to is not null;
    else
      v_events := coalesce(v_of -> v_delivery.id::text, '[]');
    end if;
    if v_events = '[]' then
      perform rolecall_internal.end_unheard(v_delivery, v_taken_to);
    end if;
    v_of := v_of || jsonb_build_object(v_delivery.id, v_events);
  end loop;

  select coalesce(
    jsonb_agg(
      jsonb_build_object(
        'id', delivery.id::text,
        'attempt', delivery.attempts,
        'webhook', delivery.webhook_id,
        'url', webhook.url,
        'secrets', case
          when webhook.former_secret_until > v_now then jsonb_build_array(webhook.secret, webhook.former_secret)
          else jsonb_build_array(webhook.secret)
        end,
        'message_id', rolecall_internal.webhook_message_id(delivery),
        'payload', rolecall_internal.webhook_payload(delivery, v_of -> delivery.id::text)
      )
      order by delivery.id
    ),
    '[]'
  )
  into v_shown
  from unnest(v_claimed) as delivery
  join rolecall.webhooks as webhook
    on webhook.id = delivery.webhook_id
  where v_of -> delivery.id::text <> '[]';
  return rolecall_internal.success(
    jsonb_build_object(
      'deliveries', v_shown,
      'next_due_ms', rolecall_internal.next_due_ms(clock_timestamp())
    )
  );
end
$$;

-- Whether a delivery that was taken is not to be tried: who had it before died with it, and it is worth no repeat or had all
-- of its attempts.
create or replace function rolecall_internal.is_spent(p_delivery rolecall.webhook_deliveries)
returns boolean
language sql
immutable
return p_delivery.attempts - p_delivery.attempts_before > case
  when p_delivery.type in ('typing', 'presence') then 1
  else cardinality(rolecall_internal.webhook_schedule()) + 1
end;

-- Ends a delivery, or a page of one, that nobody hears of.
create or replace function rolecall_internal.end_unheard(p_delivery rolecall.webhook_deliveries, p_taken_to uuid)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  if p_taken_to is not null then
    update rolecall.webhook_deliveries
    set
      reached = p_taken_to,
      taken_to = null,
      is_taken = false,
      attempts_before = attempts,
      due_at = clock_timestamp()
    where id = p_delivery.id;
  elsif rolecall_internal.is_spent(p_delivery) and p_delivery.type not in ('typing', 'presence') then
    update rolecall.webhook_deliveries
    set
      state = 'dead',
      is_taken = false,
      attempts = attempts - 1,
      due_at = clock_timestamp(),
      last_error = 'the relay ended before it had an answer'
    where id = p_delivery.id;
  else
    delete from rolecall.webhook_deliveries
    where id = p_delivery.id;
  end if;
end
$$;

create or replace function rolecall_relay.webhooks_take(p_request jsonb)
returns jsonb
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  return rolecall_internal.take_deliveries(
    least(greatest(coalesce(rolecall_internal.whole_number(p_request -> 'limit'), 50), 1), 200)::int,
    case when jsonb_typeof(p_request -> 'rollouts') = 'object' then p_request -> 'rollouts' else '{}' end
  );
end
$$;
