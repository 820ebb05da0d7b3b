-- How the webhooks do. Nothing here says what happened, or to whom, and of an address only its host is shown: the rest may
-- be confidential.
create or replace view rolecall_monitoring.webhooks as
select
  webhook.id as webhook_id,
  substring(webhook.url from '^https?://(\[[^]]*\]|[^/?:]*)') as host,
  webhook.is_enabled,
  waiting.pending,
  coalesce(next.seconds, 0) as oldest_pending_seconds,
  given_up.dead,
  queue.dropped,
  case
    when webhook.failing_since is null then 0
    else round(extract(epoch from now() - webhook.failing_since), 3)
  end as failing_seconds,
  webhook.last_delivered_at,
  -- By itself, not by the operator.
  webhook.disabled_reason is not null as was_disabled,
  webhook.disabled_reason
from rolecall.webhooks as webhook
join rolecall.webhook_queues as queue
  on queue.webhook_id = webhook.id
cross join lateral (
  select count(*) as pending
  from rolecall.webhook_deliveries as delivery
  where delivery.webhook_id = webhook.id
    and delivery.state = 'pending'
) as waiting
-- Of what is due first, which is the oldest but for what was tried before: the others are not looked at.
left join lateral (
  select greatest(0, round(extract(epoch from clock_timestamp() - delivery.made_at), 3)) as seconds
  from rolecall.webhook_deliveries as delivery
  where delivery.webhook_id = webhook.id
    and delivery.state = 'pending'
  order by delivery.due_at
  limit 1
) as next
  on true
cross join lateral (
  select count(*) as dead
  from rolecall.webhook_deliveries as delivery
  where delivery.webhook_id = webhook.id
    and delivery.state = 'dead'
) as given_up;

comment on view rolecall_monitoring.webhooks is
  'A row for each webhook: its host, how much waits for it and since when, what was given up or found no room, and since when it fails.';
