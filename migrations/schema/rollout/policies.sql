-- The operator's alone.
alter table rolecall.rollout_stages enable row level security;

alter table rolecall.rollout_decisions enable row level security;

drop policy if exists "the operator changes the stages" on rolecall.rollout_stages;

create policy "the operator changes the stages"
on rolecall.rollout_stages
for all
to service_role
using (true)
with check (true);

drop policy if exists "the operator reads the decisions" on rolecall.rollout_decisions;

create policy "the operator reads the decisions"
on rolecall.rollout_decisions
for select
to service_role
using (true);
