//! Offers of help at once, counted.

use futures::future::join_all;
use rolecall_e2e::{Role, Stand};
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
