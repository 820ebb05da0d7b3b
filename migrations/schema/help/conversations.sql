-- Reading help conversations: the list and one with its messages. Whoever takes part reads, suspended, blocked or in a
-- conversation that has ended, too.

-- A page of the conversations of p_user with p_status (null: any), the newest p_limit that come after (p_at, p_id). The
-- indexes have the hours in order alone: see rolecall_internal.inbox_page.
create or replace function rolecall_internal.help_page(
  p_user uuid,
  p_status text,
  p_at timestamptz,
  p_id uuid,
  p_limit int
)
returns table (id uuid, at timestamptz, version text)
language plpgsql
stable
rows 50
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
  -- Every status, or one: a range either way, which the indexes answer in their order.
  v_least text := coalesce(p_status, '');
  v_most text := coalesce(p_status, '~');
begin
  return query
  select listed.id, listed.at, listed.version
  from (
    (
      select thread.conversation_id as id, thread.last_message_at as at, 'v2' as version
      from rolecall.help_threads as thread
      where thread.requester_id = p_user
        and thread.status between v_least and v_most
        and thread.active_in <= rolecall_internal.hour_of(p_at)
        and thread.active_in >= coalesce(
          (
            select newer.active_in
            from rolecall.help_threads as newer
            where newer.requester_id = p_user
              and newer.status between v_least and v_most
              and newer.active_in < rolecall_internal.hour_of(p_at)
            order by newer.active_in desc
            offset p_limit - 1
            limit 1
          ),
          '-infinity'
        )
        and (thread.last_message_at, thread.conversation_id) < (p_at, p_id)
      order by thread.last_message_at desc, thread.conversation_id desc
      limit p_limit
    )
    union all
    (
      select thread.conversation_id, thread.last_message_at, 'v2'
      from rolecall.help_threads as thread
      where thread.helper_id = p_user
        and thread.status between v_least and v_most
        and thread.active_in <= rolecall_internal.hour_of(p_at)
        and thread.active_in >= coalesce(
          (
            select newer.active_in
            from rolecall.help_threads as newer
            where newer.helper_id = p_user
              and newer.status between v_least and v_most
              and newer.active_in < rolecall_internal.hour_of(p_at)
            order by newer.active_in desc
            offset p_limit - 1
            limit 1
          ),
          '-infinity'
        )
        and (thread.last_message_at, thread.conversation_id) < (p_at, p_id)
      order by thread.last_message_at desc, thread.conversation_id desc
      limit p_limit
    )
    union all
    select adopted.id, adopted.at, 'v1'
    from rolecall_internal.adopted_conversations(p_user, p_status, p_at, p_id, p_limit) as adopted
  ) as listed
  order by listed.at desc, listed.id desc
  limit p_limit;
end
$$;

-- Conversations as p_user sees them, in the order given. can_write says what the next message would meet: p_author_refusal
-- is what every one of theirs meets.
create or replace function rolecall_internal.help_cards(
  p_user uuid,
  p_conversations uuid[],
  p_versions text[],
  p_author_refusal jsonb
)
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  return (
    select coalesce(
      jsonb_agg(
        case
          when asked.version = 'v1' then rolecall_internal.adopted_conversation(p_user, asked.id)
          else jsonb_build_object(
            'id', conversation.id,
            'version', 'v2',
            'badge', null,
            'help_request', jsonb_build_object('id', request.id, 'title', request.title, 'status', request.status),
            'requester_id', conversation.requester_id,
            'helper_id', conversation.helper_id,
            'status', conversation.status,
            'last_message', newest.message,
            'unread_count', case p_user
              when conversation.requester_id then thread.requester_unread
              else thread.helper_unread
            end,
            'can_write', p_author_refusal is null and rolecall_internal.refuse_help_to(
              p_user,
              case p_user
                when conversation.requester_id then conversation.helper_id
                else conversation.requester_id
              end,
              conversation.status
            ) is null,
            'created_at', rolecall_internal.iso(conversation.created_at),
            'updated_at', rolecall_internal.iso(conversation.updated_at)
          )
        end
        order by asked.number
      ),
      '[]'
    )
    from unnest(p_conversations, p_versions) with ordinality as asked (id, version, number)
    left join lateral (
      select *
      from public.conversations_v2
      where id = asked.id
      -- Each by its key, however many PostgreSQL expects.
      offset 0
    ) as conversation
      on asked.version = 'v2'
    left join lateral (
      select requester_unread, helper_unread
      from rolecall.help_threads
      where conversation_id = conversation.id
      offset 0
    ) as thread
      on true
    left join lateral (
      select id, title, status
      from rolecall.help_requests
      where id = conversation.help_request_id
      offset 0
    ) as request
      on true
    left join lateral (
      select rolecall_internal.help_message(message) as message
      from public.messages_v2 as message
      where message.conversation_id = conversation.id
      order by message.created_at desc, message.id desc
      limit 1
    ) as newest
      on true
  );
