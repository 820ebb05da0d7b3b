-- Whether a writer must be judged once more: something stands in the way of p_user now. It may have come since they were
-- judged, while they waited for a lock: a block between them and the other person of p_conversation, a suspension, or the
-- flag of the function. The statement that numbers a message has a snapshot from before it waited; this is asked in one
-- from after it, so that whoever was told of a block, a suspension or a switch is obeyed. send_dm_many
-- asks it of an array at once.
create or replace function rolecall_internal.is_stopped(p_user uuid, p_conversation uuid, p_flag text, p_rollouts jsonb)
returns boolean
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  return not exists (
    select
    from rolecall.profiles as writer
    join rolecall.feature_flags as flag
      on flag.name = p_flag
    where writer.id = p_user
      and rolecall_internal.suspended_fact(writer.suspended_until) is null
      and rolecall_internal.flag_includes(
        flag.is_open, p_rollouts, p_flag, p_user, writer.organization_id, writer.is_internal
      )
  )
  or exists (
    select
    from rolecall.conversations as conversation
    join rolecall.user_blocks as block
      on block.blocker_id in (conversation.participant_low, conversation.participant_high)
      and block.blocked_id in (conversation.participant_low, conversation.participant_high)
    where conversation.id = p_conversation
  );
end
$$;
