-- Demo data: an organisation with its people, a show before its start and one after, two help requests. Loading it
-- again moves the dates of the shows, so that they stay before and after, and changes nothing else.

insert into rolecall.organizations (id, name)
values ('00000000-0000-4000-8000-000000000031', 'Rolecall demo')
on conflict (id) do nothing;

insert into rolecall.profiles (id, display_name, role, organization_id, organization_role)
select
  format('00000000-0000-4000-8000-0000000000%s', number)::uuid,
  display_name,
  role::rolecall.app_role,
  '00000000-0000-4000-8000-000000000031',
  organization_role
from (
  values
    ('01', 'Ada', 'attendee', null),
    ('02', 'Ben', 'attendee', null),
    ('03', 'Dan', 'dealer', null),
    ('04', 'Mia', 'mvp_dealer', null),
    ('05', 'Olga', 'show_organizer', null),
    ('06', 'Max', 'moderator', null),
    ('07', 'Oona', 'attendee', 'owner'),
    ('08', 'Amy', 'admin', null)
) as person (number, display_name, role, organization_role)
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
  perform set_config('rolecall.reason', '', true);
end
$$;
