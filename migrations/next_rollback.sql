-- messages

alter type rolecall.dm_item
  drop attribute message_id;
