-- What happened, on its way to the clients of those whom it concerns. Each row is written by the statement that changes
-- something, and tells what changed, never what it says: that is read when the relay takes the row, by the functions that
-- answer GET and as of then, so that nobody is told what they may no longer see.
--
-- Of a conversation's rows the ids grow as its messages do: whoever writes one holds the conversation.

create table rolecall.outbox (
  id bigint generated always as identity primary key,
  made_at timestamptz not null default clock_timestamp(),
  type text not null,
  domain text,
  conversations uuid[],
  seqs bigint[],
  users uuid[],
  messages uuid[],
  state text,
  is_wide boolean not null default false,
  reached uuid,
  taken_to uuid,
  is_forked boolean not null default false
)
-- Every row is deleted soon: what is dead must go before a take has to walk over it.
with (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000, autovacuum_vacuum_cost_delay = 0);

comment on table rolecall.outbox is
  'What the relay has not yet published, by reference. The lists of a row belong together: the first of each is the first event.';

-- No check: one would cost every message twice what its row does, and the functions alone write here.
comment on column rolecall.outbox.type is
  'message.created, message.changed, read, typing, presence, notification, conversation.changed, member.changed or resync.';

comment on column rolecall.outbox.domain is
  'conversations: direct messages and broadcasts; help: help conversations; threads: the threads of organisations.';

comment on column rolecall.outbox.conversations is 'The conversation of each event; null in it for one that is none.';

comment on column rolecall.outbox.seqs is 'The message of each event, or how far somebody has read.';

comment on column rolecall.outbox.users is 'Who each event is about; of a resync who is told, null for everybody who is online.';

comment on column rolecall.outbox.messages is 'The message of each event where it has an id alone.';

comment on column rolecall.outbox.state is 'What became of it: online, offline, assigned, removed.';

comment on column rolecall.outbox.is_wide is
  'Whether its audience may be large: a broadcast, or a resync of everybody. It is taken a page of its audience at a time.';

comment on column rolecall.outbox.reached is 'Of a wide row: up to whom of those online it is settled.';

comment on column rolecall.outbox.taken_to is 'Of a wide row: up to whom the last take went, when there are more.';

comment on column rolecall.outbox.is_forked is 'Whether the webhooks that want it have their deliveries.';

create index outbox_begun_idx
  on rolecall.outbox (id)
  where reached is not null or taken_to is not null;

create table rolecall.relay (
  is_only boolean primary key default true,
  is_wanted boolean not null default false,
  is_pushed boolean not null default false,
  wanted_since timestamptz,
  resync_due boolean not null default false,
  constraint relay_one_row check (is_only)
);

comment on table rolecall.relay is 'One row: whether there is a relay for which the outbox is written.';

comment on column rolecall.relay.is_wanted is
  'Whether anybody is to hear of what happens: is_pushed, or there was a relay within the last hour and a webhook is enabled; else nothing is written.';

comment on column rolecall.relay.is_pushed is 'Whether a relay that publishes to the broker was there within the last hour.';

comment on column rolecall.relay.resync_due is 'Whether everybody online is to be told to sync, because events were not written.';

create table rolecall.relays (
  relay uuid primary key,
  version text not null default '',
  leads boolean not null default false,
  pushes boolean not null default true,
  seen_at timestamptz not null default now(),
  floor bigint not null default 0,
  next_floor bigint not null default 0,
  next_floor_xid xid8
)
with (fillfactor = 50);

comment on table rolecall.relays is 'The relays that were seen within a day: which one leads, and when each was seen last.';

comment on column rolecall.relays.pushes is 'Whether it publishes to a broker; else it carries webhooks alone.';

comment on column rolecall.relays.floor is 'No row of the outbox with a smaller id can still appear; a take begins here.';

comment on column rolecall.relays.next_floor is
  'The floor once every transaction before next_floor_xid has ended.';

-- What follows is made anew by the relay and worth nothing after a crash.
create unlogged table rolecall.presence (
  user_id uuid primary key,
  since timestamptz not null default now()
);

comment on table rolecall.presence is 'Who is connected to the broker, as the leading relay last heard.';

create unlogged table rolecall.typing (
  conversation_id uuid not null,
  user_id uuid not null,
  at timestamptz not null default now(),
  primary key (conversation_id, user_id)
);

comment on table rolecall.typing is 'Who was last announced as typing where, for a minute.';

create index typing_at_idx
  on rolecall.typing (at);
