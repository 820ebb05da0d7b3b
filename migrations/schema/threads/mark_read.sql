-- Marks a thread as read by p_user: {thread_id, up_to_seq?}, to its newest message if no number is given. What was read stays
-- read, and nobody has read messages that do not exist yet.
create or replace function rolecall_internal.mark_thread_read(p_user uuid, p_input jsonb, p_rollouts jsonb)
returns jsonb
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
-- A bitmap of the owner inbox would be one of all that waits there.
set enable_bitmapscan = off
as $$
declare
  v_up_to bigint := rolecall_internal.whole_number(p_input -> 'up_to_seq');
  v_actor rolecall.thread_actor := rolecall_internal.thread_actor(
    p_user, rolecall_internal.uuid_or_null(p_input ->> 'thread_id'), p_rollouts
  );
  v_judgement rolecall.judgement := rolecall_internal.judge_thread('read_thread', v_actor);
  v_last bigint;
  v_unread bigint;
begin
  if v_judgement.allowed is distinct from true then
    return v_judgement.refusal;
  end if;
  insert into rolecall.thread_reads as own (organization_id, thread_id, user_id, last_read_seq)
  select thread.organization_id, thread.id, p_user, least(coalesce(v_up_to, thread.last_seq), thread.last_seq)
  from rolecall.message_threads as thread
  where thread.id = v_actor.thread_id
  on conflict (organization_id, thread_id, user_id) do update
  set
    last_read_seq = greatest(own.last_read_seq, excluded.last_read_seq),
    changed_xid = case
      when own.last_read_seq < excluded.last_read_seq then excluded.changed_xid
      else own.changed_xid
    end
  returning last_read_seq
  into v_last;
  perform rolecall_internal.emit('read', 'threads', array[v_actor.thread_id], array[v_last], array[p_user]);
  select messages
  into v_unread
  from rolecall_internal.thread_news(
    v_actor.organization_id,
    v_actor.thread_id,
    'owner_inbox' = any (v_actor.facts),
    v_last,
    v_actor.organization_role,
    p_user,
    1000
  );
  return rolecall_internal.success(
    jsonb_build_object('thread_id', v_actor.thread_id, 'last_read_seq', v_last, 'unread_count', v_unread)
  ) || jsonb_build_object('org_id', v_actor.organization_id);
end
$$;

-- Forgets how far somebody who leaves an organisation had read its threads.
create or replace function rolecall_internal.forget_thread_reads()
returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  delete from rolecall.thread_reads
  where organization_id = old.organization_id
    and user_id = old.id;
  return new;
end
$$;

create or replace function rolecall_edge.mark_thread_read(p_request jsonb)
returns jsonb
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_call rolecall.call := rolecall_internal.begin_call('threads.read', p_request, p_rate => 'mark_read');
begin
  if v_call.answer is null then
    v_call.answer := rolecall_internal.mark_thread_read(v_call.caller, v_call.input, v_call.rollouts);
  end if;
  return rolecall_internal.end_call(v_call);
end
$$;
