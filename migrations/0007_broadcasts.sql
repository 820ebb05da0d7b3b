-- Broadcasts: one row each whatever the audience, the quotas that limit them, and the nightly reset.
--
-- Locks are taken in one order: the quota of sender and show, then the conversation, then its participant.

create table if not exists public.broadcast_limits (
  role public.app_role not null,
  phase text not null,
  per_quota_day int,
  primary key (role, phase),
  constraint broadcast_limits_phase_known check (phase in ('pre_show', 'post_show')),
  constraint broadcast_limits_per_quota_day_positive check (per_quota_day >= 0)
);
comment on table public.broadcast_limits is
  'How many broadcasts a sender of this role has for each show and quota day. A role without a row has none.';
comment on column public.broadcast_limits.per_quota_day is 'Null for no limit.';

insert into public.broadcast_limits (role, phase, per_quota_day)
values
  ('show_organizer', 'pre_show', 2),
  ('show_organizer', 'post_show', 1),
  ('mvp_dealer', 'pre_show', 2),
  ('mvp_dealer', 'post_show', 1),
  ('admin', 'pre_show', null),
  ('admin', 'post_show', null)
on conflict (role, phase) do nothing;

create table if not exists public.broadcast_quotas (
  sender_id uuid not null references public.profiles (id) on delete cascade,
  show_id uuid not null references public.shows (id) on delete cascade,
  period date not null,
  pre_show_remaining int,
  post_show_remaining int,
  updated_at timestamptz not null default now(),
  primary key (sender_id, show_id),
  constraint broadcast_quotas_pre_show_positive check (pre_show_remaining >= 0),
  constraint broadcast_quotas_post_show_positive check (post_show_remaining >= 0)
);
comment on table public.broadcast_quotas is
  'What a sender has left for a show on a quota day. A row of an earlier day counts as full; null is no limit.';

create index if not exists broadcast_quotas_show_id_idx
  on public.broadcast_quotas (show_id);

-- For the nightly reset, and for the newest rows of the diagnostics.
create index if not exists broadcast_quotas_period_idx
  on public.broadcast_quotas (period);

create table if not exists public.broadcasts (
  id uuid primary key default gen_random_uuid(),
  conversation_id uuid not null references public.conversations (id) on delete cascade,
  message_id uuid not null references public.messages (id) on delete cascade,
  seq bigint not null,
  show_id uuid not null references public.shows (id),
  sender_id uuid not null references public.profiles (id),
  phase text not null,
  recipient_roles public.app_role[] not null,
  audience_count bigint not null,
  created_at timestamptz not null default now(),
  constraint broadcasts_phase_known check (phase in ('pre_show', 'post_show')),
  constraint broadcasts_recipient_roles_given check (cardinality(recipient_roles) >= 1),
  constraint broadcasts_audience_count_positive check (audience_count >= 0)
);
comment on table public.broadcasts is
  'A message to everybody who takes part in a show with one of the roles at that moment; its audience reads it from here.';
comment on column public.broadcasts.seq is 'The message''s.';

create index if not exists broadcasts_conversation_id_seq_idx
  on public.broadcasts (conversation_id, seq);
create unique index if not exists broadcasts_message_id_key
  on public.broadcasts (message_id);
create index if not exists broadcasts_show_id_idx
  on public.broadcasts (show_id, created_at);
create index if not exists broadcasts_sender_id_idx
  on public.broadcasts (sender_id);

create table if not exists rolecall.show_threads (
  conversation_id uuid not null references public.conversations (id) on delete cascade,
  show_id uuid not null references public.shows (id),
  role public.app_role not null,
  last_seq bigint not null,
  last_message_at timestamptz not null,
  primary key (conversation_id, role)
);
comment on table rolecall.show_threads is
  'The newest broadcast to each role in each conversation of a show, so that the audience finds it without a row for each of them.';

-- The inbox of who takes part in a show with a role, newest first.
create index if not exists show_threads_show_id_idx
  on rolecall.show_threads (show_id, role, last_message_at desc, conversation_id desc);

create table if not exists public.broadcast_receipts (
  conversation_id uuid not null references public.conversations (id) on delete cascade,
  user_id uuid not null references public.profiles (id) on delete cascade,
  last_read_seq bigint not null,
  read_at timestamptz not null default now(),
  primary key (conversation_id, user_id)
);
comment on table public.broadcast_receipts is
  'How far somebody of the audience has read in a conversation of a show; written when they do.';

