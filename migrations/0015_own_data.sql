-- One's own data: the export of everything one wrote or is addressed by, and the request that turns one's messages into
-- placeholders while the threads of others stay readable.
--
-- Locks are taken in one order: the deletion, then the messages in the order of their conversations and numbers.

create table if not exists public.data_deletions (
  id uuid primary key default gen_random_uuid(),
  user_id uuid not null references public.profiles (id) on delete cascade,
  requested_at timestamptz not null default now(),
  completed_at timestamptz,
  messages_deleted bigint not null default 0,
  reached_conversation_id uuid not null default '00000000-0000-0000-0000-000000000000',
  reached_seq bigint not null default 0
);
comment on table public.data_deletions is
  'Requests of users to delete what they wrote. What does not fit into one call is gone on with by the next.';
comment on column public.data_deletions.messages_deleted is 'Messages that became placeholders through this request.';
comment on column public.data_deletions.reached_conversation_id is
  'How far it has come; reached_seq is the number of the message there.';

create index if not exists data_deletions_user_id_idx
  on public.data_deletions (user_id);
create unique index if not exists data_deletions_unfinished_key
  on public.data_deletions (user_id)
  where completed_at is null;

create table if not exists rolecall.erasures_due (
  message_id uuid primary key references public.messages (id) on delete cascade
);
comment on table rolecall.erasures_due is
  'Messages whose author had them deleted while a report of them was pending: their content goes with its review.';

-- Erases what was kept for reports that are decided now.
create or replace function rolecall.erase_what_is_due()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  with due as (
    delete from rolecall.erasures_due
    where message_id in (select message_id from reviewed)
      and not exists (
        select
        from public.reported_messages as report
        where report.message_id = erasures_due.message_id
          and report.status = 'pending'
      )
    returning message_id
  )
  delete from rolecall.removed_contents
  using due
  where removed_contents.message_id = due.message_id;
  return null;
end
$$;

create or replace trigger reported_messages_erase_what_is_due
after update on public.reported_messages
referencing new table as reviewed
for each statement
execute function rolecall.erase_what_is_due();

-- Why p_user, who is verified, cannot use the function own-data; null when they can. A suspended user can.
create or replace function rolecall.refuse_data_subject(p_user uuid, p_rollout text)
returns jsonb
language plpgsql
stable
set search_path = ''
as $$
declare
  v_user public.profiles;
begin
  select *
  into v_user
  from public.profiles
  where id = p_user;
  if not rolecall.feature_enabled('own-data', p_rollout, p_user, v_user.is_internal) then
    return rolecall.refuse_disabled();
  end if;
  if v_user.id is null then
    return rolecall.refuse_without_profile();
  end if;
  return null;
end
$$;

-- Export

-- The lines of one kind that follow the given key (group, position, id): the first 500 in the order of their keys, or
-- some more. Each kind is read by index from its key on. The limits are literals: of one that is a parameter the
-- planner, once it plans for all calls, expects a tenth of everything.
create or replace function rolecall.export_section(
  p_user uuid,
  p_section text,
  p_group uuid,
  p_position bigint,
  p_id uuid
)
returns table (line jsonb, group_id uuid, "position" bigint, id uuid)
language plpgsql
stable
set search_path = ''
as $$
declare
  v_nil constant uuid := '00000000-0000-0000-0000-000000000000';
  v_conversation uuid;
  v_last bigint;
  v_reached bigint;
  v_step int;
  v_found int;
  v_lines int := 0;
