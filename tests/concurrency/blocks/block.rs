//! Blocks and liftings at once.

use futures::future::join_all;
use rolecall_e2e::{Role, Stand};
use std::collections::HashSet;

#[tokio::test]
async fn blocks_and_liftings_at_once_leave_one_row_or_none() {
    let stand = Stand::shared().await;
    let [one, other] = stand.users([Role::Attendee, Role::Attendee]).await;
    let blocks = join_all((0..30).map(|_| stand.block_user(&one, other.id).expect(201))).await;
    let times: HashSet<String> = blocks.iter().map(|block| block["created_at"].to_string()).collect();
    assert_eq!(times.len(), 1, "all of them name the one block");
    let lifted = join_all((0..30).map(|_| stand.unblock_user(&one, other.id).expect(200))).await;
    assert_eq!(lifted.iter().filter(|lifted| lifted["was_blocked"] == true).count(), 1);
    let both = join_all((0..40).map(|n| {
        if n % 2 == 0 {
            stand.block_user(&one, other.id).expect(201)
        } else {
            stand.block_user(&other, one.id).expect(201)
        }
    }));
    both.await;
    let rows = "rolecall.user_blocks where $1 in (blocker_id, blocked_id)";
    assert_eq!(stand.db.count(rows, &[&one.id]).await, 2);
}
