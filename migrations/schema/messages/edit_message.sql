-- Whether p_user may edit p_message: its author, for as long as the role's window is open, and as often as a message may be
-- edited. New words are judged as if they were sent now, by the rules of its conversation. Who does not read the message
-- hears the same as of one that does not exist.
create or replace function rolecall_internal.judge_edit(p_user uuid, p_message uuid, p_rollouts jsonb)
returns rolecall.judgement
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_actor rolecall.actor := rolecall_internal.actor(p_user, 'messages', p_rollouts);
  v_message rolecall.messages;
  v_conversation rolecall.conversations;
  v_decision rolecall.decision;
begin
  if v_actor.refusal is not null then
    return rolecall_internal.judgement_of_refusal(v_actor.refusal, v_actor.organization_id);
  end if;
  select *
  into v_message
  from rolecall.messages
  where id = p_message;
  select *
  into v_conversation
  from rolecall.conversations
  where id = v_message.conversation_id;
  v_decision := rolecall_internal.decide(
    'edit_message',
    v_actor.role,
    rolecall_internal.role_of_strangers(),
    array[
      'feature_enabled',
      v_actor.suspended,
      case when rolecall_internal.reader_of_message(p_user, v_message, v_conversation) is not null then 'participant' end,
      case when v_message.sender_id = p_user then 'self' end,
      case when v_message.deleted_at is not null then 'deleted' end,
      case
        when coalesce(v_message.version, 1) < rolecall_internal.limit_message_versions()
          and exists (
            select
            from rolecall.edit_windows as edit
            where edit.role = v_actor.role
              and (edit.seconds is null or now() < v_message.created_at + edit.seconds * interval '1 second')
          )
        then 'edit_window'
      end
    ]
  );
  if not v_decision.allowed then
    return rolecall_internal.judgement_of(v_decision, v_actor.organization_id);
  end if;
  if v_conversation.kind = 'show' then
    return (
      rolecall_internal.judge_broadcast(
        p_user,
        v_conversation.show_id,
        (
          select recipient_roles
          from rolecall.broadcasts
          where conversation_id = v_message.conversation_id
            and seq = v_message.seq
        ),
        p_rollouts
      )
    ).judgement;
  end if;
  return rolecall_internal.judge_reply(p_user, v_message.conversation_id, p_rollouts);
end
$$;

-- Edits a message: {message_id, content, base_version?}. A client that names the version that it edits is refused when
-- somebody, on another device, was faster; without one the last edit stands. The same words again change nothing.
create or replace function rolecall_internal.edit_message(p_user uuid, p_input jsonb, p_rollouts jsonb)
returns jsonb
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_id uuid := rolecall_internal.uuid_or_null(p_input ->> 'message_id');
  v_content text := p_input ->> 'content';
  v_base bigint := rolecall_internal.whole_number(p_input -> 'base_version');
  v_most int;
  v_judgement rolecall.judgement := rolecall_internal.judge_edit(p_user, v_id, p_rollouts);
  v_message rolecall.messages;
begin
  if v_judgement.allowed is distinct from true then
    return v_judgement.refusal;
  end if;
  if coalesce(p_input -> 'base_version', 'null') <> 'null' and v_base is null then
    return rolecall_internal.refusal('invalid_input', 'The base_version must be a whole number.');
  end if;

  perform rolecall_internal.hold_conversations(
    array(select conversation_id from rolecall.messages where id = v_id)
  );
  select *
  into v_message
  from rolecall.messages
  where id = v_id
  for no key update;
  -- Judged again, once nothing is left to wait for: what has come to stand in the way since is seen.
  v_judgement := rolecall_internal.judge_edit(p_user, v_id, p_rollouts);
  if v_judgement.allowed is distinct from true then
    return v_judgement.refusal;
  end if;

  select case kind when 'show' then rolecall_internal.limit_broadcast_chars() else rolecall_internal.limit_direct_message_chars() end
  into v_most
  from rolecall.conversations
  where id = v_message.conversation_id;
  if not rolecall_internal.is_text(v_content, 1, v_most) then
    return rolecall_internal.refuse_text('content', v_content, 1, v_most);
  end if;
  if v_base <> coalesce(v_message.version, 1) then
    return rolecall_internal.refusal(
      'edit_conflict',
      format('The message is at version %s, not %s.', coalesce(v_message.version, 1), v_base),
      'edited_since',
      'The edit is based on the newest version.',
      jsonb_build_object('version', coalesce(v_message.version, 1))
    );
  end if;

  if v_message.content <> v_content then
    insert into rolecall.message_edits (conversation_id, seq, version, sender_id, content, written_at)
    values (
      v_message.conversation_id,
      v_message.seq,
      coalesce(v_message.version, 1),
      v_message.sender_id,
      v_message.content,
      coalesce(v_message.edited_at, v_message.created_at)
    );
    update rolecall.messages
    set
      content = v_content,
      version = coalesce(version, 1) + 1,
      edited_at = greatest(now(), edited_at, created_at)
    where conversation_id = v_message.conversation_id
      and seq = v_message.seq;
  end if;
  return rolecall_internal.edited_message(v_message.conversation_id, v_message.seq)
    || jsonb_build_object('org_id', v_judgement.org_id);
end
$$;

-- The answer of an edit: the message as it is now, for its author.
create or replace function rolecall_internal.edited_message(p_conversation uuid, p_seq bigint)
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_message rolecall.messages;
begin
  select *
  into v_message
  from rolecall.messages
  where conversation_id = p_conversation
    and seq = p_seq;
  if not found then
    -- Deleted with its conversation since it was edited.
    return rolecall_internal.refusal('not_found', 'There is no message with this message_id.');
  end if;
  return rolecall_internal.success(
    jsonb_build_object(
      'conversation_id', v_message.conversation_id,
      'revision', v_message.revision,
      'message', rolecall_internal.message_for(v_message.sender_id, v_message)
    )
  );
end
$$;

create or replace function rolecall_edge.edit_message(p_request jsonb)
returns jsonb
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_call rolecall.call := rolecall_internal.begin_call('messages.edit', p_request, p_rate => 'edit_message');
begin
  if v_call.answer is null then
    v_call.answer := rolecall_internal.edit_message(v_call.caller, v_call.input, v_call.rollouts);
    -- Which message it is, and nothing of what it says.
    v_call.kept := jsonb_build_object(
      'conversation_id', v_call.answer #> '{data,conversation_id}',
      'seq', v_call.answer #> '{data,message,seq}'
    );
  elsif v_call.answer -> 'replayed' = 'true' then
    v_call.answer := rolecall_internal.edited_message(
      (v_call.answer #>> '{data,conversation_id}')::uuid,
      (v_call.answer #>> '{data,seq}')::bigint
    ) || '{"replayed": true}';
  end if;
  return rolecall_internal.end_call(v_call);
end
$$;
