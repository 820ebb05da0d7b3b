-- What a user is in or out of they hear from the flags function; why, and of whom else, is the operator's.
alter table rolecall.feature_flag_overrides enable row level security;

alter table rolecall.feature_flag_changes enable row level security;
