grant select on rolecall.retention to authenticated;

grant select, insert, update, delete on rolecall.retention to service_role;

grant select on rolecall.retention_marks to service_role;
