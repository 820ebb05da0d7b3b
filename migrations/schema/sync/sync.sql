-- Everything that has changed for p_user since a cursor: {cursor?, limit, have?}. A page has the newest changes; while
-- there are more, its cursor leads to the next page, and that of the last page to what changes from now on: from the
-- horizon of the first page on, so that nothing is lost that commits between two pages. Without a cursor everything has changed.
--
-- Stable, so that all of it sees one moment, the one whose horizon the cursor has.
create or replace function rolecall_internal.sync(p_user uuid, p_input jsonb, p_rollouts jsonb)
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_snapshot constant pg_snapshot := pg_current_snapshot();
  -- Behind every transaction that is seen, this one, too.
  v_end constant bigint := greatest(
    pg_snapshot_xmax(v_snapshot)::text::bigint,
    pg_current_xact_id_if_assigned()::text::bigint + 1
  );
  v_actor rolecall.actor := rolecall_internal.actor(p_user, 'sync', p_rollouts);
  v_limit int := rolecall_internal.page_size(p_input, rolecall_internal.limit_sync_page());
  v_origin bytea;
  v_cursor record;
  v_horizon bigint := pg_snapshot_xmin(v_snapshot)::text::bigint;
  v_since bigint := 0;
  -- Newer than everything.
  v_at bigint := 9223372036854775807;
  v_domain int := 255;
  v_id uuid := 'ffffffff-ffff-ffff-ffff-ffffffffffff';
  v_time bigint := extract(epoch from now()) * 1000000;
  v_since_time bigint := 0;
  v_conversations uuid[];
  v_readers text[];
  v_gone uuid[];
  -- Which of the domains are on for the user beside conversations: a cursor stands for these alone.
  v_domains text[];
  v_help uuid[];
  v_threads uuid[];
  v_thread_reader rolecall.actor := rolecall_internal.thread_reader(p_user, p_rollouts);
  v_next text;
  v_caught_up record;
