-- The check of the table runs with the rights of whoever writes; the schema stays closed.
grant execute on function rolecall_internal.is_reaction(text) to service_role;

grant select on rolecall.message_reactions to authenticated;

-- Nobody turns one into another.
grant select, insert, delete on rolecall.message_reactions to service_role;
