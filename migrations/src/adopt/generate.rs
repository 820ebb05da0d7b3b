//! The SQL of an adoption. Every name and value of the mapping is quoted here, and nowhere put together elsewhere.

use std::collections::BTreeMap;

use postgres_protocol::escape::escape_identifier;

use super::inspect::{Table, Tables, literal};
use super::mapping::{
    CONVERSATION_STATUSES, Conversations, HELP_STATUSES, HelpRequests, Mapping, Messages, Participants, Profiles,
};

/// What a write to the app's table survives, by the classes of SQLSTATE: everything but a cancelled statement and a
/// server that goes down.
const SURVIVED: &str = "triggered_action_exception or feature_not_supported or cardinality_violation or data_exception \
     or integrity_constraint_violation or invalid_transaction_state or triggered_data_change_violation \
     or transaction_rollback or syntax_error_or_access_rule_violation or with_check_option_violation \
     or insufficient_resources or program_limit_exceeded or object_not_in_prerequisite_state or plpgsql_error \
     or internal_error or sqlstate 'PT000'";

/// How long a write to the app's table waits for a row of Rolecall's. Far shorter than `deadlock_timeout`: of two writers of
/// the app who wait for each other because of us, it is the trigger that gives up, never a statement of the app.
const PATIENCE: &str = "100ms";

/// The statements that make what the mapping says, to be run in one transaction. They replace an earlier adoption.
pub fn statements(mapping: &Mapping, tables: &Tables) -> Vec<String> {
    let mut all = vec![MISSED.to_owned(), TEXTS.to_owned()];
    if let (Some(map), Some(table)) = (&mapping.profiles, &tables.profiles) {
        all.extend(profiles(map, table));
    }
    if let (Some(map), Some(table)) = (&mapping.help_requests, &tables.help_requests) {
        all.extend(help_requests(map, table, tables.profiles.is_some()));
    }
    all.push(IS_HELD.to_owned());
    all.push(catch_up(tables));
    // Triggers come last: they lock the app's tables.
    if let (Some(map), Some(table)) = (&mapping.profiles, &tables.profiles) {
        let columns = [&map.id, &map.name].into_iter().chain(&map.role).chain(map.equal.keys()).chain(&map.null);
        all.extend(triggers(table, "profile", &columns.collect::<Vec<_>>()));
    }
    if let (Some(map), Some(table)) = (&mapping.help_requests, &tables.help_requests) {
        let columns = [&map.id, &map.requester, &map.title, &map.status].into_iter();
        let columns = columns.chain(&map.description).chain(map.equal.keys()).chain(&map.null);
        all.extend(triggers(table, "help_request", &columns.collect::<Vec<_>>()));
    }
    if let (Some(conversations), Some(messages)) = (&mapping.conversations, &mapping.messages)
        && let (Some(conversations_table), Some(messages_table)) = (&tables.conversations, &tables.messages)
    {
        let participants = mapping.participants.as_ref().zip(tables.participants.as_ref());
        let requests = mapping.help_requests.as_ref().zip(tables.help_requests.as_ref());
        all.push(view(
            "conversations",
            "The app''s own conversations (V1), read where they lie.",
            &conversation_view(conversations, conversations_table, participants, requests),
        ));
        all.push(view(
            "conversation_participants",
            "Who takes part in the app''s own conversations and has not left.",
            &participant_view(conversations, conversations_table, participants),
        ));
        all.push(view(
            "messages",
            "The messages of the app''s own conversations.",
            &message_view(messages, messages_table),
        ));
    }
    all.push(CLOSED.to_owned());
    all
}

/// What could not be followed at the moment it was written.
const MISSED: &str = "
create table if not exists rolecall_adopted.missed (
  id bigint generated always as identity primary key,
  about text not null,
  row_id text not null,
  is_gone boolean not null,
  sqlstate text not null,
  due timestamptz not null default clock_timestamp(),
  constraint missed_about_known check (about in ('profiles', 'help_requests'))
);
comment on table rolecall_adopted.missed is 'Rolecall: rows of the app that could not be followed when they were written; tried again from due on.';
create index if not exists missed_due_idx on rolecall_adopted.missed (due)";

