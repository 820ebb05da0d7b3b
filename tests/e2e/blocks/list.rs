//! The list of blocks.

use rolecall_e2e::{Role, Stand};
use uuid::Uuid;

#[tokio::test]
async fn the_list_of_blocks_is_paged_newest_first() {
    let stand = Stand::shared().await;
    let user = stand.user(Role::Attendee).await;
    let others = stand.users([Role::Dealer; 12]).await;
    for other in &others {
        stand.block_user(&user, other.id).expect(201).await;
    }
    for limit in [1, 5, 12, 100] {
        let (mut seen, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = stand.blocks(&user, &format!("limit={limit}{cursor}")).expect(200).await;
            page.has_members(&["blocks", "next_cursor"]);
            for block in page.items("blocks") {
                assert_eq!(block["display_name"], "Somebody");
                assert!(block["created_at"].is_string());
                seen.push(block["blocked_id"].as_str().unwrap().parse::<Uuid>().unwrap());
            }
            let Some(next) = page["next_cursor"].as_str() else { break };
            cursor = format!("&cursor={next}");
        }
        let newest_first: Vec<Uuid> = others.iter().rev().map(|other| other.id).collect();
        assert_eq!(seen, newest_first, "{limit}");
    }
}
