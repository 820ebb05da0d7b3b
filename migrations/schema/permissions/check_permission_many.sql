-- check_permission for an array: the results of up to 200 checks by one statement. What is the same for all of them, the
-- caller and their limits, is looked up once; the facts of each check are looked up by key; and checks with the same facts
-- share a decision and its words. check_permission.sql has the twin of each step for a single check, by the real calls' own
-- judgements; a test compares the two.

-- What check_permission says of a direct message by its facts, for an actor who may use the function: judge_dm, and the
-- reply that the message is where the two have a closed conversation. p_read_only is null where they have none.
create or replace function rolecall_internal.judge_dm_facts(
  p_actor rolecall.actor,
  p_target_role rolecall.app_role,
  p_show_is_missing boolean,
  p_shares_show boolean,
  p_read_only boolean,
  p_facts text[]
)
returns rolecall.judgement
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_facts text[] := p_facts;
  v_decision rolecall.decision;
  v_reply rolecall.decision;
begin
  if p_target_role is null then
    return row(
      false,
      rolecall_internal.refusal('not_found', 'There is no user with this recipient_id.'),
      p_actor.organization_id,
      null::text
    );
  end if;
  if p_show_is_missing then
    return row(
      false,
      rolecall_internal.refusal('not_found', 'There is no show with this show_id.'),
      p_actor.organization_id,
      null::text
    );
  end if;

  v_decision := rolecall_internal.decide('start_dm', p_actor.role, p_target_role, v_facts);
  if not v_decision.allowed and 'foreign_show' = any (v_facts) then
    return rolecall_internal.judgement_of(v_decision, p_actor.organization_id);
  end if;
  if not v_decision.allowed and p_shares_show then
    v_facts := v_facts || 'shares_show'::text;
    v_decision := rolecall_internal.decide('start_dm', p_actor.role, p_target_role, v_facts);
  end if;
  if not v_decision.allowed and p_read_only is not null then
    v_reply := rolecall_internal.decide(
      'reply',
      p_actor.role,
      p_target_role,
      v_facts || array['participant', case when p_read_only then 'read_only' end]
    );
    if v_reply.allowed then
      v_decision := v_reply;
    end if;
  end if;

  if v_decision.allowed and p_read_only then
    v_decision := rolecall_internal.decide(
      'reply',
      p_actor.role,
      p_target_role,
      array[
        'feature_enabled',
        p_actor.suspended,
        'read_only',
        'participant',
        case when 'blocked' = any (p_facts) then 'blocked' end
      ]
    );
  end if;
  return rolecall_internal.judgement_of(v_decision, p_actor.organization_id);
end
$$;

-- The result of each check, in their order, with a null for each that is malformed.
create or replace function rolecall_internal.check_permission_many(p_user uuid, p_checks jsonb, p_request jsonb)
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
-- Planning takes as long as answering.
set plan_cache_mode = force_generic_plan
as $$
#variable_conflict use_column
declare
  v_writer rolecall.actor := rolecall_internal.actor(
    p_user, 'send-dm', p_request -> 'rollouts'
  );
  v_broadcaster rolecall.actor := rolecall_internal.actor(
    p_user, 'send-broadcast', p_request -> 'rollouts'
  );
  v_moderator rolecall.actor := rolecall_internal.actor(
    p_user, 'moderation', p_request -> 'rollouts'
  );
  v_reader rolecall.actor := rolecall_internal.actor(
    p_user, 'conversations', p_request -> 'rollouts'
  );
  v_dm_limit jsonb := rolecall_internal.peek_token(p_user, 'send_dm');
  v_broadcast_limit jsonb := rolecall_internal.peek_token(p_user, 'send_broadcast');
  v_report_limit jsonb := rolecall_internal.peek_token(p_user, 'report_message');
  v_stranger rolecall.app_role := rolecall_internal.role_of_strangers();
