-- What is kept under an Idempotency-Key identifies and tells nothing: no message, note, reason, name or phone number. Every
-- operation that takes a key is called here with such words in each of its texts; an operation that is new has to be added.
begin;
\ir ../support/calls.psql
select no_plan();

-- Nobody knows whether the carrier has the agency's text.
update rolecall.sms_outbox
set status = 'uncertain'
where organization_id = '00000000-0000-4000-8000-0000000000a0';

-- A webhook, which the operator's calls change.
insert into rolecall.webhooks (id, url, secret)
values (pg_temp.demo(81), 'https://push.example', 'whsec_x');
insert into rolecall.webhook_queues (webhook_id)
values (pg_temp.demo(81));

-- "Zanzibar" stands in everything that somebody writes.
insert into rolecall.profiles (id, role, display_name)
values
  (pg_temp.demo(51), 'moderator', 'Zanzibar Mona'),
  (pg_temp.demo(52), 'attendee', 'Zanzibar Nina');
update rolecall.profiles set display_name = 'Zanzibar ' || display_name where display_name not like 'Zanzibar%';
insert into rolecall.profiles (id, display_name, organization_id, organization_role)
values (pg_temp.demo(53), 'Zanzibar Olive', '00000000-0000-4000-8000-0000000000a0', 'owner');
insert into rolecall.help_requests (id, requester_id, title, description)
values
  (pg_temp.demo(71), pg_temp.demo(1), 'Zanzibar title', 'Zanzibar description'),
  (pg_temp.demo(72), pg_temp.demo(1), 'Another title', '');

create function pg_temp.keyed(p_function text, p_user int, p_input jsonb, p_key text default 'kept')
returns jsonb
language plpgsql
as $$
declare
  v_answer jsonb;
begin
  if p_user is not null then
    v_answer := pg_temp.ask(p_function, pg_temp.demo(p_user), p_input, p_key || ' ' || p_function);
  else
    execute format('select rolecall_edge.%I($1)', p_function)
    into v_answer
    using jsonb_build_object(
      'claims', '{"role": "service_role"}'::jsonb,
      'idempotency_key', p_key || ' ' || p_function,
      'rollouts', '{}'::jsonb,
      'input', p_input
    );
  end if;
  insert into asked values (p_function, p_user, p_input, p_key, v_answer);
  return v_answer;
end
$$;
-- The last step of the nightly run keeps its answer.
select pg_temp.ask_for_the_night();
create temporary table asked (function text, caller int, input jsonb, key text, answer jsonb);
grant all on asked to rolecall_edge;

create temporary table sent as
select
  pg_temp.keyed(
    'send_dm', 1, jsonb_build_object('recipient_id', pg_temp.demo(4), 'content', 'Zanzibar, call +1 415 555 0123')
  ) -> 'data' as dm,
  pg_temp.keyed(
    'send_broadcast',
    4,
    jsonb_build_object('show_id', pg_temp.demo(11), 'recipient_roles', '["attendee"]'::jsonb, 'message', 'Zanzibar news')
  ) -> 'data' as broadcast,
  pg_temp.keyed(
    'start_conversation',
    4,
    jsonb_build_object('help_request_id', pg_temp.demo(71), 'initial_message', 'Zanzibar is where I can take you.')
  ) -> 'data' as help,
  pg_temp.ask(
    'start_conversation',
    pg_temp.demo(4),
    jsonb_build_object('help_request_id', pg_temp.demo(72), 'initial_message', 'Another place is where I can take you.')
  ) -> 'data' as another;
create temporary table report as
select
  pg_temp.keyed(
    'report_message', 4, jsonb_build_object('message_id', dm ->> 'message_id', 'reason', 'Zanzibar is rude.')
  ) -> 'data' as report