begin
  case p_section
    when 'profile' then
      return query
      select
        jsonb_build_object(
          'id', profile.id,
          'display_name', profile.display_name,
          'role', profile.role,
          'organization_id', profile.organization_id,
          'organization_role', profile.organization_role,
          'suspended_until', rolecall.suspension_json(profile.suspended_until),
          'created_at', rolecall.iso(profile.created_at),
          'updated_at', rolecall.iso(profile.updated_at)
        ),
        profile.id,
        0::bigint,
        v_nil
      from public.profiles as profile
      where profile.id = p_user
        and profile.id > p_group;

    when 'block' then
      return query
      select
        jsonb_build_object('blocked_id', block.blocked_id, 'created_at', rolecall.iso(block.created_at)),
        block.blocked_id,
        0::bigint,
        v_nil
      from public.user_blocks as block
      where block.blocker_id = p_user
        and block.blocked_id > p_group
      order by block.blocked_id
      limit 500;

    when 'conversation' then
      return query
      select
        jsonb_build_object(
          'id', conversation.id,
          'kind', conversation.kind,
          'version', conversation.version,
          'with', case
            when other.id is not null
              then jsonb_build_object('id', other.id, 'display_name', other.display_name)
          end,
          'show_id', conversation.show_id,
          'read_only', conversation.read_only,
          'last_seq', conversation.last_seq,
          'last_read_seq', participant.last_read_seq,
          'created_at', rolecall.iso(conversation.created_at),
          'last_message_at', case
            when isfinite(conversation.last_message_at) then rolecall.iso(conversation.last_message_at)
          end
        ),
        conversation.id,
        0::bigint,
        v_nil
      from public.conversation_participants as participant
      join public.conversations as conversation
        on conversation.id = participant.conversation_id
      left join public.profiles as other
        on other.id = case p_user
          when conversation.participant_low then conversation.participant_high
          else conversation.participant_low
        end
      where participant.user_id = p_user
        and participant.conversation_id > p_group
      order by participant.conversation_id
      limit 500;

    when 'message' then
      -- Of both sides: what was written to somebody is theirs, too. Conversation by conversation, and in each by ranges of
      -- numbers, which no plan can make more of than they are.
      for v_conversation, v_last in
        select conversation.id, conversation.last_seq
        from public.conversation_participants as participant
        join public.conversations as conversation
          on conversation.id = participant.conversation_id
        where participant.user_id = p_user
          and participant.conversation_id >= p_group
        order by participant.conversation_id
      loop
        v_reached := case when v_conversation = p_group then p_position else 0 end;
        while v_reached < v_last and v_lines < 500 loop
          v_step := 500 - v_lines;
          return query
          select
            rolecall.message_json(message) || jsonb_build_object('conversation_id', message.conversation_id),
            message.conversation_id,
            message.seq,
            v_nil
          from public.messages as message
          where message.conversation_id = v_conversation
            and message.seq > v_reached
            and message.seq <= v_reached + v_step;
          get diagnostics v_found = row_count;
          v_lines := v_lines + v_found;
          v_reached := v_reached + v_step;
        end loop;
        exit when v_lines >= 500;
      end loop;

    when 'broadcast' then
      -- What was broadcast to them: they took part with one of the roles when it was sent.
      return query
      select
        jsonb_build_object(
          'id', broadcast.id,
          'conversation_id', broadcast.conversation_id,
          'message_id', broadcast.message_id,
          'show_id', broadcast.show_id,
          'sender_id', broadcast.sender_id,
          'content', message.content,
          'created_at', rolecall.iso(broadcast.created_at),
          'deleted', rolecall.deletion_of(message)
        ),
        broadcast.id,
        0::bigint,
        v_nil
      from rolecall.participations as own
      join public.broadcasts as broadcast
        on broadcast.show_id = own.show_id
        and broadcast.created_at >= own.joined_at
        and broadcast.created_at < own.left_at
        and own.role = any (broadcast.recipient_roles)
      join public.messages as message
        on message.id = broadcast.message_id
      where own.user_id = p_user
        and broadcast.sender_id <> p_user
        and broadcast.id > p_group
      order by broadcast.id
      limit 500;

    when 'help_request' then
      return query
      select
        jsonb_build_object(
          'id', request.id,
          'title', request.title,
          'description', request.description,
          'status', request.status,
          'created_at', rolecall.iso(request.created_at),
          'updated_at', rolecall.iso(request.updated_at)
        ),
        request.id,
        0::bigint,
        v_nil
      from public.help_requests as request
      where request.requester_id = p_user
        and request.id > p_group
      order by request.id
      limit 500;

    when 'help_conversation' then
      return query
      select
        jsonb_build_object(
          'id', conversation.id,
          'help_request_id', conversation.help_request_id,
          'requester_id', conversation.requester_id,
          'helper_id', conversation.helper_id,
          'initial_message', conversation.initial_message,
          'status', conversation.status,
          'created_at', rolecall.iso(conversation.created_at),
          'updated_at', rolecall.iso(conversation.updated_at)
        ),
        conversation.id,
        0::bigint,
        v_nil
      from public.conversations_v2 as conversation
      where p_user in (conversation.requester_id, conversation.helper_id)
        and conversation.id > p_group
      order by conversation.id
      limit 500;

    when 'help_message' then
      for v_conversation in
        select conversation.id
        from public.conversations_v2 as conversation
        where p_user in (conversation.requester_id, conversation.helper_id)
          and conversation.id >= p_group
        order by conversation.id
      loop
        return query
        select
          rolecall.help_message(message) || jsonb_build_object('conversation_id', message.conversation_id),
          message.conversation_id,
          (extract(epoch from message.created_at) * 1000000)::bigint,
          message.id
        from public.messages_v2 as message
        where message.conversation_id = v_conversation
          and (
            v_conversation <> p_group
            or (message.created_at, message.id) > ('epoch'::timestamptz + p_position * interval '1 microsecond', p_id)
          )
        order by message.created_at, message.id
        limit 500;
        get diagnostics v_found = row_count;
        v_lines := v_lines + v_found;
        exit when v_lines >= 500;
      end loop;

    when 'report' then
      return query
      select
        jsonb_build_object(
          'id', report.id,
          'message_id', report.message_id,
          'conversation_id', report.conversation_id,
          'reason', report.reason,
          'status', report.status,
          'created_at', rolecall.iso(report.created_at)
        ),
        report.id,
        0::bigint,
        v_nil
      from public.reported_messages as report
      where report.reporter_id = p_user
        and report.id > p_group
      order by report.id
      limit 500;
  end case;
