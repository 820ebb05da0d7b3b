//! One organisation and the threads of another: 404 on every path, never 403, and no row.

use super::support::{force, history, list, mark, newest, send};
use http::Method;
use rolecall_e2e::{
    Agency, Answer, Code, Stand,
    agency::phone,
    endpoints::flag,
    openapi::{Operation, document},
    token,
};
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;
use uuid::Uuid;

/// The tags of the document under which the operations of organisations stand, but for the carrier's.
const TAGS: [&str; 3] = ["threads", "bookings", "numbers"];

/// The ids of an agency, by the names of the fields, queries and path parameters that mean them. The id of a booking is not
/// among them: it is the application's own, and another organisation may have the same.
async fn ids(stand: &Stand, agency: &Agency) -> Map<String, Value> {
    let thread = stand.thread(agency.organization, &agency.client, &agency.sitter_number).await;
    stand.window(agency.organization, thread, &agency.sitter, -10, 60).await;
    send(stand, &agency.owner, thread, "Hello").expect(201).await;
    send(stand, &agency.owner, thread, "Call 202-555-0143").expect(403).await;
    let ids = json!({
        "organization_id": agency.organization,
        "thread_id": thread,
        "threadId": thread,
        "message_id": newest(stand, thread).await,
        "client_id": agency.client.id,
        "client": {"id": agency.client.id},
        "sitter_id": agency.sitter.id,
        "number_id": agency.pool.id,
    });
    ids.as_object().cloned().unwrap_or_default()
}

/// What a path's parameter means.
fn parameter(operation: &Operation) -> Option<&'static str> {
    match operation.path.split_once("{id}")?.0.rsplit('/').nth(1)? {
        "threads" => Some("thread_id"),
        "events" => Some("message_id"),
        other => panic!("{} names what by its id: {other}?", operation.path),
    }
}

/// The names of the ids that a request to an operation has.
fn named(operation: &Operation, example: &Value, ids: &Map<String, Value>) -> BTreeSet<String> {
    let queries = document().part(operation)["parameters"].as_array().cloned().unwrap_or_default();
    let queries = queries.into_iter().filter_map(|query| {
        let place = query["$ref"].as_str().map(|place| place.trim_start_matches('#').to_owned());
        let query = place.and_then(|place| document().root().pointer(&place)).unwrap_or(&query);
        if query["in"] == "query" { query["name"].as_str().map(str::to_owned) } else { None }
    });
    let fields = example.as_object().into_iter().flat_map(|fields| fields.keys().cloned());
    let names = queries.chain(fields).chain(parameter(operation).map(str::to_owned));
    names.filter(|name| ids.contains_key(name)).collect()
}

/// A request to an operation with these ids: its path and its body.
fn request(
    operation: &Operation,
    example: &Value,
    named: &BTreeSet<String>,
    ids: &Map<String, Value>,
) -> (String, Value) {
    let text = |name: &str| ids[name].as_str().unwrap_or_default().to_owned();
    let mut path = operation.path.clone();
    if let Some(name) = parameter(operation) {
        path = path.replace("{id}", &text(name));
    }
    if operation.method == Method::GET {
        let queries = named.iter().filter(|name| parameter(operation) != Some(name.as_str()));
        let queries: Vec<String> = queries.map(|name| format!("{name}={}", text(name))).collect();
        return (format!("{path}?{}", queries.join("&")), Value::Null);
    }
    let mut body = example.clone();
    for name in named {
        if body.get(name).is_some() || name == "organization_id" {
            body[name] = ids[name].clone();
        }
    }
    (path, body)
}

/// An answer without what differs from request to request, and with the ids that were asked for made alike.
fn told(answer: &Answer, ids: &Map<String, Value>) -> String {
    let mut body = answer.body.clone();
    if let Some(members) = body.as_object_mut() {
        members.remove("request_id");
    }
    let mut text = format!("{} {body}", answer.status);
    for id in ids.values() {
        let id = id.as_str().or_else(|| id["id"].as_str()).unwrap_or_default();
        text = text.replace(id, "ID");
    }
    text
}

