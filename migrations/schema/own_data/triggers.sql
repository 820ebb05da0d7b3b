create or replace trigger reported_messages_erase_what_is_due
after update on rolecall.reported_messages
referencing new table as reviewed
for each statement
execute function rolecall_internal.erase_what_is_due();

create or replace trigger reported_messages_erase_reason
before update on rolecall.reported_messages
for each row
when (old.status = 'pending' and new.status <> 'pending' and new.erase_reason)
execute function rolecall_internal.erase_reason();
