alter table rolecall.block_changes enable row level security;

drop policy if exists "the operator sees block_changes" on rolecall.block_changes;

create policy "the operator sees block_changes"
on rolecall.block_changes
for select
to service_role
using (true);
