-- 0006: social: what people do with messages, and in groups.

-- messages: edits.

alter table rolecall.messages
  add column version int,
  add column edited_at timestamptz;

comment on column rolecall.messages.version is
  'How many versions of its content there are, this one counted; null for 1, so that a message that is sent holds nothing.';

comment on column rolecall.messages.edited_at is 'When its author last edited it; null if they never have.';

-- messages: reactions.

alter table rolecall.messages
  add column reactions jsonb;

comment on column rolecall.messages.reactions is
  'How many reactions of each kind, as who gave none sees them; null for none. Who reacted stands in message_reactions.';

-- messages: retention.

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
    return coalesce(p_content is null and p_deleted_as in ('author', 'organizer', 'moderator', 'retention'), false);
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

comment on column rolecall.messages.deleted_as is 'The capacity in which somebody deleted it: author, organizer or moderator; retention: erased when it was older than messages are kept.';
