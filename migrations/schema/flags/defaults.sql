-- What every function for users requires is off until somebody switches it on. A database that was used before this was
-- asked goes on as it was.
select set_config('rolecall.reason', 'Rolecall was installed.', true);

insert into rolecall.feature_flags (name, rollout, description)
values
  (
    'messaging_v2_enabled',
    case when exists (select from rolecall.profiles) then 'enabled' else 'disabled' end,
    'All functions for users; each requires it.'
  ),
  ('maintenance', 'disabled', 'Users whom this includes read, but write nothing: their POSTs are answered 503.');

update rolecall.feature_flags
set requires = 'messaging_v2_enabled'
where name in (
  'blocks',
  'check-permission',
  'conversations',
  'diagnostics',
  'help-conversations',
  'moderation',
  'own-data',
  'send-broadcast',
  'send-dm',
  'start-conversation'
);

-- Organisations switch these on for themselves, by an override.
insert into rolecall.feature_flags (name, rollout, description, requires)
values
  (
    'messaging_v1',
    'disabled',
    'Texting of organisations: bookings, masked numbers, threads.',
    'messaging_v2_enabled'
  );

insert into rolecall.feature_flags (name, rollout, description, requires)
values
  (
    'proactive_thread_creation',
    'disabled',
    'A recurring booking with a sitter has its thread, number and window from the start.',
    'messaging_v1'
  ),
  ('sitter_messages_v1', 'disabled', 'Sitters read and write in their threads.', 'messaging_v1');

select set_config('rolecall.reason', '', true);
