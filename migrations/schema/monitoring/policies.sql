-- Thresholds are the operator's.
alter table rolecall.alert_rules enable row level security;

drop policy if exists "the operator changes the alerts" on rolecall.alert_rules;

create policy "the operator changes the alerts"
on rolecall.alert_rules
for all
to service_role
using (true)
with check (true);
