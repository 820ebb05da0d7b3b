-- What a user is in or out of they hear from the flags function; why, and of whom else, is the operator's.
alter table rolecall.feature_flag_overrides enable row level security;

alter table rolecall.feature_flag_changes enable row level security;

drop policy if exists "the operator makes exceptions" on rolecall.feature_flag_overrides;

create policy "the operator makes exceptions"
on rolecall.feature_flag_overrides
for all
to service_role
using (true)
with check (true);

drop policy if exists "the operator reads the history of the flags" on rolecall.feature_flag_changes;

create policy "the operator reads the history of the flags"
on rolecall.feature_flag_changes
for select
to service_role
using (true);
