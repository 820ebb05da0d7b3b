//! The rehearsal: an app with conversations of its own gets Rolecall, the feature goes from nobody to everybody in stages,
//! it breaks under steady requests, and it is back within a minute. The app notices nothing of it.

use crate::support::Machine;
use http::Method;
use rolecall_database::{adopt, connect, unadopt};
use rolecall_kit::{Answer, Call, Receiver, client::Client, token};
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use tokio::{task::JoinSet, time::interval};
use uuid::Uuid;

#[path = "../../../../migrations/tests/support/neighbour.rs"]
mod neighbour;
use neighbour::{APP, everything_else};

/// Where the app keeps what Rolecall reads.
const MAPPING: &str = include_str!("../../../../docs/install/adopt.toml");

/// How long a feature may go on failing.
const BOUND: Duration = Duration::from_secs(60);

/// From one offer to the next: 20 a second.
const PACE: Duration = Duration::from_millis(50);

/// People who join the app before the rehearsal, and the app's requests that take offers.
const HELPERS: u32 = 400;
const REQUESTS: [u32; 6] = [1, 4, 5, 8, 9, 12];

/// The flag that is rolled out.
const FLAG: &str = "start-conversation";

/// A row of the app: `a` a user, `b` a help request.
fn id(kind: char, number: u32) -> Uuid {
    format!("{kind}0000000-0000-4000-8000-{number:012}").parse().expect("a uuid")
}

/// The app with Rolecall beside it, and whoever is on call.
struct Rehearsal {
    machine: Machine,
    client: Client,
    secret: String,
    pager: Receiver,
}

impl Rehearsal {
    /// Installs Rolecall beside the app, which has no feature on yet.
    async fn begin() -> (Rehearsal, String) {
        let mut machine = Machine::new().await;
        let joined = format!(
            "insert into public.profiles (id, name)
             select ('a0000000-0000-4000-8000-' || lpad(number::text, 12, '0'))::uuid, 'Helper ' || number
             from generate_series(1001, {}) as number",
            1000 + HELPERS
        );
        machine.sql(&[APP, &joined]).await;
        let before = everything_else(&machine.cluster, &machine.url(), &[]).await;
        let pager = Receiver::start().await;
        machine.set("SPIN_VARIABLE_ALERT_URL", &format!("http://{}", pager.address));
        machine.set("SPIN_VARIABLE_ALERT_HOST", "127.0.0.1");
        machine.run("deploy", &[]).await.done();
        let adopted = adopt(&machine.url(), MAPPING).await.expect("the example fits the app");
        assert_eq!((adopted.help_requests, adopted.conversations, adopted.missed), (Some(12), Some(16), 0));
        machine.sql(&["update rolecall.rate_limits set capacity = null"]).await;
        let secret = std::fs::read_to_string(machine.state().join("jwt_secret")).unwrap().trim().to_owned();
        let client = machine.client();
        (Rehearsal { machine, client, secret, pager }, before)
    }

    fn token(&self, user: Uuid) -> String {
        token::hs256(&token::user_claims(user), self.secret.as_bytes())
    }

    /// A request of the operator.
    fn operate(&self, path: &str, body: &Value) -> Call {
        let token = token::hs256(&token::claims(None, "service_role"), self.secret.as_bytes());
        self.client.call(Method::POST, path).token(&token).json(body)
    }

    /// An offer: each number is another pair of helper and request.
    fn offer(&self, number: u32) -> Call {
        let request = REQUESTS[(number as usize) % REQUESTS.len()];
        let helper = 1001 + (number / REQUESTS.len() as u32) % HELPERS;
        let body = json!({"help_request_id": id('b', request), "initial_message": "I can drive you there."});
        self.client.call(Method::POST, "start-conversation").token(&self.token(id('a', helper))).json(&body)
    }

    /// The conversations that a user of the app is shown: V1's and V2's.
    async fn list(&self, user: u32) -> (Vec<Value>, Vec<Value>) {
        let call = self.client.call(Method::GET, "help-conversations?limit=100").token(&self.token(id('a', user)));
        let listed: Answer = call.expect(200).await;
        listed.items("conversations").iter().cloned().partition(|one| one["badge"] == "Legacy Conversation")
    }

    /// Goes on to `rollout`: refused without figures, and granted with those of a stage that went well.
    async fn advance_to(&self, rollout: &str) {
        let body = json!({"flag": FLAG, "reason": "The rehearsal."});
        let refused = self.operate("rollout/advance", &body).send().await;
        assert_eq!((refused.status, refused.body["code"].as_str()), (409, Some("rollout_criteria_unmet")));
        self.machine
            .sql(&[
                "insert into rolecall.request_metrics as metric (slot, function, code, org_id, bucket, stripe, requests)
                 values (date_bin('1 minute', now(), '2000-01-01 00:00:00+00'), 'start-conversation', 'ok',
                   '00000000-0000-0000-0000-000000000000', 10, 0, 1000)
                 on conflict (org_id, slot, function, code, bucket, stripe, minutes, day_slot) do update
                 set requests = metric.requests + excluded.requests",
                "update rolecall.rollout_states set since = now() - interval '8 days'",
            ])
            .await;
        let advanced = self.operate("rollout/advance", &body).send().await;
        assert_eq!((advanced.status, advanced.body["rollout"].as_str()), (200, Some(rollout)), "{}", advanced.body);
    }

