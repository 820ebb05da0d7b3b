//! Two databases that get the same requests, the one as single items, the other in arrays; and what is compared.

use std::collections::{BTreeMap, HashMap};

use serde_json::{Value, json};
use tokio_postgres::{Client, Statement};
use uuid::Uuid;

use super::mix::{Names, Scenario, Step};
use crate::support::{Database, log_every_refusal};

/// The statement that the component sends.
pub const SEND: &str = "select rolecall_edge.send_dm($1)";

/// How many seconds may lie between the two sending the same.
const TOLERANCE: f64 = 120.0;

/// What made a run fail.
#[derive(Debug)]
pub enum Fault {
    /// The two differ, or one breaks the contract.
    Difference(String),
    /// The scenario itself cannot be played.
    Scenario(String),
}

fn differ<T>(text: String) -> Result<T, Fault> {
    Err(Fault::Difference(text))
}

/// One of the two.
struct Side {
    database: Database,
    admin: Client,
    edge: Client,
    statements: HashMap<&'static str, Statement>,
    names: Names,
    /// The names of what requests made, by id.
    made: HashMap<String, String>,
}

/// What a run sent.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    /// Requests.
    pub items: usize,
    /// Array statements.
    pub arrays: usize,
    /// Answers that put a request off.
    pub deferred: usize,
    /// Successes that are no replay.
    pub sent: usize,
    /// Replays.
    pub replayed: usize,
    /// Refusals by code and rule.
    pub refused: BTreeMap<String, usize>,
}

impl Tally {
    pub fn add(&mut self, other: Tally) {
        self.items += other.items;
        self.arrays += other.arrays;
        self.deferred += other.deferred;
        self.sent += other.sent;
        self.replayed += other.replayed;
        for (rule, number) in other.refused {
            *self.refused.entry(rule).or_default() += number;
        }
    }
}

/// The two.
pub struct Twins {
    single: Side,
    batched: Side,
    runs: u32,
}

impl Side {
    async fn new() -> Self {
        let database = Database::demo().await;
        let admin = database.admin().await;
        admin
            .batch_execute(
                "update rolecall.rate_limits set capacity = null;
                 update rolecall.broadcast_limits set per_quota_day = null",
            )
            .await
            .expect("a superuser may");
        // Which refusals are the first of a minute depends on what an array defers.
        log_every_refusal(&admin).await;
        let edge = database.edge().await;
        let statements = prepared(&edge).await;
        Self { database, admin, edge, statements, names: Names::new(0), made: HashMap::new() }
    }

    async fn reconnect(&mut self) {
        self.edge = self.database.edge().await;
        self.statements = prepared(&self.edge).await;
    }

    async fn send(&self, function: &str, request: &Value) -> Result<Value, String> {
        match self.edge.query_one(&self.statements[function], &[request]).await {
            Ok(row) => Ok(row.get(0)),
            Err(error) => Err(error.as_db_error().map_or_else(
                || error.to_string(),
                |error| format!("{} {} {:?}", error.code().code(), error.message(), error.where_()),
            )),
        }
    }

    async fn change(&self, statement: &str) -> Result<(), Fault> {
        let statement = self.names.fill(statement);
        let done = self.admin.batch_execute(&statement).await;
        done.map_err(|error| Fault::Scenario(format!("{statement}: {error:?}")))
    }

    /// Learns which conversations there are by now.
    async fn look(&mut self) {
        let rows = self
            .admin
            .query(
                "select kind, id, participant_low, participant_high, show_id, created_by
                 from rolecall.conversations
                 where version = 'v2'
                   and coalesce(participant_low, show_id)::text like $1
                 order by created_by",
                &[&format!("{}%", self.names.prefix())],
            )
            .await
            .expect("a superuser may");
        let chosen = rows.iter().map(|row| {
            let id: Uuid = row.get(1);
            match row.get(0) {
                "direct" => (direct(row.get(2), row.get(3)), id),
                _ => (format!("show {}", row.get::<_, Uuid>(4)), id),
            }
        });
        let chosen: HashMap<String, Uuid> = chosen.collect();
        self.names.chosen.extend(chosen);
    }

    /// Fills in the ids of the conversations that these names mean, as far as there are such.
    fn know(&mut self, wanted: &[String]) -> Vec<bool> {
        let mut known = Vec::new();
        for name in wanted {
            let key = match name[1..].split_once('-') {
                Some((one, other)) => {
                    let one = self.names.id(&format!("u{one}"));
                    let other = self.names.id(&format!("u{other}"));
                    direct(one.min(other), one.max(other))
                }
                None => format!("show {}", self.names.id(&format!("s{}", &name[1..]))),
            };
            let id = self.names.chosen.get(&key).copied();
            known.push(id.is_some());
            if let Some(id) = id {
                self.names.chosen.insert(name.clone(), id);
            }
        }
        known
    }

