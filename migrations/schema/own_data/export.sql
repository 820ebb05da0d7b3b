-- The lines of one kind that follow the given key (group, position, id): the first 500 in the order of their keys, or
-- some more. Each kind is read by index from its key on. The limits are literals: of one that is a parameter the
-- planner, once it plans for all calls, expects a tenth of everything.
create or replace function rolecall_internal.export_section(
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
          'suspended_until', rolecall_internal.suspension_json(profile.suspended_until),
          'created_at', rolecall_internal.iso(profile.created_at),
          'updated_at', rolecall_internal.iso(profile.updated_at)
        ),
        profile.id,
        0::bigint,
        v_nil
      from rolecall.profiles as profile
      where profile.id = p_user
        and profile.id > p_group;

    when 'block' then
      return query
      select
        jsonb_build_object('blocked_id', block.blocked_id, 'created_at', rolecall_internal.iso(block.created_at)),
        block.blocked_id,
        0::bigint,
        v_nil
      from rolecall.user_blocks as block
      where block.blocker_id = p_user
        and block.blocked_id > p_group
      order by block.blocked_id
      limit 500;

    when 'show' then
      -- Those that they organize.
      return query
      select
        jsonb_build_object(
          'id', show.id,
          'title', show.title,
          'starts_at', rolecall_internal.iso(show.starts_at),
          'ends_at', rolecall_internal.iso(show.ends_at),
          'created_at', rolecall_internal.iso(show.created_at)
        ),
        show.id,
        0::bigint,
        v_nil
      from rolecall.shows as show
      where show.organizer_id = p_user
        and show.id > p_group
      order by show.id
      limit 500;

    when 'participation' then
      return query
      select
        jsonb_build_object(
          'show_id', own.show_id,
          'role', own.role,
          'joined_at', rolecall_internal.iso(own.joined_at),
          'left_at', case when isfinite(own.left_at) then rolecall_internal.iso(own.left_at) end
        ),
        own.show_id,
        (extract(epoch from own.joined_at) * 1000000)::bigint,
        v_nil
      from rolecall.participations as own
      where own.user_id = p_user
        and own.show_id >= p_group
        and (own.show_id, (extract(epoch from own.joined_at) * 1000000)::bigint) > (p_group, p_position)
      order by own.show_id, own.joined_at
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
          'created_at', rolecall_internal.iso(conversation.created_at),
          'last_message_at', case
            when isfinite(conversation.last_message_at) then rolecall_internal.iso(conversation.last_message_at)
          end
        ),
        conversation.id,
        0::bigint,
        v_nil
      from rolecall.conversation_participants as participant
      join rolecall.conversations as conversation
        on conversation.id = participant.conversation_id
      left join rolecall.profiles as other
        on other.id = case p_user
          when conversation.participant_low then conversation.participant_high
          else conversation.participant_low
        end
      where participant.user_id = p_user
        and participant.conversation_id > p_group
      order by participant.conversation_id
      limit 500;

    when 'conversation_settings' then
      -- What they have muted, archived or pinned.
      return query
      select
        jsonb_build_object(
          'conversation_id', setting.conversation_id,
          'muted_until', case
            when setting.muted_until = 'infinity' then '"forever"'
            else to_jsonb(rolecall_internal.iso(setting.muted_until))
          end,
          'archived_at_seq', setting.archived_at_seq,
          'pinned_at', rolecall_internal.iso(setting.pinned_at)
        ),
        setting.conversation_id,
        0::bigint,
        v_nil
      from rolecall.conversation_settings as setting
      where setting.user_id = p_user
        and setting.conversation_id > p_group
      order by setting.conversation_id
      limit 500;

    when 'message' then
      -- Of both sides: what was written to somebody is theirs, too. Conversation by conversation, and in each by ranges of
      -- numbers, which no plan can make more of than they are.
      for v_conversation, v_last in
        select conversation.id, conversation.last_seq
        from rolecall.conversation_participants as participant
        join rolecall.conversations as conversation
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
            rolecall_internal.message_json(message) || jsonb_build_object('conversation_id', message.conversation_id),
            message.conversation_id,
            message.seq,
            v_nil
          from rolecall.messages as message
          where message.conversation_id = v_conversation
            and message.seq > v_reached
            and message.seq <= v_reached + v_step;
          get diagnostics v_found = row_count;
          v_lines := v_lines + v_found;
          v_reached := v_reached + v_step;
        end loop;
        exit when v_lines >= 500;
      end loop;

    when 'imported_message' then
      -- Their own in conversations of others, which they do not read.
      return query
      select
        rolecall_internal.message_json(message) || jsonb_build_object('conversation_id', message.conversation_id),
        message.conversation_id,
        message.seq,
        v_nil
      from rolecall.messages as message
      where message.sender_id = p_user
        and message.legacy
        and (message.conversation_id, message.seq) > (p_group, p_position)
        and not exists (
          select
          from rolecall.conversation_participants as participant
          where participant.conversation_id = message.conversation_id
            and participant.user_id = p_user
        )
      order by message.conversation_id, message.seq
      limit 500;

    when 'message_edit' then
      -- What their messages said before they edited them.
      return query
      select
        jsonb_build_object(
          'message_id', message.id,
          'conversation_id', edit.conversation_id,
          'seq', edit.seq,
          'version', edit.version,
          'content', edit.content,
          'written_at', rolecall_internal.iso(edit.written_at)
        ),
        edit.conversation_id,
        edit.seq,
        lpad(to_hex(edit.version), 32, '0')::uuid
      from rolecall.message_edits as edit
      join rolecall.messages as message
        on message.conversation_id = edit.conversation_id
        and message.seq = edit.seq
        -- Of a deleted message nobody but moderators reads what it said, as of its newest words.
        and message.deleted_at is null
      where edit.sender_id = p_user
        and (edit.conversation_id, edit.seq, edit.version)
          > (p_group, p_position, ('x' || right(p_id::text, 8))::bit(32)::int)
      order by edit.conversation_id, edit.seq, edit.version
      limit 500;

    when 'broadcast' then
      -- What was broadcast to them: they took part with one of the roles when it was sent, and no block hides it.
      return query
      select
        jsonb_build_object(
          'id', broadcast.id,
          'conversation_id', broadcast.conversation_id,
          'message_id', broadcast.message_id,
          'show_id', broadcast.show_id,
          'sender_id', broadcast.sender_id,
          'content', message.content,
          'created_at', rolecall_internal.iso(broadcast.created_at),
          'deleted', rolecall_internal.deletion_of(message)
        ),
        broadcast.id,
        0::bigint,
        v_nil
      from rolecall.participations as own
      join rolecall.broadcasts as broadcast
        on broadcast.show_id = own.show_id
        and broadcast.created_at >= own.joined_at
        and broadcast.created_at < own.left_at
        and own.role = any (broadcast.recipient_roles)
      join rolecall.messages as message
        on message.conversation_id = broadcast.conversation_id
        and message.seq = broadcast.seq
      where own.user_id = p_user
        and broadcast.sender_id <> p_user
        and broadcast.id > p_group
        and rolecall_internal.reads_broadcasts_of(p_user, broadcast.sender_id)
      order by broadcast.id
      limit 500;

    when 'sent_broadcast' then
      -- Their contents come with the messages.
      return query
      select
        jsonb_build_object(
          'id', broadcast.id,
          'conversation_id', broadcast.conversation_id,
          'message_id', broadcast.message_id,
          'show_id', broadcast.show_id,
          'phase', broadcast.phase,
          'recipient_roles', broadcast.recipient_roles,
          'audience_count', broadcast.audience_count,
          'created_at', rolecall_internal.iso(broadcast.created_at)
        ),
        broadcast.id,
        0::bigint,
        v_nil
      from rolecall.broadcasts as broadcast
      where broadcast.sender_id = p_user
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
          'created_at', rolecall_internal.iso(request.created_at),
          'updated_at', rolecall_internal.iso(request.updated_at)
        ),
        request.id,
        0::bigint,
        v_nil
      from rolecall.help_requests as request
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
          'last_read_at', (
            select case
              when isfinite(own.read_at) then rolecall_internal.iso(own.read_at)
            end
            from (
              select case thread.requester_id when p_user then thread.requester_read_at else thread.helper_read_at end as read_at
              from rolecall.help_threads as thread
              where thread.conversation_id = conversation.id
            ) as own
          ),
          'created_at', rolecall_internal.iso(conversation.created_at),
          'updated_at', rolecall_internal.iso(conversation.updated_at)
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
          rolecall_internal.help_message(message) || jsonb_build_object('conversation_id', message.conversation_id),
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

    when 'help_message_edit' then
      -- What their help messages said before they were edited.
      return query
      select
        jsonb_build_object(
          'message_id', edit.message_id,
          'conversation_id', edit.conversation_id,
          'content', edit.content,
          'written_at', rolecall_internal.iso(edit.written_at),
          'replaced_at', rolecall_internal.iso(edit.replaced_at)
        ),
        v_nil,
        edit.id,
        v_nil
      from rolecall.help_message_edits as edit
      where edit.sender_id = p_user
        and edit.content is not null
        and edit.id > p_position
      order by edit.id
      limit 500;

    when 'reaction' then
      return query
      select
        jsonb_build_object(
          'message_id', message.id,
          'conversation_id', own.conversation_id,
          'emoji', own.emoji,
          'created_at', rolecall_internal.iso(own.created_at)
        ),
        own.conversation_id,
        own.seq,
        own.line_id
      from (
        select
          reaction.*,
          -- Their kinds in one message, by the emoji.
          md5(reaction.emoji)::uuid as line_id
        from rolecall.message_reactions as reaction
        where reaction.user_id = p_user
          and reaction.conversation_id >= p_group
          and (reaction.conversation_id, reaction.seq) >= (p_group, p_position)
      ) as own
      join rolecall.messages as message
        on message.conversation_id = own.conversation_id
        and message.seq = own.seq
      where (own.conversation_id, own.seq, own.line_id) > (p_group, p_position, p_id)
      order by own.conversation_id, own.seq, own.line_id
      limit 500;

    when 'report' then
      return query
      select
        jsonb_build_object(
          'id', report.id,
          'message_id', report.message_id,
          'conversation_id', report.conversation_id,
          'reason', report.reason,
          'status', report.status,
          'created_at', rolecall_internal.iso(report.created_at)
        ),
        report.id,
        0::bigint,
        v_nil
      from rolecall.reported_messages as report
      where report.reporter_id = p_user
        and report.id > p_group
      order by report.id
      limit 500;

    when 'decision' then
      -- About reports of others, as a moderator or as an organizer; what these said is theirs.
      return query
      select
        jsonb_build_object(
          'report_id', report.id,
          'message_id', report.message_id,
          'decision', case when report.reviewed_by = p_user then report.decision else report.organizer_decision end,
          'status', case when report.reviewed_by = p_user then report.status else report.organizer_status end,
          'note', case when report.reviewed_by = p_user then report.note else report.organizer_note end,
          'reviewed_at', rolecall_internal.iso(
            case when report.reviewed_by = p_user then report.reviewed_at else report.organizer_reviewed_at end
          )
        ),
        report.id,
        0::bigint,
        v_nil
      from rolecall.reported_messages as report
      where (report.reviewed_by = p_user or report.organizer_reviewed_by = p_user)
        and report.id > p_group
      order by report.id
      limit 500;

    when 'audit_entry' then
      return query
      select
        jsonb_build_object(
          'id', entry.id,
          'at', rolecall_internal.iso(entry.at),
          'action', entry.action,
          'report_id', entry.report_id,
          'message_id', entry.message_id,
          'target_id', entry.target_id,
          'note', entry.note,
          'before', entry.before,
          'after', entry.after
        ),
        entry.id,
        0::bigint,
        v_nil
      from rolecall.moderation_audit as entry
      where entry.actor_id = p_user
        and entry.id > p_group
      order by entry.id
      limit 500;

    else
      return query
      select *
      from rolecall_internal.export_thread_section(p_user, p_section, p_group, p_position, p_id);
  end case;
