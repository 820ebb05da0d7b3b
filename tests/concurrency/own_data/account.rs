//! The deletion of an account beside everything that writes at the same moment, counted.

use futures::future::join_all;
use rolecall_e2e::{Role, Stand};
use std::collections::HashSet;

#[tokio::test]
async fn an_account_that_is_deleted_while_it_sends_leaves_no_word_behind() {
    let stand = Stand::shared().await;
    for _ in 0..4 {
        let [user, other, third] = stand.users([Role::Admin, Role::Admin, Role::Admin]).await;
        stand.send_dm(&user, &other, "Before").expect(201).await;
        let request = stand.help_request(&other).await;
        let (sent, answered, started, offered, deleted) = tokio::join!(
            join_all((0..10).map(|n| stand.send_dm(&user, &other, &format!("Word {n}")).send())),
            join_all((0..10).map(|n| stand.send_dm(&other, &user, &format!("Answer {n}")).send())),
            // The first message of a new conversation, from both sides.
            join_all((0..6).map(|n| {
                let (from, to) = if n % 2 == 0 { (&user, &third) } else { (&third, &user) };
                stand.send_dm(from, to, &format!("New {n}")).send()
            })),
            stand.offer(&user, request, "I can help you with this.").send(),
            join_all((0..3).map(|_| stand.delete_account(&user).send())),
        );
        let ids: HashSet<String> = deleted.iter().map(|answer| answer["deletion_id"].to_string()).collect();
        assert_eq!(ids.len(), 1, "it is one deletion, however often it is asked for");
        for answer in sent.iter().chain(&answered).chain(&started).chain([&offered]) {
            assert!([201, 403, 404, 409].contains(&answer.status), "{} {}", answer.status, answer.body);
        }
        assert_eq!(stand.delete_account(&user).expect(200).await["status"], "complete");
        let words = "rolecall.messages where sender_id = $1 and content is not null";
        assert_eq!(stand.db.count(words, &[&user.id]).await, 0);
        let help = "public.messages_v2 where sender_id = $1 and content not like '[deleted%'";
        assert_eq!(stand.db.count(help, &[&user.id]).await, 0);
        let open = "rolecall.conversations where $1 in (participant_low, participant_high) and not read_only";
        assert_eq!(stand.db.count(open, &[&user.id]).await, 0, "and nothing is open to them");
        assert_eq!(stand.db.count("rolecall.conversation_participants where user_id = $1", &[&user.id]).await, 0);
        let numbered = "rolecall.conversations c where $1 in (participant_low, participant_high)
            and last_seq <> (select count(*) from rolecall.messages m where m.conversation_id = c.id)";
        assert_eq!(stand.db.count(numbered, &[&user.id]).await, 0, "numbers have no gap");
    }
}
