-- As what p_user may read a conversation, best first: as one of its people ('people'), as the audience of its broadcasts
-- ('audience'), as the organizer of its show ('organizer'), as a moderator ('moderator'). Null when they may not, or when
-- the conversation does not exist.
create or replace function rolecall_internal.reader_of(p_user uuid, p_conversation rolecall.conversations)
returns text
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_role rolecall.app_role;
  v_facts text[];
begin
  if p_user in (p_conversation.participant_low, p_conversation.participant_high)
    or (p_conversation.kind = 'show' and p_conversation.created_by = p_user)
  then
    return 'people';
  end if;
  if p_conversation.kind = 'show'
    and exists (
      select
      from rolecall_internal.visible_broadcasts(p_user, p_conversation.id, p_conversation.show_id)
    )
  then
    return 'audience';
  end if;

  -- Whoever may moderate what is in it: the matrix decides.
  select
    reader.role,
    array[
      'feature_enabled',
      rolecall_internal.suspended_fact(reader.suspended_until),
      case when show.organizer_id = p_user then 'own_show' end
    ]
  into v_role, v_facts
  from rolecall.profiles as reader
  left join rolecall.shows as show
    on show.id = p_conversation.show_id
    and p_conversation.kind = 'show'
  where reader.id = p_user;
  if p_conversation.id is not null
    and (rolecall_internal.decide('moderate', v_role, rolecall_internal.role_of_strangers(), v_facts)).allowed
  then
    return case when rolecall_internal.moderates_everything(v_role) then 'moderator' else 'organizer' end;
  end if;
  return null;
end
$$;

-- As what p_user may read a message of p_conversation: as reader_of says of the conversation, whose audience reads the
-- broadcasts that are for them alone. Null when they may not, or when the message does not exist.
create or replace function rolecall_internal.reader_of_message(
  p_user uuid,
  p_message rolecall.messages,
  p_conversation rolecall.conversations
)
returns text
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_reader text := rolecall_internal.reader_of(p_user, p_conversation);
begin
  if v_reader = 'audience'
    and not exists (
      select
      from rolecall_internal.visible_broadcasts(p_user, p_conversation.id, p_conversation.show_id) as broadcast
      where broadcast.seq = p_message.seq
    )
  then
    return null;
  end if;
  return v_reader;
end
$$;

-- The messages of a conversation numbered above p_after and below p_before (null for no bound), the newest p_limit of
-- them or the oldest. With p_audience_of, a show, only the broadcasts that p_user sees as its audience. In no order.
create or replace function rolecall_internal.visible_messages(
  p_user uuid,
  p_conversation uuid,
  p_audience_of uuid,
  p_after bigint,
  p_before bigint,
  p_newest boolean,
  p_limit int
)
returns setof rolecall.messages
language plpgsql
stable
rows 50
set search_path = pg_catalog, pg_temp
as $$
declare
  v_after bigint := coalesce(p_after, 0);
  v_before bigint := coalesce(p_before, 9223372036854775807);
begin
  if p_audience_of is null and p_newest then
    return query
    select *
    from rolecall.messages
    where conversation_id = p_conversation
      and seq > v_after
      and seq < v_before
    order by seq desc
    limit p_limit;
  elsif p_audience_of is null then
    return query
    select *
    from rolecall.messages
    where conversation_id = p_conversation
      and seq > v_after
      and seq < v_before
    order by seq
    limit p_limit;
  elsif p_newest then
    return query
    select message.*
    from rolecall_internal.visible_broadcasts(p_user, p_conversation, p_audience_of) as broadcast
    join rolecall.messages as message
      on message.conversation_id = broadcast.conversation_id
      and message.seq = broadcast.seq
    where broadcast.seq > v_after
      and broadcast.seq < v_before
    order by broadcast.seq desc
    limit p_limit;
  else
    return query
    select message.*
    from rolecall_internal.visible_broadcasts(p_user, p_conversation, p_audience_of) as broadcast
    join rolecall.messages as message
      on message.conversation_id = broadcast.conversation_id
      and message.seq = broadcast.seq
    where broadcast.seq > v_after
      and broadcast.seq < v_before
    order by broadcast.seq
    limit p_limit;
  end if;
end
$$;

-- The messages of a conversation that have changed after revision p_since, the earliest p_limit changes. With
-- p_audience_of, a show, only the broadcasts that p_user sees as its audience. In no order.
create or replace function rolecall_internal.changed_messages(
  p_user uuid,
  p_conversation uuid,
  p_audience_of uuid,
  p_since bigint,
  p_limit int
)
returns setof rolecall.messages
language plpgsql
stable
rows 50
set search_path = pg_catalog, pg_temp
as $$
begin
  if p_audience_of is null then
    return query
    select *
    from rolecall.messages
    where conversation_id = p_conversation
      and revision > p_since
    order by revision
    limit p_limit;
  else
    return query
    select message.*
    from rolecall.messages as message
    where message.conversation_id = p_conversation
      and message.revision > p_since
      and exists (
        select
        from rolecall_internal.visible_broadcasts(p_user, p_conversation, p_audience_of) as broadcast
        where broadcast.seq = message.seq
      )
    order by message.revision
    limit p_limit;
  end if;
end
$$;

-- The refusal of a conversation that p_user may not read: there is none for them, or a block hides it.
create or replace function rolecall_internal.refuse_unknown_conversation(p_user uuid, p_conversation uuid)
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_judgement rolecall.judgement := rolecall_internal.judge_broadcast_reader(p_user, p_conversation, '{}');
begin
  if v_judgement.refusal ->> 'code' = 'permission_denied' then
    return v_judgement.refusal;
  end if;
  return rolecall_internal.refusal(
    'not_found',
    'You do not take part in a conversation with this id.',
    'not_a_participant',
    'You take part in the conversation.'
  );
end
$$;
