//! Texts on their way to the carrier, many at a time, and what is to become of them.

use rolecall_e2e::{
    Agency, Answer, Stand,
    carrier_api::{Carrier, Reaction},
    token,
};
use serde_json::json;
use std::{
    collections::{BTreeMap, HashMap},
    time::Duration,
};
use uuid::Uuid;

/// What the carrier does with a text; the text's first word says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Takes it.
    Taken,
    /// Takes it after a third of a second.
    Slow,
    /// Takes it and closes the connection without an answer.
    ClosesEarly,
    /// Takes it and never answers.
    Hangs,
    /// Answers 500 at first.
    Broken,
    /// Answers 429 at first.
    Busy,
    /// Answers 301 at first.
    Moved,
    /// Answers 400 with the code of a wrong number.
    Refused,
    /// Answers 401 without a code.
    Unauthorized,
    /// Answers 400 with the code of a client who has opted out.
    OptedOut,
}

const KINDS: [(Kind, &str); 10] = [
    (Kind::Taken, "taken"),
    (Kind::Slow, "slow"),
    (Kind::ClosesEarly, "early"),
    (Kind::Hangs, "hangs"),
    (Kind::Broken, "broken"),
    (Kind::Busy, "busy"),
    (Kind::Moved, "moved"),
    (Kind::Refused, "refused"),
    (Kind::Unauthorized, "unauthorized"),
    (Kind::OptedOut, "opted-out"),
];

impl Kind {
    /// The kind of a text.
    pub fn of(content: &str) -> Kind {
        let word = content.split(' ').next().unwrap_or_default();
        KINDS.into_iter().find(|(_, name)| *name == word).map_or(Kind::Taken, |(kind, _)| kind)
    }

    fn word(self) -> &'static str {
        KINDS.into_iter().find(|(kind, _)| *kind == self).map_or("taken", |(_, name)| name)
    }

    /// What the carrier does with a text that has come so often before.
    pub fn reaction(self, before: usize) -> Reaction {
        let taken = Reaction::Accept(Duration::ZERO);
        match self {
            Kind::Taken => taken,
            Kind::Slow => Reaction::Accept(Duration::from_millis(300)),
            Kind::ClosesEarly => Reaction::CloseEarly,
            Kind::Hangs => Reaction::Hang,
            Kind::Refused => Reaction::Refuse(400, 0, 21211),
            Kind::Unauthorized => Reaction::Refuse(401, 0, 0),
            Kind::OptedOut => Reaction::Refuse(400, 0, 21610),
            Kind::Broken | Kind::Busy | Kind::Moved if before > 0 => taken,
            Kind::Broken => Reaction::Refuse(500, 0, 0),
            Kind::Busy => Reaction::Refuse(429, 1, 20429),
            Kind::Moved => Reaction::Refuse(301, 0, 0),
        }
    }
}

/// A text: its client's number in the test, and its place in the thread.
#[derive(Clone, Copy, Debug)]
pub struct Text {
    /// Its client.
    pub client: usize,
    /// Its number in the thread.
    pub seq: i64,
    /// What is to become of it.
    pub kind: Kind,
}

/// Texts of one organisation, by their ids in the outbox.
#[derive(Debug)]
pub struct Texts(HashMap<Uuid, Text>);

impl Texts {
    /// Puts so many texts each to so many new clients on their way; the kind is that of the client.
    pub async fn to(
        stand: &Stand,
        agency: &Agency,
        clients: usize,
        each: usize,
        kind: impl Fn(usize) -> Kind,
    ) -> Texts {
        Texts::mixed(stand, agency, clients, each, |client, _| kind(client)).await
    }

