-- The lists of an organisation's threads hold what the matrix lets somebody read, and nothing else: for every role and every set
-- of the facts that reading a thread looks at, real threads are made, and the near misses of each fact. What list_threads, sync
-- and the policies have is compared with decide, and so is the thread by itself.
begin;
\ir ../support/calls.psql
select no_plan();
update rolecall.rate_limits set capacity = null;
update rolecall.feature_flags set rollout = 'enabled' where name in ('messaging_v1', 'sitter_messages_v1');

create function pg_temp.id(p_kind text, p_number bigint)
returns uuid
language sql
immutable
return ('00000000-0000-4000-' || p_kind || '-' || lpad(p_number::text, 12, '0'))::uuid;

-- Ours, and another organisation.
insert into rolecall.organizations (id, name)
select pg_temp.id('9000', number), name
from unnest(array['Paws', 'Claws']) with ordinality as named (name, number);
insert into rolecall.message_numbers (id, organization_id, e164, class)
select pg_temp.id('9100', number), pg_temp.id('9000', number), '+1202555019' || number, 'front_desk'
from generate_series(1, 2) as number;

-- Those who ask: one of each role, and one without.
create temporary table reader as
select pg_temp.id('9200', number) as id, role, number
from unnest(array['owner', 'admin', 'sitter', 'client', null]) with ordinality as named (role, number);
insert into rolecall.profiles (id, organization_id, organization_role)
select id, pg_temp.id('9000', 1), role
from reader
union all
-- Another sitter.
select pg_temp.id('9200', 9), pg_temp.id('9000', 1), 'sitter';

-- A thread for each way to be close to one of them.
create temporary table scene as
select
  row_number() over (order by md5(concat_ws(' ', reader.number, "window", is_own, scope, organization))) as n,
  reader.id as reader_id,
  "window",
  is_own,
  scope,
  organization
from reader
cross join unnest(array['none', 'open', 'to come', 'ended', 'closed', 'of another']) as "window"
cross join unnest(array[true, false]) as is_own
cross join unnest(array['client', 'billing']) as scope
cross join generate_series(1, 2) as organization
-- Rows of another organisation name nobody of this one.
where organization = 1
  or ("window" = 'none' and not is_own);

-- Who is their client has one account; the others are nobody's. Of a client one thread is open, the others are closed.
insert into rolecall.clients (id, organization_id, user_id, phone)
select pg_temp.id('9300', number), pg_temp.id('9000', 1), id, '+1202555' || 1000 + number
from reader;
insert into rolecall.clients (id, organization_id, phone)
select pg_temp.id('9301', n), pg_temp.id('9000', organization), '+1202556' || 1000 + n
from scene
where not is_own;
insert into rolecall.message_threads (id, organization_id, scope, client_id, number_id, number_class, status, last_message_at)
select
  pg_temp.id('9400', n),
  pg_temp.id('9000', organization),
  scope,
  case when is_own then pg_temp.id('9300', reader.number) else pg_temp.id('9301', n) end,
  pg_temp.id('9100', organization),
  'front_desk',
  case when is_own or n % 2 = 0 then 'closed' else 'open' end,
  -- Some at the same moment.
  now() - n / 3 * interval '20 minutes'
from scene
join reader
  on reader.id = scene.reader_id;
insert into rolecall.message_threads (id, organization_id, scope, number_id, number_class)
select pg_temp.id('9500', number), pg_temp.id('9000', number), 'owner_inbox', pg_temp.id('9100', number), 'front_desk'
from generate_series(1, 2) as number;
insert into rolecall.bookings (organization_id, id, client_id, service, starts_at, ends_at, status)
select thread.organization_id, pg_temp.id('9600', n), thread.client_id, 'walk', now(), now() + interval '1 hour', 'confirmed'
from scene
join rolecall.message_threads as thread
  on thread.id = pg_temp.id('9400', n)
