-- A text of a client, as the carrier hands it over. The function has checked who signed it.

-- The client of a phone number, with their row locked; without name if nobody texted from it before.
create or replace function rolecall_internal.texting_client(p_org uuid, p_phone text)
returns rolecall.clients
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_client rolecall.clients;
begin
  select *
  into v_client
  from rolecall.clients
  where organization_id = p_org
    and phone = p_phone
  for no key update;
  if not found then
    insert into rolecall.clients as client (organization_id, phone)
    values (p_org, p_phone)
    -- Of several at once one inserts; the others wait for it and lock its row.
    on conflict (organization_id, phone) do update
    set display_name = client.display_name
    returning *
    into v_client;
  end if;
  return v_client;
end
$$;

-- What becomes of a text to p_number, in this order: words that opt out, the flag, a text that was stored before, the
-- client, filter and route.
create or replace function rolecall_internal.take_text(p_number rolecall.message_numbers, p_call rolecall.call)
returns jsonb
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_org uuid := p_number.organization_id;
  v_sid text := p_call.input ->> 'message_sid';
  v_from text := p_call.input ->> 'from';
  v_word text := p_call.input ->> 'word';
  v_client rolecall.clients;
  v_answer jsonb;
begin
  if v_word in ('stop', 'start', 'help') then
    v_answer := rolecall_internal.answer_repeated_text(v_org, v_sid);
    if v_answer is null then
      v_client := rolecall_internal.texting_client(v_org, v_from);
      v_answer := rolecall_internal.answer_word(v_client, v_sid, v_word, coalesce(p_call.input -> 'silent' = 'true', false));
    end if;
    if v_answer is not null then
      return v_answer;
    end if;
  end if;

  if not rolecall_internal.organization_has_flag(v_org, 'messaging_v1', p_call.rollouts) then
    return '{"decision": "feature_disabled"}';
  end if;

  v_answer := rolecall_internal.answer_repeated_text(v_org, v_sid);
  if v_answer is not null then
    return v_answer;
  end if;
  v_client := rolecall_internal.texting_client(v_org, v_from);
  -- A statement of its own, which sees what was committed while this one waited for the client.
  v_answer := rolecall_internal.answer_repeated_text(v_org, v_sid);
  if v_answer is not null then
    return v_answer;
  end if;
  return rolecall_internal.route_text(
    v_client,
    p_number.id,
    p_call.input ->> 'content',
    array(
      select jsonb_array_elements_text(p_call.input -> 'media_urls')
      where jsonb_typeof(p_call.input -> 'media_urls') = 'array'
    ),
    p_call.input -> 'filter',
    v_sid
  );
end
$$;

-- {message_sid, from, to, content, media_urls, word, silent, filter} -> {reply, thread_id, number_class, decision, ...}. A
-- number of the organisation itself is nobody's who texts it.
create or replace function rolecall_edge.receive_sms(p_request jsonb)
returns jsonb
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_call rolecall.call := rolecall_internal.begin_call('receive-sms.text', p_request, 'operator', p_keyed => false);
  v_number rolecall.message_numbers;
begin
  if v_call.answer is null then
    select *
    into v_number
    from rolecall.message_numbers
    where e164 = v_call.input ->> 'to'
      and status <> 'released';
    if not found then
      v_call.answer := rolecall_internal.refusal(
        'not_found',
        'No organisation has the number that was texted.',
        'unknown_number',
        'The number is added to an organisation.'
      );
    elsif coalesce(v_call.input ->> 'message_sid', '') = '' or rolecall_internal.is_e164(v_call.input ->> 'from') is not true then
      v_call.answer := rolecall_internal.refusal('invalid_input', 'A text has an id and the number of its sender.');
    elsif exists (
      select
      from rolecall.message_numbers
      where organization_id = v_number.organization_id
        and e164 = v_call.input ->> 'from'
        and status <> 'released'
    ) then
      -- Its automatic reply would be answered by the next one.
      v_call.answer := rolecall_internal.refuse_field(
        'From', 'own_number', 'This is a number of the organisation itself, not a client''s.'
      );
    else
      v_call.answer := rolecall_internal.success(
        jsonb_build_object('number_class', v_number.class) || rolecall_internal.take_text(v_number, v_call)
      ) || jsonb_build_object('org_id', v_number.organization_id);
    end if;
  end if;
  return rolecall_internal.end_call(v_call);
end
$$;
