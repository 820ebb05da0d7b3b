//! What the catalogue promises: who may do what, and what the adopters' own verification counts.

mod support;

use support::{Database, list, one};

const NOTHING: [String; 0] = [];

#[tokio::test]
async fn nothing_is_open_to_whom_it_is_not_meant_for() {
    let database = Database::demo().await;
    support::assert_nothing_is_open(&database.admin().await).await;
}

#[tokio::test]
async fn the_login_of_the_functions_is_limited() {
    let database = Database::demo().await;
    let edge = database.edge().await;
    for (setting, value) in
        [("statement_timeout", "5s"), ("lock_timeout", "4s"), ("idle_in_transaction_session_timeout", "10s")]
    {
        assert_eq!(one::<String>(&edge, &format!("show {setting}")).await, value);
    }
    for statement in [
        "select from rolecall.profiles",
        "select from rolecall.idempotency_records",
        "insert into rolecall.messages default values",
        "update rolecall.profiles set role = 'admin'",
        "create table public.mine ()",
        "create schema mine",
        "create function public.mine() returns int language sql return 1",
        "set role authenticated",
        "set role postgres",
        "alter role rolecall_edge superuser",
        "select rolecall_internal.send_dm(gen_random_uuid(), '{}', '{}')",
        "select public.create_conversation_atomic(gen_random_uuid(), gen_random_uuid(), 'x')",
        "copy rolecall.profiles to stdout",
    ] {
        let error = edge.batch_execute(statement).await.expect_err(statement);
        let code = error.code().map(|code| code.code().to_owned());
        assert_eq!(code.as_deref(), Some("42501"), "{statement}: {error}");
    }
}

/// A login may change its own settings, so every entry point looks at the time that a statement may take.
#[tokio::test]
async fn the_login_of_the_functions_gives_itself_no_more_time() {
    let database = Database::demo().await;
    let edge = database.edge().await;
    let functions = list(
        &edge,
        "select proname::text from pg_proc where pronamespace = 'rolecall_edge'::regnamespace order by proname",
    )
    .await;
    assert!(functions.len() > 20, "{functions:?}");
    let array = |function: &str| matches!(function, "send_dm" | "mark_read" | "react" | "unreact");
    let calls: Vec<String> = functions
        .iter()
        .flat_map(|function| {
            let requests = if array(function) { &["{}", "[{}]", "[{}, {}]"][..] } else { &["{}"] };
            requests.iter().map(move |request| format!("select rolecall_edge.{function}('{request}')"))
        })
        .collect();
    for timeout in ["0", "5001ms", "6s", "1min", "1h", "24d"] {
        edge.batch_execute(&format!("set statement_timeout = '{timeout}'")).await.expect("a session may");
        for statement in &calls {
            let error = edge.batch_execute(statement).await.expect_err(statement);
            let code = error.code().map(|code| code.code().to_owned());
            assert_eq!(code.as_deref(), Some("42501"), "{statement} with {timeout}: {error}");
        }
    }
    for timeout in ["5s", "5000ms", "4999ms", "1s"] {
        edge.batch_execute(&format!("set statement_timeout = '{timeout}'")).await.expect("a session may");
        for statement in &calls {
            edge.batch_execute(statement).await.unwrap_or_else(|error| panic!("{statement} with {timeout}: {error}"));
        }
    }
}

