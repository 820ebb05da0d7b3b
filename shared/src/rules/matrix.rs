//! The permission matrix: who may do what to whom, once.
//!
//! [`GUARDS`] and [`ROWS`] are the source of the tables `rolecall.permission_guards` and
//! `rolecall.permission_rules` (written by `make generate`) and of `docs/permissions.md`; a test compares
//! [`decide`] with the database for every combination. [`organization`] is the part for the roles of organisations.

pub mod organization;

use crate::rules::{code::Code, vocabulary::names};

names! {
    /// The application role of a profile (`rolecall.app_role`).
    Role {
        /// Visits shows.
        Attendee = "attendee",
        /// Sells at shows; reads only.
        Dealer = "dealer",
        /// A dealer who may write.
        MvpDealer = "mvp_dealer",
        /// Runs shows.
        ShowOrganizer = "show_organizer",
        /// Keeps order everywhere.
        Moderator = "moderator",
        /// May do everything.
        Admin = "admin",
    }
}

names! {
    /// What somebody wants to do.
    Action {
        /// Start a direct message with the target.
        StartDm = "start_dm",
        /// Reply to the target in a conversation.
        Reply = "reply",
        /// Broadcast to participants with the target's role.
        Broadcast = "broadcast",
        /// Delete and restore a message of the target, and review reports about it.
        Moderate = "moderate",
        /// Report a message of the target.
        Report = "report",
        /// Suspend the target, or lift their suspension.
        Suspend = "suspend",
        /// Read the broadcasts of the target.
        ReadBroadcast = "read_broadcast",
    }
}

names! {
    /// What holds between actor, target and the thing at hand. The database gathers it.
    Fact {
        /// The feature is switched on for the actor.
        FeatureEnabled = "feature_enabled",
        /// The actor is suspended.
        Suspended = "suspended",
        /// Actor and target are the same user.
        SameUser = "self",
        /// One of the two has blocked the other.
        Blocked = "blocked",
        /// The actor takes part in the conversation.
        Participant = "participant",
        /// The conversation is a broadcast.
        BroadcastRecipient = "broadcast_recipient",
        /// The conversation can only be read.
        ReadOnly = "read_only",
        /// Actor and target take part in a common show.
        SharesShow = "shares_show",
        /// The actor takes part in the show.
        TakesPart = "takes_part",
        /// The actor organizes the show.
        OwnShow = "own_show",
        /// The message would be about a show that is not of both: actor or target has no part in it, and the actor does
        /// not organize it.
        ForeignShow = "foreign_show",
    }
}

/// A set of facts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Facts(u16);

impl Facts {
    /// No fact at all.
    pub const NONE: Facts = Facts(0);

    /// The set with `fact` added.
    #[must_use]
    pub const fn with(self, fact: Fact) -> Facts {
        Facts(self.0 | 1 << fact as u16)
    }

    /// Whether `fact` holds.
    pub const fn contains(self, fact: Fact) -> bool {
        self.0 & (1 << fact as u16) != 0
    }

    /// The facts that hold, in declaration order.
    pub fn iter(self) -> impl Iterator<Item = Fact> {
        Fact::ALL.iter().copied().filter(move |&fact| self.contains(fact))
    }

    /// Every possible set.
    pub fn every_combination() -> impl Iterator<Item = Facts> {
        (0..1u16 << Fact::ALL.len()).map(Facts)
    }
}

impl FromIterator<Fact> for Facts {
    fn from_iter<I: IntoIterator<Item = Fact>>(facts: I) -> Facts {
        facts.into_iter().fold(Facts::NONE, Facts::with)
    }
}

/// What refuses an action for everybody, whatever the roles; checked before the rows, in order.
#[derive(Clone, Copy, Debug)]
pub struct Guard {
    /// The action it guards.
    pub action: Action,
    /// The fact it looks at.
    pub fact: Fact,
    /// The guard refuses when the fact holds (`true`) or when it does not (`false`).
    pub denies_when: bool,
    /// The code of the refusal.
    pub code: Code,
    /// The rule's name.
    pub rule: &'static str,
    /// Why it is refused, for people.
    pub message: &'static str,
    /// What would make it allowed, for people.
    pub allowed_if: &'static str,
}

/// When a row allows its action.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grant {
    /// Always.
    Always,
    /// When this fact holds.
    If(Fact),
    /// Unless this fact holds.
    Unless(Fact),
    /// Never.
    Never,
}

