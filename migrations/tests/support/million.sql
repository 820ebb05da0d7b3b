-- What the test of the plans reads: 100,000 users, 1,000,000 messages, and one user with 10,000 conversations.

set synchronous_commit = off;
insert into rolecall.profiles (id, display_name, role)
select
  ('10000000-0000-4000-8000-' || lpad(number::text, 12, '0'))::uuid,
  'Person ' || number,
  case when number % 10 = 1 then 'mvp_dealer' else 'attendee' end::rolecall.app_role
from generate_series(1, 100000) as number;

-- Person 1 has a conversation with each of 10,000 others; 40,000 more are of other pairs. Twenty messages each.
insert into rolecall.conversations (
  id, kind, participant_low, participant_high, created_by, last_seq, last_message_at, created_at
)
select
  ('20000000-0000-4000-8000-' || lpad(number::text, 12, '0'))::uuid,
  'direct',
  least(one, other),
  greatest(one, other),
  one,
  20,
  now() - number * interval '7 seconds',
  now() - interval '1 year'
from (
  select
    number,
    ('10000000-0000-4000-8000-' || lpad(case when number <= 10000 then '1' else number::text end, 12, '0'))::uuid as one,
    ('10000000-0000-4000-8000-' || lpad((number + 50000)::text, 12, '0'))::uuid as other
  from generate_series(1, 50000) as number
) as pair
-- In no order: as they would lie after years.
order by md5(number::text);

insert into rolecall.conversation_participants (conversation_id, user_id, last_read_seq)
select id, person, case when person = created_by and get_byte(uuid_send(id), 15) % 3 = 0 then 15 else 20 end
from rolecall.conversations
cross join lateral unnest(array[participant_low, participant_high]) as person
where kind = 'direct'
order by md5(id::text || person);

insert into rolecall.messages (conversation_id, seq, sender_id, content, created_at)
select
  id,
  seq,
  case when seq % 2 = 0 then participant_low else participant_high end,
  'Is card number ' || seq || ' still there?',
  last_message_at - (20 - seq) * interval '1 minute'
from rolecall.conversations
cross join generate_series(1, 20) as seq
where kind = 'direct'
order by md5(id::text || seq);

-- 200 shows with three senders each and 20 broadcasts of each, to attendees or MVP dealers, too; person 1 takes part in 12
-- and took part in 3 more.
insert into rolecall.shows (id, organizer_id, title, starts_at, ends_at)
select
  ('30000000-0000-4000-8000-' || lpad(number::text, 12, '0'))::uuid,
  '10000000-0000-4000-8000-000000000002',
  'Show ' || number,
  now() + interval '1 day',
  now() + interval '2 days'
from generate_series(1, 200) as number;

insert into rolecall.show_participants (show_id, user_id, joined_at)
select
  ('30000000-0000-4000-8000-' || lpad(number::text, 12, '0'))::uuid,
  '10000000-0000-4000-8000-000000000001',
  now() - interval '300 days'
from generate_series(1, 15) as number;
insert into rolecall.show_participants (show_id, user_id, joined_at)
select
  ('30000000-0000-4000-8000-' || lpad((1 + number % 200)::text, 12, '0'))::uuid,
  ('10000000-0000-4000-8000-' || lpad(number::text, 12, '0'))::uuid,
  now() - interval '300 days'
from generate_series(2, 20000) as number;
delete from rolecall.show_participants
where user_id = '10000000-0000-4000-8000-000000000001'
  and show_id > '30000000-0000-4000-8000-000000000012';

insert into rolecall.conversations (id, kind, show_id, created_by, last_seq, last_message_at)
select
  ('40000000-0000-4000-8000-' || lpad((sender * 1000 + number)::text, 12, '0'))::uuid,
  'show',
  ('30000000-0000-4000-8000-' || lpad(number::text, 12, '0'))::uuid,
  ('10000000-0000-4000-8000-' || lpad((sender + 1)::text, 12, '0'))::uuid,
  20,
  now() - (number * 3 + sender) * interval '11 seconds'
from generate_series(1, 200) as number
cross join generate_series(1, 3) as sender;
insert into rolecall.messages (conversation_id, seq, sender_id, content, show_id, created_at)
select id, seq, created_by, 'Doors open at nine.', show_id, last_message_at - (20 - seq) * interval '10 days'
from rolecall.conversations
cross join generate_series(1, 20) as seq
where kind = 'show';
insert into rolecall.broadcasts (
  conversation_id, message_id, seq, show_id, sender_id, phase, recipient_roles, audience_count, created_at
)
select
  conversation_id, id, seq, show_id, sender_id, 'pre_show',
  case when seq % 2 = 0 then '{attendee,mvp_dealer}' else '{attendee}' end::rolecall.app_role[],
  100,
  created_at
from rolecall.messages
where conversation_id >= '40000000-0000-4000-8000-000000000000'
  and conversation_id < '50000000-0000-4000-8000-000000000000';
insert into rolecall.show_threads (conversation_id, show_id, role, last_seq, last_message_at)
select conversation_id, show_id, role, max(seq), max(created_at)
from rolecall.broadcasts
cross join unnest(recipient_roles) as role
group by conversation_id, show_id, role;
