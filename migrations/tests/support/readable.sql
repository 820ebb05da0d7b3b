-- What else clients may read, beside what million.sql makes: every table that they reach is large, and people of different
-- kinds have much or nothing in it. Triggers and foreign keys are not asked: what they would say is true of these rows.

set synchronous_commit = off;
set session_replication_role = replica;

-- 200 organisations of 100 people each.
insert into rolecall.organizations (id, name)
select ('50000000-0000-4000-8000-' || lpad(number::text, 12, '0'))::uuid, 'Organisation ' || number
from generate_series(1, 200) as number;
update rolecall.profiles
set organization_id = ('50000000-0000-4000-8000-' || lpad((1 + right(id::text, 12)::int % 200)::text, 12, '0'))::uuid
where id > '10000000-0000-4000-8000-000000080000'
  and id <= '10000000-0000-4000-8000-000000100000';

-- The people that the test reads as. 100001 has nothing at all, 6000 is a dealer at big shows, 7000 their organizer.
insert into rolecall.profiles (id, display_name) values ('10000000-0000-4000-8000-000000100001', 'New here');
update rolecall.profiles set role = 'dealer' where id = '10000000-0000-4000-8000-000000006000';
update rolecall.profiles set role = 'show_organizer' where id = '10000000-0000-4000-8000-000000007000';

-- 5000 has ten conversations of twenty messages, 3000 has two thousand of five.
insert into rolecall.conversations (
  id, kind, participant_low, participant_high, created_by, last_seq, last_message_at, created_at
)
select
  ('21000000-0000-4000-8000-' || lpad(other::text, 12, '0'))::uuid,
  'direct',
  ('10000000-0000-4000-8000-' || lpad(one::text, 12, '0'))::uuid,
  ('10000000-0000-4000-8000-' || lpad(other::text, 12, '0'))::uuid,
  ('10000000-0000-4000-8000-' || lpad(one::text, 12, '0'))::uuid,
  case one when 5000 then 20 else 5 end,
  now() - other * interval '5 minutes',
  now() - interval '1 year' - other * interval '5 minutes'
from (
  select 5000 as one, number as other
  from generate_series(5001, 5010) as number
  union all
  select 3000, number
  from generate_series(7001, 9000) as number
) as pair
order by md5(other::text);
insert into rolecall.conversation_participants (conversation_id, user_id, last_read_seq)
select id, person, 5
from rolecall.conversations
cross join lateral unnest(array[participant_low, participant_high]) as person
where id >= '21000000-0000-4000-8000-000000000000'
  and id < '22000000-0000-4000-8000-000000000000'
order by md5(id::text || person);
insert into rolecall.messages (conversation_id, seq, sender_id, content, created_at)
select
  id,
  seq,
  case when seq % 2 = 0 then participant_low else participant_high end,
  'Is card number ' || seq || ' still there?',
  last_message_at - (last_seq - seq) * interval '1 minute'
from rolecall.conversations
cross join lateral generate_series(1, last_seq) as seq
where id >= '21000000-0000-4000-8000-000000000000'
  and id < '22000000-0000-4000-8000-000000000000'
order by md5(id::text || seq);

-- Five big shows: 20,000 people each, and twenty senders with ten broadcasts each, every second one to dealers. 5,000
-- shows of before.
insert into rolecall.shows (id, organizer_id, title, starts_at, ends_at, created_at)
select
  ('30000000-0000-4000-8000-' || lpad(number::text, 12, '0'))::uuid,
  case
    when number <= 1005 then '10000000-0000-4000-8000-000000007000'
    else '10000000-0000-4000-8000-000000000002'
  end::uuid,
  'Show ' || number,
  now() + interval '1 day' - number * interval '1 hour',
  now() + interval '2 days' - number * interval '1 hour',
  now() - number * interval '1 hour'
from generate_series(1001, 6000) as number;
insert into rolecall.show_participants (show_id, user_id, role, joined_at)
select
  ('30000000-0000-4000-8000-' || lpad(show::text, 12, '0'))::uuid,
  ('10000000-0000-4000-8000-' || lpad((30000 + number)::text, 12, '0'))::uuid,
  case when number % 10 = 1 then 'mvp_dealer' else 'attendee' end::rolecall.app_role,
  now() - interval '300 days' + number * interval '1 minute'
from generate_series(1001, 1005) as show
cross join generate_series(1, 20000) as number
order by md5(show::text || number);
insert into rolecall.show_participants (show_id, user_id, role, joined_at)
select
  ('30000000-0000-4000-8000-' || lpad(show::text, 12, '0'))::uuid,
  '10000000-0000-4000-8000-000000006000',
  'dealer',
  now() - interval '300 days'
from generate_series(1001, 1005) as show;
insert into rolecall.conversations (id, kind, show_id, created_by, last_seq, last_message_at)
select
  ('41000000-0000-4000-8000-' || lpad((sender * 10000 + show)::text, 12, '0'))::uuid,
  'show',
  ('30000000-0000-4000-8000-' || lpad(show::text, 12, '0'))::uuid,
  ('10000000-0000-4000-8000-' || lpad((30001 + sender * 10)::text, 12, '0'))::uuid,
  10,
  now() - sender * interval '1 minute'
