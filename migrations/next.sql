-- 0002: flags that require each other, help conversations over HTTP, failures that are counted, rollouts that guard
-- themselves.

-- calls: flags

-- A request carries the operator's variable whole: a decision may ask more flags than one.
alter type rolecall.call rename attribute rollout to rollouts;

alter type rolecall.call alter attribute rollouts type jsonb;

alter type rolecall.dm_item rename attribute rollout to rollouts;

alter type rolecall.dm_item alter attribute rollouts type jsonb;

-- calls: metrics

-- help

-- own_data

-- rollout
