-- Takes back 0003 organisations, and the data of what it made. Compiled by `make migration`.
--
-- One statement: whole or not at all. It drops what Rolecall made and marked, and nothing else; where something of
-- somebody else's depends on it, it raises.
do $migration$
declare
  -- The objects that it made.
  v_made constant text[] := array[
    'function rolecall_edge.add_number(jsonb)',
    'function rolecall_edge.assign_booking(jsonb)',
    'function rolecall_edge.claim_sms(jsonb)',
    'function rolecall_edge.erase_client(jsonb)',
    'function rolecall_edge.force_send(jsonb)',
    'function rolecall_edge.list_numbers(jsonb)',
    'function rolecall_edge.list_threads(jsonb)',
    'function rolecall_edge.mark_thread_read(jsonb)',
    'function rolecall_edge.receive_sms(jsonb)',
    'function rolecall_edge.receive_sms_status(jsonb)',
    'function rolecall_edge.release_number(jsonb)',
    'function rolecall_edge.send_thread_message(jsonb)',
    'function rolecall_edge.settle_sms(jsonb)',
    'function rolecall_edge.settle_text(jsonb)',
    'function rolecall_edge.thread_messages(jsonb)',
    'function rolecall_internal.add_number(jsonb)',
    'function rolecall_internal.answer_repeated_text(uuid, text)',
    'function rolecall_internal.answer_word(rolecall.clients, text, text, boolean)',
    'function rolecall_internal.append_message(rolecall.thread_messages, boolean)',
    'function rolecall_internal.assign_booking(uuid, jsonb, boolean)',
    'function rolecall_internal.booking_json(rolecall.bookings, rolecall.message_threads, rolecall.assignment_windows)',
    'function rolecall_internal.caller_organization_of_threads()',
    'function rolecall_internal.caller_role_of_threads()',
    'function rolecall_internal.caller_threads()',
    'function rolecall_internal.check_organization_permission(uuid, jsonb, jsonb)',
    'function rolecall_internal.choose_number(uuid, uuid, uuid)',
    'function rolecall_internal.client_of_booking(uuid, jsonb)',
    'function rolecall_internal.decide_organization(text, text, text[])',
    'function rolecall_internal.enqueue_sms(rolecall.thread_messages)',
    'function rolecall_internal.ensure_thread(uuid, uuid)',
    'function rolecall_internal.erase_client(jsonb)',
    'function rolecall_internal.erase_client_messages(uuid, uuid)',
    'function rolecall_internal.erase_thread_texts(uuid, integer)',
    'function rolecall_internal.erased_notice(text)',
    'function rolecall_internal.expire_sms_leases()',
    'function rolecall_internal.export_thread_section(uuid, text, uuid, bigint, uuid)',
    'function rolecall_internal.exported_thread_message(rolecall.thread_messages)',
    'function rolecall_internal.follow_sms_outbox()',
    'function rolecall_internal.force_actor(uuid, uuid, jsonb)',
    'function rolecall_internal.force_send(uuid, jsonb, jsonb)',
    'function rolecall_internal.forget_thread_reads()',
    'function rolecall_internal.held_back(uuid, jsonb)',
    'function rolecall_internal.is_account_deleted(uuid)',
    'function rolecall_internal.is_allowed_contact(uuid, text, text)',
    'function rolecall_internal.is_allowed_domain(uuid, text)',
    'function rolecall_internal.is_e164(text)',
    'function rolecall_internal.is_kept(jsonb)',
    'function rolecall_internal.is_live(rolecall.bookings)',
    'function rolecall_internal.is_news(uuid, text, uuid)',
    'function rolecall_internal.is_organization_action(text)',
    'function rolecall_internal.is_organization_role(text)',
    'function rolecall_internal.judge_thread(text, rolecall.thread_actor)',
    'function rolecall_internal.keep_window(rolecall.bookings, uuid)',
    'function rolecall_internal.lease_sms(uuid)',
    'function rolecall_internal.leave_number(uuid, uuid)',
    'function rolecall_internal.limit_force_reason_chars()',
    'function rolecall_internal.limit_media_url_chars()',
    'function rolecall_internal.limit_media_urls()',
    'function rolecall_internal.limit_thread_message_chars()',
    'function rolecall_internal.list_numbers(jsonb)',
    'function rolecall_internal.list_threads(uuid, jsonb, jsonb)',
    'function rolecall_internal.local_iso(timestamp with time zone, text)',
    'function rolecall_internal.local_words(timestamp with time zone, text)',
    'function rolecall_internal.mark_thread_read(uuid, jsonb, jsonb)',
    'function rolecall_internal.masked(text)',
    'function rolecall_internal.move_threads_of(rolecall.message_numbers)',
    'function rolecall_internal.notice(uuid, uuid, uuid, uuid, text, uuid)',
    'function rolecall_internal.notice_of_attempt(text, text[], text)',
    'function rolecall_internal.number_json(rolecall.message_numbers)',
    'function rolecall_internal.number_rest()',
    'function rolecall_internal.opt_in(uuid, uuid)',
    'function rolecall_internal.opt_out(uuid, uuid, text)',
    'function rolecall_internal.organization_flag(text)',
    'function rolecall_internal.organization_has_flag(uuid, text, jsonb)',
    'function rolecall_internal.own_threads(rolecall.actor, uuid)',
    'function rolecall_internal.owner_inbox(uuid, uuid)',
    'function rolecall_internal.plainly_on(text, uuid, uuid)',
    'function rolecall_internal.read_thread(uuid, jsonb, jsonb)',
    'function rolecall_internal.reads_assigned_threads(text)',
    'function rolecall_internal.reads_every_thread(text)',
    'function rolecall_internal.reads_own_thread(text)',
    'function rolecall_internal.record_attempt(rolecall.thread_messages, text[], text)',
    'function rolecall_internal.redact(text)',
    'function rolecall_internal.refuse_excluded(uuid, rolecall.app_role)',
    'function rolecall_internal.refuse_field(text, text, text)',
    'function rolecall_internal.refuse_message(rolecall.judgement, uuid, rolecall.thread_actor)',
    'function rolecall_internal.refuse_non_staff(jsonb)',
    'function rolecall_internal.refuse_number(uuid, text, text, uuid)',
    'function rolecall_internal.refuse_poaching(text, uuid)',
    'function rolecall_internal.refuse_sent()',
    'function rolecall_internal.refuse_unknown_organization()',
    'function rolecall_internal.refuse_without_number()',
    'function rolecall_internal.release_number(jsonb)',
    'function rolecall_internal.reply_automatically(rolecall.thread_messages, text, text)',
    'function rolecall_internal.route_text(rolecall.clients, uuid, text, text[], jsonb, text, uuid, timestamp with time zone)',
    'function rolecall_internal.sees_message(text, uuid, text, text, uuid, uuid, bigint, text)',
    'function rolecall_internal.send_thread_message(uuid, jsonb, jsonb)',
    'function rolecall_internal.service_buffer(uuid, text)',
    'function rolecall_internal.service_key(text)',
    'function rolecall_internal.settle_number(rolecall.message_threads)',
    'function rolecall_internal.settle_sms_status(uuid, text, text, integer)',
    'function rolecall_internal.settle_text(uuid, jsonb, jsonb)',
    'function rolecall_internal.sms_backoff(integer)',
    'function rolecall_internal.sms_outcomes(jsonb)',
    'function rolecall_internal.sms_status_of(text)',
    'function rolecall_internal.sms_status_rank(text)',
    'function rolecall_internal.staff(rolecall.call, text)',
    'function rolecall_internal.take_automatic_reply(uuid, uuid, text)',
    'function rolecall_internal.take_pool_number(uuid)',
    'function rolecall_internal.take_text(rolecall.message_numbers, rolecall.call)',
    'function rolecall_internal.texting_client(uuid, text)',
    'function rolecall_internal.texting_figures(uuid, jsonb)',
    'function rolecall_internal.texting_of(uuid)',
    'function rolecall_internal.texting_since(uuid, timestamp with time zone)',
    'function rolecall_internal.texting_state(uuid, jsonb)',
    'function rolecall_internal.thread_actor(uuid, uuid, jsonb)',
    'function rolecall_internal.thread_actor_changed(uuid, rolecall.thread_actor, jsonb)',
    'function rolecall_internal.thread_cards(uuid, uuid[], text, uuid)',
    'function rolecall_internal.thread_facts(uuid, uuid)',
    'function rolecall_internal.thread_message_json(rolecall.thread_messages, boolean, text, uuid)',
    'function rolecall_internal.thread_news(uuid, uuid, boolean, bigint, text, uuid, integer)',
    'function rolecall_internal.thread_page(uuid, uuid, boolean, text, uuid, bigint, bigint, boolean, integer)',
    'function rolecall_internal.thread_reader(uuid, jsonb)',
    'function rolecall_internal.unassign_sitter()',
    'function rolecall_internal.unlink_client()',
    'function rolecall_internal.window_times(timestamp with time zone, timestamp with time zone, text)',
    'function rolecall_internal.with_ascii_digits(text)',
    'sequence rolecall.service_buffers_id_seq',
    'table rolecall.anti_poaching_attempts',
    'table rolecall.assignment_windows',
    'table rolecall.automatic_replies',
    'table rolecall.bookings',
    'table rolecall.clients',
    'table rolecall.message_numbers',
    'table rolecall.message_threads',
    'table rolecall.opt_outs',
    'table rolecall.organization_permission_guards',
    'table rolecall.organization_permission_rules',
    'table rolecall.pool_exhaustions',
    'table rolecall.routing_decisions',
    'table rolecall.service_buffers',
    'table rolecall.sms_outbox',
    'table rolecall.thread_messages',
    'table rolecall.thread_reads',
    'table rolecall.word_texts',
    'type rolecall.message_delivery',
    'type rolecall.message_direction',
    'type rolecall.message_encoding',
    'type rolecall.message_kind',
    'type rolecall.sms_status',
    'type rolecall.thread_actor',
    'type rolecall.thread_scope',
    'type rolecall.thread_status',
    'view rolecall_monitoring.sms_errors',
    'view rolecall_monitoring.sms_outbox',
    'view rolecall_monitoring.texting'
  ];
  -- All objects of Rolecall before it.
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
    raise notice 'Rolecall: 3 is not applied.';
    perform set_config('search_path', v_search_path, true);
    return;
  end if;
  if (obj_description(to_regclass('rolecall.schema_migrations'), 'pg_class') ~ '^Rolecall(:|$)') is not true then
    raise exception 'Rolecall is not installed in this database.' using errcode = 'object_not_in_prerequisite_state';
  end if;
  lock table rolecall.schema_migrations in access exclusive mode;
  if not exists (select from rolecall.schema_migrations where version = 3) then
    raise notice 'Rolecall: 3 is not applied.';
    perform set_config('search_path', v_search_path, true);
    return;
  end if;
  if exists (select from rolecall.schema_migrations where version > 3) then
    raise exception 'Rolecall: migrations after 3 are applied; take them back first.'
      using errcode = 'object_not_in_prerequisite_state';
  end if;

  -- schema/base/columns.sql
  execute $sql$
-- What the tables' defaults and columns call. As their bodies are standard SQL, they are parsed here and now: no search path
-- is consulted when they run, so none is pinned, and the planner writes them into the statements that call them.

-- An id of version 7 (RFC 9562): 48 bits of milliseconds, 12 bits of the fraction of the millisecond, 62 random bits. Ids
-- grow with the clock, so that the entries of what grows with traffic are appended to their indexes, instead of touching a
-- random page each. Whoever writes into a table needs the right to call its defaults, so access.sql grants this one.
create or replace function rolecall_internal.uuid_v7()
returns uuid
language sql
volatile
return (
  -- 60 bits of time as 15 digits, the version between the 12th and the 13th, then the variant and what is random.
  overlay(
    lpad(to_hex((date_part('epoch', clock_timestamp()) * 4096000)::bigint), 15, '0')
    placing '7' from 13 for 0
  ) || substring(gen_random_uuid()::text from 20)
)::uuid;

-- The hour of a time.
create or replace function rolecall_internal.hour_of(p_at timestamptz)
returns timestamptz
language sql
immutable
return date_bin('1 hour', p_at, 'epoch');
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

  -- schema/base/values.sql
  execute $sql$
-- The next two are parsed here and now, as their bodies are standard SQL: no search path is consulted when they run, so
-- none is pinned, and without a SET clause the planner writes them into the statements that call them.

