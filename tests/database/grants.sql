-- Who may execute, read and write what: every function and every table of the schemas of Rolecall is named here with the
-- roles that have a right to it, so that a new one without a decision fails, and so does one that is open to somebody
-- else. A right of everybody (public) would show as one of each role.
begin;
\ir support/calls.psql
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
  ('rolecall_edge.block_user(jsonb)', 'rolecall_edge'),
  ('rolecall_edge.blocks(jsonb)', 'rolecall_edge'),
  ('rolecall_edge.check_permission(jsonb)', 'rolecall_edge'),
  ('rolecall_edge.delete_message(jsonb)', 'rolecall_edge'),
  ('rolecall_edge.delete_own_data(jsonb)', 'rolecall_edge'),
  ('rolecall_edge.diagnostics(jsonb)', 'rolecall_edge'),
  ('rolecall_edge.export_own_data(jsonb)', 'rolecall_edge'),
  ('rolecall_edge.health(jsonb)', 'rolecall_edge'),
  ('rolecall_edge.inbox(jsonb)', 'rolecall_edge'),
  ('rolecall_edge.lift_suspension(jsonb)', 'rolecall_edge'),
  ('rolecall_edge.mark_read(jsonb)', 'rolecall_edge'),
  ('rolecall_edge.messages(jsonb)', 'rolecall_edge'),
  ('rolecall_edge.moderation_audit(jsonb)', 'rolecall_edge'),
  ('rolecall_edge.moderation_queue(jsonb)', 'rolecall_edge'),
  ('rolecall_edge.record_refusal(jsonb)', 'rolecall_edge'),
  ('rolecall_edge.report_message(jsonb)', 'rolecall_edge'),
  ('rolecall_edge.reset_broadcast_quotas(jsonb)', 'rolecall_edge'),
  ('rolecall_edge.restore_message(jsonb)', 'rolecall_edge'),
  ('rolecall_edge.review_report(jsonb)', 'rolecall_edge'),
  ('rolecall_edge.send_broadcast(jsonb)', 'rolecall_edge'),
  ('rolecall_edge.send_dm(jsonb)', 'rolecall_edge'),
  ('rolecall_edge.start_conversation(jsonb)', 'rolecall_edge'),
  ('rolecall_edge.suspend_user(jsonb)', 'rolecall_edge'),
  ('rolecall_edge.unblock_user(jsonb)', 'rolecall_edge'),
  ('rolecall_edge.unread(jsonb)', 'rolecall_edge'),
  -- The RPCs, for users and their own rights; the import, for the operator.
  ('public.can_user_reply(uuid, uuid)', 'authenticated'),
  ('public.can_user_send_dm(uuid, uuid, uuid)', 'authenticated'),
  ('public.create_conversation_atomic(uuid, uuid, text)', 'authenticated'),
  ('public.get_conversation_v2(uuid, uuid)', 'authenticated'),
  ('rolecall.import_legacy_conversations(jsonb)', 'service_role'),
  ('public.send_message_v2(uuid, uuid, text)', 'authenticated'),
  -- Internal. What policies and constraints call needs a right, in a schema that is closed.
  ('rolecall_internal.answer_blocks(text, jsonb)', ''),
  ('rolecall_internal.answer_moderation(text, jsonb)', ''),
  ('rolecall_internal.archive_participations()', ''),
  ('rolecall_internal.assume_claims(jsonb)', ''),
  ('rolecall_internal.audit_moderation(uuid, text, uuid, uuid, uuid, text, jsonb, jsonb)', ''),
  ('rolecall_internal.bring_back_message(uuid, uuid, uuid, text)', ''),
  ('rolecall_internal.broadcast_limit(text, integer, integer, bigint)', ''),
  ('rolecall_internal.bucket_end_ms(integer)', ''),
  ('rolecall_internal.caller_may_write()', 'authenticated'),
  ('rolecall_internal.caller_organization()', 'authenticated'),
  ('rolecall_internal.check_permission(uuid, jsonb, jsonb)', ''),
  ('rolecall_internal.claim_key(text, uuid, text, jsonb)', ''),
  ('rolecall_internal.claim_keys(text, uuid[], text[], jsonb[])', ''),
  ('rolecall_internal.conversation_cards(uuid, uuid[], text[], boolean, text)', ''),
  ('rolecall_internal.count_help_messages()', ''),
  ('rolecall_internal.count_joined()', ''),
  ('rolecall_internal.count_left()', ''),
  ('rolecall_internal.count_moved()', ''),
  ('rolecall_internal.count_none()', ''),
  ('rolecall_internal.count_reports()', ''),
  ('rolecall_internal.cursor_of(timestamp with time zone, uuid)', ''),
  ('rolecall_internal.cursor_parts(text)', ''),
  ('rolecall_internal.decide(text, app_role, app_role, text[])', ''),
  ('rolecall_internal.deferred_dms(rolecall.dm_item[])', ''),
  ('rolecall_internal.delete_message(uuid, jsonb, text)', ''),
  ('rolecall_internal.delete_own_data(uuid, text)', ''),
  ('rolecall_internal.deletion_class(uuid, uuid)', ''),
  ('rolecall_internal.deletion_of(messages)', ''),
  ('rolecall_internal.diagnose(uuid)', ''),
  ('rolecall_internal.discount_help_messages()', ''),
  ('rolecall_internal.dm_facts(uuid, uuid)', ''),
  ('rolecall_internal.dm_items(jsonb)', ''),
  ('rolecall_internal.erase_messages(uuid, uuid[])', ''),
  ('rolecall_internal.erase_what_is_due()', ''),
  ('rolecall_internal.export_page(uuid, jsonb, text)', ''),
  ('rolecall_internal.export_section(uuid, text, uuid, bigint, uuid)', ''),
  ('rolecall_internal.feature_enabled(text, text, uuid, boolean)', ''),
  ('rolecall_internal.finish(text, jsonb, uuid, jsonb, text, text)', ''),
  ('rolecall_internal.finish_many(text, jsonb, uuid[], jsonb[])', ''),
  ('rolecall_internal.further_figures(uuid)', ''),
  ('rolecall_internal.has_length(text, integer, integer)', ''),
  ('rolecall_internal.help_message(messages_v2)', ''),
  ('rolecall_internal.in_audience(uuid, uuid, app_role[], timestamp with time zone)', 'authenticated'),
  ('rolecall_internal.inbox(uuid, jsonb, text)', ''),
  ('rolecall_internal.inbox_page(uuid, text, timestamp with time zone, uuid, integer)', ''),
  ('rolecall_internal.is_conversation(text, text, uuid, uuid, uuid, uuid, boolean)', 'service_role'),
  ('rolecall_internal.is_message(uuid, text, timestamp with time zone, timestamp with time zone, text, boolean)', 'service_role'),
  ('rolecall_internal.is_role(text)', ''),
  ('rolecall_internal.iso(timestamp with time zone)', ''),
  ('rolecall_internal.judge_broadcast(uuid, uuid, app_role[], text)', ''),
  ('rolecall_internal.judge_dm(uuid, uuid, uuid, text)', ''),
  ('rolecall_internal.judge_dms(rolecall.dm_item[])', ''),
  ('rolecall_internal.judge_moderation(uuid, uuid, text)', ''),
  ('rolecall_internal.judge_reply(uuid, uuid, text)', ''),
  ('rolecall_internal.judge_reply_facts(uuid, app_role, boolean, uuid, text, text, app_role, text[])', ''),
  ('rolecall_internal.mark_read_many(jsonb)', ''),
  ('rolecall_internal.refuse_reused_key()', ''),
  ('rolecall_internal.reply_facts(uuid, uuid)', ''),
  ('rolecall_internal.judge_report(uuid, uuid, text)', ''),
  ('rolecall_internal.judge_suspension(uuid, uuid, text)', ''),
  ('rolecall_internal.legacy_id(text, text)', ''),
  ('rolecall_internal.legacy_time(text)', ''),
  ('rolecall_internal.lift_block(uuid, jsonb, text)', ''),
  ('rolecall_internal.lift_suspension(uuid, jsonb, text)', ''),
  ('rolecall_internal.list_blocks(uuid, jsonb, text)', ''),
  ('rolecall_internal.log_own_data(jsonb, uuid, text, jsonb)', ''),
  ('rolecall_internal.mark_read(uuid, jsonb)', ''),
  ('rolecall_internal.message_json(messages, text)', ''),
  ('rolecall_internal.moderated_message(messages)', ''),
  ('rolecall_internal.moderation_audit(uuid, jsonb, text)', ''),
  ('rolecall_internal.moderation_queue(uuid, jsonb, text)', ''),
  ('rolecall_internal.moment_or_null(text)', ''),
  ('rolecall_internal.page_size(jsonb, integer)', ''),
  ('rolecall_internal.peek_quota(uuid, uuid, integer, integer)', ''),
  ('rolecall_internal.peek_token(uuid, text, double precision)', ''),
  ('rolecall_internal.permission_result(text, rolecall.judgement, jsonb)', ''),
  ('rolecall_internal.quota_day(timestamp with time zone)', ''),
  ('rolecall_internal.quota_day_end(date)', ''),
  ('rolecall_internal.quota_of_limit(jsonb)', ''),
  ('rolecall_internal.rate_limit_entry(text, integer, integer, double precision, boolean)', ''),
  ('rolecall_internal.read_messages(uuid, jsonb, text)', ''),
  ('rolecall_internal.reader_of(uuid, conversations)', ''),
  ('rolecall_internal.refilled(double precision, timestamp with time zone, timestamp with time zone, integer, integer)', ''),
  ('rolecall_internal.refusal(text, text, text, text, jsonb)', ''),
  ('rolecall_internal.refusal_of(rolecall.decision)', ''),
  ('rolecall_internal.refuse_blocker(uuid, text)', ''),
  ('rolecall_internal.refuse_change()', ''),
  ('rolecall_internal.refuse_cursor()', ''),
  ('rolecall_internal.refuse_data_subject(uuid, text)', ''),
  ('rolecall_internal.refuse_disabled()', ''),
  ('rolecall_internal.refuse_help_writer(uuid, uuid)', ''),
  ('rolecall_internal.refuse_non_operator(jsonb)', ''),
  ('rolecall_internal.refuse_non_user(jsonb)', ''),
  ('rolecall_internal.refuse_note(jsonb)', ''),
  ('rolecall_internal.refuse_other_than_caller(uuid)', ''),
  ('rolecall_internal.refuse_overseer(uuid, boolean, text)', ''),
  ('rolecall_internal.refuse_quota(text, integer, jsonb)', ''),
  ('rolecall_internal.refuse_rate(jsonb)', ''),
  ('rolecall_internal.refuse_reader(jsonb, uuid)', ''),
  ('rolecall_internal.refuse_restoring_authors()', ''),
  ('rolecall_internal.refuse_second_report(uuid)', ''),
  ('rolecall_internal.refuse_unknown_conversation()', ''),
  ('rolecall_internal.refuse_without_profile()', ''),
  ('rolecall_internal.rehearse_broadcast(uuid, jsonb, text)', ''),
  ('rolecall_internal.remove_message(uuid, uuid, uuid, text)', ''),
  ('rolecall_internal.report_json(reported_messages)', ''),
  ('rolecall_internal.report_message(uuid, jsonb, text)', ''),
  ('rolecall_internal.reset_broadcast_quotas()', ''),
  ('rolecall_internal.restore_message(uuid, jsonb, text)', ''),
  ('rolecall_internal.review_report(uuid, jsonb, text)', ''),
  ('rolecall_internal.roles_of(jsonb)', ''),
  ('rolecall_internal.rollout_includes(text, text, uuid, boolean)', ''),
  ('rolecall_internal.rollout_of(jsonb, text)', ''),
  ('rolecall_internal.send_broadcast(uuid, jsonb, text)', ''),
  ('rolecall_internal.send_dm(uuid, jsonb, text)', ''),
  ('rolecall_internal.send_dm_many(jsonb)', ''),
  ('rolecall_internal.send_dm_one(jsonb)', ''),
  ('rolecall_internal.send_independent_dms(jsonb, rolecall.dm_item[])', ''),
  ('rolecall_internal.set_block(uuid, jsonb, text)', ''),
  ('rolecall_internal.set_participant_role()', ''),
  ('rolecall_internal.set_suspension(uuid, uuid, timestamp with time zone, uuid, uuid, text)', ''),
  ('rolecall_internal.settle_key(uuid, text, jsonb)', ''),
  ('rolecall_internal.settle_keys(uuid[], text[], jsonb[])', ''),
  ('rolecall_internal.start_help_conversation(uuid, uuid, text, text)', ''),
  ('rolecall_internal.success(jsonb, jsonb)', ''),
  ('rolecall_internal.suspend_user(uuid, jsonb, text)', ''),
  ('rolecall_internal.suspension_json(timestamp with time zone)', ''),
  ('rolecall_internal.take_quota(uuid, uuid, text, integer, integer)', ''),
  ('rolecall_internal.take_token(uuid, text)', ''),
  ('rolecall_internal.take_tokens(uuid[], text)', ''),
  ('rolecall_internal.touch_updated_at()', ''),
  ('rolecall_internal.unread(uuid)', ''),
  ('rolecall_internal.visible_broadcasts(uuid, uuid, uuid)', ''),
  ('rolecall_internal.uuid_or_null(text)', ''),
  ('rolecall_internal.visible_messages(uuid, uuid, uuid, bigint, bigint, boolean, integer)', ''),
  ('rolecall_internal.whole_number(jsonb)', ''),
  ('rolecall_internal.with_limit(jsonb, jsonb)', ''),
  ('rolecall_internal.within_bucket(integer, numeric)', '');

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
  ('rolecall_monitoring.migration', '', 'select'),
  ('rolecall_monitoring.pending_reports', '', 'select'),
  ('rolecall_monitoring.quota_reset', '', 'select'),
  ('rolecall_monitoring.rate_limited_last_hour', '', 'select'),
  ('rolecall_monitoring.reports_by_status', '', 'select'),
  ('rolecall_monitoring.requests_last_hour', '', 'select'),
  ('rolecall_monitoring.suspensions', '', 'select'),
  ('rolecall_monitoring.unfinished_deletions', '', 'select'),
  ('rolecall.application_logs', '', 'select'),
  ('public.application_logs_id_seq', '', ''),
  ('rolecall.broadcast_limits', 'select', 'select insert update delete'),
  ('rolecall.broadcast_quotas', 'select', 'select insert update delete'),
  ('rolecall.broadcast_receipts', 'select', 'select insert update delete'),
  ('rolecall.broadcasts', 'select', 'select insert update delete'),
  ('rolecall.conversation_participants', 'select', 'select insert update delete'),
  ('rolecall.conversations', 'select', 'select insert update delete'),
  ('public.conversations_v2', 'select', 'select insert update delete'),
  ('rolecall.data_deletions', 'select', 'select'),
  ('rolecall.feature_flags', 'select', 'select insert update delete'),
  ('rolecall.help_requests', 'select', 'select insert update delete'),
  ('rolecall.messages', 'select', 'select insert update delete'),
  ('public.messages_v2', 'select delete', 'select insert update delete'),
  ('rolecall.moderation_audit', '', 'select'),
  ('rolecall.organizations', 'select', 'select insert update delete'),
  ('rolecall.profiles', '', 'select insert update delete'),
  ('rolecall.quota_runs', '', 'select'),
  ('rolecall.rate_limits', 'select', 'select insert update delete'),
  ('rolecall.reported_messages', '', 'select'),
  ('rolecall.show_participants', 'select', 'select insert update delete'),
  ('rolecall.shows', 'select', 'select insert update delete'),
  ('rolecall.user_blocks', 'select insert delete', 'select insert update delete'),
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
