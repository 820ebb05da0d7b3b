-- rolecall_internal.check_permission_many: that it answers as check_permission does one by one, over random worlds and
-- random checks, and that it does not cost as much as they do.
begin;
\ir ../support/calls.psql
select no_plan();

-- The person, show or stranger of a number; random ones are drawn from these.
create function pg_temp.person(p_number int)
returns uuid
language sql
return ('00000000-0000-4000-9000-' || lpad(p_number::text, 12, '0'))::uuid;

create function pg_temp.show(p_number int)
returns uuid
language sql
return ('00000000-0000-4000-a000-' || lpad(p_number::text, 12, '0'))::uuid;

create function pg_temp.draw(p_many int)
returns int
language sql
volatile
return 1 + floor(random() * p_many)::int;

create function pg_temp.one_of(variadic p_values text[])
returns text
language sql
volatile
return p_values[1 + floor(random() * cardinality(p_values))::int];

-- People of every role, some of them suspended or internal; shows that have begun or not; who takes or took part; blocks;
-- conversations of two, some of them closed, with messages, some of them deleted; broadcasts; help; reports in every state;
-- quotas and buckets that are full, begun or empty.
select setseed(0.42);
insert into rolecall.organizations (id, name) values (pg_temp.show(900), 'Paws');
insert into rolecall.profiles (id, role, suspended_until, is_internal, organization_id)
select
  pg_temp.person(number),
  (enum_range(null::rolecall.app_role))[1 + number % 7],
  case pg_temp.draw(8)
    when 1 then 'infinity'::timestamptz
    when 2 then now() - interval '1 hour'
  end,
  pg_temp.draw(5) = 1,
  case when pg_temp.draw(3) = 1 then pg_temp.show(900) end
from generate_series(1, 60) as number;
insert into rolecall.shows (id, title, organizer_id, starts_at, ends_at)
select
  pg_temp.show(number),
  'A show',
  -- Organizers, and MVP dealers who were organizers once.
  pg_temp.person(7 * pg_temp.draw(8) + case when pg_temp.draw(2) = 1 then 3 else 2 end),
  now() + (pg_temp.draw(20) - 10) * interval '1 day',
  now() + interval '30 days'
from generate_series(1, 12) as number;
insert into rolecall.show_participants (show_id, user_id)
select distinct pg_temp.show(pg_temp.draw(12)), pg_temp.person(pg_temp.draw(60))
from generate_series(1, 150);
insert into rolecall.user_blocks (blocker_id, blocked_id)
select distinct blocker, blocked
from (
  select pg_temp.person(pg_temp.draw(60)) as blocker, pg_temp.person(pg_temp.draw(60)) as blocked
  from generate_series(1, 150)
) as pair
where blocker <> blocked;

insert into rolecall.conversations (kind, participant_low, participant_high, created_by, read_only, version, last_seq)
select 'direct', low, high, low, version = 'v1' or pg_temp.draw(3) = 1, version, 2
from (
  select distinct least(one, other) as low, greatest(one, other) as high, pg_temp.one_of('v2', 'v2', 'v2', 'v1') as version
  from (
    select pg_temp.person(pg_temp.draw(60)) as one, pg_temp.person(pg_temp.draw(60)) as other
    from generate_series(1, 300)
  ) as pair
  where one <> other
) as pair;
insert into rolecall.conversation_participants (conversation_id, user_id, last_read_seq)
select id, person, 0
from rolecall.conversations
cross join unnest(array[participant_low, participant_high]) as person
where kind = 'direct'
  and version = 'v2';
insert into rolecall.messages (conversation_id, seq, sender_id, content, show_id, legacy)
select
  id,
  seq,
  case when (seq = 1) = (pg_temp.draw(2) = 1) then participant_low else participant_high end,
  'Hello',
  case when pg_temp.draw(3) = 1 then pg_temp.show(pg_temp.draw(12)) end,
  version = 'v1'
from rolecall.conversations
cross join generate_series(1, 2) as seq
where kind = 'direct';

