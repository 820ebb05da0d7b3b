-- Line 16: the deletion of an account. What goes, what stays in its place with nobody behind it, and that nobody acts as this
-- user any more.
begin;
\ir ../support/calls.psql
select no_plan();

update rolecall.rate_limits set capacity = null;
update rolecall.broadcast_limits set per_quota_day = null;

create function pg_temp.deleted(p_user int, p_key text default null)
returns jsonb
language sql
return pg_temp.ask('delete_own_data', pg_temp.demo(p_user), '{"account": true}', p_key);

create function pg_temp.card(p_user int, p_conversation uuid)
returns jsonb
language sql
return (
  select card
  from jsonb_array_elements(pg_temp.ask('inbox', pg_temp.demo(p_user), '{"limit": 50}') #> '{data,conversations}') as card
  where card ->> 'id' = p_conversation::text
);

create function pg_temp.thread(p_user int, p_conversation uuid)
returns text[]
language sql
return array(
  select coalesce(message ->> 'content', 'deleted by ' || (message #>> '{deleted,by}'))
  from jsonb_array_elements(
    pg_temp.ask('messages', pg_temp.demo(p_user), jsonb_build_object('conversation_id', p_conversation))
      #> '{data,messages}'
  ) as message
  order by (message ->> 'seq')::int
);

create function pg_temp.dm(p_from int, p_to int, p_text text)
returns jsonb
language sql
return pg_temp.ask('send_dm', pg_temp.demo(p_from), jsonb_build_object('recipient_id', pg_temp.demo(p_to), 'content', p_text));

-- Every text column of every table of ours, in one: where a word is still to be found.
create function pg_temp.tables_with(p_word text)
returns text
language plpgsql
as $$
declare
  v_table regclass;
  v_found boolean;
  v_tables text[] := '{}';
begin
  for v_table in
    select class.oid::regclass
    from pg_class as class
    where class.relkind in ('r', 'p')
      and not class.relispartition
      and (
        class.relnamespace = 'rolecall'::regnamespace
        or class.oid in ('public.messages_v2'::regclass, 'public.conversations_v2'::regclass)
      )
    order by class.relname
  loop
    execute format('select exists (select from %s as t where t::text ilike %L)', v_table, '%' || p_word || '%')
    into v_found;
    if v_found then
      v_tables := v_tables || v_table::text;
    end if;
  end loop;
  return array_to_string(v_tables, ' ');
end
$$;

-- 4, an MVP dealer, has done everything that there is to do.
update rolecall.profiles set display_name = 'Zebulon' where id = pg_temp.demo(4);
create temporary table world as
select
  (pg_temp.dm(4, 1, 'zebra one') #>> '{data,conversation_id}')::uuid as direct,
  (pg_temp.dm(1, 4, 'Hello you') #>> '{data,message_id}')::uuid as answer,
  (pg_temp.dm(4, 1, 'zebra two') #>> '{data,message_id}')::uuid as two,
  (
    pg_temp.ask(
      'send_broadcast',
      pg_temp.demo(4),
      jsonb_build_object('show_id', pg_temp.demo(11), 'recipient_roles', '["attendee"]'::jsonb, 'message', 'zebra to all'),
      'broadcast'
    ) #>> '{data,conversation_id}'
  )::uuid as broadcast,
  (
    pg_temp.ask(
      'start_conversation',
      pg_temp.demo(4),
      jsonb_build_object('help_request_id', pg_temp.demo(21), 'initial_message', 'zebra helps with that.'),
      'help'
    ) #>> '{data,conversation_id}'
  )::uuid as help;
grant select on world to public;
insert into rolecall.help_requests (id, requester_id, title, description)
values (pg_temp.demo(70), pg_temp.demo(4), 'zebra needs help', 'with a zebra');
create temporary table asked as
select (
  pg_temp.ask(
    'start_conversation',
    pg_temp.demo(2),
    jsonb_build_object('help_request_id', pg_temp.demo(70), 'initial_message', 'I can help with that.')
  ) #>> '{data,conversation_id}'
)::uuid as help;
select pg_temp.run_as(
  'authenticated',
  pg_temp.demo(4),
  format('select public.send_message_v2(%L, %L, %L)', help, pg_temp.demo(4), 'zebra says thanks')
)
from asked;
select pg_temp.ask('report_message', pg_temp.demo(4), jsonb_build_object('message_id', answer, 'reason', 'zebra is hurt'))
from world;
select pg_temp.ask(
  'report_message',
  pg_temp.demo(4),
  jsonb_build_object('message_id', pg_temp.dm(5, 4, 'From the organizer') #>> '{data,message_id}', 'reason', 'zebra is angry')
);
select pg_temp.ask(
  'review_report',
  pg_temp.demo(6),
  jsonb_build_object('report_id', report.id, 'decision', 'dismiss', 'note', 'It is a fair message.')
)
from rolecall.reported_messages as report
where report.reason = 'zebra is angry';
select pg_temp.ask('report_message', pg_temp.demo(1), jsonb_build_object('message_id', two, 'reason', 'A threat'))
from world;
select pg_temp.ask('block_user', pg_temp.demo(4), jsonb_build_object('blocked_id', pg_temp.demo(3)));
select pg_temp.ask('block_user', pg_temp.demo(2), jsonb_build_object('blocked_id', pg_temp.demo(4)));
-- And before all of it, in another system: one of two, and a third one in a conversation of others.
select rolecall.import_legacy_conversations(
  jsonb_build_array(
    jsonb_build_object(
      'participants', jsonb_build_array(pg_temp.demo(4), pg_temp.demo(99)),
      'messages', jsonb_build_array(jsonb_build_object('sender_id', pg_temp.demo(4), 'content', 'zebra of old'))
    ),
    jsonb_build_object(
      'participants', jsonb_build_array(pg_temp.demo(1), pg_temp.demo(2)),
      'messages', jsonb_build_array(jsonb_build_object('sender_id', pg_temp.demo(4), 'content', 'zebra as a third one'))
    )
  )
);
delete from rolecall.conversation_participants
where user_id = pg_temp.demo(4)
  and conversation_id = (select conversation_id from rolecall.messages where content = 'zebra of old');
select isnt(pg_temp.tables_with('zebra'), '', 'there is something to delete');
select is(
  (
    select count(*)
    from jsonb_array_elements(pg_temp.ask('export_own_data', pg_temp.demo(4), '{}') #> '{data,lines}') as line
    where line ->> 'type' = 'message'
      and line ->> 'content' = 'zebra as a third one'
  ),
  1::bigint,
  'the export has what they wrote in a conversation of others'
);

create temporary table answer as
select pg_temp.deleted(4, 'account') as first;
select is(first #>> '{data,status}', 'complete', 'the account is deleted in one call') from answer;
select is(first #> '{data,account}', 'true', 'and the answer says that it is the account') from answer;
select is((select count(*) from rolecall.profiles where id = pg_temp.demo(4)), 0::bigint, 'the profile is gone');
select is(pg_temp.tables_with('zebulon'), '', 'nobody''s name is left anywhere');
select is(
  pg_temp.tables_with('zebra'),
  'removed_contents reported_messages',
  'nor a word of theirs, but what the pending reports need'
);
select is(
  (
    select string_agg(table_name, ' ' order by table_name)
    from (
      select 'user_blocks' as table_name from rolecall.user_blocks where pg_temp.demo(4) in (blocker_id, blocked_id)
      union
      select 'show_participants' from rolecall.show_participants where user_id = pg_temp.demo(4)
      union
      select 'past_participations' from rolecall.past_participations where user_id = pg_temp.demo(4)
      union
      select 'broadcast_quotas' from rolecall.broadcast_quotas where sender_id = pg_temp.demo(4)
      union
      select 'rate_buckets' from rolecall.rate_buckets where user_id = pg_temp.demo(4)
      union
      select 'idempotency_records' from rolecall.idempotency_records where user_id = pg_temp.demo(4) and key <> 'account'
      union
      select 'conversation_participants' from rolecall.conversation_participants where user_id = pg_temp.demo(4)
      union
      select 'broadcast_receipts' from rolecall.broadcast_receipts where user_id = pg_temp.demo(4)
    ) as kept
  ),
  null,
  'blocks, participations, quotas, buckets, keys and receipts are gone'
);

-- The other side
select is(
  pg_temp.thread(1, direct),
  array['deleted by author', 'Hello you', 'deleted by author'],
  'the thread of the other side is readable'
)
from world;
select is(
  pg_temp.card(1, direct) -> 'with',
  jsonb_build_object('id', pg_temp.demo(4), 'display_name', null, 'role', null),
  'with nobody behind it'
)
from world;
select is(
  pg_temp.card(1, direct) #>> '{reply_refusal,rule}',
  'conversation_read_only',
  'nobody writes there any more'
)
from world;
select is(
  pg_temp.verdict(pg_temp.ask('send_dm', pg_temp.demo(1), jsonb_build_object('conversation_id', direct, 'content', 'Hi'))),
  'conversation_read_only/conversation_read_only',
  'not by a reply'
)
from world;
select is(pg_temp.verdict(pg_temp.dm(1, 4, 'Hi')), 'not_found', 'nor by a new message');
select is(pg_temp.thread(1, broadcast), array['deleted by author'], 'a broadcast is a placeholder') from world;
select is(
  pg_temp.run_as(
    'authenticated',
    pg_temp.demo(1),
    format('select public.get_conversation_v2(%L, %L) #>> %L', help, pg_temp.demo(1), '{messages,0,content}')
  ),
  '[deleted by its author]',
  'as is what they said as a helper'
)
from world;
select is(
  pg_temp.run_as(
    'authenticated',
    pg_temp.demo(2),
    format(
      'select status || $t$ $t$ || (public.get_conversation_v2(%1$L, %2$L) #>> $t${messages,0,content}$t$)
       from public.conversations_v2 where id = %1$L',
      help,
      pg_temp.demo(2)
    )
  ),
  'closed I can help with that.',
  'a helper reads on what they wrote, in a conversation that is closed'
)
from asked;
select is(
  (select title || '/' || description || '/' || status from rolecall.help_requests where id = pg_temp.demo(70)),
  '[deleted by its author]//cancelled',
  'what they asked for help with says nothing, and nobody offers any more'
);
select is(
  pg_temp.verdict(
    pg_temp.ask(
      'start_conversation',
      pg_temp.demo(1),
      jsonb_build_object('help_request_id', pg_temp.demo(70), 'initial_message', 'I can help with that.')
    )
  ),
  'help_request_unavailable/help_request_not_open',
  'whoever tries is told so'
);
select is(
  array(
    select distinct report ->> 'reason'
    from jsonb_array_elements(pg_temp.ask('moderation_queue', pg_temp.demo(6), '{"limit": 50}') #> '{data,reports}') as report
    where report ->> 'reporter_id' = pg_temp.demo(4)::text
    order by 1
  ),
  array['[deleted by its author]', 'zebra is hurt'],
  'the queue is answered; of their reports the reason is kept that is still to be judged'
);
select is(
  pg_temp.verdict(
    pg_temp.ask('review_report', pg_temp.demo(6), jsonb_build_object('report_id', report.id, 'decision', 'dismiss', 'note', 'Fair.'))
  ),
  'ok',
  'moderators review what is pending'
)
from rolecall.reported_messages as report
where report.status = 'pending';
select is(pg_temp.tables_with('zebra'), '', 'and then nothing of it is left');
select is(
  pg_temp.verdict(
    pg_temp.ask('suspend_user', pg_temp.demo(6), jsonb_build_object('target_id', pg_temp.demo(4), 'until', '2999-01-01T00:00:00Z'))
  ),
  'not_found',
  'there is nobody to suspend'
);
select is(
  pg_temp.verdict(pg_temp.ask('moderation_audit', pg_temp.demo(6), jsonb_build_object('target_id', pg_temp.demo(4)))),
  'ok',
  'what was decided stays on record'
);
select is(
  pg_temp.verdict(pg_temp.ask('blocks', pg_temp.demo(2), '{}')),
  'ok',
  'who had blocked them still lists blocks'
);

-- A token that is still valid
select is(
  pg_temp.verdict(pg_temp.ask(function, pg_temp.demo(4), input)),
  'permission_denied/account_deleted',
  format('%s is refused', function)
)
from (
  values
    ('send_dm', jsonb_build_object('recipient_id', pg_temp.demo(5), 'content', 'Hi')),
    ('inbox', '{}'),
    ('unread', '{}'),
    ('messages', (select jsonb_build_object('conversation_id', direct) from world)),
    ('mark_read', (select jsonb_build_object('conversation_id', direct, 'up_to_seq', 1) from world)),
    ('send_broadcast', jsonb_build_object('show_id', pg_temp.demo(11), 'recipient_roles', '["attendee"]'::jsonb, 'message', 'x')),
    ('start_conversation', jsonb_build_object('help_request_id', pg_temp.demo(21), 'initial_message', 'I can help with that.')),
    ('report_message', (select jsonb_build_object('message_id', answer, 'reason', 'x') from world)),
    ('block_user', jsonb_build_object('blocked_id', pg_temp.demo(1))),
    ('blocks', '{}'),
    ('export_own_data', '{}'),
    ('delete_own_data', '{}'),
    ('delete_message', (select jsonb_build_object('message_id', two) from world)),
    ('diagnostics', '{}'),
    ('flags', '{}'),
    ('list_threads', '{"limit": 50}')
) as call (function, input);
savepoint flags_on;
update rolecall.feature_flags set rollout = 'disabled' where name in ('send-dm', 'own-data');
select is(
  pg_temp.verdict(pg_temp.ask(function, pg_temp.demo(who), input)),
  verdict,
  format('switched off, %s answers %s', function, who)
)
from (
  values
    (4, 'send_dm', jsonb_build_object('recipient_id', pg_temp.demo(5), 'content', 'Hi'), 'permission_denied/account_deleted'),
    (4, 'export_own_data', '{}', 'permission_denied/account_deleted'),
    (4, 'delete_own_data', '{"confirm": true, "account": true}', 'permission_denied/account_deleted'),
    (99, 'send_dm', jsonb_build_object('recipient_id', pg_temp.demo(5), 'content', 'Hi'), 'feature_disabled/feature_disabled')
) as call (who, function, input, verdict);
rollback to flags_on;
select is(
  pg_temp.ask(
    'check_permission', pg_temp.demo(4), jsonb_build_object('action', 'start_dm', 'recipient_id', pg_temp.demo(1))
  ) #>> '{data,rule}',
  'account_deleted',
  'a check says so beforehand'
);
select is(
  pg_temp.run_as(
    'authenticated',
    pg_temp.demo(4),
    format('select public.send_message_v2(%L, %L, %L) ->> %L', help, pg_temp.demo(4), 'zebra', 'error')
  ),
  'permission_denied',
  'so is the RPC'
)
from asked;
select is(
  pg_temp.run_as(
    'authenticated',
    pg_temp.demo(4),
    format('insert into rolecall.help_requests (requester_id, title) values (%L, %L)', pg_temp.demo(4), 'zebra')
  ),
  '42501',
  'and the table'
);
select is(
  pg_temp.run_as(
    'authenticated',
    pg_temp.demo(4),
    format('insert into rolecall.user_blocks (blocker_id, blocked_id) values (%L, %L)', pg_temp.demo(4), pg_temp.demo(1))
  ) in ('42501', '23503'),
  true,
  'each of them'
);

select is(
  pg_temp.run_as(
    'authenticated',
    pg_temp.demo(4),
    'select concat_ws($t$ $t$,
       (select count(*) from rolecall.conversations),
       (select count(*) from rolecall.messages),
       (select count(*) from rolecall.broadcasts),
       (select count(*) from public.conversations_v2),
       (select count(*) from public.messages_v2),
       (select count(*) from rolecall.help_requests),
       (select count(*) from rolecall.profiles))'
  ),
  '0 0 0 0 0 0 0',
  'nor does anybody read on by the tables'
);

-- Again
select is(
  pg_temp.deleted(4) -> 'data',
  (select first -> 'data' from answer),
  'another call answers the same'
);
select is(
  pg_temp.deleted(4, 'account') -> 'replayed',
  'true',
  'as does the same call, which shows nothing but ids'
);
insert into rolecall.profiles (id, display_name) values (pg_temp.demo(4), 'Zebulon')
on conflict (id) do update
set display_name = excluded.display_name;
select is(
  (select count(*) from rolecall.profiles where id = pg_temp.demo(4)),
  0::bigint,
  'an app that still follows the name makes no profile again'
);
select is(
  pg_temp.verdict(pg_temp.ask('delete_own_data', pg_temp.demo(98), '{"account": true}')),
  'permission_denied/no_profile',
  'who never had a profile has no account to delete'
);

-- Of those who run things
select is(pg_temp.deleted(5) #>> '{data,status}', 'complete', 'an organizer deletes the account');
select is(
  (select count(*) from rolecall.shows where organizer_id is null),
  2::bigint,
  'the shows stay, without an organizer'
);
select is(
  pg_temp.verdict(pg_temp.ask('moderation_queue', pg_temp.demo(6), jsonb_build_object('show_id', pg_temp.demo(11)))),
  'ok',
  'and their queue is the moderators'''
);
create temporary table audit as
select string_agg(entry::text, ' ' order by id) as entries
from rolecall.moderation_audit as entry;
select is(pg_temp.deleted(6) #>> '{data,status}', 'complete', 'so does a moderator');
select is(
  (select string_agg(entry::text, ' ' order by id) from rolecall.moderation_audit as entry),
  entries,
  'the audit of the moderation stays as it was'
)
from audit;
select is(
  pg_temp.verdict(pg_temp.ask('moderation_queue', pg_temp.demo(8), '{}')),
  'ok',
  'and the queue names who decided by an id'
);

-- The app deletes its user itself, in whatever order.
delete from rolecall.profiles where id in (pg_temp.demo(1), pg_temp.demo(2));
select is(
  (select count(*) from rolecall.profiles where id in (pg_temp.demo(1), pg_temp.demo(2))),
  0::bigint,
  'a profile can be deleted, whatever refers to it'
);
select is(
  pg_temp.verdict(pg_temp.ask('inbox', pg_temp.demo(1), '{}')),
  'permission_denied/no_profile',
  'its user is nobody then'
);
select ok(pg_temp.tables_with('Hello you') <> '', 'what they wrote is there');
select is(
  pg_temp.run_as('service_role', null, format('select rolecall.delete_account(%L) ->> %L', pg_temp.demo(1), 'status')),
  'complete',
  'until the operator has it erased'
);
select is(pg_temp.tables_with('Hello you'), '', 'and then it is gone');
select is(
  pg_temp.verdict(pg_temp.ask('inbox', pg_temp.demo(1), '{}')),
  'permission_denied/account_deleted',
  'and the user hears why'
);
select is(
  pg_temp.run_as('authenticated', pg_temp.demo(8), format('select rolecall.delete_account(%L)', pg_temp.demo(8))),
  '42501',
  'no user deletes accounts by this'
);
select throws_ok($$ select rolecall.delete_account(null) $$, '22023', null, 'and nobody''s is none');

-- In steps
insert into rolecall.profiles (id, role) values (pg_temp.demo(50), 'admin'), (pg_temp.demo(51), 'attendee');
create temporary table large as
select (pg_temp.dm(50, 51, 'first') #>> '{data,conversation_id}')::uuid as id;
insert into rolecall.messages (conversation_id, seq, sender_id, content)
select id, 1 + number, pg_temp.demo(50), 'elephant'
from large
cross join generate_series(1, 30000) as number;
update rolecall.conversations set last_seq = 30001 where id = (select id from large);
select is(pg_temp.deleted(50) #>> '{data,status}', 'in_progress', 'a large account takes more than one call');
select is(
  pg_temp.verdict(pg_temp.ask('inbox', pg_temp.demo(50), '{}')),
  'permission_denied/account_deleted',
  'but nobody acts as this user from the first one on'
);
select is(
  pg_temp.verdict(pg_temp.ask('delete_own_data', pg_temp.demo(50), '{}')),
  'permission_denied/account_deleted',
  'not even by the smaller deletion'
);
select cmp_ok(
  (select count(*) from generate_series(1, 20) where rolecall_internal.continue_account_deletion()),
  '>=',
  1::bigint,
  'the night goes on with it'
);
select is(rolecall_internal.continue_account_deletion(), false, 'until there is none');
select is(
  concat_ws(' ', answer #>> '{data,status}', answer #>> '{data,messages_deleted}'),
  'complete 30001',
  'and the user can see that it is done'
)
from pg_temp.deleted(50) as answer;
select is(pg_temp.tables_with('elephant'), '', 'and nothing is left');

-- The smaller deletion takes the texts, too.
select pg_temp.run_as(
  'authenticated',
  pg_temp.demo(51),
  format(
    'insert into rolecall.help_requests (requester_id, title, description) values (%L, %L, %L)',
    pg_temp.demo(51),
    'giraffe',
    'A giraffe.'
  )
);
select pg_temp.dm(8, 51, 'From the admin');
select pg_temp.ask('report_message', pg_temp.demo(51), jsonb_build_object('message_id', message.id, 'reason', 'giraffe is hurt'))
from rolecall.messages as message
where message.content = 'From the admin';
select is(
  pg_temp.ask('delete_own_data', pg_temp.demo(51), '{}') #>> '{data,status}',
  'complete',
  'somebody has what they wrote deleted, and stays'
);
select is(pg_temp.tables_with('giraffe'), 'reported_messages', 'the reason of a pending report is kept');
select pg_temp.ask('review_report', pg_temp.demo(8), jsonb_build_object('report_id', report.id, 'decision', 'dismiss', 'note', 'Fair.'))
from rolecall.reported_messages as report
where report.reporter_id = pg_temp.demo(51);
insert into rolecall.profiles (id, role) values (pg_temp.demo(52), 'moderator');
select pg_temp.ask('review_report', pg_temp.demo(52), jsonb_build_object('report_id', report.id, 'decision', 'dismiss', 'note', 'Fair.'))
from rolecall.reported_messages as report
where report.reporter_id = pg_temp.demo(51);
select is(pg_temp.tables_with('giraffe'), '', 'until its review');
select is(
  (select title || ' ' || status from rolecall.help_requests where requester_id = pg_temp.demo(51)),
  '[deleted by its author] cancelled',
  'a help request says nothing and is not open'
);

-- A profile that somebody was making while the account was deleted.
select rolecall.delete_account(pg_temp.demo(53));
alter table rolecall.profiles disable trigger profiles_stay_deleted;
insert into rolecall.profiles (id, display_name) values (pg_temp.demo(53), 'Late');
alter table rolecall.profiles enable trigger profiles_stay_deleted;
select is(
  rolecall.delete_account(pg_temp.demo(53)) ->> 'status',
  'complete',
  'a deletion that is complete is asked for again'
);
select is_empty(
  format('select from rolecall.profiles where id = %L', pg_temp.demo(53)),
  'and takes a profile that came in beside it'
);

select * from finish();
rollback;
