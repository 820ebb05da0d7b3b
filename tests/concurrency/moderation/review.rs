//! Reviews at once.

use crate::moderation::support::*;
use futures::future::join_all;
use rolecall_e2e::{Role, Stand};

#[tokio::test]
async fn of_fifty_reviewers_at_once_one_decides_and_the_others_learn_how() {
    let stand = Stand::shared().await;
    for _ in 0..2 {
        let [author, reader] = stand.users([Role::Admin, Role::Attendee]).await;
        let (message, _) = message(&stand, &author, &reader).await;
        let report = reported(&stand, &reader, message).await;
        let mut reviewers = Vec::new();
        for _ in 0..10 {
            reviewers.push(stand.user(Role::Moderator).await);
        }
        let decisions = ["dismiss", "delete"];
        let reviews = (0..50).map(|n| stand.review(&reviewers[n % 10], report, decisions[n % 2]).send());
        let answers = join_all(reviews).await;
        let decided: Vec<_> = answers.iter().filter(|answer| answer.status == 200).collect();
        let [decided] = &decided[..] else { panic!("{} decided", decided.len()) };
        for refused in answers.iter().filter(|answer| answer.status != 200) {
            assert_eq!(refused.code(), "already_reviewed", "{}", refused.body);
            assert_eq!(refused["decision"], decided["report"]["decision"]);
        }
        let deleted = stand.db.count("rolecall.messages where id = $1 and deleted_at is not null", &[&message]).await;
        assert_eq!(deleted == 1, decided["report"]["decision"] == "delete");
        let audit = "rolecall.moderation_audit where report_id = $1 and action = 'report_reviewed'";
        assert_eq!(stand.db.count(audit, &[&report]).await, 1);
    }
}

#[tokio::test]
async fn organizer_and_moderators_at_once_decide_each_for_themselves() {
    let stand = Stand::shared().await;
    for _ in 0..4 {
        let world = broadcast(&stand).await;
        let report = reported(&stand, &world.attendee, world.message).await;
        let moderators = [stand.user(Role::Moderator).await, stand.user(Role::Admin).await];
        let reviews = (0..30).map(|n| {
            let reviewer = if n % 3 == 0 { &world.organizer } else { &moderators[n % 2] };
            stand.review(reviewer, report, ["dismiss", "delete"][n / 3 % 2]).send()
        });
        let answers = join_all(reviews).await;
        let decided_as = |capacity: &str| {
            answers.iter().filter(|answer| answer.status == 200 && answer["report"]["decided_as"] == capacity).count()
        };
        // An organizer who is first decides, too, and then a moderator does.
        let (organizers, moderators) = (decided_as("organizer"), decided_as("moderator"));
        assert!(organizers <= 1 && moderators == 1, "{organizers} organizers, {moderators} moderators");
        for refused in answers.iter().filter(|answer| answer.status != 200) {
            assert_eq!(refused.code(), "already_reviewed", "{}", refused.body);
        }
        let audit = "rolecall.moderation_audit where report_id = $1 and action = 'report_reviewed'";
        assert_eq!(stand.db.count(audit, &[&report]).await, organizers as i64 + 1);
        let settled = "rolecall.reported_messages where id = $1 and status <> 'pending' and organizer_status = status
            and (organizer_decision is not null) = $2";
        assert_eq!(
            stand.db.count(settled, &[&report, &(organizers == 1)]).await,
            1,
            "the moderator's word is for both"
        );
        let wrong = "(
              select queue, show_id, status, sum(reports) as reports
              from rolecall.report_counts where show_id = $1 group by 1, 2, 3
            ) as counted
            where reports <> (
              select count(*) from rolecall.reported_messages as report
              where report.show_id = $1
                and counted.status = case counted.queue when 'moderators' then report.status else report.organizer_status end
            )";
        assert_eq!(stand.db.count(wrong, &[&world.show]).await, 0, "the counts follow");
    }
}
