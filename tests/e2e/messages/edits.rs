//! Edits: new words for a message, what it said before, and who reads it.

use futures::future::join_all;
use rolecall_e2e::{Answer, Call, Code, Role, Setup, Stand, User, fixtures::Starts};
use serde_json::{Value, json};
use uuid::Uuid;

/// An edit of the version that the client has seen.
fn edit_of(stand: &Stand, user: &User, message: Uuid, content: &str, base_version: i32) -> Call {
    let body = json!({"message_id": message, "content": content, "base_version": base_version});
    stand.post("messages/edit", &body).by(user)
}

/// What the versions of a message say.
fn contents(history: &Answer) -> Vec<&str> {
    history["versions"].as_array().unwrap().iter().map(|version| version["content"].as_str().unwrap_or("-")).collect()
}

async fn sent(stand: &Stand, from: &User, to: &User, content: &str) -> (Uuid, Uuid) {
    let answer = stand.send_dm(from, to, content).expect(201).await;
    (answer.id("message_id"), answer.id("conversation_id"))
}

/// How many versions of messages of somebody's are kept.
async fn kept(stand: &Stand, author: &User) -> i64 {
    stand.db.count("rolecall.message_edits where sender_id = $1", &[&author.id]).await
}

#[tokio::test]
async fn an_edit_is_seen_by_both_with_what_was_said_before() {
    let stand = Stand::shared().await;
    let [admin, attendee] = stand.users([Role::Admin, Role::Attendee]).await;
    let (message, conversation) = sent(&stand, &admin, &attendee, "Helo").await;
    let before = stand.messages(&attendee, conversation, "").expect(200).await;
    assert_eq!((&before["messages"][0]["version"], &before["messages"][0]["edited_at"]), (&json!(1), &Value::Null));

    let edited = stand.edit(&admin, message, "  Hello \n").expect(200).await;
    assert_eq!(edited["conversation_id"], conversation.to_string());
    assert_eq!((&edited["message"]["content"], &edited["message"]["version"]), (&json!("Hello"), &json!(2)));
    assert_eq!(edited["revision"], 1);
    for reader in [&admin, &attendee] {
        let page = stand.messages(reader, conversation, "").expect(200).await;
        assert_eq!(page["messages"][0], edited["message"]);
        assert_eq!(page["conversation"]["last_message"], edited["message"], "the card shows it, too");
        let changes = stand.get(&format!("conversations/{conversation}/changes?since_revision=0"));
        assert_eq!(changes.by(reader).expect(200).await["messages"], json!([edited["message"]]));
        let history = stand.versions(reader, message).expect(200).await;
        assert_eq!(contents(&history), ["Helo", "Hello"]);
        assert_eq!(history["versions"][0]["written_at"], edited["message"]["created_at"]);
        assert_eq!(history["versions"][1]["written_at"], edited["message"]["edited_at"]);
    }
    assert_eq!(stand.unread(&attendee).expect(200).await["unread"], 1, "it is no new message");

    // The same words again are no edit.
    let again = stand.edit(&admin, message, "Hello").expect(200).await;
    assert_eq!(again["message"], edited["message"]);
    assert_eq!(kept(&stand, &admin).await, 1);
}

#[tokio::test]
async fn a_repeated_edit_is_answered_and_not_made_again() {
    let stand = Stand::shared().await;
    let [admin, attendee] = stand.users([Role::Admin, Role::Attendee]).await;
    let (message, _) = sent(&stand, &admin, &attendee, "One").await;
    stand.edit(&admin, message, "Two").key("k").expect(200).await;
    let third = stand.edit(&admin, message, "Three").expect(200).await;
    let again = stand.edit(&admin, message, "Two").key("k").expect(200).await;
    assert_eq!(again.header("idempotency-replayed"), "true");
    assert_eq!(again["message"], third["message"], "as it is now: no answer keeps what somebody wrote");
    let kept = "rolecall.idempotency_records where user_id = $1 and answer::text ~ 'Two'";
    assert_eq!(stand.db.count(kept, &[&admin.id]).await, 0);
    stand.edit(&admin, message, "Four").key("k").expect(422).await.refused(Code::IdempotencyConflict);
    assert_eq!(contents(&stand.versions(&attendee, message).expect(200).await), ["One", "Two", "Three"]);
}

