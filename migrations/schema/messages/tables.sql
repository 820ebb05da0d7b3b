-- Direct messages: blocks, conversations, their participants and messages, and who may write to whom.
--
-- Locks are taken in one order everywhere: the row of the conversation, then the message, then the participants. A
-- conversation's row is what numbers its messages and their changes, so whoever writes into it waits for the one before.

create table rolecall.user_blocks (
  blocker_id uuid not null references rolecall.profiles (id) on delete cascade,
  blocked_id uuid not null references rolecall.profiles (id) on delete cascade,
  created_at timestamptz not null default now(),
  primary key (blocker_id, blocked_id),
  constraint user_blocks_of_somebody_else check (blocker_id <> blocked_id)
);

comment on table rolecall.user_blocks is 'Who has blocked whom. A block stops direct messages both ways, and hides broadcasts.';

create index user_blocks_blocked_id_idx
  on rolecall.user_blocks (blocked_id);

-- What a row of the next two tables must be. PostgreSQL reads a check's expression anew for every statement, so that one
-- of this length costs a message more than all of its indexes; the call of a function is short to read.
create or replace function rolecall_internal.is_conversation(
  p_version text,
  p_kind text,
  p_low uuid,
  p_high uuid,
  p_show uuid,
  p_created_by uuid,
  p_read_only boolean
)
returns boolean
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
begin
  return coalesce(
    case p_version
      when 'v2' then
        p_created_by is not null
        and case p_kind
          when 'direct' then p_low < p_high and p_show is null
          when 'show' then p_low is null and p_high is null and p_show is not null
        end
      -- What was imported may lack people, and is for reading alone.
      when 'v1' then
        p_kind = 'direct'
        and p_read_only
        and (p_low < p_high or p_high is null)
    end,
    false
  );
end
$$;

create or replace function rolecall_internal.is_message(
  p_sender uuid,
  p_content text,
  p_created_at timestamptz,
  p_deleted_at timestamptz,
  p_deleted_as text,
  p_legacy boolean
)
returns boolean
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
begin
  -- What was imported may lack its sender, its time and its content.
  if p_sender is null or p_created_at is null then
    if not p_legacy then
      return false;
    end if;
  end if;
  if p_deleted_at is not null then
    return coalesce(p_content is null and p_deleted_as in ('author', 'organizer', 'moderator', 'retention'), false);
  end if;
  return p_deleted_as is null
    and (
      p_legacy
      or coalesce(
        char_length(p_content) between 1 and rolecall_internal.limit_direct_message_chars()
          and rolecall_internal.has_visible(p_content),
        false
      )
    );
end
$$;

-- Every message writes this row, so it has few indexes and one check: each of them costs every message. Its users are
-- tied to their profiles by conversation_participants; foreign keys here as well would lock both profiles and the
-- organisation once more for every new conversation.
create table rolecall.conversations (
  id uuid primary key default rolecall_internal.uuid_v7(),
  kind text not null,
  version text not null default 'v2',
  participant_low uuid,
  participant_high uuid,
  show_id uuid references rolecall.shows (id),
  created_by uuid,
  organization_id uuid,
  read_only boolean not null default false,
  last_seq bigint not null default 0,
  revision bigint not null default 0,
  last_message_at timestamptz not null default now(),
  active_in timestamptz not null generated always as (rolecall_internal.hour_of(last_message_at)) stored,
  created_at timestamptz not null default now(),
  changed_xid xid8 not null default pg_current_xact_id(),
  changed_in bigint not null generated always as (changed_xid::text::bigint >> 16) stored,
  constraint conversations_form check (
    rolecall_internal.is_conversation(version, kind, participant_low, participant_high, show_id, created_by, read_only)
  )
)
with (fillfactor = 80);

comment on table rolecall.conversations is
  'One direct conversation for each two people, one for each sender of broadcasts in a show, and imported ones.';

comment on column rolecall.conversations.kind is 'direct: between two people; show: the broadcasts of one sender in a show.';

comment on column rolecall.conversations.version is 'v1: imported from an earlier system, read-only; v2: started in Rolecall.';

comment on column rolecall.conversations.participant_low is
  'The smaller id of the two people of a direct conversation; for an imported one it may be the only known id.';

comment on column rolecall.conversations.organization_id is 'The organisation of the creator when the conversation began.';

comment on column rolecall.conversations.read_only is 'Whether the operator has closed it for writing.';

comment on column rolecall.conversations.last_seq is 'The number of the newest message, which is also how many there are.';

comment on column rolecall.conversations.revision is
  'How often messages have changed after they were sent; clients ask for the changes since a revision.';

comment on column rolecall.conversations.last_message_at is
  'The time of the newest message, deleted or not; it never decreases. -infinity if it is unknown, as for some imported ones.';

comment on column rolecall.conversations.active_in is 'The hour of last_message_at, which the indexes of the inbox use.';

comment on column rolecall.conversations.changed_xid is
  'The last transaction that changed what the conversation''s cards or messages show; sync answers what has changed since.';

comment on column rolecall.conversations.changed_in is
  'The 65,536 transactions among which changed_xid is, which the indexes of sync use.';

create unique index conversations_direct_key
  on rolecall.conversations (participant_low, participant_high)
  where kind = 'direct' and version = 'v2';

create unique index conversations_show_key
  on rolecall.conversations (show_id, created_by)
  where kind = 'show';

-- A show that is deleted asks for its conversations of every kind. Those of two people have no entry.
create index conversations_show_id_idx
  on rolecall.conversations (show_id)
  where show_id is not null;

