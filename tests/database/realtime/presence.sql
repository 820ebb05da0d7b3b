-- Who is online: what the relay says, who hears of it, and what clients are answered.
begin;
\ir ../support/calls.psql
\ir ../support/relay.psql
select no_plan();
update rolecall.rate_limits set capacity = 100000;
select pg_temp.lead();
-- 1 and 4, 5 and 1, 5 and 3 write with each other.
select pg_temp.ask('send_dm', pg_temp.demo(sender), jsonb_build_object('recipient_id', pg_temp.demo(recipient), 'content', 'Hello'))
from (values (1, 4), (5, 1), (5, 3)) as message (sender, recipient);
select pg_temp.forget();

create function pg_temp.presence(p_online int[], p_offline int[] default '{}', p_whole boolean default false)
returns jsonb
language sql
as $$
  select pg_temp.relay(
    'presence',
    jsonb_build_object(
      'online', (select coalesce(jsonb_agg(pg_temp.demo(number)), '[]') from unnest(p_online) as number),
      'offline', (select coalesce(jsonb_agg(pg_temp.demo(number)), '[]') from unnest(p_offline) as number),
      'whole', p_whole
    )
  )
$$;
create function pg_temp.online()
returns text
language sql
as $$
  select coalesce(string_agg(pg_temp.short(user_id), ' ' order by user_id), 'nobody')
  from rolecall.presence
$$;

select is(pg_temp.presence(array[1, 6], p_whole => true), '{"ok": true, "data": {}}', 'the relay says who is there');
select is(pg_temp.online(), '01 06', 'they are');
select is(pg_temp.heard(), 'nothing', 'of those who were there first nobody is told: whoever connects asks');
select pg_temp.presence(array[4, 99]);
select is(pg_temp.online(), '01 04 06', 'somebody comes; who has no profile is nobody');
select pg_temp.publish();
select is(
  pg_temp.event_to(pg_temp.demo(1), 'presence') - array['id', 'at'],
  jsonb_build_object('v', 1, 'type', 'presence', 'user_id', pg_temp.demo(4), 'online', true),
  'it is told'
);
select is(pg_temp.heard(), 'presence: 01', 'to who has a conversation with them and is online, and nobody else');
select pg_temp.presence(array[4]);
select is(pg_temp.heard(), 'nothing', 'who is there already does not come');
select pg_temp.presence(array[5, 3]);
select is(pg_temp.heard(), 'presence: 05, presence: 01 03', 'two who come');
select pg_temp.presence('{}', array[4]);
select pg_temp.publish();
select is(pg_temp.event_to(pg_temp.demo(1), 'presence') -> 'online', 'false', 'somebody goes');
select is(pg_temp.heard(), 'presence: 01', 'which is told alike');
select pg_temp.presence('{}', array[4]);
select is(pg_temp.heard(), 'nothing', 'once');
select pg_temp.presence(array[1, 3, 4, 6], p_whole => true);
select is(pg_temp.online(), '01 03 04 06', 'the whole list takes the place of what was known');
select is(pg_temp.heard(), 'presence: 01 03, presence: 01', 'and tells the differences');
select pg_temp.presence('{}', p_whole => true);
select is(pg_temp.online(), 'nobody', 'also when nobody is there');
select pg_temp.forget();
select is(pg_temp.relay('presence', request), '{"ok": true, "data": {}}', format('%s says nothing', request))
from unnest(array['{}', '{"online": "x"}', '{"online": ["x", null, 1, {}], "offline": [[]]}', '{"whole": "yes"}']::jsonb[]) as request;
select is(pg_temp.online(), 'nobody', 'nobody comes of it');

-- Across a block, and of who is suspended
select pg_temp.presence(array[1, 5]);
insert into rolecall.user_blocks (blocker_id, blocked_id) values (pg_temp.demo(4), pg_temp.demo(1));
select pg_temp.forget();
select pg_temp.presence(array[4]);
select is(pg_temp.heard(), 'nothing', 'across a block nobody is told');
delete from rolecall.user_blocks;
select pg_temp.presence('{}', array[4]);
update rolecall.profiles set suspended_until = 'infinity' where id = pg_temp.demo(4);
select pg_temp.forget();
select pg_temp.presence(array[4]);
select is(pg_temp.heard(), 'nothing', 'that somebody is there who is suspended is told to nobody');
update rolecall.profiles set suspended_until = null where id = pg_temp.demo(4);
update rolecall.profiles set suspended_until = 'infinity' where id = pg_temp.demo(1);
select pg_temp.presence('{}', array[4]);
select pg_temp.forget();
select pg_temp.presence(array[4]);
select is(pg_temp.heard(), 'nothing', 'and who is suspended is told nothing');
update rolecall.profiles set suspended_until = null where id = pg_temp.demo(1);
select pg_temp.forget();

