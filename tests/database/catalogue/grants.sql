-- Who may execute, read and write what: every table of the schemas of Rolecall, and every function that clients could
-- call, is named here with the roles that have a right to it, so that a new one without a decision fails, and so does one that is open to somebody
-- else. A right of everybody (public) would show as one of each role.
begin;
\ir ../support/calls.psql
select no_plan();

create temporary table principal (name text);
insert into principal values ('public'), ('anon'), ('authenticated'), ('service_role'), ('rolecall_edge'), ('rolecall_relay');

-- Schemas
select set_eq(
  $$
  select nspname::text, principal.name
  from pg_namespace
  cross join principal
  where nspname in ('public', 'rolecall', 'rolecall_internal', 'rolecall_edge', 'rolecall_monitoring', 'rolecall_relay')
    and has_schema_privilege(principal.name, oid, 'usage')
  $$,
  $$
  values
    ('public', 'public'), ('public', 'anon'), ('public', 'authenticated'), ('public', 'service_role'),
    ('public', 'rolecall_edge'), ('public', 'rolecall_relay'),
    ('rolecall', 'authenticated'), ('rolecall', 'service_role'),
    ('rolecall_edge', 'rolecall_edge'),
    ('rolecall_monitoring', 'service_role'),
    ('rolecall_relay', 'rolecall_relay')
  $$,
  'who can look into which schema'
);
select is_empty(
  $$
  select nspname, principal.name
  from pg_namespace
  cross join principal
  where nspname in ('public', 'rolecall', 'rolecall_internal', 'rolecall_edge', 'rolecall_monitoring', 'rolecall_relay')
    and has_schema_privilege(principal.name, oid, 'create')
  $$,
  'nobody makes anything in them'
);

-- Functions. An entry point is for the login of the functions alone, a helper for nobody but what runs with the rights of
-- the owner; who else may execute which is decided here.
create temporary table function_decision (name text primary key, roles text);
insert into function_decision
values
  ('public.can_user_reply(uuid, uuid)', 'authenticated'),
  ('public.can_user_send_dm(uuid, uuid, uuid)', 'authenticated'),
  ('public.create_conversation_atomic(uuid, uuid, text)', 'authenticated'),
  ('public.get_conversation_v2(uuid, uuid)', 'authenticated'),
  ('rolecall.delete_account(uuid)', 'service_role'),
  ('rolecall.import_legacy_conversations(jsonb)', 'service_role'),
  ('public.send_message_v2(uuid, uuid, text)', 'authenticated'),
  ('rolecall_internal.caller_may_ask_for_help()', 'authenticated'),
  ('rolecall_internal.caller_may_edit_in(uuid)', 'authenticated'),
  ('rolecall_internal.caller_may_move(uuid)', 'authenticated'),
  ('rolecall_internal.caller_may_use(text)', 'authenticated'),
  ('rolecall_internal.caller_may_write()', 'authenticated'),
  ('rolecall_internal.caller_organization()', 'authenticated'),
  ('rolecall_internal.caller_with_profile()', 'authenticated'),
  ('rolecall_internal.caller_acquaintances()', 'authenticated'),
  ('rolecall_internal.caller_organization_of_threads()', 'authenticated'),
  ('rolecall_internal.caller_role_of_threads()', 'authenticated'),
  ('rolecall_internal.caller_threads()', 'authenticated'),
  ('rolecall_internal.reads_assigned_threads(text)', 'authenticated'),
  ('rolecall_internal.reads_every_thread(text)', 'authenticated'),
  ('rolecall_internal.reads_own_thread(text)', 'authenticated'),
  ('rolecall_internal.sees_message(text, uuid, text, text, uuid, uuid, bigint, text)', 'authenticated'),
  ('rolecall_internal.is_failure(text)', 'service_role'),
  ('rolecall_internal.texting_of(uuid)', 'service_role'),
  ('rolecall_internal.v1_conversation_counts()', 'service_role'),
  ('rolecall_internal.caller_broadcasts()', 'authenticated'),
  ('rolecall_internal.caller_direct_conversations()', 'authenticated'),
  ('rolecall_internal.caller_show_conversations()', 'authenticated'),
  ('rolecall_internal.hour_of(timestamp with time zone)', 'service_role'),
  ('rolecall_internal.is_client()', 'authenticated service_role'),
  ('rolecall_internal.has_control(text)', 'authenticated service_role'),
  ('rolecall_internal.has_visible(text)', 'authenticated service_role'),
  ('rolecall_internal.is_name(text)', 'authenticated service_role'),
  ('rolecall_internal.is_text(text, integer, integer)', 'authenticated service_role'),
  ('rolecall_internal.limit_direct_message_chars()', 'authenticated service_role'),
  ('rolecall_internal.limit_help_message_max_chars()', 'authenticated service_role'),
  ('rolecall_internal.limit_help_message_min_chars()', 'authenticated service_role'),
  ('rolecall_internal.reads_broadcasts_of(uuid, uuid)', 'authenticated'),
  ('rolecall_internal.uuid_v7()', 'authenticated service_role'),
  ('rolecall_internal.is_conversation(text, text, uuid, uuid, uuid, uuid, boolean)', 'service_role'),
  ('rolecall_internal.is_reaction(text)', 'service_role'),
  ('rolecall_internal.is_message(uuid, text, timestamp with time zone, timestamp with time zone, text, boolean)', 'service_role');

