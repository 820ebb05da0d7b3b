-- Takes back 0002_permission_tables.

drop function if exists rolecall.refusal_of(rolecall.decision);
drop function if exists rolecall.decide(text, public.app_role, public.app_role, text[]);
drop type if exists rolecall.decision;
drop table if exists rolecall.permission_rules;
drop table if exists rolecall.permission_guards;

delete from rolecall.schema_migrations
where version = 2;
