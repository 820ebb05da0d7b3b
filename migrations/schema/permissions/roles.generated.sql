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
return coalesce(p_action in ('start_dm', 'reply', 'broadcast', 'moderate', 'report', 'suspend', 'read_broadcast', 'edit_message', 'react'), false);

-- Whether the matrix for organisations has an action of this name.
create or replace function rolecall_internal.is_organization_action(p_action text)
returns boolean
language sql
immutable
parallel safe
return coalesce(p_action in ('read_thread', 'send_to_thread', 'assign_booking', 'force_send'), false);

-- Whether a text is the name of a role in an organisation.
create or replace function rolecall_internal.is_organization_role(p_role text)
returns boolean
language sql
immutable
parallel safe
return coalesce(p_role in ('owner', 'admin', 'sitter', 'client'), false);

-- The flag that switches the texting on for somebody with this role in an organisation, or with none.
create or replace function rolecall_internal.organization_flag(p_role text)
returns text
language sql
immutable
parallel safe
return case
  when p_role = 'sitter' then 'sitter_messages_v1'
  else 'messaging_v1'
end;

-- Whether a role reads every thread of its organisation.
create or replace function rolecall_internal.reads_every_thread(p_role text)
returns boolean
language sql
immutable
parallel safe
return coalesce(p_role in ('owner', 'admin'), false);

-- Whether a role reads the threads in which it has a window that is open or to come.
create or replace function rolecall_internal.reads_assigned_threads(p_role text)
returns boolean
language sql
immutable
parallel safe
return coalesce(p_role in ('sitter'), false);

-- Whether a role reads the thread whose client it is.
create or replace function rolecall_internal.reads_own_thread(p_role text)
returns boolean
language sql
immutable
parallel safe
return coalesce(p_role in ('client'), false);
