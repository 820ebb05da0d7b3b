//! Help conversations: one atomic step from an open help request to a conversation with its first message.

use rolecall_e2e::{Code, Role, Stand, User};
use serde_json::json;
use uuid::Uuid;

const OFFER: &str = "I can drive you there on Thursday.";

#[tokio::test]
async fn a_helper_starts_a_conversation_with_its_first_message() {
    let stand = Stand::shared().await;
    let [requester, helper] = stand.users([Role::Attendee, Role::Attendee]).await;
    let request = stand.help_request(&requester).await;

    let started = stand.offer(&helper, request, &format!(" {OFFER} ")).expect(201).await;

    started.has_members(&["conversation_id", "version", "message"]);
    assert_eq!(started["version"], "v2");
    assert_eq!(started["message"]["content"], OFFER);
    assert_eq!(started["message"]["sender_id"], json!(helper.id));
    let stored = stand
        .db
        .query_one(
            "select c.help_request_id, c.requester_id, c.helper_id, c.initial_message, c.status,
                    array_agg(m.id), array_agg(m.content)
             from public.conversations_v2 c join public.messages_v2 m on m.conversation_id = c.id
             where c.id = $1 group by c.id",
            &[&started.id("conversation_id")],
        )
        .await
        .unwrap();
    let people: (Uuid, Uuid, Uuid) = (stored.get(0), stored.get(1), stored.get(2));
    assert_eq!(people, (request, requester.id, helper.id));
    assert_eq!((stored.get(3), stored.get(4)), (OFFER, "active"));
    let message: Uuid = started["message"]["id"].as_str().unwrap().parse().unwrap();
    assert_eq!(stored.get::<_, Vec<Uuid>>(5), [message]);
    assert_eq!(stored.get::<_, Vec<String>>(6), [OFFER]);
}

#[tokio::test]
async fn the_adopters_path_names_the_help_request() {
    let stand = Stand::shared().await;
    let [requester, helper, other] = stand.users([Role::Attendee, Role::Attendee, Role::Dealer]).await;
    let request = stand.help_request(&requester).await;
    let path = format!("/api/messaging/help-requests/{request}/start-conversation");
    stand.post(&path, &json!({"initial_message": OFFER})).by(&helper).expect(201).await;
    let repeated = json!({"help_request_id": request, "initial_message": OFFER});
    stand.post(&path, &repeated).by(&other).expect(201).await;

    let third = stand.user(Role::Attendee).await;
    let contradicted = json!({"help_request_id": Uuid::new_v4(), "initial_message": OFFER});
    let refusal = stand.post(&path, &contradicted).by(&third).expect(400).await.refused(Code::ValidationError);
    assert_eq!(refusal.faults(), [("help_request_id", "contradiction")]);
    for malformed in ["42", "%20", "..%2f..%2fsend-dm", "00000000-0000-4000-8000-00000000000g"] {
        let path = format!("/api/messaging/help-requests/{malformed}/start-conversation");
        let refusal = stand.post(&path, &json!({"initial_message": OFFER})).by(&third).expect(400).await;
        assert_eq!(refusal.refused(Code::ValidationError).faults(), [("help_request_id", "malformed_uuid")]);
    }
    assert_eq!(stand.traces(&third).await, 0);
}

#[tokio::test]
async fn the_second_conversation_of_a_helper_about_a_request_is_the_first() {
    let stand = Stand::shared().await;
    let [requester, helper] = stand.users([Role::Attendee, Role::Attendee]).await;
    let request = stand.help_request(&requester).await;
    let first = stand.offer(&helper, request, OFFER).expect(201).await;
    let second = stand.offer(&helper, request, "I can drive you on Friday as well.").expect(409).await;
    let second = second.refused(Code::ConversationExists);
    assert_eq!(second["conversation_id"], first["conversation_id"]);
    assert_eq!(stand.db.count("public.messages_v2 where sender_id = $1", &[&helper.id]).await, 1);
}

#[tokio::test]
async fn several_helpers_have_a_conversation_each() {
    let stand = Stand::shared().await;
    let [requester, one, two] = stand.users([Role::Attendee, Role::Attendee, Role::MvpDealer]).await;
    let request = stand.help_request(&requester).await;
    let first = stand.offer(&one, request, OFFER).expect(201).await;
    let second = stand.offer(&two, request, OFFER).expect(201).await;
    assert_ne!(first["conversation_id"], second["conversation_id"]);
}

#[tokio::test]
async fn nobody_offers_help_on_their_own_request() {
    let stand = Stand::shared().await;
    let requester = stand.user(Role::Attendee).await;
    let request = stand.help_request(&requester).await;
    let refusal = stand.offer(&requester, request, OFFER).expect(400).await.refused(Code::InvalidInput);
    let detail = refusal["detail"].as_str().unwrap().to_lowercase();
    assert!(detail.contains("own request") && detail.contains("offer help"), "{detail}");
    assert_eq!(stand.traces(&requester).await, 0);
    assert_eq!(stand.audit(refusal.request_id()).await.len(), 1);
}

#[tokio::test]
async fn an_unknown_help_request_is_not_found() {
    let stand = Stand::shared().await;
    let helper = stand.user(Role::Attendee).await;
    stand.offer(&helper, Uuid::new_v4(), OFFER).expect(404).await.refused(Code::HelpRequestNotFound);
    assert_eq!(stand.traces(&helper).await, 0);
}