create index if not exists broadcast_receipts_user_id_idx
  on public.broadcast_receipts (user_id, conversation_id);

create table if not exists public.quota_runs (
  period date primary key,
  reset_pre_show bigint not null default 0,
  reset_post_show bigint not null default 0,
  pruned jsonb not null default '{}',
  run_at timestamptz not null default now()
);
comment on table public.quota_runs is 'The nightly resets, one for each quota day.';

-- The quota day of a moment: it begins at 02:00 UTC.
create or replace function rolecall.quota_day(p_at timestamptz)
returns date
language plpgsql
immutable
set search_path = ''
as $$
begin
  return ((p_at at time zone 'utc') - interval '2 hours')::date;
end
$$;

-- When a quota day ends.
create or replace function rolecall.quota_day_end(p_day date)
returns timestamptz
language plpgsql
immutable
set search_path = ''
as $$
begin
  return (p_day + 1 + time '02:00') at time zone 'utc';
end
$$;

-- Takes one broadcast of p_phase from the quota of a sender for a show, and returns what is left of both phases; no
-- row when nothing was left. One statement does all of it: it makes the row, fills it up when it is of an earlier
-- day, and takes from it, so that of many at once exactly as many succeed as there are left.
create or replace function rolecall.take_quota(
  p_sender uuid,
  p_show uuid,
  p_phase text,
  p_pre_show_limit int,
  p_post_show_limit int
)
returns setof public.broadcast_quotas
language plpgsql
volatile
set search_path = ''
as $$
declare
  v_pre_show_cost int := (p_phase = 'pre_show')::int;
  v_post_show_cost int := (p_phase = 'post_show')::int;
begin
  return query
  insert into public.broadcast_quotas as quota (
    sender_id, show_id, period, pre_show_remaining, post_show_remaining
  )
  select
    p_sender,
    p_show,
    rolecall.quota_day(now()),
    p_pre_show_limit - v_pre_show_cost,
    p_post_show_limit - v_post_show_cost
  -- A limit of nothing has nothing to take from, not even on a new day.
  where case p_phase when 'pre_show' then p_pre_show_limit else p_post_show_limit end is distinct from 0
  on conflict (sender_id, show_id) do update
  set
    period = greatest(quota.period, excluded.period),
    -- The limit may have been none when the row was written, or be none now.
    pre_show_remaining = case
      when quota.period < excluded.period or quota.pre_show_remaining is null or p_pre_show_limit is null
        then excluded.pre_show_remaining
      else quota.pre_show_remaining - v_pre_show_cost
    end,
    post_show_remaining = case
      when quota.period < excluded.period or quota.post_show_remaining is null or p_post_show_limit is null
        then excluded.post_show_remaining
      else quota.post_show_remaining - v_post_show_cost
    end,
    updated_at = now()
  where quota.period < excluded.period
    or case p_phase
      when 'pre_show' then p_pre_show_limit is null or quota.pre_show_remaining is distinct from 0
      else p_post_show_limit is null or quota.post_show_remaining is distinct from 0
    end
  returning quota.*;
end
$$;

-- What take_quota would take from: how many broadcasts of each phase a sender has left for a show. Null is no limit.
create or replace function rolecall.peek_quota(
  p_sender uuid,
  p_show uuid,
  p_pre_show_limit int,
  p_post_show_limit int
)
returns jsonb
language plpgsql
stable
set search_path = ''
as $$
declare
  v_quota public.broadcast_quotas;
begin
  select *
  into v_quota
  from public.broadcast_quotas
  where sender_id = p_sender
    and show_id = p_show
    and period >= rolecall.quota_day(now());
  return jsonb_build_object(
    'pre_show', case
      when p_pre_show_limit > 0 then coalesce(v_quota.pre_show_remaining, p_pre_show_limit)
      else p_pre_show_limit
    end,
    'post_show', case
      when p_post_show_limit > 0 then coalesce(v_quota.post_show_remaining, p_post_show_limit)
      else p_post_show_limit
    end
  );
end
$$;

-- The refusal of a broadcast for which no quota is left.
create or replace function rolecall.refuse_quota(
  p_phase text,
  p_limit int,
  p_remaining jsonb
)
returns jsonb
language plpgsql
stable
set search_path = ''
as $$
declare
  v_reset_at timestamptz := rolecall.quota_day_end(rolecall.quota_day(now()));
  v_reset_seconds bigint := greatest(1, ceil(extract(epoch from v_reset_at - now())));
