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

-- Moments by the clocks of a time zone, with the offset that tells the two hours of autumn apart
select is(rolecall_internal.local_iso(at::timestamptz, zone), wanted, format('%s in %s', at, zone))
from (
  values
    ('2026-03-29 00:59:59.999999+00', 'Europe/Berlin', '2026-03-29T01:59:59.999999+01:00'),
    ('2026-03-29 01:00:00+00', 'Europe/Berlin', '2026-03-29T03:00:00.000000+02:00'),
    ('2026-10-25 00:30:00+00', 'Europe/Berlin', '2026-10-25T02:30:00.000000+02:00'),
    ('2026-10-25 01:30:00+00', 'Europe/Berlin', '2026-10-25T02:30:00.000000+01:00'),
    ('2026-03-08 06:59:59.999999+00', 'America/New_York', '2026-03-08T01:59:59.999999-05:00'),
    ('2026-03-08 07:00:00+00', 'America/New_York', '2026-03-08T03:00:00.000000-04:00'),
    ('2026-11-01 05:30:00+00', 'America/New_York', '2026-11-01T01:30:00.000000-04:00'),
    ('2026-11-01 06:30:00+00', 'America/New_York', '2026-11-01T01:30:00.000000-05:00'),
    ('2026-12-31 23:30:00+00', 'Asia/Kolkata', '2027-01-01T05:00:00.000000+05:30'),
    ('2026-07-01 02:00:00+00', 'America/St_Johns', '2026-06-30T23:30:00.000000-02:30'),
    ('2026-07-01 02:00:00+00', 'UTC', '2026-07-01T02:00:00.000000+00:00')
) as moment (at, zone, wanted);
select is(rolecall_internal.local_iso(null, 'UTC'), null, 'no moment is none');
select is(
  rolecall_internal.local_words('2026-03-29 01:30:00+00', 'Europe/Berlin'),
  'Sunday 29 March 2026, 03:30 (+02:00)',
  'for people'
);

select * from finish();
rollback;
