-- PostgreSQL looks for foreign keys behind every update of a conversation anyway, and there evaluates the condition without
-- calling anything.
create or replace trigger conversations_follow_change
after update on rolecall.conversations
for each row
when (old.changed_xid = new.changed_xid)
execute function rolecall_internal.follow_conversation_change();

create or replace trigger message_threads_follow_change
after update on rolecall.message_threads
for each row
when (old.changed_xid = new.changed_xid)
execute function rolecall_internal.follow_thread_change();

-- A client may ask for help through the table, and so could say anything.
create or replace trigger help_requests_follow_change
before insert or update on rolecall.help_requests
for each row
execute function rolecall_internal.follow_help_request_change();

create or replace trigger user_blocks_follow_blocked
after insert on rolecall.user_blocks
referencing new table as changed
for each statement
execute function rolecall_internal.follow_block_change();

create or replace trigger user_blocks_follow_lifted
after delete on rolecall.user_blocks
referencing old table as changed
for each statement
execute function rolecall_internal.follow_block_change();

create or replace trigger assignment_windows_follow_made
after insert on rolecall.assignment_windows
referencing new table as changed
for each statement
execute function rolecall_internal.follow_window_change();

create or replace trigger assignment_windows_follow_changed
after update on rolecall.assignment_windows
referencing old table as changed new table as added
for each statement
execute function rolecall_internal.follow_window_update();

create or replace trigger assignment_windows_follow_removed
after delete on rolecall.assignment_windows
referencing old table as changed
for each statement
execute function rolecall_internal.follow_window_change();

create or replace trigger clients_follow_account
after update of user_id on rolecall.clients
for each row
when (old.user_id is distinct from new.user_id)
execute function rolecall_internal.follow_client_account();

create or replace trigger message_threads_follow_scope
after update of scope on rolecall.message_threads
for each row
when (old.scope = 'client' and new.scope <> 'client')
execute function rolecall_internal.follow_thread_scope();

create or replace trigger profiles_follow_role
after update of role on rolecall.profiles
for each row
when (old.role is distinct from new.role)
execute function rolecall_internal.follow_role_change();
