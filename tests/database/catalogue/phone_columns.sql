-- Who reads phone numbers: nobody but what runs with the rights of the owner, whatever the way.
begin;
\ir ../support/calls.psql
select no_plan();

create temporary table principal (name text);
insert into principal values ('anon'), ('authenticated'), ('service_role'), ('rolecall_edge');
create temporary table secret (relation text, name text);
insert into secret values ('rolecall.clients', 'phone'), ('rolecall.message_numbers', 'e164');

-- The columns that hold a phone number are these.
select set_eq(
  $$
  select format('%s.%s.%s', nspname, relname, attname)
  from pg_attribute as attribute
  join pg_class as class
    on class.oid = attribute.attrelid
  join pg_namespace as namespace
    on namespace.oid = class.relnamespace
  where nspname in ('public', 'rolecall', 'rolecall_internal', 'rolecall_edge', 'rolecall_monitoring')
    and relkind in ('r', 'p', 'v', 'm')
    and attname ~ 'phone|e164|msisdn'
  $$,
  $$ values ('rolecall.clients.phone'), ('rolecall.message_numbers.e164') $$,
  'two columns hold phone numbers, and no view shows one'
);
select is_empty(
  format(
    $$
    select principal.name, secret.relation, secret.name, privilege
    from (values %s) as principal (name)
    cross join (values ('rolecall.clients'::regclass, 'phone'), ('rolecall.message_numbers'::regclass, 'e164')) as secret (relation, name)
    cross join unnest(array['select', 'insert', 'update', 'references']) as privilege
    where has_column_privilege(principal.name, secret.relation, secret.name, privilege)
    $$,
    (select string_agg(format('(%L)', name), ', ') from principal)
  ),
  'nobody has a right to them'
);
select is_empty(
  $$
  select privilege.*
  from information_schema.column_privileges as privilege
  join (values ('clients', 'phone'), ('message_numbers', 'e164')) as secret (relation, name)
    on privilege.table_name = secret.relation
    and privilege.column_name = secret.name
  where privilege.table_schema = 'rolecall'
    and privilege.grantee not in (select rolname from pg_roles where oid = (select nspowner from pg_namespace where nspname = 'rolecall'))
  $$,
  'nor does any other role'
);

-- What PostgREST would send for a request that reads, filters, sorts, counts or embeds by a number.
create temporary table attempt (statement text);
insert into attempt
select replace(replace(form, 'TABLE', relation), 'COLUMN', name)
from secret
cross join unnest(array[
  'select COLUMN from TABLE',
  'select t.COLUMN::text from TABLE as t limit 1',
  'select to_jsonb(t) ->> ''COLUMN'' from TABLE as t',
  'select t::text from TABLE as t',
  'select id from TABLE where COLUMN like ''+1%''',
  'select id from TABLE order by COLUMN',
  'select count(COLUMN) from TABLE',
  'select max(COLUMN) from TABLE',
  'select json_agg(t.*) from TABLE as t'
]) as form;
insert into attempt
select replace(replace(form, 'TABLE', relation), 'COLUMN', name)
from secret
cross join unnest(array[
  'update TABLE set COLUMN = COLUMN',
  'insert into TABLE (organization_id, COLUMN) values (gen_random_uuid(), ''+12025550184'')'
]) as form;
select is(
  pg_temp.run_as(principal.name, pg_temp.demo(1), attempt.statement),
  '42501',
  format('%s is refused: %s', principal.name, attempt.statement)
)
from principal
cross join attempt;
-- A statistic, a check and an index would tell values, too.
select is(
  pg_temp.run_as(
    principal.name,
    pg_temp.demo(1),
    'select string_agg(coalesce(most_common_vals::text, '''') || coalesce(histogram_bounds::text, ''''), '''') from pg_stats
     where schemaname = ''rolecall'' and attname in (''phone'', ''e164'')'
  ),
  null,
  format('%s sees no statistic of them', principal.name)
)
from principal;

-- The operator reads the other columns.
select isnt(
  pg_temp.run_as('service_role', null, 'select string_agg(display_name, '','') from rolecall.clients'),
  '42501',
  'the operator sees clients'
);
select isnt(
  pg_temp.run_as('service_role', null, 'select count(id) from rolecall.message_numbers where status = ''active'''),
  '42501',
  'and numbers'
);

-- Functions that a client or the operator may execute return no row of these tables, nor anything that is computed off the
-- columns: entry points are for the functions' login, and their answers are in the end-to-end tests.
select is_empty(
  $$
  select function.oid::regprocedure
  from pg_proc as function
  join pg_namespace as namespace
    on namespace.oid = function.pronamespace
  where nspname in ('public', 'rolecall', 'rolecall_internal', 'rolecall_monitoring')
    and (
      has_function_privilege('anon', function.oid, 'execute')
      or has_function_privilege('authenticated', function.oid, 'execute')
      or has_function_privilege('service_role', function.oid, 'execute')
    )
    and obj_description(function.oid, 'pg_proc') ~ '^Rolecall'
    and (
      function.prorettype in ('rolecall.clients'::regtype, 'rolecall.message_numbers'::regtype)
      or function.prosrc ~ '\m(phone|e164)\M'
    )
  $$,
  'no function for clients or the operator touches them'
);

select * from finish();
rollback;
