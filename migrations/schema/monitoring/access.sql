-- Thresholds are the operator's; the rest is read through the views.
grant select, insert, update, delete on rolecall.alert_rules to service_role;

grant select on
  rolecall_monitoring.active_conversations,
  rolecall_monitoring.alerts,
  rolecall_monitoring.conversation_creation,
  rolecall_monitoring.error_rate,
  rolecall_monitoring.latency,
  rolecall_monitoring.sms_errors,
  rolecall_monitoring.sms_outbox,
  rolecall_monitoring.texting,
  rolecall_monitoring.v2_adoption
  to service_role;

-- The views call these with the rights of whoever reads them.
grant execute on function
  rolecall_internal.is_failure(text),
  rolecall_internal.texting_of(uuid),
  rolecall_internal.v1_conversation_counts()
  to service_role;
