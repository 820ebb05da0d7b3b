//! How far somebody has read.

use rolecall_e2e::{Code, Role, Stand};
use serde_json::json;

#[tokio::test]
async fn how_far_somebody_has_read_never_goes_back_and_never_beyond_the_end() {
    let stand = Stand::shared().await;
    let [reader, writer] = stand.users([Role::Attendee, Role::Admin]).await;
    let conversation = stand.history(&reader, &writer, 10).await;
    for (up_to, read, unread) in
        [(4, 4, 6), (2, 4, 6), (0, 4, 6), (7, 7, 3), (7, 7, 3), ((1 << 53) - 1, 10, 0), (1, 10, 0)]
    {
        let marked = stand.mark_read(&reader, conversation, up_to).expect(200).await;
        marked.has_members(&["conversation_id", "last_read_seq", "unread_count"]);
        assert_eq!((&marked["last_read_seq"], &marked["unread_count"]), (&json!(read), &json!(unread)), "{up_to}");
        let card = stand.messages(&reader, conversation, "limit=1").expect(200).await["conversation"].clone();
        assert_eq!((&card["last_read_seq"], &card["unread_count"]), (&json!(read), &json!(unread)), "{up_to}");
    }
    let of_writer = stand.messages(&writer, conversation, "limit=1").expect(200).await;
    assert_eq!(of_writer["conversation"]["unread_count"], 0, "each of the two reads for themselves");
}

#[tokio::test]
async fn a_whole_number_may_be_written_with_a_point() {
    let stand = Stand::shared().await;
    let [reader, writer] = stand.users([Role::Attendee, Role::Admin]).await;
    let conversation = stand.history(&reader, &writer, 3).await;
    let body = format!(r#"{{"up_to_seq": {}}}"#, "1.0");
    let body: serde_json::Value = serde_json::from_str(&body).unwrap();
    assert_eq!(body.to_string(), r#"{"up_to_seq":1.0}"#, "as PHP and Lua send it");
    let marked = stand.post(&format!("conversations/{conversation}/read"), &body).by(&reader).expect(200).await;
    assert_eq!((&marked["last_read_seq"], &marked["unread_count"]), (&json!(1), &json!(2)));
    let page = stand.messages(&reader, conversation, "limit=1.0&since_seq=1e0").expect(200).await;
    assert_eq!(page.items("messages")[0]["seq"], 2);
}

#[tokio::test]
async fn mark_read_names_what_is_wrong() {
    let stand = Stand::shared().await;
    let [reader, writer] = stand.users([Role::Attendee, Role::Admin]).await;
    let conversation = stand.history(&reader, &writer, 3).await;
    for (value, code) in [
        (json!(null), "required"),
        (json!("3"), "wrong_type"),
        (json!(1.5), "wrong_type"),
        (json!(true), "wrong_type"),
        (json!([1]), "wrong_type"),
        (json!(-1), "out_of_range"),
        (json!(1_u64 << 53), "out_of_range"),
    ] {
        let body = json!({"up_to_seq": value});
        let call = stand.post(&format!("conversations/{conversation}/read"), &body).by(&reader);
        let refusal = call.expect(400).await.refused(Code::ValidationError);
        assert_eq!(refusal.faults(), [("up_to_seq", code)], "{value}");
    }
    let body = json!({"up_to_seq": 3, "last_read_seq": 3});
    let call = stand.post(&format!("conversations/{conversation}/read"), &body).by(&reader);
    assert_eq!(call.expect(400).await.faults(), [("last_read_seq", "unknown_field")]);
    assert_eq!(stand.unread(&reader).expect(200).await["unread"], 3);
}

#[tokio::test]
async fn a_mark_under_one_key_is_answered_again() {
    let stand = Stand::shared().await;
    let [reader, writer] = stand.users([Role::Attendee, Role::Admin]).await;
    let conversation = stand.history(&reader, &writer, 3).await;
    let first = stand.mark_read(&reader, conversation, 2).key("k").expect(200).await;
    let again = stand.mark_read(&reader, conversation, 2).key("k").expect(200).await;
    assert_eq!(again.header("idempotency-replayed"), "true");
    assert_eq!(again["unread_count"], first["unread_count"]);
    stand.mark_read(&reader, conversation, 3).key("k").expect(422).await.refused(Code::IdempotencyConflict);
}
