-- Requests that meet share a commit: edge.send_dm and edge.mark_read take an array of requests, too, and answer an
-- array in the same order. Each request is decided as if it had come alone, with its own claims, key, rate limit and
-- audit row, and none is touched by the refusal of another; but every step of send_dm is one statement for all of them,
-- and there is one commit.
--
-- What makes that safe:
-- * A request that depends on another of the same array is not answered but deferred (rolecall.deferred_dms).
-- * Every transaction takes its locks in the same order: idempotency records by user and key, buckets by user,
--   conversations by their two people, their participants, counters by their key. So no two of them can wait for each
--   other.
-- * An array waits at most half a second for a lock: one conversation that somebody holds must not hold up the others.
--   Whoever sent the array sends its requests one by one then, which may wait as long as ever.

-- How many tokens the last statement took: known to the statement alone that refilled the bucket, so it says so here.
alter table rolecall.rate_buckets add column if not exists taken int not null default 1;
comment on column rolecall.rate_buckets.taken is 'How many tokens the last statement took; it reads this back.';

do $$
begin
  if to_regtype('rolecall.dm_item') is null then
    -- One request of an array, taken apart.
    create type rolecall.dm_item as (
      number int,
      -- Null for nobody.
      caller uuid,
      is_user boolean,
      key text,
      rollout text,
      content text,
      is_reply boolean,
      conversation uuid,
      recipient uuid,
      show_id uuid,
      -- What is said to the client of a show_id that is no uuid, and of a content that is no message.
      refusal jsonb
    );
  end if;
end
$$;

-- All that decides whether p_sender may write to p_recipient, but for whether they share a show or have a conversation.
-- PostgreSQL writes it into the statements that ask, of one request or of an array of them.
create or replace function rolecall.dm_facts(p_sender uuid, p_recipient uuid)
returns table (
  sender_role public.app_role,
  sender_internal boolean,
  org_id uuid,
  rollout text,
  target_role public.app_role,
  facts text[]
)
language sql
stable
begin atomic
  select
    sender.role,
    sender.is_internal,
    sender.organization_id,
    flag.rollout,
    recipient.role,
    array[
      'feature_enabled',
      case when sender.suspended_until > now() then 'suspended' end,
      case when p_sender = p_recipient then 'self' end,
      case
        when exists (
          -- In either direction; nobody blocks themselves, so each of the two is one of the pair.
          select
          from public.user_blocks
          where blocker_id in (p_sender, p_recipient)
            and blocked_id in (p_sender, p_recipient)
        )
        then 'blocked'
      end
    ]
  from (values (p_sender)) as asked (id)
  left join public.profiles as sender
    on sender.id = asked.id
  left join public.profiles as recipient
    on recipient.id = p_recipient
  left join public.feature_flags as flag
    on flag.name = 'send-dm';
end;

-- As in 0006_messaging, with the facts from rolecall.dm_facts.
create or replace function rolecall.judge_dm(
  p_sender uuid,
  p_recipient uuid,
  p_show uuid,
  p_rollout text
)
returns rolecall.judgement
language plpgsql
stable
set search_path = ''
as $$
declare
  v_sender_role public.app_role;
  v_recipient_role public.app_role;
  v_org_id uuid;
  v_internal boolean;
  v_rollout text;
  v_read_only boolean;
  v_facts text[];
  v_decision rolecall.decision;
  v_reply rolecall.decision;