/// The matrix decides what a role may do; what else is asked about roles is generated from it.
#[tokio::test]
async fn no_function_names_a_role() {
    let database = Database::demo().await;
    let client = database.admin().await;
    // A reader of a conversation and a placeholder are of the kind "moderator", too, whatever the role is called.
    let naming = list(
        &client,
        "select format('%s %s', pg_proc.oid::regprocedure, role)
         from pg_proc
         cross join unnest(enum_range(null::rolecall.app_role)) as role
         where pronamespace::regnamespace::text in ('public', 'rolecall', 'rolecall_internal', 'rolecall_edge')
           and obj_description(pg_proc.oid, 'pg_proc') like 'Rolecall%'
           and role <> 'moderator'
           and pg_get_functiondef(pg_proc.oid) like '%''' || role || '''%'
           and proname not in (
             'role_of_strangers', 'moderates_everything', 'is_organization_role', 'reads_every_thread'
           )
         order by 1",
    )
    .await;
    // An owner or admin of an organisation is no role of the matrix.
    assert_eq!(naming, ["rolecall_edge.diagnostics(jsonb) admin"]);
}

#[tokio::test]
async fn the_tables_of_help_conversations_have_the_form_their_adopter_counts() {
    let database = Database::demo().await;
    let client = database.admin().await;
    let columns = |table: &str| {
        format!(
            "select column_name::text from information_schema.columns
             where table_schema = 'public' and table_name = '{table}' order by ordinal_position"
        )
    };
    assert_eq!(
        list(&client, &columns("conversations_v2")).await,
        ["id", "help_request_id", "requester_id", "helper_id", "initial_message", "status", "created_at", "updated_at"]
    );
    assert_eq!(
        list(&client, &columns("messages_v2")).await,
        ["id", "conversation_id", "sender_id", "content", "created_at", "updated_at"]
    );
    for (table, indexes) in [("conversations_v2", 5), ("messages_v2", 3)] {
        let found: i64 = one(
            &client,
            &format!("select count(*) from pg_indexes where schemaname = 'public' and tablename = '{table}'"),
        )
        .await;
        assert_eq!(found, indexes, "{table}");
    }
    let policies: i64 = one(
        &client,
        "select count(*) from pg_policies where schemaname = 'public' and tablename in ('conversations_v2', 'messages_v2')",
    )
    .await;
    assert_eq!(policies, 5);
    // A policy for something that is not granted would be dead.
    let dead = list(
        &client,
        "select policyname::text
         from pg_policies
         cross join unnest(roles) role
         where schemaname in ('public', 'rolecall')
           and not case cmd
             when 'DELETE' then has_table_privilege(role, format('%I.%I', schemaname, tablename), cmd)
             when 'ALL' then has_any_column_privilege(role, format('%I.%I', schemaname, tablename), 'select')
             else has_any_column_privilege(role, format('%I.%I', schemaname, tablename), cmd)
           end",
    )
    .await;
    assert_eq!(dead, NOTHING);
}

#[tokio::test]
async fn every_table_that_clients_reach_has_row_level_security_and_a_policy() {
    let database = Database::demo().await;
    let client = database.admin().await;
    let open = list(
        &client,
        "select oid::regclass::text from pg_class
         where relnamespace::regnamespace::text in ('public', 'rolecall') and relkind in ('r', 'p')
           and (has_any_column_privilege('authenticated', oid, 'select, insert, update')
             or has_any_column_privilege('service_role', oid, 'select, insert, update'))
           and (not relrowsecurity or not exists (select from pg_policy where polrelid = pg_class.oid))",
    )
    .await;
    assert_eq!(open, NOTHING);
    // One permissive policy for each role and command, so that no query evaluates several (splinter 0006).
    let several = list(
        &client,
        "select format('%s %s %s', tablename, cmd, role) from pg_policies cross join unnest(roles) role
         where schemaname in ('public', 'rolecall') and permissive = 'PERMISSIVE'
         group by tablename, cmd, role having count(*) > 1",
    )
    .await;
    assert_eq!(several, NOTHING);
    // auth.uid() once for each query, not for each row (splinter 0003).
    let per_row = list(
        &client,
        r"select policyname::text from pg_policies
          where schemaname in ('public', 'rolecall')
            and (lower(qual) ~ 'auth\.(uid|jwt|role)\(\)' and lower(qual) !~ 'select auth\.(uid|jwt|role)\(\)'
              or lower(with_check) ~ 'auth\.(uid|jwt|role)\(\)' and lower(with_check) !~ 'select auth\.(uid|jwt|role)\(\)')",
    )
    .await;
    assert_eq!(per_row, NOTHING);
    let unnamed = list(
        &client,
        "select policyname::text from pg_policies where schemaname in ('public', 'rolecall') and roles && array['public', 'anon']::name[]",
    )
    .await;
    assert_eq!(unnamed, NOTHING, "policies name the roles they are for");
}

#[tokio::test]
async fn every_function_pins_its_search_path() {
    let database = Database::demo().await;
    let client = database.admin().await;
    let unpinned = list(
        &client,
        "select oid::regprocedure::text from pg_proc
         where pronamespace::regnamespace::text in ('public', 'rolecall', 'rolecall_internal', 'rolecall_edge')
           and 'search_path=pg_catalog, pg_temp' = any (proconfig) is not true
           -- Standard SQL bodies are parsed when they are made, and look nothing up later.
           and (prosecdef or prosqlbody is null)",
    )
    .await;
    assert_eq!(unpinned, NOTHING);
}

#[tokio::test]
async fn every_table_has_a_key_and_every_foreign_key_an_index() {
    let database = Database::demo().await;
    let client = database.admin().await;
    let without_index = list(
        &client,
        "select format('%s %s', conrelid::regclass, conname)
         from pg_constraint
         where contype = 'f'
           and connamespace::regnamespace::text in ('public', 'rolecall')
           and not exists (
             select from pg_index
             where indrelid = conrelid
               and (indkey::int2[])[0:cardinality(conkey) - 1] = conkey
           )",
    )
    .await;
    assert_eq!(without_index, NOTHING);
    let without_key = list(
        &client,
        "select oid::regclass::text from pg_class
         where relkind = 'r' and relnamespace::regnamespace::text in ('public', 'rolecall')
           and not exists (select from pg_constraint where conrelid = pg_class.oid and contype = 'p')",
    )
    .await;
    assert_eq!(without_key, NOTHING);
    let twice = list(
        &client,
        "select format('%s', array_agg(indexrelid::regclass))
         from pg_index join pg_class on pg_class.oid = indrelid
         where relnamespace::regnamespace::text in ('public', 'rolecall')
         group by indrelid, indkey, indclass, coalesce(pg_get_expr(indpred, indrelid), '')
         having count(*) > 1",
    )
    .await;
    assert_eq!(twice, NOTHING);
}

/// The audience of a broadcast counts on it: see `rolecall_internal.judge_dm`, which looks it up late.
#[tokio::test]
async fn no_guard_looks_at_a_shared_show() {
    let database = Database::demo().await;
    let client = database.admin().await;
    let rules = list(&client, "select rule from rolecall.matrix_guards where fact = 'shares_show'").await;
    assert_eq!(rules, NOTHING);
    let total: bool = one(
        &client,
        "select count(*) = count(distinct action) * cardinality(enum_range(null::rolecall.app_role)) ^ 2
         from rolecall.matrix_rows
         join rolecall.matrix_actions using (action)
         where domain = 'marketplace'",
    )
    .await;
    assert!(total, "the matrix has a rule for every action and pair of roles");
}
