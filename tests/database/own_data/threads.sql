-- What people of an organisation have in its threads: in their export, and gone with their contents and their account.
begin;
\ir ../support/calls.psql
\ir ../support/paws.psql
select no_plan();

create function pg_temp.exported(p_user int)
returns setof jsonb
language plpgsql
as $$
declare
  v_page jsonb;
  v_cursor text;
begin
  loop
    v_page := pg_temp.ask(
      'export_own_data', pg_temp.demo(p_user), jsonb_strip_nulls(jsonb_build_object('cursor', v_cursor))
    ) -> 'data';
    return query select value from jsonb_array_elements(v_page -> 'lines');
    v_cursor := v_page ->> 'next_cursor';
    exit when v_cursor is null;
  end loop;
end
$$;
-- The kinds of lines beside the profile, each with its number.
create function pg_temp.kinds(p_user int)
returns text
language sql
begin atomic
  select string_agg(kind || ' ' || lines, ', ' order by kind)
  from (
    select line ->> 'type' as kind, count(*) as lines
    from pg_temp.exported(p_user) as line
    where line ->> 'type' <> 'profile'
    group by 1
  ) as counted;
end;
create function pg_temp.held(p_user int, p_content text)
returns jsonb
language sql
return pg_temp.send(
  p_user, 61, p_content,
  jsonb_build_object(
    'violations', jsonb_build_array(jsonb_build_object('kind', 'phone', 'value', '2025550143')), 'redacted', p_content || ' [phone]'
  )
);
-- Every row of texting that has the word, by table.
create function pg_temp.tables_with(p_word text)
returns text
language plpgsql
as $$
declare
  v_table text;
  v_found bigint;
  v_tables text[] := '{}';
begin
  foreach v_table in array array[
    'clients', 'thread_messages', 'anti_poaching_attempts', 'sms_outbox', 'routing_decisions', 'word_texts', 'bookings'
  ]
  loop
    execute format('select count(*) from rolecall.%I as kept where kept::text like %L', v_table, '%' || p_word || '%')
    into v_found;
    if v_found > 0 then
      v_tables := v_tables || v_table;
    end if;
  end loop;
  return array_to_string(v_tables, ' ');
end
$$;

-- 73 and 71 write to the client, who texts and writes with their account 75; each is held back once.
create temporary table sent as
select
  pg_temp.send(73, 61, 'zebra of the sitter') as sitter,
  pg_temp.send(71, 61, 'Owner to the client') as owner,
  pg_temp.send(75, 61, 'lion with the account') as client,
  pg_temp.held(73, 'zebra call me') as sitter_held,
  pg_temp.held(75, 'lion call me') as client_held,
  pg_temp.send(71, 62, 'To another client') as other;
select rolecall_internal.route_text(
  client, pg_temp.demo(93), 'lion by text', array['https://media.example/lion'], '{"violations": []}', 'SM7'
)
from rolecall.clients as client
where client.id = pg_temp.demo(81);
select pg_temp.ask('mark_thread_read', pg_temp.demo(who), jsonb_build_object('thread_id', pg_temp.demo(61)))
from unnest(array[71, 73, 75]) as who;
select pg_temp.ask(
  'force_send',
  pg_temp.demo(71),
  jsonb_build_object('message_id', message_id, 'reason', 'tiger says yes')
)
from rolecall.anti_poaching_attempts
where author_id = pg_temp.demo(73);

