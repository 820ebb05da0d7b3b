//! Status callbacks of the carrier.

use super::support::{outbox, report, stands};
use http::Method;
use rolecall_e2e::{
    Code, Stand,
    carrier::{TOKEN, WEBHOOK, sid, signature},
};
use serde_json::json;
use uuid::Uuid;

#[tokio::test]
async fn a_status_takes_a_message_further_and_never_back() {
    let stand = Stand::shared().await;
    let agency = stand.agency().await;
    let sid = sid();
    let row = outbox(&stand, &agency, "uncertain", None).await;
    for (status, expected, decision) in [
        ("queued", format!("sent sent {sid}"), "settled"),
        ("sent", format!("sent sent {sid}"), "unchanged"),
        ("delivered", format!("delivered delivered {sid}"), "settled"),
        ("sent", format!("delivered delivered {sid}"), "unchanged"),
        ("failed", format!("delivered delivered {sid}"), "unchanged"),
    ] {
        let answer = report(&stand, &row.to_string(), &sid, status, &[]).expect(200).await;
        assert_eq!(stands(&stand, row).await, expected, "{status}");
        let line = stand.runner().request_line(answer.request_id());
        assert_eq!(line["decision"], decision, "{status}");
        assert_eq!(line["org_id"], json!(agency.organization));
    }
}

#[tokio::test]
async fn an_error_is_kept_and_21610_opts_the_client_out() {
    let stand = Stand::shared().await;
    let agency = stand.agency().await;
    let of = "rolecall.opt_outs where client_id = $1 and source = 'carrier'";
    for (status, error, is_out) in [("undelivered", "30005", 0), ("failed", "none", 0), ("failed", "21610", 1)] {
        let sid = sid();
        let row = outbox(&stand, &agency, "sent", Some(&sid)).await;
        let path = format!("/api/messages/webhook/twilio/status/{row}");
        let body = json!({"MessageSid": sid, "MessageStatus": status, "ErrorCode": error});
        stand.post(&path, &body).signed().expect(200).await;
        let number = error.parse::<i32>().map(|number| format!("{number} ")).unwrap_or_default();
        assert_eq!(stands(&stand, row).await, format!("{status} {status} {number}{sid}"));
        assert_eq!(stand.db.count(of, &[&agency.client.id]).await, is_out, "{error}");
    }
}

#[tokio::test]
async fn what_is_unknown_is_accepted_and_counted_and_changes_nothing() {
    let stand = Stand::shared().await;
    let agency = stand.agency().await;
    let sid = sid();
    let row = outbox(&stand, &agency, "sent", Some(&sid)).await;
    let counted = async || -> i64 {
        let sql = "select coalesce(sum(requests), 0)::bigint from rolecall.request_metrics
            where function = 'receive-sms.unknown-status'";
        stand.db.one(sql, &[]).await
    };
    let before = counted().await;
    report(&stand, &Uuid::new_v4().to_string(), &sid, "delivered", &[]).expect(200).await;
    report(&stand, "no-uuid", &sid, "delivered", &[]).expect(200).await;
    report(&stand, &row.to_string(), &sid, "teleported", &[]).expect(200).await;
    let answer = report(&stand, &row.to_string(), "SM2", "delivered", &[]).expect(200).await;
    assert_eq!(stand.runner().request_line(answer.request_id())["decision"], "unknown");
    assert_eq!(stands(&stand, row).await, format!("sent sent {sid}"));
    assert!(counted().await >= before + 4);
}

#[tokio::test]
async fn a_status_is_signed_with_the_address_that_has_its_row() {
    let stand = Stand::shared().await;
    let agency = stand.agency().await;
    let sid = sid();
    let row = outbox(&stand, &agency, "sent", Some(&sid)).await;
    let form = [("MessageSid", sid.as_str()), ("MessageStatus", "delivered")];
    let send = |signature: &str| {
        let call = stand.call(Method::POST, &format!("receive-sms/status/{row}")).form(&form);
        call.header("x-twilio-signature", signature)
    };
    let other = Uuid::new_v4();
    for wrong in [
        signature(TOKEN, WEBHOOK, &form),
        signature(TOKEN, &format!("{WEBHOOK}/status/{other}"), &form),
        signature(TOKEN, &format!("{WEBHOOK}/status/{row}"), &[("MessageSid", &sid), ("MessageStatus", "failed")]),
        signature("another token", &format!("{WEBHOOK}/status/{row}"), &form),
    ] {
        send(&wrong).expect(403).await.refused_by(Code::PermissionDenied, "invalid_signature");
    }
    assert_eq!(stands(&stand, row).await, format!("sent sent {sid}"));
    send(&signature(TOKEN, &format!("{WEBHOOK}/status/{row}"), &form)).expect(200).await;
    assert_eq!(stands(&stand, row).await, format!("delivered delivered {sid}"));
    let bad = report(&stand, &row.to_string(), &sid, "not a status", &[]).expect(400).await;
    assert_eq!(bad.refused(Code::ValidationError).faults(), [("MessageStatus", "malformed_status")]);
    let bad = stand.call(Method::POST, &format!("receive-sms/status/{row}")).form(&[]).signed().expect(400).await;
    assert_eq!(bad.faults(), [("MessageSid", "required"), ("MessageStatus", "required")]);
}
