insert into rolecall.rate_limits (role, action, capacity, window_seconds)
select role, action, capacity, window_seconds
from unnest(enum_range(null::rolecall.app_role)) as role
cross join (
  values
    ('send_thread_message', 60, 60),
    ('force_send', 60, 60)
) as limited (action, capacity, window_seconds);
