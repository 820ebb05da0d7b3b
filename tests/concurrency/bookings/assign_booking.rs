//! Bookings at once: one of each, whoever comes first, and a number of the pool for one client alone.

use futures::future::join_all;
use rolecall_e2e::{Stand, agency::phone};
use serde_json::json;
use std::collections::HashSet;

#[tokio::test]
async fn fifty_at_once_make_one_client_booking_thread_and_window() {
    let stand = Stand::shared().await;
    let agency = stand.agency().await;
    let mut booking = stand.booking(&agency.client, Some(&agency.sitter), 60, 120).await;
    booking["client"] = json!({"display_name": "Cara", "phone": phone()});
    let answers = join_all((0..50).map(|n| {
        if n % 2 == 0 {
            stand.assign(&agency.owner, &booking).expect(200)
        } else {
            stand.assign_as_operator(agency.organization, &booking).expect(200)
        }
    }));
    let named: HashSet<[String; 3]> = answers
        .await
        .iter()
        .map(|answer| [&answer["client_id"], &answer["thread_id"], &answer["window"]].map(ToString::to_string))
        .collect();
    assert_eq!(named.len(), 1, "all of them name the same: {named:?}");
    for (table, rows) in [("clients", 2), ("bookings", 1), ("message_threads", 1), ("assignment_windows", 1)] {
        let from = format!("rolecall.{table} where organization_id = $1");
        assert_eq!(stand.db.count(&from, &[&agency.organization]).await, rows, "{table}");
    }
}

#[tokio::test]
async fn fifty_bookings_of_one_client_at_once_make_one_thread_with_fifty_windows() {
    let stand = Stand::shared().await;
    let agency = stand.agency().await;
    let mut bookings = Vec::new();
    for n in 0..50 {
        let sitter = if n % 2 == 0 { &agency.sitter } else { &agency.other_sitter };
        bookings.push(stand.booking(&agency.client, Some(sitter), 60 * n, 60 * n + 30).await);
    }
    join_all(bookings.iter().map(|booking| stand.assign(&agency.owner, booking).expect(200))).await;
    for (table, rows) in [("bookings", 50), ("message_threads", 1), ("assignment_windows", 50)] {
        let from = format!("rolecall.{table} where organization_id = $1");
        assert_eq!(stand.db.count(&from, &[&agency.organization]).await, rows, "{table}");
    }
}

#[tokio::test]
async fn a_first_message_and_its_booking_at_once_miss_each_other_never() {
    let stand = Stand::shared().await;
    let agency = stand.agency().await;
    stand.switch(&agency, "proactive_thread_creation", "disabled").await;
    for round in 0..10 {
        let client = stand.client_of(agency.organization, None).await;
        let booking = stand.booking(&client, Some(&agency.sitter), 60, 120).await;
        let db = stand.connect().await;
        let first_message = async {
            let sql = "select (rolecall_internal.ensure_thread($1, $2)).id is not null";
            db.one::<bool>(sql, &[&agency.organization, &client.id]).await
        };
        let (_, made) = tokio::join!(stand.assign(&agency.owner, &booking).expect(200), first_message);
        assert!(made);
        let open = "rolecall.assignment_windows kept join rolecall.message_threads thread on thread.id = kept.thread_id
            where thread.client_id = $1 and kept.closed_at is null";
        assert_eq!(stand.db.count(open, &[&client.id]).await, 1, "round {round}");
    }
}

#[tokio::test]
async fn of_fifty_who_book_once_each_number_of_the_pool_goes_to_one() {
    let stand = Stand::shared().await;
    let agency = stand.agency().await;
    for _ in 0..9 {
        stand.number(agency.organization, "pool", None).await;
    }
    let mut clients = Vec::new();
    for _ in 0..50 {
        let client = stand.client_of(agency.organization, None).await;
        let mut booking = stand.booking(&client, Some(&agency.sitter), 60, 120).await;
        booking["recurring"] = json!(false);
        stand.assign(&agency.owner, &booking).expect(200).await;
        clients.push(client.id);
    }
    let connections = join_all((0..10).map(|_| stand.connect())).await;
    let organization = agency.organization;
    let first_messages = connections.iter().zip(clients.chunks(5)).map(|(db, clients)| async move {
        for client in clients {
            let sql = "select (rolecall_internal.ensure_thread($1, $2)).id is not null";
            assert!(db.one::<bool>(sql, &[&organization, client]).await);
        }
    });
    join_all(first_messages).await;
    let pool = "rolecall.message_threads where organization_id = $1 and number_class = 'pool'";
    assert_eq!(stand.db.count(pool, &[&agency.organization]).await, 10);
    let different = "(select distinct number_id from rolecall.message_threads
        where organization_id = $1 and number_class = 'pool') as taken";
    assert_eq!(stand.db.count(different, &[&agency.organization]).await, 10, "each number has one client");
    let rest = "rolecall.message_threads where organization_id = $1 and number_class = 'front_desk'";
    assert_eq!(stand.db.count(rest, &[&agency.organization]).await, 40, "the others have the front desk's");
    let recorded: i64 = stand
        .db
        .one(
            "select sum(times)::bigint from rolecall.pool_exhaustions where organization_id = $1",
            &[&agency.organization],
        )
        .await;
    assert_eq!(recorded, 40, "and each time is on the record");
}

#[tokio::test]
async fn a_sitter_who_leaves_while_they_are_assigned_is_unassigned() {
    let stand = Stand::shared().await;
    for round in 0..10 {
        let agency = stand.agency().await;
        let bookings = join_all((0..10).map(|n| stand.booking(&agency.client, Some(&agency.sitter), n, 120))).await;
        let db = stand.connect().await;
        let leaving = async {
            let sql = "update rolecall.profiles set organization_id = null, organization_role = null where id = $1";
            db.run(sql, &[&agency.sitter.id]).await
        };
        let assigning = join_all(bookings.iter().map(|booking| stand.assign(&agency.owner, booking).send()));
        let (answers, _) = tokio::join!(assigning, leaving);
        assert!(answers.iter().all(|answer| matches!(answer.status, 200 | 404)), "round {round}");
        let theirs = "rolecall.bookings where sitter_id = $1";
        assert_eq!(stand.db.count(theirs, &[&agency.sitter.id]).await, 0, "round {round}");
        let open = "rolecall.assignment_windows where organization_id = $1 and closed_at is null";
        assert_eq!(stand.db.count(open, &[&agency.organization]).await, 0, "round {round}");
    }
}
