-- Direct messages: blocks, conversations, their participants and messages, and who may write to whom.
--
-- Locks are taken in one order everywhere: the row of the conversation, then those of its participants, then the
-- message. A conversation's row is what numbers its messages, so whoever writes into it waits for the one before.

create table if not exists public.user_blocks (
  blocker_id uuid not null references public.profiles (id) on delete cascade,
  blocked_id uuid not null references public.profiles (id) on delete cascade,
  created_at timestamptz not null default now(),
  primary key (blocker_id, blocked_id),
  constraint user_blocks_of_somebody_else check (blocker_id <> blocked_id)
);
comment on table public.user_blocks is 'Who has blocked whom. A block stops direct messages both ways.';

create index if not exists user_blocks_blocked_id_idx
  on public.user_blocks (blocked_id);

-- What a row of the next two tables must be. PostgreSQL reads a check's expression anew for every statement, so that one
-- of this length costs a message more than all of its indexes; the call of a function is short to read.
create or replace function rolecall.is_conversation(
  p_version text,
  p_kind text,
  p_low uuid,
  p_high uuid,
  p_show uuid,
  p_created_by uuid,
  p_read_only boolean
)
returns boolean
language plpgsql
immutable
set search_path = ''
as $$
begin
  return coalesce(
    case p_version
      when 'v2' then
        p_created_by is not null
        and case p_kind
          when 'direct' then p_low < p_high and p_show is null
          when 'show' then p_low is null and p_high is null and p_show is not null
        end
      -- What was imported may lack people, and is for reading alone.
      when 'v1' then
        p_kind = 'direct'
        and p_read_only
        and (p_low < p_high or p_high is null)
    end,
    false
  );
end
$$;

create or replace function rolecall.is_message(
  p_sender uuid,
  p_content text,
  p_created_at timestamptz,
  p_deleted_at timestamptz,
  p_deleted_as text,
  p_legacy boolean
)
returns boolean
language plpgsql
immutable
set search_path = ''
as $$
begin
  -- What was imported may lack its sender, its time and its content.
  if p_sender is null or p_created_at is null then
    if not p_legacy then
      return false;
    end if;
  end if;
  if p_deleted_at is not null then
    return coalesce(p_content is null and p_deleted_as in ('author', 'organizer', 'moderator'), false);
  end if;
  return p_deleted_as is null
    and (p_legacy or coalesce(char_length(p_content) between 1 and 2000, false));
end
$$;

-- Every message writes this row, so it has few indexes and one check: each of them costs every message. Its users are
-- tied to their profiles by conversation_participants; foreign keys here as well would lock both profiles and the
-- organisation once more for every new conversation.
create table if not exists public.conversations (
  id uuid primary key default gen_random_uuid(),
  kind text not null,
  version text not null default 'v2',
  participant_low uuid,
  participant_high uuid,
  show_id uuid references public.shows (id),
  created_by uuid,
  organization_id uuid,
  read_only boolean not null default false,
  last_seq bigint not null default 0,
  last_message_at timestamptz not null default now(),
  created_at timestamptz not null default now(),
  constraint conversations_form check (
    rolecall.is_conversation(version, kind, participant_low, participant_high, show_id, created_by, read_only)
  )
)
with (fillfactor = 80);
comment on table public.conversations is
  'The one direct conversation of two people, the one conversation of a sender of broadcasts for a show, and what was imported.';
comment on column public.conversations.kind is 'direct: of two people; show: the broadcasts of one sender for a show.';
comment on column public.conversations.version is 'v1: imported from what was there before, to be read alone; v2: begun here.';
comment on column public.conversations.participant_low is
  'The smaller id of the two people of a direct conversation; the only one that is known of an imported one.';
comment on column public.conversations.organization_id is 'The creator''s organisation when the conversation began.';
comment on column public.conversations.read_only is 'The operator has closed it for writing.';
comment on column public.conversations.last_seq is 'The number of the newest message, and how many there are.';
comment on column public.conversations.last_message_at is '-infinity if it is not known of an imported one.';

