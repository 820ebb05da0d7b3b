//! Every code of the catalogue, provoked over HTTP.

use super::signed::signed_by;
use crate::robustness::support::{hold_messages, until_waiting};
use http::Method;
use jwt_simple::prelude::{ECDSAP256KeyPairLike, ES256KeyPair};
use rolecall_e2e::{Answer, Code, Role, Setup, Stand, User, fixtures::Starts, token};
use rolecall_postgres::Mode;
use serde_json::json;
use std::collections::HashSet;
use tokio::net::TcpListener;
use uuid::Uuid;

/// Codes that the runner alone answers, each with what Spin does there (`host_answers.rs` has all of it).
const RUNNERS_OWN: &[(Code, &str)] = &[
    (Code::Overloaded, "Spin takes any number of requests at a time"),
    (Code::BadRequest, "Spin closes the connection, or answers with an empty body"),
    (Code::UriTooLong, "Spin hands the request to the component"),
    (Code::HeadersTooLarge, "Spin hands the request to the component"),
    (Code::NotImplemented, "Spin takes the chunks as they are"),
    (Code::HttpVersionNotSupported, "Spin answers with an empty body"),
    (Code::RequestTimeout, "Spin waits without a limit"),
];

/// The place of a `jwt_jwks_url` where nobody listens.
async fn nowhere() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    listener.local_addr().unwrap().to_string()
}

