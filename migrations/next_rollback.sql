-- Takes back what next.sql changed, the newest first.

-- rollout

-- own_data

-- help

-- calls: metrics

-- calls: flags
