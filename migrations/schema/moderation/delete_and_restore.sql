-- Who deletes, as a placeholder names them: the author, an organizer or a moderator. Admins count as moderators.
create or replace function rolecall_internal.deletion_class(p_user uuid, p_author uuid)
returns text
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  if p_user = p_author then
    return 'author';
  end if;
  return (
    select case when role in ('moderator', 'admin') then 'moderator' else 'organizer' end
    from rolecall.profiles
    where id = p_user
  );
end
$$;

-- Deletes a message for p_user, who may, and audits it; returns the message as it is then. The first who deletes
-- stands: for a message that is deleted already nothing happens.
create or replace function rolecall_internal.remove_message(p_user uuid, p_message uuid, p_report uuid, p_note text)
returns rolecall.messages
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_message rolecall.messages;
begin
  select *
  into v_message
  from rolecall.messages
  where id = p_message
  for no key update;
  if not found or v_message.deleted_at is not null then
    return v_message;
  end if;

  -- The content goes where nothing that reads messages can find it.
  if v_message.content is not null then
    insert into rolecall.removed_contents (message_id, content, removed_at)
    values (p_message, v_message.content, now());
  end if;
  update rolecall.messages
  set
    content = null,
    deleted_at = now(),
    deleted_as = rolecall_internal.deletion_class(p_user, v_message.sender_id)
  where id = p_message
  returning *
  into v_message;
  perform rolecall_internal.audit_moderation(
    p_user,
    'message_deleted',
    p_report,
    p_message,
    v_message.sender_id,
    p_note,
    jsonb_build_object('deleted', null),
    jsonb_build_object('deleted', rolecall_internal.deletion_of(v_message))
  );
  return v_message;
end
$$;

-- Restores a message for p_user, who may, and audits it; returns the message as it is then. One that is not deleted, or
-- that its author deleted, stays as it is.
create or replace function rolecall_internal.bring_back_message(p_user uuid, p_message uuid, p_report uuid, p_note text)
returns rolecall.messages
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_message rolecall.messages;
  v_before jsonb;
  v_content text;
begin
  select *
  into v_message
  from rolecall.messages
  where id = p_message
  for no key update;
  if not found or v_message.deleted_at is null or v_message.deleted_as = 'author' then
    return v_message;
  end if;

  v_before := jsonb_build_object('deleted', rolecall_internal.deletion_of(v_message));
  delete from rolecall.removed_contents
  where message_id = p_message
  returning content
  into v_content;
  update rolecall.messages
  set
    content = v_content,
    deleted_at = null,
    deleted_as = null
  where id = p_message
  returning *
  into v_message;
  perform rolecall_internal.audit_moderation(
    p_user,
    'message_restored',
    p_report,
    p_message,
    v_message.sender_id,
    p_note,
    v_before,
    jsonb_build_object('deleted', null)
  );
  return v_message;
end
$$;

create or replace function rolecall_internal.refuse_restoring_authors()
returns jsonb
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
begin
  return rolecall_internal.refusal(
    'permission_denied',
    'What its author has deleted stays deleted.',
    'deleted_by_author',
    'Somebody else has deleted the message.'
  );
end
$$;

-- Deletes a message: {message_id, note?}. Authors may delete their own, whatever the matrix says of moderating.
create or replace function rolecall_internal.delete_message(p_user uuid, p_input jsonb, p_rollout text)
returns jsonb
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_message rolecall.messages;
  v_judgement rolecall.judgement;
begin
  v_judgement := rolecall_internal.judge_moderation(p_user, rolecall_internal.uuid_or_null(p_input ->> 'message_id'), p_rollout);
  select *
  into v_message
  from rolecall.messages
  where id = rolecall_internal.uuid_or_null(p_input ->> 'message_id');
  if v_judgement.allowed is distinct from true
    and (
      v_message.sender_id is distinct from p_user
      -- Neither being suspended nor the matrix stands in the way of taking back one's own words.
      or v_judgement.rule in ('feature_disabled', 'no_profile')
    )
  then
    return v_judgement.refusal;
  end if;
  if rolecall_internal.refuse_note(p_input) is not null then
    return rolecall_internal.refuse_note(p_input);
  end if;

  v_message := rolecall_internal.remove_message(p_user, v_message.id, null, p_input ->> 'note');
  return rolecall_internal.moderated_message(v_message);
end
$$;

-- Restores a message: {message_id, note?}.
create or replace function rolecall_internal.restore_message(p_user uuid, p_input jsonb, p_rollout text)
returns jsonb
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_id uuid := rolecall_internal.uuid_or_null(p_input ->> 'message_id');
  v_judgement rolecall.judgement := rolecall_internal.judge_moderation(p_user, v_id, p_rollout);
  v_message rolecall.messages;
begin
  if v_judgement.allowed is distinct from true then
    return v_judgement.refusal;
  end if;
  if rolecall_internal.refuse_note(p_input) is not null then
    return rolecall_internal.refuse_note(p_input);
  end if;

  v_message := rolecall_internal.bring_back_message(p_user, v_id, null, p_input ->> 'note');
  if v_message.deleted_as = 'author' then
    return rolecall_internal.refuse_restoring_authors();
  end if;
  return rolecall_internal.moderated_message(v_message);
end
$$;

create or replace function rolecall_edge.delete_message(p_request jsonb)
returns jsonb
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  return rolecall_internal.answer_moderation('delete_message', p_request);
end
$$;

create or replace function rolecall_edge.restore_message(p_request jsonb)
returns jsonb
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  return rolecall_internal.answer_moderation('restore_message', p_request);
end
$$;
