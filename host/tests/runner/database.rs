//! `spin:postgres` against a real PostgreSQL.

use crate::app::{App, Running, component, trigger, with_database};
use rolecall_postgres::{Cluster, Mode, Options};
use serde_json::{Value, json};
use std::process::Command;
use std::sync::{LazyLock, Mutex};

/// One server for the tests that do not stop it. It ends with the process.
pub static CLUSTER: LazyLock<Cluster> = LazyLock::new(|| {
    let cluster = Cluster::start(Options::for_tests()).unwrap();
    let mut psql = Command::new(cluster.program("psql"));
    psql.args(["-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", &cluster.admin_url("postgres"), "-c", SCHEMA]);
    assert!(psql.status().unwrap().success());
    cluster
});

/// Functions as an application has them, and what misbehaving ones need.
const SCHEMA: &str = "
    create schema rolecall_edge;
    create function rolecall_edge.same(jsonb) returns jsonb language sql as 'select $1';
    create function rolecall_edge.backend(jsonb) returns jsonb language sql as 'select to_jsonb(pg_backend_pid())';
    create function rolecall_edge.prepared(jsonb) returns jsonb language sql
      as 'select to_jsonb(count(*)) from pg_prepared_statements';
    create function rolecall_edge.changing(jsonb) returns jsonb language sql as 'select $1';
    create function public.leaves(statement text) returns text language plpgsql
      as 'begin execute statement; return statement; end';
    create role left_behind;
    grant all on schema public to left_behind;
    create type public.mood as enum ('sad', 'ok');
    create sequence public.numbers;
    create table public.kept (statement text);
    grant all on public.kept to left_behind;";

#[track_caller]
pub fn query(app: &Running, input: &Value) -> Value {
    let answer = app.post("/query", &input.to_string());
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.json()
}

#[track_caller]
pub fn values(app: &Running, statements: &[&str]) -> Value {
    let answer = query(app, &json!({"statements": statements}));
    assert!(answer["error"].is_null(), "{answer}");
    answer["values"].clone()
}

#[track_caller]
pub fn error(app: &Running, statements: &[&str]) -> String {
    query(app, &json!({"statements": statements}))["error"].as_str().unwrap().to_owned()
}

#[test]
fn jsonb_goes_in_and_comes_out() {
    let app = with_database(&CLUSTER.admin_url("postgres")).start();
    let input = json!({"statements": ["select $1::jsonb || '{\"b\": [1, null, \"é\"]}'"], "jsonb": {"a": 1.5}});
    assert_eq!(query(&app, &input)["values"], json!([{"a": 1.5, "b": [1, null, "é"]}]));
}

#[test]
fn every_kind_of_value_arrives() {
    let app = with_database(&CLUSTER.admin_url("postgres")).start();
    let table = [
        ("true", "Boolean(true)"),
        ("1::int2", "Int16(1)"),
        ("-1::int4", "Int32(-1)"),
        ("9007199254740993::int8", "Int64(9007199254740993)"),
        ("1.5::float4", "Floating32(1.5)"),
        ("1.25::float8", "Floating64(1.25)"),
        ("'é'::text", "Str(\"é\")"),
        ("'\\x00ff'::bytea", "Binary([0, 255])"),
        ("date '2026-11-20'", "Date((2026, 11, 20))"),
        ("time '01:02:03.5'", "Time((1, 2, 3, 500000000))"),
        ("timestamp '2026-11-20 01:02:03'", "Datetime((2026, 11, 20, 1, 2, 3, 0))"),
        ("'00000000-0000-4000-8000-000000000001'::uuid", "Uuid(\"00000000-0000-4000-8000-000000000001\")"),
        ("-12.30::numeric", "Decimal(\"-12.30\")"),
        ("array[1, null]::int4[]", "ArrayInt32([Some(1), None])"),
        ("array['a', null]::text[]", "ArrayStr([Some(\"a\"), None])"),
        ("null::text", "DbNull"),
    ];
    for (expression, expected) in table {
        assert_eq!(values(&app, &[&format!("select {expression}")]), json!([expected]), "{expression}");
    }
    for (expression, expected) in [("int4range(1, 5)", "RangeInt32"), ("interval '1 day'", "Interval")] {
        let value = values(&app, &[&format!("select {expression}")])[0].as_str().unwrap().to_owned();
        assert!(value.starts_with(expected), "{value}");
    }
    // As on Spin: an unknown type arrives raw, and a `timestamptz` not at all.
    assert_eq!(values(&app, &["select '{}'::json"]), json!(["Unsupported([123, 125])"]));
    assert!(error(&app, &["select now()"]).contains("ValueConversionFailed"));
}

#[test]
fn many_rows_arrive_in_order() {
    let app = with_database(&CLUSTER.admin_url("postgres")).start();
    let rows = values(&app, &["select to_jsonb(n) from generate_series(1, 5000) n"]);
    assert_eq!(rows, json!((1..=5000).collect::<Vec<_>>()));
    assert_eq!(values(&app, &["select 1 where false"]), json!([]));
    // An error after the first rows arrives, too.
    assert!(error(&app, &["select to_jsonb(1 / (n - 3000)) from generate_series(1, 5000) n"]).contains("22012"));
}

