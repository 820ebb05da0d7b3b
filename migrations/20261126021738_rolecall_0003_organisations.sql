-- 0003 organisations. Compiled from migrations/schema by `make migration`; what to change is there.
--
-- One statement, so that it applies whole or not at all, whoever runs it. It does nothing where it was applied, and
-- raises before its first change where a name is taken by something that is not Rolecall's.
do $migration$
declare
  -- The objects that it makes.
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
  -- All objects of Rolecall behind it.
  v_ours constant text[] := array[
    'function public.can_user_reply(uuid, uuid)',
    'function public.can_user_send_dm(uuid, uuid, uuid)',
    'function public.create_conversation_atomic(uuid, uuid, text)',
    'function public.get_conversation_v2(uuid, uuid)',
    'function public.send_message_v2(uuid, uuid, text)',
    'function rolecall.delete_account(uuid)',
    'function rolecall.import_legacy_conversations(jsonb)',
    'function rolecall_edge.add_number(jsonb)',
    'function rolecall_edge.advance_rollout(jsonb)',
    'function rolecall_edge.alerts(jsonb)',
    'function rolecall_edge.alerts_sent(jsonb)',
    'function rolecall_edge.assign_booking(jsonb)',
    'function rolecall_edge.block_user(jsonb)',
    'function rolecall_edge.blocks(jsonb)',
    'function rolecall_edge.cancel_help_conversation(jsonb)',
    'function rolecall_edge.check_permission(jsonb)',
    'function rolecall_edge.claim_sms(jsonb)',
    'function rolecall_edge.complete_help_conversation(jsonb)',
    'function rolecall_edge.delete_message(jsonb)',
    'function rolecall_edge.delete_own_data(jsonb)',
    'function rolecall_edge.diagnostics(jsonb)',
    'function rolecall_edge.erase_client(jsonb)',
    'function rolecall_edge.export_own_data(jsonb)',
    'function rolecall_edge.flags(jsonb)',
    'function rolecall_edge.force_send(jsonb)',
    'function rolecall_edge.guard_rollouts(jsonb)',
    'function rolecall_edge.health(jsonb)',
    'function rolecall_edge.help_conversation(jsonb)',
    'function rolecall_edge.help_conversations(jsonb)',
    'function rolecall_edge.inbox(jsonb)',
    'function rolecall_edge.key_set(jsonb)',
    'function rolecall_edge.lift_suspension(jsonb)',
    'function rolecall_edge.list_numbers(jsonb)',
    'function rolecall_edge.list_threads(jsonb)',
    'function rolecall_edge.mark_read(jsonb)',
    'function rolecall_edge.mark_thread_read(jsonb)',
    'function rolecall_edge.mark_unread(jsonb)',
    'function rolecall_edge.messages(jsonb)',
    'function rolecall_edge.metrics(jsonb)',
    'function rolecall_edge.moderation_audit(jsonb)',
    'function rolecall_edge.moderation_queue(jsonb)',
    'function rolecall_edge.read_help_conversation(jsonb)',
    'function rolecall_edge.receive_sms(jsonb)',
    'function rolecall_edge.receive_sms_status(jsonb)',
    'function rolecall_edge.record_failures(jsonb)',
    'function rolecall_edge.record_refusal(jsonb)',
    'function rolecall_edge.release_number(jsonb)',
    'function rolecall_edge.report_message(jsonb)',
    'function rolecall_edge.reset_broadcast_quotas(jsonb)',
    'function rolecall_edge.restore_message(jsonb)',
    'function rolecall_edge.review_report(jsonb)',
    'function rolecall_edge.rollback_rollout(jsonb)',
    'function rolecall_edge.rollout_status(jsonb)',
    'function rolecall_edge.send_broadcast(jsonb)',
    'function rolecall_edge.send_dm(jsonb)',
    'function rolecall_edge.send_help_message(jsonb)',
    'function rolecall_edge.send_thread_message(jsonb)',
    'function rolecall_edge.set_rollout(jsonb)',
    'function rolecall_edge.settle_sms(jsonb)',
    'function rolecall_edge.settle_text(jsonb)',
    'function rolecall_edge.simulate_rollout(jsonb)',
    'function rolecall_edge.start_conversation(jsonb)',
    'function rolecall_edge.suspend_user(jsonb)',
    'function rolecall_edge.thread_messages(jsonb)',
    'function rolecall_edge.unblock_user(jsonb)',
    'function rolecall_edge.unread(jsonb)',
    'function rolecall_internal.actor(uuid, text, jsonb)',
    'function rolecall_internal.add_number(jsonb)',
    'function rolecall_internal.adopted_conversation(uuid, uuid)',
    'function rolecall_internal.adopted_conversations(uuid, text, timestamp with time zone, uuid, integer)',
    'function rolecall_internal.adopted_message_at(uuid, uuid)',
    'function rolecall_internal.adopted_messages(uuid, timestamp with time zone, uuid, timestamp with time zone, uuid, boolean, integer)',
    'function rolecall_internal.advance_rollout(rolecall.call)',
    'function rolecall_internal.answer_repeated_text(uuid, text)',
    'function rolecall_internal.answer_word(rolecall.clients, text, text, boolean)',
    'function rolecall_internal.append_message(rolecall.thread_messages, boolean)',
    'function rolecall_internal.apply_deletion(uuid, uuid, uuid, text)',
    'function rolecall_internal.apply_help_deletion(uuid, uuid, uuid, text)',
    'function rolecall_internal.apply_help_restoration(uuid, uuid, uuid, text)',
    'function rolecall_internal.apply_restoration(uuid, uuid, uuid, text)',
    'function rolecall_internal.apply_suspension(uuid, uuid, timestamp with time zone, uuid, uuid, text)',
    'function rolecall_internal.archive_participations()',
    'function rolecall_internal.are_met(jsonb)',
    'function rolecall_internal.assign_booking(uuid, jsonb, boolean)',
    'function rolecall_internal.assume_claims(jsonb)',
    'function rolecall_internal.audience_count(uuid, uuid, rolecall.app_role[])',
    'function rolecall_internal.audit_moderation(uuid, text, uuid, uuid, uuid, text, jsonb, jsonb)',
    'function rolecall_internal.await_help_turn()',
    'function rolecall_internal.await_help_writers()',
    'function rolecall_internal.begin_call(text, jsonb, text, text, boolean)',
    'function rolecall_internal.begin_rollout_stage()',
    'function rolecall_internal.begin_rpc(text, uuid, jsonb, text, boolean, boolean)',
    'function rolecall_internal.block_user(uuid, jsonb, jsonb)',
    'function rolecall_internal.booking_json(rolecall.bookings, rolecall.message_threads, rolecall.assignment_windows)',
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
    'function rolecall_internal.caller_organization_of_threads()',
    'function rolecall_internal.caller_role_of_threads()',
    'function rolecall_internal.caller_show_conversations()',
    'function rolecall_internal.caller_threads()',
    'function rolecall_internal.caller_with_profile()',
    'function rolecall_internal.change_rollout(rolecall.call, rolecall.feature_flags, text, text, jsonb)',
    'function rolecall_internal.changed_messages(uuid, uuid, uuid, bigint, integer)',
    'function rolecall_internal.check_organization_permission(uuid, jsonb, jsonb)',
    'function rolecall_internal.check_permission(uuid, jsonb, jsonb)',
    'function rolecall_internal.check_permission_many(uuid, jsonb, jsonb)',
    'function rolecall_internal.check_permissions(uuid, jsonb, jsonb)',
    'function rolecall_internal.choose_number(uuid, uuid, uuid)',
    'function rolecall_internal.claim_key(text, uuid, text, jsonb, timestamp with time zone)',
    'function rolecall_internal.claim_keys(text, uuid[], text[], jsonb[], timestamp with time zone)',
    'function rolecall_internal.client_of_booking(uuid, jsonb)',
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
    'function rolecall_internal.decide_organization(text, text, text[])',
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
    'function rolecall_internal.enqueue_sms(rolecall.thread_messages)',
    'function rolecall_internal.ensure_thread(uuid, uuid)',
    'function rolecall_internal.erase_client(jsonb)',
    'function rolecall_internal.erase_client_messages(uuid, uuid)',
    'function rolecall_internal.erase_help_messages(uuid, integer)',
    'function rolecall_internal.erase_help_messages_due()',
    'function rolecall_internal.erase_messages(uuid, uuid[], bigint[])',
    'function rolecall_internal.erase_reason()',
    'function rolecall_internal.erase_texts(uuid, integer)',
    'function rolecall_internal.erase_thread_texts(uuid, integer)',
    'function rolecall_internal.erase_what_is_due()',
    'function rolecall_internal.erased_notice(text)',
    'function rolecall_internal.erased_text()',
    'function rolecall_internal.expire_sms_leases()',
    'function rolecall_internal.export_page(uuid, jsonb, jsonb)',
    'function rolecall_internal.export_section(uuid, text, uuid, bigint, uuid)',
    'function rolecall_internal.export_thread_section(uuid, text, uuid, bigint, uuid)',
    'function rolecall_internal.exported_thread_message(rolecall.thread_messages)',
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
    'function rolecall_internal.follow_sms_outbox()',
    'function rolecall_internal.force_actor(uuid, uuid, jsonb)',
    'function rolecall_internal.force_send(uuid, jsonb, jsonb)',
    'function rolecall_internal.forget_thread_reads()',
    'function rolecall_internal.free_key(uuid, text)',
    'function rolecall_internal.guard_figures(text, timestamp with time zone)',
    'function rolecall_internal.guard_rollouts()',
    'function rolecall_internal.has_control(text)',
    'function rolecall_internal.has_visible(text)',
    'function rolecall_internal.held_back(uuid, jsonb)',
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
    'function rolecall_internal.is_account_deleted(uuid)',
    'function rolecall_internal.is_action(text)',
    'function rolecall_internal.is_allowed_contact(uuid, text, text)',
    'function rolecall_internal.is_allowed_domain(uuid, text)',
    'function rolecall_internal.is_client()',
    'function rolecall_internal.is_conversation(text, text, uuid, uuid, uuid, uuid, boolean)',
    'function rolecall_internal.is_e164(text)',
    'function rolecall_internal.is_failure(text)',
    'function rolecall_internal.is_kept(jsonb)',
    'function rolecall_internal.is_live(rolecall.bookings)',
    'function rolecall_internal.is_message(uuid, text, timestamp with time zone, timestamp with time zone, text, boolean)',
    'function rolecall_internal.is_name(text)',
    'function rolecall_internal.is_new_help_message(uuid, text, uuid)',
    'function rolecall_internal.is_news(uuid, text, uuid)',
    'function rolecall_internal.is_organization_action(text)',
    'function rolecall_internal.is_organization_role(text)',
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
    'function rolecall_internal.judge_thread(text, rolecall.thread_actor)',
    'function rolecall_internal.judgement_of(rolecall.decision, uuid)',
    'function rolecall_internal.judgement_of_refusal(jsonb, uuid)',
    'function rolecall_internal.keep_account_deleted()',
    'function rolecall_internal.keep_edited_help_message()',
    'function rolecall_internal.keep_removed_help_message()',
    'function rolecall_internal.keep_who_closed()',
    'function rolecall_internal.keep_window(rolecall.bookings, uuid)',
    'function rolecall_internal.keeps_removed(rolecall.messages, text)',
    'function rolecall_internal.kept_help_message(jsonb)',
    'function rolecall_internal.lease_sms(uuid)',
    'function rolecall_internal.leave_number(uuid, uuid)',
    'function rolecall_internal.legacy_id(text, text)',
    'function rolecall_internal.legacy_time(text)',
    'function rolecall_internal.lift_suspension(uuid, jsonb, jsonb)',
    'function rolecall_internal.limit_broadcast_chars()',
    'function rolecall_internal.limit_checks()',
    'function rolecall_internal.limit_client_write()',
    'function rolecall_internal.limit_default_page()',
    'function rolecall_internal.limit_direct_message_chars()',
    'function rolecall_internal.limit_force_reason_chars()',
    'function rolecall_internal.limit_help_message_max_chars()',
    'function rolecall_internal.limit_help_message_min_chars()',
    'function rolecall_internal.limit_idempotency_key_chars()',
    'function rolecall_internal.limit_logged_refusals()',
    'function rolecall_internal.limit_media_url_chars()',
    'function rolecall_internal.limit_media_urls()',
    'function rolecall_internal.limit_messages_page()',
    'function rolecall_internal.limit_note_chars()',
    'function rolecall_internal.limit_page()',
    'function rolecall_internal.limit_report_reason_chars()',
    'function rolecall_internal.limit_simulated_users()',
    'function rolecall_internal.limit_thread_message_chars()',
    'function rolecall_internal.list_blocks(uuid, jsonb, jsonb)',
    'function rolecall_internal.list_numbers(jsonb)',
    'function rolecall_internal.list_threads(uuid, jsonb, jsonb)',
    'function rolecall_internal.local_iso(timestamp with time zone, text)',
    'function rolecall_internal.local_words(timestamp with time zone, text)',
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
    'function rolecall_internal.mark_thread_read(uuid, jsonb, jsonb)',
    'function rolecall_internal.mark_unread(uuid, jsonb, jsonb)',
    'function rolecall_internal.masked(text)',
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
    'function rolecall_internal.move_threads_of(rolecall.message_numbers)',
    'function rolecall_internal.new_broadcasts(uuid, uuid, uuid, bigint)',
    'function rolecall_internal.new_messages(uuid, uuid, bigint, bigint)',
    'function rolecall_internal.newest_from_others(uuid, uuid, uuid)',
    'function rolecall_internal.next_rollout(text, text)',
    'function rolecall_internal.note_alerts(boolean)',
    'function rolecall_internal.notice(uuid, uuid, uuid, uuid, text, uuid)',
    'function rolecall_internal.notice_of_attempt(text, text[], text)',
    'function rolecall_internal.number_json(rolecall.message_numbers)',
    'function rolecall_internal.number_rest()',
    'function rolecall_internal.open_flags()',
    'function rolecall_internal.open_help_thread()',
    'function rolecall_internal.operations_of_flag(text)',
    'function rolecall_internal.opt_in(uuid, uuid)',
    'function rolecall_internal.opt_out(uuid, uuid, text)',
    'function rolecall_internal.organization_flag(text)',
    'function rolecall_internal.organization_has_flag(uuid, text, jsonb)',
    'function rolecall_internal.own_threads(rolecall.actor, uuid)',
    'function rolecall_internal.owner_inbox(uuid, uuid)',
    'function rolecall_internal.page_size(jsonb, integer)',
    'function rolecall_internal.partition_messages(integer)',
    'function rolecall_internal.peek_quota(uuid, uuid, integer, integer)',
    'function rolecall_internal.peek_token(uuid, text, double precision)',
    'function rolecall_internal.permission_result(text, rolecall.judgement, jsonb)',
    'function rolecall_internal.plainly_on(text, uuid, uuid)',
    'function rolecall_internal.quota_day(timestamp with time zone)',
    'function rolecall_internal.quota_day_end(date)',
    'function rolecall_internal.quota_of_limit(jsonb)',
    'function rolecall_internal.raise_refusal(jsonb)',
    'function rolecall_internal.rate_limit_entry(text, integer, integer, double precision, boolean)',
    'function rolecall_internal.read_help_conversation(uuid, uuid, jsonb)',
    'function rolecall_internal.read_messages(uuid, jsonb, jsonb)',
    'function rolecall_internal.read_thread(uuid, jsonb, jsonb)',
    'function rolecall_internal.reader_of(uuid, rolecall.conversations)',
    'function rolecall_internal.reads_assigned_threads(text)',
    'function rolecall_internal.reads_broadcasts_of(uuid, uuid)',
    'function rolecall_internal.reads_every_thread(text)',
    'function rolecall_internal.reads_own_thread(text)',
    'function rolecall_internal.record_attempt(rolecall.thread_messages, text[], text)',
    'function rolecall_internal.record_flag()',
    'function rolecall_internal.record_flag_change(text, uuid, uuid, jsonb, jsonb)',
    'function rolecall_internal.record_override()',
    'function rolecall_internal.recount_help_conversation()',
    'function rolecall_internal.redact(text)',
    'function rolecall_internal.refilled(double precision, timestamp with time zone, timestamp with time zone, integer, integer)',
    'function rolecall_internal.refusal(text, text, text, text, jsonb)',
    'function rolecall_internal.refusal_of(rolecall.decision)',
    'function rolecall_internal.refuse_actor(uuid, rolecall.app_role, uuid, boolean, text, boolean, jsonb)',
    'function rolecall_internal.refuse_change()',
    'function rolecall_internal.refuse_change(jsonb, text)',
    'function rolecall_internal.refuse_cursor()',
    'function rolecall_internal.refuse_disabled()',
    'function rolecall_internal.refuse_ended_help(text)',
    'function rolecall_internal.refuse_excluded(uuid, rolecall.app_role)',
    'function rolecall_internal.refuse_field(text, text, text)',
    'function rolecall_internal.refuse_help_author(uuid, text, jsonb)',
    'function rolecall_internal.refuse_help_message(uuid, public.conversations_v2, jsonb)',
    'function rolecall_internal.refuse_help_status(uuid, public.conversations_v2, text, jsonb)',
    'function rolecall_internal.refuse_help_to(uuid, uuid, text)',
    'function rolecall_internal.refuse_help_writer(uuid, uuid, text, text, jsonb)',
    'function rolecall_internal.refuse_in_maintenance(uuid, jsonb)',
    'function rolecall_internal.refuse_long_statements()',
    'function rolecall_internal.refuse_maintenance_among_others()',
    'function rolecall_internal.refuse_message(rolecall.judgement, uuid, rolecall.thread_actor)',
    'function rolecall_internal.refuse_moderation_reader(rolecall.actor, text)',
    'function rolecall_internal.refuse_non_operator(jsonb)',
    'function rolecall_internal.refuse_non_staff(jsonb)',
    'function rolecall_internal.refuse_non_user(jsonb)',
    'function rolecall_internal.refuse_note(jsonb)',
    'function rolecall_internal.refuse_number(uuid, text, text, uuid)',
    'function rolecall_internal.refuse_other_flag_history()',
    'function rolecall_internal.refuse_other_history()',
    'function rolecall_internal.refuse_other_recipient(uuid, uuid)',
    'function rolecall_internal.refuse_other_than_caller(uuid)',
    'function rolecall_internal.refuse_poaching(text, uuid)',
    'function rolecall_internal.refuse_quota(text, integer, jsonb)',
    'function rolecall_internal.refuse_rate(jsonb)',
    'function rolecall_internal.refuse_restoration(uuid, rolecall.messages)',
    'function rolecall_internal.refuse_reused_key()',
    'function rolecall_internal.refuse_second_report(uuid)',
    'function rolecall_internal.refuse_sent()',
    'function rolecall_internal.refuse_stranger(text, uuid, jsonb)',
    'function rolecall_internal.refuse_text(text, text, integer, integer)',
    'function rolecall_internal.refuse_unknown_conversation(uuid, uuid)',
    'function rolecall_internal.refuse_unknown_flag()',
    'function rolecall_internal.refuse_unknown_help(uuid, uuid)',
    'function rolecall_internal.refuse_unknown_organization()',
    'function rolecall_internal.refuse_without_number()',
    'function rolecall_internal.refuse_without_profile(uuid)',
    'function rolecall_internal.rehearse_broadcast(uuid, jsonb, jsonb)',
    'function rolecall_internal.release_number(jsonb)',
    'function rolecall_internal.replay_review(uuid, jsonb, jsonb)',
    'function rolecall_internal.replayed_help_message(jsonb)',
    'function rolecall_internal.reply_automatically(rolecall.thread_messages, text, text)',
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
    'function rolecall_internal.route_text(rolecall.clients, uuid, text, text[], jsonb, text, uuid, timestamp with time zone)',
    'function rolecall_internal.sample_of_users(integer)',
    'function rolecall_internal.sees_message(text, uuid, text, text, uuid, uuid, bigint, text)',
    'function rolecall_internal.sees_removed(rolecall.actor)',
    'function rolecall_internal.send_broadcast(uuid, jsonb, jsonb)',
    'function rolecall_internal.send_dm(uuid, jsonb, jsonb)',
    'function rolecall_internal.send_dm_many(jsonb)',
    'function rolecall_internal.send_help_message(uuid, uuid, text, uuid, jsonb)',
    'function rolecall_internal.send_independent_dms(jsonb, rolecall.dm_item[])',
    'function rolecall_internal.send_thread_message(uuid, jsonb, jsonb)',
    'function rolecall_internal.service_buffer(uuid, text)',
    'function rolecall_internal.service_key(text)',
    'function rolecall_internal.set_participant_role()',
    'function rolecall_internal.set_rollout(rolecall.call, text, text)',
    'function rolecall_internal.settle_changed_help_messages()',
    'function rolecall_internal.settle_flags()',
    'function rolecall_internal.settle_key(uuid, text, jsonb, timestamp with time zone)',
    'function rolecall_internal.settle_keys(uuid[], text[], jsonb[], timestamp with time zone)',
    'function rolecall_internal.settle_number(rolecall.message_threads)',
    'function rolecall_internal.settle_reports(uuid, uuid, rolecall.messages, text, text)',
    'function rolecall_internal.settle_reports_as_organizer(uuid, uuid, rolecall.messages, text, text)',
    'function rolecall_internal.settle_sms_status(uuid, text, text, integer)',
    'function rolecall_internal.settle_text(uuid, jsonb, jsonb)',
    'function rolecall_internal.simulate_rollout(text, text, jsonb, uuid[])',
    'function rolecall_internal.sms_backoff(integer)',
    'function rolecall_internal.sms_outcomes(jsonb)',
    'function rolecall_internal.sms_status_of(text)',
    'function rolecall_internal.sms_status_rank(text)',
    'function rolecall_internal.staff(rolecall.call, text)',
    'function rolecall_internal.start_help_conversation(uuid, uuid, text, uuid, jsonb)',
    'function rolecall_internal.success(jsonb, jsonb)',
    'function rolecall_internal.suspend_user(uuid, jsonb, jsonb)',
    'function rolecall_internal.suspended_fact(timestamp with time zone)',
    'function rolecall_internal.suspension_json(timestamp with time zone)',
    'function rolecall_internal.sweep(regclass, text, bigint)',
    'function rolecall_internal.take_automatic_reply(uuid, uuid, text)',
    'function rolecall_internal.take_help_turn(uuid)',
    'function rolecall_internal.take_nightly_step(rolecall.quota_runs)',
    'function rolecall_internal.take_pool_number(uuid)',
    'function rolecall_internal.take_quota(uuid, uuid, text, integer, integer)',
    'function rolecall_internal.take_text(rolecall.message_numbers, rolecall.call)',
    'function rolecall_internal.take_token(uuid, text)',
    'function rolecall_internal.take_tokens(uuid[], text)',
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
    'function rolecall_internal.touch_updated_at()',
    'function rolecall_internal.trimmed(text)',
    'function rolecall_internal.unassign_sitter()',
    'function rolecall_internal.unblock_user(uuid, jsonb, jsonb)',
    'function rolecall_internal.unlink_client()',
    'function rolecall_internal.unmet_reasons(jsonb)',
    'function rolecall_internal.unread(uuid, jsonb)',
    'function rolecall_internal.uuid_or_null(text)',
    'function rolecall_internal.uuid_v7()',
    'function rolecall_internal.v1_conversation_counts()',
    'function rolecall_internal.variable_includes(jsonb, text, uuid, boolean)',
    'function rolecall_internal.visible_broadcasts(uuid, uuid, uuid)',
    'function rolecall_internal.visible_messages(uuid, uuid, uuid, bigint, bigint, boolean, integer)',
    'function rolecall_internal.whole_number(jsonb)',
    'function rolecall_internal.window_times(timestamp with time zone, timestamp with time zone, text)',
    'function rolecall_internal.with_ascii_digits(text)',
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
    'sequence rolecall.service_buffers_id_seq',
    'table public.conversations_v2',
    'table public.messages_v2',
    'table rolecall.alert_delivery',
    'table rolecall.alert_events',
    'table rolecall.alert_rules',
    'table rolecall.alert_states',
    'table rolecall.anti_poaching_attempts',
    'table rolecall.application_logs',
    'table rolecall.assignment_windows',
    'table rolecall.automatic_replies',
    'table rolecall.bookings',
    'table rolecall.broadcast_limits',
    'table rolecall.broadcast_quotas',
    'table rolecall.broadcast_receipts',
    'table rolecall.broadcasts',
    'table rolecall.clients',
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
    'table rolecall.message_numbers',
    'table rolecall.message_threads',
    'table rolecall.messages',
    'table rolecall.moderation_audit',
    'table rolecall.opt_outs',
    'table rolecall.organization_permission_guards',
    'table rolecall.organization_permission_rules',
    'table rolecall.organizations',
    'table rolecall.past_participations',
    'table rolecall.permission_guards',
    'table rolecall.permission_rules',
    'table rolecall.pool_exhaustions',
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
    'table rolecall.routing_decisions',
    'table rolecall.schema_migrations',
    'table rolecall.service_buffers',
    'table rolecall.show_audience',
    'table rolecall.show_participants',
    'table rolecall.show_threads',
    'table rolecall.shows',
    'table rolecall.sms_outbox',
    'table rolecall.thread_messages',
    'table rolecall.thread_reads',
    'table rolecall.user_blocks',
    'table rolecall.word_texts',
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
    'type rolecall.message_delivery',
    'type rolecall.message_direction',
    'type rolecall.message_encoding',
    'type rolecall.message_kind',
    'type rolecall.sms_status',
    'type rolecall.thread_actor',
    'type rolecall.thread_scope',
    'type rolecall.thread_status',
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
    'view rolecall_monitoring.sms_errors',
    'view rolecall_monitoring.sms_outbox',
    'view rolecall_monitoring.suspensions',
    'view rolecall_monitoring.texting',
    'view rolecall_monitoring.unfinished_deletions',
    'view rolecall_monitoring.v2_adoption'
  ];
  -- The objects that are no more: none.
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
    if exists (select from rolecall.schema_migrations where version = 3) then
      -- By way of jsonb: the first states of this table had no digest.
      if (
        select to_jsonb(applied) ->> 'digest'
        from rolecall.schema_migrations as applied
        where version = 3
      ) is distinct from 'cd30c7d6a2489c2eb6161afa9f420bee81df80f31c9b6c0129b23b020c33ea1b'
      then
        raise exception 'Rolecall: this database has 3 organisations in another state, of before its release.'
          using
            errcode = 'object_not_in_prerequisite_state',
            hint = 'Take it back with the build that applied it and apply it anew. For the embedded database of a checkout, remove .rolecall/pg.';
      end if;
      raise notice 'Rolecall: 3 organisations is applied already.';
      perform set_config('search_path', v_search_path, true);
      return;
    end if;
    if 2 > 0 and not exists (select from rolecall.schema_migrations where version = 2) then
      raise exception 'Rolecall: 3 organisations follows 2, which this database does not have.'
        using errcode = 'object_not_in_prerequisite_state';
    end if;
  elsif 2 > 0 then
    raise exception 'Rolecall: 3 organisations follows 2, which this database does not have.'
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

  if 2 = 0 then
    -- Whoever installs at the same time waits here for the end of the other installation.
    begin
      create schema rolecall;
    exception
      when unique_violation or duplicate_schema then
        if not exists (select from rolecall.schema_migrations where version = 3) then
          raise;
        end if;
        raise notice 'Rolecall: 3 organisations is applied already.';
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
-- 0003: organisations: masked numbers, bookings and their windows, threads, texts through a carrier.

-- identity

alter table rolecall.organizations
  add column time_zone text not null default 'UTC',
  add column allowed_domains text[] not null default '{}',
  add column help_text text,
  add constraint organizations_time_zone_known check ((timestamp '2000-01-01' at time zone time_zone) is not null),
  add constraint organizations_allowed_domains_bound
    check (cardinality(allowed_domains) <= 100 and array_position(allowed_domains, null) is null),
  add constraint organizations_help_text_length check (char_length(help_text) between 1 and 1600);

comment on column rolecall.organizations.time_zone is
  'The zone (IANA, Europe/Berlin for example) in which people read times; rules count in absolute time.';

comment on column rolecall.organizations.allowed_domains is
  'Domains, with those below them, that the anti-poaching filter lets pass.';

comment on column rolecall.organizations.help_text is 'What a client who texts HELP is answered; null for a general text.';

-- Rows of an organisation refer to its people by both.
alter table rolecall.profiles
  add constraint profiles_organization_id_id_key unique (organization_id, id);

drop index rolecall.profiles_organization_id_idx;

-- flags

select set_config('rolecall.reason', 'Rolecall was upgraded.', true);

-- Organisations switch these on for themselves, by an override.
insert into rolecall.feature_flags (name, rollout, description, requires)
values
  (
    'messaging_v1',
    'disabled',
    'Texting of organisations: bookings, masked numbers, threads.',
    'messaging_v2_enabled'
  );

insert into rolecall.feature_flags (name, rollout, description, requires)
values
  (
    'proactive_thread_creation',
    'disabled',
    'A recurring booking with a sitter has its thread, number and window from the start.',
    'messaging_v1'
  ),
  ('sitter_messages_v1', 'disabled', 'Sitters read and write in their threads.', 'messaging_v1');

select set_config('rolecall.reason', '', true);
$sql$;

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

-- Whether a text is a phone number in international form (ITU-T E.164).
create or replace function rolecall_internal.is_e164(p_text text)
returns boolean
language sql
immutable
return p_text ~ '^[+][1-9][0-9]{6,14}$';
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

create or replace function rolecall_internal.limit_thread_message_chars()
returns int
language sql
immutable
parallel safe
return 1600;

create or replace function rolecall_internal.limit_media_urls()
returns int
language sql
immutable
parallel safe
return 10;

create or replace function rolecall_internal.limit_media_url_chars()
returns int
language sql
immutable
parallel safe
return 2048;

create or replace function rolecall_internal.limit_force_reason_chars()
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

  -- schema/numbers/tables.sql
  execute $sql$
-- The masked numbers of organisations.

create table rolecall.message_numbers (
  id uuid primary key default gen_random_uuid(),
  organization_id uuid not null references rolecall.organizations (id),
  e164 text not null,
  class text not null,
  status text not null default 'active',
  sitter_id uuid,
  rests_until timestamptz,
  last_assigned_at timestamptz not null default '-infinity',
  created_at timestamptz not null default now(),
  released_at timestamptz,
  -- A thread refers to all three, so that its class is its number's.
  constraint message_numbers_organization_id_id_class_key unique (organization_id, id, class),
  constraint message_numbers_organization_id_id_key unique (organization_id, id),
  constraint message_numbers_sitter_fkey
    foreign key (organization_id, sitter_id)
    references rolecall.profiles (organization_id, id)
    on delete set null (sitter_id),
  constraint message_numbers_e164_form check (rolecall_internal.is_e164(e164)),
  constraint message_numbers_class_known check (class in ('front_desk', 'sitter', 'pool')),
  constraint message_numbers_status_known check (status in ('active', 'resting', 'released')),
  constraint message_numbers_sitter_has_class check (sitter_id is null or (class = 'sitter' and status = 'active')),
  constraint message_numbers_rest_has_end check ((status = 'resting') = (rests_until is not null))
);

comment on table rolecall.message_numbers is
  'The phone numbers that clients text, each of one organisation: the front desk''s, one sitter''s, or of the pool.';

comment on column rolecall.message_numbers.e164 is 'The number (ITU-T E.164). Only the delivery of messages reads it.';

comment on column rolecall.message_numbers.status is
  'active; resting: a sitter''s number after its release, of the pool from rests_until on; released: it has left the organisation.';

comment on column rolecall.message_numbers.last_assigned_at is
  'When a thread was last given the number from the pool, which gives the one that was given longest ago.';

-- A number that is not released belongs to one organisation.
create unique index message_numbers_e164_key
  on rolecall.message_numbers (e164)
  where status <> 'released';

create unique index message_numbers_front_desk_key
  on rolecall.message_numbers (organization_id)
  where class = 'front_desk' and status = 'active';

create unique index message_numbers_sitter_key
  on rolecall.message_numbers (organization_id, sitter_id)
  where sitter_id is not null;

create index message_numbers_pool_idx
  on rolecall.message_numbers (organization_id, class, status, last_assigned_at, id);

create table rolecall.pool_exhaustions (
  organization_id uuid not null references rolecall.organizations (id) on delete cascade,
  hour timestamptz not null,
  times bigint not null,
  primary key (organization_id, hour)
);

comment on table rolecall.pool_exhaustions is
  'How often in each hour a thread got the number of the front desk because the pool had none left; kept for eight days.';
