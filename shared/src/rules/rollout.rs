//! Staged rollout: which users a feature is switched on for.
//!
//! The database evaluates the same values in `rolecall_internal.rollout_includes`; a test compares the two.

use crate::rules::{
    form::{Fault, FromText},
    id::UserId,
};
use serde::{Serialize, Serializer};
use std::{fmt, str::FromStr};

/// Buckets a user can fall into; a percentage switches on one hundredth of them per point.
const BUCKETS: u32 = 10_000;

/// How far a feature is rolled out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rollout {
    /// For nobody.
    Disabled,
    /// For users whose profile is marked internal.
    Internal,
    /// For internal users and this share of the others, 0 to 100 percent.
    Percentage(u8),
    /// For everybody.
    Enabled,
}

/// Whether a rollout includes a user, as far as it can be told without the user's profile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Inclusion {
    /// Included, whoever it is.
    Included,
    /// Included only if the profile is marked internal.
    IfInternal,
    /// Not included, whoever it is.
    Excluded,
}

impl Rollout {
    /// Whether `flag`, rolled out this far, is on for `user`.
    pub fn includes(self, flag: &str, user: UserId) -> Inclusion {
        match self {
            Rollout::Disabled => Inclusion::Excluded,
            Rollout::Enabled => Inclusion::Included,
            Rollout::Internal => Inclusion::IfInternal,
            Rollout::Percentage(percent) if bucket(flag, user) < u32::from(percent) * (BUCKETS / 100) => {
                Inclusion::Included
            }
            Rollout::Percentage(_) => Inclusion::IfInternal,
        }
    }
}

/// The bucket of a user for a flag, 0 to 9,999.
///
/// It depends on nothing else, so a growing percentage only ever adds users; the flag's name is part of it, so
/// that the same users are not the first for every feature.
pub fn bucket(flag: &str, user: UserId) -> u32 {
    let digest = hmac_sha256::Hash::hash(format!("{flag}:{user}").as_bytes());
    u32::from_be_bytes([digest[0], digest[1], digest[2], digest[3]]) % BUCKETS
}

/// The text is not one of `disabled`, `internal`, `percentage:0` to `percentage:100`, `enabled`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidRollout(String);

