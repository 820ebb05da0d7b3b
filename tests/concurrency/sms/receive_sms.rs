//! Texts of the carrier at once, counted.

use futures::future::join_all;
use rolecall_e2e::{Stand, agency, carrier::sid};

#[tokio::test]
async fn fifty_deliveries_of_one_text_are_stored_once_and_answered_the_same() {
    let stand = Stand::shared().await;
    let agency = stand.agency().await;
    // To the front desk by a stranger, to a number of somebody else, held back, and a word.
    for (number, content, replies) in [
        (&agency.front_desk, "Hello", 0),
        (&agency.pool, "Hello", 1),
        (&agency.front_desk, "Call me at 202 555 0123", 1),
        (&agency.front_desk, "STOP", 0),
    ] {
        let (sid, from) = (sid(), agency::phone());
        let answers = join_all((0..50).map(|_| stand.text(&sid, &from, number, content).expect(200))).await;
        assert!(answers.iter().all(|answer| answer.body == answers[0].body), "{content}");
        let is_word = i64::from(content == "STOP");
        for (from, count) in [
            ("thread_messages where carrier_sid = $1 and direction = 'inbound'", 1 - is_word),
            ("thread_messages where carrier_sid = $1 and kind = 'automatic_reply'", replies),
            ("word_texts where carrier_sid = $1", is_word),
            (
                "routing_decisions as decision join rolecall.thread_messages as message using (organization_id, thread_id, seq)
                where message.carrier_sid = $1",
                1 - is_word,
            ),
        ] {
            assert_eq!(stand.db.count(&format!("rolecall.{from}"), &[&sid]).await, count, "{content}: {from}");
        }
        let clients = "rolecall.clients where organization_id = $1 and phone = $2";
        assert_eq!(stand.db.count(clients, &[&agency.organization, &from]).await, 1, "{content}");
    }
}

#[tokio::test]
async fn fifty_texts_of_a_stranger_at_once_make_one_client_with_one_thread_and_one_reply() {
    let stand = Stand::shared().await;
    let agency = stand.agency().await;
    let from = agency::phone();
    let sids: Vec<String> = (0..50).map(|_| sid()).collect();
    join_all(sids.iter().map(|sid| stand.text(sid, &from, &agency.front_desk, "Hello").expect(200))).await;
    let sql = "select array_agg(message.seq order by message.seq)
        from rolecall.thread_messages as message
        join rolecall.message_threads as thread on thread.id = message.thread_id and thread.status = 'open'
        join rolecall.clients as client on client.id = thread.client_id
        where client.organization_id = $1 and client.phone = $2";
    let numbers: Vec<i64> = stand.db.one(sql, &[&agency.organization, &from]).await;
    assert_eq!(numbers, (1..=50).collect::<Vec<_>>());
    let inbox: Vec<i64> = stand
        .db
        .one(
            "select array_agg(inbox_seq order by inbox_seq) from rolecall.thread_messages
            where organization_id = $1 and inbox_seq is not null",
            &[&agency.organization],
        )
        .await;
    assert_eq!(inbox, (1..=50).collect::<Vec<_>>(), "the owner inbox has no gap");
    // Fifty texts that are answered automatically are answered once.
    let strange = agency::phone();
    let calls = (0..50).map(|_| stand.text(&sid(), &strange, &agency.pool, "Hello").expect(200)).collect::<Vec<_>>();
    let replies = join_all(calls).await;
    let replied = replies.iter().filter(|answer| answer.body.as_str().unwrap().contains("<Message>")).count();
    assert_eq!(replied, 1);
}

#[tokio::test]
async fn words_that_opt_out_and_in_at_once_leave_one_answer_and_the_last_one_counts() {
    let stand = Stand::shared().await;
    let agency = stand.agency().await;
    let client = &agency.client;
    let thread = stand.thread(agency.organization, client, &agency.front_desk).await;
    let texts: Vec<(String, &str)> = (0..60).map(|n| (sid(), ["STOP", "START", "Hello"][n % 3])).collect();
    let text =
        |(sid, word): &(String, &'static str)| stand.text(sid, &client.phone, &agency.front_desk, word).expect(200);
    let answers = join_all(texts.iter().map(text)).await;
    let replies = answers.iter().filter(|answer| answer.body.as_str().unwrap().contains("<Message>")).count();
    assert!((1..=2).contains(&replies), "one of each kind in an hour: {replies}");
    // Each text is a word or a message, once.
    let words = stand.db.count("rolecall.word_texts where client_id = $1", &[&client.id]).await;
    let inbound = "rolecall.thread_messages where thread_id = $1 and direction = 'inbound'";
    let messages = stand.db.count(inbound, &[&thread]).await;
    assert_eq!(words + messages, 60);
    assert!(words >= 20 && messages >= 20, "every STOP is a word, every greeting a message: {words} {messages}");
    // Delivered once more, each is answered the same and changes nothing.
    let out = "rolecall.opt_outs where client_id = $1";
    let before = stand.db.count(out, &[&client.id]).await;
    let again = join_all(texts.iter().map(text)).await;
    assert!(answers.iter().zip(&again).all(|(first, again)| first.body == again.body));
    assert_eq!(stand.db.count(out, &[&client.id]).await, before);
    for (word, is_out, status) in [("STOP", 1, 409), ("START", 0, 201)] {
        text(&(sid(), word)).await;
        assert_eq!(stand.db.count(out, &[&client.id]).await, is_out);
        crate::threads::support::send(&stand, &agency.owner, thread, "Hello").expect(status).await;
    }
}
