//! The flags of texting, all of them off and on again.

use super::support::{history, list, send};
use crate::sms::support::{silence, traces};
use rolecall_e2e::{
    Code, Stand, User,
    agency::{self, FLAGS},
    carrier::sid,
    endpoints::endpoints,
    token,
};
use serde_json::{Value, json};
use uuid::Uuid;

/// An id that nothing has.
const NOTHING: Uuid = Uuid::from_u128(0xee);

/// The codes that each operation of texting answers somebody about what does not exist.
async fn codes(stand: &Stand, user: &User) -> Vec<(String, String)> {
    let mut codes = Vec::new();
    for endpoint in endpoints(NOTHING).iter().filter(|endpoint| endpoint.flag.as_deref() == Some("messaging_v1")) {
        let answer = endpoint.call(stand).token(&user.token).send().await;
        codes.push((endpoint.path.clone(), answer.code().to_owned()));
        assert_eq!(answer.status == 404 && answer.code() == "feature_disabled", answer.code() == "feature_disabled");
    }
    assert!(codes.len() >= 12, "{codes:?}");
    codes
}

fn without_ids(mut body: Value) -> Value {
    body.as_object_mut().and_then(|members| members.remove("request_id"));
    body
}

#[tokio::test]
async fn all_flags_are_turned_off_and_on_again() {
    let stand = Stand::shared().await;
    let agency = stand.agency().await;
    let thread = stand.thread(agency.organization, &agency.client, &agency.sitter_number).await;
    stand.window(agency.organization, thread, &agency.sitter, -10, 60).await;
    send(&stand, &agency.owner, thread, "Hello").expect(201).await;
    send(&stand, &agency.sitter, thread, "On my way").expect(201).await;
    stand.text(&sid(), &agency.client.phone, &agency.sitter_number, "Thanks").expect(200).await;
    let people = [&agency.owner, &agency.admin, &agency.sitter, &agency.client_user];
    let read = async |user: &User| without_ids(history(&stand, user, thread, "").expect(200).await.body);
    let mut before = Vec::new();
    for user in people {
        before.push((codes(&stand, user).await, read(user).await));
        assert!(before.iter().all(|(codes, _)| codes.iter().all(|(_, code)| code != "feature_disabled")));
    }
    let rows = traces(&stand, &agency).await;

    for flag in ["sitter_messages_v1", "messaging_v1", "proactive_thread_creation"] {
        stand.switch(&agency, flag, "disabled").await;
        for (user, before) in people.iter().zip(&before) {
            let is_out = flag == "messaging_v1" || (flag == "sitter_messages_v1" && user.id == agency.sitter.id);
            let codes = codes(&stand, user).await;
            if is_out {
                // Sitters put no bookings, with their flag or without.
                let mut of_theirs =
                    codes.iter().filter(|(path, _)| flag == "messaging_v1" || !path.ends_with("/assign-booking"));
                assert!(of_theirs.all(|(_, code)| code == "feature_disabled"), "{flag}: {codes:?}");
                send(&stand, user, thread, "Hello?").expect(404).await.refused(Code::FeatureDisabled);
                list(&stand, user, "").expect(404).await.refused_by(Code::FeatureDisabled, "feature_disabled");
                history(&stand, user, thread, "").expect(404).await.refused(Code::FeatureDisabled);
            } else {
                assert_eq!(codes, before.0, "{flag}");
                assert_eq!(read(user).await, before.1, "{flag}");
            }
        }
        let told = stand.get("flags").by(&agency.sitter).expect(200).await;
        for other in FLAGS {
            let shown = &told["flags"][other];
            let is_on = other != flag && flag != "messaging_v1";
            assert_eq!(shown["enabled"], json!(is_on), "{other} while {flag} is off: {shown}");
        }
        if flag == "messaging_v1" {
            // The operator puts no booking either; a text is accepted, and nothing more.
            let booking = stand.booking(&agency.client, Some(&agency.sitter), 60, 120).await;
            let call = stand.assign_as_operator(agency.organization, &booking);
            call.expect(404).await.refused(Code::FeatureDisabled);
            for from in [&agency.client.phone, &agency::phone()] {
                let answer = stand.text(&sid(), from, &agency.front_desk, "Anybody there?").expect(200).await;
                assert_eq!(answer.body, json!(silence()));
            }
            // What is the operator's own goes on.
            let path = format!("numbers?organization_id={}", agency.organization);
            stand.get(&path).token(&token::operator()).expect(200).await;
            stand.post("deliver-sms", &json!({})).token(&token::operator()).expect(200).await;
        }
        assert_eq!(traces(&stand, &agency).await, rows, "{flag}: threads stay, and nothing is written");
        if flag == "proactive_thread_creation" {
            let client = stand.client_of(agency.organization, None).await;
            let booking = stand.booking(&client, Some(&agency.sitter), 60, 120).await;
            let answer = stand.assign(&agency.owner, &booking).expect(200).await;
            assert_eq!(answer["thread_id"], Value::Null, "it comes with the first message");
            stand.switch(&agency, flag, "enabled").await;
            let answer = stand.assign(&agency.owner, &booking).expect(200).await;
            assert_ne!(answer["thread_id"], Value::Null, "and with the flag at once");
        }
        stand.switch(&agency, flag, "enabled").await;
        for (user, before) in people.iter().zip(&before) {
            assert_eq!((&codes(&stand, user).await, &read(user).await), (&before.0, &before.1), "{flag} is on again");
        }
    }
    send(&stand, &agency.sitter, thread, "Back").expect(201).await;
}
