//! Ten thousand valid requests of every kind: more than 99.9 % succeed.

use futures::stream::{self, StreamExt};
use rolecall_e2e::{Role, Setup, Stand, User};
use uuid::Uuid;

const REQUESTS: usize = 10_000;
const PAIRS: usize = 50;

#[tokio::test]
async fn of_ten_thousand_mixed_requests_at_most_one_in_a_thousand_fails() {
    let stand = Stand::own(Setup::new().without_rate_limits()).await;
    let people = stand.many(Role::Attendee, 2 * PAIRS).await;
    let (requesters, helpers) = people.split_at(PAIRS);
    let started = stream::iter(requesters.iter().zip(helpers))
        .map(|(requester, helper)| stand.helped(requester, helper))
        .buffered(16)
        .collect::<Vec<Uuid>>()
        .await;
    // New requests to offer help on, one for each offer.
    let offers = REQUESTS.div_ceil(20);
    let sql = "insert into rolecall.help_requests (requester_id, title)
        select ($1::uuid[])[1 + number % array_length($1::uuid[], 1)], 'A ride' from generate_series(1, $2::int) as number
        returning id";
    let ids: Vec<Uuid> = requesters.iter().map(|user| user.id).collect();
    let open: Vec<Uuid> = stand
        .db
        .query(sql, &[&ids, &(offers as i32)])
        .await
        .expect("they can be made")
        .iter()
        .map(|row| row.get(0))
        .collect();

    let one = async |number: usize| -> (u16, &'static str) {
        let pair = number % PAIRS;
        let user: &User = if (number / PAIRS).is_multiple_of(2) { &requesters[pair] } else { &helpers[pair] };
        let id = started[pair];
        let (call, kind) = match number % 20 {
            0 => (stand.offer(&helpers[(number / 20) % PAIRS], open[number / 20], "I can drive you there."), "offer"),
            1..=7 => (stand.say(user, id, "On my way."), "say"),
            8..=10 => (stand.act(user, id, "read"), "read"),
            11..=14 => (stand.help_conversations(user, "limit=10"), "list"),
            15..=18 => (stand.help_conversation(user, id, "limit=10"), "get"),
            _ => (stand.help_conversations(user, "status=active&limit=5"), "list"),
        };
        (call.send().await.status, kind)
    };
    let answers: Vec<(u16, &str)> = stream::iter(0..REQUESTS).map(one).buffer_unordered(64).collect().await;
    let failed: Vec<_> = answers
        .iter()
        .filter(|(status, kind)| *status != if matches!(*kind, "offer" | "say") { 201 } else { 200 })
        .collect();
    assert_eq!(answers.len(), REQUESTS);
    assert!(failed.len() * 1000 < REQUESTS, "{} failed: {:?}", failed.len(), &failed[..failed.len().min(20)]);
    let said = answers.iter().filter(|(status, kind)| *status == 201 && *kind == "say").count();
    assert_eq!(stand.db.count("public.messages_v2 where content = 'On my way.'", &[]).await, said as i64);
}
