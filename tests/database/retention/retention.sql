-- Retention: the nightly run erases what is older than its kind of conversation keeps, and nothing else.
begin;
\ir ../support/calls.psql
select no_plan();
update rolecall.rate_limits set capacity = null;
update rolecall.broadcast_limits set per_quota_day = null;
update rolecall.show_participants set joined_at = now() - interval '1 year';

-- A message from one demo user to another, so many days ago: its id.
create function pg_temp.dm(p_from int, p_to int, p_content text, p_days numeric)
returns uuid
language plpgsql
as $$
declare
  v_id uuid;
begin
  v_id := pg_temp.ask(
    'send_dm', pg_temp.demo(p_from), jsonb_build_object('recipient_id', pg_temp.demo(p_to), 'content', p_content)
  ) #>> '{data,message_id}';
  update rolecall.messages set created_at = now() - p_days * interval '1 day' where id = v_id;
  return v_id;
end
$$;

-- The run of a quota day, and another one.
create function pg_temp.night()
returns jsonb
language plpgsql
as $$
begin
  delete from rolecall.quota_runs;
  return pg_temp.ask_for_the_night() #> '{data,deleted,messages}';
end
$$;

-- What is left of the messages between two demo users, in their order: content, or who deleted it.
create function pg_temp.left_of(p_one int, p_other int)
returns text[]
language sql
return array(
  select coalesce(message.content, message.deleted_as)
  from rolecall.conversations as conversation
  join rolecall.messages as message
    on message.conversation_id = conversation.id
  where conversation.participant_low = least(pg_temp.demo(p_one), pg_temp.demo(p_other))
    and conversation.participant_high = greatest(pg_temp.demo(p_one), pg_temp.demo(p_other))
  order by message.seq
);

create temporary table sent as
select
  pg_temp.dm(8, 1, 'forty', 40) as forty,
  pg_temp.dm(1, 8, 'over thirty', 30.001) as thirty,
  pg_temp.dm(8, 1, 'under thirty', 29.999) as young,
  pg_temp.dm(8, 4, 'reported', 40) as reported,
  pg_temp.dm(4, 8, 'removed', 40) as removed,
  pg_temp.dm(8, 4, 'taken back', 40) as taken_back;