/// One row of the matrix. For an action, the first row that names both the actor's and the target's role decides.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// The action.
    pub action: Action,
    /// The roles of the actor that it covers.
    pub actors: &'static [Role],
    /// The roles of the target that it covers.
    pub targets: &'static [Role],
    /// When it allows.
    pub grant: Grant,
    /// The rule's name.
    pub rule: &'static str,
    /// What the rule says, for people; the reason of a refusal.
    pub message: &'static str,
    /// What would make it allowed, for people.
    pub allowed_if: &'static str,
}

/// The answer of the matrix.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Allowed, by this rule.
    Allowed {
        /// The rule's name.
        rule: &'static str,
    },
    /// Refused.
    Refused {
        /// The code a client receives.
        code: Code,
        /// The rule's name.
        rule: &'static str,
        /// Why, for people.
        message: &'static str,
        /// What would make it allowed, for people.
        allowed_if: &'static str,
    },
}

impl Decision {
    /// Whether it is allowed.
    pub const fn allowed(&self) -> bool {
        matches!(self, Decision::Allowed { .. })
    }

    /// The rule that decided.
    pub const fn rule(&self) -> &'static str {
        match self {
            Decision::Allowed { rule } | Decision::Refused { rule, .. } => rule,
        }
    }
}

use Action::{Broadcast, Moderate, ReadBroadcast, Reply, Report, StartDm, Suspend};
use Fact::{
    Blocked, BroadcastRecipient, FeatureEnabled, ForeignShow, OwnShow, Participant, ReadOnly, SameUser, SharesShow,
    Suspended, TakesPart,
};
use Role::{Admin, Attendee, Dealer, Moderator, MvpDealer, ShowOrganizer};

const ANYONE: &[Role] = Role::ALL;

const fn feature(action: Action) -> Guard {
    Guard {
        action,
        fact: FeatureEnabled,
        denies_when: false,
        code: Code::FeatureDisabled,
        rule: "feature_disabled",
        message: "This function is switched off, or not rolled out to you yet.",
        allowed_if: "The function is switched on for you.",
    }
}

const fn suspended(action: Action) -> Guard {
    Guard {
        action,
        fact: Suspended,
        denies_when: true,
        code: Code::PermissionDenied,
        rule: "suspended",
        message: "Your account is suspended and cannot write.",
        allowed_if: "The suspension has ended.",
    }
}

const fn blocked(action: Action) -> Guard {
    Guard {
        action,
        fact: Blocked,
        denies_when: true,
        code: Code::PermissionDenied,
        rule: "blocked",
        message: "There is a block between you and this user.",
        allowed_if: "The block is lifted.",
    }
}

/// The guards of every action, in the order in which they are checked.
pub static GUARDS: &[Guard] = &[
    feature(StartDm),
    suspended(StartDm),
    Guard {
        action: StartDm,
        fact: SameUser,
        denies_when: true,
        code: Code::PermissionDenied,
        rule: "self_message",
        message: "You cannot message yourself.",
        allowed_if: "The recipient is somebody else.",
    },
    blocked(StartDm),
    // The show's organizer may moderate the message, so its sender must not choose any show.
    Guard {
        action: StartDm,
        fact: ForeignShow,
        denies_when: true,
        code: Code::PermissionDenied,
        rule: "show_of_both",
        message: "A direct message can be about a show only if you both take part in it, or you organize it.",
        allowed_if: "You both take part in the show, or the message is about no show.",
    },
    feature(Reply),
    Guard {
        action: Reply,
        fact: Participant,
        denies_when: false,
        code: Code::NotFound,
        rule: "not_a_participant",
        message: "You do not take part in a conversation with this id.",
        allowed_if: "You take part in the conversation.",
    },
    suspended(Reply),
    Guard {
        action: Reply,
        fact: BroadcastRecipient,
        denies_when: true,
        code: Code::PermissionDenied,
        rule: "broadcast_not_answerable",
        message: "A broadcast cannot be replied to.",
        allowed_if: "You write to the sender in a direct message, where your role allows it.",
    },
    Guard {
        action: Reply,
        fact: ReadOnly,
        denies_when: true,
        code: Code::ConversationReadOnly,
        rule: "conversation_read_only",
        message: "This conversation is read-only.",
        allowed_if: "You start a new conversation.",
    },
    blocked(Reply),
    feature(Broadcast),
    suspended(Broadcast),
    Guard {
        action: Broadcast,
        fact: ReadOnly,
        denies_when: true,
        code: Code::ConversationReadOnly,
        rule: "conversation_read_only",
        message: "Your broadcast conversation for this show is read-only.",
        allowed_if: "The operator reopens the conversation.",
    },
    feature(Moderate),
    suspended(Moderate),
    Guard {
        action: Moderate,
        fact: SameUser,
        denies_when: true,
        code: Code::PermissionDenied,
        rule: "self_moderation",
        message: "You cannot moderate your own messages.",
        allowed_if: "Somebody else moderates it.",
    },
    // Suspension does not keep anybody from reporting: it is often the suspended whom others write to.
    feature(Report),
    Guard {
        action: Report,
        fact: Participant,
        denies_when: false,
        code: Code::NotFound,
        rule: "not_a_participant",
        message: "None of your conversations has a message with this id.",
        allowed_if: "You take part in the conversation.",
    },
    Guard {
        action: Report,
        fact: SameUser,
        denies_when: true,
        code: Code::PermissionDenied,
        rule: "self_report",
        message: "You cannot report your own messages.",
        allowed_if: "The message is somebody else's; you can delete your own.",
    },
    feature(Suspend),
    suspended(Suspend),
    Guard {
        action: Suspend,
        fact: SameUser,
        denies_when: true,
        code: Code::PermissionDenied,
        rule: "self_suspension",
        message: "You cannot suspend yourself or lift your own suspension.",
        allowed_if: "Somebody else does it.",
    },
    feature(ReadBroadcast),
    Guard {
        action: ReadBroadcast,
        fact: Participant,
        denies_when: false,
        code: Code::NotFound,
        rule: "not_a_participant",
        message: "You do not take part in a conversation with this id.",
        allowed_if: "You take part in the conversation.",
    },
];

