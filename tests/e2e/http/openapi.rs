//! `docs/openapi.yaml`: that it is right in itself and complete, and the answers every operation has in common. The
//! client checks each answer of every other test against it, too (`openapi::check`).

use http::Method;
use rolecall_e2e::{
    Code, Setup, Stand, User,
    client::Call,
    endpoints::{flag, flags, function},
    openapi::{Document, Operation, document},
    runner::workspace,
    token, until,
};
use rolecall_postgres::Mode;
use rolecall_shared::rules::{
    limits,
    matrix::{Action, Fact, Role},
};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

/// Codes of requests that are not valid HTTP: they reach no operation, and the document's introduction names them.
const OF_HTTP: [Code; 6] = [
    Code::BadRequest,
    Code::RequestTimeout,
    Code::UriTooLong,
    Code::HeadersTooLarge,
    Code::NotImplemented,
    Code::HttpVersionNotSupported,
];

/// Schemas that are open, and closed where they are used.
const OPEN: [&str; 3] = ["Problem", "CheckDecision", "NumberFigures"];

fn names(value: &Value) -> BTreeSet<&str> {
    value.as_array().into_iter().flatten().filter_map(Value::as_str).collect()
}

// ---- the document ---------------------------------------------------------------------------------------------------

#[test]
fn every_route_is_documented_and_every_documented_path_has_a_route() {
    let manifest = std::fs::read_to_string(workspace().join("spin.toml")).unwrap();
    let manifest: toml::Table = toml::from_str(&manifest).unwrap();
    let triggers = manifest["trigger"]["http"].as_array().unwrap();
    // The document names the paths that serve people and itself; they are no part of the API.
    let beside = names(&document().root()["info"]["x-beside-the-api"]);
    let (others, triggers): (Vec<_>, Vec<_>) =
        triggers.iter().partition(|trigger| trigger["component"].as_str() == Some("home"));
    let route = |trigger: &'_ toml::Value| trigger["route"].as_str().unwrap().to_owned();
    assert_eq!(
        others.into_iter().map(route).collect::<BTreeSet<_>>(),
        beside.iter().map(|&path| path.to_owned()).collect()
    );
    let mut routes: BTreeSet<&str> = triggers.iter().map(|trigger| trigger["route"].as_str().unwrap()).collect();
    // What is on no other route is answered with 404.
    assert!(routes.remove("/..."));
    let paths: BTreeSet<&str> = document().operations().iter().map(|operation| operation.path.as_str()).collect();
    let leads = |route: &str, path: &str| match route.strip_suffix("/...") {
        Some(start) => path == start || path.strip_prefix(start).is_some_and(|rest| rest.starts_with('/')),
        None => path.replace("{id}", ":id") == route,
    };
    let undocumented: Vec<_> = routes.iter().filter(|route| !paths.iter().any(|path| leads(route, path))).collect();
    assert!(undocumented.is_empty(), "routes that are not documented: {undocumented:?}");
    let unrouted: Vec<_> = paths.iter().filter(|path| !routes.iter().any(|route| leads(route, path))).collect();
    assert!(unrouted.is_empty(), "documented paths without a route: {unrouted:?}");
    println!("{} routes, {} paths, {} operations", routes.len(), paths.len(), document().operations().len());
}

#[test]
fn every_reference_leads_somewhere_and_every_component_is_used() {
    fn references(value: &Value, found: &mut BTreeSet<String>) {
        match value {
            Value::Object(members) => {
                found.extend(members.get("$ref").and_then(Value::as_str).map(str::to_owned));
                members.values().for_each(|inner| references(inner, found));
            }
            Value::Array(values) => values.iter().for_each(|inner| references(inner, found)),
            _ => {}
        }
    }
    let root = document().root();
    let mut found = BTreeSet::new();
    references(root, &mut found);
    for reference in &found {
        assert!(root.pointer(reference.trim_start_matches('#')).is_some(), "{reference} leads nowhere");
    }
    for section in ["schemas", "responses", "parameters", "headers"] {
        for (name, _) in root["components"][section].as_object().unwrap() {
            // The answer to a method that a path does not take belongs to no operation.
            let used = found.contains(&format!("#/components/{section}/{name}")) || name == "MethodNotAllowed";
            assert!(used, "{section}/{name} is not used");
        }
    }
}

