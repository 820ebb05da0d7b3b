//! Direct messages and replies at once, counted.

use futures::future::join_all;
use rolecall_e2e::{Role, Stand};
use uuid::Uuid;

#[tokio::test]
async fn fifty_first_messages_at_once_make_one_conversation_numbered_1_to_50() {
    let stand = Stand::shared().await;
    for _ in 0..3 {
        let [organizer, moderator] = stand.users([Role::ShowOrganizer, Role::Moderator]).await;
        let calls = (0..50).map(|n| {
            let (from, to) = if n % 2 == 0 { (&organizer, &moderator) } else { (&moderator, &organizer) };
            stand.send_dm(from, to, &format!("Message {n}")).expect(201)
        });
        let sent = join_all(calls).await;
        let conversation = sent[0].id("conversation_id");
        assert!(sent.iter().all(|sent| sent.id("conversation_id") == conversation));
        let mut numbers: Vec<_> = sent.iter().map(|sent| sent["seq"].as_i64().unwrap()).collect();
        numbers.sort_unstable();
        assert_eq!(numbers, (1..=50).collect::<Vec<i64>>());
        let stored: Vec<i64> = stand
            .db
            .one(
                "select array_agg(seq order by seq) from rolecall.messages where conversation_id = $1",
                &[&conversation],
            )
            .await;
        assert_eq!(stored, numbers);
        let pair = "rolecall.conversations where participant_low = least($1::uuid, $2) and participant_high = greatest($1, $2)";
        assert_eq!(stand.db.count(pair, &[&organizer.id, &moderator.id]).await, 1);
        let people = "rolecall.conversation_participants where conversation_id = $1";
        assert_eq!(stand.db.count(people, &[&conversation]).await, 2);
        for answer in &sent {
            let seq: i64 =
                stand.db.one("select seq from rolecall.messages where id = $1", &[&answer.id("message_id")]).await;
            assert_eq!(answer["seq"], seq, "the number answered is the number stored");
        }
    }
}

#[tokio::test]
async fn fifty_replies_at_once_are_numbered_without_a_gap() {
    let stand = Stand::shared().await;
    let [organizer, moderator] = stand.users([Role::ShowOrganizer, Role::Moderator]).await;
    let conversation = stand.send_dm(&organizer, &moderator, "Hello").expect(201).await.id("conversation_id");
    let calls = (0..50).map(|n| {
        let author = if n % 2 == 0 { &organizer } else { &moderator };
        stand.reply(author, conversation, "And so on").expect(201)
    });
    let mut numbers: Vec<_> = join_all(calls).await.iter().map(|sent| sent["seq"].as_i64().unwrap()).collect();
    numbers.sort_unstable();
    assert_eq!(numbers, (2..=51).collect::<Vec<i64>>());
    for (reader, unread) in [(&organizer, 25), (&moderator, 26)] {
        assert_eq!(
            stand.unread(reader).expect(200).await["unread"],
            unread,
            "the other's messages, and none of one's own"
        );
    }
}

#[tokio::test]
async fn people_who_write_to_each_other_crosswise_do_not_deadlock() {
    let stand = Stand::shared().await;
    let people = stand.users([Role::Admin; 8]).await;
    let mut calls = Vec::new();
    for round in 0..5 {
        for from in &people {
            for to in people.iter().filter(|to| to.id != from.id) {
                calls.push(stand.send_dm(from, to, &format!("Round {round}")).expect(201));
            }
        }
    }
    let sent = join_all(calls).await.len() as i64;
    let ids: Vec<Uuid> = people.iter().map(|user| user.id).collect();
    let stored = "rolecall.messages where sender_id = any($1)";
    assert_eq!(stand.db.count(stored, &[&ids]).await, sent);
    let gaps = "(select conversation_id from rolecall.messages where sender_id = any($1) group by conversation_id
        having max(seq) <> count(*)) as gap";
    assert_eq!(stand.db.count(gaps, &[&ids]).await, 0);
}

#[tokio::test]
async fn requests_of_many_users_at_the_same_time_are_not_mixed_up() {
    let stand = Stand::shared().await;
    let mut people = Vec::new();
    for number in 0..100 {
        let [from, to] = stand.users([Role::Admin, Role::Attendee]).await;
        people.push((from, to, format!("mix-{}-{number}", Uuid::new_v4())));
    }
    let calls = people.iter().map(|(from, to, id)| stand.send_dm(from, to, id).header("x-request-id", id).expect(201));
    for (answer, (from, to, id)) in join_all(calls).await.iter().zip(&people) {
        assert_eq!(answer.request_id(), id);
        let sql = "select m.sender_id, m.content, $2 in (c.participant_low, c.participant_high)
            from rolecall.messages m join rolecall.conversations c on c.id = m.conversation_id where m.id = $1";
        let row = stand.db.query_one(sql, &[&answer.id("message_id"), &to.id]).await.unwrap();
        assert_eq!((row.get(0), row.get(1), row.get(2)), (from.id, id.as_str(), true));
        let line = stand.runner().request_line(id);
        assert_eq!(line["user_id"], serde_json::json!(from.id));
        assert_eq!(line["conversation_id"], answer["conversation_id"]);
    }
}
