//! Who is let in: every attack on a token, on every function.

use super::signed::signed_by;
use http::Method;
use jwt_simple::prelude::*;
use rolecall_e2e::{
    Answer, Call, Code, Role, Setup, Stand, User,
    endpoints::{endpoints, endpoints_of_users},
    token::{self, SECRET},
};
use serde_json::{Value, json};
use uuid::Uuid;

const ISSUER: &str = "https://auth.example";
const AUDIENCE: &str = "the app";

/// A valid request to each operation, without a token.
fn calls(stand: &Stand) -> Vec<Call> {
    endpoints(Uuid::new_v4()).iter().map(|endpoint| endpoint.call(stand)).collect()
}

async fn refused_everywhere(stand: &Stand, change: impl Fn(Call) -> Call) -> Vec<Answer> {
    let mut answers = Vec::new();
    for call in calls(stand) {
        let answer = change(call).expect(401).await.refused(Code::Unauthenticated);
        assert!(answer.header("www-authenticate").starts_with("Bearer"), "{}", answer.header("www-authenticate"));
        answers.push(answer);
    }
    answers
}

async fn token_refused_everywhere(stand: &Stand, token: &str) -> Vec<Answer> {
    let answers = refused_everywhere(stand, |call| call.token(token)).await;
    for answer in &answers {
        assert!(answer.header("www-authenticate").contains("error=\"invalid_token\""));
        assert!(!answer.body.to_string().contains(token), "the token is not repeated");
    }
    answers
}

fn now() -> u64 {
    Clock::now_since_epoch().as_secs()
}

fn signed(claims: &Value) -> String {
    token::hs256(claims, SECRET.as_bytes())
}

#[tokio::test]
async fn without_a_token_nobody_is_let_in() {
    let stand = Stand::shared().await;
    for answer in refused_everywhere(&stand, |call| call).await {
        assert_eq!(answer.header("www-authenticate"), "Bearer realm=\"rolecall\"", "no error where no token was");
    }
}

#[tokio::test]
async fn another_scheme_is_no_token() {
    let stand = Stand::shared().await;
    let token = User::stranger().token;
    for header in [
        "Basic dXNlcjpwYXNzd29yZA==".to_owned(),
        format!("Token {token}"),
        format!("Bearer{token}"),
        token.clone(),
        "Bearer".to_owned(),
        "Bearer ".to_owned(),
        format!("Negotiate, Bearer {token}"),
    ] {
        refused_everywhere(&stand, |call| call.header("authorization", &header)).await;
    }
    for (name, value) in [("apikey", token.as_str()), ("x-authorization", token.as_str()), ("cookie", token.as_str())] {
        refused_everywhere(&stand, |call| call.header(name, value)).await;
    }
}

#[tokio::test]
async fn the_scheme_is_read_in_any_case() {
    let stand = Stand::shared().await;
    let [admin, attendee] = stand.users([Role::Admin, Role::Attendee]).await;
    let body = json!({"recipient_id": attendee.id, "content": "Hello"});
    let call = stand.post("send-dm", &body).header("authorization", &format!("bEARER {}", admin.token));
    call.expect(201).await;
}

#[tokio::test]
async fn a_malformed_token_is_refused() {
    let stand = Stand::shared().await;
    let token = User::stranger().token;
    let parts: Vec<&str> = token.split('.').collect();
    for malformed in [
        "a.b.c".to_owned(),
        "..".to_owned(),
        "null".to_owned(),
        parts[..2].join("."),
        format!("{}.{}.", parts[0], parts[1]),
        format!("{token}.extra"),
        token[..token.len() - 4].to_owned(),
        format!("{}.{}.{}", parts[0], parts[1], token::base64(&[0; 32])),
        format!("{}.{}.{}", parts[0], token::base64(b"{\"role\":\"service_role\"}"), parts[2]),
        format!("{}.{}.{}", token::base64(b"[]"), parts[1], parts[2]),
    ] {
        token_refused_everywhere(&stand, &malformed).await;
    }
}