begin
  return rolecall.refusal(
    'quota_exceeded',
    format(
      'You have no broadcast left %s this show until %s; the limit is %s per quota day.',
      case p_phase when 'pre_show' then 'before the start of' else 'after the start of' end,
      rolecall.iso(v_reset_at),
      p_limit
    ),
    'broadcast_quota_spent',
    'The quota day has ended.',
    jsonb_build_object(
      'phase', p_phase,
      'reset_at', rolecall.iso(v_reset_at),
      'retry_after_seconds', v_reset_seconds,
      'quota_remaining', p_remaining
    )
  ) || jsonb_build_object(
    'limits', jsonb_build_array(rolecall.broadcast_limit(p_phase, p_limit, 0, v_reset_seconds))
  );
end
$$;

-- Whether p_user is or was in the audience of what was sent to these roles of a show at a moment: who joins later does
-- not see it, and who leaves later still does. Policies call it; it reads who took part as its owner.
create or replace function rolecall.in_audience(
  p_user uuid,
  p_show uuid,
  p_roles public.app_role[],
  p_sent_at timestamptz
)
returns boolean
language sql
stable
security definer
set search_path = ''
as $$
  select exists (
    select
    from rolecall.participations
    where user_id = p_user
      and show_id = p_show
      and role = any (p_roles)
      and p_sent_at >= joined_at
      and p_sent_at < left_at
  )
$$;

-- The broadcasts of a conversation for p_show that p_user sees as their audience. PostgreSQL writes it into the statements
-- that ask, with their bounds and their order.
create or replace function rolecall.visible_broadcasts(p_user uuid, p_conversation uuid, p_show uuid)
returns setof public.broadcasts
language sql
stable
begin atomic
  select broadcast.*
  from public.broadcasts as broadcast
  where broadcast.conversation_id = p_conversation
    and exists (
      select
      from rolecall.participations as own
      where own.user_id = p_user
        and own.show_id = p_show
        and own.role = any (broadcast.recipient_roles)
        and broadcast.created_at >= own.joined_at
        and broadcast.created_at < own.left_at
    );
end;

-- The roles of a list of names, in the order of the roles, each once; null when it is no list of at least one role. A
-- name that is no role fails to be found, not to be cast.
create or replace function rolecall.roles_of(p_names jsonb)
returns public.app_role[]
language plpgsql
stable
set search_path = ''
as $$
declare
  v_roles public.app_role[];
begin
  if jsonb_typeof(p_names) is distinct from 'array' then
    return null;
  end if;
  select array_agg(role order by role)
  into v_roles
  from unnest(enum_range(null::public.app_role)) as role
  where p_names ? role::text;
  if exists (
    select
    from jsonb_array_elements(p_names) as given
    where jsonb_typeof(given) <> 'string'
      or given #>> '{}' <> all (v_roles::text[])
  ) then
    return null;
  end if;
  return v_roles;
end
$$;

-- Everything about a broadcast of p_sender to p_roles of p_show that is settled before it takes from the quota: whether
-- it is allowed, to which of the roles, in which phase of the show, and the limits of both phases.
create or replace function rolecall.judge_broadcast(
  p_sender uuid,
  p_show uuid,
  p_roles public.app_role[],
  p_rollout text,
  out judgement rolecall.judgement,
  out allowed_roles public.app_role[],
  out phase text,
  out pre_show_limit int,
  out post_show_limit int
)
language plpgsql
stable
set search_path = ''
as $$
declare
  v_sender public.profiles;
  v_show public.shows;
  v_facts text[];
  v_reasons jsonb;
  v_code text;
  v_detail text;
