-- receive_sms: its order, step by step; where texts go; and what is kept of them.
begin;
\ir ../support/calls.psql
select no_plan();

insert into rolecall.organizations (id, name) values (pg_temp.demo(90), 'Paws'), (pg_temp.demo(91), 'Claws');
insert into rolecall.feature_flag_overrides (name, organization_id, rollout)
values ('messaging_v1', pg_temp.demo(90), 'enabled');
insert into rolecall.profiles (id, organization_id, organization_role)
select pg_temp.demo(number), pg_temp.demo(90), 'sitter'
from unnest(array[80, 81]) as number;
insert into rolecall.message_numbers (id, organization_id, e164, class, sitter_id)
values
  (pg_temp.demo(70), pg_temp.demo(90), '+12025550170', 'front_desk', null),
  (pg_temp.demo(71), pg_temp.demo(90), '+12025550171', 'pool', null),
  (pg_temp.demo(72), pg_temp.demo(90), '+12025550172', 'sitter', pg_temp.demo(80)),
  (pg_temp.demo(73), pg_temp.demo(91), '+12025550173', 'front_desk', null);
insert into rolecall.message_numbers (organization_id, e164, class, status, released_at)
values (pg_temp.demo(90), '+12025550174', 'pool', 'released', now());
insert into rolecall.clients (id, organization_id, phone)
values (pg_temp.demo(60), pg_temp.demo(90), '+12025550160');
insert into rolecall.message_threads (id, organization_id, client_id, number_id, number_class)
values (pg_temp.demo(61), pg_temp.demo(90), pg_temp.demo(60), pg_temp.demo(71), 'pool');

create function pg_temp.receive(
  p_sid text,
  p_to text default '+12025550171',
  p_from text default '+12025550160',
  p_content text default 'Is Rex fine?',
  p_word text default null,
  p_silent boolean default false,
  p_violations jsonb default '[]',
  p_media jsonb default '[]',
  p_rollouts jsonb default '{}'
)
returns jsonb
language sql
return pg_temp.ask_as_operator(
  'receive_sms',
  p_rollouts,
  jsonb_strip_nulls(
    jsonb_build_object(
      'message_sid', p_sid,
      'from', p_from,
      'to', p_to,
      'content', p_content,
      'media_urls', p_media,
      'word', p_word,
      'silent', p_silent,
      'filter', jsonb_build_object('violations', p_violations, 'redacted', 'Call [phone]')
    )
  )
);

-- Whatever a text may leave behind, by number of rows.
create function pg_temp.traces()
returns text
language sql
return concat_ws(
  ' ',
  (select count(*) from rolecall.clients where organization_id = pg_temp.demo(90)),
  (select count(*) from rolecall.message_threads where organization_id = pg_temp.demo(90)),
  (select count(*) from rolecall.thread_messages where organization_id = pg_temp.demo(90)),
  (select count(*) from rolecall.routing_decisions where organization_id = pg_temp.demo(90)),
  (select count(*) from rolecall.opt_outs where organization_id = pg_temp.demo(90)),
  (select count(*) from rolecall.word_texts where organization_id = pg_temp.demo(90)),
  (select count(*) from rolecall.automatic_replies where organization_id = pg_temp.demo(90))
);

-- The decision about a text, with what it is about.
create function pg_temp.decided(p_sid text)
returns text
language sql
return (
  select concat_ws(
    ' ', decision.target, decision.reason, decision.number_class, cardinality(decision.window_ids), decision.sender, decision.recipient
  )
  from rolecall.routing_decisions as decision
  join rolecall.thread_messages as message
    on (message.organization_id, message.thread_id, message.seq)
      = (decision.organization_id, decision.thread_id, decision.seq)
  where message.carrier_sid = p_sid
);

