-- The stages in which a feature is rolled out, what each has to show before the next one begins, and every decision.

create table rolecall.rollout_stages (
  flag text not null references rolecall.feature_flags (name) on update cascade on delete cascade,
  rollout text not null,
  min_success numeric not null,
  max_p95_ms int not null,
  max_errors numeric not null,
  min_age interval not null,
  min_attempts int not null,
  auto_advance boolean not null default false,
  primary key (flag, rollout),
  constraint rollout_stages_rollout_form
    check (rollout ~ '^(internal|enabled|percentage:(0|[1-9][0-9]?|100))$'),
  constraint rollout_stages_min_success_share check (min_success between 0 and 1),
  constraint rollout_stages_max_p95_ms_positive check (max_p95_ms > 0),
  constraint rollout_stages_max_errors_share check (max_errors between 0 and 1),
  constraint rollout_stages_min_age_not_negative check (min_age >= interval '0'),
  constraint rollout_stages_min_attempts_not_negative check (min_attempts >= 0)
);

comment on table rolecall.rollout_stages is
  'The stages of each flag that is rolled out in stages, and what a stage has to show before it is left for the next one. The guard watches the flags that have stages.';

comment on column rolecall.rollout_stages.rollout is 'internal, percentage:0 to percentage:100, or enabled.';

comment on column rolecall.rollout_stages.min_success is
  'The least share of successes, 0 to 1: ok / (ok + failures). Refusals are neither.';

comment on column rolecall.rollout_stages.max_p95_ms is
  'The 95th percentile of the time that attempts take in the database stays below this, in milliseconds.';

comment on column rolecall.rollout_stages.max_errors is
  'The share of attempts that end in the code internal, 0 to 1, stays below this.';

comment on column rolecall.rollout_stages.min_age is 'How long the stage lasts at least.';

comment on column rolecall.rollout_stages.min_attempts is 'How many attempts (ok and failures) it sees at least.';

comment on column rolecall.rollout_stages.auto_advance is 'Whether the guard begins the next stage when this one has shown all that.';

create table rolecall.rollout_decisions (
  id bigint generated always as identity primary key,
  at timestamptz not null default now(),
  flag text not null,
  actor text not null,
  action text not null,
  from_rollout text not null,
  to_rollout text not null,
  reason text not null,
  figures jsonb not null default '{}',
  constraint rollout_decisions_action_known check (action in ('advance', 'force', 'set', 'rollback'))
);

comment on table rolecall.rollout_decisions is
  'Each change of a rollout by the operator''s requests and by the guard, with its reason and the figures of that moment. Other changes of a flag are in feature_flag_changes alone.';

comment on column rolecall.rollout_decisions.actor is 'guard; operator, followed by who it is where that is known.';

comment on column rolecall.rollout_decisions.action is
  'advance: to the next stage, with all criteria met; force: to the next stage all the same; set; rollback: to disabled.';

-- The newest decisions of a flag.
create index rollout_decisions_flag_idx
  on rolecall.rollout_decisions (flag, id);

create table rolecall.rollout_states (
  flag text primary key references rolecall.feature_flags (name) on update cascade on delete cascade,
  since timestamptz not null
);

comment on table rolecall.rollout_states is
  'When the rollout of each flag changed last; kept by a trigger on feature_flags. A flag without a row has not changed since this table exists.';

create table rolecall.rollout_baselines (
  flag text not null references rolecall.rollout_states (flag) on update cascade on delete cascade,
  minute timestamptz not null,
  code text not null,
  bucket smallint not null,
  requests bigint not null,
  primary key (flag, minute, code, bucket)
);

comment on table rolecall.rollout_baselines is
  'What request_metrics held of a flag''s operations when its rollout changed last. The figures of the stage are what has been added since.';

comment on column rolecall.rollout_baselines.minute is
  'The minute of the change, for what was counted within it; -infinity for all that was counted until then.';
