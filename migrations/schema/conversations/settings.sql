-- What users set for their conversations: muted, archived, pinned.

-- Whether a conversation is archived by now: nothing newer has come since, or it is muted.
create or replace function rolecall_internal.is_archived(p_archived_at_seq bigint, p_newest_seq bigint, p_muted_until timestamptz)
returns boolean
language sql
stable
return p_archived_at_seq is not null
  and (p_archived_at_seq >= coalesce(p_newest_seq, 0) or coalesce(p_muted_until > now(), false));

-- The end of a mute as answers show it: null for none and for one that is over, "forever" for one that never ends.
create or replace function rolecall_internal.mute_json(p_until timestamptz)
returns jsonb
language sql
stable
return case
  when p_until = 'infinity' then '"forever"'::jsonb
  when p_until > now() then to_jsonb(rolecall_internal.iso(p_until))
  else 'null'::jsonb
end;

-- The conversations for which p_user has set anything and which they read as theirs, with the newest message that they see.
-- It costs what they have set, however many conversations there are.
create or replace function rolecall_internal.set_conversations(p_user uuid)
returns table (
  id uuid, kind text, at timestamptz, reader text, is_muted boolean, is_archived boolean, pinned_at timestamptz
)
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
begin
  return query
  select
    conversation.id,
    conversation.kind,
    conversation.last_message_at,
    'people',
    coalesce(own.muted_until > now(), false),
    rolecall_internal.is_archived(own.archived_at_seq, conversation.last_seq, own.muted_until),
    own.pinned_at
  from rolecall.conversation_settings as own
  cross join lateral (
    select *
    from rolecall.conversations
    where id = own.conversation_id
    -- Each by its key, however many PostgreSQL expects.
    offset 0
  ) as conversation
  where own.user_id = p_user
    and (own.muted_until > now() or own.archived_at_seq is not null or own.pinned_at is not null)
    and (
      p_user in (conversation.participant_low, conversation.participant_high)
      or (conversation.kind = 'show' and conversation.created_by = p_user)
    );

  -- Apart, so that nobody looks for broadcasts in direct conversations.
  return query
  select
    conversation.id,
    conversation.kind,
    heard.created_at,
    'audience',
    coalesce(own.muted_until > now(), false),
    rolecall_internal.is_archived(own.archived_at_seq, heard.seq, own.muted_until),
    own.pinned_at
  from (
    select setting.*
    from rolecall.conversation_settings as setting
    cross join lateral (
      select kind, created_by
      from rolecall.conversations
      where id = setting.conversation_id
      offset 0
    ) as whose
    where setting.user_id = p_user
      and (setting.muted_until > now() or setting.archived_at_seq is not null or setting.pinned_at is not null)
      and whose.kind = 'show'
      and whose.created_by is distinct from p_user
    offset 0
  ) as own
  join rolecall.conversations as conversation
    on conversation.id = own.conversation_id
  cross join lateral (
    select broadcast.seq, broadcast.created_at
    from rolecall_internal.visible_broadcasts(p_user, conversation.id, conversation.show_id) as broadcast
    order by broadcast.seq desc
    limit 1
  ) as heard;
end
$$;

-- Sets what p_user wants of a conversation: {conversation_id, muted_until?, archived?, pinned?}. What is left out stays;
-- archiving takes a pin away, and pinning takes out of the archive. The profile is held, so that all pins of a user are
-- counted one after the other.
create or replace function rolecall_internal.set_conversation(p_user uuid, p_input jsonb, p_rollouts jsonb)
returns jsonb
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_actor rolecall.actor := rolecall_internal.actor(p_user, 'conversations', p_rollouts);
  v_mutes boolean := p_input ? 'muted_until';
  v_muted_until timestamptz := case
    when p_input ->> 'muted_until' = 'forever' then 'infinity'
    else rolecall_internal.moment_or_null(p_input ->> 'muted_until')
  end;
  v_archived boolean;
  v_pinned boolean;
  v_conversation rolecall.conversations;
  v_reader text;
  v_pins uuid[];
  v_newest bigint;
  v_set rolecall.conversation_settings;
