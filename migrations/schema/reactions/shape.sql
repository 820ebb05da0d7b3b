-- A message's reactions as answers and events show them to somebody who has reacted with p_mine. Stored they are as whoever
-- has not reacted sees them, so that a page has nothing to make.
create or replace function rolecall_internal.reactions_json(p_counts jsonb, p_mine text[])
returns jsonb
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
begin
  if p_mine = '{}' then
    return p_counts;
  end if;
  return (
    select jsonb_agg(
      case when kind ->> 'emoji' = any (p_mine) then kind || '{"mine": true}' else kind end
      order by place
    )
    from jsonb_array_elements(p_counts) with ordinality as kinds (kind, place)
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

