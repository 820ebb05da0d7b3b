//! The part of the matrix for organisations: what their owners, admins, sitters and clients may do with the texting of
//! their organisation.
//!
//! An action here has an actor, but no target: it is done to a thread, a message or a booking. A guard can be for some
//! roles alone, since a thread that a sitter or a client does not know must look to them as one that does not exist.

use super::{Decision, Domain, FactSet, Grant, NoTarget, decide_in, domain::fault_of_named_facts};
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
pub type OrganizationFacts = FactSet<OrganizationFact>;

/// The facts that an action looks at.
const fn looks_at(action: OrganizationAction) -> &'static [OrganizationFact] {
    match action {
        ReadThread => &[FeatureEnabled, OwnOrganization, Assigned, OwnThread, OwnerInbox],
        SendToThread => &[
            FeatureEnabled,
            Suspended,
            OwnOrganization,
            OnceAssigned,
            InsideWindow,
            OwnThread,
            OwnerInbox,
            ReadOnly,
            OptedOut,
        ],
        AssignBooking => &[FeatureEnabled, Suspended, OwnOrganization],
        ForceSend => &[FeatureEnabled, Suspended, OwnOrganization, ReadOnly, OptedOut],
    }
}

/// The roles in an organisation, and what they may do with its texting.
#[derive(Clone, Copy, Debug)]
pub struct Organization;

impl Domain for Organization {
    const NAME: &'static str = "organization";
    const HEADING: &'static str = "In an organisation";
    const ABOUT: &'static str = "These are the roles in organisations (`profiles.organization_role`). An action here has no \
        target: it is done to a thread, a message or a booking.";
    const PREFIX: &'static str = "Organization";
    type Actor = OrganizationRole;
    type Target = NoTarget;
    type Action = OrganizationAction;
    type Fact = OrganizationFact;
    const GUARDS: &'static [Guard] = GUARDS;
    const ROWS: &'static [Row] = ROWS;
    const UNCOVERED: Decision = WITHOUT_ROLE;

    fn looks_at(action: OrganizationAction) -> &'static [OrganizationFact] {
        looks_at(action)
    }

    fn heading(action: OrganizationAction) -> &'static str {
        match action {
            ReadThread => "Reading a thread",
            SendToThread => "Writing into a thread",
            AssignBooking => "Planning bookings",
            ForceSend => "Delivering what the filter held back",
        }
    }

    fn phrase(fact: OrganizationFact) -> &'static str {
        match fact {
            FeatureEnabled => "the function is switched on",
            Suspended => "the actor is suspended",
            OwnOrganization => "it is of the actor's organisation",
            Assigned => "the actor has a window in the thread that is open or to come",
            OnceAssigned => "the actor has a window in the thread, or had one",
            InsideWindow => "a window of the actor in the thread is open",
            OwnThread => "the actor is the thread's client",
            OwnerInbox => "the thread is the owner inbox",
            ReadOnly => "the thread can only be read",
            OptedOut => "the client wants no more messages",
        }
    }
}

type Guard = super::Guard<Organization>;
type Row = super::Row<Organization>;

const _: () = assert!(fault_of_named_facts!(OrganizationAction::ALL, looks_at, GUARDS, ROWS).is_empty());

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

const fn feature(action: OrganizationAction) -> Guard {
    Guard {
        action,
        actors: Some(EVERYBODY),
        fact: FeatureEnabled,
        denies_when: false,
        code: Code::FeatureDisabled,
        rule: "feature_disabled",
        message: "This function is switched off, or not rolled out to you yet.",
        allowed_if: "The function is switched on for you.",
    }
}