macro_rules! rows {
    ($($action:ident, $actors:expr => [$targets:expr], $grant:expr, $rule:literal, $message:literal, $allowed_if:literal;)*) => {
        &[$(Row {
            action: $action,
            actors: $actors,
            targets: $targets,
            grant: $grant,
            rule: $rule,
            message: $message,
            allowed_if: $allowed_if,
        }),*]
    };
}

use Grant::{Always, If, Never, Unless};

/// The matrix; `docs/permissions.md` shows it.
#[rustfmt::skip]
pub static ROWS: &[Row] = rows![
    StartDm, &[Attendee] => [&[MvpDealer]], Always, "attendee_writes_to_mvp_dealer",
        "An attendee can start a direct message with an MVP dealer.", "";
    StartDm, &[Attendee] => [ANYONE], Never, "attendee_writes_to_mvp_dealers_only",
        "An attendee can start a direct message with an MVP dealer only.",
        "The recipient is an MVP dealer. You can reply to show organizers, moderators and admins once they have written to you.";
    StartDm, &[Dealer] => [ANYONE], Never, "dealer_reads_only",
        "A dealer can read messages, but not write them.", "You become an MVP dealer.";
    StartDm, &[MvpDealer] => [&[Attendee, Dealer]], If(SharesShow), "mvp_dealer_writes_within_a_shared_show",
        "An MVP dealer can start a direct message with an attendee or dealer of a show in which both take part.",
        "You and the recipient take part in the same show.";
    StartDm, &[MvpDealer] => [&[ShowOrganizer]], Always, "mvp_dealer_writes_to_organizer",
        "An MVP dealer can start a direct message with a show organizer.", "";
    StartDm, &[MvpDealer] => [ANYONE], Never, "mvp_dealer_writes_to_show_contacts_only",
        "An MVP dealer can start a direct message with attendees, dealers and show organizers only.",
        "The recipient is a show organizer, or an attendee or dealer of a show in which both take part.";
    StartDm, &[ShowOrganizer] => [ANYONE], Always, "show_organizer_writes_to_everyone",
        "A show organizer can start a direct message with everyone.", "";
    StartDm, &[Moderator] => [ANYONE], Always, "moderator_writes_to_everyone",
        "A moderator can start a direct message with everyone.", "";
    StartDm, &[Admin] => [ANYONE], Always, "admin_writes_to_everyone",
        "An admin can start a direct message with everyone.", "";

    Reply, &[Attendee] => [&[MvpDealer, ShowOrganizer, Moderator, Admin]], Always, "attendee_replies_to_staff",
        "An attendee can reply to MVP dealers, show organizers, moderators and admins.", "";
    Reply, &[Attendee] => [ANYONE], Never, "attendee_replies_to_staff_only",
        "An attendee can reply to MVP dealers, show organizers, moderators and admins only.",
        "The other participant is an MVP dealer, a show organizer, a moderator or an admin.";
    Reply, &[Dealer] => [ANYONE], Never, "dealer_reads_only",
        "A dealer can read messages, but not write them.", "You become an MVP dealer.";
    Reply, &[MvpDealer] => [ANYONE], Always, "mvp_dealer_replies",
        "An MVP dealer can reply to everyone.", "";
    Reply, &[ShowOrganizer] => [ANYONE], Always, "show_organizer_replies",
        "A show organizer can reply to everyone.", "";
    Reply, &[Moderator] => [ANYONE], Always, "moderator_replies",
        "A moderator can reply to everyone.", "";
    Reply, &[Admin] => [ANYONE], Always, "admin_replies",
        "An admin can reply to everyone.", "";

    Broadcast, &[Attendee] => [ANYONE], Never, "attendee_does_not_broadcast",
        "An attendee cannot broadcast.", "You become an MVP dealer or a show organizer.";
    Broadcast, &[Dealer] => [ANYONE], Never, "dealer_reads_only",
        "A dealer can read messages, but not write them.", "You become an MVP dealer.";
    Broadcast, &[MvpDealer] => [&[Attendee]], If(TakesPart), "mvp_dealer_broadcasts_to_attendees",
        "An MVP dealer can broadcast to the attendees of a show in which they take part.",
        "You take part in the show.";
    Broadcast, &[MvpDealer] => [ANYONE], Never, "mvp_dealer_broadcasts_to_attendees_only",
        "An MVP dealer can broadcast to attendees only.", "The only recipient role is attendee.";
    Broadcast, &[ShowOrganizer] => [ANYONE], If(OwnShow), "show_organizer_broadcasts_in_own_show",
        "A show organizer can broadcast in their own shows only.", "You organize the show.";
    Broadcast, &[Moderator] => [ANYONE], Never, "moderator_does_not_broadcast",
        "A moderator cannot broadcast.", "You become an admin or the show's organizer.";
    Broadcast, &[Admin] => [ANYONE], Always, "admin_broadcasts",
        "An admin can broadcast in every show.", "";

    Moderate, &[Attendee] => [ANYONE], Never, "attendee_does_not_moderate",
        "An attendee cannot moderate.", "You become a moderator.";
    Moderate, &[Dealer] => [ANYONE], Never, "dealer_does_not_moderate",
        "A dealer cannot moderate.", "You become a moderator.";
    Moderate, &[MvpDealer] => [ANYONE], Never, "mvp_dealer_does_not_moderate",
        "An MVP dealer cannot moderate.", "You become a moderator.";
    Moderate, &[ShowOrganizer] => [ANYONE], If(OwnShow), "show_organizer_moderates_own_show",
        "A show organizer can moderate the messages of their own shows only.", "You organize the show.";
    Moderate, &[Moderator] => [ANYONE], Always, "moderator_moderates",
        "A moderator can moderate everything.", "";
    Moderate, &[Admin] => [ANYONE], Always, "admin_moderates",
        "An admin can moderate everything.", "";

    Report, ANYONE => [ANYONE], Always, "anyone_reports_what_they_can_read",
        "Everyone can report a message that they can read.", "";

    Suspend, &[Moderator] => [&[Attendee, Dealer, MvpDealer, ShowOrganizer]], Always, "moderator_suspends_users",
        "A moderator can suspend attendees, dealers, MVP dealers and show organizers.", "";
    Suspend, &[Moderator] => [ANYONE], Never, "moderator_does_not_suspend_staff",
        "A moderator cannot suspend moderators and admins.", "An admin does it.";
    Suspend, &[Admin] => [ANYONE], Always, "admin_suspends_everyone",
        "An admin can suspend everyone.", "";
    Suspend, ANYONE => [ANYONE], Never, "only_moderators_suspend",
        "Only moderators and admins can suspend.", "You become a moderator.";

    ReadBroadcast, &[Admin] => [ANYONE], Always, "admin_reads_every_broadcast",
        "An admin reads the broadcasts of everyone, across a block, too.", "";
    ReadBroadcast, ANYONE => [&[Admin]], Always, "everyone_reads_broadcasts_of_admins",
        "Everyone reads the broadcasts of an admin, across a block, too.", "";
    ReadBroadcast, ANYONE => [ANYONE], Unless(Blocked), "broadcasts_do_not_cross_a_block",
        "A block between two people hides the broadcasts of the one from the other.", "The block is lifted.";
];

