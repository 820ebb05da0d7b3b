grant select (id, message_id, conversation_id, reporter_id, reason, status, created_at)
  on rolecall.reported_messages to authenticated;

grant select on rolecall.reported_messages to service_role;

grant select on rolecall.moderation_audit to service_role;
