//! Offers of help at once, counted.

use futures::{
    future::join_all,
    stream::{self, StreamExt},
};
use rolecall_e2e::{Role, Setup, Stand};
use uuid::Uuid;

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
        let close = "update rolecall.help_requests set status = 'closed' where id = $1";
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
async fn a_hundred_clicks_on_each_of_fifty_requests_make_fifty_conversations() {
    const REQUESTS: usize = 50;
    const CLICKS: usize = 100;
    let stand = Stand::own(Setup::new().without_rate_limits()).await;
    let requester = stand.user(Role::Attendee).await;
    let helpers = stand.many(Role::Attendee, REQUESTS).await;
    let mut clicks = Vec::new();
    for helper in &helpers {
        let request = stand.help_request(&requester).await;
        clicks.extend((0..CLICKS).map(|_| stand.offer(helper, request, "I can drive you.")));
    }
    // The clicks on one request come together, on as many requests at once as there are connections.
    let answers: Vec<(u16, String, Uuid)> = stream::iter(clicks)
        .map(async |click| {
            let answer = click.send().await;
            let code = if answer.status == 201 { "" } else { answer.code() };
            (answer.status, code.to_owned(), answer.id("conversation_id"))
        })
        .buffer_unordered(2 * CLICKS)
        .collect()
        .await;
    let started = answers.iter().filter(|(status, ..)| *status == 201).count();
    let existing = answers.iter().filter(|(_, code, _)| code == "conversation_exists").count();
    assert_eq!((started, existing), (REQUESTS, REQUESTS * (CLICKS - 1)));
    let ids: std::collections::BTreeSet<Uuid> = answers.iter().map(|(.., id)| *id).collect();
    assert_eq!(ids.len(), REQUESTS);
    assert_eq!(stand.db.count("public.conversations_v2", &[]).await, REQUESTS as i64);
    assert_eq!(stand.db.count("public.messages_v2", &[]).await, REQUESTS as i64);
}

/// The first of them turns the request in progress; none waits for another in a circle, and none is lost.
#[tokio::test]
async fn fifty_first_offers_at_once_are_all_taken() {
    let stand = Stand::shared().await;
    for _ in 0..4 {
        let requester = stand.user(Role::Attendee).await;
        let helpers = stand.many(Role::Attendee, 50).await;
        let request = stand.help_request(&requester).await;
        let offers =
            join_all(helpers.iter().map(|helper| stand.offer(helper, request, "I can drive you.").send())).await;
        assert!(
            offers.iter().all(|answer| answer.status == 201),
            "{:?}",
            offers.iter().map(|a| a.status).collect::<Vec<_>>()
        );
        let sql = "select status from rolecall.help_requests where id = $1";
        assert_eq!(stand.db.one::<String>(sql, &[&request]).await, "in_progress");
    }
}
