//! Health, of the application and of each function.

use http::Method;
use rolecall_e2e::{Code, Setup, Stand, endpoints::health_paths, until};
use rolecall_postgres::Mode;

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
    stand.get("/api/health").expect(200).await;
    let cluster = stand.cluster.clone().unwrap();
    let mut cluster = cluster.lock().await;
    tokio::task::block_in_place(|| cluster.stop(Mode::Fast)).unwrap();
    for path in &health_paths() {
        let health = stand.get(path).expect(503).await;
        assert_eq!(health["status"], "unavailable", "{path}");
        assert_eq!(health["database"], "unreachable", "{path}");
        assert!(health["version"].is_string());
    }
    tokio::task::block_in_place(|| cluster.start_again()).unwrap();
    until("health is ok again", async || (stand.get("/api/health").send().await.status == 200).then_some(())).await;
    for path in &health_paths() {
        until("every function is well again", async || (stand.get(path).send().await.status == 200).then_some(()))
            .await;
    }
}

#[tokio::test]
async fn the_path_of_health_takes_nothing_but_get() {
    let stand = Stand::shared().await;
    for method in [Method::POST, Method::PUT, Method::DELETE, Method::PATCH] {
        let refusal = stand.call(method, "/api/health").expect(405).await.refused(Code::MethodNotAllowed);
        assert_eq!(refusal.header("allow"), "GET, HEAD, OPTIONS");
    }
}