insert into rolecall.conversations (kind, show_id, created_by, read_only, last_seq)
select 'show', show, sender, pg_temp.draw(4) = 1, 2
from (
  select distinct pg_temp.show(pg_temp.draw(12)) as show, pg_temp.person(pg_temp.draw(60)) as sender
  from generate_series(1, 60)
) as thread;
insert into rolecall.messages (conversation_id, seq, sender_id, content, show_id)
select id, seq, created_by, 'Hello', show_id
from rolecall.conversations
cross join generate_series(1, 2) as seq
where kind = 'show'
  -- Some have none.
  and hashtext(id::text) % 5 <> 0;
insert into rolecall.broadcasts (
  conversation_id, message_id, seq, show_id, sender_id, phase, recipient_roles, audience_count, created_at
)
select
  message.conversation_id,
  message.id,
  message.seq,
  conversation.show_id,
  message.sender_id,
  'pre_show',
  array(
    select role
    from unnest(enum_range(null::rolecall.app_role)) as role
    where hashtext(message.id::text || role::text) % 2 = 0
      or role = 'attendee'
  ),
  3,
  now() + (pg_temp.draw(3) - 2) * interval '1 hour'
from rolecall.messages as message
join rolecall.conversations as conversation
  on conversation.id = message.conversation_id
where conversation.kind = 'show';
-- Who left saw what was sent before.
delete from rolecall.show_participants where pg_temp.draw(5) = 1;

insert into rolecall.help_requests (id, requester_id, title)
select pg_temp.show(100 + number), pg_temp.person(pg_temp.draw(60)), 'Help'
from generate_series(1, 20) as number;
insert into public.conversations_v2 (help_request_id, requester_id, helper_id, initial_message)
select request.id, request.requester_id, helper.id, 'I can help with that.'
from rolecall.help_requests as request
cross join lateral (select pg_temp.person(pg_temp.draw(60)) as id, request.id as of_request) as helper
where helper.id <> request.requester_id;
insert into public.messages_v2 (conversation_id, sender_id, content)
select id, case when pg_temp.draw(2) = 1 then requester_id else helper_id end, 'Hello'
from public.conversations_v2
cross join generate_series(1, 2);
insert into rolecall.removed_help_messages (
  message_id, conversation_id, sender_id, content, created_at, updated_at, deleted_at, deleted_as
)
select gen_random_uuid(), id, helper_id, 'Gone', now(), now(), now(), 'moderator'
from public.conversations_v2
where pg_temp.draw(2) = 1;

insert into rolecall.reported_messages (
  message_id, conversation_id, seq, show_id, reporter_id, reported_user_id, reason,
  organizer_status, organizer_decision, organizer_reviewed_by, organizer_reviewed_at, escalated_at
)
select
  message.id,
  message.conversation_id,
  message.seq,
  message.show_id,
  case when state % 2 = 0 then conversation.participant_low else conversation.participant_high end,
  message.sender_id,
  'Rude',
  case when state > 2 then 'dismissed' end,
  case when state > 2 then 'dismiss' end,
  case when state > 2 then pg_temp.person(3) end,
  case when state > 2 then now() end,
  case when state > 4 then now() end
from (select *, pg_temp.draw(6) as state from rolecall.messages) as message
join rolecall.conversations as conversation
  on conversation.id = message.conversation_id
where conversation.kind = 'direct'
  and conversation.version = 'v2'
  and pg_temp.draw(2) = 1;
insert into rolecall.reported_messages (message_id, conversation_id, reporter_id, reported_user_id, reason)
select message.id, message.conversation_id, conversation.requester_id, message.sender_id, 'Rude'
from public.messages_v2 as message
join public.conversations_v2 as conversation
  on conversation.id = message.conversation_id
where pg_temp.draw(2) = 1;

-- Half of the shows' organizers have spent theirs, whatever the rest of the world is like.
insert into rolecall.broadcast_quotas (sender_id, show_id, period, pre_show_remaining, post_show_remaining)
select organizer_id, id, rolecall_internal.quota_day(now()), 0, 0
from rolecall.shows
where right(id::text, 1)::int % 2 = 0;
insert into rolecall.broadcast_quotas (sender_id, show_id, period, pre_show_remaining, post_show_remaining)
select
  profile.id,
  show.id,
  rolecall_internal.quota_day(now()) - (pg_temp.draw(4) = 1)::int,
  pg_temp.draw(3) - 1,
  pg_temp.draw(2) - 1
