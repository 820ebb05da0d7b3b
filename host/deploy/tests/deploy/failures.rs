//! A failure at every step is caused; each ends with an exit code and the way back, and leaves no maintenance behind.

use crate::support::{Machine, is_alive};
use http::Method;

#[tokio::test]
async fn the_preflight_names_what_is_missing_and_changes_nothing() {
    let mut machine = Machine::new().await;
    let none = |said: crate::support::Said| said.failed_at("preflight").says(&["nothing was changed"]);
    none(machine.run("deploy", &[("DATABASE_URL", "")]).await).says(&["DATABASE_URL is missing"]);
    none(machine.run("deploy", &[("RUNNER", "/no/such/rolecall")]).await)
        .says(&["/no/such/rolecall is missing", "make build"]);
    let (url, port) = (machine.url(), machine.cluster.port());
    let away = url.replace(&format!(":{port}/"), ":1/");
    none(machine.run("deploy", &[("DATABASE_URL", &away)]).await).says(&["nobody listens there"]);
    let password = url.split("postgres:").nth(2).and_then(|rest| rest.split('@').next()).unwrap();
    let wrong = url.replace(password, "wrong");
    none(machine.run("deploy", &[("DATABASE_URL", &wrong)]).await).says(&["the password is wrong"]);
    // All that is wrong is said at once.
    let both = machine.run("deploy", &[("RUNNER", "/no/such/rolecall"), ("DATABASE_URL", &away)]).await;
    none(both).says(&["/no/such/rolecall is missing", "nobody listens there"]);
    none(machine.run("deploy", &[("CONNECTIONS", "5000")]).await).says(&["raise max_connections", "CONNECTIONS="]);

    // Spin keeps 64 connections for a component: 400 are too few for all of them.
    let spin = machine.program("spin", "echo 'spin 4.1.0 (stand-in)'");
    machine.set("SPIN", &spin);
    let edge = [("TARGET", "spin"), ("SPIN_VARIABLE_DATABASE_URL", &*url)];
    none(machine.run("deploy", &edge).await).says(&["components × 64 =", "POOLER=1"]);
    none(machine.run("deploy", &[("TARGET", "spin")]).await).says(&["SPIN_VARIABLE_DATABASE_URL is missing"]);
    let old = machine.program("old", "echo 'spin 3.6.2'");
    none(machine.run("deploy", &[edge[0], edge[1], ("SPIN", &old)]).await).says(&["Spin 4.1 or newer"]);
    let cluster = [("TARGET", "spinkube"), ("IMAGE", "example.org/app"), ("URL", "http://127.0.0.1:1")];
    let with = |more: (&'static str, &'static str)| [cluster[0], cluster[1], cluster[2], more];
    none(machine.run("deploy", &with(("KUBECTL", "/no/such/kubectl"))).await).says(&["/no/such/kubectl is missing"]);
    none(machine.run("deploy", &with(("IMAGE", ""))).await).says(&["IMAGE is missing"]);
    none(machine.run("undeploy", &[]).await).says(&["there is nothing to take back"]);

    assert_eq!((machine.migration().await, machine.serving()), (0, None));
    assert_eq!(machine.number("select count(*) from pg_database where datname like 'rolecall_%'").await, 0);
}

#[tokio::test]
async fn a_rollout_under_way_or_a_maintenance_of_others_stops_a_deploy() {
    let machine = Machine::with_migrations(i32::MAX).await;
    machine
        .sql(&["update rolecall.feature_flags set rollout = 'percentage:10' where name = 'start-conversation'"])
        .await;
    let said = machine.run("deploy", &[]).await.failed_at("preflight");
    said.says(&["start-conversation = percentage:10", "DURING_ROLLOUT=1", "nothing was changed"]);
    let agreed = machine.run("deploy", &[("DURING_ROLLOUT", "1"), ("DRY_RUN", "1")]).await;
    agreed.done().says(&["under way, as agreed"]);
    machine
        .sql(&[
            "update rolecall.feature_flags set rollout = 'disabled' where name = 'start-conversation'",
            "update rolecall.feature_flags set rollout = 'enabled' where name = 'maintenance'",
        ])
        .await;
    machine.run("deploy", &[]).await.failed_at("preflight").says(&["maintenance is on", "psql \"$DATABASE_URL\""]);
    assert_eq!(machine.flag("maintenance").await.as_deref(), Some("enabled"), "it is not ours to switch off");
    // One that was killed after it had switched it on has left it on, and the next goes on.
    let mut record = machine.records().pop().expect("the deploy that stopped");
    record["id"] = "99990101T000000000Z".into();
    record["outcome"] = serde_json::json!({"state": "begun"});
    let killed = machine.state().join("deploys/99990101T000000000Z");
    std::fs::create_dir_all(&killed).unwrap();
    std::fs::write(killed.join("deploy.json"), record.to_string()).unwrap();
    machine.run("deploy", &[("DRY_RUN", "1")]).await.done();
}

