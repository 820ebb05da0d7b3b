-- An owner or admin says of a text whether the carrier had it, where nobody knows. The carrier's own word, the status
-- callback, comes first: what it has said stands.

-- {message_id, outcome: sent | not_sent} -> {message_id, thread_id, delivery}. not_sent puts an uncertain text on its way
-- again, and a dead one, which the carrier surely has not. Said twice, or at once, it is done once.
create or replace function rolecall_internal.settle_text(p_user uuid, p_input jsonb, p_rollouts jsonb)
returns jsonb
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_id uuid := rolecall_internal.uuid_or_null(p_input ->> 'message_id');
  v_outcome text := p_input ->> 'outcome';
  v_actor rolecall.thread_actor := rolecall_internal.force_actor(p_user, v_id, p_rollouts);
  v_judgement rolecall.judgement;
  v_seq bigint;
  v_status text;
begin
  -- What was sent was sent, whatever the client wants by now.
  if v_outcome is not distinct from 'sent' then
    v_actor.facts := array_remove(v_actor.facts, 'opted_out');
  end if;
  v_judgement := rolecall_internal.judge_thread('force_send', v_actor);
  if v_judgement.allowed is distinct from true then
    return v_judgement.refusal;
  end if;
  if v_outcome in ('sent', 'not_sent') is not true then
    return rolecall_internal.refuse_field('outcome', 'unknown_value', 'Expected one of sent, not_sent.');
  end if;

  select seq
  into v_seq
  from rolecall.thread_messages
  where organization_id = v_actor.organization_id
    and id = v_id;
  if v_outcome = 'sent' then
    update rolecall.sms_outbox
    set
      status = 'sent',
      error_code = null,
      updated_at = now()
    where organization_id = v_actor.organization_id
      and thread_id = v_actor.thread_id
      and seq = v_seq
      and status = 'uncertain';
  else
    update rolecall.sms_outbox
    set
      status = 'queued',
      attempts = 0,
      first_attempt_at = null,
      next_attempt_at = now(),
      -- What an earlier delivery still says is no longer about this attempt.
      lease = null,
      error_code = null,
      created_at = now(),
      updated_at = now()
    where organization_id = v_actor.organization_id
      and thread_id = v_actor.thread_id
      and seq = v_seq
      and status in ('uncertain', 'dead');
  end if;

  select outbox.status
  into v_status
  from rolecall.sms_outbox as outbox
  where outbox.organization_id = v_actor.organization_id
    and outbox.thread_id = v_actor.thread_id
    and outbox.seq = v_seq;
  if v_status is null then
    return rolecall_internal.refusal('not_found', 'You see no such text on its way to a client.');
  elsif v_outcome = 'not_sent' and v_status not in ('queued', 'leased') then
    return rolecall_internal.refuse_sent();
  elsif v_outcome = 'sent' and v_status in ('queued', 'leased', 'dead') then
    return rolecall_internal.refusal('invalid_input', 'The carrier does not have this text: it is still to be sent, or was refused.');
  end if;
  return rolecall_internal.success(
    jsonb_build_object(
      'message_id', v_id,
      'thread_id', v_actor.thread_id,
      'delivery', case when v_status = 'leased' then 'queued' else v_status end
    )
  ) || jsonb_build_object('org_id', v_actor.organization_id);
end
$$;

create or replace function rolecall_edge.settle_text(p_request jsonb)
returns jsonb
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_call rolecall.call := rolecall_internal.begin_call('deliver-sms.settle', p_request, p_rate => 'force_send');
begin
  if v_call.answer is null then
    v_call.answer := rolecall_internal.settle_text(v_call.caller, v_call.input, v_call.rollouts);
    if (v_call.answer -> 'ok')::boolean then
      perform rolecall_internal.log_event(
        v_call,
        'text_settled',
        (v_call.answer -> 'data') || jsonb_build_object('outcome', v_call.input ->> 'outcome')
      );
    end if;
  end if;
  return rolecall_internal.end_call(v_call);
end
$$;
