-- Claims a key for a request of p_operation. Null when the request shall run; otherwise the answer: that of the first
-- request with this key when it was the same, a refusal when it was another. A request that runs at this moment is
-- waited for. claim_keys is its twin for an array.
create or replace function rolecall_internal.claim_key(
  p_operation text,
  p_user uuid,
  p_key text,
  p_input jsonb
)
returns jsonb
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_fingerprint bytea := sha256(convert_to(p_operation || ' ' || p_input::text, 'UTF8'));
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
  return rolecall_internal.refuse_reused_key();
end
$$;

-- Keeps the answer of a request that succeeded under its key, and frees the key of a refused one: a refusal changed
-- nothing, so the request may come again. settle_keys is its twin for an array.
create or replace function rolecall_internal.settle_key(p_user uuid, p_key text, p_answer jsonb)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
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
  p_inputs jsonb[]
)
returns jsonb[]
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_fingerprints bytea[] := (
    select array_agg(sha256(convert_to(p_operation || ' ' || input::text, 'UTF8')) order by number)
    from unnest(p_inputs) with ordinality as claimed (input, number)
  );
begin
  insert into rolecall.idempotency_records as record (user_id, key, fingerprint)
  select claimed.user_id, claimed.key, claimed.fingerprint
  from unnest(p_users, p_keys, v_fingerprints) as claimed (user_id, key, fingerprint)
  where claimed.key is not null
  order by claimed.user_id, claimed.key
  on conflict (user_id, key) do update
  set
    fingerprint = excluded.fingerprint,
    answer = null,
    created_at = excluded.created_at
  where record.created_at <= now() - interval '24 hours';

  -- A statement of its own, which sees what was committed while that one waited. Of the rows that it sees only those of
  -- this transaction have no answer.
  return (
    select array_agg(
      case
        when claimed.key is null then null
        when record.user_id is not null and record.answer is null then null
        when record.fingerprint = claimed.fingerprint then record.answer || '{"replayed": true}'
        else rolecall_internal.refuse_reused_key()
      end
      order by claimed.number
    )
    from unnest(p_users, p_keys, v_fingerprints) with ordinality as claimed (user_id, key, fingerprint, number)
    left join rolecall.idempotency_records as record
      on record.user_id = claimed.user_id
      and record.key = claimed.key
  );
end
$$;

-- rolecall_internal.settle_key for an array.
create or replace function rolecall_internal.settle_keys(p_users uuid[], p_keys text[], p_answers jsonb[])
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  update rolecall.idempotency_records as record
  set answer = settled.answer
  from unnest(p_users, p_keys, p_answers) as settled (user_id, key, answer)
  where record.user_id = settled.user_id
    and record.key = settled.key
    and (settled.answer -> 'ok')::boolean;

  delete from rolecall.idempotency_records as record
  using unnest(p_users, p_keys, p_answers) as settled (user_id, key, answer)
  where record.user_id = settled.user_id
    and record.key = settled.key
    and not (settled.answer -> 'ok')::boolean;
end
$$;
