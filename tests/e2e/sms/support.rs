//! What a text leaves behind, and messages on their way to the carrier.

use http::Method;
use rolecall_e2e::{Call, Stand, agency::Agency};
use serde_json::json;
use uuid::Uuid;

/// The XML declaration of every answer.
const DECLARATION: &str = r#"<?xml version="1.0" encoding="UTF-8"?>"#;

/// The answer that sends nothing.
pub fn silence() -> String {
    format!("{DECLARATION}<Response/>")
}

/// The answer that sends this, in which nothing has to be escaped.
pub fn reply(text: &str) -> String {
    format!("{DECLARATION}<Response><Message>{text}</Message></Response>")
}

/// The rows that texts to an organisation have left behind.
pub async fn traces(stand: &Stand, agency: &Agency) -> i64 {
    let mut traces = 0;
    for table in [
        "clients",
        "message_threads",
        "thread_messages",
        "routing_decisions",
        "anti_poaching_attempts",
        "opt_outs",
        "word_texts",
        "automatic_replies",
    ] {
        let from = format!("rolecall.{table} where organization_id = $1");
        traces += stand.db.count(&from, &[&agency.organization]).await;
    }
    traces
}

/// What was decided about the text with this id: target, reason, and how many windows it names.
pub async fn decision(stand: &Stand, sid: &str) -> String {
    let sql = "select concat_ws(' ', decision.target, decision.reason, cardinality(decision.window_ids))
        from rolecall.routing_decisions as decision
        join rolecall.thread_messages as message using (organization_id, thread_id, seq)
        where message.carrier_sid = $1 and message.direction = 'inbound'";
    stand.db.one(sql, &[&sid]).await
}

/// A message of an agency's client whose row of the outbox stands like this: the row's id.
pub async fn outbox(stand: &Stand, agency: &Agency, status: &str, sid: Option<&str>) -> Uuid {
    let thread = stand.thread(agency.organization, &agency.client, &agency.pool).await;
    let sql = "select rolecall_internal.enqueue_sms(rolecall_internal.append_message(
        jsonb_populate_record(null::rolecall.thread_messages, $1)))";
    let message = json!({
        "organization_id": agency.organization, "thread_id": thread, "direction": "outbound",
        "client_id": agency.client.id, "content": "On my way", "delivery": "queued",
    });
    let text = sql.replace("$1", &format!("'{message}'::jsonb"));
    let row: Uuid = stand.db.one(&text, &[]).await;
    stand
        .db
        .run("update rolecall.sms_outbox set status = $2::text, carrier_sid = $3 where id = $1", &[&row, &status, &sid])
        .await;
    row
}

/// A callback about a row, signed.
pub fn report(stand: &Stand, row: &str, sid: &str, status: &str, more: &[(&str, &str)]) -> Call {
    let mut form = vec![("MessageSid", sid), ("MessageStatus", status), ("AccountSid", "AC1")];
    form.extend(more);
    stand.call(Method::POST, &format!("receive-sms/status/{row}")).form(&form).signed()
}

/// Where the row and its message stand, and the error.
pub async fn stands(stand: &Stand, row: Uuid) -> String {
    let sql = "select concat_ws(' ', outbox.status, message.delivery, outbox.error_code, outbox.carrier_sid)
        from rolecall.sms_outbox as outbox
        join rolecall.thread_messages as message using (organization_id, thread_id, seq)
        where outbox.id = $1";
    stand.db.one(sql, &[&row]).await
}
