-- 0002: flags that require each other, help conversations over HTTP, failures that are counted, rollouts that guard
-- themselves.

-- calls: flags

-- A request carries the operator's variable whole: a decision may ask more flags than one.
alter type rolecall.call rename attribute rollout to rollouts;

alter type rolecall.call alter attribute rollouts type jsonb;

alter type rolecall.dm_item rename attribute rollout to rollouts;

alter type rolecall.dm_item alter attribute rollouts type jsonb;

alter table rolecall.feature_flags
  add column requires text,
  add column is_open boolean not null default false,
  add constraint feature_flags_requires_fkey
    foreign key (requires) references rolecall.feature_flags (name) on update cascade;

comment on column rolecall.feature_flags.requires is
  'A flag that must include a user, too, for this one to include them. No flag requires itself, not by way of others either.';

comment on column rolecall.feature_flags.is_open is
  'Whether the flag includes everybody, with nothing else to ask: it is enabled, what it requires is open, and nobody has an override. Kept by a trigger.';

create index feature_flags_requires_idx
  on rolecall.feature_flags (requires);

-- calls: metrics

-- A quarter of an hour that was counted by an older version is like one minute: it is merged, and added to the totals,
-- when it is older than two hours.
alter table rolecall.request_metrics add column minutes smallint not null default 1;

alter table rolecall.request_metrics
  add constraint request_metrics_minutes_known check (minutes in (1, 15));

alter table rolecall.request_metrics drop constraint request_metrics_pkey;

alter table rolecall.request_metrics
  add primary key (org_id, slot, function, code, bucket, stripe, minutes, day_slot);

create index request_metrics_minutes_idx
  on rolecall.request_metrics (slot)
  where minutes = 1;

create index request_metrics_function_slot_idx
  on rolecall.request_metrics (function, slot);

-- The minutes of one operation.
create index request_metrics_function_minutes_idx
  on rolecall.request_metrics (function, slot)
  where minutes = 1;

comment on table rolecall.request_metrics is
  'How many requests of each operation got which code, and how long they took; by the minute for two hours, by the quarter hour for 7 days.';

comment on column rolecall.request_metrics.minutes is
  'How many minutes from slot on the row counts: 1, or 15 once it was merged and is part of request_totals.';

-- help
alter table rolecall.help_requests
  drop constraint help_requests_status_known,
  add constraint help_requests_status_known check (
    status in ('open', 'in_progress', 'matched', 'completed', 'closed', 'cancelled')
  );
comment on table rolecall.help_requests is
  'Requests for help; helpers start conversations about those that are open or in progress.';
drop index rolecall.help_requests_open_idx;
create index help_requests_open_idx
  on rolecall.help_requests (created_at)
  where status in ('open', 'in_progress');
alter table public.conversations_v2
  drop constraint conversations_v2_status_known,
  add constraint conversations_v2_status_known check (status in ('active', 'completed', 'cancelled', 'closed'));
alter table public.conversations_v2 set (fillfactor = 80);
drop index public.conversations_v2_updated_at_idx;
create index conversations_v2_created_at_idx
  on public.conversations_v2 (created_at);

-- own_data

-- rollout
