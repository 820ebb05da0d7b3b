-- The masked numbers of organisations.

create table rolecall.message_numbers (
  id uuid primary key default gen_random_uuid(),
  organization_id uuid not null references rolecall.organizations (id),
  e164 text not null,
  class text not null,
  status text not null default 'active',
  sitter_id uuid,
  rests_until timestamptz,
  last_assigned_at timestamptz not null default '-infinity',
  created_at timestamptz not null default now(),
  released_at timestamptz,
  -- A thread refers to all three, so that its class is its number's.
  constraint message_numbers_organization_id_id_class_key unique (organization_id, id, class),
  constraint message_numbers_organization_id_id_key unique (organization_id, id),
  constraint message_numbers_sitter_fkey
    foreign key (organization_id, sitter_id)
    references rolecall.profiles (organization_id, id)
    on delete set null (sitter_id),
  constraint message_numbers_e164_form check (rolecall_internal.is_e164(e164)),
  constraint message_numbers_class_known check (class in ('front_desk', 'sitter', 'pool')),
  constraint message_numbers_status_known check (status in ('active', 'resting', 'released')),
  constraint message_numbers_sitter_has_class check (sitter_id is null or (class = 'sitter' and status = 'active')),
  constraint message_numbers_rest_has_end check ((status = 'resting') = (rests_until is not null))
);

comment on table rolecall.message_numbers is
  'The phone numbers that clients text, each of one organisation: the front desk''s, one sitter''s, or of the pool.';

comment on column rolecall.message_numbers.e164 is 'The number (ITU-T E.164). Only the delivery of messages reads it.';

comment on column rolecall.message_numbers.status is
  'active; resting: a sitter''s number after its release, of the pool from rests_until on; released: it has left the organisation.';

comment on column rolecall.message_numbers.last_assigned_at is
  'When a thread was last given the number from the pool, which gives the one that was given longest ago.';

-- A number that is not released belongs to one organisation.
create unique index message_numbers_e164_key
  on rolecall.message_numbers (e164)
  where status <> 'released';

create unique index message_numbers_front_desk_key
  on rolecall.message_numbers (organization_id)
  where class = 'front_desk' and status = 'active';

create unique index message_numbers_sitter_key
  on rolecall.message_numbers (organization_id, sitter_id)
  where sitter_id is not null;

create index message_numbers_pool_idx
  on rolecall.message_numbers (organization_id, class, status, last_assigned_at, id);

create table rolecall.pool_exhaustions (
  organization_id uuid not null references rolecall.organizations (id) on delete cascade,
  hour timestamptz not null,
  times bigint not null,
  primary key (organization_id, hour)
);

comment on table rolecall.pool_exhaustions is
  'How often in each hour a thread got the number of the front desk because the pool had none left; kept for eight days.';
