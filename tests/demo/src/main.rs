//! `make demo`: walks through the marketplace's staging flows over HTTP, then shows what two phones hear at once, then a day of
//! an agency that texts with its clients, then a rollout with a fault, and prints each request, answer and verdict.
//!
//! It uses the runner that `make run` has started for the first two acts, and otherwise a throw-away one. It exits with 1 if a
//! verdict is wrong.

mod agency;
mod live;
mod rehearsal;

use anyhow::{Context, Result, ensure};
use clap::Parser;
use http::Method;
use rolecall_database::{
    demo::{ADA, BEN, DAN, DemoUser, MIA, OLGA},
    env_file,
};
use rolecall_kit::{
    Answer, Stand,
    carrier_api::Carrier,
    client::Client,
    relay::Relay,
    stand::Db,
    token::{self, SECRET},
};
use serde_json::{Value, json};
use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    process::ExitCode,
    time::Duration,
};
use uuid::Uuid;

/// How long a request may take to reach the figures: the instance hands them in within ten seconds.
const PATIENCE: Duration = Duration::from_secs(60);

/// Walks through the flows of a marketplace, of two phones, of an agency and of a rollout over HTTP.
#[derive(Debug, Parser)]
#[command(name = "rolecall-demo")]
struct Options {
    /// The state directory of `rolecall up`, where run.json says what runs
    #[arg(long, default_value = ".rolecall")]
    state_dir: PathBuf,
    /// Do without NATS, as where nats-server is missing
    #[arg(long)]
    no_realtime: bool,
}

fn id(user: DemoUser) -> Uuid {
    user.id.parse().expect("the demo data has uuids")
}

/// Where the demo takes place.
struct Place {
    client: Client,
    secret: String,
    show: Uuid,
    help_request: Uuid,
    /// The throw-away stand, where there is one.
    stand: Option<Stand>,
    /// Its relay.
    _relay: Option<Relay>,
}

impl Place {
    /// The runner that is running, or a throw-away one.
    async fn find(options: &Options, carrier: &Carrier) -> Result<Place> {
        let state_dir = options.state_dir.as_path();
        if let Some((address, admin_url)) = running(state_dir).await {
            println!("Using the runner at {address}.");
            let secret = match given_secret()? {
                Some(secret) => secret,
                None => {
                    let file = state_dir.join("jwt_secret");
                    let secret = std::fs::read_to_string(&file)
                        .with_context(|| format!("the runner's jwt_secret: {}", file.display()))?;
                    secret.trim().to_owned()
                }
            };
            let db = Db::connect(&admin_url).await;
            let demo_users = db.count("rolecall.profiles where id = $1", &[&id(OLGA)]).await;
            ensure!(demo_users == 1, "the demo users are missing; start the runner with --demo-data true");
            let (show, help_request) = prepare(&db).await;
            return Ok(Place { client: Client::new(&address), secret, show, help_request, stand: None, _relay: None });
        }
        println!("No runner is running here; starting a temporary PostgreSQL and runner.");
        let is_live = !options.no_realtime && rolecall_nats::find_program().is_some();
        let stand = temporary(carrier, is_live).await?;
        let relay = if is_live { Some(stand.relay().await) } else { None };
        let (show, help_request) = prepare(&stand.db).await;
        let client = stand.client();
        let secret = SECRET.to_owned();
        Ok(Place { client, secret, show, help_request, stand: Some(stand), _relay: relay })
    }

    /// Sends a request for somebody and prints both sides.
    async fn ask(&self, who: DemoUser, function: &str, body: &Value) -> Answer {
        let answer = self.post(who, function, body).await;
        println!("    {} {}", answer.status, pretty(&answer.body).replace('\n', "\n    "));
        answer
    }

    /// Sends a request for somebody and prints it; what is to be seen of the answer, the caller prints.
    async fn post(&self, who: DemoUser, function: &str, body: &Value) -> Answer {
        println!("    POST /functions/v1/{function} as {} ({})", who.name, who.title());
        println!("      {body}");
        let token = token::hs256(&token::user_claims(id(who)), self.secret.as_bytes());
        self.client.call(Method::POST, function).token(&token).json(body).send().await
    }

    /// Reads something for somebody, and prints no more than that.
    async fn get(&self, who: DemoUser, path: &str) -> Answer {
        println!("    GET /functions/v1/{path} as {} ({})", who.name, who.title());
        let token = token::hs256(&token::user_claims(id(who)), self.secret.as_bytes());
        self.client.call(Method::GET, path).token(&token).send().await
    }

