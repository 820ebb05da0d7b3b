alter table rolecall.help_requests enable row level security;

drop policy if exists "users see open requests, their own, and those they help with" on rolecall.help_requests;

create policy "users see open requests, their own, and those they help with"
on rolecall.help_requests
for select
to authenticated
using (
  (
    status in ('open', 'in_progress')
    and (select rolecall_internal.caller_with_profile()) is not null
    -- Every created_at lies in this range; see identity/policies.sql.
    and created_at >= (select '-infinity'::timestamptz)
    and created_at <= (select 'infinity'::timestamptz)
  )
  or requester_id = (select rolecall_internal.caller_with_profile())
  or id = any (
    array(
      select conversation.help_request_id
      from public.conversations_v2 as conversation
      where conversation.helper_id = (select rolecall_internal.caller_with_profile())
    )
  )
);

drop policy if exists "people ask for help" on rolecall.help_requests;

create policy "people ask for help"
on rolecall.help_requests
for insert
to authenticated
with check (
  requester_id = (select auth.uid())
  and (select rolecall_internal.caller_may_ask_for_help())
);

drop policy if exists "people change their own requests" on rolecall.help_requests;

create policy "people change their own requests"
on rolecall.help_requests
for update
to authenticated
using (
  requester_id = (select auth.uid())
  and (select rolecall_internal.caller_may_ask_for_help())
)
with check (requester_id = (select auth.uid()));

-- Conversations begin through create_conversation_atomic alone: without the first message they must not exist.
alter table public.conversations_v2 enable row level security;

drop policy if exists "people see their help conversations" on public.conversations_v2;

create policy "people see their help conversations"
on public.conversations_v2
for select
to authenticated
using (
  requester_id = (select rolecall_internal.caller_with_profile())
  or helper_id = (select rolecall_internal.caller_with_profile())
);

drop policy if exists "people close and reopen their help conversations" on public.conversations_v2;

create policy "people close and reopen their help conversations"
on public.conversations_v2
for update
to authenticated
using (
  (select auth.uid()) in (requester_id, helper_id)
  and rolecall_internal.caller_may_move(id)
)
with check ((select auth.uid()) in (requester_id, helper_id));

alter table public.messages_v2 enable row level security;

drop policy if exists "people see the messages of their help conversations" on public.messages_v2;

create policy "people see the messages of their help conversations"
on public.messages_v2
for select
to authenticated
using (
  conversation_id = any (
    array(
      select conversation.id
      from public.conversations_v2 as conversation
      where conversation.requester_id = (select rolecall_internal.caller_with_profile())
        or conversation.helper_id = (select rolecall_internal.caller_with_profile())
    )
  )
  -- Every created_at lies in this range; see identity/policies.sql.
  and created_at >= (select '-infinity'::timestamptz)
  and created_at <= (select 'infinity'::timestamptz)
);

drop policy if exists "people correct their own messages" on public.messages_v2;

create policy "people correct their own messages"
on public.messages_v2
for update
to authenticated
using (
  sender_id = (select auth.uid())
  and rolecall_internal.caller_may_edit_in(conversation_id)
)
with check (sender_id = (select auth.uid()));

-- Neither a suspension nor a block keeps an author from taking back their own words, of which moderators keep a copy.
drop policy if exists "people take back their own messages" on public.messages_v2;

create policy "people take back their own messages"
on public.messages_v2
for delete
to authenticated
using (
  sender_id = (select auth.uid())
  and (select rolecall_internal.caller_may_use('help-conversations'))
);
