-- Takes back 0015_own_data: the export and the deletion. What was deleted stays deleted; what was kept of it for a
-- pending report goes at once, since nothing would erase it after the review.

delete from rolecall.removed_contents
where message_id in (select message_id from rolecall.erasures_due);
drop function if exists edge.delete_own_data(jsonb);
drop function if exists edge.export_own_data(jsonb);
drop function if exists rolecall.log_own_data(jsonb, uuid, text, jsonb);
drop function if exists rolecall.delete_own_data(uuid, text);
drop function if exists rolecall.erase_messages(uuid, uuid[]);
drop function if exists rolecall.export_page(uuid, jsonb, text);
drop function if exists rolecall.export_section(uuid, text, uuid, bigint, uuid);
drop function if exists rolecall.refuse_data_subject(uuid, text);
drop trigger if exists reported_messages_erase_what_is_due on public.reported_messages;
drop function if exists rolecall.erase_what_is_due();
drop table if exists rolecall.erasures_due;
drop table if exists public.data_deletions;

delete from rolecall.schema_migrations
where version = 15;