begin
  select sender_role, target_role, org_id, sender_internal, rollout, facts
  into v_sender_role, v_recipient_role, v_org_id, v_internal, v_rollout, v_facts
  from rolecall.dm_facts(p_sender, p_recipient);

  if not (
    rolecall.rollout_includes(v_rollout, 'send-dm', p_sender, v_internal)
    and rolecall.rollout_includes(p_rollout, 'send-dm', p_sender, v_internal)
  ) then
    return row(false, rolecall.refuse_disabled(), v_org_id, 'feature_disabled'::text);
  end if;
  if v_sender_role is null then
    return row(false, rolecall.refuse_without_profile(), v_org_id, 'no_profile'::text);
  end if;
  if v_recipient_role is null then
    return row(false, rolecall.refusal('not_found', 'There is no user with this recipient_id.'), v_org_id, null::text);
  end if;
  if p_show is not null and not exists (select from public.shows where id = p_show) then
    return row(false, rolecall.refusal('not_found', 'There is no show with this show_id.'), v_org_id, null::text);
  end if;

  v_decision := rolecall.decide('start_dm', v_sender_role, v_recipient_role, v_facts);
  if v_decision.allowed then
    return row(true, null::jsonb, v_org_id, v_decision.rule);
  end if;

  -- A shared show can allow what was refused; no guard looks at it, so it could not have refused what was allowed.
  if exists (
    select
    from public.show_participants as own
    join public.show_participants as theirs
      on theirs.show_id = own.show_id
      and theirs.user_id = p_recipient
    where own.user_id = p_sender
      and (p_show is null or own.show_id = p_show)
  ) then
    v_facts := v_facts || 'shares_show'::text;
    v_decision := rolecall.decide('start_dm', v_sender_role, v_recipient_role, v_facts);
    if v_decision.allowed then
      return row(true, null::jsonb, v_org_id, v_decision.rule);
    end if;
  end if;

  select read_only
  into v_read_only
  from public.conversations
  where kind = 'direct'
    and version = 'v2'
    and participant_low = least(p_sender, p_recipient)
    and participant_high = greatest(p_sender, p_recipient);
  if found then
    v_reply := rolecall.decide(
      'reply',
      v_sender_role,
      v_recipient_role,
      v_facts || array['participant', case when v_read_only then 'read_only' end]
    );
    if v_reply.allowed then
      return row(true, null::jsonb, v_org_id, v_reply.rule);
    end if;
  end if;
  return row(false, rolecall.refusal_of(v_decision), v_org_id, v_decision.rule);
end
$$;

