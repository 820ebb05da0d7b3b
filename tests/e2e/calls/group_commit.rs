//! Requests that meet share a statement and a commit, and nobody notices: each gets the answer that it would get alone.

use futures::future::join_all;
use rolecall_e2e::{Code, Role, Runner, Setup, Stand, User, connection::Connection, report, until};
use rolecall_shared::rules::limits::LOGGED_REFUSALS;
use serde_json::{Value, json};
use std::{
    collections::{BTreeSet, HashMap, HashSet},
    time::Instant,
};
use uuid::Uuid;

/// How many send at the same time.
const AT_ONCE: usize = 64;

/// An answer over a [`Connection`], which checks no form.
#[derive(Debug)]
struct Got {
    status: u16,
    request_id: String,
    replayed: bool,
    body: Value,
}

/// Somebody's keep-alive connections, which cost so little that requests really meet.
struct Line {
    connection: Connection,
    host: String,
}

impl Line {
    async fn open(runner: &Runner) -> Line {
        let host = runner.address().trim_start_matches("http://").to_owned();
        let connection = Connection::open(&host).await.unwrap();
        Line { connection, host }
    }

    async fn open_many(runner: &Runner, number: usize) -> Vec<Line> {
        join_all((0..number).map(|_| Line::open(runner))).await
    }

    async fn send(&mut self, user: &User, request_id: &str, key: Option<&str>, body: &Value) -> Got {
        let body = body.to_string();
        let key = key.map_or_else(String::new, |key| format!("idempotency-key: {key}\r\n"));
        let request = format!(
            "POST /functions/v1/send-dm HTTP/1.1\r\nhost: {}\r\nauthorization: Bearer {}\r\n\
             x-request-id: {request_id}\r\ncontent-type: application/json\r\n{key}content-length: {}\r\n\r\n{body}",
            self.host,
            user.token,
            body.len()
        );
        let status = self.connection.exchange(request.as_bytes()).await.unwrap().status;
        let answer = std::str::from_utf8(self.connection.last_answer()).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        let header = |wanted: &str| {
            let lines = head.lines().filter_map(|line| line.split_once(": "));
            lines.filter(|(name, _)| name.eq_ignore_ascii_case(wanted)).map(|(_, value)| value).next()
        };
        Got {
            status,
            request_id: header("x-request-id").unwrap_or_default().to_owned(),
            replayed: header("idempotency-replayed") == Some("true"),
            body: serde_json::from_str(body).unwrap_or_else(|error| panic!("{error}: {answer}")),
        }
    }
}

/// Numbers that nobody needs to repeat (SplitMix64).
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut number = self.0;
        number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((number ^ (number >> 31)) % end as u64) as usize
    }
}

fn to(user: &User, content: &str) -> Value {
    json!({"recipient_id": user.id, "content": content})
}

/// So many users whom the matrix lets write to each other.
async fn admins<const N: usize>(stand: &Stand) -> [User; N] {
    stand.users([Role::Admin; N]).await
}

/// How many messages there are, and how many transactions wrote them.
async fn commits(stand: &Stand) -> (i64, i64) {
    let rows = stand.db.query("select count(*), count(distinct xmin::text) from rolecall.messages", &[]).await.unwrap();
    (rows[0].get(0), rows[0].get(1))
}

/// Conversations whose messages are not numbered from 1 to the last, each once.
async fn misnumbered(stand: &Stand) -> i64 {
    let sql = "(select from rolecall.conversations c left join rolecall.messages m on m.conversation_id = c.id
        group by c.id having count(m.*) <> c.last_seq or max(m.seq) <> c.last_seq or min(m.seq) <> 1) wrong";
    stand.db.count(sql, &[]).await
}

/// Whether requests that come at once meet in an instance, and so share statements. On Spin hardly two of them do: a busy
/// instance takes no other request at that moment, and Spin starts a further one.
fn requests_meet(stand: &Stand) -> bool {
    !stand.runs_on_spin()
}

