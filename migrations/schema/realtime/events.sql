-- The events of direct conversations. Each says what GET shows whoever is told, as of the time of taking. Nobody is told
-- who has no profile, is suspended, or for whom realtime or the function of the messages is off; and across a block nobody
-- is told what the other does.

-- An event as clients get it.
create or replace function rolecall_internal.event_json(
  p_type text,
  p_row bigint,
  p_place bigint,
  p_at timestamptz,
  p_members jsonb
)
returns jsonb
language sql
stable
return jsonb_build_object(
  'v', 1,
  'type', p_type,
  'id', p_row || '.' || p_place,
  'at', rolecall_internal.iso(p_at)
) || p_members;

-- A message, or a card's newest one, as an event shows it: a long content is left to GET.
create or replace function rolecall_internal.short_message(p_message jsonb)
returns jsonb
language sql
immutable
return case
  when octet_length(p_message ->> 'content') > 4096 then p_message - 'content' || '{"truncated": true}'
  else p_message
end;

create or replace function rolecall_internal.short_card(p_card jsonb)
returns jsonb
language sql
immutable
return case
  when octet_length(p_card #>> '{last_message,content}') > 4096 then
    jsonb_set(p_card, '{last_message}', rolecall_internal.short_message(p_card -> 'last_message'))
  else p_card
end;

-- Those of p_users whom realtime may tell anything, and what p_flag is the function of, if it is given.
create or replace function rolecall_internal.told(p_users uuid[], p_flag text, p_rollouts jsonb)
returns uuid[]
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_open boolean := (select is_open from rolecall.feature_flags where name = 'realtime');
  v_flag_open boolean := (select is_open from rolecall.feature_flags where name = p_flag);
begin
  return array(
    select person.id
    from (
      select distinct id
      from unnest(p_users) as named (id)
    ) as named
    cross join lateral (
      select *
      from rolecall.profiles
      where id = named.id
      -- Each by its key, however many PostgreSQL expects.
      offset 0
    ) as person
    where rolecall_internal.suspended_fact(person.suspended_until) is null
      and rolecall_internal.flag_includes(
        v_open, p_rollouts, 'realtime', person.id, person.organization_id, person.is_internal
      )
      and (
        p_flag is null
        or rolecall_internal.flag_includes(
          v_flag_open, p_rollouts, p_flag, person.id, person.organization_id, person.is_internal
        )
      )
  );
end
$$;

-- Messages of direct conversations, as the two people read them. Who moderates everything reads removed contents, too.
create or replace function rolecall_internal.direct_message_events(p_rows rolecall.outbox[], p_rollouts jsonb)
returns table (row_id bigint, place bigint, who uuid[], event jsonb)
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_open boolean := (select is_open from rolecall.feature_flags where name = 'realtime');
  v_flag_open boolean := (select is_open from rolecall.feature_flags where name = 'conversations');
begin
  return query
  with happened as materialized (
    select
      outbox.id as row_id,
      named.place,
      outbox.type,
      outbox.made_at,
      named.conversation_id,
      named.seq,
      conversation.participant_low as low,
      conversation.participant_high as high,
      found.message
    from unnest(p_rows) as outbox
    cross join lateral unnest(outbox.conversations, outbox.seqs)
      with ordinality as named (conversation_id, seq, place)
    cross join lateral (
      select *
      from rolecall.conversations
      where id = named.conversation_id
      offset 0
    ) as conversation
    cross join lateral (
      select message
      from rolecall.messages as message
      where message.conversation_id = named.conversation_id
        and message.seq = named.seq
      offset 0
    ) as found
    where outbox.domain = 'conversations'
      and outbox.type in ('message.created', 'message.changed')
      and conversation.kind = 'direct'
  ),
  told as materialized (
    select happened.row_id, happened.place, reader.who, reader.moderators
    from happened
    cross join lateral (
      select exists (
        -- In either direction; nobody blocks themselves, so each of the two is one of the pair.
        select
        from rolecall.user_blocks
        where blocker_id in (happened.low, happened.high)
          and blocked_id in (happened.low, happened.high)
      ) as is_blocked
      offset 0
    ) as pair
    cross join lateral (
      select
        array_agg(person.id) filter (where not person.sees_removed) as who,
        array_agg(person.id) filter (where person.sees_removed) as moderators
      from (
        select
          profile.id,
          (happened.message).deleted_at is not null
            and rolecall_internal.moderates_everything(profile.role) as sees_removed
        from rolecall.profiles as profile
        where profile.id = any (array[happened.low, happened.high])
          and (not pair.is_blocked or coalesce(profile.id = (happened.message).sender_id, false))
          and rolecall_internal.suspended_fact(profile.suspended_until) is null
          and rolecall_internal.flag_includes(
            v_open, p_rollouts, 'realtime', profile.id, profile.organization_id, profile.is_internal
          )
          and rolecall_internal.flag_includes(
            v_flag_open, p_rollouts, 'conversations', profile.id, profile.organization_id, profile.is_internal
          )
      ) as person
    ) as reader
  )
  select
    happened.row_id,
    happened.place,
    shown.who,
    rolecall_internal.event_json(
      happened.type,
      happened.row_id,
      happened.place,
      happened.made_at,
      jsonb_build_object(
        'domain', 'conversations',
        'conversation_id', happened.conversation_id,
        'seq', happened.seq,
        'revision', (happened.message).revision,
        'message', rolecall_internal.short_message(
          rolecall_internal.message_for(
            shown.reader,
            happened.message,
            case
              when shown.sees_removed then (
                select removed.content
                from rolecall.removed_contents as removed
                where removed.conversation_id = happened.conversation_id
                  and removed.seq = happened.seq
              )
            end
          )
        )
      )
    )
  from told
  join happened
    on happened.row_id = told.row_id
    and happened.place = told.place
  cross join lateral (
    select same.who, same.sees_removed, null::uuid as reader
    from (
      values
        (told.who, false),
        (told.moderators, true)
    ) as same (who, sees_removed)
    where same.who is not null
      and (happened.message).reactions is null
    union all
    -- Which reactions are their own, each is told apart.
    select array[person.id], person.sees_removed, person.id
    from (
      select unnest(told.who), false
      union all
      select unnest(told.moderators), true
    ) as person (id, sees_removed)
    where (happened.message).reactions is not null
  ) as shown;
end
$$;

-- What else happens in direct conversations and in those of shows: somebody reads, somebody types, a conversation is closed
-- or opened. Who reads is told on all their devices; of a direct conversation the other one is told as well.
create or replace function rolecall_internal.conversation_events(p_rows rolecall.outbox[], p_rollouts jsonb)
returns table (row_id bigint, place bigint, who uuid[], event jsonb)
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_told uuid[] := rolecall_internal.told(
    array(
      select person.id
      from unnest(p_rows) as outbox
      cross join unnest(outbox.conversations) as named (id)
      join rolecall.conversations as conversation
        on conversation.id = named.id
      cross join lateral (
        select conversation.participant_low
        union all
        select conversation.participant_high
        union all
        select unnest(outbox.users)
      ) as person (id)
      where outbox.domain = 'conversations'
        and outbox.type in ('read', 'typing', 'conversation.changed')
    ),
    'conversations',
    p_rollouts
  );
begin
  return query
  with happened as materialized (
    select
      outbox.id as row_id,
      outbox.type,
      outbox.made_at,
      named.*,
      conversation.kind,
      conversation.created_by,
      conversation.show_id,
      conversation.participant_low as low,
      conversation.participant_high as high,
      exists (
        select
        from rolecall.user_blocks
        where blocker_id in (conversation.participant_low, conversation.participant_high)
          and blocked_id in (conversation.participant_low, conversation.participant_high)
      ) as is_blocked
    from unnest(p_rows) as outbox
    cross join lateral unnest(outbox.conversations, outbox.seqs, outbox.users)
      with ordinality as named (conversation_id, seq, user_id, place)
    join rolecall.conversations as conversation
      on conversation.id = named.conversation_id
    where outbox.domain = 'conversations'
      and outbox.type in ('read', 'typing', 'conversation.changed')
  ),
  concerned as (
    select happened.*, person.id as person_id
    from happened
    cross join lateral (
      values
        (happened.low),
        (happened.high),
        (case when (happened.user_id in (happened.low, happened.high)) is not true then happened.user_id end)
    ) as person (id)
    join unnest(v_told) as told (id)
      on told.id = person.id
  )
  select
    happened.row_id,
    happened.place,
    array_agg(happened.person_id),
    rolecall_internal.event_json(
      happened.type,
      happened.row_id,
      happened.place,
      happened.made_at,
      jsonb_build_object(
        'domain', 'conversations',
        'conversation_id', happened.conversation_id,
        'user_id', happened.user_id,
        case when happened.type = 'read' then 'last_read_seq' else 'until' end,
        case
          when happened.type = 'read' then to_jsonb(happened.seq)
          else to_jsonb(rolecall_internal.iso(happened.made_at + interval '6 seconds'))
        end
      )
    )
  from concerned as happened
  where happened.type in ('read', 'typing')
    -- Nobody is typing any more by then.
    and (happened.type = 'read' or happened.made_at > now() - interval '6 seconds')
    and case
      when happened.person_id = happened.user_id then
        happened.type = 'read'
        and (
          happened.kind = 'direct'
          or happened.created_by = happened.user_id
          -- Of the audience who still is.
          or exists (
            select
            from rolecall_internal.visible_broadcasts(
              happened.user_id, happened.conversation_id, happened.show_id
            )
          )
        )
      else happened.kind = 'direct'
        and not happened.is_blocked
    end
  group by
    happened.row_id, happened.place, happened.type, happened.made_at, happened.conversation_id, happened.user_id, happened.seq
  union all
  -- Each has a card of their own. A block that somebody made says nothing to the other one.
  select
    happened.row_id,
    happened.place,
    array[happened.person_id],
    rolecall_internal.event_json(
      happened.type,
      happened.row_id,
      happened.place,
      happened.made_at,
      jsonb_build_object(
        'domain', 'conversations',
        'conversation_id', happened.conversation_id,
        'revision', card.card -> 'revision',
        'conversation', rolecall_internal.short_card(card.card)
      )
    )
  from concerned as happened
  cross join lateral (
    select case
      when happened.person_id in (happened.low, happened.high) then 'people'
      when happened.created_by = happened.person_id then 'people'
      when exists (
        select
        from rolecall_internal.visible_broadcasts(happened.person_id, happened.conversation_id, happened.show_id)
      ) then 'audience'
    end as reader
    offset 0
  ) as reader
  cross join lateral (
    select rolecall_internal.conversation_cards(
      happened.person_id, array[happened.conversation_id], array[reader.reader], p_rollouts
    ) -> 0 as card
    offset 0
  ) as card
  where happened.type = 'conversation.changed'
    -- What somebody has set for themselves is told to them alone.
    and (happened.user_id is null or happened.user_id = happened.person_id)
    and reader.reader is not null
    and (
      not happened.is_blocked
      or happened.user_id = happened.person_id
      or exists (
        select
        from rolecall.user_blocks
        where blocker_id = happened.person_id
          and blocked_id in (happened.low, happened.high)
      )
    );
end
$$;
