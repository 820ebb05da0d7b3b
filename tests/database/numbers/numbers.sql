-- The numbers of organisations: adding, releasing and listing by the operator.
begin;
\ir ../support/calls.psql
select no_plan();

create temporary table org (name text primary key, id uuid default gen_random_uuid());
insert into org (name) values ('ours'), ('theirs');
insert into rolecall.organizations (id, name)
select id, name from org;
create function pg_temp.org(p_name text)
returns uuid
language sql
return (select id from org where name = p_name);
grant select on org to public;

insert into rolecall.profiles (id, display_name, organization_id, organization_role)
select pg_temp.demo(number), 'Somebody', pg_temp.org(org), role
from (
  values (81, 'ours', 'sitter'), (82, 'ours', 'sitter'), (83, 'ours', 'owner'), (84, 'theirs', 'sitter')
) as person (number, org, role);

create function pg_temp.add(p_org text, p_phone text, p_class text, p_sitter int default null)
returns jsonb
language sql
return pg_temp.ask_as_operator(
  'add_number',
  p_input => jsonb_strip_nulls(
    jsonb_build_object(
      'organization_id', pg_temp.org(p_org), 'phone', p_phone, 'class', p_class, 'sitter_id', pg_temp.demo(p_sitter)
    )
  )
);
create function pg_temp.release(p_org text, p_phone text)
returns jsonb
language sql
return pg_temp.ask_as_operator(
  'release_number',
  p_input => jsonb_build_object(
    'organization_id', pg_temp.org(p_org),
    'number_id', (select id from rolecall.message_numbers where e164 = p_phone order by created_at, id limit 1)
  )
);

-- For whom
select is(
  pg_temp.verdict(pg_temp.ask(name, pg_temp.demo(83), jsonb_build_object('organization_id', pg_temp.org('ours')))),
  'permission_denied/operator_only',
  format('an owner is refused %s', name)
)
from unnest(array['add_number', 'release_number', 'list_numbers']) as name;
select is(
  pg_temp.verdict(
    pg_temp.ask_as_operator(
      name,
      p_input => jsonb_build_object('organization_id', org, 'phone', '+12025550111', 'class', 'pool', 'number_id', pg_temp.demo(1))
    )
  ),
  'not_found',
  format('%s of no organisation (%L)', name, org)
)
from unnest(array['add_number', 'release_number', 'list_numbers']) as name
cross join unnest(array[gen_random_uuid()::text, 'x', null]) as org;

-- Bad input
select is(pg_temp.verdict(pg_temp.add('ours', phone, 'pool')), 'validation_error/malformed_phone', format('no number: %L', phone))
from unnest(array['', '2025550111', '+0025550111', '+1 202 555 0111', '+123456', '+1234567890123456', null]) as phone;
select is(
  pg_temp.add('ours', '(202) 555-0111', 'pool') #>> '{reasons,0,message}',
  'Expected a phone number in international form (E.164).',
  'the refusal does not repeat the text'
);
select is(pg_temp.verdict(pg_temp.add('ours', '+12025550111', class)), 'validation_error/unknown_value', format('no class: %L', class))
from unnest(array['', 'desk', null]) as class;
select is(pg_temp.verdict(pg_temp.add('ours', '+12025550111', class, sitter)), 'validation_error/sitter_of_class', format('%s with sitter %s', class, sitter))
from (values ('sitter', null::int), ('pool', 81), ('front_desk', 81)) as row (class, sitter);
select is(pg_temp.verdict(pg_temp.add('ours', '+12025550111', 'sitter', sitter)), 'not_found', 'no sitter of the organisation')
from unnest(array[83, 84, 99]) as sitter;
select is((select count(*) from rolecall.message_numbers where e164 = '+12025550111'), 0::bigint, 'nothing was added');