/// How many statements failed and were run again one by one, as the log says.
fn taken_apart(stand: &Stand) -> usize {
    stand.runner().lines().iter().filter(|line| line.contains("\"event\":\"retried\"")).count()
}

#[tokio::test]
async fn in_a_thousand_shared_commits_nothing_carries_the_id_of_another() {
    const ROUNDS: usize = 1000;
    let stand = Stand::own(Setup::new().without_rate_limits()).await;
    let users: [User; AT_ONCE] = admins(&stand).await;
    let stranger = User::stranger();
    let mut organizations = Vec::new();
    for (number, user) in users.iter().enumerate() {
        organizations.push(stand.organization().await);
        stand.belongs(user, organizations[number], None).await;
        // Some may write to nobody.
        if number % 8 == 7 {
            stand.becomes(user, Role::Dealer).await;
        }
    }
    let mut lines = Line::open_many(stand.runner(), AT_ONCE).await;
    let mut random = Random(Uuid::new_v4().as_u64_pair().0);
    let started = Instant::now();
    let mut sent = HashMap::new();
    let mut conversations = HashMap::new();
    let mut refused = HashSet::new();
    for round in 0..ROUNDS {
        let mut order: Vec<usize> = (0..AT_ONCE).collect();
        for place in (1..AT_ONCE).rev() {
            order.swap(place, random.below(place + 1));
        }
        let kinds: Vec<usize> = order.iter().map(|_| random.below(10)).collect();
        let calls = lines.iter_mut().zip(order.iter().zip(&kinds)).map(|(line, (&number, kind))| {
            let (user, id) = (&users[number], format!("{round}-{number}"));
            let recipient = match kind {
                0 => user,
                1 => &stranger,
                _ => &users[(number + 1 + round % 63) % AT_ONCE],
            };
            let body = to(recipient, &id);
            async move { (line.send(user, &id, None, &body).await, id) }
        });
        let answers = join_all(calls).await;
        for ((got, id), (&number, &kind)) in answers.into_iter().zip(order.iter().zip(&kinds)) {
            assert_eq!((got.request_id.as_str(), &got.body["request_id"]), (id.as_str(), &json!(id)), "{got:?}");
            let status = match kind {
                1 => 404,
                0 => 403,
                _ if number % 8 == 7 => 403,
                _ => 201,
            };
            assert_eq!(got.status, status, "{number}: {got:?}");
            if status == 201 {
                conversations.insert(id.clone(), got.body["conversation_id"].clone());
                sent.insert(got.body["message_id"].as_str().unwrap().to_owned(), (number, id));
            } else {
                refused.insert(id);
            }
        }
    }
    let seconds = started.elapsed().as_secs_f64();

    let rows = stand.db.query("select id::text, sender_id, content from rolecall.messages", &[]).await.unwrap();
    assert_eq!(rows.len(), sent.len());
    for row in rows {
        let (number, id) = &sent[row.get::<_, &str>(0)];
        assert_eq!((row.get::<_, Uuid>(1), row.get::<_, &str>(2)), (users[*number].id, id.as_str()));
    }
    let number_of = |id: &str| id.split_once('-').unwrap().1.parse::<usize>().unwrap();
    let sql = "select request_id, user_id, org_id from rolecall.application_logs";
    let rows = stand.db.query(sql, &[]).await.unwrap();
    let counts = "select sum(refusals)::bigint from rolecall.refusal_counts";
    assert_eq!(stand.db.one::<i64>(counts, &[]).await, refused.len() as i64);
    let logged = "select sum(least(refusals, $1))::bigint from rolecall.refusal_counts";
    assert_eq!(stand.db.one::<i64>(logged, &[&(LOGGED_REFUSALS as i64)]).await, rows.len() as i64);
    for row in rows {
        let id: &str = row.get(0);
        assert!(refused.contains(id), "{id}");
        let number = number_of(id);
        assert_eq!((row.get::<_, Uuid>(1), row.get::<_, Uuid>(2)), (users[number].id, organizations[number]), "{id}");
    }
    // Lines come in the order of the answers, so the last answer's line is there soon, and all others with it.
    let expected = ROUNDS * AT_ONCE;
    let requests = |lines: &[String]| {
        lines
            .iter()
            .filter(|line| line.contains("\"event\":\"request\"") && !line.contains("\"service\":\"health\""))
            .count()
    };
    until("every request has its line", async || (requests(&stand.runner().lines()) >= expected).then_some(())).await;
    let mut logged = HashSet::new();
    for line in stand.runner().lines() {
        let line: Value = serde_json::from_str(&line).unwrap();
        // The runner's own question at the start is nobody's.
        if line["event"] != "request" || line["service"] == "health" {
            continue;
        }
        let id = line["request_id"].as_str().unwrap();
        let number = number_of(id);
        assert_eq!(line["user_id"], json!(users[number].id), "{line}");
        assert_eq!(line["org_id"], json!(organizations[number]), "{line}");
        assert_eq!(line.get("conversation_id"), conversations.get(id), "{line}");
        assert_eq!(line["level"], if refused.contains(id) { "warn" } else { "info" }, "{line}");
        assert!(logged.insert(id.to_owned()), "twice: {line}");
    }
    assert_eq!(logged.len(), expected);
    assert_eq!(misnumbered(&stand).await, 0);
    let (messages, commits) = commits(&stand).await;
    assert!(!requests_meet(&stand) || commits * 4 < messages, "{messages} messages in {commits} commits");
    report(&format!(
        "{expected} requests of {AT_ONCE} users, each with its own answer, row and log line: {messages} messages in \
         {commits} commits, {seconds:.1} s"
    ));
}

