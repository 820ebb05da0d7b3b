//! How much is unread.

use crate::conversations::support::*;
use rolecall_e2e::{Role, Stand};
use serde_json::json;

#[tokio::test]
async fn unread_in_total_is_the_sum_of_the_inbox() {
    let stand = Stand::shared().await;
    let reader = stand.user(Role::Admin).await;
    let mut conversations = Vec::new();
    for messages in 1..=12 {
        let other = stand.user(Role::Attendee).await;
        conversations.push(stand.history(&reader, &other, messages).await);
    }
    stand.mark_read(&reader, conversations[11], 5).expect(200).await;
    stand.mark_read(&reader, conversations[3], 4).expect(200).await;
    let cards = every_page(&stand, &reader, "limit=5", async || ()).await;
    let sum: i64 = cards.iter().map(|card| card["unread_count"].as_i64().unwrap()).sum();
    let with_any = cards.iter().filter(|card| card["unread_count"] != 0).count();
    let unread = stand.unread(&reader).expect(200).await;
    assert_eq!((unread["unread"].as_i64(), sum), (Some(69), 69));
    assert_eq!((&unread["conversations"], with_any), (&json!(11), 11));
    assert_eq!(unread["by_kind"], json!({"direct": 69, "show": 0}));
}
