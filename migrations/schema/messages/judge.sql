-- Whether p_sender may send a direct message to p_recipient, about p_show if that is given. A conversation of the two
-- allows what a reply in it would be allowed. judge_dms is its twin for an array.
create or replace function rolecall_internal.judge_dm(
  p_sender uuid,
  p_recipient uuid,
  p_show uuid,
  p_rollouts jsonb
)
returns rolecall.judgement
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_sender_role rolecall.app_role;
  v_recipient_role rolecall.app_role;
  v_org_id uuid;
  v_internal boolean;
  v_is_open boolean;
  v_read_only boolean;
  v_facts text[];
  v_refusal jsonb;
  v_decision rolecall.decision;
  v_reply rolecall.decision;
begin
  select sender_role, target_role, org_id, sender_internal, is_open, facts
  into v_sender_role, v_recipient_role, v_org_id, v_internal, v_is_open, v_facts
  from rolecall_internal.dm_facts(p_sender, p_recipient, p_show, 'send-dm');

  v_refusal := rolecall_internal.refuse_actor(
    p_sender, v_sender_role, v_org_id, v_internal, 'send-dm', v_is_open, p_rollouts
  );
  if v_refusal is not null then
    return rolecall_internal.judgement_of_refusal(v_refusal, v_org_id);
  end if;
  if v_recipient_role is null then
    return row(false, rolecall_internal.refusal('not_found', 'There is no user with this recipient_id.'), v_org_id, null::text);
  end if;
  if p_show is not null and not exists (select from rolecall.shows where id = p_show) then
    return row(false, rolecall_internal.refusal('not_found', 'There is no show with this show_id.'), v_org_id, null::text);
  end if;

  v_decision := rolecall_internal.decide('start_dm', v_sender_role, v_recipient_role, v_facts);
  if v_decision.allowed then
    return row(true, null::jsonb, v_org_id, v_decision.rule);
  end if;
  if 'foreign_show' = any (v_facts) then
    -- Whatever allows a message or a reply allows none about this show.
    return row(false, rolecall_internal.refusal_of(v_decision), v_org_id, v_decision.rule);
  end if;

  -- A shared show can allow what was refused; no guard looks at it, so it could not have refused what was allowed.
  if exists (
    select
    from rolecall.show_participants as own
    join rolecall.show_participants as theirs
      on theirs.show_id = own.show_id
      and theirs.user_id = p_recipient
    where own.user_id = p_sender
      and (p_show is null or own.show_id = p_show)
  ) then
    v_facts := v_facts || 'shares_show'::text;
    v_decision := rolecall_internal.decide('start_dm', v_sender_role, v_recipient_role, v_facts);
    if v_decision.allowed then
      return row(true, null::jsonb, v_org_id, v_decision.rule);
    end if;
  end if;

  select read_only
  into v_read_only
  from rolecall.conversations
  where kind = 'direct'
    and version = 'v2'
    and participant_low = least(p_sender, p_recipient)
    and participant_high = greatest(p_sender, p_recipient);
  if found then
    v_reply := rolecall_internal.decide(
      'reply',
      v_sender_role,
      v_recipient_role,
      v_facts || array['participant', case when v_read_only then 'read_only' end]
    );
    if v_reply.allowed then
      return row(true, null::jsonb, v_org_id, v_reply.rule);
    end if;
  end if;
  return row(false, rolecall_internal.refusal_of(v_decision), v_org_id, v_decision.rule);
end
$$;

-- All facts that decide whether p_user may write into p_conversation, except whether they are of the audience of its
-- broadcasts. PostgreSQL writes it into the statements that ask, of one conversation or of a page of them.
create or replace function rolecall_internal.reply_facts(p_user uuid, p_conversation uuid, p_flag text)
returns table (
  sender_role rolecall.app_role,
  sender_internal boolean,
  org_id uuid,
  is_open boolean,
  target_role rolecall.app_role,
  show_id uuid,
  facts text[]
)
language sql
stable
begin atomic
  select
    sender.role,
    sender.is_internal,
    sender.organization_id,
    flag.is_open,
    target.role,
    case when conversation.kind = 'show' then conversation.show_id end,
    array[
      'feature_enabled',
      rolecall_internal.suspended_fact(sender.suspended_until),
      case when conversation.read_only then 'read_only' end,
      case when conversation.kind = 'show' then 'broadcast_recipient' end,
      case
        when p_user in (conversation.participant_low, conversation.participant_high) then 'participant'
        when conversation.kind = 'show' and conversation.created_by = p_user then 'participant'
      end,
      case
        when exists (
          -- In either direction; nobody blocks themselves, so each of the two is one of the pair.
          select
          from rolecall.user_blocks
          where blocker_id in (p_user, target.id)
            and blocked_id in (p_user, target.id)
        )
        then 'blocked'
      end
    ]
  from (values (p_user)) as asked (id)
  left join rolecall.profiles as sender
    on sender.id = asked.id
  left join rolecall.feature_flags as flag
    on flag.name = p_flag
  left join rolecall.conversations as conversation
    on conversation.id = p_conversation
  left join rolecall.profiles as target
    on target.id = case
      when conversation.kind = 'show' then conversation.created_by
      when conversation.participant_low = p_user then conversation.participant_high
      when conversation.participant_high = p_user then conversation.participant_low
    end;