$sql$;

  -- schema/threads/tables.sql
  execute $sql$
-- The clients of organisations, their threads, and what was decided about each text.

create table rolecall.clients (
  id uuid primary key default rolecall_internal.uuid_v7(),
  organization_id uuid not null references rolecall.organizations (id),
  user_id uuid,
  display_name text,
  phone text,
  created_at timestamptz not null default now(),
  erased_at timestamptz,
  constraint clients_organization_id_id_key unique (organization_id, id),
  constraint clients_phone_key unique (organization_id, phone),
  constraint clients_user_key unique (organization_id, user_id),
  constraint clients_user_fkey
    foreign key (organization_id, user_id)
    references rolecall.profiles (organization_id, id)
    on delete set null (user_id),
  constraint clients_display_name_form
    check (char_length(display_name) between 1 and 200 and rolecall_internal.is_name(display_name)),
  constraint clients_phone_form check (rolecall_internal.is_e164(phone)),
  constraint clients_phone_until_erased check ((phone is null) = (erased_at is not null))
);

comment on table rolecall.clients is 'Who texts an organisation. It is the one place of their phone number.';

comment on column rolecall.clients.user_id is 'The client''s account, if they have one.';

comment on column rolecall.clients.display_name is 'Null for a sender whom nobody has named.';

comment on column rolecall.clients.phone is
  'The number (ITU-T E.164); null once the client is erased. Only the delivery of messages reads it.';

-- Domains, not checks of the tables: PostgreSQL plans the checks of a table anew for every statement that writes to it, and
-- those of a domain once in a session.
create domain rolecall.thread_scope as text
  constraint thread_scope_known check (value in ('client', 'billing', 'owner_inbox'));

create domain rolecall.thread_status as text
  constraint thread_status_known check (value in ('open', 'closed'));

create domain rolecall.message_direction as text
  constraint message_direction_known check (value in ('inbound', 'outbound', 'internal'));

create domain rolecall.message_kind as text
  constraint message_kind_known check (value in ('text', 'automatic_reply', 'notice'));

create domain rolecall.message_delivery as text
  constraint message_delivery_known check (
    value in (
      'received', 'blocked', 'queued', 'sent', 'delivered', 'undelivered', 'failed', 'dead', 'uncertain', 'shown'
    )
  );

create domain rolecall.message_encoding as text
  constraint message_encoding_known check (value in ('gsm_7', 'ucs_2'));

create table rolecall.message_threads (
  id uuid primary key default rolecall_internal.uuid_v7(),
  organization_id uuid not null references rolecall.organizations (id),
  scope rolecall.thread_scope not null default 'client',
  status rolecall.thread_status not null default 'open',
  client_id uuid,
  number_id uuid not null,
  number_class text not null,
  sitter_id uuid,
  last_seq bigint not null default 0,
  last_message_at timestamptz not null default now(),
  active_in timestamptz not null generated always as (rolecall_internal.hour_of(last_message_at)) stored,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint message_threads_organization_id_id_key unique (organization_id, id),
  constraint message_threads_client_fkey
    foreign key (organization_id, client_id)
    references rolecall.clients (organization_id, id),
  constraint message_threads_number_fkey
    foreign key (organization_id, number_id, number_class)
    references rolecall.message_numbers (organization_id, id, class)
    on update cascade,
  constraint message_threads_sitter_fkey
    foreign key (organization_id, sitter_id)
    references rolecall.profiles (organization_id, id)
    on delete set null (sitter_id),
  -- The owner inbox has no client, and is always open.
  constraint message_threads_inbox_form check (
    (scope = 'owner_inbox') = (client_id is null)
    and (scope <> 'owner_inbox' or status = 'open')
  )
)
with (fillfactor = 80);

comment on table rolecall.message_threads is
  'The conversation of an organisation with a client behind a masked number, and the owner inbox of each organisation.';

comment on column rolecall.message_threads.scope is
  'client; billing: hidden from sitters; owner_inbox: what waits for the owner, of all clients.';

comment on column rolecall.message_threads.sitter_id is 'The sitter for whom the number was chosen.';

comment on column rolecall.message_threads.last_seq is
  'The seq of the newest message; in the owner inbox the inbox_seq.';

comment on column rolecall.message_threads.active_in is
  'The hour of last_message_at, which the index of the list uses: so a message moves no index.';

create unique index message_threads_open_key
  on rolecall.message_threads (organization_id, client_id)
  where status = 'open' and client_id is not null;

create unique index message_threads_owner_inbox_key
  on rolecall.message_threads (organization_id)
  where scope = 'owner_inbox';

create index message_threads_number_id_idx
  on rolecall.message_threads (organization_id, number_id, number_class);

create index message_threads_client_id_idx
  on rolecall.message_threads (organization_id, client_id);

create index message_threads_active_in_idx
  on rolecall.message_threads (organization_id, active_in);

create index message_threads_sitter_id_idx
  on rolecall.message_threads (organization_id, sitter_id);

create table rolecall.thread_messages (
  organization_id uuid not null,
  thread_id uuid not null,
  seq bigint not null,
  id uuid not null default rolecall_internal.uuid_v7(),
  inbox_seq bigint,
  direction rolecall.message_direction not null,
  kind rolecall.message_kind not null default 'text',
  client_id uuid,
  author_id uuid,
  sitter_id uuid,
  content text,
  media_urls text[] not null default '{}',
  delivery rolecall.message_delivery not null,
  error_code int,
  encoding rolecall.message_encoding,
  segments smallint,
  carrier_sid text,
  created_at timestamptz not null default now(),
  quotes_id uuid,
  primary key (organization_id, thread_id, seq),
  constraint thread_messages_organization_id_id_key unique (organization_id, id),
  constraint thread_messages_thread_fkey
    foreign key (organization_id, thread_id)
    references rolecall.message_threads (organization_id, id),
  constraint thread_messages_client_fkey
    foreign key (organization_id, client_id)
    references rolecall.clients (organization_id, id)
);

comment on table rolecall.thread_messages is 'The messages of threads; the functions alone write them.';

comment on column rolecall.thread_messages.inbox_seq is
  'The message''s number in the owner inbox of its organisation; null for one that is not in it.';

comment on column rolecall.thread_messages.direction is
  'inbound: from the client; outbound: to the client; internal: for the organisation alone.';

comment on column rolecall.thread_messages.author_id is
  'The user who wrote it; null for a text through the carrier, an automatic reply and a notice.';

comment on column rolecall.thread_messages.sitter_id is
  'The sitter who wrote it or to whom it was routed: of the sitters only they see it.';

comment on column rolecall.thread_messages.quotes_id is
  'The message that a notice quotes: who erases that one erases the quote, however long ago it was.';

comment on column rolecall.thread_messages.content is 'Null once the client is erased or the author had it erased.';

comment on column rolecall.thread_messages.delivery is
  'received, blocked by the filter, shown to the organisation alone, or where an outbound message stands.';

comment on column rolecall.thread_messages.carrier_sid is 'The carrier''s id of the message (Twilio: MessageSid).';

create unique index thread_messages_inbox_seq_key
  on rolecall.thread_messages (organization_id, inbox_seq)
  where inbox_seq is not null;

create unique index thread_messages_carrier_sid_key
  on rolecall.thread_messages (organization_id, carrier_sid)
  where carrier_sid is not null and direction = 'inbound';

create index thread_messages_quotes_id_idx
  on rolecall.thread_messages (organization_id, quotes_id)
  where quotes_id is not null;

create index thread_messages_client_id_idx
  on rolecall.thread_messages (organization_id, client_id);

-- What somebody wrote, for their export and its deletion: also in an organisation that they have left.
create index thread_messages_author_id_idx
  on rolecall.thread_messages (author_id, id)
  where author_id is not null;

create table rolecall.thread_reads (
  organization_id uuid not null,
  thread_id uuid not null,
  user_id uuid not null,
  last_read_seq bigint not null,
  primary key (organization_id, thread_id, user_id),
  constraint thread_reads_thread_fkey
    foreign key (organization_id, thread_id)
    references rolecall.message_threads (organization_id, id),
  constraint thread_reads_user_fkey
    foreign key (organization_id, user_id)
    references rolecall.profiles (organization_id, id)
    on delete cascade
);

comment on table rolecall.thread_reads is
  'Up to where each user has read each thread; forgotten when they leave the organisation.';

create index thread_reads_user_id_idx
  on rolecall.thread_reads (organization_id, user_id, thread_id);

create table rolecall.routing_decisions (
  id uuid primary key default rolecall_internal.uuid_v7(),
  organization_id uuid not null references rolecall.organizations (id),
  at timestamptz not null default now(),
  thread_id uuid not null,
  seq bigint not null,
  target text not null,
  reason text not null,
  sitter_id uuid,
  window_ids uuid[] not null default '{}',
  number_class text not null,
  sender text not null,
  recipient text not null,
  constraint routing_decisions_message_key unique (organization_id, thread_id, seq),
  constraint routing_decisions_message_fkey
    foreign key (organization_id, thread_id, seq)
    references rolecall.thread_messages (organization_id, thread_id, seq),
  constraint routing_decisions_target_known check (target in ('sitter', 'owner_inbox', 'nobody')),
  constraint routing_decisions_reason_known
    check (reason in ('one_sitter', 'no_window', 'several_sitters', 'number_mismatch', 'blocked'))
);

comment on table rolecall.routing_decisions is 'Who got each inbound text, and why.';

comment on column rolecall.routing_decisions.thread_id is
  'With seq the message: in the client''s thread, or in the owner inbox where there is none.';

comment on column rolecall.routing_decisions.sender is 'The redacted number.';

comment on column rolecall.routing_decisions.recipient is 'The redacted number.';

create index routing_decisions_at_idx
  on rolecall.routing_decisions (organization_id, at);

-- What the diagnostics count.
create index routing_decisions_owner_inbox_idx
  on rolecall.routing_decisions (organization_id, at, reason)
  where target = 'owner_inbox';

create table rolecall.anti_poaching_attempts (
  id uuid primary key default rolecall_internal.uuid_v7(),
  organization_id uuid not null,
  at timestamptz not null default now(),
  thread_id uuid not null,
  message_id uuid not null,
  direction text not null,
  author_id uuid,
  client_id uuid,
  violations text[] not null,
  redacted_content text,
  forced_at timestamptz,
  forced_by uuid,
  forced_reason text,
  constraint anti_poaching_attempts_message_key unique (organization_id, message_id),
  constraint anti_poaching_attempts_message_fkey
    foreign key (organization_id, message_id)
    references rolecall.thread_messages (organization_id, id),
  constraint anti_poaching_attempts_direction_known check (direction in ('inbound', 'outbound')),
  constraint anti_poaching_attempts_force_is_whole check ((forced_at is null) = (forced_reason is null))
);

comment on table rolecall.anti_poaching_attempts is 'The messages that the filter held back.';

create index anti_poaching_attempts_at_idx
  on rolecall.anti_poaching_attempts (organization_id, at);

-- What somebody wrote, texted and forced, for their export and its deletion.
create index anti_poaching_attempts_author_id_idx
  on rolecall.anti_poaching_attempts (author_id)
  where author_id is not null;

create index anti_poaching_attempts_client_id_idx
  on rolecall.anti_poaching_attempts (organization_id, client_id)
  where direction = 'inbound';

create index anti_poaching_attempts_forced_by_idx
  on rolecall.anti_poaching_attempts (forced_by)
  where forced_by is not null;

create table rolecall.opt_outs (
  organization_id uuid not null,
  client_id uuid not null,
  at timestamptz not null default now(),
  source text not null,
  primary key (organization_id, client_id),
  constraint opt_outs_client_fkey
    foreign key (organization_id, client_id)
    references rolecall.clients (organization_id, id),
  constraint opt_outs_source_known check (source in ('keyword', 'carrier'))
);

comment on table rolecall.opt_outs is 'The clients who want no more messages; a row goes when they opt back in.';

comment on column rolecall.opt_outs.source is 'keyword: the client wrote STOP; carrier: the carrier refused with 21610.';

create table rolecall.automatic_replies (
  organization_id uuid not null,
  client_id uuid not null,
  kind text not null,
  last_at timestamptz not null,
  primary key (organization_id, client_id, kind),
  constraint automatic_replies_client_fkey
    foreign key (organization_id, client_id)
    references rolecall.clients (organization_id, id)
);

comment on table rolecall.automatic_replies is 'When a client last got an automatic reply of each kind.';

create table rolecall.word_texts (
  organization_id uuid not null,
  carrier_sid text not null,
  client_id uuid not null,
  at timestamptz not null default now(),
  reply text,
  primary key (organization_id, carrier_sid),
  constraint word_texts_client_fkey
    foreign key (organization_id, client_id)
    references rolecall.clients (organization_id, id)
);

comment on table rolecall.word_texts is
  'The texts of the last day by which clients opted out or in, or asked for help, so that a repeated one changes nothing; older ones of a client go with the next.';

comment on column rolecall.word_texts.carrier_sid is 'The carrier''s id of the text (Twilio: MessageSid).';

comment on column rolecall.word_texts.reply is 'What the client was answered; null for nothing.';

create index word_texts_client_id_idx
  on rolecall.word_texts (organization_id, client_id, at);
$sql$;

  -- schema/bookings/tables.sql
  execute $sql$
-- Bookings, and the windows in which they let a sitter write.

create table rolecall.bookings (
  organization_id uuid not null references rolecall.organizations (id),
  id uuid not null,
  client_id uuid not null,
  service text not null,
  starts_at timestamptz not null,
  ends_at timestamptz not null,
  recurring boolean not null default false,
  sitter_id uuid,
  status text not null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  -- The id is the application's own: another organisation may have the same.
  primary key (organization_id, id),
  constraint bookings_client_fkey
    foreign key (organization_id, client_id)
    references rolecall.clients (organization_id, id),
  constraint bookings_sitter_fkey
    foreign key (organization_id, sitter_id)
    references rolecall.profiles (organization_id, id)
    on delete set null (sitter_id),
  constraint bookings_service_length check (char_length(service) between 1 and 100),
  constraint bookings_ends_after_start check (starts_at < ends_at),
  constraint bookings_status_known check (status in ('confirmed', 'completed', 'cancelled'))
);

comment on table rolecall.bookings is 'Visits and stays as the application plans them; assign-booking writes them.';

create index bookings_client_id_idx
  on rolecall.bookings (organization_id, client_id, ends_at);

create index bookings_sitter_id_idx
  on rolecall.bookings (organization_id, sitter_id);

create table rolecall.service_buffers (
  id bigint generated always as identity primary key,
  organization_id uuid references rolecall.organizations (id),
  service text,
  minutes int not null,
  constraint service_buffers_organization_id_service_key unique nulls not distinct (organization_id, service),
  constraint service_buffers_minutes_range check (minutes between 0 and 10080)
);

comment on table rolecall.service_buffers is
  'How long before its start and after its end a booking lets the sitter write.';

comment on column rolecall.service_buffers.organization_id is
  'Null for every organisation that has no row of its own.';

comment on column rolecall.service_buffers.service is 'Null for services without a row.';

create table rolecall.assignment_windows (
  id uuid primary key default gen_random_uuid(),
  organization_id uuid not null,
  thread_id uuid not null,
  booking_id uuid not null,
  sitter_id uuid,
  starts_at timestamptz not null,
  ends_at timestamptz not null,
  closed_at timestamptz,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint assignment_windows_booking_key unique (organization_id, booking_id),
  constraint assignment_windows_booking_fkey
    foreign key (organization_id, booking_id)
    references rolecall.bookings (organization_id, id),
  constraint assignment_windows_thread_fkey
    foreign key (organization_id, thread_id)
    references rolecall.message_threads (organization_id, id),
  constraint assignment_windows_sitter_fkey
    foreign key (organization_id, sitter_id)
    references rolecall.profiles (organization_id, id)
    on delete set null (sitter_id),
  constraint assignment_windows_ends_after_start check (starts_at < ends_at),
  constraint assignment_windows_open_has_sitter check (closed_at is not null or sitter_id is not null)
);

comment on table rolecall.assignment_windows is
  'From starts_at on and before ends_at, while it is not closed, the sitter writes in the thread; one for each booking.';

create index assignment_windows_thread_id_idx
  on rolecall.assignment_windows (organization_id, thread_id, ends_at);

create index assignment_windows_sitter_id_idx
  on rolecall.assignment_windows (organization_id, sitter_id, ends_at)
  where sitter_id is not null;
$sql$;

  -- schema/permissions/organization_tables.sql
  execute $sql$
-- The matrix for organisations as tables. An action there has an actor and no target, and a guard may be for some roles
-- alone, so there is a row for each action and role.
--
-- The rows of rules.generated.sql are generated from the matrix in Rust; a test compares what the database decides with
-- what Rust decides, for every combination.

create table rolecall.organization_permission_guards (
  action text not null,
  role text not null,
  position smallint not null,
  fact text not null,
  denies_when boolean not null,
  code text not null,
  rule text not null,
  message text not null,
  allowed_if text not null,
  primary key (action, role, position)
);

comment on table rolecall.organization_permission_guards is
  'What refuses an action to a role of an organisation; checked before the rules, in order of position.';

comment on column rolecall.organization_permission_guards.denies_when is
  'Whether the guard refuses when the fact holds (true) or when it does not (false).';

create table rolecall.organization_permission_rules (
  action text not null,
  role text not null,
  allowed boolean not null,
  rule text not null,
  message text not null,
  allowed_if text not null,
  primary key (action, role)
);

comment on table rolecall.organization_permission_rules is
  'Whether a role of an organisation may do something if no guard refuses it; one row for each combination.';
$sql$;

  -- schema/sms/tables.sql
  execute $sql$
-- What is on its way to the carrier.

-- A domain, as threads/tables.sql says.
create domain rolecall.sms_status as text
  constraint sms_status_known check (
    value in ('queued', 'leased', 'sent', 'delivered', 'undelivered', 'failed', 'dead', 'uncertain')
  );

create table rolecall.sms_outbox (
  id uuid primary key default rolecall_internal.uuid_v7(),
  organization_id uuid not null,
  thread_id uuid not null,
  seq bigint not null,
  status rolecall.sms_status not null default 'queued',
  attempts smallint not null default 0,
  first_attempt_at timestamptz,
  next_attempt_at timestamptz not null default now(),
  lease uuid,
  leased_until timestamptz,
  carrier_sid text,
  error_code int,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  -- Recipient, number and text are the thread's and the message's when the carrier gets it.
  constraint sms_outbox_message_key unique (organization_id, thread_id, seq),
  constraint sms_outbox_message_fkey
    foreign key (organization_id, thread_id, seq)
    references rolecall.thread_messages (organization_id, thread_id, seq),
  -- A lease has an end and a name.
  constraint sms_outbox_lease_is_whole check (
    (status = 'leased') = (leased_until is not null)
    and (status <> 'leased' or lease is not null)
  )
);

comment on table rolecall.sms_outbox is
  'The outbound messages, written with them in one transaction; deliver-sms hands them to the carrier.';

comment on column rolecall.sms_outbox.status is
  'queued; leased: a delivery is at it; sent: the carrier has it; delivered, undelivered, failed: what the carrier said; dead: given up; uncertain: the carrier may have it, and it is never sent again by itself.';

comment on column rolecall.sms_outbox.attempts is
  'How often it was handed to the carrier since it was queued, by itself or by an owner.';

comment on column rolecall.sms_outbox.error_code is
  'What the carrier said last: its code (Twilio: 21610 for example), or the HTTP status of an answer without one.';

comment on column rolecall.sms_outbox.lease is
  'The delivery that was last at it. It stays when the lease runs out: what that delivery says late still counts.';

create index sms_outbox_due_idx
  on rolecall.sms_outbox (next_attempt_at, id)
  where status = 'queued';

create index sms_outbox_leased_idx
  on rolecall.sms_outbox (leased_until)
  where status = 'leased';

create index sms_outbox_thread_idx
  on rolecall.sms_outbox (thread_id, seq)
  where status in ('queued', 'leased');

-- What waits, and how long the oldest does, of an organisation and of all.
create index sms_outbox_waiting_idx
  on rolecall.sms_outbox (organization_id, created_at)
  where status in ('queued', 'leased');

create index sms_outbox_trouble_idx
  on rolecall.sms_outbox (organization_id, updated_at)
  where status in ('dead', 'uncertain');

create index sms_outbox_error_idx
  on rolecall.sms_outbox (organization_id, updated_at)
  where error_code is not null;
$sql$;

  -- schema/threads/thread_actor_tables.sql
  execute $sql$
-- Somebody before a thread of their organisation, as far as it decides what they may do there.
create type rolecall.thread_actor as (
  -- Null without a profile.
  role rolecall.app_role,
  is_internal boolean,
  -- Null without an organisation.
  organization_id uuid,
  organization_role text,
  -- Null when the organisation has no such thread.
  thread_id uuid,
  client_id uuid,
  number_class text,
  -- The facts of the matrix for organisations.
  facts text[],
  -- Of all flags: while it is the same, each flag says the same of the same user.
  flags_revision bigint,
  -- Null when the texting is on for them and they have a profile.
  refusal jsonb
);
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

-- A moment as the clocks of a time zone (IANA) show it, with their offset from UTC, so that it is clear at a change of the
-- clocks, too: RFC 3339.
create or replace function rolecall_internal.local_iso(p_at timestamptz, p_zone text)
returns text
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_local timestamp := p_at at time zone p_zone;
  v_offset interval := v_local - (p_at at time zone 'utc');
begin
  return to_char(v_local, 'YYYY-MM-DD"T"HH24:MI:SS.US')
    || case when v_offset < interval '0' then '-' else '+' end
    || to_char(greatest(v_offset, -v_offset), 'HH24:MI');
end
$$;

-- A moment for people, by the clocks of a time zone: "Sunday 29 March 2026, 03:30 (+02:00)".
create or replace function rolecall_internal.local_words(p_at timestamptz, p_zone text)
returns text
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  return to_char(p_at at time zone p_zone, 'FMDay FMDD FMMonth YYYY, HH24:MI')
    || format(' (%s)', right(rolecall_internal.local_iso(p_at, p_zone), 6));
end
$$;

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

-- The refusal of one field of a request, in the form in which functions refuse what does not parse.
create or replace function rolecall_internal.refuse_field(p_field text, p_rule text, p_message text)
returns jsonb
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
begin
  return jsonb_build_object(
    'ok', false,
    'code', 'validation_error',
    'detail', 'One field of the body is not valid.',
    'reasons', jsonb_build_array(jsonb_build_object('code', p_rule, 'message', p_message, 'field', p_field))
  );
end
$$;

-- Whether somebody had their account deleted, or is having it deleted.
create or replace function rolecall_internal.is_account_deleted(p_user uuid)
returns boolean
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  return exists (
    select
    from rolecall.data_deletions
    where user_id = p_user
      and account
  );
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
  if rolecall_internal.is_account_deleted(p_user) then
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

  -- schema/base/digits.generated.sql
  execute $sql$
-- Numerals. Generated from the data of Unicode by `make generate`; do not edit.

-- The text with ASCII digits in place of the numerals of every script. Every character keeps its place.
create or replace function rolecall_internal.with_ascii_digits(p_text text)
returns text
language plpgsql
immutable
strict
parallel safe
set search_path = pg_catalog, pg_temp
as $$
declare
  v_text text := p_text;
  v_numeral text;
  v_digit int;
begin
  if octet_length(p_text) = char_length(p_text) then
    return p_text;
  end if;
  for v_numeral, v_digit in
    select found.numeral, (range.first + ascii(found.numeral) - range.lowest) % 10
    from (
      select distinct match[1] as numeral
      from regexp_matches(
        p_text collate "C",
        '[\u00b2-\u00b3\u00b9\u00bc-\u00be\u0660-\u0669\u06f0-\u06f9\u07c0-\u07c9\u0966-\u096f\u09e6-\u09ef\u09f4-\u09f9\u0a66-\u0a6f\u0ae6-\u0aef\u0b66-\u0b6f\u0b72-\u0b77\u0be6-\u0bef\u0bf0-\u0bf2\u0c66-\u0c6f\u0c78-\u0c7e\u0ce6-\u0cef\u0d58-\u0d5e\u0d66-\u0d6f\u0d70-\u0d78\u0de6-\u0def\u0e50-\u0e59\u0ed0-\u0ed9\u0f20-\u0f29\u0f2a-\u0f33\u1040-\u1049\u1090-\u1099\u1369-\u1371\u1372-\u137c\u16ee-\u16f0\u17e0-\u17e9\u17f0-\u17f9\u1810-\u1819\u1946-\u194f\u19d0-\u19d9\u19da\u1a80-\u1a89\u1a90-\u1a99\u1b50-\u1b59\u1bb0-\u1bb9\u1c40-\u1c49\u1c50-\u1c59\u2070\u2074-\u2079\u2080-\u2089\u2150-\u215f\u2160-\u2168\u2169-\u216f\u2170-\u2178\u2179-\u2182\u2185-\u2189\u2460-\u2468\u2469-\u2473\u2474-\u247c\u247d-\u2487\u2488-\u2490\u2491-\u249b\u24ea\u24eb-\u24f4\u24f5-\u24fd\u24fe\u24ff\u2776-\u277e\u277f\u2780-\u2788\u2789\u278a-\u2792\u2793\u2cfd\u3007\u3021-\u3029\u3038-\u303a\u3192-\u3195\u3220-\u3228\u3229\u3248-\u324f\u3251-\u325f\u3280-\u3288\u3289\u32b1-\u32bf\u4e00\u4e03\u4e09\u4e5d\u4e8c\u4e94\u516b\u516d\u56db\u96f6\ua620-\ua629\ua6e6-\ua6ef\ua830-\ua835\ua8d0-\ua8d9\ua900-\ua909\ua9d0-\ua9d9\ua9f0-\ua9f9\uaa50-\uaa59\uabf0-\uabf9\uff10-\uff19\U00010107-\U0001010f\U00010110-\U00010133\U00010140-\U00010178\U0001018a-\U0001018b\U000102e1-\U000102e9\U000102ea-\U000102fb\U00010320\U00010321\U00010322-\U00010323\U00010341\U0001034a\U000103d1-\U000103d5\U000104a0-\U000104a9\U00010858-\U0001085f\U00010879-\U0001087f\U000108a7-\U000108af\U000108fb-\U000108ff\U00010916-\U0001091b\U000109bc-\U000109bd\U000109c0-\U000109cf\U000109d2-\U000109ff\U00010a40-\U00010a43\U00010a44-\U00010a48\U00010a7d-\U00010a7e\U00010a9d-\U00010a9f\U00010aeb-\U00010aef\U00010b58-\U00010b5f\U00010b78-\U00010b7f\U00010ba9-\U00010baf\U00010cfa-\U00010cff\U00010d30-\U00010d39\U00010d40-\U00010d49\U00010e60-\U00010e68\U00010e69-\U00010e7e\U00010f1d-\U00010f26\U00010f51-\U00010f54\U00010fc5-\U00010fcb\U00011052-\U0001105a\U0001105b-\U00011065\U00011066-\U0001106f\U000110f0-\U000110f9\U00011136-\U0001113f\U000111d0-\U000111d9\U000111e1-\U000111f4\U000112f0-\U000112f9\U00011450-\U00011459\U000114d0-\U000114d9\U00011650-\U00011659\U000116c0-\U000116c9\U000116d0-\U000116e3\U00011730-\U00011739\U0001173a-\U0001173b\U000118e0-\U000118e9\U000118ea-\U000118f2\U00011950-\U00011959\U00011bf0-\U00011bf9\U00011c50-\U00011c59\U00011c5a-\U00011c6c\U00011d50-\U00011d59\U00011da0-\U00011da9\U00011de0-\U00011de9\U00011f50-\U00011f59\U00011fc0-\U00011fd4\U00012400-\U0001246e\U00016130-\U00016139\U00016a60-\U00016a69\U00016ac0-\U00016ac9\U00016b50-\U00016b59\U00016b5b-\U00016b61\U00016d70-\U00016d79\U00016e80-\U00016e96\U00016ff4-\U00016ff6\U0001ccf0-\U0001ccf9\U0001d2c0-\U0001d2c9\U0001d2ca-\U0001d2d3\U0001d2e0-\U0001d2e9\U0001d2ea-\U0001d2f3\U0001d360-\U0001d368\U0001d369-\U0001d378\U0001d7ce-\U0001d7ff\U0001e140-\U0001e149\U0001e2f0-\U0001e2f9\U0001e4f0-\U0001e4f9\U0001e5f1-\U0001e5fa\U0001e8c7-\U0001e8cf\U0001e950-\U0001e959\U0001ec71-\U0001ec79\U0001ec7a-\U0001ecab\U0001ecad-\U0001ecaf\U0001ecb1-\U0001ecb4\U0001ed01-\U0001ed09\U0001ed0a-\U0001ed2d\U0001ed2f-\U0001ed3d\U0001f100\U0001f101-\U0001f10a\U0001f10b\U0001f10c\U0001fbf0-\U0001fbf9]',
        'g'
      ) as match
    ) as found
    join (
      values
        (178, 179, 2),
        (185, 185, 1),
        (188, 190, 0),
        (1632, 1641, 0),
        (1776, 1785, 0),
        (1984, 1993, 0),
        (2406, 2415, 0),
        (2534, 2543, 0),
        (2548, 2553, 0),
        (2662, 2671, 0),
        (2790, 2799, 0),
        (2918, 2927, 0),
        (2930, 2935, 0),
        (3046, 3055, 0),
        (3056, 3058, 0),
        (3174, 3183, 0),
        (3192, 3198, 0),
        (3302, 3311, 0),
        (3416, 3422, 0),
        (3430, 3439, 0),
        (3440, 3448, 0),
        (3558, 3567, 0),
        (3664, 3673, 0),
        (3792, 3801, 0),
        (3872, 3881, 0),
        (3882, 3891, 0),
        (4160, 4169, 0),
        (4240, 4249, 0),
        (4969, 4977, 1),
        (4978, 4988, 0),
        (5870, 5872, 0),
        (6112, 6121, 0),
        (6128, 6137, 0),
        (6160, 6169, 0),
        (6470, 6479, 0),
        (6608, 6617, 0),
        (6618, 6618, 1),
        (6784, 6793, 0),
        (6800, 6809, 0),
        (6992, 7001, 0),
        (7088, 7097, 0),
        (7232, 7241, 0),
        (7248, 7257, 0),
        (8304, 8304, 0),
        (8308, 8313, 4),
        (8320, 8329, 0),
        (8528, 8543, 0),
        (8544, 8552, 1),
        (8553, 8559, 0),
        (8560, 8568, 1),
        (8569, 8578, 0),
        (8581, 8585, 0),
        (9312, 9320, 1),
        (9321, 9331, 0),
        (9332, 9340, 1),
        (9341, 9351, 0),
        (9352, 9360, 1),
        (9361, 9371, 0),
        (9450, 9450, 0),
        (9451, 9460, 0),
        (9461, 9469, 1),
        (9470, 9470, 0),
        (9471, 9471, 0),
        (10102, 10110, 1),
        (10111, 10111, 0),
        (10112, 10120, 1),
        (10121, 10121, 0),
        (10122, 10130, 1),
        (10131, 10131, 0),
        (11517, 11517, 0),
        (12295, 12295, 0),
        (12321, 12329, 1),
        (12344, 12346, 0),
        (12690, 12693, 0),
        (12832, 12840, 1),
        (12841, 12841, 0),
        (12872, 12879, 0),
        (12881, 12895, 0),
        (12928, 12936, 1),
        (12937, 12937, 0),
        (12977, 12991, 0),
        (19968, 19968, 1),
        (19971, 19971, 7),
        (19977, 19977, 3),
        (20061, 20061, 9),
        (20108, 20108, 2),
        (20116, 20116, 5),
        (20843, 20843, 8),
        (20845, 20845, 6),
        (22235, 22235, 4),
        (38646, 38646, 0),
        (42528, 42537, 0),
        (42726, 42735, 0),
        (43056, 43061, 0),
        (43216, 43225, 0),
        (43264, 43273, 0),
        (43472, 43481, 0),
        (43504, 43513, 0),
        (43600, 43609, 0),
        (44016, 44025, 0),
        (65296, 65305, 0),
        (65799, 65807, 1),
        (65808, 65843, 0),
        (65856, 65912, 0),
        (65930, 65931, 0),
        (66273, 66281, 1),
        (66282, 66299, 0),
        (66336, 66336, 1),
        (66337, 66337, 5),
        (66338, 66339, 0),
        (66369, 66369, 0),
        (66378, 66378, 0),
        (66513, 66517, 0),
        (66720, 66729, 0),
        (67672, 67679, 0),
        (67705, 67711, 0),
        (67751, 67759, 0),
        (67835, 67839, 0),
        (67862, 67867, 0),
        (68028, 68029, 0),
        (68032, 68047, 0),
        (68050, 68095, 0),
        (68160, 68163, 1),
        (68164, 68168, 0),
        (68221, 68222, 0),
        (68253, 68255, 0),
        (68331, 68335, 0),
        (68440, 68447, 0),
        (68472, 68479, 0),
        (68521, 68527, 0),
        (68858, 68863, 0),
        (68912, 68921, 0),
        (68928, 68937, 0),
        (69216, 69224, 1),
        (69225, 69246, 0),
        (69405, 69414, 0),
        (69457, 69460, 0),
        (69573, 69579, 0),
        (69714, 69722, 1),
        (69723, 69733, 0),
        (69734, 69743, 0),
        (69872, 69881, 0),
        (69942, 69951, 0),
        (70096, 70105, 0),
        (70113, 70132, 0),
        (70384, 70393, 0),
        (70736, 70745, 0),
        (70864, 70873, 0),
        (71248, 71257, 0),
        (71360, 71369, 0),
        (71376, 71395, 0),
        (71472, 71481, 0),
        (71482, 71483, 0),
        (71904, 71913, 0),
        (71914, 71922, 0),
        (72016, 72025, 0),
        (72688, 72697, 0),
        (72784, 72793, 0),
        (72794, 72812, 0),
        (73040, 73049, 0),
        (73120, 73129, 0),
        (73184, 73193, 0),
        (73552, 73561, 0),
        (73664, 73684, 0),
        (74752, 74862, 0),
        (90416, 90425, 0),
        (92768, 92777, 0),
        (92864, 92873, 0),
        (93008, 93017, 0),
        (93019, 93025, 0),
        (93552, 93561, 0),
        (93824, 93846, 0),
        (94196, 94198, 0),
        (118000, 118009, 0),
        (119488, 119497, 0),
        (119498, 119507, 0),
        (119520, 119529, 0),
        (119530, 119539, 0),
        (119648, 119656, 1),
        (119657, 119672, 0),
        (120782, 120831, 0),
        (123200, 123209, 0),
        (123632, 123641, 0),
        (124144, 124153, 0),
        (124401, 124410, 0),
        (125127, 125135, 1),
        (125264, 125273, 0),
        (126065, 126073, 1),
        (126074, 126123, 0),
        (126125, 126127, 0),
        (126129, 126132, 0),
        (126209, 126217, 1),
        (126218, 126253, 0),
        (126255, 126269, 0),
        (127232, 127232, 0),
        (127233, 127242, 0),
        (127243, 127243, 0),
        (127244, 127244, 0),
        (130032, 130041, 0)
    ) as range (lowest, highest, first)
      on ascii(found.numeral) between range.lowest and range.highest
  loop
    v_text := replace(v_text, v_numeral, v_digit::text);
  end loop;
  return v_text;