where "window" <> 'none';
insert into rolecall.assignment_windows (organization_id, thread_id, booking_id, sitter_id, starts_at, ends_at, closed_at)
select
  pg_temp.id('9000', 1),
  pg_temp.id('9400', n),
  pg_temp.id('9600', n),
  case when "window" = 'of another' then pg_temp.id('9200', 9) else reader_id end,
  now() + case "window" when 'to come' then interval '1 day' when 'ended' then interval '-1 day' else interval '-1 hour' end,
  now() + case "window" when 'to come' then interval '2 days' when 'ended' then interval '0' else interval '1 hour' end,
  case when "window" = 'closed' then now() end
from scene
where "window" <> 'none';
analyze rolecall.message_threads;

-- Everybody before every thread, with the function on and off.
create temporary table met as
select
  reader.id as reader_id,
  reader.role,
  thread.id as thread_id,
  is_on,
  array_remove(
    array[
      case when is_on then 'feature_enabled' end,
      case when thread.organization_id = pg_temp.id('9000', 1) then 'own_organization' end,
      case
        when thread.scope = 'client' and scene.reader_id = reader.id and "window" in ('open', 'to come') then 'assigned'
      end,
      case when thread.scope = 'client' and scene.reader_id = reader.id and is_own then 'own_thread' end,
      case
        when thread.scope = 'owner_inbox' and thread.organization_id = pg_temp.id('9000', 1) then 'owner_inbox'
      end
    ],
    null
  ) as facts
from reader
cross join unnest(array[true, false]) as is_on
cross join rolecall.message_threads as thread
left join scene
  on pg_temp.id('9400', n) = thread.id
where thread.organization_id in (pg_temp.id('9000', 1), pg_temp.id('9000', 2));
create temporary table expected as
select met.*, (rolecall_internal.decide_organization('read_thread', role, facts)).allowed is true as is_read
from met;

create function pg_temp.rollouts(p_is_on boolean)
returns jsonb
language sql
return case when p_is_on then '{}'::jsonb else '{"messaging_v1": "disabled", "sitter_messages_v1": "disabled"}' end;

select is(
  (select count(distinct (role, facts)) from expected),
  -- Of nobody's organisation, or of theirs with a window or not and as its client or not, or the owner inbox.
  5 * 2 * 6::bigint,
  'every set of facts that can be is there for every role'
);
select ok(
  (select count(*) filter (where is_read) between 1 and count(*) - 1 from expected where role = r),
  format('%s reads some and not all', r)
)
from unnest(array['owner', 'admin', 'sitter', 'client']) as r;

-- The facts of the functions are these.
select is(
  (
    select count(*)
    from expected
    cross join lateral rolecall_internal.thread_facts(reader_id, thread_id) as found
    where is_on
      and array(
        select fact
        from unnest(found.facts) as fact
        where fact = any (
          select unnest(action.facts)
          from rolecall.matrix_actions as action
          where action.action = 'read_thread'
        )
        order by fact
      ) is distinct from array(select fact from unnest(expected.facts) as fact order by fact)
  ),
  0::bigint,
  'the facts that the functions find are those that were made'
);

-- One by one
select is(
  (
    select jsonb_agg(to_jsonb(wrong))
    from (
      select expected.*, answer
      from expected
      cross join lateral (
        select pg_temp.ask(
          'thread_messages', reader_id, jsonb_build_object('thread_id', thread_id), null, pg_temp.rollouts(is_on)
        )
      ) as asked (answer)
      where (answer ->> 'ok')::boolean is distinct from is_read
      limit 3
    ) as wrong
  ),
  null,
  'a thread is read as the matrix says'
);

-- The list, page after page
create function pg_temp.list(p_reader uuid, p_is_on boolean, p_limit int, p_more jsonb default '{}')
returns uuid[]
language plpgsql
as $$
declare
  v_answer jsonb;
  v_cursor text;
  v_found uuid[] := '{}';