end;

-- The judgement by these facts.
create or replace function rolecall_internal.judge_reply_facts(
  p_user uuid,
  p_sender_role rolecall.app_role,
  p_sender_internal boolean,
  p_org_id uuid,
  p_is_open boolean,
  p_rollouts jsonb,
  p_target_role rolecall.app_role,
  p_facts text[]
)
returns rolecall.judgement
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_refusal jsonb := rolecall_internal.refuse_actor(
    p_user, p_sender_role, p_org_id, p_sender_internal, 'send-dm', p_is_open, p_rollouts
  );
  v_decision rolecall.decision;
begin
  if v_refusal is not null then
    return rolecall_internal.judgement_of_refusal(v_refusal, p_org_id);
  end if;
  v_decision := rolecall_internal.decide('reply', p_sender_role, p_target_role, p_facts);
  if v_decision.allowed then
    return row(true, null::jsonb, p_org_id, v_decision.rule);
  end if;
  return row(false, rolecall_internal.refusal_of(v_decision), p_org_id, v_decision.rule);
end
$$;

-- Whether p_user may write into p_conversation. A conversation that does not exist has no participants, and is refused in
-- the same words.
create or replace function rolecall_internal.judge_reply(
  p_user uuid,
  p_conversation uuid,
  p_rollouts jsonb
)
returns rolecall.judgement
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_sender_role rolecall.app_role;
  v_internal boolean;
  v_org_id uuid;
  v_is_open boolean;
  v_target_role rolecall.app_role;
  v_show uuid;
  v_facts text[];
begin
  select *
  into v_sender_role, v_internal, v_org_id, v_is_open, v_target_role, v_show, v_facts
  from rolecall_internal.reply_facts(p_user, p_conversation, 'send-dm');
  if v_show is not null
    and exists (select from rolecall_internal.visible_broadcasts(p_user, p_conversation, v_show))
  then
    v_facts := v_facts || 'participant'::text;
  end if;
  return rolecall_internal.judge_reply_facts(
    p_user, v_sender_role, v_internal, v_org_id, v_is_open, p_rollouts, v_target_role, v_facts
  );
end
$$;

-- Whether p_sender may send a direct message to p_recipient, about p_show if that is given. A caller may
-- ask for themselves alone.
create or replace function public.can_user_send_dm(
  p_sender uuid,
  p_recipient uuid,
  p_show uuid default null
)
returns boolean
language plpgsql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  if auth.uid() is null or p_sender is distinct from auth.uid() then
    return false;
  end if;
  return coalesce((rolecall_internal.judge_dm(p_sender, p_recipient, p_show, '{}')).allowed, false);
end
$$;

-- Whether p_user may write into p_conversation. A caller may ask for themselves alone.
create or replace function public.can_user_reply(p_user uuid, p_conversation uuid)
returns boolean
language plpgsql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  if auth.uid() is null or p_user is distinct from auth.uid() then
    return false;
  end if;
  return coalesce((rolecall_internal.judge_reply(p_user, p_conversation, '{}')).allowed, false);
end
$$;

-- All facts that decide whether p_sender may write to p_recipient, about p_show if that is given, except whether they share
-- a show or have a conversation. Of a show both are who take part in it or organize it. PostgreSQL writes it into the statements that ask, of one request or of an array of them.
create or replace function rolecall_internal.dm_facts(p_sender uuid, p_recipient uuid, p_show uuid, p_flag text)
returns table (
  sender_role rolecall.app_role,
  sender_internal boolean,
  org_id uuid,
  is_open boolean,
  target_role rolecall.app_role,
  facts text[]
)
language sql
stable
begin atomic
  select
    sender.role,
    sender.is_internal,
    sender.organization_id,
    flag.is_open,
    recipient.role,
    array[
      'feature_enabled',
      rolecall_internal.suspended_fact(sender.suspended_until),
      case when p_sender = p_recipient then 'self' end,
      case
        when exists (
          -- In either direction; nobody blocks themselves, so each of the two is one of the pair.
          select
          from rolecall.user_blocks
          where blocker_id in (p_sender, p_recipient)
            and blocked_id in (p_sender, p_recipient)
        )
        then 'blocked'
      end,
      case
        when p_show is not null
          and not exists (
            select
            from rolecall.shows as show
            where show.id = p_show
              and (
                show.organizer_id = p_sender
                or (
                  exists (
                    select
                    from rolecall.show_participants
                    where show_id = show.id
                      and user_id = p_sender
                  )
                  and (
                    show.organizer_id = p_recipient
                    or exists (
                      select
                      from rolecall.show_participants
                      where show_id = show.id
                        and user_id = p_recipient
                    )
                  )
                )
              )
          )
        then 'foreign_show'
      end
    ]
  from (values (p_sender)) as asked (id)
  left join rolecall.profiles as sender
    on sender.id = asked.id
  left join rolecall.profiles as recipient
    on recipient.id = p_recipient
  left join rolecall.feature_flags as flag
    on flag.name = p_flag;
end;
