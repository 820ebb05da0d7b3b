-- Texts that reach the database past the functions, which decode them as shared/src/wire/text.rs does. These say the same.

-- A text without the white space around it.
create or replace function rolecall_internal.trimmed(p_text text)
returns text
language sql
immutable
return btrim(
  p_text,
  E' \t\n\u000b\f\r\u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000'
);

-- The refusal of a text that is too short or too long, shows nothing, or has control characters other than line breaks
-- and tabs; null for one that is right.
create or replace function rolecall_internal.refuse_text(p_name text, p_text text, p_least int, p_most int)
returns jsonb
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
begin
  if not rolecall_internal.has_length(p_text, p_least, p_most) then
    return rolecall_internal.refuse_length(p_name, p_least, p_most);
  end if;
  if p_text collate "C" ~ '[\u0001-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]' then
    return rolecall_internal.refusal(
      'invalid_input',
      format('The %s must have no control characters other than line breaks and tabs.', p_name)
    );
  end if;
  if p_text <> '' and p_text collate "C" ~ '^[\s\u0085\u00a0\u00ad\u1680\u2000-\u200f\u2028-\u202f\u205f-\u206f\u3000\ufeff]*$' then
    return rolecall_internal.refusal('invalid_input', format('There is no visible text in the %s.', p_name));
  end if;
  return null;
end
$$;
