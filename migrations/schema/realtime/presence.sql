-- Who is online: the relay hears it of the broker and writes it down, and clients ask for those whom they write with.

-- A list of a request as uuids, each once; what is none is left out.
create or replace function rolecall_internal.uuids_of(p_list jsonb)
returns uuid[]
language sql
immutable
return array(
  select distinct rolecall_internal.uuid_or_null(element)
  from jsonb_array_elements_text(case when jsonb_typeof(p_list) = 'array' then p_list else '[]' end) as element
  where rolecall_internal.uuid_or_null(element) is not null
  order by 1
);

-- Tells the contacts of these users, of a thousand at most: whoever connects asks for the others.
create or replace function rolecall_internal.emit_presence(p_users uuid[], p_state text)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  perform rolecall_internal.emit('presence', null, null, p_users => chunk.users, p_state => p_state)
  from (
    select array_agg(user_id) as users
    from unnest(p_users[:1000]) with ordinality as named (user_id, number)
    group by (number - 1) / 25
    order by (number - 1) / 25
  ) as chunk;
end
$$;

-- Who has come and who has gone: {online, offline, whole}. With whole, online is everybody who is there.
create or replace function rolecall_relay.presence(p_request jsonb)
returns jsonb
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_whole boolean := p_request -> 'whole' is not distinct from 'true';
  v_online uuid[] := rolecall_internal.uuids_of(p_request -> 'online');
  v_offline uuid[] := rolecall_internal.uuids_of(p_request -> 'offline');
  -- After a crash nobody is known, and everybody would be news.
  v_is_first boolean := v_whole and not exists (select from rolecall.presence);
  v_come uuid[];
  v_gone uuid[];
begin
  with gone as (
    delete from rolecall.presence
    where case
      when v_whole then user_id <> all (v_online)
      else user_id = any (v_offline) and user_id <> all (v_online)
    end
    returning user_id
  )
  select array_agg(user_id order by user_id)
  into v_gone
  from gone;
  with come as (
    insert into rolecall.presence (user_id)
    select profile.id
    from unnest(v_online) as named (id)
    join rolecall.profiles as profile
      on profile.id = named.id
    order by profile.id
    on conflict (user_id) do nothing
    returning user_id
  )
  select array_agg(user_id order by user_id)
  into v_come
  from come;
  if not v_is_first then
    perform rolecall_internal.emit_presence(v_gone, 'offline');
    perform rolecall_internal.emit_presence(v_come, 'online');
  end if;
  return rolecall_internal.success('{}');
end
$$;

-- Which of these users are online: {user_ids} -> {online}. Only those with whom p_user has a direct conversation and no
-- block; of anybody else, and of who does not exist, it tells nothing. While no relay leads nobody is known to be there.
create or replace function rolecall_internal.presence_of(p_user uuid, p_input jsonb, p_rollouts jsonb)
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_actor rolecall.actor := rolecall_internal.actor(p_user, 'realtime', p_rollouts);
  v_users uuid[] := rolecall_internal.uuids_of(p_input -> 'user_ids');
begin
  if v_actor.refusal is not null then
    return v_actor.refusal;
  end if;
  if cardinality(v_users) not between 1 and rolecall_internal.limit_presence() then
    return rolecall_internal.refuse_field(
      'user_ids', 'count', format('Expected 1 to %s ids of users.', rolecall_internal.limit_presence())
    );
  end if;
  return rolecall_internal.success(
    jsonb_build_object(
      'online',
      array(
        select presence.user_id
        from unnest(v_users) as named (id)
        join rolecall.presence
          on presence.user_id = named.id
        where exists (
            select
            from rolecall.relays
            where leads
              and seen_at > now() - interval '2 minutes'
          )
          and exists (
            select
            from rolecall.conversations
            where kind = 'direct'
              and version = 'v2'
              and participant_low = least(p_user, named.id)
              and participant_high = greatest(p_user, named.id)
          )
          and not exists (
            select
            from rolecall.user_blocks
            where blocker_id in (p_user, named.id)
              and blocked_id in (p_user, named.id)
          )
          and rolecall_internal.told(array[named.id], null, p_rollouts) <> '{}'
        order by 1
      )
    )
  );
end
$$;

create or replace function rolecall_edge.presence(p_request jsonb)
returns jsonb
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_call rolecall.call := rolecall_internal.begin_call('realtime.presence', p_request, p_rate => 'read', p_keyed => false);
begin
  if v_call.answer is null then
    v_call.answer := rolecall_internal.presence_of(v_call.caller, v_call.input, v_call.rollouts);
  end if;
  return rolecall_internal.end_call(v_call);
end
$$;
