-- What was written before Rolecall: conversations and messages of another system, to be read on and not written into.

-- A time of another system; null for what is none. One without a zone is taken to be in UTC.
create or replace function rolecall_internal.legacy_time(p_text text)
returns timestamptz
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  if p_text ~ '^[0-9]{4}-[0-9]{2}-[0-9]{2}([T ][0-9]{2}:[0-9]{2}(:[0-9]{2}([.][0-9]{1,9})?)?)?$' then
    return (p_text || ' UTC')::timestamptz;
  end if;
  if p_text ~ '^[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(:[0-9]{2}([.][0-9]{1,9})?)? ?(Z|[+-][0-9]{2}(:?[0-9]{2})?)$' then
    return p_text::timestamptz;
  end if;
  return null;
exception
  -- The thirty-first of February.
  when datetime_field_overflow or invalid_datetime_format or invalid_time_zone_displacement_value then
    return null;
end
$$;

-- An id of another system: the uuid that it is, or else one that follows from it, the same every time.
create or replace function rolecall_internal.legacy_id(p_id text, p_within text)
returns uuid
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
begin
  return coalesce(rolecall_internal.uuid_or_null(p_id), md5('rolecall legacy ' || p_within || ' ' || p_id)::uuid);
end
$$;

-- Imports conversations of another system:
-- [{id?, participants: [uuid], show_id?, created_at?,
--   messages: [{id?, seq?, sender_id?, content?, created_at?, deleted_at?}]}]
-- Their messages are numbered from 1 in the order of seq, then of created_at, then as they come; whatever is missing
-- stays unknown, and nothing of it is unread. A message of somebody who is not one of the two people stays theirs, and
-- gives them no access. A conversation that was imported before is left as it is. Answers how many
-- were added and what was left out: {conversations, messages, already_imported, skipped: [{index, message?, reason}]},
-- where index and message count from 0.
create or replace function rolecall.import_legacy_conversations(p_conversations jsonb)
returns jsonb
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_answer jsonb;
  v_nestloop text := current_setting('enable_nestloop');
