-- Who has reacted to a message, newest first, a page at a time: {message_id, emoji?, limit, cursor?}, for whoever reads the
-- message. Across a block nobody is shown. The audience of a broadcast is nobody's to see but its sender's: one of them sees
-- the sender's reactions and their own. The answer's member "reader" says as what p_user reads it.
create or replace function rolecall_internal.list_reactions(p_user uuid, p_input jsonb, p_rollouts jsonb)
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_actor rolecall.actor := rolecall_internal.actor(p_user, 'reactions', p_rollouts);
  v_limit int := rolecall_internal.page_size(p_input, rolecall_internal.limit_page());
  v_at timestamptz := 'infinity';
  v_id uuid := 'ffffffff-ffff-ffff-ffff-ffffffffffff';
  v_message rolecall.messages;
  v_conversation rolecall.conversations;
  v_reader text;
  v_blocked uuid[];
  v_page rolecall.message_reactions[];
begin
  if v_actor.refusal is not null then
    return v_actor.refusal;
  end if;
  if p_input ->> 'cursor' is not null then
    select parts.at, parts.id
    into v_at, v_id
    from rolecall_internal.cursor_parts(p_input ->> 'cursor') as parts;
    if v_at is null then
      return rolecall_internal.refuse_cursor();
    end if;
  end if;
  select *
  into v_message
  from rolecall.messages
  where id = rolecall_internal.uuid_or_null(p_input ->> 'message_id');
  select *
  into v_conversation
  from rolecall.conversations
  where id = v_message.conversation_id;
  v_reader := rolecall_internal.reader_of_message(p_user, v_message, v_conversation);
  if v_reader is null then
    return rolecall_internal.refusal_of(
      rolecall_internal.decide(
        'react', v_actor.role, rolecall_internal.role_of_strangers(), array['feature_enabled']
      )
    );
  end if;
  v_blocked := rolecall_internal.blocks_of(p_user);

  -- A deleted message shows none.
  if v_message.deleted_at is null then
    select array_agg(newest order by created_at desc, user_id desc)
    into v_page
    from (
      select *
      from rolecall.message_reactions
      where conversation_id = v_message.conversation_id
        and seq = v_message.seq
        and (created_at, user_id) < (v_at, v_id)
        and (p_input ->> 'emoji' is null or emoji = p_input ->> 'emoji')
        and user_id <> all (v_blocked)
        and (v_reader <> 'audience' or user_id in (p_user, v_message.sender_id))
      order by created_at desc, user_id desc
      limit v_limit + 1
    ) as newest;
  end if;

  return rolecall_internal.success(
    jsonb_build_object(
      'message_id', v_message.id,
      'reactions', (
        select coalesce(
          jsonb_agg(
            jsonb_build_object(
              'user_id', reaction.user_id,
              'display_name', reacting.display_name,
              'emoji', reaction.emoji,
              'created_at', rolecall_internal.iso(reaction.created_at)
            )
            order by reaction.created_at desc, reaction.user_id desc
          ),
          '[]'
        )
        from unnest(v_page[1:v_limit]) as reaction
        join rolecall.profiles as reacting
          on reacting.id = reaction.user_id
      ),
      'next_cursor', case
        when cardinality(v_page) > v_limit
          then rolecall_internal.cursor_of(v_page[v_limit].created_at, v_page[v_limit].user_id)
      end
    )
  ) || jsonb_build_object('reader', v_reader, 'conversation_id', v_message.conversation_id);
end
$$;

create or replace function rolecall_edge.message_reactions(p_request jsonb)
returns jsonb
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_call rolecall.call := rolecall_internal.begin_call('reactions.list', p_request, p_rate => 'read', p_keyed => false);
begin
  if v_call.answer is null then
    v_call.answer := rolecall_internal.list_reactions(v_call.caller, v_call.input, v_call.rollouts);
    if v_call.answer ->> 'reader' = 'moderator' then
      perform rolecall_internal.log_event(
        v_call,
        'conversation_read_by_moderator',
        p_conversation => (v_call.answer ->> 'conversation_id')::uuid
      );
    end if;
    v_call.answer := v_call.answer - array['reader', 'conversation_id'];
  end if;
  return rolecall_internal.end_call(v_call);
end
$$;