begin
  return (
    with given as materialized (
      select
        number,
        body,
        body ->> 'action' as action,
        body ->> 'actor_role' is not null or body ->> 'target_role' is not null as is_pair,
        coalesce(body -> 'recipient_roles', 'null') = 'null' as is_to_anyone
      from jsonb_array_elements(p_checks) with ordinality as listed (body, number)
    ),
    named as materialized (
      select
        given.*,
        body ->> object_field as object,
        case
          when action <> 'broadcast' or is_pair then null
          when is_to_anyone then enum_range(null::rolecall.app_role)
          else rolecall_internal.roles_of(body -> 'recipient_roles')
        end as roles
      from given
      cross join lateral (
        select case action
          when 'start_dm' then 'recipient_id'
          when 'reply' then 'conversation_id'
          when 'broadcast' then 'show_id'
          when 'moderate' then 'message_id'
          when 'report' then 'message_id'
          when 'suspend' then 'target_id'
          when 'read_broadcast' then 'conversation_id'
        end as object_field
      ) as named
    ),
    asked as materialized (
      select
        number,
        body,
        action,
        is_to_anyone,
        -- Null for a check that is malformed.
        case
          when is_pair then
            case
              when rolecall_internal.is_action(action)
                and rolecall_internal.is_role(body ->> 'actor_role')
                and rolecall_internal.is_role(body ->> 'target_role')
                and coalesce(jsonb_typeof(body -> 'facts'), 'null') in ('null', 'array')
              then 'pair'
            end
          when object is not null and (action <> 'broadcast' or roles is not null) then action
        end as kind,
        case when not is_pair then rolecall_internal.uuid_or_null(object) end as object_id,
        case
          when action = 'start_dm' and not is_pair then rolecall_internal.uuid_or_null(body ->> 'show_id')
        end as show_id,
        roles
      from named
    ),

    -- Direct messages
    dm_fact as materialized (
      select
        asked.number,
        asked.object_id,
        asked.show_id,
        fact.target_role,
        fact.facts,
        asked.show_id is not null and not exists (select from rolecall.shows where id = asked.show_id) as show_is_missing,
        pair.read_only
      from asked
      cross join lateral (
        select target_role, facts
        from rolecall_internal.dm_facts(p_user, asked.object_id, asked.show_id, 'send-dm')
        -- Each by its key, however many PostgreSQL expects.
        offset 0
      ) as fact
      left join lateral (
        select read_only
        from rolecall.conversations
        where kind = 'direct'
          and version = 'v2'
          and participant_low = least(p_user, asked.object_id)
          and participant_high = greatest(p_user, asked.object_id)
        offset 0
      ) as pair
        on true
      where asked.kind = 'start_dm'
        and v_writer.refusal is null
    ),
    dm_at_first as materialized (
      select
        target_role,
        facts,
        (rolecall_internal.decide('start_dm', v_writer.role, target_role, facts)).allowed
      from (
        select distinct target_role, facts
        from dm_fact
      ) as alike
    ),
    dm as materialized (
      select
        dm_fact.number,
        dm_fact.target_role,
        dm_fact.show_is_missing,
        dm_fact.read_only,
        dm_fact.facts,
        case
          -- No guard looks at a shared show, so it could not refuse what was allowed.
          when not dm_at_first.allowed and dm_fact.target_role is not null then
            exists (
              select
              from rolecall.show_participants as own
              join rolecall.show_participants as theirs
                on theirs.show_id = own.show_id
                and theirs.user_id = dm_fact.object_id
              where own.user_id = p_user
                and (dm_fact.show_id is null or own.show_id = dm_fact.show_id)
            )
          else false
        end as shares_show
      from dm_fact
      join dm_at_first
        on dm_at_first.target_role is not distinct from dm_fact.target_role
        and dm_at_first.facts = dm_fact.facts
    ),
    dm_judged as materialized (
      select
        alike.*,
        rolecall_internal.judge_dm_facts(v_writer, target_role, show_is_missing, shares_show, read_only, facts) as judgement
      from (
        select distinct target_role, show_is_missing, shares_show, read_only, facts
        from dm
      ) as alike
    ),

    -- What the matrix decides by one look at the facts: replies, moderation, reports, suspensions, reading broadcasts
    fact as materialized (
      select
        asked.number,
        'reply' as action,
        v_writer.role as actor_role,
        v_writer.organization_id as org_id,
        reply.target_role,
        case
          when reply.show_id is not null
            and exists (
              select
              from rolecall_internal.visible_broadcasts(p_user, asked.object_id, reply.show_id)
            )
          then reply.facts || 'participant'::text
          else reply.facts
        end as facts,
        false as is_missing
      from asked
      cross join lateral (
        select target_role, show_id, facts
        from rolecall_internal.reply_facts(p_user, asked.object_id, 'send-dm')
        offset 0
      ) as reply
      where asked.kind = 'reply'
        and v_writer.refusal is null

      union all
      select
        asked.number,
        asked.action,
        v_moderator.role,
        v_moderator.organization_id,
        coalesce(author_role, v_stranger),
        case
          when asked.action = 'moderate' then
            array[
              'feature_enabled',
              v_moderator.suspended,
              case when sender_id = p_user then 'self' end,
              case when organizer_id = p_user then 'own_show' end,
              case when takes_part then 'participant' end
            ]
          else
            array[
              'feature_enabled',
              null,
              case when sender_id = p_user then 'self' end,
              case when takes_part then 'participant' end
            ]
        end,
        asked.action = 'moderate' and message_id is null
      from asked
      left join lateral (
        select
          message.id as message_id,
          message.sender_id,
          show.organizer_id,
          author.role as author_role,
          case
            when asked.action = 'report' then
              p_user in (conversation.participant_low, conversation.participant_high)
              or exists (
                select
                from rolecall.conversation_participants as participant
                where participant.conversation_id = message.conversation_id
                  and participant.user_id = p_user
              )
              or exists (
                select
                from rolecall.broadcasts as broadcast
                join rolecall.participations as own
                  on own.user_id = p_user
                  and own.show_id = broadcast.show_id
                  and own.role = any (broadcast.recipient_roles)
                  and broadcast.created_at >= own.joined_at
                  and broadcast.created_at < own.left_at
                where broadcast.conversation_id = message.conversation_id
                  and broadcast.seq = message.seq
              )
          end as takes_part
        from rolecall.messages as message
        left join rolecall.profiles as author
          on author.id = message.sender_id
        left join rolecall.conversations as conversation
          on conversation.id = message.conversation_id
        left join rolecall.shows as show
          on show.id = coalesce(message.show_id, conversation.show_id)
        where message.id = asked.object_id
        union all
        select
          help.id,
          help.sender_id,
          -- It belongs to no show.
          null,
          author.role,
          p_user in (conversation.requester_id, conversation.helper_id)
        from (
          select id, conversation_id, sender_id
          from public.messages_v2
          where id = asked.object_id
          union all
          select message_id, conversation_id, sender_id
          from rolecall.removed_help_messages
          where message_id = asked.object_id
        ) as help
        join public.conversations_v2 as conversation
          on conversation.id = help.conversation_id
        left join rolecall.profiles as author
          on author.id = help.sender_id
        limit 1
      ) as found
        on true
      where asked.kind in ('moderate', 'report')
        and v_moderator.refusal is null

      union all
      select
        asked.number,
        'suspend',
        v_moderator.role,
        v_moderator.organization_id,
        coalesce(target.role, v_stranger),
        array['feature_enabled', v_moderator.suspended, case when asked.object_id = p_user then 'self' end],
        target.role is null
      from asked
      left join lateral (
        select role
        from rolecall.profiles
        where id = asked.object_id
        offset 0
      ) as target
        on true
      where asked.kind = 'suspend'
        and v_moderator.refusal is null

      union all
      select
        asked.number,
        'read_broadcast',
        v_reader.role,
        v_reader.organization_id,
        coalesce(sender_role, v_stranger),
        array['feature_enabled', case when takes_part then 'participant' end, case when is_blocked then 'blocked' end],
        false
      from asked
      left join lateral (
        select
          sender.role as sender_role,
          conversation.created_by = p_user
          or exists (
            select
            from rolecall.broadcasts as broadcast
            join rolecall.participations as own
              on own.user_id = p_user
              and own.show_id = broadcast.show_id
              and own.role = any (broadcast.recipient_roles)
              and broadcast.created_at >= own.joined_at
              and broadcast.created_at < own.left_at
            where broadcast.conversation_id = conversation.id
          ) as takes_part,
          exists (
            select
            from rolecall.user_blocks
            where blocker_id in (p_user, conversation.created_by)
              and blocked_id in (p_user, conversation.created_by)
          ) as is_blocked
        from rolecall.conversations as conversation
        left join rolecall.profiles as sender
          on sender.id = conversation.created_by
        where conversation.id = asked.object_id
          and conversation.kind = 'show'
        offset 0
      ) as found
        on true
      where asked.kind = 'read_broadcast'
        and v_reader.refusal is null

      union all
      -- A pair of roles, and no user in particular.
      select
        number,
        action,
        (body ->> 'actor_role')::rolecall.app_role,
        null,
        (body ->> 'target_role')::rolecall.app_role,
        case
          when jsonb_typeof(body -> 'facts') = 'array' then array(select jsonb_array_elements_text(body -> 'facts'))
          else array['feature_enabled', 'participant']
        end,
        false
      from asked
      where kind = 'pair'
    ),
    fact_judged as materialized (
      select
        alike.*,
        case
          when not decision.allowed or not is_missing then rolecall_internal.judgement_of(decision, org_id)
          when action = 'moderate' then
            rolecall_internal.judgement_of_refusal(
              rolecall_internal.refusal('not_found', 'There is no message with this message_id.'), org_id
            )
          else
            rolecall_internal.judgement_of_refusal(
              rolecall_internal.refusal('not_found', 'There is no user with this target_id.'), org_id
            )
        end as judgement
      from (
        select distinct action, actor_role, org_id, target_role, facts, is_missing
        from fact
      ) as alike
      cross join lateral rolecall_internal.decide(action, actor_role, target_role, facts) as decision
    ),

    -- Broadcasts
    broadcast_fact as materialized (
      select
        asked.number,
        asked.object_id,
        asked.is_to_anyone,
        asked.roles,
        show.starts_at,
        array[
          'feature_enabled',
          v_broadcaster.suspended,
          case when show.organizer_id = p_user then 'own_show' end,
          case
            when exists (
              select
              from rolecall.show_participants
              where show_id = asked.object_id
                and user_id = p_user
            )
            then 'takes_part'
          end,
          case
            when exists (
              select
              from rolecall.conversations
              where kind = 'show'
                and show_id = asked.object_id
                and created_by = p_user
                and read_only
            )
            then 'read_only'
          end
        ] as facts
      from asked
      cross join lateral (
        select organizer_id, starts_at
        from rolecall.shows
        where id = asked.object_id
        offset 0
      ) as show
      where asked.kind = 'broadcast'
        and v_broadcaster.refusal is null
    ),
    role_decided as materialized (
      select
        alike.facts,
        role,
        coalesce(decision.allowed, false) as allowed,
        decision.code,
        decision.rule,
        decision.message,
        jsonb_build_object('code', decision.rule, 'message', decision.message, 'allowed_if', decision.allowed_if)
          as reason
      from (
        select distinct facts
        from broadcast_fact
      ) as alike
      cross join unnest(enum_range(null::rolecall.app_role)) as role
      cross join lateral rolecall_internal.decide('broadcast', v_broadcaster.role, role, alike.facts) as decision
    ),
    broadcast_judged as materialized (
      select
        alike.is_to_anyone,
        alike.roles,
        alike.facts,
        may.allowed_roles,
        case
          when judged.reasons is null then row(true, null, v_broadcaster.organization_id, judged.rule)::rolecall.judgement
          else
            row(
              false,
              jsonb_build_object('ok', false, 'code', judged.code, 'detail', judged.detail, 'reasons', judged.reasons),
              v_broadcaster.organization_id,
              judged.rule
            )::rolecall.judgement
        end as judgement
      from (
        select distinct is_to_anyone, roles, facts
        from broadcast_fact
      ) as alike
      cross join lateral (
        select array_agg(role order by role) as allowed_roles
        from role_decided
        where role_decided.facts = alike.facts
          and role_decided.role = any (alike.roles)
          and role_decided.allowed
      ) as may
      cross join lateral (
        select
          jsonb_agg(reason order by first_role) filter (where not allowed) as reasons,
          (array_agg(code order by first_role) filter (where not allowed))[1] as code,
          string_agg(reason ->> 'message', ' ' order by first_role) filter (where not allowed) as detail,
          (array_agg(rule order by allowed, first_role))[1] as rule
        from (
          select min(role) as first_role, allowed, code, rule, reason
          from role_decided
          where role_decided.facts = alike.facts
            -- A check without roles is about those that are allowed.
            and role_decided.role = any (
              case when alike.is_to_anyone then coalesce(may.allowed_roles, alike.roles) else alike.roles end
            )
          group by allowed, code, rule, reason
        ) as said
      ) as judged
    ),
    broadcast_limits as materialized (
      select
        phase,
        (
          -- A role that may broadcast but has no limit set has nothing to take from, rather than no limit.
          select case when count(*) = 0 then 0 else max(per_quota_day) end
          from rolecall.broadcast_limits as broadcast_limit
          where broadcast_limit.role = v_broadcaster.role
            and broadcast_limit.phase = named.phase
        ) as per_quota_day
      from (values ('pre_show'), ('post_show')) as named (phase)
    ),
    broadcast as materialized (
      select
        broadcast_fact.number,
        judged.judgement,
        judged.allowed_roles,
        phase,
        phase_limit,
        case
          when (judged.judgement).allowed and phase_limit is not null then
            rolecall_internal.peek_quota(
              p_user,
              object_id,
              (select per_quota_day from broadcast_limits where phase = 'pre_show'),
              (select per_quota_day from broadcast_limits where phase = 'post_show')
            )
        end as remaining
      from broadcast_fact
      join broadcast_judged as judged
        on judged.is_to_anyone = broadcast_fact.is_to_anyone
        and judged.roles = broadcast_fact.roles
        and judged.facts = broadcast_fact.facts
      cross join lateral (
        select phase, per_quota_day as phase_limit
        from broadcast_limits
        where phase = case when now() < broadcast_fact.starts_at then 'pre_show' else 'post_show' end
      ) as limited
    ),

    judged as materialized (
      select
        asked.number,
        asked.action,
        case
          when asked.kind = 'start_dm' then
            coalesce(dm_judged.judgement, rolecall_internal.judgement_of_refusal(v_writer.refusal, v_writer.organization_id))
          when asked.kind = 'broadcast' then
            case
              when v_broadcaster.refusal is not null then
                rolecall_internal.judgement_of_refusal(v_broadcaster.refusal, v_broadcaster.organization_id)
              when broadcast.number is null then
                row(
                  false,
                  rolecall_internal.refusal('not_found', 'There is no show with this show_id.'),
                  v_broadcaster.organization_id,
                  null
                )::rolecall.judgement
              when (broadcast.remaining ->> broadcast.phase)::int = 0 then
                row(
                  false,
                  rolecall_internal.refuse_quota(broadcast.phase, broadcast.phase_limit, broadcast.remaining),
                  v_broadcaster.organization_id,
                  'broadcast_quota_spent'
                )::rolecall.judgement
              else broadcast.judgement
            end
          else
            coalesce(
              fact_judged.judgement,
              case asked.kind
                when 'reply' then rolecall_internal.judgement_of_refusal(v_writer.refusal, v_writer.organization_id)
                when 'read_broadcast' then
                  rolecall_internal.judgement_of_refusal(v_reader.refusal, v_reader.organization_id)
                else rolecall_internal.judgement_of_refusal(v_moderator.refusal, v_moderator.organization_id)
              end
            )
        end as judgement,
        case asked.kind
          when 'start_dm' then v_dm_limit
          when 'reply' then v_dm_limit
          when 'broadcast' then v_broadcast_limit
          when 'report' then v_report_limit
        end as rate,
        case
          when asked.kind = 'broadcast' then
            case
              when broadcast.remaining is not null then
                jsonb_build_object(
                  'phase', broadcast.phase,
                  'limit', broadcast.phase_limit,
                  'remaining', broadcast.remaining,
                  'reset_at', rolecall_internal.iso(rolecall_internal.quota_day_end(rolecall_internal.quota_day(now())))
                )
            end
          when asked.kind in ('start_dm', 'reply') then rolecall_internal.quota_of_limit(v_dm_limit)
          when asked.kind = 'report' then rolecall_internal.quota_of_limit(v_report_limit)
        end as quota,
        case
          when asked.kind = 'broadcast' then
            jsonb_build_object('recipient_roles', coalesce(to_jsonb(broadcast.allowed_roles), '[]'))
          else '{}'
        end as more,
        asked.kind = 'report'
          and (fact_judged.judgement).allowed is true
          and exists (
            select
            from rolecall.messages as message
            join rolecall.reported_messages as report
              on report.conversation_id = message.conversation_id
              and report.seq = message.seq
              and report.reporter_id = p_user
            where message.id = asked.object_id
              and not rolecall_internal.may_escalate(report)
            union all
            select
            from rolecall.reported_messages
            where message_id = asked.object_id
              and seq is null
              and reporter_id = p_user
          ) as is_reported
      from asked
      left join dm
        on dm.number = asked.number
      left join dm_judged
        on dm_judged.target_role is not distinct from dm.target_role
        and dm_judged.show_is_missing = dm.show_is_missing
        and dm_judged.shares_show = dm.shares_show
        and dm_judged.read_only is not distinct from dm.read_only
        and dm_judged.facts = dm.facts
      left join fact
        on fact.number = asked.number
      left join fact_judged
        on fact_judged.action is not distinct from fact.action
        and fact_judged.actor_role is not distinct from fact.actor_role
        and fact_judged.org_id is not distinct from fact.org_id
        and fact_judged.target_role is not distinct from fact.target_role
        and fact_judged.facts = fact.facts
        and fact_judged.is_missing = fact.is_missing
      left join broadcast
        on broadcast.number = asked.number
      where asked.kind is not null
    ),
    -- Those that are alike are put into words once: the first of them.
    worded as materialized (
      select
        judged.*,
        min(number) over (partition by action, judgement, rate, quota, is_reported) as first_number
      from judged
    ),
    shown as materialized (
      select
        number,
        rolecall_internal.permission_result(
          action,
          case
            when rate -> 'taken' = 'false' then
              row(false, rolecall_internal.refuse_rate(rate), null, 'rate_limit')::rolecall.judgement
            when is_reported then
              rolecall_internal.judgement_of_refusal(rolecall_internal.refuse_second_report(null), null)
            else judgement
          end,
          quota
        ) as result
      from worded
      where number = first_number
    )
    select jsonb_agg(
      case
        -- What is done in an organisation is asked about one by one.
        when rolecall_internal.is_organization_action(asked.action) then
          rolecall_internal.check_organization_permission(p_user, asked.body, p_request)
        -- So are edits, by all the rules of the messages that they are, and reactions.
        when asked.action in ('edit_message', 'react') and asked.kind is distinct from 'pair' then
          rolecall_internal.check_permission(p_user, asked.body, p_request)
        else shown.result || worded.more
      end
      order by asked.number
    )
    from asked
    left join worded
      on worded.number = asked.number
    left join shown
      on shown.number = worded.first_number
  );
end
$$;
