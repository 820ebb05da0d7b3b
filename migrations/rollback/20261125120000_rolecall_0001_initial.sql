-- Takes back 0001 initial, and the data of what it made. Compiled by `make migration`.
--
-- One statement: whole or not at all. It drops what Rolecall made and marked, and nothing else; where something of
-- somebody else's depends on it, it raises.
do $migration$
declare
  -- The objects that it made.
  v_made constant text[] := array[
    'function public.can_user_reply(uuid, uuid)',
    'function public.can_user_send_dm(uuid, uuid, uuid)',
    'function public.create_conversation_atomic(uuid, uuid, text)',
    'function public.get_conversation_v2(uuid, uuid)',
    'function public.send_message_v2(uuid, uuid, text)',
    'function rolecall.delete_account(uuid)',
    'function rolecall.import_legacy_conversations(jsonb)',
    'function rolecall_edge.block_user(jsonb)',
    'function rolecall_edge.blocks(jsonb)',
    'function rolecall_edge.check_permission(jsonb)',
    'function rolecall_edge.delete_message(jsonb)',
    'function rolecall_edge.delete_own_data(jsonb)',
    'function rolecall_edge.diagnostics(jsonb)',
    'function rolecall_edge.export_own_data(jsonb)',
    'function rolecall_edge.health(jsonb)',
    'function rolecall_edge.inbox(jsonb)',
    'function rolecall_edge.key_set(jsonb)',
    'function rolecall_edge.lift_suspension(jsonb)',
    'function rolecall_edge.mark_read(jsonb)',
    'function rolecall_edge.mark_unread(jsonb)',
    'function rolecall_edge.messages(jsonb)',
    'function rolecall_edge.moderation_audit(jsonb)',
    'function rolecall_edge.moderation_queue(jsonb)',
    'function rolecall_edge.record_refusal(jsonb)',
    'function rolecall_edge.report_message(jsonb)',
    'function rolecall_edge.reset_broadcast_quotas(jsonb)',
    'function rolecall_edge.restore_message(jsonb)',
    'function rolecall_edge.review_report(jsonb)',
    'function rolecall_edge.send_broadcast(jsonb)',
    'function rolecall_edge.send_dm(jsonb)',
    'function rolecall_edge.start_conversation(jsonb)',
    'function rolecall_edge.suspend_user(jsonb)',
    'function rolecall_edge.unblock_user(jsonb)',
    'function rolecall_edge.unread(jsonb)',
    'function rolecall_internal.actor(uuid, text, text)',
    'function rolecall_internal.apply_deletion(uuid, uuid, uuid, text)',
    'function rolecall_internal.apply_help_deletion(uuid, uuid, uuid, text)',
    'function rolecall_internal.apply_help_restoration(uuid, uuid, uuid, text)',
    'function rolecall_internal.apply_restoration(uuid, uuid, uuid, text)',
    'function rolecall_internal.apply_suspension(uuid, uuid, timestamp with time zone, uuid, uuid, text)',
    'function rolecall_internal.archive_participations()',
    'function rolecall_internal.assume_claims(jsonb)',
    'function rolecall_internal.audience_count(uuid, uuid, rolecall.app_role[])',
    'function rolecall_internal.audit_moderation(uuid, text, uuid, uuid, uuid, text, jsonb, jsonb)',
    'function rolecall_internal.await_help_writers()',
    'function rolecall_internal.begin_call(text, jsonb, text, text, boolean)',
    'function rolecall_internal.begin_rpc(text, uuid, jsonb, text, boolean)',
    'function rolecall_internal.block_user(uuid, jsonb, text)',
    'function rolecall_internal.broadcast_limit(text, integer, integer, bigint)',
    'function rolecall_internal.bucket_end_ms(integer)',
    'function rolecall_internal.caller_acquaintances()',
    'function rolecall_internal.caller_broadcasts()',
    'function rolecall_internal.caller_direct_conversations()',
    'function rolecall_internal.caller_may_ask_for_help()',
    'function rolecall_internal.caller_may_edit_in(uuid)',
    'function rolecall_internal.caller_may_move(uuid)',
    'function rolecall_internal.caller_may_use(text)',
    'function rolecall_internal.caller_may_write()',
    'function rolecall_internal.caller_organization()',
    'function rolecall_internal.caller_show_conversations()',
    'function rolecall_internal.caller_with_profile()',
    'function rolecall_internal.changed_messages(uuid, uuid, uuid, bigint, integer)',
    'function rolecall_internal.check_permission(uuid, jsonb, jsonb)',
    'function rolecall_internal.check_permission_many(uuid, jsonb, jsonb)',
    'function rolecall_internal.check_permissions(uuid, jsonb, jsonb)',
    'function rolecall_internal.claim_key(text, uuid, text, jsonb, timestamp with time zone)',
    'function rolecall_internal.claim_keys(text, uuid[], text[], jsonb[], timestamp with time zone)',
    'function rolecall_internal.continue_account_deletion()',
    'function rolecall_internal.continue_deletion(rolecall.data_deletions)',
    'function rolecall_internal.conversation_cards(uuid, uuid[], text[], text)',
    'function rolecall_internal.copy_first_message(uuid, uuid, text)',
    'function rolecall_internal.count_help_messages()',
    'function rolecall_internal.count_joined()',
    'function rolecall_internal.count_left()',
    'function rolecall_internal.count_moved()',
    'function rolecall_internal.count_none()',
    'function rolecall_internal.count_participants(uuid[], rolecall.app_role[], bigint[])',
    'function rolecall_internal.count_refusal(uuid, text)',
    'function rolecall_internal.count_reports()',
    'function rolecall_internal.count_reports_of(text[], uuid[], text[], bigint[])',
    'function rolecall_internal.cursor_of(timestamp with time zone, uuid)',
    'function rolecall_internal.cursor_parts(text)',
    'function rolecall_internal.day_slot(timestamp with time zone, integer)',
    'function rolecall_internal.decide(text, rolecall.app_role, rolecall.app_role, text[])',
    'function rolecall_internal.deferred_dms(rolecall.dm_item[])',
    'function rolecall_internal.delete_account(uuid)',
    'function rolecall_internal.delete_message(uuid, jsonb, text)',
    'function rolecall_internal.delete_own_account(uuid, text)',
    'function rolecall_internal.delete_own_data(uuid, text)',
    'function rolecall_internal.deletion_capacity(uuid, uuid)',
    'function rolecall_internal.deletion_json(rolecall.data_deletions)',
    'function rolecall_internal.deletion_of(rolecall.messages)',
    'function rolecall_internal.deletion_rank(text)',
    'function rolecall_internal.diagnose(uuid)',
    'function rolecall_internal.discount_help_messages()',
    'function rolecall_internal.dm_facts(uuid, uuid, uuid)',
    'function rolecall_internal.dm_items(jsonb)',
    'function rolecall_internal.empty_day_slots(text, integer, integer)',
    'function rolecall_internal.end_call(rolecall.call)',
    'function rolecall_internal.erase_help_messages(uuid, integer)',
    'function rolecall_internal.erase_help_messages_due()',
    'function rolecall_internal.erase_messages(uuid, uuid[], bigint[])',
    'function rolecall_internal.erase_reason()',
    'function rolecall_internal.erase_texts(uuid, integer)',
    'function rolecall_internal.erase_what_is_due()',
    'function rolecall_internal.erased_text()',
    'function rolecall_internal.export_page(uuid, jsonb, text)',
    'function rolecall_internal.export_section(uuid, text, uuid, bigint, uuid)',
    'function rolecall_internal.feature_enabled(text, text, uuid, boolean)',
    'function rolecall_internal.finish(text, jsonb, uuid, jsonb, text, text)',
    'function rolecall_internal.finish_many(text, jsonb, uuid[], jsonb[])',
    'function rolecall_internal.follow_changed_messages()',
    'function rolecall_internal.follow_erased_contents()',
    'function rolecall_internal.free_key(uuid, text)',
    'function rolecall_internal.has_control(text)',
    'function rolecall_internal.has_visible(text)',
    'function rolecall_internal.help_message(public.messages_v2)',
    'function rolecall_internal.help_message_facts(uuid, uuid)',
    'function rolecall_internal.help_message_json(uuid, boolean)',
    'function rolecall_internal.help_message_row(uuid)',
    'function rolecall_internal.help_placeholder(text)',
    'function rolecall_internal.help_report_pends(uuid)',
    'function rolecall_internal.hold_conversations(uuid[])',
    'function rolecall_internal.hold_profiles()',
    'function rolecall_internal.hour_of(timestamp with time zone)',
    'function rolecall_internal.in_audience(uuid, uuid, rolecall.app_role[], timestamp with time zone)',
    'function rolecall_internal.inbox(uuid, jsonb, text, text)',
    'function rolecall_internal.inbox_page(uuid, text, timestamp with time zone, uuid, integer)',
    'function rolecall_internal.is_action(text)',
    'function rolecall_internal.is_client()',
    'function rolecall_internal.is_conversation(text, text, uuid, uuid, uuid, uuid, boolean)',
    'function rolecall_internal.is_message(uuid, text, timestamp with time zone, timestamp with time zone, text, boolean)',
    'function rolecall_internal.is_name(text)',
    'function rolecall_internal.is_role(text)',
    'function rolecall_internal.is_stopped(uuid, uuid, text, text)',
    'function rolecall_internal.is_text(text, integer, integer)',
    'function rolecall_internal.iso(timestamp with time zone)',
    'function rolecall_internal.judge_broadcast(uuid, uuid, rolecall.app_role[], text)',
    'function rolecall_internal.judge_broadcast_reader(uuid, uuid, text)',
    'function rolecall_internal.judge_dm(uuid, uuid, uuid, text)',
    'function rolecall_internal.judge_dm_facts(rolecall.actor, rolecall.app_role, boolean, boolean, boolean, text[])',
    'function rolecall_internal.judge_dms(rolecall.dm_item[])',
    'function rolecall_internal.judge_moderation(uuid, uuid, text)',
    'function rolecall_internal.judge_reply(uuid, uuid, text)',
    'function rolecall_internal.judge_reply_facts(uuid, rolecall.app_role, boolean, uuid, text, text, rolecall.app_role, text[])',
    'function rolecall_internal.judge_report(uuid, uuid, text)',
    'function rolecall_internal.judge_review(uuid, rolecall.reported_messages, text)',
    'function rolecall_internal.judge_suspension(uuid, uuid, text)',
    'function rolecall_internal.judgement_of(rolecall.decision, uuid)',
    'function rolecall_internal.judgement_of_refusal(jsonb, uuid)',
    'function rolecall_internal.keep_account_deleted()',
    'function rolecall_internal.keep_edited_help_message()',
    'function rolecall_internal.keep_removed_help_message()',
    'function rolecall_internal.keep_who_closed()',
    'function rolecall_internal.keeps_removed(rolecall.messages, text)',
    'function rolecall_internal.kept_help_message(jsonb)',
    'function rolecall_internal.legacy_id(text, text)',
    'function rolecall_internal.legacy_time(text)',
    'function rolecall_internal.lift_suspension(uuid, jsonb, text)',
    'function rolecall_internal.limit_broadcast_chars()',
    'function rolecall_internal.limit_checks()',
    'function rolecall_internal.limit_client_write()',
    'function rolecall_internal.limit_default_page()',
    'function rolecall_internal.limit_direct_message_chars()',
    'function rolecall_internal.limit_help_message_max_chars()',
    'function rolecall_internal.limit_help_message_min_chars()',
    'function rolecall_internal.limit_idempotency_key_chars()',
    'function rolecall_internal.limit_logged_refusals()',
    'function rolecall_internal.limit_messages_page()',
    'function rolecall_internal.limit_note_chars()',
    'function rolecall_internal.limit_page()',
    'function rolecall_internal.limit_report_reason_chars()',
    'function rolecall_internal.list_blocks(uuid, jsonb, text)',
    'function rolecall_internal.lock_help_message(uuid)',
    'function rolecall_internal.log_event(rolecall.call, text, jsonb, uuid)',
    'function rolecall_internal.log_refusals(text, jsonb, uuid[], jsonb[], double precision)',
    'function rolecall_internal.mark_answer(uuid, uuid, bigint, bigint)',
    'function rolecall_internal.mark_read(uuid, jsonb, text)',
    'function rolecall_internal.mark_read_many(jsonb)',
    'function rolecall_internal.mark_unread(uuid, jsonb, text)',
    'function rolecall_internal.may_escalate(rolecall.reported_messages)',
    'function rolecall_internal.message_json(rolecall.messages, text)',
    'function rolecall_internal.moderated_message(rolecall.messages)',
    'function rolecall_internal.moderates_everything(rolecall.app_role)',
    'function rolecall_internal.moderation_audit(uuid, jsonb, text)',
    'function rolecall_internal.moderation_queue(uuid, jsonb, text)',
    'function rolecall_internal.moment_or_null(text)',
    'function rolecall_internal.move_mark(uuid, uuid, uuid, bigint, boolean)',
    'function rolecall_internal.new_broadcasts(uuid, uuid, uuid, bigint)',
    'function rolecall_internal.new_messages(uuid, uuid, bigint, bigint)',
    'function rolecall_internal.newest_from_others(uuid, uuid, uuid)',
    'function rolecall_internal.page_size(jsonb, integer)',
    'function rolecall_internal.partition_messages(integer)',
    'function rolecall_internal.peek_quota(uuid, uuid, integer, integer)',
    'function rolecall_internal.peek_token(uuid, text, double precision)',
    'function rolecall_internal.permission_result(text, rolecall.judgement, jsonb)',
    'function rolecall_internal.quota_day(timestamp with time zone)',
    'function rolecall_internal.quota_day_end(date)',
    'function rolecall_internal.quota_of_limit(jsonb)',
    'function rolecall_internal.raise_refusal(jsonb)',
    'function rolecall_internal.rate_limit_entry(text, integer, integer, double precision, boolean)',
    'function rolecall_internal.read_messages(uuid, jsonb, text, text)',
    'function rolecall_internal.reader_of(uuid, rolecall.conversations)',
    'function rolecall_internal.reads_broadcasts_of(uuid, uuid)',
    'function rolecall_internal.refilled(double precision, timestamp with time zone, timestamp with time zone, integer, integer)',
    'function rolecall_internal.refusal(text, text, text, text, jsonb)',
    'function rolecall_internal.refusal_of(rolecall.decision)',
    'function rolecall_internal.refuse_actor(uuid, rolecall.app_role, boolean, text, text, text)',
    'function rolecall_internal.refuse_change()',
    'function rolecall_internal.refuse_cursor()',
    'function rolecall_internal.refuse_disabled()',
    'function rolecall_internal.refuse_help_message(uuid, public.conversations_v2, text)',
    'function rolecall_internal.refuse_help_status(uuid, public.conversations_v2, text)',
    'function rolecall_internal.refuse_help_writer(uuid, uuid, text, text, text)',
    'function rolecall_internal.refuse_long_statements()',
    'function rolecall_internal.refuse_moderation_reader(rolecall.actor, text)',
    'function rolecall_internal.refuse_non_operator(jsonb)',
    'function rolecall_internal.refuse_non_user(jsonb)',
    'function rolecall_internal.refuse_note(jsonb)',
    'function rolecall_internal.refuse_other_history()',
    'function rolecall_internal.refuse_other_than_caller(uuid)',
    'function rolecall_internal.refuse_quota(text, integer, jsonb)',
    'function rolecall_internal.refuse_rate(jsonb)',
    'function rolecall_internal.refuse_restoration(uuid, rolecall.messages)',
    'function rolecall_internal.refuse_reused_key()',
    'function rolecall_internal.refuse_second_report(uuid)',
    'function rolecall_internal.refuse_stranger(text, uuid, jsonb)',
    'function rolecall_internal.refuse_text(text, text, integer, integer)',
    'function rolecall_internal.refuse_unknown_conversation(uuid, uuid)',
    'function rolecall_internal.refuse_without_profile(uuid)',
    'function rolecall_internal.rehearse_broadcast(uuid, jsonb, text)',
    'function rolecall_internal.replay_review(uuid, jsonb, text)',
    'function rolecall_internal.replayed_help_message(jsonb)',
    'function rolecall_internal.reply_facts(uuid, uuid)',
    'function rolecall_internal.report_figures(uuid)',
    'function rolecall_internal.report_help_message(uuid, uuid, text)',
    'function rolecall_internal.report_json(rolecall.reported_messages, rolecall.actor)',
    'function rolecall_internal.report_message(uuid, jsonb, text)',
    'function rolecall_internal.request_header(text)',
    'function rolecall_internal.reset_broadcast_quotas(text)',
    'function rolecall_internal.restore_message(uuid, jsonb, text)',
    'function rolecall_internal.review_report(uuid, jsonb, text)',
    'function rolecall_internal.revise(uuid[], bigint[])',
    'function rolecall_internal.role_of_strangers()',
    'function rolecall_internal.roles_of(jsonb)',
    'function rolecall_internal.rollout_includes(text, text, uuid, boolean)',
    'function rolecall_internal.rollout_of(jsonb, text)',
    'function rolecall_internal.rollouts_include(text, text, text, uuid, boolean)',
    'function rolecall_internal.sees_removed(rolecall.actor)',
    'function rolecall_internal.send_broadcast(uuid, jsonb, text)',
    'function rolecall_internal.send_dm(uuid, jsonb, text)',
    'function rolecall_internal.send_dm_many(jsonb)',
    'function rolecall_internal.send_help_message(uuid, uuid, text, text)',
    'function rolecall_internal.send_independent_dms(jsonb, rolecall.dm_item[])',
    'function rolecall_internal.set_participant_role()',
    'function rolecall_internal.settle_key(uuid, text, jsonb, timestamp with time zone)',
    'function rolecall_internal.settle_keys(uuid[], text[], jsonb[], timestamp with time zone)',
    'function rolecall_internal.settle_reports(uuid, uuid, rolecall.messages, text, text)',
    'function rolecall_internal.settle_reports_as_organizer(uuid, uuid, rolecall.messages, text, text)',
    'function rolecall_internal.start_help_conversation(uuid, uuid, text, text)',
    'function rolecall_internal.success(jsonb, jsonb)',
    'function rolecall_internal.suspend_user(uuid, jsonb, text)',
    'function rolecall_internal.suspended_fact(timestamp with time zone)',
    'function rolecall_internal.suspension_json(timestamp with time zone)',
    'function rolecall_internal.sweep(regclass, text, bigint)',
    'function rolecall_internal.take_nightly_step(rolecall.quota_runs)',
    'function rolecall_internal.take_quota(uuid, uuid, text, integer, integer)',
    'function rolecall_internal.take_token(uuid, text)',
    'function rolecall_internal.take_tokens(uuid[], text)',
    'function rolecall_internal.touch_updated_at()',
    'function rolecall_internal.trimmed(text)',
    'function rolecall_internal.unblock_user(uuid, jsonb, text)',
    'function rolecall_internal.unread(uuid, text)',
    'function rolecall_internal.uuid_or_null(text)',
    'function rolecall_internal.uuid_v7()',
    'function rolecall_internal.visible_broadcasts(uuid, uuid, uuid)',
    'function rolecall_internal.visible_messages(uuid, uuid, uuid, bigint, bigint, boolean, integer)',
    'function rolecall_internal.whole_number(jsonb)',
    'function rolecall_internal.with_limit(jsonb, jsonb)',
    'function rolecall_internal.within_bucket(integer, numeric)',
    'schema rolecall',
    'schema rolecall_edge',
    'schema rolecall_internal',
    'schema rolecall_monitoring',
    'sequence rolecall.application_logs_id_seq',
    'sequence rolecall.help_message_edits_id_seq',
    'table public.conversations_v2',
    'table public.messages_v2',
    'table rolecall.application_logs',
    'table rolecall.broadcast_limits',
    'table rolecall.broadcast_quotas',
    'table rolecall.broadcast_receipts',
    'table rolecall.broadcasts',
    'table rolecall.conversation_participants',
    'table rolecall.conversations',
    'table rolecall.data_deletions',
    'table rolecall.erasures_due',
    'table rolecall.feature_flags',
    'table rolecall.help_closings',
    'table rolecall.help_erasures_due',
    'table rolecall.help_message_counts',
    'table rolecall.help_message_edits',
    'table rolecall.help_requests',
    'table rolecall.idempotency_records',
    'table rolecall.key_sets',
    'table rolecall.messages',
    'table rolecall.moderation_audit',
    'table rolecall.organizations',
    'table rolecall.past_participations',
    'table rolecall.permission_guards',
    'table rolecall.permission_rules',
    'table rolecall.profiles',
    'table rolecall.quota_runs',
    'table rolecall.rate_buckets',
    'table rolecall.rate_limits',
    'table rolecall.refusal_counts',
    'table rolecall.removed_contents',
    'table rolecall.removed_help_messages',
    'table rolecall.report_counts',
    'table rolecall.reported_messages',
    'table rolecall.request_metrics',
    'table rolecall.schema_migrations',
    'table rolecall.show_audience',
    'table rolecall.show_participants',
    'table rolecall.show_threads',
    'table rolecall.shows',
    'table rolecall.user_blocks',
    'table rolecall_internal.application_logs_00',
    'table rolecall_internal.application_logs_01',
    'table rolecall_internal.application_logs_02',
    'table rolecall_internal.application_logs_03',
    'table rolecall_internal.application_logs_04',
    'table rolecall_internal.application_logs_05',
    'table rolecall_internal.application_logs_06',
    'table rolecall_internal.application_logs_07',
    'table rolecall_internal.application_logs_08',
    'table rolecall_internal.application_logs_09',
    'table rolecall_internal.application_logs_10',
    'table rolecall_internal.application_logs_11',
    'table rolecall_internal.application_logs_12',
    'table rolecall_internal.application_logs_13',
    'table rolecall_internal.application_logs_14',
    'table rolecall_internal.application_logs_15',
    'table rolecall_internal.application_logs_16',
    'table rolecall_internal.application_logs_17',
    'table rolecall_internal.application_logs_18',
    'table rolecall_internal.application_logs_19',
    'table rolecall_internal.application_logs_20',
    'table rolecall_internal.application_logs_21',
    'table rolecall_internal.application_logs_22',
    'table rolecall_internal.application_logs_23',
    'table rolecall_internal.application_logs_24',
    'table rolecall_internal.application_logs_25',
    'table rolecall_internal.application_logs_26',
    'table rolecall_internal.application_logs_27',
    'table rolecall_internal.application_logs_28',
    'table rolecall_internal.application_logs_29',
    'table rolecall_internal.application_logs_30',
    'table rolecall_internal.application_logs_31',
    'table rolecall_internal.application_logs_32',
    'table rolecall_internal.application_logs_33',
    'table rolecall_internal.application_logs_34',
    'table rolecall_internal.application_logs_35',
    'table rolecall_internal.application_logs_36',
    'table rolecall_internal.application_logs_37',
    'table rolecall_internal.application_logs_38',
    'table rolecall_internal.application_logs_39',
    'table rolecall_internal.idempotency_records_00',
    'table rolecall_internal.idempotency_records_01',
    'table rolecall_internal.idempotency_records_02',
    'table rolecall_internal.idempotency_records_03',
    'table rolecall_internal.refusal_counts_00',
    'table rolecall_internal.refusal_counts_01',
    'table rolecall_internal.refusal_counts_02',
    'table rolecall_internal.refusal_counts_03',
    'table rolecall_internal.refusal_counts_04',
    'table rolecall_internal.refusal_counts_05',
    'table rolecall_internal.refusal_counts_06',
    'table rolecall_internal.refusal_counts_07',
    'table rolecall_internal.refusal_counts_08',
    'table rolecall_internal.refusal_counts_09',
    'table rolecall_internal.refusal_counts_10',
    'table rolecall_internal.refusal_counts_11',
    'table rolecall_internal.request_metrics_00',
    'table rolecall_internal.request_metrics_01',
    'table rolecall_internal.request_metrics_02',
    'table rolecall_internal.request_metrics_03',
    'table rolecall_internal.request_metrics_04',
    'table rolecall_internal.request_metrics_05',
    'table rolecall_internal.request_metrics_06',
    'table rolecall_internal.request_metrics_07',
    'table rolecall_internal.request_metrics_08',
    'table rolecall_internal.request_metrics_09',
    'table rolecall_internal.request_metrics_10',
    'table rolecall_internal.request_metrics_11',
    'type rolecall.actor',
    'type rolecall.app_role',
    'type rolecall.call',
    'type rolecall.decision',
    'type rolecall.dm_item',
    'type rolecall.idempotency_key',
    'type rolecall.judgement',
    'view public.application_logs',
    'view public.broadcast_quotas',
    'view public.reported_messages',
    'view rolecall.participations',
    'view rolecall_monitoring.migration',
    'view rolecall_monitoring.pending_reports',
    'view rolecall_monitoring.quota_reset',
    'view rolecall_monitoring.rate_limited_last_hour',
    'view rolecall_monitoring.refusals_last_hour',
    'view rolecall_monitoring.reports_by_status',
    'view rolecall_monitoring.requests_last_hour',
    'view rolecall_monitoring.suspensions',
    'view rolecall_monitoring.unfinished_deletions'
  ];
  -- All objects of Rolecall before it: none.
  v_ours constant text[] := '{}';
  -- The objects that are no more without it: none.
  v_gone constant text[] := '{}';
  v_inventory constant text := $inventory$
