-- Sending into threads, by role and window, to the microsecond; reading them; forcing what was held back.
begin;
\ir ../support/calls.psql
\ir ../support/paws.psql
select no_plan();

create function pg_temp.window_is(p_starts interval, p_ends interval, p_closed boolean default false)
returns void
language sql
begin atomic
  update rolecall.assignment_windows
  set starts_at = now() + p_starts, ends_at = now() + p_ends, closed_at = case when p_closed then now() end
  where booking_id = pg_temp.demo(51);
end;

-- Who writes
select is(
  pg_temp.verdict(pg_temp.send(who, thread)),
  verdict,
  format('%s into thread %s: %s', who, thread, verdict)
)
from (
  values
    (71, 61, 'ok'),
    (72, 61, 'ok'),
    (73, 61, 'ok'),
    (74, 61, 'not_found/no_such_thread'),
    (76, 61, 'permission_denied/no_organization_role'),
    (77, 61, 'not_found/no_such_thread'),
    (1, 61, 'feature_disabled/feature_disabled'),
    (71, 63, 'not_found/no_such_thread'),
    (73, 63, 'not_found/no_such_thread'),
    (75, 62, 'not_found/no_such_thread'),
    (73, 62, 'not_found/no_such_thread'),
    (71, 69, 'not_found/no_such_thread')
) as asked (who, thread, verdict);
select is(
  pg_temp.send(73, 61) - array['org_id', 'limits'] #- '{data,message_id}',
  jsonb_build_object(
    'ok', true,
    'data', jsonb_build_object(
      'thread_id', pg_temp.demo(61), 'seq', 4, 'delivery', 'queued', 'number_class', 'pool', 'encoding', 'gsm_7', 'segments', 1
    )
  ),
  'the answer says where the message stands'
);
select is(
  (select array_agg((direction, kind, delivery, coalesce(sitter_id, author_id), author_id, client_id)::text order by seq)
   from rolecall.thread_messages where thread_id = pg_temp.demo(61)),
  array[
    ('outbound', 'text', 'queued', pg_temp.demo(71), pg_temp.demo(71), pg_temp.demo(81))::text,
    ('outbound', 'text', 'queued', pg_temp.demo(72), pg_temp.demo(72), pg_temp.demo(81))::text,
    ('outbound', 'text', 'queued', pg_temp.demo(73), pg_temp.demo(73), pg_temp.demo(81))::text,
    ('outbound', 'text', 'queued', pg_temp.demo(73), pg_temp.demo(73), pg_temp.demo(81))::text
  ],
  'four messages stand in the thread, and none of the refused'
);
select is(
  (select count(*) from rolecall.sms_outbox where thread_id = pg_temp.demo(61) and status = 'queued'),
  4::bigint,
  'each has its row in the outbox'
);
select is((select count(*) from rolecall.thread_messages where organization_id = pg_temp.demo(91)), 0::bigint,
  'nothing stands in another organisation');

-- Windows are [starts_at, ends_at), to the microsecond.
create function pg_temp.send_in(p_starts interval, p_ends interval, p_closed boolean default false)
returns text
language plpgsql
as $$
begin
  perform pg_temp.window_is(p_starts, p_ends, p_closed);
  return pg_temp.verdict(pg_temp.send(73, 61));
