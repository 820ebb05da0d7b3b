-- Takes back 0006_messaging: conversations and messages, with what they hold.

drop function if exists rolecall.send_dm(uuid, jsonb, text);
drop function if exists rolecall.has_length(text, int, int);
drop function if exists public.can_user_reply(uuid, uuid);
drop function if exists public.can_user_send_dm(uuid, uuid, uuid);
drop function if exists rolecall.judge_reply(uuid, uuid, text);
drop function if exists rolecall.judge_reply_facts(uuid, public.app_role, boolean, uuid, text, text, public.app_role, text[]);
drop function if exists rolecall.reply_facts(uuid, uuid);
drop function if exists rolecall.judge_dm(uuid, uuid, uuid, text);
drop function if exists rolecall.refuse_without_profile();
drop type if exists rolecall.judgement;
drop table if exists rolecall.removed_contents;
drop table if exists public.messages;
drop table if exists public.conversation_participants;
drop table if exists public.conversations;
drop function if exists rolecall.is_message(uuid, text, timestamptz, timestamptz, text, boolean);
drop function if exists rolecall.is_conversation(text, text, uuid, uuid, uuid, uuid, boolean);
drop table if exists public.user_blocks;

delete from rolecall.schema_migrations
where version = 6;
