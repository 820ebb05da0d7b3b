-- Who may execute, read and write what: every function and every table of the schemas of Rolecall is named here with the
-- roles that have a right to it, so that a new one without a decision fails, and so does one that is open to somebody
-- else. A right of everybody (public) would show as one of each role.
begin;
\ir ../support/calls.psql
select no_plan();

create temporary table principal (name text);
insert into principal values ('public'), ('anon'), ('authenticated'), ('service_role'), ('rolecall_edge');

-- Schemas
select set_eq(
  $$
  select nspname::text, principal.name
  from pg_namespace
  cross join principal
  where nspname in ('public', 'rolecall', 'edge', 'monitoring')
    and has_schema_privilege(principal.name, oid, 'usage')
  $$,
  $$
  values
    ('public', 'public'), ('public', 'anon'), ('public', 'authenticated'), ('public', 'service_role'),
    ('public', 'rolecall_edge'),
    ('edge', 'rolecall_edge'),
    ('monitoring', 'service_role')
  $$,
  'who can look into which schema'
);
select is_empty(
  $$
  select nspname, principal.name
  from pg_namespace
  cross join principal
  where nspname in ('public', 'rolecall', 'edge', 'monitoring')
    and has_schema_privilege(principal.name, oid, 'create')
  $$,
  'nobody makes anything in them'
);

