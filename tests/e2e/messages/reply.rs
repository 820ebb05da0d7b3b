//! Replies in a conversation.

use rolecall_e2e::{Code, Role, Stand, User, fixtures::Starts};
use uuid::Uuid;

#[tokio::test]
async fn participants_reply_in_turn_and_every_reply_has_the_next_number() {
    let stand = Stand::shared().await;
    let [organizer, attendee] = stand.users([Role::ShowOrganizer, Role::Attendee]).await;
    let first = stand.send_dm(&organizer, &attendee, "Welcome").expect(201).await;
    let conversation = first.id("conversation_id");
    for seq in 2..=5 {
        let author = if seq % 2 == 0 { &attendee } else { &organizer };
        let reply = stand.reply(author, conversation, "And so on").expect(201).await;
        reply.has_members(&["message_id", "conversation_id", "seq", "created_at"]);
        assert_eq!((reply.id("conversation_id"), &reply["seq"]), (conversation, &seq.into()));
    }
    let unread: i64 = stand
        .db
        .one(
            "select c.last_seq - p.last_read_seq - p.skipped from rolecall.conversations c
             join rolecall.conversation_participants p on p.conversation_id = c.id
             where c.id = $1 and p.user_id = $2",
            &[&conversation, &attendee.id],
        )
        .await;
    assert_eq!(unread, 3, "whoever sends has read nothing but their own");
}

#[tokio::test]
async fn an_attendee_may_reply_to_whom_they_may_not_write_first() {
    let stand = Stand::shared().await;
    for role in [Role::ShowOrganizer, Role::Moderator, Role::Admin] {
        let [staff, attendee] = stand.users([role, Role::Attendee]).await;
        let refusal = stand.send_dm(&attendee, &staff, "Hello").expect(403).await;
        refusal.refused_by(Code::PermissionDenied, "attendee_writes_to_mvp_dealers_only");
        let first = stand.send_dm(&staff, &attendee, "Hello").expect(201).await;
        stand.reply(&attendee, first.id("conversation_id"), "Hello to you").expect(201).await;
        let named = stand.send_dm(&attendee, &staff, "By recipient it is a reply as well").expect(201).await;
        assert_eq!(named["seq"], 3);
    }
}

#[tokio::test]
async fn an_attendee_does_not_reply_to_attendees_and_dealers() {
    let stand = Stand::shared().await;
    for role in [Role::Attendee, Role::Dealer] {
        let [other, attendee] = stand.users([Role::Admin, Role::Attendee]).await;
        let first = stand.send_dm(&other, &attendee, "Hello").expect(201).await;
        stand.becomes(&other, role).await;
        let refusal = stand.reply(&attendee, first.id("conversation_id"), "Hello").expect(403).await;
        refusal.refused_by(Code::PermissionDenied, "attendee_replies_to_staff_only");
        assert_eq!(last_seq(&stand, first.id("conversation_id")).await, 1);
    }
}

#[tokio::test]
async fn a_dealer_reads_only() {
    let stand = Stand::shared().await;
    let [admin, dealer] = stand.users([Role::Admin, Role::Dealer]).await;
    let first = stand.send_dm(&admin, &dealer, "Hello").expect(201).await;
    let refusal = stand.reply(&dealer, first.id("conversation_id"), "Hello").expect(403).await;
    refusal.refused_by(Code::PermissionDenied, "dealer_reads_only");
    let refusal = stand.send_dm(&dealer, &admin, "Hello").expect(403).await;
    refusal.refused_by(Code::PermissionDenied, "dealer_reads_only");
    assert_eq!(last_seq(&stand, first.id("conversation_id")).await, 1);
}

