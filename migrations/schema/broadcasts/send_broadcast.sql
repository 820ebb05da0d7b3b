-- Everything that is settled about a broadcast of p_sender to p_roles of p_show before it takes from the quota: whether
-- it is allowed, to which of the roles, in which phase of the show, and the limits of both phases.
create or replace function rolecall_internal.judge_broadcast(
  p_sender uuid,
  p_show uuid,
  p_roles rolecall.app_role[],
  p_rollouts jsonb,
  out judgement rolecall.judgement,
  out allowed_roles rolecall.app_role[],
  out phase text,
  out pre_show_limit int,
  out post_show_limit int
)
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_sender rolecall.actor := rolecall_internal.actor(p_sender, 'send-broadcast', p_rollouts);
  v_show rolecall.shows;
  v_facts text[];
  v_reasons jsonb;
  v_code text;
  v_detail text;
begin
  if v_sender.refusal is not null then
    judgement := rolecall_internal.judgement_of_refusal(v_sender.refusal, v_sender.organization_id);
    return;
  end if;
  judgement.org_id := v_sender.organization_id;
  judgement.allowed := false;
  select *
  into v_show
  from rolecall.shows
  where id = p_show;
  if not found then
    judgement.refusal := rolecall_internal.refusal('not_found', 'There is no show with this show_id.');
    return;
  end if;

  v_facts := array[
    'feature_enabled',
    v_sender.suspended,
    case when v_show.organizer_id = p_sender then 'own_show' end,
    case
      when exists (
        select
        from rolecall.show_participants
        where show_id = p_show
          and user_id = p_sender
      )
      then 'takes_part'
    end,
    case
      when exists (
        select
        from rolecall.conversations
        where kind = 'show'
          and show_id = p_show
          and created_by = p_sender
          and read_only
      )
      then 'read_only'
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
    cross join lateral rolecall_internal.decide('broadcast', v_sender.role, role, v_facts) as decision
    group by decision.allowed, decision.code, decision.rule, decision.message, decision.allowed_if
  ) as decided;
  if v_reasons is not null then
    -- Which of them would be allowed alone.
    select array_agg(role order by role)
    into allowed_roles
    from unnest(p_roles) as role
    where (rolecall_internal.decide('broadcast', v_sender.role, role, v_facts)).allowed;
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
      from rolecall.broadcast_limits as broadcast_limit
      where broadcast_limit.role = v_sender.role
        and broadcast_limit.phase = 'pre_show'
    ),
    (
      select case when count(*) = 0 then 0 else max(per_quota_day) end
      from rolecall.broadcast_limits as broadcast_limit
      where broadcast_limit.role = v_sender.role
        and broadcast_limit.phase = 'post_show'
    )
  into pre_show_limit, post_show_limit;
end
$$;

-- How many people a broadcast of p_sender to p_roles of p_show reaches at this moment: all who take part with one of the
-- roles, but for the sender and those from whom a block hides it. Costs as much as the sender has blocks, whatever the
-- audience.
create or replace function rolecall_internal.audience_count(p_sender uuid, p_show uuid, p_roles rolecall.app_role[])
returns bigint
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_audience bigint;
  v_left_out bigint;
begin
  select coalesce(sum(participants), 0)
  into v_audience
  from rolecall.show_audience
  where show_id = p_show
    and role = any (p_roles);
  select count(*)
  into v_left_out
  from (
    select p_sender as id
    union
    select blocked_id
    from rolecall.user_blocks
    where blocker_id = p_sender
    union
    select blocker_id
    from rolecall.user_blocks
    where blocked_id = p_sender
  ) as person
  join rolecall.show_participants as participant
    on participant.show_id = p_show
    and participant.user_id = person.id
    and participant.role = any (p_roles)
  where person.id = p_sender
    or not rolecall_internal.reads_broadcasts_of(person.id, p_sender);
  return v_audience - v_left_out;
end
$$;

-- Sends a broadcast: {show_id, recipient_roles, message}.
create or replace function rolecall_internal.send_broadcast(p_sender uuid, p_input jsonb, p_rollouts jsonb)
returns jsonb
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_show_id uuid := rolecall_internal.uuid_or_null(p_input ->> 'show_id');
  v_roles rolecall.app_role[] := rolecall_internal.roles_of(p_input -> 'recipient_roles');
  v_judged record;
  v_reset_seconds bigint;
  v_limit int;
  v_quota rolecall.broadcast_quotas;
  v_remaining jsonb;
  v_limits jsonb;
  v_audience bigint;
  v_conversation uuid;
  v_seq bigint;
  v_message uuid;
  v_broadcast uuid;
  v_created_at timestamptz;
