-- A key lives for 24 hours, and so over a midnight. Its record is in the slot of the day of its claim, and a claim looks
-- into the slot of the day before as well, which nobody writes to any more. Two requests on either side of midnight would
-- write to different slots and not see each other; so within a minute of midnight a key is claimed in both days, the older
-- one first, by whoever claims. No request lasts that long: the functions' statements end after five seconds, which
-- refuse_long_statements sees to.
--
-- The clock of a claim is p_at, the transaction's. No entry point takes another one; tests do.

-- Claims a key for a request of p_operation. Null when the request shall run; otherwise the answer: that of the first
-- request with this key when it was the same, a refusal when it was another. A request that runs at this moment is
-- waited for. claim_keys is its twin for an array.
create or replace function rolecall_internal.claim_key(
  p_operation text,
  p_user uuid,
  p_key text,
  p_input jsonb,
  p_at timestamptz default now()
)
returns jsonb
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
-- A plan for each call costs more than what it saves: it would leave out the other three partitions, which are not read
-- anyway.
set plan_cache_mode = force_generic_plan
as $$
declare
  v_fingerprint bytea := sha256(convert_to(p_operation || ' ' || p_input::text, 'UTF8'));
  v_second bigint := floor(date_part('epoch', p_at - timestamptz '2000-01-01 00:00:00+00'));
  v_yesterday smallint := (v_second / 86400 - 1) % 4;
  v_older smallint := (v_second - 60) / 86400 % 4;
  v_newer smallint := (v_second + 60) / 86400 % 4;
  v_slot smallint := v_older;
  v_claimed smallint;
  v_answer jsonb;
  v_same boolean;
begin
  loop
    insert into rolecall.idempotency_records as record (day_slot, user_id, key, fingerprint, created_at)
    select v_slot, p_user, p_key, v_fingerprint, p_at
    where not exists (
      select
      from rolecall.idempotency_records as earlier
      where earlier.day_slot = v_yesterday
        and earlier.user_id = p_user
        and earlier.key = p_key
        and earlier.created_at > p_at - interval '24 hours'
        -- Of this claim.
        and earlier.day_slot is distinct from v_claimed
    )
    on conflict (user_id, key, day_slot) do update
    set
      fingerprint = excluded.fingerprint,
      answer = null,
      created_at = excluded.created_at
    where record.created_at <= p_at - interval '24 hours';
    exit when not found;
    if v_slot = v_newer then
      return null;
    end if;
    v_claimed := v_older;
    v_slot := v_newer;
  end loop;

  if v_claimed is not null then
    -- The key is of a request that is older than a minute before midnight, and has claimed the other day alone.
    delete from rolecall.idempotency_records
    where user_id = p_user
      and key = p_key
      and day_slot = v_claimed;
  end if;
  -- A statement of its own, which sees what was committed while that one waited.
  select record.fingerprint = v_fingerprint, record.answer
  into v_same, v_answer
  from rolecall.idempotency_records as record
  where record.user_id = p_user
    and record.key = p_key
    and record.created_at > p_at - interval '24 hours'
  order by record.created_at
  limit 1;
  if v_same and v_answer is not null then
    return v_answer || '{"replayed": true}';
  end if;
  return rolecall_internal.refuse_reused_key();
end
$$;

-- Whether an answer stays under its key: it left something behind that a repetition would leave again. What the filter
-- holds back is refused, and stored with its attempt and its notice.
create or replace function rolecall_internal.is_kept(p_answer jsonb)
returns boolean
language sql
immutable
return p_answer -> 'ok' = 'true' or coalesce(p_answer ->> 'code' = 'anti_poaching_blocked', false);

-- Keeps the answer of a request that changed something under its key, and frees the key of one whose refusal changed
-- nothing, so that it may come again. settle_keys is its twin for an array, no operation of which is refused after it
-- changed something.
create or replace function rolecall_internal.settle_key(
  p_user uuid,
  p_key text,
  p_answer jsonb,
  p_at timestamptz default now()
)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
set plan_cache_mode = force_generic_plan
as $$
declare
  v_second bigint := floor(date_part('epoch', p_at - timestamptz '2000-01-01 00:00:00+00'));
  v_newer smallint := (v_second + 60) / 86400 % 4;
  v_slot smallint := (v_second - 60) / 86400 % 4;
begin
  loop
    if rolecall_internal.is_kept(p_answer) then
      update rolecall.idempotency_records
      set answer = p_answer
      where user_id = p_user
        and key = p_key
        and day_slot = v_slot;
    else
      delete from rolecall.idempotency_records
      where user_id = p_user
        and key = p_key
        and day_slot = v_slot;
    end if;
    exit when v_slot = v_newer;
    v_slot := v_newer;
  end loop;
end
$$;

-- Frees a key whose request is not over.
create or replace function rolecall_internal.free_key(p_user uuid, p_key text)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  perform rolecall_internal.settle_key(p_user, p_key, '{"ok": false}');
end
$$;

