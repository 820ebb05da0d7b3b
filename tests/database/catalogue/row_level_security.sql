-- What each database role can read and write through the API, table by table.
begin;
\ir ../support/calls.psql
select no_plan();

-- A direct conversation of 1 and 4, a broadcast of 5 to attendees and one to dealers, a help conversation of 4 and 1.
select pg_temp.ask('send_dm', pg_temp.demo(1), jsonb_build_object('recipient_id', pg_temp.demo(4), 'content', 'Hi'));
select pg_temp.ask(
  'send_broadcast',
  pg_temp.demo(5),
  jsonb_build_object('show_id', pg_temp.demo(11), 'recipient_roles', format('["%s"]', role)::jsonb, 'message', role)
)
from unnest(array['attendee', 'dealer']) as role;
select pg_temp.ask(
  'start_conversation',
  pg_temp.demo(4),
  jsonb_build_object('help_request_id', pg_temp.demo(21), 'initial_message', 'I can help with that.')
);
insert into rolecall.user_blocks (blocker_id, blocked_id) values (pg_temp.demo(2), pg_temp.demo(3));
-- Somebody of no organisation.
insert into rolecall.profiles (id) values (pg_temp.demo(50));

create function pg_temp.rows(p_user int, p_table text)
returns text
language sql
return pg_temp.run_as('authenticated', pg_temp.demo(p_user), format('select count(*) from %I', p_table));

-- anon has nothing.
select is(
  pg_temp.run_as('anon', null, format('select count(*) from %s.%I', relnamespace::regnamespace, relname)),
  '42501',
  format('anon cannot read %s', oid::regclass)
)
from pg_class
where relnamespace in ('public'::regnamespace, 'rolecall'::regnamespace)
  and relkind in ('r', 'p')
  and not relispartition
  and relrowsecurity;

-- A signed-in user without claims is nobody.
select is(
  pg_temp.run_as('authenticated', null, format('select count(*) from %s.%I', relnamespace::regnamespace, relname)),
  -- Who may read what is said in grants.sql.
  case when has_any_column_privilege('authenticated', oid, 'select') then '0' else '42501' end,
  format('a null caller sees nothing in %s', oid::regclass)
)
from pg_class
where relnamespace in ('public'::regnamespace, 'rolecall'::regnamespace)
  and relkind in ('r', 'p')
  and not relispartition
  and relrowsecurity
  -- Readable by column.
  and relname <> 'profiles';
select is(
  pg_temp.run_as('authenticated', null, 'select count(id) from rolecall.profiles'),
  '0',
  'a null caller sees nobody'
);

-- Nobody reaches what is the product's own.
select is(
  pg_temp.run_as(role, pg_temp.demo(1), format('select count(*) from %s.%I', relnamespace::regnamespace, relname)),
  '42501',
  format('%s cannot read %s', role, oid::regclass)
)
from pg_class
cross join unnest(array['authenticated', 'service_role', 'rolecall_edge']) as role
where relnamespace = 'rolecall'::regnamespace
  and relkind in ('r', 'p')
  and not relispartition
  and not relrowsecurity;
select is(
  pg_temp.run_as(role, pg_temp.demo(1), format('select count(*) from %s.%I', relnamespace::regnamespace, relname)),
  '42501',
  format('%s cannot read the day slot %s past its table', role, oid::regclass)
)
from pg_class
cross join unnest(array['anon', 'authenticated', 'service_role', 'rolecall_edge']) as role
where relispartition
  and relkind = 'r';
select is(
  (
    select count(*)
    from pg_class
    where relnamespace = 'rolecall_internal'::regnamespace
      and relkind = 'r'
      and not relrowsecurity
  ),
  0::bigint,
  'and each day slot has row-level security, should somebody grant it'
);
select is(
  pg_temp.run_as('authenticated', pg_temp.demo(1), 'select rolecall_internal.caller_may_write()'),
  '42501',
  'what policies call cannot be called by name'
);
select is(
  pg_temp.run_as('authenticated', pg_temp.demo(1), $$ select rolecall_edge.health('{}') $$),
  '42501',
  'nor can the entry points'
);