    /// Every row that requests write, with names in place of the ids that the database chose.
    async fn rows(&mut self, before: &Before) -> Vec<(&'static str, Vec<Value>)> {
        let prefix = format!("{}%", self.names.prefix());
        let named = self
            .admin
            .query(
                "with conversation as (
                   select
                     id,
                     case
                       when id::text like $1 then id::text
                       when kind = 'direct' then format('direct %s %s', participant_low, participant_high)
                       else format('show %s %s', show_id, created_by)
                     end as name
                   from rolecall.conversations
                   where coalesce(participant_low, show_id)::text like $1
                 )
                 select id::text, name from conversation
                 union all
                 select message.id::text, format('%s #%s', conversation.name, message.seq)
                 from conversation join rolecall.messages as message on message.conversation_id = conversation.id",
                &[&prefix],
            )
            .await
            .expect("a superuser may");
        self.made.extend(named.iter().map(|row| (row.get(0), row.get(1))));

        let mut tables = Vec::new();
        for (table, sql) in TABLES {
            let rows = self.admin.query(*sql, &[&prefix, &before.log]).await;
            let rows = rows.unwrap_or_else(|error| panic!("{table}: {error:?}"));
            let mut rows: Vec<Value> = rows.iter().map(|row| self.named(row.get(0))).collect();
            // Where times are among them they are in the order of their keys.
            if !sql.contains("order by user_id") {
                rows.sort_by_key(Value::to_string);
            }
            tables.push((*table, rows));
        }
        let mut counted = metrics(&self.admin).await;
        for (key, requests) in &mut counted {
            *requests -= before.metrics.get(key).copied().unwrap_or(0);
        }
        let mut counted: Vec<Value> =
            counted.into_iter().filter(|(_, requests)| *requests != 0).map(|row| json!(row)).collect();
        counted.sort_by_key(Value::to_string);
        tables.push(("request_metrics", counted));
        tables
    }

    /// The value with names in place of the ids that the database chose.
    fn named(&self, value: Value) -> Value {
        match value {
            Value::String(text) => Value::String(self.made.get(&text).cloned().unwrap_or(text)),
            Value::Array(list) => list.into_iter().map(|value| self.named(value)).collect(),
            Value::Object(map) => map.into_iter().map(|(name, value)| (name, self.named(value))).collect(),
            other => other,
        }
    }

    /// The messages of this run as their rows say: what an answer must say, by id.
    async fn messages(&self) -> HashMap<String, Value> {
        let rows = self
            .admin
            .query(
                "select message.id::text, jsonb_build_object(
                   'sender', sender_id, 'seq', seq, 'conversation_id', conversation_id, 'content', content,
                   'created_at', rolecall_internal.iso(message.created_at)
                 )
                 from rolecall.messages as message where sender_id::text like $1",
                &[&format!("{}%", self.names.prefix())],
            )
            .await
            .expect("a superuser may");
        rows.iter().map(|row| (row.get(0), row.get(1))).collect()
    }

    async fn before(&self) -> Before {
        let log = self.admin.query_one("select coalesce(max(id), 0) from rolecall.application_logs", &[]).await;
        Before { log: log.expect("a superuser may").get(0), metrics: metrics(&self.admin).await }
    }
}

/// The statements of both functions; a connection that keeps them soon runs them by generic plans.
async fn prepared(edge: &Client) -> HashMap<&'static str, Statement> {
    let mut statements = HashMap::new();
    for (function, sql) in [("send_dm", SEND), ("mark_read", "select rolecall_edge.mark_read($1)")] {
        statements.insert(function, edge.prepare(sql).await.expect("the function exists"));
    }
    statements
}

fn direct(low: Uuid, high: Uuid) -> String {
    format!("direct {low} {high}")
}

/// What was there before a run.
struct Before {
    log: i64,
    metrics: HashMap<String, i64>,
}

async fn metrics(client: &Client) -> HashMap<String, i64> {
    let rows = client
        .query(
            "select concat_ws(' ', function, code, org_id), sum(requests)::bigint
             from rolecall.request_metrics group by function, code, org_id",
            &[],
        )
        .await
        .expect("a superuser may");
    rows.iter().map(|row| (row.get(0), row.get(1))).collect()
}

