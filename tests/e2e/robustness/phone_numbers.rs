//! No phone number leaks: random numbers in every notation are sent to every operation of organisations and in every one of
//! its fields, by everybody and by the carrier, and then nothing that is logged, counted, decided or told has one of them.

use http::Method;
use rolecall_e2e::{
    Agency, Setup, Stand,
    agency::Number,
    carrier::{TOKEN, WEBHOOK, sid},
    carrier_api::{Carrier, Reaction},
    endpoints::function,
    openapi::{Operation, document},
    token,
};
use rolecall_shared::rules::redact::digit_of;
use serde_json::{Map, Value, json};
use std::{collections::HashSet, time::Duration};
use uuid::Uuid;

/// The functions of organisations. What is not there yet has no operation in the document.
const FUNCTIONS: [&str; 9] = [
    "assign-booking",
    "numbers",
    "threads",
    "send-thread-message",
    "receive-sms",
    "force-send",
    "erase-client",
    "deliver-sms",
    "diagnostics",
];

/// Most characters that a reader looks past between two digits.
const GAP: usize = 12;

/// Digits of a number without its country's code.
const DIGITS: usize = 10;

/// What has phone numbers: the two columns, and the contents of messages.
const SECRETS: &str = "'phone', 'e164', 'content', 'media_urls'";

/// Makes numbers, each once, and remembers them.
struct Numbers {
    state: u64,
    made: HashSet<String>,
}

impl Numbers {
    fn new() -> Numbers {
        Numbers { state: Uuid::new_v4().as_u64_pair().0 | 1, made: HashSet::new() }
    }

    fn below(&mut self, bound: u64) -> u64 {
        // Xorshift.
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        self.state % bound
    }

    /// A number of North America, without the country's code.
    fn next(&mut self) -> String {
        let number = format!("{}{:06}", 2010 + self.below(7980), self.below(1_000_000));
        self.made.insert(number.clone());
        number
    }

    /// A number in some notation.
    fn written(&mut self) -> String {
        let number = self.next();
        let (area, rest) = number.split_at(3);
        let (office, line) = rest.split_at(3);
        let zero = [0x660, 0x966, 0xff10, 0x1d7ce, 0x6f0][self.below(5) as usize];
        match self.below(12) {
            0 => format!("+1{number}"),
            1 => format!("({area}) {office}-{line}"),
            2 => format!("tel:+1-{area}-{office}-{line};ext=12"),
            3 => format!("{area} --- {office} --- {line}"),
            4 => format!("{area}    {office}    {line}"),
            5 => format!("{area} oder {office} oder {line}"),
            6 => number.chars().map(|digit| format!("{digit}x")).collect(),
            7 => number.chars().map(|digit| format!("{digit} ")).collect(),
            8 => number.chars().filter_map(|digit| char::from_u32(zero + digit.to_digit(10)?)).collect(),
            9 => format!("Call {area}.{office}.{line}, please"),
            10 => format!("001{number}"),
            _ => number,
        }
    }

    /// Whether a text has one of the numbers, however it is written.
    fn found_in(&self, text: &str) -> Option<String> {
        let mut run = String::new();
        let mut gap = 0;
        for character in text.chars().chain(std::iter::repeat_n(' ', GAP + 1)) {
            match digit_of(character) {
                Some(digit) => {
                    run.push(char::from(b'0' + digit));
                    gap = 0;
                }
                None if gap < GAP => gap += 1,
                None => {
                    let windows = (0..(run.len() + 1).saturating_sub(DIGITS)).map(|at| &run[at..at + DIGITS]);
                    if let Some(number) = windows.into_iter().find(|number| self.made.contains(*number)) {
                        return Some(number.to_owned());
                    }
                    run.clear();
                    gap = 0;
                }
            }
        }
        None
    }
}

/// The body with a written number in place of the string at this place (counted down to it), and how many strings it has.
fn with_number(body: &Value, place: &mut usize, numbers: &mut Numbers) -> Value {
    match body {
        Value::Object(members) => {
            let entries = members.iter().map(|(name, value)| (name.clone(), with_number(value, place, numbers)));
            Value::Object(entries.collect())
        }
        Value::Array(values) => values.iter().map(|value| with_number(value, place, numbers)).collect(),
        Value::String(_) => {
            let chosen = *place == 0;
            *place = place.wrapping_sub(1);
            if chosen { json!(numbers.written()) } else { body.clone() }
        }
        other => other.clone(),
    }
}