impl fmt::Display for InvalidRollout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` is not a rollout: use disabled, internal, percentage:0 to percentage:100, or enabled", self.0)
    }
}

impl std::error::Error for InvalidRollout {}

impl FromStr for Rollout {
    type Err = InvalidRollout;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let invalid = || InvalidRollout(text.to_owned());
        match text {
            "disabled" => Ok(Rollout::Disabled),
            "internal" => Ok(Rollout::Internal),
            "enabled" => Ok(Rollout::Enabled),
            _ => {
                let digits = text.strip_prefix("percentage:").ok_or_else(invalid)?;
                // `parse` alone would also take `+5` and `007`, which the database's check does not.
                let canonical =
                    digits == "0" || (!digits.starts_with('0') && digits.bytes().all(|b| b.is_ascii_digit()));
                match digits.parse::<u8>() {
                    Ok(percent) if canonical && percent <= 100 => Ok(Rollout::Percentage(percent)),
                    _ => Err(invalid()),
                }
            }
        }
    }
}

impl FromText for Rollout {
    const WRONG_TYPE: &'static str = "Expected a rollout in a string.";

    fn from_text(text: &str) -> Result<Rollout, Fault> {
        text.parse().map_err(|_| {
            let message = "Expected disabled, internal, percentage:0 to percentage:100, or enabled.";
            Fault::new("malformed_rollout", message)
        })
    }
}

impl Serialize for Rollout {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl fmt::Display for Rollout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Rollout::Disabled => f.write_str("disabled"),
            Rollout::Internal => f.write_str("internal"),
            Rollout::Percentage(percent) => write!(f, "percentage:{percent}"),
            Rollout::Enabled => f.write_str("enabled"),
        }
    }
}

/// The feature flags: one for each component that can be switched off, the one that they require and the one that stops
/// all writing. `spin.toml` is checked against them.
pub const FLAGS: &[&str] = &[
    "blocks",
    "check-permission",
    "conversations",
    "diagnostics",
    "help-conversations",
    "maintenance",
    "messages",
    "messaging_v1",
    "messaging_v2_enabled",
    "moderation",
    "own-data",
    "proactive_thread_creation",
    "reactions",
    "realtime",
    "reset-broadcast-quotas",
    "send-broadcast",
    "send-dm",
    "sitter_messages_v1",
    "start-conversation",
    "sync",
    "webhooks",
];

/// Whether there is this flag; for constants.
pub const fn is_flag(name: &str) -> bool {
    let mut at = 0;
    while at < FLAGS.len() {
        if same(FLAGS[at].as_bytes(), name.as_bytes()) {
            return true;
        }
        at += 1;
    }
    false
}

/// Whether there is this flag, if it is one; for constants.
pub const fn is_flag_or_none(name: Option<&str>) -> bool {
    match name {
        Some(name) => is_flag(name),
        None => true,
    }
}

const fn same(one: &[u8], other: &[u8]) -> bool {
    let mut at = 0;
    while at < one.len() && at < other.len() && one[at] == other[at] {
        at += 1;
    }
    at == one.len() && at == other.len()
}

/// How far features may be rolled out, whatever the database says: the operator's variable. A feature that is not in it
/// is enabled.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rollouts(Vec<(&'static str, Rollout)>);

impl Rollouts {
    /// Everything is enabled.
    pub const NONE: Rollouts = Rollouts(Vec::new());

    /// Whether everything is enabled.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How far this feature may be rolled out.
    pub fn of(&self, flag: &str) -> Rollout {
        self.0.iter().find(|(name, _)| *name == flag).map_or(Rollout::Enabled, |&(_, rollout)| rollout)
    }
}

/// The text is not a list of pairs such as `send-dm=percentage:10,moderation=disabled`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum InvalidRollouts {
    /// An entry is not of the form `flag=rollout`.
    Pair(String),
    /// There is no such flag.
    UnknownFlag(String),
    /// A flag stands twice.
    Duplicate(&'static str),
    /// The value of a flag is not a rollout.
    Rollout(InvalidRollout),
}

impl fmt::Display for InvalidRollouts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            InvalidRollouts::Pair(text) => {
                write!(f, "rollouts: `{text}` is not of the form flag=rollout, such as send-dm=percentage:10")
            }
            InvalidRollouts::UnknownFlag(name) => {
                write!(f, "rollouts: there is no feature `{name}`; there are {}", FLAGS.join(", "))
            }
            InvalidRollouts::Duplicate(name) => write!(f, "rollouts: `{name}` appears twice"),
            InvalidRollouts::Rollout(error) => write!(f, "rollouts: {error}"),
        }
    }
}

impl std::error::Error for InvalidRollouts {}

impl FromStr for Rollouts {
    type Err = InvalidRollouts;

    /// Reads `flag=rollout` pairs, separated by commas.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut rollouts: Vec<(&'static str, Rollout)> = Vec::new();
        if text.trim().is_empty() {
            return Ok(Rollouts::NONE);
        }
        for pair in text.split(',').map(str::trim) {
            let (name, rollout) = pair.split_once('=').ok_or_else(|| InvalidRollouts::Pair(pair.to_owned()))?;
            let name = name.trim();
            let flag = FLAGS.iter().copied().find(|&flag| flag == name);
            let flag = flag.ok_or_else(|| InvalidRollouts::UnknownFlag(name.to_owned()))?;
            if rollouts.iter().any(|&(other, _)| other == flag) {
                return Err(InvalidRollouts::Duplicate(flag));
            }
            rollouts.push((flag, rollout.trim().parse().map_err(InvalidRollouts::Rollout)?));
        }
        Ok(Rollouts(rollouts))
    }
}

impl Serialize for Rollouts {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(flag, rollout)| (flag, rollout.to_string())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use uuid::Uuid;

    fn user(n: u128) -> UserId {
        UserId::from(Uuid::from_u128(n))
    }

    #[test]
    fn values_read_back_as_written() {
        for text in ["disabled", "internal", "enabled", "percentage:0", "percentage:7", "percentage:100"] {
            assert_eq!(text.parse::<Rollout>().map(|r| r.to_string()).as_deref(), Ok(text));
        }
    }

    #[test]
    fn anything_else_is_refused() {
        for text in [
            "",
            "Enabled",
            "percentage",
            "percentage:",
            "percentage:101",
            "percentage:-1",
            "percentage:+5",
            "percentage:007",
            "percentage:5 ",
            " enabled",
            "percentage:1.5",
            "percentage:300",
        ] {
            assert!(text.parse::<Rollout>().is_err(), "{text:?}");
        }
    }

    #[test]
    fn rollouts_of_several_functions_are_read_and_written() {
        let rollouts: Rollouts = "send-dm=enabled, moderation=percentage:7".parse().unwrap();
        assert_eq!(
            serde_json::to_value(&rollouts).unwrap(),
            serde_json::json!({"send-dm": "enabled", "moderation": "percentage:7"})
        );
        assert_eq!(rollouts.of("moderation"), Rollout::Percentage(7));
        assert_eq!(rollouts.of("blocks"), Rollout::Enabled);
        assert_eq!("".parse(), Ok(Rollouts::NONE));
        assert_eq!(" ".parse(), Ok(Rollouts::NONE));
    }

    #[test]
    fn what_is_wrong_with_rollouts_is_said() {
        for (text, says) in [
            ("send-dm", "`send-dm` is not of the form flag=rollout"),
            ("send-dm=enabled,", "`` is not of the form flag=rollout"),
            ("send-dm:disabled", "is not of the form flag=rollout"),
            ("=", "there is no feature ``"),
            ("health=disabled", "there is no feature `health`"),
            ("send_dm=disabled", "there is no feature `send_dm`; there are blocks, check-permission, "),
            ("send-dm=some", "`some` is not a rollout"),
            ("send-dm=enabled;moderation=enabled", "`enabled;moderation=enabled` is not a rollout"),
            ("send-dm=disabled,send-dm=enabled", "`send-dm` appears twice"),
        ] {
            let error = text.parse::<Rollouts>().unwrap_err().to_string();
            assert!(error.starts_with("rollouts: ") && error.contains(says), "{text}: {error}");
        }
    }

    #[test]
    fn flags_are_known_by_their_whole_name() {
        assert!(FLAGS.iter().all(|flag| is_flag(flag)));
        assert!(!["", "send", "send-dms", "health"].iter().any(|name| is_flag(name)));
    }

    #[test]
    fn a_percentage_includes_its_share_of_100_000_users_within_one_percent() {
        let buckets: Vec<u32> = (0..100_000u128)
            .map(|n| bucket("send-dm", user(n.wrapping_mul(0x9E37_79B9_7F4A_7C15_F39C_C060_5CED_C835))))
            .collect();
        for percent in 0..=100u32 {
            let included = buckets.iter().filter(|&&b| b < percent * 100).count();
            let share = included as f64 / 1_000.0;
            assert!((share - f64::from(percent)).abs() <= 1.0, "{percent} % included {share} %");
        }
    }

    proptest! {
        #[test]
        fn a_growing_percentage_only_ever_adds_users(id: u128, flag in "[a-z-]{1,20}", low in 0u8..=100, high in 0u8..=100) {
            let (low, high) = (low.min(high), low.max(high));
            if Rollout::Percentage(low).includes(&flag, user(id)) == Inclusion::Included {
                prop_assert_eq!(Rollout::Percentage(high).includes(&flag, user(id)), Inclusion::Included);
            }
        }

        #[test]
        fn the_ends_are_exact(id: u128) {
            prop_assert_eq!(Rollout::Percentage(0).includes("f", user(id)), Inclusion::IfInternal);
            prop_assert_eq!(Rollout::Percentage(100).includes("f", user(id)), Inclusion::Included);
            prop_assert_eq!(Rollout::Disabled.includes("f", user(id)), Inclusion::Excluded);
        }

        #[test]
        fn reading_never_panics(text in "\\PC{0,40}") {
            let _ = text.parse::<Rollout>();
        }
    }
}
