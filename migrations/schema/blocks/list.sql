-- Lists the caller's blocks, newest first, a page at a time: {limit, cursor?}. A suspended user may list, set and lift
-- blocks: a block writes to nobody.
create or replace function rolecall_internal.list_blocks(p_user uuid, p_input jsonb, p_rollouts jsonb)
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_actor rolecall.actor := rolecall_internal.actor(p_user, 'blocks', p_rollouts);
  v_limit int := rolecall_internal.page_size(p_input, rolecall_internal.limit_page());
  v_at timestamptz := 'infinity';
  v_id uuid := 'ffffffff-ffff-ffff-ffff-ffffffffffff';
  v_page rolecall.user_blocks[];
begin
  if v_actor.refusal is not null then
    return v_actor.refusal;
  end if;
  if p_input ->> 'cursor' is not null then
    select parts.at, parts.id
    into v_at, v_id
    from rolecall_internal.cursor_parts(p_input ->> 'cursor') as parts;
    if v_at is null then
      return rolecall_internal.refuse_cursor();
    end if;
  end if;

  select array_agg(newest order by created_at desc, blocked_id desc)
  into v_page
  from (
    select *
    from rolecall.user_blocks
    where blocker_id = p_user
      and (created_at, blocked_id) < (v_at, v_id)
    order by created_at desc, blocked_id desc
    limit v_limit + 1
  ) as newest;

  return rolecall_internal.success(
    jsonb_build_object(
      'blocks', (
        select coalesce(
          jsonb_agg(
            jsonb_build_object(
              'blocked_id', block.blocked_id,
              'display_name', blocked.display_name,
              'created_at', rolecall_internal.iso(block.created_at)
            )
            order by block.created_at desc, block.blocked_id desc
          ),
          '[]'
        )
        from unnest(v_page[1:v_limit]) as block
        join rolecall.profiles as blocked
          on blocked.id = block.blocked_id
      ),
      'next_cursor', case
        when cardinality(v_page) > v_limit
          then rolecall_internal.cursor_of(v_page[v_limit].created_at, v_page[v_limit].blocked_id)
      end
    )
  );
end
$$;

create or replace function rolecall_edge.blocks(p_request jsonb)
returns jsonb
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_call rolecall.call := rolecall_internal.begin_call('blocks.list', p_request, p_rate => 'read', p_keyed => false);
begin
  if v_call.answer is null then
    v_call.answer := rolecall_internal.list_blocks(v_call.caller, v_call.input, v_call.rollouts);
  end if;
  return rolecall_internal.end_call(v_call);
end
$$;