from rolecall.profiles as profile
cross join rolecall.shows as show
where pg_temp.draw(2) = 1
on conflict do nothing;
-- These do not fill up while the two are compared.
insert into rolecall.rate_buckets (user_id, action, tokens, refilled_at, capacity, window_seconds)
select id, action, pg_temp.draw(10) - 1, now() + interval '1 hour', 60, 60
from rolecall.profiles
cross join unnest(array['send_dm', 'send_broadcast', 'report_message']) as action
where pg_temp.draw(3) = 1
on conflict do nothing;

-- Everything that can be asked about, and what cannot.
create temporary table object as
select 'recipient_id' as field, id::text from rolecall.profiles
union all
select 'target_id', id::text from rolecall.profiles
union all
select 'conversation_id', id::text from rolecall.conversations
union all
select 'show_id', id::text from rolecall.shows
union all
select 'message_id', id::text
from (
  select id from rolecall.messages
  union all
  select id from public.messages_v2
  union all
  select message_id from rolecall.removed_help_messages
) as message
union all
select field, unknown
from unnest(array['recipient_id', 'target_id', 'conversation_id', 'show_id', 'message_id']) as field
cross join (values (gen_random_uuid()::text), ('me'), (''), (null)) as other (unknown);
create temporary table numbered as
select field, id, row_number() over (partition by field) as number, count(*) over (partition by field) as objects
from object;
create index on numbered (field, number);

-- A check; it may be one that asks for nothing that there is.
create function pg_temp.random_check()
returns jsonb
language plpgsql
volatile
as $$
declare
  v_action text := pg_temp.one_of(
    'start_dm', 'start_dm', 'reply', 'reply', 'broadcast', 'broadcast', 'moderate', 'report', 'suspend', 'read_broadcast', 'pair'
  );
  v_field text := case v_action
    when 'start_dm' then 'recipient_id'
    when 'reply' then 'conversation_id'
    when 'broadcast' then 'show_id'
    when 'moderate' then 'message_id'
    when 'report' then 'message_id'
    when 'suspend' then 'target_id'
    when 'read_broadcast' then 'conversation_id'
  end;
  v_place double precision := random();
  v_check jsonb;
begin
  if v_action = 'pair' then
    return jsonb_strip_nulls(
      jsonb_build_object(
        'action', (
          select action
          from rolecall.matrix_actions
          where domain = 'marketplace'
          offset pg_temp.draw(7) - 1
          limit 1
        ),
        'actor_role', pg_temp.one_of('attendee', 'dealer', 'mvp_dealer', 'show_organizer', 'moderator', 'admin', 'member'),
        'target_role', pg_temp.one_of('attendee', 'dealer', 'mvp_dealer', 'show_organizer', 'moderator', 'admin', 'member'),
        'facts', case
          when pg_temp.draw(3) > 1 then (
            select coalesce(jsonb_agg(distinct fact), '[]')
            from (
              select pg_temp.one_of(
                'feature_enabled', 'suspended', 'self', 'blocked', 'participant', 'broadcast_recipient', 'read_only',
                'shares_show', 'takes_part', 'own_show', 'foreign_show'
              ) as fact
              from generate_series(1, pg_temp.draw(6))
            ) as facts
          )
        end
      )
    );
  end if;
  select jsonb_build_object('action', v_action, field, id)
  into v_check
  from numbered
  where field = v_field
    and number = 1 + floor(v_place * objects)::int;
  if v_action = 'start_dm' and pg_temp.draw(3) = 1 then
    v_check := v_check || jsonb_build_object('show_id', pg_temp.show(pg_temp.draw(14)));
  elsif v_action = 'broadcast' and pg_temp.draw(3) > 1 then
    v_check := v_check || jsonb_build_object(
      'recipient_roles',
      (
        select jsonb_agg(distinct role)
        from (
          select pg_temp.one_of('attendee', 'dealer', 'mvp_dealer', 'show_organizer', 'moderator', 'admin', 'member') as role
          from generate_series(1, pg_temp.draw(3))
        ) as roles
      )
    );
  end if;
  return v_check;
