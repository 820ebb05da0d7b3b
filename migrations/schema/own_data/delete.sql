-- Erases the contents that were kept for the reports decided by this statement.
create or replace function rolecall_internal.erase_what_is_due()
returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  with due as (
    delete from rolecall.erasures_due
    where (conversation_id, seq) in (select conversation_id, seq from reviewed)
      and not exists (
        select
        from rolecall.reported_messages as report
        where report.conversation_id = erasures_due.conversation_id
          and report.seq = erasures_due.seq
          and report.status = 'pending'
      )
    returning conversation_id, seq
  )
  delete from rolecall.removed_contents
  using due
  where removed_contents.conversation_id = due.conversation_id
    and removed_contents.seq = due.seq;
  return null;
end
$$;

-- Turns messages, named by their keys, into placeholders: those of p_user, or of everybody where it is null. Returns how many
-- were none before. Their content is gone for good; that of a reported message stays for the moderators until the review.
create or replace function rolecall_internal.turn_into_placeholders(
  p_user uuid,
  p_conversations uuid[],
  p_seqs bigint[],
  p_as text
)
returns bigint
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_new bigint;
begin
  -- Locked, so that nobody else deletes or restores them.
  perform rolecall_internal.hold_conversations(p_conversations);
  select count(*) filter (where deleted_at is null)
  into v_new
  from (
    select message.deleted_at
    from unnest(p_conversations, p_seqs) as wanted (conversation_id, seq)
    join rolecall.messages as message
      on message.conversation_id = wanted.conversation_id
      and message.seq = wanted.seq
    where (p_user is null or message.sender_id = p_user)
    order by message.conversation_id, message.seq
    for no key update of message
  ) as locked;

  with reported as (
    select message.conversation_id, message.seq, message.content
    from unnest(p_conversations, p_seqs) as wanted (conversation_id, seq)
    join rolecall.messages as message
      on message.conversation_id = wanted.conversation_id
      and message.seq = wanted.seq
    where (p_user is null or message.sender_id = p_user)
      and exists (
        select
        from rolecall.reported_messages as report
        where report.conversation_id = wanted.conversation_id
          and report.seq = wanted.seq
          and report.status = 'pending'
      )
  ),
  kept as (
    insert into rolecall.removed_contents (conversation_id, seq, content, removed_at)
    select conversation_id, seq, content, now()
    from reported
    where content is not null
  )
  insert into rolecall.erasures_due (conversation_id, seq)
  select conversation_id, seq
  from reported
  on conflict (conversation_id, seq) do nothing;

  update rolecall.messages as message
  set
    content = null,
    deleted_at = coalesce(message.deleted_at, now()),
    deleted_as = p_as
  from unnest(p_conversations, p_seqs) as wanted (conversation_id, seq)
  where message.conversation_id = wanted.conversation_id
    and message.seq = wanted.seq
    and (p_user is null or message.sender_id = p_user)
    and coalesce(rolecall_internal.deletion_rank(message.deleted_as), 0) < rolecall_internal.deletion_rank(p_as);
  delete from rolecall.removed_contents as removed
  using unnest(p_conversations, p_seqs) as wanted (conversation_id, seq)
  where removed.conversation_id = wanted.conversation_id
    and removed.seq = wanted.seq
    and not exists (
      select
      from rolecall.erasures_due as due
      where due.conversation_id = wanted.conversation_id
        and due.seq = wanted.seq
    );
  -- What others felt about words that are gone for good.
  delete from rolecall.message_reactions as reaction
  using unnest(p_conversations, p_seqs) as wanted (conversation_id, seq)
  join rolecall.messages as message
    on message.conversation_id = wanted.conversation_id
    and message.seq = wanted.seq
    and (p_user is null or message.sender_id = p_user)
    and message.reactions is not null
  where reaction.conversation_id = wanted.conversation_id
    and reaction.seq = wanted.seq;
  return v_new;
end
$$;

-- The same of what p_user deletes of their own.
create or replace function rolecall_internal.erase_messages(p_user uuid, p_conversations uuid[], p_seqs bigint[])
returns bigint
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  return case
    when p_user is not null then rolecall_internal.turn_into_placeholders(p_user, p_conversations, p_seqs, 'author')
  end;
end
$$;

-- The reactions of p_user, up to p_most of them. Returns whether nothing is left.
create or replace function rolecall_internal.erase_reactions(p_user uuid, p_most int)
returns boolean
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_conversations uuid[];
  v_seqs bigint[];