async fn provoke(code: Code) -> Answer {
    let stand = Stand::shared().await;
    let [organizer, attendee, dealer] = stand.users([Role::ShowOrganizer, Role::Attendee, Role::Dealer]).await;
    let show = stand.show(&organizer, Starts::InAWeek).await;
    let request = stand.help_request(&attendee).await;
    match code {
        Code::Unauthenticated => stand.post("send-dm", &json!({})).send().await,
        Code::PermissionDenied => stand.send_dm(&attendee, &dealer, "Hello").send().await,
        Code::BadRequest => stand.client().raw("GET / HTTP/1.1\r\n\r\n").await,
        Code::UriTooLong => {
            stand.client().raw(format!("GET /{} HTTP/1.1\r\nhost: x\r\n\r\n", "a".repeat(10_000))).await
        }
        Code::HeadersTooLarge => {
            let head = format!("GET / HTTP/1.1\r\nhost: x\r\na: {}\r\n\r\n", "a".repeat(70_000));
            stand.client().raw(head).await
        }
        Code::NotImplemented => {
            stand.client().raw("POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: gzip, chunked\r\n\r\n").await
        }
        Code::HttpVersionNotSupported => stand.client().raw("GET / HTTP/2.0\r\nhost: x\r\n\r\n").await,
        Code::RequestTimeout => {
            let stand = Stand::own(Setup::new().flag("--arrival-grace", "200ms")).await;
            stand.client().raw("POST / HTTP/1.1\r\nhost:").await
        }
        Code::ValidationError => stand.send_dm(&organizer, &attendee, "").send().await,
        Code::InvalidInput => stand.offer(&attendee, request, "I help myself.").send().await,
        Code::NotFound => stand.reply(&organizer, Uuid::new_v4(), "Hello").send().await,
        Code::HelpRequestNotFound => stand.offer(&organizer, Uuid::new_v4(), "I can drive you.").send().await,
        Code::FeatureDisabled => {
            let stand = Stand::own(Setup::new().variable("rollouts", "send-dm=disabled")).await;
            let [organizer, attendee] = stand.users([Role::ShowOrganizer, Role::Attendee]).await;
            stand.send_dm(&organizer, &attendee, "Hello").send().await
        }
        Code::MethodNotAllowed => stand.call(Method::DELETE, "send-dm").send().await,
        Code::PayloadTooLarge => stand.send_dm(&organizer, &attendee, &"x".repeat(70_000)).send().await,
        Code::UnsupportedMediaType => stand.call(Method::POST, "send-dm").by(&organizer).bytes("{}").send().await,
        Code::ConversationExists => {
            stand.offer(&organizer, request, "I can drive you.").expect(201).await;
            stand.offer(&organizer, request, "I can drive you.").send().await
        }
        Code::ConversationReadOnly => {
            let sent = stand.send_dm(&organizer, &attendee, "Hello").expect(201).await;
            let conversation = sent.id("conversation_id");
            stand.db.run("update rolecall.conversations set read_only = true where id = $1", &[&conversation]).await;
            stand.reply(&attendee, conversation, "Hello").send().await
        }
        Code::HelpRequestUnavailable => {
            stand.db.run("update rolecall.help_requests set status = 'closed' where id = $1", &[&request]).await;
            stand.offer(&organizer, request, "I can drive you.").send().await
        }
        Code::CursorExpired => {
            // A cursor is good for nobody else.
            let page = stand.sync(&organizer, &json!({})).expect(200).await;
            stand.sync(&attendee, &json!({"cursor": page["cursor"]})).send().await
        }
        Code::EditWindowClosed => {
            let sent = stand.send_dm(&organizer, &attendee, "Hello").expect(201).await.id("message_id");
            stand.age_message(sent, 15 * 60).await;
            stand.edit(&organizer, sent, "Hello again").send().await
        }
        Code::EditConflict => {
            let sent = stand.send_dm(&organizer, &attendee, "Hello").expect(201).await.id("message_id");
            let body = json!({"message_id": sent, "content": "Hello again", "base_version": 2});
            stand.post("messages/edit", &body).by(&organizer).send().await
        }
        Code::MessageIdTaken => {
            let sent = stand.send_dm(&organizer, &attendee, "Hello").expect(201).await;
            let body = json!({"recipient_id": dealer.id, "content": "Hello", "message_id": sent["message_id"]});
            stand.post("send-dm", &body).by(&organizer).send().await
        }
        Code::TooManyReactions => {
            let message = stand.send_dm(&organizer, &attendee, "Hello").expect(201).await.id("message_id");
            for emoji in ('😀'..).take(20) {
                stand.react(&attendee, message, &emoji.to_string()).expect(200).await;
            }
            stand.react(&attendee, message, "👍").send().await
        }
        Code::IdempotencyConflict => {
            stand.send_dm(&organizer, &attendee, "One").key("k").expect(201).await;
            stand.send_dm(&organizer, &attendee, "Two").key("k").send().await
        }
        Code::QuotaExceeded => {
            stand.broadcast(&organizer, show, "One").expect(201).await;
            stand.broadcast(&organizer, show, "Two").expect(201).await;
            stand.broadcast(&organizer, show, "Three").send().await
        }
        Code::DatabaseUnavailable => {
            let stand = Stand::own(Setup::new().own_cluster()).await;
            let cluster = stand.cluster.clone().unwrap();
            let mut cluster = cluster.lock().await;
            tokio::task::block_in_place(|| cluster.stop(Mode::Fast)).unwrap();
            stand.send_dm(&organizer, &attendee, "Hello").send().await
        }
        Code::AuthenticationUnavailable => {
            let url = format!("http://{}/jwks.json", nowhere().await);
            let setup = Setup::new().without_secret().variable("jwt_jwks_url", &url);
            let stand = Stand::own(setup.variable("jwks_host", "127.0.0.1")).await;
            let pair = ES256KeyPair::generate();
            let token = signed_by(organizer.id, |claims| pair.sign(claims));
            let body = json!({"recipient_id": attendee.id, "content": "Hello"});
            stand.post("send-dm", &body).token(&token).send().await
        }
        // The last stage has no further one.
        Code::RolloutCriteriaUnmet => {
            let stand = Stand::shared().await;
            stand.post("rollout/advance", &json!({"reason": "A test."})).token(&token::operator()).send().await
        }
        Code::NumberInUse => {
            let agency = stand.agency_without_flags().await;
            let number = json!({
                "organization_id": agency.organization, "phone": agency.pool.e164, "class": "pool",
            });
            stand.post("numbers/add", &number).token(&token::operator()).send().await
        }
        Code::NoNumberAvailable => {
            let agency = stand.agency_without_flags().await;
            stand.thread(agency.organization, &agency.client, &agency.front_desk).await;
            let number = json!({"organization_id": agency.organization, "number_id": agency.front_desk.id});
            stand.post("numbers/release", &number).token(&token::operator()).send().await
        }
        Code::Maintenance => {
            let stand = Stand::own(Setup::new()).await;
            let [organizer, attendee] = stand.users([Role::ShowOrganizer, Role::Attendee]).await;
            let sql = "update rolecall.feature_flags set rollout = 'enabled' where name = 'maintenance'";
            stand.db.run(sql, &[]).await;
            stand.send_dm(&organizer, &attendee, "Hello").send().await
        }
        Code::Overloaded => {
            let stand = Stand::own(Setup::new().flag("--max-in-flight", "1")).await;
            let [organizer, attendee] = stand.users([Role::ShowOrganizer, Role::Attendee]).await;
            let blocker = hold_messages(&stand).await;
            let held = tokio::spawn(stand.send_dm(&organizer, &attendee, "Hello").send());
            until_waiting(&stand, 1).await;
            let refused = stand.send_dm(&organizer, &attendee, "Hello").send().await;
            blocker.script("rollback").await;
            held.await.unwrap();
            refused
        }
        Code::Timeout => {
            let stand = Stand::own(Setup::new()).await;
            let [organizer, attendee] = stand.users([Role::ShowOrganizer, Role::Attendee]).await;
            let blocker = hold_messages(&stand).await;
            let late = stand.send_dm(&organizer, &attendee, "Hello").send().await;
            blocker.script("rollback").await;
            late
        }
        Code::Internal => {
            let stand = Stand::own(Setup::new()).await;
            let [organizer, attendee] = stand.users([Role::ShowOrganizer, Role::Attendee]).await;
            stand.db.script("alter table rolecall.messages add constraint never check (false) not valid").await;
            stand.send_dm(&organizer, &attendee, "Hello").send().await
        }
        Code::RateLimited => {
            let stand = Stand::own(Setup::new()).await;
            let [organizer, attendee] = stand.users([Role::ShowOrganizer, Role::Attendee]).await;
            stand.limit(Role::ShowOrganizer, "send_dm", 1, 3600).await;
            stand.send_dm(&organizer, &attendee, "One").expect(201).await;
            stand.send_dm(&organizer, &attendee, "Two").send().await
        }
        Code::AlreadyReported => {
            let sent = stand.send_dm(&organizer, &attendee, "Hello").expect(201).await;
            let message = sent.id("message_id");
            stand.report(&attendee, message, "Rude").expect(201).await;
            stand.report(&attendee, message, "Rude indeed").send().await
        }
        Code::AlreadyReviewed => {
            let moderator = stand.user(Role::Moderator).await;
            let sent = stand.send_dm(&organizer, &attendee, "Hello").expect(201).await;
            let report = stand.report(&attendee, sent.id("message_id"), "Rude").expect(201).await.id("report_id");
            stand.review(&moderator, report, "dismiss").expect(200).await;
            stand.review(&moderator, report, "delete").send().await
        }
        Code::OutsideAssignmentWindow | Code::AntiPoachingBlocked | Code::ClientOptedOut | Code::AlreadySent => {
            provoke_in_a_thread(&stand, code).await
        }
    }
}

