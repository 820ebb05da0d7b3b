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