-- The requests of an array, taken apart. What is wrong with one is said by its own columns; only a content or show_id
-- is judged here, since nothing else that is wrong with a request goes unnoticed later.
create or replace function rolecall.dm_items(p_requests jsonb)
returns rolecall.dm_item[]
language plpgsql
immutable
set search_path = ''
as $$
begin
  return (
    select array_agg(
      row(
        element.number,
        rolecall.uuid_or_null(element.request #>> '{claims,sub}'),
        coalesce(element.request #>> '{claims,role}' = 'authenticated', false),
        element.request ->> 'idempotency_key',
        element.request ->> 'rollout',
        sent.input ->> 'content',
        sent.input ->> 'conversation_id' is not null,
        rolecall.uuid_or_null(sent.input ->> 'conversation_id'),
        -- Of a reply nothing else counts.
        case
          when sent.input ->> 'conversation_id' is null then rolecall.uuid_or_null(sent.input ->> 'recipient_id')
        end,
        case
          when sent.input ->> 'conversation_id' is null then rolecall.uuid_or_null(sent.input ->> 'show_id')
        end,
        case
          when coalesce(char_length(sent.input ->> 'content') not between 1 and 2000, true) then
            rolecall.refusal('invalid_input', 'The content must have 1 to 2000 characters.')
          when sent.input ->> 'conversation_id' is null
            and sent.input ->> 'show_id' is not null
            and rolecall.uuid_or_null(sent.input ->> 'show_id') is null
          then
            rolecall.refusal('invalid_input', 'The show_id is not a uuid.')
        end
      )::rolecall.dm_item
      order by element.number
    )
    from jsonb_array_elements(p_requests) with ordinality as element (request, number)
    cross join lateral (values (element.request -> 'input')) as sent (input)
  );
end
$$;

-- Which requests of an array cannot be decided beside those before them, by their numbers:
-- * a second one with the same key of the same user: whether it is a repetition depends on how the first one ends;
-- * one that writes to somebody whom an earlier one, of the other of the two or about another show, may only just have
--   got acquainted: without a conversation the first contact decides what the second may do;
-- * and everything after such a one that has its sender or its two people in common with it, so that each sender's
--   messages stay in their order.
-- They are nearly always none.
create or replace function rolecall.deferred_dms(p_items rolecall.dm_item[])
returns int[]
language plpgsql
stable
set search_path = ''
as $$
declare
  v_item record;
  v_kept_keys text[] := '{}';
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
        item.show_id,
        item.is_reply,
        coalesce(conversation.participant_low, least(item.caller, item.recipient)) as low,
        coalesce(conversation.participant_high, greatest(item.caller, item.recipient)) as high
      from unnest(p_items) as item
      left join public.conversations as conversation
        on item.is_reply
        and conversation.id = item.conversation
      where item.caller is not null
        and item.is_user
    )
    select
      addressed.number,
      addressed.caller,
      addressed.key,
      addressed.low || ' ' || addressed.high as pair,
      not addressed.is_reply
        and not exists (
          select
          from public.conversations as conversation
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
    then
      v_deferred := v_deferred || v_item.number;
      v_callers := v_callers || v_item.caller;
      if v_item.pair is not null then
        v_pairs := v_pairs || v_item.pair;
      end if;
    elsif v_item.key is not null then
      v_kept_keys := v_kept_keys || (v_item.caller || ' ' || v_item.key);
    end if;
  end loop;
  return v_deferred;
end
$$;

create or replace function rolecall.refuse_reused_key()
returns jsonb
language plpgsql
immutable
set search_path = ''
as $$
begin
  return rolecall.refusal(
    'idempotency_conflict',
    'This Idempotency-Key was used for another request in the last 24 hours.',
    'idempotency_key_reused',
    'The request is sent with a key of its own, or exactly as it was sent the first time.'
  );
end
$$;

-- As in 0004_operations, with the words from rolecall.refuse_reused_key.
create or replace function rolecall.claim_key(
  p_function text,
  p_user uuid,
  p_key text,
  p_input jsonb
)
returns jsonb
language plpgsql
volatile
set search_path = ''
as $$
declare
  v_fingerprint bytea := sha256(convert_to(p_function || ' ' || p_input::text, 'UTF8'));
  v_answer jsonb;
  v_same boolean;
begin
  insert into rolecall.idempotency_records as record (user_id, key, fingerprint)
  values (p_user, p_key, v_fingerprint)
  on conflict (user_id, key) do update
  set
    fingerprint = excluded.fingerprint,
    answer = null,
    created_at = excluded.created_at
  where record.created_at <= now() - interval '24 hours';
  if found then
    return null;
  end if;

  select record.fingerprint = v_fingerprint, record.answer
  into v_same, v_answer
  from rolecall.idempotency_records as record
  where record.user_id = p_user
    and record.key = p_key;
  if v_same and v_answer is not null then
    return v_answer || '{"replayed": true}';
  end if;
  return rolecall.refuse_reused_key();
end
$$;

-- rolecall.claim_key for many requests, no two of which have the same user and key. Answers in their order; null for
-- one that shall run, as for one without a key.
create or replace function rolecall.claim_keys(
  p_function text,
  p_users uuid[],
  p_keys text[],
  p_inputs jsonb[]
)
returns jsonb[]
language plpgsql
volatile
set search_path = ''
as $$
declare
  v_fingerprints bytea[] := (
    select array_agg(sha256(convert_to(p_function || ' ' || input::text, 'UTF8')) order by number)
    from unnest(p_inputs) with ordinality as claimed (input, number)
  );
begin
  insert into rolecall.idempotency_records as record (user_id, key, fingerprint)
  select claimed.user_id, claimed.key, claimed.fingerprint
  from unnest(p_users, p_keys, v_fingerprints) as claimed (user_id, key, fingerprint)
  where claimed.key is not null
  order by claimed.user_id, claimed.key
  on conflict (user_id, key) do update
  set
    fingerprint = excluded.fingerprint,
    answer = null,
    created_at = excluded.created_at
  where record.created_at <= now() - interval '24 hours';

  -- A statement of its own, which sees what was committed while that one waited. Of the rows that it sees only those of
  -- this transaction have no answer.
  return (
    select array_agg(
      case
        when claimed.key is null then null
        when record.user_id is not null and record.answer is null then null
        when record.fingerprint = claimed.fingerprint then record.answer || '{"replayed": true}'
        else rolecall.refuse_reused_key()
      end
      order by claimed.number
    )
    from unnest(p_users, p_keys, v_fingerprints) with ordinality as claimed (user_id, key, fingerprint, number)
    left join rolecall.idempotency_records as record
      on record.user_id = claimed.user_id
      and record.key = claimed.key
  );
end
$$;

-- rolecall.take_token for many requests: one token for each element of p_users that is not null. A user who has not
-- enough for all of theirs gets what there is, the first ones first. Limits in the order of p_users.
create or replace function rolecall.take_tokens(p_users uuid[], p_action text)
returns jsonb[]
language plpgsql
volatile
set search_path = ''
as $$
declare
  v_limits jsonb[];
begin
  with asked as (
    select
      request.number,
      request.user_id,
      row_number() over (partition by request.user_id order by request.number) as place
    from unnest(p_users) with ordinality as request (user_id, number)
  ),
  taken as (
    insert into rolecall.rate_buckets as bucket (
      user_id, action, tokens, refilled_at, capacity, window_seconds, taken
    )
    select
      wanted.user_id,
      p_action,
      rate.capacity - least(wanted.tokens, rate.capacity),
      clock_timestamp(),
      rate.capacity,
      rate.window_seconds,
      least(wanted.tokens, rate.capacity)
    from (
      select user_id, max(place) as tokens
      from asked
      where user_id is not null
      group by user_id
    ) as wanted
    join public.profiles as profile
      on profile.id = wanted.user_id
    join public.rate_limits as rate
      on rate.role = profile.role
      and rate.action = p_action
      and rate.capacity > 0
    order by wanted.user_id
    on conflict (user_id, action) do update
    set
      tokens = rolecall.refilled(
        bucket.tokens, bucket.refilled_at, excluded.refilled_at, excluded.capacity, excluded.window_seconds
      ) - least(
        excluded.taken,
        floor(
          rolecall.refilled(
            bucket.tokens, bucket.refilled_at, excluded.refilled_at, excluded.capacity, excluded.window_seconds
          )
        )
      ),
      refilled_at = greatest(bucket.refilled_at, excluded.refilled_at),
      capacity = excluded.capacity,
      window_seconds = excluded.window_seconds,
      taken = least(
        excluded.taken,
        floor(
          rolecall.refilled(
            bucket.tokens, bucket.refilled_at, excluded.refilled_at, excluded.capacity, excluded.window_seconds
          )
        )
      )
    where rolecall.refilled(
      bucket.tokens, bucket.refilled_at, excluded.refilled_at, excluded.capacity, excluded.window_seconds
    ) >= 1
    returning user_id, tokens, capacity, window_seconds, taken
  )
  select array_agg(
    case
      when asked.user_id is null then null
      when taken.user_id is null then rolecall.peek_token(asked.user_id, p_action, 0.999)
      when asked.place <= taken.taken then
        rolecall.rate_limit_entry(
          p_action, taken.capacity, taken.window_seconds, taken.tokens + (taken.taken - asked.place), true
        )
      else
        -- The clock has gone on, but to whoever was too late there was no token.
        rolecall.rate_limit_entry(
          p_action, taken.capacity, taken.window_seconds, least(taken.tokens, 0.999), false
        )
    end
    order by asked.number
  )
  into v_limits
  from asked
  left join taken
    on taken.user_id = asked.user_id;
  return v_limits;
end
$$;

-- Whether each of these requests is allowed, and whose conversation it goes to. What is allowed at the first look is
-- decided here for all at once, one decision for all that have the same roles and facts. The rest is judged like
-- requests that come alone, which knows every way to be allowed and the words for every refusal.
create or replace function rolecall.judge_dms(p_items rolecall.dm_item[])
returns table (number int, judgement rolecall.judgement, low uuid, high uuid)
language plpgsql
stable
rows 50
set search_path = ''
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
      rolecall.rollout_includes(fact.rollout, 'send-dm', item.caller, fact.sender_internal)
      and rolecall.rollout_includes(item.rollout, 'send-dm', item.caller, fact.sender_internal)
      and (item.show_id is null or exists (select from public.shows where id = item.show_id)) as is_possible,
      least(item.caller, item.recipient) as low,
      greatest(item.caller, item.recipient) as high
    from unnest(p_items) as item
    cross join lateral rolecall.dm_facts(item.caller, item.recipient) as fact
    where not item.is_reply
    union all
    select
      item.number,
      'reply',
      fact.sender_role,
      fact.target_role,
      fact.facts,
      fact.org_id,
      rolecall.rollout_includes(fact.rollout, 'send-dm', item.caller, fact.sender_internal)
      and rolecall.rollout_includes(item.rollout, 'send-dm', item.caller, fact.sender_internal),
      conversation.participant_low,
      conversation.participant_high
    from unnest(p_items) as item
    cross join lateral rolecall.reply_facts(item.caller, item.conversation) as fact
    left join public.conversations as conversation
      on conversation.id = item.conversation
    where item.is_reply
  ),
  decided as (
    select
      action,
      sender_role,
      target_role,
      facts,
      rolecall.decide(action, sender_role, target_role, facts) as decision
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
        rolecall.judge_reply(item.caller, item.conversation, item.rollout)
      else
        rolecall.judge_dm(item.caller, item.recipient, item.show_id, item.rollout)
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

-- rolecall.settle_key for many requests.
create or replace function rolecall.settle_keys(p_users uuid[], p_keys text[], p_answers jsonb[])
returns void
language plpgsql
volatile
set search_path = ''
as $$
begin
  update rolecall.idempotency_records as record
  set answer = settled.answer
  from unnest(p_users, p_keys, p_answers) as settled (user_id, key, answer)
  where record.user_id = settled.user_id
    and record.key = settled.key
    and (settled.answer -> 'ok')::boolean;

  delete from rolecall.idempotency_records as record
  using unnest(p_users, p_keys, p_answers) as settled (user_id, key, answer)
  where record.user_id = settled.user_id
    and record.key = settled.key
    and not (settled.answer -> 'ok')::boolean;
end
$$;

-- rolecall.finish for many requests; one whose answer is null has not been answered yet.
create or replace function rolecall.finish_many(
  p_function text,
  p_requests jsonb,
  p_users uuid[],
  p_answers jsonb[]
)
returns jsonb[]
language plpgsql
volatile
set search_path = ''
as $$
declare
  v_ms double precision := 1000 * extract(epoch from clock_timestamp() - statement_timestamp());
  v_answers jsonb[];
begin
  with finished as (
    select
      request.number,
      request.user_id,
      coalesce(request.answer ->> 'code', 'ok') as code,
      case
        when request.answer ? 'org_id' then (request.answer ->> 'org_id')::uuid
        else profile.organization_id
      end as org_id,
      case
        when not request.answer ? 'org_id' and profile.organization_id is not null then
          request.answer || jsonb_build_object('org_id', profile.organization_id)
        else request.answer
      end as answer
    from unnest(p_users, p_answers) with ordinality as request (user_id, answer, number)
    left join public.profiles as profile
      on profile.id = request.user_id
      and not request.answer ? 'org_id'
  ),
  logged as (
    insert into public.application_logs (
      level, service, method, event, request_id, user_id, conversation_id, org_id, duration_ms, code, details
    )
    select
      'warn',
      'database',
      p_function,
      'refused',
      p_requests -> (number::int - 1) ->> 'request_id',
      user_id,
      rolecall.uuid_or_null(answer #>> '{data,conversation_id}'),
      org_id,
      round(v_ms::numeric, 3),
      code,
      jsonb_strip_nulls(
        jsonb_build_object(
          'detail', answer -> 'detail',
          'reasons', answer -> 'reasons',
          'field', answer -> 'field'
        )
      )
    from finished
    where answer is not null
      and code <> 'ok'
    order by number
  ),
  counted as (
    insert into rolecall.request_metrics as metric (slot, function, code, org_id, bucket, stripe, requests)
    select
      date_bin('15 minutes', now(), '2000-01-01 00:00:00+00'),
      p_function,
      code,
      coalesce(org_id, '00000000-0000-0000-0000-000000000000'),
      least(ceil(2 * ln(greatest(v_ms * 10, 1)) / ln(2.0::double precision)), 40),
      pg_backend_pid() % 32,
      count(*)
    from finished
    where answer is not null
    group by code, coalesce(org_id, '00000000-0000-0000-0000-000000000000')
    order by 4, 3
    on conflict (org_id, slot, function, code, bucket, stripe) do update
    set requests = metric.requests + excluded.requests
  )
  select array_agg(answer order by number)
  into v_answers
  from finished;
  return v_answers;
end
$$;

-- The requests of an array, none of which depends on another.
create or replace function rolecall.send_independent_dms(p_requests jsonb, p_items rolecall.dm_item[])
returns jsonb[]
language plpgsql
volatile
set search_path = ''
as $$
declare
  v_callers uuid[];
  v_has_keys boolean;
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
  v_senders uuid[];
  v_recipients uuid[];
  v_seqs bigint[];
  v_created boolean[];
  v_created_at text := rolecall.iso(now());
begin
  select
    array_agg(item.caller order by item.number),
    array_agg(
      case
        when item.caller is null or not item.is_user then
          rolecall.refuse_non_user(p_requests -> (item.number - 1))
      end
      order by item.number
    ),
    bool_or(item.key is not null)
  into v_callers, v_answers, v_has_keys
  from unnest(p_items) as item;

  if v_has_keys then
    select
      array_agg(case when v_answers[item.number] is null then item.key end order by item.number),
      array_agg(p_requests -> (item.number - 1) -> 'input' order by item.number)
    into v_keys, v_inputs
    from unnest(p_items) as item;
    v_claims := rolecall.claim_keys('send-dm', v_callers, v_keys, v_inputs);
    select
      array_agg(coalesce(answer, claim) order by number),
      array_agg(case when claim is null then key end order by number)
    into v_answers, v_keys
    from unnest(v_answers, v_claims, v_keys) with ordinality as claimed (answer, claim, key, number);
  end if;

  v_limits := rolecall.take_tokens(
    (
      select array_agg(case when answer is null then caller end order by number)
      from unnest(v_callers, v_answers) with ordinality as request (caller, answer, number)
    ),
    'send_dm'
  );

  select array_agg(item)
  into v_sending
  from unnest(p_items) as item
  where item.refusal is null
    and v_answers[item.number] is null
    and v_limits[item.number] -> 'taken' is distinct from 'false';

  if v_sending is not null then
    -- One statement settles who makes a conversation and who continues it, and numbers the messages.
    with judged as materialized (
      select
        item.number,
        item.caller,
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
      join rolecall.judge_dms(v_sending) as judged
        on judged.number = item.number
    ),
    going as materialized (
      select
        judged.*,
        gen_random_uuid() as message_id,
        row_number() over (partition by low, high order by number) as place,
        count(*) over (partition by low, high) as messages
      from judged
      where is_allowed
    ),
    numbered as (
      insert into public.conversations as conversation (
        kind, participant_low, participant_high, created_by, organization_id, last_seq, last_message_at
      )
      select 'direct', low, high, caller, org_id, messages, now()
      from going
      where place = 1
      order by low, high
      on conflict (participant_low, participant_high) where kind = 'direct' and version = 'v2' do update
      set
        last_seq = conversation.last_seq + excluded.last_seq,
        last_message_at = excluded.last_message_at
      where not conversation.read_only
      returning id, participant_low, participant_high, last_seq
    ),
    placed as (
      select
        going.*,
        numbered.id as conversation_id,
        numbered.last_seq - going.messages + going.place as seq,
        numbered.last_seq = going.messages as is_new
      from going
      join numbered
        on numbered.participant_low = going.low
        and numbered.participant_high = going.high
    ),
    sent as (
      insert into public.messages (id, conversation_id, seq, sender_id, content, show_id)
      select message_id, conversation_id, seq, caller, content, show_id
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
                'created_at', v_created_at
              ),
              'org_id', judged.org_id
            )
        end
        order by judged.number
      ),
      array_agg(placed.conversation_id order by judged.number),
      array_agg(judged.caller order by judged.number),
      array_agg(judged.recipient order by judged.number),
      array_agg(placed.seq order by judged.number),
      array_agg(coalesce(placed.is_new, false) order by judged.number)
    into v_numbers, v_outcomes, v_conversations, v_senders, v_recipients, v_seqs, v_created
    from judged
    left join placed
      on placed.number = judged.number;

    -- A reply has made its conversation anew: somebody deleted it since it was judged. Whoever sent the array sends its
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
      insert into public.conversation_participants (conversation_id, user_id, last_read_seq)
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
      update public.conversation_participants as participant
      set last_read_seq = newest.seq
      from (
        -- Locked in this order, in which mark-read takes them, too.
        select own.conversation_id, own.user_id, outcome.seq
        from (
          select conversation, sender, max(seq) as seq
          from unnest(v_conversations, v_senders, v_seqs, v_created) as outcome (conversation, sender, seq, is_new)
          where not is_new
          group by conversation, sender
        ) as outcome
        join public.conversation_participants as own
          on own.conversation_id = outcome.conversation
          and own.user_id = outcome.sender
        order by own.conversation_id, own.user_id
        for no key update of own
      ) as newest
      where participant.conversation_id = newest.conversation_id
        and participant.user_id = newest.user_id;
    end if;

    -- What was allowed and not sent: the operator has closed the conversation since.
    if array_position(v_outcomes, null) is not null then
      select
        array_agg(
          case
            when outcome.answer is not null then outcome.answer
            when item.is_reply then
              rolecall.refusal('not_found', 'There is no conversation with this conversation_id.')
            else
              (rolecall.judge_reply(item.caller, conversation.id, item.rollout)).refusal
          end
          order by item.number
        )
      into v_outcomes
      from unnest(v_numbers, v_outcomes) as outcome (number, answer)
      join unnest(v_sending) as item
        on item.number = outcome.number
      left join public.conversations as conversation
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
        when v_limits[item.number] -> 'taken' = 'false' then rolecall.refuse_rate(v_limits[item.number])
        else rolecall.with_limit(coalesce(item.refusal, outcome.answer), v_limits[item.number])
      end
      order by item.number
    )
  into v_answers
  from unnest(p_items) as item
  left join unnest(v_numbers, v_outcomes) as outcome (number, answer)
    on outcome.number = item.number;

  if v_has_keys then
    perform rolecall.settle_keys(v_callers, v_keys, v_answers);
  end if;
  return rolecall.finish_many('send-dm', p_requests, v_callers, v_answers);
