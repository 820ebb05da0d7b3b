insert into rolecall.outbox_fork (is_only)
values (true);

select set_config('rolecall.reason', 'Rolecall was upgraded.', true);

insert into rolecall.feature_flags (name, rollout, description, requires)
values (
  'webhooks',
  'enabled',
  'Events that are posted to the operator''s addresses, as for push notifications: about whom it includes.',
  'realtime'
);

select set_config('rolecall.reason', '', true);

insert into rolecall.alert_rules (name, severity, threshold, attempts, summary)
values
  ('webhook_failing', 'warning', 600, 0, 'A webhook has failed for too long, or was disabled because it did.'),
  ('webhook_dead', 'warning', 0, 0, 'Webhooks did not take events, which were given up.');
