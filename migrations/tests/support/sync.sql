-- What the test of sync reads: person 99999 has 10,000 conversations with others and takes part in 1,000 shows, with a
-- thread of broadcasts each. Nothing of it has changed for long.

set synchronous_commit = off;
insert into rolecall.conversations (
  id, kind, participant_low, participant_high, created_by, last_seq, last_message_at, created_at, changed_xid
)
select
  ('50000000-0000-4000-8000-' || lpad(number::text, 12, '0'))::uuid,
  'direct',
  least(one, other),
  greatest(one, other),
  one,
  2,
  now() - number * interval '7 seconds',
  now() - interval '1 year',
  '0'
from (
  select
    number,
    '10000000-0000-4000-8000-000000099999'::uuid as one,
    -- Some have the smaller id, some the larger one.
    ((case when number % 2 = 0 then '1' else '2' end) || '0000000-0000-4000-8000-' || lpad(number::text, 12, '0'))::uuid
      as other
  from generate_series(1, 10000) as number
) as pair
order by md5(number::text);

insert into rolecall.profiles (id, display_name, role)
select ('20000000-0000-4000-8000-' || lpad(number::text, 12, '0'))::uuid, 'Other ' || number, 'attendee'
from generate_series(1, 10000, 2) as number
on conflict (id) do nothing;

insert into rolecall.conversation_participants (conversation_id, user_id, last_read_seq)
select id, person, 1 + (get_byte(uuid_send(id), 15) % 3 = 0)::int
from rolecall.conversations
cross join lateral unnest(array[participant_low, participant_high]) as person
where id >= '50000000-0000-4000-8000-000000000000'
  and id < '60000000-0000-4000-8000-000000000000'
order by md5(id::text || person);

insert into rolecall.messages (conversation_id, seq, sender_id, content, created_at)
select
  id,
  seq,
  case when seq % 2 = 0 then participant_low else participant_high end,
  'Is card number ' || seq || ' still there?',
  last_message_at - (2 - seq) * interval '1 minute'
from rolecall.conversations
cross join generate_series(1, 2) as seq
where id >= '50000000-0000-4000-8000-000000000000'
  and id < '60000000-0000-4000-8000-000000000000'
order by md5(id::text || seq);

insert into rolecall.shows (id, organizer_id, title, starts_at, ends_at)
select
  ('60000000-0000-4000-8000-' || lpad(number::text, 12, '0'))::uuid,
  '10000000-0000-4000-8000-000000000002',
  'Fair ' || number,
  now() + interval '1 day',
  now() + interval '2 days'
from generate_series(1, 1000) as number;

insert into rolecall.show_participants (show_id, user_id, joined_at, changed_xid)
select
  ('60000000-0000-4000-8000-' || lpad(number::text, 12, '0'))::uuid,
  '10000000-0000-4000-8000-000000099999',
  now() - interval '300 days',
  '0'
from generate_series(1, 1000) as number;

insert into rolecall.conversations (id, kind, show_id, created_by, last_seq, last_message_at, changed_xid)
select
  ('70000000-0000-4000-8000-' || lpad(number::text, 12, '0'))::uuid,
  'show',
  ('60000000-0000-4000-8000-' || lpad(number::text, 12, '0'))::uuid,
  '10000000-0000-4000-8000-000000000002',
  3,
  now() - number * interval '11 seconds',
  '0'
from generate_series(1, 1000) as number
order by md5(number::text);

insert into rolecall.messages (conversation_id, seq, sender_id, content, show_id, created_at)
select id, seq, created_by, 'Doors open at nine.', show_id, last_message_at - (3 - seq) * interval '10 days'
from rolecall.conversations
cross join generate_series(1, 3) as seq
where show_id >= '60000000-0000-4000-8000-000000000000';

insert into rolecall.broadcasts (
  conversation_id, message_id, seq, show_id, sender_id, phase, recipient_roles, audience_count, created_at
)
select conversation_id, id, seq, show_id, sender_id, 'pre_show', '{attendee}', 100, created_at
from rolecall.messages
where conversation_id >= '70000000-0000-4000-8000-000000000000'
  and conversation_id < '80000000-0000-4000-8000-000000000000';

insert into rolecall.show_threads (conversation_id, show_id, role, last_seq, last_message_at)
select conversation_id, show_id, 'attendee', max(seq), max(created_at)
from rolecall.broadcasts
where conversation_id >= '70000000-0000-4000-8000-000000000000'
  and conversation_id < '80000000-0000-4000-8000-000000000000'
group by conversation_id, show_id;

insert into rolecall.broadcast_receipts (conversation_id, user_id, last_read_seq, changed_xid)
select conversation_id, '10000000-0000-4000-8000-000000099999', 3, '0'
from rolecall.show_threads
where conversation_id >= '70000000-0000-4000-8000-000000000000'
  and conversation_id < '80000000-0000-4000-8000-000000000000'
  and get_byte(uuid_send(conversation_id), 15) % 3 > 0;