create unique index if not exists conversations_direct_key
  on public.conversations (participant_low, participant_high)
  where kind = 'direct' and version = 'v2';

create unique index if not exists conversations_show_key
  on public.conversations (show_id, created_by)
  where kind = 'show';

-- The inbox, newest first: of either of two people, and of who sends to shows. What is unread is counted in the index
-- alone; as every message moves the entry anyway, last_seq in it costs nothing more.
create index if not exists conversations_participant_low_idx
  on public.conversations (participant_low, last_message_at desc, id desc)
  include (last_seq);

create index if not exists conversations_participant_high_idx
  on public.conversations (participant_high, last_message_at desc, id desc)
  include (last_seq);

create index if not exists conversations_created_by_idx
  on public.conversations (created_by, last_message_at desc, id desc)
  where kind = 'show';

create index if not exists conversations_organization_id_idx
  on public.conversations (organization_id, kind);

create table if not exists public.conversation_participants (
  conversation_id uuid not null references public.conversations (id) on delete cascade,
  user_id uuid not null references public.profiles (id),
  last_read_seq bigint not null default 0,
  joined_at timestamptz not null default now(),
  primary key (conversation_id, user_id)
)
with (fillfactor = 80);
comment on table public.conversation_participants is
  'Who writes in a conversation and how far they have read; unread is last_seq less last_read_seq.';

create index if not exists conversation_participants_user_id_idx
  on public.conversation_participants (user_id, conversation_id);

-- Who sent a message is vouched for by the entry points, which alone write here; a foreign key would lock the sender's
-- profile for every message.
create table if not exists public.messages (
  id uuid primary key default gen_random_uuid(),
  conversation_id uuid not null references public.conversations (id) on delete cascade,
  seq bigint not null,
  sender_id uuid,
  content text,
  show_id uuid,
  created_at timestamptz default now(),
  deleted_at timestamptz,
  deleted_as text,
  legacy boolean not null default false,
  constraint messages_conversation_id_seq_key unique (conversation_id, seq),
  constraint messages_form check (
    rolecall.is_message(sender_id, content, created_at, deleted_at, deleted_as, legacy)
  )
);
comment on table public.messages is 'Messages, numbered from 1 without gaps in each conversation.';
comment on column public.messages.show_id is 'The show that a direct message is about, or a broadcast''s.';
comment on column public.messages.content is 'Null of a deleted message, whose content is kept where only moderators look.';
comment on column public.messages.deleted_as is 'As what somebody deleted it: author, organizer or moderator.';
comment on column public.messages.legacy is 'Imported: sender, content and time may be unknown.';

-- Apart from the messages, so that nothing that reads those can show it.
create table if not exists rolecall.removed_contents (
  message_id uuid primary key references public.messages (id) on delete cascade,
  content text not null,
  removed_at timestamptz not null default now()
);
comment on table rolecall.removed_contents is 'The contents of deleted messages, for moderators and for restoring them.';

do $$
begin
  if to_regtype('rolecall.judgement') is null then
    -- Whether something is allowed, the refusal if it is not, the actor's organisation, and the rule that decided.
    create type rolecall.judgement as (
      allowed boolean,
      refusal jsonb,
      org_id uuid,
      rule text
    );
  end if;
end
$$;

create or replace function rolecall.refuse_without_profile()
returns jsonb
language plpgsql
immutable
set search_path = ''
as $$
begin
  return rolecall.refusal(
    'permission_denied',
    'You have no profile, so no role allows you to do this.',
    'no_profile',
    'A profile is made for you.'
  );
end
$$;

-- Whether p_sender may send a direct message to p_recipient, about p_show if that is given. A pair that has a
-- conversation already is asked as for a reply, too: who was written to may answer.
--
-- Every message comes through here, so the most frequent case takes the fewest statements: whether the two share a
-- show, and whether they have a conversation, is looked up only when the answer could depend on it.
create or replace function rolecall.judge_dm(
  p_sender uuid,
  p_recipient uuid,
  p_show uuid,
  p_rollout text
)
returns rolecall.judgement
language plpgsql
stable
set search_path = ''
as $$
declare
  v_sender_role public.app_role;
  v_recipient_role public.app_role;
  v_org_id uuid;
  v_internal boolean;
  v_rollout text;
  v_read_only boolean;
  v_facts text[];
  v_decision rolecall.decision;
  v_reply rolecall.decision;
