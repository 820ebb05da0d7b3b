-- Judgements

-- Whether p_user may decide about p_message: delete it, restore it, settle the reports of it. A sender whom nobody
-- knows counts as an attendee. Who may not moderate anyway hears the same of a message that does not exist.
create or replace function rolecall_internal.judge_moderation(p_user uuid, p_message uuid, p_rollout text)
returns rolecall.judgement
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_role rolecall.app_role;
  v_internal boolean;
  v_message uuid;
  v_author_role rolecall.app_role;
  v_facts text[];
  v_decision rolecall.decision;
  v_judgement rolecall.judgement;
begin
  select
    actor.role,
    actor.is_internal,
    actor.organization_id,
    message.id,
    coalesce(author.role, 'attendee'),
    array[
      'feature_enabled',
      case when actor.suspended_until > now() then 'suspended' end,
      case when message.sender_id = p_user then 'self' end,
      case when show.organizer_id = p_user then 'own_show' end
    ]
  into v_role, v_internal, v_judgement.org_id, v_message, v_author_role, v_facts
  from (values (p_user)) as asked (id)
  left join rolecall.profiles as actor
    on actor.id = asked.id
  left join rolecall.messages as message
    on message.id = p_message
  left join rolecall.profiles as author
    on author.id = message.sender_id
  left join rolecall.conversations as conversation
    on conversation.id = message.conversation_id
  left join rolecall.shows as show
    on show.id = coalesce(message.show_id, conversation.show_id);

  v_judgement.allowed := false;
  if not rolecall_internal.feature_enabled('moderation', p_rollout, p_user, v_internal) then
    v_judgement.refusal := rolecall_internal.refuse_disabled();
    v_judgement.rule := 'feature_disabled';
    return v_judgement;
  end if;
  if v_role is null then
    v_judgement.refusal := rolecall_internal.refuse_without_profile();
    v_judgement.rule := 'no_profile';
    return v_judgement;
  end if;
  v_decision := rolecall_internal.decide('moderate', v_role, v_author_role, v_facts);
  v_judgement.rule := v_decision.rule;
  if not v_decision.allowed then
    v_judgement.refusal := rolecall_internal.refusal_of(v_decision);
  elsif v_message is null then
    v_judgement.refusal := rolecall_internal.refusal('not_found', 'There is no message with this message_id.');
    v_judgement.rule := null;
  else
    v_judgement.allowed := true;
  end if;
  return v_judgement;
end
$$;

-- Why p_user may not look at the queue or the audit at all; null when they may. Both name what was removed, so that a
-- suspended moderator does not see them either. Which roles moderate is asked of the matrix, as for a message of a show
-- of one's own where p_own_show says so.
create or replace function rolecall_internal.refuse_overseer(
  p_user uuid,
  p_own_show boolean,
  p_rollout text
)
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_user rolecall.profiles;
  v_decision rolecall.decision;
begin
  select *
  into v_user
  from rolecall.profiles
  where id = p_user;
  if not rolecall_internal.feature_enabled('moderation', p_rollout, p_user, v_user.is_internal) then
    return rolecall_internal.refuse_disabled();
  end if;
  if v_user.id is null then
    return rolecall_internal.refuse_without_profile();
  end if;
  v_decision := rolecall_internal.decide(
    'moderate',
    v_user.role,
    'attendee',
    array[
      'feature_enabled',
      case when v_user.suspended_until > now() then 'suspended' end,
      case when p_own_show then 'own_show' end
    ]
  );
  if v_decision.allowed then
    return null;
  end if;
  if v_decision.rule = 'suspended' then
    return rolecall_internal.refusal_of(v_decision);
  end if;
  if p_own_show then
    return rolecall_internal.refusal(
      'permission_denied',
      'The reports are for show organizers, moderators and admins alone.',
      'moderators_and_organizers_only',
      'You become a moderator.'
    );
  end if;
  return rolecall_internal.refusal(
    'permission_denied',
    'The audit of the moderation is for moderators and admins alone.',
    'moderators_only',
    'You become a moderator.'
  );
end
$$;

-- Acts

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

-- What is wrong with the note of a request; null when nothing is.
create or replace function rolecall_internal.refuse_note(p_input jsonb)
returns jsonb
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
begin
  if p_input ->> 'note' is not null and not rolecall_internal.has_length(p_input ->> 'note', 1, 1000) then
    return rolecall_internal.refusal('invalid_input', 'The note must have 1 to 1000 characters.');
  end if;
  return null;
end
$$;