select set_eq(
  $$
  select format('%s.%s(%s)', nspname, proname, oidvectortypes(proargtypes))
  from pg_proc
  join pg_namespace
    on pg_namespace.oid = pronamespace
  where nspname in ('public', 'rolecall', 'rolecall_monitoring')
  $$,
  $$ select name from function_decision where name !~ '^rolecall_internal' $$,
  'it is decided of every function that clients could call who may'
);
select is_empty(
  $$
  select name
  from function_decision
  where not exists (
    select
    from pg_proc
    where format('%s.%s(%s)', pronamespace::regnamespace, proname, oidvectortypes(proargtypes)) = name
  )
  $$,
  'every function that is decided of exists'
);
select is(
  (
    select coalesce(string_agg(principal.name, ' ' order by principal.name), '')
    from principal
    where has_function_privilege(principal.name, pg_proc.oid, 'execute')
  ),
  case when nspname in ('rolecall_edge', 'rolecall_relay') then nspname::text else coalesce(roles, '') end,
  format('%s: %s', pg_proc.oid::regprocedure, coalesce(nullif(roles, ''), nspname))
)
from pg_proc
join pg_namespace
  on pg_namespace.oid = pronamespace
left join function_decision
  on function_decision.name = format('%s.%s(%s)', nspname, proname, oidvectortypes(proargtypes))
where nspname in ('public', 'rolecall', 'rolecall_internal', 'rolecall_edge', 'rolecall_monitoring', 'rolecall_relay')
order by nspname, proname;

