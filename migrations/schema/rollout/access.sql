grant select, insert, update, delete on rolecall.rollout_stages to service_role;

-- Decisions are made by the functions, never written through the API.
grant select on rolecall.rollout_decisions to service_role;
