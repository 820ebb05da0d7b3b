-- What keeps the service running: feature flags and rollout, the audit log, idempotency records, rate limits, request
-- metrics.

-- Flags

create table if not exists public.feature_flags (
  name text primary key,
  rollout text not null,
  description text not null default '',
  updated_at timestamptz not null default now(),
  constraint feature_flags_rollout_form
    check (rollout ~ '^(disabled|internal|enabled|percentage:(0|[1-9][0-9]?|100))$')
);
comment on table public.feature_flags is 'How far each function is rolled out. A function without a row is off.';
comment on column public.feature_flags.rollout is 'disabled, internal, percentage:0 to percentage:100, or enabled.';

create or replace trigger feature_flags_touch_updated_at
before update on public.feature_flags
for each row
execute function rolecall.touch_updated_at();

insert into public.feature_flags (name, rollout, description)
values
  ('send-dm', 'enabled', 'Direct messages and replies.'),
  ('send-broadcast', 'enabled', 'Broadcasts to the audience of a show.'),
  ('reset-broadcast-quotas', 'enabled', 'The nightly reset of the broadcast quotas.'),
  ('start-conversation', 'enabled', 'Help conversations.'),
  ('diagnostics', 'enabled', 'The report for owners and admins of an organisation.'),
  ('check-permission', 'enabled', 'What one may do, and why not, before one tries.'),
  ('conversations', 'enabled', 'The inbox: conversations, their messages, what is unread.'),
  ('moderation', 'enabled', 'Reports, deleting and restoring messages, suspensions.'),
  ('blocks', 'enabled', 'Blocking users.'),
  ('own-data', 'enabled', 'Export and deletion of one''s own data.')
on conflict (name) do nothing;

-- Whether a rollout value includes a user. A user falls into one of 10,000 buckets by the flag and the id alone, so a
-- growing percentage only ever adds users. Whatever is not a rollout value includes nobody. The Rust twin is
-- shared/src/rollout.rs.
create or replace function rolecall.rollout_includes(
  p_rollout text,
  p_flag text,
  p_user uuid,
  p_internal boolean
)
returns boolean
language plpgsql
immutable
set search_path = ''
as $$
declare
  v_digest bytea;
begin
  if p_rollout = 'enabled' then
    return true;
  end if;
  if p_rollout = 'internal' then
    return coalesce(p_internal, false);
  end if;
  if p_rollout ~ '^percentage:(0|[1-9][0-9]?|100)$' and p_flag is not null and p_user is not null then
    if p_internal then
      return true;
    end if;
    v_digest := sha256(convert_to(p_flag || ':' || p_user::text, 'UTF8'));
    return (
      (get_byte(v_digest, 0)::bigint << 24)
      + (get_byte(v_digest, 1) << 16)
      + (get_byte(v_digest, 2) << 8)
      + get_byte(v_digest, 3)
    ) % 10000 < substr(p_rollout, 12)::int * 100;
  end if;
  return false;
end
$$;

-- Whether a function is on for a user: both the flag's row and the operator's variable (p_rollout) must include them.
create or replace function rolecall.feature_enabled(
  p_flag text,
  p_rollout text,
  p_user uuid,
  p_internal boolean
)
returns boolean
language plpgsql
stable
set search_path = ''
as $$
declare
  v_flag text;
begin
  select rollout
  into v_flag
  from public.feature_flags
  where name = p_flag;
  return rolecall.rollout_includes(v_flag, p_flag, p_user, p_internal)
    and rolecall.rollout_includes(p_rollout, p_flag, p_user, p_internal);
end
$$;

create or replace function rolecall.refuse_disabled()
returns jsonb
language plpgsql
immutable
set search_path = ''
as $$
begin
  return rolecall.refusal(
    'feature_disabled',
    'This function is switched off, or not rolled out to you yet.',
    'feature_disabled',
    'The function is switched on for you.'
  );
end
$$;

-- Audit log

create table if not exists public.application_logs (
  id bigint generated always as identity primary key,
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
  constraint application_logs_level_known check (level in ('info', 'warn', 'error'))
);
comment on table public.application_logs is
  'Every refusal and every operation worth an audit, written in the transaction it tells of. Never message contents.';

