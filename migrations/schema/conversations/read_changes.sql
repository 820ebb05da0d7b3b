-- What has changed in a conversation since a revision: {conversation_id, since_revision, limit}: the messages that were
-- deleted, restored, erased or written over, each as it is now, with the card, and how far its people have read. It is
-- read_messages with changed_since, in a form of its own.
create or replace function rolecall_internal.read_changes(p_user uuid, p_input jsonb, p_rollouts jsonb)
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_answer jsonb;
  v_conversation uuid;
begin
  if rolecall_internal.whole_number(p_input -> 'since_revision') is null then
    return rolecall_internal.refusal('invalid_input', 'The since_revision must be a whole number.');
  end if;
  v_answer := rolecall_internal.read_messages(
    p_user,
    jsonb_build_object(
      'conversation_id', p_input -> 'conversation_id',
      'changed_since', p_input -> 'since_revision',
      'limit', p_input -> 'limit'
    ),
    p_rollouts
  );
  if v_answer -> 'ok' = 'false' then
    return v_answer;
  end if;
  v_conversation := (v_answer #>> '{data,conversation,id}')::uuid;
  return v_answer || jsonb_build_object(
    'data', jsonb_build_object(
      'messages', v_answer #> '{data,messages}',
      'conversation', v_answer #> '{data,conversation}',
      'marks', rolecall_internal.read_marks(p_user, v_conversation, v_answer ->> 'reader'),
      'revision', v_answer #> '{data,revision}',
      'more', v_answer #> '{data,has_more_after}'
    )
  );
end
$$;

-- How far people have read, as p_user sees it: both people of a direct conversation; of broadcasts the user alone, whose
-- audience is nobody else's to see. Who moderates sees none.
create or replace function rolecall_internal.read_marks(p_user uuid, p_conversation uuid, p_reader text)
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  return (
    select coalesce(
      jsonb_agg(jsonb_build_object('user_id', mark.user_id, 'last_read_seq', mark.last_read_seq) order by mark.user_id),
      '[]'
    )
    from (
      select own.user_id, own.last_read_seq
      from rolecall.conversation_participants as own
      where own.conversation_id = p_conversation
        and p_reader = 'people'
      union all
      select receipt.user_id, receipt.last_read_seq
      from rolecall.broadcast_receipts as receipt
      where receipt.conversation_id = p_conversation
        and receipt.user_id = p_user
        and p_reader = 'audience'
    ) as mark
  );
end
$$;

create or replace function rolecall_edge.conversation_changes(p_request jsonb)
returns jsonb
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_call rolecall.call := rolecall_internal.begin_call(
    'conversations.changes',
    p_request,
    p_rate => 'read',
    p_keyed => false
  );
begin
  if v_call.answer is null then
    v_call.answer := rolecall_internal.read_changes(v_call.caller, v_call.input, v_call.rollouts);
    if v_call.answer ->> 'reader' = 'moderator' then
      perform rolecall_internal.log_event(
        v_call,
        'conversation_read_by_moderator',
        p_conversation => (v_call.answer #>> '{data,conversation,id}')::uuid
      );
    end if;
    v_call.answer := v_call.answer - 'reader';
  end if;
  return rolecall_internal.end_call(v_call);
end
$$;