/// Texts as Rolecall's tables accept them: a name or title of the app never fails for what it is.
const TEXTS: &str = "
create or replace function rolecall_adopted.name_of(p_name text)
returns text
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_name constant text := left(btrim(p_name), 200);
begin
  return case when v_name is not null and rolecall_internal.is_name(v_name) then v_name else '' end;
end
$$;
create or replace function rolecall_adopted.text_of(p_text text, p_most int, p_otherwise text)
returns text
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_text constant text := left(btrim(p_text), p_most);
begin
  return case when rolecall_internal.is_text(v_text, 1, p_most) then v_text else p_otherwise end;
end
$$";

/// Closes everything to everybody but the owner and Rolecall's own functions, whatever the default privileges grant.
const CLOSED: &str = "
do $$
declare
  v_owner constant text := pg_get_userbyid((select nspowner from pg_namespace where nspname = 'rolecall'));
  v_object record;
begin
  revoke all on schema rolecall_adopted from public, anon, authenticated, service_role, rolecall_edge;
  execute format('grant usage on schema rolecall_adopted to %I', v_owner);
  for v_object in
    select oid::regclass::text as name
    from pg_class
    where relnamespace = 'rolecall_adopted'::regnamespace
      and relkind in ('r', 'v')
  loop
    execute format('revoke all on table %s from public, anon, authenticated, service_role, rolecall_edge', v_object.name);
    execute format('grant select on table %s to %I', v_object.name, v_owner);
  end loop;
  for v_object in
    select oid::regprocedure::text as name
    from pg_proc
    where pronamespace = 'rolecall_adopted'::regnamespace
  loop
    execute format('revoke all on function %s from public, anon, authenticated, service_role, rolecall_edge', v_object.name);
    execute format('comment on function %s is %L', v_object.name, 'Rolecall: keeps the app''s tables and Rolecall''s in step.');
  end loop;
end
$$";

fn function(signature: &str, returns: &str, settings: &str, body: &str) -> String {
    format!(
        "create or replace function rolecall_adopted.{signature}\nreturns {returns}\nlanguage plpgsql\nvolatile\n\
         set search_path = pg_catalog, pg_temp\n{settings}as {}",
        literal(body)
    )
}

fn view(name: &str, about: &str, query: &str) -> String {
    format!(
        "create or replace view rolecall_adopted.{name} as\n{query};\n\
         comment on view rolecall_adopted.{name} is 'Rolecall: {about}'"
    )
}

/// The translation of the app's words. Words of `known` mean themselves where the mapping does not say otherwise.
fn translation(column: &str, words: &BTreeMap<String, String>, known: &[&str], otherwise: &str) -> String {
    let mut all: BTreeMap<&str, &str> = known.iter().map(|word| (*word, *word)).collect();
    all.extend(words.iter().map(|(theirs, ours)| (theirs.as_str(), ours.as_str())));
    let cases: String =
        all.iter().map(|(theirs, ours)| format!(" when {} then {}", literal(theirs), literal(ours))).collect();
    if cases.is_empty() { otherwise.to_owned() } else { format!("case {column}::text{cases} else {otherwise} end") }
}

/// Row by row, so that a change of what is not mapped costs one comparison.
fn triggers(table: &Table, what: &str, columns: &[&String]) -> Vec<String> {
    let changed: Vec<String> = columns
        .iter()
        .map(|name| {
            let name = escape_identifier(name);
            format!("old.{name}::text is distinct from new.{name}::text")
        })
        .collect();
    let each = [
        ("is_made", "insert", String::new()),
        ("follows", "update", format!("\nwhen ({})", changed.join(" or "))),
        ("goes", "delete", String::new()),
    ];
    let make = |(name, event, when): &(&str, &str, String)| {
        format!(
            "create or replace trigger rolecall_{what}_{name}\nafter {event} on {}\nfor each row{when}\n\
             execute function rolecall_adopted.follow_{what}()",
            table.sql()
        )
    };
    each.iter().map(make).collect()
}

