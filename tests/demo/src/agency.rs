//! The third act: a pet-care agency texts with its clients through masked numbers. It sends to a carrier of its own, so it
//! always takes place in a temporary PostgreSQL and runner.

use http::Method;
use rolecall_kit::{
    Agency, Answer, Setup, Stand, agency,
    carrier::sid,
    carrier_api::{Carrier, Post, Reaction},
    client::Call,
    token,
};
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use uuid::Uuid;

use crate::{PATIENCE, Verdicts, pretty};

/// What nobody is to learn in a thread.
const CONTACT: &str = "202-555-0143";

/// The variables of an application that sends to this carrier. Address and token of the webhook are those of every stand.
const VARIABLES: [&str; 3] = ["twilio_account_sid", "twilio_api_url", "twilio_api_host"];

/// A carrier that takes every text.
pub async fn carrier() -> Carrier {
    Carrier::start(|_, _| Reaction::Accept(Duration::ZERO)).await
}

/// What a stand has to be like to send to this carrier.
pub fn setup(carrier: &Carrier) -> Setup {
    let variables = carrier.variables().into_iter().filter(|(name, _)| VARIABLES.contains(name));
    variables.fold(Setup::new(), |setup, (name, value)| setup.variable(name, &value))
}

struct Act<'a> {
    stand: &'a Stand,
    carrier: &'a Carrier,
    agency: Agency,
    /// The booking as it was put last.
    booking: Value,
    thread: Uuid,
}

impl Act<'_> {
    /// Prints a text, with the last four digits alone of every phone number in it.
    fn say(&self, text: &str) {
        let agency = &self.agency;
        let numbers = [&agency.client.phone, &agency.front_desk.e164, &agency.sitter_number.e164, &agency.pool.e164];
        let numbers = numbers.into_iter().map(String::as_str).chain([CONTACT]);
        let shown = numbers.fold(text.to_owned(), |text, number| {
            text.replace(number, &format!("[phone …{}]", &number[number.len() - 4..]))
        });
        println!("    {}", shown.replace('\n', "\n    "));
    }

    async fn exchange(&self, heading: &str, body: Option<&Value>, call: Call) -> Answer {
        self.say(heading);
        if let Some(body) = body {
            self.say(&format!("  {body}"));
        }
        let answer = call.send().await;
        self.say(&format!("{} {}", answer.status, pretty(&answer.body)));
        answer
    }

    async fn post(&self, who: (&str, &str), function: &str, body: &Value) -> Answer {
        let (name, token) = who;
        let call = self.stand.post(function, body).token(token);
        self.exchange(&format!("POST /functions/v1/{function} as {name}"), Some(body), call).await
    }

    async fn get(&self, who: (&str, &str), path: &str) -> Answer {
        let (name, token) = who;
        let call = self.stand.get(path).token(token);
        self.exchange(&format!("GET /functions/v1/{path} as {name}"), None, call).await
    }

    fn owner(&self) -> (&'static str, &str) {
        ("the owner", &self.agency.owner.token)
    }

    fn sitter(&self) -> (&'static str, &str) {
        ("the sitter", &self.agency.sitter.token)
    }

    async fn write(&self, who: (&str, &str), content: &str) -> Answer {
        self.post(who, "send-thread-message", &json!({"thread_id": self.thread, "content": content})).await
    }

    async fn force(&self, who: (&str, &str), message: &Value) -> Answer {
        let body = json!({"message_id": message["id"], "reason": "It is the number of the vet."});
        self.post(who, "force-send", &body).await
    }

    /// A text of the client to the sitter's number, with the carrier's signature: the TwiML that answers it.
    async fn text(&self, content: &str) -> String {
        let (from, to) = (&self.agency.client.phone, &self.agency.sitter_number);
        let body = json!({"From": from, "To": to.e164, "Body": content});
        let call = self.stand.text(&sid(), from, to, content);
        let heading = "POST /functions/v1/receive-sms, a form, signed by the carrier";
        let answer = self.exchange(heading, Some(&body), call).await;
        answer.body.as_str().unwrap_or_default().to_owned()
    }

    /// What the carrier gets when the operator's schedule calls `deliver-sms`.
    async fn deliver(&self) -> Vec<Post> {
        let before = self.carrier.count();
        self.post(("the operator", &token::operator()), "deliver-sms", &json!({})).await;
        let posts = self.carrier.posts().split_off(before);
        for post in &posts {
            let form: Vec<String> =
                ["From", "To", "Body"].map(|name| format!("{name}: {}", post.values(name).join(", "))).into();
            self.say(&format!("The carrier gets {}", form.join(" | ")));
        }
        posts
    }

    /// The messages that somebody reads in a thread.
    async fn read(&self, who: (&str, &str), thread: &Value) -> Vec<Value> {
        let thread = thread.as_str().unwrap_or_default();
        let answer = self.get(who, &format!("threads/{thread}/messages")).await;
        answer.body["messages"].as_array().cloned().unwrap_or_default()
    }

    async fn read_thread(&self, who: (&str, &str)) -> Vec<Value> {
        self.read(who, &json!(self.thread)).await
    }

    /// Puts the booking, from `starts` to `ends` in minutes from now on.
    async fn assign(&mut self, starts: i32, ends: i32) -> Answer {
        let mut booking = self.stand.booking(&self.agency.client, Some(&self.agency.sitter), starts, ends).await;
        if let Some(id) = self.booking.get("booking_id") {
            booking["booking_id"] = id.clone();
        }
        let answer = self.post(self.owner(), "assign-booking", &booking).await;
        self.booking = booking;
        answer
    }
}

