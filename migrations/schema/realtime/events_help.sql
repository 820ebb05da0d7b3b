-- The events of help conversations, as their two people read them. Their messages have no numbers, but ids; one that is
-- deleted is told by its id alone.
create or replace function rolecall_internal.help_events(p_rows rolecall.outbox[], p_rollouts jsonb)
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
      join public.conversations_v2 as conversation
        on conversation.id = named.id
      cross join lateral (
        values
          (conversation.requester_id),
          (conversation.helper_id)
      ) as person (id)
      where outbox.domain = 'help'
    ),
    'help-conversations',
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
      conversation.requester_id,
      conversation.helper_id,
      message.id is not null as is_there,
      coalesce(message.sender_id, removed.sender_id) as sender_id,
      case when message.id is not null then rolecall_internal.help_message(message) end as message,
      exists (
        select
        from rolecall.user_blocks
        where blocker_id in (conversation.requester_id, conversation.helper_id)
          and blocked_id in (conversation.requester_id, conversation.helper_id)
      ) as is_blocked
    from unnest(p_rows) as outbox
    cross join lateral unnest(outbox.conversations, outbox.users, outbox.messages)
      with ordinality as named (conversation_id, user_id, message_id, place)
    join public.conversations_v2 as conversation
      on conversation.id = named.conversation_id
    left join public.messages_v2 as message
      on message.id = named.message_id
      and message.conversation_id = named.conversation_id
    left join rolecall.removed_help_messages as removed
      on removed.message_id = named.message_id
      and message.id is null
    where outbox.domain = 'help'
  ),
  concerned as (
    select happened.*, person.id as person_id
    from happened
    cross join lateral (
      values
        (happened.requester_id),
        (happened.helper_id)
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
      case
        when happened.type = 'read' then jsonb_build_object(
          'domain', 'help',
          'conversation_id', happened.conversation_id,
          'user_id', happened.user_id,
          'last_read_seq', null
        )
        when happened.type = 'typing' then jsonb_build_object(
          'domain', 'help',
          'conversation_id', happened.conversation_id,
          'user_id', happened.user_id,
          'until', rolecall_internal.iso(happened.made_at + interval '6 seconds')
        )
        else jsonb_build_object(
          'domain', 'help',
          'conversation_id', happened.conversation_id,
          'seq', null,
          'revision', null,
          'message_id', happened.message_id,
          'message', rolecall_internal.short_message(happened.message)
        )
      end
    )
  from concerned as happened
  where happened.type in ('message.created', 'message.changed', 'read', 'typing')
    and case happened.type
      when 'read' then happened.person_id = happened.user_id
      when 'typing' then
        happened.person_id <> happened.user_id
        and not happened.is_blocked
        and happened.made_at > now() - interval '6 seconds'
      -- One that was deleted since is told by its deletion.
      else (not happened.is_blocked or coalesce(happened.person_id = happened.sender_id, false))
        and (happened.type = 'message.changed' or happened.is_there)
    end
  group by
    happened.row_id, happened.place, happened.type, happened.made_at, happened.conversation_id, happened.user_id,
    happened.message_id, happened.message
  union all
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
        'domain', 'help',
        'conversation_id', happened.conversation_id,
        'revision', null,
        'conversation', rolecall_internal.short_card(card.card)
      )
    )
  from concerned as happened
  cross join lateral (
    select rolecall_internal.help_cards(
      happened.person_id,
      array[happened.conversation_id],
      array['v2'],
      rolecall_internal.refuse_help_author(happened.person_id, 'help-conversations', p_rollouts)
    ) -> 0 as card
    offset 0
  ) as card
  where happened.type = 'conversation.changed'
    and not happened.is_blocked;
end
$$;
