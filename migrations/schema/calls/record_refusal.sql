-- Writes the audit row of a refusal that the edge function decided, such as an attempt to act for somebody else:
-- {function, code, event, detail, field?}.
create or replace function rolecall_edge.record_refusal(p_request jsonb)
returns jsonb
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_caller uuid := rolecall_internal.assume_claims(p_request -> 'claims');
  v_input jsonb := p_request -> 'input';
begin
  perform rolecall_internal.finish(
    coalesce(v_input ->> 'function', 'unknown'),
    p_request,
    v_caller,
    jsonb_build_object(
      'code', coalesce(v_input ->> 'code', 'internal'),
      'detail', v_input -> 'detail',
      'field', v_input -> 'field'
    ),
    'function',
    coalesce(v_input ->> 'event', 'refused')
  );
  return rolecall_internal.success('{}');
end
$$;
