//! Reacting to messages, taking that back, and who may.

use rolecall_e2e::{Answer, Code, Role, Stand, User, fixtures::Starts};
use serde_json::{Value, json};
use uuid::Uuid;

/// A conversation of two in which the first has written.
async fn conversation(stand: &Stand) -> ([User; 2], Uuid, Uuid) {
    let [admin, attendee] = stand.users([Role::Admin, Role::Attendee]).await;
    let sent = stand.send_dm(&admin, &attendee, "Hello").expect(201).await;
    (([admin, attendee]), sent.id("conversation_id"), sent.id("message_id"))
}

fn counts(answer: &Answer) -> Vec<(String, i64, bool)> {
    answer["reactions"].as_array().unwrap().iter().map(count).collect()
}

fn count(kind: &Value) -> (String, i64, bool) {
    (kind["emoji"].as_str().unwrap().to_owned(), kind["count"].as_i64().unwrap(), kind["mine"].as_bool().unwrap())
}

fn kind(emoji: &str, count: i64, mine: bool) -> (String, i64, bool) {
    (emoji.to_owned(), count, mine)
}

#[tokio::test]
async fn reactions_are_counted_by_kind_and_say_which_are_the_callers() {
    let stand = Stand::shared().await;
    let ([admin, attendee], conversation, message) = conversation(&stand).await;
    let first = stand.react(&attendee, message, "🎉").expect(200).await;
    first.has_members(&["message_id", "conversation_id", "seq", "revision", "reactions"]);
    assert_eq!((first.id("message_id"), first.id("conversation_id")), (message, conversation));
    assert_eq!((&first["seq"], &first["revision"]), (&json!(1), &json!(1)));
    assert_eq!(counts(&first), [kind("🎉", 1, true)]);

    let again = stand.react(&attendee, message, "🎉").expect(200).await;
    assert_eq!((counts(&again), &again["revision"]), (counts(&first), &first["revision"]), "twice is once");
    stand.react(&attendee, message, "👍🏽").expect(200).await;
    // With and without the variation selector it is one kind.
    stand.react(&attendee, message, "❤").expect(200).await;
    let both = stand.react(&admin, message, "❤️").expect(200).await;
    assert_eq!(counts(&both), [kind("❤️", 2, true), kind("🎉", 1, false), kind("👍🏽", 1, false)]);

    let back = stand.unreact(&attendee, message, "❤️").expect(200).await;
    assert_eq!(counts(&back), [kind("❤️", 1, false), kind("🎉", 1, true), kind("👍🏽", 1, true)]);
    let nothing = stand.unreact(&attendee, message, "❤️").expect(200).await;
    assert_eq!((counts(&nothing), &nothing["revision"]), (counts(&back), &back["revision"]));
    stand.unreact(&admin, message, "🎉").expect(200).await;
    let left = stand.unreact(&attendee, message, "🎉").expect(200).await;
    assert_eq!(counts(&left), [kind("❤️", 1, false), kind("👍🏽", 1, true)], "nobody takes back another's");
}

#[tokio::test]
async fn what_is_not_exactly_one_emoji_is_refused() {
    let stand = Stand::shared().await;
    let ([admin, _], _, message) = conversation(&stand).await;
    for emoji in ["a", "1", "", "👍👍", "🏽", "👍 ", "👍‍👎", "🇿", ":+1:", "<script>"] {
        for path in ["messages/react", "messages/unreact"] {
            let call = stand.post(path, &json!({"message_id": message, "emoji": emoji})).by(&admin);
            assert_eq!(call.expect(400).await.refused(Code::ValidationError).faults(), [("emoji", "malformed_emoji")]);
        }
        let query = format!("?emoji={}", emoji.bytes().map(|byte| format!("%{byte:02X}")).collect::<String>());
        let listed = stand.reactions(&admin, message, &query).expect(400).await.refused(Code::ValidationError);
        assert_eq!(listed.faults(), [("emoji", "malformed_emoji")]);
    }
    let missing = stand.post("messages/react", &json!({})).by(&admin).expect(400).await;
    assert_eq!(missing.refused(Code::ValidationError).faults(), [("message_id", "required"), ("emoji", "required")]);
    let listed = stand.get("messages/nonsense/reactions").by(&admin).expect(400).await.refused(Code::ValidationError);
    assert_eq!(listed.faults(), [("message_id", "malformed_uuid")]);
}