/// What is compared, of the run whose ids begin with $1, of log rows after $2.
const TABLES: &[(&str, &str)] = &[
    (
        "conversations",
        "select to_jsonb(conversation) - array['created_at', 'last_message_at', 'active_in', 'changed_xid', 'changed_in'] || jsonb_build_object(
           'newest', last_message_at is not distinct from (
             select created_at from rolecall.messages where conversation_id = conversation.id and seq = last_seq
           ),
           'made', created_at > now() - interval '10 minutes'
         )
         from rolecall.conversations as conversation
         where coalesce(participant_low, show_id)::text like $1 and $2::bigint is not null",
    ),
    (
        "conversation_participants",
        "select to_jsonb(participant) - array['joined_at', 'changed_xid', 'changed_in']
           || jsonb_build_object('moved_a_mark', changed_xid is not null)
         from rolecall.conversation_participants as participant
         where user_id::text like $1 and $2::bigint is not null",
    ),
    (
        "broadcast_receipts",
        "select to_jsonb(receipt) - array['read_at', 'changed_xid', 'changed_in']
         from rolecall.broadcast_receipts as receipt
         where user_id::text like $1 and $2::bigint is not null",
    ),
    (
        "messages",
        "select to_jsonb(message) - array['created_at', 'deleted_at'] || jsonb_build_object('deleted', deleted_at is not null)
         from rolecall.messages as message
         join rolecall.conversations as conversation on conversation.id = conversation_id
         where coalesce(participant_low, conversation.show_id)::text like $1 and $2::bigint is not null",
    ),
    (
        "idempotency_records",
        "select to_jsonb(record) - array['created_at', 'fingerprint'] || jsonb_build_object(
           'hours', round(extract(epoch from now() - created_at) / 3600)
         )
         from rolecall.idempotency_records as record
         where user_id::text like $1 and $2::bigint is not null
         order by user_id, key",
    ),
    (
        "rate_buckets",
        "select to_jsonb(bucket) - array['refilled_at', 'taken'] 
           || jsonb_build_object('refilled_seconds', extract(epoch from refilled_at))
         from rolecall.rate_buckets as bucket
         where user_id::text like $1 and $2::bigint is not null
         order by user_id, action",
    ),
    (
        "application_logs",
        "select to_jsonb(log) - array['id', 'timestamp', 'duration_ms']
           || jsonb_build_object('fresh', \"timestamp\" > now() - interval '10 minutes', 'timed', duration_ms >= 0)
         from rolecall.application_logs as log
         where $1::text is not null and id > $2",
    ),
];

impl Twins {
    pub async fn new() -> Self {
        Self { single: Side::new().await, batched: Side::new().await, runs: 0 }
    }

