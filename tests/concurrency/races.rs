//! Races, run in parallel and counted.

use futures::future::join_all;
use rolecall_e2e::{Role, Stand, fixtures::Starts};
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
            .one("select array_agg(seq order by seq) from public.messages where conversation_id = $1", &[&conversation])
            .await;
        assert_eq!(stored, numbers);
        let pair =
            "public.conversations where participant_low = least($1::uuid, $2) and participant_high = greatest($1, $2)";
        assert_eq!(stand.db.count(pair, &[&organizer.id, &moderator.id]).await, 1);
        let people = "public.conversation_participants where conversation_id = $1";
        assert_eq!(stand.db.count(people, &[&conversation]).await, 2);
        for answer in &sent {
            let seq: i64 =
                stand.db.one("select seq from public.messages where id = $1", &[&answer.id("message_id")]).await;
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
    let read: i64 = stand
        .db
        .one(
            "select max(last_read_seq) from public.conversation_participants where conversation_id = $1",
            &[&conversation],
        )
        .await;
    assert_eq!(read, 51);
}

#[tokio::test]
async fn of_fifty_broadcasts_at_once_two_are_sent_and_forty_eight_refused() {
    let stand = Stand::shared().await;
    for starts in [Starts::InAWeek, Starts::ADayAgo] {
        let quota = if starts == Starts::InAWeek { 2 } else { 1 };
        let organizer = stand.user(Role::ShowOrganizer).await;
        let show = stand.show(&organizer, starts).await;
        let answers = join_all((0..50).map(|n| stand.broadcast(&organizer, show, &format!("Hello {n}")).send())).await;
        let sent = answers.iter().filter(|answer| answer.status == 201).count();
        let refused = answers.iter().filter(|answer| answer.code() == "quota_exceeded").count();
        assert_eq!((sent, refused), (quota, 50 - quota));
        let left = if starts == Starts::InAWeek { (Some(0), Some(1)) } else { (Some(2), Some(0)) };
        assert_eq!(stand.quota(&organizer, show).await, Some(left));
        for table in ["public.broadcasts", "public.messages"] {
            let rows = stand.db.count(&format!("{table} where sender_id = $1"), &[&organizer.id]).await;
            assert_eq!(rows, quota as i64, "{table}");
        }
        let audits = "public.application_logs where user_id = $1 and code = 'quota_exceeded'";
        assert_eq!(stand.db.count(audits, &[&organizer.id]).await, 50 - quota as i64);
    }
}

#[tokio::test]
async fn a_double_click_on_offer_help_makes_one_conversation_and_both_answers_carry_its_id() {
    let stand = Stand::shared().await;
    for clicks in [2, 2, 2, 20] {
        let [requester, helper] = stand.users([Role::Attendee, Role::Attendee]).await;
        let request = stand.help_request(&requester).await;
        let calls = (0..clicks).map(|_| stand.offer(&helper, request, "I can drive you.").send());
        let answers = join_all(calls).await;
        let started = answers.iter().filter(|answer| answer.status == 201).count();
        let existing = answers.iter().filter(|answer| answer.code() == "conversation_exists").count();
        assert_eq!((started, existing), (1, clicks - 1));
        let ids: Vec<Uuid> = answers.iter().map(|answer| answer.id("conversation_id")).collect();
        assert!(ids.iter().all(|id| id == &ids[0]));
        assert_eq!(stand.db.count("public.conversations_v2 where help_request_id = $1", &[&request]).await, 1);
        assert_eq!(stand.db.count("public.messages_v2 where conversation_id = $1", &[&ids[0]]).await, 1);
    }
}

#[tokio::test]
async fn an_offer_and_the_closing_of_the_request_have_an_order() {
    let stand = Stand::shared().await;
    for _ in 0..10 {
        let [requester, helper] = stand.users([Role::Attendee, Role::Attendee]).await;
        let request = stand.help_request(&requester).await;
        let close = "update public.help_requests set status = 'closed' where id = $1";
        let closing = async { stand.db.run(close, &[&request]).await };
        let (answer, _) = tokio::join!(stand.offer(&helper, request, "I can drive you.").send(), closing);
        let conversations = stand.db.count("public.conversations_v2 where help_request_id = $1", &[&request]).await;
        match answer.status {
            201 => assert_eq!(conversations, 1),
            409 => assert_eq!((answer.code(), conversations), ("help_request_unavailable", 0)),
            _ => panic!("{}", answer.body),
        }
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
    let stored = "public.messages where sender_id = any($1)";
    assert_eq!(stand.db.count(stored, &[&ids]).await, sent);
    let gaps = "(select conversation_id from public.messages where sender_id = any($1) group by conversation_id
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
            from public.messages m join public.conversations c on c.id = m.conversation_id where m.id = $1";
        let row = stand.db.query_one(sql, &[&answer.id("message_id"), &to.id]).await.unwrap();
        assert_eq!((row.get(0), row.get(1), row.get(2)), (from.id, id.as_str(), true));
        let line = stand.runner().request_line(id);
        assert_eq!(line["user_id"], serde_json::json!(from.id));
        assert_eq!(line["conversation_id"], answer["conversation_id"]);
    }
}