/// The frame of a trigger's function: `body` sets `v_row` and does the work, and whatever refuses it is written down.
fn follow(what: &str, about: &str, body: &str) -> String {
    let settings = format!("security definer\nset lock_timeout = '{PATIENCE}'\n");
    function(
        &format!("follow_{what}()"),
        "trigger",
        &settings,
        &format!(
            "
declare
  v_row text;
  v_state text;
begin
  -- The app works on when Rolecall was taken out.
  if to_regclass('rolecall.{about}') is null then
    return null;
  end if;
  begin
{body}
  exception
    when {SURVIVED} then
      get stacked diagnostics v_state = returned_sqlstate;
  end;
  if v_state is not null then
    begin
      insert into rolecall_adopted.missed (about, row_id, is_gone, sqlstate)
      values ('{about}', v_row, tg_op = 'DELETE', v_state);
    exception
      when {SURVIVED} then
        null;
    end;
    raise log 'Rolecall could not follow a row of %.%: %', tg_table_schema, tg_table_name, v_state;
  elsif exists (select from rolecall_adopted.missed where due <= clock_timestamp() and not is_gone) then
    begin
      perform rolecall_adopted.catch_up(5, false);
    exception
      when {SURVIVED} then
        null;
    end;
  end if;
  return null;
end
"
        ),
    )
}

/// Reads the ids of a page and hands them to `sync`.
fn backfill(what: &str, table: &Table, id: &str, call: &str) -> String {
    let (sql, column, cast) = (table.sql(), table.column("own", id), table.cast(id, ""));
    function(
        &format!("backfill_{what}(p_after text, p_most int, p_singly boolean, out v_ids text[])"),
        "text[]",
        // As short as the triggers' own patience: a step holds many rows.
        "set lock_timeout = '50ms'\n",
        &format!(
            "
declare
  v_state text;
begin
  if p_after is null then
    select array_agg(page.id::text order by page.id)
    into v_ids
    from (select {column} as id from {sql} as own order by {column} limit p_most) as page;
  else
    select array_agg(page.id::text order by page.id)
    into v_ids
    from (
      select {column} as id
      from {sql} as own
      where {column} > p_after{cast}
      order by {column}
      limit p_most
    ) as page;
  end if;
  if v_ids is not null then
    begin
      perform {call};
    exception
      -- Tried again as a whole while that may help, and then one by one, at the end.
      when {SURVIVED} then
        get stacked diagnostics v_state = returned_sqlstate;
        if not p_singly and (v_state = '55P03' or v_state like '40%') then
          raise;
        end if;
        insert into rolecall_adopted.missed (about, row_id, is_gone, sqlstate)
        select '{what}', id, true, v_state
        from unnest(v_ids) as id;
    end;
  end if;
end
"
        ),
    )
}