end
$$;
select is(pg_temp.send_in('0', '1 microsecond'), 'ok', 'a window that opens now and closes a microsecond later is open');
select is(
  pg_temp.send_in('1 microsecond', '1 hour'),
  'outside_assignment_window/outside_assignment_window',
  'one that opens in a microsecond is not'
);
select is(
  pg_temp.send_in('-1 hour', '0'), 'outside_assignment_window/outside_assignment_window', 'one that closes now is closed'
);
select is(pg_temp.send_in('-1 hour', '1 microsecond'), 'ok', 'one that closes in a microsecond is open');
select is(
  pg_temp.send_in('-1 hour', '1 hour', true),
  'outside_assignment_window/outside_assignment_window',
  'a booking that was cancelled has its window closed'
);
select pg_temp.window_is('2 days', '3 days');
select is(
  pg_temp.send(73, 61) #> '{data,next_window}',
  jsonb_build_object(
    'starts_at', rolecall_internal.iso(now() + interval '2 days'),
    'ends_at', rolecall_internal.iso(now() + interval '3 days'),
    'starts_at_local', rolecall_internal.local_iso(now() + interval '2 days', 'Europe/Berlin'),
    'ends_at_local', rolecall_internal.local_iso(now() + interval '3 days', 'Europe/Berlin')
  ),
  'the refusal says when the next window opens, in UTC and by the clocks of the organisation'
);
select matches(
  pg_temp.send(73, 61) ->> 'detail',
  '^You can message this client while you are on duty.* The next such time begins on \w+day \d+ \w+ \d{4}, \d\d:\d\d \(\+0[12]:00\)\.$',
  'and people read it in the time of the organisation'
);
-- In Berlin the clock goes from 02:00 to 03:00 on 28 March 2027.
update rolecall.assignment_windows
set starts_at = '2027-03-28 00:59:59+00', ends_at = '2027-03-28 04:00:00+00'
where booking_id = pg_temp.demo(51);
select matches(pg_temp.send(73, 61) ->> 'detail', 'Sunday 28 March 2027, 01:59 \(\+01:00\)\.$', 'before the change to summer time');
update rolecall.assignment_windows set starts_at = '2027-03-28 01:00:00+00' where booking_id = pg_temp.demo(51);
select matches(pg_temp.send(73, 61) ->> 'detail', 'Sunday 28 March 2027, 03:00 \(\+02:00\)\.$', 'and a second later after it');
select is(
  pg_temp.send(73, 61) #> '{data,next_window}',
  '{
    "starts_at": "2027-03-28T01:00:00.000000Z",
    "ends_at": "2027-03-28T04:00:00.000000Z",
    "starts_at_local": "2027-03-28T03:00:00.000000+02:00",
    "ends_at_local": "2027-03-28T06:00:00.000000+02:00"
  }',
  'the window is the same in numbers'
);
select pg_temp.window_is('-2 days', '-1 day');
select is(pg_temp.send(73, 61) #> '{data,next_window}', 'null', 'and null where none is planned');
select pg_temp.window_is('0', '1 hour');

-- Stopped
insert into rolecall.opt_outs (organization_id, client_id, source) values (pg_temp.demo(90), pg_temp.demo(81), 'keyword');
select is(pg_temp.verdict(pg_temp.send(71, 61)), 'client_opted_out/client_opted_out', 'nobody writes to a client who opted out');
select is(pg_temp.verdict(pg_temp.send(73, 61)), 'client_opted_out/client_opted_out', 'nor a sitter inside their window');
delete from rolecall.opt_outs;
update rolecall.profiles set suspended_until = 'infinity' where id = pg_temp.demo(73);
select is(pg_temp.verdict(pg_temp.send(73, 61)), 'permission_denied/suspended', 'a suspended sitter does not write');
update rolecall.profiles set suspended_until = null where id = pg_temp.demo(73);
update rolecall.message_threads set status = 'closed' where id = pg_temp.demo(61);
select is(pg_temp.verdict(pg_temp.send(71, 61)), 'conversation_read_only/thread_read_only', 'a closed thread takes nothing');
update rolecall.message_threads set status = 'open' where id = pg_temp.demo(61);
select is(
  pg_temp.verdict(
    pg_temp.ask(
      'send_thread_message',
      pg_temp.demo(71),
      jsonb_build_object(
        'thread_id', rolecall_internal.owner_inbox(pg_temp.demo(90), null), 'content', 'Hello',
        'filter', '{"violations": []}'::jsonb, 'encoding', 'gsm_7', 'segments', 1
      )
    )
  ),
  'conversation_read_only/owner_inbox_takes_no_messages',
  'the owner inbox takes nothing'
);
update rolecall.feature_flag_overrides set rollout = 'disabled' where name = 'sitter_messages_v1';
select is(pg_temp.verdict(pg_temp.send(73, 61)), 'feature_disabled/feature_disabled', 'the flag of sitters stops sitters');
select is(pg_temp.verdict(pg_temp.send(71, 61)), 'ok', 'and nobody else');
update rolecall.feature_flag_overrides set rollout = 'enabled' where name = 'sitter_messages_v1';
update rolecall.feature_flag_overrides set rollout = 'disabled' where name = 'messaging_v1';
select is(pg_temp.verdict(pg_temp.send(who, 61)), 'feature_disabled/feature_disabled', 'the flag of texting stops ' || who)
from unnest(array[71, 72, 73, 75]) as who;
update rolecall.feature_flag_overrides set rollout = 'enabled' where name = 'messaging_v1';
select is(pg_temp.verdict(pg_temp.send(73, 61)), 'ok', 'and everything is back with it');

-- Bad input
select is(pg_temp.verdict(pg_temp.send(71, 61, repeat('a', 1600))), 'ok', '1600 characters are sent');
select is(pg_temp.send(71, 61, repeat('a', 1601)) ->> 'code', 'invalid_input', 'and not one more');
select is(pg_temp.send(71, 61, ' ') ->> 'code', 'invalid_input', 'nor a blank');

-- What the filter holds back
create function pg_temp.held(p_user int, p_thread int, p_content text default 'Call me on 202 555 0100')
returns jsonb
language sql
return pg_temp.send(
  p_user, p_thread, p_content, '{"violations": [{"kind": "phone", "value": "2025550100"}], "redacted": "Call me on [phone]"}'
);
select is(pg_temp.verdict(pg_temp.held(71, 61)), 'anti_poaching_blocked/anti_poaching_blocked', 'the owner''s message is held back');
select is(pg_temp.verdict(pg_temp.held(73, 61)), 'anti_poaching_blocked/anti_poaching_blocked', 'and a sitter''s');
select unalike(pg_temp.held(73, 61)::text, '%phone%', 'who hears nothing of what was found');
select is(
  (select count(*) from rolecall.thread_messages as message
   join rolecall.anti_poaching_attempts as attempt on attempt.message_id = message.id
   where message.delivery = 'blocked' and attempt.violations = '{phone}' and attempt.redacted_content = 'Call me on [phone]'),
  3::bigint,
  'what is held back stands in the thread, with its attempt'
);
select is(
  (select count(*) from rolecall.sms_outbox as outbox join rolecall.thread_messages as message using (organization_id, thread_id, seq)
   where message.delivery = 'blocked'),
  0::bigint,
  'and not in the outbox'
);
select is(
  (select count(*) from rolecall.thread_messages where kind = 'notice'), 3::bigint, 'and the owner has a notice of each'
);
select is(
  pg_temp.verdict(pg_temp.send(73, 61, 'Call 202 555 0192',
    '{"violations": [{"kind": "phone", "value": "+12025550192"}], "redacted": "Call [phone]"}')),
  'ok',
  'the organisation''s own number is no hit'
);

-- Reading
create function pg_temp.history(p_user int, p_thread uuid, p_more jsonb default '{}')
returns jsonb
language sql
return pg_temp.ask('thread_messages', pg_temp.demo(p_user), jsonb_build_object('thread_id', p_thread) || p_more);
create function pg_temp.contents(p_user int, p_thread int)
returns text[]
language sql
return array(
  select distinct message ->> 'content'
  from jsonb_array_elements(pg_temp.history(p_user, pg_temp.demo(p_thread)) #> '{data,messages}') as message
  order by 1
);
select is(pg_temp.verdict(pg_temp.history(who, pg_temp.demo(thread))), verdict, format('%s reads %s: %s', who, thread, verdict))
from (
  values
    (71, 61, 'ok'), (72, 62, 'ok'), (73, 61, 'ok'), (75, 61, 'ok'),
    (74, 61, 'not_found/no_such_thread'), (73, 62, 'not_found/no_such_thread'), (75, 62, 'not_found/no_such_thread'),
    (76, 61, 'permission_denied/no_organization_role'), (77, 61, 'not_found/no_such_thread'),
    (71, 63, 'not_found/no_such_thread'), (1, 61, 'feature_disabled/feature_disabled')
) as asked (who, thread, verdict);
select ok('Call me on [phone]' = any (pg_temp.contents(71, 61)), 'the owner sees what was held back redacted');
select ok('Message blocked' = any (pg_temp.contents(73, 61)), 'the sitter, that something was');
select ok(pg_temp.contents(75, 61) && array['Hello'] and not pg_temp.contents(75, 61) && array['Message blocked', 'Call me on [phone]'],
  'the client, nothing of it');
select unalike(pg_temp.words(pg_temp.history(who, pg_temp.demo(61))::text), '%555 0100%', who || ' does not see the number')
from unnest(array[71, 72, 73, 75]) as who;
select unalike(
  pg_temp.history(75, pg_temp.demo(61))::text, '%' || pg_temp.demo(73) || '%', 'the client does not learn who the sitter is'
);
select is(
  pg_temp.verdict(pg_temp.history(who, rolecall_internal.owner_inbox(pg_temp.demo(90), null))),
  verdict,
  who || ' and the owner inbox: ' || verdict
)
from (
  values (71, 'ok'), (72, 'ok'), (73, 'not_found/no_such_thread'), (75, 'not_found/no_such_thread'), (77, 'not_found/no_such_thread')
) as asked (who, verdict);
select is(
  (select array_agg((message ->> 'seq')::int) from jsonb_array_elements(
    pg_temp.history(71, rolecall_internal.owner_inbox(pg_temp.demo(90), null)) #> '{data,messages}') as message),
  '{1,2,3}',
  'the owner inbox has its own numbers'
);
select is(
  (select jsonb_agg(message -> 'seq') from jsonb_array_elements(
    pg_temp.history(71, pg_temp.demo(61), '{"limit": 2, "before_seq": 4}') #> '{data,messages}') as message),
  '[2, 3]',
  'a page of before'
);
select is(
  (select jsonb_agg(message -> 'seq') from jsonb_array_elements(
    pg_temp.history(71, pg_temp.demo(61), '{"limit": 2, "since_seq": 4}') #> '{data,messages}') as message),
  '[5, 6]',
  'and one of since'
);

-- The list
create function pg_temp.listed(p_user int, p_input jsonb default '{}')
returns jsonb
language sql
return pg_temp.ask('list_threads', pg_temp.demo(p_user), p_input);
create function pg_temp.ids(p_user int, p_input jsonb default '{}')
returns text
language sql
return (
  select string_agg(case card ->> 'scope' when 'owner_inbox' then 'inbox' else right(card ->> 'id', 2) end, ' ' order by number)
  from jsonb_array_elements(pg_temp.listed(p_user, p_input) #> '{data,threads}') with ordinality as listed (card, number)
);
update rolecall.message_threads set last_message_at = now() - interval '1 minute' where id = pg_temp.demo(62);
update rolecall.message_threads set last_message_at = now() - interval '2 minutes' where scope = 'owner_inbox';
select is(pg_temp.ids(71), '61 62 inbox', 'the owner sees every thread, the newest message first');
select is(pg_temp.ids(73), '61', 'a sitter those with a window of theirs');
select is(pg_temp.ids(74), null, 'one without a window none');
select is(pg_temp.ids(75), '61', 'a client their own');
select is(pg_temp.ids(77), '63', 'another organisation its own');
select is(pg_temp.verdict(pg_temp.listed(76)), 'permission_denied/no_organization_role', 'who has no role is told so');
select is(pg_temp.ids(71, '{"scope": "owner_inbox"}'), 'inbox', 'by scope');
select is(pg_temp.ids(73, '{"scope": "owner_inbox"}'), null, 'which gives a sitter nothing more');
select is(pg_temp.ids(71, jsonb_build_object('sitter_id', pg_temp.demo(73))), '61', 'by sitter');
select is(pg_temp.ids(71, jsonb_build_object('client_id', pg_temp.demo(82))), '62', 'by client');
select is(pg_temp.ids(71, '{"status": "closed"}'), null, 'by status');
select is(pg_temp.ids(71, '{"limit": 1}'), '61', 'a page at a time');
select is(
  pg_temp.ids(71, jsonb_build_object('limit', 2, 'cursor', pg_temp.listed(71, '{"limit": 1}') #>> '{data,next_cursor}')),
  '62 inbox',
  'and on from where it ended'
);
select is(pg_temp.listed(71, '{"cursor": "nonsense"}') ->> 'code', 'invalid_input', 'a cursor is one of ours');
select is(
  (pg_temp.listed(73) #> '{data,threads,0}') - array['last_message_at', 'unread_count', 'active_window'],
  jsonb_build_object(
    'id', pg_temp.demo(61), 'scope', 'client', 'status', 'open', 'number_class', 'pool', 'next_window', null,
    'client', jsonb_build_object('id', pg_temp.demo(81), 'display_name', 'Maya')
  ),
  'a card has the client and the class of the number'
);
select is(
  pg_temp.listed(73) #> '{data,threads,0,active_window}',
  jsonb_build_object(
    'starts_at', rolecall_internal.iso(now()),
    'ends_at', rolecall_internal.iso(now() + interval '1 hour'),
    'starts_at_local', rolecall_internal.local_iso(now(), 'Europe/Berlin'),
    'ends_at_local', rolecall_internal.local_iso(now() + interval '1 hour', 'Europe/Berlin'),
    'sitter_id', pg_temp.demo(73)
  ),
  'and the window that is open'
);
select unalike(pg_temp.words(pg_temp.listed(who)::text), '%2025550%', 'and no phone number') from unnest(array[71, 73, 75]) as who;

-- Unread
select is(
  pg_temp.listed(73) #> '{data,threads,0,unread_count}',
  to_jsonb((select count(*) from rolecall.thread_messages where thread_id = pg_temp.demo(61) and delivery <> 'blocked'
    and author_id in (pg_temp.demo(71), pg_temp.demo(72)))),
  'unread is what the sitter would see as new'
);
select is(
  pg_temp.ask('mark_thread_read', pg_temp.demo(73), jsonb_build_object('thread_id', pg_temp.demo(61))) #> '{data,unread_count}',
  '0',
  'and nothing, once it is read'
);
select is(pg_temp.ids(73, '{"unread": true}'), null, 'so that it is not among the unread');
select is(
  pg_temp.ask('mark_thread_read', pg_temp.demo(73), jsonb_build_object('thread_id', pg_temp.demo(61), 'up_to_seq', 1))
    #> '{data,last_read_seq}',
  (select to_jsonb(last_seq) from rolecall.message_threads where id = pg_temp.demo(61)),
  'what was read stays read'
);
select is(
  pg_temp.verdict(pg_temp.ask('mark_thread_read', pg_temp.demo(who), jsonb_build_object('thread_id', pg_temp.demo(61)))),
  'not_found/no_such_thread',
  who || ' marks nothing as read'
)
from unnest(array[74, 77]) as who;
select is(pg_temp.ids(71, '{"unread": true}'), '61 inbox', 'the owner has notices to read');

-- By force
create function pg_temp.force(p_user int, p_message uuid)
returns jsonb
language sql
return pg_temp.ask('force_send', pg_temp.demo(p_user), jsonb_build_object('message_id', p_message, 'reason', 'It is the vet''s: 202-555-0100'));
create temporary table blocked as
select id, seq from rolecall.thread_messages where delivery = 'blocked' and organization_id = pg_temp.demo(90) order by seq;
select is(
  pg_temp.verdict(pg_temp.force(who, (select id from blocked limit 1))),
  verdict,
  who || ' forces: ' || verdict
)
from (
  values
    (73, 'permission_denied/only_owner_and_admin_force_send'),
    (75, 'permission_denied/only_owner_and_admin_force_send'),
    (76, 'permission_denied/no_organization_role'),
    (77, 'not_found/no_such_message'),
    (72, 'ok'),
    (71, 'already_sent/already_sent')
) as asked (who, verdict);
select is(pg_temp.verdict(pg_temp.force(71, gen_random_uuid())), 'not_found/no_such_message', 'a message that is none');
select is(
  (select (message.delivery, outbox.status, attempt.forced_by, attempt.forced_reason like '%0100%555%')::text
   from rolecall.thread_messages as message
   join rolecall.sms_outbox as outbox using (organization_id, thread_id, seq)
   join rolecall.anti_poaching_attempts as attempt on attempt.message_id = message.id
   where message.id = (select id from blocked limit 1)),
  ('queued', 'queued', pg_temp.demo(72), false)::text,
  'it is queued once, and who forced it is kept'
);
select unalike(
  (select forced_reason from rolecall.anti_poaching_attempts where forced_by is not null), '%555%', 'a number in the reason is not'
);
insert into rolecall.opt_outs (organization_id, client_id, source) values (pg_temp.demo(90), pg_temp.demo(81), 'keyword');
select is(
  pg_temp.verdict(pg_temp.force(71, (select id from blocked offset 1 limit 1))),
  'client_opted_out/client_opted_out',
  'a client who opted out gets nothing by force either'
);
delete from rolecall.opt_outs;
select is(
  (select pg_temp.verdict(pg_temp.force(71, id)) from rolecall.thread_messages where delivery = 'queued' and organization_id = pg_temp.demo(90) limit 1),
  'already_sent/already_sent',
  'what was not held back is not sent again'
);

-- A client with an account writes as if by text.
create function pg_temp.last_of(p_thread int)
returns text
language sql
return (
  select concat_ws(' ', direction, delivery, right(sitter_id::text, 2), right(author_id::text, 2), inbox_seq is not null)
  from rolecall.thread_messages
  where thread_id = pg_temp.demo(p_thread)
  order by seq desc
  limit 1
);
select pg_temp.window_is('-1 hour', '1 hour');
select is(
  (pg_temp.send(75, 61) -> 'data') - array['message_id', 'seq'],
  jsonb_build_object(
    'thread_id', pg_temp.demo(61), 'delivery', 'received', 'number_class', 'pool', 'encoding', 'gsm_7', 'segments', 1
  ),
  'a client writes in their own thread'
);
select is(pg_temp.last_of(61), 'inbound received 73 75 f', 'and it is routed to the sitter who is on duty');
select is(
  (select (target, reason, sender like '%0181%' and sender not like '%555%')::text from rolecall.routing_decisions
   where thread_id = pg_temp.demo(61) order by id desc limit 1),
  ('sitter', 'one_sitter', true)::text,
  'with a decision, whose ends are redacted'
);
select pg_temp.window_is('1 hour', '2 hours');
select is(pg_temp.verdict(pg_temp.send(75, 61)), 'ok', 'outside of windows, too');
select is(pg_temp.last_of(61), 'inbound received 75 t', 'and it waits for the owner');
select is(pg_temp.verdict(pg_temp.held(75, 61)), 'anti_poaching_blocked/anti_poaching_blocked', 'the filter is asked');
select is(
  (select count(*) from rolecall.thread_messages where thread_id = pg_temp.demo(61) and direction = 'inbound' and delivery = 'blocked'),
  1::bigint,
  'and what it holds back is kept'
);
select is(
  (select count(*) from rolecall.sms_outbox as outbox join rolecall.thread_messages as message using (organization_id, thread_id, seq)
   where message.direction = 'inbound'),
  0::bigint,
  'nothing of it goes to the carrier'
);
insert into rolecall.opt_outs (organization_id, client_id, source) values (pg_temp.demo(90), pg_temp.demo(81), 'keyword');
select is(pg_temp.verdict(pg_temp.send(75, 61)), 'ok', 'who opted out writes on');
delete from rolecall.opt_outs;
select is(pg_temp.verdict(pg_temp.send(75, 63)), 'not_found/no_such_thread', 'but not in a thread of others');
select pg_temp.window_is('-1 hour', '1 hour');
select is(
  pg_temp.force(71, (select id from rolecall.thread_messages where direction = 'inbound' and delivery = 'blocked')) #>> '{data,delivery}',
  'received',
  'by force a client''s message is shown'
);
select ok(
  'Call me on 202 555 0100' = any (pg_temp.contents(73, 61)), 'to the sitter who is on duty'
);

-- Checks answer as the calls do, alone and among others.
create function pg_temp.check_of(p_user int, p_check jsonb)
returns text
language plpgsql
as $$
declare
  v_alone jsonb := pg_temp.ask('check_permission', pg_temp.demo(p_user), p_check) -> 'data';
  v_many jsonb := pg_temp.ask('check_permission', pg_temp.demo(p_user), jsonb_build_object('checks', jsonb_build_array(p_check)))
    #> '{data,results,0}';
begin
  if v_alone - 'quota' is distinct from v_many - 'quota' then
    return format('%s alone, %s among others', v_alone, v_many);
  end if;
  return case when (v_alone -> 'allowed')::boolean then 'ok' else (v_alone ->> 'code') || '/' || (v_alone ->> 'rule') end;
end
$$;
select is(
  pg_temp.check_of(who, jsonb_build_object('action', 'send_to_thread', 'thread_id', pg_temp.demo(thread))),
  pg_temp.verdict(pg_temp.send(who, thread)),
  format('%s would send to %s as %s does', who, thread, who)
)
from unnest(array[1, 71, 72, 73, 74, 75, 76, 77]) as who
cross join unnest(array[61, 62, 63, 69]) as thread;
select is(
  pg_temp.check_of(who, jsonb_build_object('action', 'read_thread', 'thread_id', pg_temp.demo(thread))),
  pg_temp.verdict(pg_temp.history(who, pg_temp.demo(thread))),
  format('%s would read %s as %s does', who, thread, who)
)
from unnest(array[1, 71, 72, 73, 74, 75, 76, 77]) as who
cross join unnest(array[61, 62, 63, 69]) as thread;
select is(
  pg_temp.check_of(who, jsonb_build_object('action', 'force_send', 'message_id', message)),
  pg_temp.verdict(pg_temp.force(who, message)),
  format('%s would force as %s does', who, who)
)
from unnest(array[1, 71, 73, 75, 76, 77]) as who
cross join (select id from blocked where seq = (select max(seq) from blocked) union all select gen_random_uuid()) as held (message);
select is(
  pg_temp.check_of(71, jsonb_build_object('action', 'force_send', 'message_id', (select id from blocked order by seq desc limit 1))),
  'already_sent/already_sent',
  'which was forced by then'
);
select is(pg_temp.check_of(who, '{"action": "assign_booking"}'), verdict, who || ' assigns: ' || verdict)
from (
  values (71, 'ok'), (72, 'ok'), (73, 'permission_denied/only_owner_and_admin_assign'),
    (75, 'permission_denied/only_owner_and_admin_assign'), (76, 'permission_denied/no_organization_role')
) as asked (who, verdict);
select is(
  pg_temp.check_of(1 + 70, '{"action": "send_to_thread", "organization_role": "sitter", "facts": ["feature_enabled", "own_organization", "once_assigned"]}'),
  'outside_assignment_window/outside_assignment_window',
  'a role and facts are asked of the matrix alone'
);
select is(
  pg_temp.ask('check_permission', pg_temp.demo(71), checked) ->> 'code', 'invalid_input', checked::text || ' asks for nothing'
)
from unnest(array[
  '{"action": "read_thread"}', '{"action": "force_send"}', '{"action": "read_thread", "organization_role": "king"}',
  '{"checks": [{"action": "send_to_thread"}]}'
]::jsonb[]) as checked;

-- A message that was held back, repeated under its key: it is answered again, and nothing else is written.
create function pg_temp.held_under(p_user int, p_key text, p_content text default 'Call me on 202 555 0143')
returns jsonb
language sql
return pg_temp.ask(
  'send_thread_message',
  pg_temp.demo(p_user),
  jsonb_build_object(
    'thread_id', pg_temp.demo(61), 'content', p_content, 'encoding', 'gsm_7', 'segments', 1,
    'filter', '{"violations": [{"kind": "phone", "value": "2025550143"}], "redacted": "Call me on [phone]"}'::jsonb
  ),
  p_key
);
create function pg_temp.held_traces()
returns text
language sql
volatile
begin atomic
  select concat_ws(
    ' ',
    (select count(*) from rolecall.thread_messages),
    (select count(*) from rolecall.anti_poaching_attempts),
    (select count(*) from rolecall.automatic_replies),
    (select sum(last_seq) from rolecall.message_threads)
  );
end;
delete from rolecall.opt_outs where client_id = pg_temp.demo(81);
create temporary table once as
select who, pg_temp.held_under(who, 'held') as answer from unnest(array[71, 73, 75]) as who;
select is(pg_temp.verdict(answer), 'anti_poaching_blocked/anti_poaching_blocked', format('%s is held back', who)) from once;
create temporary table traces as select pg_temp.held_traces() as held;
select is(
  pg_temp.held_under(who, 'held'),
  answer || '{"replayed": true}',
  format('the same message of %s under the same key is answered again', who)
)
from once;
select is(pg_temp.held_traces(), held, 'and leaves neither message nor attempt nor notice') from traces;
select is(
  pg_temp.verdict(pg_temp.held_under(73, 'held', 'Call me on 202 555 0144')),
  'idempotency_conflict/idempotency_key_reused',
  'another message under the key is none of it'
);
select is(pg_temp.held_traces(), held, 'and leaves nothing either') from traces;
select pg_temp.held_under(73, 'another');
select isnt(pg_temp.held_traces(), held, 'under another key it is another message') from traces;

-- Flags of others change while a message waits; only what they say of its sender counts.
select is(
  rolecall_internal.thread_actor_changed(
    pg_temp.demo(73),
    jsonb_populate_record(
      rolecall_internal.thread_actor(pg_temp.demo(73), pg_temp.demo(61), '{}'), '{"flags_revision": -1}'
    ),
    '{}'
  ),
  false,
  'a flag of somebody else is changed'
);
select is(
  rolecall_internal.thread_actor_changed(
    pg_temp.demo(73),
    jsonb_populate_record(
      rolecall_internal.thread_actor(pg_temp.demo(73), pg_temp.demo(61), '{}'), '{"flags_revision": -1}'
    ),
    '{"sitter_messages_v1": "disabled"}'
  ),
  true,
  'one that lets them through no longer does'
);

select * from finish();
rollback;
