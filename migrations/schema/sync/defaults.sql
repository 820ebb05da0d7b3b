insert into rolecall.feature_flags (name, rollout, description, requires)
values ('sync', 'enabled', 'Everything that has changed for somebody, in one answer.', 'conversations');

insert into rolecall.rate_limits (role, action, capacity, window_seconds)
select role, 'sync', 120, 60
from unnest(enum_range(null::rolecall.app_role)) as role;
