-- What the test of the plans reads of help, behind readable.sql: its 100,000 requests get nine more conversations each,
-- which makes 1,000,000. Person 1 has 10,000 of them.

-- Without triggers and foreign keys, which would take minutes: what they would have made is made below.
set session_replication_role = replica;
insert into public.conversations_v2 (
  id, help_request_id, requester_id, helper_id, initial_message, status, created_at, updated_at
)
select
  ('62000000-0000-4000-8000-' || lpad((10 * request + offer)::text, 12, '0'))::uuid,
  ('60000000-0000-4000-8000-' || lpad(request::text, 12, '0'))::uuid,
  ('10000000-0000-4000-8000-' || lpad(request::text, 12, '0'))::uuid,
  (
    '10000000-0000-4000-8000-'
      || lpad(case when offer = 1 and request between 2 and 9990 then 1 else 1 + (request + offer * 7) % 100000 end::text, 12, '0')
  )::uuid,
  'I can help with that.',
  case offer when 2 then 'completed' when 3 then 'cancelled' when 4 then 'closed' else 'active' end,
  now() - request * interval '61 seconds' - offer * interval '5 seconds',
  now() - request * interval '61 seconds' - offer * interval '5 seconds'
from generate_series(1, 100000) as request
cross join generate_series(1, 9) as offer;

insert into public.messages_v2 (conversation_id, sender_id, content, created_at)
select id, helper_id, initial_message, created_at
from public.conversations_v2
where helper_id = '10000000-0000-4000-8000-000000000001'
  and id >= '62000000-0000-4000-8000-000000000000';

insert into rolecall.help_threads (conversation_id, requester_id, helper_id, status, last_message_at, requester_unread)
select id, requester_id, helper_id, status, updated_at, 1
from public.conversations_v2
on conflict (conversation_id) do nothing;
reset session_replication_role;
