-- Which codes are failures. Generated from shared/src/rules/code.rs by `make generate`; do not edit.

-- Whether a request with this code failed: its answer was 500 or more, or its statement never answered. Refusals are
-- neither failures nor successes; success is ok / (ok + failures).
create or replace function rolecall_internal.is_failure(p_code text)
returns boolean
language sql
immutable
parallel safe
return p_code in ('database_unavailable', 'authentication_unavailable', 'timeout', 'internal');