-- Both the nightly pruning and whoever reads the log go by time.
create index if not exists application_logs_timestamp_idx
  on public.application_logs ("timestamp");

-- Idempotency

create table if not exists rolecall.idempotency_records (
  user_id uuid not null,
  key text not null,
  fingerprint bytea not null,
  answer jsonb,
  created_at timestamptz not null default now(),
  primary key (user_id, key),
  constraint idempotency_records_key_length check (char_length(key) between 1 and 255)
);
comment on table rolecall.idempotency_records is
  'The answers of requests that had an Idempotency-Key, for 24 hours. A row without answer is of a running request.';

create index if not exists idempotency_records_created_at_idx
  on rolecall.idempotency_records (created_at);

-- Claims a key for the request that is about to run, and returns null: it shall run. When an earlier request had the
-- key in the last 24 hours, returns what to answer instead. Of two at once the second waits here for the first; if
-- the first was refused or failed, its row is gone and the second runs.
create or replace function rolecall.claim_key(
  p_function text,
  p_user uuid,
  p_key text,
  p_input jsonb
)
returns jsonb
language plpgsql
volatile
set search_path = ''
as $$
declare
  v_fingerprint bytea := sha256(convert_to(p_function || ' ' || p_input::text, 'UTF8'));
  v_answer jsonb;
  v_same boolean;
begin
  insert into rolecall.idempotency_records as record (user_id, key, fingerprint)
  values (p_user, p_key, v_fingerprint)
  on conflict (user_id, key) do update
  set
    fingerprint = excluded.fingerprint,
    answer = null,
    created_at = excluded.created_at
  where record.created_at <= now() - interval '24 hours';
  if found then
    return null;
  end if;

  select record.fingerprint = v_fingerprint, record.answer
  into v_same, v_answer
  from rolecall.idempotency_records as record
  where record.user_id = p_user
    and record.key = p_key;
  if v_same and v_answer is not null then
    return v_answer || '{"replayed": true}';
  end if;
  return rolecall.refusal(
    'idempotency_conflict',
    'This Idempotency-Key was used for another request in the last 24 hours.',
    'idempotency_key_reused',
    'The request is sent with a key of its own, or exactly as it was sent the first time.'
  );
end
$$;

-- Keeps the answer of a request that succeeded under its key; gives the key of a refused one back, since a refusal
-- changed nothing and may be asked again.
create or replace function rolecall.settle_key(p_user uuid, p_key text, p_answer jsonb)
returns void
language plpgsql
volatile
set search_path = ''
as $$
begin
  if (p_answer -> 'ok')::boolean then
    update rolecall.idempotency_records
    set answer = p_answer
    where user_id = p_user
      and key = p_key;
  else
    delete from rolecall.idempotency_records
    where user_id = p_user
      and key = p_key;
  end if;
end
$$;

-- Rate limits

create table if not exists public.rate_limits (
  role public.app_role not null,
  action text not null,
  capacity int,
  window_seconds int not null,
  primary key (role, action),
  constraint rate_limits_capacity_positive check (capacity >= 0),
  constraint rate_limits_window_seconds_positive check (window_seconds >= 1)
);
comment on table public.rate_limits is
  'How often a user of this role may do something: so many times at once, and as many again spread over the window. No row is no limit.';
comment on column public.rate_limits.capacity is 'Null for no limit.';

insert into public.rate_limits (role, action, capacity, window_seconds)
select role, action, capacity, window_seconds
from unnest(enum_range(null::public.app_role)) as role
cross join (
  values
    ('send_dm', 60, 60),
    ('send_broadcast', 10, 60),
    ('start_conversation', 20, 60),
    ('report_message', 10, 60),
    ('block_user', 60, 60),
    ('export_own_data', 10, 3600)
) as limited (action, capacity, window_seconds)
on conflict (role, action) do nothing;

