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
  or exists (
    select
    from rolecall.shows as show
    where show.id = show_id
      and show.organizer_id = (select auth.uid())
  )
);
