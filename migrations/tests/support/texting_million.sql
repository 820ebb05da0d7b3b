-- What the test of the plans reads of texting: 1,000 organisations with 100,000 threads of ten messages each, of which
-- organisation 1 has 10,000 threads, and thread 1 another 5,000 messages. Thread n is of client n, booking n and window n.

-- Without triggers and foreign keys, which would take minutes: every row that is meant by another is made here.
set session_replication_role = replica;

create function pg_temp.id(p_kind text, p_number bigint)
returns uuid
language sql
immutable
return (p_kind || '000000-0000-4000-8000-' || lpad(p_number::text, 12, '0'))::uuid;

create function pg_temp.org_of(p_thread bigint)
returns bigint
language sql
immutable
return case when p_thread <= 10000 then 1 else 2 + p_thread % 999 end;

insert into rolecall.organizations (id, name)
select pg_temp.id('70', org), 'Organisation ' || org
from generate_series(1, 1000) as org;

insert into rolecall.feature_flag_overrides (name, organization_id, rollout)
select flag, pg_temp.id('70', org), 'enabled'
from generate_series(1, 1000) as org
cross join unnest(array['messaging_v1', 'sitter_messages_v1', 'proactive_thread_creation']) as flag;

-- Person 10 * org is the owner, the next five are sitters.
insert into rolecall.profiles (id, display_name, organization_id, organization_role)
select
  pg_temp.id('71', 10 * org + place),
  'Somebody',
  pg_temp.id('70', org),
  case place when 0 then 'owner' else 'sitter' end
from generate_series(1, 1000) as org
cross join generate_series(0, 5) as place;

-- Number 100 * org is the front desk's, the next five are the sitters', the next twenty the pool's.
insert into rolecall.message_numbers (id, organization_id, e164, class, sitter_id, last_assigned_at)
select
  pg_temp.id('72', 100 * org + place),
  pg_temp.id('70', org),
  '+1555' || lpad((100 * org + place)::text, 7, '0'),
  case when place = 0 then 'front_desk' when place <= 5 then 'sitter' else 'pool' end,
  case when place between 1 and 5 then pg_temp.id('71', 10 * org + place) end,
  now() - make_interval(mins => place::int)
from generate_series(1, 1000) as org
cross join generate_series(0, 25) as place;

insert into rolecall.clients (id, organization_id, display_name, phone)
select pg_temp.id('73', thread), pg_temp.id('70', pg_temp.org_of(thread)), 'Client ' || thread, '+1666' || lpad(thread::text, 7, '0')
from generate_series(1, 100000) as thread;

insert into rolecall.message_threads (
  id, organization_id, client_id, number_id, number_class, sitter_id, last_seq, last_message_at, status
)
select
  pg_temp.id('74', thread),
  pg_temp.id('70', pg_temp.org_of(thread)),
  pg_temp.id('73', thread),
  number.id,
  number.class,
  number.sitter_id,
  case thread when 1 then 5010 else 10 end,
  now() - make_interval(secs => thread * 50.0),
  case when thread % 20 = 0 then 'closed' else 'open' end
from generate_series(1, 100000) as thread
join rolecall.message_numbers as number
  on number.id = pg_temp.id('72', 100 * pg_temp.org_of(thread) + thread % 26);

insert into rolecall.message_threads (id, organization_id, scope, number_id, number_class, last_seq)
select pg_temp.id('75', org), pg_temp.id('70', org), 'owner_inbox', pg_temp.id('72', 100 * org), 'front_desk', 2000000000
from generate_series(1, 1000) as org;

-- One in twenty windows is open at the moment.
insert into rolecall.bookings (organization_id, id, client_id, service, starts_at, ends_at, sitter_id, status)
select
  pg_temp.id('70', pg_temp.org_of(thread)),
  pg_temp.id('76', thread),
  pg_temp.id('73', thread),
  'walk',
  now() + make_interval(hours => (thread % 20)::int - 1),
  now() + make_interval(hours => (thread % 20)::int + 1),
  pg_temp.id('71', 10 * pg_temp.org_of(thread) + 1 + thread % 5),
  'confirmed'