-- Unlogged: a crash fills every bucket, which harms nobody, and a message costs no write-ahead log for it.
create unlogged table if not exists rolecall.rate_buckets (
  user_id uuid not null,
  action text not null,
  tokens double precision not null,
  refilled_at timestamptz not null,
  capacity int not null,
  window_seconds int not null,
  primary key (user_id, action)
)
with (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.05);
comment on table rolecall.rate_buckets is
  'How often each user may still do something at once, as of refilled_at. A user without a row has a full bucket.';
comment on column rolecall.rate_buckets.capacity is
  'Of the limit when a token was last taken; here so that one statement can read the limit, take and tell.';

-- How many tokens are in a bucket at p_at that had p_tokens at p_refilled_at. A clock that was set back takes none.
-- Parsed here and now, and written into the statements that call it, as rolecall.iso is.
create or replace function rolecall.refilled(
  p_tokens double precision,
  p_refilled_at timestamptz,
  p_at timestamptz,
  p_capacity int,
  p_window_seconds int
)
returns double precision
language sql
immutable
return least(
  p_capacity,
  p_tokens + greatest(0, date_part('epoch', p_at - p_refilled_at)) * p_capacity / p_window_seconds
);

-- One entry of an answer's limits, from which the RateLimit header fields are written, with the member "taken" for
-- whoever decides by it, and, where there is no token, with the time until there is one.
create or replace function rolecall.rate_limit_entry(
  p_action text,
  p_capacity int,
  p_window_seconds int,
  p_tokens double precision,
  p_taken boolean
)
returns jsonb
language plpgsql
immutable
set search_path = ''
as $$
declare
  v_entry jsonb := jsonb_build_object(
    'policy', p_action,
    'quota', p_capacity,
    'remaining', floor(p_tokens),
    'window_seconds', p_window_seconds,
    -- Until the bucket is full; one of no capacity never is.
    'reset_seconds', case
      when p_capacity = 0 then p_window_seconds
      else ceil((p_capacity - p_tokens) * p_window_seconds / p_capacity)
    end,
    'taken', p_taken
  );
begin
  if p_taken then
    return v_entry;
  end if;
  return v_entry || jsonb_build_object(
    'retry_after_seconds',
    case
      when p_capacity = 0 then p_window_seconds
      else greatest(1, ceil((1 - p_tokens) * p_window_seconds / p_capacity))
    end
  );
end
$$;

-- Takes a token for p_action from the bucket of p_user, and returns the limit as an answer names it, with "taken":
-- whether there was one. Null when nothing limits the user. One statement makes the bucket, refills it for the time
-- that has passed and takes from it, so that of many at once exactly as many succeed as there are tokens.
create or replace function rolecall.take_token(p_user uuid, p_action text)
returns jsonb
language plpgsql
volatile
set search_path = ''
as $$
declare
  v_capacity int;
  v_window_seconds int;
  v_tokens double precision;
begin
  insert into rolecall.rate_buckets as bucket (user_id, action, tokens, refilled_at, capacity, window_seconds)
  select p_user, p_action, rate.capacity - 1, clock_timestamp(), rate.capacity, rate.window_seconds
  from public.profiles as profile
  join public.rate_limits as rate
    on rate.role = profile.role
    and rate.action = p_action
    and rate.capacity > 0
  where profile.id = p_user
  on conflict (user_id, action) do update
  set
    tokens = rolecall.refilled(
      bucket.tokens, bucket.refilled_at, excluded.refilled_at, excluded.capacity, excluded.window_seconds
    ) - 1,
    refilled_at = greatest(bucket.refilled_at, excluded.refilled_at),
    capacity = excluded.capacity,
    window_seconds = excluded.window_seconds
  where rolecall.refilled(
    bucket.tokens, bucket.refilled_at, excluded.refilled_at, excluded.capacity, excluded.window_seconds
  ) >= 1
  returning tokens, capacity, window_seconds
  into v_tokens, v_capacity, v_window_seconds;
  if found then
    return rolecall.rate_limit_entry(p_action, v_capacity, v_window_seconds, v_tokens, true);
  end if;
  -- Nothing limits the user, or nothing was left when the statement looked, whatever has come since.
  return rolecall.peek_token(p_user, p_action, 0.999);
end
$$;

