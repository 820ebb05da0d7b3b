-- append_message, owner_inbox, notice and record_attempt: numbers, order, and the one owner inbox.
begin;
\ir ../support/calls.psql
select no_plan();

insert into rolecall.organizations (id, name) values (pg_temp.demo(90), 'Paws'), (pg_temp.demo(91), 'Claws');
insert into rolecall.message_numbers (id, organization_id, e164, class)
values
  (pg_temp.demo(92), pg_temp.demo(90), '+12025550192', 'pool'),
  (pg_temp.demo(93), pg_temp.demo(90), '+12025550193', 'front_desk');
insert into rolecall.clients (id, organization_id, phone)
values (pg_temp.demo(94), pg_temp.demo(90), '+12025550194');
insert into rolecall.message_threads (id, organization_id, client_id, number_id, number_class)
values (pg_temp.demo(95), pg_temp.demo(90), pg_temp.demo(94), pg_temp.demo(92), 'pool');

create function pg_temp.text_of(
  p_content text,
  p_in_inbox boolean default false,
  p_org uuid default pg_temp.demo(90),
  p_delivery text default 'received'
)
returns rolecall.thread_messages
language sql
return rolecall_internal.append_message(
  row(
    p_org, pg_temp.demo(95), null, null, null, 'inbound', null, pg_temp.demo(94), null, null, p_content, null,
    p_delivery, null, null, null, null, null, null
  )::rolecall.thread_messages,
  p_in_inbox
);

-- Numbers
select is((pg_temp.text_of('one')).seq, 1::bigint, 'the first message of a thread is number 1');
select is((pg_temp.text_of('two', true)).inbox_seq, 1::bigint, 'the first that waits for the owner is number 1 of the inbox');
select is(
  (select array_agg(seq || ' ' || coalesce(inbox_seq::text, '-') || ' ' || content order by seq)
   from rolecall.thread_messages where thread_id = pg_temp.demo(95)),
  '{"1 - one","2 1 two"}',
  'both stand in the thread, one of them in the owner inbox, too'
);
select is(
  (select (kind, media_urls, created_at)::text from rolecall.thread_messages where seq = 1 and organization_id = pg_temp.demo(90)),
  (select ('text', '{}'::text[], now())::text),
  'what the caller left out is the usual: a text without media, now'
);
select is(
  (select (last_seq, last_message_at)::text from rolecall.message_threads where id = pg_temp.demo(95)),
  (2::bigint, now())::text,
  'the thread knows its newest message'
);

-- The owner inbox
select is(
  (select (number_id, number_class, last_seq)::text from rolecall.message_threads where scope = 'owner_inbox'
     and organization_id = pg_temp.demo(90)),
  (pg_temp.demo(93), 'front_desk', 1::bigint)::text,
  'the owner inbox was made with the number of the front desk, whose number the message came by'
);
select is(
  rolecall_internal.owner_inbox(pg_temp.demo(90), pg_temp.demo(92)),
  rolecall_internal.owner_inbox(pg_temp.demo(90), null),
  'there is one'
);
select is(
  rolecall_internal.owner_inbox(pg_temp.demo(91), pg_temp.demo(92)), null, 'but none with the number of another organisation'
);

-- Notices
select is(
  (select (seq, inbox_seq, kind, direction, delivery)::text
   from rolecall_internal.notice(pg_temp.demo(90), pg_temp.demo(92), pg_temp.demo(94), null, 'Look at this')),
  (2::bigint, 2::bigint, 'notice', 'internal', 'shown')::text,
  'a notice is a message of the owner inbox alone, with one number for both'
);
select is((pg_temp.text_of('three', true)).inbox_seq, 3::bigint, 'and the next that waits for the owner follows it');
select ok(
  rolecall_internal.notice(pg_temp.demo(91), null, null, null, 'Nobody reads this') is null,
  'an organisation without a number has no owner inbox'
);

-- What the filter held back
select lives_ok(
  $$
    select rolecall_internal.record_attempt(
      pg_temp.text_of('Call 202 555 0194', p_delivery => 'blocked'), array['phone_number'], 'Call [redacted]'
    )
  $$,
  'what the filter holds back is recorded'
);
select is(
  (select (attempt.direction, attempt.client_id, attempt.violations, attempt.redacted_content, message.content)::text
   from rolecall.anti_poaching_attempts as attempt
   join rolecall.thread_messages as message on message.id = attempt.message_id
   where attempt.organization_id = pg_temp.demo(90)),
  ('inbound', pg_temp.demo(94), array['phone_number'], 'Call [redacted]', 'Call 202 555 0194')::text,
  'with the kinds of violation and what of it may be shown'
);
select is(
  (select content from rolecall.thread_messages where kind = 'notice' order by inbox_seq desc limit 1),
  'A message from a client was held back (phone_number): Call [redacted]',
  'and the owner has a notice of it'
);

-- Another organisation
select ok(pg_temp.text_of('four', p_org => pg_temp.demo(91)) is null, 'a thread of another organisation takes nothing');
select is(
  (select last_seq from rolecall.message_threads where id = pg_temp.demo(95)), 4::bigint, 'and has lost no number to it'
);

-- A clock that was set back
update rolecall.message_threads set last_message_at = now() + interval '1 hour' where id = pg_temp.demo(95);
select is(
  (pg_temp.text_of('five')).created_at, now() + interval '1 hour', 'no message is older than the one before it'
);
select * from finish();
rollback;