begin
  select array_agg(conversation_id), array_agg(seq)
  into v_conversations, v_seqs
  from (
    select conversation_id, seq
    from rolecall.message_reactions
    where user_id = p_user
    order by conversation_id, seq
    limit p_most
  ) as own;
  if v_conversations is null then
    return true;
  end if;
  perform rolecall_internal.hold_conversations(v_conversations);
  delete from rolecall.message_reactions as reaction
  using unnest(v_conversations, v_seqs) as wanted (conversation_id, seq)
  where reaction.user_id = p_user
    and reaction.conversation_id = wanted.conversation_id
    and reaction.seq = wanted.seq;
  return cardinality(v_conversations) < p_most;
end
$$;

-- Erases the reason of a report with its review, whose reporter had what they wrote erased meanwhile.
create or replace function rolecall_internal.erase_reason()
returns trigger
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  new.reason := rolecall_internal.erased_text();
  return new;
end
$$;

-- What stands in place of a text that was erased where there must be one.
create or replace function rolecall_internal.erased_text()
returns text
language sql
immutable
return '[deleted by its author]';

-- What p_user wrote besides messages, up to p_most rows of each kind: what they asked for help with, what they began to
-- help with, and why they reported. Returns whether nothing is left. A request for help of which nothing is left to read
-- is no longer open; the reason of a pending report is kept until its review.
create or replace function rolecall_internal.erase_texts(p_user uuid, p_most int)
returns boolean
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_placeholder constant text := rolecall_internal.erased_text();
  v_rows bigint;
  v_all boolean;
begin
  update rolecall.help_requests
  set
    title = v_placeholder,
    description = '',
    status = case when status in ('open', 'in_progress') then 'cancelled' else status end
  where id in (
    select id
    from rolecall.help_requests
    where requester_id = p_user
      and (title <> v_placeholder or description <> '')
    limit p_most
  );
  get diagnostics v_rows = row_count;
  v_all := v_rows < p_most;

  update public.conversations_v2
  set initial_message = v_placeholder
  where id in (
    select id
    from public.conversations_v2
    where helper_id = p_user
      and initial_message <> v_placeholder
    limit p_most
  );
  get diagnostics v_rows = row_count;
  v_all := v_all and v_rows < p_most;

  update rolecall.reported_messages
  set
    reason = case when status = 'pending' then reason else v_placeholder end,
    erase_reason = true
  where id in (
    select id
    from rolecall.reported_messages
    where reporter_id = p_user
      and not erase_reason
    limit p_most
  );
  get diagnostics v_rows = row_count;
  return v_all and v_rows < p_most;
end
$$;

-- Goes on with a deletion, up to about 20,000 messages a call, and returns it as it is then. That of an account closes
-- each of its conversations before it erases what is in them: whoever writes there at this moment is before or is refused.
create or replace function rolecall_internal.continue_deletion(p_deletion rolecall.data_deletions)
returns rolecall.data_deletions
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_batch constant int := 4000;
  v_most constant int := 20000;
  -- Messages of others in between are looked at as well, and conversations where there is nothing left to do: a call may
  -- take five seconds.
  v_most_read constant int := 200000;
  v_visit constant int := 10;
  -- However long that takes here and now, a call leaves off in time. That of an account has taken away the profile before.
  v_until constant timestamptz := clock_timestamp()
    + case when p_deletion.account then interval '1.5 seconds' else interval '3 seconds' end;
  v_user constant uuid := p_deletion.user_id;
  v_deletion rolecall.data_deletions := p_deletion;
  -- The keys of the messages of theirs that are to be erased next.
  v_own_conversations uuid[] := '{}';
  v_own_seqs bigint[] := '{}';
  v_conversation uuid;
  v_last bigint;
  v_read bigint := 0;
  v_deleted bigint := 0;
  v_all boolean := false;
  v_rows bigint;