fn strings(body: &Value) -> usize {
    match body {
        Value::Object(members) => members.values().map(strings).sum(),
        Value::Array(values) => values.iter().map(strings).sum(),
        Value::String(_) => 1,
        _ => 0,
    }
}

/// The bodies for an operation: its example as it is about the agency, a number in each of its strings, in all of them, and
/// in a field that is none, by name and by value.
fn bodies(example: &Value, numbers: &mut Numbers) -> Vec<Value> {
    let mut bodies = vec![example.clone()];
    bodies.extend((0..strings(example)).map(|place| with_number(example, &mut place.clone(), numbers)));
    let mut all = example.clone();
    for place in 0..strings(example) {
        all = with_number(&all, &mut place.clone(), numbers);
    }
    bodies.push(all);
    for (name, value) in [(numbers.written(), "x".to_owned()), ("x".to_owned(), numbers.written())] {
        let mut more = example.as_object().cloned().unwrap_or_default();
        more.insert(name, json!(value));
        bodies.push(Value::Object(more));
    }
    bodies
}

/// The parameters of a query, each with a number, and one that is none.
fn queries(operation: &Operation, organization: Uuid, numbers: &mut Numbers) -> Vec<String> {
    let parameters = document().part(operation)["parameters"].as_array().cloned().unwrap_or_default();
    let encoded = |text: &str| text.bytes().map(|byte| format!("%{byte:02X}")).collect::<String>();
    let mut queries = vec![String::new(), format!("?organization_id={organization}")];
    for parameter in &parameters {
        if parameter["in"] == "query"
            && let Some(name) = parameter["name"].as_str()
        {
            queries.push(format!("?organization_id={organization}&{name}={}", encoded(&numbers.written())));
        }
    }
    queries.push(format!("?{}=x", encoded(&numbers.written())));
    queries
}

