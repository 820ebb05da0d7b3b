create or replace trigger feature_flags_touch_updated_at
before update on rolecall.feature_flags
for each row
execute function rolecall_internal.touch_updated_at();
