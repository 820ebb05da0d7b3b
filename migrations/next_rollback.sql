-- Takes back what next.sql changed, the newest first.

-- rollout

-- own_data

-- help
drop index if exists public.conversations_v2_created_at_idx;
create index conversations_v2_updated_at_idx
  on public.conversations_v2 (updated_at);
alter table public.conversations_v2 reset (fillfactor);
-- What has ended stays ended, by the word that was there before.
update public.conversations_v2
set status = 'closed'
where status in ('completed', 'cancelled');
alter table public.conversations_v2
  drop constraint conversations_v2_status_known,
  add constraint conversations_v2_status_known check (status in ('active', 'closed'));
update rolecall.help_requests
set status = case status when 'in_progress' then 'open' else 'closed' end
where status in ('in_progress', 'completed');
drop index rolecall.help_requests_open_idx;
create index help_requests_open_idx
  on rolecall.help_requests (created_at)
  where status = 'open';
alter table rolecall.help_requests
  drop constraint help_requests_status_known,
  add constraint help_requests_status_known check (status in ('open', 'matched', 'closed', 'cancelled'));
comment on table rolecall.help_requests is 'Requests for help; helpers start conversations about the open ones.';

-- calls: metrics

-- Older versions count by the quarter of an hour.
with gone as (
  delete from rolecall.request_metrics
  where minutes = 1
  returning day_slot, slot, function, code, org_id, bucket, requests
)
insert into rolecall.request_metrics as metric
  (day_slot, slot, function, code, org_id, bucket, stripe, requests, minutes)
select
  day_slot,
  date_bin('15 minutes', slot, '2000-01-01 00:00:00+00'),
  function,
  code,
  org_id,
  bucket,
  0,
  sum(requests),
  15
from gone
group by day_slot, date_bin('15 minutes', slot, '2000-01-01 00:00:00+00'), function, code, org_id, bucket
on conflict (org_id, slot, function, code, bucket, stripe, minutes, day_slot) do update
set requests = metric.requests + excluded.requests;

drop index rolecall.request_metrics_minutes_idx;

drop index rolecall.request_metrics_function_minutes_idx;

drop index rolecall.request_metrics_function_slot_idx;

alter table rolecall.request_metrics drop constraint request_metrics_pkey;

alter table rolecall.request_metrics drop column minutes;

alter table rolecall.request_metrics
  add primary key (org_id, slot, function, code, bucket, stripe, day_slot);

comment on table rolecall.request_metrics is
  'How many requests of each operation got which code in each 15 minutes, and how long the database took; for 7 days.';

-- calls: flags

alter table rolecall.feature_flags
  drop column requires,
  drop column is_open;

delete from rolecall.feature_flags
where name in ('messaging_v2_enabled', 'maintenance');

alter type rolecall.dm_item alter attribute rollouts type text;

alter type rolecall.dm_item rename attribute rollouts to rollout;

alter type rolecall.call alter attribute rollouts type text;

alter type rolecall.call rename attribute rollouts to rollout;
