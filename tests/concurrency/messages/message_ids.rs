//! One id of a message in many requests at once: one message, whoever sends it and wherever it goes.

use futures::future::join_all;
use rolecall_e2e::{Role, Setup, Stand, User};
use serde_json::{Value, json};
use uuid::Uuid;

const AT_ONCE: usize = 50;

fn body(to: &User, content: &str, id: Uuid) -> Value {
    json!({"recipient_id": to.id, "content": content, "message_id": id})
}

/// Status and whether it was sent before, of every message of an answer.
fn verdicts(answer: &rolecall_e2e::Answer) -> Vec<(i64, bool)> {
    if answer.status != 200 {
        return vec![(i64::from(answer.status), answer.header("idempotency-replayed") == "true")];
    }
    let verdict = |result: &Value| (result["status"].as_i64().unwrap(), result["replayed"] == true);
    answer.items("results").iter().map(verdict).collect()
}

fn count(verdicts: &[(i64, bool)], wanted: (i64, bool)) -> usize {
    verdicts.iter().filter(|&&verdict| verdict == wanted).count()
}

async fn gaps(stand: &Stand) -> i64 {
    let gaps = "(select conversation_id from rolecall.messages group by conversation_id
        having max(seq) <> count(*) or min(seq) <> 1) as gap";
    stand.db.count(gaps, &[]).await
}

#[tokio::test]
async fn one_message_fifty_times_at_once_is_sent_once() {
    let stand = Stand::own(Setup::new().without_rate_limits()).await;
    for round in 0..6 {
        let [from, to] = stand.users([Role::Admin, Role::Admin]).await;
        let id = Uuid::new_v4();
        // Singly, in arrays, and both.
        let calls = (0..AT_ONCE).map(|number| {
            let body = body(&to, "Hello", id);
            let other = json!({"recipient_id": to.id, "content": format!("Beside {number}")});
            match (round + number * (round / 4)) % 3 {
                0 => stand.post("send-dm", &body),
                1 => stand.post("send-dm", &json!([body])),
                _ => stand.post("send-dm", &json!([other, body])),
            }
            .by(&from)
            .send()
        });
        let answers = join_all(calls).await;
        let verdicts: Vec<_> = answers.iter().filter_map(|answer| verdicts(answer).pop()).collect();
        assert_eq!((count(&verdicts, (201, false)), count(&verdicts, (201, true))), (1, AT_ONCE - 1), "{verdicts:?}");
        assert_eq!(stand.db.count("rolecall.messages where id = $1", &[&id]).await, 1);
    }
    assert_eq!(gaps(&stand).await, 0);
}

#[tokio::test]
async fn one_id_in_two_conversations_and_of_two_senders_at_once_is_one_message() {
    let stand = Stand::own(Setup::new().without_rate_limits()).await;
    for round in 0..6 {
        let [one, two, three] = stand.users([Role::Admin; 3]).await;
        let id = Uuid::new_v4();
        let calls = (0..AT_ONCE).map(|number| {
            let (from, to) = match number % 4 {
                0 => (&one, &two),
                1 => (&one, &three),
                2 => (&two, &one),
                _ => (&three, &two),
            };
            let body = body(to, "Hello", id);
            let items = if (round + number) % 2 == 0 { body } else { json!([body]) };
            stand.post("send-dm", &items).by(from).send()
        });
        let verdicts: Vec<_> = join_all(calls).await.iter().flat_map(verdicts).collect();
        assert_eq!(count(&verdicts, (201, false)), 1, "{verdicts:?}");
        let (again, taken) = (count(&verdicts, (201, true)), count(&verdicts, (409, false)));
        assert_eq!(1 + again + taken, AT_ONCE, "{verdicts:?}");
        // A fourth of them are the same message.
        assert!((11..=12).contains(&again), "{again}");
        assert_eq!(stand.db.count("rolecall.messages where id = $1", &[&id]).await, 1);
    }
    assert_eq!(gaps(&stand).await, 0);
}

#[tokio::test]
async fn an_id_with_two_contents_at_once_is_one_of_them() {
    let stand = Stand::own(Setup::new().without_rate_limits()).await;
    let [from, to] = stand.users([Role::Admin, Role::Admin]).await;
    let id = Uuid::new_v4();
    let calls = (0..AT_ONCE)
        .map(|number| stand.post("send-dm", &body(&to, &format!("Hello {}", number % 2), id)).by(&from).send());
    let verdicts: Vec<_> = join_all(calls).await.iter().flat_map(verdicts).collect();
    assert_eq!((count(&verdicts, (201, false)), count(&verdicts, (201, true))), (1, AT_ONCE / 2 - 1));
    assert_eq!(count(&verdicts, (422, false)), AT_ONCE / 2);
    assert_eq!(stand.db.count("rolecall.messages", &[]).await, 1);
}

/// Arrays of the same ids in different orders could wait for each other, were their ids not taken in one order.
#[tokio::test]
async fn the_same_hundred_ids_in_many_orders_at_once_are_a_hundred_messages() {
    let stand = Stand::own(Setup::new().without_rate_limits()).await;
    let from: [User; 4] = stand.users([Role::Admin; 4]).await;
    let to = stand.user(Role::Attendee).await;
    let ids: Vec<Uuid> = (0..100).map(|_| Uuid::new_v4()).collect();
    let calls = (0..12).map(|number| {
        let mut items: Vec<Value> = ids.iter().map(|id| body(&to, &format!("Hello {id}"), *id)).collect();
        items.rotate_left(number * 8);
        if number % 2 == 1 {
            items.reverse();
        }
        stand.post("send-dm", &json!(items)).by(&from[number % 4]).expect(200)
    });
    let verdicts: Vec<_> = join_all(calls).await.iter().flat_map(verdicts).collect();
    assert_eq!(count(&verdicts, (201, false)), 100);
    assert_eq!(count(&verdicts, (201, true)) + count(&verdicts, (409, false)), 1100, "nothing else happened");
    assert_eq!(stand.db.count("rolecall.messages", &[]).await, 100);
    assert_eq!(stand.db.count("(select distinct id from rolecall.messages) as message", &[]).await, 100);
    assert_eq!(gaps(&stand).await, 0);
    let deadlocks: i64 =
        stand.db.one("select deadlocks from pg_stat_database where datname = current_database()", &[]).await;
    assert_eq!(deadlocks, 0);
}