begin
  select
    sender.role,
    sender.organization_id,
    sender.is_internal,
    recipient.role,
    flag.rollout,
    array[
      'feature_enabled',
      case when sender.suspended_until > now() then 'suspended' end,
      case when p_sender = p_recipient then 'self' end,
      case
        when exists (
          -- In either direction; nobody blocks themselves, so each of the two is one of the pair.
          select
          from public.user_blocks
          where blocker_id in (p_sender, p_recipient)
            and blocked_id in (p_sender, p_recipient)
        )
        then 'blocked'
      end
    ]
  into v_sender_role, v_org_id, v_internal, v_recipient_role, v_rollout, v_facts
  from (values (p_sender)) as asked (id)
  left join public.profiles as sender
    on sender.id = asked.id
  left join public.profiles as recipient
    on recipient.id = p_recipient
  left join public.feature_flags as flag
    on flag.name = 'send-dm';

  if not (
    rolecall.rollout_includes(v_rollout, 'send-dm', p_sender, v_internal)
    and rolecall.rollout_includes(p_rollout, 'send-dm', p_sender, v_internal)
  ) then
    return row(false, rolecall.refuse_disabled(), v_org_id, 'feature_disabled'::text);
  end if;
  if v_sender_role is null then
    return row(false, rolecall.refuse_without_profile(), v_org_id, 'no_profile'::text);
  end if;
  if v_recipient_role is null then
    return row(false, rolecall.refusal('not_found', 'There is no user with this recipient_id.'), v_org_id, null::text);
  end if;
  if p_show is not null and not exists (select from public.shows where id = p_show) then
    return row(false, rolecall.refusal('not_found', 'There is no show with this show_id.'), v_org_id, null::text);
  end if;

  v_decision := rolecall.decide('start_dm', v_sender_role, v_recipient_role, v_facts);
  if v_decision.allowed then
    return row(true, null::jsonb, v_org_id, v_decision.rule);
  end if;

  -- A shared show can allow what was refused; no guard looks at it, so it could not have refused what was allowed.
  if exists (
    select
    from public.show_participants as own
    join public.show_participants as theirs
      on theirs.show_id = own.show_id
      and theirs.user_id = p_recipient
    where own.user_id = p_sender
      and (p_show is null or own.show_id = p_show)
  ) then
    v_facts := v_facts || 'shares_show'::text;
    v_decision := rolecall.decide('start_dm', v_sender_role, v_recipient_role, v_facts);
    if v_decision.allowed then
      return row(true, null::jsonb, v_org_id, v_decision.rule);
    end if;
  end if;

  select read_only
  into v_read_only
  from public.conversations
  where kind = 'direct'
    and version = 'v2'
    and participant_low = least(p_sender, p_recipient)
    and participant_high = greatest(p_sender, p_recipient);
  if found then
    v_reply := rolecall.decide(
      'reply',
      v_sender_role,
      v_recipient_role,
      v_facts || array['participant', case when v_read_only then 'read_only' end]
    );
    if v_reply.allowed then
      return row(true, null::jsonb, v_org_id, v_reply.rule);
    end if;
  end if;
  return row(false, rolecall.refusal_of(v_decision), v_org_id, v_decision.rule);
end
$$;

