insert into rolecall.service_buffers (service, minutes)
values
  ('drop-in', 60),
  ('walk', 60),
  ('taxi', 60),
  ('house-sitting', 120),
  ('24/7 care', 120),
  (null, 60);
