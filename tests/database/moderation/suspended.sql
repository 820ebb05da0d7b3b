-- A suspended user reads, deletes what they wrote, exports, and protects themselves by blocks and reports; nothing else of
-- theirs is written, by function, RPC or table. The lists are closed: what is new has to be added.
begin;
\ir ../support/calls.psql
select no_plan();

-- 6, a moderator, and 4, an MVP dealer, have each written something before they are suspended.
create temporary table before as
select
  pg_temp.ask('send_dm', pg_temp.demo(4), jsonb_build_object('recipient_id', pg_temp.demo(1), 'content', 'Mine')) -> 'data' as own,
  pg_temp.ask('send_dm', pg_temp.demo(1), jsonb_build_object('recipient_id', pg_temp.demo(4), 'content', 'Rude')) -> 'data' as other,
  pg_temp.ask('send_dm', pg_temp.demo(6), jsonb_build_object('recipient_id', pg_temp.demo(1), 'content', 'Hello')) -> 'data' as staff,
  pg_temp.ask('send_dm', pg_temp.demo(1), jsonb_build_object('recipient_id', pg_temp.demo(6), 'content', 'Removed')) -> 'data' as removed,
  pg_temp.ask(
    'start_conversation',
    pg_temp.demo(4),
    jsonb_build_object('help_request_id', pg_temp.demo(21), 'initial_message', 'I can take you there.')
  ) -> 'data' as help;
select pg_temp.ask('report_message', pg_temp.demo(1), jsonb_build_object('message_id', own ->> 'message_id', 'reason', 'Rude'))
from before;
select pg_temp.ask('delete_message', pg_temp.demo(8), jsonb_build_object('message_id', removed ->> 'message_id')) from before;
insert into rolecall.help_requests (id, requester_id, title) values (pg_temp.demo(72), pg_temp.demo(4), 'Help');
create temporary table report as select id from rolecall.reported_messages;
grant select on before, report to rolecall_edge, authenticated;

create function pg_temp.last_content(p_user int)
returns text
language sql
return (
  select string_agg(coalesce(message ->> 'content', 'nothing'), ', ' order by message ->> 'seq')
  from before
  cross join jsonb_array_elements(
    pg_temp.ask('messages', pg_temp.demo(p_user), jsonb_build_object('conversation_id', staff ->> 'conversation_id', 'limit', 50))
      #> '{data,messages}'
  ) as message
);
create function pg_temp.card_content(p_user int)
returns text
language sql
return pg_temp.ask('inbox', pg_temp.demo(p_user), '{"limit": 50}') #>> '{data,conversations,0,last_message,content}';

select is(pg_temp.last_content(6), 'Hello, Removed', 'a moderator reads what was removed in a conversation of theirs');
select is(pg_temp.card_content(6), 'Hello', 'its card is that of the message before');
select is(pg_temp.last_content(1), 'Hello, nothing', 'its other side does not');

-- And 73, who owns the agency.
insert into rolecall.profiles (id, organization_id, organization_role)
values (pg_temp.demo(73), '00000000-0000-4000-8000-0000000000a0', 'owner');

update rolecall.profiles set suspended_until = 'infinity' where id in (pg_temp.demo(4), pg_temp.demo(6), pg_temp.demo(73));

select is(pg_temp.last_content(6), 'Hello, nothing', 'a suspended moderator does not');
select is(pg_temp.card_content(6), 'Hello', 'nor on its card');

-- Functions

