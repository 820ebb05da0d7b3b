-- Why p_user, who is verified, cannot use the function blocks; null when they can. A suspended user can: a block writes
-- to nobody.
create or replace function rolecall_internal.refuse_blocker(p_user uuid, p_rollout text)
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_user rolecall.profiles;
begin
  select *
  into v_user
  from rolecall.profiles
  where id = p_user;
  if not rolecall_internal.feature_enabled('blocks', p_rollout, p_user, v_user.is_internal) then
    return rolecall_internal.refuse_disabled();
  end if;
  if v_user.id is null then
    return rolecall_internal.refuse_without_profile();
  end if;
  return null;
end
$$;

-- A page of one's own blocks, newest first: {limit, cursor?}.
create or replace function rolecall_internal.list_blocks(p_user uuid, p_input jsonb, p_rollout text)
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_refusal jsonb := rolecall_internal.refuse_blocker(p_user, p_rollout);
  v_limit int := rolecall_internal.page_size(p_input, 100);
  v_at timestamptz := 'infinity';
  v_id uuid := 'ffffffff-ffff-ffff-ffff-ffffffffffff';
  v_page rolecall.user_blocks[];
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

-- Blocks a user: {blocked_id}. Who is blocked already stays so, since when they were.
create or replace function rolecall_internal.set_block(p_user uuid, p_input jsonb, p_rollout text)
returns jsonb
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_refusal jsonb := rolecall_internal.refuse_blocker(p_user, p_rollout);
  v_blocked uuid := rolecall_internal.uuid_or_null(p_input ->> 'blocked_id');
  v_since timestamptz;
begin
  if v_refusal is not null then
    return v_refusal;
  end if;
  if v_blocked = p_user then
    return rolecall_internal.refusal(
      'invalid_input',
      'Nobody can block themselves.',
      'self_block',
      'The blocked user is somebody else.'
    );
  end if;

  -- An update that changes nothing, so that the row of an earlier block is returned, too, even when another request
  -- makes it at this moment.
  insert into rolecall.user_blocks as block (blocker_id, blocked_id)
  select p_user, id
  from rolecall.profiles
  where id = v_blocked
  on conflict (blocker_id, blocked_id) do update
  set created_at = block.created_at
  returning created_at
  into v_since;
  if not found then
    return rolecall_internal.refusal('not_found', 'There is no user with this blocked_id.');
  end if;
  return rolecall_internal.success(jsonb_build_object('blocked_id', v_blocked, 'created_at', rolecall_internal.iso(v_since)));
end
$$;

-- Lifts a block of one's own: {blocked_id}.
create or replace function rolecall_internal.lift_block(p_user uuid, p_input jsonb, p_rollout text)
returns jsonb
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_refusal jsonb := rolecall_internal.refuse_blocker(p_user, p_rollout);
  v_blocked uuid := rolecall_internal.uuid_or_null(p_input ->> 'blocked_id');
begin
  if v_refusal is not null then
    return v_refusal;
  end if;
  delete from rolecall.user_blocks
  where blocker_id = p_user
    and blocked_id = v_blocked;
  return rolecall_internal.success(jsonb_build_object('blocked_id', v_blocked, 'was_blocked', found));
end
$$;

-- The way of every request of the function blocks.
create or replace function rolecall_internal.answer_blocks(p_act text, p_request jsonb)
returns jsonb
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_caller uuid := rolecall_internal.assume_claims(p_request -> 'claims');
  v_key text := p_request ->> 'idempotency_key';
  v_input jsonb := p_request -> 'input';
  v_rollout text := p_request ->> 'rollout';
  v_limit jsonb;
  v_answer jsonb;
begin
  if v_caller is null or p_request #>> '{claims,role}' is distinct from 'authenticated' then
    v_answer := rolecall_internal.refuse_non_user(p_request);
  elsif v_key is not null then
    -- Blocking and unblocking have the same input: the act tells them apart.
    v_answer := rolecall_internal.claim_key('blocks/' || p_act, v_caller, v_key, v_input);
  end if;
  if v_answer is null then
    if p_act = 'block_user' then
      v_limit := rolecall_internal.take_token(v_caller, 'block_user');
    end if;
    if v_limit -> 'taken' = 'false' then
      v_answer := rolecall_internal.refuse_rate(v_limit);
    else
      v_answer := rolecall_internal.with_limit(
        case p_act
          when 'blocks' then rolecall_internal.list_blocks(v_caller, v_input, v_rollout)
          when 'block_user' then rolecall_internal.set_block(v_caller, v_input, v_rollout)
          when 'unblock_user' then rolecall_internal.lift_block(v_caller, v_input, v_rollout)
        end,
        v_limit
      );
    end if;
    if v_key is not null then
      perform rolecall_internal.settle_key(v_caller, v_key, v_answer);
    end if;
  end if;
  return rolecall_internal.finish('blocks', p_request, v_caller, v_answer);
end
$$;

create or replace function rolecall_edge.blocks(p_request jsonb)
returns jsonb
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  return rolecall_internal.answer_blocks('blocks', p_request);
end
$$;

create or replace function rolecall_edge.block_user(p_request jsonb)
returns jsonb
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  return rolecall_internal.answer_blocks('block_user', p_request);
end
$$;

create or replace function rolecall_edge.unblock_user(p_request jsonb)
returns jsonb
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  return rolecall_internal.answer_blocks('unblock_user', p_request);
end
$$;
