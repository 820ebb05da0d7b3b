grant execute on function rolecall_internal.caller_broadcasts() to authenticated;

grant execute on function rolecall_internal.reads_broadcasts_of(uuid, uuid) to authenticated;

grant select on rolecall.broadcast_limits to authenticated;

grant select, insert, update, delete on rolecall.broadcast_limits to service_role;

grant select on rolecall.broadcast_quotas to authenticated;

grant select, insert, update, delete on rolecall.broadcast_quotas to service_role;

grant select on rolecall.broadcasts to authenticated;

grant select, insert, update, delete on rolecall.broadcasts to service_role;

grant select on rolecall.broadcast_receipts to authenticated;

grant select, insert, update, delete on rolecall.broadcast_receipts to service_role;

grant select on rolecall.quota_runs to service_role;
