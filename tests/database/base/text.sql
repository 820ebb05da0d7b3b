-- What people read shows something: in messages, broadcasts, help requests, reports, notes, titles and names, through the
-- functions, the RPCs and the tables.
begin;
\ir ../support/calls.psql
select no_plan();

-- The characters that issue 9 names, and some of their kinds.
create temporary table blank as
select code, chr(code) as character
from unnest(array[
  x'2800'::int, x'3164'::int, x'ffa0'::int, x'115f'::int, x'1160'::int, x'180e'::int, x'34f'::int, x'fe0f'::int,
  x'e0020'::int, x'17b4'::int, x'1d159'::int, x'20'::int, x'a0'::int, x'ad'::int, x'200b'::int, x'200d'::int,
  x'202e'::int, x'2066'::int, x'feff'::int, x'e01ef'::int
]) as code;
grant select on blank to public;

select ok(not rolecall_internal.has_visible(repeat(character, 12)), format('U+%s shows nothing', to_hex(code)))
from blank;
select ok(not rolecall_internal.has_visible(''), 'nor does nothing');
select ok(not rolecall_internal.has_visible((select string_agg(character, '') from blank)), 'nor all of them together');
select ok(rolecall_internal.has_visible(shown), format('"%s" shows something', shown))
from unnest(array[
  'a', '❤️', '👨‍👩‍👧', '1️⃣', '🇩🇪', '🏴󠁧󠁢󠁥󠁮󠁧󠁿', U&'\0645\06CC\200C\062E\0648\0627\0647\0645', U&'\0915\094D\200D\0937', U&'\200B\200Bx', U&' \2800é'
]) as shown;

create function pg_temp.send(p_content text)
returns text
language sql
return pg_temp.verdict(
  pg_temp.ask('send_dm', pg_temp.demo(1), jsonb_build_object('recipient_id', pg_temp.demo(4), 'content', p_content))
);
create function pg_temp.send_two(p_content text)
returns text
language plpgsql
as $$
declare
  v_request jsonb := jsonb_build_object(
    'claims', jsonb_build_object('sub', pg_temp.demo(1), 'role', 'authenticated'),
    'request_id', 'pgtap',
    'rollouts', '{}'::jsonb,
    'input', jsonb_build_object('recipient_id', pg_temp.demo(4), 'content', p_content)
  );
  v_answer jsonb;
begin
  perform set_config('role', 'rolecall_edge', true);
  v_answer := rolecall_edge.send_dm(jsonb_build_array(v_request, v_request));
  perform set_config('role', 'none', true);
  return pg_temp.verdict(v_answer -> 1);
end
$$;

select is(pg_temp.send(repeat(character, 12)), 'invalid_input', format('a message of U+%s is refused', to_hex(code)))
from blank;
select is(pg_temp.send_two(U&'\2800\FE0F'), 'invalid_input', 'so is one that shares a statement');
select is(pg_temp.send('❤️'), 'ok', 'an emoji is a message');
select throws_ok(
  format(
    $$
    insert into rolecall.messages (conversation_id, seq, sender_id, content)
    select conversation_id, seq + 1000, sender_id, %L
    from rolecall.messages
    where sender_id is not null
      and not legacy
    limit 1
    $$,
    character
  ),
  '23514',
  null,
  format('the table takes no message of U+%s', to_hex(code))
)
from blank;
select lives_ok(
  $$
  insert into rolecall.messages (conversation_id, seq, sender_id, content)
  select conversation_id, seq + 1000, sender_id, '❤️'
  from rolecall.messages
  where sender_id is not null
    and not legacy
  limit 1
  $$,
  'the table takes one of an emoji'
);
select is(
  pg_temp.ask('send_dm', pg_temp.demo(1), jsonb_build_object('recipient_id', pg_temp.demo(4), 'content', content))
    ->> 'detail',
  detail,
  detail
)
from (
  values
    (U&'\3164', 'The content has no visible text.'),
    (
      repeat('👩‍🚀', 700),
      'The content must have 1 to 2000 characters; this has 2100. Each Unicode code point counts: an emoji may be several.'
    )
) as told (content, detail);

-- Broadcasts.
select is(
  pg_temp.verdict(
    pg_temp.ask(
      'send_broadcast',
      pg_temp.demo(4),
      jsonb_build_object('show_id', pg_temp.demo(11), 'recipient_roles', '["attendee"]'::jsonb, 'message', text)
    )
  ),
  'invalid_input',
  'a broadcast without visible text is refused'
)
from unnest(array[U&'\2800', U&'\FFA0\00A0', E'a\u0007']) as text;

