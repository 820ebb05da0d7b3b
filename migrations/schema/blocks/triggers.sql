create or replace trigger user_blocks_limit_blocks
before insert on rolecall.user_blocks
for each row
when (rolecall_internal.is_client())
execute function rolecall_internal.limit_client_write('block_user');

create or replace trigger user_blocks_limit_liftings
before delete on rolecall.user_blocks
for each row
when (rolecall_internal.is_client())
execute function rolecall_internal.limit_client_write('block_user');
