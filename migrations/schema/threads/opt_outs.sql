-- Clients who want no more messages, and what they are answered.

-- Opts a client out; p_source says who told.
create or replace function rolecall_internal.opt_out(p_org uuid, p_client uuid, p_source text)
returns void
language sql
volatile
set search_path = pg_catalog, pg_temp
as $$
  insert into rolecall.opt_outs (organization_id, client_id, source)
  values (p_org, p_client, p_source)
  on conflict (organization_id, client_id) do nothing
$$;

-- Opts a client back in; whether they were out.
create or replace function rolecall_internal.opt_in(p_org uuid, p_client uuid)
returns boolean
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  delete from rolecall.opt_outs
  where organization_id = p_org
    and client_id = p_client;
  return found;
end
$$;

-- Whether a client may be sent an automatic reply of this kind now, which is then taken for sent: one in an hour at most.
create or replace function rolecall_internal.take_automatic_reply(p_org uuid, p_client uuid, p_kind text)
returns boolean
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  insert into rolecall.automatic_replies as kept (organization_id, client_id, kind, last_at)
  values (p_org, p_client, p_kind, now())
  on conflict (organization_id, client_id, kind) do update
  set last_at = excluded.last_at
  where kept.last_at <= excluded.last_at - interval '1 hour';
  return found;
end
$$;

-- The words that a client texts alone, and the answers to them. A client who texts one is locked by then, so that the same
-- text is answered once. p_word is stop, start or help; null where the text is an ordinary message. With p_silent the
-- carrier answers by itself.
create or replace function rolecall_internal.answer_word(
  p_client rolecall.clients,
  p_sid text,
  p_word text,
  p_silent boolean
)
returns jsonb
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_org rolecall.organizations;
  v_reply text;
  v_decision text := case p_word when 'stop' then 'opt_out' when 'start' then 'opt_in' else 'help' end;
begin
  select reply
  into v_reply
  from rolecall.word_texts
  where organization_id = p_client.organization_id
    and carrier_sid = p_sid;
  if found then
    return jsonb_build_object('decision', 'repeated', 'reply', v_reply);
  end if;

  if p_word = 'stop' then
    perform rolecall_internal.opt_out(p_client.organization_id, p_client.id, 'keyword');
  elsif p_word = 'start' and not rolecall_internal.opt_in(p_client.organization_id, p_client.id) then
    return null;
  end if;

  if not p_silent
    and rolecall_internal.take_automatic_reply(p_client.organization_id, p_client.id, v_decision)
  then
    select *
    into v_org
    from rolecall.organizations
    where id = p_client.organization_id;
    v_reply := case p_word
      when 'stop' then format('You get no more messages from %s. Reply START to get them again.', v_org.name)
      when 'start' then format('You get messages from %s again. Reply STOP to end them.', v_org.name)
      else coalesce(
        v_org.help_text,
        format('This is %s. Text us here, and we answer. Reply STOP to end messages.', v_org.name)
      )
    end;
  end if;
  -- The carrier repeats a text within minutes, if at all: one of yesterday does not come again.
  delete from rolecall.word_texts
  where organization_id = p_client.organization_id
    and client_id = p_client.id
    and at < now() - interval '1 day';
  insert into rolecall.word_texts (organization_id, carrier_sid, client_id, reply)
  values (p_client.organization_id, p_sid, p_client.id, v_reply);
  return jsonb_build_object('decision', v_decision, 'reply', v_reply);
end
$$;

-- Answers p_message, a client's text, automatically, and gives the answer: null for a client who opted out or got one of
-- this kind within the hour. The carrier sends what its webhook is answered; the row has the id of the text that it answers.
create or replace function rolecall_internal.reply_automatically(
  p_message rolecall.thread_messages,
  p_kind text,
  p_content text
)
returns text
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_reply rolecall.thread_messages;
begin
  if exists (
    select
    from rolecall.opt_outs
    where organization_id = p_message.organization_id
      and client_id = p_message.client_id
  ) or not rolecall_internal.take_automatic_reply(p_message.organization_id, p_message.client_id, p_kind)
  then
    return null;
  end if;
  v_reply.organization_id := p_message.organization_id;
  v_reply.thread_id := p_message.thread_id;
  v_reply.direction := 'outbound';
  v_reply.kind := 'automatic_reply';
  v_reply.client_id := p_message.client_id;
  v_reply.content := p_content;
  v_reply.delivery := 'sent';
  v_reply.carrier_sid := p_message.carrier_sid;
  return (rolecall_internal.append_message(v_reply)).content;
end
$$;
