-- Clients may look which functions are on; the operator changes them.
alter table rolecall.feature_flags enable row level security;

drop policy if exists "users see the flags" on rolecall.feature_flags;

create policy "users see the flags"
on rolecall.feature_flags
for select
to authenticated
using ((select auth.uid()) is not null);

alter table rolecall.rate_limits enable row level security;

drop policy if exists "users see the rate limits" on rolecall.rate_limits;

create policy "users see the rate limits"
on rolecall.rate_limits
for select
to authenticated
using ((select auth.uid()) is not null);

-- An audit log is read, never written through the API.
alter table rolecall.application_logs enable row level security;

drop policy if exists "the operator reads the log" on rolecall.application_logs;

create policy "the operator reads the log"
on rolecall.application_logs
for select
to service_role
using (true);