-- Functions: an empty list is nobody's, but for what runs with the rights of the owner.
create temporary table function_decision (name text primary key, roles text);
insert into function_decision
values
  -- The entry points, for the login of the functions alone.
  ('edge.block_user(jsonb)', 'rolecall_edge'),
  ('edge.blocks(jsonb)', 'rolecall_edge'),
  ('edge.check_permission(jsonb)', 'rolecall_edge'),
  ('edge.delete_message(jsonb)', 'rolecall_edge'),
  ('edge.delete_own_data(jsonb)', 'rolecall_edge'),
  ('edge.diagnostics(jsonb)', 'rolecall_edge'),
  ('edge.export_own_data(jsonb)', 'rolecall_edge'),
  ('edge.health(jsonb)', 'rolecall_edge'),
  ('edge.inbox(jsonb)', 'rolecall_edge'),
  ('edge.lift_suspension(jsonb)', 'rolecall_edge'),
  ('edge.mark_read(jsonb)', 'rolecall_edge'),
  ('edge.messages(jsonb)', 'rolecall_edge'),
  ('edge.moderation_audit(jsonb)', 'rolecall_edge'),
  ('edge.moderation_queue(jsonb)', 'rolecall_edge'),
  ('edge.record_refusal(jsonb)', 'rolecall_edge'),
  ('edge.report_message(jsonb)', 'rolecall_edge'),
  ('edge.reset_broadcast_quotas(jsonb)', 'rolecall_edge'),
  ('edge.restore_message(jsonb)', 'rolecall_edge'),
  ('edge.review_report(jsonb)', 'rolecall_edge'),
  ('edge.send_broadcast(jsonb)', 'rolecall_edge'),
  ('edge.send_dm(jsonb)', 'rolecall_edge'),
  ('edge.start_conversation(jsonb)', 'rolecall_edge'),
  ('edge.suspend_user(jsonb)', 'rolecall_edge'),
  ('edge.unblock_user(jsonb)', 'rolecall_edge'),
  ('edge.unread(jsonb)', 'rolecall_edge'),
  -- The RPCs, for users and their own rights; the import, for the operator.
  ('public.can_user_reply(uuid, uuid)', 'authenticated'),
  ('public.can_user_send_dm(uuid, uuid, uuid)', 'authenticated'),
  ('public.create_conversation_atomic(uuid, uuid, text)', 'authenticated'),
  ('public.get_conversation_v2(uuid, uuid)', 'authenticated'),
  ('public.import_legacy_conversations(jsonb)', 'service_role'),
  ('public.send_message_v2(uuid, uuid, text)', 'authenticated'),
  -- Internal. What policies and constraints call needs a right, in a schema that is closed.
  ('rolecall.answer_blocks(text, jsonb)', ''),
  ('rolecall.answer_moderation(text, jsonb)', ''),
  ('rolecall.archive_participations()', ''),
  ('rolecall.assume_claims(jsonb)', ''),
  ('rolecall.audit_moderation(uuid, text, uuid, uuid, uuid, text, jsonb, jsonb)', ''),
  ('rolecall.bring_back_message(uuid, uuid, uuid, text)', ''),
  ('rolecall.broadcast_limit(text, integer, integer, bigint)', ''),
  ('rolecall.bucket_end_ms(integer)', ''),
  ('rolecall.caller_may_write()', 'authenticated'),
  ('rolecall.caller_organization()', 'authenticated'),
  ('rolecall.check_permission(uuid, jsonb, jsonb)', ''),
  ('rolecall.claim_key(text, uuid, text, jsonb)', ''),
  ('rolecall.claim_keys(text, uuid[], text[], jsonb[])', ''),
  ('rolecall.conversation_cards(uuid, uuid[], text[], boolean, text)', ''),
  ('rolecall.count_help_messages()', ''),
  ('rolecall.count_joined()', ''),
  ('rolecall.count_left()', ''),
  ('rolecall.count_moved()', ''),
  ('rolecall.count_none()', ''),
  ('rolecall.count_reports()', ''),
  ('rolecall.cursor_of(timestamp with time zone, uuid)', ''),
  ('rolecall.cursor_parts(text)', ''),
  ('rolecall.decide(text, app_role, app_role, text[])', ''),
  ('rolecall.deferred_dms(rolecall.dm_item[])', ''),
  ('rolecall.delete_message(uuid, jsonb, text)', ''),
  ('rolecall.delete_own_data(uuid, text)', ''),
  ('rolecall.deletion_class(uuid, uuid)', ''),
  ('rolecall.deletion_of(messages)', ''),
  ('rolecall.diagnose(uuid)', ''),
  ('rolecall.discount_help_messages()', ''),
  ('rolecall.dm_facts(uuid, uuid)', ''),
  ('rolecall.dm_items(jsonb)', ''),
  ('rolecall.erase_messages(uuid, uuid[])', ''),
  ('rolecall.erase_what_is_due()', ''),
  ('rolecall.export_page(uuid, jsonb, text)', ''),
  ('rolecall.export_section(uuid, text, uuid, bigint, uuid)', ''),
  ('rolecall.feature_enabled(text, text, uuid, boolean)', ''),
  ('rolecall.finish(text, jsonb, uuid, jsonb, text, text)', ''),
  ('rolecall.finish_many(text, jsonb, uuid[], jsonb[])', ''),
  ('rolecall.further_figures(uuid)', ''),
  ('rolecall.has_length(text, integer, integer)', ''),
  ('rolecall.help_message(messages_v2)', ''),
  ('rolecall.in_audience(uuid, uuid, app_role[], timestamp with time zone)', 'authenticated'),
  ('rolecall.inbox(uuid, jsonb, text)', ''),
  ('rolecall.inbox_page(uuid, text, timestamp with time zone, uuid, integer)', ''),
  ('rolecall.is_conversation(text, text, uuid, uuid, uuid, uuid, boolean)', 'service_role'),
  ('rolecall.is_message(uuid, text, timestamp with time zone, timestamp with time zone, text, boolean)', 'service_role'),
  ('rolecall.is_role(text)', ''),
  ('rolecall.iso(timestamp with time zone)', ''),
  ('rolecall.judge_broadcast(uuid, uuid, app_role[], text)', ''),
  ('rolecall.judge_dm(uuid, uuid, uuid, text)', ''),
  ('rolecall.judge_dms(rolecall.dm_item[])', ''),
  ('rolecall.judge_moderation(uuid, uuid, text)', ''),
  ('rolecall.judge_reply(uuid, uuid, text)', ''),
  ('rolecall.judge_reply_facts(uuid, app_role, boolean, uuid, text, text, app_role, text[])', ''),
  ('rolecall.mark_read_many(jsonb)', ''),
  ('rolecall.refuse_reused_key()', ''),
  ('rolecall.reply_facts(uuid, uuid)', ''),
  ('rolecall.judge_report(uuid, uuid, text)', ''),
  ('rolecall.judge_suspension(uuid, uuid, text)', ''),
  ('rolecall.legacy_id(text, text)', ''),
  ('rolecall.legacy_time(text)', ''),
  ('rolecall.lift_block(uuid, jsonb, text)', ''),
  ('rolecall.lift_suspension(uuid, jsonb, text)', ''),
  ('rolecall.list_blocks(uuid, jsonb, text)', ''),
  ('rolecall.log_own_data(jsonb, uuid, text, jsonb)', ''),
  ('rolecall.mark_read(uuid, jsonb)', ''),
  ('rolecall.message_json(messages, text)', ''),
  ('rolecall.moderated_message(messages)', ''),
  ('rolecall.moderation_audit(uuid, jsonb, text)', ''),
  ('rolecall.moderation_queue(uuid, jsonb, text)', ''),
  ('rolecall.moment_or_null(text)', ''),
  ('rolecall.page_size(jsonb, integer)', ''),
  ('rolecall.peek_quota(uuid, uuid, integer, integer)', ''),
  ('rolecall.peek_token(uuid, text, double precision)', ''),
  ('rolecall.permission_result(text, rolecall.judgement, jsonb)', ''),
  ('rolecall.quota_day(timestamp with time zone)', ''),
  ('rolecall.quota_day_end(date)', ''),
  ('rolecall.quota_of_limit(jsonb)', ''),
  ('rolecall.rate_limit_entry(text, integer, integer, double precision, boolean)', ''),
  ('rolecall.read_messages(uuid, jsonb, text)', ''),
  ('rolecall.reader_of(uuid, conversations)', ''),
  ('rolecall.refilled(double precision, timestamp with time zone, timestamp with time zone, integer, integer)', ''),
  ('rolecall.refusal(text, text, text, text, jsonb)', ''),
  ('rolecall.refusal_of(rolecall.decision)', ''),
  ('rolecall.refuse_blocker(uuid, text)', ''),
  ('rolecall.refuse_change()', ''),
  ('rolecall.refuse_cursor()', ''),
  ('rolecall.refuse_data_subject(uuid, text)', ''),
  ('rolecall.refuse_disabled()', ''),
  ('rolecall.refuse_help_writer(uuid, uuid)', ''),
  ('rolecall.refuse_non_operator(jsonb)', ''),
  ('rolecall.refuse_non_user(jsonb)', ''),
  ('rolecall.refuse_note(jsonb)', ''),
  ('rolecall.refuse_other_than_caller(uuid)', ''),
  ('rolecall.refuse_overseer(uuid, boolean, text)', ''),
  ('rolecall.refuse_quota(text, integer, jsonb)', ''),
  ('rolecall.refuse_rate(jsonb)', ''),
  ('rolecall.refuse_reader(jsonb, uuid)', ''),
  ('rolecall.refuse_restoring_authors()', ''),
  ('rolecall.refuse_second_report(uuid)', ''),
  ('rolecall.refuse_unknown_conversation()', ''),
  ('rolecall.refuse_without_profile()', ''),
  ('rolecall.rehearse_broadcast(uuid, jsonb, text)', ''),
  ('rolecall.remove_message(uuid, uuid, uuid, text)', ''),
  ('rolecall.report_json(reported_messages)', ''),
  ('rolecall.report_message(uuid, jsonb, text)', ''),
  ('rolecall.reset_broadcast_quotas()', ''),
  ('rolecall.restore_message(uuid, jsonb, text)', ''),
  ('rolecall.review_report(uuid, jsonb, text)', ''),
  ('rolecall.roles_of(jsonb)', ''),
  ('rolecall.rollout_includes(text, text, uuid, boolean)', ''),
  ('rolecall.rollout_of(jsonb, text)', ''),
  ('rolecall.send_broadcast(uuid, jsonb, text)', ''),
  ('rolecall.send_dm(uuid, jsonb, text)', ''),
  ('rolecall.send_dm_many(jsonb)', ''),
  ('rolecall.send_dm_one(jsonb)', ''),
  ('rolecall.send_independent_dms(jsonb, rolecall.dm_item[])', ''),
  ('rolecall.set_block(uuid, jsonb, text)', ''),
  ('rolecall.set_participant_role()', ''),
  ('rolecall.set_suspension(uuid, uuid, timestamp with time zone, uuid, uuid, text)', ''),
  ('rolecall.settle_key(uuid, text, jsonb)', ''),
  ('rolecall.settle_keys(uuid[], text[], jsonb[])', ''),
  ('rolecall.start_help_conversation(uuid, uuid, text, text)', ''),
  ('rolecall.success(jsonb, jsonb)', ''),
  ('rolecall.suspend_user(uuid, jsonb, text)', ''),
  ('rolecall.suspension_json(timestamp with time zone)', ''),
  ('rolecall.take_quota(uuid, uuid, text, integer, integer)', ''),
  ('rolecall.take_token(uuid, text)', ''),
  ('rolecall.take_tokens(uuid[], text)', ''),
  ('rolecall.touch_updated_at()', ''),
  ('rolecall.unread(uuid)', ''),
  ('rolecall.visible_broadcasts(uuid, uuid, uuid)', ''),
  ('rolecall.uuid_or_null(text)', ''),
  ('rolecall.visible_messages(uuid, uuid, uuid, bigint, bigint, boolean, integer)', ''),
  ('rolecall.whole_number(jsonb)', ''),
  ('rolecall.with_limit(jsonb, jsonb)', ''),
  ('rolecall.within_bucket(integer, numeric)', '');

