-- 0006 social. Compiled from migrations/schema by `make migration`; what to change is there.
--
-- One statement, so that it applies whole or not at all, whoever runs it. It does nothing where it was applied, and
-- raises before its first change where a name is taken by something that is not Rolecall's.
do $migration$
declare
  -- The objects that it makes.
  v_made constant text[] := array[
    'function rolecall_edge.conversation_settings(jsonb)',
    'function rolecall_edge.edit_message(jsonb)',
    'function rolecall_edge.message_history(jsonb)',
    'function rolecall_edge.message_reactions(jsonb)',
    'function rolecall_edge.react(jsonb)',
    'function rolecall_edge.unreact(jsonb)',
    'function rolecall_internal.change_reactions(uuid[], jsonb[], jsonb[], boolean)',
    'function rolecall_internal.change_reactions_many(text, jsonb, boolean)',
    'function rolecall_internal.edit_message(uuid, jsonb, jsonb)',
    'function rolecall_internal.edited_message(uuid, bigint)',
    'function rolecall_internal.erase_edits(uuid[], bigint[])',
    'function rolecall_internal.erase_old_messages(uuid)',
    'function rolecall_internal.erase_reactions(uuid, integer)',
    'function rolecall_internal.follow_reactions()',
    'function rolecall_internal.is_archived(bigint, bigint, timestamp with time zone)',
    'function rolecall_internal.is_reaction(text)',
    'function rolecall_internal.judge_edit(uuid, uuid, jsonb)',
    'function rolecall_internal.judge_reaction(uuid, uuid, jsonb)',
    'function rolecall_internal.judge_reactions(uuid[], jsonb[], uuid[], bigint[])',
    'function rolecall_internal.limit_message_versions()',
    'function rolecall_internal.limit_pinned_conversations()',
    'function rolecall_internal.limit_reaction_bytes()',
    'function rolecall_internal.limit_reaction_kinds()',
    'function rolecall_internal.list_reactions(uuid, jsonb, jsonb)',
    'function rolecall_internal.message_for(uuid, rolecall.messages, text)',
    'function rolecall_internal.message_history(uuid, jsonb, jsonb)',
    'function rolecall_internal.mute_json(timestamp with time zone)',
    'function rolecall_internal.nightly_tables()',
    'function rolecall_internal.own_reactions(uuid, uuid, bigint)',
    'function rolecall_internal.reactions_json(jsonb, text[])',
    'function rolecall_internal.reader_of_message(uuid, rolecall.messages, rolecall.conversations)',
    'function rolecall_internal.refuse_reaction(rolecall.judgement, rolecall.messages, text, boolean)',
    'function rolecall_internal.refuse_reaction_to_deleted()',
    'function rolecall_internal.serve_reaction(text, jsonb, boolean)',
    'function rolecall_internal.set_conversation(uuid, jsonb, jsonb)',
    'function rolecall_internal.set_conversations(uuid)',
    'function rolecall_internal.shown_reactions(rolecall.messages, uuid)',
    'function rolecall_internal.turn_into_placeholders(uuid, uuid[], bigint[], text)',
    'table rolecall.conversation_settings',
    'table rolecall.edit_windows',
    'table rolecall.message_edits',
    'table rolecall.message_reactions',
    'table rolecall.retention',
    'table rolecall.retention_marks'
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
    'function rolecall_edge.conversation_changes(jsonb)',
    'function rolecall_edge.conversation_settings(jsonb)',
    'function rolecall_edge.create_webhook(jsonb)',
    'function rolecall_edge.delete_message(jsonb)',
    'function rolecall_edge.delete_own_data(jsonb)',
    'function rolecall_edge.diagnostics(jsonb)',
    'function rolecall_edge.edit_message(jsonb)',
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
    'function rolecall_edge.list_webhook_deliveries(jsonb)',
    'function rolecall_edge.list_webhooks(jsonb)',
    'function rolecall_edge.mark_read(jsonb)',
    'function rolecall_edge.mark_thread_read(jsonb)',
    'function rolecall_edge.mark_unread(jsonb)',
    'function rolecall_edge.message_history(jsonb)',
    'function rolecall_edge.message_reactions(jsonb)',
    'function rolecall_edge.messages(jsonb)',
    'function rolecall_edge.metrics(jsonb)',
    'function rolecall_edge.moderation_audit(jsonb)',
    'function rolecall_edge.moderation_queue(jsonb)',
    'function rolecall_edge.presence(jsonb)',
    'function rolecall_edge.react(jsonb)',
    'function rolecall_edge.read_help_conversation(jsonb)',
    'function rolecall_edge.realtime_token(jsonb)',
    'function rolecall_edge.receive_sms(jsonb)',
    'function rolecall_edge.receive_sms_status(jsonb)',
    'function rolecall_edge.record_failures(jsonb)',
    'function rolecall_edge.record_refusal(jsonb)',
    'function rolecall_edge.redeliver_webhook(jsonb)',
    'function rolecall_edge.release_number(jsonb)',
    'function rolecall_edge.remove_webhook(jsonb)',
    'function rolecall_edge.report_message(jsonb)',
    'function rolecall_edge.reset_broadcast_quotas(jsonb)',
    'function rolecall_edge.restore_message(jsonb)',
    'function rolecall_edge.review_report(jsonb)',
    'function rolecall_edge.rollback_rollout(jsonb)',
    'function rolecall_edge.rollout_status(jsonb)',
    'function rolecall_edge.rotate_webhook(jsonb)',
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
    'function rolecall_edge.sync(jsonb)',
    'function rolecall_edge.test_webhook(jsonb)',
    'function rolecall_edge.thread_messages(jsonb)',
    'function rolecall_edge.typing(jsonb)',
    'function rolecall_edge.unblock_user(jsonb)',
    'function rolecall_edge.unreact(jsonb)',
    'function rolecall_edge.unread(jsonb)',
    'function rolecall_edge.update_webhook(jsonb)',
    'function rolecall_internal.actor(uuid, text, jsonb)',
    'function rolecall_internal.add_number(jsonb)',
    'function rolecall_internal.admit_to_realtime(uuid, jsonb)',
    'function rolecall_internal.adopted_conversation(uuid, uuid)',
    'function rolecall_internal.adopted_conversations(uuid, text, timestamp with time zone, uuid, integer)',
    'function rolecall_internal.adopted_message_at(uuid, uuid)',
    'function rolecall_internal.adopted_messages(uuid, timestamp with time zone, uuid, timestamp with time zone, uuid, boolean, integer)',
    'function rolecall_internal.advance_rollout(rolecall.call)',
    'function rolecall_internal.announce_typing(uuid, jsonb, jsonb)',
    'function rolecall_internal.answer_repeated_text(uuid, text)',
    'function rolecall_internal.answer_taken_id(boolean, boolean, jsonb)',
    'function rolecall_internal.answer_word(rolecall.clients, text, text, boolean)',
    'function rolecall_internal.append_message(rolecall.thread_messages, boolean)',
    'function rolecall_internal.apply_deletion(uuid, uuid, uuid, text)',
    'function rolecall_internal.apply_help_deletion(uuid, uuid, uuid, text)',
    'function rolecall_internal.apply_help_restoration(uuid, uuid, uuid, text)',
    'function rolecall_internal.apply_restoration(uuid, uuid, uuid, text)',
    'function rolecall_internal.apply_suspension(uuid, uuid, timestamp with time zone, uuid, uuid, text)',
    'function rolecall_internal.archive_participations()',
    'function rolecall_internal.are_met(jsonb)',
    'function rolecall_internal.as_outbox(rolecall.webhook_deliveries)',
    'function rolecall_internal.asked_pause(bigint)',
    'function rolecall_internal.assign_booking(uuid, jsonb, boolean)',
    'function rolecall_internal.assume_claims(jsonb)',
    'function rolecall_internal.audience_count(uuid, uuid, rolecall.app_role[])',
    'function rolecall_internal.audience_events(rolecall.outbox, jsonb)',
    'function rolecall_internal.audit_moderation(uuid, text, uuid, uuid, uuid, text, jsonb, jsonb)',
    'function rolecall_internal.await_help_turn()',
    'function rolecall_internal.await_help_writers()',
    'function rolecall_internal.begin_call(text, jsonb, text, text, boolean)',
    'function rolecall_internal.begin_rollout_stage()',
    'function rolecall_internal.begin_rpc(text, uuid, jsonb, text, boolean, boolean)',
    'function rolecall_internal.block_user(uuid, jsonb, jsonb)',
    'function rolecall_internal.blocks_of(uuid)',
    'function rolecall_internal.booking_json(rolecall.bookings, rolecall.message_threads, rolecall.assignment_windows)',
    'function rolecall_internal.broadcast_events(rolecall.outbox, uuid[], jsonb)',
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
    'function rolecall_internal.catch_up(uuid, jsonb, boolean)',
    'function rolecall_internal.change_reactions(uuid[], jsonb[], jsonb[], boolean)',
    'function rolecall_internal.change_reactions_many(text, jsonb, boolean)',
    'function rolecall_internal.change_rollout(rolecall.call, rolecall.feature_flags, text, text, jsonb)',
    'function rolecall_internal.changed_conversations(uuid, xid8, xid8, uuid, integer)',
    'function rolecall_internal.changed_help_conversations(uuid, xid8, xid8, uuid, integer)',
    'function rolecall_internal.changed_messages(uuid, uuid, uuid, bigint, integer)',
    'function rolecall_internal.changed_threads(rolecall.actor, uuid, xid8, xid8, uuid, integer, timestamp with time zone, timestamp with time zone)',
    'function rolecall_internal.check_organization_permission(uuid, jsonb, jsonb)',
    'function rolecall_internal.check_permission(uuid, jsonb, jsonb)',
    'function rolecall_internal.check_permission_many(uuid, jsonb, jsonb)',
    'function rolecall_internal.check_permissions(uuid, jsonb, jsonb)',
    'function rolecall_internal.choose_number(uuid, uuid, uuid)',
    'function rolecall_internal.claim_deliveries(uuid[], integer, timestamp with time zone)',
    'function rolecall_internal.claim_key(text, uuid, text, jsonb, timestamp with time zone)',
    'function rolecall_internal.claim_keys(text, uuid[], text[], jsonb[], timestamp with time zone)',
    'function rolecall_internal.client_of_booking(uuid, jsonb)',
    'function rolecall_internal.contacts(uuid, integer)',
    'function rolecall_internal.continue_account_deletion()',
    'function rolecall_internal.continue_deletion(rolecall.data_deletions)',
    'function rolecall_internal.conversation_cards(uuid, uuid[], text[], jsonb)',
    'function rolecall_internal.conversation_events(rolecall.outbox[], jsonb)',
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
    'function rolecall_internal.create_webhook(rolecall.call)',
    'function rolecall_internal.current_answers(jsonb)',
    'function rolecall_internal.cursor_of(timestamp with time zone, uuid)',
    'function rolecall_internal.cursor_parts(text)',
    'function rolecall_internal.day_slot(timestamp with time zone, integer)',
    'function rolecall_internal.decide(text, rolecall.app_role, rolecall.app_role, text[])',
    'function rolecall_internal.decide_action(text, text, text, text[])',
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
    'function rolecall_internal.delivery_cursor(rolecall.webhook_deliveries)',
    'function rolecall_internal.delivery_events(rolecall.webhook_deliveries[], jsonb)',
    'function rolecall_internal.delivery_in_cursor(uuid)',
    'function rolecall_internal.delivery_json(rolecall.webhook_deliveries)',
    'function rolecall_internal.diagnose(uuid)',
    'function rolecall_internal.direct_message_events(rolecall.outbox[], jsonb)',
    'function rolecall_internal.discount_help_conversations()',
    'function rolecall_internal.discount_help_messages()',
    'function rolecall_internal.dm_facts(uuid, uuid, uuid, text)',
    'function rolecall_internal.dm_items(jsonb)',
    'function rolecall_internal.edit_message(uuid, jsonb, jsonb)',
    'function rolecall_internal.edited_message(uuid, bigint)',
    'function rolecall_internal.emit(text, text, uuid[], bigint[], uuid[], uuid[], text)',
    'function rolecall_internal.emit_block()',
    'function rolecall_internal.emit_changed_conversation()',
    'function rolecall_internal.emit_changed_thread()',
    'function rolecall_internal.emit_changed_thread_messages()',
    'function rolecall_internal.emit_help_messages(text, uuid[], uuid[])',
    'function rolecall_internal.emit_lifted_suspension()',
    'function rolecall_internal.emit_messages(text, uuid[], bigint[])',
    'function rolecall_internal.emit_new_messages()',
    'function rolecall_internal.emit_presence(uuid[], text)',
    'function rolecall_internal.emit_read(uuid, jsonb)',
    'function rolecall_internal.emit_reads(uuid[], jsonb[])',
    'function rolecall_internal.emit_window()',
    'function rolecall_internal.empty_day_slots(text, integer, integer)',
    'function rolecall_internal.end_call(rolecall.call)',
    'function rolecall_internal.end_help_conversation(uuid, uuid, text, jsonb)',
    'function rolecall_internal.end_unheard(rolecall.webhook_deliveries, uuid)',
    'function rolecall_internal.enqueue_sms(rolecall.thread_messages)',
    'function rolecall_internal.ensure_thread(uuid, uuid)',
    'function rolecall_internal.erase_client(jsonb)',
    'function rolecall_internal.erase_client_messages(uuid, uuid)',
    'function rolecall_internal.erase_edits(uuid[], bigint[])',
    'function rolecall_internal.erase_help_messages(uuid, integer)',
    'function rolecall_internal.erase_help_messages_due()',
    'function rolecall_internal.erase_messages(uuid, uuid[], bigint[])',
    'function rolecall_internal.erase_old_messages(uuid)',
    'function rolecall_internal.erase_reactions(uuid, integer)',
    'function rolecall_internal.erase_reason()',
    'function rolecall_internal.erase_texts(uuid, integer)',
    'function rolecall_internal.erase_thread_texts(uuid, integer)',
    'function rolecall_internal.erase_what_is_due()',
    'function rolecall_internal.erased_notice(text)',
    'function rolecall_internal.erased_text()',
    'function rolecall_internal.event_id(rolecall.webhook_deliveries)',
    'function rolecall_internal.event_json(text, bigint, bigint, timestamp with time zone, jsonb)',
    'function rolecall_internal.events_in(rolecall.outbox)',
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
    'function rolecall_internal.follow_block_change()',
    'function rolecall_internal.follow_changed_messages()',
    'function rolecall_internal.follow_client_account()',
    'function rolecall_internal.follow_conversation_change()',
    'function rolecall_internal.follow_erased_contents()',
    'function rolecall_internal.follow_help_request_change()',
    'function rolecall_internal.follow_reactions()',
    'function rolecall_internal.follow_role_change()',
    'function rolecall_internal.follow_sms_outbox()',
    'function rolecall_internal.follow_thread_change()',
    'function rolecall_internal.follow_thread_scope()',
    'function rolecall_internal.follow_window_change()',
    'function rolecall_internal.follow_window_update()',
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
    'function rolecall_internal.help_events(rolecall.outbox[], jsonb)',
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
    'function rolecall_internal.hold_webhook(jsonb)',
    'function rolecall_internal.hold_webhooks(timestamp with time zone)',
    'function rolecall_internal.hour_of(timestamp with time zone)',
    'function rolecall_internal.in_audience(uuid, uuid, rolecall.app_role[], timestamp with time zone)',
    'function rolecall_internal.inbox(uuid, jsonb, jsonb)',
    'function rolecall_internal.inbox_page(uuid, text, timestamp with time zone, uuid, integer)',
    'function rolecall_internal.int8_at(bytea, integer)',
    'function rolecall_internal.is_account_deleted(uuid)',
    'function rolecall_internal.is_action(text)',
    'function rolecall_internal.is_allowed_contact(uuid, text, text)',
    'function rolecall_internal.is_allowed_domain(uuid, text)',
    'function rolecall_internal.is_archived(bigint, bigint, timestamp with time zone)',
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
    'function rolecall_internal.is_reaction(text)',
    'function rolecall_internal.is_relayed()',
    'function rolecall_internal.is_role(text)',
    'function rolecall_internal.is_spent(rolecall.webhook_deliveries)',
    'function rolecall_internal.is_stopped(uuid, uuid, text, jsonb)',
    'function rolecall_internal.is_text(text, integer, integer)',
    'function rolecall_internal.is_wanted_type(text[], text)',
    'function rolecall_internal.is_webhook_url(text)',
    'function rolecall_internal.iso(timestamp with time zone)',
    'function rolecall_internal.judge_broadcast(uuid, uuid, rolecall.app_role[], jsonb)',
    'function rolecall_internal.judge_broadcast_reader(uuid, uuid, jsonb)',
    'function rolecall_internal.judge_dm(uuid, uuid, uuid, jsonb)',
    'function rolecall_internal.judge_dm_facts(rolecall.actor, rolecall.app_role, boolean, boolean, boolean, text[])',
    'function rolecall_internal.judge_dms(rolecall.dm_item[])',
    'function rolecall_internal.judge_edit(uuid, uuid, jsonb)',
    'function rolecall_internal.judge_moderation(uuid, uuid, jsonb)',
    'function rolecall_internal.judge_reaction(uuid, uuid, jsonb)',
    'function rolecall_internal.judge_reactions(uuid[], jsonb[], uuid[], bigint[])',
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
    'function rolecall_internal.keep_for_webhooks(rolecall.outbox[])',
    'function rolecall_internal.keep_removed_help_message()',
    'function rolecall_internal.keep_who_closed()',
    'function rolecall_internal.keep_window(rolecall.bookings, uuid)',
    'function rolecall_internal.keeps_removed(rolecall.messages, text)',
    'function rolecall_internal.kept_help_message(jsonb)',
    'function rolecall_internal.known_dm(jsonb)',
    'function rolecall_internal.known_dms(rolecall.dm_item[])',
    'function rolecall_internal.leading_relay()',
    'function rolecall_internal.lease_sms(uuid)',
    'function rolecall_internal.leave_number(uuid, uuid)',
    'function rolecall_internal.legacy_id(text, text)',
    'function rolecall_internal.legacy_time(text)',
    'function rolecall_internal.lift_suspension(uuid, jsonb, jsonb)',
    'function rolecall_internal.limit_broadcast_chars()',
    'function rolecall_internal.limit_caught_up_messages()',
    'function rolecall_internal.limit_checks()',
    'function rolecall_internal.limit_client_write()',
    'function rolecall_internal.limit_default_page()',
    'function rolecall_internal.limit_direct_message_chars()',
    'function rolecall_internal.limit_force_reason_chars()',
    'function rolecall_internal.limit_help_message_max_chars()',
    'function rolecall_internal.limit_help_message_min_chars()',
    'function rolecall_internal.limit_idempotency_key_chars()',
    'function rolecall_internal.limit_known_conversations()',
    'function rolecall_internal.limit_logged_refusals()',
    'function rolecall_internal.limit_media_url_chars()',
    'function rolecall_internal.limit_media_urls()',
    'function rolecall_internal.limit_message_versions()',
    'function rolecall_internal.limit_messages_page()',
    'function rolecall_internal.limit_note_chars()',
    'function rolecall_internal.limit_page()',
    'function rolecall_internal.limit_pinned_conversations()',
    'function rolecall_internal.limit_presence()',
    'function rolecall_internal.limit_reaction_bytes()',
    'function rolecall_internal.limit_reaction_kinds()',
    'function rolecall_internal.limit_report_reason_chars()',
    'function rolecall_internal.limit_simulated_users()',
    'function rolecall_internal.limit_sync_page()',
    'function rolecall_internal.limit_thread_message_chars()',
    'function rolecall_internal.limit_webhook_description_chars()',
    'function rolecall_internal.limit_webhook_pending()',
    'function rolecall_internal.limit_webhook_url_chars()',
    'function rolecall_internal.limit_webhooks()',
    'function rolecall_internal.list_blocks(uuid, jsonb, jsonb)',
    'function rolecall_internal.list_numbers(jsonb)',
    'function rolecall_internal.list_reactions(uuid, jsonb, jsonb)',
    'function rolecall_internal.list_threads(uuid, jsonb, jsonb)',
    'function rolecall_internal.list_webhook_deliveries(rolecall.call)',
    'function rolecall_internal.list_webhooks(rolecall.call)',
    'function rolecall_internal.local_iso(timestamp with time zone, text)',
    'function rolecall_internal.local_words(timestamp with time zone, text)',
    'function rolecall_internal.lock_flag(jsonb)',
    'function rolecall_internal.lock_flags()',
    'function rolecall_internal.lock_flags_first()',
    'function rolecall_internal.lock_help_message(uuid)',
    'function rolecall_internal.log_event(rolecall.call, text, jsonb, uuid)',
    'function rolecall_internal.log_refusals(text, jsonb, uuid[], jsonb[], double precision)',
    'function rolecall_internal.log_webhook(rolecall.call, text, uuid, jsonb)',
    'function rolecall_internal.maintenance_is_on()',
    'function rolecall_internal.mark_answer(uuid, uuid, bigint, bigint)',
    'function rolecall_internal.mark_read(uuid, jsonb, jsonb)',
    'function rolecall_internal.mark_read_many(jsonb)',
    'function rolecall_internal.mark_thread_read(uuid, jsonb, jsonb)',
    'function rolecall_internal.mark_unread(uuid, jsonb, jsonb)',
    'function rolecall_internal.masked(text)',
    'function rolecall_internal.may_escalate(rolecall.reported_messages)',
    'function rolecall_internal.merge_metrics()',
    'function rolecall_internal.message_for(uuid, rolecall.messages, text)',
    'function rolecall_internal.message_history(uuid, jsonb, jsonb)',
    'function rolecall_internal.message_id(text)',
    'function rolecall_internal.message_json(rolecall.messages, text)',
    'function rolecall_internal.minute_of(timestamp with time zone)',
    'function rolecall_internal.moderated_message(rolecall.messages)',
    'function rolecall_internal.moderates_everything(rolecall.app_role)',
    'function rolecall_internal.moderation_audit(uuid, jsonb, jsonb)',
    'function rolecall_internal.moderation_queue(uuid, jsonb, jsonb)',
    'function rolecall_internal.moment_or_null(text)',
    'function rolecall_internal.move_floor(uuid, bigint, xid8)',
    'function rolecall_internal.move_fork_floor(bigint, xid8, timestamp with time zone)',
    'function rolecall_internal.move_help_thread()',
    'function rolecall_internal.move_mark(uuid, uuid, uuid, bigint, boolean)',
    'function rolecall_internal.move_threads_of(rolecall.message_numbers)',
    'function rolecall_internal.mute_json(timestamp with time zone)',
    'function rolecall_internal.new_broadcasts(uuid, uuid, uuid, bigint)',
    'function rolecall_internal.new_messages(uuid, uuid, bigint, bigint)',
    'function rolecall_internal.new_webhook_secret()',
    'function rolecall_internal.newest_from_others(uuid, uuid, uuid)',
    'function rolecall_internal.next_due_ms(timestamp with time zone)',
    'function rolecall_internal.next_rollout(text, text)',
    'function rolecall_internal.nightly_tables()',
    'function rolecall_internal.note_alerts(boolean)',
    'function rolecall_internal.note_health(uuid, boolean, boolean, bigint)',
    'function rolecall_internal.note_thread_losses(uuid[], uuid[], text)',
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
    'function rolecall_internal.own_reactions(uuid, uuid, bigint)',
    'function rolecall_internal.own_threads(rolecall.actor, uuid)',
    'function rolecall_internal.owner_inbox(uuid, uuid)',
    'function rolecall_internal.page_size(jsonb, integer)',
    'function rolecall_internal.partition_messages(integer)',
    'function rolecall_internal.peek_quota(uuid, uuid, integer, integer)',
    'function rolecall_internal.peek_token(uuid, text, double precision)',
    'function rolecall_internal.permission_result(text, rolecall.judgement, jsonb)',
    'function rolecall_internal.plainly_on(text, uuid, uuid)',
    'function rolecall_internal.presence_events(rolecall.outbox[], jsonb)',
    'function rolecall_internal.presence_of(uuid, jsonb, jsonb)',
    'function rolecall_internal.probe_pause(integer)',
    'function rolecall_internal.quota_day(timestamp with time zone)',
    'function rolecall_internal.quota_day_end(date)',
    'function rolecall_internal.quota_of_limit(jsonb)',
    'function rolecall_internal.raise_refusal(jsonb)',
    'function rolecall_internal.rate_limit_entry(text, integer, integer, double precision, boolean)',
    'function rolecall_internal.reactions_json(jsonb, text[])',
    'function rolecall_internal.read_changes(uuid, jsonb, jsonb)',
    'function rolecall_internal.read_help_conversation(uuid, uuid, jsonb)',
    'function rolecall_internal.read_marks(uuid, uuid, text)',
    'function rolecall_internal.read_messages(uuid, jsonb, jsonb)',
    'function rolecall_internal.read_thread(uuid, jsonb, jsonb)',
    'function rolecall_internal.reader_of(uuid, rolecall.conversations)',
    'function rolecall_internal.reader_of_message(uuid, rolecall.messages, rolecall.conversations)',
    'function rolecall_internal.readers_of_broadcast(uuid[], uuid, bigint)',
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
    'function rolecall_internal.redeliver_webhook(rolecall.call)',
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
    'function rolecall_internal.refuse_message_id()',
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
    'function rolecall_internal.refuse_reaction(rolecall.judgement, rolecall.messages, text, boolean)',
    'function rolecall_internal.refuse_reaction_to_deleted()',
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
    'function rolecall_internal.refuse_unknown_webhook()',
    'function rolecall_internal.refuse_webhook(jsonb)',
    'function rolecall_internal.refuse_without_number()',
    'function rolecall_internal.refuse_without_profile(uuid)',
    'function rolecall_internal.rehearse_broadcast(uuid, jsonb, jsonb)',
    'function rolecall_internal.release_number(jsonb)',
    'function rolecall_internal.remove_webhook(rolecall.call)',
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
    'function rolecall_internal.resync_all()',
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
    'function rolecall_internal.rotate_webhook(rolecall.call)',
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
    'function rolecall_internal.serve_reaction(text, jsonb, boolean)',
    'function rolecall_internal.service_buffer(uuid, text)',
    'function rolecall_internal.service_key(text)',
    'function rolecall_internal.set_conversation(uuid, jsonb, jsonb)',
    'function rolecall_internal.set_conversations(uuid)',
    'function rolecall_internal.set_participant_role()',
    'function rolecall_internal.set_rollout(rolecall.call, text, text)',
    'function rolecall_internal.settle_changed_help_messages()',
    'function rolecall_internal.settle_deliveries(jsonb)',
    'function rolecall_internal.settle_flags()',
    'function rolecall_internal.settle_key(uuid, text, jsonb, timestamp with time zone)',
    'function rolecall_internal.settle_keys(uuid[], text[], jsonb[], timestamp with time zone)',
    'function rolecall_internal.settle_number(rolecall.message_threads)',
    'function rolecall_internal.settle_reports(uuid, uuid, rolecall.messages, text, text)',
    'function rolecall_internal.settle_reports_as_organizer(uuid, uuid, rolecall.messages, text, text)',
    'function rolecall_internal.settle_sms_status(uuid, text, text, integer)',
    'function rolecall_internal.settle_text(uuid, jsonb, jsonb)',
    'function rolecall_internal.short_card(jsonb)',
    'function rolecall_internal.short_message(jsonb)',
    'function rolecall_internal.shown_reactions(rolecall.messages, uuid)',
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
    'function rolecall_internal.sync(uuid, jsonb, jsonb)',
    'function rolecall_internal.sync_cursor(bytea, bigint, bigint, bigint, integer, uuid, bigint, bigint)',
    'function rolecall_internal.sync_cursor_parts(text)',
    'function rolecall_internal.sync_origin(uuid, text[])',
    'function rolecall_internal.sync_place(integer, integer, uuid)',
    'function rolecall_internal.take(integer, bigint, jsonb)',
    'function rolecall_internal.take_automatic_reply(uuid, uuid, text)',
    'function rolecall_internal.take_deliveries(integer, jsonb)',
    'function rolecall_internal.take_help_turn(uuid)',
    'function rolecall_internal.take_nightly_step(rolecall.quota_runs)',
    'function rolecall_internal.take_pool_number(uuid)',
    'function rolecall_internal.take_quota(uuid, uuid, text, integer, integer)',
    'function rolecall_internal.take_room(uuid, bigint)',
    'function rolecall_internal.take_text(rolecall.message_numbers, rolecall.call)',
    'function rolecall_internal.take_token(uuid, text)',
    'function rolecall_internal.take_tokens(uuid[], text)',
    'function rolecall_internal.test_webhook(rolecall.call)',
    'function rolecall_internal.texting_client(uuid, text)',
    'function rolecall_internal.texting_figures(uuid, jsonb)',
    'function rolecall_internal.texting_of(uuid)',
    'function rolecall_internal.texting_since(uuid, timestamp with time zone)',
    'function rolecall_internal.texting_state(uuid, jsonb)',
    'function rolecall_internal.thread_actor(uuid, uuid, jsonb)',
    'function rolecall_internal.thread_actor_changed(uuid, rolecall.thread_actor, jsonb)',
    'function rolecall_internal.thread_cards(uuid, uuid[], text, uuid)',
    'function rolecall_internal.thread_events(rolecall.outbox[], jsonb)',
    'function rolecall_internal.thread_facts(uuid, uuid)',
    'function rolecall_internal.thread_message_json(rolecall.thread_messages, boolean, text, uuid)',
    'function rolecall_internal.thread_news(uuid, uuid, boolean, bigint, text, uuid, integer)',
    'function rolecall_internal.thread_page(uuid, uuid, boolean, text, uuid, bigint, bigint, boolean, integer)',
    'function rolecall_internal.thread_reader(uuid, jsonb)',
    'function rolecall_internal.tidy_outbox(integer)',
    'function rolecall_internal.tidy_webhooks(integer)',
    'function rolecall_internal.told(uuid[], text, jsonb)',
    'function rolecall_internal.touch_threads(uuid[])',
    'function rolecall_internal.touch_updated_at()',
    'function rolecall_internal.trimmed(text)',
    'function rolecall_internal.turn_into_placeholders(uuid, uuid[], bigint[], text)',
    'function rolecall_internal.types_of(jsonb)',
    'function rolecall_internal.unassign_sitter()',
    'function rolecall_internal.unblock_user(uuid, jsonb, jsonb)',
    'function rolecall_internal.unlink_client()',
    'function rolecall_internal.unmet_reasons(jsonb)',
    'function rolecall_internal.unread(uuid, jsonb)',
    'function rolecall_internal.unread_direct(uuid)',
    'function rolecall_internal.update_webhook(rolecall.call)',
    'function rolecall_internal.uuid_or_null(text)',
    'function rolecall_internal.uuid_v7()',
    'function rolecall_internal.uuids_of(jsonb)',
    'function rolecall_internal.v1_conversation_counts()',
    'function rolecall_internal.variable_includes(jsonb, text, uuid, boolean)',
    'function rolecall_internal.visible_broadcasts(uuid, uuid, uuid)',
    'function rolecall_internal.visible_messages(uuid, uuid, uuid, bigint, bigint, boolean, integer)',
    'function rolecall_internal.want_events()',
    'function rolecall_internal.webhook_json(rolecall.webhooks)',
    'function rolecall_internal.webhook_lanes(timestamp with time zone)',
    'function rolecall_internal.webhook_message_id(rolecall.webhook_deliveries)',
    'function rolecall_internal.webhook_payload(rolecall.webhook_deliveries, jsonb)',
    'function rolecall_internal.webhook_schedule()',
    'function rolecall_internal.webhook_types()',
    'function rolecall_internal.whole_number(jsonb)',
    'function rolecall_internal.wide_delivery_events(rolecall.webhook_deliveries, jsonb)',
    'function rolecall_internal.wide_events(rolecall.outbox, jsonb)',
    'function rolecall_internal.window_times(timestamp with time zone, timestamp with time zone, text)',
    'function rolecall_internal.with_ascii_digits(text)',
    'function rolecall_internal.with_limit(jsonb, jsonb)',
    'function rolecall_internal.within_bucket(integer, numeric)',
    'function rolecall_relay.fork(jsonb)',
    'function rolecall_relay.lead(jsonb)',
    'function rolecall_relay.presence(jsonb)',
    'function rolecall_relay.settle(jsonb)',
    'function rolecall_relay.take(jsonb)',
    'function rolecall_relay.webhooks_settle(jsonb)',
    'function rolecall_relay.webhooks_take(jsonb)',
    'schema rolecall',
    'schema rolecall_edge',
    'schema rolecall_internal',
    'schema rolecall_monitoring',
    'schema rolecall_relay',
    'sequence rolecall.alert_events_id_seq',
    'sequence rolecall.application_logs_id_seq',
    'sequence rolecall.feature_flag_changes_id_seq',
    'sequence rolecall.feature_flag_overrides_id_seq',
    'sequence rolecall.help_message_edits_id_seq',
    'sequence rolecall.outbox_id_seq',
    'sequence rolecall.rollout_decisions_id_seq',
    'sequence rolecall.service_buffers_id_seq',
    'sequence rolecall.webhook_deliveries_id_seq',
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
    'table rolecall.block_changes',
    'table rolecall.bookings',
    'table rolecall.broadcast_limits',
    'table rolecall.broadcast_quotas',
    'table rolecall.broadcast_receipts',
    'table rolecall.broadcasts',
    'table rolecall.clients',
    'table rolecall.conversation_participants',
    'table rolecall.conversation_settings',
    'table rolecall.conversations',
    'table rolecall.data_deletions',
    'table rolecall.edit_windows',
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
    'table rolecall.matrix_actions',
    'table rolecall.matrix_guards',
    'table rolecall.matrix_rows',
    'table rolecall.message_edits',
    'table rolecall.message_id_slots',
    'table rolecall.message_numbers',
    'table rolecall.message_reactions',
    'table rolecall.message_threads',
    'table rolecall.messages',
    'table rolecall.moderation_audit',
    'table rolecall.opt_outs',
    'table rolecall.organization_permission_guards',
    'table rolecall.organization_permission_rules',
    'table rolecall.organizations',
    'table rolecall.outbox',
    'table rolecall.outbox_fork',
    'table rolecall.past_participations',
    'table rolecall.permission_guards',
    'table rolecall.permission_rules',
    'table rolecall.pool_exhaustions',
    'table rolecall.presence',
    'table rolecall.profiles',
    'table rolecall.quota_runs',
    'table rolecall.rate_buckets',
    'table rolecall.rate_limits',
    'table rolecall.refusal_counts',
    'table rolecall.relay',
    'table rolecall.relays',
    'table rolecall.removed_contents',
    'table rolecall.removed_help_messages',
    'table rolecall.report_counts',
    'table rolecall.reported_messages',
    'table rolecall.request_metrics',
    'table rolecall.request_totals',
    'table rolecall.retention',
    'table rolecall.retention_marks',
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
    'table rolecall.thread_losses',
    'table rolecall.thread_messages',
    'table rolecall.thread_reads',
    'table rolecall.typing',
    'table rolecall.user_blocks',
    'table rolecall.webhook_deliveries',
    'table rolecall.webhook_queues',
    'table rolecall.webhooks',
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
    'view rolecall_monitoring.outbox',
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
    'view rolecall_monitoring.v2_adoption',
    'view rolecall_monitoring.webhooks'
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
    if exists (select from rolecall.schema_migrations where version = 6) then
      -- By way of jsonb: the first states of this table had no digest.
      if (
        select to_jsonb(applied) ->> 'digest'
        from rolecall.schema_migrations as applied
        where version = 6
      ) is distinct from '63348f416b4fe176cd674bddd0c0aadad06bda3f7a9cea7a4383cd5373e7ae9e'
      then
        raise exception 'Rolecall: this database has 6 social in another state, of before its release.'
          using
            errcode = 'object_not_in_prerequisite_state',
            hint = 'Take it back with the build that applied it and apply it anew. For the embedded database of a checkout, remove .rolecall/pg.';
      end if;
      raise notice 'Rolecall: 6 social is applied already.';
      perform set_config('search_path', v_search_path, true);
      return;
    end if;
    if 5 > 0 and not exists (select from rolecall.schema_migrations where version = 5) then
      raise exception 'Rolecall: 6 social follows 5, which this database does not have.'
        using errcode = 'object_not_in_prerequisite_state';
    end if;
  elsif 5 > 0 then
    raise exception 'Rolecall: 6 social follows 5, which this database does not have.'
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

  if 5 = 0 then
    -- Whoever installs at the same time waits here for the end of the other installation.
    begin
      create schema rolecall;
    exception
      when unique_violation or duplicate_schema then
        if not exists (select from rolecall.schema_migrations where version = 6) then
          raise;
        end if;
        raise notice 'Rolecall: 6 social is applied already.';
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
-- 0006: social: what people do with messages, and in groups.

-- messages: edits.

alter table rolecall.messages
  add column version int,
  add column edited_at timestamptz;

comment on column rolecall.messages.version is
  'How many versions of its content there are, this one counted; null for 1, so that a message that is sent holds nothing.';

comment on column rolecall.messages.edited_at is 'When its author last edited it; null if they never have.';

-- messages: reactions.

alter table rolecall.messages
  add column reactions jsonb;

comment on column rolecall.messages.reactions is
  'How many reactions of each kind, as who gave none sees them; null for none. Who reacted stands in message_reactions.';

-- messages: retention.

create or replace function rolecall_internal.is_message(
  p_sender uuid,
  p_content text,
  p_created_at timestamptz,
  p_deleted_at timestamptz,
  p_deleted_as text,
  p_legacy boolean
)
returns boolean
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
begin
  -- What was imported may lack its sender, its time and its content.
  if p_sender is null or p_created_at is null then
    if not p_legacy then
      return false;
    end if;
  end if;
  if p_deleted_at is not null then
    return coalesce(p_content is null and p_deleted_as in ('author', 'organizer', 'moderator', 'retention'), false);
  end if;
  return p_deleted_as is null
    and (
      p_legacy
      or coalesce(
        char_length(p_content) between 1 and rolecall_internal.limit_direct_message_chars()
          and rolecall_internal.has_visible(p_content),
        false
      )
    );
end
$$;

comment on column rolecall.messages.deleted_as is 'The capacity in which somebody deleted it: author, organizer or moderator; retention: erased when it was older than messages are kept.';
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

create or replace function rolecall_internal.limit_message_versions()
returns int
language sql
immutable
parallel safe
return 100;

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

create or replace function rolecall_internal.limit_presence()
returns int
language sql
immutable
parallel safe
return 100;

create or replace function rolecall_internal.limit_reaction_bytes()
returns int
language sql
immutable
parallel safe
return 64;

create or replace function rolecall_internal.limit_reaction_kinds()
returns int
language sql
immutable
parallel safe
return 20;

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

create or replace function rolecall_internal.limit_pinned_conversations()
returns int
language sql
immutable
parallel safe
return 10;

create or replace function rolecall_internal.limit_sync_page()
returns int
language sql
immutable
parallel safe
return 200;

create or replace function rolecall_internal.limit_known_conversations()
returns int
language sql
immutable
parallel safe
return 100;

create or replace function rolecall_internal.limit_caught_up_messages()
returns int
language sql
immutable
parallel safe
return 500;

create or replace function rolecall_internal.limit_checks()
returns int
language sql
immutable
parallel safe
return 200;

create or replace function rolecall_internal.limit_webhooks()
returns int
language sql
immutable
parallel safe
return 20;

create or replace function rolecall_internal.limit_webhook_url_chars()
returns int
language sql
immutable
parallel safe
return 2000;

create or replace function rolecall_internal.limit_webhook_description_chars()
returns int
language sql
immutable
parallel safe
return 200;

create or replace function rolecall_internal.limit_webhook_pending()
returns int
language sql
immutable
parallel safe
return 100000;

create or replace function rolecall_internal.limit_logged_refusals()
returns int
language sql
immutable
parallel safe
return 10;
$sql$;

  -- schema/conversations/settings_tables.sql
  execute $sql$
-- What each user has set for a conversation.

-- Apart from conversation_participants, whose rows move with every mark, and of which the audience of broadcasts has none.
create table rolecall.conversation_settings (
  user_id uuid not null references rolecall.profiles (id) on delete cascade,
  conversation_id uuid not null references rolecall.conversations (id) on delete cascade,
  muted_until timestamptz,
  archived_at_seq bigint,
  pinned_at timestamptz,
  changed_xid xid8 not null default pg_current_xact_id(),
  primary key (user_id, conversation_id),
  constraint conversation_settings_pinned_or_archived check (pinned_at is null or archived_at_seq is null)
);

comment on table rolecall.conversation_settings is
  'Who has muted, archived or pinned which conversation, for themselves. A row stays when nothing is set any more, so that sync tells of it.';

comment on column rolecall.conversation_settings.muted_until is
  'Until when it is muted: infinity for ever. Null, or in the past, for a conversation that is not muted.';

comment on column rolecall.conversation_settings.archived_at_seq is
  'The newest message when it was archived. A newer one brings it back, unless it is muted. Null for one that is not archived.';

comment on column rolecall.conversation_settings.changed_xid is 'The transaction that changed it last, for sync.';

create index conversation_settings_conversation_id_idx
  on rolecall.conversation_settings (conversation_id);

create index conversation_settings_changed_idx
  on rolecall.conversation_settings (user_id, changed_xid);
$sql$;

  -- schema/messages/edit_tables.sql
  execute $sql$
-- Edits of messages.

-- Apart from the messages: who reads a message reads its versions by message_history alone.
create table rolecall.message_edits (
  conversation_id uuid not null,
  seq bigint not null,
  version int not null,
  sender_id uuid not null,
  content text not null,
  written_at timestamptz not null,
  primary key (conversation_id, seq, version),
  foreign key (conversation_id, seq) references rolecall.messages (conversation_id, seq) on delete cascade,
  constraint message_edits_version_positive check (version >= 1)
);

comment on table rolecall.message_edits is
  'What messages said before they were edited: every version but the newest, which the message has.';

create index message_edits_sender_id_idx
  on rolecall.message_edits (sender_id, conversation_id, seq, version);

create table rolecall.edit_windows (
  role rolecall.app_role primary key,
  seconds int,
  constraint edit_windows_seconds_positive check (seconds >= 0)
);

comment on table rolecall.edit_windows is
  'For how long after sending it an author with this role may edit a message. A role without a row edits nothing.';

comment on column rolecall.edit_windows.seconds is 'Null for no end.';
$sql$;

  -- schema/reactions/tables.sql
  execute $sql$
-- Reactions to messages. How many of each kind there are stands in the message itself (messages.reactions), so that a
-- page reads no row of these but the reader's own; a trigger keeps it right, whoever writes here.

-- Whether a text may be a kind of reaction. Which emoji there are, the functions know by the list of Unicode; this holds
-- whatever comes another way within bounds.
create or replace function rolecall_internal.is_reaction(p_emoji text)
returns boolean
language sql
immutable
parallel safe
return coalesce(
  octet_length(p_emoji) between 1 and rolecall_internal.limit_reaction_bytes()
  and rolecall_internal.has_visible(p_emoji)
  and p_emoji collate "C" !~ '[\u0001-\u0020\u007f-\u00a0]',
  false
);

create table rolecall.message_reactions (
  conversation_id uuid not null,
  seq bigint not null,
  user_id uuid not null references rolecall.profiles (id) on delete cascade,
  emoji text not null,
  created_at timestamptz not null default clock_timestamp(),
  primary key (conversation_id, seq, user_id, emoji),
  foreign key (conversation_id, seq) references rolecall.messages (conversation_id, seq) on delete cascade,
  constraint message_reactions_emoji check (rolecall_internal.is_reaction(emoji))
);

comment on table rolecall.message_reactions is 'Who has reacted to which message, with which emoji.';

comment on column rolecall.message_reactions.emoji is 'One emoji of Unicode in its fully-qualified form.';

create index message_reactions_user_id_idx
  on rolecall.message_reactions (user_id, conversation_id, seq);

-- Who has reacted to a message, newest first.
create index message_reactions_newest_idx
  on rolecall.message_reactions (conversation_id, seq, created_at desc, user_id desc);
$sql$;

  -- schema/retention/tables.sql
  execute $sql$
-- For how long messages are kept.

create table rolecall.retention (
  kind text primary key,
  days int,
  constraint retention_days_positive check (days >= 1)
);

comment on table rolecall.retention is
  'For how many days the messages of a kind of conversation are kept; then the nightly run erases them. A kind without a row keeps them for ever.';

comment on column rolecall.retention.days is 'Null for ever.';

-- Apart from the conversations, whose rows every message writes.
create table rolecall.retention_marks (
  conversation_id uuid primary key references rolecall.conversations (id) on delete cascade,
  seq bigint not null,
  constraint retention_marks_seq_positive check (seq >= 1)
);

comment on table rolecall.retention_marks is
  'Up to which message the nightly run has erased a conversation, so that it looks at none twice.';
$sql$;

  -- schema/reactions/shape.sql
  execute $sql$
-- A message's reactions as answers and events show them to somebody who has reacted with p_mine. Stored they are as whoever
-- has not reacted sees them, so that a page has nothing to make.
create or replace function rolecall_internal.reactions_json(p_counts jsonb, p_mine text[])
returns jsonb
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
begin
  if p_mine = '{}' then
    return p_counts;
  end if;
  return (
    select jsonb_agg(
      case when kind ->> 'emoji' = any (p_mine) then kind || '{"mine": true}' else kind end
      order by place
    )
    from jsonb_array_elements(p_counts) with ordinality as kinds (kind, place)
  );
end
$$;

-- With what p_user has reacted to a message.
create or replace function rolecall_internal.own_reactions(p_user uuid, p_conversation uuid, p_seq bigint)
returns text[]
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  return array(
    select emoji
    from rolecall.message_reactions
    where conversation_id = p_conversation
      and seq = p_seq
      and user_id = p_user
    order by emoji collate "C"
  );
end
$$;

-- A message's reactions as p_reader sees them. A deleted message shows none; they are back when it is restored. The counts
-- are those of everybody, also of who is hidden from the reader by a block: nobody is told who is behind a number.
create or replace function rolecall_internal.shown_reactions(p_message rolecall.messages, p_reader uuid)
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  if p_message.reactions is null or p_message.deleted_at is not null then
    return '[]';
  end if;
  return rolecall_internal.reactions_json(
    p_message.reactions,
    rolecall_internal.own_reactions(p_reader, p_message.conversation_id, p_message.seq)
  );
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

-- A message as p_reader sees it. p_removed is the content of a deleted one, given for readers who may see it.
create or replace function rolecall_internal.message_for(
  p_reader uuid,
  p_message rolecall.messages,
  p_removed text default null
)
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
    'version', coalesce(p_message.version, 1),
    'edited_at', rolecall_internal.iso(p_message.edited_at),
    'deleted', rolecall_internal.deletion_of(p_message),
    'reactions', case
      when p_message.reactions is null then '[]'::jsonb
      else rolecall_internal.shown_reactions(p_message, p_reader)
    end
  );
