//! `send-thread-message`: writes into the thread of an organisation's client. What owner, admin and sitter write goes to the
//! client's phone; a client with an account writes into their own thread as if by text.

use rolecall_shared::{
    auth::caller::User,
    function::Function,
    rules::{
        id::ThreadId,
        limits::{MAX_MEDIA_URLS, THREAD_MESSAGE_CHARS},
        poaching::{self, Findings},
        sms::{self, Parts},
    },
    wire::{fields::Fields, input::Input, link::HttpsLink, list::UpTo, text::Text},
};
use serde::Serialize;

/// The function.
pub struct SendThreadMessage;

/// A message, and what the entry point is told about it.
#[derive(Serialize)]
pub struct ThreadMessage {
    thread_id: ThreadId,
    content: Text<1, THREAD_MESSAGE_CHARS>,
    #[serde(skip_serializing_if = "UpTo::is_empty")]
    media_urls: UpTo<HttpsLink, MAX_MEDIA_URLS>,
    /// What the anti-poaching filter found in the content.
    filter: Findings,
    /// How the carrier counts it.
    #[serde(flatten)]
    parts: Parts,
}

impl Input for ThreadMessage {
    /// The adopters' clients write `threadId` and `text`.
    fn decode(fields: &mut Fields) -> Option<ThreadMessage> {
        let either = |fields: &Fields, name, alias| {
            if fields.has_any(&[alias]) && !fields.has_any(&[name]) { alias } else { name }
        };
        let (thread, text) = (either(fields, "thread_id", "threadId"), either(fields, "content", "text"));
        let thread_id = fields.get(thread);
        let content = fields.get::<Text<1, THREAD_MESSAGE_CHARS>>(text);
        let media_urls = fields.get("media_urls");
        let (thread_id, content, media_urls) = (thread_id?, content?, media_urls?);
        let (filter, parts) = (poaching::judge(content.as_str()), sms::parts(content.as_str()));
        Some(ThreadMessage { thread_id, content, media_urls, filter, parts })
    }
}

impl Function for SendThreadMessage {
    const NAME: &'static str = "send-thread-message";
    const FLAG: Option<&'static str> = Some("messaging_v1");
    const ENTRY: &'static str = "send_thread_message";
    const CREATES: bool = true;
    type Caller = User;
    type Input = ThreadMessage;
}

#[cfg(target_family = "wasm")]
#[spin_sdk::http_service]
async fn handle(request: spin_sdk::http::Request) -> impl spin_sdk::http::IntoResponse {
    rolecall_shared::spin::serve::<SendThreadMessage>(request).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    const ID: &str = "00000000-0000-4000-8000-000000000011";

    fn read(body: Value) -> Result<Value, Vec<(String, String)>> {
        match Fields::parse(body.to_string().as_bytes()).ok().unwrap().read::<ThreadMessage>() {
            Ok(input) => Ok(serde_json::to_value(input).unwrap()),
            Err(refusal) => Err(refusal
                .reasons
                .iter()
                .map(|reason| (reason.field.as_deref().unwrap_or("").to_owned(), reason.code.to_string()))
                .collect()),
        }
    }

    fn one(field: &str, code: &str) -> Result<Value, Vec<(String, String)>> {
        Err(vec![(field.to_owned(), code.to_owned())])
    }

    #[test]
    fn either_name_of_a_field_is_read() {
        let expected = json!({
            "thread_id": ID, "content": "See you at nine", "encoding": "gsm_7", "segments": 1,
            "filter": {"violations": [], "redacted": "See you at nine"},
        });
        for body in [
            json!({"thread_id": ID, "content": "See you at nine"}),
            json!({"threadId": ID, "text": "See you at nine"}),
            json!({"threadId": ID, "content": " See you at nine\n", "media_urls": []}),
        ] {
            assert_eq!(read(body), Ok(expected.clone()));
        }
        assert_eq!(read(json!({"thread_id": ID, "threadId": ID, "content": "a"})), one("threadId", "unknown_field"));
        assert_eq!(read(json!({"thread_id": ID, "text": "a", "content": "a"})), one("text", "unknown_field"));
        let missing = read(json!({})).unwrap_err();
        assert_eq!(missing, [("thread_id".into(), "required".into()), ("content".into(), "required".into())]);
    }

    #[test]
    fn the_content_is_counted_and_filtered() {
        let content = "ю".repeat(THREAD_MESSAGE_CHARS);
        let input = read(json!({"thread_id": ID, "content": content})).unwrap();
        assert_eq!((&input["encoding"], &input["segments"]), (&json!("ucs_2"), &json!(24)));
        assert_eq!(read(json!({"thread_id": ID, "content": content + "ю"})), one("content", "too_long"));
        assert_eq!(read(json!({"thread_id": ID, "content": " "})), one("content", "empty"));
        let input = read(json!({"thread_id": ID, "content": "Call me at 202-555-0143"})).unwrap();
        assert_eq!(input["filter"]["violations"].as_array().unwrap().len(), 1, "{input}");
        assert!(!input["filter"]["redacted"].as_str().unwrap().contains("0143"), "{input}");
    }

    #[test]
    fn media_are_links() {
        let links = |many: usize| json!({"thread_id": ID, "content": "Look", "media_urls": vec!["https://media.example.com/1"; many]});
        assert_eq!(read(links(MAX_MEDIA_URLS)).unwrap()["media_urls"].as_array().unwrap().len(), MAX_MEDIA_URLS);
        assert_eq!(read(links(MAX_MEDIA_URLS + 1)), one("media_urls", "too_many"));
        let body = json!({"thread_id": ID, "content": "Look", "media_urls": ["http://media.example.com/1"]});
        assert_eq!(read(body), one("media_urls[0]", "malformed_link"));
    }
}
