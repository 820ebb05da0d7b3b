-- What waits for the relay, and who publishes. Nothing here says what happened, or to whom.
create or replace view rolecall_monitoring.outbox as
select
  relay.is_wanted,
  -- As many as are worth counting.
  (
    select count(*)
    from (
      select
      from rolecall.outbox
      limit 100000
    ) as row
  ) as waiting,
  coalesce(
    (
      select greatest(0, round(extract(epoch from clock_timestamp() - made_at), 3))
      from rolecall.outbox
      order by id
      limit 1
    ),
    0
  ) as oldest_age_seconds,
  leader.relay as leading_relay,
  leader.version as leading_version,
  round(extract(epoch from now() - leader.seen_at), 3) as leader_seen_seconds_ago,
  (
    select count(*)
    from rolecall.relays
    where seen_at > now() - interval '1 minute'
  ) as relays,
  (
    select count(*)
    from rolecall.presence
  ) as online
from rolecall.relay
left join lateral (
  select relay, version, seen_at
  from rolecall.relays
  where leads
  order by seen_at desc
  limit 1
) as leader
  on true;

comment on view rolecall_monitoring.outbox is
  'How much waits for the relay and since when, which relay publishes, and how many users are online.';
