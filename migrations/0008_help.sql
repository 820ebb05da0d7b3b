-- Help requests and their conversations (V2), each started in one atomic step.

create table if not exists public.help_requests (
  id uuid primary key default gen_random_uuid(),
  requester_id uuid not null references public.profiles (id),
  title text not null,
  description text not null default '',
  status text not null default 'open',
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint help_requests_title_length check (char_length(title) between 1 and 200),
  constraint help_requests_description_length check (char_length(description) <= 4000),
  constraint help_requests_status_known check (status in ('open', 'matched', 'closed', 'cancelled'))
);
comment on table public.help_requests is 'Who asks for help with what; helpers start conversations about the open ones.';

create index if not exists help_requests_requester_id_idx
  on public.help_requests (requester_id);

create index if not exists help_requests_open_idx
  on public.help_requests (created_at)
  where status = 'open';

-- The adopter's own verification counts the columns, indexes and policies of the next two tables: 8 and 5, 6 and 3,
-- and 5 policies on the two together.
create table if not exists public.conversations_v2 (
  id uuid primary key default gen_random_uuid(),
  help_request_id uuid not null references public.help_requests (id),
  requester_id uuid not null references public.profiles (id),
  helper_id uuid not null references public.profiles (id),
  initial_message text not null,
  status text not null default 'active',
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint conversations_v2_help_request_id_helper_id_key unique (help_request_id, helper_id),
  constraint conversations_v2_of_two_people check (requester_id <> helper_id),
  constraint conversations_v2_initial_message_length check (char_length(initial_message) between 10 and 1000),
  constraint conversations_v2_status_known check (status in ('active', 'closed'))
);
comment on table public.conversations_v2 is 'What a helper and a requester say about a help request; one for each pair.';

create index if not exists conversations_v2_requester_id_idx
  on public.conversations_v2 (requester_id);

create index if not exists conversations_v2_helper_id_idx
  on public.conversations_v2 (helper_id);

create index if not exists conversations_v2_updated_at_idx
  on public.conversations_v2 (updated_at);

create table if not exists public.messages_v2 (
  id uuid primary key default gen_random_uuid(),
  conversation_id uuid not null references public.conversations_v2 (id) on delete cascade,
  sender_id uuid not null references public.profiles (id),
  content text not null,
  created_at timestamptz not null default clock_timestamp(),
  updated_at timestamptz not null default clock_timestamp(),
  constraint messages_v2_content_length check (char_length(content) between 1 and 2000)
);
comment on table public.messages_v2 is 'The messages of help conversations.';
comment on column public.messages_v2.created_at is
  'On the clock, not of the transaction: two messages of one transaction keep their order.';

create index if not exists messages_v2_conversation_id_created_at_idx
  on public.messages_v2 (conversation_id, created_at);

create index if not exists messages_v2_sender_id_idx
  on public.messages_v2 (sender_id);

create table if not exists rolecall.help_message_counts (
  conversation_id uuid primary key references public.conversations_v2 (id) on delete cascade,
  messages bigint not null
);
comment on table rolecall.help_message_counts is
  'How many messages each help conversation has, so that the diagnostics need not count them.';

create or replace trigger help_requests_touch_updated_at
before update on public.help_requests
for each row
execute function rolecall.touch_updated_at();

create or replace trigger conversations_v2_touch_updated_at
before update on public.conversations_v2
for each row
execute function rolecall.touch_updated_at();

create or replace trigger messages_v2_touch_updated_at
before update on public.messages_v2
for each row
execute function rolecall.touch_updated_at();

create or replace function rolecall.count_help_messages()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  insert into rolecall.help_message_counts as counted (conversation_id, messages)
  select conversation_id, count(*)
  from added
  group by conversation_id
  order by conversation_id
  on conflict (conversation_id) do update
  set messages = counted.messages + excluded.messages;
  return null;
end
$$;

create or replace trigger messages_v2_count
after insert on public.messages_v2
referencing new table as added
for each statement
execute function rolecall.count_help_messages();

create or replace function rolecall.discount_help_messages()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  update rolecall.help_message_counts as counted
  set messages = counted.messages - gone_of.messages
  from (
    select conversation_id, count(*) as messages
    from gone
    group by conversation_id
  ) as gone_of
  where counted.conversation_id = gone_of.conversation_id;
  return null;
end
$$;

create or replace trigger messages_v2_discount
after delete on public.messages_v2
referencing old table as gone
for each statement
execute function rolecall.discount_help_messages();

-- Why p_user, who is verified, may not write at all or not to p_other; null when they may. The rollout of
-- start-conversation is not asked: who was written to can answer, included or not.
create or replace function rolecall.refuse_help_writer(p_user uuid, p_other uuid)
returns jsonb
language plpgsql
stable
set search_path = ''
as $$
declare
  v_user public.profiles;
