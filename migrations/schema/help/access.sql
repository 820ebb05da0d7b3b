-- Policies call these with the rights of whoever asks.
grant execute on function
  rolecall_internal.caller_may_ask_for_help(),
  rolecall_internal.caller_may_edit_in(uuid),
  rolecall_internal.caller_may_move(uuid)
  to authenticated;

grant execute on function
  public.create_conversation_atomic(uuid, uuid, text),
  public.send_message_v2(uuid, uuid, text),
  public.get_conversation_v2(uuid, uuid)
  to authenticated;

grant select on rolecall.help_requests to authenticated;

grant insert (id, requester_id, title, description) on rolecall.help_requests to authenticated;

grant update (title, description, status) on rolecall.help_requests to authenticated;

grant select, insert, update, delete on rolecall.help_requests to service_role;

grant select on public.conversations_v2 to authenticated;

grant update (status) on public.conversations_v2 to authenticated;

grant select, insert, update, delete on public.conversations_v2 to service_role;

grant select, delete on public.messages_v2 to authenticated;

grant update (content) on public.messages_v2 to authenticated;

grant select, insert, update, delete on public.messages_v2 to service_role;
