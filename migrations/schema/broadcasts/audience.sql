-- Whether p_user is or was in the audience of what was sent to these roles of a show at a moment: who joins later does
-- not see it, and who leaves later still does. Policies call it; it reads who took part as its owner.
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