create or replace function rolecall_internal.refuse_reused_key()
returns jsonb
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
begin
  return rolecall_internal.refusal(
    'idempotency_conflict',
    'This Idempotency-Key was used for another request in the last 24 hours.',
    'idempotency_key_reused',
    'The request is sent with a key of its own, or exactly as it was sent the first time.'
  );
end
$$;

-- rolecall_internal.claim_key for an array, in which no two requests have the same user and key. Answers in its order;
-- null for a request that shall run, and for one without a key.
create or replace function rolecall_internal.claim_keys(
  p_operation text,
  p_users uuid[],
  p_keys text[],
  p_inputs jsonb[],
  p_at timestamptz default now()
)
returns jsonb[]
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
set plan_cache_mode = force_generic_plan
as $$
declare
  v_fingerprints bytea[];
  v_second bigint := floor(date_part('epoch', p_at - timestamptz '2000-01-01 00:00:00+00'));
  v_today smallint := v_second / 86400 % 4;
  v_yesterday smallint := (v_second / 86400 - 1) % 4;
  v_request record;
  v_answers jsonb[];
begin
  if v_second % 86400 not between 60 and 86339 then
    -- Around midnight one after the other, in the same order as below.
    v_answers := array_fill(null::jsonb, array[cardinality(p_keys)]);
    for v_request in
      select claimed.user_id, claimed.key, claimed.input, claimed.number
      from unnest(p_users, p_keys, p_inputs) with ordinality as claimed (user_id, key, input, number)
      where claimed.key is not null
      order by claimed.user_id, claimed.key
    loop
      v_answers[v_request.number] :=
        rolecall_internal.claim_key(p_operation, v_request.user_id, v_request.key, v_request.input, p_at);
    end loop;
    return v_answers;
  end if;

  v_fingerprints := (
    select array_agg(sha256(convert_to(p_operation || ' ' || input::text, 'UTF8')) order by number)
    from unnest(p_inputs) with ordinality as claimed (input, number)
  );
  insert into rolecall.idempotency_records as record (day_slot, user_id, key, fingerprint, created_at)
  select v_today, claimed.user_id, claimed.key, claimed.fingerprint, p_at
  from unnest(p_users, p_keys, v_fingerprints) as claimed (user_id, key, fingerprint)
  where claimed.key is not null
    -- A subquery for each of them, which reads the index, whatever the planner thinks of the table's size.
    and (
      select true
      from rolecall.idempotency_records as earlier
      where earlier.day_slot = v_yesterday
        and earlier.user_id = claimed.user_id
        and earlier.key = claimed.key
        and earlier.created_at > p_at - interval '24 hours'
      limit 1
    ) is null
  order by claimed.user_id, claimed.key
  on conflict (user_id, key, day_slot) do update
  set
    fingerprint = excluded.fingerprint,
    answer = null,
    created_at = excluded.created_at
  where record.created_at <= p_at - interval '24 hours';

  -- A statement of its own, which sees what was committed while that one waited. Of the rows that it sees only those of
  -- this transaction have no answer.
  return (
    select array_agg(
      case
        when claimed.key is null then null
        when record.fingerprint is not null and record.answer is null then null
        when record.fingerprint = claimed.fingerprint then record.answer || '{"replayed": true}'
        else rolecall_internal.refuse_reused_key()
      end
      order by claimed.number
    )
    from unnest(p_users, p_keys, v_fingerprints) with ordinality as claimed (user_id, key, fingerprint, number)
    left join lateral (
      select kept.fingerprint, kept.answer
      from rolecall.idempotency_records as kept
      where kept.user_id = claimed.user_id
        and kept.key = claimed.key
        and kept.day_slot in (v_today, v_yesterday)
        and kept.created_at > p_at - interval '24 hours'
      order by kept.created_at
      limit 1
    ) as record
      on claimed.key is not null
  );
end
$$;

-- rolecall_internal.settle_key for an array.
create or replace function rolecall_internal.settle_keys(
  p_users uuid[],
  p_keys text[],
  p_answers jsonb[],
  p_at timestamptz default now()
)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
set plan_cache_mode = force_generic_plan
as $$
declare
  v_second bigint := floor(date_part('epoch', p_at - timestamptz '2000-01-01 00:00:00+00'));
  v_newer smallint := (v_second + 60) / 86400 % 4;
  v_slot smallint := (v_second - 60) / 86400 % 4;
begin
  loop
    update rolecall.idempotency_records as record
    set answer = settled.answer
    from unnest(p_users, p_keys, p_answers) as settled (user_id, key, answer)
    where record.user_id = settled.user_id
      and record.key = settled.key
      and record.day_slot = v_slot
      and (settled.answer -> 'ok')::boolean;

    delete from rolecall.idempotency_records as record
    using unnest(p_users, p_keys, p_answers) as settled (user_id, key, answer)
    where record.user_id = settled.user_id
      and record.key = settled.key
      and record.day_slot = v_slot
      and not (settled.answer -> 'ok')::boolean;

    exit when v_slot = v_newer;
    v_slot := v_newer;
  end loop;
end
$$;
