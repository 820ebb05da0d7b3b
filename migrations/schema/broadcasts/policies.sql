alter table rolecall.broadcast_limits enable row level security;

drop policy if exists "users see the limits" on rolecall.broadcast_limits;

create policy "users see the limits"
on rolecall.broadcast_limits
for select
to authenticated
using ((select auth.uid()) is not null);

alter table rolecall.broadcast_quotas enable row level security;

drop policy if exists "senders see what they have left" on rolecall.broadcast_quotas;

create policy "senders see what they have left"
on rolecall.broadcast_quotas
for select
to authenticated
using (sender_id = (select auth.uid()));

alter table rolecall.broadcasts enable row level security;

drop policy if exists "senders and their audience see a broadcast" on rolecall.broadcasts;

create policy "senders and their audience see a broadcast"
on rolecall.broadcasts
for select
to authenticated
using (
  sender_id = (select auth.uid())
  or rolecall_internal.in_audience((select auth.uid()), show_id, recipient_roles, created_at)
);

alter table rolecall.broadcast_receipts enable row level security;

drop policy if exists "people see what they have read, senders who has read" on rolecall.broadcast_receipts;

create policy "people see what they have read, senders who has read"
on rolecall.broadcast_receipts
for select
to authenticated
using (
  user_id = (select auth.uid())
  or exists (
    select
    from rolecall.conversations as conversation
    where conversation.id = conversation_id
      and conversation.created_by = (select auth.uid())
  )
);

alter table rolecall.quota_runs enable row level security;

drop policy if exists "the operator sees the resets" on rolecall.quota_runs;

create policy "the operator sees the resets"
on rolecall.quota_runs
for select
to service_role
using (true);

drop policy if exists "people see their conversations and what is broadcast to them" on rolecall.conversations;

create policy "people see their conversations and what is broadcast to them"
on rolecall.conversations
for select
to authenticated
using (
  (select auth.uid()) in (participant_low, participant_high)
  or created_by = (select auth.uid())
  or exists (
    -- Through the policy on broadcasts: only those that are for the caller.
    select
    from rolecall.broadcasts as broadcast
    where broadcast.conversation_id = conversations.id
  )
);

drop policy if exists "people see the messages of their conversations" on rolecall.messages;

create policy "people see the messages of their conversations"
on rolecall.messages
for select
to authenticated
using (
  exists (
    select
    from rolecall.conversations as conversation
    where conversation.id = messages.conversation_id
      and (
        (select auth.uid()) in (conversation.participant_low, conversation.participant_high)
        or conversation.created_by = (select auth.uid())
      )
  )
  or exists (
    -- Of a broadcast conversation only what is for the caller's role.
    select
    from rolecall.broadcasts as broadcast
    where broadcast.message_id = messages.id
  )
);
