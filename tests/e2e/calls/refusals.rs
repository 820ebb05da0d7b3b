//! What refusals leave behind: the first ones of a user and minute are rows of the log, the rest is counted, whatever way
//! they came.

use futures::future::join_all;
use rolecall_e2e::{Code, Db, Role, Setup, Stand, User};
use rolecall_shared::rules::limits::LOGGED_REFUSALS;
use serde_json::{Value, json};
use uuid::Uuid;

/// How often somebody was refused, for how many minutes and with how many rows in the log.
async fn refusals(stand: &Stand, user: Option<Uuid>, event: &str) -> (i64, i64, i64) {
    let counted = "rolecall.refusal_counts
        where user_id = coalesce($1::uuid, '00000000-0000-0000-0000-000000000000'::uuid) and event = $2";
    (
        stand.db.one(&format!("select coalesce(sum(refusals), 0)::bigint from {counted}"), &[&user, &event]).await,
        stand.db.one(&format!("select count(*) from {counted}"), &[&user, &event]).await,
        stand
            .db
            .count(
                "rolecall.application_logs where user_id is not distinct from $1::uuid and event = $2",
                &[&user, &event],
            )
            .await,
    )
}

/// The first refusals of each minute that a test lasted are logged.
async fn assert_bounded(stand: &Stand, user: Option<Uuid>, event: &str, expected: i64) {
    let (counted, rows, logged) = refusals(stand, user, event).await;
    assert_eq!(counted, expected, "each is counted");
    let most = rows * LOGGED_REFUSALS as i64;
    assert!((1..=most).contains(&logged), "{logged} rows in the log of {counted} refusals, {rows} counts");
    assert!(logged < expected / 2, "{logged} rows in the log of {counted} refusals");
}

/// A connection that acts as PostgREST does for a user.
async fn acting(stand: &Stand, user: &User) -> Db {
    let db = stand.connect().await;
    db.script("set role authenticated").await;
    let claims = json!({"role": "authenticated", "sub": user.id}).to_string();
    let _: String = db.one("select set_config('request.jwt.claims', $1, false)", &[&claims]).await;
    db
}

#[tokio::test]
async fn the_first_refusals_of_a_user_and_minute_are_logged_and_the_rest_is_counted() {
    let stand = Stand::own(Setup::new()).await;
    let [dealer, other, attendee] = stand.users([Role::Dealer, Role::Dealer, Role::Attendee]).await;
    // One after the other, and many at once, which share statements.
    for _ in 0..30 {
        stand.send_dm(&dealer, &attendee, "Hello").send().await;
    }
    for _ in 0..4 {
        join_all((0..64).map(|_| stand.send_dm(&dealer, &attendee, "Hello").send())).await;
    }
    assert_bounded(&stand, Some(dealer.id), "refused", 286).await;
    let metric = "select sum(requests)::bigint from rolecall.request_metrics where code <> 'ok'";
    assert_eq!(stand.db.one::<i64>(metric, &[]).await, 286, "the metric counts all of them");
    let told =
        "select (refusals, refusals - not_logged)::text from rolecall_monitoring.refusals_last_hour where user_id = $1";
    let (_, _, logged) = refusals(&stand, Some(dealer.id), "refused").await;
    assert_eq!(
        stand.db.one::<String>(told, &[&dealer.id]).await,
        format!("(286,{logged})"),
        "a view tells of the rest"
    );
    // Nobody else's are left out for it.
    let refused = stand.send_dm(&other, &attendee, "Hello").expect(403).await;
    assert_eq!(stand.audit(refused.request_id()).await.len(), 1);
}

#[tokio::test]
async fn through_rpcs_they_are_bounded_too() {
    let stand = Stand::own(Setup::new()).await;
    let [helper, requester] = stand.users([Role::Attendee, Role::Attendee]).await;
    let request = stand.help_request(&requester).await;
    let db = acting(&stand, &helper).await;
    for number in 0..100 {
        // For somebody else, for a request that there is not, too short, and past the limit.
        let (request, user) = match number % 3 {
            0 => (request, requester.id),
            1 => (Uuid::new_v4(), helper.id),
            _ => (request, helper.id),
        };
        let sql = "select public.create_conversation_atomic($1, $2, 'Hi')";
        let answer: Value = db.one(sql, &[&request, &user]).await;
        assert_eq!(answer["success"], false, "{answer}");
        let answer: Value = db.one("select public.send_message_v2($1, $2, 'Hi')", &[&Uuid::new_v4(), &helper.id]).await;
        assert_eq!(answer["success"], false, "{answer}");
        let answer: Value = db.one("select public.get_conversation_v2($1, $2)", &[&Uuid::new_v4(), &helper.id]).await;
        assert_eq!(answer["success"], false, "{answer}");
    }
    assert_bounded(&stand, Some(helper.id), "refused", 300).await;
}

#[tokio::test]
async fn attempts_to_act_for_somebody_else_are_bounded_and_not_hidden_by_others() {
    let stand = Stand::own(Setup::new()).await;
    let [mallory, victim, attendee] = stand.users([Role::Dealer, Role::Dealer, Role::Attendee]).await;
    for _ in 0..2 * LOGGED_REFUSALS {
        stand.send_dm(&mallory, &attendee, "Hello").expect(403).await;
    }
    let body = json!({"recipient_id": attendee.id, "content": "Hello", "sender_id": victim.id});
    let refused = stand.post("send-dm", &body).by(&mallory).expect(403).await;
    refused.refused_by(Code::PermissionDenied, "impersonation");
    let (counted, _, logged) = refusals(&stand, Some(mallory.id), "impersonation_attempt").await;
    assert_eq!((counted, logged), (1, 1));
    for _ in 0..99 {
        stand.post("send-dm", &body).by(&mallory).expect(403).await;
    }
    assert_bounded(&stand, Some(mallory.id), "impersonation_attempt", 100).await;
}

#[tokio::test]
async fn those_of_nobody_are_bounded_and_do_not_wait_for_one_another() {
    let stand = Stand::own(Setup::new()).await;
    let request = json!({"request_id": "r", "rollouts": {}, "input": {}});
    let mut connections = Vec::new();
    for _ in 0..8 {
        connections.push(Db::connect(stand.edge_url()).await);
    }
    join_all(connections.iter().map(async |db| {
        for _ in 0..50 {
            for sql in
                ["select rolecall_edge.inbox($1)", "select rolecall_edge.send_dm(jsonb_build_array($1::jsonb, $1))"]
            {
                let _: Value = db.one(sql, &[&request]).await;
            }
        }
    }))
    .await;
    assert_bounded(&stand, None, "refused", 1200).await;
}
