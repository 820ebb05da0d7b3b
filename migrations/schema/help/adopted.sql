-- The help conversations of the app's own tables (V1), read where they lie. `rolecall-migrate adopt` makes the views of the
-- schema rolecall_adopted over them; without the schema there are none. Nothing here writes to them.

-- The conversations of p_user with p_status (null: any), the newest p_limit that come after (p_at, p_id).
create or replace function rolecall_internal.adopted_conversations(
  p_user uuid,
  p_status text,
  p_at timestamptz,
  p_id uuid,
  p_limit int
)
returns table (id uuid, at timestamptz)
language plpgsql
stable
rows 10
set search_path = pg_catalog, pg_temp
as $$
begin
  if to_regclass('rolecall_adopted.conversations') is null then
    return;
  end if;
  return query execute $query$
    select listed.id, listed.at
    from (
      select conversation.id, coalesce(conversation.updated_at, conversation.created_at, '-infinity') as at
      from rolecall_adopted.conversations as conversation
      where conversation.id in (
          select own.conversation_id
          from rolecall_adopted.conversation_participants as own
          where own.user_id = $1
        )
        and ($2 is null or conversation.status = $2)
    ) as listed
    where (listed.at, listed.id) < ($3, $4)
    order by listed.at desc, listed.id desc
    limit $5
  $query$
  using p_user, p_status, p_at, p_id, p_limit;
end
$$;

-- A conversation of p_user as the lists show it; null when there is none. How far its people have read is the app's to
-- know: nothing of it is shown as new.
create or replace function rolecall_internal.adopted_conversation(p_user uuid, p_conversation uuid)
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_card jsonb;
begin
  if to_regclass('rolecall_adopted.conversations') is null then
    return null;
  end if;
  execute $query$
    select jsonb_build_object(
      'id', conversation.id,
      'version', 'v1',
      'badge', 'Legacy Conversation',
      'help_request', case
        when conversation.help_request_id is not null then (
          select jsonb_build_object('id', conversation.help_request_id, 'title', request.title, 'status', request.status)
          from (values (conversation.help_request_id)) as named (id)
          left join rolecall.help_requests as request
            on request.id = named.id
        )
      end,
      'requester_id', conversation.requester_id,
      'helper_id', conversation.helper_id,
      'status', conversation.status,
      'last_message', (
        select jsonb_build_object(
          'id', message.id,
          'content', message.content,
          'sender_id', message.sender_id,
          'created_at', rolecall_internal.iso(message.created_at)
        )
        from rolecall_adopted.messages as message
        where message.conversation_id = conversation.id
        order by message.created_at desc, message.id desc
        limit 1
      ),
      'unread_count', 0,
      'can_write', false,
      'created_at', rolecall_internal.iso(conversation.created_at),
      'updated_at', rolecall_internal.iso(coalesce(conversation.updated_at, conversation.created_at))
    )
    from rolecall_adopted.conversations as conversation
    where conversation.id = $2
      and exists (
        select
        from rolecall_adopted.conversation_participants as own
        where own.conversation_id = conversation.id
          and own.user_id = $1
      )
  $query$
  into v_card
  using p_user, p_conversation;
  return v_card;
end
$$;

-- The messages of a conversation between two places, the newest p_limit of them or the oldest. In no order.
create or replace function rolecall_internal.adopted_messages(
  p_conversation uuid,
  p_after timestamptz,
  p_after_id uuid,
  p_before timestamptz,
  p_before_id uuid,
  p_newest boolean,
  p_limit int
)
returns table (id uuid, sender_id uuid, content text, created_at timestamptz)
language plpgsql
stable
rows 50
set search_path = pg_catalog, pg_temp
as $$
begin
  if to_regclass('rolecall_adopted.messages') is null then
    return;
  end if;
  return query execute format(
    $query$
      select message.id, message.sender_id, message.content, message.created_at
      from rolecall_adopted.messages as message
      where message.conversation_id = $1
        and (message.created_at, message.id) > ($2, $3)
        and (message.created_at, message.id) < ($4, $5)
      order by message.created_at %1$s, message.id %1$s
      limit $6
    $query$,
    case when p_newest then 'desc' else 'asc' end
  )
  using p_conversation, p_after, p_after_id, p_before, p_before_id, p_limit;
end
$$;

-- When a message of a conversation was written; null when there is none with this id.
create or replace function rolecall_internal.adopted_message_at(p_conversation uuid, p_message uuid)
returns timestamptz
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_at timestamptz;
begin
  if to_regclass('rolecall_adopted.messages') is null then
    return null;
  end if;
  execute $query$
    select created_at
    from rolecall_adopted.messages
    where id = $2
      and conversation_id = $1
  $query$
  into v_at
  using p_conversation, p_message;
  return v_at;
end
$$;
