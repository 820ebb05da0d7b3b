//! Identifiers: each kind of thing has its own type, so that a user cannot be passed for a conversation.

use crate::rules::form::{Fault, FromText};
use serde::Serialize;
use std::{borrow::Cow, fmt};
use uuid::Uuid;

const MALFORMED: Fault = Fault {
    code: "malformed_uuid",
    message: Cow::Borrowed("Expected a uuid such as 00000000-0000-4000-8000-000000000000."),
};

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident;)*) => {
        $(
            $(#[$doc])*
            #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
            #[serde(transparent)]
            pub struct $name(Uuid);

            impl $name {
                /// The uuid behind the identifier.
                pub const fn uuid(self) -> Uuid {
                    self.0
                }
            }

            impl From<Uuid> for $name {
                fn from(uuid: Uuid) -> Self {
                    $name(uuid)
                }
            }

            impl fmt::Display for $name {
                fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                    self.0.hyphenated().fmt(f)
                }
            }

            impl FromText for $name {
                const WRONG_TYPE: &'static str = "Expected a uuid in a string.";

                fn from_text(text: &str) -> Result<Self, Fault> {
                    hyphenated_uuid(text).map($name).ok_or(MALFORMED)
                }
            }
        )*
    };
}

ids! {
    /// A user: `sub` in the token, `profiles.id` in the database.
    UserId;
    /// A conversation of any kind.
    ConversationId;
    /// A card show.
    ShowId;
    /// A request for help.
    HelpRequestId;
    /// A message of any conversation.
    MessageId;
    /// A report about a message.
    ReportId;
    /// A thread of an organisation with a client, or its owner inbox.
    ThreadId;
    /// An organisation.
    OrganizationId;
    /// A client of an organisation, who texts it.
    ClientId;
    /// A masked number of an organisation.
    NumberId;
    /// A booking; the application gives the id.
    BookingId;
    /// A webhook.
    WebhookId;
}

/// The id of a new message, chosen by the client: any uuid but the nil and the max uuid (RFC 9562 sections 5.9 and 5.10).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct NewMessageId(MessageId);

impl FromText for NewMessageId {
    const WRONG_TYPE: &'static str = MessageId::WRONG_TYPE;

    fn from_text(text: &str) -> Result<Self, Fault> {
        let id = MessageId::from_text(text)?;
        if id.uuid().is_nil() || id.uuid().is_max() {
            return Err(Fault::new("reserved_uuid", "The nil and the max uuid name no message."));
        }
        Ok(NewMessageId(id))
    }
}

/// A uuid in the form of RFC 9562 section 4 only, not braced, bare or as a URN.
pub fn hyphenated_uuid(text: &str) -> Option<Uuid> {
    if text.len() == 36 { Uuid::try_parse(text).ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_message_has_any_uuid_but_two() {
        let code = |text| NewMessageId::from_text(text).err().map(|fault| fault.code);
        for text in [
            "00000000-0000-4000-8000-000000000011",
            "00000000-0000-0000-0000-000000000001",
            "FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFE",
            "0199aa00-0000-7000-8000-000000000000",
        ] {
            assert_eq!(code(text), None, "{text}");
        }
        assert_eq!(code("00000000-0000-0000-0000-000000000000"), Some("reserved_uuid"));
        assert_eq!(code("ffffffff-ffff-ffff-ffff-FFFFFFFFFFFF"), Some("reserved_uuid"));
        for text in ["", "1", "00000000000040008000000000000011", "{00000000-0000-4000-8000-0000000000}"] {
            assert_eq!(code(text), Some("malformed_uuid"), "{text}");
        }
    }
}
