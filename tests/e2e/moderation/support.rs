//! What the tests of moderation share.

use rolecall_e2e::{Role, Stand, User, fixtures::Starts};
use uuid::Uuid;

/// A message of the first to the second.
pub(crate) async fn message(stand: &Stand, from: &User, to: &User) -> (Uuid, Uuid) {
    let sent = stand.send_dm(from, to, "You are a cheat").expect(201).await;
    (sent.id("message_id"), sent.id("conversation_id"))
}

pub(crate) async fn reported(stand: &Stand, by: &User, message: Uuid) -> Uuid {
    stand.report(by, message, "This is an insult.").expect(201).await.id("report_id")
}

/// A show with a broadcast of an MVP dealer in it.
pub(crate) struct Broadcast {
    pub(crate) organizer: User,
    pub(crate) attendee: User,
    pub(crate) show: Uuid,
    pub(crate) message: Uuid,
    pub(crate) conversation: Uuid,
}

pub(crate) async fn broadcast(stand: &Stand) -> Broadcast {
    let [organizer, mvp, attendee] = stand.users([Role::ShowOrganizer, Role::MvpDealer, Role::Attendee]).await;
    let show = stand.show(&organizer, Starts::InAWeek).await;
    stand.join(show, &[&mvp, &attendee]).await;
    let sent = stand.broadcast(&mvp, show, "Fakes at booth 12").expect(201).await;
    let conversation = sent.id("conversation_id");
    Broadcast { message: stand.message(conversation, 1).await, organizer, attendee, show, conversation }
}
