//! `Idempotency-Key`: a retried request is answered, not repeated.

use futures::future::join_all;
use rolecall_e2e::{Answer, Code, Role, Setup, Stand, fixtures::Starts};
use serde_json::{Value, json};

/// The body without what differs from request to request.
fn without_request_id(answer: &Answer) -> Value {
    let mut body = answer.body.clone();
    body.as_object_mut().unwrap().remove("request_id");
    body
}

#[tokio::test]
async fn a_repetition_gives_the_first_answer_again_and_says_so() {
    let stand = Stand::shared().await;
    let [organizer, attendee] = stand.users([Role::ShowOrganizer, Role::Attendee]).await;
    let show = stand.show(&organizer, Starts::InAWeek).await;
    let request = stand.help_request(&attendee).await;
    let calls = || {
        [
            stand.send_dm(&organizer, &attendee, "Hello").key("dm"),
            stand.broadcast(&organizer, show, "Hello").key("broadcast"),
            stand.offer(&organizer, request, "I can drive you.").key("help"),
        ]
    };
    let mut first = Vec::new();
    for call in calls() {
        let answer = call.expect(201).await;
        assert_eq!(answer.header("idempotency-replayed"), "");
        first.push(answer);
    }
    for _ in 0..2 {
        for (call, first) in calls().into_iter().zip(&first) {
            let again = call.expect(201).await;
            assert_eq!(again.header("idempotency-replayed"), "true");
            assert_eq!(without_request_id(&again), without_request_id(first));
            assert_ne!(again.request_id(), first.request_id());
        }
    }
    assert_eq!(stand.db.count("rolecall.messages where sender_id = $1", &[&organizer.id]).await, 2);
    assert_eq!(stand.db.count("public.messages_v2 where sender_id = $1", &[&organizer.id]).await, 1);
    assert_eq!(stand.quota(&organizer, show).await, Some((Some(1), Some(1))));
}

#[tokio::test]
async fn the_order_of_fields_and_white_space_do_not_make_another_body() {
    let stand = Stand::shared().await;
    let [admin, attendee] = stand.users([Role::Admin, Role::Attendee]).await;
    let first = stand.send_dm(&admin, &attendee, "Hello").key("k").expect(201).await;
    let body = format!("{{ \"content\" : \" Hello \" ,\n \"recipient_id\" : \"{}\" }}", attendee.id);
    let call = stand.call(http::Method::POST, "send-dm").by(&admin).key("\"k\"").bytes(body);
    let again = call.header("content-type", "application/json").expect(201).await;
    assert_eq!(again["message_id"], first["message_id"]);
}

#[tokio::test]
async fn another_body_or_function_with_the_same_key_is_422() {
    let stand = Stand::shared().await;
    let [organizer, attendee, other] = stand.users([Role::ShowOrganizer, Role::Attendee, Role::Attendee]).await;
    let show = stand.show(&organizer, Starts::InAWeek).await;
    stand.send_dm(&organizer, &attendee, "Hello").key("k").expect(201).await;
    for call in [
        stand.send_dm(&organizer, &attendee, "Hello!"),
        stand.send_dm(&organizer, &other, "Hello"),
        stand.broadcast(&organizer, show, "Hello"),
    ] {
        call.key("k").expect(422).await.refused(Code::IdempotencyConflict);
    }
    assert_eq!(stand.db.count("rolecall.messages where sender_id = $1", &[&organizer.id]).await, 1);
    assert_eq!(stand.quota(&organizer, show).await, None);
}

#[tokio::test]
async fn keys_of_different_users_are_independent() {
    let stand = Stand::shared().await;
    let [one, two, attendee] = stand.users([Role::Admin, Role::Admin, Role::Attendee]).await;
    let first = stand.send_dm(&one, &attendee, "Hello").key("k").expect(201).await;
    let second = stand.send_dm(&two, &attendee, "Hello").key("k").expect(201).await;
    assert_eq!(second.header("idempotency-replayed"), "");
    assert_ne!(first["message_id"], second["message_id"]);
}

#[tokio::test]
async fn without_a_key_the_same_request_is_another_request() {
    let stand = Stand::shared().await;
    let [admin, attendee] = stand.users([Role::Admin, Role::Attendee]).await;
    let first = stand.send_dm(&admin, &attendee, "Hello").expect(201).await;
    let second = stand.send_dm(&admin, &attendee, "Hello").expect(201).await;
    assert_eq!([&first["seq"], &second["seq"]], [1, 2]);
}

