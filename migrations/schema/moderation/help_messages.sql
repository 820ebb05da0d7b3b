-- Help messages under moderation. They take the shape of the other messages, without a number; a deleted one lies in
-- removed_help_messages. What moderators may do with them is decided as for the others.

-- A help message as it is now, deleted or not; a row of nulls when there is none with this id.
create or replace function rolecall_internal.help_message_row(p_message uuid)
returns rolecall.messages
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_message rolecall.messages;
begin
  select id, conversation_id, sender_id, content, created_at, false
  into v_message.id, v_message.conversation_id, v_message.sender_id, v_message.content, v_message.created_at, v_message.legacy
  from public.messages_v2
  where id = p_message;
  if found then
    return v_message;
  end if;
  select message_id, conversation_id, sender_id, created_at, deleted_at, deleted_as, false
  into
    v_message.id, v_message.conversation_id, v_message.sender_id, v_message.created_at, v_message.deleted_at,
    v_message.deleted_as, v_message.legacy
  from rolecall.removed_help_messages
  where message_id = p_message;
  if found then
    return v_message;
  end if;
  return null;
end
$$;

-- The same, held until the commit, so that nobody else deletes or restores it.
create or replace function rolecall_internal.lock_help_message(p_message uuid)
returns rolecall.messages
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  -- While one waits for it, it can move to the other table and back.
  for v_attempt in 1..3 loop
    perform
    from public.messages_v2
    where id = p_message
    for no key update;
    exit when found;
    perform
    from rolecall.removed_help_messages
    where message_id = p_message
    for no key update;
    exit when found;
  end loop;
  return rolecall_internal.help_message_row(p_message);
end
$$;

-- What decides whether p_user may report or moderate a help message: its author's role and the facts; the id is null when
-- there is none.
create or replace function rolecall_internal.help_message_facts(
  p_user uuid,
  p_message uuid,
  out message_id uuid,
  out author_role rolecall.app_role,
  out facts text[]
)
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  select
    message.id,
    author.role,
    array[
      case when message.sender_id = p_user then 'self' end,
      case when p_user in (conversation.requester_id, conversation.helper_id) then 'participant' end
    ]
  into message_id, author_role, facts
  from rolecall_internal.help_message_row(p_message) as message
  join public.conversations_v2 as conversation
    on conversation.id = message.conversation_id
  left join rolecall.profiles as author
    on author.id = message.sender_id;
end
$$;

-- A help message as a report shows it. Who sees removed contents sees, too, what it said before each edit.
create or replace function rolecall_internal.help_message_json(p_message uuid, p_sees_removed boolean)
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  return (
    select rolecall_internal.message_json(
        message,
        case when p_sees_removed then (select content from rolecall.removed_help_messages where message_id = message.id) end
      )
      || jsonb_build_object(
        'conversation_id', message.conversation_id,
        'edits', (
          select coalesce(
            jsonb_agg(
              jsonb_build_object(
                'content', edit.content,
                'written_at', rolecall_internal.iso(edit.written_at),
                'replaced_at', rolecall_internal.iso(edit.replaced_at)
              )
              order by edit.id
            ),
            '[]'
          )
          from rolecall.help_message_edits as edit
          where p_sees_removed
            and edit.message_id = message.id
        )
      )
    from rolecall_internal.help_message_row(p_message) as message
    where message.id is not null
  );
end
$$;

-- Files the report of p_user, who is allowed to, of a help message.
create or replace function rolecall_internal.report_help_message(p_user uuid, p_message uuid, p_reason text)
returns rolecall.reported_messages
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_message rolecall.messages := rolecall_internal.lock_help_message(p_message);
  v_report rolecall.reported_messages;
begin
  if v_message.id is null then
    return null;
  end if;
  insert into rolecall.reported_messages (message_id, conversation_id, reporter_id, reported_user_id, reason)
  values (v_message.id, v_message.conversation_id, p_user, v_message.sender_id, p_reason)
  on conflict (message_id, reporter_id) where seq is null do nothing
  returning *
  into v_report;
  return v_report;
end
$$;

-- The same with its conversation, for who deletes or restores it: in the order of help/history.sql.
create or replace function rolecall_internal.hold_help_message(p_message uuid)
returns rolecall.messages
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_message rolecall.messages := rolecall_internal.help_message_row(p_message);
begin
  if v_message.id is null then
    return null;
  end if;
  perform rolecall_internal.take_help_turn(v_message.sender_id);
  v_message := rolecall_internal.lock_help_message(p_message);
  perform
  from public.conversations_v2
  where id = v_message.conversation_id
  for no key update;
  return v_message;
end
$$;

-- rolecall_internal.apply_deletion for a help message.
create or replace function rolecall_internal.apply_help_deletion(p_user uuid, p_message uuid, p_report uuid, p_note text)
returns rolecall.messages
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_message rolecall.messages := rolecall_internal.hold_help_message(p_message);
  v_as text := rolecall_internal.deletion_capacity(p_user, v_message.sender_id);
  v_before jsonb := jsonb_build_object('deleted', rolecall_internal.deletion_of(v_message));
begin
  if v_message.id is null
    or rolecall_internal.deletion_rank(v_as) <= rolecall_internal.deletion_rank(v_message.deleted_as)
  then
    return v_message;
  end if;

  insert into rolecall.removed_help_messages as removed (
    message_id, conversation_id, sender_id, content, created_at, updated_at, deleted_as
  )
  select id, conversation_id, sender_id, content, created_at, updated_at, v_as
  from public.messages_v2
  where id = p_message;
  if found then
    delete from public.messages_v2
    where id = p_message;
  else
    update rolecall.removed_help_messages
    set
      deleted_at = now(),
      deleted_as = v_as
    where message_id = p_message;
    perform rolecall_internal.copy_first_message(
      v_message.conversation_id, p_message, rolecall_internal.help_placeholder(v_as)
    );
  end if;
  v_message := rolecall_internal.help_message_row(p_message);
  perform rolecall_internal.audit_moderation(
    p_user,
    'message_deleted',
    p_report,
    p_message,
    v_message.sender_id,
    p_note,
    v_before,
    jsonb_build_object('deleted', rolecall_internal.deletion_of(v_message))
  );
  return v_message;
end
$$;

-- rolecall_internal.apply_restoration for a help message.
create or replace function rolecall_internal.apply_help_restoration(p_user uuid, p_message uuid, p_report uuid, p_note text)
returns rolecall.messages
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_message rolecall.messages := rolecall_internal.hold_help_message(p_message);
  v_before jsonb := jsonb_build_object('deleted', rolecall_internal.deletion_of(v_message));
begin
  if v_message.deleted_at is null
    or rolecall_internal.refuse_restoration(p_user, v_message) is not null
  then
    return v_message;
  end if;

  with removed as (
    delete from rolecall.removed_help_messages
    where message_id = p_message
    returning *
  )
  insert into public.messages_v2 (id, conversation_id, sender_id, content, created_at, updated_at)
  select message_id, conversation_id, sender_id, content, created_at, updated_at
  from removed;
  v_message := rolecall_internal.help_message_row(p_message);
  perform rolecall_internal.copy_first_message(v_message.conversation_id, p_message, v_message.content);
  perform rolecall_internal.audit_moderation(
    p_user,
    'message_restored',
    p_report,
    p_message,
    v_message.sender_id,
    p_note,
    v_before,
    jsonb_build_object('deleted', null)
  );
  return v_message;
end
$$;
