grant execute on function rolecall_internal.caller_organization() to authenticated;

grant execute on function rolecall_internal.caller_with_profile() to authenticated;

grant execute on function rolecall_internal.caller_may_write() to authenticated;

grant select on rolecall.organizations to authenticated;

grant select, insert, update, delete on rolecall.organizations to service_role;

grant select (id, display_name, role, created_at, updated_at) on rolecall.profiles to authenticated;

grant update (display_name) on rolecall.profiles to authenticated;

grant select, insert, update, delete on rolecall.profiles to service_role;

-- Without its row a key set is fetched anew by the next instance.
grant select, delete on rolecall.key_sets to service_role;
