-- One inbox card per conversation: with whom, about which show, the newest message, what is unread, whether p_user may
-- write into it. p_readers[i] says as what p_user reads p_conversations[i]; an audience sees and counts only the messages
-- that are for it. The newest message is the newest that is not deleted; last_message_at tells of the newest one all the
-- same, so that a deletion moves no card.
--
-- One statement makes a whole page, and one decision serves all conversations with the same facts.
create or replace function rolecall_internal.conversation_cards(
  p_user uuid,
  p_conversations uuid[],
  p_readers text[],
  p_rollouts jsonb
)
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
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
        fact.is_open,
        fact.target_role,
        case when asked.reader = 'audience' then fact.facts || 'participant'::text else fact.facts end as facts,
        case when asked.reader = 'audience' then heard.seq else conversation.last_seq end as newest_seq,
        case when asked.reader = 'audience' then heard.created_at else conversation.last_message_at end as newest_at,
        own.skipped,
        setting.muted_until,
        setting.archived_at_seq,
        setting.pinned_at,
        case asked.reader
          when 'people' then own.last_read_seq
          when 'audience' then (
            select receipt.last_read_seq
            from rolecall.broadcast_receipts as receipt
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
        from rolecall.conversations
        where id = asked.id
        -- Each by its key, however many PostgreSQL expects.
        offset 0
      ) as conversation
      cross join lateral (
        select *
        from rolecall_internal.reply_facts(p_user, asked.id, 'send-dm')
        offset 0
      ) as fact
      left join lateral (
        select broadcast.seq, broadcast.created_at
        from rolecall_internal.visible_broadcasts(p_user, conversation.id, conversation.show_id) as broadcast
        order by broadcast.seq desc
        limit 1
      ) as heard
        on asked.reader = 'audience'
      left join lateral (
        select last_read_seq, skipped
        from rolecall.conversation_participants
        where conversation_id = asked.id
          and user_id = p_user
        offset 0
      ) as own
        on asked.reader = 'people'
      left join lateral (
        select muted_until, archived_at_seq, pinned_at
        from rolecall.conversation_settings
        where conversation_id = asked.id
          and user_id = p_user
        offset 0
      ) as setting
        on true
    ),
    judged as materialized (
      select
        alike.target_role,
        alike.facts,
        rolecall_internal.judge_reply_facts(
          p_user,
          alike.sender_role,
          alike.sender_internal,
          alike.sender_org_id,
          alike.is_open,
          p_rollouts,
          alike.target_role,
          alike.facts
        ) as judgement
      from (
        select distinct sender_role, sender_internal, sender_org_id, is_open, target_role, facts
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
            left join rolecall.profiles as person
              on person.id = other.id
          )
        end,
        'show', (
          select jsonb_build_object('id', show.id, 'title', show.title)
          from rolecall.shows as show
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
          when shown.reader = 'people' then coalesce(shown.newest_seq - shown.read_seq - shown.skipped, 0)
          when shown.reader = 'audience' and shown.newest_seq > coalesce(shown.read_seq, 0) then
            rolecall_internal.new_broadcasts(p_user, shown.id, shown.show_id, coalesce(shown.read_seq, 0))
          else 0
        end,
        'muted_until', rolecall_internal.mute_json(shown.muted_until),
        'archived', rolecall_internal.is_archived(shown.archived_at_seq, shown.newest_seq, shown.muted_until),
        'pinned_at', rolecall_internal.iso(shown.pinned_at),
        'revision', shown.revision,
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
        'created_at', rolecall_internal.iso(shown.created_at),
        'last_message_at', rolecall_internal.iso(coalesce(shown.newest_at, shown.last_message_at))
      )
      order by shown.number
    )
    from shown
    join judged
      on judged.target_role is not distinct from shown.target_role
      and judged.facts = shown.facts
    left join lateral (
      select rolecall_internal.message_for(p_user, message) as message
      from rolecall.messages as message
      where message.conversation_id = shown.id
        and message.seq <= shown.newest_seq
        and message.deleted_at is null
        and (
          shown.reader <> 'audience'
          or exists (
            select
            from rolecall_internal.visible_broadcasts(p_user, shown.id, shown.show_id) as broadcast
            where broadcast.seq = message.seq
          )
        )
      order by message.seq desc
      limit 1
    ) as newest
      on true
  );
end
$$;

