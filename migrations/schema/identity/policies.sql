-- Supabase grants everything on a new table of public to its roles; each is given here what it needs and no more.
alter table rolecall.organizations enable row level security;

drop policy if exists "people see their own organisation" on rolecall.organizations;

create policy "people see their own organisation"
on rolecall.organizations
for select
to authenticated
using (id = (select rolecall_internal.caller_organization()));

-- Who may see which profile is said in help/policies.sql, when everything exists that makes two people acquainted.
alter table rolecall.profiles enable row level security;

drop policy if exists "people change their own profile" on rolecall.profiles;

create policy "people change their own profile"
on rolecall.profiles
for update
to authenticated
using (
  id = (select auth.uid())
  and (select rolecall_internal.caller_may_write())
)
with check (id = (select auth.uid()));