-- Adding
select is(
  (pg_temp.add('ours', '+12025550111', 'front_desk') -> 'data') - array['number_id', 'created_at'],
  '{"phone": "[phone …0111]", "class": "front_desk", "status": "active", "sitter_id": null, "rests_until": null,
    "open_threads": 0, "last_assigned_at": null}',
  'a front desk'
);
select is(pg_temp.verdict(pg_temp.add('ours', '+12025550112', 'front_desk')), 'number_in_use/front_desk_exists', 'one front desk');
select is(pg_temp.verdict(pg_temp.add('theirs', '+12025550111', 'front_desk')), 'number_in_use/number_in_use', 'of one organisation');
select is(pg_temp.verdict(pg_temp.add('ours', '+12025550111', 'pool')), 'number_in_use/number_in_use', 'once');
select is(pg_temp.verdict(pg_temp.add('ours', '+12025550113', 'sitter', 81)), 'ok', 'a sitter''s number');
select is(pg_temp.verdict(pg_temp.add('ours', '+12025550114', 'sitter', 81)), 'number_in_use/sitter_has_number', 'one each');
select is(pg_temp.verdict(pg_temp.add('ours', '+12025550114', 'sitter', 82)), 'ok', 'another sitter''s');
select is(pg_temp.verdict(pg_temp.add('ours', '+12025550115', 'pool')), 'ok', 'the pool');
select is(pg_temp.verdict(pg_temp.add('ours', '+12025550116', 'pool')), 'ok', 'may have several');
select is(pg_temp.verdict(pg_temp.add('theirs', '+12025550117', 'front_desk')), 'ok', 'each organisation has its front desk');
select is(
  (select count(*) from rolecall.application_logs where event = 'number_added' and details ->> 'phone' = '[phone …0113]'),
  1::bigint,
  'the audit has the last four digits'
);