from sent;
select count(pg_temp.keyed(function, caller, input))
from sent
cross join report
cross join lateral (
  values
    (0, 'conversation_settings', 1, jsonb_build_object('conversation_id', dm ->> 'conversation_id', 'pinned', true)),
    (0, 'edit_message', 1, jsonb_build_object('message_id', dm ->> 'message_id', 'content', 'Zanzibar, call +1 415 555 0123!')),
    (
      1,
      'review_report',
      51,
      jsonb_build_object('report_id', report ->> 'report_id', 'decision', 'delete', 'note', 'Zanzibar note')
    ),
    (2, 'restore_message', 51, jsonb_build_object('message_id', dm ->> 'message_id', 'note', 'Zanzibar note')),
    (3, 'delete_message', 51, jsonb_build_object('message_id', dm ->> 'message_id', 'note', 'Zanzibar note')),
    (
      4,
      'suspend_user',
      51,
      jsonb_build_object('target_id', pg_temp.demo(52), 'until', '2999-01-01T00:00:00Z', 'note', 'Zanzibar note')
    ),
    (5, 'lift_suspension', 51, jsonb_build_object('target_id', pg_temp.demo(52), 'note', 'Zanzibar note')),
    (6, 'mark_read', 4, jsonb_build_object('conversation_id', dm ->> 'conversation_id', 'up_to_seq', 1)),
    (7, 'block_user', 1, jsonb_build_object('blocked_id', pg_temp.demo(52))),
    (8, 'unblock_user', 1, jsonb_build_object('blocked_id', pg_temp.demo(52))),
    (9, 'reset_broadcast_quotas', null, '{}'),
    (10, 'mark_unread', 4, jsonb_build_object('conversation_id', dm ->> 'conversation_id', 'from_seq', 1)),
    (
      11,
      'send_help_message',
      4,
      jsonb_build_object('conversation_id', help ->> 'conversation_id', 'content', 'Zanzibar at nine')
    ),
    (12, 'read_help_conversation', 4, jsonb_build_object('conversation_id', help ->> 'conversation_id')),
    (13, 'complete_help_conversation', 4, jsonb_build_object('conversation_id', help ->> 'conversation_id')),
    (14, 'cancel_help_conversation', 4, jsonb_build_object('conversation_id', another ->> 'conversation_id')),
    (15, 'set_rollout', null, '{"flag": "start-conversation", "rollout": "internal", "reason": "Zanzibar reason"}'),
    (16, 'advance_rollout', null, '{"flag": "start-conversation", "force": true, "reason": "Zanzibar goes on"}'),
    (17, 'rollback_rollout', null, '{"flag": "start-conversation", "reason": "Zanzibar fails"}'),
    (18, 'guard_rollouts', null, '{}'),
    (
      19,
      'send_thread_message',
      53,
      '{"thread_id": "00000000-0000-4000-8000-0000000000a8", "content": "Zanzibar at nine", "filter": {"violations": []}}'
    ),
    (20, 'mark_thread_read', 53, '{"thread_id": "00000000-0000-4000-8000-0000000000a8"}'),
    (21, 'force_send', 53, '{"message_id": "00000000-0000-4000-8000-0000000000ab", "reason": "Zanzibar reason"}'),
    (
      -- Before the client is erased.
      21,
      'assign_booking',
      53,
      '{
        "booking_id": "00000000-0000-4000-8000-0000000000bf",
        "client": {"display_name": "Zanzibar Zoe", "phone": "+14155550123"},
        "service": "Zanzibar walk 415 555 0123",
        "starts_at": "2099-07-01T14:00:00Z",
        "ends_at": "2099-07-01T15:00:00Z",
        "recurring": true,
        "sitter_id": "00000000-0000-4000-8000-0000000000a2"
      }'
    ),
    (
      22,
      'add_number',
      null,
      '{"organization_id": "00000000-0000-4000-8000-0000000000a0", "phone": "+12025550111", "class": "pool"}'
    ),
    (
      23,
      'release_number',
      null,
      '{"organization_id": "00000000-0000-4000-8000-0000000000a0", "number_id": "00000000-0000-4000-8000-0000000000a6"}'
    ),
    (24, 'settle_text', 53, '{"message_id": "00000000-0000-4000-8000-0000000000ac", "outcome": "sent"}'),
    (
      26,
      'erase_client',
      null,
      '{"organization_id": "00000000-0000-4000-8000-0000000000a0", "client_id": "00000000-0000-4000-8000-0000000000a7"}'
    ),
    -- What describes a webhook is the operator's own, and so is its secret: a repetition is answered with both.
    (27, 'create_webhook', null, '{"url": "https://push.example/more"}'),
    (28, 'update_webhook', null, '{"webhook_id": "00000000-0000-4000-8000-000000000081", "is_enabled": true}'),
    (29, 'rotate_webhook', null, '{"webhook_id": "00000000-0000-4000-8000-000000000081"}'),
    (30, 'test_webhook', null, '{"webhook_id": "00000000-0000-4000-8000-000000000081"}'),
    (31, 'redeliver_webhook', null, '{"webhook_id": "00000000-0000-4000-8000-000000000081"}'),
    (32, 'remove_webhook', null, '{"webhook_id": "00000000-0000-4000-8000-000000000081"}')
) as call (number, function, caller, input);

select is(pg_temp.verdict(answer), 'ok', format('%s is done', function)) from asked;
select set_eq(
  $$
    select proname
    from pg_proc
    where pronamespace = 'rolecall_edge'::regnamespace
      and prosrc ~ 'begin_call'
      and prosrc !~ 'p_keyed => false'
  $$,
  $$ select function from asked union select 'delete_own_data' $$,
  'every operation that takes a key is among them'
);

