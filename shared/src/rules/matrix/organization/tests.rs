use super::*;
use crate::rules::matrix::every_case;

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

#[test]
fn nobody_does_anything_across_organisations() {
    for case in every_case::<Organization>().filter(|case| !case.facts.contains(OwnOrganization)) {
        match (case.actor, case.decision()) {
            (None, decision) => assert_eq!(decision, WITHOUT_ROLE, "{case:?}"),
            (Some(_), Decision::Refused { code: Code::NotFound | Code::FeatureDisabled, .. }) => {}
            (Some(_), decision) => panic!("{case:?}: {decision:?}"),
        }
    }
}

#[test]
fn without_a_role_nothing_is_allowed() {
    for case in every_case::<Organization>().filter(|case| case.actor.is_none()) {
        assert_eq!(case.decision(), WITHOUT_ROLE, "{case:?}");
    }
}