begin
  if jsonb_typeof(p_conversations) is distinct from 'array' then
    raise exception using
      errcode = 'invalid_parameter_value',
      message = 'import_legacy_conversations takes a list of conversations';
  end if;

  -- Nothing is known beforehand of how many there are of what is made on the way: taken to be few, each of 10,000
  -- messages would be compared with each conversation.
  perform set_config('enable_nestloop', 'off', true);
  -- One import at a time: the next one sees which ids of messages this one has taken.
  perform pg_advisory_xact_lock(hashtextextended('rolecall.import_legacy_conversations', 0));
  with entry as (
    select
      (number - 1)::int as index,
      body,
      rolecall_internal.legacy_id(coalesce(body ->> 'id', body::text), 'conversation') as id,
      rolecall_internal.uuid_or_null(body ->> 'show_id') as show_id,
      rolecall_internal.legacy_time(body ->> 'created_at') as created_at,
      case when jsonb_typeof(body -> 'messages') = 'array' then body -> 'messages' else '[]' end as messages
    from jsonb_array_elements(p_conversations) with ordinality as given (body, number)
    where jsonb_typeof(body) = 'object'
  ),
  -- The people: those who are listed, and where that is less than two, those who wrote, in the order in which they did.
  person as (
    select index, id, min(number) as number, bool_or(listed) as listed
    from (
      select entry.index, rolecall_internal.uuid_or_null(name) as id, number, true as listed
      from entry
      cross join lateral jsonb_array_elements_text(
        case when jsonb_typeof(body -> 'participants') = 'array' then body -> 'participants' else '[]' end
      ) with ordinality as given (name, number)
      union all
      select entry.index, rolecall_internal.uuid_or_null(body_of ->> 'sender_id'), 1000000 + number, false
      from entry
      cross join lateral jsonb_array_elements(entry.messages) with ordinality as given (body_of, number)
      where jsonb_typeof(body_of) = 'object'
    ) as named
    where id is not null
    group by index, id
  ),
  pair as (
    select
      index,
      min(id::text) filter (where place <= 2)::uuid as low,
      max(id::text) filter (where place <= 2)::uuid as high,
      count(*) filter (where listed) as listed
    from (
      select index, id, listed, row_number() over (partition by index order by number, id) as place
      from person
    ) as placed
    group by index
  ),
  verdict as (
    select
      entry.index,
      entry.id,
      entry.show_id,
      entry.created_at,
      pair.low,
      nullif(pair.high, pair.low) as high,
      case
        when pair.low is null then 'no_participants'
        when pair.listed > 2 then 'too_many_participants'
        when row_number() over (partition by entry.id order by entry.index) > 1 then 'duplicate_id'
        when existing.version = 'v2' then 'id_taken'
        when existing.version = 'v1' then 'already_imported'
      end as reason
    from entry
    left join pair
      on pair.index = entry.index
    left join rolecall.conversations as existing
      on existing.id = entry.id
  ),
  given as (
    select
      verdict.index,
      verdict.id as conversation_id,
      verdict.show_id,
      (number - 1)::int as position,
      body_of as body,
      rolecall_internal.legacy_id(
        coalesce(body_of ->> 'id', number || ' ' || body_of::text),
        -- Ids that are no uuids need not be unique beyond their conversation.
        'message of ' || verdict.id
      ) as id,
      case
        when body_of ->> 'seq' ~ '^-?[0-9]{1,18}([.][0-9]{1,18})?$' then (body_of ->> 'seq')::numeric
      end as seq,
      rolecall_internal.legacy_time(body_of ->> 'created_at') as created_at,
      jsonb_typeof(body_of) is distinct from 'object' as malformed
    from verdict
    join entry
      on entry.index = verdict.index
    cross join lateral jsonb_array_elements(entry.messages) with ordinality as listed (body_of, number)
    where verdict.reason is null
  ),
  once as (
    select
      *,
      row_number() over (partition by conversation_id, id order by position) > 1 as again,
      row_number() over (partition by id order by index, position) > 1
        or exists (
          select
          from rolecall.messages as existing
          where existing.id = given.id
        ) as taken
    from given
    where not malformed
  ),
  message as (
    select
      conversation_id,
      -- Of two conversations with a message of the same id, the second one's gets another.
      case when taken then md5('rolecall legacy ' || conversation_id || ' ' || id)::uuid else id end as id,
      row_number() over (
        partition by conversation_id
        order by seq nulls last, created_at nulls last, position
      ) as seq,
      rolecall_internal.uuid_or_null(body ->> 'sender_id') as sender_id,
      body ->> 'content' as content,
      show_id,
      created_at,
      case
        when coalesce(body -> 'deleted_at', 'null') not in ('null', 'false')
          then coalesce(rolecall_internal.legacy_time(body ->> 'deleted_at'), created_at, now())
      end as deleted_at
    from once
    where not again
  ),
  summary as (
    select
      conversation_id,
      max(seq) as last_seq,
      min(message.created_at) as first_at,
      max(message.created_at) as last_at,
      (array_agg(sender_id order by seq) filter (where sender_id in (verdict.low, verdict.high)))[1] as created_by
    from message
    join verdict
      on verdict.id = message.conversation_id
      and verdict.reason is null
    group by conversation_id
  ),
  conversation as (
    insert into rolecall.conversations (
      id, kind, version, participant_low, participant_high, show_id, created_by, organization_id, read_only, last_seq,
      last_message_at, created_at
    )
    select
      verdict.id,
      'direct',
      'v1',
      verdict.low,
      verdict.high,
      show.id,
      summary.created_by,
      creator.organization_id,
      true,
      coalesce(summary.last_seq, 0),
      coalesce(summary.last_at, verdict.created_at, '-infinity'),
      coalesce(verdict.created_at, summary.first_at, '-infinity')
    from verdict
    left join summary
      on summary.conversation_id = verdict.id
    left join rolecall.shows as show
      on show.id = verdict.show_id
    left join rolecall.profiles as creator
      on creator.id = summary.created_by
    where verdict.reason is null
    -- Somebody imports the same at the same time.
    on conflict (id) do nothing
    returning id, last_seq
  ),
  added as (
    insert into rolecall.messages (
      id, conversation_id, seq, sender_id, content, show_id, created_at, deleted_at, deleted_as, legacy
    )
    select
      message.id,
      message.conversation_id,
      message.seq,
      message.sender_id,
      case when message.deleted_at is null then message.content end,
      message.show_id,
      message.created_at,
      message.deleted_at,
      -- Whoever it was: nobody brings it back.
      case when message.deleted_at is not null then 'author' end,
      true
    from message
    join conversation
      on conversation.id = message.conversation_id
    returning id
  ),
  removed as (
    insert into rolecall.removed_contents (conversation_id, seq, content, removed_at)
    select message.conversation_id, message.seq, message.content, message.deleted_at
    from message
    join conversation
      on conversation.id = message.conversation_id
    where message.deleted_at is not null
      and message.content is not null
  ),
  participant as (
    -- Who has no profile is known by the id alone. To have written a message makes nobody a participant: a third one
    -- is its sender and reads nothing.
    insert into rolecall.conversation_participants (conversation_id, user_id, last_read_seq)
    select conversation.id, profile.id, conversation.last_seq
    from conversation
    join verdict
      on verdict.id = conversation.id
      and verdict.reason is null
    join rolecall.profiles as profile
      on profile.id in (verdict.low, verdict.high)
  ),
  skipped (index, message, reason) as (
    select (number - 1)::int, null::int, 'not_an_object'
    from jsonb_array_elements(p_conversations) with ordinality as listed (body, number)
    where jsonb_typeof(body) <> 'object'
    union all
    select index, null, reason
    from verdict
    where reason <> 'already_imported'
    union all
    select index, position, 'not_an_object'
    from given
    where malformed
    union all
    select index, position, 'duplicate_id'
    from once
    where again
  )
  select jsonb_build_object(
    'conversations', (select count(*) from conversation),
    'messages', (select count(*) from added),
    'already_imported', (select count(*) from verdict where reason = 'already_imported'),
    'skipped', (
      select coalesce(
        jsonb_agg(
          jsonb_strip_nulls(jsonb_build_object('index', index, 'message', message, 'reason', reason))
          order by index, message nulls first
        ),
        '[]'
      )
      from skipped
    )
  )
  into v_answer;
  perform set_config('enable_nestloop', v_nestloop, true);
  return v_answer;
end
$$;