end
$$;

-- The requests of an array. One by itself is sent like one that comes alone, but for the time it may wait.
create or replace function rolecall.send_dm_many(p_requests jsonb)
returns jsonb
language plpgsql
volatile
set search_path = ''
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
  elsif jsonb_array_length(p_requests) = 1 then
    return jsonb_build_array(rolecall.send_dm_one(p_requests -> 0));
  end if;
  -- Policies and triggers that ask who calls hear of nobody, since each statement below is of many.
  v_nobody := rolecall.assume_claims(null);
  v_items := rolecall.dm_items(p_requests);
  v_deferred := rolecall.deferred_dms(v_items);
  if v_deferred = '{}' then
    return to_jsonb(rolecall.send_independent_dms(p_requests, v_items));
  end if;
  select jsonb_agg(request order by number)
  into v_kept
  from jsonb_array_elements(p_requests) with ordinality as element (request, number)
  where number <> all (v_deferred);
  v_answers := rolecall.send_independent_dms(v_kept, rolecall.dm_items(v_kept));
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

create or replace function edge.send_dm(p_request jsonb)
returns jsonb
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
  if jsonb_typeof(p_request) = 'array' then
    return rolecall.send_dm_many(p_request);
  end if;
  return rolecall.send_dm_one(p_request);
