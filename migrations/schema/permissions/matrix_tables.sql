-- The permission matrix as tables: all domains of it, which differ in their actions, roles and facts alone.
--
-- The rows of rules.generated.sql are generated from the matrix in Rust; a test compares what the database decides with
-- what Rust decides, for every case.

create table rolecall.matrix_actions (
  action text collate "C" primary key,
  domain text not null,
  facts text[] not null,
  rule text not null,
  message text not null,
  allowed_if text not null
);

comment on table rolecall.matrix_actions is
  'The actions, and the refusal of an actor and a target whom no row of an action covers.';

comment on column rolecall.matrix_actions.facts is
  'The facts that an action looks at. No other one changes what is decided of it.';

create table rolecall.matrix_guards (
  action text collate "C" not null,
  position smallint not null,
  actors text[],
  fact text not null,
  denies_when boolean not null,
  code text not null,
  rule text not null,
  message text not null,
  allowed_if text not null,
  primary key (action, position)
);

comment on table rolecall.matrix_guards is
  'What refuses an action whatever its rows say; checked before them, in order of position.';

comment on column rolecall.matrix_guards.actors is
  'The roles that a guard is for; null when it is for everybody, with a role or without.';

comment on column rolecall.matrix_guards.denies_when is
  'Whether the guard refuses when the fact holds (true) or when it does not (false).';

create table rolecall.matrix_rows (
  action text collate "C" not null,
  actor text collate "C" not null,
  target text collate "C" not null,
  allowed boolean not null,
  needs text[] not null,
  bars text[] not null,
  rule text not null,
  message text not null,
  allowed_if text not null,
  primary key (action, actor, target)
);

comment on table rolecall.matrix_rows is
  'Whether an actor with one role may do something to a target; one row for each combination of a domain.';

comment on column rolecall.matrix_rows.target is 'The role of the target; empty in a domain whose actions have none.';

comment on column rolecall.matrix_rows.needs is
  'The facts without which the row, or a guard of its actor, refuses: what allows is found by one look-up.';

comment on column rolecall.matrix_rows.bars is
  'The facts with which the row, or a guard of its actor, refuses.';
