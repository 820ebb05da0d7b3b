//! The inbox: one card for each conversation, in pages.

use crate::conversations::support::*;
use rolecall_e2e::{Code, Role, Setup, Stand, User, fixtures::Starts};
use serde_json::{Value, json};
use std::collections::{HashMap, HashSet};
use uuid::Uuid;

#[tokio::test]
async fn an_inbox_shows_each_conversation_with_its_last_message_newest_first() {
    let stand = Stand::shared().await;
    let [organizer, anna, max] = stand.users([Role::ShowOrganizer, Role::Attendee, Role::MvpDealer]).await;
    let with_anna = stand.send_dm(&organizer, &anna, "Hello Anna").expect(201).await;
    let with_max = stand.send_dm(&max, &organizer, "Hello").expect(201).await;
    let last = stand.send_dm(&max, &organizer, "A table by the door?").expect(201).await;

    let inbox = stand.inbox(&organizer, "").expect(200).await;

    inbox.has_members(&["conversations", "pinned", "next_cursor"]);
    assert_eq!(inbox["next_cursor"], Value::Null);
    let [first, second] = inbox.items("conversations") else { panic!("{}", inbox.body) };
    let mut expected = [
        "id",
        "kind",
        "version",
        "with",
        "show",
        "last_message",
        "last_seq",
        "last_read_seq",
        "unread_count",
        "muted_until",
        "archived",
        "pinned_at",
        "revision",
        "can_reply",
        "reply_refusal",
        "created_at",
        "last_message_at",
    ];
    expected.sort_unstable();
    assert_eq!(members(first), expected);
    assert_eq!(first["id"], json!(with_max.id("conversation_id")));
    assert_eq!((&first["kind"], &first["version"]), (&json!("direct"), &json!("v2")));
    assert_eq!(first["with"], json!({"id": max.id, "display_name": "Somebody", "role": "mvp_dealer"}));
    assert_eq!(first["show"], Value::Null);
    assert_eq!(
        (&first["last_seq"], &first["last_read_seq"], &first["unread_count"]),
        (&json!(2), &json!(0), &json!(2))
    );
    assert_eq!((&first["can_reply"], &first["reply_refusal"]), (&json!(true), &Value::Null));
    assert_eq!(
        first["last_message"],
        json!({
            "id": last.id("message_id"), "seq": 2, "sender_id": max.id, "content": "A table by the door?",
            "created_at": last["created_at"], "show_id": null, "version": 1, "edited_at": null, "deleted": null, "reactions": [],
        })
    );
    assert_eq!(first["last_message_at"], last["created_at"]);
    assert_eq!(second["id"], json!(with_anna.id("conversation_id")));
    assert_eq!((&second["unread_count"], &second["last_read_seq"]), (&json!(0), &json!(1)), "one's own is read");

    let of_anna = stand.inbox(&anna, "").expect(200).await;
    let [card] = of_anna.items("conversations") else { panic!("{}", of_anna.body) };
    assert_eq!((&card["with"]["id"], &card["unread_count"]), (&json!(organizer.id), &json!(1)));
}

#[tokio::test]
async fn an_empty_inbox_is_a_page_without_anything() {
    let stand = Stand::shared().await;
    let attendee = stand.user(Role::Attendee).await;
    let inbox = stand.inbox(&attendee, "limit=100").expect(200).await;
    assert_eq!((&inbox["conversations"], &inbox["next_cursor"]), (&json!([]), &Value::Null));
    let unread = stand.unread(&attendee).expect(200).await;
    unread.has_members(&["unread", "conversations", "by_kind"]);
    assert_eq!((&unread["unread"], &unread["conversations"]), (&json!(0), &json!(0)));
    assert_eq!(unread["by_kind"], json!({"direct": 0, "show": 0}));
}

#[tokio::test]
async fn a_caller_without_a_profile_has_no_inbox() {
    let stand = Stand::shared().await;
    let stranger = User::stranger();
    for call in [stand.inbox(&stranger, ""), stand.unread(&stranger), stand.messages(&stranger, Uuid::new_v4(), "")] {
        call.expect(403).await.refused_by(Code::PermissionDenied, "no_profile");
    }
}

