grant select, insert, update, delete on rolecall.feature_flag_overrides to service_role;

-- Written by triggers, read by the operator.
grant select on rolecall.feature_flag_changes to service_role;
