-- Webhooks: an operator's address gets the events that clients get over their sockets, from the same outbox.
--
-- A row of the outbox is forked once, into a delivery for each webhook and event: by reference, so that what is said, and
-- to whom, is decided each time the delivery is taken.
--
-- Locks are taken in one order: the webhook, then its queue, then its deliveries.

create table rolecall.webhooks (
  id uuid primary key default gen_random_uuid(),
  url text not null,
  types text[],
  description text not null default '',
  is_enabled boolean not null default true,
  enabled_at timestamptz not null default now(),
  disabled_reason text,
  secret text not null,
  former_secret text,
  former_secret_until timestamptz,
  created_at timestamptz not null default now(),
  changed_at timestamptz not null default now(),
  last_delivered_at timestamptz,
  failing_since timestamptz,
  failures int not null default 0,
  paused_until timestamptz,
  constraint webhooks_url_form check (rolecall_internal.is_webhook_url(url)),
  constraint webhooks_types_known check (types <@ rolecall_internal.webhook_types() and cardinality(types) > 0),
  constraint webhooks_description_form check (char_length(description) <= rolecall_internal.limit_webhook_description_chars()),
  constraint webhooks_former_secret_has_end check ((former_secret is null) = (former_secret_until is null)),
  constraint webhooks_enabled_without_reason check (not is_enabled or disabled_reason is null)
)
with (fillfactor = 50);

comment on table rolecall.webhooks is 'The addresses to which the relay posts events.';

comment on column rolecall.webhooks.types is 'What the webhook hears of; null for everything but typing and presence.';

comment on column rolecall.webhooks.enabled_at is 'It hears of nothing that happened before.';

comment on column rolecall.webhooks.disabled_reason is 'Why it was disabled by itself; null where the operator did it.';

comment on column rolecall.webhooks.secret is 'The key of its signatures (Standard Webhooks). Only the relay reads it.';

comment on column rolecall.webhooks.former_secret is 'The key before the last rotation, which signs as well until former_secret_until.';

comment on column rolecall.webhooks.failing_since is 'The first failure since the last delivery.';

comment on column rolecall.webhooks.failures is 'How many probes in a row have failed.';

comment on column rolecall.webhooks.paused_until is 'When the next probe is due, while it fails.';

create table rolecall.webhook_queues (
  webhook_id uuid primary key references rolecall.webhooks (id) on delete cascade,
  room bigint not null default 0,
  counted_at timestamptz not null default '-infinity',
  dropped bigint not null default 0
)
with (fillfactor = 50);

comment on table rolecall.webhook_queues is 'How many deliveries a webhook has room for, and how many events found none.';

comment on column rolecall.webhook_queues.room is
  'How many more deliveries are kept; deliveries that ended since counted_at are not added yet.';

comment on column rolecall.webhook_queues.dropped is 'Events of which the webhook will never hear, since it was made.';

-- No foreign key to the webhook: the relay forks many rows at a time, and a removed webhook's go in steps.
create table rolecall.webhook_deliveries (
  id bigint generated always as identity primary key,
  webhook_id uuid not null,
  outbox_id bigint,
  place bigint not null default 1,
  made_at timestamptz not null,
  type text not null,
  domain text,
  conversation_id uuid,
  seq bigint,
  user_id uuid,
  message_id uuid,
  became text,
  is_wide boolean not null default false,
  reached uuid,
  taken_to uuid,
  state text not null default 'pending',
  attempts int not null default 0,
  attempts_before int not null default 0,
  is_taken boolean not null default false,
  due_at timestamptz not null default now(),
  last_status smallint,
  last_error text
)
-- Nearly every row is deleted soon.
with (autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_threshold = 2000, autovacuum_vacuum_cost_delay = 0);

comment on table rolecall.webhook_deliveries is
  'What a webhook has not yet heard of, by reference, an event a row; and for a week what it never heard of (dead).';

comment on column rolecall.webhook_deliveries.outbox_id is 'The row of the outbox, and with place the id of the event; null for a test.';

comment on column rolecall.webhook_deliveries.became is 'What became of it: online, offline, assigned, removed.';

comment on column rolecall.webhook_deliveries.is_wide is 'Whether it is a broadcast, whose audience is named a page at a time.';

comment on column rolecall.webhook_deliveries.reached is 'Of a broadcast: up to whom of the audience it is delivered.';

comment on column rolecall.webhook_deliveries.taken_to is 'Of a broadcast: up to whom the page goes that was taken last, when there are more.';

comment on column rolecall.webhook_deliveries.state is 'pending, or dead: given up.';

comment on column rolecall.webhook_deliveries.attempts is 'How often it was taken; the number of the current attempt.';

comment on column rolecall.webhook_deliveries.attempts_before is
  'The attempts that do not count any more: for earlier pages, or before it was brought back.';

comment on column rolecall.webhook_deliveries.due_at is
  'When it may be taken next; while it is taken, when it may be taken again; of a dead one, when it died.';

create index webhook_deliveries_due_idx
  on rolecall.webhook_deliveries (webhook_id, state, due_at, id);

create index webhook_deliveries_taken_idx
  on rolecall.webhook_deliveries (webhook_id, due_at)
  where is_taken;

create table rolecall.outbox_fork (
  is_only boolean primary key default true,
  floor bigint not null default 0,
  next_floor bigint not null default 0,
  next_floor_xid xid8,
  constraint outbox_fork_one_row check (is_only)
)
with (fillfactor = 50);

comment on table rolecall.outbox_fork is 'One row: where forking begins.';

comment on column rolecall.outbox_fork.floor is 'No row of the outbox with a smaller id is still to be forked, or can appear.';

comment on column rolecall.outbox_fork.next_floor is
  'The floor once every transaction before next_floor_xid has ended.';