begin
  -- The flag requires that of conversations.
  if v_actor.refusal is not null then
    return v_actor.refusal;
  end if;

  v_domains := array_remove(
    array[
      case
        when (rolecall_internal.actor(p_user, 'help-conversations', p_rollouts)).refusal is null then 'help'
      end,
      -- By what they read there, too: with another role they read others.
      case
        when v_thread_reader.refusal is null then
          concat_ws(' ', 'threads', v_thread_reader.organization_id, v_thread_reader.organization_role)
      end
    ],
    null
  );
  v_origin := rolecall_internal.sync_origin(p_user, v_domains);
  if p_input ->> 'cursor' is not null then
    v_cursor := rolecall_internal.sync_cursor_parts(p_input ->> 'cursor');
    if v_cursor.origin is null then
      return rolecall_internal.refuse_cursor();
    elsif v_cursor.origin <> v_origin or v_cursor.horizon > v_end then
      return rolecall_internal.refusal(
        'cursor_expired',
        'The cursor is from another state of the database, of the features, or of somebody else. Begin anew, without a cursor.'
      );
    end if;
    if v_cursor.at is null then
      v_since := v_cursor.horizon;
      v_since_time := v_cursor.time;
      if v_since > 0 then
        -- Of a database that was copied, rows may name transactions that are yet to come here. They are old. What changes with
        -- time alone stands at v_since.
        v_at := greatest(v_end, v_since + 1);
        v_domain := -1;
        v_id := '00000000-0000-0000-0000-000000000000';
      end if;
    else
      v_horizon := v_cursor.horizon;
      v_since := v_cursor.since;
      v_time := v_cursor.time;
      v_since_time := v_cursor.since_time;
      v_at := v_cursor.at;
      v_domain := v_cursor.domain;
      v_id := v_cursor.id;
    end if;
  end if;

  -- One more than the page tells whether there is another.
  select
    array_agg(id order by number) filter (where number <= v_limit and domain = 0 and reader <> 'gone'),
    array_agg(reader order by number) filter (where number <= v_limit and domain = 0 and reader <> 'gone'),
    array_agg(id order by number) filter (where number <= v_limit and reader = 'gone'),
    array_agg(id order by number) filter (where number <= v_limit and domain = 1),
    array_agg(id order by number) filter (where number <= v_limit and domain = 2 and reader <> 'gone'),
    coalesce(
      max(
        rolecall_internal.sync_cursor(
          v_origin, v_horizon, v_since, changed_xid::text::bigint, domain, id, v_time, v_since_time
        )
      ) filter (where number = v_limit and total > v_limit),
      rolecall_internal.sync_cursor(v_origin, v_horizon, v_horizon, p_time => v_time, p_since_time => v_time)
    )
  into v_conversations, v_readers, v_gone, v_help, v_threads, v_next
  from (
    select
      listed.*,
      row_number() over (order by changed_xid desc, domain desc, id desc) as number,
      count(*) over () as total
    from (
      select 0 as domain, changed.id, changed.changed_xid, changed.reader
      from rolecall_internal.changed_conversations(
        p_user, v_since::text::xid8, v_at::text::xid8, rolecall_internal.sync_place(0, v_domain, v_id), v_limit + 1
      ) as changed
      union all
      select 1, changed.id, changed.changed_xid, null
      from rolecall_internal.changed_help_conversations(
        p_user, v_since::text::xid8, v_at::text::xid8, rolecall_internal.sync_place(1, v_domain, v_id), v_limit + 1
      ) as changed
      where 'help' = any (v_domains)
      union all
      select 2, changed.id, changed.changed_xid, changed.reader
      from rolecall_internal.changed_threads(
        v_thread_reader,
        p_user,
        v_since::text::xid8,
        v_at::text::xid8,
        rolecall_internal.sync_place(2, v_domain, v_id),
        v_limit + 1,
        'epoch'::timestamptz + v_since_time * interval '1 microsecond',
        'epoch'::timestamptz + v_time * interval '1 microsecond'
      ) as changed
      where v_thread_reader.refusal is null
    ) as listed
  ) as page;

  v_caught_up := rolecall_internal.catch_up(
    p_user, p_input -> 'have', rolecall_internal.sees_removed(v_actor)
  );
  return rolecall_internal.success(
    jsonb_build_object(
      'cursor', v_next,
      'more', length(v_next) > length(rolecall_internal.sync_cursor(v_origin, v_horizon, v_horizon)),
      'conversations', case
        when v_conversations is null then '[]'
        else rolecall_internal.conversation_cards(p_user, v_conversations, v_readers, p_rollouts)
      end,
      'help_conversations', case
        when v_help is null then '[]'
        else rolecall_internal.help_cards(
          p_user,
          v_help,
          array_fill('v2'::text, array[cardinality(v_help)]),
          rolecall_internal.refuse_help_author(p_user, 'help-conversations', p_rollouts)
        )
      end,
      'threads', case
        when v_threads is null then '[]'
        else rolecall_internal.thread_cards(
          v_thread_reader.organization_id, v_threads, v_thread_reader.organization_role, p_user
        )
      end,
      'gone', to_jsonb(
        array(
          select unnest(v_gone)
          union
          select unnest(v_caught_up.gone)
        )
      ),
      'catch_up', v_caught_up.caught_up,
      'unread', rolecall_internal.unread(p_user, p_rollouts) -> 'data',
      -- Nothing makes notifications yet.
      'notifications', jsonb_build_object('unread', 0, 'newest_id', null)
    )
  );
end
$$;

-- Before which id of p_domain the next page goes on, at the transaction where the last one ended, in p_ended and at p_id:
-- within a transaction the domains come from the last to the first.
create or replace function rolecall_internal.sync_place(p_domain int, p_ended int, p_id uuid)
returns uuid
language sql
immutable
return case
  when p_domain = p_ended then p_id
  when p_domain < p_ended then 'ffffffff-ffff-ffff-ffff-ffffffffffff'
  else '00000000-0000-0000-0000-000000000000'
end;

create or replace function rolecall_edge.sync(p_request jsonb)
returns jsonb
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_call rolecall.call := rolecall_internal.begin_call('sync', p_request, p_rate => 'sync', p_keyed => false);
begin
  if v_call.answer is null then
    v_call.answer := rolecall_internal.sync(v_call.caller, v_call.input, v_call.rollouts);
  end if;
  return rolecall_internal.end_call(v_call);
end
$$;