end
$$;

-- A page of the export, of up to 500 lines: {cursor?}. The cursor names the kind of the last line and its key. A suspended
-- user may export and delete their data.
create or replace function rolecall_internal.export_page(p_user uuid, p_input jsonb, p_rollouts jsonb)
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_sections constant text[] := array[
    'profile', 'block', 'show', 'participation', 'conversation', 'conversation_settings', 'message', 'imported_message',
    'message_edit', 'broadcast', 'sent_broadcast', 'help_request', 'help_conversation', 'help_message', 'help_message_edit',
    'reaction', 'report',
    'decision', 'audit_entry', 'client', 'booking', 'assignment_window', 'thread', 'thread_message',
    'written_thread_message', 'thread_read', 'held_back_message', 'force_sent_message'
  ];
  v_nil constant uuid := '00000000-0000-0000-0000-000000000000';
  v_actor rolecall.actor := rolecall_internal.actor(p_user, 'own-data', p_rollouts);
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
  if v_actor.refusal is not null then
    return v_actor.refusal;
  end if;
  if p_input ->> 'cursor' is not null then
    v_parts := regexp_match(p_input ->> 'cursor', '^([a-z_]+)/([^/]+)/(-?[0-9]{1,16})/([^/]+)$');
    v_section := array_position(v_sections, v_parts[1]);
    v_group := rolecall_internal.uuid_or_null(v_parts[2]);
    v_position := v_parts[3];
    v_id := rolecall_internal.uuid_or_null(v_parts[4]);
    if v_section is null or v_group is null or v_id is null then
      return rolecall_internal.refuse_cursor();
    end if;
  end if;

  while v_section <= cardinality(v_sections) loop
    select
      count(*),
      coalesce(
        jsonb_agg(
          jsonb_build_object(
            'type', case v_sections[v_section]
              when 'imported_message' then 'message'
              when 'written_thread_message' then 'thread_message'
              else v_sections[v_section]
            end
          ) || line
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
      from rolecall_internal.export_section(p_user, v_sections[v_section], v_group, v_position, v_id)
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
  return rolecall_internal.success(
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

-- The first page takes a token of exports and is audited; the others belong to it, and take one of pages.
create or replace function rolecall_edge.export_own_data(p_request jsonb)
returns jsonb
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_first boolean := p_request #>> '{input,cursor}' is null;
  v_call rolecall.call := rolecall_internal.begin_call(
    'own-data.export',
    p_request,
    p_rate => case when v_first then 'export_own_data' else 'export_page' end,
    p_keyed => false
  );
begin
  if v_call.answer is null then
    v_call.answer := rolecall_internal.export_page(v_call.caller, v_call.input, v_call.rollouts);
    if v_first and (v_call.answer -> 'ok')::boolean then
      perform rolecall_internal.log_event(v_call, 'own_data_exported');
    end if;
  end if;
  return rolecall_internal.end_call(v_call);
end
$$;
