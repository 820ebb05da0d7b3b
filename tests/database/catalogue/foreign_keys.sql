-- Every foreign key is found by an index from what it refers to: without one, deleting a row there reads the whole table
-- that refers to it.
begin;
\ir ../support/calls.psql
select no_plan();

-- The columns of a foreign key come first in an index, in any order. One of some rows alone serves when those are the rows
-- that refer to anything; PostgreSQL asks for a value, and so finds it.
create function pg_temp.is_found(p_table regclass, p_columns int2[])
returns boolean
language sql
as $$
  select exists (
    select
    from pg_index
    where indrelid = p_table
      and indisvalid
      and (select array_agg(place order by place) from unnest(p_columns) as place)
        = (select array_agg(place order by place) from unnest((indkey::int2[])[0:cardinality(p_columns) - 1]) as place)
      and (
        indpred is null
        or pg_get_expr(indpred, indrelid) in (
          select format('(%I IS NOT NULL)', attname)
          from pg_attribute
          where attrelid = p_table
            and attnum = any (p_columns)
        )
      )
  )
$$;

select ok(
  pg_temp.is_found(conrelid, conkey),
  format('%s of %s is found by an index', conname, conrelid::regclass)
)
from pg_constraint
where contype = 'f'
  and connamespace::regnamespace::text in ('public', 'rolecall', 'rolecall_internal')
order by conrelid::regclass::text, conname;
select cmp_ok(
  (select count(*) from pg_constraint where contype = 'f' and connamespace::regnamespace::text in ('public', 'rolecall')),
  '>',
  20::bigint,
  'there are foreign keys'
);

-- One without an index is noticed.
create table rolecall.refers (
  show_id uuid references rolecall.shows (id),
  title text
);
create index on rolecall.refers (show_id) where title is not null;
create index on rolecall.refers (title, show_id);
select ok(
  not (select pg_temp.is_found(conrelid, conkey) from pg_constraint where conrelid = 'rolecall.refers'::regclass),
  'an index of other rows, or that begins with another column, does not serve'
);
create index on rolecall.refers (show_id, title) where show_id is not null;
select ok(
  (select pg_temp.is_found(conrelid, conkey) from pg_constraint where conrelid = 'rolecall.refers'::regclass),
  'one that begins with it does'
);

select * from finish();
rollback;
