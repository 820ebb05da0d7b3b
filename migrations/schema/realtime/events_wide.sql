-- What many may be told: broadcasts and their changes, and that everybody syncs. Of those who are online a page at a time,
-- so that a take stays short however large the audience is.

-- The messages of broadcasts for those of p_people who read them, and who sent them with the first page.
create or replace function rolecall_internal.broadcast_events(
  p_outbox rolecall.outbox,
  p_people uuid[],
  p_rollouts jsonb
)
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  return (
    select coalesce(
      jsonb_agg(
        jsonb_build_object(
          'to', audience.who,
          'event', rolecall_internal.event_json(
            p_outbox.type,
            p_outbox.id,
            named.place,
            p_outbox.made_at,
            jsonb_build_object(
              'domain', 'conversations',
              'conversation_id', named.conversation_id,
              'seq', named.seq,
              'revision', message.revision,
              'message', rolecall_internal.short_message(
                rolecall_internal.message_json(message, case when audience.sees_removed then removed.content end)
                  || jsonb_build_object(
                    'reactions', coalesce(rolecall_internal.reactions_json(shown.reactions, audience.own_reactions), '[]')
                  )
              )
            )
          )
        )
        order by named.place
      ),
      '[]'
    )
    from unnest(p_outbox.conversations, p_outbox.seqs) with ordinality as named (conversation_id, seq, place)
    join rolecall.conversations as conversation
      on conversation.id = named.conversation_id
      and conversation.kind = 'show'
    join rolecall.messages as message
      on message.conversation_id = named.conversation_id
      and message.seq = named.seq
    left join rolecall.removed_contents as removed
      on removed.conversation_id = named.conversation_id
      and removed.seq = named.seq
    cross join lateral (
      values (case when message.deleted_at is null then message.reactions end)
    ) as shown (reactions)
    cross join lateral (
      select
        array_agg(person.id) as who,
        message.deleted_at is not null and rolecall_internal.moderates_everything(person.role) as sees_removed,
        case
          when shown.reactions is not null
            then rolecall_internal.own_reactions(person.id, named.conversation_id, named.seq)
        end as own_reactions
      from unnest(
        rolecall_internal.told(
          -- Who sent it is told with the first page, online or not.
          case when p_outbox.reached is null then array[conversation.created_by] else '{}' end
            || array_remove(
              rolecall_internal.readers_of_broadcast(p_people, conversation.id, named.seq), conversation.created_by
            ),
          'conversations',
          p_rollouts
        )
      ) as reader (id)
      join rolecall.profiles as person
        on person.id = reader.id
      group by 2, 3
    ) as audience
  );
end
$$;

-- The row p_outbox for the next page of those online: the events, and up to whom the page goes, null at the end.
create or replace function rolecall_internal.wide_events(
  p_outbox rolecall.outbox,
  p_rollouts jsonb,
  out taken_to uuid,
  out events jsonb
)
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_page constant int := 1000;
  v_reached uuid := coalesce(p_outbox.reached, '00000000-0000-0000-0000-000000000000');
  v_online uuid[] := array(
    select user_id
    from rolecall.presence
    where user_id > v_reached
    order by user_id
    limit v_page
  );
  v_told uuid[];
begin
  if cardinality(v_online) = v_page then
    taken_to := v_online[v_page];
  end if;
  if p_outbox.type = 'resync' then
    v_told := rolecall_internal.told(v_online, null, p_rollouts);
    events := case
      when v_told <> '{}' then jsonb_build_array(
        jsonb_build_object(
          'to', v_told,
          'event', rolecall_internal.event_json('resync', p_outbox.id, 1, p_outbox.made_at, '{}')
        )
      )
      else '[]'
    end;
    return;
  end if;

  events := rolecall_internal.broadcast_events(p_outbox, v_online, p_rollouts);
end
$$;
