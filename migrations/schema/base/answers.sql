-- The answer of an entry point that did what was asked.
create or replace function rolecall_internal.success(p_data jsonb, p_limits jsonb default null)
returns jsonb
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
begin
  if p_limits is null then
    return jsonb_build_object('ok', true, 'data', p_data);
  end if;
  return jsonb_build_object('ok', true, 'data', p_data, 'limits', p_limits);
end
$$;

-- The answer of an entry point that refuses. The detail is a sentence for people; the rule that refused, if one did, is
-- its one reason.
create or replace function rolecall_internal.refusal(
  p_code text,
  p_detail text,
  p_rule text default null,
  p_allowed_if text default null,
  p_data jsonb default null
)
returns jsonb
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_reasons jsonb;
begin
  if p_rule is not null then
    v_reasons := jsonb_build_array(
      jsonb_build_object('code', p_rule, 'message', p_detail)
      || case
        when p_allowed_if <> '' then jsonb_build_object('allowed_if', p_allowed_if)
        else '{}'
      end
    );
  end if;
  return jsonb_strip_nulls(jsonb_build_object('ok', false, 'code', p_code, 'detail', p_detail, 'reasons', v_reasons))
    || case when p_data is null then '{}' else jsonb_build_object('data', p_data) end;
end
$$;

-- The refusal of one field of a request, in the form in which functions refuse what does not parse.
create or replace function rolecall_internal.refuse_field(p_field text, p_rule text, p_message text)
returns jsonb
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
begin
  return jsonb_build_object(
    'ok', false,
    'code', 'validation_error',
    'detail', 'One field of the body is not valid.',
    'reasons', jsonb_build_array(jsonb_build_object('code', p_rule, 'message', p_message, 'field', p_field))
  );
end
$$;

-- Whether somebody had their account deleted, or is having it deleted.
create or replace function rolecall_internal.is_account_deleted(p_user uuid)
returns boolean
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  return exists (
    select
    from rolecall.data_deletions
    where user_id = p_user
      and account
  );
end
$$;

-- The refusal of a user who has no profile: none was made, or they had their account deleted.
create or replace function rolecall_internal.refuse_without_profile(p_user uuid)
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  if rolecall_internal.is_account_deleted(p_user) then
    return rolecall_internal.refusal(
      'permission_denied',
      'Your account was deleted.',
      'account_deleted',
      'You sign up again.'
    );
  end if;
  return rolecall_internal.refusal(
    'permission_denied',
    'You have no profile, so no role allows you to do this.',
    'no_profile',
    'A profile is created for you.'
  );
end
$$;

-- The end of a suspension as answers show it: null for none, "infinity" for one that never ends.
create or replace function rolecall_internal.suspension_json(p_until timestamptz)
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  if isfinite(p_until) then
    return to_jsonb(rolecall_internal.iso(p_until));
  end if;
  return coalesce(to_jsonb(p_until::text), 'null');
end
$$;

-- A message as p_reader sees it. p_removed is the content of a deleted one, given for readers who may see it.
create or replace function rolecall_internal.message_for(
  p_reader uuid,
  p_message rolecall.messages,
  p_removed text default null
)
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  return jsonb_build_object(
    'id', p_message.id,
    'seq', p_message.seq,
    'sender_id', p_message.sender_id,
    'content', coalesce(p_message.content, p_removed),
    'created_at', rolecall_internal.iso(p_message.created_at),
    'show_id', p_message.show_id,
    'version', coalesce(p_message.version, 1),
    'edited_at', rolecall_internal.iso(p_message.edited_at),
    'deleted', rolecall_internal.deletion_of(p_message),
    'reactions', case
      when p_message.reactions is null then '[]'::jsonb
      else rolecall_internal.shown_reactions(p_message, p_reader)
    end
  );
end
$$;

-- A message without its reactions.
create or replace function rolecall_internal.message_json(p_message rolecall.messages, p_removed text default null)
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  return rolecall_internal.message_for(null, p_message, p_removed) - 'reactions';
end
$$;

-- The refusal of a text that is_text does not take; null for one that it takes.
create or replace function rolecall_internal.refuse_text(p_name text, p_text text, p_least int, p_most int)
returns jsonb
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
begin
  if rolecall_internal.is_text(p_text, p_least, p_most) then
    return null;
  end if;
  return rolecall_internal.refusal(
    'invalid_input',
    case
      when rolecall_internal.has_visible(p_text) is not true then
        format('The %s has no visible text.', p_name)
      when rolecall_internal.has_control(p_text) then
        format('Control characters other than line breaks and tabs are not allowed in the %s.', p_name)
      else
        format(
          'The %s must have %s to %s characters; this has %s. Each Unicode code point counts: an emoji may be several.',
          p_name, p_least, p_most, char_length(p_text)
        )
    end
  );
end
$$;