const fn suspended(action: OrganizationAction) -> Guard {
    Guard {
        action,
        actors: Some(EVERYBODY),
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
) -> Guard {
    Guard {
        action,
        actors: Some(actors),
        fact,
        denies_when,
        code: Code::NotFound,
        rule: "no_such_thread",
        message: "You have no thread with this id.",
        allowed_if: "The thread is one that you can see.",
    }
}

const fn read_only(action: OrganizationAction, actors: &'static [OrganizationRole]) -> Guard {
    Guard {
        action,
        actors: Some(actors),
        fact: ReadOnly,
        denies_when: true,
        code: Code::ConversationReadOnly,
        rule: "thread_read_only",
        message: "This thread is closed, or its client was erased, and can only be read.",
        allowed_if: "It is the client's open thread.",
    }
}

const fn opted_out(action: OrganizationAction, actors: &'static [OrganizationRole]) -> Guard {
    Guard {
        action,
        actors: Some(actors),
        fact: OptedOut,
        denies_when: true,
        code: Code::ClientOptedOut,
        rule: "client_opted_out",
        message: "This client has asked not to be texted.",
        allowed_if: "The client texts START.",
    }
}

/// The guards of every action, in the order in which they are checked.
static GUARDS: &[Guard] = &[
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
    Guard {
        action: SendToThread,
        actors: Some(STAFF),
        fact: OwnerInbox,
        denies_when: true,
        code: Code::ConversationReadOnly,
        rule: "owner_inbox_takes_no_messages",
        message: "The owner inbox collects messages and takes none; the answer goes into the client's thread.",
        allowed_if: "You write into the client's thread.",
    },
    read_only(SendToThread, EVERYBODY),
    Guard {
        action: SendToThread,
        actors: Some(&[Sitter]),
        fact: InsideWindow,
        denies_when: false,
        code: Code::OutsideAssignmentWindow,
        rule: "outside_assignment_window",
        message: "You can message this client while you are on duty for them, and shortly before and after.",
        allowed_if: "One of your windows with this client is open; until then the office can help.",
    },
    opted_out(SendToThread, WRITERS),
    feature(AssignBooking),
    Guard {
        action: AssignBooking,
        actors: Some(EVERYBODY),
        fact: OwnOrganization,
        denies_when: false,
        code: Code::NotFound,
        rule: "no_such_organization",
        message: "You belong to no organisation with this id.",
        allowed_if: "The organisation is yours.",
    },
    suspended(AssignBooking),
    feature(ForceSend),
    Guard {
        action: ForceSend,
        actors: Some(EVERYBODY),
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
    ($($action:ident, $actors:expr, $grant:expr, $rule:literal, $message:literal, $allowed_if:literal;)*) => {
        &[$(Row {
            action: $action,
            actors: $actors,
            targets: NoTarget::ALL,
            grant: $grant,
            rule: $rule,
            message: $message,
            allowed_if: $allowed_if,
        }),*]
    };
}

use Grant::{Always, Never};

/// The rows; `docs/permissions.md` shows them.
#[rustfmt::skip]
static ROWS: &[Row] = rows![
    ReadThread, STAFF, Always, "owner_and_admin_read_every_thread",
        "The owner and the admins read every thread of their organisation.", "";
    ReadThread, &[Sitter], Always, "sitter_reads_assigned_threads",
        "A sitter reads the threads in which they have a window that is open or to come.", "";
    ReadThread, &[Client], Always, "client_reads_own_thread",
        "A client reads their own thread.", "";

    SendToThread, STAFF, Always, "owner_and_admin_write_in_every_thread",
        "The owner and the admins write in every thread of their organisation.", "";
    SendToThread, &[Sitter], Always, "sitter_writes_inside_windows",
        "A sitter writes in a thread while one of their windows in it is open.", "";
    SendToThread, &[Client], Always, "client_writes_in_own_thread",
        "A client writes in their own thread, as if by text.", "";

    AssignBooking, STAFF, Always, "owner_and_admin_assign",
        "The owner and the admins plan bookings.", "";
    AssignBooking, EVERYBODY, Never, "only_owner_and_admin_assign",
        "Only the owner and the admins plan bookings.", "The owner or an admin does it.";

    ForceSend, STAFF, Always, "owner_and_admin_force_send",
        "The owner and the admins deliver what the filter held back.", "";
    ForceSend, EVERYBODY, Never, "only_owner_and_admin_force_send",
        "Only the owner and the admins deliver what the filter held back.", "The owner or an admin does it.";
];

/// The refusal of somebody who has no role in an organisation.
pub const WITHOUT_ROLE: Decision = Decision::Refused {
    code: Code::PermissionDenied,
    rule: "no_organization_role",
    message: "You have no role in an organisation, so none allows this.",
    allowed_if: "Your organisation gives you a role.",
};

/// Decides whether `actor` may do `action`, given what holds. `None` is somebody without a role in an organisation.
///
/// Total: it answers for every input and refuses what no row allows.
pub fn decide(actor: Option<OrganizationRole>, action: OrganizationAction, facts: OrganizationFacts) -> Decision {
    decide_in::<Organization>(actor, action, NoTarget::None, facts)
}

#[cfg(test)]
mod tests;