#[tokio::test]
async fn who_may_not_react() {
    let stand = Stand::shared().await;
    let ([admin, attendee], conversation, message) = conversation(&stand).await;
    let [stranger, moderator] = stand.users([Role::Attendee, Role::Moderator]).await;
    for user in [&stranger, &moderator] {
        // A moderator reads the message, but it was not written to them.
        stand.react(user, message, "👍").expect(404).await.refused_by(Code::NotFound, "not_a_participant");
        stand.unreact(user, message, "👍").expect(404).await.refused_by(Code::NotFound, "not_a_participant");
        assert_eq!(stand.traces(user).await, 0);
    }
    let unknown = stand.react(&attendee, Uuid::new_v4(), "👍").expect(404).await;
    unknown.refused_by(Code::NotFound, "not_a_participant");
    stand.react(&User::stranger(), message, "👍").expect(403).await.refused_by(Code::PermissionDenied, "no_profile");
    stand.post("messages/react", &json!({"message_id": message, "emoji": "👍"})).expect(401).await;

    stand.react(&attendee, message, "👍").expect(200).await;
    stand.react(&admin, message, "👍").expect(200).await;
    stand.suspend(&attendee, 1).await;
    let refusal = stand.react(&attendee, message, "🎉").expect(403).await;
    refusal.refused_by(Code::PermissionDenied, "suspended");
    assert_eq!(counts(&stand.unreact(&attendee, message, "👍").expect(200).await), [kind("👍", 1, false)]);
    stand.db.run("update rolecall.profiles set suspended_until = null where id = $1", &[&attendee.id]).await;

    stand.react(&attendee, message, "👍").expect(200).await;
    stand.block(&admin, &attendee).await;
    for user in [&admin, &attendee] {
        stand.react(user, message, "🎉").expect(403).await.refused_by(Code::PermissionDenied, "blocked");
        stand.unreact(user, message, "👍").expect(200).await;
    }
    stand.db.run("delete from rolecall.user_blocks where blocker_id = $1", &[&admin.id]).await;

    stand.react(&attendee, message, "👍").expect(200).await;
    stand.db.run("update rolecall.conversations set read_only = true where id = $1", &[&conversation]).await;
    let refusal = stand.react(&attendee, message, "🎉").expect(409).await;
    refusal.refused_by(Code::ConversationReadOnly, "conversation_read_only");
    assert_eq!(counts(&stand.unreact(&attendee, message, "👍").expect(200).await), []);
}

#[tokio::test]
async fn a_deleted_message_shows_no_reactions_and_takes_none_until_it_is_restored() {
    let stand = Stand::shared().await;
    let ([admin, attendee], conversation, _) = conversation(&stand).await;
    let message = stand.reply(&attendee, conversation, "Hello you").expect(201).await.id("message_id");
    stand.react(&admin, message, "👍").expect(200).await;
    let moderator = stand.user(Role::Moderator).await;
    stand.delete_message(&moderator, message).expect(200).await;
    let page = stand.messages(&admin, conversation, "").expect(200).await;
    assert_eq!(page["messages"][1]["reactions"], json!([]));
    assert_eq!(stand.reactions(&admin, message, "").expect(200).await["reactions"], json!([]));
    stand.react(&admin, message, "🎉").expect(404).await.refused_by(Code::NotFound, "message_deleted");
    stand.restore_message(&moderator, message).expect(200).await;
    let page = stand.messages(&admin, conversation, "").expect(200).await;
    assert_eq!(page["messages"][1]["reactions"], json!([{"emoji": "👍", "count": 1, "mine": true}]));
    stand.react(&admin, message, "🎉").expect(200).await;
}

