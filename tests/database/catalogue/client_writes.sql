-- What clients reach past the functions, through PostgREST: every RPC and every table that they may write is named here
-- with its rate limit and its flag. A new one without a decision fails, and each is tried: with no token left, with its
-- flag off, and more rows at once than there are tokens.
begin;
\ir ../support/calls.psql
select no_plan();

-- Which RPC is called how. can_user_send_dm and can_user_reply read without leaving a row, as a policy may call them: no
-- limit, and the flag of what they foretell.
create temporary table rpc (name text primary key, action text, flag text, call text);
insert into rpc
values
  ('can_user_reply', null, 'send-dm', 'select public.can_user_reply(%1$L, %2$L)'),
  ('can_user_send_dm', null, 'send-dm', 'select public.can_user_send_dm(%1$L, %3$L)'),
  (
    'create_conversation_atomic', 'start_conversation', 'start-conversation',
    'select public.create_conversation_atomic(%4$L, %1$L, $$I can help with that.$$)'
  ),
  ('get_conversation_v2', 'read_help_conversation', 'help-conversations', 'select public.get_conversation_v2(%2$L, %1$L)'),
  ('send_message_v2', 'send_help_message', 'help-conversations', 'select public.send_message_v2(%2$L, %1$L, $$Hi$$)');
select set_eq(
  $$
  select proname::text
  from pg_proc
  where pronamespace in ('public'::regnamespace, 'rolecall'::regnamespace)
    and has_function_privilege('authenticated', oid, 'execute')
  $$,
  'select name from rpc',
  'it is decided of every RPC how often a client may call it'
);
select is(
  provolatile::text,
  case when action is null then 's' else 'v' end,
  format('%s %s', name, case when action is null then 'writes nothing' else 'takes a token' end)
)
from rpc
join pg_proc
  on proname = name
  and pronamespace = 'public'::regnamespace;

create temporary table client_write (name text, command text, action text, flag text, statement text, primary key (name, command));
insert into client_write
values
  ('rolecall.help_requests', 'insert', 'ask_for_help', 'help-conversations',
    $$ insert into rolecall.help_requests (requester_id, title) select auth.uid(), 'Help ' || n from generate_series(1, %s) as n $$),
  ('rolecall.help_requests', 'update', 'change_help', 'help-conversations', $$ update rolecall.help_requests set title = 'Help!' $$),
  ('public.conversations_v2', 'update', 'change_help', 'help-conversations', $$ update public.conversations_v2 set status = 'closed' $$),
  ('public.messages_v2', 'update', 'send_help_message', 'help-conversations', $$ update public.messages_v2 set content = 'I can help you.' $$),
  ('public.messages_v2', 'delete', 'send_help_message', 'help-conversations', 'delete from public.messages_v2'),
  ('rolecall.profiles', 'update', 'update_profile', null, $$ update rolecall.profiles set display_name = 'Mia' $$),
  ('rolecall.user_blocks', 'insert', 'block_user', 'blocks',
    $$ insert into rolecall.user_blocks (blocker_id, blocked_id) select auth.uid(), id from rolecall.profiles where id not in (auth.uid(), '00000000-0000-4000-8000-000000000003') limit %s $$),
  ('rolecall.user_blocks', 'delete', 'block_user', 'blocks', 'delete from rolecall.user_blocks');
