-- What sync needs to know beside the rows that it shows. Which transaction last changed a conversation, a read mark or a
-- participation stands in their own tables, in changed_xid.

create table rolecall.block_changes (
  user_id uuid not null references rolecall.profiles (id) on delete cascade,
  other_id uuid not null references rolecall.profiles (id) on delete cascade,
  changed_xid xid8 not null default pg_current_xact_id(),
  primary key (user_id, other_id)
);

comment on table rolecall.block_changes is
  'Between which two people a block was set or lifted last when, once for each of them: of a lifted one nothing else is left.';

create index block_changes_other_id_idx
  on rolecall.block_changes (other_id);

create table rolecall.thread_losses (
  user_id uuid not null references rolecall.profiles (id) on delete cascade,
  thread_id uuid not null references rolecall.message_threads (id) on delete cascade,
  changed_xid xid8 not null default pg_current_xact_id(),
  primary key (user_id, thread_id)
);

comment on table rolecall.thread_losses is
  'Whose window in a thread, or whose own thread, was last taken away or changed when: it may name somebody else since, or nobody.';

create index thread_losses_thread_id_idx
  on rolecall.thread_losses (thread_id);
