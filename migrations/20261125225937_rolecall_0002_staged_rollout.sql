-- 0002 staged_rollout. Compiled from migrations/schema by `make migration`; what to change is there.
--
-- One statement, so that it applies whole or not at all, whoever runs it. It does nothing where it was applied, and
-- raises before its first change where a name is taken by something that is not Rolecall's.
do $migration$
declare
  -- The objects that it makes.
  v_made constant text[] := array[
    'function rolecall_edge.advance_rollout(jsonb)',
    'function rolecall_edge.alerts(jsonb)',
    'function rolecall_edge.alerts_sent(jsonb)',
    'function rolecall_edge.cancel_help_conversation(jsonb)',
    'function rolecall_edge.complete_help_conversation(jsonb)',
    'function rolecall_edge.flags(jsonb)',
    'function rolecall_edge.guard_rollouts(jsonb)',
    'function rolecall_edge.help_conversation(jsonb)',
    'function rolecall_edge.help_conversations(jsonb)',
    'function rolecall_edge.metrics(jsonb)',
    'function rolecall_edge.read_help_conversation(jsonb)',
    'function rolecall_edge.record_failures(jsonb)',
    'function rolecall_edge.rollback_rollout(jsonb)',
    'function rolecall_edge.rollout_status(jsonb)',
    'function rolecall_edge.send_help_message(jsonb)',
    'function rolecall_edge.set_rollout(jsonb)',
    'function rolecall_edge.simulate_rollout(jsonb)',
    'function rolecall_internal.actor(uuid, text, jsonb)',
    'function rolecall_internal.adopted_conversation(uuid, uuid)',
    'function rolecall_internal.adopted_conversations(uuid, text, timestamp with time zone, uuid, integer)',
    'function rolecall_internal.adopted_message_at(uuid, uuid)',
    'function rolecall_internal.adopted_messages(uuid, timestamp with time zone, uuid, timestamp with time zone, uuid, boolean, integer)',
    'function rolecall_internal.advance_rollout(rolecall.call)',
    'function rolecall_internal.are_met(jsonb)',
    'function rolecall_internal.await_help_turn()',
    'function rolecall_internal.begin_rollout_stage()',
    'function rolecall_internal.begin_rpc(text, uuid, jsonb, text, boolean, boolean)',
    'function rolecall_internal.block_user(uuid, jsonb, jsonb)',
    'function rolecall_internal.change_rollout(rolecall.call, rolecall.feature_flags, text, text, jsonb)',
    'function rolecall_internal.conversation_cards(uuid, uuid[], text[], jsonb)',
    'function rolecall_internal.count_help_conversations()',
    'function rolecall_internal.counted_hour(timestamp with time zone)',
    'function rolecall_internal.delete_message(uuid, jsonb, jsonb)',
    'function rolecall_internal.delete_own_account(uuid, jsonb)',
    'function rolecall_internal.delete_own_data(uuid, jsonb)',
    'function rolecall_internal.discount_help_conversations()',
    'function rolecall_internal.dm_facts(uuid, uuid, uuid, text)',
    'function rolecall_internal.end_help_conversation(uuid, uuid, text, jsonb)',
    'function rolecall_internal.export_page(uuid, jsonb, jsonb)',
    'function rolecall_internal.flag_decision(text, jsonb, uuid, uuid, boolean)',
    'function rolecall_internal.flag_includes(boolean, jsonb, text, uuid, uuid, boolean)',
    'function rolecall_internal.flag_of_operation(text)',
    'function rolecall_internal.flag_totals(text)',
    'function rolecall_internal.flags_of(uuid, jsonb)',
    'function rolecall_internal.flat_answer(jsonb, text, jsonb)',
    'function rolecall_internal.fold_help_conversation_counts()',
    'function rolecall_internal.guard_figures(text, timestamp with time zone)',
    'function rolecall_internal.guard_rollouts()',
    'function rolecall_internal.help_cards(uuid, uuid[], text[], jsonb)',
    'function rolecall_internal.help_conversation(uuid, jsonb, jsonb)',
    'function rolecall_internal.help_conversations(uuid, jsonb, jsonb)',
    'function rolecall_internal.help_page(uuid, text, timestamp with time zone, uuid, integer)',
    'function rolecall_internal.help_place(uuid, text, integer)',
    'function rolecall_internal.hold_help_message(uuid)',
    'function rolecall_internal.inbox(uuid, jsonb, jsonb)',
    'function rolecall_internal.is_failure(text)',
    'function rolecall_internal.is_new_help_message(uuid, text, uuid)',
    'function rolecall_internal.is_stopped(uuid, uuid, text, jsonb)',
    'function rolecall_internal.judge_broadcast(uuid, uuid, rolecall.app_role[], jsonb)',
    'function rolecall_internal.judge_broadcast_reader(uuid, uuid, jsonb)',
    'function rolecall_internal.judge_dm(uuid, uuid, uuid, jsonb)',
    'function rolecall_internal.judge_moderation(uuid, uuid, jsonb)',
    'function rolecall_internal.judge_reply(uuid, uuid, jsonb)',
    'function rolecall_internal.judge_reply_facts(uuid, rolecall.app_role, boolean, uuid, boolean, jsonb, rolecall.app_role, text[])',
    'function rolecall_internal.judge_report(uuid, uuid, jsonb)',
    'function rolecall_internal.judge_review(uuid, rolecall.reported_messages, jsonb)',
    'function rolecall_internal.judge_rollout(text, text, timestamp with time zone)',
    'function rolecall_internal.judge_suspension(uuid, uuid, jsonb)',
    'function rolecall_internal.lift_suspension(uuid, jsonb, jsonb)',
    'function rolecall_internal.limit_simulated_users()',
    'function rolecall_internal.list_blocks(uuid, jsonb, jsonb)',
    'function rolecall_internal.lock_flag(jsonb)',
    'function rolecall_internal.lock_flags()',
    'function rolecall_internal.lock_flags_first()',
    'function rolecall_internal.maintenance_is_on()',
    'function rolecall_internal.mark_read(uuid, jsonb, jsonb)',
    'function rolecall_internal.mark_unread(uuid, jsonb, jsonb)',
    'function rolecall_internal.merge_metrics()',
    'function rolecall_internal.minute_of(timestamp with time zone)',
    'function rolecall_internal.moderation_audit(uuid, jsonb, jsonb)',
    'function rolecall_internal.moderation_queue(uuid, jsonb, jsonb)',
    'function rolecall_internal.move_help_thread()',
    'function rolecall_internal.next_rollout(text, text)',
    'function rolecall_internal.note_alerts(boolean)',
    'function rolecall_internal.open_flags()',
    'function rolecall_internal.open_help_thread()',
    'function rolecall_internal.operations_of_flag(text)',
    'function rolecall_internal.read_help_conversation(uuid, uuid, jsonb)',
    'function rolecall_internal.read_messages(uuid, jsonb, jsonb)',
    'function rolecall_internal.record_flag()',
    'function rolecall_internal.record_flag_change(text, uuid, uuid, jsonb, jsonb)',
    'function rolecall_internal.record_override()',
    'function rolecall_internal.recount_help_conversation()',
    'function rolecall_internal.refuse_actor(uuid, rolecall.app_role, uuid, boolean, text, boolean, jsonb)',
    'function rolecall_internal.refuse_change(jsonb, text)',
    'function rolecall_internal.refuse_ended_help(text)',
    'function rolecall_internal.refuse_help_author(uuid, text, jsonb)',
    'function rolecall_internal.refuse_help_message(uuid, public.conversations_v2, jsonb)',
    'function rolecall_internal.refuse_help_status(uuid, public.conversations_v2, text, jsonb)',
    'function rolecall_internal.refuse_help_to(uuid, uuid, text)',
    'function rolecall_internal.refuse_help_writer(uuid, uuid, text, text, jsonb)',
    'function rolecall_internal.refuse_in_maintenance(uuid, jsonb)',
    'function rolecall_internal.refuse_maintenance_among_others()',
    'function rolecall_internal.refuse_other_flag_history()',
    'function rolecall_internal.refuse_other_recipient(uuid, uuid)',
    'function rolecall_internal.refuse_unknown_flag()',
    'function rolecall_internal.refuse_unknown_help(uuid, uuid)',
    'function rolecall_internal.rehearse_broadcast(uuid, jsonb, jsonb)',
    'function rolecall_internal.replay_review(uuid, jsonb, jsonb)',
    'function rolecall_internal.reply_facts(uuid, uuid, text)',
    'function rolecall_internal.report_message(uuid, jsonb, jsonb)',
    'function rolecall_internal.request_counters()',
    'function rolecall_internal.reset_broadcast_quotas(jsonb)',
    'function rolecall_internal.restore_message(uuid, jsonb, jsonb)',
    'function rolecall_internal.review_report(uuid, jsonb, jsonb)',
    'function rolecall_internal.rollout_actor(rolecall.call)',
    'function rolecall_internal.rollout_bucket(text, uuid)',
    'function rolecall_internal.rollout_criteria(rolecall.rollout_stages, jsonb)',
    'function rolecall_internal.rollout_decision_json(rolecall.rollout_decisions)',
    'function rolecall_internal.rollout_figures(text, timestamp with time zone)',
    'function rolecall_internal.rollout_reach(text)',
    'function rolecall_internal.rollout_since(rolecall.feature_flags)',
    'function rolecall_internal.rollout_stage(text, text)',
    'function rolecall_internal.rollout_status(rolecall.feature_flags, jsonb)',
    'function rolecall_internal.sample_of_users(integer)',
    'function rolecall_internal.send_broadcast(uuid, jsonb, jsonb)',
    'function rolecall_internal.send_dm(uuid, jsonb, jsonb)',
    'function rolecall_internal.send_help_message(uuid, uuid, text, uuid, jsonb)',
    'function rolecall_internal.set_rollout(rolecall.call, text, text)',
    'function rolecall_internal.settle_changed_help_messages()',
    'function rolecall_internal.settle_flags()',
    'function rolecall_internal.simulate_rollout(text, text, jsonb, uuid[])',
    'function rolecall_internal.start_help_conversation(uuid, uuid, text, uuid, jsonb)',
    'function rolecall_internal.suspend_user(uuid, jsonb, jsonb)',
    'function rolecall_internal.take_help_turn(uuid)',
    'function rolecall_internal.unblock_user(uuid, jsonb, jsonb)',
    'function rolecall_internal.unmet_reasons(jsonb)',
    'function rolecall_internal.unread(uuid, jsonb)',
    'function rolecall_internal.v1_conversation_counts()',
    'function rolecall_internal.variable_includes(jsonb, text, uuid, boolean)',
    'sequence rolecall.alert_events_id_seq',
    'sequence rolecall.feature_flag_changes_id_seq',
    'sequence rolecall.feature_flag_overrides_id_seq',
    'sequence rolecall.rollout_decisions_id_seq',
    'table rolecall.alert_delivery',
    'table rolecall.alert_events',
    'table rolecall.alert_rules',
    'table rolecall.alert_states',
    'table rolecall.failure_batches',
    'table rolecall.feature_flag_changes',
    'table rolecall.feature_flag_overrides',
    'table rolecall.feature_flag_revision',
    'table rolecall.help_conversation_counts',
    'table rolecall.help_threads',
    'table rolecall.request_totals',
    'table rolecall.rollout_baselines',
    'table rolecall.rollout_decisions',
    'table rolecall.rollout_stages',
    'table rolecall.rollout_states',
    'view rolecall_monitoring.active_conversations',
    'view rolecall_monitoring.alerts',
    'view rolecall_monitoring.conversation_creation',
    'view rolecall_monitoring.error_rate',
    'view rolecall_monitoring.latency',
    'view rolecall_monitoring.v2_adoption'
  ];
  -- All objects of Rolecall behind it.
  v_ours constant text[] := array[
    'function public.can_user_reply(uuid, uuid)',
    'function public.can_user_send_dm(uuid, uuid, uuid)',
    'function public.create_conversation_atomic(uuid, uuid, text)',
    'function public.get_conversation_v2(uuid, uuid)',
    'function public.send_message_v2(uuid, uuid, text)',
    'function rolecall.delete_account(uuid)',
    'function rolecall.import_legacy_conversations(jsonb)',
    'function rolecall_edge.advance_rollout(jsonb)',
    'function rolecall_edge.alerts(jsonb)',
    'function rolecall_edge.alerts_sent(jsonb)',
    'function rolecall_edge.block_user(jsonb)',
    'function rolecall_edge.blocks(jsonb)',
    'function rolecall_edge.cancel_help_conversation(jsonb)',
    'function rolecall_edge.check_permission(jsonb)',
    'function rolecall_edge.complete_help_conversation(jsonb)',
    'function rolecall_edge.delete_message(jsonb)',
    'function rolecall_edge.delete_own_data(jsonb)',
    'function rolecall_edge.diagnostics(jsonb)',
    'function rolecall_edge.export_own_data(jsonb)',
    'function rolecall_edge.flags(jsonb)',
    'function rolecall_edge.guard_rollouts(jsonb)',
    'function rolecall_edge.health(jsonb)',
    'function rolecall_edge.help_conversation(jsonb)',
    'function rolecall_edge.help_conversations(jsonb)',
    'function rolecall_edge.inbox(jsonb)',
    'function rolecall_edge.key_set(jsonb)',
    'function rolecall_edge.lift_suspension(jsonb)',
    'function rolecall_edge.mark_read(jsonb)',
    'function rolecall_edge.mark_unread(jsonb)',
    'function rolecall_edge.messages(jsonb)',
    'function rolecall_edge.metrics(jsonb)',
    'function rolecall_edge.moderation_audit(jsonb)',
    'function rolecall_edge.moderation_queue(jsonb)',
    'function rolecall_edge.read_help_conversation(jsonb)',
    'function rolecall_edge.record_failures(jsonb)',
    'function rolecall_edge.record_refusal(jsonb)',
    'function rolecall_edge.report_message(jsonb)',
    'function rolecall_edge.reset_broadcast_quotas(jsonb)',
    'function rolecall_edge.restore_message(jsonb)',
    'function rolecall_edge.review_report(jsonb)',
    'function rolecall_edge.rollback_rollout(jsonb)',
    'function rolecall_edge.rollout_status(jsonb)',
    'function rolecall_edge.send_broadcast(jsonb)',
    'function rolecall_edge.send_dm(jsonb)',
    'function rolecall_edge.send_help_message(jsonb)',
    'function rolecall_edge.set_rollout(jsonb)',
    'function rolecall_edge.simulate_rollout(jsonb)',
    'function rolecall_edge.start_conversation(jsonb)',
    'function rolecall_edge.suspend_user(jsonb)',
    'function rolecall_edge.unblock_user(jsonb)',
    'function rolecall_edge.unread(jsonb)',
    'function rolecall_internal.actor(uuid, text, jsonb)',
    'function rolecall_internal.adopted_conversation(uuid, uuid)',
    'function rolecall_internal.adopted_conversations(uuid, text, timestamp with time zone, uuid, integer)',
    'function rolecall_internal.adopted_message_at(uuid, uuid)',
    'function rolecall_internal.adopted_messages(uuid, timestamp with time zone, uuid, timestamp with time zone, uuid, boolean, integer)',
    'function rolecall_internal.advance_rollout(rolecall.call)',
    'function rolecall_internal.apply_deletion(uuid, uuid, uuid, text)',
    'function rolecall_internal.apply_help_deletion(uuid, uuid, uuid, text)',
    'function rolecall_internal.apply_help_restoration(uuid, uuid, uuid, text)',
    'function rolecall_internal.apply_restoration(uuid, uuid, uuid, text)',
    'function rolecall_internal.apply_suspension(uuid, uuid, timestamp with time zone, uuid, uuid, text)',
    'function rolecall_internal.archive_participations()',
    'function rolecall_internal.are_met(jsonb)',
    'function rolecall_internal.assume_claims(jsonb)',
    'function rolecall_internal.audience_count(uuid, uuid, rolecall.app_role[])',
    'function rolecall_internal.audit_moderation(uuid, text, uuid, uuid, uuid, text, jsonb, jsonb)',
    'function rolecall_internal.await_help_turn()',
    'function rolecall_internal.await_help_writers()',
    'function rolecall_internal.begin_call(text, jsonb, text, text, boolean)',
    'function rolecall_internal.begin_rollout_stage()',
    'function rolecall_internal.begin_rpc(text, uuid, jsonb, text, boolean, boolean)',
    'function rolecall_internal.block_user(uuid, jsonb, jsonb)',
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
    'function rolecall_internal.change_rollout(rolecall.call, rolecall.feature_flags, text, text, jsonb)',
    'function rolecall_internal.changed_messages(uuid, uuid, uuid, bigint, integer)',
    'function rolecall_internal.check_permission(uuid, jsonb, jsonb)',
    'function rolecall_internal.check_permission_many(uuid, jsonb, jsonb)',
    'function rolecall_internal.check_permissions(uuid, jsonb, jsonb)',
    'function rolecall_internal.claim_key(text, uuid, text, jsonb, timestamp with time zone)',
    'function rolecall_internal.claim_keys(text, uuid[], text[], jsonb[], timestamp with time zone)',
    'function rolecall_internal.continue_account_deletion()',
    'function rolecall_internal.continue_deletion(rolecall.data_deletions)',
    'function rolecall_internal.conversation_cards(uuid, uuid[], text[], jsonb)',
    'function rolecall_internal.copy_first_message(uuid, uuid, text)',
    'function rolecall_internal.count_help_conversations()',
    'function rolecall_internal.count_help_messages()',
    'function rolecall_internal.count_joined()',
    'function rolecall_internal.count_left()',
    'function rolecall_internal.count_moved()',
    'function rolecall_internal.count_none()',
    'function rolecall_internal.count_participants(uuid[], rolecall.app_role[], bigint[])',
    'function rolecall_internal.count_refusal(uuid, text)',
    'function rolecall_internal.count_reports()',
    'function rolecall_internal.count_reports_of(text[], uuid[], text[], bigint[])',
    'function rolecall_internal.counted_hour(timestamp with time zone)',
    'function rolecall_internal.cursor_of(timestamp with time zone, uuid)',
    'function rolecall_internal.cursor_parts(text)',
    'function rolecall_internal.day_slot(timestamp with time zone, integer)',
    'function rolecall_internal.decide(text, rolecall.app_role, rolecall.app_role, text[])',
    'function rolecall_internal.deferred_dms(rolecall.dm_item[])',
    'function rolecall_internal.delete_account(uuid)',
    'function rolecall_internal.delete_message(uuid, jsonb, jsonb)',
    'function rolecall_internal.delete_own_account(uuid, jsonb)',
    'function rolecall_internal.delete_own_data(uuid, jsonb)',
    'function rolecall_internal.deletion_capacity(uuid, uuid)',
    'function rolecall_internal.deletion_json(rolecall.data_deletions)',
    'function rolecall_internal.deletion_of(rolecall.messages)',
    'function rolecall_internal.deletion_rank(text)',
    'function rolecall_internal.diagnose(uuid)',
    'function rolecall_internal.discount_help_conversations()',
    'function rolecall_internal.discount_help_messages()',
    'function rolecall_internal.dm_facts(uuid, uuid, uuid, text)',
    'function rolecall_internal.dm_items(jsonb)',
    'function rolecall_internal.empty_day_slots(text, integer, integer)',
    'function rolecall_internal.end_call(rolecall.call)',
    'function rolecall_internal.end_help_conversation(uuid, uuid, text, jsonb)',
    'function rolecall_internal.erase_help_messages(uuid, integer)',
    'function rolecall_internal.erase_help_messages_due()',
    'function rolecall_internal.erase_messages(uuid, uuid[], bigint[])',
    'function rolecall_internal.erase_reason()',
    'function rolecall_internal.erase_texts(uuid, integer)',
    'function rolecall_internal.erase_what_is_due()',
    'function rolecall_internal.erased_text()',
    'function rolecall_internal.export_page(uuid, jsonb, jsonb)',
    'function rolecall_internal.export_section(uuid, text, uuid, bigint, uuid)',
    'function rolecall_internal.finish(text, jsonb, uuid, jsonb, text, text)',
    'function rolecall_internal.finish_many(text, jsonb, uuid[], jsonb[])',
    'function rolecall_internal.flag_decision(text, jsonb, uuid, uuid, boolean)',
    'function rolecall_internal.flag_includes(boolean, jsonb, text, uuid, uuid, boolean)',
    'function rolecall_internal.flag_of_operation(text)',
    'function rolecall_internal.flag_totals(text)',
    'function rolecall_internal.flags_of(uuid, jsonb)',
    'function rolecall_internal.flat_answer(jsonb, text, jsonb)',
    'function rolecall_internal.fold_help_conversation_counts()',
    'function rolecall_internal.follow_changed_messages()',
    'function rolecall_internal.follow_erased_contents()',
    'function rolecall_internal.free_key(uuid, text)',
    'function rolecall_internal.guard_figures(text, timestamp with time zone)',
    'function rolecall_internal.guard_rollouts()',
    'function rolecall_internal.has_control(text)',
    'function rolecall_internal.has_visible(text)',
    'function rolecall_internal.help_cards(uuid, uuid[], text[], jsonb)',
    'function rolecall_internal.help_conversation(uuid, jsonb, jsonb)',
    'function rolecall_internal.help_conversations(uuid, jsonb, jsonb)',
    'function rolecall_internal.help_message(public.messages_v2)',
    'function rolecall_internal.help_message_facts(uuid, uuid)',
    'function rolecall_internal.help_message_json(uuid, boolean)',
    'function rolecall_internal.help_message_row(uuid)',
    'function rolecall_internal.help_page(uuid, text, timestamp with time zone, uuid, integer)',
    'function rolecall_internal.help_place(uuid, text, integer)',
    'function rolecall_internal.help_placeholder(text)',
    'function rolecall_internal.help_report_pends(uuid)',
    'function rolecall_internal.hold_conversations(uuid[])',
    'function rolecall_internal.hold_help_message(uuid)',
    'function rolecall_internal.hold_profiles()',
    'function rolecall_internal.hour_of(timestamp with time zone)',
    'function rolecall_internal.in_audience(uuid, uuid, rolecall.app_role[], timestamp with time zone)',
    'function rolecall_internal.inbox(uuid, jsonb, jsonb)',
    'function rolecall_internal.inbox_page(uuid, text, timestamp with time zone, uuid, integer)',
    'function rolecall_internal.is_action(text)',
    'function rolecall_internal.is_client()',
    'function rolecall_internal.is_conversation(text, text, uuid, uuid, uuid, uuid, boolean)',
    'function rolecall_internal.is_failure(text)',
    'function rolecall_internal.is_message(uuid, text, timestamp with time zone, timestamp with time zone, text, boolean)',
    'function rolecall_internal.is_name(text)',
    'function rolecall_internal.is_new_help_message(uuid, text, uuid)',
    'function rolecall_internal.is_role(text)',
    'function rolecall_internal.is_stopped(uuid, uuid, text, jsonb)',
    'function rolecall_internal.is_text(text, integer, integer)',
    'function rolecall_internal.iso(timestamp with time zone)',
    'function rolecall_internal.judge_broadcast(uuid, uuid, rolecall.app_role[], jsonb)',
    'function rolecall_internal.judge_broadcast_reader(uuid, uuid, jsonb)',
    'function rolecall_internal.judge_dm(uuid, uuid, uuid, jsonb)',
    'function rolecall_internal.judge_dm_facts(rolecall.actor, rolecall.app_role, boolean, boolean, boolean, text[])',
    'function rolecall_internal.judge_dms(rolecall.dm_item[])',
    'function rolecall_internal.judge_moderation(uuid, uuid, jsonb)',
    'function rolecall_internal.judge_reply(uuid, uuid, jsonb)',
    'function rolecall_internal.judge_reply_facts(uuid, rolecall.app_role, boolean, uuid, boolean, jsonb, rolecall.app_role, text[])',
    'function rolecall_internal.judge_report(uuid, uuid, jsonb)',
    'function rolecall_internal.judge_review(uuid, rolecall.reported_messages, jsonb)',
    'function rolecall_internal.judge_rollout(text, text, timestamp with time zone)',
    'function rolecall_internal.judge_suspension(uuid, uuid, jsonb)',
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
    'function rolecall_internal.lift_suspension(uuid, jsonb, jsonb)',
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
    'function rolecall_internal.limit_simulated_users()',
    'function rolecall_internal.list_blocks(uuid, jsonb, jsonb)',
    'function rolecall_internal.lock_flag(jsonb)',
    'function rolecall_internal.lock_flags()',
    'function rolecall_internal.lock_flags_first()',
    'function rolecall_internal.lock_help_message(uuid)',
    'function rolecall_internal.log_event(rolecall.call, text, jsonb, uuid)',
    'function rolecall_internal.log_refusals(text, jsonb, uuid[], jsonb[], double precision)',
    'function rolecall_internal.maintenance_is_on()',
    'function rolecall_internal.mark_answer(uuid, uuid, bigint, bigint)',
    'function rolecall_internal.mark_read(uuid, jsonb, jsonb)',
    'function rolecall_internal.mark_read_many(jsonb)',
    'function rolecall_internal.mark_unread(uuid, jsonb, jsonb)',
    'function rolecall_internal.may_escalate(rolecall.reported_messages)',
    'function rolecall_internal.merge_metrics()',
    'function rolecall_internal.message_json(rolecall.messages, text)',
    'function rolecall_internal.minute_of(timestamp with time zone)',
    'function rolecall_internal.moderated_message(rolecall.messages)',
    'function rolecall_internal.moderates_everything(rolecall.app_role)',
    'function rolecall_internal.moderation_audit(uuid, jsonb, jsonb)',
    'function rolecall_internal.moderation_queue(uuid, jsonb, jsonb)',
    'function rolecall_internal.moment_or_null(text)',
    'function rolecall_internal.move_help_thread()',
    'function rolecall_internal.move_mark(uuid, uuid, uuid, bigint, boolean)',
    'function rolecall_internal.new_broadcasts(uuid, uuid, uuid, bigint)',
    'function rolecall_internal.new_messages(uuid, uuid, bigint, bigint)',
    'function rolecall_internal.newest_from_others(uuid, uuid, uuid)',
    'function rolecall_internal.next_rollout(text, text)',
    'function rolecall_internal.note_alerts(boolean)',
    'function rolecall_internal.open_flags()',
    'function rolecall_internal.open_help_thread()',
    'function rolecall_internal.operations_of_flag(text)',
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
    'function rolecall_internal.read_help_conversation(uuid, uuid, jsonb)',
    'function rolecall_internal.read_messages(uuid, jsonb, jsonb)',
    'function rolecall_internal.reader_of(uuid, rolecall.conversations)',
    'function rolecall_internal.reads_broadcasts_of(uuid, uuid)',
    'function rolecall_internal.record_flag()',
    'function rolecall_internal.record_flag_change(text, uuid, uuid, jsonb, jsonb)',
    'function rolecall_internal.record_override()',
    'function rolecall_internal.recount_help_conversation()',
    'function rolecall_internal.refilled(double precision, timestamp with time zone, timestamp with time zone, integer, integer)',
    'function rolecall_internal.refusal(text, text, text, text, jsonb)',
    'function rolecall_internal.refusal_of(rolecall.decision)',
    'function rolecall_internal.refuse_actor(uuid, rolecall.app_role, uuid, boolean, text, boolean, jsonb)',
    'function rolecall_internal.refuse_change()',
    'function rolecall_internal.refuse_change(jsonb, text)',
    'function rolecall_internal.refuse_cursor()',
    'function rolecall_internal.refuse_disabled()',
    'function rolecall_internal.refuse_ended_help(text)',
    'function rolecall_internal.refuse_help_author(uuid, text, jsonb)',
    'function rolecall_internal.refuse_help_message(uuid, public.conversations_v2, jsonb)',
    'function rolecall_internal.refuse_help_status(uuid, public.conversations_v2, text, jsonb)',
    'function rolecall_internal.refuse_help_to(uuid, uuid, text)',
    'function rolecall_internal.refuse_help_writer(uuid, uuid, text, text, jsonb)',
    'function rolecall_internal.refuse_in_maintenance(uuid, jsonb)',
    'function rolecall_internal.refuse_long_statements()',
    'function rolecall_internal.refuse_maintenance_among_others()',
    'function rolecall_internal.refuse_moderation_reader(rolecall.actor, text)',
    'function rolecall_internal.refuse_non_operator(jsonb)',
    'function rolecall_internal.refuse_non_user(jsonb)',
    'function rolecall_internal.refuse_note(jsonb)',
    'function rolecall_internal.refuse_other_flag_history()',
    'function rolecall_internal.refuse_other_history()',
    'function rolecall_internal.refuse_other_recipient(uuid, uuid)',
    'function rolecall_internal.refuse_other_than_caller(uuid)',
    'function rolecall_internal.refuse_quota(text, integer, jsonb)',
    'function rolecall_internal.refuse_rate(jsonb)',
    'function rolecall_internal.refuse_restoration(uuid, rolecall.messages)',
    'function rolecall_internal.refuse_reused_key()',
    'function rolecall_internal.refuse_second_report(uuid)',
    'function rolecall_internal.refuse_stranger(text, uuid, jsonb)',
    'function rolecall_internal.refuse_text(text, text, integer, integer)',
    'function rolecall_internal.refuse_unknown_conversation(uuid, uuid)',
    'function rolecall_internal.refuse_unknown_flag()',
    'function rolecall_internal.refuse_unknown_help(uuid, uuid)',
    'function rolecall_internal.refuse_without_profile(uuid)',
    'function rolecall_internal.rehearse_broadcast(uuid, jsonb, jsonb)',
    'function rolecall_internal.replay_review(uuid, jsonb, jsonb)',
    'function rolecall_internal.replayed_help_message(jsonb)',
    'function rolecall_internal.reply_facts(uuid, uuid, text)',
    'function rolecall_internal.report_figures(uuid)',
    'function rolecall_internal.report_help_message(uuid, uuid, text)',
    'function rolecall_internal.report_json(rolecall.reported_messages, rolecall.actor)',
    'function rolecall_internal.report_message(uuid, jsonb, jsonb)',
    'function rolecall_internal.request_counters()',
    'function rolecall_internal.request_header(text)',
    'function rolecall_internal.reset_broadcast_quotas(jsonb)',
    'function rolecall_internal.restore_message(uuid, jsonb, jsonb)',
    'function rolecall_internal.review_report(uuid, jsonb, jsonb)',
    'function rolecall_internal.revise(uuid[], bigint[])',
    'function rolecall_internal.role_of_strangers()',
    'function rolecall_internal.roles_of(jsonb)',
    'function rolecall_internal.rollout_actor(rolecall.call)',
    'function rolecall_internal.rollout_bucket(text, uuid)',
    'function rolecall_internal.rollout_criteria(rolecall.rollout_stages, jsonb)',
    'function rolecall_internal.rollout_decision_json(rolecall.rollout_decisions)',
    'function rolecall_internal.rollout_figures(text, timestamp with time zone)',
    'function rolecall_internal.rollout_includes(text, text, uuid, boolean)',
    'function rolecall_internal.rollout_reach(text)',
    'function rolecall_internal.rollout_since(rolecall.feature_flags)',
    'function rolecall_internal.rollout_stage(text, text)',
    'function rolecall_internal.rollout_status(rolecall.feature_flags, jsonb)',
    'function rolecall_internal.sample_of_users(integer)',
    'function rolecall_internal.sees_removed(rolecall.actor)',
    'function rolecall_internal.send_broadcast(uuid, jsonb, jsonb)',
    'function rolecall_internal.send_dm(uuid, jsonb, jsonb)',
    'function rolecall_internal.send_dm_many(jsonb)',
    'function rolecall_internal.send_help_message(uuid, uuid, text, uuid, jsonb)',
    'function rolecall_internal.send_independent_dms(jsonb, rolecall.dm_item[])',
    'function rolecall_internal.set_participant_role()',
    'function rolecall_internal.set_rollout(rolecall.call, text, text)',
    'function rolecall_internal.settle_changed_help_messages()',
    'function rolecall_internal.settle_flags()',
    'function rolecall_internal.settle_key(uuid, text, jsonb, timestamp with time zone)',
    'function rolecall_internal.settle_keys(uuid[], text[], jsonb[], timestamp with time zone)',
    'function rolecall_internal.settle_reports(uuid, uuid, rolecall.messages, text, text)',
    'function rolecall_internal.settle_reports_as_organizer(uuid, uuid, rolecall.messages, text, text)',
    'function rolecall_internal.simulate_rollout(text, text, jsonb, uuid[])',
    'function rolecall_internal.start_help_conversation(uuid, uuid, text, uuid, jsonb)',
    'function rolecall_internal.success(jsonb, jsonb)',
    'function rolecall_internal.suspend_user(uuid, jsonb, jsonb)',
    'function rolecall_internal.suspended_fact(timestamp with time zone)',
    'function rolecall_internal.suspension_json(timestamp with time zone)',
    'function rolecall_internal.sweep(regclass, text, bigint)',
    'function rolecall_internal.take_help_turn(uuid)',
    'function rolecall_internal.take_nightly_step(rolecall.quota_runs)',
    'function rolecall_internal.take_quota(uuid, uuid, text, integer, integer)',
    'function rolecall_internal.take_token(uuid, text)',
    'function rolecall_internal.take_tokens(uuid[], text)',
    'function rolecall_internal.touch_updated_at()',
    'function rolecall_internal.trimmed(text)',
    'function rolecall_internal.unblock_user(uuid, jsonb, jsonb)',
    'function rolecall_internal.unmet_reasons(jsonb)',
    'function rolecall_internal.unread(uuid, jsonb)',
    'function rolecall_internal.uuid_or_null(text)',
    'function rolecall_internal.uuid_v7()',
    'function rolecall_internal.v1_conversation_counts()',
    'function rolecall_internal.variable_includes(jsonb, text, uuid, boolean)',
    'function rolecall_internal.visible_broadcasts(uuid, uuid, uuid)',
    'function rolecall_internal.visible_messages(uuid, uuid, uuid, bigint, bigint, boolean, integer)',
    'function rolecall_internal.whole_number(jsonb)',
    'function rolecall_internal.with_limit(jsonb, jsonb)',
    'function rolecall_internal.within_bucket(integer, numeric)',
    'schema rolecall',
    'schema rolecall_edge',
    'schema rolecall_internal',
    'schema rolecall_monitoring',
    'sequence rolecall.alert_events_id_seq',
    'sequence rolecall.application_logs_id_seq',
    'sequence rolecall.feature_flag_changes_id_seq',
    'sequence rolecall.feature_flag_overrides_id_seq',
    'sequence rolecall.help_message_edits_id_seq',
    'sequence rolecall.rollout_decisions_id_seq',
    'table public.conversations_v2',
    'table public.messages_v2',
    'table rolecall.alert_delivery',
    'table rolecall.alert_events',
    'table rolecall.alert_rules',
    'table rolecall.alert_states',
    'table rolecall.application_logs',
    'table rolecall.broadcast_limits',
    'table rolecall.broadcast_quotas',
    'table rolecall.broadcast_receipts',
    'table rolecall.broadcasts',
    'table rolecall.conversation_participants',
    'table rolecall.conversations',
    'table rolecall.data_deletions',
    'table rolecall.erasures_due',
    'table rolecall.failure_batches',
    'table rolecall.feature_flag_changes',
    'table rolecall.feature_flag_overrides',
    'table rolecall.feature_flag_revision',
    'table rolecall.feature_flags',
    'table rolecall.help_closings',
    'table rolecall.help_conversation_counts',
    'table rolecall.help_erasures_due',
    'table rolecall.help_message_counts',
    'table rolecall.help_message_edits',
    'table rolecall.help_requests',
    'table rolecall.help_threads',
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
    'table rolecall.request_totals',
    'table rolecall.rollout_baselines',
    'table rolecall.rollout_decisions',
    'table rolecall.rollout_stages',
    'table rolecall.rollout_states',
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
    'view rolecall_monitoring.active_conversations',
    'view rolecall_monitoring.alerts',
    'view rolecall_monitoring.conversation_creation',
    'view rolecall_monitoring.error_rate',
    'view rolecall_monitoring.latency',
    'view rolecall_monitoring.migration',
    'view rolecall_monitoring.pending_reports',
    'view rolecall_monitoring.quota_reset',
    'view rolecall_monitoring.rate_limited_last_hour',
    'view rolecall_monitoring.refusals_last_hour',
    'view rolecall_monitoring.reports_by_status',
    'view rolecall_monitoring.requests_last_hour',
    'view rolecall_monitoring.suspensions',
    'view rolecall_monitoring.unfinished_deletions',
    'view rolecall_monitoring.v2_adoption'
  ];
  -- The objects that are no more.
  v_gone constant text[] := array[
    'function rolecall_internal.actor(uuid, text, text)',
    'function rolecall_internal.begin_rpc(text, uuid, jsonb, text, boolean)',
    'function rolecall_internal.block_user(uuid, jsonb, text)',
    'function rolecall_internal.conversation_cards(uuid, uuid[], text[], text)',
    'function rolecall_internal.delete_message(uuid, jsonb, text)',
    'function rolecall_internal.delete_own_account(uuid, text)',
    'function rolecall_internal.delete_own_data(uuid, text)',
    'function rolecall_internal.dm_facts(uuid, uuid, uuid)',
    'function rolecall_internal.export_page(uuid, jsonb, text)',
    'function rolecall_internal.feature_enabled(text, text, uuid, boolean)',
    'function rolecall_internal.inbox(uuid, jsonb, text, text)',
    'function rolecall_internal.is_stopped(uuid, uuid, text, text)',
    'function rolecall_internal.judge_broadcast(uuid, uuid, rolecall.app_role[], text)',
    'function rolecall_internal.judge_broadcast_reader(uuid, uuid, text)',
    'function rolecall_internal.judge_dm(uuid, uuid, uuid, text)',
    'function rolecall_internal.judge_moderation(uuid, uuid, text)',
    'function rolecall_internal.judge_reply(uuid, uuid, text)',
    'function rolecall_internal.judge_reply_facts(uuid, rolecall.app_role, boolean, uuid, text, text, rolecall.app_role, text[])',
    'function rolecall_internal.judge_report(uuid, uuid, text)',
    'function rolecall_internal.judge_review(uuid, rolecall.reported_messages, text)',
    'function rolecall_internal.judge_suspension(uuid, uuid, text)',
    'function rolecall_internal.lift_suspension(uuid, jsonb, text)',
    'function rolecall_internal.list_blocks(uuid, jsonb, text)',
    'function rolecall_internal.mark_read(uuid, jsonb, text)',
    'function rolecall_internal.mark_unread(uuid, jsonb, text)',
    'function rolecall_internal.moderation_audit(uuid, jsonb, text)',
    'function rolecall_internal.moderation_queue(uuid, jsonb, text)',
    'function rolecall_internal.read_messages(uuid, jsonb, text, text)',
    'function rolecall_internal.refuse_actor(uuid, rolecall.app_role, boolean, text, text, text)',
    'function rolecall_internal.refuse_help_message(uuid, public.conversations_v2, text)',
    'function rolecall_internal.refuse_help_status(uuid, public.conversations_v2, text)',
    'function rolecall_internal.refuse_help_writer(uuid, uuid, text, text, text)',
    'function rolecall_internal.rehearse_broadcast(uuid, jsonb, text)',
    'function rolecall_internal.replay_review(uuid, jsonb, text)',
    'function rolecall_internal.reply_facts(uuid, uuid)',
    'function rolecall_internal.report_message(uuid, jsonb, text)',
    'function rolecall_internal.reset_broadcast_quotas(text)',
    'function rolecall_internal.restore_message(uuid, jsonb, text)',
    'function rolecall_internal.review_report(uuid, jsonb, text)',
    'function rolecall_internal.rollout_of(jsonb, text)',
    'function rolecall_internal.rollouts_include(text, text, text, uuid, boolean)',
    'function rolecall_internal.send_broadcast(uuid, jsonb, text)',
    'function rolecall_internal.send_dm(uuid, jsonb, text)',
    'function rolecall_internal.send_help_message(uuid, uuid, text, text)',
    'function rolecall_internal.start_help_conversation(uuid, uuid, text, text)',
    'function rolecall_internal.suspend_user(uuid, jsonb, text)',
    'function rolecall_internal.unblock_user(uuid, jsonb, text)',
    'function rolecall_internal.unread(uuid, text)'
  ];
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
  -- What shares a space of names is of one class: no table can have the name of a view or type. A function's arguments
  -- are no part of its name here: ours beside a function of the app's would make the app's calls mean something else.
  v_name constant text := $name$
regexp_replace(
  regexp_replace(identity, '^(table|view|sequence|index|type|materialized view|foreign table) ', 'relation '),
  '^(function [^(]*)[(].*$',
  '\1'
)
$name$;
  v_search_path constant text := current_setting('search_path');
  v_messages constant text := current_setting('client_min_messages');
  v_taken text;
  v_object record;
begin
  perform set_config('search_path', 'pg_catalog, pg_temp', true);
  if obj_description(to_regclass('rolecall.schema_migrations'), 'pg_class') ~ '^Rolecall(:|$)' then
    -- One installer at a time; nobody else may lock this table.
    lock table rolecall.schema_migrations in share row exclusive mode;
    if exists (select from rolecall.schema_migrations where version = 2) then
      -- By way of jsonb: the first states of this table had no digest.
      if (
        select to_jsonb(applied) ->> 'digest'
        from rolecall.schema_migrations as applied
        where version = 2
      ) is distinct from '9dd371be65f1f96eaddbdfb4f8bf371a1e0fc94ce3e8d43d17296a77116f952c'
      then
        raise exception 'Rolecall: this database has 2 staged_rollout in another state, of before its release.'
          using
            errcode = 'object_not_in_prerequisite_state',
            hint = 'Take it back with the build that applied it and apply it anew. For the embedded database of a checkout, remove .rolecall/pg.';
      end if;
      raise notice 'Rolecall: 2 staged_rollout is applied already.';
      perform set_config('search_path', v_search_path, true);
      return;
    end if;
    if 1 > 0 and not exists (select from rolecall.schema_migrations where version = 1) then
      raise exception 'Rolecall: 2 staged_rollout follows 1, which this database does not have.'
        using errcode = 'object_not_in_prerequisite_state';
    end if;
  elsif 1 > 0 then
    raise exception 'Rolecall: 2 staged_rollout follows 1, which this database does not have.'
      using errcode = 'object_not_in_prerequisite_state';
  end if;

  -- Views in public are made where their names are free.
  execute
    'select string_agg(identity, '', '' order by identity)
     from (
       select identity, is_foreign, bool_or(is_needed) over (partition by ' || v_name || ') as is_needed
       from (
         select identity, not is_ours as is_foreign, false as is_needed
         from (' || v_inventory || ') as object
         union all
         select identity, false, true
         from unnest($1) as identity
         where identity not like ''view public.%''
       ) as listed
     ) as named
     where is_foreign
       and is_needed'
    into v_taken
    using v_ours;
  if v_taken is not null then
    raise exception 'Rolecall needs names that this database uses for something else; nothing was changed: %', v_taken
      using
        errcode = 'object_not_in_prerequisite_state',
        hint = 'Rename them, or install Rolecall into a database of its own. See docs/install.md.';
  end if;

  if 1 = 0 then
    -- Whoever installs at the same time waits here for the end of the other installation.
    begin
      create schema rolecall;
    exception
      when unique_violation or duplicate_schema then
        if not exists (select from rolecall.schema_migrations where version = 2) then
          raise;
        end if;
        raise notice 'Rolecall: 2 staged_rollout is applied already.';
        perform set_config('search_path', v_search_path, true);
        return;
    end;
  end if;

  -- That something to be replaced is not there yet is no news.
  if v_messages in ('debug5', 'debug4', 'debug3', 'debug2', 'debug1', 'log', 'notice') then
    perform set_config('client_min_messages', 'warning', true);
  end if;

  -- next.sql
  execute $sql$
-- 0002: flags that require each other, help conversations over HTTP, failures that are counted, rollouts that guard
-- themselves.

-- calls: flags

-- A request carries the operator's variable whole: a decision may ask more flags than one.
alter type rolecall.call rename attribute rollout to rollouts;

alter type rolecall.call alter attribute rollouts type jsonb;

alter type rolecall.dm_item rename attribute rollout to rollouts;

alter type rolecall.dm_item alter attribute rollouts type jsonb;

alter table rolecall.feature_flags
  add column requires text,
  add column is_open boolean not null default false,
  add constraint feature_flags_requires_fkey
    foreign key (requires) references rolecall.feature_flags (name) on update cascade;

comment on column rolecall.feature_flags.requires is
  'A flag that must include a user, too, for this one to include them. No flag requires itself, not by way of others either.';

comment on column rolecall.feature_flags.is_open is
  'Whether the flag includes everybody, with nothing else to ask: it is enabled, what it requires is open, and nobody has an override. Kept by a trigger.';

create index feature_flags_requires_idx
  on rolecall.feature_flags (requires);

-- calls: metrics

-- A quarter of an hour that was counted by an older version is like one minute: it is merged, and added to the totals,
-- when it is older than two hours.
alter table rolecall.request_metrics add column minutes smallint not null default 1;

alter table rolecall.request_metrics
  add constraint request_metrics_minutes_known check (minutes in (1, 15));

alter table rolecall.request_metrics drop constraint request_metrics_pkey;

alter table rolecall.request_metrics
  add primary key (org_id, slot, function, code, bucket, stripe, minutes, day_slot);

create index request_metrics_minutes_idx
  on rolecall.request_metrics (slot)
  where minutes = 1;

create index request_metrics_function_slot_idx
  on rolecall.request_metrics (function, slot);

-- The minutes of one operation.
create index request_metrics_function_minutes_idx
  on rolecall.request_metrics (function, slot)
  where minutes = 1;

comment on table rolecall.request_metrics is
  'How many requests of each operation got which code, and how long they took; by the minute for two hours, by the quarter hour for 7 days.';

comment on column rolecall.request_metrics.minutes is
  'How many minutes from slot on the row counts: 1, or 15 once it was merged and is part of request_totals.';

-- help
alter table rolecall.help_requests
  drop constraint help_requests_status_known,
  add constraint help_requests_status_known check (
    status in ('open', 'in_progress', 'matched', 'completed', 'closed', 'cancelled')
  );
comment on table rolecall.help_requests is
  'Requests for help; helpers start conversations about those that are open or in progress.';
drop index rolecall.help_requests_open_idx;
create index help_requests_open_idx
  on rolecall.help_requests (created_at)
  where status in ('open', 'in_progress');
alter table public.conversations_v2
  drop constraint conversations_v2_status_known,
  add constraint conversations_v2_status_known check (status in ('active', 'completed', 'cancelled', 'closed'));
alter table public.conversations_v2 set (fillfactor = 80);
drop index public.conversations_v2_updated_at_idx;
create index conversations_v2_created_at_idx
  on public.conversations_v2 (created_at);

-- own_data

-- rollout
$sql$;

  -- schema/base/limits.generated.sql
  execute $sql$
-- The limits of the wire. Generated from shared/src/rules/limits.rs by `make generate`; do not edit.

create or replace function rolecall_internal.limit_direct_message_chars()
returns int
language sql
immutable
parallel safe
return 2000;

create or replace function rolecall_internal.limit_broadcast_chars()
returns int
language sql
immutable
parallel safe
return 1000;

create or replace function rolecall_internal.limit_help_message_min_chars()
returns int
language sql
immutable
parallel safe
return 10;

create or replace function rolecall_internal.limit_help_message_max_chars()
returns int
language sql
immutable
parallel safe
return 1000;

create or replace function rolecall_internal.limit_report_reason_chars()
returns int
language sql
immutable
parallel safe
return 1000;

create or replace function rolecall_internal.limit_note_chars()
returns int
language sql
immutable
parallel safe
return 1000;

create or replace function rolecall_internal.limit_simulated_users()
returns int
language sql
immutable
parallel safe
return 10000;

create or replace function rolecall_internal.limit_idempotency_key_chars()
returns int
language sql
immutable
parallel safe
return 255;

create or replace function rolecall_internal.limit_default_page()
returns int
language sql
immutable
parallel safe
return 50;

create or replace function rolecall_internal.limit_page()
returns int
language sql
immutable
parallel safe
return 100;

create or replace function rolecall_internal.limit_messages_page()
returns int
language sql
immutable
parallel safe
return 200;

create or replace function rolecall_internal.limit_checks()
returns int
language sql
immutable
parallel safe
return 200;

create or replace function rolecall_internal.limit_logged_refusals()
returns int
language sql
immutable
parallel safe
return 10;
$sql$;

  -- schema/flags/tables.sql
  execute $sql$
-- Who is in or out of a flag whatever its rollout says, and every change of a flag.

create table rolecall.feature_flag_overrides (
  id bigint generated always as identity primary key,
  name text not null references rolecall.feature_flags (name) on update cascade on delete cascade,
  organization_id uuid references rolecall.organizations (id) on delete cascade,
  user_id uuid references rolecall.profiles (id) on delete cascade,
  rollout text not null,
  reason text not null default '',
  until timestamptz,
  created_at timestamptz not null default now(),
  constraint feature_flag_overrides_rollout_form
    check (rollout ~ '^(disabled|internal|enabled|percentage:(0|[1-9][0-9]?|100))$'),
  constraint feature_flag_overrides_of_one_target check (num_nonnulls(organization_id, user_id) = 1),
  constraint feature_flag_overrides_name_user_id_key unique (name, user_id),
  constraint feature_flag_overrides_name_organization_id_key unique (name, organization_id)
);

comment on table rolecall.feature_flag_overrides is
  'The rollout of a flag for one user or one organisation, in place of the flag''s own. A user''s comes before their organisation''s.';

comment on column rolecall.feature_flag_overrides.until is 'When it ceases to count; null for never.';

create index feature_flag_overrides_user_id_idx
  on rolecall.feature_flag_overrides (user_id);

create index feature_flag_overrides_organization_id_idx
  on rolecall.feature_flag_overrides (organization_id);

create table rolecall.feature_flag_changes (
  id bigint generated always as identity primary key,
  at timestamptz not null default clock_timestamp(),
  name text not null,
  organization_id uuid,
  user_id uuid,
  old text,
  new text,
  by text not null,
  reason text not null default '',
  details jsonb not null default '{}'
);

comment on table rolecall.feature_flag_changes is
  'Every change of a flag and of its overrides, whoever makes it; never changed. A transaction says why in the setting rolecall.reason, and for whom in rolecall.actor.';

comment on column rolecall.feature_flag_changes.organization_id is 'The organisation whose override changed.';

comment on column rolecall.feature_flag_changes.user_id is 'The user whose override changed.';

comment on column rolecall.feature_flag_changes.old is 'The rollout before; null where there was none.';

comment on column rolecall.feature_flag_changes.new is 'The rollout after; null where there is none.';

comment on column rolecall.feature_flag_changes.by is
  'The setting rolecall.actor, else the user of the request, else the database role that logged in.';

comment on column rolecall.feature_flag_changes.details is
  'What else changed: {"requires": {"old", "new"}} for example.';

create index feature_flag_changes_name_idx
  on rolecall.feature_flag_changes (name, id);

create table rolecall.feature_flag_revision (
  is_only boolean primary key default true,
  revision bigint not null,
  constraint feature_flag_revision_one_row check (is_only)
);

comment on table rolecall.feature_flag_revision is
  'One row, which every change of a flag or an override updates first: changes follow each other, and one whose snapshot is older than the last change fails to serialize.';
$sql$;

  -- schema/help/threads_tables.sql
  execute $sql$
-- Where each help conversation stands in the lists of its two people, and what is new to either. Apart from the
-- conversations, whose columns and indexes the adopter counts.
create table rolecall.help_threads (
  conversation_id uuid primary key references public.conversations_v2 (id) on delete cascade,
  requester_id uuid not null,
  helper_id uuid not null,
  -- In the order of bytes: a page of one status is a range of the indexes.
  status text collate "C" not null,
  last_message_at timestamptz not null,
  active_in timestamptz not null generated always as (rolecall_internal.hour_of(last_message_at)) stored,
  requester_read_at timestamptz not null default '-infinity',
  helper_read_at timestamptz not null default '-infinity',
  requester_unread bigint not null default 0,
  helper_unread bigint not null default 0
)
with (fillfactor = 80);

comment on table rolecall.help_threads is 'The place of each help conversation in the lists of its people, and what is new to them.';

comment on column rolecall.help_threads.status is 'That of the conversation, which the indexes use.';

comment on column rolecall.help_threads.active_in is 'The hour of last_message_at, which the indexes use.';

comment on column rolecall.help_threads.requester_read_at is 'The created_at of the newest message that the requester has read.';

comment on column rolecall.help_threads.requester_unread is
  'How many messages after requester_read_at are new to the requester: of others, and not erased.';

-- The lists, newest first. By the hour, and the time within it is sorted: a message then changes no index.
create index help_threads_requester_id_idx
  on rolecall.help_threads (requester_id, active_in, status);

create index help_threads_helper_id_idx
  on rolecall.help_threads (helper_id, active_in, status);
$sql$;

  -- schema/monitoring/tables.sql
  execute $sql$
-- What the operator's figures and alerts are made of, beside request_metrics.

create table rolecall.request_totals (
  function text not null,
  code text not null,
  bucket smallint not null,
  requests bigint not null,
  primary key (function, code, bucket)
);

comment on table rolecall.request_totals is
  'All requests that were ever merged into quarters of an hour. With the rows of request_metrics that count one minute it makes counters that never fall.';

create table rolecall.failure_batches (
  id uuid primary key,
  at timestamptz not null default now()
);

comment on table rolecall.failure_batches is
  'The failures that a function has handed in, by batch, for a day: a batch that is sent again is not counted again.';

create index failure_batches_at_idx
  on rolecall.failure_batches (at);

create table rolecall.help_conversation_counts (
  hour timestamptz not null,
  status text not null,
  stripe smallint not null,
  conversations bigint not null,
  primary key (hour, status, stripe)
)
with (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.05);

comment on table rolecall.help_conversation_counts is
  'How many help conversations of each hour have which status, so that nobody need count them. Hours of long ago are counted in 2000.';

comment on column rolecall.help_conversation_counts.stripe is
  'Spreads the counts over several rows, so that conversations do not wait for each other''s commits; the sum counts.';

-- Alerts

create table rolecall.alert_rules (
  name text primary key,
  severity text not null,
  threshold numeric not null,
  attempts bigint not null default 0,
  summary text not null,
  constraint alert_rules_name_form check (name ~ '^[a-z][a-z_]{0,62}$'),
  constraint alert_rules_severity_known check (severity in ('critical', 'warning')),
  constraint alert_rules_attempts_positive check (attempts >= 0)
);

comment on table rolecall.alert_rules is 'Every alert that there is. Thresholds may be changed; rolecall_monitoring.alerts says which fire.';

comment on column rolecall.alert_rules.threshold is 'A share is between 0 and 1, a time in seconds.';

comment on column rolecall.alert_rules.attempts is 'From how many requests on a share is worth an alert.';

create table rolecall.alert_states (
  name text primary key,
  since timestamptz not null,
  constraint alert_states_name_fkey
    foreign key (name) references rolecall.alert_rules (name) on update cascade on delete cascade
);

comment on table rolecall.alert_states is 'The alerts that fired when the endpoint alerts was last called, and since when.';

create table rolecall.alert_events (
  id bigint generated always as identity primary key,
  at timestamptz not null default now(),
  name text not null,
  event text not null,
  severity text not null,
  value numeric,
  threshold numeric not null,
  summary text not null,
  since timestamptz not null,
  sent_at timestamptz,
  constraint alert_events_event_known check (event in ('began', 'ended'))
);

comment on table rolecall.alert_events is
  'What began and ended, for 30 days; what has no sent_at is still to be sent to alert_url, in the order of the ids.';

create index alert_events_unsent_idx
  on rolecall.alert_events (id)
  where sent_at is null;

create index alert_events_at_idx
  on rolecall.alert_events (at);

create table rolecall.alert_delivery (
  id smallint primary key,
  lease uuid,
  leased_until timestamptz,
  constraint alert_delivery_single check (id = 1)
);

comment on table rolecall.alert_delivery is 'Who sends events to alert_url at this moment: one call at a time.';
$sql$;

  -- schema/rollout/tables.sql
  execute $sql$
-- The stages in which a feature is rolled out, what each has to show before the next one begins, and every decision.

create table rolecall.rollout_stages (
  flag text not null references rolecall.feature_flags (name) on update cascade on delete cascade,
  rollout text not null,
  min_success numeric not null,
  max_p95_ms int not null,
  max_errors numeric not null,
  min_age interval not null,
  min_attempts int not null,
  auto_advance boolean not null default false,
  primary key (flag, rollout),
  constraint rollout_stages_rollout_form
    check (rollout ~ '^(internal|enabled|percentage:(0|[1-9][0-9]?|100))$'),
  constraint rollout_stages_min_success_share check (min_success between 0 and 1),
  constraint rollout_stages_max_p95_ms_positive check (max_p95_ms > 0),
  constraint rollout_stages_max_errors_share check (max_errors between 0 and 1),
  constraint rollout_stages_min_age_not_negative check (min_age >= interval '0'),
  constraint rollout_stages_min_attempts_not_negative check (min_attempts >= 0)
);

comment on table rolecall.rollout_stages is
  'The stages of each flag that is rolled out in stages, and what a stage has to show before it is left for the next one. The guard watches the flags that have stages.';

comment on column rolecall.rollout_stages.rollout is 'internal, percentage:0 to percentage:100, or enabled.';

comment on column rolecall.rollout_stages.min_success is
  'The least share of successes, 0 to 1: ok / (ok + failures). Refusals are neither.';

comment on column rolecall.rollout_stages.max_p95_ms is
  'The 95th percentile of the time that attempts take in the database stays below this, in milliseconds.';

comment on column rolecall.rollout_stages.max_errors is
  'The share of attempts that end in the code internal, 0 to 1, stays below this.';

comment on column rolecall.rollout_stages.min_age is 'How long the stage lasts at least.';

comment on column rolecall.rollout_stages.min_attempts is 'How many attempts (ok and failures) it sees at least.';

comment on column rolecall.rollout_stages.auto_advance is 'Whether the guard begins the next stage when this one has shown all that.';

create table rolecall.rollout_decisions (
  id bigint generated always as identity primary key,
  at timestamptz not null default now(),
  flag text not null,
  actor text not null,
  action text not null,
  from_rollout text not null,
  to_rollout text not null,
  reason text not null,
  figures jsonb not null default '{}',
  constraint rollout_decisions_action_known check (action in ('advance', 'force', 'set', 'rollback'))
);

comment on table rolecall.rollout_decisions is
  'Each change of a rollout by the operator''s requests and by the guard, with its reason and the figures of that moment. Other changes of a flag are in feature_flag_changes alone.';

comment on column rolecall.rollout_decisions.actor is 'guard; operator, followed by who it is where that is known.';

comment on column rolecall.rollout_decisions.action is
  'advance: to the next stage, with all criteria met; force: to the next stage all the same; set; rollback: to disabled.';

-- The newest decisions of a flag.
create index rollout_decisions_flag_idx
  on rolecall.rollout_decisions (flag, id);

create table rolecall.rollout_states (
  flag text primary key references rolecall.feature_flags (name) on update cascade on delete cascade,
  since timestamptz not null
);

comment on table rolecall.rollout_states is
  'When the rollout of each flag changed last; kept by a trigger on feature_flags. A flag without a row has not changed since this table exists.';

create table rolecall.rollout_baselines (
  flag text not null references rolecall.rollout_states (flag) on update cascade on delete cascade,
  minute timestamptz not null,
  code text not null,
  bucket smallint not null,
  requests bigint not null,
  primary key (flag, minute, code, bucket)
);

comment on table rolecall.rollout_baselines is
  'What request_metrics held of a flag''s operations when its rollout changed last. The figures of the stage are what has been added since.';

comment on column rolecall.rollout_baselines.minute is
  'The minute of the change, for what was counted within it; -infinity for all that was counted until then.';
$sql$;

  -- schema/calls/finish.sql
  execute $sql$
-- The upper end of a bucket, in milliseconds.
create or replace function rolecall_internal.bucket_end_ms(p_bucket int)
returns double precision
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
begin
  return 0.1 * power(2.0::double precision, p_bucket / 2.0);
end
$$;

-- Counts refusals of a user and returns how many there have been in this minute. Only the user's own refusals wait for
-- each other's commit; those of nobody are spread over the connections.
create or replace function rolecall_internal.count_refusal(p_user uuid, p_event text)
returns bigint
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_refusals bigint;
begin
  insert into rolecall.refusal_counts as counted (user_id, minute, event, stripe, refusals, logged)
  values (
    coalesce(p_user, '00000000-0000-0000-0000-000000000000'),
    date_bin('1 minute', now(), '2000-01-01 00:00:00+00'),
    p_event,
    case when p_user is null then pg_backend_pid() % 8 else 0 end,
    1,
    1
  )
  on conflict (user_id, minute, event, stripe, day_slot) do update
  set
    refusals = counted.refusals + 1,
    logged = least(counted.refusals + 1, rolecall_internal.limit_logged_refusals())
  returning refusals
  into v_refusals;
  return v_refusals;
end
$$;

-- Ends a request: writes the audit row of a refusal, unless the user had many in this minute, counts the request, and adds
-- the caller's organisation to the answer, for the function's log line. finish_many is its twin for an array.
create or replace function rolecall_internal.finish(
  p_operation text,
  p_request jsonb,
  p_user uuid,
  p_answer jsonb,
  p_service text default 'database',
  p_event text default 'refused'
)
returns jsonb
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  -- From the statement's arrival on, so that waiting for a lock counts; the commit comes after it.
  v_ms double precision := 1000 * extract(epoch from clock_timestamp() - statement_timestamp());
  v_code text := coalesce(p_answer ->> 'code', 'ok');
  v_org_id uuid := p_answer ->> 'org_id';
begin
  if not p_answer ? 'org_id' then
    select organization_id
    into v_org_id
    from rolecall.profiles
    where id = p_user;
    if v_org_id is not null then
      p_answer := p_answer || jsonb_build_object('org_id', v_org_id);
    end if;
  end if;

  if v_code <> 'ok' and rolecall_internal.count_refusal(p_user, p_event) <= rolecall_internal.limit_logged_refusals() then
    insert into rolecall.application_logs (
      level, service, method, event, request_id, user_id, conversation_id, org_id, duration_ms, code, details
    )
    values (
      'warn',
      p_service,
      p_operation,
      p_event,
      p_request ->> 'request_id',
      p_user,
      rolecall_internal.uuid_or_null(p_answer #>> '{data,conversation_id}'),
      v_org_id,
      round(v_ms::numeric, 3),
      v_code,
      jsonb_strip_nulls(
        jsonb_build_object(
          'detail', p_answer -> 'detail',
          'reasons', p_answer -> 'reasons',
          'field', p_answer -> 'field'
        )
      )
    );
  end if;

  insert into rolecall.request_metrics as metric (slot, function, code, org_id, bucket, stripe, requests)
  values (
    date_bin('1 minute', now(), '2000-01-01 00:00:00+00'),
    p_operation,
    v_code,
    coalesce(v_org_id, '00000000-0000-0000-0000-000000000000'),
    -- Two buckets for each doubling above 0.1 ms; the last one ends at 105 s.
    least(ceil(2 * ln(greatest(v_ms * 10, 1)) / ln(2.0::double precision)), 40),
    pg_backend_pid() % 32,
    1
  )
  on conflict (org_id, slot, function, code, bucket, stripe, minutes, day_slot) do update
  set requests = metric.requests + 1;
  return p_answer;
end
$$;

-- Counts the refusals of an array, and logs them as finish does: of each user as many as the minute has room for.
create or replace function rolecall_internal.log_refusals(
  p_operation text,
  p_requests jsonb,
  p_users uuid[],
  p_answers jsonb[],
  p_ms double precision
)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  with refused as (
    select
      request.number,
      request.user_id,
      request.answer,
      coalesce(request.user_id, '00000000-0000-0000-0000-000000000000') as counted_as,
      row_number() over (partition by request.user_id order by request.number) as place,
      count(*) over (partition by request.user_id) as refusals
    from unnest(p_users, p_answers) with ordinality as request (user_id, answer, number)
    where request.answer ? 'code'
  ),
  counted as (
    insert into rolecall.refusal_counts as counted (user_id, minute, event, stripe, refusals, logged)
    select
      counted_as,
      date_bin('1 minute', now(), '2000-01-01 00:00:00+00'),
      'refused',
      case when user_id is null then pg_backend_pid() % 8 else 0 end,
      refusals,
      least(refusals, rolecall_internal.limit_logged_refusals())
    from refused
    where place = 1
    order by counted_as
    on conflict (user_id, minute, event, stripe, day_slot) do update
    set
      refusals = counted.refusals + excluded.refusals,
      logged = least(counted.refusals + excluded.refusals, rolecall_internal.limit_logged_refusals())
    returning user_id, refusals
  )
  insert into rolecall.application_logs (
    level, service, method, event, request_id, user_id, conversation_id, org_id, duration_ms, code, details
  )
  select
    'warn',
    'database',
    p_operation,
    'refused',
    p_requests -> (refused.number::int - 1) ->> 'request_id',
    refused.user_id,
    rolecall_internal.uuid_or_null(refused.answer #>> '{data,conversation_id}'),
    case
      when refused.answer ? 'org_id' then (refused.answer ->> 'org_id')::uuid
      else profile.organization_id
    end,
    round(p_ms::numeric, 3),
    refused.answer ->> 'code',
    jsonb_strip_nulls(
      jsonb_build_object(
        'detail', refused.answer -> 'detail',
        'reasons', refused.answer -> 'reasons',
        'field', refused.answer -> 'field'
      )
    )
  from refused
  join counted
    on counted.user_id = refused.counted_as
  left join rolecall.profiles as profile
    on profile.id = refused.user_id
    and not refused.answer ? 'org_id'
  where counted.refusals - refused.refusals + refused.place <= rolecall_internal.limit_logged_refusals()
  order by refused.number;
end
$$;

-- rolecall_internal.finish for an array; a request whose answer is null is deferred and neither logged nor counted.
create or replace function rolecall_internal.finish_many(
  p_operation text,
  p_requests jsonb,
  p_users uuid[],
  p_answers jsonb[]
)
returns jsonb[]
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_ms double precision := 1000 * extract(epoch from clock_timestamp() - statement_timestamp());
  v_answers jsonb[];
begin
  if exists (select from unnest(p_answers) as answer where answer ? 'code') then
    perform rolecall_internal.log_refusals(p_operation, p_requests, p_users, p_answers, v_ms);
  end if;

  with finished as (
    select
      request.number,
      request.user_id,
      coalesce(request.answer ->> 'code', 'ok') as code,
      case
        when request.answer ? 'org_id' then (request.answer ->> 'org_id')::uuid
        else profile.organization_id
      end as org_id,
      case
        when not request.answer ? 'org_id' and profile.organization_id is not null then
          request.answer || jsonb_build_object('org_id', profile.organization_id)
        else request.answer
      end as answer
    from unnest(p_users, p_answers) with ordinality as request (user_id, answer, number)
    left join rolecall.profiles as profile
      on profile.id = request.user_id
      and not request.answer ? 'org_id'
  ),
  counted as (
    insert into rolecall.request_metrics as metric (slot, function, code, org_id, bucket, stripe, requests)
    select
      date_bin('1 minute', now(), '2000-01-01 00:00:00+00'),
      p_operation,
      code,
      coalesce(org_id, '00000000-0000-0000-0000-000000000000'),
      least(ceil(2 * ln(greatest(v_ms * 10, 1)) / ln(2.0::double precision)), 40),
      pg_backend_pid() % 32,
      count(*)
    from finished
    where answer is not null
    group by code, coalesce(org_id, '00000000-0000-0000-0000-000000000000')
    order by 4, 3
    on conflict (org_id, slot, function, code, bucket, stripe, minutes, day_slot) do update
    set requests = metric.requests + excluded.requests
  )
  select array_agg(answer order by number)
  into v_answers
  from finished;
  return v_answers;
end
$$;
$sql$;

  -- schema/calls/rollout.sql
  execute $sql$
-- The bucket of a user for a flag, 0 to 9,999: by the flag and the id alone, so that a growing percentage only ever adds
-- users. The Rust twin is shared/src/rules/rollout.rs.
create or replace function rolecall_internal.rollout_bucket(p_flag text, p_user uuid)
returns int
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_digest bytea := sha256(convert_to(p_flag || ':' || p_user::text, 'UTF8'));
begin
  return (
    (get_byte(v_digest, 0)::bigint << 24)
    + (get_byte(v_digest, 1) << 16)
    + (get_byte(v_digest, 2) << 8)
    + get_byte(v_digest, 3)
  ) % 10000;
end
$$;

-- Whether a rollout value includes a user. Whatever is not a rollout value includes nobody.
create or replace function rolecall_internal.rollout_includes(
  p_rollout text,
  p_flag text,
  p_user uuid,
  p_internal boolean
)
returns boolean
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
begin
  if p_rollout = 'enabled' then
    return true;
  end if;
  if p_rollout = 'internal' then
    return coalesce(p_internal, false);
  end if;
  if p_rollout ~ '^percentage:(0|[1-9][0-9]?|100)$' and p_flag is not null and p_user is not null then
    if p_internal then
      return true;
    end if;
    return rolecall_internal.rollout_bucket(p_flag, p_user) < substr(p_rollout, 12)::int * 100;
  end if;
  return false;
end
$$;

create or replace function rolecall_internal.refuse_disabled()
returns jsonb
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
begin
  return rolecall_internal.refusal(
    'feature_disabled',
    'This function is switched off, or not rolled out to you yet.',
    'feature_disabled',
    'The function is switched on for you.'
  );
end
$$;
$sql$;

  -- schema/flags/decide.sql
  execute $sql$
-- Whether a flag includes a user, and by what. Each rule is asked here alone: every request, the flags that users read and
-- the simulation of a rollout hear the same.

-- Whether the operator's variable lets a flag include a user. A flag that it does not name is enabled; without the
-- variable, which every request carries, nothing is.
create or replace function rolecall_internal.variable_includes(
  p_rollouts jsonb,
  p_flag text,
  p_user uuid,
  p_internal boolean
)
returns boolean
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
begin
  if jsonb_typeof(p_rollouts) is distinct from 'object' then
    return false;
  end if;
  return not p_rollouts ? p_flag
    or rolecall_internal.rollout_includes(p_rollouts ->> p_flag, p_flag, p_user, p_internal);
end
$$;

-- The first of these decides, and is the reason: the operator's variable (variable), which only ever takes users out, the
-- flag that this one requires (prerequisite), the override of the user (user) or of their organisation (organization), the
-- flag's own rollout (everybody, off, internal, percentage). A flag without a row is off.
create or replace function rolecall_internal.flag_decision(
  p_flag text,
  p_rollouts jsonb,
  p_user uuid,
  p_org uuid,
  p_internal boolean,
  out enabled boolean,
  out reason text
)
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_requires text;
  v_rollout text;
  v_override text;
  v_target text;
begin
  enabled := false;
  if rolecall_internal.variable_includes(p_rollouts, p_flag, p_user, p_internal) is not true then
    reason := 'variable';
    return;
  end if;
  select flag.requires, flag.rollout
  into v_requires, v_rollout
  from rolecall.feature_flags as flag
  where flag.name = p_flag;
  if not found then
    reason := 'off';
    return;
  end if;
  if v_requires is not null
    and not (rolecall_internal.flag_decision(v_requires, p_rollouts, p_user, p_org, p_internal)).enabled
  then
    reason := 'prerequisite';
    return;
  end if;
  select override.rollout, case when override.user_id is null then 'organization' else 'user' end
  into v_override, v_target
  from rolecall.feature_flag_overrides as override
  where override.name = p_flag
    and (override.user_id = p_user or override.organization_id = p_org)
    and (override.until is null or override.until > now())
  order by override.user_id is null
  limit 1;
  if found then
    enabled := rolecall_internal.rollout_includes(v_override, p_flag, p_user, p_internal);
    reason := v_target;
    return;
  end if;
  enabled := rolecall_internal.rollout_includes(v_rollout, p_flag, p_user, p_internal);
  reason := case
    when v_rollout = 'enabled' then 'everybody'
    when v_rollout = 'disabled' then 'off'
    when v_rollout = 'internal' or (enabled and p_internal) then 'internal'
    else 'percentage'
  end;
end
$$;

-- Whether a flag includes a user, by its column is_open where that is enough. PostgreSQL writes it into the statements
-- that ask.
create or replace function rolecall_internal.flag_includes(
  p_is_open boolean,
  p_rollouts jsonb,
  p_flag text,
  p_user uuid,
  p_org_id uuid,
  p_is_internal boolean
)
returns boolean
language sql
stable
return case
  -- Nearly always.
  when p_is_open and p_rollouts = '{}' then true
  else (rolecall_internal.flag_decision(p_flag, p_rollouts, p_user, p_org_id, p_is_internal)).enabled
end;
$sql$;

  -- schema/flags/maintenance.sql
  execute $sql$
-- Maintenance: users read on and write nothing. The flag decides for whom, so that an override lets a tester write, or
-- holds up one organisation alone.

-- Whether the flag may include anybody; nearly always it does not, and this is all.
create or replace function rolecall_internal.maintenance_is_on()
returns boolean
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  return exists (
    select
    from rolecall.feature_flags as flag
    where flag.name = 'maintenance'
      and (
        flag.rollout <> 'disabled'
        or exists (select from rolecall.feature_flag_overrides where name = 'maintenance')
      )
  );
end
$$;

-- The refusal of a write of p_user; null when they may write.
create or replace function rolecall_internal.refuse_in_maintenance(p_user uuid, p_rollouts jsonb)
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_org_id uuid;
  v_internal boolean;
begin
  if not rolecall_internal.maintenance_is_on() then
    return null;
  end if;
  select organization_id, is_internal
  into v_org_id, v_internal
  from rolecall.profiles
  where id = p_user;
  if not (rolecall_internal.flag_decision('maintenance', p_rollouts, p_user, v_org_id, v_internal)).enabled then
    return null;
  end if;
  return rolecall_internal.refusal(
    'maintenance',
    'Nothing can be written during maintenance. Reading goes on; nothing was done.',
    'maintenance',
    'The maintenance is over.'
  );
end
$$;

-- Refuses a statement that switches maintenance on beside other flags: who switches everything on does not mean that
-- nobody may write.
create or replace function rolecall_internal.refuse_maintenance_among_others()
returns trigger
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  if (select count(*) from changed) > 1
    and exists (
      select
      from changed
      join previous
        on previous.name = changed.name
      where changed.name = 'maintenance'
        and changed.rollout <> 'disabled'
        and previous.rollout = 'disabled'
    )
  then
    raise exception using
      errcode = 'check_violation',
      schema = 'rolecall',
      table = 'feature_flags',
      constraint = 'feature_flags_maintenance_alone',
      message = 'maintenance is switched on by itself, not beside other flags',
      hint = 'Leave it out with "where name <> ''maintenance''", or switch it on with "where name = ''maintenance''".';
  end if;
  return null;
end
$$;
$sql$;

  -- schema/calls/call.sql
  execute $sql$
-- The way of a request through its entry point, written once. An entry point begins the call, acts if nothing has
-- answered yet, and ends the call:
--
--   claims, who it is for, maintenance, Idempotency-Key, rate limit | the act | key settled, audit row of a refusal, metric
--
-- An array takes the same steps set by set: messages/send_dm_many.sql and conversations/mark_read_many.sql.

-- Begins a call of p_operation for a signed-in user ('user') or the operator ('operator'), taking a token of the rate
-- limit p_rate if there is one. p_keyed is false where a request leaves nothing behind, so that its key does not count.
create or replace function rolecall_internal.begin_call(
  p_operation text,
  p_request jsonb,
  p_who text default 'user',
  p_rate text default null,
  p_keyed boolean default true
)
returns rolecall.call
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_call rolecall.call;
begin
  v_call.operation := p_operation;
  v_call.request := p_request;
  v_call.caller := rolecall_internal.assume_claims(p_request -> 'claims');
  v_call.input := p_request -> 'input';
  v_call.rollouts := p_request -> 'rollouts';
  v_call.answer := rolecall_internal.refuse_stranger(p_who, v_call.caller, p_request);
  -- A request that does not say that it reads may write.
  if v_call.answer is null and p_who = 'user' and p_request -> 'reads' is distinct from 'true' then
    v_call.answer := rolecall_internal.refuse_in_maintenance(v_call.caller, v_call.rollouts);
  end if;
  if v_call.answer is not null then
    return v_call;
  end if;

  if p_keyed and p_request ->> 'idempotency_key' is not null then
    -- A token of the operator need not name a user.
    v_call.key_owner := coalesce(v_call.caller, '00000000-0000-0000-0000-000000000000');
    v_call.answer := rolecall_internal.claim_key(
      p_operation, v_call.key_owner, p_request ->> 'idempotency_key', v_call.input
    );
    if v_call.answer is not null then
      return v_call;
    end if;
    v_call.key := p_request ->> 'idempotency_key';
  end if;

  if p_rate is not null then
    v_call.rate := rolecall_internal.take_token(v_call.caller, p_rate);
    if v_call.rate -> 'taken' = 'false' then
      v_call.answer := rolecall_internal.refuse_rate(v_call.rate);
      -- The refusal names the limit already.
      v_call.rate := null;
    end if;
  end if;
  return v_call;
end
$$;

-- Ends a call that is answered, and returns its answer as the function gets it.
create or replace function rolecall_internal.end_call(p_call rolecall.call)
returns jsonb
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_answer jsonb := p_call.answer;
begin
  if p_call.rate is not null then
    v_answer := rolecall_internal.with_limit(v_answer, p_call.rate);
  end if;
  if p_call.key is not null then
    perform rolecall_internal.settle_key(
      p_call.key_owner,
      p_call.key,
      case
        when p_call.kept is null then v_answer
        else v_answer || jsonb_build_object('data', p_call.kept)
      end
    );
  end if;
  return rolecall_internal.finish(p_call.operation, p_call.request, p_call.caller, v_answer);
end
$$;

-- Writes the audit row of a call that succeeded and is worth one. Refusals get theirs from end_call.
create or replace function rolecall_internal.log_event(
  p_call rolecall.call,
  p_event text,
  p_details jsonb default '{}',
  p_conversation uuid default null
)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  insert into rolecall.application_logs (
    level, service, method, event, request_id, user_id, conversation_id, org_id, code, details
  )
  values (
    'info',
    'database',
    p_call.operation,
    p_event,
    p_call.request ->> 'request_id',
    p_call.caller,
    p_conversation,
    (select organization_id from rolecall.profiles where id = p_call.caller),
    'ok',
    p_details
  );
end
$$;
$sql$;

  -- schema/identity/actor.sql
  execute $sql$
-- Who acts. Whether a function is on for a user, whether they have a profile and whether they are suspended is decided
-- here alone.

-- The fact that a suspension amounts to while it lasts. PostgreSQL writes it into the statements that ask.
create or replace function rolecall_internal.suspended_fact(p_suspended_until timestamptz)
returns text
language sql
stable
return case when p_suspended_until > now() then 'suspended' end;

-- The refusal of a user who may not use the function of a flag at all: it is not rolled out to them, or they have no
-- profile. Null when they may. p_flag is null where no flag is asked; p_is_open is its is_open. PostgreSQL writes it into the statements that ask.
create or replace function rolecall_internal.refuse_actor(
  p_user uuid,
  p_role rolecall.app_role,
  p_org_id uuid,
  p_is_internal boolean,
  p_flag text,
  p_is_open boolean,
  p_rollouts jsonb
)
returns jsonb
language sql
stable
return case
  when p_flag is not null
    and not rolecall_internal.flag_includes(p_is_open, p_rollouts, p_flag, p_user, p_org_id, p_is_internal)
  then rolecall_internal.refuse_disabled()
  when p_role is null then rolecall_internal.refuse_without_profile(p_user)
end;

-- The user of a request of the function that p_flag switches, with the refusal if they may not use it. A suspension
-- refuses nothing here: what a suspended user may not do, the operation and the matrix say.
create or replace function rolecall_internal.actor(p_user uuid, p_flag text, p_rollouts jsonb)
returns rolecall.actor
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_profile rolecall.profiles;
  v_is_open boolean;
begin
  -- Two look-ups by key cost less than their join.
  select *
  into v_profile
  from rolecall.profiles
  where id = p_user;
  if p_flag is not null then
    select is_open
    into v_is_open
    from rolecall.feature_flags
    where name = p_flag;
  end if;
  return row(
    v_profile.role,
    v_profile.organization_id,
    v_profile.organization_role,
    rolecall_internal.suspended_fact(v_profile.suspended_until),
    rolecall_internal.refuse_actor(
      p_user,
      v_profile.role,
      v_profile.organization_id,
      v_profile.is_internal,
      p_flag,
      v_is_open,
      p_rollouts
    )
  )::rolecall.actor;
end
$$;
$sql$;

  -- schema/blocks/block.sql
  execute $sql$
-- Blocks a user: {blocked_id}. A block that stands already keeps its time.
create or replace function rolecall_internal.block_user(p_user uuid, p_input jsonb, p_rollouts jsonb)
returns jsonb
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_actor rolecall.actor := rolecall_internal.actor(p_user, 'blocks', p_rollouts);
  v_blocked uuid := rolecall_internal.uuid_or_null(p_input ->> 'blocked_id');
  v_since timestamptz;
begin
  if v_actor.refusal is not null then
    return v_actor.refusal;
  end if;
  if v_blocked = p_user then
    return rolecall_internal.refusal(
      'invalid_input',
      'You cannot block yourself.',
      'self_block',
      'The blocked user is somebody else.'
    );
  end if;

  -- An update that changes nothing, so that the row of an earlier block is returned, too, even when another request
  -- makes it at this moment.
  insert into rolecall.user_blocks as block (blocker_id, blocked_id)
  select p_user, id
  from rolecall.profiles
  where id = v_blocked
  on conflict (blocker_id, blocked_id) do update
  set created_at = block.created_at
  returning created_at
  into v_since;
  if not found then
    return rolecall_internal.refusal('not_found', 'There is no user with this blocked_id.');
  end if;
  return rolecall_internal.success(jsonb_build_object('blocked_id', v_blocked, 'created_at', rolecall_internal.iso(v_since)));
end
$$;

create or replace function rolecall_edge.block_user(p_request jsonb)
returns jsonb
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_call rolecall.call := rolecall_internal.begin_call('blocks.block', p_request, p_rate => 'block_user');
begin
  if v_call.answer is null then
    v_call.answer := rolecall_internal.block_user(v_call.caller, v_call.input, v_call.rollouts);
  end if;
  return rolecall_internal.end_call(v_call);
end
$$;
$sql$;

  -- schema/blocks/is_stopped.sql
  execute $sql$
-- Whether a writer must be judged once more: something stands in the way of p_user now. It may have come since they were
-- judged, while they waited for a lock: a block between them and the other person of p_conversation, a suspension, or the
-- flag of the function. The statement that numbers a message has a snapshot from before it waited; this is asked in one
-- from after it, so that whoever was told of a block, a suspension or a switch is obeyed. send_dm_many
-- asks it of an array at once.
create or replace function rolecall_internal.is_stopped(p_user uuid, p_conversation uuid, p_flag text, p_rollouts jsonb)
returns boolean
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  return not exists (
    select
    from rolecall.profiles as writer
    join rolecall.feature_flags as flag
      on flag.name = p_flag
    where writer.id = p_user
      and rolecall_internal.suspended_fact(writer.suspended_until) is null
      and rolecall_internal.flag_includes(
        flag.is_open, p_rollouts, p_flag, p_user, writer.organization_id, writer.is_internal
      )
  )
  or exists (
    select
    from rolecall.conversations as conversation
    join rolecall.user_blocks as block
      on block.blocker_id in (conversation.participant_low, conversation.participant_high)
      and block.blocked_id in (conversation.participant_low, conversation.participant_high)
    where conversation.id = p_conversation
  );
end
$$;
$sql$;

  -- schema/blocks/list.sql
  execute $sql$
-- Lists the caller's blocks, newest first, a page at a time: {limit, cursor?}. A suspended user may list, set and lift
-- blocks: a block writes to nobody.
create or replace function rolecall_internal.list_blocks(p_user uuid, p_input jsonb, p_rollouts jsonb)
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_actor rolecall.actor := rolecall_internal.actor(p_user, 'blocks', p_rollouts);
  v_limit int := rolecall_internal.page_size(p_input, rolecall_internal.limit_page());
  v_at timestamptz := 'infinity';
  v_id uuid := 'ffffffff-ffff-ffff-ffff-ffffffffffff';
  v_page rolecall.user_blocks[];
begin
  if v_actor.refusal is not null then
    return v_actor.refusal;
  end if;
  if p_input ->> 'cursor' is not null then
    select parts.at, parts.id
    into v_at, v_id
    from rolecall_internal.cursor_parts(p_input ->> 'cursor') as parts;
    if v_at is null then
      return rolecall_internal.refuse_cursor();
    end if;
  end if;

  select array_agg(newest order by created_at desc, blocked_id desc)
  into v_page
  from (
    select *
    from rolecall.user_blocks
    where blocker_id = p_user
      and (created_at, blocked_id) < (v_at, v_id)
    order by created_at desc, blocked_id desc
    limit v_limit + 1
  ) as newest;

  return rolecall_internal.success(
    jsonb_build_object(
      'blocks', (
        select coalesce(
          jsonb_agg(
            jsonb_build_object(
              'blocked_id', block.blocked_id,
              'display_name', blocked.display_name,
              'created_at', rolecall_internal.iso(block.created_at)
            )
            order by block.created_at desc, block.blocked_id desc
          ),
          '[]'
        )
        from unnest(v_page[1:v_limit]) as block
        join rolecall.profiles as blocked
          on blocked.id = block.blocked_id
      ),
      'next_cursor', case
        when cardinality(v_page) > v_limit
          then rolecall_internal.cursor_of(v_page[v_limit].created_at, v_page[v_limit].blocked_id)
      end
    )
  );
end
$$;

create or replace function rolecall_edge.blocks(p_request jsonb)
returns jsonb
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_call rolecall.call := rolecall_internal.begin_call('blocks.list', p_request, p_rate => 'read', p_keyed => false);
begin
  if v_call.answer is null then
    v_call.answer := rolecall_internal.list_blocks(v_call.caller, v_call.input, v_call.rollouts);
  end if;
  return rolecall_internal.end_call(v_call);
end
$$;
$sql$;

  -- schema/blocks/unblock.sql
  execute $sql$
-- Lifts a block of the caller's: {blocked_id}.
create or replace function rolecall_internal.unblock_user(p_user uuid, p_input jsonb, p_rollouts jsonb)
returns jsonb
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_actor rolecall.actor := rolecall_internal.actor(p_user, 'blocks', p_rollouts);
  v_blocked uuid := rolecall_internal.uuid_or_null(p_input ->> 'blocked_id');
begin
  if v_actor.refusal is not null then
    return v_actor.refusal;
  end if;
  delete from rolecall.user_blocks
  where blocker_id = p_user
    and blocked_id = v_blocked;
  return rolecall_internal.success(jsonb_build_object('blocked_id', v_blocked, 'was_blocked', found));
end
$$;

create or replace function rolecall_edge.unblock_user(p_request jsonb)
returns jsonb
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_call rolecall.call := rolecall_internal.begin_call('blocks.unblock', p_request, p_rate => 'unblock_user');
begin
  if v_call.answer is null then
    v_call.answer := rolecall_internal.unblock_user(v_call.caller, v_call.input, v_call.rollouts);
  end if;
  return rolecall_internal.end_call(v_call);
end
$$;
$sql$;

  -- schema/broadcasts/audience.sql
  execute $sql$
-- Whether p_user is or was in the audience of what was sent to these roles of a show at a moment: who joins later does
-- not see it, and who leaves later still does. It reads who took part as its owner.
create or replace function rolecall_internal.in_audience(
  p_user uuid,
  p_show uuid,
  p_roles rolecall.app_role[],
  p_sent_at timestamptz
)
returns boolean
language sql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
  select exists (
    select
    from rolecall.participations
    where user_id = p_user
      and show_id = p_show
      and role = any (p_roles)
      and p_sent_at >= joined_at
      and p_sent_at < left_at
  )
$$;

-- Whether p_user reads what p_sender broadcasts to them. The matrix decides about two people between whom there is a block;
-- between all others it lets everybody read, which its tests hold it to. Policies call it; it reads the blocks of both as
-- its owner.
create or replace function rolecall_internal.reads_broadcasts_of(p_user uuid, p_sender uuid)
returns boolean
language plpgsql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  if not exists (
    -- In either direction; nobody blocks themselves, so each of the two is one of the pair.
    select
    from rolecall.user_blocks
    where blocker_id in (p_user, p_sender)
      and blocked_id in (p_user, p_sender)
  ) then
    return true;
  end if;
  return coalesce(
    (
      rolecall_internal.decide(
        'read_broadcast',
        (select role from rolecall.profiles where id = p_user),
        (select role from rolecall.profiles where id = p_sender),
        '{feature_enabled,participant,blocked}'
      )
    ).allowed,
    false
  );
end
$$;

-- The broadcasts that the caller sees, as their sender or as their audience, for policies: these find rows by index when
-- they compare with an array that is made once for the statement. It reads as its owner, and tells callers nothing but
-- their own; a caller who is nobody sees none.
create or replace function rolecall_internal.caller_broadcasts()
returns setof rolecall.broadcasts
language plpgsql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_caller uuid := rolecall_internal.caller_with_profile();
  -- Those who broadcast where the caller takes or took part, across a block: looked for once for each of them.
  v_hidden uuid[] := array(
    select sender.id
    from (
      select distinct conversation.created_by as id
      from rolecall.participations as own
      join rolecall.show_threads as thread
        on thread.show_id = own.show_id
        and thread.role = own.role
      join rolecall.conversations as conversation
        on conversation.id = thread.conversation_id
      where own.user_id = v_caller
    ) as sender
    where not rolecall_internal.reads_broadcasts_of(v_caller, sender.id)
  );
begin
  return query
  select broadcast.*
  from rolecall.broadcasts as broadcast
  where broadcast.sender_id = v_caller
  union all
  select broadcast.*
  from rolecall.participations as own
  join rolecall.broadcasts as broadcast
    on broadcast.show_id = own.show_id
  where own.user_id = v_caller
    and broadcast.sender_id <> all (v_hidden)
    and own.role = any (broadcast.recipient_roles)
    and broadcast.created_at >= own.joined_at
    and broadcast.created_at < own.left_at;
end
$$;

-- Whether p_user may read the broadcasts of p_conversation as their audience.
create or replace function rolecall_internal.judge_broadcast_reader(p_user uuid, p_conversation uuid, p_rollouts jsonb)
returns rolecall.judgement
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_actor rolecall.actor := rolecall_internal.actor(p_user, 'conversations', p_rollouts);
  v_sender_role rolecall.app_role;
  v_facts text[];
begin
  if v_actor.refusal is not null then
    return rolecall_internal.judgement_of_refusal(v_actor.refusal, v_actor.organization_id);
  end if;
  select
    sender.role,
    array[
      case
        when conversation.created_by = p_user
          or exists (
            select
            from rolecall.broadcasts as broadcast
            where broadcast.conversation_id = conversation.id
              and rolecall_internal.in_audience(
                p_user, broadcast.show_id, broadcast.recipient_roles, broadcast.created_at
              )
          )
        then 'participant'
      end,
      case
        when exists (
          select
          from rolecall.user_blocks
          where blocker_id in (p_user, conversation.created_by)
            and blocked_id in (p_user, conversation.created_by)
        )
        then 'blocked'
      end
    ]
  into v_sender_role, v_facts
  from rolecall.conversations as conversation
  left join rolecall.profiles as sender
    on sender.id = conversation.created_by
  where conversation.id = p_conversation
    and conversation.kind = 'show';
  -- A conversation that does not exist has no audience, and is refused in the same words.
  return rolecall_internal.judgement_of(
    rolecall_internal.decide(
      'read_broadcast',
      v_actor.role,
      coalesce(v_sender_role, rolecall_internal.role_of_strangers()),
      array['feature_enabled'] || v_facts
    ),
    v_actor.organization_id
  );
end
$$;

-- The broadcasts of a conversation for p_show that p_user sees as their audience. PostgreSQL writes it into the statements
-- that ask, with their bounds and their order. All of them have one sender, so a block is looked for once.
create or replace function rolecall_internal.visible_broadcasts(p_user uuid, p_conversation uuid, p_show uuid)
returns setof rolecall.broadcasts
language sql
stable
begin atomic
  select broadcast.*
  from rolecall.broadcasts as broadcast
  where broadcast.conversation_id = p_conversation
    and exists (
      select
      from rolecall.participations as own
      where own.user_id = p_user
        and own.show_id = p_show
        and own.role = any (broadcast.recipient_roles)
        and broadcast.created_at >= own.joined_at
        and broadcast.created_at < own.left_at
    )
    and (
      select rolecall_internal.reads_broadcasts_of(p_user, conversation.created_by)
      from rolecall.conversations as conversation
      where conversation.id = p_conversation
    );
end;
$sql$;

  -- schema/monitoring/merge_metrics.sql
  execute $sql$
-- Merges the stripes of minutes that are over, and the minutes of request_metrics that are older than two hours into quarters of an hour, minute by minute for about
-- a tenth of a second, and says whether there is more to merge. The statement that takes a minute's rows away adds them to
-- request_totals: so the totals and the minutes that are left are at any moment all that was ever counted. Called each
-- minute by the alerts, and by the nightly run before it truncates a day. Callers do not wait for each other.
create or replace function rolecall_internal.merge_metrics()
returns boolean
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_begun timestamptz := clock_timestamp();
  v_before timestamptz := date_bin('15 minutes', now() - interval '2 hours', '2000-01-01 00:00:00+00');
  v_slot timestamptz;
begin
  if not pg_try_advisory_xact_lock(hashtextextended('rolecall.merge_metrics', 0)) then
    return true;
  end if;
  -- What is some minutes old is written to no more, so that its stripes can become one row: there is less to read.
  with gone as (
    delete from rolecall.request_metrics
    where minutes = 1
      and stripe > 0
      and slot > now() - interval '15 minutes'
      and slot < now() - interval '3 minutes'
    returning day_slot, slot, function, code, org_id, bucket, requests
  )
  insert into rolecall.request_metrics as metric
    (day_slot, slot, function, code, org_id, bucket, stripe, requests, minutes)
  select day_slot, slot, function, code, org_id, bucket, 0, sum(requests), 1
  from gone
  group by day_slot, slot, function, code, org_id, bucket
  order by org_id, slot, function, code, bucket
  on conflict (org_id, slot, function, code, bucket, stripe, minutes, day_slot) do update
  set requests = metric.requests + excluded.requests;

  loop
    select slot
    into v_slot
    from rolecall.request_metrics
    where minutes = 1
      and slot < v_before
    order by slot
    limit 1;
    if v_slot is null then
      return false;
    end if;
    if clock_timestamp() > v_begun + interval '100 milliseconds' then
      return true;
    end if;
    with gone as (
      delete from rolecall.request_metrics
      where minutes = 1
        and slot = v_slot
      returning day_slot, slot, function, code, org_id, bucket, requests
    ),
    totalled as (
      insert into rolecall.request_totals as total (function, code, bucket, requests)
      select function, code, bucket, sum(requests)
      from gone
      group by function, code, bucket
      order by function, code, bucket
      on conflict (function, code, bucket) do update
      set requests = total.requests + excluded.requests
    )
    insert into rolecall.request_metrics as metric
      (day_slot, slot, function, code, org_id, bucket, stripe, requests, minutes)
    select
      day_slot,
      date_bin('15 minutes', slot, '2000-01-01 00:00:00+00'),
      function,
      code,
      org_id,
      bucket,
      0,
      sum(requests),
      15
    from gone
    group by day_slot, slot, function, code, org_id, bucket
    order by org_id, function, code, bucket
    on conflict (org_id, slot, function, code, bucket, stripe, minutes, day_slot) do update
    set requests = metric.requests + excluded.requests;
  end loop;
end
$$;

-- All requests of each operation, code and bucket that were ever counted.
create or replace function rolecall_internal.request_counters()
returns table (function text, code text, bucket smallint, requests bigint)
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
  select counted.function, counted.code, counted.bucket, sum(counted.requests)::bigint
  from (
    select total.function, total.code, total.bucket, total.requests
    from rolecall.request_totals as total
    union all
    select metric.function, metric.code, metric.bucket, metric.requests
    from rolecall.request_metrics as metric
    where metric.minutes = 1
  ) as counted
  group by counted.function, counted.code, counted.bucket
$$;
$sql$;

  -- schema/help/adopted.sql
  execute $sql$
-- The help conversations of the app's own tables (V1), read where they lie. `rolecall-migrate adopt` makes the views of the
-- schema rolecall_adopted over them; without the schema there are none. Nothing here writes to them.

-- The conversations of p_user with p_status (null: any), the newest p_limit that come after (p_at, p_id).
create or replace function rolecall_internal.adopted_conversations(
  p_user uuid,
  p_status text,
  p_at timestamptz,
  p_id uuid,
  p_limit int
)
returns table (id uuid, at timestamptz)
language plpgsql
stable
rows 10
set search_path = pg_catalog, pg_temp
as $$
begin
  if to_regclass('rolecall_adopted.conversations') is null then
    return;
  end if;
  return query execute $query$
    select listed.id, listed.at
    from (
      select conversation.id, coalesce(conversation.updated_at, conversation.created_at, '-infinity') as at
      from rolecall_adopted.conversations as conversation
      where conversation.id in (
          select own.conversation_id
          from rolecall_adopted.conversation_participants as own
          where own.user_id = $1
        )
        and ($2 is null or conversation.status = $2)
    ) as listed
    where (listed.at, listed.id) < ($3, $4)
    order by listed.at desc, listed.id desc
    limit $5
  $query$
  using p_user, p_status, p_at, p_id, p_limit;
end
$$;

-- A conversation of p_user as the lists show it; null when there is none. How far its people have read is the app's to
-- know: nothing of it is shown as new.
create or replace function rolecall_internal.adopted_conversation(p_user uuid, p_conversation uuid)
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_card jsonb;
begin
  if to_regclass('rolecall_adopted.conversations') is null then
    return null;
  end if;
  execute $query$
    select jsonb_build_object(
      'id', conversation.id,
      'version', 'v1',
      'badge', 'Legacy Conversation',
      'help_request', case
        when conversation.help_request_id is not null then (
          select jsonb_build_object('id', conversation.help_request_id, 'title', request.title, 'status', request.status)
          from (values (conversation.help_request_id)) as named (id)
          left join rolecall.help_requests as request
            on request.id = named.id
        )
      end,
      'requester_id', conversation.requester_id,
      'helper_id', conversation.helper_id,
      'status', conversation.status,
      'last_message', (
        select jsonb_build_object(
          'id', message.id,
          'content', message.content,
          'sender_id', message.sender_id,
          'created_at', rolecall_internal.iso(message.created_at)
        )
        from rolecall_adopted.messages as message
        where message.conversation_id = conversation.id
        order by message.created_at desc, message.id desc
        limit 1
      ),
      'unread_count', 0,
      'can_write', false,
      'created_at', rolecall_internal.iso(conversation.created_at),
      'updated_at', rolecall_internal.iso(coalesce(conversation.updated_at, conversation.created_at))
    )
    from rolecall_adopted.conversations as conversation
    where conversation.id = $2
      and exists (
        select
        from rolecall_adopted.conversation_participants as own
        where own.conversation_id = conversation.id
          and own.user_id = $1
      )
  $query$
  into v_card
  using p_user, p_conversation;
  return v_card;
end
$$;

-- The messages of a conversation between two places, the newest p_limit of them or the oldest. In no order.
create or replace function rolecall_internal.adopted_messages(
  p_conversation uuid,
  p_after timestamptz,
  p_after_id uuid,
  p_before timestamptz,
  p_before_id uuid,
  p_newest boolean,
  p_limit int
)
returns table (id uuid, sender_id uuid, content text, created_at timestamptz)
language plpgsql
stable
rows 50
set search_path = pg_catalog, pg_temp
as $$
begin
  if to_regclass('rolecall_adopted.messages') is null then
    return;
  end if;
  return query execute format(
    $query$
      select message.id, message.sender_id, message.content, message.created_at
      from rolecall_adopted.messages as message
      where message.conversation_id = $1
        and (message.created_at, message.id) > ($2, $3)
        and (message.created_at, message.id) < ($4, $5)
      order by message.created_at %1$s, message.id %1$s
      limit $6
    $query$,
    case when p_newest then 'desc' else 'asc' end
  )
  using p_conversation, p_after, p_after_id, p_before, p_before_id, p_limit;
end
$$;

-- When a message of a conversation was written; null when there is none with this id.
create or replace function rolecall_internal.adopted_message_at(p_conversation uuid, p_message uuid)
returns timestamptz
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_at timestamptz;
begin
  if to_regclass('rolecall_adopted.messages') is null then
    return null;
  end if;
  execute $query$
    select created_at
    from rolecall_adopted.messages
    where id = $2
      and conversation_id = $1
  $query$
  into v_at
  using p_conversation, p_message;
  return v_at;
end
$$;
$sql$;

  -- schema/help/judge.sql
  execute $sql$
-- Who may write what about help is decided here alone. The function and the RPCs hear the refusal; the policies and the
-- triggers of the tables ask whether there is one.

-- The refusal of p_user who would write about help, whoever to: the function of p_flag is off for them, they have no
-- profile or are suspended. Null when they may.
create or replace function rolecall_internal.refuse_help_author(p_user uuid, p_flag text, p_rollouts jsonb)
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_actor rolecall.actor := rolecall_internal.actor(p_user, p_flag, p_rollouts);
begin
  if v_actor.refusal is not null then
    return v_actor.refusal;
  end if;
  if v_actor.suspended is not null then
    return rolecall_internal.refusal(
      'permission_denied',
      'Your account is suspended and cannot write.',
      'suspended',
      'The suspension has ended.'
    );
  end if;
  return null;
end
$$;

-- The refusal of p_user who would write to p_other in a conversation with this status, whoever they are: there is a block
-- between the two, or the conversation has ended. Null when they may. p_other and p_status are null where nobody is written
-- to yet.
create or replace function rolecall_internal.refuse_help_to(p_user uuid, p_other uuid, p_status text)
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  if exists (
    select
    from rolecall.user_blocks
    where (blocker_id = p_user and blocked_id = p_other)
      or (blocker_id = p_other and blocked_id = p_user)
  ) then
    return rolecall_internal.refusal(
      'permission_denied',
      'There is a block between you and this user.',
      'blocked',
      'The block is lifted.'
    );
  end if;
  if p_status <> 'active' then
    return rolecall_internal.refuse_ended_help(p_status);
  end if;
  return null;
end
$$;

create or replace function rolecall_internal.refuse_ended_help(p_status text)
returns jsonb
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
begin
  return rolecall_internal.refusal(
    'conversation_read_only',
    format('This conversation is %s.', p_status),
    'conversation_read_only',
    'The conversation is reopened.'
  );
end
$$;

-- Both.
create or replace function rolecall_internal.refuse_help_writer(
  p_user uuid,
  p_other uuid,
  p_status text,
  p_flag text,
  p_rollouts jsonb
)
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  return coalesce(
    rolecall_internal.refuse_help_author(p_user, p_flag, p_rollouts),
    rolecall_internal.refuse_help_to(p_user, p_other, p_status)
  );
end
$$;

-- The refusal of a help conversation that p_user does not take part in, or that lies in the app's own tables and takes no
-- writes here.
create or replace function rolecall_internal.refuse_unknown_help(p_user uuid, p_conversation uuid)
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  if rolecall_internal.adopted_conversation(p_user, p_conversation) is not null then
    return rolecall_internal.refusal(
      'conversation_read_only',
      'This conversation began before Rolecall and can only be read here.',
      'legacy_conversation',
      'You offer help again, which begins a new conversation.'
    );
  end if;
  return rolecall_internal.refusal('not_found', 'You have no conversation with this id.');
end
$$;

-- The refusal of p_user who would write a message into a help conversation, or change one there; null when they may. The
-- flag start-conversation is not asked: who was written to can answer, included or not.
create or replace function rolecall_internal.refuse_help_message(
  p_user uuid,
  p_conversation public.conversations_v2,
  p_rollouts jsonb
)
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  if (p_user in (p_conversation.requester_id, p_conversation.helper_id)) is not true then
    return rolecall_internal.refusal('not_found', 'You have no conversation with this id.');
  end if;
  return rolecall_internal.refuse_help_writer(
    p_user,
    case p_user when p_conversation.helper_id then p_conversation.requester_id else p_conversation.helper_id end,
    p_conversation.status,
    'help-conversations',
    p_rollouts
  );
end
$$;

-- The refusal of p_user who would move a help conversation to p_status: end it, or open it again; null when they may. Ending
-- writes to nobody, so whoever takes part may, suspended and blocked, too; who ended it opens it again, as far as they may
-- write. What has ended does not end otherwise.
create or replace function rolecall_internal.refuse_help_status(
  p_user uuid,
  p_conversation public.conversations_v2,
  p_status text,
  p_rollouts jsonb
)
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  if p_conversation.status = 'active' then
    if (p_user in (p_conversation.requester_id, p_conversation.helper_id)) is not true then
      return rolecall_internal.refusal('not_found', 'You have no conversation with this id.');
    end if;
    return (rolecall_internal.actor(p_user, 'help-conversations', p_rollouts)).refusal;
  end if;
  if p_status is distinct from 'active' then
    return rolecall_internal.refuse_ended_help(p_conversation.status);
  end if;
  if not exists (
    select
    from rolecall.help_closings
    where conversation_id = p_conversation.id
      and closed_by = p_user
  ) then
    return rolecall_internal.refusal(
      'permission_denied',
      'Only the person who closed this conversation can reopen it.',
      'closed_by_another',
      'Whoever closed the conversation opens it again.'
    );
  end if;
  p_conversation.status := 'active';
  return rolecall_internal.refuse_help_message(p_user, p_conversation, p_rollouts);
end
$$;

-- The same for the policies, whose callers see no other table. A null caller is nobody.

-- Whether the caller may ask for help, and change what they asked.
create or replace function rolecall_internal.caller_may_ask_for_help()
returns boolean
language sql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
  select auth.uid() is not null
    and rolecall_internal.refuse_help_writer(auth.uid(), null, null, 'help-conversations', '{}') is null
$$;

-- Whether the caller may change their messages in a help conversation.
create or replace function rolecall_internal.caller_may_edit_in(p_conversation uuid)
returns boolean
language sql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
  select coalesce(
    (
      select rolecall_internal.refuse_help_message(auth.uid(), conversation, '{}') is null
      from public.conversations_v2 as conversation
      where conversation.id = p_conversation
        and auth.uid() in (conversation.requester_id, conversation.helper_id)
    ),
    false
  )
$$;

-- Whether the caller may close a help conversation, or open it again where it is closed.
create or replace function rolecall_internal.caller_may_move(p_conversation uuid)
returns boolean
language sql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
  select coalesce(
    (
      select rolecall_internal.refuse_help_status(auth.uid(), conversation, 'active', '{}') is null
      from public.conversations_v2 as conversation
      where conversation.id = p_conversation
        and auth.uid() in (conversation.requester_id, conversation.helper_id)
    ),
    false
  )
$$;
$sql$;

  -- schema/help/start_conversation.sql
  execute $sql$
-- Starts the conversation of p_helper about a help request with its first message. p_recipient is null where the request
-- names nobody. Offers are taken until the requester or an end says otherwise; the first says that help is under way.
create or replace function rolecall_internal.start_help_conversation(
  p_helper uuid,
  p_help_request uuid,
  p_initial_message text,
  p_recipient uuid,
  p_rollouts jsonb
)
returns jsonb
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_status text;
  v_request rolecall.help_requests;
  v_refusal jsonb;
  v_conversation uuid;
  v_message public.messages_v2;
begin
  -- Held until the commit, so that the request cannot be closed between being looked at and being answered. The first
  -- helper changes it; the others do not wait for each other. One that the requester opens again at this moment stays open.
  select status
  into v_status
  from rolecall.help_requests
  where id = p_help_request;
  if v_status = 'open' then
    select *
    into v_request
    from rolecall.help_requests
    where id = p_help_request
    for no key update;
  else
    select *
    into v_request
    from rolecall.help_requests
    where id = p_help_request
    for share;
  end if;

  v_refusal := rolecall_internal.refuse_help_writer(
    p_helper, v_request.requester_id, null, 'start-conversation', p_rollouts
  );
  if v_refusal is not null then
    return v_refusal;
  end if;
  if not rolecall_internal.is_text(
    p_initial_message,
    rolecall_internal.limit_help_message_min_chars(),
    rolecall_internal.limit_help_message_max_chars()
  ) then
    return rolecall_internal.refuse_text(
      'initial_message',
      p_initial_message,
      rolecall_internal.limit_help_message_min_chars(),
      rolecall_internal.limit_help_message_max_chars()
    );
  end if;
  if v_request.id is null then
    return rolecall_internal.refusal('help_request_not_found', 'There is no help request with this id.');
  end if;
  if v_request.requester_id = p_helper then
    return rolecall_internal.refusal(
      'invalid_input',
      'You cannot offer help on your own request.',
      'own_help_request',
      'The help request is somebody else''s.'
    );
  end if;
  v_refusal := rolecall_internal.refuse_other_recipient(p_recipient, v_request.requester_id);
  if v_refusal is not null then
    return v_refusal;
  end if;
  if v_request.status not in ('open', 'in_progress') then
    return rolecall_internal.refusal(
      'help_request_unavailable',
      'This help request is no longer open.',
      'help_request_not_open',
      'The requester reopens it.'
    );
  end if;

  insert into public.conversations_v2 (help_request_id, requester_id, helper_id, initial_message)
  values (p_help_request, v_request.requester_id, p_helper, p_initial_message)
  on conflict (help_request_id, helper_id) do nothing
  returning id
  into v_conversation;
  if v_conversation is null then
    select id
    into v_conversation
    from public.conversations_v2
    where help_request_id = p_help_request
      and helper_id = p_helper;
    return rolecall_internal.refusal(
      'conversation_exists',
      'You already have a conversation about this help request.',
      'one_conversation_per_helper',
      'You write into the conversation that exists.',
      jsonb_build_object('conversation_id', v_conversation)
    );
  end if;

  -- Judged again, once nothing is left to wait for: the insert may have waited for another one of the same helper.
  v_refusal := rolecall_internal.refuse_help_writer(
    p_helper, v_request.requester_id, null, 'start-conversation', p_rollouts
  );
  if v_refusal is not null then
    delete from public.conversations_v2
    where id = v_conversation;
    return v_refusal;
  end if;

  insert into public.messages_v2 (conversation_id, sender_id, content)
  values (v_conversation, p_helper, p_initial_message)
  returning *
  into v_message;
  if v_status = 'open' then
    update rolecall.help_requests
    set status = 'in_progress'
    where id = p_help_request
      and status = 'open';
  end if;

  return rolecall_internal.success(
    jsonb_build_object(
      'conversation_id', v_conversation,
      'version', 'v2',
      'message', rolecall_internal.help_message(v_message)
    )
  );
end
$$;

create or replace function rolecall_internal.help_message(p_message public.messages_v2)
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  return jsonb_build_object(
    'id', p_message.id,
    'content', p_message.content,
    'sender_id', p_message.sender_id,
    'created_at', rolecall_internal.iso(p_message.created_at)
  );
end
$$;

-- What is kept of the data of an answer that shows a message: all but its content.
create or replace function rolecall_internal.kept_help_message(p_data jsonb)
returns jsonb
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
begin
  return p_data #- '{message,content}';
end
$$;

-- The kept answer with the content of its message as it is now; of a deleted message, with the words that stand for it.
create or replace function rolecall_internal.replayed_help_message(p_answer jsonb)
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  return jsonb_set(
    p_answer,
    '{data,message,content}',
    to_jsonb(
      coalesce(
        (
          select content
          from public.messages_v2
          where id = (p_answer #>> '{data,message,id}')::uuid
        ),
        (
          select rolecall_internal.help_placeholder(deleted_as)
          from rolecall.removed_help_messages
          where message_id = (p_answer #>> '{data,message,id}')::uuid
        ),
        '[deleted by its author]'
      )
    )
  );
end
$$;

-- The refusal of a request that names somebody as the recipient who is not the one.
create or replace function rolecall_internal.refuse_other_recipient(p_recipient uuid, p_other uuid)
returns jsonb
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
begin
  if p_recipient <> p_other then
    return rolecall_internal.refusal(
      'invalid_input',
      'The recipient_id is not the other person of this conversation.',
      'another_recipient',
      'The recipient_id is left out, or is the other person.'
    );
  end if;
  return null;
end
$$;

-- The three RPCs of help conversations are called through PostgREST, by users and with their rights. They take the caller
-- from the verified claims; a user id among the arguments must be the caller's. Refusals are answers, as everywhere.

-- The answer of such an RPC, flat, as the adopters' code reads it: {success, message, ...} or {success, error, message}.
create or replace function rolecall_internal.flat_answer(p_answer jsonb, p_message text, p_members jsonb)
returns jsonb
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
begin
  if p_answer -> 'ok' = 'true' then
    return jsonb_strip_nulls(jsonb_build_object('success', true, 'message', p_message)) || p_members;
  end if;
  return jsonb_strip_nulls(
    jsonb_build_object(
      'success', false,
      'error', p_answer -> 'code',
      'message', p_answer -> 'detail',
      'conversation_id', p_answer #> '{data,conversation_id}'
    )
  );
end
$$;

create or replace function rolecall_internal.refuse_other_than_caller(p_user uuid)
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  if auth.uid() is null then
    return rolecall_internal.refusal('unauthenticated', 'A valid bearer token of a user is required.');
  end if;
  if p_user is distinct from auth.uid() then
    return rolecall_internal.refusal(
      'permission_denied',
      'You cannot act for somebody else.',
      'impersonation',
      'The named user is you.'
    );
  end if;
  return null;
end
$$;

-- Starts a help conversation, for the adopters' RPC.
create or replace function public.create_conversation_atomic(
  p_help_request_id uuid,
  p_helper_id uuid,
  p_initial_message text
)
returns jsonb
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_call rolecall.call := rolecall_internal.begin_rpc(
    'create_conversation_atomic',
    p_helper_id,
    jsonb_build_object('help_request_id', p_help_request_id, 'initial_message', p_initial_message),
    p_rate => 'start_conversation'
  );
begin
  if v_call.answer is null then
    v_call.answer := rolecall_internal.start_help_conversation(
      v_call.caller, p_help_request_id, rolecall_internal.trimmed(p_initial_message), null, v_call.rollouts
    );
    v_call.kept := rolecall_internal.kept_help_message(v_call.answer -> 'data');
  elsif v_call.answer -> 'replayed' = 'true' then
    v_call.answer := rolecall_internal.replayed_help_message(v_call.answer);
  end if;
  v_call.answer := rolecall_internal.end_call(v_call);
  return rolecall_internal.flat_answer(
    v_call.answer,
    'Conversation started.',
    jsonb_build_object('conversation_id', v_call.answer #> '{data,conversation_id}')
  );
end
$$;

create or replace function rolecall_edge.start_conversation(p_request jsonb)
returns jsonb
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_call rolecall.call := rolecall_internal.begin_call('start-conversation', p_request, p_rate => 'start_conversation');
begin
  if v_call.answer is null then
    v_call.answer := rolecall_internal.start_help_conversation(
      v_call.caller,
      rolecall_internal.uuid_or_null(v_call.input ->> 'help_request_id'),
      v_call.input ->> 'initial_message',
      rolecall_internal.uuid_or_null(v_call.input ->> 'recipient_id'),
      v_call.rollouts
    );
    v_call.kept := rolecall_internal.kept_help_message(v_call.answer -> 'data');
  elsif v_call.answer -> 'replayed' = 'true' then
    v_call.answer := rolecall_internal.replayed_help_message(v_call.answer);
  end if;
  return rolecall_internal.end_call(v_call);
end
$$;
$sql$;

  -- schema/calls/rpc.sql
  execute $sql$
-- What clients reach past the functions, through PostgREST: the RPCs take the way of a request (calls/call.sql), and a
-- write to a table takes its token here. Both meet the flags, suspensions and limits that the functions meet.

-- A header of the request as PostgREST (9 and later) hands it over; null when there is none.
create or replace function rolecall_internal.request_header(p_name text)
returns text
language sql
stable
return nullif(current_setting('request.headers', true), '')::jsonb ->> p_name;

-- Begins the call of an RPC for p_user, who must be the caller. The Idempotency-Key and the request id are the headers
-- of the same names; there is no operator's variable here, so the flag's row alone decides the rollout.
create or replace function rolecall_internal.begin_rpc(
  p_operation text,
  p_user uuid,
  p_input jsonb,
  p_rate text default null,
  p_keyed boolean default true,
  p_reads boolean default false
)
returns rolecall.call
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_refusal jsonb := rolecall_internal.refuse_other_than_caller(p_user);
  v_key text := btrim(rolecall_internal.request_header('idempotency-key'));
  v_request_id text := rolecall_internal.request_header('x-request-id');
  v_call rolecall.call;
begin
  if v_refusal is not null then
    v_call.operation := p_operation;
    v_call.request := '{}';
    v_call.caller := auth.uid();
    v_call.answer := v_refusal;
    return v_call;
  end if;
  -- The draft's quotes around the value may be left out, as for the functions.
  v_key := coalesce(substring(v_key from '^"(.*)"$'), v_key);
  v_call := rolecall_internal.begin_call(
    p_operation,
    jsonb_build_object(
      'claims', coalesce(auth.jwt(), '{}') || jsonb_build_object('sub', auth.uid(), 'role', 'authenticated'),
      'request_id', case when v_request_id ~ '^[A-Za-z0-9_.:-]{1,128}$' then v_request_id end,
      'idempotency_key', case when v_key ~ '^[ -~]{1,255}$' then v_key end,
      'rollouts', '{}'::jsonb,
      'reads', p_reads,
      'input', p_input
    ),
    p_rate => p_rate,
    p_keyed => p_keyed
  );
  if v_call.answer is null and p_keyed and v_key is not null and v_call.key is null then
    v_call.answer := rolecall_internal.refusal(
      'validation_error',
      'The Idempotency-Key header must have 1 to 255 printable ASCII characters.',
      'malformed_header'
    );
  end if;
  return v_call;
end
$$;

-- Whether a client makes the statement that asks: anybody but the operator and who owns Rolecall, with whose rights the
-- entry points run.
create or replace function rolecall_internal.is_client()
returns boolean
language sql
stable
return not pg_has_role(current_user, 'service_role', 'usage')
  and not pg_has_role(current_user, (select nspowner from pg_namespace where nspname = 'rolecall'), 'usage');

-- Whether the caller may use the function of a flag at all, for policies.
create or replace function rolecall_internal.caller_may_use(p_flag text)
returns boolean
language sql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
  select (rolecall_internal.actor(auth.uid(), p_flag, '{}')).refusal is null
$$;

-- Raises a refusal, which a write to a table cannot return. PostgREST answers PT429 with status 429, PT503 with 503 and
-- insufficient_privilege with 403; the details are the refusal as an RPC answers it.
create or replace function rolecall_internal.raise_refusal(p_refusal jsonb)
returns void
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  raise exception using
    errcode = case p_refusal ->> 'code'
      when 'rate_limited' then 'PT429'
      when 'conversation_read_only' then 'PT409'
      when 'invalid_input' then 'PT400'
      when 'maintenance' then 'PT503'
      else 'insufficient_privilege'
    end,
    message = p_refusal ->> 'detail',
    detail = (p_refusal - array['ok', 'detail'])::text,
    hint = coalesce(p_refusal #>> '{reasons,0,allowed_if}', '');
end
$$;

-- Takes a token of the limit that the trigger names from the caller, for each row, outside maintenance: a statement that
-- writes more rows than there are tokens writes none.
create or replace function rolecall_internal.limit_client_write()
returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_refusal jsonb := rolecall_internal.refuse_in_maintenance(auth.uid(), '{}');
  v_limit jsonb;
begin
  if v_refusal is not null then
    perform rolecall_internal.raise_refusal(v_refusal);
  end if;
  v_limit := rolecall_internal.take_token(auth.uid(), tg_argv[0]);
  if v_limit -> 'taken' = 'false' then
    perform rolecall_internal.raise_refusal(rolecall_internal.refuse_rate(v_limit));
  end if;
  if tg_op = 'DELETE' then
    return old;
  end if;
  return new;
end
$$;
$sql$;

  -- schema/help/history.sql
  execute $sql$
-- What happens to help messages and their conversations through the tables, whatever the path: an edit keeps what was
-- there, a deletion keeps what moderators need, an ending keeps who ended it. Of a client it is judged again behind the
-- statement (counts.sql), with the conversations held: a policy has judged by what it saw before the statement waited. The
-- triggers tell by their argument whether a client writes.
--
-- Locks are taken in one order: a turn at the messages, the messages, their conversations in the order of their ids, the
-- counts, the threads. Who sends takes the conversation first and no message that exists; a statement that edits or deletes
-- locks messages before any trigger sees them, in whatever order its plan finds them. So such statements take turns: those
-- on messages of one author after each other, and an operator's, which may be anybody's messages, alone.

-- Takes the turn of an author's messages, or with a null author that of all.
create or replace function rolecall_internal.take_help_turn(p_author uuid)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  if p_author is null then
    perform pg_advisory_xact_lock(hashtextextended('rolecall.help_messages', 0));
    return;
  end if;
  perform pg_advisory_xact_lock_shared(hashtextextended('rolecall.help_messages', 0));
  perform pg_advisory_xact_lock(hashtextextended('rolecall.help_messages.' || p_author, 0));
  -- The triggers of this transaction's own statements need no other turn.
  perform set_config('rolecall.help_turn', pg_current_xact_id()::text, true);
end
$$;

-- Before a statement on the tables that changes or deletes help messages, or conversations and with them messages.
create or replace function rolecall_internal.await_help_turn()
returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  if tg_argv[0] = 'client' then
    perform rolecall_internal.take_help_turn(auth.uid());
  elsif current_setting('rolecall.help_turn', true) is distinct from pg_current_xact_id()::text
    -- What goes with its conversation has that one's turn.
    and pg_trigger_depth() = 1
  then
    perform rolecall_internal.take_help_turn(null);
  end if;
  return null;
end
$$;

-- The text that stands in initial_message when the first message is gone. It has no place for a null.
create or replace function rolecall_internal.help_placeholder(p_deleted_as text)
returns text
language sql
immutable
return case p_deleted_as when 'author' then '[deleted by its author]' else '[removed by the moderation]' end;

-- Lets initial_message follow the first message.
create or replace function rolecall_internal.copy_first_message(p_conversation uuid, p_message uuid, p_content text)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  update public.conversations_v2 as conversation
  set initial_message = p_content
  from rolecall.help_message_counts as counted
  where conversation.id = p_conversation
    and counted.conversation_id = conversation.id
    and counted.first_message_id = p_message
    and conversation.initial_message <> p_content;
end
$$;

create or replace function rolecall_internal.keep_edited_help_message()
returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_refusal jsonb;
begin
  if tg_argv[0] = 'client' then
    new.content := rolecall_internal.trimmed(new.content);
    v_refusal := rolecall_internal.refuse_text('content', new.content, 1, rolecall_internal.limit_help_message_max_chars());
    if v_refusal is not null then
      perform rolecall_internal.raise_refusal(v_refusal);
    end if;
  end if;
  insert into rolecall.help_message_edits (message_id, conversation_id, sender_id, content, written_at)
  values (old.id, old.conversation_id, old.sender_id, old.content, old.updated_at);
  return new;
end
$$;

create or replace function rolecall_internal.keep_removed_help_message()
returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_removed_as text := case when tg_argv[0] = 'client' then 'author' else 'moderator' end;
begin
  -- A message that goes with its conversation leaves nothing. The moderation has kept the message before it deletes it; the
  -- operator deletes as a moderator does.
  insert into rolecall.removed_help_messages (
    message_id, conversation_id, sender_id, content, created_at, updated_at, deleted_as
  )
  select old.id, id, old.sender_id, old.content, old.created_at, old.updated_at, v_removed_as
  from public.conversations_v2
  where id = old.conversation_id
  on conflict (message_id) do nothing;
  return old;
end
$$;

create or replace function rolecall_internal.keep_who_closed()
returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_refusal jsonb;
begin
  if tg_argv[0] = 'client' then
    v_refusal := rolecall_internal.refuse_help_status(auth.uid(), old, new.status, '{}');
    if v_refusal is not null then
      perform rolecall_internal.raise_refusal(v_refusal);
    end if;
  end if;
  if new.status = 'active' then
    delete from rolecall.help_closings
    where conversation_id = new.id;
  else
    insert into rolecall.help_closings (conversation_id, closed_by)
    values (new.id, auth.uid())
    on conflict (conversation_id) do update
    set
      closed_by = excluded.closed_by,
      closed_at = excluded.closed_at;
  end if;
  return new;
end
$$;

-- Binds the owner, too, whose rights every entry point has: what was kept of an edit is never changed but erased, and
-- goes with its conversation alone.
create or replace function rolecall_internal.refuse_other_history()
returns trigger
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  if tg_op = 'DELETE' and pg_trigger_depth() > 1 then
    return old;
  end if;
  if tg_op = 'UPDATE' then
    old.content := null;
    if new is not distinct from old then
      return new;
    end if;
  end if;
  raise exception using
    errcode = 'insufficient_privilege',
    message = format('%s.%s is written once and never changed', tg_table_schema, tg_table_name);
end
$$;

-- A block is answered when no message of the two is under way any more: whoever writes holds the conversation when it is
-- judged.
create or replace function rolecall_internal.await_help_writers()
returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  perform
  from public.conversations_v2
  where (requester_id = new.blocker_id and helper_id = new.blocked_id)
    or (requester_id = new.blocked_id and helper_id = new.blocker_id)
  order by id
  for no key update;
  return null;
end
$$;
$sql$;

  -- schema/help/erase.sql
  execute $sql$
-- Whether a report of a help message waits for its review.
create or replace function rolecall_internal.help_report_pends(p_message uuid)
returns boolean
language sql
stable
begin atomic
  select exists (
    select
    from rolecall.reported_messages
    where message_id = p_message
      and seq is null
      and status = 'pending'
  );
end;

-- Erases up to p_most help messages of p_user, with what was kept of them, and returns how many said something before;
-- p_all says whether none is left. Their place stays, with words in it that say so. What is kept of a reported message
-- stays for the moderators until the review.
create or replace function rolecall_internal.erase_help_messages(
  p_user uuid,
  p_most int,
  out p_erased bigint,
  out p_all boolean
)
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_placeholder constant text := rolecall_internal.help_placeholder('author');
  v_rows bigint;
begin
  perform rolecall_internal.take_help_turn(p_user);
  update public.messages_v2
  set content = v_placeholder
  where id in (
    select id
    from public.messages_v2
    where sender_id = p_user
      and content <> v_placeholder
    order by conversation_id, id
    limit p_most
  );
  get diagnostics p_erased = row_count;
  p_all := p_erased < p_most;

  insert into rolecall.help_erasures_due (message_id, conversation_id)
  select message_id, conversation_id
  from rolecall.help_message_edits
  where sender_id = p_user
    and content is not null
    and rolecall_internal.help_report_pends(message_id)
  union
  select message_id, conversation_id
  from rolecall.removed_help_messages
  where sender_id = p_user
    and content is not null
    and rolecall_internal.help_report_pends(message_id)
  on conflict (message_id) do nothing;

  update rolecall.help_message_edits
  set content = null
  where id in (
    select id
    from rolecall.help_message_edits
    where sender_id = p_user
      and content is not null
      and not rolecall_internal.help_report_pends(message_id)
    order by id
    limit 2 * p_most
  );
  get diagnostics v_rows = row_count;
  p_all := p_all and v_rows < 2 * p_most;

  -- What a moderator had removed is its author's deletion from now on.
  update rolecall.removed_help_messages
  set
    content = case when rolecall_internal.help_report_pends(message_id) then content end,
    deleted_as = 'author'
  where message_id in (
    select message_id
    from rolecall.removed_help_messages
    where sender_id = p_user
      and content is not null
      and (deleted_as <> 'author' or not rolecall_internal.help_report_pends(message_id))
    order by message_id
    limit p_most
  );
  get diagnostics v_rows = row_count;
  p_all := p_all and v_rows < p_most;
end
$$;

-- Erases what was kept of help messages for the reports decided by this statement.
create or replace function rolecall_internal.erase_help_messages_due()
returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  with due as (
    delete from rolecall.help_erasures_due
    where message_id in (select message_id from reviewed where seq is null)
      and not rolecall_internal.help_report_pends(message_id)
    returning message_id
  ),
  forgotten as (
    update rolecall.help_message_edits as edit
    set content = null
    from due
    where edit.message_id = due.message_id
      and edit.content is not null
  )
  update rolecall.removed_help_messages as removed
  set
    content = null,
    deleted_as = 'author'
  from due
  where removed.message_id = due.message_id;
  return null;
end
$$;
$sql$;

  -- schema/own_data/delete.sql
  execute $sql$
-- Erases the contents that were kept for the reports decided by this statement.
create or replace function rolecall_internal.erase_what_is_due()
returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  with due as (
    delete from rolecall.erasures_due
    where (conversation_id, seq) in (select conversation_id, seq from reviewed)
      and not exists (
        select
        from rolecall.reported_messages as report
        where report.conversation_id = erasures_due.conversation_id
          and report.seq = erasures_due.seq
          and report.status = 'pending'
      )
    returning conversation_id, seq
  )
  delete from rolecall.removed_contents
  using due
  where removed_contents.conversation_id = due.conversation_id
    and removed_contents.seq = due.seq;
  return null;
end
$$;

-- Turns messages of p_user, named by their keys, into placeholders, and returns how many were none before. Their content
-- is gone for good; that of a reported message stays for the moderators until the review.
create or replace function rolecall_internal.erase_messages(p_user uuid, p_conversations uuid[], p_seqs bigint[])
returns bigint
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_new bigint;
begin
  -- Locked, so that nobody else deletes or restores them.
  perform rolecall_internal.hold_conversations(p_conversations);
  select count(*) filter (where deleted_at is null)
  into v_new
  from (
    select message.deleted_at
    from unnest(p_conversations, p_seqs) as wanted (conversation_id, seq)
    join rolecall.messages as message
      on message.conversation_id = wanted.conversation_id
      and message.seq = wanted.seq
    where message.sender_id = p_user
    order by message.conversation_id, message.seq
    for no key update of message
  ) as locked;

  with reported as (
    select message.conversation_id, message.seq, message.content
    from unnest(p_conversations, p_seqs) as wanted (conversation_id, seq)
    join rolecall.messages as message
      on message.conversation_id = wanted.conversation_id
      and message.seq = wanted.seq
    where message.sender_id = p_user
      and exists (
        select
        from rolecall.reported_messages as report
        where report.conversation_id = wanted.conversation_id
          and report.seq = wanted.seq
          and report.status = 'pending'
      )
  ),
  kept as (
    insert into rolecall.removed_contents (conversation_id, seq, content, removed_at)
    select conversation_id, seq, content, now()
    from reported
    where content is not null
  )
  insert into rolecall.erasures_due (conversation_id, seq)
  select conversation_id, seq
  from reported
  on conflict (conversation_id, seq) do nothing;

  update rolecall.messages as message
  set
    content = null,
    deleted_at = coalesce(message.deleted_at, now()),
    deleted_as = 'author'
  from unnest(p_conversations, p_seqs) as wanted (conversation_id, seq)
  where message.conversation_id = wanted.conversation_id
    and message.seq = wanted.seq
    and message.sender_id = p_user
    and message.deleted_as is distinct from 'author';
  delete from rolecall.removed_contents as removed
  using unnest(p_conversations, p_seqs) as wanted (conversation_id, seq)
  where removed.conversation_id = wanted.conversation_id
    and removed.seq = wanted.seq
    and not exists (
      select
      from rolecall.erasures_due as due
      where due.conversation_id = wanted.conversation_id
        and due.seq = wanted.seq
    );
  return v_new;
end
$$;

-- Erases the reason of a report with its review, whose reporter had what they wrote erased meanwhile.
create or replace function rolecall_internal.erase_reason()
returns trigger
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  new.reason := rolecall_internal.erased_text();
  return new;
end
$$;

-- What stands in place of a text that was erased where there must be one.
create or replace function rolecall_internal.erased_text()
returns text
language sql
immutable
return '[deleted by its author]';

-- What p_user wrote besides messages, up to p_most rows of each kind: what they asked for help with, what they began to
-- help with, and why they reported. Returns whether nothing is left. A request for help of which nothing is left to read
-- is no longer open; the reason of a pending report is kept until its review.
create or replace function rolecall_internal.erase_texts(p_user uuid, p_most int)
returns boolean
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_placeholder constant text := rolecall_internal.erased_text();
  v_rows bigint;
  v_all boolean;
begin
  update rolecall.help_requests
  set
    title = v_placeholder,
    description = '',
    status = case when status in ('open', 'in_progress') then 'cancelled' else status end
  where id in (
    select id
    from rolecall.help_requests
    where requester_id = p_user
      and (title <> v_placeholder or description <> '')
    limit p_most
  );
  get diagnostics v_rows = row_count;
  v_all := v_rows < p_most;

  update public.conversations_v2
  set initial_message = v_placeholder
  where id in (
    select id
    from public.conversations_v2
    where helper_id = p_user
      and initial_message <> v_placeholder
    limit p_most
  );
  get diagnostics v_rows = row_count;
  v_all := v_all and v_rows < p_most;

  update rolecall.reported_messages
  set
    reason = case when status = 'pending' then reason else v_placeholder end,
    erase_reason = true
  where id in (
    select id
    from rolecall.reported_messages
    where reporter_id = p_user
      and not erase_reason
    limit p_most
  );
  get diagnostics v_rows = row_count;
  return v_all and v_rows < p_most;
end
$$;

-- Goes on with a deletion, up to about 20,000 messages a call, and returns it as it is then. That of an account closes
-- each of its conversations before it erases what is in them: whoever writes there at this moment is before or is refused.
create or replace function rolecall_internal.continue_deletion(p_deletion rolecall.data_deletions)
returns rolecall.data_deletions
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_batch constant int := 4000;
  v_most constant int := 20000;
  -- Messages of others in between are looked at as well, and conversations where there is nothing left to do: a call may
  -- take five seconds.
  v_most_read constant int := 200000;
  v_visit constant int := 10;
  -- However long that takes here and now, a call leaves off in time. That of an account has taken away the profile before.
  v_until constant timestamptz := clock_timestamp()
    + case when p_deletion.account then interval '1.5 seconds' else interval '3 seconds' end;
  v_user constant uuid := p_deletion.user_id;
  v_deletion rolecall.data_deletions := p_deletion;
  -- The keys of the messages of theirs that are to be erased next.
  v_own_conversations uuid[] := '{}';
  v_own_seqs bigint[] := '{}';
  v_conversation uuid;
  v_last bigint;
  v_read bigint := 0;
  v_deleted bigint := 0;
  v_all boolean := false;
  v_rows bigint;
begin
  for v_conversation in
    select own.id
    from (
      select id
      from rolecall.conversations
      where participant_low = v_user
      union
      select id
      from rolecall.conversations
      where participant_high = v_user
      union
      select id
      from rolecall.conversations
      where created_by = v_user
        and kind = 'show'
      union
      -- Of others, who had them imported.
      select conversation_id
      from rolecall.messages
      where sender_id = v_user
        and legacy
    ) as own
    where own.id >= v_deletion.reached_conversation_id
    order by own.id
  loop
    if v_conversation <> v_deletion.reached_conversation_id then
      v_deletion.reached_conversation_id := v_conversation;
      v_deletion.reached_seq := 0;
    end if;
    v_read := v_read + v_visit;
    if v_deletion.account then
      update rolecall.conversations
      set read_only = true
      where id = v_conversation
        and not read_only;
    end if;
    select last_seq
    into v_last
    from rolecall.conversations
    where id = v_conversation;
    while v_deletion.reached_seq < v_last and v_read < v_most_read loop
      -- By ranges of numbers, which no plan can make more of than they are.
      select
        v_own_conversations || coalesce(array_agg(conversation_id), '{}'),
        v_own_seqs || coalesce(array_agg(seq), '{}')
      into v_own_conversations, v_own_seqs
      from rolecall.messages
      where conversation_id = v_deletion.reached_conversation_id
        and seq > v_deletion.reached_seq
        and seq <= v_deletion.reached_seq + v_batch
        and sender_id = v_user;
      v_read := v_read + least(v_batch, v_last - v_deletion.reached_seq);
      v_deletion.reached_seq := least(v_deletion.reached_seq + v_batch, v_last);
      if cardinality(v_own_seqs) >= v_batch then
        v_deleted := v_deleted + rolecall_internal.erase_messages(v_user, v_own_conversations, v_own_seqs);
        v_own_conversations := '{}';
        v_own_seqs := '{}';
        -- Another two batches could come together before the next one is erased.
        if v_deleted > v_most - 2 * v_batch then
          v_read := v_most_read;
        end if;
      end if;
    end loop;
    if clock_timestamp() > v_until then
      v_read := v_most_read;
    end if;
    exit when v_read >= v_most_read;
  end loop;
  v_deleted := v_deleted + rolecall_internal.erase_messages(v_user, v_own_conversations, v_own_seqs);
  v_all := v_read < v_most_read;

  -- Help conversations have no place for a placeholder but the text itself.
  if v_all then
    select p_erased, p_all
    into v_rows, v_all
    from rolecall_internal.erase_help_messages(v_user, greatest(least(v_batch, v_most - v_deleted), 1)::int);
    v_deleted := v_deleted + v_rows;
  end if;
  if v_all then
    v_all := rolecall_internal.erase_texts(v_user, v_batch);
  end if;

  update rolecall.data_deletions
  set
    completed_at = case when v_all then now() end,
    messages_deleted = messages_deleted + v_deleted,
    reached_conversation_id = v_deletion.reached_conversation_id,
    reached_seq = v_deletion.reached_seq
  where id = v_deletion.id
  returning *
  into v_deletion;
  return v_deletion;
end
$$;

-- A deletion as answers show it.
create or replace function rolecall_internal.deletion_json(p_deletion rolecall.data_deletions)
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  return jsonb_build_object(
    'deletion_id', p_deletion.id,
    'account', p_deletion.account,
    'status', case when p_deletion.completed_at is not null then 'complete' else 'in_progress' end,
    'messages_deleted', p_deletion.messages_deleted,
    'requested_at', rolecall_internal.iso(p_deletion.requested_at)
  );
end
$$;

-- Deletes what p_user wrote: the next call continues what one cannot do, and the last one completes the deletion. Of two
-- calls at once the second waits for the first.
create or replace function rolecall_internal.delete_own_data(p_user uuid, p_rollouts jsonb)
returns jsonb
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_actor rolecall.actor := rolecall_internal.actor(p_user, 'own-data', p_rollouts);
  v_deletion rolecall.data_deletions;
begin
  if v_actor.refusal is not null then
    return v_actor.refusal;
  end if;
  insert into rolecall.data_deletions as unfinished (user_id)
  values (p_user)
  on conflict (user_id) where completed_at is null and not account do update
  set user_id = unfinished.user_id
  returning *
  into v_deletion;
  v_deletion := rolecall_internal.continue_deletion(v_deletion);
  return rolecall_internal.success(rolecall_internal.deletion_json(v_deletion));
end
$$;

-- One's messages, or with {account: true} the whole account.
create or replace function rolecall_edge.delete_own_data(p_request jsonb)
returns jsonb
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_account boolean := coalesce(p_request #> '{input,account}' = 'true', false);
  v_call rolecall.call := rolecall_internal.begin_call('own-data.delete', p_request, p_rate => 'delete_own_data');
begin
  if v_call.answer is null then
    if v_account then
      v_call.answer := rolecall_internal.delete_own_account(v_call.caller, v_call.rollouts);
    else
      v_call.answer := rolecall_internal.delete_own_data(v_call.caller, v_call.rollouts);
    end if;
    if (v_call.answer -> 'ok')::boolean then
      perform rolecall_internal.log_event(
        v_call,
        case when v_account then 'account_deleted' else 'own_data_deleted' end,
        v_call.answer -> 'data'
      );
    end if;
  end if;
  return rolecall_internal.end_call(v_call);
end
$$;
$sql$;

  -- schema/own_data/account.sql
  execute $sql$
-- Deletes the account of p_user, or goes on with it, and returns the deletion as it is then. Safe to call again, and for
-- somebody whose profile the app has deleted already.
--
-- The first call takes away the profile, so that nobody acts as this user any more, and with it the name, role,
-- participations, blocks, quotas, receipts and how far they had read. Whoever names them in a row at this moment holds the
-- profile, and is waited for; whoever comes later is refused. What others read stays in its place, by an id that leads to
-- nobody. What the law lets stay is said in docs/privacy.md.
create or replace function rolecall_internal.delete_account(p_user uuid)
returns rolecall.data_deletions
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_most constant int := 4000;
  v_deletion rolecall.data_deletions;
  v_rows bigint;
  v_closed boolean;
begin
  insert into rolecall.data_deletions as unfinished (user_id, account)
  values (p_user, true)
  on conflict (user_id) where account do update
  set user_id = unfinished.user_id
  returning *
  into v_deletion;
  if v_deletion.completed_at is not null then
    return v_deletion;
  end if;

  -- Before the help conversations that are closed below.
  perform rolecall_internal.take_help_turn(p_user);
  -- Conversations before their participants, who go with the profile: whoever sends takes them in this order, too.
  perform
  from rolecall.conversations
  where id in (
    select id
    from rolecall.conversations
    where participant_low = p_user
    union all
    select id
    from rolecall.conversations
    where participant_high = p_user
    union all
    select id
    from rolecall.conversations
    where created_by = p_user
      and kind = 'show'
  )
    and exists (
      select
      from rolecall.profiles
      where profiles.id = p_user
    )
  order by id
  for no key update;
  delete from rolecall.profiles
  where id = p_user;
  delete from rolecall.data_deletions
  where user_id = p_user
    and not account;
  -- That of this call has no answer yet.
  delete from rolecall.idempotency_records
  where user_id = p_user
    and answer is not null;
  delete from rolecall.rate_buckets
  where user_id = p_user;
  -- Nobody begins to help any more, and nobody goes on to write to them.
  update rolecall.help_requests
  set status = 'cancelled'
  where requester_id = p_user
    and status in ('open', 'in_progress');
  update public.conversations_v2
  set status = 'closed'
  where id in (
    select id
    from public.conversations_v2
    where requester_id = p_user
      and status = 'active'
    union all
    select id
    from public.conversations_v2
    where helper_id = p_user
      and status = 'active'
    limit v_most
  );
  get diagnostics v_rows = row_count;
  v_closed := v_rows < v_most;
  -- How far they had read.
  update rolecall.help_threads
  set
    requester_read_at = case requester_id when p_user then 'infinity' else requester_read_at end,
    requester_unread = case requester_id when p_user then 0 else requester_unread end,
    helper_read_at = case helper_id when p_user then 'infinity' else helper_read_at end,
    helper_unread = case helper_id when p_user then 0 else helper_unread end
  where conversation_id in (
    select conversation_id
    from rolecall.help_threads
    where requester_id = p_user
      and (requester_read_at < 'infinity' or requester_unread <> 0)
    union all
    select conversation_id
    from rolecall.help_threads
    where helper_id = p_user
      and (helper_read_at < 'infinity' or helper_unread <> 0)
    limit v_most
  );
  get diagnostics v_rows = row_count;
  v_closed := v_closed and v_rows < v_most;

  v_deletion := rolecall_internal.continue_deletion(v_deletion);
  if not v_closed then
    update rolecall.data_deletions
    set completed_at = null
    where id = v_deletion.id
    returning *
    into v_deletion;
  end if;
  return v_deletion;
end
$$;

-- The same for the caller. Their token is still valid when the profile is gone: with it they may go on.
create or replace function rolecall_internal.delete_own_account(p_user uuid, p_rollouts jsonb)
returns jsonb
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_actor rolecall.actor := rolecall_internal.actor(p_user, 'own-data', p_rollouts);
begin
  if v_actor.refusal is not null and v_actor.refusal #>> '{reasons,0,code}' is distinct from 'account_deleted' then
    return v_actor.refusal;
  end if;
  return rolecall_internal.success(rolecall_internal.deletion_json(rolecall_internal.delete_account(p_user)));
end
$$;

-- The same for the operator and the app's own backend, such as a trigger on its users: {deletion_id, account, status,
-- messages_deleted, requested_at}. Call it again while the status is in_progress, or leave that to the night.
create or replace function rolecall.delete_account(p_user uuid)
returns jsonb
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  if p_user is null then
    raise exception using
      errcode = 'invalid_parameter_value',
      message = 'delete_account takes the id of a user';
  end if;
  return rolecall_internal.deletion_json(rolecall_internal.delete_account(p_user));
end
$$;

-- Goes on with the oldest unfinished deletion of an account; returns whether there was one.
-- A deletion that is locked is at work.
create or replace function rolecall_internal.continue_account_deletion()
returns boolean
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_user uuid;
begin
  select user_id
  into v_user
  from rolecall.data_deletions
  where completed_at is null
    and account
  order by requested_at
  limit 1
  for update skip locked;
  if not found then
    return false;
  end if;
  perform rolecall_internal.delete_account(v_user);
  return true;
end
$$;

-- No profile is made again for somebody whose account was deleted, as an app's trigger on its users would that follows a
-- changed name. To take them in again, delete the row of data_deletions first.
create or replace function rolecall_internal.keep_account_deleted()
returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  if exists (
    select
    from rolecall.data_deletions
    where user_id = new.id
      and account
  ) then
    return null;
  end if;
  return new;
end
$$;
$sql$;

  -- schema/broadcasts/reset_broadcast_quotas.sql
  execute $sql$
-- The nightly run: quotas need nothing, since a quota row fills itself up when its sender next needs it; what is over is
-- dropped or deleted. One call does one step, which is short and is kept whatever becomes of the next; "more" says that the
-- run of this quota day has more to do. Many callers at once take turns.

-- One step of the run p_run: of one table, which is any that is not done, so that one where something is broken does not
-- hold up the others for ever.
create or replace function rolecall_internal.take_nightly_step(p_run rolecall.quota_runs)
returns rolecall.quota_runs
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_table text;
  v_slots record;
  v_swept record;
begin
  select name
  into v_table
  from unnest(
    array[
      'application_logs', 'refusal_counts', 'request_metrics', 'idempotency_records', 'rate_buckets', 'broadcast_quotas'
    ]
  ) as name
  where name <> all (p_run.done)
  order by random()
  limit 1;

  if v_table in ('rate_buckets', 'broadcast_quotas') then
    select *
    into v_swept
    from rolecall_internal.sweep(
      format('rolecall.%I', v_table)::regclass,
      case v_table
        -- A bucket is full when nothing was taken from it for its window, which may be longer than a day.
        when 'rate_buckets' then
          $condition$ swept.refilled_at <= now() - interval '1 day'
            and swept.refilled_at <= now() - swept.window_seconds * interval '1 second'
            and swept.refilled_at <= now() - coalesce(
              (
                select max(rate.window_seconds) * interval '1 second'
                from rolecall.rate_limits as rate
                where rate.action = swept.action
              ),
              interval '0'
            ) $condition$
        -- A row of an earlier day counts as full, and so does none.
        else
          $condition$ swept.period < rolecall_internal.quota_day(now())
            and (select show.ends_at from rolecall.shows as show where show.id = swept.show_id) < now() $condition$
      end,
      coalesce((p_run.positions ->> v_table)::bigint, 0)
    );
    p_run.deleted := p_run.deleted
      || jsonb_build_object(v_table, coalesce((p_run.deleted ->> v_table)::bigint, 0) + v_swept.deleted);
    if v_swept.next_page is null then
      p_run.done := p_run.done || v_table;
    end if;
    p_run.positions := p_run.positions || jsonb_build_object(v_table, v_swept.next_page);
  elsif v_table = 'request_metrics' and rolecall_internal.merge_metrics() then
    -- What is truncated before it is part of the totals would be missing in the counters; the next step goes on.
    return p_run;
  else
    select *
    into v_slots
    from rolecall_internal.empty_day_slots(
      v_table,
      case v_table when 'application_logs' then 40 when 'idempotency_records' then 4 else 12 end,
      case v_table when 'application_logs' then 30 when 'idempotency_records' then 1 else 7 end
    );
    p_run.dropped := p_run.dropped
      || jsonb_build_object(v_table, coalesce((p_run.dropped ->> v_table)::int, 0) + v_slots.dropped);
    p_run.left_over := p_run.left_over || jsonb_build_object(v_table, v_slots.left_over);
    p_run.positions := p_run.positions
      || jsonb_build_object(v_table, coalesce((p_run.positions ->> v_table)::int, 0) + 1);
    -- Autovacuum leaves a slot after a second of our trying; a backup that reads it keeps it for another day.
    if v_slots.left_over = 0 or (p_run.positions ->> v_table)::int >= 20 then
      p_run.done := p_run.done || v_table;
    end if;
  end if;
  return p_run;
end
$$;

create or replace function rolecall_internal.reset_broadcast_quotas(p_rollouts jsonb)
returns jsonb
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
-- A step is over sooner, but not those of everybody who may be waiting.
set lock_timeout = '2s'
as $$
declare
  v_period date := rolecall_internal.quota_day(now());
  v_run rolecall.quota_runs;
  v_already_done boolean := false;
begin
  -- An operator is no user in or out of a percentage: only a flag that is off excludes them.
  if not (
    rolecall_internal.flag_decision(
      'reset-broadcast-quotas', p_rollouts, '00000000-0000-0000-0000-000000000000', null, true
    )
  ).enabled
  then
    return rolecall_internal.refuse_disabled();
  end if;

  begin
    insert into rolecall.quota_runs (period)
    values (v_period)
    on conflict (period) do nothing;
    select *
    into v_run
    from rolecall.quota_runs
    where period = v_period
    for no key update;
    v_already_done := v_run.finished_at is not null;
    if not v_already_done then
      if cardinality(v_run.done) < 6 then
        v_run := rolecall_internal.take_nightly_step(v_run);
      end if;
      -- And then the deletions of accounts, with which their users have not gone on.
      if cardinality(v_run.done) = 6 and not rolecall_internal.continue_account_deletion() then
        v_run.finished_at := clock_timestamp();
      end if;
      update rolecall.quota_runs
      set
        finished_at = v_run.finished_at,
        done = v_run.done,
        dropped = v_run.dropped,
        deleted = v_run.deleted,
        left_over = v_run.left_over,
        positions = v_run.positions
      where period = v_period;
    end if;
  exception
    -- Others are at it.
    when lock_not_available then
      select *
      into v_run
      from rolecall.quota_runs
      where period = v_period;
  end;

  return rolecall_internal.success(
    jsonb_build_object(
      'period', v_period,
      'dropped', coalesce(v_run.dropped, '{}'),
      'deleted', coalesce(v_run.deleted, '{}'),
      'left', coalesce(v_run.left_over, '{}'),
      'more', v_run.finished_at is null,
      'already_done', v_already_done
    )
  );
end
$$;

create or replace function rolecall_edge.reset_broadcast_quotas(p_request jsonb)
returns jsonb
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_call rolecall.call := rolecall_internal.begin_call('reset-broadcast-quotas', p_request, p_who => 'operator');
begin
  if v_call.answer is null then
    v_call.answer := rolecall_internal.reset_broadcast_quotas(v_call.rollouts);
    -- Null where it was refused.
    if (v_call.answer #> '{data,more}')::boolean then
      -- The next step has the same key.
      perform rolecall_internal.free_key(v_call.key_owner, v_call.key);
      v_call.key := null;
    elsif not (v_call.answer #> '{data,already_done}')::boolean then
      perform rolecall_internal.log_event(v_call, 'quota_reset', v_call.answer -> 'data');
    end if;
  end if;
  return rolecall_internal.end_call(v_call);
end
$$;
$sql$;

  -- schema/broadcasts/send_broadcast.sql
  execute $sql$
-- Everything that is settled about a broadcast of p_sender to p_roles of p_show before it takes from the quota: whether
-- it is allowed, to which of the roles, in which phase of the show, and the limits of both phases.
create or replace function rolecall_internal.judge_broadcast(
  p_sender uuid,
  p_show uuid,
  p_roles rolecall.app_role[],
  p_rollouts jsonb,
  out judgement rolecall.judgement,
  out allowed_roles rolecall.app_role[],
  out phase text,
  out pre_show_limit int,
  out post_show_limit int
)
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_sender rolecall.actor := rolecall_internal.actor(p_sender, 'send-broadcast', p_rollouts);
  v_show rolecall.shows;
  v_facts text[];
  v_reasons jsonb;
  v_code text;
  v_detail text;
begin
  if v_sender.refusal is not null then
    judgement := rolecall_internal.judgement_of_refusal(v_sender.refusal, v_sender.organization_id);
    return;
  end if;
  judgement.org_id := v_sender.organization_id;
  judgement.allowed := false;
  select *
  into v_show
  from rolecall.shows
  where id = p_show;
  if not found then
    judgement.refusal := rolecall_internal.refusal('not_found', 'There is no show with this show_id.');
    return;
  end if;

  v_facts := array[
    'feature_enabled',
    v_sender.suspended,
    case when v_show.organizer_id = p_sender then 'own_show' end,
    case
      when exists (
        select
        from rolecall.show_participants
        where show_id = p_show
          and user_id = p_sender
      )
      then 'takes_part'
    end,
    case
      when exists (
        select
        from rolecall.conversations
        where kind = 'show'
          and show_id = p_show
          and created_by = p_sender
          and read_only
      )
      then 'read_only'
    end
  ];
  -- Every role that is refused is a reason; what is said of several roles is said once.
  select
    jsonb_agg(reason order by first_role) filter (where not allowed),
    (array_agg(code order by first_role) filter (where not allowed))[1],
    string_agg(reason ->> 'message', ' ' order by first_role) filter (where not allowed),
    (array_agg(rule order by allowed, first_role))[1]
  into v_reasons, v_code, v_detail, judgement.rule
  from (
    select
      min(role) as first_role,
      coalesce(decision.allowed, false) as allowed,
      decision.code,
      decision.rule,
      jsonb_build_object('code', decision.rule, 'message', decision.message, 'allowed_if', decision.allowed_if)
        as reason
    from unnest(p_roles) as role
    cross join lateral rolecall_internal.decide('broadcast', v_sender.role, role, v_facts) as decision
    group by decision.allowed, decision.code, decision.rule, decision.message, decision.allowed_if
  ) as decided;
  if v_reasons is not null then
    -- Which of them would be allowed alone.
    select array_agg(role order by role)
    into allowed_roles
    from unnest(p_roles) as role
    where (rolecall_internal.decide('broadcast', v_sender.role, role, v_facts)).allowed;
    judgement.refusal := jsonb_build_object('ok', false, 'code', v_code, 'detail', v_detail, 'reasons', v_reasons);
    return;
  end if;

  judgement.allowed := true;
  allowed_roles := p_roles;
  phase := case when now() < v_show.starts_at then 'pre_show' else 'post_show' end;
  -- A role that may broadcast but has no limit set has nothing to take from, rather than no limit.
  select
    (
      select case when count(*) = 0 then 0 else max(per_quota_day) end
      from rolecall.broadcast_limits as broadcast_limit
      where broadcast_limit.role = v_sender.role
        and broadcast_limit.phase = 'pre_show'
    ),
    (
      select case when count(*) = 0 then 0 else max(per_quota_day) end
      from rolecall.broadcast_limits as broadcast_limit
      where broadcast_limit.role = v_sender.role
        and broadcast_limit.phase = 'post_show'
    )
  into pre_show_limit, post_show_limit;
end
$$;

-- How many people a broadcast of p_sender to p_roles of p_show reaches at this moment: all who take part with one of the
-- roles, but for the sender and those from whom a block hides it. Costs as much as the sender has blocks, whatever the
-- audience.
create or replace function rolecall_internal.audience_count(p_sender uuid, p_show uuid, p_roles rolecall.app_role[])
returns bigint
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_audience bigint;
  v_left_out bigint;
begin
  select coalesce(sum(participants), 0)
  into v_audience
  from rolecall.show_audience
  where show_id = p_show
    and role = any (p_roles);
  select count(*)
  into v_left_out
  from (
    select p_sender as id
    union
    select blocked_id
    from rolecall.user_blocks
    where blocker_id = p_sender
    union
    select blocker_id
    from rolecall.user_blocks
    where blocked_id = p_sender
  ) as person
  join rolecall.show_participants as participant
    on participant.show_id = p_show
    and participant.user_id = person.id
    and participant.role = any (p_roles)
  where person.id = p_sender
    or not rolecall_internal.reads_broadcasts_of(person.id, p_sender);
  return v_audience - v_left_out;
end
$$;

-- Sends a broadcast: {show_id, recipient_roles, message}.
create or replace function rolecall_internal.send_broadcast(p_sender uuid, p_input jsonb, p_rollouts jsonb)
returns jsonb
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_show_id uuid := rolecall_internal.uuid_or_null(p_input ->> 'show_id');
  v_roles rolecall.app_role[] := rolecall_internal.roles_of(p_input -> 'recipient_roles');
  v_judged record;
  v_reset_seconds bigint;
  v_limit int;
  v_quota rolecall.broadcast_quotas;
  v_remaining jsonb;
  v_limits jsonb;
  v_audience bigint;
  v_conversation uuid;
  v_seq bigint;
  v_message uuid;
  v_broadcast uuid;
  v_created_at timestamptz;
begin
  if not rolecall_internal.is_text(p_input ->> 'message', 1, rolecall_internal.limit_broadcast_chars()) then
    return rolecall_internal.refuse_text('message', p_input ->> 'message', 1, rolecall_internal.limit_broadcast_chars());
  end if;
  if v_roles is null then
    return rolecall_internal.refusal('invalid_input', 'The recipient_roles must be a list of at least one role.');
  end if;
  v_judged := rolecall_internal.judge_broadcast(p_sender, v_show_id, v_roles, p_rollouts);
  if (v_judged.judgement).allowed is distinct from true then
    return (v_judged.judgement).refusal;
  end if;

  v_limit := case v_judged.phase when 'pre_show' then v_judged.pre_show_limit else v_judged.post_show_limit end;
  -- What is taken from the quota is given back when the conversation turns out to be closed.
  begin
    select *
    into v_quota
    from rolecall_internal.take_quota(
      p_sender, v_show_id, v_judged.phase, v_judged.pre_show_limit, v_judged.post_show_limit
    );
    if not found then
      return rolecall_internal.refuse_quota(
        v_judged.phase,
        v_limit,
        rolecall_internal.peek_quota(p_sender, v_show_id, v_judged.pre_show_limit, v_judged.post_show_limit)
          || jsonb_build_object(v_judged.phase, 0)
      );
    end if;

    -- The statement that numbers the broadcast decides whether the conversation is open.
    insert into rolecall.conversations as conversation (
      kind, show_id, created_by, organization_id, last_seq, last_message_at
    )
    values ('show', v_show_id, p_sender, (v_judged.judgement).org_id, 1, now())
    on conflict (show_id, created_by) where kind = 'show' do update
    set
      last_seq = conversation.last_seq + 1,
      last_message_at = greatest(conversation.last_message_at, excluded.last_message_at)
    where not conversation.read_only
    returning id, last_seq, last_message_at
    into v_conversation, v_seq, v_created_at;
    if v_conversation is null then
      raise exception using
        errcode = 'RC002',
        message = 'the conversation was closed since the broadcast was judged';
    end if;
  exception
    when sqlstate 'RC002' then
      -- A guard refuses it, whatever the roles, and whether or not it was opened again meanwhile.
      return rolecall_internal.refusal_of(
        rolecall_internal.decide('broadcast', null, null, '{feature_enabled,read_only}')
      );
  end;
  v_remaining := jsonb_build_object(
    'pre_show', v_quota.pre_show_remaining,
    'post_show', v_quota.post_show_remaining
  );
  if v_limit is not null then
    v_reset_seconds := greatest(
      1,
      ceil(extract(epoch from rolecall_internal.quota_day_end(rolecall_internal.quota_day(now())) - now()))
    );
    v_limits := jsonb_build_array(
      rolecall_internal.broadcast_limit(v_judged.phase, v_limit, (v_remaining ->> v_judged.phase)::int, v_reset_seconds)
    );
  end if;
  v_audience := rolecall_internal.audience_count(p_sender, v_show_id, v_roles);

  insert into rolecall.conversation_participants as participant (conversation_id, user_id, last_read_seq)
  values (v_conversation, p_sender, v_seq)
  on conflict (conversation_id, user_id) do update
  set
    last_read_seq = excluded.last_read_seq,
    -- Nobody else writes here.
    skipped = 0;

  -- Judged again, once nothing is left to wait for: what has come to stand in the way since is seen. The function sends the
  -- request once more.
  if (rolecall_internal.judge_broadcast(p_sender, v_show_id, v_roles, p_rollouts)).judgement.allowed is distinct from true then
    raise exception 'The sender was stopped while the broadcast waited.'
      using errcode = 'serialization_failure';
  end if;

  insert into rolecall.messages (conversation_id, seq, sender_id, content, show_id, created_at)
  values (v_conversation, v_seq, p_sender, p_input ->> 'message', v_show_id, v_created_at)
  returning id
  into v_message;

  insert into rolecall.broadcasts (
    conversation_id, message_id, seq, show_id, sender_id, phase, recipient_roles, audience_count, created_at
  )
  values (v_conversation, v_message, v_seq, v_show_id, p_sender, v_judged.phase, v_roles, v_audience, v_created_at)
  returning id
  into v_broadcast;

  insert into rolecall.show_threads (conversation_id, show_id, role, last_seq, last_message_at)
  select v_conversation, v_show_id, role, v_seq, v_created_at
  from unnest(v_roles) as role
  on conflict (conversation_id, role) do update
  set
    last_seq = excluded.last_seq,
    last_message_at = excluded.last_message_at;

  return rolecall_internal.success(
    jsonb_build_object(
      'broadcast_id', v_broadcast,
      'conversation_id', v_conversation,
      'audience_count', v_audience,
      'quota_remaining', v_remaining
    ),
    v_limits
  );
end
$$;

-- A dry run: sends the broadcast and takes it back, so that it cannot answer differently from sending.
create or replace function rolecall_internal.rehearse_broadcast(p_sender uuid, p_input jsonb, p_rollouts jsonb)
returns jsonb
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_answer jsonb;
  v_conversation uuid;
begin
  begin
    v_answer := rolecall_internal.send_broadcast(p_sender, p_input, p_rollouts);
    raise exception using
      errcode = 'RC001',
      message = 'the rehearsal of a broadcast is taken back';
  exception
    when sqlstate 'RC001' then
      null;
  end;
  if (v_answer -> 'ok')::boolean then
    select id
    into v_conversation
    from rolecall.conversations
    where kind = 'show'
      and show_id = rolecall_internal.uuid_or_null(p_input ->> 'show_id')
      and created_by = p_sender;
    v_answer := jsonb_set(
      v_answer,
      '{data}',
      v_answer -> 'data'
        || jsonb_build_object('broadcast_id', null, 'conversation_id', v_conversation, 'dry_run', true)
    );
  end if;
  return v_answer || (
    select coalesce(jsonb_object_agg('org_id', organization_id), '{}')
    from rolecall.profiles
    where id = p_sender
  );
end
$$;

-- A dry run leaves nothing behind but that it takes a token as reads do: no quota, no message, no key, no audit row.
create or replace function rolecall_edge.send_broadcast(p_request jsonb)
returns jsonb
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_rehearses boolean := coalesce(p_request #> '{input,dry_run}' = 'true', false);
  v_call rolecall.call := rolecall_internal.begin_call(
    'send-broadcast',
    p_request,
    p_rate => case when v_rehearses then 'read' else 'send_broadcast' end,
    p_keyed => not v_rehearses
  );
begin
  if v_call.answer is null and v_rehearses then
    return rolecall_internal.with_limit(
      rolecall_internal.rehearse_broadcast(v_call.caller, v_call.input, v_call.rollouts),
      v_call.rate
    );
  elsif v_call.answer is null then
    v_call.answer := rolecall_internal.send_broadcast(v_call.caller, v_call.input, v_call.rollouts);
  end if;
  return rolecall_internal.end_call(v_call);
end
$$;
$sql$;

  -- schema/calls/failures.generated.sql
  execute $sql$
-- Which codes are failures. Generated from shared/src/rules/code.rs by `make generate`; do not edit.

-- Whether a request with this code failed: its answer was 500 or more, or its statement never answered. Refusals are
-- neither failures nor successes; success is ok / (ok + failures).
create or replace function rolecall_internal.is_failure(p_code text)
returns boolean
language sql
immutable
parallel safe
return p_code in ('database_unavailable', 'authentication_unavailable', 'timeout', 'internal');
$sql$;

  -- schema/conversations/reader.sql
  execute $sql$
-- As what p_user may read a conversation, best first: as one of its people ('people'), as the audience of its broadcasts
-- ('audience'), as the organizer of its show ('organizer'), as a moderator ('moderator'). Null when they may not, or when
-- the conversation does not exist.
create or replace function rolecall_internal.reader_of(p_user uuid, p_conversation rolecall.conversations)
returns text
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_role rolecall.app_role;
  v_facts text[];
begin
  if p_user in (p_conversation.participant_low, p_conversation.participant_high)
    or (p_conversation.kind = 'show' and p_conversation.created_by = p_user)
  then
    return 'people';
  end if;
  if p_conversation.kind = 'show'
    and exists (
      select
      from rolecall_internal.visible_broadcasts(p_user, p_conversation.id, p_conversation.show_id)
    )
  then
    return 'audience';
  end if;

  -- Whoever may moderate what is in it: the matrix decides.
  select
    reader.role,
    array[
      'feature_enabled',
      rolecall_internal.suspended_fact(reader.suspended_until),
      case when show.organizer_id = p_user then 'own_show' end
    ]
  into v_role, v_facts
  from rolecall.profiles as reader
  left join rolecall.shows as show
    on show.id = p_conversation.show_id
    and p_conversation.kind = 'show'
  where reader.id = p_user;
  if p_conversation.id is not null
    and (rolecall_internal.decide('moderate', v_role, rolecall_internal.role_of_strangers(), v_facts)).allowed
  then
    return case when rolecall_internal.moderates_everything(v_role) then 'moderator' else 'organizer' end;
  end if;
  return null;
end
$$;

-- The messages of a conversation numbered above p_after and below p_before (null for no bound), the newest p_limit of
-- them or the oldest. With p_audience_of, a show, only the broadcasts that p_user sees as its audience. In no order.
create or replace function rolecall_internal.visible_messages(
  p_user uuid,
  p_conversation uuid,
  p_audience_of uuid,
  p_after bigint,
  p_before bigint,
  p_newest boolean,
  p_limit int
)
returns setof rolecall.messages
language plpgsql
stable
rows 50
set search_path = pg_catalog, pg_temp
as $$
declare
  v_after bigint := coalesce(p_after, 0);
  v_before bigint := coalesce(p_before, 9223372036854775807);
begin
  if p_audience_of is null and p_newest then
    return query
    select *
    from rolecall.messages
    where conversation_id = p_conversation
      and seq > v_after
      and seq < v_before
    order by seq desc
    limit p_limit;
  elsif p_audience_of is null then
    return query
    select *
    from rolecall.messages
    where conversation_id = p_conversation
      and seq > v_after
      and seq < v_before
    order by seq
    limit p_limit;
  elsif p_newest then
    return query
    select message.*
    from rolecall_internal.visible_broadcasts(p_user, p_conversation, p_audience_of) as broadcast
    join rolecall.messages as message
      on message.conversation_id = broadcast.conversation_id
      and message.seq = broadcast.seq
    where broadcast.seq > v_after
      and broadcast.seq < v_before
    order by broadcast.seq desc
    limit p_limit;
  else
    return query
    select message.*
    from rolecall_internal.visible_broadcasts(p_user, p_conversation, p_audience_of) as broadcast
    join rolecall.messages as message
      on message.conversation_id = broadcast.conversation_id
      and message.seq = broadcast.seq
    where broadcast.seq > v_after
      and broadcast.seq < v_before
    order by broadcast.seq
    limit p_limit;
  end if;
end
$$;

-- The messages of a conversation that have changed after revision p_since, the earliest p_limit changes. With
-- p_audience_of, a show, only the broadcasts that p_user sees as its audience. In no order.
create or replace function rolecall_internal.changed_messages(
  p_user uuid,
  p_conversation uuid,
  p_audience_of uuid,
  p_since bigint,
  p_limit int
)
returns setof rolecall.messages
language plpgsql
stable
rows 50
set search_path = pg_catalog, pg_temp
as $$
begin
  if p_audience_of is null then
    return query
    select *
    from rolecall.messages
    where conversation_id = p_conversation
      and revision > p_since
    order by revision
    limit p_limit;
  else
    return query
    select message.*
    from rolecall.messages as message
    where message.conversation_id = p_conversation
      and message.revision > p_since
      and exists (
        select
        from rolecall_internal.visible_broadcasts(p_user, p_conversation, p_audience_of) as broadcast
        where broadcast.seq = message.seq
      )
    order by message.revision
    limit p_limit;
  end if;
end
$$;

-- The refusal of a conversation that p_user may not read: there is none for them, or a block hides it.
create or replace function rolecall_internal.refuse_unknown_conversation(p_user uuid, p_conversation uuid)
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_judgement rolecall.judgement := rolecall_internal.judge_broadcast_reader(p_user, p_conversation, '{}');
begin
  if v_judgement.refusal ->> 'code' = 'permission_denied' then
    return v_judgement.refusal;
  end if;
  return rolecall_internal.refusal(
    'not_found',
    'You do not take part in a conversation with this id.',
    'not_a_participant',
    'You take part in the conversation.'
  );
end
$$;
$sql$;

  -- schema/messages/judge.sql
  execute $sql$
-- Whether p_sender may send a direct message to p_recipient, about p_show if that is given. A conversation of the two
-- allows what a reply in it would be allowed. judge_dms is its twin for an array.
create or replace function rolecall_internal.judge_dm(
  p_sender uuid,
  p_recipient uuid,
  p_show uuid,
  p_rollouts jsonb
)
returns rolecall.judgement
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_sender_role rolecall.app_role;
  v_recipient_role rolecall.app_role;
  v_org_id uuid;
  v_internal boolean;
  v_is_open boolean;
  v_read_only boolean;
  v_facts text[];
  v_refusal jsonb;
  v_decision rolecall.decision;
  v_reply rolecall.decision;
begin
  select sender_role, target_role, org_id, sender_internal, is_open, facts
  into v_sender_role, v_recipient_role, v_org_id, v_internal, v_is_open, v_facts
  from rolecall_internal.dm_facts(p_sender, p_recipient, p_show, 'send-dm');

  v_refusal := rolecall_internal.refuse_actor(
    p_sender, v_sender_role, v_org_id, v_internal, 'send-dm', v_is_open, p_rollouts
  );
  if v_refusal is not null then
    return rolecall_internal.judgement_of_refusal(v_refusal, v_org_id);
  end if;
  if v_recipient_role is null then
    return row(false, rolecall_internal.refusal('not_found', 'There is no user with this recipient_id.'), v_org_id, null::text);
  end if;
  if p_show is not null and not exists (select from rolecall.shows where id = p_show) then
    return row(false, rolecall_internal.refusal('not_found', 'There is no show with this show_id.'), v_org_id, null::text);
  end if;

  v_decision := rolecall_internal.decide('start_dm', v_sender_role, v_recipient_role, v_facts);
  if v_decision.allowed then
    return row(true, null::jsonb, v_org_id, v_decision.rule);
  end if;
  if 'foreign_show' = any (v_facts) then
    -- Whatever allows a message or a reply allows none about this show.
    return row(false, rolecall_internal.refusal_of(v_decision), v_org_id, v_decision.rule);
  end if;

  -- A shared show can allow what was refused; no guard looks at it, so it could not have refused what was allowed.
  if exists (
    select
    from rolecall.show_participants as own
    join rolecall.show_participants as theirs
      on theirs.show_id = own.show_id
      and theirs.user_id = p_recipient
    where own.user_id = p_sender
      and (p_show is null or own.show_id = p_show)
  ) then
    v_facts := v_facts || 'shares_show'::text;
    v_decision := rolecall_internal.decide('start_dm', v_sender_role, v_recipient_role, v_facts);
    if v_decision.allowed then
      return row(true, null::jsonb, v_org_id, v_decision.rule);
    end if;
  end if;

  select read_only
  into v_read_only
  from rolecall.conversations
  where kind = 'direct'
    and version = 'v2'
    and participant_low = least(p_sender, p_recipient)
    and participant_high = greatest(p_sender, p_recipient);
  if found then
    v_reply := rolecall_internal.decide(
      'reply',
      v_sender_role,
      v_recipient_role,
      v_facts || array['participant', case when v_read_only then 'read_only' end]
    );
    if v_reply.allowed then
      return row(true, null::jsonb, v_org_id, v_reply.rule);
    end if;
  end if;
  return row(false, rolecall_internal.refusal_of(v_decision), v_org_id, v_decision.rule);
end
$$;

-- All facts that decide whether p_user may write into p_conversation, except whether they are of the audience of its
-- broadcasts. PostgreSQL writes it into the statements that ask, of one conversation or of a page of them.
create or replace function rolecall_internal.reply_facts(p_user uuid, p_conversation uuid, p_flag text)
returns table (
  sender_role rolecall.app_role,
  sender_internal boolean,
  org_id uuid,
  is_open boolean,
  target_role rolecall.app_role,
  show_id uuid,
  facts text[]
)
language sql
stable
begin atomic
  select
    sender.role,
    sender.is_internal,
    sender.organization_id,
    flag.is_open,
    target.role,
    case when conversation.kind = 'show' then conversation.show_id end,
    array[
      'feature_enabled',
      rolecall_internal.suspended_fact(sender.suspended_until),
      case when conversation.read_only then 'read_only' end,
      case when conversation.kind = 'show' then 'broadcast_recipient' end,
      case
        when p_user in (conversation.participant_low, conversation.participant_high) then 'participant'
        when conversation.kind = 'show' and conversation.created_by = p_user then 'participant'
      end,
      case
        when exists (
          -- In either direction; nobody blocks themselves, so each of the two is one of the pair.
          select
          from rolecall.user_blocks
          where blocker_id in (p_user, target.id)
            and blocked_id in (p_user, target.id)
        )
        then 'blocked'
      end
    ]
  from (values (p_user)) as asked (id)
  left join rolecall.profiles as sender
    on sender.id = asked.id
  left join rolecall.feature_flags as flag
    on flag.name = p_flag
  left join rolecall.conversations as conversation
    on conversation.id = p_conversation
  left join rolecall.profiles as target
    on target.id = case
      when conversation.kind = 'show' then conversation.created_by
      when conversation.participant_low = p_user then conversation.participant_high
      when conversation.participant_high = p_user then conversation.participant_low
    end;
end;

-- The judgement by these facts.
create or replace function rolecall_internal.judge_reply_facts(
  p_user uuid,
  p_sender_role rolecall.app_role,
  p_sender_internal boolean,
  p_org_id uuid,
  p_is_open boolean,
  p_rollouts jsonb,
  p_target_role rolecall.app_role,
  p_facts text[]
)
returns rolecall.judgement
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_refusal jsonb := rolecall_internal.refuse_actor(
    p_user, p_sender_role, p_org_id, p_sender_internal, 'send-dm', p_is_open, p_rollouts
  );
  v_decision rolecall.decision;
begin
  if v_refusal is not null then
    return rolecall_internal.judgement_of_refusal(v_refusal, p_org_id);
  end if;
  v_decision := rolecall_internal.decide('reply', p_sender_role, p_target_role, p_facts);
  if v_decision.allowed then
    return row(true, null::jsonb, p_org_id, v_decision.rule);
  end if;
  return row(false, rolecall_internal.refusal_of(v_decision), p_org_id, v_decision.rule);
end
$$;

-- Whether p_user may write into p_conversation. A conversation that does not exist has no participants, and is refused in
-- the same words.
create or replace function rolecall_internal.judge_reply(
  p_user uuid,
  p_conversation uuid,
  p_rollouts jsonb
)
returns rolecall.judgement
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_sender_role rolecall.app_role;
  v_internal boolean;
  v_org_id uuid;
  v_is_open boolean;
  v_target_role rolecall.app_role;
  v_show uuid;
  v_facts text[];
begin
  select *
  into v_sender_role, v_internal, v_org_id, v_is_open, v_target_role, v_show, v_facts
  from rolecall_internal.reply_facts(p_user, p_conversation, 'send-dm');
  if v_show is not null
    and exists (select from rolecall_internal.visible_broadcasts(p_user, p_conversation, v_show))
  then
    v_facts := v_facts || 'participant'::text;
  end if;
  return rolecall_internal.judge_reply_facts(
    p_user, v_sender_role, v_internal, v_org_id, v_is_open, p_rollouts, v_target_role, v_facts
  );
end
$$;

-- Whether p_sender may send a direct message to p_recipient, about p_show if that is given. A caller may
-- ask for themselves alone.
create or replace function public.can_user_send_dm(
  p_sender uuid,
  p_recipient uuid,
  p_show uuid default null
)
returns boolean
language plpgsql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  if auth.uid() is null or p_sender is distinct from auth.uid() then
    return false;
  end if;
  return coalesce((rolecall_internal.judge_dm(p_sender, p_recipient, p_show, '{}')).allowed, false);
end
$$;

-- Whether p_user may write into p_conversation. A caller may ask for themselves alone.
create or replace function public.can_user_reply(p_user uuid, p_conversation uuid)
returns boolean
language plpgsql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  if auth.uid() is null or p_user is distinct from auth.uid() then
    return false;
  end if;
  return coalesce((rolecall_internal.judge_reply(p_user, p_conversation, '{}')).allowed, false);
end
$$;

-- All facts that decide whether p_sender may write to p_recipient, about p_show if that is given, except whether they share
-- a show or have a conversation. Of a show both are who take part in it or organize it. PostgreSQL writes it into the statements that ask, of one request or of an array of them.
create or replace function rolecall_internal.dm_facts(p_sender uuid, p_recipient uuid, p_show uuid, p_flag text)
returns table (
  sender_role rolecall.app_role,
  sender_internal boolean,
  org_id uuid,
  is_open boolean,
  target_role rolecall.app_role,
  facts text[]
)
language sql
stable
begin atomic
  select
    sender.role,
    sender.is_internal,
    sender.organization_id,
    flag.is_open,
    recipient.role,
    array[
      'feature_enabled',
      rolecall_internal.suspended_fact(sender.suspended_until),
      case when p_sender = p_recipient then 'self' end,
      case
        when exists (
          -- In either direction; nobody blocks themselves, so each of the two is one of the pair.
          select
          from rolecall.user_blocks
          where blocker_id in (p_sender, p_recipient)
            and blocked_id in (p_sender, p_recipient)
        )
        then 'blocked'
      end,
      case
        when p_show is not null
          and not exists (
            select
            from rolecall.shows as show
            where show.id = p_show
              and (
                show.organizer_id = p_sender
                or (
                  exists (
                    select
                    from rolecall.show_participants
                    where show_id = show.id
                      and user_id = p_sender
                  )
                  and (
                    show.organizer_id = p_recipient
                    or exists (
                      select
                      from rolecall.show_participants
                      where show_id = show.id
                        and user_id = p_recipient
                    )
                  )
                )
              )
          )
        then 'foreign_show'
      end
    ]
  from (values (p_sender)) as asked (id)
  left join rolecall.profiles as sender
    on sender.id = asked.id
  left join rolecall.profiles as recipient
    on recipient.id = p_recipient
  left join rolecall.feature_flags as flag
    on flag.name = p_flag;
end;
$sql$;

  -- schema/conversations/inbox.sql
  execute $sql$
-- One inbox card per conversation: with whom, about which show, the newest message, what is unread, whether p_user may
-- write into it. p_readers[i] says as what p_user reads p_conversations[i]; an audience sees and counts only the messages
-- that are for it. The newest message is the newest that is not deleted; last_message_at tells of the newest one all the
-- same, so that a deletion moves no card.
--
-- One statement makes a whole page, and one decision serves all conversations with the same facts.
create or replace function rolecall_internal.conversation_cards(
  p_user uuid,
  p_conversations uuid[],
  p_readers text[],
  p_rollouts jsonb
)
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  return (
    with shown as materialized (
      select
        asked.number,
        asked.reader,
        conversation.*,
        fact.sender_role,
        fact.sender_internal,
        fact.org_id as sender_org_id,
        fact.is_open,
        fact.target_role,
        case when asked.reader = 'audience' then fact.facts || 'participant'::text else fact.facts end as facts,
        case when asked.reader = 'audience' then heard.seq else conversation.last_seq end as newest_seq,
        case when asked.reader = 'audience' then heard.created_at else conversation.last_message_at end as newest_at,
        own.skipped,
        case asked.reader
          when 'people' then own.last_read_seq
          when 'audience' then (
            select receipt.last_read_seq
            from rolecall.broadcast_receipts as receipt
            where receipt.conversation_id = conversation.id
              and receipt.user_id = p_user
          )
        end as read_seq,
        case
          when conversation.kind = 'show' then nullif(conversation.created_by, p_user)
          when conversation.participant_low = p_user then conversation.participant_high
          when conversation.participant_high = p_user then conversation.participant_low
        end as other_id
      from unnest(p_conversations, p_readers) with ordinality as asked (id, reader, number)
      cross join lateral (
        select *
        from rolecall.conversations
        where id = asked.id
        -- Each by its key, however many PostgreSQL expects.
        offset 0
      ) as conversation
      cross join lateral (
        select *
        from rolecall_internal.reply_facts(p_user, asked.id, 'send-dm')
        offset 0
      ) as fact
      left join lateral (
        select broadcast.seq, broadcast.created_at
        from rolecall_internal.visible_broadcasts(p_user, conversation.id, conversation.show_id) as broadcast
        order by broadcast.seq desc
        limit 1
      ) as heard
        on asked.reader = 'audience'
      left join lateral (
        select last_read_seq, skipped
        from rolecall.conversation_participants
        where conversation_id = asked.id
          and user_id = p_user
        offset 0
      ) as own
        on asked.reader = 'people'
    ),
    judged as materialized (
      select
        alike.target_role,
        alike.facts,
        rolecall_internal.judge_reply_facts(
          p_user,
          alike.sender_role,
          alike.sender_internal,
          alike.sender_org_id,
          alike.is_open,
          p_rollouts,
          alike.target_role,
          alike.facts
        ) as judgement
      from (
        select distinct sender_role, sender_internal, sender_org_id, is_open, target_role, facts
        from shown
      ) as alike
    )
    select jsonb_agg(
      jsonb_build_object(
        'id', shown.id,
        'kind', shown.kind,
        'version', shown.version,
        'with', case
          when shown.other_id is not null then (
            -- Of an imported conversation with somebody who has no profile, the id is all there is.
            select jsonb_build_object('id', shown.other_id, 'display_name', person.display_name, 'role', person.role)
            from (values (shown.other_id)) as other (id)
            left join rolecall.profiles as person
              on person.id = other.id
          )
        end,
        'show', (
          select jsonb_build_object('id', show.id, 'title', show.title)
          from rolecall.shows as show
          where show.id = shown.show_id
        ),
        'last_message', newest.message,
        'last_seq', coalesce(shown.newest_seq, 0),
        -- Of what was imported before somebody had a profile nothing is new to them; and who looks in to moderate has
        -- nothing to read.
        'last_read_seq', case shown.reader
          when 'people' then coalesce(shown.read_seq, shown.newest_seq)
          else coalesce(shown.read_seq, 0)
        end,
        'unread_count', case
          when shown.reader = 'people' then coalesce(shown.newest_seq - shown.read_seq - shown.skipped, 0)
          when shown.reader = 'audience' and shown.newest_seq > coalesce(shown.read_seq, 0) then
            rolecall_internal.new_broadcasts(p_user, shown.id, shown.show_id, coalesce(shown.read_seq, 0))
          else 0
        end,
        'revision', shown.revision,
        'can_reply', coalesce((judged.judgement).allowed, false),
        'reply_refusal', case
          when (judged.judgement).allowed then null
          else jsonb_build_object(
            'code', (judged.judgement).refusal -> 'code',
            'rule', (judged.judgement).rule,
            'message', (judged.judgement).refusal -> 'detail',
            'allowed_if', (judged.judgement).refusal #> '{reasons,0,allowed_if}'
          )
        end,
        'created_at', rolecall_internal.iso(shown.created_at),
        'last_message_at', rolecall_internal.iso(coalesce(shown.newest_at, shown.last_message_at))
      )
      order by shown.number
    )
    from shown
    join judged
      on judged.target_role is not distinct from shown.target_role
      and judged.facts = shown.facts
    left join lateral (
      select rolecall_internal.message_json(message) as message
      from rolecall.messages as message
      where message.conversation_id = shown.id
        and message.seq <= shown.newest_seq
        and message.deleted_at is null
        and (
          shown.reader <> 'audience'
          or exists (
            select
            from rolecall_internal.visible_broadcasts(p_user, shown.id, shown.show_id) as broadcast
            where broadcast.seq = message.seq
          )
        )
      order by message.seq desc
      limit 1
    ) as newest
      on true
  );
end
$$;

-- A page of the conversations of p_user, each with the time of its newest message that they see, newest first, after the
-- one at (p_at, p_id). The indexes have the hours in order alone, so each part looks first in which hour its page ends at
-- the latest, and then sorts what is not older.
create or replace function rolecall_internal.inbox_page(
  p_user uuid,
  p_kind text,
  p_at timestamptz,
  p_id uuid,
  p_limit int
)
returns table (id uuid, at timestamptz, reader text)
language plpgsql
stable
rows 50
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
begin
  return query
  select listed.id, listed.at, listed.reader
  from (
    (
      select conversation.id, conversation.last_message_at as at, 'people' as reader
      from rolecall.conversations as conversation
      where conversation.participant_low = p_user
        and p_kind is distinct from 'show'
        and conversation.active_in <= rolecall_internal.hour_of(p_at)
        and conversation.active_in >= coalesce(
          (
            select newer.active_in
            from rolecall.conversations as newer
            where newer.participant_low = p_user
              and newer.active_in < rolecall_internal.hour_of(p_at)
            order by newer.active_in desc
            offset p_limit - 1
            limit 1
          ),
          '-infinity'
        )
        and (conversation.last_message_at, conversation.id) < (p_at, p_id)
      order by conversation.last_message_at desc, conversation.id desc
      limit p_limit
    )
    union all
    (
      select conversation.id, conversation.last_message_at, 'people'
      from rolecall.conversations as conversation
      where conversation.participant_high = p_user
        and p_kind is distinct from 'show'
        and conversation.active_in <= rolecall_internal.hour_of(p_at)
        and conversation.active_in >= coalesce(
          (
            select newer.active_in
            from rolecall.conversations as newer
            where newer.participant_high = p_user
              and newer.active_in < rolecall_internal.hour_of(p_at)
            order by newer.active_in desc
            offset p_limit - 1
            limit 1
          ),
          '-infinity'
        )
        and (conversation.last_message_at, conversation.id) < (p_at, p_id)
      order by conversation.last_message_at desc, conversation.id desc
      limit p_limit
    )
    union all
    (
      select conversation.id, conversation.last_message_at, 'people'
      from rolecall.conversations as conversation
      where conversation.created_by = p_user
        and conversation.kind = 'show'
        and p_kind is distinct from 'direct'
        and conversation.active_in <= rolecall_internal.hour_of(p_at)
        and conversation.active_in >= coalesce(
          (
            select newer.active_in
            from rolecall.conversations as newer
            where newer.created_by = p_user
              and newer.kind = 'show'
              and newer.active_in < rolecall_internal.hour_of(p_at)
            order by newer.active_in desc
            offset p_limit - 1
            limit 1
          ),
          '-infinity'
        )
        and (conversation.last_message_at, conversation.id) < (p_at, p_id)
      order by conversation.last_message_at desc, conversation.id desc
      limit p_limit
    )
    union all
    (
      -- What is broadcast where they take part.
      select thread.conversation_id, thread.last_message_at, 'audience'
      from rolecall.show_participants as own
      cross join lateral (
        select newest.conversation_id, newest.last_message_at
        from rolecall.show_threads as newest
        join rolecall.conversations as conversation
          on conversation.id = newest.conversation_id
          and conversation.created_by <> p_user
          and rolecall_internal.reads_broadcasts_of(p_user, conversation.created_by)
        where newest.show_id = own.show_id
          and newest.role = own.role
          and newest.active_in >= rolecall_internal.hour_of(own.joined_at)
          and newest.active_in <= rolecall_internal.hour_of(p_at)
          and newest.last_message_at >= own.joined_at
          and (newest.last_message_at, newest.conversation_id) < (p_at, p_id)
        order by newest.active_in desc, newest.last_message_at desc, newest.conversation_id desc
        limit p_limit
      ) as thread
      where own.user_id = p_user
        and p_kind is distinct from 'direct'
      order by thread.last_message_at desc, thread.conversation_id desc
      limit p_limit
    )
    union all
    (
      -- What was broadcast where they took part, unless they see later messages of it, too.
      select newest.conversation_id, max(last.created_at), 'audience'
      from rolecall.past_participations as own
      join rolecall.show_threads as newest
        on newest.show_id = own.show_id
        and newest.role = own.role
      join rolecall.conversations as conversation
        on conversation.id = newest.conversation_id
        and rolecall_internal.reads_broadcasts_of(p_user, conversation.created_by)
      cross join lateral (
        select broadcast.created_at
        from rolecall.broadcasts as broadcast
        where broadcast.conversation_id = newest.conversation_id
          and broadcast.sender_id <> p_user
          and broadcast.created_at >= own.joined_at
          and broadcast.created_at < own.left_at
          and own.role = any (broadcast.recipient_roles)
        order by broadcast.seq desc
        limit 1
      ) as last
      where own.user_id = p_user
        and p_kind is distinct from 'direct'
        and not exists (
          select
          from rolecall.show_participants as now_own
          join rolecall.show_threads as later
            on later.conversation_id = newest.conversation_id
            and later.role = now_own.role
            and later.last_message_at >= now_own.joined_at
          where now_own.user_id = p_user
            and now_own.show_id = own.show_id
        )
      group by newest.conversation_id
      having (max(last.created_at), newest.conversation_id) < (p_at, p_id)
      order by 2 desc, 1 desc
      limit p_limit
    )
  ) as listed
  order by listed.at desc, listed.id desc
  limit p_limit;
end
$$;

-- The inbox of p_user, newest first, a page at a time: {limit, kind?, cursor?}. A suspended user reads on.
create or replace function rolecall_internal.inbox(
  p_user uuid,
  p_input jsonb,
  p_rollouts jsonb
)
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_actor rolecall.actor := rolecall_internal.actor(p_user, 'conversations', p_rollouts);
  v_kind text := p_input ->> 'kind';
  v_limit int := rolecall_internal.page_size(p_input, rolecall_internal.limit_page());
  -- Newer than everything.
  v_at timestamptz := 'infinity';
  v_id uuid := 'ffffffff-ffff-ffff-ffff-ffffffffffff';
  v_conversations uuid[];
  v_readers text[];
  v_cards jsonb;
  v_next text;
begin
  if v_actor.refusal is not null then
    return v_actor.refusal;
  end if;
  if v_kind not in ('direct', 'show') then
    return rolecall_internal.refusal('invalid_input', 'The kind must be direct or show.');
  end if;
  if p_input ->> 'cursor' is not null then
    select at, id
    into v_at, v_id
    from rolecall_internal.cursor_parts(p_input ->> 'cursor');
    if v_id is null then
      return rolecall_internal.refuse_cursor();
    end if;
  end if;

  -- One more than the page tells whether there is another.
  select
    array_agg(id order by number) filter (where number <= v_limit),
    array_agg(reader order by number) filter (where number <= v_limit),
    case
      when count(*) > v_limit then max(rolecall_internal.cursor_of(at, id)) filter (where number = v_limit)
    end
  into v_conversations, v_readers, v_next
  from (
    select id, at, reader, row_number() over (order by at desc, id desc) as number
    from rolecall_internal.inbox_page(p_user, v_kind, v_at, v_id, v_limit + 1)
  ) as page;
  v_cards := coalesce(
    rolecall_internal.conversation_cards(
      p_user,
      v_conversations,
      v_readers,
      p_rollouts
    ),
    '[]'
  );

  return rolecall_internal.success(jsonb_build_object('conversations', v_cards, 'next_cursor', v_next));
end
$$;

create or replace function rolecall_edge.inbox(p_request jsonb)
returns jsonb
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_call rolecall.call := rolecall_internal.begin_call(
    'conversations.inbox',
    p_request,
    p_rate => 'read',
    p_keyed => false
  );
begin
  if v_call.answer is null then
    v_call.answer := rolecall_internal.inbox(
      v_call.caller,
      v_call.input,
      v_call.rollouts
    );
  end if;
  return rolecall_internal.end_call(v_call);
end
$$;
$sql$;

  -- schema/conversations/mark_read_many.sql
  execute $sql$
-- mark_read for an array; messages/send_dm_many.sql says what makes arrays safe. Each request is few statements, so that
-- they share the commit alone: they run one after the other, in the order of what they lock. A second request with the
-- same key of the same user is deferred, and with it what the user sent after it.
create or replace function rolecall_internal.mark_read_many(p_requests jsonb)
returns jsonb
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
set lock_timeout = '500ms'
as $$
declare
  v_nobody uuid;
  v_request record;
  v_callers uuid[];
  v_keys text[];
  v_inputs jsonb[];
  v_deferred boolean[];
  v_answers jsonb[];
  v_limits jsonb[];
begin
  if jsonb_array_length(p_requests) = 0 then
    return '[]';
  elsif jsonb_array_length(p_requests) = 1 and jsonb_typeof(p_requests -> 0) <> 'array' then
    return jsonb_build_array(rolecall_edge.mark_read(p_requests -> 0));
  elsif rolecall_internal.maintenance_is_on() then
    -- Nearly all are refused. An array in an array is no request.
    return (
      select jsonb_agg(rolecall_edge.mark_read(case jsonb_typeof(request) when 'array' then '{}' else request end) order by number)
      from jsonb_array_elements(p_requests) with ordinality as element (request, number)
    );
  end if;
  v_nobody := rolecall_internal.assume_claims(null);
  with request as (
    select
      number,
      envelope,
      rolecall_internal.uuid_or_null(envelope #>> '{claims,sub}') as caller,
      case when envelope #>> '{claims,role}' = 'authenticated' then envelope ->> 'idempotency_key' end as key
    from jsonb_array_elements(p_requests) with ordinality as element (envelope, number)
  ),
  repeating as (
    select
      request.*,
      caller is not null
        and key is not null
        and row_number() over (partition by caller, key order by number) > 1 as repeats
    from request
  ),
  placed as (
    select
      repeating.*,
      bool_or(repeats) over (partition by caller order by number) as is_deferred
    from repeating
  )
  select
    array_agg(caller order by number),
    array_agg(case when caller is not null and not is_deferred then key end order by number),
    array_agg(envelope -> 'input' order by number),
    array_agg(is_deferred order by number)
  into v_callers, v_keys, v_inputs, v_deferred
  from placed;
  v_answers := rolecall_internal.claim_keys('conversations.mark-read', v_callers, v_keys, v_inputs);
  select array_agg(case when answer is null then key end order by number)
  into v_keys
  from unnest(v_keys, v_answers) with ordinality as claimed (key, answer, number);

  v_limits := rolecall_internal.take_tokens(
    (
      select array_agg(
        case
          when answer is null
            and not is_deferred
            and p_requests -> (number::int - 1) #>> '{claims,role}' = 'authenticated'
          then caller
        end
        order by number
      )
      from unnest(v_callers, v_answers, v_deferred) with ordinality as request (caller, answer, is_deferred, number)
    ),
    'mark_read'
  );

  for v_request in
    select number, caller, input
    from unnest(v_callers, v_inputs, v_answers, v_deferred)
      with ordinality as request (caller, input, answer, is_deferred, number)
    where answer is null
      and not is_deferred
    order by rolecall_internal.uuid_or_null(input ->> 'conversation_id'), caller, number
  loop
    v_answers[v_request.number] := coalesce(
      rolecall_internal.refuse_stranger('user', v_request.caller, p_requests -> (v_request.number::int - 1)),
      case
        when v_limits[v_request.number] -> 'taken' = 'false' then rolecall_internal.refuse_rate(v_limits[v_request.number])
        else rolecall_internal.with_limit(
          rolecall_internal.mark_read(
            v_request.caller,
            v_request.input,
            p_requests -> (v_request.number::int - 1) -> 'rollouts'
          ),
          v_limits[v_request.number]
        )
      end
    );
  end loop;

  perform rolecall_internal.settle_keys(v_callers, v_keys, v_answers);
  v_answers := rolecall_internal.finish_many('conversations.mark-read', p_requests, v_callers, v_answers);
  return (
    select jsonb_agg(coalesce(answer, '{"deferred": true}') order by number)
    from unnest(v_answers) with ordinality as answered (answer, number)
  );
end
$$;
$sql$;

  -- schema/conversations/mark_read.sql
  execute $sql$
-- Marks a conversation as read by p_user: {conversation_id, up_to_seq}. What was read stays read, and nobody has read
-- messages that do not exist yet.
create or replace function rolecall_internal.mark_read(p_user uuid, p_input jsonb, p_rollouts jsonb)
returns jsonb
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_actor rolecall.actor := rolecall_internal.actor(p_user, 'conversations', p_rollouts);
  v_up_to bigint := rolecall_internal.whole_number(p_input -> 'up_to_seq');
  v_conversation rolecall.conversations;
  v_reader text;
  v_mark record;
begin
  if v_actor.refusal is not null then
    return v_actor.refusal;
  end if;
  if v_up_to is null then
    return rolecall_internal.refusal('invalid_input', 'The up_to_seq must be a whole number.');
  end if;
  select *
  into v_conversation
  from rolecall.conversations
  where id = rolecall_internal.uuid_or_null(p_input ->> 'conversation_id');
  v_reader := rolecall_internal.reader_of(p_user, v_conversation);

  -- A moderator does not read it as theirs.
  if v_reader is null or v_reader not in ('people', 'audience') then
    return rolecall_internal.refuse_unknown_conversation(p_user, v_conversation.id);
  end if;
  v_mark := rolecall_internal.move_mark(
    p_user,
    v_conversation.id,
    case when v_reader = 'audience' then v_conversation.show_id end,
    v_up_to,
    false
  );
  return rolecall_internal.mark_answer(p_user, v_conversation.id, v_mark.last_read_seq, v_mark.unread);
end
$$;

-- One request, or an array of them, which mark_read_many answers.
create or replace function rolecall_edge.mark_read(p_request jsonb)
returns jsonb
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_call rolecall.call;
begin
  if jsonb_typeof(p_request) = 'array' then
    return rolecall_internal.mark_read_many(p_request);
  end if;
  v_call := rolecall_internal.begin_call('conversations.mark-read', p_request, p_rate => 'mark_read');
  if v_call.answer is null then
    v_call.answer := rolecall_internal.mark_read(v_call.caller, v_call.input, v_call.rollouts);
  end if;
  return rolecall_internal.end_call(v_call);
end
$$;
$sql$;

  -- schema/conversations/mark_unread.sql
  execute $sql$
-- Makes messages of a conversation new to p_user again: {conversation_id, from_seq?}, from that one on, or the newest one
-- that somebody else wrote. What is unread stays unread.
create or replace function rolecall_internal.mark_unread(p_user uuid, p_input jsonb, p_rollouts jsonb)
returns jsonb
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_actor rolecall.actor := rolecall_internal.actor(p_user, 'conversations', p_rollouts);
  v_from bigint := rolecall_internal.whole_number(p_input -> 'from_seq');
  v_conversation rolecall.conversations;
  v_reader text;
  v_audience_of uuid;
  v_mark record;
begin
  if v_actor.refusal is not null then
    return v_actor.refusal;
  end if;
  if coalesce(p_input -> 'from_seq', 'null') <> 'null' and coalesce(v_from, 0) < 1 then
    return rolecall_internal.refusal('invalid_input', 'The from_seq must be a whole number from 1.');
  end if;
  select *
  into v_conversation
  from rolecall.conversations
  where id = rolecall_internal.uuid_or_null(p_input ->> 'conversation_id');
  v_reader := rolecall_internal.reader_of(p_user, v_conversation);
  -- A moderator does not read it as theirs.
  if v_reader is null or v_reader not in ('people', 'audience') then
    return rolecall_internal.refuse_unknown_conversation(p_user, v_conversation.id);
  end if;
  v_audience_of := case when v_reader = 'audience' then v_conversation.show_id end;

  if v_from is null then
    v_from := rolecall_internal.newest_from_others(p_user, v_conversation.id, v_audience_of);
  end if;
  v_mark := rolecall_internal.move_mark(
    p_user,
    v_conversation.id,
    v_audience_of,
    -- Without a message of somebody else there is nothing to make new.
    coalesce(v_from - 1, v_conversation.last_seq),
    true
  );
  return rolecall_internal.mark_answer(p_user, v_conversation.id, v_mark.last_read_seq, v_mark.unread);
end
$$;

-- The newest message of somebody else that p_user could read, as one of the people or as the audience of p_audience_of, a
-- show. Null when there is none.
create or replace function rolecall_internal.newest_from_others(p_user uuid, p_conversation uuid, p_audience_of uuid)
returns bigint
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  if p_audience_of is null then
    return (
      select seq
      from rolecall.messages
      where conversation_id = p_conversation
        and deleted_at is null
        and sender_id is distinct from p_user
      order by seq desc
      limit 1
    );
  end if;
  return (
    select broadcast.seq
    from rolecall_internal.visible_broadcasts(p_user, p_conversation, p_audience_of) as broadcast
    where not broadcast.deleted
      and broadcast.sender_id <> p_user
    order by broadcast.seq desc
    limit 1
  );
end
$$;

create or replace function rolecall_edge.mark_unread(p_request jsonb)
returns jsonb
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_call rolecall.call := rolecall_internal.begin_call('conversations.mark-unread', p_request);
begin
  if v_call.answer is null then
    v_call.answer := rolecall_internal.mark_unread(v_call.caller, v_call.input, v_call.rollouts);
  end if;
  return rolecall_internal.end_call(v_call);
end
$$;
$sql$;

  -- schema/conversations/messages.sql
  execute $sql$
-- The messages of a conversation: {conversation_id, limit, before_seq?, since_seq?, changed_since?}: the newest ones, those
-- before a number, or, to catch up, those since one, and those of before that have changed after a revision. The answer's
-- member "reader" says as what p_user reads them.
--
-- Stable, so that all of it sees one moment: the card fits the messages, whoever writes meanwhile.
create or replace function rolecall_internal.read_messages(
  p_user uuid,
  p_input jsonb,
  p_rollouts jsonb
)
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_actor rolecall.actor := rolecall_internal.actor(p_user, 'conversations', p_rollouts);
  v_limit int := rolecall_internal.page_size(p_input, rolecall_internal.limit_messages_page());
  v_before bigint := rolecall_internal.whole_number(p_input -> 'before_seq');
  v_since bigint := rolecall_internal.whole_number(p_input -> 'since_seq');
  v_changed_since bigint := rolecall_internal.whole_number(p_input -> 'changed_since');
  v_conversation rolecall.conversations;
  v_reader text;
  v_removed boolean := rolecall_internal.sees_removed(v_actor);
  v_audience_of uuid;
  v_messages jsonb;
  v_first bigint;
  v_last bigint;
  v_revision bigint;
  v_more_before boolean := false;
  v_more_after boolean;
begin
  if v_actor.refusal is not null then
    return v_actor.refusal;
  end if;
  if coalesce(p_input -> 'before_seq', 'null') <> 'null' and v_before is null then
    return rolecall_internal.refusal('invalid_input', 'The before_seq must be a whole number.');
  end if;
  if coalesce(p_input -> 'since_seq', 'null') <> 'null' and v_since is null then
    return rolecall_internal.refusal('invalid_input', 'The since_seq must be a whole number.');
  end if;
  if coalesce(p_input -> 'changed_since', 'null') <> 'null' and v_changed_since is null then
    return rolecall_internal.refusal('invalid_input', 'The changed_since must be a whole number.');
  end if;

  select *
  into v_conversation
  from rolecall.conversations
  where id = rolecall_internal.uuid_or_null(p_input ->> 'conversation_id');
  v_reader := rolecall_internal.reader_of(p_user, v_conversation);
  if v_reader is null then
    return rolecall_internal.refuse_unknown_conversation(p_user, v_conversation.id);
  end if;
  v_audience_of := case when v_reader = 'audience' then v_conversation.show_id end;
  select
    coalesce(
      jsonb_agg(
        rolecall_internal.message_json(message, case when v_removed then removed.content end)
        order by case when v_changed_since is null then message.seq else message.revision end
      ),
      '[]'
    ),
    min(message.seq),
    max(message.seq),
    max(message.revision)
  into v_messages, v_first, v_last, v_revision
  from (
    select *
    from rolecall_internal.visible_messages(
      p_user, v_conversation.id, v_audience_of, v_since, v_before, v_since is null, v_limit
    )
    where v_changed_since is null
    union all
    select *
    from rolecall_internal.changed_messages(p_user, v_conversation.id, v_audience_of, v_changed_since, v_limit)
    where v_changed_since is not null
  ) as message
  left join rolecall.removed_contents as removed
    on removed.conversation_id = message.conversation_id
    and removed.seq = message.seq;

  if v_changed_since is not null then
    v_more_after := v_revision is not null and exists (
      select
      from rolecall_internal.changed_messages(p_user, v_conversation.id, v_audience_of, v_revision, 1)
    );
  else
    -- A page without messages is where they would be.
    v_first := coalesce(v_first, v_since + 1, v_before);
    v_last := coalesce(v_last, v_before - 1, v_since);
    v_more_before := v_first is not null and exists (
      select
      from rolecall_internal.visible_messages(p_user, v_conversation.id, v_audience_of, null, v_first, true, 1)
    );
    v_more_after := v_last is not null and exists (
      select
      from rolecall_internal.visible_messages(p_user, v_conversation.id, v_audience_of, v_last, null, false, 1)
    );
  end if;

  return rolecall_internal.success(
    jsonb_build_object(
      'conversation',
      rolecall_internal.conversation_cards(
        p_user,
        array[v_conversation.id],
        array[v_reader],
        p_rollouts
      ) -> 0,
      'messages', v_messages,
      'has_more_before', v_more_before,
      'has_more_after', v_more_after,
      -- Where a client goes on that asks for changes.
      'revision', case when v_changed_since is not null and v_more_after then v_revision else v_conversation.revision end
    )
  ) || jsonb_build_object('reader', v_reader);
end
$$;

create or replace function rolecall_edge.messages(p_request jsonb)
returns jsonb
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_call rolecall.call := rolecall_internal.begin_call(
    'conversations.messages',
    p_request,
    p_rate => 'read',
    p_keyed => false
  );
begin
  if v_call.answer is null then
    v_call.answer := rolecall_internal.read_messages(
      v_call.caller,
      v_call.input,
      v_call.rollouts
    );
    if v_call.answer ->> 'reader' = 'moderator' then
      perform rolecall_internal.log_event(
        v_call,
        'conversation_read_by_moderator',
        p_conversation => (v_call.answer #>> '{data,conversation,id}')::uuid
      );
    end if;
    v_call.answer := v_call.answer - 'reader';
  end if;
  return rolecall_internal.end_call(v_call);
end
$$;
$sql$;

  -- schema/conversations/unread.sql
  execute $sql$
-- How much p_user has not read.
create or replace function rolecall_internal.unread(p_user uuid, p_rollouts jsonb)
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_actor rolecall.actor := rolecall_internal.actor(p_user, 'conversations', p_rollouts);
  v_direct bigint;
  v_direct_conversations bigint;
  v_show bigint;
  v_show_conversations bigint;
begin
  if v_actor.refusal is not null then
    return v_actor.refusal;
  end if;
  -- Their conversations by the two indexes of the inbox, so that it costs the same however many others there are.
  -- Planned anew every time: a plan for just anybody takes it that nobody has more than a few, and would compare each
  -- of 10,000 conversations with each of 10,000 participations.
  execute $query$
    select coalesce(sum(conversation.last_seq - own.last_read_seq - own.skipped), 0), count(*)
    from (
      select id, last_seq
      from rolecall.conversations
      where participant_low = $1
      union all
      select id, last_seq
      from rolecall.conversations
      where participant_high = $1
    ) as conversation
    join rolecall.conversation_participants as own
      on own.conversation_id = conversation.id
      and own.user_id = $1
      and own.last_read_seq + own.skipped < conversation.last_seq
  $query$
  into v_direct, v_direct_conversations
  using p_user;

  select count(distinct (conversation_id, seq)), count(distinct conversation_id)
  into v_show, v_show_conversations
  from (
    -- What is newer than what they have read, where they take part and where they took part. "offset 0": by thread, not
    -- by going through everything that was ever broadcast.
    select newest.conversation_id, unread.seq
    from rolecall.participations as own
    join rolecall.show_threads as newest
      on newest.show_id = own.show_id
      and newest.role = own.role
      and newest.active_in >= rolecall_internal.hour_of(own.joined_at)
      and newest.last_message_at >= own.joined_at
    join rolecall.conversations as conversation
      on conversation.id = newest.conversation_id
      and rolecall_internal.reads_broadcasts_of(p_user, conversation.created_by)
    left join rolecall.broadcast_receipts as receipt
      on receipt.conversation_id = newest.conversation_id
      and receipt.user_id = p_user
    cross join lateral (
      select broadcast.seq
      from rolecall.broadcasts as broadcast
      where broadcast.conversation_id = newest.conversation_id
        and broadcast.seq > coalesce(receipt.last_read_seq, 0)
        and not broadcast.deleted
        and broadcast.sender_id <> p_user
        and broadcast.created_at >= own.joined_at
        and broadcast.created_at < own.left_at
        and own.role = any (broadcast.recipient_roles)
      offset 0
    ) as unread
    where own.user_id = p_user
      and newest.last_seq > coalesce(receipt.last_read_seq, 0)
  ) as counted;

  return rolecall_internal.success(
    jsonb_build_object(
      'unread', v_direct + v_show,
      'conversations', v_direct_conversations + v_show_conversations,
      'by_kind', jsonb_build_object('direct', v_direct, 'show', v_show)
    )
  );
end
$$;

create or replace function rolecall_edge.unread(p_request jsonb)
returns jsonb
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_call rolecall.call := rolecall_internal.begin_call(
    'conversations.unread',
    p_request,
    p_rate => 'read',
    p_keyed => false
  );
begin
  if v_call.answer is null then
    v_call.answer := rolecall_internal.unread(v_call.caller, v_call.rollouts);
  end if;
  return rolecall_internal.end_call(v_call);
end
$$;
$sql$;

  -- schema/diagnostics/diagnostics.sql
  execute $sql$
-- The figures of one organisation. Counts come from counters (last_seq, help_message_counts, request_metrics), never
-- from counting messages.
create or replace function rolecall_internal.diagnose(p_organization uuid)
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_conversations jsonb;
  v_messages jsonb;
  v_help_conversations bigint;
  v_help_messages bigint;
  v_refusals jsonb;
  v_success_rate jsonb;
  v_durations jsonb;
  v_quotas jsonb;
  v_flags jsonb;
  v_migration jsonb;
begin
  select
    jsonb_build_object(
      'direct', count(*) filter (where kind = 'direct'),
      'show', count(*) filter (where kind = 'show')
    ),
    jsonb_build_object(
      'direct', coalesce(sum(last_seq) filter (where kind = 'direct'), 0),
      'show', coalesce(sum(last_seq) filter (where kind = 'show'), 0)
    )
  into v_conversations, v_messages
  from rolecall.conversations
  where organization_id = p_organization;

  -- A help conversation belongs to the organisation of its requester.
  select count(*), coalesce(sum(counted.messages), 0)
  into v_help_conversations, v_help_messages
  from rolecall.profiles as requester
  join public.conversations_v2 as conversation
    on conversation.requester_id = requester.id
  left join rolecall.help_message_counts as counted
    on counted.conversation_id = conversation.id
  where requester.organization_id = p_organization;

  with recent as (
    select slot, function, code, bucket, sum(requests) as requests
    from rolecall.request_metrics
    where org_id = p_organization
      and slot > now() - interval '24 hours 15 minutes'
    group by slot, function, code, bucket
  ),
  span (name, since) as (
    -- Requests are counted by the minute, and after two hours by the quarter of one: a span begins with the minute or
    -- the quarter that it begins in.
    values
      ('1h', now() - interval '1 hour 1 minute'),
      ('24h', now() - interval '24 hours 15 minutes')
  ),
  by_code as (
    select span.name, recent.code, sum(recent.requests) as requests
    from span
    join recent
      on recent.slot > span.since
    group by span.name, recent.code
  ),
  by_bucket as (
    select
      function,
      bucket,
      sum(requests) as requests,
      sum(sum(requests)) over (partition by function order by bucket) as up_to,
      sum(sum(requests)) over (partition by function) as total
    from recent
    group by function, bucket
  ),
  by_function as (
    select
      function,
      max(total) as requests,
      -- Requests are taken to be spread evenly in the bucket where the percentile falls.
      max(rolecall_internal.within_bucket(bucket, (0.50 * total - (up_to - requests)) / requests))
        filter (where up_to - requests < 0.50 * total) as p50,
      max(rolecall_internal.within_bucket(bucket, (0.95 * total - (up_to - requests)) / requests))
        filter (where up_to - requests < 0.95 * total) as p95,
      max(rolecall_internal.within_bucket(bucket, (0.99 * total - (up_to - requests)) / requests))
        filter (where up_to - requests < 0.99 * total) as p99
    from by_bucket
    group by function
  )
  select
    (
      select jsonb_object_agg(
        span.name,
        (
          select coalesce(jsonb_object_agg(by_code.code, by_code.requests), '{}')
          from by_code
          where by_code.name = span.name
            and by_code.code <> 'ok'
        )
      )
      from span
    ),
    (
      select jsonb_object_agg(
        span.name,
        (
          -- A refusal is neither a success nor a failure.
          select round(coalesce(sum(by_code.requests) filter (where by_code.code = 'ok'), 0) / sum(by_code.requests), 4)
          from by_code
          where by_code.name = span.name
            and (by_code.code = 'ok' or rolecall_internal.is_failure(by_code.code))
        )
      )
      from span
    ),
    (
      select coalesce(
        jsonb_object_agg(
          function,
          jsonb_build_object('p50', p50, 'p95', p95, 'p99', p99, 'requests', requests)
        ),
        '{}'
      )
      from by_function
    )
  into v_refusals, v_success_rate, v_durations;

  select coalesce(
    jsonb_agg(
      jsonb_build_object(
        'sender_id', sender_id,
        'show_id', show_id,
        'period', period,
        'pre_show_remaining', pre_show_remaining,
        'post_show_remaining', post_show_remaining
      )
      order by period desc, updated_at desc
    ),
    '[]'
  )
  into v_quotas
  from (
    select quota.*
    from rolecall.profiles as sender
    join rolecall.broadcast_quotas as quota
      on quota.sender_id = sender.id
    where sender.organization_id = p_organization
    order by quota.period desc, quota.updated_at desc
    limit 100
  ) as newest;

  select coalesce(jsonb_object_agg(name, rollout), '{}')
  into v_flags
  from rolecall.feature_flags;

  select jsonb_build_object('version', version, 'name', name)
  into v_migration
  from rolecall.schema_migrations
  order by version desc
  limit 1;

  return jsonb_build_object(
    'organization_id', p_organization,
    'generated_at', rolecall_internal.iso(now()),
    'conversations', v_conversations || jsonb_build_object('help', v_help_conversations),
    'messages', v_messages || jsonb_build_object('help', v_help_messages),
    'refusals', v_refusals,
    'success_rate', v_success_rate,
    'durations_ms', v_durations,
    'quotas', v_quotas,
    'flags', v_flags,
    'migration', v_migration
  ) || rolecall_internal.report_figures(p_organization);
end
$$;

-- The figures of an organisation's diagnostics about pending reports.
create or replace function rolecall_internal.report_figures(p_organization uuid)
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_reports jsonb;
begin
  select jsonb_build_object(
    'pending', count(*),
    'oldest_age_seconds', extract(epoch from now() - min(report.created_at))::bigint
  )
  into v_reports
  from rolecall.reported_messages as report
  join rolecall.conversations as conversation
    on conversation.id = report.conversation_id
  where report.status = 'pending'
    and conversation.organization_id = p_organization;
  return jsonb_build_object('reports', v_reports);
end
$$;

-- A duration in milliseconds: p_share (0 to 1) of the way through a bucket of request_metrics.
create or replace function rolecall_internal.within_bucket(p_bucket int, p_share numeric)
returns numeric
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_begin double precision := case when p_bucket > 0 then rolecall_internal.bucket_end_ms(p_bucket - 1) else 0 end;
begin
  return round(
    (v_begin + p_share::double precision * (rolecall_internal.bucket_end_ms(p_bucket) - v_begin))::numeric,
    3
  );
end
$$;

create or replace function rolecall_edge.diagnostics(p_request jsonb)
returns jsonb
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_call rolecall.call := rolecall_internal.begin_call(
    'diagnostics',
    p_request,
    p_rate => 'diagnostics',
    p_keyed => false
  );
  v_actor rolecall.actor;
begin
  if v_call.answer is null then
    v_actor := rolecall_internal.actor(v_call.caller, 'diagnostics', v_call.rollouts);
    if v_actor.refusal is not null then
      v_call.answer := v_actor.refusal;
    elsif v_actor.organization_role in ('owner', 'admin') then
      -- The check profiles_organization_role_has_organization sees to it that there is one.
      v_call.answer := rolecall_internal.success(rolecall_internal.diagnose(v_actor.organization_id));
    else
      v_call.answer := rolecall_internal.refusal(
        'permission_denied',
        'Diagnostics are only available to owners and admins of an organisation.',
        'organization_owners_and_admins_only',
        'You are an owner or admin of your organisation.'
      );
    end if;
  end if;
  return rolecall_internal.end_call(v_call);
end
$$;
$sql$;

  -- schema/flags/changes.sql
  execute $sql$
-- What happens when a flag or an override changes, whoever changes it.

-- Makes changes follow each other. In read committed what comes after sees what came before; a transaction with an older
-- snapshot fails to serialize instead of judging by flags that are no more. Who looks at a flag to change it calls this
-- first.
create or replace function rolecall_internal.lock_flags()
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  insert into rolecall.feature_flag_revision as kept (is_only, revision)
  values (true, 1)
  on conflict (is_only) do update
  set revision = kept.revision + 1;
end
$$;

create or replace function rolecall_internal.lock_flags_first()
returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  perform rolecall_internal.lock_flags();
  if tg_op = 'DELETE' then
    return old;
  end if;
  return new;
end
$$;

-- Refuses flags that require each other in a circle, and keeps is_open.
create or replace function rolecall_internal.settle_flags()
returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_circle text;
begin
  with recursive needed (name, required) as (
    select name, requires
    from rolecall.feature_flags
    where requires is not null
    union
    select needed.name, flag.requires
    from needed
    join rolecall.feature_flags as flag
      on flag.name = needed.required
    where flag.requires is not null
  )
  select min(name)
  into v_circle
  from needed
  where name = required;
  if v_circle is not null then
    raise exception using
      errcode = 'check_violation',
      schema = 'rolecall',
      table = 'feature_flags',
      constraint = 'feature_flags_requires_no_circle',
      message = format('flag "%s" would require itself', v_circle);
  end if;

  if exists (select from rolecall_internal.open_flags() where is_open <> is_now_open) then
    -- Fires this trigger once more, which then finds nothing to do.
    update rolecall.feature_flags as flag
    set is_open = settled.is_now_open
    from rolecall_internal.open_flags() as settled
    where flag.name = settled.name
      and settled.is_open <> settled.is_now_open;
  end if;
  return null;
end
$$;

-- The flags, with is_open as it is and as it must be.
create or replace function rolecall_internal.open_flags()
returns table (name text, is_open boolean, is_now_open boolean)
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
begin
  return query
  with recursive plain as (
    select flag.name, flag.requires
    from rolecall.feature_flags as flag
    where flag.rollout = 'enabled'
      -- One that is over counts as well: it is settled when it is deleted.
      and not exists (select from rolecall.feature_flag_overrides as override where override.name = flag.name)
  ),
  opened as (
    select plain.name
    from plain
    where plain.requires is null
    union all
    select plain.name
    from opened
    join plain
      on plain.requires = opened.name
  )
  select flag.name, flag.is_open, exists (select from opened where opened.name = flag.name)
  from rolecall.feature_flags as flag;
end
$$;

-- Writes the row of a change. The reason is the transaction's, or the one that the override itself has.
create or replace function rolecall_internal.record_flag_change(
  p_name text,
  p_organization_id uuid,
  p_user_id uuid,
  p_old jsonb,
  p_new jsonb
)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  insert into rolecall.feature_flag_changes (name, organization_id, user_id, old, new, by, reason, details)
  select
    p_name,
    p_organization_id,
    p_user_id,
    p_old ->> 'rollout',
    p_new ->> 'rollout',
    coalesce(nullif(current_setting('rolecall.actor', true), ''), auth.uid()::text, session_user),
    coalesce(nullif(current_setting('rolecall.reason', true), ''), p_new ->> 'reason', ''),
    coalesce(
      (
        select jsonb_object_agg(field, jsonb_build_object('old', p_old -> field, 'new', p_new -> field))
        from unnest(array['name', 'requires', 'description', 'until']) as field
        where p_old is not null
          and p_new is not null
          and p_old -> field is distinct from p_new -> field
      ),
      '{}'
    );
end
$$;

create or replace function rolecall_internal.record_flag()
returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_old jsonb := case when tg_op <> 'INSERT' then to_jsonb(old) - array['updated_at', 'is_open'] end;
  v_new jsonb := case when tg_op <> 'DELETE' then to_jsonb(new) - array['updated_at', 'is_open'] end;
begin
  if v_old is distinct from v_new then
    perform rolecall_internal.record_flag_change(coalesce(v_new, v_old) ->> 'name', null, null, v_old, v_new);
  end if;
  return null;
end
$$;

-- An override that is given to somebody else is two changes.
create or replace function rolecall_internal.record_override()
returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_old jsonb := case when tg_op <> 'INSERT' then to_jsonb(old) end;
  v_new jsonb := case when tg_op <> 'DELETE' then to_jsonb(new) end;
  v_moved boolean := tg_op = 'UPDATE'
    and (old.name, old.organization_id, old.user_id) is distinct from (new.name, new.organization_id, new.user_id);
begin
  if v_old is not distinct from v_new then
    return null;
  end if;
  if tg_op = 'DELETE' or v_moved then
    perform rolecall_internal.record_flag_change(old.name, old.organization_id, old.user_id, v_old, null);
  end if;
  if tg_op <> 'DELETE' then
    perform rolecall_internal.record_flag_change(
      new.name, new.organization_id, new.user_id, case when not v_moved then v_old end, v_new
    );
  end if;
  return null;
end
$$;

-- Binds the owner, too, whose rights every entry point has.
create or replace function rolecall_internal.refuse_other_flag_history()
returns trigger
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  raise exception using
    errcode = 'insufficient_privilege',
    message = format('%s.%s is written once and never changed', tg_table_schema, tg_table_name);
end
$$;
$sql$;

  -- schema/flags/flags.sql
  execute $sql$
-- The flags as a user sees them: {name: {enabled, reason}}. An enabled flag's functions are never answered
-- feature_disabled to them, a disabled flag's always are.
create or replace function rolecall_internal.flags_of(p_user uuid, p_rollouts jsonb)
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_org_id uuid;
  v_internal boolean;
begin
  -- Who has no profile belongs to no organisation and is not internal.
  select organization_id, is_internal
  into v_org_id, v_internal
  from rolecall.profiles
  where id = p_user;
  return (
    select coalesce(
      jsonb_object_agg(
        flag.name,
        jsonb_build_object('enabled', decision.enabled, 'reason', decision.reason)
      ),
      '{}'
    )
    from rolecall.feature_flags as flag
    cross join lateral rolecall_internal.flag_decision(flag.name, p_rollouts, p_user, v_org_id, v_internal) as decision
  );
end
$$;

create or replace function rolecall_edge.flags(p_request jsonb)
returns jsonb
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_call rolecall.call := rolecall_internal.begin_call('flags', p_request, p_rate => 'read', p_keyed => false);
begin
  if v_call.answer is null then
    v_call.answer := rolecall_internal.success(
      jsonb_build_object('flags', rolecall_internal.flags_of(v_call.caller, v_call.rollouts))
    );
  end if;
  return rolecall_internal.end_call(v_call);
end
$$;
$sql$;

  -- schema/help/conversations.sql
  execute $sql$
-- Reading help conversations: the list and one with its messages. Whoever takes part reads, suspended, blocked or in a
-- conversation that has ended, too.

-- A page of the conversations of p_user with p_status (null: any), the newest p_limit that come after (p_at, p_id). The
-- indexes have the hours in order alone: see rolecall_internal.inbox_page.
create or replace function rolecall_internal.help_page(
  p_user uuid,
  p_status text,
  p_at timestamptz,
  p_id uuid,
  p_limit int
)
returns table (id uuid, at timestamptz, version text)
language plpgsql
stable
rows 50
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
  -- Every status, or one: a range either way, which the indexes answer in their order.
  v_least text := coalesce(p_status, '');
  v_most text := coalesce(p_status, '~');
begin
  return query
  select listed.id, listed.at, listed.version
  from (
    (
      select thread.conversation_id as id, thread.last_message_at as at, 'v2' as version
      from rolecall.help_threads as thread
      where thread.requester_id = p_user
        and thread.status between v_least and v_most
        and thread.active_in <= rolecall_internal.hour_of(p_at)
        and thread.active_in >= coalesce(
          (
            select newer.active_in
            from rolecall.help_threads as newer
            where newer.requester_id = p_user
              and newer.status between v_least and v_most
              and newer.active_in < rolecall_internal.hour_of(p_at)
            order by newer.active_in desc
            offset p_limit - 1
            limit 1
          ),
          '-infinity'
        )
        and (thread.last_message_at, thread.conversation_id) < (p_at, p_id)
      order by thread.last_message_at desc, thread.conversation_id desc
      limit p_limit
    )
    union all
    (
      select thread.conversation_id, thread.last_message_at, 'v2'
      from rolecall.help_threads as thread
      where thread.helper_id = p_user
        and thread.status between v_least and v_most
        and thread.active_in <= rolecall_internal.hour_of(p_at)
        and thread.active_in >= coalesce(
          (
            select newer.active_in
            from rolecall.help_threads as newer
            where newer.helper_id = p_user
              and newer.status between v_least and v_most
              and newer.active_in < rolecall_internal.hour_of(p_at)
            order by newer.active_in desc
            offset p_limit - 1
            limit 1
          ),
          '-infinity'
        )
        and (thread.last_message_at, thread.conversation_id) < (p_at, p_id)
      order by thread.last_message_at desc, thread.conversation_id desc
      limit p_limit
    )
    union all
    select adopted.id, adopted.at, 'v1'
    from rolecall_internal.adopted_conversations(p_user, p_status, p_at, p_id, p_limit) as adopted
  ) as listed
  order by listed.at desc, listed.id desc
  limit p_limit;
end
$$;

-- Conversations as p_user sees them, in the order given. can_write says what the next message would meet: p_author_refusal
-- is what every one of theirs meets.
create or replace function rolecall_internal.help_cards(
  p_user uuid,
  p_conversations uuid[],
  p_versions text[],
  p_author_refusal jsonb
)
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  return (
    select coalesce(
      jsonb_agg(
        case
          when asked.version = 'v1' then rolecall_internal.adopted_conversation(p_user, asked.id)
          else jsonb_build_object(
            'id', conversation.id,
            'version', 'v2',
            'badge', null,
            'help_request', jsonb_build_object('id', request.id, 'title', request.title, 'status', request.status),
            'requester_id', conversation.requester_id,
            'helper_id', conversation.helper_id,
            'status', conversation.status,
            'last_message', newest.message,
            'unread_count', case p_user
              when conversation.requester_id then thread.requester_unread
              else thread.helper_unread
            end,
            'can_write', p_author_refusal is null and rolecall_internal.refuse_help_to(
              p_user,
              case p_user
                when conversation.requester_id then conversation.helper_id
                else conversation.requester_id
              end,
              conversation.status
            ) is null,
            'created_at', rolecall_internal.iso(conversation.created_at),
            'updated_at', rolecall_internal.iso(conversation.updated_at)
          )
        end
        order by asked.number
      ),
      '[]'
    )
    from unnest(p_conversations, p_versions) with ordinality as asked (id, version, number)
    left join lateral (
      select *
      from public.conversations_v2
      where id = asked.id
      -- Each by its key, however many PostgreSQL expects.
      offset 0
    ) as conversation
      on asked.version = 'v2'
    left join lateral (
      select requester_unread, helper_unread
      from rolecall.help_threads
      where conversation_id = conversation.id
      offset 0
    ) as thread
      on true
    left join lateral (
      select id, title, status
      from rolecall.help_requests
      where id = conversation.help_request_id
      offset 0
    ) as request
      on true
    left join lateral (
      select rolecall_internal.help_message(message) as message
      from public.messages_v2 as message
      where message.conversation_id = conversation.id
      order by message.created_at desc, message.id desc
      limit 1
    ) as newest
      on true
  );
end
$$;

-- The help conversations of p_user, newest first, a page at a time: {limit, status?, cursor?}.
create or replace function rolecall_internal.help_conversations(p_user uuid, p_input jsonb, p_rollouts jsonb)
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_actor rolecall.actor := rolecall_internal.actor(p_user, 'help-conversations', p_rollouts);
  v_status text := p_input ->> 'status';
  v_limit int := rolecall_internal.page_size(p_input, rolecall_internal.limit_page());
  -- Newer than everything.
  v_at timestamptz := 'infinity';
  v_id uuid := 'ffffffff-ffff-ffff-ffff-ffffffffffff';
  v_conversations uuid[];
  v_versions text[];
  v_next text;
begin
  if v_actor.refusal is not null then
    return v_actor.refusal;
  end if;
  if v_status not in ('active', 'completed', 'cancelled', 'closed') then
    return rolecall_internal.refusal('invalid_input', 'The status must be active, completed, cancelled or closed.');
  end if;
  if p_input ->> 'cursor' is not null then
    select at, id
    into v_at, v_id
    from rolecall_internal.cursor_parts(p_input ->> 'cursor');
    if v_id is null then
      return rolecall_internal.refuse_cursor();
    end if;
  end if;

  -- One more than the page tells whether there is another.
  select
    array_agg(id order by number) filter (where number <= v_limit),
    array_agg(version order by number) filter (where number <= v_limit),
    case
      when count(*) > v_limit then max(rolecall_internal.cursor_of(at, id)) filter (where number = v_limit)
    end
  into v_conversations, v_versions, v_next
  from (
    select id, at, version, row_number() over (order by at desc, id desc) as number
    from rolecall_internal.help_page(p_user, v_status, v_at, v_id, v_limit + 1)
  ) as page;
  return rolecall_internal.success(
    jsonb_build_object(
      'conversations', rolecall_internal.help_cards(
        p_user,
        v_conversations,
        v_versions,
        rolecall_internal.refuse_help_author(p_user, 'help-conversations', p_rollouts)
      ),
      'next_cursor', v_next
    )
  );
end
$$;

-- The place of a message in a help conversation, from its id or from a moment: what comes before (-1) or after (1) a moment
-- is what was written before or after it. Null when the conversation has had no message with this id.
create or replace function rolecall_internal.help_place(
  p_conversation uuid,
  p_text text,
  p_direction int,
  out at timestamptz,
  out id uuid
)
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_message uuid := rolecall_internal.uuid_or_null(p_text);
begin
  if v_message is null then
    at := rolecall_internal.moment_or_null(p_text);
    id := case
      when p_direction < 0 then '00000000-0000-0000-0000-000000000000'
      else 'ffffffff-ffff-ffff-ffff-ffffffffffff'
    end;
    return;
  end if;
  id := v_message;
  at := coalesce(
    (
      select created_at
      from public.messages_v2 as message
      where message.id = v_message
        and message.conversation_id = p_conversation
    ),
    -- Deleted since the client got it.
    (
      select created_at
      from rolecall.removed_help_messages as removed
      where removed.message_id = v_message
        and removed.conversation_id = p_conversation
    ),
    rolecall_internal.adopted_message_at(p_conversation, v_message)
  );
end
$$;

-- A help conversation of p_user with a page of its messages, oldest first: {conversation_id, limit, before? | since?}, the
-- newest, the newest before a place, or the oldest after one.
create or replace function rolecall_internal.help_conversation(p_user uuid, p_input jsonb, p_rollouts jsonb)
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_actor rolecall.actor := rolecall_internal.actor(p_user, 'help-conversations', p_rollouts);
  v_conversation uuid := rolecall_internal.uuid_or_null(p_input ->> 'conversation_id');
  v_newest boolean := p_input ->> 'since' is null;
  v_limit int := rolecall_internal.page_size(p_input, rolecall_internal.limit_messages_page());
  v_after timestamptz := '-infinity';
  v_after_id uuid := '00000000-0000-0000-0000-000000000000';
  v_before timestamptz := 'infinity';
  v_before_id uuid := 'ffffffff-ffff-ffff-ffff-ffffffffffff';
  v_version text;
  v_card jsonb;
  v_messages jsonb;
  v_found int;
begin
  if v_actor.refusal is not null then
    return v_actor.refusal;
  end if;
  if exists (
    select
    from public.conversations_v2
    where id = v_conversation
      and p_user in (requester_id, helper_id)
  ) then
    v_version := 'v2';
  elsif rolecall_internal.adopted_conversation(p_user, v_conversation) is not null then
    v_version := 'v1';
  else
    return rolecall_internal.refusal('not_found', 'You have no conversation with this id.');
  end if;

  if p_input ->> 'before' is not null then
    select at, id
    into v_before, v_before_id
    from rolecall_internal.help_place(v_conversation, p_input ->> 'before', -1);
  elsif not v_newest then
    select at, id
    into v_after, v_after_id
    from rolecall_internal.help_place(v_conversation, p_input ->> 'since', 1);
  end if;
  if v_before is null or v_after is null or (p_input ->> 'before' is not null and not v_newest) then
    return rolecall_internal.refusal(
      'invalid_input',
      'The place must be a message of this conversation, or a moment; give before or since, not both.'
    );
  end if;

  if v_version = 'v1' then
    select
      count(*),
      coalesce(
        jsonb_agg(
          jsonb_build_object(
            'id', page.id,
            'content', page.content,
            'sender_id', page.sender_id,
            'created_at', rolecall_internal.iso(page.created_at)
          )
          order by page.created_at, page.id
        ) filter (where page.number <= v_limit),
        '[]'
      )
    into v_found, v_messages
    from (
      select
        message.*,
        case
          when v_newest then row_number() over (order by message.created_at desc, message.id desc)
          else row_number() over (order by message.created_at, message.id)
        end as number
      from rolecall_internal.adopted_messages(
        v_conversation, v_after, v_after_id, v_before, v_before_id, v_newest, v_limit + 1
      ) as message
    ) as page;
  elsif v_newest then
    select
      count(*),
      coalesce(
        jsonb_agg(page.message order by page.number desc) filter (where page.number <= v_limit),
        '[]'
      )
    into v_found, v_messages
    from (
      select
        rolecall_internal.help_message(message) as message,
        row_number() over (order by message.created_at desc, message.id desc) as number
      from public.messages_v2 as message
      where message.conversation_id = v_conversation
        and (message.created_at, message.id) < (v_before, v_before_id)
      order by message.created_at desc, message.id desc
      limit v_limit + 1
    ) as page;
  else
    select
      count(*),
      coalesce(
        jsonb_agg(page.message order by page.number) filter (where page.number <= v_limit),
        '[]'
      )
    into v_found, v_messages
    from (
      select
        rolecall_internal.help_message(message) as message,
        row_number() over (order by message.created_at, message.id) as number
      from public.messages_v2 as message
      where message.conversation_id = v_conversation
        and (message.created_at, message.id) > (v_after, v_after_id)
      order by message.created_at, message.id
      limit v_limit + 1
    ) as page;
  end if;

  v_card := rolecall_internal.help_cards(
    p_user,
    array[v_conversation],
    array[v_version],
    rolecall_internal.refuse_help_author(p_user, 'help-conversations', p_rollouts)
  );
  return rolecall_internal.success(
    jsonb_build_object('conversation', v_card -> 0, 'messages', v_messages, 'has_more', v_found > v_limit)
  );
end
$$;

create or replace function rolecall_edge.help_conversations(p_request jsonb)
returns jsonb
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_call rolecall.call := rolecall_internal.begin_call(
    'help-conversations.list',
    p_request,
    p_rate => 'read',
    p_keyed => false
  );
begin
  if v_call.answer is null then
    v_call.answer := rolecall_internal.help_conversations(v_call.caller, v_call.input, v_call.rollouts);
  end if;
  return rolecall_internal.end_call(v_call);
end
$$;

create or replace function rolecall_edge.help_conversation(p_request jsonb)
returns jsonb
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_call rolecall.call := rolecall_internal.begin_call(
    'help-conversations.get',
    p_request,
    p_rate => 'read_help_conversation',
    p_keyed => false
  );
begin
  if v_call.answer is null then
    v_call.answer := rolecall_internal.help_conversation(v_call.caller, v_call.input, v_call.rollouts);
  end if;
  return rolecall_internal.end_call(v_call);
end
$$;
$sql$;

  -- schema/help/threads.sql
  execute $sql$
-- Threads follow the conversations and messages, whoever writes these and by whatever path.

-- Whether a message is one that p_reader would see as new: somebody else's, and not erased.
create or replace function rolecall_internal.is_new_help_message(p_sender uuid, p_content text, p_reader uuid)
returns boolean
language sql
immutable
return p_sender <> p_reader and p_content <> rolecall_internal.help_placeholder('author');

create or replace function rolecall_internal.open_help_thread()
returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  insert into rolecall.help_threads (conversation_id, requester_id, helper_id, status, last_message_at)
  values (new.id, new.requester_id, new.helper_id, new.status, new.created_at);
  return null;
end
$$;

create or replace function rolecall_internal.move_help_thread()
returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  update rolecall.help_threads
  set
    requester_id = new.requester_id,
    helper_id = new.helper_id,
    status = new.status
  where conversation_id = new.id;
  return null;
end
$$;

-- Marks a help conversation as read by p_user, up to its newest message. Reading on is no writing: who is suspended,
-- blocked or in a conversation that has ended reads, too.
create or replace function rolecall_internal.read_help_conversation(p_user uuid, p_conversation uuid, p_rollouts jsonb)
returns jsonb
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_actor rolecall.actor := rolecall_internal.actor(p_user, 'help-conversations', p_rollouts);
  v_thread rolecall.help_threads;
  v_newest timestamptz;
begin
  if v_actor.refusal is not null then
    return v_actor.refusal;
  end if;
  -- Held: a message that is under way counts itself as new after this, and is later than what the next statement sees.
  select *
  into v_thread
  from rolecall.help_threads
  where conversation_id = p_conversation
    and p_user in (requester_id, helper_id)
  for no key update;
  if not found then
    return rolecall_internal.refuse_unknown_help(p_user, p_conversation);
  end if;
  select max(created_at)
  into v_newest
  from public.messages_v2
  where conversation_id = p_conversation;
  if p_user = v_thread.requester_id then
    update rolecall.help_threads
    set
      requester_read_at = greatest(requester_read_at, v_newest),
      requester_unread = 0
    where conversation_id = p_conversation
      and (requester_read_at < v_newest or requester_unread <> 0);
  else
    update rolecall.help_threads
    set
      helper_read_at = greatest(helper_read_at, v_newest),
      helper_unread = 0
    where conversation_id = p_conversation
      and (helper_read_at < v_newest or helper_unread <> 0);
  end if;
  return rolecall_internal.success(jsonb_build_object('conversation_id', p_conversation, 'unread_count', 0));
end
$$;

create or replace function rolecall_edge.read_help_conversation(p_request jsonb)
returns jsonb
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_call rolecall.call := rolecall_internal.begin_call('help-conversations.read', p_request, p_rate => 'mark_read');
begin
  if v_call.answer is null then
    v_call.answer := rolecall_internal.read_help_conversation(
      v_call.caller, rolecall_internal.uuid_or_null(v_call.input ->> 'conversation_id'), v_call.rollouts
    );
  end if;
  return rolecall_internal.end_call(v_call);
end
$$;
$sql$;

  -- schema/help/counts.sql
  execute $sql$
-- What is counted of each help conversation, by the statement that adds, deletes or erases messages: how many there are,
-- and how many of them are new to either of its people. Whoever deletes or changes messages holds the conversation.

create or replace function rolecall_internal.count_help_messages()
returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_one public.messages_v2;
begin
  if (select count(*) from added) = 1 then
    -- What nearly every statement adds, at half the cost.
    select *
    into v_one
    from added;
    insert into rolecall.help_message_counts as counted (conversation_id, messages, first_message_id)
    values (v_one.conversation_id, 1, v_one.id)
    on conflict (conversation_id) do update
    set messages = counted.messages + 1;
    update rolecall.help_threads
    set
      last_message_at = greatest(last_message_at, v_one.created_at),
      requester_unread = requester_unread + (
        v_one.created_at > requester_read_at
        and rolecall_internal.is_new_help_message(v_one.sender_id, v_one.content, requester_id)
      )::int,
      helper_unread = helper_unread + (
        v_one.created_at > helper_read_at
        and rolecall_internal.is_new_help_message(v_one.sender_id, v_one.content, helper_id)
      )::int
    where conversation_id = v_one.conversation_id;
    return null;
  end if;

  insert into rolecall.help_message_counts as counted (conversation_id, messages, first_message_id)
  select conversation_id, count(*), (array_agg(id order by created_at, id))[1]
  from added
  group by conversation_id
  order by conversation_id
  on conflict (conversation_id) do update
  set messages = counted.messages + excluded.messages;

  update rolecall.help_threads as thread
  set
    last_message_at = greatest(
      thread.last_message_at,
      (select max(created_at) from added where conversation_id = thread.conversation_id)
    ),
    requester_unread = thread.requester_unread + (
      select count(*)
      from added
      where conversation_id = thread.conversation_id
        and created_at > thread.requester_read_at
        and rolecall_internal.is_new_help_message(sender_id, content, thread.requester_id)
    ),
    helper_unread = thread.helper_unread + (
      select count(*)
      from added
      where conversation_id = thread.conversation_id
        and created_at > thread.helper_read_at
        and rolecall_internal.is_new_help_message(sender_id, content, thread.helper_id)
    )
  where conversation_id in (select conversation_id from added);
  return null;
end
$$;

create or replace function rolecall_internal.discount_help_messages()
returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  -- In the order of their ids, so that no two statements wait for each other.
  perform
  from public.conversations_v2
  where id in (select conversation_id from gone)
  order by id
  for no key update;

  update public.conversations_v2 as conversation
  set initial_message = rolecall_internal.help_placeholder(removed.deleted_as)
  from gone
  join rolecall.help_message_counts as counted
    on counted.conversation_id = gone.conversation_id
    and counted.first_message_id = gone.id
  join rolecall.removed_help_messages as removed
    on removed.message_id = gone.id
  where conversation.id = gone.conversation_id
    and conversation.initial_message <> rolecall_internal.help_placeholder(removed.deleted_as);

  update rolecall.help_message_counts as counted
  set messages = counted.messages - gone_of.messages
  from (
    select conversation_id, count(*) as messages
    from gone
    group by conversation_id
  ) as gone_of
  where counted.conversation_id = gone_of.conversation_id;

  update rolecall.help_threads as thread
  set
    requester_unread = thread.requester_unread - (
      select count(*)
      from gone
      where conversation_id = thread.conversation_id
        and created_at > thread.requester_read_at
        and rolecall_internal.is_new_help_message(sender_id, content, thread.requester_id)
    ),
    helper_unread = thread.helper_unread - (
      select count(*)
      from gone
      where conversation_id = thread.conversation_id
        and created_at > thread.helper_read_at
        and rolecall_internal.is_new_help_message(sender_id, content, thread.helper_id)
    )
  where conversation_id in (select conversation_id from gone);
  return null;
end
$$;

-- Behind a statement that changes messages. Of a client it is judged here, with the conversations held: a policy has
-- judged by what it saw before the statement waited. initial_message follows the first message.
create or replace function rolecall_internal.settle_changed_help_messages()
returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_conversation public.conversations_v2;
  v_refusal jsonb;
begin
  -- In the order of their ids, so that no two statements wait for each other.
  for v_conversation in
    select *
    from public.conversations_v2
    where id in (select conversation_id from changed)
    order by id
    for no key update
  loop
    if tg_argv[0] = 'client' then
      v_refusal := rolecall_internal.refuse_help_message(auth.uid(), v_conversation, '{}');
      if v_refusal is not null then
        perform rolecall_internal.raise_refusal(v_refusal);
      end if;
    end if;
  end loop;

  update public.conversations_v2 as conversation
  set initial_message = changed.content
  from changed
  join rolecall.help_message_counts as counted
    on counted.conversation_id = changed.conversation_id
    and counted.first_message_id = changed.id
  where conversation.id = changed.conversation_id
    and conversation.initial_message <> changed.content;

  -- What is erased is no longer new. Who marks as read holds the thread alone.
  perform
  from rolecall.help_threads
  where conversation_id in (select conversation_id from changed)
  order by conversation_id
  for no key update;
  update rolecall.help_threads as thread
  set
    requester_unread = thread.requester_unread + moved.of_requester,
    helper_unread = thread.helper_unread + moved.of_helper
  from (
    select
      own.conversation_id,
      sum(
        case when after.created_at > own.requester_read_at then
          rolecall_internal.is_new_help_message(after.sender_id, after.content, own.requester_id)::int
            - rolecall_internal.is_new_help_message(before.sender_id, before.content, own.requester_id)::int
        else 0 end
      ) as of_requester,
      sum(
        case when after.created_at > own.helper_read_at then
          rolecall_internal.is_new_help_message(after.sender_id, after.content, own.helper_id)::int
            - rolecall_internal.is_new_help_message(before.sender_id, before.content, own.helper_id)::int
        else 0 end
      ) as of_helper
    from previous as before
    join changed as after
      on after.id = before.id
    join rolecall.help_threads as own
      on own.conversation_id = after.conversation_id
    where after.content is distinct from before.content
    group by own.conversation_id
  ) as moved
  where thread.conversation_id = moved.conversation_id
    and (moved.of_requester <> 0 or moved.of_helper <> 0);
  return null;
end
$$;
$sql$;

  -- schema/help/end_conversation.sql
  execute $sql$
-- Ends a help conversation of p_user as p_status says: completed or cancelled. Either of the two may; ending it again in the
-- same way changes nothing.
create or replace function rolecall_internal.end_help_conversation(
  p_user uuid,
  p_conversation uuid,
  p_status text,
  p_rollouts jsonb
)
returns jsonb
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_actor rolecall.actor := rolecall_internal.actor(p_user, 'help-conversations', p_rollouts);
  v_conversation public.conversations_v2;
  v_refusal jsonb;
begin
  if v_actor.refusal is not null then
    return v_actor.refusal;
  end if;
  -- Held until the commit: who writes into it is before, or is refused.
  select *
  into v_conversation
  from public.conversations_v2
  where id = p_conversation
    and p_user in (requester_id, helper_id)
  for no key update;
  if not found then
    return rolecall_internal.refuse_unknown_help(p_user, p_conversation);
  end if;
  if v_conversation.status <> p_status then
    v_refusal := rolecall_internal.refuse_help_status(p_user, v_conversation, p_status, p_rollouts);
    if v_refusal is not null then
      return v_refusal;
    end if;
    update public.conversations_v2
    set status = p_status
    where id = p_conversation;
  end if;
  return rolecall_internal.success(jsonb_build_object('conversation_id', p_conversation, 'status', p_status));
end
$$;

-- The tokens are those of messages: through the table (limit change_help) they are taken with the conversation held.
create or replace function rolecall_edge.complete_help_conversation(p_request jsonb)
returns jsonb
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_call rolecall.call := rolecall_internal.begin_call(
    'help-conversations.complete',
    p_request,
    p_rate => 'send_help_message'
  );
begin
  if v_call.answer is null then
    v_call.answer := rolecall_internal.end_help_conversation(
      v_call.caller, rolecall_internal.uuid_or_null(v_call.input ->> 'conversation_id'), 'completed', v_call.rollouts
    );
  end if;
  return rolecall_internal.end_call(v_call);
end
$$;

create or replace function rolecall_edge.cancel_help_conversation(p_request jsonb)
returns jsonb
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_call rolecall.call := rolecall_internal.begin_call(
    'help-conversations.cancel',
    p_request,
    p_rate => 'send_help_message'
  );
begin
  if v_call.answer is null then
    v_call.answer := rolecall_internal.end_help_conversation(
      v_call.caller, rolecall_internal.uuid_or_null(v_call.input ->> 'conversation_id'), 'cancelled', v_call.rollouts
    );
  end if;
  return rolecall_internal.end_call(v_call);
end
$$;
$sql$;

  -- schema/help/get_conversation.sql
  execute $sql$
-- A help conversation of one's own with its newest 200 messages, oldest first. Blocks and suspensions stop no reading.
create or replace function public.get_conversation_v2(p_conversation_id uuid, p_user_id uuid)
returns jsonb
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_call rolecall.call := rolecall_internal.begin_rpc(
    'get_conversation_v2',
    p_user_id,
    jsonb_build_object('conversation_id', p_conversation_id),
    p_rate => 'read_help_conversation',
    p_keyed => false,
    p_reads => true
  );
  v_conversation public.conversations_v2;
  v_messages jsonb;
begin
  if v_call.answer is null then
    v_call.answer := (rolecall_internal.actor(v_call.caller, 'help-conversations', v_call.rollouts)).refusal;
  end if;
  if v_call.answer is null then
    select *
    into v_conversation
    from public.conversations_v2
    where id = p_conversation_id
      and v_call.caller in (requester_id, helper_id);
    if not found then
      v_call.answer := rolecall_internal.refusal('not_found', 'You have no conversation with this id.');
    else
      select coalesce(jsonb_agg(rolecall_internal.help_message(newest) order by newest.created_at, newest.id), '[]')
      into v_messages
      from (
        select *
        from public.messages_v2
        where conversation_id = p_conversation_id
        order by created_at desc, id desc
        limit 200
      ) as newest;
      v_call.answer := rolecall_internal.success(
        jsonb_build_object(
          'conversation', jsonb_build_object(
            'id', v_conversation.id,
            'help_request_id', v_conversation.help_request_id,
            'requester_id', v_conversation.requester_id,
            'helper_id', v_conversation.helper_id,
            'initial_message', v_conversation.initial_message,
            'status', v_conversation.status,
            'created_at', rolecall_internal.iso(v_conversation.created_at),
            'updated_at', rolecall_internal.iso(v_conversation.updated_at)
          ),
          'messages', v_messages
        )
      );
    end if;
  end if;
  v_call.answer := rolecall_internal.end_call(v_call);
  return rolecall_internal.flat_answer(v_call.answer, null, v_call.answer -> 'data');
end
$$;
$sql$;

  -- schema/help/send_message.sql
  execute $sql$
-- Writes a message of p_sender into a help conversation of theirs. p_recipient is null where the request names nobody.
create or replace function rolecall_internal.send_help_message(
  p_sender uuid,
  p_conversation uuid,
  p_content text,
  p_recipient uuid,
  p_rollouts jsonb
)
returns jsonb
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_conversation public.conversations_v2;
  v_refusal jsonb;
  v_message public.messages_v2;
begin
  -- Held until the commit, so that it is neither closed nor its other side blocks the sender meanwhile.
  select *
  into v_conversation
  from public.conversations_v2
  where id = p_conversation
    and p_sender in (requester_id, helper_id)
  for no key update;
  if v_conversation.id is null then
    return coalesce(
      rolecall_internal.refuse_help_author(p_sender, 'help-conversations', p_rollouts),
      rolecall_internal.refuse_unknown_help(p_sender, p_conversation)
    );
  end if;
  v_refusal := coalesce(
    rolecall_internal.refuse_help_message(p_sender, v_conversation, p_rollouts),
    rolecall_internal.refuse_text('content', p_content, 1, rolecall_internal.limit_help_message_max_chars()),
    rolecall_internal.refuse_other_recipient(
      p_recipient,
      case p_sender when v_conversation.helper_id then v_conversation.requester_id else v_conversation.helper_id end
    )
  );
  if v_refusal is not null then
    return v_refusal;
  end if;

  update public.conversations_v2
  set updated_at = now()
  where id = p_conversation;
  insert into public.messages_v2 (conversation_id, sender_id, content)
  values (p_conversation, p_sender, p_content)
  returning *
  into v_message;
  return rolecall_internal.success(
    jsonb_build_object(
      'message_id', v_message.id,
      'conversation_id', p_conversation,
      'version', 'v2',
      'message', rolecall_internal.help_message(v_message)
    )
  );
end
$$;

create or replace function public.send_message_v2(
  p_conversation_id uuid,
  p_sender_id uuid,
  p_content text
)
returns jsonb
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_call rolecall.call := rolecall_internal.begin_rpc(
    'send_message_v2',
    p_sender_id,
    jsonb_build_object('conversation_id', p_conversation_id, 'content', p_content),
    p_rate => 'send_help_message'
  );
begin
  if v_call.answer is null then
    v_call.answer := rolecall_internal.send_help_message(
      v_call.caller, p_conversation_id, rolecall_internal.trimmed(p_content), null, v_call.rollouts
    );
    v_call.kept := rolecall_internal.kept_help_message(v_call.answer -> 'data');
  elsif v_call.answer -> 'replayed' = 'true' then
    v_call.answer := rolecall_internal.replayed_help_message(v_call.answer);
  end if;
  v_call.answer := rolecall_internal.end_call(v_call);
  return rolecall_internal.flat_answer(
    v_call.answer,
    'Message sent.',
    jsonb_build_object('message_id', v_call.answer #> '{data,message_id}')
  );
end
$$;

create or replace function rolecall_edge.send_help_message(p_request jsonb)
returns jsonb
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_call rolecall.call := rolecall_internal.begin_call(
    'help-conversations.send',
    p_request,
    p_rate => 'send_help_message'
  );
begin
  if v_call.answer is null then
    v_call.answer := rolecall_internal.send_help_message(
      v_call.caller,
      rolecall_internal.uuid_or_null(v_call.input ->> 'conversation_id'),
      v_call.input ->> 'content',
      rolecall_internal.uuid_or_null(v_call.input ->> 'recipient_id'),
      v_call.rollouts
    );
    v_call.kept := rolecall_internal.kept_help_message(v_call.answer -> 'data');
  elsif v_call.answer -> 'replayed' = 'true' then
    v_call.answer := rolecall_internal.replayed_help_message(v_call.answer);
  end if;
  return rolecall_internal.end_call(v_call);
end
$$;
$sql$;

  -- schema/messages/send_dm_many.sql
  execute $sql$
-- send_dm for an array. Requests that arrive together share a commit: rolecall_edge.send_dm and rolecall_edge.mark_read take an array
-- of requests, too, and answer an array in the same order. Each request is decided as if it had come alone, with its own
-- claims, key, rate limit and audit row, and none is touched by the refusal of another; but every step of send_dm is one
-- statement for all of them, and there is one commit. send_dm.sql has the twin of each step for a single request,
-- conversations/mark_read_many.sql the other operation that takes an array.
--
-- What makes that safe:
-- * A request that depends on another of the same array is deferred instead of answered (deferred_dms).
-- * Every transaction takes its locks in the same order: idempotency records by user and key, buckets by user,
--   conversations by their two people, their participants, counters by their key. So no two of them can wait for each
--   other.
-- * An array waits at most half a second for a lock: one conversation that somebody holds must not hold up the others.
--   The sender of the array sends its requests one by one then, which may wait as long as ever.

-- The requests of an array, taken apart. Only a content or show_id is checked here; nothing else that is wrong with a
-- request goes unnoticed later.
create or replace function rolecall_internal.dm_items(p_requests jsonb)
returns rolecall.dm_item[]
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
begin
  return (
    select array_agg(
      row(
        element.number,
        rolecall_internal.uuid_or_null(element.request #>> '{claims,sub}'),
        coalesce(element.request #>> '{claims,role}' = 'authenticated', false),
        element.request ->> 'idempotency_key',
        element.request -> 'rollouts',
        sent.input ->> 'content',
        sent.input ->> 'conversation_id' is not null,
        rolecall_internal.uuid_or_null(sent.input ->> 'conversation_id'),
        -- Of a reply nothing else counts.
        case
          when sent.input ->> 'conversation_id' is null then rolecall_internal.uuid_or_null(sent.input ->> 'recipient_id')
        end,
        case
          when sent.input ->> 'conversation_id' is null then rolecall_internal.uuid_or_null(sent.input ->> 'show_id')
        end,
        case
          when coalesce(char_length(sent.input ->> 'content') not between 1 and rolecall_internal.limit_direct_message_chars(), true)
            or not rolecall_internal.has_visible(sent.input ->> 'content')
          then
            rolecall_internal.refuse_text('content', sent.input ->> 'content', 1, rolecall_internal.limit_direct_message_chars())
          when sent.input ->> 'conversation_id' is null
            and sent.input ->> 'show_id' is not null
            and rolecall_internal.uuid_or_null(sent.input ->> 'show_id') is null
          then
            rolecall_internal.refusal('invalid_input', 'The show_id is not a uuid.')
        end
      )::rolecall.dm_item
      order by element.number
    )
    from jsonb_array_elements(p_requests) with ordinality as element (request, number)
    cross join lateral (values (element.request -> 'input')) as sent (input)
  );
end
$$;

-- Which requests of an array cannot be decided beside those before them, by their numbers:
-- * a second one with the same key of the same user: whether it is a repetition depends on how the first one ends;
-- * one that writes to somebody whom an earlier one, of the other of the two or about another show, may only just have
--   got acquainted: without a conversation the first contact decides what the second may do;
-- * and everything after such a one that has its sender or its two people in common with it, so that each sender's
--   messages stay in their order.
-- They are nearly always none.
create or replace function rolecall_internal.deferred_dms(p_items rolecall.dm_item[])
returns int[]
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_item record;
  v_kept_keys text[] := '{}';
  v_deferred int[] := '{}';
  v_callers uuid[] := '{}';
  v_pairs text[] := '{}';
begin
  if not exists (
    select
    from unnest(p_items) as item
    where item.key is not null
    group by item.caller, item.key
    having count(*) > 1
  ) and not exists (
    select
    from unnest(p_items) as item
    where item.recipient is not null
    group by least(item.caller, item.recipient), greatest(item.caller, item.recipient)
    having count(*) > 1
      and count(distinct (item.caller, item.show_id)) > 1
  ) then
    return v_deferred;
  end if;

  for v_item in
    with addressed as (
      select
        item.number,
        item.caller,
        item.key,
        item.show_id,
        item.is_reply,
        coalesce(conversation.participant_low, least(item.caller, item.recipient)) as low,
        coalesce(conversation.participant_high, greatest(item.caller, item.recipient)) as high
      from unnest(p_items) as item
      left join rolecall.conversations as conversation
        on item.is_reply
        and conversation.id = item.conversation
      where item.caller is not null
        and item.is_user
    )
    select
      addressed.number,
      addressed.caller,
      addressed.key,
      addressed.low || ' ' || addressed.high as pair,
      not addressed.is_reply
        and not exists (
          select
          from rolecall.conversations as conversation
          where conversation.kind = 'direct'
            and conversation.version = 'v2'
            and conversation.participant_low = addressed.low
            and conversation.participant_high = addressed.high
        )
        and exists (
          select
          from addressed as earlier
          where earlier.number < addressed.number
            and earlier.low = addressed.low
            and earlier.high = addressed.high
            and (earlier.caller, earlier.show_id) is distinct from (addressed.caller, addressed.show_id)
        ) as is_second_contact
    from addressed
    order by addressed.number
  loop
    if v_item.is_second_contact
      or v_item.caller = any (v_callers)
      or v_item.pair = any (v_pairs)
      or v_item.caller || ' ' || v_item.key = any (v_kept_keys)
    then
      v_deferred := v_deferred || v_item.number;
      v_callers := v_callers || v_item.caller;
      if v_item.pair is not null then
        v_pairs := v_pairs || v_item.pair;
      end if;
    elsif v_item.key is not null then
      v_kept_keys := v_kept_keys || (v_item.caller || ' ' || v_item.key);
    end if;
  end loop;
  return v_deferred;
end
$$;

-- Whether each of these requests is allowed, and whose conversation it goes to. Requests that are allowed at the first
-- look are decided here at once, one decision for all with the same roles and facts. The others are judged by judge_dm and
-- judge_reply, which know every way to be allowed and the words of every refusal.
create or replace function rolecall_internal.judge_dms(p_items rolecall.dm_item[])
returns table (number int, judgement rolecall.judgement, low uuid, high uuid)
language plpgsql
stable
rows 50
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
begin
  return query
  with asked as (
    select
      item.number,
      'start_dm' as action,
      fact.sender_role,
      fact.target_role,
      fact.facts,
      fact.org_id,
      rolecall_internal.flag_includes(
        fact.is_open, item.rollouts, 'send-dm', item.caller, fact.org_id, fact.sender_internal
      )
      and (item.show_id is null or exists (select from rolecall.shows where id = item.show_id)) as is_possible,
      least(item.caller, item.recipient) as low,
      greatest(item.caller, item.recipient) as high
    from unnest(p_items) as item
    cross join lateral rolecall_internal.dm_facts(item.caller, item.recipient, item.show_id, 'send-dm') as fact
    where not item.is_reply
    union all
    select
      item.number,
      'reply',
      fact.sender_role,
      fact.target_role,
      fact.facts,
      fact.org_id,
      rolecall_internal.flag_includes(
        fact.is_open, item.rollouts, 'send-dm', item.caller, fact.org_id, fact.sender_internal
      ),
      conversation.participant_low,
      conversation.participant_high
    from unnest(p_items) as item
    cross join lateral rolecall_internal.reply_facts(item.caller, item.conversation, 'send-dm') as fact
    left join rolecall.conversations as conversation
      on conversation.id = item.conversation
    where item.is_reply
  ),
  decided as (
    select
      action,
      sender_role,
      target_role,
      facts,
      rolecall_internal.decide(action, sender_role, target_role, facts) as decision
    from asked
    where is_possible
      and sender_role is not null
      and target_role is not null
    group by action, sender_role, target_role, facts
  )
  select
    item.number,
    case
      when asked.is_possible and (decided.decision).allowed then
        row(true, null::jsonb, asked.org_id, (decided.decision).rule)::rolecall.judgement
      when item.is_reply then
        rolecall_internal.judge_reply(item.caller, item.conversation, item.rollouts)
      else
        rolecall_internal.judge_dm(item.caller, item.recipient, item.show_id, item.rollouts)
    end,
    asked.low,
    asked.high
  from unnest(p_items) as item
  join asked
    on asked.number = item.number
  left join decided
    on decided.action = asked.action
    and decided.sender_role = asked.sender_role
    and decided.target_role = asked.target_role
    and decided.facts = asked.facts;
end
$$;

-- Sends the requests of an array, none of which depends on another.
create or replace function rolecall_internal.send_independent_dms(p_requests jsonb, p_items rolecall.dm_item[])
returns jsonb[]
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_callers uuid[];
  v_has_keys boolean;
  -- Of the keys that are claimed here.
  v_keys text[];
  v_inputs jsonb[];
  v_claims jsonb[];
  -- Of all requests, in their order; null where there is none yet.
  v_answers jsonb[];
  v_limits jsonb[];
  -- The requests that have got as far as being judged, and what became of them.
  v_sending rolecall.dm_item[];
  v_numbers int[];
  v_outcomes jsonb[];
  v_conversations uuid[];
  v_lows uuid[];
  v_highs uuid[];
  v_senders uuid[];
  v_recipients uuid[];
  v_seqs bigint[];
  v_created boolean[];
begin
  select
    array_agg(item.caller order by item.number),
    array_agg(
      case
        when item.caller is null or not item.is_user then
          rolecall_internal.refuse_non_user(p_requests -> (item.number - 1))
      end
      order by item.number
    ),
    bool_or(item.key is not null)
  into v_callers, v_answers, v_has_keys
  from unnest(p_items) as item;

  if v_has_keys then
    select
      array_agg(case when v_answers[item.number] is null then item.key end order by item.number),
      array_agg(p_requests -> (item.number - 1) -> 'input' order by item.number)
    into v_keys, v_inputs
    from unnest(p_items) as item;
    v_claims := rolecall_internal.claim_keys('send-dm', v_callers, v_keys, v_inputs);
    select
      array_agg(coalesce(answer, claim) order by number),
      array_agg(case when claim is null then key end order by number)
    into v_answers, v_keys
    from unnest(v_answers, v_claims, v_keys) with ordinality as claimed (answer, claim, key, number);
  end if;

  v_limits := rolecall_internal.take_tokens(
    (
      select array_agg(case when answer is null then caller end order by number)
      from unnest(v_callers, v_answers) with ordinality as request (caller, answer, number)
    ),
    'send_dm'
  );

  select array_agg(item)
  into v_sending
  from unnest(p_items) as item
  where item.refusal is null
    and v_answers[item.number] is null
    and v_limits[item.number] -> 'taken' is distinct from 'false';

  if v_sending is not null then
    -- One statement settles who makes a conversation and who continues it, and numbers the messages.
    with judged as materialized (
      select
        item.number,
        item.caller,
        item.content,
        item.show_id,
        item.is_reply,
        item.conversation,
        item.recipient,
        (judged.judgement).allowed is true as is_allowed,
        (judged.judgement).refusal,
        (judged.judgement).org_id,
        judged.low,
        judged.high
      from unnest(v_sending) as item
      join rolecall_internal.judge_dms(v_sending) as judged
        on judged.number = item.number
    ),
    going as materialized (
      select
        judged.*,
        rolecall_internal.uuid_v7() as message_id,
        row_number() over (partition by low, high order by number) as place,
        count(*) over (partition by low, high) as messages
      from judged
      where is_allowed
    ),
    numbered as (
      insert into rolecall.conversations as conversation (
        kind, participant_low, participant_high, created_by, organization_id, last_seq, last_message_at
      )
      select 'direct', low, high, caller, org_id, messages, now()
      from going
      where place = 1
      order by low, high
      on conflict (participant_low, participant_high) where kind = 'direct' and version = 'v2' do update
      set
        last_seq = conversation.last_seq + excluded.last_seq,
        last_message_at = greatest(conversation.last_message_at, excluded.last_message_at)
      where not conversation.read_only
      returning id, participant_low, participant_high, last_seq, last_message_at
    ),
    placed as (
      select
        going.*,
        numbered.id as conversation_id,
        numbered.last_message_at as created_at,
        numbered.last_seq - going.messages + going.place as seq,
        numbered.last_seq = going.messages as is_new
      from going
      join numbered
        on numbered.participant_low = going.low
        and numbered.participant_high = going.high
    ),
    sent as (
      insert into rolecall.messages (id, conversation_id, seq, sender_id, content, show_id, created_at)
      select message_id, conversation_id, seq, caller, content, show_id, created_at
      from placed
      order by conversation_id, seq
    )
    select
      array_agg(judged.number order by judged.number),
      array_agg(
        case
          when not judged.is_allowed then judged.refusal
          when placed.seq is not null then
            jsonb_build_object(
              'ok', true,
              'data', jsonb_build_object(
                'message_id', placed.message_id,
                'conversation_id', placed.conversation_id,
                'seq', placed.seq,
                'created_at', rolecall_internal.iso(placed.created_at)
              ),
              'org_id', judged.org_id
            )
        end
        order by judged.number
      ),
      array_agg(placed.conversation_id order by judged.number),
      array_agg(placed.low order by judged.number),
      array_agg(placed.high order by judged.number),
      array_agg(judged.caller order by judged.number),
      array_agg(judged.recipient order by judged.number),
      array_agg(placed.seq order by judged.number),
      array_agg(coalesce(placed.is_new, false) order by judged.number)
    into v_numbers, v_outcomes, v_conversations, v_lows, v_highs, v_senders, v_recipients, v_seqs, v_created
    from judged
    left join placed
      on placed.number = judged.number;

    -- A reply has made its conversation anew: somebody deleted it since it was judged. The sender of the array sends its
    -- requests one by one.
    if exists (
      select
      from unnest(v_numbers, v_conversations) as outcome (number, conversation)
      join unnest(v_sending) as item
        on item.number = outcome.number
      where item.is_reply
        and item.conversation <> outcome.conversation
    ) then
      raise exception 'A conversation was deleted while it was written to.'
        using errcode = 'serialization_failure';
    end if;

    -- Not part of the statement above, which would not see what was committed while it waited for a conversation.
    if true = any (v_created) then
      insert into rolecall.conversation_participants (conversation_id, user_id, last_read_seq)
      select conversation, sender, max(seq)
      from unnest(v_conversations, v_senders, v_seqs, v_created) as outcome (conversation, sender, seq, is_new)
      where is_new
      group by conversation, sender
      union all
      select distinct conversation, recipient, 0
      from unnest(v_conversations, v_recipients, v_created) as outcome (conversation, recipient, is_new)
      where is_new;
    end if;
    if false = any (v_created) then
      update rolecall.conversation_participants as participant
      set
        last_read_seq = case
          when participant.last_read_seq = own.first_seq - 1 then participant.last_read_seq + own.run
          else participant.last_read_seq
        end,
        skipped = participant.skipped + own.messages - case
          when participant.last_read_seq = own.first_seq - 1 then own.run
          else 0
        end
      from (
        -- Locked in this order, in which mark-read takes them, too.
        select own.conversation_id, own.user_id, outcome.first_seq, outcome.messages, outcome.run
        from (
          -- The run are the first messages without one of the other's in between.
          select
            conversation,
            sender,
            min(seq) as first_seq,
            count(*) as messages,
            count(*) filter (where seq - place = first_seq - 1) as run
          from (
            select
              conversation,
              sender,
              seq,
              row_number() over (partition by conversation, sender order by seq) as place,
              min(seq) over (partition by conversation, sender) as first_seq
            from unnest(v_conversations, v_senders, v_seqs, v_created) as outcome (conversation, sender, seq, is_new)
            where not is_new
          ) as placed
          group by conversation, sender
        ) as outcome
        join rolecall.conversation_participants as own
          on own.conversation_id = outcome.conversation
          and own.user_id = outcome.sender
        order by own.conversation_id, own.user_id
        for no key update of own
      ) as own
      where participant.conversation_id = own.conversation_id
        and participant.user_id = own.user_id;
    end if;

    -- As in send_dm: once nothing is left to wait for, what has come to stand in the way meanwhile is seen. It is
    -- is_stopped for an array.
    if exists (
      select
      from unnest(v_numbers, v_conversations) as outcome (number, conversation)
      join unnest(v_sending) as item
        on item.number = outcome.number
      left join rolecall.profiles as writer
        on writer.id = item.caller
      left join rolecall.feature_flags as flag
        on flag.name = 'send-dm'
      where outcome.conversation is not null
        and (
          writer.id is null
          or flag.name is null
          or rolecall_internal.suspended_fact(writer.suspended_until) is not null
          or not rolecall_internal.flag_includes(
            flag.is_open, item.rollouts, 'send-dm', item.caller, writer.organization_id, writer.is_internal
          )
        )
    ) or exists (
      select
      from unnest(v_lows, v_highs) as pair (low, high)
      join rolecall.user_blocks as block
        on block.blocker_id in (pair.low, pair.high)
        and block.blocked_id in (pair.low, pair.high)
    ) then
      raise exception 'A sender was stopped while a message waited.'
        using errcode = 'serialization_failure';
    end if;

    -- Allowed and not sent: the operator has closed the conversation since.
    if array_position(v_outcomes, null) is not null then
      select
        array_agg(
          case
            when outcome.answer is not null then outcome.answer
            when item.is_reply then
              rolecall_internal.refusal('not_found', 'There is no conversation with this conversation_id.')
            else
              (rolecall_internal.judge_reply(item.caller, conversation.id, item.rollouts)).refusal
          end
          order by item.number
        )
      into v_outcomes
      from unnest(v_numbers, v_outcomes) as outcome (number, answer)
      join unnest(v_sending) as item
        on item.number = outcome.number
      left join rolecall.conversations as conversation
        on conversation.kind = 'direct'
        and conversation.version = 'v2'
        and conversation.participant_low = least(item.caller, item.recipient)
        and conversation.participant_high = greatest(item.caller, item.recipient);
    end if;
  end if;

  select
    array_agg(
      case
        when v_answers[item.number] is not null then v_answers[item.number]
        when v_limits[item.number] -> 'taken' = 'false' then rolecall_internal.refuse_rate(v_limits[item.number])
        else rolecall_internal.with_limit(coalesce(item.refusal, outcome.answer), v_limits[item.number])
      end
      order by item.number
    )
  into v_answers
  from unnest(p_items) as item
  left join unnest(v_numbers, v_outcomes) as outcome (number, answer)
    on outcome.number = item.number;

  if v_has_keys then
    perform rolecall_internal.settle_keys(v_callers, v_keys, v_answers);
  end if;
  return rolecall_internal.finish_many('send-dm', p_requests, v_callers, v_answers);
end
$$;

-- The requests of an array. One by itself is sent like a single request, except that it waits no longer than an array.
-- An array is no request, wherever it stands.
create or replace function rolecall_internal.send_dm_many(p_requests jsonb)
returns jsonb
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
set lock_timeout = '500ms'
as $$
declare
  v_nobody uuid;
  v_items rolecall.dm_item[];
  v_deferred int[];
  v_kept jsonb;
  v_answers jsonb[];
begin
  if jsonb_array_length(p_requests) = 0 then
    return '[]';
  elsif jsonb_array_length(p_requests) = 1 and jsonb_typeof(p_requests -> 0) <> 'array' then
    return jsonb_build_array(rolecall_edge.send_dm(p_requests -> 0));
  elsif rolecall_internal.maintenance_is_on() then
    -- Nearly all are refused. An array in an array is no request.
    return (
      select jsonb_agg(rolecall_edge.send_dm(case jsonb_typeof(request) when 'array' then '{}' else request end) order by number)
      from jsonb_array_elements(p_requests) with ordinality as element (request, number)
    );
  end if;
  -- Policies and triggers that ask for the caller hear of nobody, since each statement below is of many.
  v_nobody := rolecall_internal.assume_claims(null);
  v_items := rolecall_internal.dm_items(p_requests);
  v_deferred := rolecall_internal.deferred_dms(v_items);
  if v_deferred = '{}' then
    return to_jsonb(rolecall_internal.send_independent_dms(p_requests, v_items));
  end if;
  select jsonb_agg(request order by number)
  into v_kept
  from jsonb_array_elements(p_requests) with ordinality as element (request, number)
  where number <> all (v_deferred);
  v_answers := rolecall_internal.send_independent_dms(v_kept, rolecall_internal.dm_items(v_kept));
  return (
    select jsonb_agg(
      case
        when number = any (v_deferred) then '{"deferred": true}'
        else to_jsonb(v_answers[number - (select count(*) from unnest(v_deferred) as before where before < number)])
      end
      order by number
    )
    from generate_series(1, jsonb_array_length(p_requests)) as number
  );
end
$$;
$sql$;

  -- schema/messages/send_dm.sql
  execute $sql$
-- Sends a direct message: {recipient_id, content, show_id?} starts or continues the direct conversation of the two,
-- {conversation_id, content} replies. send_independent_dms in send_dm_many.sql is its twin for an array: what one does,
-- the other does, and a differential test compares them.
create or replace function rolecall_internal.send_dm(p_sender uuid, p_input jsonb, p_rollouts jsonb)
returns jsonb
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_content text := p_input ->> 'content';
  v_recipient uuid;
  v_conversation uuid;
  v_show uuid;
  v_judgement rolecall.judgement;
  v_seq bigint;
  v_message uuid;
  v_created_at timestamptz;
begin
  -- The function has looked for control characters; a look at each character here would cost every message.
  if coalesce(char_length(v_content) not between 1 and rolecall_internal.limit_direct_message_chars(), true)
    or not rolecall_internal.has_visible(v_content)
  then
    return rolecall_internal.refuse_text('content', v_content, 1, rolecall_internal.limit_direct_message_chars());
  end if;

  if p_input ->> 'conversation_id' is null then
    v_recipient := rolecall_internal.uuid_or_null(p_input ->> 'recipient_id');
    if p_input ->> 'show_id' is not null then
      v_show := rolecall_internal.uuid_or_null(p_input ->> 'show_id');
      if v_show is null then
        return rolecall_internal.refusal('invalid_input', 'The show_id is not a uuid.');
      end if;
    end if;
    v_judgement := rolecall_internal.judge_dm(p_sender, v_recipient, v_show, p_rollouts);
    if v_judgement.allowed is distinct from true then
      return v_judgement.refusal;
    end if;

    -- One statement settles who makes the conversation and who continues it, and numbers the message.
    with numbered as (
      insert into rolecall.conversations as conversation (
        kind, participant_low, participant_high, created_by, organization_id, last_seq, last_message_at
      )
      values (
        'direct',
        least(p_sender, v_recipient),
        greatest(p_sender, v_recipient),
        p_sender,
        v_judgement.org_id,
        1,
        now()
      )
      on conflict (participant_low, participant_high) where kind = 'direct' and version = 'v2' do update
      set
        last_seq = conversation.last_seq + 1,
        -- This transaction may have begun before the one that sent the message before, and the clock may have been set back.
        last_message_at = greatest(conversation.last_message_at, excluded.last_message_at)
      where not conversation.read_only
      returning id, last_seq, last_message_at
    )
    insert into rolecall.messages (conversation_id, seq, sender_id, content, show_id, created_at)
    select id, last_seq, p_sender, v_content, v_show, last_message_at
    from numbered
    returning conversation_id, seq, id, created_at
    into v_conversation, v_seq, v_message, v_created_at;
    if not found then
      -- The conversation exists and the operator has closed it.
      select id
      into v_conversation
      from rolecall.conversations
      where kind = 'direct'
        and version = 'v2'
        and participant_low = least(p_sender, v_recipient)
        and participant_high = greatest(p_sender, v_recipient);
      return (rolecall_internal.judge_reply(p_sender, v_conversation, p_rollouts)).refusal;
    end if;
  else
    v_conversation := rolecall_internal.uuid_or_null(p_input ->> 'conversation_id');
    v_judgement := rolecall_internal.judge_reply(p_sender, v_conversation, p_rollouts);
    if v_judgement.allowed is distinct from true then
      return v_judgement.refusal;
    end if;

    with numbered as (
      update rolecall.conversations
      set
        last_seq = last_seq + 1,
        last_message_at = greatest(last_message_at, now())
      where id = v_conversation
        and not read_only
      returning id, last_seq, last_message_at
    )
    insert into rolecall.messages (conversation_id, seq, sender_id, content, created_at)
    select id, last_seq, p_sender, v_content, last_message_at
    from numbered
    returning seq, id, created_at
    into v_seq, v_message, v_created_at;
    if not found then
      -- Closed or deleted since it was judged.
      return rolecall_internal.refusal('not_found', 'There is no conversation with this conversation_id.');
    end if;
  end if;

  -- Not part of the statement above, which would not see what was committed while it waited for the conversation.
  if v_seq = 1 then
    insert into rolecall.conversation_participants (conversation_id, user_id, last_read_seq)
    values
      (v_conversation, p_sender, 1),
      (v_conversation, v_recipient, 0);
  else
    -- Who had read everything has read this too; otherwise it lies among what is unread, and is not new to its sender.
    update rolecall.conversation_participants
    set
      last_read_seq = case when last_read_seq = v_seq - 1 then v_seq else last_read_seq end,
      skipped = case when last_read_seq = v_seq - 1 then skipped else skipped + 1 end
    where conversation_id = v_conversation
      and user_id = p_sender;
  end if;

  -- Its own statement, once nothing is left to wait for: what has come to stand in the way meanwhile is seen. The function
  -- sends the request once more, and it is judged as if it had only just come.
  if rolecall_internal.is_stopped(p_sender, v_conversation, 'send-dm', p_rollouts) then
    raise exception 'The sender was stopped while the message waited.'
      using errcode = 'serialization_failure';
  end if;

  return jsonb_build_object(
    'ok', true,
    'data', jsonb_build_object(
      'message_id', v_message,
      'conversation_id', v_conversation,
      'seq', v_seq,
      'created_at', rolecall_internal.iso(v_created_at)
    ),
    'org_id', v_judgement.org_id
  );
end
$$;

-- One request, or an array of them, which send_dm_many answers.
create or replace function rolecall_edge.send_dm(p_request jsonb)
returns jsonb
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_call rolecall.call;
begin
  if jsonb_typeof(p_request) = 'array' then
    return rolecall_internal.send_dm_many(p_request);
  end if;
  v_call := rolecall_internal.begin_call('send-dm', p_request, p_rate => 'send_dm');
  if v_call.answer is null then
    v_call.answer := rolecall_internal.send_dm(v_call.caller, v_call.input, v_call.rollouts);
  end if;
  return rolecall_internal.end_call(v_call);
end
$$;
$sql$;

  -- schema/moderation/delete.sql
  execute $sql$
-- As what p_user deletes a message of p_author: its author, an organizer or a moderator. A placeholder names it.
create or replace function rolecall_internal.deletion_capacity(p_user uuid, p_author uuid)
returns text
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  if p_user = p_author then
    return 'author';
  end if;
  return (
    select case when rolecall_internal.moderates_everything(role) then 'moderator' else 'organizer' end
    from rolecall.profiles
    where id = p_user
  );
end
$$;

-- Which of two deletions stands: an organizer's gives way to a moderator's, and both to the author's.
create or replace function rolecall_internal.deletion_rank(p_as text)
returns int
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
begin
  return array_position(array['organizer', 'moderator', 'author'], p_as);
end
$$;

-- Applies the deletion of a message by p_user, who is allowed to, and audits it; returns the message as it is then. The
-- first deletion stands, unless it gives way: what a moderator had removed is its author's deletion from when they wanted
-- it, too, so that nobody brings it back.
create or replace function rolecall_internal.apply_deletion(p_user uuid, p_message uuid, p_report uuid, p_note text)
returns rolecall.messages
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_message rolecall.messages;
  v_as text;
  v_before jsonb;
begin
  perform rolecall_internal.hold_conversations(
    array(select conversation_id from rolecall.messages where id = p_message)
  );
  select *
  into v_message
  from rolecall.messages
  where id = p_message
  for no key update;
  if not found then
    return rolecall_internal.apply_help_deletion(p_user, p_message, p_report, p_note);
  end if;
  v_as := rolecall_internal.deletion_capacity(p_user, v_message.sender_id);
  if rolecall_internal.deletion_rank(v_as) <= rolecall_internal.deletion_rank(v_message.deleted_as) then
    return v_message;
  end if;

  v_before := jsonb_build_object('deleted', rolecall_internal.deletion_of(v_message));
  -- The content moves to where nothing that reads messages can find it.
  if v_message.content is not null and rolecall_internal.keeps_removed(v_message, v_as) then
    insert into rolecall.removed_contents (conversation_id, seq, content, removed_at)
    values (v_message.conversation_id, v_message.seq, v_message.content, now());
  end if;
  update rolecall.messages
  set
    content = null,
    deleted_at = now(),
    deleted_as = v_as
  where conversation_id = v_message.conversation_id
    and seq = v_message.seq
  returning *
  into v_message;
  perform rolecall_internal.audit_moderation(
    p_user,
    'message_deleted',
    p_report,
    p_message,
    v_message.sender_id,
    p_note,
    v_before,
    jsonb_build_object('deleted', rolecall_internal.deletion_of(v_message))
  );
  return v_message;
end
$$;

-- Deletes a message: {message_id, note?}. An author may delete their own, whatever the matrix says of moderating.
create or replace function rolecall_internal.delete_message(p_user uuid, p_input jsonb, p_rollouts jsonb)
returns jsonb
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_message rolecall.messages;
  v_judgement rolecall.judgement;
begin
  v_judgement := rolecall_internal.judge_moderation(p_user, rolecall_internal.uuid_or_null(p_input ->> 'message_id'), p_rollouts);
  select *
  into v_message
  from rolecall.messages
  where id = rolecall_internal.uuid_or_null(p_input ->> 'message_id');
  if not found then
    v_message := rolecall_internal.help_message_row(rolecall_internal.uuid_or_null(p_input ->> 'message_id'));
  end if;
  if v_judgement.allowed is distinct from true
    and (
      v_message.sender_id is distinct from p_user
      -- Neither a suspension nor the matrix keeps an author from taking back their own words.
      or v_judgement.rule in ('feature_disabled', 'no_profile', 'account_deleted')
    )
  then
    return v_judgement.refusal;
  end if;
  if rolecall_internal.refuse_note(p_input) is not null then
    return rolecall_internal.refuse_note(p_input);
  end if;

  v_message := rolecall_internal.apply_deletion(p_user, v_message.id, null, p_input ->> 'note');
  return rolecall_internal.moderated_message(v_message);
end
$$;

create or replace function rolecall_edge.delete_message(p_request jsonb)
returns jsonb
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_call rolecall.call := rolecall_internal.begin_call('moderation.delete', p_request, p_rate => 'moderate');
begin
  if v_call.answer is null then
    v_call.answer := rolecall_internal.delete_message(v_call.caller, v_call.input, v_call.rollouts);
  end if;
  return rolecall_internal.end_call(v_call);
end
$$;
$sql$;

  -- schema/moderation/restore.sql
  execute $sql$
-- The refusal to restore what is not p_user's to restore: what its author deleted, also after others had, and for an
-- organizer what a moderator deleted. Null when they may, and of a message that is not deleted.
create or replace function rolecall_internal.refuse_restoration(p_user uuid, p_message rolecall.messages)
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  if p_message.deleted_as = 'author' then
    return rolecall_internal.refusal(
      'permission_denied',
      'A message that its author deleted cannot be restored.',
      'deleted_by_author',
      'Somebody else has deleted the message.'
    );
  end if;
  if p_message.deleted_as = 'moderator'
    and rolecall_internal.deletion_capacity(p_user, p_message.sender_id) = 'organizer'
  then
    return rolecall_internal.refusal(
      'permission_denied',
      'Only a moderator can restore what a moderator has deleted.',
      'deleted_by_moderator',
      'A moderator restores it.'
    );
  end if;
  return null;
end
$$;

-- Applies the restoration of a message by p_user, who is allowed to, and audits it; returns the message as it is then. A
-- message that is not deleted, or not theirs to restore, stays as it is.
create or replace function rolecall_internal.apply_restoration(p_user uuid, p_message uuid, p_report uuid, p_note text)
returns rolecall.messages
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_message rolecall.messages;
  v_before jsonb;
  v_content text;
begin
  perform rolecall_internal.hold_conversations(
    array(select conversation_id from rolecall.messages where id = p_message)
  );
  select *
  into v_message
  from rolecall.messages
  where id = p_message
  for no key update;
  if not found then
    return rolecall_internal.apply_help_restoration(p_user, p_message, p_report, p_note);
  end if;
  if v_message.deleted_at is null
    or rolecall_internal.refuse_restoration(p_user, v_message) is not null
  then
    return v_message;
  end if;

  v_before := jsonb_build_object('deleted', rolecall_internal.deletion_of(v_message));
  delete from rolecall.removed_contents
  where conversation_id = v_message.conversation_id
    and seq = v_message.seq
  returning content
  into v_content;
  update rolecall.messages
  set
    content = v_content,
    deleted_at = null,
    deleted_as = null
  where conversation_id = v_message.conversation_id
    and seq = v_message.seq
  returning *
  into v_message;
  perform rolecall_internal.audit_moderation(
    p_user,
    'message_restored',
    p_report,
    p_message,
    v_message.sender_id,
    p_note,
    v_before,
    jsonb_build_object('deleted', null)
  );
  return v_message;
end
$$;

-- Restores a message: {message_id, note?}.
create or replace function rolecall_internal.restore_message(p_user uuid, p_input jsonb, p_rollouts jsonb)
returns jsonb
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_id uuid := rolecall_internal.uuid_or_null(p_input ->> 'message_id');
  v_judgement rolecall.judgement := rolecall_internal.judge_moderation(p_user, v_id, p_rollouts);
  v_message rolecall.messages;
begin
  if v_judgement.allowed is distinct from true then
    return v_judgement.refusal;
  end if;
  if rolecall_internal.refuse_note(p_input) is not null then
    return rolecall_internal.refuse_note(p_input);
  end if;

  v_message := rolecall_internal.apply_restoration(p_user, v_id, null, p_input ->> 'note');
  if v_message.deleted_at is not null then
    return rolecall_internal.refuse_restoration(p_user, v_message);
  end if;
  return rolecall_internal.moderated_message(v_message);
end
$$;

create or replace function rolecall_edge.restore_message(p_request jsonb)
returns jsonb
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_call rolecall.call := rolecall_internal.begin_call('moderation.restore', p_request, p_rate => 'moderate');
begin
  if v_call.answer is null then
    v_call.answer := rolecall_internal.restore_message(v_call.caller, v_call.input, v_call.rollouts);
  end if;
  return rolecall_internal.end_call(v_call);
end
$$;
$sql$;

  -- schema/moderation/help_messages.sql
  execute $sql$
-- Help messages under moderation. They take the shape of the other messages, without a number; a deleted one lies in
-- removed_help_messages. What moderators may do with them is decided as for the others.

-- A help message as it is now, deleted or not; a row of nulls when there is none with this id.
create or replace function rolecall_internal.help_message_row(p_message uuid)
returns rolecall.messages
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_message rolecall.messages;
begin
  select id, conversation_id, sender_id, content, created_at, false
  into v_message.id, v_message.conversation_id, v_message.sender_id, v_message.content, v_message.created_at, v_message.legacy
  from public.messages_v2
  where id = p_message;
  if found then
    return v_message;
  end if;
  select message_id, conversation_id, sender_id, created_at, deleted_at, deleted_as, false
  into
    v_message.id, v_message.conversation_id, v_message.sender_id, v_message.created_at, v_message.deleted_at,
    v_message.deleted_as, v_message.legacy
  from rolecall.removed_help_messages
  where message_id = p_message;
  if found then
    return v_message;
  end if;
  return null;
end
$$;

-- The same, held until the commit, so that nobody else deletes or restores it.
create or replace function rolecall_internal.lock_help_message(p_message uuid)
returns rolecall.messages
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  -- While one waits for it, it can move to the other table and back.
  for v_attempt in 1..3 loop
    perform
    from public.messages_v2
    where id = p_message
    for no key update;
    exit when found;
    perform
    from rolecall.removed_help_messages
    where message_id = p_message
    for no key update;
    exit when found;
  end loop;
  return rolecall_internal.help_message_row(p_message);
end
$$;

-- What decides whether p_user may report or moderate a help message: its author's role and the facts; the id is null when
-- there is none.
create or replace function rolecall_internal.help_message_facts(
  p_user uuid,
  p_message uuid,
  out message_id uuid,
  out author_role rolecall.app_role,
  out facts text[]
)
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  select
    message.id,
    author.role,
    array[
      case when message.sender_id = p_user then 'self' end,
      case when p_user in (conversation.requester_id, conversation.helper_id) then 'participant' end
    ]
  into message_id, author_role, facts
  from rolecall_internal.help_message_row(p_message) as message
  join public.conversations_v2 as conversation
    on conversation.id = message.conversation_id
  left join rolecall.profiles as author
    on author.id = message.sender_id;
end
$$;

-- A help message as a report shows it. Who sees removed contents sees, too, what it said before each edit.
create or replace function rolecall_internal.help_message_json(p_message uuid, p_sees_removed boolean)
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  return (
    select rolecall_internal.message_json(
        message,
        case when p_sees_removed then (select content from rolecall.removed_help_messages where message_id = message.id) end
      )
      || jsonb_build_object(
        'conversation_id', message.conversation_id,
        'edits', (
          select coalesce(
            jsonb_agg(
              jsonb_build_object(
                'content', edit.content,
                'written_at', rolecall_internal.iso(edit.written_at),
                'replaced_at', rolecall_internal.iso(edit.replaced_at)
              )
              order by edit.id
            ),
            '[]'
          )
          from rolecall.help_message_edits as edit
          where p_sees_removed
            and edit.message_id = message.id
        )
      )
    from rolecall_internal.help_message_row(p_message) as message
    where message.id is not null
  );
end
$$;

-- Files the report of p_user, who is allowed to, of a help message.
create or replace function rolecall_internal.report_help_message(p_user uuid, p_message uuid, p_reason text)
returns rolecall.reported_messages
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_message rolecall.messages := rolecall_internal.lock_help_message(p_message);
  v_report rolecall.reported_messages;
begin
  if v_message.id is null then
    return null;
  end if;
  insert into rolecall.reported_messages (message_id, conversation_id, reporter_id, reported_user_id, reason)
  values (v_message.id, v_message.conversation_id, p_user, v_message.sender_id, p_reason)
  on conflict (message_id, reporter_id) where seq is null do nothing
  returning *
  into v_report;
  return v_report;
end
$$;

-- The same with its conversation, for who deletes or restores it: in the order of help/history.sql.
create or replace function rolecall_internal.hold_help_message(p_message uuid)
returns rolecall.messages
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_message rolecall.messages := rolecall_internal.help_message_row(p_message);
begin
  if v_message.id is null then
    return null;
  end if;
  perform rolecall_internal.take_help_turn(v_message.sender_id);
  v_message := rolecall_internal.lock_help_message(p_message);
  perform
  from public.conversations_v2
  where id = v_message.conversation_id
  for no key update;
  return v_message;
end
$$;

-- rolecall_internal.apply_deletion for a help message.
create or replace function rolecall_internal.apply_help_deletion(p_user uuid, p_message uuid, p_report uuid, p_note text)
returns rolecall.messages
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_message rolecall.messages := rolecall_internal.hold_help_message(p_message);
  v_as text := rolecall_internal.deletion_capacity(p_user, v_message.sender_id);
  v_before jsonb := jsonb_build_object('deleted', rolecall_internal.deletion_of(v_message));
begin
  if v_message.id is null
    or rolecall_internal.deletion_rank(v_as) <= rolecall_internal.deletion_rank(v_message.deleted_as)
  then
    return v_message;
  end if;

  insert into rolecall.removed_help_messages as removed (
    message_id, conversation_id, sender_id, content, created_at, updated_at, deleted_as
  )
  select id, conversation_id, sender_id, content, created_at, updated_at, v_as
  from public.messages_v2
  where id = p_message;
  if found then
    delete from public.messages_v2
    where id = p_message;
  else
    update rolecall.removed_help_messages
    set
      deleted_at = now(),
      deleted_as = v_as
    where message_id = p_message;
    perform rolecall_internal.copy_first_message(
      v_message.conversation_id, p_message, rolecall_internal.help_placeholder(v_as)
    );
  end if;
  v_message := rolecall_internal.help_message_row(p_message);
  perform rolecall_internal.audit_moderation(
    p_user,
    'message_deleted',
    p_report,
    p_message,
    v_message.sender_id,
    p_note,
    v_before,
    jsonb_build_object('deleted', rolecall_internal.deletion_of(v_message))
  );
  return v_message;
end
$$;

-- rolecall_internal.apply_restoration for a help message.
create or replace function rolecall_internal.apply_help_restoration(p_user uuid, p_message uuid, p_report uuid, p_note text)
returns rolecall.messages
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_message rolecall.messages := rolecall_internal.hold_help_message(p_message);
  v_before jsonb := jsonb_build_object('deleted', rolecall_internal.deletion_of(v_message));
begin
  if v_message.deleted_at is null
    or rolecall_internal.refuse_restoration(p_user, v_message) is not null
  then
    return v_message;
  end if;

  with removed as (
    delete from rolecall.removed_help_messages
    where message_id = p_message
    returning *
  )
  insert into public.messages_v2 (id, conversation_id, sender_id, content, created_at, updated_at)
  select message_id, conversation_id, sender_id, content, created_at, updated_at
  from removed;
  v_message := rolecall_internal.help_message_row(p_message);
  perform rolecall_internal.copy_first_message(v_message.conversation_id, p_message, v_message.content);
  perform rolecall_internal.audit_moderation(
    p_user,
    'message_restored',
    p_report,
    p_message,
    v_message.sender_id,
    p_note,
    v_before,
    jsonb_build_object('deleted', null)
  );
  return v_message;
end
$$;
$sql$;

  -- schema/moderation/judge.sql
  execute $sql$
-- Whether p_user may decide about p_message: delete it, restore it, settle the reports of it. An actor who may not
-- moderate hears the same of a message that does not exist.
create or replace function rolecall_internal.judge_moderation(p_user uuid, p_message uuid, p_rollouts jsonb)
returns rolecall.judgement
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_actor rolecall.actor := rolecall_internal.actor(p_user, 'moderation', p_rollouts);
  v_message uuid;
  v_author_role rolecall.app_role;
  v_facts text[];
  v_decision rolecall.decision;
begin
  if v_actor.refusal is not null then
    return rolecall_internal.judgement_of_refusal(v_actor.refusal, v_actor.organization_id);
  end if;
  select
    message.id,
    author.role,
    array[
      case when message.sender_id = p_user then 'self' end,
      case when show.organizer_id = p_user then 'own_show' end
    ]
  into v_message, v_author_role, v_facts
  from rolecall.messages as message
  left join rolecall.profiles as author
    on author.id = message.sender_id
  left join rolecall.conversations as conversation
    on conversation.id = message.conversation_id
  left join rolecall.shows as show
    on show.id = coalesce(message.show_id, conversation.show_id)
  where message.id = p_message;
  if not found then
    select *
    into v_message, v_author_role, v_facts
    from rolecall_internal.help_message_facts(p_user, p_message);
  end if;
  v_decision := rolecall_internal.decide(
    'moderate',
    v_actor.role,
    coalesce(v_author_role, rolecall_internal.role_of_strangers()),
    array['feature_enabled', v_actor.suspended] || v_facts
  );
  if v_decision.allowed and v_message is null then
    return rolecall_internal.judgement_of_refusal(
      rolecall_internal.refusal('not_found', 'There is no message with this message_id.'),
      v_actor.organization_id
    );
  end if;
  return rolecall_internal.judgement_of(v_decision, v_actor.organization_id);
end
$$;

-- The refusal of an actor who may not read the queue ('queue') or the audit ('audit') at all; null when they may. Both
-- show removed contents, so a suspended moderator reads neither. The queue is also for those who moderate their own shows
-- alone.
create or replace function rolecall_internal.refuse_moderation_reader(p_actor rolecall.actor, p_list text)
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_decision rolecall.decision;
begin
  if p_actor.refusal is not null then
    return p_actor.refusal;
  end if;
  v_decision := rolecall_internal.decide(
    'moderate',
    p_actor.role,
    rolecall_internal.role_of_strangers(),
    array['feature_enabled', p_actor.suspended, case when p_list = 'queue' then 'own_show' end]
  );
  if v_decision.allowed then
    return null;
  end if;
  if v_decision.rule = 'suspended' then
    return rolecall_internal.refusal_of(v_decision);
  end if;
  if p_list = 'queue' then
    return rolecall_internal.refusal(
      'permission_denied',
      'Reports are only available to show organizers, moderators and admins.',
      'moderators_and_organizers_only',
      'You become a moderator.'
    );
  end if;
  return rolecall_internal.refusal(
    'permission_denied',
    'The moderation audit is only available to moderators and admins.',
    'moderators_only',
    'You become a moderator.'
  );
end
$$;

-- Writes a row of the audit.
create or replace function rolecall_internal.audit_moderation(
  p_actor uuid,
  p_action text,
  p_report uuid,
  p_message uuid,
  p_target uuid,
  p_note text,
  p_before jsonb,
  p_after jsonb
)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  insert into rolecall.moderation_audit (actor_id, action, report_id, message_id, target_id, note, before, after)
  values (p_actor, p_action, p_report, p_message, p_target, p_note, p_before, p_after);
end
$$;

-- The refusal of a note of the wrong length; null when the note is right or absent.
create or replace function rolecall_internal.refuse_note(p_input jsonb)
returns jsonb
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
begin
  if p_input ->> 'note' is not null and not rolecall_internal.is_text(p_input ->> 'note', 1, rolecall_internal.limit_note_chars()) then
    return rolecall_internal.refuse_text('note', p_input ->> 'note', 1, rolecall_internal.limit_note_chars());
  end if;
  return null;
end
$$;
$sql$;

  -- schema/moderation/audit.sql
  execute $sql$
-- A page of the audit, newest first: {message_id?, target_id?, limit, cursor?}.
create or replace function rolecall_internal.moderation_audit(p_user uuid, p_input jsonb, p_rollouts jsonb)
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_refusal jsonb := rolecall_internal.refuse_moderation_reader(
    rolecall_internal.actor(p_user, 'moderation', p_rollouts),
    'audit'
  );
  v_limit int := rolecall_internal.page_size(p_input, rolecall_internal.limit_page());
  v_at timestamptz := 'infinity';
  v_id uuid := 'ffffffff-ffff-ffff-ffff-ffffffffffff';
  v_message uuid := rolecall_internal.uuid_or_null(p_input ->> 'message_id');
  v_target uuid := rolecall_internal.uuid_or_null(p_input ->> 'target_id');
  v_page rolecall.moderation_audit[];
begin
  if v_refusal is not null then
    return v_refusal;
  end if;
  if p_input ->> 'cursor' is not null then
    select parts.at, parts.id
    into v_at, v_id
    from rolecall_internal.cursor_parts(p_input ->> 'cursor') as parts;
    if v_at is null then
      return rolecall_internal.refuse_cursor();
    end if;
  end if;
  if (v_message is null and p_input ->> 'message_id' is not null)
    or (v_target is null and p_input ->> 'target_id' is not null)
  then
    return rolecall_internal.refusal('invalid_input', 'The message_id or target_id is not a uuid.');
  end if;

  -- A statement for each filter, so that each is read by its own index.
  if v_message is not null then
    select array_agg(newest order by at desc, id desc)
    into v_page
    from (
      select *
      from rolecall.moderation_audit
      where message_id = v_message
        and (v_target is null or target_id = v_target)
        and (at, id) < (v_at, v_id)
      order by at desc, id desc
      limit v_limit + 1
    ) as newest;
  elsif v_target is not null then
    select array_agg(newest order by at desc, id desc)
    into v_page
    from (
      select *
      from rolecall.moderation_audit
      where target_id = v_target
        and (at, id) < (v_at, v_id)
      order by at desc, id desc
      limit v_limit + 1
    ) as newest;
  else
    select array_agg(newest order by at desc, id desc)
    into v_page
    from (
      select *
      from rolecall.moderation_audit
      where (at, id) < (v_at, v_id)
      order by at desc, id desc
      limit v_limit + 1
    ) as newest;
  end if;

  return rolecall_internal.success(
    jsonb_build_object(
      'entries', (
        select coalesce(
          jsonb_agg(
            jsonb_build_object(
              'id', entry.id,
              'at', rolecall_internal.iso(entry.at),
              'actor_id', entry.actor_id,
              'action', entry.action,
              'report_id', entry.report_id,
              'message_id', entry.message_id,
              'target_id', entry.target_id,
              'note', entry.note,
              'before', entry.before,
              'after', entry.after
            )
            order by entry.at desc, entry.id desc
          ),
          '[]'
        )
        from unnest(v_page[1:v_limit]) as entry
      ),
      'next_cursor', case
        when cardinality(v_page) > v_limit
          then rolecall_internal.cursor_of(v_page[v_limit].at, v_page[v_limit].id)
      end
    )
  );
end
$$;

create or replace function rolecall_edge.moderation_audit(p_request jsonb)
returns jsonb
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_call rolecall.call := rolecall_internal.begin_call('moderation.audit', p_request, p_rate => 'read', p_keyed => false);
begin
  if v_call.answer is null then
    v_call.answer := rolecall_internal.moderation_audit(v_call.caller, v_call.input, v_call.rollouts);
  end if;
  return rolecall_internal.end_call(v_call);
end
$$;
$sql$;

  -- schema/rollout/figures.sql
  execute $sql$
-- What a rollout is judged by: the requests of a flag's operations since its rollout changed last.
--
-- Counts are differences. What was counted until the change is its baseline (begin_rollout_stage), so that a fault right
-- after the change is seen at once and a fault before it is never seen. A request that began before the change and ended
-- after it counts for the new rollout.

-- The flag by which an operation is judged: its component's. The RPCs of help conversations are the same acts as the
-- operations of their components. PostgreSQL writes it into the statements that ask.
create or replace function rolecall_internal.flag_of_operation(p_operation text)
returns text
language sql
immutable
return case p_operation
  when 'create_conversation_atomic' then 'start-conversation'
  when 'send_message_v2' then 'help-conversations'
  when 'get_conversation_v2' then 'help-conversations'
  else split_part(p_operation, '.', 1)
end;

-- The operations of a flag that were called in minutes which are not merged yet: found by skipping from one operation to the
-- next in request_metrics_function_minutes_idx, so that it costs a look for each operation and nothing for each request.
create or replace function rolecall_internal.operations_of_flag(p_flag text)
returns text[]
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  return (
    with recursive operation (name) as (
      (
        select metric.function
        from rolecall.request_metrics as metric
        where metric.minutes = 1
        order by metric.function
        limit 1
      )
      union all
      select (
        select metric.function
        from rolecall.request_metrics as metric
        where metric.minutes = 1
          and metric.function > operation.name
        order by metric.function
        limit 1
      )
      from operation
      where operation.name is not null
    )
    select coalesce(array_agg(operation.name), '{}')
    from operation
    where rolecall_internal.flag_of_operation(operation.name) = p_flag
  );
end
$$;

-- All requests of a flag's operations that were ever counted: those that were merged, and those of single minutes, of which
-- only the flag's own are read.
create or replace function rolecall_internal.flag_totals(p_flag text)
returns table (code text, bucket smallint, requests numeric)
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_operations text[] := rolecall_internal.operations_of_flag(p_flag);
begin
  return query
  select counted.code, counted.bucket, sum(counted.requests)
  from (
    select total.code, total.bucket, total.requests
    from rolecall.request_totals as total
    where rolecall_internal.flag_of_operation(total.function) = p_flag
    union all
    select metric.code, metric.bucket, metric.requests
    from rolecall.request_metrics as metric
    where metric.minutes = 1
      and metric.function = any (v_operations)
  ) as counted
  group by counted.code, counted.bucket;
end
$$;

-- The minute of a moment, as request_metrics has it.
create or replace function rolecall_internal.minute_of(p_at timestamptz)
returns timestamptz
language sql
immutable
return date_bin('1 minute', p_at, '2000-01-01 00:00:00+00');

-- Begins the stage of a rollout that has changed: from here on its figures count. Both baselines are of one moment.
create or replace function rolecall_internal.begin_rollout_stage()
returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  insert into rolecall.rollout_states (flag, since)
  values (new.name, now())
  on conflict (flag) do update
  set since = excluded.since;

  delete from rolecall.rollout_baselines
  where flag = new.name;

  insert into rolecall.rollout_baselines (flag, minute, code, bucket, requests)
  select new.name, '-infinity', total.code, total.bucket, total.requests
  from rolecall_internal.flag_totals(new.name) as total
  union all
  select new.name, metric.slot, metric.code, metric.bucket, sum(metric.requests)
  from rolecall.request_metrics as metric
  where metric.minutes = 1
    and metric.slot >= rolecall_internal.minute_of(now())
    and rolecall_internal.flag_of_operation(metric.function) = new.name
  group by metric.slot, metric.code, metric.bucket;
  return null;
end
$$;

-- When the rollout of a flag changed last.
create or replace function rolecall_internal.rollout_since(p_flag rolecall.feature_flags)
returns timestamptz
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  return coalesce(
    (
      select since
      from rolecall.rollout_states
      where flag = p_flag.name
    ),
    p_flag.updated_at
  );
end
$$;

-- The figures of the stage that began at p_since. Attempts are successes and failures; refusals are neither, but are told.
-- success is ok / attempts; errors is the share of attempts that broke (internal), beside those that found no database or
-- took too long. Shares are null without an attempt.
create or replace function rolecall_internal.rollout_figures(p_flag text, p_since timestamptz)
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_ok numeric;
  v_failures numeric;
  v_internal numeric;
  v_refusals numeric;
  v_p95 numeric;
begin
  with counted as (
    select
      total.code,
      total.bucket,
      total.requests - coalesce(baseline.requests, 0) as requests,
      total.code = 'ok' or rolecall_internal.is_failure(total.code) as is_attempt
    from rolecall_internal.flag_totals(p_flag) as total
    left join rolecall.rollout_baselines as baseline
      on baseline.flag = p_flag
      and baseline.minute = '-infinity'
      and baseline.code = total.code
      and baseline.bucket = total.bucket
  ),
  by_bucket as (
    select
      bucket,
      sum(requests) as requests,
      sum(sum(requests)) over (order by bucket) as up_to,
      sum(sum(requests)) over () as total
    from counted
    where is_attempt
      and requests > 0
    group by bucket
  )
  select
    coalesce(sum(requests) filter (where code = 'ok'), 0),
    coalesce(sum(requests) filter (where code <> 'ok' and is_attempt), 0),
    coalesce(sum(requests) filter (where code = 'internal'), 0),
    coalesce(sum(requests) filter (where not is_attempt), 0),
    (
      -- Requests are taken to be spread evenly in the bucket where the percentile falls.
      select max(rolecall_internal.within_bucket(bucket, (0.95 * total - (up_to - requests)) / requests))
      from by_bucket
      where up_to - requests < 0.95 * total
    )
  into v_ok, v_failures, v_internal, v_refusals, v_p95
  from counted;
  return jsonb_build_object(
    'age_seconds', greatest(floor(extract(epoch from now() - p_since)), 0)::bigint,
    'attempts', v_ok + v_failures,
    'ok', v_ok,
    'failures', v_failures,
    'refusals', v_refusals,
    'success', round(v_ok / nullif(v_ok + v_failures, 0), 4),
    'errors', round(v_internal / nullif(v_ok + v_failures, 0), 4),
    'p95_ms', v_p95
  );
end
$$;

-- The figures by which the guard judges, of the minutes that lie in the stage: attempts and success of the current minute,
-- of the one before, and of the last five; in these five also the statements that took too long, and the connection errors
-- of the worst minute.
create or replace function rolecall_internal.guard_figures(p_flag text, p_since timestamptz)
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_now timestamptz := rolecall_internal.minute_of(now());
  v_operations text[] := rolecall_internal.operations_of_flag(p_flag);
  v_windows jsonb;
  v_timeouts numeric;
  v_connection_errors numeric;
begin
  with counted as (
    select metric.slot, metric.code, metric.requests
    from rolecall.request_metrics as metric
    where metric.minutes = 1
      and metric.slot >= greatest(v_now - interval '5 minutes', rolecall_internal.minute_of(p_since))
      and metric.function = any (v_operations)
    union all
    select baseline.minute, baseline.code, -baseline.requests
    from rolecall.rollout_baselines as baseline
    where baseline.flag = p_flag
      and baseline.minute >= v_now - interval '5 minutes'
  ),
  by_minute as (
    select
      slot,
      sum(requests) filter (where code = 'ok') as ok,
      sum(requests) filter (where code = 'ok' or rolecall_internal.is_failure(code)) as attempts,
      sum(requests) filter (where code = 'timeout') as timeouts,
      sum(requests) filter (where code = 'database_unavailable') as connection_errors
    from counted
    group by slot
  )
  select
    (
      select jsonb_object_agg(
        span.name,
        (
          select jsonb_build_object(
            'attempts', coalesce(sum(attempts), 0),
            'success', round(coalesce(sum(ok), 0) / nullif(sum(attempts), 0), 4)
          )
          from by_minute
          where slot between span.first and span.last
        )
      )
      from (
        values
          ('this_minute', v_now, v_now),
          ('last_minute', v_now - interval '1 minute', v_now - interval '1 minute'),
          ('five_minutes', v_now - interval '5 minutes', v_now)
      ) as span (name, first, last)
    ),
    coalesce(sum(timeouts), 0),
    coalesce(max(connection_errors), 0)
  into v_windows, v_timeouts, v_connection_errors
  from by_minute;
  return v_windows || jsonb_build_object('timeouts', v_timeouts, 'connection_errors', v_connection_errors);
end
$$;
$sql$;

  -- schema/rollout/change.sql
  execute $sql$
-- Changes of a rollout by the operator. Changes of flags take turns, and the flag is read when it is this one's turn: what
-- is judged is what is changed.

-- The flag that a request names, start-conversation where it names none, until the commit as it is here. All null where
-- there is none.
create or replace function rolecall_internal.lock_flag(p_input jsonb)
returns rolecall.feature_flags
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_flag rolecall.feature_flags;
begin
  perform rolecall_internal.lock_flags();
  select *
  into v_flag
  from rolecall.feature_flags
  where name = coalesce(p_input ->> 'flag', 'start-conversation');
  return v_flag;
end
$$;

create or replace function rolecall_internal.refuse_unknown_flag()
returns jsonb
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
begin
  return rolecall_internal.refusal('not_found', 'There is no flag with this name.');
end
$$;

-- The refusal of a change whose reason or rollout is malformed; null for one that is not. The functions refuse these
-- themselves; whoever calls the entry points with SQL is told here.
create or replace function rolecall_internal.refuse_change(p_input jsonb, p_rollout text)
returns jsonb
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
begin
  if (p_rollout ~ '^(disabled|internal|enabled|percentage:(0|[1-9][0-9]?|100))$') is not true then
    return rolecall_internal.refusal(
      'invalid_input',
      'A rollout is disabled, internal, percentage:0 to percentage:100, or enabled.'
    );
  end if;
  return rolecall_internal.refuse_text('reason', coalesce(p_input ->> 'reason', ''), 1, rolecall_internal.limit_note_chars());
end
$$;

-- Who changes: the operator, and as far as it is known which. A person's name comes from who calls the entry point with
-- SQL (rolecall rollout); the functions' requests have no such member.
create or replace function rolecall_internal.rollout_actor(p_call rolecall.call)
returns text
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
begin
  return concat_ws(
    ' ',
    'operator',
    coalesce(p_call.caller::text, substring(p_call.request ->> 'actor' from '^[ -~]{1,100}$'))
  );
end
$$;

-- Changes the rollout of a locked flag and writes the decision; the data of the answer, which never repeats the reason. A
-- rollout that is the flag's already changes nothing, and nothing is written.
create or replace function rolecall_internal.change_rollout(
  p_call rolecall.call,
  p_flag rolecall.feature_flags,
  p_action text,
  p_rollout text,
  p_figures jsonb
)
returns jsonb
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_decision bigint;
begin
  if p_flag.rollout <> p_rollout then
    -- Read by the trigger that writes feature_flag_changes.
    perform set_config('rolecall.reason', p_call.input ->> 'reason', true);
    perform set_config('rolecall.actor', rolecall_internal.rollout_actor(p_call), true);
    with changed as (
      update rolecall.feature_flags
      set rollout = p_rollout
      where name = p_flag.name
      returning name
    )
    insert into rolecall.rollout_decisions (flag, actor, action, from_rollout, to_rollout, reason, figures)
    select
      name,
      rolecall_internal.rollout_actor(p_call),
      p_action,
      p_flag.rollout,
      p_rollout,
      p_call.input ->> 'reason',
      p_figures
    from changed
    returning id
    into v_decision;
    perform rolecall_internal.log_event(
      p_call,
      'rollout_changed',
      jsonb_build_object(
        'flag', p_flag.name,
        'action', p_action,
        'from_rollout', p_flag.rollout,
        'to_rollout', p_rollout,
        'decision_id', v_decision
      )
    );
  end if;
  return jsonb_build_object(
    'flag', p_flag.name,
    'action', p_action,
    'from_rollout', p_flag.rollout,
    'rollout', p_rollout,
    'changed', p_flag.rollout <> p_rollout,
    'decision_id', v_decision
  );
end
$$;

-- Sets the rollout of a flag, for the operations set and rollback.
create or replace function rolecall_internal.set_rollout(p_call rolecall.call, p_action text, p_rollout text)
returns jsonb
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_refusal jsonb := rolecall_internal.refuse_change(p_call.input, p_rollout);
  v_flag rolecall.feature_flags;
begin
  if v_refusal is not null then
    return v_refusal;
  end if;
  v_flag := rolecall_internal.lock_flag(p_call.input);
  if v_flag.name is null then
    return rolecall_internal.refuse_unknown_flag();
  end if;
  return rolecall_internal.success(
    rolecall_internal.change_rollout(
      p_call,
      v_flag,
      p_action,
      p_rollout,
      rolecall_internal.rollout_figures(v_flag.name, rolecall_internal.rollout_since(v_flag))
    )
  );
end
$$;
$sql$;

  -- schema/moderation/suspend.sql
  execute $sql$
-- Whether p_user may suspend p_target, or lift their suspension.
create or replace function rolecall_internal.judge_suspension(p_user uuid, p_target uuid, p_rollouts jsonb)
returns rolecall.judgement
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_actor rolecall.actor := rolecall_internal.actor(p_user, 'moderation', p_rollouts);
  v_target_role rolecall.app_role;
  v_decision rolecall.decision;
begin
  if v_actor.refusal is not null then
    return rolecall_internal.judgement_of_refusal(v_actor.refusal, v_actor.organization_id);
  end if;
  select role
  into v_target_role
  from rolecall.profiles
  where id = p_target;
  v_decision := rolecall_internal.decide(
    'suspend',
    v_actor.role,
    coalesce(v_target_role, rolecall_internal.role_of_strangers()),
    array['feature_enabled', v_actor.suspended, case when p_user = p_target then 'self' end]
  );
  if v_decision.allowed and v_target_role is null then
    return rolecall_internal.judgement_of_refusal(
      rolecall_internal.refusal('not_found', 'There is no user with this target_id.'),
      v_actor.organization_id
    );
  end if;
  return rolecall_internal.judgement_of(v_decision, v_actor.organization_id);
end
$$;

-- Applies a suspension by p_user, who is allowed to, and audits it. p_until is null to lift it.
create or replace function rolecall_internal.apply_suspension(
  p_user uuid,
  p_target uuid,
  p_until timestamptz,
  p_report uuid,
  p_message uuid,
  p_note text
)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_before timestamptz;
begin
  select suspended_until
  into v_before
  from rolecall.profiles
  where id = p_target
  for no key update;
  if v_before is not distinct from p_until then
    return;
  end if;
  update rolecall.profiles
  set suspended_until = p_until
  where id = p_target;
  perform rolecall_internal.audit_moderation(
    p_user,
    case when p_until is null then 'suspension_lifted' else 'user_suspended' end,
    p_report,
    p_message,
    p_target,
    p_note,
    jsonb_build_object('suspended_until', rolecall_internal.suspension_json(v_before)),
    jsonb_build_object('suspended_until', rolecall_internal.suspension_json(p_until))
  );
end
$$;

-- Suspends a user: {target_id, until, note?}.
create or replace function rolecall_internal.suspend_user(p_user uuid, p_input jsonb, p_rollouts jsonb)
returns jsonb
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_target uuid := rolecall_internal.uuid_or_null(p_input ->> 'target_id');
  v_until timestamptz := rolecall_internal.moment_or_null(p_input ->> 'until');
  v_judgement rolecall.judgement := rolecall_internal.judge_suspension(p_user, v_target, p_rollouts);
begin
  if v_judgement.allowed is distinct from true then
    return v_judgement.refusal;
  end if;
  if v_until is null or v_until <= now() then
    return rolecall_internal.refusal('invalid_input', 'The end of a suspension must be a moment in the future.');
  end if;
  if rolecall_internal.refuse_note(p_input) is not null then
    return rolecall_internal.refuse_note(p_input);
  end if;

  perform rolecall_internal.apply_suspension(p_user, v_target, v_until, null, null, p_input ->> 'note');
  return rolecall_internal.success(
    jsonb_build_object('target_id', v_target, 'suspended_until', rolecall_internal.suspension_json(v_until))
  );
end
$$;

create or replace function rolecall_edge.suspend_user(p_request jsonb)
returns jsonb
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_call rolecall.call := rolecall_internal.begin_call('moderation.suspend', p_request, p_rate => 'moderate');
begin
  if v_call.answer is null then
    v_call.answer := rolecall_internal.suspend_user(v_call.caller, v_call.input, v_call.rollouts);
  end if;
  return rolecall_internal.end_call(v_call);
end
$$;
$sql$;

  -- schema/moderation/lift_suspension.sql
  execute $sql$
-- Lifts a suspension: {target_id, note?}.
create or replace function rolecall_internal.lift_suspension(p_user uuid, p_input jsonb, p_rollouts jsonb)
returns jsonb
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_target uuid := rolecall_internal.uuid_or_null(p_input ->> 'target_id');
  v_judgement rolecall.judgement := rolecall_internal.judge_suspension(p_user, v_target, p_rollouts);
begin
  if v_judgement.allowed is distinct from true then
    return v_judgement.refusal;
  end if;
  if rolecall_internal.refuse_note(p_input) is not null then
    return rolecall_internal.refuse_note(p_input);
  end if;

  perform rolecall_internal.apply_suspension(p_user, v_target, null, null, null, p_input ->> 'note');
  return rolecall_internal.success(jsonb_build_object('target_id', v_target, 'suspended_until', null));
end
$$;

create or replace function rolecall_edge.lift_suspension(p_request jsonb)
returns jsonb
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_call rolecall.call := rolecall_internal.begin_call('moderation.lift-suspension', p_request, p_rate => 'moderate');
begin
  if v_call.answer is null then
    v_call.answer := rolecall_internal.lift_suspension(v_call.caller, v_call.input, v_call.rollouts);
  end if;
  return rolecall_internal.end_call(v_call);
end
$$;
$sql$;

  -- schema/moderation/queue.sql
  execute $sql$
-- A page of the queue, newest first: {status?, show_id?, limit, cursor?}. An actor who moderates their own shows alone
-- sees the reports of those, except about themselves, with the status that it has for organizers: pending until they or a
-- moderator decide. For moderators it is pending until a moderator does. Each status of each show is read by index, no
-- further than the page.
create or replace function rolecall_internal.moderation_queue(p_user uuid, p_input jsonb, p_rollouts jsonb)
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_actor rolecall.actor := rolecall_internal.actor(p_user, 'moderation', p_rollouts);
  v_refusal jsonb := rolecall_internal.refuse_moderation_reader(v_actor, 'queue');
  v_limit int := rolecall_internal.page_size(p_input, rolecall_internal.limit_page());
  v_at timestamptz := 'infinity';
  v_id uuid := 'ffffffff-ffff-ffff-ffff-ffffffffffff';
  v_statuses text[] := array['pending', 'dismissed', 'actioned'];
  v_show uuid;
  v_moderates boolean := rolecall_internal.moderates_everything(v_actor.role);
  -- Null for all shows.
  v_shows uuid[];
  v_page rolecall.reported_messages[];
  v_counts jsonb;
begin
  if v_refusal is not null then
    return v_refusal;
  end if;
  if p_input ->> 'cursor' is not null then
    select parts.at, parts.id
    into v_at, v_id
    from rolecall_internal.cursor_parts(p_input ->> 'cursor') as parts;
    if v_at is null then
      return rolecall_internal.refuse_cursor();
    end if;
  end if;
  if p_input ->> 'status' is not null then
    if p_input ->> 'status' <> all (v_statuses) then
      return rolecall_internal.refusal('invalid_input', 'The status is pending, dismissed or actioned.');
    end if;
    v_statuses := array[p_input ->> 'status'];
  end if;
  if not v_moderates then
    select coalesce(array_agg(id), '{}')
    into v_shows
    from rolecall.shows
    where organizer_id = p_user;
  end if;
  if p_input ->> 'show_id' is not null then
    select id
    into v_show
    from rolecall.shows
    where id = rolecall_internal.uuid_or_null(p_input ->> 'show_id');
    if not found then
      return rolecall_internal.refusal('not_found', 'There is no show with this show_id.');
    end if;
    if v_show <> all (v_shows) then
      return rolecall_internal.refusal_of(
        rolecall_internal.decide('moderate', v_actor.role, rolecall_internal.role_of_strangers(), '{feature_enabled}')
      );
    end if;
    v_shows := array[v_show];
  end if;

  if v_shows is null then
    select array_agg(newest order by created_at desc, id desc)
    into v_page
    from (
      select report.*
      from unnest(v_statuses) as wanted (status)
      cross join lateral (
        select *
        from rolecall.reported_messages as each
        where each.status = wanted.status
          and (each.created_at, each.id) < (v_at, v_id)
        order by each.created_at desc, each.id desc
        limit v_limit + 1
      ) as report
      order by report.created_at desc, report.id desc
      limit v_limit + 1
    ) as newest;
  elsif v_moderates then
    select array_agg(newest order by created_at desc, id desc)
    into v_page
    from (
      select report.*
      from unnest(v_statuses) as wanted (status)
      cross join lateral (
        select *
        from rolecall.reported_messages as each
        where each.show_id = v_show
          and each.status = wanted.status
          and (each.created_at, each.id) < (v_at, v_id)
        order by each.created_at desc, each.id desc
        limit v_limit + 1
      ) as report
      order by report.created_at desc, report.id desc
      limit v_limit + 1
    ) as newest;
  else
    select array_agg(newest order by created_at desc, id desc)
    into v_page
    from (
      select report.*
      from unnest(v_shows) as own (show_id)
      cross join unnest(v_statuses) as wanted (status)
      cross join lateral (
        select *
        from rolecall.reported_messages as each
        where each.show_id = own.show_id
          and each.organizer_status = wanted.status
          and each.reported_user_id is distinct from p_user
          and (each.created_at, each.id) < (v_at, v_id)
        order by each.created_at desc, each.id desc
        limit v_limit + 1
      ) as report
      order by report.created_at desc, report.id desc
      limit v_limit + 1
    ) as newest;
  end if;
  select jsonb_object_agg(status, reports)
  into v_counts
  from (
    select status, sum(reports) as reports
    from rolecall.report_counts
    where queue = case when v_moderates then 'moderators' else 'organizers' end
      and (
        v_shows is null
        or show_id = any (v_shows)
      )
    group by status
  ) as counted;

  return rolecall_internal.success(
    jsonb_build_object(
      'reports', (
        select coalesce(
          jsonb_agg(rolecall_internal.report_json(report, v_actor) order by report.created_at desc, report.id desc),
          '[]'
        )
        from unnest(v_page[1:v_limit]) as report
      ),
      'counts', '{"pending": 0, "dismissed": 0, "actioned": 0}'::jsonb || coalesce(v_counts, '{}'),
      'next_cursor', case
        when cardinality(v_page) > v_limit
          then rolecall_internal.cursor_of(v_page[v_limit].created_at, v_page[v_limit].id)
      end
    )
  );
end
$$;

create or replace function rolecall_edge.moderation_queue(p_request jsonb)
returns jsonb
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_call rolecall.call := rolecall_internal.begin_call('moderation.queue', p_request, p_rate => 'read', p_keyed => false);
begin
  if v_call.answer is null then
    v_call.answer := rolecall_internal.moderation_queue(v_call.caller, v_call.input, v_call.rollouts);
  end if;
  return rolecall_internal.end_call(v_call);
end
$$;
$sql$;

  -- schema/moderation/report.sql
  execute $sql$
-- Whether p_user may report p_message: somebody else's that they can read as one of its people or of its audience. A
-- suspended user may.
create or replace function rolecall_internal.judge_report(p_user uuid, p_message uuid, p_rollouts jsonb)
returns rolecall.judgement
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_actor rolecall.actor := rolecall_internal.actor(p_user, 'moderation', p_rollouts);
  v_author_role rolecall.app_role;
  v_facts text[];
begin
  if v_actor.refusal is not null then
    return rolecall_internal.judgement_of_refusal(v_actor.refusal, v_actor.organization_id);
  end if;
  select
    author.role,
    array[
      case when message.sender_id = p_user then 'self' end,
      case
        when p_user in (conversation.participant_low, conversation.participant_high)
          or exists (
            select
            from rolecall.conversation_participants as participant
            where participant.conversation_id = message.conversation_id
              and participant.user_id = p_user
          )
          or exists (
            select
            from rolecall.broadcasts as broadcast
            where broadcast.conversation_id = message.conversation_id
              and broadcast.seq = message.seq
              and rolecall_internal.in_audience(
                p_user,
                broadcast.show_id,
                broadcast.recipient_roles,
                broadcast.created_at
              )
          )
        then 'participant'
      end
    ]
  into v_author_role, v_facts
  from rolecall.messages as message
  left join rolecall.profiles as author
    on author.id = message.sender_id
  left join rolecall.conversations as conversation
    on conversation.id = message.conversation_id
  where message.id = p_message;
  if not found then
    select author_role, facts
    into v_author_role, v_facts
    from rolecall_internal.help_message_facts(p_user, p_message);
  end if;
  -- A message that does not exist has no participants, and is refused in the same words.
  return rolecall_internal.judgement_of(
    rolecall_internal.decide(
      'report',
      v_actor.role,
      coalesce(v_author_role, rolecall_internal.role_of_strangers()),
      array['feature_enabled'] || v_facts
    ),
    v_actor.organization_id
  );
end
$$;

-- Whether its reporter may report the same message again: an organizer has decided, and no moderator yet. Once.
create or replace function rolecall_internal.may_escalate(p_report rolecall.reported_messages)
returns boolean
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
begin
  return p_report.status = 'pending'
    and p_report.organizer_decision is not null
    and p_report.escalated_at is null;
end
$$;

-- The refusal of a second report of the same message by the same user; p_report is the first.
create or replace function rolecall_internal.refuse_second_report(p_report uuid)
returns jsonb
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
begin
  return rolecall_internal.refusal(
    'already_reported',
    'You have already reported this message.',
    'one_report_per_message',
    'You report another message.',
    jsonb_build_object('report_id', p_report)
  );
end
$$;

-- Files a report: {message_id, reason}. Who reports again what an organizer has decided escalates it: the report has their
-- new words, and moderators see that it was.
create or replace function rolecall_internal.report_message(p_user uuid, p_input jsonb, p_rollouts jsonb)
returns jsonb
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_message uuid := rolecall_internal.uuid_or_null(p_input ->> 'message_id');
  v_judgement rolecall.judgement := rolecall_internal.judge_report(p_user, v_message, p_rollouts);
  v_report rolecall.reported_messages;
begin
  if v_judgement.allowed is distinct from true then
    return v_judgement.refusal;
  end if;
  if not rolecall_internal.is_text(p_input ->> 'reason', 1, rolecall_internal.limit_report_reason_chars()) then
    return rolecall_internal.refuse_text('reason', p_input ->> 'reason', 1, rolecall_internal.limit_report_reason_chars());
  end if;

  -- Whether its content is kept is decided by who deletes it, so nobody does meanwhile.
  perform
  from rolecall.messages
  where id = v_message
  for share;
  insert into rolecall.reported_messages as report (
    message_id, conversation_id, seq, show_id, reporter_id, reported_user_id, reason, organizer_status
  )
  select
    message.id,
    message.conversation_id,
    message.seq,
    coalesce(message.show_id, conversation.show_id),
    p_user,
    message.sender_id,
    p_input ->> 'reason',
    -- Nobody hears of a report about themselves.
    case when show.id is not null and show.organizer_id is distinct from message.sender_id then 'pending' end
  from rolecall.messages as message
  join rolecall.conversations as conversation
    on conversation.id = message.conversation_id
  left join rolecall.shows as show
    on show.id = coalesce(message.show_id, conversation.show_id)
  where message.id = v_message
  on conflict (conversation_id, seq, reporter_id) do update
  set
    reason = excluded.reason,
    escalated_at = now()
  where rolecall_internal.may_escalate(report)
  returning report.*
  into v_report;
  if not found then
    v_report := rolecall_internal.report_help_message(p_user, v_message, p_input ->> 'reason');
  end if;
  if v_report.id is null then
    select report.*
    into v_report
    from rolecall.messages as message
    join rolecall.reported_messages as report
      on report.conversation_id = message.conversation_id
      and report.seq = message.seq
      and report.reporter_id = p_user
    where message.id = v_message
    union all
    select *
    from rolecall.reported_messages
    where message_id = v_message
      and seq is null
      and reporter_id = p_user;
    if not found then
      -- Deleted with its conversation since it was judged.
      return rolecall_internal.refusal('not_found', 'There is no message with this message_id.');
    end if;
    return rolecall_internal.refuse_second_report(v_report.id);
  end if;
  return rolecall_internal.success(
    jsonb_build_object(
      'report_id', v_report.id,
      'message_id', v_report.message_id,
      'status', v_report.status,
      'created_at', rolecall_internal.iso(v_report.created_at)
    )
  );
end
$$;

create or replace function rolecall_edge.report_message(p_request jsonb)
returns jsonb
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_call rolecall.call := rolecall_internal.begin_call('moderation.report', p_request, p_rate => 'report_message');
begin
  if v_call.answer is null then
    v_call.answer := rolecall_internal.report_message(v_call.caller, v_call.input, v_call.rollouts);
  end if;
  return rolecall_internal.end_call(v_call);
end
$$;
$sql$;

  -- schema/moderation/review.sql
  execute $sql$
-- Whether p_user may decide about a report: as about its message, and an organizer about what is theirs alone. Who may not
-- learns nothing of the report.
create or replace function rolecall_internal.judge_review(
  p_user uuid,
  p_report rolecall.reported_messages,
  p_rollouts jsonb
)
returns rolecall.judgement
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_judgement rolecall.judgement := rolecall_internal.judge_moderation(p_user, p_report.message_id, p_rollouts);
begin
  if v_judgement.refusal ->> 'code' = 'not_found'
    or (
      v_judgement.allowed
      and p_report.organizer_status is null
      and rolecall_internal.deletion_capacity(p_user, p_report.reported_user_id) <> 'moderator'
    )
  then
    return rolecall_internal.judgement_of_refusal(
      rolecall_internal.refusal('not_found', 'There is no report with this report_id.'),
      v_judgement.org_id
    );
  end if;
  return v_judgement;
end
$$;

-- The decision of a moderator, which settles every report of the message that no moderator has decided about: how many it
-- settled, and the state of the named one before.
create or replace function rolecall_internal.settle_reports(
  p_user uuid,
  p_report uuid,
  p_message rolecall.messages,
  p_decision text,
  p_note text,
  out settled bigint,
  out before jsonb
)
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_status text := case when p_decision in ('dismiss', 'restore') then 'dismissed' else 'actioned' end;
begin
  with decided as (
    update rolecall.reported_messages as report
    set
      status = v_status,
      decision = p_decision,
      note = p_note,
      reviewed_by = p_user,
      reviewed_at = now(),
      organizer_status = case when report.organizer_status is not null then v_status end
    from rolecall.reported_messages as named
    where named.id = p_report
      and report.conversation_id = named.conversation_id
      and report.message_id = named.message_id
      and (
        (named.status = 'pending' and report.status = 'pending')
        -- What was deleted by review is restored by review, too.
        or (
          p_decision = 'restore'
          and p_message.deleted_at is not null
          and named.status in ('pending', 'actioned')
          and named.decision is not distinct from case named.status when 'actioned' then 'delete' end
          and (report.status = 'pending' or report.decision = 'delete')
        )
      )
    returning jsonb_build_object('status', named.status, 'decision', named.decision) as state
  )
  select count(*), (array_agg(state))[1]
  into settled, before
  from decided;
end
$$;

-- The decision of the show's organizer, which settles every report of the message that neither they nor a moderator have
-- decided about, and none for moderators.
create or replace function rolecall_internal.settle_reports_as_organizer(
  p_user uuid,
  p_report uuid,
  p_message rolecall.messages,
  p_decision text,
  p_note text,
  out settled bigint,
  out before jsonb
)
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  with decided as (
    update rolecall.reported_messages as report
    set
      organizer_status = case when p_decision in ('dismiss', 'restore') then 'dismissed' else 'actioned' end,
      organizer_decision = p_decision,
      organizer_note = p_note,
      organizer_reviewed_by = p_user,
      organizer_reviewed_at = now()
    from rolecall.reported_messages as named
    where named.id = p_report
      and named.status = 'pending'
      and report.conversation_id = named.conversation_id
      and report.message_id = named.message_id
      and report.status = 'pending'
      and (
        (named.organizer_status = 'pending' and report.organizer_status = 'pending')
        or (
          p_decision = 'restore'
          and p_message.deleted_at is not null
          and named.organizer_decision is not distinct from case named.organizer_status when 'actioned' then 'delete' end
          and (report.organizer_status = 'pending' or report.organizer_decision = 'delete')
        )
      )
    returning jsonb_build_object('status', named.organizer_status, 'decision', named.organizer_decision) as state
  )
  select count(*), (array_agg(state))[1]
  into settled, before
  from decided;
end
$$;

-- Decides about a report: {report_id, decision, note?, suspended_until?}. The decision settles every report of the same
-- message that is pending for who decides. Of several moderators at once the first decides, and the others hear how; so of
-- several organizers. An organizer's decision leaves the report pending for moderators.
create or replace function rolecall_internal.review_report(p_user uuid, p_input jsonb, p_rollouts jsonb)
returns jsonb
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_actor rolecall.actor := rolecall_internal.actor(p_user, 'moderation', p_rollouts);
  v_decision text := p_input ->> 'decision';
  v_note text := p_input ->> 'note';
  v_until timestamptz := rolecall_internal.moment_or_null(p_input ->> 'suspended_until');
  v_report rolecall.reported_messages;
  v_message rolecall.messages;
  v_judgement rolecall.judgement;
  v_as text;
  v_before jsonb;
  v_settled bigint;
begin
  select *
  into v_report
  from rolecall.reported_messages
  where id = rolecall_internal.uuid_or_null(p_input ->> 'report_id');
  v_judgement := rolecall_internal.judge_review(p_user, v_report, p_rollouts);
  if v_judgement.allowed is distinct from true then
    return v_judgement.refusal;
  end if;
  if v_decision is null or v_decision not in ('dismiss', 'delete', 'restore', 'suspend') then
    return rolecall_internal.refusal('invalid_input', 'The decision is dismiss, delete, restore or suspend.');
  end if;
  if rolecall_internal.refuse_note(p_input) is not null then
    return rolecall_internal.refuse_note(p_input);
  end if;
  if v_decision = 'suspend' then
    v_judgement := rolecall_internal.judge_suspension(p_user, v_report.reported_user_id, p_rollouts);
    if v_judgement.allowed is distinct from true then
      if v_judgement.refusal ->> 'code' = 'not_found' then
        return rolecall_internal.refusal('not_found', 'The sender of this message has no account that could be suspended.');
      end if;
      return v_judgement.refusal;
    end if;
    if v_until is null or v_until <= now() then
      return rolecall_internal.refusal('invalid_input', 'To suspend, suspended_until must be a moment in the future.');
    end if;
  elsif p_input ->> 'suspended_until' is not null then
    return rolecall_internal.refusal('invalid_input', 'Only the decision suspend takes a suspended_until.');
  end if;

  -- Locked, so that nobody else decides about this message.
  perform rolecall_internal.hold_conversations(array[v_report.conversation_id]);
  select *
  into v_message
  from rolecall.messages
  where conversation_id = v_report.conversation_id
    and seq = v_report.seq
  for no key update;
  if v_report.seq is null then
    v_message := rolecall_internal.lock_help_message(v_report.message_id);
  end if;
  if v_decision = 'restore' and rolecall_internal.refuse_restoration(p_user, v_message) is not null then
    return rolecall_internal.refuse_restoration(p_user, v_message);
  end if;

  v_as := rolecall_internal.deletion_capacity(p_user, v_report.reported_user_id);
  if v_as = 'moderator' then
    select *
    into v_settled, v_before
    from rolecall_internal.settle_reports(p_user, v_report.id, v_message, v_decision, v_note);
  else
    select *
    into v_settled, v_before
    from rolecall_internal.settle_reports_as_organizer(p_user, v_report.id, v_message, v_decision, v_note);
  end if;
  select *
  into v_report
  from rolecall.reported_messages
  where id = v_report.id;
  if v_settled = 0 then
    if v_report.id is null then
      -- Deleted with its conversation since it was judged.
      return rolecall_internal.refusal('not_found', 'There is no report with this report_id.');
    end if;
    return rolecall_internal.refusal(
      'already_reviewed',
      format('This report has already been decided: %s.', coalesce(v_report.decision, v_report.organizer_decision)),
      'one_decision_per_report',
      'The report is pending, or you restore a message that was deleted by review.',
      jsonb_build_object(
        'report_id', v_report.id,
        'decision', coalesce(v_report.decision, v_report.organizer_decision)
      )
    );
  end if;

  perform rolecall_internal.audit_moderation(
    p_user,
    'report_reviewed',
    v_report.id,
    v_report.message_id,
    v_report.reported_user_id,
    v_note,
    v_before,
    jsonb_build_object(
      'status', case when v_as = 'moderator' then v_report.status else v_report.organizer_status end,
      'decision', v_decision,
      'decided_as', v_as,
      'reports_settled', v_settled
    )
  );
  if v_decision = 'delete' then
    perform rolecall_internal.apply_deletion(p_user, v_report.message_id, v_report.id, v_note);
  elsif v_decision = 'restore' then
    perform rolecall_internal.apply_restoration(p_user, v_report.message_id, v_report.id, v_note);
  elsif v_decision = 'suspend' then
    perform rolecall_internal.apply_suspension(
      p_user, v_report.reported_user_id, v_until, v_report.id, v_report.message_id, v_note
    );
  end if;
  return rolecall_internal.success(jsonb_build_object('report', rolecall_internal.report_json(v_report, v_actor)));
end
$$;

-- The kept answer of a review, which identifies the report: whoever asks again is judged again, and reads it as it is now.
create or replace function rolecall_internal.replay_review(p_user uuid, p_answer jsonb, p_rollouts jsonb)
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_report rolecall.reported_messages;
  v_judgement rolecall.judgement;
begin
  select *
  into v_report
  from rolecall.reported_messages
  where id = (p_answer #>> '{data,report_id}')::uuid;
  v_judgement := rolecall_internal.judge_review(p_user, v_report, p_rollouts);
  if v_judgement.allowed is distinct from true then
    return v_judgement.refusal;
  end if;
  return p_answer
    || jsonb_build_object(
      'data',
      jsonb_build_object(
        'report', rolecall_internal.report_json(v_report, rolecall_internal.actor(p_user, 'moderation', p_rollouts))
      )
    );
end
$$;

create or replace function rolecall_edge.review_report(p_request jsonb)
returns jsonb
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_call rolecall.call := rolecall_internal.begin_call('moderation.review', p_request, p_rate => 'moderate');
begin
  if v_call.answer is null then
    v_call.answer := rolecall_internal.review_report(v_call.caller, v_call.input, v_call.rollouts);
    v_call.kept := jsonb_build_object('report_id', v_call.answer #> '{data,report,id}');
  elsif v_call.answer -> 'replayed' = 'true' then
    v_call.answer := rolecall_internal.replay_review(v_call.caller, v_call.answer, v_call.rollouts);
  end if;
  return rolecall_internal.end_call(v_call);
end
$$;
$sql$;

  -- schema/monitoring/counts.sql
  execute $sql$
-- How many help conversations there are, counted by the statement that changes their number or status. A counter is spread
-- over stripes, so that two conversations rarely wait for each other; only the sum over the stripes means anything.

-- The hour that a conversation of p_created_at is counted in: conversations of long ago share one.
create or replace function rolecall_internal.counted_hour(p_created_at timestamptz)
returns timestamptz
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  if p_created_at > now() - interval '10 days' then
    return date_bin('1 hour', p_created_at, '2000-01-01 00:00:00+00');
  end if;
  return '2000-01-01 00:00:00+00';
end
$$;

create or replace function rolecall_internal.count_help_conversations()
returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  insert into rolecall.help_conversation_counts as counted (hour, status, stripe, conversations)
  select rolecall_internal.counted_hour(created_at), status, pg_backend_pid() % 16, count(*)
  from added
  group by 1, 2
  order by 1, 2
  on conflict (hour, status, stripe) do update
  set conversations = counted.conversations + excluded.conversations;
  return null;
end
$$;

create or replace function rolecall_internal.discount_help_conversations()
returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  insert into rolecall.help_conversation_counts as counted (hour, status, stripe, conversations)
  select rolecall_internal.counted_hour(created_at), status, pg_backend_pid() % 16, -count(*)
  from gone
  group by 1, 2
  order by 1, 2
  on conflict (hour, status, stripe) do update
  set conversations = counted.conversations + excluded.conversations;
  return null;
end
$$;

-- For each row whose status, or time of creation, has changed.
create or replace function rolecall_internal.recount_help_conversation()
returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  insert into rolecall.help_conversation_counts as counted (hour, status, stripe, conversations)
  select hour, status, pg_backend_pid() % 16, sum(difference)
  from (
    values
      (rolecall_internal.counted_hour(old.created_at), old.status, -1),
      (rolecall_internal.counted_hour(new.created_at), new.status, 1)
  ) as changed (hour, status, difference)
  group by hour, status
  order by hour, status
  on conflict (hour, status, stripe) do update
  set conversations = counted.conversations + excluded.conversations;
  return null;
end
$$;

-- Adds the hours of long ago up to one row for each status.
create or replace function rolecall_internal.fold_help_conversation_counts()
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  with old as (
    select hour, status, stripe
    from rolecall.help_conversation_counts
    where hour > '2000-01-01 00:00:00+00'
      and hour <= now() - interval '10 days'
    order by hour, status, stripe
    limit 1000
    for update skip locked
  ),
  gone as (
    delete from rolecall.help_conversation_counts as counted
    using old
    where counted.hour = old.hour
      and counted.status = old.status
      and counted.stripe = old.stripe
    returning counted.status, counted.conversations
  )
  insert into rolecall.help_conversation_counts as counted (hour, status, stripe, conversations)
  select '2000-01-01 00:00:00+00', status, 0, sum(conversations)
  from gone
  group by status
  order by status
  on conflict (hour, status, stripe) do update
  set conversations = counted.conversations + excluded.conversations;
end
$$;
$sql$;

  -- schema/monitoring/alerts.sql
  execute $sql$
-- What began and what ended, on its way to alert_url. Between two statements the function sends: so the first takes a lease
-- on the sending, and the second says what the receiver has taken. Whoever dies in between leaves a lease that runs out,
-- and what was not settled is sent again.

-- Compares what fires with what fired at the last call, and writes down what began and ended.
create or replace function rolecall_internal.note_alerts(p_has_receiver boolean)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  with firing as (
    select name, severity, value, threshold, summary
    from rolecall_monitoring.alerts
  ),
  begun as (
    insert into rolecall.alert_states (name, since)
    select name, now()
    from firing
    order by name
    on conflict (name) do nothing
    returning name
  ),
  over as (
    delete from rolecall.alert_states as state
    where not exists (
      select
      from firing
      where firing.name = state.name
    )
    returning state.name, state.since
  )
  insert into rolecall.alert_events (name, event, severity, value, threshold, summary, since)
  select rule.name, 'ended', rule.severity, null, rule.threshold, rule.summary, over.since
  from over
  join rolecall.alert_rules as rule
    on rule.name = over.name
  union all
  select firing.name, 'began', firing.severity, firing.value, firing.threshold, firing.summary, now()
  from begun
  join firing
    on firing.name = begun.name;

  -- Without a receiver only what still fires waits for one.
  if not p_has_receiver then
    delete from rolecall.alert_events as event
    where event.sent_at is null
      and (
        event.event = 'ended'
        or not exists (
          select
          from rolecall.alert_states as state
          where state.name = event.name
            and state.since = event.since
        )
      );
  end if;

  delete from rolecall.alert_events
  where at < now() - interval '30 days'
    and sent_at is not null;
end
$$;

-- Notes what began and ended, merges old minutes, and takes the lease to send: {receiver: boolean} -> {firing, events,
-- lease, more}. Without a lease another call sends at this moment.
create or replace function rolecall_edge.alerts(p_request jsonb)
returns jsonb
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_call rolecall.call := rolecall_internal.begin_call('alerts', p_request, p_who => 'operator', p_keyed => false);
  v_has_receiver boolean := p_request #> '{input,receiver}' is not distinct from 'true';
  v_lease uuid;
begin
  if v_call.answer is null then
    -- One call at a time looks.
    perform
    from rolecall.alert_delivery
    where id = 1
    for update;
    perform rolecall_internal.note_alerts(v_has_receiver);
    perform rolecall_internal.fold_help_conversation_counts();
    perform rolecall_internal.merge_metrics();
    if v_has_receiver then
      update rolecall.alert_delivery
      set
        lease = gen_random_uuid(),
        leased_until = now() + interval '30 seconds'
      where id = 1
        and leased_until < now() is not false
      returning lease
      into v_lease;
    end if;
    v_call.answer := rolecall_internal.success(
      jsonb_build_object(
        'firing',
        (
          select coalesce(
            jsonb_agg(
              jsonb_build_object(
                'name', alert.name,
                'severity', alert.severity,
                'value', alert.value,
                'threshold', alert.threshold,
                'since', rolecall_internal.iso(alert.since),
                'summary', alert.summary
              )
              order by alert.severity, alert.name
            ),
            '[]'
          )
          from rolecall_monitoring.alerts as alert
        ),
        'events',
        (
          select coalesce(
            jsonb_agg(
              jsonb_build_object(
                'id', event.id,
                'name', event.name,
                'event', event.event,
                'severity', event.severity,
                'value', event.value,
                'threshold', event.threshold,
                'since', rolecall_internal.iso(event.since),
                'at', rolecall_internal.iso(event.at),
                'summary', event.summary
              )
              order by event.id
            ),
            '[]'
          )
          from (
            select *
            from rolecall.alert_events as unsent
            where unsent.sent_at is null
              and v_lease is not null
            order by unsent.id
            limit 20
          ) as event
        ),
        'lease', v_lease
      )
    );
  end if;
  return rolecall_internal.end_call(v_call);
end
$$;

-- Settles what was sent under a lease, and gives it back: {lease, sent: [id]} -> {settled, waiting}. A lease that has run
-- out settles all the same: what the receiver has taken it has taken.
create or replace function rolecall_edge.alerts_sent(p_request jsonb)
returns jsonb
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_caller uuid := rolecall_internal.assume_claims(p_request -> 'claims');
  v_refusal jsonb := rolecall_internal.refuse_stranger('operator', v_caller, p_request);
  v_settled bigint;
begin
  if v_refusal is not null then
    return v_refusal;
  end if;
  with settled as (
    update rolecall.alert_events as event
    set sent_at = now()
    where event.sent_at is null
      and p_request #> '{input,sent}' @> to_jsonb(event.id)
    returning event.id
  )
  select count(*)
  into v_settled
  from settled;
  update rolecall.alert_delivery
  set
    lease = null,
    leased_until = null
  where lease = rolecall_internal.uuid_or_null(p_request #>> '{input,lease}');
  return rolecall_internal.success(
    jsonb_build_object(
      'settled', v_settled,
      'waiting', (select count(*) from rolecall.alert_events where sent_at is null)
    )
  );
end
$$;
$sql$;

  -- schema/monitoring/metrics.sql
  execute $sql$
-- The figures that GET /functions/v1/metrics shows in Prometheus' text format. All are of one moment: one statement reads
-- the totals and the minutes that are not yet part of them.
create or replace function rolecall_edge.metrics(p_request jsonb)
returns jsonb
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_call rolecall.call := rolecall_internal.begin_call('metrics', p_request, p_who => 'operator', p_keyed => false);
begin
  if v_call.answer is null then
    v_call.answer := rolecall_internal.success(
      jsonb_build_object(
        'requests',
        (
          select coalesce(
            jsonb_agg(
              jsonb_build_array(counter.function, counter.code, counter.bucket, counter.requests)
              order by counter.function, counter.code, counter.bucket
            ),
            '[]'
          )
          from rolecall_internal.request_counters() as counter
        ),
        'flags',
        (
          select coalesce(jsonb_object_agg(flag.name, flag.rollout), '{}')
          from rolecall.feature_flags as flag
        ),
        'alerts',
        (
          select coalesce(
            jsonb_agg(jsonb_build_array(rule.name, rule.severity, alert.name is not null) order by rule.name),
            '[]'
          )
          from rolecall.alert_rules as rule
          left join rolecall_monitoring.alerts as alert
            on alert.name = rule.name
        ),
        'pending_reports',
        (
          select jsonb_build_object('count', pending.count, 'oldest_age_seconds', pending.oldest_age_seconds)
          from rolecall_monitoring.pending_reports as pending
        ),
        'conversations',
        (
          select jsonb_object_agg(version.version, version.active)
          from rolecall_monitoring.active_conversations as version
        ),
        'unsent_alerts', (select count(*) from rolecall.alert_events where sent_at is null),
        'migration', (select max(version) from rolecall.schema_migrations)
      )
    );
  end if;
  return rolecall_internal.end_call(v_call);
end
$$;
$sql$;

  -- schema/monitoring/record_failures.sql
  execute $sql$
-- Counts failures that left nothing in the database, as the functions hand them in: {batch, failures: [{operation, code,
-- age_seconds, bucket, requests}]}. Takes no claims, as they are of many callers, and whoever has the login of the
-- functions acts for anybody already. A batch that was counted is not counted again. The audit log has them as errors.
create or replace function rolecall_edge.record_failures(p_request jsonb)
returns jsonb
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_batch uuid := rolecall_internal.uuid_or_null(p_request #>> '{input,batch}');
  v_failures jsonb := p_request #> '{input,failures}';
begin
  perform rolecall_internal.refuse_long_statements();
  if v_batch is null or jsonb_typeof(v_failures) is distinct from 'array' or jsonb_array_length(v_failures) > 10000 then
    return rolecall_internal.refusal('invalid_input', 'Failures have a batch, and are a list of up to 10,000.');
  end if;

  -- Nobody sends a batch again after a day.
  delete from rolecall.failure_batches
  where at < now() - interval '1 day';

  with batch as (
    insert into rolecall.failure_batches (id)
    values (v_batch)
    on conflict (id) do nothing
    returning id
  ),
  failed as (
    select
      -- Dated at its own minute, and within the days that are kept.
      date_bin(
        '1 minute',
        now() - least(greatest(failure.age_seconds, 0), 6 * 86400) * interval '1 second',
        '2000-01-01 00:00:00+00'
      ) as slot,
      failure.operation,
      failure.code,
      least(greatest(failure.bucket, 0), 40) as bucket,
      failure.requests
    from batch
    cross join jsonb_to_recordset(v_failures)
      as failure (operation text, code text, age_seconds bigint, bucket int, requests bigint)
    where failure.operation ~ '^[a-z][a-z0-9_.-]{0,62}$'
      and rolecall_internal.is_failure(failure.code)
      and failure.requests > 0
  ),
  counted as (
    insert into rolecall.request_metrics as metric (day_slot, slot, function, code, org_id, bucket, stripe, requests)
    select
      rolecall_internal.day_slot(slot, 12),
      slot,
      operation,
      code,
      '00000000-0000-0000-0000-000000000000',
      bucket,
      pg_backend_pid() % 32,
      sum(requests)
    from failed
    group by slot, operation, code, bucket
    order by slot, operation, code, bucket
    on conflict (org_id, slot, function, code, bucket, stripe, minutes, day_slot) do update
    set requests = metric.requests + excluded.requests
  )
  -- One row for many: how often it was, its details say.
  insert into rolecall.application_logs ("timestamp", level, service, method, event, code, details)
  select slot, 'error', 'database', operation, 'failed', code, jsonb_build_object('requests', sum(requests))
  from failed
  group by slot, operation, code
  order by slot, operation, code;
  return rolecall_internal.success('{}');
end
$$;
$sql$;

  -- schema/monitoring/v1_conversations.sql
  execute $sql$
-- How many conversations V1 has, the app's own that was adopted; all zero where none was. The views of an adoption lie in a
-- schema that need not be there, so no view can name it; one that is not ours is not read.
create or replace function rolecall_internal.v1_conversation_counts(
  out day bigint,
  out week bigint,
  out ever bigint,
  out active bigint
)
language plpgsql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  if to_regclass('rolecall_adopted.conversations') is not null
    and (
      select adopted.nspowner = ours.nspowner
      from pg_catalog.pg_namespace as adopted
      join pg_catalog.pg_namespace as ours
        on ours.nspname = 'rolecall'
      where adopted.nspname = 'rolecall_adopted'
    )
  then
    execute $count$
      select
        count(*) filter (where created_at > now() - interval '24 hours'),
        count(*) filter (where created_at > now() - interval '7 days'),
        count(*),
        count(*) filter (where status = 'active')
      from rolecall_adopted.conversations
    $count$
    into day, week, ever, active;
  else
    day := 0;
    week := 0;
    ever := 0;
    active := 0;
  end if;
end
$$;
$sql$;

  -- schema/own_data/export.sql
  execute $sql$
-- The lines of one kind that follow the given key (group, position, id): the first 500 in the order of their keys, or
-- some more. Each kind is read by index from its key on. The limits are literals: of one that is a parameter the
-- planner, once it plans for all calls, expects a tenth of everything.
create or replace function rolecall_internal.export_section(
  p_user uuid,
  p_section text,
  p_group uuid,
  p_position bigint,
  p_id uuid
)
returns table (line jsonb, group_id uuid, "position" bigint, id uuid)
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_nil constant uuid := '00000000-0000-0000-0000-000000000000';
  v_conversation uuid;
  v_last bigint;
  v_reached bigint;
  v_step int;
  v_found int;
  v_lines int := 0;
begin
  case p_section
    when 'profile' then
      return query
      select
        jsonb_build_object(
          'id', profile.id,
          'display_name', profile.display_name,
          'role', profile.role,
          'organization_id', profile.organization_id,
          'organization_role', profile.organization_role,
          'suspended_until', rolecall_internal.suspension_json(profile.suspended_until),
          'created_at', rolecall_internal.iso(profile.created_at),
          'updated_at', rolecall_internal.iso(profile.updated_at)
        ),
        profile.id,
        0::bigint,
        v_nil
      from rolecall.profiles as profile
      where profile.id = p_user
        and profile.id > p_group;

    when 'block' then
      return query
      select
        jsonb_build_object('blocked_id', block.blocked_id, 'created_at', rolecall_internal.iso(block.created_at)),
        block.blocked_id,
        0::bigint,
        v_nil
      from rolecall.user_blocks as block
      where block.blocker_id = p_user
        and block.blocked_id > p_group
      order by block.blocked_id
      limit 500;

    when 'show' then
      -- Those that they organize.
      return query
      select
        jsonb_build_object(
          'id', show.id,
          'title', show.title,
          'starts_at', rolecall_internal.iso(show.starts_at),
          'ends_at', rolecall_internal.iso(show.ends_at),
          'created_at', rolecall_internal.iso(show.created_at)
        ),
        show.id,
        0::bigint,
        v_nil
      from rolecall.shows as show
      where show.organizer_id = p_user
        and show.id > p_group
      order by show.id
      limit 500;

    when 'participation' then
      return query
      select
        jsonb_build_object(
          'show_id', own.show_id,
          'role', own.role,
          'joined_at', rolecall_internal.iso(own.joined_at),
          'left_at', case when isfinite(own.left_at) then rolecall_internal.iso(own.left_at) end
        ),
        own.show_id,
        (extract(epoch from own.joined_at) * 1000000)::bigint,
        v_nil
      from rolecall.participations as own
      where own.user_id = p_user
        and own.show_id >= p_group
        and (own.show_id, (extract(epoch from own.joined_at) * 1000000)::bigint) > (p_group, p_position)
      order by own.show_id, own.joined_at
      limit 500;

    when 'conversation' then
      return query
      select
        jsonb_build_object(
          'id', conversation.id,
          'kind', conversation.kind,
          'version', conversation.version,
          'with', case
            when other.id is not null
              then jsonb_build_object('id', other.id, 'display_name', other.display_name)
          end,
          'show_id', conversation.show_id,
          'read_only', conversation.read_only,
          'last_seq', conversation.last_seq,
          'last_read_seq', participant.last_read_seq,
          'created_at', rolecall_internal.iso(conversation.created_at),
          'last_message_at', case
            when isfinite(conversation.last_message_at) then rolecall_internal.iso(conversation.last_message_at)
          end
        ),
        conversation.id,
        0::bigint,
        v_nil
      from rolecall.conversation_participants as participant
      join rolecall.conversations as conversation
        on conversation.id = participant.conversation_id
      left join rolecall.profiles as other
        on other.id = case p_user
          when conversation.participant_low then conversation.participant_high
          else conversation.participant_low
        end
      where participant.user_id = p_user
        and participant.conversation_id > p_group
      order by participant.conversation_id
      limit 500;

    when 'message' then
      -- Of both sides: what was written to somebody is theirs, too. Conversation by conversation, and in each by ranges of
      -- numbers, which no plan can make more of than they are.
      for v_conversation, v_last in
        select conversation.id, conversation.last_seq
        from rolecall.conversation_participants as participant
        join rolecall.conversations as conversation
          on conversation.id = participant.conversation_id
        where participant.user_id = p_user
          and participant.conversation_id >= p_group
        order by participant.conversation_id
      loop
        v_reached := case when v_conversation = p_group then p_position else 0 end;
        while v_reached < v_last and v_lines < 500 loop
          v_step := 500 - v_lines;
          return query
          select
            rolecall_internal.message_json(message) || jsonb_build_object('conversation_id', message.conversation_id),
            message.conversation_id,
            message.seq,
            v_nil
          from rolecall.messages as message
          where message.conversation_id = v_conversation
            and message.seq > v_reached
            and message.seq <= v_reached + v_step;
          get diagnostics v_found = row_count;
          v_lines := v_lines + v_found;
          v_reached := v_reached + v_step;
        end loop;
        exit when v_lines >= 500;
      end loop;

    when 'imported_message' then
      -- Their own in conversations of others, which they do not read.
      return query
      select
        rolecall_internal.message_json(message) || jsonb_build_object('conversation_id', message.conversation_id),
        message.conversation_id,
        message.seq,
        v_nil
      from rolecall.messages as message
      where message.sender_id = p_user
        and message.legacy
        and (message.conversation_id, message.seq) > (p_group, p_position)
        and not exists (
          select
          from rolecall.conversation_participants as participant
          where participant.conversation_id = message.conversation_id
            and participant.user_id = p_user
        )
      order by message.conversation_id, message.seq
      limit 500;

    when 'broadcast' then
      -- What was broadcast to them: they took part with one of the roles when it was sent, and no block hides it.
      return query
      select
        jsonb_build_object(
          'id', broadcast.id,
          'conversation_id', broadcast.conversation_id,
          'message_id', broadcast.message_id,
          'show_id', broadcast.show_id,
          'sender_id', broadcast.sender_id,
          'content', message.content,
          'created_at', rolecall_internal.iso(broadcast.created_at),
          'deleted', rolecall_internal.deletion_of(message)
        ),
        broadcast.id,
        0::bigint,
        v_nil
      from rolecall.participations as own
      join rolecall.broadcasts as broadcast
        on broadcast.show_id = own.show_id
        and broadcast.created_at >= own.joined_at
        and broadcast.created_at < own.left_at
        and own.role = any (broadcast.recipient_roles)
      join rolecall.messages as message
        on message.conversation_id = broadcast.conversation_id
        and message.seq = broadcast.seq
      where own.user_id = p_user
        and broadcast.sender_id <> p_user
        and broadcast.id > p_group
        and rolecall_internal.reads_broadcasts_of(p_user, broadcast.sender_id)
      order by broadcast.id
      limit 500;

    when 'sent_broadcast' then
      -- Their contents come with the messages.
      return query
      select
        jsonb_build_object(
          'id', broadcast.id,
          'conversation_id', broadcast.conversation_id,
          'message_id', broadcast.message_id,
          'show_id', broadcast.show_id,
          'phase', broadcast.phase,
          'recipient_roles', broadcast.recipient_roles,
          'audience_count', broadcast.audience_count,
          'created_at', rolecall_internal.iso(broadcast.created_at)
        ),
        broadcast.id,
        0::bigint,
        v_nil
      from rolecall.broadcasts as broadcast
      where broadcast.sender_id = p_user
        and broadcast.id > p_group
      order by broadcast.id
      limit 500;

    when 'help_request' then
      return query
      select
        jsonb_build_object(
          'id', request.id,
          'title', request.title,
          'description', request.description,
          'status', request.status,
          'created_at', rolecall_internal.iso(request.created_at),
          'updated_at', rolecall_internal.iso(request.updated_at)
        ),
        request.id,
        0::bigint,
        v_nil
      from rolecall.help_requests as request
      where request.requester_id = p_user
        and request.id > p_group
      order by request.id
      limit 500;

    when 'help_conversation' then
      return query
      select
        jsonb_build_object(
          'id', conversation.id,
          'help_request_id', conversation.help_request_id,
          'requester_id', conversation.requester_id,
          'helper_id', conversation.helper_id,
          'initial_message', conversation.initial_message,
          'status', conversation.status,
          'last_read_at', (
            select case
              when isfinite(own.read_at) then rolecall_internal.iso(own.read_at)
            end
            from (
              select case thread.requester_id when p_user then thread.requester_read_at else thread.helper_read_at end as read_at
              from rolecall.help_threads as thread
              where thread.conversation_id = conversation.id
            ) as own
          ),
          'created_at', rolecall_internal.iso(conversation.created_at),
          'updated_at', rolecall_internal.iso(conversation.updated_at)
        ),
        conversation.id,
        0::bigint,
        v_nil
      from public.conversations_v2 as conversation
      where p_user in (conversation.requester_id, conversation.helper_id)
        and conversation.id > p_group
      order by conversation.id
      limit 500;

    when 'help_message' then
      for v_conversation in
        select conversation.id
        from public.conversations_v2 as conversation
        where p_user in (conversation.requester_id, conversation.helper_id)
          and conversation.id >= p_group
        order by conversation.id
      loop
        return query
        select
          rolecall_internal.help_message(message) || jsonb_build_object('conversation_id', message.conversation_id),
          message.conversation_id,
          (extract(epoch from message.created_at) * 1000000)::bigint,
          message.id
        from public.messages_v2 as message
        where message.conversation_id = v_conversation
          and (
            v_conversation <> p_group
            or (message.created_at, message.id) > ('epoch'::timestamptz + p_position * interval '1 microsecond', p_id)
          )
        order by message.created_at, message.id
        limit 500;
        get diagnostics v_found = row_count;
        v_lines := v_lines + v_found;
        exit when v_lines >= 500;
      end loop;

    when 'help_message_edit' then
      -- What their help messages said before they were edited.
      return query
      select
        jsonb_build_object(
          'message_id', edit.message_id,
          'conversation_id', edit.conversation_id,
          'content', edit.content,
          'written_at', rolecall_internal.iso(edit.written_at),
          'replaced_at', rolecall_internal.iso(edit.replaced_at)
        ),
        v_nil,
        edit.id,
        v_nil
      from rolecall.help_message_edits as edit
      where edit.sender_id = p_user
        and edit.content is not null
        and edit.id > p_position
      order by edit.id
      limit 500;

    when 'report' then
      return query
      select
        jsonb_build_object(
          'id', report.id,
          'message_id', report.message_id,
          'conversation_id', report.conversation_id,
          'reason', report.reason,
          'status', report.status,
          'created_at', rolecall_internal.iso(report.created_at)
        ),
        report.id,
        0::bigint,
        v_nil
      from rolecall.reported_messages as report
      where report.reporter_id = p_user
        and report.id > p_group
      order by report.id
      limit 500;

    when 'decision' then
      -- About reports of others, as a moderator or as an organizer; what these said is theirs.
      return query
      select
        jsonb_build_object(
          'report_id', report.id,
          'message_id', report.message_id,
          'decision', case when report.reviewed_by = p_user then report.decision else report.organizer_decision end,
          'status', case when report.reviewed_by = p_user then report.status else report.organizer_status end,
          'note', case when report.reviewed_by = p_user then report.note else report.organizer_note end,
          'reviewed_at', rolecall_internal.iso(
            case when report.reviewed_by = p_user then report.reviewed_at else report.organizer_reviewed_at end
          )
        ),
        report.id,
        0::bigint,
        v_nil
      from rolecall.reported_messages as report
      where (report.reviewed_by = p_user or report.organizer_reviewed_by = p_user)
        and report.id > p_group
      order by report.id
      limit 500;

    when 'audit_entry' then
      return query
      select
        jsonb_build_object(
          'id', entry.id,
          'at', rolecall_internal.iso(entry.at),
          'action', entry.action,
          'report_id', entry.report_id,
          'message_id', entry.message_id,
          'target_id', entry.target_id,
          'note', entry.note,
          'before', entry.before,
          'after', entry.after
        ),
        entry.id,
        0::bigint,
        v_nil
      from rolecall.moderation_audit as entry
      where entry.actor_id = p_user
        and entry.id > p_group
      order by entry.id
      limit 500;
  end case;
end
$$;

-- A page of the export, of up to 500 lines: {cursor?}. The cursor names the kind of the last line and its key. A suspended
-- user may export and delete their data.
create or replace function rolecall_internal.export_page(p_user uuid, p_input jsonb, p_rollouts jsonb)
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_sections constant text[] := array[
    'profile', 'block', 'show', 'participation', 'conversation', 'message', 'imported_message', 'broadcast',
    'sent_broadcast', 'help_request', 'help_conversation', 'help_message', 'help_message_edit', 'report',
    'decision', 'audit_entry'
  ];
  v_nil constant uuid := '00000000-0000-0000-0000-000000000000';
  v_actor rolecall.actor := rolecall_internal.actor(p_user, 'own-data', p_rollouts);
  v_parts text[];
  v_section int := 1;
  v_group uuid := v_nil;
  v_position bigint := 0;
  v_id uuid := v_nil;
  v_lines jsonb := '[]';
  v_left int := 500;
  v_found int;
  v_page jsonb;
begin
  if v_actor.refusal is not null then
    return v_actor.refusal;
  end if;
  if p_input ->> 'cursor' is not null then
    v_parts := regexp_match(p_input ->> 'cursor', '^([a-z_]+)/([^/]+)/(-?[0-9]{1,16})/([^/]+)$');
    v_section := array_position(v_sections, v_parts[1]);
    v_group := rolecall_internal.uuid_or_null(v_parts[2]);
    v_position := v_parts[3];
    v_id := rolecall_internal.uuid_or_null(v_parts[4]);
    if v_section is null or v_group is null or v_id is null then
      return rolecall_internal.refuse_cursor();
    end if;
  end if;

  while v_section <= cardinality(v_sections) loop
    select
      count(*),
      coalesce(
        jsonb_agg(
          jsonb_build_object(
            'type', case v_sections[v_section] when 'imported_message' then 'message' else v_sections[v_section] end
          ) || line
          order by group_id, "position", id
        ),
        '[]'
      ),
      coalesce((array_agg(group_id order by group_id desc, "position" desc, id desc))[1], v_group),
      coalesce((array_agg("position" order by group_id desc, "position" desc, id desc))[1], v_position),
      coalesce((array_agg(id order by group_id desc, "position" desc, id desc))[1], v_id)
    into v_found, v_page, v_group, v_position, v_id
    from (
      select *
      from rolecall_internal.export_section(p_user, v_sections[v_section], v_group, v_position, v_id)
      order by group_id, "position", id
      limit v_left
    ) as page;
    v_lines := v_lines || v_page;
    v_left := v_left - v_found;
    exit when v_left = 0;
    v_section := v_section + 1;
    v_group := v_nil;
    v_position := 0;
    v_id := v_nil;
  end loop;
  return rolecall_internal.success(
    jsonb_build_object(
      'lines', v_lines,
      'next_cursor', case
        when v_section <= cardinality(v_sections)
          then format('%s/%s/%s/%s', v_sections[v_section], v_group, v_position, v_id)
      end
    )
  );
end
$$;

-- The first page takes a token of exports and is audited; the others belong to it, and take one of pages.
create or replace function rolecall_edge.export_own_data(p_request jsonb)
returns jsonb
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_first boolean := p_request #>> '{input,cursor}' is null;
  v_call rolecall.call := rolecall_internal.begin_call(
    'own-data.export',
    p_request,
    p_rate => case when v_first then 'export_own_data' else 'export_page' end,
    p_keyed => false
  );
begin
  if v_call.answer is null then
    v_call.answer := rolecall_internal.export_page(v_call.caller, v_call.input, v_call.rollouts);
    if v_first and (v_call.answer -> 'ok')::boolean then
      perform rolecall_internal.log_event(v_call, 'own_data_exported');
    end if;
  end if;
  return rolecall_internal.end_call(v_call);
end
$$;
$sql$;

  -- schema/permissions/check_permission_many.sql
  execute $sql$
-- check_permission for an array: the results of up to 200 checks by one statement. What is the same for all of them, the
-- caller and their limits, is looked up once; the facts of each check are looked up by key; and checks with the same facts
-- share a decision and its words. check_permission.sql has the twin of each step for a single check, by the real calls' own
-- judgements; a test compares the two.

-- What check_permission says of a direct message by its facts, for an actor who may use the function: judge_dm, and the
-- reply that the message is where the two have a closed conversation. p_read_only is null where they have none.
create or replace function rolecall_internal.judge_dm_facts(
  p_actor rolecall.actor,
  p_target_role rolecall.app_role,
  p_show_is_missing boolean,
  p_shares_show boolean,
  p_read_only boolean,
  p_facts text[]
)
returns rolecall.judgement
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_facts text[] := p_facts;
  v_decision rolecall.decision;
  v_reply rolecall.decision;
begin
  if p_target_role is null then
    return row(
      false,
      rolecall_internal.refusal('not_found', 'There is no user with this recipient_id.'),
      p_actor.organization_id,
      null::text
    );
  end if;
  if p_show_is_missing then
    return row(
      false,
      rolecall_internal.refusal('not_found', 'There is no show with this show_id.'),
      p_actor.organization_id,
      null::text
    );
  end if;

  v_decision := rolecall_internal.decide('start_dm', p_actor.role, p_target_role, v_facts);
  if not v_decision.allowed and 'foreign_show' = any (v_facts) then
    return rolecall_internal.judgement_of(v_decision, p_actor.organization_id);
  end if;
  if not v_decision.allowed and p_shares_show then
    v_facts := v_facts || 'shares_show'::text;
    v_decision := rolecall_internal.decide('start_dm', p_actor.role, p_target_role, v_facts);
  end if;
  if not v_decision.allowed and p_read_only is not null then
    v_reply := rolecall_internal.decide(
      'reply',
      p_actor.role,
      p_target_role,
      v_facts || array['participant', case when p_read_only then 'read_only' end]
    );
    if v_reply.allowed then
      v_decision := v_reply;
    end if;
  end if;

  if v_decision.allowed and p_read_only then
    v_decision := rolecall_internal.decide(
      'reply',
      p_actor.role,
      p_target_role,
      array[
        'feature_enabled',
        p_actor.suspended,
        'read_only',
        'participant',
        case when 'blocked' = any (p_facts) then 'blocked' end
      ]
    );
  end if;
  return rolecall_internal.judgement_of(v_decision, p_actor.organization_id);
end
$$;

-- The result of each check, in their order, with a null for each that is malformed.
create or replace function rolecall_internal.check_permission_many(p_user uuid, p_checks jsonb, p_request jsonb)
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
-- Planning takes as long as answering.
set plan_cache_mode = force_generic_plan
as $$
#variable_conflict use_column
declare
  v_writer rolecall.actor := rolecall_internal.actor(
    p_user, 'send-dm', p_request -> 'rollouts'
  );
  v_broadcaster rolecall.actor := rolecall_internal.actor(
    p_user, 'send-broadcast', p_request -> 'rollouts'
  );
  v_moderator rolecall.actor := rolecall_internal.actor(
    p_user, 'moderation', p_request -> 'rollouts'
  );
  v_reader rolecall.actor := rolecall_internal.actor(
    p_user, 'conversations', p_request -> 'rollouts'
  );
  v_dm_limit jsonb := rolecall_internal.peek_token(p_user, 'send_dm');
  v_broadcast_limit jsonb := rolecall_internal.peek_token(p_user, 'send_broadcast');
  v_report_limit jsonb := rolecall_internal.peek_token(p_user, 'report_message');
  v_stranger rolecall.app_role := rolecall_internal.role_of_strangers();
begin
  return (
    with given as materialized (
      select
        number,
        body,
        body ->> 'action' as action,
        body ->> 'actor_role' is not null or body ->> 'target_role' is not null as is_pair,
        coalesce(body -> 'recipient_roles', 'null') = 'null' as is_to_anyone
      from jsonb_array_elements(p_checks) with ordinality as listed (body, number)
    ),
    named as materialized (
      select
        given.*,
        body ->> object_field as object,
        case
          when action <> 'broadcast' or is_pair then null
          when is_to_anyone then enum_range(null::rolecall.app_role)
          else rolecall_internal.roles_of(body -> 'recipient_roles')
        end as roles
      from given
      cross join lateral (
        select case action
          when 'start_dm' then 'recipient_id'
          when 'reply' then 'conversation_id'
          when 'broadcast' then 'show_id'
          when 'moderate' then 'message_id'
          when 'report' then 'message_id'
          when 'suspend' then 'target_id'
          when 'read_broadcast' then 'conversation_id'
        end as object_field
      ) as named
    ),
    asked as materialized (
      select
        number,
        body,
        action,
        is_to_anyone,
        -- Null for a check that is malformed.
        case
          when is_pair then
            case
              when rolecall_internal.is_action(action)
                and rolecall_internal.is_role(body ->> 'actor_role')
                and rolecall_internal.is_role(body ->> 'target_role')
                and coalesce(jsonb_typeof(body -> 'facts'), 'null') in ('null', 'array')
              then 'pair'
            end
          when object is not null and (action <> 'broadcast' or roles is not null) then action
        end as kind,
        case when not is_pair then rolecall_internal.uuid_or_null(object) end as object_id,
        case
          when action = 'start_dm' and not is_pair then rolecall_internal.uuid_or_null(body ->> 'show_id')
        end as show_id,
        roles
      from named
    ),

    -- Direct messages
    dm_fact as materialized (
      select
        asked.number,
        asked.object_id,
        asked.show_id,
        fact.target_role,
        fact.facts,
        asked.show_id is not null and not exists (select from rolecall.shows where id = asked.show_id) as show_is_missing,
        pair.read_only
      from asked
      cross join lateral (
        select target_role, facts
        from rolecall_internal.dm_facts(p_user, asked.object_id, asked.show_id, 'send-dm')
        -- Each by its key, however many PostgreSQL expects.
        offset 0
      ) as fact
      left join lateral (
        select read_only
        from rolecall.conversations
        where kind = 'direct'
          and version = 'v2'
          and participant_low = least(p_user, asked.object_id)
          and participant_high = greatest(p_user, asked.object_id)
        offset 0
      ) as pair
        on true
      where asked.kind = 'start_dm'
        and v_writer.refusal is null
    ),
    dm_at_first as materialized (
      select
        target_role,
        facts,
        (rolecall_internal.decide('start_dm', v_writer.role, target_role, facts)).allowed
      from (
        select distinct target_role, facts
        from dm_fact
      ) as alike
    ),
    dm as materialized (
      select
        dm_fact.number,
        dm_fact.target_role,
        dm_fact.show_is_missing,
        dm_fact.read_only,
        dm_fact.facts,
        case
          -- No guard looks at a shared show, so it could not refuse what was allowed.
          when not dm_at_first.allowed and dm_fact.target_role is not null then
            exists (
              select
              from rolecall.show_participants as own
              join rolecall.show_participants as theirs
                on theirs.show_id = own.show_id
                and theirs.user_id = dm_fact.object_id
              where own.user_id = p_user
                and (dm_fact.show_id is null or own.show_id = dm_fact.show_id)
            )
          else false
        end as shares_show
      from dm_fact
      join dm_at_first
        on dm_at_first.target_role is not distinct from dm_fact.target_role
        and dm_at_first.facts = dm_fact.facts
    ),
    dm_judged as materialized (
      select
        alike.*,
        rolecall_internal.judge_dm_facts(v_writer, target_role, show_is_missing, shares_show, read_only, facts) as judgement
      from (
        select distinct target_role, show_is_missing, shares_show, read_only, facts
        from dm
      ) as alike
    ),

    -- What the matrix decides by one look at the facts: replies, moderation, reports, suspensions, reading broadcasts
    fact as materialized (
      select
        asked.number,
        'reply' as action,
        v_writer.role as actor_role,
        v_writer.organization_id as org_id,
        reply.target_role,
        case
          when reply.show_id is not null
            and exists (
              select
              from rolecall_internal.visible_broadcasts(p_user, asked.object_id, reply.show_id)
            )
          then reply.facts || 'participant'::text
          else reply.facts
        end as facts,
        false as is_missing
      from asked
      cross join lateral (
        select target_role, show_id, facts
        from rolecall_internal.reply_facts(p_user, asked.object_id, 'send-dm')
        offset 0
      ) as reply
      where asked.kind = 'reply'
        and v_writer.refusal is null

      union all
      select
        asked.number,
        asked.action,
        v_moderator.role,
        v_moderator.organization_id,
        coalesce(author_role, v_stranger),
        case
          when asked.action = 'moderate' then
            array[
              'feature_enabled',
              v_moderator.suspended,
              case when sender_id = p_user then 'self' end,
              case when organizer_id = p_user then 'own_show' end,
              case when takes_part then 'participant' end
            ]
          else
            array[
              'feature_enabled',
              null,
              case when sender_id = p_user then 'self' end,
              case when takes_part then 'participant' end
            ]
        end,
        asked.action = 'moderate' and message_id is null
      from asked
      left join lateral (
        select
          message.id as message_id,
          message.sender_id,
          show.organizer_id,
          author.role as author_role,
          case
            when asked.action = 'report' then
              p_user in (conversation.participant_low, conversation.participant_high)
              or exists (
                select
                from rolecall.conversation_participants as participant
                where participant.conversation_id = message.conversation_id
                  and participant.user_id = p_user
              )
              or exists (
                select
                from rolecall.broadcasts as broadcast
                join rolecall.participations as own
                  on own.user_id = p_user
                  and own.show_id = broadcast.show_id
                  and own.role = any (broadcast.recipient_roles)
                  and broadcast.created_at >= own.joined_at
                  and broadcast.created_at < own.left_at
                where broadcast.conversation_id = message.conversation_id
                  and broadcast.seq = message.seq
              )
          end as takes_part
        from rolecall.messages as message
        left join rolecall.profiles as author
          on author.id = message.sender_id
        left join rolecall.conversations as conversation
          on conversation.id = message.conversation_id
        left join rolecall.shows as show
          on show.id = coalesce(message.show_id, conversation.show_id)
        where message.id = asked.object_id
        union all
        select
          help.id,
          help.sender_id,
          -- It belongs to no show.
          null,
          author.role,
          p_user in (conversation.requester_id, conversation.helper_id)
        from (
          select id, conversation_id, sender_id
          from public.messages_v2
          where id = asked.object_id
          union all
          select message_id, conversation_id, sender_id
          from rolecall.removed_help_messages
          where message_id = asked.object_id
        ) as help
        join public.conversations_v2 as conversation
          on conversation.id = help.conversation_id
        left join rolecall.profiles as author
          on author.id = help.sender_id
        limit 1
      ) as found
        on true
      where asked.kind in ('moderate', 'report')
        and v_moderator.refusal is null

      union all
      select
        asked.number,
        'suspend',
        v_moderator.role,
        v_moderator.organization_id,
        coalesce(target.role, v_stranger),
        array['feature_enabled', v_moderator.suspended, case when asked.object_id = p_user then 'self' end],
        target.role is null
      from asked
      left join lateral (
        select role
        from rolecall.profiles
        where id = asked.object_id
        offset 0
      ) as target
        on true
      where asked.kind = 'suspend'
        and v_moderator.refusal is null

      union all
      select
        asked.number,
        'read_broadcast',
        v_reader.role,
        v_reader.organization_id,
        coalesce(sender_role, v_stranger),
        array['feature_enabled', case when takes_part then 'participant' end, case when is_blocked then 'blocked' end],
        false
      from asked
      left join lateral (
        select
          sender.role as sender_role,
          conversation.created_by = p_user
          or exists (
            select
            from rolecall.broadcasts as broadcast
            join rolecall.participations as own
              on own.user_id = p_user
              and own.show_id = broadcast.show_id
              and own.role = any (broadcast.recipient_roles)
              and broadcast.created_at >= own.joined_at
              and broadcast.created_at < own.left_at
            where broadcast.conversation_id = conversation.id
          ) as takes_part,
          exists (
            select
            from rolecall.user_blocks
            where blocker_id in (p_user, conversation.created_by)
              and blocked_id in (p_user, conversation.created_by)
          ) as is_blocked
        from rolecall.conversations as conversation
        left join rolecall.profiles as sender
          on sender.id = conversation.created_by
        where conversation.id = asked.object_id
          and conversation.kind = 'show'
        offset 0
      ) as found
        on true
      where asked.kind = 'read_broadcast'
        and v_reader.refusal is null

      union all
      -- A pair of roles, and no user in particular.
      select
        number,
        action,
        (body ->> 'actor_role')::rolecall.app_role,
        null,
        (body ->> 'target_role')::rolecall.app_role,
        case
          when jsonb_typeof(body -> 'facts') = 'array' then array(select jsonb_array_elements_text(body -> 'facts'))
          else array['feature_enabled', 'participant']
        end,
        false
      from asked
      where kind = 'pair'
    ),
    fact_judged as materialized (
      select
        alike.*,
        case
          when not decision.allowed or not is_missing then rolecall_internal.judgement_of(decision, org_id)
          when action = 'moderate' then
            rolecall_internal.judgement_of_refusal(
              rolecall_internal.refusal('not_found', 'There is no message with this message_id.'), org_id
            )
          else
            rolecall_internal.judgement_of_refusal(
              rolecall_internal.refusal('not_found', 'There is no user with this target_id.'), org_id
            )
        end as judgement
      from (
        select distinct action, actor_role, org_id, target_role, facts, is_missing
        from fact
      ) as alike
      cross join lateral rolecall_internal.decide(action, actor_role, target_role, facts) as decision
    ),

    -- Broadcasts
    broadcast_fact as materialized (
      select
        asked.number,
        asked.object_id,
        asked.is_to_anyone,
        asked.roles,
        show.starts_at,
        array[
          'feature_enabled',
          v_broadcaster.suspended,
          case when show.organizer_id = p_user then 'own_show' end,
          case
            when exists (
              select
              from rolecall.show_participants
              where show_id = asked.object_id
                and user_id = p_user
            )
            then 'takes_part'
          end,
          case
            when exists (
              select
              from rolecall.conversations
              where kind = 'show'
                and show_id = asked.object_id
                and created_by = p_user
                and read_only
            )
            then 'read_only'
          end
        ] as facts
      from asked
      cross join lateral (
        select organizer_id, starts_at
        from rolecall.shows
        where id = asked.object_id
        offset 0
      ) as show
      where asked.kind = 'broadcast'
        and v_broadcaster.refusal is null
    ),
    role_decided as materialized (
      select
        alike.facts,
        role,
        coalesce(decision.allowed, false) as allowed,
        decision.code,
        decision.rule,
        decision.message,
        jsonb_build_object('code', decision.rule, 'message', decision.message, 'allowed_if', decision.allowed_if)
          as reason
      from (
        select distinct facts
        from broadcast_fact
      ) as alike
      cross join unnest(enum_range(null::rolecall.app_role)) as role
      cross join lateral rolecall_internal.decide('broadcast', v_broadcaster.role, role, alike.facts) as decision
    ),
    broadcast_judged as materialized (
      select
        alike.is_to_anyone,
        alike.roles,
        alike.facts,
        may.allowed_roles,
        case
          when judged.reasons is null then row(true, null, v_broadcaster.organization_id, judged.rule)::rolecall.judgement
          else
            row(
              false,
              jsonb_build_object('ok', false, 'code', judged.code, 'detail', judged.detail, 'reasons', judged.reasons),
              v_broadcaster.organization_id,
              judged.rule
            )::rolecall.judgement
        end as judgement
      from (
        select distinct is_to_anyone, roles, facts
        from broadcast_fact
      ) as alike
      cross join lateral (
        select array_agg(role order by role) as allowed_roles
        from role_decided
        where role_decided.facts = alike.facts
          and role_decided.role = any (alike.roles)
          and role_decided.allowed
      ) as may
      cross join lateral (
        select
          jsonb_agg(reason order by first_role) filter (where not allowed) as reasons,
          (array_agg(code order by first_role) filter (where not allowed))[1] as code,
          string_agg(reason ->> 'message', ' ' order by first_role) filter (where not allowed) as detail,
          (array_agg(rule order by allowed, first_role))[1] as rule
        from (
          select min(role) as first_role, allowed, code, rule, reason
          from role_decided
          where role_decided.facts = alike.facts
            -- A check without roles is about those that are allowed.
            and role_decided.role = any (
              case when alike.is_to_anyone then coalesce(may.allowed_roles, alike.roles) else alike.roles end
            )
          group by allowed, code, rule, reason
        ) as said
      ) as judged
    ),
    broadcast_limits as materialized (
      select
        phase,
        (
          -- A role that may broadcast but has no limit set has nothing to take from, rather than no limit.
          select case when count(*) = 0 then 0 else max(per_quota_day) end
          from rolecall.broadcast_limits as broadcast_limit
          where broadcast_limit.role = v_broadcaster.role
            and broadcast_limit.phase = named.phase
        ) as per_quota_day
      from (values ('pre_show'), ('post_show')) as named (phase)
    ),
    broadcast as materialized (
      select
        broadcast_fact.number,
        judged.judgement,
        judged.allowed_roles,
        phase,
        phase_limit,
        case
          when (judged.judgement).allowed and phase_limit is not null then
            rolecall_internal.peek_quota(
              p_user,
              object_id,
              (select per_quota_day from broadcast_limits where phase = 'pre_show'),
              (select per_quota_day from broadcast_limits where phase = 'post_show')
            )
        end as remaining
      from broadcast_fact
      join broadcast_judged as judged
        on judged.is_to_anyone = broadcast_fact.is_to_anyone
        and judged.roles = broadcast_fact.roles
        and judged.facts = broadcast_fact.facts
      cross join lateral (
        select phase, per_quota_day as phase_limit
        from broadcast_limits
        where phase = case when now() < broadcast_fact.starts_at then 'pre_show' else 'post_show' end
      ) as limited
    ),

    judged as materialized (
      select
        asked.number,
        asked.action,
        case
          when asked.kind = 'start_dm' then
            coalesce(dm_judged.judgement, rolecall_internal.judgement_of_refusal(v_writer.refusal, v_writer.organization_id))
          when asked.kind = 'broadcast' then
            case
              when v_broadcaster.refusal is not null then
                rolecall_internal.judgement_of_refusal(v_broadcaster.refusal, v_broadcaster.organization_id)
              when broadcast.number is null then
                row(
                  false,
                  rolecall_internal.refusal('not_found', 'There is no show with this show_id.'),
                  v_broadcaster.organization_id,
                  null
                )::rolecall.judgement
              when (broadcast.remaining ->> broadcast.phase)::int = 0 then
                row(
                  false,
                  rolecall_internal.refuse_quota(broadcast.phase, broadcast.phase_limit, broadcast.remaining),
                  v_broadcaster.organization_id,
                  'broadcast_quota_spent'
                )::rolecall.judgement
              else broadcast.judgement
            end
          else
            coalesce(
              fact_judged.judgement,
              case asked.kind
                when 'reply' then rolecall_internal.judgement_of_refusal(v_writer.refusal, v_writer.organization_id)
                when 'read_broadcast' then
                  rolecall_internal.judgement_of_refusal(v_reader.refusal, v_reader.organization_id)
                else rolecall_internal.judgement_of_refusal(v_moderator.refusal, v_moderator.organization_id)
              end
            )
        end as judgement,
        case asked.kind
          when 'start_dm' then v_dm_limit
          when 'reply' then v_dm_limit
          when 'broadcast' then v_broadcast_limit
          when 'report' then v_report_limit
        end as rate,
        case
          when asked.kind = 'broadcast' then
            case
              when broadcast.remaining is not null then
                jsonb_build_object(
                  'phase', broadcast.phase,
                  'limit', broadcast.phase_limit,
                  'remaining', broadcast.remaining,
                  'reset_at', rolecall_internal.iso(rolecall_internal.quota_day_end(rolecall_internal.quota_day(now())))
                )
            end
          when asked.kind in ('start_dm', 'reply') then rolecall_internal.quota_of_limit(v_dm_limit)
          when asked.kind = 'report' then rolecall_internal.quota_of_limit(v_report_limit)
        end as quota,
        case
          when asked.kind = 'broadcast' then
            jsonb_build_object('recipient_roles', coalesce(to_jsonb(broadcast.allowed_roles), '[]'))
          else '{}'
        end as more,
        asked.kind = 'report'
          and (fact_judged.judgement).allowed is true
          and exists (
            select
            from rolecall.messages as message
            join rolecall.reported_messages as report
              on report.conversation_id = message.conversation_id
              and report.seq = message.seq
              and report.reporter_id = p_user
            where message.id = asked.object_id
              and not rolecall_internal.may_escalate(report)
            union all
            select
            from rolecall.reported_messages
            where message_id = asked.object_id
              and seq is null
              and reporter_id = p_user
          ) as is_reported
      from asked
      left join dm
        on dm.number = asked.number
      left join dm_judged
        on dm_judged.target_role is not distinct from dm.target_role
        and dm_judged.show_is_missing = dm.show_is_missing
        and dm_judged.shares_show = dm.shares_show
        and dm_judged.read_only is not distinct from dm.read_only
        and dm_judged.facts = dm.facts
      left join fact
        on fact.number = asked.number
      left join fact_judged
        on fact_judged.action is not distinct from fact.action
        and fact_judged.actor_role is not distinct from fact.actor_role
        and fact_judged.org_id is not distinct from fact.org_id
        and fact_judged.target_role is not distinct from fact.target_role
        and fact_judged.facts = fact.facts
        and fact_judged.is_missing = fact.is_missing
      left join broadcast
        on broadcast.number = asked.number
      where asked.kind is not null
    ),
    -- Those that are alike are put into words once: the first of them.
    worded as materialized (
      select
        judged.*,
        min(number) over (partition by action, judgement, rate, quota, is_reported) as first_number
      from judged
    ),
    shown as materialized (
      select
        number,
        rolecall_internal.permission_result(
          action,
          case
            when rate -> 'taken' = 'false' then
              row(false, rolecall_internal.refuse_rate(rate), null, 'rate_limit')::rolecall.judgement
            when is_reported then
              rolecall_internal.judgement_of_refusal(rolecall_internal.refuse_second_report(null), null)
            else judgement
          end,
          quota
        ) as result
      from worded
      where number = first_number
    )
    select jsonb_agg(shown.result || worded.more order by asked.number)
    from asked
    left join worded
      on worded.number = asked.number
    left join shown
      on shown.number = worded.first_number
  );
end
$$;
$sql$;

  -- schema/permissions/check_permission.sql
  execute $sql$
-- Tells users what they may do before they try: by the real calls' own judgements, limits and quotas, without taking
-- from these.

-- The answer to one check; null when the check is malformed. Its refusal is the one that the real call would give, in
-- the same order: first the rate limit, then the judgement, then the quota. check_permission_many is its twin for an array.
create or replace function rolecall_internal.check_permission(p_user uuid, p_check jsonb, p_request jsonb)
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_action text := p_check ->> 'action';
  v_actor_role text := p_check ->> 'actor_role';
  v_target_role text := p_check ->> 'target_role';
  v_facts text[] := array['feature_enabled', 'participant'];
  v_decision rolecall.decision;
  v_limit jsonb;
  v_judgement rolecall.judgement;
  v_broadcast record;
  v_roles rolecall.app_role[];
  v_remaining jsonb;
  v_phase_limit int;
  v_quota jsonb;
  v_conversation uuid;
  v_report uuid;
  v_more jsonb := '{}';
begin
  if v_actor_role is not null or v_target_role is not null then
    -- The matrix alone: whether somebody of one role could, if nothing but these facts held.
    if not rolecall_internal.is_action(v_action)
      or not (
        rolecall_internal.is_role(v_actor_role)
        and rolecall_internal.is_role(v_target_role)
      )
    then
      return null;
    end if;
    if coalesce(p_check -> 'facts', 'null') <> 'null' then
      if jsonb_typeof(p_check -> 'facts') <> 'array' then
        return null;
      end if;
      v_facts := array(select jsonb_array_elements_text(p_check -> 'facts'));
    end if;
    v_decision := rolecall_internal.decide(
      v_action, v_actor_role::rolecall.app_role, v_target_role::rolecall.app_role, v_facts
    );
    v_judgement.allowed := v_decision.allowed;
    v_judgement.rule := v_decision.rule;
    if not v_decision.allowed then
      v_judgement.refusal := rolecall_internal.refusal_of(v_decision);
    end if;
    return rolecall_internal.permission_result(v_action, v_judgement, null);
  end if;

  case v_action
    when 'start_dm', 'reply' then
      v_limit := rolecall_internal.peek_token(p_user, 'send_dm');
    when 'broadcast' then
      v_limit := rolecall_internal.peek_token(p_user, 'send_broadcast');
    when 'report' then
      v_limit := rolecall_internal.peek_token(p_user, 'report_message');
    else
      null;
  end case;

  case v_action
    when 'start_dm' then
      if p_check ->> 'recipient_id' is null then
        return null;
      end if;
      v_quota := rolecall_internal.quota_of_limit(v_limit);
      v_judgement := rolecall_internal.judge_dm(
        p_user,
        rolecall_internal.uuid_or_null(p_check ->> 'recipient_id'),
        rolecall_internal.uuid_or_null(p_check ->> 'show_id'),
        p_request -> 'rollouts'
      );
      if v_judgement.allowed then
        -- The message would go into the existing conversation, which may be closed.
        select id
        into v_conversation
        from rolecall.conversations
        where kind = 'direct'
          and version = 'v2'
          and participant_low = least(p_user, rolecall_internal.uuid_or_null(p_check ->> 'recipient_id'))
          and participant_high = greatest(p_user, rolecall_internal.uuid_or_null(p_check ->> 'recipient_id'))
          and read_only;
        if found then
          v_judgement := rolecall_internal.judge_reply(p_user, v_conversation, p_request -> 'rollouts');
        end if;
      end if;

    when 'reply' then
      if p_check ->> 'conversation_id' is null then
        return null;
      end if;
      v_quota := rolecall_internal.quota_of_limit(v_limit);
      v_judgement := rolecall_internal.judge_reply(
        p_user,
        rolecall_internal.uuid_or_null(p_check ->> 'conversation_id'),
        p_request -> 'rollouts'
      );

    when 'broadcast' then
      if p_check ->> 'show_id' is null then
        return null;
      end if;
      v_roles := case
        when coalesce(p_check -> 'recipient_roles', 'null') = 'null' then enum_range(null::rolecall.app_role)
        else rolecall_internal.roles_of(p_check -> 'recipient_roles')
      end;
      if v_roles is null then
        return null;
      end if;
      v_broadcast := rolecall_internal.judge_broadcast(
        p_user,
        rolecall_internal.uuid_or_null(p_check ->> 'show_id'),
        v_roles,
        p_request -> 'rollouts'
      );
      if coalesce(p_check -> 'recipient_roles', 'null') = 'null' and v_broadcast.allowed_roles is not null then
        -- A check without roles is about those that are allowed.
        v_broadcast := rolecall_internal.judge_broadcast(
          p_user,
          rolecall_internal.uuid_or_null(p_check ->> 'show_id'),
          v_broadcast.allowed_roles,
          p_request -> 'rollouts'
        );
      end if;
      v_judgement := v_broadcast.judgement;
      v_phase_limit := case v_broadcast.phase
        when 'pre_show' then v_broadcast.pre_show_limit
        when 'post_show' then v_broadcast.post_show_limit
      end;
      if v_phase_limit is not null then
        v_remaining := rolecall_internal.peek_quota(
          p_user,
          rolecall_internal.uuid_or_null(p_check ->> 'show_id'),
          v_broadcast.pre_show_limit,
          v_broadcast.post_show_limit
        );
        v_quota := jsonb_build_object(
          'phase', v_broadcast.phase,
          'limit', v_phase_limit,
          'remaining', v_remaining,
          'reset_at', rolecall_internal.iso(rolecall_internal.quota_day_end(rolecall_internal.quota_day(now())))
        );
        if (v_remaining ->> v_broadcast.phase)::int = 0 then
          v_judgement.allowed := false;
          v_judgement.rule := 'broadcast_quota_spent';
          v_judgement.refusal := rolecall_internal.refuse_quota(v_broadcast.phase, v_phase_limit, v_remaining);
        end if;
      end if;
      v_more := jsonb_build_object('recipient_roles', coalesce(to_jsonb(v_broadcast.allowed_roles), '[]'));

    when 'moderate' then
      if p_check ->> 'message_id' is null then
        return null;
      end if;
      v_judgement := rolecall_internal.judge_moderation(
        p_user,
        rolecall_internal.uuid_or_null(p_check ->> 'message_id'),
        p_request -> 'rollouts'
      );

    when 'report' then
      if p_check ->> 'message_id' is null then
        return null;
      end if;
      v_quota := rolecall_internal.quota_of_limit(v_limit);
      v_judgement := rolecall_internal.judge_report(
        p_user,
        rolecall_internal.uuid_or_null(p_check ->> 'message_id'),
        p_request -> 'rollouts'
      );
      if v_judgement.allowed then
        select report.id
        into v_report
        from rolecall.messages as message
        join rolecall.reported_messages as report
          on report.conversation_id = message.conversation_id
          and report.seq = message.seq
          and report.reporter_id = p_user
        where message.id = rolecall_internal.uuid_or_null(p_check ->> 'message_id')
          and not rolecall_internal.may_escalate(report)
        union all
        select id
        from rolecall.reported_messages
        where message_id = rolecall_internal.uuid_or_null(p_check ->> 'message_id')
          and seq is null
          and reporter_id = p_user;
        if found then
          v_judgement.allowed := false;
          v_judgement.refusal := rolecall_internal.refuse_second_report(v_report);
          v_judgement.rule := v_judgement.refusal #>> '{reasons,0,code}';
        end if;
      end if;

    when 'suspend' then
      if p_check ->> 'target_id' is null then
        return null;
      end if;
      v_judgement := rolecall_internal.judge_suspension(
        p_user,
        rolecall_internal.uuid_or_null(p_check ->> 'target_id'),
        p_request -> 'rollouts'
      );

    when 'read_broadcast' then
      if p_check ->> 'conversation_id' is null then
        return null;
      end if;
      v_judgement := rolecall_internal.judge_broadcast_reader(
        p_user,
        rolecall_internal.uuid_or_null(p_check ->> 'conversation_id'),
        p_request -> 'rollouts'
      );

    else
      return null;
  end case;

  if v_limit -> 'taken' = 'false' then
    v_judgement.allowed := false;
    v_judgement.rule := 'rate_limit';
    v_judgement.refusal := rolecall_internal.refuse_rate(v_limit);
  end if;
  return rolecall_internal.permission_result(v_action, v_judgement, v_quota) || v_more;
end
$$;

-- A rate limit as a check shows it; null for none.
create or replace function rolecall_internal.quota_of_limit(p_limit jsonb)
returns jsonb
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
begin
  if p_limit is null then
    return null;
  end if;
  return jsonb_build_object(
    'policy', p_limit -> 'policy',
    'limit', p_limit -> 'quota',
    'remaining', p_limit -> 'remaining',
    'window_seconds', p_limit -> 'window_seconds',
    'reset_seconds', p_limit -> 'reset_seconds'
  );
end
$$;

-- A judgement as a check shows it.
create or replace function rolecall_internal.permission_result(
  p_action text,
  p_judgement rolecall.judgement,
  p_quota jsonb
)
returns jsonb
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_reasons jsonb;
  v_allowed_if jsonb;
begin
  if p_judgement.allowed then
    return jsonb_build_object(
      'action', p_action,
      'allowed', true,
      'rule', p_judgement.rule,
      'reasons', '[]'::jsonb,
      'would_be_allowed_if', '[]'::jsonb,
      'quota', p_quota
    );
  end if;
  -- A refusal without a rule, such as of something that does not exist, is its own reason.
  v_reasons := coalesce(
    p_judgement.refusal -> 'reasons',
    jsonb_build_array(
      jsonb_build_object('code', p_judgement.refusal -> 'code', 'message', p_judgement.refusal -> 'detail')
    )
  );
  select coalesce(jsonb_agg(reason -> 'allowed_if' order by number), '[]')
  into v_allowed_if
  from jsonb_array_elements(v_reasons) with ordinality as listed (reason, number)
  where reason ->> 'allowed_if' <> '';
  return jsonb_build_object(
    'action', p_action,
    'allowed', false,
    'code', p_judgement.refusal -> 'code',
    'rule', p_judgement.rule,
    'reasons', v_reasons,
    'would_be_allowed_if', v_allowed_if,
    'quota', p_quota
  );
end
$$;

-- One check, or {"checks": [...]} with up to 200.
create or replace function rolecall_internal.check_permissions(p_user uuid, p_input jsonb, p_request jsonb)
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_actor rolecall.actor := rolecall_internal.actor(p_user, 'check-permission', p_request -> 'rollouts');
  v_results jsonb;
  v_data jsonb;
begin
  -- A user without a profile hears so from each check.
  if v_actor.refusal is not null and v_actor.refusal ->> 'code' = 'feature_disabled' then
    return v_actor.refusal;
  end if;
  if not p_input ? 'checks' then
    v_data := rolecall_internal.check_permission(p_user, p_input, p_request);
  elsif jsonb_typeof(p_input -> 'checks') = 'array' and jsonb_array_length(p_input -> 'checks') between 1 and rolecall_internal.limit_checks() then
    v_results := rolecall_internal.check_permission_many(p_user, p_input -> 'checks', p_request);
    -- A check that asks for nothing leaves a null.
    if not v_results @> '[null]' then
      v_data := jsonb_build_object('results', v_results);
    end if;
  end if;
  if v_data is null then
    return rolecall_internal.refusal(
      'invalid_input',
      format(
        'A check needs an action and its object, or a pair of roles. Send 1 to %s checks at once.',
        rolecall_internal.limit_checks()
      )
    );
  end if;
  return rolecall_internal.success(v_data)
    || case
      when v_actor.organization_id is null then '{}'
      else jsonb_build_object('org_id', v_actor.organization_id)
    end;
end
$$;

-- A check that is answered leaves nothing behind but that it takes a token of its own: no metric, no audit row, no key.
create or replace function rolecall_edge.check_permission(p_request jsonb)
returns jsonb
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_call rolecall.call := rolecall_internal.begin_call(
    'check-permission',
    p_request,
    p_rate => 'check_permission',
    p_keyed => false
  );
begin
  if v_call.answer is null then
    v_call.answer := rolecall_internal.check_permissions(v_call.caller, v_call.input, p_request);
    if (v_call.answer -> 'ok')::boolean then
      return rolecall_internal.with_limit(v_call.answer, v_call.rate);
    end if;
  end if;
  return rolecall_internal.end_call(v_call);
end
$$;
$sql$;

  -- schema/rollout/stages.sql
  execute $sql$
-- The stages of a rollout, and what the stage that is left has to show.

-- How far a rollout reaches, to put stages in their order.
create or replace function rolecall_internal.rollout_reach(p_rollout text)
returns int
language sql
immutable
return case
  when p_rollout = 'disabled' then -2
  when p_rollout = 'internal' then -1
  when p_rollout = 'enabled' then 101
  else substr(p_rollout, 12)::int
end;

-- The stage that a rollout is in: the furthest that does not reach beyond it. All null where it is before the first one.
create or replace function rolecall_internal.rollout_stage(p_flag text, p_rollout text)
returns rolecall.rollout_stages
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
  select stage
  from rolecall.rollout_stages as stage
  where stage.flag = p_flag
    and rolecall_internal.rollout_reach(stage.rollout) <= rolecall_internal.rollout_reach(p_rollout)
  order by rolecall_internal.rollout_reach(stage.rollout) desc
  limit 1
$$;

-- The rollout of the stage that follows; null behind the last one.
create or replace function rolecall_internal.next_rollout(p_flag text, p_rollout text)
returns text
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
  select stage.rollout
  from rolecall.rollout_stages as stage
  where stage.flag = p_flag
    and rolecall_internal.rollout_reach(stage.rollout) > rolecall_internal.rollout_reach(p_rollout)
  order by rolecall_internal.rollout_reach(stage.rollout)
  limit 1
$$;

-- The criteria of a stage beside its figures, in the order in which they are told. Without an attempt there is no share
-- and no percentile, and what asks for one is not met. Before the first stage there are none.
create or replace function rolecall_internal.rollout_criteria(p_stage rolecall.rollout_stages, p_figures jsonb)
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_figures record;
begin
  if p_stage.flag is null then
    return '[]';
  end if;
  select *
  into v_figures
  from jsonb_to_record(p_figures) as figure (age_seconds bigint, attempts bigint, success numeric, p95_ms numeric, errors numeric);
  return jsonb_build_array(
    jsonb_build_object(
      'code', 'age_seconds',
      'figure', v_figures.age_seconds,
      'bound', extract(epoch from p_stage.min_age)::bigint,
      'met', v_figures.age_seconds >= extract(epoch from p_stage.min_age)
    ),
    jsonb_build_object(
      'code', 'attempts',
      'figure', v_figures.attempts,
      'bound', p_stage.min_attempts,
      'met', v_figures.attempts >= p_stage.min_attempts
    ),
    jsonb_build_object(
      'code', 'success',
      'figure', v_figures.success,
      'bound', p_stage.min_success,
      'met', coalesce(v_figures.success >= p_stage.min_success, false)
    ),
    jsonb_build_object(
      'code', 'p95_ms',
      'figure', v_figures.p95_ms,
      'bound', p_stage.max_p95_ms,
      'met', coalesce(v_figures.p95_ms < p_stage.max_p95_ms, false)
    ),
    jsonb_build_object(
      'code', 'errors',
      'figure', v_figures.errors,
      'bound', p_stage.max_errors,
      'met', coalesce(v_figures.errors < p_stage.max_errors, false)
    )
  );
end
$$;

-- Whether all of these criteria are met.
create or replace function rolecall_internal.are_met(p_criteria jsonb)
returns boolean
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
begin
  return not p_criteria @> '[{"met": false}]';
end
$$;

-- The reasons of a refusal for criteria that are not met, each with its figure and bound.
create or replace function rolecall_internal.unmet_reasons(p_criteria jsonb)
returns jsonb
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
begin
  return (
    select jsonb_agg(
      jsonb_strip_nulls(
        jsonb_build_object(
          'code', criterion ->> 'code',
          'message', case
            when criterion -> 'figure' = 'null' then
              format('There is no figure for %s yet; the stage asks for %s.', named.name, criterion ->> 'bound')
            else format('%s is %s; the stage asks for %s %s.', named.name, criterion ->> 'figure', named.relation, criterion ->> 'bound')
          end,
          'figure', criterion -> 'figure',
          'bound', criterion -> 'bound',
          'allowed_if', format('%s is %s %s.', named.name, named.relation, criterion ->> 'bound')
        )
      )
      order by number
    )
    from jsonb_array_elements(p_criteria) with ordinality as listed (criterion, number)
    join (
      values
        ('age_seconds', 'The age of the stage in seconds', 'at least'),
        ('attempts', 'The number of attempts', 'at least'),
        ('success', 'The share of successes', 'at least'),
        ('p95_ms', 'The 95th percentile in milliseconds', 'less than'),
        ('errors', 'The share of internal errors', 'less than')
    ) as named (code, name, relation)
      on named.code = criterion ->> 'code'
    where criterion -> 'met' = 'false'
  );
end
$$;
$sql$;

  -- schema/rollout/advance.sql
  execute $sql$
-- Begins the next stage, if the stage that is left has shown what it has to, or by force.
create or replace function rolecall_internal.advance_rollout(p_call rolecall.call)
returns jsonb
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_refusal jsonb := rolecall_internal.refuse_change(p_call.input, 'enabled');
  v_flag rolecall.feature_flags;
  v_next text;
  v_figures jsonb;
  v_criteria jsonb;
  v_action text := 'advance';
begin
  if v_refusal is not null then
    return v_refusal;
  end if;
  v_flag := rolecall_internal.lock_flag(p_call.input);
  if v_flag.name is null then
    return rolecall_internal.refuse_unknown_flag();
  end if;
  v_next := rolecall_internal.next_rollout(v_flag.name, v_flag.rollout);
  if v_next is null then
    return rolecall_internal.refusal(
      'rollout_criteria_unmet',
      'There is no stage behind this one.',
      'no_further_stage',
      'rollout_stages has a further stage; `set` needs none.'
    );
  end if;

  v_figures := rolecall_internal.rollout_figures(v_flag.name, rolecall_internal.rollout_since(v_flag));
  v_criteria := rolecall_internal.rollout_criteria(
    rolecall_internal.rollout_stage(v_flag.name, v_flag.rollout), v_figures
  );
  if not rolecall_internal.are_met(v_criteria) then
    if p_call.input -> 'force' is distinct from 'true' then
      return rolecall_internal.refusal(
        'rollout_criteria_unmet',
        format('The stage %s has not shown what it has to before %s begins.', v_flag.rollout, v_next),
        p_data => jsonb_build_object('rollout', v_flag.rollout, 'next_rollout', v_next, 'criteria', v_criteria)
      ) || jsonb_build_object('reasons', rolecall_internal.unmet_reasons(v_criteria));
    end if;
    v_action := 'force';
  end if;
  return rolecall_internal.success(
    rolecall_internal.change_rollout(
      p_call, v_flag, v_action, v_next, v_figures || jsonb_build_object('criteria', v_criteria)
    ) || jsonb_build_object('criteria', v_criteria)
  );
end
$$;

create or replace function rolecall_edge.advance_rollout(p_request jsonb)
returns jsonb
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_call rolecall.call := rolecall_internal.begin_call('rollout.advance', p_request, p_who => 'operator');
begin
  if v_call.answer is null then
    v_call.answer := rolecall_internal.advance_rollout(v_call);
  end if;
  return rolecall_internal.end_call(v_call);
end
$$;
$sql$;

  -- schema/rollout/simulate.sql
  execute $sql$
-- Whom a rollout would include. Nothing is written.

-- Users taken as they come, from a random place on; all where there are no more than that.
create or replace function rolecall_internal.sample_of_users(p_users int)
returns uuid[]
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_from uuid := gen_random_uuid();
  v_users uuid[] := array(
    select id
    from rolecall.profiles
    where id >= v_from
    order by id
    limit p_users
  );
begin
  return v_users || array(
    select id
    from rolecall.profiles
    where id < v_from
    order by id
    limit p_users - cardinality(v_users)
  );
end
$$;

-- Of each of these users once: whether the flag includes them now, and whether it would with p_rollout as its row's. Where
-- something else decides before the row (the operator's variable, a required flag, an override), both are the same. A user
-- without a profile is one of no organisation who is not internal.
create or replace function rolecall_internal.simulate_rollout(
  p_flag text,
  p_rollout text,
  p_rollouts jsonb,
  p_users uuid[]
)
returns table (user_id uuid, has_profile boolean, is_in boolean, would_be_in boolean)
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
  select
    named.user_id,
    profile.id is not null,
    decision.enabled,
    case
      when decision.reason in ('internal', 'percentage', 'everybody', 'off') then
        rolecall_internal.rollout_includes(p_rollout, p_flag, named.user_id, coalesce(profile.is_internal, false))
      else decision.enabled
    end
  from (
    select distinct listed.user_id
    from unnest(p_users) as listed (user_id)
  ) as named
  left join rolecall.profiles as profile
    on profile.id = named.user_id
  cross join lateral rolecall_internal.flag_decision(
    p_flag, p_rollouts, named.user_id, profile.organization_id, coalesce(profile.is_internal, false)
  ) as decision
$$;

create or replace function rolecall_edge.simulate_rollout(p_request jsonb)
returns jsonb
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_call rolecall.call := rolecall_internal.begin_call('rollout.simulate', p_request, p_who => 'operator', p_keyed => false);
  v_flag text := coalesce(v_call.input ->> 'flag', 'start-conversation');
  v_rollout text := v_call.input ->> 'rollout';
  v_users uuid[];
begin
  if v_call.answer is null then
    if not exists (select from rolecall.feature_flags where name = v_flag) then
      v_call.answer := rolecall_internal.refuse_unknown_flag();
    else
      -- The reason of a change that is none.
      v_call.answer := rolecall_internal.refuse_change('{"reason": "simulate"}', v_rollout);
    end if;
  end if;
  if v_call.answer is null then
    if jsonb_typeof(v_call.input -> 'user_ids') = 'array' then
      v_users := array(
        select rolecall_internal.uuid_or_null(id)
        from jsonb_array_elements_text(v_call.input -> 'user_ids') as id
        where rolecall_internal.uuid_or_null(id) is not null
        limit rolecall_internal.limit_simulated_users()
      );
    else
      v_users := rolecall_internal.sample_of_users(
        least(
          coalesce(rolecall_internal.whole_number(v_call.input -> 'sample'), 0),
          rolecall_internal.limit_simulated_users()
        )::int
      );
    end if;
    select rolecall_internal.success(
      jsonb_build_object(
        'flag', v_flag,
        'rollout', v_rollout,
        'users', count(*),
        'without_profile', count(*) filter (where not has_profile),
        'in', count(*) filter (where would_be_in),
        'out', count(*) filter (where not would_be_in),
        'would_change', count(*) filter (where is_in <> would_be_in),
        'would_enter', count(*) filter (where would_be_in and not is_in),
        'would_leave', count(*) filter (where is_in and not would_be_in)
      )
    )
    into v_call.answer
    from rolecall_internal.simulate_rollout(v_flag, v_rollout, v_call.rollouts, v_users);
  end if;
  return rolecall_internal.end_call(v_call);
end
$$;
$sql$;

  -- schema/rollout/status.sql
  execute $sql$
-- How a rollout stands: its stage, the figures beside the criteria, whom it includes, and the last decisions.

create or replace function rolecall_internal.rollout_decision_json(p_decision rolecall.rollout_decisions)
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  return jsonb_build_object(
    'id', p_decision.id,
    'at', rolecall_internal.iso(p_decision.at),
    'flag', p_decision.flag,
    'actor', p_decision.actor,
    'action', p_decision.action,
    'from_rollout', p_decision.from_rollout,
    'to_rollout', p_decision.to_rollout,
    'reason', p_decision.reason,
    'figures', p_decision.figures
  );
end
$$;

create or replace function rolecall_internal.rollout_status(p_flag rolecall.feature_flags, p_rollouts jsonb)
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_since timestamptz := rolecall_internal.rollout_since(p_flag);
  v_stage rolecall.rollout_stages := rolecall_internal.rollout_stage(p_flag.name, p_flag.rollout);
  v_figures jsonb := rolecall_internal.rollout_figures(p_flag.name, v_since);
  v_criteria jsonb := rolecall_internal.rollout_criteria(v_stage, v_figures);
begin
  return jsonb_build_object(
    'flag', p_flag.name,
    'rollout', p_flag.rollout,
    'since', rolecall_internal.iso(v_since),
    'requires', p_flag.requires,
    'stage', case
      when v_stage.flag is not null then jsonb_build_object(
        'rollout', v_stage.rollout,
        'min_age_seconds', extract(epoch from v_stage.min_age)::bigint,
        'min_attempts', v_stage.min_attempts,
        'min_success', v_stage.min_success,
        'max_p95_ms', v_stage.max_p95_ms,
        'max_errors', v_stage.max_errors,
        'auto_advance', v_stage.auto_advance
      )
    end,
    'next_rollout', rolecall_internal.next_rollout(p_flag.name, p_flag.rollout),
    'watched', p_flag.rollout <> 'disabled' and exists (
      select
      from rolecall.rollout_stages
      where flag = p_flag.name
    ),
    -- The minute in which it was last called, within two hours: a guard that nobody calls guards nothing.
    'guard_seen_at', (
      select rolecall_internal.iso(max(slot))
      from rolecall.request_metrics
      where function = 'rollout.guard'
        and minutes = 1
        and code = 'ok'
    ),
    'users', (
      select jsonb_build_object(
        'examined', count(*),
        'in', count(*) filter (where simulated.is_in),
        'share', round(count(*) filter (where simulated.is_in)::numeric / nullif(count(*), 0), 4)
      )
      from rolecall_internal.simulate_rollout(
        p_flag.name, p_flag.rollout, p_rollouts, rolecall_internal.sample_of_users(1000)
      ) as simulated
    ),
    'figures', v_figures,
    'criteria', v_criteria,
    'met', rolecall_internal.are_met(v_criteria),
    'decisions', (
      select coalesce(jsonb_agg(rolecall_internal.rollout_decision_json(decision) order by decision.id desc), '[]')
      from (
        select *
        from rolecall.rollout_decisions
        where flag = p_flag.name
        order by id desc
        limit 20
      ) as decision
    )
  );
end
$$;

create or replace function rolecall_edge.rollout_status(p_request jsonb)
returns jsonb
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_call rolecall.call := rolecall_internal.begin_call('rollout.status', p_request, p_who => 'operator', p_keyed => false);
  v_flag rolecall.feature_flags;
begin
  if v_call.answer is null then
    select *
    into v_flag
    from rolecall.feature_flags
    where name = coalesce(v_call.input ->> 'flag', 'start-conversation');
    v_call.answer := case
      when v_flag.name is null then rolecall_internal.refuse_unknown_flag()
      else rolecall_internal.success(rolecall_internal.rollout_status(v_flag, v_call.rollouts))
    end;
  end if;
  return rolecall_internal.end_call(v_call);
end
$$;
$sql$;

  -- schema/rollout/guard.sql
  execute $sql$
-- The guard: takes a feature back that fails, and begins the next stage where that is wanted.
--
-- It judges flags that have stages and are not disabled, so that after its rollback only the operator goes on. Nothing but
-- the flag's row is written before the decision, and no lock is waited for but that of the row.

-- What the guard decides about a rollout at this moment: null in to_rollout where it lets it be.
create or replace function rolecall_internal.judge_rollout(
  p_flag text,
  p_rollout text,
  p_since timestamptz,
  out to_rollout text,
  out action text,
  out reason text,
  out figures jsonb
)
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_stage rolecall.rollout_stages;
  v_criteria jsonb;
begin
  figures := rolecall_internal.guard_figures(p_flag, p_since);
  reason := case
    when figures -> 'timeouts' = '1' then 'A statement of the last five minutes took too long.'
    when (figures ->> 'timeouts')::numeric > 1 then
      format('%s statements of the last five minutes took too long.', figures ->> 'timeouts')
    when (figures ->> 'connection_errors')::numeric > 10 then
      format('%s requests of one minute found no database.', figures ->> 'connection_errors')
    else (
      select format('%s of %s attempts succeeded %s.', round(span.success * 100, 1) || ' %', span.attempts, span.name)
      from (
        values
          ('in this minute', figures -> 'this_minute'),
          ('in the last minute', figures -> 'last_minute'),
          ('in the last five minutes', figures -> 'five_minutes')
      ) as seen (name, figures)
      cross join lateral (
        select
          seen.name,
          (seen.figures ->> 'attempts')::numeric as attempts,
          (seen.figures ->> 'success')::numeric as success
      ) as span
      where span.attempts >= 20
        and span.success < 0.8
      limit 1
    )
  end;
  if reason is not null then
    to_rollout := 'disabled';
    action := 'rollback';
    return;
  end if;

  v_stage := rolecall_internal.rollout_stage(p_flag, p_rollout);
  -- The age costs nothing to ask; the figures of a stage are added up.
  if v_stage.auto_advance and now() - p_since >= v_stage.min_age then
    figures := rolecall_internal.rollout_figures(p_flag, p_since);
    v_criteria := rolecall_internal.rollout_criteria(v_stage, figures);
    if rolecall_internal.are_met(v_criteria) then
      figures := figures || jsonb_build_object('criteria', v_criteria);
      to_rollout := rolecall_internal.next_rollout(p_flag, p_rollout);
      action := 'advance';
      reason := format('The stage %s has shown what it has to.', p_rollout);
    end if;
  end if;
end
$$;

-- Decides about every rollout that is watched, and returns the decisions. Decision and change are one statement: what was
-- judged is what is changed, or nothing is. Of guards at the same moment one decides.
create or replace function rolecall_internal.guard_rollouts()
returns jsonb
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_flag rolecall.feature_flags;
  v_decision rolecall.rollout_decisions;
  v_decisions jsonb := '[]';
begin
  perform set_config('rolecall.actor', 'guard', true);
  for v_flag in
    select flag.*
    from rolecall.feature_flags as flag
    where flag.rollout <> 'disabled'
      and exists (
        select
        from rolecall.rollout_stages as stage
        where stage.flag = flag.name
      )
    order by flag.name
  loop
    with judged as materialized (
      select judgement.*
      from rolecall_internal.judge_rollout(
        v_flag.name, v_flag.rollout, rolecall_internal.rollout_since(v_flag)
      ) as judgement
      where judgement.to_rollout is not null
        -- Read by the trigger that writes feature_flag_changes.
        and set_config('rolecall.reason', judgement.reason, true) is not null
    ),
    changed as (
      update rolecall.feature_flags as flag
      set rollout = judged.to_rollout
      from judged
      where flag.name = v_flag.name
        and flag.rollout = v_flag.rollout
        and flag.updated_at = v_flag.updated_at
      returning judged.action, judged.to_rollout, judged.reason, judged.figures
    )
    insert into rolecall.rollout_decisions (flag, actor, action, from_rollout, to_rollout, reason, figures)
    select v_flag.name, 'guard', action, v_flag.rollout, to_rollout, reason, figures
    from changed
    returning *
    into v_decision;
    if found then
      v_decisions := v_decisions || rolecall_internal.rollout_decision_json(v_decision);
    end if;
  end loop;
  return v_decisions;
end
$$;

create or replace function rolecall_edge.guard_rollouts(p_request jsonb)
returns jsonb
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_call rolecall.call := rolecall_internal.begin_call('rollout.guard', p_request, p_who => 'operator');
  v_decisions jsonb;
begin
  if v_call.answer is null then
    v_decisions := rolecall_internal.guard_rollouts();
    if v_decisions <> '[]' then
      perform rolecall_internal.log_event(v_call, 'rollout_guarded', jsonb_build_object('decisions', v_decisions));
    end if;
    v_call.answer := rolecall_internal.success(jsonb_build_object('decisions', v_decisions));
  end if;
  return rolecall_internal.end_call(v_call);
end
$$;
$sql$;

  -- schema/rollout/rollback.sql
  execute $sql$
-- The way back: off for everybody, without a question.
create or replace function rolecall_edge.rollback_rollout(p_request jsonb)
returns jsonb
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_call rolecall.call := rolecall_internal.begin_call('rollout.rollback', p_request, p_who => 'operator');
begin
  if v_call.answer is null then
    v_call.answer := rolecall_internal.set_rollout(v_call, 'rollback', 'disabled');
  end if;
  return rolecall_internal.end_call(v_call);
end
$$;
$sql$;

  -- schema/rollout/set.sql
  execute $sql$
-- Sets a rollout, whatever the stages say.
create or replace function rolecall_edge.set_rollout(p_request jsonb)
returns jsonb
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_call rolecall.call := rolecall_internal.begin_call('rollout.set', p_request, p_who => 'operator');
begin
  if v_call.answer is null then
    v_call.answer := rolecall_internal.set_rollout(v_call, 'set', v_call.input ->> 'rollout');
  end if;
  return rolecall_internal.end_call(v_call);
end
$$;
$sql$;

  -- schema/calls/triggers.sql
  execute $sql$
create or replace trigger feature_flags_touch_updated_at
before update on rolecall.feature_flags
for each row
when (
  (old.name, old.rollout, old.description, old.requires)
  is distinct from (new.name, new.rollout, new.description, new.requires)
)
execute function rolecall_internal.touch_updated_at();
$sql$;

  -- schema/flags/triggers.sql
  execute $sql$
-- Before any row is locked, so that two changes at once do not wait for each other.
create or replace trigger feature_flags_follow_each_other
before insert or update or delete on rolecall.feature_flags
for each statement
execute function rolecall_internal.lock_flags_first();

create or replace trigger feature_flags_record
after insert or update or delete on rolecall.feature_flags
for each row
execute function rolecall_internal.record_flag();

create or replace trigger feature_flags_settle
after insert or update or delete on rolecall.feature_flags
for each statement
execute function rolecall_internal.settle_flags();

create or replace trigger feature_flags_maintenance_alone
after update on rolecall.feature_flags
referencing old table as previous new table as changed
for each statement
execute function rolecall_internal.refuse_maintenance_among_others();

-- By row: a profile that is deleted without any must not wait.
create or replace trigger feature_flag_overrides_follow_each_other
before insert or update or delete on rolecall.feature_flag_overrides
for each row
execute function rolecall_internal.lock_flags_first();

create or replace trigger feature_flag_overrides_record
after insert or update or delete on rolecall.feature_flag_overrides
for each row
execute function rolecall_internal.record_override();

create or replace trigger feature_flag_overrides_settle
after insert or update or delete on rolecall.feature_flag_overrides
for each row
execute function rolecall_internal.settle_flags();

create or replace trigger feature_flag_changes_never_change
before update or delete on rolecall.feature_flag_changes
for each row
execute function rolecall_internal.refuse_other_flag_history();

create or replace trigger feature_flag_changes_never_truncated
before truncate on rolecall.feature_flag_changes
for each statement
execute function rolecall_internal.refuse_other_flag_history();

-- Fire for a session that pretends to be a replica, too.
alter table rolecall.feature_flags enable always trigger feature_flags_record;

alter table rolecall.feature_flag_overrides enable always trigger feature_flag_overrides_record;

alter table rolecall.feature_flag_changes enable always trigger feature_flag_changes_never_change;

alter table rolecall.feature_flag_changes enable always trigger feature_flag_changes_never_truncated;
$sql$;

  -- schema/help/triggers.sql
  execute $sql$
create or replace trigger help_requests_touch_updated_at
before update on rolecall.help_requests
for each row
execute function rolecall_internal.touch_updated_at();

create or replace trigger conversations_v2_touch_updated_at
before update on public.conversations_v2
for each row
when (old.* is distinct from new.*)
execute function rolecall_internal.touch_updated_at();

create or replace trigger messages_v2_touch_updated_at
before update on public.messages_v2
for each row
when (old.* is distinct from new.*)
execute function rolecall_internal.touch_updated_at();

create or replace trigger messages_v2_count
after insert on public.messages_v2
referencing new table as added
for each statement
execute function rolecall_internal.count_help_messages();

create or replace trigger messages_v2_discount
after delete on public.messages_v2
referencing old table as gone
for each statement
execute function rolecall_internal.discount_help_messages();

create or replace trigger conversations_v2_open_thread
after insert on public.conversations_v2
for each row
execute function rolecall_internal.open_help_thread();

create or replace trigger conversations_v2_move_thread
after update on public.conversations_v2
for each row
when (
  old.status is distinct from new.status
  or old.requester_id is distinct from new.requester_id
  or old.helper_id is distinct from new.helper_id
)
execute function rolecall_internal.move_help_thread();

-- Statements that lock messages, or a client's conversations, take turns.
create or replace trigger messages_v2_await_turn
before update or delete on public.messages_v2
for each statement
when (rolecall_internal.is_client())
execute function rolecall_internal.await_help_turn('client');

create or replace trigger messages_v2_await_turn_of_all
before update or delete on public.messages_v2
for each statement
when (not rolecall_internal.is_client())
execute function rolecall_internal.await_help_turn('operator');

create or replace trigger conversations_v2_await_turn
before update of status on public.conversations_v2
for each statement
when (rolecall_internal.is_client())
execute function rolecall_internal.await_help_turn('client');

create or replace trigger conversations_v2_await_turn_of_all
before delete on public.conversations_v2
for each statement
execute function rolecall_internal.await_help_turn('operator');

create or replace trigger messages_v2_settle_changed
after update on public.messages_v2
referencing old table as previous new table as changed
for each statement
when (rolecall_internal.is_client())
execute function rolecall_internal.settle_changed_help_messages('client');

create or replace trigger messages_v2_settle_changed_by_operator
after update on public.messages_v2
referencing old table as previous new table as changed
for each statement
when (not rolecall_internal.is_client())
execute function rolecall_internal.settle_changed_help_messages('operator');

-- What clients write takes tokens.
create or replace trigger help_requests_limit_asking
before insert on rolecall.help_requests
for each row
when (rolecall_internal.is_client())
execute function rolecall_internal.limit_client_write('ask_for_help');

create or replace trigger help_requests_limit_changes
before update on rolecall.help_requests
for each row
when (rolecall_internal.is_client())
execute function rolecall_internal.limit_client_write('change_help');

create or replace trigger conversations_v2_limit_changes
before update on public.conversations_v2
for each row
when (rolecall_internal.is_client())
execute function rolecall_internal.limit_client_write('change_help');

create or replace trigger messages_v2_limit_changes
before update or delete on public.messages_v2
for each row
when (rolecall_internal.is_client())
execute function rolecall_internal.limit_client_write('send_help_message');

-- What is kept, whoever writes.
create or replace trigger messages_v2_keep_edited
before update on public.messages_v2
for each row
when (old.content is distinct from new.content and rolecall_internal.is_client())
execute function rolecall_internal.keep_edited_help_message('client');

create or replace trigger messages_v2_keep_edited_by_operator
before update on public.messages_v2
for each row
when (old.content is distinct from new.content and not rolecall_internal.is_client())
execute function rolecall_internal.keep_edited_help_message('operator');

create or replace trigger messages_v2_keep_removed
before delete on public.messages_v2
for each row
when (rolecall_internal.is_client())
execute function rolecall_internal.keep_removed_help_message('client');

create or replace trigger messages_v2_keep_removed_by_operator
before delete on public.messages_v2
for each row
when (not rolecall_internal.is_client())
execute function rolecall_internal.keep_removed_help_message('operator');

create or replace trigger conversations_v2_keep_who_closed
before update on public.conversations_v2
for each row
when (old.status is distinct from new.status and rolecall_internal.is_client())
execute function rolecall_internal.keep_who_closed('client');

create or replace trigger conversations_v2_keep_who_closed_by_operator
before update on public.conversations_v2
for each row
when (old.status is distinct from new.status and not rolecall_internal.is_client())
execute function rolecall_internal.keep_who_closed('operator');

create or replace trigger help_message_edits_never_change
before update or delete on rolecall.help_message_edits
for each row
execute function rolecall_internal.refuse_other_history();

create or replace trigger help_message_edits_never_truncated
before truncate on rolecall.help_message_edits
for each statement
execute function rolecall_internal.refuse_other_history();

-- Fire for a session that pretends to be a replica, too.
alter table public.messages_v2 enable always trigger messages_v2_keep_edited;

alter table public.messages_v2 enable always trigger messages_v2_keep_edited_by_operator;

alter table public.messages_v2 enable always trigger messages_v2_keep_removed;

alter table public.messages_v2 enable always trigger messages_v2_keep_removed_by_operator;

alter table public.messages_v2 enable always trigger messages_v2_settle_changed;

alter table public.messages_v2 enable always trigger messages_v2_settle_changed_by_operator;

alter table rolecall.help_message_edits enable always trigger help_message_edits_never_change;

alter table rolecall.help_message_edits enable always trigger help_message_edits_never_truncated;

create or replace trigger user_blocks_await_help_writers
after insert on rolecall.user_blocks
for each row
execute function rolecall_internal.await_help_writers();

create or replace trigger help_requests_hold_profiles
after insert on rolecall.help_requests
for each row
execute function rolecall_internal.hold_profiles('requester_id');

create or replace trigger conversations_v2_hold_profiles
after insert on public.conversations_v2
for each row
execute function rolecall_internal.hold_profiles('requester_id', 'helper_id');

create or replace trigger messages_v2_hold_profiles
after insert on public.messages_v2
for each row
execute function rolecall_internal.hold_profiles('sender_id');

create or replace trigger reported_messages_erase_help_messages_due
after update on rolecall.reported_messages
referencing new table as reviewed
for each statement
execute function rolecall_internal.erase_help_messages_due();
$sql$;

  -- schema/monitoring/triggers.sql
  execute $sql$
create or replace trigger conversations_v2_count
after insert on public.conversations_v2
referencing new table as added
for each statement
execute function rolecall_internal.count_help_conversations();

create or replace trigger conversations_v2_discount
after delete on public.conversations_v2
referencing old table as gone
for each statement
execute function rolecall_internal.discount_help_conversations();

create or replace trigger conversations_v2_recount
after update on public.conversations_v2
for each row
when (old.status is distinct from new.status or old.created_at is distinct from new.created_at)
execute function rolecall_internal.recount_help_conversation();
$sql$;

  -- schema/rollout/triggers.sql
  execute $sql$
create or replace trigger feature_flags_begin_first_stage
after insert on rolecall.feature_flags
for each row
execute function rolecall_internal.begin_rollout_stage();

create or replace trigger feature_flags_begin_stage
after update on rolecall.feature_flags
for each row
when (old.rollout is distinct from new.rollout)
execute function rolecall_internal.begin_rollout_stage();
$sql$;

  -- schema/diagnostics/views.sql
  execute $sql$
-- The oldest is what an alarm is about.
create or replace view rolecall_monitoring.pending_reports as
select
  count(*) as count,
  min(created_at) as oldest_at,
  extract(epoch from now() - min(created_at))::bigint as oldest_age_seconds
from rolecall.reported_messages
where status = 'pending';

comment on view rolecall_monitoring.pending_reports is 'How many reports are waiting for a moderator, and since when the oldest is.';

create or replace view rolecall_monitoring.reports_by_status as
select
  known.status,
  coalesce(sum(counted.reports), 0)::bigint as reports
from unnest(array['pending', 'dismissed', 'actioned']) as known (status)
left join rolecall.report_counts as counted
  on counted.queue = 'moderators'
  and counted.status = known.status
group by known.status;

comment on view rolecall_monitoring.reports_by_status is 'All reports by status; one row for each status.';

-- Requests are counted by the minute: the hour begins with the minute that it begins in.
create or replace view rolecall_monitoring.requests_last_hour as
select
  function,
  code,
  sum(requests)::bigint as requests
from rolecall.request_metrics
where slot > now() - interval '1 hour 1 minute'
  and minutes = 1
group by function, code;

comment on view rolecall_monitoring.requests_last_hour is 'Requests by function and answer: ok, or the code of the refusal.';

create or replace view rolecall_monitoring.rate_limited_last_hour as
select
  function,
  sum(requests)::bigint as requests
from rolecall.request_metrics
where slot > now() - interval '1 hour 1 minute'
  and minutes = 1
  and code in ('rate_limited', 'quota_exceeded')
group by function;

comment on view rolecall_monitoring.rate_limited_last_hour is 'Requests that a rate limit or a quota refused, by function.';

create or replace view rolecall_monitoring.quota_reset as
select
  max(period) filter (where finished_at is not null) as last_period,
  max(run_at) filter (where finished_at is not null) as run_at,
  extract(epoch from now() - max(run_at) filter (where finished_at is not null))::bigint as age_seconds,
  -- The quota day begins at 02:00 UTC; whoever reads a view needs the right to every function in it.
  max(period) filter (where finished_at is not null)
    is distinct from (now() at time zone 'utc' - interval '2 hours')::date as due
from rolecall.quota_runs;

comment on view rolecall_monitoring.quota_reset is
  'The last finished nightly run, and whether today''s is still due.';

create or replace view rolecall_monitoring.refusals_last_hour as
select
  nullif(user_id, '00000000-0000-0000-0000-000000000000') as user_id,
  event,
  sum(refusals)::bigint as refusals,
  sum(refusals - logged)::bigint as not_logged
from rolecall.refusal_counts
where minute > now() - interval '1 hour'
group by user_id, event;

comment on view rolecall_monitoring.refusals_last_hour is
  'How often each user was refused, and how many of these refusals were counted instead of logged.';

create or replace view rolecall_monitoring.suspensions as
select
  count(*) as count,
  count(*) filter (where suspended_until = 'infinity') as for_good
from rolecall.profiles
where suspended_until > now();

comment on view rolecall_monitoring.suspensions is 'How many users are suspended now.';

create or replace view rolecall_monitoring.unfinished_deletions as
select
  count(*) as count,
  min(requested_at) as oldest_at,
  extract(epoch from now() - min(requested_at))::bigint as oldest_age_seconds
from rolecall.data_deletions
where completed_at is null;

comment on view rolecall_monitoring.unfinished_deletions is
  'Requests to delete one''s own data that need another call, and since when the oldest has been waiting.';

create or replace view rolecall_monitoring.migration as
select version, name, applied_at
from rolecall.schema_migrations
order by version desc
limit 1;

comment on view rolecall_monitoring.migration is 'The newest migration of this database.';
$sql$;

  -- schema/monitoring/views.sql
  execute $sql$
-- Requests are counted by the minute for two hours, and by the quarter of an hour before: a span begins with the minute or
-- the quarter that it begins in. Whoever reads a view needs the right to every function in it, so they call few.

create or replace view rolecall_monitoring.error_rate as
select
  counted.code,
  counted.requests as count,
  round(100 * counted.requests / counted.total, 3) as percentage,
  rolecall_internal.is_failure(counted.code) as is_failure
from (
  select
    code,
    sum(requests)::bigint as requests,
    sum(sum(requests)) over () as total
  from rolecall.request_metrics
  where slot > now() - interval '1 hour 1 minute'
    and minutes = 1
  group by code
) as counted
where counted.code <> 'ok';

comment on view rolecall_monitoring.error_rate is
  'What was not answered with success in the last hour, by code; the percentage is of all requests. Failures count against the success rate, refusals do not.';

create or replace view rolecall_monitoring.latency as
with by_bucket as (
  select
    function,
    bucket,
    sum(requests) as requests,
    sum(sum(requests)) over (partition by function order by bucket) as up_to,
    sum(sum(requests)) over (partition by function) as total,
    case when bucket > 0 then 0.1 * power(2.0::double precision, (bucket - 1) / 2.0::double precision) else 0 end as begins,
    0.1 * power(2.0::double precision, bucket / 2.0::double precision) as ends
  from rolecall.request_metrics
  where slot > now() - interval '1 hour 1 minute'
    and minutes = 1
  group by function, bucket
)
select
  by_bucket.function,
  max(by_bucket.total)::bigint as requests,
  -- Requests are taken to be spread evenly in the bucket where the percentile falls.
  max(percentile.ms) filter (where percentile.share = 0.50) as p50_ms,
  max(percentile.ms) filter (where percentile.share = 0.95) as p95_ms,
  max(percentile.ms) filter (where percentile.share = 0.99) as p99_ms
from by_bucket
cross join lateral (
  select
    share,
    round(
      (begins + ((share * total - (up_to - requests)) / requests)::double precision * (ends - begins))::numeric,
      3
    ) as ms
  from unnest(array[0.50, 0.95, 0.99]) as share
  where up_to - requests < share * total
    and up_to >= share * total
) as percentile
group by by_bucket.function;

comment on view rolecall_monitoring.latency is
  'How long requests of the last hour took, by operation; of those that no statement answered, until they were given up.';

create or replace view rolecall_monitoring.conversation_creation as
with recent as (
  select slot, code, requests
  from rolecall.request_metrics
  where slot > now() - interval '24 hours 15 minutes'
    and function in ('start-conversation', 'create_conversation_atomic')
),
counted as (
  select
    span.name,
    span.number,
    coalesce(sum(recent.requests), 0)::bigint as attempts,
    coalesce(sum(recent.requests) filter (where recent.code = 'ok'), 0)::bigint as succeeded,
    coalesce(sum(recent.requests) filter (where rolecall_internal.is_failure(recent.code)), 0)::bigint as failed,
    coalesce(sum(recent.requests) filter (where recent.code = 'conversation_exists'), 0)::bigint as duplicates
  from (
    values
      (1, '5 minutes', now() - interval '6 minutes'),
      (2, '1 hour', now() - interval '1 hour 1 minute'),
      (3, '24 hours', now() - interval '24 hours 15 minutes')
  ) as span (number, name, since)
  left join recent
    on recent.slot > span.since
  group by span.name, span.number
)
select
  name as span,
  attempts,
  succeeded,
  failed,
  attempts - succeeded - failed as refused,
  duplicates,
  round(succeeded::numeric / nullif(succeeded + failed, 0), 4) as success_rate,
  round(duplicates::numeric / nullif(attempts, 0), 4) as duplicate_share
from counted
order by number;

comment on view rolecall_monitoring.conversation_creation is
  'Attempts to start a help conversation. The success rate is succeeded / (succeeded + failed); refusals, such as of a duplicate, are neither.';

create or replace view rolecall_monitoring.v2_adoption as
select
  span.name as span,
  span.v1,
  span.v2,
  round(100.0 * span.v2 / nullif(span.v1 + span.v2, 0), 2) as v2_percentage
from (
  select
    coalesce(sum(conversations) filter (where hour > now() - interval '25 hours'), 0)::bigint as day,
    coalesce(sum(conversations) filter (where hour > now() - interval '7 days 1 hour'), 0)::bigint as week,
    coalesce(sum(conversations), 0)::bigint as ever
  from rolecall.help_conversation_counts
) as v2
cross join rolecall_internal.v1_conversation_counts() as v1
cross join lateral (
  values
    (1, '24 hours', v1.day, v2.day),
    (2, '7 days', v1.week, v2.week),
    (3, 'ever', v1.ever, v2.ever)
) as span (number, name, v1, v2)
order by span.number;

comment on view rolecall_monitoring.v2_adoption is
  'How many help conversations were started in V1, the app''s own that was adopted, and in V2. V2 is counted by the hour.';

create or replace view rolecall_monitoring.active_conversations as
select
  version.name as version,
  version.active,
  version.new_this_week
from (
  select
    coalesce(sum(conversations) filter (where status = 'active'), 0)::bigint as active,
    coalesce(sum(conversations) filter (where hour > now() - interval '7 days 1 hour'), 0)::bigint as new_this_week
  from rolecall.help_conversation_counts
) as v2
cross join rolecall_internal.v1_conversation_counts() as v1
cross join lateral (
  values
    ('v1', v1.active, v1.week),
    ('v2', v2.active, v2.new_this_week)
) as version (name, active, new_this_week)
order by version.name;

comment on view rolecall_monitoring.active_conversations is
  'How many help conversations of each version are active, and how many were started in the last seven days.';

create or replace view rolecall_monitoring.alerts as
with recent as materialized (
  select slot, function, code, bucket, sum(requests) as requests
  from rolecall.request_metrics
  where minutes = 1
    and slot > now() - interval '16 minutes'
  group by slot, function, code, bucket
),
hour as (
  select
    coalesce(sum(requests) filter (where code = 'ok'), 0) as ok,
    coalesce(sum(requests) filter (where rolecall_internal.is_failure(code)), 0) as failed
  from rolecall.request_metrics
  where minutes = 1
    and slot > now() - interval '1 hour 1 minute'
),
attempted as (
  select
    coalesce(sum(requests) filter (where code = 'ok' and is_newest), 0) as newest_ok,
    coalesce(sum(requests) filter (where is_failure and is_newest), 0) as newest_failed,
    coalesce(sum(requests) filter (where code = 'ok' and is_newest and creates), 0) as newest_created,
    coalesce(sum(requests) filter (where is_failure and is_newest and creates), 0) as newest_not_created,
    coalesce(sum(requests) filter (where creates), 0) as creations,
    coalesce(sum(requests) filter (where creates and code = 'conversation_exists'), 0) as duplicates
  from (
    select
      code,
      requests,
      rolecall_internal.is_failure(code) as is_failure,
      slot > now() - interval '6 minutes' as is_newest,
      function in ('start-conversation', 'create_conversation_atomic') as creates
    from recent
  ) as marked
),
by_bucket as (
  select
    function,
    bucket,
    sum(requests) as requests,
    sum(sum(requests)) over (partition by function order by bucket) as up_to,
    sum(sum(requests)) over (partition by function) as total,
    case when bucket > 0 then 0.0001 * power(2.0::double precision, (bucket - 1) / 2.0::double precision) else 0 end
      as begins,
    0.0001 * power(2.0::double precision, bucket / 2.0::double precision) as ends
  from recent
  where slot > now() - interval '6 minutes'
  group by function, bucket
),
figure (name, value, attempts) as (
  select 'conversation_creation_failing' as name, newest_created / nullif(newest_created + newest_not_created, 0),
    newest_created + newest_not_created
  from attempted
  union all
  -- At least how long the slowest took, in seconds. What was cancelled for its time had five of them; waiting for a lock
  -- ends before that.
  select
    'statement_too_slow' as name,
    max(
      case
        when bucket = 32 and code = 'timeout' then 5
        when bucket > 0 then 0.0001 * power(2.0::double precision, (bucket - 1) / 2.0::double precision)
      end
    )::numeric,
    0
  from recent
  where slot > now() - interval '6 minutes'
  union all
  select 'connection_errors' as name, max(errors.requests), 0
  from (
    select sum(requests) as requests
    from recent
    where slot > now() - interval '6 minutes'
      and code = 'database_unavailable'
    group by slot
  ) as errors
  union all
  select 'rollout_rolled_back' as name, count(*), 0
  from rolecall.feature_flags as flag
  cross join lateral (
    select decision.actor, decision.action
    from rolecall.rollout_decisions as decision
    where decision.flag = flag.name
    order by decision.id desc
    limit 1
  ) as newest
  where flag.rollout = 'disabled'
    and newest.actor = 'guard'
    and newest.action = 'rollback'
  union all
  select 'error_rate_high' as name, newest_failed / nullif(newest_ok + newest_failed, 0), newest_ok + newest_failed
  from attempted
  union all
  -- Of the slowest operation that had enough requests to have a percentile.
  select
    'latency_high' as name,
    max(begins + ((0.95 * total - (up_to - requests)) / requests)::double precision * (ends - begins))::numeric,
    max(total)
  from by_bucket
  where up_to - requests < 0.95 * total
    and up_to >= 0.95 * total
    and total >= (select rule.attempts from rolecall.alert_rules as rule where rule.name = 'latency_high')
  union all
  select 'duplicate_conversations' as name, duplicates / nullif(creations, 0), creations
  from attempted
  union all
  select 'error_rate_raised' as name, failed / nullif(ok + failed, 0), ok + failed
  from hour
  union all
  select 'reports_waiting' as name, extract(epoch from now() - min(created_at)), 0
  from rolecall.reported_messages
  where status = 'pending'
  union all
  -- Since the quota day began, at 02:00 UTC, or since there is a database that could have had a run.
  select
    'quota_reset_due' as name,
    extract(
      epoch from now() - greatest(
        date_trunc('day', now() at time zone 'utc' - interval '2 hours') at time zone 'utc' + interval '2 hours',
        (select min(migration.applied_at) from rolecall.schema_migrations as migration)
      )
    ),
    0
  where not exists (
    select
    from rolecall.quota_runs as run
    where run.period = (now() at time zone 'utc' - interval '2 hours')::date
      and run.finished_at is not null
  )
)
select
  rule.name,
  rule.severity,
  round(figure.value, 4) as value,
  rule.threshold,
  coalesce(state.since, now()) as since,
  rule.summary
from rolecall.alert_rules as rule
join figure
  on figure.name = rule.name
left join rolecall.alert_states as state
  on state.name = rule.name
where figure.attempts >= rule.attempts
  and case rule.name
    when 'conversation_creation_failing' then figure.value < rule.threshold
    when 'statement_too_slow' then figure.value >= rule.threshold
    else figure.value > rule.threshold
  end
order by rule.severity, rule.name;

comment on view rolecall_monitoring.alerts is
  'The alerts that fire now. A share is between 0 and 1, a time in seconds; since is when the endpoint alerts first saw it.';
$sql$;

  -- schema/flags/defaults.sql
  execute $sql$
-- What every function for users requires is off until somebody switches it on. A database that was used before this was
-- asked goes on as it was.
select set_config('rolecall.reason', 'Rolecall was installed.', true);

insert into rolecall.feature_flags (name, rollout, description)
values
  (
    'messaging_v2_enabled',
    case when exists (select from rolecall.profiles) then 'enabled' else 'disabled' end,
    'All functions for users; each requires it.'
  ),
  ('maintenance', 'disabled', 'Users whom this includes read, but write nothing: their POSTs are answered 503.');

update rolecall.feature_flags
set requires = 'messaging_v2_enabled'
where name in (
  'blocks',
  'check-permission',
  'conversations',
  'diagnostics',
  'help-conversations',
  'moderation',
  'own-data',
  'send-broadcast',
  'send-dm',
  'start-conversation'
);

select set_config('rolecall.reason', '', true);
$sql$;

  -- schema/help/defaults.sql
  execute $sql$
-- The threads of conversations that were there before their table. How far their people had read was not kept: what they
-- said themselves, and what came before it, is read.
insert into rolecall.help_threads (
  conversation_id, requester_id, helper_id, status, last_message_at,
  requester_read_at, helper_read_at, requester_unread, helper_unread
)
select
  conversation.id,
  conversation.requester_id,
  conversation.helper_id,
  conversation.status,
  greatest(conversation.created_at, said.newest),
  coalesce(said.by_requester, '-infinity'),
  coalesce(said.by_helper, '-infinity'),
  (
    select count(*)
    from public.messages_v2
    where conversation_id = conversation.id
      and created_at > coalesce(said.by_requester, '-infinity')
      and rolecall_internal.is_new_help_message(sender_id, content, conversation.requester_id)
  ),
  (
    select count(*)
    from public.messages_v2
    where conversation_id = conversation.id
      and created_at > coalesce(said.by_helper, '-infinity')
      and rolecall_internal.is_new_help_message(sender_id, content, conversation.helper_id)
  )
from public.conversations_v2 as conversation
cross join lateral (
  select
    max(created_at) as newest,
    max(created_at) filter (where sender_id = conversation.requester_id) as by_requester,
    max(created_at) filter (where sender_id = conversation.helper_id) as by_helper
  from public.messages_v2
  where conversation_id = conversation.id
) as said;
$sql$;

  -- schema/monitoring/defaults.sql
  execute $sql$
insert into rolecall.alert_rules (name, severity, threshold, attempts, summary)
values
  (
    'conversation_creation_failing', 'critical', 0.80, 5,
    'Too few attempts of the last five minutes to start a help conversation succeeded.'
  ),
  ('statement_too_slow', 'critical', 5, 0, 'A statement of the last five minutes took too long or was cancelled for it.'),
  ('connection_errors', 'critical', 10, 0, 'Too many requests of one of the last five minutes found no database.'),
  ('rollout_rolled_back', 'critical', 0, 0, 'The guard has rolled a feature back; it stays off until somebody sets or advances it.'),
  ('error_rate_high', 'warning', 0.05, 20, 'Too many requests of the last five minutes failed.'),
  ('latency_high', 'warning', 1, 20, 'The slowest twentieth of the requests of the last five minutes took too long.'),
  (
    'duplicate_conversations', 'warning', 0.10, 10,
    'Too many attempts of the last 15 minutes to start a help conversation were duplicates.'
  ),
  ('error_rate_raised', 'warning', 0.001, 20, 'More requests of the last hour failed than the service promises.'),
  ('reports_waiting', 'warning', 86400, 0, 'A report waits too long for a moderator.'),
  ('quota_reset_due', 'warning', 3600, 0, 'The nightly run of this quota day has not finished.')
on conflict (name) do nothing;

insert into rolecall.alert_delivery (id)
values (1)
on conflict (id) do nothing;

-- Conversations of an older version.
insert into rolecall.help_conversation_counts (hour, status, stripe, conversations)
select
  case
    when created_at > now() - interval '10 days' then date_bin('1 hour', created_at, '2000-01-01 00:00:00+00')
    else '2000-01-01 00:00:00+00'
  end,
  status,
  0,
  count(*)
from public.conversations_v2
group by 1, 2
on conflict (hour, status, stripe) do update
set conversations = excluded.conversations;
$sql$;

  -- schema/rollout/defaults.sql
  execute $sql$
-- The stages of the mutual-aid collective's playbook. The last one is not left; its figures say how things are going.
insert into rolecall.rollout_stages (flag, rollout, min_success, max_p95_ms, max_errors, min_age, min_attempts)
select flag.name, stage.rollout, stage.min_success, 500, 0.01, stage.min_age, stage.min_attempts
from rolecall.feature_flags as flag
cross join (
  values
    ('internal', 0.95, interval '2 days', 20),
    ('percentage:10', 0.95, interval '4 days', 100),
    ('percentage:50', 0.97, interval '7 days', 500),
    ('enabled', 0.99, interval '0', 500)
) as stage (rollout, min_success, min_age, min_attempts)
where flag.name = 'start-conversation';
$sql$;

  -- schema/flags/policies.sql
  execute $sql$
-- What a user is in or out of they hear from the flags function; why, and of whom else, is the operator's.
alter table rolecall.feature_flag_overrides enable row level security;

alter table rolecall.feature_flag_changes enable row level security;

drop policy if exists "the operator makes exceptions" on rolecall.feature_flag_overrides;

create policy "the operator makes exceptions"
on rolecall.feature_flag_overrides
for all
to service_role
using (true)
with check (true);

drop policy if exists "the operator reads the history of the flags" on rolecall.feature_flag_changes;

create policy "the operator reads the history of the flags"
on rolecall.feature_flag_changes
for select
to service_role
using (true);
$sql$;

  -- schema/help/policies.sql
  execute $sql$
alter table rolecall.help_requests enable row level security;

drop policy if exists "users see open requests, their own, and those they help with" on rolecall.help_requests;

create policy "users see open requests, their own, and those they help with"
on rolecall.help_requests
for select
to authenticated
using (
  (
    status in ('open', 'in_progress')
    and (select rolecall_internal.caller_with_profile()) is not null
    -- Every created_at lies in this range; see identity/policies.sql.
    and created_at >= (select '-infinity'::timestamptz)
    and created_at <= (select 'infinity'::timestamptz)
  )
  or requester_id = (select rolecall_internal.caller_with_profile())
  or id = any (
    array(
      select conversation.help_request_id
      from public.conversations_v2 as conversation
      where conversation.helper_id = (select rolecall_internal.caller_with_profile())
    )
  )
);

drop policy if exists "people ask for help" on rolecall.help_requests;

create policy "people ask for help"
on rolecall.help_requests
for insert
to authenticated
with check (
  requester_id = (select auth.uid())
  and (select rolecall_internal.caller_may_ask_for_help())
);

drop policy if exists "people change their own requests" on rolecall.help_requests;

create policy "people change their own requests"
on rolecall.help_requests
for update
to authenticated
using (
  requester_id = (select auth.uid())
  and (select rolecall_internal.caller_may_ask_for_help())
)
with check (requester_id = (select auth.uid()));

-- Conversations begin through create_conversation_atomic alone: without the first message they must not exist.
alter table public.conversations_v2 enable row level security;

drop policy if exists "people see their help conversations" on public.conversations_v2;

create policy "people see their help conversations"
on public.conversations_v2
for select
to authenticated
using (
  requester_id = (select rolecall_internal.caller_with_profile())
  or helper_id = (select rolecall_internal.caller_with_profile())
);

drop policy if exists "people close and reopen their help conversations" on public.conversations_v2;

create policy "people close and reopen their help conversations"
on public.conversations_v2
for update
to authenticated
using (
  (select auth.uid()) in (requester_id, helper_id)
  and rolecall_internal.caller_may_move(id)
)
with check ((select auth.uid()) in (requester_id, helper_id));

alter table public.messages_v2 enable row level security;

drop policy if exists "people see the messages of their help conversations" on public.messages_v2;

create policy "people see the messages of their help conversations"
on public.messages_v2
for select
to authenticated
using (
  conversation_id = any (
    array(
      select conversation.id
      from public.conversations_v2 as conversation
      where conversation.requester_id = (select rolecall_internal.caller_with_profile())
        or conversation.helper_id = (select rolecall_internal.caller_with_profile())
    )
  )
  -- Every created_at lies in this range; see identity/policies.sql.
  and created_at >= (select '-infinity'::timestamptz)
  and created_at <= (select 'infinity'::timestamptz)
);

drop policy if exists "people correct their own messages" on public.messages_v2;

create policy "people correct their own messages"
on public.messages_v2
for update
to authenticated
using (
  sender_id = (select auth.uid())
  and rolecall_internal.caller_may_edit_in(conversation_id)
)
with check (sender_id = (select auth.uid()));

-- Neither a suspension nor a block keeps an author from taking back their own words, of which moderators keep a copy.
drop policy if exists "people take back their own messages" on public.messages_v2;

create policy "people take back their own messages"
on public.messages_v2
for delete
to authenticated
using (
  sender_id = (select auth.uid())
  and (select rolecall_internal.caller_may_use('help-conversations'))
);
$sql$;

  -- schema/monitoring/policies.sql
  execute $sql$
-- Thresholds are the operator's.
alter table rolecall.alert_rules enable row level security;

drop policy if exists "the operator changes the alerts" on rolecall.alert_rules;

create policy "the operator changes the alerts"
on rolecall.alert_rules
for all
to service_role
using (true)
with check (true);
$sql$;

  -- schema/rollout/policies.sql
  execute $sql$
-- The operator's alone.
alter table rolecall.rollout_stages enable row level security;

alter table rolecall.rollout_decisions enable row level security;

drop policy if exists "the operator changes the stages" on rolecall.rollout_stages;

create policy "the operator changes the stages"
on rolecall.rollout_stages
for all
to service_role
using (true)
with check (true);

drop policy if exists "the operator reads the decisions" on rolecall.rollout_decisions;

create policy "the operator reads the decisions"
on rolecall.rollout_decisions
for select
to service_role
using (true);
$sql$;

  -- Functions, views and types that are no more, unless somebody took their mark away.
  for v_object in execute
    'select kind, string_agg(substr(identity, length(kind) + 2), '', '' order by identity) as names
     from (' || v_inventory || ') as object
     where identity = any ($1)
       and kind in (''function'', ''view'', ''type'')
       and is_ours
     group by kind
     order by array_position(array[''function'', ''view'', ''type''], kind)'
    using v_gone
  loop
    execute format('drop %s %s', v_object.kind, v_object.names);
  end loop;

  -- The mark. Views in public bear it from the start, since one of that name can be somebody else's.
  for v_object in execute
    'select identity, description from (' || v_inventory || ') as object
     where identity = any ($1)
       and identity not like ''view public.%''
       and not is_ours'
    using v_ours
  loop
    execute format(
      'comment on %s is %L',
      v_object.identity,
      case when v_object.description is null then 'Rolecall' else 'Rolecall: ' || v_object.description end
    );
  end loop;

  -- Everything is closed to everybody, whatever the default privileges of this database grant; what somebody needs is
  -- granted below.
  for v_object in execute
    'select kind, identity from (' || v_inventory || ') as object
     where identity = any ($1)
       and kind in (''schema'', ''table'', ''view'', ''sequence'', ''function'')
       and identity not like ''view public.%''
       and is_ours'
    using v_ours
  loop
    execute format(
      'revoke all on %s from public, anon, authenticated, service_role, rolecall_edge',
      case when v_object.kind = 'view' then 'table' || substr(v_object.identity, 5) else v_object.identity end
    );
    if v_object.identity like 'function rolecall\_edge.%' then
      execute format('grant execute on %s to rolecall_edge', v_object.identity);
    end if;
  end loop;

  -- schema/base/access.sql
  execute $sql$
-- Who may look into the schemas. rolecall_edge executes every entry point; the installer grants that.
grant usage on schema rolecall to authenticated, service_role;
grant usage on schema rolecall_edge to rolecall_edge;

-- The checks and defaults of tables call these with the rights of whoever writes.
grant execute on function
  rolecall_internal.limit_direct_message_chars(),
  rolecall_internal.limit_help_message_min_chars(),
  rolecall_internal.limit_help_message_max_chars(),
  rolecall_internal.uuid_v7(),
  rolecall_internal.has_visible(text),
  rolecall_internal.has_control(text),
  rolecall_internal.is_name(text),
  rolecall_internal.is_text(text, int, int)
  to authenticated, service_role;
$sql$;

  -- schema/broadcasts/access.sql
  execute $sql$
grant execute on function rolecall_internal.caller_broadcasts() to authenticated;

grant execute on function rolecall_internal.reads_broadcasts_of(uuid, uuid) to authenticated;

grant select on rolecall.broadcast_limits to authenticated;

grant select, insert, update, delete on rolecall.broadcast_limits to service_role;

grant select on rolecall.broadcast_quotas to authenticated;

grant select, insert, update, delete on rolecall.broadcast_quotas to service_role;

grant select on rolecall.broadcasts to authenticated;

grant select, insert, update, delete on rolecall.broadcasts to service_role;

grant select on rolecall.broadcast_receipts to authenticated;

grant select, insert, update, delete on rolecall.broadcast_receipts to service_role;

grant select on rolecall.quota_runs to service_role;
$sql$;

  -- schema/calls/access.sql
  execute $sql$
-- Policies and the conditions of triggers call these with the rights of whoever writes.
grant execute on function rolecall_internal.is_client() to authenticated, service_role;

grant execute on function rolecall_internal.caller_may_use(text) to authenticated;

grant select on rolecall.feature_flags to authenticated;

grant select, insert, update, delete on rolecall.feature_flags to service_role;

grant select on rolecall.rate_limits to authenticated;

grant select, insert, update, delete on rolecall.rate_limits to service_role;

grant select on rolecall.application_logs to service_role;
$sql$;

  -- schema/conversations/access.sql
  execute $sql$
-- Policies call these with the rights of whoever reads; the schema stays closed.
grant execute on function
  rolecall_internal.caller_direct_conversations(),
  rolecall_internal.caller_show_conversations(),
  rolecall_internal.caller_acquaintances()
  to authenticated;
$sql$;

  -- schema/diagnostics/access.sql
  execute $sql$
grant usage on schema rolecall_monitoring to service_role;

grant select on
  rolecall_monitoring.pending_reports,
  rolecall_monitoring.reports_by_status,
  rolecall_monitoring.requests_last_hour,
  rolecall_monitoring.rate_limited_last_hour,
  rolecall_monitoring.refusals_last_hour,
  rolecall_monitoring.quota_reset,
  rolecall_monitoring.suspensions,
  rolecall_monitoring.unfinished_deletions,
  rolecall_monitoring.migration
  to service_role;
$sql$;

  -- schema/flags/access.sql
  execute $sql$
grant select, insert, update, delete on rolecall.feature_flag_overrides to service_role;

-- Written by triggers, read by the operator.
grant select on rolecall.feature_flag_changes to service_role;
$sql$;

  -- schema/help/access.sql
  execute $sql$
-- Policies call these with the rights of whoever asks.
grant execute on function
  rolecall_internal.caller_may_ask_for_help(),
  rolecall_internal.caller_may_edit_in(uuid),
  rolecall_internal.caller_may_move(uuid)
  to authenticated;

grant execute on function
  public.create_conversation_atomic(uuid, uuid, text),
  public.send_message_v2(uuid, uuid, text),
  public.get_conversation_v2(uuid, uuid)
  to authenticated;

grant select on rolecall.help_requests to authenticated;

grant insert (id, requester_id, title, description) on rolecall.help_requests to authenticated;

grant update (title, description, status) on rolecall.help_requests to authenticated;

grant select, insert, update, delete on rolecall.help_requests to service_role;

grant select on public.conversations_v2 to authenticated;

grant update (status) on public.conversations_v2 to authenticated;

grant select, insert, update, delete on public.conversations_v2 to service_role;

grant select, delete on public.messages_v2 to authenticated;

grant update (content) on public.messages_v2 to authenticated;

grant select, insert, update, delete on public.messages_v2 to service_role;
$sql$;

  -- schema/identity/access.sql
  execute $sql$
grant execute on function rolecall_internal.caller_organization() to authenticated;

grant execute on function rolecall_internal.caller_with_profile() to authenticated;

grant execute on function rolecall_internal.caller_may_write() to authenticated;

grant select on rolecall.organizations to authenticated;

grant select, insert, update, delete on rolecall.organizations to service_role;

grant select (id, display_name, role, created_at, updated_at) on rolecall.profiles to authenticated;

grant update (display_name) on rolecall.profiles to authenticated;

grant select, insert, update, delete on rolecall.profiles to service_role;

-- Without its row a key set is fetched anew by the next instance.
grant select, delete on rolecall.key_sets to service_role;
$sql$;

  -- schema/legacy/access.sql
  execute $sql$
grant execute on function rolecall.import_legacy_conversations(jsonb) to service_role;
$sql$;

  -- schema/messages/access.sql
  execute $sql$
-- The checks and columns of the tables run with the rights of whoever writes; the schema stays closed.
grant execute on function
  rolecall_internal.is_conversation(text, text, uuid, uuid, uuid, uuid, boolean),
  rolecall_internal.is_message(uuid, text, timestamptz, timestamptz, text, boolean),
  rolecall_internal.hour_of(timestamptz)
  to service_role;

grant execute on function
  public.can_user_send_dm(uuid, uuid, uuid),
  public.can_user_reply(uuid, uuid)
  to authenticated;

grant select, delete on rolecall.user_blocks to authenticated;

-- Not when it was made.
grant insert (blocker_id, blocked_id) on rolecall.user_blocks to authenticated;

grant select, insert, update, delete on rolecall.user_blocks to service_role;

grant select on rolecall.conversations to authenticated;

grant select, insert, update, delete on rolecall.conversations to service_role;

grant select on rolecall.conversation_participants to authenticated;

grant select, insert, update, delete on rolecall.conversation_participants to service_role;

grant select on rolecall.messages to authenticated;

grant select, insert, update, delete on rolecall.messages to service_role;
$sql$;

  -- schema/moderation/access.sql
  execute $sql$
grant select (id, message_id, conversation_id, reporter_id, reason, status, created_at)
  on rolecall.reported_messages to authenticated;

grant select on rolecall.reported_messages to service_role;

grant select on rolecall.moderation_audit to service_role;
$sql$;

  -- schema/monitoring/access.sql
  execute $sql$
-- Thresholds are the operator's; the rest is read through the views.
grant select, insert, update, delete on rolecall.alert_rules to service_role;

grant select on
  rolecall_monitoring.active_conversations,
  rolecall_monitoring.alerts,
  rolecall_monitoring.conversation_creation,
  rolecall_monitoring.error_rate,
  rolecall_monitoring.latency,
  rolecall_monitoring.v2_adoption
  to service_role;

-- The views call these with the rights of whoever reads them.
grant execute on function
  rolecall_internal.is_failure(text),
  rolecall_internal.v1_conversation_counts()
  to service_role;
$sql$;

  -- schema/own_data/access.sql
  execute $sql$
grant select on rolecall.data_deletions to authenticated;

grant select on rolecall.data_deletions to service_role;

grant execute on function rolecall.delete_account(uuid) to service_role;
$sql$;

  -- schema/rollout/access.sql
  execute $sql$
grant select, insert, update, delete on rolecall.rollout_stages to service_role;

-- Decisions are made by the functions, never written through the API.
grant select on rolecall.rollout_decisions to service_role;
$sql$;

  -- schema/shows/access.sql
  execute $sql$
grant select on rolecall.shows to authenticated;

grant select, insert, update, delete on rolecall.shows to service_role;

grant select on rolecall.show_participants to authenticated;

grant select, insert, update, delete on rolecall.show_participants to service_role;
$sql$;

  -- schema/base/operator.sql
  execute $sql$
-- Lets service_role do its work where it cannot pass row-level security by: on RDS no owner can grant BYPASSRLS. What it
-- may do to a table its grants say; a table that has a policy for it already needs none.
do $$
declare
  v_table record;
begin
  if (select rolbypassrls or rolsuper from pg_catalog.pg_roles where rolname = 'service_role') then
    return;
  end if;
  for v_table in
    select format('%I.%I', namespace.nspname, class.relname) as name
    from pg_catalog.pg_class as class
    join pg_catalog.pg_namespace as namespace
      on namespace.oid = class.relnamespace
    where class.relkind in ('r', 'p')
      and class.relrowsecurity
      and obj_description(class.oid, 'pg_class') ~ '^Rolecall(:|$)'
      and has_any_column_privilege('service_role', class.oid, 'select, insert, update')
      and not exists (
        select
        from pg_catalog.pg_policy as policy
        where policy.polrelid = class.oid
          and to_regrole('service_role') = any (policy.polroles)
      )
    order by 1
  loop
    execute format(
      'create policy "the operator works by its grants" on %s for all to service_role using (true) with check (true)',
      v_table.name
    );
  end loop;
end
$$;
$sql$;

  insert into rolecall.schema_migrations (version, name, digest)
  values (2, 'staged_rollout', '9dd371be65f1f96eaddbdfb4f8bf371a1e0fc94ce3e8d43d17296a77116f952c');
  perform set_config('client_min_messages', v_messages, true);
  perform set_config('search_path', v_search_path, true);
end
$migration$;