#[tokio::test]
async fn twenty_repetitions_at_once_have_one_effect_and_one_answer() {
    let stand = Stand::shared().await;
    let [organizer, attendee] = stand.users([Role::ShowOrganizer, Role::Attendee]).await;
    let show = stand.show(&organizer, Starts::InAWeek).await;
    let dms = join_all((0..20).map(|_| stand.send_dm(&organizer, &attendee, "Hello").key("dm").expect(201))).await;
    let broadcasts = join_all((0..20).map(|_| stand.broadcast(&organizer, show, "Hello").key("b").expect(201))).await;
    for answers in [&dms, &broadcasts] {
        let fresh = answers.iter().filter(|answer| answer.header("idempotency-replayed").is_empty()).count();
        assert_eq!(fresh, 1, "one did it, the others were told");
        for answer in answers {
            assert_eq!(without_request_id(answer), without_request_id(&answers[0]));
        }
    }
    assert_eq!(stand.db.count("rolecall.messages where sender_id = $1", &[&organizer.id]).await, 2);
    assert_eq!(stand.quota(&organizer, show).await, Some((Some(1), Some(1))));
}

#[tokio::test]
async fn different_bodies_at_once_under_one_key_have_one_effect() {
    let stand = Stand::shared().await;
    let [admin, attendee] = stand.users([Role::Admin, Role::Attendee]).await;
    let calls = (0..20).map(|n| stand.send_dm(&admin, &attendee, &format!("Hello {n}")).key("k").send());
    let answers = join_all(calls).await;
    let sent = answers.iter().filter(|answer| answer.status == 201).count();
    let conflicts = answers.iter().filter(|answer| answer.code() == "idempotency_conflict").count();
    assert_eq!((sent, conflicts), (1, 19));
    assert_eq!(stand.db.count("rolecall.messages where sender_id = $1", &[&admin.id]).await, 1);
}

#[tokio::test]
async fn a_refusal_is_not_kept_and_may_be_asked_again() {
    let stand = Stand::shared().await;
    let [mvp, attendee, organizer] = stand.users([Role::MvpDealer, Role::Attendee, Role::ShowOrganizer]).await;
    let show = stand.show(&organizer, Starts::InAWeek).await;
    let call = || stand.send_dm(&mvp, &attendee, "Hello").key("k");
    for _ in 0..2 {
        let refusal = call().expect(403).await.refused(Code::PermissionDenied);
        assert_eq!(refusal.header("idempotency-replayed"), "");
    }
    assert_eq!(stand.traces(&mvp).await, 0);
    stand.join(show, &[&mvp, &attendee]).await;
    call().expect(201).await;
    assert_eq!(call().expect(201).await.header("idempotency-replayed"), "true");
    // What has been answered stays answered, even if it would be refused now.
    stand.block(&attendee, &mvp).await;
    assert_eq!(call().expect(201).await.header("idempotency-replayed"), "true");
}

#[tokio::test]
async fn after_24_hours_a_key_is_free_again() {
    let stand = Stand::shared().await;
    let [admin, attendee] = stand.users([Role::Admin, Role::Attendee]).await;
    let first = stand.send_dm(&admin, &attendee, "Hello").key("k").expect(201).await;
    let age = "update rolecall.idempotency_records set created_at = now() - $2::text::interval where user_id = $1";
    stand.db.run(age, &[&admin.id, &"23 hours 59 minutes"]).await;
    let replayed = stand.send_dm(&admin, &attendee, "Hello").key("k").expect(201).await;
    assert_eq!(replayed["message_id"], first["message_id"]);
    stand.db.run(age, &[&admin.id, &"24 hours 1 minute"]).await;
    let fresh = stand.send_dm(&admin, &attendee, "Something else").key("k").expect(201).await;
    assert_eq!((fresh.header("idempotency-replayed"), &fresh["seq"]), ("", &json!(2)));
}

