create or replace trigger help_requests_touch_updated_at
before update on rolecall.help_requests
for each row
execute function rolecall_internal.touch_updated_at();

create or replace trigger conversations_v2_touch_updated_at
before update on public.conversations_v2
for each row
when (old.* is distinct from new.*)
execute function rolecall_internal.touch_updated_at();

create or replace trigger messages_v2_touch_updated_at
before update on public.messages_v2
for each row
when (old.* is distinct from new.*)
execute function rolecall_internal.touch_updated_at();

create or replace trigger messages_v2_count
after insert on public.messages_v2
referencing new table as added
for each statement
execute function rolecall_internal.count_help_messages();

create or replace trigger messages_v2_discount
after delete on public.messages_v2
referencing old table as gone
for each statement
execute function rolecall_internal.discount_help_messages();

create or replace trigger conversations_v2_open_thread
after insert on public.conversations_v2
for each row
execute function rolecall_internal.open_help_thread();

create or replace trigger conversations_v2_move_thread
after update on public.conversations_v2
for each row
when (
  old.status is distinct from new.status
  or old.requester_id is distinct from new.requester_id
  or old.helper_id is distinct from new.helper_id
)
execute function rolecall_internal.move_help_thread();

-- Statements that lock messages, or a client's conversations, take turns.
create or replace trigger messages_v2_await_turn
before update or delete on public.messages_v2
for each statement
when (rolecall_internal.is_client())
execute function rolecall_internal.await_help_turn('client');

create or replace trigger messages_v2_await_turn_of_all
before update or delete on public.messages_v2
for each statement
when (not rolecall_internal.is_client())
execute function rolecall_internal.await_help_turn('operator');

create or replace trigger conversations_v2_await_turn
before update of status on public.conversations_v2
for each statement
when (rolecall_internal.is_client())
execute function rolecall_internal.await_help_turn('client');

create or replace trigger conversations_v2_await_turn_of_all
before delete on public.conversations_v2
for each statement
execute function rolecall_internal.await_help_turn('operator');

create or replace trigger messages_v2_settle_changed
after update on public.messages_v2
referencing old table as previous new table as changed
for each statement
when (rolecall_internal.is_client())
execute function rolecall_internal.settle_changed_help_messages('client');

create or replace trigger messages_v2_settle_changed_by_operator
after update on public.messages_v2
referencing old table as previous new table as changed
for each statement
when (not rolecall_internal.is_client())
execute function rolecall_internal.settle_changed_help_messages('operator');

-- What clients write takes tokens.
create or replace trigger help_requests_limit_asking
before insert on rolecall.help_requests
for each row
when (rolecall_internal.is_client())
execute function rolecall_internal.limit_client_write('ask_for_help');

create or replace trigger help_requests_limit_changes
before update on rolecall.help_requests
for each row
when (rolecall_internal.is_client())
execute function rolecall_internal.limit_client_write('change_help');

create or replace trigger conversations_v2_limit_changes
before update on public.conversations_v2
for each row
when (rolecall_internal.is_client())
execute function rolecall_internal.limit_client_write('change_help');

create or replace trigger messages_v2_limit_changes
before update or delete on public.messages_v2
for each row
when (rolecall_internal.is_client())
execute function rolecall_internal.limit_client_write('send_help_message');

-- What is kept, whoever writes.
create or replace trigger messages_v2_keep_edited
before update on public.messages_v2
for each row
when (old.content is distinct from new.content and rolecall_internal.is_client())
execute function rolecall_internal.keep_edited_help_message('client');

create or replace trigger messages_v2_keep_edited_by_operator
before update on public.messages_v2
for each row
when (old.content is distinct from new.content and not rolecall_internal.is_client())
execute function rolecall_internal.keep_edited_help_message('operator');

create or replace trigger messages_v2_keep_removed
before delete on public.messages_v2
for each row
when (rolecall_internal.is_client())
execute function rolecall_internal.keep_removed_help_message('client');

create or replace trigger messages_v2_keep_removed_by_operator
before delete on public.messages_v2
for each row
when (not rolecall_internal.is_client())
execute function rolecall_internal.keep_removed_help_message('operator');

create or replace trigger conversations_v2_keep_who_closed
before update on public.conversations_v2
for each row
when (old.status is distinct from new.status and rolecall_internal.is_client())
execute function rolecall_internal.keep_who_closed('client');

create or replace trigger conversations_v2_keep_who_closed_by_operator
before update on public.conversations_v2
for each row
when (old.status is distinct from new.status and not rolecall_internal.is_client())
execute function rolecall_internal.keep_who_closed('operator');

create or replace trigger help_message_edits_never_change
before update or delete on rolecall.help_message_edits
for each row
execute function rolecall_internal.refuse_other_history();

create or replace trigger help_message_edits_never_truncated
before truncate on rolecall.help_message_edits
for each statement
execute function rolecall_internal.refuse_other_history();

-- Fire for a session that pretends to be a replica, too.
alter table public.messages_v2 enable always trigger messages_v2_keep_edited;

alter table public.messages_v2 enable always trigger messages_v2_keep_edited_by_operator;

alter table public.messages_v2 enable always trigger messages_v2_keep_removed;

alter table public.messages_v2 enable always trigger messages_v2_keep_removed_by_operator;

alter table public.messages_v2 enable always trigger messages_v2_settle_changed;

alter table public.messages_v2 enable always trigger messages_v2_settle_changed_by_operator;

alter table rolecall.help_message_edits enable always trigger help_message_edits_never_change;

alter table rolecall.help_message_edits enable always trigger help_message_edits_never_truncated;

create or replace trigger user_blocks_await_help_writers
after insert on rolecall.user_blocks
for each row
execute function rolecall_internal.await_help_writers();

create or replace trigger help_requests_hold_profiles
after insert on rolecall.help_requests
for each row
execute function rolecall_internal.hold_profiles('requester_id');

create or replace trigger conversations_v2_hold_profiles
after insert on public.conversations_v2
for each row
execute function rolecall_internal.hold_profiles('requester_id', 'helper_id');

create or replace trigger messages_v2_hold_profiles
after insert on public.messages_v2
for each row
execute function rolecall_internal.hold_profiles('sender_id');

create or replace trigger reported_messages_erase_help_messages_due
after update on rolecall.reported_messages
referencing new table as reviewed
for each statement
execute function rolecall_internal.erase_help_messages_due();
