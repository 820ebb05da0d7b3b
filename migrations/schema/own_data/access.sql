grant select on rolecall.data_deletions to authenticated;

grant select on rolecall.data_deletions to service_role;

grant execute on function rolecall.delete_account(uuid) to service_role;
