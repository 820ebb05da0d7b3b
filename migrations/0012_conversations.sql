-- Reading: the inbox, the messages of a conversation, what is unread, and how far somebody has read.
--
-- Everything is read by an index that has it in the order of the answer, a page at a time, so that it costs the same
-- however many conversations and messages there are.

-- A number of a request; null for whatever is no whole number, or too large to be one of ours.
create or replace function rolecall.whole_number(p_value jsonb)
returns bigint
language plpgsql
immutable
set search_path = ''
as $$
begin
  if jsonb_typeof(p_value) = 'number' and p_value #>> '{}' ~ '^[0-9]{1,18}$' then
    return (p_value #>> '{}')::bigint;
  end if;
  return null;
end
$$;

-- Why a request may not read, and null when it may: it is no signed-in user's, the function is off for them, or they
-- have no profile. A suspended user reads on.
create or replace function rolecall.refuse_reader(p_request jsonb, p_caller uuid)
returns jsonb
language plpgsql
stable
set search_path = ''
as $$
declare
  v_profile public.profiles;
begin
  if p_caller is null or p_request #>> '{claims,role}' is distinct from 'authenticated' then
    return rolecall.refuse_non_user(p_request);
  end if;
  select *
  into v_profile
  from public.profiles
  where id = p_caller;
  if not rolecall.feature_enabled('conversations', p_request ->> 'rollout', p_caller, v_profile.is_internal) then
    return rolecall.refuse_disabled();
  end if;
  if v_profile.id is null then
    return rolecall.refuse_without_profile();
  end if;
  return null;
end
$$;

-- The rollout of another function, which decides with it whether that function would refuse.
create or replace function rolecall.rollout_of(p_request jsonb, p_flag text)
returns text
language plpgsql
immutable
set search_path = ''
as $$
begin
  return coalesce(p_request -> 'rollouts' ->> p_flag, 'enabled');
end
$$;

-- As what p_user may read a conversation, best first: as one of its people (people), as the audience of its broadcasts
-- (audience), as the organizer of its show (organizer), as a moderator (moderator). Null when not at all, or when there
-- is none.
create or replace function rolecall.reader_of(p_user uuid, p_conversation public.conversations)
returns text
language plpgsql
stable
set search_path = ''
as $$
declare
  v_role public.app_role;
  v_facts text[];
begin
  if p_user in (p_conversation.participant_low, p_conversation.participant_high)
    or (p_conversation.kind = 'show' and p_conversation.created_by = p_user)
    or exists (
      select
      from public.conversation_participants
      where conversation_id = p_conversation.id
        and user_id = p_user
    )
  then
    return 'people';
  end if;
  if p_conversation.kind = 'show'
    and exists (
      select
      from rolecall.visible_broadcasts(p_user, p_conversation.id, p_conversation.show_id)
    )
  then
    return 'audience';
  end if;

  -- Whoever may moderate what is in it: the matrix decides.
  select
    reader.role,
    array[
      'feature_enabled',
      case when reader.suspended_until > now() then 'suspended' end,
      case when show.organizer_id = p_user then 'own_show' end
    ]
  into v_role, v_facts
  from public.profiles as reader
  left join public.shows as show
    on show.id = p_conversation.show_id
    and p_conversation.kind = 'show'
  where reader.id = p_user;
  if p_conversation.id is not null
    and (rolecall.decide('moderate', v_role, 'attendee', v_facts)).allowed
  then
    return case when v_role in ('moderator', 'admin') then 'moderator' else 'organizer' end;
  end if;
  return null;
end
$$;

-- The messages of a conversation numbered above p_after and below p_before (null for no bound), the newest p_limit of
-- them or the oldest: all of them, or, of the broadcasts for the show p_audience_of, those that p_user sees as their
-- audience. In no order.
create or replace function rolecall.visible_messages(
  p_user uuid,
  p_conversation uuid,
  p_audience_of uuid,
  p_after bigint,
  p_before bigint,
  p_newest boolean,
  p_limit int
)
returns setof public.messages
language plpgsql
stable
rows 50
set search_path = ''
as $$
declare
  v_after bigint := coalesce(p_after, 0);
  v_before bigint := coalesce(p_before, 9223372036854775807);
begin
  if p_audience_of is null and p_newest then
    return query
    select *
    from public.messages
    where conversation_id = p_conversation
      and seq > v_after
      and seq < v_before
    order by seq desc
    limit p_limit;
  elsif p_audience_of is null then
    return query
    select *
    from public.messages
    where conversation_id = p_conversation
      and seq > v_after
      and seq < v_before
    order by seq
    limit p_limit;
  elsif p_newest then
    return query
    select message.*
    from rolecall.visible_broadcasts(p_user, p_conversation, p_audience_of) as broadcast
    join public.messages as message
      on message.id = broadcast.message_id
    where broadcast.seq > v_after
      and broadcast.seq < v_before
    order by broadcast.seq desc
    limit p_limit;
  else
    return query
    select message.*
    from rolecall.visible_broadcasts(p_user, p_conversation, p_audience_of) as broadcast
    join public.messages as message
      on message.id = broadcast.message_id
    where broadcast.seq > v_after
      and broadcast.seq < v_before
    order by broadcast.seq
    limit p_limit;
  end if;
end
$$;

-- Conversations as p_user sees them, who reads each as the reader of the same place in p_readers: with whom, about which
-- show, its newest message, what is unread, and whether they may write into it. To an audience the newest message is the
-- newest that is for them, and what is unread is counted among those. The removed contents are for moderators.
--
-- One statement for a whole page, and one decision for all conversations of the same facts.
create or replace function rolecall.conversation_cards(
  p_user uuid,
  p_conversations uuid[],
  p_readers text[],
  p_removed boolean,
  p_send_dm_rollout text
)
returns jsonb
language plpgsql
stable
set search_path = ''
as $$
begin
  return (
    with shown as materialized (
      select
        asked.number,
        asked.reader,
        conversation.*,
        fact.sender_role,
        fact.sender_internal,
        fact.org_id as sender_org_id,
        fact.rollout,
        fact.target_role,
        case when asked.reader = 'audience' then fact.facts || 'participant'::text else fact.facts end as facts,
        case
          when asked.reader <> 'audience' then conversation.last_seq
          else (
            select broadcast.seq
            from rolecall.visible_broadcasts(p_user, conversation.id, conversation.show_id) as broadcast
            order by broadcast.seq desc
            limit 1
          )
        end as newest_seq,
        case asked.reader
          when 'people' then (
            select own.last_read_seq
            from public.conversation_participants as own
            where own.conversation_id = conversation.id
              and own.user_id = p_user
          )
          when 'audience' then (
            select receipt.last_read_seq
            from public.broadcast_receipts as receipt
            where receipt.conversation_id = conversation.id
              and receipt.user_id = p_user
          )
        end as read_seq,
        case
          when conversation.kind = 'show' then nullif(conversation.created_by, p_user)
          when conversation.participant_low = p_user then conversation.participant_high
          when conversation.participant_high = p_user then conversation.participant_low
        end as other_id
      from unnest(p_conversations, p_readers) with ordinality as asked (id, reader, number)
      cross join lateral (
        select *
        from public.conversations
        where id = asked.id
        -- Each by its key, whatever PostgreSQL thinks how many there are.
        offset 0
      ) as conversation
      cross join lateral (
        select *
        from rolecall.reply_facts(p_user, asked.id)
        offset 0
      ) as fact
    ),
    judged as materialized (
      select
        alike.target_role,
        alike.facts,
        rolecall.judge_reply_facts(
          p_user,
          alike.sender_role,
          alike.sender_internal,
          alike.sender_org_id,
          alike.rollout,
          p_send_dm_rollout,
          alike.target_role,
          alike.facts
        ) as judgement
      from (
        select distinct sender_role, sender_internal, sender_org_id, rollout, target_role, facts
        from shown
      ) as alike
    )
    select jsonb_agg(
      jsonb_build_object(
        'id', shown.id,
        'kind', shown.kind,
        'version', shown.version,
        'with', case
          when shown.other_id is not null then (
            -- Of an imported conversation with somebody who has no profile, the id is all there is.
            select jsonb_build_object('id', shown.other_id, 'display_name', person.display_name, 'role', person.role)
            from (values (shown.other_id)) as other (id)
            left join public.profiles as person
              on person.id = other.id
          )
        end,
        'show', (
          select jsonb_build_object('id', show.id, 'title', show.title)
          from public.shows as show
          where show.id = shown.show_id
        ),
        'last_message', newest.message,
        'last_seq', coalesce(shown.newest_seq, 0),
        -- Of what was imported before somebody had a profile nothing is new to them; and who looks in to moderate has
        -- nothing to read.
        'last_read_seq', case shown.reader
          when 'people' then coalesce(shown.read_seq, shown.newest_seq)
          else coalesce(shown.read_seq, 0)
        end,
        'unread_count', case
          when shown.reader = 'people' then coalesce(shown.newest_seq - shown.read_seq, 0)
          when shown.reader = 'audience' and shown.newest_seq > coalesce(shown.read_seq, 0) then (
            select count(*)
            from rolecall.visible_broadcasts(p_user, shown.id, shown.show_id) as broadcast
            where broadcast.seq > coalesce(shown.read_seq, 0)
          )
          else 0
        end,
        'can_reply', coalesce((judged.judgement).allowed, false),
        'reply_refusal', case
          when (judged.judgement).allowed then null
          else jsonb_build_object(
            'code', (judged.judgement).refusal -> 'code',
            'rule', (judged.judgement).rule,
            'message', (judged.judgement).refusal -> 'detail',
            'allowed_if', (judged.judgement).refusal #> '{reasons,0,allowed_if}'
          )
        end,
        'created_at', rolecall.iso(shown.created_at),
        'last_message_at', rolecall.iso(coalesce(newest.created_at, shown.last_message_at))
      )
      order by shown.number
    )
    from shown
    join judged
      on judged.target_role is not distinct from shown.target_role
      and judged.facts = shown.facts
    left join lateral (
      select
        rolecall.message_json(message, case when p_removed then removed.content end) as message,
        message.created_at
      from public.messages as message
      left join rolecall.removed_contents as removed
        on removed.message_id = message.id
      where message.conversation_id = shown.id
        and message.seq = shown.newest_seq
      offset 0
    ) as newest
      on true
  );
end
$$;

-- A page of the conversations of p_user with when each had its newest message that they see, newest first, after the
-- one that (p_at, p_id) names. Each part reads no more than a page of its index.
create or replace function rolecall.inbox_page(
  p_user uuid,
  p_kind text,
  p_at timestamptz,
  p_id uuid,
  p_limit int
)
returns table (id uuid, at timestamptz, reader text)
language plpgsql
stable
rows 50
set search_path = ''
as $$
#variable_conflict use_column
begin
  return query
  select listed.id, listed.at, listed.reader
  from (
    (
      select conversation.id, conversation.last_message_at as at, 'people' as reader
      from public.conversations as conversation
      where conversation.participant_low = p_user
        and p_kind is distinct from 'show'
        and (conversation.last_message_at, conversation.id) < (p_at, p_id)
      order by conversation.last_message_at desc, conversation.id desc
      limit p_limit
    )
    union all
    (
      select conversation.id, conversation.last_message_at, 'people'
      from public.conversations as conversation
      where conversation.participant_high = p_user
        and p_kind is distinct from 'show'
        and (conversation.last_message_at, conversation.id) < (p_at, p_id)
      order by conversation.last_message_at desc, conversation.id desc
      limit p_limit
    )
    union all
    (
      select conversation.id, conversation.last_message_at, 'people'
      from public.conversations as conversation
      where conversation.created_by = p_user
        and conversation.kind = 'show'
        and p_kind is distinct from 'direct'
        and (conversation.last_message_at, conversation.id) < (p_at, p_id)
      order by conversation.last_message_at desc, conversation.id desc
      limit p_limit
    )
    union all
    (
      -- What is broadcast where they take part.
      select thread.conversation_id, thread.last_message_at, 'audience'
      from public.show_participants as own
      cross join lateral (
        select newest.conversation_id, newest.last_message_at
        from rolecall.show_threads as newest
        join public.conversations as conversation
          on conversation.id = newest.conversation_id
          and conversation.created_by <> p_user
        where newest.show_id = own.show_id
          and newest.role = own.role
          and newest.last_message_at >= own.joined_at
          and (newest.last_message_at, newest.conversation_id) < (p_at, p_id)
        order by newest.last_message_at desc, newest.conversation_id desc
        limit p_limit
      ) as thread
      where own.user_id = p_user
        and p_kind is distinct from 'direct'
      order by thread.last_message_at desc, thread.conversation_id desc
      limit p_limit
    )
    union all
    (
      -- What was broadcast where they took part, unless they see later messages of it, too.
      select newest.conversation_id, max(last.created_at), 'audience'
      from rolecall.past_participations as own
      join rolecall.show_threads as newest
        on newest.show_id = own.show_id
        and newest.role = own.role
      cross join lateral (
        select broadcast.created_at
        from public.broadcasts as broadcast
        where broadcast.conversation_id = newest.conversation_id
          and broadcast.sender_id <> p_user
          and broadcast.created_at >= own.joined_at
          and broadcast.created_at < own.left_at
          and own.role = any (broadcast.recipient_roles)
        order by broadcast.seq desc
        limit 1
      ) as last
      where own.user_id = p_user
        and p_kind is distinct from 'direct'
        and not exists (
          select
          from public.show_participants as now_own
          join rolecall.show_threads as later
            on later.conversation_id = newest.conversation_id
            and later.role = now_own.role
            and later.last_message_at >= now_own.joined_at
          where now_own.user_id = p_user
            and now_own.show_id = own.show_id
        )
      group by newest.conversation_id
      having (max(last.created_at), newest.conversation_id) < (p_at, p_id)
      order by 2 desc, 1 desc
      limit p_limit
    )
  ) as listed
  order by listed.at desc, listed.id desc
  limit p_limit;
end
$$;

-- Does what GET conversations does for p_user, who is verified: {limit, kind?, cursor?}.
create or replace function rolecall.inbox(p_user uuid, p_input jsonb, p_send_dm_rollout text)
returns jsonb
language plpgsql
stable
set search_path = ''
as $$
declare
  v_kind text := p_input ->> 'kind';
  v_limit int := rolecall.page_size(p_input, 100);
  v_removed boolean;
  -- Before everything.
  v_at timestamptz := 'infinity';
  v_id uuid := 'ffffffff-ffff-ffff-ffff-ffffffffffff';
  v_conversations uuid[];
  v_readers text[];
  v_cards jsonb;
  v_next text;
begin
  if v_kind not in ('direct', 'show') then
    return rolecall.refusal('invalid_input', 'The kind must be direct or show.');
  end if;
  if p_input ->> 'cursor' is not null then
    select at, id
    into v_at, v_id
    from rolecall.cursor_parts(p_input ->> 'cursor');
    if v_id is null then
      return rolecall.refuse_cursor();
    end if;
  end if;
  v_removed := exists (
    select
    from public.profiles
    where id = p_user
      and role in ('moderator', 'admin')
  );

  -- One more than the page tells whether there is another.
  select
    array_agg(id order by number) filter (where number <= v_limit),
    array_agg(reader order by number) filter (where number <= v_limit),
    case
      when count(*) > v_limit then max(rolecall.cursor_of(at, id)) filter (where number = v_limit)
    end
  into v_conversations, v_readers, v_next
  from (
    select id, at, reader, row_number() over (order by at desc, id desc) as number
    from rolecall.inbox_page(p_user, v_kind, v_at, v_id, v_limit + 1)
  ) as page;
  v_cards := coalesce(
    rolecall.conversation_cards(p_user, v_conversations, v_readers, v_removed, p_send_dm_rollout),
    '[]'
  );

  return rolecall.success(jsonb_build_object('conversations', v_cards, 'next_cursor', v_next));
end
$$;

-- Does what GET conversations/unread does for p_user, who is verified.
create or replace function rolecall.unread(p_user uuid)
returns jsonb
language plpgsql
stable
set search_path = ''
as $$
declare
  v_direct bigint;
  v_direct_conversations bigint;
  v_show bigint;
  v_show_conversations bigint;
begin
  -- Their conversations by the two indexes of the inbox, so that it costs the same however many others there are.
  -- Planned anew every time: a plan for just anybody takes it that nobody has more than a few, and would compare each
  -- of 10,000 conversations with each of 10,000 participations.
  execute $query$
    select coalesce(sum(conversation.last_seq - own.last_read_seq), 0), count(*)
    from (
      select id, last_seq
      from public.conversations
      where participant_low = $1
      union all
      select id, last_seq
      from public.conversations
      where participant_high = $1
    ) as conversation
    join public.conversation_participants as own
      on own.conversation_id = conversation.id
      and own.user_id = $1
      and own.last_read_seq < conversation.last_seq
  $query$
  into v_direct, v_direct_conversations
  using p_user;

  select count(distinct message_id), count(distinct conversation_id)
  into v_show, v_show_conversations
  from (
    -- What is newer than what they have read, where they take part and where they took part. "offset 0": by thread, not
    -- by going through everything that was ever broadcast.
    select newest.conversation_id, unread.message_id
    from rolecall.participations as own
    join rolecall.show_threads as newest
      on newest.show_id = own.show_id
      and newest.role = own.role
      and newest.last_message_at >= own.joined_at
    left join public.broadcast_receipts as receipt
      on receipt.conversation_id = newest.conversation_id
      and receipt.user_id = p_user
    cross join lateral (
      select broadcast.message_id
      from public.broadcasts as broadcast
      where broadcast.conversation_id = newest.conversation_id
        and broadcast.seq > coalesce(receipt.last_read_seq, 0)
        and broadcast.sender_id <> p_user
        and broadcast.created_at >= own.joined_at
        and broadcast.created_at < own.left_at
        and own.role = any (broadcast.recipient_roles)
      offset 0
    ) as unread
    where own.user_id = p_user
      and newest.last_seq > coalesce(receipt.last_read_seq, 0)
  ) as counted;

  return rolecall.success(
    jsonb_build_object(
      'unread', v_direct + v_show,
      'conversations', v_direct_conversations + v_show_conversations,
      'by_kind', jsonb_build_object('direct', v_direct, 'show', v_show)
    )
  );
end
$$;

create or replace function rolecall.refuse_unknown_conversation()
returns jsonb
language plpgsql
immutable
set search_path = ''
as $$
begin
  return rolecall.refusal(
    'not_found',
    'No conversation with this id has you as a participant.',
    'not_a_participant',
    'You take part in the conversation.'
  );
end
$$;

-- Does what GET conversations/:id/messages does for p_user, who is verified: {conversation_id, limit, before_seq?,
-- since_seq?}: the newest messages, those before a number, or, to catch up, those since one. The answer says as what they
-- read it.
--
-- Stable, so that all of it sees one moment: the card fits the messages, whoever writes meanwhile.
create or replace function rolecall.read_messages(p_user uuid, p_input jsonb, p_send_dm_rollout text)
returns jsonb
language plpgsql
stable
set search_path = ''
as $$
declare
  v_limit int := rolecall.page_size(p_input, 200);
  v_before bigint := rolecall.whole_number(p_input -> 'before_seq');
  v_since bigint := rolecall.whole_number(p_input -> 'since_seq');
  v_conversation public.conversations;
  v_reader text;
  v_removed boolean;
  v_audience_of uuid;
  v_messages jsonb;
  v_first bigint;
  v_last bigint;
begin
  if coalesce(p_input -> 'before_seq', 'null') <> 'null' and v_before is null then
    return rolecall.refusal('invalid_input', 'The before_seq must be a whole number.');
  end if;
  if coalesce(p_input -> 'since_seq', 'null') <> 'null' and v_since is null then
    return rolecall.refusal('invalid_input', 'The since_seq must be a whole number.');
  end if;

  select *
  into v_conversation
  from public.conversations
  where id = rolecall.uuid_or_null(p_input ->> 'conversation_id');
  v_reader := rolecall.reader_of(p_user, v_conversation);
  if v_reader is null then
    return rolecall.refuse_unknown_conversation();
  end if;
  v_audience_of := case when v_reader = 'audience' then v_conversation.show_id end;
  v_removed := v_reader = 'moderator'
    or exists (
      select
      from public.profiles
      where id = p_user
        and role in ('moderator', 'admin')
    );
  select
    coalesce(
      jsonb_agg(
        rolecall.message_json(message, case when v_removed then removed.content end)
        order by message.seq
      ),
      '[]'
    ),
    min(message.seq),
    max(message.seq)
  into v_messages, v_first, v_last
  from rolecall.visible_messages(
    p_user, v_conversation.id, v_audience_of, v_since, v_before, v_since is null, v_limit
  ) as message
  left join rolecall.removed_contents as removed
    on removed.message_id = message.id;
  -- Of a page without messages, where it would be.
  v_first := coalesce(v_first, v_since + 1, v_before);
  v_last := coalesce(v_last, v_before - 1, v_since);

  return rolecall.success(
    jsonb_build_object(
      'conversation',
      rolecall.conversation_cards(
        p_user,
        array[v_conversation.id],
        array[v_reader],
        v_removed,
        p_send_dm_rollout
      ) -> 0,
      'messages', v_messages,
      'has_more_before', v_first is not null and exists (
        select
        from rolecall.visible_messages(p_user, v_conversation.id, v_audience_of, null, v_first, true, 1)
      ),
      'has_more_after', v_last is not null and exists (
        select
        from rolecall.visible_messages(p_user, v_conversation.id, v_audience_of, v_last, null, false, 1)
      )
    )
  ) || jsonb_build_object('reader', v_reader);
end
$$;

-- Does what POST conversations/:id/read does for p_user, who is verified: {conversation_id, up_to_seq}. What was read
-- stays read, and nobody has read what there is not yet.
create or replace function rolecall.mark_read(p_user uuid, p_input jsonb)
returns jsonb
language plpgsql
volatile
set search_path = ''
as $$
declare
  v_up_to bigint := rolecall.whole_number(p_input -> 'up_to_seq');
  v_conversation public.conversations;
  v_reader text;
  v_last_read_seq bigint;
  v_unread bigint;
begin
  if v_up_to is null then
    return rolecall.refusal('invalid_input', 'The up_to_seq must be a whole number.');
  end if;
  select *
  into v_conversation
  from public.conversations
  where id = rolecall.uuid_or_null(p_input ->> 'conversation_id');
  v_reader := rolecall.reader_of(p_user, v_conversation);

  if v_reader = 'people' then
    -- Whoever got their profile after the import has no row yet.
    insert into public.conversation_participants as own (conversation_id, user_id, last_read_seq)
    values (v_conversation.id, p_user, least(v_up_to, v_conversation.last_seq))
    on conflict (conversation_id, user_id) do update
    set last_read_seq = excluded.last_read_seq
    where own.last_read_seq < excluded.last_read_seq
    returning own.last_read_seq
    into v_last_read_seq;
    if not found then
      select own.last_read_seq
      into v_last_read_seq
      from public.conversation_participants as own
      where own.conversation_id = v_conversation.id
        and own.user_id = p_user;
    end if;
    -- Somebody may have written meanwhile.
    v_unread := greatest(0, v_conversation.last_seq - v_last_read_seq);
  elsif v_reader = 'audience' then
    -- Up to the last that is for them.
    v_up_to := (
      select max(broadcast.seq)
      from rolecall.visible_broadcasts(p_user, v_conversation.id, v_conversation.show_id) as broadcast
      where broadcast.seq <= v_up_to
    );
    insert into public.broadcast_receipts as receipt (conversation_id, user_id, last_read_seq)
    select v_conversation.id, p_user, v_up_to
    where v_up_to is not null
    on conflict (conversation_id, user_id) do update
    set
      last_read_seq = excluded.last_read_seq,
      read_at = excluded.read_at
    where receipt.last_read_seq < excluded.last_read_seq
    returning receipt.last_read_seq
    into v_last_read_seq;
    if not found then
      select receipt.last_read_seq
      into v_last_read_seq
      from public.broadcast_receipts as receipt
      where receipt.conversation_id = v_conversation.id
        and receipt.user_id = p_user;
    end if;
    v_last_read_seq := coalesce(v_last_read_seq, 0);
    v_unread := (
      select count(*)
      from rolecall.visible_broadcasts(p_user, v_conversation.id, v_conversation.show_id) as broadcast
      where broadcast.seq > v_last_read_seq
    );
  else
    -- Who looks in to moderate does not read it as theirs.
    return rolecall.refuse_unknown_conversation();
  end if;

  return rolecall.success(
    jsonb_build_object(
      'conversation_id', v_conversation.id,
      'last_read_seq', v_last_read_seq,
      'unread_count', v_unread
    )
  );
end
$$;

create or replace function edge.inbox(p_request jsonb)
returns jsonb
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_caller uuid := rolecall.assume_claims(p_request -> 'claims');
  v_answer jsonb := rolecall.refuse_reader(p_request, v_caller);
begin
  if v_answer is null then
    v_answer := rolecall.inbox(v_caller, p_request -> 'input', rolecall.rollout_of(p_request, 'send-dm'));
  end if;
  return rolecall.finish('conversations', p_request, v_caller, v_answer);
end
$$;

create or replace function edge.unread(p_request jsonb)
returns jsonb
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_caller uuid := rolecall.assume_claims(p_request -> 'claims');
  v_answer jsonb := rolecall.refuse_reader(p_request, v_caller);
begin
  if v_answer is null then
    v_answer := rolecall.unread(v_caller);
  end if;
  return rolecall.finish('conversations', p_request, v_caller, v_answer);
end
$$;

create or replace function edge.messages(p_request jsonb)
returns jsonb
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_caller uuid := rolecall.assume_claims(p_request -> 'claims');
  v_answer jsonb := rolecall.refuse_reader(p_request, v_caller);
begin
  if v_answer is null then
    v_answer := rolecall.read_messages(v_caller, p_request -> 'input', rolecall.rollout_of(p_request, 'send-dm'));
    if v_answer ->> 'reader' = 'moderator' then
      insert into public.application_logs (
        level, service, method, event, request_id, user_id, conversation_id, org_id, code
      )
      select
        'info',
        'database',
        'conversations',
        'conversation_read_by_moderator',
        p_request ->> 'request_id',
        v_caller,
        rolecall.uuid_or_null(v_answer #>> '{data,conversation,id}'),
        organization_id,
        'ok'
      from public.profiles
      where id = v_caller;
    end if;
  end if;
  return rolecall.finish('conversations', p_request, v_caller, v_answer - 'reader');
end
$$;

create or replace function edge.mark_read(p_request jsonb)
returns jsonb
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_caller uuid := rolecall.assume_claims(p_request -> 'claims');
  v_key text := p_request ->> 'idempotency_key';
  v_input jsonb := p_request -> 'input';
  v_answer jsonb;
begin
  if v_caller is null or p_request #>> '{claims,role}' is distinct from 'authenticated' then
    v_answer := rolecall.refuse_non_user(p_request);
  elsif v_key is not null then
    v_answer := rolecall.claim_key('mark-read', v_caller, v_key, v_input);
  end if;
  if v_answer is null then
    v_answer := rolecall.refuse_reader(p_request, v_caller);
    if v_answer is null then
      v_answer := rolecall.mark_read(v_caller, v_input);
    end if;
    if v_key is not null then
      perform rolecall.settle_key(v_caller, v_key, v_answer);
    end if;
  end if;
  return rolecall.finish('mark-read', p_request, v_caller, v_answer);
end
$$;

revoke execute on function
  rolecall.whole_number(jsonb),
  rolecall.refuse_reader(jsonb, uuid),
  rolecall.rollout_of(jsonb, text),
  rolecall.reader_of(uuid, public.conversations),
  rolecall.visible_messages(uuid, uuid, uuid, bigint, bigint, boolean, int),
  rolecall.conversation_cards(uuid, uuid[], text[], boolean, text),
  rolecall.inbox_page(uuid, text, timestamptz, uuid, int),
  rolecall.inbox(uuid, jsonb, text),
  rolecall.unread(uuid),
  rolecall.refuse_unknown_conversation(),
  rolecall.read_messages(uuid, jsonb, text),
  rolecall.mark_read(uuid, jsonb)
  from public, anon, authenticated, service_role;
revoke execute on function
  edge.inbox(jsonb),
  edge.unread(jsonb),
  edge.messages(jsonb),
  edge.mark_read(jsonb)
  from public, anon, authenticated, service_role;
grant execute on function
  edge.inbox(jsonb),
  edge.unread(jsonb),
  edge.messages(jsonb),
  edge.mark_read(jsonb)
  to rolecall_edge;

insert into rolecall.schema_migrations (version, name)
values (12, 'conversations')
on conflict (version) do nothing;
