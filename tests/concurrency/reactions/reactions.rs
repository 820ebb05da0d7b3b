//! Reactions at once.

use futures::future::join_all;
use rolecall_e2e::{Code, Role, Setup, Stand, fixtures::Starts};

#[tokio::test]
async fn a_thousand_reactions_at_once_are_counted_exactly() {
    let stand = Stand::own(Setup::new().without_rate_limits()).await;
    let organizer = stand.user(Role::ShowOrganizer).await;
    let people = stand.many(Role::Attendee, 500).await;
    let show = stand.show(&organizer, Starts::InAWeek).await;
    stand.join(show, &people.iter().collect::<Vec<_>>()).await;
    let sent = stand.broadcast_to(&organizer, show, &["attendee"], "Doors").expect(201).await;
    let conversation = sent.id("conversation_id");
    let message = stand.message(conversation, 1).await;
    // Each reacts twice with one kind, and once with another.
    for chunk in people.chunks(250) {
        let calls =
            chunk.iter().flat_map(|user| ["👍", "👍", "🎉"].map(|emoji| stand.react(user, message, emoji).expect(200)));
        join_all(calls).await;
    }
    let page = stand.messages(&organizer, conversation, "").expect(200).await;
    let counts: Vec<_> =
        page["messages"][0]["reactions"].as_array().unwrap().iter().map(|kind| kind["count"].clone()).collect();
    assert_eq!(counts, [500, 500]);
    assert_eq!(stand.db.count("rolecall.message_reactions where conversation_id = $1", &[&conversation]).await, 1000);
    let revision: i64 =
        stand.db.one("select revision from rolecall.conversations where id = $1", &[&conversation]).await;
    assert!(revision < 700, "they share statements: {revision} changes of the message");
    join_all(people[..250].iter().map(|user| stand.unreact(user, message, "🎉").expect(200))).await;
    let page = stand.messages(&organizer, conversation, "").expect(200).await;
    assert_eq!(
        (&page["messages"][0]["reactions"][0]["count"], &page["messages"][0]["reactions"][1]["count"]),
        (&500.into(), &250.into())
    );
}

#[tokio::test]
async fn of_twenty_one_kinds_at_once_twenty_stand() {
    let stand = Stand::own(Setup::new().without_rate_limits()).await;
    let [admin, attendee] = stand.users([Role::Admin, Role::Attendee]).await;
    for _ in 0..10 {
        let message = stand.send_dm(&admin, &attendee, "Hello").expect(201).await.id("message_id");
        let kinds: Vec<String> = ('😀'..).take(21).map(String::from).collect();
        let calls =
            kinds.iter().enumerate().map(|(n, emoji)| stand.react([&admin, &attendee][n % 2], message, emoji).send());
        let answers = join_all(calls).await;
        assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), 20);
        let refused = answers.into_iter().find(|answer| answer.status != 200).unwrap();
        refused.refused_by(Code::TooManyReactions, "too_many_reactions");
        assert_eq!(stand.reactions(&admin, message, "").expect(200).await.items("reactions").len(), 20);
    }
}

#[tokio::test]
async fn who_reacts_while_the_message_is_deleted_is_before_or_refused() {
    let stand = Stand::own(Setup::new().without_rate_limits()).await;
    let [admin, attendee, moderator] = stand.users([Role::Admin, Role::Attendee, Role::Moderator]).await;
    for _ in 0..50 {
        let sent = stand.send_dm(&admin, &attendee, "Hello").expect(201).await;
        let message = sent.id("message_id");
        let (one, other, deleted) = tokio::join!(
            stand.react(&admin, message, "👍").send(),
            stand.react(&attendee, message, "👍").send(),
            stand.delete_message(&moderator, message).send(),
        );
        assert_eq!(deleted.status, 200);
        let stand_of = |status| match status {
            200 => 1,
            404 => 0,
            other => panic!("{other}"),
        };
        let reacted: i64 = stand_of(one.status) + stand_of(other.status);
        stand.restore_message(&moderator, message).expect(200).await;
        let listed = stand.reactions(&admin, message, "").expect(200).await;
        assert_eq!(i64::try_from(listed.items("reactions").len()).unwrap(), reacted);
        let counted: i64 = stand
            .db
            .one(
                "select coalesce((reactions #>> '{0,count}')::bigint, 0) from rolecall.messages where id = $1",
                &[&message],
            )
            .await;
        assert_eq!(counted, reacted);
    }
}
