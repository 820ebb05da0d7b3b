//! The part of the matrix for organisations: what their owners, admins, sitters and clients may do with the texting of
//! their organisation.
//!
//! An action here has an actor, but no target: it is done to a thread, a message or a booking. So it has facts of its own,
//! which keep the number of combinations small; and a guard can be for some roles alone, since a thread that a sitter or a
//! client does not know must look to them as one that does not exist.
//!
//! [`GUARDS`] and [`ROWS`] are the source of the tables `rolecall.organization_guards` and `rolecall.organization_rules`
//! (written by `make generate`), of the TypeScript client's rules and of `docs/permissions.md`; a test compares [`decide`]
//! with the database for every combination.

use super::Decision;
use crate::rules::{code::Code, vocabulary::names};

names! {
    /// The role of a profile in its organisation (`profiles.organization_role`).
    OrganizationRole {
        /// Runs the organisation.
        Owner = "owner",
        /// Runs the organisation for the owner.
        Admin = "admin",
        /// Does the visits and stays that clients book.
        Sitter = "sitter",
        /// A client with an account.
        Client = "client",
    }
}

impl OrganizationRole {
    /// The feature flag that switches the texting on for this role.
    pub const fn flag(self) -> &'static str {
        match self {
            OrganizationRole::Sitter => "sitter_messages_v1",
            OrganizationRole::Owner | OrganizationRole::Admin | OrganizationRole::Client => "messaging_v1",
        }
    }
}

names! {
    /// What somebody of an organisation wants to do.
    OrganizationAction {
        /// Read a thread.
        ReadThread = "read_thread",
        /// Write into a thread.
        SendToThread = "send_to_thread",
        /// Plan a booking, and who goes.
        AssignBooking = "assign_booking",
        /// Deliver a message that the filter held back.
        ForceSend = "force_send",
    }
}

names! {
    /// What holds between an actor of an organisation and the thread, message or booking at hand. The database gathers it.
    OrganizationFact {
        /// The feature is switched on for the actor.
        FeatureEnabled = "feature_enabled",
        /// The actor is suspended.
        Suspended = "suspended",
        /// The thread, message or booking is one of the actor's organisation.
        OwnOrganization = "own_organization",
        /// The actor has a window in the thread that is open or to come.
        Assigned = "assigned",
        /// The actor has a window in the thread, or had one.
        OnceAssigned = "once_assigned",
        /// A window of the actor in the thread is open at this moment.
        InsideWindow = "inside_window",
        /// The actor is the thread's client.
        OwnThread = "own_thread",
        /// The thread is the owner inbox.
        OwnerInbox = "owner_inbox",
        /// The thread can only be read.
        ReadOnly = "read_only",
        /// The client wants no more messages.
        OptedOut = "opted_out",
    }
}

/// A set of facts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OrganizationFacts(u16);

impl OrganizationFacts {
    /// The set with `fact` added.
    #[must_use]
    pub const fn with(self, fact: OrganizationFact) -> OrganizationFacts {
        OrganizationFacts(self.0 | 1 << fact as u16)
    }

    /// Whether `fact` holds.
    pub const fn contains(self, fact: OrganizationFact) -> bool {
        self.0 & (1 << fact as u16) != 0
    }

    /// Every possible set.
    pub fn every_combination() -> impl Iterator<Item = OrganizationFacts> {
        (0..1u16 << OrganizationFact::ALL.len()).map(OrganizationFacts)
    }
}

impl FromIterator<OrganizationFact> for OrganizationFacts {
    fn from_iter<I: IntoIterator<Item = OrganizationFact>>(facts: I) -> OrganizationFacts {
        facts.into_iter().fold(OrganizationFacts::default(), OrganizationFacts::with)
    }
}

