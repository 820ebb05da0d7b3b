//! Who has reacted.

use rolecall_e2e::{Answer, Code, Role, Setup, Stand, fixtures::Starts};
use serde_json::json;
use uuid::Uuid;

fn who(answer: &Answer) -> Vec<(Uuid, &str)> {
    let listed = answer.items("reactions").iter();
    listed
        .map(|entry| (entry["user_id"].as_str().unwrap().parse().unwrap(), entry["emoji"].as_str().unwrap()))
        .collect()
}

#[tokio::test]
async fn the_newest_reactions_come_first_and_in_pages() {
    let stand = Stand::shared().await;
    let [admin, attendee] = stand.users([Role::Admin, Role::Attendee]).await;
    let message = stand.send_dm(&admin, &attendee, "Hello").expect(201).await.id("message_id");
    assert_eq!(who(&stand.reactions(&admin, message, "").expect(200).await), []);
    for (user, emoji) in [(&attendee, "👍"), (&admin, "❤️"), (&attendee, "🎉"), (&admin, "👍")] {
        stand.react(user, message, emoji).expect(200).await;
    }
    let all = stand.reactions(&attendee, message, "").expect(200).await;
    all.has_members(&["message_id", "reactions", "next_cursor"]);
    let expected = [(admin.id, "👍"), (attendee.id, "🎉"), (admin.id, "❤️"), (attendee.id, "👍")];
    assert_eq!((who(&all), &all["next_cursor"]), (expected.to_vec(), &json!(null)));
    let mut seen = Vec::new();
    let mut query = "?limit=1".to_owned();
    loop {
        let page = stand.reactions(&admin, message, &query).expect(200).await;
        seen.extend(who(&page).into_iter().map(|(id, emoji)| (id, emoji.to_owned())));
        let Some(cursor) = page["next_cursor"].as_str() else { break };
        query = format!("?limit=1&cursor={cursor}");
    }
    assert_eq!(seen, expected.map(|(id, emoji)| (id, emoji.to_owned())));
    // ❤ without its variation selector finds the kind, too.
    let hearts = stand.reactions(&attendee, message, "?emoji=%E2%9D%A4").expect(200).await;
    assert_eq!(who(&hearts), [(admin.id, "❤️")]);
    let fault = stand.reactions(&attendee, message, "?cursor=7&limit=101").expect(400).await;
    assert_eq!(
        fault.refused(Code::ValidationError).faults(),
        [("limit", "out_of_range"), ("cursor", "malformed_cursor")]
    );
}

#[tokio::test]
async fn across_a_block_nobody_is_listed_but_counted() {
    let stand = Stand::shared().await;
    let [admin, attendee] = stand.users([Role::Admin, Role::Attendee]).await;
    let sent = stand.send_dm(&admin, &attendee, "Hello").expect(201).await;
    let message = sent.id("message_id");
    for user in [&admin, &attendee] {
        stand.react(user, message, "👍").expect(200).await;
    }
    stand.block(&admin, &attendee).await;
    for user in [&admin, &attendee] {
        assert_eq!(who(&stand.reactions(user, message, "").expect(200).await), [(user.id, "👍")]);
        let page = stand.messages(user, sent.id("conversation_id"), "").expect(200).await;
        assert_eq!(page["messages"][0]["reactions"], json!([{"emoji": "👍", "count": 2, "mine": true}]));
    }
}

#[tokio::test]
async fn the_audience_of_a_broadcast_is_the_senders_to_see() {
    let stand = Stand::shared().await;
    let [organizer, one, other] = stand.users([Role::ShowOrganizer, Role::Attendee, Role::Attendee]).await;
    let show = stand.show(&organizer, Starts::InAWeek).await;
    stand.join(show, &[&one, &other]).await;
    let sent = stand.broadcast_to(&organizer, show, &["attendee"], "Doors").expect(201).await;
    let message = stand.message(sent.id("conversation_id"), 1).await;
    for user in [&one, &other, &organizer] {
        stand.react(user, message, "👍").expect(200).await;
    }
    let all = stand.reactions(&organizer, message, "").expect(200).await;
    assert_eq!(who(&all), [(organizer.id, "👍"), (other.id, "👍"), (one.id, "👍")]);
    assert_eq!(who(&stand.reactions(&one, message, "").expect(200).await), [(organizer.id, "👍"), (one.id, "👍")]);
}

#[tokio::test]
async fn the_list_is_for_who_reads_the_message() {
    let stand = Stand::own(Setup::new()).await;
    let [admin, attendee, stranger, moderator] =
        stand.users([Role::Admin, Role::Attendee, Role::Attendee, Role::Moderator]).await;
    let message = stand.send_dm(&admin, &attendee, "Hello").expect(201).await.id("message_id");
    stand.react(&attendee, message, "👍").expect(200).await;
    let refusal = stand.reactions(&stranger, message, "").expect(404).await;
    refusal.refused_by(Code::NotFound, "not_a_participant");
    let refusal = stand.reactions(&admin, Uuid::new_v4(), "").expect(404).await;
    refusal.refused_by(Code::NotFound, "not_a_participant");
    let read = stand.reactions(&moderator, message, "").expect(200).await;
    assert_eq!(who(&read), [(attendee.id, "👍")]);
    let logged = stand.audit(read.request_id()).await;
    assert!(logged.iter().any(|(_, event, _)| event == "conversation_read_by_moderator"), "{logged:?}");

    let off = "update rolecall.feature_flags set rollout = 'disabled' where name = 'reactions'";
    stand.db.run(off, &[]).await;
    for call in
        [stand.react(&admin, message, "👍"), stand.unreact(&admin, message, "👍"), stand.reactions(&admin, message, "")]
    {
        call.expect(404).await.refused(Code::FeatureDisabled);
    }
}