    /// Plays a scenario on both and compares.
    pub async fn play(&mut self, scenario: &Scenario) -> Result<Tally, Fault> {
        self.runs += 1;
        let mut tally = Tally::default();
        for side in [&mut self.single, &mut self.batched] {
            side.names = Names::new(self.runs);
            side.made.clear();
            for statement in &scenario.setup {
                side.change(statement).await?;
            }
        }
        let before = (self.single.before().await, self.batched.before().await);
        let mut asked = Vec::new();
        let mut single = Vec::new();
        let mut batched = Vec::new();
        // What was put off, by its place in the list of all answers.
        let mut waiting: Vec<(usize, Value)> = Vec::new();
        let mut function = "send_dm";
        for step in &scenario.steps {
            match step {
                Step::Reconnect => self.batched.reconnect().await,
                Step::Change(statement) => {
                    self.drain(function, &mut waiting, &mut batched, &mut tally).await?;
                    self.single.change(statement).await?;
                    self.batched.change(statement).await?;
                }
                Step::Broadcast(request) => {
                    self.drain(function, &mut waiting, &mut batched, &mut tally).await?;
                    for side in [&mut self.single, &mut self.batched] {
                        let request = side.names.envelope(request);
                        let sent = side.edge.query_one("select rolecall_edge.send_broadcast($1)", &[&request]).await;
                        sent.map_err(|error| Fault::Scenario(format!("{request}: {error:?}")))?;
                    }
                }
                Step::Requests { function: called, items, plain } => {
                    if function != *called {
                        self.drain(function, &mut waiting, &mut batched, &mut tally).await?;
                        function = called;
                    }
                    let wanted = Names::wanted(items);
                    if !wanted.is_empty() {
                        self.single.look().await;
                        let known = self.single.know(&wanted);
                        self.batched.look().await;
                        if self.batched.know(&wanted) != known {
                            // Its first message was put off.
                            self.drain(function, &mut waiting, &mut batched, &mut tally).await?;
                            self.batched.look().await;
                            if self.batched.know(&wanted) != known {
                                return differ(format!("not the same conversations of {wanted:?}"));
                            }
                        }
                    }
                    let first = asked.len();
                    let envelopes: Vec<Value> = items.iter().map(|item| self.single.names.envelope(item)).collect();
                    let theirs = items.iter().map(|item| self.batched.names.envelope(item));
                    waiting.extend((first..).zip(theirs));
                    batched.resize(first + items.len(), Value::Null);
                    let plain = *plain && waiting.len() == 1;
                    let Twins { single: one, batched: many, .. } = self;
                    let alone = async {
                        let mut answers = Vec::new();
                        for envelope in &envelopes {
                            answers.push(one.send(function, envelope).await);
                        }
                        answers
                    };
                    let together = statement(many, function, &mut waiting, &mut batched, plain, &mut tally);
                    let (answers, done) = tokio::join!(alone, together);
                    done?;
                    for (envelope, answer) in envelopes.iter().zip(answers) {
                        let answer = answer.map_err(|error| Fault::Scenario(format!("{envelope}: {error}")))?;
                        single.push(answer);
                    }
                    asked.extend(items.iter().cloned());
                }
            }
        }
        self.drain(function, &mut waiting, &mut batched, &mut tally).await?;
        tally.items = asked.len();

        let rows = (self.single.rows(&before.0).await, self.batched.rows(&before.1).await);
        let messages = (self.single.messages().await, self.batched.messages().await);
        for ((item, one), other) in asked.iter().zip(&single).zip(&batched) {
            for (side, answer, messages) in [(&self.single, one, &messages.0), (&self.batched, other, &messages.1)] {
                if let Err(text) = true_to_its_row(&side.names.envelope(item), answer, messages) {
                    return differ(format!("{text}\n  item {}\n  answer {answer}", shown(item)));
                }
            }
            let (one, other) = (self.single.named(one.clone()), self.batched.named(other.clone()));
            if !alike("", &without_time(&one), &without_time(&other)) {
                let item = shown(item);
                return differ(format!("answers differ\n  item    {item}\n  single  {one}\n  batched {other}"));
            }
            if one["ok"] == false {
                let words = [&one["code"], &one["reasons"][0]["code"]].map(|word| word.as_str().unwrap_or(""));
                *tally.refused.entry(words.join(" ")).or_default() += 1;
            }
            tally.replayed += usize::from(one["replayed"] == true);
            tally.sent += usize::from(one["ok"] == true && one["replayed"].is_null());
        }
        for ((table, one), (_, other)) in rows.0.iter().zip(&rows.1) {
            let pairs = one.iter().zip(other);
            let unlike = pairs.clone().find(|(one, other)| !alike("", one, other));
            if one.len() != other.len() || unlike.is_some() {
                let keyed = matches!(*table, "rate_buckets" | "idempotency_records");
                let found = if keyed && one.len() == other.len() { unlike } else { None };
                let (mut more, mut less): (Vec<_>, Vec<_>) = match found {
                    Some((one, other)) => (vec![one], vec![other]),
                    None => (
                        one.iter().filter(|row| !other.contains(row)).collect(),
                        other.iter().filter(|row| !one.contains(row)).collect(),
                    ),
                };
                if more.is_empty() && less.is_empty() {
                    (more, less) = (one.iter().collect(), other.iter().collect());
                }
                more.truncate(4);
                less.truncate(4);
                return differ(format!(
                    "{table}: {} and {} rows\n  single alone  {}\n  batched alone {}",
                    one.len(),
                    other.len(),
                    json!(more),
                    json!(less)
                ));
            }
        }
        Ok(tally)
    }

    /// Sends what was put off until all of it is answered.
    async fn drain(
        &mut self,
        function: &str,
        waiting: &mut Vec<(usize, Value)>,
        answers: &mut [Value],
        tally: &mut Tally,
    ) -> Result<(), Fault> {
        while !waiting.is_empty() {
            statement(&mut self.batched, function, waiting, answers, false, tally).await?;
        }
        Ok(())
    }
}

