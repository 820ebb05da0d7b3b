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
