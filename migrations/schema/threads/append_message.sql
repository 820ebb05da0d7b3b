-- Writes the row of a message. Whoever adds one to a thread, an outbound or an inbound text, a reply or a notice, does it
-- here, so that numbers have no gaps and locks are taken in one order: the thread, then the owner inbox.

-- Appends p_message to its thread and gives the row as it stands: seq, inbox_seq and created_at are set here, and id, kind
-- and media_urls where they are null. With p_in_inbox the message has its
-- number in the owner inbox of the organisation, too; the owner inbox is made if there is none. A message of the owner
-- inbox itself has one number for both. Null when the organisation has no such thread.
create or replace function rolecall_internal.append_message(
  p_message rolecall.thread_messages,
  p_in_inbox boolean default false
)
returns rolecall.thread_messages
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  -- p_message itself becomes the row: a copy of it would cost every message.
  v_number uuid;
  v_scope text;
  v_inbox uuid;
begin
  update rolecall.message_threads
  set
    last_seq = last_seq + 1,
    -- This transaction may have begun before the one that wrote the message before, and the clock may have been set back.
    last_message_at = greatest(last_message_at, now()),
    changed_xid = pg_current_xact_id()
  where id = p_message.thread_id
    and organization_id = p_message.organization_id
  returning last_seq, last_message_at, number_id, scope
  into p_message.seq, p_message.created_at, v_number, v_scope;
  if not found then
    return null;
  end if;

  p_message.inbox_seq := null;
  if v_scope = 'owner_inbox' then
    p_message.inbox_seq := p_message.seq;
  elsif p_in_inbox then
    v_inbox := rolecall_internal.owner_inbox(p_message.organization_id, v_number);
    update rolecall.message_threads
    set
      last_seq = last_seq + 1,
      last_message_at = greatest(last_message_at, p_message.created_at),
      changed_xid = pg_current_xact_id()
    where id = v_inbox
    returning last_seq
    into p_message.inbox_seq;
  end if;

  p_message.id := coalesce(p_message.id, rolecall_internal.uuid_v7());
  p_message.kind := coalesce(p_message.kind, 'text');
  p_message.media_urls := coalesce(p_message.media_urls, '{}');
  insert into rolecall.thread_messages
  select (p_message).*;
  perform rolecall_internal.emit(
    'message.created',
    'threads',
    array_remove(array[p_message.thread_id, v_inbox], null),
    array_remove(array[p_message.seq, case when v_inbox is not null then p_message.inbox_seq end], null)
  );
  return p_message;
end
$$;
