//! Maintenance: users read on and write nothing; the operator and health go on.

use http::Method;
use rolecall_e2e::{Code, Role, Setup, Stand, endpoints::endpoints_of_users};
use uuid::Uuid;

async fn maintenance(stand: &Stand, rollout: &str) {
    let sql = "update rolecall.feature_flags set rollout = $1 where name = 'maintenance'";
    assert_eq!(stand.db.run(sql, &[&rollout]).await, 1);
}

#[tokio::test]
async fn every_post_of_a_user_waits_and_every_read_goes_on() {
    let stand = Stand::own(Setup::new().realtime()).await;
    let admin = stand.user(Role::Admin).await;
    let organization = stand.organization().await;
    stand.belongs(&admin, organization, Some("owner")).await;
    maintenance(&stand, "enabled").await;
    let (mut posts, mut reads) = (0, 0);
    for endpoint in endpoints_of_users(Uuid::new_v4()) {
        let answer = endpoint.call_by(&stand, &admin).send().await;
        if !endpoint.reads {
            let refusal = answer.refused_by(Code::Maintenance, "maintenance");
            assert_eq!((refusal.status, refusal.header("retry-after")), (503, "30"), "{}", endpoint.path);
            posts += 1;
        } else {
            assert_ne!(answer.status, 503, "{}", endpoint.path);
            reads += 1;
        }
    }
    assert!(posts > 10 && reads > 5, "{posts} {reads}");
    for table in
        ["rolecall.idempotency_records", "rolecall.messages", "rolecall.data_deletions", "rolecall.user_blocks"]
    {
        assert_eq!(stand.db.count(table, &[]).await, 0, "{table}");
    }
    let taken = "rolecall.rate_buckets where action not in ('read', 'sync', 'realtime_token', 'export_own_data', 'export_page', 'diagnostics', 'moderate', 'read_help_conversation')";
    assert_eq!(stand.db.count(taken, &[]).await, 0, "no token is taken");

    stand.reset().expect(200).await;
    stand.get("/api/health").expect(200).await;
    stand.get("send-dm").expect(200).await;
    stand.call(Method::OPTIONS, "send-dm").expect(204).await;
}

#[tokio::test]
async fn what_is_refused_in_maintenance_is_done_afterwards_with_the_same_key() {
    let stand = Stand::own(Setup::new()).await;
    let [from, to] = stand.users([Role::Admin, Role::Attendee]).await;
    maintenance(&stand, "enabled").await;
    for _ in 0..3 {
        stand.send_dm(&from, &to, "Hello").key("k").expect(503).await.refused(Code::Maintenance);
    }
    assert_eq!(stand.traces(&from).await, 0);
    maintenance(&stand, "disabled").await;
    let sent = stand.send_dm(&from, &to, "Hello").key("k").expect(201).await;
    assert_eq!(sent["seq"], 1);
    assert_eq!(sent.header("idempotency-replayed"), "");
    // An answer that was given is not given again meanwhile: it would be a POST.
    maintenance(&stand, "enabled").await;
    stand.send_dm(&from, &to, "Hello").key("k").expect(503).await.refused(Code::Maintenance);
    stand.messages(&to, sent.id("conversation_id"), "").expect(200).await;
}

#[tokio::test]
async fn it_holds_whoever_it_includes() {
    let stand = Stand::own(Setup::new()).await;
    let [from, tester, to] = stand.users([Role::Admin, Role::Admin, Role::Attendee]).await;
    maintenance(&stand, "enabled").await;
    let sql =
        "insert into rolecall.feature_flag_overrides (name, user_id, rollout) values ('maintenance', $1, 'disabled')";
    stand.db.run(sql, &[&tester.id]).await;
    // Together, so that they may share a statement.
    let (waits, goes) =
        tokio::join!(stand.send_dm(&from, &to, "Hello").send(), stand.send_dm(&tester, &to, "Hello").send());
    waits.refused(Code::Maintenance);
    assert_eq!(goes.status, 201, "{}", goes.body);
    let conversation = goes.id("conversation_id");
    stand.mark_read(&to, conversation, 1).expect(503).await.refused(Code::Maintenance);
    stand.mark_read(&tester, conversation, 1).expect(200).await;
}

#[tokio::test]
async fn the_variable_keeps_it_off() {
    let stand = Stand::own(Setup::new().variable("rollouts", "maintenance=disabled")).await;
    let [from, to] = stand.users([Role::Admin, Role::Attendee]).await;
    maintenance(&stand, "enabled").await;
    stand.send_dm(&from, &to, "Hello").expect(201).await;
    assert_eq!(stand.get("flags").by(&from).expect(200).await["flags"]["maintenance"]["reason"], "variable");
}
