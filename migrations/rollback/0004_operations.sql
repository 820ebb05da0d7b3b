-- Takes back 0004_operations: flags, audit log, idempotency records, rate limits and metrics, with what they hold.

drop function if exists rolecall.finish(text, jsonb, uuid, jsonb, text, text);
drop function if exists rolecall.bucket_end_ms(int);
drop table if exists rolecall.request_metrics;
drop function if exists rolecall.with_limit(jsonb, jsonb);
drop function if exists rolecall.refuse_rate(jsonb);
drop function if exists rolecall.take_token(uuid, text);
drop function if exists rolecall.peek_token(uuid, text, double precision);
drop function if exists rolecall.rate_limit_entry(text, int, int, double precision, boolean);
drop function if exists rolecall.refilled(double precision, timestamptz, timestamptz, int, int);
drop table if exists rolecall.rate_buckets;
drop table if exists public.rate_limits;
drop function if exists rolecall.settle_key(uuid, text, jsonb);
drop function if exists rolecall.claim_key(text, uuid, text, jsonb);
drop table if exists rolecall.idempotency_records;
drop table if exists public.application_logs;
drop function if exists rolecall.refuse_disabled();
drop function if exists rolecall.feature_enabled(text, text, uuid, boolean);
drop function if exists rolecall.rollout_includes(text, text, uuid, boolean);
drop table if exists public.feature_flags;

delete from rolecall.schema_migrations
where version = 4;