end
$$;

-- The help conversations of p_user, newest first, a page at a time: {limit, status?, cursor?}.
create or replace function rolecall_internal.help_conversations(p_user uuid, p_input jsonb, p_rollouts jsonb)
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_actor rolecall.actor := rolecall_internal.actor(p_user, 'help-conversations', p_rollouts);
  v_status text := p_input ->> 'status';
  v_limit int := rolecall_internal.page_size(p_input, rolecall_internal.limit_page());
  -- Newer than everything.
  v_at timestamptz := 'infinity';
  v_id uuid := 'ffffffff-ffff-ffff-ffff-ffffffffffff';
  v_conversations uuid[];
  v_versions text[];
  v_next text;
begin
  if v_actor.refusal is not null then
    return v_actor.refusal;
  end if;
  if v_status not in ('active', 'completed', 'cancelled', 'closed') then
    return rolecall_internal.refusal('invalid_input', 'The status must be active, completed, cancelled or closed.');
  end if;
  if p_input ->> 'cursor' is not null then
    select at, id
    into v_at, v_id
    from rolecall_internal.cursor_parts(p_input ->> 'cursor');
    if v_id is null then
      return rolecall_internal.refuse_cursor();
    end if;
  end if;

  -- One more than the page tells whether there is another.
  select
    array_agg(id order by number) filter (where number <= v_limit),
    array_agg(version order by number) filter (where number <= v_limit),
    case
      when count(*) > v_limit then max(rolecall_internal.cursor_of(at, id)) filter (where number = v_limit)
    end
  into v_conversations, v_versions, v_next
  from (
    select id, at, version, row_number() over (order by at desc, id desc) as number
    from rolecall_internal.help_page(p_user, v_status, v_at, v_id, v_limit + 1)
  ) as page;
  return rolecall_internal.success(
    jsonb_build_object(
      'conversations', rolecall_internal.help_cards(
        p_user,
        v_conversations,
        v_versions,
        rolecall_internal.refuse_help_author(p_user, 'help-conversations', p_rollouts)
      ),
      'next_cursor', v_next
    )
  );
end
$$;

-- The place of a message in a help conversation, from its id or from a moment: what comes before (-1) or after (1) a moment
-- is what was written before or after it. Null when the conversation has had no message with this id.
create or replace function rolecall_internal.help_place(
  p_conversation uuid,
  p_text text,
  p_direction int,
  out at timestamptz,
  out id uuid
)
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_message uuid := rolecall_internal.uuid_or_null(p_text);
begin
  if v_message is null then
    at := rolecall_internal.moment_or_null(p_text);
    id := case
      when p_direction < 0 then '00000000-0000-0000-0000-000000000000'
      else 'ffffffff-ffff-ffff-ffff-ffffffffffff'
    end;
    return;
  end if;
  id := v_message;
  at := coalesce(
    (
      select created_at
      from public.messages_v2 as message
      where message.id = v_message
        and message.conversation_id = p_conversation
    ),
    -- Deleted since the client got it.
    (
      select created_at
      from rolecall.removed_help_messages as removed
      where removed.message_id = v_message
        and removed.conversation_id = p_conversation
    ),
    rolecall_internal.adopted_message_at(p_conversation, v_message)
  );
end
$$;

-- A help conversation of p_user with a page of its messages, oldest first: {conversation_id, limit, before? | since?}, the
-- newest, the newest before a place, or the oldest after one.
create or replace function rolecall_internal.help_conversation(p_user uuid, p_input jsonb, p_rollouts jsonb)
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_actor rolecall.actor := rolecall_internal.actor(p_user, 'help-conversations', p_rollouts);
  v_conversation uuid := rolecall_internal.uuid_or_null(p_input ->> 'conversation_id');
  v_newest boolean := p_input ->> 'since' is null;
  v_limit int := rolecall_internal.page_size(p_input, rolecall_internal.limit_messages_page());
  v_after timestamptz := '-infinity';
  v_after_id uuid := '00000000-0000-0000-0000-000000000000';
  v_before timestamptz := 'infinity';
  v_before_id uuid := 'ffffffff-ffff-ffff-ffff-ffffffffffff';
  v_version text;
  v_card jsonb;
  v_messages jsonb;
  v_found int;
