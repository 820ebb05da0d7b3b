-- Blocks: listed, set and lifted by the function, and what they stop.
begin;
\ir ../support/calls.psql
select no_plan();

create function pg_temp.block(p_user int, p_blocked int)
returns jsonb
language sql
return pg_temp.ask('block_user', pg_temp.demo(p_user), jsonb_build_object('blocked_id', pg_temp.demo(p_blocked)));

create function pg_temp.unblock(p_user int, p_blocked int)
returns jsonb
language sql
return pg_temp.ask('unblock_user', pg_temp.demo(p_user), jsonb_build_object('blocked_id', pg_temp.demo(p_blocked)));

create function pg_temp.write(p_from int, p_to int)
returns text
language sql
return pg_temp.verdict(
  pg_temp.ask(
    'send_dm',
    pg_temp.demo(p_from),
    jsonb_build_object('recipient_id', pg_temp.demo(p_to), 'content', 'Hi')
  )
);

select is(pg_temp.write(1, 4), 'ok', 'before a block people write');
select is(
  pg_temp.block(4, 1) -> 'data',
  jsonb_build_object('blocked_id', pg_temp.demo(1), 'created_at', rolecall_internal.iso(now())),
  'a user blocks another'
);
select is(pg_temp.write(1, 4), 'permission_denied/blocked', 'who then cannot write to them');
select is(pg_temp.write(4, 1), 'permission_denied/blocked', 'nor they back');
update rolecall.user_blocks set created_at = created_at - interval '1 day';
select is(
  pg_temp.block(4, 1) #>> '{data,created_at}',
  rolecall_internal.iso(now() - interval '1 day'),
  'blocking again changes nothing, and answers since when'
);
select is(pg_temp.verdict(pg_temp.block(4, 4)), 'invalid_input/self_block', 'nobody blocks themselves');
select is(pg_temp.verdict(pg_temp.block(4, 99)), 'not_found', 'there must be such a user');
select is(pg_temp.verdict(pg_temp.ask('block_user', pg_temp.demo(4), '{"blocked_id": "x"}')), 'not_found', 'with such an id');
select is(pg_temp.verdict(pg_temp.block(99, 1)), 'permission_denied/no_profile', 'who has no profile blocks nobody');
select is((select count(*) from rolecall.user_blocks), 1::bigint, 'no refusal has blocked anybody');

select is(
  pg_temp.unblock(1, 4) -> 'data',
  jsonb_build_object('blocked_id', pg_temp.demo(4), 'was_blocked', false),
  'who is blocked cannot lift it'
);
select is(pg_temp.write(1, 4), 'permission_denied/blocked', 'and it stays');
select is((pg_temp.unblock(4, 1) #> '{data,was_blocked}'), 'true', 'who blocks lifts it');
select is(pg_temp.write(1, 4), 'ok', 'which the next request meets');
select is((pg_temp.unblock(4, 1) #> '{data,was_blocked}'), 'false', 'lifting it again changes nothing');
select is((pg_temp.unblock(4, 99) #> '{data,was_blocked}'), 'false', 'nor does lifting what never was');

update rolecall.profiles set suspended_until = 'infinity' where id = pg_temp.demo(1);
select is(pg_temp.verdict(pg_temp.block(1, 5)), 'ok', 'a suspended user can block');
update rolecall.profiles set suspended_until = null where id = pg_temp.demo(1);
select pg_temp.unblock(1, 5);

-- The list
insert into rolecall.user_blocks (blocker_id, blocked_id, created_at)
select pg_temp.demo(2), pg_temp.demo(number), now() - (number / 3) * interval '1 hour'
from unnest(array[1, 3, 4, 5, 6, 7, 8]) as number;
insert into rolecall.user_blocks (blocker_id, blocked_id) values (pg_temp.demo(3), pg_temp.demo(2));
select is(
  pg_temp.ask('blocks', pg_temp.demo(3), '{"limit": 50}') -> 'data',
  jsonb_build_object(
    'blocks', jsonb_build_array(
      jsonb_build_object('blocked_id', pg_temp.demo(2), 'display_name', 'Ben', 'created_at', rolecall_internal.iso(now()))
    ),
    'next_cursor', null
  ),
  'people see whom they block, and not who blocks them'
);
create function pg_temp.pages(p_limit int)
returns text[]
language plpgsql
as $$
declare
  v_page jsonb;
  v_cursor text;
  v_all text[] := '{}';
begin
  loop
    v_page := pg_temp.ask(
      'blocks',
      pg_temp.demo(2),
      jsonb_strip_nulls(jsonb_build_object('limit', p_limit, 'cursor', v_cursor))
    ) -> 'data';
    v_all := v_all || array(select value ->> 'blocked_id' from jsonb_array_elements(v_page -> 'blocks'));
    v_cursor := v_page ->> 'next_cursor';
    exit when v_cursor is null;
  end loop;
  return v_all;
end
$$;
select is(
  pg_temp.pages(size),
  array(
    select blocked_id::text
    from rolecall.user_blocks
    where blocker_id = pg_temp.demo(2)
    order by created_at desc, blocked_id desc
  ),
  format('pages of %s hold every block once, newest first', size)
)
from generate_series(1, 8) as size;
select is(
  pg_temp.verdict(pg_temp.ask('blocks', pg_temp.demo(2), '{"cursor": "x"}')),
  'invalid_input',
  'a cursor must be one'
);
select is(pg_temp.verdict(pg_temp.ask('blocks', pg_temp.demo(99), '{}')), 'permission_denied/no_profile', 'or a profile be there');

-- Keys: the same body for blocking and unblocking is not the same request.
select is(
  pg_temp.verdict(
    pg_temp.ask(function, pg_temp.demo(1), jsonb_build_object('blocked_id', pg_temp.demo(2)), 'key')
  ),
  expected,
  format('%s with the key', function)
)
from (
  values
    (1, 'block_user', 'ok'),
    (2, 'unblock_user', 'idempotency_conflict/idempotency_key_reused'),
    (3, 'block_user', 'ok')
) as each (position, function, expected)
order by position;
select is((select count(*) from rolecall.user_blocks where blocker_id = pg_temp.demo(1)), 1::bigint, 'the block stands');

-- The rate limit
delete from rolecall.rate_buckets;
update rolecall.rate_limits set capacity = 2 where action = 'block_user';
select is(
  array(select pg_temp.verdict(pg_temp.block(1, 99)) from generate_series(1, 3)),
  array['not_found', 'not_found', 'rate_limited/rate_limit'],
  'blocking is limited'
);
select is(pg_temp.verdict(pg_temp.unblock(1, 2)), 'ok', 'unblocking is not');
select is(pg_temp.block(2, 1) #>> '{limits,0,remaining}', '1', 'an answer names what is left');

-- The flag and the operator's word
select is(
  pg_temp.verdict(pg_temp.ask(function, pg_temp.demo(8), '{}', null, '{"blocks": "disabled"}')),
  'feature_disabled/feature_disabled',
  format('%s can be switched off', function)
)
from unnest(array['blocks', 'block_user', 'unblock_user']) as function;
select is(rolecall_edge.blocks('{"claims": {}, "input": {}}') ->> 'code', 'unauthenticated', 'nobody is nobody');

select * from finish();
rollback;
