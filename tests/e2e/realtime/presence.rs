//! `realtime/presence`: whom one sees online, and what is told of who comes and goes.

use super::support::Relay;
use rolecall_e2e::{Answer, Code, Role, Setup, Stand, User};
use serde_json::{Value, json};
use uuid::Uuid;

async fn presence(stand: &Stand, user: &User, asked: &[Uuid]) -> Answer {
    let ids: Vec<String> = asked.iter().map(Uuid::to_string).collect();
    stand.get(&format!("realtime/presence?user_ids={}", ids.join(","))).by(user).send().await
}

#[tokio::test]
async fn contacts_who_are_online_are_seen_and_nobody_else() {
    let stand = Stand::own(Setup::new().realtime()).await;
    let [admin, contact, away, other] =
        stand.users([Role::Admin, Role::Attendee, Role::Attendee, Role::Attendee]).await;
    for user in [&contact, &away] {
        stand.send_dm(&admin, user, "Hello").expect(201).await;
    }
    let all = [admin.id, contact.id, away.id, other.id, Uuid::new_v4()];
    assert_eq!(
        presence(&stand, &admin, &all).await["online"],
        json!([]),
        "without a relay nobody is known to be there"
    );

    let relay = Relay::leads(&stand).await;
    relay.online(&[admin.id, contact.id, other.id]).await;
    let seen = presence(&stand, &admin, &all).await;
    assert_eq!(seen.status, 200);
    seen.has_members(&["online"]);
    assert_eq!(seen["online"], json!([contact.id]));
    assert_eq!(presence(&stand, &other, &all).await["online"], json!([]), "a stranger sees nobody");

    relay.events("presence").await;
    relay.online(&[admin.id, other.id]).await;
    assert_eq!(presence(&stand, &admin, &all).await["online"], json!([]));
    let events = relay.events("presence").await;
    assert_eq!(events.len(), 1, "{events:?}");
    assert_eq!(events[0].0, [admin.id], "who goes is told to their contacts who are there");
    assert_eq!((&events[0].1["user_id"], &events[0].1["online"]), (&json!(contact.id), &Value::Bool(false)));

    relay.online(&[admin.id, contact.id]).await;
    stand.block(&contact, &admin).await;
    assert_eq!(presence(&stand, &admin, &all).await["online"], json!([]), "who blocked them is not seen");
}

#[tokio::test]
async fn what_is_asked_is_checked() {
    let stand = Stand::live().await;
    let user = stand.user(Role::Attendee).await;
    let many: Vec<Uuid> = (0..101).map(|_| Uuid::new_v4()).collect();
    assert_eq!(presence(&stand, &user, &many[..100]).await.status, 200);
    let refused = presence(&stand, &user, &many).await.refused(Code::ValidationError);
    assert_eq!(refused.faults(), [("user_ids", "too_many")]);
    for (query, field, code) in [
        ("", "user_ids", "required"),
        ("?user_ids=", "user_ids", "empty"),
        ("?user_ids=x", "user_ids[0]", "malformed_uuid"),
    ] {
        let refused = stand.get(&format!("realtime/presence{query}")).by(&user).expect(400).await;
        assert_eq!(refused.refused(Code::ValidationError).faults(), [(field, code)], "{query}");
    }
    let refused = presence(&stand, &User::stranger(), &many[..1]).await;
    refused.refused_by(Code::PermissionDenied, "no_profile");
}
