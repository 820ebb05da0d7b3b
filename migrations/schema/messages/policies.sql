alter table rolecall.user_blocks enable row level security;

drop policy if exists "people see whom they block" on rolecall.user_blocks;

create policy "people see whom they block"
on rolecall.user_blocks
for select
to authenticated
using (blocker_id = (select auth.uid()));

drop policy if exists "people block others" on rolecall.user_blocks;

create policy "people block others"
on rolecall.user_blocks
for insert
to authenticated
with check (
  blocker_id = (select auth.uid())
  and (select rolecall_internal.caller_may_use('blocks'))
);

drop policy if exists "people lift their blocks" on rolecall.user_blocks;

create policy "people lift their blocks"
on rolecall.user_blocks
for delete
to authenticated
using (
  blocker_id = (select auth.uid())
  and (select rolecall_internal.caller_may_use('blocks'))
);

-- Conversations and messages are written by the entry points alone. Who sees a broadcast is said in broadcasts/policies.sql.
alter table rolecall.conversations enable row level security;

alter table rolecall.conversation_participants enable row level security;

drop policy if exists "people see who is in their conversations" on rolecall.conversation_participants;

create policy "people see who is in their conversations"
on rolecall.conversation_participants
for select
to authenticated
using (
  user_id = (select auth.uid())
  or conversation_id = any ((select rolecall_internal.caller_direct_conversations())::uuid[])
);

alter table rolecall.messages enable row level security;

alter table rolecall.edit_windows enable row level security;

drop policy if exists "users see for how long they may edit" on rolecall.edit_windows;

create policy "users see for how long they may edit"
on rolecall.edit_windows
for select
to authenticated
using ((select auth.uid()) is not null);