begin
  if not rolecall_internal.is_text(p_input ->> 'message', 1, rolecall_internal.limit_broadcast_chars()) then
    return rolecall_internal.refuse_text('message', p_input ->> 'message', 1, rolecall_internal.limit_broadcast_chars());
  end if;
  if v_roles is null then
    return rolecall_internal.refusal('invalid_input', 'The recipient_roles must be a list of at least one role.');
  end if;
  v_judged := rolecall_internal.judge_broadcast(p_sender, v_show_id, v_roles, p_rollouts);
  if (v_judged.judgement).allowed is distinct from true then
    return (v_judged.judgement).refusal;
  end if;

  v_limit := case v_judged.phase when 'pre_show' then v_judged.pre_show_limit else v_judged.post_show_limit end;
  -- What is taken from the quota is given back when the conversation turns out to be closed.
  begin
    select *
    into v_quota
    from rolecall_internal.take_quota(
      p_sender, v_show_id, v_judged.phase, v_judged.pre_show_limit, v_judged.post_show_limit
    );
    if not found then
      return rolecall_internal.refuse_quota(
        v_judged.phase,
        v_limit,
        rolecall_internal.peek_quota(p_sender, v_show_id, v_judged.pre_show_limit, v_judged.post_show_limit)
          || jsonb_build_object(v_judged.phase, 0)
      );
    end if;

    -- The statement that numbers the broadcast decides whether the conversation is open.
    insert into rolecall.conversations as conversation (
      kind, show_id, created_by, organization_id, last_seq, last_message_at
    )
    values ('show', v_show_id, p_sender, (v_judged.judgement).org_id, 1, now())
    on conflict (show_id, created_by) where kind = 'show' do update
    set
      last_seq = conversation.last_seq + 1,
      last_message_at = greatest(conversation.last_message_at, excluded.last_message_at),
      changed_xid = excluded.changed_xid
    where not conversation.read_only
    returning id, last_seq, last_message_at
    into v_conversation, v_seq, v_created_at;
    if v_conversation is null then
      raise exception using
        errcode = 'RC002',
        message = 'the conversation was closed since the broadcast was judged';
    end if;
  exception
    when sqlstate 'RC002' then
      -- A guard refuses it, whatever the roles, and whether or not it was opened again meanwhile.
      return rolecall_internal.refusal_of(
        rolecall_internal.decide('broadcast', null, null, '{feature_enabled,read_only}')
      );
  end;
  v_remaining := jsonb_build_object(
    'pre_show', v_quota.pre_show_remaining,
    'post_show', v_quota.post_show_remaining
  );
  if v_limit is not null then
    v_reset_seconds := greatest(
      1,
      ceil(extract(epoch from rolecall_internal.quota_day_end(rolecall_internal.quota_day(now())) - now()))
    );
    v_limits := jsonb_build_array(
      rolecall_internal.broadcast_limit(v_judged.phase, v_limit, (v_remaining ->> v_judged.phase)::int, v_reset_seconds)
    );
  end if;
  v_audience := rolecall_internal.audience_count(p_sender, v_show_id, v_roles);

  insert into rolecall.conversation_participants as participant (conversation_id, user_id, last_read_seq)
  values (v_conversation, p_sender, v_seq)
  on conflict (conversation_id, user_id) do update
  set
    last_read_seq = excluded.last_read_seq,
    -- Nobody else writes here.
    skipped = 0;

  -- Judged again, once nothing is left to wait for: what has come to stand in the way since is seen. The function sends the
  -- request once more.
  if (rolecall_internal.judge_broadcast(p_sender, v_show_id, v_roles, p_rollouts)).judgement.allowed is distinct from true then
    raise exception 'The sender was stopped while the broadcast waited.'
      using errcode = 'serialization_failure';
  end if;

  insert into rolecall.messages (conversation_id, seq, sender_id, content, show_id, created_at)
  values (v_conversation, v_seq, p_sender, p_input ->> 'message', v_show_id, v_created_at)
  returning id
  into v_message;

  insert into rolecall.broadcasts (
    conversation_id, message_id, seq, show_id, sender_id, phase, recipient_roles, audience_count, created_at
  )
  values (v_conversation, v_message, v_seq, v_show_id, p_sender, v_judged.phase, v_roles, v_audience, v_created_at)
  returning id
  into v_broadcast;

  insert into rolecall.show_threads (conversation_id, show_id, role, last_seq, last_message_at)
  select v_conversation, v_show_id, role, v_seq, v_created_at
  from unnest(v_roles) as role
  on conflict (conversation_id, role) do update
  set
    last_seq = excluded.last_seq,
    last_message_at = excluded.last_message_at;

  return rolecall_internal.success(
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

-- A dry run: sends the broadcast and takes it back, so that it cannot answer differently from sending.
create or replace function rolecall_internal.rehearse_broadcast(p_sender uuid, p_input jsonb, p_rollouts jsonb)
returns jsonb
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_answer jsonb;
  v_conversation uuid;
begin
  begin
    v_answer := rolecall_internal.send_broadcast(p_sender, p_input, p_rollouts);
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
    from rolecall.conversations
    where kind = 'show'
      and show_id = rolecall_internal.uuid_or_null(p_input ->> 'show_id')
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
    from rolecall.profiles
    where id = p_sender
  );
end
$$;

-- A dry run leaves nothing behind but that it takes a token as reads do: no quota, no message, no key, no audit row.
create or replace function rolecall_edge.send_broadcast(p_request jsonb)
returns jsonb
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_rehearses boolean := coalesce(p_request #> '{input,dry_run}' = 'true', false);
  v_call rolecall.call := rolecall_internal.begin_call(
    'send-broadcast',
    p_request,
    p_rate => case when v_rehearses then 'read' else 'send_broadcast' end,
    p_keyed => not v_rehearses
  );
begin
  if v_call.answer is null and v_rehearses then
    return rolecall_internal.with_limit(
      rolecall_internal.rehearse_broadcast(v_call.caller, v_call.input, v_call.rollouts),
      v_call.rate
    );
  elsif v_call.answer is null then
    v_call.answer := rolecall_internal.send_broadcast(v_call.caller, v_call.input, v_call.rollouts);
  end if;
  return rolecall_internal.end_call(v_call);
end
$$;
