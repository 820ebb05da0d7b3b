grant execute on function
  rolecall_relay.fork(jsonb),
  rolecall_relay.webhooks_take(jsonb),
  rolecall_relay.webhooks_settle(jsonb)
  to rolecall_relay;

-- Not secret and former_secret: whoever has them passes for us.
grant select (
  id, url, types, description, is_enabled, enabled_at, disabled_reason, former_secret_until, created_at, changed_at,
  last_delivered_at, failing_since, failures, paused_until
) on rolecall.webhooks to service_role;

grant select on rolecall.webhook_queues to service_role;

grant select on rolecall.webhook_deliveries to service_role;

grant select on rolecall.outbox_fork to service_role;

grant select on rolecall_monitoring.webhooks to service_role;
