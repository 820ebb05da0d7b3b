-- Who writes the outbox. Each statement that changes something writes one row, or a few where one would be too much for a
-- take. Nothing is written while no relay is wanted.

-- Tells that something happened, in the transaction in which it does. The lists belong together.
create or replace function rolecall_internal.emit(
  p_type text,
  p_domain text,
  p_conversations uuid[],
  p_seqs bigint[] default null,
  p_users uuid[] default null,
  p_messages uuid[] default null,
  p_state text default null
)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  -- A row's id is younger than its transaction's, which the floor of the relay counts on.
  perform pg_current_xact_id();
  insert into rolecall.outbox (type, domain, conversations, seqs, users, messages, state)
  select p_type, p_domain, p_conversations, p_seqs, p_users, p_messages, p_state
  from rolecall.relay
  where is_wanted;
end
$$;

-- Follows every statement that adds messages, whoever writes them: a trigger, so that no writer can forget it. It costs a
-- message by itself a thirtieth more, and one in an array of 64 a two-hundredth. Of what was imported nobody hears.
create or replace function rolecall_internal.emit_new_messages()
returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_conversations uuid[];
  v_seqs bigint[];
  v_about_shows boolean;
begin
  if (select is_wanted from rolecall.relay) is not true then
    return null;
  end if;
  select array_agg(conversation_id), array_agg(seq), bool_or(show_id is not null)
  into v_conversations, v_seqs, v_about_shows
  from added
  where not legacy;
  if v_conversations is null then
    return null;
  end if;
  if v_about_shows then
    perform rolecall_internal.emit_messages('message.created', v_conversations, v_seqs);
    return null;
  end if;
  insert into rolecall.outbox (type, domain, conversations, seqs)
  values ('message.created', 'conversations', v_conversations, v_seqs);
  return null;
end
$$;

-- The same for messages among which there may be broadcasts, each of which has a row of its own, and for many of them.
create or replace function rolecall_internal.emit_messages(p_type text, p_conversations uuid[], p_seqs bigint[])
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  insert into rolecall.outbox (type, domain, conversations, seqs, is_wide)
  select
    p_type,
    'conversations',
    array_agg(message.conversation_id order by message.conversation_id, message.seq),
    array_agg(message.seq order by message.conversation_id, message.seq),
    message.is_wide
  from (
    select
      named.conversation_id,
      named.seq,
      conversation.kind = 'show' as is_wide,
      row_number() over (partition by conversation.kind order by named.conversation_id, named.seq) - 1 as number
    from (
      select distinct conversation_id, seq
      from unnest(p_conversations, p_seqs) as message (conversation_id, seq)
    ) as named
    join rolecall.conversations as conversation
      on conversation.id = named.conversation_id
  ) as message
  cross join rolecall.relay
  where relay.is_wanted
  group by message.is_wide, case when message.is_wide then message.number else message.number / 500 end
  order by message.is_wide, min(message.number);
end
$$;

-- Messages of help conversations, whoever writes, changes or deletes them.
create or replace function rolecall_internal.emit_help_messages(
  p_type text,
  p_conversations uuid[],
  p_messages uuid[]
)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  perform rolecall_internal.emit(p_type, 'help', chunk.conversations, p_messages => chunk.messages)
  from (
    select
      array_agg(conversation_id order by number) as conversations,
      array_agg(message_id order by number) as messages
    from unnest(p_conversations, p_messages) with ordinality as message (conversation_id, message_id, number)
    group by (number - 1) / 500
    order by (number - 1) / 500
  ) as chunk;
end
$$;

