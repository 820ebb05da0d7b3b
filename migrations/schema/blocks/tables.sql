-- Blocks: who has blocked whom is in user_blocks (0006_messaging), which the judgements read; here are the entry points
-- that list, set and lift them.

-- The list of one's blocks, newest first.
create index user_blocks_blocker_id_created_at_idx
  on rolecall.user_blocks (blocker_id, created_at desc, blocked_id desc);
