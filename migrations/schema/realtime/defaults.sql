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

insert into rolecall.rate_limits (role, action, capacity, window_seconds)
select role, 'typing', 60, 60
from unnest(enum_range(null::rolecall.app_role)) as role;

insert into rolecall.alert_rules (name, severity, threshold, attempts, summary)
values ('realtime_lag', 'warning', 5, 0, 'What happened waits too long for the relay to publish it.');