#[test]
fn every_object_is_closed() {
    fn open(value: &Value, place: &str, found: &mut Vec<String>) {
        let Value::Object(members) = value else { return };
        let closed = ["additionalProperties", "unevaluatedProperties"].iter().any(|key| members.contains_key(*key));
        if members.get("type") == Some(&json!("object")) && !closed {
            found.push(place.to_owned());
        }
        for (name, inner) in members {
            match inner {
                Value::Array(values) => values.iter().for_each(|inner| open(inner, &format!("{place}/{name}"), found)),
                _ => open(inner, &format!("{place}/{name}"), found),
            }
        }
    }
    let mut found = Vec::new();
    for (name, schema) in document().root()["components"]["schemas"].as_object().unwrap() {
        if !OPEN.contains(&name.as_str()) {
            open(schema, name, &mut found);
        }
    }
    assert_eq!(found, [""; 0], "schemas that let anything pass");
}

#[test]
fn every_example_is_as_its_schema_says() {
    let examples = document().examples();
    for (schema, example) in &examples {
        document().validate(schema, example).unwrap_or_else(|error| panic!("{schema}: {error:#}"));
    }
    for operation in document().operations() {
        assert!(
            operation.method != Method::POST || !document().example(operation).is_null(),
            "{} has no example",
            operation.id
        );
    }
    println!("{} examples", examples.len());
}

#[tokio::test]
async fn every_example_works_on_the_demo_data() {
    let stand = Stand::own(Setup::new().realtime()).await;
    rolecall_database::load_demo(stand.admin_url()).await.unwrap();
    rolecall_database::load_demo_conversation(stand.admin_url()).await.unwrap();
    // On one database, in the document's order: the examples do not get into each other's way.
    let text = include_str!("../../../docs/openapi.yaml");
    let mut operations: Vec<_> = document().operations().iter().collect();
    operations.sort_by_key(|operation| text.find(&format!("\n  {}:\n", operation.path)));
    for operation in operations {
        let call = stand.call(operation.method.clone(), &document().demo_path(operation));
        let call = match document().demo_user(operation) {
            Some(id) => call.token(&token::user(id.parse().unwrap())),
            None if document().is_for_operators(operation) => call.token(&token::operator()),
            None => {
                let takes_none = operation.is_health() || document().is_for_carrier(operation);
                assert!(takes_none, "{} does not say whose call its example is", operation.id);
                call
            }
        };
        let answer = match document().example(operation) {
            Value::Null => call.send().await,
            body if document().is_for_carrier(operation) => call.json(&body).signed().send().await,
            body => call.json(&body).send().await,
        };
        // The last of the documented successes: a dry run comes before the call itself.
        let mut successes = operation.answers.keys().filter(|status| status.starts_with('2'));
        let wanted = successes.next_back().unwrap();
        assert_eq!(&answer.status.to_string(), wanted, "{}: {}", operation.id, answer.body);
    }
    println!("{} operations", document().operations().len());
}

