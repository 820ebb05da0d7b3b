-- What somebody has in the threads of their organisation, for export and deletion: a client with an account their own
-- thread, a sitter their windows and what they wrote, an owner or admin what they wrote and forced.

-- rolecall_internal.export_section for the kinds of texting. A client's own words are theirs also where the filter held
-- them back. Nobody's export has a phone number in full, what the filter found, or what others wrote to somebody else.
create or replace function rolecall_internal.export_thread_section(
  p_user uuid,
  p_section text,
  p_group uuid,
  p_position bigint,
  p_id uuid
)
returns table (line jsonb, group_id uuid, "position" bigint, id uuid)
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_nil constant uuid := '00000000-0000-0000-0000-000000000000';
  v_org uuid;
  v_client uuid;
  v_thread uuid;
  v_found int;
  v_lines int := 0;
begin
  select profile.organization_id, client.id
  into v_org, v_client
  from rolecall.profiles as profile
  left join rolecall.clients as client
    on client.organization_id = profile.organization_id
    and client.user_id = profile.id
  where profile.id = p_user;

  case p_section
    when 'client' then
      return query
      select
        jsonb_build_object(
          'id', client.id,
          'organization_id', client.organization_id,
          'display_name', client.display_name,
          'phone', rolecall_internal.masked(client.phone),
          'opted_out_at', (
            select rolecall_internal.iso(opt_out.at)
            from rolecall.opt_outs as opt_out
            where opt_out.organization_id = client.organization_id
              and opt_out.client_id = client.id
          ),
          'created_at', rolecall_internal.iso(client.created_at)
        ),
        client.id,
        0::bigint,
        v_nil
      from rolecall.clients as client
      where client.organization_id = v_org
        and client.id = v_client
        and client.id > p_group;

    when 'booking' then
      return query
      select
        jsonb_build_object(
          'id', booking.id,
          'client_id', booking.client_id,
          'service', booking.service,
          'starts_at', rolecall_internal.iso(booking.starts_at),
          'ends_at', rolecall_internal.iso(booking.ends_at),
          'recurring', booking.recurring,
          'status', booking.status,
          'created_at', rolecall_internal.iso(booking.created_at),
          'updated_at', rolecall_internal.iso(booking.updated_at)
        ),
        booking.id,
        0::bigint,
        v_nil
      from (
        select *
        from rolecall.bookings as theirs
        where theirs.organization_id = v_org
          and theirs.client_id = v_client
        union
        select *
        from rolecall.bookings as theirs
        where theirs.organization_id = v_org
          and theirs.sitter_id = p_user
      ) as booking
      where booking.id > p_group
      order by booking.id
      limit 500;

    when 'assignment_window' then
      return query
      select
        jsonb_build_object(
          'id', own.id,
          'thread_id', own.thread_id,
          'booking_id', own.booking_id,
          'starts_at', rolecall_internal.iso(own.starts_at),
          'ends_at', rolecall_internal.iso(own.ends_at),
          'closed_at', rolecall_internal.iso(own.closed_at)
        ),
        own.id,
        0::bigint,
        v_nil
      from rolecall.assignment_windows as own
      where own.organization_id = v_org
        and own.sitter_id = p_user
        and own.id > p_group
      order by own.id
      limit 500;

    when 'thread' then
      return query
      select
        jsonb_build_object(
          'id', thread.id,
          'scope', thread.scope,
          'status', thread.status,
          'client_id', thread.client_id,
          'number_class', thread.number_class,
          'created_at', rolecall_internal.iso(thread.created_at),
          'last_message_at', rolecall_internal.iso(thread.last_message_at)
        ),
        thread.id,
        0::bigint,
        v_nil
      from (
        select theirs.id
        from rolecall.message_threads as theirs
        where theirs.organization_id = v_org
          and theirs.client_id = v_client
          and theirs.scope = 'client'
        union
        select own.thread_id
        from rolecall.assignment_windows as own
        where own.organization_id = v_org
          and own.sitter_id = p_user
      ) as named
      join rolecall.message_threads as thread
        on thread.id = named.id
      where thread.id > p_group
      order by thread.id
      limit 500;

    when 'thread_message' then
      -- Of both sides: what was written to a client is theirs, too.
      for v_thread in
        select theirs.id
        from rolecall.message_threads as theirs
        where theirs.organization_id = v_org
          and theirs.client_id = v_client
          and theirs.scope = 'client'
          and theirs.id >= p_group
        order by theirs.id
      loop
        return query
        select rolecall_internal.exported_thread_message(message), message.thread_id, message.seq, v_nil
        from rolecall.thread_messages as message
        where message.organization_id = v_org
          and message.thread_id = v_thread
          and (v_thread <> p_group or message.seq > p_position)
          and message.kind <> 'notice'
          and message.direction <> 'internal'
          and (message.direction = 'inbound' or message.delivery <> 'blocked')
        order by message.seq
        limit 500;
        get diagnostics v_found = row_count;
        v_lines := v_lines + v_found;
        exit when v_lines >= 500;
      end loop;

    when 'written_thread_message' then
      -- What they wrote in the threads of others, wherever they were then.
      return query
      select rolecall_internal.exported_thread_message(message), message.id, 0::bigint, v_nil
      from rolecall.thread_messages as message
      where message.author_id = p_user
        and message.id > p_group
        and (message.client_id, message.organization_id) is distinct from (v_client, v_org)
      order by message.id
      limit 500;

    when 'thread_read' then
      return query
      select
        jsonb_build_object('thread_id', own.thread_id, 'last_read_seq', own.last_read_seq),
        own.thread_id,
        0::bigint,
        v_nil
      from rolecall.thread_reads as own
      where own.organization_id = v_org
        and own.user_id = p_user
        and own.thread_id > p_group
      order by own.thread_id
      limit 500;

    when 'held_back_message' then
      return query
      select
        jsonb_build_object(
          'message_id', attempt.message_id,
          'thread_id', attempt.thread_id,
          'at', rolecall_internal.iso(attempt.at),
          'delivered_at', rolecall_internal.iso(attempt.forced_at)
        ),
        attempt.id,
        0::bigint,
        v_nil
      from (
        select *
        from rolecall.anti_poaching_attempts as theirs
        where theirs.author_id = p_user
        union
        select *
        from rolecall.anti_poaching_attempts as theirs
        where theirs.organization_id = v_org
          and theirs.client_id = v_client
          and theirs.direction = 'inbound'
      ) as attempt
      where attempt.id > p_group
      order by attempt.id
      limit 500;

    when 'force_sent_message' then
      return query
      select
        jsonb_build_object(
          'message_id', attempt.message_id,
          'thread_id', attempt.thread_id,
          'reason', attempt.forced_reason,
          'at', rolecall_internal.iso(attempt.forced_at)
        ),
        attempt.id,
        0::bigint,
        v_nil
      from rolecall.anti_poaching_attempts as attempt
      where attempt.forced_by = p_user
        and attempt.id > p_group
      order by attempt.id
      limit 500;
  end case;
