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
}

/// A uuid in the form of RFC 9562 section 4 only, not braced, bare or as a URN.
pub fn hyphenated_uuid(text: &str) -> Option<Uuid> {
    if text.len() == 36 { Uuid::try_parse(text).ok() } else { None }
}
