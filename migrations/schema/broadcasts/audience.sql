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
  v_caller uuid := auth.uid();
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
    and own.role = any (broadcast.recipient_roles)
    and broadcast.created_at >= own.joined_at
    and broadcast.created_at < own.left_at;
end
$$;

-- The broadcasts of a conversation for p_show that p_user sees as their audience. PostgreSQL writes it into the statements
-- that ask, with their bounds and their order.
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
    );
end;
