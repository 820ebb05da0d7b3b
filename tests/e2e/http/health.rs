//! Health, of the application and of each function.

use futures::future::join_all;
use http::Method;
use rolecall_e2e::{Code, Setup, Stand, endpoints::health_paths, until};
use rolecall_postgres::Mode;
use std::{
    collections::BTreeSet,
    time::{Duration, Instant},
};

#[tokio::test]
async fn health_is_ok_without_a_token_and_names_the_version() {
    let stand = Stand::shared().await;
    for path in &health_paths() {
        let health = stand.get(path).expect(200).await;
        assert_eq!(health["status"], "ok", "{path}");
        assert_eq!(health["database"], "ok", "{path}");
        assert_eq!(health["version"], env!("CARGO_PKG_VERSION"), "{path}");
        // Without an address of keys there is nothing to tell of them.
        assert_eq!(health.body.get("keys"), None, "{path}");
        assert_eq!(health.header("content-type"), "application/json");
        assert_eq!(health.header("cache-control"), "no-store");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn health_is_503_while_the_database_is_away_and_ok_when_it_is_back() {
    let stand = Stand::own(Setup::new().own_cluster()).await;
    for path in &health_paths() {
        stand.get(path).expect(200).await;
    }
    let cluster = stand.cluster.clone().unwrap();
    let mut cluster = cluster.lock().await;
    tokio::task::block_in_place(|| cluster.stop(Mode::Fast)).unwrap();
    // A failure is hidden for a second at most: until then an answer may be that of before.
    let found_out = Instant::now() + Duration::from_secs(1);
    until("the second is over", async || {
        let health = stand.get("/api/health").send().await;
        assert!(matches!(health.status, 200 | 503), "{}", health.body);
        (Instant::now() > found_out).then_some(())
    })
    .await;
    for path in &health_paths() {
        let health = stand.get(path).expect(503).await;
        assert_eq!(health["status"], "unavailable", "{path}");
        assert_eq!(health["database"], "unreachable", "{path}");
        assert!(health["version"].is_string());
        assert_eq!(health.header("retry-after"), "1");
        let line = stand.runner().request_line(health.request_id());
        assert_eq!((&line["level"], &line["code"]), (&"error".into(), &"database_unavailable".into()), "{line}");
        assert!(line["cause"].as_str().is_some_and(|cause| !cause.is_empty()), "{line}");
    }
    tokio::task::block_in_place(|| cluster.start_again()).unwrap();
    until("health is ok again", async || (stand.get("/api/health").send().await.status == 200).then_some(())).await;
    for path in &health_paths() {
        until("every function is well again", async || (stand.get(path).send().await.status == 200).then_some(()))
            .await;
    }
}

/// Makes the check of the health note each time that it is made.
const NOTED: &str = "
    create table public.asked (at timestamptz);
    create or replace function rolecall_edge.health(p_request jsonb)
    returns jsonb
    language plpgsql
    volatile
    security definer
    as $$
    begin
      insert into public.asked values (clock_timestamp());
      return rolecall_internal.success(jsonb_build_object('database', 'ok', 'migration', 0));
    end
    $$;";

/// How many clients ask these paths.
fn askers(paths: &BTreeSet<String>) -> usize {
    8.max(paths.len()) * 2
}

/// Asks these paths for their health, each from several clients at once, for so long: how many answers there were, and how
/// long it was.
async fn ask_all(stand: &Stand, paths: &BTreeSet<String>, time: Duration) -> (usize, Duration) {
    let begun = Instant::now();
    let clients = paths.iter().cycle().take(askers(paths)).map(async |path| {
        let mut answers = 0;
        while begun.elapsed() < time {
            stand.get(path).expect(200).await;
            answers += 1;
        }
        answers
    });
    let answers: Vec<usize> = join_all(clients).await;
    (answers.iter().sum(), begun.elapsed())
}

#[tokio::test]
async fn health_asks_the_database_once_a_second_however_many_ask() {
    let stand = Stand::own(Setup::new().flag("--instances", "1")).await;
    stand.db.script(NOTED).await;
    let asked = async || stand.db.count("public.asked", &[]).await;
    // All paths of one component, which has one instance here.
    let moderation = health_paths().into_iter().filter(|path| path.contains("/moderation")).collect::<BTreeSet<_>>();
    assert!(moderation.len() > 3, "{moderation:?}");
    let (answers, time) = ask_all(&stand, &moderation, Duration::from_secs(3)).await;
    let statements = asked().await;
    println!("{answers} answers in {time:?}, {statements} statements");
    assert!(statements >= 2, "{statements}");
    let most = (time.as_secs_f64() + 1.0) * instances(&stand, askers(&moderation));
    assert!(statements as f64 <= most, "{statements} statements in {time:?}");
    assert!(answers as i64 > 5 * statements, "{answers} answers, {statements} statements");

    // All paths there are: each component knows for itself.
    let components: BTreeSet<String> = health_paths().iter().map(|path| component(path)).collect();
    let (_, time) = ask_all(&stand, &health_paths(), Duration::from_secs(2)).await;
    let more = asked().await - statements;
    let asked_by = instances(&stand, askers(&health_paths())) * components.len() as f64;
    assert!(more as f64 <= (time.as_secs_f64() + 1.0) * asked_by, "{more} statements in {time:?}");
}

/// The component that answers on a path.
fn component(path: &str) -> String {
    let path = path.strip_prefix("/functions/v1/").unwrap_or(path);
    path.split('/').find(|part| !part.is_empty()).unwrap_or_default().to_owned()
}

/// The instances of a component that these many requests at once may reach, each of which asks the database for itself: Spin
/// may pass each request to one of its own.
fn instances(stand: &Stand, requests: usize) -> f64 {
    if stand.runs_on_spin() { requests as f64 } else { 1.0 }
}

/// Lets the answer of the runner's own start become older than it is shared for.
async fn after_the_start() {
    tokio::time::sleep(Duration::from_millis(1100)).await;
}

#[tokio::test]
async fn who_asks_for_health_while_it_is_asked_for_shares_the_answer() {
    let stand = Stand::own(Setup::new().flag("--instances", "1")).await;
    after_the_start().await;
    stand.db.script(NOTED).await;
    // Whoever notes it waits for this lock.
    let holder = stand.connect().await;
    holder.script("begin; lock table public.asked").await;
    let asking = async || join_all((0..20).map(|_| stand.get("/api/health").expect(200))).await;
    let waiting = async {
        until("the database is asked", async || {
            let asks = "pg_stat_activity where wait_event_type = 'Lock' and query like '%rolecall_edge.health%'";
            (stand.db.count(asks, &[]).await >= 1).then_some(())
        })
        .await;
        holder.script("rollback").await;
    };
    let (answers, ()) = futures::future::join(asking(), waiting).await;
    assert!(answers.iter().all(|health| health["database"] == "ok"));
    let ids: BTreeSet<&str> = answers.iter().map(|health| health.request_id()).collect();
    assert_eq!(ids.len(), 20, "each answer has its own request's id");
    for id in ids {
        assert_eq!(stand.runner().request_line(id)["level"], "info");
    }
    let asked = stand.db.count("public.asked", &[]).await;
    assert!(asked >= 1 && asked as f64 <= instances(&stand, 20), "{asked}");
}

#[tokio::test]
async fn who_asks_first_and_goes_leaves_nobody_waiting() {
    let stand = Stand::own(Setup::new().flag("--instances", "1")).await;
    after_the_start().await;
    stand.db.script(NOTED).await;
    let holder = stand.connect().await;
    holder.script("begin; lock table public.asked").await;
    // The first asks, and is gone before there is an answer; the others have come meanwhile.
    let first = tokio::spawn(stand.get("/api/health").try_send());
    let asks = "pg_stat_activity where wait_event_type = 'Lock' and query like '%rolecall_edge.health%'";
    until("the database is asked", async || (stand.db.count(asks, &[]).await == 1).then_some(())).await;
    let others = join_all((0..10).map(|_| stand.get("/api/health").expect(200)));
    let goes = async {
        first.abort();
        let _ = first.await;
        holder.script("rollback").await;
    };
    let (answers, ()) = futures::future::join(others, goes).await;
    assert!(answers.iter().all(|health| health["status"] == "ok"));
    let asked = stand.db.count("public.asked", &[]).await;
    // The one who went, and one for all others.
    assert!(asked as f64 <= 1.0 + instances(&stand, 10), "{asked}");
}

#[tokio::test]
async fn the_path_of_health_takes_nothing_but_get() {
    let stand = Stand::shared().await;
    for method in [Method::POST, Method::PUT, Method::DELETE, Method::PATCH] {
        let refusal = stand.call(method, "/api/health").expect(405).await.refused(Code::MethodNotAllowed);
        assert_eq!(refusal.header("allow"), "GET, HEAD, OPTIONS");
    }
}
