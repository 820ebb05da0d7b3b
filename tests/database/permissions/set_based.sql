-- What decides for many at once decides as the matrix does: of every action, for every pair of roles and every set of the facts
-- that the action looks at, a case is made of real rows. Together the cases are asked of judge_dms, of check_permission_many, of
-- the cards of conversations, and of those who read broadcasts; each answer is compared with decide_action.
begin;
\ir ../support/calls.psql
select no_plan();

update rolecall.rate_limits set capacity = null;
update rolecall.broadcast_limits set per_quota_day = null;

create function pg_temp.id(p_kind text, p_number bigint)
returns uuid
language sql
immutable
return ('00000000-0000-4000-' || p_kind || '-' || lpad(p_number::text, 12, '0'))::uuid;

-- Of each role one who acts and one who is suspended. What an action does not look at is one way in some cases and the other
-- in others.
create temporary table cast_member as
select pg_temp.id('9000', 2 * place + suspended) as id, role, suspended = 1 as suspended
from unnest(enum_range(null::rolecall.app_role)) with ordinality as listed (role, place)
cross join generate_series(0, 1) as suspended;

create temporary table situation as
select
  -- In an order that has to do with nothing: by its parts a number decides what a case leaves open.
  row_number() over (order by md5(concat_ws(' ', named.action, actor, target, held.facts, pair))) as n,
  named.action,
  actor,
  target,
  held.facts,
  'self' = any (held.facts) as is_self,
  pair
from rolecall.matrix_actions as named
cross join unnest(enum_range(null::rolecall.app_role)) as actor
cross join unnest(enum_range(null::rolecall.app_role)) as target
cross join lateral (
  select array(select fact from unnest(named.facts) with ordinality as f (fact, place) where mask & (1 << (place::int - 1)) <> 0)
    as facts
  from generate_series(0, (1 << cardinality(named.facts)) - 1) as mask
) as held
-- Whether the two have a conversation: it lets them reply where they could not begin.
cross join unnest(array['none', 'open', 'closed']) as pair
where named.domain = 'marketplace'
  -- Of one message at a time: messages/judge_edit.sql and reactions/judge_reaction.sql have every case of them.
  and named.action not in ('edit_message', 'react')
  and (pair = 'none' or named.action = 'start_dm');
-- What cannot be: somebody of two roles, somebody who blocks themselves or has a conversation with themselves, a show that both
-- take part in and that is not of both, an audience from which a block hides what it is of.
create temporary table impossible as
select n
from situation
where is_self and (actor <> target or 'blocked' = any (facts) or pair <> 'none')
  or action = 'start_dm' and facts @> '{shares_show,foreign_show}'
  or action = 'reply'
    and facts @> '{participant,broadcast_recipient,blocked}'
    and not (rolecall_internal.decide('read_broadcast', actor, target, '{feature_enabled,participant,blocked}')).allowed;
delete from situation where n in (select n from impossible);

create temporary table scene as
select
  situation.*,
  acting.id as actor_id,
  case when is_self then acting.id else pg_temp.id('9001', n) end as target_id,
  pg_temp.id('9002', n) as third_id,
  pg_temp.id('a000', n) as show_id,
  pg_temp.id('b000', n) as conversation_id,
  pg_temp.id('c000', n) as message_id,
  case
    when 'feature_enabled' = any (facts) then '{}'
    else jsonb_build_object(
      case
        when action in ('start_dm', 'reply') then 'send-dm'
        when action = 'broadcast' then 'send-broadcast'
        when action = 'read_broadcast' then 'conversations'
        else 'moderation'
      end,
      'disabled'
    )
  end as rollouts,
  case
    when action = 'start_dm' and 'foreign_show' = any (facts) then true
    else n % 2 = 0 and action = 'start_dm'
  end as is_about_a_show
from situation
join cast_member as acting
  on acting.role = situation.actor
  and acting.suspended = case
    when action in (select action from rolecall.matrix_actions where 'suspended' = any (facts)) then
      'suspended' = any (situation.facts)
    else n % 2 = 1
  end;