end
$$;

-- A message without its reactions.
create or replace function rolecall_internal.message_json(p_message rolecall.messages, p_removed text default null)
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  return rolecall_internal.message_for(null, p_message, p_removed) - 'reactions';
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
return coalesce(p_action in ('start_dm', 'reply', 'broadcast', 'moderate', 'report', 'suspend', 'read_broadcast', 'edit_message', 'react'), false);

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

  -- schema/conversations/changes.sql
  execute $sql$
-- What changes in messages that exist: deleted, restored, erased, or written over by the operator. Whoever changes them,
-- triggers tell everything that follows from a message: the revision by which clients learn of the change, what is unread,
-- and the broadcast.

-- Holds conversations until the commit. Whoever changes a message holds its conversation first.
create or replace function rolecall_internal.hold_conversations(p_conversations uuid[])
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  perform
  from rolecall.conversations
  where id = any (p_conversations)
  order by id
  for no key update;
end
$$;

-- Gives each of these messages the next revision of its conversation, which is held from here on: revisions become
-- visible in their order, so that who has seen one has missed none below it.
create or replace function rolecall_internal.revise(p_conversations uuid[], p_seqs bigint[])
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  perform rolecall_internal.hold_conversations(p_conversations);

  with changed as materialized (
    select
      conversation_id,
      seq,
      row_number() over (partition by conversation_id order by seq) as place,
      count(*) over (partition by conversation_id) as changes
    from (
      select distinct conversation_id, seq
      from unnest(p_conversations, p_seqs) as changed (conversation_id, seq)
    ) as changed
  ),
  revised as (
    update rolecall.conversations as conversation
    set
      revision = conversation.revision + changed.changes,
      changed_xid = pg_current_xact_id()
    from changed
    where changed.place = 1
      and conversation.id = changed.conversation_id
    returning conversation.id, conversation.revision - changed.changes as revision
  )
  update rolecall.messages as message
  set revision = revised.revision + changed.place
  from changed
  join revised
    on revised.id = changed.conversation_id
  where message.conversation_id = changed.conversation_id
    and message.seq = changed.seq;
  perform rolecall_internal.emit_messages('message.changed', p_conversations, p_seqs);
end
$$;

-- Erases what those of these messages said before whose content is gone for good: what nobody reads of a message, nobody
-- reads of its versions.
create or replace function rolecall_internal.erase_edits(p_conversations uuid[], p_seqs bigint[])
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  delete from rolecall.message_edits as edit
  using unnest(p_conversations, p_seqs) as changed (conversation_id, seq)
  where edit.conversation_id = changed.conversation_id
    and edit.seq = changed.seq
    and exists (
      select
      from rolecall.messages as message
      where message.conversation_id = changed.conversation_id
        and message.seq = changed.seq
        and message.content is null
    )
    and not exists (
      select
      from rolecall.removed_contents as removed
      where removed.conversation_id = changed.conversation_id
        and removed.seq = changed.seq
    );
end
$$;

-- Follows every statement that updates messages.
create or replace function rolecall_internal.follow_changed_messages()
returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_conversations uuid[];
  v_seqs bigint[];
  v_senders uuid[];
  -- 1 of a message that is deleted now, -1 of one that is restored.
  v_hidden int[];
begin
  -- Sorted rather than joined: a plan for one message must do for thousands.
  select
    array_agg(conversation_id),
    array_agg(seq),
    array_agg(sender_id),
    array_agg(hidden)
  into v_conversations, v_seqs, v_senders, v_hidden
  from (
    select
      conversation_id,
      seq,
      max(sender_id::text)::uuid as sender_id,
      sum(case when deleted_at is not null then side else 0 end) as hidden
    from (
      select conversation_id, seq, sender_id, content, deleted_at, deleted_as, -1 as side
      from gone
      union all
      select conversation_id, seq, sender_id, content, deleted_at, deleted_as, 1
      from added
    ) as version
    group by conversation_id, seq
    having count(distinct (content, deleted_at, deleted_as)) > 1
  ) as changed;
  if v_conversations is null then
    return null;
  end if;
  perform rolecall_internal.revise(v_conversations, v_seqs);
  perform rolecall_internal.erase_edits(v_conversations, v_seqs);

  -- Its own statement, which sees how far everybody has read once nobody can move it.
  perform
  from rolecall.conversation_participants
  where conversation_id = any (v_conversations)
  order by conversation_id, user_id
  for no key update;
  update rolecall.conversation_participants as participant
  set skipped = participant.skipped + changed.hidden
  from (
    select own.conversation_id, own.user_id, sum(changed.hidden) as hidden
    from unnest(v_conversations, v_seqs, v_senders, v_hidden) as changed (conversation_id, seq, sender_id, hidden)
    join rolecall.conversation_participants as own
      on own.conversation_id = changed.conversation_id
      and own.last_read_seq < changed.seq
      and own.user_id is distinct from changed.sender_id
    group by own.conversation_id, own.user_id
    having sum(changed.hidden) <> 0
  ) as changed
  where participant.conversation_id = changed.conversation_id
    and participant.user_id = changed.user_id;

  update rolecall.broadcasts as broadcast
  set deleted = changed.hidden > 0
  from unnest(v_conversations, v_seqs, v_hidden) as changed (conversation_id, seq, hidden)
  where broadcast.conversation_id = changed.conversation_id
    and broadcast.seq = changed.seq
    and changed.hidden <> 0;
  return null;
end
$$;

-- Follows every statement that deletes contents of deleted messages for good: moderators had seen them.
create or replace function rolecall_internal.follow_erased_contents()
returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_conversations uuid[];
  v_seqs bigint[];
begin
  select array_agg(conversation_id), array_agg(seq)
  into v_conversations, v_seqs
  from gone;
  if v_conversations is not null then
    perform rolecall_internal.revise(v_conversations, v_seqs);
    perform rolecall_internal.erase_edits(v_conversations, v_seqs);
  end if;
  return null;
end
$$;
$sql$;

  -- schema/moderation/restore.sql
  execute $sql$
-- The refusal to restore what is not p_user's to restore: what its author deleted, also after others had, what was erased
-- by its age, and for an organizer what a moderator deleted. Null when they may, and of a message that is not deleted.
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
  if p_message.deleted_as = 'retention' then
    return rolecall_internal.refusal(
      'permission_denied',
      'A message that is older than messages are kept cannot be restored.',
      'erased_by_retention',
      'Somebody has deleted the message.'
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
  -- The message has its content before the kept one goes: without either its versions would be erased.
  select content
  into v_content
  from rolecall.removed_contents
  where conversation_id = v_message.conversation_id
    and seq = v_message.seq;
  update rolecall.messages
  set
    content = v_content,
    deleted_at = null,
    deleted_as = null
  where conversation_id = v_message.conversation_id
    and seq = v_message.seq
  returning *
  into v_message;
  delete from rolecall.removed_contents
  where conversation_id = v_message.conversation_id
    and seq = v_message.seq;
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

-- Which of two deletions stands: an organizer's gives way to a moderator's, and both to the author's and to that of what is
-- too old, neither of which gives way.
create or replace function rolecall_internal.deletion_rank(p_as text)
returns int
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
begin
  return case p_as
    when 'organizer' then 1
    when 'moderator' then 2
    when 'author' then 3
    when 'retention' then 3
  end;
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

    when 'conversation_settings' then
      -- What they have muted, archived or pinned.
      return query
      select
        jsonb_build_object(
          'conversation_id', setting.conversation_id,
          'muted_until', case
            when setting.muted_until = 'infinity' then '"forever"'
            else to_jsonb(rolecall_internal.iso(setting.muted_until))
          end,
          'archived_at_seq', setting.archived_at_seq,
          'pinned_at', rolecall_internal.iso(setting.pinned_at)
        ),
        setting.conversation_id,
        0::bigint,
        v_nil
      from rolecall.conversation_settings as setting
      where setting.user_id = p_user
        and setting.conversation_id > p_group
      order by setting.conversation_id
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

    when 'message_edit' then
      -- What their messages said before they edited them.
      return query
      select
        jsonb_build_object(
          'message_id', message.id,
          'conversation_id', edit.conversation_id,
          'seq', edit.seq,
          'version', edit.version,
          'content', edit.content,
          'written_at', rolecall_internal.iso(edit.written_at)
        ),
        edit.conversation_id,
        edit.seq,
        lpad(to_hex(edit.version), 32, '0')::uuid
      from rolecall.message_edits as edit
      join rolecall.messages as message
        on message.conversation_id = edit.conversation_id
        and message.seq = edit.seq
        -- Of a deleted message nobody but moderators reads what it said, as of its newest words.
        and message.deleted_at is null
      where edit.sender_id = p_user
        and (edit.conversation_id, edit.seq, edit.version)
          > (p_group, p_position, ('x' || right(p_id::text, 8))::bit(32)::int)
      order by edit.conversation_id, edit.seq, edit.version
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

    when 'reaction' then
      return query
      select
        jsonb_build_object(
          'message_id', message.id,
          'conversation_id', own.conversation_id,
          'emoji', own.emoji,
          'created_at', rolecall_internal.iso(own.created_at)
        ),
        own.conversation_id,
        own.seq,
        own.line_id
      from (
        select
          reaction.*,
          -- Their kinds in one message, by the emoji.
          md5(reaction.emoji)::uuid as line_id
        from rolecall.message_reactions as reaction
        where reaction.user_id = p_user
          and reaction.conversation_id >= p_group
          and (reaction.conversation_id, reaction.seq) >= (p_group, p_position)
      ) as own
      join rolecall.messages as message
        on message.conversation_id = own.conversation_id
        and message.seq = own.seq
      where (own.conversation_id, own.seq, own.line_id) > (p_group, p_position, p_id)
      order by own.conversation_id, own.seq, own.line_id
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
    'profile', 'block', 'show', 'participation', 'conversation', 'conversation_settings', 'message', 'imported_message',
    'message_edit', 'broadcast', 'sent_broadcast', 'help_request', 'help_conversation', 'help_message', 'help_message_edit',
    'reaction', 'report',
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

-- Turns messages, named by their keys, into placeholders: those of p_user, or of everybody where it is null. Returns how many
-- were none before. Their content is gone for good; that of a reported message stays for the moderators until the review.
create or replace function rolecall_internal.turn_into_placeholders(
  p_user uuid,
  p_conversations uuid[],
  p_seqs bigint[],
  p_as text
)
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
    where (p_user is null or message.sender_id = p_user)
    order by message.conversation_id, message.seq
    for no key update of message
  ) as locked;

  with reported as (
    select message.conversation_id, message.seq, message.content
    from unnest(p_conversations, p_seqs) as wanted (conversation_id, seq)
    join rolecall.messages as message
      on message.conversation_id = wanted.conversation_id
      and message.seq = wanted.seq
    where (p_user is null or message.sender_id = p_user)
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
    deleted_as = p_as
  from unnest(p_conversations, p_seqs) as wanted (conversation_id, seq)
  where message.conversation_id = wanted.conversation_id
    and message.seq = wanted.seq
    and (p_user is null or message.sender_id = p_user)
    and coalesce(rolecall_internal.deletion_rank(message.deleted_as), 0) < rolecall_internal.deletion_rank(p_as);
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
  -- What others felt about words that are gone for good.
  delete from rolecall.message_reactions as reaction
  using unnest(p_conversations, p_seqs) as wanted (conversation_id, seq)
  join rolecall.messages as message
    on message.conversation_id = wanted.conversation_id
    and message.seq = wanted.seq
    and (p_user is null or message.sender_id = p_user)
    and message.reactions is not null
  where reaction.conversation_id = wanted.conversation_id
    and reaction.seq = wanted.seq;
  return v_new;
end
$$;

-- The same of what p_user deletes of their own.
create or replace function rolecall_internal.erase_messages(p_user uuid, p_conversations uuid[], p_seqs bigint[])
returns bigint
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  return case
    when p_user is not null then rolecall_internal.turn_into_placeholders(p_user, p_conversations, p_seqs, 'author')
  end;
end
$$;

-- The reactions of p_user, up to p_most of them. Returns whether nothing is left.
create or replace function rolecall_internal.erase_reactions(p_user uuid, p_most int)
returns boolean
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_conversations uuid[];
  v_seqs bigint[];
begin
  select array_agg(conversation_id), array_agg(seq)
  into v_conversations, v_seqs
  from (
    select conversation_id, seq
    from rolecall.message_reactions
    where user_id = p_user
    order by conversation_id, seq
    limit p_most
  ) as own;
  if v_conversations is null then
    return true;
  end if;
  perform rolecall_internal.hold_conversations(v_conversations);
  delete from rolecall.message_reactions as reaction
  using unnest(v_conversations, v_seqs) as wanted (conversation_id, seq)
  where reaction.user_id = p_user
    and reaction.conversation_id = wanted.conversation_id
    and reaction.seq = wanted.seq;
  return cardinality(v_conversations) < p_most;
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
      set
        read_only = true,
        -- Also of one that is closed already: nobody's name stands on its card any more.
        changed_xid = pg_current_xact_id()
      where id = v_conversation;
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
  if v_all then
    v_all := rolecall_internal.erase_reactions(v_user, v_batch);
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
  if v_deletion.completed_at is not null
    -- Somebody may have been making one while the account was deleted.
    and not exists (
      select
      from rolecall.profiles
      where id = p_user
    )
  then
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
    union all
    -- Their reactions go with the profile, too.
    select conversation_id
    from rolecall.message_reactions
    where user_id = p_user
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
  delete from rolecall.presence
  where user_id = p_user;
  delete from rolecall.typing
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

  -- schema/retention/retain.sql
  execute $sql$
-- Erases messages that are older than their kind of conversation keeps them, from the conversation after p_after on, for
-- about a tenth of a second; returns how many they were and the conversation to go on after, null at the end. What a
-- pending report needs is kept until its review. A message of unknown age, which was imported, counts as old.
--
-- A conversation is erased from its beginning to the first message that is young enough: nothing is looked at twice, and
-- one with nothing to do costs a look at one message.
create or replace function rolecall_internal.erase_old_messages(
  p_after uuid,
  out erased bigint,
  out next_after uuid
)
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_begun constant timestamptz := clock_timestamp();
  v_looked_at constant int := 500;
  v_batch constant bigint := 1000;
  v_ids uuid[];
  v_due record;
  v_from bigint;
  v_to bigint;
begin
  erased := 0;
  next_after := coalesce(p_after, '00000000-0000-0000-0000-000000000000');
  if not exists (select from rolecall.retention where days is not null) then
    next_after := null;
    return;
  end if;
  while clock_timestamp() < v_begun + interval '100 milliseconds' loop
    v_ids := array(
      select id
      from rolecall.conversations
      where id > next_after
      order by id
      limit v_looked_at
    );
    if v_ids = '{}' then
      next_after := null;
      return;
    end if;
    for v_due in
      -- Each by its key, however few messages PostgreSQL believes that there are.
      select
        looked.id,
        now() - retention.days * interval '1 day' as until,
        looked.seq
      from (
        select conversation.id, conversation.kind, coalesce(mark.seq, 0) as seq
        from unnest(v_ids) as listed (id)
        cross join lateral (
          select id, kind
          from rolecall.conversations
          where id = listed.id
          offset 0
        ) as conversation
        left join lateral (
          select seq
          from rolecall.retention_marks
          where conversation_id = listed.id
          offset 0
        ) as mark
          on true
        offset 0
      ) as looked
      join rolecall.retention
        on retention.kind = looked.kind
        and retention.days is not null
      cross join lateral (
        select created_at
        from rolecall.messages
        where conversation_id = looked.id
          and seq = looked.seq + 1
        offset 0
      ) as oldest
      where coalesce(oldest.created_at, '-infinity') < now() - retention.days * interval '1 day'
      order by looked.id
    loop
      v_from := v_due.seq + 1;
      -- Up to the first that is young enough, or as many as one step erases.
      v_to := coalesce(
        (
          select min(seq) - 1
          from rolecall.messages
          where conversation_id = v_due.id
            and seq between v_from and v_from + v_batch - 1
            and created_at >= v_due.until
        ),
        (
          select max(seq)
          from rolecall.messages
          where conversation_id = v_due.id
            and seq between v_from and v_from + v_batch - 1
        )
      );
      erased := erased + rolecall_internal.turn_into_placeholders(
        null,
        array_fill(v_due.id, array[(v_to - v_due.seq)::int]),
        array(select generate_series(v_from, v_to)),
        'retention'
      );
      insert into rolecall.retention_marks as mark (conversation_id, seq)
      values (v_due.id, v_to)
      on conflict (conversation_id) do update
      set seq = greatest(mark.seq, excluded.seq);
      -- The next step begins with the same conversation.
      if v_to = v_due.seq + v_batch or clock_timestamp() > v_begun + interval '100 milliseconds' then
        return;
      end if;
      next_after := v_due.id;
    end loop;
    next_after := v_ids[cardinality(v_ids)];
  end loop;
end
$$;
$sql$;

  -- schema/broadcasts/reset_broadcast_quotas.sql
  execute $sql$
-- The nightly run: quotas need nothing, since a quota row fills itself up when its sender next needs it; what is over is
-- dropped or deleted. One call does one step, which is short and is kept whatever becomes of the next; "more" says that the
-- run of this quota day has more to do. Many callers at once take turns.

-- What the run goes through, a table each.
create or replace function rolecall_internal.nightly_tables()
returns text[]
language sql
immutable
return array[
  'application_logs', 'refusal_counts', 'request_metrics', 'idempotency_records', 'rate_buckets', 'broadcast_quotas', 'sms_outbox',
  'routing_decisions', 'anti_poaching_attempts', 'messages'
];

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
  v_erased record;
begin
  select name
  into v_table
  from unnest(rolecall_internal.nightly_tables()) as name
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
  elsif v_table = 'messages' then
    select *
    into v_erased
    from rolecall_internal.erase_old_messages((p_run.positions ->> v_table)::uuid);
    p_run.deleted := p_run.deleted
      || jsonb_build_object(v_table, coalesce((p_run.deleted ->> v_table)::bigint, 0) + v_erased.erased);
    if v_erased.next_after is null then
      p_run.done := p_run.done || v_table;
    end if;
    p_run.positions := p_run.positions || jsonb_build_object(v_table, v_erased.next_after);
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
      if not v_run.done @> rolecall_internal.nightly_tables() then
        v_run := rolecall_internal.take_nightly_step(v_run);
      end if;
      -- And then the deletions of accounts, with which their users have not gone on.
      if v_run.done @> rolecall_internal.nightly_tables() and not rolecall_internal.continue_account_deletion() then
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

-- As what p_user may read a message of p_conversation: as reader_of says of the conversation, whose audience reads the
-- broadcasts that are for them alone. Null when they may not, or when the message does not exist.
create or replace function rolecall_internal.reader_of_message(
  p_user uuid,
  p_message rolecall.messages,
  p_conversation rolecall.conversations
)
returns text
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_reader text := rolecall_internal.reader_of(p_user, p_conversation);
begin
  if v_reader = 'audience'
    and not exists (
      select
      from rolecall_internal.visible_broadcasts(p_user, p_conversation.id, p_conversation.show_id) as broadcast
      where broadcast.seq = p_message.seq
    )
  then
    return null;
  end if;
  return v_reader;
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

  -- schema/conversations/settings.sql
  execute $sql$
-- What users set for their conversations: muted, archived, pinned.

-- Whether a conversation is archived by now: nothing newer has come since, or it is muted.
create or replace function rolecall_internal.is_archived(p_archived_at_seq bigint, p_newest_seq bigint, p_muted_until timestamptz)
returns boolean
language sql
stable
return p_archived_at_seq is not null
  and (p_archived_at_seq >= coalesce(p_newest_seq, 0) or coalesce(p_muted_until > now(), false));

-- The end of a mute as answers show it: null for none and for one that is over, "forever" for one that never ends.
create or replace function rolecall_internal.mute_json(p_until timestamptz)
returns jsonb
language sql
stable
return case
  when p_until = 'infinity' then '"forever"'::jsonb
  when p_until > now() then to_jsonb(rolecall_internal.iso(p_until))
  else 'null'::jsonb
end;

-- The conversations for which p_user has set anything and which they read as theirs, with the newest message that they see.
-- It costs what they have set, however many conversations there are.
create or replace function rolecall_internal.set_conversations(p_user uuid)
returns table (
  id uuid, kind text, at timestamptz, reader text, is_muted boolean, is_archived boolean, pinned_at timestamptz
)
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
begin
  return query
  select
    conversation.id,
    conversation.kind,
    conversation.last_message_at,
    'people',
    coalesce(own.muted_until > now(), false),
    rolecall_internal.is_archived(own.archived_at_seq, conversation.last_seq, own.muted_until),
    own.pinned_at
  from rolecall.conversation_settings as own
  cross join lateral (
    select *
    from rolecall.conversations
    where id = own.conversation_id
    -- Each by its key, however many PostgreSQL expects.
    offset 0
  ) as conversation
  where own.user_id = p_user
    and (own.muted_until > now() or own.archived_at_seq is not null or own.pinned_at is not null)
    and (
      p_user in (conversation.participant_low, conversation.participant_high)
      or (conversation.kind = 'show' and conversation.created_by = p_user)
    );

  -- Apart, so that nobody looks for broadcasts in direct conversations.
  return query
  select
    conversation.id,
    conversation.kind,
    heard.created_at,
    'audience',
    coalesce(own.muted_until > now(), false),
    rolecall_internal.is_archived(own.archived_at_seq, heard.seq, own.muted_until),
    own.pinned_at
  from (
    select setting.*
    from rolecall.conversation_settings as setting
    cross join lateral (
      select kind, created_by
      from rolecall.conversations
      where id = setting.conversation_id
      offset 0
    ) as whose
    where setting.user_id = p_user
      and (setting.muted_until > now() or setting.archived_at_seq is not null or setting.pinned_at is not null)
      and whose.kind = 'show'
      and whose.created_by is distinct from p_user
    offset 0
  ) as own
  join rolecall.conversations as conversation
    on conversation.id = own.conversation_id
  cross join lateral (
    select broadcast.seq, broadcast.created_at
    from rolecall_internal.visible_broadcasts(p_user, conversation.id, conversation.show_id) as broadcast
    order by broadcast.seq desc
    limit 1
  ) as heard;
end
$$;

-- Sets what p_user wants of a conversation: {conversation_id, muted_until?, archived?, pinned?}. What is left out stays;
-- archiving takes a pin away, and pinning takes out of the archive. The profile is held, so that all pins of a user are
-- counted one after the other.
create or replace function rolecall_internal.set_conversation(p_user uuid, p_input jsonb, p_rollouts jsonb)
returns jsonb
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_actor rolecall.actor := rolecall_internal.actor(p_user, 'conversations', p_rollouts);
  v_mutes boolean := p_input ? 'muted_until';
  v_muted_until timestamptz := case
    when p_input ->> 'muted_until' = 'forever' then 'infinity'
    else rolecall_internal.moment_or_null(p_input ->> 'muted_until')
  end;
  v_archived boolean;
  v_pinned boolean;
  v_conversation rolecall.conversations;
  v_reader text;
  v_pins uuid[];
  v_newest bigint;
  v_set rolecall.conversation_settings;
begin
  if v_actor.refusal is not null then
    return v_actor.refusal;
  end if;
  if v_mutes and p_input -> 'muted_until' <> 'null' and v_muted_until is null then
    return rolecall_internal.refusal('invalid_input', 'The muted_until must be a moment in UTC, "forever" or null.');
  end if;
  if coalesce(jsonb_typeof(p_input -> 'archived'), 'null') not in ('boolean', 'null')
    or coalesce(jsonb_typeof(p_input -> 'pinned'), 'null') not in ('boolean', 'null')
  then
    return rolecall_internal.refusal('invalid_input', 'archived and pinned must be true or false.');
  end if;
  v_archived := p_input ->> 'archived';
  v_pinned := p_input ->> 'pinned';
  if not v_mutes and v_archived is null and v_pinned is null then
    return rolecall_internal.refusal('invalid_input', 'Give at least one of muted_until, archived and pinned.');
  end if;
  if v_archived and v_pinned then
    return rolecall_internal.refusal('invalid_input', 'A conversation is archived or pinned, not both.');
  end if;

  perform
  from rolecall.profiles
  where id = p_user
  for no key update;
  -- Its own statement, which sees what those before have set.
  select *
  into v_conversation
  from rolecall.conversations
  where id = rolecall_internal.uuid_or_null(p_input ->> 'conversation_id')
  for key share;
  v_reader := rolecall_internal.reader_of(p_user, v_conversation);
  -- A moderator does not read it as theirs.
  if v_reader is null or v_reader not in ('people', 'audience') then
    return rolecall_internal.refuse_unknown_conversation(p_user, v_conversation.id);
  end if;

  if v_pinned then
    v_pins := array(
      select id
      from rolecall_internal.set_conversations(p_user)
      where pinned_at is not null
    );
    if cardinality(array_remove(v_pins, v_conversation.id)) >= rolecall_internal.limit_pinned_conversations() then
      return rolecall_internal.refuse_field(
        'pinned',
        'too_many',
        format(
          'At most %s conversations can be pinned; take the pin off another one first.',
          rolecall_internal.limit_pinned_conversations()
        )
      );
    end if;
    -- What they no longer read takes no place.
    update rolecall.conversation_settings
    set
      pinned_at = null,
      changed_xid = pg_current_xact_id()
    where user_id = p_user
      and pinned_at is not null
      and conversation_id <> all (v_pins);
  end if;
  v_newest := case
    when v_reader = 'people' then v_conversation.last_seq
    else (
      select max(broadcast.seq)
      from rolecall_internal.visible_broadcasts(p_user, v_conversation.id, v_conversation.show_id) as broadcast
    )
  end;

  insert into rolecall.conversation_settings as own (user_id, conversation_id, muted_until, archived_at_seq, pinned_at)
  values (
    p_user,
    v_conversation.id,
    v_muted_until,
    case when v_archived then v_newest end,
    case when v_pinned then clock_timestamp() end
  )
  on conflict (user_id, conversation_id) do update
  set
    muted_until = case when v_mutes then excluded.muted_until else own.muted_until end,
    archived_at_seq = case
      when v_archived then excluded.archived_at_seq
      -- What a message brought back is not archived again by a mute.
      when v_archived is null
        and v_pinned is not true
        and rolecall_internal.is_archived(own.archived_at_seq, v_newest, own.muted_until)
      then own.archived_at_seq
    end,
    pinned_at = case
      when v_pinned then coalesce(own.pinned_at, excluded.pinned_at)
      when v_pinned is null and v_archived is not true then own.pinned_at
    end,
    changed_xid = excluded.changed_xid
  returning *
  into v_set;
  return rolecall_internal.success(
    jsonb_build_object(
      'conversation_id', v_conversation.id,
      'muted_until', rolecall_internal.mute_json(v_set.muted_until),
      'archived', rolecall_internal.is_archived(v_set.archived_at_seq, v_newest, v_set.muted_until),
      'pinned_at', rolecall_internal.iso(v_set.pinned_at)
    )
  );
end
$$;

create or replace function rolecall_edge.conversation_settings(p_request jsonb)
returns jsonb
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_call rolecall.call := rolecall_internal.begin_call(
    'conversations.settings',
    p_request,
    p_rate => 'conversation_settings'
  );
begin
  if v_call.answer is null then
    v_call.answer := rolecall_internal.set_conversation(v_call.caller, v_call.input, v_call.rollouts);
    if v_call.answer -> 'ok' = 'true' then
      -- For the user's own devices alone: no webhook hears of it. The row's id is younger than its transaction's.
      perform pg_current_xact_id();
      insert into rolecall.outbox (type, domain, conversations, users, is_forked)
      select
        'conversation.changed',
        'conversations',
        array[(v_call.answer #>> '{data,conversation_id}')::uuid],
        array[v_call.caller],
        true
      from rolecall.relay
      where is_pushed;
    end if;
  end if;
  return rolecall_internal.end_call(v_call);
end
$$;
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
        setting.muted_until,
        setting.archived_at_seq,
        setting.pinned_at,
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
      left join lateral (
        select muted_until, archived_at_seq, pinned_at
        from rolecall.conversation_settings
        where conversation_id = asked.id
          and user_id = p_user
        offset 0
      ) as setting
        on true
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
        'muted_until', rolecall_internal.mute_json(shown.muted_until),
        'archived', rolecall_internal.is_archived(shown.archived_at_seq, shown.newest_seq, shown.muted_until),
        'pinned_at', rolecall_internal.iso(shown.pinned_at),
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
      select rolecall_internal.message_for(p_user, message) as message
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
declare
  -- Whoever has archived nothing has nothing left out.
  v_none constant boolean := not exists (
    select
    from rolecall.conversation_settings
    where user_id = p_user
      and archived_at_seq is not null
  );
  v_archived_shows constant uuid[] := case
    when v_none then '{}'
    else array(
      select id
      from rolecall_internal.set_conversations(p_user)
      where is_archived
        and kind = 'show'
    )
  end;
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
              and (
                v_none
                or not exists (
                  select
                  from rolecall.conversation_settings as setting
                  where setting.user_id = p_user
                    and setting.conversation_id = newer.id
                    and rolecall_internal.is_archived(setting.archived_at_seq, newer.last_seq, setting.muted_until)
                )
              )
            order by newer.active_in desc
            offset p_limit - 1
            limit 1
          ),
          '-infinity'
        )
        and (conversation.last_message_at, conversation.id) < (p_at, p_id)
        and (
          v_none
          or not exists (
            select
            from rolecall.conversation_settings as setting
            where setting.user_id = p_user
              and setting.conversation_id = conversation.id
              and rolecall_internal.is_archived(setting.archived_at_seq, conversation.last_seq, setting.muted_until)
          )
        )
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
              and (
                v_none
                or not exists (
                  select
                  from rolecall.conversation_settings as setting
                  where setting.user_id = p_user
                    and setting.conversation_id = newer.id
                    and rolecall_internal.is_archived(setting.archived_at_seq, newer.last_seq, setting.muted_until)
                )
              )
            order by newer.active_in desc
            offset p_limit - 1
            limit 1
          ),
          '-infinity'
        )
        and (conversation.last_message_at, conversation.id) < (p_at, p_id)
        and (
          v_none
          or not exists (
            select
            from rolecall.conversation_settings as setting
            where setting.user_id = p_user
              and setting.conversation_id = conversation.id
              and rolecall_internal.is_archived(setting.archived_at_seq, conversation.last_seq, setting.muted_until)
          )
        )
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
              and (
                v_none
                or not exists (
                  select
                  from rolecall.conversation_settings as setting
                  where setting.user_id = p_user
                    and setting.conversation_id = newer.id
                    and rolecall_internal.is_archived(setting.archived_at_seq, newer.last_seq, setting.muted_until)
                )
              )
            order by newer.active_in desc
            offset p_limit - 1
            limit 1
          ),
          '-infinity'
        )
        and (conversation.last_message_at, conversation.id) < (p_at, p_id)
        and (
          v_none
          or not exists (
            select
            from rolecall.conversation_settings as setting
            where setting.user_id = p_user
              and setting.conversation_id = conversation.id
              and rolecall_internal.is_archived(setting.archived_at_seq, conversation.last_seq, setting.muted_until)
          )
        )
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
          and newest.conversation_id <> all (v_archived_shows)
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
        and newest.conversation_id <> all (v_archived_shows)
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

