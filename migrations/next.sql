-- 0002: flags that require each other, help conversations over HTTP, failures that are counted, rollouts that guard
-- themselves.

-- calls: flags

-- A request carries the operator's variable whole: a decision may ask more flags than one.
alter type rolecall.call rename attribute rollout to rollouts;

alter type rolecall.call alter attribute rollouts type jsonb;

alter type rolecall.dm_item rename attribute rollout to rollouts;

alter type rolecall.dm_item alter attribute rollouts type jsonb;

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
  on rolecall.request_metrics (function, slot)
  where minutes = 15;

comment on table rolecall.request_metrics is
  'How many requests of each operation got which code, and how long they took; by the minute for two hours, by the quarter hour for 7 days.';

comment on column rolecall.request_metrics.minutes is
  'How many minutes from slot on the row counts: 1, or 15 once it was merged and is part of request_totals.';

-- help

-- own_data

-- rollout
