create or replace trigger profiles_forget_thread_reads
before update of organization_id on rolecall.profiles
for each row
when (old.organization_id is distinct from new.organization_id)
execute function rolecall_internal.forget_thread_reads();
