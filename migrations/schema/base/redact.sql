-- Replaces every possible phone number by its last four digits: "[phone …1234]". shared/src/rules/redact.rs says what is
-- one, and the same of each text. Numerals of every script count, each character keeps its place in v_plain, and what is
-- never a number is blank there.
create or replace function rolecall_internal.redact(p_text text)
returns text
language plpgsql
immutable
strict
parallel safe
set search_path = pg_catalog, pg_temp
as $$
declare
  v_plain text collate "C" := rolecall_internal.with_ascii_digits(p_text);
  v_cleaned text := '';
  v_at int := 1;
  v_from int;
  v_run text collate "C";
  v_head text collate "C";
begin
  if v_plain !~ '[0-9](?:[^0-9]*[0-9]){6}' then
    return p_text;
  end if;

  v_plain := regexp_replace(
    v_plain,
    '(?<![0-9A-Za-z])[0-9A-Fa-f]{8}-(?:[0-9A-Fa-f]{4}-){3}[0-9A-Fa-f]{12}(?![0-9A-Za-z])',
    repeat(' ', 36),
    'g'
  );
  v_plain := regexp_replace(
    v_plain,
    '(?<![0-9A-Za-z])2[0-2][0-9]{2}-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-5][0-9]\.[0-9]{6}Z(?![0-9A-Za-z])',
    repeat(' ', 27),
    'g'
  );
  v_plain := regexp_replace(
    v_plain,
    '(?<![0-9A-Za-z])2[0-2][0-9]{2}-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-5][0-9]Z(?![0-9A-Za-z])',
    repeat(' ', 20),
    'g'
  );
  v_plain := regexp_replace(v_plain, '\[phone …[0-9]{4}\]', repeat(' ', 13), 'g');

  loop
    v_from := regexp_instr(v_plain, '[0-9](?:[^0-9]{0,12}[0-9]){6,}', v_at);
    exit when v_from = 0;
    v_run := regexp_substr(v_plain, '[0-9](?:[^0-9]{0,12}[0-9]){6,}', v_at);
    v_cleaned := v_cleaned || substr(p_text, v_at, v_from - v_at);
    v_at := v_from + char_length(v_run);

    -- The digits before the first word.
    v_head := regexp_replace(regexp_replace(v_run, '[A-Za-z]{2}.*$', ''), '[^0-9]+$', '');
    if v_head ~ '(?:[0-9][^0-9]*){7}'
      -- No three digits without a word between them follow.
      and substr(v_run, char_length(v_head) + 1) !~ '[0-9](?:(?:[A-Za-z]?[^0-9A-Za-z])*[A-Za-z]?[0-9]){2}'
      -- Neither do four in all.
      and substr(v_run, char_length(v_head) + 1) !~ '(?:[0-9][^0-9]*){4}'
    then
      v_run := v_head;
      v_at := v_from + char_length(v_run);
    elsif v_head <> v_run and v_run !~ '(?:[0-9][^0-9]*){8}' then
      v_cleaned := v_cleaned || substr(p_text, v_from, char_length(v_run));
      continue;
    end if;
    v_cleaned := v_cleaned || '[phone …' || right(regexp_replace(v_run, '[^0-9]+', '', 'g'), 4) || ']';
  end loop;
  return v_cleaned || substr(p_text, v_at);
end
$$;

-- A phone number (ITU-T E.164) as people are shown it: by its last four digits. Display of PhoneNumber says the same.
create or replace function rolecall_internal.masked(p_e164 text)
returns text
language sql
immutable
parallel safe
return '[phone …' || right(p_e164, 4) || ']';