/// An answer without the contents of the messages that it lists: their readers see what was written. Whether the filter
/// finds a number in it, its own tests say.
fn without_contents(mut body: Value) -> Value {
    for message in body.get_mut("messages").and_then(Value::as_array_mut).into_iter().flatten() {
        if let Some(message) = message.as_object_mut() {
            message.remove("content");
        }
    }
    body
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_phone_number_leaks_whoever_sends_it_to_whichever_operation() {
    // Every answer of the carrier names both numbers of the text.
    let carrier = Carrier::start(|content, before| match content {
        "refused" => Reaction::Refuse(400, 0, 21211),
        "opted-out" => Reaction::Refuse(400, 0, 21610),
        "busy" if before == 0 => Reaction::Refuse(429, 1, 20429),
        "broken" if before == 0 => Reaction::Refuse(500, 0, 0),
        "early" => Reaction::CloseEarly,
        _ => Reaction::Accept(Duration::ZERO),
    })
    .await;
    let setup =
        carrier.variables().iter().fold(Setup::new().without_rate_limits(), |setup, (name, value)| match *name {
            // The webhooks are signed as those of the tests are.
            "twilio_auth_token" => setup.variable(name, TOKEN),
            "twilio_webhook_url" => setup.variable(name, WEBHOOK),
            _ => setup.variable(name, value),
        });
    let stand = Stand::own(setup).await;
    let mut agency = stand.agency().await;
    let other = stand.agency().await;
    let mut numbers = Numbers::new();
    for (organization, client) in [(agency.organization, &agency.client), (other.organization, &other.client)] {
        // The agencies' own numbers are random ones, too.
        let sql = "update rolecall.message_numbers set e164 = $2 where id = $1";
        let ids = "select array_agg(id) from rolecall.message_numbers where organization_id = $1";
        for id in stand.db.one::<Vec<Uuid>>(ids, &[&organization]).await {
            stand.db.run(sql, &[&id, &format!("+1{}", numbers.next())]).await;
        }
        let sql = "update rolecall.clients set phone = $2 where id = $1";
        stand.db.run(sql, &[&client.id, &format!("+1{}", numbers.next())]).await;
    }
    agency.client.phone = stand.db.one("select phone from rolecall.clients where id = $1", &[&agency.client.id]).await;
    for number in [&mut agency.front_desk, &mut agency.pool, &mut agency.sitter_number] {
        let sql = "select e164 from rolecall.message_numbers where id = $1";
        number.e164 = stand.db.one(sql, &[&number.id]).await;
    }
    let thread = stand.thread(agency.organization, &agency.client, &agency.front_desk).await;
    stand.window(agency.organization, thread, &agency.sitter, -60, 60).await;

    let mut told = Vec::new();
    let mut sent = 0;
    let operations = document().operations().iter().filter(|operation| !operation.is_health());
    let operations = operations.filter(|operation| !document().is_for_carrier(operation));
    for operation in operations.filter(|operation| FUNCTIONS.contains(&function(operation).as_str())) {
        let path = operation.path.replace("{id}", &thread.to_string());
        let mut calls = Vec::new();
        if operation.method == Method::POST {
            let example = about(
                &agency_members(&agency.organization, &thread, &agency.client.id, &agency.sitter.id),
                document().example(operation),
                &mut numbers,
            );
            calls.extend(bodies(&example, &mut numbers).into_iter().map(|body| (path.clone(), Some(body))));
            calls.push((operation.path.replace("{id}", &numbers.next()), Some(example)));
        } else {
            let queries = queries(operation, agency.organization, &mut numbers);
            calls.extend(queries.into_iter().map(|query| (format!("{path}{query}"), None)));
            calls.push((operation.path.replace("{id}", &numbers.next()), None));
        }
        let operator = token::operator();
        let callers: Vec<&str> = if document().is_for_operators(operation) {
            vec![&operator, &agency.owner.token]
        } else {
            vec![&operator, &agency.owner.token, &agency.sitter.token, &agency.client_user.token, &other.owner.token]
        };
        for (path, body) in &calls {
            for caller in &callers {
                let call = stand.client().call(operation.method.clone(), path).token(caller);
                let call = if let Some(body) = body { call.json(body) } else { call };
                let answer = call.send().await;
                sent += 1;
                let said = without_contents(answer.body.clone());
                told.push(format!("{} {} -> {} {said}", operation.id, answer.status, answer.code()));
            }
        }
    }
    assert!(sent > 40, "{sent} requests");
    // The first client was erased above.
    agency.client = stand.client_of(agency.organization, Some(&agency.client_user)).await;
    agency.client.phone = format!("+1{}", numbers.next());
    let sql = "update rolecall.clients set phone = $2 where id = $1";
    stand.db.run(sql, &[&agency.client.id, &agency.client.phone]).await;
    let thread = stand.thread(agency.organization, &agency.client, &agency.front_desk).await;
    stand.window(agency.organization, thread, &agency.sitter, -60, 60).await;
    carriers_texts(&stand, &agency, &mut numbers, &mut told).await;
    carriers_answers(&stand, &agency, thread, &carrier, &mut numbers, &mut told).await;
    held_back(&stand, &agency, thread, &mut numbers, &mut told).await;

    // What the answers said, but for the contents of messages and names that a user may read.
    for answer in &told {
        assert_eq!(numbers.found_in(answer), None, "told: {answer}");
    }
    for line in stand.runner().lines() {
        assert_eq!(numbers.found_in(&line), None, "logged: {line}");
    }
    assert_eq!(numbers.found_in(&stand.runner().errors()), None, "printed");

    // Every row of every table, but for what holds numbers by its purpose. Of an idempotency key the client decides alone.
    let tables: Vec<String> = stand
        .db
        .one(
            "select array_agg(format('%I.%I', nspname, relname) order by 1)
             from pg_class join pg_namespace on pg_namespace.oid = relnamespace
             where nspname = 'rolecall' and relkind in ('r', 'p') and not relispartition",
            &[],
        )
        .await;
    let mut rows = 0;
    for table in tables {
        let sql =
            format!("select coalesce(array_agg((to_jsonb(row) - array[{SECRETS}])::text), '{{}}') from {table} as row");
        for row in stand.db.one::<Vec<String>>(&sql, &[]).await {
            rows += 1;
            assert_eq!(numbers.found_in(&row), None, "{table}: {row}");
        }
    }
    assert!(rows > 100, "{rows} rows");

    // Notices quote what was held back.
    let sql = "select array_agg(content) from rolecall.thread_messages where kind = 'notice' and content is not null";
    let notices: Vec<String> = stand.db.one(sql, &[]).await;
    assert!(notices.len() > 20, "{} notices", notices.len());
    for notice in notices {
        assert_eq!(numbers.found_in(&notice), None, "a notice: {notice}");
    }
    // What anybody is shown by a view.
    let views: Vec<String> = stand
        .db
        .one(
            "select array_agg(format('%I.%I', nspname, relname) order by 1)
             from pg_class join pg_namespace on pg_namespace.oid = relnamespace
             where nspname in ('rolecall_monitoring', 'rolecall') and relkind in ('v', 'm')",
            &[],
        )
        .await;
    for view in views {
        let sql = format!("select coalesce(array_agg(to_jsonb(row)::text), '{{}}') from {view} as row");
        for row in stand.db.one::<Vec<String>>(&sql, &[]).await {
            assert_eq!(numbers.found_in(&row), None, "{view}: {row}");
        }
    }

    // What operators and owners look at.
    for (path, caller) in
        [("metrics", token::operator()), ("alerts", token::operator()), ("diagnostics", agency.owner.token.clone())]
    {
        let method = if path == "alerts" { Method::POST } else { Method::GET };
        let call = stand.call(method, path).token(&caller);
        let answer = if path == "alerts" { call.json(&json!({})).send().await } else { call.send().await };
        assert_eq!(answer.status, 200, "{path}");
        assert_eq!(numbers.found_in(&answer.body.to_string()), None, "{path}");
    }
}

/// Texts of the carrier, signed: a number in each of their parameters, in one that is none, by name and by value, in the
/// query and in the path, to each number of the agency and to one that nobody has.
async fn carriers_texts(stand: &Stand, agency: &Agency, numbers: &mut Numbers, told: &mut Vec<String>) {
    let stranger = format!("+1{}", numbers.next());
    let nobodys = Number { e164: format!("+1{}", numbers.next()), ..agency.pool.clone() };
    let senders = [agency.client.phone.clone(), stranger, format!("+1{}", numbers.next())];
    let names = [
        "MessageSid",
        "From",
        "To",
        "Body",
        "MediaUrl0",
        "NumMedia",
        "OptOutType",
        "ProfileName",
        "WaId",
        "FromCity",
        "AccountSid",
        "MessagingServiceSid",
        "ButtonText",
    ];
    for from in &senders {
        for to in [&agency.front_desk, &agency.pool, &agency.sitter_number, &nobodys] {
            let mut forms = Vec::new();
            for at in 0..=names.len() + 1 {
                let sid = sid();
                let mut form: Vec<(String, String)> = [
                    ("MessageSid", sid.as_str()),
                    ("From", from),
                    ("To", &to.e164),
                    ("Body", "Is Rex fine?"),
                    ("NumMedia", "1"),
                    ("MediaUrl0", "https://media.example/rex"),
                ]
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .into();
                match names.get(at) {
                    Some(&"MediaUrl0") => form[5].1 = format!("https://media.example/{}", numbers.next()),
                    // Only an id of letters and digits is taken.
                    Some(&"MessageSid") => form[0].1 = numbers.next(),
                    Some(name) => {
                        form.retain(|(other, _)| other != name);
                        form.push(((*name).to_owned(), numbers.written()));
                    }
                    None if at == names.len() => form.push((numbers.written(), "x".to_owned())),
                    None => {
                        form[3].1 = numbers.written();
                        form.push(("x".to_owned(), numbers.written()));
                    }
                }
                forms.push(form);
            }
            for form in forms {
                let pairs: Vec<(&str, &str)> =
                    form.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
                let path = format!("receive-sms?{}=1", numbers.next());
                let answer = stand.client().call(Method::POST, &path).form(&pairs).signed().send().await;
                told.push(format!("a text -> {} {}", answer.status, answer.body));
                // Unsigned, and with a signature that is a number.
                let call = stand.client().call(Method::POST, "receive-sms").form(&pairs);
                let answer = call.header("x-twilio-signature", &numbers.next()).expect(403).await;
                told.push(format!("an unsigned text -> {}", answer.body));
            }
        }
    }
}

/// Texts that the carrier is given and answers, naming their numbers; and its status callbacks, with numbers in each of
/// their parameters and in the place of the row's id.
async fn carriers_answers(
    stand: &Stand,
    agency: &Agency,
    thread: Uuid,
    carrier: &Carrier,
    numbers: &mut Numbers,
    told: &mut Vec<String>,
) {
    // Whatever is on its way by now is about something else, and the client is in again.
    stand.db.run("delete from rolecall.opt_outs", &[]).await;
    for content in ["taken", "refused", "busy", "broken", "early", "opted-out"] {
        let body = json!({"thread_id": thread, "content": content});
        stand.post("send-thread-message", &body).by(&agency.owner).expect(201).await;
    }
    for _ in 0..12 {
        stand.db.run("update rolecall.sms_outbox set next_attempt_at = now() where status = 'queued'", &[]).await;
        let answer = stand.post("deliver-sms", &json!({})).token(&token::operator()).expect(200).await;
        told.push(format!("deliver-sms -> {}", answer.body));
        if stand.db.count("rolecall.sms_outbox where status in ('queued', 'leased')", &[]).await == 0 {
            break;
        }
    }
    assert!(carrier.count() > 5, "the carrier was asked");
    let dead = "rolecall.sms_outbox where status = 'dead' and error_code is not null";
    assert!(stand.db.count(dead, &[]).await > 0, "and refused");
    let rows: Vec<Uuid> = stand.db.one("select array_agg(id) from rolecall.sms_outbox", &[]).await;
    let names =
        ["MessageSid", "MessageStatus", "ErrorCode", "To", "From", "RawDlrDoneDate", "SmsStatus", "ErrorMessage"];
    for (at, row) in rows.iter().enumerate() {
        for name in names {
            let sid = sid();
            let mut form = vec![("MessageSid", sid.as_str()), ("MessageStatus", "undelivered")];
            let written = if name == "MessageSid" { numbers.next() } else { numbers.written() };
            form.retain(|(other, _)| *other != name);
            form.push((name, &written));
            let place = if at == 0 { numbers.next() } else { row.to_string() };
            let call = stand.client().call(Method::POST, &format!("receive-sms/status/{place}")).form(&form);
            let answer = call.signed().send().await;
            told.push(format!("a status -> {} {}", answer.status, answer.body));
        }
    }
}

/// What the filter holds back, in both directions and by each who writes: what the owner reads of it and gives as a reason.
async fn held_back(stand: &Stand, agency: &Agency, thread: Uuid, numbers: &mut Numbers, told: &mut Vec<String>) {
    stand.db.run("delete from rolecall.opt_outs", &[]).await;
    for _ in 0..12 {
        for user in [&agency.owner, &agency.sitter, &agency.client_user] {
            let body = json!({"thread_id": thread, "content": format!("Call {}", numbers.written())});
            let answer = stand.post("send-thread-message", &body).by(user).send().await;
            told.push(format!("send-thread-message -> {} {}", answer.status, answer.body));
        }
    }
    let sql = "select array_agg(message_id) from rolecall.anti_poaching_attempts where organization_id = $1";
    let messages: Vec<Uuid> = stand.db.one(sql, &[&agency.organization]).await;
    assert!(messages.len() > 30, "{} were held back", messages.len());
    let inbox = "select id from rolecall.message_threads where organization_id = $1 and scope = 'owner_inbox'";
    let inbox: Uuid = stand.db.one(inbox, &[&agency.organization]).await;
    // Those that were held back, as the owner reads them: redacted. What was not is shown as it is.
    for thread in [thread, inbox] {
        let path = format!("threads/{thread}/messages?limit=100");
        let page = stand.get(&path).by(&agency.owner).expect(200).await;
        for message in page.items("messages") {
            if message["delivery"] == "blocked" || message["kind"] == "notice" {
                told.push(format!("held back: {message}"));
            }
        }
    }
    for (at, message) in messages.iter().take(6).enumerate() {
        let reason = if at % 2 == 0 { numbers.written() } else { format!("The vet's: {}", numbers.written()) };
        let body = json!({"message_id": message, "reason": reason});
        let answer = stand.post("force-send", &body).by(&agency.owner).send().await;
        told.push(format!("force-send -> {} {}", answer.status, answer.body));
    }
}

/// The ids of the agency by the names of the fields that mean them.
fn agency_members(organization: &Uuid, thread: &Uuid, client: &Uuid, sitter: &Uuid) -> Map<String, Value> {
    let members = json!({
        "organization_id": organization, "thread_id": thread, "threadId": thread, "client_id": client, "sitter_id": sitter,
    });
    members.as_object().cloned().unwrap_or_default()
}

/// The example of an operation about the agency, with random numbers where it has a phone number.
fn about(members: &Map<String, Value>, example: Value, numbers: &mut Numbers) -> Value {
    match example {
        Value::Object(fields) => Value::Object(
            fields
                .into_iter()
                .map(|(name, value)| match members.get(&name) {
                    Some(member) => (name, member.clone()),
                    None if name == "phone" => (name, json!(format!("+1{}", numbers.next()))),
                    None => {
                        let value = about(members, value, numbers);
                        (name, value)
                    }
                })
                .collect(),
        ),
        other => other,
    }
}
