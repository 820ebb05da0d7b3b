//! Where messages are read, their reactions are.

use crate::realtime::support::Relay;
use rolecall_e2e::{Role, Setup, Stand, fixtures::Starts};
use serde_json::{Value, json};

#[tokio::test]
async fn a_reaction_is_a_change_of_the_message() {
    let stand = Stand::shared().await;
    let [admin, attendee] = stand.users([Role::Admin, Role::Attendee]).await;
    let conversation = stand.history(&attendee, &admin, 3).await;
    let message = stand.message(conversation, 2).await;
    let have = json!({"have": [{"conversation_id": conversation, "seq": 3, "revision": 0}]});
    stand.react(&attendee, message, "👍").expect(200).await;
    stand.react(&admin, message, "👍").expect(200).await;
    for (user, mine) in [(&attendee, true), (&admin, true), (&attendee, true)] {
        let shown = json!([{"emoji": "👍", "count": 2, "mine": mine}]);
        let page = stand.messages(user, conversation, "").expect(200).await;
        let pages: Vec<&Value> = page.items("messages").iter().map(|message| &message["reactions"]).collect();
        assert_eq!(pages, [&json!([]), &shown, &json!([])]);
        let changes = stand.changes(user, conversation, 0).expect(200).await;
        assert_eq!((&changes["revision"], changes.items("messages").len()), (&json!(2), 1));
        assert_eq!(changes["messages"][0]["reactions"], shown);
        let synced = stand.sync(user, &have).expect(200).await;
        assert_eq!(synced["catch_up"][0]["changed"][0]["reactions"], shown);
        assert_eq!(synced["catch_up"][0]["revision"], 2);
    }
    stand.unreact(&attendee, message, "👍").expect(200).await;
    let changes = stand.changes(&attendee, conversation, 2).expect(200).await;
    assert_eq!(changes["messages"][0]["reactions"], json!([{"emoji": "👍", "count": 1, "mine": false}]));
    stand.react(&admin, message, "👍").expect(200).await;
    stand.unreact(&attendee, message, "👍").expect(200).await;
    let changes = stand.changes(&attendee, conversation, 3).expect(200).await;
    assert_eq!(
        (&changes["revision"], changes.items("messages").len()),
        (&json!(3), 0),
        "what changes nothing is no change"
    );
    assert_eq!(stand.inbox(&attendee, "").expect(200).await["conversations"][0]["unread_count"], 3, "nor new to read");
}

#[tokio::test]
async fn an_event_says_to_each_which_reactions_are_theirs() {
    let stand = Stand::own(Setup::new().without_rate_limits()).await;
    let relay = Relay::leads(&stand).await;
    let [organizer, attendee, other] = stand.users([Role::ShowOrganizer, Role::Attendee, Role::Attendee]).await;
    let message = stand.send_dm(&organizer, &attendee, "Hello").expect(201).await.id("message_id");
    relay.events("message.created").await;
    stand.react(&attendee, message, "👍").expect(200).await;
    let mut events = relay.events("message.changed").await;
    events.sort_by_key(|(to, _)| to[0] != attendee.id);
    let told: Vec<_> = events.iter().map(|(to, event)| (to.as_slice(), &event["message"]["reactions"])).collect();
    let shown = |mine| json!([{"emoji": "👍", "count": 1, "mine": mine}]);
    assert_eq!(told, [(&[attendee.id][..], &shown(true)), (&[organizer.id][..], &shown(false))]);

    let show = stand.show(&organizer, Starts::InAWeek).await;
    stand.join(show, &[&attendee, &other]).await;
    relay.online(&[organizer.id, attendee.id, other.id]).await;
    let sent = stand.broadcast_to(&organizer, show, &["attendee"], "Doors").expect(201).await;
    let message = stand.message(sent.id("conversation_id"), 1).await;
    stand.react(&attendee, message, "👍").expect(200).await;
    let events = relay.events("message.changed").await;
    assert_eq!(events.iter().map(|(to, _)| to.len()).sum::<usize>(), 3);
    for (to, event) in &events {
        assert_eq!(event["message"]["reactions"], shown(to.contains(&attendee.id)), "{to:?}");
    }
}

#[tokio::test]
async fn reactions_are_exported_and_go_with_their_owner_and_with_the_message() {
    let stand = Stand::shared().await;
    let [admin, attendee, third] = stand.users([Role::Admin, Role::Attendee, Role::Attendee]).await;
    let first = stand.send_dm(&admin, &attendee, "Hello").expect(201).await.id("message_id");
    let answer = stand.send_dm(&attendee, &admin, "Hello you").expect(201).await;
    let (own, conversation) = (answer.id("message_id"), answer.id("conversation_id"));
    stand.react(&attendee, first, "👍").expect(200).await;
    stand.react(&attendee, first, "🎉").expect(200).await;
    stand.react(&admin, first, "👍").expect(200).await;
    stand.react(&admin, own, "❤️").expect(200).await;
    let export = stand.export(&attendee).expect(200).await;
    let mut exported: Vec<&Value> = export.lines().iter().filter(|line| line["type"] == "reaction").collect();
    exported.sort_by_key(|line| line["emoji"].to_string());
    assert_eq!(exported.len(), 2);
    for (line, emoji) in exported.iter().zip(["🎉", "👍"]) {
        assert_eq!((&line["message_id"], &line["emoji"]), (&json!(first), &json!(emoji)));
        assert_eq!(line["conversation_id"], json!(conversation));
    }

    stand.delete_own_data(&attendee).expect(200).await;
    let page = stand.messages(&admin, conversation, "").expect(200).await;
    assert_eq!(page["messages"][0]["reactions"], json!([{"emoji": "👍", "count": 1, "mine": true}]));
    let left = "rolecall.message_reactions where conversation_id = $1";
    assert_eq!(stand.db.count(left, &[&conversation]).await, 1, "what is erased for good takes its reactions along");

    let other = stand.send_dm(&admin, &third, "Hello").expect(201).await;
    stand.react(&third, other.id("message_id"), "👍").expect(200).await;
    stand.delete_account(&third).expect(200).await;
    let page = stand.messages(&admin, other.id("conversation_id"), "").expect(200).await;
    assert_eq!(page["messages"][0]["reactions"], json!([]));
}
