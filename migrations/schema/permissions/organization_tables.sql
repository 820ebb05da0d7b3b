-- Two tables of releases before 0005. Statements that began before it may still read these while it is applied, so they
-- stay as they are until a later release drops them; the matrix lies in matrix_tables.sql.

create table rolecall.organization_permission_guards (
  action text not null,
  role text not null,
  position smallint not null,
  fact text not null,
  denies_when boolean not null,
  code text not null,
  rule text not null,
  message text not null,
  allowed_if text not null,
  primary key (action, role, position)
);

comment on table rolecall.organization_permission_guards is
  'What refuses an action to a role of an organisation; checked before the rules, in order of position.';

comment on column rolecall.organization_permission_guards.denies_when is
  'Whether the guard refuses when the fact holds (true) or when it does not (false).';

create table rolecall.organization_permission_rules (
  action text not null,
  role text not null,
  allowed boolean not null,
  rule text not null,
  message text not null,
  allowed_if text not null,
  primary key (action, role)
);

comment on table rolecall.organization_permission_rules is
  'Whether a role of an organisation may do something if no guard refuses it; one row for each combination.';
