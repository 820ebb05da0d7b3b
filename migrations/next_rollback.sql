-- messages: what was edited keeps its newest words.

alter table rolecall.messages
  drop column reactions,
  drop column edited_at,
  drop column version;

delete from rolecall.rate_limits
where action in ('edit_message', 'react');

select set_config('rolecall.reason', 'Rolecall was taken back.', true);

delete from rolecall.feature_flags
where name in ('messages', 'reactions');

select set_config('rolecall.reason', '', true);

-- conversations: settings.

delete from rolecall.rate_limits
where action = 'conversation_settings';

-- retention: who deleted is a moderator, as far as the release before knows.

update rolecall.messages
set deleted_as = 'moderator'
where deleted_as = 'retention';

create or replace function rolecall_internal.is_message(
  p_sender uuid,
  p_content text,
  p_created_at timestamptz,
  p_deleted_at timestamptz,
  p_deleted_as text,
  p_legacy boolean
)
returns boolean
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
begin
  -- What was imported may lack its sender, its time and its content.
  if p_sender is null or p_created_at is null then
    if not p_legacy then
      return false;
    end if;
  end if;
  if p_deleted_at is not null then
    return coalesce(p_content is null and p_deleted_as in ('author', 'organizer', 'moderator'), false);
  end if;
  return p_deleted_as is null
    and (
      p_legacy
      or coalesce(
        char_length(p_content) between 1 and rolecall_internal.limit_direct_message_chars()
          and rolecall_internal.has_visible(p_content),
        false
      )
    );
end
$$;

comment on column rolecall.messages.deleted_as is 'The capacity in which somebody deleted it: author, organizer or moderator.';
