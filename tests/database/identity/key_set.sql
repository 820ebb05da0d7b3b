-- key_set: what one instance of the functions leaves for the next.
begin;
\ir ../support/calls.psql
select no_plan();

create function pg_temp.call_key_set(p_input jsonb)
returns jsonb
language plpgsql
as $$
declare
  v_answer jsonb;
begin
  perform set_config('role', 'rolecall_edge', true);
  v_answer := rolecall_edge.key_set(jsonb_build_object('claims', '{"role": "anon"}'::jsonb, 'input', p_input));
  perform set_config('role', 'none', true);
  return v_answer;
end
$$;

select is(
  pg_temp.call_key_set('{"url": "https://auth.example/a"}') -> 'data',
  '{"keys": null, "age_seconds": null}',
  'of an address that nobody has asked there is nothing'
);
select is(
  pg_temp.call_key_set('{"url": "https://auth.example/a", "keys": "{\"keys\": []}"}'),
  '{"ok": true, "data": {}}',
  'keys are left'
);
select is(
  pg_temp.call_key_set('{"url": "https://auth.example/a"}') -> 'data',
  '{"keys": "{\"keys\": []}", "age_seconds": 0}',
  'and taken over, to the letter'
);
select is(
  pg_temp.call_key_set('{"url": "https://auth.example/b"}') #> '{data,keys}',
  'null',
  'another address has none of them'
);

update rolecall.key_sets set fetched_at = now() - interval '90 seconds';
select is(pg_temp.call_key_set('{"url": "https://auth.example/a"}') #> '{data,age_seconds}', '90', 'with their age');
select is(
  pg_temp.verdict(pg_temp.call_key_set('{"url": "https://auth.example/a", "keys": "{\"keys\": []}"}')),
  'ok',
  'the same keys are left again'
);
select is(pg_temp.call_key_set('{"url": "https://auth.example/a"}') #> '{data,age_seconds}', '0', 'and are young again');
update rolecall.key_sets set fetched_at = now() - interval '59 seconds';
select is(
  pg_temp.verdict(pg_temp.call_key_set('{"url": "https://auth.example/a", "keys": "{\"keys\": []}"}')),
  'ok',
  'many instances may leave the same within a minute'
);
select is(pg_temp.call_key_set('{"url": "https://auth.example/a"}') #> '{data,age_seconds}', '59', 'which writes nothing');
select is(
  pg_temp.verdict(pg_temp.call_key_set('{"url": "https://auth.example/a", "keys": "{\"keys\": [1]}"}')),
  'ok',
  'other keys replace them at once'
);
select results_eq(
  'select url, keys, fetched_at from rolecall.key_sets',
  $$ values ('https://auth.example/a', '{"keys": [1]}', now()) $$,
  'there is one row for an address'
);

update rolecall.key_sets set fetched_at = now() - interval '8 days';
select is(
  pg_temp.verdict(pg_temp.call_key_set('{"url": "https://auth.example/c", "keys": "{}"}')),
  'ok',
  'another address is left'
);
select results_eq(
  'select url from rolecall.key_sets',
  $$ values ('https://auth.example/c') $$,
  'what nobody has fetched for a week is gone'
);

select is(pg_temp.verdict(pg_temp.call_key_set(input)), 'invalid_input', left(input::text, 40))
from (
  values
    ('{}'::jsonb),
    ('{"url": null, "keys": "{}"}'),
    (jsonb_build_object('url', repeat('x', 2049))),
    (jsonb_build_object('url', 'x', 'keys', repeat('x', 262145)))
) as wrong (input);
select is(
  pg_temp.run_as(role, null, statement),
  '42501',
  format('%s: %s', role, statement)
)
from unnest(array['anon', 'authenticated']) as role
cross join unnest(array[
  'select rolecall_edge.key_set(''{}'')',
  'select * from rolecall.key_sets',
  'insert into rolecall.key_sets values (''https://auth.example/c'', ''{"keys": []}'')'
]) as statement;
select is(
  pg_temp.run_as('service_role', null, 'insert into rolecall.key_sets values (''https://evil.example'', ''{}'')'),
  '42501',
  'the operator leaves no keys'
);
select is(
  pg_temp.run_as('service_role', null, 'delete from rolecall.key_sets'),
  '1',
  'but takes them away'
);

select * from finish();
rollback;
