//! The part of the matrix for the roles of the application: attendees, dealers, organizers, and those who keep order.

use super::{Decision, Domain, FactSet, Grant, decide_in, domain::fault_of_named_facts};
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
        /// Uses a social app; has nothing to do with shows.
        Member = "member",
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
        /// Edit a message that the actor reads. Whether the new words may be sent is decided as of any others.
        EditMessage = "edit_message",
        /// React to a message of the target.
        React = "react",
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
        /// The message is deleted.
        Deleted = "deleted",
        /// The message may still be edited: neither its time is over nor has it been edited too often.
        EditWindow = "edit_window",
    }
}

/// A set of facts.
pub type Facts = FactSet<Fact>;

/// The facts that an action looks at.
const fn looks_at(action: Action) -> &'static [Fact] {
    match action {
        StartDm => &[FeatureEnabled, Suspended, SameUser, Blocked, SharesShow, ForeignShow],
        Reply => &[FeatureEnabled, Suspended, Blocked, Participant, BroadcastRecipient, ReadOnly],
        Broadcast => &[FeatureEnabled, Suspended, ReadOnly, TakesPart, OwnShow],
        Moderate => &[FeatureEnabled, Suspended, SameUser, OwnShow],
        Report => &[FeatureEnabled, SameUser, Participant],
        Suspend => &[FeatureEnabled, Suspended, SameUser],
        ReadBroadcast => &[FeatureEnabled, Blocked, Participant],
        EditMessage => &[FeatureEnabled, Suspended, SameUser, Participant, Deleted, EditWindow],
        React => &[FeatureEnabled, Suspended, Blocked, Participant, ReadOnly],
    }
}

/// The roles of the application, and what they may do to each other.
#[derive(Clone, Copy, Debug)]
pub struct Marketplace;

impl Domain for Marketplace {
    const NAME: &'static str = "marketplace";
    const HEADING: &'static str = "In the application";
    const ABOUT: &'static str = "These are the application roles of profiles (`profiles.role`).";
    const PREFIX: &'static str = "";
    type Actor = Role;
    type Target = Role;
    type Action = Action;
    type Fact = Fact;
    const GUARDS: &'static [Guard] = GUARDS;
    const ROWS: &'static [Row] = ROWS;
    const UNCOVERED: Decision = Decision::Refused {
        code: Code::PermissionDenied,
        rule: "no_rule",
        message: "No rule allows this.",
        allowed_if: "A rule is added for these roles.",
    };

    fn looks_at(action: Action) -> &'static [Fact] {
        looks_at(action)
    }

    fn heading(action: Action) -> &'static str {
        match action {
            StartDm => "Starting a direct message with",
            Reply => "Replying to",
            Broadcast => "Broadcasting to",
            Moderate => "Moderating messages of",
            Report => "Reporting messages of",
            Suspend => "Suspending",
            ReadBroadcast => "Reading broadcasts of",
            EditMessage => "Editing a message",
            React => "Reacting to messages of",
        }
    }

    fn phrase(fact: Fact) -> &'static str {
        match fact {
            FeatureEnabled => "the function is switched on",
            Suspended => "the actor is suspended",
            SameUser => "both are the same user",
            Blocked => "one has blocked the other",
            Participant => "the actor takes part in the conversation",
            BroadcastRecipient => "the conversation is a broadcast",
            ReadOnly => "the conversation is read-only",
            SharesShow => "they share a show",
            TakesPart => "the actor takes part in the show",
            OwnShow => "it is the actor's own show",
            ForeignShow => "the show is not of both",
            Deleted => "the message is deleted",
            EditWindow => "the message may still be edited",
        }
    }
}

type Guard = super::Guard<Marketplace>;
type Row = super::Row<Marketplace>;

const _: () = assert!(fault_of_named_facts!(Action::ALL, looks_at, GUARDS, ROWS).is_empty());

use Action::{Broadcast, EditMessage, Moderate, React, ReadBroadcast, Reply, Report, StartDm, Suspend};
use Fact::{
    Blocked, BroadcastRecipient, Deleted, EditWindow, FeatureEnabled, ForeignShow, OwnShow, Participant, ReadOnly,
    SameUser, SharesShow, Suspended, TakesPart,
};
use Role::{Admin, Attendee, Dealer, Member, Moderator, MvpDealer, ShowOrganizer};

const ANYONE: &[Role] = Role::ALL;

const fn feature(action: Action) -> Guard {
    Guard {
        action,
        actors: None,
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
        actors: None,
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
        actors: None,
        fact: Blocked,
        denies_when: true,
        code: Code::PermissionDenied,
        rule: "blocked",
        message: "There is a block between you and this user.",
        allowed_if: "The block is lifted.",
    }
}