begin
  if v_actor.refusal is not null then
    return v_actor.refusal;
  end if;
  if v_mutes and p_input -> 'muted_until' <> 'null' and v_muted_until is null then
    return rolecall_internal.refusal('invalid_input', 'The muted_until must be a moment in UTC, "forever" or null.');
  end if;
  if coalesce(jsonb_typeof(p_input -> 'archived'), 'null') not in ('boolean', 'null')
    or coalesce(jsonb_typeof(p_input -> 'pinned'), 'null') not in ('boolean', 'null')
  then
    return rolecall_internal.refusal('invalid_input', 'archived and pinned must be true or false.');
  end if;
  v_archived := p_input ->> 'archived';
  v_pinned := p_input ->> 'pinned';
  if not v_mutes and v_archived is null and v_pinned is null then
    return rolecall_internal.refusal('invalid_input', 'Give at least one of muted_until, archived and pinned.');
  end if;
  if v_archived and v_pinned then
    return rolecall_internal.refusal('invalid_input', 'A conversation is archived or pinned, not both.');
  end if;

  perform
  from rolecall.profiles
  where id = p_user
  for no key update;
  -- Its own statement, which sees what those before have set.
  select *
  into v_conversation
  from rolecall.conversations
  where id = rolecall_internal.uuid_or_null(p_input ->> 'conversation_id')
  for key share;
  v_reader := rolecall_internal.reader_of(p_user, v_conversation);
  -- A moderator does not read it as theirs.
  if v_reader is null or v_reader not in ('people', 'audience') then
    return rolecall_internal.refuse_unknown_conversation(p_user, v_conversation.id);
  end if;

  if v_pinned then
    v_pins := array(
      select id
      from rolecall_internal.set_conversations(p_user)
      where pinned_at is not null
    );
    if cardinality(array_remove(v_pins, v_conversation.id)) >= rolecall_internal.limit_pinned_conversations() then
      return rolecall_internal.refuse_field(
        'pinned',
        'too_many',
        format(
          'At most %s conversations can be pinned; take the pin off another one first.',
          rolecall_internal.limit_pinned_conversations()
        )
      );
    end if;
    -- What they no longer read takes no place.
    update rolecall.conversation_settings
    set
      pinned_at = null,
      changed_xid = pg_current_xact_id()
    where user_id = p_user
      and pinned_at is not null
      and conversation_id <> all (v_pins);
  end if;
  v_newest := case
    when v_reader = 'people' then v_conversation.last_seq
    else (
      select max(broadcast.seq)
      from rolecall_internal.visible_broadcasts(p_user, v_conversation.id, v_conversation.show_id) as broadcast
    )
  end;

  insert into rolecall.conversation_settings as own (user_id, conversation_id, muted_until, archived_at_seq, pinned_at)
  values (
    p_user,
    v_conversation.id,
    v_muted_until,
    case when v_archived then v_newest end,
    case when v_pinned then clock_timestamp() end
  )
  on conflict (user_id, conversation_id) do update
  set
    muted_until = case when v_mutes then excluded.muted_until else own.muted_until end,
    archived_at_seq = case
      when v_archived then excluded.archived_at_seq
      -- What a message brought back is not archived again by a mute.
      when v_archived is null
        and v_pinned is not true
        and rolecall_internal.is_archived(own.archived_at_seq, v_newest, own.muted_until)
      then own.archived_at_seq
    end,
    pinned_at = case
      when v_pinned then coalesce(own.pinned_at, excluded.pinned_at)
      when v_pinned is null and v_archived is not true then own.pinned_at
    end,
    changed_xid = excluded.changed_xid
  returning *
  into v_set;
  return rolecall_internal.success(
    jsonb_build_object(
      'conversation_id', v_conversation.id,
      'muted_until', rolecall_internal.mute_json(v_set.muted_until),
      'archived', rolecall_internal.is_archived(v_set.archived_at_seq, v_newest, v_set.muted_until),
      'pinned_at', rolecall_internal.iso(v_set.pinned_at)
    )
  );
end
$$;

create or replace function rolecall_edge.conversation_settings(p_request jsonb)
returns jsonb
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_call rolecall.call := rolecall_internal.begin_call(
    'conversations.settings',
    p_request,
    p_rate => 'conversation_settings'
  );
begin
  if v_call.answer is null then
    v_call.answer := rolecall_internal.set_conversation(v_call.caller, v_call.input, v_call.rollouts);
    if v_call.answer -> 'ok' = 'true' then
      -- For the user's own devices alone: no webhook hears of it. The row's id is younger than its transaction's.
      perform pg_current_xact_id();
      insert into rolecall.outbox (type, domain, conversations, users, is_forked)
      select
        'conversation.changed',
        'conversations',
        array[(v_call.answer #>> '{data,conversation_id}')::uuid],
        array[v_call.caller],
        true
      from rolecall.relay
      where is_pushed;
    end if;
  end if;
  return rolecall_internal.end_call(v_call);
end
$$;
