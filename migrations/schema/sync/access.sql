grant select on rolecall.block_changes to service_role;
