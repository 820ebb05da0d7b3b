create or replace trigger messages_follow_changed
after update on rolecall.messages
referencing old table as gone new table as added
for each statement
execute function rolecall_internal.follow_changed_messages();

create or replace trigger removed_contents_follow_erased
after delete on rolecall.removed_contents
referencing old table as gone
for each statement
execute function rolecall_internal.follow_erased_contents();
