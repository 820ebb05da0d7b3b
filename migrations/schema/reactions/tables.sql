-- Reactions to messages. How many of each kind there are stands in the message itself (messages.reactions), so that a
-- page reads no row of these but the reader's own; a trigger keeps it right, whoever writes here.

-- Whether a text may be a kind of reaction. Which emoji there are, the functions know by the list of Unicode; this holds
-- whatever comes another way within bounds.
create or replace function rolecall_internal.is_reaction(p_emoji text)
returns boolean
language sql
immutable
parallel safe
return coalesce(
  octet_length(p_emoji) between 1 and rolecall_internal.limit_reaction_bytes()
  and rolecall_internal.has_visible(p_emoji)
  and p_emoji collate "C" !~ '[\u0001-\u0020\u007f-\u00a0]',
  false
);

create table rolecall.message_reactions (
  conversation_id uuid not null,
  seq bigint not null,
  user_id uuid not null references rolecall.profiles (id) on delete cascade,
  emoji text not null,
  created_at timestamptz not null default clock_timestamp(),
  primary key (conversation_id, seq, user_id, emoji),
  foreign key (conversation_id, seq) references rolecall.messages (conversation_id, seq) on delete cascade,
  constraint message_reactions_emoji check (rolecall_internal.is_reaction(emoji))
);

comment on table rolecall.message_reactions is 'Who has reacted to which message, with which emoji.';

comment on column rolecall.message_reactions.emoji is 'One emoji of Unicode in its fully-qualified form.';

create index message_reactions_user_id_idx
  on rolecall.message_reactions (user_id, conversation_id, seq);

-- Who has reacted to a message, newest first.
create index message_reactions_newest_idx
  on rolecall.message_reactions (conversation_id, seq, created_at desc, user_id desc);
