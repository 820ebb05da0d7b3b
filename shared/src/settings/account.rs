//! The account with the carrier, through which texts leave.

use super::{InvalidSetting, Variables, given, host_of_url};
use base64::{Engine, engine::general_purpose::STANDARD};
use std::fmt;

/// The account with the carrier (Twilio's Messages API, version 2010-04-01).
#[derive(Clone, PartialEq, Eq)]
pub struct CarrierAccount {
    /// Where a text is posted to.
    pub messages_url: String,
    /// The value of the header `Authorization`.
    pub authorization: String,
    /// The address for status callbacks, up to the id.
    status_url: String,
}

impl CarrierAccount {
    /// Where the carrier tells what became of the text with this id in the outbox.
    pub fn status_callback(&self, id: &str) -> String {
        format!("{}/{id}", self.status_url)
    }
}

impl fmt::Debug for CarrierAccount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CarrierAccount")
    }
}

impl Variables {
    /// The account with the carrier. None unless id, token and the webhook's address are given: without the last, nobody
    /// would hear what became of a text.
    ///
    /// # Errors
    /// `twilio_account_sid` has characters other than letters and digits, or `twilio_api_url` is no address.
    pub fn carrier_account(&self) -> Result<Option<CarrierAccount>, InvalidSetting> {
        let sid = given(&self.twilio_account_sid);
        if sid.is_some_and(|sid| !sid.bytes().all(|byte| byte.is_ascii_alphanumeric())) {
            return Err(InvalidSetting::TwilioAccountSid);
        }
        let api = given(&self.twilio_api_url).unwrap_or("https://api.twilio.com").trim_end_matches('/');
        if host_of_url(api).is_none() || api.contains(['?', '#']) {
            return Err(InvalidSetting::TwilioApiUrl);
        }
        let webhook =
            given(&self.twilio_webhook_url).filter(|url| host_of_url(url).is_some() && !url.contains(['?', '#']));
        let (Some(sid), Some(token), Some(webhook)) = (sid, given(&self.twilio_auth_token), webhook) else {
            return Ok(None);
        };
        Ok(Some(CarrierAccount {
            messages_url: format!("{api}/2010-04-01/Accounts/{sid}/Messages.json"),
            authorization: format!("Basic {}", STANDARD.encode(format!("{sid}:{token}"))),
            status_url: format!("{}/status", webhook.trim_end_matches('/')),
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn account(sid: &str, token: &str, api: &str, webhook: &str) -> Result<Option<CarrierAccount>, InvalidSetting> {
        Variables {
            twilio_account_sid: sid.into(),
            twilio_auth_token: token.into(),
            twilio_api_url: api.into(),
            twilio_webhook_url: webhook.into(),
            ..Variables::default()
        }
        .carrier_account()
    }

    #[test]
    fn an_account_has_an_id_a_token_and_an_address_that_hears_what_became_of_a_text() {
        let webhook = "https://app.example/functions/v1/receive-sms";
        let whole = account("AC1", "secret", "", webhook).unwrap().unwrap();
        assert_eq!(whole.messages_url, "https://api.twilio.com/2010-04-01/Accounts/AC1/Messages.json");
        assert_eq!(whole.authorization, "Basic QUMxOnNlY3JldA==");
        assert_eq!(whole.status_callback("7"), format!("{webhook}/status/7"));
        assert_eq!(format!("{whole:?}"), "CarrierAccount");
        let elsewhere = account("AC1", "secret", " http://127.0.0.1:8080/ ", webhook).unwrap().unwrap();
        assert_eq!(elsewhere.messages_url, "http://127.0.0.1:8080/2010-04-01/Accounts/AC1/Messages.json");
        for (sid, token, webhook) in [("", "t", webhook), ("AC1", " ", webhook), ("AC1", "t", ""), ("AC1", "t", "x")] {
            assert_eq!(account(sid, token, "", webhook), Ok(None), "{sid} {token} {webhook}");
        }
        assert_eq!(account("AC/1", "", "", ""), Err(InvalidSetting::TwilioAccountSid));
        for api in ["api.twilio.com", "ftp://api.twilio.com", "https://api.twilio.com/?x=1", "https://"] {
            assert_eq!(account("", "", api, ""), Err(InvalidSetting::TwilioApiUrl), "{api}");
        }
    }
}
