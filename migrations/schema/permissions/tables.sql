-- What the functions that judge answer, and two tables of releases before 0005. Statements that began before it may still
-- read these while it is applied, so they stay as they are until a later release drops them; the matrix lies in
-- matrix_tables.sql.

create table rolecall.permission_guards (
  action text not null,
  position smallint not null,
  fact text not null,
  denies_when boolean not null,
  code text not null,
  rule text not null,
  message text not null,
  allowed_if text not null,
  primary key (action, position)
);

comment on table rolecall.permission_guards is
  'What refuses an action regardless of roles; checked before the rules, in order of position.';

comment on column rolecall.permission_guards.denies_when is
  'Whether the guard refuses when the fact holds (true) or when it does not (false).';

create table rolecall.permission_rules (
  action text not null,
  actor_role rolecall.app_role not null,
  target_role rolecall.app_role not null,
  allowed boolean not null,
  requires text,
  unless text,
  rule text not null,
  message text not null,
  allowed_if text not null,
  primary key (action, actor_role, target_role)
);

comment on table rolecall.permission_rules is
  'Whether an actor with one role may do something to a target with another; one row for each combination.';

comment on column rolecall.permission_rules.requires is
  'A fact without which an allowing rule refuses; null when it needs none.';

comment on column rolecall.permission_rules.unless is
  'A fact with which an allowing rule refuses; null when none does.';

create type rolecall.decision as (
  allowed boolean,
  code text,
  rule text,
  message text,
  allowed_if text
);

-- Whether something is allowed, the refusal if it is not, the actor's organisation, and the rule that decided.
create type rolecall.judgement as (
  allowed boolean,
  refusal jsonb,
  org_id uuid,
  rule text
);
