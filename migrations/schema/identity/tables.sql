create table rolecall.schema_migrations (
  version int primary key,
  name text not null,
  digest text not null,
  applied_at timestamptz not null default now()
);

comment on table rolecall.schema_migrations is 'The migrations that this database has.';

comment on column rolecall.schema_migrations.digest is
  'SHA-256 of the migration as it was applied; a different text with the same version is refused.';

create type rolecall.app_role as enum (
  'attendee',
  'dealer',
  'mvp_dealer',
  'show_organizer',
  'moderator',
  'admin',
  'member'
);

comment on type rolecall.app_role is 'The application role of a profile, as used in the permission matrix.';

create table rolecall.organizations (
  id uuid primary key default gen_random_uuid(),
  name text not null,
  created_at timestamptz not null default now(),
  time_zone text not null default 'UTC',
  allowed_domains text[] not null default '{}',
  help_text text,
  constraint organizations_name_length check (char_length(name) between 1 and 200),
  constraint organizations_name_visible check (rolecall_internal.is_name(name)),
  constraint organizations_time_zone_known check ((timestamp '2000-01-01' at time zone time_zone) is not null),
  constraint organizations_allowed_domains_bound
    check (cardinality(allowed_domains) <= 100 and array_position(allowed_domains, null) is null),
  constraint organizations_help_text_length check (char_length(help_text) between 1 and 1600)
);

comment on table rolecall.organizations is 'Organisations that use Rolecall; a profile belongs to at most one.';

comment on column rolecall.organizations.time_zone is
  'The zone (IANA, Europe/Berlin for example) in which people read times; rules count in absolute time.';

comment on column rolecall.organizations.allowed_domains is
  'Domains, with those below them, that the anti-poaching filter lets pass.';

comment on column rolecall.organizations.help_text is 'What a client who texts HELP is answered; null for a general text.';

create table rolecall.profiles (
  id uuid primary key,
  display_name text not null default '',
  role rolecall.app_role not null default 'attendee',
  organization_id uuid references rolecall.organizations (id),
  organization_role text,
  is_internal boolean not null default false,
  suspended_until timestamptz,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint profiles_display_name_length check (char_length(display_name) <= 200),
  constraint profiles_display_name_visible check (display_name = '' or rolecall_internal.is_name(display_name)),
  constraint profiles_organization_role_known
    check (organization_role in ('owner', 'admin', 'sitter', 'client')),
  constraint profiles_organization_role_has_organization
    check (organization_role is null or organization_id is not null),
  constraint profiles_organization_id_id_key unique (organization_id, id)
);

comment on table rolecall.profiles is 'The users. Only the backend sets role, organisation and suspension.';

comment on column rolecall.profiles.is_internal is 'Whether the user gets features that are rolled out to internal users only.';

comment on column rolecall.profiles.suspended_until is 'The user cannot write before this time; infinity for a permanent suspension.';

-- The user of a request, as far as it decides whether they may use a function at all.
create type rolecall.actor as (
  -- Null without a profile.
  role rolecall.app_role,
  organization_id uuid,
  organization_role text,
  -- The fact 'suspended' while a suspension lasts, else null.
  suspended text,
  -- Null when the function is on for them and they have a profile.
  refusal jsonb
);

create table rolecall.key_sets (
  url text primary key,
  keys text not null,
  fetched_at timestamptz not null default now(),
  constraint key_sets_length check (octet_length(url) <= 2048 and octet_length(keys) <= 262144)
);

comment on table rolecall.key_sets is
  'The key sets last fetched from jwt_jwks_url, so that new instances of the functions start with them.';
