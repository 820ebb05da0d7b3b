grant select on rolecall.feature_flags to authenticated;

grant select, insert, update, delete on rolecall.feature_flags to service_role;

grant select on rolecall.rate_limits to authenticated;

grant select, insert, update, delete on rolecall.rate_limits to service_role;

grant select on rolecall.application_logs to service_role;
