-- What began and what ended, on its way to alert_url. Between two statements the function sends: so the first takes a lease
-- on the sending, and the second says what the receiver has taken. Whoever dies in between leaves a lease that runs out,
-- and what was not settled is sent again.

-- Compares what fires with what fired at the last call, and writes down what began and ended.
create or replace function rolecall_internal.note_alerts(p_has_receiver boolean)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  with firing as (
    select name, severity, value, threshold, summary
    from rolecall_monitoring.alerts
  ),
  begun as (
    insert into rolecall.alert_states (name, since)
    select name, now()
    from firing
    order by name
    on conflict (name) do nothing
    returning name
  ),
  over as (
    delete from rolecall.alert_states as state
    where not exists (
      select
      from firing
      where firing.name = state.name
    )
    returning state.name, state.since
  )
  insert into rolecall.alert_events (name, event, severity, value, threshold, summary, since)
  select rule.name, 'ended', rule.severity, null, rule.threshold, rule.summary, over.since
  from over
  join rolecall.alert_rules as rule
    on rule.name = over.name
  union all
  select firing.name, 'began', firing.severity, firing.value, firing.threshold, firing.summary, now()
  from begun
  join firing
    on firing.name = begun.name;

  -- Without a receiver only what still fires waits for one.
  if not p_has_receiver then
    delete from rolecall.alert_events as event
    where event.sent_at is null
      and (
        event.event = 'ended'
        or not exists (
          select
          from rolecall.alert_states as state
          where state.name = event.name
            and state.since = event.since
        )
      );
  end if;

  delete from rolecall.alert_events
  where at < now() - interval '30 days'
    and sent_at is not null;
end
$$;

-- Notes what began and ended, merges old minutes, and takes the lease to send: {receiver: boolean} -> {firing, events,
-- lease, more}. Without a lease another call sends at this moment.
create or replace function rolecall_edge.alerts(p_request jsonb)
returns jsonb
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_call rolecall.call := rolecall_internal.begin_call('alerts', p_request, p_who => 'operator', p_keyed => false);
  v_has_receiver boolean := p_request #> '{input,receiver}' is not distinct from 'true';
  v_lease uuid;
begin
  if v_call.answer is null then
    -- One call at a time looks.
    perform
    from rolecall.alert_delivery
    where id = 1
    for update;
    perform rolecall_internal.note_alerts(v_has_receiver);
    perform rolecall_internal.fold_help_conversation_counts();
    perform rolecall_internal.merge_metrics();
    perform rolecall_internal.tidy_outbox();
    perform rolecall_internal.tidy_webhooks();
    if v_has_receiver then
      update rolecall.alert_delivery
      set
        lease = gen_random_uuid(),
        leased_until = now() + interval '30 seconds'
      where id = 1
        and leased_until < now() is not false
      returning lease
      into v_lease;
    end if;
    v_call.answer := rolecall_internal.success(
      jsonb_build_object(
        'firing',
        (
          select coalesce(
            jsonb_agg(
              jsonb_build_object(
                'name', alert.name,
                'severity', alert.severity,
                'value', alert.value,
                'threshold', alert.threshold,
                'since', rolecall_internal.iso(alert.since),
                'summary', alert.summary
              )
              order by alert.severity, alert.name
            ),
            '[]'
          )
          from rolecall_monitoring.alerts as alert
        ),
        'events',
        (
          select coalesce(
            jsonb_agg(
              jsonb_build_object(
                'id', event.id,
                'name', event.name,
                'event', event.event,
                'severity', event.severity,
                'value', event.value,
                'threshold', event.threshold,
                'since', rolecall_internal.iso(event.since),
                'at', rolecall_internal.iso(event.at),
                'summary', event.summary
              )
              order by event.id
            ),
            '[]'
          )
          from (
            select *
            from rolecall.alert_events as unsent
            where unsent.sent_at is null
              and v_lease is not null
            order by unsent.id
            limit 20
          ) as event
        ),
        'lease', v_lease
      )
    );
  end if;
  return rolecall_internal.end_call(v_call);
end
$$;

-- Settles what was sent under a lease, and gives it back: {lease, sent: [id]} -> {settled, waiting}. A lease that has run
-- out settles all the same: what the receiver has taken it has taken.
create or replace function rolecall_edge.alerts_sent(p_request jsonb)
returns jsonb
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_caller uuid := rolecall_internal.assume_claims(p_request -> 'claims');
  v_refusal jsonb := rolecall_internal.refuse_stranger('operator', v_caller, p_request);
  v_settled bigint;
begin
  if v_refusal is not null then
    return v_refusal;
  end if;
  with settled as (
    update rolecall.alert_events as event
    set sent_at = now()
    where event.sent_at is null
      and p_request #> '{input,sent}' @> to_jsonb(event.id)
    returning event.id
  )
  select count(*)
  into v_settled
  from settled;
  update rolecall.alert_delivery
  set
    lease = null,
    leased_until = null
  where lease = rolecall_internal.uuid_or_null(p_request #>> '{input,lease}');
  return rolecall_internal.success(
    jsonb_build_object(
      'settled', v_settled,
      'waiting', (select count(*) from rolecall.alert_events where sent_at is null)
    )
  );
end
$$;
