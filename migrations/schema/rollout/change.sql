-- Changes of a rollout by the operator. Changes of flags take turns, and the flag is read when it is this one's turn: what
-- is judged is what is changed.

-- The flag that a request names, start-conversation where it names none, until the commit as it is here. All null where
-- there is none.
create or replace function rolecall_internal.lock_flag(p_input jsonb)
returns rolecall.feature_flags
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_flag rolecall.feature_flags;
begin
  perform rolecall_internal.lock_flags();
  select *
  into v_flag
  from rolecall.feature_flags
  where name = coalesce(p_input ->> 'flag', 'start-conversation');
  return v_flag;
end
$$;

create or replace function rolecall_internal.refuse_unknown_flag()
returns jsonb
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
begin
  return rolecall_internal.refusal('not_found', 'There is no flag with this name.');
end
$$;

-- The refusal of a change whose reason or rollout is malformed; null for one that is not. The functions refuse these
-- themselves; whoever calls the entry points with SQL is told here.
create or replace function rolecall_internal.refuse_change(p_input jsonb, p_rollout text)
returns jsonb
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
begin
  if (p_rollout ~ '^(disabled|internal|enabled|percentage:(0|[1-9][0-9]?|100))$') is not true then
    return rolecall_internal.refusal(
      'invalid_input',
      'A rollout is disabled, internal, percentage:0 to percentage:100, or enabled.'
    );
  end if;
  return rolecall_internal.refuse_text('reason', coalesce(p_input ->> 'reason', ''), 1, rolecall_internal.limit_note_chars());
end
$$;

-- Who changes: the operator, and as far as it is known which. A person's name comes from who calls the entry point with
-- SQL (rolecall rollout); the functions' requests have no such member.
create or replace function rolecall_internal.rollout_actor(p_call rolecall.call)
returns text
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
begin
  return concat_ws(
    ' ',
    'operator',
    coalesce(p_call.caller::text, substring(p_call.request ->> 'actor' from '^[ -~]{1,100}$'))
  );
end
$$;

-- Changes the rollout of a locked flag and writes the decision; the data of the answer, which never repeats the reason. A
-- rollout that is the flag's already changes nothing, and nothing is written.
create or replace function rolecall_internal.change_rollout(
  p_call rolecall.call,
  p_flag rolecall.feature_flags,
  p_action text,
  p_rollout text,
  p_figures jsonb
)
returns jsonb
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_decision bigint;
begin
  if p_flag.rollout <> p_rollout then
    -- Read by the trigger that writes feature_flag_changes.
    perform set_config('rolecall.reason', p_call.input ->> 'reason', true);
    perform set_config('rolecall.actor', rolecall_internal.rollout_actor(p_call), true);
    with changed as (
      update rolecall.feature_flags
      set rollout = p_rollout
      where name = p_flag.name
      returning name
    )
    insert into rolecall.rollout_decisions (flag, actor, action, from_rollout, to_rollout, reason, figures)
    select
      name,
      rolecall_internal.rollout_actor(p_call),
      p_action,
      p_flag.rollout,
      p_rollout,
      p_call.input ->> 'reason',
      p_figures
    from changed
    returning id
    into v_decision;
    perform rolecall_internal.log_event(
      p_call,
      'rollout_changed',
      jsonb_build_object(
        'flag', p_flag.name,
        'action', p_action,
        'from_rollout', p_flag.rollout,
        'to_rollout', p_rollout,
        'decision_id', v_decision
      )
    );
  end if;
  return jsonb_build_object(
    'flag', p_flag.name,
    'action', p_action,
    'from_rollout', p_flag.rollout,
    'rollout', p_rollout,
    'changed', p_flag.rollout <> p_rollout,
    'decision_id', v_decision
  );
end
$$;

-- Sets the rollout of a flag, for the operations set and rollback.
create or replace function rolecall_internal.set_rollout(p_call rolecall.call, p_action text, p_rollout text)
returns jsonb
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_refusal jsonb := rolecall_internal.refuse_change(p_call.input, p_rollout);
  v_flag rolecall.feature_flags;
begin
  if v_refusal is not null then
    return v_refusal;
  end if;
  v_flag := rolecall_internal.lock_flag(p_call.input);
  if v_flag.name is null then
    return rolecall_internal.refuse_unknown_flag();
  end if;
  return rolecall_internal.success(
    rolecall_internal.change_rollout(
      p_call,
      v_flag,
      p_action,
      p_rollout,
      rolecall_internal.rollout_figures(v_flag.name, rolecall_internal.rollout_since(v_flag))
    )
  );
end
$$;