    async fn send_dm(&self, from: DemoUser, to: DemoUser, content: &str) -> Answer {
        self.ask(from, "send-dm", &json!({"recipient_id": id(to), "content": content})).await
    }

    async fn broadcast(&self, from: DemoUser, role: &str, message: &str) -> Answer {
        let body = json!({"show_id": self.show, "recipient_roles": [role], "message": message});
        self.ask(from, "send-broadcast", &body).await
    }

    async fn offer(&self, from: DemoUser, message: &str) -> Answer {
        let body = json!({"help_request_id": self.help_request, "initial_message": message});
        self.ask(from, "start-conversation", &body).await
    }
}

/// A throw-away PostgreSQL and runner with the demo data, whose texts go to this carrier.
async fn temporary(carrier: &Carrier, is_live: bool) -> Result<Stand> {
    let setup = agency::setup(carrier);
    let stand = Stand::own(if is_live { setup.realtime() } else { setup }).await;
    rolecall_database::load_demo(stand.admin_url()).await?;
    Ok(stand)
}

/// An answer's body as it is printed: XML as it is, JSON with indents.
fn pretty(body: &Value) -> String {
    body.as_str().map_or_else(|| serde_json::to_string_pretty(body).unwrap_or_default(), str::to_owned)
}

/// The runner's `jwt_secret`, where it takes it from the environment or from `.env`.
fn given_secret() -> Result<Option<String>> {
    let file = Path::new(".env");
    let entries = if file.is_file() { env_file::read(file)? } else { HashMap::new() };
    env_file::setting("SPIN_VARIABLE_JWT_SECRET", &entries)
}

/// The address and database of the runner with this state directory, if it answers and its database is its own: the demo
/// makes shows and messages and acts as other people, which is nothing for a database of somebody's.
async fn running(state_dir: &Path) -> Option<(String, String)> {
    let run = std::fs::read_to_string(state_dir.join("run.json")).ok()?;
    let run: Value = serde_json::from_str(&run).ok()?;
    let address = run["address"].as_str()?;
    let answer = Client::new(address).call(Method::GET, "/api/health").try_send().await.ok()?;
    let (Some(admin_url), Some(true)) = (run["admin_url"].as_str(), run["embedded"].as_bool()) else {
        println!("The runner at {address} serves a database that is not its own, so the demo leaves it alone.");
        return None;
    };
    (answer.status == 200).then(|| (address.to_owned(), admin_url.to_owned()))
}

/// A fresh show of Olga's in a week, with everybody, and a fresh help request of Ben's: each run has its own quota.
async fn prepare(db: &Db) -> (Uuid, Uuid) {
    let show: Uuid = db
        .one(
            "insert into rolecall.shows (organizer_id, title, starts_at, ends_at)
             values ($1, 'Show of the demo', now() + interval '7 days', now() + interval '9 days')
             returning id",
            &[&id(OLGA)],
        )
        .await;
    let people: Vec<Uuid> = [ADA, BEN, DAN, MIA].map(id).to_vec();
    let sql = "insert into rolecall.show_participants (show_id, user_id) select $1, unnest($2::uuid[])";
    db.run(sql, &[&show, &people]).await;
    let sql = "insert into rolecall.help_requests (requester_id, title) values ($1, 'Help with carrying') returning id";
    (show, db.one(sql, &[&id(BEN)]).await)
}

/// Counts the checks and prints them.
#[derive(Default)]
struct Verdicts {
    right: usize,
    wrong: usize,
}

impl Verdicts {
    fn flow(&self, title: &str) {
        println!("\n{}. {title}\n", self.right + self.wrong + 1);
    }

    fn verdict(&mut self, holds: bool, sentence: &str) {
        if holds {
            self.right += 1;
            println!("  OK: {sentence}");
        } else {
            self.wrong += 1;
            println!("  WRONG, expected: {sentence}");
        }
    }
}

async fn walk(place: &Place) -> Verdicts {
    let mut verdicts = Verdicts::default();
    direct_messages(place, &mut verdicts).await;
    broadcasts(place, &mut verdicts).await;
    help(place, &mut verdicts).await;
    verdicts
}

