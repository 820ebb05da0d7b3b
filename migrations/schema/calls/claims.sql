-- Lets the rest of the transaction run for the caller of these verified claims, so that auth.uid() names them to
-- policies and triggers, and returns the caller: null for nobody. Supabase's own auth.uid() raises on a sub that is no
-- uuid, so such a one is left out before it looks.
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
    'This is for signed-in users alone.',
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
    'This is for the operator alone.',
    'operator_only',
    'The token is the operator''s.'
  );
end
$$;
