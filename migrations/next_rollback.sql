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