/// An agency from the first booking to its figures.
pub async fn play(stand: &Stand, carrier: &Carrier, verdicts: &mut Verdicts) {
    let agency = stand.agency_without_flags().await;
    let mut act = Act { stand, carrier, agency, booking: json!({}), thread: Uuid::nil() };
    switch_on(&act, verdicts).await;
    assign(&mut act, verdicts).await;
    on_duty(&act, verdicts).await;
    poach(&act, verdicts).await;
    force(&act, verdicts).await;
    opt_out(&act, verdicts).await;
    off_duty(&mut act, verdicts).await;
    diagnose(&act, verdicts).await;
}

async fn switch_on(act: &Act<'_>, verdicts: &mut Verdicts) {
    verdicts.flow("An agency texts when its flags are on");
    let off = act.get(act.owner(), "threads").await;
    for flag in agency::FLAGS {
        act.stand.switch(&act.agency, flag, "enabled").await;
        act.say(&format!("The operator switches {flag} on for the agency alone (rolecall.feature_flag_overrides)."));
    }
    let flags = act.get(act.sitter(), "flags").await;
    let on = agency::FLAGS.iter().all(|flag| flags["flags"][*flag]["enabled"] == true);
    verdicts.verdict(
        off.status == 404 && off.code() == "feature_disabled" && on && flags["organization_role"] == "sitter",
        "404 feature_disabled, then on from the next request; flags say the caller's role in the organisation",
    );
}

async fn assign(act: &mut Act<'_>, verdicts: &mut Verdicts) {
    verdicts.flow("The owner assigns a booking that begins now: thread, masked number and window come with it");
    let assigned = act.assign(-30, 30).await;
    act.thread = assigned["thread_id"].as_str().and_then(|id| id.parse().ok()).unwrap_or_default();
    verdicts.verdict(
        assigned.status == 200
            && !act.thread.is_nil()
            && assigned["number_class"] == "sitter"
            && assigned["window"]["starts_at"].is_string(),
        "200 with a thread on the sitter's number, and the window: an hour before the walk to an hour after",
    );
}

