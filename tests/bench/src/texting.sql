-- Agencies that text: as many sitters as there are senders of direct messages, and as many threads as those have
-- conversations, and what was written in them before. Client n is of sitter n / 8, and sitter s of agency s / 20. Every window is open for a day.

create temporary table texting as
select
  n,
  ('00000000-0000-4000-8000-' || 300000000000 + n / 8)::uuid as sitter_id,
  md5('agency ' || n / 160)::uuid as organization_id,
  n / 160 as agency,
  rolecall_internal.uuid_v7() as client_id,
  rolecall_internal.uuid_v7() as thread_id,
  gen_random_uuid() as booking_id
from generate_series(0, 8 * {users} - 1) as n;

-- 555-01xx of an area, which nobody has.
create function pg_temp.phone(n bigint)
returns text
language sql
immutable
return format('+1%s55501%s', 301 + n % 699, lpad((n / 699 % 100)::text, 2, '0'));

insert into rolecall.organizations (id, name)
select distinct organization_id, 'Agency ' || agency
from texting;

insert into rolecall.feature_flag_overrides (name, organization_id, rollout)
select flag, id, 'enabled'
from (select distinct organization_id as id from texting) as agency
cross join unnest(array['messaging_v1', 'sitter_messages_v1']) as flag;

insert into rolecall.message_numbers (id, organization_id, e164, class)
select organization_id, organization_id, pg_temp.phone(agency), 'front_desk'
from texting
group by organization_id, agency;

insert into rolecall.profiles (id, organization_id, organization_role)
select distinct sitter_id, organization_id, 'sitter'
from texting;

insert into rolecall.clients (id, organization_id, phone)
select client_id, organization_id, pg_temp.phone(20000 + n % 40000)
from texting;

insert into rolecall.message_threads (id, organization_id, client_id, number_id, number_class, last_seq)
select thread_id, organization_id, client_id, organization_id, 'front_desk', 10
from texting;

insert into rolecall.bookings (organization_id, id, client_id, service, starts_at, ends_at, sitter_id, status)
select organization_id, booking_id, client_id, 'walk', now(), now() + interval '1 day', sitter_id, 'confirmed'
from texting;

insert into rolecall.assignment_windows (organization_id, thread_id, booking_id, sitter_id, starts_at, ends_at)
select organization_id, thread_id, booking_id, sitter_id, now(), now() + interval '1 day'
from texting;

-- What was written before: ten messages a thread, of client and sitter in turn. A table that is analysed while it is empty
-- has plans that are made for nothing.
insert into rolecall.thread_messages (
  organization_id, thread_id, seq, direction, client_id, author_id, sitter_id, content, delivery, encoding, segments
)
select
  organization_id,
  thread_id,
  seq,
  case seq % 2 when 1 then 'inbound' else 'outbound' end,
  client_id,
  case seq % 2 when 0 then sitter_id end,
  sitter_id,
  'Is Rex well?',
  case seq % 2 when 1 then 'received' else 'delivered' end,
  'gsm_7',
  1
from texting
cross join generate_series(1, 10) as seq
order by seq, n;

insert into rolecall.routing_decisions (
  organization_id, thread_id, seq, target, reason, sitter_id, number_class, sender, recipient
)
select organization_id, thread_id, seq, 'sitter', 'one_sitter', sitter_id, 'front_desk', '[phone …0100]', '[phone …0101]'
from texting
cross join generate_series(1, 9, 2) as seq
order by seq, n;

insert into rolecall.sms_outbox (organization_id, thread_id, seq, status)
select organization_id, thread_id, seq, 'delivered'
from texting
cross join generate_series(2, 10, 2) as seq
order by seq, n;
