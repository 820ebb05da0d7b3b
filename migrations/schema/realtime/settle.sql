-- Deletes rows that are published: {ids} -> {settled}. Of a wide row only the page that was taken is settled; while there
-- are more, the row stays. Settled twice, or by two relays, it is done once. What goes is kept for the webhooks that want it,
-- unless it was forked while it waited.
create or replace function rolecall_relay.settle(p_request jsonb)
returns jsonb
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_ids bigint[];
  v_settled bigint;
  v_rows rolecall.outbox[];
  v_has_webhooks boolean := exists (select from rolecall.webhooks where is_enabled);
begin
  if jsonb_typeof(p_request -> 'ids') is distinct from 'array'
    or exists (
      select
      from jsonb_array_elements_text(p_request -> 'ids') as id
      where (id ~ '^[0-9]{1,18}$') is not true
    )
  then
    return rolecall_internal.refusal('invalid_input', 'The ids must be a list of ids of the outbox.');
  end if;
  v_ids := array(
    select id::bigint
    from jsonb_array_elements_text(p_request -> 'ids') as id
  );
  with moved_on as (
    update rolecall.outbox
    set
      reached = taken_to,
      taken_to = null
    where id = any (v_ids)
      and taken_to is not null
    returning id
  ),
  gone as (
    delete from rolecall.outbox
    where id = any (v_ids)
      and taken_to is null
    returning case when v_has_webhooks and not is_forked then outbox end as unforked
  )
  select
    (select count(*) from moved_on) + (select count(*) from gone),
    (
      select array_agg(unforked order by (unforked).id)
      from gone
      where (unforked).id is not null
    )
  into v_settled, v_rows;
  if v_rows is not null then
    perform rolecall_internal.keep_for_webhooks(v_rows);
  end if;
  return rolecall_internal.success(jsonb_build_object('settled', v_settled));
end
$$;
