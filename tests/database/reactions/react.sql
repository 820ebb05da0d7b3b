-- rolecall_edge.react and unreact: what they count, whom they refuse, and that an array answers what single calls answer.
begin;
\ir ../support/calls.psql
select no_plan();
update rolecall.rate_limits set capacity = null;
update rolecall.relay set is_wanted = true;

create temporary table sent as
select answer #>> '{data,message_id}' as message_id, (answer #>> '{data,conversation_id}')::uuid as conversation_id
from pg_temp.ask('send_dm', pg_temp.demo(8), jsonb_build_object('recipient_id', pg_temp.demo(1), 'content', 'Hi')) as answer;

create function pg_temp.react(p_function text, p_user int, p_emoji text, p_key text default null)
returns jsonb
language sql
return pg_temp.ask(
  p_function,
  pg_temp.demo(p_user),
  jsonb_build_object('message_id', (select message_id from sent), 'emoji', p_emoji),
  p_key
);

-- An answer in short: each kind, how many, "*" of the caller's own; or the refusal.
create function pg_temp.short(p_answer jsonb)
returns text
language sql
return (
  case
    when p_answer -> 'ok' = 'true' then coalesce(
      (
        select string_agg(
          concat(kind ->> 'emoji', kind ->> 'count', case when kind -> 'mine' = 'true' then '*' end),
          ' '
          order by number
        )
        from jsonb_array_elements(p_answer #> '{data,reactions}') with ordinality as kinds (kind, number)
      ),
      'none'
    )
    else pg_temp.verdict(p_answer)
  end
);

select is(pg_temp.short(pg_temp.react('react', 1, '👍')), '👍1*', 'a reaction');
select is(pg_temp.short(pg_temp.react('react', 1, '👍')), '👍1*', 'twice is once');
select is(pg_temp.short(pg_temp.react('react', 8, '🎉')), '🎉1* 👍1', 'kinds of the same count by their code points');
select is(pg_temp.short(pg_temp.react('react', 8, '👍')), '👍2* 🎉1*', 'the most frequent first');
select is(pg_temp.short(pg_temp.react('unreact', 1, '🎉')), '👍2* 🎉1', 'what one has not given stays');
select is(pg_temp.short(pg_temp.react('unreact', 1, '👍')), '🎉1 👍1', 'taken back');
select is(
  (select array_agg(type || seqs::text order by id) from rolecall.outbox where type = 'message.changed'),
  array['message.changed{1}', 'message.changed{1}', 'message.changed{1}', 'message.changed{1}'],
  'each change is told once, and nothing else'
);
select is((select revision from rolecall.messages where id = (select message_id::uuid from sent)), 4::bigint, 'and is a revision');

-- Bounds for whatever comes past the functions.
select is(pg_temp.short(pg_temp.react('react', 1, emoji)), 'invalid_input', format('%L is no reaction', emoji))
from unnest(array['', ' ', '👍 ', E'a\nb', E'\t', U&'\200b', repeat('x', 65), repeat('👍', 17)]) as emoji;
select is(pg_temp.short(pg_temp.react('react', 1, null)), 'invalid_input', 'nor is nothing');
select throws_ok(
  format(
    'insert into rolecall.message_reactions (conversation_id, seq, user_id, emoji) values (%L, 1, %L, %L)',
    (select conversation_id from sent), pg_temp.demo(1), emoji
  ),
  '23514',
  null,
  format('%L stands in no row', emoji)
)
from unnest(array['', ' ', E'a\nb', repeat('x', 65)]) as emoji;

-- What clients reach through the table: their own to read, and nothing to write.
select is(pg_temp.run_as('authenticated', pg_temp.demo(user_number), 'select count(*) from rolecall.message_reactions'), rows, who)
from (
  values
    (8, '2', 'people see their own reactions'),
    (1, '0', 'and not those of others'),
    (2, '0', 'strangers see none')
) as reader (user_number, rows, who);
select is(
  pg_temp.run_as('authenticated', pg_temp.demo(8), statement),
  '42501',
  'nobody writes past the functions: ' || statement
)
from (
  values
    (
      format(
        'insert into rolecall.message_reactions (conversation_id, seq, user_id, emoji) values (%L, 1, %L, %L)',
        (select conversation_id from sent), pg_temp.demo(1), '👍'
      )
    ),
    ('delete from rolecall.message_reactions'),
    ('update rolecall.message_reactions set emoji = ''x'''),
    ('update rolecall.messages set reactions = null'),
    ('select rolecall_edge.react(''{}'')'),
    ('select rolecall_internal.change_reactions(''{}'', ''{}'', ''{}'', true)')
) as attack (statement);

-- Whoever writes, the message counts.
delete from rolecall.message_reactions where user_id = pg_temp.demo(8) and emoji = '🎉';
select is((select reactions from rolecall.messages where id = (select message_id::uuid from sent)), '[{"emoji": "👍", "count": 1, "mine": false}]', 'a row less');
insert into rolecall.message_reactions (conversation_id, seq, user_id, emoji)
select conversation_id, 1, pg_temp.demo(number), '🎉'
from sent
cross join unnest(array[1, 2, 3]) as number;
select is(
  (select reactions from rolecall.messages where id = (select message_id::uuid from sent)),
  '[{"emoji": "🎉", "count": 3, "mine": false}, {"emoji": "👍", "count": 1, "mine": false}]',
  'three more by one statement'
);
delete from rolecall.message_reactions;
select is((select reactions from rolecall.messages where id = (select message_id::uuid from sent)), null, 'and none');

-- An array is the same function as its items, one by one: in savepoints, the same requests in both ways.
create function pg_temp.requests(p_seed int)
returns jsonb
language sql
return (
  select jsonb_agg(
    jsonb_strip_nulls(
      jsonb_build_object(
        'claims', case hashint4(p_seed * 64 + n) & 15
          when 0 then '{"role": "anon"}'
          else jsonb_build_object(
            'sub', pg_temp.demo((array[1, 8, 2, 6, 1, 8])[1 + abs(hashint4(p_seed * 128 + n)) % 6]), 'role', 'authenticated'
          )
        end,
        'request_id', 'pgtap',
        'idempotency_key', case when hashint4(p_seed * 32 + n) & 7 = 0 then format('%s-%s', p_seed, n) end,
        'rollouts', '{}'::jsonb,
        'input', jsonb_build_object(
          'message_id', case when hashint4(p_seed * 16 + n) & 15 = 0 then pg_temp.demo(99)::text else (select message_id from sent) end,
          'emoji', chr(128512 + abs(hashint4(p_seed * 8 + n)) % 24)
        )
      )
    )
    order by n
  )
  from generate_series(1, 40) as n
);

-- What is left: who has reacted with what, and how it is counted.
create function pg_temp.left_over()
returns text
language sql
return (
  select concat(
    (select string_agg(concat(user_id, emoji), ' ' order by user_id, emoji) from rolecall.message_reactions),
    (select string_agg(reactions::text, ' ' order by seq) from rolecall.messages),
    (select count(*) from rolecall.idempotency_records)
  )
);

create temporary table way (seed int, function text, by_one text, at_once text);
create function pg_temp.play(p_seed int, p_function text)
returns void
language plpgsql
as $$
declare
  v_requests jsonb := pg_temp.requests(p_seed);
  v_request jsonb;
  v_answers jsonb := '[]';
  v_answer jsonb;
  v_by_one text;
  v_at_once text;
begin
  begin
    for v_request in select * from jsonb_array_elements(v_requests) loop
      execute format('select rolecall_edge.%I($1)', p_function) into v_answer using v_request;
      v_answers := v_answers || v_answer;
    end loop;
    v_by_one := (select string_agg(concat(answer ->> 'ok', answer ->> 'code', answer #>> '{reasons,0,code}', answer #>> '{data,message_id}'), ' ' order by n) from jsonb_array_elements(v_answers) with ordinality as listed (answer, n)) || pg_temp.left_over();
    raise exception using errcode = 'RC001';
  exception
    when sqlstate 'RC001' then
      null;
  end;
  execute format('select rolecall_edge.%I($1)', p_function) into v_answers using v_requests;
  v_at_once := (select string_agg(concat(answer ->> 'ok', answer ->> 'code', answer #>> '{reasons,0,code}', answer #>> '{data,message_id}'), ' ' order by n) from jsonb_array_elements(v_answers) with ordinality as listed (answer, n)) || pg_temp.left_over();
  insert into way
  values (p_seed, p_function, v_by_one, v_at_once);
  -- Whoever succeeded is told what the message is now.
  if exists (
    select
    from jsonb_array_elements(v_answers) with ordinality as listed (answer, n)
    where answer -> 'ok' = 'true'
      and answer #> '{data,reactions}' <> rolecall_internal.shown_reactions(
        (select message from rolecall.messages as message where id = (select message_id::uuid from sent)),
        (v_requests #>> array[(n - 1)::text, 'claims', 'sub'])::uuid
      )
  ) then
    raise exception 'an answer shows something else than the message';
  end if;
end
$$;
select pg_temp.play(seed, case when seed % 3 = 0 then 'unreact' else 'react' end)
from generate_series(1, 60) as seed;
select is(at_once, by_one, format('%s, mix %s: an array is its items', function, seed))
from way;
select ok((select count(*) from way where by_one like '%too_many_reactions%') > 5, 'the limit was met');

select * from finish();
rollback;
