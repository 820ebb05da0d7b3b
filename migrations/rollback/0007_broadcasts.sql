-- Takes back 0007_broadcasts. The conversations and messages of broadcasts stay, readable by their sender alone no
-- more, since the policies on both tables go.

drop policy if exists "people see the messages of their conversations" on public.messages;
drop policy if exists "people see their conversations and what is broadcast to them" on public.conversations;
drop function if exists rolecall.reset_broadcast_quotas();
drop function if exists rolecall.rehearse_broadcast(uuid, jsonb, text);
drop function if exists rolecall.broadcast_limit(text, int, int, bigint);
drop function if exists rolecall.send_broadcast(uuid, jsonb, text);
drop function if exists rolecall.judge_broadcast(uuid, uuid, public.app_role[], text);
drop function if exists rolecall.roles_of(jsonb);
drop function if exists rolecall.visible_broadcasts(uuid, uuid, uuid);
drop function if exists rolecall.refuse_quota(text, int, jsonb);
drop function if exists rolecall.peek_quota(uuid, uuid, int, int);
drop function if exists rolecall.take_quota(uuid, uuid, text, int, int);
drop function if exists rolecall.quota_day_end(date);
drop function if exists rolecall.quota_day(timestamptz);
drop table if exists public.quota_runs;
drop table if exists public.broadcast_receipts;
drop table if exists rolecall.show_threads;
drop table if exists public.broadcasts;
drop function if exists rolecall.in_audience(uuid, uuid, public.app_role[], timestamptz);
drop table if exists public.broadcast_quotas;
drop table if exists public.broadcast_limits;

delete from rolecall.schema_migrations
where version = 7;
