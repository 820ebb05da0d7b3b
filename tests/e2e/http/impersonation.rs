//! Acting for somebody else: refused, and on record.

use rolecall_e2e::{Code, Role, Stand, endpoints::endpoints_of_users, fixtures::Starts, token};
use serde_json::{Value, json};

const AUTHOR_FIELDS: [&str; 10] = [
    "sender_id",
    "senderId",
    "user_id",
    "userId",
    "from_user_id",
    "helper_id",
    "helperId",
    "author_id",
    "requester_id",
    "created_by",
];

#[tokio::test]
async fn a_body_that_names_another_sender_is_refused_and_audited() {
    let stand = Stand::shared().await;
    let [victim, recipient] = stand.users([Role::ShowOrganizer, Role::Attendee]).await;
    let show = stand.show(&victim, Starts::InAWeek).await;
    let request = stand.help_request(&recipient).await;
    let bodies = [
        ("send-dm", json!({"recipient_id": recipient.id, "content": "Hello"})),
        ("send-broadcast", json!({"show_id": show, "recipient_roles": ["attendee"], "message": "Hello"})),
        ("start-conversation", json!({"help_request_id": request, "initial_message": "I can drive you."})),
    ];
    for (function, body) in bodies {
        // As many refusals of a minute as are logged.
        let mallory = stand.user(Role::ShowOrganizer).await;
        for field in AUTHOR_FIELDS {
            let mut body = body.clone();
            body[field] = json!(victim.id);
            let refusal = stand.post(function, &body).by(&mallory).expect(403).await;
            let refusal = refusal.refused_by(Code::PermissionDenied, "impersonation");
            assert_eq!(refusal.faults(), [(field, "impersonation")]);
            let audit = stand.audit(refusal.request_id()).await;
            let expected = (Some("permission_denied".to_owned()), "impersonation_attempt".to_owned(), Some(mallory.id));
            assert_eq!(audit, [expected], "{function} {field}");
        }
        assert_eq!(stand.traces(&mallory).await, 0);
    }
    for user in [&victim, &recipient] {
        assert_eq!(stand.traces(user).await, 0);
    }
}

#[tokio::test]
async fn no_operation_acts_for_somebody_else() {
    let stand = Stand::shared().await;
    let victim = stand.user(Role::Attendee).await;
    for endpoint in endpoints_of_users(victim.id) {
        let mallory = stand.user(Role::Moderator).await;
        let call = if endpoint.posts() {
            let mut body = endpoint.body.clone();
            body["user_id"] = json!(victim.id);
            stand.post(&endpoint.path, &body)
        } else {
            // A query has no author: whatever it names is no attempt.
            continue;
        };
        let refusal = call.by(&mallory).expect(403).await.refused_by(Code::PermissionDenied, "impersonation");
        let audit = stand.audit(refusal.request_id()).await;
        let expected = (Some("permission_denied".to_owned()), "impersonation_attempt".to_owned(), Some(mallory.id));
        assert_eq!(audit, [expected], "{endpoint:?}");
        assert_eq!(stand.traces(&mallory).await, 0);
    }
    assert_eq!(stand.traces(&victim).await, 0);
}

#[tokio::test]
async fn an_attempt_is_an_attempt_whatever_form_the_other_id_has() {
    let stand = Stand::shared().await;
    let [mallory, victim] = stand.users([Role::Admin, Role::Attendee]).await;
    for other in [json!("me"), json!(1), json!(false), json!([victim.id]), json!({"id": victim.id}), json!("")] {
        let body = json!({"recipient_id": victim.id, "content": "Hello", "sender_id": other});
        let refusal = stand.post("send-dm", &body).by(&mallory).expect(403).await;
        refusal.refused_by(Code::PermissionDenied, "impersonation");
    }
    assert_eq!(stand.traces(&mallory).await, 0);
}

#[tokio::test]
async fn naming_oneself_is_tolerated() {
    let stand = Stand::shared().await;
    let [admin, attendee] = stand.users([Role::Admin, Role::Attendee]).await;
    for field in AUTHOR_FIELDS {
        let mut body = json!({"recipient_id": attendee.id, "content": "Hello"});
        body[field] = json!(admin.id);
        stand.post("send-dm", &body).by(&admin).expect(201).await;
        body[field] = Value::from(admin.id.to_string().to_uppercase());
        stand.post("send-dm", &body).by(&admin).expect(201).await;
    }
}

#[tokio::test]
async fn a_sender_that_is_null_is_none() {
    let stand = Stand::shared().await;
    let [admin, attendee] = stand.users([Role::Admin, Role::Attendee]).await;
    let mut body = json!({"recipient_id": attendee.id, "content": "Hello"});
    for field in AUTHOR_FIELDS {
        body[field] = Value::Null;
        let sent = stand.post("send-dm", &body).by(&admin).expect(201).await;
        assert_eq!(stand.audit(sent.request_id()).await, [], "{field}");
    }
    let nested = json!({"checks": [{"action": "start_dm", "recipient_id": attendee.id, "sender_id": null}]});
    stand.post("check-permission", &nested).by(&admin).expect(200).await;
    // One that is null does not hide another.
    body["sender_id"] = json!(attendee.id);
    let refusal = stand.post("send-dm", &body).by(&admin).expect(403).await;
    refusal.refused_by(Code::PermissionDenied, "impersonation");
}

#[tokio::test]
async fn a_query_has_no_author() {
    let stand = Stand::shared().await;
    let victim = stand.user(Role::Attendee).await;
    for endpoint in endpoints_of_users(victim.id).into_iter().filter(|endpoint| !endpoint.posts()) {
        let user = stand.user(Role::Moderator).await;
        for field in ["from", "sender", "sender_id", "user_id", "created_by"] {
            for value in [victim.id.to_string(), user.id.to_string(), "2026-01-01".to_owned(), String::new()] {
                let separator = if endpoint.query.is_empty() { '?' } else { '&' };
                let path = format!("{}{}{separator}{field}={value}", endpoint.path, endpoint.query);
                let refusal = stand.get(&path).by(&user).expect(400).await.refused(Code::ValidationError);
                assert_eq!(refusal.faults(), [(field, "unknown_field")], "{path}");
                assert_eq!(stand.audit(refusal.request_id()).await, [], "{path}");
            }
        }
    }
}

#[tokio::test]
async fn a_dry_run_cannot_impersonate_either() {
    let stand = Stand::shared().await;
    let [mallory, victim] = stand.users([Role::ShowOrganizer, Role::ShowOrganizer]).await;
    let show = stand.show(&victim, Starts::InAWeek).await;
    let body = json!({
        "show_id": show, "recipient_roles": ["attendee"], "message": "Hello", "dry_run": true, "sender_id": victim.id,
    });
    let refusal = stand.post("send-broadcast", &body).by(&mallory).expect(403).await;
    refusal.refused_by(Code::PermissionDenied, "impersonation");
}

#[tokio::test]
async fn an_operator_cannot_speak_for_a_user() {
    let stand = Stand::shared().await;
    let victim = stand.user(Role::Admin).await;
    let body = json!({"user_id": victim.id});
    let call = stand.post("reset-broadcast-quotas", &body).token(&token::operator());
    call.expect(403).await.refused_by(Code::PermissionDenied, "impersonation");
}
