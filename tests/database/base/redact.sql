-- Phone numbers in free text. The differential test in migrations/tests compares the same function with Rust's.
begin;
select plan(22);

select is(rolecall_internal.redact(text), cleaned, format('%s is redacted', text))
from (
  values
    ('+12025550123', '+[phone …0123]'),
    ('(202) 555-0123', '([phone …0123]'),
    ('555 --- 123 --- 4567', '[phone …4567]'),
    ('555    123    4567', '[phone …4567]'),
    ('555x123x4567', '[phone …4567]'),
    ('555 oder 123 oder 4567', '[phone …4567]'),
    ('5a5b5c1d2e3f4a5b6c7', '[phone …4567]'),
    (E'555\n123\u200b4567', '[phone …4567]'),
    ('٥٥٥ ١٢٣ ٤٥٦٧', '[phone …4567]'),
    ('五五五①②③⁴⁵⁶⁷', '[phone …4567]'),
    ('call 5551234567 at 5 or 6', 'call [phone …4567] at 5 or 6'),
    ('5551234567 at 5 by 12', '[phone …4567] at 5 by 12'),
    ('5551234 at 56 or 78', '[phone …5678]'),
    ('5551234567 at 123', '[phone …7123]'),
    ('5555 oder 1234, 555x1234', '[phone …1234]')
) as case_ (text, cleaned);

select is(rolecall_internal.redact(text), text, format('%s stays', text))
from (
  values
    ('SQLSTATE 23505: duplicate key'),
    ('conversation 0190c5b2-1a2b-7c3d-8e4f-123456789012 is read only'),
    ('not before 2026-11-26T02:35:00.123456Z'),
    ('[phone …0123] to [phone …0124]'),
    ('555 oder 1234')
) as case_ (text);

select is(rolecall_internal.redact(null), null, 'nothing stays nothing');
select is(rolecall_internal.masked('+12025550123'), '[phone …0123]', 'a number is shown by its last four digits');

select * from finish();
rollback;
