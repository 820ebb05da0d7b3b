-- The stages of the mutual-aid collective's playbook. The last one is not left; its figures say how things are going.
insert into rolecall.rollout_stages (flag, rollout, min_success, max_p95_ms, max_errors, min_age, min_attempts)
select flag.name, stage.rollout, stage.min_success, 500, 0.01, stage.min_age, stage.min_attempts
from rolecall.feature_flags as flag
cross join (
  values
    ('internal', 0.95, interval '2 days', 20),
    ('percentage:10', 0.95, interval '4 days', 100),
    ('percentage:50', 0.97, interval '7 days', 500),
    ('enabled', 0.99, interval '0', 500)
) as stage (rollout, min_success, min_age, min_attempts)
where flag.name = 'start-conversation';