-- All that decides whether p_user may write into p_conversation, but for whether they are of the audience of its
-- broadcasts. PostgreSQL writes it into the statements that ask, of one conversation or of a page of them.
create or replace function rolecall.reply_facts(p_user uuid, p_conversation uuid)
returns table (
  sender_role public.app_role,
  sender_internal boolean,
  org_id uuid,
  rollout text,
  target_role public.app_role,
  show_id uuid,
  facts text[]
)
language sql
stable
begin atomic
  select
    sender.role,
    sender.is_internal,
    sender.organization_id,
    flag.rollout,
    target.role,
    case when conversation.kind = 'show' then conversation.show_id end,
    array[
      'feature_enabled',
      case when sender.suspended_until > now() then 'suspended' end,
      case when conversation.read_only then 'read_only' end,
      case when conversation.kind = 'show' then 'broadcast_recipient' end,
      case
        when p_user in (conversation.participant_low, conversation.participant_high) then 'participant'
        when conversation.kind = 'show' and conversation.created_by = p_user then 'participant'
      end,
      case
        when exists (
          -- In either direction; nobody blocks themselves, so each of the two is one of the pair.
          select
          from public.user_blocks
          where blocker_id in (p_user, target.id)
            and blocked_id in (p_user, target.id)
        )
        then 'blocked'
      end
    ]
  from (values (p_user)) as asked (id)
  left join public.profiles as sender
    on sender.id = asked.id
  left join public.feature_flags as flag
    on flag.name = 'send-dm'
  left join public.conversations as conversation
    on conversation.id = p_conversation
  left join public.profiles as target
    on target.id = case
      when conversation.kind = 'show' then conversation.created_by
      when conversation.participant_low = p_user then conversation.participant_high
      when conversation.participant_high = p_user then conversation.participant_low
    end;
end;

-- The judgement that these facts amount to.
create or replace function rolecall.judge_reply_facts(
  p_user uuid,
  p_sender_role public.app_role,
  p_sender_internal boolean,
  p_org_id uuid,
  p_flag text,
  p_rollout text,
  p_target_role public.app_role,
  p_facts text[]
)
returns rolecall.judgement
language plpgsql
stable
set search_path = ''
as $$
declare
  v_decision rolecall.decision;
begin
  if not (
    rolecall.rollout_includes(p_flag, 'send-dm', p_user, p_sender_internal)
    and rolecall.rollout_includes(p_rollout, 'send-dm', p_user, p_sender_internal)
  ) then
    return row(false, rolecall.refuse_disabled(), p_org_id, 'feature_disabled'::text);
  end if;
  if p_sender_role is null then
    return row(false, rolecall.refuse_without_profile(), p_org_id, 'no_profile'::text);
  end if;
  v_decision := rolecall.decide('reply', p_sender_role, p_target_role, p_facts);
  if v_decision.allowed then
    return row(true, null::jsonb, p_org_id, v_decision.rule);
  end if;
  return row(false, rolecall.refusal_of(v_decision), p_org_id, v_decision.rule);
end
$$;

-- Whether p_user may write into p_conversation. One that does not exist has no participants, and is refused in the same
-- words.
create or replace function rolecall.judge_reply(
  p_user uuid,
  p_conversation uuid,
  p_rollout text
)
returns rolecall.judgement
language plpgsql
stable
set search_path = ''
as $$
declare
  v_sender_role public.app_role;
  v_internal boolean;
  v_org_id uuid;
  v_flag text;
  v_target_role public.app_role;
  v_show uuid;
  v_facts text[];
begin
  select *
  into v_sender_role, v_internal, v_org_id, v_flag, v_target_role, v_show, v_facts
  from rolecall.reply_facts(p_user, p_conversation);
  if v_show is not null
    and exists (select from rolecall.visible_broadcasts(p_user, p_conversation, v_show))
  then
    v_facts := v_facts || 'participant'::text;
  end if;
  return rolecall.judge_reply_facts(
    p_user, v_sender_role, v_internal, v_org_id, v_flag, p_rollout, v_target_role, v_facts
  );
end
$$;

-- Whether p_sender may send a direct message to p_recipient, about p_show if that is given. Everybody may ask for
-- themselves alone.
create or replace function public.can_user_send_dm(
  p_sender uuid,
  p_recipient uuid,
  p_show uuid default null
)
returns boolean
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
  if auth.uid() is null or p_sender is distinct from auth.uid() then
    return false;
  end if;
  return coalesce((rolecall.judge_dm(p_sender, p_recipient, p_show, 'enabled')).allowed, false);
end
$$;

