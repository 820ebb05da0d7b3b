-- Not phone: only the delivery of messages reads it, with the rights of the owner.
grant select (id, organization_id, user_id, display_name, created_at, erased_at) on rolecall.clients to service_role;

grant select on rolecall.message_threads to service_role;

grant select on rolecall.thread_messages to service_role;

grant select on rolecall.thread_reads to service_role;

grant select on rolecall.routing_decisions to service_role;

grant select on rolecall.anti_poaching_attempts to service_role;

grant select on rolecall.opt_outs to service_role;

grant select on rolecall.automatic_replies to service_role;

grant select on rolecall.word_texts to service_role;

-- Neither what tells a client who sits, nor the content: see policies.sql.
grant select (id, organization_id, scope, status, client_id, number_class, last_message_at, created_at)
on rolecall.message_threads
to authenticated;

grant select (organization_id, thread_id, seq, id, direction, kind, client_id, delivery, encoding, segments, created_at)
on rolecall.thread_messages
to authenticated;

-- The policies call these with the rights of whoever reads; the schema stays closed.
grant execute on function
  rolecall_internal.caller_organization_of_threads(),
  rolecall_internal.caller_threads(),
  rolecall_internal.caller_role_of_threads(),
  rolecall_internal.sees_message(text, uuid, text, text, uuid, uuid, bigint, text),
  rolecall_internal.reads_every_thread(text),
  rolecall_internal.reads_assigned_threads(text),
  rolecall_internal.reads_own_thread(text)
  to authenticated;
