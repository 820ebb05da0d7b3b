-- Takes back 0012_conversations: nothing is read through the functions any more, and nothing is lost.

drop function if exists edge.mark_read(jsonb);
drop function if exists edge.messages(jsonb);
drop function if exists edge.unread(jsonb);
drop function if exists edge.inbox(jsonb);
drop function if exists rolecall.mark_read(uuid, jsonb);
drop function if exists rolecall.read_messages(uuid, jsonb, text);
drop function if exists rolecall.refuse_unknown_conversation();
drop function if exists rolecall.unread(uuid);
drop function if exists rolecall.inbox(uuid, jsonb, text);
drop function if exists rolecall.inbox_page(uuid, text, timestamptz, uuid, int);
drop function if exists rolecall.conversation_cards(uuid, uuid[], text[], boolean, text);
drop function if exists rolecall.visible_messages(uuid, uuid, uuid, bigint, bigint, boolean, int);
drop function if exists rolecall.reader_of(uuid, public.conversations);
drop function if exists rolecall.rollout_of(jsonb, text);
drop function if exists rolecall.refuse_reader(jsonb, uuid);
drop function if exists rolecall.whole_number(jsonb);

delete from rolecall.schema_migrations
where version = 12;