-- The same without taking: "taken" says whether there is a token to take. Whoever has just found none says so with
-- p_most, since the clock goes on.
create or replace function rolecall.peek_token(
  p_user uuid,
  p_action text,
  p_most double precision default null
)
returns jsonb
language plpgsql
stable
set search_path = ''
as $$
declare
  v_capacity int;
  v_window_seconds int;
  v_tokens double precision;
begin
  select
    rate.capacity,
    rate.window_seconds,
    least(
      coalesce(
        rolecall.refilled(
          bucket.tokens, bucket.refilled_at, clock_timestamp(), rate.capacity, rate.window_seconds
        ),
        rate.capacity
      ),
      p_most
    )
  into v_capacity, v_window_seconds, v_tokens
  from public.profiles as profile
  join public.rate_limits as rate
    on rate.role = profile.role
    and rate.action = p_action
  left join rolecall.rate_buckets as bucket
    on bucket.user_id = profile.id
    and bucket.action = p_action
  where profile.id = p_user;
  if v_capacity is null then
    return null;
  end if;
  return rolecall.rate_limit_entry(p_action, v_capacity, v_window_seconds, v_tokens, v_tokens >= 1);
end
$$;

-- The refusal that a limit amounts to of which no token was left.
create or replace function rolecall.refuse_rate(p_limit jsonb)
returns jsonb
language plpgsql
immutable
set search_path = ''
as $$
begin
  return rolecall.refusal(
    'rate_limited',
    format(
      'You have done this too often; the limit is %s in %s seconds.',
      p_limit ->> 'quota',
      p_limit ->> 'window_seconds'
    ),
    'rate_limit',
    'Some time has passed.',
    jsonb_build_object('retry_after_seconds', p_limit -> 'retry_after_seconds')
  ) || jsonb_build_object('limits', jsonb_build_array(p_limit - array['taken', 'retry_after_seconds']));
end
$$;

-- An answer with one more entry among its limits; nothing is added for no limit.
create or replace function rolecall.with_limit(p_answer jsonb, p_limit jsonb)
returns jsonb
language plpgsql
immutable
set search_path = ''
as $$
begin
  if p_limit is null then
    return p_answer;
  end if;
  return p_answer
    || jsonb_build_object(
      'limits',
      coalesce(p_answer -> 'limits', '[]') || jsonb_build_array(p_limit - array['taken', 'retry_after_seconds'])
    );
end
$$;

-- Metrics

create table if not exists rolecall.request_metrics (
  slot timestamptz not null,
  function text not null,
  code text not null,
  org_id uuid not null,
  bucket smallint not null,
  stripe smallint not null,
  requests bigint not null,
  primary key (org_id, slot, function, code, bucket, stripe)
)
-- Room on each page for the next version of a row that is counted up all the time.
with (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.05);
comment on table rolecall.request_metrics is
  'How many requests each function answered with which code in 15 minutes, and how long the database took.';
comment on column rolecall.request_metrics.code is 'ok, or the code of the refusal.';
comment on column rolecall.request_metrics.org_id is 'The caller''s organisation; the nil uuid for none.';
comment on column rolecall.request_metrics.bucket is
  'Up to 0.1 ms in 0, then each bucket reaches to the square root of two times the one before.';
comment on column rolecall.request_metrics.stripe is
  'Spreads the rows over the connections, so that requests do not wait for each other''s commit.';

-- The upper end of a bucket, in milliseconds.
create or replace function rolecall.bucket_end_ms(p_bucket int)
returns double precision
language plpgsql
immutable
set search_path = ''
as $$
begin
  return 0.1 * power(2.0::double precision, p_bucket / 2.0);
end
$$;

-- The end of every request: writes the audit row of a refusal, counts the request, and sees to it that the answer
-- names the caller's organisation, for the function's log line.
create or replace function rolecall.finish(
  p_function text,
  p_request jsonb,
  p_user uuid,
  p_answer jsonb,
  p_service text default 'database',
  p_event text default 'refused'
)
returns jsonb
language plpgsql
volatile
set search_path = ''
as $$
declare
  -- From the statement's arrival on, so that waiting for a lock counts; the commit comes after it.
  v_ms double precision := 1000 * extract(epoch from clock_timestamp() - statement_timestamp());
  v_code text := coalesce(p_answer ->> 'code', 'ok');
  v_org_id uuid := p_answer ->> 'org_id';
