-- Messages as answers show them

-- A report with its message, as p_actor sees it. Moderators see who reported and why, and the content even when it is
-- removed. An organizer sees neither the reporter nor their words, nor the note of a moderator, which may name them. The
-- decision that stands is a moderator's if there is one, and else the organizer's.
create or replace function rolecall_internal.report_json(p_report rolecall.reported_messages, p_actor rolecall.actor)
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_moderates boolean := rolecall_internal.sees_removed(p_actor);
  v_message jsonb;
begin
  select rolecall_internal.message_json(message, case when v_moderates then removed.content end)
    || jsonb_build_object('conversation_id', message.conversation_id)
  into v_message
  from rolecall.messages as message
  left join rolecall.removed_contents as removed
    on removed.conversation_id = message.conversation_id
    and removed.seq = message.seq
  where message.conversation_id = p_report.conversation_id
    and message.seq = p_report.seq;
  if p_report.seq is null then
    v_message := rolecall_internal.help_message_json(p_report.message_id, v_moderates);
  end if;
  return jsonb_build_object(
    'id', p_report.id,
    'status', case when v_moderates then p_report.status else p_report.organizer_status end,
    'decision', coalesce(p_report.decision, p_report.organizer_decision),
    'decided_as', case
      when p_report.decision is not null then 'moderator'
      when p_report.organizer_decision is not null then 'organizer'
    end,
    'reason', case when v_moderates then p_report.reason end,
    'created_at', rolecall_internal.iso(p_report.created_at),
    'escalated_at', case when v_moderates then rolecall_internal.iso(p_report.escalated_at) end,
    'reporter_id', case when v_moderates then p_report.reporter_id end,
    'reviewed_at', rolecall_internal.iso(coalesce(p_report.reviewed_at, p_report.organizer_reviewed_at)),
    'reviewed_by', coalesce(p_report.reviewed_by, p_report.organizer_reviewed_by),
    'note', case
      when p_report.decision is null then p_report.organizer_note
      when v_moderates then p_report.note
    end,
    'show_id', p_report.show_id,
    'message', v_message
  );
end
$$;

-- The answer of having deleted or restored a message.
create or replace function rolecall_internal.moderated_message(p_message rolecall.messages)
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  if p_message.id is null then
    -- Deleted with its conversation since it was judged.
    return rolecall_internal.refusal('not_found', 'There is no message with this message_id.');
  end if;
  return rolecall_internal.success(
    jsonb_build_object(
      'message', jsonb_build_object(
        'id', p_message.id,
        'conversation_id', p_message.conversation_id,
        'seq', p_message.seq,
        'deleted', rolecall_internal.deletion_of(p_message)
      )
    )
  );
end
$$;
