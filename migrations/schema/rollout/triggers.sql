create or replace trigger feature_flags_begin_first_stage
after insert on rolecall.feature_flags
for each row
execute function rolecall_internal.begin_rollout_stage();

create or replace trigger feature_flags_begin_stage
after update on rolecall.feature_flags
for each row
when (old.rollout is distinct from new.rollout)
execute function rolecall_internal.begin_rollout_stage();
