-- Those of others are listed by the function alone, which knows who is hidden from whom.
alter table rolecall.message_reactions enable row level security;

drop policy if exists "people see their own reactions" on rolecall.message_reactions;

create policy "people see their own reactions"
on rolecall.message_reactions
for select
to authenticated
using (user_id = (select rolecall_internal.caller_with_profile()));