begin
  select *
  into v_sender
  from public.profiles
  where id = p_sender;
  judgement.org_id := v_sender.organization_id;
  judgement.allowed := false;
  if not rolecall.feature_enabled('send-broadcast', p_rollout, p_sender, v_sender.is_internal) then
    judgement.refusal := rolecall.refuse_disabled();
    judgement.rule := 'feature_disabled';
    return;
  end if;
  if v_sender.id is null then
    judgement.refusal := rolecall.refuse_without_profile();
    judgement.rule := 'no_profile';
    return;
  end if;
  select *
  into v_show
  from public.shows
  where id = p_show;
  if not found then
    judgement.refusal := rolecall.refusal('not_found', 'There is no show with this show_id.');
    return;
  end if;

  v_facts := array[
    'feature_enabled',
    case when v_sender.suspended_until > now() then 'suspended' end,
    case when v_show.organizer_id = p_sender then 'own_show' end,
    case
      when exists (
        select
        from public.show_participants
        where show_id = p_show
          and user_id = p_sender
      )
      then 'takes_part'
    end
  ];
  -- Every role that is refused is a reason; what is said of several roles is said once.
  select
    jsonb_agg(reason order by first_role) filter (where not allowed),
    (array_agg(code order by first_role) filter (where not allowed))[1],
    string_agg(reason ->> 'message', ' ' order by first_role) filter (where not allowed),
    (array_agg(rule order by allowed, first_role))[1]
  into v_reasons, v_code, v_detail, judgement.rule
  from (
    select
      min(role) as first_role,
      coalesce(decision.allowed, false) as allowed,
      decision.code,
      decision.rule,
      jsonb_build_object('code', decision.rule, 'message', decision.message, 'allowed_if', decision.allowed_if)
        as reason
    from unnest(p_roles) as role
    cross join lateral rolecall.decide('broadcast', v_sender.role, role, v_facts) as decision
    group by decision.allowed, decision.code, decision.rule, decision.message, decision.allowed_if
  ) as decided;
  if v_reasons is not null then
    -- Which of them would be allowed alone.
    select array_agg(role order by role)
    into allowed_roles
    from unnest(p_roles) as role
    where (rolecall.decide('broadcast', v_sender.role, role, v_facts)).allowed;
    judgement.refusal := jsonb_build_object('ok', false, 'code', v_code, 'detail', v_detail, 'reasons', v_reasons);
    return;
  end if;

  judgement.allowed := true;
  allowed_roles := p_roles;
  phase := case when now() < v_show.starts_at then 'pre_show' else 'post_show' end;
  -- A role that may broadcast but has no limit set has nothing to take from, rather than no limit.
  select
    (
      select case when count(*) = 0 then 0 else max(per_quota_day) end
      from public.broadcast_limits as broadcast_limit
      where broadcast_limit.role = v_sender.role
        and broadcast_limit.phase = 'pre_show'
    ),
    (
      select case when count(*) = 0 then 0 else max(per_quota_day) end
      from public.broadcast_limits as broadcast_limit
      where broadcast_limit.role = v_sender.role
        and broadcast_limit.phase = 'post_show'
    )
  into pre_show_limit, post_show_limit;
end
$$;

-- Does what send-broadcast does for p_sender, who is verified: {show_id, recipient_roles, message}.
create or replace function rolecall.send_broadcast(p_sender uuid, p_input jsonb, p_rollout text)
returns jsonb
language plpgsql
volatile
set search_path = ''
as $$
declare
  v_show_id uuid := rolecall.uuid_or_null(p_input ->> 'show_id');
  v_roles public.app_role[] := rolecall.roles_of(p_input -> 'recipient_roles');
  v_judged record;
  v_reset_seconds bigint;
  v_limit int;
  v_quota public.broadcast_quotas;
  v_remaining jsonb;
  v_limits jsonb;
  v_audience bigint;
  v_conversation uuid;
  v_seq bigint;
  v_message uuid;
  v_broadcast uuid;
