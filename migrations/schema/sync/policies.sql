alter table rolecall.block_changes enable row level security;

drop policy if exists "the operator sees block_changes" on rolecall.block_changes;

create policy "the operator sees block_changes"
on rolecall.block_changes
for select
to service_role
using (true);

alter table rolecall.thread_losses enable row level security;

drop policy if exists "the operator sees thread_losses" on rolecall.thread_losses;

create policy "the operator sees thread_losses"
on rolecall.thread_losses
for select
to service_role
using (true);