create temporary table entry (function text, caller int, input jsonb, verdict text);
insert into entry
select entry.*
from before
cross join report
cross join lateral (
  values
    -- What they read.
    ('inbox', 4, '{"limit": 50}'::jsonb, 'ok'),
    ('unread', 4, '{}', 'ok'),
    ('messages', 4, jsonb_build_object('conversation_id', own ->> 'conversation_id', 'limit', 50), 'ok'),
    (
      'conversation_changes',
      4,
      jsonb_build_object('conversation_id', own ->> 'conversation_id', 'since_revision', 0, 'limit', 50),
      'ok'
    ),
    ('message_history', 4, jsonb_build_object('message_id', own ->> 'message_id'), 'ok'),
    ('sync', 4, '{"limit": 50}', 'ok'),
    ('blocks', 4, '{"limit": 50}', 'ok'),
    ('presence', 4, jsonb_build_object('user_ids', jsonb_build_array(pg_temp.demo(1))), 'ok'),
    ('check_permission', 4, jsonb_build_object('action', 'start_dm', 'recipient_id', pg_temp.demo(1)), 'ok'),
    ('export_own_data', 4, '{}', 'ok'),
    -- How far they have read is theirs alone.
    ('mark_read', 4, jsonb_build_object('conversation_id', own ->> 'conversation_id', 'up_to_seq', 2), 'ok'),
    ('mark_unread', 4, jsonb_build_object('conversation_id', own ->> 'conversation_id', 'from_seq', 1), 'ok'),
    ('conversation_settings', 4, jsonb_build_object('conversation_id', own ->> 'conversation_id', 'pinned', true), 'ok'),
    -- What protects them.
    ('block_user', 4, jsonb_build_object('blocked_id', pg_temp.demo(2)), 'ok'),
    ('unblock_user', 4, jsonb_build_object('blocked_id', pg_temp.demo(2)), 'ok'),
    ('report_message', 4, jsonb_build_object('message_id', other ->> 'message_id', 'reason', 'Rude'), 'ok'),
    -- What they take back.
    ('unreact', 4, jsonb_build_object('message_id', own ->> 'message_id', 'emoji', '👍'), 'ok'),
    ('delete_message', 4, jsonb_build_object('message_id', own ->> 'message_id'), 'ok'),
    ('message_reactions', 4, jsonb_build_object('message_id', own ->> 'message_id', 'limit', 50), 'ok'),
    -- Everything else.
    (
      'edit_message',
      4,
      jsonb_build_object('message_id', own ->> 'message_id', 'content', 'Other words'),
      'permission_denied/suspended'
    ),
    (
      'react',
      4,
      jsonb_build_object('message_id', own ->> 'message_id', 'emoji', '👍'),
      'permission_denied/suspended'
    ),
    (
      'typing',
      4,
      jsonb_build_object('conversation_id', own ->> 'conversation_id'),
      'permission_denied/suspended'
    ),
    (
      'send_dm',
      4,
      jsonb_build_object('recipient_id', pg_temp.demo(1), 'content', 'Hi'),
      'permission_denied/suspended'
    ),
    (
      'send_dm',
      4,
      jsonb_build_object('conversation_id', own ->> 'conversation_id', 'content', 'Hi'),
      'permission_denied/suspended'
    ),
    (
      'send_broadcast',
      4,
      jsonb_build_object('show_id', pg_temp.demo(11), 'recipient_roles', '["attendee"]'::jsonb, 'message', 'Hi'),
      'permission_denied/suspended'
    ),
    (
      'start_conversation',
      4,
      jsonb_build_object('help_request_id', pg_temp.demo(22), 'initial_message', 'I can carry it.'),
      'permission_denied/suspended'
    ),
    ('realtime_token', 4, '{}', 'permission_denied/suspended'),
    ('help_conversations', 4, '{"limit": 50}', 'ok'),
    ('help_conversation', 4, jsonb_build_object('limit', 50, 'conversation_id', help -> 'conversation_id'), 'ok'),
    ('read_help_conversation', 4, jsonb_build_object('conversation_id', help -> 'conversation_id'), 'ok'),
    (
      'send_help_message',
      4,
      jsonb_build_object('conversation_id', help -> 'conversation_id', 'content', 'Hi'),
      'permission_denied/suspended'
    ),
    -- Ending writes to nobody, through the table neither.
    ('complete_help_conversation', 4, jsonb_build_object('conversation_id', help -> 'conversation_id'), 'ok'),
    (
      'cancel_help_conversation',
      4,
      jsonb_build_object('conversation_id', help -> 'conversation_id'),
      'conversation_read_only/conversation_read_only'
    ),
    ('moderation_queue', 6, '{"limit": 50}', 'permission_denied/suspended'),
    ('moderation_audit', 6, '{"limit": 50}', 'permission_denied/suspended'),
    (
      'review_report',
      6,
      jsonb_build_object('report_id', report.id, 'decision', 'dismiss'),
      'permission_denied/suspended'
    ),
    ('delete_message', 6, jsonb_build_object('message_id', other ->> 'message_id'), 'permission_denied/suspended'),
    ('restore_message', 6, jsonb_build_object('message_id', removed ->> 'message_id'), 'permission_denied/suspended'),
    (
      'suspend_user',
      6,
      jsonb_build_object('target_id', pg_temp.demo(2), 'until', '2999-01-01T00:00:00Z'),
      'permission_denied/suspended'
    ),
    ('lift_suspension', 6, jsonb_build_object('target_id', pg_temp.demo(4)), 'permission_denied/suspended'),
    ('list_threads', 73, '{"limit": 50}', 'ok'),
    ('thread_messages', 73, '{"thread_id": "00000000-0000-4000-8000-0000000000a8", "limit": 50}', 'ok'),
    ('mark_thread_read', 73, '{"thread_id": "00000000-0000-4000-8000-0000000000a8"}', 'ok'),
    (
      'send_thread_message',
      73,
      '{"thread_id": "00000000-0000-4000-8000-0000000000a8", "content": "Hi", "filter": {"violations": []}}',
      'permission_denied/suspended'
    ),
    (
      'force_send',
      73,
      '{"message_id": "00000000-0000-4000-8000-0000000000ab", "reason": "The vet''s"}',
      'permission_denied/suspended'
    ),
    (
      'settle_text',
      73,
      '{"message_id": "00000000-0000-4000-8000-0000000000ac", "outcome": "sent"}',
      'permission_denied/suspended'
    ),
    (
      'assign_booking',
      73,
      jsonb_build_object(
        'booking_id', pg_temp.demo(99),
        'client', '{"id": "00000000-0000-4000-8000-0000000000a7"}'::jsonb,
        'service', 'walk',
        'starts_at', now(),
        'ends_at', now() + interval '1 hour',
        'recurring', false,
        'sitter_id', null,
        'status', 'confirmed'
      ),
      'permission_denied/suspended'
    ),
    ('flags', 4, '{}', 'ok')
) as entry (function, caller, input, verdict);
select is(
  pg_temp.verdict(pg_temp.ask(function, pg_temp.demo(caller), input)),
  verdict,
  format('%s of a suspended %s: %s', function, case caller when 4 then 'user' when 6 then 'moderator' else 'owner' end, verdict)
)
from (select * from entry) as entry;
select set_eq(
  $$
    select proname
    from pg_proc
    where pronamespace = 'rolecall_edge'::regnamespace
      -- What asks for no user, or for the operator; the diagnostics, which are read; and the last word of all.
      and proname not in (
        'add_number', 'advance_rollout', 'alerts', 'alerts_sent', 'claim_sms', 'delete_own_data', 'diagnostics',
        'erase_client', 'guard_rollouts', 'health', 'list_numbers', 'release_number',
        'key_set', 'metrics', 'receive_sms', 'receive_sms_status', 'record_failures', 'record_refusal', 'reset_broadcast_quotas', 'rollback_rollout',
        'rollout_status', 'set_rollout', 'settle_sms', 'simulate_rollout',
        'create_webhook', 'list_webhooks', 'update_webhook', 'rotate_webhook', 'remove_webhook', 'test_webhook',
        'list_webhook_deliveries', 'redeliver_webhook'
      )
  $$,
  'select function from entry',
  'every function of a user is among them'
);
select is(
  pg_temp.last_content(6),
  'Hello, nothing',
  'and nothing has been restored'
);

