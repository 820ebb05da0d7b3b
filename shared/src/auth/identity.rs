//! The identity that a verified token proves.

use crate::rules::id::UserId;

/// The identity that a verified token proves; its claim `role` is the database role.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Identity {
    /// A signed-in user (`authenticated`).
    User(UserId),
    /// An operator (`service_role`); Supabase's service tokens have no `sub`.
    Service(Option<UserId>),
    /// Anybody (`anon`).
    Anonymous,
    /// A role that Rolecall does not know.
    Unknown,
}
