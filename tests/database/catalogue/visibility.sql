-- Who sees what, by definition. Policies are written so that an index finds the rows; here each is written as it is meant,
-- and both show everybody the same rows of what chance made.
begin;
\ir ../support/calls.psql
select no_plan();

select setseed(0.42);
-- 40 people, some of two organisations, and what they may have with each other. Nothing is counted or noted on the way.
set local session_replication_role = replica;
create function pg_temp.person(p_number int)
returns uuid
language sql
immutable
return ('10000000-0000-4000-8000-' || lpad(p_number::text, 12, '0'))::uuid;
create function pg_temp.anybody()
returns uuid
language sql
volatile
return pg_temp.person(1 + floor(random() * 40)::int);

insert into rolecall.organizations (id, name)
select pg_temp.person(number), 'Organisation'
from generate_series(91, 92) as number;
insert into rolecall.profiles (id, role, organization_id)
select
  pg_temp.person(number),
  (enum_range(null::rolecall.app_role))[1 + number % 6],
  case number % 5 when 0 then pg_temp.person(91) when 1 then pg_temp.person(92) end
from generate_series(1, 40) as number;

insert into rolecall.conversations (id, kind, version, participant_low, participant_high, created_by, read_only, last_seq)
select
  gen_random_uuid(), 'direct',
  case when number % 9 = 0 then 'v1' else 'v2' end,
  one,
  -- Of some imported ones only one of the two is known.
  case when number % 18 > 0 then other end,
  case when number % 9 > 0 then case when number % 2 = 0 then one else other end end,
  number % 9 = 0,
  3
from (
  select row_number() over () as number, pg_temp.person(a) as one, pg_temp.person(b) as other
  from generate_series(1, 40) as a
  join generate_series(1, 40) as b
    on a < b
  where random() < 0.08
) as pair;
insert into rolecall.conversation_participants (conversation_id, user_id)
select id, person
from rolecall.conversations
cross join unnest(array[participant_low, participant_high]) as person
where person is not null;

insert into rolecall.shows (id, organizer_id, title, starts_at, ends_at)
select gen_random_uuid(), pg_temp.person(4 + 6 * (number % 3)), 'Show', now(), now()
from generate_series(1, 8) as number;
-- People take part from some day on; some have left, and some of these came again in another role.
insert into rolecall.show_participants (show_id, user_id, role, joined_at)
select show.id, pg_temp.person(number), (enum_range(null::rolecall.app_role))[1 + number % 6], now() - random() * interval '30 days'
from rolecall.shows as show
cross join generate_series(1, 40) as number
where random() < 0.3;
insert into rolecall.past_participations (show_id, user_id, role, joined_at, left_at)
select show.id, pg_temp.person(number), (enum_range(null::rolecall.app_role))[1 + (number + 1) % 6],
  now() - random() * interval '90 days' - interval '30 days', now() - random() * interval '30 days' - interval '1 day'
from rolecall.shows as show
cross join generate_series(1, 40) as number
where random() < 0.2;
insert into rolecall.conversations (id, kind, show_id, created_by, last_seq)
select gen_random_uuid(), 'show', show.id, pg_temp.person(number), 6
from rolecall.shows as show
cross join generate_series(3, 40, 3) as number
where random() < 0.4;

insert into rolecall.messages (conversation_id, seq, sender_id, content, show_id, created_at)
select id, seq, coalesce(created_by, participant_low), 'Hello', show_id, now() - random() * interval '100 days'
from rolecall.conversations
cross join lateral generate_series(1, last_seq) as seq;
insert into rolecall.broadcasts (
  conversation_id, message_id, seq, show_id, sender_id, phase, recipient_roles, audience_count, created_at
)
select
  conversation_id, id, seq, show_id, sender_id, 'pre_show',
  array[(enum_range(null::rolecall.app_role))[1 + seq % 6], (enum_range(null::rolecall.app_role))[1 + (seq * 5) % 6]],
  1,
  created_at
from rolecall.messages
where show_id is not null;
insert into rolecall.broadcast_receipts (conversation_id, user_id, last_read_seq)
select conversation.id, pg_temp.person(number), 1
from rolecall.conversations as conversation
cross join generate_series(1, 40) as number
where kind = 'show'
  and random() < 0.2;

insert into rolecall.help_requests (id, requester_id, title, status)
select gen_random_uuid(), pg_temp.anybody(), 'Help', (array['open', 'matched', 'closed', 'cancelled'])[1 + number % 4]
from generate_series(1, 80) as number;
insert into public.conversations_v2 (help_request_id, requester_id, helper_id, initial_message)
select id, requester_id, helper_id, 'I can help with that.'
from (
  select id, requester_id, pg_temp.anybody() as helper_id
  from rolecall.help_requests
) as asked
where helper_id <> requester_id;
insert into public.messages_v2 (conversation_id, sender_id, content)
select id, sender, 'Thanks'
from public.conversations_v2
cross join lateral unnest(array[requester_id, helper_id]) as sender;
set local session_replication_role = origin;

