create or replace trigger messages_emit_new
after insert on rolecall.messages
referencing new table as added
for each statement
execute function rolecall_internal.emit_new_messages();

create or replace trigger conversations_emit_changed
after update of read_only on rolecall.conversations
for each row
when (old.read_only is distinct from new.read_only)
execute function rolecall_internal.emit_changed_conversation();

create or replace trigger user_blocks_emit
after insert or delete on rolecall.user_blocks
for each row
execute function rolecall_internal.emit_block();

create or replace trigger profiles_emit_lifted_suspension
after update of suspended_until on rolecall.profiles
for each row
when (old.suspended_until > now() and (new.suspended_until > now()) is not true)
execute function rolecall_internal.emit_lifted_suspension();

create or replace trigger thread_messages_emit_changed
after update on rolecall.thread_messages
referencing old table as gone new table as added
for each statement
execute function rolecall_internal.emit_changed_thread_messages();

create or replace trigger message_threads_emit_changed
after update of status on rolecall.message_threads
for each row
when (old.status is distinct from new.status)
execute function rolecall_internal.emit_changed_thread();

create or replace trigger assignment_windows_emit
after insert or update on rolecall.assignment_windows
for each row
execute function rolecall_internal.emit_window();