#[tokio::test]
async fn a_help_request_that_is_no_longer_open_is_unavailable() {
    let stand = Stand::shared().await;
    let [requester, helper] = stand.users([Role::Attendee, Role::Attendee]).await;
    for status in ["matched", "completed", "closed", "cancelled"] {
        let request = stand.help_request(&requester).await;
        stand.db.run("update rolecall.help_requests set status = $2 where id = $1", &[&request, &status]).await;
        stand.offer(&helper, request, OFFER).expect(409).await.refused(Code::HelpRequestUnavailable);
    }
    assert_eq!(stand.traces(&helper).await, 0);
}

#[tokio::test]
async fn offers_are_taken_while_help_is_under_way() {
    let stand = Stand::shared().await;
    let [requester, one, other] = stand.users([Role::Attendee, Role::Attendee, Role::Attendee]).await;
    let request = stand.help_request(&requester).await;
    let status = "select status from rolecall.help_requests where id = $1";
    assert_eq!(stand.db.one::<String>(status, &[&request]).await, "open");
    stand.offer(&requester, request, OFFER).expect(400).await;
    stand.offer(&one, request, "Too short").expect(400).await;
    assert_eq!(stand.db.one::<String>(status, &[&request]).await, "open", "a refusal begins nothing");
    for helper in [&one, &other] {
        stand.offer(helper, request, OFFER).expect(201).await;
        assert_eq!(stand.db.one::<String>(status, &[&request]).await, "in_progress");
    }
    // The requester says when it is over, and may open it again.
    let third = stand.user(Role::Attendee).await;
    let as_requester = stand.postgrest(requester.id).await;
    let set = "update rolecall.help_requests set status = $2 where id = $1";
    assert_eq!(as_requester.run(set, &[&request, &"completed"]).await, 1);
    stand.offer(&third, request, OFFER).expect(409).await.refused(Code::HelpRequestUnavailable);
    assert_eq!(as_requester.run(set, &[&request, &"open"]).await, 1);
    stand.offer(&third, request, OFFER).expect(201).await;
    assert_eq!(stand.db.one::<String>(status, &[&request]).await, "in_progress");
}

#[tokio::test]
async fn an_offer_may_name_the_requester_and_nobody_else() {
    let stand = Stand::shared().await;
    let [requester, helper, other] = stand.users([Role::Attendee, Role::Attendee, Role::Attendee]).await;
    let request = stand.help_request(&requester).await;
    let path = format!("/api/messaging/help-requests/{request}/start-conversation");
    for recipient in [other.id, helper.id] {
        let body = json!({"initial_message": OFFER, "recipient_id": recipient, "message_type": "text"});
        let refusal = stand.post(&path, &body).by(&helper).expect(400).await;
        refusal.refused_by(Code::InvalidInput, "another_recipient");
    }
    let body = json!({"initial_message": OFFER, "recipient_id": requester.id, "message_type": "image"});
    let refusal = stand.post(&path, &body).by(&helper).expect(400).await.refused(Code::ValidationError);
    assert_eq!(refusal.faults(), [("message_type", "unknown_value")]);
    assert_eq!(stand.traces(&helper).await, 0);
    let body = json!({"initial_message": OFFER, "recipient_id": requester.id, "message_type": "text"});
    stand.post(&path, &body).by(&helper).expect(201).await;
}

#[tokio::test]
async fn nobody_offers_help_for_somebody_else() {
    let stand = Stand::shared().await;
    let [requester, helper, other] = stand.users([Role::Attendee, Role::Attendee, Role::Attendee]).await;
    let request = stand.help_request(&requester).await;
    let body = json!({"help_request_id": request, "initial_message": OFFER, "helper_id": other.id});
    let refusal = stand.post("start-conversation", &body).by(&helper).expect(403).await;
    refusal.refused_by(Code::PermissionDenied, "impersonation");
    assert_eq!(stand.traces(&helper).await + stand.traces(&other).await, 0);

    let body = json!({"help_request_id": request, "initial_message": OFFER, "helper_id": helper.id});
    stand.post("start-conversation", &body).by(&helper).expect(201).await;
}

#[tokio::test]
async fn a_stranger_a_suspended_user_and_a_blocked_one_do_not_offer_help() {
    let stand = Stand::shared().await;
    let [requester, suspended, blocked] = stand.users([Role::Attendee, Role::Attendee, Role::Attendee]).await;
    let request = stand.help_request(&requester).await;
    stand.suspend(&suspended, 1).await;
    stand.block(&requester, &blocked).await;
    for (helper, rule) in [(&User::stranger(), "no_profile"), (&suspended, "suspended"), (&blocked, "blocked")] {
        let refusal = stand.offer(helper, request, OFFER).expect(403).await;
        refusal.refused_by(Code::PermissionDenied, rule);
        assert_eq!(stand.traces(helper).await, 0);
    }
}

#[tokio::test]
async fn a_message_that_cannot_be_stored_leaves_no_conversation() {
    let stand = Stand::own(rolecall_e2e::Setup::new()).await;
    let [requester, helper] = stand.users([Role::Attendee, Role::Attendee]).await;
    let request = stand.help_request(&requester).await;
    stand
        .db
        .script(
            "create function public.lightning() returns trigger language plpgsql as
               $$ begin raise exception 'struck by lightning'; end $$;
             create trigger lightning before insert on public.messages_v2
               for each row execute function public.lightning();",
        )
        .await;
    stand.offer(&helper, request, OFFER).expect(500).await.refused(Code::Internal);
    assert_eq!(stand.traces(&helper).await, 0);
    stand.db.script("drop trigger lightning on public.messages_v2").await;
    stand.offer(&helper, request, OFFER).expect(201).await;
}
