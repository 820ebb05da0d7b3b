-- 0005: live: what clients keep in step with.

-- messages

alter type rolecall.dm_item
  add attribute message_id uuid;
