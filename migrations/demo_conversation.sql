-- More demo data, for people who look around: loaded behind demo.sql, and loading it again changes nothing. The examples of
-- docs/openapi.yaml name what is here.

-- Ben's conversation with Mia, as a moderator left it: one message reported, one removed. Where the two have another
-- conversation already, there is nothing to add. It is minutes old, so that whoever looks around can edit a message of it.
insert into rolecall.conversations (
  id, kind, participant_low, participant_high, created_by, organization_id, last_seq, revision, last_message_at, created_at
)
values (
  '00000000-0000-4000-8000-000000000041',
  'direct',
  '00000000-0000-4000-8000-000000000002',
  '00000000-0000-4000-8000-000000000004',
  '00000000-0000-4000-8000-000000000002',
  '00000000-0000-4000-8000-000000000031',
  6,
  1,
  now() - interval '7 minutes',
  now() - interval '12 minutes'
)
on conflict do nothing;

-- Mia has yet to read the last message.
insert into rolecall.conversation_participants (conversation_id, user_id, last_read_seq, joined_at)
select conversation.id, person.id, person.last_read_seq, conversation.created_at
from rolecall.conversations as conversation
cross join (
  values
    ('00000000-0000-4000-8000-000000000002'::uuid, 6),
    ('00000000-0000-4000-8000-000000000004'::uuid, 5)
) as person (id, last_read_seq)
where conversation.id = '00000000-0000-4000-8000-000000000041'
on conflict (conversation_id, user_id) do nothing;

insert into rolecall.messages (
  id, conversation_id, seq, sender_id, content, show_id, created_at, deleted_at, deleted_as, revision
)
select
  format('00000000-0000-4000-8000-0000000000%s', 50 + message.seq)::uuid,
  conversation.id,
  message.seq,
  message.sender_id,
  message.content,
  '00000000-0000-4000-8000-000000000011',
  conversation.created_at + make_interval(mins => message.seq - 1),
  case when message.content is null then conversation.last_message_at + interval '1 minute' end,
  case when message.content is null then 'moderator' end,
  case when message.content is null then 1 end
from rolecall.conversations as conversation
cross join (
  values
    (1, '00000000-0000-4000-8000-000000000002'::uuid, 'Is the first edition still there?'),
    (2, '00000000-0000-4000-8000-000000000004'::uuid, 'It is. I keep it for you for half of the price in advance.'),
    (3, '00000000-0000-4000-8000-000000000002'::uuid, 'I would rather pay at the show.'),
    (4, '00000000-0000-4000-8000-000000000004'::uuid, null),
    (5, '00000000-0000-4000-8000-000000000004'::uuid, 'All right, see you on Saturday.'),
    (6, '00000000-0000-4000-8000-000000000002'::uuid, 'See you there!')
) as message (seq, sender_id, content)
where conversation.id = '00000000-0000-4000-8000-000000000041'
on conflict (conversation_id, seq) do nothing;

insert into rolecall.removed_contents (conversation_id, seq, content, removed_at)
select conversation_id, seq, 'Then somebody else gets it.', deleted_at
from rolecall.messages
where id = '00000000-0000-4000-8000-000000000054'
  and deleted_as = 'moderator'
  -- What was erased since stays erased.
  and not exists (
    select
    from rolecall.moderation_audit
    where id = '00000000-0000-4000-8000-000000000071'
  )
on conflict (conversation_id, seq) do nothing;

insert into rolecall.moderation_audit (id, at, actor_id, action, message_id, target_id, note, before, after)
select
  '00000000-0000-4000-8000-000000000071',
  deleted_at,
  '00000000-0000-4000-8000-000000000006',
  'message_deleted',
  id,
  sender_id,
  'Pressure to pay in advance.',
  '{"deleted": null}',
  jsonb_build_object('deleted', rolecall_internal.deletion_of(message))
from rolecall.messages as message
where id = '00000000-0000-4000-8000-000000000054'
  and deleted_as = 'moderator'
on conflict (id) do nothing;

insert into rolecall.reported_messages (
  id, message_id, conversation_id, seq, show_id, reporter_id, reported_user_id, reason, organizer_status, created_at
)
select
  '00000000-0000-4000-8000-000000000061',
  id,
  conversation_id,
  seq,
  show_id,
  '00000000-0000-4000-8000-000000000002',
  sender_id,
  'She asks for money in advance.',
  'pending',
  created_at + interval '1 minute'
from rolecall.messages
where id = '00000000-0000-4000-8000-000000000052'
  and content is not null
on conflict do nothing;

-- Ben asked for help three times, and Mia offered it each time: the first conversation goes on, the others may be ended.
insert into rolecall.help_requests (id, requester_id, title, description, status)
select
  ('00000000-0000-4000-8000-0000000000' || asked.number)::uuid,
  '00000000-0000-4000-8000-000000000002',
  asked.title,
  '',
  'in_progress'
from (
  values
    (23, 'A lift to the station'),
    (24, 'Somebody to hold my table'),
    (25, 'A spare folding chair')
) as asked (number, title)
on conflict (id) do nothing;

insert into public.conversations_v2 (id, help_request_id, requester_id, helper_id, initial_message, created_at, updated_at)
select
  ('00000000-0000-4000-8000-0000000000' || offered.number)::uuid,
  ('00000000-0000-4000-8000-0000000000' || offered.number - 20)::uuid,
  '00000000-0000-4000-8000-000000000002',
  '00000000-0000-4000-8000-000000000004',
  offered.content,
  now() - make_interval(mins => 3 * (48 - offered.number)),
  now() - make_interval(mins => 3 * (48 - offered.number))
from (
  values
    (43, 'I can take you there after the show.'),
    (44, 'I can hold it until noon.'),
    (45, 'I have one in the car.')
) as offered (number, content)
on conflict do nothing;

insert into public.messages_v2 (id, conversation_id, sender_id, content, created_at, updated_at)
select
  ('00000000-0000-4000-8000-0000000000' || conversation.number + 40)::uuid,
  conversation.id,
  conversation.helper_id,
  conversation.initial_message,
  conversation.created_at,
  conversation.created_at
from (
  select *, right(id::text, 2)::int as number
  from public.conversations_v2
  where id in (
    '00000000-0000-4000-8000-000000000043',
    '00000000-0000-4000-8000-000000000044',
    '00000000-0000-4000-8000-000000000045'
  )
) as conversation
where not exists (
  -- What was taken back since stays away.
  select
  from rolecall.help_message_counts
  where conversation_id = conversation.id
)
on conflict (id) do nothing;

-- A webhook, disabled: nothing is posted to an address that is nobody's.
insert into rolecall.webhooks (id, url, types, description, is_enabled, secret)
values (
  '00000000-0000-4000-8000-000000000051',
  'https://push.example/rolecall',
  array['message.created'],
  'Push notifications (an example)',
  false,
  rolecall_internal.new_webhook_secret()
)
on conflict (id) do nothing;

insert into rolecall.webhook_queues (webhook_id)
values ('00000000-0000-4000-8000-000000000051')
on conflict (webhook_id) do nothing;
