-- Follows every statement that adds or deletes reactions, whoever writes them: the message counts them, and its revision
-- moves once, so that changes, sync and the events carry it. The most frequent kind stands first, then by the emoji's code
-- points. Of a message that is deleted with its reactions nothing is left to count.
create or replace function rolecall_internal.follow_reactions()
returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_by constant int := case when tg_op = 'INSERT' then 1 else -1 end;
  v_conversations uuid[];
  v_seqs bigint[];
begin
  select array_agg(conversation_id), array_agg(seq)
  into v_conversations, v_seqs
  from (
    select distinct conversation_id, seq
    from changed
  ) as reacted;
  if v_conversations is null then
    return null;
  end if;
  -- Held from here on: the next statement counts on what nobody else changes.
  perform rolecall_internal.hold_conversations(v_conversations);
  update rolecall.messages as message
  set reactions = (
    select jsonb_agg(
      jsonb_build_object('emoji', kind.emoji, 'count', kind.reactions, 'mine', false)
      order by kind.reactions desc, kind.emoji collate "C"
    )
    from (
      select counted.emoji, sum(counted.reactions)::bigint as reactions
      from (
        select stood.kind ->> 'emoji' as emoji, (stood.kind -> 'count')::bigint as reactions
        from jsonb_array_elements(message.reactions) as stood (kind)
        union all
        select emoji, v_by
        from changed
        where changed.conversation_id = message.conversation_id
          and changed.seq = message.seq
      ) as counted
      group by counted.emoji
      having sum(counted.reactions) > 0
    ) as kind
  )
  from unnest(v_conversations, v_seqs) as reacted (conversation_id, seq)
  where message.conversation_id = reacted.conversation_id
    and message.seq = reacted.seq;
  perform rolecall_internal.revise(v_conversations, v_seqs);
  return null;
end
$$;
