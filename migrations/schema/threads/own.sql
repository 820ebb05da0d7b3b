-- The caller's threads, for policies: by the rules that the functions read by. They read as their owner, and tell callers
-- nothing but their own; a caller who is nobody has none.

-- The organisation all of whose threads the caller reads; null for who reads some or none.
create or replace function rolecall_internal.caller_organization_of_threads()
returns uuid
language plpgsql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_reader rolecall.actor := rolecall_internal.thread_reader(auth.uid(), '{}');
begin
  return case
    when v_reader.refusal is null and rolecall_internal.reads_every_thread(v_reader.organization_role)
    then v_reader.organization_id
  end;
end
$$;

-- The threads that a caller reads who does not read all.
create or replace function rolecall_internal.caller_threads()
returns uuid[]
language plpgsql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_caller uuid := auth.uid();
  v_reader rolecall.actor := rolecall_internal.thread_reader(v_caller, '{}');
begin
  if v_reader.refusal is not null then
    return '{}';
  end if;
  return rolecall_internal.own_threads(v_reader, v_caller);
end
$$;

-- The role in their organisation of a caller who reads threads; null for who reads none.
create or replace function rolecall_internal.caller_role_of_threads()
returns text
language plpgsql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_reader rolecall.actor := rolecall_internal.thread_reader(auth.uid(), '{}');
begin
  return case when v_reader.refusal is null then v_reader.organization_role end;
end
$$;
