-- Takes back 0017_group_commit: edge.send_dm and edge.mark_read take one request again.

create or replace function edge.send_dm(p_request jsonb)
returns jsonb
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
  return rolecall.send_dm_one(p_request);
end
$$;

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
  select
    sender.role,
    sender.organization_id,
    sender.is_internal,
    recipient.role,
    flag.rollout,
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
  into v_sender_role, v_org_id, v_internal, v_recipient_role, v_rollout, v_facts
  from (values (p_sender)) as asked (id)
  left join public.profiles as sender
    on sender.id = asked.id
  left join public.profiles as recipient
    on recipient.id = p_recipient
  left join public.feature_flags as flag
    on flag.name = 'send-dm';

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
  return rolecall.refusal(
    'idempotency_conflict',
    'This Idempotency-Key was used for another request in the last 24 hours.',
    'idempotency_key_reused',
    'The request is sent with a key of its own, or exactly as it was sent the first time.'
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

drop function if exists rolecall.mark_read_many(jsonb);
drop function if exists rolecall.send_dm_many(jsonb);
drop function if exists rolecall.send_independent_dms(jsonb, rolecall.dm_item[]);
drop function if exists rolecall.finish_many(text, jsonb, uuid[], jsonb[]);
drop function if exists rolecall.settle_keys(uuid[], text[], jsonb[]);
drop function if exists rolecall.judge_dms(rolecall.dm_item[]);
drop function if exists rolecall.take_tokens(uuid[], text);
drop function if exists rolecall.claim_keys(text, uuid[], text[], jsonb[]);
drop function if exists rolecall.refuse_reused_key();
drop function if exists rolecall.deferred_dms(rolecall.dm_item[]);
drop function if exists rolecall.dm_items(jsonb);
drop function if exists rolecall.dm_facts(uuid, uuid);
drop type if exists rolecall.dm_item;
alter table if exists rolecall.rate_buckets drop column if exists taken;

delete from rolecall.schema_migrations
where version = 17;
