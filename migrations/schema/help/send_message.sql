create or replace function rolecall_internal.count_help_messages()
returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  insert into rolecall.help_message_counts as counted (conversation_id, messages)
  select conversation_id, count(*)
  from added
  group by conversation_id
  order by conversation_id
  on conflict (conversation_id) do update
  set messages = counted.messages + excluded.messages;
  return null;
end
$$;

create or replace function rolecall_internal.discount_help_messages()
returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  update rolecall.help_message_counts as counted
  set messages = counted.messages - gone_of.messages
  from (
    select conversation_id, count(*) as messages
    from gone
    group by conversation_id
  ) as gone_of
  where counted.conversation_id = gone_of.conversation_id;
  return null;
end
$$;

-- Writes a message into a help conversation of one's own.
create or replace function public.send_message_v2(
  p_conversation_id uuid,
  p_sender_id uuid,
  p_content text
)
returns jsonb
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_answer jsonb := rolecall_internal.refuse_other_than_caller(p_sender_id);
  v_conversation public.conversations_v2;
  v_message public.messages_v2;
begin
  if v_answer is null then
    -- Held until the commit, so that it cannot be closed meanwhile.
    select *
    into v_conversation
    from public.conversations_v2
    where id = p_conversation_id
      and p_sender_id in (requester_id, helper_id)
    for no key update;
    if v_conversation.id is null then
      v_answer := rolecall_internal.refusal('not_found', 'You have no conversation with this id.');
    elsif v_conversation.status <> 'active' then
      v_answer := rolecall_internal.refusal(
        'conversation_read_only',
        'This conversation is closed.',
        'conversation_read_only',
        'The conversation is opened again.'
      );
    elsif not rolecall_internal.has_length(p_content, 1, rolecall_internal.limit_direct_message_chars()) then
      v_answer := rolecall_internal.refuse_length('content', 1, rolecall_internal.limit_direct_message_chars());
    else
      v_answer := rolecall_internal.refuse_help_writer(
        p_sender_id,
        -- The flag start-conversation is not asked: who was written to can answer, included or not.
        rolecall_internal.actor(p_sender_id, null, null),
        case p_sender_id
          when v_conversation.helper_id then v_conversation.requester_id
          else v_conversation.helper_id
        end
      );
    end if;
  end if;
  if v_answer is null then
    update public.conversations_v2
    set updated_at = now()
    where id = p_conversation_id;
    insert into public.messages_v2 (conversation_id, sender_id, content)
    values (p_conversation_id, p_sender_id, p_content)
    returning *
    into v_message;
    v_answer := rolecall_internal.success(jsonb_build_object('message', rolecall_internal.help_message(v_message)));
  end if;
  return rolecall_internal.finish('send_message_v2', '{}', auth.uid(), v_answer);
end
$$;

-- A help conversation of one's own with its newest 200 messages, oldest first.
create or replace function public.get_conversation_v2(p_conversation_id uuid, p_user_id uuid)
returns jsonb
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_answer jsonb := rolecall_internal.refuse_other_than_caller(p_user_id);
  v_conversation public.conversations_v2;
  v_messages jsonb;
  v_count bigint;
begin
  if v_answer is null then
    select *
    into v_conversation
    from public.conversations_v2
    where id = p_conversation_id
      and p_user_id in (requester_id, helper_id);
    if not found then
      v_answer := rolecall_internal.refusal('not_found', 'You have no conversation with this id.');
    else
      select coalesce(jsonb_agg(rolecall_internal.help_message(newest) order by newest.created_at, newest.id), '[]')
      into v_messages
      from (
        select *
        from public.messages_v2
        where conversation_id = p_conversation_id
        order by created_at desc, id desc
        limit 200
      ) as newest;
      select messages
      into v_count
      from rolecall.help_message_counts
      where conversation_id = p_conversation_id;
      v_answer := rolecall_internal.success(
        jsonb_build_object(
          'conversation_id', v_conversation.id,
          'version', 'v2',
          'help_request_id', v_conversation.help_request_id,
          'requester_id', v_conversation.requester_id,
          'helper_id', v_conversation.helper_id,
          'status', v_conversation.status,
          'created_at', rolecall_internal.iso(v_conversation.created_at),
          'updated_at', rolecall_internal.iso(v_conversation.updated_at),
          'message_count', coalesce(v_count, 0),
          'messages', v_messages
        )
      );
    end if;
  end if;
  return rolecall_internal.finish('get_conversation_v2', '{}', auth.uid(), v_answer);
end
$$;
