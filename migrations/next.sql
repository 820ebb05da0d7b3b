-- 0002: flags that require each other, help conversations over HTTP, failures that are counted, rollouts that guard
-- themselves.

-- calls: flags

-- calls: metrics

-- help

-- own_data

-- rollout
