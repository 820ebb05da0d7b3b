-- Takes back 0005_shows: shows and who takes part in them.

drop view if exists rolecall.participations;
drop table if exists rolecall.past_participations;
drop table if exists rolecall.show_audience;
drop table if exists public.show_participants;
drop table if exists public.shows;
drop function if exists rolecall.count_none();
drop function if exists rolecall.archive_participations();
drop function if exists rolecall.count_moved();
drop function if exists rolecall.count_left();
drop function if exists rolecall.count_joined();
drop function if exists rolecall.set_participant_role();

delete from rolecall.schema_migrations
where version = 5;
