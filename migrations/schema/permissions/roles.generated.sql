-- What the functions ask about roles and actions. Generated from the permission matrix by `make generate`; do not edit.
--
-- The bodies are standard SQL without a SET clause, so that PostgreSQL writes them into the statements that ask.

-- The role as which a user counts who has no profile.
create or replace function rolecall_internal.role_of_strangers()
returns rolecall.app_role
language sql
immutable
return 'attendee'::rolecall.app_role;

-- Whether a role moderates every message, whoever wrote it and wherever.
create or replace function rolecall_internal.moderates_everything(p_role rolecall.app_role)
returns boolean
language sql
immutable
return coalesce(p_role in ('moderator'::rolecall.app_role, 'admin'::rolecall.app_role), false);

-- Whether the matrix has an action of this name.
create or replace function rolecall_internal.is_action(p_action text)
returns boolean
language sql
immutable
parallel safe
return coalesce(p_action in ('start_dm', 'reply', 'broadcast', 'moderate', 'report', 'suspend', 'read_broadcast'), false);