-- Whether p_user may write into p_conversation. Everybody may ask for themselves alone.
create or replace function public.can_user_reply(p_user uuid, p_conversation uuid)
returns boolean
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
  if auth.uid() is null or p_user is distinct from auth.uid() then
    return false;
  end if;
  return coalesce((rolecall.judge_reply(p_user, p_conversation, 'enabled')).allowed, false);
end
$$;

-- Whether a text may be a message of this length; the function has trimmed it and looked for control characters.
create or replace function rolecall.has_length(p_text text, p_least int, p_most int)
returns boolean
language plpgsql
immutable
set search_path = ''
as $$
begin
  return coalesce(char_length(p_text) between p_least and p_most, false);
end
$$;

-- Does what send-dm does for p_sender, who is verified: {recipient_id, content, show_id?} starts or continues the
-- direct conversation of the two, {conversation_id, content} replies.
create or replace function rolecall.send_dm(p_sender uuid, p_input jsonb, p_rollout text)
returns jsonb
language plpgsql
volatile
set search_path = ''
as $$
declare
  v_content text := p_input ->> 'content';
  v_recipient uuid;
  v_conversation uuid;
  v_show uuid;
  v_judgement rolecall.judgement;
  v_seq bigint;
  v_message uuid;
begin
  if coalesce(char_length(v_content) not between 1 and 2000, true) then
    return rolecall.refusal('invalid_input', 'The content must have 1 to 2000 characters.');
  end if;

  if p_input ->> 'conversation_id' is null then
    v_recipient := rolecall.uuid_or_null(p_input ->> 'recipient_id');
    if p_input ->> 'show_id' is not null then
      v_show := rolecall.uuid_or_null(p_input ->> 'show_id');
      if v_show is null then
        return rolecall.refusal('invalid_input', 'The show_id is not a uuid.');
      end if;
    end if;
    v_judgement := rolecall.judge_dm(p_sender, v_recipient, v_show, p_rollout);
    if v_judgement.allowed is distinct from true then
      return v_judgement.refusal;
    end if;

    -- One statement settles who makes the conversation and who continues it, and numbers the message.
    with numbered as (
      insert into public.conversations as conversation (
        kind, participant_low, participant_high, created_by, organization_id, last_seq, last_message_at
      )
      values (
        'direct',
        least(p_sender, v_recipient),
        greatest(p_sender, v_recipient),
        p_sender,
        v_judgement.org_id,
        1,
        now()
      )
      on conflict (participant_low, participant_high) where kind = 'direct' and version = 'v2' do update
      set
        last_seq = conversation.last_seq + 1,
        last_message_at = excluded.last_message_at
      where not conversation.read_only
      returning id, last_seq
    )
    insert into public.messages (conversation_id, seq, sender_id, content, show_id)
    select id, last_seq, p_sender, v_content, v_show
    from numbered
    returning conversation_id, seq, id
    into v_conversation, v_seq, v_message;
    if not found then
      -- There is a conversation, and the operator has closed it.
      select id
      into v_conversation
      from public.conversations
      where kind = 'direct'
        and version = 'v2'
        and participant_low = least(p_sender, v_recipient)
        and participant_high = greatest(p_sender, v_recipient);
      return (rolecall.judge_reply(p_sender, v_conversation, p_rollout)).refusal;
    end if;
  else
    v_conversation := rolecall.uuid_or_null(p_input ->> 'conversation_id');
    v_judgement := rolecall.judge_reply(p_sender, v_conversation, p_rollout);
    if v_judgement.allowed is distinct from true then
      return v_judgement.refusal;
    end if;

    with numbered as (
      update public.conversations
      set
        last_seq = last_seq + 1,
        last_message_at = now()
      where id = v_conversation
        and not read_only
      returning id, last_seq
    )
    insert into public.messages (conversation_id, seq, sender_id, content)
    select id, last_seq, p_sender, v_content
    from numbered
    returning seq, id
    into v_seq, v_message;
    if not found then
      -- Closed or deleted since it was judged.
      return rolecall.refusal('not_found', 'There is no conversation with this conversation_id.');
    end if;
  end if;

  -- Not part of the statement above, which would not see what was committed while it waited for the conversation.
  if v_seq = 1 then
    insert into public.conversation_participants (conversation_id, user_id, last_read_seq)
    values
      (v_conversation, p_sender, 1),
      (v_conversation, v_recipient, 0);
  else
    update public.conversation_participants
    set last_read_seq = v_seq
    where conversation_id = v_conversation
      and user_id = p_sender;
  end if;

  return jsonb_build_object(
    'ok', true,
    'data', jsonb_build_object(
      'message_id', v_message,
      'conversation_id', v_conversation,
      'seq', v_seq,
      'created_at', rolecall.iso(now())
    ),
    'org_id', v_judgement.org_id
  );
