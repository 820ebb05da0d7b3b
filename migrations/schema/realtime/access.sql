grant usage on schema rolecall_relay to rolecall_relay;

grant execute on function
  rolecall_relay.lead(jsonb),
  rolecall_relay.take(jsonb),
  rolecall_relay.settle(jsonb),
  rolecall_relay.presence(jsonb)
  to rolecall_relay;

grant select on rolecall.outbox to service_role;

grant select on rolecall.relay to service_role;

grant select on rolecall.relays to service_role;

grant select on rolecall.presence to service_role;

grant select on rolecall.typing to service_role;

grant select on rolecall_monitoring.outbox to service_role;