#[tokio::test]
async fn one_poisoned_item_among_sixty_four_fails_alone() {
    const ROUNDS: usize = 40;
    let stand = Stand::own(Setup::new().without_rate_limits()).await;
    let users: [User; AT_ONCE] = admins(&stand).await;
    stand
        .db
        .script("alter table rolecall.messages add constraint no_poison check (content <> 'poison') not valid")
        .await;
    let mut lines = Line::open_many(stand.runner(), AT_ONCE).await;
    for round in 0..ROUNDS {
        let guilty = round * 7 % AT_ONCE;
        let calls = lines.iter_mut().enumerate().map(|(number, line)| {
            let recipient = &users[(number + 1 + round) % AT_ONCE];
            let content = if number == guilty { "poison".to_owned() } else { format!("{round} {number}") };
            let key = (number % 3 == 0).then(|| format!("key-{round}"));
            let body = to(recipient, &content);
            let user = &users[number];
            async move { line.send(user, &format!("{round}-{number}"), key.as_deref(), &body).await }
        });
        for (number, got) in join_all(calls).await.iter().enumerate() {
            if number == guilty {
                assert_eq!((got.status, &got.body["code"]), (500, &json!("internal")), "{got:?}");
            } else {
                assert_eq!((got.status, got.replayed), (201, false), "{got:?}");
            }
        }
    }
    let expected = (ROUNDS * (AT_ONCE - 1)) as i64;
    assert_eq!(commits(&stand).await.0, expected, "each good one once");
    assert_eq!(misnumbered(&stand).await, 0);
    let keys = "rolecall.idempotency_records where answer is null";
    assert_eq!(stand.db.count(keys, &[]).await, 0);
    assert!(!requests_meet(&stand) || taken_apart(&stand) > 0, "no statement was shared with a poisoned item");
    // Whoever was guilty is no worse off afterwards.
    stand.send_dm(&users[0], &users[1], "Hello").expect(201).await;
}

/// Returns when a statement waits for a lock.
async fn until_somebody_waits(stand: &Stand) {
    let sql = "pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'";
    until("a statement waits", async || (stand.db.count(sql, &[]).await > 0).then_some(())).await;
}

