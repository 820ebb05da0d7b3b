grant select on rolecall.data_deletions to authenticated;

grant select on rolecall.data_deletions to service_role;
