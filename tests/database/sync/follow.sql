-- changed_xid: whatever changes what somebody sees says in which transaction, whoever writes and by whatever path.
begin;
\ir ../support/calls.psql
select no_plan();
update rolecall.rate_limits set capacity = null;
update rolecall.broadcast_limits set per_quota_day = null;
update rolecall.show_participants set joined_at = now() - interval '1 day';

-- Everything is old: what changes from here on is seen.
create function pg_temp.rest()
returns void
language plpgsql
as $$
begin
  perform set_config('session_replication_role', 'replica', true);
  update rolecall.conversations set changed_xid = '5';
  update rolecall.conversation_participants set changed_xid = '5' where changed_xid is not null;
  update rolecall.broadcast_receipts set changed_xid = '5';
  update rolecall.show_participants set changed_xid = '5';
  update rolecall.help_threads set changed_xid = '5';
  update rolecall.help_requests set changed_xid = '5';
  update rolecall.block_changes set changed_xid = '5';
  update rolecall.conversation_settings set changed_xid = '5';
  perform set_config('session_replication_role', 'origin', true);
end
$$;

create function pg_temp.of_direct(p_one int, p_two int)
returns uuid
language sql
return (
  select id
  from rolecall.conversations
  where kind = 'direct'
    and participant_low = least(pg_temp.demo(p_one), pg_temp.demo(p_two))
    and participant_high = greatest(pg_temp.demo(p_one), pg_temp.demo(p_two))
);

-- What has changed for a user since everything was old, and as what they read it, each by its name.
create function pg_temp.changed(p_user int)
returns text
language sql
begin atomic
  select coalesce(string_agg(concat_ws(' ', made.name, changed.reader), ', ' order by made.name), '')
  from (
    select id, reader
    from rolecall_internal.changed_conversations(
      pg_temp.demo(p_user), '6', '9223372036854775807', 'ffffffff-ffff-ffff-ffff-ffffffffffff', 100
    )
    union all
    select id, 'help'
    from rolecall_internal.changed_help_conversations(
      pg_temp.demo(p_user), '6', '9223372036854775807', 'ffffffff-ffff-ffff-ffff-ffffffffffff', 100
    )
  ) as changed
  join lateral (
    select case
      when changed.id = pg_temp.of_direct(1, 4) then 'direct'
      when changed.reader = 'help' then 'talk'
      else 'show'
    end as name
  ) as made
    on true;
end;

create function pg_temp.dm(p_from int, p_to int, p_text text)
returns jsonb
language sql
return pg_temp.ask(
  'send_dm', pg_temp.demo(p_from), jsonb_build_object('recipient_id', pg_temp.demo(p_to), 'content', p_text)
);

create function pg_temp.broadcast(p_from int, p_dry boolean default false)
returns jsonb
language sql
return pg_temp.ask(
  'send_broadcast',
  pg_temp.demo(p_from),
  jsonb_build_object('show_id', pg_temp.demo(11), 'recipient_roles', '["attendee"]'::jsonb, 'message', 'News', 'dry_run', p_dry)
);