create unique index on scene (n);
analyze scene;

insert into rolecall.profiles (id, role, suspended_until)
select id, role, case when suspended then 'infinity'::timestamptz end
from cast_member;
insert into rolecall.profiles (id, role)
select pg_temp.id('9001', n), target
from scene
where not is_self
union all
select third_id, 'attendee'
from scene
where action in ('reply', 'moderate', 'report');
insert into rolecall.shows (id, organizer_id, title, starts_at, ends_at)
select
  show_id,
  case
    when 'own_show' = any (facts) then actor_id
    -- A show that the actor organizes is not foreign, and shared with nobody.
    when action = 'start_dm' and not facts && '{shares_show,foreign_show}' then actor_id
  end,
  'A show',
  now() + interval '7 days',
  now() + interval '8 days'
from scene;
insert into rolecall.show_participants (show_id, user_id)
select show_id, actor_id
from scene
where 'takes_part' = any (facts)
  or 'shares_show' = any (facts)
  or 'foreign_show' = any (facts) and n % 3 = 1 and not is_self
  or action in ('reply', 'read_broadcast') and 'participant' = any (facts)
    and (action = 'read_broadcast' or 'broadcast_recipient' = any (facts));
insert into rolecall.show_participants (show_id, user_id)
select show_id, target_id
from scene
where not is_self
  and ('shares_show' = any (facts) or 'foreign_show' = any (facts) and n % 3 = 2);
insert into rolecall.user_blocks (blocker_id, blocked_id)
select case when n % 2 = 0 then actor_id else target_id end, case when n % 2 = 0 then target_id else actor_id end
from scene
where 'blocked' = any (facts);

create temporary table talk as
select
  n,
  conversation_id,
  message_id,
  show_id,
  case
    when action in ('broadcast', 'read_broadcast') or 'broadcast_recipient' = any (facts) then 'show'
    else 'direct'
  end as kind,
  case
    when action = 'start_dm' then actor_id
    when action in ('reply', 'report') and 'participant' = any (facts) and not is_self then actor_id
    when action = 'report' and is_self and 'participant' = any (facts) then actor_id
    else third_id
  end as one,
  case
    when is_self then case when 'participant' = any (facts) then third_id else pg_temp.id('9003', n) end
    else target_id
  end as other,
  case when action = 'broadcast' then actor_id else target_id end as author,
  'read_only' = any (facts) or pair = 'closed' as read_only,
  actor
from scene
where action in ('reply', 'moderate', 'report', 'read_broadcast')
  or action = 'start_dm' and pair <> 'none'
  or action = 'broadcast' and 'read_only' = any (facts);
insert into rolecall.profiles (id, role)
select other, 'attendee'
from talk
where other = pg_temp.id('9003', n);
insert into rolecall.conversations (id, kind, participant_low, participant_high, show_id, created_by, read_only, last_seq)
select
  conversation_id,
  kind,
  case when kind = 'direct' then least(one, other) end,
  case when kind = 'direct' then greatest(one, other) end,
  case when kind = 'show' then show_id end,
  case when kind = 'direct' then one else author end,
  read_only,
  1
from talk;
insert into rolecall.conversation_participants (conversation_id, user_id)
select conversation_id, person
from talk
cross join unnest(array[one, other]) as person
where kind = 'direct';
insert into rolecall.messages (id, conversation_id, seq, sender_id, content, show_id)
select message_id, conversation_id, 1, author, 'Hello', show_id
from talk;
insert into rolecall.broadcasts (
  conversation_id, message_id, seq, show_id, sender_id, phase, recipient_roles, audience_count
)
select conversation_id, message_id, 1, show_id, author, 'pre_show', array[actor], 1
from talk
where kind = 'show';
insert into rolecall.show_threads (conversation_id, show_id, role, last_seq, last_message_at)
select conversation_id, show_id, actor, 1, now()
from talk
where kind = 'show';