    /// The same; the kind is that of the client and the place in the thread.
    pub async fn mixed(
        stand: &Stand,
        agency: &Agency,
        clients: usize,
        each: usize,
        kind: impl Fn(usize, usize) -> Kind,
    ) -> Texts {
        let words: Vec<&str> = (0..clients * each).map(|at| kind(at / each, at % each).word()).collect();
        let phones: Vec<String> = (0..clients).map(|_| rolecall_e2e::agency::phone()).collect();
        // Clients have ids of the test's own, so that they can be told apart.
        let ids: Vec<Uuid> = (0..clients).map(|_| Uuid::new_v4()).collect();
        let sql = "with client as (
              insert into rolecall.clients (organization_id, id, display_name, phone)
              select $1, client.id, 'A client', client.phone
              from unnest($2::uuid[], $3::text[]) as client (id, phone)
              returning id
            ),
            thread as (
              insert into rolecall.message_threads (organization_id, client_id, number_id, number_class, last_seq)
              select $1, client.id, number.id, number.class, $5
              from client
              join rolecall.message_numbers as number on number.id = $4
              returning id, client_id
            ),
            message as (
              insert into rolecall.thread_messages
                (organization_id, thread_id, seq, direction, client_id, content, delivery)
              select $1, thread.id, seq, 'outbound', thread.client_id,
                $6::text[][(array_position($2, thread.client_id) - 1) * $5 + seq] || ' ' || seq, 'queued'
              from thread
              cross join generate_series(1, $5) as seq
              returning thread_id, seq
            )
            insert into rolecall.sms_outbox (organization_id, thread_id, seq)
            select $1, thread_id, seq from message
            returning id, thread_id, seq";
        let sql = sql.replace("$6::text[][", "($6::text[])[");
        let each = i64::try_from(each).unwrap();
        let db = stand.connect().await;
        db.query(&sql, &[&agency.organization, &ids, &phones, &agency.front_desk.id, &each, &words]).await.unwrap();
        let sql = "select outbox.id, outbox.seq, thread.client_id, message.content
            from rolecall.sms_outbox as outbox
            join rolecall.thread_messages as message using (organization_id, thread_id, seq)
            join rolecall.message_threads as thread on thread.id = outbox.thread_id
            where thread.client_id = any ($1)";
        let rows = db.query(sql, &[&ids]).await.unwrap();
        let clients: HashMap<Uuid, usize> = ids.into_iter().enumerate().map(|(at, id)| (id, at)).collect();
        let text = |row: &tokio_postgres::Row| {
            let text = Text { client: clients[&row.get(2)], seq: row.get(1), kind: Kind::of(row.get(3)) };
            (row.get(0), text)
        };
        Texts(rows.iter().map(text).collect())
    }

    /// Their ids in the outbox.
    pub fn ids(&self) -> impl Iterator<Item = Uuid> {
        self.0.keys().copied()
    }

    /// The texts.
    pub fn all(&self) -> &HashMap<Uuid, Text> {
        &self.0
    }

    /// The texts to a client, in their order.
    pub fn of_client(&self, client: usize) -> Vec<Uuid> {
        let mut texts: Vec<_> = self.0.iter().filter(|(_, text)| text.client == client).collect();
        texts.sort_by_key(|(_, text)| text.seq);
        texts.into_iter().map(|(id, _)| *id).collect()
    }

    /// How many there are of each status.
    pub async fn by_status(&self, stand: &Stand) -> BTreeMap<String, i64> {
        let ids: Vec<Uuid> = self.ids().collect();
        let sql = "select status, count(*) from rolecall.sms_outbox where id = any ($1) group by status";
        let rows = stand.connect().await.query(sql, &[&ids]).await.unwrap();
        rows.iter().map(|row| (row.get(0), row.get(1))).collect()
    }

    /// Asserts that the carrier took the texts of each thread in their order.
    pub fn assert_order(&self, carrier: &Carrier) {
        let mut last: HashMap<usize, i64> = HashMap::new();
        for post in carrier.posts().iter().filter(|post| post.reaction.takes()) {
            let text = self.0[&post.id];
            let before = last.insert(text.client, text.seq).unwrap_or_default();
            assert!(before < text.seq, "{} before {} of client {}", before, text.seq, text.client);
        }
    }
}

/// Calls the delivery.
pub async fn deliver(stand: &Stand) -> Answer {
    stand.post("deliver-sms", &json!({})).token(&token::operator()).expect(200).await
}

/// How a text stands: status, attempts, error code, the carrier's id. The message says the same.
pub async fn status_of(stand: &Stand, id: Uuid) -> String {
    let sql = "select concat_ws(' ', outbox.status, outbox.attempts, outbox.error_code, outbox.carrier_sid),
          case when outbox.status = 'leased' then 'queued' else outbox.status end = message.delivery
          and outbox.error_code is not distinct from message.error_code
          and outbox.carrier_sid is not distinct from message.carrier_sid
        from rolecall.sms_outbox as outbox
        join rolecall.thread_messages as message using (organization_id, thread_id, seq)
        where outbox.id = $1";
    let rows = stand.connect().await.query(sql, &[&id]).await.unwrap();
    assert!(rows[0].get::<_, bool>(1), "the message says something else: {}", rows[0].get::<_, String>(0));
    rows[0].get(0)
}