-- The inbox, newest first: of either of two people, and of who sends to shows. By the hour, and the time within it is
-- sorted when it is read: an index of what every message changes would get a new entry with every message, as would all
-- the others (no update would be HOT).
create index conversations_participant_low_idx
  on rolecall.conversations (participant_low, active_in desc);

create index conversations_participant_high_idx
  on rolecall.conversations (participant_high, active_in desc);

create index conversations_created_by_idx
  on rolecall.conversations (created_by, active_in desc)
  where kind = 'show';

create index conversations_organization_id_idx
  on rolecall.conversations (organization_id, kind);

-- What has changed for either of two people, newest first: by many transactions at a time, as the inbox by the hour. Who
-- sends to shows has few conversations of that kind, which the index of the inbox finds.
create index conversations_low_changed_in_idx
  on rolecall.conversations (participant_low, changed_in desc)
  where participant_low is not null;

create index conversations_high_changed_in_idx
  on rolecall.conversations (participant_high, changed_in desc)
  where participant_high is not null;

create table rolecall.conversation_participants (
  conversation_id uuid not null references rolecall.conversations (id) on delete cascade,
  user_id uuid not null references rolecall.profiles (id) on delete cascade,
  last_read_seq bigint not null default 0,
  skipped bigint not null default 0,
  joined_at timestamptz not null default now(),
  changed_xid xid8,
  changed_in bigint generated always as (changed_xid::text::bigint >> 16) stored,
  primary key (conversation_id, user_id)
)
with (fillfactor = 80);

comment on table rolecall.conversation_participants is
  'Who takes part in a conversation and how far they have read; unread is last_seq - last_read_seq - skipped.';

comment on column rolecall.conversation_participants.skipped is
  'How many messages after last_read_seq do not count as unread: their own, and deleted ones.';

comment on column rolecall.conversation_participants.changed_xid is
  'The last transaction in which the user moved last_read_seq by itself, not by sending; null if they never have.';

comment on column rolecall.conversation_participants.changed_in is
  'The 65,536 transactions among which changed_xid is, which the index of sync uses.';

create index conversation_participants_user_id_idx
  on rolecall.conversation_participants (user_id, conversation_id);

-- Who has never moved a mark has no entry, so that a new conversation costs none.
create index conversation_participants_changed_in_idx
  on rolecall.conversation_participants (user_id, changed_in desc)
  where changed_in is not null;

-- Who sent a message is vouched for by the entry points, which alone write here; a foreign key would lock the sender's
-- profile for every message. The key begins with the conversation, so that the table can be partitioned by it; whatever
-- refers to a message refers to the key. The id is how clients name a message: it is unique because it is made so, and an
-- import, which brings ids along, looks whether they are taken.
create table rolecall.messages (
  id uuid not null default rolecall_internal.uuid_v7(),
  conversation_id uuid not null references rolecall.conversations (id) on delete cascade,
  seq bigint not null,
  sender_id uuid,
  content text,
  show_id uuid,
  created_at timestamptz default now(),
  deleted_at timestamptz,
  deleted_as text,
  legacy boolean not null default false,
  revision bigint,
  version int,
  edited_at timestamptz,
  reactions jsonb,
  primary key (conversation_id, seq),
  constraint messages_form check (
    rolecall_internal.is_message(sender_id, content, created_at, deleted_at, deleted_as, legacy)
  )
);

comment on table rolecall.messages is 'Messages, numbered from 1 without gaps in each conversation.';

comment on column rolecall.messages.show_id is 'The show that a direct message is about, or of a broadcast.';

comment on column rolecall.messages.content is 'Null for a deleted message; its content is kept where only moderators can read it.';

comment on column rolecall.messages.deleted_as is 'The capacity in which somebody deleted it: author, organizer or moderator; retention: erased when it was older than messages are kept.';

comment on column rolecall.messages.legacy is 'Whether it was imported; then sender, content and time may be unknown.';

comment on column rolecall.messages.revision is
  'The conversation''s revision when the message last changed; null if it never has.';

comment on column rolecall.messages.version is
  'How many versions of its content there are, this one counted; null for 1, so that a message that is sent holds nothing.';

comment on column rolecall.messages.edited_at is 'When its author last edited it; null if they never have.';
comment on column rolecall.messages.reactions is
  'How many reactions of each kind, as who gave none sees them; null for none. Who reacted stands in message_reactions.';

create index messages_id_idx
  on rolecall.messages (id);

create index messages_revision_idx
  on rolecall.messages (conversation_id, revision)
  where revision is not null;

-- What somebody wrote in a conversation of others, which only an import brings: of all other messages the conversations
-- of their sender tell.
create index messages_legacy_sender_id_idx
  on rolecall.messages (sender_id, conversation_id, seq)
  where legacy;

-- Apart from the messages, so that nothing that reads those can show it.
create table rolecall.removed_contents (
  conversation_id uuid not null,
  seq bigint not null,
  content text not null,
  removed_at timestamptz not null default now(),
  primary key (conversation_id, seq),
  foreign key (conversation_id, seq) references rolecall.messages (conversation_id, seq) on delete cascade
);

comment on table rolecall.removed_contents is 'The contents of deleted messages, for moderators and for restoring them.';

-- One request of an array to send_dm, taken apart.
create type rolecall.dm_item as (
  number int,
  -- Null for nobody.
  caller uuid,
  is_user boolean,
  key text,
  rollouts jsonb,
  content text,
  is_reply boolean,
  conversation uuid,
  recipient uuid,
  show_id uuid,
  -- The refusal of an id that is no uuid, and of a content that is no message.
  refusal jsonb,
  -- The message's id, if the client chose it.
  message_id uuid
);
