alter table rolecall.help_requests enable row level security;

drop policy if exists "users see open requests, their own, and those they help with" on rolecall.help_requests;

create policy "users see open requests, their own, and those they help with"
on rolecall.help_requests
for select
to authenticated
using (
  (status = 'open' and (select auth.uid()) is not null)
  or requester_id = (select auth.uid())
  or exists (
    select
    from public.conversations_v2 as conversation
    where conversation.help_request_id = help_requests.id
      and conversation.helper_id = (select auth.uid())
  )
);

drop policy if exists "people ask for help" on rolecall.help_requests;

create policy "people ask for help"
on rolecall.help_requests
for insert
to authenticated
with check (
  requester_id = (select auth.uid())
  and (select rolecall_internal.caller_may_write())
);

drop policy if exists "people change their own requests" on rolecall.help_requests;

create policy "people change their own requests"
on rolecall.help_requests
for update
to authenticated
using (
  requester_id = (select auth.uid())
  and (select rolecall_internal.caller_may_write())
)
with check (requester_id = (select auth.uid()));

-- Conversations begin through create_conversation_atomic alone: without the first message they must not exist.
alter table public.conversations_v2 enable row level security;

drop policy if exists "people see their help conversations" on public.conversations_v2;

create policy "people see their help conversations"
on public.conversations_v2
for select
to authenticated
using ((select auth.uid()) in (requester_id, helper_id));

drop policy if exists "people close and reopen their help conversations" on public.conversations_v2;

create policy "people close and reopen their help conversations"
on public.conversations_v2
for update
to authenticated
using ((select auth.uid()) in (requester_id, helper_id))
with check ((select auth.uid()) in (requester_id, helper_id));

alter table public.messages_v2 enable row level security;

drop policy if exists "people see the messages of their help conversations" on public.messages_v2;

create policy "people see the messages of their help conversations"
on public.messages_v2
for select
to authenticated
using (
  exists (
    select
    from public.conversations_v2 as conversation
    where conversation.id = conversation_id
      and (select auth.uid()) in (conversation.requester_id, conversation.helper_id)
  )
);

drop policy if exists "people correct their own messages" on public.messages_v2;

create policy "people correct their own messages"
on public.messages_v2
for update
to authenticated
using (
  sender_id = (select auth.uid())
  and (select rolecall_internal.caller_may_write())
)
with check (sender_id = (select auth.uid()));

drop policy if exists "people take back their own messages" on public.messages_v2;

create policy "people take back their own messages"
on public.messages_v2
for delete
to authenticated
using (sender_id = (select auth.uid()));

-- Here, because from here on everything exists that makes two people acquainted. Which columns are visible is said by
-- the grant in identity/access.sql.
drop policy if exists "people see themselves and those they deal with" on rolecall.profiles;

create policy "people see themselves and those they deal with"
on rolecall.profiles
for select
to authenticated
using (
  id = (select auth.uid())
  or organization_id = (select rolecall_internal.caller_organization())
  or exists (
    select
    from rolecall.conversations as conversation
    where conversation.kind = 'direct'
      and conversation.participant_low = least(profiles.id, (select auth.uid()))
      and conversation.participant_high = greatest(profiles.id, (select auth.uid()))
  )
  or exists (
    select
    from public.conversations_v2 as conversation
    where (conversation.requester_id = profiles.id and conversation.helper_id = (select auth.uid()))
      or (conversation.helper_id = profiles.id and conversation.requester_id = (select auth.uid()))
  )
);