select set_eq(
  $$
  select format('%s.%s(%s)', nspname, proname, oidvectortypes(proargtypes))
  from pg_proc
  join pg_namespace
    on pg_namespace.oid = pronamespace
  where nspname in ('public', 'rolecall', 'edge', 'monitoring')
  $$,
  'select name from function_decision',
  'it is decided of every function who may execute it'
);
select is(
  (
    select coalesce(string_agg(principal.name, ' ' order by principal.name), '')
    from principal
    where has_function_privilege(principal.name, pg_proc.oid, 'execute')
  ),
  roles,
  format('%s: %s', name, coalesce(nullif(roles, ''), 'nobody'))
)
from function_decision
join (
  pg_proc
  join pg_namespace
    on pg_namespace.oid = pronamespace
)
  on format('%s.%s(%s)', nspname, proname, oidvectortypes(proargtypes)) = function_decision.name
order by name;

-- Tables, views and sequences: what signed-in users and the operator may do with the whole of each. The others have
-- nothing anywhere.
create temporary table table_decision (name text primary key, authenticated text, service_role text);
insert into table_decision
values
  ('monitoring.migration', '', 'select'),
  ('monitoring.pending_reports', '', 'select'),
  ('monitoring.quota_reset', '', 'select'),
  ('monitoring.rate_limited_last_hour', '', 'select'),
  ('monitoring.reports_by_status', '', 'select'),
  ('monitoring.requests_last_hour', '', 'select'),
  ('monitoring.suspensions', '', 'select'),
  ('monitoring.unfinished_deletions', '', 'select'),
  ('public.application_logs', '', 'select'),
  ('public.application_logs_id_seq', '', ''),
  ('public.broadcast_limits', 'select', 'select insert update delete'),
  ('public.broadcast_quotas', 'select', 'select insert update delete'),
  ('public.broadcast_receipts', 'select', 'select insert update delete'),
  ('public.broadcasts', 'select', 'select insert update delete'),
  ('public.conversation_participants', 'select', 'select insert update delete'),
  ('public.conversations', 'select', 'select insert update delete'),
  ('public.conversations_v2', 'select', 'select insert update delete'),
  ('public.data_deletions', 'select', 'select'),
  ('public.feature_flags', 'select', 'select insert update delete'),
  ('public.help_requests', 'select', 'select insert update delete'),
  ('public.messages', 'select', 'select insert update delete'),
  ('public.messages_v2', 'select delete', 'select insert update delete'),
  ('public.moderation_audit', '', 'select'),
  ('public.organizations', 'select', 'select insert update delete'),
  ('public.profiles', '', 'select insert update delete'),
  ('public.quota_runs', '', 'select'),
  ('public.rate_limits', 'select', 'select insert update delete'),
  ('public.reported_messages', '', 'select'),
  ('public.show_participants', 'select', 'select insert update delete'),
  ('public.shows', 'select', 'select insert update delete'),
  ('public.user_blocks', 'select insert delete', 'select insert update delete'),
  ('rolecall.erasures_due', '', ''),
  ('rolecall.help_message_counts', '', ''),
  ('rolecall.idempotency_records', '', ''),
  ('rolecall.participations', '', ''),
  ('rolecall.past_participations', '', ''),
  ('rolecall.permission_guards', '', ''),
  ('rolecall.permission_rules', '', ''),
  ('rolecall.rate_buckets', '', ''),
  ('rolecall.removed_contents', '', ''),
  ('rolecall.report_counts', '', ''),
  ('rolecall.request_metrics', '', ''),
  ('rolecall.schema_migrations', '', ''),
  ('rolecall.show_audience', '', ''),
  ('rolecall.show_threads', '', '');