/// What refuses an action to some roles; checked before the rows, in order.
#[derive(Clone, Copy, Debug)]
pub struct OrganizationGuard {
    /// The action it guards.
    pub action: OrganizationAction,
    /// The roles that it guards it from.
    pub actors: &'static [OrganizationRole],
    /// The fact it looks at.
    pub fact: OrganizationFact,
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

/// One row: whether its action is for these roles, if no guard refuses it.
#[derive(Clone, Copy, Debug)]
pub struct OrganizationRow {
    /// The action.
    pub action: OrganizationAction,
    /// The roles that it covers.
    pub actors: &'static [OrganizationRole],
    /// Whether it allows.
    pub allows: bool,
    /// The rule's name.
    pub rule: &'static str,
    /// What the rule says, for people; the reason of a refusal.
    pub message: &'static str,
    /// What would make it allowed, for people.
    pub allowed_if: &'static str,
}

use OrganizationAction::{AssignBooking, ForceSend, ReadThread, SendToThread};
use OrganizationFact::{
    Assigned, FeatureEnabled, InsideWindow, OnceAssigned, OptedOut, OwnOrganization, OwnThread, OwnerInbox, ReadOnly,
    Suspended,
};
use OrganizationRole::{Admin, Client, Owner, Sitter};

const EVERYBODY: &[OrganizationRole] = OrganizationRole::ALL;
const STAFF: &[OrganizationRole] = &[Owner, Admin];
/// Those whose messages go to the client's phone.
const WRITERS: &[OrganizationRole] = &[Owner, Admin, Sitter];

const fn feature(action: OrganizationAction) -> OrganizationGuard {
    OrganizationGuard {
        action,
        actors: EVERYBODY,
        fact: FeatureEnabled,
        denies_when: false,
        code: Code::FeatureDisabled,
        rule: "feature_disabled",
        message: "This function is switched off, or not rolled out to you yet.",
        allowed_if: "The function is switched on for you.",
    }
}

const fn suspended(action: OrganizationAction) -> OrganizationGuard {
    OrganizationGuard {
        action,
        actors: EVERYBODY,
        fact: Suspended,
        denies_when: true,
        code: Code::PermissionDenied,
        rule: "suspended",
        message: "Your account is suspended and cannot write.",
        allowed_if: "The suspension has ended.",
    }
}

/// A thread that the actor must not know of is refused in the words of one that does not exist.
const fn unknown_thread(
    action: OrganizationAction,
    actors: &'static [OrganizationRole],
    fact: OrganizationFact,
    denies_when: bool,
) -> OrganizationGuard {
    OrganizationGuard {
        action,
        actors,
        fact,
        denies_when,
        code: Code::NotFound,
        rule: "no_such_thread",
        message: "You have no thread with this id.",
        allowed_if: "The thread is one that you can see.",
    }
}

const fn read_only(action: OrganizationAction, actors: &'static [OrganizationRole]) -> OrganizationGuard {
    OrganizationGuard {
        action,
        actors,
        fact: ReadOnly,
        denies_when: true,
        code: Code::ConversationReadOnly,
        rule: "thread_read_only",
        message: "This thread is closed, or its client was erased, and can only be read.",
        allowed_if: "It is the client's open thread.",
    }
}

const fn opted_out(action: OrganizationAction, actors: &'static [OrganizationRole]) -> OrganizationGuard {
    OrganizationGuard {
        action,
        actors,
        fact: OptedOut,
        denies_when: true,
        code: Code::ClientOptedOut,
        rule: "client_opted_out",
        message: "This client has asked not to be texted.",
        allowed_if: "The client texts START.",
    }
}

/// The guards of every action, in the order in which they are checked.
pub static GUARDS: &[OrganizationGuard] = &[
    feature(ReadThread),
    unknown_thread(ReadThread, EVERYBODY, OwnOrganization, false),
    // Everything that waits for the owner is in there, of all clients.
    unknown_thread(ReadThread, &[Sitter, Client], OwnerInbox, true),
    unknown_thread(ReadThread, &[Sitter], Assigned, false),
    unknown_thread(ReadThread, &[Client], OwnThread, false),
    feature(SendToThread),
    unknown_thread(SendToThread, EVERYBODY, OwnOrganization, false),
    unknown_thread(SendToThread, &[Sitter, Client], OwnerInbox, true),
    // Whoever was assigned once is told about windows: a thread does not vanish the moment a window closes.
    unknown_thread(SendToThread, &[Sitter], OnceAssigned, false),
    unknown_thread(SendToThread, &[Client], OwnThread, false),
    suspended(SendToThread),
    OrganizationGuard {
        action: SendToThread,
        actors: STAFF,
        fact: OwnerInbox,
        denies_when: true,
        code: Code::ConversationReadOnly,
        rule: "owner_inbox_takes_no_messages",
        message: "The owner inbox collects messages and takes none; the answer goes into the client's thread.",
        allowed_if: "You write into the client's thread.",
    },
    read_only(SendToThread, EVERYBODY),
    OrganizationGuard {
        action: SendToThread,
        actors: &[Sitter],
        fact: InsideWindow,
        denies_when: false,
        code: Code::OutsideAssignmentWindow,
        rule: "outside_assignment_window",
        message: "You can message this client while you are on duty for them, and shortly before and after.",
        allowed_if: "One of your windows with this client is open; until then the office can help.",
    },
    opted_out(SendToThread, WRITERS),
    feature(AssignBooking),
    OrganizationGuard {
        action: AssignBooking,
        actors: EVERYBODY,
        fact: OwnOrganization,
        denies_when: false,
        code: Code::NotFound,
        rule: "no_such_organization",
        message: "You belong to no organisation with this id.",
        allowed_if: "The organisation is yours.",
    },
    suspended(AssignBooking),
    feature(ForceSend),
    OrganizationGuard {
        action: ForceSend,
        actors: EVERYBODY,
        fact: OwnOrganization,
        denies_when: false,
        code: Code::NotFound,
        rule: "no_such_message",
        message: "Your organisation has no message with this id.",
        allowed_if: "The message is one of your organisation.",
    },
    suspended(ForceSend),
    read_only(ForceSend, STAFF),
    opted_out(ForceSend, STAFF),
];

macro_rules! rows {
    ($($action:ident, $actors:expr, $allows:literal, $rule:literal, $message:literal, $allowed_if:literal;)*) => {
        &[$(OrganizationRow {
            action: $action,
            actors: $actors,
            allows: $allows,
            rule: $rule,
            message: $message,
            allowed_if: $allowed_if,
        }),*]
    };
}

/// The rows; `docs/permissions.md` shows them.
#[rustfmt::skip]
pub static ROWS: &[OrganizationRow] = rows![
    ReadThread, STAFF, true, "owner_and_admin_read_every_thread",
        "The owner and the admins read every thread of their organisation.", "";
    ReadThread, &[Sitter], true, "sitter_reads_assigned_threads",
        "A sitter reads the threads in which they have a window that is open or to come.", "";
    ReadThread, &[Client], true, "client_reads_own_thread",
        "A client reads their own thread.", "";

    SendToThread, STAFF, true, "owner_and_admin_write_in_every_thread",
        "The owner and the admins write in every thread of their organisation.", "";
    SendToThread, &[Sitter], true, "sitter_writes_inside_windows",
        "A sitter writes in a thread while one of their windows in it is open.", "";
    SendToThread, &[Client], true, "client_writes_in_own_thread",
        "A client writes in their own thread, as if by text.", "";

    AssignBooking, STAFF, true, "owner_and_admin_assign",
        "The owner and the admins plan bookings.", "";
    AssignBooking, EVERYBODY, false, "only_owner_and_admin_assign",
        "Only the owner and the admins plan bookings.", "The owner or an admin does it.";

    ForceSend, STAFF, true, "owner_and_admin_force_send",
        "The owner and the admins deliver what the filter held back.", "";
    ForceSend, EVERYBODY, false, "only_owner_and_admin_force_send",
        "Only the owner and the admins deliver what the filter held back.", "The owner or an admin does it.";
];

/// The refusal of somebody who has no role in an organisation.
pub const WITHOUT_ROLE: Decision = Decision::Refused {
    code: Code::PermissionDenied,
    rule: "no_organization_role",
    message: "You have no role in an organisation, so none allows this.",
    allowed_if: "Your organisation gives you a role.",
};

/// The guards of `action` for `actor`, in order.
pub fn guards_of(
    action: OrganizationAction,
    actor: OrganizationRole,
) -> impl Iterator<Item = &'static OrganizationGuard> {
    GUARDS.iter().filter(move |guard| guard.action == action && guard.actors.contains(&actor))
}

