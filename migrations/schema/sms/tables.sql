-- What is on its way to the carrier.

-- A domain, as threads/tables.sql says.
create domain rolecall.sms_status as text
  constraint sms_status_known check (
    value in ('queued', 'leased', 'sent', 'delivered', 'undelivered', 'failed', 'dead', 'uncertain')
  );

create table rolecall.sms_outbox (
  id uuid primary key default rolecall_internal.uuid_v7(),
  organization_id uuid not null,
  thread_id uuid not null,
  seq bigint not null,
  status rolecall.sms_status not null default 'queued',
  attempts smallint not null default 0,
  first_attempt_at timestamptz,
  next_attempt_at timestamptz not null default now(),
  lease uuid,
  leased_until timestamptz,
  carrier_sid text,
  error_code int,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  -- Recipient, number and text are the thread's and the message's when the carrier gets it.
  constraint sms_outbox_message_key unique (organization_id, thread_id, seq),
  constraint sms_outbox_message_fkey
    foreign key (organization_id, thread_id, seq)
    references rolecall.thread_messages (organization_id, thread_id, seq),
  -- A lease has an end and a name.
  constraint sms_outbox_lease_is_whole check (
    (status = 'leased') = (leased_until is not null)
    and (status <> 'leased' or lease is not null)
  )
);

comment on table rolecall.sms_outbox is
  'The outbound messages, written with them in one transaction; deliver-sms hands them to the carrier.';

comment on column rolecall.sms_outbox.status is
  'queued; leased: a delivery is at it; sent: the carrier has it; delivered, undelivered, failed: what the carrier said; dead: given up; uncertain: the carrier may have it, and it is never sent again by itself.';

comment on column rolecall.sms_outbox.attempts is
  'How often it was handed to the carrier since it was queued, by itself or by an owner.';

comment on column rolecall.sms_outbox.error_code is
  'What the carrier said last: its code (Twilio: 21610 for example), or the HTTP status of an answer without one.';

comment on column rolecall.sms_outbox.lease is
  'The delivery that was last at it. It stays when the lease runs out: what that delivery says late still counts.';

create index sms_outbox_due_idx
  on rolecall.sms_outbox (next_attempt_at, id)
  where status = 'queued';

create index sms_outbox_leased_idx
  on rolecall.sms_outbox (leased_until)
  where status = 'leased';

create index sms_outbox_thread_idx
  on rolecall.sms_outbox (thread_id, seq)
  where status in ('queued', 'leased');

-- What waits, and how long the oldest does, of an organisation and of all.
create index sms_outbox_waiting_idx
  on rolecall.sms_outbox (organization_id, created_at)
  where status in ('queued', 'leased');

create index sms_outbox_trouble_idx
  on rolecall.sms_outbox (organization_id, updated_at)
  where status in ('dead', 'uncertain');

create index sms_outbox_error_idx
  on rolecall.sms_outbox (organization_id, updated_at)
  where error_code is not null;
