-- The messages of a thread.

-- A page of the messages that p_user sees in a thread with p_role, of those between two numbers; the numbers of the owner
-- inbox are those of its own. An index has them in either order.
create or replace function rolecall_internal.thread_page(
  p_org uuid,
  p_thread uuid,
  p_is_inbox boolean,
  p_role text,
  p_user uuid,
  p_after bigint,
  p_before bigint,
  p_newest_first boolean,
  p_limit int
)
returns setof rolecall.thread_messages
language plpgsql
stable
rows 50
set search_path = pg_catalog, pg_temp
as $$
declare
  v_after bigint := coalesce(p_after, 0);
  v_before bigint := coalesce(p_before, 9223372036854775807);
begin
  if p_is_inbox and p_newest_first then
    return query
    select *
    from rolecall.thread_messages as message
    where message.organization_id = p_org
      and message.inbox_seq > v_after
      and message.inbox_seq < v_before
    order by message.inbox_seq desc
    limit p_limit;
  elsif p_is_inbox then
    return query
    select *
    from rolecall.thread_messages as message
    where message.organization_id = p_org
      and message.inbox_seq > v_after
      and message.inbox_seq < v_before
    order by message.inbox_seq
    limit p_limit;
  elsif p_newest_first then
    return query
    select *
    from rolecall.thread_messages as message
    where message.organization_id = p_org
      and message.thread_id = p_thread
      and message.seq > v_after
      and message.seq < v_before
      and rolecall_internal.sees_message(
        p_role,
        p_user,
        message.direction,
        message.kind,
        message.sitter_id,
        message.author_id,
        message.inbox_seq,
        message.delivery
      )
    order by message.seq desc
    limit p_limit;
  else
    return query
    select *
    from rolecall.thread_messages as message
    where message.organization_id = p_org
      and message.thread_id = p_thread
      and message.seq > v_after
      and message.seq < v_before
      and rolecall_internal.sees_message(
        p_role,
        p_user,
        message.direction,
        message.kind,
        message.sitter_id,
        message.author_id,
        message.inbox_seq,
        message.delivery
      )
    order by message.seq
    limit p_limit;
  end if;
end
$$;

-- {thread_id, limit, before_seq?, since_seq?}: the newest messages, those before a number, or, to catch up, those since one;
-- oldest first in each case, with the thread's card.
create or replace function rolecall_internal.read_thread(p_user uuid, p_input jsonb, p_rollouts jsonb)
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_limit int := rolecall_internal.page_size(p_input, rolecall_internal.limit_messages_page());
  v_before bigint := rolecall_internal.whole_number(p_input -> 'before_seq');
  v_since bigint := rolecall_internal.whole_number(p_input -> 'since_seq');
  v_actor rolecall.thread_actor := rolecall_internal.thread_actor(
    p_user, rolecall_internal.uuid_or_null(p_input ->> 'thread_id'), p_rollouts
  );
  v_judgement rolecall.judgement := rolecall_internal.judge_thread('read_thread', v_actor);
  v_thread rolecall.message_threads;
  v_is_inbox boolean;
  v_messages jsonb;
  v_first bigint;
  v_last bigint;
begin
  if v_judgement.allowed is distinct from true then
    return v_judgement.refusal;
  end if;
  select *
  into v_thread
  from rolecall.message_threads
  where id = v_actor.thread_id;
  v_is_inbox := v_thread.scope = 'owner_inbox';
  select
    coalesce(
      jsonb_agg(
        rolecall_internal.thread_message_json(message, v_is_inbox, v_actor.organization_role, p_user)
        order by case when v_is_inbox then message.inbox_seq else message.seq end
      ),
      '[]'
    ),
    min(case when v_is_inbox then message.inbox_seq else message.seq end),
    max(case when v_is_inbox then message.inbox_seq else message.seq end)
  into v_messages, v_first, v_last
  from rolecall_internal.thread_page(
    v_actor.organization_id,
    v_thread.id,
    v_is_inbox,
    v_actor.organization_role,
    p_user,
    v_since,
    v_before,
    v_since is null,
    v_limit
  ) as message;
  -- A page without messages is where they would be.
  v_first := coalesce(v_first, v_since + 1, v_before);
  v_last := coalesce(v_last, v_before - 1, v_since);
  return rolecall_internal.success(
    jsonb_build_object(
      'thread', rolecall_internal.thread_cards(
        v_actor.organization_id, array[v_thread.id], v_actor.organization_role, p_user
      ) -> 0,
      'messages', v_messages,
      'has_more_before', v_first is not null and exists (
        select
        from rolecall_internal.thread_page(
          v_actor.organization_id, v_thread.id, v_is_inbox, v_actor.organization_role, p_user, null, v_first, true, 1
        )
      ),
      'has_more_after', v_last is not null and exists (
        select
        from rolecall_internal.thread_page(
          v_actor.organization_id, v_thread.id, v_is_inbox, v_actor.organization_role, p_user, v_last, null, false, 1
        )
      )
    )
  ) || jsonb_build_object('org_id', v_actor.organization_id);
end
$$;

create or replace function rolecall_edge.thread_messages(p_request jsonb)
returns jsonb
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_call rolecall.call := rolecall_internal.begin_call('threads.messages', p_request, p_rate => 'read', p_keyed => false);
begin
  if v_call.answer is null then
    v_call.answer := rolecall_internal.read_thread(v_call.caller, v_call.input, v_call.rollouts);
  end if;
  return rolecall_internal.end_call(v_call);
end
$$;
