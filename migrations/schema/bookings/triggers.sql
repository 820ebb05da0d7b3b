create or replace trigger profiles_unassign_leaving
before update of organization_id, organization_role on rolecall.profiles
for each row
when (
  old.organization_id is distinct from new.organization_id
  or (old.organization_role = 'sitter' and new.organization_role is distinct from 'sitter')
)
execute function rolecall_internal.unassign_sitter();

create or replace trigger profiles_unassign_deleted
before delete on rolecall.profiles
for each row
when (old.organization_id is not null)
execute function rolecall_internal.unassign_sitter();

create or replace trigger profiles_unlink_client
before update of organization_id on rolecall.profiles
for each row
when (old.organization_id is distinct from new.organization_id)
execute function rolecall_internal.unlink_client();
