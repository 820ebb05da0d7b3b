-- Removed content: what is kept of it, and who sees it. Every path asks here: the queue and its reviews, the messages of a
-- conversation, replays of keys. The cards of the inbox, exports, tables and views show none to anybody.

-- Whether the content of a message is kept that p_as removes now. What its author takes back of their own will is gone for
-- good, unless it was reported before: it is what the moderators decide about. What others removed before is kept already.
create or replace function rolecall_internal.keeps_removed(p_message rolecall.messages, p_as text)
returns boolean
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  return p_as <> 'author'
    or exists (
      select
      from rolecall.reported_messages as report
      where report.conversation_id = p_message.conversation_id
        and report.seq = p_message.seq
    );
end
$$;

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
