-- What is counted of each help conversation, by the statement that adds, deletes or erases messages: how many there are,
-- and how many of them are new to either of its people. Whoever deletes or changes messages holds the conversation.

create or replace function rolecall_internal.count_help_messages()
returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_one public.messages_v2;
begin
  if (select count(*) from added) = 1 then
    -- What nearly every statement adds, at half the cost.
    select *
    into v_one
    from added;
    insert into rolecall.help_message_counts as counted (conversation_id, messages, first_message_id)
    values (v_one.conversation_id, 1, v_one.id)
    on conflict (conversation_id) do update
    set messages = counted.messages + 1;
    update rolecall.help_threads
    set
      changed_xid = pg_current_xact_id(),
      last_message_at = greatest(last_message_at, v_one.created_at),
      requester_unread = requester_unread + (
        v_one.created_at > requester_read_at
        and rolecall_internal.is_new_help_message(v_one.sender_id, v_one.content, requester_id)
      )::int,
      helper_unread = helper_unread + (
        v_one.created_at > helper_read_at
        and rolecall_internal.is_new_help_message(v_one.sender_id, v_one.content, helper_id)
      )::int
    where conversation_id = v_one.conversation_id;
    perform rolecall_internal.emit(
      'message.created', 'help', array[v_one.conversation_id], p_messages => array[v_one.id]
    );
    return null;
  end if;

  insert into rolecall.help_message_counts as counted (conversation_id, messages, first_message_id)
  select conversation_id, count(*), (array_agg(id order by created_at, id))[1]
  from added
  group by conversation_id
  order by conversation_id
  on conflict (conversation_id) do update
  set messages = counted.messages + excluded.messages;

  update rolecall.help_threads as thread
  set
    changed_xid = pg_current_xact_id(),
    last_message_at = greatest(
      thread.last_message_at,
      (select max(created_at) from added where conversation_id = thread.conversation_id)
    ),
    requester_unread = thread.requester_unread + (
      select count(*)
      from added
      where conversation_id = thread.conversation_id
        and created_at > thread.requester_read_at
        and rolecall_internal.is_new_help_message(sender_id, content, thread.requester_id)
    ),
    helper_unread = thread.helper_unread + (
      select count(*)
      from added
      where conversation_id = thread.conversation_id
        and created_at > thread.helper_read_at
        and rolecall_internal.is_new_help_message(sender_id, content, thread.helper_id)
    )
  where conversation_id in (select conversation_id from added);
  perform rolecall_internal.emit_help_messages(
    'message.created',
    array(select conversation_id from added order by created_at, id),
    array(select id from added order by created_at, id)
  );
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
  -- In the order of their ids, so that no two statements wait for each other.
  perform
  from public.conversations_v2
  where id in (select conversation_id from gone)
  order by id
  for no key update;

  update public.conversations_v2 as conversation
  set initial_message = rolecall_internal.help_placeholder(removed.deleted_as)
  from gone
  join rolecall.help_message_counts as counted
    on counted.conversation_id = gone.conversation_id
    and counted.first_message_id = gone.id
  join rolecall.removed_help_messages as removed
    on removed.message_id = gone.id
  where conversation.id = gone.conversation_id
    and conversation.initial_message <> rolecall_internal.help_placeholder(removed.deleted_as);

  update rolecall.help_message_counts as counted
  set messages = counted.messages - gone_of.messages
  from (
    select conversation_id, count(*) as messages
    from gone
    group by conversation_id
  ) as gone_of
  where counted.conversation_id = gone_of.conversation_id;

  update rolecall.help_threads as thread
  set
    changed_xid = pg_current_xact_id(),
    requester_unread = thread.requester_unread - (
      select count(*)
      from gone
      where conversation_id = thread.conversation_id
        and created_at > thread.requester_read_at
        and rolecall_internal.is_new_help_message(sender_id, content, thread.requester_id)
    ),
    helper_unread = thread.helper_unread - (
      select count(*)
      from gone
      where conversation_id = thread.conversation_id
        and created_at > thread.helper_read_at
        and rolecall_internal.is_new_help_message(sender_id, content, thread.helper_id)
    )
  where conversation_id in (select conversation_id from gone);
  perform rolecall_internal.emit_help_messages(
    'message.changed',
    array(select conversation_id from gone order by id),
    array(select id from gone order by id)
  );
  return null;
end
$$;

-- Behind a statement that changes messages. Of a client it is judged here, with the conversations held: a policy has
-- judged by what it saw before the statement waited. initial_message follows the first message.
create or replace function rolecall_internal.settle_changed_help_messages()
returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_conversation public.conversations_v2;
  v_refusal jsonb;
begin
  -- In the order of their ids, so that no two statements wait for each other.
  for v_conversation in
    select *
    from public.conversations_v2
    where id in (select conversation_id from changed)
    order by id
    for no key update
  loop
    if tg_argv[0] = 'client' then
      v_refusal := rolecall_internal.refuse_help_message(auth.uid(), v_conversation, '{}');
      if v_refusal is not null then
        perform rolecall_internal.raise_refusal(v_refusal);
      end if;
    end if;
  end loop;

  update public.conversations_v2 as conversation
  set initial_message = changed.content
  from changed
  join rolecall.help_message_counts as counted
    on counted.conversation_id = changed.conversation_id
    and counted.first_message_id = changed.id
  where conversation.id = changed.conversation_id
    and conversation.initial_message <> changed.content;

  -- What is erased is no longer new. Who marks as read holds the thread alone.
  perform
  from rolecall.help_threads
  where conversation_id in (select conversation_id from changed)
  order by conversation_id
  for no key update;
  update rolecall.help_threads as thread
  set
    changed_xid = pg_current_xact_id(),
    requester_unread = thread.requester_unread + moved.of_requester,
    helper_unread = thread.helper_unread + moved.of_helper
  from (
    select
      own.conversation_id,
      sum(
        case when after.created_at > own.requester_read_at then
          rolecall_internal.is_new_help_message(after.sender_id, after.content, own.requester_id)::int
            - rolecall_internal.is_new_help_message(before.sender_id, before.content, own.requester_id)::int
        else 0 end
      ) as of_requester,
      sum(
        case when after.created_at > own.helper_read_at then
          rolecall_internal.is_new_help_message(after.sender_id, after.content, own.helper_id)::int
            - rolecall_internal.is_new_help_message(before.sender_id, before.content, own.helper_id)::int
        else 0 end
      ) as of_helper
    from previous as before
    join changed as after
      on after.id = before.id
    join rolecall.help_threads as own
      on own.conversation_id = after.conversation_id
    where after.content is distinct from before.content
    group by own.conversation_id
  ) as moved
  where thread.conversation_id = moved.conversation_id;
  perform rolecall_internal.emit_help_messages('message.changed', array_agg(after.conversation_id), array_agg(after.id))
  from previous as before
  join changed as after
    on after.id = before.id
  where after.content is distinct from before.content;
  return null;
end
$$;
