//! Staged rollout: which users a feature is switched on for.
//!
//! The database evaluates the same values in `rolecall.rollout_includes`; a test compares the two.

use crate::rules::id::UserId;
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

/// The text is none of `disabled`, `internal`, `percentage:0` to `percentage:100`, `enabled`.
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

/// How far other functions are rolled out: what a function needs that says beforehand what those would answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rollouts(Vec<(String, Rollout)>);

impl Rollouts {
    /// None.
    pub const NONE: Rollouts = Rollouts(Vec::new());

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl FromStr for Rollouts {
    type Err = InvalidRollout;

    /// Reads `flag=rollout` pairs, separated by commas.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let pairs = text.split(',').map(str::trim).filter(|pair| !pair.is_empty());
        let read = |pair: &str| {
            let (flag, rollout) = pair.split_once('=').ok_or_else(|| InvalidRollout(pair.to_owned()))?;
            Ok((flag.trim().to_owned(), rollout.trim().parse()?))
        };
        pairs.map(read).collect::<Result<_, _>>().map(Rollouts)
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
        assert_eq!("".parse(), Ok(Rollouts::NONE));
        for text in ["send-dm", "send-dm=some", "=", "send-dm=enabled;moderation=enabled"] {
            assert!(text.parse::<Rollouts>().is_err(), "{text}");
        }
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