select set_eq(
  $$
  select format('%s.%s', relnamespace::regnamespace, relname), command
  from pg_class
  cross join unnest(array['insert', 'update', 'delete', 'truncate']) as command
  where relnamespace::regnamespace::text in ('public', 'rolecall', 'rolecall_internal', 'rolecall_edge', 'rolecall_monitoring')
    and relkind in ('r', 'p', 'v', 'm', 'f')
    and (
      has_table_privilege('authenticated', oid, command)
      or (command in ('insert', 'update') and has_any_column_privilege('authenticated', oid, command))
    )
  $$,
  'select name, command from client_write',
  'it is decided of every table how often a client may write it'
);
-- A trigger before each row takes the token, on the condition that a client writes and on no other.
select is(
  (
    select string_agg(encode(tgargs, 'escape'), ' ')
    from pg_trigger
    where tgrelid = name::regclass
      and tgfoid = 'rolecall_internal.limit_client_write()'::regprocedure
      and tgenabled = 'O'
      -- 1: for each row; 2: before; 4, 8 and 16: insert, delete, update.
      and tgtype & 3 = 3
      and tgtype & case command when 'insert' then 4 when 'delete' then 8 else 16 end > 0
      and tgattr::text = ''
      and pg_get_triggerdef(oid) ~ 'WHEN \(rolecall_internal\.is_client\(\)\) EXECUTE'
  ),
  action || '\000',
  format('a row of %s takes a token of %s on %s', name, action, command)
)
from client_write;
-- Times, and who did it, are not for clients to say.
select is_empty(
  $$
  select attrelid::regclass, attname
  from pg_attribute
  join client_write
    on attrelid = client_write.name::regclass
  where attname ~ '(_at|_until)$|^(closed_by|reviewed_by|sender_id|helper_id|role)$'
    and (
      has_column_privilege('authenticated', attrelid, attnum, 'insert')
      or has_column_privilege('authenticated', attrelid, attnum, 'update')
    )
  $$,
  'no client says when, or for whom else'
);
select is(
  pg_temp.run_as(
    'authenticated',
    pg_temp.demo(1),
    format('insert into rolecall.user_blocks (blocker_id, blocked_id, created_at) values (%L, %L, $$1999-01-01$$)', pg_temp.demo(1), pg_temp.demo(2))
  ),
  '42501',
  'nobody says since when a block is'
);

-- 4 helps 1, has a request, blocks 3.
select pg_temp.ask(
  'start_conversation',
  pg_temp.demo(4),
  jsonb_build_object('help_request_id', pg_temp.demo(21), 'initial_message', 'I can help with that.')
);
insert into rolecall.help_requests (requester_id, title) values (pg_temp.demo(4), 'Help');
insert into rolecall.user_blocks (blocker_id, blocked_id) values (pg_temp.demo(4), pg_temp.demo(3));

-- Runs a statement and takes it back: what it returned, how many rows it wrote, or its SQLSTATE.
create function pg_temp.tried(p_statement text)
returns text
language plpgsql
as $$
declare
  v_result text;
begin
  begin
    v_result := pg_temp.run_as('authenticated', pg_temp.demo(4), p_statement);
    raise exception using errcode = 'RC001';
  exception
    when sqlstate 'RC001' then
      perform set_config('role', 'none', true);
  end;
  return v_result;
end
$$;
create function pg_temp.statement(p_call text)
returns text
language sql
return format(
  p_call,
  pg_temp.demo(4),
  (select id from public.conversations_v2 where help_request_id = pg_temp.demo(21)),
  pg_temp.demo(1),
  pg_temp.demo(22)
);
create function pg_temp.called(p_call text)
returns text
language sql
return pg_temp.run_as('authenticated', pg_temp.demo(4), pg_temp.statement(p_call));

select is(pg_temp.verdict(pg_temp.tried(pg_temp.statement(call))::jsonb), 'ok', format('%s answers', name))
from rpc
where action is not null;
select is(pg_temp.tried(format(statement, 1)), '1', format('%s of %s works', command, name))
from client_write;

-- No token is left.
update rolecall.rate_limits set capacity = 0;
select is(pg_temp.verdict(pg_temp.tried(pg_temp.statement(call))::jsonb), 'rate_limited/rate_limit', format('%s is limited', name))
from rpc
where action is not null;
select is(pg_temp.tried(format(statement, 1)), 'PT429', format('%s of %s is limited', command, name))
from client_write;
select throws_ok(
  format(
    $test$ do $do$ begin
      perform set_config('request.jwt.claims', '{"sub": "%s", "role": "authenticated"}', true);
      set local role authenticated;
      update rolecall.help_requests set title = 'x';
    end $do$ $test$,
    pg_temp.demo(4)
  ),
  'PT429',
  'You have done this too often; the limit is 0 per 60 seconds.',
  'the refusal says what the limit is'
);
reset role;
select set_config('request.jwt.claims', '', true);
select is(
  pg_temp.run_as('service_role', null, 'update rolecall.help_requests set title = $$Helped$$'),
  (select count(*)::text from rolecall.help_requests),
  'the operator has no limit'
);

