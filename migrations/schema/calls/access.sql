-- Policies and the conditions of triggers call these with the rights of whoever writes.
grant execute on function rolecall_internal.is_client() to authenticated, service_role;

grant execute on function rolecall_internal.caller_may_use(text) to authenticated;

grant select on rolecall.feature_flags to authenticated;

grant select, insert, update, delete on rolecall.feature_flags to service_role;

grant select on rolecall.rate_limits to authenticated;

grant select, insert, update, delete on rolecall.rate_limits to service_role;

grant select on rolecall.application_logs to service_role;
