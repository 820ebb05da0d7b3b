-- The functions alone write these; the operator looks. Nothing in them says what happened, only where.

alter table rolecall.outbox enable row level security;

drop policy if exists "the operator sees outbox" on rolecall.outbox;

create policy "the operator sees outbox"
on rolecall.outbox
for select
to service_role
using (true);

alter table rolecall.relay enable row level security;

drop policy if exists "the operator sees relay" on rolecall.relay;

create policy "the operator sees relay"
on rolecall.relay
for select
to service_role
using (true);

alter table rolecall.relays enable row level security;

drop policy if exists "the operator sees relays" on rolecall.relays;

create policy "the operator sees relays"
on rolecall.relays
for select
to service_role
using (true);

alter table rolecall.presence enable row level security;

drop policy if exists "the operator sees presence" on rolecall.presence;

create policy "the operator sees presence"
on rolecall.presence
for select
to service_role
using (true);

alter table rolecall.typing enable row level security;

drop policy if exists "the operator sees typing" on rolecall.typing;

create policy "the operator sees typing"
on rolecall.typing
for select
to service_role
using (true);