fn profiles(map: &Profiles, table: &Table) -> Vec<String> {
    let sql = table.sql();
    let id = table.column("own", &map.id);
    let (uuid, list, one) = (table.uuid("own", &map.id), table.cast(&map.id, "[]"), table.cast(&map.id, ""));
    let name = table.column("own", &map.name);
    let counts = table.filter("own", &map.equal, &map.null);
    let role = map.role.as_ref().map(|role| {
        let column = table.column("own", role);
        let otherwise = format!(
            "case when {column}::text = any (enum_range(null::rolecall.app_role)::text[]) then {column}::text \
             else (enum_range(null::rolecall.app_role))[1]::text end"
        );
        format!("({})::rolecall.app_role", translation(&column, &map.roles, &[], &otherwise))
    });
    let (role_column, role_value, role_set, role_was, role_is) = match &role {
        Some(role) => {
            (", role", format!(", {role}"), ", role = own.role", ", profile.role", format!(", {role} as role"))
        }
        None => ("", String::new(), "", "", String::new()),
    };
    let role_now = if role.is_some() { ", own.role" } else { "" };
    let sync = function(
        "sync_profiles(p_ids text[], p_gone boolean default false)",
        "void",
        "",
        &format!(
            "
declare
  v_ids constant uuid[] := (select array_agg(rolecall_internal.uuid_or_null(given)) from unnest(p_ids) as given);
  v_id uuid;
  v_found int;
  v_made uuid[];
begin
  -- Whoever writes the app's row now waits for this lock before it writes ours; so what is read next is the newest.
  perform
  from rolecall.profiles
  where id = any (v_ids)
  order by id
  for no key update;
  get diagnostics v_found = row_count;
  if v_found < cardinality(v_ids) then
    with made as (
      insert into rolecall.profiles (id, display_name{role_column})
      select {uuid}, rolecall_adopted.name_of({name}::text){role_value}
      from {sql} as own
      where {id} = any (p_ids{list})
        and {uuid} is not null
        and {counts}
      order by {id}
      on conflict (id) do nothing
      returning id
    )
    select array_agg(id)
    into v_made
    from made;
    -- The app may have deleted its row, and ours, after that statement had read it.
    for v_id in
      select rolecall_internal.uuid_or_null(given)
      from unnest(p_ids) as given
      where rolecall_internal.uuid_or_null(given) = any (v_made)
        and not exists (select from {sql} as own where {id} = given{one})
    loop
      perform rolecall.delete_account(v_id);
    end loop;
    if cardinality(v_made) = cardinality(v_ids) and not p_gone then
      return;
    end if;
    perform
    from rolecall.profiles
    where id = any (v_ids)
    order by id
    for no key update;
  end if;
  update rolecall.profiles as profile
  set display_name = own.name{role_set}
  from (
    select {uuid} as id, rolecall_adopted.name_of({name}::text) as name{role_is}
    from {sql} as own
    where {id} = any (p_ids{list})
      and {counts}
  ) as own
  where profile.id = own.id
    and (profile.display_name{role_was}) is distinct from (own.name{role_now});
  if p_gone then
    for v_id in
      select profile.id
      from unnest(p_ids) as given
      join rolecall.profiles as profile
        on profile.id = rolecall_internal.uuid_or_null(given)
      where not exists (select from {sql} as own where {id} = given{one})
    loop
      perform rolecall.delete_account(v_id);
    end loop;
  end if;
end
"
        ),
    );
    let (old_id, new_id) = (table.column("old", &map.id), table.column("new", &map.id));
    let old_uuid = table.uuid("old", &map.id);
    let follow = follow(
        "profile",
        "profiles",
        &format!(
            "    v_row := case tg_op when 'DELETE' then {old_id}::text else {new_id}::text end;
    -- A row that moves to another partition is deleted in one and inserted into the other.
    if tg_op <> 'DELETE' or exists (select from {sql} as own where {id} = {old_id}) then
      perform rolecall_adopted.sync_profiles(array[v_row]);
    elsif {old_uuid} is not null then
      -- A profile that is being made at this moment is waited for.
      insert into rolecall.profiles (id)
      values ({old_uuid})
      on conflict (id) do nothing;
      perform rolecall.delete_account({old_uuid});
    end if;"
        ),
    );
    let backfill = backfill("profiles", table, &map.id, "rolecall_adopted.sync_profiles(v_ids, true)");
    vec![sync, follow, backfill]
}

