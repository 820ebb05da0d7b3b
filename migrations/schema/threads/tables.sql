-- The clients of organisations, their threads, and what was decided about each text.

create table rolecall.clients (
  id uuid primary key default rolecall_internal.uuid_v7(),
  organization_id uuid not null references rolecall.organizations (id),
  user_id uuid,
  display_name text,
  phone text,
  created_at timestamptz not null default now(),
  erased_at timestamptz,
  constraint clients_organization_id_id_key unique (organization_id, id),
  constraint clients_phone_key unique (organization_id, phone),
  constraint clients_user_key unique (organization_id, user_id),
  constraint clients_user_fkey
    foreign key (organization_id, user_id)
    references rolecall.profiles (organization_id, id)
    on delete set null (user_id),
  constraint clients_display_name_form
    check (char_length(display_name) between 1 and 200 and rolecall_internal.is_name(display_name)),
  constraint clients_phone_form check (rolecall_internal.is_e164(phone)),
  constraint clients_phone_until_erased check ((phone is null) = (erased_at is not null))
);

comment on table rolecall.clients is 'Who texts an organisation. It is the one place of their phone number.';

comment on column rolecall.clients.user_id is 'The client''s account, if they have one.';

comment on column rolecall.clients.display_name is 'Null for a sender whom nobody has named.';

comment on column rolecall.clients.phone is
  'The number (ITU-T E.164); null once the client is erased. Only the delivery of messages reads it.';

-- Domains, not checks of the tables: PostgreSQL plans the checks of a table anew for every statement that writes to it, and
-- those of a domain once in a session.
create domain rolecall.thread_scope as text
  constraint thread_scope_known check (value in ('client', 'billing', 'owner_inbox'));

create domain rolecall.thread_status as text
  constraint thread_status_known check (value in ('open', 'closed'));

create domain rolecall.message_direction as text
  constraint message_direction_known check (value in ('inbound', 'outbound', 'internal'));

create domain rolecall.message_kind as text
  constraint message_kind_known check (value in ('text', 'automatic_reply', 'notice'));

create domain rolecall.message_delivery as text
  constraint message_delivery_known check (
    value in (
      'received', 'blocked', 'queued', 'sent', 'delivered', 'undelivered', 'failed', 'dead', 'uncertain', 'shown'
    )
  );

create domain rolecall.message_encoding as text
  constraint message_encoding_known check (value in ('gsm_7', 'ucs_2'));

create table rolecall.message_threads (
  id uuid primary key default rolecall_internal.uuid_v7(),
  organization_id uuid not null references rolecall.organizations (id),
  scope rolecall.thread_scope not null default 'client',
  status rolecall.thread_status not null default 'open',
  client_id uuid,
  number_id uuid not null,
  number_class text not null,
  sitter_id uuid,
  last_seq bigint not null default 0,
  last_message_at timestamptz not null default now(),
  active_in timestamptz not null generated always as (rolecall_internal.hour_of(last_message_at)) stored,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  changed_xid xid8 not null default pg_current_xact_id(),
  changed_in bigint not null generated always as (changed_xid::text::bigint >> 16) stored,
  constraint message_threads_organization_id_id_key unique (organization_id, id),
  constraint message_threads_client_fkey
    foreign key (organization_id, client_id)
    references rolecall.clients (organization_id, id),
  constraint message_threads_number_fkey
    foreign key (organization_id, number_id, number_class)
    references rolecall.message_numbers (organization_id, id, class)
    on update cascade,
  constraint message_threads_sitter_fkey
    foreign key (organization_id, sitter_id)
    references rolecall.profiles (organization_id, id)
    on delete set null (sitter_id),
  -- The owner inbox has no client, and is always open.
  constraint message_threads_inbox_form check (
    (scope = 'owner_inbox') = (client_id is null)
    and (scope <> 'owner_inbox' or status = 'open')
  )
)
with (fillfactor = 80);

comment on table rolecall.message_threads is
  'The conversation of an organisation with a client behind a masked number, and the owner inbox of each organisation.';

comment on column rolecall.message_threads.scope is
  'client; billing: hidden from sitters; owner_inbox: what waits for the owner, of all clients.';

comment on column rolecall.message_threads.sitter_id is 'The sitter for whom the number was chosen.';

comment on column rolecall.message_threads.last_seq is
  'The seq of the newest message; in the owner inbox the inbox_seq.';

comment on column rolecall.message_threads.active_in is
  'The hour of last_message_at, which the index of the list uses: so a message moves no index.';

comment on column rolecall.message_threads.changed_xid is
  'The last transaction that changed what the thread''s cards or messages show; sync answers what has changed since.';

comment on column rolecall.message_threads.changed_in is
  'The 65,536 transactions among which changed_xid is, which the index of sync uses.';