create function pg_temp.window_of(p_booking int, p_sitter int, p_starts interval, p_ends interval)
returns uuid
language sql
begin atomic
  insert into rolecall.bookings (organization_id, id, client_id, service, starts_at, ends_at, sitter_id, status)
  values (
    pg_temp.demo(90), pg_temp.demo(p_booking), pg_temp.demo(60), 'walk', now() + p_starts, now() + p_ends, pg_temp.demo(p_sitter), 'confirmed'
  );
  insert into rolecall.assignment_windows (organization_id, thread_id, booking_id, sitter_id, starts_at, ends_at)
  values (
    pg_temp.demo(90), pg_temp.demo(61), pg_temp.demo(p_booking), pg_temp.demo(p_sitter), now() + p_starts, now() + p_ends
  )
  returning id;
end;

-- The number's organisation
select is(pg_temp.traces(), '1 1 0 0 0 0 0', 'before the first text there is a client with a thread');
select is(pg_temp.verdict(pg_temp.receive('SM1', '+12025550199')), 'not_found/unknown_number', 'an unknown number is not found');
select is(pg_temp.verdict(pg_temp.receive('SM1', '+12025550174')), 'not_found/unknown_number', 'nor is one that has left');
select is(
  pg_temp.verdict(pg_temp.receive('SM1', '+12025550199', p_content => 'STOP', p_word => 'stop')),
  'not_found/unknown_number',
  'whatever the text is'
);
select is(pg_temp.traces(), '1 1 0 0 0 0 0', 'which leaves nothing behind');
select is(
  pg_temp.verdict(pg_temp.ask('receive_sms', pg_temp.demo(1), '{}')),
  'permission_denied/operator_only',
  'no user hands over texts'
);

