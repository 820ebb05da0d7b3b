-- Threads follow the conversations and messages, whoever writes these and by whatever path.

-- Whether a message is one that p_reader would see as new: somebody else's, and not erased.
create or replace function rolecall_internal.is_new_help_message(p_sender uuid, p_content text, p_reader uuid)
returns boolean
language sql
immutable
return p_sender <> p_reader and p_content <> rolecall_internal.help_placeholder('author');

create or replace function rolecall_internal.open_help_thread()
returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  insert into rolecall.help_threads (conversation_id, requester_id, helper_id, status, last_message_at)
  values (new.id, new.requester_id, new.helper_id, new.status, new.created_at);
  return null;
end
$$;

create or replace function rolecall_internal.move_help_thread()
returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  update rolecall.help_threads
  set
    requester_id = new.requester_id,
    helper_id = new.helper_id,
    status = new.status,
    changed_xid = pg_current_xact_id()
  where conversation_id = new.id;
  perform rolecall_internal.emit('conversation.changed', 'help', array[new.id]);
  return null;
end
$$;

-- Marks a help conversation as read by p_user, up to its newest message. Reading on is no writing: who is suspended,
-- blocked or in a conversation that has ended reads, too.
create or replace function rolecall_internal.read_help_conversation(p_user uuid, p_conversation uuid, p_rollouts jsonb)
returns jsonb
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_actor rolecall.actor := rolecall_internal.actor(p_user, 'help-conversations', p_rollouts);
  v_thread rolecall.help_threads;
  v_newest timestamptz;
begin
  if v_actor.refusal is not null then
    return v_actor.refusal;
  end if;
  -- Held: a message that is under way counts itself as new after this, and is later than what the next statement sees.
  select *
  into v_thread
  from rolecall.help_threads
  where conversation_id = p_conversation
    and p_user in (requester_id, helper_id)
  for no key update;
  if not found then
    return rolecall_internal.refuse_unknown_help(p_user, p_conversation);
  end if;
  select max(created_at)
  into v_newest
  from public.messages_v2
  where conversation_id = p_conversation;
  if p_user = v_thread.requester_id then
    update rolecall.help_threads
    set
      requester_read_at = greatest(requester_read_at, v_newest),
      requester_unread = 0,
      changed_xid = pg_current_xact_id()
    where conversation_id = p_conversation
      and (requester_read_at < v_newest or requester_unread <> 0);
  else
    update rolecall.help_threads
    set
      helper_read_at = greatest(helper_read_at, v_newest),
      helper_unread = 0,
      changed_xid = pg_current_xact_id()
    where conversation_id = p_conversation
      and (helper_read_at < v_newest or helper_unread <> 0);
  end if;
  perform rolecall_internal.emit('read', 'help', array[p_conversation], p_users => array[p_user]);
  return rolecall_internal.success(jsonb_build_object('conversation_id', p_conversation, 'unread_count', 0));
end
$$;

create or replace function rolecall_edge.read_help_conversation(p_request jsonb)
returns jsonb
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_call rolecall.call := rolecall_internal.begin_call('help-conversations.read', p_request, p_rate => 'mark_read');
begin
  if v_call.answer is null then
    v_call.answer := rolecall_internal.read_help_conversation(
      v_call.caller, rolecall_internal.uuid_or_null(v_call.input ->> 'conversation_id'), v_call.rollouts
    );
  end if;
  return rolecall_internal.end_call(v_call);
end
$$;
