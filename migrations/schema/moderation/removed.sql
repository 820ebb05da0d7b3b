-- Removed content: what is kept of it, and who sees it. Every path asks here: the queue and its reviews, the inbox's
-- cards, the messages of a conversation, replays of keys. Exports, tables and views show none to anybody.

-- Whether an actor sees the removed contents that are kept: who moderates everything, unless suspended. An organizer does
-- not, nor does the author.
create or replace function rolecall_internal.sees_removed(p_actor rolecall.actor)
returns boolean
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
begin
  return p_actor.refusal is null
    and p_actor.suspended is null
    and rolecall_internal.moderates_everything(p_actor.role);
end
$$;