#[tokio::test]
async fn of_fifty_edits_of_one_version_at_once_one_is_made() {
    let stand = Stand::own(Setup::new()).await;
    let [admin, attendee] = stand.users([Role::Admin, Role::Attendee]).await;
    stand.limit(Role::Admin, "edit_message", 1000, 1).await;
    let (message, _) = sent(&stand, &admin, &attendee, "One").await;
    let answers =
        join_all((0..50).map(|number| edit_of(&stand, &admin, message, &format!("Two, {number}"), 1).send())).await;
    let (made, refused): (Vec<Answer>, Vec<Answer>) = answers.into_iter().partition(|answer| answer.status == 200);
    assert_eq!(made.len(), 1);
    for answer in refused {
        let refusal = answer.refused_by(Code::EditConflict, "edited_since");
        assert_eq!(refusal["version"], 2);
    }
    let history = stand.versions(&attendee, message).expect(200).await;
    assert_eq!(contents(&history), ["One", made[0]["message"]["content"].as_str().unwrap()]);

    // Without a version every one is made, one after the other.
    let answers = join_all((0..50).map(|number| stand.edit(&admin, message, &format!("Then {number}")).send())).await;
    assert!(answers.iter().all(|answer| answer.status == 200));
    let mut versions: Vec<i64> = answers.iter().map(|answer| answer["message"]["version"].as_i64().unwrap()).collect();
    versions.sort_unstable();
    assert_eq!(versions, (3..=52).collect::<Vec<_>>());
    assert_eq!(kept(&stand, &admin).await, 51);
}

#[tokio::test]
async fn only_its_author_edits_a_message_and_only_its_readers_know_its_versions() {
    let stand = Stand::shared().await;
    let [admin, attendee, stranger] = stand.users([Role::Admin, Role::Attendee, Role::Attendee]).await;
    let moderator = stand.user(Role::Moderator).await;
    let (message, conversation) = sent(&stand, &admin, &attendee, "Hello").await;
    for other in [&attendee, &moderator] {
        stand.edit(other, message, "Mine").expect(403).await.refused_by(Code::PermissionDenied, "authors_edit_only");
    }
    for unknown in [message, Uuid::new_v4()] {
        stand.edit(&stranger, unknown, "Mine").expect(404).await.refused_by(Code::NotFound, "not_a_participant");
        stand.versions(&stranger, unknown).expect(404).await.refused_by(Code::NotFound, "not_a_participant");
    }
    // A help message is edited in its table.
    let help = stand.helped(&attendee, &admin).await;
    let said = stand.say(&admin, help, "Hello").expect(201).await.id("message_id");
    stand.edit(&admin, said, "Mine").expect(404).await.refused_by(Code::NotFound, "not_a_participant");

    stand.post("messages/edit", &json!({"message_id": message, "content": "Mine"})).expect(401).await;
    stand.get(&format!("messages/{message}/history")).expect(401).await;
    let body = json!({"message_id": message, "content": "Mine", "sender_id": admin.id});
    stand
        .post("messages/edit", &body)
        .by(&attendee)
        .expect(403)
        .await
        .refused_by(Code::PermissionDenied, "impersonation");
    let faults = stand.post("messages/edit", &json!({"message_id": "x", "content": "", "base_version": 0})).by(&admin);
    faults.expect(400).await.refused(Code::ValidationError);
    stand.edit(&admin, message, &"x".repeat(2001)).expect(400).await.refused(Code::ValidationError);
    stand.get("messages/nonsense/history").by(&admin).expect(400).await.refused(Code::ValidationError);

    assert_eq!(contents(&stand.versions(&moderator, message).expect(200).await), ["Hello"]);
    let read = "rolecall.application_logs where user_id = $1 and event = 'conversation_read_by_moderator'
                and conversation_id = $2";
    assert_eq!(stand.db.count(read, &[&moderator.id, &conversation]).await, 1, "a moderator's reading is logged");
    assert_eq!(kept(&stand, &admin).await, 0);
}