/// The guards of `action`, in order.
pub fn guards_of(action: Action) -> impl Iterator<Item = &'static Guard> {
    GUARDS.iter().filter(move |guard| guard.action == action)
}

/// The row that decides for these roles; `None` would be refused by [`decide`].
pub fn row_for(action: Action, actor: Role, target: Role) -> Option<&'static Row> {
    ROWS.iter().find(|row| row.action == action && row.actors.contains(&actor) && row.targets.contains(&target))
}

/// Decides whether `actor` may do `action` to `target`, given what holds between them.
///
/// Total: it answers for every input and refuses what no row allows.
pub fn decide(actor: Role, action: Action, target: Role, facts: Facts) -> Decision {
    if let Some(guard) = guards_of(action).find(|guard| facts.contains(guard.fact) == guard.denies_when) {
        return Decision::Refused {
            code: guard.code,
            rule: guard.rule,
            message: guard.message,
            allowed_if: guard.allowed_if,
        };
    }
    match row_for(action, actor, target) {
        Some(row) if grants(row.grant, facts) => Decision::Allowed { rule: row.rule },
        Some(row) => Decision::Refused {
            code: Code::PermissionDenied,
            rule: row.rule,
            message: row.message,
            allowed_if: row.allowed_if,
        },
        None => Decision::Refused {
            code: Code::PermissionDenied,
            rule: "no_rule",
            message: "No rule allows this.",
            allowed_if: "A rule is added for these roles.",
        },
    }
}

