-- Does what POST conversations/:id/read does for p_user, who is verified: {conversation_id, up_to_seq}. What was read
-- stays read, and nobody has read what there is not yet.
create or replace function rolecall_internal.mark_read(p_user uuid, p_input jsonb)
returns jsonb
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_up_to bigint := rolecall_internal.whole_number(p_input -> 'up_to_seq');
  v_conversation rolecall.conversations;
  v_reader text;
  v_last_read_seq bigint;
  v_unread bigint;
begin
  if v_up_to is null then
    return rolecall_internal.refusal('invalid_input', 'The up_to_seq must be a whole number.');
  end if;
  select *
  into v_conversation
  from rolecall.conversations
  where id = rolecall_internal.uuid_or_null(p_input ->> 'conversation_id');
  v_reader := rolecall_internal.reader_of(p_user, v_conversation);

  if v_reader = 'people' then
    -- Whoever got their profile after the import has no row yet.
    insert into rolecall.conversation_participants as own (conversation_id, user_id, last_read_seq)
    values (v_conversation.id, p_user, least(v_up_to, v_conversation.last_seq))
    on conflict (conversation_id, user_id) do update
    set last_read_seq = excluded.last_read_seq
    where own.last_read_seq < excluded.last_read_seq
    returning own.last_read_seq
    into v_last_read_seq;
    if not found then
      select own.last_read_seq
      into v_last_read_seq
      from rolecall.conversation_participants as own
      where own.conversation_id = v_conversation.id
        and own.user_id = p_user;
    end if;
    -- Somebody may have written meanwhile.
    v_unread := greatest(0, v_conversation.last_seq - v_last_read_seq);
  elsif v_reader = 'audience' then
    -- Up to the last that is for them.
    v_up_to := (
      select max(broadcast.seq)
      from rolecall_internal.visible_broadcasts(p_user, v_conversation.id, v_conversation.show_id) as broadcast
      where broadcast.seq <= v_up_to
    );
    insert into rolecall.broadcast_receipts as receipt (conversation_id, user_id, last_read_seq)
    select v_conversation.id, p_user, v_up_to
    where v_up_to is not null
    on conflict (conversation_id, user_id) do update
    set
      last_read_seq = excluded.last_read_seq,
      read_at = excluded.read_at
    where receipt.last_read_seq < excluded.last_read_seq
    returning receipt.last_read_seq
    into v_last_read_seq;
    if not found then
      select receipt.last_read_seq
      into v_last_read_seq
      from rolecall.broadcast_receipts as receipt
      where receipt.conversation_id = v_conversation.id
        and receipt.user_id = p_user;
    end if;
    v_last_read_seq := coalesce(v_last_read_seq, 0);
    v_unread := (
      select count(*)
      from rolecall_internal.visible_broadcasts(p_user, v_conversation.id, v_conversation.show_id) as broadcast
      where broadcast.seq > v_last_read_seq
    );
  else
    -- Who looks in to moderate does not read it as theirs.
    return rolecall_internal.refuse_unknown_conversation();
  end if;

  return rolecall_internal.success(
    jsonb_build_object(
      'conversation_id', v_conversation.id,
      'last_read_seq', v_last_read_seq,
      'unread_count', v_unread
    )
  );
end
$$;

create or replace function rolecall_edge.mark_read(p_request jsonb)
returns jsonb
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_caller uuid;
  v_key text := p_request ->> 'idempotency_key';
  v_input jsonb := p_request -> 'input';
  v_answer jsonb;
begin
  if jsonb_typeof(p_request) = 'array' then
    return rolecall_internal.mark_read_many(p_request);
  end if;
  v_caller := rolecall_internal.assume_claims(p_request -> 'claims');
  if v_caller is null or p_request #>> '{claims,role}' is distinct from 'authenticated' then
    v_answer := rolecall_internal.refuse_non_user(p_request);
  elsif v_key is not null then
    v_answer := rolecall_internal.claim_key('mark-read', v_caller, v_key, v_input);
  end if;
  if v_answer is null then
    v_answer := rolecall_internal.refuse_reader(p_request, v_caller);
    if v_answer is null then
      v_answer := rolecall_internal.mark_read(v_caller, v_input);
    end if;
    if v_key is not null then
      perform rolecall_internal.settle_key(v_caller, v_key, v_answer);
    end if;
  end if;
  return rolecall_internal.finish('mark-read', p_request, v_caller, v_answer);
end
$$;

-- mark-read, of many: they are few statements each, so it is their commit that they share. One after the other in the
-- order of what they lock. A second request with the same key of the same user is deferred, as above, with what the user
-- sent after it.
create or replace function rolecall_internal.mark_read_many(p_requests jsonb)
returns jsonb
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
set lock_timeout = '500ms'
as $$
declare
  v_nobody uuid;
  v_request record;
  v_callers uuid[];
  v_keys text[];
  v_inputs jsonb[];
  v_deferred boolean[];
  v_answers jsonb[];
begin
  if jsonb_array_length(p_requests) = 0 then
    return '[]';
  elsif jsonb_array_length(p_requests) = 1 then
    return jsonb_build_array(rolecall_edge.mark_read(p_requests -> 0));
  end if;
  v_nobody := rolecall_internal.assume_claims(null);
  with request as (
    select
      number,
      envelope,
      rolecall_internal.uuid_or_null(envelope #>> '{claims,sub}') as caller,
      case when envelope #>> '{claims,role}' = 'authenticated' then envelope ->> 'idempotency_key' end as key
    from jsonb_array_elements(p_requests) with ordinality as element (envelope, number)
  ),
  repeating as (
    select
      request.*,
      caller is not null
        and key is not null
        and row_number() over (partition by caller, key order by number) > 1 as repeats
    from request
  ),
  placed as (
    select
      repeating.*,
      bool_or(repeats) over (partition by caller order by number) as is_deferred
    from repeating
  )
  select
    array_agg(caller order by number),
    array_agg(case when caller is not null and not is_deferred then key end order by number),
    array_agg(envelope -> 'input' order by number),
    array_agg(is_deferred order by number)
  into v_callers, v_keys, v_inputs, v_deferred
  from placed;
  v_answers := rolecall_internal.claim_keys('mark-read', v_callers, v_keys, v_inputs);
  select array_agg(case when answer is null then key end order by number)
  into v_keys
  from unnest(v_keys, v_answers) with ordinality as claimed (key, answer, number);

  for v_request in
    select number, caller, input
    from unnest(v_callers, v_inputs, v_answers, v_deferred)
      with ordinality as request (caller, input, answer, is_deferred, number)
    where answer is null
      and not is_deferred
    order by rolecall_internal.uuid_or_null(input ->> 'conversation_id'), caller, number
  loop
    v_answers[v_request.number] := coalesce(
      rolecall_internal.refuse_reader(p_requests -> (v_request.number::int - 1), v_request.caller),
      rolecall_internal.mark_read(v_request.caller, v_request.input)
    );
  end loop;

  perform rolecall_internal.settle_keys(v_callers, v_keys, v_answers);
  v_answers := rolecall_internal.finish_many('mark-read', p_requests, v_callers, v_answers);
  return (
    select jsonb_agg(coalesce(answer, '{"deferred": true}') order by number)
    from unnest(v_answers) with ordinality as answered (answer, number)
  );
end
$$;
