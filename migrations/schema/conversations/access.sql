-- Policies call these with the rights of whoever reads; the schema stays closed.
grant execute on function
  rolecall_internal.caller_direct_conversations(),
  rolecall_internal.caller_show_conversations(),
  rolecall_internal.caller_acquaintances()
  to authenticated;

grant select on rolecall.conversation_settings to authenticated;

grant select on rolecall.conversation_settings to service_role;
