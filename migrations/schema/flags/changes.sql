-- What happens when a flag or an override changes, whoever changes it.

-- Makes changes follow each other. In read committed what comes after sees what came before; a transaction with an older
-- snapshot fails to serialize instead of judging by flags that are no more. Who looks at a flag to change it calls this
-- first.
create or replace function rolecall_internal.lock_flags()
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  insert into rolecall.feature_flag_revision as kept (is_only, revision)
  values (true, 1)
  on conflict (is_only) do update
  set revision = kept.revision + 1;
end
$$;

create or replace function rolecall_internal.lock_flags_first()
returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  perform rolecall_internal.lock_flags();
  if tg_op = 'DELETE' then
    return old;
  end if;
  return new;
end
$$;

-- Refuses flags that require each other in a circle, and keeps is_open.
create or replace function rolecall_internal.settle_flags()
returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_circle text;
begin
  with recursive needed (name, required) as (
    select name, requires
    from rolecall.feature_flags
    where requires is not null
    union
    select needed.name, flag.requires
    from needed
    join rolecall.feature_flags as flag
      on flag.name = needed.required
    where flag.requires is not null
  )
  select min(name)
  into v_circle
  from needed
  where name = required;
  if v_circle is not null then
    raise exception using
      errcode = 'check_violation',
      schema = 'rolecall',
      table = 'feature_flags',
      constraint = 'feature_flags_requires_no_circle',
      message = format('flag "%s" would require itself', v_circle);
  end if;

  if exists (select from rolecall_internal.open_flags() where is_open <> is_now_open) then
    -- Fires this trigger once more, which then finds nothing to do.
    update rolecall.feature_flags as flag
    set is_open = settled.is_now_open
    from rolecall_internal.open_flags() as settled
    where flag.name = settled.name
      and settled.is_open <> settled.is_now_open;
  end if;
  return null;
end
$$;

-- The flags, with is_open as it is and as it must be.
create or replace function rolecall_internal.open_flags()
returns table (name text, is_open boolean, is_now_open boolean)
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
begin
  return query
  with recursive plain as (
    select flag.name, flag.requires
    from rolecall.feature_flags as flag
    where flag.rollout = 'enabled'
      -- One that is over counts as well: it is settled when it is deleted.
      and not exists (select from rolecall.feature_flag_overrides as override where override.name = flag.name)
  ),
  opened as (
    select plain.name
    from plain
    where plain.requires is null
    union all
    select plain.name
    from opened
    join plain
      on plain.requires = opened.name
  )
  select flag.name, flag.is_open, exists (select from opened where opened.name = flag.name)
  from rolecall.feature_flags as flag;
end
$$;

-- Writes the row of a change. The reason is the transaction's, or the one that the override itself has.
create or replace function rolecall_internal.record_flag_change(
  p_name text,
  p_organization_id uuid,
  p_user_id uuid,
  p_old jsonb,
  p_new jsonb
)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  insert into rolecall.feature_flag_changes (name, organization_id, user_id, old, new, by, reason, details)
  select
    p_name,
    p_organization_id,
    p_user_id,
    p_old ->> 'rollout',
    p_new ->> 'rollout',
    coalesce(nullif(current_setting('rolecall.actor', true), ''), auth.uid()::text, session_user),
    coalesce(nullif(current_setting('rolecall.reason', true), ''), p_new ->> 'reason', ''),
    coalesce(
      (
        select jsonb_object_agg(field, jsonb_build_object('old', p_old -> field, 'new', p_new -> field))
        from unnest(array['name', 'requires', 'description', 'until']) as field
        where p_old is not null
          and p_new is not null
          and p_old -> field is distinct from p_new -> field
      ),
      '{}'
    );
end
$$;

create or replace function rolecall_internal.record_flag()
returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_old jsonb := case when tg_op <> 'INSERT' then to_jsonb(old) - array['updated_at', 'is_open'] end;
  v_new jsonb := case when tg_op <> 'DELETE' then to_jsonb(new) - array['updated_at', 'is_open'] end;
begin
  if v_old is distinct from v_new then
    perform rolecall_internal.record_flag_change(coalesce(v_new, v_old) ->> 'name', null, null, v_old, v_new);
  end if;
  return null;
end
$$;

-- An override that is given to somebody else is two changes.
create or replace function rolecall_internal.record_override()
returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_old jsonb := case when tg_op <> 'INSERT' then to_jsonb(old) end;
  v_new jsonb := case when tg_op <> 'DELETE' then to_jsonb(new) end;
  v_moved boolean := tg_op = 'UPDATE'
    and (old.name, old.organization_id, old.user_id) is distinct from (new.name, new.organization_id, new.user_id);
begin
  if v_old is not distinct from v_new then
    return null;
  end if;
  if tg_op = 'DELETE' or v_moved then
    perform rolecall_internal.record_flag_change(old.name, old.organization_id, old.user_id, v_old, null);
  end if;
  if tg_op <> 'DELETE' then
    perform rolecall_internal.record_flag_change(
      new.name, new.organization_id, new.user_id, case when not v_moved then v_old end, v_new
    );
  end if;
  return null;
end
$$;

-- Binds the owner, too, whose rights every entry point has.
create or replace function rolecall_internal.refuse_other_flag_history()
returns trigger
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  raise exception using
    errcode = 'insufficient_privilege',
    message = format('%s.%s is written once and never changed', tg_table_schema, tg_table_name);
end
$$;