-- Export
select is(
  pg_temp.kinds(73),
  'assignment_window 1, booking 3, held_back_message 1, thread 1, thread_message 2, thread_read 1',
  'a sitter has their bookings, windows, threads, and what they wrote'
);
select is(
  pg_temp.kinds(75),
  'booking 2, client 1, held_back_message 1, thread 1, thread_message 7, thread_read 1',
  'a client has what they wrote and what reached them, and their bookings'
);
select is(
  pg_temp.kinds(71), 'force_sent_message 1, thread_message 2, thread_read 1', 'an owner has what they wrote and forced'
);
select is(pg_temp.kinds(74), null, 'another sitter has nothing');
select is(pg_temp.kinds(77), null, 'nor has another organisation');
select bag_eq(
  $$ select line ->> 'content' from pg_temp.exported(75) as line where line ->> 'type' = 'thread_message' $$,
  $$ values
    ('zebra of the sitter'), ('Owner to the client'), ('lion with the account'), ('lion call me'), ('lion by text'), ('zebra call me'),
    ('Sorry, your message was not delivered. To keep you safe, contact details, links and payments stay out of these texts. Please send it again without them.')
  $$,
  'the client''s own words are theirs also where they were held back, and a text that was delivered by force is'
);
select is(
  (
    select array_agg(line::text)
    from unnest(array[71, 73, 75]) as who
    cross join pg_temp.exported(who) as line
    where pg_temp.words(line::text) ~ '55501[0-9]{2}|phone[^"]*violation|violation|\[phone\]'
  ),
  null,
  'nobody''s export has a phone number or what the filter found'
);
select is(
  (select line ->> 'phone' from pg_temp.exported(75) as line where line ->> 'type' = 'client'),
  rolecall_internal.masked('+12025550181'),
  'a client''s number is shown by its last four digits'
);
select is(
  (select count(*) from pg_temp.exported(73) as line where line ->> 'type' = 'thread_message' and line ->> 'content' like 'lion%'),
  0::bigint,
  'a sitter''s export has nothing that the client wrote'
);

-- Contents
create temporary table before as
select
  (select count(*) from rolecall.thread_messages) as messages,
  (select count(*) from rolecall.anti_poaching_attempts) as attempts;
savepoint before;
select is(
  (pg_temp.ask('delete_own_data', pg_temp.demo(73), '{"confirm": true}') -> 'data') - array['deletion_id', 'requested_at'],
  '{"account": false, "status": "complete", "messages_deleted": 2}',
  'a sitter has what they wrote erased'
);
select is(pg_temp.tables_with('zebra'), '', 'nothing has it any more, no quote of it either');
select is(pg_temp.tables_with('lion'), 'thread_messages anti_poaching_attempts', 'what the client wrote stays');
select is((select count(*) from rolecall.thread_messages), messages, 'the messages are still there') from before;
select is((select count(*) from rolecall.anti_poaching_attempts), attempts, 'and that one was held back') from before;
select is(
  (
    select array_agg(content)
    from rolecall.thread_messages as notice
    join rolecall.anti_poaching_attempts as attempt on attempt.message_id = notice.quotes_id
    where attempt.author_id = pg_temp.demo(73)
  ),
  array['A message to a client was held back (phone): [deleted by its author]'],
  'the notice says as much'
);
select is(
  (select array_agg(delivery::text) from rolecall.thread_messages where author_id = pg_temp.demo(73)),
  array['dead', 'dead'],
  'what waited is not sent'
);
select is(
  (
    select count(*)
    from rolecall.sms_outbox as outbox
    join rolecall.thread_messages as message using (organization_id, thread_id, seq)
    where message.author_id = pg_temp.demo(73)
  ),
  0::bigint,
  'nor counted as refused'
);
select is(
  pg_temp.verdict(pg_temp.ask('thread_messages', pg_temp.demo(71), jsonb_build_object('thread_id', pg_temp.demo(61)))),
  'ok',
  'the thread can be read'
);
select is(
  pg_temp.ask('delete_own_data', pg_temp.demo(73), '{"confirm": true}') #> '{data,messages_deleted}', '0', 'once more is nothing'
);
rollback to before;
-- The attempts are swept after 90 days; the notices stay, and know what they quote.
delete from rolecall.anti_poaching_attempts;
savepoint swept;
select pg_temp.ask('delete_own_data', pg_temp.demo(73), '{"confirm": true}');
select is(pg_temp.tables_with('zebra'), '', 'nor has the notice when the attempt is long gone');
select bag_eq(
  $$ select content from rolecall.thread_messages where kind = 'notice' $$,
  $$ values
    ('A message to a client was held back (phone): [deleted by its author]'),
    ('A message from a client was held back (phone): lion call me [phone]')
  $$,
  'the notices of others stay as they are'
);
rollback to swept;
select pg_temp.ask('delete_own_data', pg_temp.demo(75), '{"confirm": true}');
select is(pg_temp.tables_with('lion'), '', 'the same for what a client wrote with the account');
rollback to swept;
update rolecall.thread_messages set author_id = null where author_id = pg_temp.demo(75);
select pg_temp.ask('delete_own_data', pg_temp.demo(75), '{"confirm": true}');
select is(pg_temp.tables_with('lion'), '', 'and by text');
rollback to before;
select is(
  pg_temp.ask('delete_own_data', pg_temp.demo(75), '{"confirm": true}') #> '{data,messages_deleted}',
  '3',
  'a client has what they wrote erased, with the account and by text'
);
select is(pg_temp.tables_with('lion'), '', 'also the links, and the text that was held back');
select is(pg_temp.tables_with('zebra'), 'thread_messages anti_poaching_attempts', 'what was written to them stays');
select is(
  (select concat_ws(' ', phone, display_name) from rolecall.clients where id = pg_temp.demo(81)),
  '+12025550181 Maya',
  'they stay a client'
);
rollback to before;
select pg_temp.ask('delete_own_data', pg_temp.demo(71), '{"confirm": true}');
select is(
  (select array_agg(forced_reason) from rolecall.anti_poaching_attempts where forced_by = pg_temp.demo(71)),
  array['[deleted by its author]'],
  'an owner''s reasons are erased'
);
rollback to before;
-- A message that was held back and then erased is not delivered by force, and one that is leased is not sent empty.
create temporary table held as
select message.id
from rolecall.thread_messages as message
where message.delivery = 'blocked' and message.author_id = pg_temp.demo(75);
select pg_temp.ask('delete_own_data', pg_temp.demo(75), '{"confirm": true}');
select is(
  pg_temp.verdict(
    pg_temp.ask('force_send', pg_temp.demo(71), jsonb_build_object('message_id', held.id, 'reason', 'Please'))
  ),
  'already_sent/already_sent',
  'what was erased is not delivered by force'
)
from held;
update rolecall.thread_messages set content = null where author_id = pg_temp.demo(73);
select is(
  (select count(*) from jsonb_array_elements(rolecall_internal.lease_sms(gen_random_uuid())) as text where text ->> 'body' is null),
  0::bigint,
  'an empty text is not handed to the carrier'
);
rollback to before;