#[tokio::test]
async fn reading_needs_no_role_that_writes_and_no_good_standing() {
    let stand = Stand::shared().await;
    let [admin, dealer] = stand.users([Role::Admin, Role::Dealer]).await;
    let conversation = stand.send_dm(&admin, &dealer, "Hello").expect(201).await.id("conversation_id");
    stand.suspend(&dealer, 24).await;
    stand.block(&dealer, &admin).await;
    assert_eq!(stand.inbox(&dealer, "").expect(200).await.items("conversations").len(), 1);
    assert_eq!(numbers(&stand.messages(&dealer, conversation, "").expect(200).await), [1]);
    assert_eq!(stand.mark_read(&dealer, conversation, 1).expect(200).await["unread_count"], 0);
}

#[tokio::test]
async fn pages_lead_through_the_whole_inbox_once_while_others_write() {
    let stand = Stand::shared().await;
    let reader = stand.user(Role::Admin).await;
    let (mut still, mut busy) = (HashSet::new(), Vec::new());
    for number in 0..60 {
        let other = stand.user(Role::Attendee).await;
        let conversation = stand.history(&reader, &other, 2).await;
        if number % 3 == 0 {
            busy.push(other);
        } else {
            still.insert(conversation);
        }
    }
    for limit in [1, 7, 59, 60, 100] {
        let mut writing = busy.iter().cycle();
        let cards = every_page(&stand, &reader, &format!("limit={limit}"), async || {
            // Somebody moves to the top, and somebody new begins.
            stand.send_dm(&reader, writing.next().unwrap(), "And so on").expect(201).await;
            let newcomer = stand.user(Role::Attendee).await;
            stand.send_dm(&reader, &newcomer, "Welcome").expect(201).await;
        })
        .await;
        let seen = ids(&cards);
        let once: HashSet<Uuid> = seen.iter().copied().collect();
        assert_eq!(once.len(), seen.len(), "no conversation stands on two pages of {limit}");
        assert!(still.is_subset(&once), "no conversation is missing from the pages of {limit}");
        let times: Vec<&str> = cards.iter().map(|card| card["last_message_at"].as_str().unwrap()).collect();
        assert!(times.is_sorted_by(|one, next| one >= next), "newest first");
    }
}

#[tokio::test]
async fn conversations_of_the_same_moment_are_paged_without_loss() {
    let stand = Stand::shared().await;
    let reader = stand.user(Role::Admin).await;
    let mut all = HashSet::new();
    for _ in 0..10 {
        let other = stand.user(Role::Attendee).await;
        all.insert(stand.history(&reader, &other, 1).await);
    }
    let sql = "update rolecall.conversations set last_message_at = '2026-01-02 03:04:05.678901Z' where id = any($1)";
    stand.db.run(sql, &[&all.iter().copied().collect::<Vec<_>>()]).await;
    for limit in [1, 3, 10] {
        let seen = ids(&every_page(&stand, &reader, &format!("limit={limit}"), async || ()).await);
        assert_eq!(seen.len(), 10);
        assert_eq!(seen.into_iter().collect::<HashSet<_>>(), all);
    }
}

#[tokio::test]
async fn a_kind_alone_can_be_asked_for() {
    let stand = Stand::shared().await;
    let [organizer, attendee] = stand.users([Role::ShowOrganizer, Role::Attendee]).await;
    let show = stand.show(&organizer, Starts::InAWeek).await;
    stand.join(show, &[&attendee]).await;
    let direct = stand.send_dm(&organizer, &attendee, "Hello").expect(201).await.id("conversation_id");
    let to_all = stand.broadcast(&organizer, show, "Doors open at nine").expect(201).await.id("conversation_id");
    for reader in [&organizer, &attendee] {
        for (query, expected) in
            [("kind=direct", vec![direct]), ("kind=show", vec![to_all]), ("", vec![to_all, direct])]
        {
            let inbox = stand.inbox(reader, query).expect(200).await;
            assert_eq!(ids(inbox.items("conversations")), expected, "{query}");
        }
    }
    let unread = stand.unread(&attendee).expect(200).await;
    assert_eq!(unread["by_kind"], json!({"direct": 1, "show": 1}));
    assert_eq!((&unread["unread"], &unread["conversations"]), (&json!(2), &json!(2)));
}

