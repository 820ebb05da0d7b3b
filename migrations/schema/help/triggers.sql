create or replace trigger help_requests_touch_updated_at
before update on rolecall.help_requests
for each row
execute function rolecall_internal.touch_updated_at();

create or replace trigger conversations_v2_touch_updated_at
before update on public.conversations_v2
for each row
execute function rolecall_internal.touch_updated_at();

create or replace trigger messages_v2_touch_updated_at
before update on public.messages_v2
for each row
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