/// Provokes a code that a thread of an organisation answers.
async fn provoke_in_a_thread(stand: &Stand, code: Code) -> Answer {
    let agency = stand.agency().await;
    let thread = stand.thread(agency.organization, &agency.client, &agency.front_desk).await;
    let send = |user: &User, content: &str| {
        stand.post("send-thread-message", &json!({"thread_id": thread, "content": content})).by(user)
    };
    match code {
        Code::OutsideAssignmentWindow => {
            stand.window(agency.organization, thread, &agency.sitter, 60, 120).await;
            send(&agency.sitter, "Rex is fine.").send().await
        }
        Code::ClientOptedOut => {
            let sql = "insert into rolecall.opt_outs (organization_id, client_id, source) values ($1, $2, 'keyword')";
            stand.db.run(sql, &[&agency.organization, &agency.client.id]).await;
            send(&agency.owner, "Rex is fine.").send().await
        }
        _ => {
            let blocked = send(&agency.owner, "Call me at 202-555-0143").expect(403).await;
            if code == Code::AntiPoachingBlocked {
                return blocked;
            }
            let sql = "select id from rolecall.thread_messages where thread_id = $1 and delivery = 'blocked'";
            let message: Uuid = stand.db.one(sql, &[&thread]).await;
            let force = || {
                let body = json!({"message_id": message, "reason": "It is the number of the vet."});
                stand.post("force-send", &body).by(&agency.owner)
            };
            force().expect(200).await;
            force().send().await
        }
    }
}

// Several threads, because stopping a server blocks one.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_code_of_the_catalogue_is_answered_with_its_status() {
    let runners_own = if Stand::shared().await.runs_on_spin() { RUNNERS_OWN } else { &[] };
    let later: HashSet<&str> = runners_own.iter().map(|(code, _)| code.as_str()).collect();
    let mut seen = HashSet::new();
    for &code in Code::ALL.iter().filter(|code| !later.contains(code.as_str())) {
        let answer = provoke(code).await.refused(code);
        assert_eq!(answer.status, code.status().as_u16());
        seen.insert(code.as_str());
    }
    let all: HashSet<&str> = Code::ALL.iter().map(|code| code.as_str()).collect();
    let missing: Vec<_> = all.iter().filter(|code| !seen.contains(*code) && !later.contains(*code)).collect();
    assert!(missing.is_empty(), "{missing:?}");
    println!("{} codes answered", seen.len());
}
