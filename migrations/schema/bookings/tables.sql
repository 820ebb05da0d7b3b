-- Bookings, and the windows in which they let a sitter write.

create table rolecall.bookings (
  organization_id uuid not null references rolecall.organizations (id),
  id uuid not null,
  client_id uuid not null,
  service text not null,
  starts_at timestamptz not null,
  ends_at timestamptz not null,
  recurring boolean not null default false,
  sitter_id uuid,
  status text not null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  -- The id is the application's own: another organisation may have the same.
  primary key (organization_id, id),
  constraint bookings_client_fkey
    foreign key (organization_id, client_id)
    references rolecall.clients (organization_id, id),
  constraint bookings_sitter_fkey
    foreign key (organization_id, sitter_id)
    references rolecall.profiles (organization_id, id)
    on delete set null (sitter_id),
  constraint bookings_service_length check (char_length(service) between 1 and 100),
  constraint bookings_ends_after_start check (starts_at < ends_at),
  constraint bookings_status_known check (status in ('confirmed', 'completed', 'cancelled'))
);

comment on table rolecall.bookings is 'Visits and stays as the application plans them; assign-booking writes them.';

create index bookings_client_id_idx
  on rolecall.bookings (organization_id, client_id, ends_at);

create index bookings_sitter_id_idx
  on rolecall.bookings (organization_id, sitter_id);

create table rolecall.service_buffers (
  id bigint generated always as identity primary key,
  organization_id uuid references rolecall.organizations (id),
  service text,
  minutes int not null,
  constraint service_buffers_organization_id_service_key unique nulls not distinct (organization_id, service),
  constraint service_buffers_minutes_range check (minutes between 0 and 10080)
);

comment on table rolecall.service_buffers is
  'How long before its start and after its end a booking lets the sitter write.';

comment on column rolecall.service_buffers.organization_id is
  'Null for every organisation that has no row of its own.';

comment on column rolecall.service_buffers.service is 'Null for services without a row.';

create table rolecall.assignment_windows (
  id uuid primary key default gen_random_uuid(),
  organization_id uuid not null,
  thread_id uuid not null,
  booking_id uuid not null,
  sitter_id uuid,
  starts_at timestamptz not null,
  ends_at timestamptz not null,
  closed_at timestamptz,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint assignment_windows_booking_key unique (organization_id, booking_id),
  constraint assignment_windows_booking_fkey
    foreign key (organization_id, booking_id)
    references rolecall.bookings (organization_id, id),
  constraint assignment_windows_thread_fkey
    foreign key (organization_id, thread_id)
    references rolecall.message_threads (organization_id, id),
  constraint assignment_windows_sitter_fkey
    foreign key (organization_id, sitter_id)
    references rolecall.profiles (organization_id, id)
    on delete set null (sitter_id),
  constraint assignment_windows_ends_after_start check (starts_at < ends_at),
  constraint assignment_windows_open_has_sitter check (closed_at is not null or sitter_id is not null)
);

comment on table rolecall.assignment_windows is
  'From starts_at on and before ends_at, while it is not closed, the sitter writes in the thread; one for each booking.';

create index assignment_windows_thread_id_idx
  on rolecall.assignment_windows (organization_id, thread_id, ends_at);

create index assignment_windows_sitter_id_idx
  on rolecall.assignment_windows (organization_id, sitter_id, ends_at)
  where sitter_id is not null;