-- A mark that was moved, by the answer to who moved it.
create or replace function rolecall_internal.emit_read(p_user uuid, p_answer jsonb)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  if p_answer -> 'ok' = 'true' then
    perform rolecall_internal.emit(
      'read',
      'conversations',
      array[(p_answer #>> '{data,conversation_id}')::uuid],
      array[(p_answer #>> '{data,last_read_seq}')::bigint],
      array[p_user]
    );
  end if;
end
$$;

-- The same for an array: one row for all of it. What a kept answer repeats happened before.
create or replace function rolecall_internal.emit_reads(p_users uuid[], p_answers jsonb[])
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  perform pg_current_xact_id();
  insert into rolecall.outbox (type, domain, conversations, seqs, users)
  select
    'read',
    'conversations',
    array_agg((answer #>> '{data,conversation_id}')::uuid order by number),
    array_agg((answer #>> '{data,last_read_seq}')::bigint order by number),
    array_agg(user_id order by number)
  from unnest(p_users, p_answers) with ordinality as marked (user_id, answer, number)
  cross join rolecall.relay
  where is_wanted
    and answer -> 'ok' = 'true'
    and answer -> 'replayed' is distinct from 'true'
  having count(*) > 0;
end
$$;

-- A conversation of two people that the operator closes or opens again.
create or replace function rolecall_internal.emit_changed_conversation()
returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  perform rolecall_internal.emit('conversation.changed', 'conversations', array[new.id]);
  return null;
end
$$;

-- A block that is made or lifted: their conversation says whether they may write.
create or replace function rolecall_internal.emit_block()
returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_block rolecall.user_blocks := case when tg_op = 'DELETE' then old else new end;
begin
  perform rolecall_internal.emit('conversation.changed', 'conversations', array[id])
  from rolecall.conversations
  where kind = 'direct'
    and version = 'v2'
    and participant_low = least(v_block.blocker_id, v_block.blocked_id)
    and participant_high = greatest(v_block.blocker_id, v_block.blocked_id);
  return null;
end
$$;

-- Whoever was suspended has heard of nothing meanwhile.
create or replace function rolecall_internal.emit_lifted_suspension()
returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  perform rolecall_internal.emit('resync', null, null, p_users => array[new.id]);
  return null;
end
$$;

-- Messages of threads that change: delivered or not, let through by force, erased. A message of the owner inbox has its
-- number there, too.
create or replace function rolecall_internal.emit_changed_thread_messages()
returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  if (select is_wanted from rolecall.relay) is not true then
    return null;
  end if;
  insert into rolecall.outbox (type, domain, conversations, seqs)
  select 'message.changed', 'threads', array_agg(event.thread_id), array_agg(event.seq)
  from (
    select
      place.thread_id,
      place.seq,
      row_number() over (order by place.thread_id, place.seq) - 1 as number
    from added as now
    join gone as before
      on before.organization_id = now.organization_id
      and before.thread_id = now.thread_id
      and before.seq = now.seq
    left join rolecall.message_threads as inbox
      on inbox.organization_id = now.organization_id
      and inbox.scope = 'owner_inbox'
      and now.inbox_seq is not null
      and inbox.id <> now.thread_id
    cross join lateral (
      values
        (now.thread_id, now.seq),
        (inbox.id, now.inbox_seq)
    ) as place (thread_id, seq)
    where place.thread_id is not null
      and (now.content, now.media_urls, now.delivery, now.error_code, now.sitter_id)
        is distinct from (before.content, before.media_urls, before.delivery, before.error_code, before.sitter_id)
  ) as event
  group by event.number / 100
  order by event.number / 100;
  return null;
end
$$;

-- A thread that is closed or opened again.
create or replace function rolecall_internal.emit_changed_thread()
returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  perform rolecall_internal.emit('conversation.changed', 'threads', array[new.id]);
  return null;
end
$$;

-- A sitter who gains or loses a window. That one runs out with time tells nobody.
create or replace function rolecall_internal.emit_window()
returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  if tg_op = 'UPDATE'
    and old.closed_at is null
    and old.sitter_id is not null
    and (new.closed_at is not null or new.sitter_id is distinct from old.sitter_id or new.thread_id <> old.thread_id)
  then
    perform rolecall_internal.emit(
      'member.changed', 'threads', array[old.thread_id], p_users => array[old.sitter_id], p_state => 'removed'
    );
  end if;
  if new.closed_at is null and new.sitter_id is not null then
    perform rolecall_internal.emit(
      'member.changed', 'threads', array[new.thread_id], p_users => array[new.sitter_id], p_state => 'assigned'
    );
  end if;
  return null;
end
$$;
