-- Takes back 0005 live, and the data of what it made. Compiled by `make migration`.
--
-- One statement: whole or not at all. It drops what Rolecall made and marked, and nothing else; where something of
-- somebody else's depends on it, it raises.
do $migration$
declare
  -- The objects that it made.
  v_made constant text[] := array[
    'function rolecall_edge.conversation_changes(jsonb)',
    'function rolecall_edge.create_webhook(jsonb)',
    'function rolecall_edge.list_webhook_deliveries(jsonb)',
    'function rolecall_edge.list_webhooks(jsonb)',
    'function rolecall_edge.presence(jsonb)',
    'function rolecall_edge.realtime_token(jsonb)',
    'function rolecall_edge.redeliver_webhook(jsonb)',
    'function rolecall_edge.remove_webhook(jsonb)',
    'function rolecall_edge.rotate_webhook(jsonb)',
    'function rolecall_edge.sync(jsonb)',
    'function rolecall_edge.test_webhook(jsonb)',
    'function rolecall_edge.typing(jsonb)',
    'function rolecall_edge.update_webhook(jsonb)',
    'function rolecall_internal.admit_to_realtime(uuid, jsonb)',
    'function rolecall_internal.announce_typing(uuid, jsonb, jsonb)',
    'function rolecall_internal.answer_taken_id(boolean, boolean, jsonb)',
    'function rolecall_internal.as_outbox(rolecall.webhook_deliveries)',
    'function rolecall_internal.asked_pause(bigint)',
    'function rolecall_internal.audience_events(rolecall.outbox, jsonb)',
    'function rolecall_internal.blocks_of(uuid)',
    'function rolecall_internal.broadcast_events(rolecall.outbox, uuid[], jsonb)',
    'function rolecall_internal.catch_up(uuid, jsonb, boolean)',
    'function rolecall_internal.changed_conversations(uuid, xid8, xid8, uuid, integer)',
    'function rolecall_internal.changed_help_conversations(uuid, xid8, xid8, uuid, integer)',
    'function rolecall_internal.changed_threads(rolecall.actor, uuid, xid8, xid8, uuid, integer, timestamp with time zone, timestamp with time zone)',
    'function rolecall_internal.claim_deliveries(uuid[], integer, timestamp with time zone)',
    'function rolecall_internal.contacts(uuid, integer)',
    'function rolecall_internal.conversation_events(rolecall.outbox[], jsonb)',
    'function rolecall_internal.create_webhook(rolecall.call)',
    'function rolecall_internal.current_answers(jsonb)',
    'function rolecall_internal.decide_action(text, text, text, text[])',
    'function rolecall_internal.delivery_cursor(rolecall.webhook_deliveries)',
    'function rolecall_internal.delivery_events(rolecall.webhook_deliveries[], jsonb)',
    'function rolecall_internal.delivery_in_cursor(uuid)',
    'function rolecall_internal.delivery_json(rolecall.webhook_deliveries)',
    'function rolecall_internal.direct_message_events(rolecall.outbox[], jsonb)',
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
    'function rolecall_internal.end_unheard(rolecall.webhook_deliveries, uuid)',
    'function rolecall_internal.event_id(rolecall.webhook_deliveries)',
    'function rolecall_internal.event_json(text, bigint, bigint, timestamp with time zone, jsonb)',
    'function rolecall_internal.events_in(rolecall.outbox)',
    'function rolecall_internal.follow_block_change()',
    'function rolecall_internal.follow_client_account()',
    'function rolecall_internal.follow_conversation_change()',
    'function rolecall_internal.follow_help_request_change()',
    'function rolecall_internal.follow_role_change()',
    'function rolecall_internal.follow_thread_change()',
    'function rolecall_internal.follow_thread_scope()',
    'function rolecall_internal.follow_window_change()',
    'function rolecall_internal.follow_window_update()',
    'function rolecall_internal.help_events(rolecall.outbox[], jsonb)',
    'function rolecall_internal.hold_webhook(jsonb)',
    'function rolecall_internal.hold_webhooks(timestamp with time zone)',
    'function rolecall_internal.int8_at(bytea, integer)',
    'function rolecall_internal.is_relayed()',
    'function rolecall_internal.is_spent(rolecall.webhook_deliveries)',
    'function rolecall_internal.is_wanted_type(text[], text)',
    'function rolecall_internal.is_webhook_url(text)',
    'function rolecall_internal.keep_for_webhooks(rolecall.outbox[])',
    'function rolecall_internal.known_dm(jsonb)',
    'function rolecall_internal.known_dms(rolecall.dm_item[])',
    'function rolecall_internal.leading_relay()',
    'function rolecall_internal.limit_caught_up_messages()',
    'function rolecall_internal.limit_known_conversations()',
    'function rolecall_internal.limit_presence()',
    'function rolecall_internal.limit_sync_page()',
    'function rolecall_internal.limit_webhook_description_chars()',
    'function rolecall_internal.limit_webhook_pending()',
    'function rolecall_internal.limit_webhook_url_chars()',
    'function rolecall_internal.limit_webhooks()',
    'function rolecall_internal.list_webhook_deliveries(rolecall.call)',
    'function rolecall_internal.list_webhooks(rolecall.call)',
    'function rolecall_internal.log_webhook(rolecall.call, text, uuid, jsonb)',
    'function rolecall_internal.message_id(text)',
    'function rolecall_internal.move_floor(uuid, bigint, xid8)',
    'function rolecall_internal.move_fork_floor(bigint, xid8, timestamp with time zone)',
    'function rolecall_internal.new_webhook_secret()',
    'function rolecall_internal.next_due_ms(timestamp with time zone)',
    'function rolecall_internal.note_health(uuid, boolean, boolean, bigint)',
    'function rolecall_internal.note_thread_losses(uuid[], uuid[], text)',
    'function rolecall_internal.presence_events(rolecall.outbox[], jsonb)',
    'function rolecall_internal.presence_of(uuid, jsonb, jsonb)',
    'function rolecall_internal.probe_pause(integer)',
    'function rolecall_internal.read_changes(uuid, jsonb, jsonb)',
    'function rolecall_internal.read_marks(uuid, uuid, text)',
    'function rolecall_internal.readers_of_broadcast(uuid[], uuid, bigint)',
    'function rolecall_internal.redeliver_webhook(rolecall.call)',
    'function rolecall_internal.refuse_message_id()',
    'function rolecall_internal.refuse_unknown_webhook()',
    'function rolecall_internal.refuse_webhook(jsonb)',
    'function rolecall_internal.remove_webhook(rolecall.call)',
    'function rolecall_internal.resync_all()',
    'function rolecall_internal.rotate_webhook(rolecall.call)',
    'function rolecall_internal.settle_deliveries(jsonb)',
    'function rolecall_internal.short_card(jsonb)',
    'function rolecall_internal.short_message(jsonb)',
    'function rolecall_internal.sync(uuid, jsonb, jsonb)',
    'function rolecall_internal.sync_cursor(bytea, bigint, bigint, bigint, integer, uuid, bigint, bigint)',
    'function rolecall_internal.sync_cursor_parts(text)',
    'function rolecall_internal.sync_origin(uuid, text[])',
    'function rolecall_internal.sync_place(integer, integer, uuid)',
    'function rolecall_internal.take(integer, bigint, jsonb)',
    'function rolecall_internal.take_deliveries(integer, jsonb)',
    'function rolecall_internal.take_room(uuid, bigint)',
    'function rolecall_internal.test_webhook(rolecall.call)',
    'function rolecall_internal.thread_events(rolecall.outbox[], jsonb)',
    'function rolecall_internal.tidy_outbox(integer)',
    'function rolecall_internal.tidy_webhooks(integer)',
    'function rolecall_internal.told(uuid[], text, jsonb)',
    'function rolecall_internal.touch_threads(uuid[])',
    'function rolecall_internal.types_of(jsonb)',
    'function rolecall_internal.unread_direct(uuid)',
    'function rolecall_internal.update_webhook(rolecall.call)',
    'function rolecall_internal.uuids_of(jsonb)',
    'function rolecall_internal.want_events()',
    'function rolecall_internal.webhook_json(rolecall.webhooks)',
    'function rolecall_internal.webhook_lanes(timestamp with time zone)',
    'function rolecall_internal.webhook_message_id(rolecall.webhook_deliveries)',
    'function rolecall_internal.webhook_payload(rolecall.webhook_deliveries, jsonb)',
    'function rolecall_internal.webhook_schedule()',
    'function rolecall_internal.webhook_types()',
    'function rolecall_internal.wide_delivery_events(rolecall.webhook_deliveries, jsonb)',
    'function rolecall_internal.wide_events(rolecall.outbox, jsonb)',
    'function rolecall_relay.fork(jsonb)',
    'function rolecall_relay.lead(jsonb)',
    'function rolecall_relay.presence(jsonb)',
    'function rolecall_relay.settle(jsonb)',
    'function rolecall_relay.take(jsonb)',
    'function rolecall_relay.webhooks_settle(jsonb)',
    'function rolecall_relay.webhooks_take(jsonb)',
    'schema rolecall_relay',
    'sequence rolecall.outbox_id_seq',
    'sequence rolecall.webhook_deliveries_id_seq',
    'table rolecall.block_changes',
    'table rolecall.matrix_actions',
    'table rolecall.matrix_guards',
    'table rolecall.matrix_rows',
    'table rolecall.message_id_slots',
    'table rolecall.outbox',
    'table rolecall.outbox_fork',
    'table rolecall.presence',
    'table rolecall.relay',
    'table rolecall.relays',
    'table rolecall.thread_losses',
    'table rolecall.typing',
    'table rolecall.webhook_deliveries',
    'table rolecall.webhook_queues',
    'table rolecall.webhooks',
    'view rolecall_monitoring.outbox',
    'view rolecall_monitoring.webhooks'
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
    raise notice 'Rolecall: 5 is not applied.';
    perform set_config('search_path', v_search_path, true);
    return;
  end if;
  if (obj_description(to_regclass('rolecall.schema_migrations'), 'pg_class') ~ '^Rolecall(:|$)') is not true then
    raise exception 'Rolecall is not installed in this database.' using errcode = 'object_not_in_prerequisite_state';
  end if;
  lock table rolecall.schema_migrations in access exclusive mode;
  if not exists (select from rolecall.schema_migrations where version = 5) then
    raise notice 'Rolecall: 5 is not applied.';
    perform set_config('search_path', v_search_path, true);
    return;
  end if;
  if exists (select from rolecall.schema_migrations where version > 5) then
    raise exception 'Rolecall: migrations after 5 are applied; take them back first.'
      using errcode = 'object_not_in_prerequisite_state';
  end if;

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

  -- schema/permissions/decide.sql
  execute $sql$
-- Decides whether p_actor may do p_action to p_target, given the facts that hold. Everything unknown refuses: a role
-- that is null, a fact that is null or missing, an action without rules.
create or replace function rolecall_internal.decide(
  p_action text,
  p_actor rolecall.app_role,
  p_target rolecall.app_role,
  p_facts text[]
)
returns rolecall.decision
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_guard text;
  v_rule text;
  v_decision rolecall.decision;
begin
  -- One statement, since every request comes through here.
  select
    guard.rule,
    rule.rule,
    guard.rule is null
      and rule.allowed
      and (rule.requires is null or rule.requires = any (p_facts))
      and (rule.unless is null or not coalesce(rule.unless = any (p_facts), false)),
    guard.code,
    coalesce(guard.rule, rule.rule),
    case when guard.rule is null then rule.message else guard.message end,
    case when guard.rule is null then rule.allowed_if else guard.allowed_if end
  into
    v_guard,
    v_rule,
    v_decision.allowed,
    v_decision.code,
    v_decision.rule,
    v_decision.message,
    v_decision.allowed_if
  from (values (p_action)) as asked (action)
  left join lateral (
    select code, guarding.rule, message, allowed_if
    from rolecall.permission_guards as guarding
    where guarding.action = asked.action
      and coalesce(guarding.fact = any (p_facts), false) = guarding.denies_when
    order by guarding.position
    limit 1
  ) as guard
    on true
  left join rolecall.permission_rules as rule
    on rule.action = asked.action
    and rule.actor_role = p_actor
    and rule.target_role = p_target;

  if v_guard is null and v_rule is null then
    v_decision := row(
      false,
      'permission_denied'::text,
      'no_rule'::text,
      'No rule allows this.'::text,
      'A rule is added for these roles.'::text
    );
    return v_decision;
  end if;
  -- A fact that is null is one that is not known to hold.
  v_decision.allowed := coalesce(v_decision.allowed, false);
  if not v_decision.allowed and v_guard is null then
    v_decision.code := 'permission_denied';
  end if;
  return v_decision;
end
$$;

-- The refusal of a decision that does not allow.
create or replace function rolecall_internal.refusal_of(p_decision rolecall.decision)
returns jsonb
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
begin
  return rolecall_internal.refusal(p_decision.code, p_decision.message, p_decision.rule, p_decision.allowed_if);
end
$$;

-- The judgement of a decision, for an actor of this organisation.
create or replace function rolecall_internal.judgement_of(p_decision rolecall.decision, p_org_id uuid)
returns rolecall.judgement
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
begin
  if p_decision.allowed then
    return row(true, null::jsonb, p_org_id, p_decision.rule);
  end if;
  return row(false, rolecall_internal.refusal_of(p_decision), p_org_id, p_decision.rule);
end
$$;

-- The judgement of a refusal, which names the rule that refused as its one reason or names none.
create or replace function rolecall_internal.judgement_of_refusal(p_refusal jsonb, p_org_id uuid)
returns rolecall.judgement
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
begin
  return row(false, p_refusal, p_org_id, p_refusal #>> '{reasons,0,code}');
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
    set revision = conversation.revision + changed.changes
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
  end if;
  return null;
end
$$;
$sql$;

  -- schema/conversations/mark.sql
  execute $sql$
-- How far somebody has read: last_read_seq, and of the messages after it how many are not new to them (skipped): their own
-- and deleted ones.

-- How many of the messages after p_after and up to p_to are new to p_user.
create or replace function rolecall_internal.new_messages(p_user uuid, p_conversation uuid, p_after bigint, p_to bigint)
returns bigint
language sql
stable
begin atomic
  select count(*)
  from rolecall.messages
  where conversation_id = p_conversation
    and seq > p_after
    and seq <= p_to
    and deleted_at is null
    and sender_id is distinct from p_user;
end;

-- Moves the mark of p_user, who is one of the conversation's people or of the audience of p_show's broadcasts: on to p_to,
-- or back to it with p_back. Never beyond what there is to read, and never in the other direction.
create or replace function rolecall_internal.move_mark(
  p_user uuid,
  p_conversation uuid,
  p_audience_of uuid,
  p_to bigint,
  p_back boolean,
  out last_read_seq bigint,
  out unread bigint
)
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
begin
  if p_audience_of is null then
    -- Held from here on: the next statement sees every message that the counter knows of, and no other.
    perform
    from rolecall.conversation_participants
    where conversation_id = p_conversation
      and user_id = p_user
    for no key update;
    if not found then
      -- A user who got their profile after the import; nothing is new to them.
      insert into rolecall.conversation_participants as own (conversation_id, user_id, last_read_seq)
      select id, p_user, last_seq
      from rolecall.conversations
      where id = p_conversation
      on conflict (conversation_id, user_id) do update
      set last_read_seq = own.last_read_seq;
    end if;
    update rolecall.conversation_participants as own
    set
      last_read_seq = moved.to_seq,
      skipped = case
        -- Nothing comes after the end.
        when moved.to_seq = moved.last_seq then 0
        -- More or less by those of the messages in between that are not new.
        when p_back then
          own.skipped + own.last_read_seq - moved.to_seq
            - rolecall_internal.new_messages(p_user, p_conversation, moved.to_seq, own.last_read_seq)
        else
          own.skipped + own.last_read_seq - moved.to_seq
            + rolecall_internal.new_messages(p_user, p_conversation, own.last_read_seq, moved.to_seq)
      end
    from (
      select last_seq, least(p_to, last_seq) as to_seq
      from rolecall.conversations
      where id = p_conversation
    ) as moved
    where own.conversation_id = p_conversation
      and own.user_id = p_user
      and case when p_back then own.last_read_seq > moved.to_seq else own.last_read_seq < moved.to_seq end;
    select own.last_read_seq, conversation.last_seq - own.last_read_seq - own.skipped
    into last_read_seq, unread
    from rolecall.conversation_participants as own
    join rolecall.conversations as conversation
      on conversation.id = own.conversation_id
    where own.conversation_id = p_conversation
      and own.user_id = p_user;
    return;
  end if;

  if p_back then
    update rolecall.broadcast_receipts as receipt
    set last_read_seq = p_to
    where receipt.conversation_id = p_conversation
      and receipt.user_id = p_user
      and receipt.last_read_seq > p_to;
  else
    insert into rolecall.broadcast_receipts as receipt (conversation_id, user_id, last_read_seq)
    select p_conversation, p_user, newest.seq
    from (
      -- Up to the last that is for them.
      select max(broadcast.seq) as seq
      from rolecall_internal.visible_broadcasts(p_user, p_conversation, p_audience_of) as broadcast
      where broadcast.seq <= p_to
    ) as newest
    where newest.seq is not null
    on conflict (conversation_id, user_id) do update
    set
      last_read_seq = excluded.last_read_seq,
      read_at = excluded.read_at
    where receipt.last_read_seq < excluded.last_read_seq;
  end if;
  last_read_seq := coalesce(
    (
      select receipt.last_read_seq
      from rolecall.broadcast_receipts as receipt
      where receipt.conversation_id = p_conversation
        and receipt.user_id = p_user
    ),
    0
  );
  unread := rolecall_internal.new_broadcasts(p_user, p_conversation, p_audience_of, last_read_seq);
end
$$;

-- How many broadcasts of a conversation for p_show after p_after are new to p_user.
create or replace function rolecall_internal.new_broadcasts(p_user uuid, p_conversation uuid, p_show uuid, p_after bigint)
returns bigint
language sql
stable
begin atomic
  select count(*)
  from rolecall_internal.visible_broadcasts(p_user, p_conversation, p_show) as broadcast
  where broadcast.seq > p_after
    and not broadcast.deleted
    and broadcast.sender_id <> p_user;
end;

-- The answer to a request that moves a mark.
create or replace function rolecall_internal.mark_answer(
  p_user uuid,
  p_conversation uuid,
  p_last_read_seq bigint,
  p_unread bigint
)
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  if p_last_read_seq is null then
    -- Deleted since it was looked up.
    return rolecall_internal.refuse_unknown_conversation(p_user, p_conversation);
  end if;
  return rolecall_internal.success(
    jsonb_build_object(
      'conversation_id', p_conversation,
      'last_read_seq', p_last_read_seq,
      'unread_count', p_unread
    )
  );
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

  -- schema/health/health.sql
  execute $sql$
-- Answers that the database works, and at which migration. Takes no claims, since a load balancer asks.
create or replace function rolecall_edge.health(p_request jsonb)
returns jsonb
language plpgsql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  perform rolecall_internal.refuse_long_statements();
  return rolecall_internal.success(
    jsonb_build_object(
      'database', 'ok',
      'migration', (select max(version) from rolecall.schema_migrations)
    )
  );
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

  -- schema/shows/participants.sql
  execute $sql$
-- The role is the profile's unless the insert names one, and stays as it was at the moment of joining. Who is moved to
-- another show joins it at this moment.
create or replace function rolecall_internal.set_participant_role()
returns trigger
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  if tg_op = 'UPDATE' then
    new.role := old.role;
    if new.show_id is distinct from old.show_id or new.user_id is distinct from old.user_id then
      new.joined_at := now();
    end if;
    return new;
  end if;
  if new.role is null then
    select role
    into new.role
    from rolecall.profiles
    where id = new.user_id;
  end if;
  return new;
end
$$;

-- Counts who joined and left. A show has several rows of a role: a statement counts in one that no open transaction has
-- changed, or begins one, so that nobody waits for somebody else's commit. There are as many rows as once counted at the
-- same time; the sum of them is the count, and one alone may be negative.
create or replace function rolecall_internal.count_participants(
  p_shows uuid[],
  p_roles rolecall.app_role[],
  p_changes bigint[]
)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  with change as (
    select show_id, role, sum(participants) as participants
    from unnest(p_shows, p_roles, p_changes) as each (show_id, role, participants)
    group by show_id, role
    having sum(participants) <> 0
  ),
  place as (
    select
      show_id,
      role,
      participants,
      (
        select free.id
        from rolecall.show_audience as free
        where free.show_id = change.show_id
          and free.role = change.role
        limit 1
        for update skip locked
      ) as id
    from change
  ),
  counted as (
    update rolecall.show_audience as audience
    set participants = audience.participants + place.participants
    from place
    where audience.id = place.id
  )
  insert into rolecall.show_audience (show_id, role, participants)
  select show_id, role, participants
  from place
  where id is null
    -- A show that is deleted takes its participants along, and needs no count.
    and exists (
      select
      from rolecall.shows as show
      where show.id = place.show_id
    );
end
$$;

create or replace function rolecall_internal.count_joined()
returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  perform rolecall_internal.count_participants(array_agg(show_id), array_agg(role), array_agg(participants))
  from (
    select show_id, role, count(*) as participants
    from joined
    group by show_id, role
  ) as change;
  return null;
end
$$;

create or replace function rolecall_internal.count_left()
returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  perform rolecall_internal.count_participants(array_agg(show_id), array_agg(role), array_agg(participants))
  from (
    select show_id, role, -count(*) as participants
    from gone
    group by show_id, role
  ) as change;
  return null;
end
$$;

-- A participant who moves to another show leaves one audience and joins another.
create or replace function rolecall_internal.count_moved()
returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  perform rolecall_internal.count_participants(array_agg(show_id), array_agg(role), array_agg(participants))
  from (
    select show_id, role, 1::bigint as participants
    from joined
    union all
    select show_id, role, -1
    from gone
  ) as change;
  return null;
end
$$;

-- Keeps who left. Nothing is kept of a show or a profile that is deleted itself: it is gone already when this runs.
create or replace function rolecall_internal.archive_participations()
returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  insert into rolecall.past_participations as past (show_id, user_id, role, joined_at, left_at)
  select gone.show_id, gone.user_id, gone.role, gone.joined_at, clock_timestamp()
  from gone
  join rolecall.shows as show
    on show.id = gone.show_id
  join rolecall.profiles as profile
    on profile.id = gone.user_id
  where not exists (
    select
    from rolecall.show_participants as stays
    where stays.show_id = gone.show_id
      and stays.user_id = gone.user_id
  )
  on conflict (user_id, show_id, joined_at, role) do update
  set left_at = greatest(past.left_at, excluded.left_at);
  return null;
end
$$;

-- TRUNCATE fires no row triggers and hands over no rows; whoever may do it wants all audiences empty.
create or replace function rolecall_internal.count_none()
returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  update rolecall.show_audience
  set participants = 0;
  return null;
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
-- messages

alter type rolecall.dm_item
  drop attribute message_id;

-- sync

alter table rolecall.thread_reads
  drop column changed_xid;

alter table rolecall.message_threads
  drop column changed_in,
  drop column changed_xid;

alter table rolecall.help_requests
  drop column changed_xid;

alter table rolecall.help_threads
  drop column changed_xid;

alter table rolecall.show_participants
  drop column changed_xid;

alter table rolecall.broadcast_receipts
  drop column changed_in,
  drop column changed_xid;

alter table rolecall.conversation_participants
  drop column changed_in,
  drop column changed_xid;

alter table rolecall.conversations
  drop column changed_in,
  drop column changed_xid;

delete from rolecall.rate_limits
where action = 'sync';

delete from rolecall.feature_flags
where name = 'sync';

-- webhooks

delete from rolecall.alert_rules
where name in ('webhook_failing', 'webhook_dead');

select set_config('rolecall.reason', 'Rolecall was taken back.', true);

delete from rolecall.feature_flags
where name = 'webhooks';

select set_config('rolecall.reason', '', true);

-- realtime

delete from rolecall.alert_rules
where name = 'realtime_lag';

delete from rolecall.rate_limits
where action in ('realtime_token', 'typing');

select set_config('rolecall.reason', 'Rolecall was taken back.', true);

delete from rolecall.feature_flags
where name = 'realtime';

select set_config('rolecall.reason', '', true);

-- As the first migration's rollback does it: a schema in which somebody else has put something stays, without its mark.
do $$
begin
  if obj_description(to_regnamespace('rolecall_relay'), 'pg_namespace') ~ '^Rolecall(:|$)' then
    revoke all on schema rolecall_relay from public, rolecall_relay;
    if exists (
      select
      from pg_catalog.pg_depend
      where refclassid = 'pg_catalog.pg_namespace'::regclass
        and refobjid = to_regnamespace('rolecall_relay')
    ) then
      comment on schema rolecall_relay is null;
    else
      drop schema rolecall_relay;
    end if;
  end if;
  if shobj_description(to_regrole('rolecall_relay'), 'pg_authid') ~ '^Rolecall(:|$)' then
    begin
      drop role if exists rolecall_relay;
    exception
      -- Rolecall in another database of this server, or a grant that somebody else made.
      when dependent_objects_still_exist then
        raise notice 'The role rolecall_relay stays, because it is still used.';
      -- From PostgreSQL 16 on a role is dropped by who made it: the owner of another database, perhaps.
      when insufficient_privilege then
        raise notice 'The role rolecall_relay stays, because somebody else made it.';
    end;
  end if;
end
$$;

-- permissions: no rule of the release before is about members.

update rolecall.profiles
set role = 'attendee'
where role = 'member';

delete from rolecall.rate_limits
where role = 'member';
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

  delete from rolecall.schema_migrations
  where version = 5;
  perform set_config('search_path', v_search_path, true);
end
$migration$;
