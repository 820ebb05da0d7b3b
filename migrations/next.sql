-- 0003: organisations: masked numbers, bookings and their windows, threads, texts through a carrier.

-- identity

alter table rolecall.organizations
  add column time_zone text not null default 'UTC',
  add column allowed_domains text[] not null default '{}',
  add column help_text text,
  add constraint organizations_time_zone_known check ((timestamp '2000-01-01' at time zone time_zone) is not null),
  add constraint organizations_allowed_domains_bound
    check (cardinality(allowed_domains) <= 100 and array_position(allowed_domains, null) is null),
  add constraint organizations_help_text_length check (char_length(help_text) between 1 and 1600);

comment on column rolecall.organizations.time_zone is
  'The zone (IANA, Europe/Berlin for example) in which people read times; rules count in absolute time.';

comment on column rolecall.organizations.allowed_domains is
  'Domains, with those below them, that the anti-poaching filter lets pass.';

comment on column rolecall.organizations.help_text is 'What a client who texts HELP is answered; null for a general text.';

-- Rows of an organisation refer to its people by both.
alter table rolecall.profiles
  add constraint profiles_organization_id_id_key unique (organization_id, id);

drop index rolecall.profiles_organization_id_idx;

-- flags

select set_config('rolecall.reason', 'Rolecall was upgraded.', true);

-- Organisations switch these on for themselves, by an override.
insert into rolecall.feature_flags (name, rollout, description, requires)
values
  (
    'messaging_v1',
    'disabled',
    'Texting of organisations: bookings, masked numbers, threads.',
    'messaging_v2_enabled'
  );

insert into rolecall.feature_flags (name, rollout, description, requires)
values
  (
    'proactive_thread_creation',
    'disabled',
    'A recurring booking with a sitter has its thread, number and window from the start.',
    'messaging_v1'
  ),
  ('sitter_messages_v1', 'disabled', 'Sitters read and write in their threads.', 'messaging_v1');

select set_config('rolecall.reason', '', true);
