insert into rolecall.alert_rules (name, severity, threshold, attempts, summary)
values
  (
    'conversation_creation_failing', 'critical', 0.80, 5,
    'Too few attempts of the last five minutes to start a help conversation succeeded.'
  ),
  ('statement_too_slow', 'critical', 5, 0, 'A statement of the last five minutes took too long or was cancelled for it.'),
  ('connection_errors', 'critical', 10, 0, 'Too many requests of one of the last five minutes found no database.'),
  ('rollout_rolled_back', 'critical', 0, 0, 'The guard has rolled a feature back; it stays off until somebody sets or advances it.'),
  ('error_rate_high', 'warning', 0.05, 20, 'Too many requests of the last five minutes failed.'),
  ('latency_high', 'warning', 1, 20, 'The slowest twentieth of the requests of the last five minutes took too long.'),
  (
    'duplicate_conversations', 'warning', 0.10, 10,
    'Too many attempts of the last 15 minutes to start a help conversation were duplicates.'
  ),
  ('error_rate_raised', 'warning', 0.001, 20, 'More requests of the last hour failed than the service promises.'),
  ('reports_waiting', 'warning', 86400, 0, 'A report waits too long for a moderator.'),
  ('quota_reset_due', 'warning', 3600, 0, 'The nightly run of this quota day has not finished.')
on conflict (name) do nothing;

insert into rolecall.alert_delivery (id)
values (1)
on conflict (id) do nothing;

-- Conversations of an older version.
insert into rolecall.help_conversation_counts (hour, status, stripe, conversations)
select
  case
    when created_at > now() - interval '10 days' then date_bin('1 hour', created_at, '2000-01-01 00:00:00+00')
    else '2000-01-01 00:00:00+00'
  end,
  status,
  0,
  count(*)
from public.conversations_v2
group by 1, 2
on conflict (hour, status, stripe) do update
set conversations = excluded.conversations;
