-- Whether an allowed domain of the organisation is this host, or one above it.
create or replace function rolecall_internal.is_allowed_domain(p_org uuid, p_host text)
returns boolean
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
  select exists (
    select
    from rolecall.organizations
    cross join unnest(allowed_domains) as domain
    where id = p_org
      and (
        lower(p_host) = lower(domain)
        or lower(right(p_host, length(domain) + 1)) = '.' || lower(domain)
      )
  )
$$;

-- Whether a hit is a number or domain of the organisation itself. A number may be written without the country code; then
-- the seven digits of a local number are enough. A domain stands for its subdomains, too, in links and in addresses.
create or replace function rolecall_internal.is_allowed_contact(p_org uuid, p_kind text, p_value text)
returns boolean
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
  select case p_kind
    when 'phone' then exists (
      select
      from rolecall.message_numbers
      cross join lateral (
        select
          ltrim(p_value, '+') as digits,
          ltrim(p_value, '+0') as national
      ) as given
      where organization_id = p_org
        and status <> 'released'
        and (
          e164 = p_value
          or p_value not like '+%'
          and (
            '00' || substr(e164, 2) = digits
            or '011' || substr(e164, 2) = digits
            or length(national) >= 7
            and right(e164, length(national)) = national
          )
        )
    )
    when 'url' then rolecall_internal.is_allowed_domain(p_org, p_value)
    when 'email' then rolecall_internal.is_allowed_domain(p_org, substr(p_value, length(p_value) - strpos(reverse(p_value), '@') + 2))
    else false
  end
$$;

-- What the filter found in a text and the organisation does not allow: {"violations": [kinds], "redacted": text}, or null.
-- The filter (shared/src/rules/poaching) knows no organisation, so the organisation's own numbers and allowed domains are
-- dropped here.
create or replace function rolecall_internal.held_back(p_org uuid, p_filter jsonb)
returns jsonb
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
  select jsonb_build_object(
    'violations', jsonb_agg(kind order by place),
    'redacted', p_filter -> 'redacted'
  )
  from (
    select
      kind,
      min(place) as place
    from jsonb_array_elements(p_filter -> 'violations') with ordinality as given (violation, place)
    cross join lateral (
      select
        violation ->> 'kind',
        violation ->> 'value'
    ) as read (kind, value)
    where not rolecall_internal.is_allowed_contact(p_org, kind, value)
    group by kind
  ) as left_over
  having count(*) > 0
$$;