-- Help requests, their conversations and messages, as PostgREST takes them.
select is(
  pg_temp.run_as(
    'authenticated',
    pg_temp.demo(1),
    format('insert into rolecall.help_requests (requester_id, title, description) values (%L, %L, %L)',
      pg_temp.demo(1), title, description)
  ),
  verdict,
  format('a help request of %L and %L', title, description)
)
from (
  values
    ('A lift', '', '1'),
    ('A lift', 'To the hospital 🏥', '1'),
    (U&'\2800', '', '23514'),
    (U&'\3164\3164', '', '23514'),
    (E'A\u0007lift', '', '23514'),
    ('A lift', U&'\2800', '23514')
) as asked (title, description, verdict);
select is(
  pg_temp.verdict(
    pg_temp.run_as(
      'authenticated',
      pg_temp.demo(4),
      format('select public.create_conversation_atomic(%L, %L, %L)', pg_temp.demo(21), pg_temp.demo(4), text)
    )::jsonb
  ),
  'invalid_input',
  'a help conversation without a visible first message is refused'
)
from unnest(array[repeat(U&'\2800', 20), repeat(U&'\+0E0020', 20), E'I can help with that.\u001b[31m']) as text;
select is(
  pg_temp.verdict(
    pg_temp.run_as(
      'authenticated',
      pg_temp.demo(4),
      format(
        'select public.create_conversation_atomic(%L, %L, %L)', pg_temp.demo(21), pg_temp.demo(4), 'I can help with that.'
      )
    )::jsonb
  ),
  'ok',
  'one with it is begun'
);
select is(
  pg_temp.verdict(
    pg_temp.run_as(
      'authenticated',
      pg_temp.demo(4),
      format('select public.send_message_v2(%L, %L, %L)', conversation.id, pg_temp.demo(4), text)
    )::jsonb
  ),
  verdict,
  format('a help message of %L', text)
)
from public.conversations_v2 as conversation
cross join (values (U&'\3164', 'invalid_input'), (E'a\u0007', 'invalid_input'), ('👍🏽', 'ok')) as said (text, verdict)
where conversation.helper_id = pg_temp.demo(4);
select is(
  pg_temp.run_as('authenticated', pg_temp.demo(4), format('update public.messages_v2 set content = %L', character)),
  'PT400',
  format('nor is a help message changed to U+%s', to_hex(code))
)
from blank;

-- Titles of shows, names of organisations.
select throws_ok(
  format('update rolecall.shows set title = %L', character), '23514', null, format('no show is called U+%s', to_hex(code))
)
from blank;
select throws_ok(
  format('insert into rolecall.organizations (name) values (%L)', character),
  '23514',
  null,
  format('no organisation is called U+%s', to_hex(code))
)
from blank;

-- Names. A user changes their own through the table.
create function pg_temp.rename(p_name text)
returns text
language sql
return pg_temp.run_as(
  'authenticated',
  pg_temp.demo(1),
  format('update rolecall.profiles set display_name = %L where id = %L', p_name, pg_temp.demo(1))
);

select is(pg_temp.rename(name), '1', format('"%s" is a name', name))
from unnest(array[
  '', 'Max', 'Max Müller', 'Noël 👩🏽‍🚀', '❤️ Ann', '1️⃣ Max', '🏴󠁧󠁢󠁥󠁮󠁧󠁿 Max', 'أحمد', 'שרה', '👁️‍🗨️',
  U&'\0645\06CC\200C\062E\0648\0627\0647\0645', U&'\0915\094D\200D\0937', U&'\5C71\7530\3000\592A\90CE',
  U&'\908A\+0E0100'
]) as name;
select is(pg_temp.rename(name), '23514', format('a name hides nothing: %s', what))
from (
  values
    (U&'Max\202Emin', 'a right-to-left override'),
    (U&'Max\2066', 'an isolate'),
    (U&'\200FMax', 'a right-to-left mark'),
    (U&'Max\061C', 'an Arabic letter mark'),
    (U&'Ma\200Bx', 'a zero-width space'),
    (U&'Ma\200Cx', 'a joiner between Latin letters'),
    (U&'\AE40\200C\CCA0', 'a joiner between syllables of Hangul'),
    (U&'\0645\200C', 'a joiner at the end'),
    (U&'\200D👩', 'a joiner at the beginning'),
    (U&'👩\200D\200D👧', 'two joiners'),
    (U&'Max\FE0F', 'a selector after a letter'),
    (U&'Max\+0E0041', 'a tag'),
    (U&'Ma\00ADx', 'a soft hyphen'),
    (U&'Max\2800', 'a braille blank'),
    (U&'\3164', 'a filler'),
    (E'Max\nadmin', 'a line break'),
    (E'Max\tadmin', 'a tab'),
    (' ', 'a space alone')
) as hidden (name, what);
select is(pg_temp.rename(repeat('x', 201)), '23514', 'a name of 201 characters is too long');
select throws_ok(
  format('insert into rolecall.profiles (id, display_name) values (gen_random_uuid(), %L)', 'Max' || character),
  '23514',
  null,
  format('whoever makes a profile, U+%s is in no name', to_hex(code))
)
from blank
where code not in (x'20'::int, x'a0'::int);

select * from finish();
rollback;
