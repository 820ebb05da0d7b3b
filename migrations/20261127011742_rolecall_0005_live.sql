-- 0005 live. Compiled from migrations/schema by `make migration`; what to change is there.
--
-- One statement, so that it applies whole or not at all, whoever runs it. It does nothing where it was applied, and
-- raises before its first change where a name is taken by something that is not Rolecall's.
do $migration$
declare
  -- The objects that it makes.
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
    'function rolecall_edge.create_webhook(jsonb)',
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
    'function rolecall_edge.list_webhook_deliveries(jsonb)',
    'function rolecall_edge.list_webhooks(jsonb)',
    'function rolecall_edge.mark_read(jsonb)',
    'function rolecall_edge.mark_thread_read(jsonb)',
    'function rolecall_edge.mark_unread(jsonb)',
    'function rolecall_edge.messages(jsonb)',
    'function rolecall_edge.metrics(jsonb)',
    'function rolecall_edge.moderation_audit(jsonb)',
    'function rolecall_edge.moderation_queue(jsonb)',
    'function rolecall_edge.presence(jsonb)',
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
    'function rolecall_internal.erase_help_messages(uuid, integer)',
    'function rolecall_internal.erase_help_messages_due()',
    'function rolecall_internal.erase_messages(uuid, uuid[], bigint[])',
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
    'function rolecall_internal.limit_messages_page()',
    'function rolecall_internal.limit_note_chars()',
    'function rolecall_internal.limit_page()',
    'function rolecall_internal.limit_presence()',
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
    'function rolecall_internal.new_broadcasts(uuid, uuid, uuid, bigint)',
    'function rolecall_internal.new_messages(uuid, uuid, bigint, bigint)',
    'function rolecall_internal.new_webhook_secret()',
    'function rolecall_internal.newest_from_others(uuid, uuid, uuid)',
    'function rolecall_internal.next_due_ms(timestamp with time zone)',
    'function rolecall_internal.next_rollout(text, text)',
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
    'function rolecall_internal.read_changes(uuid, jsonb, jsonb)',
    'function rolecall_internal.read_help_conversation(uuid, uuid, jsonb)',
    'function rolecall_internal.read_marks(uuid, uuid, text)',
    'function rolecall_internal.read_messages(uuid, jsonb, jsonb)',
    'function rolecall_internal.read_thread(uuid, jsonb, jsonb)',
    'function rolecall_internal.reader_of(uuid, rolecall.conversations)',
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
    'function rolecall_internal.service_buffer(uuid, text)',
    'function rolecall_internal.service_key(text)',
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
    'table rolecall.matrix_actions',
    'table rolecall.matrix_guards',
    'table rolecall.matrix_rows',
    'table rolecall.message_id_slots',
    'table rolecall.message_numbers',
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
    if exists (select from rolecall.schema_migrations where version = 5) then
      -- By way of jsonb: the first states of this table had no digest.
      if (
        select to_jsonb(applied) ->> 'digest'
        from rolecall.schema_migrations as applied
        where version = 5
      ) is distinct from 'fd3add6bebb4434cbb665a25ebed0546ec7bcee1fcc7a7a93c17457a8c2fdb5d'
      then
        raise exception 'Rolecall: this database has 5 live in another state, of before its release.'
          using
            errcode = 'object_not_in_prerequisite_state',
            hint = 'Take it back with the build that applied it and apply it anew. For the embedded database of a checkout, remove .rolecall/pg.';
      end if;
      raise notice 'Rolecall: 5 live is applied already.';
      perform set_config('search_path', v_search_path, true);
      return;
    end if;
    if 4 > 0 and not exists (select from rolecall.schema_migrations where version = 4) then
      raise exception 'Rolecall: 5 live follows 4, which this database does not have.'
        using errcode = 'object_not_in_prerequisite_state';
    end if;
  elsif 4 > 0 then
    raise exception 'Rolecall: 5 live follows 4, which this database does not have.'
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

  if 4 = 0 then
    -- Whoever installs at the same time waits here for the end of the other installation.
    begin
      create schema rolecall;
    exception
      when unique_violation or duplicate_schema then
        if not exists (select from rolecall.schema_migrations where version = 5) then
          raise;
        end if;
        raise notice 'Rolecall: 5 live is applied already.';
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
-- 0005: live: what clients keep in step with.

-- messages

alter type rolecall.dm_item
  add attribute message_id uuid;

-- sync: which transaction last changed what somebody sees. What is there already counts as never changed.

alter table rolecall.conversations
  add column changed_xid xid8 not null default '0',
  add column changed_in bigint not null generated always as (changed_xid::text::bigint >> 16) stored;

alter table rolecall.conversations
  alter column changed_xid set default pg_current_xact_id();

comment on column rolecall.conversations.changed_xid is
  'The last transaction that changed what the conversation''s cards or messages show; sync answers what has changed since.';

comment on column rolecall.conversations.changed_in is
  'The 65,536 transactions among which changed_xid is, which the indexes of sync use.';

create index conversations_low_changed_in_idx
  on rolecall.conversations (participant_low, changed_in desc)
  where participant_low is not null;

create index conversations_high_changed_in_idx
  on rolecall.conversations (participant_high, changed_in desc)
  where participant_high is not null;

alter table rolecall.conversation_participants
  add column changed_xid xid8,
  add column changed_in bigint generated always as (changed_xid::text::bigint >> 16) stored;

comment on column rolecall.conversation_participants.changed_xid is
  'The last transaction in which the user moved last_read_seq by itself, not by sending; null if they never have.';

comment on column rolecall.conversation_participants.changed_in is
  'The 65,536 transactions among which changed_xid is, which the index of sync uses.';

create index conversation_participants_changed_in_idx
  on rolecall.conversation_participants (user_id, changed_in desc)
  where changed_in is not null;

alter table rolecall.broadcast_receipts
  add column changed_xid xid8 not null default '0',
  add column changed_in bigint not null generated always as (changed_xid::text::bigint >> 16) stored;

alter table rolecall.broadcast_receipts
  alter column changed_xid set default pg_current_xact_id();

comment on column rolecall.broadcast_receipts.changed_xid is 'The last transaction that moved it.';

comment on column rolecall.broadcast_receipts.changed_in is
  'The 65,536 transactions among which changed_xid is, which the index of sync uses.';

create index broadcast_receipts_changed_in_idx
  on rolecall.broadcast_receipts (user_id, changed_in desc);

alter table rolecall.show_participants
  add column changed_xid xid8 not null default '0';

alter table rolecall.show_participants
  alter column changed_xid set default pg_current_xact_id();

comment on column rolecall.show_participants.changed_xid is
  'The transaction in which they joined: by then they see what was broadcast since joined_at.';

alter table rolecall.help_threads
  add column changed_xid xid8 not null default '0';

alter table rolecall.help_threads
  alter column changed_xid set default pg_current_xact_id();

comment on column rolecall.help_threads.changed_xid is
  'The last transaction that changed what the conversation''s cards or messages show; sync answers what has changed since.';

alter table rolecall.help_requests
  add column changed_xid xid8 not null default '0';

alter table rolecall.help_requests
  alter column changed_xid set default pg_current_xact_id();

comment on column rolecall.help_requests.changed_xid is
  'The last transaction that changed it: the cards of its conversations show its title and its status.';

alter table rolecall.message_threads
  add column changed_xid xid8 not null default '0',
  add column changed_in bigint not null generated always as (changed_xid::text::bigint >> 16) stored;

alter table rolecall.message_threads
  alter column changed_xid set default pg_current_xact_id();

comment on column rolecall.message_threads.changed_xid is
  'The last transaction that changed what the thread''s cards or messages show; sync answers what has changed since.';

comment on column rolecall.message_threads.changed_in is
  'The 65,536 transactions among which changed_xid is, which the index of sync uses.';

create index message_threads_changed_in_idx
  on rolecall.message_threads (organization_id, changed_in desc);

alter table rolecall.thread_reads
  add column changed_xid xid8 not null default '0';

alter table rolecall.thread_reads
  alter column changed_xid set default pg_current_xact_id();

comment on column rolecall.thread_reads.changed_xid is 'The last transaction that moved it.';

-- permissions: the role member has the limits of attendees.

insert into rolecall.rate_limits (role, action, capacity, window_seconds)
select 'member', action, capacity, window_seconds
from rolecall.rate_limits
where role = 'attendee'
on conflict (role, action) do nothing;
$sql$;

  -- schema/realtime/schemas.sql
  execute $sql$
-- The relay publishes what the outbox holds. Its login may call the functions of rolecall_relay and nothing else; each
-- takes one jsonb and answers one, as the entry points of the functions do.
create schema rolecall_relay;
comment on schema rolecall_relay is 'Rolecall: the entry points of the relay, only for rolecall_relay.';

-- A role of the whole server, as rolecall_edge is: see base/schemas.sql.
do $$
begin
  if to_regrole('rolecall_relay') is null then
    -- Without a password nobody can log in with it; whoever deploys a relay sets one.
    create role rolecall_relay login;
    comment on role rolecall_relay is 'Rolecall: the login of the relay.';
  elsif (shobj_description(to_regrole('rolecall_relay'), 'pg_authid') ~ '^Rolecall(:|$)') is not true then
    raise exception 'The role rolecall_relay exists and is not Rolecall''s; nothing was changed.'
      using
        errcode = 'object_not_in_prerequisite_state',
        hint = 'If it is meant for Rolecall: comment on role rolecall_relay is ''Rolecall: the login of the relay.''';
  end if;
end
$$;

-- A settlement that a crash takes back is published again, and clients drop what they have: nothing waits for the disk.
-- Only differences are written, as for rolecall_edge.
do $$
declare
  v_setting text;
begin
  foreach v_setting in array array[
    'statement_timeout=5s',
    'lock_timeout=4s',
    'idle_in_transaction_session_timeout=10s',
    'synchronous_commit=off'
  ] loop
    if not exists (
      select
      from pg_catalog.pg_roles
      where rolname = 'rolecall_relay'
        and v_setting = any (rolconfig)
    ) then
      execute format(
        'alter role rolecall_relay set %I = %L',
        split_part(v_setting, '=', 1),
        split_part(v_setting, '=', 2)
      );
    end if;
  end loop;
end
$$;

do $$
begin
  if (select pg_has_role(datdba, 'usage') from pg_catalog.pg_database where datname = current_database()) then
    execute format('revoke temporary on database %I from rolecall_relay', current_database());
  end if;
end
$$;
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

create or replace function rolecall_internal.limit_presence()
returns int
language sql
immutable
parallel safe
return 100;

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

  -- schema/webhooks/columns.sql
  execute $sql$
-- Whether a webhook may have this address: https without a user or a fragment; http for a receiver on the operator's own
-- machine, as in development, which the relay must have been allowed to reach. Whom else it may not reach, as addresses of
-- a private network, the relay decides by what the name resolves to.
create or replace function rolecall_internal.is_webhook_url(p_url text)
returns boolean
language sql
immutable
return char_length(p_url) between 1 and rolecall_internal.limit_webhook_url_chars()
  and (
    p_url ~ '^https://[A-Za-z0-9._-]+(:[0-9]{1,5})?([/?][!-~]*)?$'
    or p_url ~ '^https://\[[0-9A-Fa-f:.]+\](:[0-9]{1,5})?([/?][!-~]*)?$'
    or p_url ~ '^http://(127\.0\.0\.1|localhost|\[::1\])(:[0-9]{1,5})?([/?][!-~]*)?$'
  )
  and p_url !~ '#';

-- The types of events that a webhook may ask for. It hears of typing and presence only if it asks.
create or replace function rolecall_internal.webhook_types()
returns text[]
language sql
immutable
return array[
  'message.created',
  'message.changed',
  'read',
  'typing',
  'presence',
  'notification',
  'conversation.changed',
  'member.changed'
];

create or replace function rolecall_internal.is_wanted_type(p_types text[], p_type text)
returns boolean
language sql
immutable
return case
  when p_types is null then p_type not in ('typing', 'presence', 'resync')
  else p_type = any (p_types)
end;
$sql$;

  -- schema/messages/message_id_tables.sql
  execute $sql$
-- Slots of the ids that clients choose: message_ids.sql says what for. After a crash nobody holds one, so they need no log.
create unlogged table rolecall.message_id_slots (
  slot int primary key
);

comment on table rolecall.message_id_slots is
  'Rows that are held while somebody sends a message with an id of their own; at most 65,536, which say nothing.';
$sql$;

  -- schema/permissions/matrix_tables.sql
  execute $sql$
-- The permission matrix as tables: all domains of it, which differ in their actions, roles and facts alone.
--
-- The rows of rules.generated.sql are generated from the matrix in Rust; a test compares what the database decides with
-- what Rust decides, for every case.

create table rolecall.matrix_actions (
  action text collate "C" primary key,
  domain text not null,
  facts text[] not null,
  rule text not null,
  message text not null,
  allowed_if text not null
);

comment on table rolecall.matrix_actions is
  'The actions, and the refusal of an actor and a target whom no row of an action covers.';

comment on column rolecall.matrix_actions.facts is
  'The facts that an action looks at. No other one changes what is decided of it.';

create table rolecall.matrix_guards (
  action text collate "C" not null,
  position smallint not null,
  actors text[],
  fact text not null,
  denies_when boolean not null,
  code text not null,
  rule text not null,
  message text not null,
  allowed_if text not null,
  primary key (action, position)
);

comment on table rolecall.matrix_guards is
  'What refuses an action whatever its rows say; checked before them, in order of position.';

comment on column rolecall.matrix_guards.actors is
  'The roles that a guard is for; null when it is for everybody, with a role or without.';

comment on column rolecall.matrix_guards.denies_when is
  'Whether the guard refuses when the fact holds (true) or when it does not (false).';

create table rolecall.matrix_rows (
  action text collate "C" not null,
  actor text collate "C" not null,
  target text collate "C" not null,
  allowed boolean not null,
  needs text[] not null,
  bars text[] not null,
  rule text not null,
  message text not null,
  allowed_if text not null,
  primary key (action, actor, target)
);

comment on table rolecall.matrix_rows is
  'Whether an actor with one role may do something to a target; one row for each combination of a domain.';

comment on column rolecall.matrix_rows.target is 'The role of the target; empty in a domain whose actions have none.';

comment on column rolecall.matrix_rows.needs is
  'The facts without which the row, or a guard of its actor, refuses: what allows is found by one look-up.';

comment on column rolecall.matrix_rows.bars is
  'The facts with which the row, or a guard of its actor, refuses.';
$sql$;

  -- schema/realtime/tables.sql
  execute $sql$
-- What happened, on its way to the clients of those whom it concerns. Each row is written by the statement that changes
-- something, and tells what changed, never what it says: that is read when the relay takes the row, by the functions that
-- answer GET and as of then, so that nobody is told what they may no longer see.
--
-- Of a conversation's rows the ids grow as its messages do: whoever writes one holds the conversation.

create table rolecall.outbox (
  id bigint generated always as identity primary key,
  made_at timestamptz not null default clock_timestamp(),
  type text not null,
  domain text,
  conversations uuid[],
  seqs bigint[],
  users uuid[],
  messages uuid[],
  state text,
  is_wide boolean not null default false,
  reached uuid,
  taken_to uuid,
  is_forked boolean not null default false
)
-- Every row is deleted soon: what is dead must go before a take has to walk over it.
with (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000, autovacuum_vacuum_cost_delay = 0);

comment on table rolecall.outbox is
  'What the relay has not yet published, by reference. The lists of a row belong together: the first of each is the first event.';

-- No check: one would cost every message twice what its row does, and the functions alone write here.
comment on column rolecall.outbox.type is
  'message.created, message.changed, read, typing, presence, notification, conversation.changed, member.changed or resync.';

comment on column rolecall.outbox.domain is
  'conversations: direct messages and broadcasts; help: help conversations; threads: the threads of organisations.';

comment on column rolecall.outbox.conversations is 'The conversation of each event; null in it for one that is none.';

comment on column rolecall.outbox.seqs is 'The message of each event, or how far somebody has read.';

comment on column rolecall.outbox.users is 'Who each event is about; of a resync who is told, null for everybody who is online.';

comment on column rolecall.outbox.messages is 'The message of each event where it has an id alone.';

comment on column rolecall.outbox.state is 'What became of it: online, offline, assigned, removed.';

comment on column rolecall.outbox.is_wide is
  'Whether its audience may be large: a broadcast, or a resync of everybody. It is taken a page of its audience at a time.';

comment on column rolecall.outbox.reached is 'Of a wide row: up to whom of those online it is settled.';

comment on column rolecall.outbox.taken_to is 'Of a wide row: up to whom the last take went, when there are more.';

comment on column rolecall.outbox.is_forked is 'Whether the webhooks that want it have their deliveries.';

create index outbox_begun_idx
  on rolecall.outbox (id)
  where reached is not null or taken_to is not null;

create table rolecall.relay (
  is_only boolean primary key default true,
  is_wanted boolean not null default false,
  is_pushed boolean not null default false,
  wanted_since timestamptz,
  resync_due boolean not null default false,
  constraint relay_one_row check (is_only)
);

comment on table rolecall.relay is 'One row: whether there is a relay for which the outbox is written.';

comment on column rolecall.relay.is_wanted is
  'Whether anybody is to hear of what happens: is_pushed, or there was a relay within the last hour and a webhook is enabled; else nothing is written.';

comment on column rolecall.relay.is_pushed is 'Whether a relay that publishes to the broker was there within the last hour.';

comment on column rolecall.relay.resync_due is 'Whether everybody online is to be told to sync, because events were not written.';

create table rolecall.relays (
  relay uuid primary key,
  version text not null default '',
  leads boolean not null default false,
  pushes boolean not null default true,
  seen_at timestamptz not null default now(),
  floor bigint not null default 0,
  next_floor bigint not null default 0,
  next_floor_xid xid8
)
with (fillfactor = 50);

comment on table rolecall.relays is 'The relays that were seen within a day: which one leads, and when each was seen last.';

comment on column rolecall.relays.pushes is 'Whether it publishes to a broker; else it carries webhooks alone.';

comment on column rolecall.relays.floor is 'No row of the outbox with a smaller id can still appear; a take begins here.';

comment on column rolecall.relays.next_floor is
  'The floor once every transaction before next_floor_xid has ended.';

-- What follows is made anew by the relay and worth nothing after a crash.
create unlogged table rolecall.presence (
  user_id uuid primary key,
  since timestamptz not null default now()
);

comment on table rolecall.presence is 'Who is connected to the broker, as the leading relay last heard.';

create unlogged table rolecall.typing (
  conversation_id uuid not null,
  user_id uuid not null,
  at timestamptz not null default now(),
  primary key (conversation_id, user_id)
);

comment on table rolecall.typing is 'Who was last announced as typing where, for a minute.';

create index typing_at_idx
  on rolecall.typing (at);
$sql$;

  -- schema/sync/tables.sql
  execute $sql$
-- What sync needs to know beside the rows that it shows. Which transaction last changed a conversation, a read mark or a
-- participation stands in their own tables, in changed_xid.

create table rolecall.block_changes (
  user_id uuid not null references rolecall.profiles (id) on delete cascade,
  other_id uuid not null references rolecall.profiles (id) on delete cascade,
  changed_xid xid8 not null default pg_current_xact_id(),
  primary key (user_id, other_id)
);

comment on table rolecall.block_changes is
  'Between which two people a block was set or lifted last when, once for each of them: of a lifted one nothing else is left.';

create index block_changes_other_id_idx
  on rolecall.block_changes (other_id);

create table rolecall.thread_losses (
  user_id uuid not null references rolecall.profiles (id) on delete cascade,
  thread_id uuid not null references rolecall.message_threads (id) on delete cascade,
  changed_xid xid8 not null default pg_current_xact_id(),
  primary key (user_id, thread_id)
);

comment on table rolecall.thread_losses is
  'Whose window in a thread, or whose own thread, was last taken away or changed when: it may name somebody else since, or nobody.';

create index thread_losses_thread_id_idx
  on rolecall.thread_losses (thread_id);
$sql$;

  -- schema/webhooks/tables.sql
  execute $sql$
-- Webhooks: an operator's address gets the events that clients get over their sockets, from the same outbox.
--
-- A row of the outbox is forked once, into a delivery for each webhook and event: by reference, so that what is said, and
-- to whom, is decided each time the delivery is taken.
--
-- Locks are taken in one order: the webhook, then its queue, then its deliveries.

create table rolecall.webhooks (
  id uuid primary key default gen_random_uuid(),
  url text not null,
  types text[],
  description text not null default '',
  is_enabled boolean not null default true,
  enabled_at timestamptz not null default now(),
  disabled_reason text,
  secret text not null,
  former_secret text,
  former_secret_until timestamptz,
  created_at timestamptz not null default now(),
  changed_at timestamptz not null default now(),
  last_delivered_at timestamptz,
  failing_since timestamptz,
  failures int not null default 0,
  paused_until timestamptz,
  constraint webhooks_url_form check (rolecall_internal.is_webhook_url(url)),
  constraint webhooks_types_known check (types <@ rolecall_internal.webhook_types() and cardinality(types) > 0),
  constraint webhooks_description_form check (char_length(description) <= rolecall_internal.limit_webhook_description_chars()),
  constraint webhooks_former_secret_has_end check ((former_secret is null) = (former_secret_until is null)),
  constraint webhooks_enabled_without_reason check (not is_enabled or disabled_reason is null)
)
with (fillfactor = 50);

