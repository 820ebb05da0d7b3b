-- The figures that GET /functions/v1/metrics shows in Prometheus' text format. All are of one moment: one statement reads
-- the totals and the minutes that are not yet part of them.
create or replace function rolecall_edge.metrics(p_request jsonb)
returns jsonb
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_call rolecall.call := rolecall_internal.begin_call('metrics', p_request, p_who => 'operator', p_keyed => false);
begin
  if v_call.answer is null then
    v_call.answer := rolecall_internal.success(
      jsonb_build_object(
        'requests',
        (
          select coalesce(
            jsonb_agg(
              jsonb_build_array(counter.function, counter.code, counter.bucket, counter.requests)
              order by counter.function, counter.code, counter.bucket
            ),
            '[]'
          )
          from rolecall_internal.request_counters() as counter
        ),
        'flags',
        (
          select coalesce(jsonb_object_agg(flag.name, flag.rollout), '{}')
          from rolecall.feature_flags as flag
        ),
        'alerts',
        (
          select coalesce(
            jsonb_agg(jsonb_build_array(rule.name, rule.severity, alert.name is not null) order by rule.name),
            '[]'
          )
          from rolecall.alert_rules as rule
          left join rolecall_monitoring.alerts as alert
            on alert.name = rule.name
        ),
        'pending_reports',
        (
          select jsonb_build_object('count', pending.count, 'oldest_age_seconds', pending.oldest_age_seconds)
          from rolecall_monitoring.pending_reports as pending
        ),
        'conversations',
        (
          select jsonb_object_agg(version.version, version.active)
          from rolecall_monitoring.active_conversations as version
        ),
        'texts',
        (
          select jsonb_build_object(
            'backlog', outbox.backlog,
            'oldest_age_seconds', outbox.oldest_age_seconds,
            'dead', outbox.dead,
            'uncertain', outbox.uncertain
          )
          from rolecall_monitoring.sms_outbox as outbox
        ),
        'unsent_alerts', (select count(*) from rolecall.alert_events where sent_at is null),
        'migration', (select max(version) from rolecall.schema_migrations)
      )
    );
  end if;
  return rolecall_internal.end_call(v_call);
end
$$;
