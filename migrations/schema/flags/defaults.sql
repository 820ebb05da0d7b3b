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

select set_config('rolecall.reason', '', true);