#[tokio::test]
async fn a_dry_run_takes_no_key() {
    let stand = Stand::shared().await;
    let organizer = stand.user(Role::ShowOrganizer).await;
    let show = stand.show(&organizer, Starts::InAWeek).await;
    let body = json!({"show_id": show, "recipient_roles": ["attendee"], "message": "Hello", "dry_run": true});
    stand.post("send-broadcast", &body).by(&organizer).key("k").expect(200).await;
    let sent = stand.broadcast(&organizer, show, "Hello").key("k").expect(201).await;
    assert_eq!(sent.header("idempotency-replayed"), "");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_repetition_is_answered_after_a_restart_of_the_runner() {
    let mut stand = Stand::own(Setup::new()).await;
    let [organizer, attendee] = stand.users([Role::ShowOrganizer, Role::Attendee]).await;
    let show = stand.show(&organizer, Starts::InAWeek).await;
    let dm = stand.send_dm(&organizer, &attendee, "Hello").key("dm").expect(201).await;
    let broadcast = stand.broadcast(&organizer, show, "Hello").key("b").expect(201).await;
    stand.runner().kill();
    tokio::task::block_in_place(|| stand.runner().wait());
    stand.start_runner_again().await;
    let again = stand.send_dm(&organizer, &attendee, "Hello").key("dm").expect(201).await;
    assert_eq!(again.header("idempotency-replayed"), "true");
    assert_eq!(without_request_id(&again), without_request_id(&dm));
    let again = stand.broadcast(&organizer, show, "Hello").key("b").expect(201).await;
    assert_eq!(without_request_id(&again), without_request_id(&broadcast));
    assert_eq!(stand.db.count("rolecall.messages", &[]).await, 2);
}

#[tokio::test]
async fn a_demoted_moderator_replays_a_review_and_is_judged_again() {
    let stand = Stand::shared().await;
    let [author, reader, moderator] = stand.users([Role::Admin, Role::MvpDealer, Role::Moderator]).await;
    let message = stand.send_dm(&author, &reader, "Zanzibar words").expect(201).await.id("message_id");
    let report = stand.report(&reader, message, "Zanzibar reason").expect(201).await.id("report_id");
    let review = || stand.review(&moderator, report, "delete").key("review");
    let first = review().expect(200).await;
    assert_eq!(first["report"]["message"]["content"], "Zanzibar words");
    let again = review().expect(200).await;
    assert_eq!(again.header("idempotency-replayed"), "true");
    assert_eq!(without_request_id(&again), without_request_id(&first));
    let kept = "rolecall.idempotency_records where user_id = $1 and answer::text ~ 'Zanzibar'";
    assert_eq!(stand.db.count(kept, &[&moderator.id]).await, 0, "no kept answer tells what somebody wrote");

    stand.becomes(&moderator, Role::Attendee).await;
    let refusal = review().expect(403).await.refused_by(Code::PermissionDenied, "attendee_does_not_moderate");
    assert!(!refusal.body.to_string().contains("Zanzibar"));
    stand.becomes(&moderator, Role::Moderator).await;
    stand.suspend(&moderator, 1).await;
    review().expect(403).await.refused_by(Code::PermissionDenied, "suspended");
    stand.suspend(&moderator, -1).await;

    // What its author has erased is in nobody's answer.
    stand.delete_own_data(&author).expect(200).await;
    let erased = review().expect(200).await;
    assert_eq!(erased.header("idempotency-replayed"), "true");
    assert_eq!(erased["report"]["message"]["content"], Value::Null);
}

#[tokio::test]
async fn a_replayed_offer_of_help_says_what_its_message_says_now() {
    let stand = Stand::shared().await;
    let [helper, requester] = stand.users([Role::MvpDealer, Role::Attendee]).await;
    let request = stand.help_request(&requester).await;
    let offer = || stand.offer(&helper, request, "Zanzibar is where I can drive you.").key("offer");
    let first = offer().expect(201).await;
    let kept = "rolecall.idempotency_records where user_id = $1 and answer::text ~ 'Zanzibar'";
    assert_eq!(stand.db.count(kept, &[&helper.id]).await, 0);
    let again = offer().expect(201).await;
    assert_eq!(without_request_id(&again), without_request_id(&first));
    stand.delete_own_data(&helper).expect(200).await;
    let erased = offer().expect(201).await;
    assert_eq!(erased.header("idempotency-replayed"), "true");
    assert_eq!(erased["message"]["id"], first["message"]["id"]);
    assert_eq!(erased["message"]["content"], "[deleted by its author]");
}
