//! Everything that has changed for a user, by cursor: on other devices, after others wrote, and after what nobody may see.

use rolecall_e2e::{Answer, Code, Role, Setup, Stand, User, fixtures::Starts};
use serde_json::{Value, json};
use uuid::Uuid;

/// A stand in a cluster of its own: the transactions of another test would hold the horizon back, so that what was heard
/// comes once more, which a device drops.
pub async fn alone() -> Stand {
    Stand::own(Setup::new().without_rate_limits().own_cluster()).await
}

/// The ids of a list of cards.
fn ids(answer: &Answer, list: &str) -> Vec<Uuid> {
    answer.items(list).iter().map(|card| card["id"].as_str().unwrap().parse().unwrap()).collect()
}

/// Everything since a cursor, page after page, and the cursor to go on from.
async fn since(stand: &Stand, user: &User, cursor: &Value) -> (Vec<Uuid>, Value) {
    let (mut cursor, mut seen) = (cursor.clone(), Vec::new());
    loop {
        let page = stand.sync(user, &json!({"cursor": cursor, "limit": 3})).expect(200).await;
        seen.extend(ids(&page, "conversations"));
        seen.extend(ids(&page, "help_conversations"));
        cursor = page["cursor"].clone();
        if page["more"] == false {
            return (seen, cursor);
        }
        assert_eq!(page.items("conversations").len() + page.items("help_conversations").len(), 3);
    }
}

#[tokio::test]
async fn a_user_hears_of_what_changed_and_of_nothing_else() {
    let stand = alone().await;
    let [reader, one, two, moderator] =
        stand.users([Role::Admin, Role::Attendee, Role::Attendee, Role::Moderator]).await;
    let first = stand.sync(&reader, &json!({})).expect(200).await;
    first.has_members(&[
        "cursor",
        "more",
        "conversations",
        "help_conversations",
        "threads",
        "gone",
        "catch_up",
        "unread",
        "notifications",
    ]);
    assert_eq!((first.items("conversations"), &first["more"]), (&[][..], &json!(false)));

    let with_one = stand.send_dm(&reader, &one, "Hello").expect(201).await.id("conversation_id");
    let with_two = stand.send_dm(&reader, &two, "Hello").expect(201).await.id("conversation_id");
    let (seen, cursor) = since(&stand, &reader, &first["cursor"]).await;
    assert_eq!(seen, [with_two, with_one], "the newest first");
    let (seen, cursor) = since(&stand, &reader, &cursor).await;
    assert_eq!(seen, [] as [Uuid; 0], "nothing has changed");

    let sent = stand.reply(&one, with_one, "Hello yourself").expect(201).await;
    let answer = stand.sync(&reader, &json!({"cursor": cursor})).expect(200).await;
    assert_eq!(answer["conversations"], stand.inbox(&reader, "limit=1").expect(200).await["conversations"]);
    let unread = stand.unread(&reader).expect(200).await;
    assert_eq!(
        answer["unread"],
        json!({"unread": unread["unread"], "conversations": unread["conversations"], "by_kind": unread["by_kind"]})
    );
    assert_eq!(answer["notifications"], json!({"unread": 0, "newest_id": null}));

    // A mark of another device, and a message that the moderation removes.
    let cursor = answer["cursor"].clone();
    stand.mark_read(&reader, with_one, 2).expect(200).await;
    let (seen, cursor) = since(&stand, &reader, &cursor).await;
    assert_eq!(seen, [with_one]);
    stand.delete_message(&moderator, sent.id("message_id")).expect(200).await;
    let (seen, cursor) = since(&stand, &reader, &cursor).await;
    assert_eq!(seen, [with_one]);
    // The operator closes one by hand.
    stand.db.run("update rolecall.conversations set read_only = true where id = $1", &[&with_two]).await;
    let (seen, _) = since(&stand, &reader, &cursor).await;
    assert_eq!(seen, [with_two]);
}

