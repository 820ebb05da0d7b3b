-- What a client lacks of the conversations that it has: [{conversation_id, seq, revision}], the newest message and the
-- revision that it knows. For each that has more, the oldest messages after seq and the earliest changes after revision, with
-- the numbers that the client knows from then on; limited says that there is more, which GET messages and GET changes have.
-- Conversations that the user does not read, never did or that do not exist are gone: all of these in the same words.
create or replace function rolecall_internal.catch_up(
  p_user uuid,
  p_have jsonb,
  p_sees_removed boolean,
  out caught_up jsonb,
  out gone uuid[]
)
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_known record;
  v_conversation rolecall.conversations;
  v_reader text;
  v_audience_of uuid;
  v_page int;
  -- Of all conversations together.
  v_left int := rolecall_internal.limit_caught_up_messages();
  v_messages jsonb;
  v_seq bigint;
  v_more boolean;
  v_changed jsonb;
  v_revision bigint;
  v_more_changed boolean;
begin
  caught_up := '[]';
  gone := '{}';
  for v_known in
    select id, seq, revision
    from (
      select distinct on (id) id, seq, revision, number
      from (
        select
          rolecall_internal.uuid_or_null(entry ->> 'conversation_id') as id,
          coalesce(rolecall_internal.whole_number(entry -> 'seq'), 0) as seq,
          coalesce(rolecall_internal.whole_number(entry -> 'revision'), 0) as revision,
          number
        from jsonb_array_elements(case jsonb_typeof(p_have) when 'array' then p_have else '[]' end)
          with ordinality as listed (entry, number)
        limit rolecall_internal.limit_known_conversations()
      ) as listed
      where id is not null
      order by id, number
    ) as known
    order by number
  loop
    select *
    into v_conversation
    from rolecall.conversations
    where id = v_known.id;
    v_reader := rolecall_internal.reader_of(p_user, v_conversation);
    if v_reader is null then
      gone := gone || v_known.id;
    end if;
    continue when v_reader is null
      -- Who looks in to moderate has nothing to keep up with.
      or v_reader not in ('people', 'audience')
      or (v_conversation.last_seq <= v_known.seq and v_conversation.revision <= v_known.revision);
    v_audience_of := case when v_reader = 'audience' then v_conversation.show_id end;

    v_page := least(v_left, rolecall_internal.limit_default_page());
    select
      coalesce(jsonb_agg(page.message order by page.seq) filter (where page.place <= v_page), '[]'),
      max(page.seq) filter (where page.place <= v_page),
      count(*) > v_page
    into v_messages, v_seq, v_more
    from (
      select
        rolecall_internal.message_for(p_user, message, case when p_sees_removed then removed.content end) as message,
        message.seq,
        row_number() over (order by message.seq) as place
      from rolecall_internal.visible_messages(
        p_user, v_known.id, v_audience_of, v_known.seq, null, false, v_page + 1
      ) as message
      left join rolecall.removed_contents as removed
        on removed.conversation_id = message.conversation_id
        and removed.seq = message.seq
    ) as page;
    v_left := v_left - jsonb_array_length(v_messages);

    v_page := least(v_left, rolecall_internal.limit_default_page());
    select
      coalesce(jsonb_agg(page.message order by page.revision) filter (where page.place <= v_page), '[]'),
      max(page.revision) filter (where page.place <= v_page),
      count(*) > v_page
    into v_changed, v_revision, v_more_changed
    from (
      select
        rolecall_internal.message_for(p_user, message, case when p_sees_removed then removed.content end) as message,
        message.revision,
        row_number() over (order by message.revision) as place
      from rolecall_internal.changed_messages(
        p_user, v_known.id, v_audience_of, v_known.revision, v_page + 1
      ) as message
      left join rolecall.removed_contents as removed
        on removed.conversation_id = message.conversation_id
        and removed.seq = message.seq
    ) as page;
    v_left := v_left - jsonb_array_length(v_changed);

    caught_up := caught_up || jsonb_build_object(
      'conversation_id', v_known.id,
      'messages', v_messages,
      'changed', v_changed,
      'seq', case
        when v_more then coalesce(v_seq, v_known.seq)
        else greatest(v_conversation.last_seq, v_known.seq)
      end,
      'revision', case
        when v_more_changed then coalesce(v_revision, v_known.revision)
        else greatest(v_conversation.revision, v_known.revision)
      end,
      'limited', v_more or v_more_changed
    );
  end loop;
end
$$;
