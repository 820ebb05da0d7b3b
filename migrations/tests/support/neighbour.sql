-- Somebody else's app, as it stands before Rolecall comes: a mutual-aid app whose tables have names that Rolecall uses in
-- schemas of its own, with data, triggers, policies, comments and grants.

create type public.app_role as enum ('admin', 'moderator');

create table public.organizations (
  id bigint generated always as identity primary key,
  name text not null unique,
  role public.app_role not null default 'moderator'
);

create table public.profiles (
  id uuid primary key,
  name text not null,
  email text unique,
  location text,
  organization_id bigint references public.organizations (id)
);

create table public.feature_flags (
  key text primary key,
  enabled boolean not null default false
);

create table public.help_requests (
  id uuid primary key default gen_random_uuid(),
  user_id uuid not null references public.profiles (id) on delete cascade,
  title text not null,
  status text not null default 'open',
  created_at timestamptz not null default now(),
  constraint help_requests_status_known check (status in ('open', 'in_progress', 'completed', 'cancelled'))
);

create table public.conversations (
  id uuid primary key default gen_random_uuid(),
  help_request_id uuid references public.help_requests (id),
  created_by uuid not null references public.profiles (id),
  status text not null default 'active',
  created_at timestamptz not null default now()
);

create table public.conversation_participants (
  conversation_id uuid not null references public.conversations (id) on delete cascade,
  user_id uuid not null references public.profiles (id),
  joined_at timestamptz not null default now(),
  left_at timestamptz,
  primary key (conversation_id, user_id)
);

create table public.messages (
  id uuid primary key default gen_random_uuid(),
  conversation_id uuid not null references public.conversations (id) on delete cascade,
  sender_id uuid not null references public.profiles (id),
  recipient_id uuid references public.profiles (id),
  content text not null,
  read_at timestamptz,
  created_at timestamptz not null default now()
);

create index messages_conversation_id_idx
  on public.messages (conversation_id, created_at);

create index conversations_created_by_idx
  on public.conversations (created_by);

comment on table public.messages is 'Rolecalled messages of the app: the first word is no mark.';
comment on column public.messages.read_at is 'When the recipient opened it.';
comment on index public.messages_conversation_id_idx is 'For the thread.';

create function public.touch()
returns trigger
language plpgsql
as $$
begin
  new.created_at := coalesce(new.created_at, now());
  return new;
end
$$;

create trigger messages_touch
before insert or update on public.messages
for each row
execute function public.touch();

create trigger profiles_touch_updated_at
before update on public.profiles
for each row
execute function suppress_redundant_updates_trigger();

alter table public.messages enable row level security;

create policy "people see the messages of their conversations"
on public.messages
for select
to public
using (
  exists (
    select
    from public.conversation_participants as participant
    where participant.conversation_id = messages.conversation_id
      and participant.left_at is null
  )
);

comment on policy "people see the messages of their conversations" on public.messages is 'The app''s own.';

create view public.open_help_requests as
select id, title
from public.help_requests
where status = 'open';

create materialized view public.conversation_sizes as
select conversation_id, count(*) as messages
from public.messages
group by conversation_id;

create function public.unread(p_user uuid)
returns bigint
language sql
stable
return (select count(*) from public.messages where recipient_id = p_user and read_at is null);

create sequence public.ticket_numbers;

create schema monitoring;
comment on schema monitoring is 'The app''s own figures.';

create table monitoring.checks (
  name text primary key,
  ok boolean not null
);

create function monitoring.health()
returns boolean
language sql
stable
return (select bool_and(ok) from monitoring.checks);

create schema edge;

create table edge.calls (
  id bigint generated always as identity primary key,
  body jsonb not null
);

create function edge.send_dm(p_request jsonb)
returns jsonb
language sql
return p_request;

grant usage on schema monitoring, edge to public;
grant select on monitoring.checks to public;
grant insert on edge.calls to public;
grant select, insert on public.messages to public;
grant select (id, name) on public.profiles to public;
revoke execute on function public.unread(uuid) from public;

insert into public.organizations (name)
select 'Collective ' || number
from generate_series(1, 3) as number;

insert into public.profiles (id, name, email, organization_id)
select
  ('a0000000-0000-4000-8000-' || lpad(number::text, 12, '0'))::uuid,
  'Neighbour ' || number,
  'neighbour' || number || '@example.org',
  1 + number % 3
from generate_series(1, 20) as number;

insert into public.feature_flags (key, enabled)
values
  ('send-dm', false),
  ('conversations', true);

insert into public.help_requests (id, user_id, title, status, created_at)
select
  ('b0000000-0000-4000-8000-' || lpad(number::text, 12, '0'))::uuid,
  ('a0000000-0000-4000-8000-' || lpad(number::text, 12, '0'))::uuid,
  'A ride on day ' || number,
  (array['open', 'in_progress', 'completed', 'cancelled'])[1 + number % 4],
  timestamptz '2026-03-01 08:00+00' + number * interval '1 day'
from generate_series(1, 12) as number;

insert into public.conversations (id, help_request_id, created_by, status, created_at)
select
  ('c0000000-0000-4000-8000-' || lpad(number::text, 12, '0'))::uuid,
  ('b0000000-0000-4000-8000-' || lpad((1 + number % 12)::text, 12, '0'))::uuid,
  ('a0000000-0000-4000-8000-' || lpad(number::text, 12, '0'))::uuid,
  case when number % 5 = 0 then 'closed' else 'active' end,
  timestamptz '2026-03-02 08:00+00' + number * interval '1 hour'
from generate_series(1, 16) as number;

insert into public.conversation_participants (conversation_id, user_id, joined_at, left_at)
select
  ('c0000000-0000-4000-8000-' || lpad(number::text, 12, '0'))::uuid,
  ('a0000000-0000-4000-8000-' || lpad((number + place)::text, 12, '0'))::uuid,
  timestamptz '2026-03-02 08:00+00',
  case when number % 7 = 0 and place = 1 then timestamptz '2026-03-09 08:00+00' end
from generate_series(1, 16) as number
cross join generate_series(0, 1) as place;

insert into public.messages (id, conversation_id, sender_id, recipient_id, content, read_at, created_at)
select
  ('d0000000-0000-4000-8000-' || lpad((number * 100 + place)::text, 12, '0'))::uuid,
  ('c0000000-0000-4000-8000-' || lpad(number::text, 12, '0'))::uuid,
  ('a0000000-0000-4000-8000-' || lpad((number + place % 2)::text, 12, '0'))::uuid,
  ('a0000000-0000-4000-8000-' || lpad((number + (place + 1) % 2)::text, 12, '0'))::uuid,
  'Line ' || place || E', with a tab\t, a quote '' and an umlaut ü',
  case when place < 5 then timestamptz '2026-03-03 08:00+00' end,
  timestamptz '2026-03-02 08:00+00' + number * interval '1 hour' + place * interval '1 minute'
from generate_series(1, 16) as number
cross join generate_series(1, 6) as place;

insert into monitoring.checks (name, ok)
values
  ('mail', true),
  ('disk', true);

insert into edge.calls (body)
values
  ('{"id": 1}'),
  ('{"id": 2}');

select nextval('public.ticket_numbers') from generate_series(1, 41);

refresh materialized view public.conversation_sizes;
