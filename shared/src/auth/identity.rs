//! The identity that a verified token, or a carrier's signature, proves.

use crate::rules::id::UserId;

/// The identity that a verified token proves, whose claim `role` is the database role, or a carrier's signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Identity {
    /// A signed-in user (`authenticated`).
    User(UserId),
    /// An operator (`service_role`); Supabase's service tokens have no `sub`.
    Service(Option<UserId>),
    /// The carrier of text messages; it has no token.
    Carrier,
    /// Anybody (`anon`).
    Anonymous,
    /// A role that Rolecall does not know.
    Unknown,
}
