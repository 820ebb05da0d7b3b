-- The threads of conversations that were there before their table. How far their people had read was not kept: what they
-- said themselves, and what came before it, is read.
insert into rolecall.help_threads (
  conversation_id, requester_id, helper_id, status, last_message_at,
  requester_read_at, helper_read_at, requester_unread, helper_unread
)
select
  conversation.id,
  conversation.requester_id,
  conversation.helper_id,
  conversation.status,
  greatest(conversation.created_at, said.newest),
  coalesce(said.by_requester, '-infinity'),
  coalesce(said.by_helper, '-infinity'),
  (
    select count(*)
    from public.messages_v2
    where conversation_id = conversation.id
      and created_at > coalesce(said.by_requester, '-infinity')
      and rolecall_internal.is_new_help_message(sender_id, content, conversation.requester_id)
  ),
  (
    select count(*)
    from public.messages_v2
    where conversation_id = conversation.id
      and created_at > coalesce(said.by_helper, '-infinity')
      and rolecall_internal.is_new_help_message(sender_id, content, conversation.helper_id)
  )
from public.conversations_v2 as conversation
cross join lateral (
  select
    max(created_at) as newest,
    max(created_at) filter (where sender_id = conversation.requester_id) as by_requester,
    max(created_at) filter (where sender_id = conversation.helper_id) as by_helper
  from public.messages_v2
  where conversation_id = conversation.id
) as said;