begin
  select *
  into v_user
  from public.profiles
  where id = p_user;
  if not found then
    return rolecall.refuse_without_profile();
  end if;
  if v_user.suspended_until > now() then
    return rolecall.refusal(
      'permission_denied',
      'Your account is suspended and cannot write.',
      'suspended',
      'The suspension has ended.'
    );
  end if;
  if exists (
    select
    from public.user_blocks
    where (blocker_id = p_user and blocked_id = p_other)
      or (blocker_id = p_other and blocked_id = p_user)
  ) then
    return rolecall.refusal(
      'permission_denied',
      'There is a block between you and this user.',
      'blocked',
      'The block is lifted.'
    );
  end if;
  return null;
end
$$;

-- Does what start-conversation does for p_helper, who is verified.
create or replace function rolecall.start_help_conversation(
  p_helper uuid,
  p_help_request uuid,
  p_initial_message text,
  p_rollout text
)
returns jsonb
language plpgsql
volatile
set search_path = ''
as $$
declare
  v_request public.help_requests;
  v_refusal jsonb;
  v_conversation uuid;
  v_message public.messages_v2;
begin
  -- Held until the commit, so that the request cannot be closed between being looked at and being answered. Helpers
  -- do not wait for each other.
  select *
  into v_request
  from public.help_requests
  where id = p_help_request
  for share;

  if not rolecall.feature_enabled(
    'start-conversation',
    p_rollout,
    p_helper,
    (select is_internal from public.profiles where id = p_helper)
  ) then
    return rolecall.refuse_disabled();
  end if;
  v_refusal := rolecall.refuse_help_writer(p_helper, v_request.requester_id);
  if v_refusal is not null then
    return v_refusal;
  end if;
  if not rolecall.has_length(p_initial_message, 10, 1000) then
    return rolecall.refusal('invalid_input', 'The initial_message must have 10 to 1000 characters.');
  end if;
  if v_request.id is null then
    return rolecall.refusal('help_request_not_found', 'There is no help request with this id.');
  end if;
  if v_request.requester_id = p_helper then
    return rolecall.refusal(
      'invalid_input',
      'One cannot offer help on one''s own request.',
      'own_help_request',
      'The help request is somebody else''s.'
    );
  end if;
  if v_request.status <> 'open' then
    return rolecall.refusal(
      'help_request_unavailable',
      'This help request is no longer open.',
      'help_request_not_open',
      'The requester opens it again.'
    );
  end if;

  insert into public.conversations_v2 (help_request_id, requester_id, helper_id, initial_message)
  values (p_help_request, v_request.requester_id, p_helper, p_initial_message)
  on conflict (help_request_id, helper_id) do nothing
  returning id
  into v_conversation;
  if v_conversation is null then
    select id
    into v_conversation
    from public.conversations_v2
    where help_request_id = p_help_request
      and helper_id = p_helper;
    return rolecall.refusal(
      'conversation_exists',
      'You already have a conversation about this help request.',
      'one_conversation_per_helper',
      'You write into the conversation that exists.',
      jsonb_build_object('conversation_id', v_conversation)
    );
  end if;

  insert into public.messages_v2 (conversation_id, sender_id, content)
  values (v_conversation, p_helper, p_initial_message)
  returning *
  into v_message;

  return rolecall.success(
    jsonb_build_object(
      'conversation_id', v_conversation,
      'version', 'v2',
      'message', rolecall.help_message(v_message)
    )
  );
end
$$;

create or replace function rolecall.help_message(p_message public.messages_v2)
returns jsonb
language plpgsql
stable
set search_path = ''
as $$
begin
  return jsonb_build_object(
    'id', p_message.id,
    'content', p_message.content,
    'sender_id', p_message.sender_id,
    'created_at', rolecall.iso(p_message.created_at)
  );
end
$$;

-- The three RPCs below are called through PostgREST, too, by users and with their rights. They take the caller from the
-- verified claims; a user id among the arguments must be the caller's. Refusals are answers, as everywhere.

create or replace function rolecall.refuse_other_than_caller(p_user uuid)
returns jsonb
language plpgsql
stable
set search_path = ''
as $$
begin
  if auth.uid() is null then
    return rolecall.refusal('unauthenticated', 'A valid bearer token of a user is required.');
  end if;
  if p_user is distinct from auth.uid() then
    return rolecall.refusal(
      'permission_denied',
      'You cannot act for somebody else.',
      'impersonation',
      'The user named is yourself.'
    );
  end if;
  return null;
end
$$;

-- Starts the conversation of a helper about a help request with its first message.
create or replace function public.create_conversation_atomic(
  p_help_request_id uuid,
  p_helper_id uuid,
  p_initial_message text
)
returns jsonb
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_answer jsonb := rolecall.refuse_other_than_caller(p_helper_id);
  v_limit jsonb;
