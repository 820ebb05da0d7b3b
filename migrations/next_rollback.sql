-- messages

alter type rolecall.dm_item
  drop attribute message_id;

-- sync

alter table rolecall.thread_reads
  drop column changed_xid;

alter table rolecall.message_threads
  drop column changed_in,
  drop column changed_xid;

alter table rolecall.help_requests
  drop column changed_xid;

alter table rolecall.help_threads
  drop column changed_xid;

alter table rolecall.show_participants
  drop column changed_xid;

alter table rolecall.broadcast_receipts
  drop column changed_in,
  drop column changed_xid;

alter table rolecall.conversation_participants
  drop column changed_in,
  drop column changed_xid;

alter table rolecall.conversations
  drop column changed_in,
  drop column changed_xid;

delete from rolecall.rate_limits
where action = 'sync';

delete from rolecall.feature_flags
where name = 'sync';
