-- A message's reactions as answers and events show them: the most frequent kind first, then by the emoji's code points.
create or replace function rolecall_internal.reactions_json(p_counts jsonb, p_mine text[])
returns jsonb
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
begin
  return (
    select coalesce(
      jsonb_agg(
        jsonb_build_object('emoji', kind.key, 'count', kind.value, 'mine', kind.key = any (p_mine))
        order by kind.value::bigint desc, kind.key collate "C"
      ),
      '[]'
    )
    from jsonb_each(p_counts) as kind
  );
end
$$;

-- With what p_user has reacted to a message.
create or replace function rolecall_internal.own_reactions(p_user uuid, p_conversation uuid, p_seq bigint)
returns text[]
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  return array(
    select emoji
    from rolecall.message_reactions
    where conversation_id = p_conversation
      and seq = p_seq
      and user_id = p_user
    order by emoji collate "C"
  );
end
$$;

-- A message's reactions as p_reader sees them. A deleted message shows none; they are back when it is restored. The counts
-- are those of everybody, also of who is hidden from the reader by a block: nobody is told who is behind a number.
create or replace function rolecall_internal.shown_reactions(p_message rolecall.messages, p_reader uuid)
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  if p_message.reactions is null or p_message.deleted_at is not null then
    return '[]';
  end if;
  return rolecall_internal.reactions_json(
    p_message.reactions,
    rolecall_internal.own_reactions(p_reader, p_message.conversation_id, p_message.seq)
  );
end
$$;

-- A message with its reactions. PostgreSQL writes it into the statements that ask: of a message without reactions, it costs
-- a constant.
create or replace function rolecall_internal.message_for(
  p_reader uuid,
  p_message rolecall.messages,
  p_removed text default null
)
returns jsonb
language sql
stable
return rolecall_internal.message_json(p_message, p_removed) || case
  when (p_message).reactions is null then '{"reactions": []}'
  else jsonb_build_object('reactions', rolecall_internal.shown_reactions(p_message, p_reader))
end;
