-- Texts that people read, for what the functions have not decoded: these say the same as shared/src/wire/text.rs.

-- A text without the white space around it.
create or replace function rolecall_internal.trimmed(p_text text)
returns text
language sql
immutable
return btrim(
  p_text,
  E' \t\n\u000b\f\r\u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000'
);

-- Whether a text has a control character other than tabs and line breaks.
create or replace function rolecall_internal.has_control(p_text text)
returns boolean
language sql
immutable
parallel safe
return p_text collate "C" ~ '[\u0001-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]';

-- Whether a text may be of this length, shows something, and controls nothing but its lines. Lengths are counted in
-- Unicode's code points, as by char_length. A text that may be empty may show nothing then.
create or replace function rolecall_internal.is_text(p_text text, p_least int, p_most int)
returns boolean
language sql
immutable
parallel safe
return coalesce(
  char_length(p_text) between p_least and p_most
  and (p_text = '' or rolecall_internal.has_visible(p_text))
  and not rolecall_internal.has_control(p_text),
  false
);
