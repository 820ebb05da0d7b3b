-- rolecall_edge.conversation_settings: what users mute, archive and pin for themselves, and what that changes in the inbox and
-- in the counts.
begin;
\ir ../support/calls.psql
select no_plan();
update rolecall.rate_limits set capacity = null;
update rolecall.broadcast_limits set per_quota_day = null;
update rolecall.show_participants set joined_at = now() - interval '1 day';

-- Without pg_temp.ask, which leaves nulls out.
create function pg_temp.set(p_user int, p_conversation uuid, p_settings jsonb, p_key text default null)
returns jsonb
language plpgsql
as $$
declare
  v_answer jsonb;
begin
  perform set_config('role', 'rolecall_edge', true);
  v_answer := rolecall_edge.conversation_settings(
    jsonb_build_object(
      'claims', jsonb_build_object('sub', pg_temp.demo(p_user), 'role', 'authenticated'),
      'request_id', 'pgtap',
      'idempotency_key', p_key,
      'rollouts', '{}'::jsonb,
      'input', p_settings || jsonb_build_object('conversation_id', p_conversation)
    )
  );
  perform set_config('role', 'none', true);
  return v_answer;
end
$$;

-- What an answer says is set: "until archived pinned".
create function pg_temp.says(p_answer jsonb)
returns text
language sql
return case
  when p_answer -> 'ok' = 'true' then concat_ws(
    ' ',
    coalesce(p_answer #>> '{data,muted_until}', '-'),
    case when p_answer #> '{data,archived}' = 'true' then 'archived' else '-' end,
    case when p_answer #>> '{data,pinned_at}' is not null then 'pinned' else '-' end
  )
  else pg_temp.verdict(p_answer)
end;

create function pg_temp.dm(p_from int, p_to int)
returns uuid
language sql
return (
  pg_temp.ask('send_dm', pg_temp.demo(p_from), jsonb_build_object('recipient_id', pg_temp.demo(p_to), 'content', 'Hello'))
    #>> '{data,conversation_id}'
)::uuid;

create function pg_temp.news(p_roles jsonb default '["attendee"]')
returns uuid
language sql
return (
  pg_temp.ask(
    'send_broadcast',
    pg_temp.demo(5),
    jsonb_build_object('show_id', pg_temp.demo(11), 'recipient_roles', p_roles, 'message', 'News')
  ) #>> '{data,conversation_id}'
)::uuid;

-- Whether a list of the inbox has a conversation.
create function pg_temp.lists(p_user int, p_conversation uuid, p_member text default 'conversations', p_archived boolean default false)
returns boolean
language sql
return exists (
  select
  from jsonb_array_elements(
    pg_temp.ask('inbox', pg_temp.demo(p_user), jsonb_build_object('archived', p_archived)) #> array['data', p_member]
  ) as card
  where card ->> 'id' = p_conversation::text
);

-- Where a conversation is: inbox, archive.
create function pg_temp.place(p_user int, p_conversation uuid)
returns text
language sql
return concat_ws(
  ' ',
  case when pg_temp.lists(p_user, p_conversation) then 'inbox' end,
  case when pg_temp.lists(p_user, p_conversation, p_archived => true) then 'archive' end
);

-- The counts, and whether they are what the cards of the inbox say that are not muted.
create function pg_temp.counts(p_user int)
returns text
language sql
return (
  select concat_ws(
    ' ',
    data #> '{by_kind,direct}',
    data #> '{by_kind,show}',
    data -> 'conversations',
    case
      when data -> 'unread' = (
        select coalesce(to_jsonb(sum((card -> 'unread_count')::int)), '0')
        from jsonb_array_elements(pg_temp.ask('inbox', pg_temp.demo(p_user), '{}') #> '{data,conversations}') as card
        where card ->> 'muted_until' is null
      ) then 'fit'
      else 'do not fit'
    end
  )
  from (values (pg_temp.ask('unread', pg_temp.demo(p_user), '{}') -> 'data')) as answer (data)
);

create temporary table made as
select pg_temp.dm(5, 1) as direct, pg_temp.dm(4, 1) as other, pg_temp.news() as show;

-- Who may.
select is(pg_temp.says(pg_temp.set(1, direct, '{"muted_until": "forever"}')), 'forever - -', 'one of the two mutes') from made;
select is(pg_temp.says(pg_temp.set(1, show, '{"pinned": true}')), '- - pinned', 'of the audience, too') from made;
select is(pg_temp.says(pg_temp.set(5, show, '{"pinned": true}')), '- - pinned', 'and who sends the broadcasts') from made;
select is(pg_temp.says(pg_temp.set(number, direct, '{"archived": true}')), 'not_found/not_a_participant', format('not %s', number))
from made, unnest(array[2, 6]) as number;
select is(pg_temp.says(pg_temp.set(3, show, '{"pinned": true}')), 'not_found/not_a_participant', 'who is not of the audience does not') from made;
select is(pg_temp.says(pg_temp.set(1, gen_random_uuid(), '{"pinned": true}')), 'not_found/not_a_participant', 'nothing there');
select is(pg_temp.says(pg_temp.set(99, direct, '{"pinned": true}')), 'permission_denied/no_profile', 'no profile') from made;
select is(pg_temp.verdict(rolecall_edge.conversation_settings('{}')), 'unauthenticated', 'nobody');
select is((select count(*) from rolecall.conversation_settings), 3::bigint, 'refusals leave nothing');
select is(
  (select card -> 'muted_until' from made, jsonb_array_elements(pg_temp.ask('inbox', pg_temp.demo(5), '{}') #> '{data,conversations}') as card where card ->> 'id' = direct::text),
  'null',
  'the other one sees nothing of it'
);
update rolecall.profiles set suspended_until = 'infinity' where id = pg_temp.demo(1);
select is(pg_temp.says(pg_temp.set(1, direct, '{"muted_until": null}')), '- - -', 'who is suspended may') from made;
update rolecall.profiles set suspended_until = null where id = pg_temp.demo(1);

-- What is asked.
select is(pg_temp.says(pg_temp.set(1, direct, settings)), 'invalid_input', settings::text)
from made, unnest(
  array['{}', '{"muted_until": "infinity"}', '{"muted_until": 5}', '{"archived": "yes"}', '{"pinned": 1}', '{"archived": true, "pinned": true}']::jsonb[]
) as settings;

-- Muted.
select is(pg_temp.counts(1), '2 1 3 fit', 'two messages and a broadcast are new');
select is(
  pg_temp.says(pg_temp.set(1, direct, '{"muted_until": "2999-01-01T00:00:00Z"}')), '2999-01-01T00:00:00.000000Z - -', 'until a moment'
)
from made;
select is(pg_temp.place(1, direct), 'inbox', 'it stays in the inbox') from made;
select is(pg_temp.counts(1), '1 1 2 fit', 'and does not count');
select is(pg_temp.says(pg_temp.set(1, show, '{"muted_until": "forever"}')), 'forever - pinned', 'what is left out stays') from made;
select is(pg_temp.counts(1), '1 0 1 fit', 'nor do broadcasts');
select is(pg_temp.says(pg_temp.set(1, direct, '{"muted_until": "2020-01-01T00:00:00Z"}')), '- - -', 'one that is over is none') from made;
select is(pg_temp.counts(1), '2 0 2 fit', 'and it counts again');
select pg_temp.set(1, show, '{"muted_until": null}') from made;

-- Archived.
select is(pg_temp.says(pg_temp.set(1, direct, '{"archived": true}')), '- archived -', 'archived') from made;
select is(pg_temp.place(1, direct), 'archive', 'it leaves the inbox') from made;
select is(pg_temp.place(5, direct), 'inbox', 'but not that of the other one') from made;
select is(pg_temp.counts(1), '1 1 2 fit', 'and does not count');
select is(pg_temp.says(pg_temp.set(1, direct, '{"archived": true}')), '- archived -', 'twice is the same') from made;
select pg_temp.ask('mark_read', pg_temp.demo(1), jsonb_build_object('conversation_id', direct, 'up_to_seq', 1)) from made;
select is(pg_temp.place(1, direct), 'archive', 'reading brings nothing back') from made;
select pg_temp.dm(5, 1);
select is(pg_temp.place(1, direct), 'inbox', 'a new message does') from made;
select is(pg_temp.counts(1), '2 1 3 fit', 'and counts');
select is(pg_temp.says(pg_temp.set(1, direct, '{"muted_until": "forever"}')), 'forever - -', 'a mute does not archive it again') from made;
select is(pg_temp.says(pg_temp.set(1, direct, '{"archived": true}')), 'forever archived -', 'archived and muted') from made;
select pg_temp.dm(5, 1);
select is(pg_temp.place(1, direct), 'archive', 'it stays there whatever comes') from made;
select is(pg_temp.says(pg_temp.set(1, direct, '{"muted_until": null}')), '- - -', 'until the mute ends') from made;
select is(pg_temp.place(1, direct), 'inbox', 'with what came meanwhile') from made;
select is(pg_temp.says(pg_temp.set(1, direct, '{"archived": true}')), '- archived -', 'again') from made;
select is(pg_temp.says(pg_temp.set(1, direct, '{"archived": false}')), '- - -', 'and back by hand') from made;
select is(pg_temp.says(pg_temp.set(1, show, '{"archived": true}')), '- archived -', 'archiving takes the pin away') from made;
select is(pg_temp.place(1, show), 'archive', 'broadcasts are archived, too') from made;
select pg_temp.news('["dealer"]');
select is(pg_temp.place(1, show), 'archive', 'one for others brings nothing back') from made;
select pg_temp.news();
select is(pg_temp.place(1, show), 'inbox', 'one for them does') from made;

-- Pinned.
select is(pg_temp.says(pg_temp.set(1, direct, '{"archived": true}')), '- archived -', 'archived') from made;
select is(pg_temp.says(pg_temp.set(1, direct, '{"pinned": true}')), '- - pinned', 'pinning takes out of the archive') from made;
select pg_temp.set(1, show, '{"pinned": true}') from made;
select is(
  (select array_agg((card ->> 'id')::uuid order by number) from jsonb_array_elements(pg_temp.ask('inbox', pg_temp.demo(1), '{"limit": 1}') #> '{data,pinned}') with ordinality as listed (card, number)),
  (select array[show, direct] from made),
  'the first page has all of them, the newest pin first'
);
select is(pg_temp.ask('inbox', pg_temp.demo(1), '{"archived": true}') #> '{data,pinned}', '[]', 'the archive none');
select is(
  pg_temp.ask(
    'inbox',
    pg_temp.demo(1),
    jsonb_build_object('limit', 1, 'cursor', pg_temp.ask('inbox', pg_temp.demo(1), '{"limit": 1}') #> '{data,next_cursor}')
  ) #> '{data,pinned}',
  '[]',
  'nor a later page'
);
select is(jsonb_array_length(pg_temp.ask('inbox', pg_temp.demo(1), '{"kind": "direct"}') #> '{data,pinned}'), 1, 'of its kind');
insert into rolecall.profiles (id, display_name, role)
select ('50000000-0000-4000-8000-' || lpad(number::text, 12, '0'))::uuid, 'Somebody', 'attendee'
from generate_series(1, 12) as number;
create temporary table many as
select
  number,
  (
    pg_temp.ask(
      'send_dm',
      pg_temp.demo(5),
      jsonb_build_object('recipient_id', '50000000-0000-4000-8000-' || lpad(number::text, 12, '0'), 'content', 'Hello')
    ) #>> '{data,conversation_id}'
  )::uuid as id
from generate_series(1, 12) as number;
select is(
  array_agg(pg_temp.says(pg_temp.set(5, id, '{"pinned": true}')) order by number),
  array_fill('- - pinned'::text, array[9]) || array_fill('validation_error/too_many'::text, array[3]),
  'ten are pinned at most'
)
from many;
select is(pg_temp.says(pg_temp.set(5, id, '{"pinned": true}')), '- - pinned', 'one that is pinned may be so again') from many where number = 1;
select is(pg_temp.says(pg_temp.set(5, id, '{"pinned": false}')), '- - -', 'without one') from many where number = 1;
select is(pg_temp.says(pg_temp.set(5, id, '{"pinned": true}')), '- - pinned', 'there is room for another') from many where number = 12;

-- Pages are complete whatever is archived.
select pg_temp.set(5, id, '{"archived": true}') from many where number % 2 = 0;
create function pg_temp.pages(p_archived boolean)
returns setof text
language plpgsql
as $$
declare
  v_page jsonb;
begin
  loop
    v_page := pg_temp.ask(
      'inbox', pg_temp.demo(5), jsonb_build_object('limit', 2, 'archived', p_archived, 'cursor', v_page -> 'next_cursor')
    ) -> 'data';
    return query select card ->> 'id' from jsonb_array_elements(v_page -> 'conversations') as card;
    exit when v_page ->> 'next_cursor' is null;
  end loop;
end
$$;
select bag_eq(
  'select pg_temp.pages(true)', 'select id::text from many where number % 2 = 0', 'the pages of the archive'
);
select bag_eq(
  'select pg_temp.pages(false)',
  $$ select id::text
     from rolecall.conversations
     where (pg_temp.demo(5) in (participant_low, participant_high) or (kind = 'show' and created_by = pg_temp.demo(5)))
       and id not in (select id from many where number % 2 = 0) $$,
  'and those of the others'
);

-- A key is answered again, and done once.
select is(pg_temp.says(pg_temp.set(1, other, '{"muted_until": "forever"}', 'k')), 'forever - -', 'with a key') from made;
select pg_temp.set(1, other, '{"muted_until": null}') from made;
select is(pg_temp.says(pg_temp.set(1, other, '{"muted_until": "forever"}', 'k')), 'forever - -', 'answered again') from made;
select is((select muted_until from rolecall.conversation_settings, made where conversation_id = other), null, 'and not done again');

-- The user's own devices hear of it, and nobody else; webhooks do not.
update rolecall.relay set is_wanted = true, is_pushed = true;
delete from rolecall.outbox;
select pg_temp.set(1, direct, '{"muted_until": "forever"}'), pg_temp.set(1, show, '{"archived": true}') from made;
select results_eq(
  $$ select event.who, event.event ->> 'type', event.event #>> '{conversation,muted_until}', event.event #>> '{conversation,archived}'
     from rolecall_internal.conversation_events(array(select outbox from rolecall.outbox order by id), '{}') as event
     order by event.row_id $$,
  $$ values
       (array[pg_temp.demo(1)], 'conversation.changed', 'forever', 'false'),
       (array[pg_temp.demo(1)], 'conversation.changed', null, 'true') $$,
  'an event for each, with the card, to the user alone'
);
select is((select bool_and(is_forked) from rolecall.outbox), true, 'webhooks hear nothing');

-- The export has what is set.
select is(
  (
    select count(*)
    from jsonb_array_elements(pg_temp.ask('export_own_data', pg_temp.demo(1), '{}') #> '{data,lines}') as line
    where line ->> 'type' = 'conversation_settings'
  ),
  (select count(*) from rolecall.conversation_settings where user_id = pg_temp.demo(1)),
  'a line for each'
);

-- The rows are their own, and nobody's to write.
select is(
  pg_temp.run_as('authenticated', pg_temp.demo(1), 'select count(distinct user_id)::text from rolecall.conversation_settings'),
  '1',
  'people see their own'
);
select is(
  pg_temp.run_as('authenticated', pg_temp.demo(1), 'update rolecall.conversation_settings set pinned_at = null'),
  '42501',
  'and write none past the entry point'
);
select * from finish();
rollback;
