-- What keeps the service running: feature flags and rollout, the audit log, idempotency records, rate limits, request
-- metrics.

-- Flags

create table rolecall.feature_flags (
  name text primary key,
  rollout text not null,
  description text not null default '',
  updated_at timestamptz not null default now(),
  requires text,
  is_open boolean not null default false,
  constraint feature_flags_rollout_form
    check (rollout ~ '^(disabled|internal|enabled|percentage:(0|[1-9][0-9]?|100))$'),
  constraint feature_flags_requires_fkey
    foreign key (requires) references rolecall.feature_flags (name) on update cascade
);

comment on table rolecall.feature_flags is 'How far each function is rolled out. A function without a row is off.';

comment on column rolecall.feature_flags.rollout is 'disabled, internal, percentage:0 to percentage:100, or enabled.';

comment on column rolecall.feature_flags.requires is
  'A flag that must include a user, too, for this one to include them. No flag requires itself, not by way of others either.';

comment on column rolecall.feature_flags.is_open is
  'Whether the flag includes everybody, with nothing else to ask: it is enabled, what it requires is open, and nobody has an override. Kept by a trigger.';

create index feature_flags_requires_idx
  on rolecall.feature_flags (requires);

-- What grows with traffic is kept by days: each of these tables is a ring of day slots, list partitions that the number of
-- the day, modulo the number of slots, goes round. Nothing is deleted row by row, and no partition is ever made, attached
-- or dropped while requests run:
-- * The nightly job truncates the slots whose day is over (calls/expiry.sql). That gives the files back at once, as a
--   DROP does, but locks that one partition alone, which no request writes to. DROP and DETACH take an exclusive lock on
--   the whole table, ATTACH one on a default partition, and DETACH CONCURRENTLY cannot run in a function.
-- * An insert always finds its slot, however long the job has not run: the ring has more slots than days are kept, and
--   after more nights than that the rows share a slot and leave together.
-- The partitions are in rolecall_internal, where nobody else looks, and have row-level security without a policy.

-- Audit log

create table rolecall.application_logs (
  id bigint generated always as identity,
  "timestamp" timestamptz not null default now(),
  level text not null,
  service text not null,
  method text,
  event text not null,
  request_id text,
  user_id uuid,
  conversation_id uuid,
  org_id uuid,
  duration_ms numeric,
  code text,
  details jsonb not null default '{}',
  day_slot smallint not null default date_part('day', now() - timestamptz '2000-01-01 00:00:00+00')::int % 40,
  primary key (id, day_slot),
  constraint application_logs_level_known check (level in ('info', 'warn', 'error'))
)
partition by list (day_slot);

comment on table rolecall.application_logs is
  'The first refusals of each user and minute, and every audited operation, written in the same transaction; for 30 days. Never message contents.';

comment on column rolecall.application_logs.method is 'The operation, such as moderation.review.';

-- Whoever reads the log goes by time.
create index application_logs_timestamp_idx
  on rolecall.application_logs ("timestamp");

create table rolecall.refusal_counts (
  day_slot smallint not null default date_part('day', now() - timestamptz '2000-01-01 00:00:00+00')::int % 12,
  user_id uuid not null,
  minute timestamptz not null,
  event text not null,
  stripe smallint not null,
  refusals bigint not null,
  logged bigint not null,
  primary key (user_id, minute, event, stripe, day_slot)
)
partition by list (day_slot);

comment on table rolecall.refusal_counts is
  'How often each user was refused in a minute, for 7 days. The first refusals are also rows of application_logs; the others are only counted here.';

comment on column rolecall.refusal_counts.user_id is 'The nil uuid for callers without one.';

comment on column rolecall.refusal_counts.stripe is
  'Spreads callers without a uuid over several rows, so that they do not wait for each other''s commits.';

-- Idempotency

-- The check of a domain is planned once for each session, that of a table once for each row that is written.
create domain rolecall.idempotency_key as text
  constraint idempotency_key_length check (
    char_length(value) between 1 and rolecall_internal.limit_idempotency_key_chars()
  );

create table rolecall.idempotency_records (
  day_slot smallint not null default date_part('day', now() - timestamptz '2000-01-01 00:00:00+00')::int % 4,
  user_id uuid not null,
  key rolecall.idempotency_key not null,
  fingerprint bytea not null,
  answer jsonb,
  created_at timestamptz not null default now(),
  primary key (user_id, key, day_slot)
)
partition by list (day_slot);

comment on table rolecall.idempotency_records is
  'The answers of requests that had an Idempotency-Key, for 24 hours. A row without an answer belongs to a running request.';

comment on column rolecall.idempotency_records.answer is
  'Ids, numbers, times and states. Never what somebody wrote, such as a message, a note, a reason or a name.';

comment on column rolecall.idempotency_records.day_slot is
  'The day of the claim; around midnight a key is claimed for both days. calls/idempotency.sql says why.';

-- Rate limits