comment on table rolecall.webhooks is 'The addresses to which the relay posts events.';

comment on column rolecall.webhooks.types is 'What the webhook hears of; null for everything but typing and presence.';

comment on column rolecall.webhooks.enabled_at is 'It hears of nothing that happened before.';

comment on column rolecall.webhooks.disabled_reason is 'Why it was disabled by itself; null where the operator did it.';

comment on column rolecall.webhooks.secret is 'The key of its signatures (Standard Webhooks). Only the relay reads it.';

comment on column rolecall.webhooks.former_secret is 'The key before the last rotation, which signs as well until former_secret_until.';

comment on column rolecall.webhooks.failing_since is 'The first failure since the last delivery.';

comment on column rolecall.webhooks.failures is 'How many probes in a row have failed.';

comment on column rolecall.webhooks.paused_until is 'When the next probe is due, while it fails.';

create table rolecall.webhook_queues (
  webhook_id uuid primary key references rolecall.webhooks (id) on delete cascade,
  room bigint not null default 0,
  counted_at timestamptz not null default '-infinity',
  dropped bigint not null default 0
)
with (fillfactor = 50);

comment on table rolecall.webhook_queues is 'How many deliveries a webhook has room for, and how many events found none.';

comment on column rolecall.webhook_queues.room is
  'How many more deliveries are kept; deliveries that ended since counted_at are not added yet.';

comment on column rolecall.webhook_queues.dropped is 'Events of which the webhook will never hear, since it was made.';

-- No foreign key to the webhook: the relay forks many rows at a time, and a removed webhook's go in steps.
create table rolecall.webhook_deliveries (
  id bigint generated always as identity primary key,
  webhook_id uuid not null,
  outbox_id bigint,
  place bigint not null default 1,
  made_at timestamptz not null,
  type text not null,
  domain text,
  conversation_id uuid,
  seq bigint,
  user_id uuid,
  message_id uuid,
  became text,
  is_wide boolean not null default false,
  reached uuid,
  taken_to uuid,
  state text not null default 'pending',
  attempts int not null default 0,
  attempts_before int not null default 0,
  is_taken boolean not null default false,
  due_at timestamptz not null default now(),
  last_status smallint,
  last_error text
)
-- Nearly every row is deleted soon.
with (autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_threshold = 2000, autovacuum_vacuum_cost_delay = 0);

comment on table rolecall.webhook_deliveries is
  'What a webhook has not yet heard of, by reference, an event a row; and for a week what it never heard of (dead).';

comment on column rolecall.webhook_deliveries.outbox_id is 'The row of the outbox, and with place the id of the event; null for a test.';

comment on column rolecall.webhook_deliveries.became is 'What became of it: online, offline, assigned, removed.';

comment on column rolecall.webhook_deliveries.is_wide is 'Whether it is a broadcast, whose audience is named a page at a time.';

comment on column rolecall.webhook_deliveries.reached is 'Of a broadcast: up to whom of the audience it is delivered.';

comment on column rolecall.webhook_deliveries.taken_to is 'Of a broadcast: up to whom the page goes that was taken last, when there are more.';

comment on column rolecall.webhook_deliveries.state is 'pending, or dead: given up.';

comment on column rolecall.webhook_deliveries.attempts is 'How often it was taken; the number of the current attempt.';

comment on column rolecall.webhook_deliveries.attempts_before is
  'The attempts that do not count any more: for earlier pages, or before it was brought back.';

comment on column rolecall.webhook_deliveries.due_at is
  'When it may be taken next; while it is taken, when it may be taken again; of a dead one, when it died.';

create index webhook_deliveries_due_idx
  on rolecall.webhook_deliveries (webhook_id, state, due_at, id);

create index webhook_deliveries_taken_idx
  on rolecall.webhook_deliveries (webhook_id, due_at)
  where is_taken;

create table rolecall.outbox_fork (
  is_only boolean primary key default true,
  floor bigint not null default 0,
  next_floor bigint not null default 0,
  next_floor_xid xid8,
  constraint outbox_fork_one_row check (is_only)
)
with (fillfactor = 50);

comment on table rolecall.outbox_fork is 'One row: where forking begins.';

comment on column rolecall.outbox_fork.floor is 'No row of the outbox with a smaller id is still to be forked, or can appear.';

comment on column rolecall.outbox_fork.next_floor is
  'The floor once every transaction before next_floor_xid has ended.';
$sql$;

  -- schema/permissions/decide.sql
  execute $sql$
-- Decides whether somebody with p_actor may do p_action to p_target, given the facts that hold, in whatever domain of the
-- matrix the action is. Everything unknown refuses: a role that is null, a fact that is null or missing, an action without
-- rows. The functions that follow are it for the roles of a domain.
create or replace function rolecall_internal.decide_action(
  p_action text,
  p_actor text,
  p_target text,
  p_facts text[]
)
returns rolecall.decision
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_decision rolecall.decision;
begin
  -- Nearly always: one look-up by key, since every request comes through here.
  select true, null, rule, message, allowed_if
  into v_decision
  from rolecall.matrix_rows
  where action = p_action
    and actor = p_actor
    and target = p_target
    and allowed
    and needs <@ p_facts
    and not bars && p_facts;
  if found then
    return v_decision;
  end if;

  -- The words of the refusal: of the first guard that refuses, or else of the row, or of what no row covers.
  select false, code, rule, message, allowed_if
  into v_decision
  from rolecall.matrix_guards
  where action = p_action
    and (actors is null or p_actor = any (actors))
    -- A fact that is null is one that is not known to hold.
    and coalesce(fact = any (p_facts), false) = denies_when
  order by position
  limit 1;
  if found then
    return v_decision;
  end if;
  select false, 'permission_denied', rule, message, allowed_if
  into v_decision
  from rolecall.matrix_rows
  where action = p_action
    and actor = p_actor
    and target = p_target;
  if found then
    return v_decision;
  end if;
  select false, 'permission_denied', rule, message, allowed_if
  into v_decision
  from rolecall.matrix_actions
  where action = p_action;
  if found then
    return v_decision;
  end if;
  return row(
    false,
    'permission_denied'::text,
    'no_rule'::text,
    'No rule allows this.'::text,
    'A rule is added for these roles.'::text
  );
end
$$;

-- Decides by the roles of the application. PostgreSQL writes it into the statements that ask.
create or replace function rolecall_internal.decide(
  p_action text,
  p_actor rolecall.app_role,
  p_target rolecall.app_role,
  p_facts text[]
)
returns rolecall.decision
language sql
stable
return rolecall_internal.decide_action(p_action, p_actor::text, p_target::text, p_facts);

-- Decides by a role in an organisation (profiles.organization_role); what is done there has no target. PostgreSQL writes it
-- into the statements that ask.
create or replace function rolecall_internal.decide_organization(p_action text, p_role text, p_facts text[])
returns rolecall.decision
language sql
stable
return rolecall_internal.decide_action(p_action, p_role, '', p_facts);

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

-- Those with whom p_user has a block, in either direction: of all others nobody need ask whether they read what these
-- broadcast.
create or replace function rolecall_internal.blocks_of(p_user uuid)
returns uuid[]
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  return array(
    select blocked_id
    from rolecall.user_blocks
    where blocker_id = p_user
    union
    select blocker_id
    from rolecall.user_blocks
    where blocked_id = p_user
  );
end
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

-- The same for many at once and one broadcast: those of p_people who see it as its audience.
create or replace function rolecall_internal.readers_of_broadcast(p_people uuid[], p_conversation uuid, p_seq bigint)
returns uuid[]
language sql
stable
begin atomic
  with sent as materialized (
    select
      conversation.show_id,
      conversation.created_by,
      broadcast.recipient_roles,
      broadcast.created_at,
      rolecall_internal.blocks_of(conversation.created_by) as blocks
    from rolecall.conversations as conversation
    join rolecall.broadcasts as broadcast
      on broadcast.conversation_id = conversation.id
    where conversation.id = p_conversation
      and broadcast.seq = p_seq
  )
  select array(
    select distinct own.user_id
    from sent
    cross join unnest(p_people) as named (id)
    join rolecall.participations as own
      on own.show_id = sent.show_id
      and own.user_id = named.id
    where own.role = any (sent.recipient_roles)
      and sent.created_at >= own.joined_at
      and sent.created_at < own.left_at
      and (
        own.user_id <> all (sent.blocks)
        or rolecall_internal.reads_broadcasts_of(own.user_id, sent.created_by)
      )
  );
end;
$sql$;

  -- schema/realtime/emit.sql
  execute $sql$
-- Who writes the outbox. Each statement that changes something writes one row, or a few where one would be too much for a
-- take. Nothing is written while no relay is wanted.

-- Tells that something happened, in the transaction in which it does. The lists belong together.
create or replace function rolecall_internal.emit(
  p_type text,
  p_domain text,
  p_conversations uuid[],
  p_seqs bigint[] default null,
  p_users uuid[] default null,
  p_messages uuid[] default null,
  p_state text default null
)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  -- A row's id is younger than its transaction's, which the floor of the relay counts on.
  perform pg_current_xact_id();
  insert into rolecall.outbox (type, domain, conversations, seqs, users, messages, state)
  select p_type, p_domain, p_conversations, p_seqs, p_users, p_messages, p_state
  from rolecall.relay
  where is_wanted;
end
$$;

-- Follows every statement that adds messages, whoever writes them: a trigger, so that no writer can forget it. It costs a
-- message by itself a thirtieth more, and one in an array of 64 a two-hundredth. Of what was imported nobody hears.
create or replace function rolecall_internal.emit_new_messages()
returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_conversations uuid[];
  v_seqs bigint[];
  v_about_shows boolean;
begin
  if (select is_wanted from rolecall.relay) is not true then
    return null;
  end if;
  select array_agg(conversation_id), array_agg(seq), bool_or(show_id is not null)
  into v_conversations, v_seqs, v_about_shows
  from added
  where not legacy;
  if v_conversations is null then
    return null;
  end if;
  if v_about_shows then
    perform rolecall_internal.emit_messages('message.created', v_conversations, v_seqs);
    return null;
  end if;
  insert into rolecall.outbox (type, domain, conversations, seqs)
  values ('message.created', 'conversations', v_conversations, v_seqs);
  return null;
end
$$;

-- The same for messages among which there may be broadcasts, each of which has a row of its own, and for many of them.
create or replace function rolecall_internal.emit_messages(p_type text, p_conversations uuid[], p_seqs bigint[])
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  insert into rolecall.outbox (type, domain, conversations, seqs, is_wide)
  select
    p_type,
    'conversations',
    array_agg(message.conversation_id order by message.conversation_id, message.seq),
    array_agg(message.seq order by message.conversation_id, message.seq),
    message.is_wide
  from (
    select
      named.conversation_id,
      named.seq,
      conversation.kind = 'show' as is_wide,
      row_number() over (partition by conversation.kind order by named.conversation_id, named.seq) - 1 as number
    from (
      select distinct conversation_id, seq
      from unnest(p_conversations, p_seqs) as message (conversation_id, seq)
    ) as named
    join rolecall.conversations as conversation
      on conversation.id = named.conversation_id
  ) as message
  cross join rolecall.relay
  where relay.is_wanted
  group by message.is_wide, case when message.is_wide then message.number else message.number / 500 end
  order by message.is_wide, min(message.number);
end
$$;

-- Messages of help conversations, whoever writes, changes or deletes them.
create or replace function rolecall_internal.emit_help_messages(
  p_type text,
  p_conversations uuid[],
  p_messages uuid[]
)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  perform rolecall_internal.emit(p_type, 'help', chunk.conversations, p_messages => chunk.messages)
  from (
    select
      array_agg(conversation_id order by number) as conversations,
      array_agg(message_id order by number) as messages
    from unnest(p_conversations, p_messages) with ordinality as message (conversation_id, message_id, number)
    group by (number - 1) / 500
    order by (number - 1) / 500
  ) as chunk;
end
$$;