#[tokio::test]
async fn the_window_closes_and_a_deleted_message_takes_no_words() {
    let stand = Stand::shared().await;
    let [organizer, admin, attendee] = stand.users([Role::ShowOrganizer, Role::Admin, Role::Attendee]).await;
    let moderator = stand.user(Role::Moderator).await;
    let (message, _) = sent(&stand, &organizer, &attendee, "One").await;
    stand.age_message(message, 14 * 60).await;
    stand.edit(&organizer, message, "Two").expect(200).await;
    stand.age_message(message, 60).await;
    stand.edit(&organizer, message, "Three").expect(409).await.refused_by(Code::EditWindowClosed, "edit_window_closed");
    let (longer, _) = sent(&stand, &admin, &attendee, "One").await;
    stand.age_message(longer, 23 * 60 * 60).await;
    stand.edit(&admin, longer, "Two").expect(200).await;
    stand.age_message(longer, 60 * 60).await;
    stand.edit(&admin, longer, "Three").expect(409).await.refused_by(Code::EditWindowClosed, "edit_window_closed");

    let (message, _) = sent(&stand, &organizer, &attendee, "One").await;
    stand.edit(&organizer, message, "Two").expect(200).await;
    stand.delete_message(&moderator, message).expect(200).await;
    stand.edit(&organizer, message, "Three").expect(404).await.refused_by(Code::NotFound, "message_deleted");
    for reader in [&organizer, &attendee] {
        stand.versions(reader, message).expect(403).await.refused_by(Code::PermissionDenied, "message_deleted");
    }
    assert_eq!(contents(&stand.versions(&moderator, message).expect(200).await), ["One", "Two"]);
    stand.restore_message(&moderator, message).expect(200).await;
    assert_eq!(contents(&stand.versions(&attendee, message).expect(200).await), ["One", "Two"], "restored with it");
    let rows = kept(&stand, &organizer).await;
    stand.delete_message(&organizer, message).expect(200).await;
    assert_eq!(kept(&stand, &organizer).await, rows - 1, "what its author deletes is gone");
}

#[tokio::test]
async fn new_words_are_judged_as_if_they_were_sent_now() {
    let stand = Stand::shared().await;
    let [admin, attendee] = stand.users([Role::Admin, Role::Attendee]).await;
    let (message, conversation) = sent(&stand, &admin, &attendee, "One").await;
    stand.block(&attendee, &admin).await;
    stand.edit(&admin, message, "Two").expect(403).await.refused_by(Code::PermissionDenied, "blocked");
    stand.unblock_user(&attendee, admin.id).expect(200).await;
    stand.suspend(&admin, 1).await;
    stand.edit(&admin, message, "Two").expect(403).await.refused_by(Code::PermissionDenied, "suspended");
    stand.db.run("update rolecall.profiles set suspended_until = null where id = $1", &[&admin.id]).await;
    stand.becomes(&admin, Role::Dealer).await;
    stand.edit(&admin, message, "Two").expect(403).await.refused_by(Code::PermissionDenied, "dealer_reads_only");
    stand.becomes(&admin, Role::Admin).await;
    stand.db.run("update rolecall.conversations set read_only = true where id = $1", &[&conversation]).await;
    let refused = stand.edit(&admin, message, "Two").expect(409).await;
    refused.refused_by(Code::ConversationReadOnly, "conversation_read_only");
    assert_eq!(contents(&stand.versions(&attendee, message).expect(200).await), ["One"]);
}

#[tokio::test]
async fn a_broadcast_is_edited_for_its_audience() {
    let stand = Stand::shared().await;
    let organizer = stand.user(Role::ShowOrganizer).await;
    let [attendee, dealer] = stand.users([Role::Attendee, Role::Dealer]).await;
    let show = stand.show(&organizer, Starts::InAWeek).await;
    stand.join(show, &[&attendee, &dealer]).await;
    let news = stand.broadcast(&organizer, show, "The doors open at nine").expect(201).await;
    let conversation = news.id("conversation_id");
    let message = stand.message(conversation, 1).await;
    let edited = stand.edit(&organizer, message, "The doors open at ten").expect(200).await;
    let broadcasts = stand.db.count("rolecall.broadcasts where conversation_id = $1", &[&conversation]).await;
    assert_eq!(broadcasts, 1, "it is no other broadcast");
    assert_eq!(stand.messages(&attendee, conversation, "").expect(200).await["messages"][0], edited["message"]);
    assert_eq!(
        contents(&stand.versions(&attendee, message).expect(200).await),
        ["The doors open at nine", "The doors open at ten"]
    );
    stand.versions(&dealer, message).expect(404).await.refused_by(Code::NotFound, "not_a_participant");
    stand.edit(&attendee, message, "Mine").expect(403).await.refused_by(Code::PermissionDenied, "authors_edit_only");
    stand.edit(&organizer, message, &"x".repeat(1001)).expect(400).await.refused(Code::InvalidInput);
    stand.becomes(&organizer, Role::Moderator).await;
    let refused = stand.edit(&organizer, message, "The doors stay closed").expect(403).await;
    refused.refused_by(Code::PermissionDenied, "moderator_does_not_broadcast");
}

