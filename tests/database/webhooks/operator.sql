-- The operator's calls, as whoever calls the entry points with SQL is answered; over HTTP they are in tests/e2e/webhooks.
begin;
\ir ../support/calls.psql
\ir ../support/relay.psql
\ir ../support/webhooks.psql
select no_plan();
create function pg_temp.operate(p_function text, p_input jsonb)
returns jsonb
language sql
return pg_temp.ask_as_operator(p_function, p_input => p_input);

-- Addresses
select is(rolecall_internal.is_webhook_url(url), true, format('%s is an address', url))
from unnest(
  array[
    'https://push.example', 'https://push.example:8443/a?b=c', 'https://192.0.2.1/', 'https://[2001:db8::1]:8443/a',
    'https://push.example/a@b', 'http://127.0.0.1:9000/hook', 'http://localhost/hook', 'http://[::1]:9000/hook'
  ]
) as url;
select is(rolecall_internal.is_webhook_url(url), false, format('%s is none', url))
from unnest(
  array[
    '', 'push.example', 'http://push.example', 'https://', 'https:///a', 'https://user@push.example',
    'https://user:secret@push.example/', 'https://push.example/#a', 'https://push.example/a b', E'https://push.example/\n',
    'http://127.0.0.1.example', 'http://127.0.0.1@push.example', 'http://10.0.0.1/', 'ftp://push.example', 'https://push.example\@a/',
    'https://push.example/' || repeat('a', 2000)
  ]
) as url;

-- What is refused
select is(
  pg_temp.verdict(pg_temp.operate('create_webhook', input)),
  verdict,
  format('create_webhook %s', left(input::text, 60))
)
from (
  values
    ('{}'::jsonb, 'validation_error/required'),
    ('{"url": "http://push.example"}', 'validation_error/malformed_url'),
    ('{"url": "https://push.example", "types": ["resync"]}', 'validation_error/unknown_value'),
    ('{"url": "https://push.example", "types": "read"}', 'validation_error/unknown_value'),
    ('{"url": "https://push.example", "types": [1]}', 'validation_error/unknown_value'),
    (jsonb_build_object('url', 'https://push.example', 'description', repeat('a', 201)), 'validation_error/too_long')
) as refused (input, verdict);
select is((select count(*) from rolecall.webhooks), 0::bigint, 'leaves nothing behind');

-- What is made
create temporary table made as
select pg_temp.operate(
  'create_webhook',
  jsonb_build_object('url', 'https://push.example/token-1', 'types', '["typing", "read"]'::jsonb, 'description', repeat('a', 200))
) -> 'data' as answer;
create function pg_temp.hook()
returns uuid
language sql
return (select answer #>> '{webhook,id}' from made)::uuid;
select is(
  (select (answer -> 'webhook') - array['id', 'created_at', 'changed_at', 'description'] from made),
  '{
    "url": "https://push.example/token-1", "types": ["read", "typing"], "is_enabled": true, "disabled_reason": null,
    "former_secret_until": null, "last_delivered_at": null, "failing_since": null, "next_probe_at": null, "pending": 0,
    "oldest_pending_seconds": 0, "dead": 0, "dropped": 0
  }',
  'a webhook'
);
select ok((select answer ->> 'secret' ~ '^whsec_[A-Za-z0-9+/]{43}=$' from made), 'with a secret of 32 bytes');
select is(
  pg_temp.operate('list_webhooks', '{}') #> '{data,webhooks}',
  (select jsonb_build_array(answer -> 'webhook') from made),
  'the list shows it without'
);
select is(
  pg_temp.operate('update_webhook', jsonb_build_object('webhook_id', pg_temp.hook(), 'types', '[]'::jsonb)) #> '{data,webhook,types}',
  'null',
  'no types are all of them'
);
select is(
  pg_temp.operate('update_webhook', jsonb_build_object('webhook_id', pg_temp.hook(), 'url', 'https://other.example')) #>> '{data,webhook,url}',
  'https://other.example',
  'the address changes'
);
select is(
  pg_temp.operate('update_webhook', jsonb_build_object('webhook_id', pg_temp.hook(), 'is_enabled', false)) #>> '{data,webhook,url}',
  'https://other.example',
  'what is not given stays'
);
select is(
  pg_temp.verdict(pg_temp.operate('test_webhook', jsonb_build_object('webhook_id', pg_temp.hook()))),
  'invalid_input/webhook_disabled',
  'a disabled one is not tested'
);
select pg_temp.operate('update_webhook', jsonb_build_object('webhook_id', pg_temp.hook(), 'is_enabled', true));

