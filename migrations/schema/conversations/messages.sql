-- The messages of a conversation: {conversation_id, limit, before_seq?, since_seq?, changed_since?}: the newest ones, those
-- before a number, or, to catch up, those since one, and those of before that have changed after a revision. The answer's
-- member "reader" says as what p_user reads them.
--
-- Stable, so that all of it sees one moment: the card fits the messages, whoever writes meanwhile.
create or replace function rolecall_internal.read_messages(
  p_user uuid,
  p_input jsonb,
  p_rollouts jsonb
)
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_actor rolecall.actor := rolecall_internal.actor(p_user, 'conversations', p_rollouts);
  v_limit int := rolecall_internal.page_size(p_input, rolecall_internal.limit_messages_page());
  v_before bigint := rolecall_internal.whole_number(p_input -> 'before_seq');
  v_since bigint := rolecall_internal.whole_number(p_input -> 'since_seq');
  v_changed_since bigint := rolecall_internal.whole_number(p_input -> 'changed_since');
  v_conversation rolecall.conversations;
  v_reader text;
  v_removed boolean := rolecall_internal.sees_removed(v_actor);
  v_audience_of uuid;
  v_messages jsonb;
  v_first bigint;
  v_last bigint;
  v_revision bigint;
  v_more_before boolean := false;
  v_more_after boolean;
begin
  if v_actor.refusal is not null then
    return v_actor.refusal;
  end if;
  if coalesce(p_input -> 'before_seq', 'null') <> 'null' and v_before is null then
    return rolecall_internal.refusal('invalid_input', 'The before_seq must be a whole number.');
  end if;
  if coalesce(p_input -> 'since_seq', 'null') <> 'null' and v_since is null then
    return rolecall_internal.refusal('invalid_input', 'The since_seq must be a whole number.');
  end if;
  if coalesce(p_input -> 'changed_since', 'null') <> 'null' and v_changed_since is null then
    return rolecall_internal.refusal('invalid_input', 'The changed_since must be a whole number.');
  end if;

  select *
  into v_conversation
  from rolecall.conversations
  where id = rolecall_internal.uuid_or_null(p_input ->> 'conversation_id');
  v_reader := rolecall_internal.reader_of(p_user, v_conversation);
  if v_reader is null then
    return rolecall_internal.refuse_unknown_conversation(p_user, v_conversation.id);
  end if;
  v_audience_of := case when v_reader = 'audience' then v_conversation.show_id end;
  select
    coalesce(
      jsonb_agg(
        rolecall_internal.message_for(p_user, message, case when v_removed then removed.content end)
        order by case when v_changed_since is null then message.seq else message.revision end
      ),
      '[]'
    ),
    min(message.seq),
    max(message.seq),
    max(message.revision)
  into v_messages, v_first, v_last, v_revision
  from (
    select *
    from rolecall_internal.visible_messages(
      p_user, v_conversation.id, v_audience_of, v_since, v_before, v_since is null, v_limit
    )
    where v_changed_since is null
    union all
    select *
    from rolecall_internal.changed_messages(p_user, v_conversation.id, v_audience_of, v_changed_since, v_limit)
    where v_changed_since is not null
  ) as message
  left join rolecall.removed_contents as removed
    on removed.conversation_id = message.conversation_id
    and removed.seq = message.seq;

  if v_changed_since is not null then
    v_more_after := v_revision is not null and exists (
      select
      from rolecall_internal.changed_messages(p_user, v_conversation.id, v_audience_of, v_revision, 1)
    );
  else
    -- A page without messages is where they would be.
    v_first := coalesce(v_first, v_since + 1, v_before);
    v_last := coalesce(v_last, v_before - 1, v_since);
    v_more_before := v_first is not null and exists (
      select
      from rolecall_internal.visible_messages(p_user, v_conversation.id, v_audience_of, null, v_first, true, 1)
    );
    v_more_after := v_last is not null and exists (
      select
      from rolecall_internal.visible_messages(p_user, v_conversation.id, v_audience_of, v_last, null, false, 1)
    );
  end if;

  return rolecall_internal.success(
    jsonb_build_object(
      'conversation',
      rolecall_internal.conversation_cards(
        p_user,
        array[v_conversation.id],
        array[v_reader],
        p_rollouts
      ) -> 0,
      'messages', v_messages,
      'has_more_before', v_more_before,
      'has_more_after', v_more_after,
      -- Where a client goes on that asks for changes.
      'revision', case when v_changed_since is not null and v_more_after then v_revision else v_conversation.revision end
    )
  ) || jsonb_build_object('reader', v_reader);
end
$$;

create or replace function rolecall_edge.messages(p_request jsonb)
returns jsonb
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_call rolecall.call := rolecall_internal.begin_call(
    'conversations.messages',
    p_request,
    p_rate => 'read',
    p_keyed => false
  );
begin
  if v_call.answer is null then
    v_call.answer := rolecall_internal.read_messages(
      v_call.caller,
      v_call.input,
      v_call.rollouts
    );
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