create temp table made as
select
  (pg_temp.dm(4, 1, 'One') #>> '{data,message_id}')::uuid as one,
  (pg_temp.dm(1, 4, 'Two') #>> '{data,message_id}')::uuid as two,
  (pg_temp.broadcast(4) #>> '{data,conversation_id}')::uuid as show,
  (
    pg_temp.ask(
      'start_conversation',
      pg_temp.demo(4),
      jsonb_build_object('help_request_id', pg_temp.demo(21), 'initial_message', 'I can help with that.')
    ) #>> '{data,conversation_id}'
  )::uuid as talk;

select is(pg_temp.changed(1), 'direct people, show audience, talk help', 'what began is new to the one');
select is(pg_temp.changed(4), 'direct people, show people, talk help', 'and to the other');
select is(pg_temp.changed(3), '', 'and to nobody else');
select pg_temp.rest();
select is(pg_temp.changed(1) || pg_temp.changed(4), '', 'nothing has changed');

-- Messages.
select pg_temp.dm(1, 4, 'Three');
select is(pg_temp.changed(1), 'direct people', 'a message changes its conversation for its sender');
select is(pg_temp.changed(4), 'direct people', 'and for its recipient');
select pg_temp.rest();
select pg_temp.ask('send_dm', pg_temp.demo(1), jsonb_build_object('conversation_id', pg_temp.of_direct(1, 4), 'content', 'Four'));
select is(pg_temp.changed(4), 'direct people', 'a reply does');
select pg_temp.rest();
select rolecall_edge.send_dm(
  (
    select jsonb_agg(
      jsonb_build_object(
        'claims', jsonb_build_object('sub', pg_temp.demo(4), 'role', 'authenticated'),
        'request_id', 'pgtap',
        'rollouts', '{}'::jsonb,
        'input', jsonb_build_object('conversation_id', pg_temp.of_direct(1, 4), 'content', 'Many')
      )
    )
    from generate_series(1, 2)
  )
);
select is(pg_temp.changed(1), 'direct people', 'and so do messages of an array');
select pg_temp.rest();
select pg_temp.broadcast(4);
select is(pg_temp.changed(1), 'show audience', 'a broadcast is new to its audience');
select is(pg_temp.changed(4), 'show people', 'and to its sender');
select is(pg_temp.changed(3), '', 'and not to another role');
select pg_temp.rest();
select pg_temp.broadcast(4, true);
select is(pg_temp.changed(1) || pg_temp.changed(4), '', 'a rehearsed one is not');

-- Messages that change.
select pg_temp.ask('delete_message', pg_temp.demo(6), jsonb_build_object('message_id', (select one from made)));
select is(pg_temp.changed(1) || ', ' || pg_temp.changed(4), 'direct people, direct people', 'a deletion');
select pg_temp.rest();
select pg_temp.ask('restore_message', pg_temp.demo(6), jsonb_build_object('message_id', (select one from made)));
select is(pg_temp.changed(1) || ', ' || pg_temp.changed(4), 'direct people, direct people', 'a message that comes back');
select pg_temp.rest();
update rolecall.messages set content = 'Another' where id = (select two from made);
select is(pg_temp.changed(1), 'direct people', 'a message that the operator writes over');
select pg_temp.rest();

-- The operator's own statements say nothing of transactions.
update rolecall.conversations set read_only = true where id = pg_temp.of_direct(1, 4);
select is(pg_temp.changed(1) || ', ' || pg_temp.changed(4), 'direct people, direct people', 'a conversation that is closed');
select pg_temp.rest();
update rolecall.conversations set read_only = false where kind in ('direct', 'show');
select is(
  pg_temp.changed(1),
  'direct people, show audience',
  'whatever is updated, by a statement that does not know of sync'
);
select pg_temp.rest();

-- Marks.
select pg_temp.ask(
  'mark_read', pg_temp.demo(1), jsonb_build_object('conversation_id', pg_temp.of_direct(1, 4), 'up_to_seq', 6)
);
select is(pg_temp.changed(1), 'direct people', 'a mark is seen on the other devices of the reader');
select is(pg_temp.changed(4), '', 'and not by the other');
select pg_temp.rest();
select pg_temp.ask(
  'mark_read', pg_temp.demo(1), jsonb_build_object('conversation_id', pg_temp.of_direct(1, 4), 'up_to_seq', 2)
);
select is(pg_temp.changed(1), '', 'a mark that does not move is no change');
select pg_temp.ask(
  'mark_unread', pg_temp.demo(1), jsonb_build_object('conversation_id', pg_temp.of_direct(1, 4), 'from_seq', 1)
);
select is(pg_temp.changed(1), 'direct people', 'a mark that moves back is one');
select pg_temp.rest();
select pg_temp.ask('mark_read', pg_temp.demo(1), jsonb_build_object('conversation_id', (select show from made), 'up_to_seq', 1));
select is(pg_temp.changed(1), 'show audience', 'a first receipt');
select pg_temp.rest();
select pg_temp.ask('mark_read', pg_temp.demo(1), jsonb_build_object('conversation_id', (select show from made), 'up_to_seq', 2));
select is(pg_temp.changed(1), 'show audience', 'a later one');
select pg_temp.rest();
select pg_temp.ask('mark_unread', pg_temp.demo(1), jsonb_build_object('conversation_id', (select show from made), 'from_seq', 2));
select is(pg_temp.changed(1), 'show audience', 'one that moves back');
select pg_temp.rest();

-- Settings.
select pg_temp.ask('conversation_settings', pg_temp.demo(1), jsonb_build_object('conversation_id', pg_temp.of_direct(1, 4), 'pinned', true));
select is(pg_temp.changed(1), 'direct people', 'what is pinned');
select is(pg_temp.changed(4), '', 'which is nothing to the other one');
select pg_temp.rest();
select pg_temp.ask('conversation_settings', pg_temp.demo(1), jsonb_build_object('conversation_id', (select show from made), 'archived', true));
select is(pg_temp.changed(1), 'show audience', 'broadcasts that are archived');
select pg_temp.rest();
select pg_temp.ask('conversation_settings', pg_temp.demo(1), jsonb_build_object('conversation_id', (select show from made), 'archived', false));
select is(pg_temp.changed(1), 'show audience', 'and taken out again');
select pg_temp.rest();

-- Blocks.
select pg_temp.ask('block_user', pg_temp.demo(1), jsonb_build_object('blocked_id', pg_temp.demo(4)));
select is(pg_temp.changed(1), 'direct people, show gone, talk help', 'a block hides broadcasts, and stops the rest');
select is(pg_temp.changed(4), 'direct people, talk help', 'for the other, too, who still has what they broadcast');
select is(pg_temp.changed(2), '', 'it is nothing to others');
select pg_temp.rest();
select pg_temp.ask('block_user', pg_temp.demo(1), jsonb_build_object('blocked_id', pg_temp.demo(4)));
select is(pg_temp.changed(1), '', 'the same block again changes nothing');
select pg_temp.broadcast(4);
select is(pg_temp.changed(1), '', 'nor does what it hides');
select pg_temp.ask('unblock_user', pg_temp.demo(1), jsonb_build_object('blocked_id', pg_temp.demo(4)));
select is(pg_temp.changed(1), 'direct people, show audience, talk help', 'a block that is lifted');
select pg_temp.rest();
select pg_temp.run_as(
  'authenticated',
  pg_temp.demo(4),
  format('insert into rolecall.user_blocks (blocker_id, blocked_id) values (%L, %L)', pg_temp.demo(4), pg_temp.demo(1))
);
select is(pg_temp.changed(1), 'direct people, show gone, talk help', 'and one that is made through the table');
select pg_temp.rest();
update rolecall.profiles set role = 'admin' where id = pg_temp.demo(4);
select is(
  pg_temp.changed(1),
  'direct people, show audience, talk help',
  'what an admin broadcasts no block hides, so that another role of one of the two is a change'
);
select is(pg_temp.changed(2), '', 'and nothing to others');
select pg_temp.rest();
update rolecall.profiles set role = 'mvp_dealer' where id = pg_temp.demo(4);
select is(pg_temp.changed(1), 'direct people, show gone, talk help', 'and back');
-- Two who block each other are one pair.
insert into rolecall.user_blocks (blocker_id, blocked_id) values (pg_temp.demo(1), pg_temp.demo(4));
select pg_temp.rest();
select lives_ok(
  format('update rolecall.profiles set role = %L where id = %L', 'admin', pg_temp.demo(4)),
  'one of two who block each other has another role'
);
select is(
  pg_temp.changed(1) || '; ' || pg_temp.changed(4),
  'direct people, show audience, talk help; direct people, talk help',
  'which is a change to both, of whom the sender has the show as before'
);
update rolecall.profiles set role = 'mvp_dealer' where id = pg_temp.demo(4);
delete from rolecall.user_blocks;
select pg_temp.rest();
update rolecall.profiles set role = 'admin' where id = pg_temp.demo(4);
select is(pg_temp.changed(1), '', 'without a block nothing hangs on it');
update rolecall.profiles set role = 'mvp_dealer' where id = pg_temp.demo(4);

-- Taking part.
delete from rolecall.show_participants where show_id = pg_temp.demo(11) and user_id = pg_temp.demo(1);
select is(pg_temp.changed(1), '', 'who leaves keeps what they saw');
select pg_temp.broadcast(4);
select is(pg_temp.changed(2), 'show audience', 'who stays sees the next one');
select pg_temp.rest();
insert into rolecall.show_participants (show_id, user_id, joined_at) values (pg_temp.demo(11), pg_temp.demo(7), now());
select is(pg_temp.changed(7), 'show audience', 'who joins sees what was sent since joined_at, which is this moment');
update rolecall.show_participants set joined_at = now() + interval '1 second' where user_id = pg_temp.demo(7);
select is(pg_temp.changed(7), '', 'and nothing of before');
select pg_temp.rest();

-- Help.
select pg_temp.ask('send_help_message', pg_temp.demo(1), jsonb_build_object('conversation_id', (select talk from made), 'content', 'Thank you very much.'));
select is(pg_temp.changed(1) || ', ' || pg_temp.changed(4), 'talk help, talk help', 'a help message');
select pg_temp.rest();
select pg_temp.ask('read_help_conversation', pg_temp.demo(4), jsonb_build_object('conversation_id', (select talk from made)));
select is(pg_temp.changed(4), 'talk help', 'help that is read');
select pg_temp.rest();
update public.messages_v2 set content = 'Thank you all the same.' where conversation_id = (select talk from made) and sender_id = pg_temp.demo(1);
select is(pg_temp.changed(4), 'talk help', 'an edited help message');
select pg_temp.rest();
delete from public.messages_v2 where conversation_id = (select talk from made) and sender_id = pg_temp.demo(1);
select is(pg_temp.changed(4), 'talk help', 'a deleted one');
select pg_temp.rest();
update rolecall.help_requests set title = 'Another ride' where id = pg_temp.demo(21);
select is(pg_temp.changed(4), 'talk help', 'a help request with another title');
select pg_temp.rest();
update public.conversations_v2 set status = 'completed' where id = (select talk from made);
select is(pg_temp.changed(1), 'talk help', 'help that has ended');
select pg_temp.rest();

-- Threads of an organisation.
update rolecall.feature_flags set rollout = 'enabled' where name in ('messaging_v1', 'sitter_messages_v1');
create function pg_temp.changed_threads(p_user int)
returns bigint
language sql
return (
  select count(*)
  from rolecall_internal.changed_threads(
    rolecall_internal.thread_reader(pg_temp.agency(p_user), '{}'),
    pg_temp.agency(p_user),
    '6',
    '9223372036854775807',
    'ffffffff-ffff-ffff-ffff-ffffffffffff',
    100,
    now(),
    now()
  )
);
create function pg_temp.rest_threads()
returns void
language sql
begin atomic
  update rolecall.message_threads set changed_xid = '5' where changed_xid <> '5';
  update rolecall.thread_reads set changed_xid = '5';
end;
select pg_temp.rest_threads();
select is(pg_temp.changed_threads(1), 0::bigint, 'no thread has changed');
select is(
  pg_temp.verdict(
    pg_temp.ask(
      'send_thread_message',
      pg_temp.agency(1),
      jsonb_build_object('thread_id', pg_temp.agency(8), 'content', 'See you at nine.', 'filter', '{"violations": []}'::jsonb)
    )
  ),
  'ok',
  'the owner writes'
);
select is(pg_temp.changed_threads(1), 1::bigint, 'a text changes its thread for the owner');
select is(pg_temp.changed_threads(3), 1::bigint, 'and for its client');
select pg_temp.rest_threads();
select pg_temp.ask('mark_thread_read', pg_temp.agency(3), jsonb_build_object('thread_id', pg_temp.agency(8)));
select is(pg_temp.changed_threads(3), 1::bigint, 'a mark is seen on the other devices of the reader');
select is(pg_temp.changed_threads(1), 0::bigint, 'and by nobody else');
select pg_temp.rest_threads();
select pg_temp.ask('mark_thread_read', pg_temp.agency(3), jsonb_build_object('thread_id', pg_temp.agency(8)));
select is(pg_temp.changed_threads(3), 0::bigint, 'one that does not move is no change');
update rolecall.message_threads set status = 'closed' where id = pg_temp.agency(8);
select is(pg_temp.changed_threads(1), 1::bigint, 'a thread that the operator closes');
select is(
  pg_temp.ask('sync', pg_temp.agency(1), '{"limit": 200}') #> '{data,threads}',
  pg_temp.ask('list_threads', pg_temp.agency(1), '{"limit": 100}') #> '{data,threads}',
  'sync shows threads as their own list does'
);
select is(pg_temp.ask('sync', pg_temp.demo(1), '{"limit": 200}') #> '{data,threads}', '[]', 'and none to others');

-- Imports and accounts.
select rolecall.import_legacy_conversations(
  jsonb_build_array(
    jsonb_build_object(
      'id', pg_temp.demo(70),
      'participants', jsonb_build_array(pg_temp.demo(1), pg_temp.demo(8)),
      'messages', jsonb_build_array(
        jsonb_build_object('id', pg_temp.demo(71), 'sender_id', pg_temp.demo(8), 'content', 'Long ago', 'created_at', '2020-01-01T00:00:00Z')
      )
    )
  )
);
select matches(pg_temp.changed(8), '^show people$', 'what is imported');
select pg_temp.rest();
select pg_temp.ask('delete_own_data', pg_temp.demo(4), '{"account": true}');
select is(
  pg_temp.changed(1),
  'direct people, show audience, talk help',
  'the conversations of a deleted account lose a name, and what it wrote'
);

-- Every statement in the functions that updates conversations says so itself: the trigger behind is for those of others.
select is_empty(
  $$
    select proc.oid::regprocedure
    from pg_proc as proc
    where pronamespace in ('rolecall'::regnamespace, 'rolecall_internal'::regnamespace, 'rolecall_edge'::regnamespace)
      and exists (
        select
        from regexp_split_to_table(prosrc, ';') as statement
        where statement ~ '(update rolecall\.conversations|insert into rolecall\.conversations as)\M'
          and statement !~ 'changed_xid = (pg_current_xact_id|excluded)'
      )
  $$,
  'no function forgets it'
);

select * from finish();
rollback;
