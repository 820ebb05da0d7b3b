-- The operator sees everything but phone numbers, which access.sql keeps from them.

alter table rolecall.message_numbers enable row level security;

drop policy if exists "the operator sees message_numbers" on rolecall.message_numbers;

create policy "the operator sees message_numbers"
on rolecall.message_numbers
for select
to service_role
using (true);

alter table rolecall.pool_exhaustions enable row level security;

drop policy if exists "the operator sees pool_exhaustions" on rolecall.pool_exhaustions;

create policy "the operator sees pool_exhaustions"
on rolecall.pool_exhaustions
for select
to service_role
using (true);
