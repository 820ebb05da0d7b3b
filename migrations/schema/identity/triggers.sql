create or replace trigger profiles_touch_updated_at
before update on rolecall.profiles
for each row
execute function rolecall_internal.touch_updated_at();
