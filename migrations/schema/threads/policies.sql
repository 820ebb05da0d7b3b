-- The operator sees everything but phone numbers, which access.sql keeps from them.

alter table rolecall.clients enable row level security;

drop policy if exists "the operator sees clients" on rolecall.clients;

create policy "the operator sees clients"
on rolecall.clients
for select
to service_role
using (true);

alter table rolecall.message_threads enable row level security;

drop policy if exists "the operator sees message_threads" on rolecall.message_threads;

create policy "the operator sees message_threads"
on rolecall.message_threads
for select
to service_role
using (true);

alter table rolecall.thread_messages enable row level security;

drop policy if exists "the operator sees thread_messages" on rolecall.thread_messages;

create policy "the operator sees thread_messages"
on rolecall.thread_messages
for select
to service_role
using (true);

alter table rolecall.thread_reads enable row level security;

drop policy if exists "the operator sees thread_reads" on rolecall.thread_reads;

create policy "the operator sees thread_reads"
on rolecall.thread_reads
for select
to service_role
using (true);

alter table rolecall.routing_decisions enable row level security;

drop policy if exists "the operator sees routing_decisions" on rolecall.routing_decisions;

create policy "the operator sees routing_decisions"
on rolecall.routing_decisions
for select
to service_role
using (true);

alter table rolecall.anti_poaching_attempts enable row level security;

drop policy if exists "the operator sees anti_poaching_attempts" on rolecall.anti_poaching_attempts;

create policy "the operator sees anti_poaching_attempts"
on rolecall.anti_poaching_attempts
for select
to service_role
using (true);

alter table rolecall.opt_outs enable row level security;

drop policy if exists "the operator sees opt_outs" on rolecall.opt_outs;

create policy "the operator sees opt_outs"
on rolecall.opt_outs
for select
to service_role
using (true);

alter table rolecall.automatic_replies enable row level security;

drop policy if exists "the operator sees automatic_replies" on rolecall.automatic_replies;

create policy "the operator sees automatic_replies"
on rolecall.automatic_replies
for select
to service_role
using (true);

alter table rolecall.word_texts enable row level security;

drop policy if exists "the operator sees word_texts" on rolecall.word_texts;

create policy "the operator sees word_texts"
on rolecall.word_texts
for select
to service_role
using (true);

-- Owner, admin, sitter and client read threads and messages as over HTTP, by the same rules. Not the content: of what the
-- filter held back it depends on the reader what they may see of it, which a column cannot say; the functions show it.
drop policy if exists "people see their threads" on rolecall.message_threads;

create policy "people see their threads"
on rolecall.message_threads
for select
to authenticated
using (
  organization_id = (select rolecall_internal.caller_organization_of_threads())
  or id = any ((select rolecall_internal.caller_threads())::uuid[])
);

drop policy if exists "people see the messages of their threads" on rolecall.thread_messages;

create policy "people see the messages of their threads"
on rolecall.thread_messages
for select
to authenticated
using (
  organization_id = (select rolecall_internal.caller_organization_of_threads())
  or (
    organization_id = (select rolecall_internal.caller_organization())
    and thread_id = any ((select rolecall_internal.caller_threads())::uuid[])
    and rolecall_internal.sees_message(
      (select rolecall_internal.caller_role_of_threads()),
      (select auth.uid()),
      direction,
      kind,
      sitter_id,
      author_id,
      inbox_seq,
      delivery
    )
  )
);
