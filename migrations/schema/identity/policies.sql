-- Supabase grants everything on a new table of public to its roles; each is given here what it needs and no more.
alter table rolecall.organizations enable row level security;

drop policy if exists "people see their own organisation" on rolecall.organizations;

create policy "people see their own organisation"
on rolecall.organizations
for select
to authenticated
using (id = (select rolecall_internal.caller_organization()));

alter table rolecall.profiles enable row level security;

-- A policy finds what the caller may see by index, so that a read without a filter costs what is visible and not what
-- there is. For that each part of it compares an indexed column with the caller, or with an array that is made once for the
-- statement. Of what many rows have in common, such as an organisation, PostgreSQL would expect to find some among the
-- first that it reads, and read the table; of a range between two values that it does not know yet it expects few rows.
-- So the next column of the index lies between the least and the greatest that there can be.
--
-- Which columns are visible is said by the grant in access.sql.
drop policy if exists "people see themselves and those they deal with" on rolecall.profiles;

create policy "people see themselves and those they deal with"
on rolecall.profiles
for select
to authenticated
using (
  id = (select auth.uid())
  or (
    organization_id = (select rolecall_internal.caller_organization())
    and id >= (select '00000000-0000-0000-0000-000000000000'::uuid)
    and id <= (select 'ffffffff-ffff-ffff-ffff-ffffffffffff'::uuid)
  )
  or id = any ((select rolecall_internal.caller_acquaintances())::uuid[])
);

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

-- The functions reach it through their entry point alone.
alter table rolecall.key_sets enable row level security;

drop policy if exists "the operator sees key sets" on rolecall.key_sets;

create policy "the operator sees key sets"
on rolecall.key_sets
for select
to service_role
using (true);

drop policy if exists "the operator removes key sets" on rolecall.key_sets;

create policy "the operator removes key sets"
on rolecall.key_sets
for delete
to service_role
using (true);
