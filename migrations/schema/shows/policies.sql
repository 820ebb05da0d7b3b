alter table rolecall.shows enable row level security;

drop policy if exists "users see every show" on rolecall.shows;

create policy "users see every show"
on rolecall.shows
for select
to authenticated
using ((select auth.uid()) is not null);

alter table rolecall.show_participants enable row level security;

drop policy if exists "people see where they take part, organizers who does" on rolecall.show_participants;

create policy "people see where they take part, organizers who does"
on rolecall.show_participants
for select
to authenticated
using (
  user_id = (select auth.uid())
  or (
    show_id = any (array(select show.id from rolecall.shows as show where show.organizer_id = (select auth.uid())))
    -- Every user_id lies in this range; see identity/policies.sql.
    and user_id >= (select '00000000-0000-0000-0000-000000000000'::uuid)
    and user_id <= (select 'ffffffff-ffff-ffff-ffff-ffffffffffff'::uuid)
  )
);