-- RPCs

create temporary table rpc (function text, statement text, verdict text);
insert into rpc
select rpc.*
from before
cross join lateral (
  values
    ('get_conversation_v2', format('%L, auth.uid()', help ->> 'conversation_id'), 'ok'),
    ('can_user_send_dm', format('auth.uid(), %L', pg_temp.demo(1)), 'false'),
    ('can_user_reply', format('auth.uid(), %L', own ->> 'conversation_id'), 'false'),
    (
      'create_conversation_atomic',
      format('%L, auth.uid(), %L', pg_temp.demo(22), 'I can carry it.'),
      'permission_denied/suspended'
    ),
    ('send_message_v2', format('%L, auth.uid(), %L', help ->> 'conversation_id', 'Hi'), 'permission_denied/suspended')
) as rpc (function, arguments, verdict);
select is(
  case
    when verdict = 'false' then pg_temp.run_as('authenticated', pg_temp.demo(4), format('select public.%I(%s)', function, statement))
    else pg_temp.verdict(pg_temp.run_as('authenticated', pg_temp.demo(4), format('select public.%I(%s)', function, statement))::jsonb)
  end,
  verdict,
  format('%s of a suspended user: %s', function, verdict)
)
from rpc;
select set_eq(
  $$
    select proname
    from pg_proc
    where pronamespace in ('rolecall'::regnamespace, 'public'::regnamespace)
      and obj_description(oid, 'pg_proc') ~ '^Rolecall'
      and has_function_privilege('authenticated', oid, 'execute')
  $$,
  'select function from rpc',
  'every RPC is among them'
);