begin
  if v_answer is null then
    v_limit := rolecall.take_token(p_helper_id, 'start_conversation');
    if v_limit -> 'taken' = 'false' then
      v_answer := rolecall.refuse_rate(v_limit);
    else
      v_answer := rolecall.with_limit(
        rolecall.start_help_conversation(p_helper_id, p_help_request_id, p_initial_message, 'enabled'),
        v_limit
      );
    end if;
  end if;
  return rolecall.finish('create_conversation_atomic', '{}', auth.uid(), v_answer);
end
$$;

-- Writes a message into a help conversation of one's own.
create or replace function public.send_message_v2(
  p_conversation_id uuid,
  p_sender_id uuid,
  p_content text
)
returns jsonb
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_answer jsonb := rolecall.refuse_other_than_caller(p_sender_id);
  v_conversation public.conversations_v2;
  v_message public.messages_v2;
begin
  if v_answer is null then
    -- Held until the commit, so that it cannot be closed meanwhile.
    select *
    into v_conversation
    from public.conversations_v2
    where id = p_conversation_id
      and p_sender_id in (requester_id, helper_id)
    for no key update;
    if v_conversation.id is null then
      v_answer := rolecall.refusal('not_found', 'You have no conversation with this id.');
    elsif v_conversation.status <> 'active' then
      v_answer := rolecall.refusal(
        'conversation_read_only',
        'This conversation is closed.',
        'conversation_read_only',
        'The conversation is opened again.'
      );
    elsif not rolecall.has_length(p_content, 1, 2000) then
      v_answer := rolecall.refusal('invalid_input', 'The content must have 1 to 2000 characters.');
    else
      v_answer := rolecall.refuse_help_writer(
        p_sender_id,
        case p_sender_id
          when v_conversation.helper_id then v_conversation.requester_id
          else v_conversation.helper_id
        end
      );
    end if;
  end if;
  if v_answer is null then
    update public.conversations_v2
    set updated_at = now()
    where id = p_conversation_id;
    insert into public.messages_v2 (conversation_id, sender_id, content)
    values (p_conversation_id, p_sender_id, p_content)
    returning *
    into v_message;
    v_answer := rolecall.success(jsonb_build_object('message', rolecall.help_message(v_message)));
  end if;
  return rolecall.finish('send_message_v2', '{}', auth.uid(), v_answer);
end
$$;

-- A help conversation of one's own with its newest 200 messages, oldest first.
create or replace function public.get_conversation_v2(p_conversation_id uuid, p_user_id uuid)
returns jsonb
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_answer jsonb := rolecall.refuse_other_than_caller(p_user_id);
  v_conversation public.conversations_v2;
  v_messages jsonb;
  v_count bigint;
begin
  if v_answer is null then
    select *
    into v_conversation
    from public.conversations_v2
    where id = p_conversation_id
      and p_user_id in (requester_id, helper_id);
    if not found then
      v_answer := rolecall.refusal('not_found', 'You have no conversation with this id.');
    else
      select coalesce(jsonb_agg(rolecall.help_message(newest) order by newest.created_at, newest.id), '[]')
      into v_messages
      from (
        select *
        from public.messages_v2
        where conversation_id = p_conversation_id
        order by created_at desc, id desc
        limit 200
      ) as newest;
      select messages
      into v_count
      from rolecall.help_message_counts
      where conversation_id = p_conversation_id;
      v_answer := rolecall.success(
        jsonb_build_object(
          'conversation_id', v_conversation.id,
          'version', 'v2',
          'help_request_id', v_conversation.help_request_id,
          'requester_id', v_conversation.requester_id,
          'helper_id', v_conversation.helper_id,
          'status', v_conversation.status,
          'created_at', rolecall.iso(v_conversation.created_at),
          'updated_at', rolecall.iso(v_conversation.updated_at),
          'message_count', coalesce(v_count, 0),
          'messages', v_messages
        )
      );
    end if;
  end if;
  return rolecall.finish('get_conversation_v2', '{}', auth.uid(), v_answer);
end
$$;

revoke all on rolecall.help_message_counts from public, anon, authenticated, service_role;
revoke execute on function
  rolecall.count_help_messages(),
  rolecall.discount_help_messages(),
  rolecall.refuse_help_writer(uuid, uuid),
  rolecall.start_help_conversation(uuid, uuid, text, text),
  rolecall.help_message(public.messages_v2),
  rolecall.refuse_other_than_caller(uuid)
  from public, anon, authenticated, service_role;
revoke execute on function
  public.create_conversation_atomic(uuid, uuid, text),
  public.send_message_v2(uuid, uuid, text),
  public.get_conversation_v2(uuid, uuid)
  from public, anon, authenticated, service_role;
grant execute on function
  public.create_conversation_atomic(uuid, uuid, text),
  public.send_message_v2(uuid, uuid, text),
  public.get_conversation_v2(uuid, uuid)
  to authenticated;

