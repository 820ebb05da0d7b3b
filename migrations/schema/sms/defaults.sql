insert into rolecall.alert_rules (name, severity, threshold, attempts, summary)
values
  ('sms_dead', 'critical', 0, 0, 'Texts of the last hour were given up: the carrier refused them, or was not there for an hour.'),
  ('sms_uncertain', 'warning', 0, 0, 'Nobody knows of some texts whether the carrier has them; an owner has to say.'),
  ('sms_backlog', 'critical', 60, 0, 'A text waits for too long to reach the carrier.'),
  (
    'number_pool_exhausted', 'warning', 0, 0,
    'An organisation had no number left in its pool in the last hours; threads got the front desk''s.'
  )
on conflict (name) do nothing;
