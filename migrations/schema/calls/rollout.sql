-- The bucket of a user for a flag, 0 to 9,999: by the flag and the id alone, so that a growing percentage only ever adds
-- users. The Rust twin is shared/src/rules/rollout.rs.
create or replace function rolecall_internal.rollout_bucket(p_flag text, p_user uuid)
returns int
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_digest bytea := sha256(convert_to(p_flag || ':' || p_user::text, 'UTF8'));
begin
  return (
    (get_byte(v_digest, 0)::bigint << 24)
    + (get_byte(v_digest, 1) << 16)
    + (get_byte(v_digest, 2) << 8)
    + get_byte(v_digest, 3)
  ) % 10000;
end
$$;

-- Whether a rollout value includes a user. Whatever is not a rollout value includes nobody.
create or replace function rolecall_internal.rollout_includes(
  p_rollout text,
  p_flag text,
  p_user uuid,
  p_internal boolean
)
returns boolean
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
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
    return rolecall_internal.rollout_bucket(p_flag, p_user) < substr(p_rollout, 12)::int * 100;
  end if;
  return false;
end
$$;

create or replace function rolecall_internal.refuse_disabled()
returns jsonb
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
begin
  return rolecall_internal.refusal(
    'feature_disabled',
    'This function is switched off, or not rolled out to you yet.',
    'feature_disabled',
    'The function is switched on for you.'
  );
end
$$;