select set_eq(
  $$
  select format('%s.%s', nspname, relname)
  from pg_class
  join pg_namespace
    on pg_namespace.oid = relnamespace
  where nspname in ('public', 'rolecall', 'edge', 'monitoring')
    and relkind in ('r', 'p', 'v', 'm', 'f', 'S')
  $$,
  'select name from table_decision',
  'it is decided of every table who may read and write it'
);
select is(
  (
    select coalesce(string_agg(privilege, ' ' order by position), '')
    from unnest(array['select', 'insert', 'update', 'delete', 'truncate', 'references', 'trigger'])
      with ordinality as each (privilege, position)
    where has_table_privilege(principal.name, pg_class.oid, privilege)
  ),
  case principal.name
    when 'authenticated' then authenticated
    when 'service_role' then service_role
    else ''
  end,
  format(
    '%s on %s: %s',
    principal.name,
    table_decision.name,
    coalesce(
      nullif(case principal.name when 'authenticated' then authenticated when 'service_role' then service_role end, ''),
      'nothing'
    )
  )
)
from table_decision
join (
  pg_class
  join pg_namespace
    on pg_namespace.oid = relnamespace
)
  on format('%s.%s', nspname, relname) = table_decision.name
  and relkind <> 'S'
cross join principal
order by table_decision.name, principal.name;
select is_empty(
  $$
  select pg_class.oid::regclass, principal.name
  from pg_class
  cross join principal
  where relnamespace::regnamespace::text in ('public', 'rolecall', 'edge', 'monitoring')
    and relkind = 'S'
    and has_sequence_privilege(principal.name, pg_class.oid, 'usage, select, update')
  $$,
  'sequences are nobody''s'
);

