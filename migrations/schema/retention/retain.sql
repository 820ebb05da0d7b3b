-- Erases messages that are older than their kind of conversation keeps them, from the conversation after p_after on, for
-- about a tenth of a second; returns how many they were and the conversation to go on after, null at the end. What a
-- pending report needs is kept until its review. A message of unknown age, which was imported, counts as old.
--
-- A conversation is erased from its beginning to the first message that is young enough: nothing is looked at twice, and
-- one with nothing to do costs a look at one message.
create or replace function rolecall_internal.erase_old_messages(
  p_after uuid,
  out erased bigint,
  out next_after uuid
)
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_begun constant timestamptz := clock_timestamp();
  v_looked_at constant int := 500;
  v_batch constant bigint := 1000;
  v_ids uuid[];
  v_due record;
  v_from bigint;
  v_to bigint;
begin
  erased := 0;
  next_after := coalesce(p_after, '00000000-0000-0000-0000-000000000000');
  if not exists (select from rolecall.retention where days is not null) then
    next_after := null;
    return;
  end if;
  while clock_timestamp() < v_begun + interval '100 milliseconds' loop
    v_ids := array(
      select id
      from rolecall.conversations
      where id > next_after
      order by id
      limit v_looked_at
    );
    if v_ids = '{}' then
      next_after := null;
      return;
    end if;
    for v_due in
      -- Each by its key, however few messages PostgreSQL believes that there are.
      select
        looked.id,
        now() - retention.days * interval '1 day' as until,
        looked.seq
      from (
        select conversation.id, conversation.kind, coalesce(mark.seq, 0) as seq
        from unnest(v_ids) as listed (id)
        cross join lateral (
          select id, kind
          from rolecall.conversations
          where id = listed.id
          offset 0
        ) as conversation
        left join lateral (
          select seq
          from rolecall.retention_marks
          where conversation_id = listed.id
          offset 0
        ) as mark
          on true
        offset 0
      ) as looked
      join rolecall.retention
        on retention.kind = looked.kind
        and retention.days is not null
      cross join lateral (
        select created_at
        from rolecall.messages
        where conversation_id = looked.id
          and seq = looked.seq + 1
        offset 0
      ) as oldest
      where coalesce(oldest.created_at, '-infinity') < now() - retention.days * interval '1 day'
      order by looked.id
    loop
      v_from := v_due.seq + 1;
      -- Up to the first that is young enough, or as many as one step erases.
      v_to := coalesce(
        (
          select min(seq) - 1
          from rolecall.messages
          where conversation_id = v_due.id
            and seq between v_from and v_from + v_batch - 1
            and created_at >= v_due.until
        ),
        (
          select max(seq)
          from rolecall.messages
          where conversation_id = v_due.id
            and seq between v_from and v_from + v_batch - 1
        )
      );
      erased := erased + rolecall_internal.turn_into_placeholders(
        null,
        array_fill(v_due.id, array[(v_to - v_due.seq)::int]),
        array(select generate_series(v_from, v_to)),
        'retention'
      );
      insert into rolecall.retention_marks as mark (conversation_id, seq)
      values (v_due.id, v_to)
      on conflict (conversation_id) do update
      set seq = greatest(mark.seq, excluded.seq);
      -- The next step begins with the same conversation.
      if v_to = v_due.seq + v_batch or clock_timestamp() > v_begun + interval '100 milliseconds' then
        return;
      end if;
      next_after := v_due.id;
    end loop;
    next_after := v_ids[cardinality(v_ids)];
  end loop;
end
$$;
