-- Erases up to p_most help messages of p_user, with what was kept of them, and returns how many said something before;
-- p_all says whether none is left. Their place stays, with words in it that say so.
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

  update rolecall.help_message_edits
  set content = null
  where id in (
    select id
    from rolecall.help_message_edits
    where sender_id = p_user
      and content is not null
    order by id
    limit 2 * p_most
  );
  get diagnostics v_rows = row_count;
  p_all := p_all and v_rows < 2 * p_most;

  -- What a moderator had removed is its author's deletion from now on.
  update rolecall.removed_help_messages
  set
    content = null,
    deleted_as = 'author'
  where message_id in (
    select message_id
    from rolecall.removed_help_messages
    where sender_id = p_user
      and content is not null
    order by message_id
    limit p_most
  );
  get diagnostics v_rows = row_count;
  p_all := p_all and v_rows < p_most;
end
$$;