/// The tokens of those who call an operation with another organisation's id, and whether their role would let them do it:
/// then they are told 404, and otherwise the same as always.
fn callers(
    operation: &Operation,
    agency: &Agency,
    name: &str,
    named: &BTreeSet<String>,
    operator: &str,
) -> Vec<(String, bool)> {
    let mut callers = Vec::new();
    if !document().is_for_operators(operation) {
        for (user, may) in
            [(&agency.owner, true), (&agency.admin, true), (&agency.sitter, false), (&agency.client_user, false)]
        {
            callers.push((user.token.clone(), may));
        }
    }
    // An operator acts for the organisation that they name, and what is another's is not its.
    if takes_organization(operation) && (name != "organization_id" || named.len() > 1) {
        callers.push((operator.to_owned(), true));
    }
    callers
}

/// Whether a request says for which organisation it is.
fn takes_organization(operation: &Operation) -> bool {
    document().is_for_operators(operation) || document().is_for_staff(operation)
}

/// Every row of an organisation, in every table that has rows of organisations.
async fn rows(stand: &Stand, organization: Uuid) -> Vec<String> {
    let tables = "select array_agg(format('%I', relname) order by 1)
        from pg_class
        join pg_attribute on attrelid = pg_class.oid and attname = 'organization_id' and not attisdropped
        where relnamespace = 'rolecall'::regnamespace and relkind in ('r', 'p') and not relispartition";
    let mut rows = Vec::new();
    for table in stand.db.one::<Vec<String>>(tables, &[]).await {
        let sql = format!(
            "select coalesce(array_agg($2 || ' ' || kept::text order by kept::text), '{{}}')
            from rolecall.{table} as kept where organization_id = $1"
        );
        rows.extend(stand.db.one::<Vec<String>>(&sql, &[&organization, &table]).await);
    }
    rows
}

#[tokio::test]
async fn whatever_id_of_another_organisation_is_named_it_is_one_that_does_not_exist() {
    let stand = Stand::shared().await;
    let (here, there) = (stand.agency().await, stand.agency().await);
    let (ours, theirs) = (ids(&stand, &here).await, ids(&stand, &there).await);
    let operations = document().operations().iter().filter(|operation| {
        let tags = document().part(operation)["tags"].as_array().cloned().unwrap_or_default();
        let is_tagged = tags.iter().any(|tag| TAGS.iter().any(|name| tag == name));
        !operation.is_health() && (is_tagged || flag(operation).as_deref() == Some("messaging_v1"))
    });
    let operations: Vec<_> = operations.filter(|operation| !document().is_for_carrier(operation)).collect();
    let operator = token::operator();
    let mut crossed = BTreeSet::new();
    let before = [rows(&stand, here.organization).await, rows(&stand, there.organization).await];
    for operation in &operations {
        let mut example = document().example(operation);
        if example.get("booking_id").is_some() {
            example["booking_id"] = json!(Uuid::new_v4());
        }
        if example.get("class").is_some() {
            example["class"] = json!("sitter");
            example["sitter_id"] = json!(Uuid::nil());
            example["phone"] = json!(phone());
        }
        let mut named = named(operation, &example, &ours);
        if takes_organization(operation) {
            named.insert("organization_id".to_owned());
        }
        for name in &named {
            let mut foreign = ours.clone();
            foreign[name] = theirs[name].clone();
            let mut unknown = ours.clone();
            unknown[name] = if name == "client" { json!({"id": Uuid::new_v4()}) } else { json!(Uuid::new_v4()) };
            for (caller, is_told) in callers(operation, &here, name, &named, &operator) {
                let mut answers = Vec::new();
                for ids in [&foreign, &unknown] {
                    let (path, body) = request(operation, &example, &named, ids);
                    let call = stand.call(operation.method.clone(), &path).token(&caller);
                    let call = if operation.method == Method::POST { call.json(&body) } else { call };
                    answers.push(call.send().await);
                }
                let case = format!("{} with another organisation's {name}: {}", operation.id, answers[0].body);
                // The operator knows every organisation.
                if caller != operator || name != "organization_id" {
                    assert_eq!(told(&answers[0], &foreign), told(&answers[1], &unknown), "{case}");
                }
                if is_told {
                    let is_empty = answers[0].status == 200 && answers[0]["threads"] == json!([]);
                    assert!(is_empty || (answers[0].status, answers[0].code()) == (404, "not_found"), "{case}");
                }
                crossed.insert((operation.id.clone(), name.clone()));
            }
        }
    }
    let named: BTreeSet<_> = crossed.iter().map(|(id, _)| id.as_str()).collect();
    let left: Vec<_> =
        operations.iter().map(|operation| operation.id.as_str()).filter(|id| !named.contains(id)).collect();
    assert_eq!(left, ["numbers.list"], "the operator names the organisation alone");
    assert!(crossed.len() >= 20, "{crossed:?}");
    assert_eq!(rows(&stand, there.organization).await, before[1], "nothing of theirs is changed");
    assert_eq!(rows(&stand, here.organization).await, before[0], "and nothing is written here");
}

