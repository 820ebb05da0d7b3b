//! A pool that has no number left: the front desk's is taken, and that is recorded and alerted.

use rolecall_e2e::{Setup, Stand, agency::Number, carrier::sid, token};
use serde_json::{Value, json};

/// The alert of an exhausted pool, if it fires.
async fn alert(stand: &Stand) -> Option<Value> {
    let answer = stand.post("alerts", &json!({})).token(&token::operator()).expect(200).await;
    answer.items("firing").iter().find(|alert| alert["name"] == "number_pool_exhausted").cloned()
}

#[tokio::test]
async fn an_exhausted_pool_falls_back_to_the_front_desk_and_fires_an_alert() {
    let stand = Stand::own(Setup::new()).await;
    let agency = stand.agency().await;
    let mut classes = Vec::new();
    for _ in 0..3 {
        assert_eq!(alert(&stand).await.is_some(), classes.len() > 1, "{classes:?}");
        let client = stand.client_of(agency.organization, None).await;
        let mut booking = stand.booking(&client, Some(&agency.sitter), 60, 120).await;
        booking["recurring"] = json!(false);
        stand.assign(&agency.owner, &booking).expect(200).await;
        stand.text(&sid(), &client.phone, &agency.front_desk, "Hello").expect(200).await;
        let class = "select number_class from rolecall.message_threads where client_id = $1";
        classes.push(stand.db.one::<String>(class, &[&client.id]).await);
    }
    assert_eq!(classes, ["pool", "front_desk", "front_desk"], "the pool has one number");
    let fires = alert(&stand).await.unwrap();
    assert_eq!((&fires["severity"], &fires["value"]), (&json!("warning"), &json!(2.0)));
    let exhausted = "select times from rolecall.pool_exhaustions where organization_id = $1";
    assert_eq!(stand.db.one::<i64>(exhausted, &[&agency.organization]).await, 2);
    let figures = stand.get("diagnostics").by(&agency.owner).expect(200).await;
    assert_eq!(figures["texting"]["pool"]["numbers"], figures["texting"]["pool"]["in_use"]);

    // Without a front desk either there is no number, and nothing is written.
    let sql = "update rolecall.message_numbers set status = 'released' where id = $1";
    stand.db.run(sql, &[&agency.front_desk.id]).await;
    let before = stand.db.count("rolecall.bookings where organization_id = $1", &[&agency.organization]).await;
    let client = stand.client_of(agency.organization, None).await;
    let booking = stand.booking(&client, Some(&agency.other_sitter), 60, 120).await;
    let refusal = stand.assign(&agency.owner, &booking).expect(409).await;
    assert_eq!(refusal.code(), "no_number_available");
    assert_eq!(stand.db.count("rolecall.bookings where organization_id = $1", &[&agency.organization]).await, before);
    // A text to the number that has left is nobody's.
    let gone = Number { ..agency.front_desk.clone() };
    stand.text(&sid(), &client.phone, &gone, "Hello").expect(404).await;
    assert_eq!(stand.db.count("rolecall.message_threads where client_id = $1", &[&client.id]).await, 0);
}