#[tokio::test]
async fn an_expired_token_is_refused() {
    let stand = Stand::shared().await;
    let mut claims = token::user_claims(Uuid::new_v4());
    claims["iat"] = json!(now() - 7200);
    claims["exp"] = json!(now() - 120);
    for answer in token_refused_everywhere(&stand, &signed(&claims)).await {
        assert!(answer["detail"].as_str().unwrap().contains("expired"), "{}", answer.body);
    }
}

#[tokio::test]
async fn a_token_that_is_not_yet_valid_is_refused() {
    let stand = Stand::shared().await;
    let mut claims = token::user_claims(Uuid::new_v4());
    claims["nbf"] = json!(now() + 600);
    for answer in token_refused_everywhere(&stand, &signed(&claims)).await {
        assert!(answer["detail"].as_str().unwrap().contains("not valid yet"), "{}", answer.body);
    }
}

#[tokio::test]
async fn clocks_may_differ_by_a_minute() {
    let stand = Stand::shared().await;
    let [admin, attendee] = stand.users([Role::Admin, Role::Attendee]).await;
    let mut late = token::user_claims(admin.id);
    late["exp"] = json!(now() - 20);
    let mut early = token::user_claims(admin.id);
    early["nbf"] = json!(now() + 20);
    for claims in [late, early] {
        let body = json!({"recipient_id": attendee.id, "content": "Hello"});
        stand.post("send-dm", &body).token(&signed(&claims)).expect(201).await;
    }
}

#[tokio::test]
async fn a_token_without_expiry_or_with_a_subject_that_is_no_uuid_is_refused() {
    let stand = Stand::shared().await;
    let mut eternal = token::user_claims(Uuid::new_v4());
    eternal.as_object_mut().unwrap().remove("exp");
    token_refused_everywhere(&stand, &signed(&eternal)).await;
    for subject in [json!("admin"), json!(""), json!(7), json!("00000000000040008000000000000001"), json!(["x"])] {
        let mut claims = token::user_claims(Uuid::new_v4());
        claims["sub"] = subject;
        token_refused_everywhere(&stand, &signed(&claims)).await;
    }
    let nobody = token::claims(None, "authenticated");
    token_refused_everywhere(&stand, &signed(&nobody)).await;
}

#[tokio::test]
async fn a_token_with_another_signature_is_refused() {
    let stand = Stand::shared().await;
    let claims = token::user_claims(Uuid::new_v4());
    for key in ["", "secret", "another secret of more than thirty-two bytes", &SECRET.to_uppercase()] {
        token_refused_everywhere(&stand, &token::hs256(&claims, key.as_bytes())).await;
    }
    let payload = token::payload(&json!({"alg": "HS512", "typ": "JWT"}), &claims);
    let key = HS512Key::from_bytes(SECRET.as_bytes());
    let other_algorithm = signed_by(Uuid::new_v4(), |claims| key.authenticate(claims));
    token_refused_everywhere(&stand, &other_algorithm).await;
    token_refused_everywhere(&stand, &format!("{payload}.{}", token::base64(&[1; 64]))).await;
}

#[tokio::test]
async fn a_token_without_a_signature_is_refused_however_it_spells_none() {
    let stand = Stand::shared().await;
    for algorithm in ["none", "None", "NONE", "nOnE", ""] {
        for role in ["authenticated", "service_role"] {
            let header = json!({"alg": algorithm, "typ": "JWT"});
            let payload = token::payload(&header, &token::claims(Some(Uuid::new_v4()), role));
            for signature in ["", "AA", "e30"] {
                token_refused_everywhere(&stand, &format!("{payload}.{signature}")).await;
            }
        }
    }
}

#[tokio::test]
async fn a_key_that_the_token_brings_along_is_not_used() {
    let stand = Stand::shared().await;
    let pair = ES256KeyPair::generate();
    let jwk: Value = serde_json::from_str(&pair.public_key().to_jwk()).unwrap();
    let claims = token::claims(None, "service_role");
    for header in [
        json!({"alg": "HS256", "jwk": {"kty": "oct", "k": token::base64(b"attacker")}}),
        json!({"alg": "HS256", "kid": "../../../../dev/null"}),
        json!({"alg": "HS256", "kid": "' union select 'attacker"}),
        json!({"alg": "HS256", "jku": "http://127.0.0.1:1/jwks.json"}),
        json!({"alg": "ES256", "jwk": jwk}),
    ] {
        let payload = token::payload(&header, &claims);
        let forged = format!("{payload}.{}", token::base64(&hmac_sha256::HMAC::mac(payload.as_bytes(), b"attacker")));
        token_refused_everywhere(&stand, &forged).await;
    }
}

