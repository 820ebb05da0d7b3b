-- What happens to help messages and their conversations through the tables, whatever the path: an edit keeps what was
-- there, a deletion keeps what moderators need, an ending keeps who ended it. Of a client it is judged again behind the
-- statement (counts.sql), with the conversations held: a policy has judged by what it saw before the statement waited. The
-- triggers tell by their argument whether a client writes.
--
-- Locks are taken in one order: a turn at the messages, the messages, their conversations in the order of their ids, the
-- counts, the threads. Who sends takes the conversation first and no message that exists; a statement that edits or deletes
-- locks messages before any trigger sees them, in whatever order its plan finds them. So such statements take turns: those
-- on messages of one author after each other, and an operator's, which may be anybody's messages, alone.

-- Takes the turn of an author's messages, or with a null author that of all.
create or replace function rolecall_internal.take_help_turn(p_author uuid)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  if p_author is null then
    perform pg_advisory_xact_lock(hashtextextended('rolecall.help_messages', 0));
    return;
  end if;
  perform pg_advisory_xact_lock_shared(hashtextextended('rolecall.help_messages', 0));
  perform pg_advisory_xact_lock(hashtextextended('rolecall.help_messages.' || p_author, 0));
  -- The triggers of this transaction's own statements need no other turn.
  perform set_config('rolecall.help_turn', pg_current_xact_id()::text, true);
end
$$;

-- Before a statement on the tables that changes or deletes help messages, or conversations and with them messages.
create or replace function rolecall_internal.await_help_turn()
returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  if tg_argv[0] = 'client' then
    perform rolecall_internal.take_help_turn(auth.uid());
  elsif current_setting('rolecall.help_turn', true) is distinct from pg_current_xact_id()::text
    -- What goes with its conversation has that one's turn.
    and pg_trigger_depth() = 1
  then
    perform rolecall_internal.take_help_turn(null);
  end if;
  return null;
end
$$;

-- The text that stands in initial_message when the first message is gone. It has no place for a null.
create or replace function rolecall_internal.help_placeholder(p_deleted_as text)
returns text
language sql
immutable
return case p_deleted_as when 'author' then '[deleted by its author]' else '[removed by the moderation]' end;

-- Lets initial_message follow the first message.
create or replace function rolecall_internal.copy_first_message(p_conversation uuid, p_message uuid, p_content text)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  update public.conversations_v2 as conversation
  set initial_message = p_content
  from rolecall.help_message_counts as counted
  where conversation.id = p_conversation
    and counted.conversation_id = conversation.id
    and counted.first_message_id = p_message
    and conversation.initial_message <> p_content;
end
$$;

create or replace function rolecall_internal.keep_edited_help_message()
returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_refusal jsonb;
begin
  if tg_argv[0] = 'client' then
    new.content := rolecall_internal.trimmed(new.content);
    v_refusal := rolecall_internal.refuse_text('content', new.content, 1, rolecall_internal.limit_help_message_max_chars());
    if v_refusal is not null then
      perform rolecall_internal.raise_refusal(v_refusal);
    end if;
  end if;
  insert into rolecall.help_message_edits (message_id, conversation_id, sender_id, content, written_at)
  values (old.id, old.conversation_id, old.sender_id, old.content, old.updated_at);
  return new;
end
$$;

create or replace function rolecall_internal.keep_removed_help_message()
returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_removed_as text := case when tg_argv[0] = 'client' then 'author' else 'moderator' end;
begin
  -- A message that goes with its conversation leaves nothing. The moderation has kept the message before it deletes it; the
  -- operator deletes as a moderator does.
  insert into rolecall.removed_help_messages (
    message_id, conversation_id, sender_id, content, created_at, updated_at, deleted_as
  )
  select old.id, id, old.sender_id, old.content, old.created_at, old.updated_at, v_removed_as
  from public.conversations_v2
  where id = old.conversation_id
  on conflict (message_id) do nothing;
  return old;
end
$$;

create or replace function rolecall_internal.keep_who_closed()
returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_refusal jsonb;
begin
  if tg_argv[0] = 'client' then
    v_refusal := rolecall_internal.refuse_help_status(auth.uid(), old, new.status, '{}');
    if v_refusal is not null then
      perform rolecall_internal.raise_refusal(v_refusal);
    end if;
  end if;
  if new.status = 'active' then
    delete from rolecall.help_closings
    where conversation_id = new.id;
  else
    insert into rolecall.help_closings (conversation_id, closed_by)
    values (new.id, auth.uid())
    on conflict (conversation_id) do update
    set
      closed_by = excluded.closed_by,
      closed_at = excluded.closed_at;
  end if;
  return new;
end
$$;

-- Binds the owner, too, whose rights every entry point has: what was kept of an edit is never changed but erased, and
-- goes with its conversation alone.
create or replace function rolecall_internal.refuse_other_history()
returns trigger
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  if tg_op = 'DELETE' and pg_trigger_depth() > 1 then
    return old;
  end if;
  if tg_op = 'UPDATE' then
    old.content := null;
    if new is not distinct from old then
      return new;
    end if;
  end if;
  raise exception using
    errcode = 'insufficient_privilege',
    message = format('%s.%s is written once and never changed', tg_table_schema, tg_table_name);
end
$$;

-- A block is answered when no message of the two is under way any more: whoever writes holds the conversation when it is
-- judged.
create or replace function rolecall_internal.await_help_writers()
returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  perform
  from public.conversations_v2
  where (requester_id = new.blocker_id and helper_id = new.blocked_id)
    or (requester_id = new.blocked_id and helper_id = new.blocker_id)
  order by id
  for no key update;
  return null;
end
$$;