end
$$;

-- mark-read, of many: they are few statements each, so it is their commit that they share. One after the other in the
-- order of what they lock. A second request with the same key of the same user is deferred, as above, with what the user
-- sent after it.
create or replace function rolecall.mark_read_many(p_requests jsonb)
returns jsonb
language plpgsql
volatile
set search_path = ''
set lock_timeout = '500ms'
as $$
declare
  v_nobody uuid;
  v_request record;
  v_callers uuid[];
  v_keys text[];
  v_inputs jsonb[];
  v_deferred boolean[];
  v_answers jsonb[];
begin
  if jsonb_array_length(p_requests) = 0 then
    return '[]';
  elsif jsonb_array_length(p_requests) = 1 then
    return jsonb_build_array(edge.mark_read(p_requests -> 0));
  end if;
  v_nobody := rolecall.assume_claims(null);
  with request as (
    select
      number,
      envelope,
      rolecall.uuid_or_null(envelope #>> '{claims,sub}') as caller,
      case when envelope #>> '{claims,role}' = 'authenticated' then envelope ->> 'idempotency_key' end as key
    from jsonb_array_elements(p_requests) with ordinality as element (envelope, number)
  ),
  repeating as (
    select
      request.*,
      caller is not null
        and key is not null
        and row_number() over (partition by caller, key order by number) > 1 as repeats
    from request
  ),
  placed as (
    select
      repeating.*,
      bool_or(repeats) over (partition by caller order by number) as is_deferred
    from repeating
  )
  select
    array_agg(caller order by number),
    array_agg(case when caller is not null and not is_deferred then key end order by number),
    array_agg(envelope -> 'input' order by number),
    array_agg(is_deferred order by number)
  into v_callers, v_keys, v_inputs, v_deferred
  from placed;
  v_answers := rolecall.claim_keys('mark-read', v_callers, v_keys, v_inputs);
  select array_agg(case when answer is null then key end order by number)
  into v_keys
  from unnest(v_keys, v_answers) with ordinality as claimed (key, answer, number);

  for v_request in
    select number, caller, input
    from unnest(v_callers, v_inputs, v_answers, v_deferred)
      with ordinality as request (caller, input, answer, is_deferred, number)
    where answer is null
      and not is_deferred
    order by rolecall.uuid_or_null(input ->> 'conversation_id'), caller, number
  loop
    v_answers[v_request.number] := coalesce(
      rolecall.refuse_reader(p_requests -> (v_request.number::int - 1), v_request.caller),
      rolecall.mark_read(v_request.caller, v_request.input)
    );
  end loop;

  perform rolecall.settle_keys(v_callers, v_keys, v_answers);
  v_answers := rolecall.finish_many('mark-read', p_requests, v_callers, v_answers);
  return (
    select jsonb_agg(coalesce(answer, '{"deferred": true}') order by number)
    from unnest(v_answers) with ordinality as answered (answer, number)
  );
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
  v_caller uuid;
  v_key text := p_request ->> 'idempotency_key';
  v_input jsonb := p_request -> 'input';
  v_answer jsonb;
begin
  if jsonb_typeof(p_request) = 'array' then
    return rolecall.mark_read_many(p_request);
  end if;
  v_caller := rolecall.assume_claims(p_request -> 'claims');
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
  rolecall.mark_read_many(jsonb),
  rolecall.dm_facts(uuid, uuid),
  rolecall.dm_items(jsonb),
  rolecall.deferred_dms(rolecall.dm_item[]),
  rolecall.claim_keys(text, uuid[], text[], jsonb[]),
  rolecall.refuse_reused_key(),
  rolecall.take_tokens(uuid[], text),
  rolecall.judge_dms(rolecall.dm_item[]),
  rolecall.settle_keys(uuid[], text[], jsonb[]),
  rolecall.finish_many(text, jsonb, uuid[], jsonb[]),
  rolecall.send_independent_dms(jsonb, rolecall.dm_item[]),
  rolecall.send_dm_many(jsonb)
  from public, anon, authenticated, service_role;

insert into rolecall.schema_migrations (version, name)
values (17, 'group_commit')
on conflict (version) do nothing;
