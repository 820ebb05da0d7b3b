-- The refusal to restore what is not p_user's to restore: what its author deleted, also after others had, what was erased
-- by its age, and for an organizer what a moderator deleted. Null when they may, and of a message that is not deleted.
create or replace function rolecall_internal.refuse_restoration(p_user uuid, p_message rolecall.messages)
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  if p_message.deleted_as = 'author' then
    return rolecall_internal.refusal(
      'permission_denied',
      'A message that its author deleted cannot be restored.',
      'deleted_by_author',
      'Somebody else has deleted the message.'
    );
  end if;
  if p_message.deleted_as = 'retention' then
    return rolecall_internal.refusal(
      'permission_denied',
      'A message that is older than messages are kept cannot be restored.',
      'erased_by_retention',
      'Somebody has deleted the message.'
    );
  end if;
  if p_message.deleted_as = 'moderator'
    and rolecall_internal.deletion_capacity(p_user, p_message.sender_id) = 'organizer'
  then
    return rolecall_internal.refusal(
      'permission_denied',
      'Only a moderator can restore what a moderator has deleted.',
      'deleted_by_moderator',
      'A moderator restores it.'
    );
  end if;
  return null;
end
$$;

-- Applies the restoration of a message by p_user, who is allowed to, and audits it; returns the message as it is then. A
-- message that is not deleted, or not theirs to restore, stays as it is.
create or replace function rolecall_internal.apply_restoration(p_user uuid, p_message uuid, p_report uuid, p_note text)
returns rolecall.messages
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_message rolecall.messages;
  v_before jsonb;
  v_content text;
begin
  perform rolecall_internal.hold_conversations(
    array(select conversation_id from rolecall.messages where id = p_message)
  );
  select *
  into v_message
  from rolecall.messages
  where id = p_message
  for no key update;
  if not found then
    return rolecall_internal.apply_help_restoration(p_user, p_message, p_report, p_note);
  end if;
  if v_message.deleted_at is null
    or rolecall_internal.refuse_restoration(p_user, v_message) is not null
  then
    return v_message;
  end if;

  v_before := jsonb_build_object('deleted', rolecall_internal.deletion_of(v_message));
  -- The message has its content before the kept one goes: without either its versions would be erased.
  select content
  into v_content
  from rolecall.removed_contents
  where conversation_id = v_message.conversation_id
    and seq = v_message.seq;
  update rolecall.messages
  set
    content = v_content,
    deleted_at = null,
    deleted_as = null
  where conversation_id = v_message.conversation_id
    and seq = v_message.seq
  returning *
  into v_message;
  delete from rolecall.removed_contents
  where conversation_id = v_message.conversation_id
    and seq = v_message.seq;
  perform rolecall_internal.audit_moderation(
    p_user,
    'message_restored',
    p_report,
    p_message,
    v_message.sender_id,
    p_note,
    v_before,
    jsonb_build_object('deleted', null)
  );
  return v_message;
end
$$;

-- Restores a message: {message_id, note?}.
create or replace function rolecall_internal.restore_message(p_user uuid, p_input jsonb, p_rollouts jsonb)
returns jsonb
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_id uuid := rolecall_internal.uuid_or_null(p_input ->> 'message_id');
  v_judgement rolecall.judgement := rolecall_internal.judge_moderation(p_user, v_id, p_rollouts);
  v_message rolecall.messages;
begin
  if v_judgement.allowed is distinct from true then
    return v_judgement.refusal;
  end if;
  if rolecall_internal.refuse_note(p_input) is not null then
    return rolecall_internal.refuse_note(p_input);
  end if;

  v_message := rolecall_internal.apply_restoration(p_user, v_id, null, p_input ->> 'note');
  if v_message.deleted_at is not null then
    return rolecall_internal.refuse_restoration(p_user, v_message);
  end if;
  return rolecall_internal.moderated_message(v_message);
end
$$;

create or replace function rolecall_edge.restore_message(p_request jsonb)
returns jsonb
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_call rolecall.call := rolecall_internal.begin_call('moderation.restore', p_request, p_rate => 'moderate');
begin
  if v_call.answer is null then
    v_call.answer := rolecall_internal.restore_message(v_call.caller, v_call.input, v_call.rollouts);
  end if;
  return rolecall_internal.end_call(v_call);
end
$$;