end
$$;

-- A message of a thread as an export has it.
create or replace function rolecall_internal.exported_thread_message(p_message rolecall.thread_messages)
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  return jsonb_build_object(
    'id', p_message.id,
    'thread_id', p_message.thread_id,
    'seq', p_message.seq,
    'direction', p_message.direction,
    'kind', p_message.kind,
    'content', p_message.content,
    'media_urls', to_jsonb(p_message.media_urls),
    'delivery', p_message.delivery,
    'created_at', rolecall_internal.iso(p_message.created_at)
  );
end
$$;

-- Erases what p_user wrote into threads, up to p_most messages: as somebody with an account, and as a client by text. That
-- there was a message, when and in which order stays, so that the thread can be read; what quotes it goes with it. A text
-- that waits is not sent. One that a delivery holds at this moment may be. p_all says whether nothing is left.
create or replace function rolecall_internal.erase_thread_texts(
  p_user uuid,
  p_most int,
  out p_erased bigint,
  out p_all boolean
)
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  -- The keys of the messages.
  v_orgs uuid[];
  v_threads uuid[];
  v_seqs bigint[];
begin
  select
    coalesce(array_agg(own.organization_id), '{}'),
    coalesce(array_agg(own.thread_id), '{}'),
    coalesce(array_agg(own.seq), '{}')
  into v_orgs, v_threads, v_seqs
  from (
    select message.organization_id, message.thread_id, message.seq
    from rolecall.thread_messages as message
    where message.author_id = p_user
      and (message.content is not null or message.media_urls <> '{}')
    union all
    select message.organization_id, message.thread_id, message.seq
    from rolecall.profiles as profile
    join rolecall.clients as client
      on client.organization_id = profile.organization_id
      and client.user_id = profile.id
    join rolecall.thread_messages as message
      on message.organization_id = client.organization_id
      and message.client_id = client.id
      and message.direction = 'inbound'
      and message.author_id is distinct from p_user
    where profile.id = p_user
      and (message.content is not null or message.media_urls <> '{}')
    limit p_most
  ) as own;
  p_erased := cardinality(v_seqs);
  p_all := p_erased < p_most;

  update rolecall.anti_poaching_attempts
  set forced_reason = rolecall_internal.erased_text()
  where forced_by = p_user
    and forced_reason <> rolecall_internal.erased_text();
  if p_erased = 0 then
    return;
  end if;

  -- The threads before their messages, as everywhere.
  perform
  from rolecall.message_threads
  where id = any (v_threads)
  order by id
  for no key update;
  with unsent as (
    delete from rolecall.sms_outbox as outbox
    using unnest(v_orgs, v_threads, v_seqs) as own (organization_id, thread_id, seq)
    where outbox.organization_id = own.organization_id
      and outbox.thread_id = own.thread_id
      and outbox.seq = own.seq
      and outbox.status = 'queued'
    returning own.organization_id, own.thread_id, own.seq
  )
  update rolecall.thread_messages as message
  set delivery = 'dead'
  from unsent
  where message.organization_id = unsent.organization_id
    and message.thread_id = unsent.thread_id
    and message.seq = unsent.seq;
  with erased as (
    update rolecall.thread_messages as message
    set
      content = null,
      media_urls = '{}'
    from unnest(v_orgs, v_threads, v_seqs) as own (organization_id, thread_id, seq)
    where message.organization_id = own.organization_id
      and message.thread_id = own.thread_id
      and message.seq = own.seq
    returning message.organization_id, message.id
  ),
  quoted as (
    update rolecall.anti_poaching_attempts as attempt
    set redacted_content = null
    from erased
    where attempt.organization_id = erased.organization_id
      and attempt.message_id = erased.id
  )
  -- By the notice itself: the attempt goes after 90 days.
  update rolecall.thread_messages as notice
  set content = rolecall_internal.erased_notice(notice.content)
  from erased
  where notice.organization_id = erased.organization_id
    and notice.quotes_id = erased.id
    and notice.content is not null;
end
$$;
