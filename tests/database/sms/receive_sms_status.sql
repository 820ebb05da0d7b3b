-- receive_sms_status: a status of the carrier takes a message further, and never back.
begin;
\ir ../support/calls.psql
select no_plan();

insert into rolecall.organizations (id, name) values (pg_temp.demo(90), 'Paws');
insert into rolecall.message_numbers (id, organization_id, e164, class)
values (pg_temp.demo(71), pg_temp.demo(90), '+12025550171', 'pool');
insert into rolecall.clients (id, organization_id, phone)
values (pg_temp.demo(60), pg_temp.demo(90), '+12025550160');
insert into rolecall.message_threads (id, organization_id, client_id, number_id, number_class)
values (pg_temp.demo(61), pg_temp.demo(90), pg_temp.demo(60), pg_temp.demo(71), 'pool');

-- A message whose row of the outbox stands like this: the row's id.
create function pg_temp.outbox(p_status text, p_sid text default null)
returns uuid
language plpgsql
as $$
declare
  v_message rolecall.thread_messages;
  v_id uuid;
begin
  v_message.organization_id := pg_temp.demo(90);
  v_message.thread_id := pg_temp.demo(61);
  v_message.direction := 'outbound';
  v_message.client_id := pg_temp.demo(60);
  v_message.content := 'On my way';
  v_message.delivery := 'queued';
  v_id := rolecall_internal.enqueue_sms(rolecall_internal.append_message(v_message));
  update rolecall.sms_outbox
  set
    status = p_status,
    carrier_sid = p_sid,
    lease = gen_random_uuid(),
    leased_until = case when p_status = 'leased' then now() + interval '1 minute' end
  where id = v_id;
  return v_id;
end
$$;

create function pg_temp.report(p_id text, p_status text, p_sid text default 'SM1', p_error int default null)
returns text
language sql
return pg_temp.ask_as_operator(
  'receive_sms_status',
  p_input => jsonb_strip_nulls(
    jsonb_build_object('id', p_id, 'message_sid', p_sid, 'status', p_status, 'error_code', p_error)
  )
) #>> '{data,decision}';

-- What a report makes of a message that stood like this: the decision, and where the message stands then.
create function pg_temp.moves(p_from text, p_status text)
returns text
language plpgsql
as $$
declare
  v_id uuid := pg_temp.outbox(p_from);
  v_decision text := pg_temp.report(v_id::text, p_status);
begin
  return (
    select concat_ws(' ', v_decision, outbox.status, message.delivery)
    from rolecall.sms_outbox as outbox
    join rolecall.thread_messages as message using (organization_id, thread_id, seq)
    where outbox.id = v_id
  );
end
$$;

select results_eq(
  $$
    select stands.stands, report.report, pg_temp.moves(stands.stands, report.report)
    from unnest(array['queued', 'leased', 'uncertain', 'dead', 'sent']) with ordinality as stands (stands, number)
    cross join unnest(array['queued', 'sent', 'delivered', 'undelivered', 'failed']) with ordinality as report (report, number)
    order by stands.number, report.number
  $$,
  $$
    select
      stands.stands,
      report.report,
      case
        when stands.stands = 'sent' and report.report in ('queued', 'sent') then 'unchanged sent sent'
        when report.report = 'queued' then 'settled sent sent'
        else format('settled %1$s %1$s', report.report)
      end
    from unnest(array['queued', 'leased', 'uncertain', 'dead', 'sent']) with ordinality as stands (stands, number)
    cross join unnest(array['queued', 'sent', 'delivered', 'undelivered', 'failed']) with ordinality as report (report, number)
    order by stands.number, report.number
  $$,
  'what may or may not have been sent is settled; the message follows'
);
select is_empty(
  $$
    select stands, report, pg_temp.moves(stands, report)
    from unnest(array['delivered', 'undelivered', 'failed']) as stands
    cross join unnest(array['queued', 'sent', 'delivered', 'undelivered', 'failed']) as report
    where pg_temp.moves(stands, report) <> format('unchanged %1$s %1$s', stands)
  $$,
  'what has ended stays as it is'
);
select is(
  (select array_agg(pg_temp.moves('uncertain', status) order by status) from unnest(array['accepted', 'canceled', 'read', 'scheduled', 'sending']) as status),
  '{"settled sent sent","settled failed failed","settled delivered delivered","settled sent sent","settled sent sent"}',
  'the carrier''s other statuses have their place'
);

-- Errors
create temp table message as select pg_temp.outbox('sent', 'SM1') as id;
select is(pg_temp.report((select id::text from message), 'undelivered', p_error => 30005), 'settled', 'a message that did not arrive');
select is(
  (select (outbox.status, outbox.error_code, sent.delivery, sent.error_code)::text
   from rolecall.sms_outbox as outbox
   join rolecall.thread_messages as sent using (organization_id, thread_id, seq)
   where outbox.id = (select id from message)),
  '(undelivered,30005,undelivered,30005)',
  'has the carrier''s error'
);
select is((select count(*) from rolecall.opt_outs), 0::bigint, 'nobody is out by that');
update message set id = pg_temp.outbox('sent', 'SM1');
select is(pg_temp.report((select id::text from message), 'failed', p_error => 21610), 'settled', 'error 21610');
select is((select (client_id, source)::text from rolecall.opt_outs), (pg_temp.demo(60), 'carrier')::text, 'opts the client out');
delete from rolecall.opt_outs;
select is(pg_temp.report((select id::text from message), 'failed', p_error => 21610), 'unchanged', 'the same report again');
select is((select count(*) from rolecall.opt_outs), 0::bigint, 'does not: the client may be back');

-- What is unknown
update message set id = pg_temp.outbox('sent', 'SM1');
select is(pg_temp.report('00000000-0000-4000-8000-000000000999', 'delivered'), 'unknown', 'a row that there is not');
select is(pg_temp.report('x', 'delivered'), 'unknown', 'an id that is none');
select is(pg_temp.report((select id::text from message), 'teleported'), 'unknown', 'a status that there is not');
select is(pg_temp.report((select id::text from message), 'delivered', 'SM2'), 'unknown', 'another message of the carrier');
select is((select status from rolecall.sms_outbox where id = (select id from message)), 'sent', 'they change nothing');
select is(
  (select sum(requests) from rolecall.request_metrics where function = 'receive-sms.unknown-status' and code = 'ok'),
  4::numeric,
  'and are counted'
);
select is(
  pg_temp.verdict(pg_temp.ask('receive_sms_status', pg_temp.demo(1), '{}')),
  'permission_denied/operator_only',
  'no user reports'
);

select * from finish();
rollback;