/// Everybody but the first two users sends once; all arrive.
async fn all_but_two(lines: &mut [Line], users: &[User], round: usize) {
    let calls = lines.iter_mut().zip(users).enumerate().skip(2).map(|(number, (line, user))| {
        let body = to(&users[2 + (number - 1 + round) % (users.len() - 2)], &format!("{round} {number}"));
        async move { (line.send(user, &format!("good-{round}-{number}"), None, &body).await, number) }
    });
    for (got, number) in join_all(calls).await {
        // One of them may have written to themselves.
        let own = 2 + (number - 1 + round) % (users.len() - 2) == number;
        assert_eq!(got.status, if own { 403 } else { 201 }, "{got:?}");
    }
}

#[tokio::test]
async fn a_locked_conversation_holds_up_nobody_else() {
    let stand = Stand::own(Setup::new().without_rate_limits()).await;
    let users: [User; AT_ONCE] = admins(&stand).await;
    let conversation = stand.send_dm(&users[0], &users[1], "First").expect(201).await.id("conversation_id");
    let mut lines = Line::open_many(stand.runner(), AT_ONCE).await;
    all_but_two(&mut lines, &users, 0).await;

    // Once it meets the others in a statement, and once it has been waiting by itself when they come.
    for alone in [false, true] {
        let mut holder = stand.connect().await;
        let lock = "select from rolecall.conversations where id = $1 for update";
        holder.run("begin", &[]).await;
        holder.run(lock, &[&conversation]).await;
        let name = format!("guilty-{alone}");
        let body = to(&users[1], &name);
        let mut line = Line::open(stand.runner()).await;
        let guilty = line.send(&users[0], &name, None, &body);
        tokio::pin!(guilty);
        if alone {
            tokio::select! {
                got = &mut guilty => panic!("{got:?}"),
                () = until_somebody_waits(&stand) => {}
            }
        }
        // The lock is held until it is let go below: who waits for it is answered with an error, or not at all.
        let mut rounds = 0;
        let got = loop {
            let round = all_but_two(&mut lines, &users, 1 + rounds);
            tokio::pin!(round);
            tokio::select! {
                biased;
                () = &mut round => rounds += 1,
                got = &mut guilty => {
                    round.await;
                    break got;
                }
            }
        };
        assert!(rounds > 3, "alone: {alone}: {rounds} rounds while one waited");
        assert_eq!((got.status, &got.body["code"]), (504, &json!(Code::Timeout.as_str())), "{got:?}");
        holder.run("rollback", &[]).await;
        holder = stand.connect().await;

        // It may have to wait, as long as it is let in in time.
        holder.run("begin", &[]).await;
        holder.run(lock, &[&conversation]).await;
        let name = format!("patient-{alone}");
        let body = to(&users[1], &name);
        let mut line = Line::open(stand.runner()).await;
        let patient = line.send(&users[0], &name, None, &body);
        let others = async {
            until_somebody_waits(&stand).await;
            all_but_two(&mut lines, &users, 0).await;
            holder.run("rollback", &[]).await;
        };
        let (got, ()) = tokio::join!(patient, others);
        assert_eq!(got.status, 201, "{got:?}");
    }
    assert_eq!(misnumbered(&stand).await, 0);
    let contents: Vec<String> = stand
        .db
        .one(
            "select array_agg(content order by seq) from rolecall.messages where conversation_id = $1",
            &[&conversation],
        )
        .await;
    assert_eq!(contents, ["First", "patient-false", "patient-true"]);
}