-- What the matrix says, in the words in which a case is compared.
create function pg_temp.words(p_allowed boolean, p_code text, p_rule text)
returns text
language sql
return case when p_allowed then 'allowed ' || p_rule else concat_ws(' ', 'refused', p_code, p_rule) end;

create temporary table expected as
select
  scene.*,
  -- A conversation of the two lets them reply, but never about a show that is not of both.
  case
    when not plain.allowed and not 'foreign_show' = any (facts) and reply.allowed then
      pg_temp.words(true, null, reply.rule)
    else pg_temp.words(plain.allowed, plain.code, plain.rule)
  end as judged,
  -- A check tells that the conversation is closed, too, where the send itself finds out.
  case
    when pair = 'closed' and (plain.allowed or not 'foreign_show' = any (facts) and reply.allowed) then
      pg_temp.words(reply.allowed, reply.code, reply.rule)
    when not plain.allowed and not 'foreign_show' = any (facts) and reply.allowed then
      pg_temp.words(true, null, reply.rule)
    else pg_temp.words(plain.allowed, plain.code, plain.rule)
  end as checked,
  plain.allowed as is_allowed
from scene
cross join lateral rolecall_internal.decide_action(action, actor::text, target::text, facts) as plain
left join lateral rolecall_internal.decide_action(
  'reply',
  actor::text,
  target::text,
  facts || array['participant', case when pair = 'closed' then 'read_only' end]
) as reply
  on action = 'start_dm'
  and pair <> 'none';
create unique index on expected (n);

select is(
  (select count(*) from situation) + (select count(*) from impossible),
  (
    select sum(
      (1 << cardinality(facts)) * cardinality(enum_range(null::rolecall.app_role)) ^ 2
      * case when action = 'start_dm' then 3 else 1 end
    )::bigint
    from rolecall.matrix_actions
    where domain = 'marketplace'
      and action not in ('edit_message', 'react')
  ),
  'every case is there, but for those that cannot be'
);
select is((select count(*) from expected), (select count(*) from situation), 'and each is made of rows');

-- Sending: all of them in one array
create temporary table sent as
select expected.*, pg_temp.words((judgement).allowed, (judgement).refusal ->> 'code', (judgement).rule) as found
from rolecall_internal.judge_dms(
  (
    select array_agg(
      jsonb_populate_record(
        null::rolecall.dm_item,
        jsonb_build_object(
          'number', n,
          'caller', actor_id,
          'is_user', true,
          'rollouts', rollouts,
          'content', 'Hello',
          'is_reply', action = 'reply',
          'conversation', case when action = 'reply' then conversation_id end,
          'recipient', case when action = 'start_dm' then target_id end,
          'show_id', case when is_about_a_show then show_id end
        )
      )
      order by n
    )
    from expected
    where action in ('start_dm', 'reply')
  )
) as answered
join expected
  on expected.n = answered.number;
select is(
  (select count(*) from sent),
  (select count(*) from expected where action in ('start_dm', 'reply')),
  'judge_dms answers for each'
);
select is(
  (
    select jsonb_agg(jsonb_build_object('case', to_jsonb(wrong) - 'rollouts'))
    from (select * from sent where found is distinct from judged order by n limit 3) as wrong
  ),
  null,
  'judge_dms decides as the matrix does'
);

-- Checks: those of one user in one array
create function pg_temp.check_of(p_case expected)
returns jsonb
language sql
return jsonb_strip_nulls(
  jsonb_build_object(
    'action', p_case.action,
    'recipient_id', case when p_case.action = 'start_dm' then p_case.target_id end,
    'show_id', case when p_case.is_about_a_show or p_case.action = 'broadcast' then p_case.show_id end,
    'recipient_roles', case when p_case.action = 'broadcast' then jsonb_build_array(p_case.target) end,
    'conversation_id', case when p_case.action in ('reply', 'read_broadcast') then p_case.conversation_id end,
    'message_id', case when p_case.action in ('moderate', 'report') then p_case.message_id end,
    'target_id', case when p_case.action = 'suspend' then p_case.target_id end
  )
);

