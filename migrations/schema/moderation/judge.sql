-- Whether p_user may decide about p_message: delete it, restore it, settle the reports of it. An actor who may not
-- moderate hears the same of a message that does not exist.
create or replace function rolecall_internal.judge_moderation(p_user uuid, p_message uuid, p_rollouts jsonb)
returns rolecall.judgement
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_actor rolecall.actor := rolecall_internal.actor(p_user, 'moderation', p_rollouts);
  v_message uuid;
  v_author_role rolecall.app_role;
  v_facts text[];
  v_decision rolecall.decision;
begin
  if v_actor.refusal is not null then
    return rolecall_internal.judgement_of_refusal(v_actor.refusal, v_actor.organization_id);
  end if;
  select
    message.id,
    author.role,
    array[
      case when message.sender_id = p_user then 'self' end,
      case when show.organizer_id = p_user then 'own_show' end
    ]
  into v_message, v_author_role, v_facts
  from rolecall.messages as message
  left join rolecall.profiles as author
    on author.id = message.sender_id
  left join rolecall.conversations as conversation
    on conversation.id = message.conversation_id
  left join rolecall.shows as show
    on show.id = coalesce(message.show_id, conversation.show_id)
  where message.id = p_message;
  if not found then
    select *
    into v_message, v_author_role, v_facts
    from rolecall_internal.help_message_facts(p_user, p_message);
  end if;
  v_decision := rolecall_internal.decide(
    'moderate',
    v_actor.role,
    coalesce(v_author_role, rolecall_internal.role_of_strangers()),
    array['feature_enabled', v_actor.suspended] || v_facts
  );
  if v_decision.allowed and v_message is null then
    return rolecall_internal.judgement_of_refusal(
      rolecall_internal.refusal('not_found', 'There is no message with this message_id.'),
      v_actor.organization_id
    );
  end if;
  return rolecall_internal.judgement_of(v_decision, v_actor.organization_id);
end
$$;

-- The refusal of an actor who may not read the queue ('queue') or the audit ('audit') at all; null when they may. Both
-- show removed contents, so a suspended moderator reads neither. The queue is also for those who moderate their own shows
-- alone.
create or replace function rolecall_internal.refuse_moderation_reader(p_actor rolecall.actor, p_list text)
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_decision rolecall.decision;
begin
  if p_actor.refusal is not null then
    return p_actor.refusal;
  end if;
  v_decision := rolecall_internal.decide(
    'moderate',
    p_actor.role,
    rolecall_internal.role_of_strangers(),
    array['feature_enabled', p_actor.suspended, case when p_list = 'queue' then 'own_show' end]
  );
  if v_decision.allowed then
    return null;
  end if;
  if v_decision.rule = 'suspended' then
    return rolecall_internal.refusal_of(v_decision);
  end if;
  if p_list = 'queue' then
    return rolecall_internal.refusal(
      'permission_denied',
      'Reports are only available to show organizers, moderators and admins.',
      'moderators_and_organizers_only',
      'You become a moderator.'
    );
  end if;
  return rolecall_internal.refusal(
    'permission_denied',
    'The moderation audit is only available to moderators and admins.',
    'moderators_only',
    'You become a moderator.'
  );
end
$$;

-- Writes a row of the audit.
create or replace function rolecall_internal.audit_moderation(
  p_actor uuid,
  p_action text,
  p_report uuid,
  p_message uuid,
  p_target uuid,
  p_note text,
  p_before jsonb,
  p_after jsonb
)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  insert into rolecall.moderation_audit (actor_id, action, report_id, message_id, target_id, note, before, after)
  values (p_actor, p_action, p_report, p_message, p_target, p_note, p_before, p_after);
end
$$;

-- The refusal of a note of the wrong length; null when the note is right or absent.
create or replace function rolecall_internal.refuse_note(p_input jsonb)
returns jsonb
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
begin
  if p_input ->> 'note' is not null and not rolecall_internal.is_text(p_input ->> 'note', 1, rolecall_internal.limit_note_chars()) then
    return rolecall_internal.refuse_text('note', p_input ->> 'note', 1, rolecall_internal.limit_note_chars());
  end if;
  return null;
end
$$;