    /// Offers, 20 in a second, until one is told that the feature is off. When the first failed.
    async fn offer_until_it_is_off(&self, first: u32) -> Instant {
        let mut clock = interval(PACE);
        let mut offers = JoinSet::new();
        let mut first_failure = None;
        let mut is_off = false;
        for number in first..REQUESTS.len() as u32 * HELPERS {
            clock.tick().await;
            offers.spawn(self.offer(number).send());
            while let Some(answer) = offers.try_join_next() {
                let answer = answer.expect("each is answered");
                match answer.status {
                    201 => {}
                    500 | 503 | 504 => _ = first_failure.get_or_insert_with(Instant::now),
                    404 if answer.body["code"] == "feature_disabled" => is_off = true,
                    status => panic!("{status}: {}", answer.body),
                }
            }
            if is_off {
                // Those that are under way end, one way or the other.
                offers.join_all().await;
                return first_failure.expect("nothing has failed");
            }
        }
        panic!("it is still on after as many offers as there are");
    }
}

/// The whole way, with a feature that breaks by `fault`.
async fn rehearse(fault: &str) {
    let (rehearsal, before) = Rehearsal::begin().await;
    let machine = &rehearsal.machine;

    // Nobody, some, everybody.
    let off = rehearsal.offer(0).send().await;
    assert_eq!((off.status, off.body["code"].as_str()), (404, Some("feature_disabled")));
    let on = json!({"flag": "messaging_v2_enabled", "rollout": "enabled", "reason": "The rehearsal."});
    assert_eq!(rehearsal.operate("rollout/set", &on).send().await.status, 200);
    let internal = json!({"flag": FLAG, "rollout": "internal", "reason": "The rehearsal."});
    assert_eq!(rehearsal.operate("rollout/set", &internal).send().await.status, 200);
    machine.sql(&[&format!("update rolecall.profiles set is_internal = true where id = '{}'", id('a', 1001))]).await;
    assert_eq!(rehearsal.offer(0).send().await.status, 201, "the app's own request, and a helper of the team");
    assert_eq!(rehearsal.offer(6).send().await.status, 404, "another helper");
    for rollout in ["percentage:10", "percentage:50", "enabled"] {
        rehearsal.advance_to(rollout).await;
    }
    for number in 6..26 {
        assert_eq!(rehearsal.offer(number).send().await.status, 201, "offer {number}");
    }
    let (v1, v2) = rehearsal.list(1).await;
    assert!(!v1.is_empty() && v2.len() > 1, "{v1:?} {v2:?}");

    // The fault, and the way back.
    machine
        .sql(&[
            &format!(
                "create function public.fault() returns trigger language plpgsql as $$ begin {fault} return new; end $$"
            ),
            "create trigger fault before insert on public.messages_v2 for each row execute function public.fault()",
        ])
        .await;
    let first_failure = rehearsal.offer_until_it_is_off(26).await;
    let failing = first_failure.elapsed();
    let age = connect(&machine.url())
        .await
        .unwrap()
        .query_one(
            "select extract(epoch from clock_timestamp() - max(created_at))::float8 from public.conversations_v2",
            &[],
        )
        .await
        .unwrap();
    let to_last_write = failing.saturating_sub(Duration::from_secs_f64(age.get(0)));
    println!("the last write was {to_last_write:?} after the first failure");
    assert!(to_last_write < BOUND, "{to_last_write:?}");
    let decided = machine
        .number("select count(*) from rolecall.rollout_decisions where actor = 'guard' and action = 'rollback' and to_rollout = 'disabled'")
        .await;
    assert_eq!(decided, 1);
    assert_eq!(rehearsal.operate("alerts", &json!({})).send().await.status, 200);
    let pages: Vec<Value> = rehearsal.pager.got().into_iter().map(|got| got.body).collect();
    assert!(json!(pages).to_string().contains("rollout_rolled_back"), "{pages:?}");

    // What was written stays and is read; V1 is as it was.
    let (v1_after, v2_after) = rehearsal.list(1).await;
    assert_eq!(v1_after, v1);
    assert!(v2_after.len() >= v2.len(), "{v2_after:?}");
    let written = machine.number("select count(*) from public.conversations_v2").await;
    machine.sql(&["drop trigger fault on public.messages_v2", "drop function public.fault()"]).await;
    machine.run("undeploy", &[]).await.done();
    assert_eq!(machine.number("select count(*) from public.conversations_v2").await, written);
    assert!(unadopt(&machine.url()).await.expect("nothing is in the way"));
    assert_eq!(everything_else(&machine.cluster, &machine.url(), &[]).await, before, "the app, to the byte");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_feature_that_breaks_now_and_then_is_back_within_a_minute_and_the_app_is_as_it_was() {
    // Every other offer, so that there are writes until the end.
    rehearse("if random() < 0.5 then raise exception 'broken'; end if;").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_feature_that_hangs_is_back_within_a_minute_and_the_app_is_as_it_was() {
    rehearse("perform pg_sleep(6);").await;
}
