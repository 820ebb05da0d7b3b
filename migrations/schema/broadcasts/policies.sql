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
using (id = any (array(select seen.id from rolecall_internal.caller_broadcasts() as seen)));

alter table rolecall.broadcast_receipts enable row level security;

drop policy if exists "people see what they have read, senders who has read" on rolecall.broadcast_receipts;

create policy "people see what they have read, senders who has read"
on rolecall.broadcast_receipts
for select
to authenticated
using (
  user_id = (select auth.uid())
  or (
    conversation_id = any ((select rolecall_internal.caller_show_conversations())::uuid[])
    -- Every user_id lies in this range; see identity/policies.sql.
    and user_id >= (select '00000000-0000-0000-0000-000000000000'::uuid)
    and user_id <= (select 'ffffffff-ffff-ffff-ffff-ffffffffffff'::uuid)
    -- A block hides both ways: who does not see a sender's broadcasts is not seen to have read them.
    and rolecall_internal.reads_broadcasts_of(user_id, (select auth.uid()))
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
  participant_low = (select rolecall_internal.caller_with_profile())
  or participant_high = (select rolecall_internal.caller_with_profile())
  or (kind = 'show' and created_by = (select rolecall_internal.caller_with_profile()))
  or id = any (array(select seen.conversation_id from rolecall_internal.caller_broadcasts() as seen))
);

-- Of a broadcast conversation the audience sees only what is for their role. Each part of the condition is found by an
-- index, so that none is left to be compared with every message.
drop policy if exists "people see the messages of their conversations" on rolecall.messages;

create policy "people see the messages of their conversations"
on rolecall.messages
for select
to authenticated
using (
  (
    conversation_id = any ((select rolecall_internal.caller_direct_conversations())::uuid[])
    -- Every seq lies in this range; see identity/policies.sql.
    and seq >= (select (-9223372036854775808)::bigint)
    and seq <= (select 9223372036854775807)
  )
  or (
    conversation_id = any ((select rolecall_internal.caller_show_conversations())::uuid[])
    and seq >= (select (-9223372036854775808)::bigint)
    and seq <= (select 9223372036854775807)
  )
  or id = any (array(select seen.message_id from rolecall_internal.caller_broadcasts() as seen))
);
