-- rolecall_internal.whole_number and page_size: which numbers of a request are whole.
begin;
\ir ../support/calls.psql
select no_plan();

select is(rolecall_internal.whole_number(value), number, format('%s is %s', value, number))
from (
  values
    ('0'::jsonb, 0::bigint),
    ('1', 1),
    ('1.0', 1),
    ('1.000', 1),
    ('1e0', 1),
    ('10e-1', 1),
    ('1.5e1', 15),
    ('-0.0', 0),
    ('999999999999999999', 999999999999999999)
) as whole (value, number);
select is(rolecall_internal.whole_number(value), null, format('%s is none', value))
from unnest(
  array[
    '1.5', '1e-1', '-1', '-1.0', '1000000000000000000', '1e300', '1e-300', '"1"', '"1.0"', 'true', 'null', '[1]', '{}'
  ]::jsonb[]
) as value;
select is(rolecall_internal.whole_number(null), null, 'nothing is none');

select is(
  (
    select string_agg(rolecall_internal.page_size(input, 100)::text, ' ' order by number)
    from unnest(
      array['{}', '{"limit": 7}', '{"limit": 7.0}', '{"limit": 0}', '{"limit": 1e17}', '{"limit": 1.5}', '{"limit": null}']::jsonb[]
    ) with ordinality as asked (input, number)
  ),
  '50 7 7 1 100 50 50',
  'a page has as many entries as the request says, within bounds'
);

select * from finish();
rollback;
