-- What a database holds of ours, in lines to compare with those of a database that the migrations alone have made. An object
-- of ours is one in a schema of ours, or one in public with our mark. Owners count as "owner", so that two installations by
-- different logins are the same. Partitions are summed up for each table: how many there are is a setting.
with schema as (
  select oid, nspname, nspowner, nspacl
  from pg_catalog.pg_namespace
  where nspname in ('rolecall', 'rolecall_internal', 'rolecall_edge', 'rolecall_monitoring')
),
class as (
  select
    class.oid,
    format('%I.%I', namespace.nspname, relname) as name,
    -- A table that was partitioned later is the same table.
    case relkind
      when 'p' then 'r'
      else relkind
    end as kind,
    relkind,
    relowner,
    relacl,
    relrowsecurity,
    relforcerowsecurity,
    reloptions,
    relispartition
  from pg_catalog.pg_class as class
  join pg_catalog.pg_namespace as namespace
    on namespace.oid = relnamespace
  where relnamespace in (select oid from schema)
    or (nspname = 'public' and obj_description(class.oid, 'pg_class') ~ '^Rolecall(:|$)')
),
relation as (
  select *
  from class
  where kind in ('r', 'v', 'm', 'S')
    and not relispartition
),
proc as (
  select
    proc.oid,
    format('%I.%I(%s)', nspname, proname, oidvectortypes(proargtypes)) as name,
    prokind,
    proowner,
    proacl
  from pg_catalog.pg_proc as proc
  join pg_catalog.pg_namespace as namespace
    on namespace.oid = pronamespace
  where pronamespace in (select oid from schema)
    or (nspname = 'public' and obj_description(proc.oid, 'pg_proc') ~ '^Rolecall(:|$)')
),
privilege (object, owner, acl) as (
  select format('schema %I', nspname), nspowner, coalesce(nspacl, acldefault('n', nspowner))
  from schema
  union all
  select
    format(case kind when 'S' then 'sequence %s' else 'relation %s' end, name),
    relowner,
    coalesce(relacl, acldefault(case kind when 'S' then 's' else 'r' end::"char", relowner))
  from relation
  union all
  select format('column %s.%I', name, attname), relowner, attacl
  from relation
  join pg_catalog.pg_attribute
    on attrelid = relation.oid
  where attnum > 0
    and not attisdropped
    and attacl is not null
  union all
  select format('function %s', name), proowner, coalesce(proacl, acldefault('f', proowner))
  from proc
),
line (object, says) as (
  select format('schema %I', nspname), ''
  from schema
  union all
  select
    format('%s %s', case kind when 'r' then 'table' when 'S' then 'sequence' else 'view' end, name),
    concat_ws(
      ', ',
      case when kind = 'r' then case when relrowsecurity then 'row security on' else 'row security off' end end,
      case when relforcerowsecurity then 'forced' end,
      reloptions::text
    )
  from relation
  union all
  select
    format('partitions of %s', parent.name),
    string_agg(
      distinct concat_ws(
        ', ',
        case when class.relrowsecurity then 'row security on' else 'row security off' end,
        (
          select string_agg(format('%s to %s', privilege_type, grantee::regrole), ' ' order by privilege_type, grantee)
          from aclexplode(class.relacl)
          where grantee <> class.relowner
        )
      ),
      '; '
    )
  from class
  join pg_catalog.pg_inherits
    on inhrelid = class.oid
  join class as parent
    on parent.oid = inhparent
  where class.kind = 'r'
  group by parent.name
  union all
  select
    format('column %s.%I', name, attname),
    concat_ws(
      ' ',
      format_type(atttypid, atttypmod),
      case when attnotnull then 'not null' end,
      nullif(attidentity, ''),
      nullif(attgenerated, ''),
      pg_get_expr(adbin, adrelid)
    )
  from relation
  join pg_catalog.pg_attribute
    on attrelid = relation.oid
  left join pg_catalog.pg_attrdef
    on adrelid = attrelid
    and adnum = attnum
  where kind <> 'S'
    and attnum > 0
    and not attisdropped
  union all
  select format('constraint %I on %s', conname, name), pg_get_constraintdef(pg_constraint.oid)
  from pg_catalog.pg_constraint
  join relation
    on relation.oid = conrelid
  where contype <> 't'
    and conparentid = 0
  union all
  select
    format('index %s of %s', indexrelid::regclass, name),
    replace(pg_get_indexdef(indexrelid), ' ON ONLY ', ' ON ') || case when indisvalid then '' else ' (invalid)' end
  from pg_catalog.pg_index
  join relation
    on relation.oid = indrelid
  union all
  select format('view %s', name), md5(pg_get_viewdef(oid))
  from relation
  where kind in ('v', 'm')
  union all
  -- A trigger that calls a function of somebody else's is theirs.
  select format('trigger %I on %s', tgname, name), concat_ws(' ', pg_get_triggerdef(pg_trigger.oid), tgenabled)
  from pg_catalog.pg_trigger
  join relation
    on relation.oid = tgrelid
  where not tgisinternal
    and tgparentid = 0
    and tgfoid in (select oid from proc)
  union all
  select
    format('policy %I on %s', polname, name),
    concat_ws(
      ' ',
      polcmd,
      case when polpermissive then 'permissive' else 'restrictive' end,
      'to',
      (select string_agg(role::regrole::text, ', ' order by role::regrole::text) from unnest(polroles) as role),
      'using',
      pg_get_expr(polqual, polrelid),
      'check',
      pg_get_expr(polwithcheck, polrelid)
    )
  from pg_catalog.pg_policy
  join relation
    on relation.oid = polrelid
  union all
  select format('function %s', name), md5(pg_get_functiondef(oid))
  from proc
  where prokind in ('f', 'p')
  union all
  select
    format('type %I.%I', nspname, typname),
    concat_ws(
      ' ',
      typtype,
      format_type(typbasetype, typtypmod),
      (select string_agg(enumlabel, ' ' order by enumlabel) from pg_catalog.pg_enum where enumtypid = type.oid)
    )
  from pg_catalog.pg_type as type
  join schema
    on schema.oid = typnamespace
  where typtype in ('e', 'd', 'r')
  union all
  select
    format(
      'grant of %s on %s to %s',
      lower(privilege_type),
      object,
      case grantee
        when 0 then 'PUBLIC'
        else grantee::regrole::text
      end
    ),
    case when is_grantable then 'with grant option' else '' end
  from privilege
  cross join lateral aclexplode(acl)
  where grantee <> owner
)
select object, string_agg(says, ' | ' order by says)
from line
group by object
order by object collate "C"
