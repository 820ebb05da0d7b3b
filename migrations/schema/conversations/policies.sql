alter table rolecall.conversation_settings enable row level security;

drop policy if exists "people see their settings of conversations" on rolecall.conversation_settings;

create policy "people see their settings of conversations"
on rolecall.conversation_settings
for select
to authenticated
using (user_id = (select auth.uid()));

drop policy if exists "the operator sees conversation_settings" on rolecall.conversation_settings;

create policy "the operator sees conversation_settings"
on rolecall.conversation_settings
for select
to service_role
using (true);
