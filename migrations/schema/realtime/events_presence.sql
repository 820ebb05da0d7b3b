-- Who comes and goes, for those with whom they have a direct conversation, the 500 most recently active ones: as far as
-- these are online themselves and there is no block.

-- Those of whom p_user may know whether they are online, of the most recently active p_limit conversations; no block
-- between the two.
create or replace function rolecall_internal.contacts(p_user uuid, p_limit int)
returns setof uuid
language sql
stable
begin atomic
  select contact.id
  from (
    (
      select conversation.participant_high as id, conversation.active_in
      from rolecall.conversations as conversation
      where conversation.participant_low = p_user
        and conversation.kind = 'direct'
      order by conversation.active_in desc
      limit p_limit
    )
    union all
    (
      select conversation.participant_low, conversation.active_in
      from rolecall.conversations as conversation
      where conversation.participant_high = p_user
        and conversation.kind = 'direct'
      order by conversation.active_in desc
      limit p_limit
    )
    order by active_in desc
    limit p_limit
  ) as contact
  where contact.id is not null
    and not exists (
      select
      from rolecall.user_blocks
      where blocker_id in (p_user, contact.id)
        and blocked_id in (p_user, contact.id)
    );
end;

-- And the word that somebody should sync.
create or replace function rolecall_internal.presence_events(p_rows rolecall.outbox[], p_rollouts jsonb)
returns table (row_id bigint, place bigint, who uuid[], event jsonb)
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  return query
  with happened as materialized (
    select outbox.id as row_id, outbox.type, outbox.made_at, outbox.state, named.user_id, named.place
    from unnest(p_rows) as outbox
    cross join lateral unnest(outbox.users) with ordinality as named (user_id, place)
    where outbox.type in ('presence', 'resync')
      and not outbox.is_wide
  )
  select
    happened.row_id,
    happened.place,
    told.who,
    rolecall_internal.event_json(
      happened.type,
      happened.row_id,
      happened.place,
      happened.made_at,
      case happened.type
        when 'presence' then jsonb_build_object('user_id', happened.user_id, 'online', happened.state = 'online')
        else '{}'
      end
    )
  from happened
  cross join lateral (
    select rolecall_internal.told(
      case happened.type
        when 'resync' then array[happened.user_id]
        else array(
          select presence.user_id
          from rolecall_internal.contacts(happened.user_id, 500) as contact (id)
          join rolecall.presence
            on presence.user_id = contact.id
        )
      end,
      null,
      p_rollouts
    ) as who
    offset 0
  ) as told
  where told.who <> '{}'
    -- Who was suspended is nobody's to see.
    and (
      happened.type = 'resync'
      or happened.state <> 'online'
      or rolecall_internal.told(array[happened.user_id], null, p_rollouts) <> '{}'
    );
end
$$;
