//! The threads of an organisation in sync: what a sitter gains and loses, on every path there is.

use super::sync::alone;
use rolecall_e2e::{Agency, Answer, Code, Stand, User, token, until};
use serde_json::{Value, json};
use uuid::Uuid;

/// A sitter's device: where it stands.
struct Device<'a> {
    stand: &'a Stand,
    user: &'a User,
    cursor: Value,
}

impl<'a> Device<'a> {
    async fn up_to_date(stand: &'a Stand, user: &'a User) -> Device<'a> {
        let mut device = Device { stand, user, cursor: Value::Null };
        device.changes().await;
        device
    }

    async fn sync(&self) -> Answer {
        self.stand.sync(self.user, &json!({"cursor": self.cursor})).send().await
    }

    /// The threads that changed since the last time, and those that are gone. A change may come twice, while a transaction
    /// from before it is open, which may be another test's.
    async fn changes(&mut self) -> (Vec<Uuid>, Vec<Uuid>) {
        let answer = self.sync().await;
        assert_eq!((answer.status, &answer["more"], &answer["conversations"]), (200, &json!(false), &json!([])));
        let id = |id: &Value| id.as_str().unwrap().parse().unwrap();
        let threads = answer.items("threads").iter().map(|card| id(&card["id"])).collect();
        self.cursor = answer["cursor"].clone();
        (threads, answer.items("gone").iter().map(id).collect())
    }

    async fn lost(&mut self, thread: Uuid, how: &str) {
        assert_eq!(self.changes().await, (vec![], vec![thread]), "{how}");
        let path = format!("threads/{thread}/messages");
        self.stand.get(&path).by(self.user).expect(404).await.refused_by(Code::NotFound, "no_such_thread");
    }

    async fn got(&mut self, thread: Uuid, how: &str) {
        assert_eq!(self.changes().await, (vec![thread], vec![]), "{how}");
        self.stand.get(&format!("threads/{thread}/messages")).by(self.user).expect(200).await;
    }

    /// Nothing comes any more, once what came twice has come.
    async fn hears_nothing_more(&mut self) {
        until("nothing comes", async || (self.changes().await == (vec![], vec![])).then_some(())).await;
    }
}

async fn assigned(stand: &Stand, agency: &Agency, booking: &mut Value, changes: Value) -> Uuid {
    for (name, value) in changes.as_object().unwrap() {
        booking[name] = value.clone();
    }
    stand.assign(&agency.owner, booking).expect(200).await.id("thread_id")
}

#[tokio::test]
async fn a_sitter_hears_of_each_thread_that_they_gain_and_lose() {
    let stand = alone().await;
    let agency = stand.agency().await;
    let mut sitter = Device::up_to_date(&stand, &agency.sitter).await;
    let mut other = Device::up_to_date(&stand, &agency.other_sitter).await;
    let mut owner = Device::up_to_date(&stand, &agency.owner).await;
    let mut client = Device::up_to_date(&stand, &agency.client_user).await;

    let mut booking = stand.booking(&agency.client, Some(&agency.sitter), -30, 30).await;
    let thread = assigned(&stand, &agency, &mut booking, json!({})).await;
    sitter.got(thread, "assigned").await;
    assert_eq!(other.changes().await, (vec![], vec![]), "it is nothing to another sitter");
    for device in [&mut owner, &mut client] {
        assert_eq!(device.changes().await, (vec![thread], vec![]), "the office and the client read it");
    }

    assigned(&stand, &agency, &mut booking, json!({"sitter_id": agency.other_sitter.id})).await;
    sitter.lost(thread, "taken").await;
    other.got(thread, "given").await;
    assert_eq!(owner.changes().await, (vec![thread], vec![]), "the card shows whose window it is");
    let content = json!({"thread_id": thread, "content": "I am on my way."});
    sitter.hears_nothing_more().await;
    stand.post("send-thread-message", &content).by(&agency.other_sitter).expect(201).await;
    assert_eq!(sitter.changes().await, (vec![], vec![]), "of what is written there who lost it hears nothing");
    other.got(thread, "written").await;

    assigned(&stand, &agency, &mut booking, json!({"sitter_id": agency.sitter.id})).await;
    sitter.got(thread, "given back").await;
    other.lost(thread, "taken back").await;
    for (how, change, back) in [
        ("cancelled", json!({"status": "cancelled"}), json!({"status": "confirmed"})),
        ("completed", json!({"status": "completed"}), json!({"status": "confirmed"})),
        ("nobody's", json!({"sitter_id": null}), json!({"sitter_id": agency.sitter.id})),
    ] {
        assigned(&stand, &agency, &mut booking, change).await;
        sitter.lost(thread, how).await;
        assigned(&stand, &agency, &mut booking, back).await;
        sitter.got(thread, how).await;
    }
}