async fn on_duty(act: &Act<'_>, verdicts: &mut Verdicts) {
    verdicts.flow("The client texts the masked number in the window: the sitter reads it, and no other sitter does");
    let twiml = act.text("Has Rex eaten?").await;
    let seen = act.read_thread(act.sitter()).await;
    let other: (_, &str) = ("another sitter", &act.agency.other_sitter.token);
    let hidden = act.get(other, &format!("threads/{}/messages", act.thread)).await;
    verdicts.verdict(
        twiml.ends_with("<Response/>")
            && seen.iter().any(|message| message["content"] == "Has Rex eaten?")
            && hidden.status == 404,
        "an empty TwiML answer, the text in the sitter's thread, and 404 for the other sitter",
    );

    verdicts.flow("The sitter answers: queued with the message, and handed to the carrier by deliver-sms");
    let sent = act.write(act.sitter(), "He has, and had a long walk.").await;
    let posts = act.deliver().await;
    let masked = posts.len() == 1
        && posts[0].values("To") == [act.agency.client.phone.as_str()]
        && posts[0].values("From") == [act.agency.sitter_number.e164.as_str()]
        && posts[0].values("Body") == ["He has, and had a long walk."];
    let id = posts.first().map(|post| post.id).unwrap_or_default();
    let sid = "select coalesce((select carrier_sid from rolecall.sms_outbox where id = $1), 'none')";
    let sid: String = act.stand.db.one(sid, &[&id]).await;
    let form = [("MessageSid", sid.as_str()), ("MessageStatus", "delivered")];
    let call = act.stand.call(Method::POST, &format!("receive-sms/status/{id}")).form(&form).signed();
    let heading = "POST /functions/v1/receive-sms/status/:id, signed by the carrier";
    act.exchange(heading, Some(&json!({"MessageStatus": "delivered"})), call).await;
    let seen = act.read_thread(act.sitter()).await;
    verdicts.verdict(
        sent.status == 201
            && sent["delivery"] == "queued"
            && masked
            && seen.last().is_some_and(|message| message["delivery"] == "delivered"),
        "201 queued; the carrier sends it from the masked number; the status callback makes it delivered",
    );
}

async fn poach(act: &Act<'_>, verdicts: &mut Verdicts) {
    verdicts.flow("The sitter tries to take the client off the platform: held back, in friendly words");
    let refused = act.write(act.sitter(), &format!("Call me at {CONTACT}, it is cheaper without the agency.")).await;
    let posts = act.deliver().await;
    let seen = act.read_thread(act.sitter()).await;
    let details = refused.body.to_string().contains("phone");
    verdicts.verdict(
        refused.status == 403
            && refused.code() == "anti_poaching_blocked"
            && !details
            && posts.is_empty()
            && seen.last().is_some_and(|message| message["content"] == "Message blocked"),
        "403 anti_poaching_blocked without details, \"Message blocked\" in the thread, nothing for the carrier",
    );

    verdicts.flow("So does the client: an automatic reply, and a notice to the owner for each of the two");
    let twiml = act.text(&format!("Write to me at {CONTACT} and I pay you in cash.")).await;
    let seen = act.read_thread(act.sitter()).await;
    let inboxes = act.get(act.owner(), "threads?scope=owner_inbox").await;
    let notices = act.read(act.owner(), &inboxes["threads"][0]["id"]).await;
    let redacted = |notice: &&Value| {
        let text = notice["content"].as_str().unwrap_or_default();
        notice["kind"] == "notice" && text.contains("[phone]") && !text.contains(CONTACT)
    };
    let learnt = seen.iter().any(|message| message["content"].to_string().contains("cash"));
    verdicts.verdict(
        twiml.contains("<Message>Sorry, your message was not delivered.")
            && !learnt
            && notices.iter().filter(redacted).count() == 2,
        "a TwiML reply that says sorry; the sitter sees nothing of it; two notices with redacted content",
    );
}