#[tokio::test]
async fn what_one_sends_arrives_in_order_while_many_others_send() {
    const MESSAGES: usize = 400;
    let stand = Stand::own(Setup::new().without_rate_limits()).await;
    let users: [User; AT_ONCE] = admins(&stand).await;
    stand
        .db
        .script("alter table rolecall.messages add constraint no_poison check (content <> 'poison') not valid")
        .await;
    let mut lines = Line::open_many(stand.runner(), AT_ONCE).await;
    // Four have one conversation each with a fifth, who writes to all of them; the others are noise, poison among it.
    let (writers, noise) = lines.split_at_mut(8);
    let writing = writers.iter_mut().enumerate().map(|(number, line)| {
        let (from, with) = if number < 4 { (number, 4) } else { (4, number - 4) };
        let users = &users;
        async move {
            for message in 0..MESSAGES {
                let body = to(&users[with], &format!("{number} {message}"));
                let got = line.send(&users[from], &format!("{number}-{message}"), None, &body).await;
                assert_eq!(got.status, 201, "{got:?}");
            }
        }
    });
    let over = std::cell::Cell::new(false);
    let noise = noise.iter_mut().enumerate().map(|(number, line)| {
        let (users, over) = (&users, &over);
        async move {
            let mut turn = 0;
            while !over.get() {
                turn += 1;
                let poison = (number + turn) % 100 == 0;
                let content = if poison { "poison" } else { "noise" };
                let body = to(&users[8 + (number + 1) % 56], content);
                let got = line.send(&users[8 + number], &format!("noise-{number}-{turn}"), None, &body).await;
                assert_eq!(got.status, if poison { 500 } else { 201 }, "{got:?}");
            }
        }
    });
    let writing = async {
        join_all(writing).await;
        over.set(true);
    };
    tokio::join!(writing, join_all(noise));

    for number in 0..8 {
        let sql =
            "select array_agg(content order by conversation_id, seq) from rolecall.messages where content like $1";
        let stored: Vec<String> = stand.db.one(sql, &[&format!("{number} %")]).await;
        let expected: Vec<String> = (0..MESSAGES).map(|message| format!("{number} {message}")).collect();
        assert_eq!(stored, expected);
    }
    assert_eq!(misnumbered(&stand).await, 0);
    let (messages, commits) = commits(&stand).await;
    assert!(!requests_meet(&stand) || commits * 2 < messages, "{messages} messages in {commits} commits");
    assert!(!requests_meet(&stand) || taken_apart(&stand) > 0, "no statement was shared with a poisoned item");
}

#[tokio::test]
async fn fifty_times_one_key_at_once_among_others_is_one_message() {
    const SAME: usize = 50;
    for group_commit in ["128", "1"] {
        let stand = Stand::own(Setup::new().without_rate_limits().variable("group_commit", group_commit)).await;
        let users: [User; AT_ONCE] = admins(&stand).await;
        let mut lines = Line::open_many(stand.runner(), AT_ONCE).await;
        for round in 0..20 {
            // In every other round half of them have another body under the same key.
            let calls = lines.iter_mut().enumerate().map(|(number, line)| {
                let from = if number < SAME { 0 } else { number };
                let content = if round % 2 == 1 && number % 2 == 1 { "other" } else { "same" };
                let body = to(&users[(from + 1 + round) % AT_ONCE], &format!("{content} {round}"));
                let user = &users[from];
                async move { line.send(user, &format!("{round}-{number}"), Some(&format!("key-{round}")), &body).await }
            });
            let answers = join_all(calls).await;
            let (same, others) = answers.split_at(SAME);
            assert!(others.iter().all(|got| (got.status, got.replayed) == (201, false)), "{others:?}");
            let sent: Vec<&Got> = same.iter().filter(|got| got.status == 201).collect();
            let ids: BTreeSet<&str> = sent.iter().filter_map(|got| got.body["message_id"].as_str()).collect();
            assert_eq!(ids.len(), 1, "{same:?}");
            assert_eq!(sent.iter().filter(|got| !got.replayed).count(), 1, "one did it, the others were told");
            assert_eq!(sent.len(), if round % 2 == 0 { SAME } else { SAME / 2 }, "{same:?}");
            for got in same.iter().filter(|got| got.status != 201) {
                assert_eq!((got.status, &got.body["code"]), (422, &json!("idempotency_conflict")), "{got:?}");
            }
            for got in sent {
                let mut body = got.body.clone();
                body["request_id"] = Value::Null;
                let mut first = same.iter().find(|got| got.status == 201).unwrap().body.clone();
                first["request_id"] = Value::Null;
                assert_eq!(body, first);
            }
        }
        let (messages, _) = commits(&stand).await;
        assert_eq!(messages, 20 * (1 + AT_ONCE - SAME) as i64, "group_commit={group_commit}");
        assert_eq!(misnumbered(&stand).await, 0);
    }
}