end
$$;
$sql$;

  -- schema/base/redact.sql
  execute $sql$
-- Replaces every possible phone number by its last four digits: "[phone …1234]". shared/src/rules/redact.rs says what is
-- one, and the same of each text. Numerals of every script count, each character keeps its place in v_plain, and what is
-- never a number is blank there.
create or replace function rolecall_internal.redact(p_text text)
returns text
language plpgsql
immutable
strict
parallel safe
set search_path = pg_catalog, pg_temp
as $$
declare
  v_plain text collate "C" := rolecall_internal.with_ascii_digits(p_text);
  v_cleaned text := '';
  v_at int := 1;
  v_from int;
  v_run text collate "C";
  v_head text collate "C";
begin
  if v_plain !~ '[0-9](?:[^0-9]*[0-9]){6}' then
    return p_text;
  end if;

  v_plain := regexp_replace(
    v_plain,
    '(?<![0-9A-Za-z])[0-9A-Fa-f]{8}-(?:[0-9A-Fa-f]{4}-){3}[0-9A-Fa-f]{12}(?![0-9A-Za-z])',
    repeat(' ', 36),
    'g'
  );
  v_plain := regexp_replace(
    v_plain,
    '(?<![0-9A-Za-z])2[0-2][0-9]{2}-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-5][0-9]\.[0-9]{6}Z(?![0-9A-Za-z])',
    repeat(' ', 27),
    'g'
  );
  v_plain := regexp_replace(
    v_plain,
    '(?<![0-9A-Za-z])2[0-2][0-9]{2}-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-5][0-9]Z(?![0-9A-Za-z])',
    repeat(' ', 20),
    'g'
  );
  v_plain := regexp_replace(v_plain, '\[phone …[0-9]{4}\]', repeat(' ', 13), 'g');

  loop
    v_from := regexp_instr(v_plain, '[0-9](?:[^0-9]{0,12}[0-9]){6,}', v_at);
    exit when v_from = 0;
    v_run := regexp_substr(v_plain, '[0-9](?:[^0-9]{0,12}[0-9]){6,}', v_at);
    v_cleaned := v_cleaned || substr(p_text, v_at, v_from - v_at);
    v_at := v_from + char_length(v_run);

    -- The digits before the first word.
    v_head := regexp_replace(regexp_replace(v_run, '[A-Za-z]{2}.*$', ''), '[^0-9]+$', '');
    if v_head ~ '(?:[0-9][^0-9]*){7}'
      -- No three digits without a word between them follow.
      and substr(v_run, char_length(v_head) + 1) !~ '[0-9](?:(?:[A-Za-z]?[^0-9A-Za-z])*[A-Za-z]?[0-9]){2}'
      -- Neither do four in all.
      and substr(v_run, char_length(v_head) + 1) !~ '(?:[0-9][^0-9]*){4}'
    then
      v_run := v_head;
      v_at := v_from + char_length(v_run);
    elsif v_head <> v_run and v_run !~ '(?:[0-9][^0-9]*){8}' then
      v_cleaned := v_cleaned || substr(p_text, v_from, char_length(v_run));
      continue;
    end if;
    v_cleaned := v_cleaned || '[phone …' || right(regexp_replace(v_run, '[^0-9]+', '', 'g'), 4) || ']';
  end loop;
  return v_cleaned || substr(p_text, v_at);
end
$$;

-- A phone number (ITU-T E.164) as people are shown it: by its last four digits. Display of PhoneNumber says the same.
create or replace function rolecall_internal.masked(p_e164 text)
returns text
language sql
immutable
parallel safe
return '[phone …' || right(p_e164, 4) || ']';
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

