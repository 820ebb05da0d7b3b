-- Takes back 0014_check_permission.

drop function if exists edge.check_permission(jsonb);
drop function if exists rolecall.permission_result(text, rolecall.judgement, jsonb);
drop function if exists rolecall.quota_of_limit(jsonb);
drop function if exists rolecall.is_role(text);
drop function if exists rolecall.check_permission(uuid, jsonb, jsonb);

delete from rolecall.schema_migrations
where version = 14;
