-- Gives an organisation a number: {organization_id, phone, class, sitter_id?}. The indexes decide who of many at once gets
-- it: a number that is not released belongs to one organisation, an organisation has one active front desk, and a sitter one
-- active number. The owner inbox moves to a new front desk.

-- The refusal of a number that could not be added; nothing of another organisation is told.
create or replace function rolecall_internal.refuse_number(p_org uuid, p_phone text, p_class text, p_sitter uuid)
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  if exists (
    select
    from rolecall.message_numbers
    where e164 = p_phone
      and status <> 'released'
  ) then
    return rolecall_internal.refusal(
      'number_in_use',
      'The number is in use.',
      'number_in_use',
      'The number is released, and has rested if it was a sitter''s.'
    );
  end if;
  if p_class = 'front_desk' then
    return rolecall_internal.refusal(
      'number_in_use',
      'The organisation has a front desk.',
      'front_desk_exists',
      'The number of the front desk is released.'
    );
  end if;
  return rolecall_internal.refusal(
    'number_in_use',
    'The sitter has a number.',
    'sitter_has_number',
    'The sitter''s number is released.'
  );
end
$$;

create or replace function rolecall_internal.add_number(p_input jsonb)
returns jsonb
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_org uuid;
  v_phone text := p_input ->> 'phone';
  v_class text := p_input ->> 'class';
  v_sitter uuid := rolecall_internal.uuid_or_null(p_input ->> 'sitter_id');
  v_number rolecall.message_numbers;
begin
  select id
  into v_org
  from rolecall.organizations
  where id = rolecall_internal.uuid_or_null(p_input ->> 'organization_id');
  if v_org is null then
    return rolecall_internal.refuse_unknown_organization();
  end if;
  if rolecall_internal.is_e164(v_phone) is not true then
    return rolecall_internal.refuse_field('phone', 'malformed_phone', 'Expected a phone number in international form (E.164).');
  end if;
  if v_class is null or v_class not in ('front_desk', 'sitter', 'pool') then
    return rolecall_internal.refuse_field('class', 'unknown_value', 'Expected one of front_desk, sitter, pool.');
  end if;
  if (v_class = 'sitter') <> (v_sitter is not null) then
    return rolecall_internal.refuse_field(
      'sitter_id', 'sitter_of_class', 'A number of the class sitter names its sitter, and no other does.'
    );
  end if;
  if v_sitter is not null
    and not exists (
      select
      from rolecall.profiles
      where organization_id = v_org
        and id = v_sitter
        and organization_role = 'sitter'
    )
  then
    return rolecall_internal.refusal('not_found', 'The organisation has no sitter with this sitter_id.');
  end if;

  insert into rolecall.message_numbers (organization_id, e164, class, sitter_id)
  values (v_org, v_phone, v_class, v_sitter)
  on conflict do nothing
  returning *
  into v_number;
  if not found then
    return rolecall_internal.refuse_number(v_org, v_phone, v_class, v_sitter);
  end if;
  if v_class = 'front_desk' then
    update rolecall.message_threads
    set
      number_id = v_number.id,
      number_class = v_number.class,
      updated_at = now()
    where organization_id = v_org
      and scope = 'owner_inbox';
  end if;
  return rolecall_internal.success(rolecall_internal.number_json(v_number));
end
$$;

create or replace function rolecall_edge.add_number(p_request jsonb)
returns jsonb
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_call rolecall.call := rolecall_internal.begin_call('numbers.add', p_request, p_who => 'operator');
begin
  if v_call.answer is null then
    v_call.answer := rolecall_internal.add_number(v_call.input);
    if v_call.answer -> 'ok' = 'true' then
      perform rolecall_internal.log_event(
        v_call,
        'number_added',
        v_call.answer -> 'data' || jsonb_build_object('organization_id', v_call.input -> 'organization_id')
      );
    end if;
  end if;
  return rolecall_internal.end_call(v_call);
end
$$;