#[tokio::test]
async fn fifty_edits_and_deletions_at_once_leave_no_version_of_what_is_gone() {
    let stand = Stand::own(Setup::new()).await;
    let [admin, attendee] = stand.users([Role::Admin, Role::Attendee]).await;
    stand.limit(Role::Admin, "edit_message", 1000, 1).await;
    stand.limit(Role::Admin, "moderate", 1000, 1).await;
    stand.limit(Role::Admin, "send_dm", 1000, 1).await;
    let mut messages = Vec::new();
    for number in 0..50 {
        messages.push(sent(&stand, &admin, &attendee, &format!("Message {number}")).await.0);
    }
    let races = messages.iter().map(async |&message| {
        let (edited, deleted) = tokio::join!(
            stand.edit(&admin, message, "Other words").send(),
            stand.delete_message(&admin, message).send()
        );
        assert_eq!(deleted.status, 200);
        if edited.status != 200 {
            edited.refused_by(Code::NotFound, "message_deleted");
        }
    });
    join_all(races).await;
    assert_eq!(kept(&stand, &admin).await, 0);
    let left = "rolecall.messages where sender_id = $1 and (content is not null or deleted_as <> 'author')";
    assert_eq!(stand.db.count(left, &[&admin.id]).await, 0);
}

#[tokio::test]
async fn a_message_with_an_id_is_sent_once_though_it_was_edited_since() {
    let stand = Stand::shared().await;
    let [admin, attendee] = stand.users([Role::Admin, Role::Attendee]).await;
    let id = Uuid::new_v4();
    let body = |content: &str| json!({"recipient_id": attendee.id, "content": content, "message_id": id});
    stand.post("send-dm", &body("One")).by(&admin).expect(201).await;
    stand.edit(&admin, id, "Two").expect(200).await;
    let again = stand.post("send-dm", &body("One")).by(&admin).expect(201).await;
    assert_eq!(again.header("idempotency-replayed"), "true");
    let refused = stand.post("send-dm", &body("Two")).by(&admin).expect(422).await;
    refused.refused_by(Code::IdempotencyConflict, "message_id_reused");
    // In an array as alone.
    let results = stand.post("send-dm", &json!([body("One"), body("Two")])).by(&admin).expect(200).await;
    assert_eq!((&results["results"][0]["status"], &results["results"][1]["status"]), (&json!(201), &json!(422)));
    assert_eq!(stand.db.count("rolecall.messages where sender_id = $1", &[&admin.id]).await, 1);
}

#[tokio::test]
async fn the_export_has_what_one_s_messages_said_and_a_deletion_takes_it() {
    let stand = Stand::shared().await;
    let [admin, attendee] = stand.users([Role::Admin, Role::Attendee]).await;
    let (message, _) = sent(&stand, &admin, &attendee, "One").await;
    stand.edit(&admin, message, "Two").expect(200).await;
    stand.edit(&admin, message, "Three").expect(200).await;
    let edits = async |user: &User| -> Vec<String> {
        let export = stand.export(user).expect(200).await;
        let lines = export.lines().iter();
        lines
            .filter(|line| line["type"] == "message_edit")
            .map(|line| format!("{} {}", line["version"], line["content"].as_str().unwrap()))
            .collect()
    };
    assert_eq!(edits(&admin).await, ["1 One", "2 Two"]);
    assert!(edits(&attendee).await.is_empty(), "what others said before is theirs");
    stand.delete_own_data(&admin).expect(200).await;
    assert_eq!(kept(&stand, &admin).await, 0);
}
