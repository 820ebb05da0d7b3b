create or replace trigger message_reactions_follow_added
after insert on rolecall.message_reactions
referencing new table as changed
for each statement
execute function rolecall_internal.follow_reactions();

create or replace trigger message_reactions_follow_removed
after delete on rolecall.message_reactions
referencing old table as changed
for each statement
execute function rolecall_internal.follow_reactions();
