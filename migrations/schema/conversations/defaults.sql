insert into rolecall.rate_limits (role, action, capacity, window_seconds)
select role, 'conversation_settings', 120, 60
from unnest(enum_range(null::rolecall.app_role)) as role;
