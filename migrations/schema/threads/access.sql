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
