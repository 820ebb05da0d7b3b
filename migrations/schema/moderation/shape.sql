-- Messages as answers show them

-- Who deleted a message and when; null for one that is not deleted.
create or replace function rolecall_internal.deletion_of(p_message rolecall.messages)
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  if p_message.deleted_at is null then
    return null;
  end if;
  return jsonb_build_object('by', p_message.deleted_as, 'at', rolecall_internal.iso(p_message.deleted_at));
end
$$;

-- A report with its message, whose content moderators see even when it is deleted.
create or replace function rolecall_internal.report_json(p_report rolecall.reported_messages)
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_message jsonb;
begin
  select rolecall_internal.message_json(message, removed.content)
    || jsonb_build_object('conversation_id', message.conversation_id)
  into v_message
  from rolecall.messages as message
  left join rolecall.removed_contents as removed
    on removed.conversation_id = message.conversation_id
    and removed.seq = message.seq
  where message.conversation_id = p_report.conversation_id
    and message.seq = p_report.seq;
  return jsonb_build_object(
    'id', p_report.id,
    'status', p_report.status,
    'decision', p_report.decision,
    'reason', p_report.reason,
    'created_at', rolecall_internal.iso(p_report.created_at),
    'reporter_id', p_report.reporter_id,
    'reviewed_at', rolecall_internal.iso(p_report.reviewed_at),
    'reviewed_by', p_report.reviewed_by,
    'note', p_report.note,
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