begin
  if not rolecall.has_length(p_input ->> 'message', 1, 1000) then
    return rolecall.refusal('invalid_input', 'The message must have 1 to 1000 characters.');
  end if;
  if v_roles is null then
    return rolecall.refusal('invalid_input', 'The recipient_roles must be a list of at least one role.');
  end if;
  v_judged := rolecall.judge_broadcast(p_sender, v_show_id, v_roles, p_rollout);
  if (v_judged.judgement).allowed is distinct from true then
    return (v_judged.judgement).refusal;
  end if;

  v_limit := case v_judged.phase when 'pre_show' then v_judged.pre_show_limit else v_judged.post_show_limit end;
  select *
  into v_quota
  from rolecall.take_quota(
    p_sender, v_show_id, v_judged.phase, v_judged.pre_show_limit, v_judged.post_show_limit
  );
  if not found then
    return rolecall.refuse_quota(
      v_judged.phase,
      v_limit,
      rolecall.peek_quota(p_sender, v_show_id, v_judged.pre_show_limit, v_judged.post_show_limit)
        || jsonb_build_object(v_judged.phase, 0)
    );
  end if;
  v_remaining := jsonb_build_object(
    'pre_show', v_quota.pre_show_remaining,
    'post_show', v_quota.post_show_remaining
  );
  if v_limit is not null then
    v_reset_seconds := greatest(
      1,
      ceil(extract(epoch from rolecall.quota_day_end(rolecall.quota_day(now())) - now()))
    );
    v_limits := jsonb_build_array(
      rolecall.broadcast_limit(v_judged.phase, v_limit, (v_remaining ->> v_judged.phase)::int, v_reset_seconds)
    );
  end if;

  -- Who sends to a role they have themselves is not their own audience.
  select coalesce(sum(participants), 0)
  into v_audience
  from rolecall.show_audience
  where show_id = v_show_id
    and role = any (v_roles);
  if exists (
    select
    from public.show_participants
    where show_id = v_show_id
      and user_id = p_sender
      and role = any (v_roles)
  ) then
    v_audience := v_audience - 1;
  end if;

  insert into public.conversations as conversation (
    kind, show_id, created_by, organization_id, last_seq, last_message_at
  )
  values ('show', v_show_id, p_sender, (v_judged.judgement).org_id, 1, now())
  on conflict (show_id, created_by) where kind = 'show' do update
  set
    last_seq = conversation.last_seq + 1,
    last_message_at = excluded.last_message_at
  returning id, last_seq
  into v_conversation, v_seq;

  insert into public.conversation_participants as participant (conversation_id, user_id, last_read_seq)
  values (v_conversation, p_sender, v_seq)
  on conflict (conversation_id, user_id) do update
  set last_read_seq = excluded.last_read_seq;

  insert into public.messages (conversation_id, seq, sender_id, content, show_id)
  values (v_conversation, v_seq, p_sender, p_input ->> 'message', v_show_id)
  returning id
  into v_message;

  insert into public.broadcasts (
    conversation_id, message_id, seq, show_id, sender_id, phase, recipient_roles, audience_count
  )
  values (v_conversation, v_message, v_seq, v_show_id, p_sender, v_judged.phase, v_roles, v_audience)
  returning id
  into v_broadcast;

  insert into rolecall.show_threads (conversation_id, show_id, role, last_seq, last_message_at)
  select v_conversation, v_show_id, role, v_seq, now()
  from unnest(v_roles) as role
  on conflict (conversation_id, role) do update
  set
    last_seq = excluded.last_seq,
    last_message_at = excluded.last_message_at;

  return rolecall.success(
    jsonb_build_object(
      'broadcast_id', v_broadcast,
      'conversation_id', v_conversation,
      'audience_count', v_audience,
      'quota_remaining', v_remaining
    ),
    v_limits
  );
end
$$;

-- One entry of an answer's limits, from which the RateLimit header fields are written.
create or replace function rolecall.broadcast_limit(
  p_phase text,
  p_quota int,
  p_remaining int,
  p_reset_seconds bigint
)
returns jsonb
language plpgsql
immutable
set search_path = ''
as $$
begin
  return jsonb_build_object(
    'policy', p_phase,
    'quota', p_quota,
    'remaining', p_remaining,
    'window_seconds', 86400,
    'reset_seconds', p_reset_seconds
  );
end
$$;

-- The same for a dry run: sends, and takes it back, so that it cannot answer differently from sending.
create or replace function rolecall.rehearse_broadcast(p_sender uuid, p_input jsonb, p_rollout text)
returns jsonb
language plpgsql
volatile
set search_path = ''
as $$
declare
  v_answer jsonb;
  v_conversation uuid;
begin
  begin
    v_answer := rolecall.send_broadcast(p_sender, p_input, p_rollout);
    raise exception using
      errcode = 'RC001',
      message = 'the rehearsal of a broadcast is taken back';
  exception
    when sqlstate 'RC001' then
      null;
  end;
  if (v_answer -> 'ok')::boolean then
    select id
    into v_conversation
    from public.conversations
    where kind = 'show'
      and show_id = rolecall.uuid_or_null(p_input ->> 'show_id')
      and created_by = p_sender;
    v_answer := jsonb_set(
      v_answer,
      '{data}',
      v_answer -> 'data'
        || jsonb_build_object('broadcast_id', null, 'conversation_id', v_conversation, 'dry_run', true)
    );
  end if;
  return v_answer || (
    select coalesce(jsonb_object_agg('org_id', organization_id), '{}')
    from public.profiles
    where id = p_sender
  );