end
$$;

-- A page of the export, of up to 500 lines: {cursor?}. The cursor names the kind of the last line and its key.
create or replace function rolecall.export_page(p_user uuid, p_input jsonb, p_rollout text)
returns jsonb
language plpgsql
stable
set search_path = ''
as $$
declare
  v_sections constant text[] := array[
    'profile', 'block', 'conversation', 'message', 'broadcast', 'help_request', 'help_conversation', 'help_message',
    'report'
  ];
  v_nil constant uuid := '00000000-0000-0000-0000-000000000000';
  v_refusal jsonb := rolecall.refuse_data_subject(p_user, p_rollout);
  v_parts text[];
  v_section int := 1;
  v_group uuid := v_nil;
  v_position bigint := 0;
  v_id uuid := v_nil;
  v_lines jsonb := '[]';
  v_left int := 500;
  v_found int;
  v_page jsonb;
begin
  if v_refusal is not null then
    return v_refusal;
  end if;
  if p_input ->> 'cursor' is not null then
    v_parts := regexp_match(p_input ->> 'cursor', '^([a-z_]+)/([^/]+)/(-?[0-9]{1,16})/([^/]+)$');
    v_section := array_position(v_sections, v_parts[1]);
    v_group := rolecall.uuid_or_null(v_parts[2]);
    v_position := v_parts[3];
    v_id := rolecall.uuid_or_null(v_parts[4]);
    if v_section is null or v_group is null or v_id is null then
      return rolecall.refuse_cursor();
    end if;
  end if;

  while v_section <= cardinality(v_sections) loop
    select
      count(*),
      coalesce(
        jsonb_agg(
          jsonb_build_object('type', v_sections[v_section]) || line
          order by group_id, "position", id
        ),
        '[]'
      ),
      coalesce((array_agg(group_id order by group_id desc, "position" desc, id desc))[1], v_group),
      coalesce((array_agg("position" order by group_id desc, "position" desc, id desc))[1], v_position),
      coalesce((array_agg(id order by group_id desc, "position" desc, id desc))[1], v_id)
    into v_found, v_page, v_group, v_position, v_id
    from (
      select *
      from rolecall.export_section(p_user, v_sections[v_section], v_group, v_position, v_id)
      order by group_id, "position", id
      limit v_left
    ) as page;
    v_lines := v_lines || v_page;
    v_left := v_left - v_found;
    exit when v_left = 0;
    v_section := v_section + 1;
    v_group := v_nil;
    v_position := 0;
    v_id := v_nil;
  end loop;
  return rolecall.success(
    jsonb_build_object(
      'lines', v_lines,
      'next_cursor', case
        when v_section <= cardinality(v_sections)
          then format('%s/%s/%s/%s', v_sections[v_section], v_group, v_position, v_id)
      end
    )
  );
