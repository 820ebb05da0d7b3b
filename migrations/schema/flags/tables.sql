-- Who is in or out of a flag whatever its rollout says, and every change of a flag.

create table rolecall.feature_flag_overrides (
  id bigint generated always as identity primary key,
  name text not null references rolecall.feature_flags (name) on update cascade on delete cascade,
  organization_id uuid references rolecall.organizations (id) on delete cascade,
  user_id uuid references rolecall.profiles (id) on delete cascade,
  rollout text not null,
  reason text not null default '',
  until timestamptz,
  created_at timestamptz not null default now(),
  constraint feature_flag_overrides_rollout_form
    check (rollout ~ '^(disabled|internal|enabled|percentage:(0|[1-9][0-9]?|100))$'),
  constraint feature_flag_overrides_of_one_target check (num_nonnulls(organization_id, user_id) = 1),
  constraint feature_flag_overrides_name_user_id_key unique (name, user_id),
  constraint feature_flag_overrides_name_organization_id_key unique (name, organization_id)
);

comment on table rolecall.feature_flag_overrides is
  'The rollout of a flag for one user or one organisation, in place of the flag''s own. A user''s comes before their organisation''s.';

comment on column rolecall.feature_flag_overrides.until is 'When it ceases to count; null for never.';

create index feature_flag_overrides_user_id_idx
  on rolecall.feature_flag_overrides (user_id);

create index feature_flag_overrides_organization_id_idx
  on rolecall.feature_flag_overrides (organization_id);

create table rolecall.feature_flag_changes (
  id bigint generated always as identity primary key,
  at timestamptz not null default clock_timestamp(),
  name text not null,
  organization_id uuid,
  user_id uuid,
  old text,
  new text,
  by text not null,
  reason text not null default '',
  details jsonb not null default '{}'
);

comment on table rolecall.feature_flag_changes is
  'Every change of a flag and of its overrides, whoever makes it; never changed. A transaction says why in the setting rolecall.reason, and for whom in rolecall.actor.';

comment on column rolecall.feature_flag_changes.organization_id is 'The organisation whose override changed.';

comment on column rolecall.feature_flag_changes.user_id is 'The user whose override changed.';

comment on column rolecall.feature_flag_changes.old is 'The rollout before; null where there was none.';

comment on column rolecall.feature_flag_changes.new is 'The rollout after; null where there is none.';

comment on column rolecall.feature_flag_changes.by is
  'The setting rolecall.actor, else the user of the request, else the database role that logged in.';

comment on column rolecall.feature_flag_changes.details is
  'What else changed: {"requires": {"old", "new"}} for example.';

create index feature_flag_changes_name_idx
  on rolecall.feature_flag_changes (name, id);

create table rolecall.feature_flag_revision (
  is_only boolean primary key default true,
  revision bigint not null,
  constraint feature_flag_revision_one_row check (is_only)
);

comment on table rolecall.feature_flag_revision is
  'One row, which every change of a flag or an override updates first: changes follow each other, and one whose snapshot is older than the last change fails to serialize.';
