-- Reporters see their own reports, but not who decided and why. Reports and decisions are written by the entry points
-- alone, since each decision leaves an audit row; the operator reads them.
alter table rolecall.reported_messages enable row level security;

drop policy if exists "people see what they have reported" on rolecall.reported_messages;

create policy "people see what they have reported"
on rolecall.reported_messages
for select
to authenticated
using (reporter_id = (select auth.uid()));

drop policy if exists "the operator reads the reports" on rolecall.reported_messages;

create policy "the operator reads the reports"
on rolecall.reported_messages
for select
to service_role
using (true);

alter table rolecall.moderation_audit enable row level security;

drop policy if exists "the operator reads the audit" on rolecall.moderation_audit;

create policy "the operator reads the audit"
on rolecall.moderation_audit
for select
to service_role
using (true);