-- Conversations and messages
select is(pg_temp.rows(1, 'conversations'), '2', 'an attendee sees their direct conversation and the broadcast to them');
select is(pg_temp.rows(1, 'messages'), '2', 'and the messages that are for them');
select is(pg_temp.rows(3, 'messages'), '1', 'a dealer sees the broadcast to dealers');
select is(
  pg_temp.run_as('authenticated', pg_temp.demo(3), 'select content from rolecall.messages'),
  'dealer',
  'and not the one to attendees in the same conversation'
);
select is(pg_temp.rows(5, 'messages'), '2', 'the sender sees both');
select is(pg_temp.rows(4, 'messages'), '1', 'an MVP dealer sees their own conversation alone');
select is(pg_temp.rows(6, 'messages'), '0', 'a moderator sees nothing through the API');
select is(pg_temp.rows(50, 'conversations'), '0', 'who takes no part sees no conversation');
select is(pg_temp.rows(1, 'broadcasts'), '1', 'a broadcast is seen by its audience');
select is(pg_temp.rows(5, 'broadcasts'), '2', 'and its sender');
select is(pg_temp.rows(4, 'broadcasts'), '0', 'and nobody else');
select is(pg_temp.rows(1, 'conversation_participants'), '2', 'people see who is in their conversation');
select is(pg_temp.rows(2, 'conversation_participants'), '0', 'and not who is in others''');
select is(
  pg_temp.run_as(
    'authenticated',
    pg_temp.demo(1),
    format('insert into rolecall.messages (conversation_id, seq, sender_id, content) select id, 9, %L, %L from rolecall.conversations', pg_temp.demo(1), 'x')
  ),
  '42501',
  'a message cannot be written past the function'
);
select is(
  pg_temp.run_as('authenticated', pg_temp.demo(1), 'update rolecall.conversations set last_seq = 0'),
  '42501',
  'nor a conversation changed'
);
select is(
  pg_temp.run_as('authenticated', pg_temp.demo(4), 'update rolecall.conversation_participants set last_read_seq = 1'),
  '42501',
  'nobody says how far they have read past the function'
);

-- Profiles
select is(
  pg_temp.run_as('authenticated', pg_temp.demo(50), 'select count(id) from rolecall.profiles'),
  '1',
  'who is in no organisation sees themselves'
);
select is(
  pg_temp.run_as('authenticated', pg_temp.demo(1), 'select count(id) from rolecall.profiles'),
  '8',
  'others see their organisation'
);
insert into rolecall.help_requests (id, requester_id, title) values (pg_temp.demo(59), pg_temp.demo(50), 'Help');
select pg_temp.ask(
  'start_conversation',
  pg_temp.demo(6),
  jsonb_build_object('help_request_id', pg_temp.demo(59), 'initial_message', 'I can help with that.')
);
select pg_temp.ask('send_dm', pg_temp.demo(50), jsonb_build_object('recipient_id', pg_temp.demo(4), 'content', 'Hi'));
select is(
  pg_temp.run_as('authenticated', pg_temp.demo(50), 'select string_agg(right(id::text, 2), $$ $$ order by id) from rolecall.profiles'),
  '04 06 50',
  'and whom they have a conversation with, of either kind'
);
select is(
  pg_temp.run_as('authenticated', pg_temp.demo(1), format('select %s from rolecall.profiles', column_name)),
  '42501',
  format('nobody reads %s', column_name)
)
from unnest(array['suspended_until', 'is_internal', 'organization_id', 'organization_role', '*']) as column_name;
select is(
  pg_temp.run_as('authenticated', pg_temp.demo(1), format('update rolecall.profiles set %s where id = %L', change, pg_temp.demo(1))),
  '42501',
  format('nobody sets %s for themselves', change)
)
from unnest(
  array['role = $$admin$$', 'organization_id = null', 'organization_role = $$owner$$', 'is_internal = true',
    'suspended_until = null', 'id = gen_random_uuid()']
) as change;
select is(
  pg_temp.run_as('authenticated', pg_temp.demo(1), 'update rolecall.profiles set display_name = $$Ada L.$$'),
  '1',
  'people set their own name, and nobody else''s'
);

