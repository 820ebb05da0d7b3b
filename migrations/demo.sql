-- Demo data: an organisation with its people, a show before its start and one after, two help requests; and a pet-care
-- agency that texts with its clients. Loading it again moves the dates of the shows and of the agency's booking, so that
-- they stay before, after and under way, and changes nothing else.

insert into rolecall.organizations (id, name, time_zone, help_text)
values
  ('00000000-0000-4000-8000-000000000031', 'Rolecall demo', 'UTC', null),
  (
    '00000000-0000-4000-8000-0000000000a0',
    'Rolecall demo agency',
    'America/New_York',
    'Demo Pet Care: write to us here at any time. Reply STOP to get no more messages.'
  )
on conflict (id) do nothing;

insert into rolecall.profiles (id, display_name, role, organization_id, organization_role)
select
  format('00000000-0000-4000-8000-0000000000%s', number)::uuid,
  display_name,
  role::rolecall.app_role,
  format('00000000-0000-4000-8000-0000000000%s', organization)::uuid,
  organization_role
from (
  values
    ('01', 'Ada', 'attendee', '31', null),
    ('02', 'Ben', 'attendee', '31', null),
    ('03', 'Dan', 'dealer', '31', null),
    ('04', 'Mia', 'mvp_dealer', '31', null),
    ('05', 'Olga', 'show_organizer', '31', null),
    ('06', 'Max', 'moderator', '31', null),
    ('07', 'Oona', 'attendee', '31', 'owner'),
    ('08', 'Amy', 'admin', '31', null),
    ('a1', 'Nora', 'attendee', 'a0', 'owner'),
    ('a2', 'Sam', 'attendee', 'a0', 'sitter'),
    ('a3', 'Cara', 'attendee', 'a0', 'client')
) as person (number, display_name, role, organization, organization_role)
on conflict (id) do nothing;

insert into rolecall.shows (id, organizer_id, title, starts_at, ends_at)
values
  (
    '00000000-0000-4000-8000-000000000011',
    '00000000-0000-4000-8000-000000000005',
    'Demo show next week',
    now() + interval '7 days',
    now() + interval '9 days'
  ),
  (
    '00000000-0000-4000-8000-000000000012',
    '00000000-0000-4000-8000-000000000005',
    'Demo show of yesterday',
    now() - interval '1 day',
    now() - interval '12 hours'
  )
on conflict (id) do update
set
  starts_at = excluded.starts_at,
  ends_at = excluded.ends_at;

insert into rolecall.show_participants (show_id, user_id)
select show.id, person.id
from rolecall.shows as show
cross join rolecall.profiles as person
where show.id in (
    '00000000-0000-4000-8000-000000000011',
    '00000000-0000-4000-8000-000000000012'
  )
  and person.id in (
    '00000000-0000-4000-8000-000000000001',
    '00000000-0000-4000-8000-000000000002',
    '00000000-0000-4000-8000-000000000003',
    '00000000-0000-4000-8000-000000000004'
  )
on conflict (show_id, user_id) do nothing;

insert into rolecall.help_requests (id, requester_id, title, description)
values
  (
    '00000000-0000-4000-8000-000000000021',
    '00000000-0000-4000-8000-000000000001',
    'A ride to the show',
    'Two people and a box of cards, Saturday morning.'
  ),
  (
    '00000000-0000-4000-8000-000000000022',
    '00000000-0000-4000-8000-000000000002',
    'Help with carrying',
    'My binder is heavier than I am.'
  )
on conflict (id) do nothing;

-- The demo users may use everything, unless somebody has decided otherwise since.
do $$
begin
  perform set_config('rolecall.reason', 'Demo data were loaded.', true);
  update rolecall.feature_flags
  set rollout = 'enabled'
  where name = 'messaging_v2_enabled'
    and rollout = 'disabled'
    and not exists (
      select
      from rolecall.feature_flag_changes
      where name = 'messaging_v2_enabled'
        and old is not null
    );
  insert into rolecall.feature_flag_overrides (name, organization_id, rollout, reason)
  select name, '00000000-0000-4000-8000-0000000000a0', 'enabled', 'The demo agency texts.'
  from unnest(array['messaging_v1', 'proactive_thread_creation', 'sitter_messages_v1']) as name
  where not exists (
    select
    from rolecall.feature_flag_changes as change
    where change.name = name
      and change.organization_id = '00000000-0000-4000-8000-0000000000a0'
  )
  on conflict do nothing;
  perform set_config('rolecall.reason', '', true);
end
$$;

