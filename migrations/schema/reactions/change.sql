-- The refusal of a reaction with p_emoji that is judged so, or of taking it back; null when there is none.
create or replace function rolecall_internal.refuse_reaction(
  p_judgement rolecall.judgement,
  p_message rolecall.messages,
  p_emoji text,
  p_adds boolean
)
returns jsonb
language sql
immutable
return case
  when p_judgement.rule in ('feature_disabled', 'no_profile', 'account_deleted') then p_judgement.refusal
  when rolecall_internal.is_reaction(p_emoji) is not true then
    rolecall_internal.refusal('invalid_input', 'The emoji must be exactly one emoji of Unicode.')
  when p_judgement.allowed then
    case when p_adds and p_message.deleted_at is not null then rolecall_internal.refuse_reaction_to_deleted() end
  -- What one has said can always be taken back by who reads it.
  when p_adds or p_judgement.rule not in ('suspended', 'conversation_read_only', 'blocked') then p_judgement.refusal
end;

-- Adds the reactions of p_users, or takes them back: each input is {message_id, emoji}; a user who is null is passed over,
-- and has no answer. One by one they are judged and counted in the order of their messages; all of them are written by one
-- statement, so that a message changes once. Each answer shows the message as it is after all of them.
--
-- They are judged twice: before the conversations are held, so that strangers hold nothing, and from then on, when nobody
-- changes any more how many kinds there are or whether a message is deleted.
create or replace function rolecall_internal.change_reactions(
  p_users uuid[],
  p_inputs jsonb[],
  p_rollouts jsonb[],
  p_adds boolean
)
returns jsonb[]
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_answers jsonb[] := array_fill(null::jsonb, array[cardinality(p_users)]);
  v_conversations uuid[];
  v_seqs bigint[];
  -- Those who are let in at first.
  v_users uuid[];
  v_asked record;
  v_emoji text;
  -- Of the message that is being judged.
  v_conversation uuid;
  v_seq bigint;
  v_kinds text[];
  -- The places of those who may.
  v_taken int[] := '{}';
begin
  select array_agg(message.conversation_id order by asked.number), array_agg(message.seq order by asked.number)
  into v_conversations, v_seqs
  from unnest(p_inputs) with ordinality as asked (input, number)
  left join lateral (
    select conversation_id, seq
    from rolecall.messages
    where id = rolecall_internal.uuid_or_null(asked.input ->> 'message_id')
    limit 1
  ) as message
    on true;
  for v_asked in
    select judged.number, judged.judgement, judged.message
    from rolecall_internal.judge_reactions(p_users, p_rollouts, v_conversations, v_seqs) as judged
  loop
    v_answers[v_asked.number] := rolecall_internal.refuse_reaction(
      v_asked.judgement, v_asked.message, p_inputs[v_asked.number] ->> 'emoji', p_adds
    );
  end loop;
  select array_agg(case when answer is null then user_id end order by number)
  into v_users
  from unnest(p_users, v_answers) with ordinality as judged (user_id, answer, number);
  perform rolecall_internal.hold_conversations(
    array(
      select conversation_id
      from unnest(v_users, v_conversations) as held (user_id, conversation_id)
      where user_id is not null
    )
  );

  for v_asked in
    select judged.number, judged.judgement, judged.message
    from rolecall_internal.judge_reactions(v_users, p_rollouts, v_conversations, v_seqs) as judged
    order by (judged.message).conversation_id, (judged.message).seq, judged.number
  loop
    v_emoji := p_inputs[v_asked.number] ->> 'emoji';
    v_answers[v_asked.number] := rolecall_internal.refuse_reaction(
      v_asked.judgement, v_asked.message, v_emoji, p_adds
    );
    continue when v_answers[v_asked.number] is not null;

    if p_adds then
      if (v_conversation, v_seq) is distinct from (v_conversations[v_asked.number], v_seqs[v_asked.number]) then
        v_conversation := v_conversations[v_asked.number];
        v_seq := v_seqs[v_asked.number];
        v_kinds := array(select kind ->> 'emoji' from jsonb_array_elements((v_asked.message).reactions) as kind);
      end if;
      if v_emoji <> all (v_kinds) then
        if cardinality(v_kinds) >= rolecall_internal.limit_reaction_kinds() then
          v_answers[v_asked.number] := rolecall_internal.refusal(
            'too_many_reactions',
            format('A message has at most %s kinds of reactions.', rolecall_internal.limit_reaction_kinds()),
            'too_many_reactions',
            'The message has this kind already, or one of its kinds is taken back.'
          );
          continue;
        end if;
        v_kinds := v_kinds || v_emoji;
      end if;
    end if;
    v_taken := v_taken || v_asked.number;
  end loop;
  if v_taken = '{}' then
    return v_answers;
  end if;

  if p_adds then
    insert into rolecall.message_reactions (conversation_id, seq, user_id, emoji, created_at)
    select
      v_conversations[number],
      v_seqs[number],
      p_users[number],
      p_inputs[number] ->> 'emoji',
      -- No two of a statement at the same time, so that pages of them have one order.
      now() + number * interval '1 microsecond'
    from unnest(v_taken) as taken (number)
    order by v_conversations[number], v_seqs[number], number
    on conflict (conversation_id, seq, user_id, emoji) do nothing;
  else
    delete from rolecall.message_reactions as reaction
    using unnest(v_taken) as taken (number)
    where reaction.conversation_id = v_conversations[taken.number]
      and reaction.seq = v_seqs[taken.number]
      and reaction.user_id = p_users[taken.number]
      and reaction.emoji = p_inputs[taken.number] ->> 'emoji';
  end if;

  for v_asked in
    select
      taken.number,
      rolecall_internal.success(
        jsonb_build_object(
          'message_id', message.id,
          'conversation_id', message.conversation_id,
          'seq', message.seq,
          'revision', message.revision,
          'reactions', rolecall_internal.shown_reactions(message, p_users[taken.number])
        )
      ) as answer
    from unnest(v_taken) as taken (number)
    join rolecall.messages as message
      on message.conversation_id = v_conversations[taken.number]
      and message.seq = v_seqs[taken.number]
  loop
    v_answers[v_asked.number] := v_asked.answer;
  end loop;
  return v_answers;
end
$$;

-- The way of a request for both: one request, or an array of them, which change_reactions_many answers.
create or replace function rolecall_internal.serve_reaction(p_operation text, p_request jsonb, p_adds boolean)
returns jsonb
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_call rolecall.call;
begin
  if jsonb_typeof(p_request) = 'array' then
    return rolecall_internal.change_reactions_many(p_operation, p_request, p_adds);
  end if;
  v_call := rolecall_internal.begin_call(p_operation, p_request, p_rate => 'react');
  if v_call.answer is null then
    v_call.answer := (
      rolecall_internal.change_reactions(array[v_call.caller], array[v_call.input], array[v_call.rollouts], p_adds)
    )[1];
  end if;
  return rolecall_internal.end_call(v_call);
end
$$;

-- Reacts to a message: {message_id, emoji}. A reaction that stands already stays as it is.
create or replace function rolecall_edge.react(p_request jsonb)
returns jsonb
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  return rolecall_internal.serve_reaction('reactions.react', p_request, true);
end
$$;

-- Takes a reaction back: {message_id, emoji}. One that is not there is taken back already.
create or replace function rolecall_edge.unreact(p_request jsonb)
returns jsonb
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  return rolecall_internal.serve_reaction('reactions.unreact', p_request, false);
end
$$;