end
$$;

-- Deletion

-- Turns those of these messages of p_user that are not placeholders yet into ones, and returns how many were not. Their
-- content is gone for good, but for what a pending report is about: that stays for the moderators until its review.
create or replace function rolecall.erase_messages(p_user uuid, p_messages uuid[])
returns bigint
language plpgsql
volatile
set search_path = ''
as $$
declare
  v_new bigint;
  v_reported uuid[];
begin
  -- From here on nobody else deletes or restores them.
  perform
  from public.messages
  where id = any (p_messages)
    and sender_id = p_user
  order by conversation_id, seq
  for no key update;

  select coalesce(array_agg(distinct message_id), '{}')
  into v_reported
  from public.reported_messages
  where message_id = any (p_messages)
    and status = 'pending';
  insert into rolecall.removed_contents (message_id, content, removed_at)
  select id, content, now()
  from public.messages
  where id = any (v_reported)
    and sender_id = p_user
    and content is not null;
  insert into rolecall.erasures_due (message_id)
  select id
  from public.messages
  where id = any (v_reported)
    and sender_id = p_user
  on conflict (message_id) do nothing;

  select count(*)
  into v_new
  from public.messages
  where id = any (p_messages)
    and sender_id = p_user
    and deleted_at is null;
  update public.messages
  set
    content = null,
    deleted_at = coalesce(deleted_at, now()),
    deleted_as = 'author'
  where id = any (p_messages)
    and sender_id = p_user
    and deleted_as is distinct from 'author';
  delete from rolecall.removed_contents
  where message_id = any (p_messages)
    and message_id <> all (v_reported);
  return v_new;
end
$$;

-- Deletes what p_user wrote, up to about 20,000 messages a call; the next call goes on where this one ended, and the
-- last one completes the request. Of two calls at once the second waits for the first.
create or replace function rolecall.delete_own_data(p_user uuid, p_rollout text)
returns jsonb
language plpgsql
volatile
set search_path = ''
as $$
declare
  v_batch constant int := 4000;
  v_most constant int := 20000;
  -- Messages of others in between are looked at as well, and conversations where there is nothing left to do: a call may
  -- take five seconds.
  v_most_read constant int := 200000;
  v_visit constant int := 10;
  v_placeholder constant text := '[deleted by its author]';
  v_refusal jsonb := rolecall.refuse_data_subject(p_user, p_rollout);
  v_deletion public.data_deletions;
  v_own uuid[] := '{}';
  v_conversation uuid;
  v_last bigint;
  v_read bigint := 0;
  v_deleted bigint := 0;
  v_all boolean := false;
  v_rows bigint;
