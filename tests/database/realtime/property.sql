-- What is pushed to a user, GET answers with 200 for that user, and says the same: over many things that happen in an order
-- that chance decides, with people blocked, suspended, removed and switched off between what happens and the taking.
begin;
\ir ../support/calls.psql
\ir ../support/paws.psql
\ir ../support/relay.psql
\ir ../support/pushed.psql
select no_plan();
update rolecall.rate_limits set capacity = 1000000;
update rolecall.broadcast_limits set per_quota_day = 1000000;
select pg_temp.lead();
insert into rolecall.presence (user_id)
select id
from rolecall.profiles;

create temporary table wrong (step int, who uuid, event jsonb, answer jsonb);
create temporary table checked (type text, domain text, events bigint);

create function pg_temp.check_all(p_step int)
returns void
language plpgsql
as $$
begin
  perform pg_temp.publish();
  insert into wrong
  select p_step, who, event, answer
  from published
  cross join lateral pg_temp.differs(who, event) as answer
  where answer is not null;
  insert into checked
  select event ->> 'type', event ->> 'domain', count(*)
  from published
  group by 1, 2;
  delete from published;
end
$$;

-- One thing that happens, by number.
create function pg_temp.happen(p_what int)
returns void
language plpgsql
as $$
declare
  v_people uuid[] := array[pg_temp.demo(1), pg_temp.demo(2), pg_temp.demo(3), pg_temp.demo(4), pg_temp.demo(5), pg_temp.demo(6)];
  v_one uuid := v_people[1 + floor(random() * 6)];
  v_other uuid := v_people[1 + floor(random() * 6)];
  v_member uuid := pg_temp.demo(70 + 1 + floor(random() * 7)::int);
  v_conversation rolecall.conversations;
  v_help public.conversations_v2;
