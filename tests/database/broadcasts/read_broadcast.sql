-- Line 17: a block between two people hides the broadcasts of the one from the other, but for admins, whichever way they are
-- read; the matrix decides.
begin;
\ir ../support/calls.psql
select no_plan();

update rolecall.rate_limits set capacity = null;
update rolecall.broadcast_limits set per_quota_day = null;

create function pg_temp.send(p_user int, p_text text)
returns jsonb
language sql
return pg_temp.ask(
  'send_broadcast',
  pg_temp.demo(p_user),
  jsonb_build_object(
    'show_id', pg_temp.demo(11),
    'recipient_roles', '["attendee", "dealer", "mvp_dealer", "show_organizer", "moderator", "admin"]'::jsonb,
    'message', p_text
  )
);

create function pg_temp.asked_of(p_user int, p_function text, p_conversation uuid, p_more jsonb default '{}')
returns jsonb
language sql
return pg_temp.ask(
  p_function,
  pg_temp.demo(p_user),
  jsonb_build_object('conversation_id', p_conversation) || p_more
);

-- Everything by which p_user could come to know of the broadcasts of p_conversation, in one line.
create function pg_temp.known_to(p_user int, p_conversation uuid)
returns text
language sql
return concat_ws(
  ' ',
  'thread', pg_temp.verdict(pg_temp.asked_of(p_user, 'messages', p_conversation)),
  'inbox', (
    select count(*)
    from jsonb_array_elements(pg_temp.ask('inbox', pg_temp.demo(p_user), '{"limit": 50}') #> '{data,conversations}') as card
    where card ->> 'id' = p_conversation::text
  ),
  'unread', pg_temp.ask('unread', pg_temp.demo(p_user), '{}') #>> '{data,by_kind,show}',
  'tables', pg_temp.run_as(
    'authenticated',
    pg_temp.demo(p_user),
    format(
      'select concat_ws($t$,$t$,
         (select count(*) from rolecall.conversations where id = %1$L),
         (select count(*) from rolecall.broadcasts where conversation_id = %1$L),
         (select count(*) from rolecall.messages where conversation_id = %1$L))',
      p_conversation
    )
  ),
  'export', (
    select count(*)
    from jsonb_array_elements(pg_temp.ask('export_own_data', pg_temp.demo(p_user), '{}') #> '{data,lines}') as line
    where line ->> 'type' = 'broadcast'
      and line ->> 'conversation_id' = p_conversation::text
  )
);

create function pg_temp.block(p_blocker int, p_blocked int)
returns text
language sql
return pg_temp.verdict(
  pg_temp.ask('block_user', pg_temp.demo(p_blocker), jsonb_build_object('blocked_id', pg_temp.demo(p_blocked)))
);

create function pg_temp.unblock(p_blocker int, p_blocked int)
returns text
language sql
return pg_temp.verdict(
  pg_temp.ask('unblock_user', pg_temp.demo(p_blocker), jsonb_build_object('blocked_id', pg_temp.demo(p_blocked)))
);

insert into rolecall.show_participants (show_id, user_id)
values
  (pg_temp.demo(11), pg_temp.demo(6)),
  (pg_temp.demo(11), pg_temp.demo(8))
on conflict do nothing;
create temporary table sent as
select
  pg_temp.send(5, 'from the organizer') #> '{data}' as organizers,
  pg_temp.send(8, 'from the admin') #> '{data}' as admins;
create temporary table thread as
select (organizers ->> 'conversation_id')::uuid as organizers, (admins ->> 'conversation_id')::uuid as admins
from sent;
grant select on thread to public;

select is(
  pg_temp.known_to(1, organizers),
  'thread ok inbox 1 unread 2 tables 1,1,1 export 1',
  'without a block an attendee reads a broadcast everywhere'
)
from thread;
select is(
  pg_temp.verdict(pg_temp.asked_of(1, 'mark_read', organizers, '{"up_to_seq": 1}')),
  'ok',
  'and has read it'
)
from thread;
create function pg_temp.receipts_shown(p_user int)
returns text
language sql
return pg_temp.run_as(
  'authenticated',
  pg_temp.demo(p_user),
  format(
    'select count(*) from rolecall.broadcast_receipts where user_id = %L and conversation_id = (select organizers from thread)',
    pg_temp.demo(1)
  )
);
select is(pg_temp.receipts_shown(5), '1', 'which the sender is shown');

-- Either way round
select is(pg_temp.block(1, 5), 'ok', 'they block the organizer');
select is(
  pg_temp.known_to(1, organizers),
  'thread permission_denied/broadcasts_do_not_cross_a_block inbox 0 unread 1 tables 0,0,0 export 0',
  'what they had read already is hidden, too'
)
from thread;
select is(
  pg_temp.verdict(pg_temp.asked_of(1, 'mark_read', organizers, '{"up_to_seq": 1}')),
  'permission_denied/broadcasts_do_not_cross_a_block',
  'and cannot be read'
)
from thread;
select is(pg_temp.receipts_shown(5), '0', 'the sender is not shown who read it across a block');
select is(pg_temp.receipts_shown(1), '1', 'whoever read it is');
select is(
  pg_temp.asked_of(1, 'check_permission', organizers, '{"action": "read_broadcast"}') #>> '{data,rule}',
  'broadcasts_do_not_cross_a_block',
  'a check says why'
)
from thread;
select is(
  pg_temp.verdict(
    pg_temp.ask(
      'report_message',
      pg_temp.demo(1),
      jsonb_build_object('message_id', message.id, 'reason', 'I blocked them for it')
    )
  ),
  'ok',
  'who blocks may still report what went to them'
)
from thread
join rolecall.messages as message
  on message.conversation_id = thread.organizers;
select is(
  pg_temp.known_to(1, admins),
  'thread ok inbox 1 unread 1 tables 1,1,1 export 1',
  'the broadcasts of others stay'
)
from thread;
select is(pg_temp.known_to(2, organizers), 'thread ok inbox 1 unread 2 tables 1,1,1 export 1', 'and others read them')
from thread;
select is(pg_temp.unblock(1, 5), 'ok', 'they lift the block');
select is(
  pg_temp.known_to(1, organizers),
  'thread ok inbox 1 unread 1 tables 1,1,1 export 1',
  'and see again what was hidden, read as it was'
)
from thread;
select is(pg_temp.receipts_shown(5), '1', 'as does the sender');
select is(pg_temp.block(5, 1), 'ok', 'the organizer blocks them');
select is(
  pg_temp.known_to(1, organizers),
  'thread permission_denied/broadcasts_do_not_cross_a_block inbox 0 unread 1 tables 0,0,0 export 0',
  'which hides it as well'
)
from thread;

-- Who left the show
delete from rolecall.show_participants where user_id = pg_temp.demo(1) and show_id = pg_temp.demo(11);
select is(
  pg_temp.known_to(1, organizers),
  'thread permission_denied/broadcasts_do_not_cross_a_block inbox 0 unread 1 tables 0,0,0 export 0',
  'a block hides it from who has left, too'
)
from thread;
select is(pg_temp.unblock(5, 1), 'ok', 'until it is lifted');
select is(
  pg_temp.known_to(1, organizers),
  'thread ok inbox 1 unread 1 tables 1,1,1 export 1',
  'and then they see it'
)
from thread;

-- Admins
select is(pg_temp.block(2, 8), 'ok', 'somebody blocks an admin');
select is(
  pg_temp.known_to(2, admins),
  'thread ok inbox 1 unread 2 tables 1,1,1 export 1',
  'whose broadcasts reach everybody'
)
from thread;
select is(pg_temp.block(8, 5), 'ok', 'an admin blocks an organizer');
select is(pg_temp.known_to(8, organizers), 'thread ok inbox 1 unread 1 tables 1,1,1 export 1', 'and reads them still')
from thread;
select is(pg_temp.unblock(8, 5), 'ok', 'no more');

-- A moderator looks in without being of the audience.
select is(pg_temp.block(6, 5), 'ok', 'a moderator blocks an organizer');
select is(
  pg_temp.known_to(6, organizers),
  'thread ok inbox 0 unread 1 tables 0,0,0 export 0',
  'and moderates still what they do not receive'
)
from thread;
select is(pg_temp.unblock(6, 5), 'ok', 'no more');

-- The audience
create function pg_temp.audience()
returns int
language sql
return (pg_temp.send(5, 'Another') #>> '{data,audience_count}')::int;
create temporary table audience as
select pg_temp.audience() as whole;
select is(pg_temp.block(2, 5), 'ok', 'of the audience one blocks the sender');
select is(pg_temp.block(5, 2), 'ok', 'and the sender them');
select is(pg_temp.block(5, 3), 'ok', 'and another one');
select is(pg_temp.block(5, 1), 'ok', 'and one who does not take part');
select is(pg_temp.block(8, 5), 'ok', 'and an admin the sender');
select is(pg_temp.audience(), whole - 2, 'it is smaller by the two who do not receive it') from audience;
select is(
  pg_temp.ask(
    'send_broadcast',
    pg_temp.demo(5),
    jsonb_build_object('show_id', pg_temp.demo(11), 'recipient_roles', '["show_organizer"]'::jsonb, 'message', 'x')
  ) #>> '{data,audience_count}',
  '0',
  'and nobody is counted who is not of the roles'
);

-- The matrix alone
select is(
  (rolecall_internal.decide('read_broadcast', 'attendee', 'show_organizer', '{feature_enabled,participant,blocked}')).rule,
  'broadcasts_do_not_cross_a_block',
  'the matrix hides'
);
select ok(
  (rolecall_internal.decide('read_broadcast', reader, sender, '{feature_enabled,participant}')).allowed,
  format('without a block %s reads %s: reads_broadcasts_of does not ask then', reader, sender)
)
from unnest(enum_range(null::rolecall.app_role)) as reader
cross join unnest(enum_range(null::rolecall.app_role)) as sender;
select is(
  rolecall_internal.reads_broadcasts_of(pg_temp.demo(90), pg_temp.demo(91)),
  true,
  'between whom nobody knows there is no block'
);

select * from finish();
rollback;