#[tokio::test]
async fn a_migration_that_fails_on_the_copy_or_on_the_database_changes_nothing() {
    let machine = Machine::new().await;
    // A name that the migration needs is in use: found on the restored copy.
    machine.sql(&["create table public.conversations_v2 (mine int)"]).await;
    let said = machine.run("deploy", &[]).await.failed_at("backup");
    said.says(&["does not apply to the restored copy", "conversations_v2", "nothing was changed"]);
    assert_eq!((machine.migration().await, machine.serving()), (0, None));
    machine.sql(&["drop table public.conversations_v2"]).await;

    // What a copy does not have is found on the database itself: somebody holds a lock that a backup does not mind.
    rolecall_database::apply(&machine.url()).await.unwrap();
    machine.sql(&["alter database app set lock_timeout = '200ms'"]).await;
    let holder = rolecall_database::connect(&machine.url()).await.unwrap();
    holder.batch_execute("begin; lock table rolecall.schema_migrations in share mode").await.unwrap();
    let said = machine.run("deploy", &[]).await.failed_at("migrate");
    said.says(&["lock timeout", "changed nothing", "maintenance is off again"]);
    assert_eq!(machine.flag("maintenance").await.as_deref(), Some("disabled"));
    let failed: Vec<_> = machine.records().iter().map(|record| record["outcome"]["step"].clone()).collect();
    assert_eq!(failed, ["backup", "migrate"]);
    assert_eq!(machine.serving(), None);
    assert_eq!(machine.number("select count(*) from pg_database where datname like 'rolecall_%'").await, 0);
}

#[tokio::test]
async fn a_login_that_may_make_no_database_is_told_what_to_do() {
    let machine = Machine::new().await;
    machine.sql(&["create role owner login password 'owner'", "alter database app owner to owner"]).await;
    let (_, rest) = machine.url().split_once('@').map(|(a, b)| (a.to_owned(), b.to_owned())).unwrap();
    let url = format!("postgres://owner:owner@{rest}");
    let said = machine.run("deploy", &[("DATABASE_URL", &url)]).await.failed_at("backup");
    said.says(&["may make no database", "SCRATCH_DATABASE_URL"]);
}

#[tokio::test]
async fn what_differs_from_the_migrations_is_found_and_named() {
    let machine = Machine::with_migrations(i32::MAX).await;
    machine
        .sql(&[
            "drop policy \"people see their help conversations\" on public.conversations_v2",
            "alter table rolecall.profiles disable row level security",
            "grant delete on rolecall.messages to authenticated",
            "grant update (content) on public.messages_v2 to anon",
            "alter table rolecall.user_blocks add column more text",
            "alter function rolecall_edge.send_dm(jsonb) security invoker",
            "create index mine on rolecall.messages (content)",
        ])
        .await;
    let said = machine.run("deploy", &[]).await.failed_at("verify");
    said.says(&[
        "policy \"people see their help conversations\" on public.conversations_v2 is missing",
        "table rolecall.profiles: found \"row security off",
        "grant of delete on relation rolecall.messages to authenticated is not made by the migrations",
        "grant of update on column public.messages_v2.content to anon is not made by the migrations",
        "column rolecall.user_blocks.more is not made by the migrations",
        "function rolecall_edge.send_dm(jsonb) is another than the migrations make",
        "index rolecall.mine of rolecall.messages is not made by the migrations",
        "maintenance is off again",
    ]);
    assert_eq!(machine.flag("maintenance").await.as_deref(), Some("disabled"));
    assert_eq!(machine.serving(), None, "nothing was published");
}

#[tokio::test]
async fn a_server_that_does_not_start_leaves_the_one_before_at_work_and_so_does_a_smoke_test_that_fails() {
    let machine = Machine::new().await;
    machine.run("deploy", &[]).await.done();
    let (address, pid) = machine.serving().unwrap();
    let broken = machine
        .program("rolecall", "[ \"$1\" = --version ] && { echo rolecall 0; exit; }\necho out of order >&2; exit 7");
    let said = machine.run("deploy", &[("RUNNER", &broken)]).await.failed_at("publish");
    said.says(&["out of order", "still serves", "make deploy TARGET=local", "maintenance is off again"]);
    assert_eq!(machine.serving(), Some((address.clone(), pid)), "the server before serves");
    assert_eq!(machine.client().call(Method::GET, "/api/health").send().await.status, 200);

    let said = machine.run("deploy", &[("SMOKE_TOKEN", "none of ours")]).await.failed_at("smoke");
    said.says(&["a signed read answers 401", "make undeploy", "maintenance is off again"]);
    let (now, next) = machine.serving().unwrap();
    assert!(now == address && next != pid && is_alive(next), "the new server serves, until somebody takes it back");
}
