//! Enumerations of the wire. Those of the permission matrix are in `matrix`.

use crate::rules::form::FromText;
use serde::Serialize;
use std::fmt::Debug;

/// An enumeration whose values have names on the wire and in the database.
pub trait Name: FromText + Copy + Debug + PartialEq + Serialize + 'static {
    /// Every value, in declaration order.
    const EVERY: &'static [Self];

    /// The value's place among them.
    fn place(self) -> usize;

    /// The value's name.
    fn name(self) -> &'static str;

    /// All names, for people.
    fn names() -> String {
        Self::EVERY.iter().map(|value| value.name()).collect::<Vec<_>>().join(", ")
    }
}

macro_rules! names {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $text:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum $name { $($(#[$vdoc])* $variant,)* }

        impl $name {
            /// Every value, in declaration order.
            pub const ALL: &'static [$name] = &[$($name::$variant),*];

            /// The name on the wire and in the database.
            pub const fn as_str(self) -> &'static str {
                match self { $($name::$variant => $text),* }
            }

            /// The value with this name.
            pub fn from_name(name: &str) -> Option<$name> {
                $name::ALL.iter().copied().find(|value| value.as_str() == name)
            }
        }

        impl $crate::rules::vocabulary::Name for $name {
            const EVERY: &'static [$name] = $name::ALL;

            fn place(self) -> usize {
                self as usize
            }

            fn name(self) -> &'static str {
                self.as_str()
            }
        }

        impl $crate::rules::form::FromText for $name {
            const WRONG_TYPE: &'static str = "Expected a name in a string.";

            fn from_text(text: &str) -> Result<$name, $crate::rules::form::Fault> {
                $name::from_name(text).ok_or_else(|| {
                    let names = <$name as $crate::rules::vocabulary::Name>::names();
                    $crate::rules::form::Fault::new("unknown_value", format!("Expected one of {names}."))
                })
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }
    };
}

pub(crate) use names;

names! {
    /// The kind of a conversation.
    ConversationKind {
        /// Between two people.
        Direct = "direct",
        /// The broadcasts of one sender to the audience of a show.
        Show = "show",
    }
}

names! {
    /// The kind of a masked number, and so of the threads that have it.
    NumberClass {
        /// The organisation's own; it has one.
        FrontDesk = "front_desk",
        /// A sitter's; they have one.
        Sitter = "sitter",
        /// Given to one client at a time.
        Pool = "pool",
    }
}

names! {
    /// How far a report has come.
    ReportStatus {
        /// Nobody has decided yet.
        Pending = "pending",
        /// The message stays as it is.
        Dismissed = "dismissed",
        /// Something was done.
        Actioned = "actioned",
    }
}

names! {
    /// What happens, as sockets and webhooks tell it.
    EventType {
        /// A message was written.
        MessageCreated = "message.created",
        /// A message was edited, deleted, restored or erased.
        MessageChanged = "message.changed",
        /// Somebody has read.
        Read = "read",
        /// Somebody is typing.
        Typing = "typing",
        /// Somebody came online or went.
        Presence = "presence",
        /// Something of which somebody is notified.
        Notification = "notification",
        /// A conversation was closed, opened, or is blocked.
        ConversationChanged = "conversation.changed",
        /// Somebody gained or lost access to a conversation.
        MemberChanged = "member.changed",
    }
}

names! {
    /// How far the delivery of an event to a webhook has come.
    DeliveryState {
        /// It waits for its next attempt.
        Pending = "pending",
        /// It was given up.
        Dead = "dead",
    }
}

names! {
    /// Whether the carrier had a text of which nobody knows.
    TextOutcome {
        /// It had.
        Sent = "sent",
        /// It had not.
        NotSent = "not_sent",
    }
}

names! {
    /// What a reviewer decides about a report.
    ReviewDecision {
        /// The message stays as it is.
        Dismiss = "dismiss",
        /// The message is deleted.
        Delete = "delete",
        /// The message comes back.
        Restore = "restore",
        /// The message's author is suspended.
        Suspend = "suspend",
    }
}

names! {
    /// How a help conversation stands.
    HelpConversationStatus {
        /// The two can write.
        Active = "active",
        /// The help was given.
        Completed = "completed",
        /// Nothing came of it.
        Cancelled = "cancelled",
        /// Closed without saying why, through the tables or with an account.
        Closed = "closed",
    }
}

names! {
    /// What a help message is.
    HelpMessageType {
        /// Text.
        Text = "text",
    }
}

names! {
    /// What a thread of an organisation is about.
    ThreadScope {
        /// The conversation with a client.
        Client = "client",
        /// About money: hidden from sitters.
        Billing = "billing",
        /// What waits for the owner, of all clients.
        OwnerInbox = "owner_inbox",
    }
}

names! {
    /// How a thread of an organisation stands.
    ThreadStatus {
        /// Messages go to and fro.
        Open = "open",
        /// It can only be read.
        Closed = "closed",
    }
}

names! {
    /// How a booking stands.
    BookingStatus {
        /// It will take place, or does.
        Confirmed = "confirmed",
        /// It took place.
        Completed = "completed",
        /// It will not.
        Cancelled = "cancelled",
    }
}
