create or replace trigger profiles_touch_updated_at
before update on rolecall.profiles
for each row
execute function rolecall_internal.touch_updated_at();

create or replace trigger profiles_limit_changes
before update on rolecall.profiles
for each row
when (rolecall_internal.is_client())
execute function rolecall_internal.limit_client_write('update_profile');

create or replace trigger profiles_stay_deleted
before insert on rolecall.profiles
for each row
execute function rolecall_internal.keep_account_deleted();
