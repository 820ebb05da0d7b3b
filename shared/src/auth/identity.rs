//! Whom a verified token speaks for.

use crate::rules::id::UserId;

/// Who a verified token speaks for; `role` is the database role.
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
