insert into rolecall.service_buffers (service, minutes)
values
  ('drop-in', 60),
  ('walk', 60),
  ('taxi', 60),
  ('house-sitting', 120),
  ('24/7 care', 120),
  (null, 60);

insert into rolecall.rate_limits (role, action, capacity, window_seconds)
select role, 'assign_booking', 300, 60
from unnest(enum_range(null::rolecall.app_role)) as role;
