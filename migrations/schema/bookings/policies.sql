-- The operator sees everything but phone numbers, which access.sql keeps from them.

alter table rolecall.bookings enable row level security;

drop policy if exists "the operator sees bookings" on rolecall.bookings;

create policy "the operator sees bookings"
on rolecall.bookings
for select
to service_role
using (true);

alter table rolecall.service_buffers enable row level security;

drop policy if exists "the operator sets buffers" on rolecall.service_buffers;

create policy "the operator sets buffers"
on rolecall.service_buffers
for all
to service_role
using (true)
with check (true);

alter table rolecall.assignment_windows enable row level security;

drop policy if exists "the operator sees assignment_windows" on rolecall.assignment_windows;

create policy "the operator sees assignment_windows"
on rolecall.assignment_windows
for select
to service_role
using (true);