-- Accounts
update rolecall.message_numbers set class = 'sitter', sitter_id = pg_temp.demo(73) where id = pg_temp.demo(93);
select is(
  pg_temp.ask('delete_own_data', pg_temp.demo(73), '{"confirm": true, "account": true}') #>> '{data,status}',
  'complete',
  'a sitter''s account'
);
select is(pg_temp.tables_with('zebra'), '', 'takes what they wrote with it');
select is(
  (
    select concat_ws(
      ' ',
      (select count(*) from rolecall.bookings where sitter_id = pg_temp.demo(73)),
      (select count(*) from rolecall.assignment_windows where sitter_id = pg_temp.demo(73) or closed_at is null),
      (select count(*) from rolecall.message_threads where sitter_id = pg_temp.demo(73)),
      (select count(*) from rolecall.thread_reads where user_id = pg_temp.demo(73))
    )
  ),
  '0 0 0 0',
  'unassigns them, closes their windows, and forgets how far they had read'
);
select results_eq(
  $$ select status, rests_until from rolecall.message_numbers where id = pg_temp.demo(93) $$,
  $$ values ('resting', now() + interval '90 days') $$,
  'their number rests'
);
select is(
  (select concat_ws(' ', status, number_class) from rolecall.message_threads where id = pg_temp.demo(61)),
  'open front_desk',
  'the thread goes on at the front desk'
);
rollback to before;
select is(
  pg_temp.ask('delete_own_data', pg_temp.demo(75), '{"confirm": true, "account": true}') #>> '{data,status}',
  'complete',
  'a client''s account'
);
select is(
  concat_ws('/', pg_temp.tables_with('lion'), pg_temp.tables_with('zebra'), pg_temp.tables_with('2025550181'), pg_temp.tables_with('Maya')),
  '///',
  'takes everything with it that the operator would erase'
);
select is(
  (select concat_ws(' ', status, last_seq > 0) from rolecall.message_threads where id = pg_temp.demo(61)),
  'closed t',
  'the thread is closed'
);
select is(
  (
    select count(*)
    from rolecall.thread_messages
    where thread_id = pg_temp.demo(61) and (content is not null or media_urls <> '{}')
  ),
  0::bigint,
  'and says that there were messages'
);
select is(
  pg_temp.verdict(pg_temp.ask('thread_messages', pg_temp.demo(71), jsonb_build_object('thread_id', pg_temp.demo(61)))),
  'ok',
  'the owner reads it'
);
rollback to before;
select is(
  rolecall.delete_account(pg_temp.demo(75)) ->> 'status', 'complete', 'the app''s own backend deletes a client''s account, too'
);
select is(pg_temp.tables_with('2025550181'), '', 'and their number is gone');
rollback to before;