#[test]
fn an_error_carries_what_a_function_decides_by() {
    let app = with_database(&CLUSTER.admin_url("postgres")).start();
    values(&app, &["create table if not exists named (n int constraint n_is_positive check (n > 0))"]);
    let error_text = error(&app, &["insert into named values (-1)"]);
    for expected in
        ["code: \"23514\"", "(\"constraint\", \"n_is_positive\")", "(\"table\", \"named\")", "detail: Some("]
    {
        assert!(error_text.contains(expected), "{expected} in {error_text}");
    }
    // The connection is as good as before.
    assert_eq!(values(&app, &["select to_jsonb(1)"]), json!([1]));
}

#[test]
fn a_host_that_is_not_allowed_is_refused_and_no_password_is_told() {
    let app = with_database(&CLUSTER.admin_url("postgres")).start();
    let input = json!({"address": "postgres://user:secret@localhost:5432/postgres", "statements": ["select 1"]});
    let error = query(&app, &input)["error"].as_str().unwrap().to_owned();
    assert!(error.contains("ConnectionFailed") && error.contains("postgres://localhost:5432"), "{error}");
    assert!(!error.contains("secret"), "{error}");
}

#[test]
fn a_connection_is_used_again_and_its_statements_stay_prepared() {
    let app = with_database(&CLUSTER.admin_url("postgres")).arguments(&["--postgres-connections", "1"]).start();
    let call = |statement: &str| query(&app, &json!({"statements": [statement], "jsonb": {}}));
    let first = call("select rolecall_edge.backend($1)");
    assert!(first["values"][0].is_number(), "{first}");
    assert_eq!(call("select rolecall_edge.backend($1)"), first);
    call("select rolecall_edge.prepared($1)");
    assert_eq!(call("select rolecall_edge.prepared($1)")["values"], json!([2]));
    // A statement that no longer fits what is prepared is prepared anew.
    call("select rolecall_edge.changing($1)");
    let other = with_database(&CLUSTER.admin_url("postgres")).start();
    values(&other, &["drop function rolecall_edge.changing(jsonb)"]);
    values(&other, &["create function rolecall_edge.changing(jsonb) returns text language sql as 'select $1::text'"]);
    let answers: Vec<_> = (0..2).map(|_| call("select rolecall_edge.changing($1)")).collect();
    assert_eq!(answers[1]["values"], json!(["Str(\"{}\")"]), "{answers:?}");
}

#[test]
fn who_waits_too_long_for_a_connection_is_told() {
    let arguments = ["--postgres-connections", "1", "--postgres-wait", "300ms"];
    let app = with_database(&CLUSTER.admin_url("postgres")).arguments(&arguments).start();
    let mut holding = app.client();
    holding.send_request("GET", "/hold/1500", &[], b"");
    std::thread::sleep(std::time::Duration::from_millis(200));
    let error_text = error(&app, &["select 1"]);
    assert!(error_text.contains("ConnectionFailed") && error_text.contains("300ms"), "{error_text}");
    assert_eq!(holding.answer().status, 200);
    assert_eq!(values(&app, &["select to_jsonb(1)"]), json!([1]));
}

#[test]
fn a_client_that_leaves_in_the_middle_of_a_statement_costs_no_connection() {
    let app = with_database(&CLUSTER.admin_url("postgres")).arguments(&["--postgres-connections", "2"]).start();
    for _ in 0..6 {
        let input = json!({"statements": ["select pg_sleep(0.2)::text"]}).to_string();
        app.client().send_request("POST", "/query", &[], input.as_bytes());
    }
    assert_eq!(values(&app, &["select to_jsonb(1)"]), json!([1]));
}

#[test]
fn a_server_that_comes_back_is_found_again() {
    let cluster = Mutex::new(Cluster::start(Options::for_tests()).unwrap());
    let url = cluster.lock().unwrap().admin_url("postgres");
    let app = with_database(&url).start();
    assert_eq!(values(&app, &["select to_jsonb(1)"]), json!([1]));
    cluster.lock().unwrap().stop(Mode::Immediate).unwrap();
    let away = error(&app, &["select to_jsonb(1)"]);
    assert!(away.contains("ConnectionFailed") || away.contains("QueryFailed"), "{away}");
    assert!(error(&app, &["select to_jsonb(1)"]).contains("ConnectionFailed"));
    cluster.lock().unwrap().start_again().unwrap();
    assert_eq!(values(&app, &["select to_jsonb(1)"]), json!([1]));
}

#[test]
fn an_application_without_a_database_gets_none() {
    let app = App::with(&format!("{}{}", trigger("/..."), component(""))).start();
    assert!(!app.state().join("pg").exists());
    let run: Value = serde_json::from_slice(&std::fs::read(app.state().join("run.json")).unwrap()).unwrap();
    assert_eq!(run["pid"], app.pid());
    assert_eq!(run["address"], format!("http://{}", app.address));
    assert_eq!(run["admin_url"], Value::Null);
    let run_file = app.state().join("run.json");
    assert!(run_file.exists());
}