from generate_series(1, 100000) as thread;

insert into rolecall.assignment_windows (id, organization_id, thread_id, booking_id, sitter_id, starts_at, ends_at)
select pg_temp.id('77', number), organization_id, pg_temp.id('74', number), booking.id, sitter_id, starts_at, ends_at
from generate_series(1, 100000) as number
join rolecall.bookings as booking
  on booking.organization_id = pg_temp.id('70', pg_temp.org_of(number))
  and booking.id = pg_temp.id('76', number);

-- Odd ones are the client's, even ones the sitter's. Every fifth waits in the owner inbox.
insert into rolecall.thread_messages (
  organization_id, thread_id, seq, inbox_seq, direction, client_id, author_id, sitter_id, content, delivery, encoding, segments, created_at
)
select
  pg_temp.id('70', pg_temp.org_of(thread)),
  pg_temp.id('74', thread),
  seq,
  case when seq % 5 = 0 and seq % 2 = 1 then 10000 * thread + seq end,
  case seq % 2 when 1 then 'inbound' else 'outbound' end,
  pg_temp.id('73', thread),
  case seq % 2 when 0 then pg_temp.id('71', 10 * pg_temp.org_of(thread) + 1 + thread % 5) end,
  case when seq % 5 = 0 and seq % 2 = 1 then null else pg_temp.id('71', 10 * pg_temp.org_of(thread) + 1 + thread % 5) end,
  'Is Rex well?',
  case seq % 2 when 1 then 'received' else 'sent' end,
  'gsm_7',
  1,
  now() - make_interval(secs => thread * 50.0 + 10.0 - seq)
from generate_series(1, 100000) as thread
cross join generate_series(1, case thread when 1 then 5010 else 10 end) as seq;

insert into rolecall.routing_decisions (
  organization_id, at, thread_id, seq, target, reason, sitter_id, window_ids, number_class, sender, recipient
)
select
  organization_id,
  created_at,
  thread_id,
  seq,
  case when inbox_seq is null then 'sitter' else 'owner_inbox' end,
  case when inbox_seq is null then 'one_sitter' else 'no_window' end,
  sitter_id,
  '{}',
  'pool',
  '+[phone …0100]',
  '+[phone …0101]'
from rolecall.thread_messages
where direction = 'inbound'
  -- Not of the demo data.
  and client_id >= pg_temp.id('73', 1);

insert into rolecall.sms_outbox (organization_id, thread_id, seq, status, error_code, created_at, updated_at)
select
  organization_id,
  thread_id,
  seq,
  case when n % 1000 = 0 then 'queued' when n % 500 = 0 then 'dead' when n % 777 = 0 then 'uncertain' else 'delivered' end,
  case when n % 500 = 0 and n % 1000 <> 0 then 30006 end,
  created_at,
  created_at
from (
  select *, row_number() over (order by thread_id, seq) as n
  from rolecall.thread_messages
  where direction = 'outbound'
    and client_id >= pg_temp.id('73', 1)
) as message;

insert into rolecall.anti_poaching_attempts (organization_id, at, thread_id, message_id, direction, violations)
select organization_id, created_at, thread_id, id, direction, '{phone}'
from rolecall.thread_messages
where seq = 3
  and client_id >= pg_temp.id('73', 1);

-- Organisation 1 was asked a lot: seven days of quarters of an hour.
insert into rolecall.request_metrics (org_id, slot, function, code, bucket, stripe, minutes, day_slot, requests)
select pg_temp.id('70', 1), slot, function, code, bucket, 0, 15, rolecall_internal.day_slot(slot, 12), 7
from generate_series(date_bin('15 minutes', now(), 'epoch') - interval '7 days', now(), '15 minutes') as slot
cross join unnest(array['send-thread-message', 'receive-sms.text', 'threads.list', 'threads.messages']) as function
cross join unnest(array['ok', 'outside_assignment_window', 'rate_limited']) as code
cross join generate_series(10, 14) as bucket;
reset session_replication_role;
