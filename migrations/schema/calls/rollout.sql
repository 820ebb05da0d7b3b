-- Whether a rollout value includes a user. A user falls into one of 10,000 buckets by the flag and the id alone, so a
-- growing percentage only ever adds users. Whatever is not a rollout value includes nobody. The Rust twin is
-- shared/src/rules/rollout.rs.
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

-- Whether the operator's variable lets a flag include a user. A flag that it does not name is enabled; without the
-- variable, which every request carries, nothing is.
create or replace function rolecall_internal.variable_includes(
  p_rollouts jsonb,
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
  if jsonb_typeof(p_rollouts) is distinct from 'object' then
    return false;
  end if;
  return not p_rollouts ? p_flag
    or rolecall_internal.rollout_includes(p_rollouts ->> p_flag, p_flag, p_user, p_internal);
end
$$;

-- Whether both rollouts of a function include a user: its flag's and the operator's variable. PostgreSQL writes it into
-- the statements that ask.
create or replace function rolecall_internal.rollouts_include(
  p_flag_rollout text,
  p_rollouts jsonb,
  p_flag text,
  p_user uuid,
  p_is_internal boolean
)
returns boolean
language sql
immutable
return case
  -- Nearly always.
  when p_flag_rollout = 'enabled' and p_rollouts = '{}' then true
  else rolecall_internal.rollout_includes(p_flag_rollout, p_flag, p_user, p_is_internal)
    and rolecall_internal.variable_includes(p_rollouts, p_flag, p_user, p_is_internal)
end;

-- Whether the function of a flag is on for a user.
create or replace function rolecall_internal.feature_enabled(
  p_flag text,
  p_rollouts jsonb,
  p_user uuid,
  p_internal boolean
)
returns boolean
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_flag_rollout text;
begin
  select rollout
  into v_flag_rollout
  from rolecall.feature_flags
  where name = p_flag;
  return rolecall_internal.rollouts_include(v_flag_rollout, p_rollouts, p_flag, p_user, p_internal);
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
