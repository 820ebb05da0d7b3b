-- A page of an organisation's numbers: {organization_id, class?, limit, cursor?}. They are sorted by class, then by load, the
-- largest first. The cursor's number is both; released numbers are not listed.
create or replace function rolecall_internal.list_numbers(p_input jsonb)
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_org uuid;
  v_limit int := rolecall_internal.page_size(p_input, rolecall_internal.limit_page());
  v_after bigint;
  v_after_id uuid;
  v_page jsonb;
begin
  select id
  into v_org
  from rolecall.organizations
  where id = rolecall_internal.uuid_or_null(p_input ->> 'organization_id');
  if v_org is null then
    return rolecall_internal.refuse_unknown_organization();
  end if;
  if p_input ->> 'cursor' is not null then
    if p_input ->> 'cursor' !~ '^[0-9]{1,18}\.' then
      return rolecall_internal.refuse_cursor();
    end if;
    v_after := split_part(p_input ->> 'cursor', '.', 1);
    v_after_id := rolecall_internal.uuid_or_null(split_part(p_input ->> 'cursor', '.', 2));
    if v_after_id is null then
      return rolecall_internal.refuse_cursor();
    end if;
  end if;

  with shown as (
    select rolecall_internal.number_json(number) as number
    from rolecall.message_numbers as number
    where organization_id = v_org
      and status <> 'released'
  ),
  placed as (
    select
      number,
      (number ->> 'number_id')::uuid as id,
      -- A class has room for a million million threads.
      array_position(array['front_desk', 'sitter', 'pool'], number ->> 'class') * 1000000000000
        - (number -> 'open_threads')::bigint as place
    from shown
    where p_input ->> 'class' is null
      or number ->> 'class' = p_input ->> 'class'
  ),
  page as (
    select *
    from placed
    where v_after is null
      or (place, id) > (v_after, v_after_id)
    order by place, id
    limit v_limit + 1
  ),
  numbered as (
    select *, row_number() over (order by place, id) as row
    from page
  )
  select jsonb_build_object(
    'numbers', coalesce(jsonb_agg(number order by row) filter (where row <= v_limit), '[]'),
    'next_cursor', case
      when count(*) > v_limit then max(place || '.' || id) filter (where row = v_limit)
    end
  )
  into v_page
  from numbered;
  return rolecall_internal.success(v_page);
end
$$;

create or replace function rolecall_edge.list_numbers(p_request jsonb)
returns jsonb
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_call rolecall.call := rolecall_internal.begin_call('numbers.list', p_request, p_who => 'operator', p_keyed => false);
begin
  if v_call.answer is null then
    v_call.answer := rolecall_internal.list_numbers(v_call.input);
  end if;
  return rolecall_internal.end_call(v_call);
end
$$;