create unique index message_threads_open_key
  on rolecall.message_threads (organization_id, client_id)
  where status = 'open' and client_id is not null;

create unique index message_threads_owner_inbox_key
  on rolecall.message_threads (organization_id)
  where scope = 'owner_inbox';

create index message_threads_number_id_idx
  on rolecall.message_threads (organization_id, number_id, number_class);

create index message_threads_client_id_idx
  on rolecall.message_threads (organization_id, client_id);

create index message_threads_active_in_idx
  on rolecall.message_threads (organization_id, active_in);

create index message_threads_sitter_id_idx
  on rolecall.message_threads (organization_id, sitter_id);

create index message_threads_changed_in_idx
  on rolecall.message_threads (organization_id, changed_in desc);

create table rolecall.thread_messages (
  organization_id uuid not null,
  thread_id uuid not null,
  seq bigint not null,
  id uuid not null default rolecall_internal.uuid_v7(),
  inbox_seq bigint,
  direction rolecall.message_direction not null,
  kind rolecall.message_kind not null default 'text',
  client_id uuid,
  author_id uuid,
  sitter_id uuid,
  content text,
  media_urls text[] not null default '{}',
  delivery rolecall.message_delivery not null,
  error_code int,
  encoding rolecall.message_encoding,
  segments smallint,
  carrier_sid text,
  created_at timestamptz not null default now(),
  quotes_id uuid,
  primary key (organization_id, thread_id, seq),
  constraint thread_messages_organization_id_id_key unique (organization_id, id),
  constraint thread_messages_thread_fkey
    foreign key (organization_id, thread_id)
    references rolecall.message_threads (organization_id, id),
  constraint thread_messages_client_fkey
    foreign key (organization_id, client_id)
    references rolecall.clients (organization_id, id)
);

comment on table rolecall.thread_messages is 'The messages of threads; the functions alone write them.';

comment on column rolecall.thread_messages.inbox_seq is
  'The message''s number in the owner inbox of its organisation; null for one that is not in it.';

comment on column rolecall.thread_messages.direction is
  'inbound: from the client; outbound: to the client; internal: for the organisation alone.';

comment on column rolecall.thread_messages.author_id is
  'The user who wrote it; null for a text through the carrier, an automatic reply and a notice.';

comment on column rolecall.thread_messages.sitter_id is
  'The sitter who wrote it or to whom it was routed: of the sitters only they see it.';

comment on column rolecall.thread_messages.quotes_id is
  'The message that a notice quotes: who erases that one erases the quote, however long ago it was.';

comment on column rolecall.thread_messages.content is 'Null once the client is erased or the author had it erased.';

comment on column rolecall.thread_messages.delivery is
  'received, blocked by the filter, shown to the organisation alone, or where an outbound message stands.';

comment on column rolecall.thread_messages.carrier_sid is 'The carrier''s id of the message (Twilio: MessageSid).';

create unique index thread_messages_inbox_seq_key
  on rolecall.thread_messages (organization_id, inbox_seq)
  where inbox_seq is not null;

create unique index thread_messages_carrier_sid_key
  on rolecall.thread_messages (organization_id, carrier_sid)
  where carrier_sid is not null and direction = 'inbound';

create index thread_messages_quotes_id_idx
  on rolecall.thread_messages (organization_id, quotes_id)
  where quotes_id is not null;

create index thread_messages_client_id_idx
  on rolecall.thread_messages (organization_id, client_id);

-- What somebody wrote, for their export and its deletion: also in an organisation that they have left.
create index thread_messages_author_id_idx
  on rolecall.thread_messages (author_id, id)
  where author_id is not null;

create table rolecall.thread_reads (
  organization_id uuid not null,
  thread_id uuid not null,
  user_id uuid not null,
  last_read_seq bigint not null,
  changed_xid xid8 not null default pg_current_xact_id(),
  primary key (organization_id, thread_id, user_id),
  constraint thread_reads_thread_fkey
    foreign key (organization_id, thread_id)
    references rolecall.message_threads (organization_id, id),
  constraint thread_reads_user_fkey
    foreign key (organization_id, user_id)
    references rolecall.profiles (organization_id, id)
    on delete cascade
);

comment on table rolecall.thread_reads is
  'Up to where each user has read each thread; forgotten when they leave the organisation.';

comment on column rolecall.thread_reads.changed_xid is 'The last transaction that moved it.';

create index thread_reads_user_id_idx
  on rolecall.thread_reads (organization_id, user_id, thread_id);

