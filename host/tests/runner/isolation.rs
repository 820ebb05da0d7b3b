//! Nothing of one request survives into the next on the same connection, whichever way it tries.

use crate::app::{Running, with_database};
use crate::database::{CLUSTER, error, query, values};
use serde_json::{Value, json};

/// The application with a single connection, so that each request has the one of the request before.
fn one_connection() -> Running {
    with_database(&CLUSTER.admin_url("postgres")).arguments(&["--postgres-connections", "1"]).start()
}

/// Everything that a session can keep, as the next request sees it, and which session it is.
const REMAINS: &str = "select to_jsonb(array[
    current_user || ' ' || session_user,
    (select string_agg(name || '=' || setting, ' ' order by name) from pg_settings where source = 'session'),
    coalesce(current_setting('fixture.behind', true), ''),
    (select string_agg(name, ' ') from pg_prepared_statements where from_sql),
    (select string_agg(name, ' ') from pg_cursors where is_holdable),
    (select string_agg(channel, ' ') from pg_listening_channels() as channel),
    (select count(*)::text from pg_locks where locktype = 'advisory' and pid = pg_backend_pid()),
    (select string_agg(relname, ' ') from pg_class where relnamespace = pg_my_temp_schema()),
    current_setting('transaction_read_only') || ' ' || current_setting('transaction_isolation'),
    pg_current_xact_id_if_assigned()::text
  ])";

/// What [`REMAINS`] gives in a new session.
fn nothing() -> Value {
    json!([["postgres postgres", null, "", null, null, null, "0", null, "off read committed", null]])
}

#[track_caller]
fn session(app: &Running) -> i64 {
    values(app, &["select to_jsonb(pg_backend_pid())"])[0].as_i64().unwrap()
}

/// What functions called by a query can leave behind.
const LEFT_BY_A_FUNCTION: [&str; 14] = [
    "set search_path = nowhere",
    "set fixture.behind = 'x'",
    "set statement_timeout = '1 ms'",
    "set default_transaction_read_only = on",
    "set timezone = 'Asia/Tokyo'",
    "set role left_behind",
    "set session authorization left_behind",
    "create temp table left_behind (n int)",
    "create temp table pg_locks (n int)",
    "prepare left_behind as select 1",
    "declare left_behind cursor with hold for select 1",
    "listen left_behind",
    "select pg_advisory_lock(1), pg_advisory_lock(2, 3), pg_advisory_lock_shared(4)",
    "deallocate all",
];

/// Queries that call it, of every kind.
const CALLS: [&str; 7] = [
    "select public.leaves($$STATEMENT$$)",
    "(((select public.leaves($$STATEMENT$$))))",
    "-- a comment\n/* and /* another */ */ SELECT public.leaves($$STATEMENT$$)",
    "with left_behind as (select public.leaves($$STATEMENT$$)) select * from left_behind",
    "values (public.leaves($$STATEMENT$$))",
    "insert into public.kept values (public.leaves($$STATEMENT$$)) returning 1",
    "select rolecall_edge.same($1) || to_jsonb(public.leaves($$STATEMENT$$))",
];

#[test]
fn what_a_function_leaves_is_gone_and_the_session_stays() {
    let app = one_connection();
    assert_eq!(values(&app, &[REMAINS]), nothing());
    let before = session(&app);
    for left in LEFT_BY_A_FUNCTION {
        for call in CALLS {
            let statement = call.replace("STATEMENT", left);
            let answer =
                query(&app, &json!({"statements": [statement], "jsonb": call.contains("$1").then(|| json!({}))}));
            assert!(answer["error"].is_null(), "{statement}: {answer}");
            assert_eq!(values(&app, &[REMAINS]), nothing(), "{statement}");
        }
    }
    assert_eq!(session(&app), before);
}

#[test]
fn the_ways_to_leave_something_are_ways() {
    let app = one_connection();
    for left in LEFT_BY_A_FUNCTION.into_iter().filter(|left| *left != "deallocate all") {
        // In the same request it is seen, by what runs on after it.
        let answer = query(&app, &json!({"statements": [CALLS[0].replace("STATEMENT", left), REMAINS]}));
        assert!(answer["error"].is_string() || answer["values"] != nothing(), "{left}: {answer}");
    }
}