-- A page of the conversations of p_user, each with the time of its newest message that they see, newest first, after the
-- one at (p_at, p_id). The indexes have the hours in order alone, so each part looks first in which hour its page ends at
-- the latest, and then sorts what is not older.
create or replace function rolecall_internal.inbox_page(
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
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
  -- Whoever has archived nothing has nothing left out.
  v_none constant boolean := not exists (
    select
    from rolecall.conversation_settings
    where user_id = p_user
      and archived_at_seq is not null
  );
  v_archived_shows constant uuid[] := case
    when v_none then '{}'
    else array(
      select id
      from rolecall_internal.set_conversations(p_user)
      where is_archived
        and kind = 'show'
    )
  end;
begin
  return query
  select listed.id, listed.at, listed.reader
  from (
    (
      select conversation.id, conversation.last_message_at as at, 'people' as reader
      from rolecall.conversations as conversation
      where conversation.participant_low = p_user
        and p_kind is distinct from 'show'
        and conversation.active_in <= rolecall_internal.hour_of(p_at)
        and conversation.active_in >= coalesce(
          (
            select newer.active_in
            from rolecall.conversations as newer
            where newer.participant_low = p_user
              and newer.active_in < rolecall_internal.hour_of(p_at)
              and (
                v_none
                or not exists (
                  select
                  from rolecall.conversation_settings as setting
                  where setting.user_id = p_user
                    and setting.conversation_id = newer.id
                    and rolecall_internal.is_archived(setting.archived_at_seq, newer.last_seq, setting.muted_until)
                )
              )
            order by newer.active_in desc
            offset p_limit - 1
            limit 1
          ),
          '-infinity'
        )
        and (conversation.last_message_at, conversation.id) < (p_at, p_id)
        and (
          v_none
          or not exists (
            select
            from rolecall.conversation_settings as setting
            where setting.user_id = p_user
              and setting.conversation_id = conversation.id
              and rolecall_internal.is_archived(setting.archived_at_seq, conversation.last_seq, setting.muted_until)
          )
        )
      order by conversation.last_message_at desc, conversation.id desc
      limit p_limit
    )
    union all
    (
      select conversation.id, conversation.last_message_at, 'people'
      from rolecall.conversations as conversation
      where conversation.participant_high = p_user
        and p_kind is distinct from 'show'
        and conversation.active_in <= rolecall_internal.hour_of(p_at)
        and conversation.active_in >= coalesce(
          (
            select newer.active_in
            from rolecall.conversations as newer
            where newer.participant_high = p_user
              and newer.active_in < rolecall_internal.hour_of(p_at)
              and (
                v_none
                or not exists (
                  select
                  from rolecall.conversation_settings as setting
                  where setting.user_id = p_user
                    and setting.conversation_id = newer.id
                    and rolecall_internal.is_archived(setting.archived_at_seq, newer.last_seq, setting.muted_until)
                )
              )
            order by newer.active_in desc
            offset p_limit - 1
            limit 1
          ),
          '-infinity'
        )
        and (conversation.last_message_at, conversation.id) < (p_at, p_id)
        and (
          v_none
          or not exists (
            select
            from rolecall.conversation_settings as setting
            where setting.user_id = p_user
              and setting.conversation_id = conversation.id
              and rolecall_internal.is_archived(setting.archived_at_seq, conversation.last_seq, setting.muted_until)
          )
        )
      order by conversation.last_message_at desc, conversation.id desc
      limit p_limit
    )
    union all
    (
      select conversation.id, conversation.last_message_at, 'people'
      from rolecall.conversations as conversation
      where conversation.created_by = p_user
        and conversation.kind = 'show'
        and p_kind is distinct from 'direct'
        and conversation.active_in <= rolecall_internal.hour_of(p_at)
        and conversation.active_in >= coalesce(
          (
            select newer.active_in
            from rolecall.conversations as newer
            where newer.created_by = p_user
              and newer.kind = 'show'
              and newer.active_in < rolecall_internal.hour_of(p_at)
              and (
                v_none
                or not exists (
                  select
                  from rolecall.conversation_settings as setting
                  where setting.user_id = p_user
                    and setting.conversation_id = newer.id
                    and rolecall_internal.is_archived(setting.archived_at_seq, newer.last_seq, setting.muted_until)
                )
              )
            order by newer.active_in desc
            offset p_limit - 1
            limit 1
          ),
          '-infinity'
        )
        and (conversation.last_message_at, conversation.id) < (p_at, p_id)
        and (
          v_none
          or not exists (
            select
            from rolecall.conversation_settings as setting
            where setting.user_id = p_user
              and setting.conversation_id = conversation.id
              and rolecall_internal.is_archived(setting.archived_at_seq, conversation.last_seq, setting.muted_until)
          )
        )
      order by conversation.last_message_at desc, conversation.id desc
      limit p_limit
    )
    union all
    (
      -- What is broadcast where they take part.
      select thread.conversation_id, thread.last_message_at, 'audience'
      from rolecall.show_participants as own
      cross join lateral (
        select newest.conversation_id, newest.last_message_at
        from rolecall.show_threads as newest
        join rolecall.conversations as conversation
          on conversation.id = newest.conversation_id
          and conversation.created_by <> p_user
          and rolecall_internal.reads_broadcasts_of(p_user, conversation.created_by)
        where newest.show_id = own.show_id
          and newest.role = own.role
          and newest.active_in >= rolecall_internal.hour_of(own.joined_at)
          and newest.active_in <= rolecall_internal.hour_of(p_at)
          and newest.last_message_at >= own.joined_at
          and (newest.last_message_at, newest.conversation_id) < (p_at, p_id)
          and newest.conversation_id <> all (v_archived_shows)
        order by newest.active_in desc, newest.last_message_at desc, newest.conversation_id desc
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
      join rolecall.conversations as conversation
        on conversation.id = newest.conversation_id
        and rolecall_internal.reads_broadcasts_of(p_user, conversation.created_by)
      cross join lateral (
        select broadcast.created_at
        from rolecall.broadcasts as broadcast
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
        and newest.conversation_id <> all (v_archived_shows)
        and not exists (
          select
          from rolecall.show_participants as now_own
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

-- The inbox of p_user, newest first, a page at a time: {limit, kind?, archived?, cursor?}: what is not archived, or what is.
-- With the first page of what is not come those that are pinned. A suspended user reads on.
create or replace function rolecall_internal.inbox(
  p_user uuid,
  p_input jsonb,
  p_rollouts jsonb
)
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_actor rolecall.actor := rolecall_internal.actor(p_user, 'conversations', p_rollouts);
  v_kind text := p_input ->> 'kind';
  v_limit int := rolecall_internal.page_size(p_input, rolecall_internal.limit_page());
  -- Newer than everything.
  v_at timestamptz := 'infinity';
  v_id uuid := 'ffffffff-ffff-ffff-ffff-ffffffffffff';
  v_conversations uuid[];
  v_readers text[];
  v_archived boolean := coalesce(p_input -> 'archived' = 'true', false);
  v_cards jsonb;
  v_next text;
  v_pinned jsonb;
begin
  if v_actor.refusal is not null then
    return v_actor.refusal;
  end if;
  if v_kind not in ('direct', 'show') then
    return rolecall_internal.refusal('invalid_input', 'The kind must be direct or show.');
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
    array_agg(reader order by number) filter (where number <= v_limit),
    case
      when count(*) > v_limit then max(rolecall_internal.cursor_of(at, id)) filter (where number = v_limit)
    end
  into v_conversations, v_readers, v_next
  from (
    select id, at, reader, row_number() over (order by at desc, id desc) as number
    from (
      select id, at, reader
      from rolecall_internal.inbox_page(p_user, v_kind, v_at, v_id, v_limit + 1)
      where not v_archived
      union all
      select id, at, reader
      from rolecall_internal.set_conversations(p_user)
      where v_archived
        and is_archived
        and (v_kind is null or kind = v_kind)
        and (at, id) < (v_at, v_id)
      order by at desc, id desc
      limit v_limit + 1
    ) as listed
  ) as page;
  v_cards := coalesce(
    rolecall_internal.conversation_cards(
      p_user,
      v_conversations,
      v_readers,
      p_rollouts
    ),
    '[]'
  );

  if p_input ->> 'cursor' is null and not v_archived then
    select rolecall_internal.conversation_cards(p_user, array_agg(id), array_agg(reader), p_rollouts)
    into v_pinned
    from (
      select id, reader
      from rolecall_internal.set_conversations(p_user)
      where pinned_at is not null
        and (v_kind is null or kind = v_kind)
      order by pinned_at desc, id desc
      limit rolecall_internal.limit_pinned_conversations()
    ) as pin;
  end if;

  return rolecall_internal.success(
    jsonb_build_object('conversations', v_cards, 'pinned', coalesce(v_pinned, '[]'), 'next_cursor', v_next)
  );
end
$$;

create or replace function rolecall_edge.inbox(p_request jsonb)
returns jsonb
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_call rolecall.call := rolecall_internal.begin_call(
    'conversations.inbox',
    p_request,
    p_rate => 'read',
    p_keyed => false
  );
begin
  if v_call.answer is null then
    v_call.answer := rolecall_internal.inbox(
      v_call.caller,
      v_call.input,
      v_call.rollouts
    );
  end if;
  return rolecall_internal.end_call(v_call);
end
$$;