end
$$;

-- Does what reset-broadcast-quotas does: once for each quota day, whoever comes first; the others wait and report the
-- same. A quota row fills itself up when its sender next needs it, so this only brings the figures up to date, and
-- removes what is no longer needed.
create or replace function rolecall.reset_broadcast_quotas()
returns jsonb
language plpgsql
volatile
set search_path = ''
as $$
declare
  v_period date := rolecall.quota_day(now());
  v_first boolean;
  v_pre_show bigint;
  v_post_show bigint;
  -- A statement of the functions may take five seconds; what is left over goes the next night.
  v_most int := 100000;
  v_idempotency_records bigint;
  v_application_logs bigint;
  v_rate_buckets bigint;
  v_request_metrics bigint;
  v_run public.quota_runs;
begin
  insert into public.quota_runs (period)
  values (v_period)
  on conflict (period) do nothing;
  v_first := found;

  if v_first then
    with reset as (
      update public.broadcast_quotas as quota
      set
        period = v_period,
        pre_show_remaining = case when pre_limit.role is null then 0 else pre_limit.per_quota_day end,
        post_show_remaining = case when post_limit.role is null then 0 else post_limit.per_quota_day end,
        updated_at = now()
      from public.profiles as sender
      left join public.broadcast_limits as pre_limit
        on pre_limit.role = sender.role
        and pre_limit.phase = 'pre_show'
      left join public.broadcast_limits as post_limit
        on post_limit.role = sender.role
        and post_limit.phase = 'post_show'
      where quota.period < v_period
        and sender.id = quota.sender_id
      returning quota.show_id
    )
    select
      count(*) filter (where now() < show.starts_at),
      count(*) filter (where now() >= show.starts_at)
    into v_pre_show, v_post_show
    from reset
    join public.shows as show
      on show.id = reset.show_id;

    delete from rolecall.idempotency_records
    where (user_id, key) in (
      select user_id, key
      from rolecall.idempotency_records
      where created_at <= now() - interval '24 hours'
      limit v_most
    );
    get diagnostics v_idempotency_records = row_count;

    delete from public.application_logs
    where id in (
      select id
      from public.application_logs
      where "timestamp" <= now() - interval '30 days'
      limit v_most
    );
    get diagnostics v_application_logs = row_count;

    -- A window may be long; whoever has not done a thing for a day and for its window has a full bucket.
    delete from rolecall.rate_buckets
    where (user_id, action) in (
      select bucket.user_id, bucket.action
      from rolecall.rate_buckets as bucket
      where bucket.refilled_at <= now() - interval '1 day'
        and bucket.refilled_at <= now() - (
          select coalesce(max(rate.window_seconds), 0) * interval '1 second'
          from public.rate_limits as rate
          where rate.action = bucket.action
        )
      limit v_most
    );
    get diagnostics v_rate_buckets = row_count;

    delete from rolecall.request_metrics
    where ctid in (
      select ctid
      from rolecall.request_metrics
      where slot <= now() - interval '7 days'
      limit v_most
    );
    get diagnostics v_request_metrics = row_count;

    update public.quota_runs
    set
      reset_pre_show = v_pre_show,
      reset_post_show = v_post_show,
      pruned = jsonb_build_object(
        'idempotency_records', v_idempotency_records,
        'application_logs', v_application_logs,
        'rate_buckets', v_rate_buckets,
        'request_metrics', v_request_metrics
      )
    where period = v_period;
  end if;

  select *
  into v_run
  from public.quota_runs
  where period = v_period;
  return rolecall.success(
    jsonb_build_object(
      'period', v_run.period,
      'reset', jsonb_build_object('pre_show', v_run.reset_pre_show, 'post_show', v_run.reset_post_show),
      'pruned', v_run.pruned,
      'already_done', not v_first
    )
  );
end
$$;

