alter table rolecall.data_deletions enable row level security;

drop policy if exists "people see their requests to delete" on rolecall.data_deletions;

create policy "people see their requests to delete"
on rolecall.data_deletions
for select
to authenticated
using (user_id = (select auth.uid()));

drop policy if exists "the operator sees the requests to delete" on rolecall.data_deletions;

create policy "the operator sees the requests to delete"
on rolecall.data_deletions
for select
to service_role
using (true);
