-- As what p_user deletes a message of p_author: its author, an organizer or a moderator. A placeholder names it.
create or replace function rolecall_internal.deletion_capacity(p_user uuid, p_author uuid)
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
    select case when rolecall_internal.moderates_everything(role) then 'moderator' else 'organizer' end
    from rolecall.profiles
    where id = p_user
  );
end
$$;

-- Which of two deletions stands: an organizer's gives way to a moderator's, and both to the author's and to that of what is
-- too old, neither of which gives way.
create or replace function rolecall_internal.deletion_rank(p_as text)
returns int
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
begin
  return case p_as
    when 'organizer' then 1
    when 'moderator' then 2
    when 'author' then 3
    when 'retention' then 3
  end;
end
$$;

-- Applies the deletion of a message by p_user, who is allowed to, and audits it; returns the message as it is then. The
-- first deletion stands, unless it gives way: what a moderator had removed is its author's deletion from when they wanted
-- it, too, so that nobody brings it back.
create or replace function rolecall_internal.apply_deletion(p_user uuid, p_message uuid, p_report uuid, p_note text)
returns rolecall.messages
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_message rolecall.messages;
  v_as text;
  v_before jsonb;
begin
  perform rolecall_internal.hold_conversations(
    array(select conversation_id from rolecall.messages where id = p_message)
  );
  select *
  into v_message
  from rolecall.messages
  where id = p_message
  for no key update;
  if not found then
    return rolecall_internal.apply_help_deletion(p_user, p_message, p_report, p_note);
  end if;
  v_as := rolecall_internal.deletion_capacity(p_user, v_message.sender_id);
  if rolecall_internal.deletion_rank(v_as) <= rolecall_internal.deletion_rank(v_message.deleted_as) then
    return v_message;
  end if;

  v_before := jsonb_build_object('deleted', rolecall_internal.deletion_of(v_message));
  -- The content moves to where nothing that reads messages can find it.
  if v_message.content is not null and rolecall_internal.keeps_removed(v_message, v_as) then
    insert into rolecall.removed_contents (conversation_id, seq, content, removed_at)
    values (v_message.conversation_id, v_message.seq, v_message.content, now());
  end if;
  update rolecall.messages
  set
    content = null,
    deleted_at = now(),
    deleted_as = v_as
  where conversation_id = v_message.conversation_id
    and seq = v_message.seq
  returning *
  into v_message;
  perform rolecall_internal.audit_moderation(
    p_user,
    'message_deleted',
    p_report,
    p_message,
    v_message.sender_id,
    p_note,
    v_before,
    jsonb_build_object('deleted', rolecall_internal.deletion_of(v_message))
  );
  return v_message;
end
$$;

-- Deletes a message: {message_id, note?}. An author may delete their own, whatever the matrix says of moderating.
create or replace function rolecall_internal.delete_message(p_user uuid, p_input jsonb, p_rollouts jsonb)
returns jsonb
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_message rolecall.messages;
  v_judgement rolecall.judgement;
begin
  v_judgement := rolecall_internal.judge_moderation(p_user, rolecall_internal.uuid_or_null(p_input ->> 'message_id'), p_rollouts);
  select *
  into v_message
  from rolecall.messages
  where id = rolecall_internal.uuid_or_null(p_input ->> 'message_id');
  if not found then
    v_message := rolecall_internal.help_message_row(rolecall_internal.uuid_or_null(p_input ->> 'message_id'));
  end if;
  if v_judgement.allowed is distinct from true
    and (
      v_message.sender_id is distinct from p_user
      -- Neither a suspension nor the matrix keeps an author from taking back their own words.
      or v_judgement.rule in ('feature_disabled', 'no_profile', 'account_deleted')
    )
  then
    return v_judgement.refusal;
  end if;
  if rolecall_internal.refuse_note(p_input) is not null then
    return rolecall_internal.refuse_note(p_input);
  end if;

  v_message := rolecall_internal.apply_deletion(p_user, v_message.id, null, p_input ->> 'note');
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
declare
  v_call rolecall.call := rolecall_internal.begin_call('moderation.delete', p_request, p_rate => 'moderate');
begin
  if v_call.answer is null then
    v_call.answer := rolecall_internal.delete_message(v_call.caller, v_call.input, v_call.rollouts);
  end if;
  return rolecall_internal.end_call(v_call);
end
$$;