-- Words, whether the flag is on or off
select is(
  pg_temp.receive('SM2', '+12025550173', '+12025550150', 'Stop', 'stop') -> 'data',
  '{"number_class": "front_desk", "decision": "opt_out", "reply": "You get no more messages from Claws. Reply START to get them again."}',
  'STOP to an organisation whose flag is off opts out, and is answered'
);
select is(
  (select (opt_out.source, client.phone, client.display_name)::text
   from rolecall.opt_outs as opt_out
   join rolecall.clients as client on client.id = opt_out.client_id
   where opt_out.organization_id = pg_temp.demo(91)),
  (select ('keyword', '+12025550150', null)::text),
  'an unknown sender is a client without name by that'
);
select is(
  pg_temp.receive('SM2', '+12025550173', '+12025550150', 'Stop', 'stop') #>> '{data,reply}',
  'You get no more messages from Claws. Reply START to get them again.',
  'the same text again is answered the same'
);
select is(
  pg_temp.receive('SM3', '+12025550173', '+12025550150', 'Stop', 'stop') #> '{data,reply}',
  'null',
  'another one within the hour is not answered'
);
select is(
  pg_temp.receive('SM4', '+12025550173', '+12025550150', 'START', 'start') #>> '{data,reply}',
  'You get messages from Claws again. Reply STOP to end them.',
  'START opts back in'
);
select is((select count(*) from rolecall.opt_outs), 0::bigint, 'and the row is gone');
select is(
  pg_temp.receive('SM5', '+12025550173', '+12025550150', 'yes', 'start') -> 'data',
  '{"number_class": "front_desk", "decision": "feature_disabled"}',
  'YES of a client who is in is an ordinary text, which needs the flag'
);
select is(
  pg_temp.receive('SM6', '+12025550173', '+12025550150', 'help', 'help') #>> '{data,reply}',
  'This is Claws. Text us here, and we answer. Reply STOP to end messages.',
  'HELP is answered in general'
);
update rolecall.organizations set help_text = 'Call the office.' where id = pg_temp.demo(91);
select is(
  pg_temp.receive('SM6', '+12025550173', '+12025550150', 'help', 'help') #>> '{data,reply}',
  'This is Claws. Text us here, and we answer. Reply STOP to end messages.',
  'the same text is answered the same, although the help text has changed'
);
update rolecall.automatic_replies set last_at = last_at - interval '1 hour' + interval '1 microsecond';
select is(pg_temp.receive('SM7', '+12025550173', '+12025550150', 'help', 'help') #> '{data,reply}', 'null', 'not within the hour');
update rolecall.automatic_replies set last_at = last_at - interval '1 microsecond';
select is(
  pg_temp.receive('SM8', '+12025550173', '+12025550150', 'help', 'help') #>> '{data,reply}',
  'Call the office.',
  'an hour later HELP is answered with the organisation''s own text'
);
select is(
  pg_temp.receive('SM9', '+12025550173', '+12025550151', 'STOP', 'stop', p_silent => true) -> 'data',
  '{"number_class": "front_desk", "decision": "opt_out", "reply": null}',
  'where the carrier answers by itself, the client is out all the same and not answered'
);
select is(
  (select count(*) from rolecall.thread_messages where organization_id in (pg_temp.demo(90), pg_temp.demo(91))),
  0::bigint,
  'no word is a message'
);
update rolecall.word_texts set at = at - interval '2 days' where client_id = (select id from rolecall.clients where phone = '+12025550150');
select pg_temp.receive('SM10', '+12025550173', '+12025550150', 'help', 'help');
select is(
  (select array_agg(carrier_sid) from rolecall.word_texts where client_id = (select id from rolecall.clients where phone = '+12025550150')),
  '{SM10}',
  'texts older than a day go with the client''s next'
);

-- The flag
select is(
  pg_temp.receive('SM11', '+12025550173', '+12025550155'),
  jsonb_build_object(
    'ok', true,
    'org_id', pg_temp.demo(91),
    'data', '{"number_class": "front_desk", "decision": "feature_disabled"}'::jsonb
  ),
  'a text to an organisation whose flag is off is accepted'
);
select is(
  (select count(*) from rolecall.clients where phone = '+12025550155')
    + (select count(*) from rolecall.thread_messages where organization_id in (pg_temp.demo(90), pg_temp.demo(91))),
  0::bigint,
  'and nothing more'
);
select cmp_ok(
  (select sum(requests) from rolecall.request_metrics where function = 'receive-sms.text' and code = 'ok' and org_id = pg_temp.demo(91)),
  '>=',
  1::numeric,
  'but counted for the organisation'
);
select is(
  pg_temp.receive('SM12', p_rollouts => '{"messaging_v1": "disabled"}') #>> '{data,decision}',
  'feature_disabled',
  'the operator''s variable switches it off, too'
);

-- Routes
select is(
  pg_temp.receive('SM20') #>> '{data,decision}',
  'no_window',
  'a text without a window'
);
select is(
  pg_temp.decided('SM20'),
  format('owner_inbox no_window pool 0 %s %s', rolecall_internal.masked('+12025550160'), rolecall_internal.masked('+12025550171')),
  'goes to the owner, with a row that says so and shows no number'
);
select is(
  (select (thread_id, inbox_seq, delivery, sitter_id, content)::text from rolecall.thread_messages where carrier_sid = 'SM20'),
  (select (pg_temp.demo(61), 1, 'received', null, 'Is Rex fine?')::text),
  'it stands in its thread and in the owner inbox'
);
select pg_temp.window_of(50, 80, '0', '1 hour');
select pg_temp.receive('SM21');
select is(
  (select (thread_id, inbox_seq, sitter_id)::text from rolecall.thread_messages where carrier_sid = 'SM21'),
  (select (pg_temp.demo(61), null, pg_temp.demo(80))::text),
  'from the first moment of a window on the text is the sitter''s'
);
select is(pg_temp.decided('SM21') ~ '^sitter one_sitter pool 1 ', true, 'with a row that names the window');
select pg_temp.window_of(51, 80, '-1 hour', '1 minute');
select pg_temp.receive('SM22');
select is(pg_temp.decided('SM22') ~ '^sitter one_sitter pool 2 ', true, 'two windows of one sitter are one sitter''s');
select pg_temp.window_of(52, 81, '-1 hour', '1 minute');
select pg_temp.receive('SM23');
select is(pg_temp.decided('SM23') ~ '^owner_inbox several_sitters pool 3 ', true, 'windows of two sitters are the owner''s');
select is(
  (select (inbox_seq, sitter_id)::text from rolecall.thread_messages where carrier_sid = 'SM23'),
  (select (2, null::uuid)::text),
  'and no sitter''s'
);
update rolecall.assignment_windows set closed_at = now() where booking_id = pg_temp.demo(52);
select pg_temp.receive('SM24');
select is(pg_temp.decided('SM24') ~ '^sitter one_sitter pool 2 ', true, 'a closed window is none');
update rolecall.assignment_windows
set
  starts_at = case when booking_id = pg_temp.demo(50) then now() + interval '1 microsecond' else starts_at end,
  ends_at = case when booking_id = pg_temp.demo(51) then now() else ends_at end;
select pg_temp.receive('SM25');
select is(
  pg_temp.decided('SM25') ~ '^owner_inbox no_window pool 0 ',
  true,
  'a window has not begun a microsecond before its start, and is over at its end'
);
update rolecall.assignment_windows set ends_at = now() + interval '1 microsecond' where booking_id = pg_temp.demo(51);
select pg_temp.receive('SM26');
select is(pg_temp.decided('SM26') ~ '^sitter one_sitter pool 1 ', true, 'a microsecond before its end it is open');
select pg_temp.receive('SM27', '+12025550170');
select is(pg_temp.decided('SM27') ~ '^sitter one_sitter front_desk 1 ', true, 'the front desk is anybody''s: the thread decides');
update rolecall.assignment_windows set closed_at = now();

-- Numbers of others
select is(
  pg_temp.receive('SM30', '+12025550172') #>> '{data,reply}',
  'Thanks for your message. Nobody answers at this number at the moment; we passed it on to our office, which gets back to you.',
  'a sitter''s number that is not their thread''s is answered automatically'
);
select is(
  (select (thread_id = pg_temp.demo(61), inbox_seq is not null, sitter_id)::text from rolecall.thread_messages where carrier_sid = 'SM30' and direction = 'inbound'),
  '(t,t,)',
  'the text stands in the client''s thread and in the owner inbox'
);
select is(pg_temp.decided('SM30') ~ '^owner_inbox number_mismatch sitter 0 ', true, 'as the decision says');
select is(
  (select (kind, delivery, client_id, carrier_sid)::text from rolecall.thread_messages where carrier_sid = 'SM30' and direction = 'outbound'),
  (select ('automatic_reply', 'sent', pg_temp.demo(60), 'SM30')::text),
  'the reply is a message'
);
select is(
  pg_temp.receive('SM31', '+12025550171', '+12025550152') #>> '{data,decision}',
  'number_mismatch',
  'so is a number of the pool that a stranger texts'
);
select is(
  (select (thread.scope, message.seq = message.inbox_seq, client.display_name)::text
   from rolecall.thread_messages as message
   join rolecall.message_threads as thread on thread.id = message.thread_id
   join rolecall.clients as client on client.id = message.client_id
   where message.carrier_sid = 'SM31' and message.direction = 'inbound'),
  (select ('owner_inbox', true, null)::text),
  'their text stands in the owner inbox alone, of a client without name'
);
select is(
  (select count(*) from rolecall.message_threads where organization_id = pg_temp.demo(90) and scope = 'client'),
  1::bigint,
  'and makes no thread'
);
select is(pg_temp.receive('SM32', '+12025550172') #> '{data,reply}', 'null', 'within the hour a client is answered once');

-- The same text again
create temp table before as select pg_temp.traces() as traces;
select is(
  pg_temp.receive('SM30', '+12025550172') -> 'data',
  jsonb_build_object(
    'number_class', 'sitter',
    'decision', 'repeated',
    'thread_id', pg_temp.demo(61),
    'reply', 'Thanks for your message. Nobody answers at this number at the moment; we passed it on to our office, which gets back to you.'
  ),
  'a repeated text is answered as the first time'
);
select is(pg_temp.receive('SM32', '+12025550172') #> '{data,reply}', 'null', 'with silence where that was the answer');
select is(pg_temp.receive('SM20') #>> '{data,decision}', 'repeated', 'whatever the route was');
select is(pg_temp.receive('SM20', p_content => 'STOP', p_word => 'stop') #>> '{data,decision}', 'repeated', 'a stored text is no word');
select is(pg_temp.traces(), (select traces from before), 'nothing is stored twice');

-- The filter
select is(
  pg_temp.receive('SM40', p_content => 'Call 202 555 0123', p_violations => '[{"kind": "phone", "value": "2025550123"}]') #>> '{data,reply}',
  'Sorry, your message was not delivered. To keep you safe, contact details, links and payments stay out of these texts. Please send it again without them.',
  'a text that the filter holds back is answered kindly'
);
select is(
  (select (delivery, inbox_seq, sitter_id)::text from rolecall.thread_messages where carrier_sid = 'SM40' and direction = 'inbound'),
  (select ('blocked', null::bigint, null::uuid)::text),
  'it is stored as blocked, for nobody'
);
select is(pg_temp.decided('SM40') ~ '^nobody blocked pool 0 ', true, 'as the decision says');
select is(
  (select (attempt.direction, attempt.violations, attempt.redacted_content, attempt.client_id)::text
   from rolecall.anti_poaching_attempts as attempt
   join rolecall.thread_messages as message on message.id = attempt.message_id
   where message.carrier_sid = 'SM40'),
  (select ('inbound', '{phone}'::text[], 'Call [phone]', pg_temp.demo(60))::text),
  'the attempt is recorded, redacted'
);
select is(
  (select content from rolecall.thread_messages where kind = 'notice'),
  'A message from a client was held back (phone): Call [phone]',
  'and the owner has a notice'
);
select is(
  pg_temp.receive('SM41', p_content => 'Call 202 555 0123', p_violations => '[{"kind": "phone", "value": "2025550123"}]') #> '{data,reply}',
  'null',
  'within the hour it is answered once'
);
select rolecall_internal.opt_out(pg_temp.demo(90), pg_temp.demo(60), 'keyword');
update rolecall.automatic_replies set last_at = '-infinity';
select is(pg_temp.receive('SM42', '+12025550172') #> '{data,reply}', 'null', 'who has opted out is not answered automatically');
select is(
  pg_temp.receive('SM43') #>> '{data,decision}',
  'no_window',
  'but still heard'
);

-- What is kept
select pg_temp.receive('SM50', p_content => '', p_media => '["https://media.example/1", "https://media.example/2"]');
select is(
  (select (content, media_urls)::text from rolecall.thread_messages where carrier_sid = 'SM50'),
  (select ('', '{https://media.example/1,https://media.example/2}'::text[])::text),
  'media are kept as links'
);
select is(
  pg_temp.receive('SM51', '+12025550170', '+12025550153') #>> '{data,decision}',
  'no_window',
  'a stranger who texts the front desk'
);
select is(
  (select (client.display_name, thread.scope, thread.status, message.seq, message.inbox_seq is not null)::text
   from rolecall.thread_messages as message
   join rolecall.message_threads as thread on thread.id = message.thread_id
   join rolecall.clients as client on client.id = thread.client_id
   where message.carrier_sid = 'SM51'),
  (select (null::text, 'client', 'open', 1, true)::text),
  'becomes a client without name, with a thread'
);
select is(
  (select count(*)
   from rolecall.routing_decisions
   where to_jsonb(routing_decisions)::text ~ '20255501'),
  0::bigint,
  'no decision has a phone number'
);
select is(
  (select count(*) from rolecall.application_logs where to_jsonb(application_logs)::text ~ '20255501'),
  0::bigint,
  'nor has the audit log'
);

select * from finish();
rollback;
