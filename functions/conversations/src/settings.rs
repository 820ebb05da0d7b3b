//! POST settings: mutes, archives or pins a conversation for the caller.

use rolecall_shared::{
    auth::caller::User,
    function::Function,
    input,
    rules::{
        form::{Fault, FromText},
        id::ConversationId,
    },
    wire::{
        input::{Field, Reader},
        timestamp::Timestamp,
    },
};
use serde::{Serialize, Serializer};
use serde_json::Value;

/// The function.
pub struct Settings;

input! {
    /// What is to change; what is left out stays.
    pub struct ConversationSettings {
        conversation_id: ConversationId,
        muted_until: Option<Mute>,
        archived: Option<bool>,
        pinned: Option<bool>,
    }
    check muted_until: something(muted_until, archived, pinned);
    check pinned: not_both(archived, pinned);
}

/// How long a conversation is muted.
pub enum Mute {
    /// Not at all: null.
    Never,
    /// Until a moment.
    Until(Timestamp),
    /// Until it is taken back: "forever".
    Forever,
}

impl Field for Mute {
    const READS_NULL: bool = true;

    fn read(value: Value, reader: &mut Reader<'_>) -> Option<Mute> {
        match value {
            Value::Null => Some(Mute::Never),
            Value::String(text) if text == "forever" => Some(Mute::Forever),
            Value::String(text) => {
                Timestamp::from_text(&text).map_or_else(|fault| reader.refuse(fault), |at| Some(Mute::Until(at)))
            }
            _ => reader.refuse(Fault::new("wrong_type", "Expected a date and time, \"forever\" or null.")),
        }
    }
}

impl Serialize for Mute {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Mute::Never => serializer.serialize_none(),
            Mute::Until(at) => at.serialize(serializer),
            Mute::Forever => serializer.serialize_str("forever"),
        }
    }
}

/// A request changes something.
fn something(muted_until: &Option<Mute>, archived: &Option<bool>, pinned: &Option<bool>) -> Result<(), Fault> {
    if muted_until.is_some() || archived.is_some() || pinned.is_some() {
        return Ok(());
    }
    Err(Fault::new("required", "Give at least one of muted_until, archived and pinned."))
}

/// Archiving takes a pin away, and pinning takes out of the archive.
fn not_both(archived: &Option<bool>, pinned: &Option<bool>) -> Result<(), Fault> {
    if (*archived, *pinned) == (Some(true), Some(true)) {
        return Err(Fault::new("contradiction", "A conversation is archived or pinned, not both."));
    }
    Ok(())
}

impl Function for Settings {
    const NAME: &'static str = "conversations.settings";
    const ENTRY: &'static str = "conversation_settings";
    type Caller = User;
    type Input = ConversationSettings;
}

#[cfg(test)]
mod tests {
    use super::*;
    use rolecall_shared::wire::fields::Fields;
    use serde_json::json;

    const ID: &str = "00000000-0000-4000-8000-000000000041";

    fn read(body: Value) -> Result<Value, Vec<String>> {
        match Fields::parse(body.to_string().as_bytes()).unwrap().read::<ConversationSettings>() {
            Ok(input) => Ok(serde_json::to_value(input).unwrap()),
            Err(refusal) => Err(refusal.reasons.iter().map(|reason| reason.code.to_string()).collect()),
        }
    }

    #[test]
    fn what_is_left_out_stays_and_null_ends_a_mute() {
        for body in [
            json!({"conversation_id": ID, "muted_until": null}),
            json!({"conversation_id": ID, "muted_until": "forever", "archived": true}),
            json!({"conversation_id": ID, "muted_until": "2030-01-31T09:00:00Z", "pinned": true}),
            json!({"conversation_id": ID, "archived": false, "pinned": false}),
        ] {
            assert_eq!(read(body.clone()), Ok(body));
        }
        assert_eq!(read(json!({"conversation_id": ID, "pinned": null, "archived": true})).unwrap().get("pinned"), None);
    }

    #[test]
    fn nothing_and_both_are_refused() {
        assert_eq!(read(json!({"conversation_id": ID})), Err(vec!["required".to_owned()]));
        let both = json!({"conversation_id": ID, "archived": true, "pinned": true});
        assert_eq!(read(both), Err(vec!["contradiction".to_owned()]));
        let wrong = json!({"conversation_id": ID, "muted_until": 5, "archived": "yes"});
        assert_eq!(read(wrong), Err(vec!["wrong_type".to_owned(), "wrong_type".to_owned()]));
        let infinity = json!({"conversation_id": ID, "muted_until": "infinity"});
        assert_eq!(read(infinity), Err(vec!["malformed_timestamp".to_owned()]));
    }
}
