-- Starts the conversation of p_helper about a help request with its first message. p_recipient is null where the request
-- names nobody. Offers are taken until the requester or an end says otherwise; the first says that help is under way.
create or replace function rolecall_internal.start_help_conversation(
  p_helper uuid,
  p_help_request uuid,
  p_initial_message text,
  p_recipient uuid,
  p_rollouts jsonb
)
returns jsonb
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_status text;
  v_request rolecall.help_requests;
  v_refusal jsonb;
  v_conversation uuid;
  v_message public.messages_v2;
begin
  -- Held until the commit, so that the request cannot be closed between being looked at and being answered. The first
  -- helper changes it; the others do not wait for each other. One that the requester opens again at this moment stays open.
  select status
  into v_status
  from rolecall.help_requests
  where id = p_help_request;
  if v_status = 'open' then
    select *
    into v_request
    from rolecall.help_requests
    where id = p_help_request
    for no key update;
  else
    select *
    into v_request
    from rolecall.help_requests
    where id = p_help_request
    for share;
  end if;

  v_refusal := rolecall_internal.refuse_help_writer(
    p_helper, v_request.requester_id, null, 'start-conversation', p_rollouts
  );
  if v_refusal is not null then
    return v_refusal;
  end if;
  if not rolecall_internal.is_text(
    p_initial_message,
    rolecall_internal.limit_help_message_min_chars(),
    rolecall_internal.limit_help_message_max_chars()
  ) then
    return rolecall_internal.refuse_text(
      'initial_message',
      p_initial_message,
      rolecall_internal.limit_help_message_min_chars(),
      rolecall_internal.limit_help_message_max_chars()
    );
  end if;
  if v_request.id is null then
    return rolecall_internal.refusal('help_request_not_found', 'There is no help request with this id.');
  end if;
  if v_request.requester_id = p_helper then
    return rolecall_internal.refusal(
      'invalid_input',
      'You cannot offer help on your own request.',
      'own_help_request',
      'The help request is somebody else''s.'
    );
  end if;
  v_refusal := rolecall_internal.refuse_other_recipient(p_recipient, v_request.requester_id);
  if v_refusal is not null then
    return v_refusal;
  end if;
  if v_request.status not in ('open', 'in_progress') then
    return rolecall_internal.refusal(
      'help_request_unavailable',
      'This help request is no longer open.',
      'help_request_not_open',
      'The requester reopens it.'
    );
  end if;

  insert into public.conversations_v2 (help_request_id, requester_id, helper_id, initial_message)
  values (p_help_request, v_request.requester_id, p_helper, p_initial_message)
  on conflict (help_request_id, helper_id) do nothing
  returning id
  into v_conversation;
  if v_conversation is null then
    select id
    into v_conversation
    from public.conversations_v2
    where help_request_id = p_help_request
      and helper_id = p_helper;
    return rolecall_internal.refusal(
      'conversation_exists',
      'You already have a conversation about this help request.',
      'one_conversation_per_helper',
      'You write into the conversation that exists.',
      jsonb_build_object('conversation_id', v_conversation)
    );
  end if;

  -- Judged again, once nothing is left to wait for: the insert may have waited for another one of the same helper.
  v_refusal := rolecall_internal.refuse_help_writer(
    p_helper, v_request.requester_id, null, 'start-conversation', p_rollouts
  );
  if v_refusal is not null then
    delete from public.conversations_v2
    where id = v_conversation;
    return v_refusal;
  end if;

  insert into public.messages_v2 (conversation_id, sender_id, content)
  values (v_conversation, p_helper, p_initial_message)
  returning *
  into v_message;
  if v_status = 'open' then
    update rolecall.help_requests
    set status = 'in_progress'
    where id = p_help_request
      and status = 'open';
  end if;

  return rolecall_internal.success(
    jsonb_build_object(
      'conversation_id', v_conversation,
      'version', 'v2',
      'message', rolecall_internal.help_message(v_message)
    )
  );
end
$$;

create or replace function rolecall_internal.help_message(p_message public.messages_v2)
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  return jsonb_build_object(
    'id', p_message.id,
    'content', p_message.content,
    'sender_id', p_message.sender_id,
    'created_at', rolecall_internal.iso(p_message.created_at)
  );
end
$$;

-- What is kept of the data of an answer that shows a message: all but its content.
create or replace function rolecall_internal.kept_help_message(p_data jsonb)
returns jsonb
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
begin
  return p_data #- '{message,content}';
end
$$;

