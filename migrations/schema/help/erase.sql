-- Whether a report of a help message waits for its review.
create or replace function rolecall_internal.help_report_pends(p_message uuid)
returns boolean
language sql
stable
begin atomic
  select exists (
    select
    from rolecall.reported_messages
    where message_id = p_message
      and seq is null
      and status = 'pending'
  );
end;

-- Erases up to p_most help messages of p_user, with what was kept of them, and returns how many said something before;
-- p_all says whether none is left. Their place stays, with words in it that say so. What is kept of a reported message
-- stays for the moderators until the review.
create or replace function rolecall_internal.erase_help_messages(
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
  v_placeholder constant text := rolecall_internal.help_placeholder('author');
  v_rows bigint;
begin
  perform rolecall_internal.take_help_turn(p_user);
  update public.messages_v2
  set content = v_placeholder
  where id in (
    select id
    from public.messages_v2
    where sender_id = p_user
      and content <> v_placeholder
    order by conversation_id, id
    limit p_most
  );
  get diagnostics p_erased = row_count;
  p_all := p_erased < p_most;

  insert into rolecall.help_erasures_due (message_id, conversation_id)
  select message_id, conversation_id
  from rolecall.help_message_edits
  where sender_id = p_user
    and content is not null
    and rolecall_internal.help_report_pends(message_id)
  union
  select message_id, conversation_id
  from rolecall.removed_help_messages
  where sender_id = p_user
    and content is not null
    and rolecall_internal.help_report_pends(message_id)
  on conflict (message_id) do nothing;

  update rolecall.help_message_edits
  set content = null
  where id in (
    select id
    from rolecall.help_message_edits
    where sender_id = p_user
      and content is not null
      and not rolecall_internal.help_report_pends(message_id)
    order by id
    limit 2 * p_most
  );
  get diagnostics v_rows = row_count;
  p_all := p_all and v_rows < 2 * p_most;

  -- What a moderator had removed is its author's deletion from now on.
  update rolecall.removed_help_messages
  set
    content = case when rolecall_internal.help_report_pends(message_id) then content end,
    deleted_as = 'author'
  where message_id in (
    select message_id
    from rolecall.removed_help_messages
    where sender_id = p_user
      and content is not null
      and (deleted_as <> 'author' or not rolecall_internal.help_report_pends(message_id))
    order by message_id
    limit p_most
  );
  get diagnostics v_rows = row_count;
  p_all := p_all and v_rows < p_most;
end
$$;

-- Erases what was kept of help messages for the reports decided by this statement.
create or replace function rolecall_internal.erase_help_messages_due()
returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  with due as (
    delete from rolecall.help_erasures_due
    where message_id in (select message_id from reviewed where seq is null)
      and not rolecall_internal.help_report_pends(message_id)
    returning message_id
  ),
  forgotten as (
    update rolecall.help_message_edits as edit
    set content = null
    from due
    where edit.message_id = due.message_id
      and edit.content is not null
  )
  update rolecall.removed_help_messages as removed
  set
    content = null,
    deleted_as = 'author'
  from due
  where removed.message_id = due.message_id;
  return null;
end
$$;
