-- Takes back 0008_help: help requests and their conversations, with what they hold.

drop policy if exists "people see themselves and those they deal with" on public.profiles;
drop function if exists public.get_conversation_v2(uuid, uuid);
drop function if exists public.send_message_v2(uuid, uuid, text);
drop function if exists public.create_conversation_atomic(uuid, uuid, text);
drop function if exists rolecall.refuse_other_than_caller(uuid);
drop function if exists rolecall.help_message(public.messages_v2);
drop function if exists rolecall.start_help_conversation(uuid, uuid, text, text);
drop function if exists rolecall.refuse_help_writer(uuid, uuid);
drop table if exists rolecall.help_message_counts;
drop table if exists public.messages_v2;
-- A policy of help_requests reads conversations_v2.
drop policy if exists "users see open requests, their own, and those they help with" on public.help_requests;
drop table if exists public.conversations_v2;
drop table if exists public.help_requests;
drop function if exists rolecall.discount_help_messages();
drop function if exists rolecall.count_help_messages();

delete from rolecall.schema_migrations
where version = 8;
