-- The functions alone write these. The operator looks; access.sql keeps the secrets from them.

alter table rolecall.webhooks enable row level security;

drop policy if exists "the operator sees webhooks" on rolecall.webhooks;

create policy "the operator sees webhooks"
on rolecall.webhooks
for select
to service_role
using (true);

alter table rolecall.webhook_queues enable row level security;

drop policy if exists "the operator sees webhook_queues" on rolecall.webhook_queues;

create policy "the operator sees webhook_queues"
on rolecall.webhook_queues
for select
to service_role
using (true);

alter table rolecall.webhook_deliveries enable row level security;

drop policy if exists "the operator sees webhook_deliveries" on rolecall.webhook_deliveries;

create policy "the operator sees webhook_deliveries"
on rolecall.webhook_deliveries
for select
to service_role
using (true);

alter table rolecall.outbox_fork enable row level security;

drop policy if exists "the operator sees outbox_fork" on rolecall.outbox_fork;

create policy "the operator sees outbox_fork"
on rolecall.outbox_fork
for select
to service_role
using (true);
