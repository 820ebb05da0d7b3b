create or replace trigger show_participants_set_role
before insert or update on rolecall.show_participants
for each row
execute function rolecall_internal.set_participant_role();

create or replace trigger show_participants_count_joined
after insert on rolecall.show_participants
referencing new table as joined
for each statement
execute function rolecall_internal.count_joined();

create or replace trigger show_participants_count_left
after delete on rolecall.show_participants
referencing old table as gone
for each statement
execute function rolecall_internal.count_left();

create or replace trigger show_participants_count_moved
after update on rolecall.show_participants
referencing old table as gone new table as joined
for each statement
execute function rolecall_internal.count_moved();

create or replace trigger show_participants_archive_left
after delete on rolecall.show_participants
referencing old table as gone
for each statement
execute function rolecall_internal.archive_participations();

create or replace trigger show_participants_archive_moved
after update on rolecall.show_participants
referencing old table as gone
for each statement
execute function rolecall_internal.archive_participations();

create or replace trigger show_participants_count_none
after truncate on rolecall.show_participants
for each statement
execute function rolecall_internal.count_none();