-- Tables

create temporary table change (name text, command text, statement text, rows text);
insert into change
select change.*
from before
cross join lateral (
  values
    ('profiles', 'update', $$ update rolecall.profiles set display_name = 'Somebody else' $$, '0'),
    (
      'help_requests',
      'insert',
      $$ insert into rolecall.help_requests (requester_id, title) values (auth.uid(), 'More help') $$,
      '42501'
    ),
    ('help_requests', 'update', $$ update rolecall.help_requests set title = 'Other help' $$, '0'),
    ('messages_v2', 'update', $$ update public.messages_v2 set content = 'Other words' $$, '0'),
    -- What protects them, and what they take back.
    (
      'user_blocks',
      'insert',
      format('insert into rolecall.user_blocks (blocker_id, blocked_id) values (auth.uid(), %L)', pg_temp.demo(3)),
      '1'
    ),
    ('user_blocks', 'delete', 'delete from rolecall.user_blocks', '1'),
    ('messages_v2', 'delete', format('delete from public.messages_v2 where id = %L', help #>> '{message,id}'), '1')
) as change (name, command, statement, rows);
select is(
  pg_temp.run_as('authenticated', pg_temp.demo(4), statement),
  rows,
  format('%s of %s by a suspended user: %s', command, name, rows)
)
from change;
select set_eq(
  $$
    select class.relname, command
    from pg_class as class
    cross join unnest(array['insert', 'update', 'delete', 'truncate']) as command
    where class.relkind in ('r', 'p', 'v')
      and class.relnamespace in ('rolecall'::regnamespace, 'public'::regnamespace)
      and case
        when command in ('delete', 'truncate') then has_table_privilege('authenticated', class.oid, command)
        else has_any_column_privilege('authenticated', class.oid, command)
      end
  $$,
  $$ select name, command from change union select 'conversations_v2', 'update' $$,
  'every table that users write is among them'
);
update rolecall.profiles set suspended_until = null where id = pg_temp.demo(4);
select is(
  pg_temp.run_as('authenticated', pg_temp.demo(4), $$ update rolecall.profiles set display_name = 'Mia again' $$),
  '1',
  'who is not suspended any more changes their name'
);

select * from finish();
rollback;
