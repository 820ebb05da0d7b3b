-- What is left of the filter's hits: the organisation's own numbers and its allowed domains are dropped.
begin;
\ir ../support/calls.psql
select no_plan();

insert into rolecall.organizations (id, name, allowed_domains)
values
  ('00000000-0000-4000-8000-0000000f1100', 'Filter', '{agency.example,Shop.Example.org}'),
  ('00000000-0000-4000-8000-0000000f1101', 'Other', '{}');
insert into rolecall.message_numbers (organization_id, e164, class, status, released_at)
values
  ('00000000-0000-4000-8000-0000000f1100', '+15550100123', 'front_desk', 'active', null),
  ('00000000-0000-4000-8000-0000000f1100', '+4930231250177', 'pool', 'active', null),
  ('00000000-0000-4000-8000-0000000f1100', '+15550100999', 'pool', 'released', now()),
  ('00000000-0000-4000-8000-0000000f1101', '+15550100188', 'front_desk', 'active', null);

create function pg_temp.held(variadic p_hits text[])
returns text
language sql
return (
  select string_agg(kind, ' ')
  from jsonb_array_elements_text(
    rolecall_internal.held_back(
      '00000000-0000-4000-8000-0000000f1100',
      jsonb_build_object(
        'violations', (
          select coalesce(jsonb_agg(jsonb_build_object('kind', split_part(hit, ' ', 1), 'value', split_part(hit, ' ', 2))), '[]')
          from unnest(p_hits) as hit
        ),
        'redacted', 'r'
      )
    ) -> 'violations'
  ) as kind
);

select is(pg_temp.held(variadic '{}'), null, 'no hit is nothing');
select is(rolecall_internal.held_back('00000000-0000-4000-8000-0000000f1100', null), null, 'no filter neither');
select is(
  rolecall_internal.held_back(
    '00000000-0000-4000-8000-0000000f1100',
    '{"violations": [{"kind": "url", "value": "x.example"}, {"kind": "phone", "value": "5550100188"}, {"kind": "url", "value": "y.example"}], "redacted": "[url]"}'
  ),
  '{"violations": ["url", "phone"], "redacted": "[url]"}',
  'each kind is told once, in the order of the text'
);

select is(pg_temp.held('phone +15550100123'), null, 'an own number is allowed');
select is(pg_temp.held('phone 15550100123'), null, 'without the plus');
select is(pg_temp.held('phone 5550100123'), null, 'without the country code');
select is(pg_temp.held('phone 0100123'), 'phone', 'six digits are too few, since zeros in front do not count');
select is(pg_temp.held('phone 0015550100123'), null, 'with the international prefix');
select is(pg_temp.held('phone 0115550100123'), 'phone', 'a prefix without the country code is another number');
select is(pg_temp.held('phone 01115550100123'), null, 'with the North American prefix');
select is(pg_temp.held('phone 030231250177'), null, 'with the trunk prefix');
select is(pg_temp.held('phone +5550100123'), 'phone', 'a number with a plus is compared whole');
select is(pg_temp.held('phone +115550100123'), 'phone', 'digits in front make another number');
select is(pg_temp.held('phone 5550100999'), 'phone', 'a released number is not the organisation''s');
select is(pg_temp.held('phone 5550100188'), 'phone', 'nor is another organisation''s');
select is(pg_temp.held('phone +15550100123', 'phone 5550100188'), 'phone', 'an own number excuses no other');

select is(pg_temp.held('url agency.example'), null, 'an allowed domain is allowed');
select is(pg_temp.held('url www.agency.example'), null, 'and its subdomains');
select is(pg_temp.held('url shop.example.org'), null, 'whatever the case');
select is(pg_temp.held('url example.org'), 'url', 'not the domain above');
select is(pg_temp.held('url fakeagency.example'), 'url', 'not one with the same end');
select is(pg_temp.held('url agency.example.evil.example'), 'url', 'nor one with the same beginning');
select is(pg_temp.held('url a%y.example'), 'url', 'a name is no pattern');
select is(pg_temp.held('email desk@agency.example'), null, 'an address there is allowed');
select is(pg_temp.held('email agency.example@evil.example'), 'email', 'the host counts');
select is(pg_temp.held('email a@evil.example@agency.example'), null, 'which is after the last @');
select is(pg_temp.held('handle agency.example'), 'handle', 'a handle is never allowed');
select is(
  pg_temp.held('move_elsewhere', 'url agency.example', 'pay_elsewhere'),
  'move_elsewhere pay_elsewhere',
  'phrases are never'
);

select * from finish();
rollback;