alter table public.help_requests enable row level security;
revoke all on public.help_requests from public, anon, authenticated, service_role;
revoke all (id, requester_id, title, description, status, created_at, updated_at)
  on public.help_requests from public, anon, authenticated, service_role;
grant select on public.help_requests to authenticated;
grant insert (id, requester_id, title, description) on public.help_requests to authenticated;
grant update (title, description, status) on public.help_requests to authenticated;
grant select, insert, update, delete on public.help_requests to service_role;

drop policy if exists "users see open requests, their own, and those they help with" on public.help_requests;
create policy "users see open requests, their own, and those they help with"
on public.help_requests
for select
to authenticated
using (
  (status = 'open' and (select auth.uid()) is not null)
  or requester_id = (select auth.uid())
  or exists (
    select
    from public.conversations_v2 as conversation
    where conversation.help_request_id = help_requests.id
      and conversation.helper_id = (select auth.uid())
  )
);

drop policy if exists "people ask for help" on public.help_requests;
create policy "people ask for help"
on public.help_requests
for insert
to authenticated
with check (
  requester_id = (select auth.uid())
  and (select rolecall.caller_may_write())
);

drop policy if exists "people change their own requests" on public.help_requests;
create policy "people change their own requests"
on public.help_requests
for update
to authenticated
using (
  requester_id = (select auth.uid())
  and (select rolecall.caller_may_write())
)
with check (requester_id = (select auth.uid()));

-- Conversations begin through create_conversation_atomic alone: without the first message they must not exist.
alter table public.conversations_v2 enable row level security;
revoke all on public.conversations_v2 from public, anon, authenticated, service_role;
revoke all (id, help_request_id, requester_id, helper_id, initial_message, status, created_at, updated_at)
  on public.conversations_v2 from public, anon, authenticated, service_role;
grant select on public.conversations_v2 to authenticated;
grant update (status) on public.conversations_v2 to authenticated;
grant select, insert, update, delete on public.conversations_v2 to service_role;

drop policy if exists "people see their help conversations" on public.conversations_v2;
create policy "people see their help conversations"
on public.conversations_v2
for select
to authenticated
using ((select auth.uid()) in (requester_id, helper_id));

drop policy if exists "people close and reopen their help conversations" on public.conversations_v2;
create policy "people close and reopen their help conversations"
on public.conversations_v2
for update
to authenticated
using ((select auth.uid()) in (requester_id, helper_id))
with check ((select auth.uid()) in (requester_id, helper_id));

alter table public.messages_v2 enable row level security;
revoke all on public.messages_v2 from public, anon, authenticated, service_role;
revoke all (id, conversation_id, sender_id, content, created_at, updated_at)
  on public.messages_v2 from public, anon, authenticated, service_role;
grant select, delete on public.messages_v2 to authenticated;
grant update (content) on public.messages_v2 to authenticated;
grant select, insert, update, delete on public.messages_v2 to service_role;

drop policy if exists "people see the messages of their help conversations" on public.messages_v2;
create policy "people see the messages of their help conversations"
on public.messages_v2
for select
to authenticated
using (
  exists (
    select
    from public.conversations_v2 as conversation
    where conversation.id = conversation_id
      and (select auth.uid()) in (conversation.requester_id, conversation.helper_id)
  )
);

drop policy if exists "people correct their own messages" on public.messages_v2;
create policy "people correct their own messages"
on public.messages_v2
for update
to authenticated
using (
  sender_id = (select auth.uid())
  and (select rolecall.caller_may_write())
)
with check (sender_id = (select auth.uid()));

drop policy if exists "people take back their own messages" on public.messages_v2;
create policy "people take back their own messages"
on public.messages_v2
for delete
to authenticated
using (sender_id = (select auth.uid()));

-- Here, because from here on everything exists that makes two people acquainted. Which columns are visible is said by
-- the grant in 0001_identity.
drop policy if exists "people see themselves and those they deal with" on public.profiles;
create policy "people see themselves and those they deal with"
on public.profiles
for select
to authenticated
using (
  id = (select auth.uid())
  or organization_id = (select rolecall.caller_organization())
  or exists (
    select
    from public.conversations as conversation
    where conversation.kind = 'direct'
      and conversation.participant_low = least(profiles.id, (select auth.uid()))
      and conversation.participant_high = greatest(profiles.id, (select auth.uid()))
  )
  or exists (
    select
    from public.conversations_v2 as conversation
    where (conversation.requester_id = profiles.id and conversation.helper_id = (select auth.uid()))
      or (conversation.helper_id = profiles.id and conversation.requester_id = (select auth.uid()))
  )
);

insert into rolecall.schema_migrations (version, name)
values (8, 'help')
on conflict (version) do nothing;
