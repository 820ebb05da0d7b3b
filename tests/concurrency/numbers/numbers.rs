//! Numbers that many add at once, counted.

use futures::future::join_all;
use rolecall_e2e::{Stand, token};
use rolecall_kit::agency::phone;
use serde_json::{Value, json};

/// The statuses of requests that are sent at once.
async fn at_once(stand: &Stand, path: &str, bodies: &[Value]) -> Vec<u16> {
    let calls = bodies.iter().map(|body| stand.post(path, body).token(&token::operator()).send());
    join_all(calls).await.into_iter().map(|answer| answer.status).collect()
}

fn count(statuses: &[u16], status: u16) -> usize {
    statuses.iter().filter(|&&one| one == status).count()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fifty_front_desks_at_once_make_one() {
    let stand = Stand::shared().await;
    let organization = stand.organization().await;
    let bodies: Vec<Value> =
        (0..50).map(|_| json!({"organization_id": organization, "phone": phone(), "class": "front_desk"})).collect();
    let statuses = at_once(&stand, "numbers/add", &bodies).await;
    assert_eq!((count(&statuses, 201), count(&statuses, 409)), (1, 49), "{statuses:?}");
    let active = "rolecall.message_numbers where organization_id = $1";
    assert_eq!(stand.db.count(active, &[&organization]).await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_number_that_many_organisations_want_goes_to_one_and_a_sitter_gets_one() {
    let stand = Stand::shared().await;
    let e164 = phone();
    let organizations = join_all((0..10).map(|_| stand.organization())).await;
    let bodies: Vec<Value> = organizations
        .iter()
        .map(|organization| json!({"organization_id": organization, "phone": e164, "class": "pool"}))
        .collect();
    let statuses = at_once(&stand, "numbers/add", &bodies).await;
    assert_eq!((count(&statuses, 201), count(&statuses, 409)), (1, 9), "{statuses:?}");

    let agency = stand.agency_without_flags().await;
    let bodies: Vec<Value> = (0..20)
        .map(|_| {
            json!({
                "organization_id": agency.organization, "phone": phone(), "class": "sitter",
                "sitter_id": agency.other_sitter.id,
            })
        })
        .collect();
    let statuses = at_once(&stand, "numbers/add", &bodies).await;
    assert_eq!((count(&statuses, 201), count(&statuses, 409)), (1, 19), "{statuses:?}");
}

/// Whoever is first, a thread never stands on a number that was released.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn releases_at_once_leave_no_thread_without_an_active_number() {
    let stand = Stand::shared().await;
    let agency = stand.agency_without_flags().await;
    let organization = agency.organization;
    let other = stand.number(organization, "sitter", Some(&agency.other_sitter)).await;
    for number in [&agency.sitter_number, &other, &agency.pool] {
        for _ in 0..5 {
            let client = stand.client_of(organization, None).await;
            stand.thread(organization, &client, number).await;
        }
    }
    let bodies: Vec<Value> = [&agency.sitter_number, &other, &agency.pool, &agency.front_desk]
        .into_iter()
        .cycle()
        .take(24)
        .map(|number| json!({"organization_id": organization, "number_id": number.id}))
        .collect();
    let statuses = at_once(&stand, "numbers/release", &bodies).await;
    assert_eq!(count(&statuses, 200) + count(&statuses, 409), 24, "{statuses:?}");
    let stranded = "rolecall.message_threads as thread
        join rolecall.message_numbers as number on number.id = thread.number_id
        where thread.organization_id = $1 and thread.status = 'open' and number.status <> 'active'";
    assert_eq!(stand.db.count(stranded, &[&organization]).await, 0);
    let open = "rolecall.message_threads where organization_id = $1 and status = 'open'";
    assert_eq!(stand.db.count(open, &[&organization]).await, 15);
}
