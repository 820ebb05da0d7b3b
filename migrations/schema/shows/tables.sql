-- Shows, who takes part in them, and how many of each role do.

create table rolecall.shows (
  id uuid primary key default gen_random_uuid(),
  organizer_id uuid references rolecall.profiles (id) on delete set null,
  title text not null,
  starts_at timestamptz not null,
  ends_at timestamptz not null,
  created_at timestamptz not null default now(),
  constraint shows_title_visible check (rolecall_internal.is_text(title, 1, 200)),
  constraint shows_ends_after_start check (ends_at >= starts_at)
);

comment on table rolecall.shows is 'Card shows. Before starts_at a broadcast counts as pre_show, from then on as post_show.';

comment on column rolecall.shows.organizer_id is 'Null once the organizer''s account is deleted.';

create index shows_organizer_id_idx
  on rolecall.shows (organizer_id);

-- Every user sees every show, newest first.
create index shows_created_at_idx
  on rolecall.shows (created_at);

create table rolecall.show_participants (
  show_id uuid not null references rolecall.shows (id) on delete cascade,
  user_id uuid not null references rolecall.profiles (id) on delete cascade,
  role rolecall.app_role not null,
  joined_at timestamptz not null default now(),
  changed_xid xid8 not null default pg_current_xact_id(),
  primary key (show_id, user_id)
);

comment on table rolecall.show_participants is
  'Who takes part in a show. Taking part gives the right to write, so only the backend adds rows.';

comment on column rolecall.show_participants.role is
  'The role at the time of joining; it decides which broadcasts the participant receives.';

comment on column rolecall.show_participants.changed_xid is
  'The transaction in which they joined: by then they see what was broadcast since joined_at.';

-- A broadcast is for who took part at that moment: leaving a show must not take away what was sent before, nor joining
-- it again give what was sent between.
create table rolecall.past_participations (
  show_id uuid not null references rolecall.shows (id) on delete cascade,
  user_id uuid not null references rolecall.profiles (id) on delete cascade,
  role rolecall.app_role not null,
  joined_at timestamptz not null,
  left_at timestamptz not null,
  primary key (user_id, show_id, joined_at, role)
);

comment on table rolecall.past_participations is 'Who took part in a show and left it, with the dates of both.';

create index past_participations_show_id_idx
  on rolecall.past_participations (show_id);

-- Leads from a user to their shows without reading the table.
create index show_participants_user_id_idx
  on rolecall.show_participants (user_id, show_id);

create table rolecall.show_audience (
  id uuid primary key default gen_random_uuid(),
  show_id uuid not null references rolecall.shows (id) on delete cascade,
  role rolecall.app_role not null,
  participants bigint not null
)
-- Room on each page for the next version of a row that is counted up all the time.
with (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.05);

comment on table rolecall.show_audience is
  'How many participants of each role a show has, as the sum of a few rows, so that a broadcast to 100,000 people counts its audience fast.';

create index show_audience_show_id_idx
  on rolecall.show_audience (show_id, role);

create or replace view rolecall.participations as
select show_id, user_id, role, joined_at, 'infinity'::timestamptz as left_at
from rolecall.show_participants
union all
select show_id, user_id, role, joined_at, left_at
from rolecall.past_participations;

comment on view rolecall.participations is 'Who takes part or took part in which show, and from when to when.';
