-- Takes back 0003_permission_rules: the tables stay and refuse everything.

delete from rolecall.permission_rules;
delete from rolecall.permission_guards;

delete from rolecall.schema_migrations
where version = 3;
