-- Ids of messages that clients choose: what is answered when one is taken, and that nothing but the message counts.
begin;
\ir ../support/calls.psql
select no_plan();

create function pg_temp.send(p_user int, p_input jsonb, p_key text default null)
returns jsonb
language sql
return pg_temp.ask('send_dm', pg_temp.demo(p_user), p_input, p_key);

create function pg_temp.dm(p_to int, p_content text, p_id text)
returns jsonb
language sql
return jsonb_build_object('recipient_id', pg_temp.demo(p_to), 'content', p_content, 'message_id', p_id);

create function pg_temp.id(p_number int)
returns text
language sql
return 'b0000000-0000-4000-8000-0000000000' || lpad(p_number::text, 2, '0');

-- What it is
select is(pg_temp.send(5, pg_temp.dm(1, 'One', pg_temp.id(1))) #>> '{data,message_id}', pg_temp.id(1), 'it is the message''s id');
select is(
  pg_temp.verdict(pg_temp.send(5, pg_temp.dm(1, 'One', odd))),
  'invalid_input',
  coalesce(odd, 'null') || ' is no id'
)
from unnest(
  array['', 'x', '00000000-0000-0000-0000-000000000000', 'FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF', repeat('0', 32)]
) as odd;
select is(
  pg_temp.verdict(pg_temp.send(5, pg_temp.dm(1, 'Without', null))),
  'ok',
  'null is none'
);

-- The same again
select is(
  pg_temp.send(5, pg_temp.dm(1, 'One', upper(pg_temp.id(1)))) - 'limits',
  (
    select jsonb_build_object(
      'ok', true,
      'data', jsonb_build_object(
        'message_id', id,
        'conversation_id', conversation_id,
        'seq', seq,
        'created_at', rolecall_internal.iso(created_at)
      ),
      'org_id', (select organization_id from rolecall.profiles where id = pg_temp.demo(5)),
      'replayed', true
    )
    from rolecall.messages
    where id = pg_temp.id(1)::uuid
  ),
  'it is answered as the first time'
);
select is(
  pg_temp.send(5, pg_temp.dm(1, 'One', pg_temp.id(1)), 'key') -> 'replayed',
  'true',
  'with a key, too'
);
select is(
  (select answer -> 'data' ->> 'message_id' from rolecall.idempotency_records where key = 'key'),
  pg_temp.id(1),
  'under which it is kept'
);
update rolecall.rate_buckets
set tokens = 0,
  refilled_at = clock_timestamp()
where user_id = pg_temp.demo(5);
select is(pg_temp.verdict(pg_temp.send(5, pg_temp.dm(1, 'One', pg_temp.id(1)))), 'ok', 'it takes no token');
select is(
  pg_temp.verdict(pg_temp.send(5, pg_temp.dm(1, 'Two', pg_temp.id(1)))),
  'rate_limited/rate_limit',
  'a conflict takes one'
);
delete from rolecall.rate_buckets;
update rolecall.conversations
set read_only = true
where kind = 'direct';
update rolecall.profiles
set suspended_until = 'infinity'
where id = pg_temp.demo(5);
update rolecall.feature_flags
set rollout = 'disabled'
where name = 'send-dm';
select is(pg_temp.verdict(pg_temp.send(5, pg_temp.dm(1, 'One', pg_temp.id(1)))), 'ok', 'whatever has come in between');
update rolecall.messages
set content = null,
  deleted_at = now(),
  deleted_as = 'author'
where id = pg_temp.id(1)::uuid;
select is(
  pg_temp.verdict(pg_temp.send(5, pg_temp.dm(1, 'Two', pg_temp.id(1)))),
  'ok',
  'of a deleted message the id alone counts'
);
select is((select count(*) from rolecall.messages where id = pg_temp.id(1)::uuid), 1::bigint, 'and it is there once');
update rolecall.conversations
set read_only = false
where kind = 'direct';
update rolecall.profiles
set suspended_until = null
where id = pg_temp.demo(5);
update rolecall.feature_flags
set rollout = 'enabled'
where name = 'send-dm';

-- Another
select is(pg_temp.verdict(pg_temp.send(5, pg_temp.dm(1, 'A', pg_temp.id(2)))), 'ok', 'an id of its own');
select is(
  pg_temp.verdict(pg_temp.send(5, pg_temp.dm(1, 'B', pg_temp.id(2)))),
  'idempotency_conflict/message_id_reused',
  'another content'
);
select is(
  pg_temp.verdict(pg_temp.send(5, pg_temp.dm(1, 'A', pg_temp.id(2)) || jsonb_build_object('show_id', pg_temp.demo(11)))),
  'idempotency_conflict/message_id_reused',
  'another show'
);
select is(
  pg_temp.verdict(pg_temp.send(5, pg_temp.dm(2, 'A', pg_temp.id(2)))),
  'message_id_taken/message_id_taken',
  'to somebody else'
);
select is(
  pg_temp.verdict(pg_temp.send(6, pg_temp.dm(1, 'A', pg_temp.id(2)))),
  'message_id_taken/message_id_taken',
  'of somebody else'
);
select is(
  pg_temp.verdict(pg_temp.send(1, pg_temp.dm(5, 'A', pg_temp.id(2)))),
  'message_id_taken/message_id_taken',
  'of the other of the two'
);
update rolecall.messages
set legacy = true
where id = pg_temp.id(2)::uuid;
select is(
  pg_temp.verdict(pg_temp.send(5, pg_temp.dm(1, 'A', pg_temp.id(2)))),
  'message_id_taken/message_id_taken',
  'what was imported was not sent here'
);

-- Nobody
select is(
  rolecall_edge.send_dm(
    jsonb_build_object('claims', claims, 'rollouts', '{}'::jsonb, 'input', pg_temp.dm(1, 'A', pg_temp.id(3)))
  ) ->> 'code',
  code,
  claims::text
)
from (
  values
    ('null'::jsonb, 'unauthenticated'),
    ('{"role": "authenticated"}', 'unauthenticated'),
    (jsonb_build_object('sub', pg_temp.demo(5), 'role', 'service_role'), 'permission_denied')
) as nobody (claims, code);
select ok(
  (select count(*) from rolecall.message_id_slots) between 1 and 2,
  'who may not send holds no id, and neither does a message without one'
);
select has_table('rolecall', 'message_id_slots', 'the ids have their slots');
select is(
  (select relpersistence from pg_class where oid = 'rolecall.message_id_slots'::regclass),
  'u'::"char",
  'of which none outlives a crash'
);

select * from finish();
rollback;
