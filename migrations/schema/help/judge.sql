-- Who may write what about help is decided here alone. The function and the RPCs hear the refusal; the policies and the
-- triggers of the tables ask whether there is one.

-- The refusal of p_user who would write about help, whoever to: the function of p_flag is off for them, they have no
-- profile or are suspended. Null when they may.
create or replace function rolecall_internal.refuse_help_author(p_user uuid, p_flag text, p_rollouts jsonb)
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_actor rolecall.actor := rolecall_internal.actor(p_user, p_flag, p_rollouts);
begin
  if v_actor.refusal is not null then
    return v_actor.refusal;
  end if;
  if v_actor.suspended is not null then
    return rolecall_internal.refusal(
      'permission_denied',
      'Your account is suspended and cannot write.',
      'suspended',
      'The suspension has ended.'
    );
  end if;
  return null;
end
$$;

-- The refusal of p_user who would write to p_other in a conversation with this status, whoever they are: there is a block
-- between the two, or the conversation has ended. Null when they may. p_other and p_status are null where nobody is written
-- to yet.
create or replace function rolecall_internal.refuse_help_to(p_user uuid, p_other uuid, p_status text)
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  if exists (
    select
    from rolecall.user_blocks
    where (blocker_id = p_user and blocked_id = p_other)
      or (blocker_id = p_other and blocked_id = p_user)
  ) then
    return rolecall_internal.refusal(
      'permission_denied',
      'There is a block between you and this user.',
      'blocked',
      'The block is lifted.'
    );
  end if;
  if p_status <> 'active' then
    return rolecall_internal.refuse_ended_help(p_status);
  end if;
  return null;
end
$$;

create or replace function rolecall_internal.refuse_ended_help(p_status text)
returns jsonb
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
begin
  return rolecall_internal.refusal(
    'conversation_read_only',
    format('This conversation is %s.', p_status),
    'conversation_read_only',
    'The conversation is reopened.'
  );
end
$$;

-- Both.
create or replace function rolecall_internal.refuse_help_writer(
  p_user uuid,
  p_other uuid,
  p_status text,
  p_flag text,
  p_rollouts jsonb
)
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  return coalesce(
    rolecall_internal.refuse_help_author(p_user, p_flag, p_rollouts),
    rolecall_internal.refuse_help_to(p_user, p_other, p_status)
  );
end
$$;

-- The refusal of a help conversation that p_user does not take part in, or that lies in the app's own tables and takes no
-- writes here.
create or replace function rolecall_internal.refuse_unknown_help(p_user uuid, p_conversation uuid)
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  if rolecall_internal.adopted_conversation(p_user, p_conversation) is not null then
    return rolecall_internal.refusal(
      'conversation_read_only',
      'This conversation began before Rolecall and can only be read here.',
      'legacy_conversation',
      'You offer help again, which begins a new conversation.'
    );
  end if;
  return rolecall_internal.refusal('not_found', 'You have no conversation with this id.');
end
$$;

-- The refusal of p_user who would write a message into a help conversation, or change one there; null when they may. The
-- flag start-conversation is not asked: who was written to can answer, included or not.
create or replace function rolecall_internal.refuse_help_message(
  p_user uuid,
  p_conversation public.conversations_v2,
  p_rollouts jsonb
)
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  if (p_user in (p_conversation.requester_id, p_conversation.helper_id)) is not true then
    return rolecall_internal.refusal('not_found', 'You have no conversation with this id.');
  end if;
  return rolecall_internal.refuse_help_writer(
    p_user,
    case p_user when p_conversation.helper_id then p_conversation.requester_id else p_conversation.helper_id end,
    p_conversation.status,
    'help-conversations',
    p_rollouts
  );
end
$$;

-- The refusal of p_user who would move a help conversation to p_status: end it, or open it again; null when they may. Ending
-- writes to nobody, so whoever takes part may, suspended and blocked, too; who ended it opens it again, as far as they may
-- write. What has ended does not end otherwise.
create or replace function rolecall_internal.refuse_help_status(
  p_user uuid,
  p_conversation public.conversations_v2,
  p_status text,
  p_rollouts jsonb
)
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  if p_conversation.status = 'active' then
    if (p_user in (p_conversation.requester_id, p_conversation.helper_id)) is not true then
      return rolecall_internal.refusal('not_found', 'You have no conversation with this id.');
    end if;
    return (rolecall_internal.actor(p_user, 'help-conversations', p_rollouts)).refusal;
  end if;
  if p_status is distinct from 'active' then
    return rolecall_internal.refuse_ended_help(p_conversation.status);
  end if;
  if not exists (
    select
    from rolecall.help_closings
    where conversation_id = p_conversation.id
      and closed_by = p_user
  ) then
    return rolecall_internal.refusal(
      'permission_denied',
      'Only the person who closed this conversation can reopen it.',
      'closed_by_another',
      'Whoever closed the conversation opens it again.'
    );
  end if;
  p_conversation.status := 'active';
  return rolecall_internal.refuse_help_message(p_user, p_conversation, p_rollouts);
end
$$;

-- The same for the policies, whose callers see no other table. A null caller is nobody.

-- Whether the caller may ask for help, and change what they asked.
create or replace function rolecall_internal.caller_may_ask_for_help()
returns boolean
language sql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
  select auth.uid() is not null
    and rolecall_internal.refuse_help_writer(auth.uid(), null, null, 'help-conversations', '{}') is null
$$;

-- Whether the caller may change their messages in a help conversation.
create or replace function rolecall_internal.caller_may_edit_in(p_conversation uuid)
returns boolean
language sql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
  select coalesce(
    (
      select rolecall_internal.refuse_help_message(auth.uid(), conversation, '{}') is null
      from public.conversations_v2 as conversation
      where conversation.id = p_conversation
        and auth.uid() in (conversation.requester_id, conversation.helper_id)
    ),
    false
  )
$$;

-- Whether the caller may close a help conversation, or open it again where it is closed.
create or replace function rolecall_internal.caller_may_move(p_conversation uuid)
returns boolean
language sql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
  select coalesce(
    (
      select rolecall_internal.refuse_help_status(auth.uid(), conversation, 'active', '{}') is null
      from public.conversations_v2 as conversation
      where conversation.id = p_conversation
        and auth.uid() in (conversation.requester_id, conversation.helper_id)
    ),
    false
  )
$$;
