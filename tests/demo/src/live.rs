//! The second act: two phones. A socket hears what is sent over HTTP, and `sync` brings what it missed.

use anyhow::{Context, Result, bail};
use http::Method;
use rolecall_database::demo::{ADA, DemoUser, MIA};
use rolecall_kit::{Answer, socket::Socket};
use serde_json::{Value, json};
use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use crate::{PATIENCE, Place, Verdicts, id, pretty};

/// Somebody's phone: what it knows of the conversation with the other, and where it stands with sync.
struct Phone<'a> {
    place: &'a Place,
    owner: DemoUser,
    cursor: Value,
    /// Up to which `seq` it has each conversation.
    known: HashMap<String, i64>,
    /// The messages that it has shown since it listens, by their `seq`.
    shown: Vec<i64>,
}

impl<'a> Phone<'a> {
    /// A phone that is up to date.
    async fn up_to_date(place: &'a Place, owner: DemoUser) -> Phone<'a> {
        let mut phone = Phone { place, owner, cursor: Value::Null, known: HashMap::new(), shown: Vec::new() };
        loop {
            let answer = phone.sync(None).await;
            for card in answer.body["conversations"].as_array().into_iter().flatten() {
                phone.known.insert(text(&card["id"]), number(&card["last_seq"]));
            }
            if answer["more"] != true {
                return phone;
            }
        }
    }

    /// Asks for what is new, and what it lacks of a conversation.
    async fn sync(&mut self, conversation: Option<&Value>) -> Answer {
        let mut body = json!({"limit": 200});
        if !self.cursor.is_null() {
            body["cursor"] = self.cursor.clone();
        }
        if let Some(conversation) = conversation {
            let seq = self.known.get(&text(conversation)).copied().unwrap_or_default();
            body["have"] = json!([{"conversation_id": conversation, "seq": seq, "revision": 0}]);
        }
        let answer = self.place.post(self.owner, "sync", &body).await;
        let caught_up = &answer["catch_up"];
        let count = |list: &str| answer.body[list].as_array().map_or(0, Vec::len);
        println!(
            "    {} {} conversations, {} gone, catch_up: {}",
            answer.status,
            count("conversations"),
            count("gone"),
            pretty(caught_up).replace('\n', "\n    "),
        );
        self.cursor = answer["cursor"].clone();
        for part in caught_up.as_array().into_iter().flatten() {
            for message in part["messages"].as_array().into_iter().flatten() {
                self.shown.push(number(&message["seq"]));
            }
            self.known.insert(text(&part["conversation_id"]), number(&part["seq"]));
        }
        answer
    }

    /// Connects with a token of the API's.
    async fn listen(&self) -> Result<(Answer, Socket)> {
        let answer = self.place.post(self.owner, "realtime/token", &json!({})).await;
        let member = |name: &str| answer[name].as_str().context("no token").map(str::to_owned);
        let (url, subject) = (member("url")?, member("subject")?);
        println!("    {} connects to {url} and subscribes to {subject}", self.owner.name);
        let mut socket = Socket::open(&url, &member("token")?).await?;
        socket.subscribe(&subject).await?;
        Ok((answer, socket))
    }

    /// The next event of this type in a conversation. Others are passed over, and so is a message that the phone has: an event is
    /// told at least once, and may come after sync has brought what it tells.
    async fn hear(&mut self, socket: &mut Socket, kind: &str, conversation: &Value) -> Result<Value> {
        loop {
            let (_, event) = socket.message().await?;
            let known = self.known.entry(text(conversation)).or_default();
            let is_message = kind == "message.created";
            let is_known = is_message && number(&event["seq"]) <= *known;
            if event["type"] == kind && event["conversation_id"] == *conversation && !is_known {
                println!("    {}'s phone hears {}", self.owner.name, pretty(&event).replace('\n', "\n    "));
                if is_message {
                    *known = number(&event["seq"]);
                    self.shown.push(*known);
                }
                return Ok(event);
            }
        }
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn number(value: &Value) -> i64 {
    value.as_i64().unwrap_or_default()
}

/// Whether clients hear of what is new here: waits for the relay where NATS is configured.
async fn is_live(place: &Place) -> Result<bool> {
    let started = Instant::now();
    loop {
        let health = place.client.call(Method::GET, "/api/health").send().await;
        match health["realtime"].as_str() {
            Some("on") => return Ok(true),
            Some("degraded") if started.elapsed() < PATIENCE => {}
            Some("degraded") => bail!("realtime is configured, but no relay publishes (docs/realtime.md)"),
            _ => return Ok(false),
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

/// Two phones, one of which loses its connection.
///
/// # Errors
/// When NATS refuses a token, or says nothing.
pub async fn play(place: &Place, verdicts: &mut Verdicts) -> Result<()> {
    if !is_live(place).await? {
        println!(
            "\nRealtime is off here, as where nats-server is missing (Debian package: nats-server). So phones call sync alone."
        );
        return offline(place, verdicts).await;
    }
    verdicts.flow("Two phones listen, each to its owner and to nobody else");
    let (mut ada, mut mia) = (Phone::up_to_date(place, ADA).await, Phone::up_to_date(place, MIA).await);
    let (token, mut adas) = ada.listen().await?;
    let (_, mut mias) = mia.listen().await?;
    let (url, secret) = (token["url"].as_str().unwrap_or_default(), token["token"].as_str().unwrap_or_default());
    let mut curious = Socket::open(url, secret).await?;
    let other = curious.subscribe(&format!("user.{}.>", id(MIA))).await;
    println!(
        "    Mia's subject with Ada's token: {}",
        other.as_ref().map_or_else(ToString::to_string, |()| "open".into())
    );
    verdicts.verdict(
        token.status == 200 && token["subject"] == format!("user.{}.>", id(ADA)) && other.is_err(),
        "200 with a token for a quarter of an hour; NATS lets it hear its own subject alone",
    );

    verdicts.flow("A direct message over HTTP is on the other's phone at once");
    let started = Instant::now();
    let sent = place.send_dm(ADA, MIA, "I am at booth 12. Where are you?").await;
    let heard = "the event has the message as GET shows it to her";
    if sent.status != 201 {
        // Nobody will hear of it.
        verdicts.verdict(false, heard);
        return Ok(());
    }
    let conversation = sent["conversation_id"].clone();
    let event = mia.hear(&mut mias, "message.created", &conversation).await?;
    println!("    {} ms after it was sent", started.elapsed().as_millis());
    let messages = format!("conversations/{}/messages?limit=1", conversation.as_str().unwrap_or_default());
    let page = place.get(MIA, &messages).await;
    verdicts.verdict(event["message"]["id"] == sent["message_id"] && event["message"] == page["messages"][0], heard);

    verdicts.flow("She types, and has read it: his phone knows");
    let typing = place.ask(MIA, "realtime/typing", &json!({"conversation_id": conversation})).await;
    let types = ada.hear(&mut adas, "typing", &conversation).await?;
    let mark = format!("conversations/{}/read", conversation.as_str().unwrap_or_default());
    let marked = place.ask(MIA, &mark, &json!({"up_to_seq": sent["seq"]})).await;
    let read = ada.hear(&mut adas, "read", &conversation).await?;
    verdicts.verdict(
        typing.status == 200
            && types["user_id"] == json!(id(MIA))
            && marked.status == 200
            && (&read["user_id"], &read["last_read_seq"]) == (&json!(id(MIA)), &sent["seq"]),
        "an event while she types, and one that says how far she has read",
    );

    verdicts.flow("Her connection is cut, and what is sent meanwhile comes by sync, once");
    drop(mias);
    println!("    Mia's socket is closed.");
    let missed = place.send_dm(ADA, MIA, "Never mind, I see you.").await;
    let caught_up = mia.sync(Some(&conversation)).await;
    let again = mia.sync(Some(&conversation)).await;
    verdicts.verdict(
        missed.status == 201 && brings(&caught_up, &missed) && repeats(&again, &caught_up),
        "sync brings the message, and the next sync nothing that is new",
    );

    verdicts.flow("She is back, and everything was shown once, in its order");
    let (_, mut mias) = mia.listen().await?;
    let next = place.send_dm(ADA, MIA, "See you there.").await;
    mia.hear(&mut mias, "message.created", &conversation).await?;
    println!("    Shown on Mia's phone: {}", json!(mia.shown));
    verdicts.verdict(
        mia.shown == [&sent, &missed, &next].map(|answer| number(&answer["seq"])),
        "the three messages, one by the socket, one by sync, one by the next socket",
    );
    Ok(())
}

/// Whether an answer of sync brings this message, and no other.
fn brings(answer: &Answer, sent: &Answer) -> bool {
    let part = &answer["catch_up"][0];
    answer.status == 200
        && answer["catch_up"].as_array().is_some_and(|parts| parts.len() == 1)
        && part["messages"].as_array().is_some_and(|messages| messages.len() == 1)
        && part["messages"][0]["id"] == sent["message_id"]
}

/// Whether an answer of sync has nothing but cards that the one before had: while a transaction of somebody else is open, what
/// has come comes again.
fn repeats(again: &Answer, before: &Answer) -> bool {
    let cards = |answer: &Answer| answer["conversations"].as_array().cloned().unwrap_or_default();
    let known = cards(before);
    again.status == 200 && again["catch_up"] == json!([]) && cards(again).iter().all(|card| known.contains(card))
}

/// The same without sockets.
async fn offline(place: &Place, verdicts: &mut Verdicts) -> Result<()> {
    verdicts.flow("What is sent while a phone is away comes by sync, once");
    let first = place.send_dm(ADA, MIA, "I am at booth 12. Where are you?").await;
    let conversation = first["conversation_id"].clone();
    let mut mia = Phone::up_to_date(place, MIA).await;
    let missed = place.send_dm(ADA, MIA, "Never mind, I see you.").await;
    let caught_up = mia.sync(Some(&conversation)).await;
    let again = mia.sync(Some(&conversation)).await;
    verdicts.verdict(
        missed.status == 201 && brings(&caught_up, &missed) && repeats(&again, &caught_up),
        "sync brings the message, and the next sync nothing that is new",
    );
    Ok(())
}
