-- Not e164: only the delivery of messages reads it, with the rights of the owner.
grant select (id, organization_id, class, status, sitter_id, rests_until, last_assigned_at, created_at, released_at) on rolecall.message_numbers to service_role;

grant select on rolecall.pool_exhaustions to service_role;
