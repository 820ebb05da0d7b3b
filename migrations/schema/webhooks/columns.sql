-- Whether a webhook may have this address: https without a user or a fragment; http for a receiver on the operator's own
-- machine, as in development, which the relay must have been allowed to reach. Whom else it may not reach, as addresses of
-- a private network, the relay decides by what the name resolves to.
create or replace function rolecall_internal.is_webhook_url(p_url text)
returns boolean
language sql
immutable
return char_length(p_url) between 1 and rolecall_internal.limit_webhook_url_chars()
  and (
    p_url ~ '^https://[A-Za-z0-9._-]+(:[0-9]{1,5})?([/?][!-~]*)?$'
    or p_url ~ '^https://\[[0-9A-Fa-f:.]+\](:[0-9]{1,5})?([/?][!-~]*)?$'
    or p_url ~ '^http://(127\.0\.0\.1|localhost|\[::1\])(:[0-9]{1,5})?([/?][!-~]*)?$'
  )
  and p_url !~ '#';

-- The types of events that a webhook may ask for. It hears of typing and presence only if it asks.
create or replace function rolecall_internal.webhook_types()
returns text[]
language sql
immutable
return array[
  'message.created',
  'message.changed',
  'read',
  'typing',
  'presence',
  'notification',
  'conversation.changed',
  'member.changed'
];

create or replace function rolecall_internal.is_wanted_type(p_types text[], p_type text)
returns boolean
language sql
immutable
return case
  when p_types is null then p_type not in ('typing', 'presence', 'resync')
  else p_type = any (p_types)
end;
