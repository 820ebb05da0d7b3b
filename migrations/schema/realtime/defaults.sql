insert into rolecall.relay (is_only)
values (true);

select set_config('rolecall.reason', 'Rolecall was upgraded.', true);

insert into rolecall.feature_flags (name, rollout, description, requires)
values (
  'realtime',
  'enabled',
  'Events as they happen, over a WebSocket: messages, who reads, types and is online.',
  'messaging_v2_enabled'
);

select set_config('rolecall.reason', '', true);

-- A token serves for a quarter of an hour. A client asks again when it ends or when it starts anew, on each of its devices.
insert into rolecall.rate_limits (role, action, capacity, window_seconds)
select role, action, 60, 60
from unnest(enum_range(null::rolecall.app_role)) as role
cross join unnest(array['realtime_token', 'typing']) as action;

insert into rolecall.alert_rules (name, severity, threshold, attempts, summary)
values ('realtime_lag', 'warning', 5, 0, 'What happened waits too long for the relay to publish it.');
