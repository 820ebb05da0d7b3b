use super::*;
use crate::rules::matrix::guards_of;

/// Facts under which no guard refuses.
fn clear(action: Action) -> Facts {
    guards_of::<Marketplace>(action, None).filter(|g| !g.denies_when).map(|g| g.fact).collect()
}

fn allowed_targets(action: Action, actor: Role, more: &[Fact]) -> Vec<Role> {
    let facts = more.iter().fold(clear(action), |facts, &fact| facts.with(fact));
    Role::ALL.iter().copied().filter(|&target| decide(actor, action, target, facts).allowed()).collect()
}

#[test]
fn who_starts_a_direct_message_with_whom() {
    assert_eq!(allowed_targets(StartDm, Attendee, &[SharesShow]), [MvpDealer]);
    assert_eq!(allowed_targets(StartDm, Dealer, &[SharesShow]), []);
    assert_eq!(allowed_targets(StartDm, MvpDealer, &[]), [ShowOrganizer]);
    assert_eq!(allowed_targets(StartDm, MvpDealer, &[SharesShow]), [Attendee, Dealer, ShowOrganizer]);
    assert_eq!(allowed_targets(StartDm, Member, &[SharesShow]), [Member]);
    for actor in [ShowOrganizer, Moderator, Admin] {
        assert_eq!(allowed_targets(StartDm, actor, &[]), Role::ALL);
    }
}

#[test]
fn who_replies_to_whom() {
    assert_eq!(allowed_targets(Reply, Attendee, &[]), [MvpDealer, ShowOrganizer, Moderator, Admin]);
    assert_eq!(allowed_targets(Reply, Dealer, &[]), []);
    assert_eq!(allowed_targets(Reply, Member, &[]), [ShowOrganizer, Moderator, Admin, Member]);
    for actor in [MvpDealer, ShowOrganizer, Moderator, Admin] {
        assert_eq!(allowed_targets(Reply, actor, &[]), Role::ALL);
    }
}

#[test]
fn who_broadcasts_to_whom() {
    for actor in [Attendee, Dealer, Moderator, Member] {
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
    for actor in [Attendee, Dealer, MvpDealer, Member] {
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
fn who_reacts() {
    for &actor in Role::ALL {
        assert_eq!(allowed_targets(React, actor, &[]), Role::ALL);
        for refusing in [Suspended, ReadOnly, Blocked] {
            assert_eq!(allowed_targets(React, actor, &[refusing]), []);
        }
        let stranger = decide(actor, React, Attendee, Facts::from_iter([FeatureEnabled]));
        assert_eq!(stranger.rule(), "not_a_participant");
    }
}

#[test]
fn who_suspends() {
    for actor in [Attendee, Dealer, MvpDealer, ShowOrganizer, Member] {
        assert_eq!(allowed_targets(Suspend, actor, &[OwnShow, TakesPart]), []);
    }
    assert_eq!(allowed_targets(Suspend, Moderator, &[]), [Attendee, Dealer, MvpDealer, ShowOrganizer, Member]);
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
fn authors_edit_while_the_window_is_open() {
    for &actor in Role::ALL {
        assert_eq!(allowed_targets(EditMessage, actor, &[]), Role::ALL);
        for in_the_way in [Suspended, Deleted] {
            assert_eq!(allowed_targets(EditMessage, actor, &[in_the_way]), []);
        }
        for missing in [SameUser, EditWindow, Participant] {
            assert!(!decide(actor, EditMessage, actor, clear(EditMessage).without(missing)).allowed());
        }
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
