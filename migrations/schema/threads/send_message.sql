-- Sends a message into a thread: {thread_id, content, media_urls?, filter, encoding, segments}. The function says what the
-- filter found in the content, and how the carrier counts it. Owner, admin and sitter write to the client's phone: the
-- message is queued for the carrier in this transaction. A client with an account writes as if by text: it is routed.
create or replace function rolecall_internal.send_thread_message(p_user uuid, p_input jsonb, p_rollouts jsonb)
returns jsonb
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_content text := p_input ->> 'content';
  v_media text[] := '{}';
  v_thread uuid := rolecall_internal.uuid_or_null(p_input ->> 'thread_id');
  v_actor rolecall.thread_actor;
  v_judgement rolecall.judgement;
  v_client rolecall.clients;
  v_held jsonb;
  v_message rolecall.thread_messages;
  v_routed jsonb;
  v_outbox uuid;
begin
  -- The function has looked for control characters; a look at each character here would cost every message.
  if coalesce(char_length(v_content) not between 1 and rolecall_internal.limit_thread_message_chars(), true)
    or not rolecall_internal.has_visible(v_content)
  then
    return rolecall_internal.refuse_text('content', v_content, 1, rolecall_internal.limit_thread_message_chars());
  end if;
  -- Without the filter's word nothing is sent.
  if jsonb_typeof(p_input #> '{filter,violations}') is distinct from 'array' then
    return rolecall_internal.refusal('invalid_input', 'The message did not pass the filter.');
  end if;
  if coalesce(p_input -> 'media_urls', 'null') <> 'null' then
    if jsonb_typeof(p_input -> 'media_urls') <> 'array'
      or jsonb_array_length(p_input -> 'media_urls') > rolecall_internal.limit_media_urls()
    then
      return rolecall_internal.refusal(
        'invalid_input', format('The media_urls are a list of up to %s links.', rolecall_internal.limit_media_urls())
      );
    end if;
    v_media := array(select jsonb_array_elements_text(p_input -> 'media_urls'));
  end if;

  v_actor := rolecall_internal.thread_actor(p_user, v_thread, p_rollouts);
  v_judgement := rolecall_internal.judge_thread('send_to_thread', v_actor);
  if v_judgement.allowed is distinct from true then
    return rolecall_internal.refuse_message(v_judgement, p_user, v_actor);
  end if;

  if rolecall_internal.reads_own_thread(v_actor.organization_role) then
    -- The client before the thread, as everywhere.
    select *
    into v_client
    from rolecall.clients
    where organization_id = v_actor.organization_id
      and id = v_actor.client_id
    for no key update;
    v_routed := rolecall_internal.route_text(
      v_client, null, v_content, v_media, p_input -> 'filter', p_author => p_user
    );
    if v_routed ->> 'decision' = 'blocked' then
      return rolecall_internal.refuse_poaching(v_routed ->> 'reply', v_actor.organization_id);
    end if;
    return jsonb_build_object(
      'ok', true,
      'data', jsonb_build_object(
        'message_id', v_routed -> 'message_id',
        'thread_id', v_thread,
        'seq', v_routed -> 'seq',
        'delivery', v_routed -> 'delivery',
        'number_class', v_routed -> 'number_class',
        'encoding', p_input -> 'encoding',
        'segments', p_input -> 'segments'
      ),
      'org_id', v_actor.organization_id
    );
  end if;

  if jsonb_array_length(p_input #> '{filter,violations}') > 0 then
    v_held := rolecall_internal.held_back(v_actor.organization_id, p_input -> 'filter');
  end if;
  v_message.organization_id := v_actor.organization_id;
  v_message.thread_id := v_thread;
  v_message.direction := 'outbound';
  v_message.client_id := v_actor.client_id;
  v_message.author_id := p_user;
  v_message.sitter_id := case when rolecall_internal.reads_assigned_threads(v_actor.organization_role) then p_user end;
  v_message.content := v_content;
  v_message.media_urls := v_media;
  v_message.delivery := case when v_held is null then 'queued' else 'blocked' end;
  v_message.encoding := case when p_input ->> 'encoding' in ('gsm_7', 'ucs_2') then p_input ->> 'encoding' end;
  -- Not whole_number, whose call costs more than the look.
  if jsonb_typeof(p_input -> 'segments') = 'number' then
    v_message.segments := least(greatest((p_input ->> 'segments')::numeric, 0), 100);
  end if;
  v_message := rolecall_internal.append_message(v_message);

  -- Its own statement, once the thread is held: what has come to stand in the way meanwhile is seen. The function sends the
  -- request once more, and it is judged as if it had only just come.
  if rolecall_internal.thread_actor_changed(p_user, v_actor, p_rollouts) then
    raise exception 'The sender was stopped while the message waited.'
      using errcode = 'serialization_failure';
  end if;

  if v_held is not null then
    perform rolecall_internal.record_attempt(
      v_message,
      array(select jsonb_array_elements_text(v_held -> 'violations')),
      v_held ->> 'redacted'
    );
    return rolecall_internal.refuse_poaching(null, v_actor.organization_id);
  end if;
  v_outbox := rolecall_internal.enqueue_sms(v_message);
  return jsonb_build_object(
    'ok', true,
    'data', jsonb_build_object(
      'message_id', v_message.id,
      'thread_id', v_thread,
      'seq', v_message.seq,
      'delivery', v_message.delivery,
      'number_class', v_actor.number_class,
      'encoding', v_message.encoding,
      'segments', v_message.segments
    ),
    'org_id', v_actor.organization_id
  );
end
$$;

-- The refusal of a message that the filter held back. It is friendly, and says nothing of what was found.
create or replace function rolecall_internal.refuse_poaching(p_sentence text, p_org uuid)
returns jsonb
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
begin
  return rolecall_internal.refusal(
    'anti_poaching_blocked',
    coalesce(
      p_sentence,
      'This message was not sent. To keep everybody safe, contact details, links and payments stay out of messages; please write it without them.'
    ),
    'anti_poaching_blocked',
    'The message has no contact details and does not ask to meet, book or pay elsewhere, or the office sends it.'
  ) || jsonb_build_object('org_id', p_org);
end
$$;

create or replace function rolecall_edge.send_thread_message(p_request jsonb)
returns jsonb
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_call rolecall.call := rolecall_internal.begin_call(
    'send-thread-message',
    p_request,
    p_rate => 'send_thread_message'
  );
begin
  if v_call.answer is null then
    v_call.answer := rolecall_internal.send_thread_message(v_call.caller, v_call.input, v_call.rollouts);
  end if;
  return rolecall_internal.end_call(v_call);
end
$$;