revoke execute on function
  rolecall.quota_day(timestamptz),
  rolecall.quota_day_end(date),
  rolecall.take_quota(uuid, uuid, text, int, int),
  rolecall.peek_quota(uuid, uuid, int, int),
  rolecall.refuse_quota(text, int, jsonb),
  rolecall.in_audience(uuid, uuid, public.app_role[], timestamptz),
  rolecall.visible_broadcasts(uuid, uuid, uuid),
  rolecall.roles_of(jsonb),
  rolecall.judge_broadcast(uuid, uuid, public.app_role[], text),
  rolecall.send_broadcast(uuid, jsonb, text),
  rolecall.broadcast_limit(text, int, int, bigint),
  rolecall.rehearse_broadcast(uuid, jsonb, text),
  rolecall.reset_broadcast_quotas()
  from public, anon, authenticated, service_role;
grant execute on function rolecall.in_audience(uuid, uuid, public.app_role[], timestamptz) to authenticated;

revoke all on rolecall.show_threads from public, anon, authenticated, service_role;

alter table public.broadcast_limits enable row level security;
revoke all on public.broadcast_limits from public, anon, authenticated, service_role;
grant select on public.broadcast_limits to authenticated;
grant select, insert, update, delete on public.broadcast_limits to service_role;

drop policy if exists "users see the limits" on public.broadcast_limits;
create policy "users see the limits"
on public.broadcast_limits
for select
to authenticated
using ((select auth.uid()) is not null);

alter table public.broadcast_quotas enable row level security;
revoke all on public.broadcast_quotas from public, anon, authenticated, service_role;
grant select on public.broadcast_quotas to authenticated;
grant select, insert, update, delete on public.broadcast_quotas to service_role;

drop policy if exists "senders see what they have left" on public.broadcast_quotas;
create policy "senders see what they have left"
on public.broadcast_quotas
for select
to authenticated
using (sender_id = (select auth.uid()));

alter table public.broadcasts enable row level security;
revoke all on public.broadcasts from public, anon, authenticated, service_role;
grant select on public.broadcasts to authenticated;
grant select, insert, update, delete on public.broadcasts to service_role;

drop policy if exists "senders and their audience see a broadcast" on public.broadcasts;
create policy "senders and their audience see a broadcast"
on public.broadcasts
for select
to authenticated
using (
  sender_id = (select auth.uid())
  or rolecall.in_audience((select auth.uid()), show_id, recipient_roles, created_at)
);

alter table public.broadcast_receipts enable row level security;
revoke all on public.broadcast_receipts from public, anon, authenticated, service_role;
grant select on public.broadcast_receipts to authenticated;
grant select, insert, update, delete on public.broadcast_receipts to service_role;

drop policy if exists "people see what they have read, senders who has read" on public.broadcast_receipts;
create policy "people see what they have read, senders who has read"
on public.broadcast_receipts
for select
to authenticated
using (
  user_id = (select auth.uid())
  or exists (
    select
    from public.conversations as conversation
    where conversation.id = conversation_id
      and conversation.created_by = (select auth.uid())
  )
);

alter table public.quota_runs enable row level security;
revoke all on public.quota_runs from public, anon, authenticated, service_role;
grant select on public.quota_runs to service_role;

drop policy if exists "the operator sees the resets" on public.quota_runs;
create policy "the operator sees the resets"
on public.quota_runs
for select
to service_role
using (true);

drop policy if exists "people see their conversations and what is broadcast to them" on public.conversations;
create policy "people see their conversations and what is broadcast to them"
on public.conversations
for select
to authenticated
using (
  (select auth.uid()) in (participant_low, participant_high)
  or created_by = (select auth.uid())
  or exists (
    -- Through the policy on broadcasts: only those that are for the caller.
    select
    from public.broadcasts as broadcast
    where broadcast.conversation_id = conversations.id
  )
);

drop policy if exists "people see the messages of their conversations" on public.messages;
create policy "people see the messages of their conversations"
on public.messages
for select
to authenticated
using (
  exists (
    select
    from public.conversations as conversation
    where conversation.id = messages.conversation_id
      and (
        (select auth.uid()) in (conversation.participant_low, conversation.participant_high)
        or conversation.created_by = (select auth.uid())
      )
  )
  or exists (
    -- Of a broadcast conversation only what is for the caller's role.
    select
    from public.broadcasts as broadcast
    where broadcast.message_id = messages.id
  )
);

insert into rolecall.schema_migrations (version, name)
values (7, 'broadcasts')
on conflict (version) do nothing;
