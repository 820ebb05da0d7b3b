-- The caller's conversations, for policies: a policy finds the rows that the caller may see by index when it compares with
-- an array that is made once for the statement. They read as their owner, and tell callers nothing but their own; a caller
-- who is nobody has none.

-- The conversations of two people of whom the caller is one.
create or replace function rolecall_internal.caller_direct_conversations()
returns uuid[]
language plpgsql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_caller uuid := rolecall_internal.caller_with_profile();
begin
  return array(
    select id
    from rolecall.conversations
    where participant_low = v_caller
    union all
    select id
    from rolecall.conversations
    where participant_high = v_caller
  );
end
$$;

-- The conversations in which the caller sends broadcasts.
create or replace function rolecall_internal.caller_show_conversations()
returns uuid[]
language plpgsql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_caller uuid := rolecall_internal.caller_with_profile();
begin
  return array(
    select id
    from rolecall.conversations
    where created_by = v_caller
      and kind = 'show'
  );
end
$$;

-- Those with whom the caller has a conversation of two people, or a conversation about help.
create or replace function rolecall_internal.caller_acquaintances()
returns uuid[]
language plpgsql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_caller uuid := rolecall_internal.caller_with_profile();
begin
  return array(
    select participant_high
    from rolecall.conversations
    where participant_low = v_caller
      and kind = 'direct'
      and participant_high is not null
    union all
    select participant_low
    from rolecall.conversations
    where participant_high = v_caller
      and kind = 'direct'
      and participant_low is not null
    union all
    select helper_id
    from public.conversations_v2
    where requester_id = v_caller
    union all
    select requester_id
    from public.conversations_v2
    where helper_id = v_caller
  );
end
$$;
