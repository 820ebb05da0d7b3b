//! The embedded SQL files.

/// One migration: a step forward and the step that takes it back.
#[derive(Clone, Copy, Debug)]
pub struct Migration {
    /// Its number, from 1 without gaps; the key of `rolecall.schema_migrations`.
    pub version: i32,
    /// The rest of the file name, without its ending.
    pub name: &'static str,
    /// The name of its files, here and in `rollback/`. It begins with the moment of its release, so that an app can put
    /// it among its own migrations.
    pub file: &'static str,
    /// The SQL that applies it: one statement, which does nothing where it was applied.
    pub up: &'static str,
    /// The SQL that removes what it made, and its data with it: one statement, too.
    pub down: &'static str,
}

/// Every migration, in the order in which they are applied.
pub const MIGRATIONS: &[Migration] = include!(concat!(env!("OUT_DIR"), "/migrations.rs"));

/// The demo users, shows and help requests. Loading it again moves the dates of the shows and changes nothing else.
pub(crate) const DEMO: &str = include_str!("../demo.sql");

/// A conversation of two demo users with a report. Loading it again changes nothing.
pub(crate) const DEMO_CONVERSATION: &str = include_str!("../demo_conversation.sql");