async fn direct_messages(place: &Place, verdicts: &mut Verdicts) {
    verdicts.flow("An attendee writes to an MVP dealer");
    let sent = place.send_dm(ADA, MIA, "Is the holographic Charizard still there?").await;
    let has_seq = sent["seq"].as_i64().is_some_and(|seq| seq >= 1);
    verdicts.verdict(sent.status == 201 && has_seq, "201, with the number of the message in the conversation");

    verdicts.flow("An attendee may not write to a dealer, and the answer says why");
    let refused = place.send_dm(ADA, DAN, "Is the holographic Charizard still there?").await;
    let rule = refused.reasons() == ["attendee_writes_to_mvp_dealers_only"];
    verdicts.verdict(
        refused.status == 403 && rule && refused["reasons"][0]["allowed_if"].is_string(),
        "403 permission_denied, with the rule and what would make it allowed",
    );
}

async fn broadcasts(place: &Place, verdicts: &mut Verdicts) {
    for (number, left) in [("first", 1), ("second", 0)] {
        verdicts.flow(&format!("The organizer's {number} broadcast before the show"));
        let sent = place.broadcast(OLGA, "attendee", "Doors open at nine.").await;
        let quota = sent["quota_remaining"]["pre_show"] == left;
        verdicts.verdict(
            sent.status == 201 && quota && sent["audience_count"] == 2,
            &format!("201 to two attendees, {left} left before the show"),
        );
    }
    verdicts.flow("The organizer's third broadcast exceeds the quota of the day");
    let refused = place.broadcast(OLGA, "attendee", "Doors open at nine.").await;
    let when = refused["reset_at"].as_str().is_some_and(|at| at.ends_with("T02:00:00.000000Z"));
    verdicts.verdict(
        refused.status == 429
            && refused.code() == "quota_exceeded"
            && when
            && !refused.header("retry-after").is_empty(),
        "429 quota_exceeded, with the time of the reset (02:00 UTC)",
    );

    verdicts.flow("An MVP dealer broadcasts to attendees");
    let sent = place.broadcast(MIA, "attendee", "Everything at booth 12 is half price.").await;
    verdicts.verdict(sent.status == 201 && sent["audience_count"] == 2, "201 to two attendees");

    verdicts.flow("An MVP dealer cannot broadcast to dealers");
    let refused = place.broadcast(MIA, "dealer", "Everything at booth 12 is half price.").await;
    verdicts.verdict(
        refused.status == 403 && refused.reasons() == ["mvp_dealer_broadcasts_to_attendees_only"],
        "403 permission_denied, with the rule",
    );
}

async fn help(place: &Place, verdicts: &mut Verdicts) {
    verdicts.flow("A helper starts a conversation about a help request");
    let started = place.offer(ADA, "I can carry your binder on Saturday.").await;
    verdicts.verdict(
        started.status == 201 && started["version"] == "v2",
        "201; conversation and first message are created in one step",
    );

    verdicts.flow("The same helper cannot start a second conversation");
    let again = place.offer(ADA, "I can carry your binder on Sunday as well.").await;
    let same = again["conversation_id"].is_string() && again["conversation_id"] == started["conversation_id"];
    verdicts.verdict(
        again.status == 409 && again.code() == "conversation_exists" && same,
        "409 conversation_exists, with the id of the first",
    );

    verdicts.flow("Nobody can offer help on their own request");
    let refused = place.offer(BEN, "I shall carry it myself then.").await;
    let said = refused["detail"].as_str().is_some_and(|detail| detail.contains("own request"));
    verdicts.verdict(
        refused.status == 400 && refused.code() == "invalid_input" && said,
        "400 invalid_input, and the detail says why",
    );
}

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() -> Result<ExitCode> {
    let options = Options::parse();
    let carrier = agency::carrier().await;
    let place = Place::find(&options, &carrier).await?;
    println!("\nAct one: a marketplace.");
    let mut verdicts = walk(&place).await;
    println!("\nAct two: what one sends, the other sees at once, and what a phone missed comes in one call.");
    live::play(&place, &mut verdicts).await?;
    let Place { stand, _relay, .. } = place;
    let stand = match stand {
        Some(stand) => stand,
        None => {
            println!(
                "\nThe rest takes place in a temporary PostgreSQL and runner: it texts, and breaks things on purpose."
            );
            temporary(&carrier, false).await?
        }
    };
    println!(
        "\nAct three: an agency texts with its clients through masked numbers. The carrier is one of the demo's own."
    );
    agency::play(&stand, &carrier, &mut verdicts).await;
    println!("\nAct four: a rollout, beside an app's own conversations.");
    rehearsal::rehearse(&stand, &mut verdicts).await?;
    println!("\n{} of {} checks passed.", verdicts.right, verdicts.right + verdicts.wrong);
    Ok(if verdicts.wrong == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