-- What a policy means, of a row and a user.
create function pg_temp.hears(p_user uuid, p_broadcast rolecall.broadcasts)
returns boolean
language sql
return p_broadcast.sender_id = p_user
  or exists (
    select
    from rolecall.participations as own
    where own.user_id = p_user
      and own.show_id = p_broadcast.show_id
      and own.role = any (p_broadcast.recipient_roles)
      and p_broadcast.created_at >= own.joined_at
      and p_broadcast.created_at < own.left_at
  );
create temporary table meaning (name text, key text, condition text);
insert into meaning
values
  ('rolecall.broadcasts', 'id', 'pg_temp.hears($1, broadcasts)'),
  ('rolecall.conversations', 'id', $$
    $1 in (participant_low, participant_high)
    or created_by = $1
    or exists (
      select from rolecall.broadcasts as broadcast
      where broadcast.conversation_id = conversations.id and pg_temp.hears($1, broadcast)
    ) $$),
  ('rolecall.messages', 'id', $$
    exists (
      select from rolecall.conversations as conversation
      where conversation.id = conversation_id
        and ($1 in (participant_low, participant_high) or created_by = $1)
    )
    or exists (
      select from rolecall.broadcasts as broadcast
      where broadcast.conversation_id = messages.conversation_id and broadcast.seq = messages.seq
        and pg_temp.hears($1, broadcast)
    ) $$),
  ('rolecall.conversation_participants', '(conversation_id, user_id)', $$
    user_id = $1
    or exists (
      select from rolecall.conversations as conversation
      where conversation.id = conversation_id and $1 in (participant_low, participant_high)
    ) $$),
  ('rolecall.broadcast_receipts', '(conversation_id, user_id)', $$
    user_id = $1
    or exists (
      select from rolecall.conversations as conversation
      where conversation.id = conversation_id and created_by = $1
    ) $$),
  ('rolecall.show_participants', '(show_id, user_id)', $$
    user_id = $1
    or exists (select from rolecall.shows as show where show.id = show_id and organizer_id = $1) $$),
  ('rolecall.profiles', 'id', $$
    id = $1
    or organization_id = (select organization_id from rolecall.profiles where id = $1)
    or exists (
      select from rolecall.conversations as conversation
      where kind = 'direct' and participant_low = least(profiles.id, $1) and participant_high = greatest(profiles.id, $1)
    )
    or exists (
      select from public.conversations_v2 as conversation
      where (requester_id = profiles.id and helper_id = $1) or (helper_id = profiles.id and requester_id = $1)
    ) $$),
  ('rolecall.help_requests', 'id', $$
    status = 'open'
    or requester_id = $1
    or exists (
      select from public.conversations_v2 as conversation
      where conversation.help_request_id = help_requests.id and helper_id = $1
    ) $$),
  ('public.conversations_v2', 'id', '$1 in (requester_id, helper_id)'),
  ('public.messages_v2', 'id', $$
    exists (
      select from public.conversations_v2 as conversation
      where conversation.id = conversation_id and $1 in (requester_id, helper_id)
    ) $$);

create function pg_temp.by_definition(p_user uuid, p_meaning meaning)
returns text
language plpgsql
as $$
declare
  v_rows text;
begin
  execute format(
    'select string_agg(%1$s::text, %2$L order by %1$s::text) from %3$s where %4$s',
    p_meaning.key, ' ', p_meaning.name, p_meaning.condition
  )
  into v_rows
  using p_user;
  return v_rows;
end
$$;
create function pg_temp.by_policy(p_user uuid, p_meaning meaning)
returns text
language sql
return pg_temp.run_as(
  'authenticated',
  p_user,
  format('select string_agg(%1$s::text, %2$L order by %1$s::text) from %3$s', p_meaning.key, ' ', p_meaning.name)
);

select is(
  pg_temp.by_policy(pg_temp.person(number), meaning),
  pg_temp.by_definition(pg_temp.person(number), meaning),
  format('%s shows %s what it is meant to', name, number)
)
from meaning
cross join generate_series(1, 40) as number;
-- Chance made enough of everything: nobody would notice a policy that shows nothing, or all.
select cmp_ok(
  (select count(distinct pg_temp.by_definition(pg_temp.person(number), meaning)) from generate_series(1, 40) as number),
  '>',
  15::bigint,
  format('different people see different rows of %s', name)
)
from meaning;

select * from finish();
rollback;