#[tokio::test]
async fn a_cursor_of_another_kind_of_list_or_of_nobody_changes_nothing_about_whose_inbox_it_is() {
    let stand = Stand::shared().await;
    let [one, other, spy] = stand.users([Role::Admin, Role::Attendee, Role::Attendee]).await;
    stand.history(&one, &other, 1).await;
    let third = stand.user(Role::Attendee).await;
    stand.history(&one, &third, 1).await;
    let page = stand.inbox(&one, "limit=1").expect(200).await;
    let cursor = page["next_cursor"].as_str().unwrap();
    let stolen = stand.inbox(&spy, &format!("cursor={cursor}")).expect(200).await;
    assert_eq!(stolen["conversations"], json!([]));
    let forged = format!("cursor=9223372036854775.{}", Uuid::max());
    assert_eq!(stand.inbox(&spy, &forged).expect(200).await["conversations"], json!([]));
    assert_eq!(stand.inbox(&one, &forged).expect(200).await.items("conversations").len(), 2);
    // A number of the right form beyond what a time can be.
    for microseconds in ["999999999999999999", "-999999999999999999"] {
        let beyond = stand.inbox(&one, &format!("cursor={microseconds}.{}", Uuid::nil())).send().await;
        assert!(matches!(beyond.status, 200 | 400), "{}", beyond.body);
    }
}

#[tokio::test]
async fn a_card_says_whether_one_may_reply_just_as_the_reply_does() {
    let stand = Stand::shared().await;
    let mut reasons: HashMap<String, usize> = HashMap::new();
    for &role in Role::ALL {
        for &other_role in Role::ALL {
            for change in ["nothing", "block", "suspension", "closed"] {
                let [reader, other] = stand.users([role, other_role]).await;
                let conversation = stand.history(&reader, &other, 1).await;
                match change {
                    "block" => stand.block(&other, &reader).await,
                    "suspension" => stand.suspend(&reader, 1).await,
                    "closed" => {
                        let close = "update rolecall.conversations set read_only = true where id = $1";
                        stand.db.run(close, &[&conversation]).await;
                    }
                    _ => {}
                }
                let inbox = stand.inbox(&reader, "").expect(200).await;
                let card = inbox.items("conversations")[0].clone();
                let reply = stand.reply(&reader, conversation, "Hello").send().await;
                assert_eq!(card["can_reply"], reply.status == 201, "{role:?} to {other_role:?} {change}: {card}");
                if reply.status == 201 {
                    assert_eq!(card["reply_refusal"], Value::Null);
                } else {
                    let reason = &reply["reasons"][0];
                    let expected = json!({
                        "code": reply.code(), "rule": reason["code"], "message": reason["message"],
                        "allowed_if": reason["allowed_if"],
                    });
                    assert_eq!(card["reply_refusal"], expected, "{role:?} to {other_role:?} {change}");
                    *reasons.entry(reason["code"].as_str().unwrap().to_owned()).or_default() += 1;
                }
            }
        }
    }
    for rule in
        ["attendee_replies_to_staff_only", "dealer_reads_only", "blocked", "suspended", "conversation_read_only"]
    {
        assert!(reasons.contains_key(rule), "{rule}: {reasons:?}");
    }
}

#[tokio::test]
async fn a_rollout_that_takes_replying_away_shows_on_the_card() {
    let stand = Stand::own(Setup::new().variable("rollouts", "send-dm=disabled")).await;
    let [reader, other] = stand.users([Role::Admin, Role::Attendee]).await;
    let conversation = stand.history(&reader, &other, 1).await;
    stand.reply(&reader, conversation, "Hello").expect(404).await.refused(Code::FeatureDisabled);
    let inbox = stand.inbox(&reader, "").expect(200).await;
    let card = &inbox.items("conversations")[0];
    assert_eq!((&card["can_reply"], &card["reply_refusal"]["code"]), (&json!(false), &json!("feature_disabled")));
}
