-- Takes back 0011_blocks: the entry points. The blocks stay, and go on stopping direct messages.

drop function if exists edge.unblock_user(jsonb);
drop function if exists edge.block_user(jsonb);
drop function if exists edge.blocks(jsonb);
drop function if exists rolecall.answer_blocks(text, jsonb);
drop function if exists rolecall.lift_block(uuid, jsonb, text);
drop function if exists rolecall.set_block(uuid, jsonb, text);
drop function if exists rolecall.list_blocks(uuid, jsonb, text);
drop function if exists rolecall.refuse_blocker(uuid, text);
drop index if exists public.user_blocks_blocker_id_created_at_idx;

delete from rolecall.schema_migrations
where version = 11;
