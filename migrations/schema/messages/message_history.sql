-- Every version of a message, the first one first: {message_id}. Whoever reads the message reads them; of a deleted one
-- only who reads removed contents does. The answer's member "reader" says as what p_user reads it.
create or replace function rolecall_internal.message_history(p_user uuid, p_input jsonb, p_rollouts jsonb)
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_actor rolecall.actor := rolecall_internal.actor(p_user, 'messages', p_rollouts);
  v_message rolecall.messages;
  v_conversation rolecall.conversations;
  v_reader text;
  v_content text;
begin
  if v_actor.refusal is not null then
    return v_actor.refusal;
  end if;
  select *
  into v_message
  from rolecall.messages
  where id = rolecall_internal.uuid_or_null(p_input ->> 'message_id');
  select *
  into v_conversation
  from rolecall.conversations
  where id = v_message.conversation_id;
  v_reader := rolecall_internal.reader_of_message(p_user, v_message, v_conversation);
  if v_reader is null then
    return rolecall_internal.refusal(
      'not_found',
      'None of your conversations has a message with this id.',
      'not_a_participant',
      'You take part in the conversation.'
    );
  end if;
  v_content := v_message.content;
  if v_message.deleted_at is not null then
    if not rolecall_internal.sees_removed(v_actor) then
      return rolecall_internal.refusal(
        'permission_denied',
        'Only moderators read what a deleted message said.',
        'message_deleted',
        'The message is restored.'
      );
    end if;
    select content
    into v_content
    from rolecall.removed_contents
    where conversation_id = v_message.conversation_id
      and seq = v_message.seq;
  end if;
  return rolecall_internal.success(
    jsonb_build_object(
      'message_id', v_message.id,
      'conversation_id', v_message.conversation_id,
      'seq', v_message.seq,
      'versions', (
        select jsonb_agg(
          jsonb_build_object(
            'version', written.version,
            'content', written.content,
            'written_at', rolecall_internal.iso(written.written_at)
          )
          order by written.version
        )
        from (
          select edit.version, edit.content, edit.written_at
          from rolecall.message_edits as edit
          where edit.conversation_id = v_message.conversation_id
            and edit.seq = v_message.seq
          union all
          -- Null where it was erased for good.
          select coalesce(v_message.version, 1), v_content, coalesce(v_message.edited_at, v_message.created_at)
        ) as written
      )
    )
  ) || jsonb_build_object('reader', v_reader);
end
$$;

create or replace function rolecall_edge.message_history(p_request jsonb)
returns jsonb
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_call rolecall.call := rolecall_internal.begin_call(
    'messages.history',
    p_request,
    p_rate => 'read',
    p_keyed => false
  );
begin
  if v_call.answer is null then
    v_call.answer := rolecall_internal.message_history(v_call.caller, v_call.input, v_call.rollouts);
    if v_call.answer ->> 'reader' = 'moderator' then
      perform rolecall_internal.log_event(
        v_call,
        'conversation_read_by_moderator',
        p_conversation => (v_call.answer #>> '{data,conversation_id}')::uuid
      );
    end if;
    v_call.answer := v_call.answer - 'reader';
  end if;
  return rolecall_internal.end_call(v_call);
end
$$;