#[tokio::test]
async fn a_conversation_of_others_is_as_unknown_as_one_that_does_not_exist() {
    let stand = Stand::shared().await;
    let [admin, attendee, moderator] = stand.users([Role::Admin, Role::Attendee, Role::Moderator]).await;
    let conversation = stand.send_dm(&admin, &attendee, "Between us").expect(201).await.id("conversation_id");
    let of_others = stand.reply(&moderator, conversation, "I read along").expect(404).await;
    let unknown = stand.reply(&moderator, Uuid::new_v4(), "Anybody there?").expect(404).await;
    let of_others = of_others.refused_by(Code::NotFound, "not_a_participant");
    let unknown = unknown.refused_by(Code::NotFound, "not_a_participant");
    assert_eq!(of_others["detail"], unknown["detail"], "nobody learns from a refusal that it exists");
    assert_eq!(stand.traces(&moderator).await, 0);
    assert_eq!(last_seq(&stand, conversation).await, 1);

    let stranger = stand.reply(&User::stranger(), conversation, "Hello").expect(403).await;
    stranger.refused_by(Code::PermissionDenied, "no_profile");
}

#[tokio::test]
async fn a_block_stops_replies_both_ways() {
    let stand = Stand::shared().await;
    let [admin, organizer] = stand.users([Role::Admin, Role::ShowOrganizer]).await;
    let conversation = stand.send_dm(&admin, &organizer, "Hello").expect(201).await.id("conversation_id");
    stand.block(&organizer, &admin).await;
    for author in [&admin, &organizer] {
        let refusal = stand.reply(author, conversation, "Hello").expect(403).await;
        refusal.refused_by(Code::PermissionDenied, "blocked");
    }
    let named = stand.send_dm(&admin, &organizer, "Hello").expect(403).await;
    named.refused_by(Code::PermissionDenied, "blocked");
    assert_eq!(last_seq(&stand, conversation).await, 1);
}

#[tokio::test]
async fn a_suspended_participant_does_not_reply() {
    let stand = Stand::shared().await;
    let [admin, organizer] = stand.users([Role::Admin, Role::ShowOrganizer]).await;
    let conversation = stand.send_dm(&admin, &organizer, "Hello").expect(201).await.id("conversation_id");
    stand.suspend(&organizer, 24).await;
    let refusal = stand.reply(&organizer, conversation, "Hello").expect(403).await;
    refusal.refused_by(Code::PermissionDenied, "suspended");
    assert_eq!(last_seq(&stand, conversation).await, 1);
}

#[tokio::test]
async fn recipients_of_a_broadcast_cannot_reply_to_it() {
    let stand = Stand::shared().await;
    let [organizer, attendee, dealer] = stand.users([Role::ShowOrganizer, Role::Attendee, Role::MvpDealer]).await;
    let show = stand.show(&organizer, Starts::InAWeek).await;
    stand.join(show, &[&attendee, &dealer]).await;
    let sent =
        stand.broadcast_to(&organizer, show, &["attendee", "mvp_dealer"], "Doors open at nine").expect(201).await;
    let conversation = sent.id("conversation_id");
    for reader in [&attendee, &dealer] {
        let refusal = stand.reply(reader, conversation, "Where?").expect(403).await;
        refusal.refused_by(Code::PermissionDenied, "broadcast_not_answerable");
    }
    let sender = stand.reply(&organizer, conversation, "Sneaking past the quota").expect(403).await;
    sender.refused_by(Code::PermissionDenied, "broadcast_not_answerable");
    assert_eq!(last_seq(&stand, conversation).await, 1);
}

#[tokio::test]
async fn a_closed_conversation_can_only_be_read() {
    let stand = Stand::shared().await;
    let [admin, attendee] = stand.users([Role::Admin, Role::Attendee]).await;
    let conversation = stand.send_dm(&admin, &attendee, "Hello").expect(201).await.id("conversation_id");
    stand.db.run("update rolecall.conversations set read_only = true where id = $1", &[&conversation]).await;
    for call in [
        stand.reply(&attendee, conversation, "Hello"),
        stand.reply(&admin, conversation, "Hello"),
        stand.send_dm(&admin, &attendee, "Hello"),
    ] {
        call.expect(409).await.refused_by(Code::ConversationReadOnly, "conversation_read_only");
    }
    assert_eq!(last_seq(&stand, conversation).await, 1);
}

async fn last_seq(stand: &Stand, conversation: Uuid) -> i64 {
    stand.db.one("select last_seq from rolecall.conversations where id = $1", &[&conversation]).await
}