create table rolecall.routing_decisions (
  id uuid primary key default rolecall_internal.uuid_v7(),
  organization_id uuid not null references rolecall.organizations (id),
  at timestamptz not null default now(),
  thread_id uuid not null,
  seq bigint not null,
  target text not null,
  reason text not null,
  sitter_id uuid,
  window_ids uuid[] not null default '{}',
  number_class text not null,
  sender text not null,
  recipient text not null,
  constraint routing_decisions_message_key unique (organization_id, thread_id, seq),
  constraint routing_decisions_message_fkey
    foreign key (organization_id, thread_id, seq)
    references rolecall.thread_messages (organization_id, thread_id, seq),
  constraint routing_decisions_target_known check (target in ('sitter', 'owner_inbox', 'nobody')),
  constraint routing_decisions_reason_known
    check (reason in ('one_sitter', 'no_window', 'several_sitters', 'number_mismatch', 'blocked'))
);

comment on table rolecall.routing_decisions is 'Who got each inbound text, and why.';

comment on column rolecall.routing_decisions.thread_id is
  'With seq the message: in the client''s thread, or in the owner inbox where there is none.';

comment on column rolecall.routing_decisions.sender is 'The redacted number.';

comment on column rolecall.routing_decisions.recipient is 'The redacted number.';

create index routing_decisions_at_idx
  on rolecall.routing_decisions (organization_id, at);

-- What the diagnostics count.
create index routing_decisions_owner_inbox_idx
  on rolecall.routing_decisions (organization_id, at, reason)
  where target = 'owner_inbox';

create table rolecall.anti_poaching_attempts (
  id uuid primary key default rolecall_internal.uuid_v7(),
  organization_id uuid not null,
  at timestamptz not null default now(),
  thread_id uuid not null,
  message_id uuid not null,
  direction text not null,
  author_id uuid,
  client_id uuid,
  violations text[] not null,
  redacted_content text,
  forced_at timestamptz,
  forced_by uuid,
  forced_reason text,
  constraint anti_poaching_attempts_message_key unique (organization_id, message_id),
  constraint anti_poaching_attempts_message_fkey
    foreign key (organization_id, message_id)
    references rolecall.thread_messages (organization_id, id),
  constraint anti_poaching_attempts_direction_known check (direction in ('inbound', 'outbound')),
  constraint anti_poaching_attempts_force_is_whole check ((forced_at is null) = (forced_reason is null))
);

comment on table rolecall.anti_poaching_attempts is 'The messages that the filter held back.';

create index anti_poaching_attempts_at_idx
  on rolecall.anti_poaching_attempts (organization_id, at);

-- What somebody wrote, texted and forced, for their export and its deletion.
create index anti_poaching_attempts_author_id_idx
  on rolecall.anti_poaching_attempts (author_id)
  where author_id is not null;

create index anti_poaching_attempts_client_id_idx
  on rolecall.anti_poaching_attempts (organization_id, client_id)
  where direction = 'inbound';

create index anti_poaching_attempts_forced_by_idx
  on rolecall.anti_poaching_attempts (forced_by)
  where forced_by is not null;

create table rolecall.opt_outs (
  organization_id uuid not null,
  client_id uuid not null,
  at timestamptz not null default now(),
  source text not null,
  primary key (organization_id, client_id),
  constraint opt_outs_client_fkey
    foreign key (organization_id, client_id)
    references rolecall.clients (organization_id, id),
  constraint opt_outs_source_known check (source in ('keyword', 'carrier'))
);

comment on table rolecall.opt_outs is 'The clients who want no more messages; a row goes when they opt back in.';

comment on column rolecall.opt_outs.source is 'keyword: the client wrote STOP; carrier: the carrier refused with 21610.';

create table rolecall.automatic_replies (
  organization_id uuid not null,
  client_id uuid not null,
  kind text not null,
  last_at timestamptz not null,
  primary key (organization_id, client_id, kind),
  constraint automatic_replies_client_fkey
    foreign key (organization_id, client_id)
    references rolecall.clients (organization_id, id)
);

comment on table rolecall.automatic_replies is 'When a client last got an automatic reply of each kind.';

create table rolecall.word_texts (
  organization_id uuid not null,
  carrier_sid text not null,
  client_id uuid not null,
  at timestamptz not null default now(),
  reply text,
  primary key (organization_id, carrier_sid),
  constraint word_texts_client_fkey
    foreign key (organization_id, client_id)
    references rolecall.clients (organization_id, id)
);

comment on table rolecall.word_texts is
  'The texts of the last day by which clients opted out or in, or asked for help, so that a repeated one changes nothing; older ones of a client go with the next.';

comment on column rolecall.word_texts.carrier_sid is 'The carrier''s id of the text (Twilio: MessageSid).';

comment on column rolecall.word_texts.reply is 'What the client was answered; null for nothing.';

create index word_texts_client_id_idx
  on rolecall.word_texts (organization_id, client_id, at);
