-- The schema of this database in lines to compare, where there is no pg_dump for this version of the server: every object
-- that is not PostgreSQL's own, with its definition, privileges and comment.
with namespace as (
  select oid, nspname, nspowner, nspacl
  from pg_catalog.pg_namespace
  where nspname !~ '^pg_'
    and nspname <> 'information_schema'
),
class as (
  select class.*, format('%I.%I', nspname, relname) as name
  from pg_catalog.pg_class as class
  join namespace
    on namespace.oid = class.relnamespace
),
line (object, says) as (
  select
    format('schema %I', nspname),
    (
      select string_agg(entry::text, ' ' order by entry::text)
      from unnest(coalesce(nspacl, acldefault('n', nspowner))) as entry
    )
  from namespace
  union all
  select
    format('relation %s', name),
    concat_ws(
      ' ',
      relkind,
      relpersistence,
      case when relrowsecurity then 'row security' end,
      case when relforcerowsecurity then 'forced' end,
      reloptions::text,
      pg_get_partkeydef(oid),
      pg_get_expr(relpartbound, oid),
      (
        select string_agg(entry::text, ' ' order by entry::text)
        from unnest(coalesce(relacl, acldefault('r', relowner))) as entry
      )
    )
  from class
  where relkind in ('r', 'p', 'v', 'm', 'f', 'S', 'c')
  union all
  select
    format('column %s %s %I', name, attnum, attname),
    concat_ws(
      ' ',
      format_type(atttypid, atttypmod),
      case when attnotnull then 'not null' end,
      nullif(attidentity, ''),
      nullif(attgenerated, ''),
      pg_get_expr(adbin, adrelid),
      attacl::text,
      col_description(class.oid, attnum)
    )
  from class
  join pg_catalog.pg_attribute
    on attrelid = class.oid
  left join pg_catalog.pg_attrdef
    on adrelid = attrelid
    and adnum = attnum
  where relkind in ('r', 'p', 'v', 'm', 'f', 'c')
    and attnum > 0
    and not attisdropped
  union all
  select format('constraint %I on %s', conname, conrelid::regclass), pg_get_constraintdef(pg_constraint.oid)
  from pg_catalog.pg_constraint
  join namespace
    on namespace.oid = connamespace
  union all
  select format('index %s', name), pg_get_indexdef(oid)
  from class
  where relkind in ('i', 'I')
  union all
  select format('view %s', name), pg_get_viewdef(oid)
  from class
  where relkind in ('v', 'm')
  union all
  select format('sequence %I.%I', schemaname, sequencename), (to_jsonb(pg_sequences) - 'last_value')::text
  from pg_catalog.pg_sequences
  union all
  select format('trigger %I on %s', tgname, name), concat_ws(' ', pg_get_triggerdef(pg_trigger.oid), tgenabled)
  from pg_catalog.pg_trigger
  join class
    on class.oid = tgrelid
  where not tgisinternal
  union all
  select
    format('policy %I on %s', polname, name),
    concat_ws(
      ' ',
      polcmd,
      polpermissive,
      polroles::regrole[]::text,
      pg_get_expr(polqual, polrelid),
      'check',
      pg_get_expr(polwithcheck, polrelid)
    )
  from pg_catalog.pg_policy
  join class
    on class.oid = polrelid
  union all
  select
    format('function %s', proc.oid::regprocedure),
    concat_ws(
      ' ',
      case when prokind in ('f', 'p') then pg_get_functiondef(proc.oid) end,
      (
        select string_agg(entry::text, ' ' order by entry::text)
        from unnest(coalesce(proacl, acldefault('f', proowner))) as entry
      )
    )
  from pg_catalog.pg_proc as proc
  join namespace
    on namespace.oid = pronamespace
  union all
  select
    format('type %I.%I', nspname, typname),
    concat_ws(
      ' ',
      typtype,
      format_type(typbasetype, typtypmod),
      (
        select string_agg(enumlabel, ' ' order by enumsortorder)
        from pg_catalog.pg_enum
        where enumtypid = type.oid
      )
    )
  from pg_catalog.pg_type as type
  join namespace
    on namespace.oid = typnamespace
  where typtype in ('e', 'd', 'r')
  union all
  select format('default privileges of %s in %s for %s', defaclrole::regrole, defaclnamespace, defaclobjtype), defaclacl::text
  from pg_catalog.pg_default_acl
  union all
  select format('comment on %s', pg_describe_object(classoid, objoid, objsubid)), description
  from pg_catalog.pg_description
  where objoid >= 16384
  union all
  select format('extension %I', extname), extversion
  from pg_catalog.pg_extension
)
select concat_ws(' = ', object, says)
from line
order by object collate "C", says collate "C"