create table rolecall.rate_limits (
  role rolecall.app_role not null,
  action text not null,
  capacity int,
  window_seconds int not null,
  primary key (role, action),
  constraint rate_limits_capacity_positive check (capacity >= 0),
  constraint rate_limits_window_seconds_positive check (window_seconds >= 1)
);

comment on table rolecall.rate_limits is
  'How often a user of this role may do something: capacity times at once, refilled over the window. Without a row there is no limit.';

comment on column rolecall.rate_limits.capacity is 'Null for no limit.';

-- Unlogged: a crash fills every bucket, which harms nobody, and a message costs no write-ahead log for it.
create unlogged table rolecall.rate_buckets (
  user_id uuid not null,
  action text not null,
  tokens double precision not null,
  refilled_at timestamptz not null,
  capacity int not null,
  window_seconds int not null,
  taken int not null default 1,
  primary key (user_id, action)
)
with (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.05);

comment on table rolecall.rate_buckets is
  'How often each user may still do something at once, as of refilled_at. A user without a row has a full bucket.';

comment on column rolecall.rate_buckets.capacity is
  'The limit''s value when a token was last taken; kept here so that one statement can read the limit, take a token and report it.';

comment on column rolecall.rate_buckets.taken is
  'How many tokens the last statement took; only that statement reads it back.';

-- Metrics

create table rolecall.request_metrics (
  day_slot smallint not null default date_part('day', now() - timestamptz '2000-01-01 00:00:00+00')::int % 12,
  slot timestamptz not null,
  function text not null,
  code text not null,
  org_id uuid not null,
  bucket smallint not null,
  stripe smallint not null,
  requests bigint not null,
  minutes smallint not null default 1,
  constraint request_metrics_minutes_known check (minutes in (1, 15)),
  primary key (org_id, slot, function, code, bucket, stripe, minutes, day_slot)
)
partition by list (day_slot);

comment on table rolecall.request_metrics is
  'How many requests of each operation got which code, and how long they took; by the minute for two hours, by the quarter hour for 7 days.';

comment on column rolecall.request_metrics.minutes is
  'How many minutes from slot on the row counts: 1, or 15 once it was merged and is part of request_totals.';

comment on column rolecall.request_metrics.function is 'The operation, such as moderation.review.';

comment on column rolecall.request_metrics.code is 'ok, or the code of the refusal.';

comment on column rolecall.request_metrics.org_id is 'The caller''s organisation; the nil uuid for none.';

comment on column rolecall.request_metrics.bucket is
  'Bucket 0 holds up to 0.1 ms; each further bound is the square root of two times the one before.';

comment on column rolecall.request_metrics.stripe is
  'Spreads the counts over several rows, so that requests do not wait for each other''s commits.';

-- What is of the last two hours, and what is to be merged.
create index request_metrics_minutes_idx
  on rolecall.request_metrics (slot)
  where minutes = 1;

-- A day of one operation.
create index request_metrics_function_slot_idx
  on rolecall.request_metrics (function, slot);

-- The minutes of one operation.
create index request_metrics_function_minutes_idx
  on rolecall.request_metrics (function, slot)
  where minutes = 1;

-- Day slots

do $$
declare
  v_ring record;
begin
  for v_ring in
    select ring.table_name, ring.storage, slot.number, format('%s_%s', ring.table_name, to_char(slot.number, 'FM00')) as name
    from (
      values
        ('application_logs', 40, ''),
        -- Room on each page for the next version of a row that is counted up all the time.
        ('refusal_counts', 12, 'with (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.05)'),
        ('request_metrics', 12, 'with (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.05)'),
        -- A claim gets its answer on the same page, which is three times as long: no index changes.
        ('idempotency_records', 4, 'with (fillfactor = 30)')
    ) as ring (table_name, slots, storage)
    cross join lateral generate_series(0, ring.slots - 1) as slot (number)
  loop
    execute format(
      'create table rolecall_internal.%I partition of rolecall.%I for values in (%s) %s',
      v_ring.name,
      v_ring.table_name,
      v_ring.number,
      v_ring.storage
    );
    execute format('alter table rolecall_internal.%I enable row level security', v_ring.name);
  end loop;
end
$$;

-- Calls

-- A request on its way through its entry point, from begin_call to end_call.
create type rolecall.call as (
  -- The operation's name: of its metric, of its log rows, and of the scope of its keys.
  operation text,
  request jsonb,
  -- Null for nobody, and for an operator whose token names no user.
  caller uuid,
  input jsonb,
  -- The operator's variable: how far each flag that it names may be rolled out. An object.
  rollouts jsonb,
  -- The Idempotency-Key that this call holds, and whose it is.
  key_owner uuid,
  key text,
  -- The rate limit from which this call took a token.
  rate jsonb,
  -- Null until the request is answered.
  answer jsonb,
  -- The data that is kept under the key in place of the answer's, where that shows what somebody wrote: it identifies, and
  -- the operation's replay reads the rest anew. Null where the answer itself is kept.
  kept jsonb
);
