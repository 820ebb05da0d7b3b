//! GET queue: the reports that the caller may decide about, the newest first.

use crate::NAME;
use rolecall_shared::{
    auth::caller::User,
    function::{Function, PathParameters, Verb},
    rules::{id::ShowId, limits::MAX_PAGE, vocabulary::ReportStatus},
    wire::decode::{Cursor, Fields},
};
use serde::Serialize;

/// The function.
pub struct Queue;

/// A page of the queue.
#[derive(Serialize)]
pub struct QueuePage {
    limit: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<ReportStatus>,
    #[serde(skip_serializing_if = "Option::is_none")]
    show_id: Option<ShowId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cursor: Option<Cursor>,
}

impl Function for Queue {
    const NAME: &'static str = NAME;
    const STATEMENT: &'static str = "select edge.moderation_queue($1)";
    const VERB: Verb = Verb::Get;
    type Caller = User;
    type Input = QueuePage;

    fn decode(fields: &mut Fields, _: PathParameters<'_>) -> Option<QueuePage> {
        let limit = fields.limit(MAX_PAGE);
        let status = fields.optional_choice("status");
        let show_id = fields.optional_id("show_id");
        let cursor = fields.cursor();
        Some(QueuePage { limit: limit?, status: status?, show_id: show_id?, cursor: cursor? })
    }
}