async fn force(act: &Act<'_>, verdicts: &mut Verdicts) {
    verdicts.flow("The owner sends what was held back all the same, once");
    let history = act.read_thread(act.owner()).await;
    let blocked = |message: &&Value| message["delivery"] == "blocked" && message["direction"] == "outbound";
    let message = history.iter().find(blocked).cloned().unwrap_or_default();
    let by_sitter = act.force(act.sitter(), &message).await;
    let forced = act.force(act.owner(), &message).await;
    let again = act.force(act.owner(), &message).await;
    let posts = act.deliver().await;
    verdicts.verdict(
        by_sitter.status == 403
            && forced.status == 200
            && forced["delivery"] == "queued"
            && again.status == 409
            && again.code() == "already_sent"
            && posts.len() == 1
            && posts[0].values("Body")[0].contains(CONTACT),
        "403 for the sitter, 200 for the owner, then 409 already_sent; the carrier gets it once, as it was written",
    );
}

async fn opt_out(act: &Act<'_>, verdicts: &mut Verdicts) {
    verdicts.flow("STOP: the client has opted out, and nobody texts them; START lets them back in");
    let stop = act.text("STOP").await;
    let refused = act.write(act.sitter(), "Are you there?").await;
    let start = act.text("START").await;
    let sent = act.write(act.sitter(), "Welcome back!").await;
    let posts = act.deliver().await;
    verdicts.verdict(
        stop.contains("<Message>")
            && refused.status == 409
            && refused.code() == "client_opted_out"
            && start.contains("<Message>")
            && sent.status == 201
            && posts.len() == 1,
        "an answer to each word, 409 client_opted_out between them, then 201 and delivered",
    );
}

async fn off_duty(act: &mut Act<'_>, verdicts: &mut Verdicts) {
    verdicts.flow("The booking moves to tomorrow, and its window with it: a text now goes to the owner inbox");
    let moved = act.assign(24 * 60, 25 * 60).await;
    let twiml = act.text("Can you come today?").await;
    let seen = act.read_thread(act.sitter()).await;
    let inboxes = act.get(act.owner(), "threads?scope=owner_inbox").await;
    let inbox = act.read(act.owner(), &inboxes["threads"][0]["id"]).await;
    let asked = |message: &Value| message["content"] == "Can you come today?";
    verdicts.verdict(
        moved.status == 200
            && moved["thread_id"] == json!(act.thread)
            && twiml.ends_with("<Response/>")
            && !seen.iter().any(asked)
            && inbox.iter().any(asked),
        "the same thread and one window; the owner reads the text, the sitter does not",
    );

    verdicts.flow("The sitter writes outside the window");
    let refused = act.write(act.sitter(), "I have a moment now.").await;
    let next = &refused["next_window"];
    verdicts.verdict(
        refused.status == 403
            && refused.code() == "outside_assignment_window"
            && next["starts_at"] == moved["window"]["starts_at"]
            && next["ends_at"] == moved["window"]["ends_at"],
        "403 outside_assignment_window, with the next window",
    );
}

async fn diagnose(act: &Act<'_>, verdicts: &mut Verdicts) {
    verdicts.flow("The owner sees what was decided");
    // The instance counts its requests and hands them in within ten seconds.
    let started = Instant::now();
    let answer = loop {
        let answer = act.stand.get("diagnostics").by(&act.agency.owner).send().await;
        if answer["texting"]["24h"]["sends_outside_window"] == 1 || started.elapsed() > PATIENCE {
            break answer;
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
    };
    let texting = &answer["texting"];
    act.say(&format!("GET /functions/v1/diagnostics as the owner\n{} texting: {}", answer.status, pretty(texting)));
    let reasons: Vec<_> = texting["decisions"].as_array().into_iter().flatten().map(|one| &one["reason"]).collect();
    let day = &texting["24h"];
    verdicts.verdict(
        (&day["blocked"], &day["force_sent"]) == (&json!(2), &json!(1))
            && day["sends_outside_window"] == 1
            && day["owner_inbox"]["no_window"] == 1
            && reasons == ["no_window", "blocked", "one_sitter"]
            && (&texting["outbox"]["backlog"], &texting["outbox"]["dead"]) == (&json!(0), &json!(0))
            && (&texting["threads"]["sitter"], &texting["threads"]["without_number"]) == (&json!(1), &json!(0)),
        "two blocked, one of them force-sent; one text in the owner inbox for want of a window; no backlog",
    );
}
