-- A page of the audit, newest first: {message_id?, target_id?, limit, cursor?}.
create or replace function rolecall_internal.moderation_audit(p_user uuid, p_input jsonb, p_rollouts jsonb)
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_refusal jsonb := rolecall_internal.refuse_moderation_reader(
    rolecall_internal.actor(p_user, 'moderation', p_rollouts),
    'audit'
  );
  v_limit int := rolecall_internal.page_size(p_input, rolecall_internal.limit_page());
  v_at timestamptz := 'infinity';
  v_id uuid := 'ffffffff-ffff-ffff-ffff-ffffffffffff';
  v_message uuid := rolecall_internal.uuid_or_null(p_input ->> 'message_id');
  v_target uuid := rolecall_internal.uuid_or_null(p_input ->> 'target_id');
  v_page rolecall.moderation_audit[];
begin
  if v_refusal is not null then
    return v_refusal;
  end if;
  if p_input ->> 'cursor' is not null then
    select parts.at, parts.id
    into v_at, v_id
    from rolecall_internal.cursor_parts(p_input ->> 'cursor') as parts;
    if v_at is null then
      return rolecall_internal.refuse_cursor();
    end if;
  end if;
  if (v_message is null and p_input ->> 'message_id' is not null)
    or (v_target is null and p_input ->> 'target_id' is not null)
  then
    return rolecall_internal.refusal('invalid_input', 'The message_id or target_id is not a uuid.');
  end if;

  -- A statement for each filter, so that each is read by its own index.
  if v_message is not null then
    select array_agg(newest order by at desc, id desc)
    into v_page
    from (
      select *
      from rolecall.moderation_audit
      where message_id = v_message
        and (v_target is null or target_id = v_target)
        and (at, id) < (v_at, v_id)
      order by at desc, id desc
      limit v_limit + 1
    ) as newest;
  elsif v_target is not null then
    select array_agg(newest order by at desc, id desc)
    into v_page
    from (
      select *
      from rolecall.moderation_audit
      where target_id = v_target
        and (at, id) < (v_at, v_id)
      order by at desc, id desc
      limit v_limit + 1
    ) as newest;
  else
    select array_agg(newest order by at desc, id desc)
    into v_page
    from (
      select *
      from rolecall.moderation_audit
      where (at, id) < (v_at, v_id)
      order by at desc, id desc
      limit v_limit + 1
    ) as newest;
  end if;

  return rolecall_internal.success(
    jsonb_build_object(
      'entries', (
        select coalesce(
          jsonb_agg(
            jsonb_build_object(
              'id', entry.id,
              'at', rolecall_internal.iso(entry.at),
              'actor_id', entry.actor_id,
              'action', entry.action,
              'report_id', entry.report_id,
              'message_id', entry.message_id,
              'target_id', entry.target_id,
              'note', entry.note,
              'before', entry.before,
              'after', entry.after
            )
            order by entry.at desc, entry.id desc
          ),
          '[]'
        )
        from unnest(v_page[1:v_limit]) as entry
      ),
      'next_cursor', case
        when cardinality(v_page) > v_limit
          then rolecall_internal.cursor_of(v_page[v_limit].at, v_page[v_limit].id)
      end
    )
  );
end
$$;

create or replace function rolecall_edge.moderation_audit(p_request jsonb)
returns jsonb
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_call rolecall.call := rolecall_internal.begin_call('moderation.audit', p_request, p_rate => 'read', p_keyed => false);
begin
  if v_call.answer is null then
    v_call.answer := rolecall_internal.moderation_audit(v_call.caller, v_call.input, v_call.rollouts);
  end if;
  return rolecall_internal.end_call(v_call);
end
$$;
