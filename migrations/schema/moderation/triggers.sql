create or replace trigger reported_messages_count_filed
after insert on rolecall.reported_messages
referencing new table as added
for each statement
execute function rolecall_internal.count_reports();

create or replace trigger reported_messages_count_reviewed
after update on rolecall.reported_messages
referencing old table as gone new table as added
for each statement
execute function rolecall_internal.count_reports();

create or replace trigger reported_messages_count_deleted
after delete on rolecall.reported_messages
referencing old table as gone
for each statement
execute function rolecall_internal.count_reports();

create or replace trigger reported_messages_count_none
after truncate on rolecall.reported_messages
for each statement
execute function rolecall_internal.count_reports();

create or replace trigger moderation_audit_never_changes
before update or delete or truncate on rolecall.moderation_audit
for each statement
execute function rolecall_internal.refuse_change();

-- Fires for a session that pretends to be a replica, too.
alter table rolecall.moderation_audit enable always trigger moderation_audit_never_changes;

create or replace trigger reported_messages_hold_profiles
after insert on rolecall.reported_messages
for each row
execute function rolecall_internal.hold_profiles('reporter_id');