begin
  select * into v_conversation from rolecall.conversations order by random() limit 1;
  select * into v_help from public.conversations_v2 order by random() limit 1;
  case p_what
    when 0, 1, 2, 3 then
      perform pg_temp.ask('send_dm', v_one, jsonb_build_object('recipient_id', v_other, 'content', 'Hello ' || random()));
    when 4, 5, 6 then
      perform pg_temp.ask(
        'send_dm', coalesce(v_conversation.participant_low, v_one),
        jsonb_build_object('conversation_id', v_conversation.id, 'content', 'Reply ' || random())
      );
    when 7 then
      perform pg_temp.ask('mark_read', v_one, jsonb_build_object('conversation_id', v_conversation.id, 'up_to_seq', v_conversation.last_seq));
    when 8 then
      perform pg_temp.ask(
        'delete_message', coalesce(message.sender_id, v_one), jsonb_build_object('message_id', message.id, 'reason', 'It is wrong')
      )
      from (select * from rolecall.messages where deleted_at is null order by random() limit 1) as message;
    when 9 then
      perform pg_temp.ask(
        'delete_message', pg_temp.demo(6), jsonb_build_object('message_id', message.id, 'reason', 'It is wrong')
      )
      from (select * from rolecall.messages where deleted_at is null order by random() limit 1) as message;
    when 10 then
      perform pg_temp.ask(
        'restore_message', pg_temp.demo(6), jsonb_build_object('message_id', message.id, 'reason', 'It was right')
      )
      from (select * from rolecall.messages where deleted_at is not null order by random() limit 1) as message;
    when 11 then
      perform pg_temp.ask('block_user', v_one, jsonb_build_object('blocked_id', v_other));
    when 12, 13 then
      delete from rolecall.user_blocks where random() < 0.7;
    when 14 then
      update rolecall.profiles set suspended_until = 'infinity' where id in (v_one, v_member);
    when 15, 16 then
      update rolecall.profiles set suspended_until = null where suspended_until is not null;
    when 17 then
      insert into rolecall.feature_flag_overrides (name, user_id, rollout)
      select (array['realtime', 'conversations', 'help-conversations'])[1 + floor(random() * 3)], v_one, 'disabled'
      on conflict do nothing;
    when 18 then
      delete from rolecall.feature_flag_overrides where user_id is not null;
    when 19, 20 then
      perform pg_temp.ask(
        'send_broadcast', pg_temp.demo(5),
        jsonb_build_object('show_id', pg_temp.demo(11), 'recipient_roles', '["attendee", "dealer", "mvp_dealer"]'::jsonb, 'message', 'News ' || random())
      );
    when 21 then
      delete from rolecall.show_participants where show_id = pg_temp.demo(11) and user_id = v_one;
    when 22 then
      insert into rolecall.show_participants (show_id, user_id, role)
      select pg_temp.demo(11), id, role from rolecall.profiles where id = v_one and id <> pg_temp.demo(5)
      on conflict do nothing;
    when 23 then
      perform pg_temp.ask(
        'start_conversation', v_one,
        jsonb_build_object('help_request_id', (select id from rolecall.help_requests order by random() limit 1), 'initial_message', 'I can help you with that ' || random())
      );
    when 24, 25 then
      perform pg_temp.ask(
        'send_help_message', case when random() < 0.5 then v_help.helper_id else v_help.requester_id end,
        jsonb_build_object('conversation_id', v_help.id, 'content', 'About help ' || random())
      );
    when 26 then
      delete from public.messages_v2 where id = (select id from public.messages_v2 order by random() limit 1);
    when 27 then
      update public.messages_v2 set content = 'Corrected ' || random() where id = (select id from public.messages_v2 order by random() limit 1);
    when 28 then
      update public.conversations_v2 set status = case status when 'active' then 'completed' else 'active' end where id = v_help.id;
    when 29, 30, 31 then
      perform pg_temp.send((70 + 1 + floor(random() * 5))::int, (61 + floor(random() * 3))::int, 'To the client ' || random());
    when 32 then
      perform pg_temp.send(
        73, 61, 'Call 202 555 0123', '{"violations": [{"kind": "phone", "value": "+12025550123"}], "redacted": "Call [phone]"}'
      );
    when 33 then
      update rolecall.assignment_windows
      set
        closed_at = case when closed_at is null and random() < 0.5 then now() end,
        starts_at = now() - interval '1 hour',
        ends_at = now() + (random() - 0.3) * interval '1 hour'
      where sitter_id is not null;
    when 34 then
      update rolecall.thread_messages set delivery = 'delivered' where delivery = 'queued' and random() < 0.3;
    when 35 then
      perform pg_temp.ask('mark_thread_read', v_member, jsonb_build_object('thread_id', pg_temp.demo(61)));
    when 36 then
      update rolecall.message_threads
      set status = case status when 'open' then 'closed' else 'open' end
      where id = pg_temp.demo(62);
    when 37 then
      update rolecall.profiles
      set organization_id = case organization_id when pg_temp.demo(90) then pg_temp.demo(91) else pg_temp.demo(90) end
      where id = pg_temp.demo(72);
    when 38 then
      -- Nobody types in a conversation of others.
      perform pg_temp.ask(
        'typing',
        coalesce(case when random() < 0.5 then v_conversation.participant_low else v_conversation.participant_high end, v_one),
        jsonb_build_object('conversation_id', v_conversation.id)
      );
    when 39 then
      perform pg_temp.relay('presence', jsonb_build_object('online', jsonb_build_array(v_one), 'offline', jsonb_build_array(v_other)));
    when 40 then
      update rolecall.conversations set read_only = not read_only where id = v_conversation.id and kind = 'direct';
    when 41 then
      perform pg_temp.ask('mark_unread', v_one, jsonb_build_object('conversation_id', v_conversation.id));
  end case;
end
$$;

do $$
begin
  perform setseed(0.13);
  for v_step in 1..900 loop
    perform pg_temp.happen(floor(random() * 42)::int);
    if random() < 0.4 then
      perform pg_temp.check_all(v_step);
    end if;
  end loop;
  perform pg_temp.check_all(901);
end
$$;
select is_empty(
  $$ select step, who, jsonb_pretty(event), left(answer::text, 1500) from wrong order by step limit 3 $$,
  'whatever is pushed, GET answers, and says the same'
);
select cmp_ok(events::int, '>=', least, format('%s of %s was pushed', type, domain))
from (
  values
    ('message.created', 'conversations', 66),
    ('message.changed', 'conversations', 16),
    ('read', 'conversations', 6),
    ('typing', 'conversations', 1),
    ('conversation.changed', 'conversations', 6),
    ('message.created', 'help', 10),
    ('message.changed', 'help', 3),
    ('conversation.changed', 'help', 3),
    ('message.created', 'threads', 16),
    ('message.changed', 'threads', 6),
    ('read', 'threads', 1),
    ('member.changed', 'threads', 3),
    ('conversation.changed', 'threads', 3),
    ('presence', null, 6)
) as wanted (type, domain, least)
left join lateral (
  select coalesce(sum(checked.events), 0) as events
  from checked
  where checked.type = wanted.type
    and checked.domain is not distinct from wanted.domain
) as found
  on true;
select * from finish();
rollback;