/// The guards of every action, in the order in which they are checked.
static GUARDS: &[Guard] = &[
    feature(StartDm),
    suspended(StartDm),
    Guard {
        action: StartDm,
        actors: None,
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
        actors: None,
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
        actors: None,
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
        actors: None,
        fact: BroadcastRecipient,
        denies_when: true,
        code: Code::PermissionDenied,
        rule: "broadcast_not_answerable",
        message: "A broadcast cannot be replied to.",
        allowed_if: "You write to the sender in a direct message, where your role allows it.",
    },
    Guard {
        action: Reply,
        actors: None,
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
        actors: None,
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
        actors: None,
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
        actors: None,
        fact: Participant,
        denies_when: false,
        code: Code::NotFound,
        rule: "not_a_participant",
        message: "None of your conversations has a message with this id.",
        allowed_if: "You take part in the conversation.",
    },
    Guard {
        action: Report,
        actors: None,
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
        actors: None,
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
        actors: None,
        fact: Participant,
        denies_when: false,
        code: Code::NotFound,
        rule: "not_a_participant",
        message: "You do not take part in a conversation with this id.",
        allowed_if: "You take part in the conversation.",
    },
    feature(EditMessage),
    Guard {
        action: EditMessage,
        actors: None,
        fact: Participant,
        denies_when: false,
        code: Code::NotFound,
        rule: "not_a_participant",
        message: "None of your conversations has a message with this id.",
        allowed_if: "You take part in the conversation.",
    },
    suspended(EditMessage),
    Guard {
        action: EditMessage,
        actors: None,
        fact: SameUser,
        denies_when: false,
        code: Code::PermissionDenied,
        rule: "authors_edit_only",
        message: "Only its author can edit a message.",
        allowed_if: "The message is your own.",
    },
    Guard {
        action: EditMessage,
        actors: None,
        fact: Deleted,
        denies_when: true,
        code: Code::NotFound,
        rule: "message_deleted",
        message: "The message is deleted.",
        allowed_if: "The message is restored.",
    },
    Guard {
        action: EditMessage,
        actors: None,
        fact: EditWindow,
        denies_when: false,
        code: Code::EditWindowClosed,
        rule: "edit_window_closed",
        message: "The message can no longer be edited.",
        allowed_if: "You send another message.",
    },
    feature(React),
    // Who sees it as a moderator alone is not one of those whom it was written to.
    Guard {
        action: React,
        actors: None,
        fact: Participant,
        denies_when: false,
        code: Code::NotFound,
        rule: "not_a_participant",
        message: "None of your conversations has a message with this id.",
        allowed_if: "You take part in the conversation.",
    },
    suspended(React),
    Guard {
        action: React,
        actors: None,
        fact: ReadOnly,
        denies_when: true,
        code: Code::ConversationReadOnly,
        rule: "conversation_read_only",
        message: "This conversation is read-only.",
        allowed_if: "The operator reopens the conversation.",
    },
    blocked(React),
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
static ROWS: &[Row] = rows![
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
    StartDm, &[Member] => [&[Member]], Always, "member_writes_to_member",
        "A member can start a direct message with a member.", "";
    StartDm, &[Member] => [ANYONE], Never, "member_writes_to_members_only",
        "A member can start a direct message with a member only.",
        "The recipient is a member. You can reply to show organizers, moderators and admins once they have written to you.";

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
    Reply, &[Member] => [&[Member, ShowOrganizer, Moderator, Admin]], Always, "member_replies_to_members_and_staff",
        "A member can reply to members, show organizers, moderators and admins.", "";
    Reply, &[Member] => [ANYONE], Never, "member_replies_to_members_and_staff_only",
        "A member can reply to members, show organizers, moderators and admins only.",
        "The other participant is a member, a show organizer, a moderator or an admin.";

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
    Broadcast, &[Member] => [ANYONE], Never, "member_does_not_broadcast",
        "A member cannot broadcast.", "You become an MVP dealer or a show organizer.";

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
    Moderate, &[Member] => [ANYONE], Never, "member_does_not_moderate",
        "A member cannot moderate.", "You become a moderator.";

    Report, ANYONE => [ANYONE], Always, "anyone_reports_what_they_can_read",
        "Everyone can report a message that they can read.", "";

    Suspend, &[Moderator] => [&[Attendee, Dealer, MvpDealer, ShowOrganizer, Member]], Always, "moderator_suspends_users",
        "A moderator can suspend attendees, dealers, MVP dealers, show organizers and members.", "";
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

    EditMessage, ANYONE => [ANYONE], Always, "authors_edit_their_messages",
        "Everyone can edit their own messages for a while.", "";
    React, ANYONE => [ANYONE], Always, "anyone_reacts_to_what_was_written_to_them",
        "Everyone can react to a message that was written by them or to them, also to a broadcast.", "";
];

/// Decides whether `actor` may do `action` to `target`, given what holds between them.
///
/// Total: it answers for every input and refuses what no row allows.
pub fn decide(actor: Role, action: Action, target: Role, facts: Facts) -> Decision {
    decide_in::<Marketplace>(Some(actor), action, target, facts)
}

#[cfg(test)]
mod tests;