begin
  if v_refusal is not null then
    return v_refusal;
  end if;
  insert into public.data_deletions as unfinished (user_id)
  values (p_user)
  on conflict (user_id) where completed_at is null do update
  set user_id = unfinished.user_id
  returning *
  into v_deletion;

  for v_conversation, v_last in
    select conversation.id, conversation.last_seq
    from public.conversation_participants as participant
    join public.conversations as conversation
      on conversation.id = participant.conversation_id
    where participant.user_id = p_user
      and participant.conversation_id >= v_deletion.reached_conversation_id
    order by participant.conversation_id
  loop
    if v_conversation <> v_deletion.reached_conversation_id then
      v_deletion.reached_conversation_id := v_conversation;
      v_deletion.reached_seq := 0;
    end if;
    v_read := v_read + v_visit;
    while v_deletion.reached_seq < v_last and v_read < v_most_read loop
      -- By ranges of numbers, which no plan can make more of than they are.
      select v_own || coalesce(array_agg(id), '{}')
      into v_own
      from public.messages
      where conversation_id = v_deletion.reached_conversation_id
        and seq > v_deletion.reached_seq
        and seq <= v_deletion.reached_seq + v_batch
        and sender_id = p_user;
      v_read := v_read + least(v_batch, v_last - v_deletion.reached_seq);
      v_deletion.reached_seq := least(v_deletion.reached_seq + v_batch, v_last);
      if cardinality(v_own) >= v_batch then
        v_deleted := v_deleted + rolecall.erase_messages(p_user, v_own);
        v_own := '{}';
        -- Another two batches could come together before the next one is erased.
        if v_deleted > v_most - 2 * v_batch then
          v_read := v_most_read;
        end if;
      end if;
    end loop;
    exit when v_read >= v_most_read;
  end loop;
  v_deleted := v_deleted + rolecall.erase_messages(p_user, v_own);
  v_all := v_read < v_most_read;

  -- Help conversations have no place for a placeholder but the text itself.
  if v_all then
    update public.messages_v2
    set content = v_placeholder
    where id in (
      select id
      from public.messages_v2
      where sender_id = p_user
        and content <> v_placeholder
      limit v_most - v_deleted
    );
    get diagnostics v_rows = row_count;
    v_deleted := v_deleted + v_rows;
    v_all := v_deleted < v_most;
  end if;
  if v_all then
    update public.conversations_v2
    set initial_message = v_placeholder
    where id in (
      select id
      from public.conversations_v2
      where helper_id = p_user
        and initial_message <> v_placeholder
      limit v_most
    );
    get diagnostics v_rows = row_count;
    v_all := v_rows < v_most;
  end if;
  if v_all then
    -- The answer that is kept for a repeated request quotes the message, too.
    update rolecall.idempotency_records
    set answer = jsonb_set(answer, '{data,message,content}', to_jsonb(v_placeholder))
    where user_id = p_user
      and answer #> '{data,message,content}' is not null;
  end if;

  update public.data_deletions
  set
    completed_at = case when v_all then now() end,
    messages_deleted = messages_deleted + v_deleted,
    reached_conversation_id = v_deletion.reached_conversation_id,
    reached_seq = v_deletion.reached_seq
  where id = v_deletion.id
  returning *
  into v_deletion;
  return rolecall.success(
    jsonb_build_object(
      'deletion_id', v_deletion.id,
      'status', case when v_all then 'complete' else 'in_progress' end,
      'messages_deleted', v_deletion.messages_deleted,
      'requested_at', rolecall.iso(v_deletion.requested_at)
    )
  );
end
$$;

-- That somebody took their data, or had it deleted, is worth an audit.
create or replace function rolecall.log_own_data(p_request jsonb, p_user uuid, p_event text, p_details jsonb)
returns void
language plpgsql
volatile
set search_path = ''
as $$
begin
  insert into public.application_logs (level, service, method, event, request_id, user_id, org_id, code, details)
  values (
    'info',
    'database',
    'own-data',
    p_event,
    p_request ->> 'request_id',
    p_user,
    (select organization_id from public.profiles where id = p_user),
    'ok',
    p_details
  );
