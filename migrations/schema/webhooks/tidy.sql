-- Bounds what is kept for webhooks, in steps, every minute: for a week what is dead, and what waits for a webhook that is
-- disabled; for a removed webhook nothing. Of the dead as many are kept as may wait.
create or replace function rolecall_internal.tidy_webhooks(p_most int default 20000)
returns bigint
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_webhook uuid;
  v_is_known boolean;
  v_gone bigint;
  v_all bigint := 0;
begin
  update rolecall.webhooks
  set
    former_secret = null,
    former_secret_until = null
  where former_secret_until <= now();
  for v_webhook, v_is_known in
    -- Skips from one webhook to the next, however many deliveries each has.
    with recursive named (id) as (
      (
        select webhook_id
        from rolecall.webhook_deliveries
        order by webhook_id
        limit 1
      )
      union all
      select (
        select delivery.webhook_id
        from rolecall.webhook_deliveries as delivery
        where delivery.webhook_id > named.id
        order by delivery.webhook_id
        limit 1
      )
      from named
      where named.id is not null
    )
    select named.id, webhook.id is not null
    from named
    left join rolecall.webhooks as webhook
      on webhook.id = named.id
    where named.id is not null
  loop
    exit when v_all >= p_most;
    delete from rolecall.webhook_deliveries
    where id in (
      (
        select id
        from rolecall.webhook_deliveries
        where webhook_id = v_webhook
          and not v_is_known
        limit p_most - v_all
      )
      union all
      (
        select id
        from rolecall.webhook_deliveries
        where webhook_id = v_webhook
          and state in ('dead', 'pending')
          and due_at < now() - interval '7 days'
        limit p_most - v_all
      )
      union all
      (
        select id
        from rolecall.webhook_deliveries
        where webhook_id = v_webhook
          and state = 'dead'
        order by due_at desc, id desc
        offset rolecall_internal.limit_webhook_pending()
        limit p_most - v_all
      )
    );
    get diagnostics v_gone = row_count;
    v_all := v_all + v_gone;
  end loop;
  return v_all;
end
$$;
