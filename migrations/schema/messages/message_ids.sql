-- Ids of direct messages that clients choose: a client that does not know whether a message was sent sends it again with
-- its id, whenever that is. An Idempotency-Key is forgotten after 24 hours, a message is not.
--
-- An id is looked up among the messages, which know it for as long as they are there; so nothing grows with the ids. No
-- index makes them unique, since messages may be partitioned by conversation. Two requests with one id at the same time
-- are settled by the id's slot, one of 65,536 rows: whoever sends with an id holds it until the commit, and looks in a
-- statement that begins after that. Ids share slots, which costs a wait and nothing else. An advisory lock would do the
-- same, but each takes a place in the memory of all locks of the server, of which one user's arrays could leave none;
-- and a table of all ids that were ever chosen would grow by a third of the messages.
--
-- Slots come before every other lock of a request, in their order. A request without an id takes none.

-- The id that a client chose: any uuid but the nil and the max uuid (RFC 9562 sections 5.9 and 5.10).
create or replace function rolecall_internal.message_id(p_text text)
returns uuid
language sql
immutable
return case
  when rolecall_internal.uuid_or_null(p_text)
    not in ('00000000-0000-0000-0000-000000000000', 'ffffffff-ffff-ffff-ffff-ffffffffffff')
  then p_text::uuid
end;

create or replace function rolecall_internal.refuse_message_id()
returns jsonb
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
begin
  return rolecall_internal.refusal('invalid_input', 'The message_id is not a uuid that can name a message.');
end
$$;

-- The answer to a message whose id is taken: by the same message, by another of the sender's in the same place, or by
-- anything else, of which nothing is told.
create or replace function rolecall_internal.answer_taken_id(p_is_own boolean, p_is_same boolean, p_data jsonb)
returns jsonb
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
begin
  if p_is_own and p_is_same then
    return jsonb_build_object('ok', true, 'data', p_data, 'replayed', true);
  elsif p_is_own then
    return rolecall_internal.refusal(
      'idempotency_conflict',
      'A message with this message_id was sent, and it was not this one.',
      'message_id_reused',
      'The message is sent with an id of its own, or exactly as it was sent the first time.'
    );
  end if;
  return rolecall_internal.refusal(
    'message_id_taken',
    'This message_id is taken.',
    'message_id_taken',
    'The message is sent with an id of its own.'
  );
end
$$;

-- Holds the ids of these requests, and answers those whose id is taken; null in the place of the others. What a deleted
-- message said is no longer known, so its id alone says that it was sent. Nothing but the message counts: neither that
-- the conversation was closed since, nor that the sender was suspended.
create or replace function rolecall_internal.known_dms(p_items rolecall.dm_item[])
returns jsonb[]
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
-- A look by the index for each id, whatever the planner thinks of the table's size.
set plan_cache_mode = force_generic_plan
as $$
begin
  insert into rolecall.message_id_slots as held (slot)
  select distinct uuid_hash(item.message_id) & 65535
  from unnest(p_items) as item
  where item.message_id is not null
    and item.caller is not null
    and item.is_user
  order by 1
  -- The conflict alone locks the row.
  on conflict (slot) do update
  set slot = excluded.slot
  where false;

  -- A statement of its own, which sees what was committed while that one waited.
  return (
    select array_agg(known.answer order by item.number)
    from unnest(p_items) as item
    left join lateral (
      select rolecall_internal.answer_taken_id(
        coalesce(
          message.sender_id = item.caller
          and not message.legacy
          and conversation.kind = 'direct'
          and case
            when item.is_reply then conversation.id = item.conversation
            else
              conversation.participant_low = least(item.caller, item.recipient)
              and conversation.participant_high = greatest(item.caller, item.recipient)
          end,
          false
        ),
        message.deleted_at is not null
          or coalesce(
            -- What it said when it was sent.
            case
              when message.version > 1 then (
                select edit.content
                from rolecall.message_edits as edit
                where edit.conversation_id = message.conversation_id
                  and edit.seq = message.seq
                  and edit.version = 1
              )
              else message.content
            end = item.content
            and (item.is_reply or message.show_id is not distinct from item.show_id),
            false
          ),
        jsonb_build_object(
          'message_id', message.id,
          'conversation_id', message.conversation_id,
          'seq', message.seq,
          'created_at', rolecall_internal.iso(message.created_at)
        )
      ) as answer
      from rolecall.messages as message
      join rolecall.conversations as conversation
        on conversation.id = message.conversation_id
      where message.id = item.message_id
      union all
      -- Moderators name messages of both kinds by their ids alone.
      select rolecall_internal.answer_taken_id(false, false, null)
      where exists (select from public.messages_v2 where id = item.message_id)
        or exists (select from rolecall.removed_help_messages where message_id = item.message_id)
      limit 1
    ) as known
      on item.message_id is not null
      and item.caller is not null
      and item.is_user
  );
end
$$;

-- The same for a single request: only what decides is taken out of it.
create or replace function rolecall_internal.known_dm(p_request jsonb)
returns jsonb
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_input jsonb := p_request -> 'input';
  v_item rolecall.dm_item;
begin
  v_item.number := 1;
  v_item.caller := rolecall_internal.uuid_or_null(p_request #>> '{claims,sub}');
  v_item.is_user := coalesce(p_request #>> '{claims,role}' = 'authenticated', false);
  v_item.message_id := rolecall_internal.message_id(v_input ->> 'message_id');
  v_item.content := v_input ->> 'content';
  v_item.is_reply := v_input ->> 'conversation_id' is not null;
  if v_item.is_reply then
    v_item.conversation := rolecall_internal.uuid_or_null(v_input ->> 'conversation_id');
  else
    v_item.recipient := rolecall_internal.uuid_or_null(v_input ->> 'recipient_id');
    v_item.show_id := rolecall_internal.uuid_or_null(v_input ->> 'show_id');
  end if;
  return (rolecall_internal.known_dms(array[v_item]))[1];
end
$$;
