//! The watch over all end-to-end tests sees what would be wrong.

use super::support::Relay;
use rolecall_e2e::{
    Role, Setup, Stand,
    pushed::{connect, differing},
};
use serde_json::json;

#[tokio::test]
async fn what_get_would_not_show_is_seen() {
    let stand = Stand::own(Setup::new().without_rate_limits()).await;
    let relay = Relay::leads(&stand).await;
    let [organizer, attendee, stranger] = stand.users([Role::ShowOrganizer, Role::Attendee, Role::Attendee]).await;
    stand.send_dm(&organizer, &attendee, "The doors open at nine.").expect(201).await;
    let client = connect(stand.admin_url()).await.unwrap();
    let events = relay.events("message.created").await;
    assert_eq!(events.iter().map(|(to, _)| to.len()).sum::<usize>(), 2);
    for (to, event) in &events {
        let differing = async |to, event| differing(&client, &json!([{"to": to, "event": event}])).await.unwrap();
        assert_eq!(differing(json!(to), event.clone()).await, [""; 0], "what is pushed is what GET shows");
        assert_eq!(differing(json!([stranger.id]), event.clone()).await.len(), 1, "to a stranger");
        let mut other = event.clone();
        other["message"]["content"] = json!("The doors open at ten.");
        assert_eq!(differing(json!(to), other).await.len(), to.len(), "something else");
    }
    stand.db.run("update rolecall.profiles set suspended_until = 'infinity'", &[]).await;
    for (to, event) in &events {
        let suspended = differing(&client, &json!([{"to": to, "event": event}])).await.unwrap();
        assert_eq!(suspended.len(), to.len(), "to somebody who is suspended");
    }
}
