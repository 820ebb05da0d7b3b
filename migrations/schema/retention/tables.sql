-- For how long messages are kept.

create table rolecall.retention (
  kind text primary key,
  days int,
  constraint retention_days_positive check (days >= 1)
);

comment on table rolecall.retention is
  'For how many days the messages of a kind of conversation are kept; then the nightly run erases them. A kind without a row keeps them for ever.';

comment on column rolecall.retention.days is 'Null for ever.';

-- Apart from the conversations, whose rows every message writes.
create table rolecall.retention_marks (
  conversation_id uuid primary key references rolecall.conversations (id) on delete cascade,
  seq bigint not null,
  constraint retention_marks_seq_positive check (seq >= 1)
);

comment on table rolecall.retention_marks is
  'Up to which message the nightly run has erased a conversation, so that it looks at none twice.';
