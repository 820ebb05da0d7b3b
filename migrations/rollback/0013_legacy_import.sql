-- Takes back 0013_legacy_import. What was imported stays, to be read.

drop function if exists public.import_legacy_conversations(jsonb);
drop function if exists rolecall.legacy_id(text, text);
drop function if exists rolecall.legacy_time(text);

delete from rolecall.schema_migrations
where version = 13;
