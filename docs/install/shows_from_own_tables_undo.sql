-- Takes back shows_from_own_tables.sql. The rows of rolecall.shows and rolecall.show_participants stay.

drop trigger if exists rolecall_show_follows on public.shows;
drop trigger if exists rolecall_participant_follows on public.show_attendees;
drop trigger if exists rolecall_participant_moves on public.show_attendees;
drop function if exists public.rolecall_show_of_own_row();
drop function if exists public.rolecall_participant_of_own_row();
drop function if exists public.rolecall_show_title(text);
