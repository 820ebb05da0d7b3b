//! The runner and PostgreSQL end by SIGKILL while 10,000 texts are handed to a carrier that is slow, closes early, answers
//! 500, 429 and 400, or never: none is lost, none is posted twice, and every one of which nobody knows is counted.

use crate::sms::texts::{Kind, Texts};
use http::Method;
use rolecall_e2e::{Setup, Stand, carrier_api::Carrier, client::Client, report, token, until};
use serde_json::json;
use std::{
    process::Command,
    sync::{
        Arc, RwLock,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};
use uuid::Uuid;

const CLIENTS: usize = 2_000;
const EACH: usize = 5;
const TEXTS: usize = CLIENTS * EACH;
/// Deliveries at the same time.
const CALLERS: usize = 3;
/// Texts that one delivery has leased at a moment.
const BATCH: usize = 50;

#[derive(Clone, Copy, Debug)]
enum Crash {
    Runner,
    Database,
    Both,
}

const CRASHES: [Crash; 7] =
    [Crash::Runner, Crash::Database, Crash::Both, Crash::Database, Crash::Runner, Crash::Database, Crash::Runner];

fn kind(client: usize, place: usize) -> Kind {
    match (client * EACH + place) % 1000 {
        5 => Kind::Hangs,
        at if at % 500 == 3 => Kind::Busy,
        at => match at % 100 {
            10 => Kind::Slow,
            21 => Kind::ClosesEarly,
            32 => Kind::Broken,
            44 => Kind::Refused,
            _ => Kind::Taken,
        },
    }
}

/// Calls the delivery again and again.
async fn call(client: Arc<RwLock<Client>>, is_over: Arc<AtomicBool>) {
    while !is_over.load(Ordering::SeqCst) {
        let client = client.read().unwrap().clone();
        let call = client.call(Method::POST, "deliver-sms").json(&json!({})).token(&token::operator());
        match call.try_send().await {
            Ok(answer) if answer.status == 200 && answer["more"] == true => {}
            // Nothing is due, or one of the two is gone.
            _ => tokio::time::sleep(Duration::from_millis(100)).await,
        }
    }
}

fn kill(pid: &str) {
    assert!(Command::new("kill").args(["-KILL", pid]).status().unwrap().success());
}

async fn crash(stand: &mut Stand, client: &RwLock<Client>, what: Crash) {
    let file: String = stand.connect().await.one("select pg_read_file('postmaster.pid')", &[]).await;
    if matches!(what, Crash::Runner | Crash::Both) {
        stand.runner().kill();
    }
    if matches!(what, Crash::Database | Crash::Both) {
        kill(file.lines().next().unwrap());
        let cluster = stand.cluster.clone().unwrap();
        let mut cluster = cluster.lock().await;
        until("PostgreSQL has ended", async || cluster.ended()).await;
        until("PostgreSQL starts again", async || tokio::task::block_in_place(|| cluster.start_again()).ok()).await;
    }
    if matches!(what, Crash::Runner | Crash::Both) {
        tokio::task::block_in_place(|| stand.runner().wait());
        assert_no_number(&stand.runner().lines());
        // Nobody is left who could say what became of these; the minute that the leases have left is not waited for.
        let db = stand.connect().await;
        db.script("update rolecall.sms_outbox set leased_until = now() - interval '1 second' where status = 'leased'")
            .await;
        stand.start_runner_again().await;
        *client.write().unwrap() = stand.client();
    }
}

/// Asserts that no line has a phone number: a plus and ten digits.
fn assert_no_number(lines: &[String]) {
    for line in lines {
        let has_number =
            line.split('+').skip(1).any(|rest| rest.chars().take_while(char::is_ascii_digit).count() >= 10);
        assert!(!has_number, "{line}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_text_is_lost_or_posted_twice_whatever_crashes() {
    let begun = Instant::now();
    let carrier = Carrier::start(|content, before| Kind::of(content).reaction(before)).await;
    let variables = carrier.variables();
    let setup = variables.iter().fold(Setup::new().own_cluster(), |setup, (name, value)| setup.variable(name, value));
    let mut stand = Stand::own(setup).await;
    let agency = stand.agency().await;
    let texts = Texts::mixed(&stand, &agency, CLIENTS, EACH, kind).await;
    assert_eq!(texts.all().len(), TEXTS);

    let client = Arc::new(RwLock::new(stand.client()));
    let is_over = Arc::new(AtomicBool::new(false));
    let callers: Vec<_> = (0..CALLERS).map(|_| tokio::spawn(call(client.clone(), is_over.clone()))).collect();
    for (round, what) in CRASHES.into_iter().enumerate() {
        // Where in its work a crash finds a delivery is left to chance.
        let at = (round + 1) * TEXTS / (CRASHES.len() + 2) + (Uuid::new_v4().as_u128() >> 80) as usize % 200;
        until("texts are posted", async || (carrier.count() >= at).then_some(())).await;
        crash(&mut stand, &client, what).await;
    }
    until("nothing waits", async || {
        let waiting = "rolecall.sms_outbox where status in ('queued', 'leased')";
        (stand.connect().await.count(waiting, &[]).await == 0).then_some(())
    })
    .await;
    is_over.store(true, Ordering::SeqCst);
    for caller in callers {
        caller.await.unwrap();
    }
    assert_no_number(&stand.runner().lines());

    let taken = carrier.taken();
    assert!(taken.values().all(|&times| times == 1), "a text was posted twice");
    texts.assert_order(&carrier);
    let db = stand.connect().await;
    let sql = "select outbox.id, outbox.status, outbox.error_code, outbox.status = message.delivery
        from rolecall.sms_outbox as outbox
        join rolecall.thread_messages as message using (organization_id, thread_id, seq)";
    let rows = db.query(sql, &[]).await.unwrap();
    assert_eq!(rows.len(), TEXTS, "a text was lost");
    let (mut sent, mut dead, mut certain_by_kind, mut interrupted, mut had) = (0, 0, 0, 0, 0);
    for row in &rows {
        let (id, status, error): (Uuid, String, Option<i32>) = (row.get(0), row.get(1), row.get(2));
        let kind = texts.all()[&id].kind;
        assert!(row.get::<_, bool>(3), "the message of {id} says something else than {status}");
        let is_taken = taken.contains_key(&id);
        match status.as_str() {
            "sent" => {
                assert!(is_taken, "{kind:?} was not taken");
                assert!(!matches!(kind, Kind::ClosesEarly | Kind::Hangs | Kind::Refused), "{kind:?} is sent");
                sent += 1;
            }
            "dead" => {
                assert!(!is_taken && kind == Kind::Refused && error == Some(21211), "{kind:?} is dead with {error:?}");
                dead += 1;
            }
            "uncertain" if matches!(kind, Kind::ClosesEarly | Kind::Hangs) => certain_by_kind += 1,
            "uncertain" => {
                interrupted += 1;
                had += usize::from(is_taken);
            }
            other => panic!("{kind:?} is {other}"),
        }
    }
    assert_eq!(sent + dead + certain_by_kind + interrupted, TEXTS);
    assert!(interrupted <= CRASHES.len() * CALLERS * BATCH, "{interrupted} texts were interrupted");
    let counted: i64 = db.one("select uncertain from rolecall_monitoring.sms_outbox", &[]).await;
    assert_eq!(usize::try_from(counted).unwrap(), certain_by_kind + interrupted, "uncertain texts are counted");
    report(&format!(
        "{} crashes in {:.0} s: {sent} of {TEXTS} texts sent, {dead} refused, {certain_by_kind} without an answer, \
         {interrupted} interrupted, of which the carrier has {had}; {} posts",
        CRASHES.len(),
        begun.elapsed().as_secs_f64(),
        carrier.count(),
    ));
}