end
$$;

-- A page of the export; the first one takes a token, and the others belong to it.
create or replace function edge.export_own_data(p_request jsonb)
returns jsonb
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_caller uuid := rolecall.assume_claims(p_request -> 'claims');
  v_first boolean := p_request #>> '{input,cursor}' is null;
  v_limit jsonb;
  v_answer jsonb;
begin
  if v_caller is null or p_request #>> '{claims,role}' is distinct from 'authenticated' then
    v_answer := rolecall.refuse_non_user(p_request);
  else
    if v_first then
      v_limit := rolecall.take_token(v_caller, 'export_own_data');
    end if;
    if v_limit -> 'taken' = 'false' then
      v_answer := rolecall.refuse_rate(v_limit);
    else
      v_answer := rolecall.with_limit(
        rolecall.export_page(v_caller, p_request -> 'input', p_request ->> 'rollout'),
        v_limit
      );
    end if;
    if v_first and (v_answer -> 'ok')::boolean then
      perform rolecall.log_own_data(p_request, v_caller, 'own_data_exported', '{}');
    end if;
  end if;
  return rolecall.finish('own-data', p_request, v_caller, v_answer);
end
$$;

create or replace function edge.delete_own_data(p_request jsonb)
returns jsonb
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_caller uuid := rolecall.assume_claims(p_request -> 'claims');
  v_key text := p_request ->> 'idempotency_key';
  v_answer jsonb;
begin
  if v_caller is null or p_request #>> '{claims,role}' is distinct from 'authenticated' then
    v_answer := rolecall.refuse_non_user(p_request);
  elsif v_key is not null then
    v_answer := rolecall.claim_key('own-data', v_caller, v_key, p_request -> 'input');
  end if;
  if v_answer is null then
    v_answer := rolecall.delete_own_data(v_caller, p_request ->> 'rollout');
    if (v_answer -> 'ok')::boolean then
      perform rolecall.log_own_data(p_request, v_caller, 'own_data_deleted', v_answer -> 'data');
    end if;
    if v_key is not null then
      perform rolecall.settle_key(v_caller, v_key, v_answer);
    end if;
  end if;
  return rolecall.finish('own-data', p_request, v_caller, v_answer);
end
$$;

revoke all on rolecall.erasures_due from public, anon, authenticated, service_role;
revoke execute on function
  rolecall.erase_what_is_due(),
  rolecall.refuse_data_subject(uuid, text),
  rolecall.export_section(uuid, text, uuid, bigint, uuid),
  rolecall.export_page(uuid, jsonb, text),
  rolecall.erase_messages(uuid, uuid[]),
  rolecall.delete_own_data(uuid, text),
  rolecall.log_own_data(jsonb, uuid, text, jsonb)
  from public, anon, authenticated, service_role;

revoke execute on function
  edge.export_own_data(jsonb),
  edge.delete_own_data(jsonb)
  from public, anon, authenticated, service_role;
grant execute on function
  edge.export_own_data(jsonb),
  edge.delete_own_data(jsonb)
  to rolecall_edge;

alter table public.data_deletions enable row level security;
revoke all on public.data_deletions from public, anon, authenticated, service_role;
grant select on public.data_deletions to authenticated;
grant select on public.data_deletions to service_role;

drop policy if exists "people see their requests to delete" on public.data_deletions;
create policy "people see their requests to delete"
on public.data_deletions
for select
to authenticated
using (user_id = (select auth.uid()));

drop policy if exists "the operator sees the requests to delete" on public.data_deletions;
create policy "the operator sees the requests to delete"
on public.data_deletions
for select
to service_role
using (true);

insert into rolecall.schema_migrations (version, name)
values (15, 'own_data')
on conflict (version) do nothing;
