grant select on rolecall.block_changes to service_role;

grant select on rolecall.thread_losses to service_role;