begin
  if not p_answer ? 'org_id' then
    select organization_id
    into v_org_id
    from public.profiles
    where id = p_user;
    if v_org_id is not null then
      p_answer := p_answer || jsonb_build_object('org_id', v_org_id);
    end if;
  end if;

  if v_code <> 'ok' then
    insert into public.application_logs (
      level, service, method, event, request_id, user_id, conversation_id, org_id, duration_ms, code, details
    )
    values (
      'warn',
      p_service,
      p_function,
      p_event,
      p_request ->> 'request_id',
      p_user,
      rolecall.uuid_or_null(p_answer #>> '{data,conversation_id}'),
      v_org_id,
      round(v_ms::numeric, 3),
      v_code,
      jsonb_strip_nulls(
        jsonb_build_object(
          'detail', p_answer -> 'detail',
          'reasons', p_answer -> 'reasons',
          'field', p_answer -> 'field'
        )
      )
    );
  end if;

  insert into rolecall.request_metrics as metric (slot, function, code, org_id, bucket, stripe, requests)
  values (
    date_bin('15 minutes', now(), '2000-01-01 00:00:00+00'),
    p_function,
    v_code,
    coalesce(v_org_id, '00000000-0000-0000-0000-000000000000'),
    -- Two buckets for each doubling above 0.1 ms; the last one ends at 105 s.
    least(ceil(2 * ln(greatest(v_ms * 10, 1)) / ln(2.0::double precision)), 40),
    pg_backend_pid() % 32,
    1
  )
  on conflict (org_id, slot, function, code, bucket, stripe) do update
  set requests = metric.requests + 1;
  return p_answer;
end
$$;

revoke all on rolecall.idempotency_records, rolecall.rate_buckets, rolecall.request_metrics
  from public, anon, authenticated, service_role;
revoke execute on function
  rolecall.rollout_includes(text, text, uuid, boolean),
  rolecall.feature_enabled(text, text, uuid, boolean),
  rolecall.refuse_disabled(),
  rolecall.claim_key(text, uuid, text, jsonb),
  rolecall.settle_key(uuid, text, jsonb),
  rolecall.rate_limit_entry(text, int, int, double precision, boolean),
  rolecall.refilled(double precision, timestamptz, timestamptz, int, int),
  rolecall.take_token(uuid, text),
  rolecall.peek_token(uuid, text, double precision),
  rolecall.refuse_rate(jsonb),
  rolecall.with_limit(jsonb, jsonb),
  rolecall.bucket_end_ms(int),
  rolecall.finish(text, jsonb, uuid, jsonb, text, text)
  from public, anon, authenticated, service_role;

-- Clients may look which functions are on; the operator changes them.
alter table public.feature_flags enable row level security;
revoke all on public.feature_flags from public, anon, authenticated, service_role;
grant select on public.feature_flags to authenticated;
grant select, insert, update, delete on public.feature_flags to service_role;

drop policy if exists "users see the flags" on public.feature_flags;
create policy "users see the flags"
on public.feature_flags
for select
to authenticated
using ((select auth.uid()) is not null);

alter table public.rate_limits enable row level security;
revoke all on public.rate_limits from public, anon, authenticated, service_role;
grant select on public.rate_limits to authenticated;
grant select, insert, update, delete on public.rate_limits to service_role;

drop policy if exists "users see the rate limits" on public.rate_limits;
create policy "users see the rate limits"
on public.rate_limits
for select
to authenticated
using ((select auth.uid()) is not null);

-- An audit log is read, never written through the API.
alter table public.application_logs enable row level security;
revoke all on public.application_logs from public, anon, authenticated, service_role;
grant select on public.application_logs to service_role;

drop policy if exists "the operator reads the log" on public.application_logs;
create policy "the operator reads the log"
on public.application_logs
for select
to service_role
using (true);

insert into rolecall.schema_migrations (version, name)
values (4, 'operations')
on conflict (version) do nothing;