fn help_requests(map: &HelpRequests, table: &Table, with_profiles: bool) -> Vec<String> {
    let sql = table.sql();
    let id = table.column("own", &map.id);
    let (uuid, list, one) = (table.uuid("own", &map.id), table.cast(&map.id, "[]"), table.cast(&map.id, ""));
    let requester = table.uuid("own", &map.requester);
    let title = format!("rolecall_adopted.text_of({}::text, 200, 'Help request')", table.column("own", &map.title));
    let description = match &map.description {
        Some(column) => format!("rolecall_adopted.text_of({}::text, 4000, '')", table.column("own", column)),
        None => "''".to_owned(),
    };
    let status = translation(&table.column("own", &map.status), &map.statuses, &HELP_STATUSES, "'closed'");
    let counts = table.filter("own", &map.equal, &map.null);
    let (created_column, created_value) = match &map.created_at {
        Some(column) => (", created_at", format!(", coalesce({}, now())", table.time("own", column))),
        None => ("", String::new()),
    };
    let sync = function(
        "sync_help_requests(p_ids text[], p_status text, p_gone boolean default false)",
        "void",
        "",
        &format!(
            "
declare
  v_ids constant uuid[] := (select array_agg(rolecall_internal.uuid_or_null(given)) from unnest(p_ids) as given);
  v_found int;
  v_made uuid[] := '{{}}';
begin
  -- Whoever writes the app's row now waits for this lock before it writes ours; so what is read next is the newest.
  perform
  from rolecall.help_requests
  where id = any (v_ids)
  order by id
  for no key update;
  get diagnostics v_found = row_count;
  if v_found < cardinality(v_ids) then
    with made as (
      insert into rolecall.help_requests (id, requester_id, title, description, status{created_column})
      select {uuid}, profile.id, {title}, {description}, {status}{created_value}
      from {sql} as own
      join rolecall.profiles as profile
        on profile.id = {requester}
      where {id} = any (p_ids{list})
        and {uuid} is not null
        and {counts}
      order by {id}
      on conflict (id) do nothing
      returning id
    )
    select array_agg(id)
    into v_made
    from made;
    v_made := coalesce(v_made, '{{}}');
    if cardinality(v_made) = cardinality(v_ids)
      and not p_gone
      -- The app may have deleted its row after that statement had read it.
      and not exists (
        select
        from unnest(p_ids) as given
        where not exists (select from {sql} as own where {id} = given{one})
      )
    then
      return;
    end if;
    perform
    from rolecall.help_requests
    where id = any (v_ids)
    order by id
    for no key update;
  end if;
  update rolecall.help_requests as request
  set
    requester_id = own.requester_id,
    title = own.title,
    description = own.description,
    status = own.status
  from (
    select
      request.id,
      profile.id as requester_id,
      own.title,
      own.description,
      case
        -- What the app has not changed stays as Rolecall has it: in progress since the first offer, say.
        when p_status = 'unchanged' then request.status
        when p_status = 'unknown' and own.status = 'open' and request.status = 'in_progress' then request.status
        else own.status
      end as status
    from (
      select
        {uuid} as id,
        {requester} as requester_id,
        {title} as title,
        {description} as description,
        case when {counts} then {status} else 'closed' end as status
      from {sql} as own
      where {id} = any (p_ids{list})
    ) as own
    join rolecall.help_requests as request
      on request.id = own.id
    join rolecall.profiles as profile
      on profile.id = own.requester_id
  ) as own
  where request.id = own.id
    and (request.requester_id, request.title, request.description, request.status)
      is distinct from (own.requester_id, own.title, own.description, own.status);
  if p_gone or v_made <> '{{}}' then
    update rolecall.help_requests as request
    set
      title = 'Deleted help request',
      description = '',
      status = 'cancelled'
    from unnest(p_ids) as given
    where request.id = rolecall_internal.uuid_or_null(given)
      and (p_gone or request.id = any (v_made))
      and not exists (select from {sql} as own where {id} = given{one});
  end if;
end
"
        ),
    );
    let (old_id, new_id) = (table.column("old", &map.id), table.column("new", &map.id));
    let (old_uuid, old_requester) = (table.uuid("old", &map.id), table.uuid("old", &map.requester));
    let old_counts = table.filter("old", &map.equal, &map.null);
    let new_requester = table.uuid("new", &map.requester);
    let requester_text = table.column("new", &map.requester);
    let decides: Vec<String> = std::iter::once(&map.status)
        .chain(map.equal.keys())
        .chain(&map.null)
        .map(|name| {
            let name = escape_identifier(name);
            format!("old.{name}::text is distinct from new.{name}::text")
        })
        .collect();
    let decides = decides.join(" or ");
    let profile_first = if with_profiles {
        format!(
            "      -- The profile of whoever asks may have been missed.
      if not exists (select from rolecall.profiles where id = {new_requester}) then
        perform rolecall_adopted.sync_profiles(array[{requester_text}::text]);
      end if;
"
        )
    } else {
        String::new()
    };
    let delete = format!(
        "        -- Conversations about a request outlive it. A row that is being made at this moment is waited for.
        insert into rolecall.help_requests (id, requester_id, title, status)
        select {old_uuid}, profile.id, 'Deleted help request', 'cancelled'
        from rolecall.profiles as profile
        where profile.id = {old_requester}
          and {old_uuid} is not null
          and {old_counts}
        on conflict (id) do nothing;
        update rolecall.help_requests
        set
          title = 'Deleted help request',
          description = '',
          status = 'cancelled'
        where id = {old_uuid};"
    );
    let follow = follow(
        "help_request",
        "help_requests",
        &format!(
            "    v_row := case tg_op when 'DELETE' then {old_id}::text else {new_id}::text end;
    if tg_op <> 'INSERT' then
      -- A row that moves to another partition is deleted in one and inserted into the other.
      if not exists (select from {sql} as own where {id} = {old_id}) then
{delete}
      end if;
    end if;
    if tg_op <> 'DELETE' then
{profile_first}      if tg_op = 'INSERT' then
        perform rolecall_adopted.sync_help_requests(array[v_row], 'changed');
      elsif {decides} then
        perform rolecall_adopted.sync_help_requests(array[v_row], 'changed');
      else
        perform rolecall_adopted.sync_help_requests(array[v_row], 'unchanged');
      end if;
    end if;"
        ),
    );
    let backfill =
        backfill("help_requests", table, &map.id, "rolecall_adopted.sync_help_requests(v_ids, 'unknown', true)");
    vec![sync, follow, backfill]
}