-- Tables, views and sequences: what signed-in users and the operator may do with the whole of each. The others have
-- nothing anywhere.
create temporary table table_decision (name text primary key, authenticated text, service_role text);
insert into table_decision
values
  ('rolecall_monitoring.active_conversations', '', 'select'),
  ('rolecall_monitoring.alerts', '', 'select'),
  ('rolecall_monitoring.conversation_creation', '', 'select'),
  ('rolecall_monitoring.error_rate', '', 'select'),
  ('rolecall_monitoring.latency', '', 'select'),
  ('rolecall_monitoring.outbox', '', 'select'),
  ('rolecall_monitoring.sms_errors', '', 'select'),
  ('rolecall_monitoring.sms_outbox', '', 'select'),
  ('rolecall_monitoring.texting', '', 'select'),
  ('rolecall_monitoring.v2_adoption', '', 'select'),
  ('rolecall_monitoring.webhooks', '', 'select'),
  ('rolecall_monitoring.migration', '', 'select'),
  ('rolecall_monitoring.pending_reports', '', 'select'),
  ('rolecall_monitoring.quota_reset', '', 'select'),
  ('rolecall_monitoring.rate_limited_last_hour', '', 'select'),
  ('rolecall_monitoring.refusals_last_hour', '', 'select'),
  ('rolecall_monitoring.reports_by_status', '', 'select'),
  ('rolecall_monitoring.requests_last_hour', '', 'select'),
  ('rolecall_monitoring.suspensions', '', 'select'),
  ('rolecall_monitoring.unfinished_deletions', '', 'select'),
  ('rolecall.application_logs', '', 'select'),
  ('rolecall.application_logs_id_seq', '', ''),
  ('public.application_logs', '', 'select'),
  ('public.broadcast_quotas', 'select', 'select'),
  ('public.reported_messages', '', 'select'),
  ('rolecall.block_changes', '', 'select'),
  ('rolecall.broadcast_limits', 'select', 'select insert update delete'),
  ('rolecall.conversation_settings', 'select', 'select'),
  ('rolecall.retention', 'select', 'select insert update delete'),
  ('rolecall.retention_marks', '', 'select'),
  ('rolecall.edit_windows', 'select', 'select insert update delete'),
  ('rolecall.broadcast_quotas', 'select', 'select insert update delete'),
  ('rolecall.broadcast_receipts', 'select', 'select insert update delete'),
  ('rolecall.broadcasts', 'select', 'select insert update delete'),
  ('rolecall.conversation_participants', 'select', 'select insert update delete'),
  ('rolecall.conversations', 'select', 'select insert update delete'),
  ('public.conversations_v2', 'select', 'select insert update delete'),
  ('rolecall.data_deletions', 'select', 'select'),
  ('rolecall.feature_flag_changes', '', 'select'),
  ('rolecall.feature_flag_changes_id_seq', '', ''),
  ('rolecall.feature_flag_overrides', '', 'select insert update delete'),
  ('rolecall.feature_flag_overrides_id_seq', '', ''),
  ('rolecall.feature_flag_revision', '', ''),
  ('rolecall.feature_flags', 'select', 'select insert update delete'),
  ('rolecall.help_requests', 'select', 'select insert update delete'),
  ('rolecall.message_reactions', 'select', 'select insert delete'),
  ('rolecall.messages', 'select', 'select insert update delete'),
  ('public.messages_v2', 'select delete', 'select insert update delete'),
  ('rolecall.key_sets', '', 'select delete'),
  ('rolecall.moderation_audit', '', 'select'),
  ('rolecall.organizations', 'select', 'select insert update delete'),
  ('rolecall.profiles', '', 'select insert update delete'),
  ('rolecall.quota_runs', '', 'select'),
  ('rolecall.rollout_baselines', '', ''),
  ('rolecall.rollout_decisions', '', 'select'),
  ('rolecall.rollout_decisions_id_seq', '', ''),
  ('rolecall.rollout_stages', '', 'select insert update delete'),
  ('rolecall.rollout_states', '', ''),
  ('rolecall.rate_limits', 'select', 'select insert update delete'),
  ('rolecall.reported_messages', '', 'select'),
  ('rolecall.show_participants', 'select', 'select insert update delete'),
  ('rolecall.shows', 'select', 'select insert update delete'),
  ('rolecall.user_blocks', 'select delete', 'select insert update delete'),
  ('rolecall.anti_poaching_attempts', '', 'select'),
  ('rolecall.assignment_windows', '', 'select'),
  ('rolecall.automatic_replies', '', 'select'),
  ('rolecall.bookings', '', 'select'),
  ('rolecall.clients', '', ''),
  ('rolecall.message_numbers', '', ''),
  ('rolecall.pool_exhaustions', '', 'select'),
  ('rolecall.message_threads', '', 'select'),
  ('rolecall.opt_outs', '', 'select'),
  ('rolecall.routing_decisions', '', 'select'),
  ('rolecall.service_buffers', '', 'select insert update delete'),
  ('rolecall.service_buffers_id_seq', '', ''),
  ('rolecall.sms_outbox', '', 'select'),
  ('rolecall.thread_messages', '', 'select'),
  ('rolecall.thread_reads', '', 'select'),
  ('rolecall.word_texts', '', 'select'),
  ('rolecall.outbox', '', 'select'),
  ('rolecall.thread_losses', '', 'select'),
  ('rolecall.outbox_id_seq', '', ''),
  ('rolecall.outbox_fork', '', 'select'),
  ('rolecall.presence', '', 'select'),
  ('rolecall.relay', '', 'select'),
  ('rolecall.relays', '', 'select'),
  ('rolecall.typing', '', 'select'),
  ('rolecall.webhooks', '', ''),
  ('rolecall.webhook_queues', '', 'select'),
  ('rolecall.webhook_deliveries', '', 'select'),
  ('rolecall.webhook_deliveries_id_seq', '', ''),
  ('rolecall.alert_delivery', '', ''),
  ('rolecall.alert_events', '', ''),
  ('rolecall.alert_events_id_seq', '', ''),
  ('rolecall.alert_rules', '', 'select insert update delete'),
  ('rolecall.alert_states', '', ''),
  ('rolecall.erasures_due', '', ''),
  ('rolecall.failure_batches', '', ''),
  ('rolecall.help_conversation_counts', '', ''),
  ('rolecall.help_closings', '', ''),
  ('rolecall.help_erasures_due', '', ''),
  ('rolecall.help_message_counts', '', ''),
  ('rolecall.help_message_edits', '', ''),
  ('rolecall.help_message_edits_id_seq', '', ''),
  ('rolecall.help_threads', '', ''),
  ('rolecall.idempotency_records', '', ''),
  ('rolecall.matrix_actions', '', ''),
  ('rolecall.matrix_guards', '', ''),
  ('rolecall.matrix_rows', '', ''),
  ('rolecall.organization_permission_guards', '', ''),
  ('rolecall.organization_permission_rules', '', ''),
  ('rolecall.participations', '', ''),
  ('rolecall.past_participations', '', ''),
  ('rolecall.permission_guards', '', ''),
  ('rolecall.permission_rules', '', ''),
  ('rolecall.message_edits', '', ''),
  ('rolecall.message_id_slots', '', ''),
  ('rolecall.rate_buckets', '', ''),
  ('rolecall.refusal_counts', '', ''),
  ('rolecall.removed_contents', '', ''),
  ('rolecall.removed_help_messages', '', ''),
  ('rolecall.report_counts', '', ''),
  ('rolecall.request_metrics', '', ''),
  ('rolecall.request_totals', '', ''),
  ('rolecall.schema_migrations', '', ''),
  ('rolecall.show_audience', '', ''),
  ('rolecall.show_threads', '', '');
