-- Keeps the key set of an address, or tells the one that is kept: {url, keys} or {url}. Takes no claims, as it serves the
-- checking of tokens: a new instance takes over the keys of those before it, whether the address answers or not. The keys
-- are public, and whoever has the login of the functions acts for anybody already.
create or replace function rolecall_edge.key_set(p_request jsonb)
returns jsonb
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_url text := p_request #>> '{input,url}';
  v_keys text := p_request #>> '{input,keys}';
  v_kept rolecall.key_sets;
begin
  perform rolecall_internal.refuse_long_statements();
  if v_url is null or octet_length(v_url) > 2048 or octet_length(v_keys) > 262144 then
    return rolecall_internal.refusal('invalid_input', 'A key set has an address of up to 2 KiB and up to 256 KiB of keys.');
  end if;
  if v_keys is not null then
    -- Addresses that nobody uses any more go.
    delete from rolecall.key_sets
    where fetched_at < now() - interval '7 days';
    insert into rolecall.key_sets as kept (url, keys)
    values (v_url, v_keys)
    on conflict (url) do update
    set
      keys = excluded.keys,
      fetched_at = excluded.fetched_at
    -- Many instances may fetch at once.
    where kept.keys <> excluded.keys
      or kept.fetched_at < now() - interval '1 minute';
    return rolecall_internal.success('{}');
  end if;
  select *
  into v_kept
  from rolecall.key_sets
  where url = v_url;
  return rolecall_internal.success(
    jsonb_build_object(
      'keys', v_kept.keys,
      'age_seconds', extract(epoch from now() - v_kept.fetched_at)::bigint
    )
  );
end
$$;
