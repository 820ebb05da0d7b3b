-- 0006: social: what people do with messages, and in groups.

-- messages: edits.

alter table rolecall.messages
  add column version int,
  add column edited_at timestamptz;

comment on column rolecall.messages.version is
  'How many versions of its content there are, this one counted; null for 1, so that a message that is sent holds nothing.';

comment on column rolecall.messages.edited_at is 'When its author last edited it; null if they never have.';

-- messages: reactions.

alter table rolecall.messages
  add column reactions jsonb;

comment on column rolecall.messages.reactions is
  'How many reactions of each kind, as who gave none sees them; null for none. Who reacted stands in message_reactions.';