-- The day slots.
insert into table_decision
select format('rolecall_internal.%s_%s', ring.table_name, to_char(slot, 'FM00')), '', ''
from (
  values ('application_logs', 40), ('refusal_counts', 12), ('request_metrics', 12), ('idempotency_records', 4)
) as ring (table_name, slots)
cross join lateral generate_series(0, slots - 1) as slot;

select set_eq(
  $$
  select format('%s.%s', nspname, relname)
  from pg_class
  join pg_namespace
    on pg_namespace.oid = relnamespace
  where nspname in ('public', 'rolecall', 'rolecall_internal', 'rolecall_edge', 'rolecall_monitoring', 'rolecall_relay')
    and relkind in ('r', 'p', 'v', 'm', 'f', 'S')
    -- The partitions of messages have no right of their own; the day slots are named above.
    and (not relispartition or nspname = 'rolecall_internal')
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
  where relnamespace::regnamespace::text in ('public', 'rolecall', 'rolecall_internal', 'rolecall_edge', 'rolecall_monitoring', 'rolecall_relay')
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
  where relnamespace::regnamespace::text in ('public', 'rolecall', 'rolecall_internal', 'rolecall_edge', 'rolecall_monitoring', 'rolecall_relay')
    and relkind in ('r', 'p', 'v', 'm', 'f')
    and not has_table_privilege(principal.name, pg_class.oid, privilege)
    and has_column_privilege(principal.name, pg_class.oid, attnum, privilege)
  group by pg_class.oid, principal.name, privilege
  $$,
  $$
  values
    ('clients', 'service_role', 'select', 'created_at display_name erased_at id organization_id user_id'),
    ('conversations_v2', 'authenticated', 'update', 'status'),
    ('help_requests', 'authenticated', 'insert', 'description id requester_id title'),
    ('help_requests', 'authenticated', 'update', 'description status title'),
    ('message_numbers', 'service_role', 'select', 'class created_at id last_assigned_at organization_id released_at rests_until sitter_id status'),
    ('webhooks', 'service_role', 'select', 'changed_at created_at description disabled_reason enabled_at failing_since failures former_secret_until id is_enabled last_delivered_at paused_until types url'),
    ('message_threads', 'authenticated', 'select', 'client_id created_at id last_message_at number_class organization_id scope status'),
    ('messages_v2', 'authenticated', 'update', 'content'),
    ('profiles', 'authenticated', 'select', 'created_at display_name id role updated_at'),
    ('profiles', 'authenticated', 'update', 'display_name'),
    ('reported_messages', 'authenticated', 'select', 'conversation_id created_at id message_id reason reporter_id status'),
    ('thread_messages', 'authenticated', 'select', 'client_id created_at delivery direction encoding id kind organization_id segments seq thread_id'),
    ('user_blocks', 'authenticated', 'insert', 'blocked_id blocker_id')
  $$,
  'which columns alone'
);

select * from finish();
rollback;
