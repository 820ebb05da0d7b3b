-- What of a thread somebody reads. The statements that ask have these written into them.

-- Whether somebody with p_role in the organisation sees a message of a thread that they read: owner and admin every one; a
-- sitter what was routed to them or what they wrote, and what the office wrote to the client; a client their own texts and what
-- reached them.
create or replace function rolecall_internal.sees_message(
  p_role text,
  p_user uuid,
  p_direction text,
  p_kind text,
  p_sitter uuid,
  p_author uuid,
  p_inbox_seq bigint,
  p_delivery text
)
returns boolean
language sql
immutable
return case
  when rolecall_internal.reads_every_thread(p_role) then true
  when rolecall_internal.reads_assigned_threads(p_role) then
    p_inbox_seq is null
    and p_kind = 'text'
    and (
      coalesce(p_sitter = p_user, false)
      or (
        p_direction = 'outbound'
        and p_sitter is null
        and p_author is not null
        and p_delivery <> 'blocked'
      )
    )
  when rolecall_internal.reads_own_thread(p_role) then
    p_kind <> 'notice'
    and p_direction <> 'internal'
    and (p_direction = 'inbound' or p_delivery <> 'blocked')
  else false
end;

-- Whether a message that they see is one that they would see as new: somebody else's.
create or replace function rolecall_internal.is_news(p_user uuid, p_kind text, p_author uuid)
returns boolean
language sql
immutable
return p_kind <> 'automatic_reply' and p_author is distinct from p_user;

-- How many messages of a thread are new to somebody who reads it with p_role and has read it up to p_read; counted up to
-- p_most. In their order, so that the index is read no further than that.
create or replace function rolecall_internal.thread_news(
  p_org uuid,
  p_thread uuid,
  p_is_inbox boolean,
  p_read bigint,
  p_role text,
  p_user uuid,
  p_most int
)
returns table (messages bigint)
language sql
stable
begin atomic
  select count(*)
  from (
    (
      select
      from rolecall.thread_messages as message
      where p_is_inbox is not true
        and message.organization_id = p_org
        and message.thread_id = p_thread
        and message.seq > p_read
        and rolecall_internal.is_news(p_user, message.kind, message.author_id)
        and rolecall_internal.sees_message(
          p_role,
          p_user,
          message.direction,
          message.kind,
          message.sitter_id,
          message.author_id,
          message.inbox_seq,
          message.delivery
        )
      order by message.seq
      limit p_most
    )
    union all
    (
      select
      from rolecall.thread_messages as message
      where p_is_inbox
        and message.organization_id = p_org
        and message.inbox_seq > p_read
        and rolecall_internal.is_news(p_user, message.kind, message.author_id)
      order by message.inbox_seq
      limit p_most
    )
  ) as news;
end;

-- A message as somebody reads it with p_role. What the filter held back has its content redacted for owner and admin, and
-- hidden from others; a client does not learn who wrote for the organisation.
create or replace function rolecall_internal.thread_message_json(
  p_message rolecall.thread_messages,
  p_is_inbox boolean,
  p_role text,
  p_user uuid
)
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_is_blocked boolean := p_message.delivery = 'blocked';
  v_is_staff boolean := rolecall_internal.reads_every_thread(p_role);
  v_is_client boolean := rolecall_internal.reads_own_thread(p_role);
begin
  return jsonb_build_object(
    'id', p_message.id,
    'thread_id', p_message.thread_id,
    'seq', case when p_is_inbox then p_message.inbox_seq else p_message.seq end,
    'direction', p_message.direction,
    'kind', p_message.kind,
    'content', case
      when not v_is_blocked then p_message.content
      when v_is_staff then (
        select attempt.redacted_content
        from rolecall.anti_poaching_attempts as attempt
        where attempt.organization_id = p_message.organization_id
          and attempt.message_id = p_message.id
      )
      else 'Message blocked'
    end,
    'media_urls', case when v_is_blocked then '[]' else to_jsonb(p_message.media_urls) end,
    'client_id', p_message.client_id,
    'author_id', case when not v_is_client or p_message.author_id = p_user then p_message.author_id end,
    'sitter_id', case when not v_is_client then p_message.sitter_id end,
    'delivery', p_message.delivery,
    'error_code', case when v_is_staff then p_message.error_code end,
    'created_at', rolecall_internal.iso(p_message.created_at)
  );
end
$$;

-- Threads as a list shows them to somebody who reads them with p_role, in the order of p_threads. Of windows a sitter sees
-- their own, and a client none; the open one is the first that began. Unread messages are counted up to 1000.
create or replace function rolecall_internal.thread_cards(p_org uuid, p_threads uuid[], p_role text, p_user uuid)
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
-- Planning takes as long as answering.
set plan_cache_mode = force_generic_plan
-- A bitmap of the owner inbox would be one of all that waits there.
set enable_bitmapscan = off
as $$
declare
  v_sitter uuid := case when rolecall_internal.reads_assigned_threads(p_role) then p_user end;
  v_is_client boolean := rolecall_internal.reads_own_thread(p_role);
  v_zone text := (select time_zone from rolecall.organizations where id = p_org);
begin
  return (
    select coalesce(
      jsonb_agg(
        jsonb_build_object(
          'id', thread.id,
          'scope', thread.scope,
          'status', thread.status,
          'client', case
            when client.id is not null then jsonb_build_object('id', client.id, 'display_name', client.display_name)
          end,
          'number_class', thread.number_class,
          'last_message_at', rolecall_internal.iso(thread.last_message_at),
          'active_window', active.shown,
          'next_window', next.shown,
          'unread_count', unread.messages
        )
        order by asked.number
      ),
      '[]'
    )
    from unnest(p_threads) with ordinality as asked (id, number)
    join rolecall.message_threads as thread
      on thread.id = asked.id
      and thread.organization_id = p_org
    left join rolecall.clients as client
      on client.organization_id = thread.organization_id
      and client.id = thread.client_id
    left join lateral (
      select
        rolecall_internal.window_times(assigned.starts_at, assigned.ends_at, v_zone)
        || jsonb_build_object('sitter_id', assigned.sitter_id) as shown
      from rolecall.assignment_windows as assigned
      where not v_is_client
        and assigned.organization_id = thread.organization_id
        and assigned.thread_id = thread.id
        and assigned.ends_at > now()
        and assigned.starts_at <= now()
        and assigned.closed_at is null
        and (v_sitter is null or assigned.sitter_id = v_sitter)
      order by assigned.starts_at, assigned.id
      limit 1
    ) as active
      on true
    left join lateral (
      select
        rolecall_internal.window_times(assigned.starts_at, assigned.ends_at, v_zone)
        || jsonb_build_object('sitter_id', assigned.sitter_id) as shown
      from rolecall.assignment_windows as assigned
      where not v_is_client
        and assigned.organization_id = thread.organization_id
        and assigned.thread_id = thread.id
        and assigned.ends_at > now()
        and assigned.starts_at > now()
        and assigned.closed_at is null
        and (v_sitter is null or assigned.sitter_id = v_sitter)
      order by assigned.starts_at, assigned.id
      limit 1
    ) as next
      on true
    left join rolecall.thread_reads as own
      on own.organization_id = thread.organization_id
      and own.thread_id = thread.id
      and own.user_id = p_user
    cross join lateral rolecall_internal.thread_news(
      thread.organization_id,
      thread.id,
      thread.scope = 'owner_inbox',
      coalesce(own.last_read_seq, 0),
      p_role,
      p_user,
      1000
    ) as unread
  );
end
$$;
