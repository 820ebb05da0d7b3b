//! Listing and reading threads, by role.

use super::support::{history, list, mark, send};
use rolecall_e2e::{Code, Stand};
use serde_json::{Value, json};
use uuid::Uuid;

const POACHING: &str = "Call me at 202-555-0143";

fn ids(page: &Value) -> Vec<&str> {
    page["threads"].as_array().unwrap().iter().map(|card| card["id"].as_str().unwrap()).collect()
}

fn contents(page: &Value) -> Vec<&str> {
    page["messages"].as_array().unwrap().iter().map(|message| message["content"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn each_role_lists_and_reads_what_is_theirs() {
    let stand = Stand::shared().await;
    let agency = stand.agency().await;
    let other_client = stand.client_of(agency.organization, None).await;
    let thread = stand.thread(agency.organization, &agency.client, &agency.sitter_number).await;
    let other = stand.thread(agency.organization, &other_client, &agency.front_desk).await;
    stand.window(agency.organization, thread, &agency.sitter, -10, 60).await;
    stand.window(agency.organization, thread, &agency.other_sitter, 60, 120).await;
    send(&stand, &agency.owner, other, "To the other").expect(201).await;
    send(&stand, &agency.owner, thread, "From the office").expect(201).await;
    send(&stand, &agency.sitter, thread, "From the sitter").expect(201).await;
    send(&stand, &agency.sitter, thread, POACHING).expect(403).await;

    for user in [&agency.owner, &agency.admin] {
        let page = list(&stand, user, "").expect(200).await;
        assert_eq!(page["threads"].as_array().unwrap().len(), 3, "two clients and the owner inbox: {}", page.body);
        let page = list(&stand, user, "?scope=client").expect(200).await;
        assert_eq!(ids(&page.body), [thread.to_string(), other.to_string()]);
        let page = history(&stand, user, thread, "").expect(200).await;
        assert_eq!(contents(&page.body)[..2], ["From the office", "From the sitter"]);
        assert!(contents(&page.body)[2].contains("[phone]"), "{}", page.body);
    }
    for user in [&agency.sitter, &agency.other_sitter] {
        let page = list(&stand, user, "").expect(200).await;
        assert_eq!(ids(&page.body), [thread.to_string()], "those with a window of theirs");
        history(&stand, user, other, "").expect(404).await.refused_by(Code::NotFound, "no_such_thread");
    }
    let page = history(&stand, &agency.sitter, thread, "").expect(200).await;
    assert_eq!(contents(&page.body), ["From the office", "From the sitter", "Message blocked"]);
    let page = history(&stand, &agency.other_sitter, thread, "").expect(200).await;
    assert_eq!(contents(&page.body), ["From the office"], "not what another sitter wrote");
    let card = &list(&stand, &agency.sitter, "").expect(200).await["threads"][0];
    assert_eq!(card["active_window"]["sitter_id"], json!(agency.sitter.id));
    assert_eq!((&card["next_window"], &card["number_class"]), (&Value::Null, &json!("sitter")));

    let page = list(&stand, &agency.client_user, "").expect(200).await;
    assert_eq!(ids(&page.body), [thread.to_string()]);
    let page = history(&stand, &agency.client_user, thread, "").expect(200).await;
    assert_eq!(contents(&page.body), ["From the office", "From the sitter"]);
    let said = page.body.to_string();
    assert!(!said.contains(&agency.sitter.id.to_string()), "a client does not learn who it is: {said}");

    let inbox = list(&stand, &agency.owner, "?scope=owner_inbox").expect(200).await.id_of_first();
    assert_eq!(history(&stand, &agency.owner, inbox, "").expect(200).await["messages"][0]["kind"], "notice");
    for user in [&agency.sitter, &agency.client_user] {
        history(&stand, user, inbox, "").expect(404).await.refused_by(Code::NotFound, "no_such_thread");
    }
    for user in [&agency.owner, &agency.admin, &agency.sitter, &agency.client_user] {
        let everything =
            [list(&stand, user, "").expect(200).await.body, history(&stand, user, thread, "").expect(200).await.body];
        for number in [&agency.client.phone, &other_client.phone, &agency.front_desk.e164, &agency.sitter_number.e164] {
            assert!(!json!(everything).to_string().contains(number.trim_start_matches('+')), "{number} is shown");
        }
    }
}

trait First {
    fn id_of_first(&self) -> Uuid;
}

impl First for rolecall_e2e::Answer {
    fn id_of_first(&self) -> Uuid {
        self["threads"][0]["id"].as_str().unwrap().parse().unwrap()
    }
}

#[tokio::test]
async fn pages_unread_and_filters() {
    let stand = Stand::shared().await;
    let agency = stand.agency().await;
    let thread = stand.thread(agency.organization, &agency.client, &agency.front_desk).await;
    stand.window(agency.organization, thread, &agency.sitter, -10, 60).await;
    for n in 1..=5 {
        send(&stand, &agency.owner, thread, &format!("Number {n}")).expect(201).await;
    }
    let page = history(&stand, &agency.admin, thread, "?limit=2").expect(200).await;
    assert_eq!(contents(&page.body), ["Number 4", "Number 5"]);
    assert_eq!((&page["has_more_before"], &page["has_more_after"]), (&json!(true), &json!(false)));
    let page = history(&stand, &agency.admin, thread, "?limit=2&before_seq=4").expect(200).await;
    assert_eq!(contents(&page.body), ["Number 2", "Number 3"]);
    let page = history(&stand, &agency.admin, thread, "?limit=2&since_seq=1").expect(200).await;
    assert_eq!(contents(&page.body), ["Number 2", "Number 3"]);
    assert_eq!((&page["has_more_before"], &page["has_more_after"]), (&json!(true), &json!(true)));

    let unread =
        async |user| list(&stand, user, "?scope=client").expect(200).await["threads"][0]["unread_count"].clone();
    assert_eq!((unread(&agency.admin).await, unread(&agency.owner).await), (json!(5), json!(0)));
    let read = mark(&stand, &agency.admin, thread, &json!({"up_to_seq": 3})).expect(200).await;
    assert_eq!((&read["last_read_seq"], &read["unread_count"]), (&json!(3), &json!(2)));
    let read = mark(&stand, &agency.admin, thread, &json!({"up_to_seq": 1})).expect(200).await;
    assert_eq!(read["last_read_seq"], 3, "it never moves backwards");
    let read = mark(&stand, &agency.admin, thread, &json!({})).expect(200).await;
    assert_eq!((&read["last_read_seq"], &read["unread_count"]), (&json!(5), &json!(0)));
    assert_eq!(ids(&list(&stand, &agency.admin, "?unread=true").expect(200).await.body), [""; 0]);
    assert_eq!(ids(&list(&stand, &agency.sitter, "?unread=true").expect(200).await.body), [thread.to_string()]);

    let of = |query: String| list(&stand, &agency.owner, &query).expect(200);
    assert_eq!(ids(&of(format!("?sitter_id={}", agency.sitter.id)).await.body), [thread.to_string()]);
    assert_eq!(ids(&of(format!("?sitter_id={}", agency.other_sitter.id)).await.body), [""; 0]);
    assert_eq!(ids(&of(format!("?client_id={}", agency.client.id)).await.body), [thread.to_string()]);
    assert_eq!(ids(&of("?status=closed".to_owned()).await.body), [""; 0]);
    let refusal = list(&stand, &agency.owner, "?status=gone&limit=0").expect(400).await.refused(Code::ValidationError);
    let mut faults = refusal.faults();
    faults.sort_unstable();
    assert_eq!(faults, [("limit", "out_of_range"), ("status", "unknown_value")]);
    let cursor = format!("?cursor=1.{}", Uuid::nil());
    assert_eq!(ids(&of(cursor).await.body), [""; 0]);
}

#[tokio::test]
async fn threads_return_with_the_flag() {
    let stand = Stand::shared().await;
    let agency = stand.agency().await;
    let thread = stand.thread(agency.organization, &agency.client, &agency.front_desk).await;
    send(&stand, &agency.owner, thread, "Hello").expect(201).await;
    stand.switch(&agency, "messaging_v1", "disabled").await;
    for user in [&agency.owner, &agency.sitter, &agency.client_user] {
        list(&stand, user, "").expect(404).await.refused(Code::FeatureDisabled);
        history(&stand, user, thread, "").expect(404).await.refused(Code::FeatureDisabled);
        mark(&stand, user, thread, &json!({})).expect(404).await.refused(Code::FeatureDisabled);
    }
    stand.switch(&agency, "messaging_v1", "enabled").await;
    assert_eq!(contents(&history(&stand, &agency.owner, thread, "").expect(200).await.body), ["Hello"]);
}
