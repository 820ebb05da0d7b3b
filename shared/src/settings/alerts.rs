//! Where alerts are sent.

use super::{InvalidSetting, Variables, given, host_of_url};

/// The form in which a receiver takes alerts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AlertFormat {
    /// Prometheus' Alertmanager, API v2.
    Alertmanager,
    /// An incoming webhook of Slack, or of what understands the same.
    Slack,
    /// `PagerDuty`'s Events API v2.
    PagerDuty,
}

/// Who is sent alerts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receiver {
    /// Its address.
    pub url: String,
    /// The form in which it takes them.
    pub format: AlertFormat,
    /// `PagerDuty`'s routing key; the bearer token of an Alertmanager that asks for one.
    pub key: Option<String>,
}

impl Variables {
    /// Who is sent alerts, if anybody is.
    ///
    /// # Errors
    /// `alert_url` is no address, `alert_format` is unknown, or `PagerDuty` has no key.
    pub fn alert_receiver(&self) -> Result<Option<Receiver>, InvalidSetting> {
        let format = match given(&self.alert_format) {
            None | Some("alertmanager") => AlertFormat::Alertmanager,
            Some("slack") => AlertFormat::Slack,
            Some("pagerduty") => AlertFormat::PagerDuty,
            Some(_) => return Err(InvalidSetting::AlertFormat),
        };
        let Some(url) = given(&self.alert_url) else { return Ok(None) };
        if host_of_url(url).is_none() {
            return Err(InvalidSetting::AlertUrl);
        }
        let key = given(&self.alert_key).map(str::to_owned);
        if format == AlertFormat::PagerDuty && key.is_none() {
            return Err(InvalidSetting::AlertKey);
        }
        Ok(Some(Receiver { url: url.to_owned(), format, key }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn receiver(url: &str, format: &str, key: &str) -> Result<Option<Receiver>, InvalidSetting> {
        Variables { alert_url: url.into(), alert_format: format.into(), alert_key: key.into(), ..Variables::default() }
            .alert_receiver()
    }

    #[test]
    fn a_receiver_has_an_address_a_form_and_the_key_that_it_needs() {
        assert_eq!(receiver("", "", ""), Ok(None));
        assert_eq!(receiver("", "slack", ""), Ok(None));
        assert_eq!(receiver("", "carrier pigeon", ""), Err(InvalidSetting::AlertFormat));
        assert_eq!(receiver("alerts.example", "", ""), Err(InvalidSetting::AlertUrl));
        let url = "http://127.0.0.1:9093";
        let of = |format, key: &str| {
            let key = Some(key.to_owned()).filter(|key| !key.is_empty());
            Ok(Some(Receiver { url: url.into(), format, key }))
        };
        assert_eq!(receiver(url, "", ""), of(AlertFormat::Alertmanager, ""));
        assert_eq!(receiver(url, "alertmanager", "t"), of(AlertFormat::Alertmanager, "t"));
        assert_eq!(receiver(url, "slack", ""), of(AlertFormat::Slack, ""));
        assert_eq!(receiver(url, "pagerduty", ""), Err(InvalidSetting::AlertKey));
        assert_eq!(receiver(url, "pagerduty", "k"), of(AlertFormat::PagerDuty, "k"));
    }
}
