-- Before any row is locked, so that two changes at once do not wait for each other.
create or replace trigger feature_flags_follow_each_other
before insert or update or delete on rolecall.feature_flags
for each statement
execute function rolecall_internal.lock_flags_first();

create or replace trigger feature_flags_record
after insert or update or delete on rolecall.feature_flags
for each row
execute function rolecall_internal.record_flag();

create or replace trigger feature_flags_settle
after insert or update or delete on rolecall.feature_flags
for each statement
execute function rolecall_internal.settle_flags();

create or replace trigger feature_flags_maintenance_alone
after update on rolecall.feature_flags
referencing old table as previous new table as changed
for each statement
execute function rolecall_internal.refuse_maintenance_among_others();

-- By row: a profile that is deleted without any must not wait.
create or replace trigger feature_flag_overrides_follow_each_other
before insert or update or delete on rolecall.feature_flag_overrides
for each row
execute function rolecall_internal.lock_flags_first();

create or replace trigger feature_flag_overrides_record
after insert or update or delete on rolecall.feature_flag_overrides
for each row
execute function rolecall_internal.record_override();

create or replace trigger feature_flag_overrides_settle
after insert or update or delete on rolecall.feature_flag_overrides
for each row
execute function rolecall_internal.settle_flags();

create or replace trigger feature_flag_changes_never_change
before update or delete on rolecall.feature_flag_changes
for each row
execute function rolecall_internal.refuse_other_flag_history();

create or replace trigger feature_flag_changes_never_truncated
before truncate on rolecall.feature_flag_changes
for each statement
execute function rolecall_internal.refuse_other_flag_history();

-- Fire for a session that pretends to be a replica, too.
alter table rolecall.feature_flags enable always trigger feature_flags_record;

alter table rolecall.feature_flag_overrides enable always trigger feature_flag_overrides_record;

alter table rolecall.feature_flag_changes enable always trigger feature_flag_changes_never_change;

alter table rolecall.feature_flag_changes enable always trigger feature_flag_changes_never_truncated;