#[test]
fn a_query_that_fails_leaves_nothing_either() {
    let app = one_connection();
    let before = session(&app);
    for left in LEFT_BY_A_FUNCTION {
        // It is called before the division fails.
        let statement = format!("select 1 / (length(public.leaves($${left}$$)) * 0)");
        assert!(error(&app, &[&statement]).contains("22012"), "{statement}");
        assert_eq!(values(&app, &[REMAINS]), nothing(), "{statement}");
    }
    assert_eq!(session(&app), before);
}

#[test]
fn what_a_statement_leaves_goes_with_its_session() {
    let app = one_connection();
    let others = [
        "begin",
        "start transaction read only",
        "begin isolation level serializable",
        "create temp table left_behind (n int)",
    ];
    for left in LEFT_BY_A_FUNCTION.into_iter().filter(|left| !left.starts_with("select")).chain(others) {
        let before = session(&app);
        values(&app, &[left]);
        assert_eq!(values(&app, &[REMAINS]), nothing(), "{left}");
        assert_ne!(session(&app), before, "{left}");
    }
}

#[test]
fn an_open_transaction_is_rolled_back_whatever_came_after_it() {
    let app = one_connection();
    values(&app, &["create table if not exists left_open (n int)"]);
    for after in [
        &["insert into left_open values (1)"][..],
        &["insert into left_open values (1)", "select rolecall_edge.same($1)"],
        &["insert into left_open values (1)", "savepoint s", "select 1"],
    ] {
        let statements: Vec<_> = ["begin"].iter().chain(after).collect();
        let input = json!({"statements": statements, "jsonb": after.last().unwrap().contains("$1").then(|| json!({}))});
        query(&app, &input);
        assert_eq!(values(&app, &["select to_jsonb(count(*)) from left_open"]), json!([0]), "{after:?}");
        assert_eq!(values(&app, &[REMAINS]), nothing(), "{after:?}");
    }
    // One that an error has stopped refuses everything until it is rolled back.
    error(&app, &["begin", "select 1 / 0"]);
    assert_eq!(values(&app, &[REMAINS]), nothing());
}

#[test]
fn the_last_number_of_a_sequence_is_not_told() {
    let app = one_connection();
    values(&app, &["select to_jsonb(nextval('public.numbers'))"]);
    assert!(error(&app, &["select lastval()"]).contains("55000"));
}

#[test]
fn a_call_of_edge_after_something_else_hides_nothing() {
    let app = one_connection();
    let statements =
        ["select public.leaves('set fixture.behind = ''x''') || $1::jsonb::text", "select rolecall_edge.same($1)"];
    assert!(query(&app, &json!({"statements": statements, "jsonb": {}}))["error"].is_null());
    assert_eq!(values(&app, &[REMAINS]), nothing());
}

#[test]
fn what_the_driver_prepares_for_itself_outlives_a_reset() {
    let app = one_connection();
    // A type of one's own makes it ask for its definition, with statements that it keeps.
    for _ in 0..3 {
        assert_eq!(values(&app, &["select 'sad'::public.mood"]).as_array().unwrap().len(), 1);
        assert_eq!(
            values(&app, &["select to_jsonb(count(*)) from public.kept where 'sad'::public.mood = 'ok'"]),
            json!([0])
        );
    }
}

#[test]
fn requests_that_take_turns_on_a_connection_see_nothing_of_each_other() {
    let app = one_connection();
    std::thread::scope(|scope| {
        for thread in 0..8 {
            let app = &app;
            scope.spawn(move || {
                let mut client = app.client();
                for turn in 0..25 {
                    let statement = match (thread + turn) % 4 {
                        0 => CALLS[0].replace("STATEMENT", LEFT_BY_A_FUNCTION[(thread * 25 + turn) % 14]),
                        1 => "begin".to_owned(),
                        _ => REMAINS.to_owned(),
                    };
                    let is_probe = statement == REMAINS;
                    let answer = client.post("/query", json!({"statements": [statement]}).to_string().as_bytes());
                    assert_eq!(answer.status, 200, "{answer:?}");
                    assert!(!is_probe || answer.json()["values"] == nothing(), "{}", answer.json());
                }
            });
        }
    });
}