end
$$;

revoke all on rolecall.removed_contents from public, anon, authenticated, service_role;
revoke execute on function
  rolecall.is_conversation(text, text, uuid, uuid, uuid, uuid, boolean),
  rolecall.is_message(uuid, text, timestamptz, timestamptz, text, boolean),
  rolecall.refuse_without_profile(),
  rolecall.judge_dm(uuid, uuid, uuid, text),
  rolecall.reply_facts(uuid, uuid),
  rolecall.judge_reply_facts(uuid, public.app_role, boolean, uuid, text, text, public.app_role, text[]),
  rolecall.judge_reply(uuid, uuid, text),
  rolecall.has_length(text, int, int),
  rolecall.send_dm(uuid, jsonb, text)
  from public, anon, authenticated, service_role;
-- The checks of the tables run with the rights of whoever writes; the schema stays closed.
grant execute on function
  rolecall.is_conversation(text, text, uuid, uuid, uuid, uuid, boolean),
  rolecall.is_message(uuid, text, timestamptz, timestamptz, text, boolean)
  to service_role;
revoke execute on function
  public.can_user_send_dm(uuid, uuid, uuid),
  public.can_user_reply(uuid, uuid)
  from public, anon, authenticated, service_role;
grant execute on function
  public.can_user_send_dm(uuid, uuid, uuid),
  public.can_user_reply(uuid, uuid)
  to authenticated;

alter table public.user_blocks enable row level security;
revoke all on public.user_blocks from public, anon, authenticated, service_role;
grant select, insert, delete on public.user_blocks to authenticated;
grant select, insert, update, delete on public.user_blocks to service_role;

drop policy if exists "people see whom they block" on public.user_blocks;
create policy "people see whom they block"
on public.user_blocks
for select
to authenticated
using (blocker_id = (select auth.uid()));

drop policy if exists "people block others" on public.user_blocks;
create policy "people block others"
on public.user_blocks
for insert
to authenticated
with check (blocker_id = (select auth.uid()));

drop policy if exists "people lift their blocks" on public.user_blocks;
create policy "people lift their blocks"
on public.user_blocks
for delete
to authenticated
using (blocker_id = (select auth.uid()));

-- Conversations and messages are written by the entry points alone. Who sees a broadcast is said in 0007_broadcasts.
alter table public.conversations enable row level security;
revoke all on public.conversations from public, anon, authenticated, service_role;
grant select on public.conversations to authenticated;
grant select, insert, update, delete on public.conversations to service_role;

alter table public.conversation_participants enable row level security;
revoke all on public.conversation_participants from public, anon, authenticated, service_role;
grant select on public.conversation_participants to authenticated;
grant select, insert, update, delete on public.conversation_participants to service_role;

drop policy if exists "people see who is in their conversations" on public.conversation_participants;
create policy "people see who is in their conversations"
on public.conversation_participants
for select
to authenticated
using (
  user_id = (select auth.uid())
  or exists (
    select
    from public.conversations as conversation
    where conversation.id = conversation_id
      and (select auth.uid()) in (conversation.participant_low, conversation.participant_high)
  )
);

alter table public.messages enable row level security;
revoke all on public.messages from public, anon, authenticated, service_role;
grant select on public.messages to authenticated;
grant select, insert, update, delete on public.messages to service_role;

insert into rolecall.schema_migrations (version, name)
values (6, 'messaging')
on conflict (version) do nothing;
