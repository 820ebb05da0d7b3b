-- The table user_blocks lies with the messages, whose judgements read it.

-- The list of a user's blocks, newest first.
create index user_blocks_blocker_id_created_at_idx
  on rolecall.user_blocks (blocker_id, created_at desc, blocked_id desc);
