-- The operator sees everything but phone numbers, which access.sql keeps from them.

alter table rolecall.sms_outbox enable row level security;

drop policy if exists "the operator sees sms_outbox" on rolecall.sms_outbox;

create policy "the operator sees sms_outbox"
on rolecall.sms_outbox
for select
to service_role
using (true);
