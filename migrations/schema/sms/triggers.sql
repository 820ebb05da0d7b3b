create or replace trigger sms_outbox_is_followed
after update on rolecall.sms_outbox
referencing new table as new_rows
for each statement
execute function rolecall_internal.follow_sms_outbox();