begin
  for v_conversation in
    select own.id
    from (
      select id
      from rolecall.conversations
      where participant_low = v_user
      union
      select id
      from rolecall.conversations
      where participant_high = v_user
      union
      select id
      from rolecall.conversations
      where created_by = v_user
        and kind = 'show'
      union
      -- Of others, who had them imported.
      select conversation_id
      from rolecall.messages
      where sender_id = v_user
        and legacy
    ) as own
    where own.id >= v_deletion.reached_conversation_id
    order by own.id
  loop
    if v_conversation <> v_deletion.reached_conversation_id then
      v_deletion.reached_conversation_id := v_conversation;
      v_deletion.reached_seq := 0;
    end if;
    v_read := v_read + v_visit;
    if v_deletion.account then
      update rolecall.conversations
      set
        read_only = true,
        -- Also of one that is closed already: nobody's name stands on its card any more.
        changed_xid = pg_current_xact_id()
      where id = v_conversation;
    end if;
    select last_seq
    into v_last
    from rolecall.conversations
    where id = v_conversation;
    while v_deletion.reached_seq < v_last and v_read < v_most_read loop
      -- By ranges of numbers, which no plan can make more of than they are.
      select
        v_own_conversations || coalesce(array_agg(conversation_id), '{}'),
        v_own_seqs || coalesce(array_agg(seq), '{}')
      into v_own_conversations, v_own_seqs
      from rolecall.messages
      where conversation_id = v_deletion.reached_conversation_id
        and seq > v_deletion.reached_seq
        and seq <= v_deletion.reached_seq + v_batch
        and sender_id = v_user;
      v_read := v_read + least(v_batch, v_last - v_deletion.reached_seq);
      v_deletion.reached_seq := least(v_deletion.reached_seq + v_batch, v_last);
      if cardinality(v_own_seqs) >= v_batch then
        v_deleted := v_deleted + rolecall_internal.erase_messages(v_user, v_own_conversations, v_own_seqs);
        v_own_conversations := '{}';
        v_own_seqs := '{}';
        -- Another two batches could come together before the next one is erased.
        if v_deleted > v_most - 2 * v_batch then
          v_read := v_most_read;
        end if;
      end if;
    end loop;
    if clock_timestamp() > v_until then
      v_read := v_most_read;
    end if;
    exit when v_read >= v_most_read;
  end loop;
  v_deleted := v_deleted + rolecall_internal.erase_messages(v_user, v_own_conversations, v_own_seqs);
  v_all := v_read < v_most_read;

  -- Help conversations have no place for a placeholder but the text itself.
  if v_all then
    select p_erased, p_all
    into v_rows, v_all
    from rolecall_internal.erase_help_messages(v_user, greatest(least(v_batch, v_most - v_deleted), 1)::int);
    v_deleted := v_deleted + v_rows;
  end if;
  if v_all then
    select p_erased, p_all
    into v_rows, v_all
    from rolecall_internal.erase_thread_texts(v_user, greatest(least(v_batch, v_most - v_deleted), 1)::int);
    v_deleted := v_deleted + v_rows;
  end if;
  if v_all then
    v_all := rolecall_internal.erase_texts(v_user, v_batch);
  end if;
  if v_all then
    v_all := rolecall_internal.erase_reactions(v_user, v_batch);
  end if;

  update rolecall.data_deletions
  set
    completed_at = case when v_all then now() end,
    messages_deleted = messages_deleted + v_deleted,
    reached_conversation_id = v_deletion.reached_conversation_id,
    reached_seq = v_deletion.reached_seq
  where id = v_deletion.id
  returning *
  into v_deletion;
  return v_deletion;
end
$$;

-- A deletion as answers show it.
create or replace function rolecall_internal.deletion_json(p_deletion rolecall.data_deletions)
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  return jsonb_build_object(
    'deletion_id', p_deletion.id,
    'account', p_deletion.account,
    'status', case when p_deletion.completed_at is not null then 'complete' else 'in_progress' end,
    'messages_deleted', p_deletion.messages_deleted,
    'requested_at', rolecall_internal.iso(p_deletion.requested_at)
  );
end
$$;

-- Deletes what p_user wrote: the next call continues what one cannot do, and the last one completes the deletion. Of two
-- calls at once the second waits for the first.
create or replace function rolecall_internal.delete_own_data(p_user uuid, p_rollouts jsonb)
returns jsonb
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_actor rolecall.actor := rolecall_internal.actor(p_user, 'own-data', p_rollouts);
  v_deletion rolecall.data_deletions;
begin
  if v_actor.refusal is not null then
    return v_actor.refusal;
  end if;
  insert into rolecall.data_deletions as unfinished (user_id)
  values (p_user)
  on conflict (user_id) where completed_at is null and not account do update
  set user_id = unfinished.user_id
  returning *
  into v_deletion;
  v_deletion := rolecall_internal.continue_deletion(v_deletion);
  return rolecall_internal.success(rolecall_internal.deletion_json(v_deletion));
end
$$;

-- One's messages, or with {account: true} the whole account.
create or replace function rolecall_edge.delete_own_data(p_request jsonb)
returns jsonb
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_account boolean := coalesce(p_request #> '{input,account}' = 'true', false);
  v_call rolecall.call := rolecall_internal.begin_call('own-data.delete', p_request, p_rate => 'delete_own_data');
begin
  if v_call.answer is null then
    if v_account then
      v_call.answer := rolecall_internal.delete_own_account(v_call.caller, v_call.rollouts);
    else
      v_call.answer := rolecall_internal.delete_own_data(v_call.caller, v_call.rollouts);
    end if;
    if (v_call.answer -> 'ok')::boolean then
      perform rolecall_internal.log_event(
        v_call,
        case when v_account then 'account_deleted' else 'own_data_deleted' end,
        v_call.answer -> 'data'
      );
    end if;
  end if;
  return rolecall_internal.end_call(v_call);
end
$$;