/// The row that decides for `actor`: the first that names the role.
pub fn row_for(action: OrganizationAction, actor: OrganizationRole) -> Option<&'static OrganizationRow> {
    ROWS.iter().find(|row| row.action == action && row.actors.contains(&actor))
}

/// Decides whether `actor` may do `action`, given what holds. `None` is somebody without a role in an organisation.
///
/// Total: it answers for every input and refuses what no row allows.
pub fn decide(actor: Option<OrganizationRole>, action: OrganizationAction, facts: OrganizationFacts) -> Decision {
    let Some((actor, row)) = actor.and_then(|actor| Some((actor, row_for(action, actor)?))) else {
        return WITHOUT_ROLE;
    };
    if let Some(guard) = guards_of(action, actor).find(|guard| facts.contains(guard.fact) == guard.denies_when) {
        return Decision::Refused {
            code: guard.code,
            rule: guard.rule,
            message: guard.message,
            allowed_if: guard.allowed_if,
        };
    }
    if row.allows {
        return Decision::Allowed { rule: row.rule };
    }
    Decision::Refused { code: Code::PermissionDenied, rule: row.rule, message: row.message, allowed_if: row.allowed_if }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn allowed(action: OrganizationAction, facts: &[OrganizationFact]) -> Vec<OrganizationRole> {
        let facts = facts.iter().copied().collect();
        let allowed = |&role: &OrganizationRole| decide(Some(role), action, facts).allowed();
        OrganizationRole::ALL.iter().copied().filter(allowed).collect()
    }

    fn code(actor: OrganizationRole, action: OrganizationAction, facts: &[OrganizationFact]) -> Option<Code> {
        match decide(Some(actor), action, facts.iter().copied().collect()) {
            Decision::Refused { code, .. } => Some(code),
            Decision::Allowed { .. } => None,
        }
    }

    #[test]
    fn the_matrix_is_total_and_every_row_is_reached() {
        for &action in OrganizationAction::ALL {
            for &actor in OrganizationRole::ALL {
                assert!(row_for(action, actor).is_some(), "{action:?} {actor:?}");
            }
        }
        for row in ROWS {
            let reached = |&actor: &OrganizationRole| std::ptr::eq(row_for(row.action, actor).unwrap(), row);
            assert!(row.actors.iter().any(reached), "{} is never reached", row.rule);
            assert_eq!(row.allows, row.allowed_if.is_empty(), "{}", row.rule);
        }
        assert!(GUARDS.iter().all(|guard| !guard.allowed_if.is_empty()));
    }

    #[test]
    fn who_reads_a_thread() {
        let thread = [FeatureEnabled, OwnOrganization];
        assert_eq!(allowed(ReadThread, &thread), [Owner, Admin]);
        assert_eq!(allowed(ReadThread, &[&thread[..], &[Assigned]].concat()), [Owner, Admin, Sitter]);
        assert_eq!(allowed(ReadThread, &[&thread[..], &[OwnThread]].concat()), [Owner, Admin, Client]);
        assert_eq!(allowed(ReadThread, &[&thread[..], &[OnceAssigned]].concat()), [Owner, Admin]);
        let inbox = [&thread[..], &[OwnerInbox, Assigned, OwnThread]].concat();
        assert_eq!(allowed(ReadThread, &inbox), [Owner, Admin]);
        let others = [&thread[..], &[Suspended, ReadOnly, OptedOut]].concat();
        assert_eq!(allowed(ReadThread, &others), [Owner, Admin], "reading goes on");
        assert_eq!(allowed(ReadThread, &[FeatureEnabled, Assigned, OwnThread]), [], "of another organisation");
    }

    #[test]
    fn who_writes_into_a_thread() {
        let thread = [FeatureEnabled, OwnOrganization];
        let with = |more: &[OrganizationFact]| [&thread[..], more].concat();
        assert_eq!(allowed(SendToThread, &thread), [Owner, Admin]);
        assert_eq!(allowed(SendToThread, &with(&[OnceAssigned, InsideWindow])), [Owner, Admin, Sitter]);
        assert_eq!(allowed(SendToThread, &with(&[OnceAssigned, Assigned])), [Owner, Admin]);
        assert_eq!(allowed(SendToThread, &with(&[OwnThread])), [Owner, Admin, Client]);
        let everything = [OnceAssigned, Assigned, InsideWindow, OwnThread];
        for stopped in [OwnerInbox, ReadOnly, Suspended] {
            assert_eq!(allowed(SendToThread, &with(&[&everything[..], &[stopped]].concat())), [], "{stopped:?}");
        }
        let opted_out = with(&[&everything[..], &[OptedOut]].concat());
        assert_eq!(allowed(SendToThread, &opted_out), [Client], "who opted out may write, and nobody to them");
    }

    #[test]
    fn a_sitter_hears_of_windows_in_threads_that_were_theirs_and_of_no_other_thread() {
        let thread = [FeatureEnabled, OwnOrganization];
        assert_eq!(code(Sitter, SendToThread, &thread), Some(Code::NotFound));
        let once = [FeatureEnabled, OwnOrganization, OnceAssigned];
        assert_eq!(code(Sitter, SendToThread, &once), Some(Code::OutsideAssignmentWindow));
        let opted_out = [&once[..], &[OptedOut]].concat();
        assert_eq!(code(Sitter, SendToThread, &opted_out), Some(Code::OutsideAssignmentWindow), "and of nothing else");
        assert_eq!(code(Sitter, ReadThread, &once), Some(Code::NotFound));
        assert_eq!(code(Client, SendToThread, &once), Some(Code::NotFound));
    }

    #[test]
    fn owner_and_admin_alone_assign_and_force() {
        assert_eq!(allowed(AssignBooking, &[FeatureEnabled, OwnOrganization]), [Owner, Admin]);
        assert_eq!(allowed(AssignBooking, &[FeatureEnabled]), []);
        assert_eq!(allowed(AssignBooking, &[FeatureEnabled, OwnOrganization, Suspended]), []);
        assert_eq!(allowed(ForceSend, &[FeatureEnabled, OwnOrganization]), [Owner, Admin]);
        assert_eq!(allowed(ForceSend, &[FeatureEnabled]), []);
        assert_eq!(allowed(ForceSend, &[FeatureEnabled, OwnOrganization, OptedOut]), []);
        assert_eq!(allowed(ForceSend, &[FeatureEnabled, OwnOrganization, ReadOnly]), []);
        assert_eq!(code(Sitter, ForceSend, &[FeatureEnabled]), Some(Code::NotFound), "never 403 across organisations");
    }

    fn facts() -> impl Strategy<Value = OrganizationFacts> {
        (0..1u16 << OrganizationFact::ALL.len()).prop_map(OrganizationFacts)
    }

    proptest! {
        #[test]
        fn nobody_does_anything_across_organisations(actor in prop::sample::select(OrganizationRole::ALL), facts in facts(),
            action in prop::sample::select(OrganizationAction::ALL)) {
            if !facts.contains(OwnOrganization) {
                let decision = decide(Some(actor), action, facts);
                let not_found = matches!(decision, Decision::Refused { code: Code::NotFound | Code::FeatureDisabled, .. });
                prop_assert!(not_found, "{decision:?}");
            }
        }

        #[test]
        fn nothing_is_allowed_while_the_feature_is_off(actor in prop::sample::select(OrganizationRole::ALL), facts in facts(),
            action in prop::sample::select(OrganizationAction::ALL)) {
            if !facts.contains(FeatureEnabled) {
                let decision = decide(Some(actor), action, facts);
                let off = matches!(decision, Decision::Refused { code: Code::FeatureDisabled, .. });
                prop_assert!(off, "{decision:?}");
            }
        }

        #[test]
        fn without_a_role_nothing_is_allowed(facts in facts(), action in prop::sample::select(OrganizationAction::ALL)) {
            prop_assert_eq!(decide(None, action, facts), WITHOUT_ROLE);
        }
    }
}