-- A mark that was moved, by the answer to who moved it.
create or replace function rolecall_internal.emit_read(p_user uuid, p_answer jsonb)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  if p_answer -> 'ok' = 'true' then
    perform rolecall_internal.emit(
      'read',
      'conversations',
      array[(p_answer #>> '{data,conversation_id}')::uuid],
      array[(p_answer #>> '{data,last_read_seq}')::bigint],
      array[p_user]
    );
  end if;
end
$$;

-- The same for an array: one row for all of it. What a kept answer repeats happened before.
create or replace function rolecall_internal.emit_reads(p_users uuid[], p_answers jsonb[])
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  perform pg_current_xact_id();
  insert into rolecall.outbox (type, domain, conversations, seqs, users)
  select
    'read',
    'conversations',
    array_agg((answer #>> '{data,conversation_id}')::uuid order by number),
    array_agg((answer #>> '{data,last_read_seq}')::bigint order by number),
    array_agg(user_id order by number)
  from unnest(p_users, p_answers) with ordinality as marked (user_id, answer, number)
  cross join rolecall.relay
  where is_wanted
    and answer -> 'ok' = 'true'
    and answer -> 'replayed' is distinct from 'true'
  having count(*) > 0;
end
$$;

-- A conversation of two people that the operator closes or opens again.
create or replace function rolecall_internal.emit_changed_conversation()
returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  perform rolecall_internal.emit('conversation.changed', 'conversations', array[new.id]);
  return null;
end
$$;

-- A block that is made or lifted: their conversation says whether they may write.
create or replace function rolecall_internal.emit_block()
returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_block rolecall.user_blocks := case when tg_op = 'DELETE' then old else new end;
begin
  perform rolecall_internal.emit('conversation.changed', 'conversations', array[id])
  from rolecall.conversations
  where kind = 'direct'
    and version = 'v2'
    and participant_low = least(v_block.blocker_id, v_block.blocked_id)
    and participant_high = greatest(v_block.blocker_id, v_block.blocked_id);
  return null;
end
$$;

-- Whoever was suspended has heard of nothing meanwhile.
create or replace function rolecall_internal.emit_lifted_suspension()
returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  perform rolecall_internal.emit('resync', null, null, p_users => array[new.id]);
  return null;
end
$$;

-- Messages of threads that change: delivered or not, let through by force, erased. A message of the owner inbox has its
-- number there, too.
create or replace function rolecall_internal.emit_changed_thread_messages()
returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  if (select is_wanted from rolecall.relay) is not true then
    return null;
  end if;
  insert into rolecall.outbox (type, domain, conversations, seqs)
  select 'message.changed', 'threads', array_agg(event.thread_id), array_agg(event.seq)
  from (
    select
      place.thread_id,
      place.seq,
      row_number() over (order by place.thread_id, place.seq) - 1 as number
    from added as now
    join gone as before
      on before.organization_id = now.organization_id
      and before.thread_id = now.thread_id
      and before.seq = now.seq
    left join rolecall.message_threads as inbox
      on inbox.organization_id = now.organization_id
      and inbox.scope = 'owner_inbox'
      and now.inbox_seq is not null
      and inbox.id <> now.thread_id
    cross join lateral (
      values
        (now.thread_id, now.seq),
        (inbox.id, now.inbox_seq)
    ) as place (thread_id, seq)
    where place.thread_id is not null
      and (now.content, now.media_urls, now.delivery, now.error_code, now.sitter_id)
        is distinct from (before.content, before.media_urls, before.delivery, before.error_code, before.sitter_id)
  ) as event
  group by event.number / 100
  order by event.number / 100;
  return null;
end
$$;

-- A thread that is closed or opened again.
create or replace function rolecall_internal.emit_changed_thread()
returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  perform rolecall_internal.emit('conversation.changed', 'threads', array[new.id]);
  return null;
end
$$;

-- A sitter who gains or loses a window. That one runs out with time tells nobody.
create or replace function rolecall_internal.emit_window()
returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  if tg_op = 'UPDATE'
    and old.closed_at is null
    and old.sitter_id is not null
    and (new.closed_at is not null or new.sitter_id is distinct from old.sitter_id or new.thread_id <> old.thread_id)
  then
    perform rolecall_internal.emit(
      'member.changed', 'threads', array[old.thread_id], p_users => array[old.sitter_id], p_state => 'removed'
    );
  end if;
  if new.closed_at is null and new.sitter_id is not null then
    perform rolecall_internal.emit(
      'member.changed', 'threads', array[new.thread_id], p_users => array[new.sitter_id], p_state => 'assigned'
    );
  end if;
  return null;
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
    last_message_at = greatest(last_message_at, now()),
    changed_xid = pg_current_xact_id()
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
      last_message_at = greatest(last_message_at, p_message.created_at),
      changed_xid = pg_current_xact_id()
    where id = v_inbox
    returning last_seq
    into p_message.inbox_seq;
  end if;

  p_message.id := coalesce(p_message.id, rolecall_internal.uuid_v7());
  p_message.kind := coalesce(p_message.kind, 'text');
  p_message.media_urls := coalesce(p_message.media_urls, '{}');
  insert into rolecall.thread_messages
  select (p_message).*;
  perform rolecall_internal.emit(
    'message.created',
    'threads',
    array_remove(array[p_message.thread_id, v_inbox], null),
    array_remove(array[p_message.seq, case when v_inbox is not null then p_message.inbox_seq end], null)
  );
  return p_message;
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
      last_message_at = greatest(conversation.last_message_at, excluded.last_message_at),
      changed_xid = excluded.changed_xid
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
      changed_xid = pg_current_xact_id(),
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
    set
      last_read_seq = p_to,
      changed_xid = pg_current_xact_id()
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
      read_at = excluded.read_at,
      changed_xid = excluded.changed_xid
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
  perform rolecall_internal.emit_reads(v_callers, v_answers);

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
    if v_call.answer -> 'ok' = 'true' then
      -- As emit_read does, at a third of its cost. The token that was taken has given this transaction its id.
      insert into rolecall.outbox (type, domain, conversations, seqs, users)
      select
        'read',
        'conversations',
        array[(v_call.answer #>> '{data,conversation_id}')::uuid],
        array[(v_call.answer #>> '{data,last_read_seq}')::bigint],
        array[v_call.caller]
      from rolecall.relay
      where is_wanted;
    end if;
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
    perform rolecall_internal.emit_read(v_call.caller, v_call.answer);
  end if;
  return rolecall_internal.end_call(v_call);
end
$$;
$sql$;

  -- schema/conversations/read_changes.sql
  execute $sql$
-- What has changed in a conversation since a revision: {conversation_id, since_revision, limit}: the messages that were
-- deleted, restored, erased or written over, each as it is now, with the card, and how far its people have read. It is
-- read_messages with changed_since, in a form of its own.
create or replace function rolecall_internal.read_changes(p_user uuid, p_input jsonb, p_rollouts jsonb)
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_answer jsonb;
  v_conversation uuid;
begin
  if rolecall_internal.whole_number(p_input -> 'since_revision') is null then
    return rolecall_internal.refusal('invalid_input', 'The since_revision must be a whole number.');
  end if;
  v_answer := rolecall_internal.read_messages(
    p_user,
    jsonb_build_object(
      'conversation_id', p_input -> 'conversation_id',
      'changed_since', p_input -> 'since_revision',
      'limit', p_input -> 'limit'
    ),
    p_rollouts
  );
  if v_answer -> 'ok' = 'false' then
    return v_answer;
  end if;
  v_conversation := (v_answer #>> '{data,conversation,id}')::uuid;
  return v_answer || jsonb_build_object(
    'data', jsonb_build_object(
      'messages', v_answer #> '{data,messages}',
      'conversation', v_answer #> '{data,conversation}',
      'marks', rolecall_internal.read_marks(p_user, v_conversation, v_answer ->> 'reader'),
      'revision', v_answer #> '{data,revision}',
      'more', v_answer #> '{data,has_more_after}'
    )
  );
end
$$;

-- How far people have read, as p_user sees it: both people of a direct conversation; of broadcasts the user alone, whose
-- audience is nobody else's to see. Who moderates sees none.
create or replace function rolecall_internal.read_marks(p_user uuid, p_conversation uuid, p_reader text)
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  return (
    select coalesce(
      jsonb_agg(jsonb_build_object('user_id', mark.user_id, 'last_read_seq', mark.last_read_seq) order by mark.user_id),
      '[]'
    )
    from (
      select own.user_id, own.last_read_seq
      from rolecall.conversation_participants as own
      where own.conversation_id = p_conversation
        and p_reader = 'people'
      union all
      select receipt.user_id, receipt.last_read_seq
      from rolecall.broadcast_receipts as receipt
      where receipt.conversation_id = p_conversation
        and receipt.user_id = p_user
        and p_reader = 'audience'
    ) as mark
  );
end
$$;

create or replace function rolecall_edge.conversation_changes(p_request jsonb)
returns jsonb
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_call rolecall.call := rolecall_internal.begin_call(
    'conversations.changes',
    p_request,
    p_rate => 'read',
    p_keyed => false
  );
begin
  if v_call.answer is null then
    v_call.answer := rolecall_internal.read_changes(v_call.caller, v_call.input, v_call.rollouts);
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
begin
  if v_actor.refusal is not null then
    return v_actor.refusal;
  end if;
  select unread, conversations
  into v_direct, v_direct_conversations
  from rolecall_internal.unread_direct(p_user);

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

  -- schema/webhooks/fork.sql
  execute $sql$
-- How the outbox forks: each row becomes a delivery for each event and each webhook that wants it, once. Whoever deletes the
-- row does it (settle), or marks it (fork), as long as it is not marked: the row's lock decides between the two. The
-- sender's statement knows nothing of it.

-- Keeps the events of these rows for the webhooks that want them. Each webhook has room for a number of deliveries; of what
-- finds none the number is kept.
create or replace function rolecall_internal.keep_for_webhooks(p_rows rolecall.outbox[])
returns bigint
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_webhook record;
  v_wanted bigint;
  v_kept bigint;
  v_all bigint := 0;
begin
  for v_webhook in
    select id, types, enabled_at
    from rolecall.webhooks
    where is_enabled
    order by id
  loop
    select coalesce(sum(rolecall_internal.events_in(outbox)), 0)
    into v_wanted
    from unnest(p_rows) as outbox
    where rolecall_internal.is_wanted_type(v_webhook.types, outbox.type)
      and outbox.made_at >= v_webhook.enabled_at;
    continue when v_wanted = 0;
    v_kept := rolecall_internal.take_room(v_webhook.id, v_wanted);
    v_all := v_all + v_kept;

    insert into rolecall.webhook_deliveries (
      webhook_id, outbox_id, place, made_at, type, domain, conversation_id, seq, user_id, message_id, became, is_wide, due_at
    )
    select
      v_webhook.id,
      outbox.id,
      named.place,
      outbox.made_at,
      outbox.type,
      outbox.domain,
      named.conversation_id,
      named.seq,
      named.user_id,
      named.message_id,
      outbox.state,
      outbox.is_wide,
      clock_timestamp()
    from unnest(p_rows) as outbox
    cross join lateral unnest(outbox.conversations, outbox.seqs, outbox.users, outbox.messages)
      with ordinality as named (conversation_id, seq, user_id, message_id, place)
    where rolecall_internal.is_wanted_type(v_webhook.types, outbox.type)
      and outbox.made_at >= v_webhook.enabled_at
    order by outbox.id, named.place
    limit v_kept;
  end loop;
  return v_all;
end
$$;

create or replace function rolecall_internal.events_in(p_outbox rolecall.outbox)
returns bigint
language sql
immutable
return coalesce(
  greatest(
    cardinality(p_outbox.conversations),
    cardinality(p_outbox.seqs),
    cardinality(p_outbox.users),
    cardinality(p_outbox.messages)
  ),
  0
);

-- Takes room for deliveries of a webhook, as far as there is any: how many are kept. While there is room nothing is counted;
-- a webhook that is full is counted once a second, by one at a time.
create or replace function rolecall_internal.take_room(p_webhook uuid, p_wanted bigint)
returns bigint
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_queue rolecall.webhook_queues;
  v_kept bigint;
begin
  update rolecall.webhook_queues
  set room = room - p_wanted
  where webhook_id = p_webhook
    and room >= p_wanted;
  if found then
    return p_wanted;
  end if;

  select *
  into v_queue
  from rolecall.webhook_queues
  where webhook_id = p_webhook
  for update;
  if not found then
    -- It was removed meanwhile.
    return 0;
  end if;
  if v_queue.counted_at < clock_timestamp() - interval '1 second' then
    v_queue.counted_at := clock_timestamp();
    v_queue.room := rolecall_internal.limit_webhook_pending() - (
      select count(*)
      from (
        select
        from rolecall.webhook_deliveries
        where webhook_id = p_webhook
          and state = 'pending'
        limit rolecall_internal.limit_webhook_pending()
      ) as delivery
    );
  end if;
  v_kept := least(greatest(v_queue.room, 0), p_wanted);
  update rolecall.webhook_queues
  set
    room = v_queue.room - v_kept,
    counted_at = v_queue.counted_at,
    dropped = dropped + p_wanted - v_kept
  where webhook_id = p_webhook;
  return v_kept;
end
$$;

-- Moves the id at which forking begins, as move_floor does for takes: past rows that are forked and still wait for the
-- broker, past rows from before p_since, of which no webhook is to hear, and past rows that are gone and not vacuumed yet.
create or replace function rolecall_internal.move_fork_floor(p_next bigint, p_next_xid xid8, p_since timestamptz)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  update rolecall.outbox_fork as own
  set
    floor = least(
      own.next_floor,
      (
        select min(id)
        from rolecall.outbox
        where id >= own.floor
          and not is_forked
          and made_at >= p_since
      )
    ),
    next_floor_xid = null
  where own.next_floor_xid < pg_snapshot_xmin(pg_current_snapshot());
  update rolecall.outbox_fork
  set
    next_floor = p_next,
    next_floor_xid = p_next_xid
  where next_floor < p_next
    -- A database that was restored may name a transaction that is yet to come.
    and (next_floor_xid is null or next_floor_xid > p_next_xid);
end
$$;

-- Forks rows of the outbox that still wait: {limit, settle} -> {forked, settled, deliveries, more}. What is about to be
-- published is left to settle: a row is forked here when it has waited for a second, as when the broker is away. With
-- settle, by a relay that publishes nothing, rows are forked at once and deleted; but not as long as a relay that publishes
-- was there within the hour, for which they wait.
create or replace function rolecall_relay.fork(p_request jsonb)
returns jsonb
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_limit int := least(greatest(coalesce(rolecall_internal.whole_number(p_request -> 'limit'), 500), 1), 1000);
  v_is_pushed boolean := (select is_pushed from rolecall.relay);
  v_settles boolean := p_request -> 'settle' is not distinct from 'true' and v_is_pushed is not true;
  -- Webhooks that are enabled later hear of nothing before, either.
  v_since timestamptz := (select min(enabled_at) from rolecall.webhooks where is_enabled);
  v_own rolecall.outbox_fork;
  v_newest bigint := coalesce(pg_sequence_last_value('rolecall.outbox_id_seq'), 0);
  v_rows rolecall.outbox[];
  v_seen bigint := 0;
  v_deliveries bigint := 0;
begin
  select *
  into v_own
  from rolecall.outbox_fork;
  if v_settles then
    with gone as (
      delete from rolecall.outbox
      where id in (
        select id
        from rolecall.outbox
        where id >= v_own.floor
        order by id
        limit v_limit
        for update skip locked
      )
      returning outbox
    )
    select count(*), array_agg(gone.outbox) filter (where not (gone.outbox).is_forked)
    into v_seen, v_rows
    from gone;
  elsif v_since is not null then
    with marked as (
      update rolecall.outbox
      set is_forked = true
      where id in (
        select id
        from rolecall.outbox
        where id >= v_own.floor
          and not is_forked
          and made_at >= v_since
          and made_at < clock_timestamp() - interval '1 second'
        order by id
        limit v_limit
        for update skip locked
      )
      returning outbox
    )
    select count(*), array_agg(marked.outbox)
    into v_seen, v_rows
    from marked;
  end if;
  if v_rows is not null and v_since is not null then
    v_deliveries := rolecall_internal.keep_for_webhooks(v_rows);
  end if;
  if v_seen > 0 or v_newest > v_own.next_floor + 1000 then
    -- As in lead: whoever has an id up to the newest has its transaction's, too, which is older than this one.
    perform rolecall_internal.move_fork_floor(v_newest + 1, pg_current_xact_id(), coalesce(v_since, '-infinity'));
  end if;
  return rolecall_internal.success(
    jsonb_build_object(
      'forked', coalesce(cardinality(v_rows), 0),
      'settled', case when v_settles then v_seen else 0 end,
      'deliveries', v_deliveries,
      'more', v_seen = v_limit
    )
  );
end
$$;
$sql$;

  -- schema/realtime/lead.sql
  execute $sql$
-- One relay leads: the session that holds the lock. It publishes; the others wait and ask again. A session that ends, or
-- whose connection breaks, gives the lock back.

-- The relay that leads through this session; null when another one does.
create or replace function rolecall_internal.leading_relay()
returns uuid
language sql
stable
return nullif(current_setting('rolecall.leading_relay', true), '')::uuid;

-- Asks to lead, and says that a relay is alive: {relay, version, pushes?, resync?} -> {leads}. Called every few seconds. With
-- resync, everybody who is online is told to sync: what was published may not have arrived. A relay that
-- does not push publishes to no broker and carries webhooks alone: of these one leads as well, beside the one that publishes.
create or replace function rolecall_relay.lead(p_request jsonb)
returns jsonb
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_relay uuid := rolecall_internal.uuid_or_null(p_request ->> 'relay');
  v_pushes boolean := p_request -> 'pushes' is distinct from 'false';
  v_newest bigint := coalesce(pg_sequence_last_value('rolecall.outbox_id_seq'), 0);
  v_next_xid xid8;
  v_leads boolean;
begin
  if v_relay is null then
    return rolecall_internal.refusal('invalid_input', 'The relay must be a uuid.');
  end if;
  -- Whoever has an id up to the newest has its transaction's, too, which is older than this one: as that is asked for last.
  v_next_xid := pg_current_xact_id();
  if v_pushes then
    v_leads := rolecall_internal.leading_relay() is not null
      or pg_try_advisory_lock(hashtextextended('rolecall.relay', 0));
  else
    v_leads := nullif(current_setting('rolecall.forking_relay', true), '') is not null
      or pg_try_advisory_lock(hashtextextended('rolecall.relay.webhooks', 0));
    if v_leads then
      perform set_config('rolecall.forking_relay', v_relay::text, false);
    end if;
  end if;
  if v_leads and v_pushes then
    perform set_config('rolecall.leading_relay', v_relay::text, false);
    update rolecall.relays
    set leads = false
    where relay <> v_relay
      and leads;
  end if;
  insert into rolecall.relays as known (relay, version, leads, pushes)
  values (v_relay, left(coalesce(p_request ->> 'version', ''), 100), v_leads and v_pushes, v_pushes)
  on conflict (relay) do update
  set
    version = excluded.version,
    leads = excluded.leads,
    pushes = excluded.pushes,
    seen_at = excluded.seen_at;
  delete from rolecall.relays
  where seen_at < now() - interval '1 day';

  -- Until now nobody published what was written, if anything was; or what was published may not have arrived.
  update rolecall.relay
  set
    is_wanted = true,
    is_pushed = true,
    wanted_since = now(),
    resync_due = true
  where v_pushes
    and (not is_pushed or v_leads and p_request -> 'resync' is not distinct from 'true');
  perform rolecall_internal.want_events();
  if v_leads and v_pushes then
    perform rolecall_internal.move_floor(v_relay, v_newest + 1, v_next_xid);
    perform rolecall_internal.resync_all();
  end if;
  return rolecall_internal.success(jsonb_build_object('leads', v_leads));
end
$$;

-- Begins or ceases to write the outbox: for a relay that publishes, or for a relay and a webhook.
create or replace function rolecall_internal.want_events()
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  -- Of a relay and a webhook that come at the same moment, the second sees the first.
  perform
  from rolecall.relay
  for update;
  update rolecall.relay as own
  set
    is_pushed = needed.is_pushed,
    is_wanted = needed.is_pushed or needed.has_relay and needed.has_webhook
  from (
    select
      count(*) filter (where pushes) > 0 as is_pushed,
      count(*) > 0 as has_relay,
      exists (select from rolecall.webhooks where is_enabled) as has_webhook
    from rolecall.relays
    where seen_at > now() - interval '1 hour'
  ) as needed
  where (own.is_pushed, own.is_wanted)
    is distinct from (needed.is_pushed, needed.is_pushed or needed.has_relay and needed.has_webhook);
end
$$;

-- Whether what happens is published: a relay has led within a quarter of a minute, and the oldest row has not waited longer,
-- as while the relay cannot reach the broker. A few rows at most are read, so that health may ask.
create or replace function rolecall_internal.is_relayed()
returns boolean
language sql
stable
return exists (
  select
  from rolecall.relays as leader
  where leader.leads
    and leader.seen_at > now() - interval '15 seconds'
    and coalesce(
      (
        select oldest.made_at
        from rolecall.outbox as oldest
        where oldest.id >= leader.floor
        order by oldest.id
        limit 1
      ) > now() - interval '15 seconds',
      true
    )
);

-- Moves the id at which takes begin, so that they need not walk over rows that are gone and not vacuumed yet, as while a
-- backup is made. Every row with a smaller id than p_next belongs to a transaction older than p_next_xid.
create or replace function rolecall_internal.move_floor(p_relay uuid, p_next bigint, p_next_xid xid8)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  update rolecall.relays as own
  set
    floor = least(
      own.next_floor,
      (
        select min(id)
        from rolecall.outbox
        where id >= own.floor
      )
    ),
    next_floor_xid = null
  where own.relay = p_relay
    and own.next_floor_xid < pg_snapshot_xmin(pg_current_snapshot());
  update rolecall.relays
  set
    next_floor = p_next,
    next_floor_xid = p_next_xid
  where relay = p_relay
    and next_floor_xid is null;
end
$$;

-- Tells everybody who is online to sync, once, after events were not written or given up. By then whoever began to write
-- before is done, since no statement of a function lasts longer than five seconds, and the relay knows who is online.
create or replace function rolecall_internal.resync_all()
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  update rolecall.relay
  set resync_due = false
  where resync_due
    and wanted_since < now() - interval '10 seconds';
  if found then
    insert into rolecall.outbox (type, is_wide)
    values ('resync', true);
  end if;
end
$$;

-- Bounds what is kept, in steps, every minute. Without a relay for an hour nothing is written any more, and what there is
-- goes. What a relay has not published for an hour, because the broker is away, goes as well; then everybody syncs. The
-- webhooks have theirs by then, or never will.
create or replace function rolecall_internal.tidy_outbox(p_most int default 20000)
returns bigint
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_gone bigint;
  v_unforked bigint;
  v_webhook uuid;
begin
  perform rolecall_internal.want_events();
  with gone as (
    delete from rolecall.outbox
    where id in (
      select oldest.id
      from (
        select id, made_at
        from rolecall.outbox
        order by id
        limit p_most
      ) as oldest
      where not (select is_wanted from rolecall.relay)
        or oldest.made_at < now() - interval '1 hour'
    )
    returning outbox
  )
  select
    count(*),
    sum(rolecall_internal.events_in(gone.outbox)) filter (where not (gone.outbox).is_forked and (gone.outbox).type <> 'resync')
  into v_gone, v_unforked
  from gone;
  if v_unforked > 0 then
    for v_webhook in
      select id
      from rolecall.webhooks
      where is_enabled
      -- As whoever forks does.
      order by id
    loop
      update rolecall.webhook_queues
      set dropped = dropped + v_unforked
      where webhook_id = v_webhook;
    end loop;
  end if;
  if v_gone > 0 then
    update rolecall.relay
    set
      resync_due = true,
      wanted_since = now()
    where is_wanted;
  end if;
  if not (select is_wanted from rolecall.relay) then
    delete from rolecall.presence
    where user_id in (
      select user_id
      from rolecall.presence
      limit p_most
    );
  end if;
  delete from rolecall.typing
  where (conversation_id, user_id) in (
    select conversation_id, user_id
    from rolecall.typing
    where at < now() - interval '1 minute'
    order by at
    limit p_most
  );
  return v_gone;
end
$$;
$sql$;

  -- schema/health/health.sql
  execute $sql$
-- Answers that the database works, at which migration, and whether a relay publishes what happens. Takes no claims, since a load balancer asks.
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
      'migration', (select max(version) from rolecall.schema_migrations),
      'relayed', rolecall_internal.is_relayed()
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
    status = new.status,
    changed_xid = pg_current_xact_id()
  where conversation_id = new.id;
  perform rolecall_internal.emit('conversation.changed', 'help', array[new.id]);
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
      requester_unread = 0,
      changed_xid = pg_current_xact_id()
    where conversation_id = p_conversation
      and (requester_read_at < v_newest or requester_unread <> 0);
  else
    update rolecall.help_threads
    set
      helper_read_at = greatest(helper_read_at, v_newest),
      helper_unread = 0,
      changed_xid = pg_current_xact_id()
    where conversation_id = p_conversation
      and (helper_read_at < v_newest or helper_unread <> 0);
  end if;
  perform rolecall_internal.emit('read', 'help', array[p_conversation], p_users => array[p_user]);
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
      changed_xid = pg_current_xact_id(),
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
    perform rolecall_internal.emit(
      'message.created', 'help', array[v_one.conversation_id], p_messages => array[v_one.id]
    );
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
    changed_xid = pg_current_xact_id(),
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
  perform rolecall_internal.emit_help_messages(
    'message.created',
    array(select conversation_id from added order by created_at, id),
    array(select id from added order by created_at, id)
  );
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
    changed_xid = pg_current_xact_id(),
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
  perform rolecall_internal.emit_help_messages(
    'message.changed',
    array(select conversation_id from gone order by id),
    array(select id from gone order by id)
  );
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
    changed_xid = pg_current_xact_id(),
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
  where thread.conversation_id = moved.conversation_id;
  perform rolecall_internal.emit_help_messages('message.changed', array_agg(after.conversation_id), array_agg(after.id))
  from previous as before
  join changed as after
    on after.id = before.id
  where after.content is distinct from before.content;
  return null;
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
            message.content = item.content
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
-- * Every transaction takes its locks in the same order: slots of ids by their numbers (message_ids.sql), idempotency
--   records by user and key, buckets by user, conversations by their two people, their participants, counters by their key. So no two of them can wait for each
--   other.
-- * An array waits at most half a second for a lock: one conversation that somebody holds must not hold up the others.
--   The sender of the array sends its requests one by one then, which may wait as long as ever.

-- The requests of an array, taken apart. Only a content, show_id or message_id is checked here; nothing else that is wrong with a
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
          when sent.input ->> 'message_id' is not null and sent.message_id is null then
            rolecall_internal.refuse_message_id()
          when coalesce(char_length(sent.input ->> 'content') not between 1 and rolecall_internal.limit_direct_message_chars(), true)
            or not rolecall_internal.has_visible(sent.input ->> 'content')
          then
            rolecall_internal.refuse_text('content', sent.input ->> 'content', 1, rolecall_internal.limit_direct_message_chars())
          when sent.input ->> 'conversation_id' is null
            and sent.input ->> 'show_id' is not null
            and rolecall_internal.uuid_or_null(sent.input ->> 'show_id') is null
          then
            rolecall_internal.refusal('invalid_input', 'The show_id is not a uuid.')
        end,
        sent.message_id
      )::rolecall.dm_item
      order by element.number
    )
    from jsonb_array_elements(p_requests) with ordinality as element (request, number)
    cross join lateral (
      values (element.request -> 'input', rolecall_internal.message_id(element.request #>> '{input,message_id}'))
    ) as sent (input, message_id)
  );
end
$$;

-- Which requests of an array cannot be decided beside those before them, by their numbers:
-- * a second one with the same key of the same user, or with the same message_id: whether it is a repetition depends on
--   how the first one ends;
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
  v_ids uuid[] := '{}';
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
    where item.message_id is not null
    group by item.message_id
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
        item.message_id,
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
      addressed.message_id,
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
      or v_item.message_id = any (v_ids)
    then
      v_deferred := v_deferred || v_item.number;
      v_callers := v_callers || v_item.caller;
      if v_item.pair is not null then
        v_pairs := v_pairs || v_item.pair;
      end if;
    elsif v_item.key is not null then
      v_kept_keys := v_kept_keys || (v_item.caller || ' ' || v_item.key);
    end if;
    -- Of whichever user, and deferred or not: the first one gets it.
    if v_item.message_id is not null then
      v_ids := v_ids || v_item.message_id;
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
  v_has_ids boolean;
  -- The answers to messages whose id is taken.
  v_known jsonb[];
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
    bool_or(item.key is not null),
    bool_or(item.message_id is not null)
  into v_callers, v_answers, v_has_keys, v_has_ids
  from unnest(p_items) as item;

  if v_has_ids then
    v_known := rolecall_internal.known_dms(p_items);
  end if;

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
      -- A message that was sent before takes no token again.
      select array_agg(
        case when answer is null and v_known[number] -> 'ok' is distinct from 'true' then caller end
        order by number
      )
      from unnest(v_callers, v_answers) with ordinality as request (caller, answer, number)
    ),
    'send_dm'
  );

  select array_agg(item)
  into v_sending
  from unnest(p_items) as item
  where item.refusal is null
    and v_answers[item.number] is null
    and v_known[item.number] is null
    and v_limits[item.number] -> 'taken' is distinct from 'false';

  if v_sending is not null then
    -- One statement settles who makes a conversation and who continues it, and numbers the messages.
    with judged as materialized (
      select
        item.number,
        item.caller,
        item.message_id as chosen_id,
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
        coalesce(judged.chosen_id, rolecall_internal.uuid_v7()) as message_id,
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
        last_message_at = greatest(conversation.last_message_at, excluded.last_message_at),
        changed_xid = excluded.changed_xid
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
        else
          rolecall_internal.with_limit(
            coalesce(v_known[item.number], item.refusal, outcome.answer), v_limits[item.number]
          )
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
-- Sends a direct message: {recipient_id, content, show_id?, message_id?} starts or continues the direct conversation of the
-- two, {conversation_id, content, message_id?} replies. Whether the message_id is taken was looked at (message_ids.sql). send_independent_dms in send_dm_many.sql is its twin for an array: what one does,
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
  v_message uuid := rolecall_internal.uuid_v7();
  v_created_at timestamptz;
begin
  if p_input ->> 'message_id' is not null then
    v_message := rolecall_internal.message_id(p_input ->> 'message_id');
    if v_message is null then
      return rolecall_internal.refuse_message_id();
    end if;
  end if;
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
        last_message_at = greatest(conversation.last_message_at, excluded.last_message_at),
        changed_xid = excluded.changed_xid
      where not conversation.read_only
      returning id, last_seq, last_message_at
    )
    insert into rolecall.messages (id, conversation_id, seq, sender_id, content, show_id, created_at)
    select v_message, id, last_seq, p_sender, v_content, v_show, last_message_at
    from numbered
    returning conversation_id, seq, created_at
    into v_conversation, v_seq, v_created_at;
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
        last_message_at = greatest(last_message_at, now()),
        changed_xid = pg_current_xact_id()
      where id = v_conversation
        and not read_only
      returning id, last_seq, last_message_at
    )
    insert into rolecall.messages (id, conversation_id, seq, sender_id, content, created_at)
    select v_message, id, last_seq, p_sender, v_content, last_message_at
    from numbered
    returning seq, created_at
    into v_seq, v_created_at;
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
  v_known jsonb;
  v_call rolecall.call;
begin
  if jsonb_typeof(p_request) = 'array' then
    return rolecall_internal.send_dm_many(p_request);
  end if;
  if p_request #>> '{input,message_id}' is not null then
    v_known := rolecall_internal.known_dm(p_request);
  end if;
  -- A message that was sent before takes no token again.
  v_call := rolecall_internal.begin_call(
    'send-dm', p_request, p_rate => case when v_known -> 'ok' = 'true' then null else 'send_dm' end
  );
  if v_call.answer is null then
    v_call.answer := coalesce(v_known, rolecall_internal.send_dm(v_call.caller, v_call.input, v_call.rollouts));
  end if;
  return rolecall_internal.end_call(v_call);
end
$$;
$sql$;

  -- schema/webhooks/tidy.sql
  execute $sql$
-- Bounds what is kept for webhooks, in steps, every minute: for a week what is dead, and what waits for a webhook that is
-- disabled; for a removed webhook nothing. Of the dead as many are kept as may wait.
create or replace function rolecall_internal.tidy_webhooks(p_most int default 20000)
returns bigint
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_webhook uuid;
  v_is_known boolean;
  v_gone bigint;
  v_all bigint := 0;
begin
  update rolecall.webhooks
  set
    former_secret = null,
    former_secret_until = null
  where former_secret_until <= now();
  for v_webhook, v_is_known in
    -- Skips from one webhook to the next, however many deliveries each has.
    with recursive named (id) as (
      (
        select webhook_id
        from rolecall.webhook_deliveries
        order by webhook_id
        limit 1
      )
      union all
      select (
        select delivery.webhook_id
        from rolecall.webhook_deliveries as delivery
        where delivery.webhook_id > named.id
        order by delivery.webhook_id
        limit 1
      )
      from named
      where named.id is not null
    )
    select named.id, webhook.id is not null
    from named
    left join rolecall.webhooks as webhook
      on webhook.id = named.id
    where named.id is not null
  loop
    exit when v_all >= p_most;
    delete from rolecall.webhook_deliveries
    where id in (
      (
        select id
        from rolecall.webhook_deliveries
        where webhook_id = v_webhook
          and not v_is_known
        limit p_most - v_all
      )
      union all
      (
        select id
        from rolecall.webhook_deliveries
        where webhook_id = v_webhook
          and state in ('dead', 'pending')
          and due_at < now() - interval '7 days'
        limit p_most - v_all
      )
      union all
      (
        select id
        from rolecall.webhook_deliveries
        where webhook_id = v_webhook
          and state = 'dead'
        order by due_at desc, id desc
        offset rolecall_internal.limit_webhook_pending()
        limit p_most - v_all
      )
    );
    get diagnostics v_gone = row_count;
    v_all := v_all + v_gone;
  end loop;
  return v_all;
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
    perform rolecall_internal.tidy_outbox();
    perform rolecall_internal.tidy_webhooks();
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
          rolecall_internal.message_json(
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
    values
      (told.who, false),
      (told.moderators, true)
  ) as shown (who, sees_removed)
  where shown.who is not null;
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
    select rolecall_internal.conversation_cards(
      happened.person_id, array[happened.conversation_id], array['people'], p_rollouts
    ) -> 0 as card
    offset 0
  ) as card
  where happened.type = 'conversation.changed'
    and (
      not happened.is_blocked
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

  -- schema/realtime/events_help.sql
  execute $sql$
-- The events of help conversations, as their two people read them. Their messages have no numbers, but ids; one that is
-- deleted is told by its id alone.
create or replace function rolecall_internal.help_events(p_rows rolecall.outbox[], p_rollouts jsonb)
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
      join public.conversations_v2 as conversation
        on conversation.id = named.id
      cross join lateral (
        values
          (conversation.requester_id),
          (conversation.helper_id)
      ) as person (id)
      where outbox.domain = 'help'
    ),
    'help-conversations',
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
      conversation.requester_id,
      conversation.helper_id,
      message.id is not null as is_there,
      coalesce(message.sender_id, removed.sender_id) as sender_id,
      case when message.id is not null then rolecall_internal.help_message(message) end as message,
      exists (
        select
        from rolecall.user_blocks
        where blocker_id in (conversation.requester_id, conversation.helper_id)
          and blocked_id in (conversation.requester_id, conversation.helper_id)
      ) as is_blocked
    from unnest(p_rows) as outbox
    cross join lateral unnest(outbox.conversations, outbox.users, outbox.messages)
      with ordinality as named (conversation_id, user_id, message_id, place)
    join public.conversations_v2 as conversation
      on conversation.id = named.conversation_id
    left join public.messages_v2 as message
      on message.id = named.message_id
      and message.conversation_id = named.conversation_id
    left join rolecall.removed_help_messages as removed
      on removed.message_id = named.message_id
      and message.id is null
    where outbox.domain = 'help'
  ),
  concerned as (
    select happened.*, person.id as person_id
    from happened
    cross join lateral (
      values
        (happened.requester_id),
        (happened.helper_id)
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
      case
        when happened.type = 'read' then jsonb_build_object(
          'domain', 'help',
          'conversation_id', happened.conversation_id,
          'user_id', happened.user_id,
          'last_read_seq', null
        )
        when happened.type = 'typing' then jsonb_build_object(
          'domain', 'help',
          'conversation_id', happened.conversation_id,
          'user_id', happened.user_id,
          'until', rolecall_internal.iso(happened.made_at + interval '6 seconds')
        )
        else jsonb_build_object(
          'domain', 'help',
          'conversation_id', happened.conversation_id,
          'seq', null,
          'revision', null,
          'message_id', happened.message_id,
          'message', rolecall_internal.short_message(happened.message)
        )
      end
    )
  from concerned as happened
  where happened.type in ('message.created', 'message.changed', 'read', 'typing')
    and case happened.type
      when 'read' then happened.person_id = happened.user_id
      when 'typing' then
        happened.person_id <> happened.user_id
        and not happened.is_blocked
        and happened.made_at > now() - interval '6 seconds'
      -- One that was deleted since is told by its deletion.
      else (not happened.is_blocked or coalesce(happened.person_id = happened.sender_id, false))
        and (happened.type = 'message.changed' or happened.is_there)
    end
  group by
    happened.row_id, happened.place, happened.type, happened.made_at, happened.conversation_id, happened.user_id,
    happened.message_id, happened.message
  union all
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
        'domain', 'help',
        'conversation_id', happened.conversation_id,
        'revision', null,
        'conversation', rolecall_internal.short_card(card.card)
      )
    )
  from concerned as happened
  cross join lateral (
    select rolecall_internal.help_cards(
      happened.person_id,
      array[happened.conversation_id],
      array['v2'],
      rolecall_internal.refuse_help_author(happened.person_id, 'help-conversations', p_rollouts)
    ) -> 0 as card
    offset 0
  ) as card
  where happened.type = 'conversation.changed'
    and not happened.is_blocked;
end
$$;
$sql$;

  -- schema/realtime/events_presence.sql
  execute $sql$
-- Who comes and goes, for those with whom they have a direct conversation, the 500 most recently active ones: as far as
-- these are online themselves and there is no block.

-- Those of whom p_user may know whether they are online, of the most recently active p_limit conversations; no block
-- between the two.
create or replace function rolecall_internal.contacts(p_user uuid, p_limit int)
returns setof uuid
language sql
stable
begin atomic
  select contact.id
  from (
    (
      select conversation.participant_high as id, conversation.active_in
      from rolecall.conversations as conversation
      where conversation.participant_low = p_user
        and conversation.kind = 'direct'
      order by conversation.active_in desc
      limit p_limit
    )
    union all
    (
      select conversation.participant_low, conversation.active_in
      from rolecall.conversations as conversation
      where conversation.participant_high = p_user
        and conversation.kind = 'direct'
      order by conversation.active_in desc
      limit p_limit
    )
    order by active_in desc
    limit p_limit
  ) as contact
  where contact.id is not null
    and not exists (
      select
      from rolecall.user_blocks
      where blocker_id in (p_user, contact.id)
        and blocked_id in (p_user, contact.id)
    );
end;

-- And the word that somebody should sync.
create or replace function rolecall_internal.presence_events(p_rows rolecall.outbox[], p_rollouts jsonb)
returns table (row_id bigint, place bigint, who uuid[], event jsonb)
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  return query
  with happened as materialized (
    select outbox.id as row_id, outbox.type, outbox.made_at, outbox.state, named.user_id, named.place
    from unnest(p_rows) as outbox
    cross join lateral unnest(outbox.users) with ordinality as named (user_id, place)
    where outbox.type in ('presence', 'resync')
      and not outbox.is_wide
  )
  select
    happened.row_id,
    happened.place,
    told.who,
    rolecall_internal.event_json(
      happened.type,
      happened.row_id,
      happened.place,
      happened.made_at,
      case happened.type
        when 'presence' then jsonb_build_object('user_id', happened.user_id, 'online', happened.state = 'online')
        else '{}'
      end
    )
  from happened
  cross join lateral (
    select rolecall_internal.told(
      case happened.type
        when 'resync' then array[happened.user_id]
        else array(
          select presence.user_id
          from rolecall_internal.contacts(happened.user_id, 500) as contact (id)
          join rolecall.presence
            on presence.user_id = contact.id
        )
      end,
      null,
      p_rollouts
    ) as who
    offset 0
  ) as told
  where told.who <> '{}'
    -- Who was suspended is nobody's to see.
    and (
      happened.type = 'resync'
      or happened.state <> 'online'
      or rolecall_internal.told(array[happened.user_id], null, p_rollouts) <> '{}'
    );
end
$$;
$sql$;

  -- schema/realtime/events_threads.sql
  execute $sql$
-- The events of organisations' threads. Who reads a thread, and what of a message, is asked of the functions that answer
-- GET: so a sitter whose window is over hears nothing more of it, and what the filter held back is redacted or hidden.
create or replace function rolecall_internal.thread_events(p_rows rolecall.outbox[], p_rollouts jsonb)
returns table (row_id bigint, place bigint, who uuid[], event jsonb)
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  return query
  with happened as materialized (
    select
      outbox.id as row_id,
      outbox.type,
      outbox.made_at,
      outbox.state,
      named.*,
      thread.organization_id,
      thread.scope = 'owner_inbox' as is_inbox,
      case when thread.scope = 'owner_inbox' then waiting else message end as message
    from unnest(p_rows) as outbox
    cross join lateral unnest(outbox.conversations, outbox.seqs, outbox.users)
      with ordinality as named (thread_id, seq, user_id, place)
    join rolecall.message_threads as thread
      on thread.id = named.thread_id
    left join rolecall.thread_messages as message
      on message.organization_id = thread.organization_id
      and message.thread_id = case when thread.scope <> 'owner_inbox' then thread.id end
      and message.seq = named.seq
    left join rolecall.thread_messages as waiting
      on waiting.organization_id = thread.organization_id
      and waiting.inbox_seq = case when thread.scope = 'owner_inbox' then named.seq end
    where outbox.domain = 'threads'
  ),
  concerned as materialized (
    select
      thread.thread_id,
      person.id as user_id,
      actor.organization_role as role,
      actor.organization_id
    from (
      select distinct happened.thread_id, happened.organization_id
      from happened
    ) as thread
    cross join lateral (
      -- A list that is no narrower than who reads it: the matrix decides below.
      select profile.id
      from rolecall.profiles as profile
      where profile.organization_id = thread.organization_id
        and rolecall_internal.reads_every_thread(profile.organization_role)
      union
      select assigned.sitter_id
      from rolecall.assignment_windows as assigned
      where assigned.organization_id = thread.organization_id
        and assigned.thread_id = thread.thread_id
        and assigned.closed_at is null
        and assigned.ends_at > now()
      union
      select client.user_id
      from rolecall.message_threads as own
      join rolecall.clients as client
        on client.organization_id = own.organization_id
        and client.id = own.client_id
      where own.id = thread.thread_id
    ) as person
    cross join lateral (
      select *
      from rolecall_internal.thread_actor(person.id, thread.thread_id, p_rollouts)
      offset 0
    ) as actor
    where person.id = any (
        rolecall_internal.told(array[person.id], null, p_rollouts)
      )
      and (rolecall_internal.judge_thread('read_thread', actor)).allowed
  ),
  told as (
    select
      happened.row_id,
      happened.type,
      happened.place,
      happened.made_at,
      person.user_id,
      case
        when happened.type in ('message.created', 'message.changed')
          and (happened.message).id is not null
          and (
            happened.is_inbox
            or rolecall_internal.sees_message(
              person.role,
              person.user_id,
              (happened.message).direction,
              (happened.message).kind,
              (happened.message).sitter_id,
              (happened.message).author_id,
              (happened.message).inbox_seq,
              (happened.message).delivery
            )
          )
        then jsonb_build_object(
          'domain', 'threads',
          'conversation_id', happened.thread_id,
          'seq', happened.seq,
          'revision', null,
          'message', rolecall_internal.short_message(
            rolecall_internal.thread_message_json(happened.message, happened.is_inbox, person.role, person.user_id)
          )
        )
        when happened.type = 'read' and person.user_id = happened.user_id then jsonb_build_object(
          'domain', 'threads',
          'conversation_id', happened.thread_id,
          'user_id', happened.user_id,
          'last_read_seq', happened.seq
        )
        when happened.type = 'member.changed'
          and (person.user_id = happened.user_id or rolecall_internal.reads_every_thread(person.role))
        then jsonb_build_object(
          'domain', 'threads',
          'conversation_id', happened.thread_id,
          'user_id', happened.user_id,
          'state', happened.state
        )
        when happened.type = 'conversation.changed' then jsonb_build_object(
          'domain', 'threads',
          'conversation_id', happened.thread_id,
          'revision', null,
          'conversation', rolecall_internal.thread_cards(
            person.organization_id, array[happened.thread_id], person.role, person.user_id
          ) -> 0
        )
      end as members
    from happened
    join concerned as person
      on person.thread_id = happened.thread_id
  )
  select
    told.row_id,
    told.place,
    array_agg(told.user_id),
    rolecall_internal.event_json(told.type, told.row_id, told.place, told.made_at, told.members)
  from told
  where told.members is not null
  group by told.row_id, told.type, told.place, told.made_at, told.members;
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
      select
        array_agg(person.id) as who,
        message.deleted_at is not null and rolecall_internal.moderates_everything(person.role) as sees_removed
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
      group by 2
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

  -- schema/realtime/presence.sql
  execute $sql$
-- Who is online: the relay hears it of the broker and writes it down, and clients ask for those whom they write with.

-- A list of a request as uuids, each once; what is none is left out.
create or replace function rolecall_internal.uuids_of(p_list jsonb)
returns uuid[]
language sql
immutable
return array(
  select distinct rolecall_internal.uuid_or_null(element)
  from jsonb_array_elements_text(case when jsonb_typeof(p_list) = 'array' then p_list else '[]' end) as element
  where rolecall_internal.uuid_or_null(element) is not null
  order by 1
);

-- Tells the contacts of these users, of a thousand at most: whoever connects asks for the others.
create or replace function rolecall_internal.emit_presence(p_users uuid[], p_state text)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  perform rolecall_internal.emit('presence', null, null, p_users => chunk.users, p_state => p_state)
  from (
    select array_agg(user_id) as users
    from unnest(p_users[:1000]) with ordinality as named (user_id, number)
    group by (number - 1) / 25
    order by (number - 1) / 25
  ) as chunk;
end
$$;

-- Who has come and who has gone: {online, offline, whole}. With whole, online is everybody who is there.
create or replace function rolecall_relay.presence(p_request jsonb)
returns jsonb
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_whole boolean := p_request -> 'whole' is not distinct from 'true';
  v_online uuid[] := rolecall_internal.uuids_of(p_request -> 'online');
  v_offline uuid[] := rolecall_internal.uuids_of(p_request -> 'offline');
  -- After a crash nobody is known, and everybody would be news.
  v_is_first boolean := v_whole and not exists (select from rolecall.presence);
  v_come uuid[];
  v_gone uuid[];
begin
  with gone as (
    delete from rolecall.presence
    where case
      when v_whole then user_id <> all (v_online)
      else user_id = any (v_offline) and user_id <> all (v_online)
    end
    returning user_id
  )
  select array_agg(user_id order by user_id)
  into v_gone
  from gone;
  with come as (
    insert into rolecall.presence (user_id)
    select profile.id
    from unnest(v_online) as named (id)
    join rolecall.profiles as profile
      on profile.id = named.id
    order by profile.id
    on conflict (user_id) do nothing
    returning user_id
  )
  select array_agg(user_id order by user_id)
  into v_come
  from come;
  if not v_is_first then
    perform rolecall_internal.emit_presence(v_gone, 'offline');
    perform rolecall_internal.emit_presence(v_come, 'online');
  end if;
  return rolecall_internal.success('{}');
end
$$;

-- Which of these users are online: {user_ids} -> {online}. Only those with whom p_user has a direct conversation and no
-- block; of anybody else, and of who does not exist, it tells nothing. While no relay leads nobody is known to be there.
create or replace function rolecall_internal.presence_of(p_user uuid, p_input jsonb, p_rollouts jsonb)
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_actor rolecall.actor := rolecall_internal.actor(p_user, 'realtime', p_rollouts);
  v_users uuid[] := rolecall_internal.uuids_of(p_input -> 'user_ids');
begin
  if v_actor.refusal is not null then
    return v_actor.refusal;
  end if;
  if cardinality(v_users) not between 1 and rolecall_internal.limit_presence() then
    return rolecall_internal.refuse_field(
      'user_ids', 'count', format('Expected 1 to %s ids of users.', rolecall_internal.limit_presence())
    );
  end if;
  return rolecall_internal.success(
    jsonb_build_object(
      'online',
      array(
        select presence.user_id
        from unnest(v_users) as named (id)
        join rolecall.presence
          on presence.user_id = named.id
        where exists (
            select
            from rolecall.relays
            where leads
              and seen_at > now() - interval '2 minutes'
          )
          and exists (
            select
            from rolecall.conversations
            where kind = 'direct'
              and version = 'v2'
              and participant_low = least(p_user, named.id)
              and participant_high = greatest(p_user, named.id)
          )
          and not exists (
            select
            from rolecall.user_blocks
            where blocker_id in (p_user, named.id)
              and blocked_id in (p_user, named.id)
          )
          and rolecall_internal.told(array[named.id], null, p_rollouts) <> '{}'
        order by 1
      )
    )
  );
end
$$;

create or replace function rolecall_edge.presence(p_request jsonb)
returns jsonb
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_call rolecall.call := rolecall_internal.begin_call('realtime.presence', p_request, p_rate => 'read', p_keyed => false);
begin
  if v_call.answer is null then
    v_call.answer := rolecall_internal.presence_of(v_call.caller, v_call.input, v_call.rollouts);
  end if;
  return rolecall_internal.end_call(v_call);
end
$$;
$sql$;

  -- schema/realtime/settle.sql
  execute $sql$
-- Deletes rows that are published: {ids} -> {settled}. Of a wide row only the page that was taken is settled; while there
-- are more, the row stays. Settled twice, or by two relays, it is done once. What goes is kept for the webhooks that want it,
-- unless it was forked while it waited.
create or replace function rolecall_relay.settle(p_request jsonb)
returns jsonb
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_ids bigint[];
  v_settled bigint;
  v_rows rolecall.outbox[];
  v_has_webhooks boolean := exists (select from rolecall.webhooks where is_enabled);
begin
  if jsonb_typeof(p_request -> 'ids') is distinct from 'array'
    or exists (
      select
      from jsonb_array_elements_text(p_request -> 'ids') as id
      where (id ~ '^[0-9]{1,18}$') is not true
    )
  then
    return rolecall_internal.refusal('invalid_input', 'The ids must be a list of ids of the outbox.');
  end if;
  v_ids := array(
    select id::bigint
    from jsonb_array_elements_text(p_request -> 'ids') as id
  );
  with moved_on as (
    update rolecall.outbox
    set
      reached = taken_to,
      taken_to = null
    where id = any (v_ids)
      and taken_to is not null
    returning id
  ),
  gone as (
    delete from rolecall.outbox
    where id = any (v_ids)
      and taken_to is null
    returning case when v_has_webhooks and not is_forked then outbox end as unforked
  )
  select
    (select count(*) from moved_on) + (select count(*) from gone),
    (
      select array_agg(unforked order by (unforked).id)
      from gone
      where (unforked).id is not null
    )
  into v_settled, v_rows;
  if v_rows is not null then
    perform rolecall_internal.keep_for_webhooks(v_rows);
  end if;
  return rolecall_internal.success(jsonb_build_object('settled', v_settled));
end
$$;
$sql$;

  -- schema/realtime/take.sql
  execute $sql$
-- The oldest rows of the outbox with their events: {limit, after, rollouts?} -> {leads, rows: [{id, events: [{to, event}]}],
-- lag_ms}. A row of whose events nobody is to hear has none, and is settled like the others. Those who are told the same
-- share an event. Only the leading relay's session gets rows.
--
-- Of the rows with an id above `after` it gives as many as have about 1,000 events, 500 at most. Of wide ones it gives only
-- the oldest, a page of it: what a large audience is told holds nobody else up. A wide row that is settled and has more
-- comes again, whatever `after` says; those behind it come after its last page.
create or replace function rolecall_internal.take(p_limit int, p_after bigint, p_rollouts jsonb)
returns jsonb
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_relay uuid := rolecall_internal.leading_relay();
  v_after bigint;
  v_rows rolecall.outbox[];
  v_types text[];
  v_domains text[];
  v_wide rolecall.outbox;
  v_taken_to uuid;
  v_events jsonb;
  v_shown jsonb;
begin
  if v_relay is null then
    return rolecall_internal.success('{"leads": false, "rows": [], "lag_ms": 0}');
  end if;
  v_after := least(
    greatest(
      p_after,
      (
        select floor - 1
        from rolecall.relays
        where relay = v_relay
      )
    ),
    (
      select min(id) - 1
      from rolecall.outbox
      where reached is not null
        or taken_to is not null
    )
  );

  select array_agg(taken.outbox order by taken.id), array_agg(distinct taken.type), array_agg(distinct taken.domain)
  into v_rows, v_types, v_domains
  from (
    select
      outbox,
      outbox.id,
      outbox.type,
      outbox.domain,
      outbox.is_wide,
      row_number() over oldest_first as number,
      sum(
        greatest(cardinality(outbox.conversations), cardinality(outbox.users), 1)
        -- A contact costs as much as a message, and of a thread each reader is asked.
        * case when outbox.type = 'presence' then 20 when outbox.domain = 'threads' then 10 else 1 end
      ) over oldest_first as events,
      count(*) filter (where outbox.is_wide) over oldest_first - outbox.is_wide::int as wide_before
    from (
      select *
      from rolecall.outbox
      where outbox.id > v_after
      order by outbox.id
      limit least(greatest(p_limit, 1), 500)
    ) as outbox
    window oldest_first as (order by outbox.id)
  ) as taken
  where (taken.events <= 1000 or taken.number = 1)
    and (not taken.is_wide or taken.wide_before = 0);
  if v_rows is null then
    return rolecall_internal.success('{"leads": true, "rows": [], "lag_ms": 0}');
  end if;

  select *
  into v_wide
  from unnest(v_rows)
  where is_wide;
  if found then
    select taken_to, events
    into v_taken_to, v_events
    from rolecall_internal.wide_events(v_wide, p_rollouts);
    if v_taken_to is distinct from v_wide.taken_to then
      update rolecall.outbox
      set taken_to = v_taken_to
      where id = v_wide.id;
    end if;
  end if;

  select jsonb_agg(
    jsonb_build_object(
      'id', outbox.id::text,
      'events', case
        when outbox.is_wide then v_events
        else coalesce(happened.events, '[]')
      end
    )
    order by outbox.id
  )
  into v_shown
  from unnest(v_rows) as outbox
  left join (
    select
      made.row_id,
      jsonb_agg(jsonb_build_object('to', made.who, 'event', made.event) order by made.place) as events
    from (
      select *
      from rolecall_internal.direct_message_events(v_rows, p_rollouts)
      where v_types && '{message.created,message.changed}'
        and 'conversations' = any (v_domains)
      union all
      select *
      from rolecall_internal.conversation_events(v_rows, p_rollouts)
      where v_types && '{read,typing,conversation.changed}'
        and 'conversations' = any (v_domains)
      union all
      select *
      from rolecall_internal.help_events(v_rows, p_rollouts)
      where 'help' = any (v_domains)
      union all
      select *
      from rolecall_internal.thread_events(v_rows, p_rollouts)
      where 'threads' = any (v_domains)
      union all
      select *
      from rolecall_internal.presence_events(v_rows, p_rollouts)
      where v_types && '{presence,resync}'
    ) as made
    group by made.row_id
  ) as happened
    on happened.row_id = outbox.id;
  return rolecall_internal.success(
    jsonb_build_object(
      'leads', true,
      'rows', v_shown,
      'lag_ms', greatest(0, floor(extract(epoch from clock_timestamp() - v_rows[1].made_at) * 1000))
    )
  );
end
$$;

create or replace function rolecall_relay.take(p_request jsonb)
returns jsonb
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  return rolecall_internal.take(
    coalesce(rolecall_internal.whole_number(p_request -> 'limit'), 500)::int,
    case when p_request ->> 'after' ~ '^[0-9]{1,18}$' then (p_request ->> 'after')::bigint else 0 end,
    case when jsonb_typeof(p_request -> 'rollouts') = 'object' then p_request -> 'rollouts' else '{}' end
  );
end
$$;
$sql$;

  -- schema/realtime/token.sql
  execute $sql$
-- Whether the caller may have a token with which they hear of what is new. The function signs it: the database holds no key.
-- What a token lets somebody hear is decided for each event, when it is published; so a token need not be taken back.
create or replace function rolecall_internal.admit_to_realtime(p_user uuid, p_rollouts jsonb)
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_actor rolecall.actor := rolecall_internal.actor(p_user, 'realtime', p_rollouts);
begin
  if v_actor.refusal is not null then
    return v_actor.refusal;
  end if;
  if v_actor.suspended is not null then
    return rolecall_internal.refusal(
      'permission_denied',
      'Your account is suspended and hears of nothing at once; reading goes on.',
      'suspended',
      'The suspension has ended.'
    );
  end if;
  return rolecall_internal.success('{}');
end
$$;

-- It leaves nothing behind, so that a key counts for nothing: a token is never kept.
create or replace function rolecall_edge.realtime_token(p_request jsonb)
returns jsonb
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_call rolecall.call := rolecall_internal.begin_call(
    'realtime.token', p_request, p_rate => 'realtime_token', p_keyed => false
  );
begin
  if v_call.answer is null then
    v_call.answer := rolecall_internal.admit_to_realtime(v_call.caller, v_call.rollouts);
  end if;
  return rolecall_internal.end_call(v_call);
end
$$;
$sql$;

  -- schema/realtime/typing.sql
  execute $sql$
-- Tells the others of a conversation that p_user is typing: {conversation_id}, a direct conversation or one about help. Who
-- may not write there is refused as a message would be. Once in three seconds; what comes sooner is answered alike and
-- told to nobody.
create or replace function rolecall_internal.announce_typing(p_user uuid, p_input jsonb, p_rollouts jsonb)
returns jsonb
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_actor rolecall.actor := rolecall_internal.actor(p_user, 'realtime', p_rollouts);
  v_conversation uuid := rolecall_internal.uuid_or_null(p_input ->> 'conversation_id');
  v_help public.conversations_v2;
  v_judgement rolecall.judgement;
  v_refusal jsonb;
begin
  if v_actor.refusal is not null then
    return v_actor.refusal;
  end if;
  select *
  into v_help
  from public.conversations_v2
  where id = v_conversation
    and p_user in (requester_id, helper_id);
  if found then
    v_refusal := rolecall_internal.refuse_help_message(p_user, v_help, p_rollouts);
  else
    v_judgement := rolecall_internal.judge_reply(p_user, v_conversation, p_rollouts);
    v_refusal := v_judgement.refusal;
  end if;
  if v_refusal is not null then
    return v_refusal;
  end if;

  insert into rolecall.typing as told (conversation_id, user_id, at)
  values (v_conversation, p_user, clock_timestamp())
  on conflict (conversation_id, user_id) do update
  set at = excluded.at
  where told.at <= excluded.at - interval '3 seconds';
  if found then
    perform rolecall_internal.emit(
      'typing',
      case when v_help.id is null then 'conversations' else 'help' end,
      array[v_conversation],
      p_users => array[p_user]
    );
  end if;
  return rolecall_internal.success(jsonb_build_object('conversation_id', v_conversation));
end
$$;

create or replace function rolecall_edge.typing(p_request jsonb)
returns jsonb
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_call rolecall.call := rolecall_internal.begin_call('realtime.typing', p_request, p_rate => 'typing', p_keyed => false);
begin
  -- Nobody minds if a crash forgets it.
  perform set_config('synchronous_commit', 'off', true);
  if v_call.answer is null then
    v_call.answer := rolecall_internal.announce_typing(v_call.caller, v_call.input, v_call.rollouts);
  end if;
  return rolecall_internal.end_call(v_call);
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
    new.changed_xid := pg_current_xact_id();
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
        rolecall_internal.message_json(message, case when p_sees_removed then removed.content end) as message,
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
        rolecall_internal.message_json(message, case when p_sees_removed then removed.content end) as message,
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
-- their participation, or of a block. The indexes have the changes by many transactions at a time, so each part looks first among which its
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

  -- schema/sync/cursor.sql
  execute $sql$
-- Where a client stands that has synchronised: the horizon of the snapshot that answered it. Every transaction below the
-- horizon had ended by then, and what it did was seen; what is at the horizon or above comes with the next answer, whether
-- it was seen already or not. Neither ids nor times can tell that: of two transactions the one with the smaller id or the
-- earlier time may commit last.
--
-- What changes with time alone, as a window that ends, changes no row. So a cursor also knows the time of its answer.
--
-- A cursor is base64url of: a byte for its form (1), 16 bytes for its origin, a byte for how many databases it stands for
-- (1) and for each the horizon and the lower bound, 8 bytes each, and so the time and its lower bound, in microseconds; within
-- an answer of several pages also the place where the last page ended: 8 bytes of changed_xid, a byte for the domain, 16 for the
-- id.

-- What a cursor holds, taken apart.
create or replace function rolecall_internal.sync_origin(p_user uuid, p_domains text[])
returns bytea
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  -- Numbers of transactions mean something in one life of one database, and what they stand for is one user's. A cluster
  -- that is restored or takes over has another timeline, a copy another identifier, tables that are restored other oids.
  return substring(
    sha256(
      convert_to(
        concat_ws(
          '/',
          (select system_identifier from pg_control_system()),
          left(pg_walfile_name(pg_current_wal_lsn()), 8),
          (select oid from pg_database where datname = current_database()),
          'rolecall.conversations'::regclass::oid,
          p_user,
          p_domains
        ),
        'utf8'
      )
    )
    for 16
  );
end
$$;

create or replace function rolecall_internal.sync_cursor(
  p_origin bytea,
  p_horizon bigint,
  p_since bigint,
  p_at bigint default null,
  p_domain int default null,
  p_id uuid default null,
  p_time bigint default 0,
  p_since_time bigint default 0
)
returns text
language sql
immutable
return translate(
  encode(
    '\x01'::bytea || p_origin || '\x01'::bytea || int8send(p_horizon) || int8send(p_since)
      || int8send(p_time) || int8send(p_since_time)
      || coalesce(int8send(p_at) || substring(int4send(p_domain) from 4) || uuid_send(p_id), ''),
    'base64'
  ),
  E'+/=\n',
  '-_'
);

-- A number of eight bytes; null if it is not at p_from.
create or replace function rolecall_internal.int8_at(p_bytes bytea, p_from int)
returns bigint
language sql
immutable
return case
  when length(p_bytes) >= p_from + 7 then ('x' || encode(substring(p_bytes from p_from for 8), 'hex'))::bit(64)::bigint
end;

-- The parts of a cursor. All are null when the text is none of any form; of a later form the origin is empty.
create or replace function rolecall_internal.sync_cursor_parts(
  p_cursor text,
  out origin bytea,
  out horizon bigint,
  out since bigint,
  out "time" bigint,
  out since_time bigint,
  out at bigint,
  out domain int,
  out id uuid
)
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_bytes bytea;
begin
  if p_cursor !~ '^[A-Za-z0-9_-]+$' or length(p_cursor) not between 2 and 1000 or length(p_cursor) % 4 = 1 then
    return;
  end if;
  v_bytes := decode(translate(p_cursor, '-_', '+/') || repeat('=', (4 - length(p_cursor) % 4) % 4), 'base64');
  if get_byte(v_bytes, 0) <> 1 then
    origin := '';
    return;
  end if;
  if length(v_bytes) not in (50, 75) or get_byte(v_bytes, 17) <> 1 then
    return;
  end if;
  horizon := rolecall_internal.int8_at(v_bytes, 19);
  since := rolecall_internal.int8_at(v_bytes, 27);
  "time" := rolecall_internal.int8_at(v_bytes, 35);
  since_time := rolecall_internal.int8_at(v_bytes, 43);
  at := rolecall_internal.int8_at(v_bytes, 51);
  -- Up to the year 9999.
  if since < 0 or since > horizon or at < since or since_time < 0 or since_time > "time" or "time" > 253402300800000000 then
    return;
  end if;
  if at is not null then
    domain := get_byte(v_bytes, 58);
    id := encode(substring(v_bytes from 60 for 16), 'hex')::uuid;
  end if;
  origin := substring(v_bytes from 2 for 16);
end
$$;
$sql$;

  -- schema/sync/follow.sql
  execute $sql$
-- What keeps changed_xid true, whoever writes.

-- Behind an update of a conversation that does not say which transaction made it: the operator's, who closes it, or an
-- app's. Statements that write a message say it themselves, so that they do not get here.
create or replace function rolecall_internal.follow_conversation_change()
returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  update rolecall.conversations
  set changed_xid = pg_current_xact_id()
  where id = new.id
    -- The second update of a transaction has the first one's.
    and changed_xid <> pg_current_xact_id();
  return null;
end
$$;

-- The same of a thread.
create or replace function rolecall_internal.follow_thread_change()
returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  update rolecall.message_threads
  set changed_xid = pg_current_xact_id()
  where id = new.id
    and changed_xid <> pg_current_xact_id();
  return null;
end
$$;

create or replace function rolecall_internal.follow_help_request_change()
returns trigger
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  new.changed_xid := pg_current_xact_id();
  return new;
end
$$;

-- Behind a statement that sets or lifts blocks. Between people who go themselves nothing is kept.
create or replace function rolecall_internal.follow_block_change()
returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  -- In one order, so that no two statements wait for each other.
  insert into rolecall.block_changes (user_id, other_id)
  select pair.user_id, pair.other_id
  from (
    select blocker_id, blocked_id
    from changed
    union
    select blocked_id, blocker_id
    from changed
  ) as pair (user_id, other_id)
  join rolecall.profiles as own
    on own.id = pair.user_id
  join rolecall.profiles as other
    on other.id = pair.other_id
  order by pair.user_id, pair.other_id
  on conflict (user_id, other_id) do update
  set changed_xid = excluded.changed_xid;
  return null;
end
$$;

-- Behind a statement that changes windows: the threads show them, and whose they were may have lost the thread.
create or replace function rolecall_internal.follow_window_change()
returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  if tg_op <> 'INSERT' then
    perform rolecall_internal.note_thread_losses(array_agg(changed.sitter_id), array_agg(changed.thread_id))
    from changed
    where changed.closed_at is null;
  end if;
  perform rolecall_internal.touch_threads(array_agg(changed.thread_id))
  from changed;
  return null;
end
$$;

-- Behind an update of them, which has both: what was and what is.
create or replace function rolecall_internal.follow_window_update()
returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  perform
    rolecall_internal.note_thread_losses(
      array_agg(before.sitter_id) filter (where before.closed_at is null),
      array_agg(before.thread_id) filter (where before.closed_at is null)
    ),
    rolecall_internal.touch_threads(array_agg(before.thread_id) || array_agg(now.thread_id))
  from changed as before
  join added as now
    on now.id = before.id
  where (before.thread_id, before.sitter_id, before.starts_at, before.ends_at, before.closed_at)
    is distinct from (now.thread_id, now.sitter_id, now.starts_at, now.ends_at, now.closed_at);
  return null;
end
$$;

-- Behind a client's account that is another, or a thread that sitters and clients no longer read.
create or replace function rolecall_internal.follow_client_account()
returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  perform
    rolecall_internal.note_thread_losses(array_agg(old.user_id), array_agg(thread.id)),
    rolecall_internal.touch_threads(array_agg(thread.id))
  from rolecall.message_threads as thread
  where thread.organization_id = old.organization_id
    and thread.client_id = old.id
    and thread.scope = 'client';
  return null;
end
$$;

create or replace function rolecall_internal.follow_thread_scope()
returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  perform rolecall_internal.note_thread_losses(array_agg(reader.id), array_agg(old.id), p_scope => null)
  from (
    select sitter_id
    from rolecall.assignment_windows
    where organization_id = old.organization_id
      and thread_id = old.id
      and closed_at is null
      and ends_at > now()
    union
    select user_id
    from rolecall.clients
    where organization_id = old.organization_id
      and id = old.client_id
  ) as reader (id);
  return null;
end
$$;

-- Notes who may have lost which thread. Of one of another scope they knew nothing.
create or replace function rolecall_internal.note_thread_losses(
  p_users uuid[],
  p_threads uuid[],
  p_scope text default 'client'
)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  -- In one order, so that no two statements wait for each other.
  insert into rolecall.thread_losses (user_id, thread_id)
  select distinct profile.id, thread.id
  from unnest(p_users, p_threads) as lost (user_id, thread_id)
  join rolecall.profiles as profile
    on profile.id = lost.user_id
  join rolecall.message_threads as thread
    on thread.id = lost.thread_id
    and (p_scope is null or thread.scope = p_scope)
  order by profile.id, thread.id
  on conflict (user_id, thread_id) do update
  set changed_xid = excluded.changed_xid;
end
$$;

-- Notes that what threads show has changed.
create or replace function rolecall_internal.touch_threads(p_threads uuid[])
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  update rolecall.message_threads
  set changed_xid = pg_current_xact_id()
  where id in (
    select id
    from rolecall.message_threads
    where id = any (p_threads)
      and changed_xid <> pg_current_xact_id()
    order by id
    for no key update
  );
end
$$;

-- Behind another role of somebody: what is broadcast across a block hangs on the roles of the two.
create or replace function rolecall_internal.follow_role_change()
returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  -- Two who block each other are one pair, and no two statements wait for each other.
  insert into rolecall.block_changes (user_id, other_id)
  select distinct pair.user_id, pair.other_id
  from rolecall.user_blocks as block
  cross join lateral (
    values
      (block.blocker_id, block.blocked_id),
      (block.blocked_id, block.blocker_id)
  ) as pair (user_id, other_id)
  where new.id in (block.blocker_id, block.blocked_id)
  order by pair.user_id, pair.other_id
  on conflict (user_id, other_id) do update
  set changed_xid = excluded.changed_xid;
  return null;
end
$$;
$sql$;

  -- schema/sync/sync.sql
  execute $sql$
-- Everything that has changed for p_user since a cursor: {cursor?, limit, have?}. A page has the newest changes; while
-- there are more, its cursor leads to the next page, and that of the last page to what changes from now on: from the
-- horizon of the first page on, so that nothing is lost that commits between two pages. Without a cursor everything has changed.
--
-- Stable, so that all of it sees one moment, the one whose horizon the cursor has.
create or replace function rolecall_internal.sync(p_user uuid, p_input jsonb, p_rollouts jsonb)
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_snapshot constant pg_snapshot := pg_current_snapshot();
  -- Behind every transaction that is seen, this one, too.
  v_end constant bigint := greatest(
    pg_snapshot_xmax(v_snapshot)::text::bigint,
    pg_current_xact_id_if_assigned()::text::bigint + 1
  );
  v_actor rolecall.actor := rolecall_internal.actor(p_user, 'sync', p_rollouts);
  v_limit int := rolecall_internal.page_size(p_input, rolecall_internal.limit_sync_page());
  v_origin bytea;
  v_cursor record;
  v_horizon bigint := pg_snapshot_xmin(v_snapshot)::text::bigint;
  v_since bigint := 0;
  -- Newer than everything.
  v_at bigint := 9223372036854775807;
  v_domain int := 255;
  v_id uuid := 'ffffffff-ffff-ffff-ffff-ffffffffffff';
  v_time bigint := extract(epoch from now()) * 1000000;
  v_since_time bigint := 0;
  v_conversations uuid[];
  v_readers text[];
  v_gone uuid[];
  -- Which of the domains are on for the user beside conversations: a cursor stands for these alone.
  v_domains text[];
  v_help uuid[];
  v_threads uuid[];
  v_thread_reader rolecall.actor := rolecall_internal.thread_reader(p_user, p_rollouts);
  v_next text;
  v_caught_up record;
begin
  -- The flag requires that of conversations.
  if v_actor.refusal is not null then
    return v_actor.refusal;
  end if;

  v_domains := array_remove(
    array[
      case
        when (rolecall_internal.actor(p_user, 'help-conversations', p_rollouts)).refusal is null then 'help'
      end,
      -- By what they read there, too: with another role they read others.
      case
        when v_thread_reader.refusal is null then
          concat_ws(' ', 'threads', v_thread_reader.organization_id, v_thread_reader.organization_role)
      end
    ],
    null
  );
  v_origin := rolecall_internal.sync_origin(p_user, v_domains);
  if p_input ->> 'cursor' is not null then
    v_cursor := rolecall_internal.sync_cursor_parts(p_input ->> 'cursor');
    if v_cursor.origin is null then
      return rolecall_internal.refuse_cursor();
    elsif v_cursor.origin <> v_origin or v_cursor.horizon > v_end then
      return rolecall_internal.refusal(
        'cursor_expired',
        'The cursor is from another state of the database, of the features, or of somebody else. Begin anew, without a cursor.'
      );
    end if;
    if v_cursor.at is null then
      v_since := v_cursor.horizon;
      v_since_time := v_cursor.time;
      if v_since > 0 then
        -- Of a database that was copied, rows may name transactions that are yet to come here. They are old. What changes with
        -- time alone stands at v_since.
        v_at := greatest(v_end, v_since + 1);
        v_domain := -1;
        v_id := '00000000-0000-0000-0000-000000000000';
      end if;
    else
      v_horizon := v_cursor.horizon;
      v_since := v_cursor.since;
      v_time := v_cursor.time;
      v_since_time := v_cursor.since_time;
      v_at := v_cursor.at;
      v_domain := v_cursor.domain;
      v_id := v_cursor.id;
    end if;
  end if;

  -- One more than the page tells whether there is another.
  select
    array_agg(id order by number) filter (where number <= v_limit and domain = 0 and reader <> 'gone'),
    array_agg(reader order by number) filter (where number <= v_limit and domain = 0 and reader <> 'gone'),
    array_agg(id order by number) filter (where number <= v_limit and reader = 'gone'),
    array_agg(id order by number) filter (where number <= v_limit and domain = 1),
    array_agg(id order by number) filter (where number <= v_limit and domain = 2 and reader <> 'gone'),
    coalesce(
      max(
        rolecall_internal.sync_cursor(
          v_origin, v_horizon, v_since, changed_xid::text::bigint, domain, id, v_time, v_since_time
        )
      ) filter (where number = v_limit and total > v_limit),
      rolecall_internal.sync_cursor(v_origin, v_horizon, v_horizon, p_time => v_time, p_since_time => v_time)
    )
  into v_conversations, v_readers, v_gone, v_help, v_threads, v_next
  from (
    select
      listed.*,
      row_number() over (order by changed_xid desc, domain desc, id desc) as number,
      count(*) over () as total
    from (
      select 0 as domain, changed.id, changed.changed_xid, changed.reader
      from rolecall_internal.changed_conversations(
        p_user, v_since::text::xid8, v_at::text::xid8, rolecall_internal.sync_place(0, v_domain, v_id), v_limit + 1
      ) as changed
      union all
      select 1, changed.id, changed.changed_xid, null
      from rolecall_internal.changed_help_conversations(
        p_user, v_since::text::xid8, v_at::text::xid8, rolecall_internal.sync_place(1, v_domain, v_id), v_limit + 1
      ) as changed
      where 'help' = any (v_domains)
      union all
      select 2, changed.id, changed.changed_xid, changed.reader
      from rolecall_internal.changed_threads(
        v_thread_reader,
        p_user,
        v_since::text::xid8,
        v_at::text::xid8,
        rolecall_internal.sync_place(2, v_domain, v_id),
        v_limit + 1,
        'epoch'::timestamptz + v_since_time * interval '1 microsecond',
        'epoch'::timestamptz + v_time * interval '1 microsecond'
      ) as changed
      where v_thread_reader.refusal is null
    ) as listed
  ) as page;

  v_caught_up := rolecall_internal.catch_up(
    p_user, p_input -> 'have', rolecall_internal.sees_removed(v_actor)
  );
  return rolecall_internal.success(
    jsonb_build_object(
      'cursor', v_next,
      'more', length(v_next) > length(rolecall_internal.sync_cursor(v_origin, v_horizon, v_horizon)),
      'conversations', case
        when v_conversations is null then '[]'
        else rolecall_internal.conversation_cards(p_user, v_conversations, v_readers, p_rollouts)
      end,
      'help_conversations', case
        when v_help is null then '[]'
        else rolecall_internal.help_cards(
          p_user,
          v_help,
          array_fill('v2'::text, array[cardinality(v_help)]),
          rolecall_internal.refuse_help_author(p_user, 'help-conversations', p_rollouts)
        )
      end,
      'threads', case
        when v_threads is null then '[]'
        else rolecall_internal.thread_cards(
          v_thread_reader.organization_id, v_threads, v_thread_reader.organization_role, p_user
        )
      end,
      'gone', to_jsonb(
        array(
          select unnest(v_gone)
          union
          select unnest(v_caught_up.gone)
        )
      ),
      'catch_up', v_caught_up.caught_up,
      'unread', rolecall_internal.unread(p_user, p_rollouts) -> 'data',
      -- Nothing makes notifications yet.
      'notifications', jsonb_build_object('unread', 0, 'newest_id', null)
    )
  );
end
$$;

-- Before which id of p_domain the next page goes on, at the transaction where the last one ended, in p_ended and at p_id:
-- within a transaction the domains come from the last to the first.
create or replace function rolecall_internal.sync_place(p_domain int, p_ended int, p_id uuid)
returns uuid
language sql
immutable
return case
  when p_domain = p_ended then p_id
  when p_domain < p_ended then 'ffffffff-ffff-ffff-ffff-ffffffffffff'
  else '00000000-0000-0000-0000-000000000000'
end;

create or replace function rolecall_edge.sync(p_request jsonb)
returns jsonb
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_call rolecall.call := rolecall_internal.begin_call('sync', p_request, p_rate => 'sync', p_keyed => false);
begin
  if v_call.answer is null then
    v_call.answer := rolecall_internal.sync(v_call.caller, v_call.input, v_call.rollouts);
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
  set
    last_read_seq = greatest(own.last_read_seq, excluded.last_read_seq),
    changed_xid = case
      when own.last_read_seq < excluded.last_read_seq then excluded.changed_xid
      else own.changed_xid
    end
  returning last_read_seq
  into v_last;
  perform rolecall_internal.emit('read', 'threads', array[v_actor.thread_id], array[v_last], array[p_user]);
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

  -- schema/webhooks/shape.sql
  execute $sql$
-- What the operator is shown and told.

-- A new secret as Standard Webhooks writes it: 32 random bytes.
create or replace function rolecall_internal.new_webhook_secret()
returns text
language sql
volatile
set search_path = pg_catalog, pg_temp
as $$
  select 'whsec_' || encode(
    sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid())),
    'base64'
  )
$$;

-- A webhook with its figures. Its secrets are shown by nothing but the answers that make them.
create or replace function rolecall_internal.webhook_json(p_webhook rolecall.webhooks)
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  return (
    select jsonb_build_object(
      'id', p_webhook.id,
      'url', p_webhook.url,
      'types', p_webhook.types,
      'description', p_webhook.description,
      'is_enabled', p_webhook.is_enabled,
      'disabled_reason', p_webhook.disabled_reason,
      'created_at', rolecall_internal.iso(p_webhook.created_at),
      'changed_at', rolecall_internal.iso(p_webhook.changed_at),
      'former_secret_until', case
        when p_webhook.former_secret_until > now() then rolecall_internal.iso(p_webhook.former_secret_until)
      end,
      'last_delivered_at', rolecall_internal.iso(p_webhook.last_delivered_at),
      'failing_since', rolecall_internal.iso(p_webhook.failing_since),
      'next_probe_at', case
        when p_webhook.paused_until > now() then rolecall_internal.iso(p_webhook.paused_until)
      end,
      'pending', figures.pending,
      'oldest_pending_seconds', floor(figures.oldest_pending_seconds),
      'dead', figures.dead,
      'dropped', figures.dropped
    )
    from rolecall_monitoring.webhooks as figures
    where figures.webhook_id = p_webhook.id
  );
end
$$;

create or replace function rolecall_internal.refuse_unknown_webhook()
returns jsonb
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
begin
  return rolecall_internal.refusal('not_found', 'There is no webhook with this id.');
end
$$;

-- The refusal of members that a webhook cannot have; null where there is none. The functions refuse these themselves;
-- whoever calls the entry points with SQL is told here.
create or replace function rolecall_internal.refuse_webhook(p_input jsonb)
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  if p_input ->> 'url' is not null and rolecall_internal.is_webhook_url(p_input ->> 'url') is not true then
    return rolecall_internal.refuse_field(
      'url',
      'malformed_url',
      format(
        'Expected an https address of at most %s characters, without a user, a password or a fragment.',
        rolecall_internal.limit_webhook_url_chars()
      )
    );
  end if;
  if coalesce(p_input -> 'types', 'null') <> 'null'
    and (
      jsonb_typeof(p_input -> 'types') <> 'array'
      or not p_input -> 'types' <@ to_jsonb(rolecall_internal.webhook_types())
    )
  then
    return rolecall_internal.refuse_field(
      'types',
      'unknown_value',
      format('Expected a list of %s.', array_to_string(rolecall_internal.webhook_types(), ', '))
    );
  end if;
  if char_length(p_input ->> 'description') > rolecall_internal.limit_webhook_description_chars() then
    return rolecall_internal.refuse_field('description', 'too_long', format('Expected at most %s characters.', rolecall_internal.limit_webhook_description_chars()));
  end if;
  return null;
end
$$;

-- The types of a request, in their order and each once; null for none, which is all but typing and presence.
create or replace function rolecall_internal.types_of(p_types jsonb)
returns text[]
language sql
immutable
return (
  select array_agg(type order by number)
  from unnest(rolecall_internal.webhook_types()) with ordinality as known (type, number)
  where p_types ? type
);

-- The webhook of a request, held until the commit; all null where there is none.
create or replace function rolecall_internal.hold_webhook(p_input jsonb)
returns rolecall.webhooks
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_webhook rolecall.webhooks;
begin
  select *
  into v_webhook
  from rolecall.webhooks
  where id = rolecall_internal.uuid_or_null(p_input ->> 'webhook_id')
  for no key update;
  return v_webhook;
end
$$;

-- The audit row of what the operator did. An address may be confidential, so it says the host alone.
create or replace function rolecall_internal.log_webhook(p_call rolecall.call, p_event text, p_webhook uuid, p_details jsonb default '{}')
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  perform rolecall_internal.log_event(
    p_call,
    p_event,
    jsonb_strip_nulls(
      jsonb_build_object(
        'webhook_id', p_webhook,
        'host', (
          select host
          from rolecall_monitoring.webhooks
          where webhook_id = p_webhook
        )
      )
    ) || p_details
  );
end
$$;
$sql$;

  -- schema/webhooks/create.sql
  execute $sql$
-- Makes a webhook: {url, types?, description?} -> {webhook, secret}. Creations take turns, so that there are never more than
-- the limit. It hears of what happens from now on.
create or replace function rolecall_internal.create_webhook(p_call rolecall.call)
returns jsonb
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_refusal jsonb := rolecall_internal.refuse_webhook(p_call.input);
  v_webhook rolecall.webhooks;
begin
  if v_refusal is not null then
    return v_refusal;
  end if;
  if p_call.input ->> 'url' is null then
    return rolecall_internal.refuse_field('url', 'required', 'This field is required.');
  end if;
  perform
  from rolecall.outbox_fork
  for update;
  insert into rolecall.webhooks (url, types, description, enabled_at, secret)
  select
    p_call.input ->> 'url',
    rolecall_internal.types_of(p_call.input -> 'types'),
    coalesce(p_call.input ->> 'description', ''),
    clock_timestamp(),
    rolecall_internal.new_webhook_secret()
  where (select count(*) from rolecall.webhooks) < rolecall_internal.limit_webhooks()
  returning *
  into v_webhook;
  if not found then
    return rolecall_internal.refusal(
      'invalid_input',
      format('There are %s webhooks, which is as many as there may be.', rolecall_internal.limit_webhooks()),
      'too_many_webhooks',
      'A webhook is removed.'
    );
  end if;
  insert into rolecall.webhook_queues (webhook_id)
  values (v_webhook.id);
  perform rolecall_internal.want_events();
  perform rolecall_internal.log_webhook(p_call, 'webhook_created', v_webhook.id);
  return rolecall_internal.success(
    jsonb_build_object('webhook', rolecall_internal.webhook_json(v_webhook), 'secret', v_webhook.secret)
  );
end
$$;

create or replace function rolecall_edge.create_webhook(p_request jsonb)
returns jsonb
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_call rolecall.call := rolecall_internal.begin_call('webhooks.create', p_request, p_who => 'operator');
begin
  if v_call.answer is null then
    v_call.answer := rolecall_internal.create_webhook(v_call);
  end if;
  return rolecall_internal.end_call(v_call);
end
$$;
$sql$;

  -- schema/webhooks/payload.sql
  execute $sql$
-- What a delivery says: made anew each time that it is taken, by the functions that make it for sockets, so that nobody is
-- named or quoted to whom it may not be told any more.

-- Deliveries as rows of the outbox with one event each, under their own ids.
create or replace function rolecall_internal.as_outbox(p_delivery rolecall.webhook_deliveries)
returns rolecall.outbox
language sql
immutable
return row(
  p_delivery.id,
  p_delivery.made_at,
  p_delivery.type,
  p_delivery.domain,
  case when p_delivery.conversation_id is not null then array[p_delivery.conversation_id] end,
  case when p_delivery.seq is not null then array[p_delivery.seq] end,
  case when p_delivery.user_id is not null then array[p_delivery.user_id] end,
  case when p_delivery.message_id is not null then array[p_delivery.message_id] end,
  p_delivery.became,
  p_delivery.is_wide,
  p_delivery.reached,
  null::uuid,
  true
)::rolecall.outbox;

-- The event's id for clients, the same over a socket and a webhook.
create or replace function rolecall_internal.event_id(p_delivery rolecall.webhook_deliveries)
returns text
language sql
immutable
return coalesce(p_delivery.outbox_id || '.' || p_delivery.place, 'test.' || p_delivery.id);

-- The id by which a receiver knows an attempt from a new message: it is of the event, and for a broadcast of the page. The
-- delivery's own would be another one after a crash that took back how the outbox forked.
create or replace function rolecall_internal.webhook_message_id(p_delivery rolecall.webhook_deliveries)
returns text
language sql
immutable
return 'msg_' || left(
  encode(
    sha256(convert_to(concat_ws('.', p_delivery.webhook_id, rolecall_internal.event_id(p_delivery), p_delivery.reached), 'utf8')),
    'hex'
  ),
  32
);

-- The audience of a broadcast, online or not, a page at a time: the events, and up to whom the page goes, null at the end.
create or replace function rolecall_internal.audience_events(
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
  v_show uuid := (
    select show_id
    from rolecall.conversations
    where id = p_outbox.conversations[1]
      and kind = 'show'
  );
  v_people uuid[] := array(
    (
      select user_id
      from rolecall.show_participants
      where show_id = v_show
        and user_id > v_reached
      order by user_id
      limit v_page
    )
    union
    (
      select distinct user_id
      from rolecall.past_participations
      where show_id = v_show
        and user_id > v_reached
      order by user_id
      limit v_page
    )
    order by user_id
    limit v_page
  );
begin
  if cardinality(v_people) = v_page then
    taken_to := v_people[v_page];
  end if;
  events := rolecall_internal.broadcast_events(p_outbox, v_people, p_rollouts);
end
$$;

-- The events of deliveries that are no broadcasts: [{to, event}] of each of which anybody is to hear.
create or replace function rolecall_internal.delivery_events(
  p_deliveries rolecall.webhook_deliveries[],
  p_rollouts jsonb
)
returns table (delivery_id bigint, events jsonb)
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_rows rolecall.outbox[];
  v_types text[];
  v_domains text[];
  -- Whom the flag webhooks leaves out is named to none.
  v_is_open boolean := p_rollouts = '{}' and (select is_open from rolecall.feature_flags where name = 'webhooks');
begin
  select
    array_agg(rolecall_internal.as_outbox(delivery) order by delivery.id),
    array_agg(distinct delivery.type),
    array_agg(distinct delivery.domain)
  into v_rows, v_types, v_domains
  from unnest(p_deliveries) as delivery
  where not delivery.is_wide
    and delivery.type <> 'webhook.test'
    -- What is late is not true any more.
    and (delivery.type <> 'presence' or delivery.made_at > now() - interval '1 minute');
  return query
  select
    made.row_id,
    jsonb_agg(jsonb_build_object('to', told.who, 'event', made.event))
  from (
    select *
    from rolecall_internal.direct_message_events(v_rows, p_rollouts)
    where v_types && '{message.created,message.changed}'
      and 'conversations' = any (v_domains)
    union all
    select *
    from rolecall_internal.conversation_events(v_rows, p_rollouts)
    where v_types && '{read,typing,conversation.changed}'
      and 'conversations' = any (v_domains)
    union all
    select *
    from rolecall_internal.help_events(v_rows, p_rollouts)
    where 'help' = any (v_domains)
    union all
    select *
    from rolecall_internal.thread_events(v_rows, p_rollouts)
    where 'threads' = any (v_domains)
    union all
    select *
    from rolecall_internal.presence_events(v_rows, p_rollouts)
    where v_types && '{presence}'
  ) as made
  cross join lateral (
    select case when v_is_open then made.who else rolecall_internal.told(made.who, 'webhooks', p_rollouts) end as who
    offset 0
  ) as told
  where told.who <> '{}'
  group by made.row_id;
end
$$;

-- The same of one broadcast.
create or replace function rolecall_internal.wide_delivery_events(
  p_delivery rolecall.webhook_deliveries,
  p_rollouts jsonb,
  out taken_to uuid,
  out events jsonb
)
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_is_open boolean := p_rollouts = '{}' and (select is_open from rolecall.feature_flags where name = 'webhooks');
begin
  select page.taken_to, page.events
  into taken_to, events
  from rolecall_internal.audience_events(rolecall_internal.as_outbox(p_delivery), p_rollouts) as page;
  if v_is_open is not true then
    events := (
      select coalesce(jsonb_agg(jsonb_set(event, '{to}', to_jsonb(told.who))), '[]')
      from jsonb_array_elements(events) as event
      cross join lateral (
        select rolecall_internal.told(rolecall_internal.uuids_of(event -> 'to'), 'webhooks', p_rollouts) as who
        offset 0
      ) as told
      where told.who <> '{}'
    );
  end if;
end
$$;

-- The whole body that is posted.
create or replace function rolecall_internal.webhook_payload(p_delivery rolecall.webhook_deliveries, p_events jsonb)
returns jsonb
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
  select jsonb_build_object(
    'type', p_delivery.type,
    'timestamp', rolecall_internal.iso(p_delivery.made_at),
    'data', jsonb_build_object(
      'events',
      (
        select coalesce(
          jsonb_agg(
            jsonb_set(event, '{event,id}', to_jsonb(rolecall_internal.event_id(p_delivery)))
            order by number
          ),
          '[]'
        )
        from jsonb_array_elements(p_events) with ordinality as made (event, number)
      )
    )
  )
$$;
$sql$;

  -- schema/webhooks/deliveries.sql
  execute $sql$
-- A page of what waits for a webhook, or was given up: {webhook_id, state?, limit, cursor?} -> {deliveries, next_cursor}. What
-- is due first comes first, of the dead the last one. Nothing says what a message says; who may read it is told so by GET.

create or replace function rolecall_internal.delivery_json(p_delivery rolecall.webhook_deliveries)
returns jsonb
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
  select jsonb_build_object(
    'id', p_delivery.id::text,
    'message_id', rolecall_internal.webhook_message_id(p_delivery),
    'event_id', rolecall_internal.event_id(p_delivery),
    'type', p_delivery.type,
    'domain', p_delivery.domain,
    'conversation_id', p_delivery.conversation_id,
    'happened_at', rolecall_internal.iso(p_delivery.made_at),
    'state', p_delivery.state,
    'attempts', p_delivery.attempts,
    'in_flight', p_delivery.is_taken and p_delivery.due_at > now(),
    'due_at', case when p_delivery.state = 'pending' then rolecall_internal.iso(p_delivery.due_at) end,
    'died_at', case when p_delivery.state = 'dead' then rolecall_internal.iso(p_delivery.due_at) end,
    'last_status', p_delivery.last_status,
    'last_error', p_delivery.last_error
  )
$$;

-- The id of a delivery in a cursor, which holds a uuid.
create or replace function rolecall_internal.delivery_cursor(p_delivery rolecall.webhook_deliveries)
returns text
language sql
immutable
return rolecall_internal.cursor_of(
  p_delivery.due_at,
  ('00000000-0000-0000-' || regexp_replace(lpad(to_hex(p_delivery.id), 16, '0'), '^(....)', '\1-'))::uuid
);

create or replace function rolecall_internal.delivery_in_cursor(p_id uuid)
returns bigint
language sql
immutable
return ('x' || right(replace(p_id::text, '-', ''), 16))::bit(64)::bigint;

create or replace function rolecall_internal.list_webhook_deliveries(p_call rolecall.call)
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_webhook uuid := rolecall_internal.uuid_or_null(p_call.input ->> 'webhook_id');
  v_limit int := rolecall_internal.page_size(p_call.input, rolecall_internal.limit_page());
  v_is_dead boolean := p_call.input ->> 'state' is not distinct from 'dead';
  v_due_at timestamptz := case when v_is_dead then 'infinity' else '-infinity' end;
  v_id bigint := 0;
  v_page rolecall.webhook_deliveries[];
begin
  if not exists (select from rolecall.webhooks where id = v_webhook) then
    return rolecall_internal.refuse_unknown_webhook();
  end if;
  if p_call.input ->> 'cursor' is not null then
    select parts.at, rolecall_internal.delivery_in_cursor(parts.id)
    into v_due_at, v_id
    from rolecall_internal.cursor_parts(p_call.input ->> 'cursor') as parts;
    if v_due_at is null then
      return rolecall_internal.refuse_cursor();
    end if;
  end if;
  if v_is_dead then
    select array_agg(delivery order by due_at desc, id desc)
    into v_page
    from (
      select *
      from rolecall.webhook_deliveries
      where webhook_id = v_webhook
        and state = 'dead'
        and (due_at, id) < (v_due_at, v_id)
      order by due_at desc, id desc
      limit v_limit + 1
    ) as delivery;
  else
    select array_agg(delivery order by due_at, id)
    into v_page
    from (
      select *
      from rolecall.webhook_deliveries
      where webhook_id = v_webhook
        and state = 'pending'
        and (due_at, id) > (v_due_at, v_id)
      order by due_at, id
      limit v_limit + 1
    ) as delivery;
  end if;
  return rolecall_internal.success(
    jsonb_build_object(
      'deliveries', (
        select coalesce(jsonb_agg(rolecall_internal.delivery_json(v_page[number]) order by number), '[]')
        from generate_series(1, least(v_limit, coalesce(cardinality(v_page), 0))) as number
      ),
      'next_cursor', case
        when cardinality(v_page) > v_limit
          then rolecall_internal.delivery_cursor(v_page[v_limit])
      end
    )
  );
end
$$;

create or replace function rolecall_edge.list_webhook_deliveries(p_request jsonb)
returns jsonb
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_call rolecall.call := rolecall_internal.begin_call('webhooks.deliveries', p_request, p_who => 'operator', p_keyed => false);
begin
  if v_call.answer is null then
    v_call.answer := rolecall_internal.list_webhook_deliveries(v_call);
  end if;
  return rolecall_internal.end_call(v_call);
end
$$;
$sql$;

  -- schema/webhooks/list.sql
  execute $sql$
-- The webhooks with their figures, the oldest first: {} -> {webhooks}. There are few enough for one answer.
create or replace function rolecall_internal.list_webhooks(p_call rolecall.call)
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  return rolecall_internal.success(
    jsonb_build_object(
      'webhooks', (
        select coalesce(jsonb_agg(rolecall_internal.webhook_json(webhook) order by webhook.created_at, webhook.id), '[]')
        from rolecall.webhooks as webhook
      )
    )
  );
end
$$;

create or replace function rolecall_edge.list_webhooks(p_request jsonb)
returns jsonb
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_call rolecall.call := rolecall_internal.begin_call('webhooks.list', p_request, p_who => 'operator', p_keyed => false);
begin
  if v_call.answer is null then
    v_call.answer := rolecall_internal.list_webhooks(v_call);
  end if;
  return rolecall_internal.end_call(v_call);
end
$$;
$sql$;

  -- schema/webhooks/redeliver.sql
  execute $sql$
-- Brings back what was given up: {webhook_id, since?} -> {redelivered, more}. since bounds it by when it happened. Each is
-- tried at once and has all of its attempts again, under the same message id. As many as one statement does in a second or
-- two; what is left (more) is brought back by the next call. Of what happens meanwhile less finds room.
create or replace function rolecall_internal.redeliver_webhook(p_call rolecall.call)
returns jsonb
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_step constant int := 10000;
  v_webhook rolecall.webhooks := rolecall_internal.hold_webhook(p_call.input);
  v_since timestamptz := rolecall_internal.moment_or_null(p_call.input ->> 'since');
  v_brought bigint;
  v_more boolean;
begin
  if v_webhook.id is null then
    return rolecall_internal.refuse_unknown_webhook();
  end if;
  if v_since is null and p_call.input ->> 'since' is not null then
    return rolecall_internal.refuse_field('since', 'malformed_timestamp', 'Expected a moment as RFC 3339 writes it.');
  end if;
  with dead as (
    select id
    from rolecall.webhook_deliveries
    where webhook_id = v_webhook.id
      and state = 'dead'
      and (v_since is null or made_at >= v_since)
    order by due_at, id
    limit v_step
  )
  update rolecall.webhook_deliveries as delivery
  set
    state = 'pending',
    attempts_before = delivery.attempts,
    due_at = clock_timestamp()
  from dead
  where delivery.id = dead.id;
  get diagnostics v_brought = row_count;
  v_more := exists (
    select
    from rolecall.webhook_deliveries
    where webhook_id = v_webhook.id
      and state = 'dead'
      and (v_since is null or made_at >= v_since)
  );
  update rolecall.webhook_queues
  set room = room - v_brought
  where webhook_id = v_webhook.id
    and v_brought > 0;
  perform rolecall_internal.log_webhook(
    p_call, 'webhook_redelivered', v_webhook.id, jsonb_build_object('redelivered', v_brought)
  );
  return rolecall_internal.success(jsonb_build_object('redelivered', v_brought, 'more', v_more));
end
$$;

create or replace function rolecall_edge.redeliver_webhook(p_request jsonb)
returns jsonb
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_call rolecall.call := rolecall_internal.begin_call('webhooks.redeliver', p_request, p_who => 'operator');
begin
  if v_call.answer is null then
    v_call.answer := rolecall_internal.redeliver_webhook(v_call);
  end if;
  return rolecall_internal.end_call(v_call);
end
$$;
$sql$;

  -- schema/webhooks/remove.sql
  execute $sql$
-- Removes a webhook: {webhook_id} -> {webhook_id}. It gets nothing more but what is in flight; what waits for it goes in
-- steps (tidy_webhooks).
create or replace function rolecall_internal.remove_webhook(p_call rolecall.call)
returns jsonb
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_webhook rolecall.webhooks := rolecall_internal.hold_webhook(p_call.input);
begin
  if v_webhook.id is null then
    return rolecall_internal.refuse_unknown_webhook();
  end if;
  perform rolecall_internal.log_webhook(p_call, 'webhook_removed', v_webhook.id);
  delete from rolecall.webhooks
  where id = v_webhook.id;
  perform rolecall_internal.want_events();
  return rolecall_internal.success(jsonb_build_object('webhook_id', v_webhook.id));
end
$$;

create or replace function rolecall_edge.remove_webhook(p_request jsonb)
returns jsonb
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_call rolecall.call := rolecall_internal.begin_call('webhooks.remove', p_request, p_who => 'operator');
begin
  if v_call.answer is null then
    v_call.answer := rolecall_internal.remove_webhook(v_call);
  end if;
  return rolecall_internal.end_call(v_call);
end
$$;
$sql$;

  -- schema/webhooks/rotate.sql
  execute $sql$
-- Gives a webhook a new secret: {webhook_id} -> {webhook, secret}. The one before signs as well for a day, in which the
-- receiver changes over; one from before that ends now.
create or replace function rolecall_internal.rotate_webhook(p_call rolecall.call)
returns jsonb
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_webhook rolecall.webhooks;
begin
  update rolecall.webhooks
  set
    former_secret = secret,
    former_secret_until = now() + interval '24 hours',
    secret = rolecall_internal.new_webhook_secret(),
    changed_at = now()
  where id = rolecall_internal.uuid_or_null(p_call.input ->> 'webhook_id')
  returning *
  into v_webhook;
  if not found then
    return rolecall_internal.refuse_unknown_webhook();
  end if;
  perform rolecall_internal.log_webhook(p_call, 'webhook_rotated', v_webhook.id);
  return rolecall_internal.success(
    jsonb_build_object('webhook', rolecall_internal.webhook_json(v_webhook), 'secret', v_webhook.secret)
  );
end
$$;

create or replace function rolecall_edge.rotate_webhook(p_request jsonb)
returns jsonb
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_call rolecall.call := rolecall_internal.begin_call('webhooks.rotate', p_request, p_who => 'operator');
begin
  if v_call.answer is null then
    v_call.answer := rolecall_internal.rotate_webhook(v_call);
  end if;
  return rolecall_internal.end_call(v_call);
end
$$;
$sql$;

  -- schema/webhooks/settle.sql
  execute $sql$
-- What became of deliveries that were taken: {results: [{id, attempt, outcome, status, error, retry_after_s}]} -> {settled}.
-- An answer for another attempt than the current one changes nothing.

-- After how many seconds a delivery is tried again: after its first failure, its second and so on; then it is dead.
create or replace function rolecall_internal.webhook_schedule()
returns int[]
language sql
immutable
return array[5, 300, 1800, 7200, 18000, 36000, 50400, 72000, 86400];

-- How long a webhook waits for its next probe, by how many have failed.
create or replace function rolecall_internal.probe_pause(p_failures int)
returns interval
language sql
immutable
return least(power(2, least(p_failures, 20) - 1), 300) * interval '1 second';

-- How long a receiver may ask to be left alone.
create or replace function rolecall_internal.asked_pause(p_seconds bigint)
returns interval
language sql
immutable
return least(coalesce(p_seconds, 0), 3600) * interval '1 second';

-- The answers of a request that are for a current attempt, each delivery once; their webhooks are held in order.
create or replace function rolecall_internal.current_answers(p_results jsonb)
returns table (id bigint, webhook_id uuid, outcome text, status smallint, error text, retry_after bigint)
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
begin
  perform
  from rolecall.webhooks as webhook
  where webhook.id in (
    select delivery.webhook_id
    from jsonb_array_elements(p_results) as result
    join rolecall.webhook_deliveries as delivery
      on delivery.id = case when result ->> 'id' ~ '^[0-9]{1,18}$' then (result ->> 'id')::bigint end
  )
  order by webhook.id
  for no key update;

  return query
  with result as (
    select distinct on (1)
      case when given ->> 'id' ~ '^[0-9]{1,18}$' then (given ->> 'id')::bigint end as id,
      rolecall_internal.whole_number(given -> 'attempt') as attempt,
      given ->> 'outcome' as outcome,
      case
        when rolecall_internal.whole_number(given -> 'status') between 100 and 999 then (given ->> 'status')::numeric::smallint
      end as status,
      left(given ->> 'error', 200) as error,
      rolecall_internal.whole_number(given -> 'retry_after_s') as retry_after
    from jsonb_array_elements(p_results) as given
    where given ->> 'outcome' in ('delivered', 'failed', 'gone')
    order by 1
  )
  select delivery.id, delivery.webhook_id, result.outcome, result.status, result.error, result.retry_after
  from result
  join rolecall.webhook_deliveries as delivery
    on delivery.id = result.id
    and delivery.attempts = result.attempt
  where delivery.is_taken
    and delivery.state = 'pending'
  order by delivery.id
  for update of delivery;
end
$$;

-- What the answers say of the webhooks: one that delivers is well; one that only fails is tried by one probe at a time, less
-- and less often, and disabled after five days; one that says that it is gone is disabled at once.
create or replace function rolecall_internal.note_health(
  p_webhook uuid,
  p_delivered boolean,
  p_gone boolean,
  p_retry_after bigint
)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_now timestamptz := clock_timestamp();
begin
  if p_delivered then
    update rolecall.webhooks
    set
      last_delivered_at = v_now,
      failing_since = null,
      failures = 0,
      paused_until = null
    where id = p_webhook
      and (failing_since is not null or last_delivered_at > v_now - interval '1 second' is not true);
  else
    update rolecall.webhooks
    set
      failing_since = coalesce(failing_since, v_now),
      -- What was in flight when the first one failed says nothing new.
      failures = failures + (paused_until <= v_now is not false)::int,
      paused_until = greatest(
        paused_until,
        case
          when paused_until <= v_now is not false then v_now + rolecall_internal.probe_pause(failures + 1)
        end,
        v_now + rolecall_internal.asked_pause(p_retry_after)
      )
    where id = p_webhook;
  end if;
  update rolecall.webhooks
  set
    is_enabled = false,
    changed_at = v_now,
    disabled_reason = case
      when p_gone then 'The receiver answered 410: it is gone.'
      else 'Everything failed for five days.'
    end
  where id = p_webhook
    and is_enabled
    and (p_gone or failing_since < v_now - interval '5 days');
end
$$;

create or replace function rolecall_internal.settle_deliveries(p_results jsonb)
returns bigint
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_now timestamptz := clock_timestamp();
  v_ids bigint[];
  v_webhooks uuid[];
  v_outcomes text[];
  v_statuses smallint[];
  v_errors text[];
  v_retries bigint[];
begin
  select
    array_agg(id), array_agg(webhook_id), array_agg(outcome), array_agg(status), array_agg(error), array_agg(retry_after)
  into v_ids, v_webhooks, v_outcomes, v_statuses, v_errors, v_retries
  from rolecall_internal.current_answers(p_results);
  if v_ids is null then
    return 0;
  end if;

  delete from rolecall.webhook_deliveries as delivery
  using unnest(v_ids, v_outcomes) as answer (id, outcome)
  where delivery.id = answer.id
    and case answer.outcome
      when 'delivered' then delivery.taken_to is null
      -- Worth nothing later.
      else delivery.type in ('typing', 'presence')
    end;
  update rolecall.webhook_deliveries as delivery
  set
    reached = delivery.taken_to,
    taken_to = null,
    is_taken = false,
    attempts_before = delivery.attempts,
    due_at = v_now,
    last_status = null,
    last_error = null
  from unnest(v_ids, v_outcomes) as answer (id, outcome)
  where delivery.id = answer.id
    and answer.outcome = 'delivered';
  update rolecall.webhook_deliveries as delivery
  set
    state = case when next.seconds is null then 'dead' else 'pending' end,
    is_taken = false,
    taken_to = null,
    due_at = case
      when next.seconds is null then v_now
      else v_now + greatest(
        next.seconds * (1 + random() * 0.1) * interval '1 second',
        rolecall_internal.asked_pause(answer.retry_after)
      )
    end,
    last_status = answer.status,
    last_error = answer.error
  from unnest(v_ids, v_outcomes, v_statuses, v_errors, v_retries) as answer (id, outcome, status, error, retry_after)
  join rolecall.webhook_deliveries as own
    on own.id = answer.id
  cross join lateral (
    select case
      when answer.outcome = 'failed' then (rolecall_internal.webhook_schedule())[own.attempts - own.attempts_before]
    end as seconds
  ) as next
  where delivery.id = own.id
    and answer.outcome <> 'delivered';

  perform rolecall_internal.note_health(
    heard.webhook_id,
    heard.delivered,
    heard.gone,
    heard.retry_after
  )
  from (
    select
      answer.webhook_id,
      bool_or(answer.outcome = 'delivered') as delivered,
      bool_or(answer.outcome = 'gone') as gone,
      max(answer.retry_after) as retry_after
    from unnest(v_webhooks, v_outcomes, v_retries) as answer (webhook_id, outcome, retry_after)
    group by answer.webhook_id
  ) as heard;
  return cardinality(v_ids);
end
$$;

create or replace function rolecall_relay.webhooks_settle(p_request jsonb)
returns jsonb
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  if jsonb_typeof(p_request -> 'results') is distinct from 'array' then
    return rolecall_internal.refusal('invalid_input', 'The results must be a list of what became of deliveries.');
  end if;
  return rolecall_internal.success(
    jsonb_build_object('settled', rolecall_internal.settle_deliveries(p_request -> 'results'))
  );
end
$$;
$sql$;

  -- schema/webhooks/take.sql
  execute $sql$
-- Claims deliveries that are due: {limit, relay, rollouts?} -> {deliveries, next_due_ms}. A claim is a lease for a minute: who
-- dies with it makes a repeat. Several relays may ask at the same time.
--
-- Of one webhook 16 are in flight at most, and one while it fails: whoever counts holds the webhook's row, and a webhook that
-- is held is left to the next take. A delivery of which nobody is to hear is settled here.

-- How many of a webhook may be in flight.
create or replace function rolecall_internal.webhook_lanes(p_failing_since timestamptz)
returns int
language sql
immutable
return case when p_failing_since is null then 16 else 1 end;

-- The webhooks that have something due and may be tried, held until the commit.
create or replace function rolecall_internal.hold_webhooks(p_now timestamptz)
returns uuid[]
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  return array(
    select id
    from rolecall.webhooks as webhook
    where is_enabled
      and paused_until <= p_now is not false
      and exists (
        select
        from rolecall.webhook_deliveries
        where webhook_id = webhook.id
          and state = 'pending'
          and due_at <= p_now
      )
    order by id
    for no key update skip locked
  );
end
$$;

-- Claims up to p_limit deliveries of the webhooks that are held, of each in turn, the longest due first; of broadcasts, each
-- page of which costs as much as hundreds of others, four.
create or replace function rolecall_internal.claim_deliveries(p_webhooks uuid[], p_limit int, p_now timestamptz)
returns rolecall.webhook_deliveries[]
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_claimed rolecall.webhook_deliveries[];
begin
  with due as (
    select
      found.id,
      found.is_wide,
      found.due_at,
      row_number() over (partition by webhook.id order by found.due_at, found.id) as number
    from rolecall.webhooks as webhook
    cross join lateral (
      select id, is_wide, due_at
      from rolecall.webhook_deliveries
      where webhook_id = webhook.id
        and state = 'pending'
        and due_at <= p_now
      order by due_at, id
      limit greatest(
        0,
        rolecall_internal.webhook_lanes(webhook.failing_since) - (
          select count(*)
          from rolecall.webhook_deliveries
          where webhook_id = webhook.id
            and is_taken
            and due_at > p_now
        )
      )
      for update skip locked
    ) as found
    where webhook.id = any (p_webhooks)
      and webhook.is_enabled
      and webhook.paused_until <= p_now is not false
  ),
  chosen as (
    select counted.id
    from (
      select *, count(*) filter (where is_wide) over (order by number, due_at, id) as wide
      from due
    ) as counted
    where not counted.is_wide
      or counted.wide <= 4
    order by counted.number, counted.due_at, counted.id
    limit p_limit
  ),
  claimed as (
    update rolecall.webhook_deliveries as delivery
    set
      attempts = delivery.attempts + 1,
      is_taken = true,
      taken_to = null,
      due_at = p_now + interval '60 seconds'
    from chosen
    where delivery.id = chosen.id
    returning delivery
  )
  select coalesce(array_agg(claimed.delivery order by (claimed.delivery).id), '{}')
  into v_claimed
  from claimed;
  return v_claimed;
end
$$;

-- In how many milliseconds a take may find something; null when nothing waits.
create or replace function rolecall_internal.next_due_ms(p_now timestamptz)
returns bigint
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  return (
    select ceil(extract(epoch from greatest(min(next.due_at), p_now) - p_now) * 1000)
    from rolecall.webhooks as webhook
    cross join lateral (
      select count(*) as in_flight, min(due_at) as lease_ends_at
      from rolecall.webhook_deliveries
      where webhook_id = webhook.id
        and is_taken
        and due_at > p_now
    ) as taken
    cross join lateral (
      select case
        -- An answer, or the end of a lease, makes room.
        when taken.in_flight >= rolecall_internal.webhook_lanes(webhook.failing_since) then taken.lease_ends_at
        else (
          select greatest(delivery.due_at, webhook.paused_until)
          from rolecall.webhook_deliveries as delivery
          where delivery.webhook_id = webhook.id
            and delivery.state = 'pending'
          order by delivery.due_at
          limit 1
        )
      end as due_at
    ) as next
    where webhook.is_enabled
      and next.due_at is not null
    having count(*) > 0
  );
end
$$;

create or replace function rolecall_internal.take_deliveries(p_limit int, p_rollouts jsonb)
returns jsonb
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_now timestamptz := clock_timestamp();
  v_webhooks uuid[] := rolecall_internal.hold_webhooks(v_now);
  v_claimed rolecall.webhook_deliveries[] := '{}';
  v_delivery rolecall.webhook_deliveries;
  v_taken_to uuid;
  v_events jsonb;
  v_of jsonb := '{}';
  v_shown jsonb;
begin
  if v_webhooks <> '{}' then
    v_claimed := rolecall_internal.claim_deliveries(v_webhooks, p_limit, v_now);
  end if;

  select coalesce(jsonb_object_agg(made.delivery_id, made.events), '{}')
  into v_of
  from rolecall_internal.delivery_events(v_claimed, p_rollouts) as made
  where v_claimed <> '{}';
  foreach v_delivery in array v_claimed loop
    v_taken_to := null;
    if rolecall_internal.is_spent(v_delivery) then
      v_events := '[]';
    elsif v_delivery.type = 'webhook.test' then
      v_events := jsonb_build_array(
        jsonb_build_object(
          'to', '[]'::jsonb,
          'event', rolecall_internal.event_json(v_delivery.type, v_delivery.id, 1, v_delivery.made_at, '{}')
        )
      );
    elsif v_delivery.is_wide then
      select page.taken_to, page.events
      into v_taken_to, v_events
      from rolecall_internal.wide_delivery_events(v_delivery, p_rollouts) as page;
      update rolecall.webhook_deliveries
      set taken_to = v_taken_to
      where id = v_delivery.id
        and v_taken_to is not null;
    else
      v_events := coalesce(v_of -> v_delivery.id::text, '[]');
    end if;
    if v_events = '[]' then
      perform rolecall_internal.end_unheard(v_delivery, v_taken_to);
    end if;
    v_of := v_of || jsonb_build_object(v_delivery.id, v_events);
  end loop;

  select coalesce(
    jsonb_agg(
      jsonb_build_object(
        'id', delivery.id::text,
        'attempt', delivery.attempts,
        'webhook', delivery.webhook_id,
        'url', webhook.url,
        'secrets', case
          when webhook.former_secret_until > v_now then jsonb_build_array(webhook.secret, webhook.former_secret)
          else jsonb_build_array(webhook.secret)
        end,
        'message_id', rolecall_internal.webhook_message_id(delivery),
        'payload', rolecall_internal.webhook_payload(delivery, v_of -> delivery.id::text)
      )
      order by delivery.id
    ),
    '[]'
  )
  into v_shown
  from unnest(v_claimed) as delivery
  join rolecall.webhooks as webhook
    on webhook.id = delivery.webhook_id
  where v_of -> delivery.id::text <> '[]';
  return rolecall_internal.success(
    jsonb_build_object(
      'deliveries', v_shown,
      'next_due_ms', rolecall_internal.next_due_ms(clock_timestamp())
    )
  );
end
$$;

-- Whether a delivery that was taken is not to be tried: who had it before died with it, and it is worth no repeat or had all
-- of its attempts.
create or replace function rolecall_internal.is_spent(p_delivery rolecall.webhook_deliveries)
returns boolean
language sql
immutable
return p_delivery.attempts - p_delivery.attempts_before > case
  when p_delivery.type in ('typing', 'presence') then 1
  else cardinality(rolecall_internal.webhook_schedule()) + 1
end;

-- Ends a delivery, or a page of one, that nobody hears of.
create or replace function rolecall_internal.end_unheard(p_delivery rolecall.webhook_deliveries, p_taken_to uuid)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  if p_taken_to is not null then
    update rolecall.webhook_deliveries
    set
      reached = p_taken_to,
      taken_to = null,
      is_taken = false,
      attempts_before = attempts,
      due_at = clock_timestamp()
    where id = p_delivery.id;
  elsif rolecall_internal.is_spent(p_delivery) and p_delivery.type not in ('typing', 'presence') then
    update rolecall.webhook_deliveries
    set
      state = 'dead',
      is_taken = false,
      attempts = attempts - 1,
      due_at = clock_timestamp(),
      last_error = 'the relay ended before it had an answer'
    where id = p_delivery.id;
  else
    delete from rolecall.webhook_deliveries
    where id = p_delivery.id;
  end if;
end
$$;

create or replace function rolecall_relay.webhooks_take(p_request jsonb)
returns jsonb
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  return rolecall_internal.take_deliveries(
    least(greatest(coalesce(rolecall_internal.whole_number(p_request -> 'limit'), 50), 1), 200)::int,
    case when jsonb_typeof(p_request -> 'rollouts') = 'object' then p_request -> 'rollouts' else '{}' end
  );
end
$$;
$sql$;

  -- schema/webhooks/test.sql
  execute $sql$
-- Sends a webhook an event that says nothing: {webhook_id} -> {delivery_id}. It takes the way of all events, before what
-- waits, and at once even while the webhook fails.
create or replace function rolecall_internal.test_webhook(p_call rolecall.call)
returns jsonb
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_webhook rolecall.webhooks := rolecall_internal.hold_webhook(p_call.input);
  v_delivery bigint;
begin
  if v_webhook.id is null then
    return rolecall_internal.refuse_unknown_webhook();
  end if;
  if not v_webhook.is_enabled then
    return rolecall_internal.refusal(
      'invalid_input',
      'The webhook is disabled, so that nothing is sent to it.',
      'webhook_disabled',
      'The webhook is enabled.'
    );
  end if;
  update rolecall.webhooks
  set paused_until = null
  where id = v_webhook.id
    and paused_until is not null;
  insert into rolecall.webhook_deliveries (webhook_id, made_at, type, due_at)
  values (v_webhook.id, clock_timestamp(), 'webhook.test', now() - interval '6 days')
  returning id
  into v_delivery;
  perform rolecall_internal.log_webhook(p_call, 'webhook_tested', v_webhook.id);
  return rolecall_internal.success(jsonb_build_object('delivery_id', v_delivery::text));
end
$$;

create or replace function rolecall_edge.test_webhook(p_request jsonb)
returns jsonb
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_call rolecall.call := rolecall_internal.begin_call('webhooks.test', p_request, p_who => 'operator');
begin
  if v_call.answer is null then
    v_call.answer := rolecall_internal.test_webhook(v_call);
  end if;
  return rolecall_internal.end_call(v_call);
end
$$;
$sql$;

  -- schema/webhooks/update.sql
  execute $sql$
-- Changes a webhook: {webhook_id, url?, types?, is_enabled?, description?} -> {webhook}. What is not given stays; no types are
-- all but typing and presence. One that is enabled, or gets another address, is tried at once, as one that never failed; what
-- waited for it while it was disabled is delivered, and of what happened then it hears nothing.
create or replace function rolecall_internal.update_webhook(p_call rolecall.call)
returns jsonb
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_refusal jsonb := rolecall_internal.refuse_webhook(p_call.input);
  v_webhook rolecall.webhooks := rolecall_internal.hold_webhook(p_call.input);
  v_url text := coalesce(p_call.input ->> 'url', v_webhook.url);
  v_is_enabled boolean := coalesce(p_call.input ->> 'is_enabled' = 'true', v_webhook.is_enabled);
  v_is_fresh boolean;
begin
  if v_refusal is not null then
    return v_refusal;
  end if;
  if v_webhook.id is null then
    return rolecall_internal.refuse_unknown_webhook();
  end if;
  v_is_fresh := v_is_enabled and (not v_webhook.is_enabled or v_url <> v_webhook.url);
  update rolecall.webhooks
  set
    url = v_url,
    types = case
      when coalesce(p_call.input -> 'types', 'null') = 'null' then types
      else rolecall_internal.types_of(p_call.input -> 'types')
    end,
    description = coalesce(p_call.input ->> 'description', description),
    is_enabled = v_is_enabled,
    enabled_at = case when v_is_enabled and not is_enabled then clock_timestamp() else enabled_at end,
    disabled_reason = case when not v_is_enabled then disabled_reason end,
    failing_since = case when not v_is_fresh then failing_since end,
    failures = case when v_is_fresh then 0 else failures end,
    paused_until = case when not v_is_fresh then paused_until end,
    changed_at = now()
  where id = v_webhook.id
  returning *
  into v_webhook;
  perform rolecall_internal.want_events();
  perform rolecall_internal.log_webhook(
    p_call,
    'webhook_updated',
    v_webhook.id,
    jsonb_build_object('types', v_webhook.types, 'is_enabled', v_webhook.is_enabled)
  );
  return rolecall_internal.success(jsonb_build_object('webhook', rolecall_internal.webhook_json(v_webhook)));
end
$$;

create or replace function rolecall_edge.update_webhook(p_request jsonb)
returns jsonb
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_call rolecall.call := rolecall_internal.begin_call('webhooks.update', p_request, p_who => 'operator');
begin
  if v_call.answer is null then
    v_call.answer := rolecall_internal.update_webhook(v_call);
  end if;
  return rolecall_internal.end_call(v_call);
end
$$;
$sql$;

  -- schema/realtime/triggers.sql
  execute $sql$
create or replace trigger messages_emit_new
after insert on rolecall.messages
referencing new table as added
for each statement
execute function rolecall_internal.emit_new_messages();

create or replace trigger conversations_emit_changed
after update of read_only on rolecall.conversations
for each row
when (old.read_only is distinct from new.read_only)
execute function rolecall_internal.emit_changed_conversation();

create or replace trigger user_blocks_emit
after insert or delete on rolecall.user_blocks
for each row
execute function rolecall_internal.emit_block();

create or replace trigger profiles_emit_lifted_suspension
after update of suspended_until on rolecall.profiles
for each row
when (old.suspended_until > now() and (new.suspended_until > now()) is not true)
execute function rolecall_internal.emit_lifted_suspension();

create or replace trigger thread_messages_emit_changed
after update on rolecall.thread_messages
referencing old table as gone new table as added
for each statement
execute function rolecall_internal.emit_changed_thread_messages();

create or replace trigger message_threads_emit_changed
after update of status on rolecall.message_threads
for each row
when (old.status is distinct from new.status)
execute function rolecall_internal.emit_changed_thread();

create or replace trigger assignment_windows_emit
after insert or update on rolecall.assignment_windows
for each row
execute function rolecall_internal.emit_window();
$sql$;

  -- schema/sync/triggers.sql
  execute $sql$
-- PostgreSQL looks for foreign keys behind every update of a conversation anyway, and there evaluates the condition without
-- calling anything.
create or replace trigger conversations_follow_change
after update on rolecall.conversations
for each row
when (old.changed_xid = new.changed_xid)
execute function rolecall_internal.follow_conversation_change();

create or replace trigger message_threads_follow_change
after update on rolecall.message_threads
for each row
when (old.changed_xid = new.changed_xid)
execute function rolecall_internal.follow_thread_change();

-- A client may ask for help through the table, and so could say anything.
create or replace trigger help_requests_follow_change
before insert or update on rolecall.help_requests
for each row
execute function rolecall_internal.follow_help_request_change();

create or replace trigger user_blocks_follow_blocked
after insert on rolecall.user_blocks
referencing new table as changed
for each statement
execute function rolecall_internal.follow_block_change();

create or replace trigger user_blocks_follow_lifted
after delete on rolecall.user_blocks
referencing old table as changed
for each statement
execute function rolecall_internal.follow_block_change();

create or replace trigger assignment_windows_follow_made
after insert on rolecall.assignment_windows
referencing new table as changed
for each statement
execute function rolecall_internal.follow_window_change();

create or replace trigger assignment_windows_follow_changed
after update on rolecall.assignment_windows
referencing old table as changed new table as added
for each statement
execute function rolecall_internal.follow_window_update();

create or replace trigger assignment_windows_follow_removed
after delete on rolecall.assignment_windows
referencing old table as changed
for each statement
execute function rolecall_internal.follow_window_change();

create or replace trigger clients_follow_account
after update of user_id on rolecall.clients
for each row
when (old.user_id is distinct from new.user_id)
execute function rolecall_internal.follow_client_account();

create or replace trigger message_threads_follow_scope
after update of scope on rolecall.message_threads
for each row
when (old.scope = 'client' and new.scope <> 'client')
execute function rolecall_internal.follow_thread_scope();

create or replace trigger profiles_follow_role
after update of role on rolecall.profiles
for each row
when (old.role is distinct from new.role)
execute function rolecall_internal.follow_role_change();
$sql$;

  -- schema/realtime/views.sql
  execute $sql$
-- What waits for the relay, and who publishes. Nothing here says what happened, or to whom.
create or replace view rolecall_monitoring.outbox as
select
  relay.is_wanted,
  -- As many as are worth counting.
  (
    select count(*)
    from (
      select
      from rolecall.outbox
      limit 100000
    ) as row
  ) as waiting,
  coalesce(
    (
      select greatest(0, round(extract(epoch from clock_timestamp() - made_at), 3))
      from rolecall.outbox
      order by id
      limit 1
    ),
    0
  ) as oldest_age_seconds,
  leader.relay as leading_relay,
  leader.version as leading_version,
  round(extract(epoch from now() - leader.seen_at), 3) as leader_seen_seconds_ago,
  (
    select count(*)
    from rolecall.relays
    where seen_at > now() - interval '1 minute'
  ) as relays,
  (
    select count(*)
    from rolecall.presence
  ) as online
from rolecall.relay
left join lateral (
  select relay, version, seen_at
  from rolecall.relays
  where leads
  order by seen_at desc
  limit 1
) as leader
  on true;

comment on view rolecall_monitoring.outbox is
  'How much waits for the relay and since when, which relay publishes, and how many users are online.';
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
  select 'realtime_lag' as name, case when outbox.is_wanted then outbox.oldest_age_seconds else 0 end, 0
  from rolecall_monitoring.outbox as outbox
  union all
  -- One that was disabled by itself goes on failing until the operator enables or removes it.
  select 'webhook_failing' as name, coalesce(max(extract(epoch from now() - webhook.failing_since)), 0), 0
  from rolecall.webhooks as webhook
  where webhook.is_enabled
    or webhook.disabled_reason is not null
  union all
  select 'webhook_dead' as name, count(*), 0
  from rolecall.webhooks as webhook
  join rolecall.webhook_deliveries as delivery
    on delivery.webhook_id = webhook.id
    and delivery.state = 'dead'
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

  -- schema/webhooks/views.sql
  execute $sql$
-- How the webhooks do. Nothing here says what happened, or to whom, and of an address only its host is shown: the rest may
-- be confidential.
create or replace view rolecall_monitoring.webhooks as
select
  webhook.id as webhook_id,
  substring(webhook.url from '^https?://(\[[^]]*\]|[^/?:]*)') as host,
  webhook.is_enabled,
  waiting.pending,
  coalesce(next.seconds, 0) as oldest_pending_seconds,
  given_up.dead,
  queue.dropped,
  case
    when webhook.failing_since is null then 0
    else round(extract(epoch from now() - webhook.failing_since), 3)
  end as failing_seconds,
  webhook.last_delivered_at,
  -- By itself, not by the operator.
  webhook.disabled_reason is not null as was_disabled,
  webhook.disabled_reason
from rolecall.webhooks as webhook
join rolecall.webhook_queues as queue
  on queue.webhook_id = webhook.id
cross join lateral (
  select count(*) as pending
  from rolecall.webhook_deliveries as delivery
  where delivery.webhook_id = webhook.id
    and delivery.state = 'pending'
) as waiting
-- Of what is due first, which is the oldest but for what was tried before: the others are not looked at.
left join lateral (
  select greatest(0, round(extract(epoch from clock_timestamp() - delivery.made_at), 3)) as seconds
  from rolecall.webhook_deliveries as delivery
  where delivery.webhook_id = webhook.id
    and delivery.state = 'pending'
  order by delivery.due_at
  limit 1
) as next
  on true
cross join lateral (
  select count(*) as dead
  from rolecall.webhook_deliveries as delivery
  where delivery.webhook_id = webhook.id
    and delivery.state = 'dead'
) as given_up;

comment on view rolecall_monitoring.webhooks is
  'A row for each webhook: its host, how much waits for it and since when, what was given up or found no room, and since when it fails.';
$sql$;

  -- schema/realtime/defaults.sql
  execute $sql$
insert into rolecall.relay (is_only)
values (true);

select set_config('rolecall.reason', 'Rolecall was upgraded.', true);

insert into rolecall.feature_flags (name, rollout, description, requires)
values (
  'realtime',
  'enabled',
  'Events as they happen, over a WebSocket: messages, who reads, types and is online.',
  'messaging_v2_enabled'
);

select set_config('rolecall.reason', '', true);

-- A token serves for a quarter of an hour. A client asks again when it ends or when it starts anew, on each of its devices.
insert into rolecall.rate_limits (role, action, capacity, window_seconds)
select role, action, 60, 60
from unnest(enum_range(null::rolecall.app_role)) as role
cross join unnest(array['realtime_token', 'typing']) as action;

insert into rolecall.alert_rules (name, severity, threshold, attempts, summary)
values ('realtime_lag', 'warning', 5, 0, 'What happened waits too long for the relay to publish it.');
$sql$;

  -- schema/sync/defaults.sql
  execute $sql$
insert into rolecall.feature_flags (name, rollout, description, requires)
values ('sync', 'enabled', 'Everything that has changed for somebody, in one answer.', 'conversations');

insert into rolecall.rate_limits (role, action, capacity, window_seconds)
select role, 'sync', 120, 60
from unnest(enum_range(null::rolecall.app_role)) as role;
$sql$;

  -- schema/webhooks/defaults.sql
  execute $sql$
insert into rolecall.outbox_fork (is_only)
values (true);

select set_config('rolecall.reason', 'Rolecall was upgraded.', true);

insert into rolecall.feature_flags (name, rollout, description, requires)
values (
  'webhooks',
  'enabled',
  'Events that are posted to the operator''s addresses, as for push notifications: about whom it includes.',
  'realtime'
);

select set_config('rolecall.reason', '', true);

insert into rolecall.alert_rules (name, severity, threshold, attempts, summary)
values
  ('webhook_failing', 'warning', 600, 0, 'A webhook has failed for too long, or was disabled because it did.'),
  ('webhook_dead', 'warning', 0, 0, 'Webhooks did not take events, which were given up.');
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

  -- schema/realtime/policies.sql
  execute $sql$
-- The functions alone write these; the operator looks. Nothing in them says what happened, only where.

alter table rolecall.outbox enable row level security;

drop policy if exists "the operator sees outbox" on rolecall.outbox;

create policy "the operator sees outbox"
on rolecall.outbox
for select
to service_role
using (true);

alter table rolecall.relay enable row level security;

drop policy if exists "the operator sees relay" on rolecall.relay;

create policy "the operator sees relay"
on rolecall.relay
for select
to service_role
using (true);

alter table rolecall.relays enable row level security;

drop policy if exists "the operator sees relays" on rolecall.relays;

create policy "the operator sees relays"
on rolecall.relays
for select
to service_role
using (true);

alter table rolecall.presence enable row level security;

drop policy if exists "the operator sees presence" on rolecall.presence;

create policy "the operator sees presence"
on rolecall.presence
for select
to service_role
using (true);

alter table rolecall.typing enable row level security;

drop policy if exists "the operator sees typing" on rolecall.typing;

create policy "the operator sees typing"
on rolecall.typing
for select
to service_role
using (true);
$sql$;

  -- schema/sync/policies.sql
  execute $sql$
alter table rolecall.block_changes enable row level security;

drop policy if exists "the operator sees block_changes" on rolecall.block_changes;

create policy "the operator sees block_changes"
on rolecall.block_changes
for select
to service_role
using (true);

alter table rolecall.thread_losses enable row level security;

drop policy if exists "the operator sees thread_losses" on rolecall.thread_losses;

create policy "the operator sees thread_losses"
on rolecall.thread_losses
for select
to service_role
using (true);
$sql$;

  -- schema/webhooks/policies.sql
  execute $sql$
-- The functions alone write these. The operator looks; access.sql keeps the secrets from them.

alter table rolecall.webhooks enable row level security;

drop policy if exists "the operator sees webhooks" on rolecall.webhooks;

create policy "the operator sees webhooks"
on rolecall.webhooks
for select
to service_role
using (true);

alter table rolecall.webhook_queues enable row level security;

drop policy if exists "the operator sees webhook_queues" on rolecall.webhook_queues;

create policy "the operator sees webhook_queues"
on rolecall.webhook_queues
for select
to service_role
using (true);

alter table rolecall.webhook_deliveries enable row level security;

drop policy if exists "the operator sees webhook_deliveries" on rolecall.webhook_deliveries;

create policy "the operator sees webhook_deliveries"
on rolecall.webhook_deliveries
for select
to service_role
using (true);

alter table rolecall.outbox_fork enable row level security;

drop policy if exists "the operator sees outbox_fork" on rolecall.outbox_fork;

create policy "the operator sees outbox_fork"
on rolecall.outbox_fork
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

  -- schema/permissions/decide_organization.sql is gone

  insert into rolecall.schema_migrations (version, name, digest)
  values (5, 'live', 'fd3add6bebb4434cbb665a25ebed0546ec7bcee1fcc7a7a93c17457a8c2fdb5d');
  perform set_config('client_min_messages', v_messages, true);
  perform set_config('search_path', v_search_path, true);
end
$migration$;