-- A timestamp as every answer shows it: ISO 8601 in UTC with microseconds.
create or replace function rolecall_internal.iso(p_at timestamptz)
returns text
language sql
stable
return to_char(p_at at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"');

-- Casts text to uuid; null instead of an error. A uuid is hexadecimal digits with four hyphens in their places; a regular
-- expression would cost ten times as much.
create or replace function rolecall_internal.uuid_or_null(p_text text)
returns uuid
language sql
immutable
return case
  when p_text like '________-____-____-____-____________'
    and translate(p_text, '0123456789abcdefABCDEF', '') = '----'
  then p_text::uuid
end;

-- The roles of a list of names, in the order of the roles, each once; null when it is no list of at least one role. A
-- name that is no role fails to be found, not to be cast.
create or replace function rolecall_internal.roles_of(p_names jsonb)
returns rolecall.app_role[]
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_roles rolecall.app_role[];
begin
  if jsonb_typeof(p_names) is distinct from 'array' then
    return null;
  end if;
  select array_agg(role order by role)
  into v_roles
  from unnest(enum_range(null::rolecall.app_role)) as role
  where p_names ? role::text;
  if exists (
    select
    from jsonb_array_elements(p_names) as given
    where jsonb_typeof(given) <> 'string'
      or given #>> '{}' <> all (v_roles::text[])
  ) then
    return null;
  end if;
  return v_roles;
end
$$;

-- A moment of a request as the functions write it (RFC 3339 in UTC); null for what is none.
create or replace function rolecall_internal.moment_or_null(p_text text)
returns timestamptz
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  if p_text ~ '^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?Z$' then
    return p_text::timestamptz;
  end if;
  return null;
exception
  -- The thirty-first of February.
  when datetime_field_overflow or invalid_datetime_format then
    return null;
end
$$;

-- Reading: the inbox, the messages of a conversation, what is unread, and how far somebody has read.
--
-- Everything is read by an index that has it in the order of the answer, a page at a time, so that it costs the same
-- however many conversations and messages there are.

-- A number of a request; null for whatever is no whole number from 0, or too large to be one of ours. 1.0 is one, as
-- languages write it that know one kind of number.
create or replace function rolecall_internal.whole_number(p_value jsonb)
returns bigint
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_number numeric;
begin
  if jsonb_typeof(p_value) is distinct from 'number' then
    return null;
  end if;
  v_number := p_value;
  if v_number between 0 and 999999999999999999 and v_number = trunc(v_number) then
    return v_number;
  end if;
  return null;
end
$$;

-- Whether a text is the name of a role.
create or replace function rolecall_internal.is_role(p_name text)
returns boolean
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  return coalesce(p_name = any (enum_range(null::rolecall.app_role)::text[]), false);
end
$$;
$sql$;

  -- schema/base/answers.sql
  execute $sql$
-- The answer of an entry point that did what was asked.
create or replace function rolecall_internal.success(p_data jsonb, p_limits jsonb default null)
returns jsonb
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
begin
  if p_limits is null then
    return jsonb_build_object('ok', true, 'data', p_data);
  end if;
  return jsonb_build_object('ok', true, 'data', p_data, 'limits', p_limits);
end
$$;

-- The answer of an entry point that refuses. The detail is a sentence for people; the rule that refused, if one did, is
-- its one reason.
create or replace function rolecall_internal.refusal(
  p_code text,
  p_detail text,
  p_rule text default null,
  p_allowed_if text default null,
  p_data jsonb default null
)
returns jsonb
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_reasons jsonb;
begin
  if p_rule is not null then
    v_reasons := jsonb_build_array(
      jsonb_build_object('code', p_rule, 'message', p_detail)
      || case
        when p_allowed_if <> '' then jsonb_build_object('allowed_if', p_allowed_if)
        else '{}'
      end
    );
  end if;
  return jsonb_strip_nulls(jsonb_build_object('ok', false, 'code', p_code, 'detail', p_detail, 'reasons', v_reasons))
    || case when p_data is null then '{}' else jsonb_build_object('data', p_data) end;
end
$$;

-- The refusal of a user who has no profile: none was made, or they had their account deleted.
create or replace function rolecall_internal.refuse_without_profile(p_user uuid)
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  if exists (
    select
    from rolecall.data_deletions
    where user_id = p_user
      and account
  ) then
    return rolecall_internal.refusal(
      'permission_denied',
      'Your account was deleted.',
      'account_deleted',
      'You sign up again.'
    );
  end if;
  return rolecall_internal.refusal(
    'permission_denied',
    'You have no profile, so no role allows you to do this.',
    'no_profile',
    'A profile is created for you.'
  );
end
$$;

-- The end of a suspension as answers show it: null for none, "infinity" for one that never ends.
create or replace function rolecall_internal.suspension_json(p_until timestamptz)
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  if isfinite(p_until) then
    return to_jsonb(rolecall_internal.iso(p_until));
  end if;
  return coalesce(to_jsonb(p_until::text), 'null');
end
$$;

-- A message. p_removed is the content of a deleted one, given for readers who may see it.
create or replace function rolecall_internal.message_json(p_message rolecall.messages, p_removed text default null)
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  return jsonb_build_object(
    'id', p_message.id,
    'seq', p_message.seq,
    'sender_id', p_message.sender_id,
    'content', coalesce(p_message.content, p_removed),
    'created_at', rolecall_internal.iso(p_message.created_at),
    'show_id', p_message.show_id,
    'deleted', rolecall_internal.deletion_of(p_message)
  );
end
$$;

-- The refusal of a text that is_text does not take; null for one that it takes.
create or replace function rolecall_internal.refuse_text(p_name text, p_text text, p_least int, p_most int)
returns jsonb
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
begin
  if rolecall_internal.is_text(p_text, p_least, p_most) then
    return null;
  end if;
  return rolecall_internal.refusal(
    'invalid_input',
    case
      when rolecall_internal.has_visible(p_text) is not true then
        format('The %s has no visible text.', p_name)
      when rolecall_internal.has_control(p_text) then
        format('Control characters other than line breaks and tabs are not allowed in the %s.', p_name)
      else
        format(
          'The %s must have %s to %s characters; this has %s. Each Unicode code point counts: an emoji may be several.',
          p_name, p_least, p_most, char_length(p_text)
        )
    end
  );
end
$$;
$sql$;

  -- schema/calls/claims.sql
  execute $sql$
-- The refusal of a session of the functions' login that gave itself more time for a statement than the login has. The
-- login may change its own settings, so each entry point looks.
create or replace function rolecall_internal.refuse_long_statements()
returns void
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_timeout interval := current_setting('statement_timeout');
begin
  -- 0 is no limit.
  if session_user = 'rolecall_edge' and (v_timeout = interval '0' or v_timeout > interval '5 seconds') then
    raise exception using
      errcode = 'insufficient_privilege',
      message = format('rolecall_edge calls with a statement_timeout of up to 5s, not of %s', current_setting('statement_timeout')),
      hint = 'Leave the statement_timeout as the role has it, or lower it.';
  end if;
end
$$;

-- Begins every request: sets the verified claims for the rest of the transaction, so that auth.uid() names the caller to
-- policies and triggers, and returns the caller, null for nobody. A sub that is no uuid is left out, as Supabase's own
-- auth.uid() raises on it.
create or replace function rolecall_internal.assume_claims(p_claims jsonb)
returns uuid
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_caller uuid := rolecall_internal.uuid_or_null(p_claims ->> 'sub');
  -- An assignment, not a PERFORM, which would be a statement of its own.
  v_set text := set_config(
    'request.jwt.claims',
    case
      when v_caller is not null then p_claims::text
      when jsonb_typeof(p_claims) = 'object' then (p_claims - 'sub')::text
      else '{}'
    end,
    true
  );
begin
  -- What the login of the functions has from its role, so nearly always this comparison is all.
  if current_setting('statement_timeout') <> '5s' then
    perform rolecall_internal.refuse_long_statements();
  end if;
  return v_caller;
end
$$;

-- The refusal of a request that is not a signed-in user's.
create or replace function rolecall_internal.refuse_non_user(p_request jsonb)
returns jsonb
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
begin
  if coalesce(p_request #>> '{claims,role}', 'authenticated') = 'authenticated' then
    return rolecall_internal.refusal('unauthenticated', 'A valid bearer token of a user is required.');
  end if;
  return rolecall_internal.refusal(
    'permission_denied',
    'Only signed-in users can do this.',
    'users_only',
    'The token is that of a signed-in user.'
  );
end
$$;

-- The refusal of a request that is not the operator's.
create or replace function rolecall_internal.refuse_non_operator(p_request jsonb)
returns jsonb
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
begin
  if p_request #>> '{claims,role}' is null then
    return rolecall_internal.refusal('unauthenticated', 'A valid bearer token of the operator is required.');
  end if;
  return rolecall_internal.refusal(
    'permission_denied',
    'Only the operator can do this.',
    'operator_only',
    'The token is the operator''s.'
  );
end
$$;

-- The refusal of a request that is not from whom the operation is for: a signed-in user ('user') or the operator
-- ('operator'). Null when it is. PostgreSQL writes it into the statements that ask.
create or replace function rolecall_internal.refuse_stranger(p_who text, p_caller uuid, p_request jsonb)
returns jsonb
language sql
immutable
return case
  when p_who = 'user' then case
    when p_caller is null or p_request #>> '{claims,role}' is distinct from 'authenticated'
    then rolecall_internal.refuse_non_user(p_request)
  end
  when p_request #>> '{claims,role}' is distinct from 'service_role'
  then rolecall_internal.refuse_non_operator(p_request)
end;
$sql$;

  -- schema/calls/idempotency.sql
  execute $sql$
-- A key lives for 24 hours, and so over a midnight. Its record is in the slot of the day of its claim, and a claim looks
-- into the slot of the day before as well, which nobody writes to any more. Two requests on either side of midnight would
-- write to different slots and not see each other; so within a minute of midnight a key is claimed in both days, the older
-- one first, by whoever claims. No request lasts that long: the functions' statements end after five seconds, which
-- refuse_long_statements sees to.
--
-- The clock of a claim is p_at, the transaction's. No entry point takes another one; tests do.

-- Claims a key for a request of p_operation. Null when the request shall run; otherwise the answer: that of the first
-- request with this key when it was the same, a refusal when it was another. A request that runs at this moment is
-- waited for. claim_keys is its twin for an array.
create or replace function rolecall_internal.claim_key(
  p_operation text,
  p_user uuid,
  p_key text,
  p_input jsonb,
  p_at timestamptz default now()
)
returns jsonb
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
-- A plan for each call costs more than what it saves: it would leave out the other three partitions, which are not read
-- anyway.
set plan_cache_mode = force_generic_plan
as $$
declare
  v_fingerprint bytea := sha256(convert_to(p_operation || ' ' || p_input::text, 'UTF8'));
  v_second bigint := floor(date_part('epoch', p_at - timestamptz '2000-01-01 00:00:00+00'));
  v_yesterday smallint := (v_second / 86400 - 1) % 4;
  v_older smallint := (v_second - 60) / 86400 % 4;
  v_newer smallint := (v_second + 60) / 86400 % 4;
  v_slot smallint := v_older;
  v_claimed smallint;
  v_answer jsonb;
  v_same boolean;
begin
  loop
    insert into rolecall.idempotency_records as record (day_slot, user_id, key, fingerprint, created_at)
    select v_slot, p_user, p_key, v_fingerprint, p_at
    where not exists (
      select
      from rolecall.idempotency_records as earlier
      where earlier.day_slot = v_yesterday
        and earlier.user_id = p_user
        and earlier.key = p_key
        and earlier.created_at > p_at - interval '24 hours'
        -- Of this claim.
        and earlier.day_slot is distinct from v_claimed
    )
    on conflict (user_id, key, day_slot) do update
    set
      fingerprint = excluded.fingerprint,
      answer = null,
      created_at = excluded.created_at
    where record.created_at <= p_at - interval '24 hours';
    exit when not found;
    if v_slot = v_newer then
      return null;
    end if;
    v_claimed := v_older;
    v_slot := v_newer;
  end loop;

  if v_claimed is not null then
    -- The key is of a request that is older than a minute before midnight, and has claimed the other day alone.
    delete from rolecall.idempotency_records
    where user_id = p_user
      and key = p_key
      and day_slot = v_claimed;
  end if;
  -- A statement of its own, which sees what was committed while that one waited.
  select record.fingerprint = v_fingerprint, record.answer
  into v_same, v_answer
  from rolecall.idempotency_records as record
  where record.user_id = p_user
    and record.key = p_key
    and record.created_at > p_at - interval '24 hours'
  order by record.created_at
  limit 1;
  if v_same and v_answer is not null then
    return v_answer || '{"replayed": true}';
  end if;
  return rolecall_internal.refuse_reused_key();
end
$$;

-- Keeps the answer of a request that succeeded under its key, and frees the key of a refused one: a refusal changed
-- nothing, so the request may come again. settle_keys is its twin for an array.
create or replace function rolecall_internal.settle_key(
  p_user uuid,
  p_key text,
  p_answer jsonb,
  p_at timestamptz default now()
)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
set plan_cache_mode = force_generic_plan
as $$
declare
  v_second bigint := floor(date_part('epoch', p_at - timestamptz '2000-01-01 00:00:00+00'));
  v_newer smallint := (v_second + 60) / 86400 % 4;
  v_slot smallint := (v_second - 60) / 86400 % 4;
begin
  loop
    if (p_answer -> 'ok')::boolean then
      update rolecall.idempotency_records
      set answer = p_answer
      where user_id = p_user
        and key = p_key
        and day_slot = v_slot;
    else
      delete from rolecall.idempotency_records
      where user_id = p_user
        and key = p_key
        and day_slot = v_slot;
    end if;
    exit when v_slot = v_newer;
    v_slot := v_newer;
  end loop;
end
$$;

-- Frees a key whose request is not over.
create or replace function rolecall_internal.free_key(p_user uuid, p_key text)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  perform rolecall_internal.settle_key(p_user, p_key, '{"ok": false}');
end
$$;

create or replace function rolecall_internal.refuse_reused_key()
returns jsonb
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
begin
  return rolecall_internal.refusal(
    'idempotency_conflict',
    'This Idempotency-Key was used for another request in the last 24 hours.',
    'idempotency_key_reused',
    'The request is sent with a key of its own, or exactly as it was sent the first time.'
  );
end
$$;

-- rolecall_internal.claim_key for an array, in which no two requests have the same user and key. Answers in its order;
-- null for a request that shall run, and for one without a key.
create or replace function rolecall_internal.claim_keys(
  p_operation text,
  p_users uuid[],
  p_keys text[],
  p_inputs jsonb[],
  p_at timestamptz default now()
)
returns jsonb[]
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
set plan_cache_mode = force_generic_plan
as $$
declare
  v_fingerprints bytea[];
  v_second bigint := floor(date_part('epoch', p_at - timestamptz '2000-01-01 00:00:00+00'));
  v_today smallint := v_second / 86400 % 4;
  v_yesterday smallint := (v_second / 86400 - 1) % 4;
  v_request record;
  v_answers jsonb[];
begin
  if v_second % 86400 not between 60 and 86339 then
    -- Around midnight one after the other, in the same order as below.
    v_answers := array_fill(null::jsonb, array[cardinality(p_keys)]);
    for v_request in
      select claimed.user_id, claimed.key, claimed.input, claimed.number
      from unnest(p_users, p_keys, p_inputs) with ordinality as claimed (user_id, key, input, number)
      where claimed.key is not null
      order by claimed.user_id, claimed.key
    loop
      v_answers[v_request.number] :=
        rolecall_internal.claim_key(p_operation, v_request.user_id, v_request.key, v_request.input, p_at);
    end loop;
    return v_answers;
  end if;

  v_fingerprints := (
    select array_agg(sha256(convert_to(p_operation || ' ' || input::text, 'UTF8')) order by number)
    from unnest(p_inputs) with ordinality as claimed (input, number)
  );
  insert into rolecall.idempotency_records as record (day_slot, user_id, key, fingerprint, created_at)
  select v_today, claimed.user_id, claimed.key, claimed.fingerprint, p_at
  from unnest(p_users, p_keys, v_fingerprints) as claimed (user_id, key, fingerprint)
  where claimed.key is not null
    -- A subquery for each of them, which reads the index, whatever the planner thinks of the table's size.
    and (
      select true
      from rolecall.idempotency_records as earlier
      where earlier.day_slot = v_yesterday
        and earlier.user_id = claimed.user_id
        and earlier.key = claimed.key
        and earlier.created_at > p_at - interval '24 hours'
      limit 1
    ) is null
  order by claimed.user_id, claimed.key
  on conflict (user_id, key, day_slot) do update
  set
    fingerprint = excluded.fingerprint,
    answer = null,
    created_at = excluded.created_at
  where record.created_at <= p_at - interval '24 hours';

  -- A statement of its own, which sees what was committed while that one waited. Of the rows that it sees only those of
  -- this transaction have no answer.
  return (
    select array_agg(
      case
        when claimed.key is null then null
        when record.fingerprint is not null and record.answer is null then null
        when record.fingerprint = claimed.fingerprint then record.answer || '{"replayed": true}'
        else rolecall_internal.refuse_reused_key()
      end
      order by claimed.number
    )
    from unnest(p_users, p_keys, v_fingerprints) with ordinality as claimed (user_id, key, fingerprint, number)
    left join lateral (
      select kept.fingerprint, kept.answer
      from rolecall.idempotency_records as kept
      where kept.user_id = claimed.user_id
        and kept.key = claimed.key
        and kept.day_slot in (v_today, v_yesterday)
        and kept.created_at > p_at - interval '24 hours'
      order by kept.created_at
      limit 1
    ) as record
      on claimed.key is not null
  );
end
$$;

-- rolecall_internal.settle_key for an array.
create or replace function rolecall_internal.settle_keys(
  p_users uuid[],
  p_keys text[],
  p_answers jsonb[],
  p_at timestamptz default now()
)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
set plan_cache_mode = force_generic_plan
as $$
declare
  v_second bigint := floor(date_part('epoch', p_at - timestamptz '2000-01-01 00:00:00+00'));
  v_newer smallint := (v_second + 60) / 86400 % 4;
  v_slot smallint := (v_second - 60) / 86400 % 4;
begin
  loop
    update rolecall.idempotency_records as record
    set answer = settled.answer
    from unnest(p_users, p_keys, p_answers) as settled (user_id, key, answer)
    where record.user_id = settled.user_id
      and record.key = settled.key
      and record.day_slot = v_slot
      and (settled.answer -> 'ok')::boolean;

    delete from rolecall.idempotency_records as record
    using unnest(p_users, p_keys, p_answers) as settled (user_id, key, answer)
    where record.user_id = settled.user_id
      and record.key = settled.key
      and record.day_slot = v_slot
      and not (settled.answer -> 'ok')::boolean;

    exit when v_slot = v_newer;
    v_slot := v_newer;
  end loop;
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

  -- schema/permissions/roles.generated.sql
  execute $sql$
-- What the functions ask about roles and actions. Generated from the permission matrix by `make generate`; do not edit.
--
-- The bodies are standard SQL without a SET clause, so that PostgreSQL writes them into the statements that ask.

-- The role as which a user counts who has no profile.
create or replace function rolecall_internal.role_of_strangers()
returns rolecall.app_role
language sql
immutable
return 'attendee'::rolecall.app_role;

-- Whether a role moderates every message, whoever wrote it and wherever.
create or replace function rolecall_internal.moderates_everything(p_role rolecall.app_role)
returns boolean
language sql
immutable
return coalesce(p_role in ('moderator'::rolecall.app_role, 'admin'::rolecall.app_role), false);

-- Whether the matrix has an action of this name.
create or replace function rolecall_internal.is_action(p_action text)
returns boolean
language sql
immutable
parallel safe
return coalesce(p_action in ('start_dm', 'reply', 'broadcast', 'moderate', 'report', 'suspend', 'read_broadcast'), false);
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

  -- schema/permissions/rules.generated.sql
  execute $sql$
-- The permission matrix. Generated from shared/src/rules/matrix.rs by `make generate`; do not edit.

with source (action, position, fact, denies_when, code, rule, message, allowed_if) as (
  values
    ('start_dm', 1::smallint, 'feature_enabled', false, 'feature_disabled', 'feature_disabled', 'This function is switched off, or not rolled out to you yet.', 'The function is switched on for you.'),
    ('start_dm', 2::smallint, 'suspended', true, 'permission_denied', 'suspended', 'Your account is suspended and cannot write.', 'The suspension has ended.'),
    ('start_dm', 3::smallint, 'self', true, 'permission_denied', 'self_message', 'You cannot message yourself.', 'The recipient is somebody else.'),
    ('start_dm', 4::smallint, 'blocked', true, 'permission_denied', 'blocked', 'There is a block between you and this user.', 'The block is lifted.'),
    ('start_dm', 5::smallint, 'foreign_show', true, 'permission_denied', 'show_of_both', 'A direct message can be about a show only if you both take part in it, or you organize it.', 'You both take part in the show, or the message is about no show.'),
    ('reply', 1::smallint, 'feature_enabled', false, 'feature_disabled', 'feature_disabled', 'This function is switched off, or not rolled out to you yet.', 'The function is switched on for you.'),
    ('reply', 2::smallint, 'participant', false, 'not_found', 'not_a_participant', 'You do not take part in a conversation with this id.', 'You take part in the conversation.'),
    ('reply', 3::smallint, 'suspended', true, 'permission_denied', 'suspended', 'Your account is suspended and cannot write.', 'The suspension has ended.'),
    ('reply', 4::smallint, 'broadcast_recipient', true, 'permission_denied', 'broadcast_not_answerable', 'A broadcast cannot be replied to.', 'You write to the sender in a direct message, where your role allows it.'),
    ('reply', 5::smallint, 'read_only', true, 'conversation_read_only', 'conversation_read_only', 'This conversation is read-only.', 'You start a new conversation.'),
    ('reply', 6::smallint, 'blocked', true, 'permission_denied', 'blocked', 'There is a block between you and this user.', 'The block is lifted.'),
    ('broadcast', 1::smallint, 'feature_enabled', false, 'feature_disabled', 'feature_disabled', 'This function is switched off, or not rolled out to you yet.', 'The function is switched on for you.'),
    ('broadcast', 2::smallint, 'suspended', true, 'permission_denied', 'suspended', 'Your account is suspended and cannot write.', 'The suspension has ended.'),
    ('broadcast', 3::smallint, 'read_only', true, 'conversation_read_only', 'conversation_read_only', 'Your broadcast conversation for this show is read-only.', 'The operator reopens the conversation.'),
    ('moderate', 1::smallint, 'feature_enabled', false, 'feature_disabled', 'feature_disabled', 'This function is switched off, or not rolled out to you yet.', 'The function is switched on for you.'),
    ('moderate', 2::smallint, 'suspended', true, 'permission_denied', 'suspended', 'Your account is suspended and cannot write.', 'The suspension has ended.'),
    ('moderate', 3::smallint, 'self', true, 'permission_denied', 'self_moderation', 'You cannot moderate your own messages.', 'Somebody else moderates it.'),
    ('report', 1::smallint, 'feature_enabled', false, 'feature_disabled', 'feature_disabled', 'This function is switched off, or not rolled out to you yet.', 'The function is switched on for you.'),
    ('report', 2::smallint, 'participant', false, 'not_found', 'not_a_participant', 'None of your conversations has a message with this id.', 'You take part in the conversation.'),
    ('report', 3::smallint, 'self', true, 'permission_denied', 'self_report', 'You cannot report your own messages.', 'The message is somebody else''s; you can delete your own.'),
    ('suspend', 1::smallint, 'feature_enabled', false, 'feature_disabled', 'feature_disabled', 'This function is switched off, or not rolled out to you yet.', 'The function is switched on for you.'),
    ('suspend', 2::smallint, 'suspended', true, 'permission_denied', 'suspended', 'Your account is suspended and cannot write.', 'The suspension has ended.'),
    ('suspend', 3::smallint, 'self', true, 'permission_denied', 'self_suspension', 'You cannot suspend yourself or lift your own suspension.', 'Somebody else does it.'),
    ('read_broadcast', 1::smallint, 'feature_enabled', false, 'feature_disabled', 'feature_disabled', 'This function is switched off, or not rolled out to you yet.', 'The function is switched on for you.'),
    ('read_broadcast', 2::smallint, 'participant', false, 'not_found', 'not_a_participant', 'You do not take part in a conversation with this id.', 'You take part in the conversation.')
), gone as (
  delete from rolecall.permission_guards as guard
  where not exists (
    select
    from source
    where source.action = guard.action
      and source.position = guard.position
  )
)
insert into rolecall.permission_guards (action, position, fact, denies_when, code, rule, message, allowed_if)
select action, position, fact, denies_when, code, rule, message, allowed_if
from source
on conflict (action, position) do update
set
  fact = excluded.fact,
  denies_when = excluded.denies_when,
  code = excluded.code,
  rule = excluded.rule,
  message = excluded.message,
  allowed_if = excluded.allowed_if;

with source (action, actor_role, target_role, allowed, requires, unless, rule, message, allowed_if) as (
  values
    ('start_dm', 'attendee'::rolecall.app_role, 'attendee'::rolecall.app_role, false, null::text, null::text, 'attendee_writes_to_mvp_dealers_only', 'An attendee can start a direct message with an MVP dealer only.', 'The recipient is an MVP dealer. You can reply to show organizers, moderators and admins once they have written to you.'),
    ('start_dm', 'attendee'::rolecall.app_role, 'dealer'::rolecall.app_role, false, null::text, null::text, 'attendee_writes_to_mvp_dealers_only', 'An attendee can start a direct message with an MVP dealer only.', 'The recipient is an MVP dealer. You can reply to show organizers, moderators and admins once they have written to you.'),
    ('start_dm', 'attendee'::rolecall.app_role, 'mvp_dealer'::rolecall.app_role, true, null::text, null::text, 'attendee_writes_to_mvp_dealer', 'An attendee can start a direct message with an MVP dealer.', ''),
    ('start_dm', 'attendee'::rolecall.app_role, 'show_organizer'::rolecall.app_role, false, null::text, null::text, 'attendee_writes_to_mvp_dealers_only', 'An attendee can start a direct message with an MVP dealer only.', 'The recipient is an MVP dealer. You can reply to show organizers, moderators and admins once they have written to you.'),
    ('start_dm', 'attendee'::rolecall.app_role, 'moderator'::rolecall.app_role, false, null::text, null::text, 'attendee_writes_to_mvp_dealers_only', 'An attendee can start a direct message with an MVP dealer only.', 'The recipient is an MVP dealer. You can reply to show organizers, moderators and admins once they have written to you.'),
    ('start_dm', 'attendee'::rolecall.app_role, 'admin'::rolecall.app_role, false, null::text, null::text, 'attendee_writes_to_mvp_dealers_only', 'An attendee can start a direct message with an MVP dealer only.', 'The recipient is an MVP dealer. You can reply to show organizers, moderators and admins once they have written to you.'),
    ('start_dm', 'dealer'::rolecall.app_role, 'attendee'::rolecall.app_role, false, null::text, null::text, 'dealer_reads_only', 'A dealer can read messages, but not write them.', 'You become an MVP dealer.'),
    ('start_dm', 'dealer'::rolecall.app_role, 'dealer'::rolecall.app_role, false, null::text, null::text, 'dealer_reads_only', 'A dealer can read messages, but not write them.', 'You become an MVP dealer.'),
    ('start_dm', 'dealer'::rolecall.app_role, 'mvp_dealer'::rolecall.app_role, false, null::text, null::text, 'dealer_reads_only', 'A dealer can read messages, but not write them.', 'You become an MVP dealer.'),
    ('start_dm', 'dealer'::rolecall.app_role, 'show_organizer'::rolecall.app_role, false, null::text, null::text, 'dealer_reads_only', 'A dealer can read messages, but not write them.', 'You become an MVP dealer.'),
    ('start_dm', 'dealer'::rolecall.app_role, 'moderator'::rolecall.app_role, false, null::text, null::text, 'dealer_reads_only', 'A dealer can read messages, but not write them.', 'You become an MVP dealer.'),
    ('start_dm', 'dealer'::rolecall.app_role, 'admin'::rolecall.app_role, false, null::text, null::text, 'dealer_reads_only', 'A dealer can read messages, but not write them.', 'You become an MVP dealer.'),
    ('start_dm', 'mvp_dealer'::rolecall.app_role, 'attendee'::rolecall.app_role, true, 'shares_show', null::text, 'mvp_dealer_writes_within_a_shared_show', 'An MVP dealer can start a direct message with an attendee or dealer of a show in which both take part.', 'You and the recipient take part in the same show.'),
    ('start_dm', 'mvp_dealer'::rolecall.app_role, 'dealer'::rolecall.app_role, true, 'shares_show', null::text, 'mvp_dealer_writes_within_a_shared_show', 'An MVP dealer can start a direct message with an attendee or dealer of a show in which both take part.', 'You and the recipient take part in the same show.'),
    ('start_dm', 'mvp_dealer'::rolecall.app_role, 'mvp_dealer'::rolecall.app_role, false, null::text, null::text, 'mvp_dealer_writes_to_show_contacts_only', 'An MVP dealer can start a direct message with attendees, dealers and show organizers only.', 'The recipient is a show organizer, or an attendee or dealer of a show in which both take part.'),
    ('start_dm', 'mvp_dealer'::rolecall.app_role, 'show_organizer'::rolecall.app_role, true, null::text, null::text, 'mvp_dealer_writes_to_organizer', 'An MVP dealer can start a direct message with a show organizer.', ''),
    ('start_dm', 'mvp_dealer'::rolecall.app_role, 'moderator'::rolecall.app_role, false, null::text, null::text, 'mvp_dealer_writes_to_show_contacts_only', 'An MVP dealer can start a direct message with attendees, dealers and show organizers only.', 'The recipient is a show organizer, or an attendee or dealer of a show in which both take part.'),
    ('start_dm', 'mvp_dealer'::rolecall.app_role, 'admin'::rolecall.app_role, false, null::text, null::text, 'mvp_dealer_writes_to_show_contacts_only', 'An MVP dealer can start a direct message with attendees, dealers and show organizers only.', 'The recipient is a show organizer, or an attendee or dealer of a show in which both take part.'),
    ('start_dm', 'show_organizer'::rolecall.app_role, 'attendee'::rolecall.app_role, true, null::text, null::text, 'show_organizer_writes_to_everyone', 'A show organizer can start a direct message with everyone.', ''),
    ('start_dm', 'show_organizer'::rolecall.app_role, 'dealer'::rolecall.app_role, true, null::text, null::text, 'show_organizer_writes_to_everyone', 'A show organizer can start a direct message with everyone.', ''),
    ('start_dm', 'show_organizer'::rolecall.app_role, 'mvp_dealer'::rolecall.app_role, true, null::text, null::text, 'show_organizer_writes_to_everyone', 'A show organizer can start a direct message with everyone.', ''),
    ('start_dm', 'show_organizer'::rolecall.app_role, 'show_organizer'::rolecall.app_role, true, null::text, null::text, 'show_organizer_writes_to_everyone', 'A show organizer can start a direct message with everyone.', ''),
    ('start_dm', 'show_organizer'::rolecall.app_role, 'moderator'::rolecall.app_role, true, null::text, null::text, 'show_organizer_writes_to_everyone', 'A show organizer can start a direct message with everyone.', ''),
    ('start_dm', 'show_organizer'::rolecall.app_role, 'admin'::rolecall.app_role, true, null::text, null::text, 'show_organizer_writes_to_everyone', 'A show organizer can start a direct message with everyone.', ''),
    ('start_dm', 'moderator'::rolecall.app_role, 'attendee'::rolecall.app_role, true, null::text, null::text, 'moderator_writes_to_everyone', 'A moderator can start a direct message with everyone.', ''),
    ('start_dm', 'moderator'::rolecall.app_role, 'dealer'::rolecall.app_role, true, null::text, null::text, 'moderator_writes_to_everyone', 'A moderator can start a direct message with everyone.', ''),
    ('start_dm', 'moderator'::rolecall.app_role, 'mvp_dealer'::rolecall.app_role, true, null::text, null::text, 'moderator_writes_to_everyone', 'A moderator can start a direct message with everyone.', ''),
    ('start_dm', 'moderator'::rolecall.app_role, 'show_organizer'::rolecall.app_role, true, null::text, null::text, 'moderator_writes_to_everyone', 'A moderator can start a direct message with everyone.', ''),
    ('start_dm', 'moderator'::rolecall.app_role, 'moderator'::rolecall.app_role, true, null::text, null::text, 'moderator_writes_to_everyone', 'A moderator can start a direct message with everyone.', ''),
    ('start_dm', 'moderator'::rolecall.app_role, 'admin'::rolecall.app_role, true, null::text, null::text, 'moderator_writes_to_everyone', 'A moderator can start a direct message with everyone.', ''),
    ('start_dm', 'admin'::rolecall.app_role, 'attendee'::rolecall.app_role, true, null::text, null::text, 'admin_writes_to_everyone', 'An admin can start a direct message with everyone.', ''),
    ('start_dm', 'admin'::rolecall.app_role, 'dealer'::rolecall.app_role, true, null::text, null::text, 'admin_writes_to_everyone', 'An admin can start a direct message with everyone.', ''),
    ('start_dm', 'admin'::rolecall.app_role, 'mvp_dealer'::rolecall.app_role, true, null::text, null::text, 'admin_writes_to_everyone', 'An admin can start a direct message with everyone.', ''),
    ('start_dm', 'admin'::rolecall.app_role, 'show_organizer'::rolecall.app_role, true, null::text, null::text, 'admin_writes_to_everyone', 'An admin can start a direct message with everyone.', ''),
    ('start_dm', 'admin'::rolecall.app_role, 'moderator'::rolecall.app_role, true, null::text, null::text, 'admin_writes_to_everyone', 'An admin can start a direct message with everyone.', ''),
    ('start_dm', 'admin'::rolecall.app_role, 'admin'::rolecall.app_role, true, null::text, null::text, 'admin_writes_to_everyone', 'An admin can start a direct message with everyone.', ''),
    ('reply', 'attendee'::rolecall.app_role, 'attendee'::rolecall.app_role, false, null::text, null::text, 'attendee_replies_to_staff_only', 'An attendee can reply to MVP dealers, show organizers, moderators and admins only.', 'The other participant is an MVP dealer, a show organizer, a moderator or an admin.'),
    ('reply', 'attendee'::rolecall.app_role, 'dealer'::rolecall.app_role, false, null::text, null::text, 'attendee_replies_to_staff_only', 'An attendee can reply to MVP dealers, show organizers, moderators and admins only.', 'The other participant is an MVP dealer, a show organizer, a moderator or an admin.'),
    ('reply', 'attendee'::rolecall.app_role, 'mvp_dealer'::rolecall.app_role, true, null::text, null::text, 'attendee_replies_to_staff', 'An attendee can reply to MVP dealers, show organizers, moderators and admins.', ''),
    ('reply', 'attendee'::rolecall.app_role, 'show_organizer'::rolecall.app_role, true, null::text, null::text, 'attendee_replies_to_staff', 'An attendee can reply to MVP dealers, show organizers, moderators and admins.', ''),
    ('reply', 'attendee'::rolecall.app_role, 'moderator'::rolecall.app_role, true, null::text, null::text, 'attendee_replies_to_staff', 'An attendee can reply to MVP dealers, show organizers, moderators and admins.', ''),
    ('reply', 'attendee'::rolecall.app_role, 'admin'::rolecall.app_role, true, null::text, null::text, 'attendee_replies_to_staff', 'An attendee can reply to MVP dealers, show organizers, moderators and admins.', ''),
    ('reply', 'dealer'::rolecall.app_role, 'attendee'::rolecall.app_role, false, null::text, null::text, 'dealer_reads_only', 'A dealer can read messages, but not write them.', 'You become an MVP dealer.'),
    ('reply', 'dealer'::rolecall.app_role, 'dealer'::rolecall.app_role, false, null::text, null::text, 'dealer_reads_only', 'A dealer can read messages, but not write them.', 'You become an MVP dealer.'),
    ('reply', 'dealer'::rolecall.app_role, 'mvp_dealer'::rolecall.app_role, false, null::text, null::text, 'dealer_reads_only', 'A dealer can read messages, but not write them.', 'You become an MVP dealer.'),
    ('reply', 'dealer'::rolecall.app_role, 'show_organizer'::rolecall.app_role, false, null::text, null::text, 'dealer_reads_only', 'A dealer can read messages, but not write them.', 'You become an MVP dealer.'),
    ('reply', 'dealer'::rolecall.app_role, 'moderator'::rolecall.app_role, false, null::text, null::text, 'dealer_reads_only', 'A dealer can read messages, but not write them.', 'You become an MVP dealer.'),
    ('reply', 'dealer'::rolecall.app_role, 'admin'::rolecall.app_role, false, null::text, null::text, 'dealer_reads_only', 'A dealer can read messages, but not write them.', 'You become an MVP dealer.'),
    ('reply', 'mvp_dealer'::rolecall.app_role, 'attendee'::rolecall.app_role, true, null::text, null::text, 'mvp_dealer_replies', 'An MVP dealer can reply to everyone.', ''),
    ('reply', 'mvp_dealer'::rolecall.app_role, 'dealer'::rolecall.app_role, true, null::text, null::text, 'mvp_dealer_replies', 'An MVP dealer can reply to everyone.', ''),
    ('reply', 'mvp_dealer'::rolecall.app_role, 'mvp_dealer'::rolecall.app_role, true, null::text, null::text, 'mvp_dealer_replies', 'An MVP dealer can reply to everyone.', ''),
    ('reply', 'mvp_dealer'::rolecall.app_role, 'show_organizer'::rolecall.app_role, true, null::text, null::text, 'mvp_dealer_replies', 'An MVP dealer can reply to everyone.', ''),
    ('reply', 'mvp_dealer'::rolecall.app_role, 'moderator'::rolecall.app_role, true, null::text, null::text, 'mvp_dealer_replies', 'An MVP dealer can reply to everyone.', ''),
    ('reply', 'mvp_dealer'::rolecall.app_role, 'admin'::rolecall.app_role, true, null::text, null::text, 'mvp_dealer_replies', 'An MVP dealer can reply to everyone.', ''),
    ('reply', 'show_organizer'::rolecall.app_role, 'attendee'::rolecall.app_role, true, null::text, null::text, 'show_organizer_replies', 'A show organizer can reply to everyone.', ''),
    ('reply', 'show_organizer'::rolecall.app_role, 'dealer'::rolecall.app_role, true, null::text, null::text, 'show_organizer_replies', 'A show organizer can reply to everyone.', ''),
    ('reply', 'show_organizer'::rolecall.app_role, 'mvp_dealer'::rolecall.app_role, true, null::text, null::text, 'show_organizer_replies', 'A show organizer can reply to everyone.', ''),
    ('reply', 'show_organizer'::rolecall.app_role, 'show_organizer'::rolecall.app_role, true, null::text, null::text, 'show_organizer_replies', 'A show organizer can reply to everyone.', ''),
    ('reply', 'show_organizer'::rolecall.app_role, 'moderator'::rolecall.app_role, true, null::text, null::text, 'show_organizer_replies', 'A show organizer can reply to everyone.', ''),
    ('reply', 'show_organizer'::rolecall.app_role, 'admin'::rolecall.app_role, true, null::text, null::text, 'show_organizer_replies', 'A show organizer can reply to everyone.', ''),
    ('reply', 'moderator'::rolecall.app_role, 'attendee'::rolecall.app_role, true, null::text, null::text, 'moderator_replies', 'A moderator can reply to everyone.', ''),
    ('reply', 'moderator'::rolecall.app_role, 'dealer'::rolecall.app_role, true, null::text, null::text, 'moderator_replies', 'A moderator can reply to everyone.', ''),
    ('reply', 'moderator'::rolecall.app_role, 'mvp_dealer'::rolecall.app_role, true, null::text, null::text, 'moderator_replies', 'A moderator can reply to everyone.', ''),
    ('reply', 'moderator'::rolecall.app_role, 'show_organizer'::rolecall.app_role, true, null::text, null::text, 'moderator_replies', 'A moderator can reply to everyone.', ''),
    ('reply', 'moderator'::rolecall.app_role, 'moderator'::rolecall.app_role, true, null::text, null::text, 'moderator_replies', 'A moderator can reply to everyone.', ''),
    ('reply', 'moderator'::rolecall.app_role, 'admin'::rolecall.app_role, true, null::text, null::text, 'moderator_replies', 'A moderator can reply to everyone.', ''),
    ('reply', 'admin'::rolecall.app_role, 'attendee'::rolecall.app_role, true, null::text, null::text, 'admin_replies', 'An admin can reply to everyone.', ''),
    ('reply', 'admin'::rolecall.app_role, 'dealer'::rolecall.app_role, true, null::text, null::text, 'admin_replies', 'An admin can reply to everyone.', ''),
    ('reply', 'admin'::rolecall.app_role, 'mvp_dealer'::rolecall.app_role, true, null::text, null::text, 'admin_replies', 'An admin can reply to everyone.', ''),
    ('reply', 'admin'::rolecall.app_role, 'show_organizer'::rolecall.app_role, true, null::text, null::text, 'admin_replies', 'An admin can reply to everyone.', ''),
    ('reply', 'admin'::rolecall.app_role, 'moderator'::rolecall.app_role, true, null::text, null::text, 'admin_replies', 'An admin can reply to everyone.', ''),
    ('reply', 'admin'::rolecall.app_role, 'admin'::rolecall.app_role, true, null::text, null::text, 'admin_replies', 'An admin can reply to everyone.', ''),
    ('broadcast', 'attendee'::rolecall.app_role, 'attendee'::rolecall.app_role, false, null::text, null::text, 'attendee_does_not_broadcast', 'An attendee cannot broadcast.', 'You become an MVP dealer or a show organizer.'),
    ('broadcast', 'attendee'::rolecall.app_role, 'dealer'::rolecall.app_role, false, null::text, null::text, 'attendee_does_not_broadcast', 'An attendee cannot broadcast.', 'You become an MVP dealer or a show organizer.'),
    ('broadcast', 'attendee'::rolecall.app_role, 'mvp_dealer'::rolecall.app_role, false, null::text, null::text, 'attendee_does_not_broadcast', 'An attendee cannot broadcast.', 'You become an MVP dealer or a show organizer.'),
    ('broadcast', 'attendee'::rolecall.app_role, 'show_organizer'::rolecall.app_role, false, null::text, null::text, 'attendee_does_not_broadcast', 'An attendee cannot broadcast.', 'You become an MVP dealer or a show organizer.'),
    ('broadcast', 'attendee'::rolecall.app_role, 'moderator'::rolecall.app_role, false, null::text, null::text, 'attendee_does_not_broadcast', 'An attendee cannot broadcast.', 'You become an MVP dealer or a show organizer.'),
    ('broadcast', 'attendee'::rolecall.app_role, 'admin'::rolecall.app_role, false, null::text, null::text, 'attendee_does_not_broadcast', 'An attendee cannot broadcast.', 'You become an MVP dealer or a show organizer.'),
    ('broadcast', 'dealer'::rolecall.app_role, 'attendee'::rolecall.app_role, false, null::text, null::text, 'dealer_reads_only', 'A dealer can read messages, but not write them.', 'You become an MVP dealer.'),
    ('broadcast', 'dealer'::rolecall.app_role, 'dealer'::rolecall.app_role, false, null::text, null::text, 'dealer_reads_only', 'A dealer can read messages, but not write them.', 'You become an MVP dealer.'),
    ('broadcast', 'dealer'::rolecall.app_role, 'mvp_dealer'::rolecall.app_role, false, null::text, null::text, 'dealer_reads_only', 'A dealer can read messages, but not write them.', 'You become an MVP dealer.'),
    ('broadcast', 'dealer'::rolecall.app_role, 'show_organizer'::rolecall.app_role, false, null::text, null::text, 'dealer_reads_only', 'A dealer can read messages, but not write them.', 'You become an MVP dealer.'),
    ('broadcast', 'dealer'::rolecall.app_role, 'moderator'::rolecall.app_role, false, null::text, null::text, 'dealer_reads_only', 'A dealer can read messages, but not write them.', 'You become an MVP dealer.'),
    ('broadcast', 'dealer'::rolecall.app_role, 'admin'::rolecall.app_role, false, null::text, null::text, 'dealer_reads_only', 'A dealer can read messages, but not write them.', 'You become an MVP dealer.'),
    ('broadcast', 'mvp_dealer'::rolecall.app_role, 'attendee'::rolecall.app_role, true, 'takes_part', null::text, 'mvp_dealer_broadcasts_to_attendees', 'An MVP dealer can broadcast to the attendees of a show in which they take part.', 'You take part in the show.'),
    ('broadcast', 'mvp_dealer'::rolecall.app_role, 'dealer'::rolecall.app_role, false, null::text, null::text, 'mvp_dealer_broadcasts_to_attendees_only', 'An MVP dealer can broadcast to attendees only.', 'The only recipient role is attendee.'),
    ('broadcast', 'mvp_dealer'::rolecall.app_role, 'mvp_dealer'::rolecall.app_role, false, null::text, null::text, 'mvp_dealer_broadcasts_to_attendees_only', 'An MVP dealer can broadcast to attendees only.', 'The only recipient role is attendee.'),
    ('broadcast', 'mvp_dealer'::rolecall.app_role, 'show_organizer'::rolecall.app_role, false, null::text, null::text, 'mvp_dealer_broadcasts_to_attendees_only', 'An MVP dealer can broadcast to attendees only.', 'The only recipient role is attendee.'),
    ('broadcast', 'mvp_dealer'::rolecall.app_role, 'moderator'::rolecall.app_role, false, null::text, null::text, 'mvp_dealer_broadcasts_to_attendees_only', 'An MVP dealer can broadcast to attendees only.', 'The only recipient role is attendee.'),
    ('broadcast', 'mvp_dealer'::rolecall.app_role, 'admin'::rolecall.app_role, false, null::text, null::text, 'mvp_dealer_broadcasts_to_attendees_only', 'An MVP dealer can broadcast to attendees only.', 'The only recipient role is attendee.'),
    ('broadcast', 'show_organizer'::rolecall.app_role, 'attendee'::rolecall.app_role, true, 'own_show', null::text, 'show_organizer_broadcasts_in_own_show', 'A show organizer can broadcast in their own shows only.', 'You organize the show.'),
    ('broadcast', 'show_organizer'::rolecall.app_role, 'dealer'::rolecall.app_role, true, 'own_show', null::text, 'show_organizer_broadcasts_in_own_show', 'A show organizer can broadcast in their own shows only.', 'You organize the show.'),
    ('broadcast', 'show_organizer'::rolecall.app_role, 'mvp_dealer'::rolecall.app_role, true, 'own_show', null::text, 'show_organizer_broadcasts_in_own_show', 'A show organizer can broadcast in their own shows only.', 'You organize the show.'),
    ('broadcast', 'show_organizer'::rolecall.app_role, 'show_organizer'::rolecall.app_role, true, 'own_show', null::text, 'show_organizer_broadcasts_in_own_show', 'A show organizer can broadcast in their own shows only.', 'You organize the show.'),
    ('broadcast', 'show_organizer'::rolecall.app_role, 'moderator'::rolecall.app_role, true, 'own_show', null::text, 'show_organizer_broadcasts_in_own_show', 'A show organizer can broadcast in their own shows only.', 'You organize the show.'),
    ('broadcast', 'show_organizer'::rolecall.app_role, 'admin'::rolecall.app_role, true, 'own_show', null::text, 'show_organizer_broadcasts_in_own_show', 'A show organizer can broadcast in their own shows only.', 'You organize the show.'),
    ('broadcast', 'moderator'::rolecall.app_role, 'attendee'::rolecall.app_role, false, null::text, null::text, 'moderator_does_not_broadcast', 'A moderator cannot broadcast.', 'You become an admin or the show''s organizer.'),
    ('broadcast', 'moderator'::rolecall.app_role, 'dealer'::rolecall.app_role, false, null::text, null::text, 'moderator_does_not_broadcast', 'A moderator cannot broadcast.', 'You become an admin or the show''s organizer.'),
    ('broadcast', 'moderator'::rolecall.app_role, 'mvp_dealer'::rolecall.app_role, false, null::text, null::text, 'moderator_does_not_broadcast', 'A moderator cannot broadcast.', 'You become an admin or the show''s organizer.'),
    ('broadcast', 'moderator'::rolecall.app_role, 'show_organizer'::rolecall.app_role, false, null::text, null::text, 'moderator_does_not_broadcast', 'A moderator cannot broadcast.', 'You become an admin or the show''s organizer.'),
    ('broadcast', 'moderator'::rolecall.app_role, 'moderator'::rolecall.app_role, false, null::text, null::text, 'moderator_does_not_broadcast', 'A moderator cannot broadcast.', 'You become an admin or the show''s organizer.'),
    ('broadcast', 'moderator'::rolecall.app_role, 'admin'::rolecall.app_role, false, null::text, null::text, 'moderator_does_not_broadcast', 'A moderator cannot broadcast.', 'You become an admin or the show''s organizer.'),
    ('broadcast', 'admin'::rolecall.app_role, 'attendee'::rolecall.app_role, true, null::text, null::text, 'admin_broadcasts', 'An admin can broadcast in every show.', ''),
    ('broadcast', 'admin'::rolecall.app_role, 'dealer'::rolecall.app_role, true, null::text, null::text, 'admin_broadcasts', 'An admin can broadcast in every show.', ''),
    ('broadcast', 'admin'::rolecall.app_role, 'mvp_dealer'::rolecall.app_role, true, null::text, null::text, 'admin_broadcasts', 'An admin can broadcast in every show.', ''),
    ('broadcast', 'admin'::rolecall.app_role, 'show_organizer'::rolecall.app_role, true, null::text, null::text, 'admin_broadcasts', 'An admin can broadcast in every show.', ''),
    ('broadcast', 'admin'::rolecall.app_role, 'moderator'::rolecall.app_role, true, null::text, null::text, 'admin_broadcasts', 'An admin can broadcast in every show.', ''),
    ('broadcast', 'admin'::rolecall.app_role, 'admin'::rolecall.app_role, true, null::text, null::text, 'admin_broadcasts', 'An admin can broadcast in every show.', ''),
    ('moderate', 'attendee'::rolecall.app_role, 'attendee'::rolecall.app_role, false, null::text, null::text, 'attendee_does_not_moderate', 'An attendee cannot moderate.', 'You become a moderator.'),
    ('moderate', 'attendee'::rolecall.app_role, 'dealer'::rolecall.app_role, false, null::text, null::text, 'attendee_does_not_moderate', 'An attendee cannot moderate.', 'You become a moderator.'),
    ('moderate', 'attendee'::rolecall.app_role, 'mvp_dealer'::rolecall.app_role, false, null::text, null::text, 'attendee_does_not_moderate', 'An attendee cannot moderate.', 'You become a moderator.'),
    ('moderate', 'attendee'::rolecall.app_role, 'show_organizer'::rolecall.app_role, false, null::text, null::text, 'attendee_does_not_moderate', 'An attendee cannot moderate.', 'You become a moderator.'),
    ('moderate', 'attendee'::rolecall.app_role, 'moderator'::rolecall.app_role, false, null::text, null::text, 'attendee_does_not_moderate', 'An attendee cannot moderate.', 'You become a moderator.'),
    ('moderate', 'attendee'::rolecall.app_role, 'admin'::rolecall.app_role, false, null::text, null::text, 'attendee_does_not_moderate', 'An attendee cannot moderate.', 'You become a moderator.'),
    ('moderate', 'dealer'::rolecall.app_role, 'attendee'::rolecall.app_role, false, null::text, null::text, 'dealer_does_not_moderate', 'A dealer cannot moderate.', 'You become a moderator.'),
    ('moderate', 'dealer'::rolecall.app_role, 'dealer'::rolecall.app_role, false, null::text, null::text, 'dealer_does_not_moderate', 'A dealer cannot moderate.', 'You become a moderator.'),
    ('moderate', 'dealer'::rolecall.app_role, 'mvp_dealer'::rolecall.app_role, false, null::text, null::text, 'dealer_does_not_moderate', 'A dealer cannot moderate.', 'You become a moderator.'),
    ('moderate', 'dealer'::rolecall.app_role, 'show_organizer'::rolecall.app_role, false, null::text, null::text, 'dealer_does_not_moderate', 'A dealer cannot moderate.', 'You become a moderator.'),
    ('moderate', 'dealer'::rolecall.app_role, 'moderator'::rolecall.app_role, false, null::text, null::text, 'dealer_does_not_moderate', 'A dealer cannot moderate.', 'You become a moderator.'),
    ('moderate', 'dealer'::rolecall.app_role, 'admin'::rolecall.app_role, false, null::text, null::text, 'dealer_does_not_moderate', 'A dealer cannot moderate.', 'You become a moderator.'),
    ('moderate', 'mvp_dealer'::rolecall.app_role, 'attendee'::rolecall.app_role, false, null::text, null::text, 'mvp_dealer_does_not_moderate', 'An MVP dealer cannot moderate.', 'You become a moderator.'),
    ('moderate', 'mvp_dealer'::rolecall.app_role, 'dealer'::rolecall.app_role, false, null::text, null::text, 'mvp_dealer_does_not_moderate', 'An MVP dealer cannot moderate.', 'You become a moderator.'),
    ('moderate', 'mvp_dealer'::rolecall.app_role, 'mvp_dealer'::rolecall.app_role, false, null::text, null::text, 'mvp_dealer_does_not_moderate', 'An MVP dealer cannot moderate.', 'You become a moderator.'),
    ('moderate', 'mvp_dealer'::rolecall.app_role, 'show_organizer'::rolecall.app_role, false, null::text, null::text, 'mvp_dealer_does_not_moderate', 'An MVP dealer cannot moderate.', 'You become a moderator.'),
    ('moderate', 'mvp_dealer'::rolecall.app_role, 'moderator'::rolecall.app_role, false, null::text, null::text, 'mvp_dealer_does_not_moderate', 'An MVP dealer cannot moderate.', 'You become a moderator.'),
    ('moderate', 'mvp_dealer'::rolecall.app_role, 'admin'::rolecall.app_role, false, null::text, null::text, 'mvp_dealer_does_not_moderate', 'An MVP dealer cannot moderate.', 'You become a moderator.'),
    ('moderate', 'show_organizer'::rolecall.app_role, 'attendee'::rolecall.app_role, true, 'own_show', null::text, 'show_organizer_moderates_own_show', 'A show organizer can moderate the messages of their own shows only.', 'You organize the show.'),
    ('moderate', 'show_organizer'::rolecall.app_role, 'dealer'::rolecall.app_role, true, 'own_show', null::text, 'show_organizer_moderates_own_show', 'A show organizer can moderate the messages of their own shows only.', 'You organize the show.'),
    ('moderate', 'show_organizer'::rolecall.app_role, 'mvp_dealer'::rolecall.app_role, true, 'own_show', null::text, 'show_organizer_moderates_own_show', 'A show organizer can moderate the messages of their own shows only.', 'You organize the show.'),
    ('moderate', 'show_organizer'::rolecall.app_role, 'show_organizer'::rolecall.app_role, true, 'own_show', null::text, 'show_organizer_moderates_own_show', 'A show organizer can moderate the messages of their own shows only.', 'You organize the show.'),
    ('moderate', 'show_organizer'::rolecall.app_role, 'moderator'::rolecall.app_role, true, 'own_show', null::text, 'show_organizer_moderates_own_show', 'A show organizer can moderate the messages of their own shows only.', 'You organize the show.'),
    ('moderate', 'show_organizer'::rolecall.app_role, 'admin'::rolecall.app_role, true, 'own_show', null::text, 'show_organizer_moderates_own_show', 'A show organizer can moderate the messages of their own shows only.', 'You organize the show.'),
    ('moderate', 'moderator'::rolecall.app_role, 'attendee'::rolecall.app_role, true, null::text, null::text, 'moderator_moderates', 'A moderator can moderate everything.', ''),
    ('moderate', 'moderator'::rolecall.app_role, 'dealer'::rolecall.app_role, true, null::text, null::text, 'moderator_moderates', 'A moderator can moderate everything.', ''),
    ('moderate', 'moderator'::rolecall.app_role, 'mvp_dealer'::rolecall.app_role, true, null::text, null::text, 'moderator_moderates', 'A moderator can moderate everything.', ''),
    ('moderate', 'moderator'::rolecall.app_role, 'show_organizer'::rolecall.app_role, true, null::text, null::text, 'moderator_moderates', 'A moderator can moderate everything.', ''),
    ('moderate', 'moderator'::rolecall.app_role, 'moderator'::rolecall.app_role, true, null::text, null::text, 'moderator_moderates', 'A moderator can moderate everything.', ''),
    ('moderate', 'moderator'::rolecall.app_role, 'admin'::rolecall.app_role, true, null::text, null::text, 'moderator_moderates', 'A moderator can moderate everything.', ''),
    ('moderate', 'admin'::rolecall.app_role, 'attendee'::rolecall.app_role, true, null::text, null::text, 'admin_moderates', 'An admin can moderate everything.', ''),
    ('moderate', 'admin'::rolecall.app_role, 'dealer'::rolecall.app_role, true, null::text, null::text, 'admin_moderates', 'An admin can moderate everything.', ''),
    ('moderate', 'admin'::rolecall.app_role, 'mvp_dealer'::rolecall.app_role, true, null::text, null::text, 'admin_moderates', 'An admin can moderate everything.', ''),
    ('moderate', 'admin'::rolecall.app_role, 'show_organizer'::rolecall.app_role, true, null::text, null::text, 'admin_moderates', 'An admin can moderate everything.', ''),
    ('moderate', 'admin'::rolecall.app_role, 'moderator'::rolecall.app_role, true, null::text, null::text, 'admin_moderates', 'An admin can moderate everything.', ''),
    ('moderate', 'admin'::rolecall.app_role, 'admin'::rolecall.app_role, true, null::text, null::text, 'admin_moderates', 'An admin can moderate everything.', ''),
    ('report', 'attendee'::rolecall.app_role, 'attendee'::rolecall.app_role, true, null::text, null::text, 'anyone_reports_what_they_can_read', 'Everyone can report a message that they can read.', ''),
    ('report', 'attendee'::rolecall.app_role, 'dealer'::rolecall.app_role, true, null::text, null::text, 'anyone_reports_what_they_can_read', 'Everyone can report a message that they can read.', ''),
    ('report', 'attendee'::rolecall.app_role, 'mvp_dealer'::rolecall.app_role, true, null::text, null::text, 'anyone_reports_what_they_can_read', 'Everyone can report a message that they can read.', ''),
    ('report', 'attendee'::rolecall.app_role, 'show_organizer'::rolecall.app_role, true, null::text, null::text, 'anyone_reports_what_they_can_read', 'Everyone can report a message that they can read.', ''),
    ('report', 'attendee'::rolecall.app_role, 'moderator'::rolecall.app_role, true, null::text, null::text, 'anyone_reports_what_they_can_read', 'Everyone can report a message that they can read.', ''),
    ('report', 'attendee'::rolecall.app_role, 'admin'::rolecall.app_role, true, null::text, null::text, 'anyone_reports_what_they_can_read', 'Everyone can report a message that they can read.', ''),
    ('report', 'dealer'::rolecall.app_role, 'attendee'::rolecall.app_role, true, null::text, null::text, 'anyone_reports_what_they_can_read', 'Everyone can report a message that they can read.', ''),
    ('report', 'dealer'::rolecall.app_role, 'dealer'::rolecall.app_role, true, null::text, null::text, 'anyone_reports_what_they_can_read', 'Everyone can report a message that they can read.', ''),
    ('report', 'dealer'::rolecall.app_role, 'mvp_dealer'::rolecall.app_role, true, null::text, null::text, 'anyone_reports_what_they_can_read', 'Everyone can report a message that they can read.', ''),
    ('report', 'dealer'::rolecall.app_role, 'show_organizer'::rolecall.app_role, true, null::text, null::text, 'anyone_reports_what_they_can_read', 'Everyone can report a message that they can read.', ''),
    ('report', 'dealer'::rolecall.app_role, 'moderator'::rolecall.app_role, true, null::text, null::text, 'anyone_reports_what_they_can_read', 'Everyone can report a message that they can read.', ''),
    ('report', 'dealer'::rolecall.app_role, 'admin'::rolecall.app_role, true, null::text, null::text, 'anyone_reports_what_they_can_read', 'Everyone can report a message that they can read.', ''),
    ('report', 'mvp_dealer'::rolecall.app_role, 'attendee'::rolecall.app_role, true, null::text, null::text, 'anyone_reports_what_they_can_read', 'Everyone can report a message that they can read.', ''),
    ('report', 'mvp_dealer'::rolecall.app_role, 'dealer'::rolecall.app_role, true, null::text, null::text, 'anyone_reports_what_they_can_read', 'Everyone can report a message that they can read.', ''),
    ('report', 'mvp_dealer'::rolecall.app_role, 'mvp_dealer'::rolecall.app_role, true, null::text, null::text, 'anyone_reports_what_they_can_read', 'Everyone can report a message that they can read.', ''),
    ('report', 'mvp_dealer'::rolecall.app_role, 'show_organizer'::rolecall.app_role, true, null::text, null::text, 'anyone_reports_what_they_can_read', 'Everyone can report a message that they can read.', ''),
    ('report', 'mvp_dealer'::rolecall.app_role, 'moderator'::rolecall.app_role, true, null::text, null::text, 'anyone_reports_what_they_can_read', 'Everyone can report a message that they can read.', ''),
    ('report', 'mvp_dealer'::rolecall.app_role, 'admin'::rolecall.app_role, true, null::text, null::text, 'anyone_reports_what_they_can_read', 'Everyone can report a message that they can read.', ''),
    ('report', 'show_organizer'::rolecall.app_role, 'attendee'::rolecall.app_role, true, null::text, null::text, 'anyone_reports_what_they_can_read', 'Everyone can report a message that they can read.', ''),
    ('report', 'show_organizer'::rolecall.app_role, 'dealer'::rolecall.app_role, true, null::text, null::text, 'anyone_reports_what_they_can_read', 'Everyone can report a message that they can read.', ''),
    ('report', 'show_organizer'::rolecall.app_role, 'mvp_dealer'::rolecall.app_role, true, null::text, null::text, 'anyone_reports_what_they_can_read', 'Everyone can report a message that they can read.', ''),
    ('report', 'show_organizer'::rolecall.app_role, 'show_organizer'::rolecall.app_role, true, null::text, null::text, 'anyone_reports_what_they_can_read', 'Everyone can report a message that they can read.', ''),
    ('report', 'show_organizer'::rolecall.app_role, 'moderator'::rolecall.app_role, true, null::text, null::text, 'anyone_reports_what_they_can_read', 'Everyone can report a message that they can read.', ''),
    ('report', 'show_organizer'::rolecall.app_role, 'admin'::rolecall.app_role, true, null::text, null::text, 'anyone_reports_what_they_can_read', 'Everyone can report a message that they can read.', ''),
    ('report', 'moderator'::rolecall.app_role, 'attendee'::rolecall.app_role, true, null::text, null::text, 'anyone_reports_what_they_can_read', 'Everyone can report a message that they can read.', ''),
    ('report', 'moderator'::rolecall.app_role, 'dealer'::rolecall.app_role, true, null::text, null::text, 'anyone_reports_what_they_can_read', 'Everyone can report a message that they can read.', ''),
    ('report', 'moderator'::rolecall.app_role, 'mvp_dealer'::rolecall.app_role, true, null::text, null::text, 'anyone_reports_what_they_can_read', 'Everyone can report a message that they can read.', ''),
    ('report', 'moderator'::rolecall.app_role, 'show_organizer'::rolecall.app_role, true, null::text, null::text, 'anyone_reports_what_they_can_read', 'Everyone can report a message that they can read.', ''),
    ('report', 'moderator'::rolecall.app_role, 'moderator'::rolecall.app_role, true, null::text, null::text, 'anyone_reports_what_they_can_read', 'Everyone can report a message that they can read.', ''),
    ('report', 'moderator'::rolecall.app_role, 'admin'::rolecall.app_role, true, null::text, null::text, 'anyone_reports_what_they_can_read', 'Everyone can report a message that they can read.', ''),
    ('report', 'admin'::rolecall.app_role, 'attendee'::rolecall.app_role, true, null::text, null::text, 'anyone_reports_what_they_can_read', 'Everyone can report a message that they can read.', ''),
    ('report', 'admin'::rolecall.app_role, 'dealer'::rolecall.app_role, true, null::text, null::text, 'anyone_reports_what_they_can_read', 'Everyone can report a message that they can read.', ''),
    ('report', 'admin'::rolecall.app_role, 'mvp_dealer'::rolecall.app_role, true, null::text, null::text, 'anyone_reports_what_they_can_read', 'Everyone can report a message that they can read.', ''),
    ('report', 'admin'::rolecall.app_role, 'show_organizer'::rolecall.app_role, true, null::text, null::text, 'anyone_reports_what_they_can_read', 'Everyone can report a message that they can read.', ''),
    ('report', 'admin'::rolecall.app_role, 'moderator'::rolecall.app_role, true, null::text, null::text, 'anyone_reports_what_they_can_read', 'Everyone can report a message that they can read.', ''),
    ('report', 'admin'::rolecall.app_role, 'admin'::rolecall.app_role, true, null::text, null::text, 'anyone_reports_what_they_can_read', 'Everyone can report a message that they can read.', ''),
    ('suspend', 'attendee'::rolecall.app_role, 'attendee'::rolecall.app_role, false, null::text, null::text, 'only_moderators_suspend', 'Only moderators and admins can suspend.', 'You become a moderator.'),
    ('suspend', 'attendee'::rolecall.app_role, 'dealer'::rolecall.app_role, false, null::text, null::text, 'only_moderators_suspend', 'Only moderators and admins can suspend.', 'You become a moderator.'),
    ('suspend', 'attendee'::rolecall.app_role, 'mvp_dealer'::rolecall.app_role, false, null::text, null::text, 'only_moderators_suspend', 'Only moderators and admins can suspend.', 'You become a moderator.'),
    ('suspend', 'attendee'::rolecall.app_role, 'show_organizer'::rolecall.app_role, false, null::text, null::text, 'only_moderators_suspend', 'Only moderators and admins can suspend.', 'You become a moderator.'),
    ('suspend', 'attendee'::rolecall.app_role, 'moderator'::rolecall.app_role, false, null::text, null::text, 'only_moderators_suspend', 'Only moderators and admins can suspend.', 'You become a moderator.'),
    ('suspend', 'attendee'::rolecall.app_role, 'admin'::rolecall.app_role, false, null::text, null::text, 'only_moderators_suspend', 'Only moderators and admins can suspend.', 'You become a moderator.'),
    ('suspend', 'dealer'::rolecall.app_role, 'attendee'::rolecall.app_role, false, null::text, null::text, 'only_moderators_suspend', 'Only moderators and admins can suspend.', 'You become a moderator.'),
    ('suspend', 'dealer'::rolecall.app_role, 'dealer'::rolecall.app_role, false, null::text, null::text, 'only_moderators_suspend', 'Only moderators and admins can suspend.', 'You become a moderator.'),
    ('suspend', 'dealer'::rolecall.app_role, 'mvp_dealer'::rolecall.app_role, false, null::text, null::text, 'only_moderators_suspend', 'Only moderators and admins can suspend.', 'You become a moderator.'),
    ('suspend', 'dealer'::rolecall.app_role, 'show_organizer'::rolecall.app_role, false, null::text, null::text, 'only_moderators_suspend', 'Only moderators and admins can suspend.', 'You become a moderator.'),
    ('suspend', 'dealer'::rolecall.app_role, 'moderator'::rolecall.app_role, false, null::text, null::text, 'only_moderators_suspend', 'Only moderators and admins can suspend.', 'You become a moderator.'),
    ('suspend', 'dealer'::rolecall.app_role, 'admin'::rolecall.app_role, false, null::text, null::text, 'only_moderators_suspend', 'Only moderators and admins can suspend.', 'You become a moderator.'),
    ('suspend', 'mvp_dealer'::rolecall.app_role, 'attendee'::rolecall.app_role, false, null::text, null::text, 'only_moderators_suspend', 'Only moderators and admins can suspend.', 'You become a moderator.'),
    ('suspend', 'mvp_dealer'::rolecall.app_role, 'dealer'::rolecall.app_role, false, null::text, null::text, 'only_moderators_suspend', 'Only moderators and admins can suspend.', 'You become a moderator.'),
    ('suspend', 'mvp_dealer'::rolecall.app_role, 'mvp_dealer'::rolecall.app_role, false, null::text, null::text, 'only_moderators_suspend', 'Only moderators and admins can suspend.', 'You become a moderator.'),
    ('suspend', 'mvp_dealer'::rolecall.app_role, 'show_organizer'::rolecall.app_role, false, null::text, null::text, 'only_moderators_suspend', 'Only moderators and admins can suspend.', 'You become a moderator.'),
    ('suspend', 'mvp_dealer'::rolecall.app_role, 'moderator'::rolecall.app_role, false, null::text, null::text, 'only_moderators_suspend', 'Only moderators and admins can suspend.', 'You become a moderator.'),
    ('suspend', 'mvp_dealer'::rolecall.app_role, 'admin'::rolecall.app_role, false, null::text, null::text, 'only_moderators_suspend', 'Only moderators and admins can suspend.', 'You become a moderator.'),
    ('suspend', 'show_organizer'::rolecall.app_role, 'attendee'::rolecall.app_role, false, null::text, null::text, 'only_moderators_suspend', 'Only moderators and admins can suspend.', 'You become a moderator.'),
    ('suspend', 'show_organizer'::rolecall.app_role, 'dealer'::rolecall.app_role, false, null::text, null::text, 'only_moderators_suspend', 'Only moderators and admins can suspend.', 'You become a moderator.'),
    ('suspend', 'show_organizer'::rolecall.app_role, 'mvp_dealer'::rolecall.app_role, false, null::text, null::text, 'only_moderators_suspend', 'Only moderators and admins can suspend.', 'You become a moderator.'),
    ('suspend', 'show_organizer'::rolecall.app_role, 'show_organizer'::rolecall.app_role, false, null::text, null::text, 'only_moderators_suspend', 'Only moderators and admins can suspend.', 'You become a moderator.'),
    ('suspend', 'show_organizer'::rolecall.app_role, 'moderator'::rolecall.app_role, false, null::text, null::text, 'only_moderators_suspend', 'Only moderators and admins can suspend.', 'You become a moderator.'),
    ('suspend', 'show_organizer'::rolecall.app_role, 'admin'::rolecall.app_role, false, null::text, null::text, 'only_moderators_suspend', 'Only moderators and admins can suspend.', 'You become a moderator.'),
    ('suspend', 'moderator'::rolecall.app_role, 'attendee'::rolecall.app_role, true, null::text, null::text, 'moderator_suspends_users', 'A moderator can suspend attendees, dealers, MVP dealers and show organizers.', ''),
    ('suspend', 'moderator'::rolecall.app_role, 'dealer'::rolecall.app_role, true, null::text, null::text, 'moderator_suspends_users', 'A moderator can suspend attendees, dealers, MVP dealers and show organizers.', ''),
    ('suspend', 'moderator'::rolecall.app_role, 'mvp_dealer'::rolecall.app_role, true, null::text, null::text, 'moderator_suspends_users', 'A moderator can suspend attendees, dealers, MVP dealers and show organizers.', ''),
    ('suspend', 'moderator'::rolecall.app_role, 'show_organizer'::rolecall.app_role, true, null::text, null::text, 'moderator_suspends_users', 'A moderator can suspend attendees, dealers, MVP dealers and show organizers.', ''),
    ('suspend', 'moderator'::rolecall.app_role, 'moderator'::rolecall.app_role, false, null::text, null::text, 'moderator_does_not_suspend_staff', 'A moderator cannot suspend moderators and admins.', 'An admin does it.'),
    ('suspend', 'moderator'::rolecall.app_role, 'admin'::rolecall.app_role, false, null::text, null::text, 'moderator_does_not_suspend_staff', 'A moderator cannot suspend moderators and admins.', 'An admin does it.'),
    ('suspend', 'admin'::rolecall.app_role, 'attendee'::rolecall.app_role, true, null::text, null::text, 'admin_suspends_everyone', 'An admin can suspend everyone.', ''),
    ('suspend', 'admin'::rolecall.app_role, 'dealer'::rolecall.app_role, true, null::text, null::text, 'admin_suspends_everyone', 'An admin can suspend everyone.', ''),
    ('suspend', 'admin'::rolecall.app_role, 'mvp_dealer'::rolecall.app_role, true, null::text, null::text, 'admin_suspends_everyone', 'An admin can suspend everyone.', ''),
    ('suspend', 'admin'::rolecall.app_role, 'show_organizer'::rolecall.app_role, true, null::text, null::text, 'admin_suspends_everyone', 'An admin can suspend everyone.', ''),
    ('suspend', 'admin'::rolecall.app_role, 'moderator'::rolecall.app_role, true, null::text, null::text, 'admin_suspends_everyone', 'An admin can suspend everyone.', ''),
    ('suspend', 'admin'::rolecall.app_role, 'admin'::rolecall.app_role, true, null::text, null::text, 'admin_suspends_everyone', 'An admin can suspend everyone.', ''),
    ('read_broadcast', 'attendee'::rolecall.app_role, 'attendee'::rolecall.app_role, true, null::text, 'blocked', 'broadcasts_do_not_cross_a_block', 'A block between two people hides the broadcasts of the one from the other.', 'The block is lifted.'),
    ('read_broadcast', 'attendee'::rolecall.app_role, 'dealer'::rolecall.app_role, true, null::text, 'blocked', 'broadcasts_do_not_cross_a_block', 'A block between two people hides the broadcasts of the one from the other.', 'The block is lifted.'),
    ('read_broadcast', 'attendee'::rolecall.app_role, 'mvp_dealer'::rolecall.app_role, true, null::text, 'blocked', 'broadcasts_do_not_cross_a_block', 'A block between two people hides the broadcasts of the one from the other.', 'The block is lifted.'),
    ('read_broadcast', 'attendee'::rolecall.app_role, 'show_organizer'::rolecall.app_role, true, null::text, 'blocked', 'broadcasts_do_not_cross_a_block', 'A block between two people hides the broadcasts of the one from the other.', 'The block is lifted.'),
    ('read_broadcast', 'attendee'::rolecall.app_role, 'moderator'::rolecall.app_role, true, null::text, 'blocked', 'broadcasts_do_not_cross_a_block', 'A block between two people hides the broadcasts of the one from the other.', 'The block is lifted.'),
    ('read_broadcast', 'attendee'::rolecall.app_role, 'admin'::rolecall.app_role, true, null::text, null::text, 'everyone_reads_broadcasts_of_admins', 'Everyone reads the broadcasts of an admin, across a block, too.', ''),
    ('read_broadcast', 'dealer'::rolecall.app_role, 'attendee'::rolecall.app_role, true, null::text, 'blocked', 'broadcasts_do_not_cross_a_block', 'A block between two people hides the broadcasts of the one from the other.', 'The block is lifted.'),
    ('read_broadcast', 'dealer'::rolecall.app_role, 'dealer'::rolecall.app_role, true, null::text, 'blocked', 'broadcasts_do_not_cross_a_block', 'A block between two people hides the broadcasts of the one from the other.', 'The block is lifted.'),
    ('read_broadcast', 'dealer'::rolecall.app_role, 'mvp_dealer'::rolecall.app_role, true, null::text, 'blocked', 'broadcasts_do_not_cross_a_block', 'A block between two people hides the broadcasts of the one from the other.', 'The block is lifted.'),
    ('read_broadcast', 'dealer'::rolecall.app_role, 'show_organizer'::rolecall.app_role, true, null::text, 'blocked', 'broadcasts_do_not_cross_a_block', 'A block between two people hides the broadcasts of the one from the other.', 'The block is lifted.'),
    ('read_broadcast', 'dealer'::rolecall.app_role, 'moderator'::rolecall.app_role, true, null::text, 'blocked', 'broadcasts_do_not_cross_a_block', 'A block between two people hides the broadcasts of the one from the other.', 'The block is lifted.'),
    ('read_broadcast', 'dealer'::rolecall.app_role, 'admin'::rolecall.app_role, true, null::text, null::text, 'everyone_reads_broadcasts_of_admins', 'Everyone reads the broadcasts of an admin, across a block, too.', ''),
    ('read_broadcast', 'mvp_dealer'::rolecall.app_role, 'attendee'::rolecall.app_role, true, null::text, 'blocked', 'broadcasts_do_not_cross_a_block', 'A block between two people hides the broadcasts of the one from the other.', 'The block is lifted.'),
    ('read_broadcast', 'mvp_dealer'::rolecall.app_role, 'dealer'::rolecall.app_role, true, null::text, 'blocked', 'broadcasts_do_not_cross_a_block', 'A block between two people hides the broadcasts of the one from the other.', 'The block is lifted.'),
    ('read_broadcast', 'mvp_dealer'::rolecall.app_role, 'mvp_dealer'::rolecall.app_role, true, null::text, 'blocked', 'broadcasts_do_not_cross_a_block', 'A block between two people hides the broadcasts of the one from the other.', 'The block is lifted.'),
    ('read_broadcast', 'mvp_dealer'::rolecall.app_role, 'show_organizer'::rolecall.app_role, true, null::text, 'blocked', 'broadcasts_do_not_cross_a_block', 'A block between two people hides the broadcasts of the one from the other.', 'The block is lifted.'),
    ('read_broadcast', 'mvp_dealer'::rolecall.app_role, 'moderator'::rolecall.app_role, true, null::text, 'blocked', 'broadcasts_do_not_cross_a_block', 'A block between two people hides the broadcasts of the one from the other.', 'The block is lifted.'),
    ('read_broadcast', 'mvp_dealer'::rolecall.app_role, 'admin'::rolecall.app_role, true, null::text, null::text, 'everyone_reads_broadcasts_of_admins', 'Everyone reads the broadcasts of an admin, across a block, too.', ''),
    ('read_broadcast', 'show_organizer'::rolecall.app_role, 'attendee'::rolecall.app_role, true, null::text, 'blocked', 'broadcasts_do_not_cross_a_block', 'A block between two people hides the broadcasts of the one from the other.', 'The block is lifted.'),
    ('read_broadcast', 'show_organizer'::rolecall.app_role, 'dealer'::rolecall.app_role, true, null::text, 'blocked', 'broadcasts_do_not_cross_a_block', 'A block between two people hides the broadcasts of the one from the other.', 'The block is lifted.'),
    ('read_broadcast', 'show_organizer'::rolecall.app_role, 'mvp_dealer'::rolecall.app_role, true, null::text, 'blocked', 'broadcasts_do_not_cross_a_block', 'A block between two people hides the broadcasts of the one from the other.', 'The block is lifted.'),
    ('read_broadcast', 'show_organizer'::rolecall.app_role, 'show_organizer'::rolecall.app_role, true, null::text, 'blocked', 'broadcasts_do_not_cross_a_block', 'A block between two people hides the broadcasts of the one from the other.', 'The block is lifted.'),
    ('read_broadcast', 'show_organizer'::rolecall.app_role, 'moderator'::rolecall.app_role, true, null::text, 'blocked', 'broadcasts_do_not_cross_a_block', 'A block between two people hides the broadcasts of the one from the other.', 'The block is lifted.'),
    ('read_broadcast', 'show_organizer'::rolecall.app_role, 'admin'::rolecall.app_role, true, null::text, null::text, 'everyone_reads_broadcasts_of_admins', 'Everyone reads the broadcasts of an admin, across a block, too.', ''),
    ('read_broadcast', 'moderator'::rolecall.app_role, 'attendee'::rolecall.app_role, true, null::text, 'blocked', 'broadcasts_do_not_cross_a_block', 'A block between two people hides the broadcasts of the one from the other.', 'The block is lifted.'),
    ('read_broadcast', 'moderator'::rolecall.app_role, 'dealer'::rolecall.app_role, true, null::text, 'blocked', 'broadcasts_do_not_cross_a_block', 'A block between two people hides the broadcasts of the one from the other.', 'The block is lifted.'),
    ('read_broadcast', 'moderator'::rolecall.app_role, 'mvp_dealer'::rolecall.app_role, true, null::text, 'blocked', 'broadcasts_do_not_cross_a_block', 'A block between two people hides the broadcasts of the one from the other.', 'The block is lifted.'),
    ('read_broadcast', 'moderator'::rolecall.app_role, 'show_organizer'::rolecall.app_role, true, null::text, 'blocked', 'broadcasts_do_not_cross_a_block', 'A block between two people hides the broadcasts of the one from the other.', 'The block is lifted.'),
    ('read_broadcast', 'moderator'::rolecall.app_role, 'moderator'::rolecall.app_role, true, null::text, 'blocked', 'broadcasts_do_not_cross_a_block', 'A block between two people hides the broadcasts of the one from the other.', 'The block is lifted.'),
    ('read_broadcast', 'moderator'::rolecall.app_role, 'admin'::rolecall.app_role, true, null::text, null::text, 'everyone_reads_broadcasts_of_admins', 'Everyone reads the broadcasts of an admin, across a block, too.', ''),
    ('read_broadcast', 'admin'::rolecall.app_role, 'attendee'::rolecall.app_role, true, null::text, null::text, 'admin_reads_every_broadcast', 'An admin reads the broadcasts of everyone, across a block, too.', ''),
    ('read_broadcast', 'admin'::rolecall.app_role, 'dealer'::rolecall.app_role, true, null::text, null::text, 'admin_reads_every_broadcast', 'An admin reads the broadcasts of everyone, across a block, too.', ''),
    ('read_broadcast', 'admin'::rolecall.app_role, 'mvp_dealer'::rolecall.app_role, true, null::text, null::text, 'admin_reads_every_broadcast', 'An admin reads the broadcasts of everyone, across a block, too.', ''),
    ('read_broadcast', 'admin'::rolecall.app_role, 'show_organizer'::rolecall.app_role, true, null::text, null::text, 'admin_reads_every_broadcast', 'An admin reads the broadcasts of everyone, across a block, too.', ''),
    ('read_broadcast', 'admin'::rolecall.app_role, 'moderator'::rolecall.app_role, true, null::text, null::text, 'admin_reads_every_broadcast', 'An admin reads the broadcasts of everyone, across a block, too.', ''),
    ('read_broadcast', 'admin'::rolecall.app_role, 'admin'::rolecall.app_role, true, null::text, null::text, 'admin_reads_every_broadcast', 'An admin reads the broadcasts of everyone, across a block, too.', '')
), gone as (
  delete from rolecall.permission_rules as rule
  where not exists (
    select
    from source
    where source.action = rule.action
      and source.actor_role = rule.actor_role
      and source.target_role = rule.target_role
  )
)
insert into rolecall.permission_rules (action, actor_role, target_role, allowed, requires, unless, rule, message, allowed_if)
select action, actor_role, target_role, allowed, requires, unless, rule, message, allowed_if
from source
on conflict (action, actor_role, target_role) do update
set
  allowed = excluded.allowed,
  requires = excluded.requires,
  unless = excluded.unless,
  rule = excluded.rule,
  message = excluded.message,
  allowed_if = excluded.allowed_if;
$sql$;

  -- Triggers that this migration gave to tables of before it go with their functions.
  for v_object in execute
    'select format(''drop trigger %I on %I.%I'', trigger.tgname, holder.nspname, class.relname) as statement
     from pg_catalog.pg_trigger as trigger
     join pg_catalog.pg_class as class
       on class.oid = trigger.tgrelid
     join pg_catalog.pg_namespace as holder
       on holder.oid = class.relnamespace
     join pg_catalog.pg_proc as proc
       on proc.oid = trigger.tgfoid
     join pg_catalog.pg_namespace as namespace
       on namespace.oid = proc.pronamespace
     where not trigger.tgisinternal
       and trigger.tgparentid = 0
       and format(''function %I.%I()'', namespace.nspname, proname) = any ($1)
       and obj_description(class.oid, ''pg_class'') ~ ''^Rolecall(:|$)''
       and obj_description(proc.oid, ''pg_proc'') ~ ''^Rolecall(:|$)'''
    using v_made
  loop
    execute v_object.statement;
  end loop;
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
  -- Triggers of tables that stay hold the functions that they call.
  for v_object in execute
    'select tgname, tgrelid::regclass as table_name
     from pg_catalog.pg_trigger
     join pg_catalog.pg_proc as proc
       on proc.oid = tgfoid
     join pg_catalog.pg_namespace as namespace
       on namespace.oid = proc.pronamespace
     where not tgisinternal
       and tgparentid = 0
       and format(''function %I.%I(%s)'', nspname, proname, oidvectortypes(proargtypes)) = any ($1)
       and obj_description(tgrelid, ''pg_class'') ~ ''^Rolecall(:|$)'''
    using v_made
  loop
    execute format('drop trigger %I on %s', v_object.tgname, v_object.table_name);
  end loop;
  -- So do views, and the views over those.
  for v_object in execute
    'with recursive dropped (id) as (
       select proc.oid
       from pg_catalog.pg_proc as proc
       join pg_catalog.pg_namespace as namespace
         on namespace.oid = proc.pronamespace
       where format(''function %I.%I(%s)'', nspname, proname, oidvectortypes(proargtypes)) = any ($1)
       union
       select ev_class
       from dropped
       join pg_catalog.pg_depend
         on refobjid = dropped.id
         and classid = ''pg_catalog.pg_rewrite''::regclass
       join pg_catalog.pg_rewrite as rule
         on rule.oid = objid
     )
     select string_agg(format(''%I.%I'', nspname, relname), '', '' order by nspname, relname) as names
     from dropped
     join pg_catalog.pg_class as class
       on class.oid = dropped.id
     join pg_catalog.pg_namespace as namespace
       on namespace.oid = class.relnamespace
     where class.relkind = ''v''
       and format(''view %I.%I'', nspname, relname) = any ($1)
       and obj_description(class.oid, ''pg_class'') ~ ''^Rolecall(:|$)'''
    using v_made
  loop
    if v_object.names is not null then
      execute format('drop view %s', v_object.names);
    end if;
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

  -- next_rollback.sql
  execute $sql$
-- bookings

delete from rolecall.rate_limits
where action = 'assign_booking';

-- threads

delete from rolecall.rate_limits
where action in ('send_thread_message', 'force_send');

-- sms

delete from rolecall.alert_rules
where name in ('sms_dead', 'sms_uncertain', 'sms_backlog', 'number_pool_exhausted');

-- flags

delete from rolecall.feature_flags
where name in ('proactive_thread_creation', 'sitter_messages_v1');

delete from rolecall.feature_flags
where name = 'messaging_v1';

-- identity

create index profiles_organization_id_idx
  on rolecall.profiles (organization_id, id);

alter table rolecall.profiles drop constraint profiles_organization_id_id_key;

alter table rolecall.organizations
  drop column help_text,
  drop column allowed_domains,
  drop column time_zone;
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

  delete from rolecall.schema_migrations
  where version = 3;
  perform set_config('search_path', v_search_path, true);
end
$migration$;