-- The kept answer with the content of its message as it is now; of a deleted message, with the words that stand for it.
create or replace function rolecall_internal.replayed_help_message(p_answer jsonb)
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  return jsonb_set(
    p_answer,
    '{data,message,content}',
    to_jsonb(
      coalesce(
        (
          select content
          from public.messages_v2
          where id = (p_answer #>> '{data,message,id}')::uuid
        ),
        (
          select rolecall_internal.help_placeholder(deleted_as)
          from rolecall.removed_help_messages
          where message_id = (p_answer #>> '{data,message,id}')::uuid
        ),
        '[deleted by its author]'
      )
    )
  );
end
$$;

-- The refusal of a request that names somebody as the recipient who is not the one.
create or replace function rolecall_internal.refuse_other_recipient(p_recipient uuid, p_other uuid)
returns jsonb
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
begin
  if p_recipient <> p_other then
    return rolecall_internal.refusal(
      'invalid_input',
      'The recipient_id is not the other person of this conversation.',
      'another_recipient',
      'The recipient_id is left out, or is the other person.'
    );
  end if;
  return null;
end
$$;

-- The three RPCs of help conversations are called through PostgREST, by users and with their rights. They take the caller
-- from the verified claims; a user id among the arguments must be the caller's. Refusals are answers, as everywhere.

-- The answer of such an RPC, flat, as the adopters' code reads it: {success, message, ...} or {success, error, message}.
create or replace function rolecall_internal.flat_answer(p_answer jsonb, p_message text, p_members jsonb)
returns jsonb
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
begin
  if p_answer -> 'ok' = 'true' then
    return jsonb_strip_nulls(jsonb_build_object('success', true, 'message', p_message)) || p_members;
  end if;
  return jsonb_strip_nulls(
    jsonb_build_object(
      'success', false,
      'error', p_answer -> 'code',
      'message', p_answer -> 'detail',
      'conversation_id', p_answer #> '{data,conversation_id}'
    )
  );
end
$$;

create or replace function rolecall_internal.refuse_other_than_caller(p_user uuid)
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  if auth.uid() is null then
    return rolecall_internal.refusal('unauthenticated', 'A valid bearer token of a user is required.');
  end if;
  if p_user is distinct from auth.uid() then
    return rolecall_internal.refusal(
      'permission_denied',
      'You cannot act for somebody else.',
      'impersonation',
      'The named user is you.'
    );
  end if;
  return null;
end
$$;

-- Starts a help conversation, for the adopters' RPC.
create or replace function public.create_conversation_atomic(
  p_help_request_id uuid,
  p_helper_id uuid,
  p_initial_message text
)
returns jsonb
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_call rolecall.call := rolecall_internal.begin_rpc(
    'create_conversation_atomic',
    p_helper_id,
    jsonb_build_object('help_request_id', p_help_request_id, 'initial_message', p_initial_message),
    p_rate => 'start_conversation'
  );
begin
  if v_call.answer is null then
    v_call.answer := rolecall_internal.start_help_conversation(
      v_call.caller, p_help_request_id, rolecall_internal.trimmed(p_initial_message), null, v_call.rollouts
    );
    v_call.kept := rolecall_internal.kept_help_message(v_call.answer -> 'data');
  elsif v_call.answer -> 'replayed' = 'true' then
    v_call.answer := rolecall_internal.replayed_help_message(v_call.answer);
  end if;
  v_call.answer := rolecall_internal.end_call(v_call);
  return rolecall_internal.flat_answer(
    v_call.answer,
    'Conversation started.',
    jsonb_build_object('conversation_id', v_call.answer #> '{data,conversation_id}')
  );
end
$$;

create or replace function rolecall_edge.start_conversation(p_request jsonb)
returns jsonb
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_call rolecall.call := rolecall_internal.begin_call('start-conversation', p_request, p_rate => 'start_conversation');
begin
  if v_call.answer is null then
    v_call.answer := rolecall_internal.start_help_conversation(
      v_call.caller,
      rolecall_internal.uuid_or_null(v_call.input ->> 'help_request_id'),
      v_call.input ->> 'initial_message',
      rolecall_internal.uuid_or_null(v_call.input ->> 'recipient_id'),
      v_call.rollouts
    );
    v_call.kept := rolecall_internal.kept_help_message(v_call.answer -> 'data');
  elsif v_call.answer -> 'replayed' = 'true' then
    v_call.answer := rolecall_internal.replayed_help_message(v_call.answer);
  end if;
  return rolecall_internal.end_call(v_call);
end
$$;