#[tokio::test]
async fn what_a_client_lacks_comes_along_within_bounds() {
    let stand = Stand::shared().await;
    let [reader, writer, moderator] = stand.users([Role::Attendee, Role::Admin, Role::Moderator]).await;
    let conversation = stand.history(&reader, &writer, 120).await;
    stand.delete_message(&moderator, stand.message(conversation, 7).await).expect(200).await;
    let lacks = async |seq: i64, revision: i64| {
        let have = json!({"have": [{"conversation_id": conversation, "seq": seq, "revision": revision}]});
        stand.sync(&reader, &have).expect(200).await["catch_up"].clone()
    };
    let part = lacks(100, 0).await;
    let messages = stand.messages(&reader, conversation, "since_seq=100").expect(200).await;
    let changes = stand.changes(&reader, conversation, 0).expect(200).await;
    assert_eq!(
        part,
        json!([{
            "conversation_id": conversation, "messages": messages["messages"], "changed": changes["messages"],
            "seq": 120, "revision": 1, "limited": false,
        }])
    );
    let part = lacks(10, 1).await;
    assert_eq!((&part[0]["seq"], &part[0]["limited"]), (&json!(60), &json!(true)));
    assert_eq!(part[0]["messages"].as_array().unwrap().len(), 50);
    assert_eq!(lacks(120, 1).await, json!([]), "who has all lacks nothing");
}

#[tokio::test]
async fn conversations_of_others_are_gone_in_the_same_words_as_those_that_do_not_exist() {
    let stand = Stand::shared().await;
    let [one, two, thief] = stand.users([Role::Attendee, Role::Admin, Role::Attendee]).await;
    let theirs = stand.history(&one, &two, 3).await;
    let talk = stand.helped(&one, &two).await;
    let mut asked = vec![theirs, talk, Uuid::new_v4()];
    let have: Vec<Value> = asked.iter().map(|id| json!({"conversation_id": id, "seq": 0, "revision": 0})).collect();
    let answer = stand.sync(&thief, &json!({"have": have})).expect(200).await;
    let mut gone: Vec<Uuid> = answer.items("gone").iter().map(|id| id.as_str().unwrap().parse().unwrap()).collect();
    gone.sort_unstable();
    asked.sort_unstable();
    assert_eq!(gone, asked);
    assert_eq!((&answer["catch_up"], &answer["conversations"]), (&json!([]), &json!([])));
}

#[tokio::test]
async fn a_block_takes_broadcasts_away_and_gives_them_back() {
    let stand = alone().await;
    let [reader, organizer] = stand.users([Role::Attendee, Role::ShowOrganizer]).await;
    let show = stand.show(&organizer, Starts::InAWeek).await;
    let first = stand.sync(&reader, &json!({})).expect(200).await;
    stand.join(show, &[&reader]).await;
    let sent = stand.broadcast(&organizer, show, "Doors open at nine").expect(201).await.id("conversation_id");
    let direct = stand.send_dm(&organizer, &reader, "Hello").expect(201).await.id("conversation_id");
    let (seen, cursor) = since(&stand, &reader, &first["cursor"]).await;
    assert_eq!(seen, [direct, sent], "who joined hears what is sent since");

    stand.block_user(&reader, organizer.id).expect(201).await;
    let blocked = stand.sync(&reader, &json!({"cursor": cursor})).expect(200).await;
    assert_eq!(blocked["gone"], json!([sent]));
    assert_eq!(ids(&blocked, "conversations"), [direct]);
    assert_eq!(blocked["conversations"][0]["can_reply"], false);
    stand.unblock_user(&reader, organizer.id).expect(200).await;
    let (mut seen, cursor) = since(&stand, &reader, &blocked["cursor"]).await;
    seen.sort_unstable();
    let mut both = [direct, sent];
    both.sort_unstable();
    assert_eq!(seen, both);

    // Who leaves keeps what they saw, and hears nothing new.
    stand.leave(show, &reader).await;
    stand.broadcast(&organizer, show, "At ten, sorry").expect(201).await;
    let left = stand.sync(&reader, &json!({"cursor": cursor})).expect(200).await;
    for card in left.items("conversations") {
        assert_eq!((&card["id"], &card["last_seq"]), (&json!(sent), &json!(1)), "what is new is not theirs");
    }
    assert_eq!(left["gone"], json!([]));
}