-- Whose account was deleted is told so also where the flag was their organisation's alone, and by the checks.
select pg_temp.ask('delete_own_data', pg_temp.demo(who), '{"confirm": true, "account": true}') from unnest(array[71, 73, 75]) as who;
select is(
  pg_temp.verdict(pg_temp.ask(entry, pg_temp.demo(who), input)),
  'permission_denied/account_deleted',
  format('%s is told by %s that their account was deleted', who, entry)
)
from unnest(array[71, 73, 75]) as who
cross join (
  values
    ('list_threads', '{"limit": 50}'::jsonb),
    ('thread_messages', jsonb_build_object('thread_id', pg_temp.demo(61))),
    ('mark_thread_read', jsonb_build_object('thread_id', pg_temp.demo(61))),
    ('send_thread_message', jsonb_build_object('thread_id', pg_temp.demo(61), 'content', 'Hello', 'filter', '{"violations": []}'::jsonb)),
    ('force_send', jsonb_build_object('message_id', pg_temp.demo(61), 'reason', 'The vet')),
    ('settle_text', jsonb_build_object('message_id', pg_temp.demo(61), 'outcome', 'sent')),
    ('assign_booking', jsonb_build_object('booking_id', pg_temp.demo(51), 'client', jsonb_build_object('id', pg_temp.demo(81))))
) as called (entry, input);
select is(
  pg_temp.ask('check_permission', pg_temp.demo(73), check_input) #>> '{data,rule}',
  'account_deleted',
  'and so says ' || (check_input ->> 'action')
)
from (
  values
    (jsonb_build_object('action', 'read_thread', 'thread_id', pg_temp.demo(61))),
    (jsonb_build_object('action', 'send_to_thread', 'thread_id', pg_temp.demo(61))),
    (jsonb_build_object('action', 'force_send', 'message_id', pg_temp.demo(61))),
    ('{"action": "assign_booking"}')
) as checked (check_input);
select is(
  pg_temp.verdict(pg_temp.ask('list_threads', pg_temp.demo(99), '{"limit": 50}')),
  'feature_disabled/feature_disabled',
  'who never had a profile is in no organisation that has it on'
);
rollback to before;

-- How far somebody has read is forgotten with them.
create function pg_temp.readers()
returns text
language sql
volatile
begin atomic
  select string_agg(right(user_id::text, 2), ' ' order by user_id)
  from rolecall.thread_reads
  where organization_id = pg_temp.demo(90);
end;
select is(pg_temp.readers(), '71 73 75', 'three have read');
savepoint read;
update rolecall.profiles set organization_id = null, organization_role = null where id = pg_temp.demo(71);
select is(pg_temp.readers(), '73 75', 'who leaves the organisation has read nothing there');
rollback to read;
update rolecall.profiles set organization_id = pg_temp.demo(91) where id = pg_temp.demo(73);
select is(pg_temp.readers(), '71 75', 'nor who goes to another');
rollback to read;
update rolecall.profiles set organization_role = 'sitter' where id = pg_temp.demo(71);
select is(pg_temp.readers(), '71 73 75', 'who gets another role has');
delete from rolecall.profiles where id = pg_temp.demo(71);
select is(pg_temp.readers(), '73 75', 'nor whose profile is gone');
rollback to read;
select pg_temp.ask_as_operator(
  'erase_client', p_input => jsonb_build_object('organization_id', pg_temp.demo(90), 'client_id', pg_temp.demo(81))
);
select is(pg_temp.readers(), '71 73', 'nor the account of a client who is erased');
rollback to read;
select throws_ok(
  format(
    'insert into rolecall.thread_reads (organization_id, thread_id, user_id, last_read_seq) values (%L, %L, %L, 1)',
    pg_temp.demo(90), pg_temp.demo(61), pg_temp.demo(77)
  ),
  '23503',
  null,
  'and nobody of another organisation has read here'
);

select * from finish();
rollback;
