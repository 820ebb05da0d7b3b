//! What the tests of conversations share.

use rolecall_e2e::{Answer, Stand, User};
use serde_json::Value;
use uuid::Uuid;

pub(crate) fn id(value: &Value) -> Uuid {
    value.as_str().and_then(|text| text.parse().ok()).unwrap_or_else(|| panic!("no uuid: {value}"))
}

pub(crate) fn ids(items: &[Value]) -> Vec<Uuid> {
    items.iter().map(|item| id(&item["id"])).collect()
}

pub(crate) fn numbers(page: &Answer) -> Vec<i64> {
    page.items("messages").iter().map(|message| message["seq"].as_i64().unwrap()).collect()
}

pub(crate) fn members(value: &Value) -> Vec<&str> {
    let mut names: Vec<&str> = value.as_object().unwrap().keys().map(String::as_str).collect();
    names.sort_unstable();
    names
}

/// Every page of the inbox; after each of them something may happen.
pub(crate) async fn every_page(stand: &Stand, user: &User, query: &str, mut between: impl AsyncFnMut()) -> Vec<Value> {
    let (mut cards, mut cursor) = (Vec::new(), None::<String>);
    loop {
        let query = cursor.map_or(query.to_owned(), |cursor| format!("{query}&cursor={cursor}"));
        let page = stand.inbox(user, &query).expect(200).await;
        cards.extend_from_slice(page.items("conversations"));
        let Some(next) = page["next_cursor"].as_str() else { return cards };
        assert!(!page.items("conversations").is_empty(), "a page that says there is more has something on it");
        cursor = Some(next.to_owned());
        between().await;
    }
}

/// What holds of a page that has the whole conversation: what is unread is what of it is new to its reader.
pub(crate) fn counts_its_messages(page: &Answer, reader: &User) {
    let card = &page["conversation"];
    let new = page.items("messages").iter().filter(|message| {
        message["seq"].as_i64() > card["last_read_seq"].as_i64()
            && message["sender_id"] != reader.id.to_string()
            && message["deleted"].is_null()
    });
    assert_eq!(card["unread_count"], new.count(), "{card}");
}

/// What holds of a card at any moment.
pub(crate) fn fits_together(card: &Value) {
    let number = |member: &str| card[member].as_i64().unwrap_or_else(|| panic!("no {member}: {card}"));
    assert!(0 <= number("unread_count") && number("last_read_seq") <= number("last_seq"), "{card}");
    assert!(number("unread_count") <= number("last_seq") - number("last_read_seq"), "{card}");
    assert_eq!(card["last_message"]["seq"], card["last_seq"], "{card}");
    assert_eq!(card["last_message"]["created_at"], card["last_message_at"], "{card}");
}