begin
  if v_actor.refusal is not null then
    return v_actor.refusal;
  end if;
  if exists (
    select
    from public.conversations_v2
    where id = v_conversation
      and p_user in (requester_id, helper_id)
  ) then
    v_version := 'v2';
  elsif rolecall_internal.adopted_conversation(p_user, v_conversation) is not null then
    v_version := 'v1';
  else
    return rolecall_internal.refusal('not_found', 'You have no conversation with this id.');
  end if;

  if p_input ->> 'before' is not null then
    select at, id
    into v_before, v_before_id
    from rolecall_internal.help_place(v_conversation, p_input ->> 'before', -1);
  elsif not v_newest then
    select at, id
    into v_after, v_after_id
    from rolecall_internal.help_place(v_conversation, p_input ->> 'since', 1);
  end if;
  if v_before is null or v_after is null or (p_input ->> 'before' is not null and not v_newest) then
    return rolecall_internal.refusal(
      'invalid_input',
      'The place must be a message of this conversation, or a moment; give before or since, not both.'
    );
  end if;

  if v_version = 'v1' then
    select
      count(*),
      coalesce(
        jsonb_agg(
          jsonb_build_object(
            'id', page.id,
            'content', page.content,
            'sender_id', page.sender_id,
            'created_at', rolecall_internal.iso(page.created_at)
          )
          order by page.created_at, page.id
        ) filter (where page.number <= v_limit),
        '[]'
      )
    into v_found, v_messages
    from (
      select
        message.*,
        case
          when v_newest then row_number() over (order by message.created_at desc, message.id desc)
          else row_number() over (order by message.created_at, message.id)
        end as number
      from rolecall_internal.adopted_messages(
        v_conversation, v_after, v_after_id, v_before, v_before_id, v_newest, v_limit + 1
      ) as message
    ) as page;
  elsif v_newest then
    select
      count(*),
      coalesce(
        jsonb_agg(page.message order by page.number desc) filter (where page.number <= v_limit),
        '[]'
      )
    into v_found, v_messages
    from (
      select
        rolecall_internal.help_message(message) as message,
        row_number() over (order by message.created_at desc, message.id desc) as number
      from public.messages_v2 as message
      where message.conversation_id = v_conversation
        and (message.created_at, message.id) < (v_before, v_before_id)
      order by message.created_at desc, message.id desc
      limit v_limit + 1
    ) as page;
  else
    select
      count(*),
      coalesce(
        jsonb_agg(page.message order by page.number) filter (where page.number <= v_limit),
        '[]'
      )
    into v_found, v_messages
    from (
      select
        rolecall_internal.help_message(message) as message,
        row_number() over (order by message.created_at, message.id) as number
      from public.messages_v2 as message
      where message.conversation_id = v_conversation
        and (message.created_at, message.id) > (v_after, v_after_id)
      order by message.created_at, message.id
      limit v_limit + 1
    ) as page;
  end if;

  v_card := rolecall_internal.help_cards(
    p_user,
    array[v_conversation],
    array[v_version],
    rolecall_internal.refuse_help_author(p_user, 'help-conversations', p_rollouts)
  );
  return rolecall_internal.success(
    jsonb_build_object('conversation', v_card -> 0, 'messages', v_messages, 'has_more', v_found > v_limit)
  );
end
$$;

create or replace function rolecall_edge.help_conversations(p_request jsonb)
returns jsonb
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_call rolecall.call := rolecall_internal.begin_call(
    'help-conversations.list',
    p_request,
    p_rate => 'read',
    p_keyed => false
  );
begin
  if v_call.answer is null then
    v_call.answer := rolecall_internal.help_conversations(v_call.caller, v_call.input, v_call.rollouts);
  end if;
  return rolecall_internal.end_call(v_call);
end
$$;

create or replace function rolecall_edge.help_conversation(p_request jsonb)
returns jsonb
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_call rolecall.call := rolecall_internal.begin_call(
    'help-conversations.get',
    p_request,
    p_rate => 'read_help_conversation',
    p_keyed => false
  );
begin
  if v_call.answer is null then
    v_call.answer := rolecall_internal.help_conversation(v_call.caller, v_call.input, v_call.rollouts);
  end if;
  return rolecall_internal.end_call(v_call);
end
$$;
