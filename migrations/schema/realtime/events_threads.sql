-- The events of organisations' threads. Who reads a thread, and what of a message, is asked of the functions that answer
-- GET: so a sitter whose window is over hears nothing more of it, and what the filter held back is redacted or hidden.
create or replace function rolecall_internal.thread_events(p_rows rolecall.outbox[], p_rollouts jsonb)
returns table (row_id bigint, place bigint, who uuid[], event jsonb)
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  return query
  with happened as materialized (
    select
      outbox.id as row_id,
      outbox.type,
      outbox.made_at,
      outbox.state,
      named.*,
      thread.organization_id,
      thread.scope = 'owner_inbox' as is_inbox,
      case when thread.scope = 'owner_inbox' then waiting else message end as message
    from unnest(p_rows) as outbox
    cross join lateral unnest(outbox.conversations, outbox.seqs, outbox.users)
      with ordinality as named (thread_id, seq, user_id, place)
    join rolecall.message_threads as thread
      on thread.id = named.thread_id
    left join rolecall.thread_messages as message
      on message.organization_id = thread.organization_id
      and message.thread_id = case when thread.scope <> 'owner_inbox' then thread.id end
      and message.seq = named.seq
    left join rolecall.thread_messages as waiting
      on waiting.organization_id = thread.organization_id
      and waiting.inbox_seq = case when thread.scope = 'owner_inbox' then named.seq end
    where outbox.domain = 'threads'
  ),
  concerned as materialized (
    select
      thread.thread_id,
      person.id as user_id,
      actor.organization_role as role,
      actor.organization_id
    from (
      select distinct happened.thread_id, happened.organization_id
      from happened
    ) as thread
    cross join lateral (
      -- A list that is no narrower than who reads it: the matrix decides below.
      select profile.id
      from rolecall.profiles as profile
      where profile.organization_id = thread.organization_id
        and rolecall_internal.reads_every_thread(profile.organization_role)
      union
      select assigned.sitter_id
      from rolecall.assignment_windows as assigned
      where assigned.organization_id = thread.organization_id
        and assigned.thread_id = thread.thread_id
        and assigned.closed_at is null
        and assigned.ends_at > now()
      union
      select client.user_id
      from rolecall.message_threads as own
      join rolecall.clients as client
        on client.organization_id = own.organization_id
        and client.id = own.client_id
      where own.id = thread.thread_id
    ) as person
    cross join lateral (
      select *
      from rolecall_internal.thread_actor(person.id, thread.thread_id, p_rollouts)
      offset 0
    ) as actor
    where person.id = any (
        rolecall_internal.told(array[person.id], null, p_rollouts)
      )
      and (rolecall_internal.judge_thread('read_thread', actor)).allowed
  ),
  told as (
    select
      happened.row_id,
      happened.type,
      happened.place,
      happened.made_at,
      person.user_id,
      case
        when happened.type in ('message.created', 'message.changed')
          and (happened.message).id is not null
          and (
            happened.is_inbox
            or rolecall_internal.sees_message(
              person.role,
              person.user_id,
              (happened.message).direction,
              (happened.message).kind,
              (happened.message).sitter_id,
              (happened.message).author_id,
              (happened.message).inbox_seq,
              (happened.message).delivery
            )
          )
        then jsonb_build_object(
          'domain', 'threads',
          'conversation_id', happened.thread_id,
          'seq', happened.seq,
          'revision', null,
          'message', rolecall_internal.short_message(
            rolecall_internal.thread_message_json(happened.message, happened.is_inbox, person.role, person.user_id)
          )
        )
        when happened.type = 'read' and person.user_id = happened.user_id then jsonb_build_object(
          'domain', 'threads',
          'conversation_id', happened.thread_id,
          'user_id', happened.user_id,
          'last_read_seq', happened.seq
        )
        when happened.type = 'member.changed'
          and (person.user_id = happened.user_id or rolecall_internal.reads_every_thread(person.role))
        then jsonb_build_object(
          'domain', 'threads',
          'conversation_id', happened.thread_id,
          'user_id', happened.user_id,
          'state', happened.state
        )
        when happened.type = 'conversation.changed' then jsonb_build_object(
          'domain', 'threads',
          'conversation_id', happened.thread_id,
          'revision', null,
          'conversation', rolecall_internal.thread_cards(
            person.organization_id, array[happened.thread_id], person.role, person.user_id
          ) -> 0
        )
      end as members
    from happened
    join concerned as person
      on person.thread_id = happened.thread_id
  )
  select
    told.row_id,
    told.place,
    array_agg(told.user_id),
    rolecall_internal.event_json(told.type, told.row_id, told.place, told.made_at, told.members)
  from told
  where told.members is not null
  group by told.row_id, told.type, told.place, told.made_at, told.members;
end
$$;