-- Blocks
select is(pg_temp.rows(2, 'user_blocks'), '1', 'people see whom they block');
select is(pg_temp.rows(3, 'user_blocks'), '0', 'and not who blocks them');
select is(
  pg_temp.run_as(
    'authenticated',
    pg_temp.demo(3),
    format('insert into rolecall.user_blocks (blocker_id, blocked_id) values (%L, %L)', pg_temp.demo(3), pg_temp.demo(2))
  ),
  '1',
  'people block others'
);
select is(
  pg_temp.run_as(
    'authenticated',
    pg_temp.demo(3),
    format('insert into rolecall.user_blocks (blocker_id, blocked_id) values (%L, %L)', pg_temp.demo(1), pg_temp.demo(2))
  ),
  '42501',
  'in their own name alone'
);
select is(pg_temp.run_as('authenticated', pg_temp.demo(3), 'delete from rolecall.user_blocks'), '1', 'and lift their own blocks');
select is((select count(*) from rolecall.user_blocks), 1::bigint, 'and nobody else''s');

-- Shows
select is(pg_temp.rows(50, 'shows'), '2', 'every user sees every show');
select is(pg_temp.rows(1, 'show_participants'), '2', 'people see where they take part');
select is(pg_temp.rows(5, 'show_participants'), '8', 'organizers see who takes part');
select is(
  pg_temp.run_as(
    'authenticated',
    pg_temp.demo(50),
    format('insert into rolecall.show_participants (show_id, user_id) values (%L, %L)', pg_temp.demo(11), pg_temp.demo(50))
  ),
  '42501',
  'nobody lets themselves in'
);
select is(
  pg_temp.run_as('authenticated', pg_temp.demo(5), 'update rolecall.shows set starts_at = now()'),
  '42501',
  'not even an organizer moves a show past the backend'
);

-- Quotas, limits, flags, log
select is(pg_temp.rows(5, 'broadcast_quotas'), '1', 'senders see their quota');
select is(pg_temp.rows(4, 'broadcast_quotas'), '0', 'and nobody else''s');
select is(
  pg_temp.run_as('authenticated', pg_temp.demo(5), 'update rolecall.broadcast_quotas set pre_show_remaining = 99'),
  '42501',
  'and cannot raise it'
);
select is(pg_temp.rows(1, 'broadcast_limits'), '6', 'users see the limits');
select is(pg_temp.rows(1, 'edit_windows'), '7', 'and for how long they may edit');
select is(pg_temp.rows(1, 'retention'), '2', 'for how long messages are kept');
select is(pg_temp.rows(1, 'feature_flags'), '21', 'users see the flags');
select is(pg_temp.rows(1, 'rate_limits'), '196', 'and the rate limits');
select is(
  pg_temp.run_as('authenticated', pg_temp.demo(1), 'update rolecall.feature_flags set rollout = $$disabled$$'),
  '42501',
  'and cannot change them'
);
select is(pg_temp.rows(8, 'application_logs'), '42501', 'no user reads the log');
select is(
  pg_temp.run_as('service_role', null, 'select count(*) from rolecall.application_logs'),
  (select count(*)::text from rolecall.application_logs),
  'the operator does'
);
select is(
  pg_temp.run_as('service_role', null, statement),
  '42501',
  'and cannot change it: ' || statement
)
from unnest(
  array[
    'delete from rolecall.application_logs',
    'update rolecall.application_logs set code = $$ok$$',
    'truncate rolecall.application_logs',
    'insert into rolecall.application_logs (level, service, event) values ($$info$$, $$x$$, $$y$$)'
  ]
) as statement;
select is(
  pg_temp.run_as('service_role', null, 'update rolecall.feature_flags set rollout = $$disabled$$ where name = $$diagnostics$$'),
  '1',
  'the operator turns functions off'
);
select is(
  pg_temp.run_as(
    'service_role',
    null,
    format('insert into rolecall.show_participants (show_id, user_id) values (%L, %L)', pg_temp.demo(11), pg_temp.demo(50))
  ),
  '1',
  'and lets people in'
);
select is(
  (select role from rolecall.show_participants where user_id = pg_temp.demo(50)),
  'attendee'::rolecall.app_role,
  'with the role of their profile'
);
update rolecall.show_participants set role = 'admin' where user_id = pg_temp.demo(50);
select is(
  (select role from rolecall.show_participants where user_id = pg_temp.demo(50)),
  'attendee'::rolecall.app_role,
  'which stays'
);

