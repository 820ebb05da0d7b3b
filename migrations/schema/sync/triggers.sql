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