-- The agency: a number of each class, a client who has an account, and a booking that is under way.
insert into rolecall.message_numbers (id, organization_id, e164, class, sitter_id)
values
  ('00000000-0000-4000-8000-0000000000a4', '00000000-0000-4000-8000-0000000000a0', '+12025550184', 'front_desk', null),
  (
    '00000000-0000-4000-8000-0000000000a5',
    '00000000-0000-4000-8000-0000000000a0',
    '+12025550185',
    'sitter',
    '00000000-0000-4000-8000-0000000000a2'
  ),
  ('00000000-0000-4000-8000-0000000000a6', '00000000-0000-4000-8000-0000000000a0', '+12025550186', 'pool', null)
on conflict do nothing;

insert into rolecall.clients (id, organization_id, user_id, display_name, phone)
values (
  '00000000-0000-4000-8000-0000000000a7',
  '00000000-0000-4000-8000-0000000000a0',
  '00000000-0000-4000-8000-0000000000a3',
  'Cara',
  '+12025550187'
)
on conflict do nothing;

insert into rolecall.message_threads (id, organization_id, client_id, number_id, number_class, sitter_id)
select
  '00000000-0000-4000-8000-0000000000a8', organization_id, '00000000-0000-4000-8000-0000000000a7', id, class, sitter_id
from rolecall.message_numbers
where id = '00000000-0000-4000-8000-0000000000a5'
on conflict do nothing;

insert into rolecall.bookings (
  organization_id, id, client_id, service, starts_at, ends_at, recurring, sitter_id, status
)
values (
  '00000000-0000-4000-8000-0000000000a0',
  '00000000-0000-4000-8000-0000000000a9',
  '00000000-0000-4000-8000-0000000000a7',
  'walk',
  now() - interval '30 minutes',
  now() + interval '7 days',
  true,
  '00000000-0000-4000-8000-0000000000a2',
  'confirmed'
)
on conflict (organization_id, id) do update
set
  starts_at = excluded.starts_at,
  ends_at = excluded.ends_at;

insert into rolecall.assignment_windows (id, organization_id, thread_id, booking_id, sitter_id, starts_at, ends_at)
select
  '00000000-0000-4000-8000-0000000000aa',
  booking.organization_id,
  '00000000-0000-4000-8000-0000000000a8',
  booking.id,
  booking.sitter_id,
  booking.starts_at - interval '1 hour',
  booking.ends_at + interval '1 hour'
from rolecall.bookings as booking
where booking.organization_id = '00000000-0000-4000-8000-0000000000a0'
  and booking.id = '00000000-0000-4000-8000-0000000000a9'
  and booking.sitter_id is not null
on conflict (organization_id, booking_id) do update
set
  starts_at = excluded.starts_at,
  ends_at = excluded.ends_at;

-- A text of the agency's owner that has reached the client, between two of the sitter that the filter held back.
insert into rolecall.thread_messages (
  organization_id, thread_id, seq, id, direction, client_id, author_id, sitter_id, content, delivery, encoding, segments
)
select
  '00000000-0000-4000-8000-0000000000a0',
  '00000000-0000-4000-8000-0000000000a8',
  message.seq,
  message.id,
  'outbound',
  '00000000-0000-4000-8000-0000000000a7',
  message.author_id,
  message.sitter_id,
  message.content,
  message.delivery,
  'gsm_7',
  1
from (
  values
    (
      1,
      '00000000-0000-4000-8000-0000000000ab'::uuid,
      '00000000-0000-4000-8000-0000000000a2'::uuid,
      '00000000-0000-4000-8000-0000000000a2'::uuid,
      'The vet is at 202-555-0143.',
      'blocked'
    ),
    (
      2,
      '00000000-0000-4000-8000-0000000000ac',
      '00000000-0000-4000-8000-0000000000a1',
      null,
      'Rex is looked after today.',
      'delivered'
    ),
    (
      3,
      '00000000-0000-4000-8000-0000000000ad',
      '00000000-0000-4000-8000-0000000000a2',
      '00000000-0000-4000-8000-0000000000a2',
      'The pharmacy is at 202-555-0144.',
      'blocked'
    )
) as message (seq, id, author_id, sitter_id, content, delivery)
on conflict do nothing;

insert into rolecall.anti_poaching_attempts (
  organization_id, thread_id, message_id, direction, author_id, client_id, violations, redacted_content
)
select
  organization_id, thread_id, id, direction, author_id, client_id, '{phone}', rolecall_internal.redact(content)
from rolecall.thread_messages
where organization_id = '00000000-0000-4000-8000-0000000000a0'
  and thread_id = '00000000-0000-4000-8000-0000000000a8'
  and delivery = 'blocked'
on conflict do nothing;

insert into rolecall.sms_outbox (organization_id, thread_id, seq, status, attempts, first_attempt_at)
values (
  '00000000-0000-4000-8000-0000000000a0', '00000000-0000-4000-8000-0000000000a8', 2, 'delivered', 1, now()
)
on conflict do nothing;

update rolecall.message_threads
set last_seq = 3
where id = '00000000-0000-4000-8000-0000000000a8'
  and last_seq < 3;
