//! The queue of reports.

use crate::moderation::support::*;
use rolecall_e2e::{Code, Role, Stand, User, fixtures::Starts};
use serde_json::json;
use std::collections::HashSet;
use uuid::Uuid;

#[tokio::test]
async fn the_queue_is_for_those_who_moderate_and_each_sees_what_is_theirs() {
    let stand = Stand::shared().await;
    let world = broadcast(&stand).await;
    let [rival, moderator, admin] = stand.users([Role::ShowOrganizer, Role::Moderator, Role::Admin]).await;
    let in_show = reported(&stand, &world.attendee, world.message).await;
    let (direct, _) = message(&stand, &admin, &world.attendee).await;
    let in_private = reported(&stand, &world.attendee, direct).await;
    let listed = async |user: &User, query: &str| {
        let (mut ids, mut cursor) = (HashSet::new(), String::new());
        loop {
            let page = stand.queue(user, &format!("limit=100&{query}{cursor}")).expect(200).await;
            for report in page.items("reports") {
                assert!(ids.insert(report["id"].as_str().unwrap().parse::<Uuid>().unwrap()), "twice: {report}");
            }
            let Some(next) = page["next_cursor"].as_str() else { return ids };
            cursor = format!("&cursor={next}");
        }
    };
    assert_eq!(listed(&world.organizer, "status=pending").await, HashSet::from([in_show]));
    assert!(listed(&rival, "").await.is_empty());
    for all in [&moderator, &admin] {
        let ids = listed(all, "status=pending").await;
        assert!(ids.contains(&in_show) && ids.contains(&in_private));
        assert_eq!(listed(all, &format!("show_id={}", world.show)).await, HashSet::from([in_show]));
    }
    assert_eq!(listed(&world.organizer, &format!("show_id={}", world.show)).await, HashSet::from([in_show]));
    for role in [Role::Attendee, Role::Dealer, Role::MvpDealer] {
        let user = stand.user(role).await;
        let refusal = stand.queue(&user, "").expect(403).await;
        refusal.refused_by(Code::PermissionDenied, "moderators_and_organizers_only");
    }
    stand.queue(&moderator, &format!("show_id={}", Uuid::new_v4())).expect(404).await.refused(Code::NotFound);
    let refusal = stand.queue(&rival, &format!("show_id={}", world.show)).expect(403).await;
    refusal.refused_by(Code::PermissionDenied, "show_organizer_moderates_own_show");
    stand.suspend(&moderator, 1).await;
    stand.queue(&moderator, "").expect(403).await.refused_by(Code::PermissionDenied, "suspended");
    stand.queue(&User::stranger(), "").expect(403).await.refused_by(Code::PermissionDenied, "no_profile");
}

#[tokio::test]
async fn pages_of_the_queue_are_whole_while_reports_come_in_and_counts_are_by_status() {
    let stand = Stand::shared().await;
    let [organizer, moderator] = stand.users([Role::ShowOrganizer, Role::Moderator]).await;
    let [mvp, admin] = stand.users([Role::MvpDealer, Role::Admin]).await;
    let show = stand.show(&organizer, Starts::InAWeek).await;
    stand.join(show, &[&mvp]).await;
    let readers = stand.users([Role::Attendee; 25]).await;
    stand.join(show, &readers.iter().collect::<Vec<_>>()).await;
    let conversation = stand.broadcast(&admin, show, "One").expect(201).await.id("conversation_id");
    let message = stand.message(conversation, 1).await;
    let (early, late) = readers.split_at(20);
    let mut expected = HashSet::new();
    for reader in early {
        expected.insert(reported(&stand, reader, message).await.to_string());
    }
    let counts = stand.queue(&organizer, "").expect(200).await["counts"].clone();
    assert_eq!(counts, json!({"pending": 20, "dismissed": 0, "actioned": 0}));

    let (mut seen, mut cursor, mut late) = (Vec::new(), String::new(), late.iter());
    loop {
        let page = stand.queue(&organizer, &format!("limit=3{cursor}")).expect(200).await;
        seen.extend(page.items("reports").iter().map(|report| report["id"].as_str().unwrap().to_owned()));
        if let Some(reader) = late.next() {
            reported(&stand, reader, message).await;
        }
        let Some(next) = page["next_cursor"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    assert_eq!(seen.len(), 20, "what came later is before the first page");
    assert_eq!(seen.into_iter().collect::<HashSet<_>>(), expected);

    // One decision about the message settles every report of it that is pending.
    let report = expected.iter().next().unwrap().parse().unwrap();
    let reviewed = stand.review(&moderator, report, "dismiss").expect(200).await;
    assert_eq!(reviewed["report"]["status"], "dismissed");
    let queue = stand.queue(&organizer, "status=pending").expect(200).await;
    assert_eq!(queue["reports"], json!([]));
    assert_eq!(queue["counts"], json!({"pending": 0, "dismissed": 25, "actioned": 0}));
}
