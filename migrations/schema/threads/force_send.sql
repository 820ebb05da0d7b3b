-- Delivers a message that the filter held back, once.

-- Somebody before a message of their organisation that they would deliver by force. That the client wants no more messages
-- stops what goes to them alone.
create or replace function rolecall_internal.force_actor(p_user uuid, p_message uuid, p_rollouts jsonb)
returns rolecall.thread_actor
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_thread uuid;
  v_direction text;
  v_actor rolecall.thread_actor;
begin
  select message.thread_id, message.direction
  into v_thread, v_direction
  from rolecall.profiles as profile
  join rolecall.thread_messages as message
    on message.organization_id = profile.organization_id
    and message.id = p_message
  where profile.id = p_user;
  v_actor := rolecall_internal.thread_actor(p_user, v_thread, p_rollouts);
  if v_direction is distinct from 'outbound' then
    v_actor.facts := array_remove(v_actor.facts, 'opted_out');
  end if;
  return v_actor;
end
$$;

create or replace function rolecall_internal.refuse_sent()
returns jsonb
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
begin
  return rolecall_internal.refusal(
    'already_sent',
    'This message was sent already, was never held back, or has been erased.',
    'already_sent',
    'The message is one that the filter holds back.'
  );
end
$$;

-- {message_id, reason}. A message to the client is queued for the carrier; one from the client is shown to the one sitter
-- who is on duty, if there is one. Of many at once the statement that finds the message held back is the one that counts.
create or replace function rolecall_internal.force_send(p_user uuid, p_input jsonb, p_rollouts jsonb)
returns jsonb
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_id uuid := rolecall_internal.uuid_or_null(p_input ->> 'message_id');
  v_actor rolecall.thread_actor := rolecall_internal.force_actor(p_user, v_id, p_rollouts);
  v_judgement rolecall.judgement := rolecall_internal.judge_thread('force_send', v_actor);
  v_now rolecall.thread_actor;
  v_sitters uuid[];
  v_message rolecall.thread_messages;
begin
  if v_judgement.allowed is distinct from true then
    return v_judgement.refusal;
  end if;
  if not rolecall_internal.is_text(p_input ->> 'reason', 1, rolecall_internal.limit_force_reason_chars()) then
    return rolecall_internal.refuse_text('reason', p_input ->> 'reason', 1, rolecall_internal.limit_force_reason_chars());
  end if;

  -- The thread before its messages, as everywhere.
  perform
  from rolecall.message_threads
  where id = v_actor.thread_id
  for no key update;
  v_sitters := array(
    select distinct sitter_id
    from rolecall.assignment_windows
    where organization_id = v_actor.organization_id
      and thread_id = v_actor.thread_id
      and closed_at is null
      and starts_at <= now()
      and ends_at > now()
  );
  update rolecall.thread_messages
  set
    delivery = case when direction = 'inbound' then 'received' else 'queued' end,
    sitter_id = case
      when direction = 'inbound' and cardinality(v_sitters) = 1 then v_sitters[1]
      else sitter_id
    end
  where organization_id = v_actor.organization_id
    and id = v_id
    and delivery = 'blocked'
    -- Its author had it erased.
    and (content is not null or media_urls <> '{}')
  returning *
  into v_message;
  if not found then
    return rolecall_internal.refuse_sent();
  end if;
  -- Its own statement, once nothing is left to wait for: the client may have opted out, or the caller been stopped.
  v_now := rolecall_internal.force_actor(p_user, v_id, p_rollouts);
  -- Flags change for others, too; what they say of the caller is compared.
  v_now.flags_revision := v_actor.flags_revision;
  if v_now is distinct from v_actor then
    raise exception 'The caller was stopped while the message waited.'
      using errcode = 'serialization_failure';
  end if;

  update rolecall.anti_poaching_attempts
  set
    forced_at = now(),
    forced_by = p_user,
    forced_reason = rolecall_internal.redact(p_input ->> 'reason')
  where organization_id = v_message.organization_id
    and message_id = v_message.id;
  if v_message.direction = 'outbound' then
    perform rolecall_internal.enqueue_sms(v_message);
  end if;
  return rolecall_internal.success(
    jsonb_build_object(
      'message_id', v_message.id,
      'thread_id', v_message.thread_id,
      'delivery', v_message.delivery,
      'forced_at', rolecall_internal.iso(now())
    )
  ) || jsonb_build_object('org_id', v_actor.organization_id);
end
$$;

create or replace function rolecall_edge.force_send(p_request jsonb)
returns jsonb
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_call rolecall.call := rolecall_internal.begin_call('threads.force-send', p_request, p_rate => 'force_send');
begin
  if v_call.answer is null then
    v_call.answer := rolecall_internal.force_send(v_call.caller, v_call.input, v_call.rollouts);
    if (v_call.answer -> 'ok')::boolean then
      perform rolecall_internal.log_event(
        v_call, 'message_force_sent', (v_call.answer -> 'data') - array['delivery', 'forced_at']
      );
    end if;
  end if;
  return rolecall_internal.end_call(v_call);
end
$$;