#[tokio::test]
async fn a_window_that_ends_by_itself_takes_the_thread_away_once() {
    let stand = alone().await;
    let agency = stand.agency().await;
    let sql = "insert into rolecall.service_buffers (organization_id, service, minutes) values ($1, 'walk', 0)";
    stand.db.run(sql, &[&agency.organization]).await;
    let mut booking = stand.booking(&agency.client, Some(&agency.sitter), -30, 30).await;
    let soon: String = stand.db.one("select rolecall_internal.iso(now() + interval '4 seconds')", &[]).await;
    let thread = assigned(&stand, &agency, &mut booking, json!({"ends_at": soon})).await;
    let mut sitter = Device::up_to_date(&stand, &agency.sitter).await;
    let mut second = Device::up_to_date(&stand, &agency.sitter).await;
    assert!(sitter.changes().await.1.is_empty(), "it is open");
    until("the window has ended", async || {
        stand.get("threads").by(&agency.sitter).expect(200).await.items("threads").is_empty().then_some(())
    })
    .await;
    sitter.lost(thread, "ended").await;
    assert_eq!(sitter.changes().await, (vec![], vec![]), "once");
    second.lost(thread, "on each device").await;
    let mut anew = Device { stand: &stand, user: &agency.sitter, cursor: Value::Null };
    assert_eq!(anew.changes().await, (vec![], vec![]), "who begins anew never had it");

    // Longer all the same, and later.
    let (begins, ends): (String, String) = {
        let at = async |minutes: i32| {
            stand.db.one("select rolecall_internal.iso(now() + make_interval(mins => $1))", &[&minutes]).await
        };
        (at(60).await, at(90).await)
    };
    assigned(&stand, &agency, &mut booking, json!({"starts_at": begins, "ends_at": ends})).await;
    sitter.got(thread, "to come").await;
}

#[tokio::test]
async fn who_leaves_begins_anew_and_who_is_suspended_reads_on() {
    let stand = alone().await;
    let agency = stand.agency().await;
    let mut booking = stand.booking(&agency.client, Some(&agency.sitter), -30, 30).await;
    let thread = assigned(&stand, &agency, &mut booking, json!({})).await;
    let mut sitter = Device::up_to_date(&stand, &agency.sitter).await;
    stand.suspend(&agency.sitter, 24).await;
    assert!(sitter.changes().await.1.is_empty(), "a suspension takes nothing away");
    stand.get(&format!("threads/{thread}/messages")).by(&agency.sitter).expect(200).await;

    let mut client = Device::up_to_date(&stand, &agency.client_user).await;
    let erased = json!({"organization_id": agency.organization, "client_id": agency.client.id});
    stand.post("erase-client", &erased).token(&token::operator()).expect(200).await;
    sitter.lost(thread, "the client is erased").await;
    client.lost(thread, "and their account").await;

    // Of another role, outside the organisation, or where it is switched off: a cursor stands for what somebody was.
    let sql = "update rolecall.profiles set organization_role = 'client' where id = $1";
    stand.db.run(sql, &[&agency.sitter.id]).await;
    sitter.sync().await.refused(Code::CursorExpired);
    let other = Device::up_to_date(&stand, &agency.other_sitter).await;
    stand.switch(&agency, "sitter_messages_v1", "disabled").await;
    other.sync().await.refused(Code::CursorExpired);
    stand.switch(&agency, "sitter_messages_v1", "enabled").await;
    let sql = "update rolecall.profiles set organization_id = null, organization_role = null where id = $1";
    stand.db.run(sql, &[&agency.other_sitter.id]).await;
    other.sync().await.refused(Code::CursorExpired);
}
