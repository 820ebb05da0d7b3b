//! Marks at once.

use futures::future::join_all;
use rolecall_e2e::{Role, Stand};

#[tokio::test]
async fn of_fifty_marks_at_once_the_furthest_stands() {
    let stand = Stand::shared().await;
    for _ in 0..3 {
        let [reader, writer] = stand.users([Role::Attendee, Role::Admin]).await;
        let conversation = stand.history(&reader, &writer, 50).await;
        let marks = join_all((1..=50).map(|n| stand.mark_read(&reader, conversation, n * 37 % 51).expect(200))).await;
        for (n, mark) in (1..=50).zip(&marks) {
            assert!(mark["last_read_seq"].as_i64().unwrap() >= n * 37 % 51, "nobody is told less than they said");
        }
        let unread = stand.unread(&reader).expect(200).await;
        assert_eq!(unread["unread"], 0);
    }
}