create temporary table shown as
select (answer #>> '{data,conversation_id}')::uuid as conversation_id
from pg_temp.ask(
  'send_broadcast',
  pg_temp.demo(5),
  jsonb_build_object('show_id', pg_temp.demo(11), 'recipient_roles', '["attendee"]'::jsonb, 'message', 'Doors')
) as answer;
update rolecall.messages
set created_at = now() - interval '40 days'
from shown
where messages.conversation_id = shown.conversation_id;
insert into rolecall.message_edits (conversation_id, seq, version, sender_id, content, written_at)
select conversation_id, seq, 1, sender_id, 'before', created_at
from rolecall.messages
where id = (select forty from sent);
select pg_temp.ask('react', pg_temp.demo(1), jsonb_build_object('message_id', forty, 'emoji', '👍')) from sent;
select pg_temp.ask('report_message', pg_temp.demo(4), jsonb_build_object('message_id', reported, 'reason', 'Spam')) from sent;
select pg_temp.ask('delete_message', pg_temp.demo(6), jsonb_build_object('message_id', removed)) from sent;
select pg_temp.ask('delete_message', pg_temp.demo(8), jsonb_build_object('message_id', taken_back)) from sent;

-- Off, as it is delivered.
select set_eq(
  'select kind, days from rolecall.retention',
  $$ values ('direct', null::int), ('show', null) $$,
  'nothing is erased by its age unless the operator says so'
);
select is(pg_temp.night(), '0', 'the night erases nothing');
select is(pg_temp.left_of(8, 1), array['forty', 'over thirty', 'under thirty'], 'and everything stays');
select is((select count(*) from rolecall.retention_marks), 0::bigint, 'without a note anywhere');

-- On, for one kind.
update rolecall.retention set days = 30 where kind = 'direct';
create temporary table unread as
select pg_temp.ask('unread', pg_temp.demo(1), '{}') #> '{data,by_kind,direct}' as before;
select is(pg_temp.night(), '3', 'the night says how many it erased');
select is(pg_temp.left_of(8, 1), array['retention', 'retention', 'under thirty'], 'what is older than 30 days is gone, and nothing else');
select is(
  pg_temp.left_of(8, 4),
  array['retention', 'retention', 'author'],
  'also what a moderator had removed; what its author took back stays theirs'
);
select is((select content from rolecall.messages where conversation_id = (select conversation_id from shown)), 'Doors', 'other kinds stay');
select is(
  (select count(*) from rolecall.message_edits where content = 'before')
    + (select count(*) from rolecall.message_reactions)
    + (select count(*) from rolecall.removed_contents where content = 'removed'),
  0::bigint,
  'versions, reactions and what was kept of a removed message go with it'
);
select is(
  pg_temp.ask('unread', pg_temp.demo(1), '{}') #> '{data,by_kind,direct}',
  to_jsonb(before::int - 1),
  'what is erased is not new to anybody'
)
from unread;

-- How it is shown, and that it stays so.
create function pg_temp.page(p_user int)
returns jsonb
language sql
return pg_temp.ask(
  'messages',
  pg_temp.demo(p_user),
  jsonb_build_object(
    'conversation_id', (select conversation_id from rolecall.messages where id = (select forty from sent)), 'limit', 50
  )
) #> '{data,messages}';
select is(
  (pg_temp.page(1) #> '{0}') - array['created_at', 'id', 'revision'] #- '{deleted,at}',
  jsonb_build_object(
    'seq', 1, 'sender_id', pg_temp.demo(8), 'content', null, 'deleted', '{"by": "retention"}'::jsonb, 'version', 1,
    'edited_at', null, 'reactions', '[]'::jsonb, 'show_id', null
  ),
  'readers see a placeholder'
);
select is(pg_temp.page(6) #> '{0,content}', 'null', 'a moderator, too');
select is(
  pg_temp.verdict(pg_temp.ask('restore_message', pg_temp.demo(6), jsonb_build_object('message_id', forty))),
  'permission_denied/erased_by_retention',
  'nobody restores it'
)
from sent;
select is(
  pg_temp.verdict(pg_temp.ask('edit_message', pg_temp.demo(8), jsonb_build_object('message_id', forty, 'content', 'Again'))),
  'not_found/message_deleted',
  'nor gives it new words'
)
from sent;
select pg_temp.ask('delete_message', pg_temp.demo(8), jsonb_build_object('message_id', forty)) from sent;
select is((pg_temp.left_of(8, 1))[1], 'retention', 'its author''s deletion changes nothing any more');

-- Evidence.
select is(
  (
    select removed.content
    from rolecall.removed_contents as removed
    join rolecall.messages as message using (conversation_id, seq)
    where message.id = reported
  ),
  'reported',
  'what a pending report is about is kept'
)
from sent;
select pg_temp.ask(
  'review_report', pg_temp.demo(6), jsonb_build_object('report_id', (select id from rolecall.reported_messages), 'decision', 'dismiss')
);
select is((select count(*) from rolecall.removed_contents), 0::bigint, 'until the review');

-- Again and again.
select is(pg_temp.night(), '0', 'another night finds nothing');
select is(
  (
    select array_agg(mark.seq order by mark.seq)
    from rolecall.retention_marks as mark
  ),
  array[2, 3]::bigint[],
  'and looks at nothing twice'
);
update rolecall.messages set created_at = now() - interval '31 days' where id = (select young from sent);
select is(pg_temp.night(), '1', 'it goes on where it was');
select is(pg_temp.left_of(8, 1), array['retention', 'retention', 'retention'], 'to the end');
select is((select last_seq from rolecall.conversations where id = (select conversation_id from rolecall.messages where id = (select young from sent))), 3::bigint, 'numbers stay');
select is(pg_temp.verdict(pg_temp.ask('send_dm', pg_temp.demo(1), jsonb_build_object('recipient_id', pg_temp.demo(8), 'content', 'On'))), 'ok', 'and it goes on');
update rolecall.retention set days = 30 where kind = 'show';
select is(pg_temp.night(), '1', 'broadcasts');
select is((select deleted_as from rolecall.messages join shown on messages.conversation_id = shown.conversation_id), 'retention', 'are erased by their own days');

-- Much, in bounded steps: more than one conversation's step, and many conversations.
insert into rolecall.profiles (id, role)
select ('00000000-0000-4000-9000-' || lpad(n::text, 12, '0'))::uuid, 'attendee'
from generate_series(1, 700) as n;
insert into rolecall.conversations (id, kind, participant_low, participant_high, created_by, last_seq)
select
  rolecall_internal.uuid_v7(),
  'direct',
  least(pg_temp.demo(8), ('00000000-0000-4000-9000-' || lpad(n::text, 12, '0'))::uuid),
  greatest(pg_temp.demo(8), ('00000000-0000-4000-9000-' || lpad(n::text, 12, '0'))::uuid),
  pg_temp.demo(8),
  case n when 1 then 2500 else 1 end
from generate_series(1, 700) as n;
insert into rolecall.messages (conversation_id, seq, sender_id, content, created_at)
select conversation.id, seq, pg_temp.demo(8), 'Old', now() - interval '31 days'
from rolecall.conversations as conversation
cross join generate_series(1, conversation.last_seq) as seq
where conversation.participant_high >= '00000000-0000-4000-9000-000000000001'
  and conversation.participant_high <= '00000000-0000-4000-9000-000000000700';
delete from rolecall.quota_runs;
create temporary table steps (number int generated always as identity, erased bigint);
do $$
declare
  v_answer jsonb;
begin
  loop
    v_answer := pg_temp.ask_as_operator('reset_broadcast_quotas') -> 'data';
    insert into steps (erased) values ((v_answer #>> '{deleted,messages}')::bigint);
    exit when (v_answer ->> 'more')::boolean is not true;
  end loop;
end
$$;
select is((select max(erased) from steps), 3199::bigint, 'all of them');
select cmp_ok(
  (select max(erased - before) from (select erased, coalesce(lag(erased) over (order by number), 0) as before from steps where erased is not null) as step),
  '<=',
  2000::bigint,
  'a step erases no more than some'
);
select is((select count(*) from rolecall.messages where content = 'Old'), 0::bigint, 'and nothing is left');

-- Who sets it.
select is(pg_temp.run_as('authenticated', pg_temp.demo(8), 'select count(*) from rolecall.retention'), '2', 'clients read for how long');
select is(pg_temp.run_as('authenticated', pg_temp.demo(8), statement), '42501', 'and nothing else: ' || statement)
from unnest(array[
  'update rolecall.retention set days = 1',
  'insert into rolecall.retention (kind, days) values ($$x$$, 1)',
  'select count(*) from rolecall.retention_marks'
]) as statement;
select throws_ok('update rolecall.retention set days = 0', '23514', null, 'a day at least');
select finish();
rollback;
