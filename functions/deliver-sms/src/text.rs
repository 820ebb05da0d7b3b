//! A text, and the form in which the carrier takes it.
#![cfg_attr(not(target_family = "wasm"), allow(dead_code, reason = "only the component sends; tests read"))]

use rolecall_shared::{settings::CarrierAccount, wire::phone::PhoneNumber};
use serde::Deserialize;

/// A text that the claim has leased.
#[derive(Debug, Deserialize)]
pub struct Text {
    /// Its id in the outbox.
    pub id: String,
    to: PhoneNumber,
    from: PhoneNumber,
    body: Option<String>,
    media_urls: Vec<String>,
}

impl Text {
    /// The form (<https://www.twilio.com/docs/messaging/api/message-resource>, "Create a Message").
    #[expect(clippy::disallowed_methods, reason = "the one place where the carrier is told the numbers")]
    pub fn form(&self, account: &CarrierAccount) -> String {
        let mut form = form_urlencoded::Serializer::new(String::new());
        form.append_pair("To", self.to.for_carrier()).append_pair("From", self.from.for_carrier());
        if let Some(body) = &self.body {
            form.append_pair("Body", body);
        }
        for url in &self.media_urls {
            form.append_pair("MediaUrl", url);
        }
        form.append_pair("StatusCallback", &account.status_callback(&self.id));
        form.finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rolecall_shared::settings::Variables;
    use serde_json::json;

    #[test]
    fn a_text_becomes_the_carriers_form() {
        let account = Variables {
            twilio_account_sid: "AC1".into(),
            twilio_auth_token: "secret".into(),
            twilio_webhook_url: "https://app.example/sms".into(),
            ..Variables::default()
        }
        .carrier_account();
        let account = account.unwrap().unwrap();
        let text: Text = serde_json::from_value(json!({
            "id": "7", "to": "+12025550111", "from": "+12025550100", "body": "Rex & Ada: 5 €",
            "media_urls": ["https://cdn.example/a.jpg?x=1&y=2", "https://cdn.example/b.jpg"],
        }))
        .unwrap();
        assert_eq!(
            text.form(&account),
            "To=%2B12025550111&From=%2B12025550100&Body=Rex+%26+Ada%3A+5+%E2%82%AC\
             &MediaUrl=https%3A%2F%2Fcdn.example%2Fa.jpg%3Fx%3D1%26y%3D2&MediaUrl=https%3A%2F%2Fcdn.example%2Fb.jpg\
             &StatusCallback=https%3A%2F%2Fapp.example%2Fsms%2Fstatus%2F7"
        );
        assert!(!format!("{text:?}").contains("5550"), "{text:?}");
    }
}
