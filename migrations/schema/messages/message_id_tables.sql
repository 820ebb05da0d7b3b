-- Slots of the ids that clients choose: message_ids.sql says what for. After a crash nobody holds one, so they need no log.
create unlogged table rolecall.message_id_slots (
  slot int primary key
);

comment on table rolecall.message_id_slots is
  'Rows that are held while somebody sends a message with an id of their own; at most 65,536, which say nothing.';