#[tokio::test]
async fn a_message_has_twenty_kinds_at_most() {
    let stand = Stand::shared().await;
    let ([admin, attendee], _, message) = conversation(&stand).await;
    let kinds: Vec<String> = ('😀'..).take(21).map(String::from).collect();
    for emoji in &kinds[..20] {
        stand.react(&attendee, message, emoji).expect(200).await;
    }
    let refusal = stand.react(&admin, message, &kinds[20]).expect(409).await;
    refusal.refused_by(Code::TooManyReactions, "too_many_reactions");
    let joined = stand.react(&admin, message, &kinds[3]).expect(200).await;
    assert_eq!(counts(&joined)[0], kind(&kinds[3], 2, true), "a kind that is there takes more");
    stand.unreact(&attendee, message, &kinds[0]).expect(200).await;
    assert_eq!(counts(&stand.react(&admin, message, &kinds[20]).expect(200).await).len(), 20);
}

#[tokio::test]
async fn the_audience_of_a_broadcast_reacts_to_it() {
    let stand = Stand::shared().await;
    let [organizer, attendee, dealer, outside] =
        stand.users([Role::ShowOrganizer, Role::Attendee, Role::Dealer, Role::Attendee]).await;
    let show = stand.show(&organizer, Starts::InAWeek).await;
    stand.join(show, &[&attendee, &dealer]).await;
    let sent = stand.broadcast_to(&organizer, show, &["attendee"], "Doors open at nine").expect(201).await;
    let message = stand.message(sent.id("conversation_id"), 1).await;
    stand.react(&attendee, message, "👍").expect(200).await;
    assert_eq!(counts(&stand.react(&organizer, message, "👍").expect(200).await), [kind("👍", 2, true)]);
    for user in [&dealer, &outside] {
        stand.react(user, message, "👍").expect(404).await.refused_by(Code::NotFound, "not_a_participant");
        stand.reactions(user, message, "").expect(404).await.refused_by(Code::NotFound, "not_a_participant");
    }
    stand.block(&attendee, &organizer).await;
    stand.react(&attendee, message, "🎉").expect(404).await.refused_by(Code::NotFound, "not_a_participant");
}

#[tokio::test]
async fn a_key_answers_again_what_it_answered_first() {
    let stand = Stand::shared().await;
    let ([admin, attendee], _, message) = conversation(&stand).await;
    let key = Uuid::new_v4().to_string();
    let first = stand.react(&attendee, message, "👍").key(&key).expect(200).await;
    stand.react(&admin, message, "👍").expect(200).await;
    let again = stand.react(&attendee, message, "👍").key(&key).expect(200).await;
    assert_eq!((again.header("idempotency-replayed"), &again["reactions"]), ("true", &first["reactions"]));
    let other = stand.react(&attendee, message, "🎉").key(&key).expect(422).await;
    other.refused(Code::IdempotencyConflict);
    let key = Uuid::new_v4().to_string();
    stand.unreact(&attendee, message, "👍").key(&key).expect(200).await;
    assert_eq!(
        stand.unreact(&attendee, message, "👍").key(&key).expect(200).await.header("idempotency-replayed"),
        "true"
    );
    stand.unreact(&attendee, message, "🎉").key(&key).expect(422).await.refused(Code::IdempotencyConflict);
}

#[tokio::test]
async fn the_database_holds_what_comes_past_the_functions_within_bounds() {
    let stand = Stand::shared().await;
    let ([_, attendee], conversation, message) = conversation(&stand).await;
    for emoji in [
        json!("a\nb"),
        json!(""),
        json!("x".repeat(65)),
        json!("\u{200b}"),
        json!("👍 "),
        json!(7),
        json!({}),
        Value::Null,
    ] {
        let request = json!({
            "claims": {"sub": attendee.id, "role": "authenticated"}, "request_id": "r", "rollouts": {},
            "input": {"message_id": message, "emoji": emoji},
        });
        let answer: Value = stand.db.one("select rolecall_edge.react($1)", &[&request]).await;
        if emoji != 7 && emoji != json!({}) {
            assert_eq!(answer["code"], "invalid_input", "{emoji}");
        }
        let text = emoji.as_str().unwrap_or("");
        let sql =
            "insert into rolecall.message_reactions (conversation_id, seq, user_id, emoji) values ($1, 1, $2, $3)";
        assert!(stand.db.query(sql, &[&conversation, &attendee.id, &text]).await.is_err(), "{emoji}");
    }
}
