-- Who may look into the schemas. rolecall_edge executes every entry point; the installer grants that.
grant usage on schema rolecall to authenticated, service_role;
grant usage on schema rolecall_edge to rolecall_edge;

-- The checks and defaults of tables call these with the rights of whoever writes.
grant execute on function
  rolecall_internal.limit_direct_message_chars(),
  rolecall_internal.limit_help_message_min_chars(),
  rolecall_internal.limit_help_message_max_chars(),
  rolecall_internal.uuid_v7(),
  rolecall_internal.has_visible(text),
  rolecall_internal.has_control(text),
  rolecall_internal.is_name(text),
  rolecall_internal.is_text(text, int, int)
  to authenticated, service_role;