-- One statement of more rows than there are tokens writes none.
update rolecall.rate_limits set capacity = 3;
delete from rolecall.rate_buckets;
select is(pg_temp.tried(format(statement, 4)), 'PT429', format('four rows of %s at once are one too many', name))
from client_write
where command = 'insert';
select is(pg_temp.tried(format(statement, 3)), '3', format('three of %s are not', name))
from client_write
where command = 'insert';
update rolecall.rate_limits set capacity = 20 where action = 'ask_for_help';
select is(
  pg_temp.tried($$ insert into rolecall.help_requests (requester_id, title) select auth.uid(), 'Help' from generate_series(1, 10000) $$),
  'PT429',
  'ten thousand help requests by one statement are refused'
);
select is((select count(*) from rolecall.help_requests), 3::bigint, 'all of them');

-- Every flag is off.
update rolecall.rate_limits set capacity = 100;
update rolecall.feature_flags set rollout = 'disabled';
select is(
  pg_temp.tried(pg_temp.statement(call)),
  'false',
  format('%s says no with every flag off', name)
)
from rpc
where action is null;
select is(
  pg_temp.verdict(pg_temp.tried(pg_temp.statement(call))::jsonb),
  'feature_disabled/feature_disabled',
  format('%s is off with every flag off', name)
)
from rpc
where action is not null;
select is(
  pg_temp.tried(format(statement, 1)),
  case when flag is null then '1' when command = 'insert' then '42501' else '0' end,
  format('with every flag off %s of %s is %s', command, name, case when flag is null then 'as before' else 'refused' end)
)
from client_write;
update rolecall.feature_flags set rollout = 'enabled'
where name in (select flag from client_write union select flag from rpc union select 'messaging_v2_enabled');
select is(pg_temp.tried(format(statement, 1)), '1', format('%s of %s needs no other flag', command, name))
from client_write;

-- While suspended nothing is written that others read; blocks, closing and taking back are for everybody.
update rolecall.profiles set suspended_until = 'infinity' where id = pg_temp.demo(4);
select is(
  pg_temp.tried(format(statement, 1)),
  case
    when command = 'delete' or name in ('rolecall.user_blocks', 'public.conversations_v2') then '1'
    when command = 'insert' then '42501'
    else '0'
  end,
  format('while suspended: %s of %s', command, name)
)
from client_write
-- The suspension of a profile is tested with the moderation.
where name <> 'rolecall.profiles';

-- An Idempotency-Key works for the RPCs that write.
update rolecall.profiles set suspended_until = null;
select set_config('request.headers', '{"idempotency-key": "\"key 1\"", "x-request-id": "from-postgrest"}', true);
create temporary table kept as select pg_temp.called(call)::jsonb as answer from rpc where name = 'send_message_v2';
select is(
  pg_temp.called(call)::jsonb,
  answer,
  'the same message with the same key is answered, not repeated'
)
from rpc
cross join kept
where name = 'send_message_v2';
select is((select count(*) from public.messages_v2 where content = 'Hi'), 1::bigint, 'one message is there');
select is(
  pg_temp.verdict(pg_temp.called($$ select public.send_message_v2(%2$L, %1$L, 'Ho') $$)::jsonb),
  'idempotency_conflict/idempotency_key_reused',
  'another with the key is refused'
);
select is(
  (select request_id from rolecall.application_logs order by id desc limit 1),
  'from-postgrest',
  'the log has the request''s id'
);
select set_config('request.headers', '{"idempotency-key": "é"}', true);
select is(
  pg_temp.verdict(pg_temp.called(call)::jsonb),
  'validation_error/malformed_header',
  'a key that is none is refused'
)
from rpc
where name in ('send_message_v2', 'create_conversation_atomic');
select set_config('request.headers', '', true);
select is((select count(*) from public.messages_v2 where content in ('Hi', 'Ho')), 1::bigint, 'and nothing is written');

select * from finish();
rollback;
