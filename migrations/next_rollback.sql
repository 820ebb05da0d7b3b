-- messages: what was edited keeps its newest words.

alter table rolecall.messages
  drop column reactions,
  drop column edited_at,
  drop column version;

delete from rolecall.rate_limits
where action in ('edit_message', 'react');

select set_config('rolecall.reason', 'Rolecall was taken back.', true);

delete from rolecall.feature_flags
where name in ('messages', 'reactions');

select set_config('rolecall.reason', '', true);

-- conversations: settings.

delete from rolecall.rate_limits
where action = 'conversation_settings';
