-- The owner inbox: what waits for the owner of an organisation, of all its clients.

-- The owner inbox of an organisation; it is made when there is none. A thread always has a number: the inbox has the front
-- desk's, else p_number, a number of the organisation. Null when there is neither. Of many at once one makes it, and the others wait for it.
create or replace function rolecall_internal.owner_inbox(p_org uuid, p_number uuid)
returns uuid
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_inbox uuid;
begin
  -- Nearly always there is one.
  select id
  into v_inbox
  from rolecall.message_threads
  where organization_id = p_org
    and scope = 'owner_inbox';
  if found then
    return v_inbox;
  end if;

  insert into rolecall.message_threads (organization_id, scope, number_id, number_class)
  select organization_id, 'owner_inbox', id, class
  from rolecall.message_numbers
  where organization_id = p_org
    and (id = p_number or (class = 'front_desk' and status = 'active'))
  order by class = 'front_desk' and status = 'active' desc
  limit 1
  on conflict (organization_id) where scope = 'owner_inbox' do nothing
  returning id
  into v_inbox;
  if not found then
    -- Its own statement, which sees what was committed while that one waited.
    select id
    into v_inbox
    from rolecall.message_threads
    where organization_id = p_org
      and scope = 'owner_inbox';
  end if;
  return v_inbox;
end
$$;

-- Writes a notice into the owner inbox: something that the owner should know, in p_content. It names the client and the
-- sitter whom it is about, and the message that it quotes, if there are any. p_content has no phone number: whoever writes a notice redacts what it quotes.
-- Null when the organisation has no number, so that it has no owner inbox.
create or replace function rolecall_internal.notice(
  p_org uuid,
  p_number uuid,
  p_client uuid,
  p_sitter uuid,
  p_content text,
  p_quotes uuid default null
)
returns rolecall.thread_messages
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_notice rolecall.thread_messages;
begin
  v_notice.organization_id := p_org;
  v_notice.thread_id := rolecall_internal.owner_inbox(p_org, p_number);
  v_notice.direction := 'internal';
  v_notice.kind := 'notice';
  v_notice.client_id := p_client;
  v_notice.sitter_id := p_sitter;
  v_notice.content := p_content;
  v_notice.quotes_id := p_quotes;
  v_notice.delivery := 'shown';
  return rolecall_internal.append_message(v_notice);
end
$$;

-- Records that the filter held p_message back, a row with delivery blocked that append_message has written: the attempt,
-- and a notice to the owner with the kinds of violation and the redacted content. Of a message of the owner or an admin
-- there is a notice as well: it tells them what was held back.
create or replace function rolecall_internal.record_attempt(
  p_message rolecall.thread_messages,
  p_violations text[],
  p_redacted text
)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_redacted text := rolecall_internal.redact(p_redacted);
begin
  perform rolecall_internal.notice(
    p_message.organization_id,
    (
      select number_id
      from rolecall.message_threads
      where id = p_message.thread_id
    ),
    p_message.client_id,
    p_message.sitter_id,
    rolecall_internal.notice_of_attempt(p_message.direction, p_violations, v_redacted),
    p_message.id
  );
  insert into rolecall.anti_poaching_attempts (
    organization_id, thread_id, message_id, direction, author_id, client_id, violations, redacted_content
  )
  values (
    p_message.organization_id,
    p_message.thread_id,
    p_message.id,
    p_message.direction,
    p_message.author_id,
    p_message.client_id,
    p_violations,
    v_redacted
  );
end
$$;

-- What the notice of a message that was held back says.
create or replace function rolecall_internal.notice_of_attempt(p_direction text, p_violations text[], p_redacted text)
returns text
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
begin
  return format(
    'A message %s a client was held back (%s): %s',
    case when p_direction = 'inbound' then 'from' else 'to' end,
    array_to_string(p_violations, ', '),
    p_redacted
  );
end
$$;

-- The same without what it quoted.
create or replace function rolecall_internal.erased_notice(p_notice text)
returns text
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
begin
  return substring(p_notice from '^[^:]*: ') || rolecall_internal.erased_text();
end
$$;