#[test]
fn names_codes_and_limits_are_those_of_the_code() {
    let schemas = &document().root()["components"]["schemas"];
    let all = |names: &[&'static str]| names.iter().copied().collect::<BTreeSet<_>>();
    assert_eq!(names(&schemas["Role"]["enum"]), all(&Role::ALL.iter().map(|role| role.as_str()).collect::<Vec<_>>()));
    let actions: Vec<_> = Action::ALL.iter().map(|action| action.as_str()).collect();
    assert_eq!(names(&schemas["Action"]["enum"]), all(&actions));
    let facts: Vec<_> = Fact::ALL.iter().map(|fact| fact.as_str()).collect();
    assert_eq!(names(&schemas["Fact"]["enum"]), all(&facts));
    let codes: Vec<_> = Code::ALL.iter().map(|code| code.as_str()).collect();
    assert_eq!(names(&schemas["Code"]["enum"]), all(&codes));

    let statuses: BTreeMap<&str, u64> = schemas
        .as_object()
        .unwrap()
        .values()
        .filter_map(|schema| {
            let properties = &schema["properties"];
            Some((properties["code"]["const"].as_str()?, properties["status"]["const"].as_u64()?))
        })
        .collect();
    for &code in Code::ALL {
        let of_an_operation = !OF_HTTP.contains(&code);
        let wanted = of_an_operation.then(|| u64::from(code.status().as_u16()));
        assert_eq!(statuses.get(code.as_str()).copied(), wanted, "{}", code.as_str());
    }
    let introduction = document().root()["info"]["description"].as_str().unwrap();
    for code in OF_HTTP {
        let named = format!("{} `{}`", code.status().as_u16(), code.as_str());
        assert!(introduction.contains(&named), "{named}");
    }

    let longest = |place: &str| document().root().pointer(place).and_then(Value::as_u64).map(|length| length as usize);
    for (place, limit) in [
        ("/components/schemas/DirectContent/maxLength", limits::DIRECT_MESSAGE_CHARS),
        ("/components/schemas/BroadcastContent/maxLength", limits::BROADCAST_CHARS),
        ("/components/schemas/InitialMessage/minLength", limits::HELP_MESSAGE_MIN_CHARS),
        ("/components/schemas/InitialMessage/maxLength", limits::HELP_MESSAGE_MAX_CHARS),
        ("/components/schemas/Note/maxLength", limits::NOTE_CHARS),
        ("/components/schemas/Note/maxLength", limits::REPORT_REASON_CHARS),
        ("/components/schemas/RequestId/maxLength", limits::MAX_REQUEST_ID_CHARS),
        ("/components/schemas/CarrierText/properties/Body/maxLength", limits::THREAD_MESSAGE_CHARS),
        ("/components/schemas/MediaUrl/maxLength", limits::MEDIA_URL_CHARS),
        ("/components/schemas/CheckRequest/oneOf/1/properties/checks/maxItems", limits::MAX_CHECKS),
        ("/components/schemas/DirectMessages/oneOf/1/maxItems", limits::MAX_DIRECT_MESSAGES),
        ("/components/schemas/RolloutTrial/oneOf/0/properties/user_ids/maxItems", limits::MAX_SIMULATED_USERS),
        ("/components/schemas/RolloutTrial/oneOf/1/properties/sample/maximum", limits::MAX_SIMULATED_USERS),
        ("/components/parameters/IdempotencyKey/schema/maxLength", limits::MAX_IDEMPOTENCY_KEY_CHARS),
        ("/components/parameters/Limit/schema/maximum", limits::MAX_PAGE as usize),
        ("/components/parameters/MessageLimit/schema/maximum", limits::MAX_MESSAGES_PAGE as usize),
        ("/components/parameters/Limit/schema/default", limits::DEFAULT_PAGE as usize),
        ("/components/parameters/MessageLimit/schema/default", limits::DEFAULT_PAGE as usize),
    ] {
        assert_eq!(longest(place), Some(limit), "{place}");
    }
    for (name, text, is_valid) in [
        ("DirectContent", "a\nb\t", true),
        ("DirectContent", "❤\u{fe0f}", true),
        ("DirectContent", "\u{200b}", false),
        ("DirectContent", "a\0", false),
        ("DirectContent", "", false),
        ("InitialMessage", " 0123456789 ", true),
        ("InitialMessage", " 012345678 ", false),
        ("FutureMoment", "2099-12-31T23:59:59.5+02:00", true),
        ("FutureMoment", "2025-12-31T23:59:59Z", false),
        ("FutureMoment", "2099-12-31", false),
    ] {
        let verdict = document().validate(&format!("/components/schemas/{name}"), &json!(text));
        assert_eq!(verdict.is_ok(), is_valid, "{name} {text:?}: {verdict:?}");
    }
    assert_eq!(document().root()["info"]["version"], env!("CARGO_PKG_VERSION"));
}

#[test]
fn an_alias_answers_what_the_operation_it_stands_for_answers() {
    let mut ids = BTreeSet::new();
    for operation in document().operations() {
        assert!(ids.insert(&operation.id), "{} stands there twice", operation.id);
        let Some(other) = &operation.alias_of else { continue };
        let other = document().operation(other).unwrap_or_else(|| panic!("there is no {other}"));
        assert_eq!(document().part(operation)["responses"], document().part(other)["responses"], "{}", operation.id);
    }
}

#[test]
fn an_operation_is_named_after_its_function() {
    let flags = flags();
    for operation in document().operations() {
        let id = operation.id.as_str();
        if operation.is_health() {
            let base = id.strip_suffix(".health").unwrap_or(id);
            assert!(base == "health" || document().operation(base).is_some() || flags.contains(base), "{id}");
            continue;
        }
        let function = function(operation);
        // A component may have a function at a path of its own: its name stands before the function's.
        let of_component = id.split_once('.').filter(|_| !id.starts_with(&function)).map(|(_, rest)| rest);
        let rest = of_component.unwrap_or(id).strip_prefix(&function);
        // Or a component answers at the paths of another: what it does has its own name, which is that of its flag.
        let rest = rest.or_else(|| document().named_flag(operation).and_then(|flag| id.strip_prefix(flag)));
        assert!(rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.')), "{id} of {function}");
    }
}

// ---- what every operation answers ------------------------------------------------------------------------------------

/// A stand and who calls there.
struct Sweep {
    stand: Stand,
    user: User,
}

impl Sweep {
    async fn new() -> Sweep {
        let stand = Stand::own(Setup::new().realtime()).await;
        let user = stand.user(Role::Moderator).await;
        Sweep { stand, user }
    }

    /// A call of an operation without a token and a body.
    fn call(&self, operation: &Operation) -> Call {
        let path = format!("{}{}", document().example_path(operation), document().example_query(operation));
        self.stand.call(operation.method.clone(), &path)
    }

    /// A call of it by somebody who may call it, with the example as its body.
    fn example(&self, operation: &Operation) -> Call {
        let call = self.call(operation).token(&self.token(operation));
        match document().example(operation) {
            Value::Null => call,
            body => call.json(&body),
        }
    }

    /// The token of the right kind of caller.
    fn token(&self, operation: &Operation) -> String {
        if document().is_for_operators(operation) { token::operator() } else { self.user.token.clone() }
    }
}

/// The operations that name this code for this status.
fn naming(status: &'static str, code: Code) -> impl Iterator<Item = &'static Operation> {
    let document: &'static Document = document();
    document
        .operations()
        .iter()
        .filter(move |operation| operation.answers.get(status).is_some_and(|codes| codes.contains(code.as_str())))
}

#[tokio::test]
async fn every_operation_but_health_wants_a_token_of_the_right_kind() {
    let sweep = Sweep::new().await;
    let mut counted = 0;
    for operation in document().operations().iter().filter(|operation| !operation.is_health()) {
        let call = || match document().example(operation) {
            Value::Null => sweep.call(operation),
            body => sweep.call(operation).json(&body),
        };
        if document().is_for_carrier(operation) {
            for call in [call(), call().token(&sweep.user.token), call().token(&token::operator())] {
                call.expect(403).await.refused_by(Code::PermissionDenied, "invalid_signature");
            }
            continue;
        }
        call().expect(401).await.refused(Code::Unauthenticated);
        let other_kind =
            if document().is_for_operators(operation) { sweep.user.token.clone() } else { token::operator() };
        if !document().is_for_staff(operation) {
            call().token(&other_kind).expect(403).await.refused(Code::PermissionDenied);
        }
        let anonymous = token::hs256(&token::claims(Some(sweep.user.id), "anon"), token::SECRET.as_bytes());
        call().token(&anonymous).expect(403).await.refused(Code::PermissionDenied);
        counted += 1;
    }
    assert!(counted >= 20, "{counted}");
    println!("{counted} operations");
}

#[tokio::test]
async fn every_operation_refuses_what_it_does_not_know() {
    let sweep = Sweep::new().await;
    for operation in naming("400", Code::ValidationError) {
        let call = if operation.method == Method::GET {
            let path = format!("{}?no_such_parameter=1", document().example_path(operation));
            sweep.stand.get(&path)
        } else {
            sweep.call(operation).json(&json!({"no_such_field": 1}))
        };
        if document().is_for_carrier(operation) {
            // The carrier sends more than is read, and may send more yet.
            let refusal = call.signed().expect(400).await.refused(Code::ValidationError);
            assert!(refusal.reasons().iter().all(|&reason| reason == "required"), "{}", refusal.body);
            continue;
        }
        let refusal = call.token(&sweep.token(operation)).expect(400).await.refused(Code::ValidationError);
        assert!(refusal.reasons().contains(&"unknown_field"), "{}: {}", operation.id, refusal.body);
    }
}

#[tokio::test]
async fn every_body_is_json_within_the_limit() {
    let sweep = Sweep::new().await;
    for operation in naming("415", Code::UnsupportedMediaType) {
        let call = || sweep.call(operation).token(&sweep.token(operation));
        let text = || call().header("content-type", "text/plain");
        text().bytes("{}").expect(415).await.refused(Code::UnsupportedMediaType);
        let json = || call().header("content-type", "application/json");
        let limit =
            if operation.id == "rollout.simulate" { limits::MAX_SIMULATION_BYTES } else { limits::MAX_BODY_BYTES };
        json().bytes(" ".repeat(limit + 1)).expect(413).await.refused(Code::PayloadTooLarge);
    }
    let posts = document().operations().iter().filter(|operation| operation.method == Method::POST);
    assert_eq!(posts.count(), naming("413", Code::PayloadTooLarge).count());
}

#[tokio::test]
async fn every_operation_that_writes_refuses_a_key_that_another_request_had() {
    let sweep = Sweep::new().await;
    for owner in [sweep.user.id, Uuid::nil()] {
        let sql = "insert into rolecall.idempotency_records (user_id, key, fingerprint, answer)
            values ($1, 'taken', '\\x00', '{\"ok\": true, \"data\": {}}')";
        sweep.stand.db.run(sql, &[&owner]).await;
    }
    for operation in naming("422", Code::IdempotencyConflict) {
        sweep.example(operation).key("taken").expect(422).await.refused(Code::IdempotencyConflict);
    }
}

#[tokio::test]
async fn every_limited_operation_answers_429_when_the_tokens_are_gone() {
    let sweep = Sweep::new().await;
    sweep.stand.db.run("update rolecall.rate_limits set capacity = 1, window_seconds = 3600", &[]).await;
    for operation in naming("429", Code::RateLimited) {
        // Each action has tokens of its own, but an alias shares them with what it stands for.
        sweep.example(operation).send().await;
        let refusal = sweep.example(operation).expect(429).await.refused_by(Code::RateLimited, "rate_limit");
        assert!(refusal.header("ratelimit-policy").contains("q=1;w=3600"), "{}", operation.id);
        assert!(refusal.header("ratelimit").contains("r=0;"), "{}", operation.id);
        let after: u64 = refusal.header("retry-after").parse().unwrap();
        assert!((3500..=3600).contains(&after), "{}: {after}", operation.id);
        assert_eq!(refusal["retry_after_seconds"], after, "{}", operation.id);
    }
}

#[tokio::test]
async fn every_function_can_be_switched_off() {
    let sweep = Sweep::new().await;
    sweep.stand.db.run("update rolecall.feature_flags set rollout = 'disabled'", &[]).await;
    for operation in naming("404", Code::FeatureDisabled) {
        sweep.example(operation).expect(404).await.refused(Code::FeatureDisabled);
    }
    let functions = document().operations().iter().filter(|operation| !operation.is_health());
    let switched = |operation: &&Operation| flag(operation).is_some();
    assert_eq!(functions.filter(switched).count(), naming("404", Code::FeatureDisabled).count());
}

#[tokio::test]
async fn every_path_names_its_methods_and_refuses_the_others() {
    let sweep = Sweep::new().await;
    let mut paths: BTreeMap<&str, Vec<&Operation>> = BTreeMap::new();
    for operation in document().operations() {
        paths.entry(&operation.path).or_default().push(operation);
    }
    for operations in paths.values() {
        let path = document().example_path(operations[0]);
        let taken: BTreeSet<&str> = operations.iter().map(|operation| operation.method.as_str()).collect();
        let mut allowed = Vec::new();
        allowed.extend(["GET", "HEAD"].into_iter().filter(|_| taken.contains("GET")));
        allowed.extend(["POST"].into_iter().filter(|method| taken.contains(method)));
        allowed.push("OPTIONS");
        for method in [Method::PUT, Method::PATCH, Method::DELETE, Method::POST] {
            if !taken.contains(method.as_str()) {
                let refusal = sweep.stand.call(method, &path).expect(405).await;
                assert_eq!(refusal.header("allow"), allowed.join(", "), "{path}");
            }
        }
        let options = sweep.stand.call(Method::OPTIONS, &path).expect(204).await;
        assert_eq!(options.header("allow"), allowed.join(", "), "{path}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_health_of_every_path_follows_the_database() {
    let stand = Stand::own(Setup::new().own_cluster()).await;
    let paths: Vec<String> = document()
        .operations()
        .iter()
        .filter(|operation| operation.is_health())
        .map(|operation| document().example_path(operation))
        .collect();
    for path in &paths {
        assert_eq!(stand.get(path).expect(200).await["database"], "ok", "{path}");
    }
    let cluster = stand.cluster.clone().unwrap();
    let mut cluster = cluster.lock().await;
    tokio::task::block_in_place(|| cluster.stop(Mode::Fast)).unwrap();
    for path in &paths {
        until("it is found out", async || {
            let health = stand.get(path).send().await;
            (health.status == 503 && health["database"] == "unreachable").then_some(())
        })
        .await;
    }
    tokio::task::block_in_place(|| cluster.start_again()).unwrap();
    for path in &paths {
        until("it is well again", async || (stand.get(path).send().await.status == 200).then_some(())).await;
    }
    println!("{} paths", paths.len());
}