-- As many as there may be
select is(
  (
    select string_agg(pg_temp.verdict(pg_temp.operate('create_webhook', '{"url": "https://push.example"}')), ' ')
    from generate_series(2, 20) as number
  ),
  rtrim(repeat('ok ', 19)),
  'twenty'
);
select is(
  pg_temp.verdict(pg_temp.operate('create_webhook', '{"url": "https://push.example"}')),
  'invalid_input/too_many_webhooks',
  'and no more'
);
select is((select count(distinct secret) from rolecall.webhooks), 20::bigint, 'each has a secret of its own');
delete from rolecall.webhooks where id <> pg_temp.hook();

-- Rotation
create temporary table rotated as
select pg_temp.operate('rotate_webhook', jsonb_build_object('webhook_id', pg_temp.hook())) #>> '{data,secret}' as secret;
select is((select secret from rolecall.webhooks), (select secret from rotated), 'a new secret');
select is((select former_secret from rolecall.webhooks), (select answer ->> 'secret' from made), 'the old one signs as well');
select is((select former_secret_until - now() from rolecall.webhooks), interval '24 hours', 'for a day');
select pg_temp.operate('rotate_webhook', jsonb_build_object('webhook_id', pg_temp.hook()));
select isnt((select former_secret from rolecall.webhooks), (select answer ->> 'secret' from made), 'the second rotation ends the first secret');

-- Deliveries, page by page
select is(
  pg_temp.operate('list_webhook_deliveries', jsonb_build_object('webhook_id', pg_temp.hook(), 'state', state)) -> 'data',
  '{"deliveries": [], "next_cursor": null}',
  'an empty page has nothing: ' || state
)
from unnest('{pending,dead}'::text[]) as state;
insert into rolecall.webhook_deliveries (webhook_id, outbox_id, made_at, type, domain, conversation_id, state, due_at, attempts)
select
  pg_temp.hook(), number, now() - interval '1 hour', 'message.created', 'conversations', gen_random_uuid(), state,
  now() + (number / 3) * interval '1 second', number
from generate_series(1, 7) as number
cross join unnest(array['pending', 'dead']) as state;
create function pg_temp.pages(p_state text)
returns text
language plpgsql
as $$
declare
  v_page jsonb;
  v_cursor text;
  v_seen text[] := '{}';
begin
  loop
    v_page := pg_temp.operate(
      'list_webhook_deliveries',
      jsonb_strip_nulls(
        jsonb_build_object('webhook_id', pg_temp.hook(), 'state', p_state, 'limit', 2, 'cursor', v_cursor)
      )
    ) -> 'data';
    v_seen := v_seen || (
      select string_agg(delivery ->> 'attempts', ' ')
      from jsonb_array_elements(v_page -> 'deliveries') as delivery
    );
    v_cursor := v_page ->> 'next_cursor';
    exit when v_cursor is null;
  end loop;
  return array_to_string(v_seen, ', ');
