-- What the app's own code (V1) says to the database, as it was recorded: it lists, reads, sends and marks as read.
select 'list' as statement, conversation.id, conversation.status, request.title,
  (select content from public.messages where conversation_id = conversation.id order by created_at desc limit 1) as last
from public.conversation_participants as participant
join public.conversations as conversation on conversation.id = participant.conversation_id
left join public.help_requests as request on request.id = conversation.help_request_id
where participant.user_id = 'a0000000-0000-4000-8000-000000000004' and participant.left_at is null
order by conversation.created_at desc;
select 'read' as statement, id, sender_id, content, read_at
from public.messages
where conversation_id = 'c0000000-0000-4000-8000-000000000004'
order by created_at;
insert into public.messages (id, conversation_id, sender_id, recipient_id, content, created_at)
values (
  'd0000000-0000-4000-8000-000000000999', 'c0000000-0000-4000-8000-000000000004',
  'a0000000-0000-4000-8000-000000000004', 'a0000000-0000-4000-8000-000000000005', 'On my way', '2026-03-05 08:00+00')
returning 'send' as statement, id, conversation_id, content, read_at;
update public.messages set read_at = '2026-03-05 09:00+00'
where conversation_id = 'c0000000-0000-4000-8000-000000000004'
  and recipient_id = 'a0000000-0000-4000-8000-000000000005' and read_at is null
returning 'mark read' as statement, id, read_at;
select 'unread' as statement, public.unread('a0000000-0000-4000-8000-000000000004');
update public.help_requests set status = 'completed' where id = 'b0000000-0000-4000-8000-000000000004'
returning 'complete' as statement, id, title, status;
insert into public.profiles (id, name) values ('a0000000-0000-4000-8000-000000000099', 'New neighbour')
returning 'sign up' as statement, id, name, email;
insert into public.help_requests (id, user_id, title, created_at)
values ('b0000000-0000-4000-8000-000000000099', 'a0000000-0000-4000-8000-000000000099', 'Shopping', '2026-03-06 08:00+00')
returning 'ask' as statement, id, user_id, title, status;
update public.profiles set name = 'Renamed neighbour' where id = 'a0000000-0000-4000-8000-000000000099'
returning 'rename' as statement, name;
delete from public.help_requests where id = 'b0000000-0000-4000-8000-000000000099' returning 'withdraw' as statement, id;
delete from public.profiles where id = 'a0000000-0000-4000-8000-000000000099' returning 'leave' as statement, id;
select 'count' as statement, (select count(*) from public.messages), (select count(*) from public.help_requests),
  (select count(*) from public.profiles);