end
$$;

-- The checks of a caller, each answered beside others and by itself.
create temporary table compared (
  caller uuid,
  request jsonb,
  body jsonb,
  among_others jsonb,
  alone jsonb
);
create function pg_temp.compare(p_caller uuid, p_request jsonb, p_checks jsonb)
returns void
language plpgsql
volatile
as $$
declare
  v_request jsonb := '{"rollouts": {}}' || p_request;
  v_results jsonb := rolecall_internal.check_permission_many(p_caller, p_checks, v_request);
begin
  insert into compared (caller, request, body, among_others, alone)
  select
    p_caller,
    v_request,
    body,
    v_results -> (number - 1)::int,
    coalesce(rolecall_internal.check_permission(p_caller, body, v_request), 'null')
  from jsonb_array_elements(p_checks) with ordinality as listed (body, number);
end
$$;

create function pg_temp.random_checks(p_many int)
returns jsonb
language sql
volatile
return (select jsonb_agg(pg_temp.random_check()) from generate_series(1, p_many));

create function pg_temp.differences()
returns text
language sql
return (
  select string_agg(
    format('%s asked %s with %s: among others %s, alone %s', caller, body, request, among_others, alone), E'\n'
  )
  from (
    select *
    from compared
    where among_others is distinct from alone
    limit 5
  ) as different
);

-- Everybody, and somebody without a profile.
select pg_temp.compare(caller, '{}', pg_temp.random_checks(200))
from (
  select id as caller from rolecall.profiles
  union all
  select pg_temp.person(99)
) as person;
-- And those that are rarely drawn: direct messages about the caller's own show, and messages that the caller has reported.
select pg_temp.compare(
  organizer_id,
  '{}',
  (
    select jsonb_agg(jsonb_build_object('action', 'start_dm', 'recipient_id', profile.id, 'show_id', show.id))
    from rolecall.profiles as profile
  )
)
from rolecall.shows as show;
select pg_temp.compare(
  reporter_id,
  '{}',
  jsonb_agg(jsonb_build_object('action', 'report', 'message_id', message_id))
)
from rolecall.reported_messages
group by reporter_id;
select diag(format('%s checks compared', count(*))) from compared;
select cmp_ok((select count(*) from compared), '>', 10000::bigint, 'many checks');
select is(pg_temp.differences(), null, 'a check among others is answered as it is alone');
select is(
  array(
    select distinct result ->> 'code' || coalesce('/' || (result ->> 'rule'), '')
    from (select alone as result from compared where alone <> 'null') as answered
    where result ->> 'rule' in (
      'rate_limit', 'broadcast_quota_spent', 'one_report_per_message', 'conversation_read_only', 'show_of_both', 'blocked',
      'suspended', 'no_profile', 'broadcast_not_answerable'
    )
    or (result -> 'allowed' = 'false' and result -> 'rule' = 'null')
    order by 1
  ),
  array[
    'already_reported/one_report_per_message',
    'conversation_read_only/conversation_read_only',
    'not_found',
    'permission_denied/blocked',
    'permission_denied/broadcast_not_answerable',
    'permission_denied/no_profile',
    'permission_denied/show_of_both',
    'permission_denied/suspended',
    'quota_exceeded/broadcast_quota_spent',
    'rate_limited/rate_limit'
  ],
  'among them every kind of refusal'
);
select cmp_ok(
  (select count(distinct alone ->> 'rule') from compared where alone -> 'allowed' = 'true'),
  '>',
  20::bigint,
  'and many rules that allow'
);
select cmp_ok((select count(*) from compared where alone = 'null'), '>', 100::bigint, 'and checks that ask for nothing');