begin
  loop
    v_answer := rolecall_internal.list_threads(
      p_reader, jsonb_build_object('limit', p_limit, 'cursor', v_cursor) || p_more, pg_temp.rollouts(p_is_on)
    );
    v_found := v_found || array(
      select (card ->> 'id')::uuid
      from jsonb_array_elements(v_answer #> '{data,threads}') as card
    );
    v_cursor := v_answer #>> '{data,next_cursor}';
    exit when v_cursor is null;
  end loop;
  return v_found;
end
$$;
create function pg_temp.expected(p_reader uuid, p_is_on boolean)
returns uuid[]
language sql
return array(
  select thread_id
  from expected
  where reader_id = p_reader
    and is_on = p_is_on
    and is_read
  order by thread_id
);
select is(
  array(select id from unnest(pg_temp.list(reader.id, is_on, size)) as id order by id),
  pg_temp.expected(reader.id, is_on),
  format('what the list of %s has is what the matrix lets them read, %s at a time (on: %s)', coalesce(role, 'nobody'), size, is_on)
)
from reader
cross join unnest(array[true, false]) as is_on
cross join unnest(array[100, 7, 1]) as size;

-- What the list is narrowed to is a part of that, and of that alone.
select is(
  array(select id from unnest(pg_temp.list(reader.id, true, 9, filter)) as id order by id),
  array(
    select thread.id
    from rolecall.message_threads as thread
    where thread.id = any (pg_temp.expected(reader.id, true))
      and (filter ->> 'scope' is null or thread.scope = filter ->> 'scope')
      and (filter ->> 'status' is null or thread.status = filter ->> 'status')
      and (filter ->> 'client_id' is null or thread.client_id = (filter ->> 'client_id')::uuid)
      and (
        filter ->> 'sitter_id' is null
        or exists (
          select
          from rolecall.assignment_windows as assigned
          where assigned.thread_id = thread.id
            and assigned.sitter_id = (filter ->> 'sitter_id')::uuid
            and assigned.closed_at is null
            and assigned.ends_at > now()
        )
      )
    order by thread.id
  ),
  format('%s with %s', coalesce(role, 'nobody'), filter)
)
from reader
cross join (
  select jsonb_build_object('scope', scope)
  from unnest(array['client', 'billing', 'owner_inbox']) as scope
  union all
  select jsonb_build_object('status', status)
  from unnest(array['open', 'closed']) as status
  union all
  select jsonb_build_object('client_id', pg_temp.id('9300', number))
  from generate_series(3, 4) as number
  union all
  select jsonb_build_object('sitter_id', pg_temp.id('9200', number))
  from unnest(array[3, 4, 9]) as number
  union all
  select jsonb_build_object('sitter_id', pg_temp.id('9200', 9), 'scope', 'billing')
) as narrowed (filter);

-- Sync, and the policies
select is(
  array(
    select changed.id
    from rolecall_internal.changed_threads(
      rolecall_internal.thread_reader(reader.id, '{}'),
      reader.id,
      '0',
      '9223372036854775807',
      'ffffffff-ffff-ffff-ffff-ffffffffffff',
      1000,
      now(),
      now()
    ) as changed
    where changed.reader = 'reads'
    order by changed.id
  ),
  pg_temp.expected(reader.id, true),
  format('sync has them for %s', role)
)
from reader
where role is not null;
create function pg_temp.by_policy(p_reader uuid)
returns uuid[]
language plpgsql
as $$
begin
  perform set_config(
    'request.jwt.claims', jsonb_build_object('sub', p_reader, 'role', 'authenticated')::text, true
  );
  return array(
    select id
    from rolecall.message_threads
    where organization_id = rolecall_internal.caller_organization_of_threads()
      or id = any (rolecall_internal.caller_threads())
    order by id
  );
end
$$;
select is(pg_temp.by_policy(id), pg_temp.expected(id, true), format('and so have policies for %s', coalesce(role, 'nobody')))
from reader;

select * from finish();
rollback;