const fn grants(grant: Grant, facts: Facts) -> bool {
    match grant {
        Grant::Always => true,
        Grant::If(fact) => facts.contains(fact),
        Grant::Unless(fact) => !facts.contains(fact),
        Grant::Never => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn any<T: Copy + std::fmt::Debug + 'static>(all: &'static [T]) -> impl Strategy<Value = T> {
        prop::sample::select(all)
    }

    fn facts() -> impl Strategy<Value = Facts> {
        (0..1u16 << Fact::ALL.len()).prop_map(Facts)
    }

    /// Facts under which no guard refuses.
    fn clear(action: Action) -> Facts {
        guards_of(action).filter(|g| !g.denies_when).map(|g| g.fact).collect()
    }

    fn allowed_targets(action: Action, actor: Role, more: &[Fact]) -> Vec<Role> {
        let facts = more.iter().fold(clear(action), |facts, &fact| facts.with(fact));
        Role::ALL.iter().copied().filter(|&target| decide(actor, action, target, facts).allowed()).collect()
    }

    #[test]
    fn the_matrix_is_total() {
        for &action in Action::ALL {
            for &actor in Role::ALL {
                for &target in Role::ALL {
                    assert!(row_for(action, actor, target).is_some(), "{action:?} {actor:?} {target:?}");
                }
            }
        }
    }

    #[test]
    fn every_row_can_be_reached() {
        for row in ROWS {
            let reached = |&actor: &Role| {
                let mut targets = row.targets.iter();
                targets.any(|&target| row_for(row.action, actor, target).is_some_and(|found| std::ptr::eq(found, row)))
            };
            assert!(row.actors.iter().any(reached), "{} is never reached", row.rule);
        }
    }

    #[test]
    fn every_refusal_says_what_would_allow_it() {
        for row in ROWS.iter().filter(|row| row.grant != Grant::Always) {
            assert!(!row.allowed_if.is_empty(), "{}", row.rule);
        }
        assert!(GUARDS.iter().all(|guard| !guard.allowed_if.is_empty()));
    }

    #[test]
    fn who_starts_a_direct_message_with_whom() {
        assert_eq!(allowed_targets(StartDm, Attendee, &[SharesShow]), [MvpDealer]);
        assert_eq!(allowed_targets(StartDm, Dealer, &[SharesShow]), []);
        assert_eq!(allowed_targets(StartDm, MvpDealer, &[]), [ShowOrganizer]);
        assert_eq!(allowed_targets(StartDm, MvpDealer, &[SharesShow]), [Attendee, Dealer, ShowOrganizer]);
        for actor in [ShowOrganizer, Moderator, Admin] {
            assert_eq!(allowed_targets(StartDm, actor, &[]), Role::ALL);
        }
    }

    #[test]
    fn who_replies_to_whom() {
        assert_eq!(allowed_targets(Reply, Attendee, &[]), [MvpDealer, ShowOrganizer, Moderator, Admin]);
        assert_eq!(allowed_targets(Reply, Dealer, &[]), []);
        for actor in [MvpDealer, ShowOrganizer, Moderator, Admin] {
            assert_eq!(allowed_targets(Reply, actor, &[]), Role::ALL);
        }
    }

    #[test]
    fn who_broadcasts_to_whom() {
        for actor in [Attendee, Dealer, Moderator] {
            assert_eq!(allowed_targets(Broadcast, actor, &[OwnShow, TakesPart, SharesShow]), []);
        }
        assert_eq!(allowed_targets(Broadcast, MvpDealer, &[]), []);
        assert_eq!(allowed_targets(Broadcast, MvpDealer, &[TakesPart]), [Attendee]);
        assert_eq!(allowed_targets(Broadcast, ShowOrganizer, &[TakesPart]), []);
        assert_eq!(allowed_targets(Broadcast, ShowOrganizer, &[OwnShow]), Role::ALL);
        assert_eq!(allowed_targets(Broadcast, Admin, &[]), Role::ALL);
    }

    #[test]
    fn who_moderates() {
        for actor in [Attendee, Dealer, MvpDealer] {
            assert_eq!(allowed_targets(Moderate, actor, &[OwnShow, TakesPart]), []);
        }
        assert_eq!(allowed_targets(Moderate, ShowOrganizer, &[]), []);
        assert_eq!(allowed_targets(Moderate, ShowOrganizer, &[OwnShow]), Role::ALL);
        for actor in [Moderator, Admin] {
            assert_eq!(allowed_targets(Moderate, actor, &[]), Role::ALL);
        }
    }

    #[test]
    fn who_reports() {
        for &actor in Role::ALL {
            assert_eq!(allowed_targets(Report, actor, &[Suspended]), Role::ALL);
            assert_eq!(allowed_targets(Report, actor, &[SameUser]), []);
        }
    }

    #[test]
    fn who_suspends() {
        for actor in [Attendee, Dealer, MvpDealer, ShowOrganizer] {
            assert_eq!(allowed_targets(Suspend, actor, &[OwnShow, TakesPart]), []);
        }
        assert_eq!(allowed_targets(Suspend, Moderator, &[]), [Attendee, Dealer, MvpDealer, ShowOrganizer]);
        assert_eq!(allowed_targets(Suspend, Admin, &[]), Role::ALL);
    }

    #[test]
    fn nobody_broadcasts_into_a_closed_conversation() {
        for &actor in Role::ALL {
            assert_eq!(allowed_targets(Broadcast, actor, &[ReadOnly, OwnShow, TakesPart]), []);
        }
    }

    #[test]
    fn a_block_hides_broadcasts_but_for_admins() {
        for &actor in Role::ALL {
            // The database asks the matrix only about those between whom there is a block.
            assert_eq!(allowed_targets(ReadBroadcast, actor, &[]), Role::ALL);
            let across_a_block: &[Role] = if actor == Admin { Role::ALL } else { &[Admin] };
            assert_eq!(allowed_targets(ReadBroadcast, actor, &[Blocked]), across_a_block);
            assert_eq!(allowed_targets(ReadBroadcast, actor, &[Blocked, Suspended]), across_a_block, "reading goes on");
        }
    }

    #[test]
    fn nobody_is_judge_in_their_own_cause() {
        for action in [StartDm, Moderate, Report, Suspend] {
            for &actor in Role::ALL {
                assert_eq!(allowed_targets(action, actor, &[SameUser, OwnShow, TakesPart, SharesShow]), []);
            }
        }
    }

    proptest! {
        #[test]
        fn a_guard_beats_every_role(actor in any(Role::ALL), target in any(Role::ALL), facts in facts(), guard in prop::sample::select(GUARDS)) {
            if facts.contains(guard.fact) == guard.denies_when {
                prop_assert!(!decide(actor, guard.action, target, facts).allowed());
            }
        }

        #[test]
        fn without_any_fact_everything_is_refused(actor in any(Role::ALL), target in any(Role::ALL), action in any(Action::ALL)) {
            prop_assert!(!decide(actor, action, target, Facts::NONE).allowed());
        }

        #[test]
        fn what_is_allowed_is_granted_by_its_row(actor in any(Role::ALL), target in any(Role::ALL), action in any(Action::ALL), facts in facts()) {
            let decision = decide(actor, action, target, facts);
            if decision.allowed() {
                let row = row_for(action, actor, target).unwrap();
                prop_assert_eq!(decision.rule(), row.rule);
                prop_assert!(grants(row.grant, facts));
            }
        }
    }
}
