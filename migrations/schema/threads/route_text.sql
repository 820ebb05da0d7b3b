-- Where a client's text goes: to the sitter whose window is open, or to the owner.

-- Stores a text of a client, filtered and routed, with the row of its decision. The client's row is locked. p_number is the
-- number that they texted, or null for one who writes with an account, to their own thread. p_filter is what the filter
-- found in p_content. The answer is {message_id, thread_id, seq, number_class, delivery, decision, reply}, in which
-- decision is the reason and reply the automatic one or null; null itself if there is no number for a thread.
create or replace function rolecall_internal.route_text(
  p_client rolecall.clients,
  p_number uuid,
  p_content text,
  p_media_urls text[],
  p_filter jsonb,
  p_sid text default null,
  p_author uuid default null,
  p_at timestamptz default now()
)
returns jsonb
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_org uuid := p_client.organization_id;
  v_number rolecall.message_numbers;
  v_thread rolecall.message_threads;
  v_message rolecall.thread_messages;
  v_held jsonb := case
    when jsonb_array_length(p_filter -> 'violations') > 0 then rolecall_internal.held_back(v_org, p_filter)
  end;
  v_windows uuid[] := '{}';
  v_sitters uuid[] := '{}';
  v_reason text;
  v_reply text;
begin
  select *
  into v_thread
  from rolecall.message_threads
  where organization_id = v_org
    and client_id = p_client.id
    and status = 'open';
  select *
  into v_number
  from rolecall.message_numbers
  where organization_id = v_org
    and id = coalesce(p_number, v_thread.number_id);
  if v_thread.id is null and (p_number is null or v_number.class = 'front_desk') then
    v_thread := rolecall_internal.ensure_thread(v_org, p_client.id);
    if p_number is null then
      if v_thread.id is null then
        return null;
      end if;
      select *
      into v_number
      from rolecall.message_numbers
      where organization_id = v_org
        and id = v_thread.number_id;
    end if;
  end if;

  if v_number.class <> 'front_desk' and v_thread.number_id is distinct from v_number.id then
    v_reason := 'number_mismatch';
  else
    select coalesce(array_agg(id order by starts_at, id), '{}'), coalesce(array_agg(distinct sitter_id), '{}')
    into v_windows, v_sitters
    from rolecall.assignment_windows
    where organization_id = v_org
      and thread_id = v_thread.id
      and closed_at is null
      and starts_at <= p_at
      and ends_at > p_at;
    v_reason := case cardinality(v_sitters)
      when 0 then 'no_window'
      when 1 then 'one_sitter'
      else 'several_sitters'
    end;
  end if;
  if v_held is not null then
    v_reason := 'blocked';
  end if;

  v_message.organization_id := v_org;
  -- A text that makes no thread stands in the owner inbox itself.
  v_message.thread_id := coalesce(v_thread.id, rolecall_internal.owner_inbox(v_org, v_number.id));
  v_message.direction := 'inbound';
  v_message.client_id := p_client.id;
  v_message.author_id := p_author;
  v_message.sitter_id := case when v_reason = 'one_sitter' then v_sitters[1] end;
  v_message.content := p_content;
  v_message.media_urls := p_media_urls;
  v_message.delivery := case when v_reason = 'blocked' then 'blocked' else 'received' end;
  v_message.carrier_sid := p_sid;
  v_message := rolecall_internal.append_message(
    v_message,
    p_in_inbox => v_reason in ('no_window', 'several_sitters', 'number_mismatch')
  );

  insert into rolecall.routing_decisions (
    organization_id, thread_id, seq, target, reason, sitter_id, window_ids, number_class, sender, recipient
  )
  values (
    v_org,
    v_message.thread_id,
    v_message.seq,
    case v_reason
      when 'one_sitter' then 'sitter'
      when 'blocked' then 'nobody'
      else 'owner_inbox'
    end,
    v_reason,
    v_message.sitter_id,
    v_windows,
    v_number.class,
    rolecall_internal.masked(p_client.phone),
    rolecall_internal.masked(v_number.e164)
  );

  if v_reason = 'blocked' then
    v_reply := rolecall_internal.reply_automatically(
      v_message,
      'blocked',
      'Sorry, your message was not delivered. To keep you safe, contact details, links and payments stay out of these texts. Please send it again without them.'
    );
    perform rolecall_internal.record_attempt(
      v_message,
      array(select jsonb_array_elements_text(v_held -> 'violations')),
      v_held ->> 'redacted'
    );
  elsif v_reason = 'number_mismatch' then
    v_reply := rolecall_internal.reply_automatically(
      v_message,
      'number_mismatch',
      'Thanks for your message. Nobody answers at this number at the moment; we passed it on to our office, which gets back to you.'
    );
  end if;
  return jsonb_build_object(
    'message_id', v_message.id,
    'thread_id', v_message.thread_id,
    'seq', v_message.seq,
    'number_class', v_number.class,
    'delivery', v_message.delivery,
    'decision', v_reason,
    'reply', v_reply
  );
end
$$;

-- The answer to a text of the carrier that was stored before; null if there is none. Its automatic reply follows it.
create or replace function rolecall_internal.answer_repeated_text(p_org uuid, p_sid text)
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_answer jsonb;
begin
  select jsonb_build_object(
    'thread_id', message.thread_id,
    'number_class', decision.number_class,
    'decision', 'repeated',
    'reply', reply.content
  )
  into v_answer
  from rolecall.thread_messages as message
  left join rolecall.routing_decisions as decision
    on decision.organization_id = message.organization_id
    and decision.thread_id = message.thread_id
    and decision.seq = message.seq
  left join rolecall.thread_messages as reply
    on reply.organization_id = message.organization_id
    and reply.thread_id = message.thread_id
    and reply.seq = message.seq + 1
    and reply.kind = 'automatic_reply'
    and reply.carrier_sid = p_sid
  where message.organization_id = p_org
    and message.carrier_sid = p_sid
    and message.direction = 'inbound';
  return v_answer;
end
$$;