-- Flags and variables of every state
truncate compared;
do $$
begin
  for v_round in 1..60 loop
    update rolecall.feature_flags
    set rollout = pg_temp.one_of('enabled', 'enabled', 'disabled', 'internal', 'percentage:50')
    where name in ('send-dm', 'send-broadcast', 'moderation', 'conversations');
    perform pg_temp.compare(
      pg_temp.person(v_round),
      case
        when v_round % 2 = 0 then '{}'
        else jsonb_build_object(
          'rollouts',
          jsonb_build_object(
            pg_temp.one_of('send-dm', 'send-broadcast', 'moderation', 'conversations'),
            pg_temp.one_of('disabled', 'internal', 'percentage:30')
          )
        )
      end,
      pg_temp.random_checks(40)
    );
  end loop;
end
$$;
select is(pg_temp.differences(), null, 'whatever is switched off');
select cmp_ok(
  (select count(*) from compared where alone ->> 'code' = 'feature_disabled'),
  '>',
  200::bigint,
  'and much of it is'
);
update rolecall.feature_flags set rollout = 'enabled' where name <> 'maintenance';

-- A role that may broadcast, and has another limit, none, or no row of one.
truncate compared;
update rolecall.broadcast_limits set per_quota_day = null where role = 'show_organizer' and phase = 'pre_show';
update rolecall.broadcast_limits set per_quota_day = 0 where role = 'show_organizer' and phase = 'post_show';
delete from rolecall.broadcast_limits where role = 'mvp_dealer' and phase = 'pre_show';
select pg_temp.compare(id, '{}', pg_temp.random_checks(200)) from rolecall.profiles where role in ('show_organizer', 'mvp_dealer');
select is(pg_temp.differences(), null, 'whatever the limits are');

-- The matrix is asked for each kind of check once, not for each check.
set local track_functions = 'all';
create temporary table called as
select funcname, calls from pg_stat_xact_user_functions;
select is(
  jsonb_array_length(
    rolecall_internal.check_permission_many(
      id,
      (
        select jsonb_agg(jsonb_build_object('action', 'start_dm', 'recipient_id', other.id))
        from (
          select id from rolecall.profiles
          union all
          select gen_random_uuid() from generate_series(1, 200)
          limit 200
        ) as other
      ),
      '{}'
    )
  ),
  200,
  'two hundred checks'
)
from rolecall.profiles
where id = pg_temp.person(2);
select cmp_ok(
  coalesce((select calls from pg_stat_xact_user_functions where funcname = 'decide'), 0)
    - coalesce((select calls from called where funcname = 'decide'), 0),
  '<',
  120::bigint,
  'take fewer decisions'
);

-- What is no check
select is(
  rolecall_internal.check_permission_many(pg_temp.person(1), checks, '{}'),
  (select jsonb_agg(rolecall_internal.check_permission(pg_temp.person(1), body, '{}')) from jsonb_array_elements(checks) as body),
  format('%s are answered alike', checks)
)
from (
  values
    ('[1, "x", null, true, [], {}, {"action": null}, {"action": "dance"}, {"action": 7, "recipient_id": 1}]'::jsonb),
    ('[{"action": "start_dm"}, {"action": "start_dm", "recipient_id": null}, {"action": "start_dm", "recipient_id": {}}]'),
    ('[{"action": "broadcast", "show_id": "x"}, {"action": "broadcast", "show_id": "x", "recipient_roles": []}]'),
    ('[{"action": "broadcast", "show_id": "x", "recipient_roles": ["king"]}, {"action": "broadcast", "recipient_roles": null}]'),
    ('[{"action": "reply", "actor_role": "king", "target_role": "admin"}, {"action": "reply", "actor_role": "admin"}]'),
    ('[{"actor_role": "admin", "target_role": "admin"}, {"action": "dance", "actor_role": "admin", "target_role": "admin"}]'),
    ('[{"action": "reply", "actor_role": "admin", "target_role": "admin", "facts": {}}]'),
    ('[{"action": "reply", "actor_role": "admin", "target_role": "admin", "facts": null}]'),
    ('[{"action": "reply", "actor_role": "admin", "target_role": "admin", "facts": [null, 1, "feature_enabled"]}]')
) as malformed (checks);
select is(
  pg_temp.verdict(pg_temp.ask('check_permission', pg_temp.person(1), '{"checks": [{"action": "reply"}]}')),
  'invalid_input',
  'a list with one of them is refused whole'
);

select * from finish();
rollback;
