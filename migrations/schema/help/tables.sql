-- Help requests and their conversations (V2), each started in one atomic step.
--
-- Whoever asks, helps and writes has a profile then (help/triggers.sql sees to it), but what they said to others outlives
-- their account; so these are ids, not foreign keys.

create table rolecall.help_requests (
  id uuid primary key default rolecall_internal.uuid_v7(),
  requester_id uuid not null,
  title text not null,
  description text not null default '',
  status text not null default 'open',
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  changed_xid xid8 not null default pg_current_xact_id(),
  constraint help_requests_title_visible check (rolecall_internal.is_text(title, 1, 200)),
  constraint help_requests_description_visible
    check (rolecall_internal.is_text(description, 0, 4000)),
  constraint help_requests_status_known check (
    status in ('open', 'in_progress', 'matched', 'completed', 'closed', 'cancelled')
  )
);

comment on table rolecall.help_requests is 'Requests for help; helpers start conversations about those that are open or in progress.';

comment on column rolecall.help_requests.changed_xid is
  'The last transaction that changed it: the cards of its conversations show its title and its status.';

create index help_requests_requester_id_idx
  on rolecall.help_requests (requester_id);

create index help_requests_open_idx
  on rolecall.help_requests (created_at)
  where status in ('open', 'in_progress');

-- The adopter's own verification counts the columns, indexes and policies of the next two tables: 8 and 5, 6 and 3,
-- and 5 policies on the two together.
create table public.conversations_v2 (
  id uuid primary key default rolecall_internal.uuid_v7(),
  help_request_id uuid not null references rolecall.help_requests (id),
  requester_id uuid not null,
  helper_id uuid not null,
  initial_message text not null,
  status text not null default 'active',
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint conversations_v2_help_request_id_helper_id_key unique (help_request_id, helper_id),
  constraint conversations_v2_of_two_people check (requester_id <> helper_id),
  constraint conversations_v2_initial_message_visible check (
    rolecall_internal.is_text(
      initial_message,
      rolecall_internal.limit_help_message_min_chars(),
      rolecall_internal.limit_help_message_max_chars()
    )
  ),
  constraint conversations_v2_status_known check (status in ('active', 'completed', 'cancelled', 'closed'))
)
-- Room on each page for the next version: every message changes updated_at, which no index has.
with (fillfactor = 80);

comment on table public.conversations_v2 is 'Conversations between helper and requester about a help request; one for each pair.';

create index conversations_v2_requester_id_idx
  on public.conversations_v2 (requester_id);

create index conversations_v2_helper_id_idx
  on public.conversations_v2 (helper_id);

create index conversations_v2_created_at_idx
  on public.conversations_v2 (created_at);

create table public.messages_v2 (
  id uuid primary key default rolecall_internal.uuid_v7(),
  conversation_id uuid not null references public.conversations_v2 (id) on delete cascade,
  sender_id uuid not null,
  content text not null,
  created_at timestamptz not null default clock_timestamp(),
  updated_at timestamptz not null default clock_timestamp(),
  constraint messages_v2_content_visible check (
    rolecall_internal.is_text(content, 1, rolecall_internal.limit_direct_message_chars())
  )
);

comment on table public.messages_v2 is 'The messages of help conversations.';

comment on column public.messages_v2.created_at is
  'Clock time, not transaction time, so that two messages of one transaction keep their order.';

create index messages_v2_conversation_id_created_at_idx
  on public.messages_v2 (conversation_id, created_at);

create index messages_v2_sender_id_idx
  on public.messages_v2 (sender_id);

create table rolecall.help_message_counts (
  conversation_id uuid primary key references public.conversations_v2 (id) on delete cascade,
  messages bigint not null,
  first_message_id uuid not null
);

comment on table rolecall.help_message_counts is
  'How many messages each help conversation has, so that the diagnostics need not count them.';

comment on column rolecall.help_message_counts.first_message_id is
  'The message that initial_message is a copy of; the copy is changed and removed with it.';

-- Apart from the conversations, whose columns the adopter counts.
create table rolecall.help_closings (
  conversation_id uuid primary key references public.conversations_v2 (id) on delete cascade,
  closed_by uuid,
  closed_at timestamptz not null default now()
);

comment on table rolecall.help_closings is 'Who has closed which help conversation, and so may reopen it.';

comment on column rolecall.help_closings.closed_by is 'Null for the operator, who alone can reopen it.';

-- The next two are for the moderation alone. They refer to the conversation, with which they go; the message may be gone.
create table rolecall.help_message_edits (
  id bigint generated always as identity primary key,
  message_id uuid not null,
  conversation_id uuid not null references public.conversations_v2 (id) on delete cascade,
  sender_id uuid not null,
  content text,
  written_at timestamptz not null,
  replaced_at timestamptz not null default clock_timestamp()
);

comment on table rolecall.help_message_edits is
  'Earlier versions of edited help messages; never changed, only erased.';

comment on column rolecall.help_message_edits.content is 'Null after its author had it erased.';

create index help_message_edits_message_id_idx
  on rolecall.help_message_edits (message_id, id);

create index help_message_edits_conversation_id_idx
  on rolecall.help_message_edits (conversation_id);

create index help_message_edits_sender_id_idx
  on rolecall.help_message_edits (sender_id, id)
  where content is not null;

create table rolecall.removed_help_messages (
  message_id uuid primary key,
  conversation_id uuid not null references public.conversations_v2 (id) on delete cascade,
  sender_id uuid not null,
  content text,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  deleted_at timestamptz not null default now(),
  deleted_as text not null,
  constraint removed_help_messages_deleted_as_known check (deleted_as in ('author', 'moderator'))
);

comment on table rolecall.removed_help_messages is 'Deleted help messages, for moderators and for restoring them.';

comment on column rolecall.removed_help_messages.content is 'Null after its author had it erased.';

create index removed_help_messages_conversation_id_idx
  on rolecall.removed_help_messages (conversation_id, created_at);

create index removed_help_messages_sender_id_idx
  on rolecall.removed_help_messages (sender_id, message_id)
  where content is not null;

create table rolecall.help_erasures_due (
  message_id uuid primary key,
  conversation_id uuid not null references public.conversations_v2 (id) on delete cascade
);

comment on table rolecall.help_erasures_due is
  'Help messages that their author had erased while a report was pending; what is kept is erased when it is reviewed.';

create index help_erasures_due_conversation_id_idx
  on rolecall.help_erasures_due (conversation_id);