create temporary table checked as
select
  asked.ns[place] as n,
  pg_temp.words((result -> 'allowed')::boolean, result ->> 'code', result ->> 'rule') as found
from (
  select
    actor_id,
    rollouts,
    array_agg(n order by n) as ns,
    jsonb_agg(pg_temp.check_of(expected) order by n) as checks
  from expected
  group by actor_id, rollouts
) as asked
cross join lateral jsonb_array_elements(
  rolecall_internal.check_permission_many(actor_id, checks, jsonb_build_object('rollouts', rollouts))
) with ordinality as answered (result, place);
select is((select count(*) from checked), (select count(*) from expected), 'check_permission_many answers for each');
select is(
  (
    select jsonb_agg(to_jsonb(wrong) - 'rollouts')
    from (
      select expected.*, checked.found
      from checked
      join expected using (n)
      where checked.found is distinct from expected.checked
      order by n
      limit 3
    ) as wrong
  ),
  null,
  'check_permission_many decides as the matrix does'
);

-- Two roles and no user: every case of the matrix in one array
create temporary table pair_case as
select
  row_number() over () as n,
  named.action,
  actor,
  target,
  array(select fact from unnest(named.facts) with ordinality as f (fact, place) where mask & (1 << (place::int - 1)) <> 0) as facts
from rolecall.matrix_actions as named
cross join unnest(enum_range(null::rolecall.app_role)) as actor
cross join unnest(enum_range(null::rolecall.app_role)) as target
cross join lateral generate_series(0, (1 << cardinality(named.facts)) - 1) as mask
where domain = 'marketplace';
select is(
  (
    select count(*)
    from jsonb_array_elements(
      rolecall_internal.check_permission_many(
        pg_temp.demo(1),
        (
          select jsonb_agg(
            jsonb_build_object('action', action, 'actor_role', actor, 'target_role', target, 'facts', facts)
            order by n
          )
          from pair_case
        ),
        '{"rollouts": {}}'
      )
    ) with ordinality as answered (result, n)
    join pair_case using (n)
    cross join lateral rolecall_internal.decide_action(pair_case.action, actor::text, target::text, facts) as decision
    where pg_temp.words((result -> 'allowed')::boolean, result ->> 'code', result ->> 'rule')
      = pg_temp.words(decision.allowed, decision.code, decision.rule)
  ),
  (select count(*) from pair_case),
  'check_permission_many decides pairs of roles as the matrix does'
);

