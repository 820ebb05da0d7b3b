-- Who may look into the schemas. rolecall_edge executes every entry point; the installer grants that.
grant usage on schema rolecall to authenticated, service_role;
grant usage on schema rolecall_edge to rolecall_edge;