select
  kind,
  identity,
  description,
  coalesce(description ~ '^Rolecall(:|$)', false) as is_ours
from (
  select
    'schema' as kind,
    format('schema %I', nspname) as identity,
    obj_description(oid, 'pg_namespace') as description
  from pg_catalog.pg_namespace
  union all
  select
    kind,
    format('%s %I.%I', kind, nspname, relname),
    obj_description(class.oid, 'pg_class')
  from pg_catalog.pg_class as class
  join pg_catalog.pg_namespace as namespace
    on namespace.oid = class.relnamespace
  cross join lateral (
    select case class.relkind
      when 'r' then 'table'
      when 'p' then 'table'
      when 'v' then 'view'
      when 'm' then 'materialized view'
      when 'f' then 'foreign table'
      when 'S' then 'sequence'
      when 'i' then 'index'
      when 'I' then 'index'
    end
  ) as named (kind)
  where kind is not null
  union all
  select
    'type',
    format('type %I.%I', nspname, typname),
    obj_description(type.oid, 'pg_type')
  from pg_catalog.pg_type as type
  join pg_catalog.pg_namespace as namespace
    on namespace.oid = type.typnamespace
  left join pg_catalog.pg_class as class
    on class.oid = type.typrelid
  where typtype in ('e', 'd', 'r')
    or (typtype = 'c' and class.relkind = 'c')
  union all
  select
    'function',
    format('function %I.%I(%s)', nspname, proname, oidvectortypes(proargtypes)),
    obj_description(proc.oid, 'pg_proc')
  from pg_catalog.pg_proc as proc
  join pg_catalog.pg_namespace as namespace
    on namespace.oid = proc.pronamespace
) as object
$inventory$;
  v_search_path constant text := current_setting('search_path');
  v_object record;
