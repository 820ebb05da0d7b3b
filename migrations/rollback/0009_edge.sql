-- Takes back 0009_edge: without the entry points the functions answer 503, and nothing else changes.

drop schema if exists edge cascade;
drop function if exists rolecall.within_bucket(int, numeric);
drop function if exists rolecall.diagnose(uuid);
drop function if exists rolecall.further_figures(uuid);
drop function if exists rolecall.send_dm_one(jsonb);
drop function if exists rolecall.refuse_non_operator(jsonb);
drop function if exists rolecall.refuse_non_user(jsonb);

delete from rolecall.schema_migrations
where version = 9;
