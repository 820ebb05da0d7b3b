//! What people of an organisation have in its threads, over HTTP: exported, erased, and gone with the account.

use crate::{
    own_data::support::by_type,
    threads::support::{history, send},
};
use rolecall_e2e::{Code, Stand, carrier::sid};
use serde_json::{Value, json};

#[tokio::test]
async fn a_sitter_and_a_client_export_and_erase_what_is_theirs() {
    let stand = Stand::shared().await;
    let agency = stand.agency().await;
    let booking = stand.booking(&agency.client, Some(&agency.sitter), -10, 60).await;
    let thread = stand.assign(&agency.owner, &booking).expect(200).await.id("thread_id");
    send(&stand, &agency.owner, thread, "From the office").expect(201).await;
    send(&stand, &agency.sitter, thread, "From the sitter").expect(201).await;
    send(&stand, &agency.sitter, thread, "Call me at 202-555-0143").expect(403).await;
    send(&stand, &agency.client_user, thread, "With the account").expect(201).await;
    stand.text(&sid(), &agency.client.phone, &agency.sitter_number, "By text").expect(200).await;
    stand.post(&format!("threads/{thread}/read"), &json!({})).by(&agency.sitter).expect(200).await;

    let export = stand.export(&agency.sitter).expect(200).await;
    let lines = by_type(export.lines());
    for (name, number) in [
        ("booking", 1),
        ("assignment_window", 1),
        ("thread", 1),
        ("thread_message", 2),
        ("thread_read", 1),
        ("held_back_message", 1),
    ] {
        assert_eq!(lines.get(name).map_or(0, Vec::len), number, "{name}: {:?}", lines.keys());
    }
    let of_sitter = export.body.to_string();
    assert!(!of_sitter.contains("By text") && !of_sitter.contains("With the account"), "{of_sitter}");
    let export = stand.export(&agency.client_user).expect(200).await;
    let lines = by_type(export.lines());
    assert_eq!((lines["client"].len(), lines["booking"].len(), lines["thread_message"].len()), (1, 1, 4));
    let of_client = export.body.to_string();
    assert!(!of_client.contains(&agency.client.phone[1..]), "{of_client}");
    assert!(!of_client.contains(&agency.sitter.id.to_string()), "a client does not learn who it is: {of_client}");
    let other = stand.export(&agency.other_sitter).expect(200).await;
    assert_eq!(by_type(other.lines()).len(), 1, "the profile alone: {}", other.body);

    let contents = async || -> Vec<Value> {
        let page = history(&stand, &agency.owner, thread, "").expect(200).await;
        page.items("messages").iter().map(|message| message["content"].clone()).collect()
    };
    let deletion = stand.delete_own_data(&agency.sitter).expect(200).await;
    assert_eq!((&deletion["status"], &deletion["messages_deleted"]), (&json!("complete"), &json!(2)));
    let office = json!("From the office");
    assert_eq!(
        contents().await,
        [office.clone(), json!(null), json!(null), json!("With the account"), json!("By text")]
    );
    send(&stand, &agency.sitter, thread, "Still here").expect(201).await;
    stand.delete_own_data(&agency.client_user).expect(200).await;
    assert_eq!(contents().await[3..], [json!(null), json!(null), json!("Still here")]);
    assert_eq!(contents().await[0], office, "what was written to them is the organisation's");
}

#[tokio::test]
async fn a_sitters_account_is_unassigned_and_a_clients_is_erased() {
    let stand = Stand::shared().await;
    let agency = stand.agency().await;
    let booking = stand.booking(&agency.client, Some(&agency.sitter), -10, 60).await;
    let thread = stand.assign(&agency.owner, &booking).expect(200).await.id("thread_id");
    send(&stand, &agency.sitter, thread, "From the sitter").expect(201).await;
    stand.delete_account(&agency.sitter).expect(200).await;
    // Also where the flag was their organisation's alone.
    for call in [send(&stand, &agency.sitter, thread, "Again"), history(&stand, &agency.sitter, thread, "")] {
        call.expect(403).await.refused_by(Code::PermissionDenied, "account_deleted");
    }
    let sql = "select concat_ws(' ', status, sitter_id is null,
          rests_until between now() + interval '89 days 23 hours' and now() + interval '90 days')
        from rolecall.message_numbers where id = $1";
    assert_eq!(stand.db.one::<String>(sql, &[&agency.sitter_number.id]).await, "resting t t");
    let sql = "rolecall.assignment_windows where thread_id = $1 and closed_at is null";
    assert_eq!(stand.db.count(sql, &[&thread]).await, 0);
    let page = history(&stand, &agency.owner, thread, "").expect(200).await;
    assert_eq!(
        (&page["thread"]["number_class"], &page["messages"][0]["content"]),
        (&json!("front_desk"), &json!(null))
    );
    // Texts of the client go to the owner now.
    stand.text(&sid(), &agency.client.phone, &agency.front_desk, "Who comes today?").expect(200).await;

    stand.delete_account(&agency.client_user).expect(200).await;
    let page = history(&stand, &agency.owner, thread, "").expect(200).await;
    assert_eq!(page["thread"]["status"], "closed");
    assert!(page.items("messages").iter().all(|message| message["content"] == Value::Null), "{}", page.body);
    assert_eq!(page.items("messages").len(), 2, "that there were messages can be read");
    let kept =
        "rolecall.clients where id = $1 and (phone is not null or display_name is not null or erased_at is null)";
    assert_eq!(stand.db.count(kept, &[&agency.client.id]).await, 0);
    // Whoever texts from the number afterwards is a new client.
    stand.text(&sid(), &agency.client.phone, &agency.front_desk, "Hello").expect(200).await;
    let clients = "rolecall.clients where organization_id = $1 and phone = $2";
    assert_eq!(stand.db.count(clients, &[&agency.organization, &agency.client.phone]).await, 1);
}
