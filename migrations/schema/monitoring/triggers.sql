create or replace trigger conversations_v2_count
after insert on public.conversations_v2
referencing new table as added
for each statement
execute function rolecall_internal.count_help_conversations();

create or replace trigger conversations_v2_discount
after delete on public.conversations_v2
referencing old table as gone
for each statement
execute function rolecall_internal.discount_help_conversations();

create or replace trigger conversations_v2_recount
after update on public.conversations_v2
for each row
when (old.status is distinct from new.status or old.created_at is distinct from new.created_at)
execute function rolecall_internal.recount_help_conversation();
