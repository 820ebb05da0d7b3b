alter table rolecall.retention enable row level security;

drop policy if exists "people see for how long messages are kept" on rolecall.retention;

create policy "people see for how long messages are kept"
on rolecall.retention
for select
to authenticated
using ((select auth.uid()) is not null);

drop policy if exists "the operator sets the retention" on rolecall.retention;

create policy "the operator sets the retention"
on rolecall.retention
for all
to service_role
using (true)
with check (true);

alter table rolecall.retention_marks enable row level security;

drop policy if exists "the operator sees retention_marks" on rolecall.retention_marks;

create policy "the operator sees retention_marks"
on rolecall.retention_marks
for select
to service_role
using (true);