-- Help
select is(pg_temp.rows(50, 'help_requests'), '3', 'users see open requests');
update rolecall.help_requests set status = 'closed' where id = pg_temp.demo(21);
select is(pg_temp.rows(1, 'help_requests'), '3', 'their own when closed');
select is(pg_temp.rows(4, 'help_requests'), '3', 'those they help with');
select is(pg_temp.rows(50, 'help_requests'), '2', 'and no other closed one');
select is(
  pg_temp.run_as(
    'authenticated',
    pg_temp.demo(50),
    format('insert into rolecall.help_requests (requester_id, title) values (%L, $$Another$$)', pg_temp.demo(50))
  ),
  '1',
  'people ask for help'
);
select is(
  pg_temp.run_as(
    'authenticated',
    pg_temp.demo(50),
    format('insert into rolecall.help_requests (requester_id, title) values (%L, $$Another$$)', pg_temp.demo(1))
  ),
  '42501',
  'in their own name alone'
);
select is(
  pg_temp.run_as('authenticated', pg_temp.demo(1), 'update rolecall.help_requests set status = $$open$$'),
  '1',
  'and change their own requests alone'
);
select is(pg_temp.rows(1, 'conversations_v2'), '1', 'the requester sees the help conversation');
select is(pg_temp.rows(4, 'conversations_v2'), '1', 'so does the helper');
select is(pg_temp.rows(2, 'conversations_v2'), '0', 'and nobody else');
select is(pg_temp.rows(2, 'messages_v2'), '0', 'nor its messages');
select is(
  pg_temp.run_as(
    'authenticated',
    pg_temp.demo(2),
    format(
      'insert into public.conversations_v2 (help_request_id, requester_id, helper_id, initial_message) values (%L, %L, %L, $$I can help.$$)',
      pg_temp.demo(21), pg_temp.demo(1), pg_temp.demo(2)
    )
  ),
  '42501',
  'a conversation begins through the function alone'
);
select is(
  pg_temp.run_as('authenticated', pg_temp.demo(1), 'update public.conversations_v2 set status = $$closed$$'),
  '1',
  'who takes part closes it'
);
select is(
  pg_temp.run_as('authenticated', pg_temp.demo(1), 'update public.conversations_v2 set helper_id = requester_id'),
  '42501',
  'and changes nothing else'
);
select is(
  pg_temp.run_as('authenticated', pg_temp.demo(1), 'update public.messages_v2 set content = $$x$$'),
  '0',
  'nobody corrects another''s message'
);
select is(
  pg_temp.run_as('authenticated', pg_temp.demo(4), 'update public.messages_v2 set content = $$I can help, surely.$$'),
  '0',
  'in a closed conversation nobody corrects their own'
);
select is(
  pg_temp.run_as('authenticated', pg_temp.demo(1), 'update public.conversations_v2 set status = $$active$$'),
  '1',
  'who closed it opens it again'
);
select is(
  pg_temp.run_as('authenticated', pg_temp.demo(4), 'update public.messages_v2 set content = $$I can help, surely.$$'),
  '1',
  'people correct their own'
);
select is(
  pg_temp.run_as('authenticated', pg_temp.demo(4), format('update public.messages_v2 set sender_id = %L', pg_temp.demo(1))),
  '42501',
  'and do not give it to another'
);
update rolecall.profiles set suspended_until = 'infinity' where id = pg_temp.demo(4);
select is(
  pg_temp.run_as('authenticated', pg_temp.demo(4), 'update public.messages_v2 set content = $$I cannot help.$$'),
  '0',
  'a suspended user corrects nothing'
);
select is(
  pg_temp.run_as(
    'authenticated',
    pg_temp.demo(4),
    format('insert into rolecall.help_requests (requester_id, title) values (%L, $$Another$$)', pg_temp.demo(4))
  ),
  '42501',
  'nor asks for anything'
);
select is(pg_temp.run_as('authenticated', pg_temp.demo(1), 'delete from public.messages_v2'), '0', 'nobody takes back another''s message');
select is(pg_temp.run_as('authenticated', pg_temp.demo(4), 'delete from public.messages_v2'), '1', 'people take back their own');
select is(
  (select messages from rolecall.help_message_counts where conversation_id = (select id from public.conversations_v2 where helper_id = pg_temp.demo(4))),
  0::bigint,
  'and it is no longer counted'
);

select * from finish();
rollback;
