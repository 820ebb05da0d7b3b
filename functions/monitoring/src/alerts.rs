//! `POST /functions/v1/alerts`: sends what began and ended to the receiver.

use rolecall_shared::{
    auth::caller::Operator,
    function::{Function, Nothing},
};

/// The function. Between its two statements it sends, so the first takes a lease and the second settles.
pub struct Alerts;

impl Function for Alerts {
    const NAME: &'static str = "alerts";
    const FLAG: Option<&'static str> = None;
    const ENTRY: &'static str = "alerts";
    type Caller = Operator;
    type Input = Nothing;
}

#[cfg(target_family = "wasm")]
pub use delivery::deliver;

#[cfg(target_family = "wasm")]
mod delivery {
    use super::Alerts;
    use crate::message::{self, Alert, Event, Message};
    use rolecall_shared::{
        function::Function,
        settings::{AlertFormat, Receiver},
        spin::Job,
        wire::{refusal::Refusal, statement::Statement},
    };
    use serde::{Deserialize, de::DeserializeOwned};
    use serde_json::{Map, Value, json};
    use std::time::{Duration, Instant};

    const SETTLE: &Statement = &Statement::of("alerts_sent");
    /// How long one call sends: well below the lease of 30 seconds, one message's time included.
    const SENDING_TIME: Duration = Duration::from_secs(15);

    /// What the first statement answers.
    #[derive(Deserialize)]
    struct Noted {
        firing: Vec<Alert>,
        events: Vec<Event>,
        lease: Option<String>,
    }

    /// Notes what began and ended, sends it, and settles what the receiver has taken.
    pub async fn deliver(job: &mut Job<'_>) -> Result<Map<String, Value>, Refusal> {
        let receiver = job.receiver();
        let input = json!({"receiver": receiver.is_some()});
        let data = job.query(const { Alerts::STATEMENT.as_str() }, &input).await?;
        let Some(noted) = read::<Noted>(data) else { return Err(job.unparsable(const { Alerts::STATEMENT.as_str() })) };
        let names = |event: &str| -> Vec<&str> {
            noted.events.iter().filter(|one| one.event == event).map(|one| one.name.as_str()).collect()
        };
        let mut answer = json!({
            "firing": noted.firing,
            "began": names("began"),
            "ended": names("ended"),
            "delivery": "off",
            "sent": 0,
            "waiting": 0,
        });
        match (&receiver, &noted.lease) {
            (None, _) => {}
            // Another call sends at this moment.
            (Some(_), None) => answer["delivery"] = "busy".into(),
            (Some(receiver), Some(lease)) => {
                let (sent, fault) = send(job, receiver, &noted).await;
                let settled = job.query(const { SETTLE.as_str() }, &json!({"lease": lease, "sent": sent})).await?;
                answer["sent"] = sent.len().into();
                answer["waiting"] = settled.get("waiting").cloned().unwrap_or_default();
                answer["delivery"] = if fault.is_none() { "ok" } else { "failed" }.into();
                if let Some(cause) = fault {
                    job.warn("alerts_not_sent", &cause);
                }
            }
        }
        match answer {
            Value::Object(answer) => Ok(answer),
            _ => Ok(Map::new()),
        }
    }

    /// Sends the events in their order, until one is not taken; the ids of those that were, and why it ended.
    async fn send(job: &Job<'_>, receiver: &Receiver, noted: &Noted) -> (Vec<i64>, Option<String>) {
        let begun = Instant::now();
        let mut sent = Vec::new();
        for event in &noted.events {
            if begun.elapsed() > SENDING_TIME {
                return (sent, Some("the receiver is slow; the rest follows".to_owned()));
            }
            if let Err(cause) = post(job, receiver, message::of_event(receiver, event)).await {
                return (sent, Some(cause));
            }
            sent.push(event.id);
        }
        // Alertmanager takes an alert that is not sent again for resolved.
        if receiver.format == AlertFormat::Alertmanager && !noted.firing.is_empty() {
            let again = message::of_firing(receiver, &noted.firing);
            return (sent, post(job, receiver, again).await.err());
        }
        (sent, None)
    }

    async fn post(job: &Job<'_>, receiver: &Receiver, message: Message) -> Result<(), String> {
        let bearer = receiver.key.as_deref().filter(|_| message.is_authorized);
        job.post(&message.url, bearer, message.body.to_string()).await
    }

    fn read<T: DeserializeOwned>(data: Map<String, Value>) -> Option<T> {
        serde_json::from_value(Value::Object(data)).ok()
    }
}