-- Columns, where not the whole table is meant.
select set_eq(
  $$
  select pg_class.oid::regclass::text, principal.name, privilege, string_agg(attname, ' ' order by attname collate "C")
  from pg_class
  join pg_attribute
    on attrelid = pg_class.oid
    and attnum > 0
    and not attisdropped
  cross join principal
  cross join unnest(array['select', 'insert', 'update', 'references']) as privilege
  where relnamespace::regnamespace::text in ('public', 'rolecall', 'edge', 'monitoring')
    and relkind in ('r', 'p', 'v', 'm', 'f')
    and not has_table_privilege(principal.name, pg_class.oid, privilege)
    and has_column_privilege(principal.name, pg_class.oid, attnum, privilege)
  group by pg_class.oid, principal.name, privilege
  $$,
  $$
  values
    ('conversations_v2', 'authenticated', 'update', 'status'),
    ('help_requests', 'authenticated', 'insert', 'description id requester_id title'),
    ('help_requests', 'authenticated', 'update', 'description status title'),
    ('messages_v2', 'authenticated', 'update', 'content'),
    ('profiles', 'authenticated', 'select', 'created_at display_name id role updated_at'),
    ('profiles', 'authenticated', 'update', 'display_name'),
    ('reported_messages', 'authenticated', 'select', 'conversation_id created_at id message_id reason reporter_id status')
  $$,
  'which columns alone'
);

select * from finish();
rollback;