-- The inbox: whether somebody can write into each of their conversations
create temporary table carded as
select
  expected.*,
  pg_temp.words(
    (card -> 'can_reply')::boolean,
    card #>> '{reply_refusal,code}',
    coalesce(card #>> '{reply_refusal,rule}', decision.rule)
  ) as found
from (
  select
    actor_id,
    rollouts,
    array_agg(conversation_id order by n) as conversations,
    array_agg(case when 'broadcast_recipient' = any (facts) then 'audience' else 'people' end order by n) as readers
  from expected
  where action = 'reply'
    and 'participant' = any (facts)
  group by actor_id, rollouts
) as asked
cross join lateral jsonb_array_elements(
  rolecall_internal.conversation_cards(actor_id, conversations, readers, rollouts)
) as card
join expected
  on expected.conversation_id = (card ->> 'id')::uuid
cross join lateral rolecall_internal.decide_action('reply', actor::text, target::text, facts) as decision;
select is(
  (select count(*) from carded),
  (select count(*) from expected where action = 'reply' and 'participant' = any (facts)),
  'each has a card'
);
select is(
  (
    select jsonb_agg(to_jsonb(wrong) - 'rollouts')
    from (select * from carded where found is distinct from judged order by n limit 3) as wrong
  ),
  null,
  'can_reply and its refusal are what the matrix says'
);

-- Broadcasts: who reads them
create temporary table hearing as
select *
from expected
where action = 'read_broadcast'
  and 'feature_enabled' = any (facts);
select is(
  (
    select jsonb_agg(to_jsonb(wrong) - 'rollouts')
    from (
      select *
      from hearing
      where rolecall_internal.reads_broadcasts_of(actor_id, target_id)
        is distinct from (
          rolecall_internal.decide(
            'read_broadcast',
            actor,
            target,
            array['feature_enabled', 'participant', case when 'blocked' = any (facts) then 'blocked' end]
          )
        ).allowed
      order by n
      limit 3
    ) as wrong
  ),
  null,
  'reads_broadcasts_of is what the matrix says'
);
select is(
  (
    select jsonb_agg(to_jsonb(wrong) - 'rollouts')
    from (
      select *
      from hearing
      where exists (select from rolecall_internal.visible_broadcasts(actor_id, conversation_id, show_id))
        is distinct from is_allowed
      order by n
      limit 3
    ) as wrong
  ),
  null,
  'visible_broadcasts shows them to those alone who may read them'
);
-- Everybody who is online is asked for at once: whoever acts in any case, and the two people of this one.
select is(
  (
    select jsonb_agg(to_jsonb(wrong) - 'rollouts')
    from (
      select *
      from hearing
      where actor_id
        = any (rolecall_internal.readers_of_broadcast(array(select id from cast_member) || target_id, conversation_id, 1))
        is distinct from is_allowed
      order by n
      limit 3
    ) as wrong
  ),
  null,
  'readers_of_broadcast has those alone who may read one'
);
create function pg_temp.heard_by(p_user uuid)
returns setof uuid
language plpgsql
as $$
begin
  perform set_config('request.jwt.claims', jsonb_build_object('sub', p_user, 'role', 'authenticated')::text, true);
  return query
  select conversation_id
  from rolecall_internal.caller_broadcasts();
end
$$;
select is(
  (
    select jsonb_agg(to_jsonb(wrong) - 'rollouts')
    from (
      select hearing.*
      from hearing
      left join (
        select id as actor_id, conversation_id
        from cast_member
        cross join lateral pg_temp.heard_by(id) as heard (conversation_id)
      ) as heard using (actor_id, conversation_id)
      where (heard.actor_id is not null) is distinct from is_allowed
      order by n
      limit 3
    ) as wrong
  ),
  null,
  'caller_broadcasts has those and no others'
);

-- The recipients of a broadcast: of each role nobody blocks the sender, one does, and the sender blocks one.
create temporary table recipient as
select
  sender.role as sender_role,
  sender.id as sender_id,
  pg_temp.id('a001', sender_place) as show_id,
  pg_temp.id('9004', sender_place * 1000 + place * 10 + block) as id,
  listed.role,
  block
from (select *, row_number() over (order by role) as sender_place from cast_member where not suspended) as sender
cross join unnest(enum_range(null::rolecall.app_role)) with ordinality as listed (role, place)
cross join generate_series(0, 2) as block;
insert into rolecall.shows (id, title, starts_at, ends_at)
select distinct show_id, 'A show', now() + interval '7 days', now() + interval '8 days'
from recipient;
insert into rolecall.profiles (id, role)
select id, role
from recipient;
insert into rolecall.show_participants (show_id, user_id)
select show_id, id
from recipient
union
select show_id, sender_id
from recipient;
insert into rolecall.user_blocks (blocker_id, blocked_id)
select case block when 1 then id else sender_id end, case block when 1 then sender_id else id end
from recipient
where block > 0;
select is(
  (
    select string_agg(format('%s to %s: %s, not %s', sender_role, role, counted, wanted), '; ')
    from (
      select
        sender_role,
        role,
        rolecall_internal.audience_count(sender_id, show_id, array[role]) as counted,
        count(*) filter (where decision.allowed) as wanted
      from recipient
      cross join lateral rolecall_internal.decide(
        'read_broadcast',
        role,
        sender_role,
        array['feature_enabled', 'participant', case when block > 0 then 'blocked' end]
      ) as decision
      group by sender_role, sender_id, show_id, role
    ) as audience
    where counted <> wanted
  ),
  null,
  'audience_count counts those who may read what is sent'
);

select * from finish();
rollback;