-- The inbox of p_user, newest first, a page at a time: {limit, kind?, archived?, cursor?}: what is not archived, or what is.
-- With the first page of what is not come those that are pinned. A suspended user reads on.
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
  v_archived boolean := coalesce(p_input -> 'archived' = 'true', false);
  v_cards jsonb;
  v_next text;
  v_pinned jsonb;
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
    from (
      select id, at, reader
      from rolecall_internal.inbox_page(p_user, v_kind, v_at, v_id, v_limit + 1)
      where not v_archived
      union all
      select id, at, reader
      from rolecall_internal.set_conversations(p_user)
      where v_archived
        and is_archived
        and (v_kind is null or kind = v_kind)
        and (at, id) < (v_at, v_id)
      order by at desc, id desc
      limit v_limit + 1
    ) as listed
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

  if p_input ->> 'cursor' is null and not v_archived then
    select rolecall_internal.conversation_cards(p_user, array_agg(id), array_agg(reader), p_rollouts)
    into v_pinned
    from (
      select id, reader
      from rolecall_internal.set_conversations(p_user)
      where pinned_at is not null
        and (v_kind is null or kind = v_kind)
      order by pinned_at desc, id desc
      limit rolecall_internal.limit_pinned_conversations()
    ) as pin;
  end if;

  return rolecall_internal.success(
    jsonb_build_object('conversations', v_cards, 'pinned', coalesce(v_pinned, '[]'), 'next_cursor', v_next)
  );
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
        rolecall_internal.message_for(p_user, message, case when v_removed then removed.content end)
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
-- How many messages p_user has not read in direct conversations, and in how many of these. Their conversations come by the
-- two indexes of the inbox, so that it costs the same however many others there are. PostgreSQL takes it that nobody has more
-- than a few, and without the setting would compare each of 10,000 conversations with each of 10,000 participations.
create or replace function rolecall_internal.unread_direct(p_user uuid, out unread bigint, out conversations bigint)
language plpgsql
stable
set search_path = pg_catalog, pg_temp
set enable_nestloop = off
as $$
begin
  select coalesce(sum(conversation.last_seq - own.last_read_seq - own.skipped), 0), count(*)
  into unread, conversations
  from rolecall.conversation_participants as own
  join rolecall.conversations as conversation
    on conversation.id = own.conversation_id
    and conversation.last_seq > own.last_read_seq + own.skipped
  where own.user_id = p_user
    and (
      conversation.participant_low = p_user
      or conversation.participant_high = p_user
    );
end
$$;

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
  v_blocks uuid[] := rolecall_internal.blocks_of(p_user);
  -- What is muted or archived does not count.
  v_quiet uuid[] := array(
    select id
    from rolecall_internal.set_conversations(p_user)
    where is_muted
      or is_archived
  );
  v_quiet_direct record;
