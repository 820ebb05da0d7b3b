-- Threads and messages through PostgREST: the same rows as over HTTP for each role, none of another organisation, and no
-- content.
begin;
\ir ../support/calls.psql
\ir ../support/paws.psql
select no_plan();

create function pg_temp.append(
  p_thread int,
  p_direction text,
  p_kind text default 'text',
  p_sitter int default null,
  p_author int default null,
  p_delivery text default 'received',
  p_in_inbox boolean default false
)
returns void
language plpgsql
as $$
declare
  v_message rolecall.thread_messages;
begin
  select organization_id, id, client_id
  into v_message.organization_id, v_message.thread_id, v_message.client_id
  from rolecall.message_threads
  where id = pg_temp.demo(p_thread);
  v_message.direction := p_direction;
  v_message.kind := p_kind;
  v_message.sitter_id := case when p_sitter is not null then pg_temp.demo(p_sitter) end;
  v_message.author_id := case when p_author is not null then pg_temp.demo(p_author) end;
  v_message.content := 'Something';
  v_message.delivery := p_delivery;
  perform rolecall_internal.append_message(v_message, p_in_inbox);
end
$$;
-- Of each kind, in the thread of sitter 73 and client 75, in the other client's, and in the other organisation's.
select pg_temp.append(thread, 'inbound', p_sitter => case when thread = 61 then 73 end),
  pg_temp.append(thread, 'inbound', p_sitter => case when thread = 61 then 74 end),
  pg_temp.append(thread, 'inbound', p_in_inbox => true),
  pg_temp.append(thread, 'inbound', p_delivery => 'blocked'),
  pg_temp.append(thread, 'outbound', p_author => 71, p_delivery => 'queued'),
  pg_temp.append(thread, 'outbound', p_author => 71, p_delivery => 'blocked'),
  pg_temp.append(thread, 'outbound', p_author => 73, p_sitter => 73, p_delivery => 'queued'),
  pg_temp.append(thread, 'outbound', p_author => 73, p_sitter => 73, p_delivery => 'blocked'),
  pg_temp.append(thread, 'outbound', p_author => 74, p_sitter => 74, p_delivery => 'queued'),
  pg_temp.append(thread, 'outbound', 'automatic_reply', p_delivery => 'sent')
from unnest(array[61, 62, 63]) as thread;
select rolecall_internal.notice(pg_temp.demo(90), pg_temp.demo(92), pg_temp.demo(81), null, 'Look');

create function pg_temp.seen(p_user int, p_table text)
returns text
language sql
return pg_temp.run_as('authenticated', pg_temp.demo(p_user), format('select count(*) from rolecall.%I', p_table));
-- What the functions show of every thread.
create function pg_temp.shown(p_user int)
returns bigint
language sql
return (
  select count(distinct message ->> 'id')
  from rolecall.message_threads as thread
  cross join lateral jsonb_array_elements(
    coalesce(
      pg_temp.ask('thread_messages', pg_temp.demo(p_user), jsonb_build_object('thread_id', thread.id)) #> '{data,messages}', '[]'
    )
  ) as message
);

select is(pg_temp.seen(who, 'message_threads'), threads, format('%s sees %s threads', who, threads))
from (
  values (71, '3'), (72, '3'), (73, '1'), (74, '0'), (75, '1'), (76, '0'), (77, '2'), (1, '0')
) as asked (who, threads);
select is(pg_temp.seen(who, 'thread_messages'), messages, format('%s sees %s messages', who, messages))
from (
  values (71, '21'), (72, '21'), (73, '4'), (74, '0'), (75, '8'), (76, '0'), (77, '10'), (1, '0')
) as asked (who, messages);
select is(
  pg_temp.seen(who, 'thread_messages'), pg_temp.shown(who)::text, who || ' sees the same messages as through the functions'
)
from unnest(array[71, 72, 73, 74, 75, 76, 77, 1]) as who;
select is(
  pg_temp.run_as(
    'authenticated', pg_temp.demo(who), format('select count(*) from rolecall.%I where organization_id = %L', name, pg_temp.demo(90))
  ),
  '0',
  format('%s sees no row of %s of another organisation', who, name)
)
from unnest(array['message_threads', 'thread_messages']) as name
cross join unnest(array[77, 1]) as who;
select is(
  pg_temp.run_as('authenticated', pg_temp.demo(71), format('select %s from rolecall.%I', column_name, table_name)),
  '42501',
  format('nobody reads %s of %s', column_name, table_name)
)
from (
  values
    ('thread_messages', 'content'), ('thread_messages', 'media_urls'), ('thread_messages', 'author_id'),
    ('thread_messages', 'sitter_id'), ('thread_messages', 'carrier_sid'), ('message_threads', 'sitter_id'),
    ('message_threads', 'number_id'), ('thread_messages', '*')
) as hidden (table_name, column_name);
select is(
  pg_temp.run_as('authenticated', pg_temp.demo(71), format('select count(*) from rolecall.%I', table_name)),
  '42501',
  format('%s is the operator''s', table_name)
)
from unnest(array[
  'clients', 'message_numbers', 'bookings', 'service_buffers', 'assignment_windows', 'thread_reads', 'routing_decisions',
  'anti_poaching_attempts', 'opt_outs', 'automatic_replies', 'sms_outbox'
]) as table_name;
select is(
  pg_temp.run_as('authenticated', pg_temp.demo(71), statement), '42501', format('nobody writes: %s', statement)
)
from unnest(array[
  'update rolecall.message_threads set status = $$closed$$', 'delete from rolecall.thread_messages',
  'update rolecall.thread_messages set delivery = $$queued$$'
]) as statement;

-- Windows and flags decide here, too.
update rolecall.assignment_windows set starts_at = now() - interval '2 hours', ends_at = now();
select is(pg_temp.seen(73, 'message_threads'), '0', 'a sitter whose window has closed sees nothing any more');
select is(pg_temp.seen(73, 'thread_messages'), '0', 'and no message');
update rolecall.assignment_windows set starts_at = now() + interval '1 hour', ends_at = now() + interval '2 hours';
select is(pg_temp.seen(73, 'thread_messages'), '4', 'before it opens they read what was theirs');
update rolecall.message_threads set scope = 'billing' where id = pg_temp.demo(61);
select is(pg_temp.seen(73, 'message_threads'), '0', 'billing is hidden from sitters');
update rolecall.message_threads set scope = 'client' where id = pg_temp.demo(61);
update rolecall.feature_flag_overrides set rollout = 'disabled' where name = 'sitter_messages_v1';
select is(pg_temp.seen(73, 'message_threads'), '0', 'the flag of sitters hides threads from them');
select is(pg_temp.seen(71, 'message_threads'), '3', 'and from nobody else');
update rolecall.feature_flag_overrides set rollout = 'disabled' where name = 'messaging_v1';
select is(pg_temp.seen(who, 'message_threads'), '0', 'the flag of texting hides threads from ' || who)
from unnest(array[71, 73, 75]) as who;
update rolecall.feature_flag_overrides set rollout = 'enabled';
select is(pg_temp.seen(71, 'message_threads'), '3', 'and they return with it');

select * from finish();
rollback;
