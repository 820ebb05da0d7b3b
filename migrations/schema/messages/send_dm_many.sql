-- send_dm for an array. Requests that arrive together share a commit: rolecall_edge.send_dm and rolecall_edge.mark_read take an array
-- of requests, too, and answer an array in the same order. Each request is decided as if it had come alone, with its own
-- claims, key, rate limit and audit row, and none is touched by the refusal of another; but every step of send_dm is one
-- statement for all of them, and there is one commit. send_dm.sql has the twin of each step for a single request,
-- conversations/mark_read_many.sql the other operation that takes an array.
--
-- What makes that safe:
-- * A request that depends on another of the same array is deferred instead of answered (deferred_dms).
-- * Every transaction takes its locks in the same order: slots of ids by their numbers (message_ids.sql), idempotency
--   records by user and key, buckets by user, conversations by their two people, their participants, counters by their key. So no two of them can wait for each
--   other.
-- * An array waits at most half a second for a lock: one conversation that somebody holds must not hold up the others.
--   The sender of the array sends its requests one by one then, which may wait as long as ever.

-- The requests of an array, taken apart. Only a content, show_id or message_id is checked here; nothing else that is wrong with a
-- request goes unnoticed later.
create or replace function rolecall_internal.dm_items(p_requests jsonb)
returns rolecall.dm_item[]
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
begin
  return (
    select array_agg(
      row(
        element.number,
        rolecall_internal.uuid_or_null(element.request #>> '{claims,sub}'),
        coalesce(element.request #>> '{claims,role}' = 'authenticated', false),
        element.request ->> 'idempotency_key',
        element.request -> 'rollouts',
        sent.input ->> 'content',
        sent.input ->> 'conversation_id' is not null,
        rolecall_internal.uuid_or_null(sent.input ->> 'conversation_id'),
        -- Of a reply nothing else counts.
        case
          when sent.input ->> 'conversation_id' is null then rolecall_internal.uuid_or_null(sent.input ->> 'recipient_id')
        end,
        case
          when sent.input ->> 'conversation_id' is null then rolecall_internal.uuid_or_null(sent.input ->> 'show_id')
        end,
        case
          when sent.input ->> 'message_id' is not null and sent.message_id is null then
            rolecall_internal.refuse_message_id()
          when coalesce(char_length(sent.input ->> 'content') not between 1 and rolecall_internal.limit_direct_message_chars(), true)
            or not rolecall_internal.has_visible(sent.input ->> 'content')
          then
            rolecall_internal.refuse_text('content', sent.input ->> 'content', 1, rolecall_internal.limit_direct_message_chars())
          when sent.input ->> 'conversation_id' is null
            and sent.input ->> 'show_id' is not null
            and rolecall_internal.uuid_or_null(sent.input ->> 'show_id') is null
          then
            rolecall_internal.refusal('invalid_input', 'The show_id is not a uuid.')
        end,
        sent.message_id
      )::rolecall.dm_item
      order by element.number
    )
    from jsonb_array_elements(p_requests) with ordinality as element (request, number)
    cross join lateral (
      values (element.request -> 'input', rolecall_internal.message_id(element.request #>> '{input,message_id}'))
    ) as sent (input, message_id)
  );
end
$$;

-- Which requests of an array cannot be decided beside those before them, by their numbers:
-- * a second one with the same key of the same user, or with the same message_id: whether it is a repetition depends on
--   how the first one ends;
-- * one that writes to somebody whom an earlier one, of the other of the two or about another show, may only just have
--   got acquainted: without a conversation the first contact decides what the second may do;
-- * and everything after such a one that has its sender or its two people in common with it, so that each sender's
--   messages stay in their order.
-- They are nearly always none.
create or replace function rolecall_internal.deferred_dms(p_items rolecall.dm_item[])
returns int[]
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_item record;
  v_kept_keys text[] := '{}';
  v_ids uuid[] := '{}';
  v_deferred int[] := '{}';
  v_callers uuid[] := '{}';
  v_pairs text[] := '{}';
begin
  if not exists (
    select
    from unnest(p_items) as item
    where item.key is not null
    group by item.caller, item.key
    having count(*) > 1
  ) and not exists (
    select
    from unnest(p_items) as item
    where item.message_id is not null
    group by item.message_id
    having count(*) > 1
  ) and not exists (
    select
    from unnest(p_items) as item
    where item.recipient is not null
    group by least(item.caller, item.recipient), greatest(item.caller, item.recipient)
    having count(*) > 1
      and count(distinct (item.caller, item.show_id)) > 1
  ) then
    return v_deferred;
  end if;

  for v_item in
    with addressed as (
      select
        item.number,
        item.caller,
        item.key,
        item.message_id,
        item.show_id,
        item.is_reply,
        coalesce(conversation.participant_low, least(item.caller, item.recipient)) as low,
        coalesce(conversation.participant_high, greatest(item.caller, item.recipient)) as high
      from unnest(p_items) as item
      left join rolecall.conversations as conversation
        on item.is_reply
        and conversation.id = item.conversation
      where item.caller is not null
        and item.is_user
    )
    select
      addressed.number,
      addressed.caller,
      addressed.key,
      addressed.message_id,
      addressed.low || ' ' || addressed.high as pair,
      not addressed.is_reply
        and not exists (
          select
          from rolecall.conversations as conversation
          where conversation.kind = 'direct'
            and conversation.version = 'v2'
            and conversation.participant_low = addressed.low
            and conversation.participant_high = addressed.high
        )
        and exists (
          select
          from addressed as earlier
          where earlier.number < addressed.number
            and earlier.low = addressed.low
            and earlier.high = addressed.high
            and (earlier.caller, earlier.show_id) is distinct from (addressed.caller, addressed.show_id)
        ) as is_second_contact
    from addressed
    order by addressed.number
  loop
    if v_item.is_second_contact
      or v_item.caller = any (v_callers)
      or v_item.pair = any (v_pairs)
      or v_item.caller || ' ' || v_item.key = any (v_kept_keys)
      or v_item.message_id = any (v_ids)
    then
      v_deferred := v_deferred || v_item.number;
      v_callers := v_callers || v_item.caller;
      if v_item.pair is not null then
        v_pairs := v_pairs || v_item.pair;
      end if;
    elsif v_item.key is not null then
      v_kept_keys := v_kept_keys || (v_item.caller || ' ' || v_item.key);
    end if;
    -- Of whichever user, and deferred or not: the first one gets it.
    if v_item.message_id is not null then
      v_ids := v_ids || v_item.message_id;
    end if;
  end loop;
  return v_deferred;
end
$$;

-- Whether each of these requests is allowed, and whose conversation it goes to. Requests that are allowed at the first
-- look are decided here at once, one decision for all with the same roles and facts. The others are judged by judge_dm and
-- judge_reply, which know every way to be allowed and the words of every refusal.
create or replace function rolecall_internal.judge_dms(p_items rolecall.dm_item[])
returns table (number int, judgement rolecall.judgement, low uuid, high uuid)
language plpgsql
stable
rows 50
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
begin
  return query
  with asked as (
    select
      item.number,
      'start_dm' as action,
      fact.sender_role,
      fact.target_role,
      fact.facts,
      fact.org_id,
      rolecall_internal.flag_includes(
        fact.is_open, item.rollouts, 'send-dm', item.caller, fact.org_id, fact.sender_internal
      )
      and (item.show_id is null or exists (select from rolecall.shows where id = item.show_id)) as is_possible,
      least(item.caller, item.recipient) as low,
      greatest(item.caller, item.recipient) as high
    from unnest(p_items) as item
    cross join lateral rolecall_internal.dm_facts(item.caller, item.recipient, item.show_id, 'send-dm') as fact
    where not item.is_reply
    union all
    select
      item.number,
      'reply',
      fact.sender_role,
      fact.target_role,
      fact.facts,
      fact.org_id,
      rolecall_internal.flag_includes(
        fact.is_open, item.rollouts, 'send-dm', item.caller, fact.org_id, fact.sender_internal
      ),
      conversation.participant_low,
      conversation.participant_high
    from unnest(p_items) as item
    cross join lateral rolecall_internal.reply_facts(item.caller, item.conversation, 'send-dm') as fact
    left join rolecall.conversations as conversation
      on conversation.id = item.conversation
    where item.is_reply
  ),
  decided as (
    select
      action,
      sender_role,
      target_role,
      facts,
      rolecall_internal.decide(action, sender_role, target_role, facts) as decision
    from asked
    where is_possible
      and sender_role is not null
      and target_role is not null
    group by action, sender_role, target_role, facts
  )
  select
    item.number,
    case
      when asked.is_possible and (decided.decision).allowed then
        row(true, null::jsonb, asked.org_id, (decided.decision).rule)::rolecall.judgement
      when item.is_reply then
        rolecall_internal.judge_reply(item.caller, item.conversation, item.rollouts)
      else
        rolecall_internal.judge_dm(item.caller, item.recipient, item.show_id, item.rollouts)
    end,
    asked.low,
    asked.high
  from unnest(p_items) as item
  join asked
    on asked.number = item.number
  left join decided
    on decided.action = asked.action
    and decided.sender_role = asked.sender_role
    and decided.target_role = asked.target_role
    and decided.facts = asked.facts;
end
$$;

-- Sends the requests of an array, none of which depends on another.
create or replace function rolecall_internal.send_independent_dms(p_requests jsonb, p_items rolecall.dm_item[])
returns jsonb[]
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_callers uuid[];
  v_has_keys boolean;
  v_has_ids boolean;
  -- The answers to messages whose id is taken.
  v_known jsonb[];
  -- Of the keys that are claimed here.
  v_keys text[];
  v_inputs jsonb[];
  v_claims jsonb[];
  -- Of all requests, in their order; null where there is none yet.
  v_answers jsonb[];
  v_limits jsonb[];
  -- The requests that have got as far as being judged, and what became of them.
  v_sending rolecall.dm_item[];
  v_numbers int[];
  v_outcomes jsonb[];
  v_conversations uuid[];
  v_lows uuid[];
  v_highs uuid[];
  v_senders uuid[];
  v_recipients uuid[];
  v_seqs bigint[];
  v_created boolean[];
begin
  select
    array_agg(item.caller order by item.number),
    array_agg(
      case
        when item.caller is null or not item.is_user then
          rolecall_internal.refuse_non_user(p_requests -> (item.number - 1))
      end
      order by item.number
    ),
    bool_or(item.key is not null),
    bool_or(item.message_id is not null)
  into v_callers, v_answers, v_has_keys, v_has_ids
  from unnest(p_items) as item;

  if v_has_ids then
    v_known := rolecall_internal.known_dms(p_items);
  end if;

  if v_has_keys then
    select
      array_agg(case when v_answers[item.number] is null then item.key end order by item.number),
      array_agg(p_requests -> (item.number - 1) -> 'input' order by item.number)
    into v_keys, v_inputs
    from unnest(p_items) as item;
    v_claims := rolecall_internal.claim_keys('send-dm', v_callers, v_keys, v_inputs);
    select
      array_agg(coalesce(answer, claim) order by number),
      array_agg(case when claim is null then key end order by number)
    into v_answers, v_keys
    from unnest(v_answers, v_claims, v_keys) with ordinality as claimed (answer, claim, key, number);
  end if;

  v_limits := rolecall_internal.take_tokens(
    (
      -- A message that was sent before takes no token again.
      select array_agg(
        case when answer is null and v_known[number] -> 'ok' is distinct from 'true' then caller end
        order by number
      )
      from unnest(v_callers, v_answers) with ordinality as request (caller, answer, number)
    ),
    'send_dm'
  );

  select array_agg(item)
  into v_sending
  from unnest(p_items) as item
  where item.refusal is null
    and v_answers[item.number] is null
    and v_known[item.number] is null
    and v_limits[item.number] -> 'taken' is distinct from 'false';

  if v_sending is not null then
    -- One statement settles who makes a conversation and who continues it, and numbers the messages.
    with judged as materialized (
      select
        item.number,
        item.caller,
        item.message_id as chosen_id,
        item.content,
        item.show_id,
        item.is_reply,
        item.conversation,
        item.recipient,
        (judged.judgement).allowed is true as is_allowed,
        (judged.judgement).refusal,
        (judged.judgement).org_id,
        judged.low,
        judged.high
      from unnest(v_sending) as item
      join rolecall_internal.judge_dms(v_sending) as judged
        on judged.number = item.number
    ),
    going as materialized (
      select
        judged.*,
        coalesce(judged.chosen_id, rolecall_internal.uuid_v7()) as message_id,
        row_number() over (partition by low, high order by number) as place,
        count(*) over (partition by low, high) as messages
      from judged
      where is_allowed
    ),
    numbered as (
      insert into rolecall.conversations as conversation (
        kind, participant_low, participant_high, created_by, organization_id, last_seq, last_message_at
      )
      select 'direct', low, high, caller, org_id, messages, now()
      from going
      where place = 1
      order by low, high
      on conflict (participant_low, participant_high) where kind = 'direct' and version = 'v2' do update
      set
        last_seq = conversation.last_seq + excluded.last_seq,
        last_message_at = greatest(conversation.last_message_at, excluded.last_message_at),
        changed_xid = excluded.changed_xid
      where not conversation.read_only
      returning id, participant_low, participant_high, last_seq, last_message_at
    ),
    placed as (
      select
        going.*,
        numbered.id as conversation_id,
        numbered.last_message_at as created_at,
        numbered.last_seq - going.messages + going.place as seq,
        numbered.last_seq = going.messages as is_new
      from going
      join numbered
        on numbered.participant_low = going.low
        and numbered.participant_high = going.high
    ),
    sent as (
      insert into rolecall.messages (id, conversation_id, seq, sender_id, content, show_id, created_at)
      select message_id, conversation_id, seq, caller, content, show_id, created_at
      from placed
      order by conversation_id, seq
    )
    select
      array_agg(judged.number order by judged.number),
      array_agg(
        case
          when not judged.is_allowed then judged.refusal
          when placed.seq is not null then
            jsonb_build_object(
              'ok', true,
              'data', jsonb_build_object(
                'message_id', placed.message_id,
                'conversation_id', placed.conversation_id,
                'seq', placed.seq,
                'created_at', rolecall_internal.iso(placed.created_at)
              ),
              'org_id', judged.org_id
            )
        end
        order by judged.number
      ),
      array_agg(placed.conversation_id order by judged.number),
      array_agg(placed.low order by judged.number),
      array_agg(placed.high order by judged.number),
      array_agg(judged.caller order by judged.number),
      array_agg(judged.recipient order by judged.number),
      array_agg(placed.seq order by judged.number),
      array_agg(coalesce(placed.is_new, false) order by judged.number)
    into v_numbers, v_outcomes, v_conversations, v_lows, v_highs, v_senders, v_recipients, v_seqs, v_created
    from judged
    left join placed
      on placed.number = judged.number;

    -- A reply has made its conversation anew: somebody deleted it since it was judged. The sender of the array sends its
    -- requests one by one.
    if exists (
      select
      from unnest(v_numbers, v_conversations) as outcome (number, conversation)
      join unnest(v_sending) as item
        on item.number = outcome.number
      where item.is_reply
        and item.conversation <> outcome.conversation
    ) then
      raise exception 'A conversation was deleted while it was written to.'
        using errcode = 'serialization_failure';
    end if;

    -- Not part of the statement above, which would not see what was committed while it waited for a conversation.
    if true = any (v_created) then
      insert into rolecall.conversation_participants (conversation_id, user_id, last_read_seq)
      select conversation, sender, max(seq)
      from unnest(v_conversations, v_senders, v_seqs, v_created) as outcome (conversation, sender, seq, is_new)
      where is_new
      group by conversation, sender
      union all
      select distinct conversation, recipient, 0
      from unnest(v_conversations, v_recipients, v_created) as outcome (conversation, recipient, is_new)
      where is_new;
    end if;
    if false = any (v_created) then
      update rolecall.conversation_participants as participant
      set
        last_read_seq = case
          when participant.last_read_seq = own.first_seq - 1 then participant.last_read_seq + own.run
          else participant.last_read_seq
        end,
        skipped = participant.skipped + own.messages - case
          when participant.last_read_seq = own.first_seq - 1 then own.run
          else 0
        end
      from (
        -- Locked in this order, in which mark-read takes them, too.
        select own.conversation_id, own.user_id, outcome.first_seq, outcome.messages, outcome.run
        from (
          -- The run are the first messages without one of the other's in between.
          select
            conversation,
            sender,
            min(seq) as first_seq,
            count(*) as messages,
            count(*) filter (where seq - place = first_seq - 1) as run
          from (
            select
              conversation,
              sender,
              seq,
              row_number() over (partition by conversation, sender order by seq) as place,
              min(seq) over (partition by conversation, sender) as first_seq
            from unnest(v_conversations, v_senders, v_seqs, v_created) as outcome (conversation, sender, seq, is_new)
            where not is_new
          ) as placed
          group by conversation, sender
        ) as outcome
        join rolecall.conversation_participants as own
          on own.conversation_id = outcome.conversation
          and own.user_id = outcome.sender
        order by own.conversation_id, own.user_id
        for no key update of own
      ) as own
      where participant.conversation_id = own.conversation_id
        and participant.user_id = own.user_id;
    end if;

    -- As in send_dm: once nothing is left to wait for, what has come to stand in the way meanwhile is seen. It is
    -- is_stopped for an array.
    if exists (
      select
      from unnest(v_numbers, v_conversations) as outcome (number, conversation)
      join unnest(v_sending) as item
        on item.number = outcome.number
      left join rolecall.profiles as writer
        on writer.id = item.caller
      left join rolecall.feature_flags as flag
        on flag.name = 'send-dm'
      where outcome.conversation is not null
        and (
          writer.id is null
          or flag.name is null
          or rolecall_internal.suspended_fact(writer.suspended_until) is not null
          or not rolecall_internal.flag_includes(
            flag.is_open, item.rollouts, 'send-dm', item.caller, writer.organization_id, writer.is_internal
          )
        )
    ) or exists (
      select
      from unnest(v_lows, v_highs) as pair (low, high)
      join rolecall.user_blocks as block
        on block.blocker_id in (pair.low, pair.high)
        and block.blocked_id in (pair.low, pair.high)
    ) then
      raise exception 'A sender was stopped while a message waited.'
        using errcode = 'serialization_failure';
    end if;

    -- Allowed and not sent: the operator has closed the conversation since.
    if array_position(v_outcomes, null) is not null then
      select
        array_agg(
          case
            when outcome.answer is not null then outcome.answer
            when item.is_reply then
              rolecall_internal.refusal('not_found', 'There is no conversation with this conversation_id.')
            else
              (rolecall_internal.judge_reply(item.caller, conversation.id, item.rollouts)).refusal
          end
          order by item.number
        )
      into v_outcomes
      from unnest(v_numbers, v_outcomes) as outcome (number, answer)
      join unnest(v_sending) as item
        on item.number = outcome.number
      left join rolecall.conversations as conversation
        on conversation.kind = 'direct'
        and conversation.version = 'v2'
        and conversation.participant_low = least(item.caller, item.recipient)
        and conversation.participant_high = greatest(item.caller, item.recipient);
    end if;
  end if;

  select
    array_agg(
      case
        when v_answers[item.number] is not null then v_answers[item.number]
        when v_limits[item.number] -> 'taken' = 'false' then rolecall_internal.refuse_rate(v_limits[item.number])
        else
          rolecall_internal.with_limit(
            coalesce(v_known[item.number], item.refusal, outcome.answer), v_limits[item.number]
          )
      end
      order by item.number
    )
  into v_answers
  from unnest(p_items) as item
  left join unnest(v_numbers, v_outcomes) as outcome (number, answer)
    on outcome.number = item.number;

  if v_has_keys then
    perform rolecall_internal.settle_keys(v_callers, v_keys, v_answers);
  end if;
  return rolecall_internal.finish_many('send-dm', p_requests, v_callers, v_answers);
end
$$;

-- The requests of an array. One by itself is sent like a single request, except that it waits no longer than an array.
-- An array is no request, wherever it stands.
create or replace function rolecall_internal.send_dm_many(p_requests jsonb)
returns jsonb
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
set lock_timeout = '500ms'
as $$
declare
  v_nobody uuid;
  v_items rolecall.dm_item[];
  v_deferred int[];
  v_kept jsonb;
  v_answers jsonb[];
begin
  if jsonb_array_length(p_requests) = 0 then
    return '[]';
  elsif jsonb_array_length(p_requests) = 1 and jsonb_typeof(p_requests -> 0) <> 'array' then
    return jsonb_build_array(rolecall_edge.send_dm(p_requests -> 0));
  elsif rolecall_internal.maintenance_is_on() then
    -- Nearly all are refused. An array in an array is no request.
    return (
      select jsonb_agg(rolecall_edge.send_dm(case jsonb_typeof(request) when 'array' then '{}' else request end) order by number)
      from jsonb_array_elements(p_requests) with ordinality as element (request, number)
    );
  end if;
  -- Policies and triggers that ask for the caller hear of nobody, since each statement below is of many.
  v_nobody := rolecall_internal.assume_claims(null);
  v_items := rolecall_internal.dm_items(p_requests);
  v_deferred := rolecall_internal.deferred_dms(v_items);
  if v_deferred = '{}' then
    return to_jsonb(rolecall_internal.send_independent_dms(p_requests, v_items));
  end if;
  select jsonb_agg(request order by number)
  into v_kept
  from jsonb_array_elements(p_requests) with ordinality as element (request, number)
  where number <> all (v_deferred);
  v_answers := rolecall_internal.send_independent_dms(v_kept, rolecall_internal.dm_items(v_kept));
  return (
    select jsonb_agg(
      case
        when number = any (v_deferred) then '{"deferred": true}'
        else to_jsonb(v_answers[number - (select count(*) from unnest(v_deferred) as before where before < number)])
      end
      order by number
    )
    from generate_series(1, jsonb_array_length(p_requests)) as number
  );
end
$$;