#[tokio::test]
async fn issuer_and_audience_must_be_the_configured_ones() {
    let stand = Stand::own(Setup::new().variable("jwt_issuer", ISSUER).variable("jwt_audience", AUDIENCE)).await;
    let [admin, attendee] = stand.users([Role::Admin, Role::Attendee]).await;
    let claims = |issuer: Value, audience: Value| {
        let mut claims = token::user_claims(admin.id);
        claims["iss"] = issuer;
        claims["aud"] = audience;
        signed(&claims)
    };
    for (issuer, audience) in [
        (json!("https://evil.example"), json!(AUDIENCE)),
        (json!("https://auth.example/"), json!(AUDIENCE)),
        (json!(ISSUER), json!("another app")),
        (json!(ISSUER), json!(["another app", "a third"])),
    ] {
        token_refused_everywhere(&stand, &claims(issuer, audience)).await;
    }
    token_refused_everywhere(&stand, &admin.token).await;
    assert_eq!(stand.traces(&admin).await, 0);
    for audience in [json!(AUDIENCE), json!(["another app", AUDIENCE])] {
        let token = claims(json!(ISSUER), audience);
        let body = json!({"recipient_id": attendee.id, "content": "Hello"});
        stand.post("send-dm", &body).token(&token).expect(201).await;
    }
}

#[tokio::test]
async fn roles_other_than_authenticated_do_not_reach_the_functions_of_users() {
    let stand = Stand::shared().await;
    let admin = stand.user(Role::Admin).await;
    for role in ["service_role", "anon", "postgres", "rolecall_edge", "admin", "", "AUTHENTICATED"] {
        for subject in [None, Some(admin.id)] {
            let token = signed(&token::claims(subject, role));
            for endpoint in endpoints_of_users(Uuid::new_v4()) {
                if endpoint.for_staff && role == "service_role" {
                    continue;
                }
                let rule = if endpoint.for_staff { "staff_only" } else { "users_only" };
                let refusal = endpoint.call(&stand).token(&token).expect(403).await;
                refusal.refused_by(Code::PermissionDenied, rule);
            }
        }
    }
    assert_eq!(stand.traces(&admin).await, 0);
}

#[tokio::test]
async fn roles_other_than_service_role_do_not_reach_the_function_of_operators() {
    let stand = Stand::shared().await;
    let admin = stand.user(Role::Admin).await;
    for role in ["authenticated", "anon", "postgres", "admin", "SERVICE_ROLE"] {
        let token = signed(&token::claims(Some(admin.id), role));
        let refusal = stand.post("reset-broadcast-quotas", &json!({})).token(&token).expect(403).await;
        refusal.refused_by(Code::PermissionDenied, "operators_only");
    }
}

#[tokio::test]
async fn roles_and_organisations_in_the_token_grant_nothing() {
    let stand = Stand::shared().await;
    let [attendee, other] = stand.users([Role::Attendee, Role::Attendee]).await;
    let mut claims = token::user_claims(attendee.id);
    claims["app_role"] = json!("admin");
    claims["user_role"] = json!("admin");
    claims["app_metadata"] = json!({"role": "admin", "organization_role": "owner"});
    claims["user_metadata"] = json!({"role": "admin"});
    claims["organization_id"] = json!(Uuid::new_v4());
    let token = signed(&claims);
    let body = json!({"recipient_id": other.id, "content": "Hello"});
    let refusal = stand.post("send-dm", &body).token(&token).expect(403).await;
    refusal.refused_by(Code::PermissionDenied, "attendee_writes_to_mvp_dealers_only");
    stand.get("diagnostics").token(&token).expect(403).await.refused(Code::PermissionDenied);
}

#[tokio::test]
async fn a_refused_token_is_refused_before_the_body_is_judged() {
    let stand = Stand::shared().await;
    let call = stand.call(Method::POST, "send-dm").header("content-type", "application/json").bytes("{nonsense");
    call.expect(401).await.refused(Code::Unauthenticated);
}