/// Sends everything that waits in one statement; what is put off stays.
async fn statement(
    side: &mut Side,
    function: &str,
    waiting: &mut Vec<(usize, Value)>,
    answers: &mut [Value],
    plain: bool,
    tally: &mut Tally,
) -> Result<(), Fault> {
    let sent = std::mem::take(waiting);
    if plain {
        let (place, request) = &sent[0];
        match side.send(function, request).await {
            Ok(answer) => answers[*place] = answer,
            Err(error) => return differ(format!("a single request fails: {error}\n  {request}")),
        }
        return Ok(());
    }
    tally.arrays += 1;
    let array: Value = sent.iter().map(|(_, request)| request.clone()).collect();
    let answer = match side.send(function, &array).await {
        Ok(answer) => answer,
        Err(error) => return differ(format!("an array fails: {error}\n  {array}")),
    };
    let Some(list) = answer.as_array().filter(|list| list.len() == sent.len()) else {
        return differ(format!("not an answer for each\n  {array}\n  {answer}"));
    };
    let deferred = |answer: &Value| answer.get("deferred").is_some();
    for (index, (place, request)) in sent.iter().enumerate() {
        if !deferred(&list[index]) {
            answers[*place] = list[index].clone();
            continue;
        }
        if list[index] != json!({"deferred": true}) {
            return differ(format!("a deferred answer says more: {}", list[index]));
        }
        let related = sent.iter().enumerate().any(|(other, (_, each))| other != index && is_related(request, each));
        if !related {
            return differ(format!("put off without a reason: {request}\n  in {array}"));
        }
        tally.deferred += 1;
        waiting.push((*place, request.clone()));
    }
    if !sent.is_empty() && waiting.len() == sent.len() {
        return differ(format!("everything is put off: {array}"));
    }
    Ok(())
}

/// Whether two requests can have to do with each other: a sender, a person, a conversation or an id in common.
fn is_related(one: &Value, other: &Value) -> bool {
    let of = |request: &Value| {
        let input = &request["input"];
        [&request["claims"]["sub"], &input["recipient_id"], &input["conversation_id"], &input["message_id"]]
            .map(|id| id.as_str().map(str::to_lowercase))
    };
    let theirs = of(other);
    // A conversation is named by its id or by its people, who are not known here.
    let replies = |ids: &[Option<String>; 4]| ids[2].is_some();
    let mine = of(one);
    (replies(&mine) != replies(&theirs)) || mine.iter().flatten().any(|id| theirs.iter().flatten().any(|it| it == id))
}

/// Whether an answer of a message that was sent says what is in its row, and the row is what was asked.
fn true_to_its_row(request: &Value, answer: &Value, messages: &HashMap<String, Value>) -> Result<(), String> {
    let Some(id) = answer["data"]["message_id"].as_str() else { return Ok(()) };
    let Some(row) = messages.get(id) else { return Err("no such message".to_owned()) };
    let content = match &request["input"]["content"] {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let sender = request["claims"]["sub"].as_str().map(str::to_lowercase).unwrap_or_default();
    let data = &answer["data"];
    // Of a message that was deleted meanwhile the id alone counts.
    let same = (row["content"] == content || row["content"].is_null())
        && row["sender"] == sender
        && ["seq", "conversation_id", "created_at"].iter().all(|member| row[*member] == data[*member]);
    // jsonb writes lists and objects with spaces.
    let composite = request["input"]["content"].is_array() || request["input"]["content"].is_object();
    if same || composite { Ok(()) } else { Err(format!("the row says {row}")) }
}

/// The answer without the time of the message, which its row has been asked for.
fn without_time(answer: &Value) -> Value {
    let mut answer = answer.clone();
    if let Some(data) = answer["data"].as_object_mut() {
        data.remove("created_at");
    }
    answer
}

/// Whether two values are the same but for the time that has passed between them.
fn alike(name: &str, one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Object(one), Value::Object(other)) => {
            one.len() == other.len()
                && one.iter().all(|(name, value)| {
                    name == "created_at" || other.get(name).is_some_and(|other| alike(name, value, other))
                })
        }
        (Value::Array(one), Value::Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| alike(name, one, other))
        }
        (Value::Number(_), Value::Number(_)) => {
            let tolerance = match name {
                "reset_seconds" | "retry_after_seconds" | "refilled_seconds" => TOLERANCE,
                "tokens" => 0.01,
                _ => return one == other,
            };
            one.as_f64().zip(other.as_f64()).is_some_and(|(one, other)| (one - other).abs() <= tolerance)
        }
        _ => one == other,
    }
}

/// An item that fits on a screen.
fn shown(item: &str) -> String {
    if item.chars().count() < 1000 {
        return item.to_owned();
    }
    let start: String = item.chars().take(400).collect();
    let end: String = item.chars().rev().take(400).collect::<Vec<_>>().into_iter().rev().collect();
    format!("{start} … {end}")
}