-- Arrays are kept by statements of their own.
select is(
  (
    select array_agg(answer ->> 'ok')
    from jsonb_array_elements(
      rolecall_edge.send_dm(
        (
          select jsonb_agg(
            jsonb_build_object(
              'claims', jsonb_build_object('sub', pg_temp.demo(1), 'role', 'authenticated'),
              'idempotency_key', 'array ' || number,
              'rollouts', '{}'::jsonb,
              'input', jsonb_build_object('recipient_id', pg_temp.demo(4), 'content', 'Zanzibar ' || number)
            )
          )
          from generate_series(1, 3) as number
        )
      ) || rolecall_edge.mark_read(
        (
          select jsonb_agg(
            jsonb_build_object(
              'claims', jsonb_build_object('sub', pg_temp.demo(reader), 'role', 'authenticated'),
              'idempotency_key', 'array of reads',
              'rollouts', '{}'::jsonb,
              'input', jsonb_build_object('conversation_id', dm ->> 'conversation_id', 'up_to_seq', 2)
            )
          )
          from sent
          cross join unnest(array[1, 4]) as reader
        )
      )
    ) as answer
  ),
  array_fill('true'::text, array[5]),
  'arrays are done'
);

select is_empty(
  $$
    select function, key
    from asked
    where not exists (
      select
      from rolecall.idempotency_records as record
      where record.answer is not null
        and record.key = asked.key || ' ' || function
    )
  $$,
  'of every call the answer is kept'
);
select is(
  (select count(*) from rolecall.idempotency_records where answer is not null),
  (select count(*) + 5 from asked),
  'every answer is kept'
);
select is_empty(
  $$ select key, answer from rolecall.idempotency_records where answer::text ~* 'Zanzibar|555 0123' $$,
  'and none tells what somebody wrote'
);

-- The same requests again: each gets its answer, which shows what there is now.
select is(
  case
    when caller is null then pg_temp.verdict(pg_temp.keyed(function, caller, input))
    else pg_temp.ask(function, pg_temp.demo(caller), input, 'kept ' || function) ->> 'replayed'
  end,
  case when caller is null then 'ok' else 'true' end,
  format('%s is answered again', function)
)
from (select * from asked) as asked;
select is(
  pg_temp.ask('start_conversation', pg_temp.demo(4), input, 'kept start_conversation') - 'replayed',
  answer,
  'the first message of a help conversation is read again'
)
from asked
where function = 'start_conversation';
select is(
  pg_temp.ask('send_help_message', pg_temp.demo(4), input, 'kept send_help_message') - 'replayed',
  answer,
  'and so is a later one'
)
from asked
where function = 'send_help_message';

-- Whoever asks again is judged again.
create function pg_temp.reviewed_again()
returns jsonb
language sql
as $$
  select pg_temp.ask('review_report', pg_temp.demo(51), input, 'kept review_report')
  from asked
  where function = 'review_report'
$$;
select is(
  pg_temp.reviewed_again() #>> '{data,report,message,content}',
  'Zanzibar, call +1 415 555 0123!',
  'a moderator reads the report again'
);
update rolecall.profiles set role = 'attendee' where id = pg_temp.demo(51);
select is(
  pg_temp.verdict(pg_temp.reviewed_again()),
  'permission_denied/attendee_does_not_moderate',
  'a demoted moderator does not'
);
select is(pg_temp.reviewed_again() ->> 'data', null, 'and hears nothing of it');
update rolecall.profiles set role = 'moderator', suspended_until = 'infinity' where id = pg_temp.demo(51);
select is(pg_temp.verdict(pg_temp.reviewed_again()), 'permission_denied/suspended', 'nor a suspended one');
update rolecall.profiles set suspended_until = null where id = pg_temp.demo(51);
select is(pg_temp.reviewed_again() ->> 'replayed', 'true', 'and the key is still theirs');

-- What is erased is erased from answers.
create temporary table erased as
select pg_temp.keyed('delete_own_data', 4, '{}') as four, pg_temp.keyed('delete_own_data', 1, '{}') as one;
select is(pg_temp.reviewed_again() #>> '{data,report,message,content}', null, 'what its author had erased is in no answer');
select is(
  pg_temp.ask('start_conversation', pg_temp.demo(4), input, 'kept start_conversation') #>> '{data,message,content}',
  '[deleted by its author]',
  'nor in the author''s own'
)
from asked
where function = 'start_conversation';
delete from rolecall.conversations;
select is(pg_temp.verdict(pg_temp.reviewed_again()), 'not_found', 'what is gone is not found');
select is_empty(
  $$ select key, answer from rolecall.idempotency_records where answer::text ~* 'Zanzibar|555 0123' $$,
  'and no answer tells it'
);

select * from finish();
rollback;