#[tokio::test]
async fn help_conversations_come_as_their_own_list_shows_them() {
    let stand = alone().await;
    let [requester, helper] = stand.users([Role::Attendee, Role::Attendee]).await;
    let first = stand.sync(&helper, &json!({})).expect(200).await;
    let talk = stand.helped(&requester, &helper).await;
    let answer = stand.sync(&helper, &json!({"cursor": first["cursor"]})).expect(200).await;
    assert_eq!(ids(&answer, "help_conversations"), [talk]);
    assert_eq!(answer["help_conversations"], stand.help_conversations(&helper, "").expect(200).await["conversations"]);
    stand.say(&requester, talk, "Thank you").expect(201).await;
    let (seen, cursor) = since(&stand, &helper, &answer["cursor"]).await;
    assert_eq!(seen, [talk]);
    stand.act(&helper, talk, "read").expect(200).await;
    let (seen, _) = since(&stand, &helper, &cursor).await;
    assert_eq!(seen, [talk], "read on another device");
}

#[tokio::test]
async fn a_cursor_is_one_users_and_of_this_database() {
    let stand = Stand::shared().await;
    let [one, two] = stand.users([Role::Attendee, Role::Admin]).await;
    stand.send_dm(&two, &one, "Hello").expect(201).await;
    let of_two = stand.sync(&two, &json!({})).expect(200).await["cursor"].clone();
    stand.sync(&one, &json!({"cursor": of_two})).expect(410).await.refused(Code::CursorExpired);

    let cursor = stand.sync(&one, &json!({})).expect(200).await["cursor"].as_str().unwrap().to_owned();
    // Another database: one of the bytes of the origin.
    let mut forged = cursor.clone().into_bytes();
    forged[10] = if forged[10] == b'A' { b'B' } else { b'A' };
    let forged = String::from_utf8(forged).unwrap();
    stand.sync(&one, &json!({"cursor": forged})).expect(410).await.refused(Code::CursorExpired);
    // Of a transaction that is yet to come.
    let later: String = stand
        .db
        .one(
            "select rolecall_internal.sync_cursor(rolecall_internal.sync_origin($1, '{help}'), 999999999999, 5)",
            &[&one.id],
        )
        .await;
    stand.sync(&one, &json!({"cursor": later})).expect(410).await.refused(Code::CursorExpired);
    // None at all.
    let refused = stand.sync(&one, &json!({"cursor": "1.2"})).expect(400).await.refused(Code::ValidationError);
    assert_eq!(refused.faults(), [("cursor", "malformed_cursor")]);
    stand.sync(&one, &json!({"cursor": &cursor[..40]})).expect(400).await.refused(Code::InvalidInput);
    let refused = stand.sync(&one, &json!({"limit": 201})).expect(400).await.refused(Code::ValidationError);
    assert_eq!(refused.faults(), [("limit", "out_of_range")]);
    assert_eq!(stand.sync(&one, &json!({})).expect(200).await.items("conversations").len(), 1, "the way on");
}

#[tokio::test]
async fn sync_reads_for_the_suspended_and_during_maintenance_and_for_no_deleted_account() {
    let stand = Stand::own(Setup::new().without_rate_limits()).await;
    let [one, two] = stand.users([Role::Attendee, Role::Admin]).await;
    stand.send_dm(&two, &one, "Hello").expect(201).await;
    stand.suspend(&one, 24).await;
    let answer = stand.sync(&one, &json!({})).expect(200).await;
    assert_eq!(answer["conversations"][0]["can_reply"], false);

    stand.db.run("update rolecall.feature_flags set rollout = 'enabled' where name = 'maintenance'", &[]).await;
    stand.sync(&two, &json!({})).expect(200).await;
    stand.send_dm(&two, &one, "Hello").expect(503).await;
    stand.db.run("update rolecall.feature_flags set rollout = 'disabled' where name = 'maintenance'", &[]).await;

    // The key of a request that writes nothing has no effect.
    let standing = json!({"limit": 1});
    for _ in 0..2 {
        let answer = stand.sync(&two, &standing).key("the-same").expect(200).await;
        assert_eq!(answer.header("idempotency-replayed"), "");
    }
    stand.sync(&two, &json!({"limit": 2})).key("the-same").expect(200).await;

    let cursor = stand.sync(&two, &json!({})).expect(200).await["cursor"].clone();
    stand.delete_account(&one).expect(200).await;
    stand.sync(&one, &json!({})).expect(403).await.refused_by(Code::PermissionDenied, "account_deleted");
    let (seen, _) = since(&stand, &two, &cursor).await;
    assert_eq!(seen.len(), 1, "the other hears that a name is gone");
    stand.sync(&User::stranger(), &json!({})).expect(403).await.refused_by(Code::PermissionDenied, "no_profile");
}
