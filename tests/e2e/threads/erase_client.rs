//! A client is erased: number, name and contents go, and the thread can still be read.

use rolecall_e2e::{Code, Stand, token};
use serde_json::{Value, json};
use uuid::Uuid;

fn erase(organization: Uuid, client: Uuid) -> Value {
    json!({"organization_id": organization, "client_id": client})
}

#[tokio::test]
async fn a_client_is_erased_once_and_for_all() {
    let stand = Stand::shared().await;
    let agency = stand.agency().await;
    let thread = stand.thread(agency.organization, &agency.client, &agency.front_desk).await;
    let sql = "insert into rolecall.thread_messages
        (organization_id, thread_id, seq, direction, client_id, content, media_urls, delivery)
        values ($1, $2, 1, 'inbound', $3, 'Secret', array['https://media.example/secret'], 'received')";
    stand.db.run(sql, &[&agency.organization, &thread, &agency.client.id]).await;
    let body = erase(agency.organization, agency.client.id);
    let erased = stand.post("erase-client", &body).token(&token::operator()).expect(200).await;
    assert_eq!(erased["client_id"], json!(agency.client.id));
    let again = stand.post("erase-client", &body).token(&token::operator()).expect(200).await;
    assert_eq!(erased["erased_at"], again["erased_at"]);
    let kept =
        "rolecall.clients where id = $1 and (phone is not null or display_name is not null or user_id is not null)";
    assert_eq!(stand.db.count(kept, &[&agency.client.id]).await, 0);
    let messages = "rolecall.thread_messages where thread_id = $1 and content is null and media_urls = '{}'";
    assert_eq!(stand.db.count(messages, &[&thread]).await, 1, "the thread says that there was a message");
    let read = stand.get(&format!("threads/{thread}/messages")).by(&agency.owner).expect(200).await;
    assert_eq!((read.items("messages").len(), &read["messages"][0]["content"]), (1, &json!(null)));
}

#[tokio::test]
async fn only_the_operator_erases_and_only_a_client_of_the_organisation() {
    let stand = Stand::shared().await;
    let agency = stand.agency().await;
    let other = stand.agency().await;
    let body = erase(agency.organization, agency.client.id);
    for user in [&agency.owner, &agency.admin, &agency.sitter, &agency.client_user, &other.owner] {
        let call = stand.post("erase-client", &body).by(user);
        call.expect(403).await.refused_by(Code::PermissionDenied, "operators_only");
    }
    stand.post("erase-client", &body).expect(401).await.refused(Code::Unauthenticated);
    for (organization, client) in [
        (other.organization, agency.client.id),
        (agency.organization, other.client.id),
        (Uuid::new_v4(), agency.client.id),
        (agency.organization, Uuid::new_v4()),
    ] {
        let call = stand.post("erase-client", &erase(organization, client)).token(&token::operator());
        call.expect(404).await.refused(Code::NotFound);
    }
    for body in [json!({}), json!({"organization_id": "x", "client_id": "y"})] {
        let call = stand.post("erase-client", &body).token(&token::operator());
        call.expect(400).await.refused(Code::ValidationError);
    }
    let erased = "rolecall.clients where id = any ($1) and erased_at is not null";
    assert_eq!(stand.db.count(erased, &[&[agency.client.id, other.client.id].as_slice()]).await, 0);
}