/// Whether a row of ours is locked by somebody else.
const IS_HELD: &str = "
create or replace function rolecall_adopted.is_held(p_about text, p_row text)
returns boolean
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_id constant uuid := rolecall_internal.uuid_or_null(p_row);
  v_there boolean;
begin
  if p_about = 'profiles' then
    v_there := exists (select from rolecall.profiles where id = v_id);
    perform from rolecall.profiles where id = v_id for no key update skip locked;
  else
    v_there := exists (select from rolecall.help_requests where id = v_id);
    perform from rolecall.help_requests where id = v_id for no key update skip locked;
  end if;
  return v_there and not found;
end
$$";

/// Tries again what was missed, hardly waiting for anybody, and says how much is left. A trigger of the app's table (not
/// `p_all`) takes a few rows that nobody holds, and leaves the deletion of accounts to others.
fn catch_up(tables: &Tables) -> String {
    let mut arms = String::new();
    if tables.profiles.is_some() {
        arms.push_str(
            "      if v_missed.about = 'profiles' then
        perform rolecall_adopted.sync_profiles(array[v_missed.row_id], v_missed.is_gone);
      end if;
",
        );
    }
    if tables.help_requests.is_some() {
        arms.push_str(
            "      if v_missed.about = 'help_requests' then
        perform rolecall_adopted.sync_help_requests(array[v_missed.row_id], 'unknown', v_missed.is_gone);
      end if;
",
        );
    }
    function(
        "catch_up(p_most int default 1000, p_all boolean default true)",
        "bigint",
        "set lock_timeout = '5ms'\n",
        &format!(
            "
declare
  v_missed rolecall_adopted.missed;
  v_state text;
begin
  for v_missed in
    select *
    from rolecall_adopted.missed
    where due <= clock_timestamp()
      and (p_all or not is_gone)
    order by due
    limit p_most
    for update skip locked
  loop
    -- Whoever writes to the app's tables waits for nobody here.
    if not p_all and rolecall_adopted.is_held(v_missed.about, v_missed.row_id) then
      continue;
    end if;
    begin
{arms}      delete from rolecall_adopted.missed
      where id = v_missed.id;
    exception
      when {SURVIVED} then
        get stacked diagnostics v_state = returned_sqlstate;
        update rolecall_adopted.missed
        set
          due = clock_timestamp() + interval '1 minute',
          sqlstate = v_state
        where id = v_missed.id;
    end;
  end loop;
  return (select count(*) from rolecall_adopted.missed);
end
"
        ),
    )
}

