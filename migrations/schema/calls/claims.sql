-- The refusal of a session of the functions' login that gave itself more time for a statement than the login has. The
-- login may change its own settings, so each entry point looks.
create or replace function rolecall_internal.refuse_long_statements()
returns void
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_timeout interval := current_setting('statement_timeout');
begin
  -- 0 is no limit.
  if session_user = 'rolecall_edge' and (v_timeout = interval '0' or v_timeout > interval '5 seconds') then
    raise exception using
      errcode = 'insufficient_privilege',
      message = format('rolecall_edge calls with a statement_timeout of up to 5s, not of %s', current_setting('statement_timeout')),
      hint = 'Leave the statement_timeout as the role has it, or lower it.';
  end if;
end
$$;

-- Begins every request: sets the verified claims for the rest of the transaction, so that auth.uid() names the caller to
-- policies and triggers, and returns the caller, null for nobody. A sub that is no uuid is left out, as Supabase's own
-- auth.uid() raises on it.
create or replace function rolecall_internal.assume_claims(p_claims jsonb)
returns uuid
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_caller uuid := rolecall_internal.uuid_or_null(p_claims ->> 'sub');
  -- An assignment, not a PERFORM, which would be a statement of its own.
  v_set text := set_config(
    'request.jwt.claims',
    case
      when v_caller is not null then p_claims::text
      when jsonb_typeof(p_claims) = 'object' then (p_claims - 'sub')::text
      else '{}'
    end,
    true
  );
begin
  -- What the login of the functions has from its role, so nearly always this comparison is all.
  if current_setting('statement_timeout') <> '5s' then
    perform rolecall_internal.refuse_long_statements();
  end if;
  return v_caller;
end
$$;

-- The refusal of a request that is not a signed-in user's.
create or replace function rolecall_internal.refuse_non_user(p_request jsonb)
returns jsonb
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
begin
  if coalesce(p_request #>> '{claims,role}', 'authenticated') = 'authenticated' then
    return rolecall_internal.refusal('unauthenticated', 'A valid bearer token of a user is required.');
  end if;
  return rolecall_internal.refusal(
    'permission_denied',
    'Only signed-in users can do this.',
    'users_only',
    'The token is that of a signed-in user.'
  );
end
$$;

-- The refusal of a request that is not the operator's.
create or replace function rolecall_internal.refuse_non_operator(p_request jsonb)
returns jsonb
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
begin
  if p_request #>> '{claims,role}' is null then
    return rolecall_internal.refusal('unauthenticated', 'A valid bearer token of the operator is required.');
  end if;
  return rolecall_internal.refusal(
    'permission_denied',
    'Only the operator can do this.',
    'operator_only',
    'The token is the operator''s.'
  );
end
$$;

-- The refusal of a request that is neither a signed-in user's nor the operator's.
create or replace function rolecall_internal.refuse_non_staff(p_request jsonb)
returns jsonb
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
begin
  if coalesce(p_request #>> '{claims,role}', 'authenticated') = 'authenticated' then
    return rolecall_internal.refusal('unauthenticated', 'A valid bearer token of a user or the operator is required.');
  end if;
  return rolecall_internal.refusal(
    'permission_denied',
    'Only signed-in users and the operator can do this.',
    'staff_only',
    'The token is that of a signed-in user or the operator''s.'
  );
end
$$;

-- The refusal of a request that is not from whom the operation is for: a signed-in user ('user'), the operator
-- ('operator') or either of them ('staff'). Null when it is. PostgreSQL writes it into the statements that ask.
create or replace function rolecall_internal.refuse_stranger(p_who text, p_caller uuid, p_request jsonb)
returns jsonb
language sql
immutable
return case
  when p_who = 'user' then case
    when p_caller is null or p_request #>> '{claims,role}' is distinct from 'authenticated'
    then rolecall_internal.refuse_non_user(p_request)
  end
  when p_who = 'staff' then case
    when p_request #>> '{claims,role}' is distinct from 'service_role'
      and (p_caller is null or p_request #>> '{claims,role}' is distinct from 'authenticated')
    then rolecall_internal.refuse_non_staff(p_request)
  end
  when p_request #>> '{claims,role}' is distinct from 'service_role'
  then rolecall_internal.refuse_non_operator(p_request)
end;