begin
  if v_actor.refusal is not null then
    return v_actor.refusal;
  end if;
  select unread, conversations
  into v_direct, v_direct_conversations
  from rolecall_internal.unread_direct(p_user);
  if v_quiet <> '{}' then
    select coalesce(sum(conversation.last_seq - own.last_read_seq - own.skipped), 0) as unread, count(*) as conversations
    into v_quiet_direct
    from unnest(v_quiet) as quiet (id)
    cross join lateral (
      select *
      from rolecall.conversation_participants
      where conversation_id = quiet.id
        and user_id = p_user
      offset 0
    ) as own
    cross join lateral (
      select *
      from rolecall.conversations
      where id = quiet.id
      offset 0
    ) as conversation
    where conversation.last_seq > own.last_read_seq + own.skipped
      and p_user in (conversation.participant_low, conversation.participant_high);
    v_direct := v_direct - v_quiet_direct.unread;
    v_direct_conversations := v_direct_conversations - v_quiet_direct.conversations;
  end if;

  select coalesce(sum(unread), 0), count(*)
  into v_show, v_show_conversations
  from (
    -- What is newer than what they have read, where they take part and where they took part. "offset 0": by thread, not
    -- by going through everything that was ever broadcast; and whose they are matters for what is unread alone.
    select newer.conversation_id, count(distinct unread.seq) as unread
    from (
      select
        newest.conversation_id,
        coalesce(receipt.last_read_seq, 0) as last_read_seq,
        own.role,
        own.joined_at,
        own.left_at
      from rolecall.participations as own
      join rolecall.show_threads as newest
        on newest.show_id = own.show_id
        and newest.role = own.role
        and newest.active_in >= rolecall_internal.hour_of(own.joined_at)
        and newest.last_message_at >= own.joined_at
      left join rolecall.broadcast_receipts as receipt
        on receipt.conversation_id = newest.conversation_id
        and receipt.user_id = p_user
      where own.user_id = p_user
        and newest.last_seq > coalesce(receipt.last_read_seq, 0)
        and newest.conversation_id <> all (v_quiet)
      offset 0
    ) as newer
    cross join lateral (
      select broadcast.seq
      from rolecall.broadcasts as broadcast
      where broadcast.conversation_id = newer.conversation_id
        and broadcast.seq > newer.last_read_seq
        and not broadcast.deleted
        and broadcast.sender_id <> p_user
        and broadcast.created_at >= newer.joined_at
        and broadcast.created_at < newer.left_at
        and newer.role = any (broadcast.recipient_roles)
      offset 0
    ) as unread
    where cardinality(v_blocks) = 0
      or (
        select conversation.created_by <> all (v_blocks)
          or rolecall_internal.reads_broadcasts_of(p_user, conversation.created_by)
        from rolecall.conversations as conversation
        where conversation.id = newer.conversation_id
      )
    group by newer.conversation_id
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

  -- schema/messages/edit_message.sql
  execute $sql$
-- Whether p_user may edit p_message: its author, for as long as the role's window is open, and as often as a message may be
-- edited. New words are judged as if they were sent now, by the rules of its conversation. Who does not read the message
-- hears the same as of one that does not exist.
create or replace function rolecall_internal.judge_edit(p_user uuid, p_message uuid, p_rollouts jsonb)
returns rolecall.judgement
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_actor rolecall.actor := rolecall_internal.actor(p_user, 'messages', p_rollouts);
  v_message rolecall.messages;
  v_conversation rolecall.conversations;
  v_decision rolecall.decision;
begin
  if v_actor.refusal is not null then
    return rolecall_internal.judgement_of_refusal(v_actor.refusal, v_actor.organization_id);
  end if;
  select *
  into v_message
  from rolecall.messages
  where id = p_message;
  select *
  into v_conversation
  from rolecall.conversations
  where id = v_message.conversation_id;
  v_decision := rolecall_internal.decide(
    'edit_message',
    v_actor.role,
    rolecall_internal.role_of_strangers(),
    array[
      'feature_enabled',
      v_actor.suspended,
      case when rolecall_internal.reader_of_message(p_user, v_message, v_conversation) is not null then 'participant' end,
      case when v_message.sender_id = p_user then 'self' end,
      case when v_message.deleted_at is not null then 'deleted' end,
      case
        when coalesce(v_message.version, 1) < rolecall_internal.limit_message_versions()
          and exists (
            select
            from rolecall.edit_windows as edit
            where edit.role = v_actor.role
              and (edit.seconds is null or now() < v_message.created_at + edit.seconds * interval '1 second')
          )
        then 'edit_window'
      end
    ]
  );
  if not v_decision.allowed then
    return rolecall_internal.judgement_of(v_decision, v_actor.organization_id);
  end if;
  if v_conversation.kind = 'show' then
    return (
      rolecall_internal.judge_broadcast(
        p_user,
        v_conversation.show_id,
        (
          select recipient_roles
          from rolecall.broadcasts
          where conversation_id = v_message.conversation_id
            and seq = v_message.seq
        ),
        p_rollouts
      )
    ).judgement;
  end if;
  return rolecall_internal.judge_reply(p_user, v_message.conversation_id, p_rollouts);
end
$$;

-- Edits a message: {message_id, content, base_version?}. A client that names the version that it edits is refused when
-- somebody, on another device, was faster; without one the last edit stands. The same words again change nothing.
create or replace function rolecall_internal.edit_message(p_user uuid, p_input jsonb, p_rollouts jsonb)
returns jsonb
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_id uuid := rolecall_internal.uuid_or_null(p_input ->> 'message_id');
  v_content text := p_input ->> 'content';
  v_base bigint := rolecall_internal.whole_number(p_input -> 'base_version');
  v_most int;
  v_judgement rolecall.judgement := rolecall_internal.judge_edit(p_user, v_id, p_rollouts);
  v_message rolecall.messages;
begin
  if v_judgement.allowed is distinct from true then
    return v_judgement.refusal;
  end if;
  if coalesce(p_input -> 'base_version', 'null') <> 'null' and v_base is null then
    return rolecall_internal.refusal('invalid_input', 'The base_version must be a whole number.');
  end if;

  perform rolecall_internal.hold_conversations(
    array(select conversation_id from rolecall.messages where id = v_id)
  );
  select *
  into v_message
  from rolecall.messages
  where id = v_id
  for no key update;
  -- Judged again, once nothing is left to wait for: what has come to stand in the way since is seen.
  v_judgement := rolecall_internal.judge_edit(p_user, v_id, p_rollouts);
  if v_judgement.allowed is distinct from true then
    return v_judgement.refusal;
  end if;

  select case kind when 'show' then rolecall_internal.limit_broadcast_chars() else rolecall_internal.limit_direct_message_chars() end
  into v_most
  from rolecall.conversations
  where id = v_message.conversation_id;
  if not rolecall_internal.is_text(v_content, 1, v_most) then
    return rolecall_internal.refuse_text('content', v_content, 1, v_most);
  end if;
  if v_base <> coalesce(v_message.version, 1) then
    return rolecall_internal.refusal(
      'edit_conflict',
      format('The message is at version %s, not %s.', coalesce(v_message.version, 1), v_base),
      'edited_since',
      'The edit is based on the newest version.',
      jsonb_build_object('version', coalesce(v_message.version, 1))
    );
  end if;

  if v_message.content <> v_content then
    insert into rolecall.message_edits (conversation_id, seq, version, sender_id, content, written_at)
    values (
      v_message.conversation_id,
      v_message.seq,
      coalesce(v_message.version, 1),
      v_message.sender_id,
      v_message.content,
      coalesce(v_message.edited_at, v_message.created_at)
    );
    update rolecall.messages
    set
      content = v_content,
      version = coalesce(version, 1) + 1,
      edited_at = greatest(now(), edited_at, created_at)
    where conversation_id = v_message.conversation_id
      and seq = v_message.seq;
  end if;
  return rolecall_internal.edited_message(v_message.conversation_id, v_message.seq)
    || jsonb_build_object('org_id', v_judgement.org_id);
end
$$;

-- The answer of an edit: the message as it is now, for its author.
create or replace function rolecall_internal.edited_message(p_conversation uuid, p_seq bigint)
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_message rolecall.messages;
begin
  select *
  into v_message
  from rolecall.messages
  where conversation_id = p_conversation
    and seq = p_seq;
  if not found then
    -- Deleted with its conversation since it was edited.
    return rolecall_internal.refusal('not_found', 'There is no message with this message_id.');
  end if;
  return rolecall_internal.success(
    jsonb_build_object(
      'conversation_id', v_message.conversation_id,
      'revision', v_message.revision,
      'message', rolecall_internal.message_for(v_message.sender_id, v_message)
    )
  );
end
$$;

create or replace function rolecall_edge.edit_message(p_request jsonb)
returns jsonb
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_call rolecall.call := rolecall_internal.begin_call('messages.edit', p_request, p_rate => 'edit_message');
begin
  if v_call.answer is null then
    v_call.answer := rolecall_internal.edit_message(v_call.caller, v_call.input, v_call.rollouts);
    -- Which message it is, and nothing of what it says.
    v_call.kept := jsonb_build_object(
      'conversation_id', v_call.answer #> '{data,conversation_id}',
      'seq', v_call.answer #> '{data,message,seq}'
    );
  elsif v_call.answer -> 'replayed' = 'true' then
    v_call.answer := rolecall_internal.edited_message(
      (v_call.answer #>> '{data,conversation_id}')::uuid,
      (v_call.answer #>> '{data,seq}')::bigint
    ) || '{"replayed": true}';
  end if;
  return rolecall_internal.end_call(v_call);
end
$$;
$sql$;

  -- schema/messages/message_history.sql
  execute $sql$
-- Every version of a message, the first one first: {message_id}. Whoever reads the message reads them; of a deleted one
-- only who reads removed contents does. The answer's member "reader" says as what p_user reads it.
create or replace function rolecall_internal.message_history(p_user uuid, p_input jsonb, p_rollouts jsonb)
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_actor rolecall.actor := rolecall_internal.actor(p_user, 'messages', p_rollouts);
  v_message rolecall.messages;
  v_conversation rolecall.conversations;
  v_reader text;
  v_content text;
begin
  if v_actor.refusal is not null then
    return v_actor.refusal;
  end if;
  select *
  into v_message
  from rolecall.messages
  where id = rolecall_internal.uuid_or_null(p_input ->> 'message_id');
  select *
  into v_conversation
  from rolecall.conversations
  where id = v_message.conversation_id;
  v_reader := rolecall_internal.reader_of_message(p_user, v_message, v_conversation);
  if v_reader is null then
    return rolecall_internal.refusal(
      'not_found',
      'None of your conversations has a message with this id.',
      'not_a_participant',
      'You take part in the conversation.'
    );
  end if;
  v_content := v_message.content;
  if v_message.deleted_at is not null then
    if not rolecall_internal.sees_removed(v_actor) then
      return rolecall_internal.refusal(
        'permission_denied',
        'Only moderators read what a deleted message said.',
        'message_deleted',
        'The message is restored.'
      );
    end if;
    select content
    into v_content
    from rolecall.removed_contents
    where conversation_id = v_message.conversation_id
      and seq = v_message.seq;
  end if;
  return rolecall_internal.success(
    jsonb_build_object(
      'message_id', v_message.id,
      'conversation_id', v_message.conversation_id,
      'seq', v_message.seq,
      'versions', (
        select jsonb_agg(
          jsonb_build_object(
            'version', written.version,
            'content', written.content,
            'written_at', rolecall_internal.iso(written.written_at)
          )
          order by written.version
        )
        from (
          select edit.version, edit.content, edit.written_at
          from rolecall.message_edits as edit
          where edit.conversation_id = v_message.conversation_id
            and edit.seq = v_message.seq
          union all
          -- Null where it was erased for good.
          select coalesce(v_message.version, 1), v_content, coalesce(v_message.edited_at, v_message.created_at)
        ) as written
      )
    )
  ) || jsonb_build_object('reader', v_reader);
end
$$;

create or replace function rolecall_edge.message_history(p_request jsonb)
returns jsonb
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_call rolecall.call := rolecall_internal.begin_call(
    'messages.history',
    p_request,
    p_rate => 'read',
    p_keyed => false
  );
begin
  if v_call.answer is null then
    v_call.answer := rolecall_internal.message_history(v_call.caller, v_call.input, v_call.rollouts);
    if v_call.answer ->> 'reader' = 'moderator' then
      perform rolecall_internal.log_event(
        v_call,
        'conversation_read_by_moderator',
        p_conversation => (v_call.answer #>> '{data,conversation_id}')::uuid
      );
    end if;
    v_call.answer := v_call.answer - 'reader';
  end if;
  return rolecall_internal.end_call(v_call);
end
$$;
$sql$;

  -- schema/messages/message_ids.sql
  execute $sql$
-- Ids of direct messages that clients choose: a client that does not know whether a message was sent sends it again with
-- its id, whenever that is. An Idempotency-Key is forgotten after 24 hours, a message is not.
--
-- An id is looked up among the messages, which know it for as long as they are there; so nothing grows with the ids. No
-- index makes them unique, since messages may be partitioned by conversation. Two requests with one id at the same time
-- are settled by the id's slot, one of 65,536 rows: whoever sends with an id holds it until the commit, and looks in a
-- statement that begins after that. Ids share slots, which costs a wait and nothing else. An advisory lock would do the
-- same, but each takes a place in the memory of all locks of the server, of which one user's arrays could leave none;
-- and a table of all ids that were ever chosen would grow by a third of the messages.
--
-- Slots come before every other lock of a request, in their order. A request without an id takes none.

-- The id that a client chose: any uuid but the nil and the max uuid (RFC 9562 sections 5.9 and 5.10).
create or replace function rolecall_internal.message_id(p_text text)
returns uuid
language sql
immutable
return case
  when rolecall_internal.uuid_or_null(p_text)
    not in ('00000000-0000-0000-0000-000000000000', 'ffffffff-ffff-ffff-ffff-ffffffffffff')
  then p_text::uuid
end;

create or replace function rolecall_internal.refuse_message_id()
returns jsonb
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
begin
  return rolecall_internal.refusal('invalid_input', 'The message_id is not a uuid that can name a message.');
end
$$;

-- The answer to a message whose id is taken: by the same message, by another of the sender's in the same place, or by
-- anything else, of which nothing is told.
create or replace function rolecall_internal.answer_taken_id(p_is_own boolean, p_is_same boolean, p_data jsonb)
returns jsonb
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
begin
  if p_is_own and p_is_same then
    return jsonb_build_object('ok', true, 'data', p_data, 'replayed', true);
  elsif p_is_own then
    return rolecall_internal.refusal(
      'idempotency_conflict',
      'A message with this message_id was sent, and it was not this one.',
      'message_id_reused',
      'The message is sent with an id of its own, or exactly as it was sent the first time.'
    );
  end if;
  return rolecall_internal.refusal(
    'message_id_taken',
    'This message_id is taken.',
    'message_id_taken',
    'The message is sent with an id of its own.'
  );
end
$$;

-- Holds the ids of these requests, and answers those whose id is taken; null in the place of the others. What a deleted
-- message said is no longer known, so its id alone says that it was sent. Nothing but the message counts: neither that
-- the conversation was closed since, nor that the sender was suspended.
create or replace function rolecall_internal.known_dms(p_items rolecall.dm_item[])
returns jsonb[]
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
-- A look by the index for each id, whatever the planner thinks of the table's size.
set plan_cache_mode = force_generic_plan
as $$
begin
  insert into rolecall.message_id_slots as held (slot)
  select distinct uuid_hash(item.message_id) & 65535
  from unnest(p_items) as item
  where item.message_id is not null
    and item.caller is not null
    and item.is_user
  order by 1
  -- The conflict alone locks the row.
  on conflict (slot) do update
  set slot = excluded.slot
  where false;

  -- A statement of its own, which sees what was committed while that one waited.
  return (
    select array_agg(known.answer order by item.number)
    from unnest(p_items) as item
    left join lateral (
      select rolecall_internal.answer_taken_id(
        coalesce(
          message.sender_id = item.caller
          and not message.legacy
          and conversation.kind = 'direct'
          and case
            when item.is_reply then conversation.id = item.conversation
            else
              conversation.participant_low = least(item.caller, item.recipient)
              and conversation.participant_high = greatest(item.caller, item.recipient)
          end,
          false
        ),
        message.deleted_at is not null
          or coalesce(
            -- What it said when it was sent.
            case
              when message.version > 1 then (
                select edit.content
                from rolecall.message_edits as edit
                where edit.conversation_id = message.conversation_id
                  and edit.seq = message.seq
                  and edit.version = 1
              )
              else message.content
            end = item.content
            and (item.is_reply or message.show_id is not distinct from item.show_id),
            false
          ),
        jsonb_build_object(
          'message_id', message.id,
          'conversation_id', message.conversation_id,
          'seq', message.seq,
          'created_at', rolecall_internal.iso(message.created_at)
        )
      ) as answer
      from rolecall.messages as message
      join rolecall.conversations as conversation
        on conversation.id = message.conversation_id
      where message.id = item.message_id
      union all
      -- Moderators name messages of both kinds by their ids alone.
      select rolecall_internal.answer_taken_id(false, false, null)
      where exists (select from public.messages_v2 where id = item.message_id)
        or exists (select from rolecall.removed_help_messages where message_id = item.message_id)
      limit 1
    ) as known
      on item.message_id is not null
      and item.caller is not null
      and item.is_user
  );
end
$$;

-- The same for a single request: only what decides is taken out of it.
create or replace function rolecall_internal.known_dm(p_request jsonb)
returns jsonb
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_input jsonb := p_request -> 'input';
  v_item rolecall.dm_item;
begin
  v_item.number := 1;
  v_item.caller := rolecall_internal.uuid_or_null(p_request #>> '{claims,sub}');
  v_item.is_user := coalesce(p_request #>> '{claims,role}' = 'authenticated', false);
  v_item.message_id := rolecall_internal.message_id(v_input ->> 'message_id');
  v_item.content := v_input ->> 'content';
  v_item.is_reply := v_input ->> 'conversation_id' is not null;
  if v_item.is_reply then
    v_item.conversation := rolecall_internal.uuid_or_null(v_input ->> 'conversation_id');
  else
    v_item.recipient := rolecall_internal.uuid_or_null(v_input ->> 'recipient_id');
    v_item.show_id := rolecall_internal.uuid_or_null(v_input ->> 'show_id');
  end if;
  return (rolecall_internal.known_dms(array[v_item]))[1];
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
        -- So are edits, by all the rules of the messages that they are, and reactions.
        when asked.action in ('edit_message', 'react') and asked.kind is distinct from 'pair' then
          rolecall_internal.check_permission(p_user, asked.body, p_request)
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

  -- schema/reactions/judge.sql
  execute $sql$
-- Whether each of p_users may react to the message of the same place, named by its key, and what it is. A message without
-- a key does not exist: it has no participants, and is refused in the same words. Across a block between two people nobody
-- reacts in their conversation, also not to their own messages: it would tell the other one something.
create or replace function rolecall_internal.judge_reactions(
  p_users uuid[],
  p_rollouts jsonb[],
  p_conversations uuid[],
  p_seqs bigint[]
)
returns table (number int, judgement rolecall.judgement, message rolecall.messages)
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
  v_is_open boolean := (select is_open from rolecall.feature_flags where name = 'reactions');
begin
  return query
  select
    asked.number::int,
    case
      when barred.refusal is not null then rolecall_internal.judgement_of_refusal(barred.refusal, actor.organization_id)
      else rolecall_internal.judgement_of(
        rolecall_internal.decide(
          'react',
          actor.role,
          coalesce(author.role, rolecall_internal.role_of_strangers()),
          array[
            'feature_enabled',
            rolecall_internal.suspended_fact(actor.suspended_until),
            case when conversation.read_only then 'read_only' end,
            case
              when asked.user_id in (conversation.participant_low, conversation.participant_high) then 'participant'
              when conversation.kind = 'show' and conversation.created_by = asked.user_id then 'participant'
              when conversation.kind = 'show'
                and exists (
                  select
                  from rolecall_internal.visible_broadcasts(
                    asked.user_id, conversation.id, conversation.show_id
                  ) as broadcast
                  where broadcast.seq = asked.seq
                )
              then 'participant'
            end,
            case
              when exists (
                -- In either direction; nobody blocks themselves, so each of the two is one of the pair.
                select
                from rolecall.user_blocks
                where blocker_id in (asked.user_id, other.id)
                  and blocked_id in (asked.user_id, other.id)
              )
              then 'blocked'
            end
          ]
        ),
        actor.organization_id
      )
    end,
    found.message
  from unnest(p_users, p_rollouts, p_conversations, p_seqs)
    with ordinality as asked (user_id, rollouts, conversation_id, seq, number)
  left join rolecall.profiles as actor
    on actor.id = asked.user_id
  cross join lateral (
    select rolecall_internal.refuse_actor(
      asked.user_id, actor.role, actor.organization_id, actor.is_internal, 'reactions', v_is_open, asked.rollouts
    ) as refusal
    offset 0
  ) as barred
  left join lateral (
    select message
    from rolecall.messages as message
    where message.conversation_id = asked.conversation_id
      and message.seq = asked.seq
    offset 0
  ) as found
    on true
  left join rolecall.conversations as conversation
    on conversation.id = (found.message).conversation_id
  left join rolecall.profiles as author
    on author.id = (found.message).sender_id
  cross join lateral (
    values (
      case
        when conversation.participant_low = asked.user_id then conversation.participant_high
        when conversation.participant_high = asked.user_id then conversation.participant_low
        else (found.message).sender_id
      end
    )
  ) as other (id)
  where asked.user_id is not null;
end
$$;

-- The refusal of a reaction to a deleted message, which readers see as a placeholder.
create or replace function rolecall_internal.refuse_reaction_to_deleted()
returns jsonb
language sql
immutable
return rolecall_internal.refusal(
  'not_found',
  'This message was deleted.',
  'message_deleted',
  'The message is restored.'
);

-- Whether p_user may react to p_message, for checks.
create or replace function rolecall_internal.judge_reaction(p_user uuid, p_message uuid, p_rollouts jsonb)
returns rolecall.judgement
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_conversation uuid;
  v_seq bigint;
  v_judgement rolecall.judgement;
  v_message rolecall.messages;
begin
  if p_user is null then
    return rolecall_internal.judgement_of_refusal((rolecall_internal.actor(p_user, 'reactions', p_rollouts)).refusal, null);
  end if;
  select conversation_id, seq
  into v_conversation, v_seq
  from rolecall.messages
  where id = p_message;
  select (judged.judgement).*
  into v_judgement
  from rolecall_internal.judge_reactions(array[p_user], array[p_rollouts], array[v_conversation], array[v_seq]) as judged;
  if v_judgement.allowed then
    select *
    into v_message
    from rolecall.messages
    where conversation_id = v_conversation
      and seq = v_seq;
    if v_message.deleted_at is not null then
      return rolecall_internal.judgement_of_refusal(rolecall_internal.refuse_reaction_to_deleted(), v_judgement.org_id);
    end if;
  end if;
  return v_judgement;
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
    when 'edit_message' then
      v_limit := rolecall_internal.peek_token(p_user, 'edit_message');
    when 'react' then
      v_limit := rolecall_internal.peek_token(p_user, 'react');
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

    when 'edit_message' then
      if p_check ->> 'message_id' is null then
        return null;
      end if;
      v_quota := rolecall_internal.quota_of_limit(v_limit);
      v_judgement := rolecall_internal.judge_edit(
        p_user,
        rolecall_internal.uuid_or_null(p_check ->> 'message_id'),
        p_request -> 'rollouts'
      );

    when 'suspend' then
      if p_check ->> 'target_id' is null then
        return null;
      end if;
      v_judgement := rolecall_internal.judge_suspension(
        p_user,
        rolecall_internal.uuid_or_null(p_check ->> 'target_id'),
        p_request -> 'rollouts'
      );

    when 'react' then
      if p_check ->> 'message_id' is null then
        return null;
      end if;
      v_quota := rolecall_internal.quota_of_limit(v_limit);
      v_judgement := rolecall_internal.judge_reaction(
        p_user,
        rolecall_internal.uuid_or_null(p_check ->> 'message_id'),
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

  -- schema/reactions/change_many.sql
  execute $sql$
-- change_reactions for an array of requests; messages/send_dm_many.sql says what makes arrays safe. A second request with the
-- same key of the same user is deferred, and with it what the user sent after it.
create or replace function rolecall_internal.change_reactions_many(
  p_operation text,
  p_requests jsonb,
  p_adds boolean
)
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
  v_made jsonb[];
begin
  if jsonb_array_length(p_requests) = 0 then
    return '[]';
  elsif jsonb_array_length(p_requests) = 1 and jsonb_typeof(p_requests -> 0) <> 'array' then
    return jsonb_build_array(rolecall_internal.serve_reaction(p_operation, p_requests -> 0, p_adds));
  elsif rolecall_internal.maintenance_is_on() then
    -- Nearly all are refused. An array in an array is no request.
    return (
      select jsonb_agg(
        rolecall_internal.serve_reaction(
          p_operation,
          case jsonb_typeof(request) when 'array' then '{}' else request end,
          p_adds
        )
        order by number
      )
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
  v_answers := rolecall_internal.claim_keys(p_operation, v_callers, v_keys, v_inputs);
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
    'react'
  );

  for v_request in
    select number, caller
    from unnest(v_callers, v_answers, v_deferred)
      with ordinality as request (caller, answer, is_deferred, number)
    where answer is null
      and not is_deferred
  loop
    v_answers[v_request.number] := coalesce(
      rolecall_internal.refuse_stranger('user', v_request.caller, p_requests -> (v_request.number::int - 1)),
      case
        when v_limits[v_request.number] -> 'taken' = 'false' then rolecall_internal.refuse_rate(v_limits[v_request.number])
      end
    );
  end loop;
  v_made := rolecall_internal.change_reactions(
    array(
      select case when answer is null and not is_deferred then caller end
      from unnest(v_callers, v_answers, v_deferred)
        with ordinality as request (caller, answer, is_deferred, number)
      order by number
    ),
    v_inputs,
    array(
      select request -> 'rollouts'
      from jsonb_array_elements(p_requests) with ordinality as element (request, number)
      order by number
    ),
    p_adds
  );
  select array_agg(coalesce(answer, rolecall_internal.with_limit(made, taken)) order by number)
  into v_answers
  from unnest(v_answers, v_made, v_limits) with ordinality as request (answer, made, taken, number);

  perform rolecall_internal.settle_keys(v_callers, v_keys, v_answers);
  v_answers := rolecall_internal.finish_many(p_operation, p_requests, v_callers, v_answers);
  return (
    select jsonb_agg(coalesce(answer, '{"deferred": true}') order by number)
    from unnest(v_answers) with ordinality as answered (answer, number)
  );
end
$$;
$sql$;

  -- schema/reactions/change.sql
  execute $sql$
-- The refusal of a reaction with p_emoji that is judged so, or of taking it back; null when there is none.
create or replace function rolecall_internal.refuse_reaction(
  p_judgement rolecall.judgement,
  p_message rolecall.messages,
  p_emoji text,
  p_adds boolean
)
returns jsonb
language sql
immutable
return case
  when p_judgement.rule in ('feature_disabled', 'no_profile', 'account_deleted') then p_judgement.refusal
  when rolecall_internal.is_reaction(p_emoji) is not true then
    rolecall_internal.refusal('invalid_input', 'The emoji must be exactly one emoji of Unicode.')
  when p_judgement.allowed then
    case when p_adds and p_message.deleted_at is not null then rolecall_internal.refuse_reaction_to_deleted() end
  -- What one has said can always be taken back by who reads it.
  when p_adds or p_judgement.rule not in ('suspended', 'conversation_read_only', 'blocked') then p_judgement.refusal
end;

-- Adds the reactions of p_users, or takes them back: each input is {message_id, emoji}; a user who is null is passed over,
-- and has no answer. One by one they are judged and counted in the order of their messages; all of them are written by one
-- statement, so that a message changes once. Each answer shows the message as it is after all of them.
--
-- They are judged twice: before the conversations are held, so that strangers hold nothing, and from then on, when nobody
-- changes any more how many kinds there are or whether a message is deleted.
create or replace function rolecall_internal.change_reactions(
  p_users uuid[],
  p_inputs jsonb[],
  p_rollouts jsonb[],
  p_adds boolean
)
returns jsonb[]
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_answers jsonb[] := array_fill(null::jsonb, array[cardinality(p_users)]);
  v_conversations uuid[];
  v_seqs bigint[];
  -- Those who are let in at first.
  v_users uuid[];
  v_asked record;
  v_emoji text;
  -- Of the message that is being judged.
  v_conversation uuid;
  v_seq bigint;
  v_kinds text[];
  -- The places of those who may.
  v_taken int[] := '{}';
begin
  select array_agg(message.conversation_id order by asked.number), array_agg(message.seq order by asked.number)
  into v_conversations, v_seqs
  from unnest(p_inputs) with ordinality as asked (input, number)
  left join lateral (
    select conversation_id, seq
    from rolecall.messages
    where id = rolecall_internal.uuid_or_null(asked.input ->> 'message_id')
    limit 1
  ) as message
    on true;
  for v_asked in
    select judged.number, judged.judgement, judged.message
    from rolecall_internal.judge_reactions(p_users, p_rollouts, v_conversations, v_seqs) as judged
  loop
    v_answers[v_asked.number] := rolecall_internal.refuse_reaction(
      v_asked.judgement, v_asked.message, p_inputs[v_asked.number] ->> 'emoji', p_adds
    );
  end loop;
  select array_agg(case when answer is null then user_id end order by number)
  into v_users
  from unnest(p_users, v_answers) with ordinality as judged (user_id, answer, number);
  perform rolecall_internal.hold_conversations(
    array(
      select conversation_id
      from unnest(v_users, v_conversations) as held (user_id, conversation_id)
      where user_id is not null
    )
  );

  for v_asked in
    select judged.number, judged.judgement, judged.message
    from rolecall_internal.judge_reactions(v_users, p_rollouts, v_conversations, v_seqs) as judged
    order by (judged.message).conversation_id, (judged.message).seq, judged.number
  loop
    v_emoji := p_inputs[v_asked.number] ->> 'emoji';
    v_answers[v_asked.number] := rolecall_internal.refuse_reaction(
      v_asked.judgement, v_asked.message, v_emoji, p_adds
    );
    continue when v_answers[v_asked.number] is not null;

    if p_adds then
      if (v_conversation, v_seq) is distinct from (v_conversations[v_asked.number], v_seqs[v_asked.number]) then
        v_conversation := v_conversations[v_asked.number];
        v_seq := v_seqs[v_asked.number];
        v_kinds := array(select kind ->> 'emoji' from jsonb_array_elements((v_asked.message).reactions) as kind);
      end if;
      if v_emoji <> all (v_kinds) then
        if cardinality(v_kinds) >= rolecall_internal.limit_reaction_kinds() then
          v_answers[v_asked.number] := rolecall_internal.refusal(
            'too_many_reactions',
            format('A message has at most %s kinds of reactions.', rolecall_internal.limit_reaction_kinds()),
            'too_many_reactions',
            'The message has this kind already, or one of its kinds is taken back.'
          );
          continue;
        end if;
        v_kinds := v_kinds || v_emoji;
      end if;
    end if;
    v_taken := v_taken || v_asked.number;
  end loop;
  if v_taken = '{}' then
    return v_answers;
  end if;

  if p_adds then
    insert into rolecall.message_reactions (conversation_id, seq, user_id, emoji, created_at)
    select
      v_conversations[number],
      v_seqs[number],
      p_users[number],
      p_inputs[number] ->> 'emoji',
      -- No two of a statement at the same time, so that pages of them have one order.
      now() + number * interval '1 microsecond'
    from unnest(v_taken) as taken (number)
    order by v_conversations[number], v_seqs[number], number
    on conflict (conversation_id, seq, user_id, emoji) do nothing;
  else
    delete from rolecall.message_reactions as reaction
    using unnest(v_taken) as taken (number)
    where reaction.conversation_id = v_conversations[taken.number]
      and reaction.seq = v_seqs[taken.number]
      and reaction.user_id = p_users[taken.number]
      and reaction.emoji = p_inputs[taken.number] ->> 'emoji';
  end if;

  for v_asked in
    select
      taken.number,
      rolecall_internal.success(
        jsonb_build_object(
          'message_id', message.id,
          'conversation_id', message.conversation_id,
          'seq', message.seq,
          'revision', message.revision,
          'reactions', rolecall_internal.shown_reactions(message, p_users[taken.number])
        )
      ) as answer
    from unnest(v_taken) as taken (number)
    join rolecall.messages as message
      on message.conversation_id = v_conversations[taken.number]
      and message.seq = v_seqs[taken.number]
  loop
    v_answers[v_asked.number] := v_asked.answer;
  end loop;
  return v_answers;
end
$$;

-- The way of a request for both: one request, or an array of them, which change_reactions_many answers.
create or replace function rolecall_internal.serve_reaction(p_operation text, p_request jsonb, p_adds boolean)
returns jsonb
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_call rolecall.call;
begin
  if jsonb_typeof(p_request) = 'array' then
    return rolecall_internal.change_reactions_many(p_operation, p_request, p_adds);
  end if;
  v_call := rolecall_internal.begin_call(p_operation, p_request, p_rate => 'react');
  if v_call.answer is null then
    v_call.answer := (
      rolecall_internal.change_reactions(array[v_call.caller], array[v_call.input], array[v_call.rollouts], p_adds)
    )[1];
  end if;
  return rolecall_internal.end_call(v_call);
end
$$;

-- Reacts to a message: {message_id, emoji}. A reaction that stands already stays as it is.
create or replace function rolecall_edge.react(p_request jsonb)
returns jsonb
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  return rolecall_internal.serve_reaction('reactions.react', p_request, true);
end
$$;

-- Takes a reaction back: {message_id, emoji}. One that is not there is taken back already.
create or replace function rolecall_edge.unreact(p_request jsonb)
returns jsonb
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  return rolecall_internal.serve_reaction('reactions.unreact', p_request, false);
end
$$;
$sql$;

  -- schema/reactions/follow.sql
  execute $sql$
-- Follows every statement that adds or deletes reactions, whoever writes them: the message counts them, and its revision
-- moves once, so that changes, sync and the events carry it. The most frequent kind stands first, then by the emoji's code
-- points. Of a message that is deleted with its reactions nothing is left to count.
create or replace function rolecall_internal.follow_reactions()
returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_by constant int := case when tg_op = 'INSERT' then 1 else -1 end;
  v_conversations uuid[];
  v_seqs bigint[];
begin
  select array_agg(conversation_id), array_agg(seq)
  into v_conversations, v_seqs
  from (
    select distinct conversation_id, seq
    from changed
  ) as reacted;
  if v_conversations is null then
    return null;
  end if;
  -- Held from here on: the next statement counts on what nobody else changes.
  perform rolecall_internal.hold_conversations(v_conversations);
  update rolecall.messages as message
  set reactions = (
    select jsonb_agg(
      jsonb_build_object('emoji', kind.emoji, 'count', kind.reactions, 'mine', false)
      order by kind.reactions desc, kind.emoji collate "C"
    )
    from (
      select counted.emoji, sum(counted.reactions)::bigint as reactions
      from (
        select stood.kind ->> 'emoji' as emoji, (stood.kind -> 'count')::bigint as reactions
        from jsonb_array_elements(message.reactions) as stood (kind)
        union all
        select emoji, v_by
        from changed
        where changed.conversation_id = message.conversation_id
          and changed.seq = message.seq
      ) as counted
      group by counted.emoji
      having sum(counted.reactions) > 0
    ) as kind
  )
  from unnest(v_conversations, v_seqs) as reacted (conversation_id, seq)
  where message.conversation_id = reacted.conversation_id
    and message.seq = reacted.seq;
  perform rolecall_internal.revise(v_conversations, v_seqs);
  return null;
end
$$;
$sql$;

  -- schema/reactions/list.sql
  execute $sql$
-- Who has reacted to a message, newest first, a page at a time: {message_id, emoji?, limit, cursor?}, for whoever reads the
-- message. Across a block nobody is shown. The audience of a broadcast is nobody's to see but its sender's: one of them sees
-- the sender's reactions and their own. The answer's member "reader" says as what p_user reads it.
create or replace function rolecall_internal.list_reactions(p_user uuid, p_input jsonb, p_rollouts jsonb)
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_actor rolecall.actor := rolecall_internal.actor(p_user, 'reactions', p_rollouts);
  v_limit int := rolecall_internal.page_size(p_input, rolecall_internal.limit_page());
  v_at timestamptz := 'infinity';
  v_id uuid := 'ffffffff-ffff-ffff-ffff-ffffffffffff';
  v_message rolecall.messages;
  v_conversation rolecall.conversations;
  v_reader text;
  v_blocked uuid[];
  v_page rolecall.message_reactions[];
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
  select *
  into v_message
  from rolecall.messages
  where id = rolecall_internal.uuid_or_null(p_input ->> 'message_id');
  select *
  into v_conversation
  from rolecall.conversations
  where id = v_message.conversation_id;
  v_reader := rolecall_internal.reader_of_message(p_user, v_message, v_conversation);
  if v_reader is null then
    return rolecall_internal.refusal_of(
      rolecall_internal.decide(
        'react', v_actor.role, rolecall_internal.role_of_strangers(), array['feature_enabled']
      )
    );
  end if;
  v_blocked := rolecall_internal.blocks_of(p_user);

  -- A deleted message shows none.
  if v_message.deleted_at is null then
    select array_agg(newest order by created_at desc, user_id desc)
    into v_page
    from (
      select *
      from rolecall.message_reactions
      where conversation_id = v_message.conversation_id
        and seq = v_message.seq
        and (created_at, user_id) < (v_at, v_id)
        and (p_input ->> 'emoji' is null or emoji = p_input ->> 'emoji')
        and user_id <> all (v_blocked)
        and (v_reader <> 'audience' or user_id in (p_user, v_message.sender_id))
      order by created_at desc, user_id desc
      limit v_limit + 1
    ) as newest;
  end if;

  return rolecall_internal.success(
    jsonb_build_object(
      'message_id', v_message.id,
      'reactions', (
        select coalesce(
          jsonb_agg(
            jsonb_build_object(
              'user_id', reaction.user_id,
              'display_name', reacting.display_name,
              'emoji', reaction.emoji,
              'created_at', rolecall_internal.iso(reaction.created_at)
            )
            order by reaction.created_at desc, reaction.user_id desc
          ),
          '[]'
        )
        from unnest(v_page[1:v_limit]) as reaction
        join rolecall.profiles as reacting
          on reacting.id = reaction.user_id
      ),
      'next_cursor', case
        when cardinality(v_page) > v_limit
          then rolecall_internal.cursor_of(v_page[v_limit].created_at, v_page[v_limit].user_id)
      end
    )
  ) || jsonb_build_object('reader', v_reader, 'conversation_id', v_message.conversation_id);
end
$$;

create or replace function rolecall_edge.message_reactions(p_request jsonb)
returns jsonb
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_call rolecall.call := rolecall_internal.begin_call('reactions.list', p_request, p_rate => 'read', p_keyed => false);
begin
  if v_call.answer is null then
    v_call.answer := rolecall_internal.list_reactions(v_call.caller, v_call.input, v_call.rollouts);
    if v_call.answer ->> 'reader' = 'moderator' then
      perform rolecall_internal.log_event(
        v_call,
        'conversation_read_by_moderator',
        p_conversation => (v_call.answer ->> 'conversation_id')::uuid
      );
    end if;
    v_call.answer := v_call.answer - array['reader', 'conversation_id'];
  end if;
  return rolecall_internal.end_call(v_call);
end
$$;
$sql$;

  -- schema/realtime/events.sql
  execute $sql$
-- The events of direct conversations. Each says what GET shows whoever is told, as of the time of taking. Nobody is told
-- who has no profile, is suspended, or for whom realtime or the function of the messages is off; and across a block nobody
-- is told what the other does.

-- An event as clients get it.
create or replace function rolecall_internal.event_json(
  p_type text,
  p_row bigint,
  p_place bigint,
  p_at timestamptz,
  p_members jsonb
)
returns jsonb
language sql
stable
return jsonb_build_object(
  'v', 1,
  'type', p_type,
  'id', p_row || '.' || p_place,
  'at', rolecall_internal.iso(p_at)
) || p_members;

-- A message, or a card's newest one, as an event shows it: a long content is left to GET.
create or replace function rolecall_internal.short_message(p_message jsonb)
returns jsonb
language sql
immutable
return case
  when octet_length(p_message ->> 'content') > 4096 then p_message - 'content' || '{"truncated": true}'
  else p_message
end;

create or replace function rolecall_internal.short_card(p_card jsonb)
returns jsonb
language sql
immutable
return case
  when octet_length(p_card #>> '{last_message,content}') > 4096 then
    jsonb_set(p_card, '{last_message}', rolecall_internal.short_message(p_card -> 'last_message'))
  else p_card
end;

-- Those of p_users whom realtime may tell anything, and what p_flag is the function of, if it is given.
create or replace function rolecall_internal.told(p_users uuid[], p_flag text, p_rollouts jsonb)
returns uuid[]
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_open boolean := (select is_open from rolecall.feature_flags where name = 'realtime');
  v_flag_open boolean := (select is_open from rolecall.feature_flags where name = p_flag);
begin
  return array(
    select person.id
    from (
      select distinct id
      from unnest(p_users) as named (id)
    ) as named
    cross join lateral (
      select *
      from rolecall.profiles
      where id = named.id
      -- Each by its key, however many PostgreSQL expects.
      offset 0
    ) as person
    where rolecall_internal.suspended_fact(person.suspended_until) is null
      and rolecall_internal.flag_includes(
        v_open, p_rollouts, 'realtime', person.id, person.organization_id, person.is_internal
      )
      and (
        p_flag is null
        or rolecall_internal.flag_includes(
          v_flag_open, p_rollouts, p_flag, person.id, person.organization_id, person.is_internal
        )
      )
  );
end
$$;

-- Messages of direct conversations, as the two people read them. Who moderates everything reads removed contents, too.
create or replace function rolecall_internal.direct_message_events(p_rows rolecall.outbox[], p_rollouts jsonb)
returns table (row_id bigint, place bigint, who uuid[], event jsonb)
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_open boolean := (select is_open from rolecall.feature_flags where name = 'realtime');
  v_flag_open boolean := (select is_open from rolecall.feature_flags where name = 'conversations');
begin
  return query
  with happened as materialized (
    select
      outbox.id as row_id,
      named.place,
      outbox.type,
      outbox.made_at,
      named.conversation_id,
      named.seq,
      conversation.participant_low as low,
      conversation.participant_high as high,
      found.message
    from unnest(p_rows) as outbox
    cross join lateral unnest(outbox.conversations, outbox.seqs)
      with ordinality as named (conversation_id, seq, place)
    cross join lateral (
      select *
      from rolecall.conversations
      where id = named.conversation_id
      offset 0
    ) as conversation
    cross join lateral (
      select message
      from rolecall.messages as message
      where message.conversation_id = named.conversation_id
        and message.seq = named.seq
      offset 0
    ) as found
    where outbox.domain = 'conversations'
      and outbox.type in ('message.created', 'message.changed')
      and conversation.kind = 'direct'
  ),
  told as materialized (
    select happened.row_id, happened.place, reader.who, reader.moderators
    from happened
    cross join lateral (
      select exists (
        -- In either direction; nobody blocks themselves, so each of the two is one of the pair.
        select
        from rolecall.user_blocks
        where blocker_id in (happened.low, happened.high)
          and blocked_id in (happened.low, happened.high)
      ) as is_blocked
      offset 0
    ) as pair
    cross join lateral (
      select
        array_agg(person.id) filter (where not person.sees_removed) as who,
        array_agg(person.id) filter (where person.sees_removed) as moderators
      from (
        select
          profile.id,
          (happened.message).deleted_at is not null
            and rolecall_internal.moderates_everything(profile.role) as sees_removed
        from rolecall.profiles as profile
        where profile.id = any (array[happened.low, happened.high])
          and (not pair.is_blocked or coalesce(profile.id = (happened.message).sender_id, false))
          and rolecall_internal.suspended_fact(profile.suspended_until) is null
          and rolecall_internal.flag_includes(
            v_open, p_rollouts, 'realtime', profile.id, profile.organization_id, profile.is_internal
          )
          and rolecall_internal.flag_includes(
            v_flag_open, p_rollouts, 'conversations', profile.id, profile.organization_id, profile.is_internal
          )
      ) as person
    ) as reader
  )
  select
    happened.row_id,
    happened.place,
    shown.who,
    rolecall_internal.event_json(
      happened.type,
      happened.row_id,
      happened.place,
      happened.made_at,
      jsonb_build_object(
        'domain', 'conversations',
        'conversation_id', happened.conversation_id,
        'seq', happened.seq,
        'revision', (happened.message).revision,
        'message', rolecall_internal.short_message(
          rolecall_internal.message_for(
            shown.reader,
            happened.message,
            case
              when shown.sees_removed then (
                select removed.content
                from rolecall.removed_contents as removed
                where removed.conversation_id = happened.conversation_id
                  and removed.seq = happened.seq
              )
            end
          )
        )
      )
    )
  from told
  join happened
    on happened.row_id = told.row_id
    and happened.place = told.place
  cross join lateral (
    select same.who, same.sees_removed, null::uuid as reader
    from (
      values
        (told.who, false),
        (told.moderators, true)
    ) as same (who, sees_removed)
    where same.who is not null
      and (happened.message).reactions is null
    union all
    -- Which reactions are their own, each is told apart.
    select array[person.id], person.sees_removed, person.id
    from (
      select unnest(told.who), false
      union all
      select unnest(told.moderators), true
    ) as person (id, sees_removed)
    where (happened.message).reactions is not null
  ) as shown;
end
$$;

-- What else happens in direct conversations and in those of shows: somebody reads, somebody types, a conversation is closed
-- or opened. Who reads is told on all their devices; of a direct conversation the other one is told as well.
create or replace function rolecall_internal.conversation_events(p_rows rolecall.outbox[], p_rollouts jsonb)
returns table (row_id bigint, place bigint, who uuid[], event jsonb)
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_told uuid[] := rolecall_internal.told(
    array(
      select person.id
      from unnest(p_rows) as outbox
      cross join unnest(outbox.conversations) as named (id)
      join rolecall.conversations as conversation
        on conversation.id = named.id
      cross join lateral (
        select conversation.participant_low
        union all
        select conversation.participant_high
        union all
        select unnest(outbox.users)
      ) as person (id)
      where outbox.domain = 'conversations'
        and outbox.type in ('read', 'typing', 'conversation.changed')
    ),
    'conversations',
    p_rollouts
  );
begin
  return query
  with happened as materialized (
    select
      outbox.id as row_id,
      outbox.type,
      outbox.made_at,
      named.*,
      conversation.kind,
      conversation.created_by,
      conversation.show_id,
      conversation.participant_low as low,
      conversation.participant_high as high,
      exists (
        select
        from rolecall.user_blocks
        where blocker_id in (conversation.participant_low, conversation.participant_high)
          and blocked_id in (conversation.participant_low, conversation.participant_high)
      ) as is_blocked
    from unnest(p_rows) as outbox
    cross join lateral unnest(outbox.conversations, outbox.seqs, outbox.users)
      with ordinality as named (conversation_id, seq, user_id, place)
    join rolecall.conversations as conversation
      on conversation.id = named.conversation_id
    where outbox.domain = 'conversations'
      and outbox.type in ('read', 'typing', 'conversation.changed')
  ),
  concerned as (
    select happened.*, person.id as person_id
    from happened
    cross join lateral (
      values
        (happened.low),
        (happened.high),
        (case when (happened.user_id in (happened.low, happened.high)) is not true then happened.user_id end)
    ) as person (id)
    join unnest(v_told) as told (id)
      on told.id = person.id
  )
  select
    happened.row_id,
    happened.place,
    array_agg(happened.person_id),
    rolecall_internal.event_json(
      happened.type,
      happened.row_id,
      happened.place,
      happened.made_at,
      jsonb_build_object(
        'domain', 'conversations',
        'conversation_id', happened.conversation_id,
        'user_id', happened.user_id,
        case when happened.type = 'read' then 'last_read_seq' else 'until' end,
        case
          when happened.type = 'read' then to_jsonb(happened.seq)
          else to_jsonb(rolecall_internal.iso(happened.made_at + interval '6 seconds'))
        end
      )
    )
  from concerned as happened
  where happened.type in ('read', 'typing')
    -- Nobody is typing any more by then.
    and (happened.type = 'read' or happened.made_at > now() - interval '6 seconds')
    and case
      when happened.person_id = happened.user_id then
        happened.type = 'read'
        and (
          happened.kind = 'direct'
          or happened.created_by = happened.user_id
          -- Of the audience who still is.
          or exists (
            select
            from rolecall_internal.visible_broadcasts(
              happened.user_id, happened.conversation_id, happened.show_id
            )
          )
        )
      else happened.kind = 'direct'
        and not happened.is_blocked
    end
  group by
    happened.row_id, happened.place, happened.type, happened.made_at, happened.conversation_id, happened.user_id, happened.seq
  union all
  -- Each has a card of their own. A block that somebody made says nothing to the other one.
  select
    happened.row_id,
    happened.place,
    array[happened.person_id],
    rolecall_internal.event_json(
      happened.type,
      happened.row_id,
      happened.place,
      happened.made_at,
      jsonb_build_object(
        'domain', 'conversations',
        'conversation_id', happened.conversation_id,
        'revision', card.card -> 'revision',
        'conversation', rolecall_internal.short_card(card.card)
      )
    )
  from concerned as happened
  cross join lateral (
    select case
      when happened.person_id in (happened.low, happened.high) then 'people'
      when happened.created_by = happened.person_id then 'people'
      when exists (
        select
        from rolecall_internal.visible_broadcasts(happened.person_id, happened.conversation_id, happened.show_id)
      ) then 'audience'
    end as reader
    offset 0
  ) as reader
  cross join lateral (
    select rolecall_internal.conversation_cards(
      happened.person_id, array[happened.conversation_id], array[reader.reader], p_rollouts
    ) -> 0 as card
    offset 0
  ) as card
  where happened.type = 'conversation.changed'
    -- What somebody has set for themselves is told to them alone.
    and (happened.user_id is null or happened.user_id = happened.person_id)
    and reader.reader is not null
    and (
      not happened.is_blocked
      or happened.user_id = happened.person_id
      or exists (
        select
        from rolecall.user_blocks
        where blocker_id = happened.person_id
          and blocked_id in (happened.low, happened.high)
      )
    );
end
$$;
$sql$;

  -- schema/realtime/events_wide.sql
  execute $sql$
-- What many may be told: broadcasts and their changes, and that everybody syncs. Of those who are online a page at a time,
-- so that a take stays short however large the audience is.

-- The messages of broadcasts for those of p_people who read them, and who sent them with the first page.
create or replace function rolecall_internal.broadcast_events(
  p_outbox rolecall.outbox,
  p_people uuid[],
  p_rollouts jsonb
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
        jsonb_build_object(
          'to', audience.who,
          'event', rolecall_internal.event_json(
            p_outbox.type,
            p_outbox.id,
            named.place,
            p_outbox.made_at,
            jsonb_build_object(
              'domain', 'conversations',
              'conversation_id', named.conversation_id,
              'seq', named.seq,
              'revision', message.revision,
              'message', rolecall_internal.short_message(
                rolecall_internal.message_json(message, case when audience.sees_removed then removed.content end)
                  || jsonb_build_object(
                    'reactions', coalesce(rolecall_internal.reactions_json(shown.reactions, audience.own_reactions), '[]')
                  )
              )
            )
          )
        )
        order by named.place
      ),
      '[]'
    )
    from unnest(p_outbox.conversations, p_outbox.seqs) with ordinality as named (conversation_id, seq, place)
    join rolecall.conversations as conversation
      on conversation.id = named.conversation_id
      and conversation.kind = 'show'
    join rolecall.messages as message
      on message.conversation_id = named.conversation_id
      and message.seq = named.seq
    left join rolecall.removed_contents as removed
      on removed.conversation_id = named.conversation_id
      and removed.seq = named.seq
    cross join lateral (
      values (case when message.deleted_at is null then message.reactions end)
    ) as shown (reactions)
    cross join lateral (
      select
        array_agg(person.id) as who,
        message.deleted_at is not null and rolecall_internal.moderates_everything(person.role) as sees_removed,
        case
          when shown.reactions is not null
            then rolecall_internal.own_reactions(person.id, named.conversation_id, named.seq)
        end as own_reactions
      from unnest(
        rolecall_internal.told(
          -- Who sent it is told with the first page, online or not.
          case when p_outbox.reached is null then array[conversation.created_by] else '{}' end
            || array_remove(
              rolecall_internal.readers_of_broadcast(p_people, conversation.id, named.seq), conversation.created_by
            ),
          'conversations',
          p_rollouts
        )
      ) as reader (id)
      join rolecall.profiles as person
        on person.id = reader.id
      group by 2, 3
    ) as audience
  );
end
$$;

-- The row p_outbox for the next page of those online: the events, and up to whom the page goes, null at the end.
create or replace function rolecall_internal.wide_events(
  p_outbox rolecall.outbox,
  p_rollouts jsonb,
  out taken_to uuid,
  out events jsonb
)
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_page constant int := 1000;
  v_reached uuid := coalesce(p_outbox.reached, '00000000-0000-0000-0000-000000000000');
  v_online uuid[] := array(
    select user_id
    from rolecall.presence
    where user_id > v_reached
    order by user_id
    limit v_page
  );
  v_told uuid[];
begin
  if cardinality(v_online) = v_page then
    taken_to := v_online[v_page];
  end if;
  if p_outbox.type = 'resync' then
    v_told := rolecall_internal.told(v_online, null, p_rollouts);
    events := case
      when v_told <> '{}' then jsonb_build_array(
        jsonb_build_object(
          'to', v_told,
          'event', rolecall_internal.event_json('resync', p_outbox.id, 1, p_outbox.made_at, '{}')
        )
      )
      else '[]'
    end;
    return;
  end if;

  events := rolecall_internal.broadcast_events(p_outbox, v_online, p_rollouts);
end
$$;
$sql$;

  -- schema/sync/catch_up.sql
  execute $sql$
-- What a client lacks of the conversations that it has: [{conversation_id, seq, revision}], the newest message and the
-- revision that it knows. For each that has more, the oldest messages after seq and the earliest changes after revision, with
-- the numbers that the client knows from then on; limited says that there is more, which GET messages and GET changes have.
-- Conversations that the user does not read, never did or that do not exist are gone: all of these in the same words.
create or replace function rolecall_internal.catch_up(
  p_user uuid,
  p_have jsonb,
  p_sees_removed boolean,
  out caught_up jsonb,
  out gone uuid[]
)
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_known record;
  v_conversation rolecall.conversations;
  v_reader text;
  v_audience_of uuid;
  v_page int;
  -- Of all conversations together.
  v_left int := rolecall_internal.limit_caught_up_messages();
  v_messages jsonb;
  v_seq bigint;
  v_more boolean;
  v_changed jsonb;
  v_revision bigint;
  v_more_changed boolean;
begin
  caught_up := '[]';
  gone := '{}';
  for v_known in
    select id, seq, revision
    from (
      select distinct on (id) id, seq, revision, number
      from (
        select
          rolecall_internal.uuid_or_null(entry ->> 'conversation_id') as id,
          coalesce(rolecall_internal.whole_number(entry -> 'seq'), 0) as seq,
          coalesce(rolecall_internal.whole_number(entry -> 'revision'), 0) as revision,
          number
        from jsonb_array_elements(case jsonb_typeof(p_have) when 'array' then p_have else '[]' end)
          with ordinality as listed (entry, number)
        limit rolecall_internal.limit_known_conversations()
      ) as listed
      where id is not null
      order by id, number
    ) as known
    order by number
  loop
    select *
    into v_conversation
    from rolecall.conversations
    where id = v_known.id;
    v_reader := rolecall_internal.reader_of(p_user, v_conversation);
    if v_reader is null then
      gone := gone || v_known.id;
    end if;
    continue when v_reader is null
      -- Who looks in to moderate has nothing to keep up with.
      or v_reader not in ('people', 'audience')
      or (v_conversation.last_seq <= v_known.seq and v_conversation.revision <= v_known.revision);
    v_audience_of := case when v_reader = 'audience' then v_conversation.show_id end;

    v_page := least(v_left, rolecall_internal.limit_default_page());
    select
      coalesce(jsonb_agg(page.message order by page.seq) filter (where page.place <= v_page), '[]'),
      max(page.seq) filter (where page.place <= v_page),
      count(*) > v_page
    into v_messages, v_seq, v_more
    from (
      select
        rolecall_internal.message_for(p_user, message, case when p_sees_removed then removed.content end) as message,
        message.seq,
        row_number() over (order by message.seq) as place
      from rolecall_internal.visible_messages(
        p_user, v_known.id, v_audience_of, v_known.seq, null, false, v_page + 1
      ) as message
      left join rolecall.removed_contents as removed
        on removed.conversation_id = message.conversation_id
        and removed.seq = message.seq
    ) as page;
    v_left := v_left - jsonb_array_length(v_messages);

    v_page := least(v_left, rolecall_internal.limit_default_page());
    select
      coalesce(jsonb_agg(page.message order by page.revision) filter (where page.place <= v_page), '[]'),
      max(page.revision) filter (where page.place <= v_page),
      count(*) > v_page
    into v_changed, v_revision, v_more_changed
    from (
      select
        rolecall_internal.message_for(p_user, message, case when p_sees_removed then removed.content end) as message,
        message.revision,
        row_number() over (order by message.revision) as place
      from rolecall_internal.changed_messages(
        p_user, v_known.id, v_audience_of, v_known.revision, v_page + 1
      ) as message
      left join rolecall.removed_contents as removed
        on removed.conversation_id = message.conversation_id
        and removed.seq = message.seq
    ) as page;
    v_left := v_left - jsonb_array_length(v_changed);

    caught_up := caught_up || jsonb_build_object(
      'conversation_id', v_known.id,
      'messages', v_messages,
      'changed', v_changed,
      'seq', case
        when v_more then coalesce(v_seq, v_known.seq)
        else greatest(v_conversation.last_seq, v_known.seq)
      end,
      'revision', case
        when v_more_changed then coalesce(v_revision, v_known.revision)
        else greatest(v_conversation.revision, v_known.revision)
      end,
      'limited', v_more or v_more_changed
    );
  end loop;
end
$$;
$sql$;

  -- schema/sync/changed.sql
  execute $sql$
-- The conversations that transactions from p_since on changed for p_user, the newest p_limit changes that come before
-- (p_at, p_id), and as what the user reads each: 'people' or 'audience', or 'gone' when they no longer do. With p_since 0
-- all conversations of the user.
--
-- A conversation is in one place of this list: that of its own change if there is one, else that of the user's mark, of
-- their participation, of their settings, or of a block. The indexes have the changes by many transactions at a time, so each part looks first among which its
-- page ends at the latest, and then sorts what is not older: see rolecall_internal.inbox_page.
create or replace function rolecall_internal.changed_conversations(
  p_user uuid,
  p_since xid8,
  p_at xid8,
  p_id uuid,
  p_limit int
)
returns table (id uuid, changed_xid xid8, reader text)
language plpgsql
stable
rows 50
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
  v_least bigint := p_since::text::bigint >> 16;
  v_most bigint := p_at::text::bigint >> 16;
  v_some boolean := p_since > '0';
  -- The matrix is asked about the broadcasts of these alone.
  v_blocks uuid[] := rolecall_internal.blocks_of(p_user);
begin
  return query
  select listed.id, max(listed.changed_xid), min(listed.reader)
  from (
    (
      select conversation.id, conversation.changed_xid, 'people' as reader
      from rolecall.conversations as conversation
      where conversation.participant_low = p_user
        and conversation.changed_in <= v_most
        and conversation.changed_in >= coalesce(
          (
            select newer.changed_in
            from rolecall.conversations as newer
            where newer.participant_low = p_user
              and newer.changed_in < v_most
              and newer.changed_in >= v_least
            order by newer.changed_in desc
            offset p_limit - 1
            limit 1
          ),
          v_least
        )
        and conversation.changed_xid >= p_since
        and (conversation.changed_xid, conversation.id) < (p_at, p_id)
      order by conversation.changed_xid desc, conversation.id desc
      limit p_limit
    )
    union all
    (
      select conversation.id, conversation.changed_xid, 'people'
      from rolecall.conversations as conversation
      where conversation.participant_high = p_user
        and conversation.changed_in <= v_most
        and conversation.changed_in >= coalesce(
          (
            select newer.changed_in
            from rolecall.conversations as newer
            where newer.participant_high = p_user
              and newer.changed_in < v_most
              and newer.changed_in >= v_least
            order by newer.changed_in desc
            offset p_limit - 1
            limit 1
          ),
          v_least
        )
        and conversation.changed_xid >= p_since
        and (conversation.changed_xid, conversation.id) < (p_at, p_id)
      order by conversation.changed_xid desc, conversation.id desc
      limit p_limit
    )
    union all
    (
      select conversation.id, conversation.changed_xid, 'people'
      from rolecall.conversations as conversation
      where conversation.created_by = p_user
        and conversation.kind = 'show'
        and conversation.changed_xid >= p_since
        and (conversation.changed_xid, conversation.id) < (p_at, p_id)
      order by conversation.changed_xid desc, conversation.id desc
      limit p_limit
    )
    union all
    (
      -- What is broadcast where they take part. Who joins sees what was sent since joined_at, which may be earlier.
      select thread.conversation_id, moved.changed_xid, 'audience'
      from rolecall.show_participants as own
      cross join lateral (
        select newest.conversation_id
        from rolecall.show_threads as newest
        where newest.show_id = own.show_id
          and newest.role = own.role
          and newest.active_in >= rolecall_internal.hour_of(own.joined_at)
          and newest.last_message_at >= own.joined_at
        offset 0
      ) as thread
      cross join lateral (
        select conversation.created_by, greatest(conversation.changed_xid, own.changed_xid) as changed_xid
        from rolecall.conversations as conversation
        where conversation.id = thread.conversation_id
        -- Each by its key, however many PostgreSQL expects.
        offset 0
      ) as moved
      where own.user_id = p_user
        and moved.created_by <> p_user
        and moved.changed_xid >= p_since
        and (moved.changed_xid, thread.conversation_id) < (p_at, p_id)
        and (moved.created_by <> all (v_blocks) or rolecall_internal.reads_broadcasts_of(p_user, moved.created_by))
      order by moved.changed_xid desc, thread.conversation_id desc
      limit p_limit
    )
    union all
    (
      -- What was broadcast where they took part.
      select newest.conversation_id, moved.changed_xid, 'audience'
      from rolecall.past_participations as own
      join rolecall.show_threads as newest
        on newest.show_id = own.show_id
        and newest.role = own.role
      cross join lateral (
        select conversation.created_by, conversation.changed_xid
        from rolecall.conversations as conversation
        where conversation.id = newest.conversation_id
        offset 0
      ) as moved
      where own.user_id = p_user
        and moved.created_by <> p_user
        and moved.changed_xid >= p_since
        and (moved.changed_xid, newest.conversation_id) < (p_at, p_id)
        and (moved.created_by <> all (v_blocks) or rolecall_internal.reads_broadcasts_of(p_user, moved.created_by))
        and exists (
          select
          from rolecall.broadcasts as broadcast
          where broadcast.conversation_id = newest.conversation_id
            and broadcast.created_at >= own.joined_at
            and broadcast.created_at < own.left_at
            and own.role = any (broadcast.recipient_roles)
        )
      order by moved.changed_xid desc, newest.conversation_id desc
      limit p_limit
    )
    union all
    (
      -- What they have read on another device.
      select own.conversation_id, own.changed_xid, 'people'
      from rolecall.conversation_participants as own
      cross join lateral (
        select participant_low, participant_high, created_by
        from rolecall.conversations as conversation
        where conversation.id = own.conversation_id
          and conversation.changed_xid < p_since
        offset 0
      ) as conversation
      where v_some
        and own.user_id = p_user
        and own.changed_in between v_least and v_most
        and own.changed_xid >= p_since
        and (own.changed_xid, own.conversation_id) < (p_at, p_id)
        and p_user in (conversation.participant_low, conversation.participant_high, conversation.created_by)
      order by own.changed_xid desc, own.conversation_id desc
      limit p_limit
    )
    union all
    (
      select receipt.conversation_id, receipt.changed_xid, 'audience'
      from rolecall.broadcast_receipts as receipt
      cross join lateral (
        select conversation.show_id
        from rolecall.conversations as conversation
        where conversation.id = receipt.conversation_id
          and conversation.changed_xid < p_since
        offset 0
      ) as conversation
      where v_some
        and receipt.user_id = p_user
        and receipt.changed_in between v_least and v_most
        and receipt.changed_xid >= p_since
        and (receipt.changed_xid, receipt.conversation_id) < (p_at, p_id)
        and exists (
          select
          from rolecall_internal.visible_broadcasts(p_user, receipt.conversation_id, conversation.show_id)
        )
      order by receipt.changed_xid desc, receipt.conversation_id desc
      limit p_limit
    )
    union all
    (
      -- What they have muted, archived or pinned on another device.
      select
        setting.conversation_id,
        setting.changed_xid,
        case
          when p_user in (conversation.participant_low, conversation.participant_high, conversation.created_by) then 'people'
          else 'audience'
        end
      from rolecall.conversation_settings as setting
      cross join lateral (
        select participant_low, participant_high, case when kind = 'show' then created_by end as created_by, show_id
        from rolecall.conversations as conversation
        where conversation.id = setting.conversation_id
          and conversation.changed_xid < p_since
        offset 0
      ) as conversation
      where v_some
        and setting.user_id = p_user
        and setting.changed_xid >= p_since
        and (setting.changed_xid, setting.conversation_id) < (p_at, p_id)
        and (
          p_user in (conversation.participant_low, conversation.participant_high, conversation.created_by)
          or exists (
            select
            from rolecall_internal.visible_broadcasts(p_user, setting.conversation_id, conversation.show_id)
          )
        )
      order by setting.changed_xid desc, setting.conversation_id desc
      limit p_limit
    )
    union all
    (
      -- A block between the two stops what they write to each other.
      select conversation.id, block.changed_xid, 'people'
      from rolecall.block_changes as block
      join rolecall.conversations as conversation
        on conversation.kind = 'direct'
        and conversation.version = 'v2'
        and conversation.participant_low = least(p_user, block.other_id)
        and conversation.participant_high = greatest(p_user, block.other_id)
        and conversation.changed_xid < p_since
      where v_some
        and block.user_id = p_user
        and block.changed_xid >= p_since
        and (block.changed_xid, conversation.id) < (p_at, p_id)
      order by block.changed_xid desc, conversation.id desc
      limit p_limit
    )
    union all
    (
      -- And hides what the other broadcasts.
      select
        conversation.id,
        block.changed_xid,
        case when rolecall_internal.reads_broadcasts_of(p_user, block.other_id) then 'audience' else 'gone' end
      from rolecall.block_changes as block
      join rolecall.conversations as conversation
        on conversation.kind = 'show'
        and conversation.created_by = block.other_id
      where v_some
        and block.user_id = p_user
        and block.changed_xid >= p_since
        and (block.changed_xid, conversation.id) < (p_at, p_id)
        and exists (
          select
          from rolecall.broadcasts as broadcast
          where broadcast.conversation_id = conversation.id
            and rolecall_internal.in_audience(
              p_user, broadcast.show_id, broadcast.recipient_roles, broadcast.created_at
            )
        )
      order by block.changed_xid desc, conversation.id desc
      limit p_limit
    )
  ) as listed
  group by listed.id
  order by 2 desc, 1 desc
  limit p_limit;
end
$$;

-- The same for help conversations. A user has few of these, so that all of theirs are looked at. Those that lie in an app's own
-- tables take no writes and are not among them.
create or replace function rolecall_internal.changed_help_conversations(
  p_user uuid,
  p_since xid8,
  p_at xid8,
  p_id uuid,
  p_limit int
)
returns table (id uuid, changed_xid xid8)
language plpgsql
stable
rows 50
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
begin
  return query
  select own.conversation_id, moved.changed_xid
  from (
    select conversation_id, helper_id as other_id, changed_xid
    from rolecall.help_threads
    where requester_id = p_user
    union all
    select conversation_id, requester_id, changed_xid
    from rolecall.help_threads
    where helper_id = p_user
  ) as own
  left join rolecall.block_changes as block
    on block.user_id = p_user
    and block.other_id = own.other_id
  cross join lateral (
    select greatest(own.changed_xid, request.changed_xid, block.changed_xid) as changed_xid
    from public.conversations_v2 as conversation
    join rolecall.help_requests as request
      on request.id = conversation.help_request_id
    where conversation.id = own.conversation_id
    -- Each by its key, however many PostgreSQL expects.
    offset 0
  ) as moved
  where moved.changed_xid >= p_since
    and (moved.changed_xid, own.conversation_id) < (p_at, p_id)
  order by moved.changed_xid desc, own.conversation_id desc
  limit p_limit;
end
$$;

-- The same for the threads that a member of an organisation reads: 'reads', or 'gone' when they no longer do. Owner and admin
-- read every one, by the index; a sitter and a client have few. Of a sitter's windows those that began or ended by themselves
-- from p_from to p_until count as changes, which stand at p_since; what they show to owner and admin comes with the next change.
create or replace function rolecall_internal.changed_threads(
  p_reader rolecall.actor,
  p_user uuid,
  p_since xid8,
  p_at xid8,
  p_id uuid,
  p_limit int,
  p_from timestamptz,
  p_until timestamptz
)
returns table (id uuid, changed_xid xid8, reader text)
language plpgsql
stable
rows 50
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
  v_org uuid := p_reader.organization_id;
  v_least bigint := p_since::text::bigint >> 16;
  v_most bigint := p_at::text::bigint >> 16;
  v_some boolean := p_since > '0';
  v_own uuid[];
  -- Where a window of theirs began or ended.
  v_timed uuid[] := '{}';
begin
  if not rolecall_internal.reads_every_thread(p_reader.organization_role) then
    v_own := rolecall_internal.own_threads(p_reader, p_user);
    if v_some and rolecall_internal.reads_assigned_threads(p_reader.organization_role) then
      v_timed := array(
        select distinct assigned.thread_id
        from rolecall.assignment_windows as assigned
        join rolecall.message_threads as thread
          on thread.organization_id = v_org
          and thread.id = assigned.thread_id
          and thread.scope = 'client'
        where assigned.organization_id = v_org
          and assigned.sitter_id = p_user
          and assigned.ends_at > p_from
          and assigned.closed_at is null
          and (
            assigned.ends_at <= p_until
            or (assigned.starts_at > p_from and assigned.starts_at <= p_until)
          )
      );
    end if;
    return query
    select
      thread.id,
      moved.changed_xid,
      case when thread.id = any (v_own) then 'reads' else 'gone' end
    from (
      select unnest(v_own)
      union
      select unnest(v_timed)
      union
      select loss.thread_id
      from rolecall.thread_losses as loss
      where v_some
        and loss.user_id = p_user
        and loss.changed_xid >= p_since
    ) as candidate (id)
    join rolecall.message_threads as thread
      on thread.id = candidate.id
      and thread.organization_id = v_org
    left join rolecall.thread_losses as loss
      on loss.user_id = p_user
      and loss.thread_id = thread.id
    left join rolecall.thread_reads as mark
      on mark.organization_id = v_org
      and mark.thread_id = thread.id
      and mark.user_id = p_user
    cross join lateral (
      select greatest(
        loss.changed_xid,
        case when thread.id = any (v_timed) then p_since end,
        -- What happens in a thread that they do not read is nothing to them.
        case when thread.id = any (v_own) then greatest(thread.changed_xid, mark.changed_xid) end
      ) as changed_xid
    ) as moved
    where moved.changed_xid >= p_since
      and (moved.changed_xid, thread.id) < (p_at, p_id)
    order by moved.changed_xid desc, thread.id desc
    limit p_limit;
    return;
  end if;
  return query
  select listed.id, max(listed.changed_xid), 'reads'
  from (
    (
      select thread.id, thread.changed_xid
      from rolecall.message_threads as thread
      where thread.organization_id = v_org
        and thread.changed_in <= v_most
        and thread.changed_in >= coalesce(
          (
            select newer.changed_in
            from rolecall.message_threads as newer
            where newer.organization_id = v_org
              and newer.changed_in < v_most
              and newer.changed_in >= v_least
            order by newer.changed_in desc
            offset p_limit - 1
            limit 1
          ),
          v_least
        )
        and thread.changed_xid >= p_since
        and (thread.changed_xid, thread.id) < (p_at, p_id)
      order by thread.changed_xid desc, thread.id desc
      limit p_limit
    )
    union all
    (
      -- What they have read on another device.
      select mark.thread_id, mark.changed_xid
      from rolecall.thread_reads as mark
      where v_some
        and mark.organization_id = v_org
        and mark.user_id = p_user
        and mark.changed_xid >= p_since
        and (mark.changed_xid, mark.thread_id) < (p_at, p_id)
      order by mark.changed_xid desc, mark.thread_id desc
      limit p_limit
    )
  ) as listed
  group by listed.id
  order by 2 desc, 1 desc
  limit p_limit;
end
$$;
$sql$;

  -- schema/reactions/triggers.sql
  execute $sql$
create or replace trigger message_reactions_follow_added
after insert on rolecall.message_reactions
referencing new table as changed
for each statement
execute function rolecall_internal.follow_reactions();

create or replace trigger message_reactions_follow_removed
after delete on rolecall.message_reactions
referencing old table as changed
for each statement
execute function rolecall_internal.follow_reactions();
$sql$;

  -- schema/conversations/defaults.sql
  execute $sql$
insert into rolecall.rate_limits (role, action, capacity, window_seconds)
select role, 'conversation_settings', 120, 60
from unnest(enum_range(null::rolecall.app_role)) as role;
$sql$;

  -- schema/messages/defaults.sql
  execute $sql$
insert into rolecall.edit_windows (role, seconds)
select role, case when role = 'admin' then 24 * 60 * 60 else 15 * 60 end
from unnest(enum_range(null::rolecall.app_role)) as role;

select set_config('rolecall.reason', 'Rolecall was upgraded.', true);

insert into rolecall.feature_flags (name, rollout, description, requires)
values ('messages', 'enabled', 'Edits of messages, and what they said before.', 'conversations');

select set_config('rolecall.reason', '', true);

insert into rolecall.rate_limits (role, action, capacity, window_seconds)
select role, 'edit_message', 30, 60
from unnest(enum_range(null::rolecall.app_role)) as role;
$sql$;

  -- schema/reactions/defaults.sql
  execute $sql$
select set_config('rolecall.reason', 'Rolecall was upgraded.', true);

insert into rolecall.feature_flags (name, rollout, description, requires)
values ('reactions', 'enabled', 'Reactions to messages.', 'conversations');

select set_config('rolecall.reason', '', true);

-- Reacting, and taking it back.
insert into rolecall.rate_limits (role, action, capacity, window_seconds)
select role, 'react', 120, 60
from unnest(enum_range(null::rolecall.app_role)) as role;
$sql$;

  -- schema/retention/defaults.sql
  execute $sql$
insert into rolecall.retention (kind)
values ('direct'), ('show');
$sql$;

  -- schema/permissions/rules.generated.sql
  execute $sql$
-- The permission matrix. Generated from shared/src/rules/matrix by `make generate`; do not edit.

with source (action, domain, facts, rule, message, allowed_if) as (
  values
    ('start_dm', 'marketplace', '{feature_enabled,suspended,self,blocked,shares_show,foreign_show}'::text[], 'no_rule', 'No rule allows this.', 'A rule is added for these roles.'),
    ('reply', 'marketplace', '{feature_enabled,suspended,blocked,participant,broadcast_recipient,read_only}'::text[], 'no_rule', 'No rule allows this.', 'A rule is added for these roles.'),
    ('broadcast', 'marketplace', '{feature_enabled,suspended,read_only,takes_part,own_show}'::text[], 'no_rule', 'No rule allows this.', 'A rule is added for these roles.'),
    ('moderate', 'marketplace', '{feature_enabled,suspended,self,own_show}'::text[], 'no_rule', 'No rule allows this.', 'A rule is added for these roles.'),
    ('report', 'marketplace', '{feature_enabled,self,participant}'::text[], 'no_rule', 'No rule allows this.', 'A rule is added for these roles.'),
    ('suspend', 'marketplace', '{feature_enabled,suspended,self}'::text[], 'no_rule', 'No rule allows this.', 'A rule is added for these roles.'),
    ('read_broadcast', 'marketplace', '{feature_enabled,blocked,participant}'::text[], 'no_rule', 'No rule allows this.', 'A rule is added for these roles.'),
    ('edit_message', 'marketplace', '{feature_enabled,suspended,self,participant,deleted,edit_window}'::text[], 'no_rule', 'No rule allows this.', 'A rule is added for these roles.'),
    ('react', 'marketplace', '{feature_enabled,suspended,blocked,participant,read_only}'::text[], 'no_rule', 'No rule allows this.', 'A rule is added for these roles.'),
    ('read_thread', 'organization', '{feature_enabled,own_organization,assigned,own_thread,owner_inbox}'::text[], 'no_organization_role', 'You have no role in an organisation, so none allows this.', 'Your organisation gives you a role.'),
    ('send_to_thread', 'organization', '{feature_enabled,suspended,own_organization,once_assigned,inside_window,own_thread,owner_inbox,read_only,opted_out}'::text[], 'no_organization_role', 'You have no role in an organisation, so none allows this.', 'Your organisation gives you a role.'),
    ('assign_booking', 'organization', '{feature_enabled,suspended,own_organization}'::text[], 'no_organization_role', 'You have no role in an organisation, so none allows this.', 'Your organisation gives you a role.'),
    ('force_send', 'organization', '{feature_enabled,suspended,own_organization,read_only,opted_out}'::text[], 'no_organization_role', 'You have no role in an organisation, so none allows this.', 'Your organisation gives you a role.')
), gone as (
  delete from rolecall.matrix_actions as old
  where not exists (
    select
    from source
    where source.action = old.action
  )
)
insert into rolecall.matrix_actions (action, domain, facts, rule, message, allowed_if)
select action, domain, facts, rule, message, allowed_if
from source
on conflict (action) do update
set
  domain = excluded.domain,
  facts = excluded.facts,
  rule = excluded.rule,
  message = excluded.message,
  allowed_if = excluded.allowed_if;

with source (action, position, actors, fact, denies_when, code, rule, message, allowed_if) as (
  values
    ('start_dm', 1::smallint, null::text[], 'feature_enabled', false, 'feature_disabled', 'feature_disabled', 'This function is switched off, or not rolled out to you yet.', 'The function is switched on for you.'),
    ('start_dm', 2::smallint, null::text[], 'suspended', true, 'permission_denied', 'suspended', 'Your account is suspended and cannot write.', 'The suspension has ended.'),
    ('start_dm', 3::smallint, null::text[], 'self', true, 'permission_denied', 'self_message', 'You cannot message yourself.', 'The recipient is somebody else.'),
    ('start_dm', 4::smallint, null::text[], 'blocked', true, 'permission_denied', 'blocked', 'There is a block between you and this user.', 'The block is lifted.'),
    ('start_dm', 5::smallint, null::text[], 'foreign_show', true, 'permission_denied', 'show_of_both', 'A direct message can be about a show only if you both take part in it, or you organize it.', 'You both take part in the show, or the message is about no show.'),
    ('reply', 1::smallint, null::text[], 'feature_enabled', false, 'feature_disabled', 'feature_disabled', 'This function is switched off, or not rolled out to you yet.', 'The function is switched on for you.'),
    ('reply', 2::smallint, null::text[], 'participant', false, 'not_found', 'not_a_participant', 'You do not take part in a conversation with this id.', 'You take part in the conversation.'),
    ('reply', 3::smallint, null::text[], 'suspended', true, 'permission_denied', 'suspended', 'Your account is suspended and cannot write.', 'The suspension has ended.'),
    ('reply', 4::smallint, null::text[], 'broadcast_recipient', true, 'permission_denied', 'broadcast_not_answerable', 'A broadcast cannot be replied to.', 'You write to the sender in a direct message, where your role allows it.'),
    ('reply', 5::smallint, null::text[], 'read_only', true, 'conversation_read_only', 'conversation_read_only', 'This conversation is read-only.', 'You start a new conversation.'),
    ('reply', 6::smallint, null::text[], 'blocked', true, 'permission_denied', 'blocked', 'There is a block between you and this user.', 'The block is lifted.'),
    ('broadcast', 1::smallint, null::text[], 'feature_enabled', false, 'feature_disabled', 'feature_disabled', 'This function is switched off, or not rolled out to you yet.', 'The function is switched on for you.'),
    ('broadcast', 2::smallint, null::text[], 'suspended', true, 'permission_denied', 'suspended', 'Your account is suspended and cannot write.', 'The suspension has ended.'),
    ('broadcast', 3::smallint, null::text[], 'read_only', true, 'conversation_read_only', 'conversation_read_only', 'Your broadcast conversation for this show is read-only.', 'The operator reopens the conversation.'),
    ('moderate', 1::smallint, null::text[], 'feature_enabled', false, 'feature_disabled', 'feature_disabled', 'This function is switched off, or not rolled out to you yet.', 'The function is switched on for you.'),
    ('moderate', 2::smallint, null::text[], 'suspended', true, 'permission_denied', 'suspended', 'Your account is suspended and cannot write.', 'The suspension has ended.'),
    ('moderate', 3::smallint, null::text[], 'self', true, 'permission_denied', 'self_moderation', 'You cannot moderate your own messages.', 'Somebody else moderates it.'),
    ('report', 1::smallint, null::text[], 'feature_enabled', false, 'feature_disabled', 'feature_disabled', 'This function is switched off, or not rolled out to you yet.', 'The function is switched on for you.'),
    ('report', 2::smallint, null::text[], 'participant', false, 'not_found', 'not_a_participant', 'None of your conversations has a message with this id.', 'You take part in the conversation.'),
    ('report', 3::smallint, null::text[], 'self', true, 'permission_denied', 'self_report', 'You cannot report your own messages.', 'The message is somebody else''s; you can delete your own.'),
    ('suspend', 1::smallint, null::text[], 'feature_enabled', false, 'feature_disabled', 'feature_disabled', 'This function is switched off, or not rolled out to you yet.', 'The function is switched on for you.'),
    ('suspend', 2::smallint, null::text[], 'suspended', true, 'permission_denied', 'suspended', 'Your account is suspended and cannot write.', 'The suspension has ended.'),
    ('suspend', 3::smallint, null::text[], 'self', true, 'permission_denied', 'self_suspension', 'You cannot suspend yourself or lift your own suspension.', 'Somebody else does it.'),
    ('read_broadcast', 1::smallint, null::text[], 'feature_enabled', false, 'feature_disabled', 'feature_disabled', 'This function is switched off, or not rolled out to you yet.', 'The function is switched on for you.'),
    ('read_broadcast', 2::smallint, null::text[], 'participant', false, 'not_found', 'not_a_participant', 'You do not take part in a conversation with this id.', 'You take part in the conversation.'),
    ('edit_message', 1::smallint, null::text[], 'feature_enabled', false, 'feature_disabled', 'feature_disabled', 'This function is switched off, or not rolled out to you yet.', 'The function is switched on for you.'),
    ('edit_message', 2::smallint, null::text[], 'participant', false, 'not_found', 'not_a_participant', 'None of your conversations has a message with this id.', 'You take part in the conversation.'),
    ('edit_message', 3::smallint, null::text[], 'suspended', true, 'permission_denied', 'suspended', 'Your account is suspended and cannot write.', 'The suspension has ended.'),
    ('edit_message', 4::smallint, null::text[], 'self', false, 'permission_denied', 'authors_edit_only', 'Only its author can edit a message.', 'The message is your own.'),
    ('edit_message', 5::smallint, null::text[], 'deleted', true, 'not_found', 'message_deleted', 'The message is deleted.', 'The message is restored.'),
    ('edit_message', 6::smallint, null::text[], 'edit_window', false, 'edit_window_closed', 'edit_window_closed', 'The message can no longer be edited.', 'You send another message.'),
    ('react', 1::smallint, null::text[], 'feature_enabled', false, 'feature_disabled', 'feature_disabled', 'This function is switched off, or not rolled out to you yet.', 'The function is switched on for you.'),
    ('react', 2::smallint, null::text[], 'participant', false, 'not_found', 'not_a_participant', 'None of your conversations has a message with this id.', 'You take part in the conversation.'),
    ('react', 3::smallint, null::text[], 'suspended', true, 'permission_denied', 'suspended', 'Your account is suspended and cannot write.', 'The suspension has ended.'),
    ('react', 4::smallint, null::text[], 'read_only', true, 'conversation_read_only', 'conversation_read_only', 'This conversation is read-only.', 'The operator reopens the conversation.'),
    ('react', 5::smallint, null::text[], 'blocked', true, 'permission_denied', 'blocked', 'There is a block between you and this user.', 'The block is lifted.'),
    ('read_thread', 1::smallint, '{owner,admin,sitter,client}'::text[], 'feature_enabled', false, 'feature_disabled', 'feature_disabled', 'This function is switched off, or not rolled out to you yet.', 'The function is switched on for you.'),
    ('read_thread', 2::smallint, '{owner,admin,sitter,client}'::text[], 'own_organization', false, 'not_found', 'no_such_thread', 'You have no thread with this id.', 'The thread is one that you can see.'),
    ('read_thread', 3::smallint, '{sitter,client}'::text[], 'owner_inbox', true, 'not_found', 'no_such_thread', 'You have no thread with this id.', 'The thread is one that you can see.'),
    ('read_thread', 4::smallint, '{sitter}'::text[], 'assigned', false, 'not_found', 'no_such_thread', 'You have no thread with this id.', 'The thread is one that you can see.'),
    ('read_thread', 5::smallint, '{client}'::text[], 'own_thread', false, 'not_found', 'no_such_thread', 'You have no thread with this id.', 'The thread is one that you can see.'),
    ('send_to_thread', 1::smallint, '{owner,admin,sitter,client}'::text[], 'feature_enabled', false, 'feature_disabled', 'feature_disabled', 'This function is switched off, or not rolled out to you yet.', 'The function is switched on for you.'),
    ('send_to_thread', 2::smallint, '{owner,admin,sitter,client}'::text[], 'own_organization', false, 'not_found', 'no_such_thread', 'You have no thread with this id.', 'The thread is one that you can see.'),
    ('send_to_thread', 3::smallint, '{sitter,client}'::text[], 'owner_inbox', true, 'not_found', 'no_such_thread', 'You have no thread with this id.', 'The thread is one that you can see.'),
    ('send_to_thread', 4::smallint, '{sitter}'::text[], 'once_assigned', false, 'not_found', 'no_such_thread', 'You have no thread with this id.', 'The thread is one that you can see.'),
    ('send_to_thread', 5::smallint, '{client}'::text[], 'own_thread', false, 'not_found', 'no_such_thread', 'You have no thread with this id.', 'The thread is one that you can see.'),
    ('send_to_thread', 6::smallint, '{owner,admin,sitter,client}'::text[], 'suspended', true, 'permission_denied', 'suspended', 'Your account is suspended and cannot write.', 'The suspension has ended.'),
    ('send_to_thread', 7::smallint, '{owner,admin}'::text[], 'owner_inbox', true, 'conversation_read_only', 'owner_inbox_takes_no_messages', 'The owner inbox collects messages and takes none; the answer goes into the client''s thread.', 'You write into the client''s thread.'),
    ('send_to_thread', 8::smallint, '{owner,admin,sitter,client}'::text[], 'read_only', true, 'conversation_read_only', 'thread_read_only', 'This thread is closed, or its client was erased, and can only be read.', 'It is the client''s open thread.'),
    ('send_to_thread', 9::smallint, '{sitter}'::text[], 'inside_window', false, 'outside_assignment_window', 'outside_assignment_window', 'You can message this client while you are on duty for them, and shortly before and after.', 'One of your windows with this client is open; until then the office can help.'),
    ('send_to_thread', 10::smallint, '{owner,admin,sitter}'::text[], 'opted_out', true, 'client_opted_out', 'client_opted_out', 'This client has asked not to be texted.', 'The client texts START.'),
    ('assign_booking', 1::smallint, '{owner,admin,sitter,client}'::text[], 'feature_enabled', false, 'feature_disabled', 'feature_disabled', 'This function is switched off, or not rolled out to you yet.', 'The function is switched on for you.'),
    ('assign_booking', 2::smallint, '{owner,admin,sitter,client}'::text[], 'own_organization', false, 'not_found', 'no_such_organization', 'You belong to no organisation with this id.', 'The organisation is yours.'),
    ('assign_booking', 3::smallint, '{owner,admin,sitter,client}'::text[], 'suspended', true, 'permission_denied', 'suspended', 'Your account is suspended and cannot write.', 'The suspension has ended.'),
    ('force_send', 1::smallint, '{owner,admin,sitter,client}'::text[], 'feature_enabled', false, 'feature_disabled', 'feature_disabled', 'This function is switched off, or not rolled out to you yet.', 'The function is switched on for you.'),
    ('force_send', 2::smallint, '{owner,admin,sitter,client}'::text[], 'own_organization', false, 'not_found', 'no_such_message', 'Your organisation has no message with this id.', 'The message is one of your organisation.'),
    ('force_send', 3::smallint, '{owner,admin,sitter,client}'::text[], 'suspended', true, 'permission_denied', 'suspended', 'Your account is suspended and cannot write.', 'The suspension has ended.'),
    ('force_send', 4::smallint, '{owner,admin}'::text[], 'read_only', true, 'conversation_read_only', 'thread_read_only', 'This thread is closed, or its client was erased, and can only be read.', 'It is the client''s open thread.'),
    ('force_send', 5::smallint, '{owner,admin}'::text[], 'opted_out', true, 'client_opted_out', 'client_opted_out', 'This client has asked not to be texted.', 'The client texts START.')
), gone as (
  delete from rolecall.matrix_guards as old
  where not exists (
    select
    from source
    where source.action = old.action
      and source.position = old.position
  )
)
insert into rolecall.matrix_guards (action, position, actors, fact, denies_when, code, rule, message, allowed_if)
select action, position, actors, fact, denies_when, code, rule, message, allowed_if
from source
on conflict (action, position) do update
set
  actors = excluded.actors,
  fact = excluded.fact,
  denies_when = excluded.denies_when,
  code = excluded.code,
  rule = excluded.rule,
  message = excluded.message,
  allowed_if = excluded.allowed_if;

with source (action, actor, target, allowed, needs, bars, rule, message, allowed_if) as (
  values
    ('start_dm', 'attendee', 'attendee', false, '{}'::text[], '{}'::text[], 'attendee_writes_to_mvp_dealers_only', 'An attendee can start a direct message with an MVP dealer only.', 'The recipient is an MVP dealer. You can reply to show organizers, moderators and admins once they have written to you.'),
    ('start_dm', 'attendee', 'dealer', false, '{}'::text[], '{}'::text[], 'attendee_writes_to_mvp_dealers_only', 'An attendee can start a direct message with an MVP dealer only.', 'The recipient is an MVP dealer. You can reply to show organizers, moderators and admins once they have written to you.'),
    ('start_dm', 'attendee', 'mvp_dealer', true, '{feature_enabled}'::text[], '{suspended,self,blocked,foreign_show}'::text[], 'attendee_writes_to_mvp_dealer', 'An attendee can start a direct message with an MVP dealer.', ''),
    ('start_dm', 'attendee', 'show_organizer', false, '{}'::text[], '{}'::text[], 'attendee_writes_to_mvp_dealers_only', 'An attendee can start a direct message with an MVP dealer only.', 'The recipient is an MVP dealer. You can reply to show organizers, moderators and admins once they have written to you.'),
    ('start_dm', 'attendee', 'moderator', false, '{}'::text[], '{}'::text[], 'attendee_writes_to_mvp_dealers_only', 'An attendee can start a direct message with an MVP dealer only.', 'The recipient is an MVP dealer. You can reply to show organizers, moderators and admins once they have written to you.'),
    ('start_dm', 'attendee', 'admin', false, '{}'::text[], '{}'::text[], 'attendee_writes_to_mvp_dealers_only', 'An attendee can start a direct message with an MVP dealer only.', 'The recipient is an MVP dealer. You can reply to show organizers, moderators and admins once they have written to you.'),
    ('start_dm', 'attendee', 'member', false, '{}'::text[], '{}'::text[], 'attendee_writes_to_mvp_dealers_only', 'An attendee can start a direct message with an MVP dealer only.', 'The recipient is an MVP dealer. You can reply to show organizers, moderators and admins once they have written to you.'),
    ('start_dm', 'dealer', 'attendee', false, '{}'::text[], '{}'::text[], 'dealer_reads_only', 'A dealer can read messages, but not write them.', 'You become an MVP dealer.'),
    ('start_dm', 'dealer', 'dealer', false, '{}'::text[], '{}'::text[], 'dealer_reads_only', 'A dealer can read messages, but not write them.', 'You become an MVP dealer.'),
    ('start_dm', 'dealer', 'mvp_dealer', false, '{}'::text[], '{}'::text[], 'dealer_reads_only', 'A dealer can read messages, but not write them.', 'You become an MVP dealer.'),
    ('start_dm', 'dealer', 'show_organizer', false, '{}'::text[], '{}'::text[], 'dealer_reads_only', 'A dealer can read messages, but not write them.', 'You become an MVP dealer.'),
    ('start_dm', 'dealer', 'moderator', false, '{}'::text[], '{}'::text[], 'dealer_reads_only', 'A dealer can read messages, but not write them.', 'You become an MVP dealer.'),
    ('start_dm', 'dealer', 'admin', false, '{}'::text[], '{}'::text[], 'dealer_reads_only', 'A dealer can read messages, but not write them.', 'You become an MVP dealer.'),
    ('start_dm', 'dealer', 'member', false, '{}'::text[], '{}'::text[], 'dealer_reads_only', 'A dealer can read messages, but not write them.', 'You become an MVP dealer.'),
    ('start_dm', 'mvp_dealer', 'attendee', true, '{shares_show,feature_enabled}'::text[], '{suspended,self,blocked,foreign_show}'::text[], 'mvp_dealer_writes_within_a_shared_show', 'An MVP dealer can start a direct message with an attendee or dealer of a show in which both take part.', 'You and the recipient take part in the same show.'),
    ('start_dm', 'mvp_dealer', 'dealer', true, '{shares_show,feature_enabled}'::text[], '{suspended,self,blocked,foreign_show}'::text[], 'mvp_dealer_writes_within_a_shared_show', 'An MVP dealer can start a direct message with an attendee or dealer of a show in which both take part.', 'You and the recipient take part in the same show.'),
    ('start_dm', 'mvp_dealer', 'mvp_dealer', false, '{}'::text[], '{}'::text[], 'mvp_dealer_writes_to_show_contacts_only', 'An MVP dealer can start a direct message with attendees, dealers and show organizers only.', 'The recipient is a show organizer, or an attendee or dealer of a show in which both take part.'),
    ('start_dm', 'mvp_dealer', 'show_organizer', true, '{feature_enabled}'::text[], '{suspended,self,blocked,foreign_show}'::text[], 'mvp_dealer_writes_to_organizer', 'An MVP dealer can start a direct message with a show organizer.', ''),
    ('start_dm', 'mvp_dealer', 'moderator', false, '{}'::text[], '{}'::text[], 'mvp_dealer_writes_to_show_contacts_only', 'An MVP dealer can start a direct message with attendees, dealers and show organizers only.', 'The recipient is a show organizer, or an attendee or dealer of a show in which both take part.'),
    ('start_dm', 'mvp_dealer', 'admin', false, '{}'::text[], '{}'::text[], 'mvp_dealer_writes_to_show_contacts_only', 'An MVP dealer can start a direct message with attendees, dealers and show organizers only.', 'The recipient is a show organizer, or an attendee or dealer of a show in which both take part.'),
    ('start_dm', 'mvp_dealer', 'member', false, '{}'::text[], '{}'::text[], 'mvp_dealer_writes_to_show_contacts_only', 'An MVP dealer can start a direct message with attendees, dealers and show organizers only.', 'The recipient is a show organizer, or an attendee or dealer of a show in which both take part.'),
    ('start_dm', 'show_organizer', 'attendee', true, '{feature_enabled}'::text[], '{suspended,self,blocked,foreign_show}'::text[], 'show_organizer_writes_to_everyone', 'A show organizer can start a direct message with everyone.', ''),
    ('start_dm', 'show_organizer', 'dealer', true, '{feature_enabled}'::text[], '{suspended,self,blocked,foreign_show}'::text[], 'show_organizer_writes_to_everyone', 'A show organizer can start a direct message with everyone.', ''),
    ('start_dm', 'show_organizer', 'mvp_dealer', true, '{feature_enabled}'::text[], '{suspended,self,blocked,foreign_show}'::text[], 'show_organizer_writes_to_everyone', 'A show organizer can start a direct message with everyone.', ''),
    ('start_dm', 'show_organizer', 'show_organizer', true, '{feature_enabled}'::text[], '{suspended,self,blocked,foreign_show}'::text[], 'show_organizer_writes_to_everyone', 'A show organizer can start a direct message with everyone.', ''),
    ('start_dm', 'show_organizer', 'moderator', true, '{feature_enabled}'::text[], '{suspended,self,blocked,foreign_show}'::text[], 'show_organizer_writes_to_everyone', 'A show organizer can start a direct message with everyone.', ''),
    ('start_dm', 'show_organizer', 'admin', true, '{feature_enabled}'::text[], '{suspended,self,blocked,foreign_show}'::text[], 'show_organizer_writes_to_everyone', 'A show organizer can start a direct message with everyone.', ''),
    ('start_dm', 'show_organizer', 'member', true, '{feature_enabled}'::text[], '{suspended,self,blocked,foreign_show}'::text[], 'show_organizer_writes_to_everyone', 'A show organizer can start a direct message with everyone.', ''),
    ('start_dm', 'moderator', 'attendee', true, '{feature_enabled}'::text[], '{suspended,self,blocked,foreign_show}'::text[], 'moderator_writes_to_everyone', 'A moderator can start a direct message with everyone.', ''),
    ('start_dm', 'moderator', 'dealer', true, '{feature_enabled}'::text[], '{suspended,self,blocked,foreign_show}'::text[], 'moderator_writes_to_everyone', 'A moderator can start a direct message with everyone.', ''),
    ('start_dm', 'moderator', 'mvp_dealer', true, '{feature_enabled}'::text[], '{suspended,self,blocked,foreign_show}'::text[], 'moderator_writes_to_everyone', 'A moderator can start a direct message with everyone.', ''),
    ('start_dm', 'moderator', 'show_organizer', true, '{feature_enabled}'::text[], '{suspended,self,blocked,foreign_show}'::text[], 'moderator_writes_to_everyone', 'A moderator can start a direct message with everyone.', ''),
    ('start_dm', 'moderator', 'moderator', true, '{feature_enabled}'::text[], '{suspended,self,blocked,foreign_show}'::text[], 'moderator_writes_to_everyone', 'A moderator can start a direct message with everyone.', ''),
    ('start_dm', 'moderator', 'admin', true, '{feature_enabled}'::text[], '{suspended,self,blocked,foreign_show}'::text[], 'moderator_writes_to_everyone', 'A moderator can start a direct message with everyone.', ''),
    ('start_dm', 'moderator', 'member', true, '{feature_enabled}'::text[], '{suspended,self,blocked,foreign_show}'::text[], 'moderator_writes_to_everyone', 'A moderator can start a direct message with everyone.', ''),
    ('start_dm', 'admin', 'attendee', true, '{feature_enabled}'::text[], '{suspended,self,blocked,foreign_show}'::text[], 'admin_writes_to_everyone', 'An admin can start a direct message with everyone.', ''),
    ('start_dm', 'admin', 'dealer', true, '{feature_enabled}'::text[], '{suspended,self,blocked,foreign_show}'::text[], 'admin_writes_to_everyone', 'An admin can start a direct message with everyone.', ''),
    ('start_dm', 'admin', 'mvp_dealer', true, '{feature_enabled}'::text[], '{suspended,self,blocked,foreign_show}'::text[], 'admin_writes_to_everyone', 'An admin can start a direct message with everyone.', ''),
    ('start_dm', 'admin', 'show_organizer', true, '{feature_enabled}'::text[], '{suspended,self,blocked,foreign_show}'::text[], 'admin_writes_to_everyone', 'An admin can start a direct message with everyone.', ''),
    ('start_dm', 'admin', 'moderator', true, '{feature_enabled}'::text[], '{suspended,self,blocked,foreign_show}'::text[], 'admin_writes_to_everyone', 'An admin can start a direct message with everyone.', ''),
    ('start_dm', 'admin', 'admin', true, '{feature_enabled}'::text[], '{suspended,self,blocked,foreign_show}'::text[], 'admin_writes_to_everyone', 'An admin can start a direct message with everyone.', ''),
    ('start_dm', 'admin', 'member', true, '{feature_enabled}'::text[], '{suspended,self,blocked,foreign_show}'::text[], 'admin_writes_to_everyone', 'An admin can start a direct message with everyone.', ''),
    ('start_dm', 'member', 'attendee', false, '{}'::text[], '{}'::text[], 'member_writes_to_members_only', 'A member can start a direct message with a member only.', 'The recipient is a member. You can reply to show organizers, moderators and admins once they have written to you.'),
    ('start_dm', 'member', 'dealer', false, '{}'::text[], '{}'::text[], 'member_writes_to_members_only', 'A member can start a direct message with a member only.', 'The recipient is a member. You can reply to show organizers, moderators and admins once they have written to you.'),
    ('start_dm', 'member', 'mvp_dealer', false, '{}'::text[], '{}'::text[], 'member_writes_to_members_only', 'A member can start a direct message with a member only.', 'The recipient is a member. You can reply to show organizers, moderators and admins once they have written to you.'),
    ('start_dm', 'member', 'show_organizer', false, '{}'::text[], '{}'::text[], 'member_writes_to_members_only', 'A member can start a direct message with a member only.', 'The recipient is a member. You can reply to show organizers, moderators and admins once they have written to you.'),
    ('start_dm', 'member', 'moderator', false, '{}'::text[], '{}'::text[], 'member_writes_to_members_only', 'A member can start a direct message with a member only.', 'The recipient is a member. You can reply to show organizers, moderators and admins once they have written to you.'),
    ('start_dm', 'member', 'admin', false, '{}'::text[], '{}'::text[], 'member_writes_to_members_only', 'A member can start a direct message with a member only.', 'The recipient is a member. You can reply to show organizers, moderators and admins once they have written to you.'),
    ('start_dm', 'member', 'member', true, '{feature_enabled}'::text[], '{suspended,self,blocked,foreign_show}'::text[], 'member_writes_to_member', 'A member can start a direct message with a member.', ''),
    ('reply', 'attendee', 'attendee', false, '{}'::text[], '{}'::text[], 'attendee_replies_to_staff_only', 'An attendee can reply to MVP dealers, show organizers, moderators and admins only.', 'The other participant is an MVP dealer, a show organizer, a moderator or an admin.'),
    ('reply', 'attendee', 'dealer', false, '{}'::text[], '{}'::text[], 'attendee_replies_to_staff_only', 'An attendee can reply to MVP dealers, show organizers, moderators and admins only.', 'The other participant is an MVP dealer, a show organizer, a moderator or an admin.'),
    ('reply', 'attendee', 'mvp_dealer', true, '{feature_enabled,participant}'::text[], '{suspended,broadcast_recipient,read_only,blocked}'::text[], 'attendee_replies_to_staff', 'An attendee can reply to MVP dealers, show organizers, moderators and admins.', ''),
    ('reply', 'attendee', 'show_organizer', true, '{feature_enabled,participant}'::text[], '{suspended,broadcast_recipient,read_only,blocked}'::text[], 'attendee_replies_to_staff', 'An attendee can reply to MVP dealers, show organizers, moderators and admins.', ''),
    ('reply', 'attendee', 'moderator', true, '{feature_enabled,participant}'::text[], '{suspended,broadcast_recipient,read_only,blocked}'::text[], 'attendee_replies_to_staff', 'An attendee can reply to MVP dealers, show organizers, moderators and admins.', ''),
    ('reply', 'attendee', 'admin', true, '{feature_enabled,participant}'::text[], '{suspended,broadcast_recipient,read_only,blocked}'::text[], 'attendee_replies_to_staff', 'An attendee can reply to MVP dealers, show organizers, moderators and admins.', ''),
    ('reply', 'attendee', 'member', false, '{}'::text[], '{}'::text[], 'attendee_replies_to_staff_only', 'An attendee can reply to MVP dealers, show organizers, moderators and admins only.', 'The other participant is an MVP dealer, a show organizer, a moderator or an admin.'),
    ('reply', 'dealer', 'attendee', false, '{}'::text[], '{}'::text[], 'dealer_reads_only', 'A dealer can read messages, but not write them.', 'You become an MVP dealer.'),
    ('reply', 'dealer', 'dealer', false, '{}'::text[], '{}'::text[], 'dealer_reads_only', 'A dealer can read messages, but not write them.', 'You become an MVP dealer.'),
    ('reply', 'dealer', 'mvp_dealer', false, '{}'::text[], '{}'::text[], 'dealer_reads_only', 'A dealer can read messages, but not write them.', 'You become an MVP dealer.'),
    ('reply', 'dealer', 'show_organizer', false, '{}'::text[], '{}'::text[], 'dealer_reads_only', 'A dealer can read messages, but not write them.', 'You become an MVP dealer.'),
    ('reply', 'dealer', 'moderator', false, '{}'::text[], '{}'::text[], 'dealer_reads_only', 'A dealer can read messages, but not write them.', 'You become an MVP dealer.'),
    ('reply', 'dealer', 'admin', false, '{}'::text[], '{}'::text[], 'dealer_reads_only', 'A dealer can read messages, but not write them.', 'You become an MVP dealer.'),
    ('reply', 'dealer', 'member', false, '{}'::text[], '{}'::text[], 'dealer_reads_only', 'A dealer can read messages, but not write them.', 'You become an MVP dealer.'),
    ('reply', 'mvp_dealer', 'attendee', true, '{feature_enabled,participant}'::text[], '{suspended,broadcast_recipient,read_only,blocked}'::text[], 'mvp_dealer_replies', 'An MVP dealer can reply to everyone.', ''),
    ('reply', 'mvp_dealer', 'dealer', true, '{feature_enabled,participant}'::text[], '{suspended,broadcast_recipient,read_only,blocked}'::text[], 'mvp_dealer_replies', 'An MVP dealer can reply to everyone.', ''),
    ('reply', 'mvp_dealer', 'mvp_dealer', true, '{feature_enabled,participant}'::text[], '{suspended,broadcast_recipient,read_only,blocked}'::text[], 'mvp_dealer_replies', 'An MVP dealer can reply to everyone.', ''),
    ('reply', 'mvp_dealer', 'show_organizer', true, '{feature_enabled,participant}'::text[], '{suspended,broadcast_recipient,read_only,blocked}'::text[], 'mvp_dealer_replies', 'An MVP dealer can reply to everyone.', ''),
    ('reply', 'mvp_dealer', 'moderator', true, '{feature_enabled,participant}'::text[], '{suspended,broadcast_recipient,read_only,blocked}'::text[], 'mvp_dealer_replies', 'An MVP dealer can reply to everyone.', ''),
    ('reply', 'mvp_dealer', 'admin', true, '{feature_enabled,participant}'::text[], '{suspended,broadcast_recipient,read_only,blocked}'::text[], 'mvp_dealer_replies', 'An MVP dealer can reply to everyone.', ''),
    ('reply', 'mvp_dealer', 'member', true, '{feature_enabled,participant}'::text[], '{suspended,broadcast_recipient,read_only,blocked}'::text[], 'mvp_dealer_replies', 'An MVP dealer can reply to everyone.', ''),
    ('reply', 'show_organizer', 'attendee', true, '{feature_enabled,participant}'::text[], '{suspended,broadcast_recipient,read_only,blocked}'::text[], 'show_organizer_replies', 'A show organizer can reply to everyone.', ''),
    ('reply', 'show_organizer', 'dealer', true, '{feature_enabled,participant}'::text[], '{suspended,broadcast_recipient,read_only,blocked}'::text[], 'show_organizer_replies', 'A show organizer can reply to everyone.', ''),
    ('reply', 'show_organizer', 'mvp_dealer', true, '{feature_enabled,participant}'::text[], '{suspended,broadcast_recipient,read_only,blocked}'::text[], 'show_organizer_replies', 'A show organizer can reply to everyone.', ''),
    ('reply', 'show_organizer', 'show_organizer', true, '{feature_enabled,participant}'::text[], '{suspended,broadcast_recipient,read_only,blocked}'::text[], 'show_organizer_replies', 'A show organizer can reply to everyone.', ''),
    ('reply', 'show_organizer', 'moderator', true, '{feature_enabled,participant}'::text[], '{suspended,broadcast_recipient,read_only,blocked}'::text[], 'show_organizer_replies', 'A show organizer can reply to everyone.', ''),
    ('reply', 'show_organizer', 'admin', true, '{feature_enabled,participant}'::text[], '{suspended,broadcast_recipient,read_only,blocked}'::text[], 'show_organizer_replies', 'A show organizer can reply to everyone.', ''),
    ('reply', 'show_organizer', 'member', true, '{feature_enabled,participant}'::text[], '{suspended,broadcast_recipient,read_only,blocked}'::text[], 'show_organizer_replies', 'A show organizer can reply to everyone.', ''),
    ('reply', 'moderator', 'attendee', true, '{feature_enabled,participant}'::text[], '{suspended,broadcast_recipient,read_only,blocked}'::text[], 'moderator_replies', 'A moderator can reply to everyone.', ''),
    ('reply', 'moderator', 'dealer', true, '{feature_enabled,participant}'::text[], '{suspended,broadcast_recipient,read_only,blocked}'::text[], 'moderator_replies', 'A moderator can reply to everyone.', ''),
    ('reply', 'moderator', 'mvp_dealer', true, '{feature_enabled,participant}'::text[], '{suspended,broadcast_recipient,read_only,blocked}'::text[], 'moderator_replies', 'A moderator can reply to everyone.', ''),
    ('reply', 'moderator', 'show_organizer', true, '{feature_enabled,participant}'::text[], '{suspended,broadcast_recipient,read_only,blocked}'::text[], 'moderator_replies', 'A moderator can reply to everyone.', ''),
    ('reply', 'moderator', 'moderator', true, '{feature_enabled,participant}'::text[], '{suspended,broadcast_recipient,read_only,blocked}'::text[], 'moderator_replies', 'A moderator can reply to everyone.', ''),
    ('reply', 'moderator', 'admin', true, '{feature_enabled,participant}'::text[], '{suspended,broadcast_recipient,read_only,blocked}'::text[], 'moderator_replies', 'A moderator can reply to everyone.', ''),
    ('reply', 'moderator', 'member', true, '{feature_enabled,participant}'::text[], '{suspended,broadcast_recipient,read_only,blocked}'::text[], 'moderator_replies', 'A moderator can reply to everyone.', ''),
    ('reply', 'admin', 'attendee', true, '{feature_enabled,participant}'::text[], '{suspended,broadcast_recipient,read_only,blocked}'::text[], 'admin_replies', 'An admin can reply to everyone.', ''),
    ('reply', 'admin', 'dealer', true, '{feature_enabled,participant}'::text[], '{suspended,broadcast_recipient,read_only,blocked}'::text[], 'admin_replies', 'An admin can reply to everyone.', ''),
    ('reply', 'admin', 'mvp_dealer', true, '{feature_enabled,participant}'::text[], '{suspended,broadcast_recipient,read_only,blocked}'::text[], 'admin_replies', 'An admin can reply to everyone.', ''),
    ('reply', 'admin', 'show_organizer', true, '{feature_enabled,participant}'::text[], '{suspended,broadcast_recipient,read_only,blocked}'::text[], 'admin_replies', 'An admin can reply to everyone.', ''),
    ('reply', 'admin', 'moderator', true, '{feature_enabled,participant}'::text[], '{suspended,broadcast_recipient,read_only,blocked}'::text[], 'admin_replies', 'An admin can reply to everyone.', ''),
    ('reply', 'admin', 'admin', true, '{feature_enabled,participant}'::text[], '{suspended,broadcast_recipient,read_only,blocked}'::text[], 'admin_replies', 'An admin can reply to everyone.', ''),
    ('reply', 'admin', 'member', true, '{feature_enabled,participant}'::text[], '{suspended,broadcast_recipient,read_only,blocked}'::text[], 'admin_replies', 'An admin can reply to everyone.', ''),
    ('reply', 'member', 'attendee', false, '{}'::text[], '{}'::text[], 'member_replies_to_members_and_staff_only', 'A member can reply to members, show organizers, moderators and admins only.', 'The other participant is a member, a show organizer, a moderator or an admin.'),
    ('reply', 'member', 'dealer', false, '{}'::text[], '{}'::text[], 'member_replies_to_members_and_staff_only', 'A member can reply to members, show organizers, moderators and admins only.', 'The other participant is a member, a show organizer, a moderator or an admin.'),
    ('reply', 'member', 'mvp_dealer', false, '{}'::text[], '{}'::text[], 'member_replies_to_members_and_staff_only', 'A member can reply to members, show organizers, moderators and admins only.', 'The other participant is a member, a show organizer, a moderator or an admin.'),
    ('reply', 'member', 'show_organizer', true, '{feature_enabled,participant}'::text[], '{suspended,broadcast_recipient,read_only,blocked}'::text[], 'member_replies_to_members_and_staff', 'A member can reply to members, show organizers, moderators and admins.', ''),
    ('reply', 'member', 'moderator', true, '{feature_enabled,participant}'::text[], '{suspended,broadcast_recipient,read_only,blocked}'::text[], 'member_replies_to_members_and_staff', 'A member can reply to members, show organizers, moderators and admins.', ''),
    ('reply', 'member', 'admin', true, '{feature_enabled,participant}'::text[], '{suspended,broadcast_recipient,read_only,blocked}'::text[], 'member_replies_to_members_and_staff', 'A member can reply to members, show organizers, moderators and admins.', ''),
    ('reply', 'member', 'member', true, '{feature_enabled,participant}'::text[], '{suspended,broadcast_recipient,read_only,blocked}'::text[], 'member_replies_to_members_and_staff', 'A member can reply to members, show organizers, moderators and admins.', ''),
    ('broadcast', 'attendee', 'attendee', false, '{}'::text[], '{}'::text[], 'attendee_does_not_broadcast', 'An attendee cannot broadcast.', 'You become an MVP dealer or a show organizer.'),
    ('broadcast', 'attendee', 'dealer', false, '{}'::text[], '{}'::text[], 'attendee_does_not_broadcast', 'An attendee cannot broadcast.', 'You become an MVP dealer or a show organizer.'),
    ('broadcast', 'attendee', 'mvp_dealer', false, '{}'::text[], '{}'::text[], 'attendee_does_not_broadcast', 'An attendee cannot broadcast.', 'You become an MVP dealer or a show organizer.'),
    ('broadcast', 'attendee', 'show_organizer', false, '{}'::text[], '{}'::text[], 'attendee_does_not_broadcast', 'An attendee cannot broadcast.', 'You become an MVP dealer or a show organizer.'),
    ('broadcast', 'attendee', 'moderator', false, '{}'::text[], '{}'::text[], 'attendee_does_not_broadcast', 'An attendee cannot broadcast.', 'You become an MVP dealer or a show organizer.'),
    ('broadcast', 'attendee', 'admin', false, '{}'::text[], '{}'::text[], 'attendee_does_not_broadcast', 'An attendee cannot broadcast.', 'You become an MVP dealer or a show organizer.'),
    ('broadcast', 'attendee', 'member', false, '{}'::text[], '{}'::text[], 'attendee_does_not_broadcast', 'An attendee cannot broadcast.', 'You become an MVP dealer or a show organizer.'),
    ('broadcast', 'dealer', 'attendee', false, '{}'::text[], '{}'::text[], 'dealer_reads_only', 'A dealer can read messages, but not write them.', 'You become an MVP dealer.'),
    ('broadcast', 'dealer', 'dealer', false, '{}'::text[], '{}'::text[], 'dealer_reads_only', 'A dealer can read messages, but not write them.', 'You become an MVP dealer.'),
    ('broadcast', 'dealer', 'mvp_dealer', false, '{}'::text[], '{}'::text[], 'dealer_reads_only', 'A dealer can read messages, but not write them.', 'You become an MVP dealer.'),
    ('broadcast', 'dealer', 'show_organizer', false, '{}'::text[], '{}'::text[], 'dealer_reads_only', 'A dealer can read messages, but not write them.', 'You become an MVP dealer.'),
    ('broadcast', 'dealer', 'moderator', false, '{}'::text[], '{}'::text[], 'dealer_reads_only', 'A dealer can read messages, but not write them.', 'You become an MVP dealer.'),
    ('broadcast', 'dealer', 'admin', false, '{}'::text[], '{}'::text[], 'dealer_reads_only', 'A dealer can read messages, but not write them.', 'You become an MVP dealer.'),
    ('broadcast', 'dealer', 'member', false, '{}'::text[], '{}'::text[], 'dealer_reads_only', 'A dealer can read messages, but not write them.', 'You become an MVP dealer.'),
    ('broadcast', 'mvp_dealer', 'attendee', true, '{takes_part,feature_enabled}'::text[], '{suspended,read_only}'::text[], 'mvp_dealer_broadcasts_to_attendees', 'An MVP dealer can broadcast to the attendees of a show in which they take part.', 'You take part in the show.'),
    ('broadcast', 'mvp_dealer', 'dealer', false, '{}'::text[], '{}'::text[], 'mvp_dealer_broadcasts_to_attendees_only', 'An MVP dealer can broadcast to attendees only.', 'The only recipient role is attendee.'),
    ('broadcast', 'mvp_dealer', 'mvp_dealer', false, '{}'::text[], '{}'::text[], 'mvp_dealer_broadcasts_to_attendees_only', 'An MVP dealer can broadcast to attendees only.', 'The only recipient role is attendee.'),
    ('broadcast', 'mvp_dealer', 'show_organizer', false, '{}'::text[], '{}'::text[], 'mvp_dealer_broadcasts_to_attendees_only', 'An MVP dealer can broadcast to attendees only.', 'The only recipient role is attendee.'),
    ('broadcast', 'mvp_dealer', 'moderator', false, '{}'::text[], '{}'::text[], 'mvp_dealer_broadcasts_to_attendees_only', 'An MVP dealer can broadcast to attendees only.', 'The only recipient role is attendee.'),
    ('broadcast', 'mvp_dealer', 'admin', false, '{}'::text[], '{}'::text[], 'mvp_dealer_broadcasts_to_attendees_only', 'An MVP dealer can broadcast to attendees only.', 'The only recipient role is attendee.'),
    ('broadcast', 'mvp_dealer', 'member', false, '{}'::text[], '{}'::text[], 'mvp_dealer_broadcasts_to_attendees_only', 'An MVP dealer can broadcast to attendees only.', 'The only recipient role is attendee.'),
    ('broadcast', 'show_organizer', 'attendee', true, '{own_show,feature_enabled}'::text[], '{suspended,read_only}'::text[], 'show_organizer_broadcasts_in_own_show', 'A show organizer can broadcast in their own shows only.', 'You organize the show.'),
    ('broadcast', 'show_organizer', 'dealer', true, '{own_show,feature_enabled}'::text[], '{suspended,read_only}'::text[], 'show_organizer_broadcasts_in_own_show', 'A show organizer can broadcast in their own shows only.', 'You organize the show.'),
    ('broadcast', 'show_organizer', 'mvp_dealer', true, '{own_show,feature_enabled}'::text[], '{suspended,read_only}'::text[], 'show_organizer_broadcasts_in_own_show', 'A show organizer can broadcast in their own shows only.', 'You organize the show.'),
    ('broadcast', 'show_organizer', 'show_organizer', true, '{own_show,feature_enabled}'::text[], '{suspended,read_only}'::text[], 'show_organizer_broadcasts_in_own_show', 'A show organizer can broadcast in their own shows only.', 'You organize the show.'),
    ('broadcast', 'show_organizer', 'moderator', true, '{own_show,feature_enabled}'::text[], '{suspended,read_only}'::text[], 'show_organizer_broadcasts_in_own_show', 'A show organizer can broadcast in their own shows only.', 'You organize the show.'),
    ('broadcast', 'show_organizer', 'admin', true, '{own_show,feature_enabled}'::text[], '{suspended,read_only}'::text[], 'show_organizer_broadcasts_in_own_show', 'A show organizer can broadcast in their own shows only.', 'You organize the show.'),
    ('broadcast', 'show_organizer', 'member', true, '{own_show,feature_enabled}'::text[], '{suspended,read_only}'::text[], 'show_organizer_broadcasts_in_own_show', 'A show organizer can broadcast in their own shows only.', 'You organize the show.'),
    ('broadcast', 'moderator', 'attendee', false, '{}'::text[], '{}'::text[], 'moderator_does_not_broadcast', 'A moderator cannot broadcast.', 'You become an admin or the show''s organizer.'),
    ('broadcast', 'moderator', 'dealer', false, '{}'::text[], '{}'::text[], 'moderator_does_not_broadcast', 'A moderator cannot broadcast.', 'You become an admin or the show''s organizer.'),
    ('broadcast', 'moderator', 'mvp_dealer', false, '{}'::text[], '{}'::text[], 'moderator_does_not_broadcast', 'A moderator cannot broadcast.', 'You become an admin or the show''s organizer.'),
    ('broadcast', 'moderator', 'show_organizer', false, '{}'::text[], '{}'::text[], 'moderator_does_not_broadcast', 'A moderator cannot broadcast.', 'You become an admin or the show''s organizer.'),
    ('broadcast', 'moderator', 'moderator', false, '{}'::text[], '{}'::text[], 'moderator_does_not_broadcast', 'A moderator cannot broadcast.', 'You become an admin or the show''s organizer.'),
    ('broadcast', 'moderator', 'admin', false, '{}'::text[], '{}'::text[], 'moderator_does_not_broadcast', 'A moderator cannot broadcast.', 'You become an admin or the show''s organizer.'),
    ('broadcast', 'moderator', 'member', false, '{}'::text[], '{}'::text[], 'moderator_does_not_broadcast', 'A moderator cannot broadcast.', 'You become an admin or the show''s organizer.'),
    ('broadcast', 'admin', 'attendee', true, '{feature_enabled}'::text[], '{suspended,read_only}'::text[], 'admin_broadcasts', 'An admin can broadcast in every show.', ''),
    ('broadcast', 'admin', 'dealer', true, '{feature_enabled}'::text[], '{suspended,read_only}'::text[], 'admin_broadcasts', 'An admin can broadcast in every show.', ''),
    ('broadcast', 'admin', 'mvp_dealer', true, '{feature_enabled}'::text[], '{suspended,read_only}'::text[], 'admin_broadcasts', 'An admin can broadcast in every show.', ''),
    ('broadcast', 'admin', 'show_organizer', true, '{feature_enabled}'::text[], '{suspended,read_only}'::text[], 'admin_broadcasts', 'An admin can broadcast in every show.', ''),
    ('broadcast', 'admin', 'moderator', true, '{feature_enabled}'::text[], '{suspended,read_only}'::text[], 'admin_broadcasts', 'An admin can broadcast in every show.', ''),
    ('broadcast', 'admin', 'admin', true, '{feature_enabled}'::text[], '{suspended,read_only}'::text[], 'admin_broadcasts', 'An admin can broadcast in every show.', ''),
    ('broadcast', 'admin', 'member', true, '{feature_enabled}'::text[], '{suspended,read_only}'::text[], 'admin_broadcasts', 'An admin can broadcast in every show.', ''),
    ('broadcast', 'member', 'attendee', false, '{}'::text[], '{}'::text[], 'member_does_not_broadcast', 'A member cannot broadcast.', 'You become an MVP dealer or a show organizer.'),
    ('broadcast', 'member', 'dealer', false, '{}'::text[], '{}'::text[], 'member_does_not_broadcast', 'A member cannot broadcast.', 'You become an MVP dealer or a show organizer.'),
    ('broadcast', 'member', 'mvp_dealer', false, '{}'::text[], '{}'::text[], 'member_does_not_broadcast', 'A member cannot broadcast.', 'You become an MVP dealer or a show organizer.'),
    ('broadcast', 'member', 'show_organizer', false, '{}'::text[], '{}'::text[], 'member_does_not_broadcast', 'A member cannot broadcast.', 'You become an MVP dealer or a show organizer.'),
    ('broadcast', 'member', 'moderator', false, '{}'::text[], '{}'::text[], 'member_does_not_broadcast', 'A member cannot broadcast.', 'You become an MVP dealer or a show organizer.'),
    ('broadcast', 'member', 'admin', false, '{}'::text[], '{}'::text[], 'member_does_not_broadcast', 'A member cannot broadcast.', 'You become an MVP dealer or a show organizer.'),
    ('broadcast', 'member', 'member', false, '{}'::text[], '{}'::text[], 'member_does_not_broadcast', 'A member cannot broadcast.', 'You become an MVP dealer or a show organizer.'),
    ('moderate', 'attendee', 'attendee', false, '{}'::text[], '{}'::text[], 'attendee_does_not_moderate', 'An attendee cannot moderate.', 'You become a moderator.'),
    ('moderate', 'attendee', 'dealer', false, '{}'::text[], '{}'::text[], 'attendee_does_not_moderate', 'An attendee cannot moderate.', 'You become a moderator.'),
    ('moderate', 'attendee', 'mvp_dealer', false, '{}'::text[], '{}'::text[], 'attendee_does_not_moderate', 'An attendee cannot moderate.', 'You become a moderator.'),
    ('moderate', 'attendee', 'show_organizer', false, '{}'::text[], '{}'::text[], 'attendee_does_not_moderate', 'An attendee cannot moderate.', 'You become a moderator.'),
    ('moderate', 'attendee', 'moderator', false, '{}'::text[], '{}'::text[], 'attendee_does_not_moderate', 'An attendee cannot moderate.', 'You become a moderator.'),
    ('moderate', 'attendee', 'admin', false, '{}'::text[], '{}'::text[], 'attendee_does_not_moderate', 'An attendee cannot moderate.', 'You become a moderator.'),
    ('moderate', 'attendee', 'member', false, '{}'::text[], '{}'::text[], 'attendee_does_not_moderate', 'An attendee cannot moderate.', 'You become a moderator.'),
    ('moderate', 'dealer', 'attendee', false, '{}'::text[], '{}'::text[], 'dealer_does_not_moderate', 'A dealer cannot moderate.', 'You become a moderator.'),
    ('moderate', 'dealer', 'dealer', false, '{}'::text[], '{}'::text[], 'dealer_does_not_moderate', 'A dealer cannot moderate.', 'You become a moderator.'),
    ('moderate', 'dealer', 'mvp_dealer', false, '{}'::text[], '{}'::text[], 'dealer_does_not_moderate', 'A dealer cannot moderate.', 'You become a moderator.'),
    ('moderate', 'dealer', 'show_organizer', false, '{}'::text[], '{}'::text[], 'dealer_does_not_moderate', 'A dealer cannot moderate.', 'You become a moderator.'),
    ('moderate', 'dealer', 'moderator', false, '{}'::text[], '{}'::text[], 'dealer_does_not_moderate', 'A dealer cannot moderate.', 'You become a moderator.'),
    ('moderate', 'dealer', 'admin', false, '{}'::text[], '{}'::text[], 'dealer_does_not_moderate', 'A dealer cannot moderate.', 'You become a moderator.'),
    ('moderate', 'dealer', 'member', false, '{}'::text[], '{}'::text[], 'dealer_does_not_moderate', 'A dealer cannot moderate.', 'You become a moderator.'),
    ('moderate', 'mvp_dealer', 'attendee', false, '{}'::text[], '{}'::text[], 'mvp_dealer_does_not_moderate', 'An MVP dealer cannot moderate.', 'You become a moderator.'),
    ('moderate', 'mvp_dealer', 'dealer', false, '{}'::text[], '{}'::text[], 'mvp_dealer_does_not_moderate', 'An MVP dealer cannot moderate.', 'You become a moderator.'),
    ('moderate', 'mvp_dealer', 'mvp_dealer', false, '{}'::text[], '{}'::text[], 'mvp_dealer_does_not_moderate', 'An MVP dealer cannot moderate.', 'You become a moderator.'),
    ('moderate', 'mvp_dealer', 'show_organizer', false, '{}'::text[], '{}'::text[], 'mvp_dealer_does_not_moderate', 'An MVP dealer cannot moderate.', 'You become a moderator.'),
    ('moderate', 'mvp_dealer', 'moderator', false, '{}'::text[], '{}'::text[], 'mvp_dealer_does_not_moderate', 'An MVP dealer cannot moderate.', 'You become a moderator.'),
    ('moderate', 'mvp_dealer', 'admin', false, '{}'::text[], '{}'::text[], 'mvp_dealer_does_not_moderate', 'An MVP dealer cannot moderate.', 'You become a moderator.'),
    ('moderate', 'mvp_dealer', 'member', false, '{}'::text[], '{}'::text[], 'mvp_dealer_does_not_moderate', 'An MVP dealer cannot moderate.', 'You become a moderator.'),
    ('moderate', 'show_organizer', 'attendee', true, '{own_show,feature_enabled}'::text[], '{suspended,self}'::text[], 'show_organizer_moderates_own_show', 'A show organizer can moderate the messages of their own shows only.', 'You organize the show.'),
    ('moderate', 'show_organizer', 'dealer', true, '{own_show,feature_enabled}'::text[], '{suspended,self}'::text[], 'show_organizer_moderates_own_show', 'A show organizer can moderate the messages of their own shows only.', 'You organize the show.'),
    ('moderate', 'show_organizer', 'mvp_dealer', true, '{own_show,feature_enabled}'::text[], '{suspended,self}'::text[], 'show_organizer_moderates_own_show', 'A show organizer can moderate the messages of their own shows only.', 'You organize the show.'),
    ('moderate', 'show_organizer', 'show_organizer', true, '{own_show,feature_enabled}'::text[], '{suspended,self}'::text[], 'show_organizer_moderates_own_show', 'A show organizer can moderate the messages of their own shows only.', 'You organize the show.'),
    ('moderate', 'show_organizer', 'moderator', true, '{own_show,feature_enabled}'::text[], '{suspended,self}'::text[], 'show_organizer_moderates_own_show', 'A show organizer can moderate the messages of their own shows only.', 'You organize the show.'),
    ('moderate', 'show_organizer', 'admin', true, '{own_show,feature_enabled}'::text[], '{suspended,self}'::text[], 'show_organizer_moderates_own_show', 'A show organizer can moderate the messages of their own shows only.', 'You organize the show.'),
    ('moderate', 'show_organizer', 'member', true, '{own_show,feature_enabled}'::text[], '{suspended,self}'::text[], 'show_organizer_moderates_own_show', 'A show organizer can moderate the messages of their own shows only.', 'You organize the show.'),
    ('moderate', 'moderator', 'attendee', true, '{feature_enabled}'::text[], '{suspended,self}'::text[], 'moderator_moderates', 'A moderator can moderate everything.', ''),
    ('moderate', 'moderator', 'dealer', true, '{feature_enabled}'::text[], '{suspended,self}'::text[], 'moderator_moderates', 'A moderator can moderate everything.', ''),
    ('moderate', 'moderator', 'mvp_dealer', true, '{feature_enabled}'::text[], '{suspended,self}'::text[], 'moderator_moderates', 'A moderator can moderate everything.', ''),
    ('moderate', 'moderator', 'show_organizer', true, '{feature_enabled}'::text[], '{suspended,self}'::text[], 'moderator_moderates', 'A moderator can moderate everything.', ''),
    ('moderate', 'moderator', 'moderator', true, '{feature_enabled}'::text[], '{suspended,self}'::text[], 'moderator_moderates', 'A moderator can moderate everything.', ''),
    ('moderate', 'moderator', 'admin', true, '{feature_enabled}'::text[], '{suspended,self}'::text[], 'moderator_moderates', 'A moderator can moderate everything.', ''),
    ('moderate', 'moderator', 'member', true, '{feature_enabled}'::text[], '{suspended,self}'::text[], 'moderator_moderates', 'A moderator can moderate everything.', ''),
    ('moderate', 'admin', 'attendee', true, '{feature_enabled}'::text[], '{suspended,self}'::text[], 'admin_moderates', 'An admin can moderate everything.', ''),
    ('moderate', 'admin', 'dealer', true, '{feature_enabled}'::text[], '{suspended,self}'::text[], 'admin_moderates', 'An admin can moderate everything.', ''),
    ('moderate', 'admin', 'mvp_dealer', true, '{feature_enabled}'::text[], '{suspended,self}'::text[], 'admin_moderates', 'An admin can moderate everything.', ''),
    ('moderate', 'admin', 'show_organizer', true, '{feature_enabled}'::text[], '{suspended,self}'::text[], 'admin_moderates', 'An admin can moderate everything.', ''),
    ('moderate', 'admin', 'moderator', true, '{feature_enabled}'::text[], '{suspended,self}'::text[], 'admin_moderates', 'An admin can moderate everything.', ''),
    ('moderate', 'admin', 'admin', true, '{feature_enabled}'::text[], '{suspended,self}'::text[], 'admin_moderates', 'An admin can moderate everything.', ''),
    ('moderate', 'admin', 'member', true, '{feature_enabled}'::text[], '{suspended,self}'::text[], 'admin_moderates', 'An admin can moderate everything.', ''),
    ('moderate', 'member', 'attendee', false, '{}'::text[], '{}'::text[], 'member_does_not_moderate', 'A member cannot moderate.', 'You become a moderator.'),
    ('moderate', 'member', 'dealer', false, '{}'::text[], '{}'::text[], 'member_does_not_moderate', 'A member cannot moderate.', 'You become a moderator.'),
    ('moderate', 'member', 'mvp_dealer', false, '{}'::text[], '{}'::text[], 'member_does_not_moderate', 'A member cannot moderate.', 'You become a moderator.'),
    ('moderate', 'member', 'show_organizer', false, '{}'::text[], '{}'::text[], 'member_does_not_moderate', 'A member cannot moderate.', 'You become a moderator.'),
    ('moderate', 'member', 'moderator', false, '{}'::text[], '{}'::text[], 'member_does_not_moderate', 'A member cannot moderate.', 'You become a moderator.'),
    ('moderate', 'member', 'admin', false, '{}'::text[], '{}'::text[], 'member_does_not_moderate', 'A member cannot moderate.', 'You become a moderator.'),
    ('moderate', 'member', 'member', false, '{}'::text[], '{}'::text[], 'member_does_not_moderate', 'A member cannot moderate.', 'You become a moderator.'),
    ('report', 'attendee', 'attendee', true, '{feature_enabled,participant}'::text[], '{self}'::text[], 'anyone_reports_what_they_can_read', 'Everyone can report a message that they can read.', ''),
    ('report', 'attendee', 'dealer', true, '{feature_enabled,participant}'::text[], '{self}'::text[], 'anyone_reports_what_they_can_read', 'Everyone can report a message that they can read.', ''),
    ('report', 'attendee', 'mvp_dealer', true, '{feature_enabled,participant}'::text[], '{self}'::text[], 'anyone_reports_what_they_can_read', 'Everyone can report a message that they can read.', ''),
    ('report', 'attendee', 'show_organizer', true, '{feature_enabled,participant}'::text[], '{self}'::text[], 'anyone_reports_what_they_can_read', 'Everyone can report a message that they can read.', ''),
    ('report', 'attendee', 'moderator', true, '{feature_enabled,participant}'::text[], '{self}'::text[], 'anyone_reports_what_they_can_read', 'Everyone can report a message that they can read.', ''),
    ('report', 'attendee', 'admin', true, '{feature_enabled,participant}'::text[], '{self}'::text[], 'anyone_reports_what_they_can_read', 'Everyone can report a message that they can read.', ''),
    ('report', 'attendee', 'member', true, '{feature_enabled,participant}'::text[], '{self}'::text[], 'anyone_reports_what_they_can_read', 'Everyone can report a message that they can read.', ''),
    ('report', 'dealer', 'attendee', true, '{feature_enabled,participant}'::text[], '{self}'::text[], 'anyone_reports_what_they_can_read', 'Everyone can report a message that they can read.', ''),
    ('report', 'dealer', 'dealer', true, '{feature_enabled,participant}'::text[], '{self}'::text[], 'anyone_reports_what_they_can_read', 'Everyone can report a message that they can read.', ''),
    ('report', 'dealer', 'mvp_dealer', true, '{feature_enabled,participant}'::text[], '{self}'::text[], 'anyone_reports_what_they_can_read', 'Everyone can report a message that they can read.', ''),
    ('report', 'dealer', 'show_organizer', true, '{feature_enabled,participant}'::text[], '{self}'::text[], 'anyone_reports_what_they_can_read', 'Everyone can report a message that they can read.', ''),
    ('report', 'dealer', 'moderator', true, '{feature_enabled,participant}'::text[], '{self}'::text[], 'anyone_reports_what_they_can_read', 'Everyone can report a message that they can read.', ''),
    ('report', 'dealer', 'admin', true, '{feature_enabled,participant}'::text[], '{self}'::text[], 'anyone_reports_what_they_can_read', 'Everyone can report a message that they can read.', ''),
    ('report', 'dealer', 'member', true, '{feature_enabled,participant}'::text[], '{self}'::text[], 'anyone_reports_what_they_can_read', 'Everyone can report a message that they can read.', ''),
    ('report', 'mvp_dealer', 'attendee', true, '{feature_enabled,participant}'::text[], '{self}'::text[], 'anyone_reports_what_they_can_read', 'Everyone can report a message that they can read.', ''),
    ('report', 'mvp_dealer', 'dealer', true, '{feature_enabled,participant}'::text[], '{self}'::text[], 'anyone_reports_what_they_can_read', 'Everyone can report a message that they can read.', ''),
    ('report', 'mvp_dealer', 'mvp_dealer', true, '{feature_enabled,participant}'::text[], '{self}'::text[], 'anyone_reports_what_they_can_read', 'Everyone can report a message that they can read.', ''),
    ('report', 'mvp_dealer', 'show_organizer', true, '{feature_enabled,participant}'::text[], '{self}'::text[], 'anyone_reports_what_they_can_read', 'Everyone can report a message that they can read.', ''),
    ('report', 'mvp_dealer', 'moderator', true, '{feature_enabled,participant}'::text[], '{self}'::text[], 'anyone_reports_what_they_can_read', 'Everyone can report a message that they can read.', ''),
    ('report', 'mvp_dealer', 'admin', true, '{feature_enabled,participant}'::text[], '{self}'::text[], 'anyone_reports_what_they_can_read', 'Everyone can report a message that they can read.', ''),
    ('report', 'mvp_dealer', 'member', true, '{feature_enabled,participant}'::text[], '{self}'::text[], 'anyone_reports_what_they_can_read', 'Everyone can report a message that they can read.', ''),
    ('report', 'show_organizer', 'attendee', true, '{feature_enabled,participant}'::text[], '{self}'::text[], 'anyone_reports_what_they_can_read', 'Everyone can report a message that they can read.', ''),
    ('report', 'show_organizer', 'dealer', true, '{feature_enabled,participant}'::text[], '{self}'::text[], 'anyone_reports_what_they_can_read', 'Everyone can report a message that they can read.', ''),
    ('report', 'show_organizer', 'mvp_dealer', true, '{feature_enabled,participant}'::text[], '{self}'::text[], 'anyone_reports_what_they_can_read', 'Everyone can report a message that they can read.', ''),
    ('report', 'show_organizer', 'show_organizer', true, '{feature_enabled,participant}'::text[], '{self}'::text[], 'anyone_reports_what_they_can_read', 'Everyone can report a message that they can read.', ''),
    ('report', 'show_organizer', 'moderator', true, '{feature_enabled,participant}'::text[], '{self}'::text[], 'anyone_reports_what_they_can_read', 'Everyone can report a message that they can read.', ''),
    ('report', 'show_organizer', 'admin', true, '{feature_enabled,participant}'::text[], '{self}'::text[], 'anyone_reports_what_they_can_read', 'Everyone can report a message that they can read.', ''),
    ('report', 'show_organizer', 'member', true, '{feature_enabled,participant}'::text[], '{self}'::text[], 'anyone_reports_what_they_can_read', 'Everyone can report a message that they can read.', ''),
    ('report', 'moderator', 'attendee', true, '{feature_enabled,participant}'::text[], '{self}'::text[], 'anyone_reports_what_they_can_read', 'Everyone can report a message that they can read.', ''),
    ('report', 'moderator', 'dealer', true, '{feature_enabled,participant}'::text[], '{self}'::text[], 'anyone_reports_what_they_can_read', 'Everyone can report a message that they can read.', ''),
    ('report', 'moderator', 'mvp_dealer', true, '{feature_enabled,participant}'::text[], '{self}'::text[], 'anyone_reports_what_they_can_read', 'Everyone can report a message that they can read.', ''),
    ('report', 'moderator', 'show_organizer', true, '{feature_enabled,participant}'::text[], '{self}'::text[], 'anyone_reports_what_they_can_read', 'Everyone can report a message that they can read.', ''),
    ('report', 'moderator', 'moderator', true, '{feature_enabled,participant}'::text[], '{self}'::text[], 'anyone_reports_what_they_can_read', 'Everyone can report a message that they can read.', ''),
    ('report', 'moderator', 'admin', true, '{feature_enabled,participant}'::text[], '{self}'::text[], 'anyone_reports_what_they_can_read', 'Everyone can report a message that they can read.', ''),
    ('report', 'moderator', 'member', true, '{feature_enabled,participant}'::text[], '{self}'::text[], 'anyone_reports_what_they_can_read', 'Everyone can report a message that they can read.', ''),
    ('report', 'admin', 'attendee', true, '{feature_enabled,participant}'::text[], '{self}'::text[], 'anyone_reports_what_they_can_read', 'Everyone can report a message that they can read.', ''),
    ('report', 'admin', 'dealer', true, '{feature_enabled,participant}'::text[], '{self}'::text[], 'anyone_reports_what_they_can_read', 'Everyone can report a message that they can read.', ''),
    ('report', 'admin', 'mvp_dealer', true, '{feature_enabled,participant}'::text[], '{self}'::text[], 'anyone_reports_what_they_can_read', 'Everyone can report a message that they can read.', ''),
    ('report', 'admin', 'show_organizer', true, '{feature_enabled,participant}'::text[], '{self}'::text[], 'anyone_reports_what_they_can_read', 'Everyone can report a message that they can read.', ''),
    ('report', 'admin', 'moderator', true, '{feature_enabled,participant}'::text[], '{self}'::text[], 'anyone_reports_what_they_can_read', 'Everyone can report a message that they can read.', ''),
    ('report', 'admin', 'admin', true, '{feature_enabled,participant}'::text[], '{self}'::text[], 'anyone_reports_what_they_can_read', 'Everyone can report a message that they can read.', ''),
    ('report', 'admin', 'member', true, '{feature_enabled,participant}'::text[], '{self}'::text[], 'anyone_reports_what_they_can_read', 'Everyone can report a message that they can read.', ''),
    ('report', 'member', 'attendee', true, '{feature_enabled,participant}'::text[], '{self}'::text[], 'anyone_reports_what_they_can_read', 'Everyone can report a message that they can read.', ''),
    ('report', 'member', 'dealer', true, '{feature_enabled,participant}'::text[], '{self}'::text[], 'anyone_reports_what_they_can_read', 'Everyone can report a message that they can read.', ''),
    ('report', 'member', 'mvp_dealer', true, '{feature_enabled,participant}'::text[], '{self}'::text[], 'anyone_reports_what_they_can_read', 'Everyone can report a message that they can read.', ''),
    ('report', 'member', 'show_organizer', true, '{feature_enabled,participant}'::text[], '{self}'::text[], 'anyone_reports_what_they_can_read', 'Everyone can report a message that they can read.', ''),
    ('report', 'member', 'moderator', true, '{feature_enabled,participant}'::text[], '{self}'::text[], 'anyone_reports_what_they_can_read', 'Everyone can report a message that they can read.', ''),
    ('report', 'member', 'admin', true, '{feature_enabled,participant}'::text[], '{self}'::text[], 'anyone_reports_what_they_can_read', 'Everyone can report a message that they can read.', ''),
    ('report', 'member', 'member', true, '{feature_enabled,participant}'::text[], '{self}'::text[], 'anyone_reports_what_they_can_read', 'Everyone can report a message that they can read.', ''),
    ('suspend', 'attendee', 'attendee', false, '{}'::text[], '{}'::text[], 'only_moderators_suspend', 'Only moderators and admins can suspend.', 'You become a moderator.'),
    ('suspend', 'attendee', 'dealer', false, '{}'::text[], '{}'::text[], 'only_moderators_suspend', 'Only moderators and admins can suspend.', 'You become a moderator.'),
    ('suspend', 'attendee', 'mvp_dealer', false, '{}'::text[], '{}'::text[], 'only_moderators_suspend', 'Only moderators and admins can suspend.', 'You become a moderator.'),
    ('suspend', 'attendee', 'show_organizer', false, '{}'::text[], '{}'::text[], 'only_moderators_suspend', 'Only moderators and admins can suspend.', 'You become a moderator.'),
    ('suspend', 'attendee', 'moderator', false, '{}'::text[], '{}'::text[], 'only_moderators_suspend', 'Only moderators and admins can suspend.', 'You become a moderator.'),
    ('suspend', 'attendee', 'admin', false, '{}'::text[], '{}'::text[], 'only_moderators_suspend', 'Only moderators and admins can suspend.', 'You become a moderator.'),
    ('suspend', 'attendee', 'member', false, '{}'::text[], '{}'::text[], 'only_moderators_suspend', 'Only moderators and admins can suspend.', 'You become a moderator.'),
    ('suspend', 'dealer', 'attendee', false, '{}'::text[], '{}'::text[], 'only_moderators_suspend', 'Only moderators and admins can suspend.', 'You become a moderator.'),
    ('suspend', 'dealer', 'dealer', false, '{}'::text[], '{}'::text[], 'only_moderators_suspend', 'Only moderators and admins can suspend.', 'You become a moderator.'),
    ('suspend', 'dealer', 'mvp_dealer', false, '{}'::text[], '{}'::text[], 'only_moderators_suspend', 'Only moderators and admins can suspend.', 'You become a moderator.'),
    ('suspend', 'dealer', 'show_organizer', false, '{}'::text[], '{}'::text[], 'only_moderators_suspend', 'Only moderators and admins can suspend.', 'You become a moderator.'),
    ('suspend', 'dealer', 'moderator', false, '{}'::text[], '{}'::text[], 'only_moderators_suspend', 'Only moderators and admins can suspend.', 'You become a moderator.'),
    ('suspend', 'dealer', 'admin', false, '{}'::text[], '{}'::text[], 'only_moderators_suspend', 'Only moderators and admins can suspend.', 'You become a moderator.'),
    ('suspend', 'dealer', 'member', false, '{}'::text[], '{}'::text[], 'only_moderators_suspend', 'Only moderators and admins can suspend.', 'You become a moderator.'),
    ('suspend', 'mvp_dealer', 'attendee', false, '{}'::text[], '{}'::text[], 'only_moderators_suspend', 'Only moderators and admins can suspend.', 'You become a moderator.'),
    ('suspend', 'mvp_dealer', 'dealer', false, '{}'::text[], '{}'::text[], 'only_moderators_suspend', 'Only moderators and admins can suspend.', 'You become a moderator.'),
    ('suspend', 'mvp_dealer', 'mvp_dealer', false, '{}'::text[], '{}'::text[], 'only_moderators_suspend', 'Only moderators and admins can suspend.', 'You become a moderator.'),
    ('suspend', 'mvp_dealer', 'show_organizer', false, '{}'::text[], '{}'::text[], 'only_moderators_suspend', 'Only moderators and admins can suspend.', 'You become a moderator.'),
    ('suspend', 'mvp_dealer', 'moderator', false, '{}'::text[], '{}'::text[], 'only_moderators_suspend', 'Only moderators and admins can suspend.', 'You become a moderator.'),
    ('suspend', 'mvp_dealer', 'admin', false, '{}'::text[], '{}'::text[], 'only_moderators_suspend', 'Only moderators and admins can suspend.', 'You become a moderator.'),
    ('suspend', 'mvp_dealer', 'member', false, '{}'::text[], '{}'::text[], 'only_moderators_suspend', 'Only moderators and admins can suspend.', 'You become a moderator.'),
    ('suspend', 'show_organizer', 'attendee', false, '{}'::text[], '{}'::text[], 'only_moderators_suspend', 'Only moderators and admins can suspend.', 'You become a moderator.'),
    ('suspend', 'show_organizer', 'dealer', false, '{}'::text[], '{}'::text[], 'only_moderators_suspend', 'Only moderators and admins can suspend.', 'You become a moderator.'),
    ('suspend', 'show_organizer', 'mvp_dealer', false, '{}'::text[], '{}'::text[], 'only_moderators_suspend', 'Only moderators and admins can suspend.', 'You become a moderator.'),
    ('suspend', 'show_organizer', 'show_organizer', false, '{}'::text[], '{}'::text[], 'only_moderators_suspend', 'Only moderators and admins can suspend.', 'You become a moderator.'),
    ('suspend', 'show_organizer', 'moderator', false, '{}'::text[], '{}'::text[], 'only_moderators_suspend', 'Only moderators and admins can suspend.', 'You become a moderator.'),
    ('suspend', 'show_organizer', 'admin', false, '{}'::text[], '{}'::text[], 'only_moderators_suspend', 'Only moderators and admins can suspend.', 'You become a moderator.'),
    ('suspend', 'show_organizer', 'member', false, '{}'::text[], '{}'::text[], 'only_moderators_suspend', 'Only moderators and admins can suspend.', 'You become a moderator.'),
    ('suspend', 'moderator', 'attendee', true, '{feature_enabled}'::text[], '{suspended,self}'::text[], 'moderator_suspends_users', 'A moderator can suspend attendees, dealers, MVP dealers, show organizers and members.', ''),
    ('suspend', 'moderator', 'dealer', true, '{feature_enabled}'::text[], '{suspended,self}'::text[], 'moderator_suspends_users', 'A moderator can suspend attendees, dealers, MVP dealers, show organizers and members.', ''),
    ('suspend', 'moderator', 'mvp_dealer', true, '{feature_enabled}'::text[], '{suspended,self}'::text[], 'moderator_suspends_users', 'A moderator can suspend attendees, dealers, MVP dealers, show organizers and members.', ''),
    ('suspend', 'moderator', 'show_organizer', true, '{feature_enabled}'::text[], '{suspended,self}'::text[], 'moderator_suspends_users', 'A moderator can suspend attendees, dealers, MVP dealers, show organizers and members.', ''),
    ('suspend', 'moderator', 'moderator', false, '{}'::text[], '{}'::text[], 'moderator_does_not_suspend_staff', 'A moderator cannot suspend moderators and admins.', 'An admin does it.'),
    ('suspend', 'moderator', 'admin', false, '{}'::text[], '{}'::text[], 'moderator_does_not_suspend_staff', 'A moderator cannot suspend moderators and admins.', 'An admin does it.'),
    ('suspend', 'moderator', 'member', true, '{feature_enabled}'::text[], '{suspended,self}'::text[], 'moderator_suspends_users', 'A moderator can suspend attendees, dealers, MVP dealers, show organizers and members.', ''),
    ('suspend', 'admin', 'attendee', true, '{feature_enabled}'::text[], '{suspended,self}'::text[], 'admin_suspends_everyone', 'An admin can suspend everyone.', ''),
    ('suspend', 'admin', 'dealer', true, '{feature_enabled}'::text[], '{suspended,self}'::text[], 'admin_suspends_everyone', 'An admin can suspend everyone.', ''),
    ('suspend', 'admin', 'mvp_dealer', true, '{feature_enabled}'::text[], '{suspended,self}'::text[], 'admin_suspends_everyone', 'An admin can suspend everyone.', ''),
    ('suspend', 'admin', 'show_organizer', true, '{feature_enabled}'::text[], '{suspended,self}'::text[], 'admin_suspends_everyone', 'An admin can suspend everyone.', ''),
    ('suspend', 'admin', 'moderator', true, '{feature_enabled}'::text[], '{suspended,self}'::text[], 'admin_suspends_everyone', 'An admin can suspend everyone.', ''),
    ('suspend', 'admin', 'admin', true, '{feature_enabled}'::text[], '{suspended,self}'::text[], 'admin_suspends_everyone', 'An admin can suspend everyone.', ''),
    ('suspend', 'admin', 'member', true, '{feature_enabled}'::text[], '{suspended,self}'::text[], 'admin_suspends_everyone', 'An admin can suspend everyone.', ''),
    ('suspend', 'member', 'attendee', false, '{}'::text[], '{}'::text[], 'only_moderators_suspend', 'Only moderators and admins can suspend.', 'You become a moderator.'),
    ('suspend', 'member', 'dealer', false, '{}'::text[], '{}'::text[], 'only_moderators_suspend', 'Only moderators and admins can suspend.', 'You become a moderator.'),
    ('suspend', 'member', 'mvp_dealer', false, '{}'::text[], '{}'::text[], 'only_moderators_suspend', 'Only moderators and admins can suspend.', 'You become a moderator.'),
    ('suspend', 'member', 'show_organizer', false, '{}'::text[], '{}'::text[], 'only_moderators_suspend', 'Only moderators and admins can suspend.', 'You become a moderator.'),
    ('suspend', 'member', 'moderator', false, '{}'::text[], '{}'::text[], 'only_moderators_suspend', 'Only moderators and admins can suspend.', 'You become a moderator.'),
    ('suspend', 'member', 'admin', false, '{}'::text[], '{}'::text[], 'only_moderators_suspend', 'Only moderators and admins can suspend.', 'You become a moderator.'),
    ('suspend', 'member', 'member', false, '{}'::text[], '{}'::text[], 'only_moderators_suspend', 'Only moderators and admins can suspend.', 'You become a moderator.'),
    ('read_broadcast', 'attendee', 'attendee', true, '{feature_enabled,participant}'::text[], '{blocked}'::text[], 'broadcasts_do_not_cross_a_block', 'A block between two people hides the broadcasts of the one from the other.', 'The block is lifted.'),
    ('read_broadcast', 'attendee', 'dealer', true, '{feature_enabled,participant}'::text[], '{blocked}'::text[], 'broadcasts_do_not_cross_a_block', 'A block between two people hides the broadcasts of the one from the other.', 'The block is lifted.'),
    ('read_broadcast', 'attendee', 'mvp_dealer', true, '{feature_enabled,participant}'::text[], '{blocked}'::text[], 'broadcasts_do_not_cross_a_block', 'A block between two people hides the broadcasts of the one from the other.', 'The block is lifted.'),
    ('read_broadcast', 'attendee', 'show_organizer', true, '{feature_enabled,participant}'::text[], '{blocked}'::text[], 'broadcasts_do_not_cross_a_block', 'A block between two people hides the broadcasts of the one from the other.', 'The block is lifted.'),
    ('read_broadcast', 'attendee', 'moderator', true, '{feature_enabled,participant}'::text[], '{blocked}'::text[], 'broadcasts_do_not_cross_a_block', 'A block between two people hides the broadcasts of the one from the other.', 'The block is lifted.'),
    ('read_broadcast', 'attendee', 'admin', true, '{feature_enabled,participant}'::text[], '{}'::text[], 'everyone_reads_broadcasts_of_admins', 'Everyone reads the broadcasts of an admin, across a block, too.', ''),
    ('read_broadcast', 'attendee', 'member', true, '{feature_enabled,participant}'::text[], '{blocked}'::text[], 'broadcasts_do_not_cross_a_block', 'A block between two people hides the broadcasts of the one from the other.', 'The block is lifted.'),
    ('read_broadcast', 'dealer', 'attendee', true, '{feature_enabled,participant}'::text[], '{blocked}'::text[], 'broadcasts_do_not_cross_a_block', 'A block between two people hides the broadcasts of the one from the other.', 'The block is lifted.'),
    ('read_broadcast', 'dealer', 'dealer', true, '{feature_enabled,participant}'::text[], '{blocked}'::text[], 'broadcasts_do_not_cross_a_block', 'A block between two people hides the broadcasts of the one from the other.', 'The block is lifted.'),
    ('read_broadcast', 'dealer', 'mvp_dealer', true, '{feature_enabled,participant}'::text[], '{blocked}'::text[], 'broadcasts_do_not_cross_a_block', 'A block between two people hides the broadcasts of the one from the other.', 'The block is lifted.'),
    ('read_broadcast', 'dealer', 'show_organizer', true, '{feature_enabled,participant}'::text[], '{blocked}'::text[], 'broadcasts_do_not_cross_a_block', 'A block between two people hides the broadcasts of the one from the other.', 'The block is lifted.'),
    ('read_broadcast', 'dealer', 'moderator', true, '{feature_enabled,participant}'::text[], '{blocked}'::text[], 'broadcasts_do_not_cross_a_block', 'A block between two people hides the broadcasts of the one from the other.', 'The block is lifted.'),
    ('read_broadcast', 'dealer', 'admin', true, '{feature_enabled,participant}'::text[], '{}'::text[], 'everyone_reads_broadcasts_of_admins', 'Everyone reads the broadcasts of an admin, across a block, too.', ''),
    ('read_broadcast', 'dealer', 'member', true, '{feature_enabled,participant}'::text[], '{blocked}'::text[], 'broadcasts_do_not_cross_a_block', 'A block between two people hides the broadcasts of the one from the other.', 'The block is lifted.'),
    ('read_broadcast', 'mvp_dealer', 'attendee', true, '{feature_enabled,participant}'::text[], '{blocked}'::text[], 'broadcasts_do_not_cross_a_block', 'A block between two people hides the broadcasts of the one from the other.', 'The block is lifted.'),
    ('read_broadcast', 'mvp_dealer', 'dealer', true, '{feature_enabled,participant}'::text[], '{blocked}'::text[], 'broadcasts_do_not_cross_a_block', 'A block between two people hides the broadcasts of the one from the other.', 'The block is lifted.'),
    ('read_broadcast', 'mvp_dealer', 'mvp_dealer', true, '{feature_enabled,participant}'::text[], '{blocked}'::text[], 'broadcasts_do_not_cross_a_block', 'A block between two people hides the broadcasts of the one from the other.', 'The block is lifted.'),
    ('read_broadcast', 'mvp_dealer', 'show_organizer', true, '{feature_enabled,participant}'::text[], '{blocked}'::text[], 'broadcasts_do_not_cross_a_block', 'A block between two people hides the broadcasts of the one from the other.', 'The block is lifted.'),
    ('read_broadcast', 'mvp_dealer', 'moderator', true, '{feature_enabled,participant}'::text[], '{blocked}'::text[], 'broadcasts_do_not_cross_a_block', 'A block between two people hides the broadcasts of the one from the other.', 'The block is lifted.'),
    ('read_broadcast', 'mvp_dealer', 'admin', true, '{feature_enabled,participant}'::text[], '{}'::text[], 'everyone_reads_broadcasts_of_admins', 'Everyone reads the broadcasts of an admin, across a block, too.', ''),
    ('read_broadcast', 'mvp_dealer', 'member', true, '{feature_enabled,participant}'::text[], '{blocked}'::text[], 'broadcasts_do_not_cross_a_block', 'A block between two people hides the broadcasts of the one from the other.', 'The block is lifted.'),
    ('read_broadcast', 'show_organizer', 'attendee', true, '{feature_enabled,participant}'::text[], '{blocked}'::text[], 'broadcasts_do_not_cross_a_block', 'A block between two people hides the broadcasts of the one from the other.', 'The block is lifted.'),
    ('read_broadcast', 'show_organizer', 'dealer', true, '{feature_enabled,participant}'::text[], '{blocked}'::text[], 'broadcasts_do_not_cross_a_block', 'A block between two people hides the broadcasts of the one from the other.', 'The block is lifted.'),
    ('read_broadcast', 'show_organizer', 'mvp_dealer', true, '{feature_enabled,participant}'::text[], '{blocked}'::text[], 'broadcasts_do_not_cross_a_block', 'A block between two people hides the broadcasts of the one from the other.', 'The block is lifted.'),
    ('read_broadcast', 'show_organizer', 'show_organizer', true, '{feature_enabled,participant}'::text[], '{blocked}'::text[], 'broadcasts_do_not_cross_a_block', 'A block between two people hides the broadcasts of the one from the other.', 'The block is lifted.'),
    ('read_broadcast', 'show_organizer', 'moderator', true, '{feature_enabled,participant}'::text[], '{blocked}'::text[], 'broadcasts_do_not_cross_a_block', 'A block between two people hides the broadcasts of the one from the other.', 'The block is lifted.'),
    ('read_broadcast', 'show_organizer', 'admin', true, '{feature_enabled,participant}'::text[], '{}'::text[], 'everyone_reads_broadcasts_of_admins', 'Everyone reads the broadcasts of an admin, across a block, too.', ''),
    ('read_broadcast', 'show_organizer', 'member', true, '{feature_enabled,participant}'::text[], '{blocked}'::text[], 'broadcasts_do_not_cross_a_block', 'A block between two people hides the broadcasts of the one from the other.', 'The block is lifted.'),
    ('read_broadcast', 'moderator', 'attendee', true, '{feature_enabled,participant}'::text[], '{blocked}'::text[], 'broadcasts_do_not_cross_a_block', 'A block between two people hides the broadcasts of the one from the other.', 'The block is lifted.'),
    ('read_broadcast', 'moderator', 'dealer', true, '{feature_enabled,participant}'::text[], '{blocked}'::text[], 'broadcasts_do_not_cross_a_block', 'A block between two people hides the broadcasts of the one from the other.', 'The block is lifted.'),
    ('read_broadcast', 'moderator', 'mvp_dealer', true, '{feature_enabled,participant}'::text[], '{blocked}'::text[], 'broadcasts_do_not_cross_a_block', 'A block between two people hides the broadcasts of the one from the other.', 'The block is lifted.'),
    ('read_broadcast', 'moderator', 'show_organizer', true, '{feature_enabled,participant}'::text[], '{blocked}'::text[], 'broadcasts_do_not_cross_a_block', 'A block between two people hides the broadcasts of the one from the other.', 'The block is lifted.'),
    ('read_broadcast', 'moderator', 'moderator', true, '{feature_enabled,participant}'::text[], '{blocked}'::text[], 'broadcasts_do_not_cross_a_block', 'A block between two people hides the broadcasts of the one from the other.', 'The block is lifted.'),
    ('read_broadcast', 'moderator', 'admin', true, '{feature_enabled,participant}'::text[], '{}'::text[], 'everyone_reads_broadcasts_of_admins', 'Everyone reads the broadcasts of an admin, across a block, too.', ''),
    ('read_broadcast', 'moderator', 'member', true, '{feature_enabled,participant}'::text[], '{blocked}'::text[], 'broadcasts_do_not_cross_a_block', 'A block between two people hides the broadcasts of the one from the other.', 'The block is lifted.'),
    ('read_broadcast', 'admin', 'attendee', true, '{feature_enabled,participant}'::text[], '{}'::text[], 'admin_reads_every_broadcast', 'An admin reads the broadcasts of everyone, across a block, too.', ''),
    ('read_broadcast', 'admin', 'dealer', true, '{feature_enabled,participant}'::text[], '{}'::text[], 'admin_reads_every_broadcast', 'An admin reads the broadcasts of everyone, across a block, too.', ''),
    ('read_broadcast', 'admin', 'mvp_dealer', true, '{feature_enabled,participant}'::text[], '{}'::text[], 'admin_reads_every_broadcast', 'An admin reads the broadcasts of everyone, across a block, too.', ''),
    ('read_broadcast', 'admin', 'show_organizer', true, '{feature_enabled,participant}'::text[], '{}'::text[], 'admin_reads_every_broadcast', 'An admin reads the broadcasts of everyone, across a block, too.', ''),
    ('read_broadcast', 'admin', 'moderator', true, '{feature_enabled,participant}'::text[], '{}'::text[], 'admin_reads_every_broadcast', 'An admin reads the broadcasts of everyone, across a block, too.', ''),
    ('read_broadcast', 'admin', 'admin', true, '{feature_enabled,participant}'::text[], '{}'::text[], 'admin_reads_every_broadcast', 'An admin reads the broadcasts of everyone, across a block, too.', ''),
    ('read_broadcast', 'admin', 'member', true, '{feature_enabled,participant}'::text[], '{}'::text[], 'admin_reads_every_broadcast', 'An admin reads the broadcasts of everyone, across a block, too.', ''),
    ('read_broadcast', 'member', 'attendee', true, '{feature_enabled,participant}'::text[], '{blocked}'::text[], 'broadcasts_do_not_cross_a_block', 'A block between two people hides the broadcasts of the one from the other.', 'The block is lifted.'),
    ('read_broadcast', 'member', 'dealer', true, '{feature_enabled,participant}'::text[], '{blocked}'::text[], 'broadcasts_do_not_cross_a_block', 'A block between two people hides the broadcasts of the one from the other.', 'The block is lifted.'),
    ('read_broadcast', 'member', 'mvp_dealer', true, '{feature_enabled,participant}'::text[], '{blocked}'::text[], 'broadcasts_do_not_cross_a_block', 'A block between two people hides the broadcasts of the one from the other.', 'The block is lifted.'),
    ('read_broadcast', 'member', 'show_organizer', true, '{feature_enabled,participant}'::text[], '{blocked}'::text[], 'broadcasts_do_not_cross_a_block', 'A block between two people hides the broadcasts of the one from the other.', 'The block is lifted.'),
    ('read_broadcast', 'member', 'moderator', true, '{feature_enabled,participant}'::text[], '{blocked}'::text[], 'broadcasts_do_not_cross_a_block', 'A block between two people hides the broadcasts of the one from the other.', 'The block is lifted.'),
    ('read_broadcast', 'member', 'admin', true, '{feature_enabled,participant}'::text[], '{}'::text[], 'everyone_reads_broadcasts_of_admins', 'Everyone reads the broadcasts of an admin, across a block, too.', ''),
    ('read_broadcast', 'member', 'member', true, '{feature_enabled,participant}'::text[], '{blocked}'::text[], 'broadcasts_do_not_cross_a_block', 'A block between two people hides the broadcasts of the one from the other.', 'The block is lifted.'),
    ('edit_message', 'attendee', 'attendee', true, '{feature_enabled,participant,self,edit_window}'::text[], '{suspended,deleted}'::text[], 'authors_edit_their_messages', 'Everyone can edit their own messages for a while.', ''),
    ('edit_message', 'attendee', 'dealer', true, '{feature_enabled,participant,self,edit_window}'::text[], '{suspended,deleted}'::text[], 'authors_edit_their_messages', 'Everyone can edit their own messages for a while.', ''),
    ('edit_message', 'attendee', 'mvp_dealer', true, '{feature_enabled,participant,self,edit_window}'::text[], '{suspended,deleted}'::text[], 'authors_edit_their_messages', 'Everyone can edit their own messages for a while.', ''),
    ('edit_message', 'attendee', 'show_organizer', true, '{feature_enabled,participant,self,edit_window}'::text[], '{suspended,deleted}'::text[], 'authors_edit_their_messages', 'Everyone can edit their own messages for a while.', ''),
    ('edit_message', 'attendee', 'moderator', true, '{feature_enabled,participant,self,edit_window}'::text[], '{suspended,deleted}'::text[], 'authors_edit_their_messages', 'Everyone can edit their own messages for a while.', ''),
    ('edit_message', 'attendee', 'admin', true, '{feature_enabled,participant,self,edit_window}'::text[], '{suspended,deleted}'::text[], 'authors_edit_their_messages', 'Everyone can edit their own messages for a while.', ''),
    ('edit_message', 'attendee', 'member', true, '{feature_enabled,participant,self,edit_window}'::text[], '{suspended,deleted}'::text[], 'authors_edit_their_messages', 'Everyone can edit their own messages for a while.', ''),
    ('edit_message', 'dealer', 'attendee', true, '{feature_enabled,participant,self,edit_window}'::text[], '{suspended,deleted}'::text[], 'authors_edit_their_messages', 'Everyone can edit their own messages for a while.', ''),
    ('edit_message', 'dealer', 'dealer', true, '{feature_enabled,participant,self,edit_window}'::text[], '{suspended,deleted}'::text[], 'authors_edit_their_messages', 'Everyone can edit their own messages for a while.', ''),
    ('edit_message', 'dealer', 'mvp_dealer', true, '{feature_enabled,participant,self,edit_window}'::text[], '{suspended,deleted}'::text[], 'authors_edit_their_messages', 'Everyone can edit their own messages for a while.', ''),
    ('edit_message', 'dealer', 'show_organizer', true, '{feature_enabled,participant,self,edit_window}'::text[], '{suspended,deleted}'::text[], 'authors_edit_their_messages', 'Everyone can edit their own messages for a while.', ''),
    ('edit_message', 'dealer', 'moderator', true, '{feature_enabled,participant,self,edit_window}'::text[], '{suspended,deleted}'::text[], 'authors_edit_their_messages', 'Everyone can edit their own messages for a while.', ''),
    ('edit_message', 'dealer', 'admin', true, '{feature_enabled,participant,self,edit_window}'::text[], '{suspended,deleted}'::text[], 'authors_edit_their_messages', 'Everyone can edit their own messages for a while.', ''),
    ('edit_message', 'dealer', 'member', true, '{feature_enabled,participant,self,edit_window}'::text[], '{suspended,deleted}'::text[], 'authors_edit_their_messages', 'Everyone can edit their own messages for a while.', ''),
    ('edit_message', 'mvp_dealer', 'attendee', true, '{feature_enabled,participant,self,edit_window}'::text[], '{suspended,deleted}'::text[], 'authors_edit_their_messages', 'Everyone can edit their own messages for a while.', ''),
    ('edit_message', 'mvp_dealer', 'dealer', true, '{feature_enabled,participant,self,edit_window}'::text[], '{suspended,deleted}'::text[], 'authors_edit_their_messages', 'Everyone can edit their own messages for a while.', ''),
    ('edit_message', 'mvp_dealer', 'mvp_dealer', true, '{feature_enabled,participant,self,edit_window}'::text[], '{suspended,deleted}'::text[], 'authors_edit_their_messages', 'Everyone can edit their own messages for a while.', ''),
    ('edit_message', 'mvp_dealer', 'show_organizer', true, '{feature_enabled,participant,self,edit_window}'::text[], '{suspended,deleted}'::text[], 'authors_edit_their_messages', 'Everyone can edit their own messages for a while.', ''),
    ('edit_message', 'mvp_dealer', 'moderator', true, '{feature_enabled,participant,self,edit_window}'::text[], '{suspended,deleted}'::text[], 'authors_edit_their_messages', 'Everyone can edit their own messages for a while.', ''),
    ('edit_message', 'mvp_dealer', 'admin', true, '{feature_enabled,participant,self,edit_window}'::text[], '{suspended,deleted}'::text[], 'authors_edit_their_messages', 'Everyone can edit their own messages for a while.', ''),
    ('edit_message', 'mvp_dealer', 'member', true, '{feature_enabled,participant,self,edit_window}'::text[], '{suspended,deleted}'::text[], 'authors_edit_their_messages', 'Everyone can edit their own messages for a while.', ''),
    ('edit_message', 'show_organizer', 'attendee', true, '{feature_enabled,participant,self,edit_window}'::text[], '{suspended,deleted}'::text[], 'authors_edit_their_messages', 'Everyone can edit their own messages for a while.', ''),
    ('edit_message', 'show_organizer', 'dealer', true, '{feature_enabled,participant,self,edit_window}'::text[], '{suspended,deleted}'::text[], 'authors_edit_their_messages', 'Everyone can edit their own messages for a while.', ''),
    ('edit_message', 'show_organizer', 'mvp_dealer', true, '{feature_enabled,participant,self,edit_window}'::text[], '{suspended,deleted}'::text[], 'authors_edit_their_messages', 'Everyone can edit their own messages for a while.', ''),
    ('edit_message', 'show_organizer', 'show_organizer', true, '{feature_enabled,participant,self,edit_window}'::text[], '{suspended,deleted}'::text[], 'authors_edit_their_messages', 'Everyone can edit their own messages for a while.', ''),
    ('edit_message', 'show_organizer', 'moderator', true, '{feature_enabled,participant,self,edit_window}'::text[], '{suspended,deleted}'::text[], 'authors_edit_their_messages', 'Everyone can edit their own messages for a while.', ''),
    ('edit_message', 'show_organizer', 'admin', true, '{feature_enabled,participant,self,edit_window}'::text[], '{suspended,deleted}'::text[], 'authors_edit_their_messages', 'Everyone can edit their own messages for a while.', ''),
    ('edit_message', 'show_organizer', 'member', true, '{feature_enabled,participant,self,edit_window}'::text[], '{suspended,deleted}'::text[], 'authors_edit_their_messages', 'Everyone can edit their own messages for a while.', ''),
    ('edit_message', 'moderator', 'attendee', true, '{feature_enabled,participant,self,edit_window}'::text[], '{suspended,deleted}'::text[], 'authors_edit_their_messages', 'Everyone can edit their own messages for a while.', ''),
    ('edit_message', 'moderator', 'dealer', true, '{feature_enabled,participant,self,edit_window}'::text[], '{suspended,deleted}'::text[], 'authors_edit_their_messages', 'Everyone can edit their own messages for a while.', ''),
    ('edit_message', 'moderator', 'mvp_dealer', true, '{feature_enabled,participant,self,edit_window}'::text[], '{suspended,deleted}'::text[], 'authors_edit_their_messages', 'Everyone can edit their own messages for a while.', ''),
    ('edit_message', 'moderator', 'show_organizer', true, '{feature_enabled,participant,self,edit_window}'::text[], '{suspended,deleted}'::text[], 'authors_edit_their_messages', 'Everyone can edit their own messages for a while.', ''),
    ('edit_message', 'moderator', 'moderator', true, '{feature_enabled,participant,self,edit_window}'::text[], '{suspended,deleted}'::text[], 'authors_edit_their_messages', 'Everyone can edit their own messages for a while.', ''),
    ('edit_message', 'moderator', 'admin', true, '{feature_enabled,participant,self,edit_window}'::text[], '{suspended,deleted}'::text[], 'authors_edit_their_messages', 'Everyone can edit their own messages for a while.', ''),
    ('edit_message', 'moderator', 'member', true, '{feature_enabled,participant,self,edit_window}'::text[], '{suspended,deleted}'::text[], 'authors_edit_their_messages', 'Everyone can edit their own messages for a while.', ''),
    ('edit_message', 'admin', 'attendee', true, '{feature_enabled,participant,self,edit_window}'::text[], '{suspended,deleted}'::text[], 'authors_edit_their_messages', 'Everyone can edit their own messages for a while.', ''),
    ('edit_message', 'admin', 'dealer', true, '{feature_enabled,participant,self,edit_window}'::text[], '{suspended,deleted}'::text[], 'authors_edit_their_messages', 'Everyone can edit their own messages for a while.', ''),
    ('edit_message', 'admin', 'mvp_dealer', true, '{feature_enabled,participant,self,edit_window}'::text[], '{suspended,deleted}'::text[], 'authors_edit_their_messages', 'Everyone can edit their own messages for a while.', ''),
    ('edit_message', 'admin', 'show_organizer', true, '{feature_enabled,participant,self,edit_window}'::text[], '{suspended,deleted}'::text[], 'authors_edit_their_messages', 'Everyone can edit their own messages for a while.', ''),
    ('edit_message', 'admin', 'moderator', true, '{feature_enabled,participant,self,edit_window}'::text[], '{suspended,deleted}'::text[], 'authors_edit_their_messages', 'Everyone can edit their own messages for a while.', ''),
    ('edit_message', 'admin', 'admin', true, '{feature_enabled,participant,self,edit_window}'::text[], '{suspended,deleted}'::text[], 'authors_edit_their_messages', 'Everyone can edit their own messages for a while.', ''),
    ('edit_message', 'admin', 'member', true, '{feature_enabled,participant,self,edit_window}'::text[], '{suspended,deleted}'::text[], 'authors_edit_their_messages', 'Everyone can edit their own messages for a while.', ''),
    ('edit_message', 'member', 'attendee', true, '{feature_enabled,participant,self,edit_window}'::text[], '{suspended,deleted}'::text[], 'authors_edit_their_messages', 'Everyone can edit their own messages for a while.', ''),
    ('edit_message', 'member', 'dealer', true, '{feature_enabled,participant,self,edit_window}'::text[], '{suspended,deleted}'::text[], 'authors_edit_their_messages', 'Everyone can edit their own messages for a while.', ''),
    ('edit_message', 'member', 'mvp_dealer', true, '{feature_enabled,participant,self,edit_window}'::text[], '{suspended,deleted}'::text[], 'authors_edit_their_messages', 'Everyone can edit their own messages for a while.', ''),
    ('edit_message', 'member', 'show_organizer', true, '{feature_enabled,participant,self,edit_window}'::text[], '{suspended,deleted}'::text[], 'authors_edit_their_messages', 'Everyone can edit their own messages for a while.', ''),
    ('edit_message', 'member', 'moderator', true, '{feature_enabled,participant,self,edit_window}'::text[], '{suspended,deleted}'::text[], 'authors_edit_their_messages', 'Everyone can edit their own messages for a while.', ''),
    ('edit_message', 'member', 'admin', true, '{feature_enabled,participant,self,edit_window}'::text[], '{suspended,deleted}'::text[], 'authors_edit_their_messages', 'Everyone can edit their own messages for a while.', ''),
    ('edit_message', 'member', 'member', true, '{feature_enabled,participant,self,edit_window}'::text[], '{suspended,deleted}'::text[], 'authors_edit_their_messages', 'Everyone can edit their own messages for a while.', ''),
    ('react', 'attendee', 'attendee', true, '{feature_enabled,participant}'::text[], '{suspended,read_only,blocked}'::text[], 'anyone_reacts_to_what_was_written_to_them', 'Everyone can react to a message that was written by them or to them, also to a broadcast.', ''),
    ('react', 'attendee', 'dealer', true, '{feature_enabled,participant}'::text[], '{suspended,read_only,blocked}'::text[], 'anyone_reacts_to_what_was_written_to_them', 'Everyone can react to a message that was written by them or to them, also to a broadcast.', ''),
    ('react', 'attendee', 'mvp_dealer', true, '{feature_enabled,participant}'::text[], '{suspended,read_only,blocked}'::text[], 'anyone_reacts_to_what_was_written_to_them', 'Everyone can react to a message that was written by them or to them, also to a broadcast.', ''),
    ('react', 'attendee', 'show_organizer', true, '{feature_enabled,participant}'::text[], '{suspended,read_only,blocked}'::text[], 'anyone_reacts_to_what_was_written_to_them', 'Everyone can react to a message that was written by them or to them, also to a broadcast.', ''),
    ('react', 'attendee', 'moderator', true, '{feature_enabled,participant}'::text[], '{suspended,read_only,blocked}'::text[], 'anyone_reacts_to_what_was_written_to_them', 'Everyone can react to a message that was written by them or to them, also to a broadcast.', ''),
    ('react', 'attendee', 'admin', true, '{feature_enabled,participant}'::text[], '{suspended,read_only,blocked}'::text[], 'anyone_reacts_to_what_was_written_to_them', 'Everyone can react to a message that was written by them or to them, also to a broadcast.', ''),
    ('react', 'attendee', 'member', true, '{feature_enabled,participant}'::text[], '{suspended,read_only,blocked}'::text[], 'anyone_reacts_to_what_was_written_to_them', 'Everyone can react to a message that was written by them or to them, also to a broadcast.', ''),
    ('react', 'dealer', 'attendee', true, '{feature_enabled,participant}'::text[], '{suspended,read_only,blocked}'::text[], 'anyone_reacts_to_what_was_written_to_them', 'Everyone can react to a message that was written by them or to them, also to a broadcast.', ''),
    ('react', 'dealer', 'dealer', true, '{feature_enabled,participant}'::text[], '{suspended,read_only,blocked}'::text[], 'anyone_reacts_to_what_was_written_to_them', 'Everyone can react to a message that was written by them or to them, also to a broadcast.', ''),
    ('react', 'dealer', 'mvp_dealer', true, '{feature_enabled,participant}'::text[], '{suspended,read_only,blocked}'::text[], 'anyone_reacts_to_what_was_written_to_them', 'Everyone can react to a message that was written by them or to them, also to a broadcast.', ''),
    ('react', 'dealer', 'show_organizer', true, '{feature_enabled,participant}'::text[], '{suspended,read_only,blocked}'::text[], 'anyone_reacts_to_what_was_written_to_them', 'Everyone can react to a message that was written by them or to them, also to a broadcast.', ''),
    ('react', 'dealer', 'moderator', true, '{feature_enabled,participant}'::text[], '{suspended,read_only,blocked}'::text[], 'anyone_reacts_to_what_was_written_to_them', 'Everyone can react to a message that was written by them or to them, also to a broadcast.', ''),
    ('react', 'dealer', 'admin', true, '{feature_enabled,participant}'::text[], '{suspended,read_only,blocked}'::text[], 'anyone_reacts_to_what_was_written_to_them', 'Everyone can react to a message that was written by them or to them, also to a broadcast.', ''),
    ('react', 'dealer', 'member', true, '{feature_enabled,participant}'::text[], '{suspended,read_only,blocked}'::text[], 'anyone_reacts_to_what_was_written_to_them', 'Everyone can react to a message that was written by them or to them, also to a broadcast.', ''),
    ('react', 'mvp_dealer', 'attendee', true, '{feature_enabled,participant}'::text[], '{suspended,read_only,blocked}'::text[], 'anyone_reacts_to_what_was_written_to_them', 'Everyone can react to a message that was written by them or to them, also to a broadcast.', ''),
    ('react', 'mvp_dealer', 'dealer', true, '{feature_enabled,participant}'::text[], '{suspended,read_only,blocked}'::text[], 'anyone_reacts_to_what_was_written_to_them', 'Everyone can react to a message that was written by them or to them, also to a broadcast.', ''),
    ('react', 'mvp_dealer', 'mvp_dealer', true, '{feature_enabled,participant}'::text[], '{suspended,read_only,blocked}'::text[], 'anyone_reacts_to_what_was_written_to_them', 'Everyone can react to a message that was written by them or to them, also to a broadcast.', ''),
    ('react', 'mvp_dealer', 'show_organizer', true, '{feature_enabled,participant}'::text[], '{suspended,read_only,blocked}'::text[], 'anyone_reacts_to_what_was_written_to_them', 'Everyone can react to a message that was written by them or to them, also to a broadcast.', ''),
    ('react', 'mvp_dealer', 'moderator', true, '{feature_enabled,participant}'::text[], '{suspended,read_only,blocked}'::text[], 'anyone_reacts_to_what_was_written_to_them', 'Everyone can react to a message that was written by them or to them, also to a broadcast.', ''),
    ('react', 'mvp_dealer', 'admin', true, '{feature_enabled,participant}'::text[], '{suspended,read_only,blocked}'::text[], 'anyone_reacts_to_what_was_written_to_them', 'Everyone can react to a message that was written by them or to them, also to a broadcast.', ''),
    ('react', 'mvp_dealer', 'member', true, '{feature_enabled,participant}'::text[], '{suspended,read_only,blocked}'::text[], 'anyone_reacts_to_what_was_written_to_them', 'Everyone can react to a message that was written by them or to them, also to a broadcast.', ''),
    ('react', 'show_organizer', 'attendee', true, '{feature_enabled,participant}'::text[], '{suspended,read_only,blocked}'::text[], 'anyone_reacts_to_what_was_written_to_them', 'Everyone can react to a message that was written by them or to them, also to a broadcast.', ''),
    ('react', 'show_organizer', 'dealer', true, '{feature_enabled,participant}'::text[], '{suspended,read_only,blocked}'::text[], 'anyone_reacts_to_what_was_written_to_them', 'Everyone can react to a message that was written by them or to them, also to a broadcast.', ''),
    ('react', 'show_organizer', 'mvp_dealer', true, '{feature_enabled,participant}'::text[], '{suspended,read_only,blocked}'::text[], 'anyone_reacts_to_what_was_written_to_them', 'Everyone can react to a message that was written by them or to them, also to a broadcast.', ''),
    ('react', 'show_organizer', 'show_organizer', true, '{feature_enabled,participant}'::text[], '{suspended,read_only,blocked}'::text[], 'anyone_reacts_to_what_was_written_to_them', 'Everyone can react to a message that was written by them or to them, also to a broadcast.', ''),
    ('react', 'show_organizer', 'moderator', true, '{feature_enabled,participant}'::text[], '{suspended,read_only,blocked}'::text[], 'anyone_reacts_to_what_was_written_to_them', 'Everyone can react to a message that was written by them or to them, also to a broadcast.', ''),
    ('react', 'show_organizer', 'admin', true, '{feature_enabled,participant}'::text[], '{suspended,read_only,blocked}'::text[], 'anyone_reacts_to_what_was_written_to_them', 'Everyone can react to a message that was written by them or to them, also to a broadcast.', ''),
    ('react', 'show_organizer', 'member', true, '{feature_enabled,participant}'::text[], '{suspended,read_only,blocked}'::text[], 'anyone_reacts_to_what_was_written_to_them', 'Everyone can react to a message that was written by them or to them, also to a broadcast.', ''),
    ('react', 'moderator', 'attendee', true, '{feature_enabled,participant}'::text[], '{suspended,read_only,blocked}'::text[], 'anyone_reacts_to_what_was_written_to_them', 'Everyone can react to a message that was written by them or to them, also to a broadcast.', ''),
    ('react', 'moderator', 'dealer', true, '{feature_enabled,participant}'::text[], '{suspended,read_only,blocked}'::text[], 'anyone_reacts_to_what_was_written_to_them', 'Everyone can react to a message that was written by them or to them, also to a broadcast.', ''),
    ('react', 'moderator', 'mvp_dealer', true, '{feature_enabled,participant}'::text[], '{suspended,read_only,blocked}'::text[], 'anyone_reacts_to_what_was_written_to_them', 'Everyone can react to a message that was written by them or to them, also to a broadcast.', ''),
    ('react', 'moderator', 'show_organizer', true, '{feature_enabled,participant}'::text[], '{suspended,read_only,blocked}'::text[], 'anyone_reacts_to_what_was_written_to_them', 'Everyone can react to a message that was written by them or to them, also to a broadcast.', ''),
    ('react', 'moderator', 'moderator', true, '{feature_enabled,participant}'::text[], '{suspended,read_only,blocked}'::text[], 'anyone_reacts_to_what_was_written_to_them', 'Everyone can react to a message that was written by them or to them, also to a broadcast.', ''),
    ('react', 'moderator', 'admin', true, '{feature_enabled,participant}'::text[], '{suspended,read_only,blocked}'::text[], 'anyone_reacts_to_what_was_written_to_them', 'Everyone can react to a message that was written by them or to them, also to a broadcast.', ''),
    ('react', 'moderator', 'member', true, '{feature_enabled,participant}'::text[], '{suspended,read_only,blocked}'::text[], 'anyone_reacts_to_what_was_written_to_them', 'Everyone can react to a message that was written by them or to them, also to a broadcast.', ''),
    ('react', 'admin', 'attendee', true, '{feature_enabled,participant}'::text[], '{suspended,read_only,blocked}'::text[], 'anyone_reacts_to_what_was_written_to_them', 'Everyone can react to a message that was written by them or to them, also to a broadcast.', ''),
    ('react', 'admin', 'dealer', true, '{feature_enabled,participant}'::text[], '{suspended,read_only,blocked}'::text[], 'anyone_reacts_to_what_was_written_to_them', 'Everyone can react to a message that was written by them or to them, also to a broadcast.', ''),
    ('react', 'admin', 'mvp_dealer', true, '{feature_enabled,participant}'::text[], '{suspended,read_only,blocked}'::text[], 'anyone_reacts_to_what_was_written_to_them', 'Everyone can react to a message that was written by them or to them, also to a broadcast.', ''),
    ('react', 'admin', 'show_organizer', true, '{feature_enabled,participant}'::text[], '{suspended,read_only,blocked}'::text[], 'anyone_reacts_to_what_was_written_to_them', 'Everyone can react to a message that was written by them or to them, also to a broadcast.', ''),
    ('react', 'admin', 'moderator', true, '{feature_enabled,participant}'::text[], '{suspended,read_only,blocked}'::text[], 'anyone_reacts_to_what_was_written_to_them', 'Everyone can react to a message that was written by them or to them, also to a broadcast.', ''),
    ('react', 'admin', 'admin', true, '{feature_enabled,participant}'::text[], '{suspended,read_only,blocked}'::text[], 'anyone_reacts_to_what_was_written_to_them', 'Everyone can react to a message that was written by them or to them, also to a broadcast.', ''),
    ('react', 'admin', 'member', true, '{feature_enabled,participant}'::text[], '{suspended,read_only,blocked}'::text[], 'anyone_reacts_to_what_was_written_to_them', 'Everyone can react to a message that was written by them or to them, also to a broadcast.', ''),
    ('react', 'member', 'attendee', true, '{feature_enabled,participant}'::text[], '{suspended,read_only,blocked}'::text[], 'anyone_reacts_to_what_was_written_to_them', 'Everyone can react to a message that was written by them or to them, also to a broadcast.', ''),
    ('react', 'member', 'dealer', true, '{feature_enabled,participant}'::text[], '{suspended,read_only,blocked}'::text[], 'anyone_reacts_to_what_was_written_to_them', 'Everyone can react to a message that was written by them or to them, also to a broadcast.', ''),
    ('react', 'member', 'mvp_dealer', true, '{feature_enabled,participant}'::text[], '{suspended,read_only,blocked}'::text[], 'anyone_reacts_to_what_was_written_to_them', 'Everyone can react to a message that was written by them or to them, also to a broadcast.', ''),
    ('react', 'member', 'show_organizer', true, '{feature_enabled,participant}'::text[], '{suspended,read_only,blocked}'::text[], 'anyone_reacts_to_what_was_written_to_them', 'Everyone can react to a message that was written by them or to them, also to a broadcast.', ''),
    ('react', 'member', 'moderator', true, '{feature_enabled,participant}'::text[], '{suspended,read_only,blocked}'::text[], 'anyone_reacts_to_what_was_written_to_them', 'Everyone can react to a message that was written by them or to them, also to a broadcast.', ''),
    ('react', 'member', 'admin', true, '{feature_enabled,participant}'::text[], '{suspended,read_only,blocked}'::text[], 'anyone_reacts_to_what_was_written_to_them', 'Everyone can react to a message that was written by them or to them, also to a broadcast.', ''),
    ('react', 'member', 'member', true, '{feature_enabled,participant}'::text[], '{suspended,read_only,blocked}'::text[], 'anyone_reacts_to_what_was_written_to_them', 'Everyone can react to a message that was written by them or to them, also to a broadcast.', ''),
    ('read_thread', 'owner', '', true, '{feature_enabled,own_organization}'::text[], '{}'::text[], 'owner_and_admin_read_every_thread', 'The owner and the admins read every thread of their organisation.', ''),
    ('read_thread', 'admin', '', true, '{feature_enabled,own_organization}'::text[], '{}'::text[], 'owner_and_admin_read_every_thread', 'The owner and the admins read every thread of their organisation.', ''),
    ('read_thread', 'sitter', '', true, '{feature_enabled,own_organization,assigned}'::text[], '{owner_inbox}'::text[], 'sitter_reads_assigned_threads', 'A sitter reads the threads in which they have a window that is open or to come.', ''),
    ('read_thread', 'client', '', true, '{feature_enabled,own_organization,own_thread}'::text[], '{owner_inbox}'::text[], 'client_reads_own_thread', 'A client reads their own thread.', ''),
    ('send_to_thread', 'owner', '', true, '{feature_enabled,own_organization}'::text[], '{suspended,owner_inbox,read_only,opted_out}'::text[], 'owner_and_admin_write_in_every_thread', 'The owner and the admins write in every thread of their organisation.', ''),
    ('send_to_thread', 'admin', '', true, '{feature_enabled,own_organization}'::text[], '{suspended,owner_inbox,read_only,opted_out}'::text[], 'owner_and_admin_write_in_every_thread', 'The owner and the admins write in every thread of their organisation.', ''),
    ('send_to_thread', 'sitter', '', true, '{feature_enabled,own_organization,once_assigned,inside_window}'::text[], '{owner_inbox,suspended,read_only,opted_out}'::text[], 'sitter_writes_inside_windows', 'A sitter writes in a thread while one of their windows in it is open.', ''),
    ('send_to_thread', 'client', '', true, '{feature_enabled,own_organization,own_thread}'::text[], '{owner_inbox,suspended,read_only}'::text[], 'client_writes_in_own_thread', 'A client writes in their own thread, as if by text.', ''),
    ('assign_booking', 'owner', '', true, '{feature_enabled,own_organization}'::text[], '{suspended}'::text[], 'owner_and_admin_assign', 'The owner and the admins plan bookings.', ''),
    ('assign_booking', 'admin', '', true, '{feature_enabled,own_organization}'::text[], '{suspended}'::text[], 'owner_and_admin_assign', 'The owner and the admins plan bookings.', ''),
    ('assign_booking', 'sitter', '', false, '{}'::text[], '{}'::text[], 'only_owner_and_admin_assign', 'Only the owner and the admins plan bookings.', 'The owner or an admin does it.'),
    ('assign_booking', 'client', '', false, '{}'::text[], '{}'::text[], 'only_owner_and_admin_assign', 'Only the owner and the admins plan bookings.', 'The owner or an admin does it.'),
    ('force_send', 'owner', '', true, '{feature_enabled,own_organization}'::text[], '{suspended,read_only,opted_out}'::text[], 'owner_and_admin_force_send', 'The owner and the admins deliver what the filter held back.', ''),
    ('force_send', 'admin', '', true, '{feature_enabled,own_organization}'::text[], '{suspended,read_only,opted_out}'::text[], 'owner_and_admin_force_send', 'The owner and the admins deliver what the filter held back.', ''),
    ('force_send', 'sitter', '', false, '{}'::text[], '{}'::text[], 'only_owner_and_admin_force_send', 'Only the owner and the admins deliver what the filter held back.', 'The owner or an admin does it.'),
    ('force_send', 'client', '', false, '{}'::text[], '{}'::text[], 'only_owner_and_admin_force_send', 'Only the owner and the admins deliver what the filter held back.', 'The owner or an admin does it.')
), gone as (
  delete from rolecall.matrix_rows as old
  where not exists (
    select
    from source
    where source.action = old.action
      and source.actor = old.actor
      and source.target = old.target
  )
)
insert into rolecall.matrix_rows (action, actor, target, allowed, needs, bars, rule, message, allowed_if)
select action, actor, target, allowed, needs, bars, rule, message, allowed_if
from source
on conflict (action, actor, target) do update
set
  allowed = excluded.allowed,
  needs = excluded.needs,
  bars = excluded.bars,
  rule = excluded.rule,
  message = excluded.message,
  allowed_if = excluded.allowed_if;
$sql$;

  -- schema/conversations/policies.sql
  execute $sql$
alter table rolecall.conversation_settings enable row level security;

drop policy if exists "people see their settings of conversations" on rolecall.conversation_settings;

create policy "people see their settings of conversations"
on rolecall.conversation_settings
for select
to authenticated
using (user_id = (select auth.uid()));

drop policy if exists "the operator sees conversation_settings" on rolecall.conversation_settings;

create policy "the operator sees conversation_settings"
on rolecall.conversation_settings
for select
to service_role
using (true);
$sql$;

  -- schema/messages/policies.sql
  execute $sql$
alter table rolecall.user_blocks enable row level security;

drop policy if exists "people see whom they block" on rolecall.user_blocks;

create policy "people see whom they block"
on rolecall.user_blocks
for select
to authenticated
using (blocker_id = (select auth.uid()));

drop policy if exists "people block others" on rolecall.user_blocks;

create policy "people block others"
on rolecall.user_blocks
for insert
to authenticated
with check (
  blocker_id = (select auth.uid())
  and (select rolecall_internal.caller_may_use('blocks'))
);

drop policy if exists "people lift their blocks" on rolecall.user_blocks;

create policy "people lift their blocks"
on rolecall.user_blocks
for delete
to authenticated
using (
  blocker_id = (select auth.uid())
  and (select rolecall_internal.caller_may_use('blocks'))
);

-- Conversations and messages are written by the entry points alone. Who sees a broadcast is said in broadcasts/policies.sql.
alter table rolecall.conversations enable row level security;

alter table rolecall.conversation_participants enable row level security;

drop policy if exists "people see who is in their conversations" on rolecall.conversation_participants;

create policy "people see who is in their conversations"
on rolecall.conversation_participants
for select
to authenticated
using (
  user_id = (select auth.uid())
  or conversation_id = any ((select rolecall_internal.caller_direct_conversations())::uuid[])
);

alter table rolecall.messages enable row level security;

alter table rolecall.edit_windows enable row level security;

drop policy if exists "users see for how long they may edit" on rolecall.edit_windows;

create policy "users see for how long they may edit"
on rolecall.edit_windows
for select
to authenticated
using ((select auth.uid()) is not null);
$sql$;

  -- schema/reactions/policies.sql
  execute $sql$
-- Those of others are listed by the function alone, which knows who is hidden from whom.
alter table rolecall.message_reactions enable row level security;

drop policy if exists "people see their own reactions" on rolecall.message_reactions;

create policy "people see their own reactions"
on rolecall.message_reactions
for select
to authenticated
using (user_id = (select rolecall_internal.caller_with_profile()));
$sql$;

  -- schema/retention/policies.sql
  execute $sql$
alter table rolecall.retention enable row level security;

drop policy if exists "people see for how long messages are kept" on rolecall.retention;

create policy "people see for how long messages are kept"
on rolecall.retention
for select
to authenticated
using ((select auth.uid()) is not null);

drop policy if exists "the operator sets the retention" on rolecall.retention;

create policy "the operator sets the retention"
on rolecall.retention
for all
to service_role
using (true)
with check (true);

alter table rolecall.retention_marks enable row level security;

drop policy if exists "the operator sees retention_marks" on rolecall.retention_marks;

create policy "the operator sees retention_marks"
on rolecall.retention_marks
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
      'revoke all on %s from public, anon, authenticated, service_role, rolecall_edge%s',
      case when v_object.kind = 'view' then 'table' || substr(v_object.identity, 5) else v_object.identity end,
      -- A migration before the relay's is taken back without it.
      case when to_regrole('rolecall_relay') is not null then ', rolecall_relay' end
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

grant select on rolecall.conversation_settings to authenticated;

grant select on rolecall.conversation_settings to service_role;
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

grant select on rolecall.edit_windows to authenticated;

grant select, insert, update, delete on rolecall.edit_windows to service_role;
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

  -- schema/reactions/access.sql
  execute $sql$
-- The check of the table runs with the rights of whoever writes; the schema stays closed.
grant execute on function rolecall_internal.is_reaction(text) to service_role;

grant select on rolecall.message_reactions to authenticated;

-- Nobody turns one into another.
grant select, insert, delete on rolecall.message_reactions to service_role;
$sql$;

  -- schema/realtime/access.sql
  execute $sql$
grant usage on schema rolecall_relay to rolecall_relay;

grant execute on function
  rolecall_relay.lead(jsonb),
  rolecall_relay.take(jsonb),
  rolecall_relay.settle(jsonb),
  rolecall_relay.presence(jsonb)
  to rolecall_relay;

grant select on rolecall.outbox to service_role;

grant select on rolecall.relay to service_role;

grant select on rolecall.relays to service_role;

grant select on rolecall.presence to service_role;

grant select on rolecall.typing to service_role;

grant select on rolecall_monitoring.outbox to service_role;
$sql$;

  -- schema/retention/access.sql
  execute $sql$
grant select on rolecall.retention to authenticated;

grant select, insert, update, delete on rolecall.retention to service_role;

grant select on rolecall.retention_marks to service_role;
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

  -- schema/sync/access.sql
  execute $sql$
grant select on rolecall.block_changes to service_role;

grant select on rolecall.thread_losses to service_role;
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

  -- schema/webhooks/access.sql
  execute $sql$
grant execute on function
  rolecall_relay.fork(jsonb),
  rolecall_relay.webhooks_take(jsonb),
  rolecall_relay.webhooks_settle(jsonb)
  to rolecall_relay;

-- Not secret and former_secret: whoever has them passes for us.
grant select (
  id, url, types, description, is_enabled, enabled_at, disabled_reason, former_secret_until, created_at, changed_at,
  last_delivered_at, failing_since, failures, paused_until
) on rolecall.webhooks to service_role;

grant select on rolecall.webhook_queues to service_role;

grant select on rolecall.webhook_deliveries to service_role;

grant select on rolecall.outbox_fork to service_role;

grant select on rolecall_monitoring.webhooks to service_role;
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
  values (6, 'social', '63348f416b4fe176cd674bddd0c0aadad06bda3f7a9cea7a4383cd5373e7ae9e');
  perform set_config('client_min_messages', v_messages, true);
  perform set_config('search_path', v_search_path, true);
end
$migration$;
