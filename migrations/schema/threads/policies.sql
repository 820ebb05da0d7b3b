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
