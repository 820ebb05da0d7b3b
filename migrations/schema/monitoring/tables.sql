-- What the operator's figures and alerts are made of, beside request_metrics.

create table rolecall.request_totals (
  function text not null,
  code text not null,
  bucket smallint not null,
  requests bigint not null,
  primary key (function, code, bucket)
);

comment on table rolecall.request_totals is
  'All requests that were ever merged into quarters of an hour. With the rows of request_metrics that count one minute it makes counters that never fall.';

create table rolecall.failure_batches (
  id uuid primary key,
  at timestamptz not null default now()
);

comment on table rolecall.failure_batches is
  'The failures that a function has handed in, by batch, for a day: a batch that is sent again is not counted again.';

create index failure_batches_at_idx
  on rolecall.failure_batches (at);

create table rolecall.help_conversation_counts (
  hour timestamptz not null,
  status text not null,
  stripe smallint not null,
  conversations bigint not null,
  primary key (hour, status, stripe)
)
with (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.05);

comment on table rolecall.help_conversation_counts is
  'How many help conversations of each hour have which status, so that nobody need count them. Hours of long ago are counted in 2000.';

comment on column rolecall.help_conversation_counts.stripe is
  'Spreads the counts over several rows, so that conversations do not wait for each other''s commits; the sum counts.';

-- Alerts

create table rolecall.alert_rules (
  name text primary key,
  severity text not null,
  threshold numeric not null,
  attempts bigint not null default 0,
  summary text not null,
  constraint alert_rules_name_form check (name ~ '^[a-z][a-z_]{0,62}$'),
  constraint alert_rules_severity_known check (severity in ('critical', 'warning')),
  constraint alert_rules_attempts_positive check (attempts >= 0)
);

comment on table rolecall.alert_rules is 'Every alert that there is. Thresholds may be changed; rolecall_monitoring.alerts says which fire.';

comment on column rolecall.alert_rules.threshold is 'A share is between 0 and 1, a time in seconds.';

comment on column rolecall.alert_rules.attempts is 'From how many requests on a share is worth an alert.';

create table rolecall.alert_states (
  name text primary key,
  since timestamptz not null,
  constraint alert_states_name_fkey
    foreign key (name) references rolecall.alert_rules (name) on update cascade on delete cascade
);

comment on table rolecall.alert_states is 'The alerts that fired when the endpoint alerts was last called, and since when.';

create table rolecall.alert_events (
  id bigint generated always as identity primary key,
  at timestamptz not null default now(),
  name text not null,
  event text not null,
  severity text not null,
  value numeric,
  threshold numeric not null,
  summary text not null,
  since timestamptz not null,
  sent_at timestamptz,
  constraint alert_events_event_known check (event in ('began', 'ended'))
);

comment on table rolecall.alert_events is
  'What began and ended, for 30 days; what has no sent_at is still to be sent to alert_url, in the order of the ids.';

create index alert_events_unsent_idx
  on rolecall.alert_events (id)
  where sent_at is null;

create index alert_events_at_idx
  on rolecall.alert_events (at);

create table rolecall.alert_delivery (
  id smallint primary key,
  lease uuid,
  leased_until timestamptz,
  constraint alert_delivery_single check (id = 1)
);

comment on table rolecall.alert_delivery is 'Who sends events to alert_url at this moment: one call at a time.';
