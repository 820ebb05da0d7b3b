-- The operator's alone: no policy for clients.
alter table rolecall.rollout_stages enable row level security;

alter table rolecall.rollout_decisions enable row level security;