-- Listing
create function pg_temp.listed(p_org text, p_input jsonb default '{}')
returns jsonb
language sql
return pg_temp.ask_as_operator('list_numbers', p_input => jsonb_build_object('organization_id', pg_temp.org(p_org)) || p_input);
create function pg_temp.shown(p_list jsonb)
returns text
language sql
return (
  select string_agg(
    format('%s %s %s', right(number ->> 'phone', 5), number ->> 'class', number ->> 'open_threads'), ', ' order by place
  )
  from jsonb_array_elements(p_list #> '{data,numbers}') with ordinality as item (number, place)
);
insert into rolecall.clients (id, organization_id, phone)
select pg_temp.demo(90 + number), pg_temp.org('ours'), '+1202555019' || number
from generate_series(0, 3) as number;
insert into rolecall.message_threads (organization_id, client_id, number_id, number_class)
select organization_id, pg_temp.demo(90), id, class
from rolecall.message_numbers
where e164 = '+12025550116';
insert into rolecall.message_threads (organization_id, client_id, number_id, number_class, sitter_id)
select organization_id, pg_temp.demo(91), id, class, sitter_id
from rolecall.message_numbers
where e164 = '+12025550114';
insert into rolecall.message_threads (organization_id, client_id, number_id, number_class, status)
select organization_id, pg_temp.demo(92), id, class, 'closed'
from rolecall.message_numbers
where e164 = '+12025550115';
insert into rolecall.message_threads (organization_id, scope, number_id, number_class)
select organization_id, 'owner_inbox', id, class
from rolecall.message_numbers
where e164 = '+12025550111';
select is(
  pg_temp.shown(pg_temp.listed('ours')),
  '0111] front_desk 0, 0114] sitter 1, 0113] sitter 0, 0116] pool 1, 0115] pool 0',
  'by class and load'
);
select is(pg_temp.shown(pg_temp.listed('ours', '{"class": "pool"}')), '0116] pool 1, 0115] pool 0', 'of a class');
select is(pg_temp.shown(pg_temp.listed('theirs')), '0117] front_desk 0', 'of an organisation');
select is(
  pg_temp.shown(
    pg_temp.listed('ours', jsonb_build_object('limit', 2, 'cursor', pg_temp.listed('ours', '{"limit": 2}') #>> '{data,next_cursor}'))
  ),
  '0113] sitter 0, 0116] pool 1',
  'page by page'
);
select is(pg_temp.listed('ours', '{"limit": 5}') #> '{data,next_cursor}', 'null', 'the last page has no next');
select is(pg_temp.verdict(pg_temp.listed('ours', jsonb_build_object('cursor', cursor))), 'invalid_input', format('no cursor: %L', cursor))
from unnest(array['x', '-1.00000000-0000-4000-8000-000000000011', '1.x', '']) as cursor;

-- Releasing
select is(pg_temp.verdict(pg_temp.release('theirs', '+12025550115')), 'not_found', 'no number of another organisation');
select is(pg_temp.verdict(pg_temp.release('ours', '+12025550199')), 'not_found', 'nor one that is not');
create function pg_temp.thread_number(p_client int)
returns text
language sql
return (
  select format('%s %s %s', right(number.e164, 4), thread.number_class, coalesce(right(thread.sitter_id::text, 2), '-'))
  from rolecall.message_threads as thread
  join rolecall.message_numbers as number
    on number.id = thread.number_id
  where thread.client_id is not distinct from pg_temp.demo(p_client)
    and thread.organization_id = pg_temp.org('ours')
);
select is(
  (pg_temp.release('ours', '+12025550114') -> 'data') - array['number_id', 'created_at', 'rests_until'],
  '{"phone": "[phone …0114]", "class": "sitter", "status": "resting", "sitter_id": null, "open_threads": 0,
    "last_assigned_at": null, "moved_threads": 1}',
  'a sitter''s number rests'
);
select is(
  (select rests_until from rolecall.message_numbers where e164 = '+12025550114'),
  now() + interval '90 days',
  'for 90 days'
);
select is(pg_temp.thread_number(91), '0111 front_desk -', 'its thread goes to the front desk');
select is(
  pg_temp.release('ours', '+12025550114') #>> '{data,moved_threads}',
  '0',
  'a number that rests goes on resting'
);
select is(pg_temp.verdict(pg_temp.add('ours', '+12025550114', 'pool')), 'number_in_use/number_in_use', 'and is nobody else''s');
select is(pg_temp.verdict(pg_temp.add('ours', '+12025550118', 'sitter', 82)), 'ok', 'the sitter may have another');
update rolecall.message_numbers
set rests_until = now()
where e164 = '+12025550114';
select is(
  pg_temp.shown(pg_temp.listed('ours', '{"class": "pool"}')),
  '0116] pool 1, 0114] pool 0, 0115] pool 0',
  'from its end on it belongs to the pool'
)
where (select id from rolecall.message_numbers where e164 = '+12025550114')
  < (select id from rolecall.message_numbers where e164 = '+12025550115')
union all
select is(
  pg_temp.shown(pg_temp.listed('ours', '{"class": "pool"}')),
  '0116] pool 1, 0115] pool 0, 0114] pool 0',
  'from its end on it belongs to the pool'
)
where (select id from rolecall.message_numbers where e164 = '+12025550114')
  > (select id from rolecall.message_numbers where e164 = '+12025550115');
select is(pg_temp.release('ours', '+12025550115') #>> '{data,status}', 'released', 'a number of the pool leaves');
select is(pg_temp.verdict(pg_temp.add('theirs', '+12025550115', 'pool')), 'ok', 'and may come to another organisation');
select is(
  (select number_class from rolecall.message_threads where client_id = pg_temp.demo(92)),
  'pool',
  'a closed thread keeps the number that it had'
);

-- The last one of a thread stays, and the front desk's inbox moves.
select is(pg_temp.verdict(pg_temp.add('ours', '+12025550119', 'front_desk')), 'number_in_use/front_desk_exists', 'one at a time');
select is(
  pg_temp.verdict(pg_temp.release('ours', '+12025550111')),
  'no_number_available/no_other_number',
  'a front desk that a thread would be left without stays'
);
select is(
  (select format('%s %s %s', status, class, released_at) from rolecall.message_numbers where e164 = '+12025550111'),
  'active front_desk ',
  'as it was'
);
select is(pg_temp.thread_number(91), '0111 front_desk -', 'with its threads');
select is(pg_temp.thread_number(null), '0111 front_desk -', 'and the owner inbox');
update rolecall.message_threads
set status = 'closed'
where client_id = pg_temp.demo(91);
select is(pg_temp.release('ours', '+12025550111') #>> '{data,moved_threads}', '1', 'without such a thread it goes');
select isnt(pg_temp.thread_number(null), '0111 front_desk -', 'and the owner inbox moves to another number');
select is(pg_temp.verdict(pg_temp.add('ours', '+12025550119', 'front_desk')), 'ok', 'a new front desk');
select is(pg_temp.thread_number(null), '0119 front_desk -', 'has the owner inbox');

select * from finish();
rollback;