begin
  perform set_config('search_path', 'pg_catalog, pg_temp', true);
  if to_regclass('rolecall.schema_migrations') is null then
    raise notice 'Rolecall: 1 is not applied.';
    perform set_config('search_path', v_search_path, true);
    return;
  end if;
  if (obj_description(to_regclass('rolecall.schema_migrations'), 'pg_class') ~ '^Rolecall(:|$)') is not true then
    raise exception 'Rolecall is not installed in this database.' using errcode = 'object_not_in_prerequisite_state';
  end if;
  lock table rolecall.schema_migrations in access exclusive mode;
  if not exists (select from rolecall.schema_migrations where version = 1) then
    raise notice 'Rolecall: 1 is not applied.';
    perform set_config('search_path', v_search_path, true);
    return;
  end if;
  if exists (select from rolecall.schema_migrations where version > 1) then
    raise exception 'Rolecall: migrations after 1 are applied; take them back first.'
      using errcode = 'object_not_in_prerequisite_state';
  end if;

  -- What holds tables and functions together goes first: policies, triggers, checks, defaults, views.
  for v_object in execute
    'select format(''%I.%I'', nspname, relname) as table_name, class.oid as id
     from pg_catalog.pg_class as class
     join pg_catalog.pg_namespace as namespace
       on namespace.oid = class.relnamespace
     where class.relkind in (''r'', ''p'')
       and format(''table %I.%I'', nspname, relname) = any ($1)
       and obj_description(class.oid, ''pg_class'') ~ ''^Rolecall(:|$)'''
    using v_made
  loop
    execute (
      select coalesce(string_agg(statement, '; '), 'select')
      from (
        select format('drop policy %I on %s', polname, v_object.table_name)
        from pg_catalog.pg_policy
        where polrelid = v_object.id
        union all
        select format('drop trigger %I on %s', tgname, v_object.table_name)
        from pg_catalog.pg_trigger
        where tgrelid = v_object.id
          and not tgisinternal
          -- What a partition has from its table goes with the table's.
          and tgparentid = 0
        union all
        select format('alter table %s drop constraint %I', v_object.table_name, conname)
        from pg_catalog.pg_constraint
        where conrelid = v_object.id
          and contype = 'c'
          and coninhcount = 0
        union all
        select format(
          'alter table %s alter column %I drop %s',
          v_object.table_name,
          attname,
          case when attgenerated = '' then 'default' else 'expression' end
        )
        from pg_catalog.pg_attribute
        where attrelid = v_object.id
          and atthasdef
      ) as held (statement)
    );
  end loop;
  for v_object in execute
    'select format(''%I.%I'', nspname, typname) as domain_name, conname
     from pg_catalog.pg_constraint
     join pg_catalog.pg_type as type
       on type.oid = contypid
     join pg_catalog.pg_namespace as namespace
       on namespace.oid = typnamespace
     where format(''type %I.%I'', nspname, typname) = any ($1)
       and obj_description(type.oid, ''pg_type'') ~ ''^Rolecall(:|$)'''
    using v_made
  loop
    execute format('alter domain %s drop constraint %I', v_object.domain_name, v_object.conname);
  end loop;
  for v_object in execute
    'select kind, string_agg(substr(identity, length(kind) + 2), '', '' order by identity) as names
     from (' || v_inventory || ') as object
     where identity = any ($1)
       and kind in (''view'', ''function'', ''table'', ''type'')
       and is_ours
     group by kind
     order by array_position(array[''function'', ''view'', ''table'', ''type''], kind)'
    using v_made
  loop
    execute format('drop %s %s', v_object.kind, v_object.names);
  end loop;

  for v_object in
    select format('function auth.%I()', name) as identity
    from unnest(array['uid', 'role', 'jwt']) as name
    where obj_description(to_regprocedure(format('auth.%I()', name)), 'pg_proc') ~ '^Rolecall(:|$)'
  loop
    execute format('drop %s', v_object.identity);
  end loop;

  -- A schema in which somebody else has put something stays, with that and without its mark.
  for v_object in execute
    'select identity, oid from (' || v_inventory || ') as object
     join pg_catalog.pg_namespace on identity = format(''schema %I'', nspname)
     where (identity = any ($1) or identity = ''schema auth'')
       and is_ours'
    using v_made
  loop
    if exists (
      select
      from pg_catalog.pg_depend
      where refclassid = 'pg_namespace'::regclass
        and refobjid = v_object.oid
    ) then
      execute format('comment on %s is null', v_object.identity);
      execute format(
        'revoke all on %s from public, anon, authenticated, service_role, rolecall_edge',
        v_object.identity
      );
    else
      execute format('drop %s', v_object.identity);
    end if;
  end loop;

  -- By name: a role that another database's rollback drops meanwhile would turn into its number.
  for v_object in
    select name
    from unnest(array['rolecall_edge', 'service_role', 'authenticated', 'anon']) as name
    where shobj_description(to_regrole(name), 'pg_authid') ~ '^Rolecall(:|$)'
  loop
    begin
      execute format('drop role if exists %I', v_object.name);
    exception
      -- Rolecall in another database of this server, a grant that somebody else made, or a role that the owner of
      -- another database made.
      when dependent_objects_still_exist or insufficient_privilege then
        raise notice 'The role % stays, because it is still used.', v_object.name;
      -- From PostgreSQL 16 on a role is dropped by who made it: the owner of another database, perhaps.
      when insufficient_privilege then
        raise notice 'The role % stays, because somebody else made it.', v_object.name;
    end;
  end loop;
  perform set_config('search_path', v_search_path, true);
end
$migration$;
