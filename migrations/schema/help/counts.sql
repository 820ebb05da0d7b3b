-- How many messages each help conversation has, counted by the statement that adds or deletes them.

create or replace function rolecall_internal.count_help_messages()
returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  insert into rolecall.help_message_counts as counted (conversation_id, messages, first_message_id)
  select conversation_id, count(*), (array_agg(id order by created_at, id))[1]
  from added
  group by conversation_id
  order by conversation_id
  on conflict (conversation_id) do update
  set messages = counted.messages + excluded.messages;
  return null;
end
$$;

create or replace function rolecall_internal.discount_help_messages()
returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  update rolecall.help_message_counts as counted
  set messages = counted.messages - gone_of.messages
  from (
    select conversation_id, count(*) as messages
    from gone
    group by conversation_id
  ) as gone_of
  where counted.conversation_id = gone_of.conversation_id;
  return null;
end
$$;
