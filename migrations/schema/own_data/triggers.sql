create or replace trigger reported_messages_erase_what_is_due
after update on rolecall.reported_messages
referencing new table as reviewed
for each statement
execute function rolecall_internal.erase_what_is_due();