-- Many at once, and many contacts
insert into rolecall.profiles (id, role)
select ('00000000-0000-4000-9000-' || lpad(number::text, 12, '0'))::uuid, 'attendee'
from generate_series(1, 1100) as number;
insert into rolecall.conversations (kind, participant_low, participant_high, created_by, last_message_at)
select 'direct', pg_temp.demo(5), id, pg_temp.demo(5), now() - row_number() over (order by id) * interval '1 hour'
from rolecall.profiles
where id > '00000000-0000-4000-9000-000000000000';
select pg_temp.relay(
  'presence',
  (select jsonb_build_object('online', jsonb_agg(id)) from rolecall.profiles where id > '00000000-0000-4000-9000-000000000000')
);
select is(
  (select format('%s %s', count(*), sum(cardinality(users))) from rolecall.outbox),
  '40 1000',
  'of more than a thousand who come at once a thousand are told, in small rows'
);
select pg_temp.presence('{}', array[5]);
select pg_temp.forget();
select pg_temp.presence(array[5]);
select pg_temp.publish();
select is(
  (select format('%s %s', count(*), max(who::text)) from published),
  '499 00000000-0000-4000-9000-000000000498',
  'of the 500 with whom somebody wrote last those are told who are online'
);
select pg_temp.forget();

-- What clients are answered
create function pg_temp.seen(p_caller int, p_asked int[])
returns text
language sql
as $$
  select coalesce(
    (select string_agg(pg_temp.short(id::uuid), ' ') from jsonb_array_elements_text(answer #> '{data,online}') as id),
    nullif(pg_temp.verdict(answer), 'ok'),
    'nobody'
  )
  from (
    select pg_temp.ask(
      'presence',
      pg_temp.demo(p_caller),
      jsonb_build_object('user_ids', (select jsonb_agg(pg_temp.demo(number)) from unnest(p_asked) as number))
    )
  ) as asked (answer)
$$;
select pg_temp.presence(array[1, 3, 4, 5, 6], p_whole => true);
select is(pg_temp.seen(1, array[1, 3, 4, 5, 6, 99]), '04 05', 'those with whom one writes are seen, and nobody else');
select is(pg_temp.seen(4, array[5]), 'nobody', 'who is online and no contact is not');
select is(pg_temp.seen(6, array[1, 3, 4, 5]), 'nobody', 'not even by a moderator');
insert into rolecall.user_blocks (blocker_id, blocked_id) values (pg_temp.demo(4), pg_temp.demo(1));
select is(pg_temp.seen(1, array[4, 5]), '05', 'nor who has blocked them');
select is(pg_temp.seen(4, array[1]), 'nobody', 'nor whom they have blocked');
delete from rolecall.user_blocks;
update rolecall.profiles set suspended_until = 'infinity' where id = pg_temp.demo(4);
select is(pg_temp.seen(1, array[4, 5]), '05', 'nor who is suspended');
update rolecall.profiles set suspended_until = null where id = pg_temp.demo(4);
insert into rolecall.feature_flag_overrides (name, user_id, rollout) values ('realtime', pg_temp.demo(4), 'disabled');
select is(pg_temp.seen(1, array[4, 5]), '05', 'nor who is out of it');
select is(pg_temp.seen(4, array[1]), 'feature_disabled/feature_disabled', 'who does not see anybody either');
delete from rolecall.feature_flag_overrides;
select is(pg_temp.seen(1, '{}'), 'validation_error/count', 'somebody must be asked about');
select is(
  pg_temp.verdict(
    pg_temp.ask(
      'presence', pg_temp.demo(1), jsonb_build_object('user_ids', (select jsonb_agg(gen_random_uuid()) from generate_series(1, asked)))
    )
  ),
  verdict,
  format('%s at once: %s', asked, verdict)
)
from (values (100, 'ok'), (101, 'validation_error/count')) as bound (asked, verdict);
update rolecall.relays set seen_at = now() - interval '3 minutes';
select is(pg_temp.seen(1, array[4, 5]), 'nobody', 'while no relay looks nobody is known to be there');
select pg_temp.lead();

-- Without an account
select rolecall.delete_account(pg_temp.demo(4));
select is(pg_temp.online(), '01 03 05 06', 'who has their account deleted is not there any more');
select * from finish();
rollback;