#[tokio::test]
async fn a_booking_has_its_id_in_its_own_organisation() {
    let stand = Stand::shared().await;
    let (here, there) = (stand.agency().await, stand.agency().await);
    let booking = stand.booking(&there.client, Some(&there.sitter), 60, 120).await;
    stand.assign(&there.owner, &booking).expect(200).await;
    let before = rows(&stand, there.organization).await;
    let mut ours = stand.booking(&here.client, Some(&here.sitter), 600, 720).await;
    ours["booking_id"] = booking["booking_id"].clone();
    stand.assign(&here.owner, &ours).expect(200).await;
    stand.assign_as_operator(here.organization, &ours).expect(200).await;
    assert_eq!(rows(&stand, there.organization).await, before);
    let of = "rolecall.bookings where id = $1::text::uuid";
    assert_eq!(stand.db.count(of, &[&booking["booking_id"].as_str()]).await, 2);
}

#[tokio::test]
async fn the_carriers_word_on_a_text_of_theirs_changes_nothing_here() {
    let stand = Stand::shared().await;
    let (here, there) = (stand.agency().await, stand.agency().await);
    ids(&stand, &here).await;
    let row = crate::sms::support::outbox(&stand, &there, "sent", Some("SM1")).await;
    let before = rows(&stand, here.organization).await;
    let refused = [("ErrorCode", "21610")];
    crate::sms::support::report(&stand, &row.to_string(), "SM1", "failed", &refused).expect(200).await;
    assert_eq!(rows(&stand, here.organization).await, before);
    let out = "rolecall.opt_outs where organization_id = $1";
    assert_eq!(stand.db.count(out, &[&there.organization]).await, 1);
}

#[tokio::test]
async fn nobody_reaches_into_another_organisation() {
    let stand = Stand::shared().await;
    let (here, there) = (stand.agency().await, stand.agency().await);
    let thread = stand.thread(there.organization, &there.client, &there.front_desk).await;
    stand.window(there.organization, thread, &there.sitter, -10, 60).await;
    send(&stand, &there.owner, thread, "Hello").expect(201).await;
    send(&stand, &there.owner, thread, "Call 202-555-0143").expect(403).await;
    let message = newest(&stand, thread).await;
    let sql = "select id from rolecall.message_threads where organization_id = $1 and scope = 'owner_inbox'";
    let inbox = stand.db.one(sql, &[&there.organization]).await;
    for user in [&here.owner, &here.admin, &here.sitter, &here.client_user] {
        for id in [thread, inbox] {
            for call in
                [send(&stand, user, id, "Hello"), history(&stand, user, id, ""), mark(&stand, user, id, &json!({}))]
            {
                call.expect(404).await.refused_by(Code::NotFound, "no_such_thread");
            }
            for action in ["read_thread", "send_to_thread"] {
                let check = stand.check(user, &json!({"action": action, "thread_id": id})).expect(200).await;
                assert_eq!((&check["allowed"], &check["code"]), (&json!(false), &json!("not_found")));
            }
        }
        force(&stand, user, message, "Why not").expect(404).await.refused_by(Code::NotFound, "no_such_message");
        let page = list(&stand, user, &format!("?client_id={}", there.client.id)).expect(200).await;
        assert_eq!(page["threads"], json!([]));
        let page = list(&stand, user, &format!("?sitter_id={}", there.sitter.id)).expect(200).await;
        assert_eq!(page["threads"], json!([]));
        let said = list(&stand, user, "").expect(200).await.body.to_string();
        assert!(!said.contains(&thread.to_string()) && !said.contains(&there.client.id.to_string()), "{said}");
    }
    assert_eq!(stand.db.count("rolecall.thread_messages where thread_id = $1", &[&thread]).await, 2);
    let read = "rolecall.thread_reads where organization_id = $1";
    assert_eq!(stand.db.count(read, &[&there.organization]).await, 0);
    let forced = "rolecall.anti_poaching_attempts where message_id = $1 and forced_at is not null";
    assert_eq!(stand.db.count(forced, &[&message]).await, 0);
}