from generate_series(1001, 1005) as show
cross join generate_series(1, 20) as sender;
insert into rolecall.messages (conversation_id, seq, sender_id, content, show_id, created_at)
select id, seq, created_by, 'Doors open at nine.', show_id, last_message_at - (10 - seq) * interval '10 days'
from rolecall.conversations
cross join generate_series(1, 10) as seq
where id >= '41000000-0000-4000-8000-000000000000'
  and id < '42000000-0000-4000-8000-000000000000';
insert into rolecall.broadcasts (
  conversation_id, message_id, seq, show_id, sender_id, phase, recipient_roles, audience_count, created_at
)
select
  conversation_id, id, seq, show_id, sender_id, 'pre_show',
  case when seq % 2 = 0 then '{attendee,dealer}' else '{attendee}' end::rolecall.app_role[],
  20000,
  created_at
from rolecall.messages
where conversation_id >= '41000000-0000-4000-8000-000000000000'
  and conversation_id < '42000000-0000-4000-8000-000000000000';

-- Who has read broadcasts: one sender of each big show has been read by everybody, the dealer has read them all.
insert into rolecall.broadcast_receipts (conversation_id, user_id, last_read_seq, read_at)
select conversation.id, participant.user_id, 10, now() - interval '1 hour'
from rolecall.conversations as conversation
join rolecall.show_participants as participant
  on participant.show_id = conversation.show_id
where conversation.id >= '41000000-0000-4000-8000-000000000000'
  and conversation.id < '42000000-0000-4000-8000-000000000000'
  and (
    conversation.id < '41000000-0000-4000-8000-000000020000'
    or participant.user_id = '10000000-0000-4000-8000-000000006000'
  );

insert into rolecall.broadcast_quotas (sender_id, show_id, period, pre_show_remaining, post_show_remaining)
select
  ('10000000-0000-4000-8000-' || lpad(number::text, 12, '0'))::uuid,
  ('30000000-0000-4000-8000-' || lpad(show::text, 12, '0'))::uuid,
  current_date,
  1,
  1
from generate_series(1, 20000, 10) as number
cross join generate_series(1, 10) as show;

-- 100,000 requests for help, the newest 2,000 of them open, each with a conversation of two messages: everybody has asked once and
-- helped once, 3000 has helped 500 times.
insert into rolecall.help_requests (id, requester_id, title, status, created_at)
select
  ('60000000-0000-4000-8000-' || lpad(number::text, 12, '0'))::uuid,
  ('10000000-0000-4000-8000-' || lpad(number::text, 12, '0'))::uuid,
  'Help with ' || number,
  case when number <= 98000 then 'closed' else 'open' end,
  now() - (100000 - number) * interval '7 seconds'
from generate_series(1, 100000) as number
order by number;
insert into public.conversations_v2 (id, help_request_id, requester_id, helper_id, initial_message, created_at)
select
  ('61000000-0000-4000-8000-' || lpad(number::text, 12, '0'))::uuid,
  ('60000000-0000-4000-8000-' || lpad(number::text, 12, '0'))::uuid,
  ('10000000-0000-4000-8000-' || lpad(number::text, 12, '0'))::uuid,
  (
    '10000000-0000-4000-8000-'
      || lpad(case when number > 90000 and number <= 90500 then 3000 else 1 + number % 100000 end::text, 12, '0')
  )::uuid,
  'I can help with that.',
  now() - number * interval '5 seconds'
from generate_series(1, 100000) as number
order by md5(number::text);
insert into public.messages_v2 (conversation_id, sender_id, content, created_at, updated_at)
select id, case seq when 1 then helper_id else requester_id end, 'I can help with that.', created_at, created_at
from public.conversations_v2
cross join generate_series(1, 2) as seq
order by md5(id::text || seq);

insert into rolecall.user_blocks (blocker_id, blocked_id, created_at)
select
  ('10000000-0000-4000-8000-' || lpad(number::text, 12, '0'))::uuid,
  ('10000000-0000-4000-8000-' || lpad((100000 - number)::text, 12, '0'))::uuid,
  now() - number * interval '1 minute'
from generate_series(1, 100000) as number
where number not in (50000, 100000);

insert into rolecall.data_deletions (user_id, requested_at, completed_at)
select
  ('10000000-0000-4000-8000-' || lpad(number::text, 12, '0'))::uuid,
  now() - number * interval '1 minute',
  now() - number * interval '1 minute'
from generate_series(1, 100000) as number;

-- The first message of every conversation is reported by its reader.
insert into rolecall.reported_messages (message_id, conversation_id, seq, reporter_id, reported_user_id, reason)
select message.id, message.conversation_id, message.seq, conversation.participant_high, message.sender_id, 'Rude'
from rolecall.messages as message
join rolecall.conversations as conversation
  on conversation.id = message.conversation_id
where conversation.kind = 'direct'
  and message.seq = 1;

set session_replication_role = origin;