end
$$;
select is(pg_temp.pages('pending'), '1 2, 3 4, 5 6, 7', 'what is due first comes first');
select is(pg_temp.pages(null), '1 2, 3 4, 5 6, 7', 'and is listed where nothing is said');
select is(pg_temp.pages('dead'), '7 6, 5 4, 3 2, 1', 'of the dead the last');
select is(
  (
    pg_temp.operate('list_webhook_deliveries', jsonb_build_object('webhook_id', pg_temp.hook(), 'limit', 1))
      #> '{data,deliveries,0}'
  ) - array['id', 'message_id', 'conversation_id', 'happened_at', 'due_at'],
  '{
    "event_id": "1.1", "type": "message.created", "domain": "conversations", "state": "pending", "attempts": 1,
    "in_flight": false, "died_at": null, "last_status": null, "last_error": null
  }',
  'a delivery says what, not what it says'
);
select is(
  pg_temp.verdict(
    pg_temp.operate('list_webhook_deliveries', jsonb_build_object('webhook_id', pg_temp.hook(), 'cursor', cursor))
  ),
  'invalid_input',
  format('%s is no cursor', cursor)
)
from unnest(array['x', '1.x', '1', '']) as cursor;

-- Redelivery since a moment
update rolecall.webhook_deliveries set made_at = '2026-01-01' where attempts < 4;
select is(
  pg_temp.operate(
    'redeliver_webhook', jsonb_build_object('webhook_id', pg_temp.hook(), 'since', '2026-01-02T00:00:00Z')
  ) -> 'data',
  '{"redelivered": 4, "more": false}',
  'what happened since then is brought back'
);
select is(pg_temp.pages('dead'), '3 2, 1', 'the rest stays');
select is(
  pg_temp.verdict(pg_temp.operate('redeliver_webhook', jsonb_build_object('webhook_id', pg_temp.hook(), 'since', 'yesterday'))),
  'validation_error/malformed_timestamp',
  'yesterday is no moment'
);

-- Who is unknown
select is(
  pg_temp.verdict(pg_temp.operate(function, input)),
  'not_found',
  format('%s %s', function, input)
)
from unnest(
  array[
    'update_webhook', 'rotate_webhook', 'remove_webhook', 'test_webhook', 'list_webhook_deliveries', 'redeliver_webhook'
  ]
) as function
cross join unnest(
  array['{}', '{"webhook_id": "x"}', '{"webhook_id": "00000000-0000-4000-8000-000000000099"}']::jsonb[]
) as input;
select is(
  pg_temp.verdict(pg_temp.ask(function, pg_temp.demo(8), jsonb_build_object('webhook_id', pg_temp.hook(), 'url', 'https://a.example'))),
  'permission_denied/operator_only',
  format('%s is the operator''s, not an admin''s', function)
)
from unnest(
  array[
    'create_webhook', 'list_webhooks', 'update_webhook', 'rotate_webhook', 'remove_webhook', 'test_webhook',
    'list_webhook_deliveries', 'redeliver_webhook'
  ]
) as function;

-- Removal
select is(
  pg_temp.operate('remove_webhook', jsonb_build_object('webhook_id', pg_temp.hook())) -> 'data',
  jsonb_build_object('webhook_id', pg_temp.hook()),
  'it is removed'
);
select is((select count(*) from rolecall.webhooks), 0::bigint, 'and gone, with its secrets');
select is(jsonb_array_length(pg_temp.take() -> 'deliveries'), 0, 'nothing is taken for it');
select is(rolecall_internal.tidy_webhooks(), 14::bigint, 'what waited for it goes');

-- What is written down
select is(
  (
    select string_agg(distinct event, ' ' order by event)
    from rolecall.application_logs
    where event like 'webhook%'
  ),
  'webhook_created webhook_redelivered webhook_removed webhook_rotated webhook_updated',
  'each change is in the log'
);
select is_empty(
  $$
    select details
    from rolecall.application_logs
    where details::text ~ 'token-1|whsec_'
  $$,
  'without a secret, and without what stands in the address behind the host'
);
select is(
  (select details - 'webhook_id' from rolecall.application_logs where event = 'webhook_removed'),
  '{"host": "other.example"}',
  'which it names'
);
select is(
  pg_temp.run_as('service_role', null, format('select count(%s) from rolecall.webhooks', name)),
  case when name ~ 'secret$' then '42501' else '0' end,
  format('service_role and webhooks.%s', name)
)
from unnest(array['id', 'url', 'secret', 'former_secret', 'former_secret_until']) as name;
select * from finish();
rollback;
