-- can_user_send_dm(sender, recipient, show): what send-dm would say, for oneself alone.
begin;
\ir ../support/calls.psql
select no_plan();

create function pg_temp.can(p_caller int, p_sender int, p_recipient int, p_show int default null)
returns text
language sql
return pg_temp.run_as(
  'authenticated',
  pg_temp.demo(p_caller),
  format(
    'select public.can_user_send_dm(%L, %L, %L)',
    pg_temp.demo(p_sender),
    pg_temp.demo(p_recipient),
    pg_temp.demo(p_show)
  )
);

select is(pg_temp.can(1, 1, 4), 'true', 'an attendee may write to an MVP dealer');
select is(pg_temp.can(1, 1, 3), 'false', 'an attendee may not write to a dealer');
select is(pg_temp.can(3, 3, 4), 'false', 'a dealer may not write at all');
select is(pg_temp.can(4, 4, 1), 'true', 'an MVP dealer may write to an attendee of a show of both');
select is(pg_temp.can(4, 4, 7), 'false', 'an MVP dealer may not write to an attendee of no common show');
select is(pg_temp.can(4, 4, 1, 11), 'true', 'the common show may be named');
delete from rolecall.show_participants where show_id = pg_temp.demo(12) and user_id = pg_temp.demo(1);
select is(pg_temp.can(4, 4, 1, 12), 'false', 'a show that is named must be the common one');
select is(pg_temp.can(4, 4, 1, 11), 'true', 'the other show still is');
select is(pg_temp.can(4, 4, 1), 'true', 'without a name any common show will do');
select is(pg_temp.can(4, 4, 5), 'true', 'an MVP dealer may write to a show organizer');
select is(pg_temp.can(5, 5, 3), 'true', 'a show organizer may write to everyone');

select is(pg_temp.can(1, 1, 1), 'false', 'nobody may write to themselves');
select is(pg_temp.can(1, 1, 99), 'false', 'there must be a recipient');
select is(pg_temp.can(1, 1, 4, 99), 'false', 'there must be a show if one is named');
select is(pg_temp.can(99, 99, 4), 'false', 'who has no profile may not write');

select is(pg_temp.can(1, 5, 3), 'false', 'nobody may ask for somebody else');
select is(
  pg_temp.run_as(
    'authenticated',
    null,
    format('select public.can_user_send_dm(%L, %L)', pg_temp.demo(1), pg_temp.demo(4))
  ),
  'false',
  'a null caller is nobody'
);
select is(
  pg_temp.run_as('authenticated', null, format('select public.can_user_send_dm(null, %L)', pg_temp.demo(4))),
  'false',
  'a null caller asking for a null sender is still nobody'
);
select is(
  pg_temp.run_as('authenticated', pg_temp.demo(1), 'select public.can_user_send_dm(null, null)'),
  'false',
  'null for a sender is not the caller'
);
select is(
  pg_temp.run_as(
    'anon',
    null,
    format('select public.can_user_send_dm(%L, %L)', pg_temp.demo(1), pg_temp.demo(4))
  ),
  '42501',
  'anon may not ask'
);

insert into rolecall.user_blocks (blocker_id, blocked_id) values (pg_temp.demo(4), pg_temp.demo(1));
select is(pg_temp.can(1, 1, 4), 'false', 'who is blocked may not write');
select is(pg_temp.can(4, 4, 1), 'false', 'who blocks may not write either');
delete from rolecall.user_blocks;

update rolecall.profiles set suspended_until = now() + interval '1 hour' where id = pg_temp.demo(1);
select is(pg_temp.can(1, 1, 4), 'false', 'a suspended user may not write');
select is(pg_temp.can(4, 4, 1), 'true', 'but may be written to');
update rolecall.profiles set suspended_until = 'infinity' where id = pg_temp.demo(1);
select is(pg_temp.can(1, 1, 4), 'false', 'a user suspended for good may not write');
update rolecall.profiles set suspended_until = now() where id = pg_temp.demo(1);
select is(pg_temp.can(1, 1, 4), 'true', 'a suspension ends');

update rolecall.feature_flags set rollout = 'disabled' where name = 'send-dm';
select is(pg_temp.can(1, 1, 4), 'false', 'nobody may write while the function is off');
update rolecall.feature_flags set rollout = 'enabled' where name = 'send-dm';

-- Who was written to may answer, whoever may begin.
update rolecall.profiles set role = 'mvp_dealer' where id = pg_temp.demo(7);
select is(pg_temp.can(7, 7, 1), 'false', 'without a conversation an MVP dealer needs a common show');
select is(pg_temp.verdict(pg_temp.ask('send_dm', pg_temp.demo(1), jsonb_build_object('recipient_id', pg_temp.demo(7), 'content', 'Hi'))), 'ok');
select is(pg_temp.can(7, 7, 1), 'true', 'with one they may answer');
update rolecall.conversations set read_only = true;
select is(pg_temp.can(7, 7, 1), 'false', 'unless it is closed');

select * from finish();
rollback;