/// What of an answer does not differ from run to run.
fn gist(got: &Got) -> Value {
    json!([got.status, got.replayed, got.body["code"], got.body["detail"], got.body["reasons"], got.body["seq"]])
}

#[tokio::test]
async fn switched_off_it_answers_the_same_with_a_commit_for_each() {
    let mut runs = Vec::new();
    for group_commit in ["1", "128"] {
        let stand = Stand::own(Setup::new().without_rate_limits().variable("group_commit", group_commit)).await;
        let users: [User; AT_ONCE] = admins(&stand).await;
        for dealer in &users[48..] {
            stand.becomes(dealer, Role::Dealer).await;
        }
        stand.block(&users[1], &users[0]).await;
        stand.suspend(&users[5], 1).await;
        let mut lines = Line::open_many(stand.runner(), AT_ONCE).await;
        let mut gists = Vec::new();
        for round in 0..20 {
            let calls = lines.iter_mut().enumerate().map(|(number, line)| {
                // Pairs that nobody else writes to, from one side.
                let body = to(&users[number ^ 1], if number == 9 { "" } else { "Hello" });
                let key = format!("key-{}", round / 2);
                let key = (number % 8 == 2).then_some(key.as_str());
                let (user, id) = (&users[number], format!("{round}-{number}"));
                let key = key.map(ToOwned::to_owned);
                async move {
                    if number % 2 == 1 && number < 48 && number != 1 && number != 5 && number != 9 {
                        return Value::Null;
                    }
                    gist(&line.send(user, &id, key.as_deref(), &body).await)
                }
            });
            gists.push(join_all(calls).await);
        }
        let (messages, commits) = commits(&stand).await;
        if group_commit == "1" {
            assert_eq!(commits, messages, "a commit for each");
        } else {
            assert!(!requests_meet(&stand) || commits * 2 < messages, "{messages} messages in {commits} commits");
        }
        runs.push((gists, messages));
    }
    let statuses: BTreeSet<u64> = runs[0].0.iter().flatten().filter_map(|gist| gist[0].as_u64()).collect();
    assert_eq!(statuses, BTreeSet::from([201, 400, 403]));
    assert_eq!(runs[0], runs[1]);
}

#[tokio::test]
async fn a_call_of_the_database_is_no_body() {
    let stand = Stand::shared().await;
    let [admin, attendee] = stand.users([Role::Admin, Role::Attendee]).await;
    let dm = to(&attendee, "Hello");
    let envelope = json!({"claims": {"sub": admin.id, "role": "authenticated"}, "rollouts": {}, "input": dm});
    for (path, body) in [
        ("send-dm", envelope.clone()),
        ("send-dm", json!([])),
        ("conversations/00000000-0000-4000-8000-000000000041/read", json!([{"up_to_seq": 1}])),
        ("blocks/block", json!([{"blocked_id": attendee.id}])),
    ] {
        stand.post(path, &body).by(&admin).expect(400).await.refused(Code::ValidationError);
    }
    // Of an array each item is a message, and what is none is refused in its place.
    for body in [json!([envelope, envelope]), json!([[dm], [dm]])] {
        let answer = stand.post("send-dm", &body).by(&admin).expect(200).await;
        let codes: Vec<_> = answer.items("results").iter().map(|result| result["code"].clone()).collect();
        assert_eq!(codes, ["validation_error", "validation_error"], "{}", answer.body);
    }
    assert_eq!(stand.traces(&admin).await, 0);
}
