//! The TypeScript client, live and with its outbox, against the real functions, relay and NATS.
//!
//! `make test` builds it (`make client`) and installs what it is run on (`make client-runtimes need-chromium`).

use crate::http::typescript::node;
use rolecall_e2e::{Role, Setup, Stand, User, fixtures::Starts, report};
use serde_json::{Value, json};
use std::time::Duration;
use tokio::task::spawn_blocking;

fn shown(user: &User) -> Value {
    json!({"id": user.id, "token": user.token})
}

/// Two who may write to each other.
async fn pair(stand: &Stand) -> (User, User, Value) {
    let [organizer, attendee, dealer] = stand.users([Role::ShowOrganizer, Role::Attendee, Role::MvpDealer]).await;
    let show = stand.show(&organizer, Starts::InAWeek).await;
    stand.join(show, &[&attendee, &dealer]).await;
    (attendee, dealer, json!(show))
}

async fn setup(stand: &Stand) -> Value {
    let (one, other, show) = pair(stand).await;
    json!({"baseUrl": stand.runner().address(), "one": shown(&one), "other": shown(&other), "show": show})
}

async fn run(program: &'static str, setup: Value) -> String {
    spawn_blocking(move || node(program, &setup)).await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_typed_in_one_window_is_seen_in_the_other_and_after_a_cut_both_are_whole() {
    let stand = Stand::own(Setup::new().without_rate_limits().realtime()).await;
    let _relay = stand.relay().await;
    assert_eq!(run("live/windows.mjs", setup(&stand).await).await.trim(), "both windows are whole");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_written_on_node_bun_deno_and_chromium_is_told_there() {
    let stand = Stand::own(Setup::new().without_rate_limits().realtime()).await;
    let _relay = stand.relay().await;
    let mut pairs = json!({});
    let mut shows = json!({});
    for runtime in ["node", "bun", "deno", "chromium"] {
        let (one, other, show) = pair(&stand).await;
        pairs[runtime] = json!([shown(&one), shown(&other)]);
        shows[runtime] = show;
    }
    let printed =
        run("live/runtimes.mjs", json!({"baseUrl": stand.runner().address(), "shows": shows, "pairs": pairs})).await;
    assert!(printed.trim().ends_with("every platform is live"), "{printed}");
    report(&printed);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_documentation_shows_of_live_offline_and_catch_up_works() {
    let stand = Stand::own(Setup::new().without_rate_limits().realtime()).await;
    let _relay = stand.relay().await;
    assert_eq!(run("live/docs.mjs", setup(&stand).await).await.trim(), "what the documentation shows works");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn both_are_whole_although_relay_and_nats_are_killed_while_they_write() {
    let stand = Stand::own(Setup::new().without_rate_limits().realtime()).await;
    let mut relay = stand.relay().await;
    let writing = tokio::spawn(run("live/stand.mjs", setup(&stand).await));
    let mut kills = 0;
    while !writing.is_finished() {
        tokio::time::sleep(Duration::from_millis(1_500)).await;
        if kills % 2 == 0 {
            relay.kill().unwrap();
            relay = stand.relay().await;
        } else {
            stand.crash_nats().await;
        }
        kills += 1;
    }
    report(writing.await.unwrap().trim());
    assert!(kills >= 4, "{kills} kills");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_realtime_is_off_the_client_polls_and_is_whole() {
    let stand = Stand::own(Setup::new().without_rate_limits()).await;
    let mut setup = setup(&stand).await;
    setup["polling"] = json!(true);
    report(run("live/stand.mjs", setup).await.trim());
}
