-- Takes back 0010_moderation: reports, the audit, and everything that deletes, restores or suspends. Deleted messages
-- stay deleted, and suspensions stay.

drop function if exists edge.moderation_audit(jsonb);
drop function if exists edge.lift_suspension(jsonb);
drop function if exists edge.suspend_user(jsonb);
drop function if exists edge.restore_message(jsonb);
drop function if exists edge.delete_message(jsonb);
drop function if exists edge.review_report(jsonb);
drop function if exists edge.moderation_queue(jsonb);
drop function if exists edge.report_message(jsonb);
drop function if exists rolecall.answer_moderation(text, jsonb);
drop function if exists rolecall.moderation_audit(uuid, jsonb, text);
drop function if exists rolecall.lift_suspension(uuid, jsonb, text);
drop function if exists rolecall.suspend_user(uuid, jsonb, text);
drop function if exists rolecall.moderated_message(public.messages);
drop function if exists rolecall.restore_message(uuid, jsonb, text);
drop function if exists rolecall.delete_message(uuid, jsonb, text);
drop function if exists rolecall.review_report(uuid, jsonb, text);
drop function if exists rolecall.moderation_queue(uuid, jsonb, text);
drop function if exists rolecall.report_message(uuid, jsonb, text);
drop function if exists rolecall.refuse_second_report(uuid);
drop function if exists rolecall.refuse_note(jsonb);
drop function if exists rolecall.set_suspension(uuid, uuid, timestamptz, uuid, uuid, text);
drop function if exists rolecall.refuse_restoring_authors();
drop function if exists rolecall.bring_back_message(uuid, uuid, uuid, text);
drop function if exists rolecall.remove_message(uuid, uuid, uuid, text);
drop function if exists rolecall.deletion_class(uuid, uuid);
drop function if exists rolecall.audit_moderation(uuid, text, uuid, uuid, uuid, text, jsonb, jsonb);
drop function if exists rolecall.refuse_overseer(uuid, boolean, text);
drop function if exists rolecall.judge_suspension(uuid, uuid, text);
drop function if exists rolecall.judge_report(uuid, uuid, text);
drop function if exists rolecall.judge_moderation(uuid, uuid, text);
drop function if exists rolecall.suspension_json(timestamptz);
drop function if exists rolecall.moment_or_null(text);
drop function if exists rolecall.report_json(public.reported_messages);
drop function if exists rolecall.message_json(public.messages, text);
drop function if exists rolecall.deletion_of(public.messages);
drop function if exists rolecall.page_size(jsonb, int);
drop function if exists rolecall.refuse_cursor();
drop table if exists public.moderation_audit;
drop table if exists public.reported_messages;
drop table if exists rolecall.report_counts;
drop function if exists rolecall.refuse_change();
drop function if exists rolecall.count_reports();

delete from rolecall.schema_migrations
where version = 10;