-- The refusal of a request that is neither a signed-in user's nor the operator's.
create or replace function rolecall_internal.refuse_non_staff(p_request jsonb)
returns jsonb
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
begin
  if coalesce(p_request #>> '{claims,role}', 'authenticated') = 'authenticated' then
    return rolecall_internal.refusal('unauthenticated', 'A valid bearer token of a user or the operator is required.');
  end if;
  return rolecall_internal.refusal(
    'permission_denied',
    'Only signed-in users and the operator can do this.',
    'staff_only',
    'The token is that of a signed-in user or the operator''s.'
  );
end
$$;

-- The refusal of a request that is not from whom the operation is for: a signed-in user ('user'), the operator
-- ('operator') or either of them ('staff'). Null when it is. PostgreSQL writes it into the statements that ask.
create or replace function rolecall_internal.refuse_stranger(p_who text, p_caller uuid, p_request jsonb)
returns jsonb
language sql
immutable
return case
  when p_who = 'user' then case
    when p_caller is null or p_request #>> '{claims,role}' is distinct from 'authenticated'
    then rolecall_internal.refuse_non_user(p_request)
  end
  when p_who = 'staff' then case
    when p_request #>> '{claims,role}' is distinct from 'service_role'
      and (p_caller is null or p_request #>> '{claims,role}' is distinct from 'authenticated')
    then rolecall_internal.refuse_non_staff(p_request)
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

-- Whether an answer stays under its key: it left something behind that a repetition would leave again. What the filter
-- holds back is refused, and stored with its attempt and its notice.
create or replace function rolecall_internal.is_kept(p_answer jsonb)
returns boolean
language sql
immutable
return p_answer -> 'ok' = 'true' or coalesce(p_answer ->> 'code' = 'anti_poaching_blocked', false);

-- Keeps the answer of a request that changed something under its key, and frees the key of one whose refusal changed
-- nothing, so that it may come again. settle_keys is its twin for an array, no operation of which is refused after it
-- changed something.
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
    if rolecall_internal.is_kept(p_answer) then
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
  -- Nearly always the variable takes nobody out.
  v_is_plain boolean := p_rollouts is not distinct from '{}';
  v_requires text;
  v_is_met boolean;
  v_rollout text;
  v_of_user text;
  v_of_organization text;
begin
  enabled := false;
  if not v_is_plain and rolecall_internal.variable_includes(p_rollouts, p_flag, p_user, p_internal) is not true then
    reason := 'variable';
    return;
  end if;
  -- One statement, since requests come through here; each override by its own key, however many there are of the flag.
  select flag.requires, required.is_open, flag.rollout, own.rollout, theirs.rollout
  into v_requires, v_is_met, v_rollout, v_of_user, v_of_organization
  from rolecall.feature_flags as flag
  left join rolecall.feature_flags as required
    on required.name = flag.requires
  left join rolecall.feature_flag_overrides as own
    on own.name = flag.name
    and own.user_id = p_user
    and (own.until is null or own.until > now())
  left join rolecall.feature_flag_overrides as theirs
    on theirs.name = flag.name
    and theirs.organization_id = p_org
    and (theirs.until is null or theirs.until > now())
  where flag.name = p_flag;
  if not found then
    reason := 'off';
    return;
  end if;
  if v_requires is not null
    and not (v_is_plain and coalesce(v_is_met, false))
    and not (rolecall_internal.flag_decision(v_requires, p_rollouts, p_user, p_org, p_internal)).enabled
  then
    reason := 'prerequisite';
    return;
  end if;
  if coalesce(v_of_user, v_of_organization) is not null then
    enabled := rolecall_internal.rollout_includes(
      coalesce(v_of_user, v_of_organization), p_flag, p_user, p_internal
    );
    reason := case when v_of_user is not null then 'user' else 'organization' end;
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

-- Whether flag_decision would plainly include a user of an organisation: the flag, the one that it requires and the one
-- that this requires are on for everybody or for this organisation, and no flag is overridden for the user. False says nothing:
-- flag_decision has to be asked. PostgreSQL writes it into the statements that ask, where flag_decision would cost ten
-- times as much; a test compares the two.
create or replace function rolecall_internal.plainly_on(p_flag text, p_user uuid, p_org uuid)
returns table (is_on boolean)
language sql
stable
begin atomic
  select flag.is_open or coalesce(
    (
      select flag.name = any (given.flags)
        and not given.to_user
        and (
          flag.requires is null
          or exists (
            select
            from rolecall.feature_flags as required
            where required.name = flag.requires
              and (
                required.is_open
                or required.name = any (given.flags)
                and (
                  required.requires is null
                  or exists (
                    select
                    from rolecall.feature_flags as basic
                    where basic.name = required.requires
                      and basic.is_open
                  )
                )
              )
          )
        )
      from (
        select
          bool_or(override.user_id is not null) as to_user,
          array_agg(override.name) filter (where override.rollout = 'enabled' and override.until is null) as flags
        from (
          select override.user_id, override.name, override.rollout, override.until
          from rolecall.feature_flag_overrides as override
          where override.organization_id = p_org
          union all
          select override.user_id, override.name, override.rollout, override.until
          from rolecall.feature_flag_overrides as override
          where override.user_id = p_user
        ) as override
      ) as given
    ),
    false
  )
  from rolecall.feature_flags as flag
  where flag.name = p_flag;
end;

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

  -- schema/calls/call.sql
  execute $sql$
-- The way of a request through its entry point, written once. An entry point begins the call, acts if nothing has
-- answered yet, and ends the call:
--
--   claims, who it is for, maintenance, Idempotency-Key, rate limit | the act | key settled, audit row of a refusal, metric
--
-- An array takes the same steps set by set: messages/send_dm_many.sql and conversations/mark_read_many.sql.

-- Begins a call of p_operation for a signed-in user ('user'), the operator ('operator') or either of them ('staff'),
-- taking a token of the rate limit p_rate if there is one; nothing limits the operator. p_keyed is false where a request leaves nothing behind, so that its key does not count.
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
  v_is_user boolean := p_who = 'user' or (p_who = 'staff' and p_request #>> '{claims,role}' = 'authenticated');
begin
  v_call.operation := p_operation;
  v_call.request := p_request;
  v_call.caller := rolecall_internal.assume_claims(p_request -> 'claims');
  v_call.input := p_request -> 'input';
  v_call.rollouts := p_request -> 'rollouts';
  v_call.answer := rolecall_internal.refuse_stranger(p_who, v_call.caller, p_request);
  -- A request that does not say that it reads may write.
  if v_call.answer is null and v_is_user and p_request -> 'reads' is distinct from 'true' then
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

  if p_rate is not null and (v_is_user or p_who <> 'staff') then
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
    -- The operator acts for an organisation that the answer names.
    coalesce(
      (p_call.answer ->> 'org_id')::uuid,
      (select organization_id from rolecall.profiles where id = p_call.caller)
    ),
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

-- The refusal of a user whom a flag does not include.
create or replace function rolecall_internal.refuse_excluded(p_user uuid, p_role rolecall.app_role)
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  if p_role is null and rolecall_internal.is_account_deleted(p_user) then
    return rolecall_internal.refuse_without_profile(p_user);
  end if;
  return rolecall_internal.refuse_disabled();
end
$$;

-- The refusal of a user who may not use the function of a flag at all: it is not rolled out to them, or they have no
-- profile. Whose account was deleted hears that in any case: a flag may have been their organisation's, which they have no
-- longer. Null when they may. p_flag is null where no flag is asked; p_is_open is its is_open. PostgreSQL writes it into the statements that ask.
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
  then rolecall_internal.refuse_excluded(p_user, p_role)
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

-- Whether the function of a flag is on for an organisation as such: for what the operator or a carrier does for it. A
-- percentage counts the organisation's id as it counts a user's.
create or replace function rolecall_internal.organization_has_flag(p_org uuid, p_flag text, p_rollouts jsonb)
returns boolean
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  return (p_rollouts = '{}' and (select is_on from rolecall_internal.plainly_on(p_flag, p_org, p_org)))
    is true
    or (rolecall_internal.flag_decision(p_flag, p_rollouts, p_org, p_org, false)).enabled;
end
$$;

-- For whom a call of 'staff' acts. The operator names the organisation in the member organization_id of the input; a user
-- acts for their own, and may name that alone. p_flag is null where no flag is asked. is_operator is never null;
-- organization_id is null for a user who is in none; suspended is the fact, and the refusal null if they may go on.
create or replace function rolecall_internal.staff(
  p_call rolecall.call,
  p_flag text,
  out is_operator boolean,
  out organization_id uuid,
  out organization_role text,
  out suspended text,
  out refusal jsonb
)
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_named uuid := rolecall_internal.uuid_or_null(p_call.input ->> 'organization_id');
  v_actor rolecall.actor;
begin
  is_operator := p_call.request #>> '{claims,role}' is not distinct from 'service_role';
  if not is_operator then
    v_actor := rolecall_internal.actor(p_call.caller, p_flag, p_call.rollouts);
    organization_id := v_actor.organization_id;
    organization_role := v_actor.organization_role;
    suspended := v_actor.suspended;
    refusal := v_actor.refusal;
    if refusal is null and p_call.input ->> 'organization_id' is not null and v_named is distinct from organization_id then
      refusal := rolecall_internal.refuse_unknown_organization();
    end if;
    return;
  end if;

  if v_named is null then
    refusal := rolecall_internal.refuse_field(
      'organization_id', 'required', 'The operator names the organisation in organization_id.'
    );
    return;
  end if;
  select organization.id
  into organization_id
  from rolecall.organizations as organization
  where organization.id = v_named;
  if organization_id is null then
    refusal := rolecall_internal.refuse_unknown_organization();
  elsif p_flag is not null
    and not rolecall_internal.organization_has_flag(organization_id, p_flag, p_call.rollouts)
  then
    refusal := rolecall_internal.refuse_disabled();
  end if;
end
$$;

create or replace function rolecall_internal.refuse_unknown_organization()
returns jsonb
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
begin
  return rolecall_internal.refusal('not_found', 'You see no such organisation.');
end
$$;
$sql$;

  -- schema/bookings/windows.sql
  execute $sql$
-- The windows of bookings: each lets its sitter write in the client's thread from some time before the booking until some
-- time after it. A window lasts from starts_at on and before ends_at.

-- How long before its start and after its end a booking of p_service opens its window, by the table service_buffers. A row
-- of the organisation itself comes before one for all; a row for the service before one for services without a row. How a
-- service is spelled makes no difference, as long as its letters and digits are the same.
create or replace function rolecall_internal.service_buffer(p_org uuid, p_service text)
returns interval
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  return (
    select make_interval(mins => buffer.minutes)
    from rolecall.service_buffers as buffer
    where (buffer.organization_id = p_org or buffer.organization_id is null)
      and (
        buffer.service is null
        or rolecall_internal.service_key(buffer.service) = rolecall_internal.service_key(p_service)
      )
    order by buffer.service is null, buffer.organization_id is null
    limit 1
  );
end
$$;

create or replace function rolecall_internal.service_key(p_service text)
returns text
language sql
immutable
return regexp_replace(lower(p_service), '[^[:alnum:]]+', '', 'g');

-- Whether the window of a booking is open or to come, if it has one.
create or replace function rolecall_internal.is_live(p_booking rolecall.bookings)
returns boolean
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  return p_booking.status = 'confirmed'
    and p_booking.ends_at
      + coalesce(rolecall_internal.service_buffer(p_booking.organization_id, p_booking.service), interval '0') > now();
end
$$;

-- Makes the window of a booking what the booking says, in the client's thread p_thread: one for each booking, changed in
-- place; closed when the booking is not confirmed, has no sitter or its client has no thread; open again when it has.
-- Whoever calls has locked the client. Returns the window, all null when there never was one.
create or replace function rolecall_internal.keep_window(p_booking rolecall.bookings, p_thread uuid)
returns rolecall.assignment_windows
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_buffer interval := coalesce(
    rolecall_internal.service_buffer(p_booking.organization_id, p_booking.service),
    interval '0'
  );
  v_window rolecall.assignment_windows;
begin
  if p_booking.status = 'confirmed' and p_booking.sitter_id is not null and p_thread is not null then
    insert into rolecall.assignment_windows as kept (
      organization_id, thread_id, booking_id, sitter_id, starts_at, ends_at
    )
    values (
      p_booking.organization_id,
      p_thread,
      p_booking.id,
      p_booking.sitter_id,
      p_booking.starts_at - v_buffer,
      p_booking.ends_at + v_buffer
    )
    on conflict (organization_id, booking_id) do update
    set
      thread_id = excluded.thread_id,
      sitter_id = excluded.sitter_id,
      starts_at = excluded.starts_at,
      ends_at = excluded.ends_at,
      closed_at = null,
      updated_at = now()
    where (kept.thread_id, kept.sitter_id, kept.starts_at, kept.ends_at, kept.closed_at)
      is distinct from (excluded.thread_id, excluded.sitter_id, excluded.starts_at, excluded.ends_at, null);
  else
    update rolecall.assignment_windows
    set
      closed_at = now(),
      updated_at = now()
    where organization_id = p_booking.organization_id
      and booking_id = p_booking.id
      and closed_at is null;
  end if;
  select *
  into v_window
  from rolecall.assignment_windows
  where organization_id = p_booking.organization_id
    and booking_id = p_booking.id;
  return v_window;
end
$$;

-- A window as every answer shows it: absolute times, and the same by the clocks of the organisation, for people.
create or replace function rolecall_internal.window_times(p_starts_at timestamptz, p_ends_at timestamptz, p_zone text)
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  return jsonb_build_object(
    'starts_at', rolecall_internal.iso(p_starts_at),
    'ends_at', rolecall_internal.iso(p_ends_at),
    'starts_at_local', rolecall_internal.local_iso(p_starts_at, p_zone),
    'ends_at_local', rolecall_internal.local_iso(p_ends_at, p_zone)
  );
end
$$;
$sql$;

  -- schema/permissions/decide_organization.sql
  execute $sql$
-- Decides whether somebody with p_role in an organisation (profiles.organization_role) may do p_action, given the facts that
-- hold. Everything unknown refuses: a role that is null, a fact that is null or missing, an action without rules.
create or replace function rolecall_internal.decide_organization(p_action text, p_role text, p_facts text[])
returns rolecall.decision
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_decision rolecall.decision;
begin
  -- One statement, since every request comes through here.
  select
    guard.rule is null and rule.allowed,
    coalesce(guard.code, case when not rule.allowed then 'permission_denied' end),
    coalesce(guard.rule, rule.rule),
    case when guard.rule is null then rule.message else guard.message end,
    case when guard.rule is null then rule.allowed_if else guard.allowed_if end
  into v_decision
  from rolecall.organization_permission_rules as rule
  left join lateral (
    select code, guarding.rule, message, allowed_if
    from rolecall.organization_permission_guards as guarding
    where guarding.action = rule.action
      and guarding.role = rule.role
      and coalesce(guarding.fact = any (p_facts), false) = guarding.denies_when
    order by guarding.position
    limit 1
  ) as guard
    on true
  where rule.action = p_action
    and rule.role = p_role;
  if not found then
    v_decision := row(
      false,
      'permission_denied'::text,
      'no_organization_role'::text,
      'You have no role in an organisation, so none allows this.'::text,
      'Your organisation gives you a role.'::text
    );
  end if;
  return v_decision;
end
$$;
$sql$;

  -- schema/numbers/choose_number.sql
  execute $sql$
-- Which masked number a client's thread gets.

-- How long a sitter's number rests after its release before it belongs to the pool.
create or replace function rolecall_internal.number_rest()
returns interval
language sql
immutable
return interval '90 days';

-- Takes the number of the pool that was taken longest ago, of those that no client has who has a booking before them; null
-- when there is none. A sitter's number that has rested belongs to the pool from then on. Of many at once each takes
-- another: who finds that a number was taken in between looks again, and then sees by whom.
create or replace function rolecall_internal.take_pool_number(p_org uuid)
returns uuid
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_number uuid;
  v_seen timestamptz;
begin
  loop
    select number.id, number.last_assigned_at
    into v_number, v_seen
    from rolecall.message_numbers as number
    where number.organization_id = p_org
      and (
        (number.class = 'pool' and number.status = 'active')
        or (number.class = 'sitter' and number.status = 'resting' and number.rests_until <= now())
      )
      and not exists (
        select
        from rolecall.message_threads as thread
        join rolecall.bookings as booking
          on booking.organization_id = thread.organization_id
          and booking.client_id = thread.client_id
        where thread.number_id = number.id
          and thread.status = 'open'
          and booking.ends_at > now() - interval '8 days'
          and rolecall_internal.is_live(booking)
      )
    order by number.last_assigned_at, number.id
    limit 1;
    if not found then
      return null;
    end if;
    update rolecall.message_numbers
    set
      class = 'pool',
      status = 'active',
      rests_until = null,
      last_assigned_at = greatest(clock_timestamp(), last_assigned_at + interval '1 microsecond')
    where id = v_number
      and last_assigned_at = v_seen
      and status <> 'released';
    if found then
      return v_number;
    end if;
  end loop;
end
$$;

-- The number for the thread of a client: a client who books once, and never with recurrence, gets one of the pool; any
-- other the number of the sitter who is with them or comes next; else, and when the pool is exhausted, the number of the
-- front desk. p_held is the number that the thread has: it stays while nothing says another. sitter_id is the sitter whose
-- number it is. All null when there is no number.
create or replace function rolecall_internal.choose_number(
  p_org uuid,
  p_client uuid,
  p_held uuid default null,
  out number_id uuid,
  out number_class text,
  out sitter_id uuid
)
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
  v_books_once boolean;
  v_sitter uuid;
begin
  select count(*) > 0 and not coalesce(bool_or(booking.recurring), false)
  into v_books_once
  from rolecall.bookings as booking
  where booking.organization_id = p_org
    and booking.client_id = p_client
    and booking.status <> 'cancelled';

  if v_books_once then
    -- The client goes on under the number that they know.
    select number.id, number.class
    into number_id, number_class
    from rolecall.message_numbers as number
    where number.organization_id = p_org
      and number.id = p_held
      and number.class = 'pool'
      and number.status = 'active'
    for share;
    if found then
      return;
    end if;
    number_id := rolecall_internal.take_pool_number(p_org);
    if number_id is not null then
      number_class := 'pool';
      return;
    end if;
    delete from rolecall.pool_exhaustions
    where organization_id = p_org
      and hour < now() - interval '8 days';
    insert into rolecall.pool_exhaustions as counted (organization_id, hour, times)
    values (p_org, date_trunc('hour', now(), 'UTC'), 1)
    on conflict (organization_id, hour) do update
    set times = counted.times + 1;
  else
    select booking.sitter_id
    into v_sitter
    from rolecall.bookings as booking
    where booking.organization_id = p_org
      and booking.client_id = p_client
      and booking.sitter_id is not null
      and booking.ends_at > now() - interval '8 days'
      and rolecall_internal.is_live(booking)
    order by booking.starts_at, booking.id
    limit 1;
    if found then
      select number.id, number.class, number.sitter_id
      into number_id, number_class, sitter_id
      from rolecall.message_numbers as number
      where number.organization_id = p_org
        and number.sitter_id = v_sitter
        and number.class = 'sitter'
        and number.status = 'active'
      for share;
    else
      select number.id, number.class, number.sitter_id
      into number_id, number_class, sitter_id
      from rolecall.message_numbers as number
      where number.organization_id = p_org
        and number.id = p_held
        and number.status = 'active'
      for share;
    end if;
    if found then
      return;
    end if;
  end if;

  -- A lock, so that a number that is released meanwhile is not chosen, and one that is chosen is released with its threads
  -- before it.
  select number.id, number.class
  into number_id, number_class
  from rolecall.message_numbers as number
  where number.organization_id = p_org
    and number.class = 'front_desk'
    and number.status = 'active'
  for share;
end
$$;
$sql$;

  -- schema/threads/ensure_thread.sql
  execute $sql$
-- The open thread of a client. Bookings of a client and their thread are written under the lock of the client's row, so
-- that a thread that is made finds the bookings, and a booking the thread.

-- The client's one open thread; it is made if there is none, with its number and the windows of the client's bookings that
-- are under way or to come. All null when the organisation has no such client or no number for them
-- (no_number_available): nothing is written then but that the pool was exhausted, which the caller takes back.
create or replace function rolecall_internal.ensure_thread(p_org uuid, p_client uuid)
returns rolecall.message_threads
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_thread rolecall.message_threads;
  v_chosen record;
begin
  -- Nearly always there is one.
  select *
  into v_thread
  from rolecall.message_threads
  where organization_id = p_org
    and client_id = p_client
    and status = 'open';
  if found then
    return v_thread;
  end if;

  perform
  from rolecall.clients
  where organization_id = p_org
    and id = p_client
  for no key update;
  if not found then
    return null;
  end if;
  -- A statement of its own, which sees what was committed while that one waited.
  select *
  into v_thread
  from rolecall.message_threads
  where organization_id = p_org
    and client_id = p_client
    and status = 'open';
  if found then
    return v_thread;
  end if;
  select *
  into v_chosen
  from rolecall_internal.choose_number(p_org, p_client);
  if v_chosen.number_id is null then
    return null;
  end if;
  insert into rolecall.message_threads (organization_id, client_id, number_id, number_class, sitter_id)
  values (p_org, p_client, v_chosen.number_id, v_chosen.number_class, v_chosen.sitter_id)
  returning *
  into v_thread;

  perform rolecall_internal.keep_window(booking, v_thread.id)
  from rolecall.bookings as booking
  where booking.organization_id = p_org
    and booking.client_id = p_client
    and booking.sitter_id is not null
    and booking.ends_at > now() - interval '8 days'
    and rolecall_internal.is_live(booking)
  order by booking.id;
  return v_thread;
end
$$;

-- Decides anew which number an open thread has, and gives the thread as it is then: a booking was assigned, or its number
-- is to go. It keeps its number where there is no other.
create or replace function rolecall_internal.settle_number(p_thread rolecall.message_threads)
returns rolecall.message_threads
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_chosen record;
  v_thread rolecall.message_threads;
begin
  -- The thread before the number, as everywhere.
  select *
  into v_thread
  from rolecall.message_threads
  where organization_id = p_thread.organization_id
    and id = p_thread.id
  for no key update;
  select *
  into v_chosen
  from rolecall_internal.choose_number(v_thread.organization_id, v_thread.client_id, v_thread.number_id);
  if v_chosen.number_id is not null
    and (v_chosen.number_id, v_chosen.sitter_id) is distinct from (v_thread.number_id, v_thread.sitter_id)
  then
    update rolecall.message_threads
    set
      number_id = v_chosen.number_id,
      number_class = v_chosen.number_class,
      sitter_id = v_chosen.sitter_id,
      updated_at = now()
    where id = v_thread.id
    returning *
    into v_thread;
  end if;
  return v_thread;
end
$$;

-- Moves the open threads of clients off a number that no longer is active.
create or replace function rolecall_internal.leave_number(p_org uuid, p_number uuid)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  perform rolecall_internal.settle_number(thread)
  from (
    select *
    from rolecall.message_threads
    where organization_id = p_org
      and number_id = p_number
      and status = 'open'
      and client_id is not null
    order by id
  ) as thread;
end
$$;
$sql$;

  -- schema/bookings/assign_booking.sql
  execute $sql$
-- Bookings as the application plans them. Putting one moves its window, and the number of its client's thread, with it.
-- Locks: the sitter's profile, the client, the booking, the thread, the number.

-- A booking as answers show it, with its client's thread and its window: absolute times, and the same by the clocks of the
-- organisation. It names nothing that somebody wrote, since the answer is kept under its key.
create or replace function rolecall_internal.booking_json(
  p_booking rolecall.bookings,
  p_thread rolecall.message_threads,
  p_window rolecall.assignment_windows
)
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_zone text;
begin
  select time_zone
  into v_zone
  from rolecall.organizations
  where id = p_booking.organization_id;
  return jsonb_build_object(
    'booking_id', p_booking.id,
    'client_id', p_booking.client_id,
    'sitter_id', p_booking.sitter_id,
    'status', p_booking.status,
    'recurring', p_booking.recurring,
    'starts_at', rolecall_internal.iso(p_booking.starts_at),
    'ends_at', rolecall_internal.iso(p_booking.ends_at),
    'time_zone', v_zone,
    'starts_at_local', rolecall_internal.local_iso(p_booking.starts_at, v_zone),
    'ends_at_local', rolecall_internal.local_iso(p_booking.ends_at, v_zone),
    'thread_id', p_thread.id,
    'number_class', p_thread.number_class,
    'window', case
      when p_window.id is not null and p_window.closed_at is null then
        jsonb_build_object('window_id', p_window.id)
        || rolecall_internal.window_times(p_window.starts_at, p_window.ends_at, v_zone)
    end
  );
end
$$;

-- The client of a booking, whose row is locked: the one with this id, or the one with this phone number, who is made if
-- there is none, and takes the name that is given, in which a phone number does not stand. Null for none that has the id and was not erased.
create or replace function rolecall_internal.client_of_booking(p_org uuid, p_client jsonb)
returns uuid
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_client uuid;
begin
  if p_client ? 'id' then
    select id
    into v_client
    from rolecall.clients
    where organization_id = p_org
      and id = (p_client ->> 'id')::uuid
      and erased_at is null
    for no key update;
  else
    insert into rolecall.clients (organization_id, display_name, phone)
    values (p_org, left(rolecall_internal.redact(p_client ->> 'display_name'), 200), p_client ->> 'phone')
    on conflict (organization_id, phone) do update
    set display_name = excluded.display_name
    returning id
    into v_client;
  end if;
  return v_client;
end
$$;

-- Puts a booking of an organisation: {booking_id, client, service, starts_at, ends_at, recurring, sitter_id, status}. With
-- p_proactive a recurring booking with a sitter has its thread, number and window from now on; any other has them with the
-- first message, or now if its client has a thread.
create or replace function rolecall_internal.assign_booking(p_org uuid, p_input jsonb, p_proactive boolean)
returns jsonb
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_sitter uuid := (p_input ->> 'sitter_id')::uuid;
  v_client uuid;
  v_booking rolecall.bookings;
  v_is_new boolean;
  v_thread rolecall.message_threads;
  v_window rolecall.assignment_windows;
begin
  if (p_input ->> 'starts_at')::timestamptz >= (p_input ->> 'ends_at')::timestamptz then
    return rolecall_internal.refuse_field('ends_at', 'end_before_start', 'A booking ends after its start.');
  end if;
  if v_sitter is not null then
    -- The lock keeps them a sitter of the organisation until this has committed.
    perform
    from rolecall.profiles
    where id = v_sitter
      and organization_id = p_org
      and organization_role = 'sitter'
    for share;
    if not found then
      return rolecall_internal.refusal('not_found', 'Your organisation has no sitter with this id.');
    end if;
  end if;
  if rolecall_internal.is_name(p_input #>> '{client,display_name}') is false then
    return rolecall_internal.refuse_field(
      'client.display_name', 'not_a_name', 'A name shows what it is made of: no line breaks and no hidden characters.'
    );
  end if;
  if exists (
    select
    from rolecall.message_numbers
    where organization_id = p_org
      and e164 = p_input #>> '{client,phone}'
      and status <> 'released'
  ) then
    return rolecall_internal.refuse_field(
      'client.phone', 'own_number', 'This is a number of the organisation itself, not a client''s.'
    );
  end if;

  begin
    v_client := rolecall_internal.client_of_booking(p_org, p_input -> 'client');
    if v_client is null then
      return rolecall_internal.refusal('not_found', 'Your organisation has no client with this id.');
    end if;

    insert into rolecall.bookings as booking (
      organization_id, id, client_id, service, starts_at, ends_at, recurring, sitter_id, status
    )
    values (
      p_org,
      (p_input ->> 'booking_id')::uuid,
      v_client,
      left(rolecall_internal.redact(p_input ->> 'service'), 100),
      (p_input ->> 'starts_at')::timestamptz,
      (p_input ->> 'ends_at')::timestamptz,
      coalesce((p_input ->> 'recurring')::boolean, false),
      v_sitter,
      coalesce(p_input ->> 'status', 'confirmed')
    )
    on conflict (organization_id, id) do update
    set
      client_id = excluded.client_id,
      service = excluded.service,
      starts_at = excluded.starts_at,
      ends_at = excluded.ends_at,
      recurring = excluded.recurring,
      sitter_id = excluded.sitter_id,
      status = excluded.status,
      updated_at = now()
    returning *
    into v_booking;

    select *
    into v_thread
    from rolecall.message_threads
    where organization_id = p_org
      and client_id = v_client
      and status = 'open';
    if not found and p_proactive and v_booking.recurring and v_sitter is not null and v_booking.status = 'confirmed' then
      v_thread := rolecall_internal.ensure_thread(p_org, v_client);
      if v_thread.id is null then
        raise exception using
          errcode = 'RC003',
          message = 'there is no number for the thread of a booking';
      end if;
    elsif v_thread.id is not null and v_booking.status = 'confirmed' then
      v_thread := rolecall_internal.settle_number(v_thread);
    end if;
    v_window := rolecall_internal.keep_window(v_booking, v_thread.id);
  exception
    when sqlstate 'RC003' then
      -- The client and the booking are taken back with it.
      return rolecall_internal.refuse_without_number();
  end;
  return rolecall_internal.success(rolecall_internal.booking_json(v_booking, v_thread, v_window));
end
$$;

create or replace function rolecall_internal.refuse_without_number()
returns jsonb
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
begin
  return rolecall_internal.refusal(
    'no_number_available',
    'The organisation has no phone number for this client''s thread, not even one of the front desk.',
    'no_number_available',
    'The operator adds a number for the front desk.'
  );
end
$$;

create or replace function rolecall_edge.assign_booking(p_request jsonb)
returns jsonb
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_call rolecall.call := rolecall_internal.begin_call(
    'assign-booking',
    p_request,
    p_who => 'staff',
    p_rate => 'assign_booking'
  );
  v_staff record;
  v_decision rolecall.decision;
begin
  if v_call.answer is null then
    select *
    into v_staff
    from rolecall_internal.staff(v_call, 'messaging_v1');
    v_call.answer := v_staff.refusal;
    if v_call.answer is null and not v_staff.is_operator then
      v_decision := rolecall_internal.decide_organization(
        'assign_booking',
        v_staff.organization_role,
        array['feature_enabled', 'own_organization', v_staff.suspended]
      );
      if v_decision.allowed is distinct from true then
        v_call.answer := rolecall_internal.refusal_of(v_decision);
      end if;
    end if;
    if v_call.answer is null then
      v_call.answer := rolecall_internal.assign_booking(
        v_staff.organization_id,
        v_call.input,
        rolecall_internal.organization_has_flag(
          v_staff.organization_id, 'proactive_thread_creation', v_call.rollouts
        )
      );
    end if;
    if v_staff.organization_id is not null then
      v_call.answer := v_call.answer || jsonb_build_object('org_id', v_staff.organization_id);
    end if;
    if v_call.answer ->> 'ok' = 'true' then
      perform rolecall_internal.log_event(
        v_call,
        'booking_assigned',
        jsonb_build_object(
          'booking_id', v_call.answer #> '{data,booking_id}',
          'sitter_id', v_call.answer #> '{data,sitter_id}',
          'status', v_call.answer #> '{data,status}'
        )
      );
    end if;
  end if;
  return rolecall_internal.end_call(v_call);
end
$$;
$sql$;

  -- schema/bookings/unassign.sql
  execute $sql$
-- A sitter who leaves their organisation, is no longer a sitter of it or is deleted is unassigned: their windows close,
-- their bookings are nobody's, their number rests, and the threads that had it get another.
create or replace function rolecall_internal.unassign_sitter()
returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_number uuid;
begin
  update rolecall.bookings
  set
    sitter_id = null,
    updated_at = now()
  where organization_id = old.organization_id
    and sitter_id = old.id;

  update rolecall.assignment_windows
  set
    sitter_id = null,
    closed_at = coalesce(closed_at, now()),
    updated_at = now()
  where organization_id = old.organization_id
    and sitter_id = old.id;

  update rolecall.message_numbers
  set
    status = 'resting',
    rests_until = now() + rolecall_internal.number_rest(),
    sitter_id = null
  where organization_id = old.organization_id
    and sitter_id = old.id
  returning id
  into v_number;
  perform rolecall_internal.leave_number(old.organization_id, v_number);

  update rolecall.message_threads
  set sitter_id = null
  where organization_id = old.organization_id
    and sitter_id = old.id;

  if tg_op = 'DELETE' then
    return old;
  end if;
  return new;
end
$$;

-- A client who leaves the organisation has no account in it. Their row stays.
create or replace function rolecall_internal.unlink_client()
returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  update rolecall.clients
  set user_id = null
  where organization_id = old.organization_id
    and user_id = old.id;
  return new;
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

-- Whether the matrix for organisations has an action of this name.
create or replace function rolecall_internal.is_organization_action(p_action text)
returns boolean
language sql
immutable
parallel safe
return coalesce(p_action in ('read_thread', 'send_to_thread', 'assign_booking', 'force_send'), false);

-- Whether a text is the name of a role in an organisation.
create or replace function rolecall_internal.is_organization_role(p_role text)
returns boolean
language sql
immutable
parallel safe
return coalesce(p_role in ('owner', 'admin', 'sitter', 'client'), false);

-- The flag that switches the texting on for somebody with this role in an organisation, or with none.
create or replace function rolecall_internal.organization_flag(p_role text)
returns text
language sql
immutable
parallel safe
return case
  when p_role = 'sitter' then 'sitter_messages_v1'
  else 'messaging_v1'
end;

-- Whether a role reads every thread of its organisation.
create or replace function rolecall_internal.reads_every_thread(p_role text)
returns boolean
language sql
immutable
parallel safe
return coalesce(p_role in ('owner', 'admin'), false);

-- Whether a role reads the threads in which it has a window that is open or to come.
create or replace function rolecall_internal.reads_assigned_threads(p_role text)
returns boolean
language sql
immutable
parallel safe
return coalesce(p_role in ('sitter'), false);

-- Whether a role reads the thread whose client it is.
create or replace function rolecall_internal.reads_own_thread(p_role text)
returns boolean
language sql
immutable
parallel safe
return coalesce(p_role in ('client'), false);
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

    else
      return query
      select *
      from rolecall_internal.export_thread_section(p_user, p_section, p_group, p_position, p_id);
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
    'decision', 'audit_entry', 'client', 'booking', 'assignment_window', 'thread', 'thread_message',
    'written_thread_message', 'thread_read', 'held_back_message', 'force_sent_message'
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
            'type', case v_sections[v_section]
              when 'imported_message' then 'message'
              when 'written_thread_message' then 'thread_message'
              else v_sections[v_section]
            end
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

  -- schema/threads/append_message.sql
  execute $sql$
-- Writes the row of a message. Whoever adds one to a thread, an outbound or an inbound text, a reply or a notice, does it
-- here, so that numbers have no gaps and locks are taken in one order: the thread, then the owner inbox.

-- Appends p_message to its thread and gives the row as it stands: seq, inbox_seq and created_at are set here, and id, kind
-- and media_urls where they are null. With p_in_inbox the message has its
-- number in the owner inbox of the organisation, too; the owner inbox is made if there is none. A message of the owner
-- inbox itself has one number for both. Null when the organisation has no such thread.
create or replace function rolecall_internal.append_message(
  p_message rolecall.thread_messages,
  p_in_inbox boolean default false
)
returns rolecall.thread_messages
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  -- p_message itself becomes the row: a copy of it would cost every message.
  v_number uuid;
  v_scope text;
  v_inbox uuid;
begin
  update rolecall.message_threads
  set
    last_seq = last_seq + 1,
    -- This transaction may have begun before the one that wrote the message before, and the clock may have been set back.
    last_message_at = greatest(last_message_at, now())
  where id = p_message.thread_id
    and organization_id = p_message.organization_id
  returning last_seq, last_message_at, number_id, scope
  into p_message.seq, p_message.created_at, v_number, v_scope;
  if not found then
    return null;
  end if;

  p_message.inbox_seq := null;
  if v_scope = 'owner_inbox' then
    p_message.inbox_seq := p_message.seq;
  elsif p_in_inbox then
    v_inbox := rolecall_internal.owner_inbox(p_message.organization_id, v_number);
    update rolecall.message_threads
    set
      last_seq = last_seq + 1,
      last_message_at = greatest(last_message_at, p_message.created_at)
    where id = v_inbox
    returning last_seq
    into p_message.inbox_seq;
  end if;

  p_message.id := coalesce(p_message.id, rolecall_internal.uuid_v7());
  p_message.kind := coalesce(p_message.kind, 'text');
  p_message.media_urls := coalesce(p_message.media_urls, '{}');
  insert into rolecall.thread_messages
  select (p_message).*;
  return p_message;
end
$$;
$sql$;

  -- schema/threads/owner_inbox.sql
  execute $sql$
-- The owner inbox: what waits for the owner of an organisation, of all its clients.

-- The owner inbox of an organisation; it is made when there is none. A thread always has a number: the inbox has the front
-- desk's, else p_number, a number of the organisation. Null when there is neither. Of many at once one makes it, and the others wait for it.
create or replace function rolecall_internal.owner_inbox(p_org uuid, p_number uuid)
returns uuid
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_inbox uuid;
begin
  -- Nearly always there is one.
  select id
  into v_inbox
  from rolecall.message_threads
  where organization_id = p_org
    and scope = 'owner_inbox';
  if found then
    return v_inbox;
  end if;

  insert into rolecall.message_threads (organization_id, scope, number_id, number_class)
  select organization_id, 'owner_inbox', id, class
  from rolecall.message_numbers
  where organization_id = p_org
    and (id = p_number or (class = 'front_desk' and status = 'active'))
  order by class = 'front_desk' and status = 'active' desc
  limit 1
  on conflict (organization_id) where scope = 'owner_inbox' do nothing
  returning id
  into v_inbox;
  if not found then
    -- Its own statement, which sees what was committed while that one waited.
    select id
    into v_inbox
    from rolecall.message_threads
    where organization_id = p_org
      and scope = 'owner_inbox';
  end if;
  return v_inbox;
end
$$;

-- Writes a notice into the owner inbox: something that the owner should know, in p_content. It names the client and the
-- sitter whom it is about, and the message that it quotes, if there are any. p_content has no phone number: whoever writes a notice redacts what it quotes.
-- Null when the organisation has no number, so that it has no owner inbox.
create or replace function rolecall_internal.notice(
  p_org uuid,
  p_number uuid,
  p_client uuid,
  p_sitter uuid,
  p_content text,
  p_quotes uuid default null
)
returns rolecall.thread_messages
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_notice rolecall.thread_messages;
begin
  v_notice.organization_id := p_org;
  v_notice.thread_id := rolecall_internal.owner_inbox(p_org, p_number);
  v_notice.direction := 'internal';
  v_notice.kind := 'notice';
  v_notice.client_id := p_client;
  v_notice.sitter_id := p_sitter;
  v_notice.content := p_content;
  v_notice.quotes_id := p_quotes;
  v_notice.delivery := 'shown';
  return rolecall_internal.append_message(v_notice);
end
$$;

-- Records that the filter held p_message back, a row with delivery blocked that append_message has written: the attempt,
-- and a notice to the owner with the kinds of violation and the redacted content. Of a message of the owner or an admin
-- there is a notice as well: it tells them what was held back.
create or replace function rolecall_internal.record_attempt(
  p_message rolecall.thread_messages,
  p_violations text[],
  p_redacted text
)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_redacted text := rolecall_internal.redact(p_redacted);
begin
  perform rolecall_internal.notice(
    p_message.organization_id,
    (
      select number_id
      from rolecall.message_threads
      where id = p_message.thread_id
    ),
    p_message.client_id,
    p_message.sitter_id,
    rolecall_internal.notice_of_attempt(p_message.direction, p_violations, v_redacted),
    p_message.id
  );
  insert into rolecall.anti_poaching_attempts (
    organization_id, thread_id, message_id, direction, author_id, client_id, violations, redacted_content
  )
  values (
    p_message.organization_id,
    p_message.thread_id,
    p_message.id,
    p_message.direction,
    p_message.author_id,
    p_message.client_id,
    p_violations,
    v_redacted
  );
end
$$;

-- What the notice of a message that was held back says.
create or replace function rolecall_internal.notice_of_attempt(p_direction text, p_violations text[], p_redacted text)
returns text
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
begin
  return format(
    'A message %s a client was held back (%s): %s',
    case when p_direction = 'inbound' then 'from' else 'to' end,
    array_to_string(p_violations, ', '),
    p_redacted
  );
end
$$;

-- The same without what it quoted.
create or replace function rolecall_internal.erased_notice(p_notice text)
returns text
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
begin
  return substring(p_notice from '^[^:]*: ') || rolecall_internal.erased_text();
end
$$;
$sql$;

  -- schema/own_data/threads.sql
  execute $sql$
-- What somebody has in the threads of their organisation, for export and deletion: a client with an account their own
-- thread, a sitter their windows and what they wrote, an owner or admin what they wrote and forced.

-- rolecall_internal.export_section for the kinds of texting. A client's own words are theirs also where the filter held
-- them back. Nobody's export has a phone number in full, what the filter found, or what others wrote to somebody else.
create or replace function rolecall_internal.export_thread_section(
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
  v_org uuid;
  v_client uuid;
  v_thread uuid;
  v_found int;
  v_lines int := 0;
begin
  select profile.organization_id, client.id
  into v_org, v_client
  from rolecall.profiles as profile
  left join rolecall.clients as client
    on client.organization_id = profile.organization_id
    and client.user_id = profile.id
  where profile.id = p_user;

  case p_section
    when 'client' then
      return query
      select
        jsonb_build_object(
          'id', client.id,
          'organization_id', client.organization_id,
          'display_name', client.display_name,
          'phone', rolecall_internal.masked(client.phone),
          'opted_out_at', (
            select rolecall_internal.iso(opt_out.at)
            from rolecall.opt_outs as opt_out
            where opt_out.organization_id = client.organization_id
              and opt_out.client_id = client.id
          ),
          'created_at', rolecall_internal.iso(client.created_at)
        ),
        client.id,
        0::bigint,
        v_nil
      from rolecall.clients as client
      where client.organization_id = v_org
        and client.id = v_client
        and client.id > p_group;

    when 'booking' then
      return query
      select
        jsonb_build_object(
          'id', booking.id,
          'client_id', booking.client_id,
          'service', booking.service,
          'starts_at', rolecall_internal.iso(booking.starts_at),
          'ends_at', rolecall_internal.iso(booking.ends_at),
          'recurring', booking.recurring,
          'status', booking.status,
          'created_at', rolecall_internal.iso(booking.created_at),
          'updated_at', rolecall_internal.iso(booking.updated_at)
        ),
        booking.id,
        0::bigint,
        v_nil
      from (
        select *
        from rolecall.bookings as theirs
        where theirs.organization_id = v_org
          and theirs.client_id = v_client
        union
        select *
        from rolecall.bookings as theirs
        where theirs.organization_id = v_org
          and theirs.sitter_id = p_user
      ) as booking
      where booking.id > p_group
      order by booking.id
      limit 500;

    when 'assignment_window' then
      return query
      select
        jsonb_build_object(
          'id', own.id,
          'thread_id', own.thread_id,
          'booking_id', own.booking_id,
          'starts_at', rolecall_internal.iso(own.starts_at),
          'ends_at', rolecall_internal.iso(own.ends_at),
          'closed_at', rolecall_internal.iso(own.closed_at)
        ),
        own.id,
        0::bigint,
        v_nil
      from rolecall.assignment_windows as own
      where own.organization_id = v_org
        and own.sitter_id = p_user
        and own.id > p_group
      order by own.id
      limit 500;

    when 'thread' then
      return query
      select
        jsonb_build_object(
          'id', thread.id,
          'scope', thread.scope,
          'status', thread.status,
          'client_id', thread.client_id,
          'number_class', thread.number_class,
          'created_at', rolecall_internal.iso(thread.created_at),
          'last_message_at', rolecall_internal.iso(thread.last_message_at)
        ),
        thread.id,
        0::bigint,
        v_nil
      from (
        select theirs.id
        from rolecall.message_threads as theirs
        where theirs.organization_id = v_org
          and theirs.client_id = v_client
          and theirs.scope = 'client'
        union
        select own.thread_id
        from rolecall.assignment_windows as own
        where own.organization_id = v_org
          and own.sitter_id = p_user
      ) as named
      join rolecall.message_threads as thread
        on thread.id = named.id
      where thread.id > p_group
      order by thread.id
      limit 500;

    when 'thread_message' then
      -- Of both sides: what was written to a client is theirs, too.
      for v_thread in
        select theirs.id
        from rolecall.message_threads as theirs
        where theirs.organization_id = v_org
          and theirs.client_id = v_client
          and theirs.scope = 'client'
          and theirs.id >= p_group
        order by theirs.id
      loop
        return query
        select rolecall_internal.exported_thread_message(message), message.thread_id, message.seq, v_nil
        from rolecall.thread_messages as message
        where message.organization_id = v_org
          and message.thread_id = v_thread
          and (v_thread <> p_group or message.seq > p_position)
          and message.kind <> 'notice'
          and message.direction <> 'internal'
          and (message.direction = 'inbound' or message.delivery <> 'blocked')
        order by message.seq
        limit 500;
        get diagnostics v_found = row_count;
        v_lines := v_lines + v_found;
        exit when v_lines >= 500;
      end loop;

    when 'written_thread_message' then
      -- What they wrote in the threads of others, wherever they were then.
      return query
      select rolecall_internal.exported_thread_message(message), message.id, 0::bigint, v_nil
      from rolecall.thread_messages as message
      where message.author_id = p_user
        and message.id > p_group
        and (message.client_id, message.organization_id) is distinct from (v_client, v_org)
      order by message.id
      limit 500;

    when 'thread_read' then
      return query
      select
        jsonb_build_object('thread_id', own.thread_id, 'last_read_seq', own.last_read_seq),
        own.thread_id,
        0::bigint,
        v_nil
      from rolecall.thread_reads as own
      where own.organization_id = v_org
        and own.user_id = p_user
        and own.thread_id > p_group
      order by own.thread_id
      limit 500;

    when 'held_back_message' then
      return query
      select
        jsonb_build_object(
          'message_id', attempt.message_id,
          'thread_id', attempt.thread_id,
          'at', rolecall_internal.iso(attempt.at),
          'delivered_at', rolecall_internal.iso(attempt.forced_at)
        ),
        attempt.id,
        0::bigint,
        v_nil
      from (
        select *
        from rolecall.anti_poaching_attempts as theirs
        where theirs.author_id = p_user
        union
        select *
        from rolecall.anti_poaching_attempts as theirs
        where theirs.organization_id = v_org
          and theirs.client_id = v_client
          and theirs.direction = 'inbound'
      ) as attempt
      where attempt.id > p_group
      order by attempt.id
      limit 500;

    when 'force_sent_message' then
      return query
      select
        jsonb_build_object(
          'message_id', attempt.message_id,
          'thread_id', attempt.thread_id,
          'reason', attempt.forced_reason,
          'at', rolecall_internal.iso(attempt.forced_at)
        ),
        attempt.id,
        0::bigint,
        v_nil
      from rolecall.anti_poaching_attempts as attempt
      where attempt.forced_by = p_user
        and attempt.id > p_group
      order by attempt.id
      limit 500;
  end case;
end
$$;

-- A message of a thread as an export has it.
create or replace function rolecall_internal.exported_thread_message(p_message rolecall.thread_messages)
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  return jsonb_build_object(
    'id', p_message.id,
    'thread_id', p_message.thread_id,
    'seq', p_message.seq,
    'direction', p_message.direction,
    'kind', p_message.kind,
    'content', p_message.content,
    'media_urls', to_jsonb(p_message.media_urls),
    'delivery', p_message.delivery,
    'created_at', rolecall_internal.iso(p_message.created_at)
  );
end
$$;

-- Erases what p_user wrote into threads, up to p_most messages: as somebody with an account, and as a client by text. That
-- there was a message, when and in which order stays, so that the thread can be read; what quotes it goes with it. A text
-- that waits is not sent. One that a delivery holds at this moment may be. p_all says whether nothing is left.
create or replace function rolecall_internal.erase_thread_texts(
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
  -- The keys of the messages.
  v_orgs uuid[];
  v_threads uuid[];
  v_seqs bigint[];
begin
  select
    coalesce(array_agg(own.organization_id), '{}'),
    coalesce(array_agg(own.thread_id), '{}'),
    coalesce(array_agg(own.seq), '{}')
  into v_orgs, v_threads, v_seqs
  from (
    select message.organization_id, message.thread_id, message.seq
    from rolecall.thread_messages as message
    where message.author_id = p_user
      and (message.content is not null or message.media_urls <> '{}')
    union all
    select message.organization_id, message.thread_id, message.seq
    from rolecall.profiles as profile
    join rolecall.clients as client
      on client.organization_id = profile.organization_id
      and client.user_id = profile.id
    join rolecall.thread_messages as message
      on message.organization_id = client.organization_id
      and message.client_id = client.id
      and message.direction = 'inbound'
      and message.author_id is distinct from p_user
    where profile.id = p_user
      and (message.content is not null or message.media_urls <> '{}')
    limit p_most
  ) as own;
  p_erased := cardinality(v_seqs);
  p_all := p_erased < p_most;

  update rolecall.anti_poaching_attempts
  set forced_reason = rolecall_internal.erased_text()
  where forced_by = p_user
    and forced_reason <> rolecall_internal.erased_text();
  if p_erased = 0 then
    return;
  end if;

  -- The threads before their messages, as everywhere.
  perform
  from rolecall.message_threads
  where id = any (v_threads)
  order by id
  for no key update;
  with unsent as (
    delete from rolecall.sms_outbox as outbox
    using unnest(v_orgs, v_threads, v_seqs) as own (organization_id, thread_id, seq)
    where outbox.organization_id = own.organization_id
      and outbox.thread_id = own.thread_id
      and outbox.seq = own.seq
      and outbox.status = 'queued'
    returning own.organization_id, own.thread_id, own.seq
  )
  update rolecall.thread_messages as message
  set delivery = 'dead'
  from unsent
  where message.organization_id = unsent.organization_id
    and message.thread_id = unsent.thread_id
    and message.seq = unsent.seq;
  with erased as (
    update rolecall.thread_messages as message
    set
      content = null,
      media_urls = '{}'
    from unnest(v_orgs, v_threads, v_seqs) as own (organization_id, thread_id, seq)
    where message.organization_id = own.organization_id
      and message.thread_id = own.thread_id
      and message.seq = own.seq
    returning message.organization_id, message.id
  ),
  quoted as (
    update rolecall.anti_poaching_attempts as attempt
    set redacted_content = null
    from erased
    where attempt.organization_id = erased.organization_id
      and attempt.message_id = erased.id
  )
  -- By the notice itself: the attempt goes after 90 days.
  update rolecall.thread_messages as notice
  set content = rolecall_internal.erased_notice(notice.content)
  from erased
  where notice.organization_id = erased.organization_id
    and notice.quotes_id = erased.id
    and notice.content is not null;
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
    select p_erased, p_all
    into v_rows, v_all
    from rolecall_internal.erase_thread_texts(v_user, greatest(least(v_batch, v_most - v_deleted), 1)::int);
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

  -- schema/threads/erase_client.sql
  execute $sql$
-- Erases a client: {organization_id, client_id}. Their number, name and account go, and with them what was written to and
-- by them, also where it is quoted: media, redacted contents, notices. What stays is that there were messages, when and in
-- which order, so that the thread can be read. The thread is closed, its windows with it; a sender with the same number is
-- a new client afterwards.
--
-- A text that waits is not sent. One that a delivery holds at this moment may be: it was on its way. Its row stays until
-- then and knows neither number nor content, and it is not tried again.
create or replace function rolecall_internal.erase_client(p_input jsonb)
returns jsonb
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_org uuid;
  v_client rolecall.clients;
begin
  select id
  into v_org
  from rolecall.organizations
  where id = rolecall_internal.uuid_or_null(p_input ->> 'organization_id');
  if v_org is null then
    return rolecall_internal.refuse_unknown_organization();
  end if;
  select *
  into v_client
  from rolecall.clients
  where organization_id = v_org
    and id = rolecall_internal.uuid_or_null(p_input ->> 'client_id')
  for update;
  if not found then
    return rolecall_internal.refusal('not_found', 'The organisation has no client with this client_id.');
  end if;

  if v_client.erased_at is null then
    -- How far their account had read their own threads.
    delete from rolecall.thread_reads as own
    using rolecall.message_threads as thread
    where own.organization_id = v_org
      and own.user_id = v_client.user_id
      and thread.organization_id = v_org
      and thread.client_id = v_client.id
      and thread.id = own.thread_id;
    update rolecall.clients
    set
      phone = null,
      display_name = null,
      user_id = null,
      erased_at = now()
    where id = v_client.id
    returning *
    into v_client;
  end if;
  perform rolecall_internal.erase_client_messages(v_org, v_client.id);
  return rolecall_internal.success(
    jsonb_build_object('client_id', v_client.id, 'erased_at', rolecall_internal.iso(v_client.erased_at))
  );
end
$$;

-- Erases what was written to and by a client whose row the caller holds.
create or replace function rolecall_internal.erase_client_messages(p_org uuid, p_client uuid)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_threads uuid[];
begin
  -- New messages wait for the thread's row, and see it closed.
  with closed as (
    update rolecall.message_threads
    set
      status = 'closed',
      updated_at = now()
    where id in (
      select id
      from rolecall.message_threads
      where organization_id = p_org
        and client_id = p_client
      order by id
      for update
    )
    returning id
  )
  select coalesce(array_agg(id), '{}')
  into v_threads
  from closed;

  update rolecall.assignment_windows
  set
    closed_at = now(),
    updated_at = now()
  where organization_id = p_org
    and thread_id = any (v_threads)
    and closed_at is null;

  -- A delivery that is at one of them says what became of it.
  with undelivered as (
    delete from rolecall.sms_outbox
    where organization_id = p_org
      and thread_id = any (v_threads)
      and status <> 'leased'
    returning thread_id, seq, status
  )
  update rolecall.thread_messages as message
  set delivery = 'dead'
  from undelivered
  where message.organization_id = p_org
    and message.thread_id = undelivered.thread_id
    and message.seq = undelivered.seq
    and undelivered.status = 'queued';

  update rolecall.thread_messages
  set
    content = null,
    media_urls = '{}'
  where organization_id = p_org
    and thread_id = any (v_threads)
    and (content is not null or media_urls <> '{}');

  -- Notices about them in the owner inbox.
  update rolecall.thread_messages
  set
    content = null,
    media_urls = '{}'
  where organization_id = p_org
    and client_id = p_client
    and (content is not null or media_urls <> '{}');

  update rolecall.anti_poaching_attempts
  set
    redacted_content = null,
    forced_reason = case when forced_reason is not null then 'erased' end
  where organization_id = p_org
    and thread_id = any (v_threads);

  update rolecall.routing_decisions as decision
  set sender = 'erased'
  from rolecall.thread_messages as message
  where message.organization_id = p_org
    and message.client_id = p_client
    and decision.organization_id = p_org
    and decision.thread_id = message.thread_id
    and decision.seq = message.seq
    and decision.sender <> 'erased';
end
$$;

create or replace function rolecall_edge.erase_client(p_request jsonb)
returns jsonb
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_call rolecall.call := rolecall_internal.begin_call('threads.erase-client', p_request, p_who => 'operator');
begin
  if v_call.answer is null then
    v_call.answer := rolecall_internal.erase_client(v_call.input);
    if v_call.answer -> 'ok' = 'true' then
      perform rolecall_internal.log_event(
        v_call,
        'client_erased',
        v_call.answer -> 'data' || jsonb_build_object('organization_id', v_call.input -> 'organization_id')
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
-- participations, blocks, quotas, receipts and how far they had read. It unassigns a sitter, and erases a client. Whoever
-- names them in a row at this moment holds the profile, and is waited for; whoever comes later is refused. What others read
-- stays in its place, by an id that leads to nobody. What the law lets stay is said in docs/privacy.md.
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
  -- A client is erased like any other: number, name and what was written to and by them.
  perform
  from rolecall.profiles
  where id = p_user
  for update;
  perform rolecall_internal.erase_client(
    jsonb_build_object('organization_id', client.organization_id, 'client_id', client.id)
  )
  from rolecall.profiles as profile
  join rolecall.clients as client
    on client.organization_id = profile.organization_id
    and client.user_id = profile.id
  where profile.id = p_user;
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

-- The same for the caller. Their token is still valid when the profile is gone: with it they may go on, unless the flag is
-- off for them.
create or replace function rolecall_internal.delete_own_account(p_user uuid, p_rollouts jsonb)
returns jsonb
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_actor rolecall.actor := rolecall_internal.actor(p_user, 'own-data', p_rollouts);
begin
  if v_actor.refusal is not null
    and (
      v_actor.refusal #>> '{reasons,0,code}' is distinct from 'account_deleted'
      or not (rolecall_internal.flag_decision('own-data', p_rollouts, p_user, null, null)).enabled
    )
  then
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
      'application_logs', 'refusal_counts', 'request_metrics', 'idempotency_records', 'rate_buckets', 'broadcast_quotas',
      'sms_outbox', 'routing_decisions', 'anti_poaching_attempts'
    ]
  ) as name
  where name <> all (p_run.done)
  order by random()
  limit 1;

  if v_table in ('rate_buckets', 'broadcast_quotas', 'sms_outbox', 'routing_decisions', 'anti_poaching_attempts') then
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
        -- The message keeps how it ended. An uncertain text that no owner has settled in this time stays uncertain.
        when 'sms_outbox' then
          $condition$ swept.status not in ('queued', 'leased') and swept.updated_at < now() - interval '30 days' $condition$
        when 'routing_decisions' then
          $condition$ swept.at < now() - interval '90 days' $condition$
        when 'anti_poaching_attempts' then
          $condition$ swept.at < now() - interval '90 days' $condition$
        -- A row of an earlier day counts as full, and so does none.
        when 'broadcast_quotas' then
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
      if cardinality(v_run.done) < 9 then
        v_run := rolecall_internal.take_nightly_step(v_run);
      end if;
      -- And then the deletions of accounts, with which their users have not gone on.
      if cardinality(v_run.done) = 9 and not rolecall_internal.continue_account_deletion() then
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

  -- schema/diagnostics/texting.sql
  execute $sql$
-- The figures of an organisation's texting, for its diagnostics. What names a phone number is redacted already where it
-- stands: no figure reads clients.phone or message_numbers.e164.

-- What is so at the moment: threads, numbers, what waits for the carrier, the newest decisions, flags.
create or replace function rolecall_internal.texting_state(p_organization uuid, p_rollouts jsonb)
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_threads jsonb;
  v_pool jsonb;
  v_outbox jsonb;
  v_decisions jsonb;
  v_flags jsonb;
begin
  select jsonb_build_object(
    'front_desk', count(*) filter (where number_class = 'front_desk'),
    'sitter', count(*) filter (where number_class = 'sitter'),
    'pool', count(*) filter (where number_class = 'pool'),
    -- A constraint keeps this at 0.
    'without_number', count(*) filter (where number_id is null)
  )
  into v_threads
  from rolecall.message_threads
  where organization_id = p_organization
    and scope <> 'owner_inbox'
    and status = 'open';

  select jsonb_build_object(
    'numbers', count(*),
    'in_use', count(*) filter (where loaded.threads > 0),
    'open_threads', coalesce(sum(loaded.threads), 0),
    'most_threads_of_a_number', coalesce(max(loaded.threads), 0)
  )
  into v_pool
  from rolecall.message_numbers as number
  cross join lateral (
    select count(*) as threads
    from rolecall.message_threads as thread
    where thread.organization_id = number.organization_id
      and thread.number_id = number.id
      and thread.number_class = number.class
      and thread.status = 'open'
      and thread.scope <> 'owner_inbox'
  ) as loaded
  where number.organization_id = p_organization
    and number.class = 'pool'
    and number.status = 'active';

  select jsonb_build_object(
    'backlog', count(*),
    'oldest_age_seconds', extract(epoch from now() - min(created_at))::bigint
  )
  into v_outbox
  from rolecall.sms_outbox
  where organization_id = p_organization
    and status in ('queued', 'leased');
  select v_outbox || jsonb_build_object(
    'dead', count(*) filter (where status = 'dead'),
    'uncertain', count(*) filter (where status = 'uncertain')
  )
  into v_outbox
  from rolecall.sms_outbox
  where organization_id = p_organization
    and status in ('dead', 'uncertain');

  select coalesce(
    jsonb_agg(
      jsonb_build_object(
        'at', rolecall_internal.iso(at),
        'thread_id', thread_id,
        'target', target,
        'reason', reason,
        'sitter_id', sitter_id,
        'window_ids', to_jsonb(window_ids),
        'number_class', number_class,
        'sender', sender,
        'recipient', recipient
      )
      order by at desc, id desc
    ),
    '[]'
  )
  into v_decisions
  from (
    select *
    from rolecall.routing_decisions
    where organization_id = p_organization
    order by at desc
    limit 50
  ) as newest;

  -- For somebody of the organisation who has no exception of their own.
  select jsonb_object_agg(
    name,
    (rolecall_internal.flag_decision(name, p_rollouts, null, p_organization, false)).enabled
  )
  into v_flags
  from unnest(array['messaging_v1', 'proactive_thread_creation', 'sitter_messages_v1']) as name;

  return jsonb_build_object(
    'threads', v_threads,
    'pool', v_pool,
    'outbox', v_outbox,
    'decisions', v_decisions,
    'flags', v_flags
  );
end
$$;

-- What happened from p_since on.
create or replace function rolecall_internal.texting_since(p_organization uuid, p_since timestamptz)
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_figures jsonb;
begin
  select jsonb_build_object('blocked', count(*), 'force_sent', count(forced_at))
  into v_figures
  from rolecall.anti_poaching_attempts
  where organization_id = p_organization
    and at > p_since;

  select v_figures || jsonb_build_object(
    'owner_inbox', jsonb_build_object(
      'no_window', count(*) filter (where reason = 'no_window'),
      'several_sitters', count(*) filter (where reason = 'several_sitters'),
      'number_mismatch', count(*) filter (where reason = 'number_mismatch'),
      'blocked', count(*) filter (where reason = 'blocked')
    )
  )
  into v_figures
  from rolecall.routing_decisions
  where organization_id = p_organization
    and at > p_since
    and target = 'owner_inbox';

  -- Requests are counted by the quarter of an hour after two hours: the span begins with the quarter that it begins in.
  select v_figures || jsonb_build_object('sends_outside_window', coalesce(sum(requests), 0))
  into v_figures
  from rolecall.request_metrics
  where org_id = p_organization
    and slot > p_since - interval '15 minutes'
    and function = 'send-thread-message'
    and code = 'outside_assignment_window';

  select v_figures || jsonb_build_object(
    'carrier_errors', coalesce(jsonb_object_agg(error_code, messages), '{}')
  )
  into v_figures
  from (
    select error_code, count(*) as messages
    from rolecall.sms_outbox
    where organization_id = p_organization
      and updated_at > p_since
      and error_code is not null
    group by error_code
  ) as refused;
  return v_figures;
end
$$;

create or replace function rolecall_internal.texting_figures(p_organization uuid, p_rollouts jsonb)
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  return jsonb_build_object(
    'texting',
    rolecall_internal.texting_state(p_organization, p_rollouts) || jsonb_build_object(
      '24h', rolecall_internal.texting_since(p_organization, now() - interval '24 hours'),
      '7d', rolecall_internal.texting_since(p_organization, now() - interval '7 days')
    )
  );
end
$$;

-- The figures of any organisation, for the operator's view, which calls it with the rights of whoever reads it. What the
-- variable `rollouts` bounds is not known here.
create or replace function rolecall_internal.texting_of(p_organization uuid)
returns jsonb
language plpgsql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  return rolecall_internal.texting_figures(p_organization, '{}') -> 'texting';
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
      v_call.answer := rolecall_internal.success(
        rolecall_internal.diagnose(v_actor.organization_id)
          || rolecall_internal.texting_figures(v_actor.organization_id, v_call.rollouts)
      );
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
-- feature_disabled to them, a disabled flag's always are. Whose account was deleted sees none: everything answers that.
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
  v_organization_role text;
begin
  if v_call.answer is null then
    select organization_role
    into v_organization_role
    from rolecall.profiles
    where id = v_call.caller;
    if not found and rolecall_internal.is_account_deleted(v_call.caller) then
      v_call.answer := rolecall_internal.refuse_without_profile(v_call.caller);
    else
      v_call.answer := rolecall_internal.success(
        jsonb_build_object(
          'flags', rolecall_internal.flags_of(v_call.caller, v_call.rollouts),
          'organization_role', v_organization_role
        )
      );
    end if;
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
        'texts',
        (
          select jsonb_build_object(
            'backlog', outbox.backlog,
            'oldest_age_seconds', outbox.oldest_age_seconds,
            'dead', outbox.dead,
            'uncertain', outbox.uncertain
          )
          from rolecall_monitoring.sms_outbox as outbox
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

  -- schema/numbers/shape.sql
  execute $sql$
-- A number as the operator sees it, by its last four digits. A sitter's number that has rested belongs to the pool. The load
-- is how many open threads of clients have the number.
create or replace function rolecall_internal.number_json(p_number rolecall.message_numbers)
returns jsonb
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
  select jsonb_build_object(
    'number_id', p_number.id,
    'phone', rolecall_internal.masked(p_number.e164),
    'class', case when p_number.rests_until <= now() then 'pool' else p_number.class end,
    'status', case when p_number.rests_until <= now() then 'active' else p_number.status end,
    'sitter_id', p_number.sitter_id,
    'rests_until', case when p_number.rests_until > now() then rolecall_internal.iso(p_number.rests_until) end,
    'open_threads', (
      select count(*)
      from rolecall.message_threads
      where organization_id = p_number.organization_id
        and number_id = p_number.id
        and status = 'open'
        and scope <> 'owner_inbox'
    ),
    'last_assigned_at', case when isfinite(p_number.last_assigned_at) then rolecall_internal.iso(p_number.last_assigned_at) end,
    'created_at', rolecall_internal.iso(p_number.created_at)
  )
$$;
$sql$;

  -- schema/numbers/add.sql
  execute $sql$
-- Gives an organisation a number: {organization_id, phone, class, sitter_id?}. The indexes decide who of many at once gets
-- it: a number that is not released belongs to one organisation, an organisation has one active front desk, and a sitter one
-- active number. The owner inbox moves to a new front desk.

-- The refusal of a number that could not be added; nothing of another organisation is told.
create or replace function rolecall_internal.refuse_number(p_org uuid, p_phone text, p_class text, p_sitter uuid)
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  if exists (
    select
    from rolecall.message_numbers
    where e164 = p_phone
      and status <> 'released'
  ) then
    return rolecall_internal.refusal(
      'number_in_use',
      'The number is in use.',
      'number_in_use',
      'The number is released, and has rested if it was a sitter''s.'
    );
  end if;
  if p_class = 'front_desk' then
    return rolecall_internal.refusal(
      'number_in_use',
      'The organisation has a front desk.',
      'front_desk_exists',
      'The number of the front desk is released.'
    );
  end if;
  return rolecall_internal.refusal(
    'number_in_use',
    'The sitter has a number.',
    'sitter_has_number',
    'The sitter''s number is released.'
  );
end
$$;

create or replace function rolecall_internal.add_number(p_input jsonb)
returns jsonb
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_org uuid;
  v_phone text := p_input ->> 'phone';
  v_class text := p_input ->> 'class';
  v_sitter uuid := rolecall_internal.uuid_or_null(p_input ->> 'sitter_id');
  v_number rolecall.message_numbers;
begin
  select id
  into v_org
  from rolecall.organizations
  where id = rolecall_internal.uuid_or_null(p_input ->> 'organization_id');
  if v_org is null then
    return rolecall_internal.refuse_unknown_organization();
  end if;
  if rolecall_internal.is_e164(v_phone) is not true then
    return rolecall_internal.refuse_field('phone', 'malformed_phone', 'Expected a phone number in international form (E.164).');
  end if;
  if v_class is null or v_class not in ('front_desk', 'sitter', 'pool') then
    return rolecall_internal.refuse_field('class', 'unknown_value', 'Expected one of front_desk, sitter, pool.');
  end if;
  if (v_class = 'sitter') <> (v_sitter is not null) then
    return rolecall_internal.refuse_field(
      'sitter_id', 'sitter_of_class', 'A number of the class sitter names its sitter, and no other does.'
    );
  end if;
  if v_sitter is not null
    and not exists (
      select
      from rolecall.profiles
      where organization_id = v_org
        and id = v_sitter
        and organization_role = 'sitter'
    )
  then
    return rolecall_internal.refusal('not_found', 'The organisation has no sitter with this sitter_id.');
  end if;

  insert into rolecall.message_numbers (organization_id, e164, class, sitter_id)
  values (v_org, v_phone, v_class, v_sitter)
  on conflict do nothing
  returning *
  into v_number;
  if not found then
    return rolecall_internal.refuse_number(v_org, v_phone, v_class, v_sitter);
  end if;
  if v_class = 'front_desk' then
    update rolecall.message_threads
    set
      number_id = v_number.id,
      number_class = v_number.class,
      updated_at = now()
    where organization_id = v_org
      and scope = 'owner_inbox';
  end if;
  return rolecall_internal.success(rolecall_internal.number_json(v_number));
end
$$;

create or replace function rolecall_edge.add_number(p_request jsonb)
returns jsonb
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_call rolecall.call := rolecall_internal.begin_call('numbers.add', p_request, p_who => 'operator');
begin
  if v_call.answer is null then
    v_call.answer := rolecall_internal.add_number(v_call.input);
    if v_call.answer -> 'ok' = 'true' then
      perform rolecall_internal.log_event(
        v_call,
        'number_added',
        v_call.answer -> 'data' || jsonb_build_object('organization_id', v_call.input -> 'organization_id')
      );
    end if;
  end if;
  return rolecall_internal.end_call(v_call);
end
$$;
$sql$;

  -- schema/numbers/list.sql
  execute $sql$
-- A page of an organisation's numbers: {organization_id, class?, limit, cursor?}. They are sorted by class, then by load, the
-- largest first. The cursor's number is both; released numbers are not listed.
create or replace function rolecall_internal.list_numbers(p_input jsonb)
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_org uuid;
  v_limit int := rolecall_internal.page_size(p_input, rolecall_internal.limit_page());
  v_after bigint;
  v_after_id uuid;
  v_page jsonb;
begin
  select id
  into v_org
  from rolecall.organizations
  where id = rolecall_internal.uuid_or_null(p_input ->> 'organization_id');
  if v_org is null then
    return rolecall_internal.refuse_unknown_organization();
  end if;
  if p_input ->> 'cursor' is not null then
    if p_input ->> 'cursor' !~ '^[0-9]{1,18}\.' then
      return rolecall_internal.refuse_cursor();
    end if;
    v_after := split_part(p_input ->> 'cursor', '.', 1);
    v_after_id := rolecall_internal.uuid_or_null(split_part(p_input ->> 'cursor', '.', 2));
    if v_after_id is null then
      return rolecall_internal.refuse_cursor();
    end if;
  end if;

  with shown as (
    select rolecall_internal.number_json(number) as number
    from rolecall.message_numbers as number
    where organization_id = v_org
      and status <> 'released'
  ),
  placed as (
    select
      number,
      (number ->> 'number_id')::uuid as id,
      -- A class has room for a million million threads.
      array_position(array['front_desk', 'sitter', 'pool'], number ->> 'class') * 1000000000000
        - (number -> 'open_threads')::bigint as place
    from shown
    where p_input ->> 'class' is null
      or number ->> 'class' = p_input ->> 'class'
  ),
  page as (
    select *
    from placed
    where v_after is null
      or (place, id) > (v_after, v_after_id)
    order by place, id
    limit v_limit + 1
  ),
  numbered as (
    select *, row_number() over (order by place, id) as row
    from page
  )
  select jsonb_build_object(
    'numbers', coalesce(jsonb_agg(number order by row) filter (where row <= v_limit), '[]'),
    'next_cursor', case
      when count(*) > v_limit then max(place || '.' || id) filter (where row = v_limit)
    end
  )
  into v_page
  from numbered;
  return rolecall_internal.success(v_page);
end
$$;

create or replace function rolecall_edge.list_numbers(p_request jsonb)
returns jsonb
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_call rolecall.call := rolecall_internal.begin_call('numbers.list', p_request, p_who => 'operator', p_keyed => false);
begin
  if v_call.answer is null then
    v_call.answer := rolecall_internal.list_numbers(v_call.input);
  end if;
  return rolecall_internal.end_call(v_call);
end
$$;
$sql$;

  -- schema/numbers/release.sql
  execute $sql$
-- Takes a number from its organisation: {organization_id, number_id}. A sitter's number rests, and is of the pool then; any
-- other is released for good. A number that rests or is released stays as it is.

-- Moves the open threads of a number that is no longer active: those of clients as a new thread would be, the owner inbox to
-- the front desk, else to another active number. How many there were; null if one of them had to stay, so that the caller
-- takes everything back.
create or replace function rolecall_internal.move_threads_of(p_number rolecall.message_numbers)
returns bigint
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_threads bigint;
begin
  select count(*)
  into v_threads
  from rolecall.message_threads
  where organization_id = p_number.organization_id
    and number_id = p_number.id
    and status = 'open';
  perform rolecall_internal.leave_number(p_number.organization_id, p_number.id);

  update rolecall.message_threads as inbox
  set
    number_id = other.id,
    number_class = other.class,
    updated_at = now()
  from (
    select id, class
    from rolecall.message_numbers
    where organization_id = p_number.organization_id
      and status = 'active'
    order by class = 'front_desk' desc, created_at, id
    limit 1
    for share
  ) as other
  where inbox.organization_id = p_number.organization_id
    and inbox.scope = 'owner_inbox'
    and inbox.number_id = p_number.id;

  if exists (
    select
    from rolecall.message_threads
    where organization_id = p_number.organization_id
      and number_id = p_number.id
      and status = 'open'
  ) then
    return null;
  end if;
  return v_threads;
end
$$;

create or replace function rolecall_internal.release_number(p_input jsonb)
returns jsonb
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_org uuid;
  v_number rolecall.message_numbers;
  v_moved bigint := 0;
begin
  -- One release of an organisation at a time: each moves threads to the numbers that others may be releasing, and would wait
  -- for them as they wait for it.
  select id
  into v_org
  from rolecall.organizations
  where id = rolecall_internal.uuid_or_null(p_input ->> 'organization_id')
  for no key update;
  if v_org is null then
    return rolecall_internal.refuse_unknown_organization();
  end if;

  -- Threads before their number, as everywhere. A thread that is given the number meanwhile commits before the update below,
  -- which waits for its lock on the number.
  perform
  from rolecall.message_threads
  where organization_id = v_org
    and number_id = rolecall_internal.uuid_or_null(p_input ->> 'number_id')
    and status = 'open'
  order by scope = 'owner_inbox', id
  for no key update;

  begin
    update rolecall.message_numbers
    set
      status = case when class = 'sitter' then 'resting' else 'released' end,
      rests_until = case when class = 'sitter' then now() + rolecall_internal.number_rest() end,
      sitter_id = null,
      released_at = now()
    where organization_id = v_org
      and id = rolecall_internal.uuid_or_null(p_input ->> 'number_id')
      and status = 'active'
    returning *
    into v_number;
    if found then
      v_moved := rolecall_internal.move_threads_of(v_number);
      if v_moved is null then
        raise exception using
          errcode = 'RC409',
          message = 'a thread has no other number';
      end if;
    end if;
  exception
    -- Everything since the inner BEGIN is undone.
    when sqlstate 'RC409' then
      return rolecall_internal.refusal(
        'no_number_available',
        'An open thread of the number would be left without one; nothing was changed.',
        'no_other_number',
        'The organisation has another number for it, such as a front desk.'
      );
  end;

  if v_number.id is null then
    select *
    into v_number
    from rolecall.message_numbers
    where organization_id = v_org
      and id = rolecall_internal.uuid_or_null(p_input ->> 'number_id');
    if not found then
      return rolecall_internal.refusal('not_found', 'The organisation has no number with this number_id.');
    end if;
  end if;
  return rolecall_internal.success(
    rolecall_internal.number_json(v_number) || jsonb_build_object('moved_threads', v_moved)
  );
end
$$;

create or replace function rolecall_edge.release_number(p_request jsonb)
returns jsonb
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_call rolecall.call := rolecall_internal.begin_call('numbers.release', p_request, p_who => 'operator');
begin
  if v_call.answer is null then
    v_call.answer := rolecall_internal.release_number(v_call.input);
    if v_call.answer -> 'ok' = 'true' then
      perform rolecall_internal.log_event(
        v_call,
        'number_released',
        v_call.answer -> 'data' || jsonb_build_object('organization_id', v_call.input -> 'organization_id')
      );
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
    select jsonb_agg(
      case
        -- What is done in an organisation is asked about one by one.
        when rolecall_internal.is_organization_action(asked.action) then
          rolecall_internal.check_organization_permission(p_user, asked.body, p_request)
        else shown.result || worded.more
      end
      order by asked.number
    )
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
  if rolecall_internal.is_organization_action(v_action) then
    return rolecall_internal.check_organization_permission(p_user, p_check, p_request);
  end if;
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

  -- schema/sms/enqueue.sql
  execute $sql$
-- Puts an outbound message on its way to the carrier, in the transaction that writes the message: both are kept or
-- neither. The message stands with `delivery` queued already. A message is put on its way once; a second time is a
-- unique_violation, and so is a caller's bug.
create or replace function rolecall_internal.enqueue_sms(p_message rolecall.thread_messages)
returns uuid
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_id uuid;
begin
  -- Not in the language SQL, which would plan it for every message.
  insert into rolecall.sms_outbox (organization_id, thread_id, seq)
  values (p_message.organization_id, p_message.thread_id, p_message.seq)
  returning id
  into v_id;
  return v_id;
end
$$;
$sql$;

  -- schema/threads/judge.sql
  execute $sql$
-- Who may read a thread and write into it. The matrix for organisations decides; here are the facts.

-- All facts that decide what p_user may do with p_thread. A thread of another organisation is not found. PostgreSQL
-- writes it into the statements that ask.
create or replace function rolecall_internal.thread_facts(p_user uuid, p_thread uuid)
returns table (
  role rolecall.app_role,
  is_internal boolean,
  org_id uuid,
  organization_role text,
  flag text,
  is_open boolean,
  thread_id uuid,
  client_id uuid,
  number_class text,
  facts text[],
  flags_revision bigint
)
language sql
stable
begin atomic
  select
    profile.role,
    profile.is_internal,
    profile.organization_id,
    profile.organization_role,
    asked_flag.name,
    (
      select is_on
      from rolecall_internal.plainly_on(asked_flag.name, asked.id, profile.organization_id)
    ),
    thread.id,
    thread.client_id,
    thread.number_class,
    array[
      'feature_enabled',
      rolecall_internal.suspended_fact(profile.suspended_until),
      case when thread.id is not null then 'own_organization' end,
      case when thread.scope = 'client' and own.is_assigned then 'assigned' end,
      case
        when thread.scope = 'client'
          and (
            own.is_assigned
            or exists (
              select
              from rolecall.assignment_windows as once
              where once.organization_id = thread.organization_id
                and once.thread_id = thread.id
                and once.sitter_id = p_user
            )
          )
        then 'once_assigned'
      end,
      case when thread.scope = 'client' and own.is_inside then 'inside_window' end,
      case when client.user_id = p_user and thread.scope = 'client' then 'own_thread' end,
      case when thread.scope = 'owner_inbox' then 'owner_inbox' end,
      case when thread.status = 'closed' or client.erased_at is not null then 'read_only' end,
      case
        when exists (
          select
          from rolecall.opt_outs as opt_out
          where opt_out.organization_id = thread.organization_id
            and opt_out.client_id = thread.client_id
        )
        then 'opted_out'
      end
    ],
    (select revision from rolecall.feature_flag_revision)
  from (values (p_user)) as asked (id)
  left join rolecall.profiles as profile
    on profile.id = asked.id
  left join rolecall.message_threads as thread
    on thread.id = p_thread
    and thread.organization_id = profile.organization_id
  cross join lateral (
    select rolecall_internal.organization_flag(profile.organization_role) as name
  ) as asked_flag
  left join rolecall.clients as client
    on client.organization_id = thread.organization_id
    and client.id = thread.client_id
  left join lateral (
    select
      bool_or(true) as is_assigned,
      bool_or(assigned.starts_at <= now()) as is_inside
    from rolecall.assignment_windows as assigned
    where assigned.organization_id = thread.organization_id
      and assigned.thread_id = thread.id
      -- Of the windows of the thread, which are fewer than those of the sitter.
      and coalesce(assigned.sitter_id = p_user, false)
      and assigned.closed_at is null
      and assigned.ends_at > now()
  ) as own
    on true;
end;

-- Somebody before a thread, with these facts.
create or replace function rolecall_internal.thread_actor(p_user uuid, p_thread uuid, p_rollouts jsonb)
returns rolecall.thread_actor
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_actor rolecall.thread_actor;
begin
  -- As one row, which costs less than column by column.
  select
    role,
    is_internal,
    org_id,
    organization_role,
    thread_id,
    client_id,
    number_class,
    facts,
    flags_revision,
    rolecall_internal.refuse_actor(p_user, role, org_id, is_internal, flag, is_open, p_rollouts)
  into v_actor
  from rolecall_internal.thread_facts(p_user, p_thread);
  return v_actor;
end
$$;

-- Whether something has come to stand in the way of who was judged as p_actor and let through: it costs less than judging
-- them once more. Flags change for others, too, and often where many organisations are set up: whether they still let
-- this one through is asked only then.
create or replace function rolecall_internal.thread_actor_changed(
  p_user uuid,
  p_actor rolecall.thread_actor,
  p_rollouts jsonb
)
returns boolean
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_revision bigint;
begin
  select now.flags_revision
  into v_revision
  from rolecall_internal.thread_facts(p_user, p_actor.thread_id) as now
  where now.role is not distinct from p_actor.role
    and now.is_internal is not distinct from p_actor.is_internal
    and now.org_id is not distinct from p_actor.organization_id
    and now.organization_role is not distinct from p_actor.organization_role
    and now.client_id is not distinct from p_actor.client_id
    and now.facts is not distinct from p_actor.facts;
  if not found then
    return true;
  end if;
  return v_revision is distinct from p_actor.flags_revision
    and (rolecall_internal.thread_actor(p_user, p_actor.thread_id, p_rollouts)).refusal is not null;
end
$$;

-- Whether they may do p_action with the thread.
create or replace function rolecall_internal.judge_thread(p_action text, p_actor rolecall.thread_actor)
returns rolecall.judgement
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_decision rolecall.decision;
begin
  if p_actor.refusal is not null then
    return rolecall_internal.judgement_of_refusal(p_actor.refusal, p_actor.organization_id);
  end if;
  v_decision := rolecall_internal.decide_organization(p_action, p_actor.organization_role, p_actor.facts);
  -- Nearly always.
  if v_decision.allowed then
    return row(true, null::jsonb, p_actor.organization_id, v_decision.rule);
  end if;
  return rolecall_internal.judgement_of(v_decision, p_actor.organization_id);
end
$$;

-- The refusal of a message with what its sender needs to know besides: outside their windows, when the next one opens, in
-- words and numbers by the organisation's clocks for people, and in UTC for clients.
create or replace function rolecall_internal.refuse_message(
  p_judgement rolecall.judgement,
  p_user uuid,
  p_actor rolecall.thread_actor
)
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_window rolecall.assignment_windows;
  v_zone text;
begin
  if p_judgement.refusal ->> 'code' is distinct from 'outside_assignment_window' then
    return p_judgement.refusal;
  end if;
  select *
  into v_window
  from rolecall.assignment_windows
  where organization_id = p_actor.organization_id
    and thread_id = p_actor.thread_id
    and sitter_id = p_user
    and closed_at is null
    and starts_at > now()
    and ends_at > now()
  order by starts_at, id
  limit 1;
  select time_zone
  into v_zone
  from rolecall.organizations
  where id = p_actor.organization_id;
  return p_judgement.refusal || jsonb_build_object(
    'detail', concat_ws(
      ' ',
      p_judgement.refusal ->> 'detail',
      case
        when v_window.id is null then 'No such time is planned at the moment; the office can help.'
        else format(
          'The next such time begins on %s.',
          rolecall_internal.local_words(v_window.starts_at, v_zone)
        )
      end
    ),
    'data', jsonb_build_object(
      'next_window',
      case
        when v_window.id is not null then
          rolecall_internal.window_times(v_window.starts_at, v_window.ends_at, v_zone)
      end
    )
  );
end
$$;
$sql$;

  -- schema/threads/force_send.sql
  execute $sql$
-- Delivers a message that the filter held back, once.

-- Somebody before a message of their organisation that they would deliver by force. That the client wants no more messages
-- stops what goes to them alone.
create or replace function rolecall_internal.force_actor(p_user uuid, p_message uuid, p_rollouts jsonb)
returns rolecall.thread_actor
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_thread uuid;
  v_direction text;
  v_actor rolecall.thread_actor;
begin
  select message.thread_id, message.direction
  into v_thread, v_direction
  from rolecall.profiles as profile
  join rolecall.thread_messages as message
    on message.organization_id = profile.organization_id
    and message.id = p_message
  where profile.id = p_user;
  v_actor := rolecall_internal.thread_actor(p_user, v_thread, p_rollouts);
  if v_direction is distinct from 'outbound' then
    v_actor.facts := array_remove(v_actor.facts, 'opted_out');
  end if;
  return v_actor;
end
$$;

create or replace function rolecall_internal.refuse_sent()
returns jsonb
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
begin
  return rolecall_internal.refusal(
    'already_sent',
    'This message was sent already, was never held back, or has been erased.',
    'already_sent',
    'The message is one that the filter holds back.'
  );
end
$$;

-- {message_id, reason}. A message to the client is queued for the carrier; one from the client is shown to the one sitter
-- who is on duty, if there is one. Of many at once the statement that finds the message held back is the one that counts.
create or replace function rolecall_internal.force_send(p_user uuid, p_input jsonb, p_rollouts jsonb)
returns jsonb
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_id uuid := rolecall_internal.uuid_or_null(p_input ->> 'message_id');
  v_actor rolecall.thread_actor := rolecall_internal.force_actor(p_user, v_id, p_rollouts);
  v_judgement rolecall.judgement := rolecall_internal.judge_thread('force_send', v_actor);
  v_now rolecall.thread_actor;
  v_sitters uuid[];
  v_message rolecall.thread_messages;
begin
  if v_judgement.allowed is distinct from true then
    return v_judgement.refusal;
  end if;
  if not rolecall_internal.is_text(p_input ->> 'reason', 1, rolecall_internal.limit_force_reason_chars()) then
    return rolecall_internal.refuse_text('reason', p_input ->> 'reason', 1, rolecall_internal.limit_force_reason_chars());
  end if;

  -- The thread before its messages, as everywhere.
  perform
  from rolecall.message_threads
  where id = v_actor.thread_id
  for no key update;
  v_sitters := array(
    select distinct sitter_id
    from rolecall.assignment_windows
    where organization_id = v_actor.organization_id
      and thread_id = v_actor.thread_id
      and closed_at is null
      and starts_at <= now()
      and ends_at > now()
  );
  update rolecall.thread_messages
  set
    delivery = case when direction = 'inbound' then 'received' else 'queued' end,
    sitter_id = case
      when direction = 'inbound' and cardinality(v_sitters) = 1 then v_sitters[1]
      else sitter_id
    end
  where organization_id = v_actor.organization_id
    and id = v_id
    and delivery = 'blocked'
    -- Its author had it erased.
    and (content is not null or media_urls <> '{}')
  returning *
  into v_message;
  if not found then
    return rolecall_internal.refuse_sent();
  end if;
  -- Its own statement, once nothing is left to wait for: the client may have opted out, or the caller been stopped.
  v_now := rolecall_internal.force_actor(p_user, v_id, p_rollouts);
  -- Flags change for others, too; what they say of the caller is compared.
  v_now.flags_revision := v_actor.flags_revision;
  if v_now is distinct from v_actor then
    raise exception 'The caller was stopped while the message waited.'
      using errcode = 'serialization_failure';
  end if;

  update rolecall.anti_poaching_attempts
  set
    forced_at = now(),
    forced_by = p_user,
    forced_reason = rolecall_internal.redact(p_input ->> 'reason')
  where organization_id = v_message.organization_id
    and message_id = v_message.id;
  if v_message.direction = 'outbound' then
    perform rolecall_internal.enqueue_sms(v_message);
  end if;
  return rolecall_internal.success(
    jsonb_build_object(
      'message_id', v_message.id,
      'thread_id', v_message.thread_id,
      'delivery', v_message.delivery,
      'forced_at', rolecall_internal.iso(now())
    )
  ) || jsonb_build_object('org_id', v_actor.organization_id);
end
$$;

create or replace function rolecall_edge.force_send(p_request jsonb)
returns jsonb
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_call rolecall.call := rolecall_internal.begin_call('threads.force-send', p_request, p_rate => 'force_send');
begin
  if v_call.answer is null then
    v_call.answer := rolecall_internal.force_send(v_call.caller, v_call.input, v_call.rollouts);
    if (v_call.answer -> 'ok')::boolean then
      perform rolecall_internal.log_event(
        v_call, 'message_force_sent', (v_call.answer -> 'data') - array['delivery', 'forced_at']
      );
    end if;
  end if;
  return rolecall_internal.end_call(v_call);
end
$$;
$sql$;

  -- schema/permissions/check_organization.sql
  execute $sql$
-- check_permission for what somebody does in their organisation, by the real calls' own judgements: {action: read_thread |
-- send_to_thread, thread_id}, {action: force_send, message_id}, {action: assign_booking}, or {action, organization_role,
-- facts?} for the matrix alone. Null when the check is malformed. Whether the filter would hold a message back depends on
-- what it says, so no check tells.
create or replace function rolecall_internal.check_organization_permission(p_user uuid, p_check jsonb, p_request jsonb)
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_action text := p_check ->> 'action';
  v_facts text[] := array['feature_enabled', 'own_organization'];
  v_object uuid;
  v_actor rolecall.thread_actor;
  v_judgement rolecall.judgement;
  v_limit jsonb;
begin
  if p_check ->> 'organization_role' is not null then
    if not rolecall_internal.is_organization_role(p_check ->> 'organization_role') then
      return null;
    end if;
    if coalesce(p_check -> 'facts', 'null') <> 'null' then
      if jsonb_typeof(p_check -> 'facts') <> 'array' then
        return null;
      end if;
      v_facts := array(select jsonb_array_elements_text(p_check -> 'facts'));
    end if;
    return rolecall_internal.permission_result(
      v_action,
      rolecall_internal.judgement_of(
        rolecall_internal.decide_organization(v_action, p_check ->> 'organization_role', v_facts), null
      ),
      null
    );
  end if;

  if v_action in ('read_thread', 'send_to_thread') then
    if p_check ->> 'thread_id' is null then
      return null;
    end if;
    v_object := rolecall_internal.uuid_or_null(p_check ->> 'thread_id');
    v_actor := rolecall_internal.thread_actor(p_user, v_object, p_request -> 'rollouts');
  elsif v_action = 'force_send' then
    if p_check ->> 'message_id' is null then
      return null;
    end if;
    v_object := rolecall_internal.uuid_or_null(p_check ->> 'message_id');
    v_actor := rolecall_internal.force_actor(p_user, v_object, p_request -> 'rollouts');
  else
    v_actor := rolecall_internal.thread_actor(p_user, null, p_request -> 'rollouts');
    -- Who names no organisation acts for their own.
    v_actor.facts := v_actor.facts || 'own_organization'::text;
  end if;

  v_judgement := rolecall_internal.judge_thread(v_action, v_actor);
  if v_action = 'force_send'
    and v_judgement.allowed
    and not exists (
      select
      from rolecall.thread_messages
      where organization_id = v_actor.organization_id
        and id = v_object
        and delivery = 'blocked'
    )
  then
    v_judgement := rolecall_internal.judgement_of_refusal(rolecall_internal.refuse_sent(), v_actor.organization_id);
  end if;
  v_limit := case v_action
    when 'send_to_thread' then rolecall_internal.peek_token(p_user, 'send_thread_message')
    when 'force_send' then rolecall_internal.peek_token(p_user, 'force_send')
  end;
  if v_limit -> 'taken' = 'false' then
    v_judgement := rolecall_internal.judgement_of_refusal(rolecall_internal.refuse_rate(v_limit), v_actor.organization_id);
  end if;
  return rolecall_internal.permission_result(v_action, v_judgement, rolecall_internal.quota_of_limit(v_limit));
end
$$;
$sql$;

  -- schema/sms/deliver_sms.sql
  execute $sql$
-- The delivery of texts to the carrier. Between two statements the function posts, so the first takes a lease on the texts
-- and the second says what became of them; nothing is held in between. Whoever dies there leaves a lease that runs out,
-- and then nobody knows whether the carrier has the text: it is `uncertain`, and never sent again by itself.
--
--   queued -> leased -> sent | dead | uncertain | queued again, to be tried later
--
-- The texts of a thread are handed over one at a time, in their order: one that waits to be tried again holds up those
-- after it, a dead or uncertain one does not.

-- Marks the texts whose delivery did not say in time what became of them. How many there were; at most 1000.
create or replace function rolecall_internal.expire_sms_leases()
returns bigint
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_expired bigint;
begin
  update rolecall.sms_outbox as outbox
  set
    status = 'uncertain',
    leased_until = null,
    updated_at = now()
  where outbox.id = any (
    array(
      select stale.id
      from rolecall.sms_outbox as stale
      where stale.status = 'leased'
        and stale.leased_until < now()
      order by stale.leased_until
      limit 1000
      for no key update skip locked
    )
  );
  get diagnostics v_expired = row_count;
  return v_expired;
end
$$;

-- Leases up to 50 texts that are due, the longest due first, and gives what the carrier has to know of each. Those of
-- clients who have opted out or are erased, and those that their author had erased, are dead instead, and nobody hears of
-- them.
create or replace function rolecall_internal.lease_sms(p_lease uuid)
returns jsonb
language sql
volatile
set search_path = pg_catalog, pg_temp
as $$
  with due as (
    select outbox.id
    from rolecall.sms_outbox as outbox
    where outbox.status = 'queued'
      and outbox.next_attempt_at <= now()
      -- The first of its thread. As a value it is looked up for each candidate, whatever the statistics say of a table that
      -- fills and empties.
      and outbox.seq = (
        select first.seq
        from rolecall.sms_outbox as first
        where first.thread_id = outbox.thread_id
          and first.status in ('queued', 'leased')
        order by first.seq
        limit 1
      )
    order by outbox.next_attempt_at, outbox.id
    limit 50
    for no key update of outbox skip locked
  ),
  addressed as (
    select
      outbox.id,
      client.phone,
      number.e164,
      message.content,
      message.media_urls,
      client.phone is null
        or opt_out.client_id is not null
        or (message.content is null and message.media_urls = '{}') as is_stopped,
      case when opt_out.client_id is not null then 21610 end as error_code
    from due
    join rolecall.sms_outbox as outbox
      on outbox.id = due.id
    join rolecall.thread_messages as message
      on message.organization_id = outbox.organization_id
      and message.thread_id = outbox.thread_id
      and message.seq = outbox.seq
    join rolecall.message_threads as thread
      on thread.organization_id = outbox.organization_id
      and thread.id = outbox.thread_id
    join rolecall.clients as client
      on client.organization_id = thread.organization_id
      and client.id = thread.client_id
    join rolecall.message_numbers as number
      on number.organization_id = outbox.organization_id
      and number.id = thread.number_id
    left join rolecall.opt_outs as opt_out
      on opt_out.organization_id = client.organization_id
      and opt_out.client_id = client.id
  ),
  taken as (
    update rolecall.sms_outbox as outbox
    set
      status = case when addressed.is_stopped then 'dead' else 'leased' end,
      error_code = addressed.error_code,
      attempts = case when addressed.is_stopped then outbox.attempts else outbox.attempts + 1 end,
      first_attempt_at = case
        when addressed.is_stopped then outbox.first_attempt_at
        else coalesce(outbox.first_attempt_at, now())
      end,
      lease = p_lease,
      leased_until = case when not addressed.is_stopped then now() + interval '1 minute' end,
      updated_at = now()
    from addressed
    where outbox.id = addressed.id
    returning
      jsonb_build_object(
        'id', outbox.id,
        'to', addressed.phone,
        'from', addressed.e164,
        'body', addressed.content,
        'media_urls', addressed.media_urls
      ) as text,
      addressed.is_stopped
  )
  select coalesce(jsonb_agg(text), '[]')
  from taken
  where not is_stopped
$$;

-- Leases what is due: {lease: boolean} -> {lease, messages, expired, waiting}. Without `lease`, where there is no carrier
-- to post to, nothing is leased and everything waits.
create or replace function rolecall_edge.claim_sms(p_request jsonb)
returns jsonb
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_call rolecall.call := rolecall_internal.begin_call('deliver-sms', p_request, p_who => 'operator', p_keyed => false);
  v_lease uuid := gen_random_uuid();
  v_expired bigint;
  v_messages jsonb := '[]';
begin
  if v_call.answer is null then
    v_expired := rolecall_internal.expire_sms_leases();
    if v_call.input -> 'lease' is not distinct from 'true' then
      v_messages := rolecall_internal.lease_sms(v_lease);
    end if;
    v_call.answer := rolecall_internal.success(
      jsonb_build_object(
        'lease', v_lease,
        'messages', v_messages,
        'expired', v_expired,
        -- Counted no further than that.
        'waiting', (select count(*) from (select from rolecall.sms_outbox where status = 'queued' limit 10000) as waiting)
      )
    );
  end if;
  return rolecall_internal.end_call(v_call);
end
$$;

-- How long a text waits after so many attempts, before it is tried again: at most eight attempts within an hour.
create or replace function rolecall_internal.sms_backoff(p_attempts int)
returns interval
language sql
immutable
return (array[5, 15, 45, 120, 300, 600, 900])[least(p_attempts, 7)] * interval '1 second';

-- What a delivery says of its texts, read from its request; what does not parse is null.
create or replace function rolecall_internal.sms_outcomes(p_outcomes jsonb)
returns table (id uuid, outcome text, carrier_sid text, error_code int, retry_after interval)
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
  select
    rolecall_internal.uuid_or_null(outcome ->> 'id'),
    outcome ->> 'outcome',
    outcome ->> 'carrier_sid',
    case when outcome ->> 'error_code' ~ '^[0-9]{1,9}$' then (outcome ->> 'error_code')::int end,
    case
      when outcome ->> 'retry_after_seconds' ~ '^[0-9]{1,9}$'
      then (outcome ->> 'retry_after_seconds')::int * interval '1 second'
    end
  from jsonb_array_elements(case when jsonb_typeof(p_outcomes) = 'array' then p_outcomes else '[]' end) as outcome
$$;

-- Settles what became of the texts of a lease:
-- {lease, outcomes: [{id, outcome, carrier_sid, error_code, retry_after_seconds}]} -> {settled, given_up}: how
-- many texts, and how many of them are dead though they were to be tried again.
-- outcome is sent, dead, uncertain, retry: nothing was accepted, or released: nothing was tried. What the carrier's
-- status callback or an owner said in the meantime stands. A lease that has run out settles all the same, as long as the
-- text is uncertain; a text that somebody has queued again is no longer this lease's.
create or replace function rolecall_edge.settle_sms(p_request jsonb)
returns jsonb
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_caller uuid := rolecall_internal.assume_claims(p_request -> 'claims');
  v_refusal jsonb := rolecall_internal.refuse_stranger('operator', v_caller, p_request);
  v_lease uuid := rolecall_internal.uuid_or_null(p_request #>> '{input,lease}');
  v_outcomes jsonb := p_request #> '{input,outcomes}';
  v_settled bigint;
  v_given_up bigint;
begin
  if v_refusal is not null then
    return v_refusal;
  end if;

  -- 21610: the client has opted out with the carrier.
  insert into rolecall.opt_outs (organization_id, client_id, source)
  select distinct thread.organization_id, thread.client_id, 'carrier'
  from rolecall_internal.sms_outcomes(v_outcomes) as outcome
  join rolecall.sms_outbox as outbox
    on outbox.id = outcome.id
    and outbox.lease = v_lease
  join rolecall.message_threads as thread
    on thread.organization_id = outbox.organization_id
    and thread.id = outbox.thread_id
  where outcome.outcome = 'dead'
    and outcome.error_code = 21610
  order by 1, 2
  on conflict (organization_id, client_id) do nothing;

  with settled as (
    update rolecall.sms_outbox as outbox
    set
      status = case
        when outbox.status not in ('leased', 'uncertain') then outbox.status
        when outcome.outcome in ('sent', 'uncertain', 'dead') then outcome.outcome
        when outcome.outcome = 'released' then 'queued'
        when outbox.attempts < 8 and later.at <= outbox.first_attempt_at + interval '1 hour' then 'queued'
        else 'dead'
      end,
      attempts = outbox.attempts - case when later.is_undone then 1 else 0 end,
      first_attempt_at = case when not later.is_undone or outbox.attempts > 1 then outbox.first_attempt_at end,
      next_attempt_at = case
        when later.is_undone then greatest(outbox.next_attempt_at, later.at)
        when outcome.outcome = 'retry' then later.at
        else outbox.next_attempt_at
      end,
      leased_until = null,
      carrier_sid = coalesce(outbox.carrier_sid, outcome.carrier_sid),
      error_code = case when outbox.status in ('leased', 'uncertain') then outcome.error_code else outbox.error_code end,
      updated_at = now()
    from rolecall_internal.sms_outcomes(v_outcomes) as outcome
    cross join lateral (
      select
        outcome.outcome = 'released' and mine.status in ('leased', 'uncertain') as is_undone,
        now() + greatest(
          case
            -- Spread, so that what failed together is not tried again together.
            when outcome.outcome = 'retry' then rolecall_internal.sms_backoff(mine.attempts) * (1 + 0.2 * random())
            else interval '0'
          end,
          coalesce(outcome.retry_after, interval '0')
        ) as at
      from rolecall.sms_outbox as mine
      where mine.id = outcome.id
    ) as later
    where outbox.id = outcome.id
      and outbox.lease = v_lease
      and (
        outbox.status in ('leased', 'uncertain')
        or (outbox.carrier_sid is null and outcome.carrier_sid is not null)
      )
    returning outcome.outcome = 'retry' and outbox.status = 'dead' as is_given_up
  )
  select count(*), count(*) filter (where is_given_up)
  into v_settled, v_given_up
  from settled;
  return rolecall_internal.success(jsonb_build_object('settled', v_settled, 'given_up', v_given_up));
end
$$;
$sql$;

  -- schema/sms/follow.sql
  execute $sql$
-- A message's `delivery` follows its row of the outbox, in the statement that changes the row: whoever changes it.
create or replace function rolecall_internal.follow_sms_outbox()
returns trigger
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  update rolecall.thread_messages as message
  set
    delivery = case when changed.status = 'leased' then 'queued' else changed.status end,
    error_code = changed.error_code,
    carrier_sid = changed.carrier_sid
  from new_rows as changed
  where message.organization_id = changed.organization_id
    and message.thread_id = changed.thread_id
    and message.seq = changed.seq
    and (
      message.delivery <> case when changed.status = 'leased' then 'queued' else changed.status end
      or message.error_code is distinct from changed.error_code
      or message.carrier_sid is distinct from changed.carrier_sid
    );
  return null;
end
$$;
$sql$;

  -- schema/threads/opt_outs.sql
  execute $sql$
-- Clients who want no more messages, and what they are answered.

-- Opts a client out; p_source says who told.
create or replace function rolecall_internal.opt_out(p_org uuid, p_client uuid, p_source text)
returns void
language sql
volatile
set search_path = pg_catalog, pg_temp
as $$
  insert into rolecall.opt_outs (organization_id, client_id, source)
  values (p_org, p_client, p_source)
  on conflict (organization_id, client_id) do nothing
$$;

-- Opts a client back in; whether they were out.
create or replace function rolecall_internal.opt_in(p_org uuid, p_client uuid)
returns boolean
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  delete from rolecall.opt_outs
  where organization_id = p_org
    and client_id = p_client;
  return found;
end
$$;

-- Whether a client may be sent an automatic reply of this kind now, which is then taken for sent: one in an hour at most.
create or replace function rolecall_internal.take_automatic_reply(p_org uuid, p_client uuid, p_kind text)
returns boolean
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  insert into rolecall.automatic_replies as kept (organization_id, client_id, kind, last_at)
  values (p_org, p_client, p_kind, now())
  on conflict (organization_id, client_id, kind) do update
  set last_at = excluded.last_at
  where kept.last_at <= excluded.last_at - interval '1 hour';
  return found;
end
$$;

-- The words that a client texts alone, and the answers to them. A client who texts one is locked by then, so that the same
-- text is answered once. p_word is stop, start or help; null where the text is an ordinary message. With p_silent the
-- carrier answers by itself.
create or replace function rolecall_internal.answer_word(
  p_client rolecall.clients,
  p_sid text,
  p_word text,
  p_silent boolean
)
returns jsonb
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_org rolecall.organizations;
  v_reply text;
  v_decision text := case p_word when 'stop' then 'opt_out' when 'start' then 'opt_in' else 'help' end;
begin
  select reply
  into v_reply
  from rolecall.word_texts
  where organization_id = p_client.organization_id
    and carrier_sid = p_sid;
  if found then
    return jsonb_build_object('decision', 'repeated', 'reply', v_reply);
  end if;

  if p_word = 'stop' then
    perform rolecall_internal.opt_out(p_client.organization_id, p_client.id, 'keyword');
  elsif p_word = 'start' and not rolecall_internal.opt_in(p_client.organization_id, p_client.id) then
    return null;
  end if;

  if not p_silent
    and rolecall_internal.take_automatic_reply(p_client.organization_id, p_client.id, v_decision)
  then
    select *
    into v_org
    from rolecall.organizations
    where id = p_client.organization_id;
    v_reply := case p_word
      when 'stop' then format('You get no more messages from %s. Reply START to get them again.', v_org.name)
      when 'start' then format('You get messages from %s again. Reply STOP to end them.', v_org.name)
      else coalesce(
        v_org.help_text,
        format('This is %s. Text us here, and we answer. Reply STOP to end messages.', v_org.name)
      )
    end;
  end if;
  -- The carrier repeats a text within minutes, if at all: one of yesterday does not come again.
  delete from rolecall.word_texts
  where organization_id = p_client.organization_id
    and client_id = p_client.id
    and at < now() - interval '1 day';
  insert into rolecall.word_texts (organization_id, carrier_sid, client_id, reply)
  values (p_client.organization_id, p_sid, p_client.id, v_reply);
  return jsonb_build_object('decision', v_decision, 'reply', v_reply);
end
$$;

-- Answers p_message, a client's text, automatically, and gives the answer: null for a client who opted out or got one of
-- this kind within the hour. The carrier sends what its webhook is answered; the row has the id of the text that it answers.
create or replace function rolecall_internal.reply_automatically(
  p_message rolecall.thread_messages,
  p_kind text,
  p_content text
)
returns text
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_reply rolecall.thread_messages;
begin
  if exists (
    select
    from rolecall.opt_outs
    where organization_id = p_message.organization_id
      and client_id = p_message.client_id
  ) or not rolecall_internal.take_automatic_reply(p_message.organization_id, p_message.client_id, p_kind)
  then
    return null;
  end if;
  v_reply.organization_id := p_message.organization_id;
  v_reply.thread_id := p_message.thread_id;
  v_reply.direction := 'outbound';
  v_reply.kind := 'automatic_reply';
  v_reply.client_id := p_message.client_id;
  v_reply.content := p_content;
  v_reply.delivery := 'sent';
  v_reply.carrier_sid := p_message.carrier_sid;
  return (rolecall_internal.append_message(v_reply)).content;
end
$$;
$sql$;

  -- schema/threads/held_back.sql
  execute $sql$
-- Whether an allowed domain of the organisation is this host, or one above it.
create or replace function rolecall_internal.is_allowed_domain(p_org uuid, p_host text)
returns boolean
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
  select exists (
    select
    from rolecall.organizations
    cross join unnest(allowed_domains) as domain
    where id = p_org
      and (
        lower(p_host) = lower(domain)
        or lower(right(p_host, length(domain) + 1)) = '.' || lower(domain)
      )
  )
$$;

-- Whether a hit is a number or domain of the organisation itself. A number may be written without the country code; then
-- the seven digits of a local number are enough. A domain stands for its subdomains, too, in links and in addresses.
create or replace function rolecall_internal.is_allowed_contact(p_org uuid, p_kind text, p_value text)
returns boolean
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
  select case p_kind
    when 'phone' then exists (
      select
      from rolecall.message_numbers
      cross join lateral (
        select
          ltrim(p_value, '+') as digits,
          ltrim(p_value, '+0') as national
      ) as given
      where organization_id = p_org
        and status <> 'released'
        and (
          e164 = p_value
          or p_value not like '+%'
          and (
            '00' || substr(e164, 2) = digits
            or '011' || substr(e164, 2) = digits
            or length(national) >= 7
            and right(e164, length(national)) = national
          )
        )
    )
    when 'url' then rolecall_internal.is_allowed_domain(p_org, p_value)
    when 'email' then rolecall_internal.is_allowed_domain(p_org, substr(p_value, length(p_value) - strpos(reverse(p_value), '@') + 2))
    else false
  end
$$;

-- What the filter found in a text and the organisation does not allow: {"violations": [kinds], "redacted": text}, or null.
-- The filter (shared/src/rules/poaching) knows no organisation, so the organisation's own numbers and allowed domains are
-- dropped here.
create or replace function rolecall_internal.held_back(p_org uuid, p_filter jsonb)
returns jsonb
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
  select jsonb_build_object(
    'violations', jsonb_agg(kind order by place),
    'redacted', p_filter -> 'redacted'
  )
  from (
    select
      kind,
      min(place) as place
    from jsonb_array_elements(p_filter -> 'violations') with ordinality as given (violation, place)
    cross join lateral (
      select
        violation ->> 'kind',
        violation ->> 'value'
    ) as read (kind, value)
    where not rolecall_internal.is_allowed_contact(p_org, kind, value)
    group by kind
  ) as left_over
  having count(*) > 0
$$;
$sql$;

  -- schema/threads/route_text.sql
  execute $sql$
-- Where a client's text goes: to the sitter whose window is open, or to the owner.

-- Stores a text of a client, filtered and routed, with the row of its decision. The client's row is locked. p_number is the
-- number that they texted, or null for one who writes with an account, to their own thread. p_filter is what the filter
-- found in p_content. The answer is {message_id, thread_id, seq, number_class, delivery, decision, reply}, in which
-- decision is the reason and reply the automatic one or null; null itself if there is no number for a thread.
create or replace function rolecall_internal.route_text(
  p_client rolecall.clients,
  p_number uuid,
  p_content text,
  p_media_urls text[],
  p_filter jsonb,
  p_sid text default null,
  p_author uuid default null,
  p_at timestamptz default now()
)
returns jsonb
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_org uuid := p_client.organization_id;
  v_number rolecall.message_numbers;
  v_thread rolecall.message_threads;
  v_message rolecall.thread_messages;
  v_held jsonb := case
    when jsonb_array_length(p_filter -> 'violations') > 0 then rolecall_internal.held_back(v_org, p_filter)
  end;
  v_windows uuid[] := '{}';
  v_sitters uuid[] := '{}';
  v_reason text;
  v_reply text;
begin
  select *
  into v_thread
  from rolecall.message_threads
  where organization_id = v_org
    and client_id = p_client.id
    and status = 'open';
  select *
  into v_number
  from rolecall.message_numbers
  where organization_id = v_org
    and id = coalesce(p_number, v_thread.number_id);
  if v_thread.id is null and (p_number is null or v_number.class = 'front_desk') then
    v_thread := rolecall_internal.ensure_thread(v_org, p_client.id);
    if p_number is null then
      if v_thread.id is null then
        return null;
      end if;
      select *
      into v_number
      from rolecall.message_numbers
      where organization_id = v_org
        and id = v_thread.number_id;
    end if;
  end if;

  if v_number.class <> 'front_desk' and v_thread.number_id is distinct from v_number.id then
    v_reason := 'number_mismatch';
  else
    select coalesce(array_agg(id order by starts_at, id), '{}'), coalesce(array_agg(distinct sitter_id), '{}')
    into v_windows, v_sitters
    from rolecall.assignment_windows
    where organization_id = v_org
      and thread_id = v_thread.id
      and closed_at is null
      and starts_at <= p_at
      and ends_at > p_at;
    v_reason := case cardinality(v_sitters)
      when 0 then 'no_window'
      when 1 then 'one_sitter'
      else 'several_sitters'
    end;
  end if;
  if v_held is not null then
    v_reason := 'blocked';
  end if;

  v_message.organization_id := v_org;
  -- A text that makes no thread stands in the owner inbox itself.
  v_message.thread_id := coalesce(v_thread.id, rolecall_internal.owner_inbox(v_org, v_number.id));
  v_message.direction := 'inbound';
  v_message.client_id := p_client.id;
  v_message.author_id := p_author;
  v_message.sitter_id := case when v_reason = 'one_sitter' then v_sitters[1] end;
  v_message.content := p_content;
  v_message.media_urls := p_media_urls;
  v_message.delivery := case when v_reason = 'blocked' then 'blocked' else 'received' end;
  v_message.carrier_sid := p_sid;
  v_message := rolecall_internal.append_message(
    v_message,
    p_in_inbox => v_reason in ('no_window', 'several_sitters', 'number_mismatch')
  );

  insert into rolecall.routing_decisions (
    organization_id, thread_id, seq, target, reason, sitter_id, window_ids, number_class, sender, recipient
  )
  values (
    v_org,
    v_message.thread_id,
    v_message.seq,
    case v_reason
      when 'one_sitter' then 'sitter'
      when 'blocked' then 'nobody'
      else 'owner_inbox'
    end,
    v_reason,
    v_message.sitter_id,
    v_windows,
    v_number.class,
    rolecall_internal.masked(p_client.phone),
    rolecall_internal.masked(v_number.e164)
  );

  if v_reason = 'blocked' then
    v_reply := rolecall_internal.reply_automatically(
      v_message,
      'blocked',
      'Sorry, your message was not delivered. To keep you safe, contact details, links and payments stay out of these texts. Please send it again without them.'
    );
    perform rolecall_internal.record_attempt(
      v_message,
      array(select jsonb_array_elements_text(v_held -> 'violations')),
      v_held ->> 'redacted'
    );
  elsif v_reason = 'number_mismatch' then
    v_reply := rolecall_internal.reply_automatically(
      v_message,
      'number_mismatch',
      'Thanks for your message. Nobody answers at this number at the moment; we passed it on to our office, which gets back to you.'
    );
  end if;
  return jsonb_build_object(
    'message_id', v_message.id,
    'thread_id', v_message.thread_id,
    'seq', v_message.seq,
    'number_class', v_number.class,
    'delivery', v_message.delivery,
    'decision', v_reason,
    'reply', v_reply
  );
end
$$;

-- The answer to a text of the carrier that was stored before; null if there is none. Its automatic reply follows it.
create or replace function rolecall_internal.answer_repeated_text(p_org uuid, p_sid text)
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_answer jsonb;
begin
  select jsonb_build_object(
    'thread_id', message.thread_id,
    'number_class', decision.number_class,
    'decision', 'repeated',
    'reply', reply.content
  )
  into v_answer
  from rolecall.thread_messages as message
  left join rolecall.routing_decisions as decision
    on decision.organization_id = message.organization_id
    and decision.thread_id = message.thread_id
    and decision.seq = message.seq
  left join rolecall.thread_messages as reply
    on reply.organization_id = message.organization_id
    and reply.thread_id = message.thread_id
    and reply.seq = message.seq + 1
    and reply.kind = 'automatic_reply'
    and reply.carrier_sid = p_sid
  where message.organization_id = p_org
    and message.carrier_sid = p_sid
    and message.direction = 'inbound';
  return v_answer;
end
$$;
$sql$;

  -- schema/sms/receive_sms.sql
  execute $sql$
-- A text of a client, as the carrier hands it over. The function has checked who signed it.

-- The client of a phone number, with their row locked; without name if nobody texted from it before.
create or replace function rolecall_internal.texting_client(p_org uuid, p_phone text)
returns rolecall.clients
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_client rolecall.clients;
begin
  select *
  into v_client
  from rolecall.clients
  where organization_id = p_org
    and phone = p_phone
  for no key update;
  if not found then
    insert into rolecall.clients as client (organization_id, phone)
    values (p_org, p_phone)
    -- Of several at once one inserts; the others wait for it and lock its row.
    on conflict (organization_id, phone) do update
    set display_name = client.display_name
    returning *
    into v_client;
  end if;
  return v_client;
end
$$;

-- What becomes of a text to p_number, in this order: words that opt out, the flag, a text that was stored before, the
-- client, filter and route.
create or replace function rolecall_internal.take_text(p_number rolecall.message_numbers, p_call rolecall.call)
returns jsonb
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_org uuid := p_number.organization_id;
  v_sid text := p_call.input ->> 'message_sid';
  v_from text := p_call.input ->> 'from';
  v_word text := p_call.input ->> 'word';
  v_client rolecall.clients;
  v_answer jsonb;
begin
  if v_word in ('stop', 'start', 'help') then
    v_answer := rolecall_internal.answer_repeated_text(v_org, v_sid);
    if v_answer is null then
      v_client := rolecall_internal.texting_client(v_org, v_from);
      v_answer := rolecall_internal.answer_word(v_client, v_sid, v_word, coalesce(p_call.input -> 'silent' = 'true', false));
    end if;
    if v_answer is not null then
      return v_answer;
    end if;
  end if;

  if not rolecall_internal.organization_has_flag(v_org, 'messaging_v1', p_call.rollouts) then
    return '{"decision": "feature_disabled"}';
  end if;

  v_answer := rolecall_internal.answer_repeated_text(v_org, v_sid);
  if v_answer is not null then
    return v_answer;
  end if;
  v_client := rolecall_internal.texting_client(v_org, v_from);
  -- A statement of its own, which sees what was committed while this one waited for the client.
  v_answer := rolecall_internal.answer_repeated_text(v_org, v_sid);
  if v_answer is not null then
    return v_answer;
  end if;
  return rolecall_internal.route_text(
    v_client,
    p_number.id,
    p_call.input ->> 'content',
    array(
      select jsonb_array_elements_text(p_call.input -> 'media_urls')
      where jsonb_typeof(p_call.input -> 'media_urls') = 'array'
    ),
    p_call.input -> 'filter',
    v_sid
  );
end
$$;

-- {message_sid, from, to, content, media_urls, word, silent, filter} -> {reply, thread_id, number_class, decision, ...}. A
-- number of the organisation itself is nobody's who texts it.
create or replace function rolecall_edge.receive_sms(p_request jsonb)
returns jsonb
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_call rolecall.call := rolecall_internal.begin_call('receive-sms.text', p_request, 'operator', p_keyed => false);
  v_number rolecall.message_numbers;
begin
  if v_call.answer is null then
    select *
    into v_number
    from rolecall.message_numbers
    where e164 = v_call.input ->> 'to'
      and status <> 'released';
    if not found then
      v_call.answer := rolecall_internal.refusal(
        'not_found',
        'No organisation has the number that was texted.',
        'unknown_number',
        'The number is added to an organisation.'
      );
    elsif coalesce(v_call.input ->> 'message_sid', '') = '' or rolecall_internal.is_e164(v_call.input ->> 'from') is not true then
      v_call.answer := rolecall_internal.refusal('invalid_input', 'A text has an id and the number of its sender.');
    elsif exists (
      select
      from rolecall.message_numbers
      where organization_id = v_number.organization_id
        and e164 = v_call.input ->> 'from'
        and status <> 'released'
    ) then
      -- Its automatic reply would be answered by the next one.
      v_call.answer := rolecall_internal.refuse_field(
        'From', 'own_number', 'This is a number of the organisation itself, not a client''s.'
      );
    else
      v_call.answer := rolecall_internal.success(
        jsonb_build_object('number_class', v_number.class) || rolecall_internal.take_text(v_number, v_call)
      ) || jsonb_build_object('org_id', v_number.organization_id);
    end if;
  end if;
  return rolecall_internal.end_call(v_call);
end
$$;
$sql$;

  -- schema/sms/receive_sms_status.sql
  execute $sql$
-- What the carrier says of a message that it was handed. The function has checked who signed it.

-- Where a status of the carrier takes a row of the outbox; null for one that Rolecall does not know. The carrier has a
-- message that it calls queued.
create or replace function rolecall_internal.sms_status_of(p_status text)
returns text
language sql
immutable
return case
  when p_status in ('accepted', 'scheduled', 'queued', 'sending', 'sent') then 'sent'
  when p_status in ('delivered', 'read') then 'delivered'
  when p_status = 'undelivered' then 'undelivered'
  when p_status in ('failed', 'canceled') then 'failed'
end;

-- How far a row of the outbox has come; a status only ever takes it further.
create or replace function rolecall_internal.sms_status_rank(p_status text)
returns int
language sql
immutable
return case
  when p_status in ('delivered', 'undelivered', 'failed') then 2
  when p_status = 'sent' then 1
  else 0
end;

-- Applies a status of the carrier to the row p_id of the outbox. {decision, thread_id, org_id}: decision is settled,
-- unchanged, or unknown for a row or a status that there is not, or a row that is about another message of the carrier.
create or replace function rolecall_internal.settle_sms_status(p_id uuid, p_sid text, p_status text, p_error int)
returns jsonb
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_status text := rolecall_internal.sms_status_of(p_status);
  v_row rolecall.sms_outbox;
  v_decision text := 'settled';
begin
  update rolecall.sms_outbox
  set
    status = v_status,
    -- A text that arrived has no error.
    error_code = case when v_status <> 'delivered' then p_error end,
    carrier_sid = coalesce(carrier_sid, p_sid),
    leased_until = null,
    updated_at = now()
  where id = p_id
    and coalesce(carrier_sid, p_sid) = p_sid
    and rolecall_internal.sms_status_rank(status) < rolecall_internal.sms_status_rank(v_status)
  returning *
  into v_row;
  if not found then
    select *
    into v_row
    from rolecall.sms_outbox
    where id = p_id
      and coalesce(carrier_sid, p_sid) = p_sid;
    v_decision := case when found and v_status is not null then 'unchanged' else 'unknown' end;
  -- 21610: the client has opted out with the carrier.
  elsif p_error = 21610 then
    perform rolecall_internal.opt_out(organization_id, client_id, 'carrier')
    from rolecall.message_threads
    where organization_id = v_row.organization_id
      and id = v_row.thread_id;
  end if;
  return jsonb_strip_nulls(
    jsonb_build_object('decision', v_decision, 'thread_id', v_row.thread_id, 'org_id', v_row.organization_id)
  );
end
$$;

-- {id, message_sid, status, error_code} -> {decision, thread_id}. What is unknown is counted as an operation of its own:
-- the carrier would only repeat what is refused.
create or replace function rolecall_edge.receive_sms_status(p_request jsonb)
returns jsonb
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_call rolecall.call := rolecall_internal.begin_call('receive-sms.status', p_request, 'operator', p_keyed => false);
  v_settled jsonb;
begin
  if v_call.answer is null then
    v_settled := rolecall_internal.settle_sms_status(
      rolecall_internal.uuid_or_null(v_call.input ->> 'id'),
      v_call.input ->> 'message_sid',
      v_call.input ->> 'status',
      substring(v_call.input ->> 'error_code' from '^[0-9]{1,9}$')::int
    );
    if v_settled ->> 'decision' = 'unknown' then
      v_call.operation := 'receive-sms.unknown-status';
    end if;
    v_call.answer := rolecall_internal.success(v_settled - 'org_id') || (v_settled - 'decision' - 'thread_id');
  end if;
  return rolecall_internal.end_call(v_call);
end
$$;
$sql$;

  -- schema/sms/settle_text.sql
  execute $sql$
-- An owner or admin says of a text whether the carrier had it, where nobody knows. The carrier's own word, the status
-- callback, comes first: what it has said stands.

-- {message_id, outcome: sent | not_sent} -> {message_id, thread_id, delivery}. not_sent puts an uncertain text on its way
-- again, and a dead one, which the carrier surely has not. Said twice, or at once, it is done once.
create or replace function rolecall_internal.settle_text(p_user uuid, p_input jsonb, p_rollouts jsonb)
returns jsonb
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_id uuid := rolecall_internal.uuid_or_null(p_input ->> 'message_id');
  v_outcome text := p_input ->> 'outcome';
  v_actor rolecall.thread_actor := rolecall_internal.force_actor(p_user, v_id, p_rollouts);
  v_judgement rolecall.judgement;
  v_seq bigint;
  v_status text;
begin
  -- What was sent was sent, whatever the client wants by now.
  if v_outcome is not distinct from 'sent' then
    v_actor.facts := array_remove(v_actor.facts, 'opted_out');
  end if;
  v_judgement := rolecall_internal.judge_thread('force_send', v_actor);
  if v_judgement.allowed is distinct from true then
    return v_judgement.refusal;
  end if;
  if v_outcome in ('sent', 'not_sent') is not true then
    return rolecall_internal.refuse_field('outcome', 'unknown_value', 'Expected one of sent, not_sent.');
  end if;

  select seq
  into v_seq
  from rolecall.thread_messages
  where organization_id = v_actor.organization_id
    and id = v_id;
  if v_outcome = 'sent' then
    update rolecall.sms_outbox
    set
      status = 'sent',
      error_code = null,
      updated_at = now()
    where organization_id = v_actor.organization_id
      and thread_id = v_actor.thread_id
      and seq = v_seq
      and status = 'uncertain';
  else
    update rolecall.sms_outbox
    set
      status = 'queued',
      attempts = 0,
      first_attempt_at = null,
      next_attempt_at = now(),
      -- What an earlier delivery still says is no longer about this attempt.
      lease = null,
      error_code = null,
      created_at = now(),
      updated_at = now()
    where organization_id = v_actor.organization_id
      and thread_id = v_actor.thread_id
      and seq = v_seq
      and status in ('uncertain', 'dead');
  end if;

  select outbox.status
  into v_status
  from rolecall.sms_outbox as outbox
  where outbox.organization_id = v_actor.organization_id
    and outbox.thread_id = v_actor.thread_id
    and outbox.seq = v_seq;
  if v_status is null then
    return rolecall_internal.refusal('not_found', 'You see no such text on its way to a client.');
  elsif v_outcome = 'not_sent' and v_status not in ('queued', 'leased') then
    return rolecall_internal.refuse_sent();
  elsif v_outcome = 'sent' and v_status in ('queued', 'leased', 'dead') then
    return rolecall_internal.refusal('invalid_input', 'The carrier does not have this text: it is still to be sent, or was refused.');
  end if;
  return rolecall_internal.success(
    jsonb_build_object(
      'message_id', v_id,
      'thread_id', v_actor.thread_id,
      'delivery', case when v_status = 'leased' then 'queued' else v_status end
    )
  ) || jsonb_build_object('org_id', v_actor.organization_id);
end
$$;

create or replace function rolecall_edge.settle_text(p_request jsonb)
returns jsonb
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_call rolecall.call := rolecall_internal.begin_call('deliver-sms.settle', p_request, p_rate => 'force_send');
begin
  if v_call.answer is null then
    v_call.answer := rolecall_internal.settle_text(v_call.caller, v_call.input, v_call.rollouts);
    if (v_call.answer -> 'ok')::boolean then
      perform rolecall_internal.log_event(
        v_call,
        'text_settled',
        (v_call.answer -> 'data') || jsonb_build_object('outcome', v_call.input ->> 'outcome')
      );
    end if;
  end if;
  return rolecall_internal.end_call(v_call);
end
$$;
$sql$;

  -- schema/threads/shape.sql
  execute $sql$
-- What of a thread somebody reads. The statements that ask have these written into them.

-- Whether somebody with p_role in the organisation sees a message of a thread that they read: owner and admin every one; a
-- sitter what was routed to them or what they wrote, and what the office wrote to the client; a client their own texts and what
-- reached them.
create or replace function rolecall_internal.sees_message(
  p_role text,
  p_user uuid,
  p_direction text,
  p_kind text,
  p_sitter uuid,
  p_author uuid,
  p_inbox_seq bigint,
  p_delivery text
)
returns boolean
language sql
immutable
return case
  when rolecall_internal.reads_every_thread(p_role) then true
  when rolecall_internal.reads_assigned_threads(p_role) then
    p_inbox_seq is null
    and p_kind = 'text'
    and (
      coalesce(p_sitter = p_user, false)
      or (
        p_direction = 'outbound'
        and p_sitter is null
        and p_author is not null
        and p_delivery <> 'blocked'
      )
    )
  when rolecall_internal.reads_own_thread(p_role) then
    p_kind <> 'notice'
    and p_direction <> 'internal'
    and (p_direction = 'inbound' or p_delivery <> 'blocked')
  else false
end;

-- Whether a message that they see is one that they would see as new: somebody else's.
create or replace function rolecall_internal.is_news(p_user uuid, p_kind text, p_author uuid)
returns boolean
language sql
immutable
return p_kind <> 'automatic_reply' and p_author is distinct from p_user;

-- How many messages of a thread are new to somebody who reads it with p_role and has read it up to p_read; counted up to
-- p_most. In their order, so that the index is read no further than that.
create or replace function rolecall_internal.thread_news(
  p_org uuid,
  p_thread uuid,
  p_is_inbox boolean,
  p_read bigint,
  p_role text,
  p_user uuid,
  p_most int
)
returns table (messages bigint)
language sql
stable
begin atomic
  select count(*)
  from (
    (
      select
      from rolecall.thread_messages as message
      where p_is_inbox is not true
        and message.organization_id = p_org
        and message.thread_id = p_thread
        and message.seq > p_read
        and rolecall_internal.is_news(p_user, message.kind, message.author_id)
        and rolecall_internal.sees_message(
          p_role,
          p_user,
          message.direction,
          message.kind,
          message.sitter_id,
          message.author_id,
          message.inbox_seq,
          message.delivery
        )
      order by message.seq
      limit p_most
    )
    union all
    (
      select
      from rolecall.thread_messages as message
      where p_is_inbox
        and message.organization_id = p_org
        and message.inbox_seq > p_read
        and rolecall_internal.is_news(p_user, message.kind, message.author_id)
      order by message.inbox_seq
      limit p_most
    )
  ) as news;
end;

-- A message as somebody reads it with p_role. What the filter held back has its content redacted for owner and admin, and
-- hidden from others; a client does not learn who wrote for the organisation.
create or replace function rolecall_internal.thread_message_json(
  p_message rolecall.thread_messages,
  p_is_inbox boolean,
  p_role text,
  p_user uuid
)
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_is_blocked boolean := p_message.delivery = 'blocked';
  v_is_staff boolean := rolecall_internal.reads_every_thread(p_role);
  v_is_client boolean := rolecall_internal.reads_own_thread(p_role);
begin
  return jsonb_build_object(
    'id', p_message.id,
    'thread_id', p_message.thread_id,
    'seq', case when p_is_inbox then p_message.inbox_seq else p_message.seq end,
    'direction', p_message.direction,
    'kind', p_message.kind,
    'content', case
      when not v_is_blocked then p_message.content
      when v_is_staff then (
        select attempt.redacted_content
        from rolecall.anti_poaching_attempts as attempt
        where attempt.organization_id = p_message.organization_id
          and attempt.message_id = p_message.id
      )
      else 'Message blocked'
    end,
    'media_urls', case when v_is_blocked then '[]' else to_jsonb(p_message.media_urls) end,
    'client_id', p_message.client_id,
    'author_id', case when not v_is_client or p_message.author_id = p_user then p_message.author_id end,
    'sitter_id', case when not v_is_client then p_message.sitter_id end,
    'delivery', p_message.delivery,
    'error_code', case when v_is_staff then p_message.error_code end,
    'created_at', rolecall_internal.iso(p_message.created_at)
  );
end
$$;

-- Threads as a list shows them to somebody who reads them with p_role, in the order of p_threads. Of windows a sitter sees
-- their own, and a client none; the open one is the first that began. Unread messages are counted up to 1000.
create or replace function rolecall_internal.thread_cards(p_org uuid, p_threads uuid[], p_role text, p_user uuid)
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
-- Planning takes as long as answering.
set plan_cache_mode = force_generic_plan
-- A bitmap of the owner inbox would be one of all that waits there.
set enable_bitmapscan = off
as $$
declare
  v_sitter uuid := case when rolecall_internal.reads_assigned_threads(p_role) then p_user end;
  v_is_client boolean := rolecall_internal.reads_own_thread(p_role);
  v_zone text := (select time_zone from rolecall.organizations where id = p_org);
begin
  return (
    select coalesce(
      jsonb_agg(
        jsonb_build_object(
          'id', thread.id,
          'scope', thread.scope,
          'status', thread.status,
          'client', case
            when client.id is not null then jsonb_build_object('id', client.id, 'display_name', client.display_name)
          end,
          'number_class', thread.number_class,
          'last_message_at', rolecall_internal.iso(thread.last_message_at),
          'active_window', active.shown,
          'next_window', next.shown,
          'unread_count', unread.messages
        )
        order by asked.number
      ),
      '[]'
    )
    from unnest(p_threads) with ordinality as asked (id, number)
    join rolecall.message_threads as thread
      on thread.id = asked.id
      and thread.organization_id = p_org
    left join rolecall.clients as client
      on client.organization_id = thread.organization_id
      and client.id = thread.client_id
    left join lateral (
      select
        rolecall_internal.window_times(assigned.starts_at, assigned.ends_at, v_zone)
        || jsonb_build_object('sitter_id', assigned.sitter_id) as shown
      from rolecall.assignment_windows as assigned
      where not v_is_client
        and assigned.organization_id = thread.organization_id
        and assigned.thread_id = thread.id
        and assigned.ends_at > now()
        and assigned.starts_at <= now()
        and assigned.closed_at is null
        and (v_sitter is null or assigned.sitter_id = v_sitter)
      order by assigned.starts_at, assigned.id
      limit 1
    ) as active
      on true
    left join lateral (
      select
        rolecall_internal.window_times(assigned.starts_at, assigned.ends_at, v_zone)
        || jsonb_build_object('sitter_id', assigned.sitter_id) as shown
      from rolecall.assignment_windows as assigned
      where not v_is_client
        and assigned.organization_id = thread.organization_id
        and assigned.thread_id = thread.id
        and assigned.ends_at > now()
        and assigned.starts_at > now()
        and assigned.closed_at is null
        and (v_sitter is null or assigned.sitter_id = v_sitter)
      order by assigned.starts_at, assigned.id
      limit 1
    ) as next
      on true
    left join rolecall.thread_reads as own
      on own.organization_id = thread.organization_id
      and own.thread_id = thread.id
      and own.user_id = p_user
    cross join lateral rolecall_internal.thread_news(
      thread.organization_id,
      thread.id,
      thread.scope = 'owner_inbox',
      coalesce(own.last_read_seq, 0),
      p_role,
      p_user,
      1000
    ) as unread
  );
end
$$;
$sql$;

  -- schema/threads/history.sql
  execute $sql$
-- The messages of a thread.

-- A page of the messages that p_user sees in a thread with p_role, of those between two numbers; the numbers of the owner
-- inbox are those of its own. An index has them in either order.
create or replace function rolecall_internal.thread_page(
  p_org uuid,
  p_thread uuid,
  p_is_inbox boolean,
  p_role text,
  p_user uuid,
  p_after bigint,
  p_before bigint,
  p_newest_first boolean,
  p_limit int
)
returns setof rolecall.thread_messages
language plpgsql
stable
rows 50
set search_path = pg_catalog, pg_temp
as $$
declare
  v_after bigint := coalesce(p_after, 0);
  v_before bigint := coalesce(p_before, 9223372036854775807);
begin
  if p_is_inbox and p_newest_first then
    return query
    select *
    from rolecall.thread_messages as message
    where message.organization_id = p_org
      and message.inbox_seq > v_after
      and message.inbox_seq < v_before
    order by message.inbox_seq desc
    limit p_limit;
  elsif p_is_inbox then
    return query
    select *
    from rolecall.thread_messages as message
    where message.organization_id = p_org
      and message.inbox_seq > v_after
      and message.inbox_seq < v_before
    order by message.inbox_seq
    limit p_limit;
  elsif p_newest_first then
    return query
    select *
    from rolecall.thread_messages as message
    where message.organization_id = p_org
      and message.thread_id = p_thread
      and message.seq > v_after
      and message.seq < v_before
      and rolecall_internal.sees_message(
        p_role,
        p_user,
        message.direction,
        message.kind,
        message.sitter_id,
        message.author_id,
        message.inbox_seq,
        message.delivery
      )
    order by message.seq desc
    limit p_limit;
  else
    return query
    select *
    from rolecall.thread_messages as message
    where message.organization_id = p_org
      and message.thread_id = p_thread
      and message.seq > v_after
      and message.seq < v_before
      and rolecall_internal.sees_message(
        p_role,
        p_user,
        message.direction,
        message.kind,
        message.sitter_id,
        message.author_id,
        message.inbox_seq,
        message.delivery
      )
    order by message.seq
    limit p_limit;
  end if;
end
$$;

-- {thread_id, limit, before_seq?, since_seq?}: the newest messages, those before a number, or, to catch up, those since one;
-- oldest first in each case, with the thread's card.
create or replace function rolecall_internal.read_thread(p_user uuid, p_input jsonb, p_rollouts jsonb)
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_limit int := rolecall_internal.page_size(p_input, rolecall_internal.limit_messages_page());
  v_before bigint := rolecall_internal.whole_number(p_input -> 'before_seq');
  v_since bigint := rolecall_internal.whole_number(p_input -> 'since_seq');
  v_actor rolecall.thread_actor := rolecall_internal.thread_actor(
    p_user, rolecall_internal.uuid_or_null(p_input ->> 'thread_id'), p_rollouts
  );
  v_judgement rolecall.judgement := rolecall_internal.judge_thread('read_thread', v_actor);
  v_thread rolecall.message_threads;
  v_is_inbox boolean;
  v_messages jsonb;
  v_first bigint;
  v_last bigint;
begin
  if v_judgement.allowed is distinct from true then
    return v_judgement.refusal;
  end if;
  select *
  into v_thread
  from rolecall.message_threads
  where id = v_actor.thread_id;
  v_is_inbox := v_thread.scope = 'owner_inbox';
  select
    coalesce(
      jsonb_agg(
        rolecall_internal.thread_message_json(message, v_is_inbox, v_actor.organization_role, p_user)
        order by case when v_is_inbox then message.inbox_seq else message.seq end
      ),
      '[]'
    ),
    min(case when v_is_inbox then message.inbox_seq else message.seq end),
    max(case when v_is_inbox then message.inbox_seq else message.seq end)
  into v_messages, v_first, v_last
  from rolecall_internal.thread_page(
    v_actor.organization_id,
    v_thread.id,
    v_is_inbox,
    v_actor.organization_role,
    p_user,
    v_since,
    v_before,
    v_since is null,
    v_limit
  ) as message;
  -- A page without messages is where they would be.
  v_first := coalesce(v_first, v_since + 1, v_before);
  v_last := coalesce(v_last, v_before - 1, v_since);
  return rolecall_internal.success(
    jsonb_build_object(
      'thread', rolecall_internal.thread_cards(
        v_actor.organization_id, array[v_thread.id], v_actor.organization_role, p_user
      ) -> 0,
      'messages', v_messages,
      'has_more_before', v_first is not null and exists (
        select
        from rolecall_internal.thread_page(
          v_actor.organization_id, v_thread.id, v_is_inbox, v_actor.organization_role, p_user, null, v_first, true, 1
        )
      ),
      'has_more_after', v_last is not null and exists (
        select
        from rolecall_internal.thread_page(
          v_actor.organization_id, v_thread.id, v_is_inbox, v_actor.organization_role, p_user, v_last, null, false, 1
        )
      )
    )
  ) || jsonb_build_object('org_id', v_actor.organization_id);
end
$$;

create or replace function rolecall_edge.thread_messages(p_request jsonb)
returns jsonb
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_call rolecall.call := rolecall_internal.begin_call('threads.messages', p_request, p_rate => 'read', p_keyed => false);
begin
  if v_call.answer is null then
    v_call.answer := rolecall_internal.read_thread(v_call.caller, v_call.input, v_call.rollouts);
  end if;
  return rolecall_internal.end_call(v_call);
end
$$;
$sql$;

  -- schema/threads/list.sql
  execute $sql$
-- The threads that somebody reads, those with the newest messages first.

-- Somebody of an organisation who reads threads, or their refusal. The flag is the one of their role.
create or replace function rolecall_internal.thread_reader(p_user uuid, p_rollouts jsonb)
returns rolecall.actor
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_role text := (select organization_role from rolecall.profiles where id = p_user);
  v_actor rolecall.actor := rolecall_internal.actor(p_user, rolecall_internal.organization_flag(v_role), p_rollouts);
  v_decision rolecall.decision;
begin
  if v_actor.refusal is null and not rolecall_internal.is_organization_role(v_actor.organization_role) then
    -- The matrix has the words.
    v_decision := rolecall_internal.decide_organization('read_thread', null, '{}');
    v_actor.refusal := rolecall_internal.refusal_of(v_decision);
  end if;
  return v_actor;
end
$$;

-- The threads of somebody who does not read all of their organisation: those in which they have a window that is open or to
-- come, or those whose client they are.
create or replace function rolecall_internal.own_threads(p_reader rolecall.actor, p_user uuid)
returns uuid[]
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  return array(
    select thread.id
    from rolecall.assignment_windows as assigned
    join rolecall.message_threads as thread
      on thread.organization_id = assigned.organization_id
      and thread.id = assigned.thread_id
      and thread.scope = 'client'
    where rolecall_internal.reads_assigned_threads(p_reader.organization_role)
      and assigned.organization_id = p_reader.organization_id
      and assigned.sitter_id = p_user
      and assigned.closed_at is null
      and assigned.ends_at > now()
    union
    select thread.id
    from rolecall.clients as client
    join rolecall.message_threads as thread
      on thread.organization_id = client.organization_id
      and thread.client_id = client.id
      and thread.scope = 'client'
    where rolecall_internal.reads_own_thread(p_reader.organization_role)
      and client.organization_id = p_reader.organization_id
      and client.user_id = p_user
  );
end
$$;

-- A page of the list: {limit, scope?, status?, sitter_id?, client_id?, unread?, cursor?}. sitter_id asks for threads in which
-- this sitter has a window that is open or to come.
create or replace function rolecall_internal.list_threads(p_user uuid, p_input jsonb, p_rollouts jsonb)
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
-- Planning takes as long as answering.
set plan_cache_mode = force_generic_plan
-- A bitmap of the owner inbox would be one of all that waits there.
set enable_bitmapscan = off
as $$
declare
  v_actor rolecall.actor := rolecall_internal.thread_reader(p_user, p_rollouts);
  v_role text := v_actor.organization_role;
  v_org uuid := v_actor.organization_id;
  v_limit int := rolecall_internal.page_size(p_input, rolecall_internal.limit_page());
  v_scope text := p_input ->> 'scope';
  v_status text := p_input ->> 'status';
  v_sitter uuid := rolecall_internal.uuid_or_null(p_input ->> 'sitter_id');
  v_client uuid := rolecall_internal.uuid_or_null(p_input ->> 'client_id');
  v_unread boolean := p_input -> 'unread' is not distinct from 'true';
  v_at timestamptz;
  v_id uuid;
  v_every boolean := rolecall_internal.reads_every_thread(v_role);
  -- Where the page may come from; null for every thread of the organisation.
  v_candidates uuid[];
  v_threads uuid[];
  v_times timestamptz[];
begin
  if v_actor.refusal is not null then
    return v_actor.refusal;
  end if;
  select at, id
  into v_at, v_id
  from rolecall_internal.cursor_parts(p_input ->> 'cursor');
  if p_input ->> 'cursor' is not null and v_id is null then
    return rolecall_internal.refuse_cursor();
  end if;

  v_at := coalesce(v_at, 'infinity');
  v_id := coalesce(v_id, 'ffffffff-ffff-ffff-ffff-ffffffffffff');
  -- As own_threads has them; the scope is asked below, where the threads are read anyway.
  if rolecall_internal.reads_assigned_threads(v_role) or (v_every and v_sitter is not null) then
    v_candidates := array(
      select distinct thread_id
      from rolecall.assignment_windows
      where organization_id = v_org
        and sitter_id = case when v_every then v_sitter else p_user end
        and closed_at is null
        and ends_at > now()
    );
  elsif not v_every then
    v_candidates := rolecall_internal.own_threads(v_actor, p_user);
  elsif v_client is not null then
    v_candidates := array(
      select id
      from rolecall.message_threads
      where organization_id = v_org
        and client_id = v_client
    );
  end if;

  if v_candidates is null then
    select
      array_agg(page.id order by page.last_message_at desc, page.id desc),
      array_agg(page.last_message_at order by page.last_message_at desc, page.id desc)
    into v_threads, v_times
    from (
      select listed.id, listed.last_message_at
      from (
        -- The index has the hours in their order; within an hour the threads are sorted.
        select thread.id, thread.scope, thread.active_in, thread.last_message_at
        from rolecall.message_threads as thread
        where thread.organization_id = v_org
          and thread.active_in <= rolecall_internal.hour_of(v_at)
          and (thread.last_message_at, thread.id) < (v_at, v_id)
          and (v_scope is null or thread.scope = v_scope)
          and (v_status is null or thread.status = v_status)
        order by thread.active_in desc, thread.last_message_at desc, thread.id desc
        -- Of threads that are looked into, nobody knows how many it takes; they come one by one.
        limit case when not v_unread then v_limit + 1 end
      ) as listed
      left join rolecall.thread_reads as own
        on own.organization_id = v_org
        and own.thread_id = listed.id
        and own.user_id = p_user
      cross join lateral rolecall_internal.thread_news(
        v_org,
        listed.id,
        listed.scope = 'owner_inbox',
        coalesce(own.last_read_seq, 0),
        v_role,
        p_user,
        case when v_unread then 1 else 0 end
      ) as news
      where not v_unread
        or news.messages > 0
      order by listed.active_in desc, listed.last_message_at desc, listed.id desc
      limit v_limit + 1
    ) as page;
  else
    select
      array_agg(page.id order by page.last_message_at desc, page.id desc),
      array_agg(page.last_message_at order by page.last_message_at desc, page.id desc)
    into v_threads, v_times
    from (
      select listed.id, listed.last_message_at
      from (
        select thread.id, thread.scope, thread.last_message_at
        from unnest(v_candidates) as candidate (id)
        join rolecall.message_threads as thread
          on thread.id = candidate.id
          and thread.organization_id = v_org
        where (thread.last_message_at, thread.id) < (v_at, v_id)
          and (v_every or thread.scope = 'client')
          and (v_scope is null or thread.scope = v_scope)
          and (v_status is null or thread.status = v_status)
          and (v_client is null or thread.client_id = v_client)
          and (
            v_sitter is null
            -- The candidates are theirs.
            or v_every
            or exists (
              select
              from rolecall.assignment_windows as assigned
              where assigned.organization_id = v_org
                and assigned.thread_id = thread.id
                and assigned.sitter_id = v_sitter
                and assigned.closed_at is null
                and assigned.ends_at > now()
            )
          )
        order by thread.last_message_at desc, thread.id desc
        limit case when not v_unread then v_limit + 1 end
      ) as listed
      left join rolecall.thread_reads as own
        on own.organization_id = v_org
        and own.thread_id = listed.id
        and own.user_id = p_user
      cross join lateral rolecall_internal.thread_news(
        v_org,
        listed.id,
        listed.scope = 'owner_inbox',
        coalesce(own.last_read_seq, 0),
        v_role,
        p_user,
        case when v_unread then 1 else 0 end
      ) as news
      where not v_unread
        or news.messages > 0
      order by listed.last_message_at desc, listed.id desc
      limit v_limit + 1
    ) as page;
  end if;
  return rolecall_internal.success(
    jsonb_build_object(
      'threads', rolecall_internal.thread_cards(v_org, v_threads[:v_limit], v_role, p_user),
      'next_cursor',
      case
        when cardinality(v_threads) > v_limit then
          rolecall_internal.cursor_of(v_times[v_limit], v_threads[v_limit])
      end
    )
  ) || jsonb_build_object('org_id', v_org);
end
$$;

create or replace function rolecall_edge.list_threads(p_request jsonb)
returns jsonb
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_call rolecall.call := rolecall_internal.begin_call('threads.list', p_request, p_rate => 'read', p_keyed => false);
begin
  if v_call.answer is null then
    v_call.answer := rolecall_internal.list_threads(v_call.caller, v_call.input, v_call.rollouts);
  end if;
  return rolecall_internal.end_call(v_call);
end
$$;
$sql$;

  -- schema/threads/mark_read.sql
  execute $sql$
-- Marks a thread as read by p_user: {thread_id, up_to_seq?}, to its newest message if no number is given. What was read stays
-- read, and nobody has read messages that do not exist yet.
create or replace function rolecall_internal.mark_thread_read(p_user uuid, p_input jsonb, p_rollouts jsonb)
returns jsonb
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
-- A bitmap of the owner inbox would be one of all that waits there.
set enable_bitmapscan = off
as $$
declare
  v_up_to bigint := rolecall_internal.whole_number(p_input -> 'up_to_seq');
  v_actor rolecall.thread_actor := rolecall_internal.thread_actor(
    p_user, rolecall_internal.uuid_or_null(p_input ->> 'thread_id'), p_rollouts
  );
  v_judgement rolecall.judgement := rolecall_internal.judge_thread('read_thread', v_actor);
  v_last bigint;
  v_unread bigint;
begin
  if v_judgement.allowed is distinct from true then
    return v_judgement.refusal;
  end if;
  insert into rolecall.thread_reads as own (organization_id, thread_id, user_id, last_read_seq)
  select thread.organization_id, thread.id, p_user, least(coalesce(v_up_to, thread.last_seq), thread.last_seq)
  from rolecall.message_threads as thread
  where thread.id = v_actor.thread_id
  on conflict (organization_id, thread_id, user_id) do update
  set last_read_seq = greatest(own.last_read_seq, excluded.last_read_seq)
  returning last_read_seq
  into v_last;
  select messages
  into v_unread
  from rolecall_internal.thread_news(
    v_actor.organization_id,
    v_actor.thread_id,
    'owner_inbox' = any (v_actor.facts),
    v_last,
    v_actor.organization_role,
    p_user,
    1000
  );
  return rolecall_internal.success(
    jsonb_build_object('thread_id', v_actor.thread_id, 'last_read_seq', v_last, 'unread_count', v_unread)
  ) || jsonb_build_object('org_id', v_actor.organization_id);
end
$$;

-- Forgets how far somebody who leaves an organisation had read its threads.
create or replace function rolecall_internal.forget_thread_reads()
returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  delete from rolecall.thread_reads
  where organization_id = old.organization_id
    and user_id = old.id;
  return new;
end
$$;

create or replace function rolecall_edge.mark_thread_read(p_request jsonb)
returns jsonb
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_call rolecall.call := rolecall_internal.begin_call('threads.read', p_request, p_rate => 'mark_read');
begin
  if v_call.answer is null then
    v_call.answer := rolecall_internal.mark_thread_read(v_call.caller, v_call.input, v_call.rollouts);
  end if;
  return rolecall_internal.end_call(v_call);
end
$$;
$sql$;

  -- schema/threads/own.sql
  execute $sql$
-- The caller's threads, for policies: by the rules that the functions read by. They read as their owner, and tell callers
-- nothing but their own; a caller who is nobody has none.

-- The organisation all of whose threads the caller reads; null for who reads some or none.
create or replace function rolecall_internal.caller_organization_of_threads()
returns uuid
language plpgsql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_reader rolecall.actor := rolecall_internal.thread_reader(auth.uid(), '{}');
begin
  return case
    when v_reader.refusal is null and rolecall_internal.reads_every_thread(v_reader.organization_role)
    then v_reader.organization_id
  end;
end
$$;

-- The threads that a caller reads who does not read all.
create or replace function rolecall_internal.caller_threads()
returns uuid[]
language plpgsql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_caller uuid := auth.uid();
  v_reader rolecall.actor := rolecall_internal.thread_reader(v_caller, '{}');
begin
  if v_reader.refusal is not null then
    return '{}';
  end if;
  return rolecall_internal.own_threads(v_reader, v_caller);
end
$$;

-- The role in their organisation of a caller who reads threads; null for who reads none.
create or replace function rolecall_internal.caller_role_of_threads()
returns text
language plpgsql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_reader rolecall.actor := rolecall_internal.thread_reader(auth.uid(), '{}');
begin
  return case when v_reader.refusal is null then v_reader.organization_role end;
end
$$;
$sql$;

  -- schema/threads/send_message.sql
  execute $sql$
-- Sends a message into a thread: {thread_id, content, media_urls?, filter, encoding, segments}. The function says what the
-- filter found in the content, and how the carrier counts it. Owner, admin and sitter write to the client's phone: the
-- message is queued for the carrier in this transaction. A client with an account writes as if by text: it is routed.
create or replace function rolecall_internal.send_thread_message(p_user uuid, p_input jsonb, p_rollouts jsonb)
returns jsonb
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_content text := p_input ->> 'content';
  v_media text[] := '{}';
  v_thread uuid := rolecall_internal.uuid_or_null(p_input ->> 'thread_id');
  v_actor rolecall.thread_actor;
  v_judgement rolecall.judgement;
  v_client rolecall.clients;
  v_held jsonb;
  v_message rolecall.thread_messages;
  v_routed jsonb;
  v_outbox uuid;
begin
  -- The function has looked for control characters; a look at each character here would cost every message.
  if coalesce(char_length(v_content) not between 1 and rolecall_internal.limit_thread_message_chars(), true)
    or not rolecall_internal.has_visible(v_content)
  then
    return rolecall_internal.refuse_text('content', v_content, 1, rolecall_internal.limit_thread_message_chars());
  end if;
  -- Without the filter's word nothing is sent.
  if jsonb_typeof(p_input #> '{filter,violations}') is distinct from 'array' then
    return rolecall_internal.refusal('invalid_input', 'The message did not pass the filter.');
  end if;
  if coalesce(p_input -> 'media_urls', 'null') <> 'null' then
    if jsonb_typeof(p_input -> 'media_urls') <> 'array'
      or jsonb_array_length(p_input -> 'media_urls') > rolecall_internal.limit_media_urls()
    then
      return rolecall_internal.refusal(
        'invalid_input', format('The media_urls are a list of up to %s links.', rolecall_internal.limit_media_urls())
      );
    end if;
    v_media := array(select jsonb_array_elements_text(p_input -> 'media_urls'));
  end if;

  v_actor := rolecall_internal.thread_actor(p_user, v_thread, p_rollouts);
  v_judgement := rolecall_internal.judge_thread('send_to_thread', v_actor);
  if v_judgement.allowed is distinct from true then
    return rolecall_internal.refuse_message(v_judgement, p_user, v_actor);
  end if;

  if rolecall_internal.reads_own_thread(v_actor.organization_role) then
    -- The client before the thread, as everywhere.
    select *
    into v_client
    from rolecall.clients
    where organization_id = v_actor.organization_id
      and id = v_actor.client_id
    for no key update;
    v_routed := rolecall_internal.route_text(
      v_client, null, v_content, v_media, p_input -> 'filter', p_author => p_user
    );
    if v_routed ->> 'decision' = 'blocked' then
      return rolecall_internal.refuse_poaching(v_routed ->> 'reply', v_actor.organization_id);
    end if;
    return jsonb_build_object(
      'ok', true,
      'data', jsonb_build_object(
        'message_id', v_routed -> 'message_id',
        'thread_id', v_thread,
        'seq', v_routed -> 'seq',
        'delivery', v_routed -> 'delivery',
        'number_class', v_routed -> 'number_class',
        'encoding', p_input -> 'encoding',
        'segments', p_input -> 'segments'
      ),
      'org_id', v_actor.organization_id
    );
  end if;

  if jsonb_array_length(p_input #> '{filter,violations}') > 0 then
    v_held := rolecall_internal.held_back(v_actor.organization_id, p_input -> 'filter');
  end if;
  v_message.organization_id := v_actor.organization_id;
  v_message.thread_id := v_thread;
  v_message.direction := 'outbound';
  v_message.client_id := v_actor.client_id;
  v_message.author_id := p_user;
  v_message.sitter_id := case when rolecall_internal.reads_assigned_threads(v_actor.organization_role) then p_user end;
  v_message.content := v_content;
  v_message.media_urls := v_media;
  v_message.delivery := case when v_held is null then 'queued' else 'blocked' end;
  v_message.encoding := case when p_input ->> 'encoding' in ('gsm_7', 'ucs_2') then p_input ->> 'encoding' end;
  -- Not whole_number, whose call costs more than the look.
  if jsonb_typeof(p_input -> 'segments') = 'number' then
    v_message.segments := least(greatest((p_input ->> 'segments')::numeric, 0), 100);
  end if;
  v_message := rolecall_internal.append_message(v_message);

  -- Its own statement, once the thread is held: what has come to stand in the way meanwhile is seen. The function sends the
  -- request once more, and it is judged as if it had only just come.
  if rolecall_internal.thread_actor_changed(p_user, v_actor, p_rollouts) then
    raise exception 'The sender was stopped while the message waited.'
      using errcode = 'serialization_failure';
  end if;

  if v_held is not null then
    perform rolecall_internal.record_attempt(
      v_message,
      array(select jsonb_array_elements_text(v_held -> 'violations')),
      v_held ->> 'redacted'
    );
    return rolecall_internal.refuse_poaching(null, v_actor.organization_id);
  end if;
  v_outbox := rolecall_internal.enqueue_sms(v_message);
  return jsonb_build_object(
    'ok', true,
    'data', jsonb_build_object(
      'message_id', v_message.id,
      'thread_id', v_thread,
      'seq', v_message.seq,
      'delivery', v_message.delivery,
      'number_class', v_actor.number_class,
      'encoding', v_message.encoding,
      'segments', v_message.segments
    ),
    'org_id', v_actor.organization_id
  );
end
$$;

-- The refusal of a message that the filter held back. It is friendly, and says nothing of what was found.
create or replace function rolecall_internal.refuse_poaching(p_sentence text, p_org uuid)
returns jsonb
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
begin
  return rolecall_internal.refusal(
    'anti_poaching_blocked',
    coalesce(
      p_sentence,
      'This message was not sent. To keep everybody safe, contact details, links and payments stay out of messages; please write it without them.'
    ),
    'anti_poaching_blocked',
    'The message has no contact details and does not ask to meet, book or pay elsewhere, or the office sends it.'
  ) || jsonb_build_object('org_id', p_org);
end
$$;

create or replace function rolecall_edge.send_thread_message(p_request jsonb)
returns jsonb
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_call rolecall.call := rolecall_internal.begin_call(
    'send-thread-message',
    p_request,
    p_rate => 'send_thread_message'
  );
begin
  if v_call.answer is null then
    v_call.answer := rolecall_internal.send_thread_message(v_call.caller, v_call.input, v_call.rollouts);
  end if;
  return rolecall_internal.end_call(v_call);
end
$$;
$sql$;

  -- schema/bookings/triggers.sql
  execute $sql$
create or replace trigger profiles_unassign_leaving
before update of organization_id, organization_role on rolecall.profiles
for each row
when (
  old.organization_id is distinct from new.organization_id
  or (old.organization_role = 'sitter' and new.organization_role is distinct from 'sitter')
)
execute function rolecall_internal.unassign_sitter();

create or replace trigger profiles_unassign_deleted
before delete on rolecall.profiles
for each row
when (old.organization_id is not null)
execute function rolecall_internal.unassign_sitter();

create or replace trigger profiles_unlink_client
before update of organization_id on rolecall.profiles
for each row
when (old.organization_id is distinct from new.organization_id)
execute function rolecall_internal.unlink_client();
$sql$;

  -- schema/sms/triggers.sql
  execute $sql$
create or replace trigger sms_outbox_is_followed
after update on rolecall.sms_outbox
referencing new table as new_rows
for each statement
execute function rolecall_internal.follow_sms_outbox();
$sql$;

  -- schema/threads/triggers.sql
  execute $sql$
create or replace trigger profiles_forget_thread_reads
before update of organization_id on rolecall.profiles
for each row
when (old.organization_id is distinct from new.organization_id)
execute function rolecall_internal.forget_thread_reads();
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

-- Texts on their way to the carrier, of all organisations. Nothing here names a client or shows a number.
create or replace view rolecall_monitoring.sms_outbox as
select
  waiting.texts as backlog,
  waiting.oldest_age_seconds,
  trouble.dead,
  trouble.dead_last_hour,
  trouble.uncertain
from (
  select
    count(*) as texts,
    extract(epoch from now() - min(created_at))::bigint as oldest_age_seconds
  from rolecall.sms_outbox
  where status in ('queued', 'leased')
) as waiting
cross join (
  select
    count(*) filter (where status = 'dead') as dead,
    -- Without those of clients who have opted out or are erased.
    count(*) filter (
      where status = 'dead'
        and attempts > 0
        and error_code is distinct from 21610
        and updated_at > now() - interval '1 hour'
    ) as dead_last_hour,
    count(*) filter (where status = 'uncertain') as uncertain
  from rolecall.sms_outbox
  where status in ('dead', 'uncertain')
) as trouble;

comment on view rolecall_monitoring.sms_outbox is
  'Texts that wait for the carrier, those that are given up, and those of which nobody knows whether the carrier has them; settled ones are kept for 30 days.';

create or replace view rolecall_monitoring.sms_errors as
select
  error_code,
  count(*) filter (where updated_at > now() - interval '24 hours') as last_24_hours,
  count(*) as last_7_days,
  count(*) filter (where status = 'dead') as dead
from rolecall.sms_outbox
where error_code is not null
  and updated_at > now() - interval '7 days'
group by error_code
order by count(*) desc, error_code;

comment on view rolecall_monitoring.sms_errors is
  'What the carrier said last of texts, by its code; three digits are the HTTP status of an answer without a code.';

create or replace view rolecall_monitoring.texting as
select
  organization.id as organization_id,
  rolecall_internal.texting_of(organization.id) as figures
from rolecall.organizations as organization
where exists (
  select
  from rolecall.message_numbers as number
  where number.organization_id = organization.id
);

comment on view rolecall_monitoring.texting is
  'How each organisation that has numbers texts, as its owner sees it under texting in the diagnostics.';

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
  select
    trouble.name,
    case trouble.name
      when 'sms_dead' then outbox.dead_last_hour
      when 'sms_uncertain' then outbox.uncertain
      else outbox.oldest_age_seconds
    end,
    0
  from rolecall_monitoring.sms_outbox as outbox
  cross join unnest(array['sms_dead', 'sms_uncertain', 'sms_backlog']) as trouble (name)
  union all
  -- Counted by the hour.
  select 'number_pool_exhausted' as name, coalesce(sum(times), 0), 0
  from rolecall.pool_exhaustions
  where hour > now() - interval '2 hours'
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

  -- schema/bookings/defaults.sql
  execute $sql$
insert into rolecall.service_buffers (service, minutes)
values
  ('drop-in', 60),
  ('walk', 60),
  ('taxi', 60),
  ('house-sitting', 120),
  ('24/7 care', 120),
  (null, 60);

insert into rolecall.rate_limits (role, action, capacity, window_seconds)
select role, 'assign_booking', 300, 60
from unnest(enum_range(null::rolecall.app_role)) as role;
$sql$;

  -- schema/sms/defaults.sql
  execute $sql$
insert into rolecall.alert_rules (name, severity, threshold, attempts, summary)
values
  ('sms_dead', 'critical', 0, 0, 'Texts of the last hour were given up: the carrier refused them, or was not there for an hour.'),
  ('sms_uncertain', 'warning', 0, 0, 'Nobody knows of some texts whether the carrier has them; an owner has to say.'),
  ('sms_backlog', 'critical', 60, 0, 'A text waits for too long to reach the carrier.'),
  (
    'number_pool_exhausted', 'warning', 0, 0,
    'An organisation had no number left in its pool in the last hours; threads got the front desk''s.'
  )
on conflict (name) do nothing;
$sql$;

  -- schema/threads/defaults.sql
  execute $sql$
insert into rolecall.rate_limits (role, action, capacity, window_seconds)
select role, action, capacity, window_seconds
from unnest(enum_range(null::rolecall.app_role)) as role
cross join (
  values
    ('send_thread_message', 60, 60),
    ('force_send', 60, 60)
) as limited (action, capacity, window_seconds);
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

with source (action, role, position, fact, denies_when, code, rule, message, allowed_if) as (
  values
    ('read_thread', 'owner', 1::smallint, 'feature_enabled', false, 'feature_disabled', 'feature_disabled', 'This function is switched off, or not rolled out to you yet.', 'The function is switched on for you.'),
    ('read_thread', 'owner', 2::smallint, 'own_organization', false, 'not_found', 'no_such_thread', 'You have no thread with this id.', 'The thread is one that you can see.'),
    ('read_thread', 'admin', 1::smallint, 'feature_enabled', false, 'feature_disabled', 'feature_disabled', 'This function is switched off, or not rolled out to you yet.', 'The function is switched on for you.'),
    ('read_thread', 'admin', 2::smallint, 'own_organization', false, 'not_found', 'no_such_thread', 'You have no thread with this id.', 'The thread is one that you can see.'),
    ('read_thread', 'sitter', 1::smallint, 'feature_enabled', false, 'feature_disabled', 'feature_disabled', 'This function is switched off, or not rolled out to you yet.', 'The function is switched on for you.'),
    ('read_thread', 'sitter', 2::smallint, 'own_organization', false, 'not_found', 'no_such_thread', 'You have no thread with this id.', 'The thread is one that you can see.'),
    ('read_thread', 'sitter', 3::smallint, 'owner_inbox', true, 'not_found', 'no_such_thread', 'You have no thread with this id.', 'The thread is one that you can see.'),
    ('read_thread', 'sitter', 4::smallint, 'assigned', false, 'not_found', 'no_such_thread', 'You have no thread with this id.', 'The thread is one that you can see.'),
    ('read_thread', 'client', 1::smallint, 'feature_enabled', false, 'feature_disabled', 'feature_disabled', 'This function is switched off, or not rolled out to you yet.', 'The function is switched on for you.'),
    ('read_thread', 'client', 2::smallint, 'own_organization', false, 'not_found', 'no_such_thread', 'You have no thread with this id.', 'The thread is one that you can see.'),
    ('read_thread', 'client', 3::smallint, 'owner_inbox', true, 'not_found', 'no_such_thread', 'You have no thread with this id.', 'The thread is one that you can see.'),
    ('read_thread', 'client', 4::smallint, 'own_thread', false, 'not_found', 'no_such_thread', 'You have no thread with this id.', 'The thread is one that you can see.'),
    ('send_to_thread', 'owner', 1::smallint, 'feature_enabled', false, 'feature_disabled', 'feature_disabled', 'This function is switched off, or not rolled out to you yet.', 'The function is switched on for you.'),
    ('send_to_thread', 'owner', 2::smallint, 'own_organization', false, 'not_found', 'no_such_thread', 'You have no thread with this id.', 'The thread is one that you can see.'),
    ('send_to_thread', 'owner', 3::smallint, 'suspended', true, 'permission_denied', 'suspended', 'Your account is suspended and cannot write.', 'The suspension has ended.'),
    ('send_to_thread', 'owner', 4::smallint, 'owner_inbox', true, 'conversation_read_only', 'owner_inbox_takes_no_messages', 'The owner inbox collects messages and takes none; the answer goes into the client''s thread.', 'You write into the client''s thread.'),
    ('send_to_thread', 'owner', 5::smallint, 'read_only', true, 'conversation_read_only', 'thread_read_only', 'This thread is closed, or its client was erased, and can only be read.', 'It is the client''s open thread.'),
    ('send_to_thread', 'owner', 6::smallint, 'opted_out', true, 'client_opted_out', 'client_opted_out', 'This client has asked not to be texted.', 'The client texts START.'),
    ('send_to_thread', 'admin', 1::smallint, 'feature_enabled', false, 'feature_disabled', 'feature_disabled', 'This function is switched off, or not rolled out to you yet.', 'The function is switched on for you.'),
    ('send_to_thread', 'admin', 2::smallint, 'own_organization', false, 'not_found', 'no_such_thread', 'You have no thread with this id.', 'The thread is one that you can see.'),
    ('send_to_thread', 'admin', 3::smallint, 'suspended', true, 'permission_denied', 'suspended', 'Your account is suspended and cannot write.', 'The suspension has ended.'),
    ('send_to_thread', 'admin', 4::smallint, 'owner_inbox', true, 'conversation_read_only', 'owner_inbox_takes_no_messages', 'The owner inbox collects messages and takes none; the answer goes into the client''s thread.', 'You write into the client''s thread.'),
    ('send_to_thread', 'admin', 5::smallint, 'read_only', true, 'conversation_read_only', 'thread_read_only', 'This thread is closed, or its client was erased, and can only be read.', 'It is the client''s open thread.'),
    ('send_to_thread', 'admin', 6::smallint, 'opted_out', true, 'client_opted_out', 'client_opted_out', 'This client has asked not to be texted.', 'The client texts START.'),
    ('send_to_thread', 'sitter', 1::smallint, 'feature_enabled', false, 'feature_disabled', 'feature_disabled', 'This function is switched off, or not rolled out to you yet.', 'The function is switched on for you.'),
    ('send_to_thread', 'sitter', 2::smallint, 'own_organization', false, 'not_found', 'no_such_thread', 'You have no thread with this id.', 'The thread is one that you can see.'),
    ('send_to_thread', 'sitter', 3::smallint, 'owner_inbox', true, 'not_found', 'no_such_thread', 'You have no thread with this id.', 'The thread is one that you can see.'),
    ('send_to_thread', 'sitter', 4::smallint, 'once_assigned', false, 'not_found', 'no_such_thread', 'You have no thread with this id.', 'The thread is one that you can see.'),
    ('send_to_thread', 'sitter', 5::smallint, 'suspended', true, 'permission_denied', 'suspended', 'Your account is suspended and cannot write.', 'The suspension has ended.'),
    ('send_to_thread', 'sitter', 6::smallint, 'read_only', true, 'conversation_read_only', 'thread_read_only', 'This thread is closed, or its client was erased, and can only be read.', 'It is the client''s open thread.'),
    ('send_to_thread', 'sitter', 7::smallint, 'inside_window', false, 'outside_assignment_window', 'outside_assignment_window', 'You can message this client while you are on duty for them, and shortly before and after.', 'One of your windows with this client is open; until then the office can help.'),
    ('send_to_thread', 'sitter', 8::smallint, 'opted_out', true, 'client_opted_out', 'client_opted_out', 'This client has asked not to be texted.', 'The client texts START.'),
    ('send_to_thread', 'client', 1::smallint, 'feature_enabled', false, 'feature_disabled', 'feature_disabled', 'This function is switched off, or not rolled out to you yet.', 'The function is switched on for you.'),
    ('send_to_thread', 'client', 2::smallint, 'own_organization', false, 'not_found', 'no_such_thread', 'You have no thread with this id.', 'The thread is one that you can see.'),
    ('send_to_thread', 'client', 3::smallint, 'owner_inbox', true, 'not_found', 'no_such_thread', 'You have no thread with this id.', 'The thread is one that you can see.'),
    ('send_to_thread', 'client', 4::smallint, 'own_thread', false, 'not_found', 'no_such_thread', 'You have no thread with this id.', 'The thread is one that you can see.'),
    ('send_to_thread', 'client', 5::smallint, 'suspended', true, 'permission_denied', 'suspended', 'Your account is suspended and cannot write.', 'The suspension has ended.'),
    ('send_to_thread', 'client', 6::smallint, 'read_only', true, 'conversation_read_only', 'thread_read_only', 'This thread is closed, or its client was erased, and can only be read.', 'It is the client''s open thread.'),
    ('assign_booking', 'owner', 1::smallint, 'feature_enabled', false, 'feature_disabled', 'feature_disabled', 'This function is switched off, or not rolled out to you yet.', 'The function is switched on for you.'),
    ('assign_booking', 'owner', 2::smallint, 'own_organization', false, 'not_found', 'no_such_organization', 'You belong to no organisation with this id.', 'The organisation is yours.'),
    ('assign_booking', 'owner', 3::smallint, 'suspended', true, 'permission_denied', 'suspended', 'Your account is suspended and cannot write.', 'The suspension has ended.'),
    ('assign_booking', 'admin', 1::smallint, 'feature_enabled', false, 'feature_disabled', 'feature_disabled', 'This function is switched off, or not rolled out to you yet.', 'The function is switched on for you.'),
    ('assign_booking', 'admin', 2::smallint, 'own_organization', false, 'not_found', 'no_such_organization', 'You belong to no organisation with this id.', 'The organisation is yours.'),
    ('assign_booking', 'admin', 3::smallint, 'suspended', true, 'permission_denied', 'suspended', 'Your account is suspended and cannot write.', 'The suspension has ended.'),
    ('assign_booking', 'sitter', 1::smallint, 'feature_enabled', false, 'feature_disabled', 'feature_disabled', 'This function is switched off, or not rolled out to you yet.', 'The function is switched on for you.'),
    ('assign_booking', 'sitter', 2::smallint, 'own_organization', false, 'not_found', 'no_such_organization', 'You belong to no organisation with this id.', 'The organisation is yours.'),
    ('assign_booking', 'sitter', 3::smallint, 'suspended', true, 'permission_denied', 'suspended', 'Your account is suspended and cannot write.', 'The suspension has ended.'),
    ('assign_booking', 'client', 1::smallint, 'feature_enabled', false, 'feature_disabled', 'feature_disabled', 'This function is switched off, or not rolled out to you yet.', 'The function is switched on for you.'),
    ('assign_booking', 'client', 2::smallint, 'own_organization', false, 'not_found', 'no_such_organization', 'You belong to no organisation with this id.', 'The organisation is yours.'),
    ('assign_booking', 'client', 3::smallint, 'suspended', true, 'permission_denied', 'suspended', 'Your account is suspended and cannot write.', 'The suspension has ended.'),
    ('force_send', 'owner', 1::smallint, 'feature_enabled', false, 'feature_disabled', 'feature_disabled', 'This function is switched off, or not rolled out to you yet.', 'The function is switched on for you.'),
    ('force_send', 'owner', 2::smallint, 'own_organization', false, 'not_found', 'no_such_message', 'Your organisation has no message with this id.', 'The message is one of your organisation.'),
    ('force_send', 'owner', 3::smallint, 'suspended', true, 'permission_denied', 'suspended', 'Your account is suspended and cannot write.', 'The suspension has ended.'),
    ('force_send', 'owner', 4::smallint, 'read_only', true, 'conversation_read_only', 'thread_read_only', 'This thread is closed, or its client was erased, and can only be read.', 'It is the client''s open thread.'),
    ('force_send', 'owner', 5::smallint, 'opted_out', true, 'client_opted_out', 'client_opted_out', 'This client has asked not to be texted.', 'The client texts START.'),
    ('force_send', 'admin', 1::smallint, 'feature_enabled', false, 'feature_disabled', 'feature_disabled', 'This function is switched off, or not rolled out to you yet.', 'The function is switched on for you.'),
    ('force_send', 'admin', 2::smallint, 'own_organization', false, 'not_found', 'no_such_message', 'Your organisation has no message with this id.', 'The message is one of your organisation.'),
    ('force_send', 'admin', 3::smallint, 'suspended', true, 'permission_denied', 'suspended', 'Your account is suspended and cannot write.', 'The suspension has ended.'),
    ('force_send', 'admin', 4::smallint, 'read_only', true, 'conversation_read_only', 'thread_read_only', 'This thread is closed, or its client was erased, and can only be read.', 'It is the client''s open thread.'),
    ('force_send', 'admin', 5::smallint, 'opted_out', true, 'client_opted_out', 'client_opted_out', 'This client has asked not to be texted.', 'The client texts START.'),
    ('force_send', 'sitter', 1::smallint, 'feature_enabled', false, 'feature_disabled', 'feature_disabled', 'This function is switched off, or not rolled out to you yet.', 'The function is switched on for you.'),
    ('force_send', 'sitter', 2::smallint, 'own_organization', false, 'not_found', 'no_such_message', 'Your organisation has no message with this id.', 'The message is one of your organisation.'),
    ('force_send', 'sitter', 3::smallint, 'suspended', true, 'permission_denied', 'suspended', 'Your account is suspended and cannot write.', 'The suspension has ended.'),
    ('force_send', 'client', 1::smallint, 'feature_enabled', false, 'feature_disabled', 'feature_disabled', 'This function is switched off, or not rolled out to you yet.', 'The function is switched on for you.'),
    ('force_send', 'client', 2::smallint, 'own_organization', false, 'not_found', 'no_such_message', 'Your organisation has no message with this id.', 'The message is one of your organisation.'),
    ('force_send', 'client', 3::smallint, 'suspended', true, 'permission_denied', 'suspended', 'Your account is suspended and cannot write.', 'The suspension has ended.')
), gone as (
  delete from rolecall.organization_permission_guards as guard
  where not exists (
    select
    from source
    where source.action = guard.action
      and source.role = guard.role
      and source.position = guard.position
  )
)
insert into rolecall.organization_permission_guards (
  action, role, position, fact, denies_when, code, rule, message, allowed_if
)
select action, role, position, fact, denies_when, code, rule, message, allowed_if
from source
on conflict (action, role, position) do update
set
  fact = excluded.fact,
  denies_when = excluded.denies_when,
  code = excluded.code,
  rule = excluded.rule,
  message = excluded.message,
  allowed_if = excluded.allowed_if;

with source (action, role, allowed, rule, message, allowed_if) as (
  values
    ('read_thread', 'owner', true, 'owner_and_admin_read_every_thread', 'The owner and the admins read every thread of their organisation.', ''),
    ('read_thread', 'admin', true, 'owner_and_admin_read_every_thread', 'The owner and the admins read every thread of their organisation.', ''),
    ('read_thread', 'sitter', true, 'sitter_reads_assigned_threads', 'A sitter reads the threads in which they have a window that is open or to come.', ''),
    ('read_thread', 'client', true, 'client_reads_own_thread', 'A client reads their own thread.', ''),
    ('send_to_thread', 'owner', true, 'owner_and_admin_write_in_every_thread', 'The owner and the admins write in every thread of their organisation.', ''),
    ('send_to_thread', 'admin', true, 'owner_and_admin_write_in_every_thread', 'The owner and the admins write in every thread of their organisation.', ''),
    ('send_to_thread', 'sitter', true, 'sitter_writes_inside_windows', 'A sitter writes in a thread while one of their windows in it is open.', ''),
    ('send_to_thread', 'client', true, 'client_writes_in_own_thread', 'A client writes in their own thread, as if by text.', ''),
    ('assign_booking', 'owner', true, 'owner_and_admin_assign', 'The owner and the admins plan bookings.', ''),
    ('assign_booking', 'admin', true, 'owner_and_admin_assign', 'The owner and the admins plan bookings.', ''),
    ('assign_booking', 'sitter', false, 'only_owner_and_admin_assign', 'Only the owner and the admins plan bookings.', 'The owner or an admin does it.'),
    ('assign_booking', 'client', false, 'only_owner_and_admin_assign', 'Only the owner and the admins plan bookings.', 'The owner or an admin does it.'),
    ('force_send', 'owner', true, 'owner_and_admin_force_send', 'The owner and the admins deliver what the filter held back.', ''),
    ('force_send', 'admin', true, 'owner_and_admin_force_send', 'The owner and the admins deliver what the filter held back.', ''),
    ('force_send', 'sitter', false, 'only_owner_and_admin_force_send', 'Only the owner and the admins deliver what the filter held back.', 'The owner or an admin does it.'),
    ('force_send', 'client', false, 'only_owner_and_admin_force_send', 'Only the owner and the admins deliver what the filter held back.', 'The owner or an admin does it.')
), gone as (
  delete from rolecall.organization_permission_rules as rule
  where not exists (
    select
    from source
    where source.action = rule.action
      and source.role = rule.role
  )
)
insert into rolecall.organization_permission_rules (action, role, allowed, rule, message, allowed_if)
select action, role, allowed, rule, message, allowed_if
from source
on conflict (action, role) do update
set
  allowed = excluded.allowed,
  rule = excluded.rule,
  message = excluded.message,
  allowed_if = excluded.allowed_if;
$sql$;

  -- schema/bookings/policies.sql
  execute $sql$
-- The operator sees everything but phone numbers, which access.sql keeps from them.

alter table rolecall.bookings enable row level security;

drop policy if exists "the operator sees bookings" on rolecall.bookings;

create policy "the operator sees bookings"
on rolecall.bookings
for select
to service_role
using (true);

alter table rolecall.service_buffers enable row level security;

drop policy if exists "the operator sets buffers" on rolecall.service_buffers;

create policy "the operator sets buffers"
on rolecall.service_buffers
for all
to service_role
using (true)
with check (true);

alter table rolecall.assignment_windows enable row level security;

drop policy if exists "the operator sees assignment_windows" on rolecall.assignment_windows;

create policy "the operator sees assignment_windows"
on rolecall.assignment_windows
for select
to service_role
using (true);
$sql$;

  -- schema/numbers/policies.sql
  execute $sql$
-- The operator sees everything but phone numbers, which access.sql keeps from them.

alter table rolecall.message_numbers enable row level security;

drop policy if exists "the operator sees message_numbers" on rolecall.message_numbers;

create policy "the operator sees message_numbers"
on rolecall.message_numbers
for select
to service_role
using (true);

alter table rolecall.pool_exhaustions enable row level security;

drop policy if exists "the operator sees pool_exhaustions" on rolecall.pool_exhaustions;

create policy "the operator sees pool_exhaustions"
on rolecall.pool_exhaustions
for select
to service_role
using (true);
$sql$;

  -- schema/sms/policies.sql
  execute $sql$
-- The operator sees everything but phone numbers, which access.sql keeps from them.

alter table rolecall.sms_outbox enable row level security;

drop policy if exists "the operator sees sms_outbox" on rolecall.sms_outbox;

create policy "the operator sees sms_outbox"
on rolecall.sms_outbox
for select
to service_role
using (true);
$sql$;

  -- schema/threads/policies.sql
  execute $sql$
-- The operator sees everything but phone numbers, which access.sql keeps from them.

alter table rolecall.clients enable row level security;

drop policy if exists "the operator sees clients" on rolecall.clients;

create policy "the operator sees clients"
on rolecall.clients
for select
to service_role
using (true);

alter table rolecall.message_threads enable row level security;

drop policy if exists "the operator sees message_threads" on rolecall.message_threads;

create policy "the operator sees message_threads"
on rolecall.message_threads
for select
to service_role
using (true);

alter table rolecall.thread_messages enable row level security;

drop policy if exists "the operator sees thread_messages" on rolecall.thread_messages;

create policy "the operator sees thread_messages"
on rolecall.thread_messages
for select
to service_role
using (true);

alter table rolecall.thread_reads enable row level security;

drop policy if exists "the operator sees thread_reads" on rolecall.thread_reads;

create policy "the operator sees thread_reads"
on rolecall.thread_reads
for select
to service_role
using (true);

alter table rolecall.routing_decisions enable row level security;

drop policy if exists "the operator sees routing_decisions" on rolecall.routing_decisions;

create policy "the operator sees routing_decisions"
on rolecall.routing_decisions
for select
to service_role
using (true);

alter table rolecall.anti_poaching_attempts enable row level security;

drop policy if exists "the operator sees anti_poaching_attempts" on rolecall.anti_poaching_attempts;

create policy "the operator sees anti_poaching_attempts"
on rolecall.anti_poaching_attempts
for select
to service_role
using (true);

alter table rolecall.opt_outs enable row level security;

drop policy if exists "the operator sees opt_outs" on rolecall.opt_outs;

create policy "the operator sees opt_outs"
on rolecall.opt_outs
for select
to service_role
using (true);

alter table rolecall.automatic_replies enable row level security;

drop policy if exists "the operator sees automatic_replies" on rolecall.automatic_replies;

create policy "the operator sees automatic_replies"
on rolecall.automatic_replies
for select
to service_role
using (true);

alter table rolecall.word_texts enable row level security;

drop policy if exists "the operator sees word_texts" on rolecall.word_texts;

create policy "the operator sees word_texts"
on rolecall.word_texts
for select
to service_role
using (true);

-- Owner, admin, sitter and client read threads and messages as over HTTP, by the same rules. Not the content: of what the
-- filter held back it depends on the reader what they may see of it, which a column cannot say; the functions show it.
drop policy if exists "people see their threads" on rolecall.message_threads;

create policy "people see their threads"
on rolecall.message_threads
for select
to authenticated
using (
  organization_id = (select rolecall_internal.caller_organization_of_threads())
  or id = any ((select rolecall_internal.caller_threads())::uuid[])
);

drop policy if exists "people see the messages of their threads" on rolecall.thread_messages;

create policy "people see the messages of their threads"
on rolecall.thread_messages
for select
to authenticated
using (
  organization_id = (select rolecall_internal.caller_organization_of_threads())
  or (
    organization_id = (select rolecall_internal.caller_organization())
    and thread_id = any ((select rolecall_internal.caller_threads())::uuid[])
    and rolecall_internal.sees_message(
      (select rolecall_internal.caller_role_of_threads()),
      (select auth.uid()),
      direction,
      kind,
      sitter_id,
      author_id,
      inbox_seq,
      delivery
    )
  )
);
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

  -- schema/bookings/access.sql
  execute $sql$
grant select on rolecall.bookings to service_role;

grant select, insert, update, delete on rolecall.service_buffers to service_role;

grant select on rolecall.assignment_windows to service_role;
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
  rolecall_monitoring.sms_errors,
  rolecall_monitoring.sms_outbox,
  rolecall_monitoring.texting,
  rolecall_monitoring.v2_adoption
  to service_role;

-- The views call these with the rights of whoever reads them.
grant execute on function
  rolecall_internal.is_failure(text),
  rolecall_internal.texting_of(uuid),
  rolecall_internal.v1_conversation_counts()
  to service_role;
$sql$;

  -- schema/numbers/access.sql
  execute $sql$
-- Not e164: only the delivery of messages reads it, with the rights of the owner.
grant select (id, organization_id, class, status, sitter_id, rests_until, last_assigned_at, created_at, released_at) on rolecall.message_numbers to service_role;

grant select on rolecall.pool_exhaustions to service_role;
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

  -- schema/sms/access.sql
  execute $sql$
grant select on rolecall.sms_outbox to service_role;
$sql$;

  -- schema/threads/access.sql
  execute $sql$
-- Not phone: only the delivery of messages reads it, with the rights of the owner.
grant select (id, organization_id, user_id, display_name, created_at, erased_at) on rolecall.clients to service_role;

grant select on rolecall.message_threads to service_role;

grant select on rolecall.thread_messages to service_role;

grant select on rolecall.thread_reads to service_role;

grant select on rolecall.routing_decisions to service_role;

grant select on rolecall.anti_poaching_attempts to service_role;

grant select on rolecall.opt_outs to service_role;

grant select on rolecall.automatic_replies to service_role;

grant select on rolecall.word_texts to service_role;

-- Neither what tells a client who sits, nor the content: see policies.sql.
grant select (id, organization_id, scope, status, client_id, number_class, last_message_at, created_at)
on rolecall.message_threads
to authenticated;

grant select (organization_id, thread_id, seq, id, direction, kind, client_id, delivery, encoding, segments, created_at)
on rolecall.thread_messages
to authenticated;

-- The policies call these with the rights of whoever reads; the schema stays closed.
grant execute on function
  rolecall_internal.caller_organization_of_threads(),
  rolecall_internal.caller_threads(),
  rolecall_internal.caller_role_of_threads(),
  rolecall_internal.sees_message(text, uuid, text, text, uuid, uuid, bigint, text),
  rolecall_internal.reads_every_thread(text),
  rolecall_internal.reads_assigned_threads(text),
  rolecall_internal.reads_own_thread(text)
  to authenticated;
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
  values (3, 'organisations', 'cd30c7d6a2489c2eb6161afa9f420bee81df80f31c9b6c0129b23b020c33ea1b');
  perform set_config('client_min_messages', v_messages, true);
  perform set_config('search_path', v_search_path, true);
end
$migration$;