/// The requester is the owner of the help request where they take part, else whoever began; the helper is the other one.
fn conversation_view(
    map: &Conversations,
    table: &Table,
    participants: Option<(&Participants, &Table)>,
    requests: Option<(&HelpRequests, &Table)>,
) -> String {
    let id = table.column("own", &map.id);
    let created_by = map.created_by.as_ref().map(|column| table.column("own", column));
    let help_request = map.help_request.as_ref().map(|column| table.column("own", column));
    let status = match &map.status {
        Some(column) => translation(&table.column("own", column), &map.statuses, &CONVERSATION_STATUSES, "'closed'"),
        None => "'active'".to_owned(),
    };
    let created_at = table.time("own", &map.created_at);
    let updated_at = match &map.updated_at {
        Some(column) => format!("coalesce({}, {created_at})", table.time("own", column)),
        None => created_at.clone(),
    };
    let (requester, helper) = match (participants, &map.requester, &map.helper) {
        (Some((people, people_table)), ..) => {
            let user = people_table.column("participant", &people.user);
            let mut order = Vec::new();
            if let (Some((requests, requests_table)), Some(help_request)) = (requests, &help_request) {
                order.push(format!(
                    "({user} = (select {} from {} as request where {} = {help_request} limit 1)) desc nulls last",
                    requests_table.column("request", &requests.requester),
                    requests_table.sql(),
                    requests_table.column("request", &requests.id)
                ));
            }
            if let Some(created_by) = &created_by {
                order.push(format!("({user} = {created_by}) desc nulls last"));
            }
            order.push(user.clone());
            // No join: who does not ask for the people does not pay for them.
            let place = |number: usize| {
                format!(
                    "(\n    select {user}\n    from {} as participant\n    where {} = {id}\n      and {}\n    order by {}\n    \
                     limit 1 offset {number}\n  )",
                    people_table.sql(),
                    people_table.column("participant", &people.conversation),
                    people_table.filter("participant", &people.equal, &people.null),
                    order.join(", "),
                )
            };
            let requester = match &created_by {
                Some(created_by) => format!("coalesce({}, {created_by})", place(0)),
                None => place(0),
            };
            (requester, place(1))
        }
        (None, Some(requester), Some(helper)) => (table.column("own", requester), table.column("own", helper)),
        // Mapping::parse refuses it.
        (None, ..) => ("null".to_owned(), "null".to_owned()),
    };
    format!(
        "select\n  {id}::uuid as id,\n  {}::uuid as help_request_id,\n  {requester}::uuid as requester_id,\n  \
         {helper}::uuid as helper_id,\n  ({status})::text as status,\n  {created_at} as created_at,\n  {updated_at} as updated_at\n\
         from {} as own\nwhere {}",
        help_request.unwrap_or_else(|| "null".to_owned()),
        table.sql(),
        table.filter("own", &map.equal, &map.null)
    )
}

fn participant_view(map: &Conversations, table: &Table, participants: Option<(&Participants, &Table)>) -> String {
    if let Some((people, people_table)) = participants {
        let mut null = people.null.clone();
        null.extend(people.left_at.clone());
        return format!(
            "select {}::uuid as conversation_id, {}::uuid as user_id\nfrom {} as own\nwhere {}",
            people_table.column("own", &people.conversation),
            people_table.column("own", &people.user),
            people_table.sql(),
            people_table.filter("own", &people.equal, &null)
        );
    }
    let counts = table.filter("own", &map.equal, &map.null);
    let each: Vec<String> = map
        .requester
        .iter()
        .chain(&map.helper)
        .map(|column| {
            format!(
                "select {}::uuid as conversation_id, {}::uuid as user_id\nfrom {} as own\nwhere {counts}",
                table.column("own", &map.id),
                table.column("own", column),
                table.sql()
            )
        })
        .collect();
    each.join("\nunion all\n")
}

fn message_view(map: &Messages, table: &Table) -> String {
    format!(
        "select\n  {} as id,\n  {}::uuid as conversation_id,\n  {}::uuid as sender_id,\n  {}::text as content,\n  {} as created_at\n\
         from {} as own\nwhere {}",
        table.uuid("own", &map.id),
        table.column("own", &map.conversation),
        table.column("own", &map.sender),
        table.column("own", &map.content),
        table.time("own", &map.created_at),
        table.sql(),
        table.filter("own", &map.equal, &map.null)
    )
}
