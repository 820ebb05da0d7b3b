-- Takes back what next.sql changed, the newest first.

-- rollout

-- own_data

-- help

-- calls: metrics

-- calls: flags

alter type rolecall.dm_item alter attribute rollouts type text;

alter type rolecall.dm_item rename attribute rollouts to rollout;

alter type rolecall.call alter attribute rollouts type text;

alter type rolecall.call rename attribute rollouts to rollout;
