//! What users set for a conversation: muted, archived, pinned.

use crate::conversations::support::*;
use futures::future::join_all;
use rolecall_e2e::{Code, Role, Stand};
use serde_json::{Value, json};

#[tokio::test]
async fn a_muted_conversation_does_not_count_until_the_mute_ends() {
    let stand = Stand::shared().await;
    let [reader, writer] = stand.users([Role::Attendee, Role::Admin]).await;
    let conversation = stand.history(&writer, &reader, 1).await;
    let set = stand.set_conversation(&reader, conversation, json!({"muted_until": "forever"})).expect(200).await;
    set.has_members(&["conversation_id", "muted_until", "archived", "pinned_at"]);
    assert_eq!(set["muted_until"], "forever");
    let total = async || stand.unread(&reader).expect(200).await["unread"].clone();
    let before = stand.messages(&reader, conversation, "").expect(200).await["conversation"]["unread_count"].clone();
    assert_eq!(total().await, 0);
    let ended = stand.set_conversation(&reader, conversation, json!({"muted_until": null})).expect(200).await;
    assert!(ended["muted_until"].is_null());
    assert_eq!(total().await, before);
}

#[tokio::test]
async fn a_new_message_brings_back_what_is_archived_unless_it_is_muted() {
    let stand = Stand::shared().await;
    let [reader, writer] = stand.users([Role::Attendee, Role::Admin]).await;
    let conversation = stand.history(&reader, &writer, 1).await;
    let listed = async |query: &str| ids(stand.inbox(&reader, query).expect(200).await.items("conversations"));
    stand.set_conversation(&reader, conversation, json!({"archived": true})).expect(200).await;
    assert_eq!((listed("").await, listed("archived=true").await), (vec![], vec![conversation]));
    stand.reply(&writer, conversation, "On").expect(201).await;
    assert_eq!((listed("").await, listed("archived=true").await), (vec![conversation], vec![]));
    let both = json!({"archived": true, "muted_until": "forever"});
    stand.set_conversation(&reader, conversation, both).expect(200).await;
    stand.reply(&writer, conversation, "On").expect(201).await;
    assert_eq!((listed("").await, listed("archived=true").await), (vec![], vec![conversation]));
}

#[tokio::test]
async fn of_fifty_pins_at_once_ten_hold() {
    let stand = Stand::shared().await;
    let reader = stand.user(Role::Admin).await;
    let mut conversations = Vec::new();
    for other in stand.many(Role::Attendee, 50).await {
        conversations.push(stand.history(&reader, &other, 1).await);
    }
    join_all(conversations.iter().map(|&id| stand.set_conversation(&reader, id, json!({"pinned": true})).send())).await;
    let page = stand.inbox(&reader, "limit=1").expect(200).await;
    assert_eq!(page.items("pinned").len(), 10);
    let sql = "rolecall.conversation_settings where user_id = $1 and pinned_at is not null";
    assert_eq!(stand.db.count(sql, &[&reader.id]).await, 10);
}

#[tokio::test]
async fn settings_name_what_is_wrong() {
    let stand = Stand::shared().await;
    let [reader, writer] = stand.users([Role::Attendee, Role::Admin]).await;
    let conversation = stand.history(&reader, &writer, 1).await;
    for (settings, fault) in [
        (json!({}), ("muted_until", "required")),
        (json!({"muted_until": "infinity"}), ("muted_until", "malformed_timestamp")),
        (json!({"archived": true, "pinned": true}), ("pinned", "contradiction")),
    ] {
        let call = stand.set_conversation(&reader, conversation, settings);
        assert_eq!(call.expect(400).await.refused(Code::ValidationError).faults(), [fault]);
    }
    let [stranger, moderator] = stand.users([Role::MvpDealer, Role::Moderator]).await;
    for user in [&stranger, &moderator] {
        let call = stand.set_conversation(user, conversation, json!({"pinned": true}));
        call.expect(404).await.refused_by(Code::NotFound, "not_a_participant");
    }
}

#[tokio::test]
async fn what_is_set_is_exported_and_goes_with_the_account() {
    let stand = Stand::shared().await;
    let [reader, writer] = stand.users([Role::Attendee, Role::Admin]).await;
    let conversation = stand.history(&writer, &reader, 1).await;
    let settings = json!({"muted_until": "2090-01-31T09:00:00Z", "archived": true});
    stand.set_conversation(&reader, conversation, settings).expect(200).await;
    let exported = stand.export(&reader).expect(200).await;
    let lines: Vec<&Value> = exported.lines().iter().filter(|line| line["type"] == "conversation_settings").collect();
    let expected = json!({
        "type": "conversation_settings",
        "conversation_id": conversation,
        "muted_until": "2090-01-31T09:00:00.000000Z",
        "archived_at_seq": 1,
        "pinned_at": null,
    });
    assert_eq!(lines, [&expected]);
    stand.delete_account(&reader).expect(200).await;
    assert_eq!(stand.db.count("rolecall.conversation_settings where user_id = $1", &[&reader.id]).await, 0);
}

#[tokio::test]
async fn nobody_sees_or_writes_settings_past_the_function() {
    let stand = Stand::shared().await;
    let [reader, writer] = stand.users([Role::Attendee, Role::Admin]).await;
    let conversation = stand.history(&writer, &reader, 1).await;
    stand.set_conversation(&reader, conversation, json!({"pinned": true})).expect(200).await;
    for (user, rows) in [(&reader, 1), (&writer, 0)] {
        assert_eq!(stand.postgrest(user.id).await.count("rolecall.conversation_settings", &[]).await, rows);
    }
    let db = stand.postgrest(reader.id).await;
    for statement in [
        "update rolecall.conversation_settings set pinned_at = null",
        "delete from rolecall.conversation_settings",
        "insert into rolecall.conversation_settings (user_id, conversation_id) select auth.uid(), gen_random_uuid()",
    ] {
        let refused = db.execute(statement, &[]).await.unwrap_err();
        assert_eq!(refused.code().map(|code| code.code()), Some("42501"), "{statement}");
    }
}
