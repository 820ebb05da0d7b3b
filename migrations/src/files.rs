//! The embedded SQL files.

/// One migration: a step forward and the step that takes it back.
#[derive(Clone, Copy, Debug)]
pub struct Migration {
    /// The number its file name starts with, from 1 without gaps; the key of `rolecall.schema_migrations`.
    pub version: i32,
    /// The rest of the file name, without its ending.
    pub name: &'static str,
    /// The SQL that applies it. Running it again changes nothing.
    pub up: &'static str,
    /// The SQL that removes what it made, and its data with it.
    pub down: &'static str,
}

macro_rules! migrations {
    ($($version:literal $file:literal $name:literal,)*) => {
        &[$(Migration {
            version: $version,
            name: $name,
            up: include_str!(concat!("../", $file, "_", $name, ".sql")),
            down: include_str!(concat!("../rollback/", $file, "_", $name, ".sql")),
        }),*]
    };
}

/// Every migration, in the order in which they are applied. A test compares this list with the files.
pub const MIGRATIONS: &[Migration] = migrations![
    1 "0001" "identity",
    2 "0002" "permission_tables",
    3 "0003" "permission_rules",
    4 "0004" "operations",
    5 "0005" "shows",
    6 "0006" "messaging",
    7 "0007" "broadcasts",
    8 "0008" "help",
    9 "0009" "edge",
    10 "0010" "moderation",
    11 "0011" "blocks",
    12 "0012" "conversations",
    13 "0013" "legacy_import",
    14 "0014" "check_permission",
    15 "0015" "own_data",
    16 "0016" "monitoring",
    17 "0017" "group_commit",
];

/// The demo users, shows and help requests. Loading it again moves the dates of the shows and changes nothing else.
pub(crate) const DEMO: &str = include_str!("../demo.sql");
